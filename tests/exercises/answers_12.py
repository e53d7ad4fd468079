"""Answers to the exercises of notebook 12, wrong ones by misconception and right ones by form."""

from itertools import pairwise

import numpy as np
import pandas as pd
import torch
from scipy.special import softmax


def diagnose(loss, val_loss):
    keep = int(np.nanargmin(val_loss))
    if not loss[-1] < loss[0]:
        return "too high", keep + 1
    if val_loss[-1] > 1.1 * val_loss[keep]:
        return "overfits", keep + 1
    if val_loss[-1] < 0.97 * val_loss[-2]:
        return "unfinished", keep + 1
    return "fine", keep + 1


def by_pandas(loss, val_loss):
    """Looks at both ends with pandas, in another order, and with other borders."""
    table = pd.DataFrame({"loss": loss, "val": val_loss}, index=range(1, len(loss) + 1))
    keep, last = table["val"].idxmin(), table.iloc[-1]
    if np.isnan(last["loss"]) or last["loss"] >= table["loss"].iloc[0]:
        return ["too high", keep]
    if keep == len(table) and table["val"].pct_change().iloc[-1] < -0.04:
        return ["unfinished", keep]
    return ["overfits" if last["val"] / table["val"].min() > 1.06 else "fine", keep]


def kept(epoch):
    """The right verdicts, with an epoch to keep of one's own."""
    return lambda: (lambda loss, val_loss: (diagnose(loss, val_loss)[0], epoch(loss, val_loss)),)


def judged(verdict):
    """The right epoch, with verdicts of one's own, or None for the right one."""

    def mixed(loss, val_loss):
        right, epoch = diagnose(loss, val_loss)
        return verdict(loss, val_loss) or right, epoch

    return lambda: (mixed,)


def fills_gaps(loss, val_loss):
    for i, value in enumerate(val_loss):
        if np.isnan(value):
            val_loss[i] = np.inf
    return diagnose(loss, val_loss)


def linear(weight, bias):
    weight = torch.as_tensor(weight)
    layer = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
    layer.weight.data = weight
    if bias is not None:
        layer.bias.data = torch.as_tensor(bias)
    return layer


def loaded(kernel, bias):
    layer = torch.nn.Linear(*kernel.shape)
    state = {"weight": torch.tensor(kernel).t(), "bias": torch.tensor(bias)}
    layer.load_state_dict(state)
    return layer


def reshaped(kernel, bias):
    return linear(kernel.reshape(kernel.shape[::-1]), bias)


def copied(kernel, bias):
    layer = torch.nn.Linear(*kernel.shape)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(kernel))
        layer.bias.copy_(torch.tensor(bias))
    return layer


def as_parameters(kernel, bias):
    layer = torch.nn.Linear(*kernel.shape)
    layer.weight = torch.nn.Parameter(torch.tensor(kernel))
    layer.bias = torch.nn.Parameter(torch.tensor(bias))
    return layer


def numbers_swapped(kernel, bias):
    layer = torch.nn.Linear(*kernel.T.shape)
    layer.weight.data.copy_(torch.tensor(kernel.T))
    layer.bias.data.copy_(torch.tensor(bias))
    return layer


def without_no_grad(kernel, bias):
    layer = torch.nn.Linear(*kernel.shape)
    layer.weight.copy_(torch.tensor(kernel.T))
    return layer


def scaled_in_place(kernel, bias):
    layer = linear(kernel.T.copy(), bias.copy())
    kernel *= 0
    return layer


def writes(share):
    """A function that writes what `share` makes of the logits."""

    def note_unsure(model, batches, logs):
        logs["val_unsure"] = share(model.predict(batches, verbose=0))

    return note_unsure


def returned(model, batches, logs):
    return (softmax(model.predict(batches, verbose=0), axis=-1).max(axis=-1) < 0.5).mean()


def under_another_name(model, batches, logs):
    logs["unsure"] = returned(model, batches, logs)


def under_two_names(model, batches, logs):
    logs["unsure"] = logs["val_unsure"] = returned(model, batches, logs)


