"""The exercises of notebook 11: a leak, a batch for processes, labels mended, a report signed."""

from collections import Counter
from collections.abc import Callable
from functools import cache
from itertools import combinations
from math import ceil

import numpy as np
import pandas as pd

from . import NotYet, define
from .answers import call, kind_of


@define(
    "11.1",
    hint=(
        "Which of 'a  cake', 'acake', 'a cake!' and 'A CAKE' counts as the text ' A Cake '? Into "
        "which common form could you bring all texts, so that a plain == can tell?"
    ),
    step=(
        "Write a small function that brings one text into the common form: `text.split()` without "
        "an argument leaves the words and no spaces. The texts of both lists have to go through it."
    ),
    solution="""
    def leaked_rows(train, validation):
        def plain(text):
            return " ".join(text.lower().split())

        seen = {plain(text) for text in train}
        return [row for row, text in enumerate(validation) if plain(text) in seen]
    """,
)
def check_leaked_rows(leaked_rows: Callable) -> str:
    """Check a function (train texts, validation texts) -> validation rows seen in train."""
    train = ["The bus was late.", "Cake at four!", "rain  again", "The bus was late.", "Off to bed"]
    validation = [
        "cake at  four!",
        "Cake at five!",
        " Rain again",
        "rain",
        "OFF TO BED ",
        "Two trains.",
        "Two trains.",
        "Thebus was late.",
        "Cake at four?",
        "The bus was late. Again.",
        "RAIN   AGAIN",
        "The bus was late.",
        "Was the bus late.",
    ]
    _check_rows(leaked_rows, train, validation)
    _check_rows(leaked_rows, ["Left at ten", "so  tired"], ["so tired now", "So tired", "Left"])
    _check_rows(leaked_rows, ["Snow."], ["Sun.", "Wind."])
    return "Each row that train has seen is listed, whatever its capitals and spaces."


def _check_rows(leaked_rows: Callable, train: list[str], validation: list[str]) -> None:
    seen = {_plain(text) for text in train}
    wanted = [row for row, text in enumerate(validation) if _plain(text) in seen]
    answer = _row_numbers(call(leaked_rows, train, validation, seconds=3))
    for row in answer:
        if not 0 <= row < len(validation):
            raise NotYet(f"You list row {row}, but validation has rows 0 to {len(validation) - 1}.")
        if row not in wanted:
            why = _why_listed(row, train, validation)
            raise NotYet(f"Row {row}, {validation[row]!r}, is not in train{why}.")
    for row in wanted:
        if row not in answer:
            text = validation[row]
            twin = [other for other in answer if _plain(validation[other]) == _plain(text)]
            why = f": row {twin[0]} has the same text, but both leak" if twin else ""
            raise NotYet(f"Row {row}, {text!r}, is in train, but you do not list it{why}.")
    if answer != wanted:
        raise NotYet(f"Give each row once, in order: yours are {answer}.")


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def _why_listed(row: int, train: list[str], validation: list[str]) -> str:
    """What may have made a text of validation look like one of train."""
    text = _plain(validation[row])
    if [_plain(other) for other in validation].count(text) > 1:
        return " (twice in validation is no leak)"
    for other in map(_plain, train):
        if other.replace(" ", "") == text.replace(" ", ""):
            return f": {other!r} has a space more, which makes other words"
        if sorted(other.split()) == sorted(text.split()):
            return f": {other!r} has the same words, but in another order"
        if other.rstrip("!?.") == text.rstrip("!?."):
            return f": {other!r} ends with another mark, and marks count"
        if text in other or other in text:
            return f": {other!r} is longer or shorter, so it is another text"
    return ""


def _row_numbers(answer) -> list[int]:
    """Row numbers as plain ints, from a list, an array, a tensor, a Series or an Index."""
    sized = hasattr(answer, "__len__") and getattr(answer, "shape", None) != ()
    if isinstance(answer, str | dict | set | type | pd.DataFrame) or not sized:
        raise NotYet(f"Give the list of the row numbers; yours is {kind_of(answer)}: {answer!r}.")
    rows = []
    for row in answer:
        if getattr(row, "shape", ()) or isinstance(row, list | tuple):
            raise NotYet(f"Give one flat list of row numbers; yours holds {kind_of(row)}.")
        rows.append(row.item() if hasattr(row, "item") else row)
    for row in rows:
        if isinstance(row, bool):
            raise NotYet("Give row numbers, such as [0, 2], in place of True and False.")
        if not isinstance(row, int | float) or not float(row).is_integer():
            raise NotYet(f"Give row numbers, such as [0, 2]; your list holds {row!r}.")
    return [int(row) for row in rows]


