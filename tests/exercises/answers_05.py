"""Answers to the exercises of notebook 05, wrong ones by misconception and right ones by form."""

import math

import numpy as np
import pandas as pd
import torch
from sklearn.base import clone
from sklearn.metrics import (
    auc,
    average_precision_score,
    precision_recall_curve,
    roc_auc_score,
)
from sklearn.model_selection import KFold, LeaveOneOut, StratifiedKFold, cross_val_predict


def of_label(probabilities, labels):
    return probabilities[np.arange(len(labels)), labels]


def losses_in_a_loop(probabilities, labels):
    return [-math.log(row[label]) for row, label in zip(probabilities, labels, strict=True)]


def losses_with_torch(probabilities, labels):
    logs = torch.tensor(probabilities).log()
    return torch.nn.functional.nll_loss(logs, torch.tensor(labels), reduction="none")


def losses_as_tensors(probabilities, labels):
    return [
        -torch.tensor(row[label]).log() for row, label in zip(probabilities, labels, strict=True)
    ]


def losses_in_place(probabilities, labels):
    np.log(probabilities, out=probabilities)
    return -of_label(probabilities, labels)


def losses_without_end(probabilities, labels):
    found = []
    while len(found) < len(labels):
        row = 0
        found = [-np.log(probabilities[row, labels[row]])]
    return found


def precision_in_order(suspicion, is_error):
    in_order = is_error[np.argsort(-suspicion)]
    return in_order, np.cumsum(in_order) / np.arange(1, len(in_order) + 1)


def average_precision(suspicion, is_error):
    in_order, precision = precision_in_order(suspicion, is_error)
    return precision[in_order].mean()


def turned_round_in_place(suspicion, is_error):
    suspicion *= -1
    return average_precision(-suspicion, is_error)


def by_trapezoids(suspicion, is_error):
    precision, recall, _ = precision_recall_curve(is_error, suspicion)
    return auc(recall, precision)


def only_above_zero(suspicion, is_error):
    return average_precision(np.where(suspicion > 0, suspicion, 0), is_error)


def errors_first_of_ties(suspicion, is_error):
    return average_precision(suspicion.round(1) + 1e-3 * is_error, is_error)


def by_reading(suspicion, is_error):
    found, precisions = 0, []
    for read, (_, error) in enumerate(sorted(zip(-suspicion, is_error, strict=True)), 1):
        if error:
            found += 1
            precisions.append(found / read)
    return sum(precisions) / len(precisions)


def found_after(suspicion, is_error):
    return np.cumsum(is_error[np.argsort(-suspicion)])


def rows_one_by_one(suspicion, is_error, goal):
    found = 0
    for read, row in enumerate(sorted(range(len(suspicion)), key=lambda i: -suspicion[i]), 1):
        found += is_error[row]
        if found >= goal * sum(is_error):
            return read
    return None


def with_searchsorted(suspicion, is_error, goal):
    found = found_after(suspicion, is_error)
    return np.searchsorted(found, goal * found[-1]) + 1


def more_than_the_goal(suspicion, is_error, goal):
    return np.argmax(found_after(suspicion, is_error) > goal * is_error.sum()) + 1


def goal_rounded_down(suspicion, is_error, goal):
    return np.argmax(found_after(suspicion, is_error) >= int(goal * is_error.sum())) + 1


def sorted_in_place(suspicion, is_error, goal):
    order = np.argsort(-suspicion)
    is_error[:] = is_error[order]
    return int(np.argmax(np.cumsum(is_error) >= goal * is_error.sum())) + 1


def until_found(suspicion, is_error, goal):
    read, found = 0, 0
    while found < goal * is_error.sum():
        found = is_error[np.argsort(-suspicion)][:read].sum()
    return read


def place_in_the_data(suspicion, is_error, goal):
    return np.argsort(-suspicion)[rows_one_by_one(suspicion, is_error, goal) - 1]


