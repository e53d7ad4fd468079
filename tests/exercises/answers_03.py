"""Answers to the exercises of notebook 03, wrong ones by misconception and right ones by form."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from helpers import load_corpus

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks/03_features.ipynb"


def weighted_product(states, mask):
    weights = mask / mask.sum(dim=1, keepdim=True)
    return torch.einsum("bt,bth->bh", weights, states)


def one_by_one(states, mask):
    return torch.stack([rows[real == 1].mean(dim=0) for rows, real in zip(states, mask)])  # noqa: B905


def in_numpy(states, mask):
    return np.array([row[: m.sum()].mean(0) for row, m in zip(states.numpy(), mask.numpy())])  # noqa: B905


def one_row_at_a_time(run, order):
    features = [None] * len(order)
    for vector, row in zip(run, order, strict=True):
        features[row] = vector
    return np.array(features)


def one_row_at_a_time_in_place(run, order):
    run[order] = run.copy()
    return run


@cache
def labels(split):
    return np.array(load_corpus("emotion")[split]["label"])


def texts(split):
    return load_corpus("emotion")[split]["text"][:]


def by_words():
    return make_pipeline(TfidfVectorizer(), LogisticRegression(C=10, max_iter=1000))


def answer(classifier=None, train=None, validation=None):
    return (
        by_words() if classifier is None else classifier,
        texts("train") if train is None else train,
        texts("validation") if validation is None else validation,
    )


@cache
def fitted_to(*splits):
    rows = [text for split in splits for text in texts(split)]
    return by_words().fit(rows, np.concatenate([labels(split) for split in splits]))


class Learnt:
    """Predicts what it has learnt elsewhere, whatever it is fitted to."""

    def __init__(self, *splits):
        self.splits = splits

    def fit(self, rows, labels):
        return self

    def predict(self, rows):
        return fitted_to(*self.splits).predict(rows)


class Remembers(Learnt):
    """Answers with the validation labels in memory, every fourth one changed."""

    def predict(self, rows):
        known = labels("validation")
        return np.where(np.arange(len(known)) % 4, known, (known + 1) % len(names()))


class AddsValidation(Learnt):
    """Learns from what it is given, and from the validation posts as well."""

    def fit(self, rows, given):
        self.model = by_words()
        self.model.fit(rows + texts("validation"), np.concatenate([given, labels("validation")]))
        return self

    def predict(self, rows):
        return self.model.predict(rows)


class NearestWords:
    """A classifier of one's own: the class whose words the post shares most."""

    def fit(self, rows, given):
        self.vectors = TfidfVectorizer(sublinear_tf=True).fit(rows)
        known = self.vectors.transform(rows)
        means = [np.asarray(known[given == i].mean(axis=0))[0] for i in range(len(names()))]
        self.means = np.array([mean / np.linalg.norm(mean) for mean in means])
        return self

    def predict(self, rows):
        return (self.vectors.transform(rows) @ self.means.T).argmax(axis=1).tolist()


@cache
def counted(split):
    vectors = TfidfVectorizer(max_features=2000).fit(texts("train"))
    return vectors.transform(texts(split))


@cache
def names():
    return load_corpus("emotion")["train"].features["label"].names


# ---- 03.4

READ = (0.6, 0.45, 0.41, ("other", "heating"), ("noise", "other"))


def read(**other):
    """The right answers, some of them replaced."""
    places = dict(zip(("leak", "noise", "winter", "number", "share"), READ, strict=True))
    return tuple((places | other).values())


