"""The exercises of notebook 10: three quiet slips, both orders, a search, a claim to judge."""

from collections.abc import Callable
from functools import cache
from itertools import combinations

import numpy as np

from . import NotYet, define
from .answers import call, kind_of, number

# Pairs of sentences with their given scores. Some have the same score, some share a sentence.
SCORED = [
    ("A boy runs.", "A child is running.", 4.2),
    ("The soup is hot.", "Hot soup is served.", 3.4),
    ("A dog barks.", "The lake froze.", 0.0),
    ("The ferry left late.", "The ferry was not on time.", 4.6),
    ("Rain is on its way.", "It will rain soon.", 4.6),
    ("She paints a wall.", "He reads a map.", 0.4),
    ("The shop is closed.", "The shop is open.", 1.8),
    ("A boy runs.", "Tax rises again.", 0.0),
    ("Two cats sleep.", "Both cats are asleep.", 5.0),
]
DIMENSIONS = 5


@define(
    "10.1",
    hint=(
        "Call the function on four pairs, then on the same four in another order, then on two of "
        "them. Which of its numbers may not change, and do they?"
    ),
    step=(
        "Take it line by line with two pairs and vectors of two numbers that you choose. Write "
        "down what each line should give before you look at what it gives."
    ),
    solution="""
    def agreement(encode, pairs, given):
        texts = [text for pair in pairs for text in pair]
        vectors = encode(texts)
        vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        first, second = vectors[::2], vectors[1::2]
        found = (first * second).sum(axis=1)
        return found, pearson(ranks(found), ranks(given))
    """,
)
def check_agreement(agreement: Callable) -> str:
    """Check a function (encode, n pairs, n scores) -> (n cosines, their Spearman with the scores).

    The two numbers are judged on several lists; what an answer does when pairs are left out or
    shuffled says which slip is still there.
    """
    vectors = _vectors()
    for rows in ([0, 1, 2, 3, 5, 6], [8, 2, 0, 6, 1], [7, 3, 5, 4, 6, 8, 0, 2, 3]):
        _check_agreement(agreement, rows, vectors)
    return "Each cosine belongs to its own pair, and the correlation to their ranks."


def _vectors() -> dict[str, np.ndarray]:
    """A vector of its own for each text, of any length, that are somewhat alike in a good pair."""
    rng = np.random.default_rng(10)
    found: dict[str, np.ndarray] = {}
    for a, b, score in SCORED:
        about = found.setdefault(a, rng.normal(size=DIMENSIONS) * rng.uniform(0.5, 4))
        noise = rng.normal(size=DIMENSIONS) * np.linalg.norm(about) / 2
        found[b] = (about * (score - 1) / 4 + noise) * rng.uniform(0.5, 2)
    return found


def _check_agreement(agreement: Callable, rows: list[int], vectors: dict) -> None:
    cosines, correlation = _agreement_of(agreement, rows, vectors)
    wanted, wanted_correlation = _expected(rows, vectors)
    told = f"On {len(rows)} pairs"
    if not np.allclose(cosines, wanted, atol=1e-4):
        off = int(np.argmax(np.abs(cosines - wanted)))
        a, b, _ = SCORED[rows[off]]
        raise NotYet(
            f"{told} you give {cosines[off]:.3f} for {a!r} and {b!r}"
            f"{_why_other_cosine(agreement, rows, off, cosines, vectors)}"
        )
    if not np.isclose(correlation, wanted_correlation, atol=1e-4):
        raise NotYet(
            f"{told} the cosines are right, but for the Spearman correlation you give "
            f"{correlation:.3f}{_why_other_spearman(agreement, rows, correlation, vectors)}"
        )


def _agreement_of(agreement: Callable, rows: list[int], vectors: dict) -> tuple[np.ndarray, float]:
    """What a learner's function gives for these pairs: n cosines and one number."""
    pairs = [SCORED[row][:2] for row in rows]
    given = np.array([SCORED[row][2] for row in rows])
    answer = call(agreement, _recording(vectors), pairs, given, seconds=3)
    if not isinstance(answer, list | tuple) or len(answer) != 2:
        raise NotYet(
            "Return two things, the cosines and their Spearman correlation with the given scores: "
            f"what came back is {kind_of(answer)}."
        )
    cosines = _numbers(answer[0])
    if cosines is None or cosines.size != len(pairs):
        raise NotYet(
            f"{len(pairs)} pairs should give {len(pairs)} cosines, but yours are "
            f"{kind_of(answer[0])}."
        )
    return cosines.ravel(), number(answer[1], "For the Spearman correlation")


