"""The exercises of notebook 06: softmax by hand, two costs of a mistake, how sure is enough."""

from collections.abc import Callable

import numpy as np

from . import NotYet, define
from .answers import call, kind_of, number

MISSES, ALARMS = {"a": 8, "b": 29}, {"a": 131, "b": 38}  # of 1,000 messages, as the task has them


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
    answer = np.asarray(answer)
    if answer.dtype.kind not in "iuf":
        raise NotYet(f"softmax returns an array of {answer.dtype}: it should hold numbers.")
    answer = answer.astype(float)
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
        "If a miss costs 1, like a false alarm, what do all mistakes of each model cost? And what "
        "if it costs 10? Which row and which column of the prices belong to a miss?"
    ),
    step=(
        "Write down what each model costs for an unknown price of a miss, and set the two equal. "
        "For the function, look up the price of each row by its true class and by what the model "
        "says."
    ),
    solution="""
    equal = (131 - 38) / (29 - 8)


    def cheaper(truth, said_a, said_b, cost):
        of_a = cost[truth, said_a].mean()
        of_b = cost[truth, said_b].mean()
        return ("a" if of_a < of_b else "b"), abs(of_a - of_b)
    """,
)
def check_cheaper(equal: float, cheaper: Callable) -> str:
    """Check the price of a miss at which both models of the task cost the same, and a function.

    cheaper: (truth [n], said_a [n], said_b [n], cost [classes, classes]) -> (name, saving a row).
    """
    equal = number(equal, "For equal,")
    _check_equal(equal)
    for told, arrays, cost in _cost_cases():
        answer = call(cheaper, *(array.copy() for array in arrays), cost.copy(), seconds=10)
        if not isinstance(answer, list | tuple) or len(answer) != 2:
            raise NotYet(
                f"{told}, cheaper returns {kind_of(answer)}: return two things, the name of the "
                "model and what it saves on each row."
            )
        name, saving = answer
        if not isinstance(name, str) or name not in ("a", "b"):
            raise NotYet(f'{told}, the first of the two should be "a" or "b", not {name!r:.40}.')
        _check_saving(name, number(saving, f"{told}, for the saving"), arrays, cost, told)
    return (
        f"Above {equal:.2f} for a miss take a, below take b. The accuracy of both stays the same "
        "all the while."
    )


def _check_equal(price: float) -> None:
    totals = {name: MISSES[name] * price + ALARMS[name] for name in MISSES}
    if abs(price - (ALARMS["a"] - ALARMS["b"]) / (MISSES["b"] - MISSES["a"])) < 0.005:
        return
    if not price >= 0:
        raise NotYet(f"equal is {price:g}: the price of a mistake is a number from 0 up.")
    raise NotYet(
        f"If a miss costs {price:g} and a false alarm 1, the mistakes of a cost {totals['a']:,.1f} "
        f"in all, and those of b {totals['b']:,.1f}: these are not equal."
    )


def _cost_cases() -> list[tuple[str, tuple[np.ndarray, ...], np.ndarray]]:
    """What a case is called; truth, said_a and said_b; and the prices [true class, said class]."""
    random = np.random.default_rng(62)
    truth, said_a, said_b = _help_line()
    cases = []
    for miss in (2, 10):
        cost = np.array([[0, 1], [miss, 0]])
        cases.append(
            (f"For the messages of the task and a miss at {miss}", (truth, said_a, said_b), cost)
        )
    read = np.array([[0.0, 1.5], [30.0, 1.5]])  # whoever reads a message takes time, alarm or not
    cases.append(("With a price for every message that is read", (truth, said_b, said_a), read))
    for classes, rows, right in ((3, 50, (0.9, 0.6)), (6, 300, (0.5, 0.8)), (4, 120, (0.7, 0.7))):
        truth = random.integers(classes, size=rows)
        said = [
            np.where(random.random(rows) < share, truth, random.integers(classes, size=rows))
            for share in right
        ]
        cost = random.integers(1, 20, size=(classes, classes)).astype(float)
        np.fill_diagonal(cost, random.integers(0, 4, size=classes))
        cases.append((f"With {rows} rows of {classes} classes", (truth, *said), cost))
    return cases


def _help_line() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The 1,000 messages of the task: the truth, and what a and b say; 1 is urgent."""
    truth = np.repeat([1, 0], [100, 900])
    said = []
    for name in MISSES:
        counts = [100 - MISSES[name], MISSES[name], ALARMS[name], 900 - ALARMS[name]]
        said.append(np.repeat([1, 0, 1, 0], counts))
    order = np.random.default_rng(6).permutation(1000)
    return truth[order], said[0][order], said[1][order]


def _check_saving(name: str, saving: float, arrays, cost: np.ndarray, told: str) -> None:
    """Refuse another name or saving than the mean prices of these rows give."""
    truth, *said = arrays
    means = [cost[truth, one].mean() for one in said]
    wanted, right = ("a", "b")[int(np.argmin(means))], abs(means[0] - means[1])
    prices = f"{told}, a costs {means[0]:.3f} a row and b {means[1]:.3f}"
    if name == wanted and np.isclose(saving, right, rtol=0, atol=1e-6):
        return
    if name != wanted:
        shares = [(one == truth).mean() for one in said]
        lead = ""
        if shares[0] != shares[1] and name == ("a", "b")[int(np.argmax(shares))]:
            lead = ": it is right more often, and yet it costs more"
        raise NotYet(f"{prices}, but you take {name}{lead}.")
    mistakes = {
        "that is the saving on all rows together": right * len(truth),
        "it saves, so the number is above 0": means["ab".index(name)] - max(means),
        "that is what it costs, not what it saves": min(means),
        "you look up cost[said, true]; the true class is the row": abs(
            cost[said[0], truth].mean() - cost[said[1], truth].mean()
        ),
        "you count the mistakes alone, but here a right answer has its price too": abs(
            _price_of_mistakes(truth, said[0], cost) - _price_of_mistakes(truth, said[1], cost)
        ),
    }
    reasons = [why for why, value in mistakes.items() if np.isclose(saving, value, atol=1e-6)]
    raise NotYet(f"{prices}; your saving is {saving:g}{': ' + reasons[0] if reasons else ''}.")


def _price_of_mistakes(truth: np.ndarray, said: np.ndarray, cost: np.ndarray) -> float:
    return np.where(said == truth, 0, cost[truth, said]).mean()


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
        if isinstance(answer, bool | np.bool_):
            raise NotYet(f"Return one number, not {kind_of(answer)}.")
        _check_value(number(answer, "From threshold"), confidence, right, goal)
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
