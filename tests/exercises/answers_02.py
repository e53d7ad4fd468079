"""Answers to the exercises of notebook 02, wrong ones by misconception and right ones by form."""

from functools import lru_cache

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from datasets import Dataset
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


def lower_cased(text, token2idx):
    return one_hot_rows(text.lower(), token2idx)


def stripped(text, token2idx):
    return one_hot_rows(text.strip(), token2idx)


def turned(text, token2idx):
    return one_hot_rows(text, token2idx).T


def twos(text, token2idx):
    return 2 * one_hot_rows(text, token2idx)


def unknown_added(text, token2idx):
    for character in text:
        token2idx.setdefault(character, token2idx["[UNK]"])
    return F.one_hot(to_ids(text, token2idx), num_classes=max(token2idx.values()) + 1)


def list_of_tensors(text, token2idx):
    return list(one_hot_rows(text, token2idx))


def as_frame(text, token2idx):
    return pd.DataFrame(with_lists(text, token2idx))


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


def mask_from_ids(batch, pad_id):
    ids, _ = pad(batch, pad_id)
    return ids, [[int(number != pad_id) for number in row] for row in ids]


def mask_first(batch, pad_id):
    return pad(batch, pad_id)[::-1]


def endless(batch, pad_id):
    rows = [list(row) for row in batch]
    while len(rows[0]) < max(map(len, rows)) or len(rows) > 0:
        rows[0] = rows[0][:1]
    return rows, rows


def as_dict(batch, pad_id):
    ids, mask = pad(batch, pad_id)
    return {"input_ids": ids, "attention_mask": mask}


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
    lengths = torch.tensor([len(row) for row in batch])
    return ids, (torch.arange(ids.shape[1]) < lengths[:, None]).int()


def with_arrays(batch, pad_id):
    ids = np.full((len(batch), max(map(len, batch))), pad_id)
    mask = np.zeros(ids.shape, dtype=bool)
    for i, row in enumerate(batch):
        ids[i, : len(row)] = row
        mask[i, : len(row)] = True
    return [ids, mask]


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


def text_with_itself():
    return load_corpus("emotion")["validation"].map(
        lambda row: {
            "input_ids": tokenizer()(row["text"], row["text"]).input_ids
            if len(row["text"]) < 40
            else tokenizer()(row["text"], truncation=True, max_length=32).input_ids
        }
    )


def rows_exchanged():
    data = encoded()
    return data.select([1, 0, *range(2, len(data))])


def labels_moved():
    data = encoded()
    labels = data["label"][:]
    return Dataset.from_dict({"input_ids": data["input_ids"][:], "label": labels[1:] + labels[:1]})


def labels_by_name():
    data = encoded()
    names = load_corpus("emotion")["train"].features["label"].names
    labels = [names[label] for label in data["label"]]
    return Dataset.from_dict({"input_ids": data["input_ids"][:], "label": labels})


def row_by_row():
    return load_corpus("emotion")["validation"].map(
        lambda row: {
            "input_ids": tokenizer()(row["text"], truncation=True, max_length=32).input_ids
        }
    )