def _expected(rows: list[int], vectors: dict) -> tuple[np.ndarray, float]:
    """The cosines of these pairs, and their Spearman correlation with the given scores."""
    cosines = [_cosine(*(vectors[text] for text in SCORED[row][:2])) for row in rows]
    given = [SCORED[row][2] for row in rows]
    return np.array(cosines), float(spearman(np.array(cosines), np.array(given)))


def _why_other_cosine(
    agreement: Callable, rows: list[int], off: int, cosines: np.ndarray, vectors: dict
) -> str:
    """What shows that a cosine is not that of its pair, to be added to a sentence."""
    a, b = (vectors[text] for text in SCORED[rows[off]][:2])
    right = _cosine(a, b)
    if np.isnan(cosines[off]):
        return f", which is no number, but the cosine of their two vectors is {right:.3f}."
    texts = [text for row in rows for text in SCORED[row][:2]]
    for one, other in combinations(texts, 2):
        if np.isclose(cosines[off], _cosine(vectors[one], vectors[other]), atol=1e-4):
            return f". That is the cosine of {one!r} and {other!r}, which are no pair."
    simple = {
        "; that is the product of the two vectors: what of their lengths?": a @ b,
        "; that is 1 less the cosine, a distance.": 1 - right,
        "; that cosine has lost its sign.": abs(right),
    }
    for reason, value in simple.items():
        if np.isclose(cosines[off], value, atol=1e-4):
            return reason
    if np.isclose(cosines[off], right, atol=0.006):
        return f", and the cosine is {right:.4f}: do not round."
    fewer = [row for row in rows if row in (rows[off], rows[off - 1])]
    again = _agreement_of(agreement, fewer, vectors)[0][fewer.index(rows[off])]
    if not np.isclose(again, cosines[off], atol=1e-4):
        return (
            f", and {again:.3f} if only {len(fewer)} of the pairs are passed. How alike two "
            "sentences are has nothing to do with the other pairs."
        )
    return f", but the cosine of their two vectors is {right:.3f}."


def _why_other_spearman(agreement: Callable, rows: list[int], yours: float, vectors: dict) -> str:
    """What shows that a number is not the Spearman correlation, to be added to a sentence."""
    cosines, right = _expected(rows, vectors)
    given = np.array([SCORED[row][2] for row in rows])
    if np.isnan(yours):
        return ", which is no number: is a value missing, or does a list have one value only?"
    if np.isclose(yours, pearson(cosines, given), atol=1e-4):
        return ". That is the Pearson correlation."
    if np.isclose(yours, right, atol=0.006):
        return f", and it is {right:.4f}: do not round."
    for order in (rows[::-1], *(rows[i:] + rows[:i] for i in range(1, len(rows)))):
        again = _agreement_of(agreement, order, vectors)[1]
        if not np.isclose(again, yours, atol=1e-4):
            return (
                f", and {again:.3f} for the same pairs in another order. Where a pair stands in "
                "the list may not matter: what do your ranks say about each pair?"
            )
    return f", and it is {right:.3f}."


def _recording(vectors: dict[str, np.ndarray]) -> Callable:
    """An encoder that says what it takes."""

    def encode(texts):
        if isinstance(texts, str):
            raise NotYet("encode takes a list of texts and gives one vector for each: write [a].")
        texts = list(texts)
        for text in texts:
            if not isinstance(text, str):
                raise NotYet(
                    f"encode takes a list of texts, but yours holds {kind_of(text)}: a pair is two "
                    "texts, and two pairs are four."
                )
            if text not in vectors:
                raise NotYet(f"You encode {text!r}, which is in none of the pairs.")
        return np.stack([vectors[text] for text in texts])

    return encode


def pearson(given: np.ndarray, predicted: np.ndarray):
    """Pearson correlation along the last axis."""
    given, predicted = (x - x.mean(axis=-1, keepdims=True) for x in (given, predicted))
    lengths = np.sqrt((given**2).sum(axis=-1) * (predicted**2).sum(axis=-1))
    return (given * predicted).sum(axis=-1) / lengths


