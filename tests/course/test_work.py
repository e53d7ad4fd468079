"""A learner's own copies of the notebooks, in work/."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tools
from tools import choose, work

ROOT = Path(__file__).resolve().parents[2]


def write(path: Path, *cells: str | tuple[str, str], **metadata) -> Path:
    """A notebook of code cells: a source, or a source and what it printed."""
    made = []
    for cell in cells:
        source, printed = cell if isinstance(cell, tuple) else (cell, "")
        streams = [{"output_type": "stream", "name": "stdout", "text": printed.splitlines(True)}]
        made.append(
            {
                "cell_type": "code",
                "id": f"cell-{len(made)}",
                "metadata": {},
                "execution_count": None,
                "source": source.splitlines(True),
                "outputs": streams if printed else [],
            }
        )
    whole = {"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(whole), "utf-8")
    return path


@pytest.fixture
def ours(tmp_path, monkeypatch):
    """The committed notebooks of a small course: 01_data and 03_features, not copied yet."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name in ("01_data", "03_features"):
        write(folder / f"{name}.ipynb", "x = 1", "q = ...")
    monkeypatch.setattr(tools, "ROOT", tmp_path)
    monkeypatch.setattr(work, "WORK", tmp_path / "work")
    return folder


@pytest.fixture
def yours(ours):
    """The folder of a learner's copies, just made."""
    work.bring()
    return work.WORK


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def same(one: Path, other: Path) -> bool:
    return one.read_bytes() == other.read_bytes()


BOTH = ["01_data.ipynb", "03_features.ipynb"]
NEW = ("x = 2", "q = ...")  # the cells of a newer version


# ---- copies -------------------------------------------------------------------------------------


def test_missing_copies_are_made(ours, yours, capsys):
    assert names(yours) == BOTH
    assert all(same(ours / name, yours / name) for name in BOTH)
    (yours / BOTH[0]).unlink()
    work.bring()
    assert same(ours / BOTH[0], yours / BOTH[0])
    assert capsys.readouterr().out == ""


def test_a_copy_is_not_written_again_for_nothing(yours):
    before = (yours / BOTH[0]).stat().st_mtime_ns
    work.bring()
    assert (yours / BOTH[0]).stat().st_mtime_ns == before


@pytest.mark.parametrize("new", [NEW, ("x = 1", ("q = ...", "a new output"))])
def test_an_untouched_copy_is_brought_up_to_date_in_silence(ours, yours, capsys, new):
    write(ours / BOTH[1], *new)
    work.bring()
    assert same(ours / BOTH[1], yours / BOTH[1])
    assert names(yours) == BOTH
    assert capsys.readouterr().out == ""


def test_a_copy_that_was_only_run_is_brought_up_to_date_and_kept(ours, yours, capsys):
    ran = ("x = 1", ("q = ...", "42\n"), "")  # JupyterLab adds an empty cell after the last one
    write(yours / BOTH[1], *ran, language_info={"version": "3.12"})
    before = (yours / BOTH[1]).read_bytes()
    work.bring()
    assert (yours / BOTH[1]).read_bytes() == before
    write(ours / BOTH[1], "x = 1", ("q = ...", "a new output"))
    work.bring()
    assert (yours / BOTH[1]).read_bytes() == before
    write(ours / BOTH[1], *NEW)
    work.bring()
    assert same(ours / BOTH[1], yours / BOTH[1])
    assert (yours / "03_features.old.ipynb").read_bytes() == before
    assert "what you ran is kept as 03_features.old.ipynb" in capsys.readouterr().out


def test_a_changed_copy_stays_and_a_newer_version_is_said(ours, yours, capsys):
    write(yours / BOTH[1], "x = 1", "q = 'my answer'")
    before = (yours / BOTH[1]).read_bytes()
    work.bring()
    assert capsys.readouterr().out == ""
    for name in BOTH:
        write(ours / name, *NEW)
    for _ in range(2):
        work.bring()
        said = capsys.readouterr().out
        assert said.count("\n") == 1 and "newer version of 03_features," in said
        assert "`python3 course.py fresh 03`" in said
        assert names(yours) == BOTH
        assert (yours / BOTH[1]).read_bytes() == before
        assert same(ours / BOTH[0], yours / BOTH[0])


def test_a_copy_that_has_become_the_newer_version_is_no_change(ours, yours, capsys):
    write(ours / BOTH[1], *NEW)
    shutil.copy(ours / BOTH[1], yours)
    work.bring()
    write(ours / BOTH[1], "x = 3")
    work.bring()
    assert same(ours / BOTH[1], yours / BOTH[1])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("what", ["gone", "{", '{"03_features.ipynb": 1}', "\xff"])
