"""Answers to the exercises of notebook 09, wrong ones by misconception and right ones by form."""

import random

import numpy as np
import pandas as pd


def labels_by(names_of, clean=str.strip, missing=-1, start=0):
    """A function like the one asked for, with a choice of what may go wrong in it."""

    def make_labels(categories):
        cleaned = [None if c is None else clean(c) for c in categories]
        id2label = dict(enumerate(names_of(cleaned), start))
        label2id = {name: i for i, name in id2label.items()}
        return [label2id.get(c, missing) for c in cleaned], id2label, label2id

    return make_labels


def sorted_names(cleaned):
    return sorted({c for c in cleaned if c is not None})


def with_pandas(categories):
    column = pd.Series(categories, dtype="object").str.strip().astype("category")
    names = list(column.cat.categories)
    return (
        column.cat.codes.tolist(),
        dict(enumerate(names)),
        {name: i for i, name in enumerate(names)},
    )


def maps_swapped(categories):
    ids, id2label, label2id = labels_by(sorted_names)(categories)
    return ids, label2id, id2label


def rows_dropped(categories):
    ids, id2label, label2id = labels_by(sorted_names)(categories)
    return [i for i in ids if i >= 0], id2label, label2id


def cut(n):
    return ["train"] * (n // 2) + ["validation"] * (n // 4) + ["test"] * (n - n // 2 - n // 4)


def rows_by_class(texts, labels):
    parts = np.empty(len(texts), dtype=object)
    for label in set(labels):
        rows = [i for i, other in enumerate(labels) if other == label]
        random.Random(0).shuffle(rows)
        parts[rows] = cut(len(rows))
    return parts.tolist()


def texts_at_random(texts, labels):
    different = list(dict.fromkeys(texts))
    return [dict(zip(different, cut(len(different)), strict=True))[text] for text in texts]


def texts_shuffled(texts, labels):
    different = list(dict.fromkeys(texts))
    random.Random(2).shuffle(different)
    return [dict(zip(different, cut(len(different)), strict=True))[text] for text in texts]


def texts_by_class(texts, labels, seed=1):
    split_of = {}
    for label in set(labels):
        pairs = zip(texts, labels, strict=True)
        different = list(dict.fromkeys(t for t, other in pairs if other == label))
        random.Random(seed).shuffle(different)
        split_of |= zip(different, cut(len(different)), strict=True)
    return [split_of[text] for text in texts]


def by_filling(texts, labels):
    """Fill the emptiest split of the class, counting rows."""
    copies, split_of = pd.Series(texts).value_counts(), {}
    filled = {label: dict.fromkeys(("train", "validation", "test"), 0) for label in labels}
    for text, label in zip(texts, labels, strict=True):
        if text not in split_of:
            rows = filled[label]
            shares = {"train": rows["train"] / 2, **{s: rows[s] for s in ("validation", "test")}}
            split_of[text] = min(shares, key=shares.get)
            rows[split_of[text]] += copies[text]
    return [split_of[text] for text in texts]


ANSWERS = {
    "09.1": {
        "wrong": {
            "does not strip": lambda: (labels_by(sorted_names, clean=lambda c: c),),
            "names in the order of the rows": lambda: (
                labels_by(lambda cleaned: [c for c in dict.fromkeys(cleaned) if c is not None]),
            ),
            "ids from 1": lambda: (labels_by(sorted_names, start=1),),
            "a class for the missing": lambda: (
                labels_by(lambda cleaned: sorted(set(cleaned), key=str)),
            ),
            "0 for the missing": lambda: (labels_by(sorted_names, missing=0),),
            "None for the missing": lambda: (labels_by(sorted_names, missing=None),),
            "the two maps swapped": lambda: (maps_swapped,),
            "leaves out unlabelled rows": lambda: (rows_dropped,),
            "an id for each row": lambda: (
                lambda categories: (
                    list(range(len(categories))),
                    dict(enumerate(sorted_names([c and c.strip() for c in categories]))),
                    {},
                ),
            ),
            "returns the ids only": lambda: (lambda c: labels_by(sorted_names)(c)[0],),
        },
        "right": {
            "a dict and get": lambda: (labels_by(sorted_names),),
            "a pandas category": lambda: (with_pandas,),
        },
    },
    "09.2": {
        "wrong": {
            "cuts the rows of each class": lambda: (rows_by_class,),
            "cuts the file as it is": lambda: (lambda texts, labels: cut(len(texts)),),
            "cuts texts without shuffling or classes": lambda: (texts_at_random,),
            "shuffles the texts, but not class by class": lambda: (texts_shuffled,),
            "everything in train": lambda: (lambda texts, labels: ["train"] * len(texts),),
            "drops the copies": lambda: (lambda texts, labels: cut(len(set(texts))),),
            "numbers for names": lambda: (
                lambda texts, labels: [i % 4 for i in range(len(texts))],
            ),
            "a third each": lambda: (
                lambda texts, labels: [
                    ("train", "validation", "test")[int(text.split()[-1]) % 3] for text in texts
                ],
            ),
            "forgets to return": lambda: (lambda texts, labels: None,),
        },
        "right": {
            "the different texts of each class": lambda: (texts_by_class,),
            "the same, with uneven copies": lambda: (lambda t, b: texts_by_class(t, b, seed=15),),
            "row by row into the emptiest split": lambda: (by_filling,),
            "a numpy array": lambda: (lambda t, b: np.array(texts_by_class(t, b)),),
        },
    },
    "09.3": {
        "wrong": {
            "lower": lambda: (str.lower,),
            "casefold": lambda: (str.casefold,),
            "İ only": lambda: (lambda text: text.replace("İ", "i").lower(),),
            "I only": lambda: (lambda text: text.replace("I", "ı").lower(),),
            "after lower": lambda: (lambda text: text.lower().replace("i", "ı"),),
            "every i without a dot": lambda: (
                lambda text: text.replace("İ", "I").replace("I", "ı").lower(),
            ),
            "does not lower the rest": lambda: (
                lambda text: text.replace("İ", "i").replace("I", "ı"),
            ),
            "the wrong way round": lambda: (
                lambda text: text.replace("I", "i").replace("İ", "ı").lower(),
            ),
        },
        "right": {
            "translate": lambda: (lambda text: text.translate({0x130: "i", 0x49: "ı"}).lower(),),
            "letter by letter": lambda: (
                lambda text: "".join({"I": "ı", "İ": "i"}.get(c, c.lower()) for c in text),
            ),
            "dot removed after": lambda: (
                lambda text: text.replace("I", "ı").lower().replace("\u0307", ""),
            ),
        },
    },
}
