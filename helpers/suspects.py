"""Which labels look wrong: six judges of a row's label, and one way to put them together.

The judges are the parts of the cheap model (`cheap`), and none has seen the row that it judges. A
row's suspicion is 1 less the mean probability that they give to its label.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from .cheap import (
    fitted_vectorizers,
    inputs_of,
    new_linear,
    out_of_fold,
    sides_of,
    usual_strength,
)
from .checkpoints import load_checkpoint
from .columns import columns_of, labelled
from .files import csv_text, write_csv
from .predicting import predict_logits
from .runs import Run
from .scores import names_of, plant_errors, table_of
from .session import ROOT, make_runs_folder
from .tables import SPLIT, SUGGESTED, SUSPICION, WHERE, Table


def hide_errors(data) -> tuple["DatasetDict", Path]:  # noqa: F821
    """Data with wrong labels among those of train and validation, and the file that lists them.

    data: a DatasetDict of a classification. The course's own posts hold wrong labels already, and
        a list of them. In a copy of other data one label in twenty is changed, the same ones each
        time: half of them at random, half as a linear model confuses the classes.
    Returns: a DatasetDict and a CSV with the columns split, row, kind, true_label and given_label.
        The kind is "random" or "confused"; in the course's own list "label", or how a text was
        mangled, its labels being equal then.
    Raises: ValueError for what is no such DatasetDict.
    """
    if not {"train", "validation"} <= set(getattr(data, "column_names", ())):
        raise ValueError("hide_errors needs a DatasetDict with the splits train and validation.")
    own_list = ROOT / "data/emotion/planted_errors.csv"
    if _tells_of(pd.read_csv(own_list), data):
        return data, own_list
    confusion = _confusion(data)
    hidden, listed = data.copy(), []
    for split in ("train", "validation"):
        _, true, names = labelled(data[split])
        half, _ = plant_errors(true, len(names), share=0.025, seed=0)
        given, confused = plant_errors(half, len(names), 0.025, seed=1, confusion=confusion)
        rows = np.flatnonzero(given != true)
        columns = {
            "split": split,
            "row": rows,
            "kind": np.where(confused, "confused", "random")[rows],
        }
        columns |= {"true_label": np.array(names)[true[rows]]}
        listed.append(pd.DataFrame(columns | {"given_label": np.array(names)[given[rows]]}))
        target = columns_of(data[split])[1]
        kind = data[split].features[target]
        hidden[split] = data[split].remove_columns(target).add_column(target, given, feature=kind)
    file = make_runs_folder() / "planted_errors.csv"
    write_csv(file, csv_text(pd.concat(listed)))
    return hidden, file


def _tells_of(listed: pd.DataFrame, data) -> bool:
    """Whether the given labels of a list are those that the data carry in these rows."""
    for split, rows in listed.groupby("split"):
        _, labels, names = labelled(data[split])
        if rows["row"].max() >= len(labels):
            return False
        if [names[label] for label in labels[rows["row"]]] != rows["given_label"].tolist():
            return False
    return True


def _confusion(data) -> np.ndarray:
    """How often a linear model on words takes a class of validation for another, [n, n]."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import SGDClassifier
    from sklearn.metrics import confusion_matrix
    from sklearn.pipeline import make_pipeline

    texts, labels, names = labelled(data["train"])
    model = make_pipeline(TfidfVectorizer(), SGDClassifier(loss="log_loss", random_state=0))
    model.fit([" ".join(sides) for sides in zip(*sides_of(texts), strict=True)], labels)
    texts, labels, _ = labelled(data["validation"], names=names)
    guesses = model.predict([" ".join(sides) for sides in zip(*sides_of(texts), strict=True)])
    return confusion_matrix(labels, guesses, labels=range(len(names)))


