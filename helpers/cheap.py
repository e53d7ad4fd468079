"""The cheap models: linear ones on words, on letters and on hidden states, and their mean.

They take seconds where fine-tuning takes minutes, and are what it has to beat. Out of fold, the
same models are the judges of `suspects`.
"""

import io
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from .checkpoints import find_checkpoint, fingerprint_of_checkpoint, load_checkpoint
from .columns import columns_of, rows_of, target_values
from .features import extract_features
from .files import plain_errors, whole_file
from .runs import data_hash
from .scores import metric
from .session import current, make_runs_folder
from .splits import sample

FILE = "cheap_model.npz"
TRIED, SHARED = 2_000, 20_000  # at most so many rows are used to choose the strengths, the shares
SEED = 0


def usual_strength(part: str) -> float:
    """How freely a part may follow the rows unless chosen anew: C of logistic regression."""
    return 30.0 if part == "words" else 10.0


@dataclass(frozen=True)
class Linear:
    """A linear model: scores are inputs [n, width] times weights [width, outputs], plus bias."""

    weights: np.ndarray
    bias: np.ndarray

    def outputs(self, inputs, is_number: bool) -> np.ndarray:
        """Probabilities [n, classes], or numbers [n, 1]."""
        from scipy.special import softmax

        scores = np.asarray(inputs @ self.weights) + self.bias
        return scores if is_number else softmax(scores, axis=1)


@dataclass(frozen=True)
class CheapModel:
    """A weighted mean of linear models, from `cheap_model`.

    labels: the label names in the order of their ids; None if it predicts a number.
    parts: what each part adds, by cross-validation on training rows: its C; its share in the mean;
        the score of it alone; and that of the mean of the others. The score is accuracy, or
        Pearson's correlation for numbers. The last row is the whole.
    about: the checkpoint that the states come from, hashes of it and of the data, how many rows
        were learnt from, and the number format of the states.
    """

    labels: list[str] | None
    parts: pd.DataFrame
    about: dict
    linear: dict[str, Linear]
    vectorizers: dict

    @property
    def dtype(self) -> str:
        """The number format that the states were computed in, "float32" or "bfloat16"."""
        return self.about["dtype"]

    @property
    def data_sha256(self) -> str:
        """A hash of the rows that the model was made from; see `runs.data_hash`."""
        return self.about["data_sha256"]

    @cached_property
    def encoder(self) -> tuple:
        """Tokenizer and model that the states come from.

        Raises: ValueError if its weights are not those that the model was made with.
        """
        asked = self.about["checkpoint"]
        if fingerprint_of_checkpoint(find_checkpoint(asked)) != self.about["checkpoint_sha256"]:
            raise ValueError(
                f"The checkpoint {asked or 'of the course'} has other weights than the one that "
                "this cheap model was made with: train it again."
            )
        return load_checkpoint(asked)

    def inputs(self, texts: Sequence) -> dict:
        """What each part reads of texts: a sparse matrix or an array [n, width]."""
        return inputs_of(texts, self.vectorizers, *self.encoder, cache=False)

    def predict_proba(self, texts: Sequence) -> np.ndarray:
        """The probability of each class, float32 [n, classes]; of a number, the number, [n, 1].

        texts: n strings, or n pairs of strings.
        """
        inputs = self.inputs(texts)
        outputs = {
            part: model.outputs(inputs[part], self.labels is None)
            for part, model in self.linear.items()
        }
        return pooled(outputs, self.parts["share"]).astype(np.float32)

    def predict(self, texts: Sequence) -> np.ndarray:
        """The most probable class of each text, int64 [n], or the number, float32 [n]."""
        outputs = self.predict_proba(texts)
        return outputs[:, 0] if self.labels is None else outputs.argmax(1)

    def save(self, folder: str | Path) -> Path:
        """Write the model to one file in a folder, without pickle; returns the file."""
        path = Path(folder) / FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        arrays = {"about": _as_text(self.about | {"labels": self.labels})}
        arrays["parts"] = np.array(self.parts.to_json(orient="split", double_precision=15))
        for part, model in self.linear.items():
            arrays |= {f"{part} weights": model.weights, f"{part} bias": model.bias}
        for kind, vectorizer in self.vectorizers.items():
            arrays[f"{kind} terms"] = _as_text(vectorizer.get_feature_names_out().tolist())
            arrays[f"{kind} idf"] = vectorizer.idf_
        with whole_file(path) as draft, draft.open("wb") as stream:
            np.savez_compressed(stream, **arrays)
        return path


