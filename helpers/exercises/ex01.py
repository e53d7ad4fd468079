"""The exercises of notebook 01: a file without a header, class weights, a split without leaks."""

import csv
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from ..corpora import load_corpus
from . import NotYet, define


def _train() -> tuple[list[str], list[int], list[str]]:
    train = load_corpus("emotion")["train"]
    return train["text"][:], train["label"][:], train.features["label"].names


@define(
    "01.1",
    hint=(
        "`load_dataset` needs `sep` for the semicolons and `names` for the columns, since the "
        'first line is a post and no header; `split="train"` gives a Dataset. Then `cast_column` '
        "with a ClassLabel that is given the names, so that their order sets the ids."
    ),
    solution="""
    def load_posts(path, names):
        posts = load_dataset(
            "csv", data_files=path, sep=";", names=["text", "label"], split="train"
        )
        return posts.cast_column("label", ClassLabel(names=names))
    """,
)
def judge_load_posts(load_posts: Callable) -> str:
    """Judge a function (path, names) -> Dataset on a small file with semicolons."""
    from datasets import ClassLabel, Dataset, DatasetDict

    texts, ids, names = _train()
    first_of_class = {ids[i]: i for i in reversed(range(len(ids)))}
    rows = [(texts[i], names[ids[i]]) for i in [*range(20), *first_of_class.values()]]
    rows.append(("Home at last; the kettle is on.", names[0]))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "posts.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, delimiter=";").writerows(rows)
        try:
            posts = load_posts(str(path), list(names))
        except NotImplementedError:
            raise
        except Exception as error:
            reason = (str(error).splitlines() or [""])[0][:90]
            raise NotYet(
                f"load_posts raised {type(error).__name__} ({reason}) on a file of {len(rows)} "
                "lines such as Home for tea;joy. Does it name the separator and the columns? A "
                "post that holds a semicolon stands in quotes."
            ) from None
    if posts is None:
        raise NotYet("load_posts returns nothing: does it end with return?")
    if isinstance(posts, DatasetDict):
        raise NotYet(
            'load_posts returns a DatasetDict; ask for the one split with split="train" to get a '
            "Dataset."
        )
    if not isinstance(posts, Dataset):
        raise NotYet(f"load_posts returns a {type(posts).__name__}, not a Dataset.")
    if sorted(posts.column_names) != ["label", "text"]:
        found = ", ".join(repr(name[:40]) for name in posts.column_names)
        raise NotYet(f"The columns should be 'text' and 'label', but yours are {found}.")
    if len(posts) != len(rows):
        raise NotYet(
            f"The file has {len(rows)} posts and your dataset {len(posts)} rows: was the first "
            "post taken for a header?"
        )
    if posts["text"][:] != [text for text, _ in rows]:
        wrong = next(i for i, row in enumerate(rows) if posts["text"][i] != row[0])
        raise NotYet(
            f"Row {wrong} reads {str(posts['text'][wrong])[:40]!r} and should read "
            f"{rows[wrong][0][:40]!r}."
        )
    label = posts.features["label"]
    if not isinstance(label, ClassLabel):
        raise NotYet(f"The label column holds {posts['label'][0]!r}: it is not a ClassLabel yet.")
    if label.names != names:
        raise NotYet(
            f"In your dataset id 0 means {label.names[0]!r}, but names[0] is {names[0]!r}: the "
            "order of names sets the ids."
        )
    if [names[i] for i in posts["label"][:]] != [name for _, name in rows]:
        raise NotYet("The labels no longer belong to their posts.")
    return f"All {len(rows)} posts are there, and id 0 means {names[0]!r}."


