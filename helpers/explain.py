"""Which words made a model say so, and which training rows lie nearest to a text.

A word is deleted and the model asked again: what the answer loses, the word carried.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from .cheap import CheapModel
from .columns import labelled
from .features import extract_features
from .files import plain_errors
from .predicting import predict_logits
from .runs import Run
from .scores import names_of

PARTS = 60  # of a text that are deleted one at a time
TOLD = 0.1  # from which on the number stands beside a word
FOR, AGAINST = "31,80,168", "194,138,0"  # colours, red, green and blue
DEEPEST = 0.5  # opacity of a word that carries all: letters stay readable on it in any theme


@dataclass(frozen=True)
class Explanation:
    """A text, and what each of its words carries of a model's answer.

    words: the words in their order; of a text of more than 60, runs of neighbours. side: 0, or 1
        for those of a pair's second text. carried: by how much the answer falls when the word is
        deleted, in probability (or in the unit of the numbers that the model predicts); below 0
        for a word that speaks against it.
    label: the class that is explained, "" for a number. answer: its probability, or the number.
    """

    words: list[str]
    side: np.ndarray
    carried: np.ndarray
    label: str
    answer: float

    def html(self) -> str:
        """The text with coloured words, their numbers beside them, as HTML."""
        scale = 1 if self.label else np.abs(self.carried).max(initial=0)
        shown = []
        for word, carried in zip(self.words, self.carried, strict=True):
            shown.append(_coloured(word, carried, carried / (scale or 1)))
        sides = [
            " ".join(w for w, s in zip(shown, self.side, strict=True) if s == side)
            for side in (0, 1)
        ]
        text = "<br>".join(side for side in sides if side)
        return f'<div style="line-height:1.9"><b>{escape(self._heading())}</b><br>{text}</div>'

    def _heading(self) -> str:
        return f"{self.label} {self.answer:.2f}".strip()

    def __repr__(self) -> str:
        said = []
        for word, carried in zip(self.words, self.carried, strict=True):
            said.append(word + (f"[{carried:+.2f}]" if abs(carried) >= TOLD else ""))
        return f"{self._heading()}: {' '.join(said)}"

    _repr_html_ = html


def _coloured(word: str, carried: float, strength: float) -> str:
    if abs(strength) < TOLD:
        return escape(word)
    colour = f"rgba({FOR if carried > 0 else AGAINST},{DEEPEST * min(abs(strength), 1):.2f})"
    number = f"{carried:+.2f}".replace("-", "−")
    number = f'<sup style="font-size:70%">{number}</sup>'
    style = f"background-color:{colour};padding:2px 3px;border-radius:3px"
    return f'<span style="{style}">{escape(word)}{number}</span>'


@plain_errors
def explain_words(model, texts, labels: str | Sequence[str] | None = None):
    """What each word of a text carries of a model's answer: it is deleted, and the model asked.

    model: a Run or a CheapModel. texts: one text, or a sequence of texts or of pairs of texts.
    labels: the label to explain, or one for each text; unless given, the one that is predicted.
    Returns: an Explanation, or a list of them. A notebook shows it as text with coloured words:
        blue and + for a word that speaks for the label, ochre and − against it.
    Raises: ValueError for a label that the model does not know, for too many or too few of them,
        and for texts that are no strings, or not as many in a row as the model reads.
    Two words that say the same cover for each other: each alone seems to carry nothing.
    Source: Li, Monroe, Jurafsky 2016, https://arxiv.org/abs/1612.08220.
    """
    if isinstance(texts, str):
        return explain_words(model, [texts], labels)[0]
    texts = _checked(texts, len(getattr(model, "texts", [])))
    labels = [labels] * len(texts) if isinstance(labels, str | None) else list(labels)
    if len(labels) != len(texts):
        raise ValueError(f"Each text needs one label: {len(texts)} and {len(labels)} were given.")
    cut = [_words_of(row) for row in texts]
    variants, ends = [], [0]
    for words, row in zip(cut, texts, strict=True):
        variants += [row, *(_without(words, i, row) for i in range(len(words)))]
        ends.append(len(variants))
    outputs = outputs_of(model, variants) if variants else np.empty((0, 1))
    explained = []
    for i, words in enumerate(cut):
        answers = outputs[ends[i] : ends[i + 1]]
        column = _column(model, answers[0], labels[i])
        answer = answers[:, column]
        side = np.array([side for side, _ in words], int)
        name = model.labels[column] if model.labels else ""
        spoken = [word for _, word in words]
        explained.append(Explanation(spoken, side, answer[0] - answer[1:], name, float(answer[0])))
    return explained


def _checked(texts, sides: int) -> list:
    """The rows as a list; sides: how many texts a row must have, if that is known."""
    rows = [tuple(row) if isinstance(row, list | tuple) else row for row in texts]
    for i, row in enumerate(rows):
        parts = row if isinstance(row, tuple) else (row,)
        if not all(isinstance(part, str) for part in parts):
            raise ValueError(f"Text {i} is {row!r}: give strings, or pairs of strings.")
        if sides and len(parts) != sides:
            wanted = "pairs of texts" if sides == 2 else "single texts"
            raise ValueError(f"Text {i} is {row!r}: this model reads {wanted}.")
    return rows


def _words_of(row) -> list[tuple[int, str]]:
    """The words of a text, or of a pair, with their side; of a long text, runs of neighbours."""
    words = []
    for side, text in enumerate([row] if isinstance(row, str) else row):
        found = text.split()
        step = -(-len(found) // PARTS) or 1
        words += [(side, " ".join(found[i : i + step])) for i in range(0, len(found), step)]
    return words


def _without(words: list[tuple[int, str]], i: int, row):
    """The row without its word i."""
    left = words[:i] + words[i + 1 :]
    if isinstance(row, str):
        return " ".join(word for _, word in left)
    return tuple(" ".join(word for side, word in left if side == s) for s in range(len(row)))


def _column(model, outputs: np.ndarray, label: str | None) -> int:
    if label is None:
        return int(outputs.argmax())
    if label not in (model.labels or []):
        known = ", ".join(model.labels or ["none: it predicts a number"])
        raise ValueError(f"The model has no label {label!r}; its labels: {known}.")
    return model.labels.index(label)


def outputs_of(model, rows: list) -> np.ndarray:
    """What a Run or a CheapModel says of rows: probabilities [n, classes] or numbers [n, 1]."""
    from scipy.special import expit, softmax

    if isinstance(model, CheapModel):
        return model.predict_proba(rows)
    logits = predict_logits(model.model, model.tokenizer, rows).astype(float)
    if model.head == "multi_label":
        return expit(logits)
    return softmax(logits, axis=1) if model.labels else logits


def nearest_rows(run: Run, text: str, dataset, k: int = 5) -> pd.DataFrame:
    """The rows of a dataset that a run's encoder takes for most like a text.

    dataset: one split, such as the one that the run has learnt from.
    Returns: text, label (name) and similarity of k rows, the most similar first; the index is the
        row's number in the dataset. Similarity is the cosine of the mean states two thirds of the
        way up, 1 for the same direction: further up, the texts of a class are all alike.
    Raises: ValueError for a run of pairs or of numbers, for what is no split, and for k below 1.
    """
    if isinstance(run, CheapModel) or len(run.texts) > 1:
        raise ValueError("nearest_rows needs a fine-tuned run that was trained on single texts.")
    if not hasattr(dataset, "features"):
        raise ValueError('dataset must be one split, such as data["train"].')
    if k < 1:
        raise ValueError(f"k={k}: ask for one row at least.")
    texts, labels, names = labelled(dataset, run.texts, names_of(run.model))
    how = {"pool": "mean", "layer": round(2 / 3 * run.model.config.num_hidden_layers)}
    known = _directions(extract_features(texts, run.tokenizer, run.model, cache=True, **how))
    asked = _directions(extract_features([text], run.tokenizer, run.model, **how))
    similarity = (known @ asked.T)[:, 0]
    nearest = np.argsort(-similarity, kind="stable")[:k]
    rows = {
        "text": [texts[i] for i in nearest],
        "label": [names[labels[i]] if labels[i] >= 0 else None for i in nearest],
        "similarity": similarity[nearest],
    }
    return pd.DataFrame(rows, index=nearest)


def _directions(states: np.ndarray) -> np.ndarray:
    return states / np.maximum(np.linalg.norm(states, axis=1, keepdims=True), 1e-12)
