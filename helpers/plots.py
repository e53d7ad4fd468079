"""The plots that notebooks call: plain data in, a picture with alt text shown."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
from IPython import get_ipython
from IPython.display import display
from matplotlib.colors import LinearSegmentedColormap, ListedColormap
from matplotlib.figure import Figure

from .checkpoints import load_checkpoint
from .figures import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PALE,
    PALETTE,
    Picture,
    canvas,
    check_lengths,
    class_ids,
    colours_of,
    draw_confusion,
    draw_curves,
    draw_map,
    finish,
    in_pictures,
)
from .maps import VEGA_LITE, map_to_hover
from .scores import reliability

DRAWINGS = Path(__file__).parents[1] / "notebooks" / "figures"
WORD_COLOURS = ("#CFE3F1", "#FBE3C0")  # in turn, so that the pieces of one word look alike
SPECIAL, UNKNOWN = PALE, "#F6C9C2"
MOST_ON_A_MAP = 400  # texts: about 200 kB in the notebook
ON_WHITE = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}  # a text's background


def show_plot(figure: Figure, alt: str) -> None:
    """Display a figure, with a description for those who cannot see it.

    It is drawn at twice its size in pixels, in few colours: notebooks stay small.
    """
    display(finish(figure, alt))


def _bars(values: Mapping[str, float], colours: Sequence, notes: Sequence[str], alt: str, **look):
    with canvas(7.5, 1 + 0.42 * len(values)) as (figure, (axes,)):
        bars = axes.barh(range(len(values)), list(values.values()), color=colours, height=0.72)
        axes.set_yticks(range(len(values)), in_pictures(list(values)))
        axes.bar_label(bars, notes, padding=5)
        axes.set(ylim=(len(values) - 0.4, -0.6), **look)
        axes.grid(False)
        show_plot(figure, alt)


def plot_class_counts(
    labels: Sequence, names: Sequence[str] | None = None, title: str | None = None
) -> None:
    """Show the number of rows of each class as bars, the largest on top.

    labels: n class ids or names. names: class names in id order (default: those in labels, sorted).
    title: what the bars show, unless given. Raises ValueError for an unknown label.
    """
    if names is None:
        labels = [str(label) for label in labels]
        names = sorted(set(labels))
    counts = np.bincount(class_ids(labels, names), minlength=len(names))
    order = np.argsort(-counts, kind="stable")
    notes = [f"{counts[i]:,}  ({counts[i] / counts.sum():.0%})" for i in order]
    most, least = (f"{names[i]} with {counts[i]:,}" for i in order[[0, -1]])
    alt = f"Bar chart of {len(names)} classes, {counts.sum():,} rows: the largest is {most}, "
    first, last = in_pictures([names[order[0]], names[order[-1]]])
    rows = counts[order[[0, -1]]]
    title = title or f"{rows[0]:,} rows of {first}, {rows[1]:,} of {last}"
    values, colours = {names[i]: counts[i] for i in order}, colours_of(len(names))[order]
    look = {"title": title, "xlabel": "rows", "xticks": [], "xlim": (0, 1.18 * counts.max())}
    _bars(values, colours, notes, f"{alt}the smallest {least}.", **look)


def plot_lengths(
    lengths_by_class: Mapping[str, Sequence[int]],
    ylabel: str = "words per post",
    limit: int | None = None,
) -> None:
    """Show how long the texts of each class are: box = middle half, line = median.

    lengths_by_class: class name -> lengths, in id order. limit: a length to mark, such as the most
    tokens a model reads. Raises ValueError if a class has no lengths.
    """
    names, lengths = list(lengths_by_class), [np.array(v) for v in lengths_by_class.values()]
    if not all(len(values) for values in lengths) or not names:
        raise ValueError("Every class needs at least one length: leave out classes without texts.")
    medians, every = [np.median(values) for values in lengths], np.concatenate(lengths)
    high, low = np.argmax(medians), np.argmin(medians)
    alt = (
        f"Box plot of {ylabel}: the median is highest for {names[high]} ({medians[high]:g}), "
        f"lowest for {names[low]} ({medians[low]:g}); the longest text has {every.max():,}."
    )
    with canvas(max(5, 1.6 + 1.05 * len(names)), 4) as (figure, (axes,)):
        boxes = axes.boxplot(lengths, tick_labels=in_pictures(names), widths=0.55)["boxes"]
        for box, colour in zip(boxes, colours_of(len(names)), strict=True):
            box.set(facecolor=colour, edgecolor=colour, alpha=0.75)
        longest, shortest = in_pictures([names[high], names[low]])
        spread = f"{longest} has the highest median, {medians[high]:g}, {shortest} the lowest, "
        axes.set(title=f"{spread}{medians[low]:g}", ylabel=ylabel)
        axes.set_ylim(0, 1.15 * every.max())
        if limit:
            alt += f" {(every > limit).sum():,} of {every.size:,} are over the limit of {limit:,}."
            _mark_limit(axes, limit, every.max())
        show_plot(figure, alt)


def _mark_limit(axes, limit: int, longest: int) -> None:
    """A dashed line at the limit, or a note where it lies far above the chart."""
    if limit >= 2 * longest:
        note = f"limit {limit:,}, far above this chart"
        axes.text(1, 1, note, transform=axes.transAxes, ha="right", va="top")
        return
    axes.axhline(limit, color=INK, linestyle="--", linewidth=1.3)
    axes.set_ylim(0, 1.12 * max(limit, longest))
    beside = axes.get_yaxis_transform()
    axes.text(1.01, limit, f"limit {limit:,}", transform=beside, ha="left", va="center")


def _plane(points: Sequence) -> np.ndarray:
    plane = np.asarray(points, dtype=float)
    if plane.ndim != 2 or plane.shape[1] != 2:
        raise ValueError(f"points must have the shape [n, 2], but it is {list(plane.shape)}.")
    return plane


def plot_map(
    points: Sequence,
    labels: Sequence,
    names: Sequence[str],
    texts: Sequence[str],
    titles: Sequence[str] = ("The texts in two dimensions",),
    marked: Sequence[int] = (),
) -> None:
    """Show projected texts as a map to hover: a mark a text, its colour and shape say the class.

    points: [n, 2] or a list of such arrays, a panel and a title each. labels: n class ids or names.
    texts: n texts, shown under the pointer. marked: row numbers that get the numbers 1, 2, 3 … in
    every panel. In JupyterLab a click on a name in the legend selects that class; elsewhere a still
    picture of the same rows is shown. The axes have no unit. Raises ValueError for more than 400
    rows, and if points, labels, texts and titles do not match.
    """
    several = isinstance(points, list | tuple) and np.ndim(points[0]) == 2
    panels = [_plane(panel) for panel in (points if several else [points])]
    ids, titles = class_ids(labels, names), [titles] if isinstance(titles, str) else titles
    check_lengths(panels=panels, titles=titles)
    for panel in panels:
        check_lengths(points=panel, labels=ids, texts=texts)
    if len(ids) > MOST_ON_A_MAP:
        raise ValueError(
            f"A map has room for {MOST_ON_A_MAP} texts, not {len(ids):,}: draw a sample of them."
        )
    if outside := [row for row in marked if not 0 <= row < len(ids)]:
        raise ValueError(f"marked holds {outside[0]}: give rows from 0 to {len(ids) - 1}.")
    picture = draw_map(panels, ids, names, titles, marked)
    chart = map_to_hover(panels, ids, names, texts, titles, marked, picture.alt)
    # JupyterLab would take text/html before the chart, and alt text is lost beside image/png.
    bundle = {VEGA_LITE: chart, "text/markdown": picture.html(), "text/plain": picture.alt}
    no_menu = {"embed_options": {"actions": False}}  # it takes width, and opens a site elsewhere
    display(bundle, raw=True, metadata={VEGA_LITE: no_menu})


def plot_class_density(points: Sequence, labels: Sequence, names: Sequence[str]) -> None:
    """Show where the texts of each class lie, a panel per class, all with the same axes.

    points: [n, 2]. labels: n class ids or names. Each panel has a colour scale of its own. Raises
    ValueError if points and labels do not match.
    """
    plane, ids, covered = _plane(points), class_ids(labels, names), {}
    check_lengths(points=plane, labels=ids)
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    extent = [*np.sort(plane[:, 0])[[0, -1]], *np.sort(plane[:, 1])[[0, -1]]]
    grid = {"gridsize": 22, "extent": extent, "mincnt": 1, "linewidths": 0.2}
    with canvas(2.9 * columns, 2.9 * rows + 0.5, rows, columns) as (figure, panels):
        figure.suptitle("Where each class lies (darker: more texts; grey: other classes)")
        for i, (name, colour) in enumerate(zip(names, colours_of(len(names)), strict=True)):
            axes, mine = panels[i], plane[ids == i]
            shades = [0.8 + 0.2 * colour, colour, 0.7 * colour]
            shades = LinearSegmentedColormap.from_list(name, shades)
            axes.hexbin(*plane.T, cmap=ListedColormap([PALE]), **grid)
            covered[name] = len(axes.hexbin(*mine.T, cmap=shades, **grid).get_array())
            (title,) = in_pictures([name])
            axes.set(title=f"{title} ({len(mine):,})", xticks=[], yticks=[], box_aspect=1)
            axes.spines[:].set(visible=True, color=PALE)
        for axes in panels[len(names) :]:
            axes.set_axis_off()
        most, least = max(covered, key=covered.get), min(covered, key=covered.get)
        show_plot(
            figure,
            f"Density of {len(ids):,} texts, a panel for each of {len(names)} classes: {most} "
            f"covers the most cells ({covered[most]}), {least} the fewest ({covered[least]}).",
        )


def plot_confusion(
    y_true: Sequence,
    predictions: Sequence | Mapping[str, Sequence],
    names: Sequence[str],
    title: str = "Confusion matrix",
) -> None:
    """Show which class is taken for which: shares of each true class, with counts beneath.

    y_true: n class ids or names. predictions: n ids or names, or a dict model name -> n predictions
    for matrices side by side on the same rows. Source: sklearn.metrics.confusion_matrix. Raises
    ValueError for an unknown label or lists of different length.
    """
    display(draw_confusion(y_true, predictions, names, title))


def plot_curves(log_history: Sequence[Mapping[str, float]], name: str | None = None) -> None:
    """Show the losses and the validation scores over the epochs of a training run.

    log_history: that of Trainer.state, dicts with epoch and loss, or epoch, eval_loss and scores
    such as eval_accuracy. Errors (eval_rmse, eval_mae, eval_mse) get a panel of their own. Unit:
    that of the loss. name: a second call with it in the same cell takes the place of the first
    picture, so that curves can be watched. Raises ValueError if there is no loss in it.
    """
    picture, cell = draw_curves(log_history), getattr(get_ipython(), "execution_count", None)
    if name is None:
        display(picture)
    elif (name, cell) in _watched:
        _watched[name, cell].update(picture)
    else:
        _watched[name, cell] = display(picture, display_id=True)


_watched: dict = {}  # the displays that `plot_curves` may draw anew, by name and cell


def plot_probabilities(scores: Mapping[str, float], title: str | None = None) -> None:
    """Show the probabilities predicted for one text as bars, the highest set off.

    scores: class name -> probability from 0 to 1, in the order to show. Shown in per cent.
    title: the likeliest class and its probability, unless given. Raises ValueError for a value
    outside 0 to 1.
    """
    outside = [name for name, value in scores.items() if not 0 <= value <= 1]
    if outside or not scores:
        what = f"{outside[0]} has {scores[outside[0]]:g}" if outside else "there are no scores"
        raise ValueError(f"Probabilities run from 0 to 1, but {what}: are these logits?")
    top = max(scores, key=scores.get)
    notes = [f"{value:.1%}" for value in scores.values()]
    listed = ", ".join(f"{name} {note}" for name, note in zip(scores, notes, strict=True))
    title = title or f"{in_pictures([top])[0]}: {scores[top]:.0%}"
    look = {"title": title, "xlim": (0, 1.1), "xlabel": "probability (%)"}
    look |= {"xticks": np.linspace(0, 1, 5), "xticklabels": range(0, 101, 25)}
    colours = [BLUE if name == top else "#B9C4CD" for name in scores]
    _bars(scores, colours, notes, f"Bar chart: {top} is highest. {listed}.", **look)


def plot_attention_mask(tokens: Sequence[Sequence[str]], mask: Sequence[Sequence[int]]) -> None:
    """Show a padded batch as a grid: a row per text, a cell per position, padding in grey.

    tokens, mask: [texts, positions]; mask is 1 where the model reads, 0 for padding. Raises
    ValueError if a row has another length than the first.
    """
    check_lengths(tokens=tokens, mask=mask)
    for cells, marks in zip(tokens, mask, strict=True):
        check_lengths(positions=tokens[0], tokens=cells, mask_values=marks)
    grid = np.array([[int(mark) for mark in marks] for marks in mask])
    wide = 0.3 + 0.085 * max(len(token) for cells in tokens for token in cells)
    with canvas(wide * grid.shape[1] + 0.9, 0.62 * len(grid) + 0.9) as (figure, (axes,)):
        axes.pcolormesh(grid, cmap=ListedColormap(["#D5DBE0", "#CFE3F1"]), vmin=0, vmax=1)
        axes.collections[0].set(edgecolor="white", linewidth=3)
        for (i, j), mark in np.ndenumerate(grid):
            look = {"ha": "center", "va": "center", "color": INK if mark else "#5C6873"}
            axes.text(j + 0.5, i + 0.38, tokens[i][j], **look)
            axes.text(j + 0.5, i + 0.77, mark, fontsize=8.5, **look)
        axes.set_xticks(np.arange(grid.shape[1]) + 0.5, range(grid.shape[1]))
        axes.set_yticks(np.arange(len(grid)) + 0.5, [f"text {i}" for i in range(len(grid))])
        title = f"{(grid == 0).sum()} of {grid.size} positions are padding (mask 0)"
        axes.set(title=title, xlabel="position")
        axes.invert_yaxis()
        axes.grid(False)
        axes.spines[:].set_visible(False)
        shape = f"Grid of {len(grid)} texts and {grid.shape[1]} positions"
        padding = f"{(grid == 0).sum()} of {grid.size} cells are padding"
        show_plot(figure, f"{shape}: {padding}, with attention mask 0.")


def plot_scores(table: pd.DataFrame, metric: str = "accuracy") -> None:
    """Show scores and their intervals as dots and lines, in the order of the table.

    table: index = names, the baseline first; columns score, low, high (the interval's ends), in the
    unit of metric. Raises ValueError for a missing column or an empty table.
    """
    if table.empty or not {"score", "low", "high"} <= set(table.columns):
        raise ValueError("plot_scores needs at least one row and the columns score, low and high.")
    score, low, high = (table[column].to_numpy(float) for column in ("score", "low", "high"))
    spots, names = range(len(table)), [str(name) for name in table.index]
    colours = [GREY] + [BLUE] * (len(table) - 1)
    with canvas(7.5, 1.2 + 0.45 * len(table)) as (figure, (axes,)):
        axes.axvline(score[0], color=GREY, linestyle="--", linewidth=1.2)
        axes.hlines(spots, low, high, color=colours, alpha=0.6, linewidth=3)
        axes.scatter(score, spots, color=colours, s=80, zorder=3)
        for i in spots:
            note, nudge = f"{score[i]:.2f}", {"xytext": (8, 0), "textcoords": "offset points"}
            axes.annotate(note, (high[i], i), va="center", bbox=ON_WHITE, **nudge)
        axes.set_yticks(spots, names)
        best, title = score.argmax(), f"{names[0]} {score[0]:.2f} (dashed)"
        if best:
            title = f"Highest: {names[best]} {score[best]:.2f}; {title}"
        axes.set(title=title, xlabel=f"{metric}, with its interval")
        axes.set(ylim=(len(table) - 0.4, -0.6))
        axes.margins(x=0.12)
        said = [f"{names[i]} {score[i]:.2f} ({low[i]:.2f} to {high[i]:.2f})" for i in spots]
        highest = f"highest is {said[best]}"
        show_plot(figure, f"Dot plot of {metric}: {highest}; the baseline is {said[0]}.")


def plot_reliability(
    confidence: Sequence[float] | Mapping[str, tuple[Sequence[float], Sequence[bool]]],
    right: Sequence[bool] | None = None,
) -> None:
    """Show whether a model is right as often as it says: a dot for each tenth of confidence.

    confidence: n probabilities of the predicted class. right: n booleans. Or one argument, a dict
    name -> (confidence, right), for panels side by side. Lines are Wilson's 95 % intervals, numbers
    beneath are rows; dots of fewer than ten rows are hollow. Raises ValueError for a confidence
    outside 0 to 1, and for lists of different length.
    """
    several = isinstance(confidence, Mapping)
    if several and not confidence:
        raise ValueError("plot_reliability needs one model at least: name -> (confidence, right).")
    models, told = confidence if several else {"": (confidence, right)}, []
    with canvas(4.2 * len(models) + 0.6, 5.3, 1, len(models)) as (figure, row):
        for axes, (name, judged) in zip(row, models.items(), strict=True):
            table, error = reliability(*judged)
            said, share = np.average(table[["said", "right"]], axis=0, weights=table.rows)
            finding = f"says {said:.2f}, is right in {share:.2f}: error {error:.3f}"
            _draw_reliability(axes, table)
            title = f"{in_pictures([name])[0]}:\n{finding}" if name else finding.capitalize()
            axes.set_title(title, fontsize=11)
            bins = table[["said", "right", "rows"]].itertuples(index=False)
            bins = "; ".join(f"{b.said:.2f}, {b.right:.2f}, {b.rows:,}" for b in bins)
            who = f"{name}: it" if name else "The model"
            told.append(f"{who} {finding}; bins (said, right, rows): {bins}.")
        row[0].set_ylabel("share of right answers")
        handles = row[0].get_legend_handles_labels()
        figure.legend(*handles, loc="outside lower center", ncols=3 if len(models) > 1 else 1)
        show_plot(figure, f"Reliability diagram. {' '.join(told)}")


def _draw_reliability(axes, table: pd.DataFrame) -> None:
    """The diagonal, and of each bin its dot, its interval and its number of rows."""
    name = "right as often as said (below it: too sure)"
    axes.axline((0, 0), slope=1, color=GREY, linestyle="--", linewidth=1.3, label=name)
    axes.vlines(table.said, table.low, table.high, color=BLUE, alpha=0.6, linewidth=3)
    many, few = table[table.rows >= 10], table[table.rows < 10]
    look = {"edgecolor": BLUE, "s": 60, "zorder": 3}
    axes.scatter(many.said, many.right, color=BLUE, label="right, with its interval", **look)
    axes.scatter(few.said, few.right, color="white", label="… of fewer than ten rows", **look)
    for middle, rows in zip(table.index / 10 + 0.05, table.rows, strict=True):
        axes.text(middle, -0.07, f"{rows:,}", ha="center", va="center", fontsize=8.5)
    ticks = np.linspace(0, 1, 6)
    axes.set(xlim=(0, 1), ylim=(-0.12, 1.03), xticks=ticks, yticks=ticks, box_aspect=1)
    axes.set_xlabel("confidence (above the axis: rows)")


def plot_budgets(
    table: pd.DataFrame, baseline: float, beside: Mapping[str, pd.DataFrame] | None = None
) -> None:
    """Show the accuracy by how many tokens of a text are kept, a line for each way of cutting.

    table: index = tokens kept, rising; a column for each way, accuracies from 0 to 1. baseline: the
    accuracy without reading, dotted. beside: tables of other models, by their names, with the same
    index and some of the same columns; dashed, in the colour of the way. Raises ValueError for an
    empty table, and for one beside it that does not fit.
    """
    if table.empty:
        raise ValueError("plot_budgets needs at least one budget and one way of cutting.")
    for name, other in (beside or {}).items():
        if not (table.index.equals(other.index) and set(other.columns) <= set(table.columns)):
            raise ValueError(f"{name} needs the budgets of the table, and ways of cutting from it.")
    colours = {way: PALETTE[(0, 3, 4, 2, 1)[i % 5]] for i, way in enumerate(table.columns)}
    marks = {way: "os^Dv"[i % 5] for i, way in enumerate(table.columns)}
    spots, said = range(len(table)), []
    with canvas(7.5, 4.2) as (figure, (axes,)):
        for name, scores_of in {"": table, **(beside or {})}.items():
            look = {"linestyle": "-"}
            if name:
                look = {"linestyle": "--", "linewidth": 1.2, "markerfacecolor": "white"}
            for way, scores in scores_of.items():
                label = f"{name}, {way}" if name else str(way)
                look |= {"color": colours[way], "marker": marks[way]}
                axes.plot(spots, scores, label=label, **look)
                said.append(f"{label} from {scores.iloc[0]:.2f} to {scores.iloc[-1]:.2f}")
        axes.axhline(baseline, color=GREY, linestyle=":", linewidth=1.6, label="without reading")
        axes.set_xticks(spots, [f"{budget:,}" for budget in table.index])
        best = table.stack().idxmax()
        title = f"Best: {best[1]}, {best[0]:,} tokens kept, {table.max(axis=None):.2f}"
        axes.set(title=title, xlabel="tokens kept", ylabel="accuracy")
        axes.yaxis.set_major_formatter("{x:.2f}")
        axes.legend()
        show_plot(
            figure,
            f"Line chart of accuracy from {table.index[0]:,} to {table.index[-1]:,} tokens kept: "
            f"{'; '.join(said)}; without reading {baseline:.2f}.",
        )


def plot_hunt(curves: Mapping[str, Sequence[float]], base_rate: float, n_errors: int) -> None:
    """Show what share of the errors each ranker has found after how many rows read.

    curves: ranker -> recall from 0 to 1, index i = after i + 1 rows. base_rate: share of all rows
    that are errors. n_errors: their number. Drawn as far as four times that many rows, where one
    decides how long to read. Raises ValueError if there are no errors or no curves.
    """
    if n_errors < 1 or not 0 < base_rate <= 1 or not all(map(len, curves.values())) or not curves:
        raise ValueError("A hunt needs errors to find, a base rate above 0 and recall curves.")
    lengths = [len(recall) for recall in curves.values()]
    read, depth = max(lengths), min(n_errors, *lengths)
    recalls = {name: recall[depth - 1] for name, recall in curves.items()}
    per_row = base_rate / n_errors  # what a row read at random adds to the recall
    drawn = min(read, 4 * n_errors)
    rows, thin = np.array([0, min(n_errors, read), read]), {"linewidth": 1.5}
    ends = {name: [0, *recall][min(drawn, len(recall))] for name, recall in curves.items()}
    ends |= {"perfect order": min(drawn / n_errors, 1), "at random": drawn * per_row}
    inks = [*colours_of(len(curves)), INK, GREY]
    with canvas(8.2, 4.6) as (figure, (axes,)):
        for recall, colour in zip(curves.values(), inks, strict=False):
            axes.plot([0, *recall], color=colour, drawstyle="steps-post")
        axes.plot(rows, np.minimum(rows / n_errors, 1), ":", color=INK, **thin)
        axes.plot(rows, rows * per_row, "--", color=GREY, **thin)
        for name, height, ink in zip(
            in_pictures(list(ends)), _apart(ends.values()), inks, strict=True
        ):
            place = (1.01, height / 1.03)
            look = {"color": ink, "va": "center", "fontsize": 10, "fontweight": "bold"}
            axes.text(*place, name, transform=axes.transAxes, **look)
        ranked = sorted(recalls, key=recalls.get, reverse=True)
        found = f"After {depth:,} of {n_errors / base_rate:,.0f} rows {ranked[0]} has found "
        axes.set(title=f"{found}{recalls[ranked[0]]:.0%} of {n_errors:,} errors")
        axes.set(xlabel="rows read, most suspicious first", xlim=(0, drawn))
        axes.set(ylabel="share of the errors found", ylim=(0, 1.03))
        axes.yaxis.set_major_formatter("{x:.0%}")
        listed = ", ".join(f"{name} {recalls[name]:.0%}" for name in ranked)
        listed += f"; at random {depth * per_row:.0%}"
        title = f"Finding {n_errors:,} errors in {n_errors / base_rate:,.0f} rows"
        show_plot(figure, f"{title}: found after {depth:,} rows: {listed}.")


def _apart(heights, gap: float = 0.055) -> np.ndarray:
    """Heights for labels beside lines that end at these, moved apart until none overlap."""
    heights = np.array(list(heights), float)
    order = np.argsort(heights, kind="stable")
    for _ in range(200):
        for lower, upper in zip(order, order[1:], strict=False):
            push = max(0, gap - (heights[upper] - heights[lower])) / 2
            heights[[lower, upper]] += [-push, push]
    return heights


def plot_loss_distribution(
    losses: Sequence[float],
    marked: Sequence[bool] | None = None,
    marked_as: str = "wrong",
    title: str | None = None,
) -> None:
    """Show how many rows have which loss, on a logarithmic axis.

    losses: n losses in nats. marked: n booleans, the rows to colour differently, named by
    marked_as. Raises ValueError for a loss that is negative or not a number.
    """
    values = np.asarray(losses, dtype=float)
    chosen = np.zeros(len(values), bool) if marked is None else np.asarray(marked, dtype=bool)
    check_lengths(losses=values, marked=chosen)
    if not (np.isfinite(values) & (values >= 0)).all():
        raise ValueError("losses must be finite numbers, none below 0.")
    shown = np.maximum(values, 1e-4)
    bins = np.geomspace(shown.min() / 1.01, shown.max() * 1.01, 36)
    middle, top = np.median(values), values.max()
    alt = f"Histogram of {len(values):,} losses: median {middle:.2f}, largest {top:.2f} nats."
    with canvas(7.5, 3.7) as (figure, (axes,)):
        groups = {"other rows": (shown[~chosen], "#9CC3DE"), marked_as: (shown[chosen], ORANGE)}
        parts, colours = zip(*groups.values(), strict=True)
        axes.hist(parts, bins=bins, stacked=True, color=colours, label=list(groups))
        share = values[values >= np.quantile(values, 0.9)].sum() / max(values.sum(), 1e-12)
        title = title or f"The largest tenth of the losses makes {share:.0%} of their sum"
        axes.set(title=title, xscale="log", ylabel="rows")
        axes.set_xlabel("loss (nats, logarithmic axis; losses under 0.0001 count as 0.0001)")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter("")
        axes.margins(y=0.2)  # room for the legend
        if chosen.any():
            axes.legend()
            marks = f"{chosen.sum():,} rows are marked ({marked_as})"
            alt += f" {marks}, with a median of {np.median(values[chosen]):.2f}."
        show_plot(figure, alt)


def show_figure(name: str) -> None:
    """Show a drawing of the course with its description as alt text.

    name: that of a file in notebooks/figures, without the ending. Raises ValueError if there is
    none of that name.
    """
    drawing = DRAWINGS / f"{name}.svg"
    if not drawing.is_file():
        known = ", ".join(sorted(path.stem for path in DRAWINGS.glob("*.svg")))
        raise ValueError(f"There is no figure called {name!r}; there are: {known}.")
    alt = ElementTree.parse(drawing).findtext("{http://www.w3.org/2000/svg}desc")
    display(Picture(drawing.with_suffix(".png").read_bytes(), 900, " ".join(alt.split())))


def show_tokens(text: str, tokenizer=None) -> None:
    """Show the tokens of one text as coloured pieces, each with its id beneath.

    tokenizer: that of the course's checkpoint unless given. The pieces of one word share a colour;
    special tokens are grey, and what the vocabulary does not know is red and says [UNK].
    """
    tokenizer = tokenizer or load_checkpoint()[0]
    encoded = tokenizer(text)
    ids = encoded["input_ids"]
    pieces, spans, said = tokenizer.convert_ids_to_tokens(ids), [], []
    for piece, number, word in zip(pieces, ids, encoded.word_ids(), strict=True):
        colour = SPECIAL if word is None else WORD_COLOURS[word % len(WORD_COLOURS)]
        if number == tokenizer.unk_token_id:
            colour = UNKNOWN
        style = f"display:inline-block;margin:2px 1px;padding:2px 6px;background-color:{colour};"
        style += f"color:{INK};text-align:center"
        id_below = f'<span style="font-size:75%">{number}</span>'
        spans.append(f'<span style="{style}"><b>{escape(piece)}</b><br>{id_below}</span>')
        said.append(f"{piece} {number}")
    html = f'<div style="line-height:1.3">{"".join(spans)}</div>'
    display({"text/html": html, "text/plain": ", ".join(said)}, raw=True)
