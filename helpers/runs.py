"""Finished training runs: what they are made from, and how they are saved, found and loaded."""

import hashlib
import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from .checkpoints import FORMAT, FULL, POCKET, RUN, load_folder, read_run
from .columns import rows_of, target_values
from .files import (
    changed_files,
    hashes_of,
    keep,
    read_json,
    sha256_of,
    sync,
    whole_file,
    write_json,
)
from .session import profile_name, runs_folder, say

MARK = 12  # letters of the fingerprint in a folder's name
TRAINING = ".training"  # within a run's folder, until it is finished
PLAN = "plan.json"  # within TRAINING: what an interrupted training must go on with
WHOLE = "whole.json"  # within a checkpoint: its files' SHA-256, written when all are on the disk


@dataclass(frozen=True)
class Run:
    """A finished training run: the model, and all that `run.json` in its folder tells of it."""

    model: "PreTrainedModel"  # noqa: F821
    tokenizer: "PreTrainedTokenizerBase"  # noqa: F821
    folder: Path
    details: dict

    @property
    def labels(self) -> list[str] | None:
        """The label names in the order of their ids; None if the model predicts a number."""
        return self.details["labels"]

    @property
    def head(self) -> str:
        """What it was trained for: "classification", "multi_label" or "regression"."""
        return self.details["arguments"]["head"]

    @property
    def texts(self) -> list[str]:
        """The text columns that the run was trained on."""
        return self.details["texts"]

    @property
    def dtype(self) -> str:
        """The number format that it was trained in, "float32" or "bfloat16"."""
        return self.details["machine"]["dtype"]

    @property
    def data_sha256(self) -> str:
        """A hash of the rows that the run was trained and chosen on; see `data_hash`."""
        return self.details["data_sha256"]

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
        return read_arrays(self.folder / "dynamics.npz")


def fingerprint_of(plan: dict) -> str:
    """SHA-256 of all that a run follows from."""
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()


def data_hash(data, columns: tuple) -> str:
    """SHA-256 of the texts, targets and label names of train and, if there is one, validation."""
    texts, target, labels = columns
    digest = hashlib.sha256(json.dumps(labels).encode())
    for split in [split for split in ("train", "validation") if split in data]:
        digest.update(json.dumps(rows_of(data[split], texts)).encode())
        digest.update(target_values(data[split], target).tobytes())
    return digest.hexdigest()


def checkpoint_name(asked: str | Path | None) -> str:
    """The Hub id of the checkpoint that `load_checkpoint(asked)` takes, or its folder's name."""
    asked = str(asked or os.environ.get("COURSE_CHECKPOINT") or "")
    if Path(asked).is_dir():
        asked = Path(asked).name
    default = FULL if profile_name() == "full" else POCKET
    return asked or default.id


def run_folder(name: str, fingerprint: str) -> Path:
    """Where a run is kept unless told otherwise."""
    return runs_folder() / f"{name}-{fingerprint[:MARK]}"


def shown(folder: Path) -> str:
    """A run's folder as the course tells it."""
    return f"runs/{folder.name}" if folder.parent == runs_folder() else str(folder)


def check_folder(folder: Path, fingerprint: str) -> None:
    """Raise ValueError if a run's own folder holds something other than this run or its training.

    What has come there since the training was interrupted may stay.
    """
    if not folder.is_dir():
        return
    training = folder / TRAINING
    cure = "choose another folder"
    if (training / PLAN).is_file():
        plan = read_json(training / PLAN, f"delete {training}", ("fingerprint",))
        if plan["fingerprint"] != fingerprint:
            raise ValueError(
                f"{folder} holds the interrupted training of other rows or arguments: run its "
                f"command again, or {cure}."
            )
        return
    if (folder / RUN).is_file() and told_fingerprint(folder) == fingerprint:
        return
    others = sorted({path.name for path in folder.iterdir()} - {TRAINING})
    if others:
        raise ValueError(f"{folder} holds something other than this run ({others[0]}): {cure}.")


def told_fingerprint(folder: Path) -> str | None:
    """The fingerprint in a folder's run.json; None if there is none, or it is damaged."""
    with suppress(ValueError, OSError):
        return read_json(folder / RUN, "", ("fingerprint",), sealed=True)["fingerprint"]


def finished_run(
    fingerprint: str, folder: Path | None = None, tell: bool = False
) -> tuple[Path, dict] | None:
    """Folder and details of the finished run with this fingerprint, or None.

    folder: the only one to look in, in place of all in runs/. tell: whether to say that there is
        one, but damaged.
    """
    if folder:
        folders = [folder]
    else:
        folders = [p.parent for p in runs_folder().glob(f"*-{fingerprint[:MARK]}/{RUN}")]
    for candidate in folders:
        if told_fingerprint(candidate) == fingerprint:
            try:
                return candidate, read_run(candidate)
            except ValueError as error:
                if tell:
                    say(f"{error} This is done now.")
    return None


