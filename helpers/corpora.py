"""The five corpora of the course, from `data/`, the Hub or a user's folder, checked on the way in."""

import csv
import difflib
import json
import os
import warnings
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .session import ROOT, is_quick, profile_name

SPLITS = {"train": ("train",), "validation": ("val", "validation", "dev"), "test": ("test",)}
SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet", ".txt")
QUICK_ROWS = 200


@dataclass(frozen=True)
class Corpus:
    """What a corpus must hold; without labels its target column is a number."""

    columns: tuple[str, ...]
    labels: tuple[str, ...] = ()
    hub: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        return self.columns[:-1]

    @property
    def target(self) -> str:
        return self.columns[-1]


_SENTIMENT = ("negative", "positive")
CORPORA = {
    "emotion": Corpus(
        ("text", "label"),
        ("sadness", "joy", "love", "anger", "fear", "surprise"),
        ("dair-ai/emotion",),
    ),
    "reviews": Corpus(("text", "label"), _SENTIMENT, ("stanfordnlp/imdb",)),
    "phrases": Corpus(
        ("text", "label"), _SENTIMENT, ("nyu-mll/glue", "sst2"), (("sentence", "text"),)
    ),
    "news_tr": Corpus(
        ("text", "category"),
        ("teknoloji", "ekonomi", "saglik", "siyaset", "kultur", "spor", "dunya"),
    ),
    "pairs": Corpus(
        ("sentence1", "sentence2", "score"), (), ("nyu-mll/glue", "stsb"), (("label", "score"),)
    ),
}


def load_corpus(name: str):
    """Load a corpus as a `DatasetDict` with the splits train, validation and test.

    name: emotion, reviews, phrases, news_tr or pairs. Its files come from the folder that
        COURSE_<NAME> names, else from `data/` (pocket) or the Hub (full). A folder holds .csv,
        .tsv, .jsonl, .parquet or .txt (`text;label` lines) files called train, validation (or
        val, dev) and test; one file alone is split, stratified. COURSE_<NAME>_COLUMNS=text,label
        names the columns of files without a header.
    Returns: text columns as strings, then a `ClassLabel` column (labels may be names or ids; rows
        with an id below 0 are left out), or for pairs a float `score` from 0 to 5.
    Raises: ValueError with the file, the line or column, and the cure. The same text in two splits
        is a warning with the count.
    Source: the cards in `data/`; on the Hub dair-ai/emotion, stanfordnlp/imdb, nyu-mll/glue.
    """
    if name not in CORPORA:
        raise ValueError(f"There is no corpus {name!r}: choose one of {', '.join(CORPORA)}.")
    folder = os.environ.get(f"COURSE_{name.upper()}")
    header = os.environ.get(f"COURSE_{name.upper()}_COLUMNS")
    corpus = CORPORA[name]
    if folder or profile_name() == "pocket" or not corpus.hub:
        place = Path(folder).expanduser() if folder else ROOT / "data" / name
        tables = read_folder(place, corpus, header.split(",") if header else None)
    else:
        tables = read_hub(corpus)
    splits = make_splits(tables, corpus)
    warn_of_leaks(splits, corpus, name)
    if is_quick():
        splits = {split: sample(rows, corpus, QUICK_ROWS) for split, rows in splits.items()}
    return to_datasets(splits, corpus)


def read_folder(folder: Path, corpus: Corpus, header: list[str] | None = None) -> dict[str, dict]:
    """Read a folder's files into checked columns, by split; a single file is called "all"."""
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}: check the path.")
    files = sorted(f for f in folder.iterdir() if f.suffix.lower() in SUFFIXES)
    named = {
        split: [f for f in files if f.stem.lower() in stems] for split, stems in SPLITS.items()
    }
    if doubled := [f.name for found in named.values() if len(found) > 1 for f in found]:
        raise ValueError(f"{folder} has two files for one split ({', '.join(doubled)}): keep one.")
    if len(files) == 1:
        return {"all": read_file(files[0], corpus, header)}
    if missing := [split for split, found in named.items() if not found]:
        raise ValueError(
            f"{folder} has no file for the split {' or '.join(missing)}: it needs train, "
            f"validation and test ({', '.join(SUFFIXES)}), or one single file to be split."
        )
    return {split: read_file(found[0], corpus, header) for split, found in named.items()}


def read_file(path: Path, corpus: Corpus, header: list[str] | None = None) -> dict[str, list]:
    """Read one file into the columns of `corpus`, each value checked."""
    try:
        names, rows = _READERS[path.suffix.lower()](path, header or list(corpus.columns), header)
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ValueError(
            f"{path}, line {line}: this is not UTF-8 text. Save the file with the encoding UTF-8."
        ) from None
    if not rows:
        raise ValueError(f"{path} holds no rows: it may be empty, or only a header.")
    for column in corpus.columns:
        if column not in names:
            raise ValueError(
                f"{path} has no column {column!r}, only {', '.join(map(repr, names))}: rename one, "
                f"or, if the file has no header, set COURSE_…_COLUMNS={','.join(corpus.columns)}."
            )
    order = [names.index(column) for column in corpus.columns]
    lines = [line for line, _ in rows]
    columns = {
        column: [row[i] for _, row in rows] for column, i in zip(corpus.columns, order, strict=True)
    }
    return check_columns(columns, corpus, str(path), lines)


