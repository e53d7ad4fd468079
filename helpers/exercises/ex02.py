"""The exercises of notebook 02: one-hot rows, padding, a tokenised split, weaknesses."""

import random
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import lru_cache

from ..checkpoints import find_checkpoint
from ..corpora import load_corpus
from . import NotYet, define
from .answers import call, kind_of

LIMIT = 32
LONGEST, COSTS = 20, 15  # characters of a dear text, and the tokens that it must cost
LETTERS, PIECES, POSTS = 7, 3, 2  # of an everyday word that is cut


def _rows(table, case: str) -> list[list]:
    """A tensor, an array (either may be sparse), a frame or a list of rows, as a list of lists."""
    for method in ("to_numpy", "to_dense", "toarray"):
        table = getattr(table, method)() if hasattr(table, method) else table
    rows = table.tolist() if hasattr(table, "tolist") else table
    if not isinstance(rows, list | tuple) or not all(map(_is_row, rows)):
        raise NotYet(
            f"{case}, a table was expected, which is a list of rows; there is {kind_of(table)}."
        )
    return [row.tolist() if hasattr(row, "tolist") else list(row) for row in rows]


def _is_row(row) -> bool:
    """Whether it is a list, a tuple or an array of one dimension."""
    return isinstance(row, list | tuple) or len(getattr(row, "shape", ())) == 1


@define(
    "02.1",
    hint=(
        "Take the text aax and a vocabulary of the four tokens a, b, c and [UNK]. Which id does "
        "each character get, and how many columns has each row?"
    ),
    step=(
        "Turn the characters into ids first: `token2idx.get` can return a default for one that is "
        "not there. For the one-hot rows, section 1 shows when a table becomes too narrow."
    ),
    solution="""
    def one_hot_rows(text, token2idx):
        unknown = token2idx["[UNK]"]
        ids = [token2idx.get(character, unknown) for character in text]
        return F.one_hot(torch.tensor(ids), num_classes=len(token2idx))
    """,
)
def check_one_hot(one_hot_rows: Callable) -> str:
    """Check a function (text, token2idx) -> [characters, tokens]."""
    for text, token2idx in _texts_and_vocabularies():
        case = f"For the text {text!r} and a vocabulary of {len(token2idx)} tokens"
        try:
            answer = call(one_hot_rows, text, dict(token2idx), seconds=3)
        except KeyError as error:
            if str(error.args[0]) not in text:
                raise
            raise NotYet(
                f"{case}, your function asks token2idx for {error}, which is not in it: a "
                'character that is not there should get the id of "[UNK]".'
            ) from None
        _check_one_table(_rows(answer, case), text, token2idx, case)
    return "Every table is as wide as its vocabulary, and no character stops it."


def _check_one_table(rows: list[list], text: str, token2idx: dict[str, int], case: str) -> None:
    width, unknown = len(token2idx), token2idx["[UNK]"]
    if len(rows) != len(text):
        lead = f"{case}, {len(text)} rows were expected, but there are {len(rows)}"
        if len(rows) == width and all(len(row) == len(text) for row in rows):
            lead += ": rows and columns are swapped"
        raise NotYet(lead + ".")
    for character, row in zip(text, rows, strict=True):
        if len(row) != width:
            raise NotYet(
                f"{case}, a row has {len(row)} columns: there must be one for every token of "
                "the vocabulary, also for those that do not occur in the text."
            )
        place = token2idx.get(character, unknown)
        marked = [column for column, number in enumerate(row) if number != 0]
        if marked == [place] and row[place] == 1:
            continue
        wanted = f"{case}, the row of {character!r} should have a single 1, in column {place}"
        if marked == [place]:
            raise NotYet(f"{wanted}; yours has {row[place]} there.")
        if not marked:
            raise NotYet(f"{wanted}; yours is 0 everywhere.")
        lead = ""
        if character.isupper() and marked == [token2idx.get(character.lower(), unknown)]:
            lead = ". A capital is a token of its own: leave the text as it is written"
        listed = ", ".join(map(str, marked[:8])) + (", …" if len(marked) > 8 else "")
        raise NotYet(f"{wanted}; yours is not 0 in {listed}{lead}.")


