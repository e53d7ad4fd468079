"""The cheap model: what it learns from, what it says, how it is kept."""

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from helpers import cheap_model, load_corpus
from helpers.cheap import (
    FILE,
    best_shares,
    inputs_of,
    load_cheap_model,
    middle_layers,
    out_of_fold,
    pooled,
    unit_states,
)

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def own_runs(home):
    """Features are kept in a folder of the test's own."""


def sorted_topics(labels=("kitchen", "work"), n=60):
    """Texts of two kinds that any model can tell apart."""
    work = [f"we merged build {i} of the server code" for i in range(n)]
    kitchen = [f"simmer the onions for {i} minutes in butter" for i in range(n)]
    rows = {"text": [*kitchen, *work], "label": [0] * n + [1] * n}
    features = Features({"text": Value("string"), "label": ClassLabel(names=list(labels))})
    return DatasetDict(train=Dataset.from_dict(rows, features=features))


@pytest.fixture(scope="module")
def posts():
    corpus = load_corpus("emotion")
    return DatasetDict(train=corpus["train"].select(range(400)), test=corpus["test"])


@pytest.fixture(scope="module")
def of_posts(posts):
    return cheap_model(posts)


def test_it_beats_the_majority_and_says_what_each_part_adds(posts, of_posts):
    texts, labels = posts["test"]["text"][:], np.array(posts["test"]["label"])
    probability = of_posts.predict_proba(texts)
    assert probability.shape == (720, 6) and probability.dtype == np.float32
    np.testing.assert_allclose(probability.sum(1), 1, atol=1e-5)
    assert (of_posts.predict(texts) == probability.argmax(1)).all()
    majority = np.bincount(labels).max() / len(labels)
    assert (probability.argmax(1) == labels).mean() > majority + 0.1
    layers = ["layer 3", "layer 4", "layer 5", "layer 6"]
    assert of_posts.parts.index.tolist() == ["words", "letters", *layers, "all"]
    assert of_posts.parts["share"][:-1].sum() == pytest.approx(1)
    assert of_posts.parts["alone"].between(0, 1).all()
    assert of_posts.parts["alone"]["all"] >= of_posts.parts["alone"][:-1].max() - 0.02


def test_it_knows_nothing_but_the_train_split(posts, of_posts):
    """Labels that are drawn at random elsewhere change nothing."""
    drawn = np.random.default_rng(0).integers(0, 6, len(posts["test"]))
    columns = {"text": posts["test"]["text"][:], "label": drawn}
    other = Dataset.from_dict(columns, features=posts["test"].features)
    again = cheap_model(DatasetDict(train=posts["train"], validation=other, test=other))
    texts = posts["test"]["text"][:50]
    np.testing.assert_array_equal(again.predict_proba(texts), of_posts.predict_proba(texts))


def test_row_i_of_the_answers_is_text_i(of_posts, posts):
    texts = posts["test"]["text"][:30]
    order = np.random.default_rng(0).permutation(30)
    mixed = of_posts.predict_proba([texts[i] for i in order])
    np.testing.assert_allclose(mixed, of_posts.predict_proba(texts)[order], atol=0.02)


def test_saved_and_loaded_it_says_the_same(of_posts, posts, tmp_path):
    path = of_posts.save(tmp_path / "new" / "folder")
    assert path.name == FILE and [*path.parent.iterdir()] == [path], (
        "one file, nothing half-written"
    )
    with np.load(path, allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays)
    loaded = load_cheap_model(path.parent)
    texts = posts["test"]["text"][:40]
    np.testing.assert_array_equal(loaded.predict_proba(texts), of_posts.predict_proba(texts))
    assert loaded.labels == of_posts.labels and loaded.about == of_posts.about
    np.testing.assert_allclose(loaded.parts, of_posts.parts, atol=1e-9)


