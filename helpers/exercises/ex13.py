"""The exercises of notebook 13: slices, kappa, mended labels, a bent ruler, a rule for labels."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from copy import deepcopy
from textwrap import shorten

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from . import NotYet, define
from .answers import call, kind_of, misconception, number, run, same
from .ex05 import planted

SECONDS = 5  # for functions that need milliseconds
CLOSE = 1e-4  # by how much an accuracy or the end of an interval may differ
NO_LABEL = ("?", "")  # verdicts that name no label: ambiguous, not judged


def _called(function: Callable, case: str, *inputs):
    """What a learner's function returns; if it raises, the message names the case."""
    try:
        return call(function, *inputs, seconds=SECONDS)
    except (NotYet, NotImplementedError):
        raise
    except Exception as error:
        raise NotYet(f"{case} yours raised {type(error).__name__}: {error}") from None


def _row(value, n: int, what: str, case: str) -> list:
    """A learner's list, tuple or array of n values as a list."""
    sized = hasattr(value, "__len__") and getattr(value, "shape", None) != ()
    if isinstance(value, str | Mapping | set) or not sized or len(value) != n:
        raise NotYet(f"{case} {what} were expected, but yours is {kind_of(value)}: {value!r:.60}")
    return list(value)


@define(
    "13.1",
    hint=(
        "In a slice 4 rows of 4 are right: what are m and p, and where does Wilson's interval "
        "begin and end? What would each line of your function do with no rows at all?"
    ),
    step=(
        "`right[rows]` has the rows of one slice; m and p come from it. Write middle and reach as "
        "two lines of their own, and test them: 4 of 4 give 0.51 to 1."
    ),
    solution="""
    def slice_scores(right, slices):
        scores, z = {}, 1.96
        for name, rows in slices.items():
            n = rows.sum()
            if n == 0:
                continue
            p = right[rows].mean()
            middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
            reach = z / (1 + z**2 / n) * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5
            scores[name] = (p, middle - reach, middle + reach)
        return scores
    """,
)
def check_slice_scores(slice_scores: Callable) -> str:
    """Check a function (right [n], slices: name -> [n]) -> name -> (accuracy, low, high)."""
    for right, slices in _sliced():
        sizes = ", ".join(f"{name} ({rows.sum()})" for name, rows in slices.items())
        case = f"For {len(right)} rows and the slices {sizes},"
        scores = _called(slice_scores, case, right, slices)
        if not isinstance(scores, Mapping):
            raise NotYet(f"{case} a dict was expected, but yours is {kind_of(scores)}.")
        _check_names(scores, slices)
        given = {
            name: _three_numbers(scores[name], name) for name, rows in slices.items() if rows.any()
        }
        _check_scores(given, right, slices)
    return "Each slice has its accuracy, and an interval that knows how few rows it rests on."


def _sliced():
    """(right, slices): small slices and large ones, some all right, all wrong or empty."""
    right = np.array([True, True, False, True, False, True, True, True, False, True, True, False])
    yield (
        right,
        {
            "short": np.isin(np.arange(12), [0, 1, 3, 5]),
            "negation": np.isin(np.arange(12), [2, 3, 4, 7, 8]),
            "CAPITALS": np.isin(np.arange(12), [4, 8, 11]),
            "sadness": np.isin(np.arange(12), [6]),
            "not short": ~np.isin(np.arange(12), [0, 1, 3, 5]),
        },
    )
    rng = np.random.default_rng(13)
    right = rng.random(240) < 0.85
    length = rng.integers(1, 60, 240)
    yield right, {"long": length > 40, "all": length > 0, "short": length < 12}
    right = rng.random(50) < 0.3
    none = np.zeros(50, dtype=bool)
    yield right, {"CAPITALS": none, "joy": rng.random(50) < 0.4, "no words": none.copy()}
    yield np.ones(7, dtype=bool), {"all": np.ones(7, dtype=bool), "links": np.zeros(7, dtype=bool)}
    yield ~none, {"negation": none}


def _check_names(scores: Mapping, slices: dict) -> None:
    for name, rows in slices.items():
        if name in scores and not rows.any():
            raise NotYet(
                f"The slice {name!r} has no row, so nothing is known about it: leave it out. Yours "
                f"says {_shown(scores[name])}."
            )
        if name not in scores and rows.any():
            raise NotYet(f"You leave out the slice {name!r}; rows in it: {rows.sum()}.")
    for name in scores:
        if name not in slices:
            raise NotYet(f"You return {name!r}, but the slices are {', '.join(slices)}.")