def folds(labels, n_folds):
    return StratifiedKFold(n_folds, shuffle=True, random_state=1).split(labels, labels)


def stratified(model, features, labels, n_folds):
    found = np.full((len(labels), labels.max() + 1), np.nan, dtype=np.float32)
    for others, fold in folds(labels, n_folds):
        found[fold] = (
            clone(model).fit(features[others], labels[others]).predict_proba(features[fold])
        )
    return found


def every_nth_row(model, features, labels, n_folds):
    place = np.arange(len(labels)) % n_folds
    found = [None] * len(labels)
    for k in range(n_folds):
        model.fit(features[place != k], labels[place != k])
        for row in np.flatnonzero(place == k):
            found[row] = model.predict_proba(features[[row]])[0].tolist()
    return found


def in_fold_order(model, features, labels, n_folds):
    parts = [
        model.fit(features[others], labels[others]).predict_proba(features[fold])
        for others, fold in folds(labels, n_folds)
    ]
    return np.concatenate(parts)


def fitted_on_the_fold(model, features, labels, n_folds):
    found = np.zeros((len(labels), labels.max() + 1))
    for others, fold in folds(labels, n_folds):
        found[others] = model.fit(features[fold], labels[fold]).predict_proba(features[others])
    return found


def scored_on_the_others(model, features, labels, n_folds):
    found = np.zeros((len(labels), labels.max() + 1))
    for others, _ in folds(labels, n_folds):
        found[others] = model.fit(features[others], labels[others]).predict_proba(features[others])
    return found


def only_one_fold(model, features, labels, n_folds):
    found = np.zeros((len(labels), labels.max() + 1))
    others, fold = next(folds(labels, n_folds))
    found[fold] = model.fit(features[others], labels[others]).predict_proba(features[fold])
    return found


def of_unequal_size(model, features, labels, n_folds):
    found = pd.DataFrame(0.0, index=range(len(labels)), columns=range(labels.max() + 1))
    place = np.random.default_rng(0).integers(n_folds, size=len(labels))
    for k in range(n_folds):
        fitted = clone(model).fit(features[place != k], labels[place != k])
        found[place == k] = fitted.predict_proba(features[place == k])
    return found


def three_classes(model, features, labels, n_folds):
    found = np.zeros((len(labels), 3))
    for others, fold in folds(labels, n_folds):
        found[fold] = model.fit(features[others], labels[others]).predict_proba(features[fold])
    return found


def shuffled_in_place(model, features, labels, n_folds):
    order = np.random.default_rng(0).permutation(len(labels))
    features[:], labels[:] = features[order], labels[order]
    return stratified(model, features, labels, n_folds)


def every_fold_added_up(model, features, labels, n_folds):
    found = np.zeros((len(labels), labels.max() + 1))
    for others, _ in folds(labels, n_folds):
        found += model.fit(features[others], labels[others]).predict_proba(features) / n_folds
    return found


def fitted_too_early(model, features, labels, n_folds):
    found = np.zeros((len(labels), labels.max() + 1))
    for others, fold in folds(labels, n_folds):
        model.fit(features[others], labels[others])
        found[fold] = clone(model).predict_proba(features[fold])
    return found


def folds_in_a_row(model, features, labels, n_folds):
    found = np.zeros((len(labels), labels.max() + 1))
    for others, fold in KFold(n_folds).split(labels):
        found[fold] = model.fit(features[others], labels[others]).predict_proba(features[fold])
    return found


HUNT = np.array([0.5, 0.2, 0.9, 0.4, 0.1, 0.7]), np.array([True, False, False, False, False, True])

