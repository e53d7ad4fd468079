"""What goes wrong around trainings, models and files: a fault a row, and what is said of it."""

import errno
import json
import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from own_files import PLAIN, fresh, read, write
from safetensors.torch import load_file, save_file
from transformers import TrainerCallback

from helpers import (
    cheap_model,
    features,
    fine_tune,
    load_checkpoint,
    load_corpus,
    session,
    start,
    training,
)
from helpers.commands import main
from helpers.files import locked, write_json, write_text
from helpers.runs import load_run
from helpers.trainer import CourseTrainer

pytestmark = pytest.mark.slow

NAMES = ["sadness", "joy", "love", "anger", "fear", "surprise"]
NAMES3 = ["bad", "good", "so"]
POSIX = os.name != "nt"


# ---- how files are damaged


def flip(file):
    """Change two bits in the middle."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0b11
    file.write_bytes(content)


def cut_off(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def empty(file):
    file.write_bytes(b"")


def no_keys(file):
    file.write_text("{}")


def rename_weights(change):
    """Rewrite a checkpoint's weights, each under the name that `change` gives it, if any."""

    def rewrite(folder):
        file = folder / "model.safetensors"
        weights = {change(name): tensor for name, tensor in load_file(file).items()}
        weights.pop(None, None)
        save_file(weights, file, metadata={"format": "pt"})

    return rewrite


def set_config(**values):
    def rewrite(folder):
        config = json.loads((folder / "config.json").read_text("utf-8"))
        (folder / "config.json").write_text(json.dumps(config | values))

    return rewrite


# ---- runs