def by_torch_softmax(model, batches, logs):
    logits = torch.as_tensor(model.predict(batches, verbose=0))
    logs["val_unsure"] = (logits.softmax(dim=-1).amax(dim=-1) < 0.5).float().mean()


def one_by_one(model, batches, logs):
    unsure = 0
    logits = model.predict(batches, verbose=0)
    for row in logits:
        exponentials = [float(np.exp(logit)) for logit in row]
        unsure += max(exponentials) / sum(exponentials) < 0.5
    logs.update(val_unsure=unsure / len(logits))


ANSWERS = {
    "12.1": {
        "wrong": {
            "always fine": judged(lambda loss, val: "fine"),
            "always overfits": judged(lambda loss, val: "overfits"),
            "validation above training": judged(
                lambda loss, val: "overfits" if val[-1] > loss[-1] and loss[-1] < loss[0] else None
            ),
            "any rise of the validation loss": judged(
                lambda loss, val: (
                    "overfits"
                    if loss[-1] < loss[0] and any(b > a for a, b in pairwise(val))
                    else None
                )
            ),
            "a rise in the last epoch": judged(
                lambda loss, val: (
                    None if not loss[-1] < loss[0] else "overfits" if val[-1] > val[-2] else "fine"
                )
            ),
            "unfinished as long as anything falls": judged(
                lambda loss, val: (
                    "unfinished" if loss[-1] < loss[-2] and val[-1] < val[-2] else None
                )
            ),
            "unfinished as long as the training loss falls": judged(
                lambda loss, val: "unfinished" if loss[-1] < loss[-2] else None
            ),
            "nan is not seen": judged(
                lambda loss, val: None if loss[-1] >= loss[0] or loss[-1] < loss[0] else "fine"
            ),
            "validation first": judged(
                lambda loss, val: "overfits" if val[-1] > 1.1 * np.nanmin(val) else None
            ),
            "a rise in the training loss at any time": judged(
                lambda loss, val: "too high" if loss[-1] > min(loss) else "fine"
            ),
            "a border in nats": judged(
                lambda loss, val: (
                    None if not loss[-1] < loss[0] else "overfits" if val[-1] > 1 else "fine"
                )
            ),
            "a difference in nats": judged(
                lambda loss, val: (
                    None
                    if not loss[-1] < loss[0]
                    else "overfits"
                    if val[-1] > min(val) + 0.1
                    else "unfinished"
                    if val[-1] < val[-2] - 0.05
                    else "fine"
                )
            ),
            "unfinished as long as the training loss falls a good deal": judged(
                lambda loss, val: (
                    None
                    if diagnose(loss, val)[0] in ("too high", "overfits")
                    else "unfinished"
                    if loss[-1] < 0.9 * loss[-2]
                    else "fine"
                )
            ),
            "a training loss that was once above its first": judged(
                lambda loss, val: "too high" if max(loss) > loss[0] else None
            ),
            "a training loss that rose in the last epoch": judged(
                lambda loss, val: "too high" if loss[-1] > loss[-2] else None
            ),
            "a training loss that is back at its first": judged(
                lambda loss, val: "fine" if loss[-1] == loss[0] else None
            ),
            "far above the training loss": judged(
                lambda loss, val: (
                    "overfits" if loss[-1] < loss[0] and val[-1] > 4.7 * loss[-1] else None
                )
            ),
            "epochs from 0": kept(lambda loss, val: int(np.nanargmin(val))),
            "the last epoch": kept(lambda loss, val: len(val)),
            "the lowest training loss": kept(lambda loss, val: int(np.nanargmin(loss)) + 1),
            "argmin, which takes nan": kept(lambda loss, val: int(np.argmin(val)) + 1),
            "the loss for the epoch": kept(lambda loss, val: float(np.nanmin(val))),
            "no epoch": kept(lambda loss, val: None),
            "the epoch as text": kept(lambda loss, val: str(int(np.nanargmin(val)) + 1)),
            "words of one's own": judged(lambda loss, val: "overfitting"),
            "a list of verdicts": judged(lambda loss, val: ["too high", "fine"]),
            "the verdict alone": lambda: (lambda loss, val: diagnose(loss, val)[0],),
            "changes what it was given": lambda: (fills_gaps,),
            "forgets to return": lambda: (lambda loss, val: None,),
            "the answer in place of the function": lambda: (("fine", 3),),
        },
        "right": {
            "ratios": lambda: (diagnose,),
            "in pandas": lambda: (by_pandas,),
        },
    },
    "12.2": {
        "wrong": {
            "does not transpose": lambda: (lambda kernel, bias: linear(kernel, bias),),
            "reshapes in place of transposing": lambda: (reshaped,),
            "forgets the bias": lambda: (lambda kernel, bias: linear(kernel.T, None),),
            "leaves the random bias": lambda: (lambda kernel, bias: linear(kernel.T, bias + 0.3),),
            "leaves the random weights": lambda: (
                lambda kernel, bias: torch.nn.Linear(*kernel.shape),
            ),
            "returns the arrays": lambda: (lambda kernel, bias: (kernel.T, bias),),
            "forgets to return": lambda: (lambda kernel, bias: None,),
            "copies without transposing": lambda: (copied,),
            "parameters without transposing": lambda: (as_parameters,),
            "swaps inputs and outputs": lambda: (numbers_swapped,),
            "copies with gradients on": lambda: (without_no_grad,),
            "empties the caller's kernel": lambda: (scaled_in_place,),
            "in float64": lambda: (lambda kernel, bias: linear(kernel.T, bias).double(),),
            "the layer in place of the function": lambda: (torch.nn.Linear(4, 4),),
        },
        "right": {
            "the data of the parameters": lambda: (lambda kernel, bias: linear(kernel.T, bias),),
            "a state dict": lambda: (loaded,),
        },
    },
    "12.3": {
        "wrong": {
            "takes logits for probabilities": lambda: (
                writes(lambda logits: (logits.max(axis=-1) < 0.5).mean()),
            ),
            "counts in place of a share": lambda: (
                writes(lambda logits: int((softmax(logits, axis=-1).max(axis=-1) < 0.5).sum())),
            ),
            "the share of the sure": lambda: (
                writes(lambda logits: (softmax(logits, axis=-1).max(axis=-1) >= 0.5).mean()),
            ),
            "softmax over the posts": lambda: (
                writes(lambda logits: (softmax(logits, axis=0).max(axis=-1) < 0.5).mean()),
            ),
            "the mean of the largest": lambda: (
                writes(lambda logits: softmax(logits, axis=-1).max(axis=-1).mean()),
            ),
            "one value a post": lambda: (
                writes(lambda logits: softmax(logits, axis=-1).max(axis=-1) < 0.5),
            ),
            "all probabilities, not the largest": lambda: (
                writes(lambda logits: (softmax(logits, axis=-1) < 0.5).mean()),
            ),
            "returns it": lambda: (returned,),
            "under another name": lambda: (under_another_name,),
            "replaces the dict": lambda: (lambda model, batches, logs: logs.clear(),),
            "in percent": lambda: (
                writes(lambda logits: 100 * (softmax(logits, axis=-1).max(axis=-1) < 0.5).mean()),
            ),
            "divides by 200": lambda: (
                writes(lambda logits: (softmax(logits, axis=-1).max(axis=-1) < 0.5).sum() / 200),
            ),
            "a text": lambda: (
                writes(lambda logits: str((softmax(logits, axis=-1).max(axis=-1) < 0.5).mean())),
            ),
            "a list": lambda: (
                writes(lambda logits: [(softmax(logits, axis=-1).max(axis=-1) < 0.5).mean()]),
            ),
            "nothing": lambda: (writes(lambda logits: None),),
            "adds other entries": lambda: (under_two_names,),
            "the share in place of the function": lambda: (0.25,),
        },
        "right": {
            "softmax of scipy": lambda: (
                writes(lambda logits: (softmax(logits, axis=-1).max(axis=-1) < 0.5).mean()),
            ),
            "post by post": lambda: (one_by_one,),
            "a tensor of one number": lambda: (by_torch_softmax,),
        },
    },
}