def _shown(value) -> str:
    if isinstance(value, tuple) and all(isinstance(part, float) for part in value):
        return f"({', '.join(f'{part:.3f}' for part in value)})"
    return f"{value!r:.60}"


def _three_numbers(value, name: str) -> tuple[float, ...]:
    case = f"For the slice {name!r},"
    parts = _row(value, 3, "three numbers, accuracy, low and high,", case)
    return tuple(number(part, case) for part in parts)


def _check_scores(given: dict, right, slices: dict) -> None:
    for name, yours in given.items():
        rows = slices[name]
        wanted = _wilson(right[rows].sum(), rows.sum())
        if not np.allclose(yours, wanted, 0, CLOSE):
            wrong = [_wrong_scores(right, slices[other]) for other in given]
            why = misconception(list(given.values()), wrong, CLOSE)
            raise NotYet(
                f"In the slice {name!r} {right[rows].sum()} of {rows.sum()} are right: (accuracy, "
                f"low, high) is {_shown(wanted)}, but yours is {_shown(yours)}. {why}".strip()
            )


def _wilson(k: float, n: int, z: float = 1.959964) -> tuple[float, float, float]:
    """The share k / n and the ends of Wilson's interval for it; three NaN for n = 0."""
    if n == 0:
        return (np.nan,) * 3
    p, extra = float(k / n), z**2 / n
    middle, reach = p + extra / 2, z * np.sqrt((p * (1 - p) + extra / 4) / n)
    return p, float((middle - reach) / (1 + extra)), float((middle + reach) / (1 + extra))


def _wrong_scores(right, rows) -> dict:
    """What is wrong with the scores of a slice -> those of whoever believes in it."""
    k, n, n_all = right[rows].sum(), rows.sum(), len(right)
    p, low, high = _wilson(k, n)
    reach, half = 1.96 * np.sqrt(p * (1 - p) / n), (high - low) / 2
    of_all = _wilson(right.sum(), n_all)
    exact, corrected = (
        binomtest(int(k), int(n)).proportion_ci(method=method) for method in ("exact", "wilsoncc")
    )
    return {
        "Do not round.": tuple(np.round((p, low, high), 2)),
        "That is the share of errors: right says which rows are right.": _wilson(n - k, n),
        "That divides by all rows: divide by the rows of the slice.": _wilson(k, n_all),
        "Those are the rows outside the slice.": _wilson(right[~rows].sum(), n_all - n),
        "Those are all rows, in the slice or not.": of_all,
        "Your interval is that of all rows: how many are in the slice?": (p, *of_all[1:]),
        "Your interval is for as many rows as there are in all: how many are in the slice?": (
            (p, *_wilson(p * n_all, n_all)[1:])
        ),
        "That is the normal interval, p - reach to p + reach. Look at a slice that is all right: "
        "its width is 0, as if no row could ever be wrong.": (p, p - reach, p + reach),
        "That is the normal interval cut off at 0 and 1. Look at a slice that is all right: its "
        "width is 0, as if no row could ever be wrong.": (p, max(p - reach, 0), min(p + reach, 1)),
        "Your interval has the right width but the wrong middle: Wilson's is not p.": (
            (p, p - half, p + half)
        ),
        "Low and high are the ends of the interval, not its middle and its reach.": (
            (p, (low + high) / 2, half)
        ),
        "The order is accuracy, low, high.": (low, p, high),
        "The order is accuracy, then low, then high.": (low, high, p),
        "Low comes before high.": (p, high, low),
        "Your interval is for 68 %: what has become of z?": _wilson(k, n, 1),
        "Your interval is for 90 %: 95 % wants z = 1.96.": _wilson(k, n, 1.645),
        "Your interval is for 99 %: 95 % wants z = 1.96.": _wilson(k, n, 2.576),
        "That is the exact interval (Clopper and Pearson), which is wider than Wilson's.": (
            (p, exact.low, exact.high)
        ),
        "That is Wilson's interval with a correction for continuity: leave the correction out.": (
            (p, corrected.low, corrected.high)
        ),
        "Those are per cent: an accuracy lies between 0 and 1.": (100 * p, 100 * low, 100 * high),
    }


