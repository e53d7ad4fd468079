"""Learn from files of your own, predict for their rows, find and mend their wrong labels."""

import hashlib
import json
import os
import re
import sys
import traceback
import warnings
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from tempfile import TemporaryFile
from textwrap import shorten

import numpy as np
import pandas as pd

from .files import (
    changed_files,
    counted,
    csv_text,
    drafts_of,
    keep,
    locked,
    read_json,
    reason,
    sentence,
    sha256_of,
    whole_file,
    write_csv,
    write_json,
    write_text,
)
from .labels import class_name
from .runs import TRAINING
from .session import PACKAGE, format_here, is_first, pick_device, say, start
from .tables import (
    GLUE,
    LABELS,
    OURS,
    PREDICTED,
    SPLIT,
    SUGGESTED,
    SUSPICION,
    TASKS,
    WHERE,
    Table,
    read_files,
    read_glue,
    read_labelled,
    read_table,
    text_keys,
    with_free_names,
)
from .verdicts import (
    AMBIGUOUS,
    CONTROL,
    DRAWN,
    HELD_OUT,
    KEY,
    SUSPECTED,
    Verdicts,
    check_csv,
    check_given,
    check_labels,
    choose_cards,
    kappa,
    mend,
    opinions,
    own_encoding,
    read_verdicts,
    settled,
    verdict_rows,
    verdicts_text,
)

PREDICTIONS, REPORT = "predictions.csv", "report.html"
COLUMNS, ROWS = "columns.json", "rows.jsonl"
SAVED = (
    "texts",
    "label",
    "labels",
    "threshold",
    "separator",
    "learnt_from",
    "hashes",
)  # in COLUMNS
CHUNK = 4096  # rows between two steps of the progress bar


