"""The exercises of notebook 12."""

from collections.abc import Callable

import numpy as np

from . import NotYet, define
from .answers import call, kind_of, run, same


@define(
    "12.1",
    hint=(
        "Two rows have 2 and 4 ids, and pad_id is 1: what are the two lines of each array? What "
        "changes in the mask if one of the real tokens is a 1 as well?"
    ),
    step=(
        "`np.full` makes an array of padding, in the shape and type you ask for. How wide must it "
        "be? What goes into a line, and how far, depends on the length of that row."
    ),
    solution="""
    def pad_batch(rows, pad_id):
        longest = max(len(row) for row in rows)
        ids = [row + [pad_id] * (longest - len(row)) for row in rows]
        mask = [[1] * len(row) + [0] * (longest - len(row)) for row in rows]
        return {
            "input_ids": np.array(ids, dtype="int32"),
            "attention_mask": np.array(mask, dtype="int32"),
        }
    """,
)
def check_pad_batch(pad_batch: Callable) -> str:
    """Check a function (lists of token ids, pad id) -> dict of two int32 arrays [rows, longest]."""
    cases = [
        ([[101, 2061, 102], [101, 2061, 3407, 2651, 102], [101, 102]], 0),
        ([[0, 713, 16, 2], [0, 2]], 1),
        ([[101, 0, 7, 102], [101, 102]], 0),  # an id that equals the padding
        ([[101, 102]], 0),
    ]
    for rows, pad_id in cases:
        answer = call(pad_batch, [list(row) for row in rows], pad_id, seconds=3)
        if not hasattr(answer, "keys"):
            raise NotYet(
                f'Return a dict with "input_ids" and "attention_mask", not {kind_of(answer)}.'
            )
        if set(answer) != {"input_ids", "attention_mask"}:
            raise NotYet(
                f'Return a dict with the keys "input_ids" and "attention_mask"; yours has '
                f"{', '.join(map(str, answer)) or 'none'}."
            )
        lengths = [len(row) for row in rows]
        longest = max(lengths)
        wanted = {
            "input_ids": [row + [pad_id] * (longest - len(row)) for row in rows],
            "attention_mask": [[1] * n + [0] * (longest - n) for n in lengths],
        }
        for key, values in wanted.items():
            _compare(key, answer[key], values, rows, pad_id)
    return "Every row is as wide as the longest of its batch, whatever the id of the padding is."


def _compare(key: str, array, wanted: list, rows: list, pad_id: int) -> None:
    shape = np.shape(wanted)
    if not isinstance(array, np.ndarray):
        raise NotYet(f"{key} is {kind_of(array)}: make it one numpy array.")
    if array.shape != shape:
        swapped = array.T.shape == shape
        raise NotYet(
            f"Rows of {', '.join(str(len(row)) for row in rows)} tokens should give the shape "
            f"{list(shape)}, but your {key} has {list(array.shape)}"
            f"{': rows and columns are swapped' if swapped else ''}."
        )
    if array.dtype != np.int32:
        raise NotYet(f'{key} is of type {array.dtype}: write dtype="int32".')
    for row, line, right in zip(rows, array.tolist(), wanted, strict=True):
        if line == right:
            continue
        reason = ""
        if key == "attention_mask" and sum(line) < sum(right):
            reason = ": a real token may have the id of the padding, so use the lengths"
        raise NotYet(
            f"With pad_id={pad_id} and a longest row of {max(map(len, rows))} tokens, {row} "
            f"should give {key} {right}, but yours is {line}{reason}."
        )


@define(
    "12.2",
    hint=(
        "A layer has 3 inputs and 2 outputs: which shape has its kernel in Keras, and which has "
        "the weight of a Linear layer? What turns the one into the other?"
    ),
    step=(
        "`torch.nn.Linear(inputs, outputs)` makes the layer, with random numbers in it. Section 7 "
        "fills the head of `twin` with the numbers of Keras: do the same, but from numpy arrays."
    ),
    solution="""
    def to_linear(kernel, bias):
        layer = torch.nn.Linear(*kernel.shape)
        with torch.no_grad():
            layer.weight.copy_(torch.tensor(kernel.T))
            layer.bias.copy_(torch.tensor(bias))
        return layer
    """,
)
def check_to_linear(to_linear: Callable) -> str:
    """Check a function (kernel [inputs, outputs], bias [outputs]) -> torch.nn.Linear."""
    import torch

    if isinstance(to_linear, torch.nn.Module):
        raise NotYet("You passed a layer: pass the function itself, its name without brackets.")
    random = np.random.default_rng(12)
    for inputs, outputs in [(4, 4), (5, 3), (1, 2)]:  # the square one first: it raises no error
        kernel = random.normal(size=(inputs, outputs)).astype(np.float32)
        bias = random.normal(size=outputs).astype(np.float32)
        told = f"With a kernel of the shape {[inputs, outputs]}"
        try:
            layer = call(to_linear, kernel.copy(), bias.copy())
        except RuntimeError as error:
            problem = " ".join(str(error).split()).rstrip(".")
            if "size" in problem:  # PyTorch's words for shapes that do not fit
                raise NotYet(
                    f"{told} your function stops: {problem}. torch.nn.Linear({inputs}, {outputs}) "
                    f"keeps its weight as {[outputs, inputs]}, so that it is kernel.T that fits."
                ) from None
            if "leaf" in problem:
                raise NotYet(
                    f"PyTorch says: {problem}. Copy inside `with torch.no_grad():`."
                ) from None
            raise
        if not isinstance(layer, torch.nn.Linear):
            raise NotYet(f"Return a torch.nn.Linear, not {kind_of(layer)}.")
        _look_at_layer(layer, kernel, bias, told)
    return "Your layer gives what Dense gives, also for a square kernel, where a slip goes unseen."


