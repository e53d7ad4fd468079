"""Judging labels blind: the cards, the files of verdicts, and the commands around them."""

import csv
import errno
import json
import shutil
from hashlib import sha256
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient
from own_files import PLAIN, read, write

from helpers import commands, review
from helpers.commands import main
from helpers.files import sha256_of
from helpers.review import Board, Panel, label_keys, open_review, review_labels
from helpers.splits import text_key
from helpers.tables import PREDICTED, WHERE, read_files
from helpers.verdicts import CODE, JUDGED, choose_cards, codes_of, kappa, read_verdicts

NAMES = ["fear", "joy", "sadness"]
POSTS = pd.DataFrame(
    {
        "text": ["The roof is gone.", "We won!", "She left today.", "Who is there?"],
        "label": ["joy", "joy", "fear", "fear"],
        "predicted": ["sadness", "joy", "sadness", "joy"],
        "drawn": ["by suspicion", "at random", "by suspicion", "by suspicion"],
    },
    index=[7, 3, 5, 1],
)


@pytest.fixture
def panel(place):
    """The panel of a review of these posts, in cards.csv."""
    return Panel(review_labels(POSTS, NAMES, "cards.csv"))


def judged(file="cards.csv"):
    return [row["judged"] for row in read(file)]


# ---- the cards


def test_each_label_has_the_first_of_its_letters_that_is_free():
    names = ["anger", "Joy", "jealousy", "a", "10", "1", "😀", "ya"]
    keys = {"anger": "n", "Joy": "j", "jealousy": "e", "10": "1", "ya": "y"}
    assert label_keys(names) == keys
    many = [f"label {i}" for i in range(77)]
    assert len(set(label_keys(many).values())) == len(label_keys(many)) < 77


def test_a_card_tells_nothing_before_it_is_judged(panel):
    shown = panel.head.value + panel.post.value + panel.line.value
    assert "The roof is gone." in shown and "card 1 of 4" in shown
    assert not any(name in shown for name in NAMES)
    assert "suspicion" not in panel.post.value + panel.line.value
    table = Board(panel.review)._repr_html_()
    assert "The roof is gone." in table and not any(f">{name}<" in table for name in NAMES)
    panel.box.value = "f"
    line = "you: fear · given label: joy · the model says sadness · drawn by suspicion"
    assert line in panel.line.value and "We won!" in panel.post.value
    assert "labels you would change: 1 of 1 judged" in panel.head.value
    table = Board(panel.review)._repr_html_()
    assert table.count(">joy<") == 1 and table.count(">fear<") == 1
    assert panel.review.verdicts.to_dict("list") == {
        "label": POSTS["label"].tolist(),
        "judged": ["fear", "", "", ""],
        "predicted": POSTS["predicted"].tolist(),
        "drawn": POSTS["drawn"].tolist(),
    }
    assert panel.review.verdicts.index.tolist() == [7, 3, 5, 1]


def test_letters_come_singly_or_many_at_once(panel):
    panel.box.value = "js"
    assert judged() == ["joy", "sadness", "", ""]
    panel.box.value = "jsA"
    assert judged() == ["joy", "sadness", "?", ""], "capitals are keys too"
    panel.box.value = "js"
    panel.box.value = ""
    assert judged() == ["joy", "sadness", "?", ""], "deleting is no key"
    panel.box.value = "z"
    assert "no key &#x27;z&#x27;; the keys are f, j, s, a, u" in panel.line.value
    assert judged() == ["joy", "sadness", "?", ""] and "Who is there?" in panel.post.value
    panel.box.value = "sj"
    assert judged() == ["joy", "sadness", "?", ""], "only what is added at the end counts"
    panel.box.value = "sjj"
    assert judged() == ["joy", "sadness", "?", "joy"]


def test_the_end_is_told_and_nothing_comes_after_it(panel):
    panel.box.value = "jasf"
    assert all(
        part in panel.post.value for part in ("4 cards, all", "right 2", "wrong 1", "ambiguous 1")
    )
    assert "by suspicion 1 of 3 · at random 0 of 1" in panel.head.value
    assert all(button.disabled for button in panel.verdicts)
    panel.box.value = "jasfj"
    assert judged() == ["joy", "?", "sadness", "fear"] and "All cards" in panel.line.value
    panel.box.value = "jasfju"
    assert judged() == ["joy", "?", "sadness", ""] and "Who is there?" in panel.post.value


def test_buttons_do_what_keys_do(panel):
    described = {button.description: button for button in panel.verdicts}
    assert list(described) == ["fear  (f)", "joy  (j)", "sadness  (s)", "ambiguous  (a)"]
    described["sadness  (s)"].click()
    described["ambiguous  (a)"].click()
    assert judged() == ["sadness", "?", "", ""]


def test_undo_goes_back_card_by_card(panel):
    panel.box.value = "u"
    assert "Nothing is judged yet" in panel.line.value and not Path("cards.csv").exists()
    panel.box.value = "ufj"
    panel.box.value = "ufju"
    assert judged() == ["fear", "", "", ""] and "We won!" in panel.post.value
    panel.box.value = "ufjuu"
    assert judged() == ["", "", "", ""] and "The roof" in panel.post.value
    review_labels(POSTS, NAMES, "cards.csv", {panel.review.cards[2].code: "joy"})
    again = Panel(review_labels(POSTS, NAMES, "cards.csv"))
    again.box.value = "u"
    assert judged() == [""] * 4 and "She left" in again.post.value, "of an earlier session"


