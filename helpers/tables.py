"""A user's own rows, from files or from GLUE: read, checked, and cut into splits without a leak."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np
import pandas as pd

from .files import as_number
from .hub import hub
from .labels import INVISIBLE, alike, are_numbers, class_name, decoration, nearest
from .reading import TABLES, in_file, read_rows
from .session import warn
from .splits import SPLITS, cut, find_leaks, text_key

OURS = "\0"  # before the names of columns that are added to a user's own, who may have the same
WHERE, SPLIT, PREDICTED = f"{OURS}where", f"{OURS}split", f"{OURS}predicted"
SUSPICION, SUGGESTED = f"{OURS}suspicion", f"{OURS}suggested"
LABELS = f"{OURS}labels"  # of each row the list of those that it carries
TASKS = ("auto", "classification", "multi-label", "regression")
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

    frame: the files' columns, then WHERE (file and line) and SPLIT.
    texts: one text column, or two. label: the column of label names or numbers, or LABELS.
    names: the label names in the order of their ids; None for numbers.
    notes: what is odd about the rows, in sentences.
    """

    frame: pd.DataFrame
    texts: list[str]
    label: str
    names: list[str] | None
    notes: tuple[str, ...] = ()

    @property
    def task(self) -> str:
        """The head that these labels need; see `load_checkpoint`."""
        if self.label == LABELS:
            return "multi_label"
        return "classification" if self.names else "regression"

    @property
    def splits(self) -> list[str]:
        return [split for split in SPLITS if split in set(self.frame[SPLIT])]

    def part(self, split: str) -> pd.DataFrame:
        """The rows of one split."""
        return self.frame[self.frame[SPLIT] == split]

    def rows(self, split: str | None = None) -> list:
        """Each row's text, or its pair of texts; of one split, or of all in the order of files."""
        frame = self.part(split) if split else self.frame
        columns = [frame[column].tolist() for column in self.texts]
        return columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))

    def targets(self, split: str) -> np.ndarray:
        """The label ids, or the numbers, of one split; of several labels, 0 or 1 [n, labels]."""
        labels = self.part(split)[self.label].tolist()
        if self.task == "multi_label":
            return marks_of(labels, self.names)
        return np.array([self.names.index(name) for name in labels] if self.names else labels)

    def datasets(self):
        """The rows as a DatasetDict for `fine_tune`."""
        from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value

        columns = ["text", "second_text"][: len(self.texts)]
        kind = ClassLabel(names=self.names) if self.names else Value("float32")
        if self.task == "multi_label":
            kind = List(kind)
        features = Features(dict.fromkeys(columns, Value("string")) | {"label": kind})
        made = DatasetDict()
        for split in self.splits:
            texts = (self.part(split)[column].tolist() for column in self.texts)
            labels = self.targets(split)
            if self.task == "multi_label":
                labels = [np.flatnonzero(row).tolist() for row in labels]
            rows = dict(zip(columns, texts, strict=True)) | {"label": labels}
            made[split] = Dataset.from_dict(rows, features=features)
        return made


def marks_of(labels: Sequence[Sequence[str]], names: Sequence[str]) -> np.ndarray:
    """0 or 1 [n, labels]: which labels each row carries."""
    place = {name: i for i, name in enumerate(names)}
    marks = np.zeros((len(labels), len(names)), int)
    for row, carried in enumerate(labels):
        marks[row, [place[name] for name in carried]] = 1
    return marks