@define(
    "13.2",
    hint=(
        "Anna says 'joy' on 3 of 4 rows, Ben on 2 of 4: if Ben's verdicts were shuffled, on what "
        "share of rows would both say it? What is 1 less chance if both always say the same?"
    ),
    step=(
        "Begin with chance, and with one verdict: `first.count` and `second.count` lead to its two "
        "shares, and these to how often both would draw it. Then ask which verdicts both can draw."
    ),
    solution="""
    def kappa(first, second):
        n = len(first)
        observed = sum(one == other for one, other in zip(first, second)) / n
        chance = sum(first.count(label) * second.count(label) for label in set(first)) / n**2
        return 1.0 if chance == 1 else (observed - chance) / (1 - chance)
    """,
)
def check_kappa(kappa: Callable) -> str:
    """Check a function (first verdicts, second verdicts) -> Cohen's kappa."""
    cases = list(_reviewed())
    given = [number(_called(kappa, _of(*case), *map(list, case)), _of(*case)) for case in cases]
    for (first, second), yours in zip(cases, given, strict=True):
        wanted = _kappa(first, second)
        if not abs(yours - wanted) < 1e-6:
            why = misconception(given, [_wrong_kappas(*case) for case in cases], 1e-6)
            if not why and abs(yours - wanted) < 0.006:
                why = "Do not round."
            raise NotYet(
                f"{_of(first, second)} kappa is {wanted:.4f}, but yours is {yours:.4f}. "
                f"{why}".strip()
            )
    _check_of_one_mind(kappa)
    return "Chance is taken from what each reviewer says, and from nothing else."


def _reviewed():
    """(first, second): two lists of verdicts; not one label for all, so chance is below 1."""
    yield ["joy", "joy", "anger", "?", "joy"], ["joy", "anger", "anger", "joy", "joy"]
    yield ["fear", "?", "love", "love"], ["fear", "anger", "love", "joy"]
    yield ["sport"] * 8, ["sport"] * 6 + ["?", "economy"]
    yield ["no", "yes", "no", "yes", "no", "no"], ["yes", "no", "yes", "no", "no", "yes"]
    rng = np.random.default_rng(13)
    for n, labels in ((60, ["joy", "anger", "?"]), (200, ["a", "b", "c", "d", "e", "?"])):
        shares = rng.dirichlet(np.ones(len(labels)))
        first = rng.choice(labels, n, p=shares)
        second = np.where(rng.random(n) < 0.6, first, rng.choice(labels, n))
        yield first.tolist(), second.tolist()
    yield ["?", "joy", "joy"], ["?", "joy", "joy"]


def _of(first: list, second: list) -> str:
    if len(first) > 8:
        return f"For {len(first)} verdicts,"
    one, other = (
        f"{len(verdicts)} times {verdicts[0]!r}" if len(set(verdicts)) == 1 else verdicts
        for verdicts in (first, second)
    )
    return f"For {one} and {other},"


def _check_of_one_mind(kappa: Callable) -> None:
    for first, second, wanted in (
        (["joy"] * 5, ["joy"] * 5, 1.0),
        (["?"] * 3, ["?"] * 3, 1.0),
        (["spam"] * 7, ["spam"] * 7, 1.0),
        (["joy"] * 4, ["fear"] * 4, 0.0),
    ):
        case = _of(first, second)
        yours = number(_called(kappa, case, first, second), case)
        if not abs(yours - wanted) < 1e-6:
            why = (
                "both always say the same one thing, and 1.0 is asked for there"
                if wanted
                else "they never agree, and by chance they never would"
            )
            raise NotYet(f"{case} kappa is {wanted}, but yours is {yours:g}: {why}.")


def _shares(verdicts: list) -> dict:
    return {label: count / len(verdicts) for label, count in Counter(verdicts).items()}


def _chance(first: list, second: list) -> float:
    of_second = _shares(second)
    return sum(share * of_second.get(label, 0) for label, share in _shares(first).items())


def _kappa(first: list, second: list, chance: float | None = None) -> float:
    """Cohen's kappa, or the same with another chance; NaN where that divides by 0."""
    if not first:
        return np.nan
    observed = np.mean([one == other for one, other in zip(first, second, strict=True)])
    chance = _chance(first, second) if chance is None else chance
    return float((observed - chance) / (1 - chance)) if chance < 1 else np.nan


