"""Files as people have them, through every door: what is read, what is said, what is refused."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers import load_corpus, load_table
from helpers.labels import alike, class_name
from helpers.reading import read_rows
from helpers.tables import PREDICTED, SPLIT, WHERE, read_files, with_free_names

POSTS = [
    (f"note {i} about {'fish' if i % 2 else 'bread'}", "fish" if i % 2 else "bread")
    for i in range(40)
]


def table(head: str, form: str, rows=POSTS, end: str = "\n") -> str:
    return end.join([head, *(form.format(*row) for row in rows)]) + end


@pytest.fixture
def read(tmp_path):
    """`read("mine.csv", content)`: the table, its texts and labels in text and mood."""

    def reads(name, content, task="auto", texts=("text",), labels="mood", **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return read_files({"train": path}, list(texts), labels, task, **options)

    return reads


def labelled_by(labels) -> str:
    return table("text,mood", '{0},"{1}"', [(f"note {i}", x) for i, x in enumerate(labels)])


# ---- files that are read, and what is said of them

QUOTED = table("text\tmood", '"{0} ""so"""\t{1}')
READ = {  # name: content, what is said
    "plain.csv": (table("text,mood", "{0},{1}"), None),
    "semicolons.csv": (table("text;mood", "{0}, yes;{1}"), "apart by semicolons"),
    "tabs.csv": (table("text\tmood", "{0}\t{1}"), "apart by tabs"),
    "commas.tsv": (table("text,mood", "{0},{1}"), "apart by commas"),
    "sep.csv": ("sep=;\n" + table("text;mood", "{0};{1}"), None),
    "sep_mark.csv": ("\ufeffsep=,\r\n" + table("text,mood", "{0},{1}", end="\r\n"), None),
    "utf16.csv": (table("text,mood", "{0},{1}").encode("utf-16"), None),
    "spaces.csv": (table('"text", "mood"', '"{0}", "{1}"'), None),
    "spaces2.csv": (table("text, mood", '"{0}, too", "{1}"'), None),
    "empty_rows.csv": (table("text,mood", "{0},{1}") + ",\n\n , \n", "Empty rows passed over: 2"),
    "empty_columns.csv": (table("text,mood,,", "{0},{1},,"), None),
    "quoted.tsv": (QUOTED, None),
    "newline.tsv": (table("text\tmood", '"{0}\nso"\t{1}'), None),
    "raw_quotes.tsv": (table("text\tmood", 'a 5" disk, {0}\t{1}'), None),
    "open_quote.tsv": (table("text\tmood", '"{0} he said\t{1}'), None),
    "half.jsonl": (
        "".join(json.dumps({"text": t, "mood": m, "more": "\ud83d"}) + "\n" for t, m in POSTS),
        "Half characters replaced by \ufffd: 40 (first in line 1, 'more')",
    ),
    "one_column_of_two.csv": (table("text,mood", '"{0}",{1}', end="\r"), None),
    "blank.csv": (table("text,mood", "{0},{1}") + "   \n", "Empty rows passed over: 1"),
    "upper.csv": ("SEP=;\n" + table("text;mood", "{0};{1}"), None),
    "deep.jsonl": (
        "".join(json.dumps({"text": t, "mood": m, "x": ["\ud83d"]}) + "\n" for t, m in POSTS),
        "Half characters replaced by \ufffd: 40 (first in line 1, 'x')",
    ),
    "nan.csv": (table("text,mood", "nan,{1}", POSTS[:2]) + table("a,b", "{0},{1}")[4:], "repeat"),
}


