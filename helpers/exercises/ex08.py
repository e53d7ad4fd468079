"""The exercises of notebook 08: a collate function, a loop to mend, accumulation, a whole loop."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from types import SimpleNamespace

import numpy as np

from . import NotYet, define
from .answers import call, kind_of, run, same

NAMES = ("input_ids", "attention_mask", "labels")


@define(
    "08.1",
    hint=(
        "Two rows have 3 and 5 ids: what fills the gap, and what does the mask say there? If a "
        "real token has the id pad_id as well, what can the mask go by?"
    ),
    step=(
        "Begin with one row and a known width: its length alone tells how much padding it gets. "
        "`+` joins two lists into a new one; `+=`, append and extend would change the caller's."
    ),
    solution="""
    def my_collate(rows, pad_id):
        width = max(len(row["input_ids"]) for row in rows)
        ids, mask = [], []
        for row in rows:
            missing = width - len(row["input_ids"])
            ids.append(row["input_ids"] + [pad_id] * missing)
            mask.append([1] * len(row["input_ids"]) + [0] * missing)
        return {
            "input_ids": torch.tensor(ids),
            "attention_mask": torch.tensor(mask),
            "labels": torch.tensor([row["labels"] for row in rows]),
        }
    """,
)
def check_my_collate(my_collate: Callable) -> str:
    """Check a function (list of rows, pad_id) -> dict of int64 tensors [rows, longest], [rows]."""
    import torch

    cases = [
        ([[101, 7, 8, 102], [101, 102], [101, 9, 8, 7, 6, 102]], [1, 0, 2], 0),
        ([[101, 5, 30521, 5, 102], [101, 5], [101, 8, 102], [5]], [0, 3, 1, 2], 5),
        ([[101, 0, 102]], [1], 0),
    ]
    for texts, labels, pad_id in cases:
        rows = [
            {"input_ids": list(ids), "labels": label}
            for ids, label in zip(texts, labels, strict=True)
        ]
        answer = call(my_collate, rows, pad_id, seconds=3)
        if not isinstance(answer, Mapping):
            raise NotYet(f"my_collate returns {kind_of(answer)}: return a dict.")
        if missing := [name for name in NAMES if name not in answer]:
            raise NotYet(
                f"Your batch has the keys {', '.join(map(str, answer))}: {missing[0]!r} is "
                "missing, and a model takes its inputs by name."
            )
        width = max(map(len, texts))
        wanted = {
            "input_ids": [ids + [pad_id] * (width - len(ids)) for ids in texts],
            "attention_mask": [[1] * len(ids) + [0] * (width - len(ids)) for ids in texts],
            "labels": labels,
        }
        told = f"With rows of {_listed(map(len, texts))} ids and pad_id = {pad_id}"
        for name in NAMES:
            _compare(name, answer[name], torch.tensor(wanted[name]), told)
    return "Each batch is as wide as its longest row, and the mask knows tokens from padding."


def _compare(name: str, answer, wanted, told: str) -> None:
    import torch

    if not isinstance(answer, torch.Tensor):
        raise NotYet(f"{told}, {name} is {kind_of(answer)}: make it one torch.tensor.")
    if answer.shape != wanted.shape:
        swapped = answer.ndim == 2 and answer.T.shape == wanted.shape
        raise NotYet(
            f"{told}, {name} should have the shape {list(wanted.shape)}, but yours has "
            f"{list(answer.shape)}{': rows and columns are swapped' if swapped else ''}."
        )
    if answer.dtype != torch.int64:
        raise NotYet(
            f"{told}, {name} holds {answer.dtype}: make it torch.int64, the kind that torch.tensor "
            "makes of a list of whole numbers, and the only one that the loss takes for labels."
        )
    wrong = (answer.cpu() != wanted).reshape(len(wanted), -1).any(dim=1).nonzero()
    if not len(wrong):
        return
    row = wrong[0].item()
    reason = ""
    if name == "labels":
        reason = ": keep the order of the rows"
    elif name == "attention_mask" and answer.sum() < wanted.sum():
        reason = ": a real token may have the id of the padding, so make the mask from the lengths"
    raise NotYet(
        f"{told}, {name} is {answer[row].tolist()} for row {row}, but should be "
        f"{wanted[row].tolist()}{reason}."
    )


def _probe(sizes: list[int], scale: float = 1) -> SimpleNamespace:
    """A small classifier in evaluation mode, its optimizer, and a loader of batches of these sizes.

    scale: how large the numbers are that the model reads, and with them its gradients.
    `events` says in which order what was called: "model", "backward", "step", "schedule"; `modes`
    and `rows` say for each call of the model whether it was in training mode, and on how many rows.
    """
    import torch
    from torch.utils.data import DataLoader
    from transformers import BatchEncoding
    from transformers.modeling_outputs import SequenceClassifierOutput

    events, modes, rows = [], [], []

    class Probe(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.tensor([[0.3, -0.2], [0.1, 0.4], [-0.5, 0.2]]))
            self.bias = torch.nn.Parameter(torch.tensor([0.1, -0.1]))
            self.device = torch.device("cpu")

        def forward(self, input_ids, attention_mask=None, labels=None):
            events.append("model")
            modes.append(self.training)
            rows.append(len(input_ids))
            numbers = input_ids * scale / 10
            if attention_mask is not None:
                numbers = numbers * attention_mask
            logits = (numbers.unsqueeze(-1) * self.weight).sum(dim=1) + self.bias
            loss = None if labels is None else torch.nn.functional.cross_entropy(logits, labels)
            return SequenceClassifierOutput(loss=loss, logits=logits)

    random = torch.Generator().manual_seed(8)
    batches = [
        {
            "input_ids": torch.randint(1, 10, (size, 3), generator=random),
            "attention_mask": torch.randint(0, 2, (size, 3), generator=random),
            "labels": torch.randint(0, 2, (size,), generator=random),
        }
        for size in sizes
    ]
    loader = DataLoader(batches, batch_size=None, collate_fn=BatchEncoding)
    model = Probe().eval()
    model.weight.register_post_accumulate_grad_hook(lambda weight: events.append("backward"))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    optimizer.register_step_post_hook(lambda *_: events.append("step"))
    return SimpleNamespace(
        model=model,
        optimizer=optimizer,
        schedule=_falling(optimizer, events),
        loader=loader,
        batches=batches,
        untouched=deepcopy(batches),
        events=events,
        modes=modes,
        rows=rows,
    )


def _falling(optimizer, events: list[str]):
    """A schedule that starts at its largest and notes when it moves."""
    from torch.optim.lr_scheduler import LambdaLR

    class Falling(LambdaLR):
        def step(self, epoch=None):
            events.append("schedule")
            super().step(epoch)

    schedule = Falling(optimizer, lambda step: 1 / (1 + step))
    events.clear()  # making a schedule moves it once
    return schedule


def _reference(
    sizes: list[int],
    k: int = 1,
    scheduled: bool = False,
    divide: bool = True,
    empty: str = "after each step",
    epochs: int = 1,
):
    """The weights after one step for every k batches, and the losses on the way."""
    probe, losses = _probe(sizes), []
    batches = epochs * list(probe.loader)
    for count, batch in enumerate(batches, start=1):
        loss = probe.model(**batch).loss
        losses.append(loss.item())
        if empty == "before each backward":
            probe.optimizer.zero_grad()
        (loss / k if divide else loss).backward()
        if count % k:
            continue
        probe.optimizer.step()
        if scheduled:
            probe.schedule.step()
        if empty == "after each step":
            probe.optimizer.zero_grad()
    return probe.model.weight.detach(), np.array(losses)


def _alike(one, other) -> bool:
    return same(one, other, close=1e-5)


def _look_at_calls(probe: SimpleNamespace, told: str, epochs: int = 1) -> None:
    """Refuse epochs in which the model did not meet each batch once, as it is, in training."""
    n, size = len(probe.batches), max(len(batch["labels"]) for batch in probe.batches)
    if probe.rows and max(probe.rows) > size:
        raise NotYet(
            f"{told}: the model got {max(probe.rows)} rows at once, but a batch has {size}, and no "
            "more fit into memory. Give it one batch at a time."
        )
    if len(probe.rows) != n * epochs:
        each = "once a batch is wanted" if epochs == 1 else "once a batch in each epoch is wanted"
        raise NotYet(f"{told}: the model was called {_times(len(probe.rows))}, but {each}.")
    if not all(probe.modes):
        epoch, batch = divmod(probe.modes.index(False), n)
        when = f"batch {batch + 1}" + (f" of epoch {epoch + 1}" if epochs > 1 else "")
        raise NotYet(
            f"{told}: at {when} the model was in evaluation mode, so that no dropout would act. "
            "What does an epoch of training begin with?"
        )
    if not same(probe.batches, probe.untouched):
        raise NotYet(f"{told}: you change the numbers in the batches. Leave them as they are.")
    if "backward" not in probe.events:
        raise NotYet(f"{told}: backward was never called, so there is no gradient to follow.")


@define(
    "08.2",
    hint=(
        "Follow the broken loop through two batches: what is in .grad when a step is taken, and "
        "which learning rate does it use? In which mode does dropout act?"
    ),
    step=(
        "Two of the four mistakes are lines in the wrong place: compare with the loop in section "
        "7. The third is the mode; for the fourth, ask what `total` holds besides a number."
    ),
    solution="""
    def mended_epoch(model, loader, optimizer, schedule):
        model.train()
        total = 0
        for batch in loader:
            loss = model(**batch).loss
            loss.backward()
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            total += loss.item()
        return total / len(loader)
    """,
)
def check_mended_epoch(mended_epoch: Callable) -> str:
    """Check a function (model, loader, optimizer, schedule) -> mean loss, one step a batch."""
    for sizes in ([4, 4, 4, 4, 4, 2], [4, 4, 3]):
        probe, n = _probe(sizes), len(sizes)
        start = probe.model.weight.detach().clone()
        told = f"With a loader of {n} batches"
        mean = call(
            mended_epoch, probe.model, probe.loader, probe.optimizer, probe.schedule, seconds=10
        )
        _look_at_calls(probe, told)
        weight, events = probe.model.weight.detach(), probe.events
        if events.count("step") != n:
            raise NotYet(
                f"{told} you took a step {_times(events.count('step'))}: take one for each batch."
            )
        if _alike(weight, start):
            raise NotYet(
                f"{told} the weights are afterwards where they were: what is in .grad at the "
                "moment of optimizer.step()?"
            )
        if events.count("schedule") != n:
            raise NotYet(
                f"{told} the schedule moved {_times(events.count('schedule'))}: the learning rate "
                "should change with each step."
            )
        if events.index("schedule") < events.index("step"):
            raise NotYet(
                f"{told} the schedule moves before the step, so that its first learning rate is "
                "never used: move it after the step."
            )
        expected, losses = _reference(sizes, scheduled=True)
        if _alike(weight, _reference(sizes, scheduled=True, empty="never")[0]):
            raise NotYet(f"{told} each step also follows the gradients of earlier batches.")
        if not _alike(weight, expected):
            raise NotYet(
                f"{told} the weights end at {_shown(weight)}, not at {_shown(expected)}: let each "
                "step follow the gradient of its own batch alone."
            )
        _look_at_mean(mean, losses, sizes, told)
    return f"{n} batches, {n} steps, a mean loss of {float(mean):.4f}."


def _look_at_mean(mean, losses: np.ndarray, sizes: list[int], told: str) -> None:
    import torch

    if isinstance(mean, torch.Tensor) and mean.requires_grad:
        raise NotYet(
            "The mean loss is a tensor that still holds all that was computed for it: add up "
            "loss.item(), a plain number."
        )
    if np.ndim(mean) or not isinstance(mean, int | float | np.number | torch.Tensor):
        raise NotYet(f"You return {kind_of(mean)}: return one number, the mean loss.")
    if not _alike(mean, losses.mean()):
        what = f"{float(mean):.4f}"
        if _alike(mean, np.average(losses, weights=sizes)):
            what += ", the mean over the rows"
        raise NotYet(
            f"{told} you return {what}, but the mean of the batches' losses is {losses.mean():.4f}."
        )


@define(
    "08.3",
    hint=(
        "Two batches of one size have the mean losses 2 and 4: what is the mean over all their "
        "rows, and what their sum? At two batches a step, after which of four is .grad emptied?"
    ),
    step=(
        "Each batch adds its gradient to what is there: by what must its loss be divided, so that "
        "the sum is a mean? `enumerate(loader, start=1)` counts the batches; the count tells when "
        "a step is due."
    ),
    solution="""
    def accumulating_epoch(model, loader, optimizer, batches_per_step):
        model.train()
        for count, batch in enumerate(loader, start=1):
            loss = model(**batch).loss / batches_per_step
            loss.backward()
            if count % batches_per_step == 0:
                optimizer.step()
                optimizer.zero_grad()
    """,
)
def check_accumulating_epoch(accumulating_epoch: Callable) -> str:
    """Check a function (model, loader, optimizer, batches_per_step) by the weights it leaves."""
    for k, n in ((3, 6), (2, 8), (1, 3)):
        sizes = [4] * n
        probe, told = _probe(sizes), f"With {n} batches and batches_per_step = {k}"
        run(accumulating_epoch, probe.model, probe.loader, probe.optimizer, k, seconds=10)
        _look_at_calls(probe, told)
        _look_at_steps(probe.events, k, n, told)
        weight = probe.model.weight.detach()
        if not _alike(weight, _reference(sizes, k)[0]):
            raise NotYet(f"{told}: {_what_is_off(weight, sizes, k)}.")
        run(accumulating_epoch, probe.model, probe.loader, probe.optimizer, k, seconds=10)
        if not _alike(probe.model.weight.detach(), _reference(sizes, k, epochs=2)[0]):
            raise NotYet(
                f"{told}: a second epoch takes other steps, as something of the first is left in "
                ".grad. Empty it after each step."
            )
    return "Small batches, and the same steps as with large ones."


def _look_at_steps(events: list[str], k: int, n: int, told: str) -> None:
    """Refuse steps at the wrong batches, and more than one batch held for `backward`."""
    batches, after = 0, []
    for event in events:
        batches += event == "model"
        if event == "step":
            after.append(batches)
    wanted = list(range(k, n + 1, k))
    if not after:
        raise NotYet(f"{told}: optimizer.step() was never called.")
    if after != wanted:
        raise NotYet(
            f"{told}: you took a step after batch {_listed(after)}, but it is due after "
            f"{_listed(wanted)}."
        )
    if [event for event in events if event in ("model", "backward")] != ["model", "backward"] * n:
        raise NotYet(
            f"{told}: several batches are held in memory until backward is called, as with one "
            "large batch. Call it for each batch before the next goes through the model: it adds "
            "its gradient to those that are there."
        )


def _what_is_off(weight, sizes: list[int], k: int) -> str:
    """What explains these weights."""
    if _alike(weight, _probe(sizes).model.weight):
        return "the weights have not moved"
    if _alike(weight, _reference(sizes, k, divide=False)[0]):
        return f"the gradient is {k} times too large, as a sum of {k} means is no mean"
    for divide in (True, False):
        if _alike(weight, _reference(sizes, k, divide=divide, empty="before each backward")[0]):
            return f"each step knows only the last of its {k} batches"
        if _alike(weight, _reference(sizes, k, divide=divide, empty="never")[0]):
            return "the gradient is not emptied after a step"
    return "the steps are not those of the larger batches"


TRAININGS = [  # sizes of the batches, epochs, learning rate, scale of the numbers
    ([4, 4, 4, 1], 3, 0.1, 12),
    ([2, 6], 4, 0.05, 20),
    ([5, 3, 1], 1, 0.2, 15),
]
CLOSE = 1e-4  # by how much weights and losses of a whole training may differ


@define(
    "08.4",
    hint=(
        "Two epochs of three batches: how many steps are there in all, and which share of the "
        "learning rate does each of them use? What must be true of `.grad` just before `backward`?"
    ),
    step=(
        "Write down first what is made once, what is done in each epoch, and what for each batch; "
        "then fill it in. A `LambdaLR` takes a function from the number of a step to a factor."
    ),
    solution="""
    def train(model, batches, epochs, learning_rate):
        optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
        steps = epochs * len(batches)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
        means = []
        model.train()
        for epoch in range(epochs):
            total, rows = 0, 0
            for batch in batches:
                loss = model(**batch).loss
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
                optimizer.step()
                schedule.step()
                total += loss.item() * len(batch["labels"])
                rows += len(batch["labels"])
            means.append(total / rows)
        model.eval()
        return means
    """,
)
def check_train(train: Callable) -> str:
    """Check a function (model, batches, epochs, learning rate) -> a mean loss for each epoch."""
    for number, (sizes, epochs, rate, _) in enumerate(TRAININGS):
        probe = _ready(number)
        told = f"With {len(sizes)} batches, epochs={epochs} and learning_rate={rate}"
        batches = list(probe.loader) if number == 1 else probe.loader
        with _watched() as steps:
            try:
                means = call(train, probe.model, batches, epochs, rate, seconds=10)
            except (TypeError, AttributeError) as error:
                raise NotYet(
                    f"{told} yours raised {type(error).__name__}: {error}. What you may count on: "
                    "`batches` can be gone through again and again and has a len, and each batch "
                    "is a dict of tensors."
                ) from None
        _look_at_calls(probe, told, epochs)
        losses, weight = _trained(number)
        _look_at_each_step(steps, [rate * (1 - i / len(losses)) for i in range(len(losses))], told)
        yours = probe.model.weight.detach()
        if not same(yours, weight, CLOSE):
            raise NotYet(f"{told} {_why_other_weights(yours, number)}.")
        if probe.model.training:
            raise NotYet(
                f"{told} the model is as it should be, but it comes back in training mode: whoever "
                "scores it now gets the answers of a model with dropout."
            )
        _look_at_means(means, losses.reshape(epochs, -1), sizes, told)
    return f"{len(TRAININGS)} trainings, and each leaves the weights that it should."


def _ready(number: int) -> SimpleNamespace:
    """A probe for this training; one of them starts in training mode with an old gradient."""
    import torch

    sizes, _, _, scale = TRAININGS[number]
    probe = _probe(sizes, scale)
    if number == 1:
        probe.model.train()
        probe.model.weight.grad = torch.tensor([[3.0, -2.0], [-1.0, 2.0], [2.0, -4.0]])
    return probe


@contextmanager
def _watched() -> Iterator[list[SimpleNamespace]]:
    """Note of each optimizer's step its kind, its learning rate and the norm of the gradient."""
    import torch
    from torch.optim.optimizer import register_optimizer_step_pre_hook

    steps = []

    def note(optimizer, *_):
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        norms = [weight.grad.norm() for weight in weights if weight.grad is not None]
        steps.append(
            SimpleNamespace(
                optimizer=optimizer,
                rate=float(optimizer.param_groups[0]["lr"]),
                norm=float(torch.stack(norms).norm()) if norms else 0.0,
            )
        )

    handle = register_optimizer_step_pre_hook(note)
    try:
        yield steps
    finally:
        handle.remove()


