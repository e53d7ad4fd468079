"""The five corpora, from `data/`, the Hub or a user's folder, each row checked on its way in."""

import difflib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .files import as_number
from .hub import hub
from .labels import class_name
from .reading import LINES, TABLES, Row, in_file, read_rows
from .session import ROOT, is_quick, profile_name, warn
from .splits import SPLITS, cut, find_leaks, sample, text_key

STEMS = {split: split for split in SPLITS} | {"val": "validation", "dev": "validation"}
WHERE = "where"  # the key of a row's place, beside its columns

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

    @property
    def variable(self) -> str:
        """The environment variable that names a user's folder."""
        return f"COURSE_{self.name.upper()}"


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
        val, dev) and test; one file alone is split, stratified, equal texts on one side.
        COURSE_<NAME>_COLUMNS=text,label names the columns of files without a header.
    Returns: text columns as strings, then a `ClassLabel` column (labels may be names or ids; rows
        with an id below 0 are left out), or for pairs a float `score` from 0 to 5.
    Raises: ValueError with the file, the line or column, and the cure; RuntimeError when the Hub
        cannot be reached. The same text in two splits, but for capitals and spaces, is a warning
        with the count and the first place.
    Source: the cards in `data/`; on the Hub dair-ai/emotion, stanfordnlp/imdb, nyu-mll/glue.
    """
    if name not in CORPORA:
        raise ValueError(f"There is no corpus {name!r}: choose one of {', '.join(CORPORA)}.")
    corpus = CORPORA[name]
    folder = os.environ.get(corpus.variable)
    if corpus.hub and not folder and profile_name() == "full":
        source, tables = corpus.hub[0], read_hub(corpus)
    else:
        source = Path(folder).expanduser() if folder else bundled(corpus)
        tables = read_folder(source, corpus)
    splits = make_splits(tables, corpus, source)
    _warn_of_leaks(splits, corpus)
    if is_quick():
        for split, rows in splits.items():
            splits[split] = [rows[i] for i in sample([row[corpus.target] for row in rows])]
    return to_datasets(splits, corpus)


def bundled(corpus: Corpus) -> Path:
    """The corpus's folder in `data/`.

    Raises: ValueError where the package is installed without the course's data.
    """
    folder = ROOT / "data" / corpus.name
    if not folder.is_dir():
        raise ValueError(
            f"The data of the course are not beside this package (no {folder}): take a copy of "
            f"the course's repository, or set {corpus.variable} to a folder of your own."
        )
    return folder


def read_folder(folder: Path, corpus: Corpus) -> dict[str, Rows]:
    """Read a folder's files into checked rows, by split; a single file is called "all"."""
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}: check the path.")
    files = [path for path in sorted(folder.iterdir()) if is_data(path)]
    if len(files) == 1:
        return {"all": read_file(files[0], corpus)}
    tables = {}
    for split in SPLITS:
        named = [path for path in files if STEMS.get(path.stem.lower()) == split]
        if not named:
            stems = " or ".join(stem for stem, name in STEMS.items() if name == split)
            raise ValueError(
                f"{folder} has no file for {split}: add one called {stems} with the ending .csv, "
                ".tsv, .jsonl, .parquet or .txt, or leave one file alone to have it split."
            )
        if len(named) > 1:
            listed = " and ".join(path.name for path in named)
            raise ValueError(f"{folder} has {listed} for {split}: keep one of them.")
        tables[split] = read_file(named[0], corpus)
    return tables


def is_data(path: Path) -> bool:
    """Whether a file may hold rows: not what systems and people lay beside them."""
    is_other = path.name.startswith(".") or path.stem.lower() in ("readme", "license", "notes")
    return path.suffix.lower() in (*TABLES, LINES) and not is_other


def read_file(path: Path, corpus: Corpus) -> Rows:
    """Read the rows of one file, each of them checked."""
    names = os.environ.get(f"{corpus.variable}_COLUMNS")
    header = [name.strip() for name in names.split(",")] if names else None
    with in_file(path):
        read = read_rows(path, corpus.columns, header, corpus.columns)
        rows = check(read.rows, corpus)
    for note in read.notes:
        warn(f"{path.name}: {note}")
    return [row | {WHERE: f"{path.name}, {row[WHERE]}"} for row in rows]


