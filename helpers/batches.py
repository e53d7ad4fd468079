"""Texts as token ids, batches of like length, and the way attention is computed in them."""

from collections.abc import Sequence
from contextlib import nullcontext

import numpy as np

from .checkpoints import token_limit
from .session import current, warn

BATCH_TOKENS = 2048
SHORT = 128  # tokens
CHUNK = 1000
FULL_PRECISION = ("deberta",)  # its mask is the lowest float32, which no shorter format holds


def check_texts(texts) -> list[str]:
    """Return `texts` as a list of strings, or say which of them is none."""
    if isinstance(texts, str):
        raise TypeError("Pass a list of texts, not one text: write [text].")
    texts = list(texts)
    for i, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(
                f"Text {i} is {text!r}, a {type(text).__name__}: every text must be a string. "
                'Replace missing texts with "" or drop their rows.'
            )
    return texts


def tokenize(texts: Sequence, tokenizer, model) -> list[dict[str, np.ndarray]]:
    """The model's inputs for each text, or each pair of texts, not padded.

    Texts over the model's limit are cut, counted and told.
    Returns: for each text its `input_ids`, for pairs `token_type_ids` too where the model has them;
        int32 arrays.
    Raises: TypeError for a text that is no string.
    """
    texts = texts if isinstance(texts, str) else list(texts)
    plain = {"return_attention_mask": False, "verbose": False}
    if texts and isinstance(texts[0], list | tuple | np.ndarray):
        sides = [check_texts(side) for side in zip(*texts, strict=True)]
    else:
        sides = [check_texts(texts)]
        plain["return_token_type_ids"] = False
    limit, rows, cut = token_limit(tokenizer, model), [], 0
    for start in range(0, len(texts), CHUNK):
        chunk = [side[start : start + CHUNK] for side in sides]
        encoded = tokenizer(*chunk, **plain)
        for i, ids in enumerate(encoded["input_ids"]):
            row = {name: values[i] for name, values in encoded.items()}
            if len(ids) > limit:
                cut += 1
                text = [side[i] for side in chunk]
                row = tokenizer(*text, truncation=True, max_length=limit, **plain)
            rows.append({name: np.array(values, dtype=np.int32) for name, values in row.items()})
    if cut:
        what = "texts" if len(sides) == 1 else "pairs"
        warn(
            f"{cut} of {len(texts)} {what} are longer than {limit} tokens: the model reads only "
            "their beginning."
        )
    return rows


def length_sorted_batches(lengths: list[int], budget: int) -> list[np.ndarray]:
    """Row numbers in batches of similar length, none over `budget` tokens with its padding."""
    order = np.argsort(lengths, kind="stable")[::-1]
    batches, start = [], 0
    while start < len(order):
        size = max(1, budget // max(1, lengths[order[start]]))
        batches.append(order[start : start + size])
        start += size
    return batches


def run_sorted(model, tokenizer, rows: list[dict], read, width: int, bar: str = "", **options):
    """What `read(output, batch)` makes of each row, float32 [rows, width], in the rows' order.

    rows: the model's inputs as `tokenizer` gives them, not padded. The model runs over batches of
        like length, on the session's device and at its number format, and is then as it was.
    bar: what the progress bar is called; without it there is none. options: for the model's call.
    """
    import torch
    from tqdm import tqdm

    session = current()
    home, was_training = model.device, model.training
    attention = model.config._attn_implementation
    outputs = np.empty((len(rows), width), dtype=np.float32)
    budget = BATCH_TOKENS * (1 if session.device.type == "cpu" else 16)
    silent = None if bar and rows else True
    try:
        model.to(session.device).eval()
        with (
            torch.inference_mode(),
            autocast(model),
            tqdm(total=len(rows), desc=bar, unit="text", disable=silent) as progress,
        ):
            for chosen in length_sorted_batches([len(row["input_ids"]) for row in rows], budget):
                batch = tokenizer.pad([rows[row] for row in chosen], return_tensors="pt")
                batch = batch.to(session.device)
                set_attention(model, batch["input_ids"].shape[1], attention)
                outputs[chosen] = read(model(**batch, **options), batch).float().cpu().numpy()
                progress.update(len(chosen))
    finally:
        model.set_attn_implementation(attention)
        model.to(home).train(was_training)
    return outputs


def set_attention(model, tokens: int, usual: str) -> None:
    """Take the plain way to compute attention where it is the faster one, else the usual way.

    That is in bfloat16 on CPUs, up to about 128 tokens a text (`benchmarks/attention.py`).
    """
    import torch

    low = current().device.type == "cpu" and dtype_of(model) == torch.bfloat16
    model.set_attn_implementation("eager" if low and tokens <= SHORT else usual)


def autocast(model):
    """The context in which a model's matrix products are computed in the session's dtype."""
    import torch

    dtype = dtype_of(model)
    low = dtype != torch.float32
    return torch.autocast(current().device.type, dtype) if low else nullcontext()


def dtype_of(model) -> "torch.dtype":  # noqa: F821
    """The number format that a model computes in: the session's, if it can."""
    import torch

    return torch.float32 if model.config.model_type in FULL_PRECISION else current().dtype
