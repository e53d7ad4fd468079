"""The exercises of notebook 09: label maps, a split without a leak, Turkish lower case."""

import random
from collections import Counter
from collections.abc import Callable

from . import NotYet, define

SHARES = {"train": 0.5, "validation": 0.25, "test": 0.25}
TOLERANCE = {"rows": 0.06, "texts": 0.02}  # a cut of texts is exact, its rows are not


@define(
    "09.1",
    hint=(
        "Strip every category that is not None. The names are the sorted set of what is left; "
        "enumerate numbers them. Then go through the rows once more and look each one up; a dict's "
        ".get takes a second argument for what it does not hold."
    ),
    solution="""
    def make_labels(categories):
        cleaned = [None if category is None else category.strip() for category in categories]
        names = sorted({category for category in cleaned if category is not None})
        id2label = dict(enumerate(names))
        label2id = {name: i for i, name in id2label.items()}
        return [label2id.get(category, -1) for category in cleaned], id2label, label2id
    """,
)
def judge_make_labels(make_labels: Callable) -> str:
    """Judge a function (n categories, None among them) -> (n ids, id2label, label2id)."""
    lists = [
        [" spor ", "ekonomi", None, "spor", "kultur ", None, " ekonomi"],
        ["siyaset"] * 3 + ["dunya "] + [" saglik"] * 2,
        [None, "teknoloji"],
    ]
    for categories in lists:
        names = sorted({category.strip() for category in categories if category is not None})
        found = make_labels(list(categories))
        if not isinstance(found, tuple | list) or len(found) != 3:
            raise NotYet("Return three things: the list of ids, id2label and label2id.")
        ids, id2label, label2id = found
        if not isinstance(id2label, dict) or not isinstance(label2id, dict):
            raise NotYet("id2label and label2id must be dicts, the second and third of the three.")
        if any(isinstance(key, str) for key in id2label):
            raise NotYet("id2label goes from id to name, but yours has names for its keys.")
        shown = f"For {categories}"
        if None in label2id or None in id2label.values() or -1 in id2label:
            raise NotYet(f"{shown} a missing category became a class: it is none.")
        if padded := [name for name in label2id if name != str(name).strip()]:
            raise NotYet(f"{shown} there is a class {padded[0]!r}: strip the spaces.")
        if sorted(id2label) != list(range(len(names))):
            raise NotYet(
                f"{shown} there are {len(names)} classes, so the ids are 0 to {len(names) - 1}; "
                f"yours are {', '.join(map(str, id2label))}."
            )
        if [id2label[i] for i in range(len(names))] != names:
            raise NotYet(f"{shown} the sorted names are {names}, but your id2label is {id2label}.")
        if label2id != {name: i for i, name in id2label.items()}:
            raise NotYet(f"label2id must turn id2label round, but yours is {label2id}.")
        wanted = [-1 if c is None else names.index(c.strip()) for c in categories]
        ids = list(ids)
        if len(ids) != len(wanted):
            raise NotYet(f"{shown} {len(ids)} ids came back for {len(wanted)} rows.")
        for row, (mine, right) in enumerate(zip(ids, wanted, strict=True)):
            if mine != right:
                raise NotYet(
                    f"{shown} row {row} ({categories[row]!r}) should get {right}, not {mine}."
                )
    return "Ids by sorted name, no class for spaces, and -1 where there is no label."


@define(
    "09.2",
    hint=(
        "Split the different texts, not the rows: `dict(zip(texts, labels))` holds each text once. "
        "Shuffle them, go through them class by class as in section 4 and note the split of every "
        "text; then look up the split of each row."
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
def judge_split_without_leak(split_without_leak: Callable) -> str:
    """Judge a function (n texts, n labels) -> n names of splits."""
    texts, labels = _with_copies()
    found = split_without_leak(list(texts), list(labels))
    if found is None:
        raise NotYet("split_without_leak returns nothing: does it end with return?")
    found = [str(name) for name in found]
    if len(found) != len(texts):
        raise NotYet(f"There are {len(texts)} rows, and {len(found)} answers came back.")
    if strange := set(found) - set(SHARES):
        raise NotYet(f"The splits are train, validation and test; {strange.pop()!r} is none.")
    split_of: dict[str, str] = {}
    for row, (text, split) in enumerate(zip(texts, found, strict=True)):
        if split_of.setdefault(text, split) != split:
            raise NotYet(
                f"A copy of one text is in {split_of[text]} and another, row {row}, is in {split}: "
                "this is the leak."
            )
    label_of = dict(zip(texts, labels, strict=True))
    rows = Counter(zip(labels, found, strict=True))
    different = Counter((label_of[text], split) for text, split in split_of.items())
    for label in dict.fromkeys(labels):
        if _even(different, label, TOLERANCE["texts"]) or _even(rows, label, TOLERANCE["rows"]):
            continue
        n = labels.count(label)
        split = max(SHARES, key=lambda split: abs(rows[label, split] / n - SHARES[split]))
        raise NotYet(
            f"No text leaks, but {rows[label, split] / n:.0%} of the rows of {label} are in "
            f"{split}, and it should be about {SHARES[split]:.0%}: cut each class by itself."
        )
    return f"{len(texts)} rows of {len(split_of)} texts, and no text is in two splits."


def _even(counts: Counter, label: str, tolerance: float) -> bool:
    """Whether the splits hold about the right shares of a class."""
    n = sum(counts[label, split] for split in SHARES)
    return all(abs(counts[label, s] / n - share) <= tolerance for s, share in SHARES.items())


def _with_copies() -> tuple[list[str], list[str]]:
    """Rows sorted by class; one text in five stands two or three times."""
    rng = random.Random(9)
    rows = []
    for label, n in {"ekonomi": 240, "kultur": 160, "spor": 80}.items():
        texts = [f"{label} haberi {i}" for i in range(n)]
        copies = texts + [text for i, text in enumerate(texts) if i % 5 == 0 for _ in range(2)]
        rng.shuffle(copies)
        rows += [(text, label) for text in copies]
    return [text for text, _ in rows], [label for _, label in rows]


@define(
    "09.3",
    hint=(
        "Python's lower() is right for all letters but two. Replace these two yourself, and do it "
        "before lower() has turned them into something else."
    ),
    solution="""
    def turkish_lower(text):
        return text.replace("İ", "i").replace("I", "ı").lower()
    """,
)
def judge_turkish_lower(turkish_lower: Callable) -> str:
    """Judge a function text -> text in lower case, by Turkish rules."""
    words = {
        "ILIK": "ılık",
        "İLİK": "ilik",
        "İzmir": "izmir",
        "Iğdır'da IŞIKLAR söndü.": "ığdır'da ışıklar söndü.",
        "DİYARBAKIR": "diyarbakır",
        "ÇÖĞÜŞ": "çöğüş",
        "ılık ilik": "ılık ilik",
        "": "",
    }
    for word, wanted in words.items():
        found = turkish_lower(word)
        if not isinstance(found, str):
            raise NotYet(f"{word!r} should give a text, but yours gave {found!r}.")
        if "\u0307" in found:
            raise NotYet(
                f"{word!r} gave {len(found)} characters in place of {len(wanted)}: the dot of İ "
                "stayed behind as a character of its own."
            )
        if found != wanted:
            raise NotYet(f"{word!r} should become {wanted!r}, but yours is {found!r}.")
    return "ILIK stays lukewarm, and İzmir has five letters."