def _texts_and_vocabularies():
    """Texts with vocabularies whose ids are in no order; in three some characters are unknown."""
    rng = random.Random(2)
    for size, more, strangers in (
        (12, "", ""),
        (9, "", "?é"),
        (20, " ATX", "7"),
        (30, " .Z", "Q"),
    ):
        tokens = [*rng.sample(string.ascii_lowercase, size - 1 - len(more)), *more, "[UNK]"]
        ids = list(range(size))
        rng.shuffle(ids)
        token2idx = dict(zip(tokens, ids, strict=True))
        low = [token for token in tokens if len(token) == 1 and token2idx[token] < size - 1]
        text = rng.choices(low, k=6) + list(more) + list(strangers)
        rng.shuffle(text)
        yield f"{''.join(text)}{' ' if more else ''}", token2idx


@define(
    "02.2",
    hint=(
        "If [5, 6, 7] and [8] make one batch, how many ids must be added to each of them? Which "
        "numbers does the mask of each row hold then?"
    ),
    step=(
        "Find the length of the longest row first. For each row, count what it lacks, and build a "
        "new list: `append` or `+=` would change the row that you were given."
    ),
    solution="""
    def pad(batch, pad_id):
        length = max(len(row) for row in batch)
        ids = [row + [pad_id] * (length - len(row)) for row in batch]
        mask = [[1] * len(row) + [0] * (length - len(row)) for row in batch]
        return ids, mask
    """,
)
def check_pad(pad: Callable) -> str:
    """Check a function (lists of ids, pad_id) -> (ids, mask), both [texts, longest]."""
    batches = _batches()
    for batch, pad_id in batches:
        lengths = [len(row) for row in batch]
        case = f"For rows of {', '.join(map(str, lengths))} ids and pad_id={pad_id}"
        answer = call(pad, [list(row) for row in batch], pad_id, seconds=3)
        stacked = len(getattr(answer, "shape", ())) == 3  # both tables in one array
        if not (stacked or isinstance(answer, tuple | list)) or len(answer) != 2:
            raise NotYet(f"{case}, your function returns {kind_of(answer)}: return ids, mask.")
        ids, mask = (_rows(table, case) for table in answer)
        for name, table in (("ids", ids), ("mask", mask)):
            given = [len(row) for row in table]
            if given != [max(lengths)] * len(lengths):
                raise NotYet(
                    f"{case}, the rows of your {name} have the lengths {given}: each of the "
                    f"{len(lengths)} must be as long as the longest, {max(lengths)}."
                )
        wanted_ids, wanted_mask = _padded(batch, pad_id)
        if (mask, ids) == (wanted_ids, wanted_mask):
            raise NotYet(f"{case}, the two come in the other order: return ids, mask.")
        for i, row in enumerate(batch):
            _expect(ids[i], wanted_ids[i], f"{case}, row {i} of the ids")
            lead = ""
            if mask[i] == [int(number != pad_id) for number in ids[i]]:
                lead = f" Its first {len(row)} ids are text, even where one of them is {pad_id}."
            _expect(mask[i], wanted_mask[i], f"{case}, row {i} of the mask", lead)
    return f"{len(batches)} batches, and each is a clean rectangle with the right mask."


def _batches() -> list[tuple[list[list[int]], int]]:
    """Batches of ids with the pad_id; in the last two a text holds the pad_id itself."""
    rng = random.Random(3)
    batches = []
    for pad_id, lengths in ((0, (3, 6, 4)), (1, (5, 2, 2, 7)), (999, (4, 4)), (7, (1,))):
        batch = [[rng.randint(1000, 9999) for _ in range(length)] for length in lengths]
        batches.append((batch, pad_id))
    return [*batches, ([[8, 3, 5], [6, 3], [3]], 3), ([[0, 4], [0, 9, 2, 0]], 0)]


