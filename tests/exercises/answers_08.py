"""Answers to the exercises of notebook 08, wrong ones by misconception and right ones by form."""

import numpy as np
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


def mask_by_id(rows, pad_id):
    batch = collate(rows, pad_id)
    return batch | {"attention_mask": (batch["input_ids"] != pad_id).long()}


def without_batch_first(rows, pad_id):
    ids = pad_sequence([torch.tensor(row["input_ids"]) for row in rows], padding_value=pad_id)
    return collate(rows, pad_id) | {"input_ids": ids}


def pads_the_callers_rows(rows, pad_id):
    lengths = [len(row["input_ids"]) for row in rows]
    for row in rows:
        row["input_ids"] += [pad_id] * (max(lengths) - len(row["input_ids"]))
    mask = [[1] * n + [0] * (max(lengths) - n) for n in lengths]
    return collate(rows, pad_id) | {"attention_mask": torch.tensor(mask)}


def sorted_by_length(rows, pad_id):
    return collate(sorted(rows, key=lambda row: len(row["input_ids"])), pad_id)


def lists_of_tensors(rows, pad_id):
    return {name: list(tensor) for name, tensor in collate(rows, pad_id).items()}


def endless(rows, pad_id):
    while True:
        rows = list(rows)


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


def in_the_notebooks_form(model, loader, optimizer, schedule):
    model.train()
    losses = []
    for batch in loader:
        loss = model(**batch.to(model.device)).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return sum(losses) / len(losses)


def with_the_loss_by_hand(model, loader, optimizer, schedule):
    model.train()
    total = 0.0
    for batch in loader:
        logits = model(batch["input_ids"], batch["attention_mask"]).logits
        rows = torch.arange(len(logits))
        loss = -logits.log_softmax(dim=-1)[rows, batch["labels"]].mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        total += float(loss.detach())
    return total / len(loader)


def mean_over_rows(model, loader, optimizer, schedule):
    sizes = [len(batch["labels"]) for batch in loader]
    losses = []
    epoch(model, noting(loader, losses, model), optimizer, schedule)
    return sum(n * loss for n, loss in zip(sizes, losses, strict=True)) / sum(sizes)


def noting(loader, losses, model):
    """The batches of the loader; a hook puts the loss of each into `losses`."""
    handle = model.register_forward_hook(lambda *call: losses.append(call[-1].loss.item()))
    yield from loader
    handle.remove()


def for_six_batches(model, loader, optimizer, schedule):
    return epoch(model, loader, optimizer, schedule, returns="sum") / 6


def first_batch_alone(model, loader, optimizer, schedule):
    return epoch(model, [next(iter(loader))], optimizer, schedule)


def by_position(model, loader, optimizer, schedule):
    return epoch(model, [loader[i] for i in range(len(loader))], optimizer, schedule)


def changes_the_batches(model, loader, optimizer, schedule):
    batches = list(loader)
    mean = epoch(model, batches, optimizer, schedule)
    for batch in batches:
        batch["labels"].zero_()
    return mean


def variant(**options):
    return (lambda *arguments: epoch(*arguments, **options),)


def accumulate(
    model,
    loader,
    optimizer,
    k,
    mode=True,
    divide=True,
    every=False,
    first=1,
    empty="after the step",
):
    if mode:
        model.train()
    for count, batch in enumerate(loader, start=first):
        loss = model(**batch).loss
        if empty == "each batch":
            optimizer.zero_grad()
        (loss / k if divide else loss).backward()
        if every or count % k == 0:
            optimizer.step()
            if empty == "after the step":
                optimizer.zero_grad()


def accumulate_in_the_notebooks_form(model, loader, optimizer, k):
    model.train()
    optimizer.zero_grad()
    waiting = 0
    for batch in loader:
        loss = model(**batch.to(model.device)).loss
        (loss / k).backward()
        waiting += 1
        if waiting == k:
            optimizer.step()
            optimizer.zero_grad()
            waiting = 0


def one_backward_a_group(model, loader, optimizer, k):
    model.train()
    batches = list(loader)
    for start in range(0, len(batches), k):
        optimizer.zero_grad()
        torch.stack([model(**batch).loss for batch in batches[start : start + k]]).mean().backward()
        optimizer.step()
    optimizer.zero_grad()