@pytest.fixture(scope="module")
def finished(tiny, rows, tmp_path_factory):
    """A folder with mine.csv, and what `train` made of it in out/."""
    folder = tmp_path_factory.mktemp("finished")
    command = ["train", "mine.csv", *PLAIN, "--checkpoint", str(tiny), "--epochs", "1"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_HOME", str(folder))
        patch.chdir(folder)
        write("mine.csv", rows)
        assert main([*command, "--output", "out"]) == 0
    return folder


@pytest.fixture
def out(finished, place):
    """A copy of it in the working folder."""
    shutil.copy(finished / "mine.csv", "mine.csv")
    return Path(shutil.copytree(finished / "out", "out"))


DAMAGED = [  # file, damage, command, what is said
    ("model.safetensors", flip, "predict", "out/model.safetensors is missing or is not what"),
    ("model.safetensors", cut_off, "predict", "out/model.safetensors is missing or is not what"),
    ("model.safetensors", Path.unlink, "predict", "out/model.safetensors is missing or is not"),
    ("tokenizer.json", flip, "predict", "out/tokenizer.json is missing or is not what"),
    ("config.json", no_keys, "predict", "out/config.json is missing or is not what"),
    ("dynamics.npz", cut_off, "predict", "out/dynamics.npz is missing or is not what"),
    ("run.json", cut_off, "predict", "out/run.json is damaged or from another version"),
    ("run.json", flip, "predict", "out/run.json is damaged or from another version"),
    ("columns.json", flip, "predict", "out/columns.json is damaged or from another version"),
    ("run.json", no_keys, "predict", "out/run.json is damaged or from another version"),
    ("run.json", Path.unlink, "predict", "out holds no finished run"),
    ("columns.json", cut_off, "predict", "out/columns.json is damaged or from another version"),
    ("columns.json", no_keys, "errors", "out/columns.json is damaged or from another version"),
    ("columns.json", empty, "errors", "out/columns.json is damaged or from another version"),
    ("rows.jsonl", flip, "errors", "out/rows.jsonl is missing or has been changed"),
    ("rows.jsonl", cut_off, "errors", "out/rows.jsonl is missing or has been changed"),
    ("rows.jsonl", Path.unlink, "errors", "out/rows.jsonl is missing or has been changed"),
]


@pytest.mark.parametrize(("file", "damage", "command", "said"), DAMAGED)
def test_a_damaged_run_is_refused(file, damage, command, said, out, refuses):
    damage(out / file)
    given = {"predict": ["out", "mine.csv"], "errors": ["out"]}[command]
    refuses([command, *given, "--output", "x.csv"], said)


def test_a_run_of_another_form_is_refused(out, refuses):
    details = json.loads((out / "run.json").read_text("utf-8"))
    del details["sha256"]
    write_json(out / "run.json", details | {"format": 99}, sealed=True)
    refuses(["predict", "out", "mine.csv", "--output", "x.csv"], "another version of the course")


def test_train_mends_a_damaged_run_and_keeps_what_stood_there(out, train, tiny, capsys):
    before = (out / "model.safetensors").read_bytes()
    flip(out / "model.safetensors")
    damaged = (out / "model.safetensors").read_bytes()
    options = ["--learning-rate", "2e-4"]
    assert train("mine.csv", *PLAIN, *options) == 2, "another learning rate is another run"
    command = ["train", "mine.csv", *PLAIN, "--epochs", "1", "--checkpoint"]
    assert main([*command, str(tiny), "--output", "out"]) == 0
    said = capsys.readouterr().out
    assert "model.safetensors is missing or is not what" in said and "This is done now." in said
    assert (out / "model.safetensors").read_bytes() == before
    assert (out / "model.safetensors.old").read_bytes() == damaged


def test_a_changed_file_is_kept_when_train_writes_its_own(out, tiny, capsys):
    """A second `train` writes predictions.csv again; what the user made of the old one stays."""
    mine = "id,mine\n1,a note of my own\n"
    (out / "predictions.csv").write_text(mine)
    (out / "columns.json").write_text("{}")
    before = (out / "report.html").read_bytes()
    command = ["train", "mine.csv", *PLAIN, "--epochs", "1", "--checkpoint", str(tiny)]
    assert main([*command, "--output", "out"]) == 0
    assert (out / "predictions.csv.old").read_text() == mine
    assert (out / "columns.json.old").read_text() == "{}"
    assert (out / "report.html").read_bytes() == before and not (out / "report.html.old").exists()
    assert "is kept as predictions.csv.old" in capsys.readouterr().out
    shutil.copy("mine.csv", "out/rows.csv")
    command[1] = "out/rows.csv"
    assert main([*command, "--output", "out"]) == 2
    assert "lies in the output folder" in capsys.readouterr().err


def test_predictions_are_the_users_to_change(out, capsys):
    """`errors` reads rows.jsonl: what was sorted or deleted elsewhere changes nothing."""
    assert main(["errors", "out", "--output", "before.csv"]) == 0
    write("out/predictions.csv", [row | {"mood": "joy"} for row in read("out/predictions.csv")[:9]])
    assert main(["errors", "out", "--output", "after.csv"]) == 0
    assert Path("before.csv").read_bytes() == Path("after.csv").read_bytes()


# ---- checkpoints


CHECKPOINTS = [  # what was done to the folder, what is said
    (rename_weights(lambda name: f"net.{name}"), "lacks 37 of the weights"),
    (rename_weights(lambda n: None if "layer.1." in n else n), "lacks 16 of the weights"),
    (set_config(model_type="distilbert"), "of the weights"),
    (set_config(num_hidden_layers=3), "lacks 16 of the weights"),
    (set_config(model_type="unheard-of"), "could not be loaded"),
    (lambda folder: cut_off(folder / "config.json"), "could not be loaded"),
    (lambda folder: empty(folder / "model.safetensors"), "could not be loaded"),
    (lambda folder: cut_off(folder / "tokenizer.json"), "could not be loaded"),
]


@pytest.fixture
def copied(tiny, tmp_path):
    return Path(shutil.copytree(tiny, tmp_path / "copied"))


@pytest.mark.parametrize(("damage", "said"), CHECKPOINTS)
@pytest.mark.parametrize("head", [None, "classification"])
def test_a_checkpoint_that_lacks_something_is_refused(damage, said, head, copied, refused):
    damage(copied)
    with refused(RuntimeError, str(copied), said):
        load_checkpoint(copied, head, NAMES if head else None)


def test_a_tokenizer_with_more_tokens_than_the_model_is_refused(copied, checkpoint, refused):
    tokenizer, _ = load_checkpoint(copied)
    tokenizer.add_tokens(["<<one>>", "<<two>>"])
    tokenizer.save_pretrained(copied)
    with refused(RuntimeError, "a tokenizer with 30,524 tokens", "a model that knows 30,522"):
        load_checkpoint(copied)


@pytest.fixture
def classifier(tiny, tmp_path):
    """The folder of a classifier of three labels, and what it says of two texts."""
    tokenizer, model = load_checkpoint(tiny, "classification", ["bad", "good", "so"])
    torch.nn.init.normal_(model.classifier.weight)
    for part in (tokenizer, model):
        part.save_pretrained(tmp_path / "three")
    return tmp_path / "three", said_by(tokenizer, model)


def said_by(tokenizer, model):
    with torch.inference_mode():
        return model(
            **tokenizer(["oh no", "oh yes, yes"], padding=True, return_tensors="pt")
        ).logits


def test_labels_in_another_order_keep_what_was_learnt_of_them(classifier, capsys):
    folder, before = classifier
    after = said_by(*load_checkpoint(folder, "classification", ["so", "bad", "good"]))
    torch.testing.assert_close(after, before[:, [2, 0, 1]])
    torch.testing.assert_close(said_by(*load_checkpoint(folder, "classification", NAMES3)), before)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("head", "labels", "said"),
    [
        ("classification", ["spam", "ham", "eggs"], "tells bad, good, so apart"),
        ("classification", ["spam", "ham"], "has 3 outputs"),
        ("regression", None, "has 3 outputs"),
    ],
)
def test_other_labels_get_a_new_head(head, labels, said, classifier, capsys):
    folder, before = classifier
    torch.manual_seed(0)
    model = load_checkpoint(folder, head, labels)[1]
    assert f"A new head: the one in {folder}" in (told := capsys.readouterr().out) and said in told
    weights = model.classifier.weight
    assert weights.shape[0] == len(labels or [0]) and weights.std() < 0.4, "the old one had 1"
    for key, tensor in load_checkpoint(folder)[1].state_dict().items():
        torch.testing.assert_close(model.base_model.state_dict()[key], tensor)


