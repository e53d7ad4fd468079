"""Fine-tune on files of your own, predict for their rows, and find their suspicious labels."""

import csv
import json
import os
import sys
import warnings
from argparse import ArgumentParser, Namespace
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
import pandas as pd

from .files import write_csv, write_json, write_text
from .session import is_first, pick_device, say, start
from .tables import GLUE, Table, read_files, read_glue, read_table

PREDICTIONS, COLUMNS = "predictions.csv", "columns.json"
CHUNK = 4096  # rows between two steps of the progress bar


def parser() -> ArgumentParser:
    """What the command line understands."""
    whole = ArgumentParser(prog="python -m helpers", description=__doc__)
    commands = whole.add_subparsers(required=True, metavar="train|predict|errors")

    def command(work, **arguments: str) -> ArgumentParser:
        made = commands.add_parser(work.__name__, help=work.__doc__, description=work.__doc__)
        made.set_defaults(work=work)
        for name, text in arguments.items():
            made.add_argument(name, type=Path, help=text)
        made.add_argument(
            "--output", type=Path, required=True, metavar="PATH", help="what to write"
        )
        return made

    add = command(train).add_argument
    add("file", type=Path, nargs="?", help=".csv, .tsv, .jsonl or .parquet")
    add("--validation", type=Path, metavar="FILE", help="rows to choose by; else cut from FILE")
    add(
        "--test",
        type=Path,
        metavar="FILE",
        help="rows to report on; else cut from FILE, unless --validation is given",
    )
    add("--glue", choices=GLUE, help="a task from the Hub in place of files")
    add("--text", nargs="+", metavar="COLUMN", help="the column with the text, or two for pairs")
    add("--label", metavar="COLUMN", help="the column with the class, or the number to predict")
    add("--task", choices=("auto", "classification", "regression"), default="auto")
    add("--checkpoint", help="a Hub id or a folder; else the course's small encoder")
    add("--epochs", type=int, default=4)
    add("--learning-rate", type=float, default=2e-4)
    add("--batch-size", type=int, default=32, help="rows a step, all processes together")
    add("--seed", type=int, default=42)
    add(
        "--dtype",
        choices=("float32", "bfloat16"),
        help="else the faster one; with several processes on CPUs, float32",
    )
    add = command(predict, run="a folder that train wrote", file="rows to predict for").add_argument
    add("--text", nargs="+", metavar="COLUMN", help="if it is not called as in training")
    command(errors, run="a folder that train wrote")
    return whole


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code, 2 after an error, which is told in one sentence."""
    asked = parser().parse_args(arguments)
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("default", module="helpers")
        warnings.showwarning = lambda message, *_, **__: say(f"Note: {message}")
        try:
            asked.work(asked)
            return 0
        except KeyboardInterrupt:
            error = "Interrupted: the same command goes on after the last whole epoch."
        except (ValueError, RuntimeError, OSError) as problem:
            error = problem
            if not is_first() and not isinstance(problem, ValueError):
                raise
    if is_first():
        print(" ".join(f"error: {error}".split()), file=sys.stderr)
    return 2


def train(asked: Namespace) -> None:
    """Fine-tune a checkpoint; writes the run, predictions.csv and report.html into a folder."""
    check_output(asked.output, folder=True)
    table = read_asked(asked)
    kind = f"{len(table.names)} classes: {', '.join(table.names)}" if table.names else "regression"
    sizes = ", ".join(f"{split} {len(table.part(split)):,}" for split in table.splits)
    say(f"{len(table.frame):,} rows ({sizes}), {kind}")
    for note in table.notes:
        say(f"Note: {note}")
    from .report import make_report, scores_of
    from .training import fine_tune

    alike = int(os.environ.get("WORLD_SIZE", 1)) > 1 and pick_device().type == "cpu"
    start(seed=asked.seed, dtype=asked.dtype or ("float32" if alike else None), quiet=True)
    run = fine_tune(
        table.datasets(),
        epochs=asked.epochs,
        learning_rate=asked.learning_rate,
        batch_size=asked.batch_size,
        checkpoint=asked.checkpoint,
        head="classification" if table.names else "regression",
        folder=asked.output,
    )
    if not is_first():
        return
    outputs = predicted(run, table.frame, table.texts)
    scores = scores_of(table, outputs, GLUE[asked.glue][1] if asked.glue else None)
    write_json(run.folder / COLUMNS, {"texts": table.texts, "label": table.label})
    write_csv(run.folder / PREDICTIONS, outputs)
    write_text(run.folder / "report.html", make_report(run, table, outputs, scores))
    print(scores.to_string(float_format="%.3f", na_rep="-"))
    print(f"Written: {run.folder / PREDICTIONS} and {run.folder / 'report.html'}")


def read_asked(asked: Namespace) -> Table:
    """The rows that `train` is asked to learn from."""
    if asked.glue and not (asked.file or asked.text or asked.label):
        return read_glue(asked.glue)
    if asked.glue or not (asked.file and asked.text and asked.label):
        raise ValueError("train needs FILE --text COLUMN --label COLUMN, or --glue TASK alone.")
    if len(asked.text) > 2:
        raise ValueError(
            f"--text names {len(asked.text)} columns: one is needed, or two for pairs."
        )
    files = {"train": asked.file, "validation": asked.validation, "test": asked.test}
    given = {split: file for split, file in files.items() if file}
    return read_files(given, asked.text, asked.label, asked.task)


def predict(asked: Namespace) -> None:
    """Predict for the rows of a file with a saved run; writes its columns and the predictions."""
    check_output(asked.output)
    texts = saved_columns(asked.run)["texts"]
    named = asked.text or texts
    if len(named) != len(texts):
        raise ValueError(f"{asked.run} was trained on {len(texts)} text columns: name as many.")
    rows = read_table(asked.file, named)
    from .runs import load_run

    start(quiet=True)
    write_csv(asked.output, predicted(load_run(asked.run), rows, named))
    print(f"Written: {asked.output}, {len(rows):,} rows")


def errors(asked: Namespace) -> None:
    """List the labels that look wrong in a run's rows, the most suspicious first."""
    check_output(asked.output)
    columns, file = saved_columns(asked.run), asked.run / PREDICTIONS
    from .columns import check_data
    from .runs import data_hash, load_run
    from .suspects import doubts

    start(quiet=True)
    run = load_run(asked.run)
    if not (names := run.details["labels"]):
        raise ValueError(f"{asked.run} predicts numbers: only classes can be searched for errors.")
    with file.open(encoding="utf-8", newline="") as stream:
        frame = pd.DataFrame(csv.DictReader(stream), dtype=object)
    table = Table(frame, columns["texts"], columns["label"], names)
    data = table.datasets()
    if data_hash(data, check_data(data, "classification")) != run.details["data_sha256"]:
        raise ValueError(f"{file} has been changed since the training: run train once more.")
    suspects = doubts(run, table, data)
    write_csv(asked.output, suspects)
    print(f"Written: {asked.output}, {len(suspects):,} of {len(frame):,} rows, worst first")


