from types import SimpleNamespace

import numpy as np
import pytest
import torch
from datasets import Dataset, DatasetDict
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, log_loss
from transformers import BertConfig, BertForSequenceClassification

from helpers import (
    is_it_real,
    load_corpus,
    loss_table,
    plant_errors,
    predict_logits,
    score_hunt,
    start,
    suspicious_labels,
)
from helpers.analysis import confident_learning, fold_probabilities, lead_of_another

NAMES = ["sadness", "joy", "love", "anger", "fear", "surprise"]


@pytest.fixture(scope="module")
def data():
    corpus = load_corpus("emotion")
    sizes = {"train": 60, "validation": 40, "test": 30}
    return DatasetDict({split: corpus[split].select(range(n)) for split, n in sizes.items()})


@pytest.fixture
def run(checkpoint, data, home):
    """What a Run holds, with a very small model and dynamics drawn at random."""
    start(dtype="float32", quiet=True)
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "initializer_range": 0.2}
    config = BertConfig(num_hidden_layers=1, num_attention_heads=2, num_labels=6, **sizes)
    model = BertForSequenceClassification(config).eval()
    draw = np.random.default_rng(0).normal
    dynamics = {split: draw(size=(3, len(data[split]), 6)) for split in ("train", "validation")}
    return SimpleNamespace(model=model, tokenizer=checkpoint[0], dynamics=dynamics)


def labels_of(dataset):
    return np.array(dataset["label"][:])


# loss_table


def test_the_loss_table_keeps_the_order_of_the_dataset(run, data):
    table = loss_table(run, data["validation"])
    assert list(table) == ["text", "label", "predicted", "loss", "confidence"]
    assert table["text"].tolist() == data["validation"]["text"][:]
    labels = labels_of(data["validation"])
    for i in range(len(table)):  # each row by itself, so that nothing can change places
        inputs = run.tokenizer(table["text"][i], return_tensors="pt")
        with torch.inference_mode():
            logits = run.model(**inputs).logits[0]
        logs = torch.log_softmax(logits, 0)
        assert table["loss"][i] == pytest.approx(-logs[labels[i]].item(), abs=1e-4)
        assert table["confidence"][i] == pytest.approx(logs.max().exp().item(), abs=1e-4)
        assert table["label"][i] == NAMES[labels[i]]
        assert table["predicted"][i] == NAMES[logs.argmax()]


def test_the_mean_of_the_loss_table_is_the_log_loss(run, data):
    logits = predict_logits(run.model, run.tokenizer, data["test"]["text"][:])
    p = torch.tensor(logits).softmax(1).numpy()
    expected = log_loss(labels_of(data["test"]), p, labels=range(6))
    assert loss_table(run, data["test"])["loss"].mean() == pytest.approx(expected, abs=1e-4)


def test_a_row_without_a_label_has_no_loss(run, data):
    few = data["test"].select(range(3)).to_dict()
    dataset = Dataset.from_dict(few | {"label": [2, -1, 0]}, features=data["test"].features)
    table = loss_table(run, dataset)
    assert table["loss"].isna().tolist() == table["label"].isna().tolist() == [False, True, False]


def test_the_loss_table_refuses_another_task(run):
    with pytest.raises(ValueError, match="different tasks"):
        loss_table(run, load_corpus("phrases")["test"].select(range(4)))
    with pytest.raises(ValueError, match="holds numbers"):
        loss_table(run, load_corpus("pairs")["test"].select(range(4)))


# suspicious_labels


def test_rankers_stand_side_by_side_in_dataset_order(run, data):
    found = suspicious_labels(run, data)
    rankers = ["loss", "k_fold", "words", "confident", "dynamics", "combined"]
    assert list(found) == ["text", "label", "predicted", *rankers]
    assert found["text"].tolist() == data["validation"]["text"][:]
    assert np.isfinite(found[rankers].to_numpy()).all()
    labels = labels_of(data["validation"])
    np.testing.assert_allclose(found["loss"], loss_table(run, data["validation"])["loss"])
    p = fold_probabilities(data, "validation")
    for ranker in ("k_fold", "words"):
        np.testing.assert_allclose(found[ranker], -np.log(p[ranker][range(40), labels]), rtol=1e-5)
    mean = run.dynamics["validation"].mean(0)
    others = [np.delete(mean[i], labels[i]).max() - mean[i, labels[i]] for i in range(40)]
    by_epoch = lead_of_another(run.dynamics["validation"], labels)
    np.testing.assert_allclose(found["dynamics"], by_epoch.mean(0))
    np.testing.assert_allclose(lead_of_another(mean, labels), others)