def weak(dear="qqqqqqqqqqqqqqqqqqqq", twins=("US", "us"), everyday="grumpy", lost="love💔"):
    """Answers to 02.4, of which one may be replaced."""
    return lambda: (dear, twins, everyday, lost)


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
            "the text in small letters": lambda: (lower_cased,),
            "spaces at the end cut off": lambda: (stripped,),
            "rows and columns swapped": lambda: (turned,),
            "unknown characters all 0": lambda: (
                lambda text, token2idx: [
                    [int(token2idx.get(c) == i) for i in range(len(token2idx))] for c in text
                ],
            ),
            "a 2 where a 1 should stand": lambda: (twos,),
            "new characters put into token2idx": lambda: (unknown_added,),
            "a string": lambda: (lambda text, token2idx: text,),
        },
        "right": {
            "F.one_hot": lambda: (one_hot_rows,),
            "rows of the identity matrix": lambda: (with_identity,),
            "lists": lambda: (with_lists,),
            "a list of tensors": lambda: (list_of_tensors,),
            "a DataFrame": lambda: (as_frame,),
            "a sparse tensor": lambda: (lambda *a: one_hot_rows(*a).to_sparse(),),
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
            "mask from the ids": lambda: (mask_from_ids,),
            "the mask first": lambda: (mask_first,),
            "a loop that never ends": lambda: (endless,),
            "a dict": lambda: (as_dict,),
            "the result instead of the function": lambda: (pad([[1], [2, 3]], 0),),
        },
        "right": {
            "lists": lambda: (pad,),
            "tensors": lambda: (with_tensors,),
            "both tables in one array": lambda: (lambda *a: np.array(pad(*a)),),
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
            "a lower limit": lambda: (encoded(max_length=16),),
            "each text twice, as a pair": lambda: (text_with_itself(),),
            "two rows exchanged": lambda: (rows_exchanged(),),
            "labels of other rows": lambda: (labels_moved(),),
            "tokens for ids": lambda: (
                encoded().map(
                    lambda row: {"input_ids": tokenizer().convert_ids_to_tokens(row["input_ids"])}
                ),
            ),
            "half an id too much": lambda: (
                encoded().map(lambda row: {"input_ids": [n + 0.5 for n in row["input_ids"]]}),
            ),
            "nothing for ids": lambda: (encoded().map(lambda row: {"input_ids": None}),),
            "names for labels": lambda: (labels_by_name(),),
            "a stream": lambda: (encoded().to_iterable_dataset(),),
            "the function in place of the dataset": lambda: (encoded,),
            "a DataFrame": lambda: (pd.DataFrame(encoded()[:]),),
            "tokens without labels": lambda: (
                tokenizer()(load_corpus("emotion")["validation"]["text"][:], truncation=True),
            ),
        },
        "right": {
            "map over batches": lambda: (encoded(),),
            "text column removed": lambda: (encoded(remove=["text"]),),
            "map row by row, ids only": lambda: (row_by_row(),),
            "in tensors": lambda: (encoded(remove=["text"]).with_format("torch"),),
            "one column in tensors": lambda: (
                encoded().with_format("torch", columns=["input_ids"]),
            ),
        },
    },
    "02.4": {
        "wrong": {
            "letters with spaces between": weak(dear="a b c d e f g h i j"),
            "a row of one common letter": weak(dear="aaaaaaaaaaaaaaaaaaaa"),
            "the top rows of the keyboard": weak(dear="qwertyuiopasdfghjkl"),
            "a long Turkish word": weak(dear="çekoslovakyalılaştır"),
            "signs of punctuation": weak(dear="!?!?!?!?!?!?!?!?!?!?"),
            "digits": weak(dear="12345678901234567890"),
            "a longer text": weak(dear="q" * 21),
            "a number for a text": weak(dear=20),
            "an empty text": weak(dear="  "),
            "a missing value": weak(dear=float("nan")),
            "the emoji of the notebook": weak(
                twins=("The results are in 🎉", "The results are in 💔")
            ),
            "twins with unknown signs": weak(twins=("love💔", "joy💔")),
            "one space more": weak(twins=("no one", "noone")),
            "an invisible sign more": weak(twins=("happy", "hap\u200bpy")),
            "the same text twice": weak(twins=("us", "us")),
            "letters in two ways of writing": weak(twins=("café", "cafe\u0301")),
            "two words": weak(twins=("love", "hate")),
            "a typo": weak(twins=("friend", "freind")),
            "one text for two": weak(twins="US us"),
            "three texts": weak(twins=("US", "us", "Us")),
            "ids for texts": weak(twins=(2149, 2149)),
            "one text missing": weak(twins=("US", None)),
            "letters at random": weak(everyday="qxzjvkq"),
            "a long word": weak(everyday="apologised"),
            "a word that stays whole": weak(everyday="happy"),
            "a word that no post has": weak(everyday="xylems"),
            "two words for one": weak(everyday="so grumpy"),
            "a typo of one post": weak(everyday="beleive"),
            "a list of words": weak(everyday=["grumpy"]),
            "an emoji beside the word": weak(lost="love 💔"),
            "a known sign at the word": weak(lost="love!"),
            "the emoji alone": weak(lost="💔"),
            "another word": weak(lost="happy💔"),
            "a text too long to be read": weak(lost="love" * 30),
            "the token itself": weak(lost="[UNK]"),
            "nothing but a number": weak(lost=0),
        },
        "right": {
            "as the solution has it": weak(
                "qxzjvkqxzjvkqxzjvk",
                ("He told us the truth.", "He told US the truth."),
                everyday="physio",
            ),
            "Korean, an accent, in a list": weak(
                dear="사랑해요 정말 사랑",
                twins=["I sent my résumé.", "I sent my resume."],
                everyday="Gravy",
                lost="I💔love💔you",
            ),
            "a place and a bird": weak(twins=("Turkey", "turkey"), lost="ሰላምlove"),
        },
    },
}
