"""The exercises of notebook 03: mean pooling, row order, beating the majority.

The others stand in `ex03_pictures` (a matrix, a map) and `ex03_choices` (a comparison, a layer).
"""

import warnings
from collections import Counter
from collections.abc import Callable

import numpy as np

from ..corpora import load_corpus
from . import NotYet, define
from .answers import call, kind_of

MARGIN = 0.10


@define(
    "03.1",
    hint=(
        "A text has two real tokens with the states 2 and 4, and one position of padding with the "
        "state 9. What is its mean, and by what do you divide?"
    ),
    step=(
        "First make the states of padding 0, so that they add nothing to the sum over the tokens. "
        "For that the mask lacks a third dimension: `mask.unsqueeze(-1)` adds it."
    ),
    solution="""
    def mean_pool(states, mask):
        weights = mask.unsqueeze(-1)
        return (states * weights).sum(dim=1) / weights.sum(dim=1)
    """,
)
def check_mean_pool(mean_pool: Callable) -> str:
    """Check a function (states [n, tokens, hidden], mask [n, tokens]) -> [n, hidden]."""
    import torch

    random = torch.Generator().manual_seed(3)
    for lengths, hidden in (([3, 7, 1, 5], 6), ([2, 9], 4), ([3, 3, 3], 8), ([4], 5)):
        states = torch.randn(len(lengths), max(lengths), hidden, generator=random)
        mask = torch.tensor([[int(i < length) for i in range(max(lengths))] for length in lengths])
        try:
            answer = call(mean_pool, states.clone(), mask.clone(), seconds=20)
        except NotImplementedError:
            raise
        except RuntimeError as error:
            raise NotYet(
                f"With states of the shape {list(states.shape)} and a mask of the shape "
                f"{list(mask.shape)} mean_pool stops: {str(error).splitlines()[0]:.120}. Do the "
                "shapes fit together in each of your steps?"
            ) from None
        _check_means(_as_tensor(answer, "mean_pool"), states, mask)
    return "Every text of four batches gets the mean of its own tokens, and of no others."


def _check_means(answer, states, mask) -> None:
    import torch

    lengths = mask.sum(dim=1).tolist()
    wanted = torch.stack([rows[:n].mean(0) for rows, n in zip(states, lengths, strict=True)])
    if answer.shape != wanted.shape:
        lead = ": rows and columns are swapped" if answer.shape == wanted.T.shape else ""
        raise NotYet(
            f"States of the shape {list(states.shape)} should give {list(wanted.shape)}, one "
            f"vector a text, but yours have the shape {list(answer.shape)}{lead}."
        )
    if torch.allclose(answer, wanted, atol=1e-4):
        return
    sums = (states * mask.unsqueeze(-1)).sum(1)
    mistakes = {
        "the mask is not used: padding is averaged in": states.mean(1),
        "you divide by the length of the longest text: divide by each text's own number of "
        "tokens": sums / max(lengths),
        "that is the sum of the real tokens: divide it by their number": sums,
        "that is the first token's state, not the mean": states[:, 0],
    }
    for reason, mistake in mistakes.items():
        if torch.allclose(answer, mistake, atol=1e-4):
            raise NotYet(f"The shape is right, but {reason}.")
    wrong = [i for i in range(len(lengths)) if not torch.allclose(answer[i], wanted[i], atol=1e-4)]
    i = wrong[0]
    off = int((answer[i] - wanted[i]).abs().nan_to_num(torch.inf).argmax())
    raise NotYet(
        f"A text with {lengths[i]} real tokens out of {max(lengths)} positions gives "
        f"{answer[i, off]:.4f} as number {off}; the mean over its real tokens is "
        f"{wanted[i, off]:.4f} there."
    )


def _as_tensor(answer, name: str):
    """What a learner's function returned as a tensor of float32."""
    import torch

    if isinstance(answer, list | tuple) and answer and isinstance(answer[0], torch.Tensor):
        raise NotYet(
            f"{name} returns {kind_of(answer)} tensors: make one of them, as torch.stack does."
        )
    try:
        return torch.as_tensor(answer).detach().cpu().to_dense().float()
    except (TypeError, ValueError, RuntimeError):
        raise NotYet(f"{name} returns {kind_of(answer)}: one tensor is asked for.") from None


