"""Every metric once; the loss of each row; the score of a hunt; and honest comparisons."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from .columns import labelled
from .predicting import predict_logits


def correlation(true, predicted, method: str) -> float:
    """The correlation of two columns of numbers; NaN if one of them never changes."""
    return pd.Series(true).corr(pd.Series(predicted), method) if np.ptp(predicted) else np.nan


def metric(name: str, true, predicted) -> float:
    """One score of predictions: label ids against label ids, or numbers against numbers.

    name: accuracy, micro_f1, macro_f1, f1 (of class 1), matthews; for numbers pearson, spearman,
        rmse. For several labels a row, true and predicted are 0 or 1 [n, labels].
    """
    from sklearn import metrics

    functions = {
        "accuracy": metrics.accuracy_score,
        "micro_f1": partial(metrics.f1_score, average="micro", zero_division=0),
        "macro_f1": partial(metrics.f1_score, average="macro", zero_division=np.nan),
        "f1": metrics.f1_score,
        "matthews": metrics.matthews_corrcoef,
        "pearson": partial(correlation, method="pearson"),
        "spearman": partial(correlation, method="spearman"),
        "rmse": metrics.root_mean_squared_error,
    }
    return float(functions[name](true, predicted))


def score(logits: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """The scores of logits [n, classes] against label ids, or of [n, 1] against numbers.

    Returns: loss (nats), accuracy and macro_f1 over the rows with a label; for numbers loss (mean
        squared error), pearson, spearman and rmse; for targets [n, labels] of 0 and 1 loss (binary
        cross-entropy, mean over rows and labels), micro_f1 and macro_f1 at a probability of 1/2.
    """
    if targets.ndim == 2:
        predicted, names = (logits >= 0).astype(int), ("micro_f1", "macro_f1")
        loss = float(np.mean(np.logaddexp(0, logits) - targets * logits))
    elif logits.shape[1] == 1:
        predicted, names = logits[:, 0], ("pearson", "spearman", "rmse")
        loss = float(np.mean((predicted - targets) ** 2))
    else:
        known = targets >= 0
        logits, targets = logits[known], targets[known]
        predicted, names = logits.argmax(1), ("accuracy", "macro_f1")
        loss = float(row_losses(logits, targets).mean())
    return {"loss": loss} | {name: metric(name, targets, predicted) for name in names}


def best_threshold(marks: np.ndarray, probabilities: np.ndarray) -> float:
    """The probability from which on a label is given, for the best micro F1 on these rows.

    marks: 0 or 1 [n, labels]; probabilities: [n, labels]. Of 0.05, 0.10 … 0.95; of equal ones, the
    nearest to one half.
    """
    thresholds = sorted(np.arange(1, 20) / 20, key=lambda t: abs(t - 0.5))
    f1 = [metric("micro_f1", marks, (probabilities >= t).astype(int)) for t in thresholds]
    return float(thresholds[int(np.argmax(f1))])


def share_of(hits: int, rows: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson's, which is none too narrow where all are hits)."""
    from scipy.stats import binomtest

    return tuple(binomtest(int(hits), int(rows)).proportion_ci(method="wilson"))


def reliability(confidence: Sequence[float], right: Sequence[bool]) -> tuple[pd.DataFrame, float]:
    """How often the answers of a model are right, by how sure it is of them.

    confidence: n probabilities of the predicted class. right: n booleans.

    Returns: of each of ten equal bins that is not empty rows, said (mean confidence), right (share
        of right answers), low and high (Wilson's 95 % interval of it); and the expected
        calibration error, the mean of |said - right| over the rows. Raises ValueError for a
        confidence outside 0 to 1, and for lists of different length.
    """
    said, hits = np.asarray(confidence, dtype=float), np.asarray(right)
    if said.shape != hits.shape or not said.size:
        raise ValueError(
            f"These must have one length, and not 0: confidence has {said.size:,}, right has "
            f"{hits.size:,}."
        )
    if not ((said >= 0) & (said <= 1)).all():
        raise ValueError("confidence must hold probabilities from 0 to 1: are these logits?")
    if not np.isin(hits, (0, 1)).all():
        raise ValueError("right must hold booleans: True where the answer is right.")
    bins = np.digitize(said, np.linspace(0, 1, 11)[1:-1], right=True)
    groups = pd.DataFrame({"said": said, "right": hits.astype(float)}).groupby(bins)
    table = groups.mean()
    table.insert(0, "rows", groups.size())
    counts = zip(groups.right.sum(), table.rows, strict=True)
    table[["low", "high"]] = [share_of(k, n) for k, n in counts]
    return table, float(np.average((table.said - table.right).abs(), weights=table.rows))


