"""The exercises of notebook 05.

A loss per row, two scores of a hunt, predictions out of fold, a word that turns a model, a ranker.
"""

import warnings
from collections.abc import Callable
from functools import lru_cache
from itertools import zip_longest
from string import punctuation as PUNCTUATION

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import roc_auc_score
from sklearn.utils.validation import check_is_fitted

from ..corpora import load_corpus
from ..scores import average_precision
from ..suspects import hide_errors
from . import NotYet, define
from .answers import call, kind_of, misconception, number

SECONDS = 5  # for functions that need milliseconds


def _numbers(value, case: str) -> np.ndarray:
    """A learner's list, array, tensor or table as an array of floats."""
    try:
        found = np.asarray(value)
        are_texts = any(isinstance(part, str) for part in found.flat)
        if found.dtype.kind != "c" and not are_texts:
            return found.astype(float)
    except (TypeError, ValueError):
        pass
    raise NotYet(f"{case} numbers were expected, but yours is {kind_of(value)}: {value!r:.60}")


@define(
    "05.1",
    hint=(
        "Of three rows with the labels 2, 0, 0, which entries of the table do you need? Is the "
        "logarithm of a probability above 0 or below?"
    ),
    step=(
        "Pick one entry from each row: in the brackets NumPy takes an array of row numbers and one "
        "of column numbers. Then look at the formula of section 2, sign included."
    ),
    solution="""
    def row_losses(probabilities, labels):
        return -np.log(probabilities[np.arange(len(labels)), labels])
    """,
)
def check_row_losses(row_losses: Callable) -> str:
    """Check a function (probabilities [n, classes], labels [n]) -> n losses in nats."""
    cases, answer, wrong = list(_beliefs()), [], []
    for probabilities, labels in cases:
        n, n_classes = probabilities.shape
        case = f"For {n} rows and {n_classes} classes"
        losses = _numbers(call(row_losses, probabilities, labels, seconds=SECONDS), case)
        if losses.shape != (n,):
            cure = _cure_of_shape(losses.shape, n, n_classes)
            raise NotYet(f"{case} yours has the shape {losses.shape}, not ({n},). {cure}")
        answer.append(losses)
        wrong.append(_wrong_losses(probabilities, labels))
    for (probabilities, labels), losses in zip(cases, answer, strict=True):
        given = probabilities[np.arange(len(labels)), labels]
        if not np.allclose(losses, -np.log(given), atol=1e-5):
            row = int(np.abs(losses + np.log(given)).argmax())
            what = misconception(answer, wrong, 1e-5) or f"should be {-np.log(given[row]):.4f}"
            raise NotYet(
                f"For {len(labels)} rows and {probabilities.shape[1]} classes: in row {row} the "
                f"label has probability {given[row]:.4f}. Your loss {losses[row]:.4f} {what}."
            )
    return "Every row has its own loss, in nats, and only the label's probability counts."


def _beliefs():
    """(probabilities, labels): the first label is the least probable class."""
    rng = np.random.default_rng(5)
    for n, n_classes in ((4, 3), (7, 6), (1, 2)):
        probabilities = rng.dirichlet(np.ones(n_classes), n)
        labels = (probabilities.argmax(1) + rng.integers(0, n_classes, n)) % n_classes
        labels[0] = probabilities[0].argmin()
        yield probabilities, labels


def _cure_of_shape(shape: tuple, n: int, n_classes: int) -> str:
    if shape in ((), (1,)):
        return "No mean and no sum: the point is to see each row."
    if shape == (n, 1):
        return "One number a row is right, in a list or array of one dimension."
    if shape == (n, n):
        return "Each row was paired with every label; pair it with its own only."
    if shape in ((n, n_classes), (n_classes, n)):
        return "Of each row only the class of its label counts."
    return "One loss a row."


