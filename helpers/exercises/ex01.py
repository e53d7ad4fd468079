"""The exercises of notebook 01: a file without a header, class weights, a split without leaks."""

import csv
import tempfile
from collections import Counter
from collections.abc import Callable
from os.path import commonprefix
from pathlib import Path

from ..corpora import load_corpus
from . import NotYet, define
from .answers import call, kind_of, number


def _train() -> tuple[list[str], list[int], list[str]]:
    train = load_corpus("emotion")["train"]
    return train["text"][:], train["label"][:], train.features["label"].names


@define(
    "01.1",
    hint=(
        "A file of three posts has no header. How many rows do you get if the reader is not told "
        "so? And if `names` holds fear and then anger, which id must anger have?"
    ),
    step=(
        "Read the file with `load_dataset` first, as in section 6: tell it the separator, the "
        "names of the columns and the split. Then look at what the label column holds: names are "
        "not ids yet."
    ),
    solution="""
    def load_posts(path, names):
        posts = load_dataset(
            "csv", data_files=path, sep=";", names=["text", "label"], split="train"
        )
        return posts.cast_column("label", ClassLabel(names=names))
    """,
)
def check_load_posts(load_posts: Callable) -> str:
    """Check a function (path, names) -> Dataset on two small files, with names in two orders."""
    texts, ids, names = _train()
    first_of_class = {ids[i]: i for i in reversed(range(len(ids)))}
    chosen = dict.fromkeys([*range(20), *first_of_class.values()])
    every_class = [(texts[i], names[ids[i]]) for i in chosen]
    few = [(texts[i], names[ids[i]]) for i in range(30, 20, -1)]
    semicolon = ("Home at last; the kettle is on.", names[0])
    _check_posts(load_posts, [*every_class, semicolon], names)
    _check_posts(load_posts, [few[0], semicolon, *few[1:]], names[::-1])
    return f"All posts of two files are there, and names[0], such as {names[0]!r}, has the id 0."


def _check_posts(load_posts: Callable, rows: list[tuple[str, str]], names: list[str]) -> None:
    from datasets import ClassLabel

    posts = _loaded(load_posts, rows, names)
    if sorted(posts.column_names) != ["label", "text"]:
        answer = ", ".join(repr(name[:40]) for name in posts.column_names)
        raise NotYet(f"The columns should be 'text' and 'label', but yours are {answer}.")
    _expect_texts(posts["text"][:], [text for text, _ in rows])
    label = posts.features["label"]
    if not isinstance(label, ClassLabel):
        raise NotYet(f"The label column holds {posts['label'][0]!r}: it is not a ClassLabel yet.")
    if label.names != names:
        if set(label.names) != set(names):
            raise NotYet(f"With names={names} your classes are {', '.join(label.names)}.")
        off = next(i for i, name in enumerate(label.names) if name != names[i])
        raise NotYet(
            f"With names={names} id {off} means {label.names[off]!r} in your dataset, and should "
            f"mean {names[off]!r}: the order of names sets the ids."
        )
    for text, answer, (_, name) in zip(posts["text"][:], posts["label"][:], rows, strict=True):
        given = label.int2str(answer) if answer in range(len(names)) else answer
        if given != name:
            raise NotYet(
                f"The post {text[:40]!r} has the label {given!r}; in the file it is {name!r}."
            )


def _loaded(load_posts: Callable, rows: list[tuple[str, str]], names: list[str]):
    """The Dataset that the learner's function makes of a file with these rows."""
    from datasets import Dataset, DatasetDict

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "posts.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, delimiter=";").writerows(rows)
        try:
            posts = call(load_posts, str(path), list(names), seconds=30)
        except (NotImplementedError, NotYet, NameError, AttributeError, ImportError):
            raise
        except Exception as error:
            reason = (str(error).splitlines() or [""])[0][:90]
            raise NotYet(
                f"load_posts raised {type(error).__name__} ({reason}) on a file of {len(rows)} "
                f"lines, with names={names}. Each line is like Home for tea;joy, the first one "
                "too, and a post that holds a semicolon stands in quotes."
            ) from None
    if isinstance(posts, DatasetDict):
        raise NotYet(
            'load_posts returns a DatasetDict; ask for the one split with split="train" to get a '
            "Dataset."
        )
    if not isinstance(posts, Dataset):
        raise NotYet(f"load_posts returns {kind_of(posts)}; a Dataset is asked for.")
    return posts.with_format(None)  # lists and numbers, in whatever form rows are handed out


