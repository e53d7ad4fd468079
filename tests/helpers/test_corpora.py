import csv
import hashlib
import json
import shutil
import warnings
from collections import Counter
from pathlib import Path

import pyarrow
import pytest
from datasets import ClassLabel, DatasetDict, Value
from hub_server import Hub
from pyarrow import parquet

from helpers import corpora, load_corpus
from helpers.corpora import CORPORA
from helpers.splits import SPLITS

DATA = Path(__file__).resolve().parents[2] / "data"
EMOTIONS = ["sadness", "joy", "love", "anger", "fear", "surprise"]
SENTIMENTS = ["negative", "positive"]
TOPICS = ["teknoloji", "ekonomi", "saglik", "siyaset", "kultur", "spor", "dunya"]
BUNDLED = {
    "emotion": ((3360, 720, 720), EMOTIONS),
    "reviews": ((368, 160, 160), SENTIMENTS),
    "phrases": ((839, 180, 180), SENTIMENTS),
    "news_tr": ((490, 105, 105), TOPICS),
    "pairs": ((840, 180, 180), None),
}


@pytest.fixture(autouse=True)
def every_warning_is_an_error():
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        yield


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """`folder({"train.csv": text, …})`: a user's folder with these files, for `emotion`."""

    def make(files: dict[str, str | bytes], name: str = "emotion") -> Path:
        place = tmp_path / "mine"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        for file, content in files.items():
            raw = content if isinstance(content, bytes) else content.encode()
            (place / file).write_bytes(raw)
        monkeypatch.setenv(f"COURSE_{name.upper()}", str(place))
        return place

    return make


def table(split: str, rows: int = 12, labels=EMOTIONS) -> list[tuple[str, str]]:
    return [(f"{split} text {i}", labels[i % len(labels)]) for i in range(rows)]


def as_csv(rows, header: str = "text,label\n") -> str:
    return header + "".join(f"{text},{label}\n" for text, label in rows)


def three(make=as_csv, suffix: str = ".csv") -> dict[str, str]:
    return {split + suffix: make(table(split)) for split in SPLITS}


def rows(dataset) -> list[tuple]:
    return list(zip(*(dataset[column][:] for column in dataset.column_names), strict=True))


# ---- the bundled corpora


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_corpus_holds_what_its_card_says(name):
    sizes, labels = BUNDLED[name]
    data = load_corpus(name)
    assert isinstance(data, DatasetDict) and list(data) == ["train", "validation", "test"]
    assert tuple(len(split) for split in data.values()) == sizes
    for split in data.values():
        *texts, target = split.column_names
        assert tuple(texts) == CORPORA[name].texts and target == CORPORA[name].target
        assert all(split.features[column] == Value("string") for column in texts)
        assert all(text.strip() for column in texts for text in split[column][:])
        if labels:
            assert split.features[target] == ClassLabel(names=labels)
            assert set(split[target][:]) == set(range(len(labels)))
        else:
            assert split.features[target].dtype.startswith("float")
            assert min(split[target][:]) >= 0 and max(split[target][:]) <= 5
    seen = [{row[:-1] for row in rows(split)} for split in data.values()]
    assert len(set.union(*seen)) == sum(map(len, seen)), "a text stands in two splits"


def test_rows_keep_the_order_of_the_file():
    data = load_corpus("emotion")
    for split in SPLITS:
        with (DATA / f"emotion/{split}.csv").open(encoding="utf-8", newline="") as stream:
            expected = [
                (row["text"], EMOTIONS.index(row["label"])) for row in csv.DictReader(stream)
            ]
        assert rows(data[split]) == expected


def test_the_data_are_the_published_files():
    sums = dict(
        reversed(line.split()) for line in (DATA / "SHA256SUMS").read_text().splitlines() if line
    )
    for file, expected in sums.items():
        assert hashlib.sha256((DATA / file).read_bytes()).hexdigest() == expected, file
    files = {f"./{path.relative_to(DATA).as_posix()}" for path in DATA.rglob("*.*")}
    assert {f for f in files if not f.endswith(".md")} == set(sums)
    assert all((DATA / name / "README.md").is_file() for name in BUNDLED)


