"""The exercises of notebook 07: windows over a long text, the best checkpoint, several labels."""

from collections.abc import Callable

import numpy as np

from . import NotYet, define
from .answers import call, kind_of

WINDOW_CASES = [  # how many ids, size, step
    (11, 5, 2),
    (13, 5, 4),
    (10, 4, 2),
    (7, 4, 1),
    (9, 3, 3),
    (8, 3, 3),
    (3, 5, 2),
    (5, 5, 1),
]
EVALUATIONS = [  # steps, and the metrics at each: below 0, at 0, above 1, and with equals
    (
        [23, 46, 60, 92, 117],
        {
            "eval_loss": [0.69, 0.55, 0.48, 0.48, 0.61],
            "eval_accuracy": [0.5, 0.79, 0.73, 0.75, 0.79],
            "eval_correlation": [-0.31, -0.12, -0.05, -0.4, -0.05],
            "eval_error": [0.12, 0.0, 0.05, 0.0, 0.3],
        },
    ),
    (
        [50, 75, 130],
        {"eval_loss": [2.4, 1.9, 1.3], "eval_accuracy": [0.41, 0.62, 0.58]},
    ),
]
LABELLED = [  # names, logits, thresholds; a logit of 0 is a probability of exactly one half
    (
        ["sadness", "joy", "love", "anger"],
        [
            [2.0, -1.0, 1.5, -3.0],
            [-2.0, -1.2, -2.5, -4.0],
            [0.3, 0.2, 0.1, 0.4],
            [-3.0, 0.7, -0.2, 1.0],
            [0.0, -0.01, 0.9, -0.6],
        ],
        [0.5, 0.4, 0.85],
    ),
    (["plot", "music"], [[0.0, 1.2], [-0.7, -0.1], [3.0, 0.4]], [0.5, 0.3]),
]


@define(
    "07.1",
    hint=(
        "Ten ids, size 4, step 3: at which places do the windows start? Which one is the first to "
        "hold the last id, and what would one more window add?"
    ),
    step=(
        "Let a loop go over the starts: `range` takes a third number. At each start cut one "
        "window; then find, from start, size and the number of ids, how to tell that it was the "
        "last."
    ),
    solution="""
    def windows(ids, size, step):
        found = []
        for start in range(0, len(ids), step):
            found.append(ids[start : start + size])
            if start + size >= len(ids):
                break
        return found
    """,
)
def check_windows(windows: Callable) -> str:
    """Check a function (ids, size, step) -> list of lists of ids."""
    for n, size, step in WINDOW_CASES:
        ids = list(range(100, 100 + n))
        answer = listed_windows(call(windows, list(ids), size, step, seconds=3))
        wanted = windows_of(ids, size, step)
        if answer != wanted:
            off = off_in_windows(answer, wanted, ids, size, step)
            raise NotYet(f"With {n} ids, size {size} and step {step} {off}")
    ids = [5, 8, 9, 5, 8, 7, 9]
    answer, wanted = (
        listed_windows(call(windows, list(ids), 3, 2, seconds=3)),
        windows_of(ids, 3, 2),
    )
    if answer != wanted:
        raise NotYet(
            f"Token ids come again in a text. With the ids {ids}, size 3 and step 2 the windows "
            f"are {wanted}, yours {answer}: go by the places of the ids, not by their values."
        )
    return "Every id is read, and no window only repeats what others have read."


def windows_of(ids: list[int], size: int, step: int) -> list[list[int]]:
    """The windows that start at every `step` up to the one that reaches the end."""
    return [ids[i : i + size] for i in range(0, max(len(ids) - size, 0) + step, step)]


def listed_windows(answer) -> list[list]:
    """What a learner's function returned, as a list of lists; in one sentence if it is none."""
    if not isinstance(answer, list | tuple | np.ndarray) or getattr(answer, "shape", None) == ():
        raise NotYet(f"windows returns {kind_of(answer)}: it should be a list of lists.")
    for window in answer:
        if not isinstance(window, list | tuple | np.ndarray):
            raise NotYet(
                f"The list that windows returns holds {kind_of(window)}: each window should be a "
                "list of its own."
            )
        for token_id in window:
            if not isinstance(token_id, int | np.integer):
                raise NotYet(
                    f"One of your windows holds {kind_of(token_id)} where an id should be."
                )
    return [list(window) for window in answer]


def off_in_windows(
    answer: list[list], wanted: list[list], ids: list[int], size: int, step: int
) -> str:
    """What is off, for ids that follow on one another from 100."""
    if step < size and answer == windows_of(ids, size, size - step):
        return f"your windows start {size - step} apart: you took step for what two windows share."
    if answer == windows_of(ids, step, size):
        return f"your windows have {step} ids and start {size} apart: size and step have swapped."
    read = {i for window in answer for i in window}
    longest = max((len(window) for window in answer), default=0)
    if lost := sorted(set(ids) - read):
        return f"no window holds ids[{lost[0] - 100}]."
    if longest > size:
        return f"one of your windows has {longest} ids."
    return off_in_starts(answer, wanted)