def all_losses_of_a_group_first(model, loader, optimizer, k):
    model.train()
    batches = list(loader)
    for start in range(0, len(batches), k):
        losses = [model(**batch).loss / k for batch in batches[start : start + k]]
        for loss in losses:
            loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def one_large_batch(model, loader, optimizer, k):
    model.train()
    batches = list(loader)
    for start in range(0, len(batches), k):
        group = batches[start : start + k]
        merged = {name: torch.cat([batch[name] for batch in group]) for name in group[0]}
        model(**merged).loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def empties_before_each_group(model, loader, optimizer, k):
    model.train()
    for i, batch in enumerate(loader):
        if i % k == 0:
            optimizer.zero_grad()
        (model(**batch).loss / k).backward()
        if i % k == k - 1:
            optimizer.step()


def empties_between_groups_alone(model, loader, optimizer, k):
    model.train()
    for i, batch in enumerate(loader):
        if i and i % k == 0:
            optimizer.zero_grad()
        (model(**batch).loss / k).backward()
        if i % k == k - 1:
            optimizer.step()


def divided_gradients(model, loader, optimizer, k):
    model.train()
    for i, batch in enumerate(loader):
        model(**batch).loss.backward()
        if (i + 1) % k == 0:
            for weight in model.parameters():
                weight.grad /= k
            optimizer.step()
            model.zero_grad()


IN_ORDER = "empty backward clip step move"


def by_norm(weights):
    torch.nn.utils.clip_grad_norm_(weights, 1.0)


def whole_training(
    model,
    batches,
    epochs,
    rate,
    order=IN_ORDER,
    kind=torch.optim.AdamW,
    total=None,
    factor=lambda step, steps: 1 - step / steps,
    clip=by_norm,
    modes=(True, True, False),
    mean=lambda losses, sizes: float(np.average(losses, weights=sizes)),
    **settings,
):
    """A training as 08.4 asks for it; each option makes one slip.

    order: what is done with each batch, and " / " before what is done after each epoch.
    modes: training mode at the start, after each epoch, at the end.
    """
    optimizer = kind(model.parameters(), lr=rate, **settings)
    total = total or epochs * len(batches)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: factor(step, total))
    do = {
        "empty": optimizer.zero_grad,
        "clip": lambda: clip(model.parameters()),
        "step": optimizer.step,
        "move": schedule.step,
    }
    for_batch, _, for_epoch = order.partition(" / ")
    means = []
    model.train(modes[0])
    for _ in range(epochs):
        losses, sizes = [], []
        for batch in batches:
            loss = model(**batch).loss
            for name in for_batch.split():
                (do | {"backward": loss.backward})[name]()
            losses.append(loss.item())
            sizes.append(len(batch["labels"]))
        for name in for_epoch.split():
            do[name]()
        model.train(modes[1])
        means.append(mean(losses, sizes))
    model.train(modes[2])
    return means


def training(**options):
    return (lambda *arguments: whole_training(*arguments, **options),)


def without_looking_back(model, batches, epochs, learning_rate):
    """The schedule by hand, modes set in each epoch, the sum over rows as it comes."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    optimizer.zero_grad()
    steps, done, history = epochs * sum(1 for _ in batches), 0, []
    for _ in range(epochs):
        model.train()
        seen = lost = 0
        for batch in batches:
            for group in optimizer.param_groups:
                group["lr"] = learning_rate * (steps - done) / steps
            loss = model(**batch.to(model.device)).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(list(model.parameters()), max_norm=1.0)
            optimizer.step()
            optimizer.zero_grad()
            done += 1
            n = batch["labels"].shape[0]
            seen, lost = seen + n, lost + float(loss.detach()) * n
        history.append(lost / seen)
        model.eval()
    return history


def with_linear_lr(model, batches, epochs, learning_rate):
    """PyTorch's own linear schedule, and an array of means."""
    optimizer = torch.optim.AdamW(model.parameters(), learning_rate)
    steps = epochs * len(batches)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, steps)
    means = np.zeros(epochs)
    model.train()
    for epoch in range(epochs):
        losses, sizes = [], []
        for batch in batches:
            model.zero_grad()
            output = model(**batch)
            output.loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1)
            optimizer.step()
            schedule.step()
            losses.append(output.loss.item())
            sizes.append(len(output.logits))
        means[epoch] = np.average(losses, weights=sizes)
    model.eval()
    return means