def test_it_goes_on_and_keeps_what_is_not_shown(panel, capsys):
    panel.box.value = "fj"
    again = Panel(review_labels(POSTS, NAMES, "cards.csv"))
    assert "She left today." in again.post.value and "card 3 of 4" in again.head.value
    other = {"text": ["New here.", "WE  won!"], "label": ["joy", "fear"], "predicted": "fear"}
    other = pd.concat([pd.DataFrame(other), POSTS.iloc[1:2].assign(predicted="fear")])
    third = Panel(review_labels(other, NAMES, "cards.csv"))
    assert "1 of 1 judged" in third.head.value and "New here." in third.post.value
    third.box.value = "s"
    assert "The roof" not in Board(third.review)._repr_html_()
    assert [(row["text"], row["judged"]) for row in read("cards.csv")] == [
        ("The roof is gone.", "fear"),
        ("We won!", "joy"),
        ("She left today.", ""),
        ("Who is there?", ""),
        ("New here.", "sadness"),
        ("WE  won!", "joy"),
    ]
    known = [(row["drawn"], row["predicted"]) for row in read("cards.csv")[:2]]
    assert known == [("by suspicion", "sadness"), ("at random", "fear")], "as the rows have it now"
    again.box.value = "s"
    assert judged() == ["fear", "joy", "sadness", "", "sadness", "joy"], "two panels, one file"
    Path("cards.csv").unlink()
    again.box.value = "sf"
    assert judged() == ["fear", "joy", "sadness", "fear", "sadness", "joy"], "nothing is lost"


@pytest.mark.parametrize("kind", ["full", "no folder", "changed"])
def test_what_cannot_be_saved_is_not_judged(panel, monkeypatch, kind):
    panel.box.value = "f"
    if kind == "full":
        full = OSError(errno.ENOSPC, "No space left on device", "cards.csv")
        monkeypatch.setattr(review, "write_csv", lambda *_: (_ for _ in ()).throw(full))
        told = "The disk is full at cards.csv"
    elif kind == "no folder":
        Path("shut").write_text("a file")
        panel.review.file = Path("shut/cards.csv")
        told = "shut"
    else:
        Path("cards.csv").write_text("judged by nobody")
        told = "cards.csv: it holds no verdicts"
    before = sha256_of(Path("cards.csv"))
    panel.box.value = "fj"
    assert "Not saved, and the card stays: " in panel.line.value and told in panel.line.value
    assert "card 2 of 4" in panel.head.value and "We won!" in panel.post.value
    assert panel.review.verdicts["judged"].tolist() == ["fear", "", "", ""]
    assert sha256_of(Path("cards.csv")) == before


def test_equal_texts_are_one_card(place):
    rows = pd.DataFrame(
        {"text": ["We won!", "Gone.", "we  WON!"], "label": ["joy", "fear", "sadness"]}
    )
    panel = Panel(review_labels(rows, NAMES, "cards.csv"))
    assert "card 1 of 2" in panel.head.value
    panel.box.value = "j"
    assert "given label: joy, sadness" in panel.line.value and "change: 1 of 1" in panel.head.value
    assert panel.review.verdicts["judged"].tolist() == ["joy", "", "joy"]
    assert sorted((row["label"], row["judged"]) for row in read("cards.csv")) == [
        ("fear", ""),
        ("joy", "joy"),
        ("sadness", "joy"),
    ]


def test_texts_are_shown_as_they_are(place):
    evil = "<script>x()</script>\n\n  שלום 👩‍👩‍👧 & so"
    rows = pd.DataFrame({"text": [(evil, "second"), ("a", "b")], "label": ["joy", "fear"]})
    panel = Panel(review_labels(rows, NAMES, "cards.csv"))
    assert "&lt;script&gt;x()&lt;/script&gt;\n\n  שלום 👩‍👩‍👧 &amp; so<hr" in panel.post.value
    assert "white-space:pre-wrap" in panel.post.value and "plaintext" in panel.post.value
    panel.box.value = "j"
    assert read("cards.csv")[0]["text"] == evil and read("cards.csv")[0]["second_text"] == "second"
    assert Panel(review_labels(rows, NAMES, "cards.csv")).at == 1


def test_a_dict_does_the_job(place, capsys, refused):
    codes = [sha256(text.casefold().encode()).hexdigest()[:6] for text in POSTS["text"]]
    made = review_labels(POSTS, NAMES, Path("cards.csv"))
    printed = capsys.readouterr().out
    assert all(code in printed for code in codes) and "We won!" in printed
    given = {codes[0]: "fear", codes[1].upper(): "?", codes[3]: ""}
    made = review_labels(POSTS, NAMES, "cards.csv", given)
    told = f"judged 2 of 4; still empty: {codes[2]}, {codes[3]}."
    assert capsys.readouterr().out.startswith(told)
    assert judged() == ["fear", "?", "", ""] == made.verdicts["judged"].tolist()
    review_labels(POSTS, NAMES, "cards.csv", {codes[0]: "", codes[1]: None})
    assert judged() == ["fear", "?", "", ""], "a gap takes nothing back"
    fewer = review_labels(POSTS[2:], NAMES, "cards.csv", {codes[0]: "sadness"})
    assert judged()[0] == "sadness" and fewer.judged == ["", ""], "the file's other codes are known"
    review_labels(POSTS, NAMES, "cards.csv", {codes[0]: "fear"})
    assert repr(made) == "Review of cards.csv: .verdicts holds what was judged"
    typo = codes[2][:5] + ("0" if codes[2][5] != "0" else "1")
    for wrong, *parts in [
        ({typo: "joy"}, typo, f"did you mean {codes[2]!r}?"),
        ({codes[2]: "Joy"}, codes[2], "no label 'Joy': did you mean 'joy'?"),
        ({codes[2]: "joi"}, "did you mean 'joy'?"),
        ({codes[2]: "xqz"}, "choose one of fear, joy, sadness."),
    ]:
        with refused(ValueError, *parts):
            review_labels(POSTS, NAMES, "cards.csv", {codes[0]: "joy", **wrong})
    assert judged() == ["fear", "?", "", ""], "all of a dict or nothing"


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (lambda rows: rows.drop(columns="label"), ["columns text and label"]),
        (lambda rows: rows[:0], ["empty"]),
        (lambda rows: rows.assign(label="Joy"), ["Row 7", "'Joy'", "did you mean 'joy'?"]),
        (lambda rows: rows.assign(label=None), ["Row 7", "no label ''"]),
        (lambda rows: rows.assign(text=[1, 2, 3, 4]), ["Row 7", "1", "not a text"]),
        (lambda rows: rows.assign(text=" "), ["Row 7", "not a text"]),
        (
            lambda rows: rows.assign(text=["a", ("b", "c"), "d", "e"]),
            ["Row 3", "has 2 texts where the first row has 1"],
        ),
        (lambda rows: rows.assign(x="y").rename(columns={"x": "text"}), ["2 columns", "'text'"]),
    ],
)
def test_rows_that_cannot_be_judged(place, refused, change, parts):
    with refused(ValueError, *parts):
        review_labels(change(POSTS), NAMES, "cards.csv")