def _wrong_kappas(first: list, second: list) -> dict:
    """What is wrong with a kappa -> that of whoever does so."""
    pairs = list(zip(first, second, strict=True))
    observed = np.mean([one == other for one, other in pairs])
    sure = np.mean([one == other != "?" for one, other in pairs])
    judged = [pair for pair in pairs if "?" not in pair]
    squares = [sum(s**2 for s in _shares(v).values()) for v in (first, second, first + second)]
    chance = _chance(first, second)
    return {
        "That is the share on which both agree: how much of it would chance alone give?": observed,
        "That is what chance alone would give.": chance,
        "That takes chance off, but does not divide by 1 less chance.": observed - chance,
        "Your chance is 1 divided by the number of labels: do both say each equally often?": (
            _kappa(first, second, 1 / len(set(first + second)))
        ),
        "Your chance is 1 divided by the number of labels that the first reviewer uses: does each "
        "of them occur equally often?": _kappa(first, second, 1 / len(set(first))),
        "Your chance is a half, whatever they say.": _kappa(first, second, 0.5),
        "Your chance comes from the first reviewer alone: what does the second one say?": (
            _kappa(first, second, squares[0])
        ),
        "Your chance comes from the second reviewer alone: what does the first one say?": (
            _kappa(first, second, squares[1])
        ),
        "Your chance comes from the verdicts of both in one heap (Scott's pi): kappa keeps each "
        "reviewer's own shares.": _kappa(first, second, squares[2]),
        'You leave out the rows with "?": it is a verdict like the others.': (
            _kappa([one for one, _ in judged], [other for _, other in judged])
        ),
        'Two who both say "?" do agree: it is a verdict like the others.': (
            (sure - chance) / (1 - chance)
        ),
        "Can two reviewers agree less often than by chance?": max(_kappa(first, second), 0),
    }


@define(
    "13.3",
    hint=(
        "'Snow' stands in rows 2 and 5; its verdict is 'joy', or '?', or '': which labels do the "
        "two rows get each time? And what if there is a verdict on 'snow'?"
    ),
    step=(
        "Look for stray texts first, before you make any label. Then go through the rows, not "
        "through the verdicts: `.get` of a dict takes a second argument for a text without a "
        "verdict."
    ),
    solution="""
    def corrected(texts, labels, verdicts):
        for text in verdicts:
            if text not in texts:
                raise ValueError(f"No row has the text {text!r}: correct it in the verdicts.")
        new = []
        for text, label in zip(texts, labels):
            verdict = verdicts.get(text, "")
            new.append(label if verdict in ("?", "") else verdict)
        return new
    """,
)
def check_corrected(corrected: Callable) -> str:
    """Check a function (texts, labels, verdicts) -> labels with the verdicts put in."""
    texts = ["The bus was late.", "Cake!", "the bus was late.", "Why me", "Cake!", "So what", "Why"]
    labels = ["joy", "anger", "joy", "love", "joy", "fear", "sadness"]
    verdicts = {"Why": "anger", "The bus was late.": "anger", "So what": "?", "Why me": ""}
    _check_labels(corrected, texts, labels, verdicts)
    _check_labels(corrected, texts, labels, {"Cake!": "love", "Why me": "love", "So what": ""})
    _check_labels(corrected, texts, labels, {"Cake!": "?", "the bus was late.": "fear"})
    _check_labels(corrected, texts, labels, {"Cake!": ""})
    _check_labels(corrected, texts, labels, {})
    texts = ["goal", "rates  up", "rates up", "goal", "goal", " goal"]
    labels = ["economy", "sport", "sport", "sport", "economy", "economy"]
    _check_labels(corrected, texts, labels, {"rates up": "sci/tech", "goal": "sport"})
    _check_labels(corrected, texts, labels, {text: "sport" for text in reversed(texts)})
    for verdicts in (
        {"Goal": "sport"},
        {"goal": "sport", "rates": "economy"},
        {"no such text": "?", "goal": "?"},
        {"rates down": ""},
    ):
        _check_refused(corrected, texts, labels, verdicts)
    return "Every verdict is on its rows, doubt has changed nothing, and a stray text is refused."


