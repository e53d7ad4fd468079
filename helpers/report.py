"""report.html: whether a model is worth having and where it fails, in one file without a network.

A verdict comes first. All that comes from a user's rows is escaped, and the pictures are inside.
"""

import re
import warnings
from collections.abc import Sequence
from html import escape
from pathlib import Path
from shlex import quote
from string import Template

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from .card import card_parts
from .cheap import CheapModel
from .explain import explain_words
from .figures import (
    BLUE,
    ORANGE,
    Picture,
    draw_agreement,
    draw_confusion,
    draw_curves,
    in_pictures,
)
from .files import counted
from .rivals import (
    FEW,
    MAIN,
    NONE,
    WORDS,
    Answers,
    Judged,
    decimals_for,
    intervals,
    judge_model,
    share_of,
    verdict,
    warnings_of,
    written,
)
from .runs import Run
from .suspects import doubts
from .tables import OURS, PREDICTED, SPLIT, SUGGESTED, SUSPICION, WHERE, Table

SUSPECTS, WORST, OPEN = 20, 10, 5  # rows listed of two kinds, and how many are not folded
DRAWN = 30  # classes in one picture
LETTERS, MOST = 240, 4_000  # of a text that are shown at once, and when it is opened
WORD = 24  # letters of a word that a table need not break
ACROSS, DOWN = 9, 15  # columns of a table that paper has room for, rows that are shown at once
HUNTED = 20_000  # more rows are not searched for wrong labels by the way
STRONG = 0.9  # suspicion from which on a label is worth reading first
LOSS = f"{OURS}loss"
PAGE = Path(__file__).with_name("report.html")


def next_steps(table: Table, judged: Judged, run: Run | None, classes, found) -> list[str]:
    """What to do next, in sentences as HTML.

    classes: from `per_class`, or None. found: the doubted rows, or None.
    """
    told = []
    if not judged.is_better and judged.rival == "cheap" and judged.rows >= NONE:
        told.append("For the cheap model give the same command with <code>--model cheap</code>.")
    if run and not judged.is_better:
        losses = [entry["eval_loss"] for entry in run.log_history if "eval_loss" in entry]
        if losses and losses[-1] == min(losses):
            epochs = f"{len(losses)} epoch{'s' if len(losses) > 1 else ''}"
            told.append(f"The validation loss was still falling after {epochs}: try more.")
    if found is not None and len(found):
        strong = int((found[SUSPICION] > STRONG).sum())
        doubted = f"have a suspicion above {STRONG}" if strong else "are doubted"
        told.append(
            f"{strong or len(found):,} of {len(table.frame):,} labels {doubted}: list them with "
            "<code>errors</code>, read them with <code>review</code>, bring your decisions back "
            "with <code>correct</code>, and train again."
        )
    if classes is not None and classes["recall"].min() < 1:
        told.append(weakest(classes))
    if table.task == "regression":
        told.append(
            f"Read the {WORST} rows that are furthest off: numbers may be wrong there, or texts "
            "unclear."
        )
    if judged.rows < NONE:
        told.append(f"Hold out more rows: {NONE} for a verdict, {FEW} and more for a strong one.")
    elif not judged.wide:
        told.append("Hold out more rows: on these, the two cannot be told apart.")
    elif len(told) < 2 or judged.is_better is None or judged.rows < FEW:
        told.append(
            f"On {judged.rows:,} rows a difference is known to "
            f"±{written(judged.wide, judged.decimals)}: four times as many held-out rows would "
            "halve that."
        )
    return told[:4]


def weakest(classes: pd.DataFrame) -> str:
    """The class with the lowest recall, and what it is taken for, as HTML."""
    worst = classes.loc[classes["recall"].idxmin()]
    name = escape(worst["class"])
    told = f"Recall is lowest for <em>{name}</em>: {worst['found']:,} of {worst['rows']:,} found"
    if worst.get("taken"):
        told += f", {worst['often']:,} taken for <em>{escape(worst['taken'])}</em>"
        return f"{told}. Compare the texts of both, and add rows."
    return f"{told}. Add rows that carry it."