@cache
def drawn():
    """The counts that the notebook draws, a row for each true class, and the names."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    (source,) = ["".join(c["source"]) for c in cells if c["id"] == "housing-office"]
    seen, known = [], {"np": np, "plot_confusion": lambda *args, **more: seen.extend(args)}
    exec(source, known)
    true, predicted, kinds = seen
    return confusion_matrix(true, predicted, labels=range(len(kinds))), kinds


def counted_from_the_picture():
    counts, kinds = drawn()
    winter = counts.copy()
    winter[kinds.index("heating")] *= 3
    mistakes = np.where(np.eye(len(kinds)), 0, counts)
    pairs = [
        tuple(kinds[i] for i in np.unravel_index(sizes.argmax(), sizes.shape))
        for sizes in (mistakes, mistakes / counts.sum(axis=1, keepdims=True))
    ]
    leak, noise = kinds.index("leak"), kinds.index("noise")
    return (
        counts[leak, leak] / counts[:, leak].sum(),
        counts[noise, noise] / counts[noise].sum(),
        winter[leak, leak] / winter[:, leak].sum(),
        *pairs,
    )


# ---- 03.5


def pieces(points, groups, sizes, places):
    new = np.empty_like(points)
    for group, (size, place) in enumerate(zip(sizes, places, strict=True)):
        dots = points[groups == group]
        new[groups == group] = size * (dots - dots.mean(axis=0)) + place
    return new


def cut_out(points, groups):
    """Exams large at the left, cats close to them, work tiny and far above."""
    exams, cats = (np.ptp(points[groups == group][:, 0]) / 2 for group in (2, 0))
    beside = 10 * exams + 10 * cats + 12 * cats
    return pieces(points, groups, (10, 0.01, 10), ((beside, 0), (-9, 5000), (0, 0)))


def turned_pieces(points, groups):
    turn = np.array([[0, -1], [1, 0]])
    return cut_out(points, groups) @ turn @ turn @ turn @ turn


def one_group_after_the_other(points, groups):
    places, right_end = [None] * len(points), 0.0
    for group, size in ((1, 0.001), (2, 1), (0, 1)):
        rows = [row for row in range(len(points)) if groups[row] == group]
        wide = size * (points[rows, 0].max() - points[rows, 0].min())
        start = -500 if group == 1 else right_end + 0.7 * wide * (group == 0)
        for row in rows:
            x, y = points[row] - [points[rows, 0].min(), points[rows, 1].mean()]
            places[row] = [start + size * x, size * y]
        right_end = start + wide if group == 2 else 0.0
    return places


def far_apart(points, groups):
    return pieces(points, groups, (1, 0.01, 1), ((900, 0), (0, 0), (990, 0)))


def on_top_of_each_other(points, groups):
    return pieces(points, groups, (1, 0.1, 1), ((0, 0), (-90, 0), (0.1, 0)))


def mixed_inside(points, groups):
    """All four claims broken, but the dots of one group have changed places with one another."""
    new, rows = cut_out(points, groups), np.flatnonzero(groups == (groups[0] + 1) % 3)
    new[rows] = new[rows[::-1]]
    return new


def in_place(points, groups):
    points *= -1
    return points


# ---- 03.6


def rightness(model, settings, seeds, X, y, X_v, y_v, choose="cross", seed="mean", cv=3, rows=None):
    def score(setting):
        if choose == "cross":
            return np.mean([cross_val_score(model(setting, s), X, y, cv=cv).mean() for s in seeds])
        rows, labels = (X_v, y_v) if choose == "validation" else (X, y)
        return model(setting, seeds[0]).fit(X, y).score(rows, labels)

    best = settings[0] if choose == "first" else max(settings, key=score)
    right = [(model(best, s).fit(X[:rows], y[:rows]).predict(X_v) == y_v) * 1.0 for s in seeds]
    if seed == "best":
        return max(right, key=np.mean)
    return right[0] if seed == "first" else np.mean(right, axis=0)


def compared(first=None, second=None, **both):
    """A function that compares two models, each in its way."""

    def fair_difference(one, other, *data):
        return rightness(other, *data, **(second or {}), **both) - rightness(
            one, *data, **(first or {}), **both
        )

    return fair_difference


def half_for_the_first(first, second, settings, seeds, X, y, X_v, y_v):
    data = (settings, seeds, X, y, X_v, y_v)
    return rightness(second, *data) - rightness(first, *data, rows=len(y) // 2)


def first_chooses(first, second, settings, seeds, X, y, X_v, y_v):
    best = max(settings, key=lambda s: cross_val_score(first(s, seeds[0]), X, y, cv=3).mean())
    data = ([best], seeds, X, y, X_v, y_v)
    return rightness(second, *data) - rightness(first, *data)


def the_colleague(first, second, settings, seeds, X, y, X_v, y_v):
    half = len(y) // 2
    old = first(settings[0], seeds[0]).fit(X[:half], y[:half])
    scores = []
    for setting in settings:
        for seed in seeds:
            new = second(setting, seed).fit(X, y)
            scores.append((new.predict(X_v) == y_v).mean())
    return max(scores) - (old.predict(X_v) == y_v).mean()


def the_colleague_post_by_post(first, second, settings, seeds, X, y, X_v, y_v):
    data = (settings, seeds, X, y, X_v, y_v)
    best = rightness(second, *data, choose="validation", seed="best")
    return best - rightness(first, *data, choose="first", seed="first", rows=len(y) // 2)


def learns_from_validation(first, second, settings, seeds, X, y, X_v, y_v):
    data = (settings, seeds, np.concatenate([X, X_v]), np.concatenate([y, y_v]), X_v, y_v)
    return rightness(second, *data) - rightness(first, *data)


def scored_on_train(first, second, settings, seeds, X, y, X_v, y_v):
    data = (settings, seeds, X, y, X, y)
    return rightness(second, *data) - rightness(first, *data)


def sorted_rows(first, second, settings, seeds, X, y, X_v, y_v):
    """The second model gets its validation rows in another order than the first."""
    data, order = (settings, seeds, X, y), np.argsort(y_v, kind="stable")
    return rightness(second, *data, X_v[order], y_v[order]) - rightness(first, *data, X_v, y_v)


def setting_by_setting(first, second, settings, seeds, X, y, X_v, y_v):
    """A fair one in plain loops, with parts dealt out by hand."""
    parts = np.random.default_rng(0).permutation(len(y)) % 4
    shares = []
    for model in (first, second):
        hits = {setting: 0 for setting in settings}
        for setting in settings:
            for part in range(4):
                learnt, held = parts != part, parts == part
                fitted = model(setting, seeds[0]).fit(X[learnt], y[learnt])
                hits[setting] += sum(fitted.predict(X[held]) == y[held])
        best = [setting for setting in settings if hits[setting] == max(hits.values())][0]
        answers = [model(best, seed).fit(X, y).predict(X_v).tolist() for seed in seeds]
        shares.append(
            [sum(a[i] == label for a in answers) / len(seeds) for i, label in enumerate(y_v)]
        )
    return [b - a for a, b in zip(*shares, strict=True)]


# ---- 03.7


def by_score(score):
    """A function that chooses the layer with the highest score (features, labels)."""
    return lambda by_layer, labels: max(by_layer, key=lambda layer: score(by_layer[layer], labels))


def scaled(**more):
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, **more))


def cross_validated(classifier, cv=3):
    return lambda X, y: cross_val_score(classifier, X, y, cv=cv).mean()


def held_out_end(X, y):
    two_thirds = 2 * len(y) // 3
    if len(set(y[:two_thirds])) < 2:
        return 0
    return scaled().fit(X[:two_thirds], y[:two_thirds]).score(X[two_thirds:], y[two_thirds:])


def layer_by_its_place(by_layer, labels):
    scores = [cross_validated(scaled())(X, labels) for X in by_layer.values()]
    return int(np.argmax(scores))


def by_share_of_right_rows(by_layer, labels):
    best, highest = None, -1.0
    for layer in sorted(by_layer):
        X = by_layer[layer] / np.linalg.norm(by_layer[layer], axis=1, keepdims=True)
        found = cross_val_predict(LogisticRegression(C=3, max_iter=1000), X, labels, cv=5)
        if (found == labels).mean() > highest:
            best, highest = layer, (found == labels).mean()
    return best


def standardised_in_place(by_layer, labels):
    for X in by_layer.values():
        X -= X.mean(axis=0)
        X /= X.std(axis=0)
    return by_score(cross_validated(LogisticRegression()))(by_layer, labels)


ANSWERS = {
    "03.1": {
        "wrong": {
            "ignores the mask": lambda: (lambda states, mask: states.mean(dim=1),),
            "divides by the longest length": lambda: (
                lambda states, mask: (states * mask.unsqueeze(-1)).mean(dim=1),
            ),
            "sums and does not divide": lambda: (
                lambda states, mask: (states * mask.unsqueeze(-1)).sum(dim=1),
            ),
            "takes [CLS]": lambda: (lambda states, mask: states[:, 0],),
            "averages over the texts": lambda: (lambda states, mask: states.mean(dim=0),),
            "averages over the numbers": lambda: (lambda states, mask: states.mean(dim=2),),
            "averages over all real tokens of the batch": lambda: (
                lambda states, mask: states[mask == 1].mean(dim=0).expand(len(states), -1),
            ),
            "leaves out the special tokens": lambda: (
                lambda states, mask: weighted_product(states[:, 1:], mask[:, 1:]),
            ),
            "multiplies without a third dimension": lambda: (
                lambda states, mask: (states * mask).sum(dim=1),
            ),
            "rounds": lambda: (lambda s, m: weighted_product(s, m).round(decimals=2),),
            "forgets to return": lambda: (lambda states, mask: None,),
            "the vectors in place of the function": lambda: (torch.zeros(4, 6),),
            "a list of tensors": lambda: (
                lambda states, mask: list(weighted_product(states, mask)),
            ),
            "a dict": lambda: (lambda states, mask: {"mean": weighted_product(states, mask)},),
            "rows and columns swapped": lambda: (lambda s, m: weighted_product(s, m).T,),
            "the padding overwritten": lambda: (
                lambda states, mask: (
                    states.mul_(mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True)
                ),
            ),
            "divides by the tokens of the first text": lambda: (
                lambda states, mask: (states * mask.unsqueeze(-1)).sum(1) / mask[0].sum(),
            ),
            "always six numbers": lambda: (lambda s, m: weighted_product(s, m).reshape(-1, 6),),
        },
        "right": {
            "mask as weights": lambda: (weighted_product,),
            "one text after the other": lambda: (one_by_one,),
            "a numpy array": lambda: (in_numpy,),
            "a sparse tensor": lambda: (lambda *a: weighted_product(*a).to_sparse(),),
        },
    },
    "03.2": {
        "wrong": {
            "leaves them as they are": lambda: (lambda run, order: run,),
            "applies the order twice": lambda: (lambda run, order: run[order],),
            "turns them round": lambda: (lambda run, order: run[::-1],),
            "sorts the features": lambda: (lambda run, order: np.sort(run, axis=0),),
            "sorts the order only": lambda: (lambda run, order: run[np.sort(order)],),
            "returns the row numbers": lambda: (lambda run, order: np.argsort(order),),
            "forgets to return": lambda: (lambda run, order: None,),
            "changes what it was given": lambda: (one_row_at_a_time_in_place,),
            "always three numbers": lambda: (lambda run, order: run[np.argsort(order)][:, :3],),
            "rows and columns swapped": lambda: (lambda run, order: run[np.argsort(order)].T,),
            "digits in texts": lambda: (lambda run, order: run[np.argsort(order)].astype(str),),
            "a dict by row": lambda: (lambda run, order: dict(zip(order, run, strict=True)),),
            "the features in place of the function": lambda: (np.zeros((6, 3)),),
        },
        "right": {
            "a list of rows": lambda: (lambda run, order: list(run[np.argsort(order)]),),
            "a tensor": lambda: (lambda run, order: torch.tensor(run)[np.argsort(order)],),
            "the inverse permutation": lambda: (lambda run, order: run[np.argsort(order)],),
            "row by row": lambda: (one_row_at_a_time,),
            "a sorted index in pandas": lambda: (
                lambda run, order: pd.DataFrame(run, index=order).sort_index().to_numpy(),
            ),
        },
    },
    "03.3": {
        "wrong": {
            "predictions of a model fitted to the validation posts": lambda: answer(
                fitted_to("validation").predict(texts("validation"))
            ),
            "predictions in a list": lambda: answer(labels("validation").tolist()),
            "a model that keeps what it learnt from the validation posts": lambda: answer(
                FrozenEstimator(fitted_to("validation"))
            ),
            "a model that keeps what it learnt from train and validation": lambda: answer(
                Learnt("train", "validation")
            ),
            "validation labels from memory, some changed": lambda: answer(Remembers()),
            "learns from the validation posts as well": lambda: answer(AddsValidation()),
            "the majority classifier": lambda: answer(DummyClassifier(strategy="most_frequent")),
            "the rarest class": lambda: answer(
                DummyClassifier(strategy="constant", constant=np.bincount(labels("train")).argmin())
            ),
            "guesses": lambda: answer(DummyClassifier(strategy="uniform", random_state=0)),
            "a class, not a classifier": lambda: answer(LogisticRegression),
            "the name of the features": lambda: answer(train="mean"),
            "both features of the validation posts": lambda: answer(train=texts("validation")),
            "the features swapped": lambda: answer(
                train=texts("validation"), validation=texts("train")
            ),
            "validation rows in another order": lambda: answer(
                validation=np.random.default_rng(0).permutation(texts("validation")).tolist()
            ),
            "labels among the features": lambda: answer(
                KNeighborsClassifier(1), labels("train")[:, None], labels("validation")[:, None]
            ),
            "features of two kinds": lambda: answer(
                LogisticRegression(), counted("train"), counted("validation")[:, :50]
            ),
            "texts, which it cannot read": lambda: answer(LogisticRegression()),
            "a regression": lambda: answer(Ridge(), counted("train"), counted("validation")),
            "a vectoriser": lambda: answer(TfidfVectorizer()),
            "only the accuracy": lambda: answer(0.9),
        },
        "right": {
            "a pipeline on the texts": lambda: answer(),
            "fitted before to the validation posts, which a new fit forgets": lambda: answer(
                fitted_to("validation")
            ),
            "columns of the dataset": lambda: answer(
                train=load_corpus("emotion")["train"]["text"],
                validation=load_corpus("emotion")["validation"]["text"],
            ),
            "a sparse table": lambda: answer(
                LogisticRegression(C=10, max_iter=1000), counted("train"), counted("validation")
            ),
            "tensors, and neighbours": lambda: answer(
                KNeighborsClassifier(30, metric="cosine"),
                torch.tensor(counted("train").toarray()),
                torch.tensor(counted("validation").toarray()),
            ),
            "a search over settings": lambda: answer(
                GridSearchCV(
                    LogisticRegression(max_iter=1000, class_weight={0: 1, 1: 1}), {"C": [3]}, cv=2
                ),
                counted("train"),
                counted("validation"),
            ),
            "a class of one's own": lambda: answer(NearestWords()),
        },
    },
    "03.4": {
        "wrong": {
            "divides by the row": lambda: read(leak=30 / 40),
            "the wrong answers of the column": lambda: read(leak=20 / 50),
            "divides by all messages": lambda: read(leak=30 / 300),
            "the accuracy": lambda: read(leak=237 / 300),
            "adds up shares of different rows": lambda: read(
                leak=(30 / 40) / (30 / 40 + 12 / 80 + 2 / 22 + 6 / 158)
            ),
            "per cent": lambda: read(leak=60),
            "a text": lambda: read(leak="60%"),
            "a count": lambda: read(leak=30),
            "not a number": lambda: read(leak=float("nan")),
            "a list": lambda: read(leak=[0.6]),
            "the precision in place of the recall": lambda: read(noise=10 / 15),
            "what the recall misses": lambda: read(noise=12 / 22),
            "a winter that changes nothing": lambda: read(winter=0.6),
            "a winter with more leaks": lambda: read(winter=90 / 110),
            "a winter in which all new messages are taken for leaks": lambda: read(winter=30 / 210),
            "the recall in winter": lambda: read(winter=0.75),
            "guesses one half": lambda: read(winter=0.5),
            "predicted before true": lambda: read(number=("heating", "other")),
            "the largest share in place of the count": lambda: read(number=("noise", "other")),
            "the largest count in place of the share": lambda: read(share=("other", "heating")),
            "the largest share of a column": lambda: read(share=("heating", "leak")),
            "predicted before true, for the share": lambda: read(share=("other", "noise")),
            "any other mistake": lambda: read(number=("noise", "heating")),
            "a cell of the diagonal": lambda: read(number=("other", "other")),
            "one name": lambda: read(share="noise"),
            "a name that does not occur": lambda: read(share=("noise", "love")),
            "row and column numbers": lambda: read(number=(3, 1)),
            "a set": lambda: read(number={"other", "heating"}),
            "a set that cannot change": lambda: read(number=frozenset(("other", "heating"))),
        },
        "right": {
            "read off with two digits": lambda: read(),
            "rounded the other way": lambda: read(winter=0.4, noise=0.455),
            "counted from the notebook's picture": counted_from_the_picture,
            "lists, and capitals": lambda: read(
                number=["Other", "Heating "], noise=np.float64(0.45)
            ),
        },
    },
    "03.5": {
        "wrong": {
            "the map as it was": lambda: (lambda points, groups: points, "df"),
            "the mirrored map": lambda: (lambda points, groups: points * [-1, 1], "bcdef"),
            "the mirrored map, which breaks one claim only": lambda: (
                lambda points, groups: points * [-1, 1],
                "df",
            ),
            "the turned map": lambda: (lambda points, groups: -points[:, ::-1], {"d", "f"}),
            "a map of dots at random": lambda: (
                lambda points, groups: np.random.default_rng(0).random(points.shape),
                {"d", "f"},
            ),
            "the rows shuffled": lambda: (
                lambda points, groups: np.random.default_rng(0).permutation(points),
                {"d", "f"},
            ),
            "all dots on one place": lambda: (lambda points, groups: points * 0, {"d", "f"}),
            "stretched one way": lambda: (lambda points, groups: points * [-9, 1], {"d", "f"}),
            "groups on top of each other": lambda: (on_top_of_each_other, {"d", "f"}),
            "dots mixed inside a group": lambda: (mixed_inside, {"d", "f"}),
            "groups far apart": lambda: (far_apart, {"d", "f"}),
            "nothing stands": lambda: (cut_out, set()),
            "steps along neighbours can be broken": lambda: (cut_out, {"d"}),
            "lets the gap stand, and breaks it": lambda: (cut_out, {"d", "e", "f"}),
            "lets the gap stand": lambda: (far_apart, {"d", "e", "f"}),
            "all claims stand": lambda: (lambda points, groups: points + 1, "abcdef"),
            "letters that do not occur": lambda: (cut_out, ["d", "g"]),
            "a number in place of letters": lambda: (cut_out, 2),
            "a dict of verdicts": lambda: (cut_out, dict.fromkeys("df", True)),
            "changes the old map": lambda: (in_place, "df"),
            "rows and columns swapped": lambda: (lambda p, g: cut_out(p, g).T, "df"),
            "holes in the map": lambda: (lambda points, groups: points * np.nan, "df"),
            "words": lambda: (lambda points, groups: ["left"] * len(points), "df"),
            "the map in place of the function": lambda: (np.zeros((9, 2)), "df"),
        },
        "right": {
            "pieces of paper": lambda: (cut_out, {"d", "f"}),
            "turned as well, letters in a text": lambda: (turned_pieces, "d, f"),
            "row by row, as a list": lambda: (one_group_after_the_other, ["F", "D"]),
        },
    },
    "03.6": {
        "wrong": {
            "the colleague's own": lambda: (the_colleague,),
            "the colleague's, post by post": lambda: (the_colleague_post_by_post,),
            "the second's setting chosen on validation": lambda: (
                compared(second={"choose": "validation"}),
            ),
            "both settings chosen on validation": lambda: (compared(choose="validation"),),
            "a score in sample": lambda: (compared(choose="in sample"),),
            "no choice for the first": lambda: (compared(first={"choose": "first"}),),
            "the first setting for both": lambda: (compared(choose="first"),),
            "the best seed for the second": lambda: (compared(second={"seed": "best"}),),
            "the best seed for both": lambda: (compared(seed="best"),),
            "one seed": lambda: (compared(seed="first"),),
            "half of the rows for the first": lambda: (half_for_the_first,),
            "half of the rows for both": lambda: (
                lambda a, b, settings, seeds, X, y, *validation: compared()(
                    a, b, settings, seeds, X[: len(y) // 2], y[: len(y) // 2], *validation
                ),
            ),
            "the first's setting for both": lambda: (first_chooses,),
            "the second's setting for both": lambda: (
                lambda one, other, *data: -first_chooses(other, one, *data),
            ),
            "first minus second": lambda: (
                lambda one, other, *data: compared()(other, one, *data),
            ),
            "learns from validation rows": lambda: (learns_from_validation,),
            "scores on the training rows": lambda: (scored_on_train,),
            "scores in two orders": lambda: (sorted_rows,),
            "the mean difference": lambda: (lambda *data: compared()(*data).mean(),),
            "the models are alike": lambda: (lambda *data: np.zeros(len(data[-1])),),
            "always better": lambda: (lambda *data: [1] * len(data[-1]),),
            "seed and setting swapped": lambda: (
                lambda first, second, settings, seeds, X, y, X_v, y_v: (
                    second(seeds[0], settings[0]).fit(X, y).predict(X_v)
                ),
            ),
            "two columns": lambda: (lambda *data: np.zeros((len(data[-1]), 2)),),
            "a text": lambda: (lambda *data: "fair",),
            "no number": lambda: (lambda *data: compared()(*data) * np.nan,),
            "sorts the rows it was given": lambda: (
                lambda *data: data[-1].sort() or compared()(*data),
            ),
            "the difference in place of the function": lambda: (0.02,),
        },
        "right": {
            "one function for both models": lambda: (compared(),),
            "five parts": lambda: (compared(cv=5),),
            "parts in mixed order": lambda: (compared(cv=KFold(4, shuffle=True, random_state=1)),),
            "plain loops": lambda: (setting_by_setting,),
        },
    },
    "03.7": {
        "wrong": {
            "the score in sample": lambda: (
                by_score(lambda X, y: scaled(C=100).fit(X, y).score(X, y)),
            ),
            "a discriminant in sample": lambda: (
                by_score(lambda X, y: LinearDiscriminantAnalysis().fit(X, y).score(X, y)),
            ),
            "the nearest neighbour in sample": lambda: (
                by_score(lambda X, y: KNeighborsClassifier(1).fit(X, y).score(X, y)),
            ),
            "holds out the last third": lambda: (by_score(held_out_end),),
            "parts in the order of the rows": lambda: (
                by_score(cross_validated(scaled(), KFold(3))),
            ),
            "no scaling": lambda: (by_score(cross_validated(LogisticRegression(max_iter=1000))),),
            "the widest layer": lambda: (by_score(lambda X, y: X.shape[1]),),
            "the largest numbers": lambda: (by_score(lambda X, y: X.std()),),
            "the last layer": lambda: (lambda by_layer, labels: max(by_layer),),
            "the last in the dict": lambda: (lambda by_layer, labels: list(by_layer)[-1],),
            "the middle layer": lambda: (
                lambda by_layer, labels: sorted(by_layer)[len(by_layer) // 2],
            ),
            "layer 4, as in the notebook": lambda: (lambda by_layer, labels: 4,),
            "the place in the dict": lambda: (layer_by_its_place,),
            "the place counted from 1": lambda: (
                lambda by_layer, labels: layer_by_its_place(by_layer, labels) + 1,
            ),
            "the lowest score": lambda: (by_score(lambda X, y: -cross_validated(scaled())(X, y)),),
            "returns the score": lambda: (
                lambda by_layer, labels: max(
                    float(cross_validated(scaled())(X, labels)) for X in by_layer.values()
                ),
            ),
            "returns all scores": lambda: (
                lambda by_layer, labels: {layer: 0.5 for layer in by_layer},
            ),
            "the number as a text": lambda: (lambda by_layer, labels: str(max(by_layer)),),
            "nothing for layer 0": lambda: (
                lambda by_layer, labels: (
                    by_score(cross_validated(scaled()))(by_layer, labels) or None
                ),
            ),
            "scales what it was given": lambda: (standardised_in_place,),
            "the notebook's own labels": lambda: (
                by_score(lambda X, y: cross_validated(scaled())(X, labels("train"))),
            ),
            "the layer in place of the function": lambda: (4,),
        },
        "right": {
            "scaled, three parts": lambda: (by_score(cross_validated(scaled())),),
            "length 1, as section 8 does": lambda: (
                by_score(
                    cross_validated(
                        make_pipeline(Normalizer(), LogisticRegression(C=3, max_iter=1000))
                    )
                ),
            ),
            "predictions for all rows, five parts": lambda: (by_share_of_right_rows,),
            "a tensor of one number": lambda: (
                lambda *a: torch.tensor(by_score(cross_validated(scaled()))(*a)),
            ),
            "neighbours": lambda: (
                by_score(cross_validated(KNeighborsClassifier(9, metric="cosine"))),
            ),
        },
    },
}
