"""Answers to the exercises of notebook 07, wrong ones by misconception and right ones by form."""

from itertools import takewhile

import numpy as np
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
        },
        "right": {
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
        },
        "right": {
            "sorted": lambda: (by_sorting,),
            "a loop": lambda: (in_a_loop,),
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
        },
        "right": {
            "torch": lambda: (lambda logits, names, t: above(sigmoid(logits), names, t),),
            "without the sigmoid, by the inverse of it": lambda: (by_logits,),
        },
    },
}
