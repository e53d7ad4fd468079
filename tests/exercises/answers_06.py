"""Answers to the exercises of notebook 06, wrong ones by misconception and right ones by form."""

import numpy as np
import torch


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


def by_range(ids, size, overlap):
    starts = range(0, max(1, len(ids) - overlap), size - overlap)
    return [ids[start : start + size] for start in starts]


def recursive(ids, size, overlap):
    if len(ids) <= size:
        return [ids]
    return [ids[:size], *recursive(ids[size - overlap :], size, overlap)]


def too_far(ids, size, overlap):
    return [ids[start : start + size] for start in range(0, len(ids), size - overlap)]


def no_end(ids, size, overlap):
    return [ids[i : i + size] for i in range(0, len(ids) - size + 1, size - overlap)]


def used_up(ids, size, overlap):
    found = []
    while len(ids) > size:
        found.append(ids[:size])
        del ids[: size - overlap]
    return [*found, ids[:]]


def endless(ids, size, overlap):
    start = 0
    while start < len(ids):
        piece = ids[start : start + size]
        start += len(piece) - size
    return [piece]


def sought_by_id(ids, size, overlap):
    found = [ids[:size]]
    while found[-1][-1] != ids[-1]:
        start = ids.index(found[-1][size - overlap]) if overlap else ids.index(found[-1][-1]) + 1
        found.append(ids[start : start + size])
    return found


def yielded(ids, size, overlap):
    yield from by_range(ids, size, overlap)


def last_moved_back(ids, size, overlap):
    found = by_range(ids, size, overlap)
    return [*found[:-1], ids[-size:]]


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
            "no overlap": lambda: (
                lambda ids, size, overlap: [ids[i : i + size] for i in range(0, len(ids), size)],
            ),
            "a piece too many at the end": lambda: (too_far,),
            "the end is lost": lambda: (no_end,),
            "steps by the overlap": lambda: (
                lambda ids, size, overlap: [
                    ids[i : i + size] for i in range(0, len(ids), overlap or size)
                ],
            ),
            "only the first piece": lambda: (lambda ids, size, overlap: [ids[:size]],),
            "the overlap comes on top": lambda: (
                lambda ids, size, overlap: [
                    ids[max(0, i - overlap) : i + size] for i in range(0, len(ids), size)
                ],
            ),
            "the last piece moved back": lambda: (last_moved_back,),
            "the ids themselves": lambda: (lambda ids, size, overlap: ids,),
            "nothing": lambda: (lambda ids, size, overlap: [],),
            "the caller's list used up": lambda: (used_up,),
            "a loop without end": lambda: (endless,),
            "cut where an id stands first": lambda: (sought_by_id,),
            "each id once": lambda: (lambda ids, *a: by_range(sorted(set(ids)), *a),),
            "last piece first": lambda: (lambda *a: by_range(*a)[::-1],),
            "arrays": lambda: (lambda *a: [np.array(piece) for piece in by_range(*a)],),
            "a generator": lambda: (yielded,),
            "a number": lambda: (lambda *a: len(by_range(*a)),),
            "a short text cut": lambda: (lambda ids, size, overlap: by_range(ids, size - 1, 0),),
            "the result in place of the function": lambda: (by_range([1, 2, 3], 2, 1),),
        },
        "right": {
            "a range of starts": lambda: (by_range,),
            "recursion": lambda: (recursive,),
            "tuples": lambda: (lambda *a: tuple(tuple(piece) for piece in by_range(*a)),),
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
