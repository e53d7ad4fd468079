"""The exercise of notebook 00: which kind of task is it?"""

from . import NotYet, define
from .answers import kind_of

KINDS = ("binary", "multi-class", "multi-label", "regression", "pair", "entailment")
TASKS = {
    "A": ("binary", "one e-mail goes in, and one of two classes comes out"),
    "B": ("multi-label", "a recipe may have several of the tags at once, or none"),
    "C": (
        "entailment",
        "two texts go in, and the question is whether the second follows from the first",
    ),
    "D": ("regression", "one text goes in, and a number on a scale comes out"),
    "E": ("multi-class", "each letter goes to exactly one of nine departments"),
    "F": ("pair", "two questions go in, and a number says how alike they are"),
}


@define(
    "00.1",
    hint=(
        "From the same review, one program says whether it is rude, and another guesses the age of "
        "its writer. Do the two tasks differ in what goes in or in what comes out?"
    ),
    step=(
        "Sort the tasks by their input first: two of them read two texts at once. Tell these two "
        "apart by what comes out, and then do the same with the other four."
    ),
    solution="""
    kinds = {
        "A": "binary",
        "B": "multi-label",
        "C": "entailment",
        "D": "regression",
        "E": "multi-class",
        "F": "pair",
    }
    """,
)
def check_kinds(kinds: dict) -> str:
    """Check a dict task letter -> kind."""
    if not isinstance(kinds, dict):
        raise NotYet(
            'Give a dict with a kind for each letter, such as {"A": "pair", …}; yours is '
            f"{kind_of(kinds)}."
        )
    given = _by_letter(kinds)
    for task, (right, reason) in TASKS.items():
        if given.get(task) is None or given[task] is ...:
            raise NotYet(f"Task {task} has no kind yet.")
        kind = _kind(given[task])
        if kind is None:
            raise NotYet(f"Task {task}: {given[task]!r:.60} is none of {', '.join(KINDS)}.")
        if kind != right:
            raise NotYet(f"Task {task} is not {kind}: {reason}.")
    return "All six: you looked at what goes in and at what comes out."


def _by_letter(kinds: dict) -> dict:
    """The learner's kinds by capital letter."""
    if kinds and all(_kind(task) for task in kinds):
        raise NotYet('Your dict leads from kind to letter: turn it round, as in {"A": "pair", …}.')
    given = {}
    for task, kind in kinds.items():
        letter = str(task).strip().upper()
        if letter not in TASKS:
            raise NotYet(f"There is no task {task!r}: the letters are {', '.join(TASKS)}.")
        if letter in given:
            raise NotYet(f"Task {letter} stands in your dict twice.")
        given[letter] = kind
    return given


def _kind(value) -> str | None:
    """The kind that is meant, however it is spelt, or None."""
    if not isinstance(value, str):
        return None
    letters = "".join(letter for letter in value.lower() if letter.isalpha())
    return {kind.replace("-", ""): kind for kind in KINDS}.get(letters.removesuffix("similarity"))
