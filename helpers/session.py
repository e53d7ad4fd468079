"""One call that makes every notebook start from the same place: seeds, device, dtype, folders."""

import json
import os
import platform
import random
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile

ROOT = Path(__file__).resolve().parent.parent
PROFILES = ("pocket", "full")


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
    def runs(self) -> Path:
        return runs_folder()


def runs_folder() -> Path:
    """The folder for everything the notebooks save: `runs/`, or where COURSE_HOME points.

    Raises: RuntimeError if it cannot be made or written.
    """
    home = os.environ.get("COURSE_HOME")
    folder = Path(home).expanduser() / "runs" if home else ROOT / "runs"
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
    dtype: "float32" or "bfloat16" for the model's matrix products; measured when not given.
    Returns: a Session with `.profile .seed .device .dtype .quick .root .data .runs`.
    Raises: ValueError for an unknown profile or dtype; RuntimeError if runs/ cannot be written.
    """
    global _current
    profile = profile_name(profile or "pocket")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    import matplotlib.style
    import numpy
    import torch

    random.seed(seed)
    numpy.random.seed(seed)
    torch.manual_seed(seed)
    matplotlib.style.use(Path(__file__).with_name("course.mplstyle"))
    device = pick_device()
    formats = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    if dtype is not None and dtype not in formats:
        raise ValueError(f'There is no dtype {dtype!r}: write dtype="float32" or "bfloat16".')
    chosen = formats[dtype or measured_dtype(str(device))]
    _current = Session(profile, seed, device, chosen, is_quick())
    if not quiet:
        quick = "; QUICK: a few rows only, its numbers mean nothing" if _current.quick else ""
        print(f"{profile} profile; {device}, {str(chosen).split('.')[1]}; seed {seed}{quick}")
    return _current


def pick_device():
    """The `torch.device` to compute on: a CUDA GPU, Apple's GPU, or the CPU."""
    import torch

    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


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
    found = {"machine": machine, "dtype": "bfloat16" if speed_up >= 1.5 else "float32"}
    write_json(memory, found)
    return found["dtype"]


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


def reason(error: BaseException) -> str:
    """An error's name and the first line of its message, for a sentence of ours."""
    return ": ".join([type(error).__name__, *str(error).strip().splitlines()[:1]]).rstrip(".")


@contextmanager
def hub():
    """Reach for the Hub; where it does not answer at once, only for what is cached of it."""
    from huggingface_hub import constants
    from huggingface_hub.utils import get_session

    was_offline, silence = constants.HF_HUB_OFFLINE, None
    try:
        get_session().head(constants.ENDPOINT, timeout=10)
    except Exception as error:  # of whatever kind: the client would try again for half a minute
        constants.HF_HUB_OFFLINE, silence = True, error
    try:
        yield
    except Exception as error:
        raise silence or error from None
    finally:
        constants.HF_HUB_OFFLINE = was_offline


def write_text(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old one or the new one, never half of one.

    Raises: OSError where the folder is missing or full; the old file then stays as it was.
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def write_json(path: Path, content: dict) -> None:
    """Write `content` as `write_text` does."""
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False))


def is_first() -> bool:
    """True in the only process, or in the first of those that torchrun started."""
    return os.environ.get("RANK", "0") == "0"


def say(line: str) -> None:
    """Print a line, once for all processes."""
    if is_first():
        print(line, flush=True)


def record(**scores: float) -> None:
    """Print a notebook's scores and hand them to `course.py run`, which gathers them in a report.

    scores: one number a name, such as `record(accuracy=0.71)`.
    Raises: ValueError for a score that is not a finite number.
    """
    numbers = {}
    for name, value in scores.items():
        try:
            numbers[name] = round(float(value + 0), 4)  # + 0 is where a text fails
        except (TypeError, ValueError):
            raise ValueError(f"The score {name} must be a number, not {value!r}.") from None
        if not isfinite(numbers[name]):
            raise ValueError(f"The score {name} is {value}: something before it went wrong.")
    print("recorded: " + ", ".join(f"{name}={value:.4f}" for name, value in numbers.items()))
    if target := os.environ.get("COURSE_SCORES"):
        path = Path(target)
        known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        write_json(path, known | numbers)
