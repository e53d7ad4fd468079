"""What people judged, kept in a file: read and checked, compared, and put into a copy of the data.

A file of verdicts is a CSV with a row for each text and label: the text's code, the verdict, then
the label and the text under the names that they have in the user's own file, then what else is
known of the row.
"""

import hashlib
import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

import pandas as pd

from .files import as_number, counted, csv_text
from .labels import class_name, nearest
from .reading import decoded, in_file, read_rows
from .splits import SEED, text_key
from .tables import OURS, PREDICTED, SPLIT, WHERE, with_free_names

CODE, JUDGED, DRAWN = f"{OURS}code", f"{OURS}judged", f"{OURS}drawn"
KNOWN = (WHERE, SPLIT, DRAWN, PREDICTED)  # of a row, in this order, where it is known
KEY, PLACE = f"{OURS}key", f"{OURS}place"  # of a row in memory: its text key, where it was read
AMBIGUOUS = "?"
DIGITS = 6  # of a code at least
SUSPECTED, CONTROL = "by suspicion", "at random"
HELD_OUT = ("validation", "test")
CONTROLS = 4  # suspicious cards for each one drawn at random


@dataclass
class Verdicts:
    """The rows of a file of verdicts, one for each text and label.

    label, texts: what the user calls these columns. rows: in each CODE, JUDGED ("" for not yet),
        the label, the texts, KEY, what is known of it, the user's further columns, and PLACE if it
        was read from a file.
    """

    label: str
    texts: list[str]
    rows: list[dict]

    @property
    def judged(self) -> dict[str, str]:
        """The verdict on each text, by its key; "" for not yet."""
        return {row[KEY]: row[JUDGED] for row in self.rows}

    @property
    def labels(self) -> set[str]:
        """The labels that the rows carry or that were predicted."""
        pairs = [(row[self.label], row.get(PREDICTED, "")) for row in self.rows]
        return {label for pair in pairs for label in pair} - {""}

    def judge(self, verdicts: Mapping[str, str]) -> None:
        """Take down verdicts by the text's key."""
        for row in self.rows:
            row[JUDGED] = verdicts.get(row[KEY], row[JUDGED])

    def add(self, others: Iterable[dict]) -> int:
        """Add the rows that are new; what is known of one that is there already is brought up.

        Returns: how many are new.
        """
        known = {(row[KEY], row[self.label]): row for row in self.rows}
        judged, before = self.judged, len(self.rows)
        for row in others:
            pair = row[KEY], row[self.label]
            if pair in known:
                known[pair] |= {name: row[name] for name in KNOWN if row.get(name)}
            else:
                self.rows.append(row | {JUDGED: judged.get(row[KEY], "")})
        codes = codes_of(row[KEY] for row in self.rows)
        for row in self.rows:
            row[CODE] = codes[row[KEY]]
        return len(self.rows) - before


def verdict_rows(frame: pd.DataFrame, texts: list[str], label: str) -> list[dict]:
    """The rows of a table as `Verdicts` has them, nothing judged: one for each text and label."""
    rows: dict[tuple, dict] = {}
    columns = frame[[label, *texts, *(name for name in KNOWN if name in frame)]]
    for row in columns.where(columns.notna(), "").to_dict("records"):
        key = text_key(*(row[text] for text in texts))
        rows.setdefault((key, row[label]), {CODE: "", JUDGED: ""} | row | {KEY: key})
    codes = codes_of(key for key, _ in rows)
    return [row | {CODE: codes[row[KEY]]} for row in rows.values()]


def codes_of(keys: Iterable[str]) -> dict[str, str]:
    """By text key, the first digits of its SHA-256: six, or more where two would share them."""
    digests = {key: digest(key) for key in keys}
    codes = dict.fromkeys(digests, "")
    length, left = DIGITS, list(digests)
    while left:
        for key in left:
            codes[key] = digests[key][:length]
        times = Counter(codes[key] for key in left)
        left = [key for key in left if times[codes[key]] > 1]
        length += 1
    return codes


def digest(key: str) -> str:
    """SHA-256 of a text key, in hexadecimal."""
    return hashlib.sha256(key.encode()).hexdigest()


# ---- the file


