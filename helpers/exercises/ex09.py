"""The exercises of notebook 09: label maps, a split without a leak, Turkish lower case."""

import random
from collections import Counter
from collections.abc import Callable, Mapping

import pandas as pd

from . import NotYet, define
from .answers import call, kind_of

SHARES = {"train": 0.5, "validation": 0.25, "test": 0.25}
TOLERANCE = {"texts": 2, "rows": 5}  # of one class in one split: texts can be cut almost exactly


@define(
    "09.1",
    hint=(
        "Take the rows 'spor', ' spor ', None and '  ': how many classes are there, and which id "
        "does each row get?"
    ),
    step=(
        "Make a clean list first, one entry a row: names without spaces around them, and the same "
        "empty text for None and for blanks. Both maps and the ids can be made from that list "
        "alone."
    ),
    solution="""
    def make_labels(categories):
        cleaned = [(category or "").strip() for category in categories]
        names = sorted(set(cleaned) - {""})
        id2label = dict(enumerate(names))
        label2id = {name: i for i, name in id2label.items()}
        return [label2id.get(category, -1) for category in cleaned], id2label, label2id
    """,
)
def check_make_labels(make_labels: Callable) -> str:
    """Check a function (n categories, some None or blank) -> (n ids, id2label, label2id)."""
    for categories in [
        [" spor ", "ekonomi", None, "spor", "kultur ", None, " ekonomi"],
        ["siyaset"] * 3 + ["dunya "] + [" saglik"] * 2,
        [None, "teknoloji"],
        ["spor", "", "yeni medya", "   ", " TV", None, "spor  "],
    ]:
        _check_labels(categories, call(make_labels, categories, seconds=3))
    return "Ids by sorted name, no class for spaces or for nothing, and -1 where no label is."


def _check_labels(categories: list[str | None], answer) -> None:
    if not isinstance(answer, tuple | list) or len(answer) != 3:
        raise NotYet(
            "Return three things: the list of ids, id2label and label2id; yours is "
            f"{kind_of(answer)}."
        )
    ids, id2label, label2id = answer
    if not isinstance(id2label, dict) or not isinstance(label2id, dict):
        raise NotYet("id2label and label2id must be dicts, the second and third of the three.")
    cleaned = [(category or "").strip() for category in categories]
    names = sorted(set(cleaned) - {""})
    if any(isinstance(key, str) and key.strip() in names for key in id2label):
        raise NotYet(f"id2label goes from id to name, but yours is {id2label}.")
    shown = f"For {categories}"
    for name in [*id2label.values(), *label2id]:
        _check_name(name, names, shown)
    _check_maps(id2label, label2id, names, shown)
    _check_ids(ids, categories, [names.index(name) if name else -1 for name in cleaned])


def _check_name(name, names: list[str], shown: str) -> None:
    if name is None or str(name).strip() in ("", "None", "nan"):
        raise NotYet(f"{shown} {name!r} became a class, but it says that nobody chose one.")
    if name != str(name).strip():
        raise NotYet(f"{shown} there is a class {name!r}: strip the spaces.")
    if name not in names:
        raise NotYet(f"{shown} there is a class {name!r}, which no row has.")


def _check_maps(id2label: dict, label2id: dict, names: list[str], shown: str) -> None:
    if sorted(id2label, key=str) != sorted(range(len(names)), key=str):
        raise NotYet(
            f"{shown} there are {len(names)} classes, so the ids are 0 to {len(names) - 1}; "
            f"yours are {', '.join(map(repr, id2label))}."
        )
    if [id2label[i] for i in range(len(names))] != names:
        raise NotYet(f"{shown} the sorted names are {names}, but your id2label is {id2label}.")
    if label2id != {name: i for i, name in id2label.items()}:
        raise NotYet(f"label2id must turn id2label round, but yours is {label2id}.")