def _wrong_losses(probabilities, labels) -> dict:
    """What is wrong with a loss -> the losses of whoever believes in it."""
    given = probabilities[np.arange(len(labels)), labels]
    return {
        "is negative: the sign is missing": np.log(given),
        "is in bits, made with a logarithm to base 2; nats want np.log": -np.log2(given),
        "is made with a logarithm to base 10; nats want np.log": -np.log10(given),
        "is 1 minus the probability; the loss is minus its logarithm": 1 - given,
        "is the probability itself": given,
        "is weighted by the probability; the loss is minus its logarithm alone": (
            -given * np.log(given)
        ),
        "belongs to the most probable class; the loss asks about the row's label, right or wrong": (
            -np.log(probabilities.max(1))
        ),
        "sums over all classes; only the class of the label counts": (
            -np.log(probabilities).sum(1)
        ),
        "comes from a second softmax; these are probabilities already, no logits": (
            np.log(np.exp(probabilities).sum(1)) - given
        ),
    }


def _hunts():
    """(suspicion, is_error), no two rows equally suspicious; the first is small and fixed."""
    yield (
        np.array([0.5, 0.2, 0.9, 0.4, 0.1, 0.7]),
        np.array([True, False, False, False, False, True]),
    )
    rng = np.random.default_rng(7)
    for n, n_errors, lowest in ((30, 6, -0.7), (200, 10, 0)):  # some rankers go below 0
        is_error = np.zeros(n, dtype=bool)
        is_error[rng.choice(n, n_errors, replace=False)] = True
        yield lowest + rng.permutation(n) / n + 0.4 * is_error + 1e-6 * np.arange(n), is_error


@define(
    "05.2",
    hint=(
        "You read four rows, and the first and the third are errors. Which notes do you make, and "
        "what is their mean?"
    ),
    step=(
        "Put is_error into the order of reading first: `np.argsort` sorts upwards, so mind the "
        "sign. A running sum then tells how many errors are found after each row."
    ),
    solution="""
    def average_precision(suspicion, is_error):
        in_order = is_error[np.argsort(-suspicion)]
        precision = np.cumsum(in_order) / np.arange(1, len(in_order) + 1)
        return precision[in_order].mean()
    """,
)
def check_average_precision(average_precision: Callable) -> str:
    """Check a function (suspicion [n], is_error [n]) -> average precision."""
    hunts, given = list(_hunts()), []
    for suspicion, is_error in hunts:
        answer = call(average_precision, suspicion, is_error, seconds=SECONDS)
        given.append(number(answer, _size(is_error)))
    for (suspicion, is_error), yours in zip(hunts, given, strict=True):
        expected = _average_precision(suspicion, is_error)
        if not abs(yours - expected) < 1e-6:
            wrong = [_wrong_precisions(*hunt) for hunt in hunts]
            why = misconception(given, wrong, 1e-6)
            said = f"{_size(is_error)} it is {expected:.6f}, but yours is {yours:.6f}."
            raise NotYet(f"{said} {why}".strip())
    suspicion, _ = hunts[1]
    every = np.ones(len(suspicion), dtype=bool)
    case = f"For {len(every)} rows, all of them errors,"
    yours = number(call(average_precision, suspicion, every, seconds=SECONDS), case)
    if not abs(yours - 1) < 1e-6:
        raise NotYet(f"{case} every order is perfect: it is 1, but yours is {yours:.6f}.")
    return "Four hunts, from a small one to one in which every row is an error."


def _size(is_error) -> str:
    return f"For {len(is_error)} rows with {is_error.sum()} errors"


def _average_precision(suspicion, is_error) -> float:
    in_order = is_error[np.argsort(-suspicion)]
    return (np.cumsum(in_order) / np.arange(1, len(in_order) + 1))[in_order].mean()


