import copy
import random
import warnings

import datasets
import numpy as np
import pandas as pd
import pytest
import torch

from helpers import (
    batches,
    extract_features,
    features,
    load_checkpoint,
    load_corpus,
    session,
    start,
)
from helpers.batches import length_sorted_batches


@pytest.fixture(autouse=True)
def full_precision(home, monkeypatch):
    """A session of the test's own, in float32."""
    monkeypatch.setattr(session, "_current", None)
    start(dtype="float32", quiet=True)


@pytest.fixture(scope="session")
def texts():
    """Texts of many lengths, in an order that is not that of their lengths."""
    return [*load_corpus("emotion")["validation"]["text"][:18], "", "🙂" * 40]


@pytest.fixture(scope="session")
def one_by_one(checkpoint, texts):
    """For each text the states of all layers, by the plainest route there is."""
    return [all_states(text, *checkpoint) for text in texts]


def all_states(text, tokenizer, model):
    with torch.inference_mode():
        batch = tokenizer(text, return_tensors="pt", truncation=True, max_length=512)
        return [states[0] for states in model(**batch, output_hidden_states=True).hidden_states]


def vector(states, pool):
    return (states[0] if pool == "cls" else states.mean(0)).float().numpy()


@pytest.mark.parametrize(("pool", "layer"), [("cls", -1), ("mean", -1), ("cls", 3), ("mean", 0)])
def test_row_i_belongs_to_text_i(checkpoint, texts, one_by_one, pool, layer):
    found = extract_features(texts, *checkpoint, pool=pool, layer=layer)
    assert found.shape == (len(texts), 384) and found.dtype == np.float32
    expected = np.stack([vector(states[layer], pool) for states in one_by_one])
    np.testing.assert_allclose(found, expected, atol=3e-5)
    gaps = np.abs(expected[:, None] - expected[None]).max(-1) + np.eye(len(texts))
    assert gaps.min() > 1e-4, "rows that were mixed up would show"


def test_the_last_layer_has_two_names(checkpoint, texts):
    last, seventh = (extract_features(texts[:4], *checkpoint, layer=layer) for layer in (-1, 6))
    np.testing.assert_allclose(last, seventh, atol=1e-5)


@pytest.mark.parametrize("pool", ["cls", "mean"])
def test_several_layers_stand_side_by_side_after_one_pass(checkpoint, texts, one_by_one, pool):
    passes = []
    hook = checkpoint[1].register_forward_pre_hook(lambda *_: passes.append(1))
    one = extract_features(texts[:6], *checkpoint, pool=pool)
    passes_for_one = len(passes)
    found = extract_features(texts[:6], *checkpoint, pool=pool, layer=[4, -1, 0])
    hook.remove()
    assert len(passes) == 2 * passes_for_one, "as many passes as for one layer"
    assert found.shape == (6, 3 * 384)
    for place, layer in enumerate([4, 6, 0]):
        expected = np.stack([vector(states[layer], pool) for states in one_by_one[:6]])
        np.testing.assert_allclose(found[:, 384 * place : 384 * (place + 1)], expected, atol=3e-5)
    np.testing.assert_allclose(found[:, 384:768], one, atol=1e-6)
    assert extract_features([], *checkpoint, layer=[1, 2]).shape == (0, 768)


def test_no_texts_and_one_text(checkpoint, texts):
    assert extract_features([], *checkpoint).shape == (0, 384)
    one = extract_features(texts[:1], *checkpoint, pool="mean")
    expected = vector(all_states(texts[0], *checkpoint)[-1], "mean")
    np.testing.assert_allclose(one[0], expected, atol=3e-5)