def test_what_review_labels_refuses(place, refused):
    for names in ([], ["joy", ""], ["joy", "?"], ["joy", "joy"], "joy", None):
        with refused(ValueError, "names must be a list of different names"):
            review_labels(POSTS, names, "cards.csv")
    with refused(ValueError, "verdicts must be a dict"):
        review_labels(POSTS, NAMES, "cards.csv", pd.Series({"3fa1c2": "joy"}))
    with refused(ValueError, "cards is no .csv file"):
        review_labels(POSTS, NAMES, "cards")


def test_codes_grow_where_two_would_share_one():
    keys = [f"text {i}" for i in range(12_000)]
    codes = codes_of(keys)
    assert len(set(codes.values())) == len(keys)
    longer = [key for key, code in codes.items() if len(code) > 6]
    assert 2 <= len(longer) < 100
    assert all(sha256(key.encode()).hexdigest().startswith(codes[key]) for key in keys)


# ---- the file


def verdict_file(name="anna.csv", texts=("code",), **changes):
    """A file of verdicts of a user whose own columns are called judged, code and where."""
    made = []
    for text, label in [("Ça va: “bien”; merci, oui", "joy"), ("non\nnon", "fear")]:
        key = text_key(*[text] * len(texts))
        row = {"code_2": codes_of([key])[key], "judged_2": "", "judged": label}
        row |= dict.fromkeys(texts, text) | {"where_2": "mine.csv, line 2", "note": "mine"}
        made.append(row)
    made[1] |= changes
    write(name, made)
    return made


@pytest.mark.parametrize("texts", [("code",), ("code", "where")])
def test_a_file_is_read_by_position(place, texts):
    rows = verdict_file(texts=texts, judged_2=" joy ")
    table = read_verdicts(Path("anna.csv"), NAMES)
    assert (table.label, table.texts) == ("judged", list(texts))
    assert [row[JUDGED] for row in table.rows] == ["", "joy"]
    assert [row[CODE] for row in table.rows] == [row["code_2"] for row in rows]
    assert table.rows[0]["note"] == "mine"
    assert table.rows[0][WHERE] == "mine.csv, line 2"


def test_a_file_may_come_from_a_spreadsheet(place):
    verdict_file(judged_2="fear")
    rows = read("anna.csv")
    text = Path("anna.csv").read_text("utf-8")
    Path("bom.csv").write_text(text, "utf-8-sig")
    with Path("semicolons.csv").open("w", encoding="cp1252", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter=";", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
    for name, encoding in [("bom.csv", None), ("semicolons.csv", "cp1252")]:
        found = read_verdicts(Path(name), NAMES, encoding)
        assert [row[JUDGED] for row in found.rows] == ["", "fear"]
    with pytest.raises(ValueError, match="semicolons.csv: line 2 is not UTF-8 text.*--encoding"):
        read_verdicts(Path("semicolons.csv"), NAMES)


@pytest.mark.parametrize("form", [r"0\d{5}", r"[1-9]\d\de\d\d"])
def test_a_code_that_a_spreadsheet_took_for_a_number(place, form):
    import re

    codes = codes_of(f"text {i}" for i in range(30_000))
    text, code = next((t, c) for t, c in codes.items() if re.fullmatch(form, c))
    shown = f"{float(code):.3g}" if "e" in code else str(int(code))
    write("anna.csv", [{"code": shown, "judged": "joy", "label": "fear", "text": text}])
    assert read_verdicts(Path("anna.csv"), NAMES).rows[0][CODE] == code


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"judged_2": "Joy"}, ["anna.csv, line 3: there is no label 'Joy': did you mean 'joy'?"]),
        ({"code": "another text"}, ["anna.csv: line 3", "not that of the text"]),
        ({"code_2": "abcdef"}, ["anna.csv: line 3", "'abcdef'"]),
        ({"code_2": ""}, ["anna.csv: line 3", "''"]),
    ],
)
def test_every_row_is_checked(place, refused, changes, parts):
    verdict_file(**changes)
    with refused(ValueError, *parts):
        read_verdicts(Path("anna.csv"), NAMES)


