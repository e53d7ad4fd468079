"""What notebook 06 promises: a folder that any transformers can load, and a guarded upload."""

import base64
import json
import shutil
import time
from pathlib import Path
from typing import TypedDict

import hub_server
import nbformat
import numpy as np
import pytest
import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    pipeline,
)

from helpers import fine_tune, load_corpus, predict_logits, start

pytestmark = pytest.mark.slow

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "06_predict_and_share.ipynb"
NOWHERE = "http://127.0.0.1:9"
LONG = "the train was late again and i had to laugh " * 80
TEXTS = ["so happy today", LONG, "i cannot find my keys, and the door has just fallen shut"]


def cell_with(mark: str):
    """The one code cell of the notebook that holds `mark`."""
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    (found,) = [cell for cell in cells if cell.cell_type == "code" and mark in cell.source]
    return found


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A quick run: some rows of the bundled posts, one epoch."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_QUICK", "1")
        patch.setenv("COURSE_HOME", str(tmp_path_factory.mktemp("quick")))
        start(dtype="float32", quiet=True)
        return fine_tune(load_corpus("emotion"), name="quick")


@pytest.fixture(scope="module")
def reloaded(run):
    """(tokenizer, model, pipeline), from the folder of the run."""
    tokenizer = AutoTokenizer.from_pretrained(run.folder)
    model = AutoModelForSequenceClassification.from_pretrained(run.folder)
    return tokenizer, model, pipeline("text-classification", model=str(run.folder), device="cpu")


def by_id(answers: list[list[dict]], labels: list[str]) -> np.ndarray:
    scores = [{entry["label"]: entry["score"] for entry in answer} for answer in answers]
    return np.array([[row[label] for label in labels] for row in scores])


# ---- the saved folder and the ways to predict


@pytest.mark.filterwarnings("ignore:1 of 3 texts are longer")
def test_the_folder_loads_where_there_are_no_helpers(run, python, tmp_path):
    folder = tmp_path / "moved"
    shutil.copytree(run.folder, folder)
    code = f"""
import importlib.util, json
from transformers import pipeline
classify = pipeline("text-classification", model={str(folder)!r}, device="cpu")
answers = classify({TEXTS!r}, top_k=None, truncation=True)
print(json.dumps([importlib.util.find_spec("helpers") is None, answers]))
"""
    alone = {"PYTHONPATH": "", "HF_HUB_OFFLINE": 1, "HF_ENDPOINT": NOWHERE}
    without_helpers, answers = json.loads(python(code, **alone).splitlines()[-1])
    assert without_helpers, "helpers can be imported in that process: the test shows nothing"
    logits = predict_logits(run.model, run.tokenizer, TEXTS)
    expected = torch.tensor(logits).softmax(dim=-1).numpy()
    assert np.abs(by_id(answers, run.details["labels"]) - expected).max() < 1e-5


def test_by_hand_is_what_the_pipeline_computes(run, reloaded, lifted):
    tokenizer, model, classify = reloaded
    reach = {"tokenizer": tokenizer, "model": model, "torch": torch}
    by_hand = lifted("06", "by_hand", **reach).by_hand
    for texts in (TEXTS, load_corpus("emotion")["validation"]["text"][:32]):
        answers = classify(texts, top_k=None, truncation=True, batch_size=len(texts))
        expected = by_id(answers, run.details["labels"])
        found = by_hand(texts)
        assert found.dtype == np.float32 and found.shape == expected.shape
        assert np.abs(found - expected).max() < 1e-6