def test_a_long_text_is_cut_counted_and_told(checkpoint):
    tokenizer, model = checkpoint
    long = "word " * 600
    with pytest.warns(UserWarning, match="^2 of 3 texts are longer than 512 tokens") as seen:
        found = extract_features([long, "short", long + "more"], tokenizer, model, pool="mean")
    assert [warning.filename for warning in seen] == [__file__], "it points at the caller's line"
    expected = vector(all_states(long, tokenizer, model)[-1], "mean")
    np.testing.assert_allclose(found[0], expected, atol=3e-5)
    np.testing.assert_allclose(found[0], found[2], atol=1e-4)
    with pytest.warns(UserWarning):
        ids = batches.tokenize([long], tokenizer, model)[0]["input_ids"]
    assert len(ids) == 512
    assert (ids[0], ids[-1]) == (tokenizer.cls_token_id, tokenizer.sep_token_id)


def test_a_text_of_exactly_the_limit_is_whole(checkpoint):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (row,) = batches.tokenize(["word " * 510], *checkpoint)
        assert len(row["input_ids"]) == 512


@pytest.mark.parametrize(
    ("bad", "kind"), [(None, "NoneType"), (float("nan"), "float"), (7, "int"), (b"oh", "bytes")]
)
def test_what_is_no_text_is_refused_by_its_place(checkpoint, bad, kind):
    with pytest.raises(TypeError, match=f"Text 1 is .*{kind}"):
        extract_features(["fine", bad], *checkpoint)


def test_one_string_is_not_a_list_of_texts(checkpoint):
    with pytest.raises(TypeError, match=r"write \[text\]"):
        extract_features("one text", *checkpoint)


def test_every_list_like_of_strings_will_do(checkpoint):
    texts = ["a day at the sea", "no"]
    expected = extract_features(texts, *checkpoint)
    column = datasets.Dataset.from_dict({"text": texts})["text"]
    for same in (
        tuple(texts),
        np.array(texts),
        pd.Series(texts, index=[5, 3]),
        column,
        iter(texts),
    ):
        np.testing.assert_array_equal(extract_features(same, *checkpoint), expected)
    with pytest.raises(TypeError, match="Text 1 is"):
        extract_features(pd.Series(["a", None]), *checkpoint)


def test_unknown_pools_and_layers_are_refused(checkpoint, refused):
    with refused(ValueError, "'max'", "cls", "mean"):
        extract_features(["a"], *checkpoint, pool="max")
    for layer in (7, -8, [3, 7]):
        with refused(ValueError, "0 to 6"):
            extract_features(["a"], *checkpoint, layer=layer)
    with refused(ValueError, "layer is empty"):
        extract_features(["a"], *checkpoint, layer=[])


def test_the_model_is_left_as_it_was(checkpoint, monkeypatch):
    tokenizer, model = checkpoint
    during = []
    hook = model.register_forward_pre_hook(lambda m, _: during.append(m.training))
    try:
        for mode in (True, False):
            model.train(mode)
            extract_features(["a", "b"], tokenizer, model)
            assert model.training is mode

        def fail(*_):
            raise KeyboardInterrupt

        model.train()
        monkeypatch.setattr(features, "pooled", fail)
        with pytest.raises(KeyboardInterrupt):
            extract_features(["a"], tokenizer, model)
        assert model.training, "also when the learner stops the cell"
    finally:
        hook.remove()
        model.eval()
    assert during == [False] * 3, "no dropout in features"
    assert model.device.type == "cpu"
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_a_model_with_a_head_is_used_without_it(checkpoint, texts):
    tokenizer, _ = checkpoint
    _, model = load_checkpoint(head="classification", labels=["no", "yes"])
    np.testing.assert_allclose(
        extract_features(texts[:5], tokenizer, model, pool="mean"),
        extract_features(texts[:5], *checkpoint, pool="mean"),
        atol=1e-5,
    )