def make_report(
    title: str,
    table: Table,
    outputs: pd.DataFrame,
    answers: Answers,
    scores: pd.DataFrame,
    cheap: CheapModel | None,
    run: Run | None,
) -> str:
    """The page, as HTML.

    outputs: the table's rows in order, with PREDICTED and the probabilities. answers, scores: from
    `answers_of` and `scores_of`. run: the fine-tuned model; None where the cheap model is the one.
    """
    judged, split = judge_model(table, answers, scores), table.splits[-1]
    classes = found = None
    true, given = table.targets(split), answers[split][judged.model]
    if table.names:
        classes = per_class(true, given, table.names)
    if table.task == "classification" and len(table.frame) <= HUNTED:
        found = doubts(table)
    steps = next_steps(table, judged, run, classes, found)
    parts = {
        "Verdict": verdict_part(judged, warnings_of(table, judged)),
        "What to do next": f"<ul>{''.join(f'<li>{step}</li>' for step in steps)}</ul>",
        "Scores": scores_part(table, answers, scores, judged),
    }
    if table.names:
        parts[f"Each {'label' if table.task == 'multi_label' else 'class'} ({split})"] = (
            classes_part(true, given, table, classes, f"{judged.model}, {split}")
        )
    else:
        parts["Predicted and true"] = figure(draw_agreement(true, given, split))
    parts["Worst rows"] = worst_part(table, outputs, run or cheap, split)
    if table.task == "classification":
        parts["Doubted labels"] = doubted_part(table, found)
    parts["Data"] = data_summary(table)
    if run:
        parts["Training"] = figure(draw_curves(run.log_history))
    if cheap:
        parts["What the cheap model is made of"] = cheap_part(cheap)
    parts["Model card"] = card_part(title, table, run or cheap, judged)
    links, body = [], []
    for heading, part in parts.items():
        place = re.sub(r"\W+", "-", heading.lower()).strip("-")
        links.append(f'<a href="#{place}">{escape(heading)}</a>')
        body.append(f'<section id="{place}">\n<h2>{escape(heading)}</h2>\n{part}\n</section>')
    page = Template(PAGE.read_text(encoding="utf-8"))
    return page.substitute(
        title=escape(f"Report on {title}"),
        links="\n".join(links),
        body="\n".join(body),
        blue=BLUE,
        orange=ORANGE,
    )


def verdict_part(judged: Judged, warned: list[str]) -> str:
    """The verdict in a box, and what makes it weak."""
    kind = {True: "good", False: "bad", None: "open"}[judged.is_better]
    warned = "".join(f"<p><strong>Careful:</strong> {escape(told)}</p>" for told in warned)
    return (
        f'<div class="verdict {kind}"><p class="said">{escape(verdict(judged))}</p>\n'
        f"<p>{escape(judged.said)}</p>{warned}</div>"
    )


def scores_part(table: Table, answers: Answers, scores: pd.DataFrame, judged: Judged) -> str:
    """The scores of the last split with intervals, and those of validation folded."""
    made = score_table(table, scores.loc[judged.split], judged, judged.main)
    told = "<p>The cheapest come first. A line on a bar is the 95 % interval: so far a score may "
    told += "lie off because of which rows were held out."
    if table.task == "regression":
        told += " RMSE is in the unit of the numbers; of the correlations, 1 is best."
    if judged.split == "test":
        rows = len(table.part("validation"))
        main = intervals(table, "validation", answers["validation"], scores)
        other = score_table(table, scores.loc["validation"], judged, main)
        made += f"<details><summary>On validation ({counted(rows)})</summary>{other}</details>"
    return f"{made}{told}</p>"