@define(
    "11.2",
    hint=(
        "10 rows, a batch size of 4, 2 processes: how many rows does a process get in a full step? "
        "How many steps has one epoch, and how many have two?"
    ),
    step=(
        "`--batch-size` counts the rows of all processes together (section 7), so a step uses up "
        "that many, whoever computes them. A smaller last step counts too: `math.ceil` rounds up."
    ),
    solution="""
    def plan(rows, batch_size, processes, epochs):
        return batch_size // processes, -(-rows // batch_size) * epochs
    """,
)
def check_plan(plan: Callable) -> str:
    """Check a function (rows, batch size, processes, epochs) -> (rows a process, steps)."""
    for rows, batch_size, processes, epochs in [
        (1000, 32, 1, 1),
        (1000, 32, 2, 1),
        (1000, 32, 2, 3),
        (64, 64, 4, 2),
        (20, 16, 8, 5),
        (777, 24, 3, 2),
    ]:
        case = f"rows {rows}, batch_size {batch_size}, processes {processes}, epochs {epochs}"
        share, steps = _two_numbers(call(plan, rows, batch_size, processes, epochs, seconds=3))
        wanted_share, wanted_steps = batch_size // processes, ceil(rows / batch_size) * epochs
        if (steps, share) == (wanted_share, wanted_steps) != (share, steps):
            raise NotYet("Your two numbers are right, but the rows a process come first.")
        if share == batch_size != wanted_share:
            raise NotYet(f"{case}: the processes share the {share} rows of a step.")
        if share != wanted_share:
            raise NotYet(f"{case}: a process gets {wanted_share} rows a step; you say {share}.")
        if steps != wanted_steps:
            why = _why_steps(steps, rows, batch_size, processes, epochs)
            raise NotYet(f"{case}: that makes {wanted_steps} steps; you say {steps}{why}.")
    return "1,000 rows in batches of 32 make 32 steps, with one process or with two."


def _two_numbers(answer) -> list:
    sized = hasattr(answer, "__len__") and getattr(answer, "shape", None) != ()
    if isinstance(answer, str | dict | set | type) or not sized or len(answer) != 2:
        raise NotYet(
            f"Return two numbers, rows a process and steps; yours is {kind_of(answer)}: {answer!r}."
        )
    numbers = [
        number.item() if getattr(number, "shape", None) == () else number for number in answer
    ]
    for number in numbers:
        if not isinstance(number, int | float):
            raise NotYet(f"Return two numbers, rows a process and steps; {number!r} is none.")
    return numbers


def _why_steps(steps, rows: int, batch_size: int, processes: int, epochs: int) -> str:
    """What a wrong number of steps would be right for."""
    share = batch_size // processes
    if steps == ceil(rows / batch_size):
        return ", which are those of one epoch"
    if steps == rows // batch_size * epochs:
        return ": do not forget the last, smaller batch of an epoch"
    if steps == ceil(rows / (batch_size * processes)) * epochs:
        return ", as if each process had a whole batch of its own"
    if steps == ceil(rows / share) * epochs:
        return ", as if one process with its share of the batch went through all rows"
    if steps == ceil(rows * epochs / batch_size):
        return ": each epoch ends with a smaller batch of its own, so round up before you multiply"
    return ""


