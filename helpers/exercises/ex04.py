"""The exercises of notebook 04: macro F1 by hand, a metric, label maps, an honest interval."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

from ..corpora import load_corpus
from . import NotYet, define


def _names() -> list[str]:
    return load_corpus("emotion")["train"].features["label"].names


def _number(value, call: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise NotYet(f"{call} gives {value!r}: a single number is asked for.") from None
    if np.isnan(number):
        raise NotYet(
            f"{call} gives nan: somewhere 0 was divided by 0. What has no row counts as 0 here."
        )
    return number


@define(
    "04.1",
    hint=(
        "For each class count three things: rows where it is both given and predicted, rows where "
        "it is given, rows where it is predicted. F1 is 2 * both / (given + predicted), and 0 "
        "where both is 0. The mean goes over all n_classes."
    ),
    solution="""
    def macro_f1(y_true, y_pred, n_classes):
        scores = []
        for i in range(n_classes):
            given = [label == i for label in y_true]
            predicted = [label == i for label in y_pred]
            both = sum(g and p for g, p in zip(given, predicted))
            scores.append(2 * both / (sum(given) + sum(predicted)) if both else 0)
        return sum(scores) / n_classes
    """,
)
def judge_macro_f1(macro_f1: Callable) -> str:
    """Judge a function (y_true, y_pred, n_classes) -> number on random labels, also with gaps."""
    from sklearn.metrics import f1_score, precision_score, recall_score

    rng = np.random.default_rng(4)
    cases = []
    for n_classes, given, answers in ((3, 3, 3), (6, 6, 4), (5, 4, 5), (4, 3, 3)):
        y_true = np.concatenate([np.arange(given), rng.integers(given, size=40) // 2])
        noise = rng.integers(answers, size=len(y_true))
        y_pred = np.where(rng.random(len(y_true)) < 0.6, y_true, noise) % answers
        cases.append((y_true.tolist(), y_pred.tolist(), n_classes))
    for y_true, y_pred, k in cases:
        call = f"macro_f1 on {len(y_true)} rows with n_classes={k}"
        options = {"labels": range(k), "zero_division": 0}
        found = _number(macro_f1(list(y_true), list(y_pred), k), call)
        expected = f1_score(y_true, y_pred, average="macro", **options)
        if abs(found - expected) < 1e-6:
            continue
        by_class = f1_score(y_true, y_pred, average=None, **options)
        slips = {
            "that is the accuracy, which is micro F1": np.mean(np.equal(y_true, y_pred)),
            "that is the weighted mean: each class must count alike, however many rows it has": (
                f1_score(y_true, y_pred, average="weighted", **options)
            ),
            "that is the mean precision": precision_score(
                y_true, y_pred, average="macro", **options
            ),
            "that is the mean recall": recall_score(y_true, y_pred, average="macro", **options),
            "that leaves a class out: divide by n_classes": by_class[np.unique(y_true)].mean(),
        }
        why = [slip for slip, value in slips.items() if abs(found - value) < 1e-6]
        listed = ", ".join(f"{score:.2f}" for score in by_class)
        missing = sorted(set(range(k)) - set(y_true))
        gap = f" (class {missing[0]} is given nowhere)" if missing else ""
        raise NotYet(
            f"{call}{gap} gives {found:.4f} and should give {expected:.4f}; "
            f"{why[0] if why else f'it is the mean of the F1 scores of the classes, {listed}'}."
        )
    return f"{len(cases)} sets of labels, some with classes that never occur: all agree."


@define(
    "04.2",
    hint=(
        "Begin as in compute_metrics, with argmax over the last axis. For each class i among the "
        "labels, the recall is the mean of (predicted == i) over the rows whose label is i."
    ),
    solution="""
    def my_metrics(prediction):
        predicted = prediction.predictions.argmax(axis=-1)
        labels = prediction.label_ids
        recalls = [(predicted[labels == i] == i).mean() for i in np.unique(labels)]
        return {"accuracy": (predicted == labels).mean(), "lowest_recall": min(recalls)}
    """,
)
def judge_metrics(my_metrics: Callable) -> str:
    """Judge a function EvalPrediction -> dict on random logits, one set without class 0."""
    from sklearn.metrics import confusion_matrix

    rng = np.random.default_rng(5)
    for k, n, first in ((6, 90, 0), (4, 60, 1)):
        labels = np.concatenate([np.arange(first, k), rng.integers(first, k, size=n)])
        logits = rng.normal(size=(len(labels), k)).astype(np.float32)
        logits[np.arange(len(labels)), labels] += np.linspace(0.5, 2, k)[labels]
        given = SimpleNamespace(predictions=logits.copy(), label_ids=labels.copy())
        case = f"For logits of the shape {list(logits.shape)}"
        if first:
            case += " and labels among which class 0 does not occur"
        try:
            scores = my_metrics(given)
        except NotImplementedError:
            raise
        except Exception as error:
            raise NotYet(
                f"{case}, your function raised {type(error).__name__}: {error}. predictions holds "
                "the logits, one row a post; label_ids the labels."
            ) from None
        if not isinstance(scores, dict):
            raise NotYet(
                f"Your function returns a {type(scores).__name__}; Trainer wants a dict from names "
                "to numbers."
            )
        if missing := {"accuracy", "lowest_recall"} - set(scores):
            raise NotYet(f"The dict has no {missing.pop()!r}, only {', '.join(map(repr, scores))}.")
        counts = confusion_matrix(labels, logits.argmax(1), labels=range(k))
        right, rows, answers = counts.diagonal(), counts.sum(1), counts.sum(0)
        accuracy = _number(scores["accuracy"], "accuracy")
        if abs(accuracy - right.sum() / rows.sum()) > 1e-6:
            raise NotYet(
                f"{case}, the accuracy is {right.sum() / rows.sum():.4f}, not {accuracy:.4f}: is "
                "the predicted class the place of the largest logit of each row?"
            )
        lowest = _number(scores["lowest_recall"], "lowest_recall")
        recalls = right[rows > 0] / rows[rows > 0]
        if abs(lowest - recalls.min()) > 1e-6:
            absent = {"a class that no row carries has no recall: leave it out": 0.0}
            slips = (absent if first else {}) | {
                "that is the mean recall": recalls.mean(),
                "that is a precision: divide by the rows that carry the label": (
                    right[answers > 0] / answers[answers > 0]
                ).min(),
                "that is the highest": recalls.max(),
            }
            why = [slip for slip, value in slips.items() if abs(lowest - value) < 1e-6]
            raise NotYet(
                f"{case}, the lowest recall is {recalls.min():.4f}, not {lowest:.4f}"
                + (f"; {why[0]}." if why else ": go through the classes one by one.")
            )
    return "Trainer could use it as it is, and would show eval_lowest_recall."


@define(
    "04.3",
    hint=(
        "Two steps for each predicted id: id2label gives its name, and the place of this name in "
        "names is our id. Mind that the keys may be numbers or strings."
    ),
    solution="""
    def to_our_ids(predicted, id2label, names):
        name_of = {int(i): name for i, name in id2label.items()}
        return [names.index(name_of[int(i)]) for i in predicted]
    """,
)
def judge_to_our_ids(to_our_ids: Callable) -> str:
    """Judge a function (ids, id2label, names) -> ids on shuffled label maps."""
    names = _names()
    rng = np.random.default_rng(6)
    shifted = names[2:] + names[:2]
    for theirs, as_text in ((shifted, False), (sorted(names), False), (shifted[::-1], True)):
        id2label = {str(i) if as_text else i: name for i, name in enumerate(theirs)}
        predicted = rng.permutation([*range(len(names))] * 2).tolist()
        keys = "strings, as in a config.json" if as_text else "numbers"
        case = f"Where their id 0 means {theirs[0]!r} (keys: {keys})"
        try:
            found = to_our_ids(list(predicted), dict(id2label), list(names))
        except KeyError as error:
            raise NotYet(f"{case}, your function finds no key {error} in id2label.") from None
        if found is None or isinstance(found, str) or not hasattr(found, "__len__"):
            raise NotYet(f"{case}, your function returns {found!r}: a list of ids, please.")
        if len(found) != len(predicted):
            raise NotYet(f"{case}, {len(predicted)} ids went in and {len(found)} came out.")
        for theirs_id, ours in zip(predicted, found, strict=True):
            name = theirs[theirs_id]
            if isinstance(ours, str):
                raise NotYet(f"{case}, you return the name {ours!r}: our id of it is asked for.")
            if int(ours) != names.index(name):
                meaning = repr(names[int(ours)]) if 0 <= int(ours) < len(names) else "nothing"
                raise NotYet(
                    f"{case}, their id {theirs_id} means {name!r}. You turn it into {int(ours)}, "
                    f"which with us means {meaning}; it should be {names.index(name)}."
                )
    return "Three foreign orders of the labels, and every prediction keeps its meaning."


@define(
    "04.4",
    hint=(
        "Take the difference post by post first: right_b - right_a. Then do with these numbers "
        "what interval does: draw rows with repetition, take the mean, many times, and read off "
        "the percentiles 2.5 and 97.5."
    ),
    solution="""
    def difference_interval(right_a, right_b, rounds=2000):
        difference = np.asarray(right_b, dtype=float) - np.asarray(right_a, dtype=float)
        rng = np.random.default_rng(0)
        rows = rng.integers(len(difference), size=(rounds, len(difference)))
        return np.percentile(difference[rows].mean(axis=1), [2.5, 97.5])
    """,
)
def judge_difference_interval(difference_interval: Callable) -> str:
    """Judge a function (right_a, right_b) -> (low, high): a paired 95 % interval."""
    rng = np.random.default_rng(7)
    for n, only_a, only_b in ((500, 20, 40), (400, 25, 20)):
        kinds = rng.permutation(
            np.repeat([0, 1, 2, 3], [only_a, only_b, n // 2, n - n // 2 - only_a - only_b])
        )
        a, b = np.isin(kinds, (0, 2)), np.isin(kinds, (1, 2))
        difference = (only_b - only_a) / n
        spread = 1.96 * np.sqrt(((only_a + only_b) / n - difference**2) / n)
        loose = 1.96 * np.sqrt((a.var() + b.var()) / n)
        try:
            low, high = difference_interval(a.astype(float), b.astype(float))
        except (TypeError, ValueError) as error:
            raise NotYet(f"Return two numbers, low and high ({error}).") from None
        low, high = _number(low, "low"), _number(high, "high")
        said = (
            f"On {n} rows with {only_b - only_a:+d} right answers for b, {low:+.3f} to {high:+.3f}"
        )
        if abs((low + high) / 2 + difference) < 0.15 * spread:
            raise NotYet(f"{said} has the wrong sign: the difference is b minus a.")
        if not low < difference < high or abs((low + high) / 2 - difference) > 0.3 * spread:
            raise NotYet(f"{said} does not lie around the difference, {difference:+.3f}.")
        width = (high - low) / 2 / spread
        if 0.8 * loose < (high - low) / 2 < 1.25 * loose:
            raise NotYet(
                f"{said} is too wide: it treats the two models as if they had been scored on "
                "different posts. Draw the same rows for both."
            )
        if width > 1.1:
            raise NotYet(f"{said} is too wide: the mean of {n} rows moves less than that.")
        if width < 0.9:
            raise NotYet(f"{said} is too narrow for 95 %: cut off 2.5 % on each side only.")
    return f"Where b leads by {difference:+.3f}, your interval is {low:+.3f} to {high:+.3f}."
