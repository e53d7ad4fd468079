"""The teaching guide: what it names exists, its minutes add up, nothing left out is missed."""

import builtins
import dis
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import pytest

from tools.kit import RUNS

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs/teaching.md").read_text("utf-8")
NOTEBOOKS = {
    path.stem[:2]: path for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
}
HEADINGS = re.findall(r"^#+ (.+)$", GUIDE, re.M)
TIME = r"(\d+):(\d\d)–(\d+):(\d\d)"
PAGES = {page[4:6]: page for page in re.split(r"^(?=### \d\d · )", GUIDE, flags=re.M)[1:]}
KNOWN = {*dir(builtins), "display", "get_ipython", "__name__"}


def cells(number: str) -> list[tuple[str, str]]:
    """(type, source) of each cell of a notebook."""
    read = json.loads(NOTEBOOKS[number].read_text("utf-8"))["cells"]
    return [(cell["cell_type"], "".join(cell["source"])) for cell in read]


def printed(number: str) -> str:
    """What the cells of a notebook print."""
    read = json.loads(NOTEBOOKS[number].read_text("utf-8"))["cells"]
    outputs = [output for cell in read for output in cell.get("outputs", [])]
    return "\n".join("".join(output.get("text", "")) for output in outputs)


def sections(number: str) -> dict[int, str]:
    """The numbered sections of a notebook."""
    texts = "\n".join(source for kind, source in cells(number) if kind == "markdown")
    found = re.findall(r"^## ((\d+)\. .+)$", texts, re.M)
    return {int(place): title for title, place in found}


def rows(text: str) -> list[list[str]]:
    """The cells of each row of the tables in a text, without headers and lines."""
    table = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [
        [cell.strip() for cell in row] for row in table if not re.fullmatch("[-|]+", "".join(row))
    ]


def numbers(text: str) -> list[int]:
    """`1–3, 5` as [1, 2, 3, 5]."""
    found = []
    for part in text.split(", "):
        first, _, last = part.partition("–")
        found += range(int(first), int(last or first) + 1)
    return found


