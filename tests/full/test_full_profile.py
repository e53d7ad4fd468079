"""Every notebook in full profile, its models and data from a stand-in for the Hub."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hub_data import publish_emotion, publish_glue, publish_imdb
from hub_server import Hub
from transformers import BertConfig, BertModel, DistilBertConfig, DistilBertModel

from helpers import load_corpus
from tools import choose

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
OURS, TURKISH = "somebody/small-distilbert", "dbmdz/bert-base-turkish-uncased"


@pytest.fixture(scope="module")
def hub(checkpoint, tmp_path_factory):
    """The stand-in: five data sets, a small DistilBERT, a Turkish BERT with weights as of old."""
    place = tmp_path_factory.mktemp("hub")
    torch.manual_seed(0)
    sizes = {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64}
    DistilBertModel(DistilBertConfig(**sizes)).save_pretrained(place / "distilbert")
    checkpoint[0].save_pretrained(place / "distilbert")
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    turkish = BertModel(BertConfig(intermediate_size=64, **sizes))
    turkish.config.architectures = ["BertModel"]
    turkish.config.save_pretrained(place / "turkish")
    torch.save(turkish.state_dict(), place / "turkish/pytorch_model.bin")
    checkpoint[0].save_pretrained(place / "turkish")
    repositories = {
        f"models/{OURS}": place / "distilbert",
        f"models/{TURKISH}": place / "turkish",
        "datasets/dair-ai/emotion": publish_emotion(place / "emotion"),
        "datasets/stanfordnlp/imdb": publish_imdb(place / "imdb"),
        "datasets/nyu-mll/glue": publish_glue(place / "glue"),
    }
    with Hub(repositories) as server:
        yield server


@pytest.fixture(scope="module")
def ttc(tmp_path_factory):
    """Turkish news in one file, as TTC4900 comes: categories with a space behind, no splits."""
    folder = tmp_path_factory.mktemp("ttc")
    with (folder / "TTC4900.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["category", "text"])
        for part in load_corpus("news_tr").values():
            names = part.features["category"].names
            for row in part:
                writer.writerow([f"{names[row['category']]} ", row["text"]])
    return folder


@pytest.fixture(scope="module")
def report(hub, ttc, tmp_path_factory):
    """What `course.py run` reports of one run of all notebooks."""
    home = tmp_path_factory.mktemp("home")
    ours = {
        "COURSE_PROFILE": "full",
        "COURSE_QUICK": "1",
        "COURSE_HOME": home,
        "COURSE_CHECKPOINT": OURS,
        "COURSE_NEWS_TR": ttc,
        "HF_ENDPOINT": hub.url,
        "HF_HOME": home / "hub-cache",
        "HF_HUB_DISABLE_XET": "1",
    }
    env = os.environ | {name: str(value) for name, value in ours.items()}
    command = [sys.executable, "course.py", "run", "--here"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    file = home / "runs/report.json"
    assert file.is_file(), done.stdout + done.stderr
    return json.loads(file.read_text(encoding="utf-8"))["notebooks"]


@pytest.mark.parametrize("path", choose(None), ids=lambda path: path.stem)
def test_the_notebook_runs(path, report):
    entry = report[path.stem]
    assert entry["status"] == "ok", f"cell {entry.get('cell')}: {entry.get('error')}"


def test_nothing_but_the_stand_in_was_asked(hub, report):
    fetched = {line.split("/resolve/")[0] for line in hub.asked if "/resolve/" in line}
    for name in (OURS, TURKISH, "dair-ai/emotion", "stanfordnlp/imdb", "nyu-mll/glue"):
        assert any(line.endswith(name) for line in fetched), name
