"""The exercises of notebook 07: windows over a long text, the best checkpoint, several labels."""

from collections.abc import Callable

import numpy as np

from . import NotYet, define


@define(
    "07.1",
    hint=(
        "The windows start at 0, step, 2 · step and so on; each is `ids[start : start + size]`. "
        "Stop after the first window that reaches the end: start + size is at least len(ids)."
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
def judge_windows(windows: Callable) -> str:
    """Judge a function (ids, size, step) -> list of lists of ids."""
    for n, size, step in [(10, 4, 2), (11, 4, 2), (9, 3, 3), (8, 3, 3), (3, 5, 2), (5, 5, 1)]:
        ids = list(range(100, 100 + n))
        found = windows(list(ids), size, step)
        if found is None:
            raise NotYet("windows returns nothing: does it end with return?")
        found = [list(window) for window in found]
        wanted = [ids[i : i + size] for i in range(0, max(n - size, 0) + step, step)]
        if found == wanted:
            continue
        case = f"With {n} ids, size {size} and step {step}"
        read = {i for window in found for i in window}
        longest = max((len(window) for window in found), default=0)
        if lost := sorted(set(ids) - read):
            raise NotYet(f"{case} no window holds ids[{lost[0] - 100}].")
        if longest > size:
            raise NotYet(f"{case} one of your windows has {longest} ids.")
        if len(found) > len(wanted) and found[: len(wanted)] == wanted:
            raise NotYet(
                f"{case} you make {len(found)} windows. Number {len(wanted)} reaches the end of "
                "the text: what comes after it only repeats ids that have been read."
            )
        starts = [window[0] - 100 for window in found if window]
        should = [window[0] - 100 for window in wanted]
        if starts == should:
            raise NotYet(f"{case} the starts are right, but not the lengths of the windows.")
        raise NotYet(f"{case} your windows start at {starts}; they should start at {should}.")
    return "Every id is read, and no window only repeats what others have read."


@define(
    "07.2",
    hint=(
        "Keep the entries that have the metric among their keys; the others are notes on the "
        "training loss. Then `min` or `max` with `key=lambda entry: entry[metric]` finds the "
        "entry, and its step is what to return."
    ),
    solution="""
    def best_step(log_history, metric, greater_is_better):
        checks = [entry for entry in log_history if metric in entry]
        pick = max if greater_is_better else min
        return pick(checks, key=lambda entry: entry[metric])["step"]
    """,
)
def judge_best_step(best_step: Callable) -> str:
    """Judge a function (log_history, metric, greater_is_better) -> step."""
    losses, accuracies = [0.69, 0.55, 0.48, 0.48, 0.61], [0.50, 0.75, 0.73, 0.79, 0.79]
    log = []
    for i, (loss, accuracy) in enumerate(zip(losses, accuracies, strict=True)):
        step = 10 * (i + 1)
        log.append({"step": step - 5, "epoch": i + 0.5, "loss": 0.7 - 0.14 * i})
        log.append({"step": step, "epoch": i + 1.0, "eval_loss": loss, "eval_accuracy": accuracy})
    log.append({"step": 50, "epoch": 5.0, "train_loss": 0.01, "train_runtime": 180.0})
    for metric, greater, values in [
        ("eval_loss", False, losses),
        ("eval_accuracy", True, accuracies),
    ]:
        found = best_step([dict(entry) for entry in log], metric, greater)
        if found is None:
            raise NotYet("best_step returns nothing: does it end with return?")
        row = int(np.argmax(values) if greater else np.argmin(values))
        wanted = 10 * (row + 1)
        if isinstance(found, (int, float, np.number)) and found == wanted:
            continue
        listed = ", ".join(f"{10 * (i + 1)}: {value}" for i, value in enumerate(values))
        case = f"The log has {metric} by step {listed}; {'high' if greater else 'low'} is better"
        best = values[row]
        tied = [10 * (i + 1) for i, value in enumerate(values) if value == best]
        worst = 10 * (int(np.argmin(values) if greater else np.argmax(values)) + 1)
        slips = {
            "that is the value, not its step": best,
            "that is a place in the list, not a step": row,
            "that is the epoch, not the step": row + 1.0,
            "that is the worst": worst,
            "that step is no evaluation: leave out the entries on the training loss": 45,
            "two are equally good: take the earlier": tied[-1],
            "that is simply the last": 50,
        }
        why = [slip for slip, value in slips.items() if np.array_equal(found, value)]
        reason = f"; {why[0]}" if why else ""
        raise NotYet(f"{case}. The best step is {wanted}, yours is {found!r}{reason}.")
    return "The step is right for a loss and for an accuracy, and of two equals it is the earlier."


@define(
    "07.3",
    hint=(
        "The sigmoid of a logit x is 1 / (1 + np.exp(-x)); it turns each logit into a probability "
        "of its own. Then, for each row, list the names whose probability is at least the "
        "threshold; for some rows there may be none."
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
def judge_names_of(names_of: Callable) -> str:
    """Judge a function (logits [n, labels], names, threshold) -> n lists of names."""
    names = ["sadness", "joy", "love", "anger"]
    logits = np.array(
        [[2.0, -1.0, 1.5, -3.0], [-2.0, -1.2, -2.5, -4.0], [0.3, 0.2, 0.1, 0.4], [-3, 0.7, -0.2, 1]]
    )
    rows = np.exp(logits)
    softmax = rows / rows.sum(axis=1, keepdims=True)

    def chosen(values, threshold):
        return [
            [name for name, v in zip(names, row, strict=True) if v >= threshold] for row in values
        ]

    for threshold in (0.5, 0.4, 0.85):
        wanted = chosen(1 / (1 + np.exp(-logits)), threshold)
        found = names_of(logits.copy(), list(names), threshold)
        if found is None:
            raise NotYet("names_of returns nothing: does it end with return?")
        found = [list(row) for row in found]
        if len(found) != len(logits):
            raise NotYet(f"{len(logits)} rows of logits went in, {len(found)} lists came out.")
        if [sorted(map(str, row)) for row in found] == [sorted(row) for row in wanted]:
            continue
        top = [[names[i]] for i in logits.argmax(axis=1)]
        slips = {
            "that is softmax: its probabilities add up to 1, so that labels take from each other": (
                chosen(softmax, threshold)
            ),
            "you compare the logits themselves with the threshold: sigmoid first": (
                chosen(logits, threshold)
            ),
            "that is the one best label of each row: there may be several, or none": top,
            "where no label reaches the threshold, the list stays empty": (
                [row or best for row, best in zip(wanted, top, strict=True)]
            ),
        }
        why = [slip for slip, value in slips.items() if found == value]
        place = next(i for i, row in enumerate(found) if sorted(map(str, row)) != sorted(wanted[i]))
        reason = f"; {why[0]}" if why else ""
        raise NotYet(
            f"Threshold {threshold}, logits {logits[place].tolist()}: yours are "
            f"{found[place] or 'none'}, expected {wanted[place] or 'none'}{reason}."
        )
    return "Each label is judged by its own probability: several may be right, or none."
