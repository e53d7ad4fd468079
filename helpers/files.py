"""Writing files whole or not at all, locking, hashing, and telling errors in plain words."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def as_number(value) -> float:
    """The number that a field holds; NaN where it holds none, or True or False."""
    if isinstance(value, bool) or isinstance(value, str) and "_" in value:
        return float("nan")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return float("nan")


def reason(error: BaseException) -> str:
    """An error's name and the first line of its message, for a sentence of ours."""
    return ": ".join([type(error).__name__, *str(error).strip().splitlines()[:1]]).rstrip(".")


FULL_DISK = (
    "No space left|StorageFull|code: 28|os error 28|quota exceeded|unexpected pos|file write"
)
NO_MEMORY = "out of memory|allocate memory|not enough memory|bad alloc"


def counted(count: int, noun: str = "row") -> str:
    """A number with its noun, of one or of many: 1 row, 2 rows."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def sentence(error: BaseException) -> str | None:
    """What to say of a full disk or of too little memory, whichever library tells it; else None."""
    if isinstance(error, ValueError):  # it may quote a user's words
        return None
    place = f" at {error.filename}" if getattr(error, "filename", None) else ""
    if getattr(error, "errno", 0) == errno.ENOSPC or re.search(FULL_DISK, str(error), re.I):
        return f"The disk is full{place}: make room and do the same again."
    if isinstance(error, MemoryError) or re.search(NO_MEMORY, str(error), re.I):
        return "There is too little memory: close other programs, or take fewer rows at a time."
    return None


def plain_errors(function: Callable) -> Callable:
    """Make a function tell a full disk and a lack of memory in a sentence, as a RuntimeError."""

    @wraps(function)
    def told(*args, **options):
        try:
            return function(*args, **options)
        except Exception as error:
            if said := sentence(error):
                raise RuntimeError(said) from None
            raise

    return told


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def hashes_of(folder: Path) -> dict[str, str]:
    """SHA-256 of each file of a folder, by name."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return {path.name: sha256_of(path) for path in files}


def changed_files(folder: Path, hashes: dict[str, str]) -> list[Path]:
    """The files that are missing, or are not those whose SHA-256 was written down."""
    paths = {folder / name: known for name, known in hashes.items()}
    return [p for p, known in paths.items() if not p.is_file() or sha256_of(p) != known]


def read_json(path: Path, cure: str, needed: Sequence[str] = (), sealed: bool = False) -> dict:
    """The object in a JSON file that this package wrote.

    sealed: whether it was written with a hash of itself; see `write_json`.
    Raises: ValueError if it is damaged, or lacks one of the keys that are needed.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        content = None
    is_ours = isinstance(content, dict) and set(needed) <= content.keys()
    if not is_ours or sealed and content.pop("sha256", None) != _seal(content):
        raise ValueError(f"{path} is damaged or from another version: {cure}.")
    return content


def _seal(content: dict) -> str:
    """A hash of what a JSON file holds."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def sync(path: Path) -> None:
    """Have a file's content, or a folder's names, on the disk before going on."""
    try:
        number = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
    except OSError as error:  # not every system can do it for every file
        if error.errno in (errno.ENOSPC, errno.EIO):
            raise


_locked: set[Path] = set()  # by this process


@contextmanager
def locked(folder: Path, busy: str) -> Iterator[None]:
    """Keep other processes out of the lines within; one that ends, however it ends, is out of them.

    busy: what to say when another process is in them.
    Raises: RuntimeError that says so, at once.
    """
    folder = folder.resolve()
    if folder in _locked:
        yield
        return
    number = _lock(folder if os.name != "nt" else _stand_in(folder))
    if number is None:
        raise RuntimeError(busy)
    _locked.add(folder)
    try:
        yield
    finally:
        _locked.remove(folder)
        os.close(number)


def _stand_in(folder: Path) -> Path:
    """The file that is locked in place of a folder on Windows, where no folder can be opened."""
    mark = hashlib.sha256(str(folder).lower().encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir(), f"course-{mark}.lock")


def _lock(path: Path) -> int | None:
    """Lock a file or folder until the number that is returned is closed; None if another has it."""
    if os.name == "nt":
        import msvcrt

        number = os.open(path, os.O_RDWR | os.O_CREAT)
        lock = partial(msvcrt.locking, number, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        number = os.open(path, os.O_RDONLY)
        lock = partial(fcntl.flock, number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        lock()
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK):
            os.close(number)
            return None
        # any other error: this disk has no locks
    return number


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """The draft of a file, to be written within: a reader sees the old file or the whole new one.

    A link stays a link, a file keeps its permissions, and the draft of a process that was killed is
    removed.
    Raises: OSError where the folder is missing or full; the old file then stays as it was.
    """
    path = path.resolve()
    for draft in drafts_of(path):
        if _is_left(draft):
            with suppress(OSError):
                draft.unlink()
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    draft.touch()
    number = None if os.name == "nt" else _lock(draft)  # there, no open file can be renamed
    try:
        yield draft
        if path.exists():
            draft.chmod(path.stat().st_mode)
        sync(draft)
        draft.replace(path)
        sync(path.parent)
    finally:
        draft.unlink(missing_ok=True)
        if number is not None:
            os.close(number)


def drafts_of(path: Path) -> list[Path]:
    """The drafts of a file that lie beside it; see `whole_file`."""
    name = re.compile(re.escape(path.name) + r"\.\d+\.tmp")
    beside = path.parent.iterdir() if path.parent.is_dir() else []
    return [file for file in beside if name.fullmatch(file.name) and file.is_file()]


def _is_left(draft: Path) -> bool:
    """Whether nobody is writing a draft any more."""
    if os.name == "nt":  # there, no draft is locked
        return time.time() - draft.stat().st_mtime > 3600
    number = _lock(draft)
    if number is not None:
        os.close(number)
    return number is not None


def keep(file: Path, ending: str = "") -> Path:
    """Rename a file that is in the way, so that nothing is lost.

    ending: that of its name, such as ".ipynb", if the kept file must have it too.
    """
    name = file.name.removesuffix(ending)
    number, kept = 1, file.with_name(f"{name}.old{ending}")
    while kept.exists():
        number += 1
        kept = file.with_name(f"{name}.old{number}{ending}")
    return file.rename(kept)


def write_text(path: Path, text: str) -> None:
    """Write a text file, as `whole_file` says."""
    with whole_file(path) as draft:
        draft.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: dict, sealed: bool = False) -> None:
    """Write a JSON file, as `whole_file` says; sealed: with a hash of what it holds, sha256."""
    if sealed:
        content = content | {"sha256": _seal(content)}
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False))


def csv_text(frame: pd.DataFrame) -> str:
    """A table as CSV that any reader finds its texts whole in."""
    return frame.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")


def write_csv(path: Path, text: str) -> None:
    """Write a CSV file, as `whole_file` says, its folder made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text)
