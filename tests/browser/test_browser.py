"""What somebody sees who goes through notebooks 00 to 06: `python3 course.py test --browser`.

A fresh copy of the course, JupyterLab as `course.py lab` starts it, Chromium as the system has it,
a window of 1024 x 768. All runs under COURSE_QUICK=1, on 200 rows and for one epoch: the numbers
mean nothing, but what is to be seen is the same. Pictures of each step are in runs/browser/.
"""

import pytest
from browser.pages import DARK, LIGHT, MAP

from helpers import load_corpus
from helpers.exercises import LOOKS, NOT_YET, RIGHT
from helpers.maps import VEGA_LITE
from helpers.review import label_keys
from helpers.verdicts import read_verdicts
from tools.work import read_cells

pytestmark = pytest.mark.slow

KINDS = {"A": "binary", "B": "multi-label", "C": "entailment", "D": "regression"}
KINDS |= {"E": "multi-class", "F": "pair"}
EXERCISE = 'q = exercise("00.1")\n\nkinds = {}\n\nq.check(kinds)'


def test_every_cell_has_run_without_an_error(seen):
    assert seen.complaints() == []
    counts = [cell["execution_count"] for cell in seen.code_cells()]
    assert counts == list(range(1, len(counts) + 1))
    kinds = [output["output_type"] for cell in seen.code_cells() for output in cell["outputs"]]
    assert "error" not in kinds


def test_every_picture_is_there(seen):
    pictures = seen.pictures()
    assert [text for text, *sizes in pictures if not all(sizes)] == []
    drawn = [html for html in seen.outputs("text/html") if "<img" in html]
    assert len(pictures) >= len(drawn) > 0


def test_every_map_to_hover_is_drawn_and_tells_of_a_point(seen):
    maps = seen.page.locator(MAP).all()
    assert len(maps) == len(seen.outputs(VEGA_LITE))
    for canvas in maps:
        assert "text" in seen.hover(canvas)


def test_nothing_is_wider_than_the_page(seen):
    assert seen.wide() == []


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_every_text_in_an_output_can_be_read(seen, theme):
    seen.theme(theme)
    seen.shoot_all(theme.split()[-1].lower())
    assert seen.faint() == []


def test_what_is_saved_opens_again_without_an_error(seen):
    seen.save()
    before = read_cells(seen.file)
    seen.open()
    seen.shoot_all("again")
    assert seen.complaints() == []
    assert read_cells(seen.file) == before


@pytest.mark.parametrize("name", ["00_welcome.ipynb"])
def test_an_answer_is_judged_when_its_cell_is_run(notebook, name):
    with notebook(name) as seen:
        for step, answer, outcome in [
            ("wrong", KINDS | {"B": "multi-class"}, NOT_YET),
            ("right", KINDS, RIGHT),
        ]:
            cell = seen.cell('exercise("00.1")')
            told = seen.run_cell(cell, EXERCISE.format(answer))
            seen.shoot(step)
            assert told.startswith(f"{LOOKS[outcome][0]} Exercise 00.1: {outcome}.")


@pytest.mark.parametrize("name", ["05_error_analysis.ipynb"])
def test_cards_are_judged_by_keys_and_the_verdicts_are_in_the_file(notebook, name, copy):
    keys = label_keys(load_corpus("emotion")["train"].features["label"].names)
    with notebook(name) as seen:
        seen.page.get_by_placeholder("type the keys").click()
        typed = [keys["joy"], keys["fear"], "a", "u", "a"]  # u takes the first a back
        seen.page.keyboard.type("".join(typed), delay=500)
        seen.page.get_by_text("3 judged").wait_for()
        seen.shoot("cards")
        seen.save()
        judged = read_verdicts(copy / "runs/05_verdicts.csv").judged.values()
        assert sorted(filter(None, judged)) == ["?", "fear", "joy"]
        assert any("judged 3 of" in html for html in seen.outputs("text/html"))
        seen.open()
        seen.page.get_by_text("3 judged").wait_for()
        seen.cell("review_labels(cards").scroll_into_view_if_needed()
        seen.shoot("cards-again")
        assert seen.complaints() == []
