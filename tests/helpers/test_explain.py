"""Words that are deleted, and training rows that lie near."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from helpers import explain, explain_words, extract_features, nearest_rows, predict_logits

NAMES = ["sadness", "joy"]


@pytest.fixture
def counting(monkeypatch):
    """A classifier that knows three words: "glad" and "sun" speak for joy, "rain" against it."""
    worth = {"glad": 3.0, "sun": 1.0, "rain": -2.0}
    asked = []

    def logits(model, tokenizer, rows):
        asked.extend(rows)
        words = [(row if isinstance(row, str) else " ".join(row)).split() for row in rows]
        joy = [sum(worth.get(word.strip(".!<>"), 0) for word in found) for found in words]
        return np.array([[0.0, value] for value in joy], np.float32)[:, -model:]

    monkeypatch.setattr(explain, "predict_logits", logits)
    made = {"labels": NAMES, "head": "classification", "model": 2, "tokenizer": None}
    return SimpleNamespace(**made, asked=asked)


def p(joy: float) -> float:
    return 1 / (1 + np.exp(-joy))


def test_a_word_carries_what_the_answer_loses_without_it(counting):
    found = explain_words(counting, "So  glad,\nno rain. glad!")
    assert (found.label, found.words) == ("joy", ["So", "glad,", "no", "rain.", "glad!"])
    assert found.answer == pytest.approx(p(1.0))
    without = [p(1.0), p(1.0), p(1.0), p(3.0), p(-2.0)]
    np.testing.assert_allclose(found.carried, p(1.0) - np.array(without), atol=1e-6)
    assert counting.asked[0] == "So  glad,\nno rain. glad!"
    assert counting.asked[5] == "So glad, no rain."


def test_the_label_may_be_chosen_for_each_text(counting):
    texts = ["glad", "rain", "plain words"]
    assert [found.label for found in explain_words(counting, texts)] == [
        "joy",
        "sadness",
        "sadness",
    ]
    one, two, _ = explain_words(counting, texts, ["sadness", "joy", "joy"])
    assert (one.label, two.label) == ("sadness", "joy")
    assert one.answer == pytest.approx(1 - p(3.0))
    assert one.carried[0] == pytest.approx(0.5 - p(3.0))
    assert two.carried[0] == pytest.approx(p(-2.0) - 0.5)
    assert explain_words(counting, "rain", "joy").label == "joy"
    assert [found.label for found in explain_words(counting, texts, "joy")] == ["joy"] * 3
    column = pd.Series(["joy", "sadness", "joy"], index=[7, 0, 3])
    assert [found.label for found in explain_words(counting, texts, column)] == column.tolist()
    assert explain_words(counting, []) == []


def test_an_unknown_label_is_refused(counting, refused):
    with refused(ValueError, "'Joy'", "sadness, joy"):
        explain_words(counting, "glad", "Joy")
    with refused(ValueError, "one label", "2 and 1"):
        explain_words(counting, ["glad", "rain"], ["joy"])


def test_texts_of_another_kind_are_refused(counting, refused):
    with refused(ValueError, "Text 1 is (3,)", "strings"):
        explain_words(counting, ["glad", (3,)])
    with refused(ValueError, "Text 1 is nan", "strings"):
        explain_words(counting, ["glad", float("nan")])
    counting.texts = ["sentence1", "sentence2"]
    with refused(ValueError, "Text 0 is 'glad'", "pairs of texts"):
        explain_words(counting, ["glad"])
    counting.texts = ["text"]
    with refused(ValueError, "single texts"):
        explain_words(counting, [("glad", "sun")])


def test_a_text_without_words_is_shown(counting):
    assert explain_words(counting, " ").words == []
    counting.labels, counting.model, counting.head = None, 1, "regression"
    assert "0.00" in explain_words(counting, "").html()


def test_the_html_escapes_and_says_by_sign_what_it_says_by_colour(counting):
    found = explain_words(counting, "<b>sun</b> glad rain")
    assert "<b>sun" not in found.html() and "&lt;b&gt;sun&lt;/b&gt;" in found.html()
    glad, rain = found.carried[1:]
    assert glad > 0.1 > -0.1 > rain
    assert f'glad<sup style="font-size:70%">{glad:+.2f}</sup>' in found.html()
    assert f"−{-rain:.2f}</sup>" in found.html() and f"rgba({explain.AGAINST}" in found.html()
    assert repr(found) == f"joy 0.73: <b>sun</b> glad[{glad:+.2f}] rain[{rain:+.2f}]"
    assert "&lt;glad&gt;<sup" in explain_words(counting, "<glad> day").html()
    assert "class=" not in found.html() and "<style" not in found.html()


def test_pairs_keep_their_sides(counting):
    (found,) = explain_words(counting, [("glad sun", "no rain")])
    assert found.side.tolist() == [0, 0, 1, 1]
    assert counting.asked[1] == ("sun", "no rain") and counting.asked[4] == ("glad sun", "no")
    first, second = found.html().split("<br>")[1:]
    assert "glad" in first and "rain" in second


def test_a_number_is_explained_in_its_own_unit(counting):
    counting.labels, counting.model, counting.head = None, 1, "regression"
    found = explain_words(counting, "glad rain day")
    assert (found.label, found.answer) == ("", 1.0)
    np.testing.assert_allclose(found.carried, [3.0, -2.0, 0.0])
    assert repr(found) == "1.00: glad[+3.00] rain[-2.00] day"


def test_of_a_long_text_neighbours_are_deleted_together(counting):
    text = " ".join(["word"] * 119 + ["glad"])
    found = explain_words(counting, text)
    assert len(found.words) == explain.PARTS and " ".join(found.words) == text
    assert found.words[-1] == "word glad" and found.carried[-1] == pytest.approx(p(3.0) - 0.5)


def test_the_real_thing_agrees_with_predict_logits(run):
    run.labels = ["sadness", "joy", "love", "anger", "fear", "surprise"]
    run.head = "classification"
    found = explain_words(run, "cold tea again", "fear")
    logits = predict_logits(run.model, run.tokenizer, ["cold tea again", "tea again", "cold again"])
    fear = np.exp(logits)[:, 4] / np.exp(logits).sum(1)
    np.testing.assert_allclose(
        [found.answer, *found.carried[:2]], [fear[0], *(fear[0] - fear[1:])], atol=1e-5
    )
    assert explain_words(run, "one").words == ["one"]


def test_nearest_rows_are_the_nearest(run, data):
    run.texts = ["text"]
    train = data["train"]
    found = nearest_rows(run, train["text"][7].upper(), train, k=3)
    assert list(found) == ["text", "label", "similarity"] and found.index[0] == 7
    assert found["similarity"].iloc[0] == pytest.approx(1, abs=1e-4)
    states = extract_features(train["text"][:], run.tokenizer, run.model, "mean", layer=1)
    states /= np.linalg.norm(states, axis=1, keepdims=True)
    order = np.argsort(-(states @ states[7]), kind="stable")[:3]
    assert found.index.tolist() == order.tolist()
    names = train.features["label"].names
    assert found["label"].tolist() == [names[train["label"][i]] for i in order.tolist()]
    assert len(nearest_rows(run, "tea", train, k=100)) == 60


def test_what_nearest_rows_cannot_read_is_refused(run, data, refused):
    run.texts = ["text"]
    with refused(ValueError, "one split"):
        nearest_rows(run, "tea", data)
    with refused(ValueError, "k=0"):
        nearest_rows(run, "tea", data["train"], k=0)
    run.texts = ["text", "second_text"]
    with refused(ValueError, "single texts"):
        nearest_rows(run, "tea", data["train"])
