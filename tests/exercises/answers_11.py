"""Answers to the exercises of notebook 11, wrong ones by misconception and right ones by form."""

import itertools
import re
from math import ceil

import numpy as np
import pandas as pd
import torch
from scipy.stats import binomtest

from helpers import is_it_real


def plain(text):
    return " ".join(text.casefold().split())


def by_set(train, validation):
    seen = set(map(plain, train))
    return [i for i, text in enumerate(validation) if plain(text) in seen]


def by_pandas(train, validation):
    known = pd.Series(validation).map(plain).isin(pd.Series(train).map(plain))
    return known.index[known]


def exact(train, validation):
    return [i for i, text in enumerate(validation) if text in train]


def capitals_only(train, validation):
    seen = {text.lower() for text in train}
    return [i for i, text in enumerate(validation) if text.lower() in seen]


def substrings(train, validation):
    seen = [plain(text) for text in train]
    return [i for i, text in enumerate(validation) if any(plain(text) in other for other in seen)]


def longer(train, validation):
    seen = [plain(text) for text in train]
    return [i for i, text in enumerate(validation) if any(other in plain(text) for other in seen)]


def compared_by(key):
    def leaked_rows(train, validation):
        seen = {key(text) for text in train}
        return [i for i, text in enumerate(validation) if key(text) in seen]

    return leaked_rows


def first_of_each(train, validation):
    rows = {plain(text): i for i, text in reversed(list(enumerate(validation)))}
    return sorted(rows[text] for text in rows.keys() & set(map(plain, train)))


def last_of_each(train, validation):
    rows = {plain(text): i for i, text in enumerate(validation)}
    return sorted(rows[text] for text in rows.keys() & set(map(plain, train)))


def cleans_its_input(train, validation):
    train[:] = map(plain, train)
    return by_set(train, validation)


def by_pairs(train, validation):
    return [i for i, a in enumerate(validation) for b in train if plain(a) == plain(b)]


def within_validation(train, validation):
    texts = [plain(text) for text in [*train, *validation]]
    return [i for i, text in enumerate(validation) if texts.count(plain(text)) > 1]


def mend_by_loop(posts, errors, k):
    mended = posts.copy()
    for _, row in errors.head(k).iterrows():
        mended.loc[int(row["where"].split()[-1]) - 2, "mood"] = row["suggested"]
    return mended


def mend_by_map(posts, errors, k):
    lines = errors["where"].head(k).str.extract(r"line (\d+)")[0].astype(int) - 2
    new = dict(zip(lines, errors["suggested"].head(k), strict=True))
    moods = [new.get(row, mood) for row, mood in enumerate(posts["mood"])]
    return posts.assign(mood=moods)


def mend_off_by(shift):
    def mend(posts, errors, k):
        mended = posts.copy()
        for _, row in errors.head(k).iterrows():
            line = int(row["where"].split()[-1]) - shift
            if line in mended.index:
                mended.loc[line, "mood"] = row["suggested"]
        return mended

    return mend


def mend_in_place(posts, errors, k):
    for _, row in errors.head(k).iterrows():
        posts.loc[int(row["where"].split()[-1]) - 2, "mood"] = row["suggested"]
    return posts


def flip(posts, errors, k):
    mended, names = posts.copy(), list(dict.fromkeys(posts["mood"]))
    for where in errors["where"].head(k):
        row = int(where.split()[-1]) - 2
        mended.loc[row, "mood"] = names[1 - names.index(posts["mood"][row])]
    return mended


def suggestions_by_line(posts, errors, k):
    lines = errors["where"].head(k).str.split().str[-1].astype(int)
    where = [f"posts.csv, line {line}" for line in sorted(lines)]
    return mend_by_loop(posts, errors.head(k).assign(where=where), k)


def last_digit(posts, errors, k):
    mended = posts.copy()
    for where, suggested in zip(errors["where"][:k], errors["suggested"][:k], strict=True):
        mended.loc[int(where[-1]) - 2, "mood"] = suggested
    return mended


def first_rows(posts, errors, k):
    mended = posts.copy()
    mended.loc[: k - 1, "mood"] = errors["suggested"][:k].tolist()
    return mended


def mends_the_list(posts, errors, k):
    errors["mood"] = errors["suggested"]
    return mend_by_loop(posts, errors, k)


