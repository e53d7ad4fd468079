"""`python3 course.py kit`: all that a room without a network needs, in one folder."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from helpers.files import locked
from helpers.session import runs_folder

from . import ROOT
from .install import this_platform, this_python
from .wheels import (
    MACOS,
    PLATFORMS,
    PYTHONS,
    Wheel,
    fetch,
    free_on,
    get_uv,
    index_options,
    resolve,
)

KIT = ROOT / "kit/from-tokens-to-errors-kit"
TRIED = "linux-3.11"  # what has been installed from a kit, without a network
RUNS = {  # finished trainings, by the first part of the folder's name: who loads them
    "emotion": "04 section 5, 05 section 1, 06 section 1, 12 section 8, 13 section 1",
    "emotion-weighted": "04 section 9",
    "reviews": "07 section 5",
    "several_labels": "07 section 10",
    "news_tr": "09 section 7",
    "pairs": "10 section 5",
    "emotion-mended": "13 section 6",
}


def kit(platforms: list[str] | None, pythons: list[str] | None, folder: Path = KIT) -> None:
    """Gather the kit for each platform with each Python; what is there already stays.

    Raises: RuntimeError if a package or the room on the disk is lacking.
    """
    platforms, pythons = platforms or [this_platform()], pythons or [this_python()]
    for known, names, option in (PLATFORMS, platforms, "--for"), (PYTHONS, pythons, "--python"):
        if unknown := [name for name in names if name not in known]:
            cure = f"name others with {option} ({', '.join(known)})"
            sys.exit(f"There is no kit for {unknown[0]}: {cure}.")
    get_uv()
    targets = find_wheels(platforms, pythons)
    wheels = {wheel.name: wheel for found in targets.values() for wheel in found}
    runs, book = finished_runs(), runs_folder() / "book"
    folders = [*runs.values(), *([book] if book.is_dir() else [])]
    tell_sizes(folder, targets, wheels, folders)
    (folder / "wheels").mkdir(parents=True, exist_ok=True)
    with locked(folder, "Another course.py is gathering this kit: wait until it has ended."):
        (folder / "SHA256SUMS").unlink(missing_ok=True)  # until it is whole again
        fetch_wheels(folder / "wheels", wheels)
        write_targets(folder / "targets", targets)
        copy_course(folder / "course")
        copy_runs(folder / "runs", folders)
        shutil.copyfile(ROOT / "tools/install.py", folder / "install.py")
        (folder / "README.md").write_text(readme(list(targets), runs, book.is_dir()), "utf-8")
        write_sums(folder)
    print(f"\nThe kit is whole: {size_of(folder) / 1e6:.0f} MB in {folder}. Its README.md says how")
    print("to install it; `python3 course.py check --kit FOLDER` looks at a copy of it.")


def find_wheels(platforms: list[str], pythons: list[str]) -> dict[str, list[Wheel]]:
    """The wheels of each target; a target is called platform-Python, such as linux-3.12."""
    from course import torch_index

    targets = {}
    for platform in platforms:
        options = index_options() + (torch_index() if platform == "linux" else [])
        for python in pythons:
            targets[f"{platform}-{python}"] = resolve(platform, python, options)
    return targets


def fetch_wheels(folder: Path, wheels: dict[str, Wheel]) -> None:
    """Fetch what a folder lacks of the wheels, by name, and remove what is none of them."""
    for wheel in wheels.values():
        if wheel.size > 2e7 and not (folder / wheel.name).is_file():
            print(f"{wheel.name}: {wheel.size / 1e6:.0f} MB", flush=True)
        fetch(wheel, folder)
    for file in folder.iterdir():
        if file.name not in wheels:
            file.unlink()


def finished_runs() -> dict[str, Path]:
    """The folder of the newest whole run of each name in RUNS, of the pocket profile."""
    found = {}
    for name in RUNS:
        named = re.compile(f"{name}-[0-9a-f]{{12}}")
        folders = [path for path in runs_folder().glob(f"{name}-*") if named.fullmatch(path.name)]
        whole = [path for path in folders if is_whole(path)]
        if whole:
            found[name] = max(whole, key=lambda folder: folder.stat().st_mtime)
    return found


def is_whole(folder: Path) -> bool:
    """Whether a run is finished, undamaged, of the pocket profile, and trained on all rows."""
    from helpers.checkpoints import POCKET, RUN, read_run

    own = folder / "trainer_state.json"  # of the Trainer in notebook 07, which writes it last
    try:
        if (folder / RUN).is_file():
            details = read_run(folder)
            return not details["quick"] and details["checkpoint"] == POCKET.id
        return own.is_file() and json.loads(own.read_text("utf-8"))["num_train_epochs"] > 1
    except ValueError as error:
        print(f"Left out: {error}")
        return False


def tell_sizes(folder: Path, targets: dict, wheels: dict[str, Wheel], folders: list[Path]) -> None:
    """Say what is fetched and copied, before it is; RuntimeError if the disk has no room."""
    for target, found in targets.items():
        print(f"{target:16} {len(found)} wheels, {sum(w.size for w in found) / 1e6:.0f} MB")
    there = folder / "wheels"
    new = [w for w in wheels.values() if not (there / w.name).is_file()]
    copied = sum(size_of(path) for path in folders) + sum(f.stat().st_size for f in course_files())
    fetched, free = sum(wheel.size for wheel in new), free_on(folder)
    print(f"{'to fetch':16} {len(new)} wheels, {fetched / 1e6:.0f} MB")
    print(f"{'to copy':16} {copied / 1e6:.0f} MB of course and finished runs")
    print(f"{'free':16} {free / 1e6:.0f} MB at {folder}", flush=True)
    if free < fetched + copied + 5e7:
        raise RuntimeError("The disk is too full for the kit: make room and run this again.")


def course_files() -> list[Path]:
    """The files of the course: those that git knows, or all in a copy without git."""
    if (ROOT / ".git").exists():
        git = ["git", "-C", str(ROOT), "ls-files", "-z"]
        names = subprocess.run(git, capture_output=True, text=True, check=True).stdout.split("\0")
        return [ROOT / name for name in names if name and (ROOT / name).is_file()]
    made = r"(\.venv.*|runs|work|kit|__pycache__|\.ipynb_checkpoints|\.[a-z]+_cache|build)"
    files = []
    for path in sorted(ROOT.rglob("*")):
        inside = path.relative_to(ROOT).parts
        if path.is_file() and not any(re.fullmatch(made, part) for part in inside):
            files.append(path)
    return files


def size_of(folder: Path) -> int:
    """The bytes in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def write_targets(folder: Path, targets: dict[str, list[Wheel]]) -> None:
    """Write a list for each target, as pip reads constraints, with the name of each wheel."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for target, wheels in targets.items():
        lines = [f"{wheel.pin}  # {wheel.name}\n" for wheel in wheels]
        (folder / f"{target}.txt").write_text("".join(lines), "utf-8")


def copy_course(folder: Path) -> None:
    """Copy the course, in place of an earlier copy."""
    shutil.rmtree(folder, ignore_errors=True)
    for source in course_files():
        target = folder / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def copy_runs(folder: Path, sources: list[Path]) -> None:
    """Copy finished runs, in place of earlier copies."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for source in sources:
        leave = shutil.ignore_patterns("*.old*", "*.tmp", "logs")
        shutil.copytree(source, folder / source.name, ignore=leave)


