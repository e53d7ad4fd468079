"""The judges of a row's label, and the ways to put them together."""

import numpy as np
import pytest
from datasets import Dataset, DatasetDict

from helpers import loss_table, suspicious_labels
from helpers.suspects import confident_learning, fold_probabilities, lead_of_another

NAMES = ["sadness", "joy", "love", "anger", "fear", "surprise"]


def labels_of(dataset):
    return np.array(dataset["label"][:])


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
