"""Answers to the exercise of notebook 00, wrong ones by misconception and right ones by form."""

import numpy as np

RIGHT = {
    "A": "binary",
    "B": "multi-label",
    "C": "entailment",
    "D": "regression",
    "E": "multi-class",
    "F": "pair",
}

ANSWERS = {
    "00.1": {
        "wrong": {
            "several tags taken for one of several classes": lambda: (
                {**RIGHT, "B": "multi-class"},
            ),
            "many classes taken for many labels": lambda: ({**RIGHT, "E": "multi-label"},),
            "two texts are always a matter of likeness": lambda: ({**RIGHT, "C": "pair"},),
            "a number on a scale taken for classes": lambda: ({**RIGHT, "D": "multi-class"},),
            "one task left out": lambda: ({k: v for k, v in RIGHT.items() if k != "F"},),
            "a kind that is not on the list": lambda: ({**RIGHT, "A": "spam"},),
            "a list": lambda: (list(RIGHT.values()),),
            "from kind to letter": lambda: ({kind: task for task, kind in RIGHT.items()},),
            "a task that is not there": lambda: ({**RIGHT, "G": "pair"},),
            "a task twice": lambda: ({**RIGHT, "f": "regression"},),
            "kinds in arrays": lambda: ({task: np.array([kind]) for task, kind in RIGHT.items()},),
            "two kinds in an array": lambda: ({**RIGHT, "A": np.array(["binary", "pair"])},),
            "kinds in lists": lambda: ({task: [kind] for task, kind in RIGHT.items()},),
            "a pair with yes or no": lambda: ({**RIGHT, "C": "binary", "A": "entailment"},),
        },
        "right": {
            "as asked": lambda: (RIGHT,),
            "other spelling and order": lambda: (
                {k.lower(): v.replace("-", "_").upper() for k, v in reversed(RIGHT.items())},
            ),
            "without hyphens": lambda: ({k: v.replace("-", "") for k, v in RIGHT.items()},),
            "as the figure has it": lambda: ({**RIGHT, "F": "Pair similarity"},),
        },
    }
}
