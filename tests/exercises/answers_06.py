"""Answers to the exercises of notebook 06, wrong ones by misconception and right ones by form."""

from fractions import Fraction

import numpy as np
import torch
from sklearn.metrics import confusion_matrix


def unsafe(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def shifted(logits, by):
    powers = np.exp(logits - by)
    return powers / powers.sum(axis=1, keepdims=True)


def log_space(logits):
    return np.exp(logits - np.logaddexp.reduce(logits, axis=1)[:, None])


def in_place(logits):
    logits -= logits.max(axis=1, keepdims=True)
    return shifted(logits, 0)


def without_columns(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=1)


def right_softmax(logits):
    return shifted(logits, logits.max(axis=1, keepdims=True))


EQUAL = (131 - 38) / (29 - 8)


def cheaper(truth, said_a, said_b, cost):
    of_a, of_b = cost[truth, said_a].mean(), cost[truth, said_b].mean()
    return ("a" if of_a < of_b else "b"), abs(of_a - of_b)


def row_by_row(truth, said_a, said_b, cost):
    totals = {"a": 0.0, "b": 0.0}
    for true, one, other in zip(truth, said_a, said_b, strict=True):
        totals["a"] += cost[true][one]
        totals["b"] += cost[true][other]
    best = min(totals, key=totals.get)
    return [best, (max(totals.values()) - totals[best]) / len(truth)]


def by_confusion(truth, said_a, said_b, cost):
    def mean(said):
        return (confusion_matrix(truth, said, labels=range(len(cost))) * cost).sum() / len(truth)

    return min("ab", key={"a": mean(said_a), "b": mean(said_b)}.get), abs(
        torch.tensor(mean(said_a) - mean(said_b))
    )


def more_accurate(truth, said_a, said_b, cost):
    name = "a" if (said_a == truth).sum() > (said_b == truth).sum() else "b"
    return name, cheaper(truth, said_a, said_b, cost)[1]


def transposed(truth, said_a, said_b, cost):
    return cheaper(truth, said_a, said_b, cost.T)


def mistakes_alone(truth, said_a, said_b, cost):
    return cheaper(truth, said_a, said_b, cost * (1 - np.eye(len(cost))))


def two_classes(truth, said_a, said_b, cost):
    def total(said):
        missed, alarms = (said < truth).sum(), (said > truth).sum()
        return (cost[1, 0] * missed + cost[0, 1] * alarms) / len(truth)

    a, b = total(said_a), total(said_b)
    return ("a" if a < b else "b"), abs(a - b)


def free_of_charge(truth, said_a, said_b, cost):
    cost[np.diag_indices(len(cost))] = 0
    return cheaper(truth, said_a, said_b, cost)


def cumulative(confidence, right, goal):
    order = np.argsort(-confidence, kind="stable")
    shares = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    ends = np.append(np.diff(confidence[order]) != 0, True)  # the last of each run of equal values
    enough = np.flatnonzero(ends & (shares >= goal))
    return confidence[order][enough[-1]] if len(enough) else 1.0


def cumulative_without_ties(confidence, right, goal):
    order = np.argsort(-confidence, kind="stable")
    shares = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(shares >= goal)
    return confidence[order][enough[-1]] if len(enough) else 1.0


def sorted_in_place(confidence, right, goal):
    right = right[confidence.argsort()]
    confidence.sort()
    return loop(confidence, right, goal)


def loop(confidence, right, goal):
    for value in sorted(confidence):
        given = [r for c, r in zip(confidence, right, strict=True) if c >= value]
        if sum(given) >= goal * len(given):
            return float(value)
    return 1.0


def largest(confidence, right, goal):
    enough = [v for v in confidence if right[confidence >= v].mean() >= goal]
    return max(enough, default=1.0)


def until_it_fails(confidence, right, goal):
    """Goes down from the surest and stops at the first value that misses the goal."""
    best = 1.0
    for value in np.sort(confidence)[::-1]:
        if right[confidence >= value].mean() < goal:
            break
        best = value
    return best


def strictly_above(confidence, right, goal):
    for value in np.sort(confidence):
        given = right[confidence > value]
        if len(given) and given.mean() >= goal:
            return value
    return 1.0


def mean_confidence(confidence, right, goal):
    for value in np.sort(confidence):
        if confidence[confidence >= value].mean() >= goal:
            return value
    return 1.0


def unreachable_is_lowest(confidence, right, goal):
    enough = [v for v in confidence if right[confidence >= v].mean() >= goal]
    return min(enough, default=confidence.min())


ANSWERS = {
    "06.1": {
        "wrong": {
            "overflows": lambda: (unsafe,),
            "sums along the texts": lambda: (lambda z: np.exp(z) / np.exp(z).sum(axis=0),),
            "sums over everything": lambda: (lambda z: np.exp(z) / np.exp(z).sum(),),
            "does not divide": lambda: (np.exp,),
            "divides the logits by their sum": lambda: (lambda z: z / z.sum(1, keepdims=True),),
            "subtracts one number from all rows": lambda: (lambda z: shifted(z, z.max()),),
            "subtracts the smallest": lambda: (lambda z: shifted(z, z.min(1, keepdims=True)),),
            "a sigmoid for each": lambda: (lambda z: 1 / (1 + np.exp(-z)),),
            "the label only": lambda: (lambda z: z.argmax(axis=1),),
            "forgets to return": lambda: (lambda z: print(end=""),),
            "subtracts the mean": lambda: (lambda z: shifted(z, z.mean(1, keepdims=True)),),
            "subtracts the first": lambda: (lambda z: shifted(z, z[:, :1]),),
            "subtracts the last": lambda: (lambda z: shifted(z, z[:, -1:]),),
            "subtracts the largest of each column": lambda: (lambda z: shifted(z, z.max(axis=0)),),
            "changes the logits": lambda: (in_place,),
            "sums are no column": lambda: (without_columns,),
            "transposed": lambda: (lambda z: right_softmax(z).T,),
            "lists": lambda: (lambda z: right_softmax(z).tolist(),),
            "rounded": lambda: (lambda z: right_softmax(z).round(2),),
            "numbers as texts": lambda: (lambda z: right_softmax(z).astype(str),),
            "the result in place of the function": lambda: (right_softmax(np.eye(3)),),
        },
        "right": {
            "largest subtracted": lambda: (lambda z: shifted(z, z.max(axis=1, keepdims=True)),),
            "by logarithms": lambda: (log_space,),
            "with torch": lambda: (lambda z: torch.tensor(z).softmax(dim=1),),
        },
    },
    "06.2": {
        "wrong": {
            "the ratio turned over": lambda: (1 / EQUAL, cheaper),
            "misses of b by misses of a": lambda: (29 / 8, cheaper),
            "alarms of a by alarms of b": lambda: (131 / 38, cheaper),
            "not urgent by urgent": lambda: (9, cheaper),
            "the cheapest of all prices": lambda: (0, cheaper),
            "a price below 0": lambda: (-EQUAL, cheaper),
            "not a number": lambda: (float("nan"), cheaper),
            "a rounded price": lambda: (4.4, cheaper),
            "a price cut off": lambda: (4.42, cheaper),
            "a price as text": lambda: ("4.43", cheaper),
            "two prices": lambda: ([EQUAL, 1], cheaper),
            "the more accurate one": lambda: (EQUAL, more_accurate),
            "cost[said, true]": lambda: (EQUAL, transposed),
            "right answers for nothing": lambda: (EQUAL, mistakes_alone),
            "for two classes alone": lambda: (EQUAL, two_classes),
            "changes the prices": lambda: (EQUAL, free_of_charge),
            "always a": lambda: (EQUAL, lambda *given: ("a", cheaper(*given)[1])),
            "always b": lambda: (EQUAL, lambda *given: ("b", cheaper(*given)[1])),
            "the dearer one": lambda: (
                EQUAL,
                lambda t, a, b, cost: (cheaper(t, b, a, cost)[0], cheaper(t, a, b, cost)[1]),
            ),
            "the saving on all rows": lambda: (
                EQUAL,
                lambda t, a, b, cost: (
                    cheaper(t, a, b, cost)[0],
                    abs(cost[t, a].sum() - cost[t, b].sum()),
                ),
            ),
            "the cost and not the saving": lambda: (
                EQUAL,
                lambda t, a, b, cost: (
                    cheaper(t, a, b, cost)[0],
                    min(cost[t, a].mean(), cost[t, b].mean()),
                ),
            ),
            "a saving below 0": lambda: (
                EQUAL,
                lambda *given: (cheaper(*given)[0], -cheaper(*given)[1]),
            ),
            "a rounded saving": lambda: (
                EQUAL,
                lambda *given: (cheaper(*given)[0], round(float(cheaper(*given)[1]), 2)),
            ),
            "a saving of every row": lambda: (
                EQUAL,
                lambda t, a, b, cost: (cheaper(t, a, b, cost)[0], cost[t, a] - cost[t, b]),
            ),
            "no saving": lambda: (EQUAL, lambda *given: (cheaper(*given)[0], None)),
            "the name alone": lambda: (EQUAL, lambda *given: cheaper(*given)[0]),
            "both names": lambda: (EQUAL, lambda *given: ("ab", cheaper(*given)[1])),
            "a number for the name": lambda: (EQUAL, lambda *given: (0, cheaper(*given)[1])),
            "a dict": lambda: (EQUAL, lambda *given: dict([cheaper(*given)])),
            "forgets to return": lambda: (EQUAL, lambda *given: None),
            "the answer in place of the function": lambda: (EQUAL, ("a", 0.1)),
        },
        "right": {
            "by indexing": lambda: (EQUAL, cheaper),
            "row by row": lambda: (4.43, row_by_row),
            "by confusion matrices": lambda: (torch.tensor(EQUAL), by_confusion),
            "a price as a fraction": lambda: (Fraction(131 - 38, 29 - 8), cheaper),
        },
    },
    "06.3": {
        "wrong": {
            "the largest that is enough": lambda: (largest,),
            "stops at the first value that fails": lambda: (until_it_fails,),
            "strictly above": lambda: (strictly_above,),
            "the mean confidence": lambda: (mean_confidence,),
            "the goal itself": lambda: (lambda confidence, right, goal: goal,),
            "the share of right answers": lambda: (lambda confidence, right, goal: right.mean(),),
            "no way out if the goal is too high": lambda: (unreachable_is_lowest,),
            "an array": lambda: (lambda confidence, right, goal: confidence[right],),
            "forgets to return": lambda: (lambda confidence, right, goal: None,),
            "equal values counted one by one": lambda: (cumulative_without_ties,),
            "the caller's array sorted": lambda: (sorted_in_place,),
            "rounded": lambda: (lambda *a: round(float(loop(*a)), 2),),
            "text": lambda: (lambda *a: str(loop(*a)),),
            "a set": lambda: (lambda *a: {loop(*a)},),
            "the result in place of the function": lambda: (0.7,),
        },
        "right": {
            "plain loop": lambda: (loop,),
            "sums from the top": lambda: (cumulative,),
            "as a tensor": lambda: (lambda *a: torch.tensor(loop(*a)),),
            "the smallest of a list": lambda: (
                lambda confidence, right, goal: min(
                    [v for v in confidence if right[confidence >= v].mean() >= goal], default=1.0
                ),
            ),
        },
    },
}
