"""What course.py hands over to. This file needs the standard library only."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def plain(**more: str) -> dict[str, str]:
    """The environment without the user's settings of the course, but with COURSE_HOME."""
    kept = {}
    for name, value in os.environ.items():
        if name == "COURSE_HOME" or not name.startswith("COURSE_"):
            kept[name] = value
    return kept | more


def choose(only: list[str] | None) -> list[Path]:
    """The paths of the notebooks asked for, by number or name, in order.

    Leaves with one sentence if there is none of a name.
    """
    every = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    if not only:
        return every
    wanted = tuple(name.zfill(2) for name in only)
    for name in wanted:
        if not any(path.stem.startswith(name) for path in every):
            known = ", ".join(path.stem for path in every)
            sys.exit(f"There is no notebook {name}; there are: {known}.")
    return [path for path in every if path.stem.startswith(wanted)]