def test_the_planted_errors_agree_with_the_corpus():
    data = load_corpus("emotion")
    with (DATA / "emotion/planted_errors.csv").open(encoding="utf-8", newline="") as stream:
        planted = list(csv.DictReader(stream))
    assert len(planted) == 245
    assert {row["split"] for row in planted} == {"train", "validation"}
    for row in planted:
        given = data[row["split"]][int(row["row"])]["label"]
        assert EMOTIONS[given] == row["given_label"]
        assert (row["kind"] == "label") == (row["true_label"] != row["given_label"])
    kinds = Counter((row["split"], row["kind"] == "label") for row in planted)
    assert kinds["train", True] == 168 and kinds["validation", True] == 36
    places = [(row["split"], row["row"]) for row in planted]
    assert len(set(places)) == len(places)


def test_one_file_alone_is_split_stratified_and_alike_each_time():
    once, again = load_corpus("news_tr"), load_corpus("news_tr")
    for split, size in (("train", 70), ("validation", 15), ("test", 15)):
        assert rows(once[split]) == rows(again[split])
        assert set(Counter(once[split]["category"][:]).values()) == {size}
        assert once[split]["category"][:] != sorted(once[split]["category"][:]), "not shuffled"


def test_the_cut_of_news_tr_is_the_published_one():
    """Where no texts are equal, the cut must not change: it would make other scores of 09."""
    texts = [text for split in load_corpus("news_tr").values() for text in split["text"][:]]
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()
    assert digest == "cb04c8673b0761bb4d25a1a692a906f0412cec07cd7a4c825d68dcd014481181"


def test_without_the_courses_data_it_says_where_to_get_them(tmp_path, monkeypatch, refused):
    monkeypatch.setattr(corpora, "ROOT", tmp_path)
    with refused(ValueError, "data of the course are not beside", "repository", "COURSE_PAIRS"):
        load_corpus("pairs")


def test_an_unknown_corpus_is_refused(refused):
    with refused(ValueError, "'emotions'", "emotion, reviews, phrases, news_tr, pairs"):
        load_corpus("emotions")


# ---- a user's folder: what is accepted


def as_json(rows) -> str:
    return "".join(json.dumps({"label": label, "text": text}) + "\n" for text, label in rows)


def as_lines(rows) -> str:
    return "".join(f"{text};{label}\n" for text, label in rows)


def as_tsv(rows) -> str:
    return "label\ttext\n" + "".join(f"{label}\t{text}\n" for text, label in rows)


def as_parquet(rows) -> bytes:
    sink = pyarrow.BufferOutputStream()
    texts, labels = zip(*rows, strict=True)
    parquet.write_table(
        pyarrow.table({"id": range(len(rows)), "label": labels, "text": texts}), sink
    )
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("suffix", "make"),
    [
        (".csv", as_csv),
        (".tsv", as_tsv),
        (".jsonl", as_json),
        (".parquet", as_parquet),
        (".txt", as_lines),
        (".CSV", as_csv),
    ],
)
def test_every_format_is_read_alike(folder, suffix, make):
    folder(three(make, suffix))
    data = load_corpus("emotion")
    for split in SPLITS:
        assert rows(data[split]) == [(t, EMOTIONS.index(label)) for t, label in table(split)]
        assert data[split].features["label"] == ClassLabel(names=EMOTIONS)
    assert data["train"].column_names == ["text", "label"]


@pytest.mark.parametrize("stem", ["dev", "val", "validation", "Dev"])
def test_the_validation_file_has_three_names_and_formats_mix(folder, stem):
    folder(
        {
            "train.csv": as_csv(table("train")),
            f"{stem}.jsonl": as_json(table("validation")),
            "test.txt": as_lines(table("test")),
            "planted_errors.csv": "row\n1\n",
            "README.md": "notes",
        }
    )
    data = load_corpus("emotion")
    assert data["validation"]["text"][:] == [text for text, _ in table("validation")]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt"])
def test_columns_can_be_named_for_files_without_a_header(folder, monkeypatch, suffix):
    separator = {".csv": ",", ".tsv": "\t", ".txt": ";"}[suffix]
    files = {
        split + suffix: "".join(
            f"7{separator}{label}{separator}{text}\n" for text, label in table(split)
        )
        for split in SPLITS
    }
    folder(files)
    monkeypatch.setenv("COURSE_EMOTION_COLUMNS", "id, label,text")
    assert rows(load_corpus("emotion")["test"]) == [
        (text, EMOTIONS.index(label)) for text, label in table("test")
    ]