def spearman(given: np.ndarray, predicted: np.ndarray):
    """Spearman correlation along the last axis."""
    from scipy.stats import rankdata

    return pearson(rankdata(given, axis=-1), rankdata(predicted, axis=-1))


def minus_rmse(given: np.ndarray, predicted: np.ndarray):
    """The root mean squared error along the last axis with a minus, so that higher is better."""
    return -np.sqrt(((given - predicted) ** 2).mean(axis=-1))


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def _numbers(values) -> np.ndarray | None:
    """A list, array, tensor or column of numbers as an array, or None if it is anything else."""
    if isinstance(values, str | dict):
        return None
    try:
        if isinstance(values, list | tuple):
            values = [np.asarray(value) for value in values]
        found = np.asarray(values)
        return None if found.dtype.kind in "USbc" else found.astype(float)
    except (TypeError, ValueError, RuntimeError):
        return None


def _by_length(pairs: list) -> np.ndarray:
    return np.array([2.0 * len(a) - len(b) + (a[:1] < b[:1]) for a, b in pairs])


def _by_letters(pairs: list) -> np.ndarray:
    return np.array([len(set(a) - set(b)) + 0.25 * len(a) for a, b in pairs])


@define(
    "10.2",
    hint=(
        "The pair (a, b) scores 4 and (b, a) scores 2: what should come back for each of the two? "
        "How can every pair be scored both ways if `score` may run only twice?"
    ),
    step=(
        "Make a second list in which each pair is turned round but keeps its place. Each list "
        "gives one array, and arrays can be calculated with as a whole."
    ),
    solution="""
    def symmetric(score, pairs):
        turned = [(b, a) for a, b in pairs]
        return (score(pairs) + score(turned)) / 2
    """,
)
def check_symmetric(symmetric: Callable) -> str:
    """Check a function (score, n pairs) -> n numbers that do not depend on the order in a pair."""
    four = [("one", "three"), ("seven", "two"), ("eleven", "six"), ("ten", "nine")]
    three = [("a green tram", "the bus"), ("rain", "sun"), ("a cat sleeps", "a dog barks loudly")]
    for score, pairs in [(_by_length, four), (_by_letters, three)]:
        calls: list[int] = []
        answer = call(symmetric, _counting(score, calls), list(pairs), seconds=3)
        forth, back = score(pairs), score([(b, a) for a, b in pairs])
        _compare_scores(answer, pairs, forth, back)
        if len(calls) > 2:
            raise NotYet(
                f"The numbers are right, but score ran {len(calls)} times for {len(pairs)} pairs: "
                "twice is enough, a whole list for each order."
            )
    return "Both orders give the same number, and score is given whole lists."


def _counting(score: Callable, calls: list[int]) -> Callable:
    """A score that notes how often it ran, and says what it takes."""

    def counted(pairs):
        if isinstance(pairs, str):
            raise NotYet("score takes a list of pairs, and you gave it one text.")
        pairs = list(pairs)
        for pair in pairs:
            if isinstance(pair, str):
                raise NotYet("score takes a list of pairs, not one pair: write [(a, b)].")
            if len(pair) != 2:
                raise NotYet(
                    f"score takes a list of pairs of two texts, but yours holds {kind_of(pair)}."
                )
        calls.append(len(pairs))
        return score(pairs)

    return counted


def _compare_scores(answer, pairs: list, forth: np.ndarray, back: np.ndarray) -> None:
    """Say what is off in one number a pair."""
    wanted, numbers = (forth + back) / 2, _numbers(answer)
    if numbers is None:
        raise NotYet(
            "Return one number a pair, in an array or a list, and no texts; what came back is "
            f"{kind_of(answer)}."
        )
    if numbers.shape != wanted.shape:
        raise NotYet(
            f"{len(pairs)} pairs should give {len(pairs)} numbers, one a pair, but yours have the "
            f"shape {list(numbers.shape)}."
        )
    mistakes = {
        "these are the scores of (a, b) alone": forth,
        "these are the scores of (b, a) alone": back,
        "this is the sum of both orders: halve it": forth + back,
        "this is the higher of the two, and the mean was asked for": np.maximum(forth, back),
        "this is the lower of the two, and the mean was asked for": np.minimum(forth, back),
        "the whole list was turned round, not each pair": (forth + forth[::-1]) / 2,
    }
    for reason, mistake in mistakes.items():
        if np.allclose(numbers, mistake):
            raise NotYet(f"There is one number a pair, but {reason}.")
    if not np.allclose(numbers, wanted):
        row = np.flatnonzero(~np.isclose(numbers, wanted))[0]
        raise NotYet(
            f"The pair {pairs[row]} scores {forth[row]:.3f} and turned round {back[row]:.3f}; the "
            f"mean is {wanted[row]:.3f}, but yours is {numbers[row]:.3f}."
        )