def test_what_is_no_cheap_model_is_refused(of_posts, tmp_path, refused):
    with refused(ValueError, str(tmp_path), FILE):
        load_cheap_model(tmp_path)
    path = of_posts.save(tmp_path)
    whole = path.read_bytes()
    for broken in (b"", b"no zip", whole[:-200], whole[: len(whole) // 2]):
        path.write_bytes(broken)
        with refused(ValueError, FILE, "damaged", "train it again"):
            load_cheap_model(tmp_path)


def test_an_encoder_with_other_weights_is_refused(make_tiny, tmp_path, refused):
    folder = make_tiny()
    model = cheap_model(sorted_topics(), checkpoint=folder)
    model.save(tmp_path)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    with refused(ValueError, "other weights", "train it again"):
        load_cheap_model(tmp_path).predict(["a text"])


def test_two_classes(tiny):
    model = cheap_model(sorted_topics(), checkpoint=tiny)
    texts = ["simmer the garlic in butter", "we merged the server code"]
    assert model.predict(texts).tolist() == [0, 1]
    np.testing.assert_allclose(model.predict_proba(texts).sum(1), 1, atol=1e-6)


def test_a_class_without_rows_and_rows_without_a_class(tiny):
    data = sorted_topics(("kitchen", "work", "nothing"))
    labels = [-1, *data["train"]["label"][1:]]
    rows = {"text": data["train"]["text"][:], "label": labels}
    data = DatasetDict(train=Dataset.from_dict(rows, features=data["train"].features))
    model = cheap_model(data, checkpoint=tiny)
    assert model.about["rows"] == 119
    probability = model.predict_proba(["simmer the garlic in butter"])
    assert probability[0, 2] == 0 and probability[0].argmax() == 0


def test_numbers_and_pairs(tiny):
    rng = np.random.default_rng(0)
    words = ["river", "stone", "lamp", "bread", "cloud", "chair", "apple", "wheel"]
    rows = {"text": [], "second_text": [], "label": []}
    for _ in range(120):
        first, second = (rng.choice(words, 4, replace=False) for _ in range(2))
        rows["text"].append(" ".join(first))
        rows["second_text"].append(" ".join(second))
        rows["label"].append(float(len(set(first) & set(second))))
    features = Features({"text": Value("string"), "second_text": Value("string")})
    features["label"] = Value("float32")
    model = cheap_model(
        DatasetDict(train=Dataset.from_dict(rows, features=features)), checkpoint=tiny
    )
    assert model.labels is None
    same, other = (
        ("river stone lamp bread",) * 2,
        ("river stone lamp bread", "cloud chair wheel apple"),
    )
    scores = model.predict([same, other])
    assert scores.shape == (2,) and scores[0] > scores[1] + 1


@pytest.mark.parametrize("texts", [["?!", "..."] * 20, ["好的", "不好"] * 20])
def test_texts_without_spaces_or_letters(texts, tiny):
    rows = {"text": texts, "label": [0, 1] * 20}
    features = Features({"text": Value("string"), "label": ClassLabel(names=["a", "b"])})
    data = DatasetDict(train=Dataset.from_dict(rows, features=features))
    assert cheap_model(data, checkpoint=tiny).predict(texts[:2]).tolist() == [0, 1]


def test_what_cannot_be_learnt_from_is_refused(tiny, refused):
    data = sorted_topics()
    with refused(ValueError, "train"):
        cheap_model(DatasetDict(test=data["train"]), checkpoint=tiny)
    with refused(ValueError, "same label"):
        cheap_model(DatasetDict(train=data["train"].select(range(60))), checkpoint=tiny)


def test_layers_and_their_states(checkpoint, make_tiny):
    from transformers import AutoModel

    tokenizer, model = checkpoint
    assert middle_layers(model) == [3, 4, 5, 6]
    assert middle_layers(AutoModel.from_pretrained(make_tiny())) == [1, 2]
    model.config.num_hidden_layers = 12
    try:
        assert middle_layers(model) == [6, 8, 10, 12]
    finally:
        model.config.num_hidden_layers = 6
    states = unit_states(["a text", ""], tokenizer, model, [3, 6])
    assert states.shape == (2, 2, 384)
    np.testing.assert_allclose(np.linalg.norm(states, axis=2), 1, atol=1e-5)


def test_out_of_fold_never_sees_the_row(tiny):
    """Labels drawn at random can only be known by having seen them."""
    from sklearn.neighbors import KNeighborsClassifier

    rng = np.random.default_rng(0)
    inputs, labels = rng.normal(size=(300, 5)), rng.integers(0, 3, 300)
    given = out_of_fold(KNeighborsClassifier(1), inputs, labels, ["a", "b", "c"])
    assert (given.argmax(1) == labels).mean() < 0.5
    numbers = out_of_fold(KNeighborsClassifier(1), inputs, labels, None)
    assert numbers.shape == (300, 1) and (numbers[:, 0] == labels).mean() < 0.5


def test_shares_find_the_better_model():
    targets = np.random.default_rng(0).integers(0, 2, 500)
    good = np.where(np.arange(2) == targets[:, None], 0.9, 0.1)
    guess = np.full((500, 2), 0.5)
    shares = best_shares({"good": good, "guess": guess}, targets)
    assert shares["good"] > 0.99 and sum(shares.values()) == pytest.approx(1)
    np.testing.assert_allclose(pooled({"good": good, "guess": guess}, {"guess": 0.2}), guess)
    numbers = {"good": 1.0 * targets[:, None], "noise": np.ones((500, 1))}
    assert best_shares(numbers, targets) == pytest.approx({"good": 1, "noise": 0}, abs=1e-6)


def test_pairs_are_told_by_what_their_sides_share(checkpoint, of_posts):
    one, two = "we saw the river", "the river was high"
    by_part = inputs_of([(one, two), (two, one)], of_posts.vectorizers, *checkpoint)
    for part, inputs in by_part.items():
        rows = inputs.toarray() if part in ("words", "letters") else inputs
        np.testing.assert_allclose(rows[0], rows[1], atol=1e-5)
        product = rows[0][: len(rows[0]) // 2]
        assert 0 < product.sum() < 1, part
