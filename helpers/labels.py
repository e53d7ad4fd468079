"""What a column of labels holds: classes or numbers, and which of them look like one another."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from math import isfinite

from .files import as_number

MANY = 20  # more different numbers than this are not taken for classes
INVISIBLE = re.compile(  # what joins letters, as in Persian or in emoji, counts within a name
    "[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
    "|^[\u200c\u200d]+|[\u200c\u200d]+$"
)
DECORATED = {  # numbers as people write them
    "a percent sign": r"[-+]?\d+([.,]\d+)?\s?%|%\s?\d+([.,]\d+)?",
    "a currency": r"[-+]?[$€£¥₺₹]\s?[-+]?[\d.,]+|[-+]?[\d.,]+\s?[$€£¥₺₹]",
    "separators of thousands": r"[-+]?\d{1,3}([,.'’_ \u00a0\u202f]\d{3})+([.,]\d+)?",
    "a decimal comma": r"[-+]?\d+,\d+",
}


def class_name(value) -> str:
    """A label as the name of a class: in NFC, without invisible letters, 2.0 as "2".

    Spaces around it do not count, and other white space in it is one space.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(unicodedata.normalize("NFC", INVISIBLE.sub("", str(value).strip())).split())


def are_numbers(values: Sequence) -> bool:
    """Whether labels are to be predicted as numbers: all are, with decimals or of many values.

    Codes with zeros in front are none.
    """
    numbers = [as_number(value) for value in values]
    if not all(map(isfinite, numbers)) or any(is_code(value) for value in values):
        return False
    return len(set(numbers)) > MANY or any(number % 1 for number in numbers)


def is_code(value) -> bool:
    """Whether a label is a number with zeros in front, such as 007."""
    return isinstance(value, str) and re.fullmatch(r"\s*0\d+\s*", value) is not None


def decoration(values: Sequence) -> str | None:
    """What keeps labels from being read as numbers, if that is what they are."""
    texts = [str(value).strip() for value in values if not isfinite(as_number(value))]
    for name, form in DECORATED.items():
        if texts and all(re.fullmatch(form, text) for text in texts):
            return name
    return None


def alike(names: Sequence[str]) -> list[str]:
    """Sentences about classes that differ only by case, by form, or as 1 and 1.0 do.

    names: the class of each row.
    """
    counts, families = Counter(names), {}
    for name in counts:
        families.setdefault(_family(name), []).append(name)
    sentences = []
    for family in families.values():
        if len(family) > 1:
            told = ", ".join(f"{name!r} ({counts[name]} rows)" for name in sorted(family))
            sentences.append(f"Labels that look alike are classes apart: {told}.")
    return sentences


def _family(name: str) -> str:
    number = as_number(name)
    if isfinite(number):
        return repr(number)
    return unicodedata.normalize("NFKC", name).casefold()


def nearest(name: str, names: Sequence[str]) -> str | None:
    """Another class that looks like this one, if there is one."""
    return next((other for other in names if _family(other) == _family(name)), None)