def _padded(batch: list[list[int]], pad_id: int) -> tuple[list[list[int]], list[list[int]]]:
    longest = max(map(len, batch))
    ids = [row + [pad_id] * (longest - len(row)) for row in batch]
    mask = [[1] * len(row) + [0] * (longest - len(row)) for row in batch]
    return ids, mask


def _expect(answer: list, expected: list, what: str, lead: str = "") -> None:
    if answer != expected:
        raise NotYet(f"{what} should be {expected}, but it is {answer}.{lead}")


@lru_cache
def _tokenizer(folder):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


@define(
    "02.3",
    hint=(
        "A post makes 40 tokens. If you cut its ids yourself after the first 32, which special "
        "token is missing? And what must still stand beside the ids in each row?"
    ),
    step=(
        "Take `tokenise_only` of section 6, and add the setting that says how long a row may be. "
        "When you map it over the validation split, mind what `remove_columns` would take away."
    ),
    solution="""
    def tokenise_short(rows):
        return tokenizer(rows["text"], truncation=True, max_length=32)


    encoded_validation = emotion["validation"].map(tokenise_short, batched=True)
    """,
)
def check_encoded(encoded) -> str:
    """Check a Dataset with `input_ids` and `label`: row i must be text i of validation."""
    columns = getattr(encoded, "column_names", None)
    if isinstance(columns, dict):
        raise NotYet(f"You gave the splits {', '.join(columns)}: only validation is asked for.")
    if columns is None or not hasattr(encoded, "__len__"):
        raise NotYet(
            f"You gave {kind_of(encoded)}; give the dataset that map returns, labels and all."
        )
    for column in ("input_ids", "label"):
        if column not in columns:
            raise NotYet(f"There is no column {column!r}, only {', '.join(columns)}.")
    validation = load_corpus("emotion")["validation"]
    if len(encoded) != len(validation):
        raise NotYet(f"There are {len(encoded):,} rows; validation has {len(validation):,}.")
    tokenizer = _tokenizer(find_checkpoint())
    ids, labels = _ids_and_labels(encoded)
    longest = max(range(len(ids)), key=lambda i: len(ids[i]))
    if len(ids[longest]) > LIMIT:
        raise NotYet(f"Row {longest} has {len(ids[longest])} tokens; at most {LIMIT} are allowed.")
    expected = tokenizer(validation["text"][:], truncation=True, max_length=LIMIT)["input_ids"]
    wrong = [i for i, row in enumerate(ids) if row != expected[i]]
    if wrong:
        raise NotYet(f"Row {wrong[0]} {_what_is_off(wrong[0], ids, expected, tokenizer)}")
    if labels != list(validation["label"]):
        raise NotYet("The ids are right, but the labels are not those of the same rows.")
    cut = sum(len(row) == LIMIT for row in ids)
    return f"{len(ids):,} posts, {cut:,} of them at the limit of {LIMIT}, each beside its label."


def _ids_and_labels(encoded) -> tuple[list[list[int]], list[int]]:
    """The lists of ids and the labels; what is no number is refused."""
    plain = encoded.with_format(None)  # whatever columns are shown, and in whatever form
    ids, labels = plain["input_ids"][:], plain["label"][:]
    for i, (row, label) in enumerate(zip(ids, labels, strict=True)):
        if not isinstance(row, list):
            raise NotYet(f"Row {i} holds {row!r:.40}, and not a list of ids.")
        if strange := [n for n in row if not isinstance(n, int | float) or n % 1]:
            raise NotYet(
                f"Row {i} holds {strange[0]!r:.40} where an id, a number, is expected: the "
                "tokenizer itself, called as a function, returns ids."
            )
        if not isinstance(label, int | float):
            raise NotYet(f"Row {i} has the label {label!r:.40}: leave the labels as numbers.")
    return ids, labels


