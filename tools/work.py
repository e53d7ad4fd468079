"""A learner's own copies of the notebooks, in work/; standard library only."""

import hashlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from helpers.exercises import NOT_ATTEMPTED, NOT_YET, RIGHT
from helpers.files import keep, read_json, whole_file, write_json

from . import ROOT, choose

WORK = ROOT / "work"
COPIED = ".copied.json"  # in work/: for each copy, the hashes of the notebook that it was made from
EXERCISE = re.compile(r"""exercise\(["']([\d.]+)["']\)""")
OUTCOME = re.compile(rf"^Exercise (\S+): ({RIGHT}|{NOT_YET}|{NOT_ATTEMPTED})\.", re.MULTILINE)


def read_cells(path: Path) -> list[tuple[str, str, str]] | None:
    """(type, source, what it printed) of each cell of a notebook; None if it is damaged."""
    try:
        return [
            (
                cell["cell_type"],
                "".join(cell["source"]),
                "\n".join(map(_plain, cell.get("outputs", []))),
            )
            for cell in json.loads(path.read_bytes())["cells"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _plain(output: dict) -> str:
    return "".join(output.get("text") or output.get("data", {}).get("text/plain", ""))


def hashes(path: Path) -> dict[str, str | None]:
    """A hash of the file, and one of what its cells say: running and saving leave that as it is."""
    cells = read_cells(path)
    said = [cell[:2] for cell in cells or [] if cell[1].strip()]  # Jupyter adds an empty last cell
    return {
        "file": hashlib.sha256(path.read_bytes()).hexdigest(),
        "cells": None if cells is None else hashlib.sha256(json.dumps(said).encode()).hexdigest(),
    }


def read_copied() -> dict[str, dict]:
    """The hashes of what the copies were made from; none if the file is gone or damaged."""
    try:
        return read_json(WORK / COPIED, "it is made anew", sealed=True)
    except (FileNotFoundError, ValueError):
        return {}


def notebooks(names: list[str] | None) -> Iterator[tuple[Path, Path, dict]]:
    """The notebooks asked for: the committed one, the place of its copy, the hashes of the former.

    Raises: RuntimeError if a committed one is damaged.
    """
    for path in choose(names):
        new, name = hashes(path), f"notebooks/{path.name}"
        if new["cells"] is None:
            raise RuntimeError(f"{name} is damaged: take a fresh copy, or `git checkout {name}`.")
        yield path, WORK / path.name, new


def put(path: Path) -> None:
    """Write the copy of a notebook."""
    WORK.mkdir(exist_ok=True)
    with whole_file(WORK / path.name) as draft:
        draft.write_bytes(path.read_bytes())


def bring() -> None:
    """Copy the notebooks that are missing in work/, and bring unchanged copies up to date.

    A copy whose cells the learner has changed stays; one line says that there is a newer version.
    """
    copied, newer = read_copied(), []
    for path, copy, new in notebooks(None):
        own, old = hashes(copy) if copy.exists() else None, copied.get(path.name, new)
        if own in (None, old) and own != new:  # missing, or never saved by the learner
            put(path)
        elif new["cells"] in (own["cells"], old["cells"]):  # new outputs at most
            pass
        elif own["cells"] == old["cells"]:  # run, but not changed
            kept = keep(copy, ".ipynb")
            put(path)
            print(f"work/{path.name} is up to date again; what you ran is kept as {kept.name}.")
        else:
            newer.append(path.stem)
            continue
        copied[path.name] = new
    write_json(WORK / COPIED, copied, sealed=True)
    if newer:
        numbers = " ".join(name[:2] for name in newer)
        print(
            f"There is a newer version of {', '.join(newer)}, and you have changed yours: "
            f"`python3 course.py fresh {numbers}` brings it and keeps yours under another name."
        )


def fresh(names: list[str]) -> None:
    """Restore the copies asked for; what was there is kept under another name."""
    if not names:
        sys.exit("Name the notebooks to restore, as in `python3 course.py fresh 03`.")
    copied = read_copied()
    for path, copy, new in notebooks([Path(name).stem for name in names]):
        kept = ""
        if copy.exists() and hashes(copy) != new:
            old = keep(copy, ".ipynb")
            kept = f"; what was there is kept as {old.name}"
        put(path)
        copied[path.name] = new
        print(f"work/{path.name} is fresh{kept}.")
    write_json(WORK / COPIED, copied, sealed=True)


def progress() -> None:
    """Print which exercises are right and which are open, as the copies in work/ were saved."""
    every = []
    print(f"{'notebook':24} {'right':24} open")
    for path in choose(None):
        copy = WORK / path.name
        cells = read_cells(copy if copy.exists() else path)
        if cells is None:
            cure = f"`python3 course.py fresh {path.stem[:2]}` restores it and keeps this one"
            print(f"{path.stem:24} work/{path.name} is damaged: {cure}.")
            continue
        outcomes = outcomes_of(cells)
        every += outcomes.values()
        right = [number for number, outcome in outcomes.items() if outcome == RIGHT]
        left = [number for number in outcomes if number not in right]
        told = [f"{n} ({NOT_YET})" if outcomes[n] == NOT_YET else n for n in left]
        print(f"{path.stem:24} {', '.join(right) or '-':24} {', '.join(told) or '-'}")
    total = [f"{every.count(outcome)} {outcome}" for outcome in (RIGHT, NOT_YET, NOT_ATTEMPTED)]
    print(f"\n{', '.join(total)}.")
    print("Only what JupyterLab has saved (Ctrl+S) is seen.")


def outcomes_of(cells: list[tuple[str, str, str]]) -> dict[str, str]:
    """How each exercise of a notebook stands: right once it was, otherwise what came last."""
    code = [cell for cell in cells if cell[0] == "code"]
    numbers = EXERCISE.findall("\n".join(source for _, source, _ in code))
    outcomes = dict.fromkeys(numbers, NOT_ATTEMPTED)
    for number, outcome in OUTCOME.findall("\n".join(printed for _, _, printed in code)):
        if outcomes.get(number, RIGHT) != RIGHT:
            outcomes[number] = outcome
    return outcomes