def test_labels_may_be_ids(folder):
    as_ids = {t: as_csv([(a, EMOTIONS.index(b)) for a, b in table(t)]) for t in SPLITS}
    folder({f"{split}.csv": text for split, text in as_ids.items()})
    assert load_corpus("emotion")["train"]["label"][:] == [0, 1, 2, 3, 4, 5] * 2


def test_ids_written_as_decimals_are_ids(folder):
    """pandas writes whole numbers so when a column once held a gap."""
    folder(three(lambda rows: as_csv([(t, f"{EMOTIONS.index(label)}.0") for t, label in rows])))
    assert load_corpus("emotion")["train"]["label"][:] == [0, 1, 2, 3, 4, 5] * 2


def test_label_names_are_stripped(folder):
    folder(three(lambda rows: as_csv([(text, f" {label} ") for text, label in rows])))
    assert load_corpus("emotion")["train"]["label"][:] == [0, 1, 2, 3, 4, 5] * 2


@pytest.mark.parametrize(
    ("suffix", "make"), [(".csv", as_csv), (".txt", as_lines), (".jsonl", as_json)]
)
def test_bom_and_windows_line_ends_are_accepted(folder, suffix, make):
    def windows(rows):
        return b"\xef\xbb\xbf" + make(rows).replace("\n", "\r\n").encode()

    folder(three(windows, suffix))
    assert rows(load_corpus("emotion")["train"]) == [
        (text, EMOTIONS.index(label)) for text, label in table("train")
    ]


def test_a_text_may_hold_line_breaks_commas_quotes_and_any_letter(folder):
    text = 'so I said, "no"\nand left \u2028 naïve 🙂'
    files = three()
    files["train.csv"] += '"' + text.replace('"', '""') + '",anger\n\nlast,joy\n'
    folder(files)
    train = load_corpus("emotion")["train"]
    assert rows(train)[-2:] == [(text, 3), ("last", 1)]
    folder(three(as_json, ".jsonl") | {"train.jsonl": as_json([*table("train"), (text, "anger")])})
    assert rows(load_corpus("emotion")["train"])[-1] == (text, 3)


def test_semicolons_in_a_line_belong_to_the_text_and_quotes_in_a_tsv_too(folder):
    folder(three(as_lines, ".txt") | {"train.txt": "\na; b; c;joy\n\nd;love\n"})
    assert rows(load_corpus("emotion")["train"]) == [("a; b; c", 1), ("d", 2)]
    folder(three(as_tsv, ".tsv") | {"train.tsv": 'text\tlabel\n"a" b\tjoy\n"c\tlove\n'})
    assert rows(load_corpus("emotion")["train"]) == [('"a" b', 1), ('"c', 2)]


def test_a_negative_label_means_unlabelled_and_is_left_out(folder):
    files = three(lambda rows: as_csv([(text, EMOTIONS.index(label)) for text, label in rows]))
    folder(files | {"train.csv": files["train.csv"] + "no label,-1\n"})
    assert "no label" not in load_corpus("emotion")["train"]["text"][:]
    folder(files | {"test.csv": as_csv([(f"unlabelled {i}", -1) for i in range(5)])})
    data = load_corpus("emotion")
    assert len(data["validation"]) == len(data["test"]) == 6
    assert Counter(data["test"]["label"][:]) == dict.fromkeys(range(6), 1)
    held_out = data["validation"]["text"][:] + data["test"]["text"][:]
    assert sorted(held_out) == sorted(text for text, _ in table("validation"))


def test_pairs_hold_two_texts_and_a_score(folder):
    header = "sentence1,sentence2,score\n"
    pairs = {f"{s}.csv": header + "".join(f"{s} a{i},b,{i}.5\n" for i in range(5)) for s in SPLITS}
    folder(pairs | {"test.csv": header + "c,d,-1\n"}, "pairs")
    data = load_corpus("pairs")
    assert data["train"][4] == {"sentence1": "train a4", "sentence2": "b", "score": 4.5}
    held_out = [row["score"] for split in ("validation", "test") for row in data[split]]
    assert sorted(held_out) == [0.5, 1.5, 2.5, 3.5, 4.5]


