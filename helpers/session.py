"""One call that makes every notebook start from the same place: seeds, device, dtype, folders."""

import json
import os
import platform
import random
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from math import isfinite
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile

from .files import as_number, read_json, write_json

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parent
PROFILES = ("pocket", "full")
FORMATS = ("float32", "bfloat16", "float16")


@dataclass(frozen=True)
class Session:
    """What `start` decided: where things are, and what the model runs on."""

    profile: str
    seed: int
    device: "torch.device"  # noqa: F821
    dtype: "torch.dtype"  # noqa: F821
    quick: bool
    root: Path = ROOT
    data: Path = ROOT / "data"

    @property
    def dtype_name(self) -> str:
        return str(self.dtype).removeprefix("torch.")

    @property
    def runs(self) -> Path:
        return runs_folder()


def runs_folder() -> Path:
    """The folder for everything the notebooks save; `make_runs_folder` makes it.

    It is called `runs` and lies where COURSE_HOME points, else in the copy of the course; where the
    package is installed without the course, in the working directory.
    """
    home = os.environ.get("COURSE_HOME")
    if home:
        return Path(home).expanduser() / "runs"
    return (ROOT if (ROOT / "notebooks").is_dir() else Path.cwd()) / "runs"


def make_runs_folder() -> Path:
    """Make `runs_folder()` if need be.

    Raises: RuntimeError if it cannot be made or written.
    """
    folder = runs_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise RuntimeError(
            f"The folder {folder} cannot be written ({error.strerror}): set COURSE_HOME to a "
            "folder that you may write to."
        ) from None


def is_quick() -> bool:
    """True under COURSE_QUICK=1: a few rows and one epoch, for tests of the mechanics only."""
    return os.environ.get("COURSE_QUICK", "") not in ("", "0")


def profile_name(profile: str | None = None) -> str:
    """The profile in force: COURSE_PROFILE, else `profile`, else what `start` chose, else pocket.

    Raises: ValueError for a name that is not a profile.
    """
    chosen = os.environ.get("COURSE_PROFILE") or profile
    if not chosen:
        return _current.profile if _current else "pocket"
    if chosen not in PROFILES:
        raise ValueError(
            f'There is no profile {chosen!r}: write PROFILE = "pocket" or "full", and the same for '
            "COURSE_PROFILE if it is set."
        )
    return chosen


_current: Session | None = None


def current() -> Session:
    """The session of this process; it is started quietly if no cell has called `start` yet."""
    return _current or start(quiet=True)


def start(
    profile: str | None = None, seed: int = 42, dtype: str | None = None, *, quiet: bool = False
) -> Session:
    """Set seeds, device, number format, plot style and folders, and say so in one line.

    profile: "pocket" (bundled data, small model, no network) or "full" (Hub). The environment
        variable COURSE_PROFILE, where set, decides for every notebook at once.
    dtype: "float32", "bfloat16" or, on a CUDA GPU, "float16" for the model's matrix products;
        without it, what suits the GPU, or what is measured to be faster on this machine.
    quiet: print nothing, and do without a folder `runs/`.
    Returns: a Session with `.profile .seed .device .dtype .quick .root .data .runs`.
    Raises: ValueError for an unknown profile or dtype; RuntimeError if runs/ cannot be written.
    """
    global _current
    profile = profile_name(profile or "pocket")
    if not quiet:
        make_runs_folder()
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    if profile == "pocket":  # there is nothing to download that a bar could tell of
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    import matplotlib.style
    import numpy
    import torch

    random.seed(seed)
    numpy.random.seed(seed)
    torch.manual_seed(seed)
    import tqdm.auto

    tqdm.auto.tqdm = tqdm.tqdm  # a bar of widgets is an error in a notebook reopened without them
    matplotlib.style.use(PACKAGE / "course.mplstyle")
    if not quiet:
        from .markup import use_plain_tables

        use_plain_tables()
    device = pick_device()
    formats = FORMATS if device.type == "cuda" else FORMATS[:2]
    if dtype is not None and dtype not in formats:
        raise ValueError(f"There is no dtype {dtype!r} here: write one of {', '.join(formats)}.")
    chosen = dtype or gpu_dtype(device) or measured_dtype(str(device))
    _current = Session(profile, seed, device, getattr(torch, chosen), is_quick())
    if not quiet:
        quick = "; QUICK: a few rows only, its numbers mean nothing" if _current.quick else ""
        print(f"{profile} profile; {device}, {_current.dtype_name}; seed {seed}{quick}")
    return _current


