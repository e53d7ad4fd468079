"""What goes wrong around `course.py`: two at once, damaged notebooks, lists that are missing."""

import os
import subprocess
import sys

import pytest
from own_files import ROOT

import course
from tools import check
from tools.execute import read_notebook


@pytest.mark.skipif(os.name == "nt", reason="played with a POSIX environment")
def test_a_second_course_does_not_touch_the_environment_of_the_first(tmp_path, monkeypatch):
    """The first is making it; the second says so at once, and deletes nothing."""
    code = "import sys, time; from pathlib import Path; from helpers.files import locked\n"
    code += "with locked(Path(sys.argv[1]), ''): print('in', flush=True); time.sleep(60)"
    monkeypatch.setattr(course, "ROOT", tmp_path)
    venv, requirements = tmp_path / ".venv", tmp_path / "requirements.txt"
    requirements.write_text("a==1\n")
    venv.mkdir()
    (venv / "pyvenv.cfg").write_text("half made")
    first = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(first, cwd=ROOT, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "in\n"
        with pytest.raises(RuntimeError, match="Another course.py is making .venv"):
            course.make_venv(venv, requirements)
        other.kill()
    assert (venv / "pyvenv.cfg").read_text() == "half made"


@pytest.mark.parametrize("content", ["", "{", '{"cells": 3}', "no notebook"])
def test_a_damaged_notebook_is_one_sentence(tmp_path, content, refused):
    (tmp_path / "03_features.ipynb").write_text(content)
    with refused(RuntimeError, "notebooks/03_features.ipynb is damaged", "git checkout"):
        read_notebook(tmp_path / "03_features.ipynb")


def test_a_missing_list_of_the_data_is_told(tmp_path, monkeypatch, capsys):
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(check, "ROOT", tmp_path)
    monkeypatch.setattr(
        check.subprocess,
        "run",
        lambda *_, **__: course.argparse.Namespace(returncode=0, stdout="", stderr=""),
    )
    with pytest.raises(SystemExit) as caught:
        check.check()
    assert caught.value.code and "data/SHA256SUMS gone or changed" in capsys.readouterr().out
