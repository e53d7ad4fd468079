"""The exercises of notebook 06: softmax by hand, long texts in pieces, how sure is sure enough."""

from collections.abc import Callable

import numpy as np

from . import NotYet, define
from .answers import call, kind_of


@define(
    "06.1",
    hint=(
        "What are the probabilities for the logits 2 and 1, and what for 1002 and 1001? How can "
        "you change the second pair so that no power of e is infinite?"
    ),
    step=(
        "First subtract from each row its own largest logit. The maximum goes along the classes, "
        "and `keepdims=True` keeps it as a column; the sum needs the same care."
    ),
    solution="""
    def softmax(logits):
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)
    """,
)
def check_softmax(softmax: Callable) -> str:
    """Check a function (logits [n, classes]) -> probabilities [n, classes]."""
    random = np.random.default_rng(6)
    small = random.normal(scale=2, size=(3, 3)).round(2)
    large = [[1000, 0, -1000], [-1000, 1000, 999], [0, -1000, 1000], [-999, -1000, -1001]]
    cases = [
        small,
        random.normal(scale=2, size=(4, 6)).round(2).astype(np.float32),
        np.array(large, dtype=np.float64),
        np.array([[998, 999, 1000, 1000]], dtype=np.float64),
    ]
    for logits in cases:
        with np.errstate(all="ignore"):
            _check_probabilities(_probabilities(softmax, logits), logits)
    return "Each row adds up to 1, for logits around 0 and for logits around 1,000 alike."


def _probabilities(softmax: Callable, logits: np.ndarray) -> np.ndarray:
    """What the learner's function makes of these logits, if it is an array of their shape."""
    shape = list(logits.shape)
    try:
        answer = call(softmax, logits.copy())
    except ValueError as error:
        if "broadcast" not in str(error):
            raise
        raise NotYet(
            f"For logits of the shape {shape} NumPy says: {error}. One number a row has to stay a "
            "column: keepdims=True does it."
        ) from None
    if not hasattr(answer, "shape"):
        raise NotYet(f"softmax returns {kind_of(answer)}: an array of the shape {shape}, please.")
    answer = np.asarray(answer, dtype=float)
    if answer.shape != logits.shape:
        raise NotYet(
            f"Logits of the shape {shape} should give the same shape, but yours is "
            f"{list(answer.shape)}."
        )
    return answer


def _check_probabilities(answer: np.ndarray, logits: np.ndarray) -> None:
    """Refuse probabilities that are not those of these logits."""
    powers = np.exp(logits.astype(float) - logits.max(axis=1, keepdims=True))
    wanted = powers / powers.sum(axis=1, keepdims=True)
    if np.allclose(answer, wanted, atol=1e-6):
        return
    if np.abs(logits).max() < 100:
        plain = np.exp(logits)
        if np.allclose(answer, plain / plain.sum(axis=0)):
            raise NotYet("Your columns add up to 1, not your rows: sum along the other axis.")
        if np.allclose(answer, plain / plain.sum()):
            raise NotYet(
                f"All {answer.size} numbers together add up to 1. Each row should, so divide each "
                "by its own sum."
            )
        if np.allclose(answer, plain):
            raise NotYet("These are the powers of e. Divide each row by its sum.")
        if answer.shape == wanted.T.shape and np.allclose(answer, wanted.T, atol=1e-6):
            raise NotYet("The numbers are right, but rows and columns are swapped.")
    row = int(np.flatnonzero(~np.isclose(answer, wanted, atol=1e-6).all(axis=1))[0])
    said = f"The logits {logits[row].round(2).tolist()} should give {wanted[row].round(3).tolist()}"
    said += f", but yours are {answer[row].round(3).tolist()}"
    if np.abs(logits).max() < 100:
        raise NotYet(f"{said}, with the sum {answer[row].sum():.3f}.")
    raise NotYet(
        f"Right for small logits. {said}: subtract from each row its own largest logit first, so "
        "that no exponent is above 0."
    )


