"""Which labels look wrong: several judges of a row's label, and ways to put them together."""

import numpy as np
import pandas as pd

from .checkpoints import load_checkpoint
from .columns import labelled
from .features import extract_features
from .predicting import predict_logits
from .runs import Run
from .scores import table_of
from .tables import Table


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
    texts, labels, names = labelled(data[split])
    own = predict_logits(run.model, run.tokenizer, texts) if logits is None else np.array(logits)
    judged = table_of(texts, labels, names, own)
    table = judged[["text", "label", "predicted"]].copy()
    if split != "train" or logits is not None:
        table["loss"] = judged["loss"]
    by_judge = fold_probabilities(data, split)
    for name, probability in by_judge.items():
        table[name] = -np.log(of_the_label(probability, labels).clip(1e-9))
    table["confident"] = confident_learning(sum(by_judge.values()) / len(by_judge), labels)
    if split in run.dynamics:
        if run.dynamics[split].shape[1:] != own.shape:
            raise ValueError(f"The run was not trained on these {len(texts)} rows of {split}.")
        table["dynamics"] = lead_of_another(run.dynamics[split], labels).mean(axis=0)
    table.loc[labels < 0, table.columns[3:]] = np.nan
    tuned = "loss" if "loss" in table else "dynamics"
    table["combined"] = table[["k_fold", "words", tuned]].rank(pct=True).mean(axis=1)
    return table


def fold_probabilities(data, split: str) -> dict[str, np.ndarray]:
    """Class probabilities [n, classes] of a split's rows, each from a model that never saw the row.

    Two logistic regressions, "k_fold" on mean states and "words" on TF-IDF, learn from train,
    validation and `split` together, cut in 5 folds with equal shares of the classes.
    """
    by_judge = judge_by_folds(data, list(dict.fromkeys(("train", "validation", split))))
    return {name: by_split[split] for name, by_split in by_judge.items()}


def judge_by_folds(data, splits: list[str]) -> dict[str, dict[str, np.ndarray]]:
    """`fold_probabilities` for several splits at once, which learn from one another: by judge and
    split.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    texts, labels, states, ends = [], [], [], []
    tokenizer, model = load_checkpoint()
    for split in splits:
        split_texts, split_labels, names = labelled(data[split])
        texts += split_texts
        labels += split_labels.tolist()
        states.append(extract_features(split_texts, tokenizer, model, "mean", cache=True))
        ends.append(len(texts))
    vectors = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    judges = {
        "k_fold": (LogisticRegression(C=0.1, max_iter=1000), np.concatenate(states)),
        "words": (
            make_pipeline(vectors, LogisticRegression(C=10, max_iter=1000)),
            np.array(texts, dtype=object),
        ),
    }
    by_judge = {}
    for name, (classifier, inputs) in judges.items():
        probability = out_of_fold(classifier, inputs, np.array(labels), len(names))
        parts = np.split(probability, ends[:-1])
        by_judge[name] = dict(zip(splits, parts, strict=True))
    return by_judge


def out_of_fold(classifier, inputs: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Each row's class probabilities from the four fifths of the rows that it is not in.

    Returns: float32 [n, n_classes]; 0 for a row with a label below 0, and for a class without rows.
    """
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from threadpoolctl import threadpool_limits

    known = np.flatnonzero(labels >= 0)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    with threadpool_limits(1):  # more threads only wait for one another here
        by_known = cross_val_predict(
            classifier, inputs[known], labels[known], cv=folds, method="predict_proba"
        )
    probability = np.zeros((len(labels), n_classes), dtype=np.float32)
    for column, label in enumerate(np.unique(labels[known])):
        probability[known, label] = by_known[:, column]
    return probability


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
    return others - of_the_label(scores, labels)


def of_the_label(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The score of each row's own label, [..., n] of [..., n, classes]."""
    return scores[..., np.arange(len(labels)), labels]


def doubts(run: Run, table: Table, data) -> pd.DataFrame:
    """The rows to which the judges would give another label, the most suspicious first.

    The judges are two logistic regressions, each row out of sample, and the fine-tuned model: on
    train in the mean of what it said in the course of training, elsewhere as it is now.
    Returns: the rows, with the label suggested, and suspicion: 1 less the mean probability of
        their label.
    """
    from scipy.special import softmax

    by_judge, parts = judge_by_folds(data, table.splits), []
    shown = [f"probability_{name}" for name in table.names]
    for split in table.splits:
        rows, given = table.part(split), table.targets(split)
        if split == "train":
            own = softmax(run.dynamics[split].mean(0), axis=1)
        else:
            own = rows[shown].to_numpy(float)
        judges = [own, *(by_split[split] for by_split in by_judge.values())]
        mean = sum(judges) / len(judges)
        suspicion = 1.0 - of_the_label(mean, given).astype(float)
        best = mean.argmax(1)
        kept = rows.drop(columns=["predicted", *shown]).assign(
            suspicion=suspicion.round(4), suggested=[table.names[label] for label in best]
        )
        parts.append(kept[best != given])
    suspects = pd.concat(parts).sort_values("suspicion", ascending=False, kind="stable")
    first = ["where", "split", "suspicion", table.label, "suggested"]
    return suspects[[*first, *(column for column in suspects if column not in first)]]