def parser() -> ArgumentParser:
    """What the command line understands."""
    whole = ArgumentParser(prog="python -m helpers", description=__doc__)
    commands = whole.add_subparsers(
        required=True, metavar="train|predict|errors|review|agree|correct"
    )

    def command(work, needs_output: bool = True, **arguments: str) -> ArgumentParser:
        made = commands.add_parser(work.__name__, help=work.__doc__, description=work.__doc__)
        made.set_defaults(work=work)
        for name, text in arguments.items():
            made.add_argument(name, type=Path, help=text)
        made.add_argument(
            "--output", type=Path, required=needs_output, metavar="PATH", help="what to write"
        )
        made.add_argument("--encoding", help="of the files, if not UTF-8, such as cp1252")
        made.add_argument("--debug", action="store_true", help="show where an error came from")
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
    add(
        "--label",
        nargs="+",
        metavar="COLUMN",
        help="the column with the class, or the number to predict; several for multi-label",
    )
    add(
        "--task",
        choices=TASKS,
        default="auto",
        help="what the labels are (default: auto, by what they look like); multi-label: several in "
        "one column, or several columns of 0 and 1",
    )
    add("--separator", default="|", help="between the labels in one column (default: |)")
    add(
        "--model",
        choices=("fine-tuned", "cheap"),
        default="fine-tuned",
        help="cheap: the strongest model that takes seconds; it is a row of the table in any case",
    )
    add("--checkpoint", help="a Hub id or a folder; else the course's small encoder")
    add("--epochs", type=int, default=4, help="passes over the rows (default: 4)")
    add(
        "--learning-rate",
        type=float,
        help="at its highest (default: 0.0002; from base size on 0.00005)",
    )
    add(
        "--batch-size",
        type=int,
        default=32,
        help="rows a step, all processes together (default: 32)",
    )
    add("--max-length", type=int, help="tokens after which a text is cut (default: what it reads)")
    add("--class-weight", choices=("balanced",), help="let a rare class count as much as others")
    add("--seed", type=int, default=42, help="of all that is drawn at random (default: 42)")
    add(
        "--dtype",
        choices=("float32", "bfloat16"),
        help="else the faster one; with several processes on CPUs, float32",
    )
    add = command(predict, run="a folder that train wrote", file="rows to predict for").add_argument
    add("--text", nargs="+", metavar="COLUMN", help="if it is not called as in training")
    add("--dtype", choices=("float32", "bfloat16"), help="else the one of the training")
    add = command(errors, source="a folder that train wrote, or a file with labels").add_argument
    add("--text", nargs="+", metavar="COLUMN", help="of a file: the column with the text, or two")
    add("--label", metavar="COLUMN", help="of a file: the column with the class")
    add = command(
        review,
        needs_output=False,
        source="a folder that train wrote, or a file with labels",
        errors="what errors wrote of it",
    ).add_argument
    add("--text", nargs="+", metavar="COLUMN", help="of a file: the column with the text, or two")
    add("--label", metavar="COLUMN", help="of a file: the column with the class")
    add("--reviewer", default="review", metavar="NAME", help="who judges, for the files' names")
    add("--rows", type=int, default=100, help="how many of ERRORS, the worst first (default: 100)")
    command(
        agree,
        needs_output=False,
        one="the verdicts of one person, a file that review wrote",
        other="those of another person on the same rows",
    )
    add = command(
        correct, file="the rows that were reviewed", verdicts="a file that review or agree wrote"
    ).add_argument
    add("--text", nargs="+", metavar="COLUMN", help="if it is not called as in the verdicts")
    add("--label", metavar="COLUMN", help="if it is not called as in the verdicts")
    return whole


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code, 2 after an error, which is told in one sentence."""
    asked = parser().parse_args(arguments)
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # of letters that the console does not know
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("default", module="helpers")
        warnings.showwarning = lambda message, *_, **__: say(f"Note: {message}")
        try:
            asked.work(asked)
            return 0
        except KeyboardInterrupt:
            told = "Interrupted: run the same command again."
            if asked.output and any(asked.output.glob(f"{TRAINING}/checkpoint-*")):
                told = "Interrupted: the same command goes on after the last whole epoch."
        except Exception as error:
            if asked.debug:
                raise
            told = in_words(error)
    process = "" if is_first() else f" in process {os.environ['RANK']}"
    print(" ".join(f"error{process}: {told}".split()), file=sys.stderr)
    return 2


def in_words(error: Exception) -> str:
    """What a command says of an error, with the cure where it is known."""
    if told := sentence(error):
        return told
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}: check the place and its permissions."
    raised_in = Path(traceback.extract_tb(error.__traceback__)[-1].filename)
    if raised_in.is_relative_to(PACKAGE) and isinstance(error, ValueError | RuntimeError):
        return str(error)
    return f"{reason(error)}: this should not happen; --debug shows where it came from."


def train(asked: Namespace) -> None:
    """Learn from labelled rows; writes the model, predictions.csv and report.html into a folder."""
    check_output(asked.output, folder=True)
    files = [file.resolve() for file in files_of(asked).values()]
    if within := [file for file in files if file.is_relative_to(asked.output.resolve())]:
        raise ValueError(f"{within[0]} lies in the output folder {asked.output}: choose another.")
    table = read_asked(asked)
    kind = "regression"
    if table.names:
        what = "labels, several a row" if table.task == "multi_label" else "classes"
        kind = f"{len(table.names)} {what}: {', '.join(table.names)}"
    sizes = ", ".join(f"{split} {len(table.part(split)):,}" for split in table.splits)
    say(f"{len(table.frame):,} rows ({sizes}), {kind}")
    tell(table.notes)
    alike = int(os.environ.get("WORLD_SIZE", 1)) > 1 and pick_device().type == "cpu"
    start(seed=asked.seed, dtype=asked.dtype or ("float32" if alike else None), quiet=True)
    made = [path for path in (asked.output, *asked.output.parents) if not path.exists()]
    asked.output.mkdir(parents=True, exist_ok=True)
    busy = f"Another command is writing to {asked.output}: wait until it has ended."
    try:
        with locked(asked.output, busy) if is_first() else nullcontext():
            learn(asked, table)
    finally:
        with suppress(OSError):  # they hold something
            for folder in made if is_first() else []:
                folder.rmdir()


def learn(asked: Namespace, table: Table) -> None:
    """Train, predict, and write all that `train` writes."""
    from .cheap import cheap_model
    from .report import make_report
    from .rivals import answers_of, scores_of
    from .scores import best_threshold

    data, is_several = table.datasets(), table.task == "multi_label"
    if asked.model == "cheap" and is_several:
        raise ValueError("--model cheap gives one label a row: leave it out for multi-label.")
    if asked.model == "cheap" and (asked.class_weight or asked.max_length):
        raise ValueError("--class-weight and --max-length are for a fine-tuned model only.")
    run, damaged = None, None
    if asked.model == "cheap":
        damaged = check_cheap_folder(asked.output, data, asked.checkpoint)
    else:
        run = fine_tuned(asked, table, data)
    if not is_first():
        return
    cheap = None if is_several else cheap_model(data, asked.checkpoint)
    model = run or cheap
    outputs = probabilities(model, table.rows())
    threshold = 0.5
    if is_several:
        chooses = (table.frame[SPLIT] == "validation").to_numpy()
        threshold = best_threshold(table.targets("validation"), outputs[chooses])
        say(f"A label is given from a probability of {threshold:.2f} on, chosen on validation.")
    outputs = predicted(outputs, model, table.frame, threshold)
    extra = GLUE[asked.glue][1] if asked.glue else None
    answers = answers_of(table, outputs, cheap, asked.model)
    scores = scores_of(table, answers, extra)
    if damaged:
        say(f"Kept: {damaged} as {keep(damaged).name}")
    if not run:
        say(f"Saved: {cheap.save(asked.output)}")
    title = asked.output.resolve().name
    page = make_report(title, table, outputs, answers, scores, cheap, run)
    written = {ROWS: rows_text(table), PREDICTIONS: named_text(outputs, asked.separator)}
    columns = {
        "texts": table.texts,
        "label": table.label,
        "labels": table.names,
        "threshold": threshold,
        "separator": asked.separator,
        "learnt_from": [sha256_of(file) for file in files_of(asked).values()],
    }
    write_all(asked.output, written | {REPORT: page}, columns)
    print(scores.to_string(float_format="%.3f", formatters={"rmse": "{:.4g}".format}, na_rep="-"))
    print(f"Written: {asked.output / PREDICTIONS} and {asked.output / REPORT}")


def write_all(folder: Path, texts: dict[str, str], columns: dict) -> None:
    """Write files, and COLUMNS with their hashes; what someone else has put there is kept."""
    known = {}
    with suppress(ValueError, OSError):
        known = read_json(folder / COLUMNS, "", SAVED, sealed=True)["hashes"]
    hashes = {}
    for name, text in texts.items():
        file, hashes[name] = folder / name, hashlib.sha256(text.encode()).hexdigest()
        if file.exists() and sha256_of(file) not in (known.get(name), hashes[name]):
            say(f"Note: {file} was changed, and is kept as {keep(file).name}.")
        write_text(file, text)
    if (folder / COLUMNS).exists() and not known:
        say(f"Note: {folder / COLUMNS} was changed, and is kept as {keep(folder / COLUMNS).name}.")
    write_json(folder / COLUMNS, columns | {"hashes": hashes}, sealed=True)


def named_text(frame: pd.DataFrame, separator: str = "|") -> str:
    """A table as CSV; says which of our columns have another name than usual.

    separator: between the labels of a row that has several.
    """
    if LABELS in frame:
        given = [separator.join(labels) for labels in frame[PREDICTED]]
        frame = frame.drop(columns=LABELS).assign(**{PREDICTED: given})
    named, told = with_free_names(frame)
    tell(told)
    return csv_text(named)


def tell(notes: Sequence[str]) -> None:
    """Print a line for each note."""
    for note in notes:
        say(f"Note: {note}")


def rows_text(table: Table) -> str:
    """The rows of a training as `errors` reads them, a JSON object a line."""
    lines = []
    for row in table.frame.to_dict("records"):
        entry = {"where": row.pop(WHERE), "split": row.pop(SPLIT), "row": row}
        lines.append(json.dumps(entry, ensure_ascii=False, default=str) + "\n")
    return "".join(lines)


def fine_tuned(asked: Namespace, table: Table, data):
    """The run that `train` is asked for."""
    from .training import fine_tune

    return fine_tune(
        data,
        epochs=asked.epochs,
        learning_rate=asked.learning_rate,
        batch_size=asked.batch_size,
        max_length=asked.max_length,
        class_weight=asked.class_weight,
        checkpoint=asked.checkpoint,
        head=table.task,
        folder=asked.output,
    )


def check_cheap_folder(folder: Path, data, checkpoint: str | None) -> Path | None:
    """Raise ValueError if a folder holds something other than a cheap model of the same rows.

    Returns: the model's file if it is damaged, else None.
    """
    from .cheap import FILE, load_cheap_model, origin
    from .columns import columns_of

    file = folder / FILE
    if not set(folder.iterdir()) - set(drafts_of(file)):
        return None
    about = origin(data, columns_of(data["train"]), checkpoint)
    try:
        if file.is_file() and about.items() <= load_cheap_model(folder).about.items():
            return None
    except ValueError as error:  # it is damaged
        say(f"{error} This is done now.")
        return file
    raise ValueError(f"{folder} holds something other than this model: choose another folder.")


def files_of(asked: Namespace) -> dict[str, Path]:
    """The files that `train` is given, by split."""
    files = {"train": asked.file, "validation": asked.validation, "test": asked.test}
    return {split: file for split, file in files.items() if file}


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
    return read_files(
        files_of(asked), asked.text, asked.label, asked.task, asked.encoding, asked.separator
    )


def predict(asked: Namespace) -> None:
    """Predict for the rows of a file with a saved model; writes its columns and the predictions."""
    check_output(asked.output, [asked.run, asked.file])
    check_csv(asked.output)
    columns = saved_columns(asked.run)
    check_not_learnt_from(asked.output, columns)
    texts = columns["texts"]
    named = asked.text or texts
    if len(named) != len(texts):
        raise ValueError(f"{asked.run} was trained on {len(texts)} text columns: name as many.")
    frame, notes = read_table(asked.file, named, encoding=asked.encoding)
    tell(notes)
    model = load_model(asked.run)
    start(dtype=asked.dtype or format_here(model.dtype), quiet=True)
    rows = Table(frame, named, "", None).rows()
    if columns["label"] == LABELS:
        frame[LABELS] = None
    outputs = predicted(probabilities(model, rows), model, frame, columns["threshold"])
    write_csv(asked.output, named_text(outputs, columns["separator"]))
    print(f"Written: {asked.output}, {counted(len(rows), 'row')}")


def errors(asked: Namespace) -> None:
    """List the labels that look wrong, of a file or of what train learnt from; the worst first."""
    check_output(asked.output, [asked.source])
    check_csv(asked.output)
    table = read_suspects(asked)
    tell(table.notes)
    from .suspects import doubts

    start(quiet=True)
    suspects = doubts(table)
    write_csv(asked.output, named_text(suspects))
    rows = counted(len(table.frame), "row")
    print(f"Written: {asked.output}, {len(suspects):,} of {rows}, worst first")


def read_suspects(asked: Namespace) -> Table:
    """The labelled rows that `errors` is asked to look into."""
    if asked.source.is_dir():
        if asked.text or asked.label:
            raise ValueError(f"{asked.source} knows its columns: leave out --text and --label.")
        return saved_table(asked.source, asked.output)
    if not (asked.text and asked.label):
        raise ValueError(
            f"{asked.source} is no folder that train wrote: for a file, give --text COLUMN and "
            "--label COLUMN too."
        )
    if len(asked.text) > 2:
        raise ValueError(f"--text names {len(asked.text)} columns: one is needed, or two.")
    encoding = own_encoding(asked.source, asked.encoding)
    return read_labelled(asked.source, asked.text, asked.label, encoding)


def saved_table(folder: Path, output: Path) -> Table:
    """The rows that a saved model has learnt from and was scored on.

    output: what will be written, and must not be a file that it has learnt from.

    Raises: ValueError if what was saved of them has changed, or their labels are numbers.
    """
    columns, file = saved_columns(folder), folder / ROWS
    check_not_learnt_from(output, columns)
    if not columns["labels"]:
        raise ValueError(f"{folder} predicts numbers: only classes can be searched for errors.")
    if columns["label"] == LABELS:
        raise ValueError(
            f"{folder} gives several labels a row: only one can be searched for errors."
        )
    if changed_files(folder, {ROWS: columns["hashes"][ROWS]}):
        raise ValueError(f"{file} is missing or has been changed: run train once more.")
    rows = []
    for line in file.read_text(encoding="utf-8").split("\n")[:-1]:
        entry = json.loads(line)
        rows.append(entry["row"] | {WHERE: entry["where"], SPLIT: entry["split"]})
    frame = pd.DataFrame(rows, dtype=object)
    return Table(frame, columns["texts"], columns["label"], columns["labels"])


def review(asked: Namespace) -> None:
    """Make a notebook of cards to judge blind: suspicious rows, and some drawn at random."""
    file = review_file(asked)
    notebook = file.with_suffix(".ipynb")
    for path in (file, notebook):
        check_output(path, [p for p in (asked.source, asked.errors) if p.is_file()])
    asked.output = file
    table = read_suspects(asked)
    if AMBIGUOUS in table.names:
        raise ValueError(
            f"{asked.source} has a label {AMBIGUOUS!r}, which is the sign for ambiguous: rename it."
        )
    tell(table.notes)
    cards = cards_of(asked, table)
    verdicts, encoding, is_new = Verdicts(table.label, table.texts, []), None, not file.exists()
    if not is_new:
        encoding = own_encoding(file, asked.encoding)
        verdicts = read_verdicts(file, encoding=encoding)
    if (verdicts.label, verdicts.texts) != (table.label, table.texts):
        raise ValueError(f"{file} holds verdicts on other columns: choose another --reviewer.")
    check_given(
        verdicts,
        table.names,
        "write its new name there, or choose another --reviewer to begin anew.",
    )
    check_labels(verdicts, table.names)
    if verdicts.add(cards) or encoding:
        write_csv(file, verdicts_text(verdicts))
    bring_up(notebook, table.names)
    drawn = Counter({row[KEY]: row.get(DRAWN) for row in verdicts.rows}.values())
    judged = sum(map(bool, verdicts.judged.values()))
    kinds = ", ".join(f"{drawn[kind]:,} {kind}" for kind in (SUSPECTED, CONTROL) if drawn[kind])
    told = counted(len(verdicts.judged), "card")
    print(f"{'Written' if is_new else 'There already'}: {file}, {told}")
    told = {0: ".", 1: ", and stays."}.get(judged, ", and stay.")
    print(f"Cards: {kinds}; {judged:,} {'is' if judged == 1 else 'are'} judged{told}")
    print(f'Open them: python -m jupyter lab "{notebook}"')


def bring_up(notebook: Path, names: list[str]) -> None:
    """Write the notebook of cards unless it has these labels already; what is not ours is kept."""
    from .review import card_notebook, cells_of, names_in

    there, new = names_in(notebook), card_notebook(notebook.stem, names)
    if there == names:
        return
    if notebook.exists():
        before = cells_of(card_notebook(notebook.stem, there))
        told = "has other labels, and is written anew"
        if cells_of(notebook.read_text(encoding="utf-8", errors="replace")) != before:
            told = f"has other labels or content, and is kept as {keep(notebook, '.ipynb').name}"
        say(f"Note: {notebook} {told}.")
    write_text(notebook, new)


def review_file(asked: Namespace) -> Path:
    """The file of verdicts that `review` is asked for."""
    if not re.fullmatch(r"\w([\w .-]*\w)?", asked.reviewer):
        raise ValueError(
            f"--reviewer {asked.reviewer!r} cannot be in a file's name: use letters and digits."
        )
    if asked.rows < 1:
        raise ValueError(f"--rows {asked.rows} is too few: one or more are needed.")
    file = asked.output or asked.errors.with_name(f"{asked.errors.stem}-{asked.reviewer}.csv")
    check_csv(file)
    return file


def cards_of(asked: Namespace, table: Table) -> list[dict]:
    """The rows that `review` is asked to put on cards, in their order."""
    encoding = own_encoding(asked.errors, asked.encoding)
    try:
        listed, notes = read_table(asked.errors, table.texts, encoding=encoding)
    except ValueError as error:
        if not str(error).startswith(f"{asked.errors} holds no rows"):
            raise
        raise ValueError(
            f"{asked.errors} lists no row: no label is doubted, and there is nothing to review."
        ) from None
    tell(notes)
    if not column_of(listed, SUSPICION, table):
        raise ValueError(
            f"{asked.errors} has no column {SUSPICION[1:]!r}: give what errors wrote of "
            f"{asked.source}."
        )
    keys = text_keys(table.frame, table.texts)
    listed_keys, known = text_keys(listed, table.texts), set(keys)
    for place, key in zip(listed[WHERE], listed_keys, strict=True):
        if key not in known:
            raise ValueError(
                f"{place}: {asked.source} has no row with this text: delete the line, or run "
                "errors once more."
            )
    held_out = set(keys[table.frame[SPLIT].isin(HELD_OUT)])
    cards = choose_cards(keys, listed_keys, held_out, asked.rows)
    frame = table.frame.assign(**{KEY: keys, DRAWN: keys.map(cards)})
    if column := column_of(listed, SUGGESTED, table):
        suggested = dict(zip(listed_keys, map(class_name, listed[column]), strict=True))
        frame[PREDICTED] = keys.map(suggested).where(lambda labels: labels.isin(table.names))
    if len(table.splits) == 1:
        frame = frame.drop(columns=SPLIT)
    order = {key: place for place, key in enumerate(cards)}
    frame = frame[frame[KEY].isin(set(cards))].sort_values(
        KEY, key=lambda column: column.map(order), kind="stable"
    )
    return verdict_rows(frame, table.texts, table.label)


def column_of(listed: pd.DataFrame, ours: str, table: Table) -> str | None:
    """What a column of ours is called in a list of a table's rows, if it is there."""
    form = re.compile(re.escape(ours.removeprefix(OURS)) + r"(_\d+)?")
    return next((c for c in listed if form.fullmatch(c) and c not in table.frame), None)


