"""The exercises of notebook 10: the wrong strings, both orders, a search by cosine."""

from collections.abc import Callable

import numpy as np

from . import NotYet, define
from .answers import call, kind_of

BOY = ("A boy runs.", "A child is running.")
SOUP = ("The soup is hot.", "Hot soup is served.")
# Each case: the similar pair, the other pair, and a vector for each string. The higher cosine is in
# the first place once and in the second once, and one cosine is below 0.
PAIRS_OF_STRINGS = [
    (
        BOY,
        ("A boy runs.", "Tax rises again."),
        {
            "A boy runs.": [2.0, 1.0, 0.5],
            "A child is running.": [3.0, 2.0, -1.0],
            "Tax rises again.": [-2.0, 1.5, 1.0],
        },
    ),
    (
        SOUP,
        ("A dog barks.", "The lake froze."),
        {
            "The soup is hot.": [0.5, 3.0, 1.0, 1.0],
            "Hot soup is served.": [2.5, 0.5, 1.0, 0.0],
            "A dog barks.": [1.0, 2.0, 0.5, 4.0],
            "The lake froze.": [0.5, 1.0, 1.0, 1.5],
        },
    ),
]


@define(
    "10.1",
    hint=(
        "If the similar pair is (A, B) and the other (C, D), which two letters does each call of "
        "`encode` get?"
    ),
    step=(
        "The arithmetic is right in both halves. Compare the two lines that call `encode`, name by "
        "name and number by number: one of them was copied and not changed all the way."
    ),
    solution="""
    def two_similarities(encode, similar, dissimilar):
        def cosine(pair):
            a, b = encode(list(pair))
            return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))

        return cosine(similar), cosine(dissimilar)
    """,
)
def check_two_similarities(two_similarities: Callable) -> str:
    """Check a function (encode, pair, pair) -> (cosine, cosine) by the strings that it encodes."""
    for similar, dissimilar, lists in PAIRS_OF_STRINGS:
        vectors = {text: np.array(values) for text, values in lists.items()}
        seen: list[str] = []
        encode = _recording(vectors, seen)
        answer = call(two_similarities, encode, similar, dissimilar, seconds=3)
        numbers = _numbers(answer)
        if numbers is None or numbers.size != 2:
            raise NotYet(
                "Return two numbers, the cosine of the similar pair and then that of the other: "
                f"what came back is {kind_of(answer)}."
            )
        if missed := [text for text in (*similar, *dissimilar) if text not in seen]:
            raise NotYet(f"{missed[0]!r} is in one of the pairs, but it was never encoded.")
        _compare_cosines(numbers.ravel(), vectors, similar, dissimilar)
    return "Each number belongs to the pair that it is named after."


def _compare_cosines(numbers: np.ndarray, vectors: dict, similar: tuple, dissimilar: tuple) -> None:
    """Say what the first wrong number is."""
    pairs = {"similar": similar, "dissimilar": dissimilar}
    wanted = [_cosine(vectors[a], vectors[b]) for a, b in pairs.values()]
    if np.allclose(numbers, wanted[::-1], atol=1e-4):
        raise NotYet("Both cosines are right, but the wrong way round: the similar pair is first.")
    for (name, (a, b)), mine, right in zip(pairs.items(), numbers, wanted, strict=True):
        if np.isclose(mine, right, atol=1e-4):
            continue
        if np.isclose(mine, right, atol=0.006):
            reason = f"it is {right:.4f}: do not round"
        elif np.isclose(mine, vectors[a] @ vectors[b], atol=1e-4):
            reason = "this is the product of its two vectors: divide by both lengths"
        elif np.isclose(mine, 1 - right, atol=1e-4):
            reason = f"this is 1 less the cosine, a distance: the cosine is {right:.4f}"
        elif np.isclose(mine, abs(right), atol=1e-4):
            reason = f"the cosine is {right:.4f}: leave its sign"
        else:
            reason = f"the cosine of its two vectors is {right:.4f}"
        raise NotYet(f"All strings are encoded. For the {name} pair yours is {mine:.4f}; {reason}.")


def _recording(vectors: dict[str, np.ndarray], seen: list[str]) -> Callable:
    """An encoder that notes which strings it was given."""

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
                raise NotYet(f"You encode {text!r}, which is in neither pair.")
        seen.extend(texts)
        return np.stack([vectors[text] for text in texts])

    return encode


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def _numbers(values) -> np.ndarray | None:
    """A list, array, tensor or column of numbers as an array, or None if it is anything else."""
    if isinstance(values, str | dict):
        return None
    try:
        if isinstance(values, list | tuple):
            values = [np.asarray(value, dtype=float) for value in values]
        return np.asarray(values, dtype=float)
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
        raise NotYet(f"Return one number a pair; what came back is {kind_of(answer)}.")
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
        raise NotYet(f"Return {k} row numbers; what came back is {kind_of(answer)}.")
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
