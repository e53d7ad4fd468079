"""This platform's kit: gathered from the index, and installed where there is no network."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import course
from tools import kit

pytestmark = pytest.mark.slow

BASE = Path(sys.base_prefix) / ("python.exe" if os.name == "nt" else "bin/python3")
AWAY = "http://127.0.0.1:9"  # nobody answers there


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A kit; a skip where no index answers."""
    folder = tmp_path_factory.mktemp("stick") / "the kit"
    try:
        kit.kit(None, None, folder)
    except RuntimeError as error:
        if "cannot reach" in str(error):
            pytest.skip("no package index is in reach, so nothing was tested")
        raise
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """`alone(python, …)`: a process that knows no index, no proxy that answers, no cache."""
    home = tmp_path_factory.mktemp("home")
    env = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    env |= {"HOME": str(home), "USERPROFILE": str(home), "PIP_NO_INDEX": "1"}
    env |= dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), AWAY)
    env |= {"no_proxy": "127.0.0.1,localhost", "HF_ENDPOINT": AWAY}

    def alone(*command, **options) -> subprocess.CompletedProcess:
        line = [str(part) for part in command]
        return subprocess.run(line, env=env, capture_output=True, text=True, **options)

    return alone


@pytest.fixture(scope="module")
def place(folder, alone, tmp_path_factory):
    """The course as the kit installs it."""
    place = tmp_path_factory.mktemp("learner") / "the course"
    done = alone(BASE, folder / "install.py", place)
    assert done.returncode == 0, done.stdout + done.stderr
    yield place
    shutil.rmtree(place, ignore_errors=True)  # pytest would keep three of them, 2.5 GB each


def test_the_kit_is_whole(folder, alone):
    done = alone(sys.executable, course.ROOT / "course.py", "check", "--kit", folder)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_installed_course_lacks_nothing(place, alone):
    done = alone(BASE, "course.py", "check", cwd=place)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "missing" not in done.stdout and "versions" not in done.stdout


def test_it_has_just_the_packages_of_the_list(place, folder, alone):
    (target,) = (folder / "targets").glob("*.txt")
    pins = {line.split("  # ")[0].lower().replace("_", "-") for line in target.open()}
    python = place / ".venv" / course.PYTHON
    done = alone(python, "-m", "pip", "list", "--format", "freeze")
    there = {line.lower().replace("_", "-") for line in done.stdout.splitlines()}
    assert pins <= there, pins - there
    assert {line.split("==")[0] for line in there - pins} <= {"pip", "setuptools"}


def test_a_notebook_runs_in_it(place, alone):
    done = alone(BASE, "course.py", "run", "--only", "00", cwd=place)
    assert done.returncode == 0, done.stdout + done.stderr