def _wrong_precisions(suspicion, is_error) -> dict:
    """What is wrong with an average precision -> the score of whoever does that."""
    n, n_errors = len(suspicion), is_error.sum()
    in_order = is_error[np.argsort(-suspicion)]
    precision = np.cumsum(in_order) / np.arange(1, n + 1)
    recall = np.cumsum(in_order) / n_errors
    steps = np.diff(recall, prepend=0)
    return {
        "That is the order from the least suspicious row on: turn it round.": (
            _average_precision(-suspicion, is_error)
        ),
        "The rows were not sorted by suspicion first.": (
            _average_precision(-np.arange(n), is_error)
        ),
        "That is the precision at one place, after as many rows as there are errors; take the "
        "mean of the precisions at every error.": precision[n_errors - 1],
        "That is the area under the ROC curve, which also counts how the rows without errors "
        "lie; take the precision at every error, and the mean of these.": (
            roc_auc_score(is_error, suspicion)
        ),
        "That is the area under the precision-recall curve by the rule of trapezoids; take the "
        "precision at every error, and the mean of these.": (
            (steps * (precision + np.append(1, precision[:-1])) / 2).sum()
        ),
        "That averages over every row; take only the rows that are errors.": precision.mean(),
        "That averages the recall; precision is found / rows read.": recall.mean(),
        "That divides by the number of rows; divide by the number of errors.": (
            precision[in_order].sum() / n
        ),
        "That is the sum; divide it by the number of errors.": precision[in_order].sum(),
    }


@define(
    "05.3",
    hint=(
        "The only errors are the 1st, the 2nd, the 6th and the 9th row that you read. After how "
        "many rows have you found half of them, and after how many the share 0.6?"
    ),
    step=(
        "Begin as `share_found` of section 8 does: it tells the share of the errors found after "
        "each row. Then compare with goal, and remember that place 0 means one row read."
    ),
    solution="""
    def rows_to_read(suspicion, is_error, goal):
        found = np.cumsum(is_error[np.argsort(-suspicion)])
        return int(np.argmax(found >= goal * is_error.sum())) + 1
    """,
)
def check_rows_to_read(rows_to_read: Callable) -> str:
    """Check a function (suspicion, is_error, goal) -> the fewest rows that reach the goal."""
    cases = [(*hunt, goal) for hunt in _hunts() for goal in (0.5, 0.75, 1.0, 0.125)]
    given = []
    for suspicion, is_error, goal in cases:
        case = f"{_size(is_error)} and goal={goal}"
        answer = call(rows_to_read, suspicion, is_error, goal, seconds=SECONDS)
        yours = number(answer, case)
        if 0 < yours < 1:
            raise NotYet(f"{case} yours is {yours:.2f}: a number of rows is asked for.")
        if yours % 1 != 0 or not 0 <= yours <= len(is_error):
            n = len(is_error)
            raise NotYet(f"{case} yours is {yours:g}: a whole number from 1 to {n} is needed.")
        given.append(int(yours))
    for case, yours in zip(cases, given, strict=True):
        if yours != _needed(*case):
            why = misconception(given, [_wrong_depths(*case) for case in cases], 0)
            raise NotYet(_said_of_depth(*case, yours, why))
    return "You can now tell anyone who asks how much reading a goal costs."


def _needed(suspicion, is_error, goal) -> int:
    """The fewest rows that reach the goal."""
    answer = np.cumsum(is_error[np.argsort(-suspicion)])
    return int(np.argmax(answer >= goal * is_error.sum())) + 1


def _said_of_depth(suspicion, is_error, goal, yours: int, why: str) -> str:
    case, needed = f"{_size(is_error)} and goal={goal}", _needed(suspicion, is_error, goal)
    if why:
        return f"{case} it takes {needed} rows, but yours is {yours}. {why}"
    n_errors = is_error.sum()
    errors = is_error[np.argsort(-suspicion)][:yours].sum()
    what = f"{case} you read {yours} rows, most suspicious first, and find {errors} of the "
    if yours > needed:
        return f"{what}{n_errors} errors: the fewest rows that reach the goal are {needed}."
    return f"{what}{n_errors} errors: the goal is {goal * n_errors:g} of them."


