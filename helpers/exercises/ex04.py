"""The exercises of notebook 04: macro F1 by hand, a metric, label maps, an honest interval."""

from collections.abc import Callable, Mapping

import numpy as np

from ..corpora import load_corpus
from . import NotYet, define
from .answers import call, kind_of, same


def _names() -> list[str]:
    return load_corpus("emotion")["train"].features["label"].names


def _number(value, said: str, if_nan: str) -> float:
    """The value as a float; `said` begins the sentence that refuses it."""
    try:
        number = float("no number" if isinstance(value, str) else value)
    except (TypeError, ValueError, OverflowError):
        raise NotYet(f"{said} {value!s:.60}: a single number is asked for.") from None
    if np.isnan(number):
        raise NotYet(f"{said} nan: somewhere 0 was divided by 0. {if_nan}")
    return number


def _only(slips: dict[str, float], answer: float) -> str | None:
    """The slip that leads to this number, if there is exactly one."""
    named = [slip for slip, value in slips.items() if abs(answer - value) < 1e-6]
    return named[0] if len(named) == 1 else None


def _rounded(answer: float, wanted: float) -> str | None:
    """What to say about an answer that was rounded, if it was."""
    found = any(abs(answer - round(wanted, digits)) < 1e-9 for digits in range(1, 6))
    return "that is rounded: return the number as it is" if found else None


