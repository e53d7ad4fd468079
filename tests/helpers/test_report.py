"""The verdict on a model, its scores with intervals, the model card, and the page around them."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from helpers import report
from helpers.card import model_card
from helpers.commands import predicted
from helpers.rivals import (
    answers_in,
    baselines,
    decimals_for,
    differences,
    intervals,
    judge_model,
    scores_of,
    share_of,
    signed,
    verdict,
    warnings_of,
    written,
)
from helpers.runs import Run
from helpers.scores import is_it_real
from helpers.tables import LABELS, OURS, PREDICTED, SPLIT, SUGGESTED, SUSPICION, WHERE, Table

NAMES = ["anger", "joy"]


def table_of(labels, n_test=200, names=NAMES, label="mood", n_validation=200):
    """Rows of train, validation and test whose labels come back from `labels(row number)`."""
    splits = ["train"] * 40 + ["validation"] * n_validation + ["test"] * n_test
    rows = range(len(splits))
    frame = pd.DataFrame({"text": [f"word{i % 7} post {i}" for i in rows]}, dtype=object)
    frame[label] = pd.Series([labels(i) for i in rows], dtype=object)
    places = {WHERE: [f"mine.csv, line {i + 2}" for i in rows], SPLIT: splits}
    return Table(frame.assign(**places), ["text"], label, names)


def two_classes(n_test=200, n_validation=200):
    return table_of(lambda i: NAMES[i % 2], n_test, n_validation=n_validation)


def with_errors(true, share, seed=0):
    """The ids of two classes, a share of them wrong."""
    wrong = np.random.default_rng(seed).permutation(len(true)) < round(share * len(true))
    return np.where(wrong, 1 - true, true)


def judged(table, **shares):
    """The verdict on models with these shares of errors, or one share a split; the last is own."""
    answers = {}
    for place, split in enumerate(table.splits[1:]):
        true, answers[split] = table.targets(split), {}
        for seed, (model, share) in enumerate(shares.items()):
            share = share[place] if isinstance(share, tuple) else share
            answers[split][model.replace("_", "-")] = with_errors(true, share, seed)
    return judge_model(table, answers, scores_of(table, answers))


@pytest.mark.parametrize(
    ("own", "is_better", "said"),
    [
        (0.1, True, "Better by more than chance."),
        (0.5, False, "Do not use this model: the cheap one does better."),
        (0.26, None, "No difference that 200 rows could show: use the cheap one, which takes"),
    ],
)
def test_a_verdict_says_what_to_do(own, is_better, said):
    found = judged(two_classes(), majority=0.5, TF_IDF=0.4, cheap=0.3, fine_tuned=own)
    assert (found.model, found.rival, found.is_better) == ("fine-tuned", "cheap", is_better)
    assert verdict(found).startswith(said)
    assert f"{1 - own:.2f} against 0.70 of the cheap model" in found.said
    assert "McNemar" in found.said and "TF-IDF" not in found.said


def test_the_rival_is_chosen_on_other_rows_than_those_reported():
    table = two_classes()
    found = judged(table, majority=0.5, TF_IDF=(0.2, 0.4), cheap=(0.3, 0.35), fine_tuned=0.1)
    assert found.is_better and found.rival == "TF-IDF" and "against 0.60 of TF-IDF" in found.said
    assert "strongest of the cheaper ones by validation" in found.said
    table = two_classes(n_test=0)
    found = judged(table, majority=0.5, TF_IDF=0.3, cheap=0.4, fine_tuned=0.1)
    assert found.is_better and (found.rival, found.split) == ("TF-IDF", "validation")
    assert "strongest of the cheaper ones on these same rows" in found.said
    assert judged(table, majority=0.5, TF_IDF=0.3, cheap=0.1).rival == "TF-IDF"


@pytest.mark.parametrize("n_test", [0, 200])
def test_a_model_is_better_only_if_it_is_better_than_each_cheaper_one(n_test):
    table = two_classes(n_test=n_test)
    found = judged(table, majority=(0.5, 0.1), TF_IDF=0.4, cheap=(0.2, 0.4), fine_tuned=0.1)
    if n_test:
        assert found.is_better is None and found.rival == "majority"
        assert "on these same rows" in found.said and "validation" not in found.said
    found = judged(table, majority=0.1, TF_IDF=0.5, cheap=0.5, fine_tuned=0.4)
    assert found.is_better is False and "0.60 against 0.90 of one constant" in found.said
    found = judged(table, majority=0.11, TF_IDF=0.5, cheap=0.5, fine_tuned=0.1)
    assert found.is_better is None and verdict(found).endswith(
        "one constant answer may do as well."
    )


def with_rights(table, own, rival):
    """The verdict where the model is wrong on the test rows `own`, and cheaper ones on `rival`."""
    answers = {}
    for split in ("validation", "test"):
        true = table.targets(split)
        wrong = [np.isin(np.arange(len(true)), rows) for rows in (rival, own)]
        answers[split] = dict(
            zip(("cheap", "own"), (np.where(w, 1 - true, true) for w in wrong), strict=True)
        )
    return judge_model(table, answers, scores_of(table, answers))


@pytest.mark.parametrize(("alone", "is_better"), [(4, None), (5, None), (6, False)])
def test_an_interval_agrees_with_the_test_beside_it(alone, is_better):
    found = with_rights(two_classes(n_test=60), range(alone), [])
    assert found.is_better is is_better
    low, high, how = differences(
        "classification",
        np.zeros(60),
        {"cheap": np.zeros(60), "own": (np.arange(60) < alone).astype(int)},
    )["cheap"]
    p = is_it_real(np.zeros(60), np.zeros(60), np.arange(60) < alone)["p_value"]
    assert (high < 0) == (p < 0.05) and low == pytest.approx(-(alone + 2) / 64)
    assert f"p = {p:.2g}" in how and how in found.said


def test_equal_answers_have_no_interval():
    table = two_classes()
    found = with_rights(table, range(9), range(9))
    assert found.is_better is None and "interval" not in found.said
    assert found.said.endswith("by validation; both gave the same answers on all of them.")
    assert "cannot be told apart" in report.next_steps(table, found, None, None, None)[-1]


@pytest.mark.parametrize("n_test", [1, 9])
def test_no_verdict_on_very_few_rows(n_test):
    table = two_classes(n_test=n_test)
    found = with_rights(table, range(9), [])
    rows = "1 row" if n_test == 1 else "9 rows"
    assert found.is_better is None and verdict(found) == f"No verdict: {rows} can show nothing."
    assert f"on {rows.replace(' ', ' test ')}: 0.00 against 1.00" in found.said
    assert "interval" not in found.said
    assert not any("any verdict" in told for told in warnings_of(table, found))
    (step,) = report.next_steps(table, found, None, None, None)
    assert step == "Hold out more rows: 10 for a verdict, 100 and more for a strong one."


def test_a_constant_may_be_the_strongest_rival():
    found = judged(two_classes(), majority=0.1, TF_IDF=0.4, cheap=0.4, fine_tuned=0.4)
    assert verdict(found) == "Do not use this model: one constant answer does better."
    found = judged(two_classes(), majority=0.1, TF_IDF=0.4, cheap=0.4, fine_tuned=0.1)
    assert "one constant answer may do as well" in verdict(found)


def numbers():
    return table_of(lambda i: float(i % 5), names=None, label="score")


def test_numbers_are_judged_by_an_error_that_is_best_when_small():
    table = numbers()
    draw = np.random.default_rng(0).normal
    answers = {}
    for split in ("validation", "test"):
        true = table.targets(split)
        mean, near = np.full(len(true), 2.0), true + draw(0, 0.5, len(true))
        answers[split] = {"mean": mean, "TF-IDF": true + draw(0, 1, len(true)), "fine-tuned": near}
    found = judge_model(table, answers, scores_of(table, answers))
    assert found.is_better and found.rival == "TF-IDF" and "difference −0.5" in found.said
    value, low, high = found.main["fine-tuned"]
    assert low < value < high and value == pytest.approx(0.5, abs=0.1)
    turned = {split: dict(reversed(given.items())) for split, given in answers.items()}
    found = judge_model(table, turned, scores_of(table, turned))
    assert found.model == "mean" and found.rival == "fine-tuned" and found.is_better is False


def test_several_labels_are_judged_by_micro_f1():
    carried = [["fish"], ["fish", "soup"], [], ["soup"]]
    table = table_of(lambda i: carried[i % 4], names=["fish", "soup"], label=LABELS)
    answers = {}
    for split in ("validation", "test"):
        true = table.targets(split)
        given = true.copy()
        given[::2] = 0
        answers[split] = {"the most frequent": np.ones_like(true), "TF-IDF": given, "own": true}
    scores = scores_of(table, answers)
    found = judge_model(table, answers, scores)
    assert found.is_better and "Micro F1" in found.said
    value, low, high = found.main["TF-IDF"]
    assert value == scores["micro_f1"]["test", "TF-IDF"] and low < value < high
    assert found.main["own"] == (1, 1, 1)


def test_an_interval_is_none_too_narrow_where_all_is_right():
    low, high = share_of(18, 18)
    assert 0.7 < low < 0.9 and high == pytest.approx(1)
    table = two_classes(n_test=18)
    answers = {split: {"own": table.targets(split)} for split in ("validation", "test")}
    assert intervals(table, "test", answers["test"], scores_of(table, answers))["own"][1] == low


def test_decimals_follow_from_the_rows():
    assert [decimals_for(n) for n in (18, 240, 999, 1000, 50_000)] == [2, 2, 2, 3, 3]
    assert [decimals_for(240, spread) for spread in (1.6, 30, 900, 0.01)] == [2, 1, 0, 4]


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.5, 2, "0.50"), (0.0, 2, "0.00"), (0.00123, 2, "0.001"), (1e-17, 2, "0.00")]
    + [(1.5e-6, 8, "1.5e-06"), (12345.6, 0, "12346"), (1, 2, "1.00")],
)
def test_numbers_keep_their_digits(value, digits, text):
    assert written(value, digits) == text
    assert signed(-value, digits) == ("−" if value else "+") + text


def test_tiny_numbers_in_a_page():
    table = table_of(lambda i: 1e-7 * (i % 5), names=None, label="score")
    outputs = table.frame.assign(**{PREDICTED: 2e-7})
    rows = report.worst_rows(table, outputs, "test").to_dict("records")
    assert "2e-07</span>: 2e-07 too high" in report.mistake(table, rows[0])
    assert "1.42e-07" in report.data_summary(table)
    assert report.reach(1e-7, 2e-7, 9) == "1e-07 to 2e-07" and report.reach(0, 0, 2) == "–"


def test_counts_are_whole_numbers():
    classes = report.per_class(np.array([0, 1, 1]), np.array([2, 2, 2]), ["a", "b", "c"])
    assert "0 of 1 found" in report.weakest(classes)


def test_few_rows_are_told():
    table = table_of(lambda i: NAMES[i % 13 == 0], n_test=40)
    told = warnings_of(table, judged(table, majority=0.1, TF_IDF=0.1, cheap=0.1))
    assert "Only 40 rows" in told[0] and "test" in told[1] and "joy (3)" in told[1]
    assert not warnings_of(two_classes(), judged(two_classes(), majority=0.5, cheap=0.1))
    table = table_of(lambda i: ["a"], names=["a"], label=LABELS, n_test=0)
    answers = {"validation": {"TF-IDF": table.targets("validation")} | {"own": np.ones((200, 1))}}
    answers["validation"]["own"] = answers["validation"]["own"].astype(int)
    found = judge_model(table, answers, scores_of(table, answers))
    assert "threshold" in warnings_of(table, found)[0]


def test_baselines_are_fitted_to_train_alone():
    table = two_classes()
    given = baselines(table)
    assert list(given) == ["validation", "test"] and list(given["test"]) == ["majority", "TF-IDF"]
    changed = table.frame.copy()
    held_out = changed[SPLIT] == "test"
    changed.loc[held_out, "mood"] = changed["mood"][held_out].to_numpy()[::-1]
    again = baselines(Table(changed, table.texts, table.label, table.names))
    assert (again["test"]["TF-IDF"] == given["test"]["TF-IDF"]).all()


def outputs_for(table, likely):
    """The table with the answers of a model that gives joy these probabilities."""
    columns = {f"{OURS}probability_anger": 1 - likely, f"{OURS}probability_joy": likely}
    said = np.where(likely > 0.5, "joy", "anger").astype(object)
    return table.frame.assign(**columns, **{PREDICTED: said})


def test_the_worst_rows_are_wrong_ones_of_the_split():
    table = two_classes()
    likely = np.where(table.frame["mood"] == "joy", 0.9, 0.1)
    likely[[245, 250, 251]] = 0.1, 0.6, 0.3
    likely[3] = 0.0
    worst = report.worst_rows(table, outputs_for(table, likely), "test")
    assert worst.index.tolist() == [245, 251, 250], "the largest loss first, none of train"
    table = numbers()
    outputs = table.frame.assign(**{PREDICTED: table.frame["score"].astype(float)})
    outputs.loc[300, PREDICTED] += 2
    outputs.loc[310, PREDICTED] -= 3
    worst = report.worst_rows(table, outputs, "test")
    assert worst.index[:2].tolist() == [310, 300] and len(worst) == 10
    assert "3.00 too low" in report.mistake(table, worst.iloc[0].to_dict())


def test_the_worst_rows_of_several_labels():
    names = ["soup", "fish"]  # not sorted, as columns of 0 and 1 may stand
    table = table_of(lambda i: ["fish", "soup"], names=names, label=LABELS)
    outputs = table.frame.assign(**{f"{OURS}probability_{name}": 0.9 for name in names})
    outputs[PREDICTED] = pd.Series([names] * len(outputs), dtype=object)
    assert report.worst_rows(table, outputs, "test").empty
    outputs.at[300, PREDICTED] = ["fish"]
    assert report.worst_rows(table, outputs, "test").index.tolist() == [300]


def finished(**others):
    arguments = {"epochs": 2, "batch_size": 32, "learning_rate": 2e-4, "head": "classification"}
    history = [{"epoch": 1.0, "loss": 0.7}, {"epoch": 1.0, "eval_loss": 0.6, "eval_accuracy": 0.5}]
    details = {
        "rows": {"train": 3360, "validation": 720},
        "checkpoint": "some/checkpoint",
        "arguments": arguments,
        "seed": 42,
        "machine": {"dtype": "float32"},
        "versions": {"torch": "2.9"},
        "finished": "2026-01-02T03:04:05",
        "fingerprint": "f" * 64,
        "data_sha256": "d" * 64,
        "log_history": history,
        "labels": NAMES,
    }
    return Run(None, None, Path("out"), details | others)


def test_a_model_card_in_markdown():
    scores = pd.DataFrame({"accuracy": [0.333, 0.75], "a|b": [np.nan, 0.7]}, ["always joy", "this"])
    card = model_card(
        finished(),
        "Which mood?",
        purpose="It reads a post.",
        use=["from transformers import pipeline", 'pipeline("text-classification")'],
        data="Written for a course.",
        scores=scores.rename_axis("on 720 posts"),
        limits="Do not judge people by it.",
    )
    headings = re.findall(r"^#+ (.*)$", card, re.MULTILINE)
    assert headings[0] == "Which mood?" and headings[-2:] == ["How well it does", "Limits"]
    assert "\n    from transformers import pipeline\n    pipeline(" in card
    assert (
        "| on 720 posts | accuracy | a\\|b |\n| --- | --- | --- |\n| always joy | 0.33 |  |" in card
    )
    for part in ("3,360 rows", "720 for validation", "some/checkpoint", "2 epochs", "seed 42"):
        assert part in card


def test_odd_cells_leave_a_model_card_whole():
    scores = pd.DataFrame({("a", "b"): ["one\ntwo"], ("c", ""): [None]}, [("x", "y|z")])
    scores.index = pd.MultiIndex.from_tuples(scores.index, names=["split", None])
    texts = {"purpose": "p", "use": [], "data": "d", "limits": "l"}
    card = model_card(finished(rows={"train": 1}), "t", scores=scores, **texts)
    assert "\n| split | a b | c |\n| --- | --- | --- |\n| x y\\|z | one two |  |\n" in card
    assert "1 row was used" in card


@pytest.fixture
def page(monkeypatch):
    """`page(table, likely)`: the report on a run with these probabilities, and who was asked."""

    def make(table, likely, doubted=(), title="out"):
        found = table.frame.assign(**{SUSPICION: 0.95, SUGGESTED: "joy"}).iloc[list(doubted)]
        monkeypatch.setattr(report, "doubts", lambda table: found)

        class Words(str):
            html = str.__str__

        monkeypatch.setattr(
            report, "explain_words", lambda model, texts: [Words(f"<b>{t[:9]}</b>") for t in texts]
        )
        outputs = outputs_for(table, likely)
        answers = baselines(table)
        for split, given in answers.items():
            given["fine-tuned"] = answers_in(table, outputs, split)
        scores = scores_of(table, answers)
        return report.make_report(title, table, outputs, answers, scores, None, finished())

    return make


def test_the_page_is_whole(page):
    table = two_classes()
    likely = np.where(table.frame["mood"] == "joy", 0.9, 0.1)
    likely[245:260] = 0.2
    table.frame.loc[247, "text"] = "long " * 2000
    made = page(table, likely, doubted=range(30), title="<u>out")
    links, places = re.findall(r'href="#(.*?)"', made), re.findall(r'<section id="(.*?)"', made)
    assert links == places and len(set(places)) == len(places) > 7
    first = re.sub(r"<[^>]+>", " ", made.split('id="scores"')[0].split("</nav>")[1])
    assert "Better by more than chance." in first and "30 of 440 labels have a suspicion" in first
    assert "Recall is lowest for joy : 92 of 100 found, 8 taken for anger" in " ".join(
        first.split()
    )
    assert "<u>" not in made and "&lt;u&gt;out" in made and "$" not in made
    assert "default-src 'none'; img-src data:" in made and "<script" not in made
    worst = made.split('id="worst-rows"')[1].split("</section>")[0]
    assert worst.count("<b>word") == 7, "a very long text is not explained"
    assert worst.count("<li>") == 8 and "… (10,000 letters)" in worst
    assert len(worst) < 10_000 and worst.count("<details>") == 2
    doubted = made.split('id="doubted-labels"')[1].split("</section>")[0]
    assert doubted.count("<li>") == 20 and '<ol start="6">' in doubted
    assert doubted.index("line 2<") < doubted.index("line 3<") < doubted.index("line 21<")


def test_a_page_without_errors_and_doubts(page):
    table = two_classes()
    made = page(table, np.where(table.frame["mood"] == "joy", 0.9, 0.1))
    assert "No test row is wrong." in made and "No label is doubted." in made


def test_many_classes_get_numbers_where_their_names_look_alike():
    names = [f"a rather long name of the class {kind}" for kind in "abc"]
    assert report.numbered(NAMES) == NAMES
    assert report.numbered(names)[2] == f"3. {names[2]}"


@pytest.mark.parametrize("scale", [1e-7, 1.0, 1e7])
def test_predicted_numbers_keep_their_digits(scale):
    numbers = scale * np.array([[1.234567], [-2.345678]])
    found = predicted(
        numbers, SimpleNamespace(labels=None), pd.DataFrame({"text": ["a", "b"]}), 0.5
    )
    assert found[PREDICTED].to_numpy() == pytest.approx(numbers[:, 0], rel=1e-6)
    assert all(len(f"{number}") <= 14 for number in found[PREDICTED])