def test_what_is_no_file_of_verdicts(place, refused):
    rows = verdict_file(judged_2="joy")
    write("twice.csv", [rows[1], rows[1] | {"judged": "joy", "judged_2": "fear"}])
    write("posts.csv", [{"text": "a", "label": "b", "x": "c", "y": "d"}])
    Path("empty.csv").write_text("")
    Path("cards.xlsx").write_text("x")
    for name, *parts in [
        ("none.csv", "no file none.csv"),
        ("posts.csv", "posts.csv", "no file of verdicts"),
        ("empty.csv", "empty.csv", "no verdicts"),
        ("cards.xlsx", "cards.xlsx", "no .csv file"),
        ("twice.csv", "line 4 judges a text 'fear' that twice.csv, line 2 judges 'joy'"),
    ]:
        with refused(ValueError, *parts):
            read_verdicts(Path(name), NAMES)


# ---- which rows become cards


def test_cards_hold_more_of_the_rows_that_measure():
    keys = [f"t{i}" for i in range(100)]
    listed, held_out = keys[:60], set(keys[40:60] + keys[90:])
    cards = choose_cards(keys, listed, held_out, 24)
    suspected = [key for key, why in cards.items() if why == "by suspicion"]
    controls = [key for key, why in cards.items() if why == "at random"]
    assert len(suspected) == 24 and len(controls) == 6 and not set(controls) & set(listed)
    of_held, of_train = (
        [k for k in suspected if k in held_out],
        [k for k in suspected if k not in held_out],
    )
    assert of_held == keys[40:56] and of_train == keys[:8], "the worst first, two of three"
    assert len(set(controls) & held_out) == 4
    places = [i for i, key in enumerate(cards) if key in controls]
    assert [place // 5 for place in places] == list(range(6)) and len({p % 5 for p in places}) > 1
    assert cards == choose_cards(keys, listed, held_out, 24), "the same for every reviewer"
    assert set(cards) < set(choose_cards(keys, listed, held_out, 48))
    alone = choose_cards(keys[:3], keys[:3], set(), 100)
    assert list(alone) == keys[:3]


# ---- the commands


@pytest.fixture
def posts(place, rows):
    """mine.csv, and errors.csv with 40 of its rows."""
    write("mine.csv", rows)
    suggested = [
        {
            "where": f"mine.csv, line {i + 2}",
            "suspicion": "0.9",
            **rows[i],
            "suggested": "anger" if rows[i]["mood"] == "joy" else "joy",
        }
        for i in range(40, 80)
    ]
    write("errors.csv", suggested)
    return rows


def fill(name, verdicts):
    """Judge the first rows of a file by hand."""
    rows = read(name)
    for row, verdict in zip(rows, verdicts, strict=False):
        row["judged"] = row["mood"] if verdict == "=" else verdict
    write(name, rows)
    return rows


OTHER = {"joy": "anger", "anger": "joy"}
REVIEW = ["review", "mine.csv", "errors.csv", *PLAIN]


def test_two_reviewers_get_the_same_cards(posts, capsys):
    assert main([*REVIEW, "--reviewer", "anna", "--rows", "8"]) == 0
    told = capsys.readouterr().out
    assert "errors-anna.csv, 10 cards" in told and "8 by suspicion, 2 at random; 0 are" in told
    assert 'python -m jupyter lab "errors-anna.ipynb"' in told
    assert main([*REVIEW, "--reviewer", "ben", "--rows", "8"]) == 0
    anna, ben = read("errors-anna.csv"), read("errors-ben.csv")
    assert anna == ben and not any(row["judged"] for row in anna)
    assert list(anna[0]) == ["code", "judged", "mood", "text", "where", "drawn", "predicted"]
    listed = [row["text"] for row in anna if row["drawn"] == "by suspicion"]
    assert listed == [row["text"] for row in posts[40:48]]
    assert {row["predicted"] for row in anna if row["drawn"] == "at random"} == {""}

    fill("errors-anna.csv", ["=", "?"])
    before = [sha256_of(Path(name)) for name in ("errors-anna.csv", "errors-anna.ipynb")]
    capsys.readouterr()
    assert main([*REVIEW, "--reviewer", "anna", "--rows", "8"]) == 0
    assert "There already: errors-anna.csv, 10 cards" in (told := capsys.readouterr().out)
    assert "2 are judged, and stay." in told
    fill("errors-ben.csv", ["="])
    assert main([*REVIEW, "--reviewer", "ben", "--rows", "8"]) == 0
    assert "1 is judged, and stays." in capsys.readouterr().out
    assert before == [sha256_of(Path(f"errors-anna.{kind}")) for kind in ("csv", "ipynb")]


@pytest.fixture
def two(posts):
    """What two people judged, of whom the second has fewer rows; the first one's rows."""
    for name in ("anna", "ben"):
        assert main([*REVIEW, "--reviewer", name, "--rows", "8"]) == 0
    swapped = OTHER[read("errors-anna.csv")[1]["mood"]]
    fill("errors-ben.csv", ["=", swapped, "?", "?", "", ""])
    return fill("errors-anna.csv", ["=", swapped, "?", "=", "=", swapped])


def test_what_two_people_judged_is_compared(two, capsys):
    anna, swapped = two, two[1]["judged"]
    capsys.readouterr()
    command = ["agree", "errors-anna.csv", "errors-ben.csv"]
    assert main(command) == 0
    told = capsys.readouterr().out
    verdicts = [[row["judged"] for row in read(f"errors-{n}.csv")[:4]] for n in ("anna", "ben")]
    assert f"kappa: {kappa(*verdicts):.3f}" in told and "same verdict: 3, which is 0.750" in told
    assert "Judged by both: 4 of 10 rows" in told
    assert "errors-anna only: 2" in told and "errors-ben only: 0" in told
    assert told.count(anna[3]["code"]) == 1 and anna[0]["code"] not in told
    assert main([*command, "--output", "both.csv"]) == 0
    both = read("both.csv")
    assert [row["judged"] for row in both[:5]] == [anna[0]["mood"], swapped, "?", "", ""]
    assert (both[3]["judged by errors-anna"], both[3]["judged by errors-ben"]) == (
        anna[3]["mood"],
        "?",
    )
    rows = fill("both.csv", ["=", swapped, "?", "joy"])
    assert main([*command, "--output", "both.csv"]) == 0
    assert read("both.old.csv") == rows, "what was filled in is kept"


def test_a_copy_has_the_labels_that_were_judged(posts, two, capsys):
    anna, swapped = two, two[1]["judged"]
    fill("errors-anna.csv", ["=", swapped, "?", OTHER[anna[3]["mood"]], "", ""])
    capsys.readouterr()
    assert main(["correct", "mine.csv", "errors-anna.csv", "--output", "new/copy.csv"]) == 0
    told = capsys.readouterr().out
    assert "changed: 2; judged right: 1; ambiguous, left as they were: 1; not judged: 6" in told
    changed = {anna[1]["text"]: swapped, anna[3]["text"]: OTHER[anna[3]["mood"]]}
    expected = [row | {"mood": changed.get(row["text"], row["mood"])} for row in posts]
    assert read("new/copy.csv") == expected and read("mine.csv") == posts
    changes = {row["text"]: row for row in read("new/copy-changes.csv")}
    assert list(changes) == [r["text"] for r in posts if r["text"] in {*changed, anna[2]["text"]}]
    why = changes[anna[1]["text"]]
    assert list(why) == ["where", "text", "old", "new", "why"]
    assert (why["where"], why["old"], why["new"]) == (anna[1]["where"], anna[1]["mood"], swapped)
    assert why["why"] == "judged"
    unsure = changes[anna[2]["text"]]
    assert unsure["new"] == "" and unsure["why"] == "ambiguous: left as it was"


def test_review_of_what_train_wrote(posts, capsys):
    table = read_files({"train": Path("mine.csv")}, ["text"], "mood", "auto")
    about = dict.fromkeys(commands.SAVED, []) | {"texts": ["text"], "label": "mood"}
    about |= {"labels": table.names, "threshold": 0.5, "separator": "|"}
    Path("out").mkdir()
    commands.write_all(Path("out"), {commands.ROWS: commands.rows_text(table)}, about)
    assert main(["review", "out", "errors.csv", "--rows", "9"]) == 0
    cards = read("errors-review.csv")
    suspected = [row for row in cards if row["drawn"] == "by suspicion"]
    held_out = [row for row in suspected if row["split"] != "train"]
    in_list = set(read_texts("errors.csv"))
    there = table.frame[table.frame["text"].isin(in_list)]
    available = int((there[commands.SPLIT] != "train").sum())
    assert len(suspected) == 9 and len(held_out) == 6 <= available
    assert len(cards) == 11 and all(row["split"] for row in cards)
    assert main(["review", "out", "errors.csv", "--rows", "12"]) == 0
    assert read("errors-review.csv")[:11] == cards and len(read("errors-review.csv")) == 15
    capsys.readouterr()
    given = ["review", "out", "errors.csv", "--text", "text"]
    assert main(given) == 2 and "leave out --text" in capsys.readouterr().err


def read_texts(name):
    return [row["text"] for row in read(name)]


def test_the_notebook_runs(posts, monkeypatch):
    assert main([*REVIEW, "--reviewer", "anna o", "--rows", "4"]) == 0
    notebook = nbformat.read("errors-anna o.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code"]
    code = read("errors-anna o.csv")[0]["code"]
    more = f"""
import sys
from helpers.review import review_labels
sys.modules["ipywidgets"] = None
again = review_labels(review.rows, NAMES, "errors-anna o.csv", {{"{code}": "joy"}})
"""
    keys = 'review.panel.box.value = "aa"'
    notebook.cells += [nbformat.v4.new_code_cell(keys), nbformat.v4.new_code_cell(more)]
    monkeypatch.delenv("PYTHONPATH", raising=False)
    NotebookClient(notebook, resources={"metadata": {"path": "."}}, timeout=120).execute()
    panel, table = notebook.cells[1].outputs
    assert "application/vnd.jupyter.widget-view+json" in panel.data
    assert "run this cell" in panel.data["text/plain"]
    assert f">{code}<" in table.data["text/html"] and "judged 2 of 5" in table.data["text/html"]
    line, static = notebook.cells[3].outputs
    assert line.text.splitlines()[0].startswith("judged 2 of 5; still empty")
    assert line.text.splitlines()[1].startswith("ipywidgets is not installed")
    assert ">joy<" in static.data["text/html"]
    assert read("errors-anna o.csv")[0]["judged"] == "joy"


def test_pairs_keep_their_columns(place, capsys):
    rows = [{"one": f"a {i}", "two": f"b {i}", "same": "yes" if i % 2 else "no"} for i in range(40)]
    write("pairs.csv", rows)
    write(
        "errors.csv",
        [{"suspicion": "1", "one": row["one"], "two": row["two"]} for row in rows[:4]],
    )
    given = ["--text", "one", "two", "--label", "same"]
    assert main(["review", "pairs.csv", "errors.csv", *given]) == 0
    cards = read("errors-review.csv")
    assert list(cards[0]) == ["code", "judged", "same", "one", "two", "where", "drawn"]
    panel = Panel(open_review("errors-review.csv", ["no", "yes"]))
    assert all(cards[0][column] in panel.post.value for column in ("one", "two"))
    panel.box.value = "n" if cards[0]["same"] == "yes" else "y"
    renamed = [{"first": r["one"], "second": r["two"], "is": r["same"]} for r in rows]
    write("renamed.csv", renamed)
    given = ["--text", "first", "second", "--label", "is"]
    command = ["correct", "renamed.csv", "errors-review.csv", "--output", "copy.csv"]
    assert main(command) == 2 and "no column 'one'" in capsys.readouterr().err
    assert main([*command, *given]) == 0
    changed = [i for i, row in enumerate(read("copy.csv")) if row != renamed[i]]
    assert [renamed[i]["first"] for i in changed] == [cards[0]["one"]]


def test_what_review_refuses(posts, refuses, rows):
    refuses([*REVIEW, "--reviewer", "a/b"], "'a/b'", "file's name")
    refuses([*REVIEW, "--rows", "0"], "--rows 0")
    refuses([*REVIEW, "--output", "x.xlsx"], "x.xlsx")
    refuses([*REVIEW, "--output", "mine.csv"], "read by this command")
    listed = read("errors.csv")
    write("errors.csv", [*listed[:2], listed[2] | {"text": "another one"}])
    refuses(["review", "mine.csv", "none.csv", *PLAIN], "There is no file none.csv")
    refuses(REVIEW, "errors.csv, line 4: mine.csv has no row with this text")
    refuses(["review", "mine.csv", "mine.csv", *PLAIN], "mine.csv has no column 'suspicion'")
    header = Path("errors.csv").read_text("utf-8").split("\n")[0]
    Path("errors.csv").write_text(header + "\n")
    refuses(REVIEW, "errors.csv lists no row: no label is doubted")
    for name in ("e.txt", "e.tsv"):
        refuses(["errors", "mine.csv", *PLAIN, "--output", name], f"{name} is no .csv file")
    write("errors.csv", listed)
    write("errors-review.csv", [{"code": "1", "judged": "", "mood": "joy", "text": "x"}])
    refuses(REVIEW, "errors-review.csv: line 2", "not that of the text")
    code = codes_of(["x"])["x"]
    write("errors-review.csv", [{"code": code, "judged": "", "feeling": "joy", "text": "x"}])
    refuses(REVIEW, "errors-review.csv holds verdicts on other columns")
    write("errors-review.csv", [{"code": code, "judged": "Joy", "mood": "joy", "text": "x"}])
    refuses(REVIEW, "errors-review.csv, line 2: there is no label 'Joy': did you mean 'joy'?")


def test_a_resaved_list_is_matched_by_its_texts(posts):
    listed = [row | {"text": row["text"].upper()} for row in read("errors.csv")[5:2:-1]]
    with Path("errors.csv").open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, list(listed[0]), delimiter=";")
        writer.writeheader()
        writer.writerows([*listed, listed[0]])
    assert main(REVIEW) == 0
    assert [row["where"] for row in read("errors-review.csv")] == [row["where"] for row in listed]


