"""The exercises of notebook 02: one-hot rows, padding by hand, a tokenised split."""

import random
import string
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ..checkpoints import find_checkpoint
from ..corpora import load_corpus
from . import NotYet, define

LIMIT = 32


def _rows(table, case: str) -> list[list]:
    table = table.to_numpy() if hasattr(table, "to_numpy") else table
    rows = table.tolist() if hasattr(table, "tolist") else table
    if not isinstance(rows, list | tuple) or not all(hasattr(row, "__len__") for row in rows):
        shown = f"{rows!r:.60}"
        raise NotYet(f"{case}, a table was expected (rows of numbers), but there is {shown}.")
    return [row.tolist() if hasattr(row, "tolist") else list(row) for row in rows]


@define(
    "02.1",
    hint=(
        "Two steps: first the ids (token2idx.get(character, ...) can return a default), then "
        "F.one_hot. How wide must the table be if the text uses only a few of the tokens?"
    ),
    solution="""
    def one_hot_rows(text, token2idx):
        unknown = token2idx["[UNK]"]
        ids = [token2idx.get(character, unknown) for character in text]
        return F.one_hot(torch.tensor(ids), num_classes=len(token2idx))
    """,
)
def judge_one_hot(one_hot_rows: Callable) -> str:
    """Judge a function (text, token2idx) -> [characters, tokens]."""
    if not callable(one_hot_rows):
        raise NotYet("Give the function itself: q.check(one_hot_rows), without brackets.")
    for text, token2idx in _texts_and_vocabularies():
        case = f"For the text {text!r} and a vocabulary of {len(token2idx)} tokens"
        try:
            rows = _rows(one_hot_rows(text, dict(token2idx)), case)
        except KeyError as error:
            raise NotYet(
                f"{case}, the character {error} is not in token2idx: it should get the id of "
                '"[UNK]", but your function stops.'
            ) from None
        if len(rows) != len(text):
            raise NotYet(f"{case}, {len(text)} rows were expected, but there are {len(rows)}.")
        for character, row in zip(text, rows, strict=True):
            if len(row) != len(token2idx):
                raise NotYet(
                    f"{case}, a row has {len(row)} columns: there must be one for every token of "
                    "the vocabulary, also for those that do not occur in the text."
                )
            places = np.flatnonzero(row).tolist()
            place = token2idx.get(character, token2idx["[UNK]"])
            if places != [place] or row[place] != 1:
                raise NotYet(
                    f"{case}, the row of {character!r} should have a single 1, in column {place}; "
                    f"yours is not 0 in {', '.join(map(str, places)) or 'no column'}."
                )
    return "Every table is as wide as its vocabulary, and no character stops it."


def _texts_and_vocabularies():
    """Texts with vocabularies whose ids are in no order; the second text has unknown characters."""
    rng = random.Random(2)
    for size, strangers in ((12, ""), (9, "?é"), (20, "7")):
        tokens = [*rng.sample(string.ascii_lowercase, size - 1), "[UNK]"]
        ids = list(range(size))
        rng.shuffle(ids)
        token2idx = dict(zip(tokens, ids, strict=True))
        low = [token for token in tokens if len(token) == 1 and token2idx[token] < size - 1]
        text = rng.choices(low, k=6) + list(strangers)
        rng.shuffle(text)
        yield "".join(text), token2idx


