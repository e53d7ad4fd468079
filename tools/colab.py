"""`python3 course.py colab`: the zip that the set-up cell takes the course from."""

import shutil
import zipfile
from pathlib import Path

from helpers.files import whole_file

from . import ROOT
from .kit import course_files

ZIP = ROOT / "kit/from-tokens-to-errors.zip"
LARGEST = 10_000_000


def colab(file: Path = ZIP) -> None:
    """Write the zip: the files of the course, in one folder; RuntimeError if it is too large."""
    file.parent.mkdir(exist_ok=True)
    with whole_file(file) as draft:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in course_files():
                name = f"from-tokens-to-errors/{path.relative_to(ROOT).as_posix()}"
                entry = zipfile.ZipInfo(name)  # of a fixed day: equal courses make equal zips
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, path.read_bytes())
        size = draft.stat().st_size
        if size > LARGEST:
            raise RuntimeError(f"The zip would have {size / 1e6:.1f} MB, more than 10.")
    print(f"{file}: {size / 1e6:.1f} MB")


def lay_out(notebooks: list[Path], folder: Path) -> list[Path]:
    """Copy notebooks into a folder outside of the course, beside the zip; return the copies."""
    colab(folder / ZIP.name)
    return [Path(shutil.copy(path, folder)) for path in notebooks]