@define(
    "06.2",
    hint=(
        "Seven ids are cut into pieces of four with an overlap of one. Where does the second piece "
        "start, and is there a third?"
    ),
    step=(
        "Work out how far apart two starts are: less than `size`. In the loop, do not ask whether "
        "a next start lies within the text, but whether the last piece has reached the end."
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
def check_pieces(pieces: Callable) -> str:
    """Check a function (ids, size, overlap) -> list of lists of ids."""
    random = np.random.default_rng(6)
    for n, size, overlap in [
        (10, 4, 1),
        (4, 4, 1),
        (5, 4, 1),
        (3, 4, 2),
        (10, 4, 0),
        (8, 4, 0),
        (9, 5, 3),
        (9, 5, 4),
        (1203, 512, 64),
    ]:
        starts = [0]
        while starts[-1] + size < n:
            starts.append(starts[-1] + size - overlap)
        case = f"With {n} ids, size {size} and overlap {overlap},"
        # ids that differ show what is wrong; then ids that repeat, as those of real texts do
        numbered = list(range(100, 100 + n))
        wanted = [numbered[start : start + size] for start in starts]
        answer = _lists(call(pieces, numbered.copy(), size, overlap, seconds=3))
        if answer != wanted:
            _explain_pieces(answer, wanted, numbered, size, overlap, case)
        repeated = random.integers(100, 103, size=n).tolist()
        wanted = [repeated[start : start + size] for start in starts]
        try:
            answer = _lists(call(pieces, repeated.copy(), size, overlap, seconds=3))
        except NotYet as reason:
            raise NotYet(
                f"Right where all ids differ. But where some come twice, {reason}"
            ) from None
        if answer != wanted:
            raise NotYet(
                f"{case} your pieces are right where all ids differ, and wrong where some come "
                "twice: cut by places, not by the ids themselves."
            )
    return "Every id is in a piece, neighbours overlap as they should, and no piece is too many."


def _lists(answer) -> list[list]:
    if not isinstance(answer, list | tuple):
        raise NotYet(f"Your function returns {kind_of(answer)}: return a list of lists.")
    for k, piece in enumerate(answer):
        if not isinstance(piece, list | tuple):
            raise NotYet(f"Piece {k} of your list is {kind_of(piece)}: return a list of lists.")
    return [list(piece) for piece in answer]


def _explain_pieces(answer, wanted, ids: list[int], size: int, overlap: int, case: str) -> None:
    """Say what is wrong with pieces of ids that all differ."""
    if not answer:
        raise NotYet(f"{case} there is no piece at all.")
    for k, piece in enumerate(answer):
        if len(piece) > size:
            raise NotYet(f"{case} piece {k} has {len(piece)} ids.")
    held = {i for piece in answer for i in piece}
    missing = [place for place, i in enumerate(ids) if i not in held]
    if missing:
        raise NotYet(
            f"{case} the ids at {len(missing)} places are in no piece, the first at place "
            f"{missing[0]}: is the end lost, or is there a gap?"
        )
    if len(ids) <= size:
        raise NotYet(f"{case} there are {len(answer)} pieces: so short a text is one piece.")
    for k, (one, other) in enumerate(zip(answer, answer[1:], strict=False)):
        if set(other) <= set(one):
            raise NotYet(
                f"{case} piece {k + 1} holds nothing that piece {k} does not have: stop when the "
                "end is reached."
            )
        shared = len(set(one) & set(other))
        if shared != overlap:
            raise NotYet(
                f"{case} pieces {k} and {k + 1} share {shared} ids: they should share {overlap}."
            )
    lengths, right = ([len(piece) for piece in lists] for lists in (answer, wanted))
    if lengths != right:
        raise NotYet(
            f"{case} your pieces have {', '.join(map(str, lengths))} ids; "
            f"{', '.join(map(str, right))} would be right: only the last may be shorter."
        )
    k = next(k for k in range(len(answer)) if answer[k] != wanted[k])
    raise NotYet(
        f"{case} piece {k} starts with the ids {answer[k][:3]}, and should with {wanted[k][:3]}: "
        "keep the ids, and the pieces, in the order of the text."
    )


@define(
    "06.3",
    hint=(
        "The confidences are 0.3, 0.6 and 0.9, and the answers right, wrong and right. From each "
        "value on, which share is right? Which of the values reach the goal 0.6?"
    ),
    step=(
        "Write the share of right answers for one value first: a comparison with `confidence` "
        "picks the posts that would be answered. Then think about the order in which to try the "
        "values."
    ),
    solution="""
    def threshold(confidence, right, goal):
        for value in np.sort(confidence):
            if right[confidence >= value].mean() >= goal:
                return value
        return 1.0
    """,
)
def check_threshold(threshold: Callable) -> str:
    """Check a function (confidence [n], right [n], goal) -> the smallest sufficient confidence."""
    for confidence, right, goal in _threshold_cases():
        answer = call(threshold, confidence.copy(), right.copy(), goal)
        if np.ndim(answer) or isinstance(answer, bool | np.bool_ | str | dict):
            raise NotYet(f"Return one number, not {kind_of(answer)}.")
        _check_value(float(answer), confidence, right, goal)
    return "The goal is reached, and no more posts than needed are passed on to a person."


def _threshold_cases() -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Confidences, which answers are right, and the goal."""
    first = np.array([0.6, 0.9, 0.5, 0.8, 0.7, 0.4])
    first_right = np.array([True, True, False, False, True, False])
    cases = [(first, first_right, goal) for goal in (0.6, 0.75, 0.5, 1.0)]
    tied = np.array([0.5, 0.8, 0.8, 0.9])
    for tied_right in ([False, False, True, True], [False, True, False, True]):
        cases.append((tied, np.array(tied_right), 0.75))
    cases.append((first, np.zeros(6, bool), 0.5))
    random = np.random.default_rng(6)
    for n, goal in ((50, 0.85), (300, 0.85), (40, 0.8)):
        confidence = random.uniform(0.2, 0.98, n)
        right = random.uniform(size=n) < confidence
        if n > 40:
            cases.append((confidence.round(2), right, goal))  # many values come twice
        else:
            cases.append((confidence.astype(np.float32), right, goal))  # as a model gives them
    return cases


def _check_value(answer: float, confidence: np.ndarray, right: np.ndarray, goal: float) -> None:
    """Refuse a value that is not the smallest in confidence that reaches the goal."""
    shares = {value: right[confidence >= value].mean() for value in np.unique(confidence)}
    enough = [value for value, share in shares.items() if share >= goal]
    wanted = min(enough, default=1.0)
    if np.isclose(answer, wanted, rtol=0, atol=1e-6):
        return
    case = f"With {len(confidence)} posts"
    if len(confidence) < 10:
        case = f"With the confidences {confidence.tolist()}, right {right.astype(int).tolist()}"
    case = f"{case} and the goal {goal} you return {answer:g}"
    if not enough:
        raise NotYet(f"{case}, but no value reaches the goal: return 1.0.")
    if not np.isclose(confidence, answer, rtol=0, atol=1e-6).any():
        raise NotYet(f"{case}: return one of the values in confidence as it stands, {wanted:g}.")
    answered = confidence >= answer - 1e-6
    share = right[answered].mean()
    if share < goal:
        raise NotYet(f"{case}: of the {answered.sum()} answers only {share:.0%} are right.")
    raise NotYet(f"{case}: that is enough, but so is {wanted:g}, which answers more posts.")