@define(
    "03.2",
    hint=(
        "If `order` is [2, 0, 1], in which row of the result must `run[0]` stand? And from which "
        "place of `run` does row 0 of the result come?"
    ),
    step=(
        "Make an empty array of the shape of `run`, and fill it in a loop over k. For each k, ask "
        "where `run[k]` goes, not what comes to row k."
    ),
    solution="""
    def back_in_order(run, order):
        features = np.empty_like(run)
        features[order] = run
        return features
    """,
)
def check_back_in_order(back_in_order: Callable) -> str:
    """Check a function (run [n, hidden], order [n]) -> features [n, hidden] in row order."""
    random = np.random.default_rng(3)
    first = np.array([4, 2, 0, 5, 1, 3])
    orders = [first, *(random.permutation(n) for n in (1, 9, 50))]
    for order, hidden in zip(orders, (3, 2, 5, 4), strict=True):
        wanted = random.normal(size=(len(order), hidden)).astype(np.float32)
        run = wanted[order]
        answer = call(back_in_order, run.copy(), order.copy(), seconds=20)
        if hasattr(answer, "detach"):
            answer = answer.detach().cpu()
        try:
            if np.asarray(answer).dtype.kind in "SU":
                raise TypeError("texts of digits")
            answer = np.asarray(answer, dtype=np.float32)
        except (TypeError, ValueError):
            raise NotYet(
                f"back_in_order returns {kind_of(answer)}; an array of the shape "
                f"{list(run.shape)} is asked for."
            ) from None
        _check_order(answer, run, order, wanted)
    return "Row i belongs to post i again, whatever the order was."


def _check_order(
    answer: np.ndarray, run: np.ndarray, order: np.ndarray, wanted: np.ndarray
) -> None:
    if answer.shape != wanted.shape:
        lead = ": rows and columns are swapped" if answer.shape == wanted.T.shape else ""
        raise NotYet(
            f"{len(order)} posts went in with the shape {list(run.shape)}; yours came back as "
            f"{list(answer.shape)}{lead}."
        )
    wrong = np.flatnonzero(~np.isclose(answer, wanted).all(axis=1))
    if not wrong.size:
        return
    row = wrong[0]
    place = np.flatnonzero(np.isclose(wanted, answer[row]).all(axis=1))
    whose = f"those of post {place[0]}" if place.size else "those of no post"
    orders = f"order = {order.tolist()}" if len(order) < 10 else f"{len(order)} posts"
    if np.array_equal(answer, run):
        reason = "nothing has moved, the features are still in the order they were run in"
    elif np.array_equal(answer, run[order]):
        reason = "you used order to fetch rows a second time, not to put them back"
    else:
        reason = "the rows are not in their places"
    raise NotYet(f"With {orders} {reason}: row {row} holds {whose}.")


