"""Answers to the exercises of notebook 09, wrong ones by misconception and right ones by form."""

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest, chi2
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline


def labels_by(names_of, clean=str.strip, missing=-1, start=0, blank=None):
    """A function like the one asked for, with a choice of what may go wrong in it."""

    def make_labels(categories):
        cleaned = [None if c is None else clean(c) for c in categories]
        cleaned = [blank if c == "" else c for c in cleaned]
        id2label = dict(enumerate(names_of(cleaned), start))
        label2id = {name: i for i, name in id2label.items()}
        return [label2id.get(c, missing) for c in cleaned], id2label, label2id

    return make_labels


def sorted_names(cleaned):
    return sorted({c for c in cleaned if c is not None})


def with_pandas(categories):
    column = pd.Series(categories, dtype="object").str.strip().replace("", None)
    column = column.astype("category")
    names = list(column.cat.categories)
    return (
        column.cat.codes.tolist(),
        dict(enumerate(names)),
        {name: i for i, name in enumerate(names)},
    )


def maps_swapped(categories):
    ids, id2label, label2id = labels_by(sorted_names)(categories)
    return ids, label2id, id2label


def in_place(categories):
    for row, category in enumerate(categories):
        categories[row] = category and category.strip()
    return labels_by(sorted_names)(categories)


def none_as_text(categories):
    return labels_by(sorted_names)([str(category) for category in categories])


def keys_as_texts(categories):
    ids, id2label, label2id = labels_by(sorted_names)(categories)
    return ids, {str(i): name for i, name in id2label.items()}, label2id


def ids_as_decimals(categories):
    ids, id2label, label2id = labels_by(sorted_names)(categories)
    return list(map(float, ids)), id2label, label2id


def maps_with_decimals(categories):
    ids, id2label, label2id = labels_by(sorted_names)(categories)
    return ids, {float(i): name for i, name in id2label.items()}, label2id


def ids_as_a_column(categories):
    ids, id2label, label2id = labels_by(sorted_names)(categories)
    return np.array(ids)[:, None], id2label, label2id


def ids_by_row(categories):
    ids, id2label, label2id = labels_by(sorted_names)(categories)
    return dict(enumerate(ids)), id2label, label2id


def remembered(categories):
    """The same classes whatever comes in."""
    names = ["ekonomi", "kultur", "spor"]
    label2id = {name: i for i, name in enumerate(names)}
    ids = [label2id.get((category or "").strip(), -1) for category in categories]
    return ids, dict(enumerate(names)), label2id


def rows_dropped(categories):
    ids, id2label, label2id = labels_by(sorted_names)(categories)
    return [i for i in ids if i >= 0], id2label, label2id


def with_copies(rows, labels, random):
    """The rows, and copies of those of the smaller classes."""
    own = [rows[labels[rows] == label] for label in np.unique(labels)]
    largest = max(map(len, own))
    return np.concatenate(
        [np.append(some, random.choice(some, largest - len(some))) for some in own]
    )


def score(
    texts,
    labels,
    k,
    seed,
    chosen="train",
    copied="train",
    words=True,
    scored="test",
    random=None,
    mean="macro",
):
    """The macro F1 asked for, with a choice of the rows that each step sees."""
    random = random or np.random.default_rng(seed)
    texts, labels = np.array(texts), np.array(labels)
    rows = np.arange(len(texts))
    if copied == "all":
        rows = with_copies(rows, labels, random)
    train, test = train_test_split(
        rows, test_size=0.25, stratify=labels[rows], random_state=int(random.integers(1000))
    )
    parts = {"train": train, "test": test, "all": rows}
    if copied == "each":
        parts["test"] = with_copies(test, labels, random)
    if copied in ("train", "each"):
        parts["train"] = with_copies(train, labels, random)
    seen = parts[chosen]
    vectorizer = TfidfVectorizer().fit(texts[seen])
    chooser = SelectKBest(chi2, k=k if words else "all")
    chooser.fit(vectorizer.transform(texts[seen]), labels[seen])
    features = chooser.transform(vectorizer.transform(texts))
    model = LogisticRegression(C=10, max_iter=1000)
    model.fit(features[parts["train"]], labels[parts["train"]])
    predicted = model.predict(features[parts[scored]])
    return f1_score(labels[parts[scored]], predicted, average=mean)


