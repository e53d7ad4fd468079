"""Answers to the exercises of notebook 04, wrong ones by misconception and right ones by form."""

import itertools
import random

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    precision_score,
    recall_score,
)

from helpers import is_it_real

NAMES = ["sadness", "joy", "love", "anger", "fear", "surprise"]


def by_class(average):
    """F1 from the counts of a confusion matrix, averaged by `average(f1, rows per class)`."""

    def score(y_true, y_pred, n_classes):
        counts = confusion_matrix(y_true, y_pred, labels=range(n_classes))
        rows, answers = counts.sum(1), counts.sum(0)
        f1 = 2 * counts.diagonal() / np.maximum(rows + answers, 1)
        return average(f1, rows)

    return score


def undivided(y_true, y_pred, n_classes):
    with np.errstate(invalid="ignore"):
        counts = confusion_matrix(y_true, y_pred, labels=range(n_classes))
        precision = counts.diagonal() / counts.sum(0)
        recall = counts.diagonal() / counts.sum(1)
        return (2 * precision * recall / (precision + recall)).mean()


def f1_of_the_means(y_true, y_pred, n_classes):
    options = {"labels": range(n_classes), "average": "macro", "zero_division": 0}
    precision = precision_score(y_true, y_pred, **options)
    recall = recall_score(y_true, y_pred, **options)
    return 2 * precision * recall / (precision + recall)


def from_precision_and_recall(y_true, y_pred, n_classes):
    scores = []
    for i in range(n_classes):
        hits = sum(a == b == i for a, b in zip(y_true, y_pred, strict=True))
        precision = hits / max(1, y_pred.count(i))
        recall = hits / max(1, y_true.count(i))
        scores.append(2 * precision * recall / (precision + recall) if hits else 0.0)
    return np.mean(scores)


def six_classes(y_true, y_pred, n_classes):
    f1 = f1_score(y_true, y_pred, labels=range(6), average=None, zero_division=0)
    return f1.sum() / n_classes


def emptied(y_true, y_pred, n_classes):
    true, predicted = [], []
    while y_true:
        true.append(y_true.pop())
        predicted.append(y_pred.pop())
    return from_precision_and_recall(true, predicted, n_classes)


def unguarded(y_true, y_pred, n_classes):
    scores = []
    for i in range(n_classes):
        hits = sum(a == b == i for a, b in zip(y_true, y_pred, strict=True))
        scores.append(2 * hits / (y_true.count(i) + y_pred.count(i)))
    return sum(scores) / n_classes


def metrics(predict=lambda logits: logits.argmax(-1), lowest=None):
    def lowest_recall(labels, predicted):
        return min((predicted[labels == i] == i).mean() for i in set(labels.tolist()))

    def my_metrics(prediction):
        labels, predicted = prediction.label_ids, predict(prediction.predictions)
        return {
            "accuracy": accuracy_score(labels, predicted),
            "lowest_recall": (lowest or lowest_recall)(labels, predicted),
        }

    return my_metrics


def lowest_precision(labels, predicted):
    return precision_score(labels, predicted, average=None, zero_division=1).min()


def absent_class_counts(labels, predicted):
    k = max(labels) + 1
    return recall_score(labels, predicted, labels=range(k), average=None, zero_division=0).min()


def recall_of_the_rarest(labels, predicted):
    rarest = np.bincount(labels)[np.unique(labels)].argmin()
    return recalls_of(labels, predicted)[rarest]


def recall_of_the_most_missed(labels, predicted):
    classes, missed = np.unique(labels[labels != predicted], return_counts=True)
    return (predicted[labels == classes[missed.argmax()]] == classes[missed.argmax()]).mean()


def recalls_of(labels, predicted):
    return [(predicted[labels == i] == i).mean() for i in np.unique(labels)]


def changing(prediction):
    prediction.predictions -= prediction.predictions.max(axis=1, keepdims=True)
    return metrics()(prediction)


def counted_classes(prediction):
    """Goes through all columns, so a class without a row gives nan."""
    predicted, labels = prediction.predictions.argmax(-1), prediction.label_ids
    with np.errstate(invalid="ignore"):
        counts = confusion_matrix(labels, predicted, labels=range(prediction.predictions.shape[1]))
        lowest = (counts.diagonal() / counts.sum(1)).min()
    return {"accuracy": (predicted == labels).mean(), "lowest_recall": lowest}


def unpacked(prediction):
    logits, labels = prediction
    return metrics()(type(prediction)(logits, labels))


def by_matrix(prediction):
    predicted = np.argsort(prediction.predictions, axis=1)[:, -1]
    counts = confusion_matrix(prediction.label_ids, predicted)
    given = counts.sum(1) > 0
    recalls = counts.diagonal()[given] / counts.sum(1)[given]
    return {"accuracy": counts.trace() / counts.sum(), "lowest_recall": recalls.min(), "n": 1}


def lookup(predicted, id2label, names):
    ours = {name: i for i, name in enumerate(names)}
    return np.array([ours[id2label[i] if i in id2label else id2label[str(i)]] for i in predicted])


