"""The five corpora, from `data/`, the Hub or a user's folder, each row checked on its way in."""

import csv
import difflib
import io
import json
import os
import random
import warnings
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import combinations
from pathlib import Path

from .session import ROOT, hub, is_quick, profile_name, reason

SPLITS = ("train", "validation", "test")
STEMS = {split: split for split in SPLITS} | {"val": "validation", "dev": "validation"}
QUICK_ROWS = 200
SEED = 42

Rows = list[dict]


@dataclass(frozen=True)
class Corpus:
    """What a corpus must hold; without labels its target column is a score from 0 to 5."""

    name: str
    texts: tuple[str, ...]
    target: str
    labels: tuple[str, ...] = ()
    hub: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.texts, self.target)


_EMOTIONS = ("sadness", "joy", "love", "anger", "fear", "surprise")
_SENTIMENTS = ("negative", "positive")
_TOPICS = ("teknoloji", "ekonomi", "saglik", "siyaset", "kultur", "spor", "dunya")
_SST2, _STSB = ("nyu-mll/glue", "sst2"), ("nyu-mll/glue", "stsb")
_KNOWN = (
    Corpus("emotion", ("text",), "label", _EMOTIONS, ("dair-ai/emotion",)),
    Corpus("reviews", ("text",), "label", _SENTIMENTS, ("stanfordnlp/imdb",)),
    Corpus("phrases", ("text",), "label", _SENTIMENTS, _SST2, (("sentence", "text"),)),
    Corpus("news_tr", ("text",), "category", _TOPICS),
    Corpus("pairs", ("sentence1", "sentence2"), "score", (), _STSB, (("label", "score"),)),
)
CORPORA = {corpus.name: corpus for corpus in _KNOWN}


def load_corpus(name: str):
    """Load a corpus as a `DatasetDict` with the splits train, validation and test.

    name: emotion, reviews, phrases, news_tr or pairs. Its files come from the folder that
        COURSE_<NAME> names, else from `data/` (pocket) or the Hub (full). A folder holds .csv,
        .tsv, .jsonl, .parquet or .txt (`text;label` lines) files called train, validation (or
        val, dev) and test; one file alone is split, stratified. COURSE_<NAME>_COLUMNS=text,label
        names the columns of files without a header.
    Returns: text columns as strings, then a `ClassLabel` column (labels may be names or ids; rows
        with an id below 0 are left out), or for pairs a float `score` from 0 to 5.
    Raises: ValueError with the file, the line or column, and the cure; RuntimeError when the Hub
        cannot be reached. The same text in two splits is a warning with the count.
    Source: the cards in `data/`; on the Hub dair-ai/emotion, stanfordnlp/imdb, nyu-mll/glue.
    """
    if name not in CORPORA:
        raise ValueError(f"There is no corpus {name!r}: choose one of {', '.join(CORPORA)}.")
    corpus = CORPORA[name]
    folder = os.environ.get(f"COURSE_{name.upper()}")
    if corpus.hub and not folder and profile_name() == "full":
        source, tables = corpus.hub[0], read_hub(corpus)
    else:
        source = Path(folder).expanduser() if folder else ROOT / "data" / name
        tables = read_folder(source, corpus)
    splits = make_splits(tables, corpus, source)
    seen = {s: {tuple(map(row.get, corpus.texts)) for row in splits[s]} for s in SPLITS}
    for one, other in combinations(SPLITS, 2):
        if shared := len(seen[one] & seen[other]):
            warnings.warn(
                f"{name}: {one} and {other} share texts ({shared} of them), so scores on "
                f"{other} flatter the model: remove them from one of the two.",
                stacklevel=2,
            )
    if is_quick():
        splits = {split: sample(rows, corpus) for split, rows in splits.items()}
    return to_datasets(splits, corpus)


def read_folder(folder: Path, corpus: Corpus) -> dict[str, Rows]:
    """Read a folder's files into checked rows, by split; a single file is called "all"."""
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}: check the path.")
    files = [file for file in sorted(folder.iterdir()) if file.suffix.lower() in READERS]
    if len(files) == 1:
        return {"all": read_file(files[0], corpus)}
    tables = {}
    for split in SPLITS:
        found = [file for file in files if STEMS.get(file.stem.lower()) == split]
        if len(found) != 1:
            raise ValueError(
                f"{folder} has {' and '.join(f.name for f in found) or 'no file'} for {split}: it "
                f"needs one file each called train, validation (or val, dev) and test, or one "
                f"single file to be split ({', '.join(READERS)})."
            )
        tables[split] = read_file(found[0], corpus)
    return tables


