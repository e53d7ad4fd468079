"""The workflows: pinned, bounded, with the commands that people are told to type."""

import os
import re
import shutil
import subprocess
import tomllib
from itertools import product
from pathlib import Path

import pytest
import yaml

import course

ROOT = Path(__file__).resolve().parents[2]
FILES = {path.stem: path for path in sorted((ROOT / ".github/workflows").glob("*.yml"))}
WORKFLOWS = {name: yaml.safe_load(path.read_text("utf-8")) for name, path in FILES.items()}
DOCUMENTED = "\n".join(
    (ROOT / name).read_text("utf-8") for name in ("README.md", "CONTRIBUTING.md", "docs/running.md")
)
SYSTEMS = {"ubuntu-latest", "macos-latest", "windows-latest"}


def jobs(name: str) -> dict[str, dict]:
    return WORKFLOWS[name]["jobs"]


def steps(name: str) -> list[dict]:
    return [step for job in jobs(name).values() for step in job["steps"]]


def commands(name: str) -> list[str]:
    """What the steps of a workflow run, line by line."""
    return [line for step in steps(name) for line in step.get("run", "").splitlines()]


def test_there_are_the_five():
    assert set(WORKFLOWS) == {"tests", "newest", "colab", "release", "pages"}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_is_bounded_and_asks_for_no_more_than_it_needs(name):
    assert WORKFLOWS[name]["permissions"] == {"contents": "read"}
    rights = [job["permissions"] for job in jobs(name).values() if "permissions" in job]
    needed = {"release": [{"contents": "write"}]}
    needed["pages"] = [{"pages": "write", "id-token": "write"}]
    assert rights == needed.get(name, [])
    assert all(job["timeout-minutes"] <= 120 for job in jobs(name).values())
    assert True in WORKFLOWS[name], "`on` is read as true"


@pytest.mark.parametrize("name", WORKFLOWS)
def test_actions_are_github_s_own_and_pinned(name):
    used = [step["uses"] for step in steps(name) if "uses" in step]
    assert used and all(re.fullmatch(r"actions/[a-z-]+@v\d+", action) for action in used)


def test_an_action_has_one_version_everywhere():
    used = {step["uses"] for name in WORKFLOWS for step in steps(name) if "uses" in step}
    assert len(used) == len({action.split("@")[0] for action in used})


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_commands_are_those_that_people_are_told_to_type(name, monkeypatch):
    """On each system `python` is the one that was set up; people type python3, or py."""
    typed = [line for line in commands(name) if line.startswith("python ")]
    for command in typed:
        plain = command.replace("python ", "python3 ", 1).replace(" --here", "")
        assert re.search(re.escape(plain) + r"\b", DOCUMENTED), command
        monkeypatch.setattr("sys.argv", command.split()[1:])
        args, _ = course.read_command_line()
        assert args.command == command.split()[2], command
    assert typed


def test_every_system_meets_every_python_of_the_course():
    matrix = jobs("tests")["fast"]["strategy"]["matrix"]
    assert set(matrix["os"]) == SYSTEMS
    wanted = re.findall(r"3\.\d+", re.search(r"You need Python (.+?) and", DOCUMENTED)[1])
    assert matrix["python"] == wanted
    for version in matrix["python"]:
        course.check_python(tuple(map(int, version.split("."))))
    assert len(list(product(matrix["os"], matrix["python"]))) == 9
    chosen = [step.get("with", {}).get("python-version") for n in WORKFLOWS for step in steps(n)]
    assert {version for version in chosen if version} <= {*wanted, "${{ matrix.python }}"}


def test_newest_installs_every_package_without_its_pin():
    (line,) = [line for line in commands("newest") if "pip install" in line]
    assert line.split("--extra-index-url ")[1] in DOCUMENTED
    expression = re.search(r"sed 's/(.+?)//' requirements\.txt", line)[1]
    text = (ROOT / "requirements.txt").read_text("utf-8")
    packages = re.findall(r"^[\w-]+(?===)", text, re.M)
    left = [row for row in re.sub(expression, "", text).splitlines() if row and row[0] != "#"]
    assert left == packages


@pytest.fixture
def tagged(tmp_path):
    """`tagged("v0.1.0")`: the exit code of the release's first check, in a copy of the course."""
    bash = shutil.which("bash")
    if not bash or os.name == "nt":
        pytest.skip("the release runs on Linux")
    (tmp_path / "notebooks").mkdir()
    for name in ("pyproject.toml", "CITATION.cff", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path)
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        shutil.copy(path, tmp_path / "notebooks")
    check = next(step["run"] for step in steps("release") if "run" in step)

    def run(tag: str) -> int:
        command = [bash, "--noprofile", "--norc", "-eo", "pipefail", "-c", check]
        return subprocess.run(
            command, cwd=tmp_path, env=os.environ | {"GITHUB_REF_NAME": tag}
        ).returncode

    return run


def version() -> str:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def test_a_release_of_this_version_is_let_through(tagged):
    assert tagged(f"v{version()}") == 0


@pytest.mark.parametrize("tag", ["v9.9.9", "v0", "0.1.0", "v0.1.0rc1"])
def test_another_tag_is_refused(tagged, tag):
    assert tagged(tag) != 0


@pytest.mark.parametrize("name", ["00_welcome", "13_review_and_mend"])
def test_a_set_up_cell_with_another_tag_is_refused(tagged, tmp_path, name):
    path = tmp_path / f"notebooks/{name}.ipynb"
    told = f'tag=\\"v{version()}\\"'
    text = path.read_text("utf-8")
    assert told in text
    path.write_text(text.replace(told, 'tag=\\"v0.0.9\\"'), "utf-8")
    assert tagged(f"v{version()}") != 0