def _check_labels(corrected: Callable, texts: list, labels: list, verdicts: dict) -> None:
    case = f"With the verdicts {verdicts},"
    answer = _called(corrected, case, texts, labels, verdicts)
    if answer is labels:
        raise NotYet(f"{case} you return the caller's own list of labels: make a new one.")
    given = _row(answer, len(texts), f"the labels of all {len(texts)} rows", case)
    for row, (text, label, yours) in enumerate(zip(texts, labels, given, strict=True)):
        verdict = verdicts.get(text, "")
        wanted = label if verdict in NO_LABEL else verdict
        if not isinstance(yours, str):
            raise NotYet(
                f"{case} row {row} gets {kind_of(yours)} from you: give it a label's name."
            )
        if yours != wanted:
            why = _why_label(row, given, texts, labels, verdicts)
            raise NotYet(f"{case} row {row}, {text!r}, gets {str(yours)!r} from you. {why}")


def _why_label(row: int, given: list, texts: list, labels: list, verdicts: dict) -> str:
    """What is wrong with the label of this row, as a sentence."""
    text, label, yours = texts[row], labels[row], given[row]
    verdict = verdicts.get(text, "")
    others = [other for other in range(len(texts)) if texts[other] == text and other != row]
    if verdict not in NO_LABEL:
        done = [other for other in others if given[other] == verdict != labels[other]]
        if done:
            return f"Row {done[0]} has the same text and its verdict: what of this one?"
        cut = verdict.startswith(yours) and yours
        why = ": an array of texts cuts off what is longer than its longest" if cut else ""
        return f"Its verdict is {verdict!r}{why}."
    near = [
        other
        for other, said in verdicts.items()
        if said == yours and said not in NO_LABEL and _alike(other, text)
    ]
    if near:
        return f"The verdict is on {near[0]!r}: is that exactly this text? It was {label!r}."
    if yours in [labels[other] for other in others]:
        return f"It was {label!r}: another row with this text has another label, and keeps it."
    if text in verdicts:
        says = "that it is ambiguous" if verdict else "that it was not judged"
        return f"The verdict {verdict!r} says {says}: what happens to its label, {label!r}?"
    return f"It was {label!r}, and nobody has judged it."


def _alike(one: str, other: str) -> bool:
    one, other = (" ".join(text.lower().split()) for text in (one, other))
    return one in other or other in one


def _check_refused(corrected: Callable, texts: list, labels: list, verdicts: dict) -> None:
    stray = next(text for text in verdicts if text not in texts)
    case = f"With the verdicts {verdicts},"
    inputs = deepcopy((texts, labels, verdicts))
    try:
        answer = run(corrected, *inputs, seconds=SECONDS)
    except ValueError:
        if not same(inputs, (texts, labels, verdicts)):
            raise NotYet(
                f"{case} a ValueError is right, but your function has changed what it was given "
                "before it raised: look first, then change."
            ) from None
        return
    except (NotYet, NotImplementedError):
        raise
    except Exception as error:
        raise NotYet(
            f"{case} yours raised {type(error).__name__}: {error}. A ValueError is asked for."
        ) from None
    yours = "nothing" if answer is None else repr(answer)
    raise NotYet(
        f"{case} yours returns {yours:.80}, but {stray!r} is no row's text: a verdict that goes "
        "nowhere is a slip, so raise a ValueError."
    )


@define(
    "13.4",
    hint=(
        "A row has a wrong label, and the model repeats it: in which of the three accuracies does "
        "it count as right if it is doubted, and in which if it is not?"
    ),
    step=(
        "Make the n labels that hold once only the doubted rows are set right: `np.where` chooses "
        "row by row. For the word, ask which of your three accuracies is the truth, and which a "
        "reviewer sees."
    ),
    solution="""
    def ruler_after(given, true, predicted, doubted):
        half_mended = np.where(doubted, true, given)
        before, half, full = (
            (predicted == labels).mean() for labels in (given, half_mended, true)
        )
        said = "flattered" if half > full else "punished" if half < full else "neither"
        return before, half, full, said
    """,
)
def check_ruler_after(ruler_after: Callable) -> str:
    """Check a function (given, true, predicted, doubted [n]) -> three accuracies and a word."""
    cases, answers, words = list(_rulers()), [], []
    for arrays in cases:
        case = _sized(arrays)
        answer = _called(ruler_after, case, *arrays)
        if isinstance(answer, list | tuple) and len(answer) == 3:
            raise NotYet(
                f"{case} you return three values. The fourth is what you say: 'flattered', "
                "'punished' or 'neither'."
            )
        parts = _row(answer, 4, "three accuracies and a word", case)
        answers.append([number(part, case) for part in parts[:3]])
        words.append(_word(parts[3], case))
    _check_accuracies(cases, answers)
    _check_words(cases, words)
    return "The same habit flattered on some rows, punished on others and did nothing on the rest."


