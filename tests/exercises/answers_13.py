"""Answers to the exercises of notebook 13, wrong ones by misconception and right ones by form."""

import contextlib
import io
import json
import random
import re
import warnings
from collections import Counter
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, cohen_kappa_score

from helpers import hide_errors, load_corpus

NOTEBOOK = Path(__file__).parents[2] / "notebooks/13_review_and_mend.ipynb"


def wilson(k, n, z=1.96):
    p = k / n
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return p, middle - reach, middle + reach


def normal(k, n):
    p = k / n
    reach = 1.96 * np.sqrt(p * (1 - p) / n)
    return p, p - reach, p + reach


def clipped(k, n):
    p, low, high = normal(k, n)
    return p, max(low, 0), min(high, 1)


def of_scipy(k, n, method="wilson"):
    interval = binomtest(int(k), int(n)).proportion_ci(method=method)
    return k / n, interval.low, interval.high


def each(scores_of, if_empty=None):
    """A slice_scores by a function (right, rows) -> three numbers."""

    def slice_scores(right, slices):
        return {
            name: scores_of(right, rows) if rows.any() else if_empty
            for name, rows in slices.items()
            if rows.any() or if_empty is not None
        }

    return (slice_scores,)


def by(interval_of):
    return each(lambda right, rows: interval_of(right[rows].sum(), rows.sum()))


def without_a_look(right, slices):
    with np.errstate(all="ignore"):
        return {name: wilson(right[rows].sum(), rows.sum()) for name, rows in slices.items()}


def with_plain_division(right, slices):
    return {
        name: wilson(sum(right[rows].tolist()), len(right[rows])) for name, rows in slices.items()
    }


def agresti_coull(k, n):
    n_more = n + 1.96**2
    middle = (k + 1.96**2 / 2) / n_more
    reach = 1.96 * np.sqrt(middle * (1 - middle) / n_more)
    return k / n, middle - reach, middle + reach


def first_slice_only(right, slices):
    found = by(wilson)[0](right, slices)
    return {name: found[next(iter(found))] for name in found}


def first_of_each_slice(right, slices):
    return each(lambda right, rows: wilson(1, rows.sum()))[0](right, slices)


def slices_emptied_in_place(right, slices):
    for name in list(slices):
        if not slices[name].any():
            del slices[name]
    return without_a_look(right, slices)


def right_changed_in_place(right, slices):
    found = by(wilson)[0](right, slices)
    right[:] = True
    return found


def as_a_table(right, slices):
    return pd.DataFrame(by(wilson)[0](right, slices)).T


def in_a_loop(right, slices):
    found = {}
    for name, rows in slices.items():
        of_slice = [bool(one) for one, inside in zip(right, rows, strict=True) if inside]
        if of_slice:
            found[name] = [float(number) for number in wilson(sum(of_slice), len(of_slice))]
    return found


def as_arrays_in_another_order(right, slices):
    return {
        name: np.array(of_scipy(right[slices[name]].sum(), slices[name].sum()))
        for name in sorted(slices)
        if slices[name].any()
    }


class Remembered:
    """A function that works once, and then gives that value for ever."""

    def __init__(self, function):
        self.function, self.value, self.__name__ = function, None, "remembered"

    def __call__(self, *inputs):
        if self.value is None:
            self.value = self.function(*inputs)
        return self.value


def observed_of(first, second):
    return np.mean(np.array(first) == np.array(second))


def with_chance(chance_of):
    """A kappa by a function (first, second) -> chance."""

    def kappa(first, second):
        chance = chance_of(first, second)
        return 1.0 if chance == 1 else (observed_of(first, second) - chance) / (1 - chance)

    return (kappa,)


def squares(verdicts):
    return sum((count / len(verdicts)) ** 2 for count in Counter(verdicts).values())


def of_both(first, second):
    return sum(first.count(label) * second.count(label) for label in set(first)) / len(first) ** 2


