"""report.html: what a run learnt and where it fails, in one file that asks nothing of a network.

All that comes from a user's rows is escaped, and the pictures are inside.
"""

from html import escape
from pathlib import Path
from string import Template

import numpy as np
import pandas as pd
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import precision_recall_fscore_support
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline

from .cheap import CheapModel
from .figures import draw_agreement, draw_confusion, draw_curves
from .runs import Run, checkpoint_name
from .scores import best_threshold, metric
from .suspects import doubts
from .tables import OURS, PREDICTED, SPLIT, SUGGESTED, SUSPICION, WHERE, Table, marks_of

SUSPECTS, LETTERS, DRAWN = 20, 400, 30  # rows listed, letters of a text, classes in one picture
ACROSS = 9  # columns of a table that a sheet of paper has room for
HUNTED = 20_000  # more rows are not searched for wrong labels by the way
PAGE = Path(__file__).with_name("report.html")


def scores_of(
    table: Table,
    outputs: pd.DataFrame,
    cheap: CheapModel | None,
    model: str,
    extra: str | None = None,
) -> pd.DataFrame:
    """Scores on the rows that were held out, the cheapest first.

    outputs: the table's rows and what the model said of them. cheap: the cheap model of these rows.
    model: what the last row is called; "cheap" is not shown twice. extra: one more metric, such as
    GLUE's.
    Returns: a row a split and model, a column a metric.
    """
    names = {
        "classification": ["accuracy", "macro_f1"],
        "multi_label": ["micro_f1", "macro_f1"],
        "regression": ["pearson", "spearman", "rmse"],
    }[table.task]
    if extra and extra not in names:
        names.insert(0, extra)
    scores = {}
    for split in table.splits[1:]:
        true, own = table.targets(split), answers_in(table, outputs, split)
        answers = baselines(table, split)
        if cheap:
            answers["cheap"] = own if model == "cheap" else cheap.predict(table.rows(split))
        answers[model] = own
        for name, predicted in answers.items():
            scores[split, name] = {score: metric(score, true, predicted) for score in names}
    return pd.DataFrame(scores).T


def baselines(table: Table, split: str) -> dict[str, np.ndarray]:
    """What models that take a second say of a split: a constant, and a linear one on TF-IDF.

    Of several labels a row, the constant is the most frequent one, and the linear models, one for
    each label against the rest, have a threshold chosen on validation.
    """
    texts = {}
    for part in {"train", "validation", split}:
        texts[part] = table.part(part)[table.texts].agg(" ".join, axis=1).tolist()
    words = TfidfVectorizer(token_pattern=r"\S+", sublinear_tf=True)
    if table.task == "multi_label":
        marks = table.targets("train")
        linear = OneVsRestClassifier(LogisticRegression(C=10, max_iter=500))
        model = make_pipeline(words, linear).fit(texts["train"], marks)
        chosen = model.predict_proba(texts["validation"])
        threshold = best_threshold(table.targets("validation"), chosen)
        most = np.arange(len(table.names)) == marks.sum(0).argmax()
        return {
            "the most frequent": np.tile(most.astype(int), (len(texts[split]), 1)),
            "TF-IDF": (model.predict_proba(texts[split]) >= threshold).astype(int),
        }
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
    """The ids, the numbers, or 0 or 1 [n, labels], that a run predicted for a split."""
    given = outputs[PREDICTED][outputs[SPLIT] == split].tolist()
    if table.task == "multi_label":
        return marks_of(given, table.names)
    return np.array([table.names.index(name) for name in given] if table.names else given)


def make_report(
    title: str,
    table: Table,
    outputs: pd.DataFrame,
    scores: pd.DataFrame,
    cheap: CheapModel | None,
    run: Run | None,
) -> str:
    """The page, as HTML.

    outputs: the table's rows in order, with PREDICTED.
    scores: from `scores_of`. run: the fine-tuned model; None where the cheap model is the one.
    """
    model = "fine-tuned" if run else "cheap"
    parts = {
        "Data": data_summary(table),
        "Scores": html_table(scores.rename_axis(["split", "model"]).reset_index())
        + "<p>The cheapest come first in each split. A fine-tuned model that does not clearly beat "
        f"{'the cheap one' if cheap else 'TF-IDF'}, which takes seconds, is not worth its trouble."
        "</p>",
    }
    if cheap:
        parts["What the cheap model is made of"] = (
            html_table(cheap.parts.rename_axis("part").reset_index())
            + "<p>A mean of linear models with these shares. C says how freely a part may follow "
            "the rows. Scores by cross-validation on train: of each part alone, and of the mean "
            "without it.</p>"
        )
    if run:
        parts["Training"] = draw_curves(run.log_history).html()
    split = table.splits[-1]
    true, given = table.targets(split), answers_in(table, outputs, split)
    if table.task == "multi_label":
        parts[f"Each label ({split})"] = html_table(per_class(true, given, table.names))
    elif table.names:
        if len(table.names) <= DRAWN:
            matrix = draw_confusion(true, given, table.names, f"{model}, {split}")
            parts["What is taken for what"] = matrix.html()
        parts[f"Each class ({split})"] = html_table(per_class(true, given, table.names))
        parts["Most suspicious rows"] = suspicious_classes(table)
    else:
        parts["Predicted and true"] = draw_agreement(true, given, split).html()
        parts["Most suspicious rows"] = suspicious_numbers(table, outputs)
    facts = cheap_facts(cheap) if run is None else run_facts(run)
    parts["Model card"] = model_card(title, table, scores.loc[split, model], split, facts)
    body = "\n".join(f"<h2>{escape(title)}</h2>\n{part}" for title, part in parts.items())
    page = Template(PAGE.read_text(encoding="utf-8"))
    return page.substitute(title=escape(f"Report on {title}"), body=body)


