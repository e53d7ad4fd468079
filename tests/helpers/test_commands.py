"""`python -m helpers` on small files: what it writes, what it refuses, and several processes."""

import json
import os
import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow
import pytest
from hub_server import Hub
from own_files import PLAIN, fresh, read, write
from pyarrow import parquet
from torch import float32

from helpers import load_checkpoint, load_corpus, load_table, score_hunt
from helpers.commands import main
from helpers.tables import GLUE, SPLIT, read_files, read_table
from helpers.trainer import CourseTrainer, training_arguments

pytestmark = pytest.mark.slow


class Page(HTMLParser):
    """Notes the tags, the addresses and the text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.addresses, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "href")]

    def handle_data(self, data):
        self.words.append(data)


# ---- what the three commands write


def test_train_predict_errors(place, rows, train, capsys):
    evil = '<script src="http://evil.example/x.js"></script> & "so" on'
    rows = [dict(row) for row in rows]
    rows[7]["text"] = evil
    write("mine.csv", rows)
    assert train("mine.csv", *PLAIN) == 0
    told = capsys.readouterr().out
    assert "120 rows (train 84, validation 18, test 18), 2 classes: anger, joy" in told
    assert all(model in told for model in ("majority", "TF-IDF", "cheap", "fine-tuned"))

    outputs = read("out/predictions.csv")
    assert [row["id"] for row in outputs] == [row["id"] for row in rows], "the order of the file"
    assert outputs[7]["text"] == evil and outputs[7]["where"] == "mine.csv, line 9"
    for row in outputs:
        shares = {name: float(row[f"probability_{name}"]) for name in ("anger", "joy")}
        assert sum(shares.values()) == pytest.approx(1, abs=1e-4)
        assert row["predicted"] == max(shares, key=shares.get)
    is_bad = pd.DataFrame(outputs)["mood"] == "anger"
    bad = is_bad.groupby([row["split"] for row in outputs]).sum()
    assert abs(bad - pd.Series({"train": 25.2, "validation": 5.4, "test": 5.4})).max() <= 1
    details = json.loads(Path("out/run.json").read_text("utf-8"))
    assert details["arguments"]["epochs"] == 1 and details["labels"] == ["anger", "joy"]
    assert not list(place.rglob("*.tmp")) and not list(Path("out").glob(".*"))

    page = Page(report := Path("out/report.html").read_text("utf-8"))
    assert "script" not in page.tags and page.tags.count("img") == 2
    assert all(address.startswith(("data:image/png;base64,", "#")) for address in page.addresses)
    assert not re.search(r"(src|href)\s*=\s*[\"']?\s*(https?:)?//", report)
    assert "url(" not in report and "@import" not in report
    words = " ".join(page.words)
    for part in ("Verdict", "Scores", "Each class", "Worst rows", "Data", "Training", "Model card"):
        assert part in words
    for number in ("84", "majority", "TF-IDF", "cheap", "fine-tuned", "layer 2", "letters"):
        assert number in words

    assert main(["predict", "out", "mine.csv", "--output", "new/again.csv"]) == 0
    again = read("new/again.csv")
    assert [row["predicted"] for row in again] == [row["predicted"] for row in outputs]
    assert [row["id"] for row in again] == [row["id"] for row in rows]

    assert main(["errors", "out", "--output", "errors.csv"]) == 0
    found = read("errors.csv")
    assert all(len(row["suspicion"]) <= 6 for row in found), "0.1234"
    doubts = [float(row["suspicion"]) for row in found]
    assert found and doubts == sorted(doubts, reverse=True)
    by_place = {row["where"]: row for row in outputs}
    for row in found:
        assert row["suggested"] != row["mood"] == by_place[row["where"]]["mood"]
        assert row["text"] == by_place[row["where"]]["text"]
        assert row["split"] == by_place[row["where"]]["split"]
    doubted = Page(report.split('id="doubted-labels"')[1].split("</section>")[0])
    listed = [place for place in doubted.words if place in by_place]
    assert listed == [row["where"] for row in found[:20]], "the same order"

    check_one_order(found)

    capsys.readouterr()
    before = Path("out/predictions.csv").read_bytes()
    assert train("mine.csv", *PLAIN) == 0, "a finished run is loaded"
    assert "Loaded the finished run out" in capsys.readouterr().out
    assert Path("out/predictions.csv").read_bytes() == before


def test_the_cheap_model_is_saved_and_used(place, rows, tiny, capsys, refuses):
    write("mine.csv", rows)
    command = ["train", "mine.csv", *PLAIN, "--model", "cheap", "--output", "out"]
    assert main(command) == 0
    told = capsys.readouterr().out
    assert "majority" in told and "fine-tuned" not in told
    assert told.count(" cheap ") == 2, "a row for validation and one for test"
    names = ["cheap_model.npz", "columns.json", "predictions.csv", "report.html", "rows.jsonl"]
    assert sorted(path.name for path in Path("out").iterdir()) == names
    outputs = read("out/predictions.csv")
    test = [row for row in outputs if row["split"] == "test"]
    accuracy = np.mean([row["predicted"] == row["mood"] for row in test])
    assert re.search(rf"test .*\n.*\n +cheap +{accuracy:.3f}", told), "the scores are of these rows"

    assert main(["predict", "out", "mine.csv", "--output", "again.csv"]) == 0
    again = read("again.csv")
    assert [row["predicted"] for row in again] == [row["predicted"] for row in outputs]
    assert main(["errors", "out", "--output", "errors.csv"]) == 0
    assert read("errors.csv")[0]["suggested"] in ("joy", "anger")
    page = Page(Path("out/report.html").read_text("utf-8"))
    words = " ".join(page.words)
    assert "Training" not in page.words and page.tags.count("img") == 1
    assert "A mean of linear models" in words and "python -m helpers predict out FILE" in words

    assert main(command) == 0, "the same rows may be asked for again"
    write("mine.csv", rows[:-2])
    refuses(command, "out holds something other than this model")
    Path("full").mkdir()
    Path("full/letter.txt").write_text("mine")
    refuses([*command[:-1], "full"], "full holds something other")


def test_a_console_that_does_not_know_all_letters(place, rows):
    names = {"joy": "sevinç", "anger": "öfke ışığı"}
    write("mine.csv", [row | {"mood": names[row["mood"]]} for row in rows])
    command = [sys.executable, "-m", "helpers", "train", "mine.csv", *PLAIN, "--model", "cheap"]
    done = fresh(*command, "--output", "out", PYTHONIOENCODING="ascii", COURSE_HOME=place.parent)
    assert done.returncode == 0, done.stderr
    assert "\\u0131" in done.stdout and read("out/predictions.csv")[0]["mood"] in names.values()


def test_the_cheap_model_of_pairs_and_numbers(place, capsys):
    pairs = load_corpus("pairs")["train"].select(range(100))
    write("pairs.jsonl", list(pairs))
    given = ["--text", "sentence1", "sentence2", "--label", "score", "--model", "cheap"]
    assert main(["train", "pairs.jsonl", *given, "--output", "out"]) == 0
    assert "pearson" in capsys.readouterr().out
    assert main(["predict", "out", "pairs.jsonl", "--output", "again.csv"]) == 0
    assert all(np.isfinite(float(row["predicted"])) for row in read("again.csv"))


def test_errors_of_a_file(place, rows, refuses):
    """Every row is looked into, also one whose label is a slip of the pen."""
    write("mine.csv", changed(rows, 3, mood="jooy"))
    assert main(["errors", "mine.csv", *PLAIN, "--output", "errors.csv"]) == 0
    slip = next(row for row in read("errors.csv") if row["mood"] == "jooy")
    assert slip["where"] == "mine.csv, line 5" and slip["suspicion"] == "1.0"
    refuses(["errors", "mine.csv", "--output", "x.csv"], "mine.csv", "--text", "--label")
    refuses(["errors", "none.csv", *PLAIN, "--output", "x.csv"], "no file none.csv")
    write("numbers.csv", [row | {"mood": f"{i}.5"} for i, row in enumerate(rows)])
    refuses(["errors", "numbers.csv", *PLAIN, "--output", "x.csv"], "holds numbers")
    Path("folder").mkdir()
    refuses(["errors", "folder", *PLAIN, "--output", "x.csv"], "leave out --text and --label")


def test_a_table_of_ones_own(place, rows):
    write("mine.csv", rows)
    data = load_table("mine.csv", text="text", label="mood")
    assert {split: len(part) for split, part in data.items()} == {
        "train": 84,
        "validation": 18,
        "test": 18,
    }
    assert data["train"].features["label"].names == ["anger", "joy"]
    expected = read_files({"train": Path("mine.csv")}, ["text"], "mood", "auto")
    assert data["test"]["text"][:] == expected.rows("test")
    write("train.csv", rows[:90])
    write("test.csv", [*rows[90:], rows[95]])
    with pytest.warns(UserWarning, match="repeat the text of an earlier row: 1") as seen:
        data = load_table({"train": "train.csv", "test": Path("test.csv")}, "text", "mood")
    assert [warning.filename for warning in seen] == [__file__]
    assert len(data["test"]) == 31 and len(data["validation"]) == 13


@pytest.mark.parametrize(
    ("files", "part"),
    [({"test": "mine.csv"}, "train"), ({"train": "mine.csv", "dev": "mine.csv"}, "dev")],
)
def test_tables_that_are_none(place, rows, files, part, refused):
    write("mine.csv", rows)
    with refused(ValueError, part):
        load_table(files, "text", "mood")
    with refused(ValueError, "no column 'feeling'"):
        load_table("mine.csv", "text", "feeling")


def check_one_order(found):
    """With a run or without, the order of suspicion is the same."""
    assert main(["errors", "mine.csv", *PLAIN, "--output", "of_file.csv"]) == 0
    of_file = read("of_file.csv")
    assert [(r["where"], r["suspicion"]) for r in of_file] == [
        (r["where"], r["suspicion"]) for r in found
    ], "with a run or without, one order"
    assert "split" not in of_file[0]


def test_hostile_words_are_shown_and_not_obeyed(place, rows, train):
    names = {"joy": "<s>joy</s>", "anger": 'a&b "q" \''}
    evil = "</td><img src=x onerror=alert(1)>"
    rows = [row | {"mood": names[row["mood"]], "text": f"{evil} {row['text']}"} for row in rows]
    write("<i>.csv", rows)
    assert train("<i>.csv", *PLAIN, output="<u>out") == 0
    page = Page(Path("<u>out/report.html").read_text("utf-8"))
    assert not {"s", "i", "u", "script"} & set(page.tags) and page.tags.count("img") == 2
    assert evil in " ".join(page.words)


@pytest.mark.parametrize("name", ["mine.tsv", "mine.jsonl", "mine.parquet"])
def test_every_kind_of_file_gives_the_same_rows(place, rows, name):
    options = (["text"], "mood", "auto")
    expected = read_files({"train": Path(write("mine.csv", rows))}, *options)
    found = read_files({"train": Path(write(name, rows))}, *options)
    columns = ["id", "text", "mood", SPLIT]
    assert found.frame[columns].equals(expected.frame[columns])


def test_pairs_and_numbers(place, train):
    data = load_corpus("pairs")
    for split in ("train", "validation"):
        columns = data[split][:60]
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        write(f"{split}.jsonl", rows)
    given = ["--text", "sentence1", "sentence2", "--label", "score"]
    assert train("train.jsonl", *given, "--validation", "validation.jsonl") == 0
    outputs = read("out/predictions.csv")
    splits = [row["split"] for row in outputs]
    assert splits == ["train"] * 60 + ["validation"] * 60, "no test is cut beside a validation file"
    assert all(np.isfinite(float(row["predicted"])) for row in outputs)
    report = Path("out/report.html").read_text("utf-8")
    assert "Predicted and true" in report and "Pearson" in report
    assert main(["predict", "out", "train.jsonl", "--output", "again.csv"]) == 0
    assert main(["errors", "out", "--output", "errors.csv"]) == 2
    assert not Path("errors.csv").exists()


def plain_cases():
    """120 texts of two kinds that any model can tell apart."""
    verbs = ["deployed", "merged", "rolled back", "patched", "reviewed", "tagged"]
    foods = ["carrots", "lentils", "pastry", "onions", "noodles", "garlic"]
    work = [f"Today we {verb} build {n} of the server code" for verb in verbs for n in range(10)]
    kitchen = [f"Simmer the {food} for {n} minutes in butter" for food in foods for n in range(10)]
    kinds = {"work": work, "kitchen": kitchen}
    return [{"text": text, "kind": kind} for kind, texts in kinds.items() for text in texts]


def test_planted_errors_come_first(place, train, capsys):
    rows = plain_cases()
    wrong = [3, 44, 100]
    for i in wrong:
        rows[i]["kind"] = "kitchen" if rows[i]["kind"] == "work" else "work"
    write("mine.csv", rows)
    assert train("mine.csv", "--text", "text", "--label", "kind") == 0
    assert main(["errors", "out", "--output", "errors.csv"]) == 0
    found = {row["where"]: row for row in read("errors.csv")}
    for i in wrong:
        row = found[f"mine.csv, line {i + 2}"]
        assert row["suggested"] != rows[i]["kind"]
    doubt = [
        float(found.get(f"mine.csv, line {i + 2}", {"suspicion": 0})["suspicion"])
        for i in range(120)
    ]
    assert score_hunt(doubt, np.isin(range(120), wrong))["average_precision"] > 0.5


# ---- splits


def test_equal_texts_stay_on_one_side(place, rows):
    doubled = [*rows, *({**row, "text": f"  {row['text'].upper()} "} for row in rows[:40])]
    table = read_files({"train": Path(write("mine.csv", doubled))}, ["text"], "mood", "auto")
    splits = table.frame[SPLIT].tolist()
    assert splits[:40] == splits[120:]
    assert "Rows that repeat the text of an earlier row: 40" in table.notes[0]


def test_a_text_with_two_labels_is_told(place, rows):
    other = {"joy": "anger", "anger": "joy"}
    doubled = [*rows, {**rows[0], "mood": other[rows[0]["mood"]]}]
    table = read_files({"train": Path(write("mine.csv", doubled))}, ["text"], "mood", "auto")
    assert "Texts that carry more than one label: 1." in table.notes


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["2", "10", "1"] * 4, ["1", "2", "10"]),
        (["-1", "0", "1"] * 4, ["-1", "0", "1"]),
        (["0.5", "1.5", "2"] * 4, None),
        ([str(n) for n in range(40)], None),
        (["yes", "no", "7"] * 4, ["7", "no", "yes"]),
        ([1.0, 0.0] * 6, ["0", "1"]),
        ([True, False] * 6, ["False", "True"]),
    ],
)
def test_the_task_is_found_by_the_labels(place, labels, names):
    rows = [{"text": f"text {i}", "mood": label} for i, label in enumerate(labels)]
    table = read_files({"train": Path(write("mine.jsonl", rows))}, ["text"], "mood", "auto")
    assert table.names == names
    for split in table.splits:
        dataset = table.datasets()[split]
        assert getattr(dataset.features["label"], "names", None) == names
        if names is None:
            assert dataset["label"][:] == [float(x) for x in table.part(split)["mood"]]


def test_a_file_for_each_split(place, rows):
    files = {"train": rows[:80], "validation": rows[80:100], "test": rows[100:]}
    files = {split: Path(write(f"{split}.csv", part)) for split, part in files.items()}
    table = read_files(files, ["text"], "mood", "auto")
    assert [len(table.part(split)) for split in table.splits] == [80, 20, 20]
    del files["validation"]
    table = read_files(files, ["text"], "mood", "auto")
    assert [len(table.part(split)) for split in table.splits] == [68, 12, 20]


# ---- what is refused


def changed(rows, number, **columns):
    return [row | columns if i == number else row for i, row in enumerate(rows)]


REFUSED = {
    "missing column": (lambda rows: rows, ["--label", "feeling"], "no column 'feeling'", "'mood'"),
    "missing text column": (lambda rows: rows, ["--text", "post"], "no column 'post'"),
    "text label in a regression": (
        lambda rows: [row | {"mood": "3.5"} for row in rows[:9]] + rows[9:],
        ["--task", "regression"],
        "line 11: the label",
        "is not a number",
    ),
    "no label": (lambda rows: changed(rows, 5, mood=""), [], "line 7 has nothing in 'mood'"),
    "NaN label": (lambda rows: changed(rows, 5, mood="NaN"), [], "line 7 has nothing in 'mood'"),
    "empty text": (lambda rows: changed(rows, 5, text=" "), [], "line 7 has nothing in 'text'"),
    "one class": (
        lambda rows: [row | {"mood": "joy"} for row in rows],
        [],
        "mine.csv, line 2: every row has the label 'joy'",
    ),
    "one number": (
        lambda rows: [row | {"mood": "3"} for row in rows],
        ["--task", "regression"],
        "mine.csv, line 2: every row has the label 3.0",
    ),
    "a class of one": (lambda rows: changed(rows, 5, mood="awe"), [], "'awe' has one text only"),
    "too few": (lambda rows: sorted(rows, key=lambda row: row["mood"])[34:38], [], "too few"),
    "three columns": (lambda rows: rows, ["--text", "text", "id", "mood"], "3 columns"),
    "no epochs": (lambda rows: rows, ["--epochs", "0"], "epochs=0"),
    "batch of nothing": (lambda rows: rows, ["--batch-size", "0"], "batch_size=0"),
    "unknown folder": (lambda rows: rows, ["--checkpoint", "./nowhere"], "no checkpoint folder"),
    "no checkpoint in it": (lambda rows: rows, ["--checkpoint", "."], "could not be loaded"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case, rows, refuses):
    change, options, *parts = REFUSED[case]
    file = write("mine.csv", change(rows))
    refuses(["train", file, *PLAIN, *options, "--output", "out"], *parts)


def test_a_label_that_is_not_there_in_other_files(rows, refuses):
    write("mine.jsonl", changed(rows, 3, mood=None))
    refuses(["train", "mine.jsonl", *PLAIN, "--output", "out"], "line 4 has nothing in 'mood'")
    write(
        "mine.parquet", [row | {"mood": 1.5} for row in rows] + [rows[0] | {"mood": float("nan")}]
    )
    refuses(["train", "mine.parquet", *PLAIN, "--output", "out"], "row 121 has nothing in 'mood'")
    write("mine.jsonl", changed(rows, 3, text=5))
    refuses(["train", "mine.jsonl", *PLAIN, "--output", "out"], "line 4 has 5 in 'text'")


def test_a_text_in_two_splits(rows, refuses):
    write("train.csv", rows[:90])
    write(
        "validation.csv", [*rows[90:], rows[2] | {"text": rows[2]["text"].upper() + " "}, rows[5]]
    )
    refuses(
        ["train", "train.csv", "--validation", "validation.csv", *PLAIN, "--output", "out"],
        "In validation, 2 rows repeat texts of train",
        "validation.csv, line 32",
        "train.csv, line 4",
    )


def test_a_class_that_train_lacks(rows, refuses):
    write("train.csv", rows[:90])
    write("validation.csv", changed(rows[90:], 4, mood="awe"))
    arguments = ["train", "train.csv", "--validation", "validation.csv", *PLAIN, "--output", "out"]
    refuses(arguments, "validation.csv, line 6", "'awe'")


def test_files_that_cannot_be_read(place, rows, refuses):
    write("mine.csv", rows)
    given = [*PLAIN, "--output", "out"]
    refuses(["train", "nowhere.csv", *given], "no file nowhere.csv")
    shutil.copy("mine.csv", "mine.xlsx")
    refuses(["train", "mine.xlsx", *given], ".csv, .tsv, .jsonl, .parquet")
    Path("latin.csv").write_bytes("text,mood\ncafé,joy\n".encode("latin-1"))
    refuses(["train", "latin.csv", *given], "line 2 is not UTF-8")
    Path("empty.csv").write_text("text,mood\n")
    refuses(["train", "empty.csv", *given], "holds no rows")
    Path("broken.csv").write_text('text,mood\n"open,joy\n')
    refuses(["train", "broken.csv", *given], "line 2", "quot")
    Path("broken.parquet").write_text("no parquet")
    refuses(["train", "broken.parquet", *given], "broken.parquet", "parquet")


def test_outputs_that_cannot_be_written(place, rows, refuses):
    write("mine.csv", rows)
    Path("taken").write_text("mine")
    Path("full").mkdir()
    Path("full/letter.txt").write_text("mine")
    start = ["train", "mine.csv", *PLAIN, "--output"]
    refuses([*start, "taken"], "taken is a file")
    refuses([*start, "taken/out"], "cannot be written")
    refuses([*start, "/proc/out"], "/proc/out cannot be written")
    refuses([*start, "full"], "full holds something other")
    for command in (["predict", "run", "mine.csv"], ["errors", "run"]):
        refuses([*command, "--output", "full"], "full is a folder")
        refuses([*command, "--output", "taken/out.csv"], "cannot be written")


def test_nothing_that_is_read_is_written_over(place, rows, refuses):
    write("mine.csv", rows)
    train = ["train", "mine.csv", *PLAIN, "--model", "cheap", "--output", "out"]
    assert main(train) == 0
    Path("link.csv").symlink_to("mine.csv")
    for output in ("mine.csv", "./link.csv", "out/predictions.csv", "out/cheap_model.npz"):
        refuses(["predict", "out", "mine.csv", "--output", output], "is read by this command")
    for output in ("out/predictions.csv", "out/columns.json"):
        refuses(["errors", "out", "--output", output], "is read by this command")
    write("other.csv", rows[:3])
    for command in (["errors", "out"], ["predict", "out", "other.csv"]):
        refuses([*command, "--output", "mine.csv"], "mine.csv is what the model has learnt from")
    assert str(place) not in Path("out/columns.json").read_text("utf-8"), "no path is told"
    refuses(["errors", "mine.csv", *PLAIN, "--output", "mine.csv"], "is read by this command")
    assert main(["errors", "out", "--output", "out/errors.csv"]) == 0, "a new file may lie there"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_what_is_no_ordinary_file_is_left_alone(place, rows, refuses):
    write("mine.csv", rows)
    os.mkfifo("pipe")
    for output in ("pipe", "/dev/null"):
        refuses(["errors", "mine.csv", *PLAIN, "--output", output], "is no ordinary file")


def test_runs_that_are_none(place, rows, refuses):
    write("mine.csv", rows)
    refuses(["predict", "nowhere", "mine.csv", "--output", "x.csv"], "nowhere is no folder")
    refuses(["errors", "nowhere", "--output", "x.csv"], "nowhere is no folder")


def test_a_saved_run_and_other_rows(place, rows, train, refuses):
    assert train(write("mine.csv", rows), *PLAIN) == 0
    write("other.csv", [{"post": row["text"]} for row in rows[:3]])
    refuses(["predict", "out", "other.csv", "--output", "x.csv"], "no column 'text'")
    refuses(
        ["predict", "out", "other.csv", "--text", "post", "post", "--output", "x.csv"], "1 text"
    )
    assert main(["predict", "out", "other.csv", "--text", "post", "--output", "x.csv"]) == 0
    assert list(read("x.csv")[0])[:3] == ["post", "where", "predicted"] and len(read("x.csv")) == 3
    write("mine.csv", rows[:-1])
    refuses(["train", "mine.csv", *PLAIN, "--output", "out"], "out holds something other")


@pytest.mark.parametrize(
    "arguments",
    [[], ["train"], ["tune"], ["train", "mine.csv", "--output", "out", "--task", "ranking"]],
)
def test_what_cannot_be_asked(arguments, place):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2


def test_what_is_asked_by_halves(place, refuses):
    for options in (["mine.csv"], ["mine.csv", "--text", "a"], [], ["mine.csv", "--glue", "sst2"]):
        refuses(["train", *options, "--output", "out"], "--text COLUMN --label COLUMN, or --glue")


# ---- interrupted, several processes, the Hub


def test_interrupted_and_resumed(place, rows, tiny, monkeypatch, capsys):
    write("mine.csv", rows)
    command = ["train", "mine.csv", *PLAIN, "--checkpoint", str(tiny), "--epochs", "3"]
    assert main([*command, "--output", "whole"]) == 0

    evaluate, calls = CourseTrainer.evaluate, []

    def interrupted(trainer, *arguments, **options):
        calls.append(trainer)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return evaluate(trainer, *arguments, **options)

    monkeypatch.setattr(CourseTrainer, "evaluate", interrupted)
    capsys.readouterr()
    assert main([*command, "--output", "out"]) == 2
    assert "goes on after the last whole epoch" in capsys.readouterr().err
    names = [path.name for path in Path("out").iterdir()]
    assert names == [".training"], "nothing half-written under a final name"
    monkeypatch.undo()
    monkeypatch.chdir(place)
    monkeypatch.setenv("COURSE_HOME", str(place.parent))
    assert main([*command, "--output", "out"]) == 0
    assert "Going on with the interrupted run out" in capsys.readouterr().out
    assert not list(Path("out").glob(".*"))
    for column in ("predicted", "probability_joy"):
        whole, resumed = (
            [row[column] for row in read(f"{o}/predictions.csv")] for o in ("whole", "out")
        )
        assert (
            whole == resumed
            if column == "predicted"
            else np.allclose(np.array(whole, float), np.array(resumed, float), atol=1e-3)
        )


def test_two_processes_learn_what_one_learns(place, tmp_path):
    """With the real encoder, its dropout switched off: its chance differs between processes."""
    tokenizer, model = load_checkpoint()
    model.config.hidden_dropout_prob = model.config.attention_probs_dropout_prob = 0.0
    for part in (tokenizer, model):
        part.save_pretrained(tmp_path / "no-dropout")
    write("mine.csv", plain_cases())
    command = ["-m", "helpers", "train", "mine.csv", "--epochs", "1", "--dtype", "float32"]
    command += ["--text", "text", "--label", "kind"]
    command += ["--checkpoint", str(tmp_path / "no-dropout"), "--batch-size", "8", "--output"]
    alone = fresh(sys.executable, *command, "alone")
    assert alone.returncode == 0, alone.stderr
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    both = fresh(*torchrun, "--nproc-per-node", "2", *command, "both")
    assert both.returncode == 0, both.stderr
    assert both.stdout.replace("both", "alone").splitlines()[:2] == alone.stdout.splitlines()[:2]
    logs = [
        json.loads(Path(o, "run.json").read_text("utf-8"))["log_history"] for o in ("alone", "both")
    ]
    losses = [[entry["loss"] for entry in log if "loss" in entry] for log in logs]
    assert logs[0][0]["step"] == 1 and abs(losses[0][0] - losses[1][0]) < 1e-4
    np.testing.assert_allclose(*losses, atol=1e-3, err_msg="84 rows: the last batch is a small one")
    seen = [np.load(Path(o, "dynamics.npz"))["train"] for o in ("alone", "both")]
    np.testing.assert_allclose(*seen, atol=0.01)
    one, two = (
        [row["predicted"] for row in read(f"{o}/predictions.csv")] for o in ("alone", "both")
    )
    assert np.mean([a == b for a, b in zip(one, two, strict=True)]) >= 0.99
    assert len(set(one)) == 2, "a model that always says the same proves nothing"
    assert sorted(p.name for p in place.iterdir()) == ["alone", "both", "mine.csv"]


def test_a_world_that_is_none_is_refused(rows, tiny, refuses, monkeypatch):
    command = ["train", write("mine.csv", rows), *PLAIN, "--checkpoint", str(tiny)]
    monkeypatch.setenv("WORLD_SIZE", "2")
    refuses([*command, "--output", "out"], "WORLD_SIZE is 2", "start them with torchrun")
    monkeypatch.setenv("WORLD_SIZE", "3")
    refuses([*command, "--output", "out"], "3 processes cannot share 32 rows")


def test_a_world_of_the_wrong_size(monkeypatch, tmp_path, refused):
    arguments = {"batch_size": 8, "accumulation": 1, "epochs": 1, "learning_rate": 1e-3}
    assert training_arguments(arguments, 64, 1, tmp_path, float32).per_device_train_batch_size == 8
    monkeypatch.setenv("WORLD_SIZE", "3")
    with refused(ValueError, "3 processes", "8 rows"):
        training_arguments(arguments, 64, 1, tmp_path, float32)
    monkeypatch.setenv("WORLD_SIZE", "2")
    with refused(RuntimeError, "WORLD_SIZE is 2", "torchrun"):
        training_arguments(arguments, 64, 1, tmp_path, float32)
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")

    class Alone:
        world_size = 1

        def __init__(self, **options):
            assert options["per_device_train_batch_size"] == 4

    monkeypatch.setattr("helpers.trainer.TrainingArguments", Alone)
    with refused(RuntimeError, "WORLD_SIZE is 2", "torchrun"):
        training_arguments(arguments, 64, 1, tmp_path, float32)


def test_glue_and_the_network(place, rows, tiny, tmp_path, on_hub):
    folder = tmp_path / "glue"
    for task in ("cola", "mnli"):
        (folder / task).mkdir(parents=True)
    splits = {"cola": ["train", "validation", "test"]}
    splits["mnli"] = ["train", "validation_matched", "validation_mismatched"]
    lines = ["---", "configs:"]
    for task, names in splits.items():
        lines += [f"- config_name: {task}", "  data_files:"]
        for name in names:
            lines.append(f"  - {{split: {name}, path: {task}/{name}-*}}")
            texts = [f"{name} {row['text']}" for row in rows[:24]]
            label = (
                [-1] * 24
                if name == "test"
                else [i % (2 if task == "cola" else 3) for i in range(24)]
            )
            table = {column: texts for column in GLUE[task][0]} | {"label": label}
            kind = pyarrow.table(table).replace_schema_metadata(
                {"huggingface": json.dumps({"info": {"features": features(GLUE[task][0], task)}})}
            )
            parquet.write_table(kind, folder / task / f"{name}-0.parquet")
    (folder / "README.md").write_text("\n".join([*lines, "---", ""]))
    options = ["--checkpoint", str(tiny), "--epochs", "1", "--output"]
    with Hub({"datasets/nyu-mll/glue": folder}) as hub:
        for task, sizes in {
            "cola": "train 24, validation 24)",
            "mnli": "train 24, validation 24, test 24)",
        }.items():
            command = [sys.executable, "-m", "helpers", "train", "--glue", task, *options, task]
            done = fresh(*command, **on_hub(hub.url))
            assert done.returncode == 0, done.stderr
            assert sizes in done.stdout and GLUE[task][1] in done.stdout
            assert Path(task, "report.html").is_file()
        command = [sys.executable, "-m", "helpers", "train", write("mine.csv", rows), *PLAIN]
        command += ["--checkpoint", "nobody/nothing", "--output", "out"]
        unknown = fresh(*command, **on_hub(hub.url))
    assert unknown.returncode == 2 and unknown.stderr.startswith(
        "error: The checkpoint nobody/nothing"
    )
    glue = [sys.executable, "-m", "helpers", "train", "--glue", "rte", "--output", "out"]
    cut_off = fresh(*glue, **on_hub(hub.url) | {"HF_HOME": tmp_path / "no-cache"})
    assert cut_off.returncode == 2 and "rte could not be had from the Hub" in cut_off.stderr
    assert not Path("out").exists()


def features(columns, task):
    names = ["unacceptable", "acceptable"] if task == "cola" else ["yes", "maybe", "no"]
    texts = {column: {"dtype": "string", "_type": "Value"} for column in columns}
    return texts | {"label": {"names": names, "_type": "ClassLabel"}}


def test_a_training_needs_no_runs_folder(place, rows, tiny):
    command = [sys.executable, "-m", "helpers", "train", write("mine.csv", rows), *PLAIN]
    command += ["--checkpoint", str(tiny), "--epochs", "1", "--output", "out"]
    done = fresh(*command, COURSE_HOME="/proc/nope")
    assert done.returncode == 0, done.stderr
    assert Path("out/predictions.csv").is_file() and Path("out/report.html").is_file()


def test_no_task_needs_torch_to_say_no(place):
    code = (
        "import sys; from helpers.commands import main; "
        "main(['train', 'x.csv', '--text', 'a', '--label', 'b', '--output', 'o']); "
        "print('torch' in sys.modules)"
    )
    done = fresh(sys.executable, "-c", code)
    assert done.stdout.strip() == "False" and "no file x.csv" in done.stderr


def test_rows_keep_all_their_columns(place):
    write("mine.jsonl", [{"text": "a", "id": 5, "more": None}, {"text": "b", "id": 6, "more": "x"}])
    frame, _ = read_table(Path("mine.jsonl"), ["text"])
    assert frame["id"].tolist() == [5, 6] and frame["more"].tolist() == [None, "x"]


# ---- columns, options, and several labels a row


OWN = {
    "where": "shop",
    "split": "mine",
    "predicted": "?",
    "probability_joy": "!",
    "suspicion": "no",
}


def test_a_users_columns_stay_theirs(place, rows, capsys):
    write("mine.csv", [row | OWN for row in rows])
    command = ["train", "mine.csv", *PLAIN, "--model", "cheap", "--output", "out"]
    assert main(command) == 0
    assert "a column 'probability_joy' of its own: ours is 'probability_joy_2'" in (
        capsys.readouterr().out
    )
    outputs = read("out/predictions.csv")
    for row in outputs:
        assert {name: row[name] for name in OWN} == OWN
        assert row["where_2"].startswith("mine.csv, line") and row["predicted_2"] in (
            "joy",
            "anger",
        )
    assert main(["predict", "out", "mine.csv", "--output", "x.csv"]) == 0
    assert [row["predicted_2"] for row in read("x.csv")] == [row["predicted_2"] for row in outputs]
    assert main(["errors", "out", "--output", "e.csv"]) == 0
    found = read("e.csv")[0]
    assert found["suspicion"] == "no" and 0.5 < float(found["suspicion_2"]) <= 1


def test_columns_of_the_task_may_be_called_as_ours(place, rows):
    renamed = [{"split": row["text"], "probability_joy": row["mood"]} for row in rows]
    write("mine.csv", renamed)
    columns = ["--text", "split", "--label", "probability_joy"]
    assert main(["train", "mine.csv", *columns, "--model", "cheap", "--output", "out"]) == 0
    assert main(["errors", "mine.csv", *columns, "--output", "e.csv"]) == 0
    assert read("e.csv")[0]["suggested"] in ("joy", "anger")


@pytest.mark.parametrize(
    "names",
    [("rows", "split"), ("$x^$", "y"), ("=1+1", "@SUM(A1)"), ("\u6b63\u9762", "\u8d1f\u9762")]
    + [("x" * 300, "y"), ("A", "\uff21"), ("two\nlines", "a/b, c|d"), ("\U0001f600", "\U0001f621")],
)
def test_any_name_of_a_class(place, rows, names, capsys, recwarn):
    other = dict(zip(("joy", "anger"), names, strict=True))
    write("mine.csv", [row | {"mood": other[row["mood"]]} for row in rows])
    assert main(["train", "mine.csv", *PLAIN, "--model", "cheap", "--output", "out"]) == 0
    said = capsys.readouterr()
    assert "Glyph" not in said.out + said.err and not recwarn.list
    assert {" ".join(name.split()) for name in names} == {
        row["mood"] for row in read("out/predictions.csv")
    }
    page = Path("out/report.html").read_text("utf-8")
    assert all(int(width) < 1200 for width in re.findall(r'<img width="(\d+)"', page))


def test_a_table_of_many_classes_is_turned(place, tiny):
    texts = plain_cases()[:60] * 2
    rows = [
        {"text": f"{row['text']} {i}", "kind": f"a long name of class {i % 12}"}
        for i, row in enumerate(texts)
    ]
    write("mine.csv", rows)
    columns = ["--text", "text", "--label", "kind"]
    assert main(["train", "mine.csv", *columns, "--model", "cheap", "--output", "out"]) == 0
    page = Path("out/report.html").read_text("utf-8")
    counts = page.split('id="data"')[1].split("</table>")[0]
    assert counts.count("<tr>") == 14 and '<th class="number">train</th>' in counts


def test_class_weight_and_length_reach_the_training(place, rows, train):
    write("mine.csv", rows)
    assert train("mine.csv", *PLAIN, "--class-weight", "balanced", "--max-length", "9") == 0
    arguments = json.loads(Path("out/run.json").read_text("utf-8"))["arguments"]
    assert arguments["class_weight"] == "balanced" and arguments["max_length"] == 9


def test_help_tells_the_defaults(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    for part in (
        "(default: 4)",
        "(default: 0.0002; from base size on 0.00005)",
        "(default: 32)",
        "(default: auto",
        "multi-label",
    ):
        assert part in told


def several():
    """200 texts that name fish, soup and bread, or none of these, and which of them."""
    draw, kinds = (
        np.random.default_rng(0),
        {"fish": "a trout", "soup": "hot broth", "bread": "toast"},
    )
    rows = []
    for i in range(200):
        named = [kind for kind in kinds if draw.random() < 0.5]
        words = " and ".join(kinds[kind] for kind in named) or "nothing at all"
        rows.append({"text": f"On day {i} there was {words}.", "mood": "|".join(named)})
    return rows


def test_several_labels_a_row(place, capsys, refuses):
    rows = several()
    write("mine.csv", rows)
    command = ["train", "mine.csv", *PLAIN, "--task", "multi-label", "--output", "out"]
    assert main([*command, "--learning-rate", "1e-3"]) == 0
    told = capsys.readouterr().out
    assert "3 labels, several a row: bread, fish, soup" in told
    assert "A label is given from a probability of 0." in told
    scores = {}
    for line in told.splitlines():
        if found := re.fullmatch(r"(?:test|validation)? +(\S.*?) +(\d\.\d+) +(\d\.\d+)", line):
            scores.setdefault(found[1], []).append(float(found[2]))
    assert scores["TF-IDF"][1] > scores["the most frequent"][1] + 0.2
    assert scores["fine-tuned"][1] > scores["the most frequent"][1] + 0.2
    outputs = read("out/predictions.csv")
    held_out = [row for row in outputs if row["split"] == "test"]
    threshold = json.loads(Path("out/columns.json").read_text("utf-8"))["threshold"]
    for row in outputs:
        given = [
            k for k in ("bread", "fish", "soup") if float(row[f"probability_{k}"]) >= threshold
        ]
        assert row["predicted"] == "|".join(given)
    hits = sum(len({*r["mood"].split("|")} & {*r["predicted"].split("|")} - {""}) for r in held_out)
    total = sum(len({*r[c].split("|")} - {""}) for r in held_out for c in ("mood", "predicted"))
    assert 2 * hits / total == pytest.approx(scores["fine-tuned"][1], abs=1e-3)
    page = Path("out/report.html").read_text("utf-8")
    assert "Each label (test)" in page and "any of these labels: bread, fish, soup" in page
    assert main(["predict", "out", "mine.csv", "--output", "x.csv"]) == 0
    assert [row["predicted"] for row in read("x.csv")] == [row["predicted"] for row in outputs]
    refuses(["errors", "out", "--output", "e.csv"], "several labels a row")
    refuses([*command[:-1], "cheap", "--model", "cheap"], "--model cheap gives one label")


def test_several_labels_in_columns_and_files(place, train):
    def in_columns(row):
        carried = row["mood"].split("|")
        return {"text": row["text"], "fish": int("fish" in carried), "soup": int("soup" in carried)}

    marked = [in_columns(row) for row in several()]
    write("train.csv", marked[:120])
    write("validation.csv", marked[120:160])
    write("test.csv", [row | {"fish": 0, "soup": 0} for row in marked[160:]])
    given = ["--text", "text", "--label", "fish", "soup", "--task", "multi-label"]
    files = ["train.csv", "--validation", "validation.csv", "--test", "test.csv"]
    assert train(*files, *given) == 0
    assert {row["predicted"] for row in read("out/predictions.csv")} <= {
        "",
        "fish",
        "soup",
        "fish|soup",
    }


SCRIPTS = {  # texts of two kinds that have no words of letters and spaces
    "chinese": ("今天的菜太咸了不好吃", "服务员态度很好下次再来"),
    "emoji": ("\U0001f621\U0001f622\U0001f494", "\U0001f60d\U0001f389\U0001f600"),
    "one letter": ("x", "y"),
    "signs": ("?!", "..."),
    "arabic": ("الطعام كان سيئا جدا", "الخدمة كانت رائعة"),
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_errors_in_any_script(place, script):
    rows = [{"text": SCRIPTS[script][i % 2] * (1 + i // 2), "mood": "ab"[i % 2]} for i in range(24)]
    write("mine.csv", [*rows, {"text": "z", "mood": "single"}])
    assert main(["errors", "mine.csv", *PLAIN, "--output", "e.csv"]) == 0
    assert read("e.csv")[0]["mood"] == "single"


def test_errors_where_no_word_stands_twice(place):
    """A thousand texts of one word each: then terms count that stand once."""
    import string

    words = [
        "".join(np.random.default_rng(i).choice([*string.ascii_letters], 12)) for i in range(1000)
    ]
    write("mine.csv", [{"text": word, "mood": "ab"[i % 2]} for i, word in enumerate(words)])
    assert main(["errors", "mine.csv", *PLAIN, "--output", "e.csv"]) == 0


def test_one_row_against_one_class(place, rows, train, refuses):
    """Nothing can be told apart without the row, and nothing falls over for it."""
    write("mine.csv", [row | {"mood": "work"} for row in rows[:20]] + [rows[20] | {"mood": "home"}])
    assert main(["errors", "mine.csv", *PLAIN, "--output", "e.csv"]) == 0
    assert [(row["mood"], row["suggested"]) for row in read("e.csv")] == [("home", "work")]
    write("validation.csv", [row | {"mood": "work"} for row in rows[30:40]])
    assert train("mine.csv", *PLAIN, "--validation", "validation.csv") == 0
    write("each.csv", [row | {"mood": f"m{i}"} for i, row in enumerate(rows[:6])])
    refuses(["errors", "each.csv", *PLAIN, "--output", "x.csv"], "every label has one row only")


def test_pairs_with_classes_are_searched(place):
    pairs = load_corpus("pairs")["train"].select(range(60))
    rows = [{"a": r["sentence1"], "b": r["sentence2"], "mood": "yn"[r["score"] > 2]} for r in pairs]
    write("mine.csv", rows)
    given = ["--text", "a", "b", "--label", "mood", "--output"]
    assert main(["errors", "mine.csv", *given, "e.csv"]) == 0 and read("e.csv")[0]["a"]


def test_an_array_is_no_row_to_predict_for(place, rows, refuses):
    write("mine.csv", rows)
    assert main(["train", "mine.csv", *PLAIN, "--model", "cheap", "--output", "out"]) == 0
    Path("array.jsonl").write_text(json.dumps([{"text": "a"}]))
    refuses(["predict", "out", "array.jsonl", "--output", "x.csv"], "array.jsonl", "a JSON array")


def test_errors_of_few_rows_a_class(place, rows, capsys):
    few = [row | {"mood": f"class {i % 8}"} for i, row in enumerate(rows[:25])]
    write("mine.csv", [*few, rows[40] | {"mood": "single"}])
    assert main(["errors", "mine.csv", *PLAIN, "--output", "e.csv"]) == 0
    assert "Labels with one row, which no other row can confirm: single." in capsys.readouterr().out
