import numpy as np
import pytest
import torch
from datasets import Dataset
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, log_loss

from helpers import (
    is_it_real,
    load_corpus,
    loss_table,
    plant_errors,
    predict_logits,
    score_hunt,
)

NAMES = ["sadness", "joy", "love", "anger", "fear", "surprise"]


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
