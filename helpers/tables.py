"""A user's own rows, from files or from GLUE: read, checked, and cut into splits without a leak."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np
import pandas as pd

from .files import TABLES, as_number, in_file, read_rows
from .hub import hub
from .session import warn
from .splits import SPLITS, cut, find_leaks, text_key

OURS = ("where", "split", "predicted")  # columns that are added to a user's own
MANY = 20  # more different numbers than this are not taken for classes
GLUE = {  # task: its text columns, and the metric it is judged by
    "cola": (["sentence"], "matthews"),
    "sst2": (["sentence"], "accuracy"),
    "mrpc": (["sentence1", "sentence2"], "f1"),
    "qqp": (["question1", "question2"], "f1"),
    "stsb": (["sentence1", "sentence2"], "pearson"),
    "mnli": (["premise", "hypothesis"], "accuracy"),
    "qnli": (["question", "sentence"], "accuracy"),
    "rte": (["sentence1", "sentence2"], "accuracy"),
    "wnli": (["sentence1", "sentence2"], "accuracy"),
}


@dataclass(frozen=True)
class Table:
    """Labelled rows in the order of their files.

    frame: the files' columns, then where (file and line) and split.
    texts: one text column, or two. label: the column of label names or numbers.
    names: the label names in the order of their ids; None for numbers.
    notes: what is odd about the rows, in sentences.
    """

    frame: pd.DataFrame
    texts: list[str]
    label: str
    names: list[str] | None
    notes: tuple[str, ...] = ()

    @property
    def splits(self) -> list[str]:
        return [split for split in SPLITS if split in set(self.frame["split"])]

    def part(self, split: str) -> pd.DataFrame:
        """The rows of one split."""
        return self.frame[self.frame["split"] == split]

    def rows(self, split: str | None = None) -> list:
        """Each row's text, or its pair of texts; of one split, or of all in the order of files."""
        frame = self.part(split) if split else self.frame
        columns = [frame[column].tolist() for column in self.texts]
        return columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))

    def targets(self, split: str) -> np.ndarray:
        """The label ids, or the numbers, of one split."""
        labels = self.part(split)[self.label].tolist()
        return np.array([self.names.index(name) for name in labels] if self.names else labels)

    def datasets(self):
        """The rows as a DatasetDict for `fine_tune`."""
        from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

        columns = ["text", "second_text"][: len(self.texts)]
        kind = ClassLabel(names=self.names) if self.names else Value("float32")
        features = Features(dict.fromkeys(columns, Value("string")) | {"label": kind})
        made = DatasetDict()
        for split in self.splits:
            texts = (self.part(split)[column].tolist() for column in self.texts)
            rows = dict(zip(columns, texts, strict=True)) | {"label": self.targets(split)}
            made[split] = Dataset.from_dict(rows, features=features)
        return made


def load_table(files: str | Path | Mapping[str, str | Path], text: str | Sequence[str], label: str):
    """Load labelled rows of your own as a `DatasetDict`, for notebooks and `fine_tune`.

    files: one .csv, .tsv, .jsonl or .parquet file, which is cut into train, validation and test
        (70, 15 and 15 %, stratified, equal texts on one side); or {"train": file, "validation":
        file, "test": file}, of which a missing validation or test split is cut from train.
    text: the column with the texts, or two columns for pairs. label: the column with the classes,
        or with numbers, which are taken for a regression if they have decimals or many values.
    Returns: a DatasetDict with the columns text (for pairs second_text too) and label, a
        ClassLabel with the names sorted, or a float.
    Raises: ValueError that names the file, the line and the cure. What is odd about the rows, but
        no error, is a warning.
    """
    named = files if isinstance(files, Mapping) else {"train": files}
    if unknown := set(named) - set(SPLITS) or ("train" not in named and {"no train"}):
        raise ValueError(
            f"files names {unknown.pop()}: give train, and validation and test if any."
        )
    columns = [text] if isinstance(text, str) else list(text)
    paths = {split: Path(named[split]) for split in SPLITS if split in named}
    table = read_files(paths, columns, label, "auto")
    for note in table.notes:
        warn(note)
    return table.datasets()