def off_in_starts(answer: list[list], wanted: list[list]) -> str:
    """The same, where every id is read and no window is too long."""
    if len(answer) > len(wanted) and answer[: len(wanted)] == wanted:
        return (
            f"you make {len(answer)} windows. Number {len(wanted)} reaches the end of the text: "
            "what comes after it only repeats ids that have been read."
        )
    starts = [window[0] - 100 for window in answer if window]
    should = [window[0] - 100 for window in wanted]
    if starts == should:
        return "the starts are right, but not what stands in the windows."
    return f"your windows start at {starts}; they should start at {should}."


@define(
    "07.2",
    hint=(
        "Three evaluations have the losses 0.9, 0.4 and 0.4: which step is wanted, and which if "
        "higher were better? What tells an evaluation from a note on the training loss?"
    ),
    step=(
        "First keep only the entries that have the metric as a key. Then look up what `min` and "
        "`max` do with `key=`, and which of two equals they give."
    ),
    solution="""
    def best_step(log_history, metric, greater_is_better):
        checks = [entry for entry in log_history if metric in entry]
        pick = max if greater_is_better else min
        return pick(checks, key=lambda entry: entry[metric])["step"]
    """,
)
def check_best_step(best_step: Callable) -> str:
    """Check a function (log_history, metric, greater_is_better) -> step."""
    any_right = False
    for steps, metrics in EVALUATIONS:
        log = log_of(steps, metrics)
        for metric, values in metrics.items():
            for greater in (False, True):
                best = max(values) if greater else min(values)
                wanted = steps[values.index(best)]
                listed = ", ".join(f"{s}: {v}" for s, v in zip(steps, values, strict=True))
                case = f"The log has {metric} by step {listed}"
                answer = step_from(best_step, log, metric, greater, case if any_right else "")
                if not isinstance(answer, int | float | np.number) or answer != wanted:
                    raise NotYet(
                        f"{case}; with greater_is_better={greater} the best step is {wanted}, "
                        f"yours is {answer!r}{off_in_step(answer, log, metric, greater)}."
                    )
                any_right = True
    return "The step is right whichever way is better, and of two equals it is the earlier."


def step_from(best_step: Callable, log: list[dict], metric: str, greater: bool, case: str):
    """What the function returns. case: said if it returns nothing, once it has been right."""
    try:
        step = call(best_step, [dict(entry) for entry in log], metric, greater, seconds=3)
        return step.item() if getattr(step, "shape", None) == () else step
    except NotYet as reason:
        if case and "returns nothing" in str(reason):
            raise NotYet(
                f"{case}; with greater_is_better={greater} best_step returns nothing. Does it "
                "begin with a best value that none of these can beat? Begin with the first."
            ) from None
        raise
    except KeyError as error:
        if metric not in str(error):
            raise
        raise NotYet(
            f"Not every entry of the log has {metric}, only those of an evaluation: take these out "
            "first."
        ) from None


def log_of(steps: list[int], metrics: dict[str, list[float]]) -> list[dict]:
    """A log as Trainer keeps it: notes on the training loss between the evaluations."""
    log = []
    for i, step in enumerate(steps):
        evaluation = {metric: values[i] for metric, values in metrics.items()}
        log.append({"step": step - 3, "epoch": i + 0.5, "loss": 0.7 - 0.1 * i})
        log.append({"step": step, "epoch": i + 1.0, **evaluation})
    log.append({"step": steps[-1], "epoch": float(len(steps)), "train_loss": 0.01})
    return log


def off_in_step(answer, log: list[dict], metric: str, greater: bool) -> str:
    """Why a learner's step may be what it is, to be added to a sentence; "" if nobody knows."""
    checks = [entry for entry in log if metric in entry]
    values = [entry[metric] for entry in checks]
    pick = max if greater else min
    best, worst = pick(values), min(values) if greater else max(values)
    place = values.index(best)
    others = [entry for entry in checks if entry[metric] != 0]
    turned = f"that is the {'lowest' if greater else 'highest'}, the other end was asked for"
    best_but_zero = pick(others, key=lambda entry: entry[metric])["step"]
    slips = [
        ("that is the whole entry, not its step", checks[place]),
        ("that is the value, not its step", best),
        ("that is a place in the list, not a step", place),
        ("that is the epoch, not the step", checks[place]["epoch"]),
        ("that is a place in the list, not a step", log.index(checks[place])),
        ("two are equally good: take the earlier", last_step_of(best, checks, metric)),
        ("0 is a value like any other: ask whether the metric is there", best_but_zero),
        (turned, checks[values.index(worst)]["step"]),
        (turned, last_step_of(worst, checks, metric)),
    ]
    slips += [
        ("that step is no evaluation: leave out the entries on the training loss", entry["step"])
        for entry in log
        if "loss" in entry
    ]
    slips.append(("that is simply the last", checks[-1]["step"]))
    slips += [
        (f"that is the best by {other}", pick(checks, key=lambda entry: entry[other])["step"])
        for other in checks[0]
        if other.startswith("eval_")
    ]
    return next((f"; {slip}" for slip, value in slips if same_value(answer, value)), "")