def test_changed_files_are_seen_at_the_next_call(folder):
    place = folder(three())
    assert len(load_corpus("emotion")["train"]) == 12
    (place / "train.csv").write_text(as_csv([("new", "joy"), ("newer", "fear")]))
    assert load_corpus("emotion")["train"]["text"][:] == ["new", "newer"]


def test_a_folder_overrules_the_full_profile(folder, monkeypatch):
    monkeypatch.setenv("COURSE_PROFILE", "full")
    folder(three())
    assert len(load_corpus("emotion")["train"]) == 12


# ---- a user's folder: what is refused


def test_a_missing_folder_is_named(monkeypatch, refused):
    monkeypatch.setenv("COURSE_EMOTION", "/no/such/place")
    with refused(ValueError, "/no/such/place", "check the path"):
        load_corpus("emotion")


def test_a_missing_split_is_named(folder, refused):
    files = three()
    del files["validation.csv"]
    place = folder(files)
    with refused(ValueError, str(place), "no file for validation", "dev"):
        load_corpus("emotion")
    place = folder({})
    with refused(ValueError, str(place), "no file for train"):
        load_corpus("emotion")


def test_two_files_for_a_split_are_named(folder, refused):
    place = folder(three() | {"train.jsonl": as_json(table("other"))})
    with refused(ValueError, str(place), "train.csv and train.jsonl"):
        load_corpus("emotion")


