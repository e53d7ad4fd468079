"""report.html: what a run learnt and where it fails, in one file that asks nothing of a network.

All that comes from a user's rows is escaped, and the pictures are inside.
"""

from base64 import b64encode
from html import escape
from pathlib import Path
from string import Template

import numpy as np
import pandas as pd
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import precision_recall_fscore_support
from sklearn.pipeline import make_pipeline

from .figures import Picture, draw_agreement, draw_confusion, draw_curves
from .runs import Run
from .scores import metric
from .tables import Table

SUSPECTS, LETTERS, DRAWN = 20, 400, 30  # rows listed, letters of a text, classes in one picture
PAGE = Path(__file__).with_name("report.html")


def scores_of(table: Table, outputs: pd.DataFrame, extra: str | None = None) -> pd.DataFrame:
    """Scores on the rows that were held out, the cheap baselines first.

    outputs: the table's rows and what the run predicted for them. extra: one more metric, such as
        GLUE's.
    Returns: a row a split and model, a column a metric.
    """
    names = ["accuracy", "macro_f1"] if table.names else ["pearson", "spearman", "rmse"]
    if extra and extra not in names:
        names.insert(0, extra)
    scores = {}
    for split in table.splits[1:]:
        true = table.targets(split)
        answers = baselines(table, split) | {"fine-tuned": answers_in(table, outputs, split)}
        for model, predicted in answers.items():
            scores[split, model] = {name: metric(name, true, predicted) for name in names}
    return pd.DataFrame(scores).T


def baselines(table: Table, split: str) -> dict[str, np.ndarray]:
    """What models that take seconds say of a split: a constant, and a linear one on TF-IDF."""
    texts = {}
    for part in ("train", split):
        texts[part] = table.part(part)[table.texts].agg(" ".join, axis=1).tolist()
    words = TfidfVectorizer(token_pattern=r"\S+", sublinear_tf=True)
    if table.names:
        models = {"majority": DummyClassifier(), "TF-IDF": LogisticRegression(C=10, max_iter=500)}
    else:
        models = {"mean": DummyRegressor(), "TF-IDF": Ridge()}
    answers = {}
    for name, model in models.items():
        fitted = make_pipeline(words, model).fit(texts["train"], table.targets("train"))
        answers[name] = fitted.predict(texts[split])
    return answers


def answers_in(table: Table, outputs: pd.DataFrame, split: str) -> np.ndarray:
    """The ids, or numbers, that a run predicted for a split."""
    given = outputs["predicted"][outputs["split"] == split].tolist()
    return np.array([table.names.index(name) for name in given] if table.names else given)


def make_report(run: Run, table: Table, outputs: pd.DataFrame, scores: pd.DataFrame) -> str:
    """The page, as HTML.

    outputs: the table's rows in order, with predicted and, for classes, probability_<name>.
    scores: from `scores_of`.
    """
    parts = {
        "Data": data_summary(table),
        "Scores": html_table(scores.rename_axis(["split", "model"]).reset_index())
        + "<p>The baselines come first in each split: a fine-tuned model that does not beat them "
        "clearly is not worth its trouble.</p>",
        "Training": image(draw_curves(run.log_history)),
    }
    split = table.splits[-1]
    true, given = table.targets(split), answers_in(table, outputs, split)
    if table.names:
        if len(table.names) <= DRAWN:
            matrix = draw_confusion(true, given, table.names, f"Fine-tuned, {split}")
            parts["What is taken for what"] = image(matrix)
        parts[f"Each class ({split})"] = html_table(per_class(true, given, table.names))
    else:
        parts["Predicted and true"] = image(draw_agreement(true, given, split))
    parts["Most suspicious rows"] = (
        "<p>Held-out rows where model and label disagree most. Read them: some labels are wrong, "
        "some texts are unclear, and some answers of the model are its own mistakes.</p>"
        + html_table(suspicious_rows(table, outputs))
    )
    parts["Model card"] = model_card(run, table, scores)
    body = "\n".join(f"<h2>{escape(title)}</h2>\n{part}" for title, part in parts.items())
    page = Template(PAGE.read_text(encoding="utf-8"))
    return page.substitute(title=escape(f"Report on {run.folder.name}"), body=body)


