"""report.html: what a run learnt and where it fails, in one file that asks nothing of a network.

All that comes from a user's rows is escaped, and the pictures are inside.
"""

from base64 import b64encode
from functools import partial
from html import escape
from unittest.mock import patch

import numpy as np
import pandas as pd
from sklearn import metrics
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline

from . import plots
from .tables import Table
from .training import Run

SUSPECTS, LETTERS, DRAWN = 20, 400, 30  # rows listed, letters of a text, classes in one picture
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #22303c; background: white;
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
h2 {{ margin-top: 2.5rem; border-top: 1px solid #e3e8ec; padding-top: 1.5rem; }}
table {{ border-collapse: collapse; display: block; overflow-x: auto; }}
th, td {{ padding: .3rem .8rem; border-bottom: 1px solid #e3e8ec; text-align: left;
  vertical-align: top; }}
td.number {{ text-align: right; font-variant-numeric: tabular-nums; }}
img {{ max-width: 100%; height: auto; }}
</style>
<h1>{title}</h1>
{body}
</html>
"""


def scores_of(table: Table, outputs: pd.DataFrame, metric: str | None = None) -> pd.DataFrame:
    """Scores on the rows that were held out, the cheap baselines first.

    outputs: the table's rows and what the run predicted for them. metric: one more, such as GLUE's.
    Returns: a row a split and model, a column a metric.
    """
    names = ["accuracy", "macro_f1"] if table.names else ["pearson", "spearman", "rmse"]
    names = list(dict.fromkeys([metric, *names] if metric else names))
    found = {}
    for split in table.splits[1:]:
        answers = baselines(table, split) | {"fine-tuned": answers_in(table, outputs, split)}
        for model, given in answers.items():
            values = [MEASURES[name](table.targets(split), given) for name in names]
            found[split, model] = dict(zip(names, values, strict=True))
    return pd.DataFrame(found).T


def correlation(true, found, method: str) -> float:
    """The correlation of two columns of numbers; NaN if one of them never changes."""
    return pd.Series(true).corr(pd.Series(found), method) if np.ptp(found) else np.nan


MEASURES = {
    "accuracy": metrics.accuracy_score,
    "macro_f1": partial(metrics.f1_score, average="macro"),
    "f1": metrics.f1_score,
    "matthews": metrics.matthews_corrcoef,
    "pearson": partial(correlation, method="pearson"),
    "spearman": partial(correlation, method="spearman"),
    "rmse": metrics.root_mean_squared_error,
}


def baselines(table: Table, split: str) -> dict[str, np.ndarray]:
    """What models that take seconds say of a split: a constant, and a linear one on TF-IDF."""
    texts = {s: table.part(s)[table.texts].agg(" ".join, axis=1).tolist() for s in ("train", split)}
    words = TfidfVectorizer(token_pattern=r"\S+", sublinear_tf=True)
    if table.names:
        models = {"majority": DummyClassifier(), "TF-IDF": LogisticRegression(C=10, max_iter=500)}
    else:
        models = {"mean": DummyRegressor(), "TF-IDF": Ridge()}
    fitted = {
        name: make_pipeline(words, model).fit(texts["train"], table.targets("train"))
        for name, model in models.items()
    }
    return {name: model.predict(texts[split]) for name, model in fitted.items()}


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
        "Training": picture(plots.plot_curves, run.log_history),
    }
    split = table.splits[-1]
    true, given = table.targets(split), answers_in(table, outputs, split)
    if table.names:
        if len(table.names) <= DRAWN:
            parts["What is taken for what"] = picture(
                plots.plot_confusion, true, given, table.names, f"Fine-tuned, {split}"
            )
        parts[f"Each class ({split})"] = html_table(per_class(true, given, table.names))
    else:
        parts["Predicted and true"] = picture(plot_agreement, true, given, split)
    parts["Most suspicious rows"] = (
        "<p>Held-out rows where model and label disagree most. Read them: some labels are wrong, "
        "some texts are unclear, and some answers of the model are its own mistakes.</p>"
        + html_table(suspicious_rows(table, outputs))
    )
    parts["Model card"] = model_card(run, table, scores)
    body = "\n".join(f"<h2>{escape(title)}</h2>\n{part}" for title, part in parts.items())
    return PAGE.format(title=escape(f"Report on {run.folder.name}"), body=body)


def html_table(frame: pd.DataFrame) -> str:
    """A data frame as an HTML table, its texts escaped and cut, its numbers rounded."""

    def cell(value) -> str:
        if isinstance(value, (int, np.integer)):
            return f'<td class="number">{value:,}</td>'
        if isinstance(value, (float, np.floating)):
            return f'<td class="number">{"–" if np.isnan(value) else f"{value:.3f}"}</td>'
        text = str(value)
        return f"<td>{escape(text if len(text) <= LETTERS else text[:LETTERS] + ' …')}</td>"

    head = "".join(f"<th>{escape(str(column))}</th>" for column in frame.columns)
    rows = ("".join(map(cell, row)) for row in frame.itertuples(index=False))
    return f"<table><tr>{head}</tr>\n{''.join(f'<tr>{row}</tr>' + chr(10) for row in rows)}</table>"


def picture(plot, *arguments) -> str:
    """What a plot function of the course would show, as an image that holds its data."""
    shown = []
    with patch.object(plots, "display", shown.append):
        plot(*arguments)
    data = b64encode(shown[0].png).decode("ascii")
    alt = escape(shown[0].alt)
    return f'<img width="{shown[0].width}" alt="{alt}" src="data:image/png;base64,{data}">'


def plot_agreement(true, given, split: str) -> None:
    """Show predicted numbers against true ones, with the line on which they are equal."""
    with plots._canvas(5.5, 5) as (figure, (axes,)):
        axes.axline((true[0], true[0]), slope=1, color=plots.GREY, linestyle="--")
        axes.scatter(true, given, color=plots.BLUE, s=30, alpha=0.5, linewidths=0)
        axes.set(title=f"{len(true):,} rows, {split}", xlabel="true", ylabel="predicted")
        correlation = MEASURES["pearson"](true, given)
        plots.show_plot(figure, f"Scatter plot, predicted against true: Pearson {correlation:.2f}.")


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
    columns = metrics.precision_recall_fscore_support(
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
