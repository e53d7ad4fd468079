"""Finished training runs: what they are made from, and how they are saved, found and loaded."""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from .checkpoints import FULL, POCKET, load_checkpoint
from .columns import rows_of, target_values
from .files import write_json
from .session import profile_name, runs_folder

MARK = 12  # letters of the fingerprint in a folder's name


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


def weights_hash(folder: Path) -> str:
    """SHA-256 of the checkpoint's weights."""
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.safetensors")):
        digest.update(file.read_bytes())
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


def partial_folder(folder: Path, fingerprint: str) -> Path:
    """Where a run lies until it is finished."""
    mark = f"-{fingerprint[:MARK]}"
    return folder.with_name(f"{folder.name.removesuffix(mark)}{mark}.partial")


def shown(folder: Path) -> str:
    """A run's folder as the course tells it."""
    return f"runs/{folder.name}" if folder.parent == runs_folder() else str(folder)


def save_run(partial: Path, folder: Path, tokenizer, model, details: dict) -> None:
    """Save what is to stay in a folder of its own, run.json last, and give it its final name."""
    final = partial / "final"
    shutil.rmtree(final, ignore_errors=True)
    final.mkdir()
    epochs = [read_arrays(file) for file in sorted(partial.glob("epoch-*.npz"))]
    dynamics = {}
    for split in ("train", "validation"):
        dynamics[split] = np.stack([epoch[split] for epoch in epochs])
    np.savez(final / "dynamics.npz", **dynamics)
    tokenizer.save_pretrained(final)
    model.save_pretrained(final)
    details["files"] = {file.name: file.stat().st_size for file in sorted(final.iterdir())}
    write_json(final / "run.json", details)
    shutil.rmtree(folder, ignore_errors=True)
    final.replace(folder)
    shutil.rmtree(partial)


def read_arrays(file: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file, by name."""
    with np.load(file) as saved:
        return dict(saved)


def finished_run(fingerprint: str, folder: Path | None = None) -> Path | None:
    """The folder of the finished run with this fingerprint, all of its files in place, or None.

    folder: the only one to look in, in place of all in runs/.
    """
    if folder:
        candidates = folder.glob("run.json")
    else:
        candidates = runs_folder().glob(f"*-{fingerprint[:MARK]}/run.json")
    for file in candidates:
        details = json.loads(file.read_text(encoding="utf-8"))
        if details["fingerprint"] == fingerprint and is_complete(file.parent, details["files"]):
            return file.parent
    return None


def is_complete(folder: Path, sizes: dict[str, int]) -> bool:
    """Whether all files of a run are in its folder, and of their size."""
    for name, size in sizes.items():
        file = folder / name
        if not file.is_file() or file.stat().st_size != size:
            return False
    return True


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
    newest, most_steps = None, -1
    for file in folder.glob("checkpoint-*/trainer_state.json"):
        try:
            steps = json.loads(file.read_text(encoding="utf-8"))["global_step"]
        except ValueError:  # half written
            continue
        if steps > most_steps:
            newest, most_steps = file.parent, steps
    return newest
