"""The columns of a dataset: which hold the texts, which the target, and what they hold."""

import numpy as np

TARGETS = ("label", "labels", "score", "target")


def check_data(data, head: str) -> tuple[list[str], str, list[str] | None]:
    """The text columns, the target column and the label names of data that can be trained with.

    Raises: ValueError that says what is missing.
    """
    if head not in ("classification", "regression"):
        raise ValueError(f'There is no head {head!r} to train: "classification" or "regression".')
    splits = list(data) if hasattr(data, "keys") else []
    if not {"train", "validation"} <= set(splits):
        raise ValueError(
            "data must be a DatasetDict with the splits train and validation, not "
            f"{', '.join(splits) or type(data).__name__}: load_corpus makes one."
        )
    texts, target, labels = columns_of(data["train"])
    if columns_of(data["validation"]) != (texts, target, labels):
        raise ValueError("The columns or label names of validation are not those of train.")
    if (head == "classification") != (labels is not None):
        raise ValueError(
            f"The column {target!r} does not suit head={head!r}: a classifier needs label names "
            '(data.class_encode_column makes them), head="regression" numbers.'
        )
    for split in ("train", "validation"):
        values = target_values(data[split], target)
        known = values[values >= 0] if labels else values
        if not len(known):
            raise ValueError(f"The split {split} has no row with a label.")
        if split == "train" and labels and len(set(known.tolist())) < 2:
            raise ValueError(f"Every row of train is {labels[known[0]]!r}: give two classes.")
    return texts, target, labels


def columns_of(dataset) -> tuple[list[str], str, list[str] | None]:
    """The text columns, the target column, and its label names (None for numbers).

    Raises: ValueError if there is no text, more than two, or no single target.
    """
    kinds = dataset.features
    texts, targets = [], []
    for column, kind in kinds.items():
        if getattr(kind, "dtype", "") in ("string", "large_string"):
            texts.append(column)
        if hasattr(kind, "names"):
            targets.append(column)
    if not targets:
        targets = [name for name in TARGETS if name in kinds and name not in texts]
    if len(targets) != 1:
        raise ValueError(
            f"The columns {', '.join(kinds)} hold no single target: one must be a ClassLabel "
            "(class_encode_column makes it), or hold numbers and be called label or score."
        )
    if not 1 <= len(texts) <= 2:
        raise ValueError(
            f"The columns {', '.join(kinds)} hold {len(texts)} of text: one is needed, or two for "
            "pairs. Remove the others with remove_columns."
        )
    return texts, targets[0], getattr(kinds[targets[0]], "names", None)


def rows_of(dataset, texts: list[str]) -> list:
    """Each row's text, or its pair of texts."""
    columns = [dataset[column][:] for column in texts]
    return columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))


def target_values(dataset, target: str) -> np.ndarray:
    """The target column: int64 label ids, -1 where there is none, or float32 numbers."""
    values = dataset[target][:]
    if hasattr(dataset.features[target], "names"):
        return np.array([-1 if value is None else value for value in values], dtype=np.int64)
    return np.array(values, dtype=np.float32)


def labelled(dataset) -> tuple[list, np.ndarray, list[str]]:
    """The texts (or pairs), the label ids and the label names of a split.

    Raises: ValueError if its target is a number.
    """
    columns, target, names = columns_of(dataset)
    if names is None:
        raise ValueError(f"The column {target!r} holds numbers: only labels can be looked into.")
    return rows_of(dataset, columns), target_values(dataset, target), names
