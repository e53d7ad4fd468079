"""Answers to the exercises of notebook 11, wrong ones by misconception and right ones by form."""

from math import ceil

import pandas as pd


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


ANSWERS = {
    "11.1": {
        "wrong": {
            "exact matches only": lambda: (exact,),
            "capitals but not spaces": lambda: (capitals_only,),
            "parts of texts too": lambda: (substrings,),
            "repeats within validation": lambda: (within_validation,),
            "the number of rows": lambda: (lambda t, v: len(by_set(t, v)),),
            "the texts": lambda: (lambda t, v: [v[i] for i in by_set(t, v)],),
            "rows of train": lambda: (lambda t, v: by_set(v, t),),
            "forgets to return": lambda: (lambda t, v: None,),
        },
        "right": {
            "a set": lambda: (by_set,),
            "pandas": lambda: (by_pandas,),
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
            "the steps alone": lambda: (lambda n, b, p, e: ceil(n / b) * e,),
            "forgets to return": lambda: (lambda n, b, p, e: None,),
        },
        "right": {
            "ceil": lambda: (lambda n, b, p, e: (b // p, ceil(n / b) * e),),
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
            "takes the least suspicious": lambda: (lambda p, e, k: mend_by_loop(p, e[::-1], k),),
        },
        "right": {
            "row by row": lambda: (mend_by_loop,),
            "a dictionary of lines": lambda: (mend_by_map,),
        },
    },
}