@pytest.mark.parametrize("name", READ)
def test_read(name, read):
    content, said = READ[name]
    found = read(name, content)
    assert set(found.names) == {"bread", "fish"}
    texts = found.frame["text"].tolist()
    assert len(texts) in (40, 42) and all(text.strip() == text for text in texts)
    notes = " ".join(found.notes)
    assert (said in notes) if said else not notes, notes
    if "quote" not in name and name != "nan.csv":
        assert "note 3 about fish" in texts[3]
    if name == "quoted.tsv":
        assert texts[0] == 'note 0 about bread "so"'
    if name == "raw_quotes.tsv":
        assert texts[0].startswith('a 5" disk')
    if name == "open_quote.tsv":
        assert texts[0].startswith('"note')


def test_long_fields_are_read(read):
    content = table("text,mood", "{0} " + "long " * 30_000 + ",{1}", POSTS[:12])
    assert len(read("long.csv", content).frame["text"][0]) > 131_072


def test_an_encoding_may_be_named(read):
    content = table("text,mood", "caf\u00e9 {0},{1}").encode("cp1252")
    found = read("latin.csv", content, encoding="cp1252")
    assert found.frame["text"][0].startswith("caf\u00e9")


REFUSED = {  # name: content, what is said
    "twice.csv": (table("text,mood,text", "{0},{1},x"), ["2 columns are called 'text'"]),
    "unnamed.csv": (table("text,mood,,,id", "{0},{1},x,y,1"), ["2 columns have no name"]),
    "array.jsonl": (json.dumps([{"text": "a", "mood": "b"}]), ["a JSON array", "lines=True"]),
    "indented.jsonl": (json.dumps([{"text": "a"}], indent=1), ["a JSON array"]),
    "twice.jsonl": ('{"text": "a", "text": "b", "mood": "c"}\n', ["line 1 has 'text' twice"]),
    "list.jsonl": ('{"text": "a", "mood": ["b", "c"]}\n', ["line 1 has ['b', 'c'] in 'mood'"]),
    "dict.jsonl": ('{"text": "a", "mood": {"n": 1}}\n', ["line 1 has {'n': 1} in 'mood'"]),
    "key.jsonl": ('{"text": "a", "mood": "b"}\n{"text": "c"}\n', ["line 2: there is no column"]),
    "wrong.csv": (table("words;mood", "{0};{1}"), ["no column 'text'", "'words', 'mood'"]),
    "bare16.csv": (table("text,mood", "{0},{1}").encode("utf-16-le"), ["utf-16-le"]),
    "bare16be.csv": (table("text,mood", "{0},{1}").encode("utf-16-be"), ["utf-16-be"]),
    "title.csv": ("Survey 2024\n" + table("text,mood", "{0},{1}"), ["no column 'text'", "above"]),
    "pipes.csv": (table("text|mood", "{0}, you|{1}"), ["no column 'text'", "'text|mood'"]),
    "short.csv": ("text,mood,id\n" + "a,b\n", ["line 2 has 2 fields", "fill in the others"]),
    "some.csv": (labelled_by(["5"] * 6 + ["4,5"] * 4), ["'4,5'", "a decimal comma"]),
    "turkish.csv": (labelled_by(["%12", "%30"] * 6), ["'%12'", "a percent sign"]),
    "latin.csv": (table("text,mood", "caf\u00e9,{1}").encode("cp1252"), ["line 2", "--encoding"]),
    "percent.csv": (table("text,mood", "{0},12%"), ["'12%'", "a percent sign", "1234.5"]),
    "dollars.csv": (table("text,mood", "{0},$1.50"), ["'$1.50'", "a currency"]),
    "thousands.csv": (table("text,mood", '{0},"1,500"'), ["'1,500'", "separators of thousands"]),
    "decimals.csv": (table("text,mood", '{0},"0,5"'), ["'0,5'", "a decimal comma"]),
    "under.csv": (table("text,mood", "{0},1_000"), ["'1_000'", "separators of thousands"]),
    "ids.csv": (
        table("text,mood", "{0},id-{1}", [(t, n) for n, (t, _) in enumerate(POSTS)]),
        ["nearly every row has a label of its own ('id-0', 'id-1', …)"],
    ),
    "inf.csv": (
        table("text,mood", "{0},{1}", [(t, n / 8) for n, (t, _) in enumerate(POSTS)]) + "a,inf\n",
        ["inf.csv, line 42: the label 'inf' is not a number"],
    ),
    "zero_width.csv": (table("text,mood", "{0},\u200b"), ["line 2 has nothing in 'mood'"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name, read, refused):
    content, said = REFUSED[name]
    with refused(ValueError, name, *said):
        read(name, content)


def test_a_column_that_is_twice_in_parquet(tmp_path, refused):
    import pyarrow
    from pyarrow import parquet

    columns = [pyarrow.array([f"{kind} {i}" for i in range(9)]) for kind in "abc"]
    twice = pyarrow.Table.from_arrays(columns, names=["text", "mood", "text"])
    parquet.write_table(twice, tmp_path / "twice.parquet")
    with refused(ValueError, "twice.parquet", "2 columns are called 'text'"):
        read_files({"train": tmp_path / "twice.parquet"}, ["text"], "mood", "auto")


# ---- labels


@pytest.mark.parametrize(
    ("labels", "names", "said"),
    [
        (["work", "Work"] * 20, ["Work", "work"], "look alike"),
        (["A", "B", "\uff21", "B"] * 10, ["A", "B", "\uff21"], "'A' (10 rows), '\uff21' (10 rows)"),
        (["caf\u00e9", "cafe\u0301", "tea"] * 12, ["caf\u00e9", "tea"], None),
        (["work", "wo\u200brk", "home"] * 12, ["home", "work"], "Invisible letters removed"),
        (["1", "1.0", "0"] * 12, ["0", "1", "1.0"], "look alike"),
        (["007", "7"] * 12, ["007", "7"], "look alike"),
        ([f"{n:04}" for n in range(25)] * 4, [f"{n:04}" for n in range(25)], None),
        (["two\nlines", "one"] * 12, ["one", "two lines"], None),
        ([str(n) for n in range(30)] * 4, None, "30 different whole numbers"),
        (["\U0001f469\u200d\U0001f4bb", "b"] * 12, ["b", "\U0001f469\u200d\U0001f4bb"], None),
        (["rows", "split"] * 12, ["rows", "split"], None),
        (["a"] * 200 + ["b"] * 3, ["a", "b"], "Classes without a row in test, not scored: b"),
    ],
)
def test_labels(labels, names, said, read):
    found = read("mine.csv", labelled_by(labels))
    assert found.names == names
    notes = " ".join(found.notes)
    assert (said in notes) if said else "alike" not in notes, notes


def test_a_rare_class_is_held_out(read):
    found = read("mine.csv", labelled_by(["a"] * 200 + ["b"] * 3))
    held_out = found.frame[found.frame[SPLIT] != "train"]
    assert (held_out["mood"] == "b").sum() == 1


def test_what_looks_like_a_number_may_be_a_class(read):
    found = read("mine.csv", labelled_by(["50%", "100%"] * 12), task="classification")
    assert found.names == ["100%", "50%"]


def test_numbers_of_many_digits_are_not_alike():
    assert alike(["20240101", "20240102"]) == []


def test_a_text_over_lines_alone_in_its_tsv(tmp_path):
    (tmp_path / "a.tsv").write_text('text\n"first\nsecond"\nplain\n')
    rows = read_rows(tmp_path / "a.tsv", ["text"]).rows
    assert [row["text"] for _, row in rows] == ["first\nsecond", "plain"]


def test_an_encoding_may_be_named_though_there_is_a_mark(read):
    content = table("text,mood", "{0},{1}").encode("utf-8-sig")
    assert read("mine.csv", content, encoding="utf-8").names == ["bread", "fish"]


def test_a_label_of_another_file_that_looks_alike(tmp_path, refused):
    files = {"train": tmp_path / "train.csv", "validation": tmp_path / "validation.csv"}
    files["train"].write_text(labelled_by(["0", "1"] * 12))
    files["validation"].write_text(labelled_by(["0.0", "1.0"] * 12).replace("note", "other"))
    with refused(ValueError, "validation.csv, line 2", "'0.0'", "did you mean '0'?"):
        read_files(files, ["text"], "mood", "auto")


@pytest.mark.parametrize(
    ("value", "name"),
    [(2.0, "2"), (2.5, "2.5"), (True, "True"), (" a  b ", "a b"), ("\ufeffx", "x"), (7, "7")],
)
def test_class_names(value, name):
    assert class_name(value) == name


def test_an_integer_of_400_digits_is_a_class(read):
    found = read(
        "mine.jsonl",
        "".join(
            json.dumps({"text": f"note {i}", "mood": 10**400 + i % 2}) + "\n" for i in range(24)
        ),
    )
    assert len(found.names) == 2


def test_alike():
    assert alike(["a", "b", "A"]) == [
        "Labels that look alike are classes apart: 'A' (1 rows), 'a' (1 rows)."
    ]


# ---- a user's columns stay theirs


def test_our_columns_take_names_that_are_free():
    theirs = {"where": ["shop"], "predicted": ["?"], "predicted_2": ["!"]}
    frame = pd.DataFrame(theirs | {WHERE: ["a.csv, line 2"], PREDICTED: ["x"]})
    named, told = with_free_names(frame)
    assert list(named) == ["where", "predicted", "predicted_2", "where_2", "predicted_3"]
    assert named["where"][0] == "shop" and named["where_2"][0] == "a.csv, line 2"
    assert told == [
        "The file has a column 'where' of its own: ours is 'where_2'.",
        "The file has a column 'predicted' of its own: ours is 'predicted_3'.",
    ]


# ---- the other doors


def corpus_folder(folder: Path, name: str, content: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(content, encoding="utf-8")
    return folder


FEELINGS = ["sadness", "joy", "love", "anger", "fear", "surprise"]
NOTES = [(f"note {i} about things", FEELINGS[i % 6]) for i in range(60)]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("all.csv", table("text;label", "{0};{1}", NOTES), "apart by semicolons"),
        ("all.csv", table("text,label", "{0},{1}\u200b", NOTES), None),
        ("all.tsv", table("text\tlabel", '"{0}"\t{1}', NOTES), None),
        ("all.csv", table("text,label", "{0},{1}", NOTES) + ",\n", "Empty rows passed over: 1"),
        (
            "all.jsonl",
            "".join(json.dumps({"text": t + "\ud83d", "label": m}) + "\n" for t, m in NOTES),
            "Half characters",
        ),
    ],
)
def test_corpora_are_read_alike(name, content, said, tmp_path, monkeypatch):
    folder = corpus_folder(tmp_path / "mine", name, content)
    (folder / "README.txt").write_text("notes on the data")
    (folder / f"._{name}").write_bytes(b"\x00\x05\x16\x07")
    monkeypatch.setenv("COURSE_EMOTION", str(folder))
    if said:
        with pytest.warns(UserWarning, match=said):
            data = load_corpus("emotion")
    else:
        data = load_corpus("emotion")
    assert sum(len(part) for part in data.values()) == 60
    assert data["train"]["text"][0].startswith("note")


def test_a_column_that_is_twice_in_a_corpus(tmp_path, monkeypatch, refused):
    content = table("text,label,text", "{0},{1},x", NOTES)
    monkeypatch.setenv("COURSE_EMOTION", str(corpus_folder(tmp_path / "mine", "all.csv", content)))
    with refused(ValueError, "all.csv", "2 columns are called 'text'"):
        load_corpus("emotion")


# ---- several labels a row

SEVERAL = [
    (f"{'fish' if i % 2 else ''} {'soup' if i % 3 else ''} note {i}", i % 2, int(i % 3 > 0))
    for i in range(60)
]


def test_several_labels_in_one_column_in_lists_or_in_columns(read):
    def joined(sign):
        return [(t, sign.join(["fish"] * f + ["soup"] * s)) for t, f, s in SEVERAL]

    lists = [{"text": t, "mood": x.split()} for t, x in joined(" ")]
    ways = [
        read("a.csv", table("text,mood", "{0},{1}", joined("|")), "multi-label"),
        read("b.csv", table("text,mood", '{0},"{1}"', joined(", ")), "multi-label", separator=","),
        read(
            "c.csv",
            table("text,fish,soup", "{0},{1},{2}", SEVERAL),
            "multi-label",
            labels=["fish", "soup"],
        ),
        read("d.jsonl", "".join(json.dumps(row) + "\n" for row in lists), "multi-label"),
    ]
    expected = np.array([[f, s] for _, f, s in SEVERAL])
    for found in ways:
        assert found.names == ["fish", "soup"] and found.task == "multi_label"
        together = [found.targets(split) for split in found.splits]
        assert np.concatenate(together).sum() == expected.sum()
        assert len(found.part("test")) == 9
        data = found.datasets()
        assert data["train"]["label"][0] == np.flatnonzero(found.targets("train")[0]).tolist()


def test_marks_that_are_none(read, refused):
    rows = table("text,fish,soup", "{0},{1},maybe", [(t, f) for t, f, _ in SEVERAL])
    with refused(ValueError, "line 2 has something else than 0 or 1 in 'soup'"):
        read("c.csv", rows, "multi-label", labels=["fish", "soup"])
    with refused(ValueError, "2 columns of labels", "multi-label"):
        read("c.csv", rows, labels=["fish", "soup"])


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"a": 1}, "holds {'a': 1}"),
        ("['a', 'b']", "list in a .jsonl file"),
        ([["a"]], "a list of names is needed"),
    ],
)
def test_labels_that_are_none(value, said, read, refused):
    rows = [{"text": f"note {i}", "mood": value} for i in range(12)]
    with refused(ValueError, "d.jsonl, line 1, 'mood'", said):
        read("d.jsonl", "".join(json.dumps(row) + "\n" for row in rows), "multi-label")


