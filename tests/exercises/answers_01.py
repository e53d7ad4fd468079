"""Answers to the exercises of notebook 01, wrong ones by misconception and right ones by form."""

from collections import Counter

import numpy as np
import pandas as pd
import torch
from datasets import ClassLabel, Dataset, Features, Value, load_dataset
from sklearn.model_selection import StratifiedShuffleSplit, train_test_split
from sklearn.utils.class_weight import compute_class_weight

from helpers import load_corpus

COLUMNS = ["text", "label"]


def read(path, **options):
    options = {"sep": ";", "names": COLUMNS, "split": "train", **options}
    return load_dataset("csv", data_files=path, **options)


def header_taken(path, names):
    posts = load_dataset("csv", data_files=path, sep=";", split="train")
    posts = posts.rename_columns(dict(zip(posts.column_names, COLUMNS, strict=True)))
    return posts.cast_column("label", ClassLabel(names=names))


def split_at_semicolons(path, names):
    lines = load_dataset("text", data_files=path, split="train")
    posts = lines.map(lambda row: dict(zip(COLUMNS, row["text"].split(";")[:2], strict=True)))
    return posts.cast_column("label", ClassLabel(names=names))


def first_row_dropped_later(path, names):
    return by_features(path, names).select(range(5, 15))


def names_hard_coded(path, names):
    names = load_corpus("emotion")["train"].features["label"].names
    return read(path).cast_column("label", ClassLabel(names=names))


def names_sorted_in_place(path, names):
    posts = read(path).cast_column("label", ClassLabel(names=list(names)))
    names.sort()
    return posts


def path_hard_coded(path, names):
    texts = load_corpus("emotion")["train"]["text"][:50]
    features = Features({"text": Value("string"), "label": ClassLabel(names=names)})
    return Dataset.from_dict({"text": texts, "label": [0] * 50}, features=features)


def labels_all_alike(path, names):
    return by_features(path, names).map(lambda row: {"label": 0})


def dots_cut_off(path, names):
    return by_features(path, names).map(lambda row: {"text": row["text"].rstrip(".")})


def by_pandas(path, names):
    frame = pd.read_csv(path, sep=";", names=COLUMNS)
    frame["label"] = frame["label"].map({name: i for i, name in enumerate(names)})
    features = Features({"text": Value("string"), "label": ClassLabel(names=names)})
    return Dataset.from_dict(frame.to_dict("list"), features=features)


def by_features(path, names):
    features = Features({"text": Value("string"), "label": ClassLabel(names=names)})
    return read(path, features=features)


def no_gap_weights(labels, n_classes):
    counts = Counter(labels)
    return [len(labels) / (n_classes * counts[i]) for i in range(n_classes)]


def count_weights(formula):
    """A function like the one asked for, with another formula of n, k and n_c."""

    def weights(labels, n_classes):
        counts = Counter(labels)
        return [
            formula(len(labels), n_classes, counts[i]) if counts[i] else 0 for i in range(n_classes)
        ]

    return weights


def labels_ignored(labels, n_classes):
    return by_numpy(load_corpus("emotion")["train"]["label"][:], n_classes)


def n_classes_ignored(labels, n_classes):
    return by_numpy(labels, len(set(labels)))


def six_classes(labels, n_classes):
    return by_numpy(labels, 6)


def labels_sorted_in_place(labels, n_classes):
    labels.sort()
    return by_numpy(labels, n_classes)


def as_series(labels, n_classes):
    return pd.Series(by_numpy(labels, n_classes)).sort_values()


def as_tensor(labels, n_classes):
    return torch.tensor(by_numpy(labels, n_classes))


def in_order_of_frequency(labels, n_classes):
    counts = pd.Series(labels).value_counts()
    return (len(labels) / (n_classes * counts)).tolist()


def by_numpy(labels, n_classes):
    counts = np.bincount(labels, minlength=n_classes)
    return np.where(counts, len(labels) / (n_classes * np.maximum(counts, 1)), 0)


def by_name_of_id(labels, n_classes):
    present = np.unique(labels)
    weights = compute_class_weight("balanced", classes=present, y=labels)
    found = dict(zip(present.tolist(), weights * len(present) / n_classes, strict=True))
    return {i: found.get(i, 0) for i in range(n_classes)}