def test_on_train_a_loss_is_shown_only_out_of_sample(run, data):
    rankers = ["k_fold", "words", "confident", "dynamics", "combined"]
    assert list(suspicious_labels(run, data, "train"))[3:] == rankers
    logits = np.zeros((60, 6), dtype=np.float32)
    found = suspicious_labels(run, data, "train", logits=logits)
    assert list(found)[3:] == ["loss", *rankers]
    np.testing.assert_allclose(found["loss"], np.log(6), rtol=1e-5)


def test_a_split_that_the_training_did_not_meet_has_no_dynamics(run, data):
    assert "dynamics" not in suspicious_labels(run, data, "test")


def test_folds_never_judge_a_row_by_itself(data, home):
    """Labels drawn at random can only be known by having seen them."""
    rng = np.random.default_rng(0)
    drawn = {}
    for split, dataset in data.items():
        columns = {"text": dataset["text"][:], "label": rng.integers(0, 6, len(dataset))}
        drawn[split] = Dataset.from_dict(columns, features=dataset.features)
    for probability in fold_probabilities(drawn, "train").values():
        assert (probability.argmax(1) == labels_of(drawn["train"])).mean() < 0.4


def test_data_of_another_run_is_refused(run, data):
    with pytest.raises(ValueError, match="not trained on these 30 rows"):
        suspicious_labels(run, DatasetDict(data | {"validation": data["test"]}))


def test_confident_learning_on_a_toy_example():
    # Class 1 is usually given a probability of 0.9, class 0 one of 0.6: a row that says 0.5 to
    # both is further from its class when it is labelled 1.
    p = np.array([[0.6, 0.4], [0.6, 0.4], [0.1, 0.9], [0.1, 0.9], [0.5, 0.5], [0.5, 0.5]])
    labels = np.array([0, 0, 1, 1, 0, 1])
    usual = np.array([(0.6 + 0.6 + 0.5) / 3, (0.9 + 0.9 + 0.5) / 3])
    suspicion = confident_learning(p, labels)
    gap = (0.5 - usual[1]) - (0.5 - usual[0])
    assert suspicion[4] == pytest.approx(gap) and suspicion[5] == pytest.approx(-gap)
    assert suspicion.argmax() == 5


# score_hunt


def test_the_score_of_a_hunt_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    for suspicion in (rng.normal(size=300), rng.integers(0, 5, 300), np.zeros(300)):
        is_error = rng.random(300) < 0.1
        scores = score_hunt(suspicion, is_error, k=20)
        expected = average_precision_score(is_error, suspicion)
        assert scores["average_precision"] == pytest.approx(expected)
        assert scores["low"] < expected < scores["high"]
        order = np.argsort(-suspicion, kind="stable")
        assert scores["precision_at_20"] == is_error[order][:20].mean()
        assert scores["recall_at_100"] == is_error[order][:100].sum() / is_error.sum()
        assert scores["lift"] == pytest.approx(scores["precision_at_20"] / scores["chance"])


def test_a_perfect_hunt():
    scores = score_hunt([3.0, 2, 1, 0], [True, True, False, False], k=2)
    assert scores["average_precision"] == scores["precision_at_2"] == scores["recall_at_2"] == 1
    assert scores["chance"] == 0.5 and scores["lift"] == 2 and scores["recall_at_100"] == 1


def test_the_interval_of_a_hunt_covers_what_it_should():
    """The spread of the bootstrap is that of drawing the rows anew."""
    rng = np.random.default_rng(1)

    def draw():
        is_error = rng.random(720) < 0.05
        return rng.normal(size=720) + 1.5 * is_error, is_error

    widths = [
        np.subtract(*[score_hunt(*draw(), rounds=200)[k] for k in ("high", "low")])
        for _ in range(5)
    ]
    spread = np.std([average_precision_score(e, s) for s, e in (draw() for _ in range(200))])
    assert 2.5 * spread < np.mean(widths) < 6 * spread


