"""The exercises of notebook 11: a leak, a batch for several processes, labels mended by a list."""

from collections.abc import Callable
from math import ceil

import pandas as pd

from . import NotYet, define


@define(
    "11.1",
    hint=(
        "Two texts are the same here if they are equal once both are in small letters and every "
        'run of spaces is one space: `" ".join(text.lower().split())` does that. Put the training '
        "texts into a set in that form, then look each validation text up."
    ),
    solution="""
    def leaked_rows(train, validation):
        def plain(text):
            return " ".join(text.lower().split())

        seen = {plain(text) for text in train}
        return [row for row, text in enumerate(validation) if plain(text) in seen]
    """,
)
def judge_leaked_rows(leaked_rows: Callable) -> str:
    """Judge a function (train texts, validation texts) -> validation rows seen in train."""
    train = ["The bus was late.", "Cake at four!", "rain  again", "The bus was late.", "Off to bed"]
    validation = [
        "cake at  four!",
        "Cake at five!",
        " Rain again",
        "rain",
        "OFF TO BED ",
        "Two trains.",
        "Two trains.",
        "The bus was late.",
    ]
    wanted = [0, 2, 4, 7]
    found = leaked_rows(list(train), list(validation))
    if found is None:
        raise NotYet("leaked_rows returns nothing: does it end with return?")
    if isinstance(found, (int, float)):
        raise NotYet(f"That is the number {found:g}: give the list of the row numbers.")
    found = list(found)
    if any(isinstance(row, str) for row in found):
        raise NotYet(f"Give row numbers, not texts: your first is {found[0]!r}.")
    found = [int(row) for row in found]
    for row in found:
        if row not in wanted:
            twice = " (twice in validation is no leak)" if "trains" in validation[row] else ""
            raise NotYet(f"Row {row}, {validation[row]!r}, is not in train{twice}.")
    for row in wanted:
        if row not in found:
            raise NotYet(f"Row {row}, {validation[row]!r}, is in train, but you do not list it.")
    if found != wanted:
        raise NotYet(f"Give each row once, in order: yours are {found}.")
    if list(leaked_rows(["a"], ["b"])):
        raise NotYet("Two splits with nothing in common should give an empty list.")
    return f"Rows {wanted} of my example are in both splits, whatever their capitals and spaces."


@define(
    "11.2",
    hint=(
        "--batch-size counts the rows of all processes together, so each gets its share of them. "
        "A step uses up --batch-size rows, whoever computes them; the last one may be smaller, and "
        "counts as a step too: math.ceil rounds up."
    ),
    solution="""
    def plan(rows, batch_size, processes, epochs):
        return batch_size // processes, -(-rows // batch_size) * epochs
    """,
)
def judge_plan(plan: Callable) -> str:
    """Judge a function (rows, batch size, processes, epochs) -> (rows a process, steps)."""
    for rows, batch_size, processes, epochs in [
        (1000, 32, 1, 1),
        (1000, 32, 2, 1),
        (1000, 32, 2, 3),
        (64, 64, 4, 2),
        (10, 16, 8, 5),
    ]:
        wanted = (batch_size // processes, ceil(rows / batch_size) * epochs)
        found = plan(rows, batch_size, processes, epochs)
        if found is None:
            raise NotYet("plan returns nothing: does it end with return?")
        if not hasattr(found, "__len__") or len(found) != 2:
            raise NotYet(f"Return two numbers, rows a process and steps; yours is {found!r}.")
        share, steps = found
        case = f"{rows} rows, --batch-size {batch_size}, {processes} processes, {epochs} epochs"
        if share != wanted[0]:
            raise NotYet(f"{case}: a process gets {wanted[0]} rows a step; you say {share}.")
        if steps == ceil(rows / (batch_size * processes)) * epochs != wanted[1]:
            raise NotYet(
                f"{case}: {steps} steps would be right if each process had the whole batch."
            )
        if steps == rows // batch_size * epochs != wanted[1]:
            raise NotYet(f"{case}: you say {steps} steps; do not forget the last, smaller batch.")
        if steps != wanted[1]:
            raise NotYet(f"{case}: that makes {wanted[1]} steps; you say {steps}.")
    return "1,000 rows in batches of 32 make 32 steps, with one process or with two."


@define(
    "11.3",
    hint=(
        "The first line of a CSV file is its header, so line 2 holds row 0. The list is sorted: "
        "`errors.head(k)` has the worst. Work on `posts.copy()`, and set "
        '`mended.loc[row, "mood"]` for each of them.'
    ),
    solution="""
    def mend(posts, errors, k):
        mended = posts.copy()
        for where, suggested in zip(errors["where"][:k], errors["suggested"][:k]):
            row = int(where.split("line ")[1]) - 2
            mended.loc[row, "mood"] = suggested
        return mended
    """,
)
def judge_mend(mend: Callable) -> str:
    """Judge a function (posts, errors, k) -> posts with the k worst labels replaced."""
    moods = ["good", "bad", "good", "good", "bad", "good"]
    posts = pd.DataFrame({"post": [f"post {i}" for i in range(6)], "mood": moods})
    rows, k = [4, 0, 2, 5], 3
    errors = pd.DataFrame(
        {
            "where": [f"posts.csv, line {row + 2}" for row in rows],
            "suggested": ["good", "bad", "bad", "bad"],
            "suspicion": [0.9, 0.8, 0.7, 0.2],
        },
        index=[7, 1, 3, 2],
    )
    before = posts.copy()
    found = mend(posts, errors.copy(), k)
    if found is None:
        raise NotYet("mend returns nothing: does it end with return?")
    if not isinstance(found, pd.DataFrame) or "mood" not in found or len(found) != len(posts):
        raise NotYet("Return the whole table of posts, with as many rows as before.")
    if not posts.equals(before):
        raise NotYet("The posts that were handed in have changed: work on posts.copy().")
    if found["post"].tolist() != before["post"].tolist():
        raise NotYet("The posts are no longer in their order.")
    wanted = ["bad", "bad", "bad", "good", "good", "good"]
    given = found["mood"].tolist()
    if given == moods:
        raise NotYet("No label has changed.")
    mended = [row for row in range(6) if given[row] != moods[row]]
    if len(mended) == len(rows) and given[5] == "bad":
        raise NotYet(f"You mended all {len(rows)} of the list: only the first {k} were asked for.")
    for row in range(6):
        if given[row] != wanted[row]:
            raise NotYet(
                f"Row {row} (line {row + 2} of the file) should be {wanted[row]!r} after mending "
                f"lines {', '.join(str(row + 2) for row in rows[:k])}, and yours is {given[row]!r}."
            )
    return f"Lines {', '.join(str(row + 2) for row in rows[:k])} are mended, the others untouched."