def _sized(arrays) -> str:
    given, true, _, doubted = arrays
    return (
        f"For {len(given)} rows, {doubted.sum()} of them doubted and {(given != true).sum()} with "
        "a wrong label,"
    )


def _word(value, case: str) -> str:
    word = str(value).strip().lower()
    if word not in ("flattered", "punished", "neither"):
        raise NotYet(
            f"{case} the fourth value says 'flattered', 'punished' or 'neither'; yours is "
            f"{value!r:.60}."
        )
    return word


# A letter a row, (given, true, predicted) as numbers that stand for labels; a capital is doubted.
KINDS = {
    "a": (0, 0, 0),  # a good label, and the model is right
    "b": (0, 0, 1),  # a good label, and the model is wrong
    "c": (0, 1, 1),  # a wrong label, and the model knows better
    "d": (0, 1, 0),  # a wrong label, and the model has learnt it
    "e": (0, 1, 2),  # a wrong label, and the model says a third thing
}


def _rulers():
    """(given, true, predicted, doubted) for each of the three words, more than once."""
    rng = np.random.default_rng(13)
    names = np.array(["joy", "anger", "fear", "love"])
    for kinds in (
        "aaabdCCdBe",  # flattered; all mended is what was given
        "aaBDDcce",  # punished
        "aacdCCbe",  # neither, though labels outside the doubted rows are wrong
        "aaDDDddcb",  # flattered, though half mended is less than given
        "aaCCccdB",  # punished, though half mended is more than given
        "AABCDECC",  # neither: all are doubted
        "aabcddea",  # flattered: none are doubted
        "aaAbBaCb",  # neither: every wrong label is doubted
        "".join(rng.choice(list("aaaaaabcdeABCDE"), 75)) + "ccc",  # punished, by one row in 78
    ):
        order = rng.permutation(len(kinds))
        ids = np.array([KINDS[kind.lower()] for kind in kinds])[order]
        ids = (ids + rng.integers(0, 4, (len(kinds), 1))) % 4
        doubted = np.array([kind.isupper() for kind in kinds])[order]
        labels = ids if rng.random() < 0.5 else names[ids]
        yield *labels.T.copy(), doubted


def _accuracies(given, true, predicted, doubted) -> tuple[float, float, float]:
    """The accuracy by the labels as given, with the doubted rows set right, with all set right."""
    half = np.where(doubted, true, given)
    return tuple(float((predicted == labels).mean()) for labels in (given, half, true))


def _said(half: float, full: float) -> str:
    return "flattered" if half > full else "punished" if half < full else "neither"


def _check_accuracies(cases: list, answers: list) -> None:
    names = ("by the given labels", "with the doubted rows set right", "with all rows set right")
    wanted = [_accuracies(*arrays) for arrays in cases]
    for place, name in enumerate(names):
        yours = [answer[place] for answer in answers]
        for arrays, value, right in zip(cases, yours, wanted, strict=True):
            if not abs(value - right[place]) < 1e-6:
                why = misconception(
                    yours, [_wrong_accuracies(*case, place) for case in cases], 1e-6
                )
                raise NotYet(
                    f"{_sized(arrays)} the accuracy {name} is {right[place]:.4f}, but yours is "
                    f"{value:.4f}. {why}".strip()
                )


def _wrong_accuracies(given, true, predicted, doubted, place: int) -> dict:
    """What a number is in place of the accuracy asked for -> its value; NaN for one of no rows.

    place: which of the three is asked for, 0 to 2.
    """
    before, half, full = accuracies = _accuracies(given, true, predicted, doubted)
    as_given, as_true = predicted == given, predicted == true
    return {
        "That is the one by the given labels.": before,
        "That is the one with the doubted rows set right.": half,
        "That is the one with all rows set right.": full,
        "That sets the rows right that were not doubted, and leaves the doubted ones.": (
            np.where(doubted, as_given, as_true).mean()
        ),
        "That gives the doubted rows the prediction as their label: set them right by true.": (
            (as_given | doubted).mean()
        ),
        "That leaves the doubted rows out: mend them and count all rows.": (
            _mean(as_given[~doubted])
        ),
        "Those are the doubted rows alone: count all rows.": _mean(as_true[doubted]),
        "Those are the doubted rows alone, as given: count all rows.": _mean(as_given[doubted]),
        "That compares the given labels with the true ones: what does the model say?": (
            (given == true).mean()
        ),
        "That counts rows: divide by how many there are.": accuracies[place] * len(given),
        "That is per cent: an accuracy lies between 0 and 1.": accuracies[place] * 100,
        "That is the share of errors.": 1 - accuracies[place],
    }


