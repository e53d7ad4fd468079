"""The committed notebooks: their form, their words against their outputs, and their exercises."""

import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from nbclient import NotebookClient

from helpers import extract_features, load_corpus
from tools.cells import PROFILE_CELL, set_up_cell
from tools.refresh import FOLDED, README_PICTURE, pictures
from tools.solutions import STUB, put_solutions

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
RESULT = re.compile(r"(?<![\w.,])(\d+\.\d+|\d+(?=\s?%))(?![\d.]*\.\d|\w)\s?%?(?:<!-- (\w+) -->)?")
NOT_PROSE = re.compile(r"```.*?```|`[^`]*`|\$[^$]*\$|\]\([^)]*\)|Exercise \d\d\.\d", re.DOTALL)
MACHINE_PATH = re.compile(r"/(home|root|Users|tmp|mnt|content)/|/site-packages|[A-Z]:\\\\")


def read(path: Path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def output_text(cell) -> str:
    parts = []
    for output in cell.get("outputs", []):
        parts.append(output.get("text", ""))
        data = output.get("data", {})
        parts += [data.get("text/plain", ""), re.sub("<[^>]*>", " ", data.get("text/html", ""))]
    return "\n".join(parts)


def recorded(notebook) -> dict[str, float]:
    return notebook.metadata.get("course", {}).get("scores", {})


def test_there_are_notebooks():
    assert [path.stem[:2] for path in NOTEBOOKS[:4]] == ["00", "01", "02", "03"]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


def test_form(path):
    notebook = read(path)
    nbformat.validate(notebook)
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    opening, number = texts[0], path.stem[:2]
    assert opening.startswith(f"# {number} · ")
    for part in ("**You will be able to**", "**Your time**", "**Machine time**", "**Guess**"):
        assert part in opening, f"the opening lacks {part}"
    profile, set_up = code_cells(notebook)[:2]
    assert profile.source == PROFILE_CELL, "run course.py refresh"
    assert set_up.source == set_up_cell(), "run course.py refresh"
    assert set_up.metadata == FOLDED
    headings = [text.splitlines()[0] for text in texts if text.startswith("## ")]
    closing = ["## What you saw", "## Quiz", "## Exercises", "## Where next", "## References"]
    assert [heading for heading in headings if heading in closing] == closing
    seen = next(text for text in texts if text.startswith("## What you saw"))
    assert len(re.findall(r"^[-*] ", seen, re.MULTILINE)) == 3
    assert texts[-1].startswith("## References")
    assert 3 <= len(re.findall(r"^[-*] ", texts[-1], re.MULTILINE)) <= 5
    for cell in code_cells(notebook):
        assert not re.search(r"\b(import|from) helpers\b(?! import)|from helpers\.", cell.source)
        assert "pip install" not in cell.source or cell is code_cells(notebook)[1]


def test_the_readme_tells_the_same_time(path):
    minutes = re.search(r"\*\*Your time\*\*: about (\d+) minutes", read(path).cells[0].source)[1]
    row_of = (row for row in README.splitlines() if f"(notebooks/{path.name}) |" in row)
    line = next(row_of)
    assert line.endswith(f"| {minutes} min |")


def test_the_numbers_in_the_readme_are_those_of_the_notebooks():
    told = re.findall(r"(\d\.\d+)<!-- (\d\d) (\w+) -->", README)
    assert len(told) > 5
    for number, notebook, name in told:
        (path,) = [path for path in NOTEBOOKS if path.stem.startswith(notebook)]
        assert agrees(number, name, "", recorded(read(path))), f"{number} of {notebook}"


def test_quiz_has_three_questions_and_a_reason_for_every_choice(path):
    (quiz,) = [cell.source for cell in read(path).cells if cell.source.startswith("## Quiz")]
    questions = re.split(r"^\*\*\d\.\*\* ", quiz, flags=re.MULTILINE)[1:]
    assert len(questions) == 3
    for question in questions:
        asked, answer = question.split("<details><summary>Answer</summary>\n\n")
        choices = re.findall(r"^- ([a-d])\) .+", asked, re.MULTILINE)
        (right,) = re.findall(r"^\*\*([a-d])\.\*\* .+\(sections? \d.*\)", answer, re.MULTILINE)
        wrong = re.findall(r"^- ([a-d]): .+", answer, re.MULTILINE)
        assert len(choices) >= 3 and sorted([right, *wrong]) == choices
        assert re.search(r"\n\n</details>(<br>)?\s*$", answer)  # some room before the next one


def test_size(path):
    notebook = read(path)
    assert path.stat().st_size <= 1_000_000
    teaching = [cell for cell in code_cells(notebook) if not STUB.search(cell.source)]
    assert len(teaching) <= 41, "more than 40 and the set-up"
    for cell in teaching[2:]:
        assert len(cell.source.splitlines()) <= 30, cell.source


def test_executed_in_order_and_clean(path):
    notebook = read(path)
    cells = [cell for cell in code_cells(notebook) if cell.source.strip()]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert "widgets" not in notebook.metadata
    assert "pocket profile" in output_text(cells[1])
    assert all(len(alt) > 20 for alt, _ in pictures(notebook)), "a picture has no alt text"
    for cell in cells:
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr"
            for kind, data in output.get("data", {}).items():
                assert "widget" not in kind
                assert not kind.startswith("image/"), "a picture without its alt text"
                assert not MACHINE_PATH.search(re.sub(r"base64,[^\"]*", "", str(data)))
                assert "<style" not in str(data), "it is gone where a notebook is not trusted"
            assert not MACHINE_PATH.search(output.get("text", ""))


def test_the_readme_shows_a_picture_that_a_notebook_made():
    source, alt, file = README_PICTURE
    path = next(path for path in NOTEBOOKS if path.stem == source)
    shown = [png for text, png in pictures(read(path)) if text.startswith(alt)]
    assert shown == [file.read_bytes()]
    assert f'src="docs/{file.name}"' in (ROOT / "README.md").read_text("utf-8")


def test_guesses_stand_before_the_cell_that_answers(path):
    cells = read(path).cells
    for cell, following in zip(cells, cells[1:], strict=False):
        if cell.cell_type == "markdown" and "**Guess.**" in cell.source:
            assert cell.source.startswith("**Guess.**"), "a guess stands in a cell of its own"
            assert following.cell_type == "code"
            assert following.metadata["jupyter"]["outputs_hidden"]


def claims(notebook):
    """Each result in the prose: as it is written, its score's name, and the output above it."""
    above = ""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            above = output_text(cell) or above
            continue
        if cell.source.startswith("## References"):
            continue
        prose = NOT_PROSE.sub(" ", cell.source)
        for found in RESULT.finditer(prose):
            yield found.group(0).split("<")[0], found.group(2), above


def agrees(said: str, name: str | None, above: str, scores: dict[str, float]) -> bool:
    """Whether a score, or a number of the output above, is the one said once it is rounded."""
    numbers = re.findall(r"(?<![\w.])[-−]?\d[\d,]*\.?\d*\s?%?", above)
    known = [scores.get(name, np.nan)] if name else [as_value(number) for number in numbers]
    digits = len(said.strip(" %").partition(".")[2]) + 2 * ("%" in said)
    half = 0.5 * 10**-digits + 1e-9
    return any(abs(abs(value) - as_value(said)) <= half for value in known)


def as_value(number: str) -> float:
    plain = number.replace("−", "-").replace(",", "").strip(" %\n")
    return float(plain) / (100 if "%" in number else 1)


def test_numbers_in_prose_agree_with_the_outputs(path):
    notebook = read(path)
    scores = recorded(notebook)
    assert not [
        f"{said} ({name})" if name else said
        for said, name, above in claims(notebook)
        if not agrees(said, name, above, scores)
    ]


def test_a_wrong_number_in_prose_is_found():
    assert not agrees("0.70", "accuracy", "", {"accuracy": 0.6944})
    assert agrees("0.69", "accuracy", "", {"accuracy": 0.6944})
    assert not agrees("0.69", "f1", "", {"accuracy": 0.6944})
    assert not agrees("37 %", None, "joy 0.29, anger 14 %, gap -0.3262", {})
    assert agrees("14%", None, "joy 0.29, anger 14 %", {})
    assert agrees("0.33", None, "gap -0.3262", {})


def test_the_notebook_extracts_what_the_helper_extracts(checkpoint, lifted):
    tokenizer, model = checkpoint
    names = {"tokenizer": tokenizer, "model": model, "torch": torch, "np": np}
    notebook = lifted("03", "extract_hidden_states", **names)
    texts = load_corpus("emotion")["test"]["text"][:40]
    by_hand = notebook.extract_hidden_states({"text": texts})["hidden_state"]
    assert np.abs(np.asarray(by_hand) - extract_features(texts, tokenizer, model)).max() < 0.05


def solved(notebook):
    """The notebook with the solutions in place of the stubs, and every cell run twice."""
    put_solutions(notebook)
    cells = []
    for cell in code_cells(notebook):
        cells += [cell, nbformat.v4.new_code_cell(cell.source)]
    return nbformat.v4.new_notebook(cells=cells)


def test_exercise_cells_have_their_form(path):
    notebook = read(path)
    cells = [cell.source for cell in code_cells(notebook) if "exercise(" in cell.source]
    numbers = [STUB.search(source).group(1) for source in cells]
    assert numbers == [f"{path.stem[:2]}.{k}" for k in range(1, len(numbers) + 1)] and numbers
    untouched = [output_text(cell) for cell in code_cells(notebook) if "exercise(" in cell.source]
    assert all("not attempted" in text for text in untouched)


@pytest.mark.slow
def test_solutions_pass_and_cells_run_twice(path, home, monkeypatch):
    monkeypatch.setenv("COURSE_QUICK", "1")
    monkeypatch.setenv("COURSE_HOME", str(home))
    notebook = solved(read(path))
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "", "language": "python"}
    where = {"metadata": {"path": str(ROOT / "notebooks")}}
    NotebookClient(notebook, timeout=900, resources=where).execute()
    solutions = [cell for cell in notebook.cells if STUB.search(cell.source)]
    assert solutions and all(": right." in output_text(cell) for cell in solutions)