ANSWERS = {
    "05.1": {
        "wrong": {
            "the mean of all rows": lambda: (lambda p, y: -np.log(of_label(p, y)).mean(),),
            "the most probable class": lambda: (lambda p, y: -np.log(p.max(1)),),
            "base 2": lambda: (lambda p, y: -np.log2(of_label(p, y)),),
            "base 10": lambda: (lambda p, y: -np.log10(of_label(p, y)),),
            "no minus": lambda: (lambda p, y: np.log(of_label(p, y)),),
            "1 - p": lambda: (lambda p, y: 1 - of_label(p, y),),
            "all classes": lambda: (lambda p, y: -np.log(p).sum(1),),
            "a column for each label": lambda: (lambda p, y: -np.log(p[:, y]),),
            "probabilities taken for logits": lambda: (
                lambda p, y: torch.nn.functional.cross_entropy(
                    torch.tensor(p), torch.tensor(y), reduction="none"
                ),
            ),
            "return forgotten": lambda: (lambda p, y: None,),
            "the sum of all rows": lambda: (lambda p, y: -np.log(of_label(p, y)).sum(),),
            "every class of every row": lambda: (lambda p, y: -np.log(p),),
            "one column": lambda: (lambda p, y: -np.log(of_label(p, y))[:, None],),
            "weighted by the probability": lambda: (
                lambda p, y: -of_label(p, y) * np.log(of_label(p, y)),
            ),
            "sorted": lambda: (lambda p, y: np.sort(-np.log(of_label(p, y))),),
            "rounded": lambda: (lambda p, y: -np.log(of_label(p, y)).round(2),),
            "the caller's array is changed": lambda: (losses_in_place,),
            "a loop without end": lambda: (losses_without_end,),
            "words": lambda: (
                lambda p, y: [f"{loss:.4f} nats" for loss in -np.log(of_label(p, y))],
            ),
            "the result instead of the function": lambda: (np.array([0.1, 0.7]),),
        },
        "right": {
            "numpy": lambda: (lambda p, y: -np.log(of_label(p, y)),),
            "a loop": lambda: (losses_in_a_loop,),
            "torch": lambda: (losses_with_torch,),
            "a list of tensors": lambda: (losses_as_tensors,),
            "a column of pandas": lambda: (lambda p, y: pd.Series(-np.log(of_label(p, y))),),
        },
    },
    "05.2": {
        "wrong": {
            "least suspicious first": lambda: (lambda s, e: average_precision_score(e, -s),),
            "not sorted": lambda: (
                lambda s, e: precision_in_order(-np.arange(len(e)), e)[1][e].mean(),
            ),
            "one point": lambda: (lambda s, e: precision_in_order(s, e)[1][e.sum() - 1],),
            "mean over all rows": lambda: (lambda s, e: precision_in_order(s, e)[1].mean(),),
            "recall": lambda: (lambda s, e: (found_after(s, e) / e.sum()).mean(),),
            "divided by all rows": lambda: (
                lambda s, e: (lambda o, p: p[o].sum() / len(e))(*precision_in_order(s, e)),
            ),
            "a list": lambda: (lambda s, e: precision_in_order(s, e)[1],),
            "area under the ROC curve": lambda: (lambda s, e: roc_auc_score(e, s),),
            "by trapezoids": lambda: (by_trapezoids,),
            "the sum": lambda: (lambda s, e: average_precision(s, e) * e.sum(),),
            "none below 0": lambda: (only_above_zero,),
            "rounded numbers": lambda: (errors_first_of_ties,),
            "the first hunt's answer": lambda: (lambda s, e: average_precision(*HUNT),),
            "the caller's array is changed": lambda: (turned_round_in_place,),
            "a text": lambda: (lambda s, e: str(average_precision(s, e)),),
            "the result instead of the function": lambda: (0.7,),
        },
        "right": {
            "running sums": lambda: (
                lambda s, e: (lambda o, p: p[o].mean())(*precision_in_order(s, e)),
            ),
            "reading row by row": lambda: (by_reading,),
            "scikit-learn": lambda: (lambda s, e: average_precision_score(e, s),),
            "a tensor": lambda: (lambda s, e: torch.tensor(average_precision(s, e)),),
        },
    },
    "05.3": {
        "wrong": {
            "counted from 0": lambda: (lambda *hunt: rows_one_by_one(*hunt) - 1,),
            "least suspicious first": lambda: (lambda s, e, goal: rows_one_by_one(-s, e, goal),),
            "more than the goal": lambda: (more_than_the_goal,),
            "goal rounded down": lambda: (goal_rounded_down,),
            "a share of the rows": lambda: (
                lambda s, e, goal: rows_one_by_one(s, e, goal) / len(e),
            ),
            "goal taken for a share of the rows": lambda: (lambda s, e, goal: int(goal * len(e)),),
            "place in the data": lambda: (place_in_the_data,),
            "not sorted": lambda: (
                lambda s, e, goal: rows_one_by_one(-np.arange(len(e)), e, goal),
            ),
            "errors to find": lambda: (lambda s, e, goal: math.ceil(goal * e.sum()),),
            "goal left out": lambda: (lambda s, e, goal: rows_one_by_one(s, e, 0.75),),
            "all errors": lambda: (lambda s, e, goal: rows_one_by_one(s, e, 1),),
            "without end": lambda: (lambda s, e, goal: math.inf,),
            "a loop without end": lambda: (until_found,),
            "the caller's array is changed": lambda: (sorted_in_place,),
            "the result instead of the function": lambda: (14,),
            "goal taken for a precision": lambda: (
                lambda s, e, goal: np.argmax(precision_in_order(s, e)[1] <= goal) + 1,
            ),
        },
        "right": {
            "row by row": lambda: (rows_one_by_one,),
            "searchsorted": lambda: (with_searchsorted,),
            "a whole number as a float": lambda: (lambda *hunt: float(rows_one_by_one(*hunt)),),
        },
    },
    "05.4": {
        "wrong": {
            "trained and asked on the same rows": lambda: (
                lambda model, x, y, n_folds: model.fit(x, y).predict_proba(x),
            ),
            "folds, but asked about the training part": lambda: (scored_on_the_others,),
            "trained on the one fold": lambda: (fitted_on_the_fold,),
            "in the order of the folds": lambda: (in_fold_order,),
            "one fold only": lambda: (only_one_fold,),
            "labels": lambda: (lambda model, x, y, n: cross_val_predict(model, x, y, cv=n),),
            "always five folds": lambda: (
                lambda model, x, y, n: cross_val_predict(model, x, y, method="predict_proba"),
            ),
            "always three folds": lambda: (lambda model, x, y, n: stratified(model, x, y, 3),),
            "one fold more": lambda: (lambda model, x, y, n: stratified(model, x, y, n + 1),),
            "a fold for each row": lambda: (
                lambda model, x, y, n: cross_val_predict(
                    model, x, y, cv=LeaveOneOut(), method="predict_proba"
                ),
            ),
            "three classes whatever comes": lambda: (three_classes,),
            "the caller's arrays are changed": lambda: (shuffled_in_place,),
            "every model asked about every row": lambda: (every_fold_added_up,),
            "a copy that was not fitted": lambda: (fitted_too_early,),
            "transposed": lambda: (lambda *inputs: stratified(*inputs).T,),
            "logarithms": lambda: (lambda *inputs: np.log(stratified(*inputs)),),
            "the result instead of the function": lambda: (np.ones((60, 3)) / 3,),
            "folds in a row, so that one lacks a class": lambda: (folds_in_a_row,),
        },
        "right": {
            "cross_val_predict": lambda: (
                lambda model, x, y, n: cross_val_predict(model, x, y, cv=n, method="predict_proba"),
            ),
            "stratified folds": lambda: (stratified,),
            "every n-th row": lambda: (every_nth_row,),
            "folds of unequal size, as a table": lambda: (of_unequal_size,),
            "a tensor": lambda: (lambda *inputs: torch.tensor(stratified(*inputs)),),
        },
    },
}
