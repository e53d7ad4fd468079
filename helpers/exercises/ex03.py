"""The exercises of notebook 03: mean pooling, row order, beating the majority."""

from collections import Counter
from collections.abc import Callable

import numpy as np

from ..corpora import load_corpus
from . import NotYet, define

MARGIN = 0.10


@define(
    "03.1",
    hint=(
        "Multiply the states by the mask, so that padding adds nothing to the sum over the tokens; "
        "`mask.unsqueeze(-1)` gives the mask the missing third dimension. Then divide by the "
        "number of real tokens of each text, which is the sum of its mask."
    ),
    solution="""
    def mean_pool(states, mask):
        weights = mask.unsqueeze(-1)
        return (states * weights).sum(dim=1) / weights.sum(dim=1)
    """,
)
def judge_mean_pool(mean_pool: Callable) -> str:
    """Judge a function (states [n, tokens, hidden], mask [n, tokens]) -> [n, hidden]."""
    import torch

    random = torch.Generator().manual_seed(3)
    lengths = [7, 3, 1, 5]
    states = torch.randn(len(lengths), max(lengths), 6, generator=random)
    mask = torch.tensor([[int(i < length) for i in range(max(lengths))] for length in lengths])
    wanted = torch.stack([rows[:n].mean(0) for rows, n in zip(states, lengths, strict=True)])
    found = mean_pool(states.clone(), mask.clone())
    if found is None:
        raise NotYet("mean_pool returns nothing: does it end with return?")
    found = torch.as_tensor(found)
    if found.shape != wanted.shape:
        raise NotYet(
            f"States of the shape {list(states.shape)} should give {list(wanted.shape)}, one "
            f"vector a text, but yours have the shape {list(found.shape)}."
        )
    mistakes = {
        "the mask is not used: padding is averaged in": states.mean(1),
        "you divide by the length of the longest text: divide by each text's own number of "
        "tokens": (states * mask.unsqueeze(-1)).mean(1),
        "that is the sum of the real tokens: divide it by their number": (
            states * mask.unsqueeze(-1)
        ).sum(1),
        "that is the first token's state, not the mean": states[:, 0],
    }
    for reason, mistake in mistakes.items():
        if torch.allclose(found.float(), mistake, atol=1e-4):
            raise NotYet(f"The shape is right, but {reason}.")
    for i, length in enumerate(lengths):
        if not torch.allclose(found[i].float(), wanted[i], atol=1e-4):
            raise NotYet(
                f"A text with {length} real tokens out of {max(lengths)} positions gives "
                f"{found[i, 0]:.2f} as its first number; the mean of its real tokens is "
                f"{wanted[i, 0]:.2f}."
            )
    return (
        f"Texts of {', '.join(map(str, lengths[:-1]))} and {lengths[-1]} tokens in one batch, and "
        "each gets the mean of its own tokens."
    )


@define(
    "03.2",
    hint=(
        "`run[k]` belongs to row `order[k]`. So make an empty array of the same shape and put each "
        "`run[k]` where it belongs; numpy does that for all k at once if `order` stands in the "
        "brackets on the left of the equals sign."
    ),
    solution="""
    def back_in_order(run, order):
        features = np.empty_like(run)
        features[order] = run
        return features
    """,
)
def judge_back_in_order(back_in_order: Callable) -> str:
    """Judge a function (run [n, hidden], order [n]) -> features [n, hidden] in row order."""
    random = np.random.default_rng(3)
    first = np.array([4, 2, 0, 5, 1, 3])
    for order in [first, *(random.permutation(n) for n in (1, 9, 50))]:
        wanted = random.normal(size=(len(order), 3)).astype(np.float32)
        run = wanted[order]
        found = back_in_order(run.copy(), order.copy())
        if found is None:
            raise NotYet("back_in_order returns nothing: does it end with return?")
        found = np.asarray(found)
        if found.shape != wanted.shape:
            raise NotYet(
                f"{len(order)} posts went in with the shape {list(run.shape)}; yours came back as "
                f"{list(found.shape)}."
            )
        wrong = np.flatnonzero(~np.isclose(found, wanted).all(axis=1))
        if not wrong.size:
            continue
        row = wrong[0]
        place = np.flatnonzero(np.isclose(wanted, found[row]).all(axis=1))
        whose = f"those of post {place[0]}" if place.size else "those of no post"
        orders = f"order = {order.tolist()}" if len(order) < 10 else f"{len(order)} posts"
        if np.array_equal(found, run):
            reason = "nothing has moved, the features are still in the order they were run in"
        elif np.array_equal(found, run[order]):
            reason = "you used order to fetch rows a second time, not to put them back"
        else:
            reason = "the rows are not in their places"
        raise NotYet(f"With {orders} {reason}: row {row} holds {whose}.")
    return "Row i belongs to post i again, whatever the order was."


@define(
    "03.3",
    hint=(
        "Any of the models above will do, with its settings changed or not: `.fit` it on "
        '`features["mean", "train"]` and `y_train`, then `.predict` for '
        '`features["mean", "validation"]`. Both kinds of features side by side are an idea, too: '
        "np.hstack."
    ),
    solution="""
    my_classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.03, max_iter=1000))
    my_classifier.fit(features["mean", "train"], y_train)
    my_predictions = my_classifier.predict(features["mean", "validation"])
    """,
)
def judge_my_predictions(predictions) -> str:
    """Judge n class ids for the n validation posts by their accuracy."""
    emotion = load_corpus("emotion")
    names = emotion["train"].features["label"].names
    labels = np.array(emotion["validation"]["label"])
    most_frequent = Counter(emotion["train"]["label"][:]).most_common(1)[0][0]
    majority = (labels == most_frequent).mean()
    found = np.asarray(predictions)
    if found.ndim == 2 and found.shape == (len(labels), len(names)):
        raise NotYet(
            f"That is a table of {len(names)} numbers a post, probabilities perhaps: give the id "
            "of the class with the highest."
        )
    if found.shape != labels.shape:
        raise NotYet(
            f"There are {len(labels):,} validation posts, but your predictions have the shape "
            f"{list(found.shape)}."
        )
    if found.dtype.kind not in "iuf":
        raise NotYet(f"Give class ids from 0 to {len(names) - 1}; your first is {found[0]!s}.")
    if not np.isin(found, range(len(names))).all():
        strange = found[~np.isin(found, range(len(names)))][0]
        raise NotYet(f"Class ids go from 0 to {len(names) - 1}, but yours contain {strange}.")
    accuracy = (found == labels).mean()
    if accuracy == 1:
        raise NotYet("Every answer is right: are these the labels themselves, not predictions?")
    score = f"Your accuracy is {accuracy:.2f}, that of the majority classifier {majority:.2f}"
    if (found == most_frequent).all():
        raise NotYet(f"Every answer is {names[most_frequent]}: this is the majority classifier.")
    if accuracy < majority:
        raise NotYet(
            f"{score}: worse than not reading the posts. Are the predictions in the order of the "
            "posts, and is row i of the features post i?"
        )
    if accuracy < majority + MARGIN:
        raise NotYet(f"{score}: beat it by {100 * MARGIN:.0f} percentage points at least.")
    return f"{score}: you beat it by {100 * (accuracy - majority):.0f} percentage points."