def read_file(path: Path, corpus: Corpus) -> Rows:
    """Read the rows of one file, each of them checked."""
    names = os.environ.get(f"COURSE_{corpus.name.upper()}_COLUMNS")
    header = [name.strip() for name in names.split(",")] if names else None
    content = path.read_bytes()
    try:
        return check(list(READERS[path.suffix.lower()](content, corpus, header)), corpus)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problem = f"line {line} is not UTF-8 text: save the file with the encoding UTF-8."
    except ValueError as error:
        problem = str(error)
    raise ValueError(f"{path}: {problem}")


def _read_delimited(content: bytes, corpus: Corpus, header: list[str] | None, **style):
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), **style)
    line = 1
    try:
        for row in reader:
            if row and header is None:
                header = [name.strip() for name in row]
            elif row and len(row) != len(header):
                raise ValueError(
                    f"line {line} has {len(row)} fields where {len(header)} were expected "
                    f"({', '.join(header)}): no text may hold the separator "
                    f"{reader.dialect.delimiter!r}{' outside quotes' * reader.dialect.strict}."
                )
            elif row:
                yield f"line {line}", dict(zip(header, row, strict=True))
            line = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(
            f"the row that begins in line {line} is broken ({error}): a quoted text must end with "
            'a quotation mark, and one inside it is doubled ("").'
        ) from None


def _read_lines(content: bytes, corpus: Corpus, header: list[str] | None, as_json: bool):
    columns = header or corpus.columns
    form = "a JSON object, {…}" if as_json else f"of the form {';'.join(columns)}"
    for line, text in enumerate(content.decode("utf-8-sig").split("\n"), 1):
        if not text.strip():
            continue
        values = text.rstrip("\r").rsplit(";", len(columns) - 1)
        try:
            row = dict(json.loads(text) if as_json else zip(columns, values, strict=True))
        except (TypeError, ValueError):
            raise ValueError(f"line {line} is not {form}: correct it.") from None
        yield f"line {line}", row


def _read_parquet(content: bytes, *_):
    from pyarrow import parquet

    try:
        rows = parquet.read_table(io.BytesIO(content)).to_pylist()
    except (OSError, ValueError) as error:
        raise ValueError(f"it cannot be read as parquet ({reason(error)}): save it anew.") from None
    return ((f"row {number}", row) for number, row in enumerate(rows, 1))


READERS = {
    ".csv": partial(_read_delimited, strict=True),
    ".tsv": partial(_read_delimited, delimiter="\t", quoting=csv.QUOTE_NONE),
    ".jsonl": partial(_read_lines, as_json=True),
    ".parquet": _read_parquet,
    ".txt": partial(_read_lines, as_json=False),
}


@lru_cache
def read_hub(corpus: Corpus) -> dict[str, Rows]:
    """Read a corpus from the Hub into checked rows, by split."""
    from datasets import load_dataset

    try:
        with hub():
            data = load_dataset(*corpus.hub)
    except Exception as error:  # the hub client raises its own, httpx's and the system's errors
        raise RuntimeError(
            f"{corpus.hub[0]} could not be had from the Hub ({reason(error)}): "
            'check the network, or write PROFILE = "pocket" for the bundled data.'
        ) from None
    data = data.rename_columns(dict(corpus.renamed))
    places = {split: f"{corpus.hub[0]}, {split} row" for split in SPLITS if data.get(split)}
    return {
        split: check([(f"{place} {i}", row) for i, row in enumerate(data[split], 1)], corpus)
        for split, place in places.items()
    }


def check(rows: list[tuple[str, dict]], corpus: Corpus) -> Rows:
    """Check rows that come with their place; leave out the unlabelled, whose target is below 0."""
    if not rows:
        raise ValueError("it holds no rows, only a header or nothing at all: fill it or remove it.")
    as_ids = as_number(rows[0][1].get(corpus.target)).is_integer()
    checked = []
    for place, row in rows:
        try:
            checked.append(_check_row(row, corpus, as_ids))
        except ValueError as error:
            raise ValueError(f"{place}{error}") from None
    return [row for row in checked if row[corpus.target] >= 0]