def _expect_texts(answer: list[str], texts: list[str]) -> None:
    if answer == texts[1:]:
        raise NotYet(
            f"The file has {len(texts)} posts and your dataset {len(answer)} rows; the first post "
            "is missing: was it taken for a header?"
        )
    if len(answer) != len(texts):
        missing = [text for text in texts if text not in answer]
        lead = f"; {missing[0][:40]!r} is not among them" if missing else ""
        raise NotYet(f"The file has {len(texts)} posts and your dataset {len(answer)} rows{lead}.")
    for i, (text, wanted) in enumerate(zip(answer, texts, strict=True)):
        if text != wanted:
            same = len(commonprefix([str(text), wanted]))
            part = slice(max(0, same - 20), same + 20)
            raise NotYet(
                f"Row {i} reads {str(text)[part]!r} and should read {wanted[part]!r}"
                + (f", from its character {part.start} on." if part.start else ".")
            )


@define(
    "01.2",
    hint=(
        "With four classes and the labels 0, 0, 3, how many weights must the list have? For which "
        "of these classes does the formula fail?"
    ),
    step=(
        "Go through the ids from 0 to n_classes - 1, and not through the labels that occur. Count "
        "the rows of each id, and look for the count that the formula cannot take."
    ),
    solution="""
    def class_weights(labels, n_classes):
        labels = list(labels)
        weights = []
        for class_id in range(n_classes):
            rows = labels.count(class_id)
            weights.append(len(labels) / (n_classes * rows) if rows else 0)
        return weights
    """,
)
def check_class_weights(class_weights: Callable) -> str:
    """Check a function (labels, n_classes) -> weights on the corpus and on a list with a gap."""
    _, ids, names = _train()
    weights, counts = _weights_of(class_weights, ids, len(names)), Counter(ids)
    expected = [len(ids) / (len(names) * counts[i]) if counts[i] else 0 for i in range(len(names))]
    rare, common = expected.index(max(expected)), expected.index(min(filter(None, expected)))
    if not _close(weights, expected):
        off = max(range(len(names)), key=lambda i: abs(weights[i] - expected[i]))
        wrong = f"{names[off]} (id {off}, {counts[off]} rows) weighs {weights[off]:.4g}"
        mean = sum(weights[i] for i in ids) / len(ids)
        if _close(sorted(weights), sorted(expected)):
            cure = "these are the right weights in another order than that of the ids."
        elif weights[rare] < weights[common]:
            cure = f"it should weigh {expected[off]:.2f}: the rarer a class, the more a row weighs."
        elif mean and _close([weight / mean for weight in weights], expected):
            cure = f"over all rows the weights average {mean:.4g}, and they should average 1."
        else:
            cure = f"it should weigh {expected[off]:.2f}."
        raise NotYet(f"{wrong}; {cure}")
    _check_gap(class_weights, [2, 2, 2, 0], [4 / 3, 0, 4 / 9])
    _check_gap(class_weights, [1, 0, 1], [3 / 4, 3 / 8, 0, 0])
    times = weights[rare] / weights[common]
    return f"A row of {names[rare]} counts {times:.1f} times as much as one of {names[common]}."


def _check_gap(class_weights: Callable, labels: list[int], expected: list[float]) -> None:
    """Refuse what is not the weights of a short list of labels that leaves a class out."""
    k = len(expected)
    case = f"the labels {labels} with n_classes={k}"
    try:
        answer = _weights_of(class_weights, labels, k)
    except (ArithmeticError, LookupError, ValueError):
        raise NotYet(
            f"On the corpus it is right, but it fails on {case}, where class "
            f"{expected.index(0)} has no rows. Give it weight 0."
        ) from None
    if not _close(answer, expected):
        shown, wanted = (", ".join(f"{x:.2f}" for x in weights) for weights in (answer, expected))
        raise NotYet(
            f"On the corpus it is right; for {case} it gives {shown} and should give {wanted}: "
            f"class {expected.index(0)} has no rows and gets weight 0."
        )


def _close(answer: list[float], expected: list[float]) -> bool:
    return all(abs(a - b) < 0.01 for a, b in zip(answer, expected, strict=True))


def _weights_of(class_weights: Callable, labels: list[int], n_classes: int) -> list[float]:
    given = call(class_weights, list(labels), n_classes, seconds=20)
    case = f"With the labels {str(labels[:4])[:-1]}{', …' if len(labels) > 4 else ''}]"
    if isinstance(given, dict) or hasattr(given, "to_dict"):
        by_id = dict(given)
        if set(by_id) != set(range(n_classes)):
            raise NotYet(
                f"{case} the ids 0 to {n_classes - 1} need a weight each; yours are for "
                f"{', '.join(map(repr, by_id)) or 'none':.90}."
            )
        given = [by_id[i] for i in range(n_classes)]
    sized = hasattr(given, "__len__") and getattr(given, "shape", None) != ()
    if isinstance(given, str | set | type) or not sized:
        raise NotYet(f"class_weights returns {given!r:.60}: it should return a list of weights.")
    if len(given) != n_classes:
        raise NotYet(
            f"{case} there are {len(given)} weights for {n_classes} classes: one for each id from "
            "0 on, please."
        )
    return [number(weight, f"{case} for each weight") for weight in given]


