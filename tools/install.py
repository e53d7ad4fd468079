"""Install the course from this folder, without a network: `python3 install.py [FOLDER]`.

FOLDER is where the course is to lie, by default from-tokens-to-errors in your home folder.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
from pathlib import Path

KIT = Path(__file__).resolve().parent
SYSTEMS = {"Linux x86_64": "linux", "Darwin arm64": "macos-arm", "Windows AMD64": "windows"}


def this_platform() -> str:
    """This machine's system and processor, as kits are called if there are any for it."""
    system = f"{platform.system()} {platform.machine()}"
    return SYSTEMS.get(system, system)


def this_python() -> str:
    """This Python's version, such as 3.12."""
    return "{}.{}".format(*sys.version_info)


def read_sums(kit: Path) -> dict[str, str]:
    """The SHA-256 of every file of a kit, by name."""
    sums = kit / "SHA256SUMS"
    if not sums.is_file():
        sys.exit(f"{sums} is not there: the kit is unfinished, or was not copied whole.")
    lines = sums.read_text("utf-8").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def faults_of(kit: Path, sums: dict[str, str]) -> list[str]:
    """The files of a kit that are missing, or are not what they were."""
    faults = []
    for name, known in sorted(sums.items()):
        path, digest = kit / name, hashlib.sha256()
        if not path.is_file():
            faults.append(f"missing  {name}")
            continue
        with path.open("rb") as stream:
            for piece in iter(lambda: stream.read(2**20), b""):
                digest.update(piece)
        if digest.hexdigest() != known:
            faults.append(f"changed  {name}")
    return faults


def read_target(target: str) -> list[str]:
    """The names of the wheels on the list of a platform and a Python."""
    file = KIT / f"targets/{target}.txt"
    if not file.is_file():
        there = ", ".join(sorted(path.stem for path in file.parent.glob("*.txt")))
        sys.exit(f"This is {target}, and the kit is for {there}: start it with such a Python.")
    return [line.split("# ")[1] for line in file.read_text("utf-8").splitlines()]


def check_kit(wheels: list[str]) -> None:
    """Leave and name the files that are missing or changed, of those that are needed here."""
    sums = read_sums(KIT)
    for name in list(sums):
        if name.startswith("wheels/") and name[len("wheels/") :] not in wheels:
            del sums[name]
    print(f"Checking {len(sums)} files of the kit.", flush=True)
    faults = faults_of(KIT, sums)
    if faults:
        sys.exit("\n".join([*faults, "The kit was not copied whole: copy it again."]))


def check_place(place: Path) -> None:
    """Leave with one sentence if something else lies where the course is to be."""
    own, ours = place / "requirements.txt", KIT / "course/requirements.txt"
    if place.exists() and not (own.is_file() and own.read_bytes() == ours.read_bytes()):
        sys.exit(f"{place} holds something other than this course: name another folder.")
    if place.exists():
        print(f"The course in {place} stays as it is; what it lacks is added.", flush=True)


def put(source: Path, target: Path) -> None:
    """Copy a folder, whole or not at all; one that is there stays."""
    if not target.exists():
        part = target.with_name(f"{target.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(source, part)
        part.replace(target)


def make_environment(place: Path, target: str) -> None:
    """Let the course make its .venv from the kit's wheels, in the versions on the list."""
    os.environ.update(
        PIP_NO_INDEX="1",
        PIP_FIND_LINKS=(KIT / "wheels").as_uri(),
        PIP_CONSTRAINT=(KIT / f"targets/{target}.txt").as_uri(),
        PIP_CONFIG_FILE=os.devnull,
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        PIP_QUIET="1",
    )
    sys.path.insert(0, str(place))
    import course

    try:
        course.make_venv(course.VENV, course.REQUIREMENTS)
    except RuntimeError as error:
        sys.exit(str(error))


def main() -> None:
    """Check the kit, copy the course and the finished runs, make the environment."""
    target = f"{this_platform()}-{this_python()}"
    check_kit(read_target(target))
    named = sys.argv[1] if len(sys.argv) > 1 else "~/from-tokens-to-errors"
    place = Path(named).expanduser().resolve()
    check_place(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    put(KIT / "course", place)
    (place / "runs").mkdir(exist_ok=True)
    for folder in sorted((KIT / "runs").glob("*")):
        put(folder, place / "runs" / folder.name)
    print("Installing the packages: some minutes.", flush=True)
    make_environment(place, target)
    start = "py course.py" if os.name == "nt" else "python3 course.py"
    print(f"\nThe course is in {place}: go there and start it with `{start}`.")


if __name__ == "__main__":
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        has = "The course needs Python 3.11, 3.12 or 3.13 and this is {}.{}: install one of them."
        sys.exit(has.format(*sys.version_info))
    main()