def kappa_by_counting(first, second):
    return with_chance(of_both)[0](first, second)


def without_a_guard(first, second):
    chance = of_both(first, second)
    return (sum(map(str.__eq__, first, second)) / len(first) - chance) / (1 - chance)


def nan_of_one_mind(first, second):
    chance = of_both(first, second)
    return np.nan if chance == 1 else kappa_by_counting(first, second)


def scikit_learn_alone(first, second):
    with warnings.catch_warnings(action="ignore"):
        return cohen_kappa_score(first, second)


def one_whenever_both_are_constant(first, second):
    if len(set(first)) == len(set(second)) == 1:
        return 1.0
    return kappa_by_counting(first, second)


def fails_on_labels_of_one(first, second):
    one, other = Counter(first), dict(Counter(second))
    chance = sum(one[label] * other[label] for label in one) / len(first) ** 2
    return (observed_of(first, second) - chance) / (1 - chance)


def without_doubt(first, second):
    rows = [row for row in range(len(first)) if "?" not in (first[row], second[row])]
    return kappa_by_counting([first[row] for row in rows], [second[row] for row in rows])


def doubt_is_never_agreement(first, second):
    agree = np.mean([a == b != "?" for a, b in zip(first, second, strict=True)])
    chance = of_both(first, second)
    return 1.0 if chance == 1 else (agree - chance) / (1 - chance)


def sorted_first(first, second):
    return kappa_by_counting(sorted(first), sorted(second))


def sorted_in_place(first, second):
    value = kappa_by_counting(first, second)
    first.sort()
    return value


def with_a_crosstab(first, second):
    labels = sorted({*first, *second})
    table = pd.crosstab(pd.Series(first), pd.Series(second)).reindex(labels, columns=labels)
    shares = table.fillna(0).to_numpy() / len(first)
    chance = shares.sum(0) @ shares.sum(1)
    return 1 if chance == 1 else (np.trace(shares) - chance) / (1 - chance)


def with_scikit_learn(first, second):
    if len(set(first + second)) == 1:
        return torch.tensor(1.0)
    return torch.tensor(cohen_kappa_score(first, second))


def refuse(texts, verdicts):
    if set(verdicts) - set(texts):
        raise ValueError("There is no such text.")


def by_rows(texts, labels, verdicts):
    refuse(texts, verdicts)
    found = [verdicts.get(text, "") for text in texts]
    return [b if a in ("", "?") else a for a, b in zip(found, labels, strict=True)]


def by_verdicts(texts, labels, verdicts):
    new = np.array(labels, dtype=getattr(labels, "dtype", object))
    for text, verdict in verdicts.items():
        rows = [row for row, other in enumerate(texts) if other == text]
        if not rows:
            raise ValueError(text)
        if verdict not in ("", "?"):
            new[rows] = verdict
    return new


def with_pandas(texts, labels, verdicts):
    texts = pd.Series(texts)
    if not pd.Series(list(verdicts), dtype=object).isin(texts).all():
        raise ValueError("There is no such text.")
    judged = {text: verdict for text, verdict in verdicts.items() if verdict not in ("?", "")}
    return texts.map(judged).fillna(pd.Series(labels))


def only_the_first(texts, labels, verdicts):
    new = list(labels)
    for text, verdict in verdicts.items():
        row = texts.index(text)
        if verdict not in ("", "?"):
            new[row] = verdict
    return new


def as_a_dict(texts, labels, verdicts):
    refuse(texts, verdicts)
    label_of = dict(zip(texts, labels, strict=True))
    label_of |= {text: verdict for text, verdict in verdicts.items() if verdict not in ("", "?")}
    return [label_of[text] for text in texts]


def kept_if(not_labels):
    def corrected(texts, labels, verdicts):
        refuse(texts, verdicts)
        found = [verdicts.get(text, "none") for text in texts]
        kept = (*not_labels, "none")
        return [b if a in kept else a for a, b in zip(found, labels, strict=True)]

    return (corrected,)