def test_a_separator_that_was_forgotten_is_told(read):
    rows = [(t, "fish, soup" if f else "soup") for t, f, _ in SEVERAL]
    found = read("a.csv", table("text,mood", '{0},"{1}"', rows), "multi-label")
    assert "is the separator '|'?" in " ".join(found.notes)


def test_rare_labels_are_in_train(read):
    for place in range(0, 60, 7):
        rows = [
            (t, "|".join(["fish"] * f + ["rare"] * (i == place)))
            for i, (t, f, _) in enumerate(SEVERAL)
        ]
        found = read("a.csv", table("text,mood", "{0},{1}", rows), "multi-label")
        assert found.targets("train").any(0).all()


def test_true_and_false_are_marks(read):
    rows = [(t, bool(f), str(bool(s)).upper()) for t, f, s in SEVERAL]
    found = read(
        "c.csv",
        table("text,fish,soup", "{0},{1},{2}", rows),
        "multi-label",
        labels=["fish", "soup"],
    )
    assert sum(found.targets(s).sum() for s in found.splits) == sum(f + s for _, f, s in SEVERAL)


def test_load_table_takes_several_labels(tmp_path):
    (tmp_path / "a.csv").write_text(table("text,fish,soup", "{0},{1},{2}", SEVERAL))
    data = load_table(tmp_path / "a.csv", "text", ["fish", "soup"], task="multi-label")
    assert data["train"].features["label"].feature.names == ["fish", "soup"]


def test_rows_carry_their_places(tmp_path):
    (tmp_path / "a.csv").write_text('text,mood\na,b\n\n"c\nd",e\n,\nf,g\n')
    read = read_rows(tmp_path / "a.csv", ["text"])
    assert [place for place, _ in read.rows] == ["line 2", "line 4", "line 7"]
    assert read.notes == ["Empty rows passed over: 1."]
