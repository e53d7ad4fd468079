"""Reading and writing files: each row with its place, and a file written whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

TABLES = (".csv", ".tsv", ".jsonl", ".parquet")
LINES = ".txt"  # a row a line, its columns apart by semicolons

Row = tuple[str, dict]  # its place in the file, such as "line 7", and its columns


def read_rows(
    path: Path, header: Sequence[str] | None = None, columns: Sequence[str] = ()
) -> list[Row]:
    """The rows of a .csv, .tsv, .jsonl, .parquet or .txt file, with their places.

    header: the names of the columns, where the file does not begin with them.
    columns: those of a .txt file without a header, the text first.
    Raises: ValueError that names the line and the cure, but not the file: see `in_file`.
    """
    content, ending = path.read_bytes(), path.suffix.lower()
    if ending == ".parquet":
        return list(_parquet_rows(content))
    text = content.decode("utf-8-sig")
    if ending == ".jsonl":
        return list(_json_rows(text))
    if ending == LINES:
        return list(_line_rows(text, header or columns))
    if ending == ".tsv":
        reader = csv.reader(io.StringIO(text, newline=""), "excel-tab", quoting=csv.QUOTE_NONE)
        hint = ""
    else:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        hint = " outside quotes"
    return list(_delimited_rows(reader, header, hint))


@contextmanager
def in_file(path: Path) -> Iterator[None]:
    """Let a ValueError or OSError of the lines within name the file."""
    try:
        yield
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ValueError(
            f"{path}: line {line} is not UTF-8 text: save the file with the encoding UTF-8."
        ) from None
    except (ValueError, OSError) as error:
        raise ValueError(f"{path}: {error}") from None


def _delimited_rows(reader, header: Sequence[str] | None, hint: str) -> Iterator[Row]:
    line = 1
    try:
        for fields in reader:
            if fields and header is None:
                header = [name.strip() for name in fields]
            elif fields:
                if len(fields) != len(header):
                    raise ValueError(
                        f"line {line} has {len(fields)} fields where {len(header)} were expected "
                        f"({', '.join(header)}): no text may hold the separator "
                        f"{reader.dialect.delimiter!r}{hint}."
                    )
                yield f"line {line}", dict(zip(header, fields, strict=True))
            line = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(
            f"the row that begins in line {line} is broken ({error}): a quoted text must end with "
            'a quotation mark, and one inside it is doubled ("").'
        ) from None


def _numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line.rstrip("\r")


def _json_rows(text: str) -> Iterator[Row]:
    for number, line in _numbered_lines(text):
        try:
            row = dict(json.loads(line))
        except (TypeError, ValueError):
            raise ValueError(f"line {number} is not a JSON object, {{…}}: correct it.") from None
        yield f"line {number}", row


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
        rows = parquet.read_table(io.BytesIO(content)).to_pylist()
    except (OSError, ValueError) as error:
        raise ValueError(f"it cannot be read as parquet ({reason(error)}): save it anew.") from None
    for number, row in enumerate(rows, 1):
        yield f"row {number}", row


def as_number(value) -> float:
    """The number that a field holds; NaN where it holds none, or True or False."""
    try:
        return float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return float("nan")


def reason(error: BaseException) -> str:
    """An error's name and the first line of its message, for a sentence of ours."""
    return ": ".join([type(error).__name__, *str(error).strip().splitlines()[:1]]).rstrip(".")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """The draft of a file, to be written within: a reader sees the old file or the whole new one.

    Raises: OSError where the folder is missing or full; the old file then stays as it was.
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        yield draft
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file, as `whole_file` says."""
    with whole_file(path) as draft:
        draft.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: dict) -> None:
    """Write a JSON file, as `whole_file` says."""
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False))


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write a table so that any reader finds its texts whole, its folder made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, frame.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n"))