def agree(asked: Namespace) -> None:
    """Compare two people's verdicts, and list those to settle; writes both into one file."""
    files = [asked.one, asked.other]
    if asked.output:
        check_output(asked.output, files)
        check_csv(asked.output)
    if files[0].resolve() == files[1].resolve():
        raise ValueError(f"{files[0]} is named twice: give the files of two people.")
    both = [read_verdicts(file, encoding=own_encoding(file, asked.encoding)) for file in files]
    labels = sorted(set().union(*map(labels_known, files, both)))
    for table in both:
        check_labels(table, labels)
    said = opinions(*both)
    names = tuple(file.stem for file in files)
    if len(set(names)) == 1:
        names = tuple(map(str, files))
    has = [said[side] != "" for side in ("one", "other")]
    judged = said[has[0] & has[1]]
    if not len(judged):
        raise ValueError(f"{files[0]} and {files[1]} judge no row both: judge the same rows first.")
    alike = judged["one"] == judged["other"]
    print(f"Judged by both: {len(judged):,} of {counted(len(said), 'row')}")
    for name, own, others in zip(names, has, reversed(has), strict=True):
        print(f"Judged by {name} only: {int((own & ~others).sum()):,}")
    print(f"The same verdict: {int(alike.sum()):,}, which is {alike.mean():.3f} of them")
    chance = kappa(judged["one"], judged["other"])
    if chance is None:
        print(f"Cohen's kappa: undefined, for every verdict is {judged['one'].iloc[0]!r}")
    else:
        print(f"Cohen's kappa: {chance:.3f}")
    print_apart(judged[~alike], names)
    if asked.output:
        text = verdicts_text(settled(*both, said, names))
        make_way(asked.output, text)
        write_csv(asked.output, text)
        left = counted(len(said) - int(alike.sum()), "verdict")
        print(f"Written: {asked.output}, {left} to fill in")


