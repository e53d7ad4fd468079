"""Answers to the exercises of notebook 05, wrong ones by misconception and right ones by form."""

import math

import numpy as np
import torch
from sklearn.base import clone
from sklearn.metrics import average_precision_score
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict


def of_label(probabilities, labels):
    return probabilities[np.arange(len(labels)), labels]


def losses_in_a_loop(probabilities, labels):
    return [-math.log(row[label]) for row, label in zip(probabilities, labels, strict=True)]


def losses_with_torch(probabilities, labels):
    logs = torch.tensor(probabilities).log()
    return torch.nn.functional.nll_loss(logs, torch.tensor(labels), reduction="none")


def precision_in_order(suspicion, is_error):
    in_order = is_error[np.argsort(-suspicion)]
    return in_order, np.cumsum(in_order) / np.arange(1, len(in_order) + 1)


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


def folds(labels, n_folds):
    return StratifiedKFold(n_folds, shuffle=True, random_state=1).split(labels, labels)


def stratified(model, features, labels, n_folds):
    found = np.full((len(labels), 3), np.nan)
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
    found = np.zeros((len(labels), 3))
    for others, fold in folds(labels, n_folds):
        found[others] = model.fit(features[fold], labels[fold]).predict_proba(features[others])
    return found


def scored_on_the_others(model, features, labels, n_folds):
    found = np.zeros((len(labels), 3))
    for others, _ in folds(labels, n_folds):
        found[others] = model.fit(features[others], labels[others]).predict_proba(features[others])
    return found


def only_one_fold(model, features, labels, n_folds):
    found = np.zeros((len(labels), 3))
    others, fold = next(folds(labels, n_folds))
    found[fold] = model.fit(features[others], labels[others]).predict_proba(features[fold])
    return found


def folds_in_a_row(model, features, labels, n_folds):
    found = np.zeros((len(labels), 3))
    for others, fold in KFold(n_folds).split(labels):
        found[fold] = model.fit(features[others], labels[others]).predict_proba(features[fold])
    return found


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
        },
        "right": {
            "numpy": lambda: (lambda p, y: -np.log(of_label(p, y)),),
            "a loop": lambda: (losses_in_a_loop,),
            "torch": lambda: (losses_with_torch,),
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
        },
        "right": {
            "running sums": lambda: (
                lambda s, e: (lambda o, p: p[o].mean())(*precision_in_order(s, e)),
            ),
            "reading row by row": lambda: (by_reading,),
            "scikit-learn": lambda: (lambda s, e: average_precision_score(e, s),),
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
            "goal taken for a precision": lambda: (
                lambda s, e, goal: np.argmax(precision_in_order(s, e)[1] <= goal) + 1,
            ),
        },
        "right": {
            "row by row": lambda: (rows_one_by_one,),
            "searchsorted": lambda: (with_searchsorted,),
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
            "folds in a row, so that one lacks a class": lambda: (folds_in_a_row,),
        },
        "right": {
            "cross_val_predict": lambda: (
                lambda model, x, y, n: cross_val_predict(model, x, y, cv=n, method="predict_proba"),
            ),
            "stratified folds": lambda: (stratified,),
            "every n-th row": lambda: (every_nth_row,),
        },
    },
}