@plain_errors
def cheap_model(
    data, checkpoint: str | Path | None = None, *, texts: str | Sequence[str] | None = None
) -> CheapModel:
    """Fit the strongest cheap model to the train split: a weighted mean of six linear models.

    One reads single words and pairs of neighbours (TF-IDF), one runs of 2 to 5 letters within words
    (TF-IDF), and four an encoder's mean states, each in one layer from the middle to the last, of
    unit length. How freely each may follow the rows, and its share in the mean, are chosen by
    cross-validation on train (on at most 2,000 and 20,000 of its rows).

    data: a DatasetDict with a train split, as for `fine_tune`: one or two text columns, and a
        ClassLabel column or a column of numbers. Rows with a label below 0 are left out. A pair is
        told by the product and the difference of its two sides.
    checkpoint: as in `load_checkpoint`. texts: as in `fine_tune`.
    Returns: a CheapModel, with `predict`, `predict_proba`, `save` and the table `parts`.
    Raises: ValueError for data that cannot be learnt from.
    """
    columns, rows, targets = known_rows(data, texts)
    names = columns[2]
    tokenizer, model = load_checkpoint(checkpoint)
    vectorizers = fitted_vectorizers(rows)
    inputs = inputs_of(rows, vectorizers, tokenizer, model)
    parts = choose(inputs, targets, names)
    strengths = parts["C"]
    linear = {part: fit(inputs[part], targets, names, strengths[part]) for part in inputs}
    about = origin(data, columns, checkpoint) | {"rows": len(rows), "dtype": current().dtype_name}
    return CheapModel(names, parts, about, linear, vectorizers)


def known_rows(data, texts: str | Sequence[str] | None) -> tuple[tuple, list, np.ndarray]:
    """The columns of data (see `columns_of`), and the rows of train that have a label, with it.

    Raises: ValueError for data that cannot be learnt from.
    """
    if "train" not in data:
        raise ValueError("data must be a DatasetDict with the split train: load_corpus makes one.")
    columns = columns_of(data["train"], texts)
    rows, targets = rows_of(data["train"], columns[0]), target_values(data["train"], columns[1])
    if columns[2]:
        known = np.flatnonzero(targets >= 0)
        rows, targets = [rows[row] for row in known], targets[known]
    if len(set(targets.tolist())) < 2:
        raise ValueError("Every row of train has the same label: add rows with another one.")
    return columns, rows, targets


def origin(data, columns: tuple, checkpoint: str | Path | None) -> dict:
    """What a cheap model follows from."""
    return {
        "checkpoint": None if checkpoint is None else str(checkpoint),
        "checkpoint_sha256": fingerprint_of_checkpoint(find_checkpoint(checkpoint)),
        "data_sha256": data_hash(data, columns),
    }


def load_cheap_model(folder: str | Path) -> CheapModel:
    """The model that `CheapModel.save` wrote to a folder.

    Raises: ValueError if there is none, or its file is damaged.
    """
    path = Path(folder) / FILE
    if not path.is_file():
        raise ValueError(f"{folder} holds no cheap model: it has no {FILE}.")
    try:
        with np.load(path) as saved:
            arrays = dict(saved)
        about = json.loads(str(arrays["about"]))
        parts = pd.read_json(io.StringIO(str(arrays["parts"])), orient="split", precise_float=True)
        linear, vectorizers = {}, {}
        for part in parts.index[:-1]:
            linear[part] = Linear(arrays[f"{part} weights"], arrays[f"{part} bias"])
        for kind in ("words", "letters"):
            vectorizers[kind] = new_vectorizer(kind, json.loads(str(arrays[f"{kind} terms"])))
            vectorizers[kind].idf_ = arrays[f"{kind} idf"]
    except Exception as error:  # of zip, numpy, json or pandas: whatever a damaged file brings
        raise ValueError(f"{path} is damaged ({type(error).__name__}): train it again.") from None
    return CheapModel(about.pop("labels"), parts, about, linear, vectorizers)


