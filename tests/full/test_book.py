"""The reading edition, built and crawled: `python3 course.py book`."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from helpers.exercises import exercise
from tools import book, choose
from tools.execute import read_notebook
from tools.refresh import pictures
from tools.work import EXERCISE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),  # of Sphinx's extensions
]

PICTURE = re.compile(r"\.(png|svg|jpe?g|gif)\b", re.IGNORECASE)
FETCHED = re.compile(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""")


class Page(HTMLParser):
    """What a page links to, what it fetches, its anchors, its pictures' alt texts, its words."""

    def __init__(self, path: Path):
        super().__init__()
        self.links, self.fetched, self.anchors, self.alts = [], [], set(), []
        self.summaries, self.open, self.words = [], 0, []  # open: <details> that should be folded
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        has = dict(attributes)
        self.anchors |= {has.get("id"), has.get("name")}
        if tag == "a" and has.get("href"):
            self.links.append(has["href"])
        if tag == "link" and has["rel"] not in ("index", "search", "next", "prev", "author"):
            self.fetched.append(has["href"])
        if tag in ("img", "script", "iframe", "source", "video", "audio", "embed") and "src" in has:
            self.fetched.append(has["src"])
        if tag == "img":
            self.alts.append(has.get("alt") or "")
        self.open += tag == "details" and "open" in has
        self.summaries += [""] if tag == "summary" else []

    def handle_data(self, data):
        if self.get_starttag_text() and self.get_starttag_text().startswith("<script"):
            return
        self.words.append(data)
        if self.summaries and not self.summaries[-1]:
            self.summaries[-1] = data.strip()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of a built site."""
    folder = tmp_path_factory.mktemp("book") / "site"
    book.book(folder)
    return folder


@pytest.fixture(scope="module")
def pages(site):
    return {path: Page(path) for path in site.rglob("*.html") if "_static" not in path.parts}


def test_every_file_has_its_page(site, pages):
    for names in book.table_of_contents().values():
        for name in names:
            assert site / Path(name).with_suffix(".html") in pages
    assert site / "index.html" in pages and site / "search.html" in pages


def test_every_link_and_picture_leads_somewhere(site, pages):
    seen = 0
    for path, page in pages.items():
        for target in [*page.links, *page.fetched]:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            file = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert file.is_relative_to(site.resolve()) and file.is_file(), f"{path}: {target}"
            if file in pages and parts.fragment:
                assert unquote(parts.fragment) in pages[file].anchors, f"{path}: {target}"
            seen += 1
    assert seen > 1000


def test_nothing_is_fetched_from_another_host(site, pages):
    for path, page in pages.items():
        for target in page.fetched:
            assert urlsplit(target).scheme in ("", "data") and not urlsplit(target).netloc, path
    for style in site.rglob("*.css"):
        for found in FETCHED.findall(style.read_text("utf-8")):
            assert not re.match(r"(\w+:)?//", "".join(found)), style


def test_every_picture_has_a_text_that_is_no_path(pages):
    alts = [(alt, path) for path, page in pages.items() for alt in page.alts]
    assert len(alts) > 40
    for alt, path in alts:
        assert len(alt) > 20 and not PICTURE.search(alt), f"{path}: {alt!r}"


def test_pictures_keep_their_words(pages, site):
    (house,) = pages[site / "docs/house.html"].alts
    assert house.startswith("The house: course.py")
    first, second = pages[site / "index.html"].alts
    assert first.startswith("Share of the planted") and second.startswith("Map of the course")
    for path in choose(None):  # maps to hover, too
        alts = [alt for alt, _ in pictures(read_notebook(path))]
        assert pages[site / f"notebooks/{path.stem}.html"].alts == alts


@pytest.mark.parametrize("path", choose(None), ids=lambda path: path.stem)
def test_what_a_reader_should_think_of_first_is_folded(path, pages, site):
    page, cells = pages[site / f"notebooks/{path.stem}.html"], read_notebook(path).cells
    guesses = sum(cell.source.startswith("**Guess.**") for cell in cells)
    numbers = [
        n for cell in cells if cell.cell_type == "code" for n in EXERCISE.findall(cell.source)
    ]
    assert guesses and numbers and page.open == 0
    words = re.sub(r"\s+", "", "".join(page.words))
    assert page.summaries.count("Set-up") == 1
    assert page.summaries.count("Answer") == guesses + 3  # and those of the quiz
    for title in ("Hint: a question", "Hint: a step", "One solution"):
        assert page.summaries.count(title) == len(numbers)
    for number in numbers:
        q = exercise(number)
        for text in (q.hints[0].replace("`", ""), q.solution_text):
            assert re.sub(r"\s+", "", text) in words, number
    assert "notattempted.Replace" not in words and "notattempted.Write" not in words
    assert "cleartheoutputs" not in words


def test_a_fault_is_told_and_the_older_site_stays(site, monkeypatch):
    def write(folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "index.md").write_text("# A book\n\n[there](nowhere.md)\n")

    before = sorted(site.rglob("*"))
    monkeypatch.setattr(book, "write_sources", write)
    with pytest.raises(RuntimeError) as fault:
        book.book(site)
    assert "index.md:3: " in str(fault.value) and "nowhere.md" in str(fault.value)
    assert sorted(site.rglob("*")) == before and not site.with_name("site.part").exists()