# ---- trainings


@pytest.fixture
def data():
    corpus = load_corpus("emotion")
    sizes = {"train": 48, "validation": 24}
    return DatasetDict({split: corpus[split].select(range(n)) for split, n in sizes.items()})


@pytest.fixture
def tune(tiny, home):
    start(dtype="float32", quiet=True)
    usual = {"checkpoint": tiny, "epochs": 3, "batch_size": 8, "learning_rate": 1e-3, "seed": 1}
    return lambda data, **options: fine_tune(data, **usual | {"callbacks": [Stop()]} | options)


class Stop(TrainerCallback):
    """Breaks the training off after a step; there are six in an epoch."""

    def __init__(self, step=0):
        self.step = step

    def on_step_end(self, args, state, control, **_):
        if state.global_step == self.step:
            raise KeyboardInterrupt


@pytest.fixture
def interrupted(tune, data, home):
    """`interrupted(step)`: the whole run, moved away, and the .training of one broken off."""

    def broken_off(step=14):
        whole = tune(data)
        shutil.move(whole.folder, home / "whole")
        with pytest.raises(KeyboardInterrupt):
            tune(data, callbacks=[Stop(step)])
        return load_run(home / "whole"), whole.folder / ".training"

    return broken_off


def check_equal(run, whole):
    assert run.metrics == pytest.approx(whole.metrics, rel=1e-5)
    for split in ("train", "validation"):
        np.testing.assert_allclose(run.dynamics[split], whole.dynamics[split], atol=1e-5)
    assert not (run.folder / ".training").exists()


