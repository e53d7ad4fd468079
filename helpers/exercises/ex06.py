"""The exercises of notebook 06: softmax by hand, long texts in pieces, how sure is sure enough."""

from collections.abc import Callable

import numpy as np

from . import NotYet, define


def answer_of(function: Callable, *arguments):
    """What the learner's function returns; nothing at all is told apart from a wrong answer."""
    found = function(*arguments)
    if found is None:
        raise NotYet(f"{function.__name__} returns nothing: does it end with return?")
    return found


@define(
    "06.1",
    hint=(
        "Subtract from each row its largest logit; then no exponent is above 0. The maximum and "
        "the sum both go along the classes, and `keepdims=True` keeps them as a column, so that "
        "each row is divided by its own sum."
    ),
    solution="""
    def softmax(logits):
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)
    """,
)
def judge_softmax(softmax: Callable) -> str:
    """Judge a function (logits [n, classes]) -> probabilities [n, classes]."""
    random = np.random.default_rng(6)
    small = random.normal(scale=2, size=(4, 3)).round(2)
    powers = np.exp(small)
    wanted = powers / powers.sum(1, keepdims=True)
    large = small + np.array([[1000], [0], [-1000], [500]])
    large[3, 2] = -1500
    for_large = np.exp(large - large.max(1, keepdims=True))
    for_large /= for_large.sum(1, keepdims=True)
    with np.errstate(all="ignore"):
        found = np.asarray(answer_of(softmax, small.copy()), dtype=float)
        if found.shape != small.shape:
            raise NotYet(
                f"Logits of the shape {list(small.shape)} should give the same shape, but yours "
                f"is {list(found.shape)}."
            )
        if np.allclose(found, powers / powers.sum(0)):
            raise NotYet("Your columns add up to 1, not your rows: sum along the other axis.")
        if np.allclose(found, powers / powers.sum()):
            raise NotYet(
                f"All {found.size} numbers together add up to 1. Each row should, so divide each "
                "by its own sum."
            )
        if np.allclose(found, powers):
            raise NotYet("These are the powers of e. Divide each row by its sum.")
        for row, (ours, theirs) in enumerate(zip(wanted, found, strict=True)):
            if not np.allclose(ours, theirs, atol=1e-6):
                raise NotYet(
                    f"The logits {small[row].tolist()} should give {ours.round(3).tolist()}, but "
                    f"yours are {theirs.round(3).tolist()}, with the sum {theirs.sum():.3f}."
                )
        found = np.asarray(answer_of(softmax, large.copy()), dtype=float)
    for row in range(len(large)):
        if not np.allclose(found[row], for_large[row], atol=1e-6):
            raise NotYet(
                f"Right for small logits. But {large[row].round(2).tolist()} gives "
                f"{found[row].round(3).tolist()}: subtract from each row its own largest logit "
                "first."
            )
    return "Each row adds up to 1, for logits around 0 and for logits around 1,000 alike."