@pytest.mark.parametrize("pool", ["cls", "mean"])
def test_bfloat16_is_close_to_full_precision(checkpoint, texts, pool):
    full = extract_features(texts, *checkpoint, pool=pool)
    start(dtype="bfloat16", quiet=True)
    half = extract_features(texts, *checkpoint, pool=pool)
    assert half.dtype == np.float32
    assert 0 < np.abs(half - full).mean() < 0.05
    cosine = (half * full).sum(1) / np.linalg.norm(half, axis=1) / np.linalg.norm(full, axis=1)
    assert cosine.min() > 0.99


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_short_texts_take_the_plain_attention_on_a_cpu(checkpoint, dtype, monkeypatch):
    tokenizer, model = checkpoint
    monkeypatch.setattr(session, "pick_device", lambda: torch.device("cpu"))
    start(dtype=dtype, quiet=True)
    usual, taken = model.config._attn_implementation, []
    hook = model.register_forward_pre_hook(lambda m, _: taken.append(m.config._attn_implementation))
    try:
        extract_features(["a " * 300] * 6 + ["b"], tokenizer, model)  # two batches
    finally:
        hook.remove()
    assert usual != "eager" and taken == [usual, "eager" if dtype == "bfloat16" else usual]
    assert model.config._attn_implementation == usual, "it is left as it was"


# ---- batches


@pytest.mark.parametrize("seed", range(30))
def test_every_row_is_in_one_batch_and_no_batch_is_over_the_budget(seed):
    draw = random.Random(seed)
    lengths = [draw.randint(0, draw.choice([4, 60, 512])) for _ in range(draw.randint(0, 300))]
    batches = length_sorted_batches(lengths, 2048)
    assert sorted(row for rows in batches for row in rows) == list(range(len(lengths)))
    for rows in batches:
        assert len(rows) * max(lengths[row] for row in rows) <= 2048
    longest = [max(lengths[row] for row in rows) for rows in batches]
    assert longest == sorted(longest, reverse=True), "the largest batch comes first"


def test_a_row_over_the_budget_is_a_batch_of_its_own():
    assert [list(rows) for rows in length_sorted_batches([3, 50, 4], 10)] == [[1], [2, 0]]


def test_the_model_never_sees_more_than_the_budget(checkpoint, monkeypatch):
    tokenizer, model = checkpoint
    monkeypatch.setattr(batches, "BATCH_TOKENS", 128)
    shapes = []
    hook = model.register_forward_pre_hook(
        lambda _, args, inputs: shapes.append(inputs["input_ids"].shape), with_kwargs=True
    )
    try:
        draw = random.Random(1)
        texts = ["word " * draw.randint(0, 60) for _ in range(30)]
        extract_features(texts, tokenizer, model)
    finally:
        hook.remove()
    assert sum(rows for rows, _ in shapes) == 30
    budget = 128 if session.current().device.type == "cpu" else 16 * 128
    assert max(rows * width for rows, width in shapes) <= budget


def test_the_bar_is_for_people_only(checkpoint, texts, python):
    """Where the output is no terminal, such as a log, it would be a line a step."""
    code = """
from helpers import extract_features, load_checkpoint
extract_features(["a", "b"] * 50, *load_checkpoint())
import sys; print("hidden states" in sys.stderr.getvalue())
"""
    assert python("import io, sys; sys.stderr = io.StringIO()" + code).splitlines()[-1] == "False"


def test_what_is_cut_is_told_at_the_callers_line(checkpoint):
    tokenizer, model = checkpoint
    long = "word " * 600
    pairs = [("a", "b"), (long, "a"), ("a", "b" + long)]
    with pytest.warns(UserWarning, match="^2 of 3 pairs are longer than 512 tokens") as seen:
        found = batches.tokenize(pairs, tokenizer, model)
    assert [warning.filename for warning in seen] == [__file__]
    assert [len(row["input_ids"]) for row in found[1:]] == [512, 512]
    expected = tokenizer(*pairs[1], truncation=True, max_length=512)
    assert found[1]["input_ids"].tolist() == expected["input_ids"]
    assert found[1]["token_type_ids"].tolist() == expected["token_type_ids"]


def test_one_text_is_not_taken_for_a_list_of_letters(checkpoint):
    with pytest.raises(TypeError, match=r"write \[text\]"):
        batches.tokenize("one text", *checkpoint)


# ---- the cache