def test_nothing_is_lost_without_the_list_of_what_was_copied(ours, yours, what):
    write(yours / BOTH[1], "x = 1", "q = 'my answer'")
    before = (yours / BOTH[1]).read_bytes()
    listed = yours / work.COPIED
    listed.unlink() if what == "gone" else listed.write_bytes(what.encode("latin-1"))
    for new in (NEW, ("x = 3",)):
        write(ours / BOTH[1], *new)
        work.bring()
        assert (yours / BOTH[1]).read_bytes() == before
    work.fresh(["03"])
    assert (yours / "03_features.old.ipynb").read_bytes() == before


def test_interrupted_copying_is_taken_up_again(ours, yours, monkeypatch, capsys):
    for name in BOTH:
        write(ours / name, *NEW)
    put = work.put

    def stop(path):
        if path.name == BOTH[1]:
            raise KeyboardInterrupt
        put(path)

    with monkeypatch.context() as patch:
        patch.setattr(work, "put", stop)
        with pytest.raises(KeyboardInterrupt):
            work.bring()
    work.bring()
    assert names(yours) == BOTH
    assert all(same(ours / name, yours / name) for name in BOTH)
    assert capsys.readouterr().out == ""


DAMAGED = ["", "<<<<<<< HEAD", "[]", '{"cells": 1}', '{"cells": [{"cell_type": "code"}]}']


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_notebook_of_the_course_is_named_and_not_copied(ours, yours, content, refused):
    before = (yours / BOTH[1]).read_bytes()
    (ours / BOTH[1]).write_text(content)
    cure = "notebooks/03_features.ipynb is damaged", "`git checkout notebooks/03_features.ipynb`"
    with refused(RuntimeError, *cure):
        work.bring()
    with refused(RuntimeError, *cure):
        work.fresh(["03"])
    assert names(yours) == BOTH
    assert (yours / BOTH[1]).read_bytes() == before


def test_a_damaged_copy_stays(ours, yours):
    (yours / BOTH[1]).write_text("{")
    write(ours / BOTH[1], *NEW)
    work.bring()
    assert (yours / BOTH[1]).read_text() == "{"


# ---- fresh --------------------------------------------------------------------------------------


def test_fresh_restores_and_keeps_what_was_there(ours, yours, capsys):
    kept = {"03_features.old.ipynb": "first", "03_features.old2.ipynb": "second"}
    for answer in kept.values():
        write(yours / BOTH[1], f"q = '{answer}'")
        work.fresh(["3"])
        assert same(ours / BOTH[1], yours / BOTH[1])
    assert names(yours) == sorted([*BOTH, *kept])
    said = capsys.readouterr().out
    for name, answer in kept.items():
        assert answer in (yours / name).read_text()
        assert f"work/03_features.ipynb is fresh; what was there is kept as {name}.\n" in said


def test_fresh_takes_names_files_and_several(ours, yours, capsys):
    for name in BOTH:
        write(ours / name, *NEW)
        write(yours / name, "q = 'my answer'")
    work.fresh(["01_data", "work/03_features.ipynb"])
    assert all(same(ours / name, yours / name) for name in BOTH)
    capsys.readouterr()
    work.fresh(["1", "3"])
    assert "kept" not in capsys.readouterr().out
    write(ours / BOTH[0], "x = 3")
    work.bring()
    assert same(ours / BOTH[0], yours / BOTH[0])


def test_fresh_makes_the_folder(ours):
    work.fresh(["01"])
    assert names(work.WORK) == BOTH[:1]


@pytest.mark.parametrize("wanted, why", [(["77"], "no notebook 77"), ([], "Name the notebooks")])
def test_fresh_says_what_it_does_not_know(ours, wanted, why):
    with pytest.raises(SystemExit, match=why):
        work.fresh(wanted)
    assert not work.WORK.exists()


# ---- progress -----------------------------------------------------------------------------------


def asked(number: str, outcome: str = "") -> tuple[str, str]:
    """The cell of an exercise, and what its check printed."""
    source = f'q = exercise("{number}")\n\nanswer = ...\n\nq.check(answer)'
    return source, f"Exercise {number}: {outcome}. And why.\n" if outcome else ""


def progress(capsys) -> tuple[dict[str, str], str]:
    """The line of each notebook, and what is said below."""
    capsys.readouterr()
    work.progress()
    lines, below = capsys.readouterr().out.split("\n\n")
    return {line.split()[0]: " ".join(line.split()[1:]) for line in lines.splitlines()}, below