def _mean(values) -> float:
    return values.mean() if len(values) else np.nan


def _check_words(cases: list, words: list[str]) -> None:
    wanted = [_accuracies(*arrays) for arrays in cases]
    for arrays, word, (_, half, full) in zip(cases, words, wanted, strict=True):
        if word != _said(half, full):
            raise NotYet(
                f"{_sized(arrays)} your accuracies are right: {half:.4f} with the doubted rows set "
                f"right, {full:.4f} with all. You say {word!r}. {_why_word(words, wanted)}"
            )


def _why_word(words: list[str], accuracies: list) -> str:
    """What kind of slip leads to all of these words, as a question."""
    beliefs = {
        "That compares with the given labels: which of your three accuracies is the ruler?": (
            [_said(half, before) for before, half, _ in accuracies]
        ),
        "That compares the given labels with the fully mended ones: what does somebody see who "
        "reads the doubted rows only?": [_said(before, full) for before, _, full in accuracies],
        "That says what mending the other rows too would change: the question is about mending "
        "the doubted ones only.": [_said(full, before) for before, _, full in accuracies],
        "Is a model flattered if it looks better than it is, or if it looks worse?": (
            [_said(full, half) for _, half, full in accuracies]
        ),
    }
    for why, believed in beliefs.items():
        if words == believed:
            return why
    if len(set(words)) == 1:
        return f"You say {words[0]!r} for all {len(words)} sets of rows: what does it depend on?"
    return "Does the model look better than it is, worse, or just as it is?"


TWO = ("love", "joy")
SHOWN = 6  # posts of each that the notebook shows
GOOD = 9  # of the shown posts
MEAN_SHARE = 0.7  # of the posts that are not shown
TOO_GOOD = 0.97  # of them: a model trained on all of train has less
TURNED = 0.2  # of them, by one more word that means nothing


@define(
    "13.5",
    hint=(
        "Read the twelve once more, and decide each for yourself: whom or what is a post of love "
        "about, and what is a post of joy about? By which small words would you notice that?"
    ),
    step=(
        "Make a set of words for love and one for joy, and count how many of each a post has. To "
        "find more of them, read posts of train with either label."
    ),
    solution="""
    def love_or_joy(text):
        words = re.findall(r"[a-z']+", text.lower())
        close = "he him his she her you your wife husband mum dad nan son daughter girl boy friend"
        tender = "love loved loving beloved miss missing heart dear kiss hug held sweet gentle fond"
        warm = "tender caring longing faithful loyal romantic passionate sympathetic supportive"
        glad = "best won win finally free job smiling laughing pleased buzzing party first got yes"
        points = sum(word in close.split() for word in words)
        points += 2 * sum(word in f"{tender} {warm}".split() for word in words)
        points -= 2 * sum(word in glad.split() for word in words)
        return "love" if points > 0 else "joy"
    """,
)
def check_love_or_joy(love_or_joy: Callable) -> str:
    """Check a function text -> "love" or "joy" on the twelve posts shown and on all of test."""
    shown, unseen = _posts_of_two()
    begun = time.monotonic()
    answers = [_love_or_joy(love_or_joy, text) for text in shown["text"]]
    if (needed := time.monotonic() - begun) > 2:
        raise NotYet(
            f"Your rule needs {needed:.1f} seconds for twelve posts: whatever does not depend on "
            "the post can be made once, outside the function."
        )
    for text in [*shown["text"], *unseen["text"][:60]]:
        _check_steady(love_or_joy, text)
    found = unseen.assign(yours=[_love_or_joy(love_or_joy, text) for text in unseen["text"]])
    _check_looked_up(love_or_joy, found)
    good = sum(answer == label for answer, label in zip(answers, shown["label"], strict=True))
    shares, said = _shares_right(found)
    share = np.mean(list(shares.values()))
    said += f", a mean share of {share:.2f}"
    if share < MEAN_SHARE:
        raise NotYet(f"{said}. {_why_share(share, shares, good, set(found['yours']))}")
    if good < GOOD:
        raise NotYet(
            f"{said}. But of the twelve that you were shown {good} have the label that your rule "
            f"gives; {GOOD} are asked for. Which of them would you decide otherwise?"
        )
    return f"{said}, where a coin has 0.50; of the twelve that you were shown {good}."


