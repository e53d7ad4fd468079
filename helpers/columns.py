"""The columns of a dataset: which hold the texts, which the target, and what they hold."""

from collections.abc import Sequence

import numpy as np

from .checkpoints import HEADS

PAIRS = (["sentence1", "sentence2"], ["text", "second_text"])  # of the course, of `load_table`
TARGETS = ("label", "labels", "score", "target")


def check_data(
    data, head: str, named: str | Sequence[str] | None = None
) -> tuple[list[str], str, list[str] | None]:
    """The text columns, the target column and the label names of data that can be trained with.

    Raises: ValueError that says what is missing.
    """
    if head not in HEADS:
        raise ValueError(f"There is no head {head!r} to train: choose one of {', '.join(HEADS)}.")
    splits = list(data) if hasattr(data, "keys") else []
    if not {"train", "validation"} <= set(splits):
        raise ValueError(
            "data must be a DatasetDict with the splits train and validation, not "
            f"{', '.join(splits) or type(data).__name__}: load_corpus makes one."
        )
    texts, target, labels = columns_of(data["train"], named)
    if columns_of(data["validation"], named) != (texts, target, labels):
        raise ValueError("The columns or label names of validation are not those of train.")
    suits = "regression"
    if labels is not None:
        suits = "multi_label" if has_several(data["train"], target) else "classification"
    if head != suits:
        raise ValueError(
            f"The column {target!r} does not suit head={head!r}: a classifier needs label names "
            '(data.class_encode_column makes them), head="multi_label" a list of them in each row, '
            'head="regression" numbers.'
        )
    for split in ("train", "validation"):
        check_targets(target_values(data[split], target), labels, split)
    return texts, target, labels


def check_targets(values: np.ndarray, labels: list[str] | None, split: str) -> None:
    """Raise ValueError unless the targets of a split can be learnt from, or scored on."""
    if values.ndim == 2:
        unseen = [name for name, carried in zip(labels, values.any(0), strict=True) if not carried]
        if split == "train" and unseen:
            raise ValueError(f"No row of train has the label {unseen[0]!r}: add some.")
        return
    known = values[values >= 0] if labels else values
    if not len(known):
        raise ValueError(f"The split {split} has no row with a label.")
    if not labels and len(known) < 2:
        raise ValueError(f"The split {split} has one row: a correlation needs two or more.")
    if split == "train" and labels and len(set(known.tolist())) < 2:
        raise ValueError(f"Every row of train is {labels[known[0]]!r}: give two classes.")


def columns_of(
    dataset, named: str | Sequence[str] | None = None
) -> tuple[list[str], str, list[str] | None]:
    """The text columns, the target column, and its label names (None for numbers).

    named: the text column, or two for pairs, where it is not plain which they are.
    Raises: ValueError if there is no text, more columns of text than are named, or no single
        target.
    """
    kinds = dataset.features
    texts, targets = [], []
    for column, kind in kinds.items():
        if getattr(kind, "dtype", "") in ("string", "large_string"):
            texts.append(column)
        if label_names_of(kind):
            targets.append(column)
    if not targets:
        targets = [name for name in TARGETS if name in kinds and name not in texts]
    if len(targets) != 1:
        raise ValueError(
            f"The columns {', '.join(kinds)} hold no single target: one must be a ClassLabel "
            "(class_encode_column makes it), or hold numbers and be called label or score."
        )
    if named:
        named = [named] if isinstance(named, str) else list(named)
        if len(named) > 2 or not set(named) <= set(texts):
            raise ValueError(
                f"texts={named}: name one column of text, or two for pairs, of "
                f"{', '.join(texts) or 'which there are none'}."
            )
        texts = named
    elif len(texts) != 1 and texts not in PAIRS:
        raise ValueError(
            f"The columns {', '.join(kinds)} hold {len(texts)} of text ({', '.join(texts)}): keep "
            "one with select_columns, or name one, or two for pairs, with texts=."
        )
    return texts, targets[0], label_names_of(kinds[targets[0]])


def label_names_of(kind) -> list[str] | None:
    """The label names of a ClassLabel column, or of a column with lists of them; else None."""
    return getattr(getattr(kind, "feature", kind), "names", None)


def has_several(dataset, target: str) -> bool:
    """Whether a row carries a list of labels, and not one."""
    return hasattr(getattr(dataset.features[target], "feature", None), "names")


def rows_of(dataset, texts: list[str]) -> list:
    """Each row's text, or its pair of texts."""
    columns = [dataset[column][:] for column in texts]
    return columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))


def target_values(dataset, target: str) -> np.ndarray:
    """The target column: int64 label ids, -1 where there is none, or float32 numbers.

    Of lists of labels, float32 [n, labels]: 1 for each that a row carries, else 0.
    """
    values = dataset[target][:]
    if has_several(dataset, target):
        marks = np.zeros((len(values), len(label_names_of(dataset.features[target]))), np.float32)
        for row, ids in enumerate(values):
            marks[row, ids or []] = 1
        return marks
    if hasattr(dataset.features[target], "names"):
        return np.array([-1 if value is None else value for value in values], dtype=np.int64)
    return np.array(values, dtype=np.float32)


def labelled(
    dataset, texts: str | Sequence[str] | None = None, names: Sequence[str] | None = None
) -> tuple[list, np.ndarray, list[str]]:
    """The texts (or pairs), the label ids and the label names of a split.

    texts: the columns to read, if the dataset has them. names: the names in the order in which the
        ids are wanted; without them, in the dataset's own.
    Raises: ValueError if its target is a number, or its names are others.
    """
    has_them = texts and set(texts) <= set(dataset.column_names)
    columns, target, own = columns_of(dataset, texts if has_them else None)
    if own is None:
        raise ValueError(f"The column {target!r} holds numbers: only labels can be looked into.")
    if has_several(dataset, target):
        raise ValueError(f"The column {target!r} holds several labels a row: one is needed here.")
    rows, ids = rows_of(dataset, columns), target_values(dataset, target)
    if names is None or list(names) == own:
        return rows, ids, own
    if set(names) != set(own):
        raise ValueError(
            f"The rows have the labels {', '.join(own)} and the model {', '.join(names)}: they "
            "belong to different tasks."
        )
    place = np.array([list(names).index(name) for name in own])
    return rows, np.where(ids < 0, ids, place[ids]), list(names)