def read_verdicts(
    path: Path, names: Sequence[str] | None = None, encoding: str | None = None
) -> Verdicts:
    """Read a file of verdicts, by the position of its first columns, and check every row.

    names: the label names that a verdict may be; not checked without them.
    encoding: in which a spreadsheet has saved it, if that is not UTF-8.
    Raises: ValueError that names the file, the line and the cure.
    """
    if not path.exists():
        raise ValueError(f"There is no file {path}: check the path.")
    with in_file(path):
        begin = re.match(r'(?:sep=.\s+)?\s*"?(code(_\d+)?)\b', decoded(_bytes(path), encoding))
        needed = [begin[1]] if begin else [CODE.removeprefix(OURS)]
        read = read_rows(path, needed, encoding=encoding)
        if not read.rows:
            raise ValueError("it holds no verdicts, only a header or nothing at all.")
        header = list(read.rows[0][1])
        in_place = header[0] == needed[0] and len(header) > 3
        if not in_place or not re.fullmatch(r"judged(_\d+)?", header[1]):
            raise ValueError(
                "it is no file of verdicts, whose columns are code, judged, the label, the text, "
                "in this order: give one that review wrote."
            )
        is_pair = any(fits(row, header[3:5]) for _, row in read.rows) and len(header) > 4
        called = _meaning(header, 5 if is_pair else 4)
        label, texts = header[2], header[3 : 5 if is_pair else 4]
        rows = []
        for place, row in read.rows:
            check_text(row, header[0], texts, place)
            rows.append({called[name]: value for name, value in row.items()})
    for row, (place, _) in zip(rows, read.rows, strict=True):
        row |= {KEY: text_key(*(row[text] for text in texts)), PLACE: f"{path.name}, {place}"}
        row |= {JUDGED: class_name(row[JUDGED]), label: class_name(row[label])}
    table = Verdicts(label, texts, rows)
    check_once(table)
    if names is not None:
        check_labels(table, names)
    table.add([])  # the codes anew: a spreadsheet takes 012345 for a number
    return table


def _bytes(path: Path) -> bytes:
    if path.suffix.lower() != ".csv" or not path.is_file():
        raise ValueError("it is no .csv file: save it as one.")
    return path.read_bytes()


def _meaning(header: list[str], first: int) -> dict[str, str]:
    """By its name in the file, the name that a column has in memory; first: after the texts."""
    called = {name: name for name in header} | {header[0]: CODE, header[1]: JUDGED}
    ours = {column.removeprefix(OURS): column for column in KNOWN}
    for name in header[first:]:
        plain = re.sub(r"_\d+$", "", name)
        called[name] = ours.pop(name, None) or ours.pop(plain, name)
    return called


def fits(row: dict, texts: Sequence[str]) -> bool:
    """Whether a row's code, in its first column, is that of its texts.

    A spreadsheet may have taken it for a number.
    """
    code = str(next(iter(row.values()))).strip().lower()
    known = digest(text_key(*(row[text] for text in texts)))
    if len(code) >= DIGITS and known.startswith(code):
        return True
    number = as_number(code.replace(",", "."))
    return any(as_number(known[:length]) == number for length in range(DIGITS, DIGITS + 3))


def check_text(row: dict, code: str, texts: list[str], place: str) -> None:
    """Raise ValueError unless a row's code is that of its texts."""
    if not fits(row, texts):
        raise ValueError(
            f"{place}: the code {row[code]!r} is not that of the text, so one of them was changed: "
            "put it back, or delete the row."
        )


def check_once(table: Verdicts) -> None:
    """Raise ValueError for two verdicts on one text; one holds for all rows with it."""
    first: dict[str, dict] = {}
    for row in filter(lambda row: row[JUDGED], table.rows):
        other = first.setdefault(row[KEY], row)
        if other[JUDGED] != row[JUDGED]:
            raise ValueError(
                f"{row[PLACE]} judges a text {row[JUDGED]!r} that {other[PLACE]} judges "
                f"{other[JUDGED]!r}: choose one."
            )
    table.judge({key: row[JUDGED] for key, row in first.items()})


def check_labels(table: Verdicts, names: Sequence[str]) -> None:
    """Raise ValueError for a verdict that is no label."""
    for row in table.rows:
        check_label(row[JUDGED], names, row[PLACE])


def check_given(table: Verdicts, names: Sequence[str], cure: str) -> None:
    """Raise ValueError for a row whose own label is none any more."""
    for row in table.rows:
        if row[table.label] not in names:
            raise ValueError(
                f"{row[PLACE]} has the label {row[table.label]!r}, which no longer exists: {cure}"
            )