def html_table(frame: pd.DataFrame) -> str:
    """A data frame as an HTML table, its texts escaped and cut, its numbers rounded."""
    names = [str(column).removeprefix(OURS) for column in frame.columns]
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
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


def data_summary(table: Table) -> str:
    """Tables of the labels by split and of the length of the texts, and what is odd."""
    frame, label = table.frame, table.label
    if table.names:
        single = frame[[SPLIT, label]].explode(label)
        counts = pd.crosstab(single[SPLIT], single[label])
        counts = counts.reindex(index=table.splits, columns=table.names, fill_value=0)
        counts.insert(0, f"{OURS}rows", frame[SPLIT].value_counts())
    else:
        counts = frame[label].astype(float).groupby(frame[SPLIT]).describe()
        counts["count"] = counts["count"].astype(int)
    counts = counts.loc[table.splits].rename_axis(index=SPLIT, columns=None)
    if len(counts.columns) > ACROSS:
        counts = counts.T.rename_axis(f"{OURS}label")
    counts = counts.reset_index()
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


def suspicious_classes(table: Table) -> str:
    """The rows whose labels look wrong, the worst first, as the command `errors` lists them."""
    if len(table.frame) > HUNTED:
        return (
            f"<p>There are more than {HUNTED:,} rows, for which the search takes long: "
            "<code>python -m helpers errors</code> does it.</p>"
        )
    found = doubts(table)
    columns = [WHERE, SPLIT, *table.texts, table.label, SUGGESTED, SUSPICION]
    return (
        f"<p>The first {SUSPECTS} of {len(found):,} rows whose label is doubted. Six cheap judges "
        "would give another one, and none of them has seen the row. Suspicion is 1 less the mean "
        "probability that they give to the label. Read the rows: some labels are wrong, some texts "
        "are unclear, and some doubts are the judges' own mistakes.</p>"
        + html_table(found[columns].head(SUSPECTS))
    )


def suspicious_numbers(table: Table, outputs: pd.DataFrame) -> str:
    """The held-out rows furthest from their numbers, the worst first."""
    held_out = outputs[outputs[SPLIT] != "train"]
    apart = (held_out[PREDICTED] - held_out[table.label].astype(float)).abs()
    difference = f"{OURS}difference"
    shown = held_out.assign(**{difference: apart}).sort_values(difference, ascending=False)
    columns = [WHERE, *table.texts, table.label, PREDICTED, difference]
    return (
        "<p>Held-out rows where model and number are furthest apart. Read them: some numbers are "
        "wrong, some texts are unclear, and some answers of the model are its own mistakes.</p>"
        + html_table(shown[columns].head(SUSPECTS))
    )


def run_facts(run: Run) -> dict[str, str]:
    """What is to be told of a fine-tuned model."""
    about, arguments = run.details, run.details["arguments"]
    return {
        "Made from": about["checkpoint"],
        "Trained on": f"{about['rows']['train']:,} rows, {about['finished'][:10]}",
        "How": f"{arguments['epochs']} epochs, {arguments['batch_size']} rows a step, learning "
        f"rate {arguments['learning_rate']:g}, seed {about['seed']}, {about['machine']['dtype']}",
        "Versions": ", ".join(f"{name} {number}" for name, number in about["versions"].items()),
        "Fingerprint": about["fingerprint"],
    }


def cheap_facts(cheap: CheapModel) -> dict[str, str]:
    """What is to be told of a cheap model."""
    return {
        "Made from": cheap.about["checkpoint"] or checkpoint_name(None),
        "Trained on": f"{cheap.about['rows']:,} rows",
        "How": "a mean of linear models on words, on runs of letters, and on the mean states of "
        "four layers of a frozen encoder",
    }


def model_card(
    title: str, table: Table, scores: pd.Series, split: str, facts: dict[str, str]
) -> str:
    """What someone who is given the model must know."""
    results = ", ".join(f"{name} {value:.3f}" for name, value in scores.items())
    told = {
        "Task": table.task.replace("_", "-")
        + (f": {', '.join(table.names)}" if table.names else ""),
        "Input": " and ".join(table.texts),
        f"Scores ({split})": results,
        "Limits": "The scores hold for rows from the same source, labelled by the same rules. "
        "The model has learnt the errors and the slant of these labels too; let a person look "
        "wherever an answer has consequences.",
        "Use": f"python -m helpers predict {title} FILE --output predictions.csv",
    }
    return html_table(pd.DataFrame((told | facts).items(), columns=["", " "]))