def _wrong_depths(suspicion, is_error, goal) -> dict:
    """What is wrong with a number of rows -> the number of whoever does that."""
    n, n_errors, needed = len(suspicion), is_error.sum(), _needed(suspicion, is_error, goal)
    order = np.argsort(-suspicion)
    answer = np.cumsum(is_error[order])
    return {
        "You count from 0: the first row read is row 1.": needed - 1,
        "That reads the least suspicious rows first: turn the order round.": (
            _needed(-suspicion, is_error, goal)
        ),
        "The rows were not sorted by suspicion first.": _needed(-np.arange(n), is_error, goal),
        "The goal is reached with at least this share: >= instead of >.": (
            int(np.argmax(answer > goal * n_errors)) + 1
        ),
        "The share was rounded down to whole errors: that is less than the goal.": (
            int(np.argmax(answer >= int(goal * n_errors))) + 1
        ),
        "That is the share goal of all rows; the share of the errors is asked for.": int(goal * n),
        "That is how many errors the goal asks for; how many rows must be read to find them?": (
            int(np.ceil(goal * n_errors))
        ),
        "That is where the last of these rows stands in the data, not how many were read.": (
            int(order[needed - 1])
        ),
        "Your number does not depend on goal: that is what it takes to find every error.": (
            _needed(suspicion, is_error, 1.0)
        ),
    }


class Witness(ClassifierMixin, BaseEstimator):
    """A classifier that tells on you: it is certain of each row that it was trained on.

    Its features are a row number and the row's true probabilities. A row that it has not seen gets
    these, the closer to the truth the more rows it was trained on: `what_it_knew` reads that back.
    """

    MOST = 100  # rows

    def fit(self, features, labels):
        features, labels = np.asarray(features), np.asarray(labels)
        self.classes_ = np.unique(labels)
        missing = set(range(features.shape[1] - 1)) - set(self.classes_.tolist())
        if missing:
            raise NotYet(
                f"A model was trained on {len(labels)} rows without any of class {min(missing)}: "
                "rows may come sorted by class, so shuffle them before you cut the folds, or cut "
                "each class by itself (StratifiedKFold)."
            )
        rows = features[:, 0].astype(int).tolist()
        self.seen_ = dict(zip(rows, labels.tolist(), strict=True))
        return self

    def predict_proba(self, features):
        check_is_fitted(self)
        features = np.asarray(features)
        if features.ndim != 2:
            raise ValueError(f"Expected features [n, width], but got {list(features.shape)}.")
        return np.array([self._probabilities(int(row[0]), row[1:]) for row in features])

    def predict(self, features):
        return self.classes_[self.predict_proba(features).argmax(1)]

    def _probabilities(self, row: int, truth: np.ndarray) -> np.ndarray:
        if row in self.seen_:
            return np.where(self.classes_ == self.seen_[row], 1.0, 0.0)
        even, known = np.full(len(truth), 1 / len(truth)), len(self.seen_) / self.MOST
        return known * truth + (1 - known) * even


def what_it_knew(probabilities, truth) -> np.ndarray:
    """For each row, how many rows its Witness was trained on; NaN if it is no Witness's answer."""
    even = 1 / truth.shape[1]
    said, true = probabilities - even, truth - even
    known = (said * true).sum(1) / (true**2).sum(1)
    fits = np.isclose(said, known[:, None] * true, rtol=0, atol=1e-5).all(1)
    return np.where(fits, np.round(known * Witness.MOST), np.nan)


def _witnessed():
    """(features, labels, n_folds): labels sorted by class, and labels in any order."""
    rng = np.random.default_rng(11)
    for counts, n_folds, is_sorted in (((30, 20, 10), 5, True), ((20, 14, 12, 11), 3, False)):
        n, k = sum(counts), len(counts)
        labels = np.repeat(np.arange(k), counts)
        rows = np.arange(n) if is_sorted else rng.permutation(n)
        yield np.column_stack([rows, rng.dirichlet(np.ones(k), n)]), labels[rows], n_folds