def backwards(predicted, id2label, names):
    label2id = {name: int(i) for i, name in id2label.items()}
    return [label2id[names[i]] for i in predicted]


def only_numbers(predicted, id2label, names):
    return [names.index(id2label[i]) for i in predicted]


def alphabetical(predicted, id2label, names):
    name_of = {int(i): name for i, name in id2label.items()}
    return [sorted(names).index(name_of[i]) for i in predicted]


def by_place_in_the_map(predicted, id2label, names):
    return [names.index(list(id2label.values())[i]) for i in predicted]


def by_sorted_keys(predicted, id2label, names):
    theirs = [id2label[key] for key in sorted(id2label)]
    return [names.index(theirs[i]) for i in predicted]


def typed_names(predicted, id2label, names):
    return [NAMES.index(id2label.get(i, id2label.get(str(i)))) for i in predicted]


def changed_map(predicted, id2label, names):
    for key in list(id2label):
        id2label[int(key)] = id2label.pop(key)
    return [names.index(id2label[i]) for i in predicted]


def percentiles(values, levels=(2.5, 97.5), rounds=2000, size=None):
    rng = np.random.default_rng(3)
    rows = rng.integers(len(values), size=(rounds, size or len(values)))
    return np.percentile(values[rows].mean(axis=1), levels)


def unpaired(a, b):
    rng = np.random.default_rng(3)
    draws = [v[rng.integers(len(v), size=(2000, len(v)))].mean(axis=1) for v in (a, b)]
    return np.percentile(draws[1] - draws[0], [2.5, 97.5])


def ends_subtracted(a, b):
    return percentiles(b) - percentiles(a)


def spread_of_rows(a, b):
    difference = b - a
    return difference.mean() - 2 * difference.std(), difference.mean() + 2 * difference.std()


def by_formula(a, b):
    difference = b - a
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    return difference.mean() - 1.96 * error, difference.mean() + 1.96 * error


def by_helper(a, b):
    verdict = is_it_real(np.ones(len(a)), a, b)
    return verdict["low"], verdict["high"]


def subtracted_in_place(a, b):
    b -= a
    return percentiles(b)


def in_plain_python(a, b):
    draw = random.Random(5).choices
    difference = (b - a).tolist()
    found = sorted(sum(draw(difference, k=len(difference))) / len(difference) for _ in range(1500))
    return [found[37], found[-38]]


def both_scored_on_the_same_draw(a, b):
    rng = np.random.default_rng(9)
    rows = [rng.integers(len(a), size=len(a)) for _ in range(3000)]
    found = sorted(b[draw].mean() - a[draw].mean() for draw in rows)
    return found[75], found[-76]