def _look_at_layer(layer, kernel: np.ndarray, bias: np.ndarray, told: str) -> None:
    inputs, outputs = kernel.shape
    weight = layer.weight.detach().cpu()
    if same(weight, kernel, 1e-6) and not same(weight, kernel.T, 1e-6):
        raise NotYet(
            f"{told} the weight of your layer is the kernel as it is, not transposed. Dense keeps "
            "[inputs, outputs], Linear [outputs, inputs], so take kernel.T (a reshape does not "
            "transpose). With a square kernel no error tells you."
        )
    if (layer.in_features, layer.out_features) != (inputs, outputs):
        raise NotYet(
            f"{told} a layer takes {inputs} numbers and gives {outputs}; yours says that it takes "
            f"{layer.in_features} and gives {layer.out_features}."
        )
    if str(weight.dtype) != "torch.float32":
        raise NotYet(f"{told}, in float32, your layer holds {weight.dtype}.")
    if not same(weight, kernel.T, 1e-6):
        row = next(i for i in range(outputs) if not same(weight[i], kernel[:, i], 1e-6))
        raise NotYet(
            f"{told} row {row} of your layer's weight is {_shown(weight[row])}, but column {row} "
            f"of the kernel is {_shown(kernel[:, row])}. Copy kernel.T into the weight."
        )
    if layer.bias is None:
        raise NotYet(f"{told} your layer has no bias, but Dense adds {_shown(bias)}.")
    if not same(layer.bias.detach().cpu(), bias, 1e-6):
        raise NotYet(
            f"{told} the bias of your layer is {_shown(layer.bias.detach())}, but Dense adds "
            f"{_shown(bias)}."
        )


def _shown(numbers) -> list[float]:
    return [round(float(number), 2) for number in numbers]


@define(
    "12.3",
    hint=(
        "Is the model unsure of a post with the logits [2, 2, 2], and of one with [0, -9, -9]? "
        "What share of these two posts should `logs` get?"
    ),
    step=(
        "First make probabilities of the logits: softmax is `np.exp(logits)`, divided by its sum "
        "over each row. Whether a post is unsure can then be seen from one number of its row."
    ),
    solution="""
    def note_unsure(model, batches, logs):
        logits = torch.tensor(model.predict(batches, verbose=0))
        largest = logits.softmax(dim=-1).amax(dim=-1)
        logs["val_unsure"] = float((largest < 0.5).float().mean())
    """,
)
def check_note_unsure(note_unsure: Callable) -> str:
    """Check a function (model, batches, logs) that writes logs["val_unsure"]."""
    random = np.random.default_rng(12)
    for spread, posts, classes in [(2.0, 200, 6), (0.5, 160, 4), (4.0, 240, 6)]:
        logits = random.normal(0, spread, size=(posts, classes)).astype(np.float32)
        logs = {"loss": 1.0, "val_loss": 1.25}
        returned = run(note_unsure, _Model(logits), _BATCHES, logs)
        if "val_unsure" not in logs:
            returns = "" if returned is None else f" What is returned ({returned}) nobody reads."
            raise NotYet(
                f'logs has no "val_unsure" afterwards: write the share into the dict.{returns}'
            )
        if logs | {"val_unsure": 0} != {"loss": 1.0, "val_loss": 1.25, "val_unsure": 0}:
            raise NotYet(
                f"logs held loss and val_loss, and now holds {', '.join(map(str, logs))}: leave "
                'the other entries as they were, and add "val_unsure" alone.'
            )
        _look_at_share(logs["val_unsure"], logits)
    return "The share is right for models that are sure, unsure and in between."


def _look_at_share(answer, logits: np.ndarray) -> None:
    if isinstance(answer, str) or np.shape(answer) != ():
        raise NotYet(f"One number is wanted; yours is {kind_of(answer)}.")
    answer, probabilities = float(answer), _softmax(logits, axis=1)
    largest = probabilities.max(axis=1)
    wanted = (largest < 0.5).mean()
    close = 0.9 / len(logits)  # less than one post
    if abs(answer - wanted) < close:
        return
    mistakes = {
        "these are logits, not probabilities: apply softmax first": (
            logits.max(axis=1) < 0.5
        ).mean(),
        "that is the share of the posts where the model is sure": 1 - wanted,
        "that is the number of posts: divide by how many there are": len(logits) * wanted,
        "that is the mean of the largest probabilities": largest.mean(),
        "that counts all probabilities, not the largest of each post": (probabilities < 0.5).mean(),
        "your softmax runs over the posts, not over the classes": (
            _softmax(logits, axis=0).max(axis=1) < 0.5
        ).mean(),
        "a share lies between 0 and 1": 100 * wanted,
    }
    reasons = [reason for reason, value in mistakes.items() if abs(answer - value) < close]
    reason = f": {reasons[0]}" if len(reasons) == 1 else ""
    raise NotYet(
        f"For {wanted:.1%} of {len(logits)} posts the largest probability is below one half, "
        f"but you wrote {answer:.3f}{reason}."
    )


def _softmax(logits: np.ndarray, axis: int) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


_BATCHES = object()


class _Model:
    """Stands for a Keras model: its predictions are known."""

    def __init__(self, logits: np.ndarray):
        self.logits = logits

    def predict(self, batches, verbose="auto") -> np.ndarray:
        if batches is not _BATCHES:
            raise NotYet("Pass `batches` on to model.predict as they are.")
        return self.logits.copy()