@define(
    "01.2",
    hint=(
        "Count the rows of each id from 0 to n_classes - 1, in that order. A class with n_c of "
        "the n rows gets n / (n_classes * n_c); catch the class that has no rows first."
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
def judge_class_weights(class_weights: Callable) -> str:
    """Judge a function (labels, n_classes) -> weights on the corpus and on a list with a gap."""
    _, ids, names = _train()
    weights, counts = _weights_of(class_weights, ids, len(names)), Counter(ids)
    expected = [len(ids) / (len(names) * counts[i]) if counts[i] else 0 for i in range(len(names))]
    rare, common = expected.index(max(expected)), expected.index(min(filter(None, expected)))
    off = max(range(len(names)), key=lambda i: abs(weights[i] - expected[i]))
    mean = sum(weights[i] for i in ids) / len(ids)
    if not _close(weights, expected):
        wrong = f"{names[off]} (id {off}, {counts[off]} rows) weighs {weights[off]:.4g}"
        if _close(sorted(weights), sorted(expected)):
            cure = "these are the right weights in another order than that of the ids."
        elif weights[rare] < weights[common]:
            cure = f"it should weigh {expected[off]:.2f}: the rarer a class, the more a row weighs."
        elif _close([weight / mean for weight in weights], expected):
            cure = f"over all rows the weights average {mean:.4g}, and they should average 1."
        else:
            cure = f"it should weigh {expected[off]:.2f}."
        raise NotYet(f"{wrong}; {cure}")
    gap = [2, 2, 2, 0]
    try:
        found = _weights_of(class_weights, gap, 3)
    except (ZeroDivisionError, KeyError):
        raise NotYet(
            f"On the corpus it is right, but it fails on the labels {gap} with n_classes=3, "
            "where class 1 has no rows. Give it weight 0."
        ) from None
    if not _close(found, [4 / 3, 0, 4 / 9]):
        shown = ", ".join(f"{weight:.2f}" for weight in found)
        raise NotYet(
            f"On the corpus it is right; for the labels {gap} with n_classes=3 it gives {shown} "
            "and should give 1.33, 0.00, 0.44: class 1 has no rows and gets weight 0."
        )
    times = weights[rare] / weights[common]
    return f"A row of {names[rare]} counts {times:.1f} times as much as one of {names[common]}."


def _close(found: list[float], expected: list[float]) -> bool:
    return all(abs(a - b) < 0.01 for a, b in zip(found, expected, strict=True))


def _weights_of(class_weights: Callable, labels: list[int], n_classes: int) -> list[float]:
    given = class_weights(labels, n_classes)
    if isinstance(given, dict) or hasattr(given, "to_dict"):
        by_id = dict(given)
        if set(by_id) != set(range(n_classes)):
            raise NotYet(f"The ids 0 to {n_classes - 1} need a weight each: got {list(by_id)}.")
        given = [by_id[i] for i in range(n_classes)]
    if given is None or not hasattr(given, "__len__"):
        raise NotYet(f"class_weights returns {given!r}: it should return a list of weights.")
    if len(given) != n_classes:
        raise NotYet(
            f"There are {len(given)} weights for {n_classes} classes, with the labels "
            f"{labels[:4]}{'…' if len(labels) > 4 else ''}: one for each id from 0 on, please."
        )
    return [float(weight) for weight in given]


@define(
    "01.3",
    hint=(
        "Two steps. First `drop_duplicates` on the column text alone: the same text may stand "
        "there with two labels. Then `train_test_split` with `test_size`, `stratify` and "
        "`random_state`."
    ),
    solution="""
    def split_posts(frame, share, seed):
        once = frame.drop_duplicates("text")
        return train_test_split(once, test_size=share, stratify=once["label"], random_state=seed)
    """,
)
def judge_split_posts(split_posts: Callable) -> str:
    """Judge a function (frame, share, seed) -> (train, held_out) on a frame with repeated texts."""
    import pandas as pd

    texts, ids, names = _train()
    posts = pd.DataFrame({"text": texts, "label": ids})
    copies = posts.sample(frac=0.2, random_state=1)
    relabelled = posts.groupby("label").head(10)
    relabelled = relabelled.assign(label=(relabelled["label"] + 1) % len(names))
    frame = pd.concat([posts, copies, relabelled], ignore_index=True)
    parts = split_posts(frame.copy(), 0.2, 7)
    if not isinstance(parts, tuple | list) or len(parts) != 2:
        raise NotYet("split_posts should return two frames: train, held_out.")
    for part in parts:
        if not isinstance(part, pd.DataFrame) or not {"text", "label"} <= set(part.columns):
            raise NotYet("Each part should be a DataFrame with the columns text and label.")
    train, held_out = parts
    if shared := len(set(train["text"]) & set(held_out["text"])):
        raise NotYet(
            f"{shared} texts stand in both parts: repeated texts were split between them. A text "
            "may also be repeated with another label."
        )
    for name, part in (("train", train), ("held_out", held_out)):
        if repeated := part["text"].duplicated().sum():
            raise NotYet(f"In your {name}, {repeated} rows repeat the text of another row.")
    both = pd.concat([train, held_out])
    if lost := len(set(texts) - set(both["text"])):
        raise NotYet(f"{lost} of {len(set(texts))} texts are in neither part.")
    rows_given = set(zip(frame["text"], frame["label"], strict=True))
    if rows_new := set(zip(both["text"], both["label"], strict=True)) - rows_given:
        raise NotYet(f"{len(rows_new)} rows have a label that their text never had.")
    if abs(len(held_out) - 0.2 * len(both)) > 0.01 * len(both) + 1:
        raise NotYet(
            f"held_out has {len(held_out) / len(both):.0%} of the texts where 20% was asked for."
        )
    expected = 0.2 * both["label"].value_counts()
    found = held_out["label"].value_counts().reindex(expected.index, fill_value=0)
    off = (found - expected).abs().idxmax()
    if abs(found[off] - expected[off]) > 2:
        raise NotYet(
            f"held_out has {found[off]} posts of {names[off]} where {expected[off]:.0f} would keep "
            "the share: is the split stratified?"
        )
    again = split_posts(frame.copy(), 0.2, 7)[1]
    if list(again["text"]) != list(held_out["text"]):
        raise NotYet("With the same seed, a second call gives another split: hand the seed on.")
    return f"{len(train)} and {len(held_out)} posts, no text in both, and the class shares kept."
