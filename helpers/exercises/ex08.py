"""The exercises of notebook 08: a collate function, a loop with mistakes, accumulation."""

from collections.abc import Callable
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
        if not hasattr(answer, "keys"):
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


def _probe(sizes: list[int]) -> SimpleNamespace:
    """A small classifier in evaluation mode, its optimizer, and a loader of batches of these sizes.

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
            self.device = torch.device("cpu")

        def forward(self, input_ids, attention_mask=None, labels=None):
            events.append("model")
            modes.append(self.training)
            rows.append(len(input_ids))
            numbers = input_ids / 10 if attention_mask is None else input_ids * attention_mask / 10
            logits = (numbers.unsqueeze(-1) * self.weight).sum(dim=1)
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


def _look_at_calls(probe: SimpleNamespace, told: str) -> None:
    """Refuse an epoch in which the model did not meet each batch once, as it is, in training."""
    n, size = len(probe.batches), max(len(batch["labels"]) for batch in probe.batches)
    if probe.rows and max(probe.rows) > size:
        raise NotYet(
            f"{told}: the model got {max(probe.rows)} rows at once, but a batch has {size}, and no "
            "more fit into memory. Give it one batch at a time."
        )
    if len(probe.rows) != n:
        raise NotYet(
            f"{told}: the model was called {_times(len(probe.rows))}, but once a batch is wanted."
        )
    if not all(probe.modes):
        batch = probe.modes.index(False) + 1
        raise NotYet(
            f"{told}: at batch {batch} the model was in evaluation mode, so that no dropout would "
            "act. What does an epoch of training begin with?"
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
        mean = call(mended_epoch, probe.model, probe.loader, probe.optimizer, probe.schedule)
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
        run(accumulating_epoch, probe.model, probe.loader, probe.optimizer, k)
        _look_at_calls(probe, told)
        _look_at_steps(probe.events, k, n, told)
        weight = probe.model.weight.detach()
        if not _alike(weight, _reference(sizes, k)[0]):
            raise NotYet(f"{told}: {_what_is_off(weight, sizes, k)}.")
        run(accumulating_epoch, probe.model, probe.loader, probe.optimizer, k)
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


def _times(n: int) -> str:
    return {0: "not once", 1: "once"}.get(n, f"{n} times")


def _listed(numbers) -> str:
    return ", ".join(map(str, numbers))


def _shown(weight) -> list:
    return [[round(value, 3) for value in row] for row in weight.tolist()]
