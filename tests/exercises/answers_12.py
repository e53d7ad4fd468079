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


def pads_the_callers_rows(rows, pad_id):
    batch = padded(rows, pad_id)
    for row in rows:
        row += [pad_id] * (batch["input_ids"].shape[1] - len(row))
    return batch


def sorted_by_length(rows, pad_id):
    return padded(sorted(rows, key=len), pad_id)


def endless(rows, pad_id):
    while True:
        rows = list(rows)


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
            "pads the caller's rows": lambda: (pads_the_callers_rows,),
            "sorts the rows": lambda: (sorted_by_length,),
            "transposed": lambda: (
                lambda rows, pad_id: {k: v.T for k, v in padded(rows, pad_id).items()},
            ),
            "tensors in place of arrays": lambda: (
                lambda rows, pad_id: {k: torch.tensor(v) for k, v in padded(rows, pad_id).items()},
            ),
            "lists of arrays": lambda: (
                lambda rows, pad_id: {k: list(v) for k, v in padded(rows, pad_id).items()},
            ),
            "a loop without an end": lambda: (endless,),
            "the batch in place of the function": lambda: (padded([[101, 102]], 0),),
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