def alike(plain):
    """Texts are the same if `plain` makes them the same."""

    def corrected(texts, labels, verdicts):
        refuse(list(map(plain, texts)), list(map(plain, verdicts)))
        verdicts = {plain(text): verdict for text, verdict in verdicts.items()}
        return by_rows(list(map(plain, texts)), labels, verdicts)

    return (corrected,)


def exact_but_for_strays(texts, labels, verdicts):
    refuse([text.lower() for text in texts], [text.lower() for text in verdicts])
    return by_rows(texts, labels, {t: v for t, v in verdicts.items() if t in texts})


def contained(texts, labels, verdicts):
    refuse(texts, verdicts)
    new = list(labels)
    for text, verdict in verdicts.items():
        for row, other in enumerate(texts):
            if text in other and verdict not in ("", "?"):
                new[row] = verdict
    return new


def cut_off(texts, labels, verdicts):
    return by_verdicts(texts, np.array(labels), verdicts)


def only_known_labels(texts, labels, verdicts):
    refuse(texts, verdicts)
    return by_rows(texts, labels, {t: v for t, v in verdicts.items() if v in labels})


def doubted_rows_dropped(texts, labels, verdicts):
    refuse(texts, verdicts)
    new = by_rows(texts, labels, verdicts)
    return [label for label, text in zip(new, texts, strict=True) if verdicts.get(text) != "?"]


def strays_passed_over(texts, labels, verdicts):
    return by_rows(texts, labels, {t: v for t, v in verdicts.items() if t in texts})


def strays_refused_if_judged(texts, labels, verdicts):
    return by_rows(texts, labels, {t: v for t, v in verdicts.items() if v or t in texts})


def a_key_error(texts, labels, verdicts):
    if set(verdicts) - set(texts):
        raise KeyError("There is no such text.")
    return by_rows(texts, labels, verdicts)


def unjudged_refused(texts, labels, verdicts):
    if set(texts) - set(verdicts):
        raise ValueError("Not every text is judged.")
    return by_rows(texts, labels, verdicts)


def in_place(texts, labels, verdicts):
    labels[:] = by_rows(texts, labels, verdicts)
    return labels


def in_place_until_it_raises(texts, labels, verdicts):
    old = list(labels)
    for text, verdict in verdicts.items():
        rows = [row for row, other in enumerate(texts) if other == text]
        if not rows:
            raise ValueError(text)
        for row in rows:
            labels[row] = verdict if verdict not in ("", "?") else labels[row]
    new, labels[:] = list(labels), old
    return new


def own_list_if_nothing_is_judged(texts, labels, verdicts):
    return by_rows(texts, labels, verdicts) if verdicts else labels


def verdicts_used_up(texts, labels, verdicts):
    new = by_rows(texts, labels, verdicts)
    verdicts.clear()
    return new


def word(half, full):
    return "flattered" if half > full else "punished" if half < full else "neither"


def ruler(labels_of=lambda given, true, predicted, doubted: np.where(doubted, true, given)):
    """A ruler_after by a function that gives the half mended labels."""

    def ruler_after(given, true, predicted, doubted):
        half = (predicted == labels_of(given, true, predicted, doubted)).mean()
        full = (predicted == true).mean()
        return (predicted == given).mean(), half, full, word(half, full)

    return (ruler_after,)


def said(word_of):
    """A ruler_after by a function (before, half, full) -> word."""

    def ruler_after(*arrays):
        numbers = ruler()[0](*arrays)[:3]
        return *numbers, word_of(*numbers)

    return (ruler_after,)


def doubted_left_out(given, true, predicted, doubted):
    full = (predicted == true).mean()
    rest = (predicted == given)[~doubted]
    half = rest.mean() if len(rest) else full
    return (predicted == given).mean(), half, full, word(half, full)