def row_losses(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Cross-entropy of each row in nats, float32 [n]; NaN for a label below 0."""
    from scipy.special import log_softmax

    logs = log_softmax(logits.astype(np.float32), axis=1)
    chosen = np.take_along_axis(logs, np.maximum(targets, 0)[:, None], axis=1)[:, 0]
    return np.where(targets < 0, np.nan, -chosen).astype(np.float32)


def loss_table(run, dataset) -> pd.DataFrame:
    """What a classifier makes of each row of a dataset.

    run: a `Run`, or anything with its model and tokenizer. dataset: one split, with the columns
        that the run was trained on.
        A dataset whose label names stand in another order is read by the names.
    Returns: text, label and predicted (names), loss (cross-entropy of the label, in nats) and
        confidence (probability of the predicted class); row i of the table is row i of the
        dataset. A row with a label below 0 has no label and no loss.
    Raises: ValueError for a run or a dataset without label names, or with different ones.
    """
    texts, labels, names = labelled(dataset, getattr(run, "texts", None), names_of(run.model))
    return table_of(texts, labels, names, predict_logits(run.model, run.tokenizer, texts))


def names_of(model) -> list[str] | None:
    """The label names of a classifier in the order of its outputs; None if it has been told none.

    Raises: ValueError for a model that predicts a number.
    """
    names = [*model.config.id2label.values()]
    if model.config.problem_type == "regression" or len(names) == 1:
        raise ValueError("The run predicts numbers: only labels can be looked into.")
    return None if names[0] == "LABEL_0" else names


def table_of(texts: list, labels: np.ndarray, names: list[str], logits: np.ndarray) -> pd.DataFrame:
    from scipy.special import softmax

    if logits.shape != (len(texts), len(names)):
        raise ValueError(
            f"{len(texts)} rows with {len(names)} labels need logits of that shape, not "
            f"{list(logits.shape)}: run and dataset belong to different tasks."
        )
    return pd.DataFrame(
        {
            "text": texts,
            "label": [names[label] if label >= 0 else None for label in labels],
            "predicted": [names[label] for label in logits.argmax(1)],
            "loss": row_losses(logits, labels),
            "confidence": softmax(logits, axis=1).max(1),
        }
    )


def score_hunt(
    suspicion, is_error, k: int = 36, rounds: int = 1000, seed: int = 0
) -> dict[str, float]:
    """How well an order of suspicion brings the errors to the front.

    suspicion: n numbers, higher for what should be read sooner. is_error: n booleans.
    Returns: average_precision with its 95 % interval low and high (bootstrap over the rows),
        chance (the share of errors, which is what a random order scores), precision and recall
        after k rows, recall after 100, and lift (precision at k over chance).
    Raises: ValueError for columns of different length, no errors, or suspicion that is no number.
    """
    suspicion, is_error = np.asarray(suspicion, float), np.asarray(is_error, bool)
    if suspicion.shape != is_error.shape or not np.isfinite(suspicion).all():
        raise ValueError(
            f"Each row needs one finite suspicion and one is_error: {suspicion.size} and "
            f"{is_error.size} were given."
        )
    if not is_error.any():
        raise ValueError("There is no error among the rows: nothing can be found.")
    n = len(suspicion)
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=rounds)
    drawn = drawn[drawn @ is_error > 0]
    low, high = np.quantile(average_precision(suspicion, is_error, drawn), (0.025, 0.975))
    hits_after = np.cumsum(is_error[np.argsort(-suspicion, kind="stable")])
    hits, chance = hits_after[min(k, n) - 1], is_error.mean()
    scores = {
        "average_precision": average_precision(suspicion, is_error, np.ones((1, n)))[0],
        "low": low,
        "high": high,
        "chance": chance,
        f"precision_at_{k}": hits / min(k, n),
        f"recall_at_{k}": hits / hits_after[-1],
        "recall_at_100": hits_after[min(100, n) - 1] / hits_after[-1],
        "lift": hits / min(k, n) / chance,
    }
    return {name: float(value) for name, value in scores.items()}


def average_precision(suspicion, is_error, counts) -> np.ndarray:
    """Average precision [rounds] of samples that hold row i counts[round, i] times; ties share.

    Source: the definition of scikit-learn's average_precision_score.
    """
    order = np.argsort(-suspicion, kind="stable")
    starts = np.flatnonzero(np.diff(suspicion[order], prepend=np.inf))
    read = np.add.reduceat(counts[:, order], starts, axis=1)
    hits = np.add.reduceat(counts[:, order] * is_error[order], starts, axis=1)
    precision = np.cumsum(hits, axis=1) / np.maximum(np.cumsum(read, axis=1), 1)
    return (hits * precision).sum(1) / hits.sum(1)


def is_it_real(
    y_true,
    predictions_a,
    predictions_b,
    names: tuple[str, str] = ("a", "b"),
    rounds: int = 10_000,
    seed: int = 0,
) -> dict:
    """Whether two classifiers differ by more than chance, judged on the same rows.

    y_true, predictions_a, predictions_b: n labels each.
    Returns: difference (accuracy of b minus that of a) with its 95 % interval low and high (paired
        bootstrap), only_a and only_b (rows that one alone has right), p_value (McNemar's test,
        exact: how often two equally good classifiers would differ so much), sentence.
    Raises: ValueError for columns of different length, or none.
    """
    from scipy.stats import binomtest

    y_true, a, b = (np.asarray(values) for values in (y_true, predictions_a, predictions_b))
    if not y_true.shape == a.shape == b.shape or y_true.ndim != 1 or not y_true.size:
        raise ValueError(
            f"The three columns must be of one length: {y_true.size}, {a.size} and {b.size} rows."
        )
    n = len(y_true)
    only_a = int(((a == y_true) & (b != y_true)).sum())
    only_b = int(((a != y_true) & (b == y_true)).sum())
    differing, difference = only_a + only_b, (only_b - only_a) / n
    shares = [only_a / n, only_b / n, 1 - differing / n]
    drawn = np.random.default_rng(seed).multinomial(n, shares, size=rounds)
    low, high = (float(x) for x in np.quantile((drawn[:, 1] - drawn[:, 0]) / n, (0.025, 0.975)))
    p_value = float(binomtest(only_b, differing).pvalue) if differing else 1.0
    judged = (
        "Chance alone would hardly make such a difference."
        if p_value < 0.05
        else f"On {n} rows, two equally good models may well differ so much."
    )
    return {
        "difference": difference,
        "low": low,
        "high": high,
        "p_value": p_value,
        "only_a": only_a,
        "only_b": only_b,
        "sentence": f"{names[1]} alone is right on {only_b} rows and {names[0]} alone on {only_a}: "
        f"{100 * difference:+.1f} points of accuracy (95 % interval {100 * low:+.1f} to "
        f"{100 * high:+.1f}, p = {p_value:.2g}). {judged}",
    }


def plant_errors(
    labels, n_classes: int, share: float = 0.05, seed: int = 0, confusion=None
) -> tuple[np.ndarray, np.ndarray]:
    """Change a share of labels to wrong ones, to have errors that a hunt can be scored on.

    labels: n ids below n_classes. confusion: how often class i is taken for class j, as an array
        [n_classes, n_classes] of weights for the wrong label; without it, all are alike.
    Returns: the labels with errors, int64 [n], and which of them are errors, bool [n].
    Raises: ValueError if share is not between 0 and 1.
    """
    labels = np.array(labels, dtype=np.int64)
    if not 0 < share < 1:
        raise ValueError(f"share={share}: write the share of labels to change, such as 0.05.")
    rng = np.random.default_rng(seed)
    weights = np.ones((n_classes, n_classes)) if confusion is None else np.array(confusion, float)
    np.fill_diagonal(weights, 0)
    weights += 1e-9 * (1 - np.eye(n_classes))  # a class that is never confused has some choice too
    chosen = rng.choice(len(labels), size=round(share * len(labels)), replace=False)
    for row in chosen:
        odds = weights[labels[row]]
        labels[row] = rng.choice(n_classes, p=odds / odds.sum())
    is_error = np.zeros(len(labels), dtype=bool)
    is_error[chosen] = True
    return labels, is_error
