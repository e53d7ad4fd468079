"""What notebook 12 builds: its batches, and its Keras model beside the one in PyTorch."""

import os
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from helpers import load_checkpoint, load_corpus

os.environ["KERAS_BACKEND"] = "torch"
import keras  # noqa: E402

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(checkpoint, lifted):
    """The functions and classes that the notebook defines."""
    libraries = {"keras": keras, "torch": torch, "np": np, "f1_score": f1_score}
    course = {"load_checkpoint": load_checkpoint, "tokenizer": checkpoint[0]}
    session = SimpleNamespace(seed=42, device=torch.device("cpu"))
    definitions = lifted("12", **libraries, **course, session=session)
    keras.utils.set_random_seed(42)
    return definitions


@pytest.fixture(scope="module")
def posts():
    return load_corpus("emotion")["train"].select(range(50))


def twin_of(model, made):
    """The PyTorch model of the notebook, with the weights of the Keras model."""
    twin = made.TorchClassifier(made.fresh_encoder(), model.head.units)
    twin.encoder.load_state_dict(model.encoder.module.state_dict())
    with torch.no_grad():
        twin.head.weight.copy_(model.head.kernel.value.T)
        twin.head.bias.copy_(model.head.bias.value)
    return twin.eval()


def test_equal_weights_give_equal_predictions(made, posts):
    model = made.Classifier(made.fresh_encoder(), 6)
    batches = made.Batches(posts, batch_size=16)
    by_keras = model.predict(batches, verbose=0)
    twin = twin_of(model, made)
    with torch.inference_mode():
        by_torch = [
            twin(**{name: torch.tensor(array) for name, array in batches[k][0].items()}).numpy()
            for k in range(len(batches))
        ]
    assert by_keras.shape == (50, 6) and by_keras.dtype == np.float32
    assert np.abs(by_keras - np.concatenate(by_torch)).max() < 1e-5


def test_fit_moves_every_weight_and_the_file_brings_the_best_ones_back(made, posts, tmp_path):
    model = made.Classifier(made.fresh_encoder(), 6)
    before = {k: v.clone() for k, v in model.encoder.module.state_dict().items()}
    model.compile(
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        optimizer=keras.optimizers.AdamW(1e-4),
    )
    few = made.Batches(posts.select(range(16)), batch_size=8, by_length=True)
    watched = made.Batches(posts.select(range(16, 24)))
    file = tmp_path / "best.weights.h5"
    best = keras.callbacks.ModelCheckpoint(
        file, monitor="val_macro_f1", mode="max", save_best_only=True, save_weights_only=True
    )
    history = model.fit(few, epochs=1, verbose=0, callbacks=[made.MacroF1(watched), best]).history
    logits = model.predict(watched, verbose=0)
    wanted = f1_score(watched.labels, logits.argmax(axis=-1), average="macro")
    assert history["val_macro_f1"] == [pytest.approx(wanted)]
    after = model.encoder.module.state_dict()
    unmoved = [k for k, v in before.items() if v.is_floating_point() and v.equal(after[k])]
    assert not unmoved
    copy = made.Classifier(made.fresh_encoder(), 6)
    copy.load_weights(file)
    assert np.array_equal(copy.predict(watched, verbose=0), logits)


@pytest.mark.parametrize("spared", [False, True])
def test_adamw_of_keras_decays_all_weights_unless_told(made, spared):
    model = made.Classifier(made.fresh_encoder(), 6)
    weights = model.trainable_variables
    before = [keras.ops.convert_to_numpy(weight).copy() for weight in weights]
    optimizer = keras.optimizers.AdamW(learning_rate=0.1, weight_decay=0.5)
    if spared:
        rows_of_numbers = [weight for weight in weights if len(weight.shape) == 1]
        optimizer.exclude_from_weight_decay(var_list=rows_of_numbers)
    optimizer.apply([keras.ops.zeros_like(weight) for weight in weights], weights)
    for weight, old in zip(weights, before, strict=True):
        factor = 1 if spared and old.ndim == 1 else 0.95
        assert np.allclose(keras.ops.convert_to_numpy(weight), factor * old, rtol=1e-5)


@pytest.mark.parametrize("by_length", [False, True])
def test_batches_hold_each_row_once_with_its_label(made, posts, by_length, checkpoint):
    batches = made.Batches(posts, batch_size=16, by_length=by_length)
    rows = []
    for k in range(len(batches)):
        inputs, labels = batches[k]
        assert {array.dtype.name for array in (*inputs.values(), labels)} == {"int32"}
        lengths = inputs["attention_mask"].sum(axis=1)
        assert inputs["input_ids"].shape == (len(labels), lengths.max())
        texts = [ids[:n] for ids, n in zip(inputs["input_ids"], lengths, strict=True)]
        rows += zip(checkpoint[0].batch_decode(texts), labels.tolist(), strict=True)
    ids = checkpoint[0](posts["text"][:])["input_ids"]
    wanted = list(zip(checkpoint[0].batch_decode(ids), posts["label"][:], strict=True))
    assert (rows == wanted) != by_length
    assert sorted(rows) == sorted(wanted)
    first = batches.order
    batches.on_epoch_end()
    assert np.array_equal(first, batches.order) != by_length
