"""Answers to the exercises of notebook 03, wrong ones by misconception and right ones by form."""

from functools import cache

import numpy as np
import pandas as pd
import torch
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from helpers import load_corpus


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
            "a regression": lambda: answer(Ridge(), counted("train"), counted("validation")),
            "a vectoriser": lambda: answer(TfidfVectorizer()),
            "only the accuracy": lambda: answer(0.9),
        },
        "right": {
            "a pipeline on the texts": lambda: answer(),
            "fitted before to the validation posts, which a new fit forgets": lambda: answer(
                fitted_to("validation")
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
}
