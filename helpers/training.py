"""Fine-tuning with Trainer: defaults right for this stack, and no training done twice."""

import hashlib
import json
import os
import platform
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import numpy as np

from .checkpoints import FULL, POCKET, find_checkpoint, load_checkpoint
from .features import check_texts, run_sorted, tokenize
from .session import cpu_name, current, is_quick, profile_name, runs_folder, say, write_json

TARGETS = ("label", "labels", "score", "target")
RECIPE = {  # as TrainingArguments calls them; a warm-up below 1 is a share of the steps
    "optim": "adamw_torch_fused",
    "weight_decay": 0.01,
    "lr_scheduler_type": "linear",
    "warmup_steps": 0.1,
}
PACKAGES = ("torch", "transformers", "datasets", "accelerate", "numpy")


@dataclass(frozen=True)
class Run:
    """A finished training run: the model, and all that `run.json` in its folder tells of it."""

    model: "PreTrainedModel"  # noqa: F821
    tokenizer: "PreTrainedTokenizerBase"  # noqa: F821
    folder: Path
    details: dict

    @property
    def metrics(self) -> dict[str, float]:
        """The scores on the validation rows after training."""
        return self.details["metrics"]

    @property
    def log_history(self) -> list[dict[str, float]]:
        """What Trainer logged: the training loss, and the validation scores of each epoch."""
        return self.details["log_history"]

    @cached_property
    def dynamics(self) -> dict[str, np.ndarray]:
        """Logits in the course of training, float32 [epochs, rows, outputs], in dataset order.

        "train": as the training pass of each epoch met the row, before learning from it (in the
        first epoch they are therefore out of sample); NaN for a row that was left out.
        "validation": after each epoch.
        """
        return _read_arrays(self.folder / "dynamics.npz")


def fine_tune(
    data,
    *,
    epochs: int = 4,
    learning_rate: float = 2e-4,
    batch_size: int = 32,
    class_weight: str | None = None,
    seed: int | None = None,
    checkpoint: str | Path | None = None,
    head: str = "classification",
    name: str = "run",
    max_length: int | None = None,
    accumulation: int = 1,
    callbacks=(),
    folder: str | Path | None = None,
) -> Run:
    """Train all layers of a checkpoint on `data["train"]`, or load the finished run of the past.

    data: a DatasetDict with train and validation, whose text columns (one, or two for pairs) hold
        strings and whose target is a ClassLabel column, or a number for head="regression". Rows
        with a label below 0 are left out.
    batch_size: rows a batch, shared out evenly among the processes that `torchrun` starts.
    learning_rate: rises over the first tenth of the steps, then falls to 0 along a line.
    class_weight: "balanced" counts the loss of a rare class more, by n / (classes x its rows).
    seed: of the new head, the batches and the dropout; without it, the session's.
    checkpoint: as in `load_checkpoint`. max_length: where texts are cut, in tokens.
    name: the first part of the folder's name. callbacks: TrainerCallbacks of your own.
    accumulation: batches of `batch_size` rows that share one step. folder: where the run is to be
        kept, in place of `runs/<name>-<fingerprint>/`.
    Returns: a Run, its model on the CPU in float32. Everything is in `runs/<name>-<fingerprint>/`.
        The fingerprint is made of data, checkpoint, arguments and seed: with the same one, a run
        that was finished is loaded and one that was interrupted goes on from its last epoch.
    Raises: ValueError or TypeError for data or arguments that cannot be trained with.
    """
    columns = check_data(data, head)
    if class_weight not in (None, "balanced") or (class_weight and head == "regression"):
        raise ValueError(f'class_weight={class_weight!r}: only classes can be "balanced".')
    sizes = {"epochs": epochs, "batch_size": batch_size, "accumulation": accumulation}
    sizes |= {"learning_rate": learning_rate, "max_length": max_length}
    for argument, value in sizes.items():
        if value is not None and value <= 0:
            raise ValueError(f"{argument}={value}: it must be above 0.")
    plan = {
        "data_sha256": data_hash(data, columns),
        "checkpoint_sha256": weights_hash(find_checkpoint(checkpoint)),
        "arguments": RECIPE
        | sizes
        | {"epochs": 1 if is_quick() else epochs, "class_weight": class_weight, "head": head},
        "seed": current().seed if seed is None else seed,
        "quick": is_quick(),
    }
    fingerprint = hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()
    if finished := finished_run(fingerprint, folder and Path(folder)):
        say(f"Loaded the finished run {_shown(finished)}")
        return load_run(finished)
    if folder and Path(folder).is_dir() and any(Path(folder).iterdir()):
        raise ValueError(f"{folder} holds something other than this run: choose another folder.")
    folder = Path(folder or runs_folder() / f"{name}-{fingerprint[:12]}")
    plan = {"fingerprint": fingerprint, "checkpoint": checkpoint_name(checkpoint), **plan}
    _train(data, columns, checkpoint, plan, folder, callbacks)
    say(f"Trained: {_shown(folder)}")
    return load_run(folder)


