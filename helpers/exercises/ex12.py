"""The exercises of notebook 12."""

from collections.abc import Callable

import numpy as np

from . import NotYet, define


@define(
    "12.1",
    hint=(
        "Find the length of the longest row first. `np.full((n, longest), pad_id, dtype=...)` is "
        "an array full of padding. Then put each row's ids into the beginning of its line, and as "
        "many ones into the mask."
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
def judge_pad_batch(pad_batch: Callable) -> str:
    """Judge a function (lists of token ids, pad id) -> dict of two int32 arrays [rows, longest]."""
    cases = [
        ([[101, 2061, 102], [101, 2061, 3407, 2651, 102], [101, 102]], 0),
        ([[0, 713, 16, 2], [0, 2]], 1),
        ([[101, 0, 7, 102], [101, 102]], 0),  # an id that equals the padding
        ([[101, 102]], 0),
    ]
    for rows, pad_id in cases:
        found = pad_batch([list(row) for row in rows], pad_id)
        if found is None:
            raise NotYet("pad_batch returns nothing: does it end with return?")
        if not hasattr(found, "keys") or set(found) != {"input_ids", "attention_mask"}:
            given = sorted(found) if hasattr(found, "keys") else type(found).__name__
            raise NotYet(
                f'Return a dict with the keys "input_ids" and "attention_mask", not {given}.'
            )
        lengths = [len(row) for row in rows]
        longest = max(lengths)
        wanted = {
            "input_ids": [row + [pad_id] * (longest - len(row)) for row in rows],
            "attention_mask": [[1] * n + [0] * (longest - n) for n in lengths],
        }
        for key, values in wanted.items():
            array = found[key]
            if not isinstance(array, np.ndarray):
                raise NotYet(f"{key} is a {type(array).__name__}: make it a numpy array.")
            if array.shape != (len(rows), longest):
                raise NotYet(
                    f"Rows of {', '.join(map(str, lengths))} tokens should give the shape "
                    f"{[len(rows), longest]}, but your {key} has {list(array.shape)}."
                )
            if array.dtype != np.int32:
                raise NotYet(f'{key} is of type {array.dtype}: write dtype="int32".')
            for row, line, right in zip(rows, array.tolist(), values, strict=True):
                if line != right:
                    raise NotYet(
                        f"With pad_id={pad_id} and a longest row of {longest} tokens, {row} "
                        f"should give {key} {right}, but yours is {line}."
                    )
    return "Every row is as wide as the longest of its batch, whatever the id of the padding is."


@define(
    "12.2",
    hint=(
        "`torch.nn.Linear(n_inputs, n_outputs)` makes the layer. Its `.weight` is [outputs, "
        "inputs], so the kernel has to be transposed, `.T`. Copy inside `with torch.no_grad():`."
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
def judge_to_linear(to_linear: Callable) -> str:
    """Judge a function (kernel [inputs, outputs], bias [outputs]) -> torch.nn.Linear."""
    import torch

    random = np.random.default_rng(12)
    for inputs, outputs in [(5, 3), (4, 4), (1, 2)]:
        kernel = random.normal(size=(inputs, outputs)).astype(np.float32)
        bias = random.normal(size=outputs).astype(np.float32)
        vectors = random.normal(size=(6, inputs)).astype(np.float32)
        layer = to_linear(kernel.copy(), bias.copy())
        if layer is None:
            raise NotYet("to_linear returns nothing: does it end with return?")
        if not isinstance(layer, torch.nn.Linear):
            raise NotYet(f"Return a torch.nn.Linear, not a {type(layer).__name__}.")
        if (layer.in_features, layer.out_features) != (inputs, outputs):
            raise NotYet(
                f"A kernel of the shape {[inputs, outputs]} takes {inputs} numbers and gives "
                f"{outputs}; your layer takes {layer.in_features} and gives {layer.out_features}."
            )
        with torch.no_grad():
            found = layer(torch.tensor(vectors)).numpy()
        products = vectors @ kernel
        if np.allclose(found, products + bias, atol=1e-4):
            continue
        if inputs == outputs and np.allclose(found, vectors @ kernel.T + bias, atol=1e-4):
            reason = "the kernel is not transposed, and with a square one no error tells you"
        elif np.allclose(found, products, atol=1e-4):
            reason = "the bias is missing"
        elif np.allclose(found - found[0], products - products[0], atol=1e-4):
            reason = "the bias is not the given one"
        else:
            reason = "the weights are not those of the kernel"
        raise NotYet(
            f"With a kernel of the shape {[inputs, outputs]} your layer gives {found[0, 0]:.2f} "
            f"where Dense gives {(products + bias)[0, 0]:.2f}: {reason}."
        )
    return "Your layer gives what Dense gives, also for a square kernel, where a slip goes unseen."


@define(
    "12.3",
    hint=(
        "Softmax turns logits into probabilities: `np.exp(logits)`, divided by its sum over each "
        "row. Then `.max(axis=-1)`, compare with one half, and take the mean. Nothing is returned: "
        "the number goes into `logs`."
    ),
    solution="""
    def note_unsure(model, batches, logs):
        logits = torch.tensor(model.predict(batches, verbose=0))
        largest = logits.softmax(dim=-1).amax(dim=-1)
        logs["val_unsure"] = float((largest < 0.5).float().mean())
    """,
)
def judge_note_unsure(note_unsure: Callable) -> str:
    """Judge a function (model, batches, logs) that writes logs["val_unsure"]."""
    random = np.random.default_rng(12)
    for spread in (0.5, 2.0, 4.0):
        logits = random.normal(0, spread, size=(200, 6)).astype(np.float32)
        logs = {"loss": 1.0, "val_loss": 1.25}
        note_unsure(_Model(logits), _BATCHES, logs)
        if "val_unsure" not in logs:
            raise NotYet('logs has no "val_unsure" afterwards: write the share into the dict.')
        if logs.get("loss") != 1.0 or logs.get("val_loss") != 1.25:
            raise NotYet("The other entries of logs have changed: only add your own.")
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        largest = (shifted / shifted.sum(axis=1, keepdims=True)).max(axis=1)
        wanted, found = (largest < 0.5).mean(), np.asarray(logs["val_unsure"], dtype=float)
        if found.shape != ():
            raise NotYet(f"One number is wanted; yours has the shape {list(found.shape)}.")
        if abs(found - wanted) < 0.004:
            continue
        mistakes = {
            "these are logits, not probabilities: apply softmax first": (
                logits.max(axis=1) < 0.5
            ).mean(),
            "that is the share of the posts where the model is sure": 1 - wanted,
            "that is the number of posts: divide by how many there are": 200 * wanted,
            "that is the mean of the largest probabilities": largest.mean(),
        }
        reasons = [reason for reason, value in mistakes.items() if abs(found - value) < 0.004]
        raise NotYet(
            f"For {wanted:.1%} of {len(logits)} posts the largest probability is below one half, "
            f"but you wrote {found:.3f}" + "".join(f": {reason}" for reason in reasons[:1]) + "."
        )
    return "The share is right for models that are sure, unsure and in between."


_BATCHES = object()


class _Model:
    """Stands for a Keras model: its predictions are known."""

    def __init__(self, logits: np.ndarray):
        self.logits = logits

    def predict(self, batches, verbose="auto") -> np.ndarray:
        if batches is not _BATCHES:
            raise NotYet("Pass `batches` on to model.predict as they are.")
        return self.logits.copy()