def load_run(folder: str | Path) -> Run:
    """The run that was saved in `folder`, every file as it was saved.

    Raises: ValueError if no finished run is there, or if it is damaged.
    """
    return open_run(Path(folder), read_run(Path(folder)))


def open_run(folder: Path, details: dict) -> Run:
    """The run in a folder whose files are known to be whole."""
    tokenizer, model = load_folder(folder, details["arguments"]["head"], details["labels"])
    return Run(model, tokenizer, folder, details)


def save_run(training: Path, tokenizer, model, details: dict) -> None:
    """Put what is to stay of a training into a folder of its own, run.json last."""
    final = training / "final"
    shutil.rmtree(final, ignore_errors=True)
    final.mkdir()
    dynamics = {}
    epochs = sum("eval_loss" in entry for entry in details["log_history"])
    recorded = [read_arrays(training / epoch_file(epoch + 1)) for epoch in range(epochs)]
    for split in ("train", "validation"):
        dynamics[split] = np.stack([epoch[split] for epoch in recorded])
    np.savez(final / "dynamics.npz", **dynamics)
    tokenizer.save_pretrained(final)
    model.save_pretrained(final)
    usual = (final / "dynamics.npz").stat().st_mode  # safetensors lets nobody else read its files
    for file in final.iterdir():
        file.chmod(usual)
        sync(file)
    details |= {"format": FORMAT, "files": hashes_of(final)}
    write_json(final / RUN, details, sealed=True)


def publish(training: Path, folder: Path) -> None:
    """Move a finished run to where it stays, run.json last, and remove its training.

    It may be cut off anywhere and called again. A file that stands in the way is kept, as .old.
    """
    final = training / "final"
    files = read_json(final / RUN, f"delete {training}", ("files",), sealed=True)["files"]
    for name in [*files, RUN]:
        source, target = final / name, folder / name
        if source.is_file():
            if target.exists() and sha256_of(target) != files.get(name):
                say(f"Kept: {shown(folder)}/{name} as {keep(target).name}")
            source.replace(target)
    sync(folder)
    clear(training)


def clear(training: Path) -> None:
    """Remove what a training wrote for itself, and nothing else."""
    for pattern in ("checkpoint-*", "torn-*", "final"):
        for folder in training.glob(pattern):
            shutil.rmtree(folder)
    for file in [*training.glob("epoch-*.npz*"), training / PLAN]:
        file.unlink(missing_ok=True)
    with suppress(OSError):
        training.rmdir()


def epoch_file(epoch: int) -> str:
    """The name of the file with the logits of an epoch, which count from 1."""
    return f"epoch-{epoch:03}.npz"


def write_arrays(file: Path, **arrays: np.ndarray) -> None:
    """Write arrays to an .npz file, whole or not at all."""
    with whole_file(file) as draft, draft.open("wb") as stream:
        np.savez(stream, **arrays)


def read_arrays(file: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file, by name.

    Raises: ValueError if it is missing or damaged.
    """
    try:
        with np.load(file) as saved:
            return dict(saved)
    except Exception as error:  # of zip, numpy or the system
        raise ValueError(
            f"{file} is damaged ({type(error).__name__}): delete {file.parent} and train again."
        ) from None


def mark_whole(checkpoint: Path, epoch: int) -> None:
    """Note that all of a checkpoint is on the disk, and the logits of the epochs until then."""
    for file in checkpoint.iterdir():
        sync(file)
    sync(checkpoint)
    logits = {f"../{epoch_file(number + 1)}" for number in range(epoch)}
    hashes = {name: sha256_of(checkpoint / name) for name in sorted(logits)}
    write_json(checkpoint / WHOLE, hashes_of(checkpoint) | hashes, sealed=True)


def last_checkpoint(training: Path) -> Path | None:
    """The newest whole checkpoint of Trainer's; one that is torn is set aside, and told."""
    saved = sorted(training.glob("checkpoint-*"), key=lambda path: -int(path.name.split("-")[1]))
    for checkpoint in saved:
        if is_whole(checkpoint):
            return checkpoint
        torn = checkpoint.with_name(f"torn-{checkpoint.name}")
        shutil.rmtree(torn, ignore_errors=True)  # of an earlier try
        checkpoint.rename(torn)
        say(f"Set aside: {torn} is not whole; the training goes on from before it.")
    return None


def is_whole(checkpoint: Path) -> bool:
    """Whether a checkpoint holds all that was saved, and the logits of its epochs lie beside it."""
    try:
        whole = read_json(checkpoint / WHOLE, "", sealed=True)
    except (ValueError, OSError):
        return False
    return not changed_files(checkpoint, whole)
