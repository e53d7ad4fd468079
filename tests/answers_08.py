"""Answers to the exercises of notebook 08, wrong ones by misconception and right ones by form."""

import torch
from torch.nn.utils.rnn import pad_sequence


def collate(rows, pad_id=0, width=None, left=False, mask_all=False, name="labels", kind=torch.long):
    width = width or max(len(row["input_ids"]) for row in rows)
    ids, mask = [], []
    for row in rows:
        own, padding = row["input_ids"][:width], width - len(row["input_ids"][:width])
        parts = [own, [pad_id] * padding], [[1] * len(own), [int(mask_all)] * padding]
        for into, (first, second) in zip((ids, mask), parts, strict=True):
            into.append(second + first if left else first + second)
    return {
        "input_ids": torch.tensor(ids),
        "attention_mask": torch.tensor(mask),
        name: torch.tensor([row["labels"] for row in rows], dtype=kind),
    }


def with_pad_sequence(rows, pad_id):
    ids = [torch.tensor(row["input_ids"]) for row in rows]
    return {
        "input_ids": pad_sequence(ids, batch_first=True, padding_value=pad_id),
        "attention_mask": pad_sequence([torch.ones_like(one) for one in ids], batch_first=True),
        "labels": torch.tensor([row["labels"] for row in rows]),
    }


def filled_in_place(rows, pad_id):
    lengths = torch.tensor([len(row["input_ids"]) for row in rows])
    mask = (torch.arange(int(lengths.max())) < lengths[:, None]).long()
    ids = torch.full(mask.shape, pad_id)
    for i, row in enumerate(rows):
        ids[i, : lengths[i]] = torch.tensor(row["input_ids"])
    labels = torch.tensor([row["labels"] for row in rows])
    return {"labels": labels, "attention_mask": mask, "input_ids": ids}


def epoch(
    model,
    loader,
    optimizer,
    schedule,
    mode=True,
    empty="after",
    per_batch=True,
    steps_first=True,
    item=True,
    returns=True,
):
    model.train(mode)
    losses = []
    for batch in loader:
        loss = model(**batch).loss
        if empty == "before":
            optimizer.zero_grad()
        loss.backward()
        if empty == "too early":
            optimizer.zero_grad()
        if per_batch and not steps_first:
            schedule.step()
        optimizer.step()
        if per_batch and steps_first:
            schedule.step()
        if empty == "after":
            optimizer.zero_grad()
        losses.append(loss.item() if item else loss)
    if not per_batch:
        schedule.step()
    if returns == "sum":
        return sum(losses)
    return sum(losses) / len(losses) if returns else None


def with_a_tensor_at_the_end(model, loader, optimizer, schedule):
    model.train()
    losses = []
    for batch in loader:
        model.zero_grad()
        loss = model(**batch).loss
        losses.append(loss.detach())
        loss.backward()
        optimizer.step()
        schedule.step()
    return torch.stack(losses).mean()


def variant(**options):
    return (lambda *arguments: epoch(*arguments, **options),)


def accumulate(model, loader, optimizer, k, divide=True, every=False, empty="after the step"):
    for count, batch in enumerate(loader, start=1):
        loss = model(**batch).loss
        if empty == "each batch":
            optimizer.zero_grad()
        (loss / k if divide else loss).backward()
        if every or count % k == 0:
            optimizer.step()
            if empty == "after the step":
                optimizer.zero_grad()


def in_groups(model, loader, optimizer, k):
    batches = list(loader)
    for start in range(0, len(batches), k):
        optimizer.zero_grad()
        torch.stack([model(**batch).loss for batch in batches[start : start + k]]).mean().backward()
        optimizer.step()
    optimizer.zero_grad()


def divided_gradients(model, loader, optimizer, k):
    for i, batch in enumerate(loader):
        model(**batch).loss.backward()
        if (i + 1) % k == 0:
            for weight in model.parameters():
                weight.grad /= k
            optimizer.step()
            model.zero_grad()


def accumulation(**options):
    return (lambda *arguments: accumulate(*arguments, **options),)


ANSWERS = {
    "08.1": {
        "wrong": {
            "pads to a fixed length": lambda: (lambda rows, pad: collate(rows, pad, width=512),),
            "cuts to the first row": lambda: (
                lambda rows, pad: collate(rows, pad, width=len(rows[0]["input_ids"])),
            ),
            "pads at the front": lambda: (lambda rows, pad: collate(rows, pad, left=True),),
            "always pads with 0": lambda: (lambda rows, pad: collate(rows),),
            "a mask without zeros": lambda: (lambda rows, pad: collate(rows, pad, mask_all=True),),
            "calls the labels label": lambda: (lambda rows, pad: collate(rows, pad, name="label"),),
            "labels as decimals": lambda: (
                lambda rows, pad: collate(rows, pad, kind=torch.float32),
            ),
            "lists in place of tensors": lambda: (
                lambda rows, pad: {k: v.tolist() for k, v in collate(rows, pad).items()},
            ),
            "a tuple in place of a dict": lambda: (
                lambda rows, pad: tuple(collate(rows, pad).values()),
            ),
            "does not pad": lambda: (
                lambda rows, pad: {"input_ids": torch.tensor([row["input_ids"] for row in rows])},
            ),
            "forgets to return": lambda: (lambda rows, pad: None,),
        },
        "right": {
            "list by list": lambda: (collate,),
            "pad_sequence": lambda: (with_pad_sequence,),
            "a mask from the lengths": lambda: (filled_in_place,),
        },
    },
    "08.2": {
        "wrong": {
            "leaves eval()": lambda: variant(mode=False),
            "leaves zero_grad before the step": lambda: variant(empty="too early"),
            "drops zero_grad": lambda: variant(empty="never"),
            "leaves the schedule outside the loop": lambda: variant(per_batch=False),
            "moves the schedule before the step": lambda: variant(steps_first=False),
            "adds up tensors": lambda: variant(item=False),
            "returns the sum": lambda: variant(returns="sum"),
            "forgets to return": lambda: variant(returns=False),
            "the mean loss in place of the function": lambda: (0.1,),
        },
        "right": {
            "zero_grad after the step": lambda: (epoch,),
            "zero_grad before backward": lambda: variant(empty="before"),
            "a detached tensor": lambda: (with_a_tensor_at_the_end,),
        },
    },
    "08.3": {
        "wrong": {
            "does not divide": lambda: accumulation(divide=False),
            "steps after each batch": lambda: accumulation(every=True),
            "empties the gradient at each batch": lambda: accumulation(
                empty="each batch", divide=False
            ),
            "never empties the gradient": lambda: accumulation(empty="never"),
            "empties and divides": lambda: accumulation(empty="each batch"),
            "never steps": lambda: (lambda model, loader, optimizer, k: None,),
        },
        "right": {
            "divides the loss": lambda: (accumulate,),
            "the mean of the losses of a group": lambda: (in_groups,),
            "divides the gradients": lambda: (divided_gradients,),
        },
    },
}
