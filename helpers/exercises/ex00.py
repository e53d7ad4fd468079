"""The exercise of notebook 00: which kind of task is it?"""

from . import NotYet, define

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
        "Ask two things of each task. What goes in: one text or two? What comes out: one of two "
        "classes, one of several, any number of labels, or a number on a scale?"
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
def judge_kinds(kinds: dict) -> str:
    """Judge a dict task letter -> kind."""
    if not isinstance(kinds, dict):
        raise NotYet('Give a dict with a kind for each letter, such as {"A": "binary", …}.')
    given = {str(task).strip().upper(): kind for task, kind in kinds.items()}
    for task, (right, reason) in TASKS.items():
        if given.get(task) in (None, ...):
            raise NotYet(f"Task {task} has no kind yet.")
        kind = "-".join(str(given[task]).lower().replace("-", " ").replace("_", " ").split())
        if kind not in KINDS:
            raise NotYet(f"Task {task}: {given[task]!r} is none of {', '.join(KINDS)}.")
        if kind != right:
            raise NotYet(f"Task {task} is not {kind}: {reason}.")
    return "All six: you looked at what goes in and at what comes out."