def adamw_by_hand(model, batches, epochs, learning_rate):
    """The optimizer written out as well."""
    model.train()
    weights = list(model.parameters())
    first, second = ([torch.zeros_like(w) for w in weights] for _ in range(2))
    step, steps, means = 0, epochs * len(batches), []
    for _ in range(epochs):
        lost, seen = 0.0, 0
        for batch in batches:
            loss = model(**batch).loss
            model.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            rate = learning_rate * (1 - step / steps)
            step += 1
            with torch.no_grad():
                for w, m, v in zip(weights, first, second, strict=True):
                    w.mul_(1 - rate * 0.01)
                    m.lerp_(w.grad, 0.1)
                    v.mul_(0.999).addcmul_(w.grad, w.grad, value=0.001)
                    w.sub_(rate * (m / (1 - 0.9**step)) / ((v / (1 - 0.999**step)).sqrt() + 1e-8))
            lost, seen = lost + loss.item() * len(batch["labels"]), seen + len(batch["labels"])
        means.append(lost / seen)
    model.eval()
    return means


def new_optimizer_each_epoch(model, batches, epochs, rate):
    means = []
    for epoch in range(epochs):
        left = rate * (epochs - epoch) / epochs
        means += whole_training(model, batches, 1, left, total=(epochs - epoch) * len(batches))
    return means


def one_epoch_for_all(model, batches, epochs, rate):
    return epochs * whole_training(model, batches, 1, rate, total=epochs * len(batches))


def by_places(model, batches, epochs, rate):
    return whole_training(model, [batches[i] for i in range(len(batches))], epochs, rate)