def scored(**options):
    return lambda: (lambda texts, labels, k, seed: score(texts, labels, k, seed, **options),)


def proud_score(texts, labels, k, seed):
    """The colleague's function as the notebook has it."""
    random = np.random.default_rng(seed)
    texts, labels = np.array(texts), np.array(labels)
    rows, largest = np.arange(len(texts)), np.bincount(labels).max()
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        rows = np.append(rows, random.choice(own, largest - len(own)))
    texts, labels = texts[rows], labels[rows]
    counts = TfidfVectorizer().fit_transform(texts)
    counts = SelectKBest(chi2, k=k).fit_transform(counts, labels)
    parts = train_test_split(counts, labels, test_size=0.25, stratify=labels, random_state=seed)
    train, test, y_train, y_test = parts
    model = LogisticRegression(C=10, max_iter=1000).fit(train, y_train)
    return f1_score(y_test, model.predict(test), average="macro")


def with_class_weights(texts, labels, k, seed):
    """Weights in place of copies, three folds in place of one cut."""
    classifier = LogisticRegression(C=10, max_iter=1000, class_weight="balanced")
    model = make_pipeline(TfidfVectorizer(), SelectKBest(chi2, k=k), classifier)
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)
    return cross_val_score(model, texts, labels, cv=folds, scoring="f1_macro").mean()


def words_of_all_rows(texts, labels, k, seed):
    """Words are counted on all rows, without a label; nothing else sees the test rows."""
    counts, labels = TfidfVectorizer().fit_transform(texts), np.array(labels)
    random = np.random.default_rng(seed)
    train, test = train_test_split(np.arange(len(texts)), stratify=labels, random_state=seed)
    train = with_copies(train, labels, random)
    chooser = SelectKBest(chi2, k=k).fit(counts[train], labels[train])
    model = LogisticRegression(C=10, max_iter=1000)
    model.fit(chooser.transform(counts[train]), labels[train])
    return f1_score(labels[test], model.predict(chooser.transform(counts[test])), average="macro")


def shuffles_the_callers(texts, labels, k, seed):
    np.random.default_rng(seed).shuffle(labels)
    return score(texts, labels, k, seed)