def code_within(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from code_within(constant)


def missed(number: str, chosen: set[int]) -> set[str]:
    """The names that the chosen sections of a notebook need, and that only the others define."""
    defined, lacking, section = set(KNOWN), set(), 0
    for kind, source in cells(number):
        if kind == "markdown":
            for title in re.findall(r"^## (.+)", source, re.M):
                place = re.match(r"(\d+)\. ", title)
                section = int(place[1]) if place else None
            continue
        if section is None or (section and section not in chosen):
            continue
        plain = re.sub(r"^(\s*)%.*", r"\1pass", source, flags=re.M)
        code = compile(plain, "cell", "exec")
        for step in dis.get_instructions(code):
            if step.opname == "STORE_NAME":
                defined.add(step.argval)
            elif step.opname == "LOAD_NAME" and step.argval not in defined:
                lacking.add(step.argval)
        for inner in code_within(code):
            steps = [s for s in dis.get_instructions(inner) if s.opname == "LOAD_GLOBAL"]
            lacking |= {step.argval for step in steps} - defined
    return lacking


def plans() -> dict[str, list[list[str]]]:
    """The tables of the plans, by their headings."""
    found = {}
    for part in re.split(r"^#+ ", GUIDE, flags=re.M)[1:]:
        timed = [row for row in rows(part) if re.match(TIME, row[0])]
        if timed:
            found[part.splitlines()[0]] = timed
    return found


PLANS = plans()


def test_every_notebook_has_its_page_and_every_plan_its_table():
    assert list(PAGES) == list(NOTEBOOKS)
    assert len(PLANS) == 1 + 1 + 2 + 6


@pytest.mark.parametrize("number", NOTEBOOKS)
def test_a_page_names_the_sections_of_its_notebook(number):
    page, told = PAGES[number], sections(number)
    assert page.startswith(f"##{cells(number)[0][1].splitlines()[0]}\n")
    assert [row[0] for row in rows(page) if re.match(r"\d+\. ", row[0])] == list(told.values())
    for part in ("**Aim.**", "**To remember.**", "**Goes wrong**", "**Questions to ask**"):
        assert part in page
    assert len(re.findall(r"^\d\. \*.+", page, re.M)) == 3
    asked = page.split("**Questions to ask**")[1].split("**If time")[0]
    assert asked.count("Good:") == asked.count("Bad:") == 3


@pytest.mark.parametrize("number", NOTEBOOKS)
def test_the_minutes_of_a_page_are_those_of_its_notebook(number):
    opening = cells(number)[0][1]
    table = rows(PAGES[number])[1:]
    *parts, (_, total, *_) = table
    announced = re.search(r"\*\*Your time\*\*: about (\d+) minutes", opening)[1]
    assert total == f"**{announced}**"
    assert sum(int(row[1]) for row in parts) == int(announced)
    last = re.findall(r"### Exercise (\S+)", "\n".join(source for _, source in cells(number)))[-1]
    assert (
        f"exercises {number}.1 to {last} |" in PAGES[number]
        or f"exercise {last} |" in PAGES[number]
    )
    machine = re.search(r"^Machine time: (.+)$", PAGES[number], re.M)
    assert not machine or f"**Machine time**: {machine[1]}" in opening


@pytest.mark.parametrize("number", NOTEBOOKS)
def test_what_a_page_leaves_out_is_not_missed(number):
    (out,) = re.findall(r"Can be left out: ([\d, ]+)\.", " ".join(PAGES[number].split()))
    every, gone = set(sections(number)), []
    assert not missed(number, every)
    for section in numbers(out):
        gone.append(section)
        assert not missed(number, every - {section}), f"section {section} is needed"
        assert not missed(number, every - set(gone)), f"sections {gone} are needed"


@pytest.mark.parametrize("number", NOTEBOOKS)
def test_scores_are_those_of_the_notebook(number):
    whole = "\n".join(source for _, source in cells(number)) + printed(number)
    told = PAGES[number].split("**To remember.**")[1]
    for score in re.findall(r"(?<![\d.:])\d\.\d\d+", told):
        assert score in whole, f"{score} is not in notebook {number}"
    for share in re.findall(r"\d+(?= ?%)", told):
        assert re.search(rf"\b{share} ?%", whole), f"{share} % is not in notebook {number}"


@pytest.mark.parametrize("plan", PLANS)
def test_the_clock_of_a_plan_runs_without_a_gap(plan):
    now = 0
    for row in PLANS[plan]:
        hours, minutes, end_hours, end_minutes = map(int, re.fullmatch(TIME, row[0]).groups())
        assert 60 * hours + minutes == now, row
        assert minutes < 60 and end_minutes < 60
        now, before = 60 * end_hours + end_minutes, now
        assert now > before, row
    announced = {"90 minutes": 90, "Half a day": 240, "First day": 420, "Second day": 420}
    assert now == announced.get(plan.split(":")[0], 120)


@pytest.mark.parametrize("plan", PLANS)
def test_a_plan_runs_with_the_sections_that_it_names(plan):
    """In the order of the plan: what a row needs was run before, in this plan or row."""
    chosen = {}
    for row in PLANS[plan]:
        for number, listed in re.findall(r"(\d\d): ([\d–, ]+)", row[1]):
            asked = set(numbers(listed.strip(", ")))
            assert asked <= set(sections(number)), row
            chosen[number] = chosen.get(number, set()) | asked
            assert not missed(number, chosen[number]), row
        assert row[1] == "–" or re.fullmatch(r"\d\d: [\d–, ]+", row[1]), row


def test_what_the_guide_points_to_exists():
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in HEADINGS}
    for target in re.findall(r"\]\(([^)\s]+)\)", GUIDE):
        path, _, anchor = target.partition("#")
        assert not path or (ROOT / "docs" / path).is_file(), target
        assert path or anchor in anchors, target
    exercises = {
        name
        for number in NOTEBOOKS
        for _, source in cells(number)
        for name in re.findall(r"### Exercise (\S+)", source)
    }
    assert set(re.findall(r"\b(\d\d\.\d)\b", GUIDE)) <= exercises


def test_the_commands_of_the_guide_are_documented():
    places = ("README.md", "CONTRIBUTING.md", "docs/running.md")
    documented = "\n".join((ROOT / place).read_text("utf-8") for place in places)
    commands = re.findall(r"`python3 (course\.py(?: [a-z]+)?)", GUIDE)
    assert {"course.py", "course.py kit", "course.py colab"} <= set(commands)
    for command in set(commands):
        assert f"python3 {command}" in documented, command


def test_the_runs_of_the_kit_are_named_where_they_are_loaded():
    for run, where in RUNS.items():
        for number in re.findall(r"(\d\d) section", where):
            assert f"`{run}`" in PAGES[number].split("**If time runs out.**")[1], (run, number)