def with_free_names(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """A table as it is written: our columns under their names, or others if a user has the same.

    Returns: the table, and a sentence for each other name.
    """
    theirs = [column for column in frame if not str(column).startswith(OURS)]
    taken, names, told = set(theirs), {}, []
    for column in frame.columns.difference(theirs, sort=False):
        plain = name = column.removeprefix(OURS)
        number = 1
        while name in taken:
            number += 1
            name = f"{plain}_{number}"
        if name != plain:
            told.append(f"The file has a column {plain!r} of its own: ours is {name!r}.")
        taken.add(name)
        names[column] = name
    return frame.rename(columns=names), told


def load_table(
    files: str | Path | Mapping[str, str | Path],
    text: str | Sequence[str],
    label: str | Sequence[str],
    *,
    task: str = "auto",
    separator: str = "|",
    encoding: str | None = None,
):
    """Load labelled rows of your own as a `DatasetDict`, for notebooks and `fine_tune`.

    files: one .csv, .tsv, .jsonl or .parquet file, which is cut into train, validation and test
        (70, 15 and 15 %, stratified, equal texts on one side); or {"train": file, "validation":
        file, "test": file}, of which a missing validation or test split is cut from train.
    text: the column with the texts, or two columns for pairs. label: the column with the classes,
        or with numbers.
    task: "classification", "regression", or "auto": numbers are a regression if they have decimals
        or many values. "multi-label" takes a column with several labels a row, apart by
        `separator`, or several columns of 0 and 1, one a label.
    encoding: of the files, if they are neither UTF-8 nor UTF-16 with its mark.
    Returns: a DatasetDict with the columns text (for pairs second_text too) and label, a
        ClassLabel with the names sorted, or a list of them, or a float.
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
    labels = label if isinstance(label, str) else list(label)
    table = read_files(paths, columns, labels, task, encoding, separator)
    for note in table.notes:
        warn(note)
    return table.datasets()


def read_files(
    files: dict[str, Path],
    texts: list[str],
    labels: str | list[str],
    task: str,
    encoding: str | None = None,
    separator: str = "|",
) -> Table:
    """Read and check one file a split; a missing validation or test split is cut from train.

    labels: a column, or several of 0 and 1. task, separator: as in `load_table`.
    Raises: ValueError that names the file, the line and the cure.
    """
    if task not in TASKS:
        raise ValueError(f"There is no task {task!r}: choose one of {', '.join(TASKS)}.")
    labels = [labels] if isinstance(labels, str) else labels
    if len(labels) > 1 and task != "multi-label":
        raise ValueError(
            f"{len(labels)} columns of labels are named: one is needed, or the task multi-label."
        )
    is_several, label = task == "multi-label", labels[0]
    parts, notes = [], []
    for split, path in files.items():
        part, said = read_table(path, texts, None if is_several else label, encoding, labels)
        parts.append(part.assign(**{SPLIT: split}))
        notes += said
    frame = pd.concat(parts, ignore_index=True)
    if is_several:
        frame[LABELS] = several_labels(frame, labels, separator)
        carried = [name for row in frame[LABELS] for name in row]
        names, label = sorted(set(carried) if len(labels) == 1 else labels), LABELS
        if len(names) < 2:
            raise ValueError(
                f"{frame[WHERE][0]}: the rows carry {len(names)} different labels: two or more are "
                "needed."
            )
        notes += alike(carried)
        if max(map(len, frame[LABELS])) < 2:
            notes.append(f"No row has more than one label: is the separator {separator!r}?")
    else:
        names, said = named_classes(frame, label, task)
        notes += said
    keys = text_keys(frame, texts)
    if "validation" not in files:
        frame[SPLIT] = cut_splits(frame, keys, label, names)
    check_train(frame, label, names)
    if leak := first_leak(frame, keys):
        raise ValueError(f"{leak}: delete them, or give one file and the splits are made for you.")
    notes += oddities(frame, keys, label, names)
    return Table(frame, texts, label, names, tuple(notes))


def check_train(frame: pd.DataFrame, label: str, names: list[str] | None) -> None:
    """Raise ValueError if train lacks a label that another split has."""
    carried = frame[label].map(lambda value: value if label == LABELS else [value])
    known = {name for row in carried[frame[SPLIT] == "train"] for name in row}
    for place, row in zip(frame[WHERE], carried if names else [], strict=False):
        for name in row:
            if name not in known:
                twin = nearest(name, sorted(known))
                cure = f"did you mean {twin!r}?" if twin else "add it."
                raise ValueError(f"{place}: train has no row with the label {name!r}: {cure}")


def several_labels(frame: pd.DataFrame, columns: list[str], separator: str) -> list[list[str]]:
    """The labels that each row carries, sorted, from one column or from several of 0 and 1.

    Raises: ValueError that names the row with something else.
    """
    carried = []
    for place, *values in frame[[WHERE, *columns]].itertuples(index=False, name=None):
        if len(columns) == 1:
            carried.append(labels_in(values[0], separator, f"{place}, {columns[0]!r}"))
            continue
        marks = {"true": 1, "false": 0}
        values = [marks.get(str(value).strip().lower(), as_number(value)) for value in values]
        for column, value in zip(columns, values, strict=True):
            if value not in (0, 1):
                raise ValueError(f"{place} has something else than 0 or 1 in {column!r}.")
        carried.append(sorted(c for c, value in zip(columns, values, strict=True) if value))
    return carried


def labels_in(value, separator: str, place: str) -> list[str]:
    """The labels in one field, sorted: a list of them, or a text with a separator.

    Raises: ValueError for anything else.
    """
    if value is None or value != value:
        return []
    if isinstance(value, str) and not value.lstrip().startswith("['"):
        value = value.split(separator)
    if not isinstance(value, list | int | float) or isinstance(value, bool):
        raise ValueError(
            f"{place} holds {value!r}: write the labels of a row apart by {separator!r}, or as a "
            "list in a .jsonl file."
        )
    parts = value if isinstance(value, list) else [value]
    if any(isinstance(part, list | dict) for part in parts):
        raise ValueError(f"{place} holds {value!r}: a list of names is needed.")
    names = {class_name(part) for part in parts if part is not None and part == part}
    return sorted(name for name in names if name.lower() not in ("", "nan"))


def read_labelled(path: Path, texts: list[str], label: str, encoding: str | None = None) -> Table:
    """All rows of one file with their classes, not cut: every row is in the split train.

    Raises: ValueError that names the file, the line and the cure; for numbers too.
    """
    frame, notes = read_table(path, texts, label, encoding)
    frame[SPLIT] = "train"
    names, said = named_classes(frame, label, "auto")
    if names is None:
        raise ValueError(
            f"{path}: {label!r} holds numbers: only classes can be searched for errors."
        )
    counts = Counter(frame[label])
    if max(counts.values()) == 1:
        raise ValueError(f"{path}: every label has one row only: nothing can be compared.")
    if single := sorted(name for name in names if counts[name] == 1):
        said.append(f"Labels with one row, which no other row can confirm: {', '.join(single)}.")
    if few := sorted(name for name in names if 1 < counts[name] < 5):
        said.append(f"Labels with fewer than five rows, judged by few others: {', '.join(few)}.")
    return Table(frame, texts, label, names, (*notes, *said))


def read_table(
    path: Path,
    texts: list[str],
    label: str | None = None,
    encoding: str | None = None,
    others: Sequence[str] = (),
) -> tuple[pd.DataFrame, list[str]]:
    """Read a file, all columns as they are; in each row the texts and the label must be there.

    others: columns that must be there, empty or not.
    Returns: the rows with WHERE, and what is to be said of how they were read.
    """
    if path.suffix.lower() not in TABLES:
        raise ValueError(f"{path} cannot be read: give a file of one of {', '.join(TABLES)}.")
    if not path.is_file():
        raise ValueError(f"There is no file {path}: check the path.")
    needed = [*texts, *dict.fromkeys([*([label] if label else []), *others])]
    if len(set(needed)) < len(needed):
        raise ValueError(f"The columns {', '.join(needed)} are not all different: name each once.")
    with in_file(path):
        read = read_rows(path, needed, encoding=encoding)
        if read.rows and path.suffix.lower() != ".jsonl":  # there, each row names its columns
            check_columns(read.rows[0][1], needed)
        for place, row in read.rows:
            check_row(row, texts, label, place, needed)
    if not read.rows:
        raise ValueError(f"{path} holds no rows, only a header or nothing at all.")
    marked = [row | {WHERE: f"{path.name}, {place}"} for place, row in read.rows]
    return pd.DataFrame(marked, dtype=object), [f"{path.name}: {note}" for note in read.notes]


def check_columns(row: dict, needed: Sequence[str], place: str = "") -> None:
    """Raise ValueError unless a row has the columns that are needed."""
    for column in needed:
        if column not in row:
            listed = ", ".join(map(repr, row))
            raise ValueError(
                f"{place}there is no column {column!r}, only {listed}: name one of these."
            )


def check_row(
    row: dict, texts: list[str], label: str | None, place: str, needed: Sequence[str]
) -> None:
    """Raise ValueError unless what is needed is there, and the texts and the label filled in."""
    check_columns(row, needed, f"{place}: ")
    for column in needed:
        value = row[column]
        if column not in texts and column != label:
            continue
        is_missing = value is None or isinstance(value, float) and value != value
        if column == label and not is_missing:
            if isinstance(value, list | tuple | dict | set):
                raise ValueError(
                    f"{place} has {value!r} in {column!r}: one class or number a row is needed."
                )
            is_missing = class_name(value).lower() in ("", "nan")
        if is_missing or isinstance(value, str) and not value.strip():
            raise ValueError(f"{place} has nothing in {column!r}: fill it in, or delete the row.")
        if column in texts and not isinstance(value, str):
            raise ValueError(f"{place} has {value!r} in {column!r}, which is not a text.")


def named_classes(frame: pd.DataFrame, label: str, task: str) -> tuple[list[str] | None, list[str]]:
    """The names of the classes, in the order of their ids; None if the task is a regression.

    The column of labels is rewritten: as `class_name` has it, or as numbers.
    Returns: the names, and what is to be said of the labels.
    Raises: ValueError for a label that is no number in a regression, or for one label only.
    """
    given = frame[label].tolist()
    if task != "classification" and (sign := decoration(given)):
        row = next(i for i, value in enumerate(given) if not isfinite(as_number(value)))
        raise ValueError(
            f"{frame[WHERE][row]}: the label {given[row]!r} is a number with {sign}: write plain "
            "numbers such as 1234.5, or choose --task classification."
        )
    numbers = [value for value in given if isfinite(as_number(value))]
    mostly = len(numbers) > 0.9 * len(given) and are_numbers(numbers)
    if task == "regression" or task == "auto" and mostly:
        return None, as_numbers(frame, label, task)
    names = [class_name(value) for value in given]
    frame[label] = pd.Series(names, dtype=object)
    counts, notes = Counter(names), alike(names)
    if len(counts) < 2:
        raise ValueError(
            f"{frame[WHERE][0]}: every row has the label {names[0]!r}: add rows with another."
        )
    if len(counts) > 0.9 * len(names) and len(names) > 9:
        raise ValueError(
            f"{frame[WHERE][0]}: nearly every row has a label of its own ({names[0]!r}, "
            f"{names[1]!r}, …): is {label!r} the column with the classes?"
        )
    cleaned = [i for i, value in enumerate(given) if INVISIBLE.search(str(value).strip())]
    if cleaned:
        place = frame[WHERE][cleaned[0]]
        notes.append(f"Invisible letters removed from labels: {len(cleaned)} rows ({place}).")
    is_numbered = all(isfinite(as_number(name)) for name in counts)
    return sorted(counts, key=(lambda n: (float(n), n)) if is_numbered else str), notes


def as_numbers(frame: pd.DataFrame, label: str, task: str) -> list[str]:
    """Rewrite a column of labels as numbers; returns what is to be said of them.

    Raises: ValueError for a label that is no number, or for one label only.
    """
    given = frame[label].tolist()
    numbers = [as_number(value) for value in given]
    for row, number in enumerate(numbers):
        if not isfinite(number):
            cure = "correct it, or choose --task classification."
            place = frame[WHERE][row]
            raise ValueError(f"{place}: the label {given[row]!r} is not a number: {cure}")
    if len(set(numbers)) < 2:
        raise ValueError(
            f"{frame[WHERE][0]}: every row has the label {numbers[0]!r}: add rows with another."
        )
    frame[label] = pd.Series(numbers, dtype=object)
    if task == "auto" and not any(number % 1 for number in numbers):
        return [
            f"The labels are {len(set(numbers))} different whole numbers, taken for a regression: "
            "--task classification takes them for classes."
        ]
    return []


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
    rows = np.flatnonzero(frame[SPLIT] == "train")
    strata = frame[label].map(tuple) if label == LABELS else frame[label]
    train_keys, labels = keys[rows].tolist(), strata[rows].tolist()
    label_of_text = dict(zip(train_keys, labels, strict=True))
    sizes = Counter(label_of_text.values())
    if names and label != LABELS and 1 in sizes.values():
        rare = min(sizes, key=sizes.get)
        place = frame[WHERE][rows[labels.index(rare)]]
        raise ValueError(
            f"{place}: the label {rare!r} has one text only: add some, or delete its row."
        )

    def cut_off(part: np.ndarray, share: float) -> np.ndarray:
        places = cut(keys[part].tolist(), strata[part].tolist(), share)[1]
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
    split = frame[SPLIT].copy()
    for name, part in parts.items():
        split[part] = name
    if label == LABELS:  # a label that is nowhere in train cannot be learnt
        for name in names:
            carries = frame[label].map(lambda row, name=name: name in row)
            if carries.any() and not (carries & (split == "train")).any():
                split[keys == keys[carries.idxmax()]] = "train"
    return split


def first_leak(frame: pd.DataFrame, keys: pd.Series) -> str | None:
    """How many rows of a split repeat texts of another one, and where the first of them is."""
    parts = {split: frame[SPLIT] == split for split in SPLITS}
    by_split = {split: keys[part].tolist() for split, part in parts.items()}
    places = {split: frame[WHERE][part].tolist() for split, part in parts.items()}
    _, leak = next(find_leaks(by_split, places), (None, None))
    return leak and leak[0].upper() + leak[1:]


def oddities(frame: pd.DataFrame, keys: pd.Series, label: str, names) -> list[str]:
    """What should be looked at, though training can go on."""
    notes = []
    if count := int(keys.duplicated().sum()):
        notes.append(f"Rows that repeat the text of an earlier row: {count}, all in its split.")
    carried = frame[label].map(tuple) if label == LABELS else frame[label]
    if count := int((carried.groupby(keys).nunique() > 1).sum()):
        notes.append(f"Texts that carry more than one label: {count}.")
    if names:
        for split in [split for split in SPLITS[1:] if (frame[SPLIT] == split).any()]:
            held_out = carried[frame[SPLIT] == split]
            seen = set(held_out.explode()) if label == LABELS else set(held_out)
            if unseen := [name for name in names if name not in seen]:
                more = f" and {len(unseen) - 5} more" if len(unseen) > 5 else ""
                listed = ", ".join(unseen[:5]) + more
                notes.append(f"Classes without a row in {split}, not scored: {listed}.")
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
        parts.append(part.assign(**{WHERE: where, SPLIT: split}))
    frame = pd.concat(parts, ignore_index=True).astype(object)
    frame["label"] = frame["label"].map(lambda label: names[label] if names else float(label))
    leak = first_leak(frame, text_keys(frame, texts))
    return Table(frame, texts, "label", names, (f"{leak}.",) if leak else ())