@define(
    "05.4",
    hint=(
        "Six rows are cut into three folds: which rows does each model learn from, and which does "
        "it judge? If labels come sorted, what is missing in a fold of neighbours?"
    ),
    step=(
        "Write it for one fold first: fit a fresh copy of the model to the other folds, and keep "
        "what it says of this one. `StratifiedKFold` gives row numbers, also for sorted labels."
    ),
    solution="""
    from sklearn.base import clone
    from sklearn.model_selection import StratifiedKFold


    def out_of_fold(model, features, labels, n_folds):
        folds = StratifiedKFold(n_folds, shuffle=True, random_state=0)
        probabilities = np.zeros((len(labels), len(set(labels))))
        for others, fold in folds.split(features, labels):
            fitted = clone(model).fit(features[others], labels[others])
            probabilities[fold] = fitted.predict_proba(features[fold])
        return probabilities
    """,
)
def check_out_of_fold(out_of_fold: Callable) -> str:
    """Check a function (model, features, labels, n_folds) -> probabilities [n, classes]."""
    for features, labels, n_folds in _witnessed():
        truth = features[:, 1:]
        n, k = truth.shape
        case = f"For {n} rows and {k} classes"
        answer = call(out_of_fold, Witness(), features, labels, n_folds, seconds=20)
        given = _numbers(answer, case)
        _check_table(given, n, k, case)
        trained_on = what_it_knew(given, truth)
        odd = np.flatnonzero(np.isnan(trained_on))
        if len(odd):
            raise NotYet(_said_of_odd_row(int(odd[0]), given, truth))
        # A fold of m rows holds m rows whose model was trained on n - m.
        folds = (1 / (n - trained_on)).sum()
        if abs(folds - n_folds) > 0.01:
            raise NotYet(_said_of_folds(n, n_folds, trained_on))
    return "No model has been asked about a row that it had seen, and every row is in its place."


def _check_table(answer: np.ndarray, n: int, k: int, case: str) -> None:
    if answer.shape == (n,):
        raise NotYet(f"{case} yours is one number a row: predict_proba gives one for every class.")
    if answer.shape != (n, k):
        cure = "turn it round" if answer.shape == (k, n) else "a row for each row, in one table"
        raise NotYet(f"{case} your result has the shape {answer.shape}, not ({n}, {k}): {cure}.")
    seen = np.flatnonzero((answer == 1).any(1))
    if len(seen):
        raise NotYet(
            f"{len(seen)} of {n} rows are predicted with certainty, row {seen[0]} for one: that is "
            "what a model does that had this row among its own training rows. Fit on the other "
            "folds only."
        )
    empty = np.flatnonzero(np.isnan(answer).any(1) | (answer == 0).all(1))
    if len(empty):
        raise NotYet(
            f"{len(empty)} of {n} rows have no probabilities, row {empty[0]} for one: every fold "
            "has to be held out once."
        )
    sums = answer.sum(1)
    wrong = np.flatnonzero(~np.isclose(sums, 1, atol=1e-5))
    if len(wrong):
        raise NotYet(
            f"The probabilities of row {wrong[0]} add up to {sums[wrong[0]]:.2f}, not to 1: give "
            "what predict_proba returns, as it is."
        )


def _said_of_odd_row(row: int, answer, truth) -> str:
    repeated = np.repeat(answer[[row]], len(truth), axis=0)
    owner = np.flatnonzero(~np.isnan(what_it_knew(repeated, truth)))
    if len(owner):
        return (
            f"Row {row} of your result holds the probabilities of row {owner[0]}: write those of a "
            "fold into the rows that the fold came from."
        )
    return (
        f"The probabilities of row {row}, {answer[row].round(2).tolist()}, are not what one model "
        "said about it: take them from the one model whose training rows left this row's fold out."
    )


def _said_of_folds(n: int, n_folds: int, trained_on) -> str:
    wanted = round(n - n / n_folds)
    row = int(np.abs(trained_on - wanted).argmax())
    said = (
        f"With n_folds={n_folds} a model is trained on all folds but one, about {wanted} of these "
        f"{n} rows, but row {row} was judged by one that was trained on {trained_on[row]:.0f}"
    )
    if trained_on[row] < n / 2:
        return f"{said}: train on the other folds together."
    return f"{said}: cut the rows into exactly n_folds parts."


NEUTRAL = (
    "about again always another car every first house just last many Monday more morning off "
    "people room table then today tomorrow while who you"
)