def mend_by_places(posts, errors, k):
    mended = posts.copy()
    rows = [int(where.rpartition(" ")[2]) - 2 for where in errors.iloc[:k]["where"]]
    mended.iloc[rows, 2] = errors.iloc[:k]["suggested"].to_numpy()
    return mended


def clear_by_interval(more, less):
    difference = np.asarray(more, dtype=float) - np.asarray(less, dtype=float)
    rows = np.random.default_rng(1).integers(len(difference), size=(2000, len(difference)))
    return np.percentile(difference[rows].mean(axis=1), 2.5) > 0


def clear_by_sign_test(more, less):
    """McNemar's test: how often would equally good models differ so much?"""
    more, less = np.asarray(more, dtype=bool), np.asarray(less, dtype=bool)
    ahead, behind = int((more & ~less).sum()), int((less & ~more).sum())
    return ahead > behind and binomtest(ahead, ahead + behind).pvalue < 0.05


def clear_if_apart(more, less):
    """Whether two intervals do not overlap."""
    (_, _, low), (_, high, _) = (
        (p := np.mean(right), p + half, p - half)
        for right in (more, less)
        for half in [1.96 * np.std(right) / len(right) ** 0.5]
    )
    return low > high


def clear_if_outside(more, less):
    """Whether the lower score lies outside the interval of the higher one."""
    return np.mean(more) - 1.96 * np.std(more) / len(more) ** 0.5 > np.mean(less)


def decide(
    table,
    splits=("test",),
    form=plain,
    leaks=False,
    clear=clear_by_interval,
    own_majority=False,
    against=("cheap", "majority"),
    names=("fine-tuned", "cheap", "neither"),
):
    """11.4 as it should be; each option makes one slip."""
    train = table[table["split"] == "train"]
    rows = table[table["split"].isin(splits)]
    if not leaks:
        rows = rows[~rows["post"].map(form).isin(train["post"].map(form))]
    majority = (rows if own_majority else train)["mood"].mode()[0]
    right = {
        "cheap": rows["mood"] == rows["cheap"],
        "majority": rows["mood"] == majority,
        "fine-tuned": rows["mood"] == rows["predicted"],
    }
    if all(clear(right["fine-tuned"], right[other]) for other in against):
        return names[0]
    return names[1] if clear(right["cheap"], right["majority"]) else names[2]


def deciding(**options):
    return (lambda table: decide(table, **options),)


def signs_as_it_stands(table):
    """The accuracies of the whole table, and the highest wins."""
    right = {name: (table["mood"] == table[name]).mean() for name in ("predicted", "cheap")}
    return "fine-tuned" if right["predicted"] > right["cheap"] else "cheap"


def never_neither(table):
    decision = decide(table, against=("cheap",))
    return "cheap" if decision == "neither" else decision


def cheap_if_either_beats_the_majority(table):
    if decide(table, against=("majority",)) == "neither":
        return "neither"
    return "fine-tuned" if decide(table) == "fine-tuned" else "cheap"


def drops_rows_of_the_table(table):
    table.drop(table.index[table["split"] == "train"], inplace=True)
    return "cheap"


def with_the_helper(table):
    test = table[table["split"] == "test"]
    train = table[table["split"] == "train"]
    test = test[~test["post"].map(plain).isin(set(train["post"].map(plain)))]
    most = [train["mood"].mode()[0]] * len(test)
    better = is_it_real(test["mood"], test["cheap"], test["predicted"])["low"] > 0
    useful = is_it_real(test["mood"], most, test["predicted" if better else "cheap"])["low"] > 0
    if not useful:
        return "neither"
    return "fine-tuned" if better else "cheap"


