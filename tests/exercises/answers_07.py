"""Answers to the exercises of notebook 07, wrong ones by misconception and right ones by form."""

import math
from itertools import takewhile

import numpy as np
import pandas as pd
import torch


def with_while(ids, size, step):
    found, start = [ids[:size]], 0
    while start + size < len(ids):
        start += step
        found.append(ids[start : start + size])
    return found


def counted(ids, size, step):
    n = 1 + max(0, -(-(len(ids) - size) // step))
    return tuple(tuple(ids[k * step : k * step + size]) for k in range(n))


def all_starts(ids, size, step):
    return [ids[i : i + size] for i in range(0, len(ids), step)]


def whole_windows(ids, size, step):
    return [ids[i : i + size] for i in range(0, len(ids) - size + 1, step)]


def lengthened(ids, size, step):
    return [ids[i : i + size + step] for i in range(0, max(len(ids) - size, 0) + step, step)]


def by_overlap(ids, size, step):
    return with_while(ids, size, size - step or size)


def endless(ids, size, step):
    found, start = [], 0
    while start < len(ids):
        found.append(ids[start : start + size])
    return found


def until_the_last_id(ids, size, step):
    found = [ids[:size]]
    while found[-1][-1] != ids[-1]:
        found.append(ids[len(found) * step : len(found) * step + size])
    return found


def by_eating(ids, size, step):
    found = [ids[:size]]
    while len(ids) > size:
        del ids[:step]
        found.append(ids[:size])
    return found


def one_by_one(ids, size, step):
    yield from with_while(ids, size, step)


def as_arrays(ids, size, step):
    return [np.array(window) for window in with_while(ids, size, step)]


def by_sorting(log_history, metric, greater_is_better):
    sign = -1 if greater_is_better else 1
    checks = [entry for entry in log_history if metric in entry]
    return sorted(checks, key=lambda entry: sign * entry[metric])[0]["step"]


def in_a_loop(log_history, metric, greater_is_better):
    best = None
    for entry in log_history:
        value = entry.get(metric)
        if value is None:
            continue
        if best is None or (value > best[0] if greater_is_better else value < best[0]):
            best = value, entry["step"]
    return best[1]


def last_of_equals(log_history, metric, greater_is_better):
    return by_sorting(log_history[::-1], metric, greater_is_better)


def lowest(log_history, metric, greater_is_better):
    return by_sorting(log_history, metric, False)


def highest(log_history, metric, greater_is_better):
    return by_sorting(log_history, metric, True)


def training_loss(log_history, metric, greater_is_better):
    return by_sorting(log_history, "loss", False)


def value_not_step(log_history, metric, greater_is_better):
    values = [entry[metric] for entry in log_history if metric in entry]
    return max(values) if greater_is_better else min(values)


def place_not_step(log_history, metric, greater_is_better):
    values = [entry[metric] for entry in log_history if metric in entry]
    return values.index(max(values) if greater_is_better else min(values))


def final(log_history, metric, greater_is_better):
    return [entry for entry in log_history if metric in entry][-1]["step"]


def by_name(log_history, metric, greater_is_better):
    return by_sorting(log_history, metric, "loss" not in metric)


def by_direction(log_history, metric, greater_is_better):
    metric = "eval_accuracy" if greater_is_better else "eval_loss"
    return by_sorting(log_history, metric, greater_is_better)


def skips_zero(log_history, metric, greater_is_better):
    log_history = [entry for entry in log_history if entry.get(metric)]
    return by_sorting(log_history, metric, greater_is_better)


def from_zero_up(log_history, metric, greater_is_better):
    best, step = (0, None) if greater_is_better else (100, None)
    for entry in log_history:
        value = entry.get(metric, best)
        if value > best if greater_is_better else value < best:
            best, step = value, entry["step"]
    return step


def turns_the_log(log_history, metric, greater_is_better):
    log_history.sort(key=lambda entry: entry.get(metric, 0))
    return by_sorting(log_history, metric, greater_is_better)


def two_loops(log_history, metric, greater_is_better):
    i, best = 0, None
    while i < len(log_history):
        if metric not in log_history[i]:
            continue
        best = log_history[i]["step"]
        i += 1
    return best


def even_steps(log_history, metric, greater_is_better):
    values = [entry[metric] for entry in log_history if metric in entry]
    place = values.index(max(values) if greater_is_better else min(values))
    return log_history[1]["step"] * (place + 1)


def with_pandas(log_history, metric, greater_is_better):
    column = pd.DataFrame(log_history).dropna(subset=[metric]).set_index("step")[metric]
    return column.idxmax() if greater_is_better else column.idxmin()


def above(values, names, threshold):
    return [[n for n, v in zip(names, row, strict=True) if v >= threshold] for row in values]


def sigmoid(logits):
    return torch.tensor(logits).sigmoid().numpy()


def by_logits(logits, names, threshold):
    border = np.log(threshold / (1 - threshold))  # the sigmoid rises, so its inverse will do
    return [tuple(np.array(names)[row >= border]) for row in logits]


def never_empty(logits, names, threshold):
    rows = above(sigmoid(logits), names, threshold)
    return [row or [names[i]] for row, i in zip(rows, logits.argmax(axis=1), strict=True)]


def more_than(logits, names, threshold):
    return [
        [n for n, p in zip(names, row, strict=True) if p > threshold] for row in sigmoid(logits)
    ]


def in_place(logits, names, threshold):
    np.negative(logits, out=logits)
    np.exp(logits, out=logits)
    return above(1 / (1 + logits), names, threshold)


def own_names(logits, names, threshold):
    return above(sigmoid(logits), ["sadness", "joy", "love", "anger"][: len(logits[0])], threshold)


def as_text(logits, names, threshold):
    return [", ".join(row) for row in above(sigmoid(logits), names, threshold)]


def never_done(logits, names, threshold):
    found, i = [], 0
    while i < len(logits):
        found.append(above(sigmoid(logits), names, threshold)[i])
    return found


def with_loops(logits, names, threshold):
    found = []
    for row in logits.tolist():
        found.append([])
        for name, logit in zip(names, row, strict=True):
            if 1 / (1 + math.exp(-logit)) >= threshold:
                found[-1].append(name)
    return found


ANSWERS = {
    "07.1": {
        "wrong": {
            "goes on after the end is reached": lambda: (all_starts,),
            "drops what does not fill a window": lambda: (whole_windows,),
            "only the first window": lambda: (lambda ids, size, step: [ids[:size]],),
            "windows that do not overlap": lambda: (
                lambda ids, size, step: with_while(ids, size, size),
            ),
            "mixes up size and step": lambda: (
                lambda ids, size, step: with_while(ids, step, size),
            ),
            "windows too long": lambda: (lengthened,),
            "starts one too late": lambda: (
                lambda ids, size, step: with_while(ids[1:], size, step),
            ),
            "forgets to return": lambda: (lambda ids, size, step: None,),
            "the windows in place of the function": lambda: ([[1, 2], [2, 3]],),
            "takes step for the overlap": lambda: (by_overlap,),
            "a loop that never ends": lambda: (endless,),
            "ends at the value of the last id": lambda: (until_the_last_id,),
            "takes the ids away from the caller": lambda: (by_eating,),
            "a generator": lambda: (one_by_one,),
            "an array of no shape": lambda: (lambda ids, size, step: np.array(3),),
            "one flat list": lambda: (
                lambda ids, size, step: sum(with_while(ids, size, step), []),
            ),
            "a size of its own": lambda: (lambda ids, size, step: with_while(ids, 5, step),),
            "a step of its own": lambda: (
                lambda ids, size, step: with_while(ids, size, max(1, size // 2)),
            ),
            "always the same": lambda: (lambda ids, size, step: [ids[0:5], ids[2:7]],),
            "a list too deep": lambda: (
                lambda ids, size, step: [[window] for window in with_while(ids, size, step)],
            ),
        },
        "right": {
            "arrays as windows": lambda: (as_arrays,),
            "while": lambda: (with_while,),
            "their number first": lambda: (counted,),
            "takewhile": lambda: (
                lambda ids, size, step: [
                    ids[i : i + size]
                    for i in takewhile(
                        lambda i: i == 0 or i - step + size < len(ids), range(0, len(ids), step)
                    )
                ],
            ),
        },
    },
    "07.2": {
        "wrong": {
            "the lowest, also of an accuracy": lambda: (lowest,),
            "the highest, also of a loss": lambda: (highest,),
            "the later of two equals": lambda: (last_of_equals,),
            "the last evaluation": lambda: (final,),
            "by the training loss": lambda: (training_loss,),
            "the value in place of the step": lambda: (value_not_step,),
            "the place in place of the step": lambda: (place_not_step,),
            "takes every entry to have the metric": lambda: (
                lambda log, metric, greater: min(log, key=lambda entry: entry[metric])["step"],
            ),
            "forgets to return": lambda: (lambda log, metric, greater: None,),
            "goes by the metric's name, not by greater_is_better": lambda: (by_name,),
            "goes by greater_is_better, not by the metric": lambda: (by_direction,),
            "takes 0 for no value": lambda: (skips_zero,),
            "begins with 0": lambda: (from_zero_up,),
            "sorts the caller's log": lambda: (turns_the_log,),
            "a loop that never ends": lambda: (two_loops,),
            "takes the steps to be evenly spaced": lambda: (even_steps,),
            "the whole entry": lambda: (
                lambda log, metric, greater: next(
                    entry for entry in log if entry["step"] == by_sorting(log, metric, greater)
                ),
            ),
            "the epoch": lambda: (
                lambda log, metric, greater: float(1 + place_not_step(log, metric, greater)),
            ),
            "text in place of a number": lambda: (
                lambda log, metric, greater: str(by_sorting(log, metric, greater)),
            ),
            "always the same": lambda: (lambda log, metric, greater: 60,),
            "the step in place of the function": lambda: (60,),
        },
        "right": {
            "sorted": lambda: (by_sorting,),
            "pandas": lambda: (with_pandas,),
            "a loop": lambda: (in_a_loop,),
            "an array of one number": lambda: (lambda *a: np.array(by_sorting(*a)),),
        },
    },
    "07.3": {
        "wrong": {
            "softmax": lambda: (
                lambda logits, names, t: above(
                    torch.tensor(logits).softmax(dim=-1).numpy(), names, t
                ),
            ),
            "the threshold on the logits": lambda: (above,),
            "the best label only": lambda: (
                lambda logits, names, t: [[names[i]] for i in logits.argmax(axis=1)],
            ),
            "never an empty list": lambda: (never_empty,),
            "a threshold of its own": lambda: (
                lambda logits, names, t: above(sigmoid(logits), names, 0.5),
            ),
            "below the threshold": lambda: (
                lambda logits, names, t: above(1 - sigmoid(logits), names, t),
            ),
            "ids in place of names": lambda: (
                lambda logits, names, t: [np.flatnonzero(row >= t) for row in sigmoid(logits)],
            ),
            "one list for all rows": lambda: (
                lambda logits, names, t: sum(above(sigmoid(logits), names, t), []),
            ),
            "forgets to return": lambda: (lambda logits, names, t: None,),
            "more than the threshold": lambda: (more_than,),
            "rounds first": lambda: (
                lambda logits, names, t: above(sigmoid(logits).round(2), names, t),
            ),
            "the sigmoid without its minus sign": lambda: (
                lambda logits, names, t: above(1 / (1 + np.exp(logits)), names, t),
            ),
            "works on the caller's logits": lambda: (in_place,),
            "names of its own": lambda: (own_names,),
            "one text a row": lambda: (as_text,),
            "a loop that never ends": lambda: (never_done,),
            "labels by rows in place of rows by labels": lambda: (
                lambda logits, names, t: [
                    np.flatnonzero(column >= t).tolist() for column in sigmoid(logits).T
                ],
            ),
            "None for an empty list": lambda: (
                lambda logits, names, t: [row or None for row in above(sigmoid(logits), names, t)],
            ),
            "the names in place of the function": lambda: ([["joy"], []],),
        },
        "right": {
            "torch": lambda: (lambda logits, names, t: above(sigmoid(logits), names, t),),
            "without the sigmoid, by the inverse of it": lambda: (by_logits,),
            "loops": lambda: (with_loops,),
            "float32": lambda: (
                lambda logits, names, t: above(
                    torch.tensor(logits, dtype=torch.float32).sigmoid(), names, t
                ),
            ),
        },
    },
}
