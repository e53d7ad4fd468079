"""The exercises of notebook 12: what curves tell, a layer moved to PyTorch, an unsure model."""

from collections.abc import Callable

import numpy as np

from . import NotYet, define
from .answers import call, kind_of, number, run, same

VERDICTS = ("too high", "overfits", "unfinished", "fine")


@define(
    "12.1",
    hint=(
        "Which of the four shows in the training loss alone, and so should be looked for first? "
        "What does Python answer to `nan > 1`, and to `nan < 1`?"
    ),
    step=(
        "Find the epoch to keep first: its validation loss, beside that of the last epoch and of "
        "the one before, is all that the last three answers need. Compare by ratios, as losses "
        "come in all sizes."
    ),
    solution="""
    def diagnose(loss, val_loss):
        keep = int(np.nanargmin(val_loss))
        if not loss[-1] < loss[0]:  # also true of nan
            return "too high", keep + 1
        if val_loss[-1] > 1.1 * val_loss[keep]:
            return "overfits", keep + 1
        if val_loss[-1] < 0.97 * val_loss[-2]:
            return "unfinished", keep + 1
        return "fine", keep + 1
    """,
)
def check_diagnose(diagnose: Callable) -> str:
    """Check a function (loss [epochs], val_loss [epochs]) -> (verdict, epoch to keep, from 1)."""
    histories = _histories()
    for verdict, loss, val_loss in histories:
        told = f"With loss {_listed(loss)} and val_loss {_listed(val_loss)}"
        answer = call(diagnose, list(loss), list(val_loss), seconds=5)
        if not isinstance(answer, list | tuple) or len(answer) != 2:
            raise NotYet(
                f"{told}, diagnose returns {kind_of(answer)}: return two things, what you say and "
                "the epoch to keep."
            )
        said, keep = answer
        if not isinstance(said, str) or said not in VERDICTS:
            raise NotYet(f"{told}, you say {said!r:.40}: say one of {', '.join(VERDICTS)}.")
        if said != verdict:
            raise NotYet(f"{told}, you say {said!r}, but {_evidence(verdict, loss, val_loss)}.")
        _check_kept(number(keep, f"{told}, for the epoch to keep"), val_loss, told)
    return f"You read all {len(histories)} histories rightly, whatever the size of their losses."


def _evidence(verdict: str, loss: list[float], val_loss: list[float]) -> str:
    """What speaks for the verdict, without naming it."""
    lowest, last = f"{np.nanmin(val_loss):.3g}", f"{val_loss[-1]:.3g}"
    step = f"the last epoch took the validation loss from {val_loss[-2]:.3g} to {last}"
    return {
        "too high": f"the training loss began at {loss[0]:.3g} and ends at {loss[-1]:.3g}",
        "overfits": f"the validation loss rose from {lowest}, its lowest, to {last}, and the "
        "training loss fell",
        "unfinished": f"{step}, its lowest so far",
        "fine": f"{step}, and its lowest is {lowest}",
    }[verdict]


def _check_kept(keep: float, val_loss: list[float], told: str) -> None:
    wanted = int(np.nanargmin(val_loss)) + 1
    if keep == wanted:
        return
    if keep not in range(1, len(val_loss) + 1):
        raise NotYet(f"{told}, you keep epoch {keep:g}; there are the epochs 1 to {len(val_loss)}.")
    kept = val_loss[int(keep) - 1]
    lead = "which is no loss" if np.isnan(kept) else "and another epoch has a lower one"
    asked = " Do you count from 0?" if keep == wanted - 1 else ""
    raise NotYet(f"{told}, you keep epoch {keep:g}: its val_loss is {kept:.3g}, {lead}.{asked}")


def _listed(losses: list[float]) -> str:
    return "[" + ", ".join(f"{loss:.3g}" for loss in losses) + "]"


def _histories() -> list[tuple[str, list[float], list[float]]]:
    """Clear cases in three sizes: what they are, the training and the validation losses."""
    nan = float("nan")
    shapes = [
        ("unfinished", [1.0, 0.82, 0.7], [0.95, 0.8, 0.71]),
        ("overfits", [1.0, 0.62, 0.35, 0.2], [0.9, 0.75, 0.84, 0.98]),
        ("fine", [1.0, 0.6, 0.45, 0.4, 0.39], [0.8, 0.62, 0.55, 0.53, 0.532]),
        ("too high", [1.0, 1.6, 1.2, 1.9], [1.3, 1.05, 1.7, 1.5]),
        ("too high", [1.0, 2.4, nan, nan], [1.2, 3.1, nan, nan]),
        ("too high", [1.0, 0.7, 1.5, 3.0, 2.2], [0.9, 0.8, 2.0, 3.5, 2.1]),  # learns, then blows up
        ("too high", [1.0, 1.3, nan], [1.2, 0.95, nan]),
        ("unfinished", [1.0, 0.9, 0.78, 0.66, 0.55, 0.45], [0.97, 0.88, 0.93, 0.7, 0.6, 0.52]),
        ("unfinished", [1.0, 0.6, 0.4, 0.25], [1.4, 1.15, 0.97, 0.85]),  # far above, and falling
        ("overfits", [1.0, 0.5, 0.3, 0.15, 0.08, 0.04], [0.7, 0.8, 0.9, 1.1, 1.3, 1.25]),
        ("overfits", [1.0, 0.8, 0.6, 0.4, 0.3, 0.2, 0.1], [0.95, 0.99, 0.7, 0.62, 0.7, 0.75, 0.8]),
        ("fine", [1.0, 0.5, 0.3, 0.2, 0.16, 0.14, 0.13], [0.9, 0.7, 0.75, 0.62, 0.6, 0.601, 0.603]),
        ("fine", [1.0, 0.7, 0.55, 0.58, 0.49, 0.5], [0.6, 0.5, 0.45, 0.44, 0.435, 0.434]),
        # The training loss still falls a good deal, or hardly; it is above its first; it is back.
        ("fine", [1.0, 0.7, 0.45, 0.3, 0.18, 0.1], [0.9, 0.8, 0.76, 0.755, 0.75, 0.752]),
        ("unfinished", [1.0, 1.15, 0.8, 0.74, 0.7], [1.2, 1.3, 1.0, 0.86, 0.75]),
        ("too high", [1.0, 1.3, 1.0, 1.0], [1.1, 1.2, 1.05, 1.06]),
    ]
    return [
        (verdict, [size * x for x in loss], [size * x for x in val_loss])
        for size in (1.8, 0.04, 25.0)
        for verdict, loss, val_loss in shapes
    ]


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
    answer, probabilities = number(answer, 'Under "val_unsure"'), _softmax(logits, axis=1)
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