def _what_is_off(i: int, ids: list[list[int]], expected: list[list[int]], tokenizer) -> str:
    """What to say about row i, in a few words: where it leaves the row that was expected."""
    row, wanted = ids[i], expected[i]
    padding = row.count(tokenizer.pad_token_id)
    if padding:
        return f"holds {padding} padding tokens: leave the padding out."
    if row in expected:
        return f"holds the tokens of row {expected.index(row)}: keep the order of the rows."
    tokens, right = tokenizer.convert_ids_to_tokens(row), tokenizer.convert_ids_to_tokens(wanted)
    if tokens[:1] != right[:1]:
        begins = repr(tokens[0]) if tokens else "nothing"
        return f"begins with {begins}, and not with {right[0]!r}: keep the special tokens."
    if tokens[-1:] != right[-1:]:
        return (
            f"ends with {tokens[-1]!r}, and not with {right[-1]!r}: let the tokenizer cut, it "
            "keeps room for the special tokens."
        )
    return _what_differs(row, wanted, tokens, right)


def _what_differs(row: list[int], wanted: list[int], tokens: list[str], right: list[str]) -> str:
    """The same, where both ends are right."""
    if len(row) < len(wanted) and row[:-1] == wanted[: len(row) - 1]:
        return f"has {len(row)} tokens, but {len(wanted)} fit in: the limit is {LIMIT}."
    differs = [k for k, (one, other) in enumerate(zip(row, wanted, strict=False)) if one != other]
    if not differs:
        return f"has {len(row)} tokens; the post alone makes {len(wanted)}."
    place = differs[0]
    return (
        f"has {tokens[place]!r} as token {place}, and should have {right[place]!r}: is it the "
        "validation split, with this checkpoint's tokenizer?"
    )


@define(
    "02.4",
    hint=(
        "Which words does the vocabulary keep whole, and of which texts does it know nothing but "
        "single letters? When does `word_pieces` of section 3 give up a whole word?"
    ),
    step=(
        "Try your ideas with `show_tokens`. For the everyday word let the computer search: you "
        "have the words, their counts and the tokenizer. For the last, write a known word and an "
        "unknown sign together."
    ),
    solution="""
    dear = "qxzjvkqxzjvkqxzjvk"
    twins = "He told us the truth.", "He told US the truth."
    short_words = [word for word in plain_words if len(word) <= 7 and word_counts[word] >= 2]
    everyday = max(short_words, key=lambda word: len(tokenizer.tokenize(word)))
    lost = "love💔"
    """,
)
def check_weaknesses(dear: str, twins: tuple[str, str], everyday: str, lost: str) -> str:
    """Check a text, two texts, a word and a text, each of which shows a weakness."""
    tokenizer = _tokenizer(find_checkpoint())
    strong = [
        _check_dear(_text(dear, "dear"), tokenizer),
        _check_twins(twins, tokenizer),
        _check_everyday(_text(everyday, "everyday"), tokenizer),
        _check_lost(_text(lost, "lost"), tokenizer),
    ]
    said = "The tokenizer is broken in every way that was asked for."
    if any(strong):
        said = (
            f"This checkpoint's tokenizer {' and '.join(filter(None, strong))}; the rest is right."
        )
    return f"{said} Whether a reader takes your twins for two things, only a reader can say."


def _text(value, name: str) -> str:
    if not isinstance(value, str):
        raise NotYet(f"{name} should be one text; yours is {kind_of(value)}.")
    if not value.strip():
        raise NotYet(f"{name} is an empty text, and no tokenizer stumbles over that.")
    return value