def _posts_of_two():
    """The posts of love and joy: twelve of validation, and all of test; each text and label."""
    data, true = planted("validation")
    names = np.array(data["validation"].features["label"].names)
    posts = pd.DataFrame({"text": data["validation"]["text"][:], "label": names[true]})
    unseen = pd.DataFrame(
        {"text": data["test"]["text"][:], "label": names[data["test"]["label"][:]]}
    )
    unseen = unseen[unseen["label"].isin(TWO)]
    if min((frame["label"] == name).sum() for frame in (posts, unseen) for name in TWO) < SHOWN:
        raise NotYet("These data have too few posts of love or of joy for a rule: try the others.")
    shown = pd.concat(posts[posts["label"] == name].sample(SHOWN, random_state=13) for name in TWO)
    return shown, unseen[~unseen["text"].isin(shown["text"])]


def _check_looked_up(love_or_joy: Callable, found: pd.DataFrame) -> None:
    """Refuse answers that are too good, and those that belong to a whole text and not its words."""
    right = (found["yours"] == found["label"]).mean()
    if right > TOO_GOOD:
        n = (found["yours"] == found["label"]).sum()
        raise NotYet(
            f"{n} of the {len(found)} posts that you were not shown come out right. No rule of "
            "words can do that: has your function looked the labels up? It may read the text alone."
        )
    longer = [_love_or_joy(love_or_joy, f"{text} hm") for text in found["text"]]
    turned = (found["yours"] != longer).sum()
    if turned > TURNED * len(found):
        raise NotYet(
            f"If each post has the word 'hm' at its end, {turned} of {len(found)} answers change. "
            "A rule goes by what a post says: has your function looked the labels up?"
        )


def _shares_right(found: pd.DataFrame) -> tuple[dict[str, float], str]:
    """The share of right answers for each of the two labels, and what they are in words."""
    right = (found["yours"] == found["label"]).groupby(found["label"]).agg(["sum", "size"])
    told = [f"{right.loc[name, 'sum']} of {right.loc[name, 'size']} of {name}" for name in TWO]
    said = f"Of the posts that you were not shown, {' and '.join(told)} come out right"
    return (right["sum"] / right["size"]).to_dict(), said


def _why_share(share: float, shares: dict[str, float], good: int, said: set[str]) -> str:
    """What is wrong with a rule whose mean share is too small."""
    if good > 10 and share < 0.6:
        return "Your rule knows the twelve, but not what they have in common with the others."
    if len(said) == 1:
        return f"Your rule says {said.pop()!r} to all of them: what does it read?"
    if share < 0.4:
        return "That is less than a coin finds: are the two labels interchanged?"
    weak = min(TWO, key=shares.get)
    return (
        f"A coin has 0.50, and {MEAN_SHARE:.2f} is asked for. Your rule is weaker at {weak}: what "
        "do these posts have that the others lack?"
    )


def _love_or_joy(function: Callable, text: str) -> str:
    case = f"For {_begun(text)}"
    answer = _called(function, case, text)
    if not isinstance(answer, str) or answer not in TWO:
        raise NotYet(f"{case} yours is {answer!r:.40}: return 'love' or 'joy'.")
    return str(answer)


def _begun(text: str) -> str:
    return repr(shorten(text, 60, placeholder=" …"))


def _check_steady(function: Callable, text: str) -> None:
    """Whether the answer stays if nothing changes but the dress of a text."""
    first = _love_or_joy(function, text)
    for what, changed in {
        "asked a second time": text,
        "in capitals": text.upper(),
        "with two spaces for each": text.replace(" ", "  "),
        "with one more full stop": text + ".",
    }.items():
        if (second := _love_or_joy(function, changed)) != first:
            raise NotYet(
                f"{_begun(text)} is {first} for your rule, but {what} it is {second}: a rule goes "
                "by what the post says."
            )
