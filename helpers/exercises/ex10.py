"""The exercises of notebook 10: the wrong strings, both orders, a search by cosine."""

from collections.abc import Callable

import numpy as np

from . import NotYet, define


@define(
    "10.1",
    hint=(
        "Which four sentences should be encoded, and which four are? Read the two lines that call "
        "encode, name by name."
    ),
    solution="""
    def two_similarities(encode, similar, dissimilar):
        def cosine(pair):
            a, b = encode(list(pair))
            return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))

        return cosine(similar), cosine(dissimilar)
    """,
)
def judge_two_similarities(two_similarities: Callable) -> str:
    """Judge a function (encode, pair, pair) -> (cosine, cosine) by the strings that it encodes."""
    rng = np.random.default_rng(10)
    for similar, dissimilar in [
        (("A boy runs.", "A child is running."), ("A boy runs.", "Tax rises again.")),
        (("The soup is hot.", "Hot soup is served."), ("A dog barks.", "The lake froze.")),
    ]:
        vectors = {text: rng.normal(1, 2, size=5) for text in sorted({*similar, *dissimilar})}
        seen: list[str] = []
        wanted = [_cosine(vectors[a], vectors[b]) for a, b in (similar, dissimilar)]
        found = two_similarities(_recording(vectors, seen), similar, dissimilar)
        if not isinstance(found, tuple | list) or len(found) != 2:
            raise NotYet("Return two numbers: the cosine of the similar pair, then of the other.")
        if missed := [text for text in (*similar, *dissimilar) if text not in seen]:
            raise NotYet(f"{missed[0]!r} is in one of the pairs, but it was never encoded.")
        for name, mine, right in zip(("similar", "dissimilar"), found, wanted, strict=True):
            if not np.isclose(float(mine), right, atol=1e-4):
                raise NotYet(
                    f"All strings are encoded, but for the {name} pair yours is {float(mine):.2f} "
                    f"and the cosine of its two vectors is {right:.2f}."
                )
    return "Each number belongs to the pair that it is named after."


def _recording(vectors: dict[str, np.ndarray], seen: list[str]) -> Callable:
    """An encoder that notes which strings it was given."""

    def encode(texts):
        if isinstance(texts, str):
            raise NotYet("encode takes a list of texts and gives one vector for each: write [a].")
        texts = list(texts)
        if unknown := [text for text in texts if text not in vectors]:
            raise NotYet(f"You encode {unknown[0]!r}, which is in neither pair.")
        seen.extend(texts)
        return np.stack([vectors[text] for text in texts])

    return encode


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


@define(
    "10.2",
    hint=(
        "Make a second list in which every pair is turned round, score both lists and take the "
        "mean. numpy arrays can be added and divided as a whole."
    ),
    solution="""
    def symmetric(score, pairs):
        turned = [(b, a) for a, b in pairs]
        return (score(pairs) + score(turned)) / 2
    """,
)
def judge_symmetric(symmetric: Callable) -> str:
    """Judge a function (score, n pairs) -> n numbers that do not depend on the order in a pair."""
    calls: list[int] = []

    def score(pairs):
        calls.append(len(pairs))
        return np.array([2.0 * len(a) - len(b) + (a[:1] < b[:1]) for a, b in pairs])

    pairs = [("one", "three"), ("seven", "two"), ("eleven", "six"), ("ten", "nine")]
    turned = [(b, a) for a, b in pairs]
    forth, back = score(pairs), score(turned)
    wanted = (forth + back) / 2
    calls.clear()
    found = symmetric(score, list(pairs))
    if found is None:
        raise NotYet("symmetric returns nothing: does it end with return?")
    found = np.asarray(found, dtype=float)
    if found.shape != wanted.shape:
        raise NotYet(
            f"{len(pairs)} pairs should give {len(pairs)} numbers, one a pair, but yours have the "
            f"shape {list(found.shape)}."
        )
    mistakes = {
        "these are the scores of (a, b) alone": forth,
        "these are the scores of (b, a) alone": back,
        "this is the sum of both orders: halve it": forth + back,
        "this is the higher of the two, and the mean was asked for": np.maximum(forth, back),
        "the whole list was turned round, not each pair": (forth + forth[::-1]) / 2,
    }
    for reason, mistake in mistakes.items():
        if np.allclose(found, mistake):
            raise NotYet(f"There is one number a pair, but {reason}.")
    if not np.allclose(found, wanted):
        row = np.flatnonzero(~np.isclose(found, wanted))[0]
        raise NotYet(
            f"The pair {pairs[row]} scores {forth[row]:.1f} and turned round {back[row]:.1f}; the "
            f"mean is {wanted[row]:.2f}, but yours is {found[row]:.2f}."
        )
    if len(calls) > 2:
        raise NotYet(
            f"The numbers are right, but score ran {len(calls)} times for {len(pairs)} pairs: give "
            "it whole lists."
        )
    return f"Both orders give the same number, in {len(calls)} calls for {len(pairs)} pairs."


@define(
    "10.3",
    hint=(
        "`vectors @ query` multiplies every row with the query at once. Divide by both lengths; "
        "`np.linalg.norm(vectors, axis=1)` has those of all rows. argsort sorts from low to high."
    ),
    solution="""
    def most_similar(query, vectors, k):
        lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(query)
        return np.argsort(-(vectors @ query) / lengths)[:k]
    """,
)
def judge_most_similar(most_similar: Callable) -> str:
    """Judge a function (query [hidden], vectors [n, hidden], k) -> k row numbers."""
    rng = np.random.default_rng(3)
    for n, k in [(6, 3), (40, 5), (4, 1)]:
        query = rng.normal(size=8)
        vectors = (query * rng.uniform(-1, 1, (n, 1)) + rng.normal(size=(n, 8))) * rng.uniform(
            0.2, 9, (n, 1)
        )
        cosines = vectors @ query / np.linalg.norm(vectors, axis=1) / np.linalg.norm(query)
        order = np.argsort(-cosines)
        found = most_similar(query.copy(), vectors.copy(), k)
        if found is None:
            raise NotYet("most_similar returns nothing: does it end with return?")
        found = np.asarray(found).ravel()
        if len(found) != k:
            raise NotYet(f"k is {k}, and {len(found)} row numbers came back.")
        if found.dtype.kind == "f" and not np.array_equal(found, found.round()):
            raise NotYet(f"{found[0]:.2f} is no row number: return which rows, not their cosines.")
        if np.array_equal(found, order[:k]):
            continue
        rows = ", ".join(str(int(row)) for row in found)
        if np.array_equal(found, order[::-1][:k]):
            reason = "these are the least similar: turn the order round"
        elif np.array_equal(found, np.argsort(-(vectors @ query))[:k]):
            reason = "you sort by the product, in which long vectors win: divide by the lengths"
        elif sorted(found) == sorted(order[:k]):
            reason = "the rows are right, but the most similar comes first"
        else:
            reason = f"the cosine is highest in row {order[0]}"
        raise NotYet(f"Of {n} vectors yours are {rows}, but {reason}.")
    return "The nearest by angle, whatever the length of a vector."
