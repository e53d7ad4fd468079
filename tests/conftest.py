import ast
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[1]

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


@pytest.fixture(scope="session")
def make_tiny(checkpoint, tmp_path_factory):
    """Makes a checkpoint: the real tokenizer and a very small BERT, its weights drawn at random."""
    import torch
    from transformers import BertConfig, BertModel

    def make(dropout: float = 0.0) -> Path:
        folder = tmp_path_factory.mktemp("checkpoints") / "tiny"
        torch.manual_seed(0)
        sizes = {"hidden_size": 32, "intermediate_size": 64, "initializer_range": 0.2}
        drops = {"hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout}
        config = BertConfig(num_hidden_layers=2, num_attention_heads=2, **sizes, **drops)
        BertModel(config).save_pretrained(folder)
        checkpoint[0].save_pretrained(folder)
        return folder

    return make


@pytest.fixture(scope="session")
def tiny(make_tiny):
    """The folder of such a checkpoint, without dropout."""
    return make_tiny()


@pytest.fixture(scope="session")
def lifted():
    """`lifted("04", "compute_metrics", torch=torch)`: what a notebook defines, as attributes.

    Only the functions and classes so called (all, if none is), with the other names in their reach.
    change: a piece of their code and what to put in its place.
    """

    def lift(number: str, *wanted: str, change: tuple[str, str] | None = None, **names):
        (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
        definitions = {}
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "code" and "q = exercise(" not in source:
                for node in ast.parse(source).body:
                    if isinstance(node, ast.FunctionDef | ast.ClassDef):
                        definitions[node.name] = ast.unparse(node)
        assert set(wanted) <= set(definitions), f"notebook {number} lacks one of {wanted}"
        source = "\n\n".join(definitions[name] for name in wanted or definitions)
        if change:
            assert source.count(change[0]) == 1
            source = source.replace(*change)
        exec(source, names)
        return SimpleNamespace(**names)

    return lift


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


@pytest.fixture(scope="session")
def rows():
    """120 posts with a mood, three in ten of them bad, and a column of the user's own."""
    import numpy as np

    from helpers import load_corpus

    data = load_corpus("emotion")["train"]
    names = data.features["label"].names
    pairs = zip(data["text"][:], data["label"][:], strict=True)
    kept = [(text, names[label]) for text, label in pairs if names[label] in ("joy", "anger")]
    good = [row for row in kept if row[1] == "joy"][:84]
    bad = [row for row in kept if row[1] == "anger"][:36]
    mixed = [*good, *bad]
    np.random.default_rng(0).shuffle(mixed)
    return [{"id": str(i), "text": text, "mood": mood} for i, (text, mood) in enumerate(mixed)]


@pytest.fixture
def place(tmp_path, home, monkeypatch):
    """An empty working folder."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def train(tiny):
    """`train(file, …)`: the exit code of a quick training on the tiny checkpoint."""
    from helpers.commands import main

    quick = ["--checkpoint", str(tiny), "--epochs", "1", "--learning-rate", "1e-3"]
    return lambda *options, output="out": main(["train", *options, *quick, "--output", output])


@pytest.fixture
def refuses(capsys, place):
    """`refuses(arguments, "parts", …)`: exit code 2, one clear sentence, nothing written."""
    from helpers.commands import main

    def check(arguments, *parts):
        before = sorted(place.rglob("*"))
        capsys.readouterr()
        assert main(arguments) == 2
        message = capsys.readouterr().err
        assert message.startswith("error: ") and message.count("\n") == 1, message
        for part in parts:
            assert part in message, message
        assert sorted(place.rglob("*")) == before, "something was written"

    return check