def _check_ids(ids, categories: list[str | None], wanted: list[int]) -> None:
    shown = f"For {categories}"
    if isinstance(ids, str | Mapping | set) or not hasattr(ids, "__len__"):
        raise NotYet(f"The first of the three is the list of ids; yours is {kind_of(ids)}.")
    if len(ids) != len(categories):
        raise NotYet(f"{shown} {len(ids)} ids came back for {len(categories)} rows.")
    for row, (mine, right) in enumerate(zip(ids, wanted, strict=True)):
        if mine != right:
            raise NotYet(f"{shown} row {row} ({categories[row]!r}) should get {right}, not {mine}.")


@define(
    "09.2",
    hint=(
        "A text stands in rows 3 and 80, and chance sends each row into a split: how likely are "
        "the two to be parted? What could you deal out in place of rows?"
    ),
    step=(
        "`dict(zip(texts, labels))` holds each different text once, with its class. Shuffle these, "
        "not the rows, and look at how section 4 cuts each class. The rows then still need their "
        "splits."
    ),
    solution="""
    def split_without_leak(texts, labels):
        different = pd.DataFrame({"text": texts, "label": labels}).drop_duplicates("text")
        different = different.sample(frac=1, random_state=0)
        by_class = different.groupby("label")
        place = by_class.cumcount() / by_class["text"].transform("size")
        parts = np.select([place < 0.5, place < 0.75], ["train", "validation"], "test")
        split_of = dict(zip(different["text"], parts, strict=True))
        return [split_of[text] for text in texts]
    """,
)
def check_split_without_leak(split_without_leak: Callable) -> str:
    """Check a function (n texts, n labels) -> n names of splits."""
    sizes = {"ekonomi": 200, "kultur": 160, "spor": 120, "dunya": 80, "saglik": 60, "siyaset": 40}
    by_class_and_date = _with_copies(sizes)
    mixed = _with_copies({"A": 60, "B": 140, "C": 100, "D": 40, "E": 120, "F": 80, "G": 100})
    random.Random(3).shuffle(mixed)
    for rows in (by_class_and_date, mixed):
        texts, labels = [text for text, _ in rows], [label for _, label in rows]
        answer = _split_names(call(split_without_leak, texts, labels), len(texts))
        _check_no_leak(texts, answer)
        _check_shares(texts, labels, answer)
        _check_chance(texts, labels, answer)
    return "Every class is in its shares in each split, by chance, and no text is in two."


def _with_copies(sizes: dict[str, int]) -> list[tuple[str, str]]:
    """Rows (text, label) sorted by class and by date; one text in five stands three times."""
    rows = []
    for label, n in sizes.items():
        for day in range(n):
            rows += [(f"{label}: the news of day {day}", label)] * (3 if day % 5 == 0 else 1)
    return rows


def _split_names(answer, n: int) -> list[str]:
    """The name of the split of each row, as plain strings."""
    if isinstance(answer, str | Mapping | set | pd.DataFrame) or not hasattr(answer, "__len__"):
        raise NotYet(f"Return a list with one name a row; yours is {kind_of(answer)}.")
    if len(answer) != n:
        raise NotYet(f"There are {n} rows, and {len(answer)} answers came back.")
    if isinstance(answer, pd.Series) and list(answer.index) != list(range(n)):
        raise NotYet("Your Series is not in the order of the rows: its index says so.")
    if strange := {str(name) for name in answer} - set(SHARES):
        raise NotYet(f"The splits are train, validation and test; {min(strange)!r} is none.")
    return [str(name) for name in answer]


def _check_no_leak(texts: list[str], answer: list[str]) -> None:
    split_of: dict[str, str] = {}
    for row, (text, split) in enumerate(zip(texts, answer, strict=True)):
        if split_of.setdefault(text, split) != split:
            raise NotYet(
                f"{text!r} stands several times: one copy is in {split_of[text]}, and another, "
                f"row {row}, in {split}. This is the leak."
            )