def last_step_of(value: float, checks: list[dict], metric: str) -> int:
    return [entry["step"] for entry in checks if entry[metric] == value][-1]


def same_value(answer, value) -> bool:
    return isinstance(answer, int | float | np.number | dict) and answer == value


@define(
    "07.3",
    hint=(
        "Three labels of a text have the logits 2, 0 and -3: how probable is each, taken by "
        "itself? Which of them does the text get with a threshold of 0.5, and which with 0.9?"
    ),
    step=(
        "Turn each logit into a probability of its own: not with softmax, but with the sigmoid, 1 "
        "/ (1 + np.exp(-x)). Then write down the names for one row, before you go through all."
    ),
    solution="""
    def names_of(logits, names, threshold):
        probabilities = 1 / (1 + np.exp(-np.array(logits)))
        return [
            [name for name, p in zip(names, row, strict=True) if p >= threshold]
            for row in probabilities
        ]
    """,
)
def check_names_of(names_of: Callable) -> str:
    """Check a function (logits [n, labels], names, threshold) -> n lists of names."""
    for names, rows, thresholds in LABELLED:
        logits = np.array(rows)
        for threshold in thresholds:
            answer = call(names_of, logits.copy(), list(names), threshold, seconds=3)
            answer = listed_names(answer, len(logits))
            wanted = names_at(sigmoid(logits), names, threshold)
            for row, yours, right in zip(logits, answer, wanted, strict=True):
                if sorted(map(str, yours)) != sorted(right):
                    raise NotYet(
                        f"Threshold {threshold}, logits {row.tolist()} of {', '.join(names)}: "
                        f"yours are {yours or 'none'}, expected {right or 'none'}"
                        f"{off_in_names(answer, logits, names, threshold)}."
                    )
    return "Each label is judged by its own probability: several may be right, or none."


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))


def names_at(values: np.ndarray, names: list[str], threshold: float) -> list[list[str]]:
    """For each row, the names whose value is at least the threshold."""
    return [[name for name, v in zip(names, row, strict=True) if v >= threshold] for row in values]


def listed_names(answer, n: int) -> list[list]:
    """What a learner's function returned, as n lists; in one sentence if it is not that."""
    if not isinstance(answer, list | tuple | np.ndarray) or getattr(answer, "shape", None) == ():
        raise NotYet(
            f"names_of returns {kind_of(answer)}: it should be a list with a list per row."
        )
    for row in answer:
        if not isinstance(row, list | tuple | np.ndarray):
            raise NotYet(
                f"For one of the rows names_of gives {row!r}, {kind_of(row)}: give a list of names "
                "for each row, also for one name or none."
            )
    if len(answer) != n:
        raise NotYet(f"{n} rows of logits went in, {len(answer)} lists came out.")
    return [list(row) for row in answer]


def off_in_names(answer: list[list], logits: np.ndarray, names: list[str], threshold: float) -> str:
    """Why a learner's names may be what they are, to be added to a sentence; "" if nobody knows."""
    if any(isinstance(name, int | np.integer) for row in answer for name in row):
        return "; give the names of the labels, not their places"
    if strangers := [str(name) for row in answer for name in row if name not in names]:
        return f"; {strangers[0]} is not among the names that were passed"
    p = sigmoid(logits)
    wanted = names_at(p, names, threshold)
    exponentials = np.exp(logits)
    softmax = exponentials / exponentials.sum(axis=1, keepdims=True)
    top = [[names[i]] for i in logits.argmax(axis=1)]
    slips = {
        "that is softmax: its probabilities add up to 1, so that labels take from each other": (
            names_at(softmax, names, threshold)
        ),
        "you compare the logits themselves with the threshold: sigmoid first": (
            names_at(logits, names, threshold)
        ),
        "that is the one best label of each row: there may be several, or none": top,
        "where no label reaches the threshold, the list stays empty": (
            [row or best for row, best in zip(wanted, top, strict=True)]
        ),
        "a probability that equals the threshold is enough": (
            names_at(p, names, np.nextafter(threshold, 1))
        ),
        "compare the probability as it is, not rounded": names_at(p.round(2), names, threshold),
        "that is 1 / (1 + np.exp(x)): the logit needs a minus sign": (
            names_at(1 - p, names, threshold)
        ),
        "you go by a threshold of 0.5, whichever is passed": names_at(p, names, 0.5),
    }
    return next((f"; {slip}" for slip, value in slips.items() if answer == value), "")
