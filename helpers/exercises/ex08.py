"""The exercises of notebook 08: a collate function, a loop with mistakes, accumulation."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

from . import NotYet, define

NAMES = ("input_ids", "attention_mask", "labels")


@define(
    "08.1",
    hint=(
        "The width of the batch is max(len(row['input_ids']) for row in rows). A row with n ids "
        "gets width - n times pad_id behind them; its mask is n ones and width - n zeros."
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
def judge_my_collate(my_collate: Callable) -> str:
    """Judge a function (list of rows, pad_id) -> dict of int64 tensors [rows, longest], [rows]."""
    import torch

    texts, labels = [[101, 7, 8, 102], [101, 102], [101, 9, 8, 7, 6, 102]], [1, 0, 1]
    for pad_id in (0, 5):
        rows = [
            {"input_ids": list(ids), "labels": label}
            for ids, label in zip(texts, labels, strict=True)
        ]
        found = my_collate(rows, pad_id)
        if not hasattr(found, "keys"):
            raise NotYet(f"my_collate returns {type(found).__name__}: return a dict.")
        if missing := [name for name in NAMES if name not in found]:
            raise NotYet(
                f"Your batch has the keys {', '.join(map(str, found))}: {missing[0]!r} is missing, "
                "and a model takes its inputs by name."
            )
        width = max(map(len, texts))
        wanted = {
            "input_ids": [ids + [pad_id] * (width - len(ids)) for ids in texts],
            "attention_mask": [[1] * len(ids) + [0] * (width - len(ids)) for ids in texts],
            "labels": labels,
        }
        for name in NAMES:
            _compare(name, found[name], torch.tensor(wanted[name]), pad_id)
    return f"Rows of {', '.join(str(len(ids)) for ids in texts)} ids make a batch {width} wide."


def _compare(name: str, found, wanted, pad_id: int) -> None:
    import torch

    if not isinstance(found, torch.Tensor):
        raise NotYet(f"{name} is of the kind {type(found).__name__}: make it a torch.tensor.")
    if found.shape != wanted.shape:
        raise NotYet(
            f"Three rows, the longest with 6 ids: {name} should have the shape "
            f"{list(wanted.shape)}, but yours has {list(found.shape)}."
        )
    if found.dtype.is_floating_point or found.dtype == torch.bool:
        raise NotYet(f"{name} holds {found.dtype}: the model wants whole numbers (torch.int64).")
    if torch.equal(found.long(), wanted):
        return
    row = (found.long() != wanted).reshape(len(wanted), -1).any(dim=1).nonzero()[0].item()
    raise NotYet(
        f"With pad_id = {pad_id}, row {row} of {name} is {found[row].tolist()}, but should be "
        f"{wanted[row].tolist()}."
    )


def _probe(seed: int = 8):
    """A model of three weights that notes its mode, and batches of four rows for it."""
    import torch

    class Probe(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.tensor([0.3, -0.2, 0.1]))
            self.modes, self.device = [], torch.device("cpu")

        def forward(self, inputs, labels):
            self.modes.append(self.training)
            logits = (inputs * self.weight).sum(dim=-1)
            return SimpleNamespace(loss=(logits - labels).square().mean(), logits=logits)

    random = torch.Generator().manual_seed(seed)
    batches = [
        {
            "inputs": 0.3 * torch.randn(4, 3, generator=random),
            "labels": 0.3 * torch.randn(4, generator=random),
        }
        for _ in range(6)
    ]
    model = Probe()
    return model, torch.optim.SGD(model.parameters(), lr=0.5), batches


def _slower(optimizer):
    from torch.optim.lr_scheduler import LambdaLR

    return LambdaLR(optimizer, lambda step: 1 / (1 + step))


def _reference(batches: list, scheduled: bool, empty: bool = True):
    """The weights after one step a batch, and the losses on the way."""
    model, optimizer, _ = _probe()
    schedule, losses = _slower(optimizer), []
    for batch in batches:
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        if scheduled:
            schedule.step()
        if empty:
            optimizer.zero_grad()
        losses.append(loss.item())
    return model.weight.detach(), np.array(losses)


def _same(one, other) -> bool:
    return np.allclose(np.asarray(one), np.asarray(other), atol=1e-5)


@define(
    "08.2",
    hint=(
        "Ask of each line: which mode does training need? What is left in .grad when the optimizer "
        "steps? How often does the schedule of section 6 move? And does `total` hold a number, or "
        "all that was computed on the way to it?"
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
def judge_mended_epoch(mended_epoch: Callable) -> str:
    """Judge a function (model, loader, optimizer, schedule) -> mean loss, one step a batch."""
    import torch

    model, optimizer, batches = _probe()
    schedule, start = _slower(optimizer), model.weight.detach().clone()
    model.eval()
    mean = mended_epoch(model, batches, optimizer, schedule)
    n, weight = len(batches), model.weight.detach()
    if len(model.modes) != n:
        raise NotYet(f"There are {n} batches, but the model was called {len(model.modes)} times.")
    if not all(model.modes):
        batch = model.modes.index(False) + 1
        raise NotYet(f"At batch {batch} the model was in evaluation mode: no dropout would act.")
    if _same(weight, start):
        raise NotYet(
            f"After {n} batches the weights are where they were: what is in .grad at the moment of "
            "optimizer.step()?"
        )
    if schedule.last_epoch != n:
        raise NotYet(
            f"In {n} batches the schedule moved {schedule.last_epoch} times: the learning rate "
            "should change with each step."
        )
    expected, losses = _reference(batches, scheduled=True)
    if _same(weight, _reference(batches, scheduled=True, empty=False)[0]):
        raise NotYet("Each step also follows the gradients of earlier batches: empty them.")
    if not _same(weight, expected):
        raise NotYet(
            f"The weights end at {_shown(weight)}, not at {_shown(expected)}: take one step a "
            "batch, and let the schedule move after it."
        )
    if mean is None:
        raise NotYet("mended_epoch returns nothing: does it end with return?")
    if isinstance(mean, torch.Tensor) and mean.requires_grad:
        raise NotYet(
            "The mean loss is a tensor that still holds all that was computed for it: add up "
            "loss.item(), a plain number."
        )
    if np.ndim(mean) or not _same(mean, losses.mean()):
        raise NotYet(f"You return {mean}, but the mean of the losses is {losses.mean():.4f}.")
    return f"{n} batches, {n} steps, a mean loss of {float(mean):.4f}."


@define(
    "08.3",
    hint=(
        "Call backward for every batch, on the loss divided by batches_per_step. enumerate(loader, "
        "start=1) counts the batches: when the count can be divided by batches_per_step, it is "
        "time for step and zero_grad."
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
def judge_accumulating_epoch(accumulating_epoch: Callable) -> str:
    """Judge a function (model, loader, optimizer, batches_per_step) by the weights it leaves."""
    import torch

    for k in (3, 2, 1):
        model, optimizer, batches = _probe()
        steps, step = [], optimizer.step
        optimizer.step = lambda *a, steps=steps, step=step: (steps.append(1), step(*a))[1]
        start = model.weight.detach().clone()
        accumulating_epoch(model, batches, optimizer, k)
        weight, n = model.weight.detach(), len(batches) // k
        told = f"{len(batches)} batches, batches_per_step = {k}"
        if len(steps) != n:
            raise NotYet(f"{told}: that makes {n} steps, but you took {len(steps)}.")
        if _same(weight, start):
            raise NotYet(f"{told}: the weights have not moved.")
        merged = [
            {name: torch.cat([batch[name] for batch in batches[i : i + k]]) for name in batches[0]}
            for i in range(0, len(batches), k)
        ]
        if _same(weight, _reference(merged, scheduled=False)[0]):
            continue
        summed = [
            {"inputs": k**0.5 * batch["inputs"], "labels": k**0.5 * batch["labels"]}
            for batch in merged
        ]
        if _same(weight, _reference(summed, scheduled=False)[0]):
            reason = f"the gradient is {k} times too large: a sum of {k} means is no mean"
        elif _same(weight, _reference(batches[k - 1 :: k], scheduled=False)[0]):
            reason = f"each step knows only the last of its {k} batches"
        elif _same(weight, _reference(merged, scheduled=False, empty=False)[0]):
            reason = "the gradient is not emptied after a step"
        else:
            reason = "the steps are not those of the larger batches"
        raise NotYet(f"{told}: {reason}.")
    return "Small batches, and the same steps as with large ones."


def _shown(weight) -> list[float]:
    return [round(value, 4) for value in weight.tolist()]