def _trained(number: int, clip: bool = True, empty: str = "each", decay: float = 0.01, **adam):
    """The loss of each batch and the weights at the end of a training as it should be, or not."""
    import torch

    _, epochs, rate, _ = TRAININGS[number]
    probe, losses = _ready(number), []
    model = probe.model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=decay, **adam)
    batches = epochs * list(probe.loader)
    for i, batch in enumerate(batches):
        if empty == "each":
            model.zero_grad()
        loss = model(**batch).loss
        losses.append(loss.item())
        loss.backward()
        if clip:
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.param_groups[0]["lr"] = rate * (1 - i / len(batches))
        optimizer.step()
        if empty == "after":
            model.zero_grad()
    return np.array(losses), model.weight.detach()


def _look_at_each_step(steps: list[SimpleNamespace], wanted: list[float], told: str) -> None:
    """Refuse steps of another kind, number, learning rate or length; none seen is no fault."""
    kinds = {type(step.optimizer).__name__ for step in steps}
    if kinds - {"AdamW"}:
        raise NotYet(f"{told} the steps are taken by {', '.join(kinds)}, and not by AdamW.")
    if steps and len(steps) != len(wanted):
        raise NotYet(
            f"{told} the optimizer takes a step {_times(len(steps))}: one for each batch of each "
            f"epoch makes {len(wanted)}."
        )
    if len({id(step.optimizer) for step in steps}) > 1:
        raise NotYet(
            f"{told} you make more than one optimizer: a new one forgets AdamW's running means."
        )
    rates = [step.rate for step in steps]
    if steps and not np.allclose(rates, wanted, rtol=0, atol=1e-6):
        listed = _listed(f"{rate:.4g}" for rate in rates)
        raise NotYet(
            f"{told} the learning rates of your {len(rates)} steps are {listed}: "
            f"{_why_other_rates(np.array(rates), wanted)}"
        )
    if steps and not any(step.norm for step in steps):
        raise NotYet(f"{told} the gradient is 0 each time a step is taken: who has emptied it?")
    long = [i for i, step in enumerate(steps) if step.norm > 1.001]
    if long:
        raise NotYet(
            f"{told} the gradient is {steps[long[0]].norm:.2f} long when step {long[0] + 1} is "
            "taken: what should have shortened it, and at which moment?"
        )


