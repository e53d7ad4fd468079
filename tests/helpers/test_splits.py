"""One split for both doors: equal texts stay together, and a leak is found."""

import csv
import warnings
from collections import Counter

import numpy as np
import pytest

from helpers import load_corpus
from helpers.splits import cut, find_leaks, sample, text_key
from helpers.tables import read_files


@pytest.mark.parametrize("size", [2, 7, 100, 1001])
@pytest.mark.parametrize("share", [0.3, 0.5])
def test_a_cut_keeps_every_row_once_and_the_shares_of_the_classes(size, share):
    keys, labels = [f"text {i}" for i in range(size)], [(i * i) % 6 for i in range(size)]
    first, second = cut(keys, labels, share)
    assert sorted(first + second) == list(range(size))
    assert len(second) == int(size * share)
    total, taken = Counter(labels), Counter(labels[i] for i in second)
    assert all(abs(taken[label] - share * total[label]) <= 1 for label in total)
    assert (first, second) == cut(keys, labels, share)


@pytest.mark.parametrize("seed", range(5))
def test_rows_with_equal_keys_are_never_cut_apart(seed):
    keys = np.random.default_rng(seed).integers(0, 80, size=200).tolist()
    first, second = cut(keys, [key % 3 for key in keys], 0.3)
    assert sorted(first + second) == list(range(200))
    assert not {keys[i] for i in first} & {keys[i] for i in second}
    assert 0.2 < len(second) / 200 < 0.4


def test_capitals_and_spaces_make_no_other_text():
    assert text_key("Oh  no,\tME ") == text_key("oh no, me")
    assert text_key("oh no, me!") != text_key("oh no, me")
    assert text_key("cafe\u0301") == text_key("Caf\u00e9") != text_key("cafe")
    assert text_key("a", "b") != text_key("b", "a")


def test_a_small_corpus_is_whole_in_quick_mode():
    assert sample([i % 6 for i in range(50)]) == list(range(50))


def test_a_leak_is_told_with_its_count_and_first_place():
    keys = {"train": ["a", "b"], "validation": ["c", "b", "a"], "test": ["d"]}
    places = {split: [f"{split} {i}" for i in range(3)] for split in keys}
    assert list(find_leaks(keys, places)) == [
        (
            "validation",
            "in validation, 2 rows repeat texts of train, such as validation 1, which is train 1",
        )
    ]
    assert not list(find_leaks(keys | {"validation": ["c"]}, places))


@pytest.fixture
def repeated(tmp_path, monkeypatch):
    """One file of 120 rows, half of them copies of the others but for capitals and spaces."""
    texts = [f"Post number {i}, and how  it felt" for i in range(60)]
    texts += [text.upper().replace("  ", " ") for text in texts]
    folder = tmp_path / "mine"
    folder.mkdir()
    with (folder / "all.csv").open("w", encoding="utf-8", newline="") as stream:
        rows = [(text, ["joy", "anger", "fear"][i % 60 % 3]) for i, text in enumerate(texts)]
        csv.writer(stream).writerows([("text", "label"), *rows])
    monkeypatch.setenv("COURSE_EMOTION", str(folder))
    return folder / "all.csv"


def shared(parts: list[list[str]]) -> int:
    seen = [{text_key(text) for text in texts} for texts in parts]
    return sum(map(len, seen)) - len(set.union(*seen))


def test_a_file_that_repeats_itself_is_cut_without_a_leak_through_both_doors(repeated):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = load_corpus("emotion")
        table = read_files({"train": repeated}, ["text"], "label", "auto")
    by_corpus = [data[split]["text"][:] for split in data]
    by_table = [table.part(split)["text"].tolist() for split in table.splits]
    assert [len(texts) for texts in by_corpus] == [len(texts) for texts in by_table] == [84, 18, 18]
    assert shared(by_corpus) == shared(by_table) == 0
    for one, other in zip(by_corpus, by_table, strict=True):
        assert sorted(one) == sorted(other), "both doors decide it alike"


def test_near_copies_in_three_files_are_told_by_one_door_and_refused_by_the_other(
    repeated, refused
):
    header, *rows = repeated.read_text(encoding="utf-8").splitlines(keepends=True)
    files = {"train": rows[:60], "validation": rows[60:75], "test": rows[75:]}
    repeated.unlink()
    paths = {split: repeated.with_name(f"{split}.csv") for split in files}
    for split, lines in files.items():
        paths[split].write_text(header + "".join(lines), encoding="utf-8")
    with pytest.warns(UserWarning, match="15 rows repeat texts of train") as seen:
        load_corpus("emotion")
    assert len(seen) == 2 and {warning.filename for warning in seen} == {__file__}
    with refused(ValueError, "In validation, 15 rows repeat texts of train", "validation.csv"):
        read_files(paths, ["text"], "label", "auto")