def check_label(verdict: str, names: Sequence[str], place: str) -> None:
    """Raise ValueError unless a verdict is empty, AMBIGUOUS or one of the label names."""
    if verdict and verdict != AMBIGUOUS and verdict not in names:
        cure = did_you_mean(verdict, names)
        if verdict.casefold() == "ambiguous":
            cure = f"the sign for ambiguous is {AMBIGUOUS!r}."
        raise ValueError(f"{place}: there is no label {verdict!r}: {cure}")


def did_you_mean(name: str, names: Sequence[str]) -> str:
    """The known name that is nearest, as a question; else the known ones."""
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    if twin := nearest(name, names) or next(iter(close), None):
        return f"did you mean {twin!r}?"
    listed = list(dict.fromkeys(names))
    more = f" and {len(listed) - 10} more" if len(listed) > 10 else ""
    return f"choose one of {', '.join(listed[:10])}{more}."


def verdicts_text(table: Verdicts) -> str:
    """A file of verdicts as it is written."""
    return csv_text(with_free_names(frame_of(table))[0])


def frame_of(table: Verdicts) -> pd.DataFrame:
    """The rows as they are written."""
    frame = pd.DataFrame(table.rows, dtype=object).drop(columns=[KEY, PLACE], errors="ignore")
    first = [CODE, JUDGED, table.label, *table.texts, *(name for name in KNOWN if name in frame)]
    frame = frame[[*first, *(name for name in frame if name not in first)]]
    return frame.where(frame.notna(), "")


def check_csv(path: Path) -> None:
    """Raise ValueError unless what is written there, as CSV, will be called so."""
    if path.suffix.lower() != ".csv":
        raise ValueError(f"{path} is no .csv file: name one.")


def own_encoding(path: Path, encoding: str | None) -> str | None:
    """The encoding of one of several files: None if it is UTF-8, else the one that was named."""
    with suppress(ValueError, OSError):
        decoded(path.read_bytes())
        return None
    return encoding


# ---- which rows to judge


def choose_cards(
    keys: Sequence[str], listed: Sequence[str], held_out: set[str], rows: int
) -> dict[str, str]:
    """Which texts to judge, in which order: of those listed, and controls drawn at random.

    keys: the text keys of all rows. listed: those of the suspicious ones, the worst first.
    held_out: those that measure; two of three cards are among them, while there are any.
    rows: how many of the listed ones.
    Returns: why each is among the cards, by text key; the same for every reviewer.
    """
    listed = dict.fromkeys(listed)
    others = [key for key in dict.fromkeys(keys) if key not in listed]
    draw = random.Random(SEED)
    suspected = two_of_three(listed, held_out)[:rows]
    controls = two_of_three(draw.sample(others, len(others)), held_out)[: len(suspected)]
    cards: dict[str, str] = {}
    for begin in range(0, len(suspected), CONTROLS):
        block = [(key, SUSPECTED) for key in suspected[begin : begin + CONTROLS]]
        if len(block) == CONTROLS and controls:
            block.insert(draw.randrange(CONTROLS + 1), (controls.pop(0), CONTROL))
        cards |= dict(block)
    return cards


def two_of_three(keys: Iterable[str], held_out: set[str]) -> list[str]:
    """Keys in their order, but two that are held out before each other one, while there are any."""
    keys = list(keys)
    others, mixed = iter([key for key in keys if key not in held_out]), []
    for place, key in enumerate([key for key in keys if key in held_out]):
        mixed += [key, *(islice(others, 1) if place % 2 else ())]
    return [*mixed, *others]


# ---- two reviewers


def opinions(one: Verdicts, other: Verdicts) -> pd.DataFrame:
    """What two people judged, a row for each text that either has: key, code, text, one, other.

    Raises: ValueError if their columns have other names, or no text is the same.
    """
    columns, others = [one.label, *one.texts], [other.label, *other.texts]
    if columns != others:
        raise ValueError(
            f"One file has the columns {', '.join(columns)}, the other {', '.join(others)}: "
            "compare two files of the same review."
        )
    if not one.judged.keys() & other.judged.keys():
        raise ValueError("The two files have no text in common: compare two of the same review.")
    texts = {row[KEY]: " / ".join(row[t] for t in one.texts) for row in [*one.rows, *other.rows]}
    codes = codes_of(texts)
    said = {"code": [codes[key] for key in texts], "text": list(texts.values())}
    said |= {
        name: [judged.get(key, "") for key in texts]
        for name, judged in {"one": one.judged, "other": other.judged}.items()
    }
    return pd.DataFrame({"key": list(texts)} | said)


