"""Every exercise on its untouched stub, on wrong answers and on right ones; and the mechanism."""

import json
import re
import runpy
import threading
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from helpers import exercise, exercises
from helpers.exercises import NOT_ATTEMPTED, NOT_YET, RIGHT, Exercise, NotYet, define

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = {
    number: answers
    for path in sorted(Path(__file__).parent.glob("answers_[0-9][0-9].py"))
    for number, answers in runpy.run_path(str(path))["ANSWERS"].items()
}
LONG = ("03.3", "03.6", "05.6", "09.2", "10.4", "13.5")  # checks that train models
CASES = [
    pytest.param(*case, marks=pytest.mark.slow if case[0] in LONG and place > 1 else ())
    for number, answers in ANSWERS.items()
    for outcome in ("wrong", "right")
    for place, case in enumerate((number, outcome, name) for name in answers[outcome])
]


def known() -> set[str]:
    with pytest.raises(ValueError, match="choose one of"):
        exercise("none")
    return set(exercises._known)


def notebook_cells() -> dict[str, str]:
    """The exercise cells of the notebooks, by number."""
    cells = {}
    for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            source = "".join(cell["source"])
            if found := re.match(r'q = exercise\("(.*?)"\)', source):
                assert found[1].startswith(path.name[:2]), f"{found[1]} stands in {path.name}"
                assert found[1] not in cells, f"{found[1]} stands twice"
                cells[found[1]] = source
    return cells


def test_every_exercise_has_answers_and_stands_in_a_notebook():
    assert known() == set(ANSWERS) == set(notebook_cells())


def test_the_readme_counts_them():
    wrong, right = (
        sum(len(answers[kind]) for answers in ANSWERS.values()) for kind in ("wrong", "right")
    )
    told = f"{len(ANSWERS)} exercises were tried with {wrong:,} wrong answers and {right:,} right"
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert told in readme


@pytest.mark.parametrize("number", ANSWERS)
def test_there_are_four_wrong_answers_and_two_right_ones(number):
    assert len(ANSWERS[number]["wrong"]) >= 4
    assert len(ANSWERS[number]["right"]) >= 2
    q = exercise(number)
    question, step = q.hints
    assert question.endswith("?") and step.endswith(".") and len(step.split()) <= 45
    body = [line.strip() for line in q.solution_text.splitlines()[1:] if len(line.strip()) > 25]
    assert not [line for line in body if line in question + step], "a hint gives a line away"


@pytest.mark.parametrize(("number", "outcome", "name"), CASES)
def test_an_answer_is_judged(number, outcome, name, capsys):
    q = exercise(number)
    q.check(*ANSWERS[number][outcome][name]())
    printed = capsys.readouterr().out.strip()
    expected = RIGHT if outcome == "right" else NOT_YET
    assert q.outcome == expected, printed
    prefix = f"Exercise {number}: {expected}. "
    assert printed.startswith(prefix) and len(printed) > len(prefix) + 15, printed


@pytest.mark.parametrize("number", notebook_cells())
def test_the_untouched_stub_is_not_an_attempt(number):
    names = {"exercise": exercise}
    exec(notebook_cells()[number], names)
    assert names["q"].outcome == NOT_ATTEMPTED


# ---- the mechanism


def greater(answer, than=0):
    if answer > than:
        return f"{answer} is more than {than}."
    raise NotYet(f"{answer} is not more than {than}.")


def checked(*answers, checker=greater):
    q = Exercise("99.1", checker, ("How big?", "Think big."), "answer = 1")
    q.check(*answers)
    return q.outcome


def test_three_outcomes(capsys):
    assert checked(1) == RIGHT
    assert checked(2, 3) == NOT_YET
    assert checked(...) == checked(None) == checked() == checked(1, ...) == NOT_ATTEMPTED
    assert capsys.readouterr().out.splitlines()[:3] == [
        "Exercise 99.1: right. 1 is more than 0.",
        "Exercise 99.1: not yet. 2 is not more than 3. (q.hint() asks a question that may help.)",
        "Exercise 99.1: not attempted. Replace the ... above, then run the cell again. "
        "q.hint() helps.",
    ]