def _train(data, columns, checkpoint, plan: dict, folder: Path, callbacks) -> None:
    """Train in a folder called .partial, and give it its final name when everything is in it."""
    import torch

    from .trainer import CourseTrainer

    (texts, target, labels), arguments = columns, plan["arguments"]
    torch.manual_seed(plan["seed"])  # the head's first weights are drawn on loading
    tokenizer, model = load_checkpoint(checkpoint, arguments["head"], labels)
    if arguments["max_length"]:
        tokenizer.model_max_length = min(arguments["max_length"], tokenizer.model_max_length)
    targets = {split: target_values(data[split], target) for split in ("train", "validation")}
    encoded = {split: encode(rows_of(data[split], texts), tokenizer, model) for split in targets}
    mark = f"-{plan['fingerprint'][:12]}"
    partial = folder.with_name(f"{folder.name.removesuffix(mark)}{mark}.partial")
    trainer = CourseTrainer(
        model, tokenizer, encoded, targets, arguments, plan["seed"], partial, callbacks
    )
    partial.mkdir(parents=True, exist_ok=True)
    if saved := last_checkpoint(partial):
        say(f"Going on with the interrupted run {_shown(folder)}")
    begin = time.perf_counter()
    with quiet_bars():
        trainer.train(resume_from_checkpoint=str(saved) if saved else None)
        if trainer.is_world_process_zero():
            log = trainer.state.log_history
            last = next(entry for entry in reversed(log) if "eval_loss" in entry)
            outcome = {
                "labels": labels,
                "rows": {split: len(values) for split, values in targets.items()},
                "metrics": {k[5:]: score for k, score in last.items() if k.startswith("eval_")},
                "seconds": round(time.perf_counter() - begin, 1),
                "resumed": saved is not None,
                "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
                "versions": {p: version(p) for p in PACKAGES},
                "machine": {
                    "processor": cpu_name(),
                    "device": str(current().device),
                    "dtype": str(current().dtype).removeprefix("torch."),
                    "python": platform.python_version(),
                },
                "log_history": log,
            }
            _finish(partial, folder, tokenizer, trainer.model, plan | outcome)
    trainer.accelerator.wait_for_everyone()


def _finish(partial: Path, folder: Path, tokenizer, model, details: dict) -> None:
    """Save what is to stay in a folder of its own, run.json last, and give it its final name."""
    final = partial / "final"
    shutil.rmtree(final, ignore_errors=True)
    final.mkdir()
    epochs = [_read_arrays(file) for file in sorted(partial.glob("epoch-*.npz"))]
    dynamics = {split: np.stack([e[split] for e in epochs]) for split in ("train", "validation")}
    np.savez(final / "dynamics.npz", **dynamics)
    tokenizer.save_pretrained(final)
    model.save_pretrained(final)
    sizes = {file.name: file.stat().st_size for file in sorted(final.iterdir())}
    write_json(final / "run.json", details | {"files": sizes})
    shutil.rmtree(folder, ignore_errors=True)
    final.replace(folder)
    shutil.rmtree(partial)


def _read_arrays(file: Path) -> dict[str, np.ndarray]:
    with np.load(file) as saved:
        return dict(saved)


