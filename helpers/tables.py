"""A user's own rows, from files or from GLUE: read, checked, and cut into splits without a leak."""

from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from math import isfinite
from pathlib import Path

import numpy as np
import pandas as pd

from .corpora import READERS, SPLITS, Corpus, as_number, cut
from .session import hub, reason

SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")
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


def read_files(files: dict[str, Path], texts: list[str], label: str, task: str) -> Table:
    """Read and check one file a split; a missing validation or test split is cut from train.

    task: "classification", "regression", or "auto", which takes numbers for a regression if they
        have decimals or more than MANY different values.
    Raises: ValueError that names the file, the line and the cure.
    """
    parts = [read_rows(path, texts, label).assign(split=split) for split, path in files.items()]
    frame = pd.concat(parts, ignore_index=True)
    names = label_names(frame, label, task)
    frame[label] = frame[label].map(_name if names else float)
    keys = text_keys(frame, texts)
    if "validation" not in files:
        frame["split"] = cut_splits(frame, keys, label, names)
    unknown = set(names or ()) - set(frame[label][frame["split"] == "train"])
    if unknown:
        row = frame[frame[label].isin(unknown)].iloc[0]
        raise ValueError(f"{row['where']}: train has no row with the label {row[label]!r}: add it.")
    if leak := find_leak(frame, keys):
        raise ValueError(f"{leak}: delete them, or give one file and the splits are made for you.")
    return Table(frame, texts, label, names, tuple(oddities(frame, keys, label, names)))


def read_rows(path: Path, texts: list[str], label: str | None = None) -> pd.DataFrame:
    """Read a file, all columns as they are; in each row the texts and the label must be there."""
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"{path} cannot be read: give a file of one of {', '.join(SUFFIXES)}.")
    if not path.is_file():
        raise ValueError(f"There is no file {path}: check the path.")
    needed = [*texts, label] if label else texts
    if taken := set(OURS) & set(needed):
        raise ValueError(
            f"{path}: rename the column {taken.pop()!r}, the results have one so named."
        )
    read, rows = READERS[path.suffix.lower()], []
    try:
        for place, row in read(path.read_bytes(), Corpus("", tuple(needed), ""), None):
            check_row(row, texts, needed, place)
            rows.append(row | {"where": f"{path.name}, {place}"})
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ValueError(f"{path}: line {line} is not UTF-8 text: save it as UTF-8.") from None
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from None
    if not rows:
        raise ValueError(f"{path} holds no rows, only a header or nothing at all.")
    return pd.DataFrame(rows, dtype=object)


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
    found = set(numbers if task == "regression" else frame[label].map(_name))
    if len(found) < 2:
        raise ValueError(f"Every row has the label {found.pop()!r}: add rows with another.")
    if task == "regression":
        return None
    return sorted(found, key=float if is_number.all() else str)


def _name(value) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value).strip()


def text_keys(frame: pd.DataFrame, texts: list[str]) -> pd.Series:
    """Equal for rows whose texts differ in capitals and spaces at most."""
    rows = zip(*(frame[column] for column in texts), strict=True)
    return pd.Series(["\n".join(" ".join(t.casefold().split()) for t in row) for row in rows])


def cut_splits(frame: pd.DataFrame, keys: pd.Series, label: str, names) -> pd.Series:
    """Cut train, stratified, with equal texts on one side.

    Returns: the split of each row: 70 % train, 15 % validation and test, or 85 % train and 15 %
        validation if there is a test file.
    Raises: ValueError if a class has one text only, or there are too few rows.
    """
    train = frame["split"] == "train"
    labels = dict(zip(keys[train], frame.loc[train, label], strict=True))
    sizes = Counter(labels.values())
    if names and 1 in sizes.values():
        rare = min(sizes, key=sizes.get)
        raise ValueError(f"The label {rare!r} has one text only: add some, or delete its row.")
    rows, corpus = [{"key": k, "target": t} for k, t in labels.items()], Corpus("", (), "target")
    held_out = cut(cut(rows, corpus, 0.3)[1], corpus, 0.5)
    if not train.all():
        held_out = [cut(rows, corpus, 0.15)[1]]
    if not all(held_out):
        raise ValueError(f"There are {len(rows)} texts, too few to cut splits from: add rows.")
    split_of = dict.fromkeys(keys[train], "train")
    for split, held in zip(SPLITS[1:], held_out, strict=False):
        split_of |= {row["key"]: split for row in held}
    return frame["split"].where(~train, keys.map(split_of))


def find_leak(frame: pd.DataFrame, keys: pd.Series) -> str | None:
    """Say how many rows of a split repeat texts of another one, and where the first of them is."""
    for one, other in combinations(SPLITS, 2):
        first = frame["split"] == one
        shared = (frame["split"] == other) & keys.isin(keys[first])
        if count := int(shared.sum()):
            place = frame["where"][shared].iloc[0]
            origin = frame["where"][first & (keys == keys[shared].iloc[0])].iloc[0]
            rows = "1 row repeats a text" if count == 1 else f"{count} rows repeat texts"
            return f"In {other}, {rows} of {one}, such as {place}, which is {origin}"
    return None


def oddities(frame: pd.DataFrame, keys: pd.Series, label: str, names) -> list[str]:
    """What should be looked at, though training can go on."""
    found = []
    if count := int(keys.duplicated().sum()):
        found.append(f"Rows that repeat the text of an earlier row: {count}, all in its split.")
    if count := int((frame[label].groupby(keys).nunique() > 1).sum()):
        found.append(f"Texts that carry more than one label: {count}.")
    if names is None and not 0.1 <= frame[label].astype(float).std() <= 10:
        found.append("The numbers vary by less than 0.1 or more than 10: bring them nearer to 1.")
    return found


def read_glue(task: str) -> Table:
    """One of the nine tasks of GLUE, from the Hub, without the test rows, which have no labels.

    Raises: RuntimeError if the Hub cannot be reached.
    Source: https://huggingface.co/datasets/nyu-mll/glue; for mnli, the mismatched validation rows
        stand in as the test split.
    """
    from datasets import load_dataset

    try:
        with hub():
            data = load_dataset("nyu-mll/glue", task)
    except Exception as error:  # the hub client raises its own, httpx's and the system's errors
        raise RuntimeError(
            f"GLUE's {task} could not be had from the Hub ({reason(error)}): check the network."
        ) from None
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
    leak = find_leak(frame, text_keys(frame, texts))
    return Table(frame, texts, "label", names, (f"{leak}.",) if leak else ())
