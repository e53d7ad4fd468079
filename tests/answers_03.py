"""Answers to the exercises of notebook 03, wrong ones by misconception and right ones by form."""

from functools import cache

import numpy as np
import pandas as pd
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
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


@cache
def labels(split):
    return np.array(load_corpus("emotion")[split]["label"])


@cache
def word_scores():
    emotion = load_corpus("emotion")
    model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10, max_iter=1000))
    model.fit(emotion["train"]["text"][:], labels("train"))
    return model.predict(emotion["validation"]["text"][:])


def one_in_ten_read():
    every_tenth = np.arange(len(labels("validation"))) % 10 == 0
    return np.where(every_tenth, word_scores(), np.bincount(labels("train")).argmax())


def names():
    return load_corpus("emotion")["train"].features["label"].names


def always(label):
    return np.full(len(labels("validation")), label)


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
        },
        "right": {
            "the inverse permutation": lambda: (lambda run, order: run[np.argsort(order)],),
            "row by row": lambda: (one_row_at_a_time,),
            "a sorted index in pandas": lambda: (
                lambda run, order: pd.DataFrame(run, index=order).sort_index().to_numpy(),
            ),
        },
    },
    "03.3": {
        "wrong": {
            "the majority classifier": lambda: (always(np.bincount(labels("train")).argmax()),),
            "the rarest class": lambda: (always(np.bincount(labels("train")).argmin()),),
            "names in place of ids": lambda: ([names()[i] for i in word_scores()],),
            "predictions for the training posts": lambda: (labels("train"),),
            "the labels themselves": lambda: (labels("validation"),),
            "ids that start at 1": lambda: (word_scores() + 1,),
            "rows in another order": lambda: (np.random.default_rng(0).permutation(word_scores()),),
            "a model that hardly beats the majority": lambda: (one_in_ten_read(),),
            "probabilities in place of ids": lambda: (np.eye(len(names()))[word_scores()],),
            "only the accuracy": lambda: (0.9,),
        },
        "right": {
            "an array": lambda: (word_scores(),),
            "a list": lambda: (word_scores().tolist(),),
            "a pandas column": lambda: (pd.Series(word_scores()),),
        },
    },
}