ENDS = ([[5, 6], [7]], [[5], [6, 7]])


@pytest.fixture
def runs_of(checkpoint):
    """`runs_of(texts, …)`: the features, and whether the model was run for them."""
    _, model = checkpoint

    def extract(texts, tokenizer=checkpoint[0], model=model, **options):
        passes = []
        hook = model.register_forward_pre_hook(lambda *_: passes.append(1))
        try:
            return extract_features(texts, tokenizer, model, cache=True, **options), bool(passes)
        finally:
            hook.remove()

    return extract


def files(home):
    return sorted((home / "runs/features").iterdir())


def test_the_second_call_reads_the_file(home, runs_of, checkpoint):
    once, ran = runs_of(["a b", "c"])
    assert ran and len(files(home)) == 1
    again, ran = runs_of(["a b", "c"])
    assert not ran
    np.testing.assert_array_equal(once, again)
    np.savez(files(home)[0], features=once + 1)
    again, _ = runs_of(["a b", "c"])
    np.testing.assert_array_equal(again, once + 1, "it is the file that was read")
    assert len(files(home)) == 1
    assert extract_features(["a b", "c"], *checkpoint)[0, 0] == once[0, 0], "unless not asked to"


def test_other_use_of_the_tokenizer_does_not_spoil_the_cache(runs_of, checkpoint):
    tokenizer, _ = checkpoint
    runs_of(["a b", "c"])
    tokenizer(["a"], padding="max_length", truncation=True, max_length=16)
    assert not runs_of(["a b", "c"])[1]


@pytest.mark.parametrize(
    ("texts", "options"),
    [
        (["c", "a b"], {}),
        (["a", "b c"], {}),
        (["a b", "c", ""], {}),
        (["a b", "c"], {"pool": "mean"}),
        (["a b", "c"], {"layer": 3}),
        (["a b", "c"], {"layer": [3, 6]}),
    ],
)
def test_other_texts_order_pool_or_layer_make_another_file(home, runs_of, texts, options):
    runs_of(["a b", "c"])
    found, ran = runs_of(texts, **options)
    assert ran and len(files(home)) == 2 and len(found) == len(texts)


def test_another_number_format_makes_another_file(home, runs_of):
    runs_of(["a b", "c"])
    start(dtype="bfloat16", quiet=True)
    assert runs_of(["a b", "c"])[1] and len(files(home)) == 2


def test_other_weights_make_another_file(home, runs_of, checkpoint):
    runs_of(["a b", "c"])
    other = copy.deepcopy(checkpoint[1])
    with torch.no_grad():
        other.encoder.layer[2].output.dense.bias[7] += 1e-3
    assert runs_of(["a b", "c"], model=other)[1] and len(files(home)) == 2
    assert runs_of(["a b", "c"], model=other.to(torch.bfloat16))[1] and len(files(home)) == 3


def test_where_one_text_ends_is_part_of_the_name(checkpoint):
    """Matters for tokenizers that set no special token between texts."""
    once, other = ([np.array(ids, dtype=np.int32) for ids in texts] for texts in ENDS)
    names = {features._cache_file(ids, checkpoint[1], "cls", [6]) for ids in (once, other)}
    assert len(names) == 2


def test_half_a_file_is_never_used(home, runs_of, monkeypatch):
    whole, _ = runs_of(["a b", "c"])
    path = files(home)[0]
    for broken in (path.read_bytes()[:-100], path.read_bytes()[:20], b""):
        path.write_bytes(broken)
        again, ran = runs_of(["a b", "c"])
        assert ran
        np.testing.assert_array_equal(again, whole)
    path.unlink()

    def full_disk(stream, **_):
        stream.write(b"half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", full_disk)
        with pytest.warns(UserWarning, match="could not be kept in .*No space"):
            again, _ = runs_of(["a b", "c"])
    np.testing.assert_array_equal(again, whole)
    assert not files(home), "no half of a file is left"
    assert runs_of(["a b", "c"])[1]
