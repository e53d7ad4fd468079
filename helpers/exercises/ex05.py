"""The exercises of notebook 05: a loss per row, two scores of a hunt, predictions out of fold."""

from collections.abc import Callable

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from . import NotYet, define


def _function(answer, name: str) -> None:
    if not callable(answer):
        raise NotYet(f"Give the function itself: q.check({name}), without brackets.")


def _number(value, case: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise NotYet(f"{case} a single number was expected, but there is {value!r:.60}.") from None


@define(
    "05.1",
    hint=(
        "For row i you need one entry of the table only: probabilities[i, labels[i]]. Its natural "
        "logarithm is 0 or below, so the sign has to change. np.arange(len(labels)) counts rows."
    ),
    solution="""
    def row_losses(probabilities, labels):
        return -np.log(probabilities[np.arange(len(labels)), labels])
    """,
)
def judge_row_losses(row_losses: Callable) -> str:
    """Judge a function (probabilities [n, classes], labels [n]) -> n losses in nats."""
    _function(row_losses, "row_losses")
    rng = np.random.default_rng(5)
    for n, n_classes in ((4, 3), (7, 6), (1, 2)):
        probabilities = rng.dirichlet(np.ones(n_classes), n)
        labels = (probabilities.argmax(1) + rng.integers(0, n_classes, n)) % n_classes
        labels[0] = probabilities[0].argmin()
        given = probabilities[np.arange(n), labels]
        case = f"For {n} rows and {n_classes} classes"
        answer = row_losses(probabilities.copy(), labels.copy())
        if answer is None:
            raise NotYet("row_losses returns nothing: does it end with return?")
        try:
            found = np.asarray(answer, dtype=float)
        except (TypeError, ValueError):
            raise NotYet(f"{case} your function returns {answer!r:.60}, not numbers.") from None
        if found.shape != (n,):
            mean = found.size == 1 and n > 1
            cure = "Do not average: the point is to see each row" if mean else "One loss a row"
            raise NotYet(f"{case} yours has the shape {found.shape}, not ({n},). {cure}.")
        _compare_losses(found, -np.log(given), probabilities, given, case)
    return "Every row has its own loss, in nats, and only the label's probability counts."


def _compare_losses(found, expected, probabilities, given, case: str) -> None:
    if np.allclose(found, expected, atol=1e-5):
        return
    causes = {
        "is negative: the sign is missing": -expected,
        "is in bits, made with a logarithm to base 2; nats want np.log": expected / np.log(2),
        "is made with a logarithm to base 10; nats want np.log": expected / np.log(10),
        "is 1 minus the probability; the loss is minus its logarithm": 1 - given,
        "is the probability itself": given,
        "belongs to the most probable class; the loss asks about the row's label, right or wrong": (
            -np.log(probabilities.max(1))
        ),
        "sums over all classes; only the class of the label counts": (
            -np.log(probabilities).sum(1)
        ),
    }
    row = int(np.abs(found - expected).argmax())
    what = next(
        (words for words, wrong in causes.items() if np.allclose(found, wrong, atol=1e-5)),
        f"should be {expected[row]:.4f}",
    )
    raise NotYet(
        f"{case}: in row {row} the label has probability {given[row]:.4f}. Your loss "
        f"{found[row]:.4f} {what}."
    )


def _hunts():
    """(suspicion, is_error), no two rows equally suspicious; the first is small and fixed."""
    yield np.array([0.2, 0.9, 0.5, 0.7, 0.1]), np.array([False, True, False, False, True])
    rng = np.random.default_rng(7)
    for n, n_errors in ((30, 6), (200, 10), (12, 12)):
        is_error = np.zeros(n, dtype=bool)
        is_error[rng.choice(n, n_errors, replace=False)] = True
        yield rng.permutation(n) / n + 0.4 * is_error + 1e-6 * np.arange(n), is_error


@define(
    "05.2",
    hint=(
        "np.argsort(-suspicion) is the order of reading; is_error in that order, and its running "
        "sum np.cumsum, tell how many errors are found after each row. Divide by the rows read, "
        "keep the places where an error stands, take the mean."
    ),
    solution="""
    def average_precision(suspicion, is_error):
        in_order = is_error[np.argsort(-suspicion)]
        precision = np.cumsum(in_order) / np.arange(1, len(in_order) + 1)
        return precision[in_order].mean()
    """,
)
def judge_average_precision(average_precision: Callable) -> str:
    """Judge a function (suspicion [n], is_error [n]) -> average precision."""
    _function(average_precision, "average_precision")
    for suspicion, is_error in _hunts():
        n, n_errors = len(suspicion), int(is_error.sum())
        case = f"For {n} rows with {n_errors} errors"
        found = _number(average_precision(suspicion.copy(), is_error.copy()), case)
        expected = _average_precision(suspicion, is_error)
        if abs(found - expected) < 1e-6:
            continue
        in_order = is_error[np.argsort(-suspicion)]
        precision = np.cumsum(in_order) / np.arange(1, n + 1)
        recall = np.cumsum(in_order) / n_errors
        causes = {
            "That is the order from the least suspicious row on: turn it round": (
                _average_precision(-suspicion, is_error)
            ),
            f"That is the precision after {n_errors} rows, a single point": precision[n_errors - 1],
            "That averages over every row; take only the rows that are errors": precision.mean(),
            "That averages the recall; precision is found / rows read": recall.mean(),
            "The rows were not sorted by suspicion first": (
                _average_precision(-np.arange(n), is_error)
            ),
            "That divides by the number of rows; divide by the number of errors": (
                precision[in_order].sum() / n
            ),
        }
        why = next((words for words, wrong in causes.items() if abs(found - wrong) < 1e-6), "")
        raise NotYet(
            f"{case} it is {expected:.4f}, but yours is {found:.4f}. {why}".strip(" .") + "."
        )
    return "Four hunts, from a small one to one in which every row is an error."


def _average_precision(suspicion, is_error) -> float:
    in_order = is_error[np.argsort(-suspicion)]
    return (np.cumsum(in_order) / np.arange(1, len(in_order) + 1))[in_order].mean()


@define(
    "05.3",
    hint=(
        "After each row read, how many errors are found? np.cumsum over is_error in the order of "
        "suspicion. The first place where that is at least goal times all errors is the answer; "
        "place 0 means one row read."
    ),
    solution="""
    def rows_to_read(suspicion, is_error, goal):
        found = np.cumsum(is_error[np.argsort(-suspicion)])
        return int(np.argmax(found >= goal * is_error.sum())) + 1
    """,
)
def judge_rows_to_read(rows_to_read: Callable) -> str:
    """Judge a function (suspicion, is_error, goal) -> the fewest rows that reach the goal."""
    _function(rows_to_read, "rows_to_read")
    for suspicion, is_error in _hunts():
        n, n_errors = len(suspicion), int(is_error.sum())
        for goal in (0.5, 0.75, 1.0):
            case = f"For {n} rows with {n_errors} errors and goal={goal}"
            answer = rows_to_read(suspicion.copy(), is_error.copy(), goal)
            found = _number(answer, case)
            in_order = is_error[np.argsort(-suspicion)]
            needed = int(np.argmax(np.cumsum(in_order) >= goal * n_errors)) + 1
            if found == needed:
                continue
            if 0 < found < 1:
                raise NotYet(f"{case} yours is {found:.2f}: a number of rows is asked for.")
            if found != int(found) or not 0 <= found <= n:
                raise NotYet(f"{case} yours is {found:g}: a whole number from 1 to {n} is needed.")
            errors = int(in_order[: int(found)].sum())
            cure = (
                f"the fewest rows that do are {needed}"
                if found > needed
                else f"the goal is {goal * n_errors:g} of them"
            )
            raise NotYet(
                f"{case} you read {found:g} rows, most suspicious first, and find {errors} of the "
                f"{n_errors} errors: {cure}."
            )
    return "You can now tell anyone who asks how much reading a goal costs."


class Witness(ClassifierMixin, BaseEstimator):
    """A classifier that tells on you: it is certain of each row that it was trained on.

    The first column of its features is a row number; a row it has not seen gets the probabilities
    TRUTH[row], or even ones if it was trained on less than half of the rows.
    """

    TRUTH = np.random.default_rng(11).dirichlet(np.ones(3), 60)

    def fit(self, features, labels):
        self.classes_ = np.unique(labels)
        rows = np.asarray(features)[:, 0].astype(int).tolist()
        self.seen_ = dict(zip(rows, np.asarray(labels).tolist(), strict=True))
        return self

    def predict_proba(self, features):
        return np.array([self._probabilities(int(row[0])) for row in np.asarray(features)])

    def predict(self, features):
        return self.classes_[self.predict_proba(features).argmax(1)]

    def _probabilities(self, row: int):
        k = len(self.classes_)
        if row in self.seen_:
            return np.where(self.classes_ == self.seen_[row], 1.0, 0.0)
        if 2 * len(self.seen_) < len(self.TRUTH):
            return np.full(k, 1 / k)
        return self.TRUTH[row, :k] / self.TRUTH[row, :k].sum()


@define(
    "05.4",
    hint=(
        "Cut the rows into n_folds parts. For each part: fit on all the other parts, predict_proba "
        "on this one, and write the result into the rows it belongs to. StratifiedKFold gives the "
        "row numbers; sklearn.model_selection.cross_val_predict does the whole thing."
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
def judge_out_of_fold(out_of_fold: Callable) -> str:
    """Judge a function (model, features, labels, n_folds) -> probabilities [n, classes]."""
    _function(out_of_fold, "out_of_fold")
    truth = Witness.TRUTH
    n, k = truth.shape
    labels = np.repeat(np.arange(k), (30, 20, 10))
    features = np.column_stack([np.arange(n), truth])
    for n_folds in (5, 3):
        try:
            answer = out_of_fold(Witness(), features.copy(), labels.copy(), n_folds)
        except ValueError as error:
            raise NotYet(
                f"out_of_fold raised ValueError ({error}). The labels come sorted by class: do "
                "the rows of every training part hold all classes?"
            ) from None
        if answer is None:
            raise NotYet("out_of_fold returns nothing: does it end with return?")
        try:
            found = np.asarray(answer, dtype=float)
        except (TypeError, ValueError):
            raise NotYet(f"Your function returns {answer!r:.60}, not a table of numbers.") from None
        if found.shape != (n, k):
            raise NotYet(
                f"For {n} rows and {k} classes your result has the shape {found.shape}, not "
                f"({n}, {k}): predict_proba gives a probability for every class."
            )
        seen = np.flatnonzero((found == 1).any(1))
        if len(seen):
            kind = "a model that had this row among its own training rows, or predict()"
            raise NotYet(
                f"{len(seen)} of {n} rows are predicted with certainty, row {seen[0]} for one: "
                f"that is what {kind} does. Fit on the other folds, and use predict_proba."
            )
        empty = np.flatnonzero(~np.isclose(found.sum(1), 1))
        if len(empty):
            raise NotYet(
                f"{len(empty)} of {n} rows have no probabilities, row {empty[0]} for one: every "
                "fold has to be held out once."
            )
        if np.allclose(found, 1 / k):
            raise NotYet(
                f"With n_folds={n_folds} your models were trained on less than half of the rows: "
                "fit on all the other folds, predict the one that is left."
            )
        moved = np.flatnonzero(~np.isclose(found, truth).all(1))
        if len(moved):
            raise NotYet(
                f"Row {moved[0]} of your result holds the probabilities of another row: write "
                "those of a fold into the rows that the fold came from."
            )
    return "No model has been asked about a row that it had seen, and every row is in its place."