@pytest.mark.parametrize("by_length", [False, True])
def test_batches_keep_the_order_of_the_texts(run, reloaded, lifted, by_length):
    tokenizer, model, _ = reloaded
    labels = run.details["labels"]
    reach = {"tokenizer": tokenizer, "torch": torch, "np": np, "names": labels}
    in_batches = lifted("06", "in_batches", **reach).in_batches
    texts = [LONG[: 400 // (i + 1)] for i in range(7)][::-1] + ["so happy today", LONG[:90]]
    alone = np.concatenate([in_batches([text], model) for text in texts])
    assert np.abs(in_batches(texts, model, 3, by_length) - alone).max() < 1e-4
    assert len(np.unique(alone.round(5), axis=0)) > 5, "texts too alike to show an order"


@pytest.fixture
def predict(run, reloaded, lifted):
    tokenizer, model, _ = reloaded
    names = {"names": run.details["labels"], "limit": tokenizer.model_max_length}
    names |= {"tokenizer": tokenizer, "model": model, "torch": torch, "TypedDict": TypedDict}
    return lifted("06", "by_hand", "Answer", "predict", **names).predict


def test_the_service_answers_with_plain_data(predict, reloaded):
    answers = json.loads(json.dumps(predict(TEXTS)))
    best = reloaded[2](TEXTS, truncation=True)
    assert [answer["label"] for answer in answers] == [entry["label"] for entry in best]
    assert [answer["cut"] for answer in answers] == [False, True, False]
    for answer, entry in zip(answers, best, strict=True):
        assert answer["confidence"] == answer["probabilities"][answer["label"]]
        assert answer["confidence"] == pytest.approx(entry["score"], abs=1e-3)


@pytest.mark.parametrize("request_", ["a text", [], ["fine", ""], ["fine", 7], None, ["a"] * 65])
def test_the_service_refuses_other_requests(predict, refused, request_):
    with refused(ValueError):
        predict(request_)


def test_the_card_says_who_wrote_the_data():
    (card,) = [
        o.data["text/markdown"] for o in cell_with("card = ModelCard(").outputs if "data" in o
    ]
    assert "written for a course by a large language model" in " ".join(card.split())
    assert "| always" in card and "TODO" not in card


# ---- the upload

RIGHTS = {"Bearer hf_read": "read", "Bearer hf_write": "write"}


class Guarded(hub_server._Handler):
    """The stand-in's handler with accounts: hf_read and hf_write are tokens, all others wrong."""

    def do_GET(self) -> None:
        self.serve(b"")

    do_HEAD = do_GET

    def do_POST(self) -> None:
        self.serve(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def serve(self, body: bytes) -> None:
        self.hub.asked.append(f"{self.command} {self.path}")
        rights = RIGHTS.get(self.headers.get("Authorization"))
        if self.headers.get("Authorization") == "Bearer hf_silence":
            self.hub.ended.wait(60)
        if self.path == "/api/validate-yaml":
            self._json({"errors": [], "warnings": []})
        elif rights is None:
            self.refuse(401, "Invalid username or password.")
        elif self.path == "/api/whoami-v2":
            self._json({"name": "learner", "type": "user", "orgs": []})
        elif self.command == "POST" and rights == "read":
            self.refuse(403, "Your token has no right to write.")
        elif self.path == "/api/repos/create":
            self.hub.repositories["models/learner/my-emotion-model"] = self.hub.place
            self._json({"url": f"{self.hub.url}/learner/{json.loads(body)['name']}"})
        elif "/preupload/" in self.path:
            plain = {"uploadMode": "regular", "shouldIgnore": False}
            self._json({"files": [file | plain for file in json.loads(body)["files"]]})
        elif "/commit/" in self.path:
            self.commit([json.loads(line) for line in body.splitlines()])
        else:
            super().do_GET()

    def commit(self, lines: list[dict]) -> None:
        for value in (line["value"] for line in lines if line["key"] == "file"):
            (self.hub.place / value["path"]).write_bytes(base64.b64decode(value["content"]))
        commit = f"{self.hub.url}/learner/my-emotion-model/commit/{self.hub.commit}"
        self._json({"success": True, "commitOid": self.hub.commit, "commitUrl": commit})

    def refuse(self, status: int, message: str) -> None:
        self._answer(status, json.dumps({"error": message}).encode(), {})


@pytest.fixture(scope="module")
def small_model(tmp_path_factory, checkpoint):
    """A folder with a very small classifier, its tokenizer and a card."""
    folder = tmp_path_factory.mktemp("small")
    sizes = {"hidden_size": 16, "intermediate_size": 16}
    config = BertConfig(num_hidden_layers=1, num_attention_heads=1, num_labels=6, **sizes)
    BertForSequenceClassification(config).save_pretrained(folder)
    checkpoint[0].save_pretrained(folder)
    (folder / "README.md").write_text("---\nlanguage: en\n---\nThe card of the notebook.")
    return folder


LOADING = """
from pathlib import Path
from transformers import AutoModelForSequenceClassification, AutoTokenizer
folder = Path({folder!r})
model = AutoModelForSequenceClassification.from_pretrained(folder)
tokenizer = AutoTokenizer.from_pretrained(folder)
"""


@pytest.fixture
def push(python, on_hub, small_model, monkeypatch, tmp_path):
    """Runs the notebook's cell in a process of its own: what it prints, and the stand-in's Hub."""

    def run_cell(token: str, share: bool, url: str | None = None, **variables):
        source = cell_with("push_to_hub").source
        assert "share = False" in source, "the notebook must not upload unasked"
        code = f"""
from huggingface_hub import get_token, notebook_login, upload_file, whoami
from huggingface_hub.utils import get_session
from huggingface_hub.errors import HfHubHTTPError
from transformers import pipeline
post = "You kept my letters?"
{LOADING.format(folder=str(small_model)) if share else ""}
{source.replace("share = False", f"share = {share}").replace("timeout = 30 ", "timeout = 1 ")}
"""
        with hub_server.Hub({}) as hub:
            hub.place = tmp_path / "uploaded"
            hub.place.mkdir()
            printed = python(code, HF_TOKEN=token, **on_hub(url or hub.url), **variables)
        return printed, hub

    monkeypatch.setattr(hub_server, "_Handler", Guarded)
    return run_cell


def one_sentence(printed: str, *parts: str) -> bool:
    return "\n" not in printed and printed.endswith(".") and all(part in printed for part in parts)


def test_without_a_token_nothing_is_asked_of_the_hub(push):
    printed, hub = push("", share=False)
    assert one_sentence(printed, "not logged in", "nothing was uploaded")
    assert hub.asked == []


@pytest.mark.parametrize("share", [False, True])
def test_a_wrong_token_is_refused_in_one_sentence(push, share):
    printed, hub = push("hf_wrong", share)
    assert one_sentence(printed, "The Hub refused (401)", "token")
    assert "GET /api/whoami-v2" in hub.asked


def test_a_token_that_may_only_read_is_refused_in_one_sentence(push):
    printed, hub = push("hf_read", share=True)
    assert one_sentence(printed, "The Hub refused (403)", "right to write")
    assert "POST /api/repos/create" in hub.asked and hub.repositories == {}


@pytest.mark.parametrize("variables", [{}, {"HF_HUB_OFFLINE": 1}], ids=["no network", "offline"])
def test_without_a_network_the_cell_passes(push, variables):
    printed, _ = push("hf_write", share=True, url=NOWHERE, **variables)
    assert one_sentence(printed, "The Hub was not reached", "folder")


def test_a_silent_hub_is_not_waited_for(push):
    began = time.monotonic()
    printed, hub = push("hf_silence", share=False)
    assert one_sentence(printed, "The Hub was not reached (ReadTimeout)")
    assert hub.asked and time.monotonic() - began < 50


def test_nothing_is_uploaded_unasked(push):
    printed, hub = push("hf_write", share=False)
    assert one_sentence(printed, "learner", "share = True")
    assert not any(request.startswith("POST") for request in hub.asked)


def test_model_tokenizer_and_card_are_uploaded(push):
    printed, hub = push("hf_write", share=True)
    assert "learner/my-emotion-model" in printed, hub.asked
    weights = {"config.json", "model.safetensors"}
    words = {"tokenizer.json", "tokenizer_config.json"}
    uploaded = {file.name: file for file in hub.place.iterdir()}
    assert set(uploaded) == weights | words | {"README.md"}
    assert "The card of the notebook." in uploaded["README.md"].read_text()
    assert "it says {'label': 'LABEL_" in printed, "it was loaded back by its name"