def _check_row(row: dict, corpus: Corpus, as_ids: bool) -> dict:
    if missing := [column for column in corpus.columns if column not in row]:
        raise ValueError(
            f" has no column {missing[0]!r}, only {', '.join(map(repr, row))}: rename one, or set "
            f"COURSE_{corpus.name.upper()}_COLUMNS={','.join(corpus.columns)} for a file without "
            "a header."
        )
    texts = {column: row[column] for column in corpus.texts}
    for column, text in texts.items():
        if text is None or isinstance(text, str) and not text.strip():
            raise ValueError(f", column {column!r} is empty: fill it in, or delete the row.")
        if not isinstance(text, str):
            raise ValueError(f", column {column!r} holds {text!r}, not a text: correct it.")
    return texts | {corpus.target: _read_target(row[corpus.target], corpus, as_ids)}


def _read_target(value, corpus: Corpus, as_ids: bool) -> float:
    number, label, labels = as_number(value), str(value).strip(), corpus.labels
    if not labels:
        if 0 <= number <= 5 or number == -1:
            return number
        raise ValueError(f", the score {value!r} is not a number from 0 to 5: correct it.")
    if as_ids and number.is_integer() and number < len(labels):
        return int(number)
    if not as_ids and label in labels:
        return labels.index(label)
    close = difflib.get_close_matches(label.lower(), labels, n=1)
    raise ValueError(
        f", the label {value!r} is not one of {', '.join(labels)} (or, in all rows, 0 to "
        f"{len(labels) - 1}): {f'did you mean {close[0]!r}?' if close else 'correct it.'}"
    )


def as_number(value) -> float:
    try:
        return float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return float("nan")


def make_splits(tables: dict[str, Rows], corpus: Corpus, source) -> dict[str, Rows]:
    """Make train, validation and test of what there is.

    One table is cut 70/15/15; a missing or unlabelled validation or test split is half of the
    other. Cuts are stratified by target, and the same at every call.
    Raises: ValueError naming `source` when there are too few rows or classes.
    """
    train = tables.get("train", [])
    held_out = [tables[split] for split in SPLITS[1:] if tables.get(split)]
    if "all" in tables:
        train, *held_out = cut(tables["all"], corpus, 0.3)
    if len(held_out) == 1:
        held_out = cut(held_out[0], corpus, 0.5)
    if not (train and held_out and all(held_out)):
        raise ValueError(f"{source} has too few labelled rows to train and to score on: add rows.")
    if len(classes := {row[corpus.target] for row in train}) == 1 and corpus.labels:
        only = corpus.labels[classes.pop()]
        raise ValueError(f"{source} has only one class to train on, {only!r}: add rows of others.")
    return dict(zip(SPLITS, [train, *held_out], strict=True))


def cut(rows: Rows, corpus: Corpus, share: float) -> tuple[Rows, Rows]:
    """Shuffle rows and cut them in two, the second part `share` of every class (at most half)."""
    rows = random.Random(SEED).sample(rows, len(rows))
    by_target = sorted(range(len(rows)), key=lambda i: rows[i][corpus.target])
    second = {i for n, i in enumerate(by_target) if int((n + 1) * share) > int(n * share)}
    first = [row for i, row in enumerate(rows) if i not in second]
    return first, [row for i, row in enumerate(rows) if i in second]


def sample(rows: Rows, corpus: Corpus) -> Rows:
    """At most QUICK_ROWS of the rows, in their order, at least one of every class."""
    order = random.Random(SEED).sample(range(len(rows)), len(rows))
    one_of_each = {rows[i][corpus.target]: i for i in order}.values()
    kept = list(dict.fromkeys([*one_of_each, *order]))[:QUICK_ROWS]
    return [rows[i] for i in sorted(kept)]


def to_datasets(splits: dict[str, Rows], corpus: Corpus):
    from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

    target = ClassLabel(names=list(corpus.labels)) if corpus.labels else Value("float64")
    features = Features({c: Value("string") for c in corpus.texts} | {corpus.target: target})
    return DatasetDict(
        {split: Dataset.from_list(rows, features=features) for split, rows in splits.items()}
    )