def test_a_result_has_a_sign_and_an_edge_where_html_is_shown(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    for answer, outcome in ((..., NOT_ATTEMPTED), (-1, NOT_YET), (1, RIGHT)):
        assert checked(answer, checker=lambda value: greater(value) + " 1 < 2 & so on.") == outcome
        sign, colour = exercises.LOOKS[outcome]
        text, html = repr(shown[-1]), shown[-1]._repr_html_()
        assert text.startswith(f"Exercise 99.1: {outcome}. ")
        assert f"border-left:4px solid {colour}" in html and f">{sign} Exercise 99.1: " in html
    assert "1 &lt; 2 &amp; so on.</div>" in html and text.endswith("1 < 2 & so on.")


def test_an_exercise_that_was_not_checked_is_not_attempted():
    assert Exercise("99.1", greater, ("", ""), "").outcome == NOT_ATTEMPTED


def test_a_function_without_a_body_is_no_attempt(capsys):
    def stub(row):
        raise NotImplementedError

    assert checked(stub, checker=lambda function: function(1)) == NOT_ATTEMPTED
    assert "body" in capsys.readouterr().out


def test_an_answer_that_fails_is_told_how(capsys):
    assert checked("seven") == NOT_YET
    assert "Your answer raised TypeError" in capsys.readouterr().out
    assert checked(1, 2, 3) == NOT_YET
    assert "q.check takes answer, than, and got 3 of them" in capsys.readouterr().out


@pytest.mark.parametrize(
    "answer",
    [np.zeros(3), np.array(None), torch.zeros(2, 2), pd.Series([1, 2]), pd.DataFrame({"a": [1]})],
)
def test_arrays_tensors_and_tables_may_be_answers(answer):
    assert checked(answer, checker=lambda value: "An array, fine.") == RIGHT


@pytest.mark.parametrize("answer", [0, False, "", [], 0.0])
def test_an_empty_answer_is_an_attempt(answer):
    assert checked(answer, checker=lambda value: "Nothing was right.") == RIGHT


def test_an_answer_that_leaves_the_program_is_told(capsys):
    assert checked(1, checker=lambda answer: exit(3)) == NOT_YET
    assert "Your answer raised SystemExit: 3" in capsys.readouterr().out


def test_hint_and_solution_are_printed(monkeypatch, capsys):
    monkeypatch.setattr(exercises, "_known", dict(exercises._known))

    monkeypatch.setattr(exercises, "_seen", {})

    @define("99.2", hint="How big?", step="Think big.", solution="\n    answer = 1\n    ")
    def check(answer):
        return greater(answer)

    q = exercise("99.2")
    q.check(-1)
    q.hint()
    exercise("99.2").check(-1)
    q.hint(2)
    exercise("99.2").check(-1)
    q.hint()
    exercise("99.2").check(-1)
    q.solution()
    assert capsys.readouterr().out.splitlines() == [
        "Exercise 99.2: not yet. -1 is not more than 0. (q.hint() asks a question that may help.)",
        "Hint 1 for exercise 99.2: How big?",
        "Exercise 99.2: not yet. -1 is not more than 0. (q.hint(2) gives a step.)",
        "Hint 2 for exercise 99.2: Think big.",
        "Exercise 99.2: not yet. -1 is not more than 0. (q.solution() shows one solution.)",
        "Hint 1 for exercise 99.2: How big?",
        "Exercise 99.2: not yet. -1 is not more than 0. (q.solution() shows one solution.)",
        "# One solution of exercise 99.2",
        "answer = 1",
    ]
    with pytest.raises(ValueError, match="no more"):
        q.hint(3)
    assert check(1), "the check is still a function"
    assert exercise("99.2") is not q, "each cell has an exercise of its own"


def test_an_unknown_number_is_refused(refused):
    with refused(ValueError, "'1.1'", "01.1"):
        exercise("1.1")


# ---- what the checks share


def test_a_function_is_called_with_care():
    from helpers.exercises.answers import call

    assert call(lambda ids, n: ids * n, [1, 2], 2) == [1, 2, 1, 2]
    for function, inputs, said in [
        ([1, 2], [], "Pass the function itself, its name without brackets: what you passed is a"),
        (lambda ids: None, [[1]], "returns nothing: does it end with return?"),
        (lambda ids: ids.append(1) or ids, [[1]], "as argument 1: make a new list"),
        (lambda n, row: row.update(a=2) or row, [1, {"a": 1}], "as argument 2: make a new dict"),
        (lambda x: np.subtract(x, 1, out=x), [np.ones(2)], "as argument 1: make a new ndarray"),
        (lambda x: x.add_(1), [torch.ones(2)], "as argument 1: make a new Tensor"),
        (lambda x: x.insert(0, "b", 1) or x, [pd.DataFrame({"a": [1]})], "a new DataFrame"),
    ]:
        with pytest.raises(NotYet) as caught:
            call(function, *inputs)
        assert said in str(caught.value)


def endless(ids):
    while ids:
        last = ids[-1]
    return last


def endless_in_a_line(ids):
    while ids: pass  # fmt: skip # noqa: E701


def deaf_twice(ids):
    caught = 0
    while True:
        try:
            endless_in_a_line(ids)
        except BaseException:  # noqa: BLE001
            caught += 1
            if caught == 3:
                raise


class Endless:
    def __call__(self, ids):
        return endless(ids)


@pytest.mark.parametrize(
    "function",
    [
        endless,
        endless_in_a_line,
        deaf_twice,
        Endless(),
        partial(endless),
        lambda ids: max(count(), key=lambda n: n if n < 0 else 0),
    ],
)
def test_a_function_that_never_comes_back_is_stopped(function):
    from helpers.exercises.answers import call

    threads = threading.active_count()
    with pytest.raises(NotYet, match=r"was stopped after 0\.2 seconds"):
        call(function, [1], seconds=0.2)
    assert threading.active_count() == threads, "the watch is over"


def test_what_a_learner_gave_is_named():
    from helpers.exercises.answers import kind_of, number

    assert kind_of(pd.DataFrame) == "the class DataFrame"
    assert kind_of([1, 2]) == "a list of 2"
    assert number(True, "Here") == 1
    for value in (10**400, "7", [1], None):
        with pytest.raises(NotYet, match="Here a single number was expected"):
            number(value, "Here")


def test_values_are_compared_to_the_last_element():
    from helpers.exercises.answers import same

    nan = float("nan")
    assert same([[1, nan], {"a": np.ones(2)}], [[1, nan], {"a": np.ones(2)}])
    assert same(torch.ones(2), torch.ones(2)) and same(1.001, 1.0, close=0.01)
    for one, other in [([1], [1, 2]), ([1, 2], [2, 1]), ("a", "b"), ({"a": 1}, {"b": 1})]:
        assert not same(one, other)
    assert not same(torch.ones(2), torch.zeros(2)) and not same(1.1, 1.0, close=0.01)