def split(frame, share, seed, **options):
    return train_test_split(frame, test_size=share, random_state=seed, **options)


def whole_rows_deduplicated(frame, share, seed):
    once = frame.drop_duplicates()
    return split(once, share, seed, stratify=once["label"])


def seed_forgotten(frame, share, seed):
    once = frame.drop_duplicates("text")
    return split(once, share, None, stratify=once["label"])


def seed_fixed(frame, share, seed):
    once = frame.drop_duplicates("text")
    return split(once, share, 42, stratify=once["label"])


def share_fixed(frame, share, seed):
    once = frame.drop_duplicates("text")
    return split(once, 0.2, seed, stratify=once["label"])


def parts_swapped(frame, share, seed):
    return by_class(frame, share, seed)[::-1]


def frame_changed(frame, share, seed):
    frame.drop_duplicates("text", inplace=True)
    return split(frame, share, seed, stratify=frame["label"])


def four_parts(frame, share, seed):
    once = frame.drop_duplicates("text")
    return train_test_split(
        once["text"], once["label"], test_size=share, stratify=once["label"], random_state=seed
    )


def texts_only(frame, share, seed):
    return [part["text"] for part in by_class(frame, share, seed)]


def in_order(frame, share, seed):
    once = frame.drop_duplicates("text").sort_values("label")
    cut = round(len(once) * (1 - share))
    return once.iloc[:cut], once.iloc[cut:]


def overlap_thrown_away(frame, share, seed):
    train, held_out = split(frame, share, seed, stratify=frame["label"])
    held_out = held_out[~held_out["text"].isin(train["text"])]
    return train.drop_duplicates("text"), held_out.drop_duplicates("text")


def labels_left_behind(frame, share, seed):
    once = frame.drop_duplicates("text")
    once = once.assign(label=once["label"].sample(frac=1, random_state=seed).to_numpy())
    return split(once, share, seed, stratify=once["label"])


def by_class(frame, share, seed):
    once = frame.drop_duplicates("text")
    held_out = once.groupby("label").sample(frac=share, random_state=seed)
    return once.drop(held_out.index), held_out


def by_shuffle_split(frame, share, seed):
    once = frame.drop_duplicates("text", keep="last").reset_index(drop=True)
    cutter = StratifiedShuffleSplit(n_splits=1, test_size=share, random_state=seed)
    train, held_out = next(cutter.split(once, once["label"]))
    return [once.loc[train], once.loc[held_out]]