@lru_cache(maxsize=1)
def _words_model(texts: tuple[str, ...], labels: tuple[int, ...]):
    """TF-IDF and a logistic regression, fitted to texts."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    return make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000)).fit(texts, labels)


def _posts_to_turn() -> tuple[list[str], Callable]:
    """The posts that the notebook shows, and a function: texts -> (class names, probabilities [n]).

    Of the posts of validation that the model of words gets right, sorted by how far its first class
    leads the second: the tenth of each class.
    """
    corpus = load_corpus("emotion")
    train, validation = corpus["train"], corpus["validation"]
    names = np.array(train.features["label"].names)
    model = _words_model(tuple(train["text"]), tuple(train["label"]))

    def says(texts: list[str]) -> tuple[list[str], np.ndarray]:
        found = model.predict_proba(texts)
        return names[model.classes_[found.argmax(1)]].tolist(), found

    classes, found = says(validation["text"][:])
    sure = np.sort(found, axis=1)
    posts = pd.DataFrame({"text": validation["text"][:], "says": classes})
    posts["lead"] = sure[:, -1] - sure[:, -2]
    right = posts[posts["says"] == names[validation["label"][:]]]
    return right.sort_values("lead").groupby("says").nth(9)["text"].tolist(), says


@define(
    "05.5",
    hint=(
        "If you take a word out of the post, and the class stays: which word in its place might "
        "belong to another class in the training posts, though it names no feeling?"
    ),
    step=(
        "For one post and one place in it, make one text for each word of `neutral`, with "
        "`text.split()` and `' '.join(…)`, and look at what `says` answers. Then try the next "
        "place, where leaving the word out changes nothing."
    ),
    solution="""
    def turn(post):
        words = post.split()
        for place in range(len(words)):
            before, after = words[:place], words[place + 1 :]
            texts = [" ".join(before + [new] + after) for new in neutral]
            classes = says([post, " ".join(before + after), *texts])["says"].tolist()
            for text, found in zip(texts, classes[2:]):
                if classes[0] == classes[1] != found:
                    return text
        return post


    turned = [turn(post) for post in posts]
    """,
)
def check_turned(turned) -> str:
    """Check the posts with one word changed in each, a list of as many texts in their order."""
    posts, says = _posts_to_turn()
    if not posts:
        raise NotYet("The model of words gets too few posts of these data right: try other data.")
    columns = np.ndarray | pd.Series | pd.Index | pd.api.extensions.ExtensionArray
    if not isinstance(turned, list | tuple | columns):
        raise NotYet(f"A list of {len(posts)} texts is asked for; yours is {kind_of(turned)}.")
    if len(turned) != len(posts):
        raise NotYet(f"There are {len(posts)} posts, but your list has {len(turned)} texts.")
    off, done = {}, []
    for place, (post, yours) in enumerate(zip(posts, turned, strict=True), 1):
        try:
            done.append(_turn_of(post, yours, posts, says))
        except NotYet as reason:
            off.setdefault(str(reason), []).append(str(place))
    if off:
        told = " ".join(
            f"Post{'s' * (len(places) > 1)} {', '.join(places)}: {reason}"
            for reason, places in off.items()
        )
        raise NotYet(f"Turned: {len(done)} of {len(posts)}. {told}")
    return f"One word of no feeling each, and the answer turns: {'; '.join(done)}."


def _turn_of(post: str, yours, posts: list[str], says: Callable) -> str:
    """What has turned, in a few words. Raises: NotYet with what is off."""
    if not isinstance(yours, str):
        raise NotYet(f"a text is asked for; yours is {kind_of(yours)}.")
    old, new = post.split(), yours.split()
    if new == old:
        if _can_be_turned(post, says):
            raise NotYet("no word is changed.")
        return "one post that no word can turn"
    places = _differing(old, new)
    near = [k for k, other in enumerate(posts, 1) if len(_differing(other.split(), new)) < 2]
    if near and posts[near[0] - 1] != post:
        raise NotYet(f"yours is made from post {near[0]}: keep the order.")
    if len(old) != len(new):
        raise NotYet(
            f"it has {len(old)} words, yours {len(new)}: put one word in the place of one other."
        )
    if len(places) > 1:
        changed = ", ".join(repr(new[k]) for k in places[:3])
        more = " and more" if len(places) > 3 else ""
        raise NotYet(f"{len(places)} words differ ({changed}{more}): change a single one.")
    (k,) = places
    word = new[k].strip(PUNCTUATION).lower()
    if word not in NEUTRAL.lower().split():
        raise NotYet(f"{new[k]!r} is not in the list of neutral words.")
    without = " ".join(old[:k] + old[k + 1 :])
    (was, less, now), found = says([post, without, yours])
    if now == was:
        before, after = found[[0, 2]].max(1)
        raise NotYet(f"still {was}, now with {after:.2f} instead of {before:.2f}.")
    if less != was:
        raise NotYet(
            f"it turns to {now}, but it is {less} already if you only leave {old[k]!r} out. So the "
            "lost word may have done it, not the new one: take another place."
        )
    return f"{was} to {now} by {new[k]!r}"


def _differing(old: list[str], new: list[str]) -> list[int]:
    """The places where two lists of words differ."""
    return [k for k, (one, other) in enumerate(zip_longest(old, new)) if one != other]


def _can_be_turned(post: str, says: Callable) -> bool:
    words = post.split()
    (was,), _ = says([post])
    for k in range(len(words)):
        before, after = words[:k], words[k + 1 :]
        if says([" ".join(before + after)])[0] == [was]:
            classes, _ = says([" ".join([*before, new, *after]) for new in NEUTRAL.split()])
            if set(classes) != {was}:
                return True
    return False


FEW = 30  # errors, of which an interval says nothing
TOO_GOOD = 0.85  # an average precision; all columns of the course together have 0.7 or so
TOO_DEEP = 0.75  # a share of the errors that fit their texts best, found in the first tenth


@define(
    "05.6",
    hint=(
        "Two rankers share few of their first rows, and each finds errors that the other misses: "
        "what would a third one find that listens to both, and on what scale could they be added?"
    ),
    step=(
        "Take two judges that see different things, none of which has seen the row that it judges. "
        "Their numbers have scales of their own: `.rank()` of a table makes them alike, then the "
        "mean of each row is a suspicion."
    ),
    solution="""
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    counts_of_letters = letters.fit_transform(train["text"][:])
    judge_of_letters = SGDClassifier(loss="log_loss", alpha=1e-4, random_state=0)
    scores_of_letters = cross_val_predict(
        judge_of_letters, counts_of_letters, given, cv=3, method="decision_function"
    )
    judgements = train_found[["words", "layer 4"]].copy()
    judgements["letters"] = loss_per_row(scores_of_letters, given)
    suspicion = judgements.rank().mean(axis=1)
    """,
)
def check_ranker(suspicion) -> str:
    """Check a number for each row of train, higher for more suspicious: [n]."""
    from scipy.stats import spearmanr

    data, true = planted("train")
    labels = np.array(data["train"]["label"])
    is_error = labels != true
    yours = _suspicion(suspicion, labels, {split: len(rows) for split, rows in data.items()})
    loss = _loss_out_of_fold(data["train"]["text"][:], labels)
    every = np.ones((1, len(yours)))

    def score(order: np.ndarray, counts=every) -> np.ndarray:
        return average_precision(order, is_error, counts)

    mine, of_loss, chance = score(yours)[0], score(loss)[0], is_error.mean()
    said = f"The average precision of your order is {mine:.2f}, that of the loss {of_loss:.2f}"
    _check_direction(yours, mine, of_loss, lambda order: score(order)[0])
    if mine < 1.5 * chance:
        raise NotYet(
            f"{said}, and an order at random has {chance:.2f}: does number i belong to row i?"
        )
    few = is_error.sum() < FEW
    if mine > TOO_GOOD or not few and _share_of_deepest(yours, loss, is_error) > TOO_DEEP:
        raise NotYet(
            f"{said}. That is too good to be true: wrong labels stand at the top that nothing in "
            "text and label gives away. Has your ranker seen the list? It may use texts and labels "
            "only."
        )
    rows = np.random.default_rng(0).multinomial(len(yours), every[0] / len(yours), size=400)
    rows = rows[rows @ is_error > 0]
    low, high = np.quantile(score(yours, rows) - score(loss, rows), (0.025, 0.975))
    said += f"; the lead is {mine - of_loss:.3f}, its interval {low:.3f} to {high:.3f}"
    if mine <= of_loss or low <= 0 and not few:
        why = "the loss is no worse" if mine <= of_loss else "it may well be chance"
        raise NotYet(f"{said}: {why}. Which judge sees what this loss does not?")
    alike = spearmanr(yours[~is_error], loss[~is_error])[0]
    if not alike > 0.1:
        raise NotYet(
            f"{said}. But among the rows that are not in the list your order has nothing to do "
            f"with how well label and text agree (rank correlation with the loss: {alike:.2f}). "
            "Has it seen the list? It may use texts and labels only."
        )
    note = f" With {is_error.sum()} errors no interval says much: here a lead was enough."
    return f"{said}.{note if few else ''}"


def planted(split: str) -> tuple["DatasetDict", np.ndarray]:  # noqa: F821
    """The posts with their planted errors, and the true label ids of one split."""
    data, sealed_list = hide_errors(load_corpus("emotion"))
    listed = pd.read_csv(sealed_list)
    listed = listed[listed["split"] == split]
    true = np.array(data[split]["label"])
    true[listed["row"]] = data[split].features["label"].str2int(listed["true_label"].tolist())
    return data, true


def _loss_out_of_fold(texts: list[str], labels: np.ndarray) -> np.ndarray:
    """The loss of each row by a linear model on words that was trained on the other folds."""
    from scipy.special import log_softmax
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import SGDClassifier
    from sklearn.model_selection import cross_val_predict

    judge = SGDClassifier(loss="log_loss", alpha=1e-4, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes with few rows
        counts = TfidfVectorizer().fit_transform(texts)
        scores = cross_val_predict(judge, counts, labels, cv=3, method="decision_function")
    return -log_softmax(scores, axis=1)[np.arange(len(labels)), labels]


def _suspicion(value, labels: np.ndarray, size: dict[str, int]) -> np.ndarray:
    """A learner's number for each row of train, as an array of floats."""
    n = size["train"]
    case = f"For the {n} rows of train"
    yours = _numbers(value, case)
    if yours.shape != (n,):
        others = [split for split in size if yours.shape == (size[split],)]
        where = f", as many as {others[0]} has rows" if others else ""
        raise NotYet(f"{case} one number each is needed, but yours is {kind_of(value)}{where}.")
    bad = np.flatnonzero(~np.isfinite(yours))
    if len(bad):
        raise NotYet(f"{len(bad)} of your {n} numbers are not finite, that of row {bad[0]} first.")
    if np.ptp(yours) == 0:
        raise NotYet(f"Every row has the same number, {yours[0]:g}: that is no order.")
    if (yours == labels).all():
        raise NotYet("Those are the labels themselves: how suspicious is each?")
    if isinstance(value, pd.Series) and list(value.index) != list(range(n)):
        raise NotYet("Your numbers are not in the order of the rows: `.sort_index()` brings it.")
    steps = np.diff(yours)
    if (steps <= 0).all() or (steps >= 0).all():
        raise NotYet("Your numbers are sorted: number i must belong to row i of train.")
    return yours


def _check_direction(yours, mine: float, of_loss: float, score: Callable) -> None:
    """Whether an order is turned round, or is made of row numbers; `score` takes a suspicion."""
    n = len(yours)
    if (np.sort(yours) == np.arange(n)).all():
        read = np.empty(n)
        read[yours.astype(int)] = np.arange(n)
        if max(score(read), score(-read)) > max(mine, of_loss):
            raise NotYet(
                f"Those are row numbers in the order of reading, row {yours[0]:.0f} first, as "
                "argsort gives them: give each row a number, at the row's own place."
            )
    if (turned := score(-yours)) > max(mine, of_loss):
        raise NotYet(
            f"The average precision of your order is {mine:.2f}, but {turned:.2f} from the other "
            "end: a higher number must mean more suspicious."
        )


def _share_of_deepest(yours, loss, is_error) -> float:
    """Of the quarter of the errors that the loss finds most plausible, which share is on top.

    On top is the first tenth of the rows by `yours`.
    """
    errors = np.flatnonzero(is_error)
    deepest = errors[np.argsort(loss[errors])[: max(1, len(errors) // 4)]]
    return float((yours[deepest] >= np.quantile(yours, 0.9)).mean())