def test_progress_tells_right_from_open(ours, yours, capsys):
    done = asked("03.1", "right"), asked("03.2", "not yet"), asked("03.3", "not attempted")
    write(yours / BOTH[1], "print('Exercise 03.2: right.')", *done, asked("03.4"))
    lines, below = progress(capsys)
    assert lines["03_features"] == "03.1 03.2 (not yet), 03.3, 03.4"
    assert lines["01_data"] == "- -"
    assert below.startswith("1 right, 1 not yet, 2 not attempted.\n")
    assert "saved" in below


def test_progress_takes_what_came_last_unless_it_was_right(yours, capsys):
    again = "q.check(answer)", "Exercise 03.1: not yet. Hm.\n"
    turned = "q.check(answer)", "warning\nExercise 03.2: right. Yes.\nExercise 09.9: right. No.\n"
    write(yours / BOTH[1], asked("03.1", "right"), again, asked("03.2", "not yet"), turned)
    lines, below = progress(capsys)
    assert lines["03_features"] == "03.1, 03.2 -"
    assert below.startswith("2 right, 0 not yet")


@pytest.mark.parametrize("content", DAMAGED)
def test_progress_names_a_damaged_copy_and_goes_on(yours, capsys, content):
    write(yours / BOTH[1], asked("03.1", "right"))
    (yours / BOTH[0]).write_text(content)
    lines, below = progress(capsys)
    assert lines["01_data"].startswith(
        "work/01_data.ipynb is damaged: `python3 course.py fresh 01`"
    )
    assert lines["03_features"] == "03.1 -"


def test_before_the_first_start_every_exercise_is_open(ours, capsys):
    write(ours / BOTH[1], asked("03.1", "not attempted"))
    assert progress(capsys)[0]["03_features"] == "- 03.1"


def as_stream(printed: str) -> dict:
    return {"output_type": "stream", "name": "stdout", "text": printed.splitlines(True)}


def as_display(printed: str) -> dict:
    """An output as Jupyter saves what is shown as HTML."""
    data = {"text/html": ["<div>✓</div>"], "text/plain": [printed.rstrip("\n")]}
    return {"output_type": "display_data", "data": data, "metadata": {}}


@pytest.mark.parametrize("saved", [as_stream, as_display])
def test_progress_knows_what_the_checks_print(yours, capsys, saved):
    from helpers.exercises import Exercise, NotYet

    def checker(answer):
        if answer == "wrong":
            raise NotYet("Hm.")
        return "Yes."

    cells = []
    for number, answer in (("03.1", "good"), ("03.2", "wrong"), ("03.3", ...)):
        capsys.readouterr()
        Exercise(number, checker, "", "").check(answer)
        cells.append((asked(number)[0], capsys.readouterr().out))
    path = write(yours / BOTH[1], *cells)
    notebook = json.loads(path.read_text("utf-8"))
    for cell, (_, printed) in zip(notebook["cells"], cells, strict=True):
        cell["outputs"] = [saved("Wait.\n"), saved(printed)]
    path.write_text(json.dumps(notebook), "utf-8")
    assert progress(capsys)[1].startswith("1 right, 1 not yet, 1 not attempted.")


@pytest.mark.parametrize("line", [["progress"], ["fresh", "77"]])
def test_progress_and_fresh_need_the_standard_library_only(line):
    command = [sys.executable, "-S", "course.py", *line]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if line == ["progress"]:
        assert done.returncode == 0, done.stderr
        assert all(f"\n{path.stem} " in done.stdout for path in choose(None))
    else:
        assert done.stderr.startswith("There is no notebook 77")


# ---- the course itself --------------------------------------------------------------------------


def test_the_exercises_of_every_notebook_are_seen(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(work, "WORK", tmp_path)
    from helpers.exercises import NOT_ATTEMPTED

    lines, below = progress(capsys)
    for path in choose(None):
        source = path.read_text("utf-8")
        assert lines[path.stem].count(f"{path.stem[:2]}.") == source.count("q = exercise(")
    assert below.startswith("0 right, 0 not yet, ") and NOT_ATTEMPTED in below


def test_every_link_of_a_notebook_leads_somewhere_from_work_too():
    link = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
    seen = set()
    for path in choose(None):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                seen |= {a or b for a, b in link.findall("".join(cell["source"]))}
    local = {target.split("#")[0] for target in seen if not re.match(r"\w+:|#", target)}
    copies = {path.name for path in choose(None)}
    assert "../docs/glossary.md" in local and "01_data.ipynb" in local
    for target in local:
        assert target in copies or (target.startswith("../") and (ROOT / target[3:]).exists())


def test_git_ignores_the_copies(tmp_path):
    shutil.copy(ROOT / ".gitignore", tmp_path)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    asked = ["git", "check-ignore", "work/00_welcome.ipynb", "work/.copied.json", "helpers/work/a"]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.split() == ["work/00_welcome.ipynb", "work/.copied.json"]
