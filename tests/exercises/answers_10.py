"""Answers to the exercises of notebook 10, wrong ones by misconception and right ones by form."""

import numpy as np
import pandas as pd
import torch
from sklearn.metrics.pairwise import cosine_similarity


def cosine(a, b):
    return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))


def with_the_bug(encode, similar, dissimilar):
    a, b = encode([similar[0], similar[1]])
    c, d = encode([dissimilar[0], similar[1]])
    return cosine(a, b), cosine(c, d)


def first_pair_twice(encode, similar, dissimilar):
    a, b = encode(list(similar))
    return cosine(a, b), cosine(a, b)


def one_batch(encode, similar, dissimilar):
    vectors = encode([*similar, *dissimilar])
    return cosine(*vectors[:2]), cosine(*vectors[2:])


def in_torch(encode, similar, dissimilar):
    found = []
    for pair in (similar, dissimilar):
        a, b = torch.tensor(encode(list(pair)))
        found.append(torch.cosine_similarity(a, b, dim=0))
    return found


def across(encode, similar, dissimilar):
    a, b, c, d = encode([*similar, *dissimilar])
    return cosine(a, b), cosine(a, d)


def products(encode, similar, dissimilar):
    a, b, c, d = encode([*similar, *dissimilar])
    return a @ b, c @ d


def swapped(encode, similar, dissimilar):
    return one_batch(encode, similar, dissimilar)[::-1]


def higher_first(encode, similar, dissimilar):
    return sorted(one_batch(encode, similar, dissimilar), reverse=True)


def distances(encode, similar, dissimilar):
    return [1 - number for number in one_batch(encode, similar, dissimilar)]


def rounded(encode, similar, dissimilar):
    return [round(number, 2) for number in one_batch(encode, similar, dissimilar)]


def without_sign(encode, similar, dissimilar):
    return [abs(number) for number in one_batch(encode, similar, dissimilar)]


def by_scikit_learn(encode, similar, dissimilar):
    pairs = [encode(list(pair)) for pair in (similar, dissimilar)]
    return tuple(cosine_similarity(vectors[:1], vectors[1:]) for vectors in pairs)


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


ANSWERS = {
    "10.1": {
        "wrong": {
            "the bug as it stands": lambda: (with_the_bug,),
            "the first pair twice": lambda: (first_pair_twice,),
            "encodes all, compares across": lambda: (across,),
            "the product in place of the cosine": lambda: (products,),
            "the two results swapped": lambda: (swapped,),
            "one number only": lambda: (lambda *a: one_batch(*a)[1],),
            "a string in place of a list": lambda: (
                lambda encode, s, d: (cosine(encode(s[0]), encode(s[1])), 0.0),
            ),
            "a list of two pairs": lambda: (lambda encode, s, d: encode([s, d]),),
            "the higher one first": lambda: (higher_first,),
            "distances": lambda: (distances,),
            "rounded": lambda: (rounded,),
            "without the sign": lambda: (without_sign,),
            "the cosines as a text": lambda: (lambda *a: str(one_batch(*a)),),
            "a result in place of the function": lambda: ((0.9, 0.1),),
            "forgets to return": lambda: (lambda encode, s, d: None,),
        },
        "right": {
            "all four at once": lambda: (one_batch,),
            "tensors": lambda: (in_torch,),
            "an array": lambda: (lambda *a: np.array(one_batch(*a)),),
            "one tensor": lambda: (lambda *a: torch.stack(in_torch(*a)),),
            "a column of a table": lambda: (lambda *a: pd.Series(one_batch(*a)),),
            "scikit-learn, as tables of one cell": lambda: (by_scikit_learn,),
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
}