@define(
    "03.3",
    hint=(
        "Which models of section 8 are at least 10 percentage points above the majority "
        "classifier? Which features does one of them read, for training and for validation?"
    ),
    step=(
        "Write down one model of section 8 that reads states, with any settings, and leave `.fit` "
        "to the check. Its features stand in the dict `features`; section 6 shows how the keys are "
        "made."
    ),
    solution="""
    my_classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.03, max_iter=1000))
    my_train_features = features["mean", "train"]
    my_validation_features = features["mean", "validation"]
    """,
)
def check_my_classifier(classifier, train_features, validation_features) -> str:
    """Check an unfitted classifier by its accuracy on validation, after a fit to train.

    A second fit, to training labels dealt out at random, must fail: what still predicts well then
    knows the validation labels from elsewhere.
    """
    emotion = load_corpus("emotion")
    names = emotion["train"].features["label"].names
    y_train, y_validation = (np.array(emotion[split]["label"]) for split in ("train", "validation"))
    _check_classifier(classifier)
    _check_rows(train_features, validation_features, len(y_train), len(y_validation))
    train_features, validation_features = map(_as_list, (train_features, validation_features))
    try:
        fitted = _fitted(classifier, train_features, y_train)
        predicted = fitted.predict(validation_features)
    except (TypeError, ValueError) as error:
        reason = (str(error).splitlines() or [""])[0].rstrip(".")
        raise NotYet(
            f"{type(classifier).__name__} stops at your features: {type(error).__name__}, "
            f"{reason:.120}. Are both in a form that it can read?"
        ) from None
    answer = _class_ids(predicted, len(y_validation), names)
    most_frequent = Counter(y_train.tolist()).most_common(1)[0][0]
    majority, accuracy = (y_validation == most_frequent).mean(), (answer == y_validation).mean()
    score = f"Its accuracy is {accuracy:.2f}, that of the majority classifier {majority:.2f}"
    if (answer == most_frequent).all():
        raise NotYet(f"Every answer is {names[most_frequent]}: this is the majority classifier.")
    if accuracy < majority:
        raise NotYet(
            f"{score}: worse than not reading the posts. Is row i of both features post i, and do "
            "both hold the same kind of features?"
        )
    if accuracy < majority + MARGIN:
        raise NotYet(f"{score}: beat it by {100 * MARGIN:.0f} percentage points at least.")
    dealt = np.random.default_rng(3).permutation(y_train)
    blind = np.asarray(_fitted(classifier, train_features, dealt).predict(validation_features))
    control = (blind == y_validation).mean()
    if control >= majority + MARGIN / 2:
        raise NotYet(
            f"{score}. But with training labels dealt out at random it still reaches "
            f"{control:.2f}: it knows validation labels from elsewhere. Give a classifier that is "
            "not fitted."
        )
    if accuracy == 1:
        raise NotYet("Every answer is right: do the features hold the labels?")
    return (
        f"{score}: you beat it by {100 * (accuracy - majority):.0f} percentage points. With "
        f"training labels dealt out at random it falls to {control:.2f}, as it should."
    )


def _check_classifier(classifier) -> None:
    if isinstance(classifier, type):
        raise NotYet(
            f"{classifier.__name__} is a class; brackets make a classifier of it: "
            f"{classifier.__name__}()."
        )
    if not (hasattr(classifier, "fit") and hasattr(classifier, "predict")):
        lead = ", such as predictions" if hasattr(classifier, "__len__") else ""
        raise NotYet(
            f"The first is {kind_of(classifier)}{lead}; a classifier is asked for, which has .fit "
            "and .predict. The check calls both."
        )


def _check_rows(train_features, validation_features, n_train: int, n_validation: int) -> None:
    counts = []
    for features in (train_features, validation_features):
        shape = getattr(features, "shape", None)
        if not shape and not isinstance(_as_list(features), list | tuple):
            raise NotYet(f"Features have a row for each post, but yours are {kind_of(features)}.")
        counts.append(shape[0] if shape else len(features))
    if counts != [n_train, n_validation]:
        lead = ": the two are swapped" if counts == [n_validation, n_train] else ""
        raise NotYet(
            f"There are {n_train:,} training and {n_validation:,} validation posts, but your "
            f"features have {counts[0]:,} and {counts[1]:,} rows{lead}."
        )


def _as_list(features):
    """A column of a dataset as a list; everything else as it is."""
    return features[:] if type(features).__name__ == "Column" else features


def _fitted(classifier, features, labels):
    """A fresh copy of the classifier, fitted; what it learnt before is left behind."""
    from sklearn.base import clone

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the learner has seen them, or would see them twice
        copy = clone(classifier, safe=False)
        copy.fit(features, labels)
    return copy


def _class_ids(predictions, n_rows: int, names: list[str]) -> np.ndarray:
    answer = np.asarray(predictions)
    if answer.shape != (n_rows,):
        raise NotYet(
            f"Its .predict gives the shape {list(answer.shape)}: one class id for each of the "
            f"{n_rows:,} validation posts is asked for."
        )
    known = [value in range(len(names)) for value in answer.tolist()]
    if not all(known):
        strange = answer.tolist()[known.index(False)]
        raise NotYet(
            f"Its .predict gives {strange!r:.30}, and not a class id from 0 to "
            f"{len(names) - 1}: is it a classifier?"
        )
    return answer
