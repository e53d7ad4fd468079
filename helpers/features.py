"""Hidden states for a whole corpus: one vector a text, in the order of the texts."""

import hashlib
from pathlib import Path

import numpy as np

from .batches import check_texts, run_sorted, tokenize
from .files import whole_file
from .session import current, make_runs_folder, runs_folder

POOLS = ("cls", "mean")


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
    layers = model.config.num_hidden_layers + 1
    if pool not in POOLS:
        raise ValueError(f'There is no pool {pool!r}: write "cls" or "mean".')
    if not -layers <= layer < layers:
        raise ValueError(f"There is no layer {layer}: this model has 0 to {layers - 1}.")
    ids = [row["input_ids"] for row in tokenize(check_texts(texts), tokenizer, model)]
    if not cache:
        return _extract(ids, tokenizer, model, pool, layer)
    path = _cache_file(ids, model, pool, layer)
    try:
        return np.load(path)
    except (OSError, ValueError, EOFError):  # not there yet, or not whole
        features = _extract(ids, tokenizer, model, pool, layer)
    make_runs_folder()
    path.parent.mkdir(exist_ok=True)
    with whole_file(path) as draft, draft.open("wb") as stream:
        np.save(stream, features)
    return features


def _extract(ids: list[np.ndarray], tokenizer, model, pool: str, layer: int) -> np.ndarray:
    def vectors(output, batch):
        states = output.last_hidden_state if layer == -1 else output.hidden_states[layer]
        return pooled(states, batch["attention_mask"], pool)

    rows = [{"input_ids": text_ids} for text_ids in ids]
    width, options = model.config.hidden_size, {"output_hidden_states": layer != -1}
    return run_sorted(model.base_model, tokenizer, rows, vectors, width, "hidden states", **options)


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
    return runs_folder() / "features" / f"{key.hexdigest()[:24]}.npy"