def test_what_agree_refuses_and_says(posts, refuses, capsys):
    for name in ("anna", "ben"):
        assert main([*REVIEW, "--reviewer", name, "--rows", "4"]) == 0
    command = ["agree", "errors-anna.csv", "errors-ben.csv"]
    refuses(command, "judge no row both")
    fill("errors-anna.csv", ["joy", "joy"])
    fill("errors-ben.csv", ["joy", "joy"])
    capsys.readouterr()
    assert main(command) == 0
    told = capsys.readouterr().out
    assert "kappa: undefined, for every verdict is 'joy'" in told and "nan" not in told
    assert "To settle: 0" in told
    fill("errors-ben.csv", ["joy", "JOY"])
    refuses(command, "errors-ben.csv, line 3: there is no label 'JOY': did you mean 'joy'?")
    fill("errors-ben.csv", ["joy", "jooy"])
    refuses(command, "errors-ben.csv, line 3: there is no label 'jooy': did you mean 'joy'?")
    refuses(["agree", "errors-anna.csv", "./errors-anna.csv"], "errors-anna.csv is named twice")
    rows = fill("errors-ben.csv", ["joy", "joy"])
    write(
        "errors-ben.csv",
        [{k.replace("mood", "feeling"): v for k, v in row.items()} for row in rows],
    )
    refuses(command, "mood, text", "feeling, text")
    code = codes_of(["x"])["x"]
    write("errors-ben.csv", [{"code": code, "judged": "joy", "mood": "joy", "text": "x"}])
    refuses(command, "no text in common")
    refuses([*command, "--output", "errors-ben.csv"], "read by this command")
    refuses([*command, "--output", "both.tsv"], "both.tsv")


