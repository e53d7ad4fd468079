"""Fine-tuning with Trainer: defaults right for this stack, and no training done twice."""

import os
import platform
import shutil
import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from importlib.metadata import version
from pathlib import Path

import torch
from accelerate.utils import broadcast_object_list, gather_object

from .batches import dtype_of, tokenize
from .checkpoints import (
    find_checkpoint,
    fingerprint_of_checkpoint,
    load_checkpoint,
    read_run,
    usual_learning_rate,
    without_bars,
)
from .columns import check_data, rows_of, target_values
from .files import locked, plain_errors, read_json, write_json
from .runs import (
    PLAN,
    RUN,
    TRAINING,
    Run,
    check_folder,
    checkpoint_name,
    clear,
    data_hash,
    fingerprint_of,
    finished_run,
    last_checkpoint,
    open_run,
    publish,
    run_folder,
    save_run,
    shown,
)
from .session import (
    cpu_name,
    current,
    is_first,
    is_quick,
    make_runs_folder,
    number_format,
    say,
)
from .trainer import RECIPE, CourseTrainer, Diverged

PACKAGES = ("torch", "transformers", "datasets", "accelerate", "numpy")


@plain_errors
def fine_tune(
    data,
    *,
    texts: str | Sequence[str] | None = None,
    epochs: int = 4,
    learning_rate: float | None = None,
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

    data: a DatasetDict with train and validation, with a text column, and a target that is a
        ClassLabel column; for head="multi_label" a column with lists of them, for
        head="regression" numbers. Rows with a label below 0 are left out.
    texts: the text column, or two for pairs; needed where data has several that are not known to
        be a pair.
    batch_size: rows a batch, shared out evenly among the processes that `torchrun` starts.
    learning_rate: at its highest, by default `usual_learning_rate` of the checkpoint; it rises over
        the first tenth of the steps, then falls to 0 along a line.
    class_weight: "balanced" counts the loss of a rare class more, by n / (classes x its rows).
    seed: of the new head, the batches and the dropout; without it, the session's.
    checkpoint: as in `load_checkpoint`. max_length: where texts are cut, in tokens.
    name: the first part of the folder's name. callbacks: TrainerCallbacks of your own; one that
        changes nothing may say so, by an attribute `only_watches = True`.
    accumulation: batches of `batch_size` rows that share one step. folder: where the run is to be
        kept, in place of `runs/<name>-<fingerprint>/`; nothing that lies there is deleted.
    Returns: a Run, its model on the CPU in float32. Everything is in `runs/<name>-<fingerprint>/`.
        The fingerprint is made of data, arguments, seed, the names of callbacks that do not only
        watch, and the content of the checkpoint's files: with the same one, a run that was
        finished is loaded, wherever it was trained, and one that was interrupted goes on from its
        last epoch.
    Raises: ValueError or TypeError for data or arguments that cannot be trained with, or if the
        training diverges; RuntimeError for a full disk, too little memory, or a folder that another
        process is training in.
    """
    columns = check_data(data, head, texts)
    pretrained = find_checkpoint(checkpoint)
    if learning_rate is None:
        learning_rate = usual_learning_rate(pretrained)
    if class_weight not in (None, "balanced") or (class_weight and head != "classification"):
        raise ValueError(f'class_weight={class_weight!r}: only classes can be "balanced".')
    numbers = {"epochs": epochs, "batch_size": batch_size, "accumulation": accumulation}
    numbers |= {"learning_rate": learning_rate, "max_length": max_length}
    for argument, value in numbers.items():
        if value is not None and value <= 0:
            raise ValueError(f"{argument}={value}: it must be above 0.")
    if is_quick() and epochs != 1:
        say(f"COURSE_QUICK is set: 1 epoch in place of {epochs}.")
        numbers["epochs"] = 1
    plan = {
        "data_sha256": data_hash(data, columns),
        "checkpoint_sha256": fingerprint_of_checkpoint(pretrained),
        "arguments": RECIPE | numbers | {"class_weight": class_weight, "head": head},
        "callbacks": [name_of(c) for c in callbacks if not getattr(c, "only_watches", False)],
        "seed": current().seed if seed is None else seed,
        "quick": is_quick(),
    }
    fingerprint = fingerprint_of(plan)
    if finished := finished_run(fingerprint, folder and Path(folder)):
        return _loaded(*finished)
    if folder:
        folder = Path(folder)
        check_folder(folder, fingerprint)
    else:
        make_runs_folder()
        folder = run_folder(name, fingerprint)
    plan = {"fingerprint": fingerprint, "checkpoint": checkpoint_name(checkpoint), **plan}
    busy = f"Another process is training in {folder}: wait until it has ended."
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder, busy) if is_first() else nullcontext():
        try:
            if finished := finished_run(fingerprint, folder, tell=True):
                return _loaded(*finished)
            _train(data, columns, checkpoint, plan, folder, callbacks)
        except BaseException as error:
            _clear_useless(folder, is_new, error)
            raise
    say(f"Trained: {shown(folder)}")
    return open_run(folder, read_run(folder))


def name_of(callback) -> str:
    """The name of a callback's class; Trainer takes classes and objects."""
    return getattr(callback, "__name__", type(callback).__name__)


def _loaded(folder: Path, details: dict) -> Run:
    """A run that was finished before, and a line that says so."""
    say(f"Loaded the finished run {shown(folder)}")
    dtype = details["machine"]["dtype"]
    if dtype != current().dtype_name:
        say(f"It was trained in {dtype}; this session computes in {current().dtype_name}.")
    if (folder / TRAINING).is_dir() and is_first():  # cut off while it was cleared away
        with suppress(OSError, RuntimeError), locked(folder, ""):
            clear(folder / TRAINING)
    return open_run(folder, details)


def _clear_useless(folder: Path, is_new: bool, error: BaseException) -> None:
    """Remove what a training leaves that has saved nothing, or nothing of use."""
    training = folder / TRAINING
    has_saved = any(training.glob("checkpoint-*"))
    if is_first() and (not has_saved or isinstance(error, Diverged)):
        clear(training)
        if is_new:
            with suppress(OSError):
                folder.rmdir()


def _train(data, columns, checkpoint, plan: dict, folder: Path, callbacks) -> None:
    """Train in the folder's .training, and move out what stays when everything is there."""
    training, is_main = folder / TRAINING, is_first()
    begun = _begun(plan, folder)
    with number_format(begun["dtype"]):
        trainer, targets = _make_trainer(data, columns, checkpoint, plan, training, callbacks)
        if len(set(gather_object([plan["fingerprint"]]))) > 1:
            raise ValueError("The processes were given different rows or arguments: give each all.")
        state = is_main and _prepare(folder, begun, trainer.model)
        (state,) = broadcast_object_list([state])  # every process goes on from the same place
        if state == folder:
            return
        begin = time.perf_counter()
        with without_bars():
            trainer.train(resume_from_checkpoint=str(state) if state else None)
            if is_main:
                log_history = trainer.state.log_history
                outcome = {
                    "texts": columns[0],
                    "labels": columns[2],
                    "rows": {split: len(values) for split, values in targets.items()},
                    "metrics": last_scores(log_history),
                    "seconds": round(time.perf_counter() - begin, 1),
                    "resumed": bool(state),
                    "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
                    "versions": {package: version(package) for package in PACKAGES},
                    "machine": machine(trainer.model),
                    "processes": begun["processes"],
                    "log_history": log_history,
                }
                save_run(training, trainer.processing_class, trainer.model, plan | outcome)
                publish(training, folder)
        trainer.accelerator.wait_for_everyone()


def _begun(plan: dict, folder: Path) -> dict:
    """The plan with what a training goes on with: number format and number of processes.

    Raises: ValueError if an interrupted one has another number of processes.
    """
    file = folder / TRAINING / PLAN
    now = {"dtype": current().dtype_name, "processes": int(os.environ.get("WORLD_SIZE", 1))}
    if not file.is_file():
        return plan | now
    begun = read_json(file, f"delete {file.parent}", ("dtype", "processes"))
    if begun["processes"] != now["processes"]:
        raise ValueError(
            f"The interrupted training in {folder} has {begun['processes']} processes, not "
            f"{now['processes']}: start it with as many, or choose another folder."
        )
    if begun["dtype"] != now["dtype"]:
        say(f"The interrupted training was begun in {begun['dtype']} and goes on in it.")
    return begun


def _prepare(folder: Path, begun: dict, model) -> Path | None:
    """The checkpoint to go on from, if any; `folder`, if only moving the finished run was left."""
    training = folder / TRAINING
    if not (training / PLAN).is_file():  # nothing tells what it was a training of
        clear(training)
    if (training / "final" / RUN).is_file():
        publish(training, folder)
        return folder
    check_room(folder, model)
    training.mkdir(exist_ok=True)
    write_json(training / PLAN, begun)
    saved = last_checkpoint(training)
    if saved:
        say(f"Going on with the interrupted run {shown(folder)}")
    return saved


def _make_trainer(data, columns, checkpoint, plan: dict, training: Path, callbacks):
    """The trainer, and the targets of train and validation."""
    (texts, target, labels), arguments = columns, plan["arguments"]
    torch.manual_seed(plan["seed"])  # the head's first weights are drawn on loading
    tokenizer, model = load_checkpoint(checkpoint, arguments["head"], labels)
    if arguments["max_length"]:
        tokenizer.model_max_length = min(arguments["max_length"], tokenizer.model_max_length)
    targets = {split: target_values(data[split], target) for split in ("train", "validation")}
    encoded = {split: tokenize(rows_of(data[split], texts), tokenizer, model) for split in targets}
    seed = plan["seed"]
    trainer = CourseTrainer(
        model, tokenizer, encoded, targets, arguments, seed, training, callbacks
    )
    return trainer, targets


def check_room(folder: Path, model) -> None:
    """Raise RuntimeError unless the disk has room for what a training saves.

    That is three checkpoints at a time, each with the weights and Adam's two numbers a weight, and
    the run itself, less what an interrupted training has saved already.
    """
    needed = 10 * sum(weights.nbytes for weights in model.parameters())
    needed -= sum(file.stat().st_size for file in (folder / TRAINING).rglob("*") if file.is_file())
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise RuntimeError(
            f"The training needs about {needed / 1e6:,.0f} MB at {folder}, where {free / 1e6:,.0f} "
            "MB are free: make room, or choose a folder on another disk."
        )


def last_scores(log_history: list[dict]) -> dict[str, float]:
    """The scores of the last evaluation, without the `eval_` in front of their names."""
    last = next(entry for entry in reversed(log_history) if "eval_loss" in entry)
    return {
        name.removeprefix("eval_"): value
        for name, value in last.items()
        if name.startswith("eval_")
    }


def machine(model) -> dict[str, str]:
    """What a run tells of the machine that it was trained on, and of the model's number format."""
    return {
        "processor": cpu_name(),
        "device": str(current().device),
        "dtype": str(dtype_of(model)).removeprefix("torch."),
        "python": platform.python_version(),
    }