ANSWERS = {
    "01.1": {
        "wrong": {
            "the first post taken for a header": lambda: (header_taken,),
            "the separator forgotten": lambda: (
                lambda path, names: load_dataset("csv", data_files=path, split="train"),
            ),
            "labels left as strings": lambda: (lambda path, names: read(path),),
            "ids in alphabetical order": lambda: (
                lambda path, names: read(path).class_encode_column("label"),
            ),
            "a DatasetDict instead of a split": lambda: (
                lambda path, names: read(path, split=None),
            ),
            "split at every semicolon": lambda: (split_at_semicolons,),
            "return forgotten": lambda: (lambda path, names: None,),
            "rows lost, but not the first alone": lambda: (first_row_dropped_later,),
            "names written into the function": lambda: (names_hard_coded,),
            "names changed": lambda: (names_sorted_in_place,),
            "another file than that at path": lambda: (path_hard_coded,),
            "every label the same": lambda: (labels_all_alike,),
            "the dots at the end cut off": lambda: (dots_cut_off,),
            "one name too many": lambda: (
                lambda path, names: read(path).cast_column(
                    "label", ClassLabel(names=[*names, "other"])
                ),
            ),
            "a DataFrame": lambda: (lambda path, names: pd.read_csv(path, sep=";", names=COLUMNS),),
            "the dataset in place of the function": lambda: (load_corpus("emotion")["train"],),
        },
        "right": {
            "load_dataset and cast_column": lambda: (
                lambda path, names: read(path).cast_column("label", ClassLabel(names=names)),
            ),
            "pandas and from_dict": lambda: (by_pandas,),
            "load_dataset with features": lambda: (by_features,),
            "rows as tensors": lambda: (
                lambda path, names: by_features(path, names).with_format("torch"),
            ),
        },
    },
    "01.2": {
        "wrong": {
            "upside down: shares of the rows": lambda: (count_weights(lambda n, k, c: c / n),),
            "not divided by the number of classes": lambda: (count_weights(lambda n, k, c: n / c),),
            "one over the count": lambda: (count_weights(lambda n, k, c: 1 / c),),
            "in order of frequency, not of id": lambda: (in_order_of_frequency,),
            "a class without rows divides by zero": lambda: (no_gap_weights,),
            "all classes alike": lambda: (lambda labels, n_classes: [1.0] * n_classes,),
            "all weights 0": lambda: (lambda labels, n_classes: [0] * n_classes,),
            "the corpus's labels, whatever is given": lambda: (labels_ignored,),
            "as many classes as occur": lambda: (n_classes_ignored,),
            "always six classes": lambda: (six_classes,),
            "as many classes as the largest id says": lambda: (
                lambda labels, n_classes: [
                    len(labels) / ((max(labels) + 1) * labels.count(i)) if i in labels else 0
                    for i in range(max(labels) + 1)
                ],
            ),
            "the gap that was known": lambda: (
                lambda labels, n_classes: (
                    [4 / 3, 0, 4 / 9] if n_classes == 3 else by_numpy(labels, 6)
                ),
            ),
            "scikit-learn, which wants every class": lambda: (
                lambda labels, n_classes: compute_class_weight(
                    "balanced", classes=np.arange(n_classes), y=labels
                ),
            ),
            "ids as texts": lambda: (
                lambda *a: {str(i): weight for i, weight in by_name_of_id(*a).items()},
            ),
            "labels changed": lambda: (labels_sorted_in_place,),
            "names of classes, not weights": lambda: (lambda labels, n_classes: list("abcdef"),),
            "one number": lambda: (lambda labels, n_classes: 1.0,),
            "an array of no shape": lambda: (lambda labels, n_classes: np.array(1.0),),
            "the right weights as texts": lambda: (
                lambda *a: [
                    str(weight) for weight in count_weights(lambda n, k, c: n / (k * c))(*a)
                ],
            ),
            "a weight too large for a number": lambda: (
                lambda labels, n_classes: [10**400] * n_classes,
            ),
            "the weights in place of the function": lambda: ([1.0, 2.0],),
        },
        "right": {
            "a loop over the ids": lambda: (count_weights(lambda n, k, c: n / (k * c)),),
            "numpy": lambda: (by_numpy,),
            "scikit-learn, in a dict by id": lambda: (by_name_of_id,),
            "a Series by id, the smallest first": lambda: (as_series,),
            "a tensor": lambda: (as_tensor,),
        },
    },
    "01.3": {
        "wrong": {
            "repeated texts left in": lambda: (
                lambda frame, share, seed: split(frame, share, seed, stratify=frame["label"]),
            ),
            "only whole rows deduplicated": lambda: (whole_rows_deduplicated,),
            "not stratified": lambda: (
                lambda frame, share, seed: split(frame.drop_duplicates("text"), share, seed),
            ),
            "cut from a sorted frame": lambda: (in_order,),
            "shared texts thrown away afterwards": lambda: (overlap_thrown_away,),
            "labels shuffled apart from their texts": lambda: (labels_left_behind,),
            "the seed forgotten": lambda: (seed_forgotten,),
            "always the same seed": lambda: (seed_fixed,),
            "always the same share": lambda: (share_fixed,),
            "the parts swapped": lambda: (parts_swapped,),
            "the caller's frame changed": lambda: (frame_changed,),
            "four parts": lambda: (four_parts,),
            "only the texts": lambda: (texts_only,),
            "the parts in place of the function": lambda: (pd.DataFrame({"text": ["a"]}),),
        },
        "right": {
            "drop_duplicates, then train_test_split": lambda: (
                lambda frame, share, seed: split(
                    frame.drop_duplicates("text"),
                    share,
                    seed,
                    stratify=frame.drop_duplicates("text")["label"],
                ),
            ),
            "a sample of each class": lambda: (by_class,),
            "StratifiedShuffleSplit, last copies kept": lambda: (by_shuffle_split,),
        },
    },
}