def score_table(table: Table, scores: pd.DataFrame, judged: Judged, main: dict) -> str:
    """A row a model: its main score with a bar and an interval, and its other scores."""
    name, digits, places = MAIN[table.task], judged.decimals, decimals_for(judged.rows)
    others = [score for score in scores if score != name]
    top = max(high for _, _, high in main.values()) if name == "rmse" else 1.0
    rows = []
    for model, values in main.items():
        kind, sign = "", ""
        if model in (judged.model, judged.rival):
            kind = "own" if model == judged.model else "rival"
            sign = " (this model)" if kind == "own" else " (compared with)"
        cells = f"<td>{escape(model)}{sign}</td>{bar_cells(values, top, digits, kind)}"
        rest = "".join(html_cell(float(scores[o][model]), places) for o in others)
        rows.append(f"<tr>{cells}{rest}</tr>\n")
    titles = [WORDS.get(score, score) for score in (name, *others)]
    heads = ["model", titles[0], "", "95 % interval", *titles[1:]]
    return scrolled(heads, rows)


def bar_cells(values: tuple[float, float, float], top: float, digits: int, kind: str = "") -> str:
    """Cells with a number, a bar with its interval, and the interval in digits."""
    value, low, high = values
    if np.isnan(value):
        return '<td class="number">–</td><td></td><td></td>'
    place = f"--value:{_share(value, top)};--low:{_share(low, top)};"
    place += f"--width:{_share(high - low, top)}"
    return (
        f'<td class="number">{written(value, digits)}</td>'
        f'<td><span class="bar {kind}" style="{place}"></span></td>'
        f'<td class="number">{reach(low, high, digits)}</td>'
    )


def reach(low: float, high: float, digits: int) -> str:
    """An interval in digits; a dash where rows drawn anew always gave the same score."""
    return f"{written(low, digits)} to {written(high, digits)}" if low < high else "–"


def _share(value: float, top: float) -> str:
    return f"{100 * min(max(value / top, 0), 1):.1f}%"


def per_class(true: np.ndarray, given: np.ndarray, names: list[str]) -> pd.DataFrame:
    """Each class with precision, recall, F1, its number of rows and how many of them were found.

    Of one label a row, taken is the class that it is most often taken for, and often how often.
    """
    scores = precision_recall_fscore_support(
        true, given, labels=range(len(names)), zero_division=np.nan
    )
    titles = ("precision", "recall", "F1", "rows")
    classes = pd.DataFrame({"class": names} | dict(zip(titles, scores, strict=True)))
    classes["rows"] = classes["rows"].astype(int)
    found = (classes["recall"].fillna(0) * classes["rows"]).round().astype(int)
    classes["found"] = found
    if true.ndim == 1:
        wrong = confusion_matrix(true, given, labels=range(len(names)))
        np.fill_diagonal(wrong, 0)
        taken = [names[i] if n else "" for i, n in zip(wrong.argmax(1), wrong.max(1), strict=True)]
        classes["taken"], classes["often"] = taken, wrong.max(1)
    return classes


def numbered(names: list[str]) -> list[str]:
    """The names of classes, with numbers if they look alike where a picture cuts them."""
    if len(set(in_pictures(names))) == len(names):
        return names
    return [f"{number}. {name}" for number, name in enumerate(names, 1)]


def classes_part(true, given, table: Table, classes: pd.DataFrame, title: str) -> str:
    """What is taken for what, and each class with its recall as a bar."""
    rows, names = [], numbered(table.names)
    for name, row in zip(names, classes.to_dict("records"), strict=True):
        bounds = share_of(row["found"], row["rows"]) if row["rows"] else (np.nan, np.nan)
        cells = bar_cells((row["recall"], *bounds), 1, 2, "own")
        rest = "".join(html_cell(row[score]) for score in ("precision", "F1"))
        rows.append(f"<tr>{html_cell(name)}{html_cell(row['rows'])}{cells}{rest}</tr>\n")
    kind = "label" if table.task == "multi_label" else "class"
    heads = [kind, "rows", "recall", "", "95 % interval", "precision", "F1"]
    made = scrolled(heads, rows)
    if table.task == "classification" and len(table.names) <= DRAWN:
        made = f"{figure(draw_confusion(true, given, names, title))}<div>{made}</div>"
    told = "<p>Recall: how many of the rows with this label are found. Precision: how many of the "
    return f'<div class="beside">{made}</div>{told}rows that are given this label carry it.</p>'