@lru_cache
def read_hub(corpus: Corpus) -> dict[str, Rows]:
    """Read a corpus from the Hub into checked rows, by split."""
    from datasets import load_dataset

    cure = 'check the network, or write PROFILE = "pocket" for the bundled data'
    with hub(corpus.hub[0], cure, "datasets--" + corpus.hub[0].replace("/", "--")):
        data = load_dataset(*corpus.hub)
    data = data.rename_columns(dict(corpus.renamed))
    tables = {}
    for split in SPLITS:
        if data.get(split):
            place = f"{corpus.hub[0]}, {split} row"
            rows = ((f"{place} {number}", row) for number, row in enumerate(data[split], 1))
            tables[split] = check(rows, corpus)
    return tables


def check(rows: Iterable[Row], corpus: Corpus) -> Rows:
    """Check rows that come with their place; leave out the unlabelled, whose target is below 0."""
    rows = list(rows)
    if not rows:
        raise ValueError("it holds no rows, only a header or nothing at all: fill it or remove it.")
    as_ids = as_number(rows[0][1].get(corpus.target)).is_integer()
    checked = []
    for place, row in rows:
        try:
            checked.append(_check_row(row, corpus, as_ids) | {WHERE: place})
        except ValueError as error:
            raise ValueError(f"{place}{error}") from None
    return [row for row in checked if row[corpus.target] >= 0]


def _check_row(row: dict, corpus: Corpus, as_ids: bool) -> dict:
    if missing := [column for column in corpus.columns if column not in row]:
        raise ValueError(
            f" has no column {missing[0]!r}, only {', '.join(map(repr, row))}: rename one, or set "
            f"{corpus.variable}_COLUMNS={','.join(corpus.columns)} for a file without a header."
        )
    texts = {column: row[column] for column in corpus.texts}
    for column, text in texts.items():
        if text is None or isinstance(text, str) and not text.strip():
            raise ValueError(f", column {column!r} is empty: fill it in, or delete the row.")
        if not isinstance(text, str):
            raise ValueError(f", column {column!r} holds {text!r}, not a text: correct it.")
    return texts | {corpus.target: _read_target(row[corpus.target], corpus, as_ids)}


def _read_target(value, corpus: Corpus, as_ids: bool) -> float:
    number, label, labels = as_number(value), class_name(value), corpus.labels
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


def make_splits(tables: dict[str, Rows], corpus: Corpus, source) -> dict[str, Rows]:
    """Make train, validation and test of what there is.

    One table is cut 70/15/15; a missing or unlabelled validation or test split is half of the
    other. Cuts are stratified by target, and the same at every call.
    Raises: ValueError naming `source` when there are too few rows or classes.
    """
    if "all" in tables:
        train, rest = cut_rows(tables["all"], corpus, 0.3)
        held_out = [rest]
    else:
        train = tables.get("train", [])
        held_out = [tables[split] for split in SPLITS[1:] if tables.get(split)]
    if len(held_out) == 1:
        held_out = cut_rows(held_out[0], corpus, 0.5)
    if not (train and held_out and all(held_out)):
        raise ValueError(f"{source} has too few labelled rows to train and to score on: add rows.")
    if len(classes := {row[corpus.target] for row in train}) == 1 and corpus.labels:
        only = corpus.labels[classes.pop()]
        raise ValueError(f"{source} has only one class to train on, {only!r}: add rows of others.")
    return dict(zip(SPLITS, [train, *held_out], strict=True))


def cut_rows(rows: Rows, corpus: Corpus, share: float) -> tuple[Rows, Rows]:
    """Cut rows in two; see `splits.cut`."""
    targets = [row[corpus.target] for row in rows]
    first, second = cut(_keys(rows, corpus), targets, share)
    return [rows[i] for i in first], [rows[i] for i in second]


def _keys(rows: Rows, corpus: Corpus) -> list[str]:
    return [text_key(*(row[column] for column in corpus.texts)) for row in rows]


def _warn_of_leaks(splits: dict[str, Rows], corpus: Corpus) -> None:
    keys = {split: _keys(rows, corpus) for split, rows in splits.items()}
    places = {split: [row[WHERE] for row in rows] for split, rows in splits.items()}
    for split, leak in find_leaks(keys, places):
        warn(
            f"{corpus.name}: {leak}: scores on {split} flatter the model, so delete these rows "
            "from one of the two."
        )


def to_datasets(splits: dict[str, Rows], corpus: Corpus):
    """The rows as a DatasetDict."""
    from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

    target = ClassLabel(names=list(corpus.labels)) if corpus.labels else Value("float64")
    features = Features({c: Value("string") for c in corpus.texts} | {corpus.target: target})
    made = DatasetDict()
    for split, rows in splits.items():
        columns = {name: [row[name] for row in rows] for name in corpus.columns}
        made[split] = Dataset.from_dict(columns, features=features)
    return made
