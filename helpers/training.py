"""Fine-tuning with Trainer: defaults right for this stack, and no training done twice."""

import platform
import time
from importlib.metadata import version
from pathlib import Path

import torch

from .batches import tokenize
from .checkpoints import find_checkpoint, load_checkpoint, without_bars
from .columns import check_data, rows_of, target_values
from .runs import (
    Run,
    checkpoint_name,
    data_hash,
    fingerprint_of,
    finished_run,
    last_checkpoint,
    load_run,
    partial_folder,
    run_folder,
    save_run,
    shown,
    weights_hash,
)
from .session import cpu_name, current, is_quick, make_runs_folder, say
from .trainer import RECIPE, CourseTrainer

PACKAGES = ("torch", "transformers", "datasets", "accelerate", "numpy")


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
    numbers = {"epochs": epochs, "batch_size": batch_size, "accumulation": accumulation}
    numbers |= {"learning_rate": learning_rate, "max_length": max_length}
    for argument, value in numbers.items():
        if value is not None and value <= 0:
            raise ValueError(f"{argument}={value}: it must be above 0.")
    if is_quick():
        numbers["epochs"] = 1
    plan = {
        "data_sha256": data_hash(data, columns),
        "checkpoint_sha256": weights_hash(find_checkpoint(checkpoint)),
        "arguments": RECIPE | numbers | {"class_weight": class_weight, "head": head},
        "seed": current().seed if seed is None else seed,
        "quick": is_quick(),
    }
    fingerprint = fingerprint_of(plan)
    if finished := finished_run(fingerprint, folder and Path(folder)):
        say(f"Loaded the finished run {shown(finished)}")
        return load_run(finished)
    if folder and Path(folder).is_dir() and any(Path(folder).iterdir()):
        raise ValueError(f"{folder} holds something other than this run: choose another folder.")
    if folder:
        folder = Path(folder)
    else:
        make_runs_folder()
        folder = run_folder(name, fingerprint)
    plan = {"fingerprint": fingerprint, "checkpoint": checkpoint_name(checkpoint), **plan}
    _train(data, columns, checkpoint, plan, folder, callbacks)
    say(f"Trained: {shown(folder)}")
    return load_run(folder)


def _train(data, columns, checkpoint, plan: dict, folder: Path, callbacks) -> None:
    """Train in a folder called .partial, and give it its final name when everything is in it."""
    (texts, target, labels), arguments = columns, plan["arguments"]
    torch.manual_seed(plan["seed"])  # the head's first weights are drawn on loading
    tokenizer, model = load_checkpoint(checkpoint, arguments["head"], labels)
    if arguments["max_length"]:
        tokenizer.model_max_length = min(arguments["max_length"], tokenizer.model_max_length)
    targets = {split: target_values(data[split], target) for split in ("train", "validation")}
    encoded = {split: tokenize(rows_of(data[split], texts), tokenizer, model) for split in targets}
    partial = partial_folder(folder, plan["fingerprint"])
    trainer = CourseTrainer(
        model, tokenizer, encoded, targets, arguments, plan["seed"], partial, callbacks
    )
    partial.mkdir(parents=True, exist_ok=True)
    if saved := last_checkpoint(partial):
        say(f"Going on with the interrupted run {shown(folder)}")
    begin = time.perf_counter()
    with without_bars():
        trainer.train(resume_from_checkpoint=str(saved) if saved else None)
        if trainer.is_world_process_zero():
            outcome = {
                "labels": labels,
                "rows": {split: len(values) for split, values in targets.items()},
                "metrics": last_scores(trainer.state.log_history),
                "seconds": round(time.perf_counter() - begin, 1),
                "resumed": saved is not None,
                "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
                "versions": {package: version(package) for package in PACKAGES},
                "machine": machine(),
                "log_history": trainer.state.log_history,
            }
            save_run(partial, folder, tokenizer, trainer.model, plan | outcome)
    trainer.accelerator.wait_for_everyone()


def last_scores(log_history: list[dict]) -> dict[str, float]:
    """The scores of the last evaluation, without the `eval_` in front of their names."""
    last = next(entry for entry in reversed(log_history) if "eval_loss" in entry)
    return {
        name.removeprefix("eval_"): value
        for name, value in last.items()
        if name.startswith("eval_")
    }


def machine() -> dict[str, str]:
    """What a run tells of the machine that it was trained on."""
    return {
        "processor": cpu_name(),
        "device": str(current().device),
        "dtype": str(current().dtype).removeprefix("torch."),
        "python": platform.python_version(),
    }
