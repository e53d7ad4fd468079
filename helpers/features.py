"""Hidden states for a whole corpus: one vector a text, in the order of the texts."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .batches import check_texts, run_sorted, tokenize
from .files import plain_errors, whole_file
from .session import current, make_runs_folder, runs_folder, warn

POOLS = ("cls", "mean")
UNREAD = {  # settings that change no hidden state
    *("_name_or_path", "architectures", "dtype", "transformers_version"),
    *("id2label", "label2id", "problem_type"),
}


@plain_errors
def extract_features(
    texts,
    tokenizer,
    model,
    pool: str = "cls",
    layer: int | Sequence[int] = -1,
    cache: bool = False,
) -> np.ndarray:
    """Run texts through an encoder and keep one vector a text.

    texts: n strings; a text longer than the model's limit (512 tokens) is cut, and how many were
        is told. tokenizer, model: from `load_checkpoint`; a model with a head is used without it.
    pool: "cls" takes the state of the first token, "mean" the average over the text's tokens.
    layer: which layer's states, as an index into the embeddings followed by the model's layers; of
        several, [3, 4, 5, 6], the vectors stand side by side, at the cost of one pass.
    cache: keep the result in runs/features/ and read it from there next time.
    Returns: float32 array [n, hidden x layers]; row i belongs to text i. No texts give no rows.
    Raises: ValueError for an unknown pool or layer, and for "cls" with a model that puts no token
        for the whole text first; TypeError for a text that is not a string.
    """
    if pool not in POOLS:
        raise ValueError(f'There is no pool {pool!r}: write "cls" or "mean".')
    layers = check_layers(layer, model)
    ids = [row["input_ids"] for row in tokenize(check_texts(texts), tokenizer, model)]
    if pool == "cls" and any(text_ids[0] != tokenizer.cls_token_id for text_ids in ids):
        raise ValueError(
            f'pool="cls" takes the first token, which is no [CLS] with a {model.config.model_type}:'
            ' write pool="mean".'
        )
    if not cache:
        return _extract(ids, tokenizer, model, pool, layers)
    path = _cache_file(ids, model, pool, layers)
    try:
        with np.load(path) as saved:  # the file holds a checksum
            return saved["features"]
    except Exception:  # not there yet, or damaged in whatever way
        features = _extract(ids, tokenizer, model, pool, layers)
    try:
        make_runs_folder()
        path.parent.mkdir(exist_ok=True)
        with whole_file(path) as draft, draft.open("wb") as stream:
            np.savez(stream, features=features)
    except (OSError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or error
        warn(f"The features could not be kept in {path.parent} ({why}).")
    return features


def check_layers(layer: int | Sequence[int], model) -> list[int]:
    """The layers asked for, each as an index from 0 on.

    Raises: ValueError for one that the model does not have, or for none.
    """
    asked = [layer] if isinstance(layer, int | np.integer) else list(layer)
    count = model.config.num_hidden_layers + 1
    if not asked:
        raise ValueError("layer is empty: name at least one layer, such as -1 for the last.")
    for number in asked:
        if not -count <= number < count:
            raise ValueError(f"There is no layer {number}: this model has 0 to {count - 1}.")
    return [int(number) % count for number in asked]


def _extract(ids: list[np.ndarray], tokenizer, model, pool: str, layers: list[int]) -> np.ndarray:
    import torch

    def vectors(output, batch):
        states = (*output.hidden_states[:-1], output.last_hidden_state)
        mask = batch["attention_mask"]
        return torch.cat([pooled(states[layer], mask, pool) for layer in layers], dim=1)

    rows = [{"input_ids": text_ids} for text_ids in ids]
    width = model.config.hidden_size * len(layers)
    return run_sorted(
        model.base_model,
        tokenizer,
        rows,
        vectors,
        width,
        "hidden states",
        output_hidden_states=True,
    )


def pooled(states, mask, pool: str):
    """One float32 vector a text from states [batch, tokens, hidden] and mask [batch, tokens]."""
    if pool == "cls":
        return states[:, 0].float()
    weights = mask.unsqueeze(-1).float()
    return (states.float() * weights).sum(1) / weights.sum(1)


def _cache_file(ids: list[np.ndarray], model, pool: str, layers: list[int]) -> Path:
    """A file named after all that the features follow from: ids, weights, config and settings."""
    import torch

    session, config = current(), model.base_model.config.to_dict()
    for name in UNREAD & config.keys():
        del config[name]
    settings = [pool, layers, session.dtype_name, str(session.device), list(map(len, ids)), config]
    key = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    for text_ids in ids:
        key.update(text_ids)
    for parameter in model.base_model.parameters():
        key.update(parameter.detach().cpu().reshape(-1).view(torch.uint8).numpy())
    return runs_folder() / "features" / f"{key.hexdigest()[:24]}.npz"