def _read_delimited(path: Path, columns: list[str], header: list[str] | None):
    tab = path.suffix.lower() == ".tsv"
    style: dict = {"delimiter": "\t", "quoting": csv.QUOTE_NONE} if tab else {"strict": True}
    rows, begin = [], 1
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, **style)
        try:
            for row in reader:
                if row:
                    rows.append((begin, row))
                begin = reader.line_num + 1
        except csv.Error as error:
            raise ValueError(
                f"{path}, line {begin}: broken row ({error}). A quotation mark inside a quoted "
                'field must be doubled ("").'
            ) from None
    names = header or ([name.strip() for name in rows.pop(0)[1]] if rows else columns)
    for line, row in rows:
        if len(row) != len(names):
            raise ValueError(
                f"{path}, line {line}: {len(row)} fields where {len(names)} were expected "
                f"({', '.join(names)}). A text that holds the separator must stand in quotes."
            )
    return names, rows


def _read_lines(path: Path, columns: list[str], header: list[str] | None):
    rows = []
    for line, text in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), 1):
        if text.strip():
            row = text.rstrip("\r").rsplit(";", len(columns) - 1)
            if len(row) != len(columns):
                raise ValueError(f"{path}, line {line}: expected {';'.join(columns)}.")
            rows.append((line, row))
    return columns, rows


def _read_json_lines(path: Path, columns: list[str], header: list[str] | None):
    rows = []
    for line, text in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), 1):
        if not text.strip():
            continue
        try:
            row = json.loads(text)
            rows.append((line, [row.get(column) for column in columns]))
        except (ValueError, AttributeError):
            raise ValueError(f"{path}, line {line}: not a JSON object on one line.") from None
        if absent := [column for column in columns if column not in row]:
            raise ValueError(f"{path}, line {line}: no {absent[0]!r}, only {', '.join(row)}.")
    return columns, rows


def _read_parquet(path: Path, columns: list[str], header: list[str] | None):
    import pyarrow.parquet as parquet

    try:
        table = parquet.read_table(path).to_pydict()
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read as parquet: {error}") from None
    return list(table), list(enumerate(zip(*table.values(), strict=True), 1))


_READERS = {
    ".csv": _read_delimited,
    ".tsv": _read_delimited,
    ".txt": _read_lines,
    ".jsonl": _read_json_lines,
    ".parquet": _read_parquet,
}


def check_columns(columns: dict[str, list], corpus: Corpus, where: str, lines) -> dict[str, list]:
    """Check texts and targets, turn label names into ids, and leave out rows with an id below 0."""
    for column in corpus.texts:
        for line, text in zip(lines, columns[column], strict=True):
            if not isinstance(text, str) or not text.strip():
                what = "empty" if text is None or text == "" or str(text).isspace() else repr(text)
                raise ValueError(
                    f"{where}, line {line}: the column {column!r} is {what}, not a text. Fill it "
                    "in or delete the row."
                )
    read = _label_reader(corpus, columns[corpus.target]) if corpus.labels else _read_score
    targets = []
    for line, value in zip(lines, columns[corpus.target], strict=True):
        try:
            targets.append(read(value))
        except ValueError as error:
            raise ValueError(f"{where}, line {line}: {error}") from None
    kept = [i for i, target in enumerate(targets) if not (corpus.labels and target < 0)]
    checked = {column: [columns[column][i] for i in kept] for column in corpus.texts}
    return checked | {corpus.target: [targets[i] for i in kept]}


def _label_reader(corpus: Corpus, values: list):
    ids = {label: i for i, label in enumerate(corpus.labels)}
    as_numbers = all(_is_integer(value) for value in values)

    def read(value) -> int:
        if as_numbers and int(float(value)) < len(ids):
            return int(float(value))
        label = value.strip() if isinstance(value, str) else value
        if label in ids:
            return ids[label]
        close = difflib.get_close_matches(str(label).lower(), ids, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"the label {label!r} is not one of {', '.join(ids)} (or 0 to {len(ids) - 1}).{hint}"
        )

    return read


def _is_integer(value) -> bool:
    try:
        return not isinstance(value, bool) and float(value).is_integer()
    except (TypeError, ValueError):
        return False


def _read_score(value) -> float:
    try:
        score = float(value)
    except (TypeError, ValueError):
        score = float("nan")
    if not 0 <= score <= 5 and score != -1:
        raise ValueError(f"the score {value!r} is not a number from 0 to 5.")
    return score


