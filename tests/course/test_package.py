"""The package as pip installs it, and what CONTRIBUTING.md tells to do."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from helpers.exercises import Exercise, NotYet, ex01

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder into which pip has installed the package, without what it needs."""
    folder = tmp_path_factory.mktemp("installed")
    source = tmp_path_factory.mktemp("source")
    leave = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "helpers", source / "helpers", ignore=leave)
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"]
    done = subprocess.run([*pip, "--target", folder, source], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def test_pip_installs_the_package_and_its_files(installed):
    names = {path.name for path in (installed / "helpers").iterdir()}
    assert {"course.mplstyle", "report.html", "__init__.pyi", "exercises"} <= names
    assert not {"tests", "tools", "benchmarks", "notebooks"} & {p.name for p in installed.iterdir()}


def test_the_console_script_does_what_the_module_does(installed, tmp_path):
    (script,) = (installed / "bin").glob("tokens-to-errors*")
    environment = {"PYTHONPATH": str(installed)}
    said = []
    for command in ([script], ["-m", "helpers"]):
        line = [sys.executable, *map(str, command), "predict", "--help"]
        done = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout.split("predict", 1)[1])
    assert said[0] == said[1]


def test_an_installed_package_says_where_the_data_are(installed, tmp_path):
    code = "import helpers; print(helpers.__file__); helpers.load_corpus('emotion')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith(str(installed))
    assert "take a copy of the course's repository" in done.stderr.splitlines()[-1]


def test_the_version_stands_in_one_place():
    assert f"version: {PROJECT['version']}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"## {PROJECT['version']}\n" in (ROOT / "CHANGELOG.md").read_text("utf-8")
    for path in (*(ROOT / "helpers").rglob("*.py"), *(ROOT / "tools").glob("*.py")):
        assert PROJECT["version"] not in path.read_text("utf-8"), path


def test_every_pin_is_within_the_bounds_of_the_package():
    pins = dict(re.findall(r"^([\w-]+)==([\d.]+)", (ROOT / "requirements.txt").read_text(), re.M))
    for line in PROJECT["dependencies"]:
        name, least = line.split(">=")
        numbers = [[int(part) for part in version.split(".")] for version in (pins[name], least)]
        assert numbers[0] >= numbers[1], f"{name} {pins[name]} is older than {least}"


def test_the_worked_exercise_of_contributing_works():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    checker, answers, cell = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names = {"NotYet": NotYet, "Callable": object, "call": ex01.call}
    made = {}

    def define(number, hint, step, solution):
        both = hint, step
        return lambda function: made.update({number: Exercise(number, function, both, solution)})

    exec(checker, names | {"define": define})
    q = made["01.4"]
    import collections

    import numpy

    reach = {"Counter": collections.Counter, "np": numpy}
    tried = eval("{" + answers + "}", reach)["01.4"]
    assert len(tried["wrong"]) >= 4 and len(tried["right"]) >= 2
    for outcome, cases in tried.items():
        for name, make in cases.items():
            q.check(*make())
            assert q.outcome == {"right": "right", "wrong": "not yet"}[outcome], name
    exec(cell, {"exercise": lambda number: made[number]})
    assert q.outcome == "not attempted"
