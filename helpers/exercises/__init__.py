"""Exercises that check themselves: `q = exercise("03.2")`, then `q.check(…)`, `q.hint()`, …"""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from textwrap import dedent

NOT_ATTEMPTED, NOT_YET, RIGHT = "not attempted", "not yet", "right"


class NotYet(Exception):
    """Raised by a check; its message says what is off in the learner's own values."""


@dataclass
class Exercise:
    """One exercise. `checker` gets the learner's answers; it returns praise or raises NotYet."""

    number: str
    checker: Callable[..., str]
    hint_text: str
    solution_text: str
    outcome: str = field(default=NOT_ATTEMPTED, init=False)

    def check(self, *answers) -> None:
        """Look at the answers and print one of three outcomes: not attempted, not yet, right."""
        self.outcome, message = self._outcome_of(answers)
        print(f"Exercise {self.number}: {self.outcome}. {message}")

    def _outcome_of(self, answers) -> tuple[str, str]:
        if not answers or any(answer is ... or answer is None for answer in answers):
            return NOT_ATTEMPTED, "Replace the ... above, then run the cell again. q.hint() helps."
        try:
            return RIGHT, self.checker(*answers)
        except NotImplementedError:
            return NOT_ATTEMPTED, "Write the body of the function, then run the cell again."
        except NotYet as reason:
            return NOT_YET, str(reason)
        except Exception as error:  # a wrong answer may fail in any way a program can
            return NOT_YET, f"Your answer raised {type(error).__name__}: {error}"

    def hint(self) -> None:
        """Print a hint that does not give the answer away."""
        print(f"Hint for exercise {self.number}: {self.hint_text}")

    def solution(self) -> None:
        """Print one solution."""
        print(f"# One solution of exercise {self.number}\n{self.solution_text}")


_known: dict[str, tuple[Callable[..., str], str, str]] = {}


def define(number: str, hint: str, solution: str):
    """Turn a function that checks answers into exercise `number`."""

    def add(checker: Callable[..., str]) -> Callable[..., str]:
        _known[number] = (checker, hint, dedent(solution).strip())
        return checker

    return add


def exercise(number: str) -> Exercise:
    """The exercise of this number, such as "03.2", with `.check()`, `.hint()`, `.solution()`.

    Raises: ValueError for a number that no notebook has.
    """
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    if number not in _known:
        raise ValueError(
            f"There is no exercise {number!r}: choose one of {', '.join(sorted(_known))}."
        )
    return Exercise(number, *_known[number])
