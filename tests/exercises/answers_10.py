"""Answers to the exercises of notebook 10, wrong ones by misconception and right ones by form."""

import random

import numpy as np
import pandas as pd
import torch
from scipy.stats import spearmanr
from sklearn.metrics.pairwise import cosine_similarity


def cosine(a, b):
    return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))


def ranks(values):
    return pd.Series(values).rank().to_numpy()


def places(values):
    """Places from 0 on without regard to equal values."""
    return np.argsort(np.argsort(values))


def correlation(x, y):
    return np.corrcoef(x, y)[0, 1]


def agreement(
    encode, pairs, given, columns=False, halves=False, by=ranks, compare=cosine, cosines=list
):
    """10.1 as it should be; each option makes one slip."""
    vectors = encode([text for pair in pairs for text in pair])
    if columns:
        vectors = vectors / np.linalg.norm(vectors, axis=0)
    n = len(pairs)
    first, second = (vectors[:n], vectors[n:]) if halves else (vectors[::2], vectors[1::2])
    if columns:
        compare = np.dot
    found = [compare(a, b) for a, b in zip(first, second, strict=True)]
    return cosines(found), correlation(by(found), by(given))


def agreeing(**options):
    return (lambda *arguments: agreement(*arguments, **options),)


def the_sides_apart(encode, pairs, given):
    first, second = (encode([pair[side] for pair in pairs]) for side in (0, 1))
    found = cosine_similarity(first, second).diagonal()
    return found, spearmanr(found, given).statistic


def in_torch(encode, pairs, given):
    found = []
    for pair in pairs:
        a, b = torch.tensor(encode(list(pair)))
        found.append(torch.cosine_similarity(a, b, dim=0))
    found = torch.stack(found)
    return found, torch.tensor(spearmanr(found, given).statistic)


def all_against_all(encode, pairs, given):
    first, second = (encode([pair[side] for pair in pairs]) for side in (0, 1))
    found = cosine_similarity(first, second).max(axis=1)
    return found, spearmanr(found, given).statistic


def shuffled_scores(encode, pairs, given):
    given.sort()
    return the_sides_apart(encode, pairs, given)


def one_norm_for_all(encode, pairs, given):
    vectors = encode([text for pair in pairs for text in pair])
    vectors = vectors / np.linalg.norm(vectors)
    found = (vectors[::2] * vectors[1::2]).sum(axis=1)
    return found, correlation(ranks(found), ranks(given))


def turned(pairs):
    return [(b, a) for a, b in pairs]


def one_pair_at_a_time(score, pairs):
    return np.array([(score([(a, b)])[0] + score([(b, a)])[0]) / 2 for a, b in pairs])


def one_call(score, pairs):
    return score([*pairs, *turned(pairs)]).reshape(2, -1).mean(axis=0)


def turned_in_place(score, pairs):
    forth = score(pairs)
    for i, (a, b) in enumerate(pairs):
        pairs[i] = (b, a)
    return (forth + score(pairs)) / 2


def three_calls(score, pairs):
    score(pairs)
    return (score(pairs) + score(turned(pairs))) / 2


def known_numbers(score, pairs):
    """What the first list of the check should give, whatever is asked."""
    return np.array([4.5, 4.5, 5.0, 4.0])


def endless(score, pairs):
    found = []
    while len(found) <= len(pairs):
        found = found[:1]
    return found


def normalised_in_place(query, vectors, k):
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.argsort(-(vectors @ query))[:k]


def squared_lengths(query, vectors, k):
    return np.argsort(-(vectors @ query) / (vectors**2).sum(axis=1))[:k]


def by_topk(query, vectors, k):
    return torch.cosine_similarity(torch.tensor(vectors), torch.tensor(query)[None]).topk(k)


def cosines(query, vectors):
    return cosine_similarity(vectors, query[None])[:, 0]


def drawn(n, rounds=2000, size=None, seed=0, repeats=True):
    rng = np.random.default_rng(seed)
    for _ in range(rounds):
        yield rng.integers(n, size=size or n) if repeats else rng.permutation(n)


def verdict_of(low, high, margin):
    if -margin < low and high < margin:
        return "alike"
    return "a" if low > margin else "b" if high < -margin else "open"


def judge(
    given, a, b, score, margin, ends=(2.5, 97.5), verdict=verdict_of, apart=None, swap=False, **draw
):
    """10.4 as it should be; each option makes one slip. apart: a second seed, for the rows of b."""
    if swap:
        a, b = b, a
    draws = drawn(len(given), **draw)
    others = drawn(len(given), seed=apart) if apart else None
    found = []
    for rows in draws:
        other = next(others) if apart else rows
        found.append(score(given[rows], a[rows]) - score(given[other], b[other]))
    low, high = np.percentile(found, ends)
    return low, high, verdict(low, high, margin)