def labels_known(file: Path, table: Verdicts) -> set[str]:
    """The labels that a file of verdicts, or the notebook beside it, tells of."""
    from .review import names_in

    return table.labels.union(names_in(file.with_suffix(".ipynb")))


def make_way(file: Path, text: str) -> None:
    """Keep a file that is there and holds something else than will be written."""
    if file.exists() and file.read_bytes() != text.encode():
        say(f"Note: {file} is kept as {keep(file, '.csv').name}.")


def print_apart(rows: pd.DataFrame, names: tuple[str, str]) -> None:
    """Print the rows that two people judge otherwise."""
    print(f"To settle: {len(rows):,}")
    if not len(rows):
        return
    texts = [shorten(text, 60, placeholder=" …") for text in rows["text"]]
    columns = [["code", *rows["code"]], [names[0], *rows["one"]], [names[1], *rows["other"]]]
    widths = [max(map(len, column)) for column in columns]
    for *cells, text in zip(*columns, ["text", *texts], strict=True):
        told = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        print("  ".join([*told, text]))


def correct(asked: Namespace) -> None:
    """Write a copy of a file with the labels that were judged, and a list of the changes."""
    changes = asked.output.with_name(f"{asked.output.stem}-changes.csv")
    check_csv(asked.output)
    for path in (asked.output, changes):
        check_output(path, [asked.file, asked.verdicts])
    verdicts = read_verdicts(asked.verdicts, encoding=own_encoding(asked.verdicts, asked.encoding))
    texts, label = asked.text or verdicts.texts, asked.label or verdicts.label
    encoding = own_encoding(asked.file, asked.encoding)
    frame, notes = read_table(asked.file, texts, label, encoding)
    tell(notes)
    names = labels_known(asked.verdicts, verdicts)
    mended = mend(asked.file, frame, texts, label, verdicts, names)
    if missing := mended.missing:
        what = counted(len(missing), "verdict")
        what += ": its text is" if len(missing) == 1 else ": their texts are"
        say(f"Note: {what} not in {asked.file} (first: {missing[0]}).")
    made = [csv_text(with_free_names(rows)[0]) for rows in (mended.frame, mended.changes)]
    make_way(changes, made[1])
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(asked.output) as copy, whole_file(changes) as listed:
        for draft, text in zip((copy, listed), made, strict=True):
            draft.write_text(text, encoding="utf-8", newline="\n")
    counts = mended.counts
    print(
        f"Rows changed: {counts['changed']:,}; judged right: {counts['right']:,}; ambiguous, left "
        f"as they were: {counts['ambiguous']:,}; not judged: {counts['not judged']:,}"
    )
    print(f"Written: {asked.output}, {counted(len(mended.frame), 'row')}, and {changes}")


