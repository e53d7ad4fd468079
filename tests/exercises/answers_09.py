"""Answers to the exercises of notebook 09, wrong ones by misconception and right ones by form."""

import random

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

LUCKY = (7, 9, 11)  # seeds for which a shuffle without regard to the classes comes out almost even


def labels_by(names_of, clean=str.strip, missing=-1, start=0, blank=None):
    """A function like the one asked for, with a choice of what may go wrong in it."""

    def make_labels(categories):
        cleaned = [None if c is None else clean(c) for c in categories]
        cleaned = [blank if c == "" else c for c in cleaned]
        id2label = dict(enumerate(names_of(cleaned), start))
        label2id = {name: i for i, name in id2label.items()}
        return [label2id.get(c, missing) for c in cleaned], id2label, label2id

    return make_labels


def sorted_names(cleaned):
    return sorted({c for c in cleaned if c is not None})


def with_pandas(categories):
    column = pd.Series(categories, dtype="object").str.strip().replace("", None)
    column = column.astype("category")
    names = list(column.cat.categories)
    return (
        column.cat.codes.tolist(),
        dict(enumerate(names)),
        {name: i for i, name in enumerate(names)},
    )


def maps_swapped(categories):
    ids, id2label, label2id = labels_by(sorted_names)(categories)
    return ids, label2id, id2label


def in_place(categories):
    for row, category in enumerate(categories):
        categories[row] = category and category.strip()
    return labels_by(sorted_names)(categories)


def none_as_text(categories):
    return labels_by(sorted_names)([str(category) for category in categories])


def keys_as_texts(categories):
    ids, id2label, label2id = labels_by(sorted_names)(categories)
    return ids, {str(i): name for i, name in id2label.items()}, label2id


def ids_by_row(categories):
    ids, id2label, label2id = labels_by(sorted_names)(categories)
    return dict(enumerate(ids)), id2label, label2id


def remembered(categories):
    """The same classes whatever comes in."""
    names = ["ekonomi", "kultur", "spor"]
    label2id = {name: i for i, name in enumerate(names)}
    ids = [label2id.get((category or "").strip(), -1) for category in categories]
    return ids, dict(enumerate(names)), label2id


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


def texts_in_order(texts, labels):
    different = list(dict.fromkeys(texts))
    return [dict(zip(different, cut(len(different)), strict=True))[text] for text in texts]


def texts_shuffled(texts, labels, seed=2):
    different = list(dict.fromkeys(texts))
    random.Random(seed).shuffle(different)
    return [dict(zip(different, cut(len(different)), strict=True))[text] for text in texts]


def cut_70(n):
    return ["train"] * round(0.7 * n) + ["validation"] * round(0.15 * n) + ["test"] * n


def texts_by_class(texts, labels, seed=1, shuffle=None, parts=cut):
    split_of = {}
    for label in set(labels):
        pairs = zip(texts, labels, strict=True)
        different = list(dict.fromkeys(t for t, other in pairs if other == label))
        (shuffle or random.Random(seed).shuffle)(different)
        split_of |= zip(different, parts(len(different)), strict=False)
    return [split_of[text] for text in texts]


def train_in_the_middle(texts, labels):
    names = dict(zip(["validation", "train", "test"], range(3), strict=True))
    return texts_by_class(
        texts, labels, shuffle=lambda t: None, parts=lambda n: sorted(cut(n), key=names.get)
    )


def every_fourth(texts, labels):
    places = {text: i for i, text in enumerate(dict.fromkeys(texts))}
    return [("train", "validation", "train", "test")[places[text] % 4] for text in texts]


def rows_sorted_by_class(texts, labels):
    """Right if all rows of a class stand together, and only then."""
    parts, start = [], 0
    while start < len(labels):
        stop = start
        while stop < len(labels) and labels[stop] == labels[start]:
            stop += 1
        parts += texts_by_class(texts[start:stop], labels[start:stop])
        start = stop
    return parts


def shuffles_its_input(texts, labels):
    random.Random(0).shuffle(texts)
    return texts_by_class(texts, labels)


def by_sklearn(texts, labels):
    different = list(dict.fromkeys(texts))
    label_of = dict(zip(texts, labels, strict=True))
    train, held_out = train_test_split(
        different, test_size=0.5, stratify=[label_of[t] for t in different], random_state=0
    )
    validation, _ = train_test_split(
        held_out, test_size=0.5, stratify=[label_of[t] for t in held_out], random_state=0
    )
    split_of = dict.fromkeys(train, "train") | dict.fromkeys(validation, "validation")
    return [split_of.get(text, "test") for text in texts]


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
            "a class for the blank": lambda: (labels_by(sorted_names, blank=""),),
            "strips on the right only": lambda: (labels_by(sorted_names, clean=str.rstrip),),
            "lower-cases too": lambda: (
                labels_by(sorted_names, clean=lambda c: c.strip().lower()),
            ),
            "None as a word": lambda: (none_as_text,),
            "changes what was handed in": lambda: (in_place,),
            "texts for ids in id2label": lambda: (keys_as_texts,),
            "a dict of ids": lambda: (ids_by_row,),
            "the classes of one file, whatever the file": lambda: (remembered,),
            "the result in place of the function": lambda: (
                labels_by(sorted_names)([" spor ", None]),
            ),
            "returns the ids only": lambda: (lambda c: labels_by(sorted_names)(c)[0],),
        },
        "right": {
            "a dict and get": lambda: (labels_by(sorted_names),),
            "a pandas category": lambda: (with_pandas,),
            "an array of ids": lambda: (
                lambda c: (
                    np.array(labels_by(sorted_names)(c)[0]),
                    *labels_by(sorted_names)(c)[1:],
                ),
            ),
        },
    },
    "09.2": {
        "wrong": {
            "cuts the rows of each class": lambda: (rows_by_class,),
            "cuts the file as it is": lambda: (lambda texts, labels: cut(len(texts)),),
            "cuts texts without shuffling or classes": lambda: (texts_in_order,),
            "shuffles the texts, but not class by class": lambda: (texts_shuffled,),
            **{
                f"the same with seed {seed}": lambda seed=seed: (
                    lambda t, b: texts_shuffled(t, b, seed),
                )
                for seed in LUCKY
            },
            "the texts of each class, not shuffled": lambda: (
                lambda t, b: texts_by_class(t, b, shuffle=lambda different: None),
            ),
            "validation first, then train, then test": lambda: (train_in_the_middle,),
            "every fourth text, whatever its class": lambda: (every_fourth,),
            "remembers the class of a sorted file": lambda: (rows_sorted_by_class,),
            "shuffles what it was given": lambda: (shuffles_its_input,),
            "a dict by text": lambda: (
                lambda t, b: dict(zip(t, texts_by_class(t, b), strict=True)),
            ),
            "70, 15 and 15": lambda: (lambda t, b: texts_by_class(t, b, parts=cut_70),),
            "a shuffled Series": lambda: (
                lambda t, b: pd.Series(texts_by_class(t, b)).sample(frac=1, random_state=0),
            ),
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
            "scikit-learn, stratified twice": lambda: (by_sklearn,),
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
            "casefold after": lambda: (
                lambda text: text.replace("İ", "i").replace("I", "ı").casefold(),
            ),
            "the first of each only": lambda: (
                lambda text: text.replace("İ", "i", 1).replace("I", "ı", 1).lower(),
            ),
            "tidies the spaces": lambda: (
                lambda text: " ".join(text.replace("İ", "i").replace("I", "ı").lower().split()),
            ),
            "the list of letters": lambda: (lambda text: list(text.lower()),),
            "the result in place of the function": lambda: ("ılık",),
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