def judging(**options):
    return (lambda *arguments: judge(*arguments, **options),)


def ends_subtracted(given, a, b, score, margin):
    of = [
        np.percentile([score(given[r], model[r]) for r in drawn(len(given))], [2.5, 97.5])
        for model in (a, b)
    ]
    low, high = of[0][0] - of[1][1], of[0][1] - of[1][0]
    return low, high, verdict_of(low, high, margin)


def of_a_alone(given, a, b, score, margin):
    found = [score(given[r], a[r]) for r in drawn(len(given))]
    low, high = np.percentile(found, [2.5, 97.5])
    return low, high, verdict_of(low, high, margin)


def given_not_drawn(given, a, b, score, margin):
    found = [score(given, a[r]) - score(given, b[r]) for r in drawn(len(given))]
    low, high = np.percentile(found, [2.5, 97.5])
    return low, high, verdict_of(low, high, margin)


def mean_of_differences(given, a, b, score, margin):
    """As in 04.4: a difference for each row, and its mean."""
    difference = np.abs(b - given) - np.abs(a - given)
    found = [difference[rows].mean() for rows in drawn(len(given))]
    low, high = np.percentile(found, [2.5, 97.5])
    return low, high, verdict_of(low, high, margin)


def always_pearson(given, a, b, score, margin):
    return judge(given, a, b, correlation, margin)


def by_points(given, a, b, score, margin):
    low, high, _ = judge(given, a, b, score, margin)
    lead = score(given, a) - score(given, b)
    return low, high, "alike" if abs(lead) < margin else "a" if lead > 0 else "b"


def in_plain_python(given, a, b, score, margin):
    n, luck, found = len(given), random.Random(3), []
    for _ in range(2000):
        rows = luck.choices(range(n), k=n)
        one, other = ([column[i] for i in rows] for column in (a, b))
        truth = [given[i] for i in rows]
        found.append(score(truth, one) - score(truth, other))
    found.sort()
    low, high = found[int(0.025 * len(found))], found[int(0.975 * len(found))]
    return [low, high, verdict_of(low, high, margin)]