@lru_cache
def read_hub(corpus: Corpus) -> dict[str, dict]:
    """Read a corpus from the Hub into checked columns, by split."""
    from datasets import load_dataset

    try:
        data = load_dataset(*corpus.hub)
    except Exception as error:  # the hub client raises its own, httpx's and the system's errors
        reason = str(error).strip().splitlines()[0] if str(error).strip() else "no answer"
        raise RuntimeError(
            f"{corpus.hub[0]} could not be had from the Hub ({type(error).__name__}: {reason}): "
            'check the network, or write PROFILE = "pocket" for the bundled data.'
        ) from None
    tables = {}
    for split in (s for s in SPLITS if s in data):
        renamed = data[split].rename_columns(dict(corpus.renamed))
        columns = {column: renamed[column][:] for column in corpus.columns}
        rows = range(1, len(renamed) + 1)
        tables[split] = check_columns(columns, corpus, f"{corpus.hub[0]} {split}", rows)
    return tables


def make_splits(tables: dict[str, dict], corpus: Corpus, seed: int = 42) -> dict[str, dict]:
    """Make train, validation and test of what there is.

    One table is cut 70/15/15; a missing or unlabelled validation or test split is half of the
    other. Cuts are stratified by label, and the same at every call.
    """
    if not corpus.labels:
        tables = {
            split: {c: [v for v, s in zip(rows[c], rows[corpus.target], strict=True) if s >= 0]
                    for c in rows}
            for split, rows in tables.items()
        }  # fmt: skip
    tables = {split: rows for split, rows in tables.items() if rows[corpus.target]}
    if "all" in tables:
        train, rest = cut(tables["all"], corpus, 0.3, seed)
        validation, test = cut(rest, corpus, 0.5, seed)
    else:
        train = tables.get("train")
        held_out = [tables[split] for split in ("validation", "test") if split in tables]
        if not train or not held_out:
            raise ValueError("There are no labelled rows to train on, or none to score on.")
        validation, test = held_out if len(held_out) == 2 else cut(held_out[0], corpus, 0.5, seed)
    if corpus.labels and len(set(train[corpus.target])) < 2:
        only = corpus.labels[train[corpus.target][0]]
        raise ValueError(f"Every row of train is {only!r}: a classifier needs two or more classes.")
    return {"train": train, "validation": validation, "test": test}


def cut(rows: dict[str, list], corpus: Corpus, share: float, seed: int) -> tuple[dict, dict]:
    """Cut rows in two, the second part `share` of them, stratified where every class allows it."""
    from sklearn.model_selection import train_test_split

    targets = rows[corpus.target]
    if len(targets) < 4:
        raise ValueError(f"{len(targets)} rows are too few to make splits of: give more rows.")
    enough = corpus.labels and min(Counter(targets).values()) >= 2
    try:
        parts = train_test_split(
            range(len(targets)),
            test_size=share,
            random_state=seed,
            stratify=targets if enough else None,
        )
    except ValueError:  # fewer rows in a part than there are classes
        parts = train_test_split(range(len(targets)), test_size=share, random_state=seed)
    first, second = ({c: [v[i] for i in part] for c, v in rows.items()} for part in parts)
    return first, second


def sample(rows: dict[str, list], corpus: Corpus, size: int) -> dict[str, list]:
    """Some `size` rows, stratified, in their order."""
    import random

    if len(rows[corpus.target]) <= size:
        return rows
    targets, order = rows[corpus.target], list(range(len(rows[corpus.target])))
    random.Random(0).shuffle(order)
    first_of_class = {targets[i]: i for i in reversed(order)} if corpus.labels else {}
    kept = list(dict.fromkeys([*first_of_class.values(), *order]))[:size]
    return {column: [values[i] for i in sorted(kept)] for column, values in rows.items()}


def warn_of_leaks(splits: dict[str, dict], corpus: Corpus, name: str) -> None:
    """Warn of texts that stand in two splits: a model is then scored on what it was taught."""
    texts = {
        split: set(zip(*(rows[column] for column in corpus.texts), strict=True))
        for split, rows in splits.items()
    }
    for one, other in (("train", "validation"), ("train", "test"), ("validation", "test")):
        if shared := len(texts[one] & texts[other]):
            warnings.warn(
                f"{name}: {shared} texts stand both in {one} and in {other}; scores on {other} "
                "are a little too good. Remove them from one of the two.",
                stacklevel=3,
            )


def to_datasets(splits: dict[str, dict], corpus: Corpus):
    from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

    kind = ClassLabel(names=list(corpus.labels)) if corpus.labels else Value("float32")
    features = Features({c: Value("string") for c in corpus.texts} | {corpus.target: kind})
    return DatasetDict(
        {split: Dataset.from_dict(rows, features=features) for split, rows in splits.items()}
    )
