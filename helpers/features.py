"""Hidden states for a whole corpus: one vector a text, in the order of the texts."""

import hashlib
import os
import warnings
from contextlib import nullcontext
from pathlib import Path

import numpy as np

from .session import Session, current, runs_folder

POOLS = ("cls", "mean")
BATCH_TOKENS = 2048
SHORT = 128  # tokens
CHUNK = 1000


def extract_features(
    texts, tokenizer, model, pool: str = "cls", layer: int = -1, cache: bool = False
) -> np.ndarray:
    """Run texts through an encoder and keep one vector a text.

    texts: n strings; a text longer than the model's limit (512 tokens) is cut, and how many were
        is told. tokenizer, model: from `load_checkpoint`; a model with a head is used without it.
    pool: "cls" takes the state of the first token, "mean" the average over the text's tokens.
    layer: which layer's states, as an index into the embeddings followed by the model's layers.
    cache: keep the result in runs/features/ and read it from there next time.
    Returns: float32 array [n, hidden]; row i belongs to text i. No texts give [0, hidden].
    Raises: ValueError for an unknown pool or layer; TypeError for a text that is not a string.
    """
    texts = check_texts(texts)
    layers = model.config.num_hidden_layers + 1
    if pool not in POOLS:
        raise ValueError(f'There is no pool {pool!r}: write "cls" or "mean".')
    if not -layers <= layer < layers:
        raise ValueError(f"There is no layer {layer}: this model has 0 to {layers - 1}.")
    ids = tokenize(texts, tokenizer, model)
    if not cache:
        return _extract(ids, tokenizer, model, pool, layer)
    path = _cache_file(ids, model, pool, layer)
    try:
        return np.load(path)
    except (OSError, ValueError, EOFError):  # not there yet, or not whole
        features = _extract(ids, tokenizer, model, pool, layer)
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    with draft.open("wb") as stream:
        np.save(stream, features)
    draft.replace(path)
    return features


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


def _extract(ids: list[np.ndarray], tokenizer, model, pool: str, layer: int) -> np.ndarray:
    def vectors(output, batch):
        states = output.last_hidden_state if layer == -1 else output.hidden_states[layer]
        return pooled(states, batch["attention_mask"], pool)

    rows = [{"input_ids": text_ids} for text_ids in ids]
    width, options = model.config.hidden_size, {"output_hidden_states": layer != -1}
    return run_sorted(model.base_model, tokenizer, rows, vectors, width, "hidden states", **options)


def run_sorted(model, tokenizer, rows: list[dict], read, width: int, bar: str = "", **options):
    """What `read(output, batch)` makes of each row, float32 [rows, width], in the rows' order.

    rows: the model's inputs as `tokenizer` gives them, not padded. The model runs over batches of
        like length, on the session's device and at its number format, and is then as it was.
    bar: what the progress bar is called; without it there is none. options: for the model's call.
    """
    import torch
    from tqdm.auto import tqdm

    session = current()
    home, was_training = model.device, model.training
    attention = model.config._attn_implementation
    found = np.empty((len(rows), width), dtype=np.float32)
    budget = BATCH_TOKENS * (1 if session.device.type == "cpu" else 16)
    silent = not (bar and rows)
    try:
        model.to(session.device).eval()
        with (
            torch.inference_mode(),
            autocast(session),
            tqdm(total=len(rows), desc=bar, unit="text", disable=silent) as progress,
        ):
            for chosen in length_sorted_batches([len(row["input_ids"]) for row in rows], budget):
                batch = tokenizer.pad([rows[row] for row in chosen], return_tensors="pt")
                batch = batch.to(session.device)
                set_attention(model, batch["input_ids"].shape[1], attention)
                found[chosen] = read(model(**batch, **options), batch).float().cpu().numpy()
                progress.update(len(chosen))
    finally:
        model.set_attn_implementation(attention)
        model.to(home).train(was_training)
    return found


def set_attention(model, tokens: int, usual: str) -> None:
    """Take the plain way to compute attention where it is the faster one, else the usual way.

    That is in bfloat16 on CPUs, up to about 128 tokens a text (`benchmarks/attention.py`).
    """
    import torch

    session = current()
    plain = session.device.type == "cpu" and session.dtype == torch.bfloat16 and tokens <= SHORT
    model.set_attn_implementation("eager" if plain else usual)


def autocast(session: Session):
    """The context in which the session's dtype is used for matrix products."""
    import torch

    low = session.dtype != torch.float32
    return torch.autocast(session.device.type, session.dtype) if low else nullcontext()


def tokenize(texts: list[str], tokenizer, model) -> list[np.ndarray]:
    """Token ids of each text, int32; texts over the model's limit are cut, counted and told."""
    limit = min(tokenizer.model_max_length, model.config.max_position_embeddings)
    plain = {"return_attention_mask": False, "return_token_type_ids": False, "verbose": False}
    ids, cut = [], 0
    for start in range(0, len(texts), CHUNK):
        chunk = texts[start : start + CHUNK]
        for text, found in zip(chunk, tokenizer(chunk, **plain)["input_ids"], strict=True):
            if len(found) > limit:
                cut += 1
                found = tokenizer(text, truncation=True, max_length=limit, **plain)["input_ids"]
            ids.append(np.array(found, dtype=np.int32))
    if cut:
        warnings.warn(
            f"{cut} of {len(texts)} texts are longer than {limit} tokens: the model reads only "
            "their beginning.",
            stacklevel=3,
        )
    return ids


def length_sorted_batches(lengths: list[int], budget: int) -> list[np.ndarray]:
    """Row numbers in batches of similar length, none over `budget` tokens with its padding."""
    order = np.argsort(lengths, kind="stable")[::-1]
    batches, start = [], 0
    while start < len(order):
        size = max(1, budget // max(1, lengths[order[start]]))
        batches.append(order[start : start + size])
        start += size
    return batches


def pooled(states, mask, pool: str):
    """One float32 vector a text from states [batch, tokens, hidden] and mask [batch, tokens]."""
    if pool == "cls":
        return states[:, 0].float()
    weights = mask.unsqueeze(-1).float()
    return (states.float() * weights).sum(1) / weights.sum(1)


def _cache_file(ids: list[np.ndarray], model, pool: str, layer: int) -> Path:
    """A file named after all that the features follow from: token ids, weights and settings."""
    import torch

    session = current()
    lengths = [len(text_ids) for text_ids in ids]
    key = hashlib.sha256(f"{pool} {layer} {session.dtype} {session.device} {lengths}".encode())
    for text_ids in ids:
        key.update(text_ids)
    for parameter in model.base_model.parameters():
        key.update(parameter.detach().cpu().reshape(-1).view(torch.uint8).numpy())
    folder = runs_folder() / "features"
    folder.mkdir(exist_ok=True)
    return folder / f"{key.hexdigest()[:24]}.npy"
