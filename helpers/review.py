"""Posts to judge one at a time, without knowing how they are labelled; saved at every press."""

import ast
import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from html import escape
from pathlib import Path
from textwrap import shorten

import pandas as pd
from IPython import get_ipython
from IPython.display import display

from .files import counted, reason, sentence, write_csv
from .labels import class_name
from .markup import table_html, use_plain_tables
from .reading import check_names
from .session import ROOT
from .splits import text_key
from .tables import PREDICTED
from .verdicts import (
    AMBIGUOUS,
    CODE,
    DRAWN,
    KEY,
    Verdicts,
    check_csv,
    check_given,
    check_label,
    did_you_mean,
    own_encoding,
    read_verdicts,
    verdict_rows,
    verdicts_text,
)

TEXTS = ["text", "second_text"]  # what texts are called where no user has named them
RESERVED = {"a": AMBIGUOUS, "u": None}  # keys that no label gets; u takes a verdict back
BLANK = "\u00a0"  # an empty cell of a column of words, which an empty text would not tell
LISTED = 10  # codes of empty cards that are told at most
LETTERS = 60  # of a text, where a table is printed
DRAWN_BY = 1.0  # seconds until a front end has drawn the panel

CARD = (
    "box-sizing:border-box;width:100%;min-height:9em;max-height:42vh;overflow:auto;"
    "padding:1.2em 1.4em;border:1px solid var(--jp-border-color2,#8888);border-radius:8px;"
    "font-size:1.25rem;line-height:1.55;white-space:pre-wrap;overflow-wrap:anywhere;"
    "unicode-bidi:plaintext;text-align:start"
)
QUIET = "color:var(--jp-ui-font-color2,inherit);line-height:1.5;text-align:center;min-height:1.5em"
RULE = "border:0;border-top:1px solid var(--jp-border-color2,#8888);margin:1em 0"
BAR = "height:6px;border-radius:3px;overflow:hidden;background:var(--jp-layout-color3,#8884)"
DONE = "height:6px;background:var(--jp-brand-color1,#1976d2)"


def review_labels(
    rows: pd.DataFrame,
    names: Sequence[str],
    file: str | Path,
    verdicts: Mapping[str, str] | None = None,
) -> "Review":
    """Judge rows by reading them, one at a time, blind; what is judged is in `file` at once.

    rows: text (a pair of texts for pairs) and label, and if they are known predicted, and drawn,
        why the row is here; the cards come in this order, rows with an equal text as one. names:
        the label names. file: a .csv with the verdicts. If it is there, the first card without a
        verdict comes next, and its verdicts on other rows stay in it.
    verdicts: where there are no buttons, what you judge, by the codes in the table:
        {"3fa1c2": "joy", "9b01de": "?"}; an empty one leaves what the file holds.
    Displays the cards, and below them a table that is still there without a kernel.
    Returns: a Review, whose `.verdicts` follows what is judged.
    Raises: ValueError that names the row, the entry or the line of the file that is wrong.
    """
    if not isinstance(verdicts, Mapping | None):
        raise ValueError('verdicts must be a dict of codes and labels, as in {"3fa1c2": "joy"}.')
    review = Review(rows, names, Path(file))
    if verdicts:
        review.take(verdicts)
        print(review.progress)
    review.show()
    return review


def open_review(file: str | Path, names: Sequence[str]) -> "Review":
    """Go on with a file of verdicts: its rows are the cards; see `review_labels`.

    Raises: ValueError that names the line that is wrong.
    """
    use_plain_tables()
    if Path(file).is_file() and own_encoding(Path(file), "another"):
        raise ValueError(
            f"{file} is not UTF-8 text any more: run review once more with --encoding and the "
            "name of its encoding, such as cp1252."
        )
    names = checked_names(names)
    table = read_verdicts(Path(file))
    check_given(table, names, "run review once more.")
    texts = [tuple(row[text] for text in table.texts) for row in table.rows]
    columns = {"text": texts, "label": [row[table.label] for row in table.rows]}
    for name, ours in (("drawn", DRAWN), ("predicted", PREDICTED)):
        columns[name] = [row.get(ours, "") for row in table.rows]
    review = review_labels(pd.DataFrame(columns), names, file)
    if review.panel:
        review.panel.focus_soon()
    return review


