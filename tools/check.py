"""`python3 course.py check`: what is missing on this machine; standard library only."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from . import ROOT

REQUIREMENTS = ROOT / "requirements.txt"


def installed() -> dict:
    """Return {package: (pinned version, installed version or None)}."""
    from importlib.metadata import distributions

    versions = {str(d.name).lower().replace("_", "-"): d.version for d in distributions()}
    pins = re.findall(r"^([\w-]+)==(\S+)", REQUIREMENTS.read_text("utf-8"), re.M)
    return {name: (pin, versions.get(name.lower().replace("_", "-"))) for name, pin in pins}


def machine() -> dict:
    """Return what the report says of this machine."""
    gpu = "Apple" if (sys.platform, platform.machine()) == ("darwin", "arm64") else None
    if shutil.which("nvidia-smi"):
        query = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
        gpu = subprocess.run(query, capture_output=True, text=True).stdout.strip() or None
    here = {"system": platform.platform(), "python": platform.python_version()}
    with suppress(ImportError):
        import psutil

        here["memory_gb"] = round(psutil.virtual_memory().total / 2**30, 1)
    return {**here, "cores": os.cpu_count(), "gpu": gpu}


def look_at_kit(folder: Path) -> None:
    """Print which files of a kit are missing or changed; leave with code 1 if one is."""
    from .install import faults_of, read_sums

    sums = read_sums(folder)
    faults = faults_of(folder, sums)
    print("\n".join(faults) if faults else f"All {len(sums)} files are there, and as they were.")
    sys.exit(bool(faults))


def check(kit: Path | None = None) -> None:
    """Print a line for each thing the course needs; leave with code 1 if one is missing.

    kit: the folder of a kit, to look at in place of this machine.
    """
    if kit:
        look_at_kit(kit)
    rows, here, packages, changed = [], machine(), installed(), []

    def row(what: str, good: bool, text: str, cure: str, bad: str = "missing") -> None:
        rows.append("ok" if good else bad)
        print(f"{rows[-1]:8} {what:9} {text if good else cure}", flush=True)

    row("Python", True, here["python"], "")
    absent = ", ".join(name for name, (_, version) in packages.items() if not version)
    other = [f"{n} {v} ({p})" for n, (p, v) in packages.items() if v and v.split("+")[0] != p]
    row("packages", not absent, f"all {len(packages)}", f"{absent}: `python3 course.py` adds them")
    if other:
        row("versions", False, "", f"{', '.join(other)}; the pins are in brackets", "note")
    load = [sys.executable, "-c", "from helpers import load_checkpoint; load_checkpoint()"]
    loaded = subprocess.run(load, cwd=ROOT, capture_output=True, text=True)
    why = (loaded.stderr.strip().splitlines() or [""])[-1]
    row(
        "weights", not loaded.returncode, "found and verified", f"{why} (cure: `python3 course.py`)"
    )
    sums = ROOT / "data/SHA256SUMS"
    if not sums.is_file():
        changed.append("data/SHA256SUMS")
    for line in sums.read_text("utf-8", "replace").splitlines() if sums.is_file() else []:
        digest, _, name = line.partition("  ")
        path = ROOT / "data" / (name or "SHA256SUMS")
        if (
            not name
            or not path.is_file()
            or hashlib.sha256(path.read_bytes()).hexdigest() != digest
        ):
            changed.append(str(path.relative_to(ROOT)))
    cure = f"{', '.join(changed)} gone or changed: `git checkout data`, or take a fresh copy"
    row("data", not changed, "complete", cure)
    row("cores", here["cores"] > 1, here["cores"], "1: everything takes longer", "note")
    memory = here.get("memory_gb", 0)
    cure = f"{memory} GB: close other programs" if memory else "known when the packages are there"
    row("memory", memory >= 4, f"{memory} GB", cure, "note")
    row("GPU", here["gpu"], here["gpu"], "none: the pocket profile does not need one", "note")
    free = shutil.disk_usage(ROOT).free / 1e9
    row("disk", free > 1, f"{free:.0f} GB free", f"{free:.1f} GB free: make room for 1 GB")
    sys.exit("missing" in rows)