@pytest.mark.parametrize("file", ["model.safetensors", "optimizer.pt", "trainer_state.json"])
@pytest.mark.parametrize("damage", [empty, cut_off, flip])
def test_a_torn_checkpoint_is_set_aside(file, damage, interrupted, tune, data, capsys):
    whole, half = interrupted()
    assert {path.name for path in half.glob("checkpoint-*")} == {"checkpoint-6", "checkpoint-12"}
    damage(half / "checkpoint-12" / file)
    run = tune(data)
    assert "torn-checkpoint-12 is not whole" in capsys.readouterr().out
    assert run.details["resumed"]
    check_equal(run, whole)


@pytest.mark.parametrize("epoch", [1, 2])
def test_torn_logits_are_computed_again(epoch, interrupted, tune, data):
    whole, half = interrupted()
    flip(half / f"epoch-00{epoch}.npz")
    check_equal(tune(data), whole)


def test_a_checkpoint_that_is_torn_twice(interrupted, tune, data):
    whole, half = interrupted()
    for _ in range(2):
        empty(half / "checkpoint-12" / "optimizer.pt")
        with pytest.raises(KeyboardInterrupt):
            tune(data, callbacks=[Stop(14)])
    check_equal(tune(data), whole)


def test_a_training_that_nothing_tells_of_is_begun_again(interrupted, tune, data):
    whole, half = interrupted()
    (half / "plan.json").unlink()
    run = tune(data)
    assert not run.details["resumed"]
    check_equal(run, whole)


def test_a_resumed_training_keeps_its_number_format(interrupted, tune, data, capsys, monkeypatch):
    whole, _ = interrupted()
    monkeypatch.setattr(session, "pick_device", lambda: torch.device("cpu"))
    start(dtype="bfloat16", quiet=True)
    run = tune(data)
    said = capsys.readouterr().out
    assert "The interrupted training was begun in float32 and goes on in it." in said
    assert run.details["machine"]["dtype"] == run.dtype == "float32"
    assert session.current().dtype_name == "bfloat16"
    check_equal(run, whole)


def test_a_resumed_training_needs_as_many_processes(interrupted, tune, data, monkeypatch, refused):
    interrupted()
    monkeypatch.setenv("WORLD_SIZE", "2")
    with refused(ValueError, "has 1 processes, not 2"):
        tune(data)


def test_a_run_of_another_machine_is_loaded_from_every_route(tiny, data, home, capsys, tmp_path):
    start(dtype="bfloat16", quiet=True)
    options = {"epochs": 1, "batch_size": 8, "seed": 1}
    run = fine_tune(data, checkpoint=tiny, **options)
    start(dtype="float32", quiet=True)
    other = Path(shutil.copytree(tiny, tmp_path / "elsewhere" / "called-otherwise"))
    capsys.readouterr()
    for route in (tiny, str(tiny), other):
        again = fine_tune(data, checkpoint=route, **options)
        assert again.folder == run.folder
        assert capsys.readouterr().out.splitlines() == [
            f"Loaded the finished run runs/{run.folder.name}",
            "It was trained in bfloat16; this session computes in float32.",
        ]


def change_tokenizer(folder):
    tokenizer = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    tokenizer["normalizer"]["lowercase"] = False
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))