ANSWERS = {
    "09.1": {
        "wrong": {
            "does not strip": lambda: (labels_by(sorted_names, clean=lambda c: c),),
            "names in the order of the rows": lambda: (
                labels_by(lambda cleaned: [c for c in dict.fromkeys(cleaned) if c is not None]),
            ),
            "ids from 1": lambda: (labels_by(sorted_names, start=1),),
            "a class for the missing": lambda: (
                labels_by(lambda cleaned: sorted(set(cleaned), key=str)),
            ),
            "0 for the missing": lambda: (labels_by(sorted_names, missing=0),),
            "None for the missing": lambda: (labels_by(sorted_names, missing=None),),
            "the two maps swapped": lambda: (maps_swapped,),
            "leaves out unlabelled rows": lambda: (rows_dropped,),
            "an id for each row": lambda: (
                lambda categories: (
                    list(range(len(categories))),
                    dict(enumerate(sorted_names([c and c.strip() for c in categories]))),
                    {},
                ),
            ),
            "a class for the blank": lambda: (labels_by(sorted_names, blank=""),),
            "strips on the right only": lambda: (labels_by(sorted_names, clean=str.rstrip),),
            "lower-cases too": lambda: (
                labels_by(sorted_names, clean=lambda c: c.strip().lower()),
            ),
            "None as a word": lambda: (none_as_text,),
            "changes what was handed in": lambda: (in_place,),
            "texts for ids in id2label": lambda: (keys_as_texts,),
            "a dict of ids": lambda: (ids_by_row,),
            "ids as decimals": lambda: (ids_as_decimals,),
            "decimals for ids in id2label": lambda: (maps_with_decimals,),
            "ids as a column": lambda: (ids_as_a_column,),
            "the classes of one file, whatever the file": lambda: (remembered,),
            "the result in place of the function": lambda: (
                labels_by(sorted_names)([" spor ", None]),
            ),
            "returns the ids only": lambda: (lambda c: labels_by(sorted_names)(c)[0],),
        },
        "right": {
            "a dict and get": lambda: (labels_by(sorted_names),),
            "a pandas category": lambda: (with_pandas,),
            "an array of ids": lambda: (
                lambda c: (
                    np.array(labels_by(sorted_names)(c)[0]),
                    *labels_by(sorted_names)(c)[1:],
                ),
            ),
        },
    },
    "09.2": {
        "wrong": {
            "as the colleague has it": lambda: (proud_score,),
            "words chosen on all rows": scored(chosen="all"),
            "copies before the cut": scored(copied="all"),
            "both": scored(chosen="all", copied="all"),
            "scored on the train rows": scored(scored="train"),
            "scored on all rows": scored(scored="all"),
            "no choice of words": scored(words=False),
            "no copies": scored(copied="none"),
            "neither": scored(copied="none", words=False),
            "copies in both parts, each of its own rows": scored(copied="each"),
            "the accuracy": scored(mean="micro"),
            "always chance": lambda: (lambda texts, labels, k, seed: 1 / len(set(labels)),),
            "always 0": lambda: (lambda texts, labels, k, seed: 0,),
            "a guess by seed": lambda: (
                lambda texts, labels, k, seed: np.random.default_rng(seed).random(),
            ),
            "without the seed": scored(random=np.random.default_rng(0)),
            "one cut for all seeds": lambda: (lambda t, y, k, seed: score(t, y, k, 0),),
            "in percent": lambda: (lambda *given: 100 * score(*given),),
            "the predictions": lambda: (lambda texts, labels, k, seed: np.array(labels),),
            "a text": lambda: (lambda *given: f"{score(*given):.2f}",),
            "a pair": lambda: (lambda *given: (score(*given), 0),),
            "not a number": lambda: (lambda *given: float("nan"),),
            "shuffles the caller's labels": lambda: (shuffles_the_callers,),
            "forgets to return": lambda: (lambda *given: None,),
            "the score in place of the function": lambda: (0.44,),
        },
        "right": {
            "cut, then copies, then words": scored(),
            "weights for copies, and folds": lambda: (with_class_weights,),
            "words counted on all rows, chosen on those to train": lambda: (words_of_all_rows,),
        },
    },
    "09.3": {
        "wrong": {
            "lower": lambda: (str.lower,),
            "casefold": lambda: (str.casefold,),
            "İ only": lambda: (lambda text: text.replace("İ", "i").lower(),),
            "I only": lambda: (lambda text: text.replace("I", "ı").lower(),),
            "after lower": lambda: (lambda text: text.lower().replace("i", "ı"),),
            "every i without a dot": lambda: (
                lambda text: text.replace("İ", "I").replace("I", "ı").lower(),
            ),
            "does not lower the rest": lambda: (
                lambda text: text.replace("İ", "i").replace("I", "ı"),
            ),
            "casefold after": lambda: (
                lambda text: text.replace("İ", "i").replace("I", "ı").casefold(),
            ),
            "the first of each only": lambda: (
                lambda text: text.replace("İ", "i", 1).replace("I", "ı", 1).lower(),
            ),
            "tidies the spaces": lambda: (
                lambda text: " ".join(text.replace("İ", "i").replace("I", "ı").lower().split()),
            ),
            "the list of letters": lambda: (lambda text: list(text.lower()),),
            "the result in place of the function": lambda: ("ılık",),
            "the wrong way round": lambda: (
                lambda text: text.replace("I", "i").replace("İ", "ı").lower(),
            ),
        },
        "right": {
            "translate": lambda: (lambda text: text.translate({0x130: "i", 0x49: "ı"}).lower(),),
            "letter by letter": lambda: (
                lambda text: "".join({"I": "ı", "İ": "i"}.get(c, c.lower()) for c in text),
            ),
            "dot removed after": lambda: (
                lambda text: text.replace("I", "ı").lower().replace("\u0307", ""),
            ),
        },
    },
}