def predicted(run, frame: pd.DataFrame, texts: list[str]) -> pd.DataFrame:
    """The rows, and for each the label predicted with all probabilities, or the number."""
    from scipy.special import softmax
    from tqdm.auto import tqdm

    from .predicting import predict_logits

    columns = [frame[column].tolist() for column in texts]
    rows = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
    with tqdm(total=len(rows), desc="predictions", unit="row", disable=None) as bar:
        logits = []
        for begin in range(0, len(rows), CHUNK):
            chunk = rows[begin : begin + CHUNK]
            logits.append(predict_logits(run.model, run.tokenizer, chunk))
            bar.update(len(chunk))
    logits, names = np.concatenate(logits), run.details["labels"]
    if not names:
        return frame.assign(predicted=logits[:, 0].round(4))
    added = {"predicted": [names[label] for label in logits.argmax(1)]}
    probabilities = softmax(logits.astype(float), axis=1).round(6)
    for label, name in enumerate(names):
        added[f"probability_{name}"] = probabilities[:, label]
    return frame.assign(**added)


def saved_columns(run: Path) -> dict:
    """The names of the text columns and the label that a run of `train` was made with."""
    if not (run / COLUMNS).is_file():
        raise ValueError(f"{run} is no folder that train has finished: it holds no {COLUMNS}.")
    return json.loads((run / COLUMNS).read_text(encoding="utf-8"))


def check_output(path: Path, folder: bool = False) -> None:
    """Raise ValueError unless a file, or a folder, can be written there."""
    if folder and path.is_file():
        raise ValueError(f"{path} is a file: name a folder with --output.")
    if not folder and path.is_dir():
        raise ValueError(f"{path} is a folder: name a file with --output.")
    above = next(parent for parent in path.absolute().parents if parent.exists())
    try:
        with TemporaryFile(dir=above):
            pass
    except OSError as error:
        raise ValueError(f"{path} cannot be written ({error.strerror}): choose another.") from None