def new_vectorizer(kind: str, terms: list[str] | None = None, rare: int = 1):
    """A TfidfVectorizer for words and single signs, or for runs of letters within words.

    rare: a term in fewer texts than this is left out.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    options = {"vocabulary": terms, "min_df": rare, "sublinear_tf": True, "dtype": np.float32}
    if kind == "words":
        return TfidfVectorizer(token_pattern=r"\w+|[^\w\s]", ngram_range=(1, 2), **options)
    return TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), **options)


def fitted_vectorizers(rows: Sequence) -> dict:
    """The two vectorizers, with the terms of these rows; in many rows, those met more than once."""
    texts = [text for side in sides_of(rows) for text in side]
    rare = 2 if len(texts) >= 1000 else 1
    fitted = {}
    for kind in ("words", "letters"):
        try:
            fitted[kind] = new_vectorizer(kind, rare=rare).fit(texts)
        except ValueError:  # no term is met twice
            fitted[kind] = new_vectorizer(kind).fit(texts)
    return fitted


def sides_of(rows: Sequence) -> list[list[str]]:
    """The column of texts that rows hold, or the two columns of pairs."""
    rows = list(rows)
    if rows and not isinstance(rows[0], str):
        return [list(side) for side in zip(*rows, strict=True)]
    return [rows]


def inputs_of(rows: Sequence, vectorizers: dict, tokenizer, model, cache: bool = True) -> dict:
    """What the linear models read of rows: for each part a sparse matrix or array [n, width].

    A pair is told by the product of its two sides, number by number, and their absolute difference.
    """
    sides = []
    for texts in sides_of(rows):
        side = {kind: vectorizer.transform(texts) for kind, vectorizer in vectorizers.items()}
        layers = middle_layers(model)
        states = unit_states(texts, tokenizer, model, layers, cache)
        sides.append(side | {f"layer {n}": states[:, i] for i, n in enumerate(layers)})
    if len(sides) == 1:
        return sides[0]
    first, second = sides
    return {part: _compared(first[part], second[part]) for part in first}


def _compared(one, other):
    from scipy import sparse

    if sparse.issparse(one):
        return sparse.hstack([one.multiply(other), abs(one - other)]).tocsr()
    return np.hstack([one * other, np.abs(one - other)])


def middle_layers(model) -> list[int]:
    """Four layers of an encoder, spread from its middle to its last (fewer, if it is small)."""
    last = model.config.num_hidden_layers
    return sorted({round(last / 2 + last / 2 * step / 3) for step in range(4)})


def unit_states(
    texts: list[str], tokenizer, model, layers: list[int], cache: bool = True
) -> np.ndarray:
    """The mean states of texts in several layers, each of length 1: [n, layers, hidden].

    cache: as in `extract_features`; for rows that are seen once it costs more than it spares.
    """
    if cache:
        try:
            make_runs_folder()
        except RuntimeError:  # where nothing can be kept, it is computed again
            cache = False
    states = extract_features(texts, tokenizer, model, "mean", layer=layers, cache=cache)
    states = states.reshape(len(texts), len(layers), -1)
    return states / np.maximum(np.linalg.norm(states, axis=2, keepdims=True), 1e-12)


def new_linear(strength: float, is_number: bool, exact: bool = False):
    """A logistic regression, or for numbers a ridge regression, not fitted.

    exact: take the steps that the last digits need; for trying things out they are not worth it.
    """
    from sklearn.linear_model import LogisticRegression, Ridge

    if is_number:
        return Ridge(alpha=1 / strength)
    return LogisticRegression(C=strength, max_iter=1000, tol=1e-4 if exact else 1e-3)


def fit(inputs, targets: np.ndarray, names: list[str] | None, strength: float) -> Linear:
    """Fit a linear model; a class without rows never comes out of it."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # more threads only wait for one another here
        model = new_linear(strength, names is None, exact=True).fit(inputs, targets)
    weights, bias = np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_)
    if names:
        if len(weights) == 1:  # of two classes scikit-learn keeps the second one's weights only
            weights, bias = np.vstack([0 * weights, weights]), np.append(0, bias)
        all_weights = np.zeros((len(names), weights.shape[1]))
        all_bias = np.full(len(names), -np.inf)
        all_weights[model.classes_], all_bias[model.classes_] = weights, bias
        weights, bias = all_weights, all_bias
    return Linear(weights.T.astype(np.float32), bias.astype(np.float32))


