"""Exercises that check themselves: `q = exercise("03.2")`, then `q.check(…)`, `q.hint()`, …"""

from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from importlib import import_module
from inspect import signature
from pkgutil import iter_modules
from textwrap import dedent

NOT_ATTEMPTED, NOT_YET, RIGHT = "not attempted", "not yet", "right"
GREY = "#8C8C8C"
LOOKS = {NOT_ATTEMPTED: ("…", GREY), NOT_YET: ("✗", "#C28200"), RIGHT: ("✓", "#1F8A4C")}
HELP = (  # by the last hint that was asked for
    "q.hint() asks a question that may help.",
    "q.hint(2) gives a step.",
    "q.solution() shows one solution.",
)


class NotYet(Exception):
    """Raised by a check; its message says what is off in the learner's own values."""


@dataclass(frozen=True)
class Message:
    """A text that a notebook shows with a sign and a coloured edge; elsewhere it is plain."""

    text: str
    sign: str
    colour: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        style = f"border-left:4px solid {self.colour};padding:2px 10px"
        return f'<div style="{style}">{self.sign} {escape(self.text)}</div>'


def show(text: str, sign: str, colour: str) -> None:
    """Display a Message."""
    from IPython.display import display

    display(Message(text, sign, colour))


@dataclass
class Exercise:
    """One exercise. `checker` gets the learner's answers; it returns praise or raises NotYet.

    hints: a question that leads on, then a step of the way.
    """

    number: str
    checker: Callable[..., str]
    hints: tuple[str, str]
    solution_text: str
    outcome: str = field(default=NOT_ATTEMPTED, init=False)

    def check(self, *answers) -> None:
        """Look at the answers and show one of three outcomes: not attempted, not yet, right."""
        self.outcome, message = self._outcome_of(answers)
        if self.outcome == NOT_YET:
            message += f" ({HELP[_seen.get(self.number, 0)]})"
        show(f"Exercise {self.number}: {self.outcome}. {message}", *LOOKS[self.outcome])

    def _outcome_of(self, answers) -> tuple[str, str]:
        if not answers or any(answer is ... or answer is None for answer in answers):
            return NOT_ATTEMPTED, "Replace the ... above, then run the cell again. q.hint() helps."
        asked = signature(self.checker)
        try:
            asked.bind(*answers)
        except TypeError:
            wanted = f"{', '.join(asked.parameters)}, and got {len(answers)} of them"
            return NOT_YET, f"Too few or too many answers: q.check takes {wanted}."
        try:
            return RIGHT, self.checker(*answers)
        except NotImplementedError:
            return NOT_ATTEMPTED, "Write the body of the function, then run the cell again."
        except NotYet as reason:
            return NOT_YET, str(reason)
        except (Exception, SystemExit) as error:  # a wrong answer may fail in any way
            return NOT_YET, f"Your answer raised {type(error).__name__}: {error}"

    def hint(self, level: int = 1) -> None:
        """Show a hint that does not give the answer away: 1 for a question, 2 for a step.

        Raises: ValueError for another level.
        """
        if level not in (1, 2):
            raise ValueError("q.hint() asks a question, q.hint(2) gives a step: there are no more.")
        _seen[self.number] = max(level, _seen.get(self.number, 0))
        show(f"Hint {level} for exercise {self.number}: {self.hints[level - 1]}", "?", GREY)

    def solution(self) -> None:
        """Print one solution."""
        print(f"# One solution of exercise {self.number}\n{self.solution_text}")


_known: dict[str, tuple[Callable[..., str], tuple[str, str], str]] = {}
_seen: dict[str, int] = {}  # the last hint that was asked for, by the exercise's number


def define(number: str, hint: str, step: str, solution: str):
    """Turn a function that checks answers into exercise `number`.

    hint: a question. step: what to do next, without giving the answer away.
    """

    def add(checker: Callable[..., str]) -> Callable[..., str]:
        _known[number] = (checker, (hint, step), dedent(solution).strip())
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
