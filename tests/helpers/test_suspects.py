"""The judges of a row's label, and the ways to put them together."""

import numpy as np
import pandas as pd
import pytest
from cleanlab.rank import get_label_quality_scores
from datasets import ClassLabel, Dataset, DatasetDict

from helpers import hide_errors, load_corpus, loss_table, suspicious_labels
from helpers.suspects import confident_learning, doubts, fold_probabilities, judge, lead_of_another
from helpers.tables import SPLIT, SUGGESTED, SUSPICION, WHERE, Table

pytestmark = pytest.mark.slow

NAMES = ["sadness", "joy", "love", "anger", "fear", "surprise"]


def labels_of(dataset):
    return np.array(dataset["label"][:])


JUDGES = ["words", "letters", "layer 3", "layer 4", "layer 5", "layer 6"]


def test_rankers_stand_side_by_side_in_dataset_order(run, data):
    found = suspicious_labels(run, data)
    rankers = ["loss", *JUDGES, "confident", "dynamics", "combined"]
    assert list(found) == ["text", "label", "predicted", *rankers]
    assert found["text"].tolist() == data["validation"]["text"][:]
    assert np.isfinite(found[rankers].to_numpy()).all()
    labels = labels_of(data["validation"])
    np.testing.assert_allclose(found["loss"], loss_table(run, data["validation"])["loss"])
    p = fold_probabilities(data, "validation")
    assert list(p) == JUDGES
    for ranker in JUDGES:
        np.testing.assert_allclose(p[ranker].sum(1), 1, atol=1e-5)
        np.testing.assert_allclose(found[ranker], -np.log(p[ranker][range(40), labels]), rtol=1e-5)
    believed = np.mean([probability[range(40), labels] for probability in p.values()], axis=0)
    np.testing.assert_allclose(found["combined"], 1 - believed, atol=1e-6)
    mean = run.dynamics["validation"].mean(0)
    others = [np.delete(mean[i], labels[i]).max() - mean[i, labels[i]] for i in range(40)]
    by_epoch = lead_of_another(run.dynamics["validation"], labels)
    np.testing.assert_allclose(found["dynamics"], by_epoch.mean(0))
    np.testing.assert_allclose(lead_of_another(mean, labels), others)


def test_on_train_a_loss_is_shown_only_out_of_sample(run, data):
    rankers = [*JUDGES, "confident", "dynamics", "combined"]
    assert list(suspicious_labels(run, data, "train"))[3:] == rankers
    logits = np.zeros((60, 6), dtype=np.float32)
    found = suspicious_labels(run, data, "train", logits=logits)
    assert list(found)[3:] == ["loss", *rankers]
    np.testing.assert_allclose(found["loss"], np.log(6), rtol=1e-5)


def test_the_suspicion_is_one_order_for_table_and_command(data):
    """`errors` judges the rows of a table as `suspicious_labels` judges those of a dataset."""
    texts = [text for split in ("train", "validation") for text in data[split]["text"][:]]
    labels = np.concatenate([labels_of(data[split]) for split in ("train", "validation")])
    frame = pd.DataFrame({"text": texts, "label": [NAMES[label] for label in labels]}, dtype=object)
    places = [f"line {i}" for i in range(100)]
    frame = frame.assign(**{WHERE: places, SPLIT: ["train"] * 100})
    listed = doubts(Table(frame, ["text"], "label", NAMES))
    p = fold_probabilities(data, "validation")
    mean = sum(p.values()) / 6
    expected = 1 - mean[range(40), labels[60:]].astype(float)
    by_place = listed.set_index(WHERE)
    for row in range(40):
        place = f"line {60 + row}"
        if mean[row].argmax() == labels[60 + row]:
            assert place not in by_place.index
        else:
            assert by_place.loc[place, SUSPICION] == pytest.approx(expected[row], abs=1e-4)
            assert by_place.loc[place, SUGGESTED] == NAMES[mean[row].argmax()]
    assert listed[SUSPICION].is_monotonic_decreasing and len(listed)


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


def test_confident_learning_is_the_margin_of_cleanlab():
    rng = np.random.default_rng(1)
    p = rng.dirichlet(np.ones(4), size=200).astype(np.float32)
    labels = rng.integers(0, 4, 200)
    quality = get_label_quality_scores(
        labels, p, method="normalized_margin", adjust_pred_probs=True
    )
    ours = confident_learning(p, labels)
    assert (np.argsort(-ours, kind="stable") == np.argsort(quality, kind="stable")).all()


def test_a_row_without_a_label_is_judged_by_nobody(data):
    texts, labels = data["train"]["text"][:], labels_of(data["train"])
    labels[5] = -1
    by_judge = judge(texts, labels, NAMES)
    for probability in by_judge.values():
        assert not probability[5].any() and probability[6].sum() == pytest.approx(1, abs=1e-5)


def test_a_label_that_stands_once_is_judged_all_the_same(data):
    """A slip of the pen makes a class of its own, and is as suspicious as can be."""
    texts = data["train"]["text"][:]
    labels = np.where(labels_of(data["train"]) == 1, 0, 1)
    labels[7] = 2
    for probability in judge(texts, labels, ["yes", "no", "on"]).values():
        assert probability[7, 2] == 0


def test_the_courses_own_posts_come_with_their_list():
    corpus = load_corpus("emotion")
    hidden, listed = hide_errors(corpus)
    assert hidden is corpus and listed.name == "planted_errors.csv"
    assert "data" in listed.parts


def test_in_other_data_errors_are_planted_and_listed(data, home):
    hidden, listed = hide_errors(data)
    assert listed.parent == home / "runs"
    found = pd.read_csv(listed)
    for split in ("train", "validation"):
        given, true = labels_of(hidden[split]), labels_of(data[split])
        rows = np.flatnonzero(given != true)
        told = found[found["split"] == split]
        assert told["row"].tolist() == rows.tolist() and len(rows)
        assert told["given_label"].tolist() == [NAMES[label] for label in given[rows]]
        assert told["true_label"].tolist() == [NAMES[label] for label in true[rows]]
        assert hidden[split].features == data[split].features
        assert hidden[split]["text"][:] == data[split]["text"][:]
    assert labels_of(hidden["test"]).tolist() == labels_of(data["test"]).tolist()
    assert set(found["kind"]) == {"random", "confused"}
    again, _ = hide_errors(data)
    assert labels_of(again["train"]).tolist() == labels_of(hidden["train"]).tolist()


def test_errors_are_planted_among_pairs_too(home, refused):
    pairs = {"text": ["a cat", "a dog"] * 40, "second_text": ["runs", "sits"] * 40}
    rows = Dataset.from_dict(pairs | {"label": [0, 1] * 40}).cast_column(
        "label", ClassLabel(names=["no", "yes"])
    )
    hidden, _ = hide_errors(DatasetDict(train=rows, validation=rows))
    assert (labels_of(hidden["train"]) != labels_of(rows)).sum() == 4
    with refused(ValueError, "DatasetDict", "train and validation"):
        hide_errors(rows)