def test_kappa_by_hand():
    one, other = list("aabb?"), list("abbb?")
    chance = (2 * 1 + 2 * 3 + 1 * 1) / 25
    assert kappa(one, other) == pytest.approx((0.8 - chance) / (1 - chance))
    assert kappa(["a", "a"], ["b", "b"]) == 0 and kappa(["a"], ["a"]) is None


def test_what_correct_refuses(posts, refuses, rows):
    assert main([*REVIEW, "--rows", "4"]) == 0
    judged = fill("errors-review.csv", ["=", "?", "joy"])
    command = ["correct", "mine.csv", "errors-review.csv", "--output", "copy.csv"]
    refuses(["correct", "mine.csv", "none.csv", *command[3:]], "There is no file none.csv")
    refuses(["correct", "none.csv", *command[2:]], "There is no file none.csv")
    refuses([*command[:-1], "mine.csv"], "mine.csv is read by this command")
    refuses([*command[:-1], "copy.parquet"], "copy.parquet is no .csv")
    fill("errors-review.csv", ["=", "?", "joyy"])
    refuses(command, "errors-review.csv, line 4: there is no label 'joyy': did you mean 'joy'?")
    fill("errors-review.csv", ["=", "?", "joy"])
    line = next(i for i, row in enumerate(rows) if row["text"] == judged[0]["text"])
    other = {"joy": "anger", "anger": "joy"}[rows[line]["mood"]]
    write("mine.csv", [r | {"mood": other} if i == line else r for i, r in enumerate(rows)])
    refuses(command, "errors-review.csv, line 2 is a verdict", f"mine.csv, line {line + 2} has")
    shutil.copy("mine.csv", "renamed.csv")
    refuses(
        ["correct", "renamed.csv", *command[2:]],
        "line 2 is a verdict",
        f"renamed.csv, line {line + 2} has",
    )
    known = {row["text"] for row in read("errors-review.csv")}
    write("mine.csv", [row for row in rows if row["text"] not in known])
    refuses(command, "No verdict is on a row of mine.csv")
    write("mine.csv", rows)
    refuses([*command, "--text", "text", "id"], "1 text column:")
    for word in ("ambiguous", "Ambiguous"):
        fill("errors-review.csv", [word])
        refuses(command, "errors-review.csv, line 2", "the sign for ambiguous is '?'")
    fill("errors-review.csv", ["="])
    first, *others = Path("errors-review.csv").read_text("utf-8").split("\n")
    swapped = first.replace("judged,mood", "mood,judged")
    Path("errors-review.csv").write_text("\n".join([swapped, *others]), "utf-8")
    refuses(command, "errors-review.csv: it is no file of verdicts", "in this order")
    Path("errors-review.csv").write_text("\n".join([first, *others]), "utf-8")
    Path("copy-changes.csv").mkdir()
    refuses(command, "copy-changes.csv is a folder")