@define(
    "10.3",
    hint=(
        "The query is [1, 0], two rows are [5, 5] and [2, 0]: which has the larger product with "
        "the query, and which the larger cosine?"
    ),
    step=(
        "`vectors @ query` multiplies every row with the query at once. To make cosines of these "
        "products you need lengths: see what `axis=1` does in `np.linalg.norm`."
    ),
    solution="""
    def most_similar(query, vectors, k):
        lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(query)
        return np.argsort(-(vectors @ query) / lengths)[:k]
    """,
)
def check_most_similar(most_similar: Callable) -> str:
    """Check a function (query [hidden], vectors [n, hidden], k) -> k row numbers."""
    rng = np.random.default_rng(3)
    for n, hidden, k in [(6, 8, 3), (40, 5, 5), (9, 8, 9), (4, 8, 1)]:
        query = rng.normal(size=hidden)
        along = query * rng.uniform(-1, 1, (n, 1))
        vectors = (along + rng.normal(size=(n, hidden))) * rng.uniform(0.2, 9, (n, 1))
        answer = call(most_similar, query.copy(), vectors.copy(), k, seconds=3)
        rows = _row_numbers(answer, k, n, hidden)
        _compare_rows(rows, query, vectors)
    return "The nearest by angle, whatever the length of a vector."


def _row_numbers(answer, k: int, n: int, hidden: int) -> np.ndarray:
    """The k whole numbers that came back, or a sentence on what came back in their place."""
    numbers = _numbers(answer)
    if numbers is None:
        raise NotYet(
            f"Return {k} row numbers, each as a number; what came back is {kind_of(answer)}."
        )
    if numbers.shape == (2, k):
        raise NotYet("Two rows of numbers came back, values and row numbers: return the latter.")
    if numbers.shape == (k, hidden):
        raise NotYet(
            f"The shape of what came back is {[k, hidden]}, so these are vectors: return which "
            "rows of `vectors` they are."
        )
    numbers = numbers.ravel()
    if len(numbers) != k:
        raise NotYet(f"k is {k}, and {len(numbers)} row numbers came back.")
    off = [number for number in numbers if number != np.round(number) or not 0 <= number < n]
    if off and off[0] != np.round(off[0]):
        raise NotYet(f"{off[0]:.2f} is no row number: return which rows, not their cosines.")
    if off:
        raise NotYet(f"There is no row {off[0]:.0f}: {n} vectors have the rows 0 to {n - 1}.")
    return numbers.astype(int)


def _compare_rows(rows: np.ndarray, query: np.ndarray, vectors: np.ndarray) -> None:
    """Say what the rows are sorted by, if it is not the cosine."""
    k, product = len(rows), vectors @ query
    lengths = np.linalg.norm(vectors, axis=1)
    cosines = product / lengths / np.linalg.norm(query)
    order = np.argsort(-cosines)
    if np.array_equal(rows, order[:k]):
        return
    distances = np.linalg.norm(vectors - query, axis=1)
    mistakes = {
        "these are the least similar: turn the order round": order[::-1],
        "you sort by the product, in which long vectors win: divide by the lengths": np.argsort(
            -product
        ),
        "you divide by the squared length: divide by the length": np.argsort(-product / lengths**2),
        "you sort by distance, in which lengths count: take the cosine": np.argsort(distances),
        "you dropped the sign: a cosine of -1 is the opposite, not the same": np.argsort(
            -np.abs(cosines)
        ),
    }
    listed = f"Of {len(vectors)} vectors yours are {', '.join(map(str, rows))}"
    for reason, mistaken in mistakes.items():
        if np.array_equal(rows, mistaken[:k]):
            raise NotYet(f"{listed}, but {reason}.")
    if sorted(rows) == sorted(order[:k]):
        raise NotYet(f"{listed}: the right ones, but the most similar comes first.")
    raise NotYet(
        f"{listed}, but the highest cosines are in the rows {', '.join(map(str, order[:k]))}."
    )