@contextmanager
def number_format(dtype: str) -> Iterator[None]:
    """Compute in this number format, or what stands for it here, in the lines within."""
    global _current
    import torch

    before = current()
    _current = replace(before, dtype=getattr(torch, format_here(dtype)))
    try:
        yield
    finally:
        _current = before


def format_here(dtype: str) -> str:
    """The number format of a run, to go on in; float32 for a float16 that has left its GPU."""
    return "float32" if dtype == "float16" and pick_device().type != "cuda" else dtype


def pick_device():
    """The `torch.device` to compute on: a CUDA GPU, Apple's GPU, or the CPU."""
    import torch

    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def gpu_dtype(device) -> str | None:
    """What a CUDA GPU computes fastest in: "bfloat16", or "float16" before compute capability 8.0.

    None for other devices.
    """
    import torch

    if device.type != "cuda":
        return None
    return "bfloat16" if torch.cuda.get_device_capability(device) >= (8, 0) else "float16"


@lru_cache
def measured_dtype(device: str) -> str:
    """The faster number format for matrix products here: "bfloat16" or "float32".

    bfloat16 is chosen where it is at least 1.5 times faster. The answer is remembered in
    runs/machine.json, since it belongs to the machine.
    """
    import torch

    memory = runs_folder() / "machine.json"
    machine = f"{platform.node()} {cpu_name()} {device} torch {torch.__version__}"
    try:
        known = json.loads(memory.read_text(encoding="utf-8"))
        if known["machine"] == machine and known["dtype"] in ("float32", "bfloat16"):
            return known["dtype"]
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not measured yet, or damaged: measure
    speed_up = bf16_speed_up(device)
    dtype = "bfloat16" if speed_up >= 1.5 else "float32"
    with suppress(RuntimeError, OSError):  # where nothing can be kept, it is measured again
        make_runs_folder()
        write_json(memory, {"machine": machine, "dtype": dtype})
    return dtype


def bf16_speed_up(device: str, rounds: int = 5) -> float:
    """How many times faster a matrix product is in bfloat16 than in float32 (median of rounds)."""
    import torch

    seconds: dict = {torch.float32: [], torch.bfloat16: []}
    for turn in range(rounds + 1):
        for dtype, times in seconds.items():
            left = torch.ones(512, 384, dtype=dtype, device=device)
            right = torch.ones(384, 1536, dtype=dtype, device=device)
            begin = time.perf_counter()
            for _ in range(4):
                product = left @ right
            product[0, 0].item()
            if turn:
                times.append(time.perf_counter() - begin)
    return median(seconds[torch.float32]) / median(seconds[torch.bfloat16])


def cpu_name() -> str:
    """The processor's model name, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def is_first() -> bool:
    """True in the only process, or in the first of those that torchrun started."""
    return os.environ.get("RANK", "0") == "0"


def say(line: str) -> None:
    """Print a line, once for all processes."""
    if is_first():
        print(line, flush=True)


def warn(message: str) -> None:
    """Warn at the caller's line: the nearest one that is not of this package."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back and Path(frame.f_code.co_filename).is_relative_to(PACKAGE):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, stacklevel=level)


def record(**scores: float) -> None:
    """Hand a notebook's scores to `course.py run`, which gathers them in a report; prints nothing.

    scores: one number a name, such as `record(accuracy=0.71)`.
    Raises: ValueError for a score that is not a finite number.
    """
    numbers = {}
    for name, value in scores.items():
        number = float("nan") if isinstance(value, str) else as_number(value)
        if not isfinite(number):
            raise ValueError(
                f"The score {name} must be a finite number, not {value!r}: something before it "
                "went wrong."
            )
        numbers[name] = round(number, 4)
    if target := os.environ.get("COURSE_SCORES"):
        path = Path(target)
        known = read_json(path, f"delete {path}") if path.is_file() else {}
        write_json(path, known | numbers)