def test_verdicts_whose_texts_are_not_in_the_file(posts, rows, capsys):
    assert main([*REVIEW, "--rows", "8"]) == 0
    cards = fill("errors-review.csv", ["="] * 10)
    command = ["correct", "mine.csv", "errors-review.csv", "--output", "copy.csv"]
    for missing, told in [(1, "1 verdict: its text is"), (4, "4 verdicts: their texts are")]:
        without = {row["text"] for row in cards[:missing]}
        write("mine.csv", [row for row in rows if row["text"] not in without])
        capsys.readouterr()
        assert main(command) == 0
        printed = capsys.readouterr().out
        assert f"{told} not in mine.csv (first: errors-review.csv, line 2)." in printed
        assert f"judged right: {10 - missing};" in printed


def test_a_copy_is_corrected_already(posts, two, capsys):
    """And a verdict line that stands twice counts once; a list of somebody else's is kept."""
    rows = read("errors-anna.csv")
    write("errors-anna.csv", [*rows, rows[1]])
    write("copy-changes.csv", [{"my": "notes"}])
    assert main(["correct", "mine.csv", "errors-anna.csv", "--output", "copy.csv"]) == 0
    assert "Rows changed: 2; judged right: 3;" in capsys.readouterr().out
    assert read("copy-changes.old.csv") == [{"my": "notes"}]
    assert main(["correct", "copy.csv", "errors-anna.csv", "--output", "again.csv"]) == 0
    assert "Rows changed: 0; judged right: 5;" in capsys.readouterr().out
    assert read("again.csv") == read("copy.csv")


def test_one_of_two_rows_with_a_text_was_deleted(posts, rows):
    twin = rows[45] | {"mood": OTHER[rows[45]["mood"]]}
    write("mine.csv", [*rows, twin, rows[0] | {"mood": "calm"}])
    assert main([*REVIEW, "--rows", "8"]) == 0
    cards = read("errors-review.csv")
    for row in cards:
        row["judged"] = "calm" if row["text"] == twin["text"] else ""
    assert [row["judged"] for row in cards].count("calm") == 2
    write("errors-review.csv", cards)
    write("mine.csv", [*(row for row in rows if row["text"] != twin["text"]), twin])
    assert main(["correct", "mine.csv", "errors-review.csv", "--output", "copy.csv"]) == 0
    assert read("copy.csv")[-1]["mood"] == "calm"


def test_a_label_that_the_file_does_not_have(posts, rows, capsys):
    """Another file of the training has it, and the reviewer's notebook lists it."""
    mine = [row | {"mood": "calm"} if i in (3, 5) else row for i, row in enumerate(rows)]
    write("mine.csv", mine)
    assert main([*REVIEW, "--rows", "4"]) == 0
    cards = fill("errors-review.csv", ["calm"])
    shutil.copy("errors-review.csv", "errors-ben.csv")
    write("part.csv", [row for row in mine if row["mood"] != "calm"])
    assert main(["correct", "part.csv", "errors-review.csv", "--output", "copy.csv"]) == 0
    assert [r["mood"] for r in read("copy.csv") if r["text"] == cards[0]["text"]] == ["calm"]
    assert main(["agree", "errors-review.csv", "errors-ben.csv"]) == 0


@pytest.mark.parametrize("names", [("1.5", "3.5", "2.0"), ("A", "A|B", "C")])
def test_what_is_reviewed_can_be_corrected(place, names):
    texts = [f"{word} {i}" for i in range(20) for word in ("one", "two", "three")]
    rows = [{"text": t, "mood": names[i % 3]} for i, t in enumerate(texts)]
    write("mine.csv", rows)
    write("errors.csv", [row | {"suspicion": "1", "suggested": names[0]} for row in rows[:5]])
    table = read_files({"train": Path("mine.csv")}, ["text"], "mood", "classification")
    about = dict.fromkeys(commands.SAVED, []) | {"texts": ["text"], "label": "mood"}
    Path("out").mkdir()
    rows_text = {commands.ROWS: commands.rows_text(table)}
    commands.write_all(Path("out"), rows_text, about | {"labels": table.names})
    assert main(["review", "out", "errors.csv"]) == 0
    fill("errors-review.csv", [names[1]] * 5)
    assert main(["correct", "mine.csv", "errors-review.csv", "--output", "copy.csv"]) == 0
    assert sum(a != b for a, b in zip(read("copy.csv"), rows, strict=True)) > 0