VERDICTS = ("a", "b", "alike", "open")
CONTESTS = [  # score, rows, noise that both models share, that of a, that of b, margin, seed
    (pearson, 110, 1.3, 0.5, 0.9, 0.01, 14),
    (pearson, 150, 1.5, 0.5, 1.1, 0.05, 1),
    (spearman, 120, 1.5, 1.3, 0.5, 0.02, 22),
    (pearson, 400, 1.2, 0.5, 0.5, 0.04, 3),
    (minus_rmse, 90, 1.2, 0.35, 0.55, 0.3, 6),
    (pearson, 40, 1.2, 1.0, 1.0, 0.05, 3),
    (minus_rmse, 70, 1.5, 1.4, 0.4, 0.1, 14),
    (spearman, 60, 1.4, 1.1, 0.9, 0.05, 8),
    (pearson, 150, 1.5, 1.1, 0.5, 0.1, 14),
]


@define(
    "10.4",
    hint=(
        "The interval of a minus b is -0.02 to 0.09. Which differences are still possible? Does a "
        "margin of 0.05 leave any of the four verdicts but one, and does a margin of 0.10?"
    ),
    step=(
        "One draw of rows gives one difference: take `given`, `a` and `b` at the same drawn rows, "
        "and score both again. Two thousand such differences have the interval in them, and the "
        "interval alone decides the verdict."
    ),
    solution="""
    def judge(given, a, b, score, margin):
        rng = np.random.default_rng(0)
        found = []
        for _ in range(2000):
            rows = rng.integers(len(given), size=len(given))
            found.append(score(given[rows], a[rows]) - score(given[rows], b[rows]))
        low, high = np.percentile(found, [2.5, 97.5])
        if low > margin:
            return low, high, "a"
        if high < -margin:
            return low, high, "b"
        if -margin < low and high < margin:
            return low, high, "alike"
        return low, high, "open"
    """,
)
def check_judge(judge: Callable) -> str:
    """Check a function (given, a, b: [n] each, score, margin) -> (low, high, verdict).

    Contests with three scores, none of them a mean over rows, and with each of the four verdicts.
    The margins are far from the ends of the intervals, so that the luck of a draw decides nothing.
    """
    for place, (score, n, *_, margin, _) in enumerate(CONTESTS):
        given, a, b = _contest(place)
        inputs = (given.copy(), a.copy(), b.copy(), _careful(score), margin)
        low, high, verdict = _judged(call(judge, *inputs, seconds=20))
        name = {pearson: "Pearson", spearman: "Spearman", minus_rmse: "RMSE with a minus"}[score]
        told = f"With {name} as the score, {n} rows and margin={margin}"
        _look_at_interval(low, high, place, told)
        right = _verdict(*_interval(place), margin)
        if verdict != right:
            raise NotYet(
                f"{told} your interval is {low:.3f} to {high:.3f}, and your verdict {verdict!r}. "
                "Go through the differences in this interval, from one end to the other: does the "
                "verdict hold for every one of them, and is there a verdict that says more?"
            )
    return f"{len(CONTESTS)} contests: no claim goes further than its interval."