ANSWERS = {
    "04.1": {
        "wrong": {
            "micro F1, which is accuracy": lambda: (lambda t, p, k: accuracy_score(t, p),),
            "weighted by the rows of each class": lambda: (
                by_class(lambda f1, rows: (f1 * rows).sum() / rows.sum()),
            ),
            "only classes that occur": lambda: (lambda t, p, k: f1_score(t, p, average="macro"),),
            "only classes that are given": lambda: (
                by_class(lambda f1, rows: f1[rows > 0].mean()),
            ),
            "0 divided by 0": lambda: (undivided,),
            "F1 of mean precision and mean recall": lambda: (f1_of_the_means,),
            "mean recall": lambda: (lambda t, p, k: balanced_accuracy_score(t, p),),
            "one score per class": lambda: (by_class(lambda f1, rows: f1.tolist()),),
            "six classes always": lambda: (six_classes,),
            "the lists emptied": lambda: (emptied,),
            "divided by 0": lambda: (unguarded,),
            "rounded": lambda: (lambda *a: round(from_precision_and_recall(*a), 2),),
            "rounded to four digits": lambda: (lambda *a: round(from_precision_and_recall(*a), 4),),
            "the sum": lambda: (by_class(lambda f1, rows: f1.sum()),),
            "text": lambda: (lambda *a: str(from_precision_and_recall(*a)),),
            "the result in place of the function": lambda: (
                from_precision_and_recall([0, 1, 1], [0, 1, 0], 2),
            ),
        },
        "right": {
            "from a confusion matrix": lambda: (by_class(lambda f1, rows: f1.mean()),),
            "from precision and recall": lambda: (from_precision_and_recall,),
            "scikit-learn, told about all classes": lambda: (
                lambda t, p, k: f1_score(t, p, labels=range(k), average="macro", zero_division=0),
            ),
            "a tensor of one number": lambda: (
                lambda *a: torch.tensor(from_precision_and_recall(*a), dtype=torch.float64),
            ),
        },
    },
    "04.2": {
        "wrong": {
            "logits compared with labels": lambda: (metrics(lambda logits: logits[:, 0].round()),),
            "argmax over the rows": lambda: (metrics(lambda logits: logits.argmax(0)),),
            "precision taken for recall": lambda: (metrics(lowest=lowest_precision),),
            "mean instead of lowest": lambda: (metrics(lowest=balanced_accuracy_score),),
            "a class without rows counts as 0": lambda: (metrics(lowest=absent_class_counts),),
            "a bare number": lambda: (lambda p: 0.5,),
            "another name": lambda: (lambda p: {"accuracy": 0.5, "recall": 0.5},),
            "the first class": lambda: (metrics(lowest=lambda *a: recalls_of(*a)[0]),),
            "the last class": lambda: (metrics(lowest=lambda *a: recalls_of(*a)[-1]),),
            "the rarest class": lambda: (metrics(lowest=recall_of_the_rarest),),
            "the class predicted least": lambda: (
                metrics(
                    lowest=lambda t, p: recalls_of(t, p)[np.bincount(p)[np.unique(t)].argmin()]
                ),
            ),
            "the class with the most rows missed": lambda: (
                metrics(lowest=recall_of_the_most_missed),
            ),
            "rounded": lambda: (
                lambda p: {name: round(float(x), 3) for name, x in metrics()(p).items()},
            ),
            "an empty dict": lambda: (lambda p: {},),
            "a class never found is left out": lambda: (
                metrics(lowest=lambda *a: min(recall for recall in recalls_of(*a) if recall)),
            ),
            "nan where a class has no row": lambda: (counted_classes,),
            "the logits changed": lambda: (changing,),
            "the scores in place of the function": lambda: (
                {"accuracy": 0.5, "lowest_recall": 0.2},
            ),
        },
        "right": {
            "class by class": lambda: (metrics(),),
            "from a confusion matrix, with more in it": lambda: (by_matrix,),
            "logits and labels unpacked": lambda: (unpacked,),
        },
    },
    "04.3": {
        "wrong": {
            "the ids left as they are": lambda: (lambda ids, id2label, names: ids,),
            "the map the wrong way round": lambda: (backwards,),
            "keys taken for numbers always": lambda: (only_numbers,),
            "our names sorted by the alphabet": lambda: (alphabetical,),
            "names instead of ids": lambda: (
                lambda ids, id2label, names: [id2label.get(i, id2label.get(str(i))) for i in ids],
            ),
            "by the place in the map": lambda: (by_place_in_the_map,),
            "keys in the order of the alphabet": lambda: (by_sorted_keys,),
            "names typed by hand": lambda: (typed_names,),
            "their map changed": lambda: (changed_map,),
            "ids as text": lambda: (lambda *a: [str(i) for i in lookup(*a)],),
            "a list for each id": lambda: (lambda *a: [[i] for i in lookup(*a)],),
            "a single number in an array": lambda: (lambda *a: np.array(3),),
            "a column": lambda: (lambda *a: lookup(*a)[:, None],),
            "a generator": lambda: (lambda *a: (i for i in lookup(*a)),),
            "half an id too much": lambda: (lambda *a: lookup(*a) + 0.5,),
            "the result in place of the function": lambda: ([1, 2, 3],),
            "ids without an end": lambda: (lambda *a: itertools.count(),),
        },
        "right": {
            "by a second dict, as an array": lambda: (lookup,),
            "as a tensor": lambda: (lambda *a: torch.tensor(lookup(*a)),),
            "by a table of all ids": lambda: (
                lambda ids, id2label, names: [
                    {int(i): names.index(name) for i, name in id2label.items()}[k] for k in ids
                ],
            ),
        },
    },
    "04.4": {
        "wrong": {
            "rows drawn for each model by itself": lambda: (unpaired,),
            "ends of two intervals subtracted": lambda: (ends_subtracted,),
            "a minus b": lambda: (lambda a, b: percentiles(a - b),),
            "90 per cent": lambda: (lambda a, b: percentiles(b - a, (5, 95)),),
            "more cut off on the right": lambda: (lambda a, b: percentiles(b - a, (2.5, 95)),),
            "more cut off on the left": lambda: (lambda a, b: percentiles(b - a, (5, 97.5)),),
            "lists in a list": lambda: (lambda a, b: [[0.01, 0.07], [0.04]],),
            "spread of the rows, not of their mean": lambda: (spread_of_rows,),
            "the interval of b alone": lambda: (lambda a, b: percentiles(b),),
            "one number": lambda: (lambda a, b: (b - a).mean(),),
            "b changed in place": lambda: (subtracted_in_place,),
            "high before low": lambda: (lambda a, b: percentiles(b - a)[::-1],),
            "in per cent": lambda: (lambda a, b: 100 * percentiles(b - a),),
            "300 rows always": lambda: (lambda a, b: percentiles(b - a, size=300),),
            "a dict": lambda: (lambda a, b: is_it_real(np.ones(len(a)), a, b),),
            "the interval in place of the function": lambda: ([-0.01, 0.07],),
        },
        "right": {
            "difference post by post": lambda: (lambda a, b: percentiles(b - a),),
            "both models on the same draw": lambda: (both_scored_on_the_same_draw,),
            "by formula": lambda: (by_formula,),
            "the course's helper": lambda: (by_helper,),
            "in plain Python": lambda: (in_plain_python,),
            "as a tensor": lambda: (lambda a, b: torch.tensor(percentiles(b - a)),),
            "quantiles of a Series": lambda: (
                lambda a, b: pd.Series(percentiles(b - a), index=[0.025, 0.975]),
            ),
        },
    },
}