@define(
    "11.3",
    hint=(
        "Which row of `posts` stands in line 2 of the file, and which in line 7? When you write a "
        "new label, what happens to the caller's own table?"
    ),
    step=(
        "Start with one row of `errors`: get the number out of its `where`, and make a row number "
        'of it. `.loc` with that row and the column "mood" sets one label of a table.'
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
def check_mend(mend: Callable) -> str:
    """Check a function (posts, errors, k) -> posts with the k worst labels replaced."""
    moods = ["good", "bad", "mixed", "good", "bad", "good", "mixed"]
    suggested = {4: "mixed", 0: "bad", 2: "good", 5: "mixed"}
    _check_mended(mend, "posts.csv", moods, suggested, 3)
    _check_mended(mend, "posts.csv", moods, suggested, 1)
    moods = ["calm", "angry", "happy"] * 6
    suggested = {16: "happy", 9: "angry", 0: "happy", 10: "calm", 15: "angry"}
    _check_mended(mend, "diary.csv", moods, suggested, 4)
    return "The first k lines of the list are mended, the others untouched."


def _check_mended(mend: Callable, file: str, moods: list[str], suggested: dict, k: int) -> None:
    """Check it on one table; `suggested` holds a label for each row doubted, the worst first."""
    posts = pd.DataFrame({"post": [f"text {row}" for row in range(len(moods))], "mood": moods})
    posts.insert(0, "id", [f"post-{row:04}" for row in posts.index])
    errors = pd.DataFrame(
        {
            "where": [f"{file}, line {row + 2}" for row in suggested],
            "suspicion": [0.9 - 0.1 * place for place in range(len(suggested))],
            "mood": [moods[row] for row in suggested],
            "suggested": list(suggested.values()),
        }
    )
    answer = call(mend, posts, errors, k, seconds=3)
    if not isinstance(answer, pd.DataFrame) or sorted(answer) != sorted(posts):
        raise NotYet(
            f"Return the whole table of posts, with the columns {', '.join(posts)}; yours is "
            f"{kind_of(answer)}."
        )
    if len(answer) != len(posts):
        raise NotYet(f"Return all {len(posts)} posts; yours are {len(answer)}: rows came or went.")
    if answer["id"].tolist() != posts["id"].tolist():
        raise NotYet("The posts are no longer in their order.")
    if not answer["post"].equals(posts["post"]):
        raise NotYet("Only the column mood is to change: leave the posts and the index alone.")
    given, wanted = answer["mood"].tolist(), _mended(moods, suggested, k)
    if given == wanted:
        return
    lines = ", ".join(str(row + 2) for row in list(suggested)[:k])
    if given == moods:
        raise NotYet(f"No label has changed, but those of the lines {lines} should.")
    if given == _mended(moods, suggested, len(suggested)):
        raise NotYet(f"You mended all {len(suggested)} of the list: only the first {k} count.")
    for shift in (1, 2):
        if given == _mended(moods, suggested, k, shift):
            raise NotYet(
                f"You changed rows that stand {shift} below those of the list: line 1 is the "
                "header, so row 0 is in line 2."
            )
    row = next(row for row in range(len(moods)) if given[row] != wanted[row])
    why = "as the list suggests" if row in list(suggested)[:k] else "as before"
    raise NotYet(
        f"With k = {k}, row {row} (line {row + 2} of {file}) should be {wanted[row]!r}, {why}; "
        f"yours is {given[row]!r}."
    )


def _mended(moods: list[str], suggested: dict, k: int, shift: int = 0) -> list[str]:
    """The moods after mending k rows, or the rows so much below them."""
    new = list(moods)
    for row in list(suggested)[:k]:
        if row + shift < len(new):
            new[row + shift] = suggested[row]
    return new


DECISIONS = ("fine-tuned", "cheap", "neither")
MOODS = ["bad", "good", "mixed"]
WORDS = ["rain", "bus", "tea", "door", "lamp", "late", "early", "home", "work", "bread", "song"]
WAYS = ("both right", "fine-tuned alone", "cheap alone", "both wrong")
# Tables of predictions by what is in them: for each part how many rows there are of each of the
# WAYS. The texts of copied and shouted test rows are in train too, as they are or in other capitals
# and spaces. most: the share of the first mood in train and in test.
USUAL = {"train": (210, 24, 20, 46), "validation": (110, 15, 14, 21), "most": (0.55, 0.55)}
TABLES = {
    "a clear lead": {"test": (140, 34, 8, 18)},
    "a lead on rows that were trained on": {"train": (250, 50, 0, 0), "test": (150, 12, 13, 25)},
    "a lead by shouted rows": {"test": (120, 13, 14, 23), "shouted": (4, 36, 0, 0)},
    "a lead by copied rows": {"test": (125, 14, 13, 28), "copied": (2, 33, 1, 0)},
    "a lead beside such rows": {"test": (115, 32, 6, 17), "shouted": (6, 0, 22, 2), "copied": (4,)},
    "a lead of a few rows": {"test": (158, 24, 15, 3)},
    "a larger lead of fewer rows": {"test": (30, 6, 3, 1), "most": (0.45, 0.45)},
    "a small lead, but nearly always the same one": {
        "test": (130, 12, 1, 57),
        "most": (0.45, 0.45),
    },
    "a lead on the rows of the choice": {
        "validation": (100, 48, 2, 10),
        "test": (130, 13, 16, 21),
    },
    "no better than the majority": {"test": (156, 8, 6, 30), "most": (0.8, 0.8)},
    "a majority that changed": {"test": (96, 12, 10, 82), "most": (0.62, 0.36)},
    "a clear lead, and both below the majority": {"test": (80, 30, 4, 86), "most": (0.7, 0.7)},
    "better than the majority, but not than the cheap one": {
        "test": (72, 56, 42, 30),
        "most": (0.5, 0.5),
    },
    "the cheap one is ahead": {"test": (130, 8, 34, 28)},
}


@define(
    "11.4",
    hint=(
        "Which rows of the table has the fine-tuned model learnt from, in whatever capitals, and "
        "which was it chosen by? Whose errors does a difference on the same rows forget, and whose "
        "does it count?"
    ),
    step=(
        "First make the small table of the rows that may count. Then write one function that takes "
        "two columns of True and False and says whether the second is clearly better; you need it "
        "twice or three times."
    ),
    solution="""
    def decide(table):
        def plain(text):
            return " ".join(text.lower().split())

        def clearly_better(more, less):
            difference = more.to_numpy().astype(int) - less.to_numpy().astype(int)
            rng = np.random.default_rng(0)
            rows = rng.integers(len(difference), size=(2000, len(difference)))
            return np.percentile(difference[rows].mean(axis=1), 2.5) > 0

        train = table[table["split"] == "train"]
        test = table[table["split"] == "test"]
        test = test[~test["post"].map(plain).isin(train["post"].map(plain))]
        majority = test["mood"] == train["mood"].mode()[0]
        cheap = test["mood"] == test["cheap"]
        fine_tuned = test["mood"] == test["predicted"]
        if clearly_better(fine_tuned, cheap) and clearly_better(fine_tuned, majority):
            return "fine-tuned"
        return "cheap" if clearly_better(cheap, majority) else "neither"
    """,
)
def check_decide(decide: Callable) -> str:
    """Check a function (table of predictions) -> which of three may go into service.

    Each table is far from the edge: a difference on the rows that count is either clear or not by
    any usual test, and the trap in it, where there is one, changes the decision.
    """
    decisions = [_decision(call(decide, _table_of(name).copy(), seconds=20)) for name in TABLES]
    wrong = [
        place
        for place, (decision, name) in enumerate(zip(decisions, TABLES, strict=True))
        if decision != _decided(name)
    ]
    if not wrong:
        return f"{len(TABLES)} tables, most of them with a trap: each signature is one to stand by."
    why = _why_decided(decisions)
    if not why:
        few = ", ".join(f"{kind!r} for {n}" for kind, n in Counter(decisions).most_common())
        why = f" Yours are {few}. Does each of them rest on the right rows, and on the same ones?"
    raise NotYet(
        f"Of {len(TABLES)} tables you decide {len(wrong)} otherwise than their rows allow.{why}"
    )


@cache
def _table_of(name: str) -> pd.DataFrame:
    """The predictions of a training, shuffled; `TABLES` says what is in them. Not to be changed."""
    parts = USUAL | TABLES[name]
    rng = np.random.default_rng(list(TABLES).index(name))
    rows, train_texts = [], []
    for part in ("train", "validation", "test", "shouted", "copied"):
        ways = np.repeat(WAYS[: len(parts.get(part, ()))], parts.get(part, ()))
        share = parts["most"][part not in ("train", "validation")]
        for way, mood in zip(ways, _moods(len(ways), share, rng), strict=True):
            text = f"note {len(rows)}: {' '.join(rng.choice(WORDS, 5))}"
            if part == "train":
                train_texts.append(text)
            elif part in ("shouted", "copied"):
                text = train_texts.pop()
                text = text if part == "copied" else f" {text.upper()}".replace(" ", "  ")
            split = part if part in ("train", "validation") else "test"
            answers = _answers(way, mood)
            rows.append({"post": text, "mood": mood, "split": split, **answers})
    table = pd.DataFrame(rows)
    table = table.sample(frac=1, random_state=int(rng.integers(1000)), ignore_index=True)
    table.insert(0, "id", [f"post-{row:04}" for row in table.index])
    table.insert(3, "where", [f"posts.csv, line {row + 2}" for row in table.index])
    return table


def _moods(n: int, share: float, rng) -> list[str]:
    """n moods in random order; the first has this share, the second most of the others."""
    first = round(share * n)
    second = round(0.7 * (n - first))
    return rng.permutation(np.repeat(MOODS, (first, second, n - first - second))).tolist()


def _answers(way: str, mood: str) -> dict[str, str]:
    """What the two models say of a post with this mood."""
    other = MOODS[MOODS.index(mood) - 1]
    return {
        "predicted": mood if way in WAYS[:2] else other,
        "cheap": mood if way in WAYS[::2] else other,
    }


def _decision(answer) -> str:
    if not isinstance(answer, str) or answer not in DECISIONS:
        raise NotYet(f"Return one of {', '.join(map(repr, DECISIONS))}; yours is {answer!r:.60}.")
    return answer


SLIPS = {  # what whoever makes it does, by the name that `_decided` knows it by
    "points": "takes any lead for a better model, however few rows make it",
    "three points": "asks for a lead of some size, whether many rows make it or few",
    "overlap": (
        "asks whether the intervals of two scores overlap. Both models answered the same rows: "
        "subtract row by row, and see what is left of the luck"
    ),
    "one interval": (
        "asks whether one score lies outside the interval of the other. Both models answered the "
        "same rows: subtract row by row, and see what is left of the luck"
    ),
    "all rows": "counts rows that were trained on",
    "validation": "counts rows by which the training was chosen",
    "leaks": "counts test rows that train has as well",
    "exact": "knows a leaked row only if its capitals and spaces are the same",
    "own majority": (
        "looks up the most frequent mood among the very rows that are scored, where nobody knows "
        "it in life"
    ),
    "no majority": "never asks what one and the same answer would reach",
    "cheap alone": "compares the fine-tuned model with the cheap one, and never with the majority",
}


def _why_decided(decisions: list[str]) -> str:
    """A slip with which all these decisions follow, alone or with a second one; "" if none does."""
    for size in (1, 2):
        for slips in combinations(SLIPS, size):
            if decisions == [_decided(name, slips) for name in TABLES]:
                return f" They are those of somebody who {SLIPS[slips[0]]}."
    return ""


@cache
def _decided(name: str, slips: tuple[str, ...] = ()) -> str:
    """What follows from a table, or what some slips make of it."""
    rows, most = _rows_that_count(_table_of(name), slips)
    majority, cheap, fine_tuned = (
        (rows["mood"] == answers).to_numpy(float)
        for answers in (most, rows["cheap"], rows["predicted"])
    )
    ahead = _is_better(fine_tuned, cheap, slips)
    if ahead and (
        {"no majority", "cheap alone"} & {*slips} or _is_better(fine_tuned, majority, slips)
    ):
        return "fine-tuned"
    return "cheap" if "no majority" in slips or _is_better(cheap, majority, slips) else "neither"


def _rows_that_count(table: pd.DataFrame, slips: tuple[str, ...]) -> tuple[pd.DataFrame, str]:
    """The rows to be scored, and the most frequent mood."""
    train = table[table["split"] == "train"]
    splits = {"test"} | {"validation"} & {*slips}
    if "all rows" in slips:
        splits = {"train", "validation", "test"}
    rows = table[table["split"].isin(splits)]
    if not {"all rows", "leaks"} & {*slips}:
        form = str if "exact" in slips else _plain
        rows = rows[~rows["post"].map(form).isin(train["post"].map(form))]
    return rows, (rows if "own majority" in slips else train)["mood"].mode()[0]


def _is_better(more: np.ndarray, less: np.ndarray, slips: tuple[str, ...] = ()) -> bool:
    """Whether a model is clearly better: by the 95 % interval of the difference, row by row."""
    n, lead = len(more), more.mean() - less.mean()
    if "points" in slips:
        return lead > 0
    if "three points" in slips:
        return lead > 0.03
    if "overlap" in slips:
        return lead > 1.96 * (more.std() + less.std()) / n**0.5
    if "one interval" in slips:
        return lead > 1.96 * more.std() / n**0.5
    return lead > 1.96 * (more - less).std() / n**0.5
