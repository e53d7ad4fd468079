"""Answers to the exercises of notebook 05, wrong ones by misconception and right ones by form."""

import contextlib
import io
import json
import math
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from IPython.display import display
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import (
    auc,
    average_precision_score,
    precision_recall_curve,
    roc_auc_score,
)
from sklearn.model_selection import KFold, LeaveOneOut, StratifiedKFold, cross_val_predict

from helpers import hide_errors, load_corpus

NOTEBOOK = Path(__file__).parents[2] / "notebooks/05_error_analysis.ipynb"


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


@lru_cache
def shown():
    """What the notebook's cell before exercise 05.5 makes: posts, says and neutral."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    (source,) = ["".join(cell["source"]) for cell in cells if cell["id"] == "turn-posts"]
    corpus = load_corpus("emotion")
    made = {"corpus": corpus, "names": corpus["train"].features["label"].names}
    made |= {"np": np, "pd": pd, "TfidfVectorizer": TfidfVectorizer, "display": display}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(source, made)
    return made


def changes(post):
    """Each text with one word of the post changed: text, whether it turns, and without the word."""
    words, neutral, says = post.split(), shown()["neutral"], shown()["says"]
    begun = [(words[:place], words[place + 1 :]) for place in range(len(words))]
    texts = [" ".join([*a, word, *b]) for a, b in begun for word in neutral]
    was, *without = says([post, *(" ".join(a + b) for a, b in begun)])["says"]
    turns = says(texts)["says"] != was
    lost = np.repeat([found != was for found in without], len(neutral))
    return pd.DataFrame({"text": texts, "turns": turns, "lost": lost})


def turned(choose=lambda table: table[table["turns"] & ~table["lost"]], which=0):
    """The posts, each with the change that stands at place `which` of those chosen."""
    return [choose(changes(post))["text"].iloc[which] for post in shown()["posts"]]


def each_post(change):
    return [change(text) for text in turned()]


def in_capitals():
    return [
        " ".join(
            f"({new.upper()})" if new != old else old
            for old, new in zip(post.split(), text.split(), strict=True)
        )
        for post, text in zip(shown()["posts"], turned(), strict=True)
    ]


def with_a_feeling():
    return [" ".join(["furious", *post.split()[1:]]) for post in shown()["posts"]]


@lru_cache
def hunted():
    """The training posts with their planted errors: texts, labels and which are errors."""
    data, sealed_list = hide_errors(load_corpus("emotion"))
    listed = pd.read_csv(sealed_list)
    rows = listed[(listed["split"] == "train") & (listed["true_label"] != listed["given_label"])]
    is_error = np.zeros(len(data["train"]), dtype=bool)
    is_error[rows["row"]] = True
    return data["train"]["text"][:], np.array(data["train"]["label"]), is_error


def loss_of(probabilities):
    return -np.log(of_label(probabilities, hunted()[1]).clip(1e-9))


@lru_cache
def by_folds(freedom=1.0):
    texts, labels, _ = hunted()
    judge = LogisticRegression(C=freedom, max_iter=300, tol=1e-3)
    counts = TfidfVectorizer().fit_transform(texts)
    return loss_of(cross_val_predict(judge, counts, labels, cv=3, method="predict_proba"))


@lru_cache
def by_sgd(analyzer="word", ngrams=(1, 1)):
    texts, labels, _ = hunted()
    counts = TfidfVectorizer(analyzer=analyzer, ngram_range=ngrams).fit_transform(texts)
    judge = SGDClassifier(loss="log_loss", alpha=1e-4, random_state=0)
    scores = torch.tensor(
        cross_val_predict(judge, counts, labels, cv=3, method="decision_function")
    )
    losses = torch.nn.functional.cross_entropy(scores, torch.tensor(labels), reduction="none")
    return losses.numpy()


def learnt_by_heart():
    texts, labels, _ = hunted()
    counts = TfidfVectorizer().fit_transform(texts)
    judge = SGDClassifier(loss="log_loss", alpha=1e-6, random_state=0).fit(counts, labels)
    return loss_of(judge.predict_proba(counts))


def mixed():
    """Words and letters out of fold, on one scale."""
    parts = {"letters": by_sgd("char_wb", (2, 5)), "words": by_folds(freedom=10)}
    return pd.DataFrame(parts).rank().mean(axis=1)


def noise(size):
    return np.random.default_rng(0).normal(0, size, len(hunted()[1]))


def with_holes():
    suspicion = mixed().to_numpy().copy()
    suspicion[[7, 8]] = np.nan
    return suspicion


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
            "numbers as texts": lambda: (lambda p, y: [str(x) for x in -np.log(of_label(p, y))],),
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
    "05.5": {
        "wrong": {
            "the posts as they are": lambda: (shown()["posts"],),
            "only the first turned": lambda: ([turned()[0], *shown()["posts"][1:]],),
            "the lost word did it": lambda: (
                turned(lambda t: t[t["turns"]].sort_values("lost"), -1),
            ),
            "a word that turns nothing": lambda: (turned(lambda t: t[~t["turns"] & ~t["lost"]]),),
            "a word put in front": lambda: ([f"tomorrow {post}" for post in shown()["posts"]],),
            "a word left out": lambda: ([" ".join(post.split()[1:]) for post in shown()["posts"]],),
            "two words": lambda: (each_post(lambda text: " ".join(["you", *text.split()[1:-1]])),),
            "two words changed": lambda: (
                [" ".join(["you", *post.split()[1:-1], "tomorrow"]) for post in shown()["posts"]],
            ),
            "a word that names a feeling": lambda: (with_a_feeling(),),
            "two words glued": lambda: (
                [" ".join(["you-furious", *post.split()[1:]]) for post in shown()["posts"]],
            ),
            "another order": lambda: (turned()[::-1],),
            "one left as it is": lambda: ([shown()["posts"][0], *turned()[1:]],),
            "the posts in another order": lambda: (shown()["posts"][::-1],),
            "one text": lambda: (turned()[0],),
            "one too few": lambda: (turned()[:-1],),
            "words alone": lambda: (["tomorrow"] * len(shown()["posts"]),),
            "pairs": lambda: ([(text, "joy") for text in turned()],),
            "holes": lambda: ([None] * len(shown()["posts"]),),
            "a number": lambda: (5,),
            "a set": lambda: (set(turned()),),
            "a function": lambda: (turned,),
        },
        "right": {
            "the first that turns": lambda: (turned(),),
            "the last that turns": lambda: (tuple(turned(which=-1)),),
            "capitals and brackets": lambda: (in_capitals(),),
            "an array": lambda: (np.array(turned(which=2)),),
            "a column": lambda: (pd.Series(turned(which=1), index=list("edcba")),),
            "the values of a column": lambda: (pd.Series(turned()).values,),
        },
    },
    "05.6": {
        "wrong": {
            "the list": lambda: (hunted()[2],),
            "the list as numbers": lambda: (hunted()[2].astype(float) + noise(1e-6),),
            "the list with a little noise": lambda: (hunted()[2] + noise(0.2),),
            "the list with more noise": lambda: (hunted()[2] + noise(0.38),),
            "the list with much noise": lambda: (hunted()[2] + noise(0.5),),
            "a loss and a little of the list": lambda: (
                pd.Series(by_sgd()).rank(pct=True) + 0.3 * hunted()[2],
            ),
            "a loss and the list": lambda: (by_sgd() + 2 * hunted()[2],),
            "the same loss": lambda: (by_sgd(),),
            "hardly another loss": lambda: (by_folds(),),
            "letters alone, which may be chance": lambda: (by_sgd("char_wb", (2, 5)),),
            "learnt by heart": lambda: (learnt_by_heart(),),
            "the length of the texts": lambda: ([len(text) for text in hunted()[0]],),
            "random": lambda: (noise(1),),
            "the labels": lambda: (hunted()[1],),
            "a constant": lambda: (np.full(len(hunted()[1]), 0.5),),
            "holes": lambda: (with_holes(),),
            "turned round": lambda: (-mixed(),),
            "row numbers in the order of reading": lambda: (np.argsort(-mixed().to_numpy()),),
            "row numbers, the last first": lambda: (np.argsort(mixed().to_numpy()),),
            "numbered rows": lambda: (np.arange(len(hunted()[1])),),
            "sorted": lambda: (np.sort(mixed()),),
            "sorted, with its index": lambda: (mixed().sort_values(ascending=False),),
            "as many as validation has": lambda: (noise(1)[:720],),
            "a column for each judge": lambda: (np.column_stack([by_sgd(), by_folds()]),),
            "words": lambda: (["much"] * len(hunted()[1]),),
            "numbers as texts": lambda: (mixed().map(str),),
            "a dict": lambda: (dict(enumerate(by_sgd())),),
            "a function": lambda: (mixed,),
        },
        "right": {
            "the mean of ranks": lambda: (mixed(),),
            "a list": lambda: (mixed().tolist(),),
            "a tensor on another scale": lambda: (
                torch.tensor(mixed().to_numpy()).log() * 7 - 100,
            ),
            "ranks as whole numbers": lambda: (np.argsort(np.argsort(mixed().to_numpy())),),
        },
    },
}