def all_rows_at_once(model, batches, epochs, rate):
    every = list(batches)
    merged = {name: torch.cat([batch[name] for batch in every]) for name in every[0]}
    return whole_training(model, [merged], epochs, rate)


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
            "the class of the batch": lambda: (lambda rows, pad: dict,),
            "a mask by id": lambda: (mask_by_id,),
            "labels in int32": lambda: (lambda rows, pad: collate(rows, pad, kind=torch.int32),),
            "labels as truth values": lambda: (
                lambda rows, pad: collate(rows, pad, kind=torch.bool),
            ),
            "pads the caller's rows": lambda: (pads_the_callers_rows,),
            "pad_sequence without batch_first": lambda: (without_batch_first,),
            "sorts the rows": lambda: (sorted_by_length,),
            "lists of tensors": lambda: (lists_of_tensors,),
            "a loop without an end": lambda: (endless,),
            "the batch in place of the function": lambda: (
                collate([{"input_ids": [101, 102], "labels": 1}]),
            ),
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
            "the mean over the rows": lambda: (mean_over_rows,),
            "for six batches": lambda: (for_six_batches,),
            "the first batch alone": lambda: (first_batch_alone,),
            "indexes the loader": lambda: (by_position,),
            "changes the batches": lambda: (changes_the_batches,),
            "returns all the losses": lambda: (
                lambda *arguments: [epoch(*arguments), epoch(*arguments)],
            ),
        },
        "right": {
            "the notebook's form, with clipping": lambda: (in_the_notebooks_form,),
            "the loss by hand": lambda: (with_the_loss_by_hand,),
            "zero_grad after the step": lambda: (epoch,),
            "zero_grad before backward": lambda: variant(empty="before"),
            "a detached tensor": lambda: (with_a_tensor_at_the_end,),
        },
    },
    "08.3": {
        "wrong": {
            "does not divide": lambda: accumulation(divide=False),
            "steps after each batch": lambda: accumulation(every=True),
            "counts from 0": lambda: accumulation(first=0),
            "empties the gradient at each batch": lambda: accumulation(
                empty="each batch", divide=False
            ),
            "never empties the gradient": lambda: accumulation(empty="never"),
            "empties and divides": lambda: accumulation(empty="each batch"),
            "empties between the groups alone": lambda: (empties_between_groups_alone,),
            "never steps": lambda: (lambda model, loader, optimizer, k: None,),
            "without train()": lambda: accumulation(mode=False),
            "one large batch": lambda: (one_large_batch,),
            "one backward for a group": lambda: (one_backward_a_group,),
            "all losses of a group first": lambda: (all_losses_of_a_group_first,),
            "always three": lambda: (
                lambda model, loader, optimizer, k: accumulate(model, loader, optimizer, 3),
            ),
            "the number of steps in place of the function": lambda: (2,),
        },
        "right": {
            "divides the loss": lambda: (accumulate,),
            "the notebook's form, counting": lambda: (accumulate_in_the_notebooks_form,),
            "empties before each group": lambda: (empties_before_each_group,),
            "divides the gradients": lambda: (divided_gradients,),
        },
    },
    "08.4": {
        "wrong": {
            "no clipping": lambda: training(order="empty backward step move"),
            "clips before backward": lambda: training(order="clip empty backward step move"),
            "clips after the step": lambda: training(order="empty backward step clip move"),
            "clips each number by itself": lambda: training(
                clip=lambda weights: torch.nn.utils.clip_grad_value_(weights, 1.0)
            ),
            "clips each parameter by itself": lambda: training(
                clip=lambda weights: [by_norm(weight) for weight in weights]
            ),
            "no schedule": lambda: training(factor=lambda step, steps: 1),
            "the schedule moves once an epoch": lambda: training(
                order="empty backward clip step / move"
            ),
            "the schedule moves before the step": lambda: training(
                order="empty backward clip move step"
            ),
            "decays to 0 within one epoch": lambda: training(total=3),
            "decays to a tenth": lambda: training(factor=lambda step, n: 1 - 0.9 * step / n),
            "a rate of 0 in the last step": lambda: training(
                factor=lambda step, n: 1 - step / max(1, n - 1)
            ),
            "a warm-up": lambda: training(factor=lambda step, n: min(step / 2, 1 - step / n)),
            "a cosine in place of a line": lambda: training(
                factor=lambda step, n: 0.5 + 0.5 * np.cos(np.pi * step / n)
            ),
            "empties between backward and step": lambda: training(
                order="backward clip empty step move"
            ),
            "no step": lambda: training(order="empty backward clip move"),
            "no backward": lambda: training(order="empty clip step move"),
            "never empties the gradient": lambda: training(order="backward clip step move"),
            "an old gradient in the first step": lambda: training(
                order="backward clip step move empty"
            ),
            "leaves the model in evaluation mode": lambda: training(modes=(False, False, False)),
            "evaluates after each epoch and goes on": lambda: training(modes=(True, False, False)),
            "gives the model back in training mode": lambda: training(modes=(True, True, True)),
            "SGD": lambda: training(kind=torch.optim.SGD),
            "Adam without W": lambda: training(kind=torch.optim.Adam),
            "no weight decay": lambda: training(weight_decay=0.0),
            "a new optimizer for each epoch": lambda: (new_optimizer_each_epoch,),
            "one epoch, its loss repeated": lambda: (one_epoch_for_all,),
            "the mean over the batches": lambda: training(
                mean=lambda losses, sizes: np.mean(losses)
            ),
            "the sum over the batches": lambda: training(mean=lambda losses, sizes: sum(losses)),
            "the sum over the rows": lambda: training(
                mean=lambda losses, sizes: np.dot(losses, sizes)
            ),
            "the last loss of each epoch": lambda: training(mean=lambda losses, sizes: losses[-1]),
            "a tensor for each epoch": lambda: training(
                mean=lambda losses, sizes: torch.tensor(losses).mean()
            ),
            "one number for all epochs": lambda: (
                lambda *arguments: whole_training(*arguments)[0],
            ),
            "forgets to return": lambda: (lambda *arguments: whole_training(*arguments) and None,),
            "batches by their places": lambda: (by_places,),
            "all rows at once": lambda: (all_rows_at_once,),
            "returns numbers and trains nothing": lambda: (
                lambda model, batches, epochs, rate: [0.7] * epochs,
            ),
            "the losses in place of the function": lambda: ([0.7, 0.6],),
        },
        "right": {
            "LambdaLR": lambda: training(),
            "the rate set by hand": lambda: (without_looking_back,),
            "LinearLR": lambda: (with_linear_lr,),
            "AdamW written out": lambda: (adamw_by_hand,),
        },
    },
}