def worst_part(table: Table, outputs: pd.DataFrame, model: Run | CheapModel, split: str) -> str:
    """The rows of the last split on which the model is most wrong, with coloured words."""
    worst = worst_rows(table, outputs, split)
    if not len(worst):
        return f"<p>No {split} row is wrong.</p>"
    texts = [tuple(row) for row in worst[table.texts].to_numpy()]
    short = [i for i, row in enumerate(texts) if max(map(len, row)) <= MOST]
    words = {}
    if table.task != "multi_label":
        asked = [texts[i] if len(table.texts) > 1 else texts[i][0] for i in short]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of long texts; that was told when they were read
            words = dict(zip(short, explain_words(model, asked), strict=True))
    rows = []
    for i, row in enumerate(worst.to_dict("records")):
        shown = words[i].html() if i in words else "<br>".join(map(escaped, texts[i]))
        rows.append(row_block(mistake(table, row), texts[i], shown, row[WHERE], split))
    told = f"<p>The {counted(len(rows), f'{split} row')} on which the model is most wrong. Some "
    told += (
        "labels are wrong, some texts are unclear, and some answers are the model’s own mistakes."
    )
    if words:
        side = "speak for what the model says, ochre and − against it"
        if table.task == "regression":
            side = "raise what the model says, ochre and − lower it"
        told += f" A word’s number is what the answer loses without it: blue and + {side}."
    return f"{told}</p>\n{listed(rows)}"


def worst_rows(table: Table, outputs: pd.DataFrame, split: str) -> pd.DataFrame:
    """Wrong answers on a split, with LOSS, the largest first: of the label, or the difference."""
    rows = outputs[outputs[SPLIT] == split]
    if table.task == "regression":
        loss = (rows[PREDICTED] - rows[table.label].astype(float)).abs()
    else:
        given = rows[[f"{OURS}probability_{name}" for name in table.names]].to_numpy()
        marks = table.targets(split)
        if table.task == "classification":
            likely = given[range(len(rows)), marks][:, None]
        else:
            likely = np.where(marks, given, 1 - given)
        loss = -np.log(likely.clip(1e-6)).mean(1)
    rows = rows.assign(**{LOSS: loss})
    if table.names:
        pairs = zip(rows[PREDICTED], rows[table.label], strict=True)
        several = table.task == "multi_label"
        rows = rows[[set(a) != set(b) if several else a != b for a, b in pairs]]
    return rows.sort_values(LOSS, ascending=False, kind="stable").head(WORST)


def mistake(table: Table, row: dict) -> str:
    """A wrong answer beside the label, as HTML."""
    label, said = row[table.label], row[PREDICTED]
    if table.task == "regression":
        digits = decimals_for(0, np.std(table.targets("train")))
        predicted, off = chip(written(said, digits), "other"), written(row[LOSS], digits)
        side = "high" if said > float(label) else "low"
        return f"labelled {chip(label)}, predicted {predicted}: {off} too {side}"
    if table.task == "multi_label":
        label, said = (", ".join(names) or "none" for names in (label, said))
        return f"labelled {chip(label)}, predicted {chip(said, 'other')}"
    of_label, of_said = (row[f"{OURS}probability_{name}"] for name in (label, said))
    return (
        f"labelled {chip(label)} (probability {of_label:.2f}), predicted {chip(said, 'other')} "
        f"({of_said:.2f})"
    )


