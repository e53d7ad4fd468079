"""Rows out of files as people have them: csv, tsv, jsonl, parquet and txt, each with its place."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from .files import reason

TABLES = (".csv", ".tsv", ".jsonl", ".parquet")
LINES = ".txt"  # a row a line, its columns apart by semicolons
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
LONGEST = 2**31 - 1  # letters of a field; csv itself takes 131,072
HALF = re.compile("[\ud800-\udfff]")  # half of a character, which no text can hold

csv.field_size_limit(LONGEST)

Row = tuple[str, dict]  # its place in the file, such as "line 7", and its columns


@dataclass
class Reading:
    """The rows of a file, and what is to be said of how they were read."""

    rows: list[Row]
    notes: list[str] = field(default_factory=list)


def read_rows(
    path: Path,
    needed: Sequence[str] = (),
    header: Sequence[str] | None = None,
    columns: Sequence[str] = (),
    encoding: str | None = None,
) -> Reading:
    """The rows of a .csv, .tsv, .jsonl, .parquet or .txt file, with their places.

    needed: the columns that must be there; of comma, semicolon and tab, the separator is the one
        that makes them columns.
    header: the names of the columns, where the file does not begin with them.
    columns: those of a .txt file without a header, the text first.
    encoding: of the text; without it UTF-8, or UTF-16 if the file begins with its mark.
    Raises: ValueError that names the line and the cure, but not the file: see `in_file`.
    """
    if not path.is_file():
        raise ValueError("it is no ordinary file: choose another.")
    content, ending = path.read_bytes(), path.suffix.lower()
    notes: list[str] = []
    if ending == ".parquet":
        rows = _parquet_rows(content)
    else:
        text = decoded(content, encoding)
        if ending == ".jsonl":
            rows = _json_rows(text)
        elif ending == LINES:
            rows = _line_rows(text, header or columns)
        else:
            first = "\t" if ending == ".tsv" else ","
            rows = _table_rows(text, first, needed, header, notes)
    return Reading(filled(rows, notes), notes)


def filled(rows: Iterator[Row], notes: list[str]) -> list[Row]:
    """The rows that hold something, as text can hold it; what was left out goes into the notes."""
    kept, empty, halves = [], 0, []
    for place, row in rows:
        if all(value is None or str(value).strip() == "" for value in row.values()):
            empty += 1
            continue
        whole = with_whole_letters(row)
        if whole != row:
            changed = next(name for name in row if name not in whole or row[name] != whole[name])
            halves.append(f"{place}, {with_whole_letters(changed)!r}")
        kept.append((place, whole))
    if empty:
        notes.append(f"Empty rows passed over: {empty}.")
    if halves:
        notes.append(f"Half characters replaced by \ufffd: {len(halves)} (first in {halves[0]}).")
    return kept


def with_whole_letters(value):
    """A value whose texts, however deep within it, hold no half of a character."""
    if isinstance(value, str):
        return HALF.sub("\ufffd", value)
    if isinstance(value, list):
        return [with_whole_letters(part) for part in value]
    if isinstance(value, dict):
        return {with_whole_letters(k): with_whole_letters(part) for k, part in value.items()}
    return value


@contextmanager
def in_file(path: Path) -> Iterator[None]:
    """Let a ValueError or OSError of the lines within name the file."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise ValueError(f"{path}: {error}") from None


def decoded(content: bytes, encoding: str | None = None) -> str:
    """The text of a file.

    Raises: ValueError that names the line where it is not in this encoding.
    """
    other = "save the file with the encoding UTF-8, or name its own (--encoding, encoding=)"
    is_marked = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    named = encoding or ("utf-16" if is_marked else "utf-8-sig")
    if named == "utf-8-sig" and b"\0" in content[:1000]:
        ends = "be" if content[:1] == b"\0" else "le"
        raise ValueError(f"it looks like UTF-16 without its mark: {other}, utf-16-{ends}.")
    try:
        text = content.decode(named).removeprefix("\ufeff")
    except LookupError:
        raise ValueError(f"there is no encoding {named!r}: write utf-8, cp1252 or such.") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        known = "UTF-8" if named == "utf-8-sig" else named
        raise ValueError(f"line {line} is not {known} text: {other}, such as cp1252.") from None
    return text if "\n" in text else text.replace("\r", "\n")


# ---- comma, semicolon and tab


def _table_rows(
    text: str, first: str, needed: Sequence[str], header: Sequence[str] | None, notes: list[str]
) -> Iterator[Row]:
    """The rows of a text whose fields stand apart by one separator."""
    begin, separators = 1, [first, *(sign for sign in SEPARATORS if sign != first)]
    if named := re.match(r"(?i)sep=(.)\1*\r?\n", text):  # as Excel writes and reads it
        separators, text, begin = [named[1]], text[named.end() :], 2
    if header is None:
        columns_of = [_first_fields(text, sign) for sign in separators]
        fits = [set(needed) <= set(names) for names in columns_of]
    else:
        check_names(header)
        fits = [_fits(text, sign, len(header)) for sign in separators]
    if any(fits):
        separator = separators[fits.index(True)]
    else:  # the columns are called otherwise: say so under the separator that makes most of them
        separator = max(separators, key=lambda sign: len(_first_fields(text, sign)))
    if separator != first and not named:
        notes.append(f"The columns are apart by {SEPARATORS[separator]}.")
    if separator == "\t" and (rows := _unquoted_tabs(text, begin)):
        return _named_rows(iter(rows), header, separator, needed)
    spaced = re.search(rf'{re.escape(separator)} +"[^"]', text) is not None
    return _named_rows(_quoted_fields(text, separator, spaced, begin), header, separator, needed)