def _why_other_rates(rates: np.ndarray, wanted: list[float]) -> str:
    """What is to be said about learning rates that are not the wanted ones."""
    reasons = {
        "they never fall.": np.ptp(rates) == 0,
        "they fall below 0. For how many steps is your line?": rates.min() < -1e-9,
        "the first step has none, as if there were a warm-up.": np.isclose(rates[0], 0),
        "the first is not the whole rate. Does the schedule move before the step?": (
            np.allclose(rates, [*wanted[1:], 0], atol=1e-6)
        ),
        "the last step changes nothing. The rate is to be 0 after it, not in it.": (
            np.isclose(rates[-1], 0)
        ),
        "several steps share a rate, and it should fall from step to step.": (
            len(set(rates.round(9))) < len(rates)
        ),
        "one step more, and the rate would still not be 0.": rates[-1] > wanted[-1] + 1e-6,
    }
    return next(
        (reason for reason, is_so in reasons.items() if is_so),
        "they do not fall along a line to 0.",
    )


def _why_other_weights(weight, number: int) -> str:
    """What explains these weights, where the steps had the right learning rates."""
    slips = {
        "each step also follows the gradients of earlier batches": {"empty": "never"},
        "the first step also follows an old gradient that the model brought along": (
            {"empty": "after"}
        ),
        "the steps are those of a gradient that is not clipped": {"clip": False},
        "the steps are right but for the weight decay: leave it as AdamW has it": {"decay": 0},
        "AdamW has other settings than PyTorch gives it": {"betas": (0.9, 0.98)},
    }
    for reason, options in slips.items():
        if same(weight, _trained(number, **options)[1], CLOSE):
            return reason
    if same(weight, _ready(number).model.weight, CLOSE):
        return "the weights are afterwards where they were: no step was ever taken"
    _, right = _trained(number)
    return (
        f"the weights end at {_shown(weight)}, not at {_shown(right)}, though the model met each "
        "batch once in each epoch. Look at what stands between `loss` and the step"
    )