def write_sums(folder: Path) -> None:
    """Write SHA256SUMS over all files of a kit, last: with it, the kit is whole."""
    lines = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            lines.append(f"{digest}  {path.relative_to(folder).as_posix()}\n")
    (folder / "SHA256SUMS").write_text("".join(lines), "utf-8")


def readme(targets: list[str], runs: dict[str, Path], book: bool) -> str:
    """What the kit says of itself, also printed where something is missing."""
    untried = [target for target in targets if target != TRIED]
    lines = [START.format(targets=", ".join(targets))]
    if untried:
        lines.append(
            f"Gathered by the same rules, but never installed by us: {', '.join(untried)}."
        )
    if any(target.startswith("macos") for target in targets):
        lines.append(f"macOS must be {MACOS} or newer.")
    lines.append("\n## Finished runs\n")
    for name, where in RUNS.items():
        has = "loaded by" if name in runs else "**missing**, so it must be trained in"
        lines.append(f"- `{name}`: {has} {where}")
    if missing := [name for name in RUNS if name not in runs]:
        print(f"Not in runs/, and so not in the kit: {', '.join(missing)}. They must be trained in")
        print(f"{'; '.join(RUNS[name] for name in missing)}.")
        print("`python3 course.py run` makes them; then run this again.", flush=True)
    if book:
        lines.append("\nThe reading edition, which needs no Python, is in `runs/book`.")
    return "\n".join(lines) + "\n"


START = """# From Tokens to Errors, without a network

This folder holds the course, its data, all packages, the model's weights and finished trainings.
Copy it whole to the machine, or start it from the stick. The machine needs 3 GB of free disk and a
Python (on Debian and Ubuntu the package python3-venv too). There are packages for these, each a
platform and a Python: {targets}.

    python3 install.py                  # Windows: py install.py
    cd ~/from-tokens-to-errors          # Windows: cd %USERPROFILE%\\from-tokens-to-errors
    python3 course.py                   # Windows: py course.py

`install.py FOLDER` puts the course elsewhere. Start it again if it was interrupted: it goes on. On
Linux and Windows the kit's torch computes on the processor, also where there is an NVIDIA GPU.
"""