def _fits(text: str, separator: str, width: int) -> bool:
    """Whether the first rows have so many fields."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    try:
        return all(len(fields) == width for fields in islice(filter(None, reader), 20))
    except csv.Error:
        return False


def _first_fields(text: str, separator: str) -> list[str]:
    """The fields of the first row, as the names of columns."""
    try:
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True
        )
        return [name.strip() for name in next((fields for fields in reader if fields), [])]
    except csv.Error:
        return []


def _unquoted_tabs(text: str, begin: int) -> list[tuple[int, list[str]]] | None:
    """The numbered rows of a text with tabs where every line is a row; else None.

    Quotation marks are letters, unless every field that has one is quoted as programs do it.
    """
    lines = [line.rstrip("\r") for line in text.split("\n")]
    rows = [(n, line.split("\t")) for n, line in enumerate(lines, begin) if line.strip(" ")]
    if len({len(fields) for _, fields in rows}) != 1:
        return None
    marked = [f for _, fields in rows for f in fields if '"' in f]
    if len(rows[0][1]) == 1 and any(f.startswith('"') and f.count('"') % 2 for f in marked):
        return None  # a text over several lines
    if all(re.fullmatch(r'"(?:[^"]|"")*"', f) for f in marked):
        rows = [(n, [_without_quotes(f) for f in fields]) for n, fields in rows]
    return rows


def _without_quotes(value: str) -> str:
    return value[1:-1].replace('""', '"') if value.startswith('"') else value


def _quoted_fields(
    text: str, separator: str, spaced: bool, begin: int
) -> Iterator[tuple[int, list[str]]]:
    """The numbered rows of a text whose fields may be quoted."""
    source = io.StringIO(text, newline="")
    reader = csv.reader(source, delimiter=separator, skipinitialspace=spaced, strict=True)
    line = begin
    try:
        for fields in reader:
            if fields:
                yield line, fields
            line = reader.line_num + begin
    except csv.Error as error:
        raise ValueError(
            f"the row that begins in line {line} is broken ({error}): a quoted text must end with "
            'a quotation mark, and one inside it is doubled ("").'
        ) from None


def _named_rows(
    rows: Iterator[tuple[int, list[str]]],
    header: Sequence[str] | None,
    separator: str,
    needed: Sequence[str],
) -> Iterator[Row]:
    """Each row as a dict, by the names in the first one, or those given."""
    if header is None:
        header = _header(next(rows, (1, []))[1])
    for line, fields in rows:
        if not any(value.strip() for value in fields):
            fields = [""] * len(header)
        while len(fields) > len(header) and not fields[-1].strip():
            fields.pop()  # separators at the end of a line
        if len(fields) != len(header):
            raise ValueError(_wrong_width(line, fields, header, separator, needed))
        yield f"line {line}", dict(zip(header, fields, strict=True))


def _wrong_width(line: int, fields: list, header: Sequence, separator: str, needed: Sequence):
    """What is to be said of a row with more or fewer fields than there are columns."""
    if missing := [name for name in needed if name not in header]:
        return (
            f"there is no column {missing[0]!r}, only {', '.join(map(repr, header))}: name one of "
            "these, and delete what stands above the header."
        )
    told = f"line {line} has {len(fields)} fields where {len(header)} were expected"
    cure = f"no text may hold the separator {separator!r} outside quotes"
    if len(fields) < len(header):
        cure = "fill in the others, if only with nothing between separators"
    return f"{told} ({', '.join(header)}): {cure}."


def _header(fields: list[str]) -> list[str]:
    """The names of the columns; those at the end that have none are left out.

    Raises: ValueError if two have the same.
    """
    names = [name.strip() for name in fields]
    while names and not names[-1]:
        names.pop()
    check_names(names)
    return names


def check_names(names: Sequence[str]) -> None:
    """Raise ValueError if two columns have the same name."""
    name, times = Counter(names).most_common(1)[0] if names else ("", 0)
    if times > 1:
        told = f"are called {name!r}" if name else "have no name"
        raise ValueError(f"{times} columns {told}: rename or delete one.")


# ---- the other kinds of files


def _numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line.rstrip("\r")


def _json_rows(text: str) -> Iterator[Row]:
    if text.lstrip().startswith("["):
        raise ValueError(
            "it holds a JSON array, and not an object a line: write it so, in pandas with "
            'to_json(…, orient="records", lines=True).'
        )
    for number, line in _numbered_lines(text):
        try:
            row = json.loads(line, object_pairs_hook=_once)
        except KeyError as twice:
            raise ValueError(f"line {number} has {twice} twice: rename or delete one.") from None
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise ValueError(f"line {number} is not a JSON object, {{…}}: correct it.")
        yield f"line {number}", row


def _once(pairs: list[tuple]) -> dict:
    """A JSON object; KeyError for a name that stands twice."""
    for name, times in Counter(name for name, _ in pairs).items():
        if times > 1:
            raise KeyError(name)
    return dict(pairs)


def _line_rows(text: str, columns: Sequence[str]) -> Iterator[Row]:
    for number, line in _numbered_lines(text):
        values = line.rsplit(";", len(columns) - 1)
        if len(values) != len(columns):
            form = ";".join(columns)
            raise ValueError(f"line {number} is not of the form {form}: correct it.")
        yield f"line {number}", dict(zip(columns, values, strict=True))


def _parquet_rows(content: bytes) -> Iterator[Row]:
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(io.BytesIO(content))
        names = file.schema_arrow.names
        rows = file.read().to_pylist() if len(set(names)) == len(names) else []
    except (OSError, ValueError) as error:
        raise ValueError(f"it cannot be read as parquet ({reason(error)}): save it anew.") from None
    check_names(names)
    for number, row in enumerate(rows, 1):
        yield f"row {number}", row