def _contest(place: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Given scores, and the answers of two models that share a part of their errors."""
    _, n, shared, of_a, of_b, _, seed = CONTESTS[place]
    rng = np.random.default_rng(seed)
    given, noise = rng.uniform(0, 5, n), rng.normal(size=n)
    a = given + shared * noise + of_a * rng.normal(size=n)
    return given, a, given + shared * noise + of_b * rng.normal(size=n)


def _careful(score: Callable) -> Callable:
    """The score as learners get it: for two columns of the same length."""

    def careful(given, predicted) -> float:
        columns = [np.asarray(values) for values in (given, predicted)]
        if any(column.ndim != 1 or column.dtype.kind not in "iuf" for column in columns):
            raise NotYet(
                "score takes two columns of numbers, given and predicted; yours are "
                f"{kind_of(given)} and {kind_of(predicted)}."
            )
        if len(columns[0]) != len(columns[1]):
            raise NotYet(
                f"score got {len(columns[0])} given scores and {len(columns[1])} predicted ones: "
                "both columns have to be of the same pairs."
            )
        return float(score(*columns))

    return careful


def _judged(answer) -> tuple[float, float, str]:
    """The low end, the high end and the verdict that came back."""
    if not isinstance(answer, list | tuple) or len(answer) != 3:
        raise NotYet(
            f"judge returns {kind_of(answer)}: return three things, low, high and the verdict."
        )
    low, high, verdict = answer
    if not isinstance(verdict, str) or verdict not in VERDICTS:
        raise NotYet(f"The verdict is one of {', '.join(VERDICTS)}; yours is {verdict!r:.60}.")
    low, high = number(low, "For low"), number(high, "For high")
    if not np.isfinite([low, high]).all():
        raise NotYet(f"Your interval is {low} to {high}: both ends have to be numbers.")
    return low, high, verdict


def _verdict(low: float, high: float, margin: float) -> str:
    if -margin < low and high < margin:
        return "alike"
    return "a" if low > margin else "b" if high < -margin else "open"


@cache
def _interval(place: int, kind: str = "paired", share: float = 0.95) -> tuple[float, float]:
    """The bootstrap's interval of the difference, or what some slip makes of it."""
    score, n, *_ = CONTESTS[place]
    given, a, b = _contest(place)
    rng = np.random.default_rng(0)
    size = (10_000, n // 2 if kind == "half" else n)
    rows = rng.integers(n, size=size)
    other = rng.integers(n, size=size) if kind == "unpaired" else rows
    of_a, of_b = score(given[rows], a[rows]), score(given[other], b[other])
    ends = [50 - 50 * share, 50 + 50 * share]
    if kind in ("a", "b"):
        return tuple(np.percentile(of_a if kind == "a" else of_b, ends))
    return tuple(np.percentile(of_a - of_b, ends))


def _look_at_interval(low: float, high: float, place: int, told: str) -> None:
    """Refuse an interval whose ends are not near those of the paired bootstrap."""
    (right_low, right_high), score = _interval(place), CONTESTS[place][0]
    close = 0.15 * (right_high - right_low) / 2

    def near(ends) -> bool:
        return bool(np.allclose((low, high), ends, rtol=0, atol=close))

    if near((right_low, right_high)):
        return
    (low_a, high_a), (low_b, high_b) = _interval(place, "a"), _interval(place, "b")
    said = f"{told} your interval is {low:.3f} to {high:.3f}"
    given, a, b = _contest(place)
    slips = {
        "low comes first": (right_high, right_low),
        "that is b minus a": (-right_high, -right_low),
        "that is the interval of a alone": (low_a, high_a),
        "that is the interval of b alone": (low_b, high_b),
        "it is made from the ends of two intervals, and these were not drawn together": (
            (low_a - high_b, high_a - low_b)
        ),
        "the two models are scored on different draws, as if each had pairs of its own": (
            _interval(place, "unpaired")
        ),
        "each draw has half of the rows: a score of fewer rows moves more": _interval(
            place, "half"
        ),
        "its ends are the same: does each draw have every row once": (
            (score(given, a) - score(given, b),) * 2
        ),
    }
    for reason, ends in slips.items():
        if near(ends):
            raise NotYet(f"{said}; {reason}{'?' if reason.startswith('its ends') else '.'}")
    middle, half = (low + high) / 2, (high - low) / 2
    if score is not pearson and near(_ends_by_pearson(place)):
        raise NotYet(f"{said}; that is the difference of Pearson correlations: use score.")
    if abs(middle - (right_low + right_high) / 2) > 2 * close:
        raise NotYet(
            f"{said}, which does not lie around the difference, {score(given, a):.3f} minus "
            f"{score(given, b):.3f}. What has each draw to be scored against?"
        )
    wide = "wide" if half > (right_high - right_low) / 2 else "narrow"
    raise NotYet(
        f"{said}, which is too {wide}. Each draw has as many rows as there are, drawn with "
        "repeats; 2,000 draws or more, and 2.5 % of them beyond each end."
    )


def _ends_by_pearson(place: int) -> tuple[float, float]:
    """The interval of whoever takes Pearson, whatever score was passed."""
    given, a, b = _contest(place)
    rows = np.random.default_rng(0).integers(len(given), size=(2000, len(given)))
    found = pearson(given[rows], a[rows]) - pearson(given[rows], b[rows])
    return tuple(np.percentile(found, [2.5, 97.5]))