def suspicious_labels(run: Run, data, split: str = "validation", logits=None) -> pd.DataFrame:
    """Order the rows of a split by how likely their label is to be wrong, in several ways.

    data: the DatasetDict that the run was trained on. logits: [n, classes] from models that were
        not trained on these rows; for the train split only these can tell a loss out of sample.
    Returns: text, label and predicted (names), then one column a ranker, higher for more
        suspicious; row i is row i of the split, and a row with a label below 0 has NaN.
        loss: cross-entropy of the label (left out on train, unless logits are given).
        words, letters, layer 3 …: the same from each of the judges of `judge`, which learn from
            train, validation and `split` together, each fold judged by the others.
        confident: confident learning with the judges' mean probabilities.
        dynamics: by how much another class leads the label, in the mean over the epochs.
        combined: the suspicion, 1 less the judges' mean probability of the label.
    A dataset whose label names stand in another order than the run's is read by the names.
    Raises: ValueError if run and data do not belong together.
    Source: Chong et al. 2022 (loss), Northcutt et al. 2021 (confident), Pleiss et al. 2020
        (dynamics). `benchmarks/hunt.py` shows how the judges were chosen.
    """
    columns, own_names = getattr(run, "texts", None), names_of(run.model)
    texts, labels, names = labelled(data[split], columns, own_names)
    own = predict_logits(run.model, run.tokenizer, texts) if logits is None else np.array(logits)
    judged = table_of(texts, labels, names, own)
    table = judged[["text", "label", "predicted"]].copy()
    if split != "train" or logits is not None:
        table["loss"] = judged["loss"]
    by_judge = fold_probabilities(data, split, columns, own_names)
    mean = sum(by_judge.values()) / len(by_judge)
    for name, probability in by_judge.items():
        table[name] = -np.log(of_the_label(probability, labels).clip(1e-9))
    table["confident"] = confident_learning(mean, labels)
    if split in run.dynamics:
        if run.dynamics[split].shape[1:] != own.shape:
            raise ValueError(f"The run was not trained on these {len(texts)} rows of {split}.")
        table["dynamics"] = lead_of_another(run.dynamics[split], labels).mean(axis=0)
    table["combined"] = 1 - of_the_label(mean, labels).astype(float)
    table.loc[labels < 0, table.columns[3:]] = np.nan
    return table


def fold_probabilities(
    data, split: str, columns: Sequence[str] | None = None, order: Sequence[str] | None = None
) -> dict[str, np.ndarray]:
    """By judge, the class probabilities [n, classes] of a split's rows.

    The judges learn from train, validation and `split` together. columns, order: of the texts and
    the classes; see `labelled`.
    """
    texts, labels, places = [], [], {}
    for part in dict.fromkeys(("train", "validation", split)):
        part_texts, part_labels, names = labelled(data[part], columns, order)
        places[part] = slice(len(texts), len(texts) + len(part_texts))
        texts += part_texts
        labels += part_labels.tolist()
    return {name: p[places[split]] for name, p in judge(texts, labels, names).items()}


def judge(rows: Sequence, labels: Sequence[int], names: Sequence[str]) -> dict[str, np.ndarray]:
    """By judge, float32 class probabilities [n, classes], each row's from folds without it.

    rows: n texts, or n pairs. labels: n ids; a row with one below 0 gets zeros.
    The judges are six linear models: on words, on runs of letters, and on the mean states of the
    session's checkpoint in each of four layers, from the middle to the last.
    """
    return dict(_judge(tuple(rows), tuple(map(int, labels)), tuple(names)))


@lru_cache(maxsize=2)
def _judge(rows: tuple, labels: tuple[int, ...], names: tuple[str, ...]) -> dict[str, np.ndarray]:
    inputs = inputs_of(rows, fitted_vectorizers(rows), *load_checkpoint())
    by_judge = {}
    for part, matrix in inputs.items():
        model = new_linear(usual_strength(part), is_number=False)
        by_judge[part] = out_of_fold(model, matrix, np.array(labels), list(names))
    return by_judge


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


def doubts(table: Table) -> pd.DataFrame:
    """The rows to which the judges would give another label, the most suspicious first.

    Returns: the rows, with SUGGESTED, the label, and SUSPICION (see `suspicious_labels`); with
        their splits, if there are several.
    """
    labels = np.array([table.names.index(name) for name in table.frame[table.label]])
    by_judge = judge(table.rows(), labels, table.names)
    mean = sum(by_judge.values()) / len(by_judge)
    suspicion, best = 1.0 - of_the_label(mean, labels).astype(float), mean.argmax(1)
    suggested = [table.names[label] for label in best]
    marked = table.frame.assign(**{SUSPICION: suspicion.round(4), SUGGESTED: suggested})
    suspects = marked[best != labels].sort_values(SUSPICION, ascending=False, kind="stable")
    first = [WHERE, SPLIT, SUSPICION, table.label, SUGGESTED]
    if len(table.splits) == 1:
        first.remove(SPLIT)
        suspects = suspects.drop(columns=SPLIT)
    return suspects[[*first, *(column for column in suspects if column not in first)]]