def read_files(files: dict[str, Path], texts: list[str], label: str, task: str) -> Table:
    """Read and check one file a split; a missing validation or test split is cut from train.

    task: "classification", "regression", or "auto", which takes numbers for a regression if they
        have decimals or more than MANY different values.
    Raises: ValueError that names the file, the line and the cure.
    """
    parts = [read_table(path, texts, label).assign(split=split) for split, path in files.items()]
    frame = pd.concat(parts, ignore_index=True)
    names = label_names(frame, label, task)
    frame[label] = frame[label].map(class_name if names else float)
    keys = text_keys(frame, texts)
    if "validation" not in files:
        frame["split"] = cut_splits(frame, keys, label, names)
    unknown = set(names or ()) - set(frame[label][frame["split"] == "train"])
    if unknown:
        row = frame[frame[label].isin(unknown)].iloc[0]
        raise ValueError(f"{row['where']}: train has no row with the label {row[label]!r}: add it.")
    if leak := first_leak(frame, keys):
        raise ValueError(f"{leak}: delete them, or give one file and the splits are made for you.")
    return Table(frame, texts, label, names, tuple(oddities(frame, keys, label, names)))


def read_labelled(path: Path, texts: list[str], label: str) -> Table:
    """All rows of one file with their classes, not cut: every row is in the split train.

    Raises: ValueError that names the file, the line and the cure; for numbers too.
    """
    frame = read_table(path, texts, label).assign(split="train")
    names = label_names(frame, label, "auto")
    if names is None:
        raise ValueError(
            f"{path}: {label!r} holds numbers: only classes can be searched for errors."
        )
    frame[label] = frame[label].map(class_name)
    return Table(frame, texts, label, names)


def read_table(path: Path, texts: list[str], label: str | None = None) -> pd.DataFrame:
    """Read a file, all columns as they are; in each row the texts and the label must be there."""
    if path.suffix.lower() not in TABLES:
        raise ValueError(f"{path} cannot be read: give a file of one of {', '.join(TABLES)}.")
    if not path.is_file():
        raise ValueError(f"There is no file {path}: check the path.")
    needed = [*texts, label] if label else texts
    if taken := set(OURS) & set(needed):
        raise ValueError(
            f"{path}: rename the column {taken.pop()!r}, the results have one so named."
        )
    with in_file(path):
        rows = read_rows(path)
        for place, row in rows:
            check_row(row, texts, needed, place)
    if not rows:
        raise ValueError(f"{path} holds no rows, only a header or nothing at all.")
    marked = [row | {"where": f"{path.name}, {place}"} for place, row in rows]
    return pd.DataFrame(marked, dtype=object)


def check_row(row: dict, texts: list[str], needed: list[str], place: str) -> None:
    """Raise ValueError unless the needed columns are there and filled in."""
    for column in needed:
        if column not in row:
            listed = ", ".join(map(repr, row))
            raise ValueError(f"there is no column {column!r}, only {listed}: name one of these.")
        value = row[column]
        if value is None or str(value).strip().lower() in ("", "nan"):
            raise ValueError(f"{place} has nothing in {column!r}: fill it in, or delete the row.")
        if column in texts and not isinstance(value, str):
            raise ValueError(f"{place} has {value!r} in {column!r}, which is not a text.")


def label_names(frame: pd.DataFrame, label: str, task: str) -> list[str] | None:
    """The names of the classes, in the order of their ids; None if the task is a regression.

    Raises: ValueError for a label that is no number in a regression, or for one label only.
    """
    numbers = frame[label].map(as_number)
    is_number = numbers.map(isfinite)
    if task == "auto":
        scores = is_number.all() and (numbers.nunique() > MANY or (numbers % 1).any())
        task = "regression" if scores else "classification"
    if task == "regression" and not is_number.all():
        row = frame[~is_number].iloc[0]
        cure = "correct it, or choose --task classification."
        raise ValueError(f"{row['where']}: the label {row[label]!r} is not a number: {cure}")
    labels = set(numbers if task == "regression" else frame[label].map(class_name))
    if len(labels) < 2:
        raise ValueError(f"Every row has the label {labels.pop()!r}: add rows with another.")
    if task == "regression":
        return None
    return sorted(labels, key=float if is_number.all() else str)