@define(
    "01.3",
    hint=(
        "A text stands in three rows, twice with label 0 and once with label 1. How many of these "
        "rows may be left before the split, and what must be compared to find them?"
    ),
    step=(
        "First `drop_duplicates`, on the column text alone: the same text may have two labels. "
        "Then look in section 3 for the setting that keeps the classes in proportion."
    ),
    solution="""
    def split_posts(frame, share, seed):
        once = frame.drop_duplicates("text")
        return train_test_split(once, test_size=share, stratify=once["label"], random_state=seed)
    """,
)
def check_split_posts(split_posts: Callable) -> str:
    """Check a function (frame, share, seed) -> (train, held_out) on a frame with repeated texts."""
    import pandas as pd

    texts, ids, names = _train()
    posts = pd.DataFrame({"text": texts, "label": ids})
    copies = posts.sample(frac=0.2, random_state=1)
    relabelled = posts.groupby("label").head(10)
    relabelled = relabelled.assign(label=(relabelled["label"] + 1) % len(names))
    frame = pd.concat([posts, copies, relabelled]).sample(frac=1, random_state=2)
    frame = frame.reset_index(drop=True)
    for share in (0.2, 0.35):
        _check_parts(*_parts(split_posts, frame, share, 7), frame, share, names)
    first, again, other = (
        set(_parts(split_posts, frame, 0.2, seed)[1]["text"]) for seed in (7, 7, 8)
    )
    if again != first:
        raise NotYet("With the same seed, a second call gives another split: hand the seed on.")
    if other == first:
        raise NotYet("The seeds 7 and 8 give the same split: hand the seed on.")
    train, held_out = _parts(split_posts, frame, 0.2, 7)
    return f"{len(train)} and {len(held_out)} posts, no text in both, and the class shares kept."


def _parts(split_posts: Callable, frame, share: float, seed: int) -> tuple:
    import pandas as pd

    parts = call(split_posts, frame.copy(), share, seed, seconds=20)
    if not isinstance(parts, tuple | list) or len(parts) != 2:
        raise NotYet(
            f"split_posts returns {kind_of(parts)}; two frames are asked for: train, held_out."
        )
    for part in parts:
        if not isinstance(part, pd.DataFrame) or not {"text", "label"} <= set(part.columns):
            raise NotYet(
                f"Each part should be a DataFrame with the columns text and label; yours is "
                f"{kind_of(part)}."
            )
    return tuple(parts)


def _check_parts(train, held_out, frame, share: float, names: list[str]) -> None:
    import pandas as pd

    if shared := len(set(train["text"]) & set(held_out["text"])):
        raise NotYet(
            f"{shared} texts stand in both parts: repeated texts were split between them. A text "
            "may also be repeated with another label."
        )
    for name, part in (("train", train), ("held_out", held_out)):
        if repeated := part["text"].duplicated().sum():
            raise NotYet(f"In your {name}, {repeated} rows repeat the text of another row.")
    both = pd.concat([train, held_out])
    texts = set(frame["text"])
    if lost := len(texts - set(both["text"])):
        raise NotYet(f"{lost} of {len(texts)} texts are in neither part.")
    rows_given = set(zip(frame["text"], frame["label"], strict=True))
    if rows_new := set(zip(both["text"], both["label"], strict=True)) - rows_given:
        raise NotYet(f"{len(rows_new)} rows have a label that their text never had.")
    answer = len(held_out) / len(both)
    if abs(answer - share) > 0.01 + 1 / len(both):
        lead = ": are the two parts swapped?" if abs(1 - answer - share) < 0.01 else "."
        raise NotYet(
            f"held_out has {answer:.0%} of the texts where {share:.0%} was asked for{lead}"
        )
    expected = share * both["label"].value_counts()
    counted = held_out["label"].value_counts().reindex(expected.index, fill_value=0)
    off = (counted - expected).abs().idxmax()
    if abs(counted[off] - expected[off]) > 2:
        raise NotYet(
            f"held_out has {counted[off]} posts of {names[off]} where {expected[off]:.0f} would "
            "keep the share: is the split stratified?"
        )
