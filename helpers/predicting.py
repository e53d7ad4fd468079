"""What a model with a head makes of texts: one row of logits a text, in the order of the texts."""

import numpy as np

from .batches import run_sorted, tokenize
from .files import plain_errors


@plain_errors
def predict_logits(model, tokenizer, texts) -> np.ndarray:
    """Run texts through a model with a head.

    texts: n strings, or n pairs of strings. They are computed sorted by length.
    Returns: float32 array [n, outputs], row i for text i, at the session's number format.
    Raises: TypeError for a text that is not a string.
    """
    return row_logits(model, tokenizer, tokenize(texts, tokenizer, model))


def row_logits(model, tokenizer, encoded: list[dict]) -> np.ndarray:
    """`predict_logits` for rows that `tokenize` has made."""
    width = model.config.num_labels
    return run_sorted(model, tokenizer, encoded, lambda output, _: output.logits, width)