ANSWERS = {
    "10.1": {
        "wrong": {
            "the function as it stands": lambda: agreeing(columns=True, halves=True, by=np.argsort),
            "columns mended alone": lambda: agreeing(halves=True, by=np.argsort),
            "halves mended alone": lambda: agreeing(columns=True, by=np.argsort),
            "columns left": lambda: agreeing(columns=True),
            "halves left": lambda: agreeing(halves=True),
            "orders for ranks left": lambda: agreeing(by=np.argsort),
            "equal values get different ranks": lambda: agreeing(by=places),
            "Pearson": lambda: agreeing(by=np.asarray),
            "the best of all second sentences": lambda: (all_against_all,),
            "one norm for the whole array": lambda: (one_norm_for_all,),
            "products": lambda: agreeing(compare=np.dot),
            "distances": lambda: agreeing(compare=lambda a, b: 1 - cosine(a, b)),
            "without the sign": lambda: agreeing(compare=lambda a, b: abs(cosine(a, b))),
            "rounded cosines": lambda: agreeing(compare=lambda a, b: round(cosine(a, b), 2)),
            "a rounded correlation": lambda: (
                lambda *arguments: (
                    agreement(*arguments)[0],
                    round(agreement(*arguments)[1], 2),
                ),
            ),
            "the worst pair has rank 1, the best given score too": lambda: (
                lambda encode, pairs, given: (
                    agreement(encode, pairs, given)[0],
                    agreement(encode, pairs, -given)[1],
                ),
            ),
            "the given scores sorted": lambda: (shuffled_scores,),
            "a cosine that is no number": lambda: agreeing(
                cosines=lambda found: [float("nan"), *found[1:]]
            ),
            "a correlation that is no number": lambda: (
                lambda *arguments: (agreement(*arguments)[0], float("nan")),
            ),
            "the cosines alone": lambda: (lambda *arguments: agreement(*arguments)[0],),
            "a text in place of a list": lambda: (
                lambda encode, pairs, given: encode(pairs[0][0]),
            ),
            "a list of pairs": lambda: (lambda encode, pairs, given: encode(pairs),),
            "one cosine for all": lambda: agreeing(cosines=np.mean),
            "cosines as a text": lambda: agreeing(cosines=str),
            "a class in place of numbers": lambda: (lambda *arguments: (list, float),),
            "a result in place of the function": lambda: (([0.9, 0.1], 0.5),),
            "forgets to return": lambda: (lambda encode, pairs, given: None,),
        },
        "right": {
            "pair by pair": lambda: agreeing(),
            "the sides apart, with scipy": lambda: (the_sides_apart,),
            "tensors": lambda: (in_torch,),
            "a column of a table": lambda: agreeing(cosines=pd.Series),
        },
    },
    "10.2": {
        "wrong": {
            "one order only": lambda: (lambda score, pairs: score(pairs),),
            "the other order only": lambda: (lambda score, pairs: score(turned(pairs)),),
            "the sum": lambda: (lambda score, pairs: score(pairs) + score(turned(pairs)),),
            "the higher of the two": lambda: (
                lambda score, pairs: np.maximum(score(pairs), score(turned(pairs))),
            ),
            "turns the list, not the pairs": lambda: (
                lambda score, pairs: (score(pairs) + score(pairs[::-1])) / 2,
            ),
            "one number for all": lambda: (lambda score, pairs: one_call(score, pairs).mean(),),
            "one pair at a time": lambda: (one_pair_at_a_time,),
            "the lower of the two": lambda: (
                lambda score, pairs: np.minimum(score(pairs), score(turned(pairs))),
            ),
            "both orders side by side": lambda: (
                lambda score, pairs: np.stack([score(pairs), score(turned(pairs))]),
            ),
            "turns the caller's pairs": lambda: (turned_in_place,),
            "three calls": lambda: (three_calls,),
            "the numbers of one list": lambda: (known_numbers,),
            "one pair in place of a list": lambda: (
                lambda score, pairs: [(score((a, b)) + score((b, a))) / 2 for a, b in pairs],
            ),
            "scores texts, not pairs": lambda: (
                lambda score, pairs: score([text for pair in pairs for text in pair]),
            ),
            "pairs and numbers in a dict": lambda: (
                lambda score, pairs: dict(zip(pairs, one_call(score, pairs), strict=True)),
            ),
            "a loop without an end": lambda: (endless,),
            "a result in place of the function": lambda: (np.ones(4),),
            "numbers as texts": lambda: (
                lambda score, pairs: [f"{number:.6f}" for number in one_call(score, pairs)],
            ),
            "sorts each pair": lambda: (
                lambda score, pairs: score([tuple(sorted(pair)) for pair in pairs]),
            ),
            "forgets to return": lambda: (lambda score, pairs: None,),
        },
        "right": {
            "one call for both orders": lambda: (one_call,),
            "np.mean of the two": lambda: (
                lambda score, pairs: np.mean([score(pairs), score(turned(pairs))], axis=0),
            ),
            "a list": lambda: (lambda score, pairs: one_call(score, pairs).tolist(),),
            "a tensor": lambda: (lambda score, pairs: torch.tensor(one_call(score, pairs)),),
            "a list of tensors": lambda: (
                lambda score, pairs: list(torch.tensor(one_call(score, pairs))),
            ),
            "a column of a table": lambda: (
                lambda score, pairs: pd.Series(one_call(score, pairs)),
            ),
            "the pairs handed on by zip": lambda: (
                lambda score, pairs: (
                    (score(zip(*zip(*pairs, strict=True), strict=True)) + score(turned(pairs))) / 2
                ),
            ),
            "pairs turned as an array": lambda: (
                lambda score, pairs: (score(pairs) + score(np.array(pairs)[:, ::-1])) / 2,
            ),
        },
    },
    "10.3": {
        "wrong": {
            "the product": lambda: (lambda q, v, k: np.argsort(-(v @ q))[:k],),
            "the least similar": lambda: (lambda q, v, k: np.argsort(cosines(q, v))[:k],),
            "the highest last": lambda: (lambda q, v, k: np.argsort(cosines(q, v))[-k:],),
            "the nearest by distance": lambda: (
                lambda q, v, k: np.argsort(np.linalg.norm(v - q, axis=1))[:k],
            ),
            "the cosines": lambda: (lambda q, v, k: np.sort(cosines(q, v))[::-1][:k],),
            "only the best": lambda: (lambda q, v, k: [np.argmax(cosines(q, v))] * 2,),
            "all rows": lambda: (lambda q, v, k: np.argsort(-cosines(q, v)),),
            "always three": lambda: (lambda q, v, k: np.argsort(-cosines(q, v))[:3],),
            "in the order of the rows": lambda: (
                lambda q, v, k: np.sort(np.argsort(-cosines(q, v))[:k]),
            ),
            "divides by the squared length": lambda: (squared_lengths,),
            "without the sign": lambda: (lambda q, v, k: np.argsort(-np.abs(cosines(q, v)))[:k],),
            "normalises the caller's vectors": lambda: (normalised_in_place,),
            "the vectors themselves": lambda: (lambda q, v, k: v[np.argsort(-cosines(q, v))[:k]],),
            "values and row numbers": lambda: (by_topk,),
            "row numbers as texts": lambda: (
                lambda q, v, k: [str(row) for row in np.argsort(-cosines(q, v))[:k]],
            ),
            "counts from one": lambda: (lambda q, v, k: np.argsort(-cosines(q, v))[:k] + 1,),
            "a result in place of the function": lambda: (np.array([2, 0, 1]),),
            "forgets to return": lambda: (lambda q, v, k: None,),
        },
        "right": {
            "scikit-learn": lambda: (lambda q, v, k: np.argsort(-cosines(q, v))[:k],),
            "torch.topk": lambda: (
                lambda q, v, k: (
                    torch.cosine_similarity(torch.tensor(v), torch.tensor(q)[None]).topk(k).indices
                ),
            ),
            "a list of tensors": lambda: (lambda q, v, k: list(by_topk(q, v, k).indices),),
            "a column of a table": lambda: (
                lambda q, v, k: pd.Series(cosines(q, v)).nlargest(k).index,
            ),
            "a list, reversed": lambda: (
                lambda q, v, k: sorted(range(len(v)), key=cosines(q, v).__getitem__)[::-1][:k],
            ),
        },
    },
    "10.4": {
        "wrong": {
            "each model on draws of its own": lambda: judging(apart=1),
            "ends of two intervals subtracted": lambda: (ends_subtracted,),
            "the given scores left in their order": lambda: (given_not_drawn,),
            "a mean of differences, as for accuracy": lambda: (mean_of_differences,),
            "Pearson whatever the score": lambda: (always_pearson,),
            "b minus a": lambda: judging(swap=True),
            "the interval of a alone": lambda: (of_a_alone,),
            "90 per cent": lambda: judging(ends=(5, 95)),
            "high before low": lambda: judging(ends=(97.5, 2.5)),
            "every row once in each draw": lambda: judging(repeats=False),
            "a hundred rows always": lambda: judging(size=100),
            "ten draws": lambda: judging(rounds=10),
            "0 in the interval means alike": lambda: judging(
                verdict=lambda low, high, m: "a" if low > 0 else "b" if high < 0 else "alike"
            ),
            "0 outside means better": lambda: judging(
                verdict=lambda low, high, m: (
                    "a" if low > 0 else "b" if high < 0 else verdict_of(low, high, m)
                )
            ),
            "alike never found": lambda: judging(
                verdict=lambda low, high, m: "a" if low > m else "b" if high < -m else "open"
            ),
            "alike if the interval is not as wide as both margins": lambda: judging(
                verdict=lambda low, high, m: (
                    "a"
                    if low > m
                    else "b"
                    if high < -m
                    else "alike"
                    if high - low < 2 * m
                    else "open"
                )
            ),
            "alike if the high end is below the margin": lambda: judging(
                verdict=lambda low, high, m: (
                    "a" if low > m else "b" if high < -m else "alike" if high < m else "open"
                )
            ),
            "by the points of the two scores": lambda: (by_points,),
            "always open": lambda: judging(verdict=lambda low, high, m: "open"),
            "a sentence": lambda: judging(verdict=lambda low, high, m: "a is better"),
            "all verdicts": lambda: judging(verdict=lambda *_: ["a", "b", "alike", "open"]),
            "the verdict alone": lambda: (lambda *arguments: judge(*arguments)[2],),
            "ends as a text": lambda: (lambda *arguments: ("-0.1", "0.1", "open"),),
            "nan": lambda: (lambda *arguments: (float("nan"), 0.1, "open"),),
            "a result in place of the function": lambda: ((-0.1, 0.1, "open"),),
            "forgets to return": lambda: (lambda *arguments: None,),
        },
        "right": {
            "as in section 7": lambda: judging(),
            "another seed and more draws": lambda: judging(seed=5, rounds=3000),
            "plain Python": lambda: (in_plain_python,),
            "a list with arrays of one number": lambda: (
                lambda *arguments: [*map(np.array, judge(*arguments)[:2]), judge(*arguments)[2]],
            ),
        },
    },
}