def class_name(value) -> str:
    """A label as the name of a class: 2.0 is "2", and spaces around it do not count."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def text_keys(frame: pd.DataFrame, texts: list[str]) -> pd.Series:
    """The key of each row's texts; see `splits.text_key`."""
    columns = (frame[column] for column in texts)
    return pd.Series([text_key(*row) for row in zip(*columns, strict=True)])


def cut_splits(frame: pd.DataFrame, keys: pd.Series, label: str, names) -> pd.Series:
    """Cut train, stratified, with equal texts on one side.

    Returns: the split of each row: 70 % train, 15 % validation and test, or 85 % train and 15 %
        validation if there is a test file.
    Raises: ValueError if a class has one text only, or there are too few rows.
    """
    rows = np.flatnonzero(frame["split"] == "train")
    train_keys, labels = keys[rows].tolist(), frame[label][rows].tolist()
    label_of_text = dict(zip(train_keys, labels, strict=True))
    sizes = Counter(label_of_text.values())
    if names and 1 in sizes.values():
        rare = min(sizes, key=sizes.get)
        raise ValueError(f"The label {rare!r} has one text only: add some, or delete its row.")

    def cut_off(part: np.ndarray, share: float) -> np.ndarray:
        places = cut(keys[part].tolist(), frame[label][part].tolist(), share)[1]
        return part[places]

    if len(rows) == len(frame):
        held_out = cut_off(rows, 0.3)
        test = cut_off(held_out, 0.5)
        parts = {"validation": np.setdiff1d(held_out, test), "test": test}
    else:
        parts = {"validation": cut_off(rows, 0.15)}
    if not all(map(len, parts.values())):
        raise ValueError(
            f"There are {len(label_of_text)} texts, too few to cut splits from: add rows."
        )
    split = frame["split"].copy()
    for name, part in parts.items():
        split[part] = name
    return split


def first_leak(frame: pd.DataFrame, keys: pd.Series) -> str | None:
    """How many rows of a split repeat texts of another one, and where the first of them is."""
    parts = {split: frame["split"] == split for split in SPLITS}
    by_split = {split: keys[part].tolist() for split, part in parts.items()}
    places = {split: frame["where"][part].tolist() for split, part in parts.items()}
    _, leak = next(find_leaks(by_split, places), (None, None))
    return leak and leak[0].upper() + leak[1:]


def oddities(frame: pd.DataFrame, keys: pd.Series, label: str, names) -> list[str]:
    """What should be looked at, though training can go on."""
    notes = []
    if count := int(keys.duplicated().sum()):
        notes.append(f"Rows that repeat the text of an earlier row: {count}, all in its split.")
    if count := int((frame[label].groupby(keys).nunique() > 1).sum()):
        notes.append(f"Texts that carry more than one label: {count}.")
    if names is None and not 0.1 <= frame[label].astype(float).std() <= 10:
        notes.append("The numbers vary by less than 0.1 or more than 10: bring them nearer to 1.")
    return notes


def read_glue(task: str) -> Table:
    """One of the nine tasks of GLUE, from the Hub, without the test rows, which have no labels.

    Raises: RuntimeError if the Hub cannot be reached.
    Source: https://huggingface.co/datasets/nyu-mll/glue; for mnli, the mismatched validation rows
        stand in as the test split.
    """
    from datasets import load_dataset

    with hub(f"GLUE's {task}", "check the network", "datasets--nyu-mll--glue"):
        data = load_dataset("nyu-mll/glue", task)
    sources = {"train": "train", "validation": "validation"}
    if task == "mnli":
        sources |= {"validation": "validation_matched", "test": "validation_mismatched"}
    names = getattr(data["train"].features["label"], "names", None)
    (texts, _), parts = GLUE[task], []
    for split, source in sources.items():
        part = pd.DataFrame({column: data[source][column][:] for column in [*texts, "label"]})
        where = [f"{source}, row {row}" for row in range(1, len(part) + 1)]
        parts.append(part.assign(where=where, split=split))
    frame = pd.concat(parts, ignore_index=True).astype(object)
    frame["label"] = frame["label"].map(lambda label: names[label] if names else float(label))
    leak = first_leak(frame, text_keys(frame, texts))
    return Table(frame, texts, "label", names, (f"{leak}.",) if leak else ())