ANSWERS = {
    "11.1": {
        "wrong": {
            "exact matches only": lambda: (exact,),
            "capitals but not spaces": lambda: (capitals_only,),
            "parts of texts too": lambda: (substrings,),
            "repeats within validation": lambda: (within_validation,),
            "texts with one of train in them": lambda: (longer,),
            "all spaces removed": lambda: (
                compared_by(lambda text: text.lower().replace(" ", "")),
            ),
            "words in any order": lambda: (
                compared_by(lambda text: frozenset(plain(text).split())),
            ),
            "marks removed": lambda: (compared_by(lambda text: plain(text).rstrip(".!?")),),
            "letters only": lambda: (
                compared_by(lambda text: re.sub(r"[^a-z ]", "", plain(text))),
            ),
            "spaces at the ends only": lambda: (compared_by(lambda text: text.lower().strip()),),
            "spaces but not capitals": lambda: (compared_by(lambda text: " ".join(text.split())),),
            "the first of several repeats": lambda: (first_of_each,),
            "the last of several repeats": lambda: (last_of_each,),
            "a row for each copy in train": lambda: (by_pairs,),
            "changes what was handed in": lambda: (cleans_its_input,),
            "True and False": lambda: (lambda t, v: [i in by_set(t, v) for i in range(len(v))],),
            "the last row first": lambda: (lambda t, v: by_set(t, v)[::-1],),
            "rows from 1": lambda: (lambda t, v: [i + 1 for i in by_set(t, v)],),
            "the rows of the first example": lambda: (lambda t, v: [0, 2, 4, 10, 11],),
            "rows without an end": lambda: (lambda t, v: itertools.count(),),
            "a class in place of a list": lambda: (lambda t, v: list,),
            "nan among the rows": lambda: (lambda t, v: [float("nan"), *by_set(t, v)],),
            "what np.where gives": lambda: (lambda t, v: (np.array(by_set(t, v)),),),
            "a dict": lambda: (lambda t, v: {i: v[i] for i in by_set(t, v)},),
            "the result in place of the function": lambda: ([0, 2, 4],),
            "the number of rows": lambda: (lambda t, v: len(by_set(t, v)),),
            "the texts": lambda: (lambda t, v: [v[i] for i in by_set(t, v)],),
            "rows of train": lambda: (lambda t, v: by_set(v, t),),
            "forgets to return": lambda: (lambda t, v: None,),
        },
        "right": {
            "a set": lambda: (by_set,),
            "pandas": lambda: (by_pandas,),
            "an array": lambda: (lambda t, v: np.array(by_set(t, v), dtype=int),),
            "a tensor": lambda: (lambda t, v: torch.tensor(by_set(t, v), dtype=torch.long),),
        },
    },
    "11.2": {
        "wrong": {
            "the whole batch for each": lambda: (lambda n, b, p, e: (b, ceil(n / b) * e),),
            "a batch for each process": lambda: (
                lambda n, b, p, e: (b // p, ceil(n / (b * p)) * e),
            ),
            "forgets the last batch": lambda: (lambda n, b, p, e: (b // p, n // b * e),),
            "forgets the epochs": lambda: (lambda n, b, p, e: (b // p, ceil(n / b)),),
            "rounds after the epochs": lambda: (lambda n, b, p, e: (b // p, ceil(n * e / b)),),
            "rounds down and adds one": lambda: (lambda n, b, p, e: (b // p, (n // b + 1) * e),),
            "rounds to the nearest": lambda: (lambda n, b, p, e: (b // p, round(n / b) * e),),
            "steps of a share": lambda: (lambda n, b, p, e: (b // p, ceil(n / (b // p)) * e),),
            "steps first": lambda: (lambda n, b, p, e: (ceil(n / b) * e, b // p),),
            "a share as if for two": lambda: (lambda n, b, p, e: (b // 2, ceil(n / b) * e),),
            "the answer for 1,000 rows": lambda: (
                lambda n, b, p, e: (b // p, ceil(1000 / 32) * e),
            ),
            "a dict": lambda: (lambda n, b, p, e: {"rows": b // p, "steps": ceil(n / b) * e},),
            "a text": lambda: (lambda n, b, p, e: f"{b // p} {ceil(n / b) * e}",),
            "the result in place of the function": lambda: ((16, 32),),
            "an array of no shape": lambda: (lambda n, b, p, e: np.array(ceil(n / b) * e),),
            "a tensor of two rows": lambda: (lambda n, b, p, e: torch.zeros(2, 2),),
            "the steps alone": lambda: (lambda n, b, p, e: ceil(n / b) * e,),
            "forgets to return": lambda: (lambda n, b, p, e: None,),
        },
        "right": {
            "ceil": lambda: (lambda n, b, p, e: (b // p, ceil(n / b) * e),),
            "an array": lambda: (lambda n, b, p, e: np.array([b / p, ceil(n / b) * e]),),
            "a list, counted": lambda: (lambda n, b, p, e: [b / p, len(range(0, n, b)) * e],),
        },
    },
    "11.3": {
        "wrong": {
            "line numbers as row numbers": lambda: (mend_off_by(0),),
            "forgets the header": lambda: (mend_off_by(1),),
            "mends the whole list": lambda: (lambda p, e, k: mend_by_loop(p, e, len(e)),),
            "changes what was handed in": lambda: (mend_in_place,),
            "changes nothing": lambda: (lambda p, e, k: p.copy(),),
            "drops the rows": lambda: (lambda p, e, k: p.drop(index=range(k)),),
            "only the moods": lambda: (lambda p, e, k: mend_by_loop(p, e, k)["mood"],),
            "flips the moods": lambda: (flip,),
            "gives all the same mood": lambda: (
                lambda p, e, k: mend_by_loop(p, e.assign(suggested="good"), k),
            ),
            "the suggestion of the first for all": lambda: (
                lambda p, e, k: mend_by_loop(p, e.assign(suggested=e["suggested"][0]), k),
            ),
            "suggestions in the order of the file": lambda: (suggestions_by_line,),
            "reads the last digit of the line": lambda: (last_digit,),
            "always three": lambda: (lambda p, e, k: mend_by_loop(p, e, 3),),
            "one too many": lambda: (lambda p, e, k: mend_by_loop(p, e, k + 1),),
            "the first rows of the table": lambda: (first_rows,),
            "changes the list": lambda: (mends_the_list,),
            "returns the list": lambda: (lambda p, e, k: e.head(k),),
            "a new order": lambda: (lambda p, e, k: mend_by_loop(p, e, k).sort_values("mood"),),
            "the result in place of the function": lambda: (
                pd.DataFrame({"id": ["a"], "post": ["b"], "mood": ["good"]}),
            ),
            "takes the least suspicious": lambda: (lambda p, e, k: mend_by_loop(p, e[::-1], k),),
        },
        "right": {
            "row by row": lambda: (mend_by_loop,),
            "a dictionary of lines": lambda: (mend_by_map,),
            "places in place of labels": lambda: (mend_by_places,),
        },
    },
    "11.4": {
        "wrong": {
            "the table as it stands": lambda: (signs_as_it_stands,),
            "rows that were trained on": lambda: deciding(
                splits=("train", "validation", "test"), leaks=True
            ),
            "validation rows too": lambda: deciding(splits=("validation", "test")),
            "the leak left in": lambda: deciding(leaks=True),
            "a leak in other capitals left in": lambda: deciding(form=str),
            "capitals found, spaces not": lambda: deciding(form=str.lower),
            "any lead": lambda: deciding(clear=lambda more, less: np.mean(more) > np.mean(less)),
            "a lead of three points": lambda: deciding(
                clear=lambda more, less: np.mean(more) > np.mean(less) + 0.03
            ),
            "a lead of six points": lambda: deciding(
                clear=lambda more, less: np.mean(more) > np.mean(less) + 0.06
            ),
            "intervals that do not overlap": lambda: deciding(clear=clear_if_apart),
            "a score outside the interval of the other": lambda: deciding(clear=clear_if_outside),
            "the majority of the test rows": lambda: deciding(own_majority=True),
            "no look at the majority": lambda: (never_neither,),
            "the majority against the cheap one alone": lambda: deciding(against=("cheap",)),
            "better than the majority is enough": lambda: deciding(against=("majority",)),
            "cheap if either beats the majority": lambda: (cheap_if_either_beats_the_majority,),
            "the leak left in, and any lead": lambda: deciding(
                leaks=True, clear=lambda more, less: np.mean(more) > np.mean(less)
            ),
            "always fine-tuned": lambda: (lambda table: "fine-tuned",),
            "always cheap": lambda: (lambda table: "cheap",),
            "always neither": lambda: (lambda table: "neither",),
            "another word": lambda: deciding(names=("sign", "do not sign", "do not sign")),
            "True and False": lambda: (lambda table: decide(table) == "fine-tuned",),
            "all three": lambda: (lambda table: ["fine-tuned", "cheap", "neither"],),
            "a class": lambda: (lambda table: str,),
            "rows taken out of the caller's table": lambda: (drops_rows_of_the_table,),
            "a decision in place of the function": lambda: ("cheap",),
            "forgets to return": lambda: (lambda table: None,),
        },
        "right": {
            "an interval of the difference": lambda: deciding(),
            "McNemar's test": lambda: deciding(clear=clear_by_sign_test),
            "the course's helper": lambda: (with_the_helper,),
        },
    },
}