def doubted_alone(given, true, predicted, doubted):
    full = (predicted == true).mean()
    half = (predicted == true)[doubted].mean() if doubted.any() else 0.0
    return (predicted == given).mean(), half, full, word(half, full)


def mended_in_place(given, true, predicted, doubted):
    before = (predicted == given).mean()
    given[doubted] = true[doubted]
    half, full = (predicted == given).mean(), (predicted == true).mean()
    return before, half, full, word(half, full)


def neither_if_no_error_is_left(given, true, predicted, doubted):
    *numbers, said = ruler()[0](given, true, predicted, doubted)
    left = (given != true) & ~doubted
    return *numbers, "flattered" if said == "neither" and left.any() else said


def row_by_row(given, true, predicted, doubted):
    n, before, half, full = len(given), 0, 0, 0
    for row in range(n):
        before += predicted[row] == given[row]
        half += predicted[row] == (true[row] if doubted[row] else given[row])
        full += predicted[row] == true[row]
    return [before / n, half / n, full / n, word(half, full)]


def with_scores(given, true, predicted, doubted):
    mended = pd.Series(given).mask(doubted, true)
    labels = (given, mended, true)
    before, half, full = (torch.tensor(accuracy_score(some, predicted)) for some in labels)
    return before, half, full, np.str_(word(half, full)).upper()


def words_of(text):
    return re.findall(r"[a-z']+", text.lower())


LOT = random.Random(0)
CLOSE = set(words_of("he him his she her you your wife husband mum dad nan son daughter girl boy"))
TENDER = set(words_of("love loved miss missing heart dear kiss hug hand held care thank softness"))
GLAD = set(
    words_of("best won win finally free job smiling pleased buzzing party first got yes joy")
)


def rule(is_love):
    """A rule by a function of a post's words."""
    return (lambda text: "love" if is_love(words_of(text)) else "joy",)


@lru_cache
def posts():
    """Text -> true label of every post of validation and test, as the notebook could know it."""
    data, sealed_list = hide_errors(load_corpus("emotion"))
    names = data["test"].features["label"].names
    listed = pd.read_csv(sealed_list)
    listed = listed[listed["split"] == "validation"].set_index("row")["true_label"].to_dict()
    found = {}
    for split in ("validation", "test"):
        labels = [names[label] for label in data[split]["label"]]
        if split == "validation":
            labels = [listed.get(row, label) for row, label in enumerate(labels)]
        found |= dict(zip(data[split]["text"], labels, strict=True))
    return found