def doubted_part(table: Table, found: pd.DataFrame | None) -> str:
    """The rows whose labels look wrong, the worst first, as the command `errors` lists them."""
    if found is None:
        return (
            f"<p>There are more than {HUNTED:,} rows, for which the search takes long: "
            "<code>python -m helpers errors</code> does it.</p>"
        )
    if not len(found):
        return "<p>No label is doubted.</p>"
    rows = []
    for row in found.head(SUSPECTS).to_dict("records"):
        head = f"labelled {chip(row[table.label])}, suggested {chip(row[SUGGESTED], 'other')}, "
        head += f"suspicion {row[SUSPICION]:.2f}"
        texts = [row[column] for column in table.texts]
        shown = "<br>".join(map(escaped, texts))
        rows.append(row_block(head, texts, shown, f"{row[WHERE]}", row[SPLIT]))
    return (
        f"<p>The first {len(rows)} of {counted(len(found))} whose label is doubted. Six cheap "
        "judges would give another one, and none has seen the row. Suspicion is 1 less the mean "
        "probability that they give to the label. Some labels are wrong, some texts are unclear, "
        f"and some doubts are the judges’ own mistakes.</p>\n{listed(rows)}"
    )


def listed(rows: Sequence[str]) -> str:
    """Rows as a numbered list, all but the first ones folded."""
    made, rest = f"<ol>{''.join(rows[:OPEN])}</ol>", rows[OPEN:]
    if not rest:
        return made
    return (
        f"{made}\n<details><summary>{len(rest)} more</summary>\n"
        f'<ol start="{OPEN + 1}">{"".join(rest)}</ol></details>'
    )


def row_block(head: str, texts: Sequence[str], shown: str, place: str, split: str) -> str:
    """A row as an item of a list; a long text is folded. head, shown: HTML."""
    whole = " / ".join(texts)
    if len(whole) > LETTERS:
        start = escape(whole[:LETTERS])
        shown = f"<details><summary><span>{start} …</span></summary>{shown}</details>"
    place = f'<span class="place">{escape(place)}</span>, {split}'
    return f"<li><p>{head} <small>{place}</small></p>\n<div>{shown}</div></li>\n"


def chip(label, kind: str = "given") -> str:
    """A label on a coloured ground."""
    return f'<span class="chip {kind}">{escape(str(label))}</span>'


def escaped(text: str) -> str:
    """A text as HTML, cut where it is very long."""
    more = f" … ({len(text):,} letters)" if len(text) > MOST else ""
    return escape(text[:MOST] + more)


def figure(picture: Picture) -> str:
    """A picture on white ground in any theme, that scrolls in itself where it would get tiny."""
    least = f"--least:{round(0.65 * picture.width)}px"
    return f'<figure style="{least}" tabindex="0">{picture.html()}</figure>'


def scrolled(heads: Sequence[str], rows: Sequence[str]) -> str:
    """A table that scrolls in itself where the page is narrow; of many rows, folded."""
    kinds = (
        re.findall(r"<td(?: class=.long.)?( class=.number.)?>", rows[0])
        if rows
        else [""] * len(heads)
    )
    pairs = zip(kinds, heads, strict=True)
    head = "".join(f"<th{kind}>{escape(name)}</th>" for kind, name in pairs)
    table = f"<table><tr>{head}</tr>\n{''.join(rows)}</table>"
    table = f'<div class="scroll" tabindex="0">{table}</div>'
    if len(rows) > DOWN:
        return f"<details><summary>A table of {len(rows):,} rows</summary>{table}</details>"
    return table


def html_table(frame: pd.DataFrame, digits: int = 2) -> str:
    """A data frame as an HTML table, its texts escaped and cut, its numbers rounded."""
    rows = []
    for row in frame.itertuples(index=False, name=None):
        rows.append(f"<tr>{''.join(html_cell(value, digits) for value in row)}</tr>\n")
    return scrolled([str(column).removeprefix(OURS) for column in frame.columns], rows)


def html_cell(value, digits: int = 2) -> str:
    """One cell of an HTML table."""
    if isinstance(value, (int, np.integer)):
        return f'<td class="number">{value:,}</td>'
    if isinstance(value, (float, np.floating)):
        return f'<td class="number">{"–" if np.isnan(value) else written(value, digits)}</td>'
    text = str(value)
    if len(text) > LETTERS:
        text = text[:LETTERS] + " …"
    is_long = max(map(len, text.split()), default=0) > WORD
    kind = ' class="long"' if is_long else ""
    return f"<td{kind}>{escape(text)}</td>"


