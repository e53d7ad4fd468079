"""Answers to the exercises of notebook 02, wrong ones by misconception and right ones by form."""

from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from transformers import AutoTokenizer

from helpers import load_corpus
from helpers.checkpoints import find_checkpoint


def to_ids(text, token2idx):
    return torch.tensor([token2idx.get(character, token2idx["[UNK]"]) for character in text])


def width_from_the_text(text, token2idx):
    return F.one_hot(to_ids(text, token2idx))


def no_unknown(text, token2idx):
    return F.one_hot(torch.tensor([token2idx[c] for c in text]), num_classes=len(token2idx))


def unknown_dropped(text, token2idx):
    known = "".join(character for character in text if character in token2idx)
    return F.one_hot(to_ids(known, token2idx), num_classes=len(token2idx))


def own_numbering(text, token2idx):
    order = {token: i for i, token in enumerate(sorted(token2idx))}
    return F.one_hot(to_ids(text, order), num_classes=len(token2idx))


def one_vector(text, token2idx):
    return F.one_hot(to_ids(text, token2idx), num_classes=len(token2idx)).sum(0, keepdim=True)


def one_hot_rows(text, token2idx):
    return F.one_hot(to_ids(text, token2idx), num_classes=len(token2idx))


def with_identity(text, token2idx):
    return np.eye(len(token2idx))[to_ids(text, token2idx).numpy()]


def with_lists(text, token2idx):
    places = [token2idx.get(character, token2idx["[UNK]"]) for character in text]
    return [[int(i == place) for i in range(len(token2idx))] for place in places]


def pad(batch, pad_id, length=None, left=False):
    length = length or max(map(len, batch))
    ids, mask = [], []
    for row in batch:
        filling = [pad_id] * (length - len(row))
        ids.append(filling + row if left else row + filling)
        mask.append(
            [0] * len(filling) + [1] * len(row) if left else [1] * len(row) + [0] * len(filling)
        )
    return ids, mask


def cut_to_shortest(batch, pad_id):
    length = min(map(len, batch))
    return [row[:length] for row in batch], [[1] * length for _ in batch]


def mask_of_ones(batch, pad_id):
    ids, mask = pad(batch, pad_id)
    return ids, [[1] * len(row) for row in mask]


def mask_inverted(batch, pad_id):
    ids, mask = pad(batch, pad_id)
    return ids, [[1 - m for m in row] for row in mask]


def changes_its_input(batch, pad_id):
    mask = pad(batch, pad_id)[1]
    for row in batch:
        row += [pad_id] * (len(mask[0]) - len(row))
    return batch, mask


def with_tensors(batch, pad_id):
    rows = [torch.tensor(row) for row in batch]
    ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=pad_id)
    return ids, (ids != pad_id).int()


def with_arrays(batch, pad_id):
    ids = np.full((len(batch), max(map(len, batch))), pad_id)
    for i, row in enumerate(batch):
        ids[i, : len(row)] = row
    return [ids, ids != pad_id]


@lru_cache
def tokenizer():
    return AutoTokenizer.from_pretrained(find_checkpoint())


def encoded(split="validation", remove=None, **options):
    options = {"truncation": True, "max_length": 32, **options}
    data = load_corpus("emotion")
    data = data[split] if split else data
    return data.map(
        lambda rows: tokenizer()(rows["text"], **options), batched=True, remove_columns=remove
    )


def ids_cut_by_hand():
    return encoded(truncation=False, max_length=None).map(
        lambda row: {"input_ids": row["input_ids"][:32]}
    )


def sorted_by_length():
    data = encoded()
    lengths = [len(ids) for ids in data["input_ids"]]
    return data.select(np.argsort(lengths, kind="stable"))


def row_by_row():
    return load_corpus("emotion")["validation"].map(
        lambda row: {
            "input_ids": tokenizer()(row["text"], truncation=True, max_length=32).input_ids
        }
    )


ANSWERS = {
    "02.1": {
        "wrong": {
            "width taken from the text": lambda: (width_from_the_text,),
            "unknown characters raise KeyError": lambda: (no_unknown,),
            "unknown characters left out": lambda: (unknown_dropped,),
            "ids of one's own instead of token2idx": lambda: (own_numbering,),
            "one vector for the whole text": lambda: (one_vector,),
            "ids, not one-hot rows": lambda: (to_ids,),
            "return forgotten": lambda: (lambda text, token2idx: None,),
            "the result of a call instead of the function": lambda: (
                one_hot_rows("ab", {"a": 0, "b": 1, "[UNK]": 2}),
            ),
        },
        "right": {
            "F.one_hot": lambda: (one_hot_rows,),
            "rows of the identity matrix": lambda: (with_identity,),
            "lists": lambda: (with_lists,),
        },
    },
    "02.2": {
        "wrong": {
            "padding in front": lambda: (lambda batch, pad_id: pad(batch, pad_id, left=True),),
            "cut to the shortest": lambda: (cut_to_shortest,),
            "always the model's maximum": lambda: (
                lambda batch, pad_id: pad(batch, pad_id, length=512),
            ),
            "pad_id taken to be 0": lambda: (lambda batch, pad_id: pad(batch, 0),),
            "mask of ones": lambda: (mask_of_ones,),
            "mask inverted": lambda: (mask_inverted,),
            "no mask": lambda: (lambda batch, pad_id: pad(batch, pad_id)[0],),
            "changes its input": lambda: (changes_its_input,),
        },
        "right": {
            "lists": lambda: (pad,),
            "tensors": lambda: (with_tensors,),
            "arrays, with a mask of booleans": lambda: (with_arrays,),
        },
    },
    "02.3": {
        "wrong": {
            "not truncated": lambda: (encoded(truncation=False, max_length=None),),
            "padded to the limit": lambda: (encoded(padding="max_length"),),
            "ids cut by hand, so that [SEP] is lost": lambda: (ids_cut_by_hand(),),
            "no special tokens": lambda: (encoded(add_special_tokens=False),),
            "another split": lambda: (encoded("test"),),
            "all splits": lambda: (encoded(None),),
            "labels removed": lambda: (encoded(remove=["text", "label"]),),
            "rows sorted by length": lambda: (sorted_by_length(),),
            "tokens without labels": lambda: (
                tokenizer()(load_corpus("emotion")["validation"]["text"][:], truncation=True),
            ),
        },
        "right": {
            "map over batches": lambda: (encoded(),),
            "text column removed": lambda: (encoded(remove=["text"]),),
            "map row by row, ids only": lambda: (row_by_row(),),
        },
    },
}