def finished_run(fingerprint: str, folder: Path | None = None) -> Path | None:
    """The folder of the finished run with this fingerprint, all of its files in place, or None.

    folder: the only one to look in, in place of all in runs/.
    """
    found = (
        folder.glob("run.json") if folder else runs_folder().glob(f"*-{fingerprint[:12]}/run.json")
    )
    for file in found:
        details = json.loads(file.read_text(encoding="utf-8"))
        sizes = {f.name: f.stat().st_size for f in file.parent.iterdir()}
        if details["fingerprint"] == fingerprint and details["files"].items() <= sizes.items():
            return file.parent
    return None


def load_run(folder: str | Path) -> Run:
    """The run that was saved in `folder`.

    Raises: ValueError if no finished run is there.
    """
    folder = Path(folder)
    if not (folder / "run.json").is_file():
        raise ValueError(f"{folder} holds no finished run: it has no run.json.")
    details = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    tokenizer, model = load_checkpoint(folder, details["arguments"]["head"], details["labels"])
    return Run(model, tokenizer, folder, details)


def last_checkpoint(folder: Path) -> Path | None:
    """The newest whole checkpoint of Trainer's in `folder`; its state is written last."""
    steps = {}
    for state in folder.glob("checkpoint-*/trainer_state.json"):
        try:
            steps[json.loads(state.read_text(encoding="utf-8"))["global_step"]] = state.parent
        except ValueError:  # half written
            continue
    return steps[max(steps)] if steps else None


def predict_logits(model, tokenizer, texts) -> np.ndarray:
    """Run texts through a model with a head.

    texts: n strings, or n pairs of strings. They are computed sorted by length.
    Returns: float32 array [n, outputs], row i for text i, at the session's number format.
    Raises: TypeError for a text that is not a string.
    """
    return row_logits(model, tokenizer, encode(texts, tokenizer, model))


def row_logits(model, tokenizer, encoded: list[dict]) -> np.ndarray:
    """`predict_logits` for rows that `encode` has made."""
    width = model.config.num_labels
    return run_sorted(model, tokenizer, encoded, lambda output, _: output.logits, width)


def encode(texts, tokenizer, model) -> list[dict]:
    """The model's inputs for each text, or each pair of texts, cut at its limit, not padded."""
    texts = list(texts)
    if not texts or isinstance(texts[0], str):
        return [{"input_ids": ids} for ids in tokenize(check_texts(texts), tokenizer, model)]
    first, second = (check_texts(side) for side in zip(*texts, strict=True))
    limit = min(tokenizer.model_max_length, model.config.max_position_embeddings)
    found = tokenizer(first, second, truncation=True, max_length=limit, return_attention_mask=False)
    return [{key: found[key][i] for key in found} for i in range(len(first))]