def data_summary(table: Table) -> str:
    """Tables of the labels by split and of the length of the texts, and what is odd."""
    frame, label, digits = table.frame, table.label, 2
    if table.names:
        single = frame[[SPLIT, label]].explode(label)
        counts = pd.crosstab(single[SPLIT], single[label])
        counts = counts.reindex(index=table.splits, columns=table.names, fill_value=0)
        counts.insert(0, f"{OURS}rows", frame[SPLIT].value_counts())
    else:
        numbers = frame[label].astype(float)
        counts, digits = numbers.groupby(frame[SPLIT]).describe(), decimals_for(0, numbers.std())
        counts["count"] = counts["count"].astype(int)
    counts = counts.loc[table.splits].rename_axis(index=SPLIT, columns=None)
    if len(counts.columns) > ACROSS:
        counts = counts.T.rename_axis(f"{OURS}label")
    words = {column: frame[column].str.split().str.len() for column in table.texts}
    lengths = [(c, int(n.median()), int(n.max())) for c, n in words.items()]
    lengths = pd.DataFrame(lengths, columns=["text column", "words, median", "words, most"])
    notes = "".join(f"<li>{escape(note)}</li>" for note in table.notes)
    notes = f"<ul>{notes}</ul>" if notes else ""
    return f"{html_table(counts.reset_index(), digits)}\n{html_table(lengths)}{notes}"


def cheap_part(cheap: CheapModel) -> str:
    """The parts of a cheap model."""
    parts = cheap.parts.rename_axis("part").reset_index()
    parts["C"] = [f"{c:g}" if c == c else "–" for c in parts["C"]]
    shown = html_table(parts, decimals_for(cheap.about["rows"]))
    return (
        f"<details><summary>A mean of {len(parts) - 1} linear models</summary>{shown}\n"
        "<p>Share: in the mean. C: how freely a part may follow the rows. Scores by "
        "cross-validation on train: of each part alone, and of the mean without it.</p></details>"
    )


def card_part(title: str, table: Table, model: Run | CheapModel, judged: Judged) -> str:
    """What someone who is given the model must know."""
    columns = f"the column{'s'[: len(table.texts) - 1]} {' and '.join(table.texts)}"
    label = "several a row" if table.task == "multi_label" else f"the column {table.label}"
    kinds = {"classification": "one of these classes", "multi_label": "any of these labels"}
    purpose = f"It reads {columns}, and predicts {kinds.get(table.task, 'a number')}"
    parts = card_parts(
        model,
        purpose=purpose + (f": {', '.join(table.names)}." if table.names else "."),
        use=[f"python -m helpers predict {quote(title)} FILE --output predictions.csv"],
        data=f"Texts from {columns}, labels from {label}.",
        scores=card_scores(table, judged),
        limits="The scores hold for rows from the same source, labelled by the same rules. The "
        "model has learnt the errors and the slant of these labels too; let a person look wherever "
        "an answer has consequences.",
    )
    made = []
    for heading, content in parts.items():
        if isinstance(content, pd.DataFrame):
            content = html_table(content.reset_index(), judged.decimals)
        elif isinstance(content, list):
            content = f"<pre>{escape(chr(10).join(content))}</pre>"
        else:
            content = f"<p>{escape(content)}</p>"
        made.append(f"<h3>{escape(heading)}</h3>\n{content}")
    return "\n".join(made)


def card_scores(table: Table, judged: Judged) -> pd.DataFrame:
    """The main score of each model with its interval, for a model card."""
    digits = judged.decimals
    rows = {
        model: [written(value, digits), reach(low, high, digits)]
        for model, (value, low, high) in judged.main.items()
    }
    heads = [WORDS.get(MAIN[table.task], MAIN[table.task]), "95 % interval"]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=heads)
    return frame.rename_axis(f"on {counted(judged.rows)} of {judged.split}")