@pytest.mark.parametrize(
    ("suspicion", "is_error", "message"),
    [
        ([1.0, 2.0], [True], "2 and 1 were given"),
        ([1.0, np.nan], [True, False], "finite"),
        ([1.0, 2.0], [False, False], "no error"),
    ],
)
def test_a_hunt_that_cannot_be_scored(suspicion, is_error, message):
    with pytest.raises(ValueError, match=message):
        score_hunt(suspicion, is_error)


# is_it_real


def test_a_difference_on_known_numbers():
    # Of 100 rows a alone has 5 right, b alone 15, both 60: McNemar's exact p is a coin's chance of
    # 15 or more, or 5 or fewer, heads in 20 tosses.
    truth = np.zeros(100, dtype=int)
    a, b = np.ones(100, dtype=int), np.ones(100, dtype=int)
    a[:65] = 0
    b[:60], b[65:80] = 0, 0
    verdict = is_it_real(truth, a, b)
    assert (verdict["only_a"], verdict["only_b"]) == (5, 15)
    assert verdict["difference"] == pytest.approx(0.10)
    assert (
        verdict["p_value"]
        == pytest.approx(binomtest(15, 20).pvalue)
        == pytest.approx(0.0414, abs=1e-4)
    )
    assert verdict["low"] == pytest.approx(0.10 - 1.96 * 0.0436, abs=0.012)
    assert verdict["high"] == pytest.approx(0.10 + 1.96 * 0.0436, abs=0.012)
    assert "hardly" in verdict["sentence"] and "+10.0 points" in verdict["sentence"]
    swapped = is_it_real(truth, b, a, names=("new", "old"))
    assert (
        swapped["difference"] == pytest.approx(-0.10)
        and "old alone is right" in swapped["sentence"]
    )


def test_a_difference_that_chance_makes_and_none():
    truth = np.zeros(50, dtype=int)
    a, b = truth.copy(), truth.copy()
    a[0], b[1], b[2] = 1, 1, 1
    assert "may well differ" in is_it_real(truth, a, b)["sentence"]
    same = is_it_real(truth, a, a)
    assert same["p_value"] == 1 and same["low"] == same["high"] == same["difference"] == 0


def test_labels_may_be_names():
    assert is_it_real(["joy", "fear"], ["joy", "joy"], ["joy", "fear"])["only_b"] == 1


@pytest.mark.parametrize("columns", [([0, 1], [0, 1], [0]), ([], [], [])])
def test_columns_that_do_not_match(columns):
    with pytest.raises(ValueError, match="one length"):
        is_it_real(*columns)


# plant_errors


def test_planted_errors_are_as_many_and_as_wrong_as_said():
    labels = np.random.default_rng(0).integers(0, 4, 1000)
    noisy, is_error = plant_errors(labels, 4, share=0.05, seed=3)
    assert is_error.sum() == 50 and ((noisy != labels) == is_error).all()
    assert (plant_errors(labels, 4, seed=3)[0] == noisy).all()
    assert (plant_errors(labels, 4, seed=4)[0] != noisy).any()
    assert set(noisy[is_error]) == {0, 1, 2, 3}


def test_planted_errors_follow_the_confusion():
    labels = np.random.default_rng(0).integers(0, 4, 1000)
    confusion = np.diag([9, 9, 9, 9])
    confusion[0, 2] = confusion[1, 3] = confusion[2, 0] = 5
    noisy, is_error = plant_errors(labels, 4, share=0.2, confusion=confusion)
    for true, given in ((0, {2}), (1, {3}), (2, {0}), (3, {0, 1, 2})):
        assert set(noisy[is_error & (labels == true)]) == given
    assert confusion[0, 0] == 9


@pytest.mark.parametrize("share", [0, 1, 5])
def test_a_share_that_is_none(share):
    with pytest.raises(ValueError, match=f"share={share}"):
        plant_errors([0, 1], 2, share=share)
