import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

for name in [name for name in os.environ if name.startswith("COURSE_")]:
    del os.environ[name]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A runs folder of the test's own."""
    monkeypatch.setenv("COURSE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="session")
def checkpoint():
    from helpers import load_checkpoint

    return load_checkpoint()


@pytest.fixture
def refused():
    """`with refused(ValueError, "train.csv", "line 3")`: one clear sentence that names these."""

    @contextmanager
    def expect(kind: type[Exception], *parts: str):
        with pytest.raises(kind) as caught:
            yield
        message = str(caught.value)
        for part in parts:
            assert part in message, message
        assert "\n" not in message and message[-1] in ".?)", message
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None or caught.value.__suppress_context__

    return expect


@pytest.fixture
def python(tmp_path):
    """`python(code, NAME=value)`: what a fresh process prints; `python.fails` its last error."""

    def run(code: str, **variables) -> subprocess.CompletedProcess:
        plain = {"PYTHONPATH": str(ROOT), "COURSE_HOME": str(tmp_path)}
        return subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | plain | {name: str(value) for name, value in variables.items()},
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )

    def prints(code: str, **variables) -> str:
        done = run(code, **variables)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def fails(code: str, **variables) -> str:
        done = run(code, **variables)
        assert done.returncode == 1 and done.stderr.count("Traceback") == 1, done.stderr
        return done.stderr.strip().splitlines()[-1]

    prints.fails = fails
    return prints


@pytest.fixture
def on_hub(tmp_path):
    """The variables that send a fresh process to a stand-in for the Hub, with an empty cache."""

    def variables(url: str) -> dict[str, str]:
        cache = tmp_path / "hub-cache"
        return {"HF_ENDPOINT": url, "HF_HOME": str(cache), "HF_HUB_DISABLE_XET": "1"}

    return variables