GOOD = as_csv(table("train"))
LINES = GOOD.splitlines(keepends=True)
LATIN = "".join(LINES * 400).replace("text 3", "te\xe9t 3").encode("latin-1")
BROKEN = {
    "no such column": (
        "train.csv",
        as_csv(table("t"), "text,feeling\n"),
        ["'label'", "'feeling'", "COURSE_EMOTION_COLUMNS=text,label"],
    ),
    "no header": ("train.csv", as_csv(table("t"), ""), ["'text'", "COURSE_EMOTION_COLUMNS"]),
    "a misspelt label": (
        "train.csv",
        GOOD + "oh,sadnes\n",
        ["line 14", "'sadnes'", "did you mean 'sadness'?"],
    ),
    "a label in capitals": (
        "train.csv",
        GOOD + "oh,JOY\n",
        ["line 14", "'JOY'", "did you mean 'joy'?"],
    ),
    "an empty label": ("train.csv", GOOD + "oh,\n", ["line 14", "''", "surprise"]),
    "an unknown label": ("train.csv", GOOD + "oh,xyzzy\n", ["line 14", "'xyzzy'", "surprise"]),
    "a number among names": ("train.csv", GOOD + "oh,3\n", ["line 14", "'3'"]),
    "a name among numbers": (
        "train.csv",
        "text,label\na,1\nb,joy\n",
        ["line 3", "'joy'", "0 to 5"],
    ),
    "an id that is too large": ("train.csv", "text,label\na,1\nb,6\n", ["line 3", "'6'", "0 to 5"]),
    "an empty text": ("train.csv", GOOD + ",joy\n", ["line 14", "'text'", "empty"]),
    "a blank text": ("train.csv", GOOD + "  ,joy\n", ["line 14", "'text'", "empty"]),
    "a line break before the fault": (
        "train.csv",
        LINES[0] + '"a\nb",joy\n\n' + ",joy\n",
        ["line 5", "empty"],
    ),
    "another encoding": ("train.csv", LATIN, ["line 5 ", "UTF-8"]),
    "another encoding, far down": (
        "train.csv",
        (GOOD * 300).encode() + "na\xefve,joy\n".encode("latin-1"),
        [f"line {13 * 300 + 1} ", "UTF-8"],
    ),
    "two bytes a letter": ("train.csv", GOOD.encode("utf-16-le"), ["UTF-16 without its mark"]),
    "a quote without end": (
        "train.csv",
        GOOD + '"oh,joy\n' + "".join(LINES[1:]),
        ["line 14", "quotation mark"],
    ),
    "a quote inside quotes": ("train.csv", GOOD + '"oh "no", yes",joy\n', ["line 14", "doubled"]),
    "a field too many": (
        "train.csv",
        GOOD + "oh, no,joy\n",
        ["line 14", "3 fields", "text, label", "','"],
    ),
    "a field too few": ("train.csv", GOOD + "oh\n", ["line 14", "1 fields"]),
    "a tab too many": ("train.tsv", "text\tlabel\na\tb\tjoy\n", ["line 2", "3 fields", "'\\t'"]),
    "an empty file": ("train.csv", "", ["no rows"]),
    "only a byte order mark": ("train.txt", b"\xef\xbb\xbf", ["no rows"]),
    "only a header": ("train.csv", "text,label\n", ["no rows", "header"]),
    "an empty json file": ("train.jsonl", "\n\n", ["no rows"]),
    "a bad json line": (
        "train.jsonl",
        as_json(table("t")) + '{"text": "oh", "label"}\n',
        ["line 13", "JSON"],
    ),
    "json lists": ("train.jsonl", '["oh", "joy"]\n', ["a JSON array"]),
    "json without the label": (
        "train.jsonl",
        as_json(table("t")) + '{"text": "oh"}\n',
        ["line 13", "'label'", "'text'"],
    ),
    "a null text": (
        "train.jsonl",
        '{"text": null, "label": "joy"}\n',
        ["line 1", "'text'", "empty"],
    ),
    "a number for a text": (
        "train.jsonl",
        '{"text": 7, "label": "joy"}\n',
        ["line 1", "'text'", "7"],
    ),
    "a list for a label": (
        "train.jsonl",
        '{"text": "a", "label": ["joy"]}\n',
        ["line 1", "['joy']"],
    ),
    "a truth value for a label": (
        "train.jsonl",
        '{"text": "a", "label": true}\n',
        ["line 1", "True"],
    ),
    "a line without semicolon": ("train.txt", "a;joy\nb joy\n", ["line 2", "text;label"]),
    "not parquet": ("train.parquet", "text,label", ["parquet"]),
    "an empty parquet file": ("train.parquet", "", ["parquet"]),
    "a null in parquet": (
        "train.parquet",
        as_parquet([("a", "joy"), (None, "joy")]),
        ["row 2", "'text'", "empty"],
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_file_is_one_sentence_with_file_place_and_cure(folder, refused, fault):
    file, content, parts = BROKEN[fault]
    files = three()
    del files["train.csv"]
    place = folder(files | {file: content})
    with refused(ValueError, f"{place / file}: ", *parts):
        load_corpus("emotion")


@pytest.mark.parametrize("score", ["5.1", "-0.5", "nan", "", "high"])
def test_a_score_outside_its_range_is_named(folder, refused, score):
    text = f"sentence1,sentence2,score\na,b,1.0\nc,d,{score}\n"
    folder({f"{split}.csv": text for split in SPLITS}, "pairs")
    with refused(ValueError, "train.csv: line 3", repr(score), "0 to 5"):
        load_corpus("pairs")


def test_one_class_only_is_refused(folder, refused):
    place = folder(three() | {"train.csv": as_csv(table("train", labels=["joy"]))})
    with refused(ValueError, str(place), "'joy'", "one class"):
        load_corpus("emotion")


def test_too_few_rows_are_refused(folder, refused):
    place = folder({"all.csv": as_csv(table("all", 3))})
    with refused(ValueError, str(place), "too few"):
        load_corpus("emotion")
    unlabelled = as_csv([(f"a{i}", -1) for i in range(9)])
    for files in (
        {"train.csv": unlabelled},
        {"test.csv": unlabelled, "validation.csv": unlabelled},
    ):
        place = folder(three() | files)
        with refused(ValueError, str(place), "too few"):
            load_corpus("emotion")


def test_a_text_in_two_splits_is_a_warning_with_the_count(folder):
    files = three()
    shared = LINES[1] + LINES[2] + LINES[3]
    folder(files | {"test.csv": files["test.csv"] + shared, "train.csv": GOOD})
    with pytest.warns(
        UserWarning,
        match=r"^emotion: in test, 3 rows repeat texts of train, such as test.csv, line",
    ) as seen:
        data = load_corpus("emotion")
    assert len(seen) == 1 and seen[0].filename == __file__, "it points at the caller's line"
    assert len(data["test"]) == 15, "the rows stay"


# ---- quick mode


def test_quick_mode_keeps_every_class_and_few_rows(folder, monkeypatch):
    monkeypatch.setenv("COURSE_QUICK", "1")
    for name in BUNDLED:
        data, labels = load_corpus(name), BUNDLED[name][1]
        assert all(len(split) <= 200 for split in data.values())
        assert not labels or set(data["train"][CORPORA[name].target][:]) == set(range(len(labels)))
    rare = [(f"common {i}", "joy") for i in range(3000)] + [("rare", "surprise")]
    folder(three() | {"train.csv": as_csv(rare)})
    train = load_corpus("emotion")["train"]
    assert len(train) == 200 and train["label"][:].count(5) == 1
    assert load_corpus("emotion")["train"]["text"][:] == train["text"][:]


# ---- the Hub


GLUE = """---
configs:
- config_name: stsb
  data_files: [{split: train, path: stsb/train-*}, {split: validation, path: stsb/validation-*},
    {split: test, path: stsb/test-*}]
- config_name: sst2
  data_files: [{split: train, path: sst2/train-*}, {split: validation, path: sst2/validation-*},
    {split: test, path: sst2/test-*}]
---
"""


def hub_folders(place: Path) -> dict[str, Path]:
    emotion, glue, imdb = place / "emotion", place / "glue", place / "imdb"
    for folder in (emotion, glue / "stsb", glue / "sst2", imdb):
        folder.mkdir(parents=True)
    (glue / "README.md").write_text(GLUE)
    for split in SPLITS:
        numbered = [(text, EMOTIONS.index(label)) for text, label in table(split)]
        (emotion / f"{split}.csv").write_text(as_csv(numbered))
        known = split != "test"
        texts = [f"{split} {i}" for i in range(8)]
        scores = [i / 2 if known else -1.0 for i in range(8)]
        stsb = {"sentence1": texts, "sentence2": texts, "label": scores, "idx": list(range(8))}
        parquet.write_table(pyarrow.table(stsb), glue / "stsb" / f"{split}-0.parquet")
        sst2 = {"sentence": texts, "label": [i % 2 if known else -1 for i in range(8)]}
        parquet.write_table(pyarrow.table(sst2), glue / "sst2" / f"{split}-0.parquet")
    for split in ("train", "test"):  # sorted by label, as the real one is
        half = [(f"{split} {i}", i // 10) for i in range(20)]
        (imdb / f"{split}.csv").write_text(as_csv(half))
    folders = {"dair-ai/emotion": emotion, "nyu-mll/glue": glue, "stanfordnlp/imdb": imdb}
    return {f"datasets/{name}": folder for name, folder in folders.items()}


def test_the_full_profile_reads_the_hub(tmp_path, python, on_hub):
    code = """
import json
from helpers import load_corpus
found = {}
for name in ("emotion", "pairs", "phrases", "reviews"):
    data = load_corpus(name)
    found[name] = {split: [list(row.values()) for row in data[split]] for split in data}
    found[name]["features"] = str(data["train"].features)
print(json.dumps(found))
"""
    with Hub(hub_folders(tmp_path)) as hub:
        printed = python(code, COURSE_PROFILE="full", **on_hub(hub.url))
    found = json.loads(printed.splitlines()[-1])
    for split in SPLITS:
        expected = [[text, EMOTIONS.index(label)] for text, label in table(split)]
        assert found["emotion"][split] == expected
    assert "ClassLabel" in found["emotion"]["features"] and "'text'" in found["phrases"]["features"]
    for name in ("pairs", "phrases"):
        assert [row[0] for row in found[name]["train"]] == [f"train {i}" for i in range(8)]
        held_out = found[name]["validation"] + found[name]["test"]
        assert sorted(row[0] for row in held_out) == [f"validation {i}" for i in range(8)]
        assert len(found[name]["test"]) == 4 and min(row[-1] for row in held_out) >= 0
    assert [row[2] for row in found["pairs"]["train"]] == [i / 2 for i in range(8)]
    for split in ("validation", "test"):
        assert Counter(row[1] for row in found["reviews"][split]) == {0: 5, 1: 5}


def test_without_the_network_the_full_profile_is_one_sentence(python, on_hub):
    with Hub({}) as hub:
        pass
    code = "from helpers import load_corpus; load_corpus('emotion')"
    message = python.fails(code, COURSE_PROFILE="full", **on_hub(hub.url))
    assert message.startswith(
        "RuntimeError: dair-ai/emotion could not be had from the Hub (Connect"
    )
    assert 'PROFILE = "pocket"' in message


def test_a_corpus_without_a_copy_on_the_hub_comes_from_the_bundle(monkeypatch):
    monkeypatch.setenv("COURSE_PROFILE", "full")
    assert len(load_corpus("news_tr")["train"]) == 490
