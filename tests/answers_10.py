"""Answers to the exercises of notebook 10, wrong ones by misconception and right ones by form."""

import numpy as np
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


def turned(pairs):
    return [(b, a) for a, b in pairs]


def one_pair_at_a_time(score, pairs):
    return np.array([(score([(a, b)])[0] + score([(b, a)])[0]) / 2 for a, b in pairs])


def one_call(score, pairs):
    return score([*pairs, *turned(pairs)]).reshape(2, -1).mean(axis=0)


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
        },
        "right": {
            "all four at once": lambda: (one_batch,),
            "tensors": lambda: (in_torch,),
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
            "forgets to return": lambda: (lambda q, v, k: None,),
        },
        "right": {
            "scikit-learn": lambda: (lambda q, v, k: np.argsort(-cosines(q, v))[:k],),
            "torch.topk": lambda: (
                lambda q, v, k: (
                    torch.cosine_similarity(torch.tensor(v), torch.tensor(q)[None]).topk(k).indices
                ),
            ),
            "a list, reversed": lambda: (
                lambda q, v, k: sorted(range(len(v)), key=cosines(q, v).__getitem__)[::-1][:k],
            ),
        },
    },
}