def as_bin(folder, shift=0.0):
    weights = load_file(folder / "model.safetensors")
    weights["embeddings.LayerNorm.bias"] += shift
    torch.save(weights, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def test_the_fingerprint_holds_all_that_a_run_follows_from(tune, data, copied):
    options = {"epochs": 1, "checkpoint": copied}
    seen = [tune(data, **options)]
    changes = [
        change_tokenizer,
        set_config(hidden_act="relu"),
        as_bin,
        lambda folder: as_bin_again(folder, 0.5),
    ]
    for change in changes:
        change(copied)
        seen.append(tune(data, **options))
    seen.append(tune(data, **options | {"callbacks": []}))
    watching = Stop()
    watching.only_watches = True
    assert tune(data, **options | {"callbacks": [watching]}).folder == seen[-1].folder
    assert len({run.details["fingerprint"] for run in seen}) == len(changes) + 2


def as_bin_again(folder, shift):
    weights = torch.load(folder / "pytorch_model.bin", weights_only=True)
    weights["embeddings.LayerNorm.bias"] += shift
    torch.save(weights, folder / "pytorch_model.bin")


def test_features_are_kept_by_config_too(copied, home):
    start(dtype="float32", quiet=True)
    found = []
    for act in ("gelu", "relu"):
        set_config(hidden_act=act)(copied)
        found.append(features.extract_features(["so be it"], *load_checkpoint(copied), cache=True))
    assert np.abs(found[0] - found[1]).max() > 1e-3


def test_damaged_features_are_computed_again(home, tiny):
    start(dtype="float32", quiet=True)
    model = load_checkpoint(tiny)
    first = features.extract_features(["so be it"] * 40, *model, cache=True)
    (file,) = (home / "runs/features").iterdir()
    flip(file)
    again = features.extract_features(["so be it"] * 40, *model, cache=True)
    np.testing.assert_array_equal(first, again)


def test_features_are_not_lost_where_nothing_can_be_kept(tiny, monkeypatch):
    monkeypatch.setenv("COURSE_HOME", "/proc/nowhere")
    with pytest.warns(UserWarning, match="could not be kept"):
        found = features.extract_features(["so be it"], *load_checkpoint(tiny), cache=True)
    assert found.shape == (1, 32)


def test_a_diverged_training_is_no_run(tune, data, home, refused):
    with refused(ValueError, "has diverged: after epoch", "Choose a learning rate below 1e+30"):
        tune(data, learning_rate=1e30)
    assert not list((home / "runs").glob("run-*"))


def test_a_refused_learning_rate_leaves_nothing(place, rows, refuses):
    write("mine.csv", rows)
    refuses(["train", "mine.csv", *PLAIN, "--learning-rate", "-1", "--output", "a/b"], "above 0")


def test_quick_says_what_it_cuts(tune, data, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_QUICK", "1")
    tune(data)
    assert "COURSE_QUICK is set: 1 epoch in place of 3." in capsys.readouterr().out


# ---- columns and labels


def with_author(data):
    return DatasetDict(
        {
            split: Dataset.from_dict(
                {"text": part["text"][:], "author": ["me"] * len(part), "label": part["label"][:]},
                features=Features(part.features | {"author": Value("string")}),
            )
            for split, part in data.items()
        }
    )


def test_a_second_column_of_text_is_no_half_of_a_pair(tune, data, refused):
    more = with_author(data)
    for work in (tune, cheap_model):
        with refused(ValueError, "hold 2 of text (text, author)", "texts="):
            work(more)
        with refused(ValueError, "name one column of text"):
            work(more, texts="mood")
    plain, named = tune(data, epochs=1), tune(more, epochs=1, texts="text")
    assert named.folder == plain.folder, "the same rows"
    assert tune(more, epochs=1, texts=["text", "author"]).folder != plain.folder
    assert cheap_model(more, texts="text").data_sha256 == plain.data_sha256


# ---- outputs


def test_what_comes_into_the_folder_meanwhile_stays(place, rows, tiny, monkeypatch, capsys):
    write("mine.csv", rows)
    Path("out").mkdir()
    evaluate = CourseTrainer.evaluate

    def evaluated(trainer, *arguments, **options):
        Path("out/letter.txt").write_text("mine")
        Path("out/config.json").write_text("mine too")
        return evaluate(trainer, *arguments, **options)

    monkeypatch.setattr(CourseTrainer, "evaluate", evaluated)
    quick = ["--checkpoint", str(tiny), "--epochs", "1"]
    assert main(["train", "mine.csv", *PLAIN, *quick, "--output", "out"]) == 0
    assert Path("out/letter.txt").read_text() == "mine"
    assert Path("out/config.json.old").read_text() == "mine too"
    assert "config.json as config.json.old" in capsys.readouterr().out


def dot(place):
    os.chdir(Path("out"))
    return "."


def link(place):
    Path("link").symlink_to("out", target_is_directory=True)
    return "link"


@pytest.mark.parametrize("way", [lambda place: "out", link, dot], ids=["empty", "link", "dot"])
def test_a_folder_that_is_there_is_filled_from_inside(way, place, rows, train):
    """As a mount must be, which cannot be renamed."""
    source = Path(write("mine.csv", rows)).resolve()
    Path("out").mkdir()
    folder = Path("out").resolve()
    before = folder.stat().st_ino
    output = way(place)
    assert train(str(source), *PLAIN, output=output) == 0
    assert folder.stat().st_ino == before
    assert (folder / "run.json").is_file() and (folder / "report.html").is_file()
    assert not list(folder.glob(".*"))


def test_a_folder_called_like_a_checkpoint_of_the_course(place, rows, train):
    write("mine.csv", rows)
    name = "all-MiniLM-L6-v2"
    assert train("mine.csv", *PLAIN, output=name) == 0
    assert main(["predict", name, "mine.csv", "--output", "x.csv"]) == 0


def test_a_correlation_of_one_row_is_refused_before_the_training(place, refuses):
    rows = [{"text": f"text {i}", "mood": f"{i}.5"} for i in range(30)]
    write("train.csv", rows[1:])
    write("validation.csv", rows[:1])
    command = ["train", "train.csv", "--validation", "validation.csv", *PLAIN, "--output", "out"]
    refuses(command, "validation has one row")


@pytest.mark.skipif(not POSIX, reason="Windows has no such permissions")
def test_permissions_are_kept_and_alike(out):
    modes = {stat.S_IMODE(path.stat().st_mode) for path in out.iterdir()}
    assert len(modes) == 1, "the model as the rest"
    file = out / "new.csv"
    write_text(file, "a")
    file.chmod(0o600)
    Path("link.csv").symlink_to(file)
    write_text(Path("link.csv"), "b")
    assert Path("link.csv").is_symlink() and file.read_text() == "b"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_drafts_of_killed_processes_are_removed(place):
    code = "import os, sys; from pathlib import Path; from helpers.files import whole_file\n"
    code += (
        "with whole_file(Path('x.csv')) as draft: draft.write_text('half'); os.kill(os.getpid(), 9)"
    )
    fresh(sys.executable, "-c", code)
    assert len(list(place.glob("x.csv.*.tmp"))) == 1
    write_text(Path("x.csv"), "whole")
    assert [path.name for path in place.iterdir()] == ["x.csv"]


def test_only_drafts_of_ours_are_removed(place):
    for name in ("x.csv.backup.tmp", "x.csv.tmp", "x.csv.1.tmp.csv"):
        Path(name).write_text("mine")
    Path("x.csv.12.tmp").mkdir()
    write_text(Path("x.csv"), "whole")
    assert sorted(path.name for path in place.iterdir()) == [
        *("x.csv", "x.csv.1.tmp.csv", "x.csv.12.tmp", "x.csv.backup.tmp", "x.csv.tmp")
    ]


def test_the_cheap_model_is_mended_and_taken_up_again(place, rows, capsys):
    write("mine.csv", rows)
    command = ["train", "mine.csv", *PLAIN, "--model", "cheap", "--output", "out"]
    Path("out").mkdir()
    Path("out/cheap_model.npz.99999.tmp").write_text("half, of a process that was killed")
    assert main(command) == 0
    assert not list(Path("out").glob("*.tmp"))
    whole = Path("out/cheap_model.npz").read_bytes()
    cut_off(Path("out/cheap_model.npz"))
    assert main(command) == 0
    assert "is damaged" in capsys.readouterr().out
    assert Path("out/cheap_model.npz").stat().st_size == len(whole)
    assert Path("out/cheap_model.npz.old").is_file()


def test_predicting_keeps_no_features(place, rows, home):
    write("mine.csv", rows)
    assert main(["train", "mine.csv", *PLAIN, "--model", "cheap", "--output", "out"]) == 0
    kept = sorted((home / "runs/features").iterdir())
    write("new.csv", [row | {"text": f"{row['text']} again"} for row in rows])
    assert main(["predict", "out", "new.csv", "--output", "x.csv"]) == 0
    assert sorted((home / "runs/features").iterdir()) == kept


# ---- two at once


WAITING = "import time; from pathlib import Path; from helpers.files import locked\n"
WAITING += "with locked(Path('out'), 'busy'): print('in', flush=True); time.sleep(60)"


def test_a_folder_that_another_command_fills_is_refused(place, rows, refuses):
    write("mine.csv", rows)
    Path("out").mkdir()
    root = {"PYTHONPATH": str(Path(__file__).parents[2])}
    options = {"env": os.environ | root, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", WAITING], **options) as other:
        assert other.stdout.readline() == "in\n"
        began = time.monotonic()
        for model in ("cheap", "fine-tuned"):
            command = ["train", "mine.csv", *PLAIN, "--model", model, "--output", "out"]
            refuses(command, "Another command is writing to out: wait until it has ended.")
        assert time.monotonic() - began < 30
        other.kill()
    with locked(Path("out"), "busy"):
        pass


def test_two_identical_commands_at_once(place, rows, tiny):
    write("mine.csv", rows)
    command = [sys.executable, "-m", "helpers", "train", "mine.csv", *PLAIN, "--epochs", "1"]
    command += ["--checkpoint", str(tiny), "--output", "out"]
    root = {"PYTHONPATH": str(Path(__file__).parents[2])}
    options = {"env": os.environ | root, "stderr": subprocess.PIPE, "text": True}
    both = [subprocess.Popen(command, stdout=subprocess.DEVNULL, **options) for _ in range(2)]
    said = [process.communicate()[1] for process in both]
    codes = sorted(process.returncode for process in both)
    assert codes in ([0, 2], [0, 0]), said
    assert codes == [0, 0] or any("Another command is writing to out" in text for text in said)
    assert main(["predict", "out", "mine.csv", "--output", "x.csv"]) == 0


# ---- full disks, little memory, unknown errors


SAID_BY_LIBRARIES = [  # an error as a library raises it, and what is said
    (OSError(errno.ENOSPC, "No space left on device", "out/x"), "The disk is full at out/x: make"),
    (RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 64 vs 0"), "is full"),
    (RuntimeError("PytorchStreamWriter failed writing file data/3: file write failed"), "is full"),
    (Exception('I/O error: Os { code: 28, kind: StorageFull, message: "No space" }'), "is full"),
    (MemoryError("Unable to allocate 9 GiB"), "too little memory"),
    (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 9"), "too little memory"),
    (torch.OutOfMemoryError("CUDA out of memory. Tried"), "too little memory"),
    (KeyError("strange"), "KeyError: 'strange': this should not happen; --debug shows"),
    (
        PermissionError(errno.EACCES, "Permission denied", "out/x"),
        "out/x: Permission denied: check",
    ),
]


@pytest.mark.parametrize(("error", "said"), SAID_BY_LIBRARIES)
def test_errors_of_libraries_are_one_sentence(error, said, place, rows, refuses, monkeypatch):
    write("mine.csv", rows)

    def fail(*_, **__):
        raise error

    monkeypatch.setattr(training, "save_run", fail)
    monkeypatch.setattr(training, "_train", fail)
    refuses(["train", "mine.csv", *PLAIN, "--output", "out"], said)
    with pytest.raises(type(error)):
        command = ["train", "mine.csv", *PLAIN, "--debug", "--output", "out"]
        main(command) if "should not" in said else fail()


def test_a_users_words_are_not_taken_for_a_lack_of_memory(place, rows, refuses):
    write("mine.csv", [row | {"mood": "out of memory"} for row in rows])
    said = "every row has the label 'out of memory': add rows with another."
    refuses(["train", "mine.csv", *PLAIN, "--output", "out"], said)


def test_a_disk_without_room_is_told_before_the_training(tune, data, home, monkeypatch, refused):
    usage = shutil.disk_usage(home)._replace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with refused(RuntimeError, "The training needs about", "1 MB are free"):
        tune(data)
    assert not list((home / "runs").glob("run-*"))


def test_an_interruption_before_anything_is_saved(place, rows, tiny, monkeypatch, capsys):
    write("mine.csv", rows)

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(CourseTrainer, "evaluate", stop)
    command = ["train", "mine.csv", *PLAIN, "--checkpoint", str(tiny), "--output", "out"]
    assert main(command) == 2
    assert capsys.readouterr().err == "error: Interrupted: run the same command again.\n"
    assert not Path("out").exists()


@pytest.mark.skipif(not POSIX, reason="Windows has no such files")
def test_a_pipe_is_not_read(place, rows, refuses, monkeypatch, refused):
    os.mkfifo("train.csv")
    refuses(["train", "train.csv", *PLAIN, "--output", "out"], "There is no file train.csv")
    monkeypatch.setenv("COURSE_EMOTION", str(place))
    with refused(ValueError, "train.csv"):
        load_corpus("emotion")


# ---- several processes


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (lambda rows: rows[1:], "error: The processes were given different rows or arguments"),
        (lambda rows: [rows[0] | {"mood": ""}], "error in process 1: 1.csv: line 2 has nothing"),
    ],
)
def test_processes_with_different_rows_are_refused(second, said, place, rows, tiny):
    write("0.csv", rows)
    write("1.csv", second(rows))
    script = "import os, sys; from helpers.commands import main\n"
    script += "sys.exit(main(['train', os.environ['RANK'] + '.csv', *sys.argv[1:]]))"
    Path("each.py").write_text(script)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", "2", "each.py", *PLAIN, "--checkpoint", str(tiny)]
    done = fresh(*command, "--batch-size", "8", "--output", "out")
    assert done.returncode != 0
    assert said in done.stderr
    assert not Path("out/run.json").exists()


def names_in_order(data, names):
    """The same rows, their ClassLabel's names in another order."""
    old = data.features["label"].names
    ids = [names.index(old[label]) for label in data["label"][:]]
    kinds = Features(data.features | {"label": ClassLabel(names=names)})
    return Dataset.from_dict({"text": data["text"][:], "label": ids}, features=kinds)


def test_labels_are_compared_by_name(tune, data, refused):
    from helpers import loss_table, suspicious_labels

    run = tune(data)
    turned = DatasetDict({s: names_in_order(part, NAMES[::-1]) for s, part in data.items()})
    for table in (loss_table(run, turned["validation"]), suspicious_labels(run, turned)):
        assert table["label"].tolist() == [NAMES[i] for i in data["validation"]["label"][:]]
    before, after = (loss_table(run, d["validation"])["loss"] for d in (data, turned))
    np.testing.assert_allclose(before, after)
    before, after = suspicious_labels(run, data), suspicious_labels(run, turned)
    np.testing.assert_allclose(before["dynamics"], after["dynamics"])
    np.testing.assert_allclose(before["combined"], after["combined"], atol=1e-3)
    phrases = load_corpus("phrases")["test"].select(range(4))
    with refused(ValueError, "negative, positive", "different tasks"):
        loss_table(run, phrases)