def _check_shares(texts: list[str], labels: list[str], answer: list[str]) -> None:
    """Each class must be cut about right, in its rows or in its different texts."""
    rows = Counter(zip(labels, answer, strict=True))
    once = dict(zip(texts, zip(labels, answer, strict=True), strict=True))
    different = Counter(once.values())
    for split, share in SHARES.items():
        mine = answer.count(split) / len(answer)
        if abs(mine - share) > 0.1:
            raise NotYet(
                f"No text leaks, but {mine:.0%} of all rows are in {split}: it should be about "
                f"{share:.0%}."
            )
    for label in dict.fromkeys(labels):
        if _farthest(different, label)[0] <= TOLERANCE["texts"]:
            continue
        off, split = _farthest(rows, label)
        if off > TOLERANCE["rows"]:
            n = labels.count(label)
            raise NotYet(
                f"No text leaks, but of the {n} rows of {label} {rows[label, split]} are in "
                f"{split}, and {SHARES[split]:.0%} would be {SHARES[split] * n:.0f}: cut each "
                "class by itself."
            )


def _farthest(counts: Counter, label: str) -> tuple[float, str]:
    """How far a class is from its share in the split where it is farthest, and which that is."""
    n = sum(counts[label, split] for split in SHARES)
    return max((abs(counts[label, split] - share * n), split) for split, share in SHARES.items())


def _check_chance(texts: list[str], labels: list[str], answer: list[str]) -> None:
    """The texts of the first half of each class must be in all splits like those of the second."""
    split_of = dict(zip(texts, answer, strict=True))
    early = []
    for label in dict.fromkeys(labels):
        pairs = zip(texts, labels, strict=True)
        of_class = list(dict.fromkeys(text for text, other in pairs if other == label))
        early += [split_of[text] for text in of_class[: len(of_class) // 2]]
    for split, share in SHARES.items():
        mine = early.count(split) / len(early)
        if abs(mine - share) > 0.12:
            raise NotYet(
                f"Each class has its share in {split}, but not by chance: of the texts in the "
                f"first half of each class {mine:.0%} are in {split}. Files are often sorted by "
                "date: shuffle the texts of a class before you cut."
            )


@define(
    "09.3",
    hint=(
        "Which letters of IŞIK and of İZMİR go wrong when Python makes them small? Once that is "
        "done, can you still tell a wrong i from a right one?"
    ),
    step=(
        "Python's `lower()` is right for all letters but two, which section 6 shows. Treat these "
        "two yourself, and mind whether that comes before `lower()` or after it."
    ),
    solution="""
    def turkish_lower(text):
        return text.replace("İ", "i").replace("I", "ı").lower()
    """,
)
def check_turkish_lower(turkish_lower: Callable) -> str:
    """Check a function text -> text in lower case, by Turkish rules."""
    words = {
        "ILIK": "ılık",
        "İLİK": "ilik",
        "İzmir": "izmir",
        "Iğdır'da IŞIKLAR söndü.": "ığdır'da ışıklar söndü.",
        "DİYARBAKIR": "diyarbakır",
        "ÇÖĞÜŞ": "çöğüş",
        "HÂLÂ  3 KİŞİ,\nIRMAK TAŞTI! ": "hâlâ  3 kişi,\nırmak taştı! ",
        "Weiß": "weiß",
        "ılık ilik": "ılık ilik",
        "": "",
    }
    for word, wanted in words.items():
        answer = call(turkish_lower, word, seconds=3)
        if not isinstance(answer, str):
            raise NotYet(f"{word!r} should give a text, but yours gave {kind_of(answer)}.")
        if "\u0307" in answer:
            raise NotYet(
                f"{word!r} gave {len(answer)} characters in place of {len(wanted)}: the dot of İ "
                "stayed behind as a character of its own."
            )
        if answer != wanted:
            raise NotYet(f"{word!r} should become {wanted!r}, but yours is {answer!r}.")
    return "ILIK stays lukewarm, and İzmir has five letters."