def _check_dear(text: str, tokenizer) -> str:
    strange = [character for character in text if not character.isalpha() and character != " "]
    if strange:
        raise NotYet(f"dear holds {strange[0]!r}: letters and spaces alone are allowed.")
    if len(text) > LONGEST:
        raise NotYet(f"dear has {len(text)} characters; at most {LONGEST} are allowed.")
    if len(tokenizer.tokenize("qxzjvkqxzjvkqxzjvkqx")) < COSTS:
        return f"makes fewer than {COSTS} tokens even of a row of rare letters"
    tokens = tokenizer.tokenize(text)
    if len(tokens) < COSTS:
        raise NotYet(
            f"dear costs no more than {len(tokens)}, {' '.join(tokens)}; at least {COSTS} tokens "
            "are asked for. Which of these pieces hold several letters?"
        )
    return ""


def _check_twins(twins, tokenizer) -> str:
    if isinstance(twins, str) or not isinstance(twins, list | tuple) or len(twins) != 2:
        raise NotYet(f"twins should be two texts, with a comma between; it is {kind_of(twins)}.")
    one, other = (_text(text, f"Text {i} of twins") for i, text in enumerate(twins, 1))
    if _seen(one) == _seen(other):
        raise NotYet("To a reader your twins are the same: they differ in spaces at most.")
    if tokenizer("US")["input_ids"] != tokenizer("us")["input_ids"]:
        return "keeps capitals apart (any twins will do)"
    pieces, others = tokenizer.tokenize(one), tokenizer.tokenize(other)
    if tokenizer.unk_token in pieces + others:
        raise NotYet(
            f"In your twins something becomes {tokenizer.unk_token}: section 5 showed that with "
            "two emoji. Find twins of which every piece is known."
        )
    if pieces != others:
        raise NotYet(
            f"Your twins do not have the same ids: the pieces are {' '.join(pieces):.150} in one, "
            f"and {' '.join(others):.150} in the other."
        )
    return ""


def _seen(text: str) -> str:
    """What a reader sees of a text: no spaces, no invisible characters, accents as one letter."""
    signs = unicodedata.normalize("NFKC", text)
    return "".join(sign for sign in signs if unicodedata.category(sign)[0] not in "ZC")


def _check_everyday(word: str, tokenizer) -> str:
    word = word.strip().lower()
    if not re.fullmatch("[a-z]+", word):
        raise NotYet(f"everyday should be one word of the letters a to z; yours is {word!r:.60}.")
    if len(word) > LETTERS:
        raise NotYet(f"{word} has {len(word)} letters; at most {LETTERS} are allowed.")
    posts = load_corpus("emotion")["train"]["text"]
    counts = Counter(found for post in posts for found in re.findall(r"\w+", post.lower()))
    words = [found for found, n in counts.items() if n >= POSTS and len(found) <= LETTERS]
    plain = [found for found in words if re.fullmatch("[a-z]+", found)]
    if all(len(tokenizer.tokenize(found)) < PIECES for found in plain):
        return f"cuts no short word of the posts into {PIECES} pieces"
    if counts[word] < POSTS:
        raise NotYet(
            f"The count of {word} in the training posts is {counts[word]}; that of an everyday "
            f"word is at least {POSTS}."
        )
    pieces = tokenizer.tokenize(word)
    if len(pieces) < PIECES:
        raise NotYet(
            f"The pieces of {word} are {' '.join(pieces)}; at least {PIECES} are asked for."
        )
    return ""


def _check_lost(text: str, tokenizer) -> str:
    if "love" not in text.lower():
        raise NotYet(f"lost is {text!r:.60}: the word love must be in it, letter after letter.")
    if len(text) > LONGEST:
        raise NotYet(f"lost has {len(text)} characters; at most {LONGEST} are allowed.")
    if set(tokenizer.tokenize("love💔")) != {tokenizer.unk_token}:
        return "never gives up a whole word"
    known = [token for token in tokenizer.tokenize(text) if token != tokenizer.unk_token]
    if known:
        raise NotYet(f"Of lost the model still sees {' '.join(known)}: nothing should be left.")
    return ""
