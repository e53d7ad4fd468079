"""What the checks share: calling a learner's function with care, and comparing values."""

import ctypes
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from copy import deepcopy

import numpy as np
import pandas as pd

from . import NotYet

DATA = (list, tuple, set, Mapping, str, int, float, np.ndarray, np.generic, pd.DataFrame, pd.Series)


class _Stopped(BaseException):
    """Raised in a learner's code; no `except Exception` of its own stops it."""


def run(function: Callable, *inputs, seconds: float = 60):
    """What a learner's function returns, which may be nothing; it may change its inputs.

    Raises: NotYet if it is no function, or does not come back within `seconds`.
    """
    if not callable(function):
        raise NotYet(
            f"Pass the function itself, its name without brackets: what you passed is "
            f"{kind_of(function)}."
        )
    with time_limit(seconds, name_of(function)):
        return function(*inputs)


def call(function: Callable, *inputs, seconds: float = 60):
    """What a learner's function returns for these inputs.

    Raises: NotYet if it is no function, does not come back within `seconds`, returns nothing, or
        changes lists, dicts, arrays, tensors or frames that it was given.
    """
    before = [deepcopy(value) if _is_data(value) else None for value in inputs]
    answer = run(function, *inputs, seconds=seconds)
    name = name_of(function)
    for number, (value, copy) in enumerate(zip(inputs, before, strict=True), 1):
        if copy is not None and not same(value, copy):
            raise NotYet(
                f"{name} changes what it was given as argument {number}: make a new "
                f"{type(value).__name__} and leave the caller's as it was."
            )
    if answer is None:
        raise NotYet(f"{name} returns nothing: does it end with return?")
    return answer


def name_of(function: Callable) -> str:
    """The name by which a message calls a learner's function."""
    return getattr(function, "__name__", "your function")


def kind_of(value) -> str:
    """What kind of thing a value is, in words, such as "a list of 3"."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    kind = {"ndarray": "array", "str": "text"}.get(type(value).__name__, type(value).__name__)
    article = "an" if kind[0].lower() in "aeiou" else "a"
    shape = getattr(value, "shape", None)
    if shape is not None:
        return f"{article} {kind}" + (f" of the shape {list(shape)}" if len(shape) else "")
    return f"{article} {kind}" + (f" of {len(value)}" if hasattr(value, "__len__") else "")


def number(value, case: str) -> float:
    """A learner's number as a float."""
    if not isinstance(value, str) and getattr(value, "shape", ()) == ():
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError):
            pass
    yours = repr(value) if isinstance(value, str) else kind_of(value)
    raise NotYet(f"{case} a single number was expected, but yours is {yours:.60}.")


def same(answer, wanted, close: float = 0) -> bool:
    """Whether two values are alike in kind of content, length and every element; NaN equals NaN.

    close: by how much numbers may differ.
    """
    if isinstance(wanted, Mapping):
        return (
            isinstance(answer, Mapping)
            and list(answer) == list(wanted)
            and all(same(answer[key], wanted[key], close) for key in wanted)
        )
    if isinstance(wanted, list | tuple):
        return (
            isinstance(answer, list | tuple)
            and len(answer) == len(wanted)
            and all(same(a, b, close) for a, b in zip(answer, wanted, strict=True))
        )
    if isinstance(wanted, pd.DataFrame | pd.Series):
        return type(answer) is type(wanted) and answer.equals(wanted)
    if _is_tensor(wanted):
        wanted, answer = (
            wanted.detach().cpu(),
            answer.detach().cpu() if _is_tensor(answer) else answer,
        )
    one, other = np.asarray(answer), np.asarray(wanted)
    if one.shape != other.shape:
        return False
    if {one.dtype.kind, other.dtype.kind} <= set("iufb"):
        return np.allclose(one, other, rtol=0, atol=close, equal_nan=True)
    return bool(np.all(one == other))


def misconception(answers: list, wrong: list[dict], close: float) -> str:
    """The words whose wrong values are those found in every case; nothing if there are none.

    answers: one or more numbers a case. wrong: for each case, words -> what that belief returns,
    NaN where it cannot say (such a case does not count).
    """
    for words in wrong[0]:
        pairs = [(answer, case[words]) for answer, case in zip(answers, wrong, strict=True)]
        pairs = [pair for pair in pairs if not np.isnan(pair[1]).any()]
        if pairs and all(np.allclose(*pair, 0, close) for pair in pairs):
            return words
    return ""


def _is_tensor(value) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _is_data(value) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_data, value))
    if isinstance(value, Mapping):
        return all(map(_is_data, value.values()))
    return isinstance(value, DATA) or (_is_tensor(value) and not value.requires_grad)


@contextmanager
def time_limit(seconds: float, name: str):
    """Stop Python code that never comes back, by an exception that a second thread raises in it.

    Unlike signals this works in any front end and on every system. What an extension computes is
    stopped when it has come back to Python.
    """
    raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
    here, ended = ctypes.c_ulong(threading.get_ident()), threading.Event()

    def watch() -> None:
        time_left = seconds
        while not ended.wait(time_left):
            raise_in(here, ctypes.py_object(_Stopped))
            time_left = 0.2  # then once more, should the code have caught it

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        try:
            yield
        finally:
            ended.set()
            watcher.join()
            raise_in(here, None)
    except _Stopped:
        ended.set()
        raise NotYet(
            f"{name} was stopped after {seconds:g} seconds: does one of its loops never end?"
        ) from None