def settled(one: Verdicts, other: Verdicts, said: pd.DataFrame, names: tuple[str, str]) -> Verdicts:
    """One file of verdicts out of two: those that agree, and, in columns after, what each said.

    said: their `opinions`. names: of the two, for the columns' names.
    """
    table = Verdicts(one.label, one.texts, [dict(row) for row in one.rows])
    table.add(other.rows)
    agreed = said["one"].where(said["one"] == said["other"], "")
    table.judge(dict(zip(said["key"], agreed, strict=True)))
    for column, name in zip(("one", "other"), names, strict=True):
        of_key = dict(zip(said["key"], said[column], strict=True))
        for row in table.rows:
            row[f"{OURS}judged by {name}"] = of_key[row[KEY]]
    return table


def kappa(one: Sequence[str], other: Sequence[str]) -> float | None:
    """Cohen's kappa of two people's verdicts; None where both gave one and the same throughout."""
    from sklearn.metrics import cohen_kappa_score

    if len({*one, *other}) == 1:
        return None
    return float(cohen_kappa_score(list(one), list(other)))


# ---- the copy


@dataclass
class Mended:
    """A copy of a file with corrected labels.

    frame: all columns and rows, in order. changes: a row for each label that was changed or is
        ambiguous. counts: of the file's rows, by what became of them. missing: where the verdicts
        stand whose text is not in the file.
    """

    frame: pd.DataFrame
    changes: pd.DataFrame
    counts: Counter
    missing: list[str]


def mend(
    path: Path,
    frame: pd.DataFrame,
    texts: list[str],
    label: str,
    verdicts: Verdicts,
    names: Iterable[str],
) -> Mended:
    """Change the labels of a file on which there is another verdict.

    frame: the rows of the file, as `read_table` has them, texts and label in these columns. A
        verdict belongs to all rows with its text and label. names: the labels that a verdict may
        be, besides those in the file.
    Raises: ValueError that names both lines where file and verdicts do not belong together.
    """
    given = [class_name(value) for value in frame[label]]
    names = sorted({*given, *names})
    if len(verdicts.texts) != len(texts):
        raise ValueError(
            f"The verdicts are on {counted(len(verdicts.texts), 'text column')}: name as many with "
            "--text."
        )
    rows_of: dict[str, list[int]] = {}
    for i, row in enumerate(zip(*(frame[text] for text in texts), strict=True)):
        rows_of.setdefault(text_key(*row), []).append(i)
    reviewed = {(row[KEY], row[verdicts.label]) for row in verdicts.rows}
    spelling, outcomes, missing = dict(zip(given, frame[label], strict=True)), {}, []
    for row in verdicts.rows:
        same_text, verdict = rows_of.get(row[KEY], []), row[JUDGED]
        if verdict and not same_text:
            missing.append(row[PLACE])
            continue
        check_label(verdict, names, row[PLACE])
        found = [i for i in same_text if given[i] == row[verdicts.label]]
        if verdict and not found:
            for i in same_text:
                if given[i] != verdict and (row[KEY], given[i]) not in reviewed:
                    raise ValueError(
                        f"{row[PLACE]} is a verdict on the label {row[verdicts.label]!r}, but "
                        f"{frame[WHERE][i]} has the label {given[i]!r} now: give the file that was "
                        "reviewed, or delete the line."
                    )
            found = [i for i in same_text if given[i] == verdict]
        for i in found:
            same = {"": "not judged", AMBIGUOUS: "ambiguous", given[i]: "right"}
            outcomes[i] = same.get(verdict, "changed"), verdict
    if missing and not outcomes:
        raise ValueError(f"No verdict is on a row of {path}: give the file that was reviewed.")
    counts = Counter(what for what, _ in outcomes.values())
    changed = {
        i: spelling.get(new, new) for i, (what, new) in outcomes.items() if what == "changed"
    }
    labels = [changed.get(i, value) for i, value in enumerate(frame[label])]
    copy = frame.drop(columns=WHERE)
    copy[label] = pd.Series(labels, dtype=object)
    told = [i for i, (what, _) in sorted(outcomes.items()) if what in ("changed", "ambiguous")]
    changes = frame.loc[told, [WHERE, *texts]].copy()
    changes[f"{OURS}old"] = frame.loc[told, label]
    changes[f"{OURS}new"] = [changed.get(i, "") for i in told]
    whys = ["judged" if i in changed else "ambiguous: left as it was" for i in told]
    changes[f"{OURS}why"] = whys
    return Mended(copy, changes, counts, missing)