def choose(inputs: dict, targets: np.ndarray, names: list[str] | None) -> pd.DataFrame:
    """The table `parts` of a CheapModel: the strength of each part, its share and its scores.

    Of three strengths a part gets the one with the least loss out of fold.
    """

    def given(part: str, strength: float, most: int) -> tuple[np.ndarray, np.ndarray]:
        rows = sample(targets.tolist(), most) if names else list(range(len(targets)))[:most]
        model = new_linear(strength, names is None)
        return out_of_fold(model, inputs[part][rows], targets[rows], names, folds=3), targets[rows]

    strengths, outputs = {}, {}
    for part in inputs:
        strengths[part] = min(
            (round(usual_strength(part) * step, 2) for step in (1 / 3, 1, 3)),
            key=lambda strength, part=part: _loss(*given(part, strength, TRIED)),
        )
        outputs[part], shared = given(part, strengths[part], SHARED)
    shares = best_shares(outputs, shared)

    def score_of(chosen: Mapping[str, float]) -> float:
        together = pooled(outputs, chosen)
        if names:
            return metric("accuracy", shared, together.argmax(1))
        return metric("pearson", shared, together[:, 0])

    rows = {}
    for part, share in shares.items():
        others = {other: shares[other] for other in shares if other != part}
        scores = {"alone": score_of({part: 1.0}), "without it": score_of(others)}
        rows[part] = {"C": strengths[part], "share": share} | scores
    rows["all"] = {"C": np.nan, "share": sum(shares.values()), "alone": score_of(shares)}
    return pd.DataFrame.from_dict(rows, orient="index")


def out_of_fold(
    model, inputs, targets: np.ndarray, names: list[str] | None, folds: int = 5
) -> np.ndarray:
    """What a model says of each row when it has learnt from the folds without that row.

    model: of scikit-learn, not fitted. inputs: [n, width]. targets: n label ids or numbers.
    Returns: float32 probabilities [n, classes]; or numbers [n, 1]. The probability is 0 for a row
        with a label below 0, for a class without rows, and for a class with one row, which is
        judged by all rows of other classes.
    """
    from sklearn.base import clone
    from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict
    from threadpoolctl import threadpool_limits

    if names is None:
        cut = KFold(min(folds, len(targets)), shuffle=True, random_state=SEED)
        return cross_val_predict(model, inputs, targets, cv=cut).reshape(-1, 1)
    probability = np.zeros((len(targets), len(names)), dtype=np.float32)
    classes, sizes = np.unique(targets[targets >= 0], return_counts=True)
    classes, single = classes[sizes > 1], np.isin(targets, classes[sizes == 1])
    often, single = np.flatnonzero(np.isin(targets, classes)), np.flatnonzero(single)
    if len(classes) < 2:  # there is nothing to tell apart
        probability[np.ix_([*often, *single], classes)] = 1
        return probability
    cut = StratifiedKFold(max(2, min(folds, sizes.max())), shuffle=True, random_state=SEED)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes with few rows: what that means is said above
        given = cross_val_predict(
            model, inputs[often], targets[often], cv=cut, method="predict_proba"
        )
        probability[np.ix_(often, classes)] = given
        if len(single):
            fitted = clone(model).fit(inputs[often], targets[often])
            probability[np.ix_(single, classes)] = fitted.predict_proba(inputs[single])
    return probability


def best_shares(outputs: dict[str, np.ndarray], targets: np.ndarray) -> dict[str, float]:
    """The shares with which the mean of several models' outputs has the least loss.

    For classes they add up to 1, and are found by expectation maximisation: each row is ascribed to
    the models by how probable they find its label; a model's share is what is ascribed to it.
    """
    if next(iter(outputs.values())).shape[1] == 1:
        from scipy.optimize import nnls

        columns = np.column_stack([given[:, 0] for given in outputs.values()])
        return dict(zip(outputs, nnls(columns, targets)[0].tolist(), strict=True))
    rows = range(len(targets))
    likely = np.stack([given[rows, targets] for given in outputs.values()]).clip(1e-9)
    shares = np.full(len(outputs), 1 / len(outputs))
    for _ in range(100):
        ascribed = shares[:, None] * likely
        shares = (ascribed / ascribed.sum(0)).mean(1)
    return dict(zip(outputs, shares.tolist(), strict=True))


def pooled(outputs: Mapping[str, np.ndarray], shares: Mapping[str, float]) -> np.ndarray:
    """The mean of outputs with these shares; probabilities add up to 1 again."""
    chosen = [part for part in outputs if part in shares]
    total = sum(shares[part] * outputs[part] for part in chosen)
    if total.shape[1] == 1:
        return total
    return total / np.maximum(total.sum(1, keepdims=True), 1e-12)


def _loss(outputs: np.ndarray, targets: np.ndarray) -> float:
    if outputs.shape[1] == 1:
        return float(np.mean((outputs[:, 0] - targets) ** 2))
    return float(-np.log(outputs[range(len(targets)), targets].clip(1e-9)).mean())


def _as_text(content) -> np.ndarray:
    return np.array(json.dumps(content, ensure_ascii=False))
