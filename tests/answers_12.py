"""Answers to the exercises of notebook 12, wrong ones by misconception and right ones by form."""

import numpy as np
import torch
from scipy.special import softmax


def padded(rows, pad_id, kind="int32", width=None, left=False):
    width = width or max(len(row) for row in rows)
    ids = np.full((len(rows), width), pad_id, dtype=kind)
    mask = np.zeros((len(rows), width), dtype=kind)
    for line, row in enumerate(rows):
        place = slice(width - len(row), width) if left else slice(len(row))
        ids[line, place], mask[line, place] = row, 1
    return {"input_ids": ids, "attention_mask": mask}


def mask_from_ids(rows, pad_id):
    ids = padded(rows, pad_id)["input_ids"]
    return {"input_ids": ids, "attention_mask": (ids != pad_id).astype("int32")}


def by_torch(rows, pad_id):
    def pad(lists, value):
        tensors = [torch.tensor(row, dtype=torch.int32) for row in lists]
        return torch.nn.utils.rnn.pad_sequence(tensors, True, value).numpy()

    return {
        "input_ids": pad(rows, pad_id),
        "attention_mask": pad([[1] * len(row) for row in rows], 0),
    }


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


def writes(share):
    """A function that writes what `share` makes of the logits."""

    def note_unsure(model, batches, logs):
        logs["val_unsure"] = share(model.predict(batches, verbose=0))

    return note_unsure


def returned(model, batches, logs):
    return (softmax(model.predict(batches, verbose=0), axis=-1).max(axis=-1) < 0.5).mean()


def under_another_name(model, batches, logs):
    logs["unsure"] = returned(model, batches, logs)


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
            "int64": lambda: (lambda rows, pad_id: padded(rows, pad_id, "int64"),),
            "always pads with 0": lambda: (lambda rows, pad_id: padded(rows, 0),),
            "pads to a fixed width": lambda: (lambda rows, pad_id: padded(rows, pad_id, width=64),),
            "pads on the left": lambda: (lambda rows, pad_id: padded(rows, pad_id, left=True),),
            "takes the mask from the ids": lambda: (mask_from_ids,),
            "cuts to the shortest": lambda: (
                lambda rows, pad_id: padded([row[: min(map(len, rows))] for row in rows], pad_id),
            ),
            "forgets the mask": lambda: (
                lambda rows, pad_id: {"input_ids": padded(rows, pad_id)["input_ids"]},
            ),
            "a mask of ones": lambda: (
                lambda rows, pad_id: (
                    padded(rows, pad_id)
                    | {"attention_mask": np.ones_like(padded(rows, pad_id)["input_ids"])}
                ),
            ),
            "lists in place of arrays": lambda: (
                lambda rows, pad_id: {k: v.tolist() for k, v in padded(rows, pad_id).items()},
            ),
            "a tuple": lambda: (lambda rows, pad_id: tuple(padded(rows, pad_id).values()),),
            "forgets to return": lambda: (lambda rows, pad_id: None,),
        },
        "right": {
            "arrays filled line by line": lambda: (padded,),
            "pad_sequence of PyTorch": lambda: (by_torch,),
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
        },
        "right": {
            "softmax of scipy": lambda: (
                writes(lambda logits: (softmax(logits, axis=-1).max(axis=-1) < 0.5).mean()),
            ),
            "post by post": lambda: (one_by_one,),
        },
    },
}