def _f1_cases() -> list[tuple[list[int], list[int], int]]:
    """Labels, predictions and number of classes; the first case is small enough to be shown."""
    rng = np.random.default_rng(4)
    cases = [([0, 2, 0, 1, 0, 1, 0], [1, 0, 0, 1, 2, 0, 1], 3)]
    for n_classes, given, answers in ((6, 6, 4), (5, 4, 5), (4, 3, 3), (9, 9, 9)):
        y_true = np.concatenate([np.arange(given), rng.integers(given, size=40) // 2])
        noise = rng.integers(answers, size=len(y_true))
        y_pred = np.where(rng.random(len(y_true)) < 0.6, y_true, noise) % answers
        order = rng.permutation(len(y_true))
        cases.append((y_true[order].tolist(), y_pred[order].tolist(), n_classes))
    return cases


@define(
    "04.1",
    hint=(
        "For the labels 0, 0, 1 and the predictions 0, 1, 1 with three classes, what is F1 of each "
        "class? By how many do you divide their sum?"
    ),
    step=(
        "For each class, count the rows where it is given, where it is predicted, and where it is "
        "both. Section 3 writes F1 with just these counts; mind the class that has none."
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
def check_macro_f1(macro_f1: Callable) -> str:
    """Check a function (y_true, y_pred, n_classes) -> number on random labels, also with gaps."""
    from sklearn.metrics import f1_score

    cases = _f1_cases()
    for y_true, y_pred, k in cases:
        case = f"macro_f1 on {len(y_true)} rows with n_classes={k}"
        if len(y_true) < 10:
            case = f"macro_f1({y_true}, {y_pred}, {k})"
        try:
            answer = call(macro_f1, list(y_true), list(y_pred), k, seconds=5)
        except ZeroDivisionError:
            raise NotYet(
                f"{case} divides by 0. A class without a single right prediction has F1 0: treat "
                "it before you divide."
            ) from None
        given = _number(answer, f"{case} gives", "A class without a right prediction has F1 0.")
        by_class = f1_score(y_true, y_pred, average=None, labels=range(k), zero_division=0)
        expected = by_class.mean()
        if abs(given - expected) < 1e-6:
            continue
        missing = sorted(set(range(k)) - set(y_true))
        gap = f" (class {missing[0]} is given nowhere)" if missing else ""
        listed = ", ".join(f"{score:.2f}" for score in by_class)
        why = _rounded(given, expected) or _only(_f1_slips(y_true, y_pred, k), given)
        raise NotYet(
            f"{case}{gap} gives {given:.6g} and should give {expected:.6f}; "
            f"{why or f'it is the mean of the F1 scores of the classes, {listed}'}."
        )
    return f"{len(cases)} sets of labels, some with classes that never occur: all agree."


def _f1_slips(y_true: list[int], y_pred: list[int], k: int) -> dict[str, float]:
    """What other formulas give for these labels, by what is to be said about them."""
    from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

    options = {"labels": range(k), "zero_division": 0}
    by_class = f1_score(y_true, y_pred, average=None, **options)
    precision = precision_score(y_true, y_pred, average="macro", **options)
    recall = recall_score(y_true, y_pred, average="macro", **options)
    return {
        "that is the accuracy, which is micro F1": accuracy_score(y_true, y_pred),
        "that is the weighted mean: each class must count alike, however many rows it has": (
            f1_score(y_true, y_pred, average="weighted", **options)
        ),
        "that is the mean precision": precision,
        "that is the mean recall": recall,
        "that is the F1 of mean precision and mean recall: compute F1 in each class first": (
            2 * precision * recall / (precision + recall)
        ),
        "that leaves a class out: divide by n_classes": by_class[np.unique(y_true)].mean(),
        "that is the sum over the classes: divide it by n_classes": by_class.sum(),
        "that is in per cent": 100 * by_class.mean(),
    }


@define(
    "04.2",
    hint=(
        "For the labels 0, 0, 2, 2 and the predictions 0, 2, 2, 2, what is the recall of each "
        "class? Is there one for class 1?"
    ),
    step=(
        "Get the predicted classes as `compute_metrics` of section 3 does. Then write the recall "
        "of one class: a boolean mask picks the rows that carry it as their label."
    ),
    solution="""
    def my_metrics(prediction):
        predicted = prediction.predictions.argmax(axis=-1)
        labels = prediction.label_ids
        recalls = [(predicted[labels == i] == i).mean() for i in np.unique(labels)]
        return {"accuracy": (predicted == labels).mean(), "lowest_recall": min(recalls)}
    """,
)
def check_metrics(my_metrics: Callable) -> str:
    """Check a function EvalPrediction -> dict on random logits, also with classes left out."""
    from transformers import EvalPrediction

    rng = np.random.default_rng(5)
    # classes, the class that is found worst, whether it is never found, the class without a row
    for k, worst, never, absent in ((6, 3, False, None), (4, 3, False, 0), (5, 1, True, 2)):
        kinds = [i for i in range(k) if i != absent]
        common, rare = [i for i in kinds if i != worst][:2]  # most rows missed, fewest rows
        others = [i for i in kinds if i != rare]
        rows = [rare] * 9 + [common] * 60 + kinds * 2 + rng.choice(others, size=90).tolist()
        labels = rng.permutation(rows)
        logits = rng.normal(size=(len(labels), k)).astype(np.float32)
        strength = np.where(np.arange(k) == worst, 0.3, 2.0)
        strength[common] = 1.2
        logits[np.arange(len(labels)), labels] += strength[labels]
        logits[:, worst] += -20 if never else 0.3
        given = EvalPrediction(predictions=logits.copy(), label_ids=labels.copy())
        case = f"For logits of the shape {list(logits.shape)}"
        if absent is not None:
            case += f" and labels among which class {absent} does not occur"
        try:
            scores = call(my_metrics, given, seconds=5)
        except (NotImplementedError, NotYet):
            raise
        except Exception as error:
            raise NotYet(
                f"{case}, your function raised {type(error).__name__}: {error}. predictions holds "
                "the logits, one row a post; label_ids the labels."
            ) from None
        if not (same(given.predictions, logits) and same(given.label_ids, labels)):
            raise NotYet(
                "my_metrics changes the arrays that it was given: make new ones and leave the "
                "Trainer's as they were."
            )
        _check_scores(scores, logits, labels, case)
    return "Trainer could use it as it is, and would show eval_lowest_recall."


def _check_scores(scores, logits: np.ndarray, labels: np.ndarray, case: str) -> None:
    """Refuse a dict whose accuracy or lowest recall is not that of these logits."""
    from sklearn.metrics import confusion_matrix

    if not isinstance(scores, dict):
        raise NotYet(
            f"Your function returns {kind_of(scores)}; Trainer wants a dict from names to numbers."
        )
    if missing := sorted({"accuracy", "lowest_recall"} - set(scores)):
        only = ", ".join(map(repr, scores)) or "nothing"
        raise NotYet(f"The dict has no {missing[0]!r}, only {only:.90}.")
    k = logits.shape[1]
    counts = confusion_matrix(labels, logits.argmax(1), labels=range(k))
    right, rows, answers = counts.diagonal(), counts.sum(1), counts.sum(0)
    recalls = right[rows > 0] / rows[rows > 0]
    answered = (rows > 0) & (answers > 0)
    wanted = right.sum() / rows.sum()
    answer = _number(scores["accuracy"], f"{case}, your accuracy is", "Divide by the rows.")
    if abs(answer - wanted) > 1e-6:
        slips = {
            "that is the mean recall": recalls.mean(),
            "that is in per cent": 100 * wanted,
            "that is the number of right rows: divide it by that of all": right.sum(),
        }
        why = _rounded(answer, wanted) or _only(slips, answer)
        why = why or "the predicted class is the place of a row's largest logit"
        raise NotYet(f"{case}, the accuracy is {wanted:.6f}, not {answer:.6g}; {why}.")

    wanted = recalls.min()
    leave_out = "A class that no row carries has no recall: leave it out."
    answer = _number(scores["lowest_recall"], f"{case}, your lowest recall is", leave_out)
    if abs(answer - wanted) < 1e-6:
        return
    most_missed = (rows - right).argmax()
    rarest = np.where(rows > 0, rows, len(labels)).argmin()
    slips = {
        "that is the mean recall": recalls.mean(),
        "that is a precision: divide by the rows that carry the label": (
            right[answered] / answers[answered]
        ).min(),
        "that is the highest": recalls.max(),
        "that is the recall of the class with the fewest rows, and another is found worse": (
            right[rarest] / rows[rarest]
        ),
        "that leaves out a class of which no row is found: its recall is 0": (
            recalls[recalls > 0].min() if not wanted else np.nan
        ),
        "that is in per cent": 100 * wanted if wanted else np.nan,
        "that is the recall of the class with the most rows missed, and another has a larger "
        "share of its rows missed": (right[most_missed] / rows[most_missed] if wanted else np.nan),
        "a class that no row carries has no recall: leave it out": (np.nan if rows.all() else 0.0),
    }
    why = _rounded(answer, wanted) if wanted else None
    why = why or _only(slips, answer) or "go through the classes one by one"
    raise NotYet(f"{case}, the lowest recall is {wanted:.6f}, not {answer:.6g}; {why}.")


@define(
    "04.3",
    hint=(
        "Their id 0 means joy, and your names are anger, fear, joy. Which of your ids means the "
        "same, and what leads from the one number to the other?"
    ),
    step=(
        "Go by way of the name: look up each of their ids in `id2label` first. Turn its keys into "
        "numbers before that, since they may be strings."
    ),
    solution="""
    def to_our_ids(predicted, id2label, names):
        name_of = {int(i): name for i, name in id2label.items()}
        return [names.index(name_of[int(i)]) for i in predicted]
    """,
)
def check_to_our_ids(to_our_ids: Callable) -> str:
    """Check a function (ids, id2label, names) -> ids on label maps in several orders."""
    names = _names()
    shifted = names[2:] + names[:2]
    languages = ["en", "fr", "de", "tr", "es", "it", "pt", "nl", "pl", "sv", "da", "fi"]
    rng = np.random.default_rng(6)
    # our names, their names in the order of their ids, whether their keys are strings
    for ours, theirs, as_text in (
        (names, shifted, False),
        (names, sorted(names), False),
        (names, shifted[::-1], True),
        (["negative", "neutral", "positive"], ["neutral", "positive", "negative"], False),
        (languages, sorted(languages), True),
    ):
        entries = [(str(i) if as_text else i, name) for i, name in enumerate(theirs)]
        id2label = dict(entries[k] for k in rng.permutation(len(entries)))
        predicted = rng.permutation([*range(len(theirs)), 1, 1]).tolist()
        case = f"Where their id2label is {id2label},"
        if len(theirs) > 6:
            case = f"Where their id2label has {len(theirs)} languages, and strings for keys,"
        try:
            answer = call(to_our_ids, list(predicted), dict(id2label), list(ours), seconds=5)
        except KeyError as error:
            keys = "strings, as in a config.json" if as_text else "numbers"
            raise NotYet(
                f"{case} your function looks up the key {error}, which is not there. The keys of "
                f"id2label are {keys}, its values are names."
            ) from None
        except (ValueError, IndexError) as error:
            raise NotYet(
                f"With the names {', '.join(ours)} your function raised {type(error).__name__}: "
                f"{error}. Take our ids from names and theirs from id2label, whatever they hold."
            ) from None
        _check_ids(answer, predicted, theirs, ours, case)
    return "Foreign orders of several sets of labels, and every prediction keeps its meaning."


def _check_ids(answer, predicted: list[int], theirs: list[str], ours: list[str], case: str) -> None:
    """Refuse what is not our id for each of their ids."""
    flat = hasattr(answer, "__len__") and len(getattr(answer, "shape", [0])) == 1
    if isinstance(answer, str | set | Mapping) or not flat:
        raise NotYet(f"{case} your function returns {kind_of(answer)}: a list of ids, please.")
    if len(answer) != len(predicted):
        raise NotYet(f"{case} {len(predicted)} ids went in and {len(answer)} came out.")
    for their_id, our_id in zip(predicted, answer, strict=True):
        name = theirs[their_id]
        if isinstance(our_id, str):
            kind = "the name" if our_id in ours else "the string"
            raise NotYet(f"{case} you return {kind} {our_id!r}: our id is asked for, a number.")
        if our_id is None or np.ndim(our_id):
            raise NotYet(f"{case} you return {our_id!r} for the id {their_id}: one id, please.")
        if our_id != ours.index(name):
            known = our_id in range(len(ours))
            meaning = repr(ours[int(our_id)]) if known else "nothing"
            raise NotYet(
                f"{case} their id {their_id} means {name!r}. You turn it into {our_id}, which "
                f"with us means {meaning}; it should be {ours.index(name)}."
            )


@define(
    "04.4",
    hint=(
        "Model a is right on posts 1, 2 and 3, model b on posts 2, 3 and 4. What is b minus a on "
        "each of the four posts? In one draw, may a and b get different posts?"
    ),
    step=(
        "First turn the two arrays into one that has a number for each post. Then read `interval` "
        "in section 8 again, and see what can take the place of its `values`."
    ),
    solution="""
    def difference_interval(right_a, right_b, rounds=2000):
        difference = np.asarray(right_b, dtype=float) - np.asarray(right_a, dtype=float)
        rng = np.random.default_rng(0)
        rows = rng.integers(len(difference), size=(rounds, len(difference)))
        return np.percentile(difference[rows].mean(axis=1), [2.5, 97.5])
    """,
)
def check_difference_interval(difference_interval: Callable) -> str:
    """Check a function (right_a, right_b) -> (low, high): a paired 95 % interval."""
    rng = np.random.default_rng(7)
    praise, off = "", []
    for n, only_a, only_b, kind in ((500, 20, 40, float), (400, 25, 20, int), (600, 30, 70, int)):
        both = (n - only_a - only_b) // 2
        neither = n - only_a - only_b - both
        row_kinds = rng.permutation(np.repeat([0, 1, 2, 3], [only_a, only_b, both, neither]))
        a = np.isin(row_kinds, (0, 2)).astype(kind)
        b = np.isin(row_kinds, (1, 2)).astype(kind)
        answer = call(difference_interval, a.copy(), b.copy(), seconds=20)
        low, high = _two_numbers(answer)
        off.append(_check_interval(low, high, a, b))
        if not praise:
            lead = (only_b - only_a) / n
            praise = f"Where b leads by {lead:+.3f}, your interval is {low:+.3f} to {high:+.3f}."
    if abs(np.mean(off)) > 0.06:
        raise NotYet(
            f"Your intervals lie too {'low' if np.mean(off) < 0 else 'high'}, each by a little: "
            "cut off 2.5 % on the left and 2.5 % on the right, and draw two thousand times or more."
        )
    return praise


def _two_numbers(answer) -> tuple[float, float]:
    listed = isinstance(answer, list | tuple) or len(getattr(answer, "shape", ())) == 1
    if not listed or len(answer) != 2:
        raise NotYet(
            f"difference_interval returns {kind_of(answer)}: return two numbers, low and high."
        )
    low, high = answer
    more = "Is the difference taken of numbers that are there?"
    return _number(low, "low is", more), _number(high, "high is", more)


def _check_interval(low: float, high: float, a: np.ndarray, b: np.ndarray) -> float:
    """Refuse an interval that is not near that of the formula for differences post by post.

    Returns by how much its middle is off, as a share of half its width.
    """
    n = len(a)
    difference = b.mean() - a.mean()
    half = 1.96 * (b - a).std() / np.sqrt(n)
    half_unpaired = 1.96 * np.sqrt((a.var() + b.var()) / n)
    answer, middle = (high - low) / 2, (low + high) / 2
    said = f"On {n} rows, {a.sum():.0f} of them right for a and {b.sum():.0f} for b, "
    said += f"{low:+.3f} to {high:+.3f}"
    if low > high:
        raise NotYet(f"{said} is the wrong way round: low comes first.")
    if abs(middle / 100 - difference) < 0.3 * half and answer > 10 * half:
        raise NotYet(f"{said} is in per cent: leave it as a share, around {difference:+.3f}.")
    if abs(middle + difference) < 0.15 * half:
        raise NotYet(f"{said} has the wrong sign: the difference is b minus a.")
    if abs(middle - difference) > 0.25 * half:
        raise NotYet(f"{said} does not lie around the difference, {difference:+.3f}.")
    if 0.8 * half_unpaired < answer < 1.25 * half_unpaired:
        raise NotYet(
            f"{said} is too wide: it treats the two models as if they had been scored on "
            "different posts. Draw the same rows for both."
        )
    if answer > 1.1 * half:
        raise NotYet(
            f"{said} is too wide: the mean of {n} rows moves less than that. Draw as many rows as "
            "there are, a thousand times or more, and cut off 2.5 % on each side."
        )
    if answer < 0.9 * half:
        raise NotYet(
            f"{said} is too narrow for 95 %. Draw as many rows as there are, a thousand times or "
            "more, and cut off 2.5 % on each side only."
        )
    return (middle - difference) / half