INSTRUCTIONS = """# Which labels are right? The cards of {stem}

One post at a time, and **you judge blind**: the label that a post carries is shown once you have
judged it. Say which label it should have, by what it says and nothing else. Do not open the file in
between: it holds the labels.

- **Start.** Click on the cell below and press Shift and Enter. Type into the box under the buttons;
  if the cursor is not in it, click there first.
- **Judge.** Type the letter on a label's button, or press the button. `a` is for *ambiguous*: two
  careful readers would not agree. `u` takes the last verdict back.
- **Leave when you like.** Nothing is lost: each press is saved in `{stem}.csv`. Run the cell again,
  today or next week, and it goes on with the first card that is not judged.
- **Stop** when the suspicious rows hold hardly more wrong labels than those drawn at random: the
  rest is then not worth your time. The line above the post counts both kinds; one card in five is
  drawn at random.

**Then**, on the command line: if a second person has judged the same rows, see where you differ.

    python -m helpers agree "{stem}.csv" OTHER.csv --output both.csv

Fill in what is empty in `both.csv`, or take your own file, and write a copy with corrected labels.

    python -m helpers correct FILE "{stem}.csv" --output COPY.csv
"""


def card_notebook(stem: str, names: Sequence[str]) -> str:
    """The notebook that opens on the cards of the file `stem`.csv beside it."""
    code = (
        "import sys\n\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n\n"
        "from helpers.review import open_review\n\n"
        f"NAMES = {list(names)!r}\n"
        f"review = open_review({f'{stem}.csv'!r}, NAMES)"
    )
    cells = [
        {"cell_type": "markdown", "id": "how", "metadata": {}},
        {"cell_type": "code", "id": "cards", "metadata": {"jupyter": {"source_hidden": True}}},
    ]
    cells[0]["source"] = INSTRUCTIONS.format(stem=stem).splitlines(keepends=True)
    cells[1] |= {"source": code.splitlines(keepends=True), "execution_count": None, "outputs": []}
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    about = {"kernelspec": kernel, "language_info": {"name": "python"}}
    whole = {"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def cells_of(notebook: str) -> list[str]:
    """The text of each cell of a notebook; none if it is no notebook."""
    with suppress(ValueError, TypeError, KeyError):
        return ["".join(cell["source"]) for cell in json.loads(notebook)["cells"]]
    return []


def names_in(notebook: Path) -> list[str]:
    """The label names in a notebook of cards; none if it is no such notebook."""
    with suppress(OSError, ValueError, SyntaxError, LookupError):
        code = cells_of(notebook.read_text(encoding="utf-8"))[1]
        return ast.literal_eval(re.findall(r"^NAMES = (\[.*\])$", code, re.MULTILINE)[0])
    return []


def label_keys(names: Sequence[str]) -> dict[str, str]:
    """By label name, its key: the first letter of it that is still free; none is free for some."""
    keys: dict[str, str] = {}
    for name in names:
        letters = [letter for letter in name.casefold() if letter.isalnum()]
        free = [letter for letter in letters if letter not in {*RESERVED, *keys.values()}]
        if free:
            keys[name] = free[0]
    return keys


@dataclass
class Card:
    """One text to judge, and what is not to be seen before.

    given: the labels of the rows with this text.
    """

    key: str
    code: str
    texts: tuple[str, ...]
    given: list[str]
    predicted: str
    drawn: str

    def would_change(self, verdict: str) -> bool:
        """Whether a verdict is another label than one that was given."""
        return verdict not in ("", AMBIGUOUS) and self.given != [verdict]


class Review:
    """Cards, and what was judged of them so far; made by `review_labels`."""

    def __init__(self, rows: pd.DataFrame, names: Sequence[str], file: Path):
        check_csv(file)
        self.names, self.file = checked_names(names), file
        self.rows = checked_rows(rows, self.names)
        self.keys = [text_key(*texts_of(value)) for value in self.rows["text"]]
        self.table = self.on_disk()
        self.cards = self.cards_of_rows()
        self.panel: Panel | None = None
        self._shown = None

    def __repr__(self) -> str:
        return f"Review of {self.file}: .verdicts holds what was judged"

    def cards_of_rows(self) -> list[Card]:
        """A card for each text, in the order of the rows."""
        codes = {row[KEY]: row[CODE] for row in self.table.rows}
        known = [name for name in ("predicted", "drawn") if name in self.rows]
        cards: dict[str, Card] = {}
        for key, row in zip(self.keys, self.rows.to_dict("records"), strict=True):
            told = {name: "" if pd.isna(row[name]) else str(row[name]) for name in known}
            told = {"predicted": "", "drawn": ""} | told
            card = cards.setdefault(key, Card(key, codes[key], texts_of(row["text"]), [], **told))
            card.given = list(dict.fromkeys([*card.given, row["label"]]))
        return list(cards.values())

    def on_disk(self) -> Verdicts:
        """The file's verdicts, with an empty one for each row that is not in it yet."""
        columns = list(zip(*map(texts_of, self.rows["text"]), strict=True))
        table = Verdicts("label", TEXTS[: len(columns)], [])
        if self.file.exists():
            table = read_verdicts(self.file, self.names)
        if len(table.texts) != len(columns):
            raise ValueError(
                f"{self.file} holds verdicts on {counted(len(table.texts), 'text column')}, and "
                f"the rows have {len(columns)}: choose another file."
            )
        made = dict(zip(table.texts, columns, strict=True)) | {table.label: self.rows["label"]}
        for name, ours in (("drawn", DRAWN), ("predicted", PREDICTED)):
            if name in self.rows:
                made[ours] = self.rows[name]
        frame = pd.DataFrame({name: list(values) for name, values in made.items()}, dtype=object)
        table.add(verdict_rows(frame, table.texts, table.label))
        return table

    @property
    def judged(self) -> list[str]:
        """The verdict on each card: a label name, "?" for ambiguous, "" for not yet."""
        verdicts = self.table.judged
        return [verdicts[card.key] for card in self.cards]

    @property
    def verdicts(self) -> pd.DataFrame:
        """label and judged of each row, and predicted and drawn where they are known; live."""
        verdicts = self.table.judged
        known = [name for name in ("predicted", "drawn") if name in self.rows]
        made = self.rows[["label", *known]].copy()
        made.insert(1, "judged", [verdicts[key] for key in self.keys])
        return made

    @property
    def empty(self) -> list[str]:
        """The codes of the cards that are not judged."""
        pairs = zip(self.cards, self.judged, strict=True)
        return [card.code for card, verdict in pairs if not verdict]

    @property
    def progress(self) -> str:
        """How many cards are judged, and the codes of those that are not."""
        empty = self.empty
        told = f"judged {len(self.cards) - len(empty)} of {len(self.cards)}"
        if empty:
            more = f" and {len(empty) - LISTED} more" if len(empty) > LISTED else ""
            told += f"; still empty: {', '.join(empty[:LISTED])}{more}"
        return f"{told}."

    def save(self, verdicts: Mapping[str, str]) -> None:
        """Put verdicts, by text key, into the file, beside all that it holds by now.

        Raises: ValueError or OSError where that cannot be done; nothing is judged then.
        """
        table = self.on_disk() if self.file.exists() else deepcopy(self.table)
        table.judge(verdicts)
        write_csv(self.file, verdicts_text(table))
        self.table = table
        if self._shown:
            self._shown.update(Board(self))

    def take(self, verdicts: Mapping[str, str]) -> None:
        """Put verdicts, by code, into the file; empty ones are passed over.

        Raises: ValueError that names the entry that is none; nothing is saved then.
        """
        keys, taken = {row[CODE]: row[KEY] for row in self.table.rows}, {}
        for entry, value in verdicts.items():
            code, verdict = str(entry).strip().lower(), class_name("" if value is None else value)
            place = f"verdicts[{entry!r}]"
            if code not in keys:
                raise ValueError(
                    f"{place}: there is no such code: {did_you_mean(code, list(keys))}"
                )
            check_label(verdict, self.names, place)
            if verdict:
                taken[keys[code]] = verdict
        if taken:
            self.save(taken)

    def board(self) -> pd.DataFrame:
        """A row for each card: its code and text, the verdict, and, once judged, its label."""
        pairs = list(zip(self.cards, self.judged, strict=True))
        columns = {
            "code": [card.code for card in self.cards],
            "text": [" / ".join(card.texts) for card in self.cards],
            "you": [verdict or BLANK for _, verdict in pairs],
            "given label": [", ".join(c.given) if verdict else BLANK for c, verdict in pairs],
        }
        return pd.DataFrame(columns, index=range(1, len(pairs) + 1))

    def show(self) -> None:
        """Display the cards, where a front end may be alive, and the table."""
        shell = get_ipython()
        if shell and hasattr(shell, "kernel"):
            try:
                self.panel = Panel(self)
                self.panel.show()
            except ImportError:
                print('ipywidgets is not installed: judge with verdicts={"code": "label"}.')
        self._shown = display(Board(self), display_id=True)


class Board:
    """The table of a review, as a notebook shows it and as it is printed."""

    def __init__(self, review: Review):
        self.frame, self.progress = review.board(), review.progress
        self.hint = "After a restart, run the cell again to go on." if review.empty else ""

    def __repr__(self) -> str:
        texts = [shorten(text, LETTERS, placeholder=" …") for text in self.frame["text"]]
        return f"{self.frame.assign(text=texts).to_string()}\n{self.progress}"

    def _repr_html_(self) -> str:
        count = self.progress.split(";")[0].rstrip(".")
        table = table_html(self.frame, rows=len(self.frame))
        return f'<p style="margin:1em 0">{count}. {self.hint}</p>{table}'


class Panel:
    """What one sees of a review: a post, its buttons, and a box for keys."""

    def __init__(self, review: Review):
        import ipywidgets as widgets

        self.review, self.keys = review, label_keys(review.names)
        self.of_key = {key: name for name, key in self.keys.items()} | RESERVED
        self.at, self.done, self.typed, self.told = first_empty(review.judged), [], "", ""
        self.head, self.post, self.line = widgets.HTML(), widgets.HTML(), widgets.HTML()
        labels = [self.button(name, self.keys.get(name)) for name in review.names]
        others = [self.button("ambiguous", "a"), self.button("undo", "u")]
        self.verdicts = [*labels, others[0]]
        flow = {"display": "flex", "flex_flow": "row wrap", "justify_content": "center"}
        self.box = widgets.Text(
            placeholder="click here, then type the keys",
            layout=widgets.Layout(width="16em", max_width="100%", margin="8px auto"),
        )
        self.box.observe(self.on_typed, "value")
        for part in (self.head, self.post, self.line):
            part.layout.width = "auto"
        self.whole = widgets.VBox(
            [
                self.head,
                self.post,
                widgets.HBox(labels, layout=flow | {"max_height": "28vh", "overflow": "auto"}),
                widgets.HBox(others, layout=flow),
                self.box,
                self.line,
            ],
            layout=widgets.Layout(width="100%", max_width="46em", margin="0 auto"),
        )
        self.draw()

    def button(self, name: str, key: str | None):
        """A button that says its key."""
        import ipywidgets as widgets

        layout = widgets.Layout(width="auto", max_width="100%", height="34px", margin="3px")
        made = widgets.Button(description=f"{name}  ({key})" if key else name, layout=layout)
        made.on_click(lambda _: self.on_click(self.of_key[key] if key else name))
        return made

    def show(self) -> None:
        """Display the panel; where it cannot be alive, one sentence stands in its place."""
        view = {"version_major": 2, "version_minor": 0, "model_id": self.whole.model_id}
        told = "The cards come with a running kernel: run this cell."
        display({"application/vnd.jupyter.widget-view+json": view, "text/plain": told}, raw=True)

    def focus_soon(self) -> None:
        """Let the keys be typed without a click, once the front end has drawn the box."""
        with suppress(RuntimeError):  # no loop runs here: a click does it
            asyncio.get_running_loop().call_later(DRAWN_BY, self.focus)

    def focus(self) -> None:
        """Let the next key be typed without a click, where the widgets can (from 8 on)."""
        with suppress(AttributeError):
            self.box.focus()

    def on_click(self, verdict: str | None) -> None:
        """Judge by a button, and let the keys go on."""
        self.press(verdict)
        self.focus()

    def on_typed(self, change: dict) -> None:
        """Judge by the letters that were added at the end of what was typed before.

        The box is never emptied from here: letters that are still on their way would come twice.
        """
        before, self.typed = self.typed, change["new"]
        added = self.typed[len(before) :] if self.typed.startswith(before) else ""
        for letter in map(str.casefold, added):
            if letter in self.of_key:
                self.press(self.of_key[letter])
            elif letter.strip():
                keys = ", ".join(self.of_key)
                self.told = f"There is no key {letter!r}; the keys are {keys}."
                self.draw()

    def press(self, verdict: str | None) -> None:
        """Take a verdict on the card that is shown, or, for None, the last one back."""
        card = self.last() if verdict is None else self.at
        if card is None:
            self.told = "Nothing is judged yet." if verdict is None else "All cards are judged."
        elif self.saved(card, verdict or ""):
            self.at, self.told = card, "Taken back: judge this card again."
            if verdict is not None:
                self.done.append(card)
                self.at, self.told = first_empty(self.review.judged), self.revealed(card)
        self.draw()

    def saved(self, card: int, verdict: str) -> bool:
        """Whether a verdict could be saved; if not, the panel says why."""
        try:
            self.review.save({self.review.cards[card].key: verdict})
        except (OSError, ValueError, MemoryError) as error:
            self.told = f"Not saved, and the card stays: {in_words(error, self.review.file)}"
            return False
        return True

    def last(self) -> int | None:
        """The card that was judged last; of an earlier session, the last one in their order."""
        judged = [card for card, verdict in enumerate(self.review.judged) if verdict]
        done = [card for card in self.done if card in judged]
        return next(iter([*reversed(done), *reversed(judged)]), None)

    def revealed(self, number: int) -> str:
        """What was judged of a card, and what was not shown before."""
        card, verdict = self.review.cards[number], self.review.judged[number]
        you = "ambiguous" if verdict == AMBIGUOUS else verdict
        told = f"you: {you} · given label: {', '.join(card.given)}"
        told += f" · the model says {card.predicted}" if card.predicted else ""
        return told + (f" · drawn {card.drawn}" if card.drawn else "")

    def precision(self) -> list[str]:
        """How many labels one would change; in a second line by why the cards were drawn."""
        review = self.review
        pairs = [pair for pair in zip(review.cards, review.judged, strict=True) if pair[1]]
        changed = [card for card, verdict in pairs if card.would_change(verdict)]
        lines = [f"labels you would change: {len(changed)} of {len(pairs)} judged"]
        whys = list(dict.fromkeys(card.drawn for card in review.cards))
        if len(whys) > 1:
            drawn, of = Counter(card.drawn for card, _ in pairs), Counter(c.drawn for c in changed)
            parts = [f"{why or 'others'} {of[why]} of {drawn[why]}" for why in sorted(whys)]
            lines.append(" · ".join(reversed(parts)))
        return lines

    def draw(self) -> None:
        """Bring the panel up to the state of the review."""
        review, judged = self.review, self.review.judged
        count, total = sum(map(bool, judged)), len(judged)
        where = f"card {self.at + 1} of {total}" if self.at is not None else f"{total} of {total}"
        lines = "<br>".join(map(escape, self.precision()))
        self.head.value = (
            f'<div style="{QUIET}">{where} · {lines}</div>'
            f'<div style="{BAR}"><div style="{DONE};width:{100 * count / total:.1f}%"></div></div>'
        )
        if self.at is None:
            self.post.value = f'<div style="{CARD};text-align:center">{escape(self.end())}</div>'
        else:
            shown = f'<hr style="{RULE}">'.join(map(escape, review.cards[self.at].texts))
            self.post.value = f'<div style="{CARD}" tabindex="0">{shown}</div>'
        for button in self.verdicts:
            button.disabled = self.at is None
        self.line.value = f'<div style="{QUIET}" aria-live="polite">{escape(self.told)}</div>'

    def end(self) -> str:
        """What is to be said when no card is left."""
        review, judged = self.review, self.review.judged
        pairs = zip(review.cards, judged, strict=True)
        wrong = sum(card.would_change(verdict) for card, verdict in pairs)
        ambiguous = judged.count(AMBIGUOUS)
        return (
            f"Done: {counted(len(judged), 'card')}, all judged.\n"
            f"right {len(judged) - wrong - ambiguous} · wrong {wrong} · ambiguous {ambiguous}\n"
            f"Saved in {review.file}"
        )


def first_empty(judged: list[str]) -> int | None:
    """The first card that is not judged."""
    return next((card for card, verdict in enumerate(judged) if not verdict), None)


def in_words(error: Exception, file: Path) -> str:
    """A sentence on why a file could not be saved."""
    if said := sentence(error):
        return said
    if isinstance(error, OSError):
        told = error.strerror or reason(error)
        return f"{error.filename or file}: {told}: check the place and its permissions."
    return str(error)


def texts_of(value) -> tuple[str, ...]:
    """The texts of a row: one, or a pair."""
    return (value,) if isinstance(value, str) else tuple(value)


def checked_names(names: Sequence[str]) -> list[str]:
    """The label names as `class_name` has them.

    Raises: ValueError if they cannot be label names.
    """
    is_list = isinstance(names, Iterable) and not isinstance(names, str)
    made = [class_name(name) for name in names] if is_list else []
    if not made or {"", AMBIGUOUS} & set(made) or len(set(made)) < len(made):
        raise ValueError(
            f"names must be a list of different names, none of them empty or {AMBIGUOUS!r}."
        )
    return made


def checked_rows(rows: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """The rows that can be judged, their labels as `class_name` has them.

    Raises: ValueError that names the row that cannot.
    """
    if not isinstance(rows, pd.DataFrame) or not {"text", "label"} <= set(rows):
        raise ValueError("rows must be a DataFrame with the columns text and label.")
    check_names(list(rows))
    if not len(rows):
        raise ValueError("rows is empty: there is nothing to judge.")
    size = None
    for index, value in zip(rows.index, rows["text"], strict=True):
        parts = texts_of(value) if isinstance(value, str | tuple | list) else ()
        if not 1 <= len(parts) <= 2 or not all(isinstance(p, str) and p.strip() for p in parts):
            raise ValueError(f"Row {index} of rows has {value!r} in 'text', which is not a text.")
        size = size or len(parts)
        if len(parts) != size:
            raise ValueError(
                f"Row {index} of rows has {counted(len(parts), 'text')} where the first row has "
                f"{size}: give each row as many."
            )
    labels = ["" if pd.isna(label) else class_name(label) for label in rows["label"]]
    for index, label in zip(rows.index, labels, strict=True):
        if label not in names:
            raise ValueError(
                f"Row {index} of rows: there is no label {label!r}: {did_you_mean(label, names)}"
            )
    return rows.assign(label=pd.Series(labels, index=rows.index, dtype=object))