@lru_cache
def twelve():
    """The twelve posts that the notebook's cell before exercise 13.5 shows."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    (source,) = ["".join(c["source"]) for c in cells if c["id"] == "exercise-5-posts"]
    data, _ = hide_errors(load_corpus("emotion"))
    validation = data["validation"]
    labels = pd.Series([posts()[text] for text in validation["text"]])
    made = {"pd": pd, "validation": validation, "true_labels": {"validation": labels}}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(source, made)
    return made["twelve"]


def looked_up(plain=str):
    """Labels by the text, once `plain` has made texts alike."""
    labels = {plain(text): label for text, label in posts().items()}
    return (lambda text: labels.get(plain(text), "joy"),)


def looked_up_but_for_some(share):
    """Labels by the letters of a text, this share of them turned round."""
    labels = {"".join(words_of(text)): label for text, label in posts().items()}
    for text in random.Random(0).sample(sorted(labels), round(share * len(labels))):
        labels[text] = {"love": "joy", "joy": "love"}.get(labels[text], "joy")
    return (lambda text: labels.get("".join(words_of(text)), "joy"),)


def learnt_twelve(text):
    """A rule that knows the words of the six posts of love that are shown, whole texts of them."""
    known = {"".join(words_of(text)) for text in twelve() if posts()[text] == "love"}
    return "love" if "".join(words_of(text)) in known else "joy"


def by_three_questions(text):
    words = set(words_of(text))
    if words & {"miss", "missing", "love", "loved", "dear", "kiss"}:
        return "love"
    if words & GLAD:
        return "joy"
    return "love" if len(words & (CLOSE | TENDER)) >= 1 else "joy"


def by_points(text):
    points = Counter(word in TENDER for word in words_of(text))[True]
    points += sum(word in CLOSE for word in words_of(text))
    points -= sum(word in GLAD for word in words_of(text))
    return np.array(["joy", "love"])[int(points > 0)]


def by_a_pattern(text):
    pattern = r"\b(he|she|him|her|his|you|your|miss\w*|wife|husband|dear|heart)\b"
    return "love" if re.search(pattern, text, re.IGNORECASE) else "joy"


ANSWERS = {
    "13.1": {
        "wrong": {
            "the normal interval": lambda: by(normal),
            "the normal interval, cut off": lambda: by(clipped),
            "the exact interval": lambda: by(lambda k, n: of_scipy(k, n, "exact")),
            "Agresti and Coull": lambda: by(agresti_coull),
            "normal for many rows": lambda: by(
                lambda k, n: normal(k, n) if n >= 30 else wilson(k, n)
            ),
            "rounded": lambda: by(lambda k, n: np.round(wilson(k, n), 2)),
            "two standard errors": lambda: by(lambda k, n: wilson(k, n, 2)),
            "a correction for continuity": lambda: by(lambda k, n: of_scipy(k, n, "wilsoncc")),
            "without z": lambda: by(lambda k, n: wilson(k, n, 1)),
            "90 %": lambda: by(lambda k, n: wilson(k, n, 1.645)),
            "99 %": lambda: by(lambda k, n: wilson(k, n, 2.576)),
            "interval of all rows": lambda: each(
                lambda right, rows: (right[rows].mean(), *wilson(right.sum(), len(right))[1:])
            ),
            "as many rows as there are": lambda: each(
                lambda right, rows: wilson(right[rows].mean() * len(right), len(right))
            ),
            "all rows": lambda: each(lambda right, rows: wilson(right.sum(), len(right))),
            "rows outside": lambda: each(
                lambda right, rows: wilson(right[~rows].sum(), max((~rows).sum(), 1))
            ),
            "divided by all rows": lambda: each(
                lambda right, rows: wilson((right & rows).sum(), len(right))
            ),
            "share of errors": lambda: by(lambda k, n: wilson(n - k, n)),
            "around p": lambda: by(
                lambda k, n: (
                    k / n,
                    k / n - np.diff(wilson(k, n)[1:])[0] / 2,
                    k / n + np.diff(wilson(k, n)[1:])[0] / 2,
                )
            ),
            "middle and reach": lambda: by(
                lambda k, n: (
                    k / n,
                    sum(wilson(k, n)[1:]) / 2,
                    np.diff(wilson(k, n)[1:])[0] / 2,
                )
            ),
            "low, accuracy, high": lambda: by(lambda k, n: [wilson(k, n)[i] for i in (1, 0, 2)]),
            "high before low": lambda: by(lambda k, n: [wilson(k, n)[i] for i in (0, 2, 1)]),
            "accuracy last": lambda: by(lambda k, n: [wilson(k, n)[i] for i in (1, 2, 0)]),
            "per cent": lambda: by(lambda k, n: 100 * np.array(wilson(k, n))),
            "an interval in the tuple": lambda: by(lambda k, n: (k / n, wilson(k, n)[1:])),
            "accuracy only": lambda: by(lambda k, n: k / n),
            "words": lambda: by(lambda k, n: [f"{number:.2f}" for number in wilson(k, n)]),
            "nan for an empty slice": lambda: (without_a_look,),
            "division by zero": lambda: (with_plain_division,),
            "zeros for an empty slice": lambda: each(
                lambda right, rows: wilson(right[rows].sum(), rows.sum()), (0.0, 0.0, 0.0)
            ),
            "no knowledge for an empty slice": lambda: each(
                lambda right, rows: wilson(right[rows].sum(), rows.sum()), (0.0, 0.0, 1.0)
            ),
            "slices of one row left out": lambda: (
                lambda right, slices: {
                    name: wilson(right[rows].sum(), rows.sum())
                    for name, rows in slices.items()
                    if rows.sum() > 1
                },
            ),
            "nothing looked at": lambda: (first_of_each_slice,),
            "the first slice for all": lambda: (first_slice_only,),
            "all rows under a name of its own": lambda: (
                lambda right, slices: {
                    "overall": wilson(right.sum(), len(right)),
                    **by(wilson)[0](right, slices),
                },
            ),
            "a list": lambda: (lambda right, slices: list(by(wilson)[0](right, slices).values()),),
            "a table": lambda: (as_a_table,),
            "an empty dict": lambda: (lambda right, slices: {},),
            "the first case for ever": lambda: (Remembered(by(wilson)[0]),),
            "the caller's dict is changed": lambda: (slices_emptied_in_place,),
            "the caller's array is changed": lambda: (right_changed_in_place,),
            "the result instead of the function": lambda: ({"short": (1.0, 0.51, 1.0)},),
        },
        "right": {
            "by the formula": lambda: by(wilson),
            "scipy": lambda: by(of_scipy),
            "row by row, in lists": lambda: (in_a_loop,),
            "arrays, in another order": lambda: (as_arrays_in_another_order,),
            "a tensor": lambda: by(lambda k, n: torch.tensor(wilson(k, n))),
        },
    },
    "13.2": {
        "wrong": {
            "raw agreement": lambda: (observed_of,),
            "chance alone": lambda: (of_both,),
            "1 / k": lambda: with_chance(lambda a, b: 1 / len({*a, *b})),
            "1 / k of the first": lambda: with_chance(lambda a, b: 1 / len({*a})),
            "a half": lambda: (lambda a, b: 2 * observed_of(a, b) - 1,),
            "chance from the first": lambda: with_chance(lambda a, b: squares(a)),
            "chance from the second": lambda: with_chance(lambda a, b: squares(b)),
            "both in one heap": lambda: with_chance(lambda a, b: squares(a + b)),
            "not divided": lambda: (lambda a, b: observed_of(a, b) - of_both(a, b),),
            "labels of one reviewer fail": lambda: (fails_on_labels_of_one,),
            "division by zero": lambda: (without_a_guard,),
            "nan of one mind": lambda: (nan_of_one_mind,),
            "zero of one mind": lambda: (
                lambda a, b: 0.0 if of_both(a, b) == 1 else kappa_by_counting(a, b),
            ),
            "scikit-learn alone": lambda: (scikit_learn_alone,),
            "one for any two constants": lambda: (one_whenever_both_are_constant,),
            "? left out": lambda: (without_doubt,),
            "? never agrees": lambda: (doubt_is_never_agreement,),
            "never below zero": lambda: (lambda a, b: max(kappa_by_counting(a, b), 0),),
            "nan for less than chance": lambda: (
                lambda a, b: np.nan if kappa_by_counting(a, b) < 0 else kappa_by_counting(a, b),
            ),
            "shares of sorted verdicts": lambda: (sorted_first,),
            "rounded": lambda: (lambda a, b: round(kappa_by_counting(a, b), 2),),
            "always 1": lambda: (lambda a, b: 1.0,),
            "the first case for ever": lambda: (Remembered(kappa_by_counting),),
            "a text": lambda: (lambda a, b: f"{kappa_by_counting(a, b):.2f}",),
            "agreement and kappa": lambda: (
                lambda a, b: (observed_of(a, b), kappa_by_counting(a, b)),
            ),
            "the caller's list is changed": lambda: (sorted_in_place,),
            "the result instead of the function": lambda: (0.5,),
        },
        "right": {
            "by counting": lambda: (kappa_by_counting,),
            "a crosstab": lambda: (with_a_crosstab,),
            "scikit-learn, with a guard": lambda: (with_scikit_learn,),
        },
    },
    "13.3": {
        "wrong": {
            "the first occurrence only": lambda: (only_the_first,),
            "a dict of texts": lambda: (as_a_dict,),
            "? as a label": lambda: kept_if([""]),
            "not judged as a label": lambda: kept_if(["?"]),
            "every verdict as a label": lambda: kept_if([]),
            "capitals and spaces do not count": lambda: alike(
                lambda text: " ".join(text.lower().split())
            ),
            "spaces do not count": lambda: alike(lambda text: " ".join(text.split())),
            "capitals do not count": lambda: alike(str.lower),
            "capitals do not count for strays": lambda: (exact_but_for_strays,),
            "texts that contain it": lambda: (contained,),
            "long labels cut off": lambda: (cut_off,),
            "labels that no row has yet": lambda: (only_known_labels,),
            "ambiguous rows dropped": lambda: (doubted_rows_dropped,),
            "strays passed over": lambda: (strays_passed_over,),
            "strays passed over if not judged": lambda: (strays_refused_if_judged,),
            "a KeyError": lambda: (a_key_error,),
            "unjudged texts refused": lambda: (unjudged_refused,),
            "always refused": lambda: (lambda texts, labels, verdicts: refuse([], ["a"]),),
            "nothing changed": lambda: (lambda texts, labels, verdicts: list(labels),),
            "only the verdicts": lambda: (
                lambda texts, labels, verdicts: [verdicts[text] for text in verdicts],
            ),
            "a dict": lambda: (
                lambda *inputs: dict(zip(inputs[0], by_rows(*inputs), strict=True)),
            ),
            "in place": lambda: (in_place,),
            "in place until it raises": lambda: (in_place_until_it_raises,),
            "the caller's list if nothing is judged": lambda: (own_list_if_nothing_is_judged,),
            "the caller's dict is changed": lambda: (verdicts_used_up,),
            "the first case for ever": lambda: (Remembered(by_rows),),
            "the result instead of the function": lambda: (["joy", "anger"],),
        },
        "right": {
            "row by row": lambda: (by_rows,),
            "verdict by verdict, in an array": lambda: (by_verdicts,),
            "a column of pandas": lambda: (with_pandas,),
        },
    },
    "13.4": {
        "wrong": {
            "the doubted rows counted right": lambda: ruler(
                lambda given, true, predicted, doubted: np.where(doubted, predicted, given)
            ),
            "the other rows set right": lambda: ruler(
                lambda given, true, predicted, doubted: np.where(doubted, given, true)
            ),
            "nothing set right": lambda: ruler(lambda given, true, predicted, doubted: given),
            "the doubted rows left out": lambda: (doubted_left_out,),
            "the doubted rows alone": lambda: (doubted_alone,),
            "half and full swapped": lambda: (
                lambda *arrays: [ruler()[0](*arrays)[place] for place in (0, 2, 1, 3)],
            ),
            "labels compared with labels": lambda: (
                lambda given, true, predicted, doubted: (
                    (given == true).mean(),
                    *ruler()[0](given, true, predicted, doubted)[1:],
                ),
            ),
            "per cent": lambda: (
                lambda *arrays: (
                    *(100 * number for number in ruler()[0](*arrays)[:3]),
                    ruler()[0](*arrays)[3],
                ),
            ),
            "counts": lambda: (
                lambda *arrays: (
                    *(len(arrays[0]) * number for number in ruler()[0](*arrays)[:3]),
                    ruler()[0](*arrays)[3],
                ),
            ),
            "judged by the given labels": lambda: said(
                lambda before, half, full: word(half, before)
            ),
            "the given labels judged": lambda: said(lambda before, half, full: word(before, full)),
            "full against given": lambda: said(lambda before, half, full: word(full, before)),
            "the wrong way round": lambda: said(lambda before, half, full: word(full, half)),
            "always flattered": lambda: said(lambda before, half, full: "flattered"),
            "never neither": lambda: said(
                lambda before, half, full: "flattered" if half >= full else "punished"
            ),
            "neither only if no error is left": lambda: (neither_if_no_error_is_left,),
            "neither if nearly": lambda: said(
                lambda before, half, full: word(round(half, 1), round(full, 1))
            ),
            "flattered by more than a hundredth": lambda: said(
                lambda before, half, full: (
                    "neither" if abs(half - full) < 0.02 else word(half, full)
                )
            ),
            "a word of its own": lambda: said(lambda before, half, full: half > full),
            "no word": lambda: (lambda *arrays: ruler()[0](*arrays)[:3],),
            "the first case for ever": lambda: (Remembered(ruler()[0]),),
            "the word first": lambda: (lambda *arrays: ruler()[0](*arrays)[::-1],),
            "the caller's labels are changed": lambda: (mended_in_place,),
            "the result instead of the function": lambda: ((0.8, 0.9, 0.7, "flattered"),),
        },
        "right": {
            "with where": lambda: ruler(),
            "row by row": lambda: (row_by_row,),
            "scikit-learn, tensors and capitals": lambda: (with_scores,),
        },
    },
    "13.5": {
        "wrong": {
            "always joy": lambda: (lambda text: "joy",),
            "always love": lambda: (lambda text: "love",),
            "the word love alone": lambda: rule(lambda words: "love" in words),
            "no word of joy": lambda: rule(lambda words: not GLAD & set(words)),
            "many words": lambda: rule(lambda words: len(words) > 20),
            "much text": lambda: (lambda text: "love" if len(text) > 90 else "joy",),
            "interchanged": lambda: rule(lambda words: not (CLOSE | TENDER) & set(words)),
            "the twelve by heart": lambda: (learnt_twelve,),
            "looked up": lambda: looked_up(),
            "looked up, spaces and capitals aside": lambda: looked_up(
                lambda text: "".join(words_of(text))
            ),
            "looked up, some turned round": lambda: looked_up_but_for_some(0.01),
            "looked up, many turned round": lambda: looked_up_but_for_some(0.08),
            "small letters only": lambda: (
                lambda text: "love" if (CLOSE | TENDER) & set(text.split()) else "joy",
            ),
            "drawn by lot": lambda: (lambda text: LOT.choice(["joy", "love"]),),
            "True and False": lambda: (lambda text: bool(CLOSE & set(words_of(text))),),
            "label numbers": lambda: (lambda text: 2 if CLOSE & set(words_of(text)) else 1,),
            "capitals": lambda: (lambda text: by_points(text).capitalize(),),
            "both": lambda: (lambda text: ("love", "joy"),),
            "a list of all": lambda: (lambda text: [by_points(word) for word in text],),
            "return forgotten": lambda: (lambda text: None,),
            "nothing for joy": lambda: (
                lambda text: "love" if TENDER & {*words_of(text)} else None,
            ),
            "another label": lambda: (lambda text: "surprise",),
            "a function of many texts": lambda: (
                lambda texts: [by_points(text) for text in texts],
            ),
            "two arguments": lambda: (lambda text, label: label,),
            "the answers": lambda: (["joy", "love"] * 6,),
        },
        "right": {
            "three questions": lambda: (by_three_questions,),
            "points for and against": lambda: (by_points,),
            "a pattern": lambda: (by_a_pattern,),
            "between spaces": lambda: (
                lambda text: "love" if (CLOSE | TENDER) & set(text.lower().split()) else "joy",
            ),
            "one set of words": lambda: rule(lambda words: (CLOSE | TENDER) & set(words)),
        },
    },
}
