"""A model card: what someone who is given a model must know, the same in notebook and report."""

import numpy as np
import pandas as pd

from .cheap import CheapModel
from .files import counted
from .rivals import written
from .runs import Run, checkpoint_name


def model_card(
    model: Run | CheapModel,
    title: str,
    *,
    purpose: str,
    use: list[str],
    data: str,
    scores: pd.DataFrame,
    limits: str,
) -> str:
    """A model card in Markdown, for a README.md beside the weights; its YAML head comes before it.

    purpose: what the model does. use: lines of code. data: who wrote and labelled the texts.
    scores: a row a model, baselines first; a name that says so for the rows scored on. limits: what
    it must not be used for. How it was trained is taken from the model itself.
    """
    parts = card_parts(model, purpose=purpose, use=use, data=data, scores=scores, limits=limits)
    written = [f"# {title}"]
    for heading, content in parts.items():
        if isinstance(content, pd.DataFrame):
            content = _table(content)
        elif isinstance(content, list):
            content = "\n".join(f"    {line}" for line in content)
        written.append(f"## {heading}\n\n{content}")
    return "\n\n".join(written) + "\n"


def card_parts(
    model: Run | CheapModel,
    *,
    purpose: str,
    use: list[str],
    data: str,
    scores: pd.DataFrame,
    limits: str,
) -> dict[str, str | list[str] | pd.DataFrame]:
    """The parts of a model card by heading: a text, lines of code, or a table; see `model_card`."""
    return {
        "What it is for": purpose,
        "How to use it": use,
        "What it learnt from": f"{data}\n{_rows_of(model)}",
        "How it was trained": _training_of(model),
        "How well it does": scores,
        "Limits": limits,
    }


def _rows_of(model: Run | CheapModel) -> str:
    counts = model.details["rows"] if isinstance(model, Run) else {"train": model.about["rows"]}
    used = "was used" if counts["train"] == 1 else "were used"
    told = f"{counted(counts['train'])} {used} for training"
    if "validation" in counts:
        told += f", {counts['validation']:,} for validation"
    return f"{told} (SHA-256 of the data: {model.data_sha256[:16]}…)."


def _training_of(model: Run | CheapModel) -> str:
    if not isinstance(model, Run):
        made_from = model.about["checkpoint"] or checkpoint_name(None)
        return (
            "A mean of linear models on words, on runs of letters, and on the mean states of four "
            f"layers of {made_from}, whose weights stayed as they were."
        )
    about, arguments = model.details, model.details["arguments"]
    versions = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    epochs = f"{arguments['epochs']} epoch{'s' if arguments['epochs'] != 1 else ''}"
    return (
        f"All weights of {about['checkpoint']} were fine-tuned for {epochs}, "
        f"{counted(arguments['batch_size'])} a step, with the learning rate "
        f"{arguments['learning_rate']:g}, seed {about['seed']}, in {model.dtype}; finished on "
        f"{about['finished'][:10]} with {versions}. Fingerprint: {about['fingerprint'][:16]}…"
    )


def _table(frame: pd.DataFrame) -> str:
    """A data frame in Markdown, its index first."""
    titles = [tuple(frame.index.names), *frame.columns]
    rows = [titles, ["---"] * len(titles)]
    rows += [list(row) for row in frame.itertuples(name=None)]
    return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in rows)


def _cell(value) -> str:
    if isinstance(value, tuple):
        return " ".join(filter(None, map(_cell, value)))
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return ""
    if isinstance(value, (float, np.floating)):
        return written(value, 2)
    return " ".join(str(value).split()).replace("|", r"\|")