def score(logits: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """The scores of logits [n, classes] against label ids, or of [n, 1] against numbers.

    Returns: loss (nats), accuracy and macro_f1 over the rows with a label; for numbers loss (mean
        squared error), pearson, spearman and rmse.
    """
    from scipy.stats import pearsonr, spearmanr
    from sklearn.metrics import accuracy_score, f1_score

    if logits.shape[1] == 1:
        found = logits[:, 0]
        square = float(np.mean((found - targets) ** 2))
        return {
            "loss": square,
            "pearson": float(pearsonr(found, targets)[0]),
            "spearman": float(spearmanr(found, targets)[0]),
            "rmse": square**0.5,
        }
    known = targets >= 0
    logits, targets = logits[known], targets[known]
    predicted = logits.argmax(1)
    return {
        "loss": float(row_losses(logits, targets).mean()),
        "accuracy": float(accuracy_score(targets, predicted)),
        "macro_f1": float(f1_score(targets, predicted, average="macro")),
    }


def row_losses(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Cross-entropy of each row in nats, float32 [n]; NaN for a label below 0."""
    from scipy.special import log_softmax

    logs = log_softmax(logits.astype(np.float32), axis=1)
    chosen = np.take_along_axis(logs, np.maximum(targets, 0)[:, None], axis=1)[:, 0]
    return np.where(targets < 0, np.nan, -chosen).astype(np.float32)


def check_data(data, head: str) -> tuple[list[str], str, list[str] | None]:
    """The text columns, the target column and the label names of data that can be trained with.

    Raises: ValueError that says what is missing.
    """
    if head not in ("classification", "regression"):
        raise ValueError(f'There is no head {head!r} to train: "classification" or "regression".')
    splits = list(data) if hasattr(data, "keys") else []
    if not {"train", "validation"} <= set(splits):
        raise ValueError(
            "data must be a DatasetDict with the splits train and validation, not "
            f"{', '.join(splits) or type(data).__name__}: load_corpus makes one."
        )
    texts, target, labels = columns_of(data["train"])
    if columns_of(data["validation"]) != (texts, target, labels):
        raise ValueError("The columns or label names of validation are not those of train.")
    if (head == "classification") != (labels is not None):
        raise ValueError(
            f"The column {target!r} does not suit head={head!r}: a classifier needs label names "
            '(data.class_encode_column makes them), head="regression" numbers.'
        )
    for split in ("train", "validation"):
        values = target_values(data[split], target)
        known = values[values >= 0] if labels else values
        if not len(known):
            raise ValueError(f"The split {split} has no row with a label.")
        if split == "train" and labels and len(set(known.tolist())) < 2:
            raise ValueError(f"Every row of train is {labels[known[0]]!r}: give two classes.")
    return texts, target, labels


def columns_of(dataset) -> tuple[list[str], str, list[str] | None]:
    """The text columns, the target column, and its label names (None for numbers).

    Raises: ValueError if there is no text, more than two, or no single target.
    """
    kinds = dataset.features
    texts = [
        c for c, kind in kinds.items() if getattr(kind, "dtype", "") in ("string", "large_string")
    ]
    targets = [c for c, kind in kinds.items() if hasattr(kind, "names")]
    targets = targets or [c for c in TARGETS if c in kinds and c not in texts]
    if len(targets) != 1:
        raise ValueError(
            f"The columns {', '.join(kinds)} hold no single target: one must be a ClassLabel "
            "(class_encode_column makes it), or hold numbers and be called label or score."
        )
    if not 1 <= len(texts) <= 2:
        raise ValueError(
            f"The columns {', '.join(kinds)} hold {len(texts)} of text: one is needed, or two for "
            "pairs. Remove the others with remove_columns."
        )
    return texts, targets[0], getattr(kinds[targets[0]], "names", None)


def rows_of(dataset, texts: list[str]) -> list:
    """Each row's text, or its pair of texts."""
    columns = [dataset[column][:] for column in texts]
    return columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))


def target_values(dataset, target: str) -> np.ndarray:
    """The target column: int64 label ids, -1 where there is none, or float32 numbers."""
    values = dataset[target][:]
    if hasattr(dataset.features[target], "names"):
        return np.array([-1 if value is None else value for value in values], dtype=np.int64)
    return np.array(values, dtype=np.float32)


def data_hash(data, columns: tuple) -> str:
    """SHA-256 of the texts, targets and label names of train and validation."""
    texts, target, labels = columns
    found = hashlib.sha256(json.dumps(labels).encode())
    for split in ("train", "validation"):
        found.update(json.dumps(rows_of(data[split], texts)).encode())
        found.update(target_values(data[split], target).tobytes())
    return found.hexdigest()


def weights_hash(folder: Path) -> str:
    """SHA-256 of the checkpoint's weights."""
    found = hashlib.sha256()
    for file in sorted(folder.glob("*.safetensors")):
        found.update(file.read_bytes())
    return found.hexdigest()


def checkpoint_name(asked: str | Path | None) -> str:
    """The Hub id of the checkpoint that `load_checkpoint(asked)` takes, or its folder's name."""
    asked = str(asked or os.environ.get("COURSE_CHECKPOINT") or "")
    default = FULL if profile_name() == "full" else POCKET
    return (Path(asked).name if Path(asked).is_dir() else asked) or default.id


@contextmanager
def quiet_bars():
    """Keep transformers from drawing a bar for each file that it writes."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _shown(folder: Path) -> str:
    return f"runs/{folder.name}" if folder.parent == runs_folder() else str(folder)