@define(
    "06.2",
    hint=(
        "Each piece starts `size - overlap` ids after the one before. Add pieces in a loop, and "
        "leave it once a piece reaches the end: the first piece for which start + size is at "
        "least len(ids) is the last."
    ),
    solution="""
    def pieces(ids, size, overlap):
        found, start = [ids[:size]], 0
        while start + size < len(ids):
            start += size - overlap
            found.append(ids[start : start + size])
        return found
    """,
)
def judge_pieces(pieces: Callable) -> str:
    """Judge a function (ids, size, overlap) -> list of lists of ids."""
    for n, size, overlap in [
        (10, 4, 1),
        (4, 4, 1),
        (3, 4, 2),
        (10, 4, 0),
        (9, 5, 3),
        (1203, 512, 64),
    ]:
        ids = list(range(100, 100 + n))
        starts = [0]
        while starts[-1] + size < n:
            starts.append(starts[-1] + size - overlap)
        wanted = [ids[start : start + size] for start in starts]
        found = list(answer_of(pieces, ids.copy(), size, overlap))
        if not all(isinstance(piece, (list, tuple)) for piece in found):
            raise NotYet(f"Return a list of lists, not a list of {type(found[0]).__name__}.")
        found = [list(piece) for piece in found]
        if found == wanted:
            continue
        case = f"With {n} ids, size {size} and overlap {overlap}"
        if not found:
            raise NotYet(f"{case} there is no piece at all.")
        for k, piece in enumerate(found):
            if len(piece) > size:
                raise NotYet(f"{case} piece {k} has {len(piece)} ids.")
        missing = sorted(set(ids) - {i for piece in found for i in piece})
        if missing:
            raise NotYet(
                f"{case} {len(missing)} ids are in no piece, the first at place "
                f"{missing[0] - 100}: is the end lost, or is there a gap?"
            )
        for k, (one, other) in enumerate(zip(found, found[1:], strict=False)):
            if set(other) <= set(one):
                raise NotYet(
                    f"{case} piece {k + 1} holds nothing that piece {k} does not have: stop when "
                    "the end is reached."
                )
            shared = len(set(one) & set(other))
            if shared != overlap:
                raise NotYet(f"{case} pieces {k} and {k + 1} share {shared} ids.")
        raise NotYet(
            f"{case} your pieces have {', '.join(str(len(piece)) for piece in found)} ids; "
            f"{', '.join(str(len(piece)) for piece in wanted)} would be right: only the last may "
            "be shorter."
        )
    return "Every id is in a piece, neighbours overlap as they should, and no piece is too many."


@define(
    "06.3",
    hint=(
        "Try the values of `confidence` from the smallest to the largest. For each, "
        "`right[confidence >= value].mean()` is the share of right answers among those that would "
        "be given. The first value that reaches the goal is the answer."
    ),
    solution="""
    def threshold(confidence, right, goal):
        for value in np.sort(confidence):
            if right[confidence >= value].mean() >= goal:
                return value
        return 1.0
    """,
)
def judge_threshold(threshold: Callable) -> str:
    """Judge a function (confidence [n], right [n], goal) -> the smallest sufficient confidence."""
    first = np.array([0.6, 0.9, 0.5, 0.8, 0.7, 0.4])
    first_right = np.array([True, True, False, False, True, False])
    cases = [(first, first_right, goal) for goal in (0.6, 0.75, 0.5, 1.0)]
    cases.append((np.array([0.5, 0.8, 0.8, 0.9]), np.array([False, False, True, True]), 0.75))
    cases.append((first, np.zeros(6, bool), 0.5))
    random = np.random.default_rng(6)
    for n in (50, 300):
        confidence = random.uniform(0.2, 0.98, n).round(2)
        cases.append((confidence, random.uniform(size=n) < confidence, 0.85))
    for confidence, right, goal in cases:
        found = answer_of(threshold, confidence.copy(), right.copy(), goal)
        if isinstance(found, (bool, np.bool_)) or np.ndim(found) != 0:
            raise NotYet(f"Return one number, not {found!s:.60}.")
        shares = {v: right[confidence >= v].mean() for v in np.unique(confidence)}
        enough = [value for value, share in shares.items() if share >= goal]
        wanted = min(enough, default=1.0)
        if np.isclose(float(found), wanted):
            continue
        if len(confidence) < 10:
            case = f"With the confidences {confidence.tolist()}, right {right.astype(int).tolist()}"
        else:
            case = f"With {len(confidence)} posts"
        case = f"{case} and the goal {goal} you return {float(found):g}"
        if not enough:
            raise NotYet(f"{case}, but no value reaches the goal: return 1.0.")
        answered = confidence >= float(found)
        if not answered.any():
            raise NotYet(f"{case}, and then nothing is answered; {wanted:g} reaches the goal.")
        share = right[answered].mean()
        if share < goal:
            raise NotYet(f"{case}: of the {answered.sum()} answers only {share:.0%} are right.")
        if not np.isclose(confidence, float(found)).any():
            raise NotYet(f"{case}: return one of the values in confidence.")
        raise NotYet(f"{case}: that is enough, but so is {wanted:g}, which answers more posts.")
    return "The goal is reached, and no more posts than needed are passed on to a person."