def test_each_file_has_its_own_encoding(place, refused):
    """A spreadsheet has saved the verdicts in cp1252, and the rows are UTF-8."""
    rows = [{"text": f"größer {i}", "self": "fröhlich" if i % 2 else "müde"} for i in range(40)]
    write("mine.csv", rows)
    write("errors.csv", [row | {"suspicion": "1"} for row in rows[:4]])
    for name in ("errors.csv", "errors-review.csv"):
        if name == "errors.csv":
            text = Path(name).read_text("utf-8")
            Path(name).write_text(text, "cp1252")
        given = ["--text", "text", "--label", "self", "--encoding", "cp1252"]
        assert main(["review", "mine.csv", "errors.csv", *given]) == 0
    cards = read("errors-review.csv")
    for row in cards:
        row["judged"] = "müde"
    write("errors-review.csv", cards)
    Path("errors-review.csv").write_text(Path("errors-review.csv").read_text("utf-8"), "cp1252")
    with refused(ValueError, "errors-review.csv is not UTF-8", "run review once more"):
        open_review("errors-review.csv", ["fröhlich", "müde"])
    command = ["correct", "mine.csv", "errors-review.csv", "--output", "copy.csv"]
    assert main([*command, "--encoding", "cp1252"]) == 0
    changed = {row["text"] for row in cards}
    assert read("copy.csv") == [
        row | {"self": "müde"} if row["text"] in changed else row for row in rows
    ]
    assert main(["review", "mine.csv", "errors.csv", *given]) == 0
    assert not open_review("errors-review.csv", ["fröhlich", "müde"]).empty


def test_a_notebook_has_the_labels_of_today(posts, rows, capsys, refuses, refused):
    command = [*REVIEW, "--rows", "4"]
    Path("errors-review.ipynb").write_text("my own")
    assert main(command) == 0
    assert "is kept as errors-review.old.ipynb" in capsys.readouterr().out
    assert Path("errors-review.old.ipynb").read_text() == "my own"
    assert review.names_in(Path("errors-review.ipynb")) == ["anger", "joy"]
    mine = [row | {"mood": "calm"} if i in (3, 5) else row for i, row in enumerate(rows)]
    write("mine.csv", mine)
    assert main(command) == 0
    assert "has other labels, and is written anew" in capsys.readouterr().out
    assert review.names_in(Path("errors-review.ipynb")) == ["anger", "calm", "joy"]
    assert main(command) == 0 and "other labels" not in capsys.readouterr().out
    notebook = nbformat.read("errors-review.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("mine = 1"))
    nbformat.write(notebook, "errors-review.ipynb")
    assert main(command) == 0 and "other labels" not in capsys.readouterr().out
    write("mine.csv", rows)
    assert main(command) == 0
    assert "is kept as errors-review.old2.ipynb" in capsys.readouterr().out

    renamed = [row | {"mood": row["mood"].replace("joy", "happiness")} for row in rows]
    write("mine.csv", renamed)
    fill("errors-review.csv", ["="] * 5)
    refuses(command, "has the label 'joy', which no longer exists: write its new name there")
    with refused(ValueError, "has the label 'joy', which no longer exists: run review once more"):
        open_review("errors-review.csv", ["anger", "happiness"])
    write("mine.csv", [row | {"mood": row["mood"].replace("joy", "?")} for row in rows])
    refuses(command, "mine.csv has a label '?', which is the sign for ambiguous: rename it")


def test_opinions_have_columns_of_their_own(two):
    shutil.copy("errors-anna.csv", "judged.csv")
    shutil.copy("errors-ben.csv", "where.csv")
    assert main(["agree", "judged.csv", "where.csv", "--output", "both.csv"]) == 0
    both = read("both.csv")
    assert [row["judged by judged"] for row in both] == [row["judged"] for row in two]
    assert [row["where"] for row in both] == [row["where"] for row in two]
    assert both[3]["judged"] == "" and read_verdicts(Path("both.csv"), ["anger", "joy"])


def test_both_outputs_or_none(posts, monkeypatch, capsys):
    assert main([*REVIEW, "--rows", "4"]) == 0
    fill("errors-review.csv", ["joy", "anger"])
    written = []

    def full(frame):
        written.append(frame)
        if len(written) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return frame.to_csv()

    monkeypatch.setattr(commands, "csv_text", full)
    assert main(["correct", "mine.csv", "errors-review.csv", "--output", "copy.csv"]) == 2
    assert "disk is full" in capsys.readouterr().err
    assert not list(Path().glob("copy*"))


def test_rows_of_a_run_know_what_the_judges_said(posts):
    listed = read("errors.csv")
    write("errors.csv", [listed[0] | {"suggested": "no label"}, *listed[1:]])
    assert main([*REVIEW, "--rows", "4"]) == 0
    table = read_verdicts(Path("errors-review.csv"), ["anger", "joy"])
    assert {row[PREDICTED] for row in table.rows} == {"anger", "joy", ""}
    assert json.loads(Path("errors-review.ipynb").read_text("utf-8"))["nbformat_minor"] == 5
