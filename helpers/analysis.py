"""Losses row by row, rankers of suspicious labels, the score of a hunt, and honest comparisons."""

import numpy as np
import pandas as pd

from .checkpoints import load_checkpoint
from .features import extract_features
from .training import Run, columns_of, predict_logits, row_losses, rows_of, target_values


def loss_table(run: Run, dataset) -> pd.DataFrame:
    """What a classifier makes of each row of a dataset.

    dataset: one split, with the columns that the run was trained on.
    Returns: text, label and predicted (names), loss (cross-entropy of the label, in nats) and
        confidence (probability of the predicted class); row i of the table is row i of the
        dataset. A row with a label below 0 has no label and no loss.
    Raises: ValueError for a run or a dataset without label names.
    """
    texts, labels, names = _labelled(dataset)
    return _table(texts, labels, names, predict_logits(run.model, run.tokenizer, texts))


def _labelled(dataset) -> tuple[list, np.ndarray, list[str]]:
    columns, target, names = columns_of(dataset)
    if names is None:
        raise ValueError(f"The column {target!r} holds numbers: only labels can be looked into.")
    return rows_of(dataset, columns), target_values(dataset, target), names


def _table(texts: list, labels: np.ndarray, names: list[str], logits: np.ndarray) -> pd.DataFrame:
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


def suspicious_labels(run: Run, data, split: str = "validation", logits=None) -> pd.DataFrame:
    """Order the rows of a split by how likely their label is to be wrong, in several ways.

    data: the DatasetDict that the run was trained on. logits: [n, classes] from models that were
        not trained on these rows; for the train split only these can tell a loss out of sample.
    Returns: text, label and predicted (names), then one column a ranker, higher for more
        suspicious; row i is row i of the split, and a row with a label below 0 has NaN.
        loss: cross-entropy of the label (left out on train, unless logits are given).
        k_fold: the same from a logistic regression on the mean states of the session's
            checkpoint, each fold judged by the others. words: from one on TF-IDF.
        confident: confident learning with the probabilities of these two.
        dynamics: by how much another class leads the label, in the mean over the epochs.
        combined: mean of the ranks by k_fold, words and loss (without it, dynamics).
    Raises: ValueError if run and data do not belong together.
    Source: Chong et al. 2022 (loss), Northcutt et al. 2021 (confident), Pleiss et al. 2020
        (dynamics). `benchmarks/hunt.py` shows how these were chosen.
    """
    texts, labels, names = _labelled(data[split])
    own = predict_logits(run.model, run.tokenizer, texts) if logits is None else np.array(logits)
    table = _table(texts, labels, names, own)
    found = table[["text", "label", "predicted"]].copy()
    if split != "train" or logits is not None:
        found["loss"] = table["loss"]
    by_folds = fold_probabilities(data, split)
    for name, probability in by_folds.items():
        found[name] = -np.log(_given(probability, labels).clip(1e-9))
    found["confident"] = confident_learning(sum(by_folds.values()) / len(by_folds), labels)
    if split in run.dynamics:
        if run.dynamics[split].shape[1:] != own.shape:
            raise ValueError(f"The run was not trained on these {len(texts)} rows of {split}.")
        found["dynamics"] = lead_of_another(run.dynamics[split], labels).mean(axis=0)
    found.loc[labels < 0, found.columns[3:]] = np.nan
    tuned = "loss" if "loss" in found else "dynamics"
    found["combined"] = found[["k_fold", "words", tuned]].rank(pct=True).mean(axis=1)
    return found


def fold_probabilities(data, split: str) -> dict[str, np.ndarray]:
    """Class probabilities [n, classes] of a split's rows, each from a model that never saw the row.

    Two logistic regressions, "k_fold" on mean states and "words" on TF-IDF, learn from train,
    validation and `split` together, cut in 5 folds with equal shares of the classes.
    """
    found = judge_by_folds(data, list(dict.fromkeys(("train", "validation", split))))
    return {judge: by_split[split] for judge, by_split in found.items()}


def judge_by_folds(data, splits: list[str]) -> dict[str, dict[str, np.ndarray]]:
    """`fold_probabilities` for several splits at once, which learn from one another: by judge and
    split.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from threadpoolctl import threadpool_limits

    parts = {name: _labelled(data[name]) for name in splits}
    texts = [text for name in splits for text in parts[name][0]]
    labels = np.concatenate([parts[name][1] for name in splits])
    tokenizer, model = load_checkpoint()
    states = [extract_features(parts[s][0], tokenizer, model, "mean", cache=True) for s in splits]
    vectors = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    judges = {
        "k_fold": (LogisticRegression(C=0.1, max_iter=1000), np.concatenate(states)),
        "words": (
            make_pipeline(vectors, LogisticRegression(C=10, max_iter=1000)),
            np.array(texts, dtype=object),
        ),
    }
    known, ends = labels >= 0, np.cumsum([len(parts[name][1]) for name in splits])[:-1]
    found = {}
    for name, (judge, inputs) in judges.items():
        cut = StratifiedKFold(5, shuffle=True, random_state=0)
        whole = np.zeros((len(labels), len(parts["train"][2])), dtype=np.float32)
        with threadpool_limits(1):  # more threads only wait for one another here
            whole[np.ix_(known, np.unique(labels[known]))] = cross_val_predict(
                judge, inputs[known], labels[known], cv=cut, method="predict_proba"
            )
        found[name] = dict(zip(splits, np.split(whole, ends), strict=True))
    return found


def confident_learning(probability: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How far another class exceeds its usual probability, less how far the label does, [n].

    probability: [n, classes] out of sample. A class's usual probability is its mean over the rows
        that carry its label.
    Source: Northcutt et al. 2021, https://arxiv.org/abs/1911.00068; the margin is cleanlab's
        normalized_margin with adjusted probabilities.
    """
    classes = range(probability.shape[1])
    usual = [probability[labels == c, c].mean() if (labels == c).any() else 1.0 for c in classes]
    return lead_of_another(probability - np.array(usual, dtype=np.float32), labels)


def lead_of_another(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The best other class's score less the label's, [..., n] for scores [..., n, classes]."""
    is_label = np.arange(scores.shape[-1]) == labels[:, None]
    others = np.where(is_label, -np.inf, scores).max(-1)
    return others - _given(scores, labels)


def _given(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The score of each row's own label, [..., n] of [..., n, classes]."""
    return scores[..., np.arange(len(labels)), labels]


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
    found = np.cumsum(is_error[np.argsort(-suspicion, kind="stable")])
    hits, chance = found[min(k, n) - 1], is_error.mean()
    scores = {
        "average_precision": average_precision(suspicion, is_error, np.ones((1, n)))[0],
        "low": low,
        "high": high,
        "chance": chance,
        f"precision_at_{k}": hits / min(k, n),
        f"recall_at_{k}": hits / found[-1],
        "recall_at_100": found[min(100, n) - 1] / found[-1],
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