def html_table(frame: pd.DataFrame) -> str:
    """A data frame as an HTML table, its texts escaped and cut, its numbers rounded."""
    head = "".join(f"<th>{escape(str(column))}</th>" for column in frame.columns)
    rows = []
    for row in frame.itertuples(index=False, name=None):
        rows.append(f"<tr>{''.join(map(html_cell, row))}</tr>\n")
    return f"<table><tr>{head}</tr>\n{''.join(rows)}</table>"


def html_cell(value) -> str:
    """One cell of an HTML table."""
    if isinstance(value, (int, np.integer)):
        return f'<td class="number">{value:,}</td>'
    if isinstance(value, (float, np.floating)):
        return f'<td class="number">{"–" if np.isnan(value) else f"{value:.3f}"}</td>'
    text = str(value)
    if len(text) > LETTERS:
        text = text[:LETTERS] + " …"
    return f"<td>{escape(text)}</td>"


def image(picture: Picture) -> str:
    """A picture as an HTML image that holds its data."""
    data = b64encode(picture.png).decode("ascii")
    alt = escape(picture.alt)
    return f'<img width="{picture.width}" alt="{alt}" src="data:image/png;base64,{data}">'


def data_summary(table: Table) -> str:
    """Tables of the labels by split and of the length of the texts, and what is odd."""
    frame, label = table.frame, table.label
    if table.names:
        counts = pd.crosstab(frame["split"], frame[label])[table.names]
        counts.insert(0, "rows", counts.sum(axis=1))
    else:
        counts = frame[label].astype(float).groupby(frame["split"]).describe()
        counts["count"] = counts["count"].astype(int)
    counts = counts.loc[table.splits].reset_index()
    words = {column: frame[column].str.split().str.len() for column in table.texts}
    lengths = [(c, int(n.median()), int(n.max())) for c, n in words.items()]
    lengths = pd.DataFrame(lengths, columns=["text column", "words, median", "words, most"])
    notes = "".join(f"<li>{escape(note)}</li>" for note in table.notes)
    return f"{html_table(counts)}<br>{html_table(lengths)}<ul>{notes}</ul>"


def per_class(true, given, names: list[str]) -> pd.DataFrame:
    """Precision, recall, F1 and number of rows of each class."""
    columns = precision_recall_fscore_support(
        true, given, labels=range(len(names)), zero_division=np.nan
    )
    titles = ("precision", "recall", "F1", "rows")
    return pd.DataFrame({"class": names} | dict(zip(titles, columns, strict=True)))


def suspicious_rows(table: Table, outputs: pd.DataFrame) -> pd.DataFrame:
    """The held-out rows furthest from their labels, the worst first."""
    held_out = outputs[outputs["split"] != "train"]
    if table.names:
        given = [row[f"probability_{row[table.label]}"] for _, row in held_out.iterrows()]
        shown = held_out.assign(**{"probability of the label": given})
        shown = shown.sort_values("probability of the label", kind="stable")
    else:
        apart = (held_out["predicted"] - held_out[table.label].astype(float)).abs()
        shown = held_out.assign(difference=apart).sort_values("difference", ascending=False)
    columns = ["where", *table.texts, table.label, "predicted", shown.columns[-1]]
    return shown[columns].head(SUSPECTS)


def model_card(run: Run, table: Table, scores: pd.DataFrame) -> str:
    """What someone who is given the model must know."""
    about, arguments = run.details, run.details["arguments"]
    split, own = table.splits[-1], scores.loc[table.splits[-1], "fine-tuned"]
    results = ", ".join(f"{name} {value:.3f}" for name, value in own.items())
    facts = {
        "Task": f"classification: {', '.join(table.names)}" if table.names else "regression",
        "Input": " and ".join(table.texts),
        "Made from": about["checkpoint"],
        "Trained on": f"{about['rows']['train']:,} rows, {about['finished'][:10]}",
        "How": f"{arguments['epochs']} epochs, {arguments['batch_size']} rows a step, learning "
        f"rate {arguments['learning_rate']:g}, seed {about['seed']}, {about['machine']['dtype']}",
        f"Scores ({split})": results,
        "Limits": "The scores hold for rows from the same source, labelled by the same rules. "
        "The model has learnt the errors and the slant of these labels too; let a person look "
        "wherever an answer has consequences.",
        "Use": f"python -m helpers predict {run.folder.name} FILE --output predictions.csv",
        "Versions": ", ".join(f"{name} {number}" for name, number in about["versions"].items()),
        "Fingerprint": about["fingerprint"],
    }
    return html_table(pd.DataFrame(facts.items(), columns=["", " "]))
