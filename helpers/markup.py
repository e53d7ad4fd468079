"""Tables as small HTML, their styles in the tags: they stay where a notebook is not trusted."""

import re
from html import escape
from textwrap import shorten

import numpy as np
import pandas as pd
from IPython import get_ipython

ROWS, LETTERS, DECIMALS = 60, 400, 4  # of a table that are shown at most
NUMBER = re.compile(r"[-+−–]?[\d.,]+\s?%?|")


def use_plain_tables() -> None:
    """Let notebooks show data frames with `table_html` from here on."""
    shell = get_ipython()
    if shell:
        shell.display_formatter.formatters["text/html"].for_type(pd.DataFrame, table_html)


def table_html(frame: pd.DataFrame, rows: int = ROWS) -> str:
    """A data frame as HTML: words left and whole, numbers right, with as many digits as they have.

    rows: those after so many are left out and told, as are a text's letters after the first 400.
    """
    shown = frame.iloc[:rows]
    index = shown.index.to_frame(index=False)
    index.columns = [name or "" for name in shown.index.names]
    columns = [_cells(index.iloc[:, i]) for i in range(index.shape[1])]
    columns += [_cells(shown.iloc[:, i]) for i in range(shown.shape[1])]
    names = [*index.columns, *(_heading(name) for name in shown.columns)]
    right = [all(NUMBER.fullmatch(cell) for cell in cells) for cells in columns]
    lines = [_row("th", names, right)]
    for cells in zip(*columns, strict=True):
        lines.append(_row("td", cells, right))
    more = len(frame) - len(shown)
    note = f"<p>… and {more:,} more rows</p>" if more else ""
    return f'<table style="border-collapse:collapse">\n{"".join(lines)}</table>{note}'


def _heading(name) -> str:
    parts = name if isinstance(name, tuple) else (name,)
    return ", ".join(str(part) for part in parts if part != "")


def _row(tag: str, cells, right: list[bool]) -> str:
    made = []
    for cell, is_right in zip(cells, right, strict=True):
        side = "right" if is_right else "left"
        style = f"text-align:{side};vertical-align:top;padding:2px 8px"
        made.append(f'<{tag} style="{style}">{escape(str(cell))}</{tag}>')
    return f"<tr>{''.join(made)}</tr>\n"


def _cells(column: pd.Series) -> list[str]:
    """The texts of a column; its numbers get the same count of decimals, no more than needed."""
    numbers = [value for value in column if isinstance(value, (float, np.floating))]
    numbers = np.array([value for value in numbers if np.isfinite(value)])
    places = range(0 if len(numbers) < len(column) else 1, DECIMALS)
    fits = (n for n in places if np.allclose(numbers, numbers.round(n), rtol=0, atol=1e-6))
    decimals = next(fits, DECIMALS)
    return [_text(value, decimals) for value in column]


def _text(value, decimals: int) -> str:
    if isinstance(value, (float, np.floating)):
        return "" if np.isnan(value) else f"{value:z,.{decimals}f}"
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return f"{value:,}"
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    text = str(value)
    return text if len(text) <= LETTERS else shorten(text, LETTERS, placeholder=" …")
