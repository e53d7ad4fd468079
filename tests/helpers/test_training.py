import json
import shutil

import numpy as np
import pytest
import torch
from datasets import Dataset, DatasetDict
from transformers import (
    BertConfig,
    BertModel,
    DataCollatorWithPadding,
    DistilBertConfig,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from helpers import fine_tune, load_checkpoint, load_corpus, predict_logits, session, start
from helpers.batches import tokenize
from helpers.checkpoints import usual_learning_rate
from helpers.runs import load_run
from helpers.scores import row_losses, score
from helpers.trainer import RECIPE

pytestmark = pytest.mark.slow

NAMES = ["sadness", "joy", "love", "anger", "fear", "surprise"]


@pytest.fixture(scope="module")
def corpus():
    return load_corpus("emotion")


@pytest.fixture
def data(corpus):
    return DatasetDict(
        {
            "train": corpus["train"].select(range(48)),
            "validation": corpus["validation"].select(range(24)),
        }
    )


@pytest.fixture
def tune(tiny, home):
    """fine_tune on the tiny checkpoint, in a runs folder of the test's own."""
    start(dtype="float32", quiet=True)
    usual = {"checkpoint": tiny, "epochs": 1, "batch_size": 8, "learning_rate": 1e-3, "seed": 1}
    return lambda data, **options: fine_tune(data, **usual | options)


def with_labels(dataset, labels):
    columns = {"text": dataset["text"][:], "label": labels}
    return Dataset.from_dict(columns, features=dataset.features)


def one_by_one(model, tokenizer, texts):
    """The logits of each text, computed alone: with no batch there is no order to get wrong."""
    with torch.inference_mode():
        logits = [model(**tokenizer(text, return_tensors="pt")).logits for text in texts]
    return torch.cat(logits).numpy()


class Stop(TrainerCallback):
    """Breaks the training off at a step, as a learner's interrupt does."""

    def __init__(self, step):
        self.step = step

    def on_step_end(self, args, state, control, **_):
        if state.global_step == self.step:
            raise KeyboardInterrupt


# Row order


def check_row_order(predict, tiny, texts):
    start(dtype="float32", quiet=True)
    tokenizer, model = load_checkpoint(tiny, head="classification", labels=NAMES)
    expected = one_by_one(model, tokenizer, texts)
    np.testing.assert_allclose(predict(model, tokenizer, texts), expected, atol=1e-4)


def test_logits_are_in_row_order(tiny, data):
    check_row_order(predict_logits, tiny, data["train"]["text"][:])


def test_the_check_of_row_order_fails_for_the_predictions_of_a_grouping_trainer(
    tiny, data, tmp_path
):
    def trap(model, tokenizer, texts):
        options = {"train_sampling_strategy": "group_by_length", "use_cpu": True}
        arguments = TrainingArguments(str(tmp_path), disable_tqdm=True, **options)
        collator = DataCollatorWithPadding(tokenizer)
        trainer = Trainer(model, arguments, collator, processing_class=tokenizer)
        return trainer.predict(tokenize(texts, tokenizer, model)).predictions

    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        check_row_order(trap, tiny, data["train"]["text"][:])


def test_recorded_logits_are_in_row_order_and_precede_the_step(tune, data):
    still = tune(data, learning_rate=1e-12)  # the weights do not move, so all logits stay the same
    for split in ("train", "validation"):
        expected = one_by_one(still.model, still.tokenizer, data[split]["text"][:])
        assert still.dynamics[split].shape == (1, len(expected), 6)
        np.testing.assert_allclose(still.dynamics[split][0], expected, atol=1e-4)

    # One step an epoch, the first at learning rate 0, the start of the warm-up.
    run = tune(data, batch_size=48, epochs=3)
    for epoch, moved in enumerate([False, False, True]):
        change = np.abs(run.dynamics["train"][epoch] - still.dynamics["train"][0]).max()
        assert (change > 1e-3) == moved
    expected = one_by_one(run.model, run.tokenizer, data["validation"]["text"][:])
    np.testing.assert_allclose(run.dynamics["validation"][-1], expected, atol=1e-4)


def test_metrics_are_those_of_the_saved_model(tune, data):
    run = tune(data)
    logits = predict_logits(run.model, run.tokenizer, data["validation"]["text"][:])
    expected = score(logits, np.array(data["validation"]["label"][:]))
    assert run.metrics == pytest.approx(expected, abs=1e-5)
    assert set(run.metrics) == {"loss", "accuracy", "macro_f1"}
    by_epoch = [entry for entry in run.log_history if "eval_accuracy" in entry]
    assert by_epoch[-1]["eval_accuracy"] == run.metrics["accuracy"]


# What is trained


def test_accumulating_4_batches_of_2_equals_a_batch_of_8(tune, data, monkeypatch):
    monkeypatch.setitem(RECIPE, "optim", "sgd")  # AdamW would hide a gradient that is 4 times off
    whole = tune(data, batch_size=8, accumulation=1, learning_rate=0.1)
    parts = tune(data, batch_size=2, accumulation=4, learning_rate=0.1)
    for key in ("loss", "grad_norm"):
        found = [[e[key] for e in run.log_history if key in e] for run in (whole, parts)]
        assert len(found[0]) == 6
        np.testing.assert_allclose(*found, rtol=1e-4)
    for one, other in zip(whole.model.parameters(), parts.model.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_balanced_class_weights_enter_the_loss(tune, data):
    run = tune(data, batch_size=48, class_weight="balanced")
    labels = np.array(data["train"]["label"][:])
    counts = np.bincount(labels, minlength=6)
    weights = len(labels) / (6 * np.maximum(counts, 1))
    losses = row_losses(run.dynamics["train"][0], labels)
    assert run.log_history[0]["loss"] == pytest.approx((weights[labels] * losses).mean(), rel=1e-4)


def test_rows_without_a_label_are_neither_trained_on_nor_scored(tune, data):
    labels = data["train"]["label"][:]
    marked = DatasetDict(data | {"train": with_labels(data["train"], [-1, *labels[1:]])})
    dropped = DatasetDict(data | {"train": data["train"].select(range(1, 48))})
    run, expected = tune(marked), tune(dropped)
    assert run.metrics == pytest.approx(expected.metrics, abs=1e-5)
    assert np.isnan(run.dynamics["train"][:, 0]).all()
    assert np.isfinite(run.dynamics["train"][:, 1:]).all()


def test_short_batches_take_the_plain_attention_and_scores_the_usual(tune, data, monkeypatch):
    taken = []

    class Watch(TrainerCallback):
        def on_step_end(self, *_, model, **__):
            taken.append(model.config._attn_implementation)

        on_evaluate = on_step_end

    monkeypatch.setattr(session, "pick_device", lambda: torch.device("cpu"))
    start(dtype="bfloat16", quiet=True)
    tune(data, callbacks=[Watch()])
    assert taken == ["eager"] * 6 + ["sdpa"]


def test_bfloat16_trains_and_leaves_float32_weights(tune, data):
    start(dtype="bfloat16", quiet=True)
    run = tune(data)
    assert run.details["machine"]["dtype"] == "bfloat16"
    assert {parameter.dtype for parameter in run.model.parameters()} == {torch.float32}
    assert run.model(**run.tokenizer("a", return_tensors="pt")).logits.dtype == torch.float32


def test_pairs_are_trained_by_regression(tune):
    pairs = load_corpus("pairs")
    small = DatasetDict({split: pairs[split].select(range(24)) for split in pairs})
    run = tune(small, head="regression")
    assert set(run.metrics) == {"loss", "pearson", "spearman", "rmse"}
    both = list(zip(*(small["validation"][f"sentence{i}"][:] for i in (1, 2)), strict=True))
    with torch.inference_mode():
        logits = [run.model(**run.tokenizer(*pair, return_tensors="pt")).logits for pair in both]
    found = predict_logits(run.model, run.tokenizer, both)
    np.testing.assert_allclose(found, torch.cat(logits).numpy(), atol=1e-4)


def test_max_length_holds_in_training_and_in_the_saved_tokenizer(tune, data):
    run = tune(data, max_length=8)
    text = data["train"]["text"][0]
    assert len(run.tokenizer(text, truncation=True)["input_ids"]) == 8
    cut = one_by_one(run.model, lambda t, **o: run.tokenizer(t, truncation=True, **o), [text])
    with pytest.warns(UserWarning, match="longer than 8 tokens"):
        found = predict_logits(run.model, run.tokenizer, [text])
    np.testing.assert_allclose(found, cut, atol=1e-4)


# Finished, half-finished and interrupted runs


@pytest.mark.parametrize(("hidden_size", "rate"), [(32, 2e-4), (768, 5e-5), (1024, 5e-5)])
def test_the_usual_learning_rate_goes_by_the_size(tmp_path, tune, data, hidden_size, rate):
    BertConfig(hidden_size=hidden_size).save_pretrained(tmp_path / "one")
    assert usual_learning_rate(tmp_path / "one") == rate
    DistilBertConfig(dim=hidden_size).save_pretrained(tmp_path / "other")
    assert usual_learning_rate(tmp_path / "other") == rate
    if rate == 2e-4:
        assert tune(data, learning_rate=None).details["arguments"]["learning_rate"] == rate


def test_a_finished_run_is_loaded_not_trained(tune, data, capsys):
    first = tune(data, name="one")
    second = tune(data, name="two")
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        f"Trained: runs/{first.folder.name}",
        f"Loaded the finished run runs/{first.folder.name}",
    ]
    assert second.folder == first.folder and second.metrics == first.metrics


def test_the_folder_holds_no_pickle_and_no_leftovers(tune, data, home):
    run = tune(data)
    files = {file.name for file in run.folder.iterdir()}
    needed = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert needed | {"run.json", "dynamics.npz"} == files
    assert [file.name for file in (home / "runs").iterdir()] == [run.folder.name]
    assert run.details["files"].keys() == files - {"run.json"}


@pytest.mark.parametrize("change", ["label", "text", "seed", "epochs", "checkpoint"])
def test_the_fingerprint_changes_with(change, tune, data, make_tiny):
    run, options = tune(data), {}
    if change == "label":
        labels = data["validation"]["label"][:]
        other = with_labels(data["validation"], [*labels[:-1], (labels[-1] + 1) % 6])
        data = DatasetDict(data | {"validation": other})
    elif change == "text":
        data = data.map(lambda row, i: {"text": row["text"] + "." * (i == 3)}, with_indices=True)
    elif change == "checkpoint":
        folder = make_tiny(dropout=0.0)
        model = BertModel.from_pretrained(folder)
        model.pooler.dense.bias.data += 1
        model.save_pretrained(folder)
        options = {"checkpoint": folder}
    else:
        options = {change: 2}
    other = tune(data, **options)
    assert other.details["fingerprint"] != run.details["fingerprint"]


@pytest.mark.parametrize("damage", ["no run.json", "a file is missing", "a file is cut short"])
def test_a_half_written_run_is_trained_again(damage, tune, data, capsys):
    run = tune(data)
    weights = run.folder / "model.safetensors"
    if damage == "no run.json":
        (run.folder / "run.json").unlink()
        with pytest.raises(ValueError, match="no finished run"):
            load_run(run.folder)
    elif damage == "a file is missing":
        weights.unlink()
    else:
        weights.write_bytes(weights.read_bytes()[:1000])
    again = tune(data)
    assert capsys.readouterr().out.count("Trained") == 2
    assert again.metrics == pytest.approx(run.metrics)


@pytest.mark.parametrize("step", [6, 9, 18])
def test_an_interrupted_run_ends_like_one_that_was_not(step, make_tiny, tune, data, home, capsys):
    """Broken off between epochs (after step 6), within one, and after the last step."""
    never = Stop(0)
    options = {"checkpoint": make_tiny(dropout=0.1), "epochs": 3, "callbacks": [never]}
    whole = tune(data, **options)
    shutil.move(whole.folder, home / "whole")
    with pytest.raises(KeyboardInterrupt):
        tune(data, **options | {"callbacks": [Stop(step)]})
    half = whole.folder / ".training"
    if step > 6:  # a kill may leave half a checkpoint
        (half / "checkpoint-99").mkdir()
        (half / "checkpoint-99" / "trainer_state.json").write_text('{"global_st')
    resumed = tune(data, **options)
    assert ("Going on" in capsys.readouterr().out) == (step > 6) == resumed.details["resumed"]
    assert resumed.metrics == pytest.approx(whole.metrics, rel=1e-5)
    before = np.load(home / "whole" / "dynamics.npz")
    for split in ("train", "validation"):
        np.testing.assert_allclose(resumed.dynamics[split], before[split], atol=1e-5)
    assert not half.exists()


def test_a_quick_run_is_marked_and_never_passes_for_a_real_one(tune, data, monkeypatch):
    monkeypatch.setenv("COURSE_QUICK", "1")
    quick = tune(data, epochs=3)
    assert quick.details["quick"] and quick.details["arguments"]["epochs"] == 1
    monkeypatch.delenv("COURSE_QUICK")
    real = tune(data, epochs=1)
    assert not real.details["quick"] and real.folder != quick.folder


def test_run_json_tells_what_was_done(tune, data):
    run = tune(data, name="emotion")
    details = json.loads((run.folder / "run.json").read_text(encoding="utf-8"))
    assert run.folder.name == f"emotion-{details['fingerprint'][:12]}"
    assert details["checkpoint"] == "tiny" and details["labels"] == NAMES
    assert details["rows"] == {"train": 48, "validation": 24} and details["seed"] == 1
    for key in ("data_sha256", "checkpoint_sha256", "arguments", "metrics", "seconds", "versions"):
        assert details[key]
    assert details["machine"].keys() == {"processor", "device", "dtype", "python"}


# Bad input


def test_bad_data_gets_a_sentence(data, tune):
    train = data["train"]
    plain = train.cast_column("label", Dataset.from_dict({"n": [1]}).features["n"])
    cases = {
        "load_corpus makes one": train,
        "train and validation": DatasetDict({"train": train, "test": train}),
        "no single target": DatasetDict(data).remove_columns("label"),
        "hold 0 of text": DatasetDict(data).remove_columns("text"),
        "not those of train": DatasetDict(data | {"validation": plain}),
        "class_encode_column": DatasetDict({"train": plain, "validation": plain}),
        "Every row of train is 'joy'": DatasetDict(data | {"train": with_labels(train, [1] * 48)}),
        "no row with a label": DatasetDict(data | {"validation": with_labels(train, [-1] * 48)}),
    }
    for message, wrong in cases.items():
        with pytest.raises(ValueError, match=message):
            tune(wrong)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"class_weight": "heavy"}, "balanced"),
        ({"head": "tagging"}, "no head 'tagging'"),
        ({"head": "multi_label"}, "does not suit head='multi_label'"),
        ({"head": "regression"}, "does not suit"),
        ({"epochs": 0}, "epochs=0"),
        ({"max_length": 0}, "max_length=0"),
    ],
)
def test_bad_arguments_get_a_sentence(options, message, tune, data):
    with pytest.raises(ValueError, match=message):
        tune(data, **options)


def test_a_text_that_is_none_is_named(tune, data):
    features = data["train"].features
    missing = Dataset.from_dict({"text": ["fine", None], "label": [0, 1]}, features=features)
    with pytest.raises(TypeError, match="Text 1 is None"):
        tune(DatasetDict(data | {"train": missing}))


def test_no_texts_give_no_logits(tiny):
    tokenizer, model = load_checkpoint(tiny, head="classification", labels=NAMES)
    assert predict_logits(model, tokenizer, []).shape == (0, 6)