def load_model(folder: Path):
    """The model that `train` saved in a folder: a Run or a CheapModel."""
    from .cheap import FILE, load_cheap_model
    from .runs import load_run

    return load_cheap_model(folder) if (folder / FILE).is_file() else load_run(folder)


def probabilities(model, rows: list) -> np.ndarray:
    """`outputs_of` with a progress bar."""
    from tqdm import tqdm

    from .explain import outputs_of

    outputs = []
    with tqdm(total=len(rows), desc="predictions", unit="row", disable=None) as bar:
        for begin in range(0, len(rows), CHUNK):
            chunk = rows[begin : begin + CHUNK]
            outputs.append(outputs_of(model, chunk))
            bar.update(len(chunk))
    return np.concatenate(outputs)


def predicted(outputs: np.ndarray, model, frame: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """The rows, and for each the label predicted with all probabilities, or the number.

    threshold: where a row may have several labels, the probability from which on one is given.
    """
    names = model.labels
    if not names:
        digits = outputs[:, 0].astype(np.float32).astype(str)  # no more than it has
        return frame.assign(**{PREDICTED: digits.astype(float)})
    if getattr(model, "head", "") == "multi_label":
        given = [[names[label] for label in np.flatnonzero(row >= threshold)] for row in outputs]
    else:
        given = [names[label] for label in outputs.argmax(1)]
    added = {PREDICTED: given}
    for label, name in enumerate(names):
        added[f"{OURS}probability_{name}"] = outputs[:, label].astype(float).round(6)
    return frame.assign(**added)


def saved_columns(run: Path) -> dict:
    """The names of the text columns and the label that a run of `train` was made with."""
    if not (run / COLUMNS).is_file():
        raise ValueError(f"{run} is no folder that train has finished: it holds no {COLUMNS}.")
    return read_json(run / COLUMNS, "run train once more", SAVED, sealed=True)


def check_not_learnt_from(output: Path, columns: dict) -> None:
    """Raise ValueError if an output is one of the files that a saved model has learnt from."""
    if output.is_file() and sha256_of(output) in columns["learnt_from"]:
        raise ValueError(f"{output} is what the model has learnt from: choose another output.")


def check_output(path: Path, inputs: Iterable[Path] = (), folder: bool = False) -> None:
    """Raise ValueError unless a file, or a folder, can be written there without loss.

    inputs: files and folders that the command reads; nothing of theirs is written over.
    """
    if folder and path.is_file():
        raise ValueError(f"{path} is a file: name a folder with --output.")
    if not folder and path.is_dir():
        raise ValueError(f"{path} is a folder: name a file with --output.")
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise ValueError(f"{path} is no ordinary file: choose another.")
    real = path.resolve()
    for source in inputs if path.exists() else []:
        places = [real, *real.parents]
        if source.exists() and any(place.samefile(source) for place in places):
            raise ValueError(f"{path} is read by this command: choose another output.")
    if path.exists() and not os.access(path, os.W_OK):
        raise ValueError(f"{path} may not be changed: choose another output.")
    above = next(place for place in (real, *real.parents) if place.exists())
    if above == real and real.is_file():
        above = real.parent
    try:
        with TemporaryFile(dir=above):
            pass
    except OSError as error:
        raise ValueError(f"{path} cannot be written ({error.strerror}): choose another.") from None
