"""Splits: which texts are equal, cutting so that they stay together, and finding those that do not.

The one place that decides this, for the course's corpora and for a user's own files.
"""

import random
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

SPLITS = ("train", "validation", "test")
SEED = 42
QUICK_ROWS = 200


def text_key(*texts: str) -> str:
    """Equal for rows whose texts differ in capitals, spaces and Unicode form at most."""
    plain = (unicodedata.normalize("NFC", text.casefold()) for text in texts)
    return "\n".join(" ".join(text.split()) for text in plain)


def cut(keys: Sequence, targets: Sequence, share: float) -> tuple[list[int], list[int]]:
    """Shuffle rows and cut them in two, the second part `share` of every class (at most half).

    keys: n text keys; rows with equal ones stay on one side. targets: n labels or numbers, by which
    the cut is stratified; of rows with equal keys, the first one's counts. Of a class with three
    or more texts, one at least is in the second part.
    Returns: the row numbers of the two parts, the same at every call.
    """
    rows_of_key: dict = {}
    for row, key in enumerate(keys):
        rows_of_key.setdefault(key, []).append(row)
    groups = random.Random(SEED).sample(list(rows_of_key.values()), len(rows_of_key))
    by_target = sorted(range(len(groups)), key=lambda group: targets[groups[group][0]])
    in_second = set()
    for place, group in enumerate(by_target):
        if int((place + 1) * share) > int(place * share):
            in_second.add(group)
    of_target: dict = {}
    for group in by_target:
        of_target.setdefault(targets[groups[group][0]], []).append(group)
    for target, members in of_target.items():
        if not isinstance(target, float) and len(members) >= 3 and not in_second & set(members):
            in_second.add(members[-1])
    first: list[int] = []
    second: list[int] = []
    for group, rows in enumerate(groups):
        (second if group in in_second else first).extend(rows)
    return first, second


def sample(targets: Sequence, size: int = QUICK_ROWS) -> list[int]:
    """At most `size` row numbers in their order, at least one row of every class."""
    shuffled = random.Random(SEED).sample(range(len(targets)), len(targets))
    one_of_each = {targets[row]: row for row in shuffled}.values()
    preferred = list(dict.fromkeys([*one_of_each, *shuffled]))
    return sorted(preferred[:size])


def find_leaks(
    keys: Mapping[str, Sequence], places: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, str]]:
    """Each pair of splits with equal texts: the later split's name, and a sentence without its end.

    keys, places: by split, the text key of each row and where the row stands.
    """
    for one, other in combinations([split for split in SPLITS if split in keys], 2):
        known = set(keys[one])
        shared = [row for row, key in enumerate(keys[other]) if key in known]
        if shared:
            first, count = shared[0], len(shared)
            origin = list(keys[one]).index(keys[other][first])
            rows = "1 row repeats a text" if count == 1 else f"{count} rows repeat texts"
            example = f"{places[other][first]}, which is {places[one][origin]}"
            yield other, f"in {other}, {rows} of {one}, such as {example}"