@define(
    "02.2",
    hint=(
        "max(len(row) for row in batch) is the length to reach. A row of n ids gets length - n "
        "times pad_id behind it; its mask is n ones and length - n zeros."
    ),
    solution="""
    def pad(batch, pad_id):
        length = max(len(row) for row in batch)
        ids = [row + [pad_id] * (length - len(row)) for row in batch]
        mask = [[1] * len(row) + [0] * (length - len(row)) for row in batch]
        return ids, mask
    """,
)
def judge_pad(pad: Callable) -> str:
    """Judge a function (lists of ids, pad_id) -> (ids, mask), both [texts, longest]."""
    if not callable(pad):
        raise NotYet("Give the function itself: q.check(pad), without brackets.")
    rng = random.Random(3)
    for pad_id, lengths in ((0, (3, 6, 4)), (1, (5, 2, 2, 7)), (999, (4, 4)), (7, (1,))):
        batch = [[rng.randint(1000, 9999) for _ in range(length)] for length in lengths]
        given = [list(row) for row in batch]
        case = f"For rows of {', '.join(map(str, lengths))} ids and pad_id={pad_id}"
        answer = pad(given, pad_id)
        if given != batch:
            raise NotYet(f"{case}, your function changed the lists it was given: make new ones.")
        if not isinstance(answer, tuple | list) or len(answer) != 2:
            raise NotYet(f"{case}, return two things: return ids, mask.")
        ids, mask = (_rows(table, case) for table in answer)
        for name, table in (("ids", ids), ("mask", mask)):
            found = [len(row) for row in table]
            if found != [max(lengths)] * len(lengths):
                raise NotYet(
                    f"{case}, the rows of your {name} have the lengths {found}: each of the "
                    f"{len(lengths)} must be as long as the longest, {max(lengths)}."
                )
        for i, row in enumerate(batch):
            empty = max(lengths) - len(row)
            _expect(ids[i], row + [pad_id] * empty, f"{case}, row {i} of the ids")
            _expect(mask[i], [1] * len(row) + [0] * empty, f"{case}, row {i} of the mask")
    return "Batches of four shapes, and each is a clean rectangle with the right mask."


def _expect(found: list, expected: list, what: str) -> None:
    if found != expected:
        raise NotYet(f"{what} should be {expected}, but it is {found}.")


@lru_cache
def _tokenizer(folder):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


@define(
    "02.3",
    hint=(
        "Write a function of a batch of rows, as tokenise_only in section 6, with max_length, and "
        'map it over emotion["validation"]. Does remove_columns take away too much?'
    ),
    solution="""
    def tokenise_short(rows):
        return tokenizer(rows["text"], truncation=True, max_length=32)


    encoded_validation = emotion["validation"].map(tokenise_short, batched=True)
    """,
)
def judge_encoded(encoded) -> str:
    """Judge a Dataset with `input_ids` and `label`: row i must be text i of validation."""
    data = load_corpus("emotion")
    columns = getattr(encoded, "column_names", None)
    if isinstance(columns, dict):
        raise NotYet(f"You gave the splits {', '.join(columns)}: only validation is asked for.")
    if columns is None:
        kind = type(encoded).__name__
        raise NotYet(f"You gave a {kind}; give the dataset that map returns, labels and all.")
    for column in ("input_ids", "label"):
        if column not in columns:
            raise NotYet(f"There is no column {column!r}, only {', '.join(columns)}.")
    validation = data["validation"]
    if len(encoded) != len(validation):
        raise NotYet(f"There are {len(encoded):,} rows; validation has {len(validation):,}.")
    tokenizer = _tokenizer(find_checkpoint())
    ids = [list(map(int, row)) for row in encoded["input_ids"]]
    longest = max(range(len(ids)), key=lambda i: len(ids[i]))
    if len(ids[longest]) > LIMIT:
        raise NotYet(f"Row {longest} has {len(ids[longest])} tokens; at most {LIMIT} are allowed.")
    expected = tokenizer(validation["text"][:], truncation=True, max_length=LIMIT)["input_ids"]
    for i, (found, right) in enumerate(zip(ids, expected, strict=True)):
        if tokenizer.pad_token_id in found:
            filling = found.count(tokenizer.pad_token_id)
            raise NotYet(f"Row {i} holds {filling} padding tokens: leave the padding out.")
        if found != right:
            raise NotYet(
                f"Row {i} should read {tokenizer.decode(right)!r}, but it reads "
                f"{tokenizer.decode(found)!r}."
            )
    if list(encoded["label"]) != list(validation["label"]):
        raise NotYet("The ids are right, but the labels are not those of the same rows.")
    cut = sum(len(row) == LIMIT for row in ids)
    return f"{len(ids):,} posts, {cut:,} of them at the limit of {LIMIT}, each beside its label."
