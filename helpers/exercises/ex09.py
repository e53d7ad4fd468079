"""The exercises of notebook 09: label maps, a score with two leaks, Turkish lower case."""

from collections.abc import Callable, Mapping

import numpy as np

from . import NotYet, define
from .answers import call, kind_of, number

SEEDS = 6
SYLLABLES = ["ba", "ce", "di", "fo", "gu", "ha", "ki", "le", "mu", "na", "or", "pe", "su", "ya"]


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
    if not isinstance(name, str):
        raise NotYet(f"{shown} there is a class {name!r}, which is no text.")
    if name != name.strip():
        raise NotYet(f"{shown} there is a class {name!r}: strip the spaces.")
    if name not in names:
        raise NotYet(f"{shown} there is a class {name!r}, which no row has.")


def _check_maps(id2label: dict, label2id: dict, names: list[str], shown: str) -> None:
    are_whole = all(isinstance(i, int | np.integer) for i in [*id2label, *label2id.values()])
    if sorted(id2label, key=str) != sorted(range(len(names)), key=str) or not are_whole:
        yours = ", ".join(map(repr, id2label if are_whole else [*id2label, *label2id.values()]))
        raise NotYet(
            f"{shown} there are {len(names)} classes, so the ids are 0 to {len(names) - 1}; "
            f"yours are {yours or 'none'}."
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
        if getattr(mine, "shape", ()) != () or isinstance(mine, list | tuple):
            raise NotYet(f"{shown} row {row} gets {kind_of(mine)}: one id a row, please.")
        mine = mine.item() if hasattr(mine, "item") else mine
        if mine != right:
            raise NotYet(
                f"{shown} row {row} ({categories[row]!r}) should get {right}, not {mine!r}."
            )
        if not isinstance(mine, int):
            raise NotYet(f"{shown} row {row} gets {mine!r}: an id is a whole number, {right}.")


@define(
    "09.2",
    hint=(
        "Suppose the labels were dealt by dice, so that nothing can be learnt. At which lines of "
        "the colleague's function could a test row still give its label away?"
    ),
    step=(
        "Go through the lines one by one, and note for each whether it reads labels, or makes "
        "copies, of rows that are scored later. Move the cut before the first that does."
    ),
    solution="""
    from sklearn.feature_selection import SelectKBest, chi2
    from sklearn.metrics import f1_score
    from sklearn.model_selection import train_test_split


    def honest_score(texts, labels, k, seed):
        random = np.random.default_rng(seed)
        parts = train_test_split(
            np.array(texts), np.array(labels), test_size=0.25, stratify=labels, random_state=seed
        )
        train_part, test_part, train_labels, test_labels = parts
        rows = np.arange(len(train_part))
        largest = np.bincount(train_labels).max()
        for label in np.unique(train_labels):
            own = np.flatnonzero(train_labels == label)
            rows = np.append(rows, random.choice(own, largest - len(own)))
        model = make_pipeline(
            TfidfVectorizer(), SelectKBest(chi2, k=k), LogisticRegression(C=10, max_iter=1000)
        )
        model.fit(train_part[rows], train_labels[rows])
        return f1_score(test_labels, model.predict(test_part), average="macro")
    """,
)
def check_honest_score(honest_score: Callable) -> str:
    """Check a function (n texts, n class ids, k words, seed) -> macro F1 on rows it cut off."""
    _check_noise(honest_score)
    enough = _check_words(honest_score)
    _check_rare(honest_score)
    return (
        f"With labels dealt by dice your score is what chance gives, and with plain topics "
        f"{enough:.2f}. The copies and the choice of words are still there."
    )


def _check_noise(honest_score: Callable) -> None:
    """Refuse a score that is above chance where the labels are dealt by dice."""
    even, uneven = [80, 80], [40, 160]
    for sizes, k, limit, lead in (
        (even, 100, 0.7, "Which line has met the rows that are scored, and their labels, before?"),
        (
            uneven,
            900,
            0.65,
            "With classes of one size your score is honest. So look at what is done for the "
            "smaller one, and when; and the macro F1 counts both classes alike, however large.",
        ),
    ):
        texts, labels = _topics(sizes, own=0.0)
        scores = [_score(honest_score, texts, labels, k, seed) for seed in range(SEEDS)]
        told = f"With labels dealt by dice, {sizes[0]} of one class and {sizes[1]} of another"
        mean = float(np.mean(scores))
        if mean > limit:
            raise NotYet(
                f"{told}, nothing can be learnt, yet your score is {mean:.2f}, the mean over "
                f"{SEEDS} seeds; 0.50 or less would be honest. {lead}"
            )
        if sizes == uneven and mean < 0.4:
            raise NotYet(
                f"{told}, whoever always says the larger class has a macro F1 of 0.44, yet yours "
                f"is {mean:.2f}, the mean over {SEEDS} seeds. Are there copies among the rows that "
                "are scored?"
            )
        again = _score(honest_score, texts, labels, k, 0)
        if again != scores[0]:
            raise NotYet(
                f"The same rows and the same seed gave {scores[0]:.3f} once and {again:.3f} then: "
                "take everything random from the seed."
            )
        if sizes == even and len(set(scores)) == 1:
            raise NotYet(
                f"{told}, {SEEDS} seeds all gave {mean:.3f}: another seed should cut other rows."
            )


def _check_words(honest_score: Callable) -> float:
    """The macro F1 on plain topics; refuse one that is low, or that does not depend on k."""
    rows = _topics([30] * 6, own=1.0, words=1)
    enough, few = (_mean_score(honest_score, rows, k) for k in (6, 2))
    if enough < 0.75:
        raise NotYet(
            f"Nothing leaks, but your macro F1 is {enough:.2f} even where each of six topics has a "
            "word that gives it away, and k = 6: choose words, train and score as the colleague "
            "does, each step on its own rows."
        )
    if few > 0.75:
        raise NotYet(
            f"Six topics have one word each, so k = 2 words cannot tell them apart. Your macro F1 "
            f"is {few:.2f} even so: keep the choice of k words."
        )
    return enough


def _check_rare(honest_score: Callable) -> None:
    """Refuse a function that gives the rare class no more weight."""
    rows = _topics([24, 216], own=1.0, words=1, astray=0.12)
    score = _mean_score(honest_score, rows, 8)
    if score < 0.75:
        raise NotYet(
            f"Nothing leaks, but with 24 rows of one class and 216 of the other your macro F1 is "
            f"{score:.2f}: the smaller class is hardly found. What did the colleague do for it?"
        )


def _mean_score(honest_score: Callable, rows: tuple[list[str], list[int]], k: int) -> float:
    return float(np.mean([_score(honest_score, *rows, k, seed) for seed in range(3)]))


def _score(honest_score: Callable, texts: list[str], labels: list[int], k: int, seed: int) -> float:
    score = number(call(honest_score, list(texts), list(labels), k, seed), "For a macro F1,")
    if not 0 <= score <= 1:
        raise NotYet(f"Your macro F1 is {score:g}, but it lies between 0 and 1.")
    return score


def _topics(
    sizes: list[int], own: float, words: int = 1, astray: float = 0.0
) -> tuple[list[str], list[int]]:
    """Invented texts and their class ids, in mixed order: every class has words of its own.

    own: the share of texts that hold a word of their class. astray: that of the texts of each
        class that hold one of class 0 as well.
    """
    random = np.random.default_rng(sum(sizes) + len(sizes))
    made = ["".join(random.choice(SYLLABLES, 3)) for _ in range(3000)]
    vocabulary = list(dict.fromkeys(made))
    of_class = [vocabulary[i * words : (i + 1) * words] for i in range(len(sizes))]
    common = vocabulary[len(sizes) * words :]
    labels = random.permutation(np.repeat(range(len(sizes)), sizes)).tolist()
    texts = []
    for label in labels:
        text = list(random.choice(common, 25))
        text += list(random.choice(of_class[label], 2)) * (random.random() < own)
        text += list(random.choice(of_class[0], 2)) * (random.random() < astray)
        texts.append(" ".join(random.permutation(text)))
    return texts, labels


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