def _look_at_means(means, losses: np.ndarray, sizes: list[int], told: str) -> None:
    """Refuse what is not one plain number for each epoch, the mean loss over its rows."""
    if not isinstance(means, list | tuple | np.ndarray) or len(means) != len(losses):
        raise NotYet(
            f"{told} you return {kind_of(means)}: a list of {len(losses)} was expected, with the "
            "mean loss of each epoch."
        )
    wanted = np.average(losses, axis=1, weights=sizes)
    for epoch, mean in enumerate(means):
        if not isinstance(mean, int | float | np.number):
            raise NotYet(
                f"{told} the mean loss of epoch {epoch + 1} is {kind_of(mean)}: a plain number was "
                "expected, which holds on to nothing that was computed for it."
            )
    given = np.array(means, dtype=float)
    slips = {
        "the mean over the batches: a batch of one row counts as much as a full one": (
            losses.mean(axis=1)
        ),
        "the loss of the last batch": losses[:, -1],
        "a sum over the batches": losses.sum(axis=1),
        "a sum over the rows": wanted * sum(sizes),
        "the mean of all epochs so far: begin each epoch afresh": (
            wanted.cumsum() / np.arange(1, len(wanted) + 1)
        ),
        "a sum that goes on over the epochs: begin each epoch afresh": wanted.cumsum(),
    }
    if same(given, wanted, CLOSE):
        return
    off = int(np.argmax(np.abs(given - wanted)))
    why = next((f", {slip}" for slip, value in slips.items() if same(given, value, CLOSE)), "")
    raise NotYet(
        f"{told} the weights are right, but for epoch {off + 1} you return {given[off]:.4f}{why}. "
        "The mean over its rows is asked for."
    )


def _times(n: int) -> str:
    return {0: "not once", 1: "once"}.get(n, f"{n} times")


def _listed(numbers) -> str:
    return ", ".join(map(str, numbers))


def _shown(weight) -> list:
    return [[round(value, 3) for value in row] for row in weight.tolist()]
