"""The reading edition's copies of notebooks and guides, and the glossary; the site: tests/full."""

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from nbformat import v4

from helpers.exercises import exercise
from tools import ROOT, book, choose

TERM = re.compile(r"^\| (.+) \| .+ \| \[(\d\d).*\]\(\.\./notebooks/(\S+\.ipynb)(?:#(\S+))?\) \|$")
GLOSSARY = (ROOT / "docs/glossary.md").read_text("utf-8")


def sections(path: Path) -> dict[str, str]:
    """The prose of each section of a notebook, by the anchor that its heading has in JupyterLab."""
    found, place = {"": ""}, ""
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            for line in "".join(cell["source"]).splitlines():
                if heading := re.match(r"##+ (.+)", line):
                    place = re.sub(r"[`*]", "", heading[1]).replace(" ", "-")
                found[place] = f"{found.get(place, '')} {line.lower()}"
    return found


def says(text: str, term: str) -> bool:
    """Whether a text holds all words of one of a term's names, whatever their endings."""
    names = [re.findall(r"\w+", name.lower()) for name in term.split(", ")]
    return any(all(word[:4] in text for word in name if word != "and") for name in names)


def terms() -> list[tuple[str, str, str, str]]:
    """(term, notebook's number, its file, the section's anchor) of each row of the glossary."""
    rows = GLOSSARY.split("|---|---|---|\n")[1].splitlines()
    found = [TERM.match(row) for row in rows]
    assert all(found), [row for row, match in zip(rows, found, strict=True) if not match]
    return [(match[1], match[2], match[3], unquote(match[4] or "")) for match in found]


def test_every_term_of_the_glossary_leads_to_a_section_that_uses_it():
    prose = {path.name: sections(path) for path in choose(None)}
    for term, number, file, place in terms():
        assert file.startswith(number), term
        assert place in prose[file], f"{term}: {file} has no section {place}"
        assert says(prose[file][place], term), f"{term} is not in {file}, section {place}"


def test_the_glossary_is_in_order_and_names_no_term_twice():
    names = [re.sub(r"[^a-z0-9 ]", "", term.lower().replace("-", " ")) for term, *_ in terms()]
    assert names == sorted(set(names))


# ---- links --------------------------------------------------------------------------------------


PAGES = ["README.md", "docs/glossary.md", "notebooks/03_features.ipynb"]


@pytest.fixture
def linked(tmp_path, monkeypatch):
    """`linked(text, name, address)`: the text with its links changed; copies go to tmp_path."""

    def change(text: str, name: str, address: str = "") -> str:
        monkeypatch.setattr(book, "repository", lambda: address)
        monkeypatch.setattr(book, "tag", lambda: "v7")
        return book.with_links(text, name, PAGES, tmp_path)

    return change


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("README.md", "[g](docs/glossary.md)", "[g](docs/glossary.md)"),
        ("docs/glossary.md", "[r](../README.md#the-path)", "[r](../index.md#the-path)"),
        ("docs/running.md", "[a](https://a.org/b.md)", "[a](https://a.org/b.md)"),
        ("docs/running.md", "[here](#settings)", "[here](#settings)"),
        ("docs/running.md", "![a house](house.png)", "![a house](house.png)"),
        ("docs/running.md", "`[g](../LICENSE)`", "`[g](../LICENSE)`"),
        ("docs/running.md", "```\n[g](../LICENSE)\n```", "```\n[g](../LICENSE)\n```"),
    ],
)
def test_links_within_the_book_stay(linked, name, text, wanted):
    assert linked(text, name, "https://github.com/a/b") == wanted


def test_a_section_of_a_notebook_is_found_by_its_anchor_in_jupyterlab(linked):
    text = "[w](../notebooks/03_features.ipynb#4.-Why-should-the-states-know-anything%3F)"
    there = "../notebooks/03_features.ipynb#4-why-should-the-states-know-anything"
    assert linked(text, "docs/glossary.md") == f"[w]({there})"


def test_a_file_outside_the_book_is_linked_in_the_repository(linked):
    said = linked("[l](../LICENSE) and [d](../data)", "docs/running.md", "https://github.com/a/b")
    place = "https://github.com/a/b/blob/v7"
    assert said == f"[l]({place}/LICENSE) and [d]({place}/data)"


def test_without_a_repository_a_file_is_copied_and_a_folder_is_words(linked, tmp_path):
    said = linked("[l](../LICENSE) and [d](../data)", "docs/running.md")
    assert said == "[l](../LICENSE) and d"
    assert (tmp_path / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


# ---- notebooks ----------------------------------------------------------------------------------


def shown(text: str):
    return v4.new_output("stream", name="stdout", text=text)


@pytest.fixture
def page(monkeypatch):
    """A notebook with one cell of each kind, changed for the book in a public repository."""
    monkeypatch.setattr(book, "repository", lambda: "https://github.com/a/b")
    monkeypatch.setattr(book, "tag", lambda: "v7")
    path = choose(["03"])[0]
    opening = "".join(json.loads(path.read_text("utf-8"))["cells"][0]["source"])
    specified = {
        "application/vnd.vegalite.v5+json": {},
        "text/markdown": "<img>",
        "text/plain": "a",
    }
    cells = [
        v4.new_markdown_cell(opening),
        v4.new_code_cell("PROFILE = 1"),
        v4.new_code_cell("start()", outputs=[shown("seed 42")]),
        v4.new_markdown_cell("**Guess.** How many?"),
        v4.new_code_cell(
            "4",
            metadata={"jupyter": {"outputs_hidden": True}, "tags": ["a"]},
            outputs=[v4.new_output("display_data"), shown("4")],
        ),
        v4.new_code_cell("plot_map()", outputs=[v4.new_output("display_data", specified)]),
        v4.new_code_cell(
            'q = exercise("03.1")\nq.check(...)',
            outputs=[shown("seen"), shown("Exercise 03.1: not attempted. Write the body.")],
        ),
    ]
    notebook = v4.new_notebook(cells=cells)
    book.change(notebook, f"notebooks/{path.name}")
    return notebook.cells


def test_the_set_up_is_one_folded_cell(page):
    assert page[1].source == "PROFILE = 1\n\nstart()"
    assert page[1].metadata["tags"] == ["hide-cell"]
    assert not any(cell.source == "PROFILE = 1" for cell in page)


def test_the_answer_to_a_guess_is_folded(page):
    assert page[3].metadata["tags"] == ["a", "hide-output"]
    assert [output.text for output in page[3].outputs] == ["4"]


def test_the_opening_speaks_of_this_page_and_leads_to_colab(page):
    assert "answer it before you open the answer below it." in page[0].source
    assert "run the next cell" not in page[0].source and "clear the outputs" not in page[0].source
    address = "https://colab.research.google.com/github/a/b/blob/v7/notebooks/03_features.ipynb"
    assert page[0].source.endswith(f"\n\n[Open this notebook in Colab]({address})")


@pytest.mark.parametrize("address", ["", "https://example.org/a/b"])
def test_colab_is_named_for_a_repository_that_it_can_open_only(monkeypatch, address):
    monkeypatch.setattr(book, "repository", lambda: address)
    assert book.colab_link("notebooks/03_features.ipynb") == ""


def test_a_map_to_hover_is_a_still_picture(page):
    assert set(page[4].outputs[0].data) == {"text/markdown", "text/plain"}


def test_an_exercise_has_its_hints_and_a_solution_folded_below_it(page):
    assert [output.text for output in page[5].outputs] == ["seen"]
    text = page[6].source
    q = exercise("03.1")
    assert re.findall("<summary>(.+?)</summary>", text) == [
        "Hint: a question",
        "Hint: a step",
        "One solution",
    ]
    assert text.count("<details>") == text.count("</details>") == 3
    assert q.hints[0] in text and f"```python\n{q.solution_text}\n```" in text


def test_the_words_of_a_hint_stay_as_they_are():
    assert book.as_markdown("a_b * c_d < `x_y * 2` [1]") == r"a\_b \* c\_d \< `x_y * 2` \[1\]"


# ---- the whole ----------------------------------------------------------------------------------


def test_every_notebook_guide_and_card_is_in_the_contents():
    contents = [name for names in book.table_of_contents().values() for name in names]
    there = [*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("docs/*.md"), *ROOT.glob("data/**/*.md")]
    assert {path.relative_to(ROOT).as_posix() for path in there} < set(contents)
    assert contents[:14] == [f"notebooks/{path.name}" for path in choose(None)]


@pytest.mark.parametrize("output", [".", "mine.txt"])
def test_what_is_no_book_is_left_alone(tmp_path, monkeypatch, refused, output):
    monkeypatch.setattr(book, "install", lambda: pytest.fail("it went on"))
    (tmp_path / "mine.txt").write_text("a")
    with refused(RuntimeError, str(tmp_path), "name a new folder"):
        book.book(tmp_path / output)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["a"]


def test_an_older_book_is_replaced_whole(tmp_path, monkeypatch):
    def build(sources: Path, trees: Path, site: Path) -> None:
        site.mkdir()
        (site / "searchindex.js").touch()
        (site / f"{made.pop()}.html").touch()

    made = ["new", "old"]
    monkeypatch.setattr(book, "install", lambda: None)
    monkeypatch.setattr(book, "write_sources", lambda folder: folder.mkdir(parents=True))
    monkeypatch.setattr(book, "build", build)
    for page in ("old.html", "new.html"):
        book.book(tmp_path / "book")
        assert [path.name for path in tmp_path.iterdir()] == ["book"]
        there = {path.name for path in (tmp_path / "book").iterdir()}
        assert there == {"searchindex.js", page}


def test_what_the_book_lacks_is_installed_once_beside_the_course(monkeypatch):
    import course

    asked, there = [], {}
    monkeypatch.setattr(book, "installed_version", there.get)
    monkeypatch.setattr(course, "pip_install", lambda *command: asked.append(command))
    book.install()
    assert str(book.PINS) in asked[0] and str(course.REQUIREMENTS) in asked[0]
    there.update(re.findall(r"^([\w-]+)==(\S+)", book.PINS.read_text("utf-8"), re.M))
    book.install()
    assert len(asked) == 1
