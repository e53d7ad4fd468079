"""Pictures: drawn in the style of the course, with a description for those who cannot see them.

A class keeps its colour in every figure: the colour goes by its place in `names`. What both a
notebook and a report show is drawn here.
"""

import io
import logging
import warnings
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from html import escape
from pathlib import Path

import matplotlib.style
import numpy as np
import pandas as pd
from matplotlib import rc_params_from_file
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator
from PIL import Image
from sklearn.metrics import confusion_matrix
from sklearn.neighbors import NearestNeighbors

from .scores import metric

STYLE = Path(__file__).with_name("course.mplstyle")
PALETTE = rc_params_from_file(STYLE)["axes.prop_cycle"].by_key()["color"]
BLUE, ORANGE, INK, GREY, PALE = PALETTE[0], PALETTE[1], "#22303C", "#6B7884", "#E3E8EC"
ZERO = "#56626D"  # of a zero in a matrix
OPACITY = 0.8  # of what is filled with a colour of the palette
SHAPES = ("o", "s", "D", "^", "v", "P")  # of a class's marks: a second sign beside its colour
LETTERS = 24  # of a class name that a picture has room for
ROOM = 1  # inches of class names beside a matrix beyond which the picture gets larger


class Picture:
    """A PNG, the width to show it at, and its description for those who cannot see it.

    It is shown as HTML: there, other than beside an image/png, every front end finds the alt text.
    """

    def __init__(self, png: bytes, width: int, alt: str) -> None:
        self.png, self.width, self.alt = png, width, alt

    def __repr__(self) -> str:
        return self.alt

    def html(self) -> str:
        """The picture as an HTML image that holds its data."""
        data = b64encode(self.png).decode("ascii")
        alt = escape(self.alt)
        return f'<img width="{self.width}" alt="{alt}" src="data:image/png;base64,{data}">'

    _repr_html_ = html


@contextmanager
def canvas(width: float, height: float, rows: int = 1, columns: int = 1) -> Iterator:
    """A styled figure with its axes in a flat list; pyplot does not know it, so none stays open."""
    with matplotlib.style.context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure, list(figure.subplots(rows, columns, squeeze=False).flat)


def finish(figure: Figure, alt: str) -> Picture:
    """A drawn figure as a picture, at twice its size in pixels and in few colours, to be small.

    alt: what it shows, in words.
    """
    drawn, small = io.BytesIO(), io.BytesIO()
    find_fonts(figure.findobj(Text))
    with quiet_fonts():
        figure.savefig(drawn, format="png", dpi=200)
    image = Image.open(drawn).convert("RGB")
    few = image.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    background = few.getpixel((0, 0))
    palette = few.getpalette()
    palette[3 * background : 3 * background + 3] = [255, 255, 255]
    few.putpalette(palette)
    few.save(small, format="png", optimize=True)
    return Picture(small.getvalue(), image.width // 2, alt)


@contextmanager
def quiet_fonts() -> Iterator[None]:
    """Nothing is said of letters that no font of this machine has, nor of fonts without bold."""
    logger = logging.getLogger("matplotlib.font_manager")
    was, logger.disabled = logger.disabled, True
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph")
            yield
    finally:
        logger.disabled = was


def find_fonts(texts: Sequence[Text]) -> None:
    """Let texts take letters that the usual font lacks from other fonts."""
    others = frozenset("".join(text.get_text() for text in texts)) - letters_of(usual_font())
    if others:
        for text in texts:
            text.set_fontfamily([*text.get_fontfamily(), *fonts_for(others)])


def width_of(texts: Sequence[Text]) -> float:
    """The width of the widest of some texts, in inches."""
    find_fonts(texts)
    with quiet_fonts():
        return max(text.get_window_extent().width / text.figure.dpi for text in texts)


def usual_font() -> str:
    """The file of the font that pictures are written in."""
    return findfont(FontProperties(family=rc_params_from_file(STYLE)["font.sans-serif"]))


@lru_cache
def letters_of(file: str) -> frozenset[str]:
    """The letters that a font has."""
    return frozenset(map(chr, get_font(file).get_charmap())) | set("\n\r\t")


@lru_cache
def fonts_for(letters: frozenset[str]) -> list[str]:
    """The names of fonts on this machine that together have these letters, as far as any do.

    A "Last Resort" font, whose letters are boxes, is none of them.
    """
    names, missing = [], set(letters)
    fonts = [font for font in fontManager.ttflist if "LastResort" not in font.name.replace(" ", "")]
    for font in sorted(fonts, key=lambda font: (font.style, font.weight != 400)):
        if missing and (found := missing & letters_of(font.fname)):
            names.append(font.name)
            missing -= found
    return names


def in_pictures(names: Sequence[str]) -> list[str]:
    """Class names as a picture has room for them: cut with …, and none read as a formula."""
    cut = [name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…" for name in map(str, names)]
    return [name.replace("$", r"\$") for name in cut]


def colours_of(n: int) -> np.ndarray:
    """n class colours [n, 3]; past the end of the palette they come back lighter."""
    full = np.array([to_rgb(colour) for colour in PALETTE])
    light = 0.5 + 0.5 * full
    both = np.concatenate([full, light])
    return both[np.arange(n) % len(both)]


def shapes_of(n: int) -> list[str]:
    """The shapes of n classes' marks, in turn."""
    return [SHAPES[i % len(SHAPES)] for i in range(n)]


def class_ids(labels: Sequence, names: Sequence[str], what: str = "labels") -> np.ndarray:
    place = {name: i for i, name in enumerate(names)}
    ids = [place.get(label, label) if isinstance(label, str) else label for label in labels]
    known = [isinstance(i, (int, np.integer)) and 0 <= i < len(names) for i in ids]
    if not ids or not all(known):
        problem = f"holds {ids[known.index(False)]!s}" if ids else "is empty"
        raise ValueError(
            f"{what} {problem}: give class ids from 0 to {len(names) - 1}, or class names out of "
            f"{', '.join(names)}; drop rows that have no label."
        )
    return np.array(ids)


def check_lengths(**columns: Sequence) -> None:
    sizes = {name: len(column) for name, column in columns.items()}
    if len(set(sizes.values())) > 1 or 0 in sizes.values():
        listed = ", ".join(f"{name} has {size:,}" for name, size in sizes.items())
        raise ValueError(f"These must have one length, and not 0: {listed}.")


def draw_confusion(
    y_true: Sequence,
    predictions: Sequence | Mapping[str, Sequence],
    names: Sequence[str],
    title: str = "Confusion matrix",
) -> Picture:
    """Which class is taken for which: shares of each true class, with counts beneath.

    y_true: n class ids or names. predictions: n ids or names, or a dict model name -> n predictions
    for matrices side by side on the same rows. Source: sklearn.metrics.confusion_matrix. Raises
    ValueError for an unknown label or lists of different length.
    """
    several = isinstance(predictions, Mapping)
    models = predictions if several else {title: predictions}
    true, k, said = class_ids(y_true, names, "y_true"), len(names), []
    panel, shown = max(0.6 * k, 2) + 0.4, in_pictures(names)
    with canvas(panel * len(models) + 1, panel + 1.5, 1, len(models)) as (figure, row):
        figure.suptitle(title if several else None)
        for axes, (model, labels) in zip(row, models.items(), strict=True):
            predicted = class_ids(labels, names, "predictions")
            check_lengths(y_true=true, predictions=predicted)
            counts = confusion_matrix(true, predicted, labels=range(k))
            _draw_matrix(axes, counts)
            axes.set_xticks(range(k), shown, rotation=40, ha="right", rotation_mode="anchor")
            axes.set_yticks(range(k), shown if axes is row[0] else [])
            accuracy = np.trace(counts) / counts.sum()
            axes.set(title=f"{model}\naccuracy {accuracy:.2f}", xlabel="predicted class")
            said.append(f"{model}: accuracy {accuracy:.2f}, {_commonest_error(counts, names)}")
        row[0].set_ylabel("true class")
        more = max(width_of(row[0].get_yticklabels()) - ROOM, 0)
        figure.set_size_inches(figure.get_size_inches() + [more * len(models), 0.7 * more])
        rows = "row" if len(true) == 1 else "rows"
        return finish(figure, f"Confusion matrix of {len(true):,} {rows}. {'; '.join(said)}.")


def _draw_matrix(axes, counts: np.ndarray) -> None:
    """The share of each cell in its row as a shade and a number, and the count beneath."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap=LinearSegmentedColormap.from_list("", ["#E9F0F5", "#00466F"]))
    axes.images[0].set_clim(0, 1)
    for (i, j), count in np.ndenumerate(counts):
        if shares[i, j] > 0.55:
            ink = "white"
        else:
            ink = INK if count else ZERO
        middle = {"ha": "center", "va": "center", "color": ink}
        axes.text(j, i - 0.13, f"{shares[i, j]:.2f}", fontsize=10, **middle)
        axes.text(j, i + 0.25, f"{count:,}", fontsize=7.5, **middle)
    axes.grid(False)
    axes.spines[:].set_visible(False)


def _commonest_error(counts: np.ndarray, names: Sequence[str]) -> str:
    wrong = np.where(np.eye(len(counts)), 0, counts)
    if not wrong.any():
        return "no error"
    i, j = np.unravel_index(wrong.argmax(), wrong.shape)
    return f"most often {names[i]} is taken for {names[j]}, {wrong[i, j]:,} times"


def draw_curves(log_history: Sequence[Mapping[str, float]]) -> Picture:
    """The losses and the validation scores over the epochs of a training run.

    log_history: that of Trainer.state, dicts with epoch and loss, or epoch, eval_loss and scores
    such as eval_accuracy. Errors (eval_rmse, eval_mae, eval_mse) get a panel of their own. Unit:
    that of the loss. Raises ValueError if there is no loss in it.
    """
    training = [(entry["epoch"], entry["loss"]) for entry in log_history if "loss" in entry]
    checks = pd.DataFrame([entry for entry in log_history if "eval_loss" in entry])
    if not training and checks.empty:
        raise ValueError("log_history has no loss: pass trainer.state.log_history after training.")
    pace = ("eval_loss", "_runtime", "_time", "_per_second")
    names = [name for name in checks.filter(like="eval_") if not name.endswith(pace)]
    colours = {name: PALETTE[(0, 4, 2, 1, 5)[i % 5]] for i, name in enumerate(names)}
    errors = [name for name in names if name.endswith(("_rmse", "_mae", "_mse"))]
    scores = [name for name in names if name not in errors]
    panels = [("Scores", "score", scores), ("Errors", "error (0 is best)", errors)]
    panels = [panel for panel in panels if panel[2]]
    width = 1 + len(panels)
    with canvas(0.7 + (4 if width < 3 else 3.3) * width, 3.5, 1, width) as (figure, row):
        if width > 2:
            figure.get_layout_engine().set(w_pad=0.12)
        alt = "Training curves." + _draw_losses(row[0], training, checks)
        for axes, (title, unit, shown) in zip(row[1:], panels, strict=True):
            for name in shown:
                label = name.removeprefix("eval_")
                axes.plot(checks.epoch, checks[name], "o-", color=colours[name], label=label)
                alt += f" Validation {label} ends at {checks[name].iloc[-1]:.2f}."
            ends = f"{shown[0].removeprefix('eval_')} ends at {checks[shown[0]].iloc[-1]:.2f}"
            axes.set(title=f"{title}: {ends}", ylabel=unit)
            if shown is errors:
                axes.set_ylim(0, 1.08 * checks[errors].max(axis=None))
        for axes in row:
            axes.set(xlabel="epoch", xlim=(0, None))
            axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
            axes.legend()
        return finish(figure, alt)


def _draw_losses(axes, training: Sequence[tuple[float, float]], checks: pd.DataFrame) -> str:
    """The losses in training and on the validation rows; returns them in words."""
    said = ""
    if training:
        axes.plot(*zip(*training, strict=True), color=GREY, linewidth=1.5, label="training")
        said += f" Training loss from {training[0][1]:.2f} to {training[-1][1]:.2f}."
    if len(checks):
        axes.plot(checks.epoch, checks.eval_loss, "o-", color=ORANGE, label="validation")
        best = checks.loc[checks.eval_loss.idxmin()]
        said += f" Validation loss lowest at epoch {best.epoch:g} ({best.eval_loss:.2f})."
    title = f"Loss: lowest after epoch {best.epoch:g}" if len(checks) else "Loss"
    axes.set(title=title, ylabel="mean loss per row", ylim=(0, None))
    return said


def draw_map(
    panels: Sequence[np.ndarray],
    ids: np.ndarray,
    names: Sequence[str],
    titles: Sequence[str],
    marked: Sequence[int],
) -> Picture:
    """Projected texts, a panel for each projection, all of the same rows.

    panels: arrays [n, 2]. ids: n class ids. marked: rows that get the numbers 1, 2, 3 ….
    """
    order = np.random.default_rng(0).permutation(len(ids))  # no class lies on top of the others
    colours, shapes = colours_of(len(names)), shapes_of(len(names))
    same_class, width = [], len(panels)
    chance = ((np.bincount(ids) / len(ids)) ** 2).sum()
    with canvas(4.6 * width + 0.6, 5.1, 1, width) as (figure, row):
        for axes, panel, title in zip(row, panels, titles, strict=True):
            for i in order:
                look = {"color": colours[ids[i]], "marker": shapes[ids[i]], "alpha": OPACITY}
                axes.plot(*panel[i], markersize=4.5, markeredgewidth=0, **look)
            for number, i in enumerate(marked, 1):
                note = {"bbox": {"boxstyle": "circle,pad=0.25", "facecolor": "white"}}
                axes.text(*panel[i], number, ha="center", va="center", fontsize=9, **note)
            nearest = NearestNeighbors(n_neighbors=1).fit(panel).kneighbors()[1][:, 0]
            share = (ids[nearest] == ids).mean()
            (shown,) = in_pictures([title])
            axes.set_title(f"{shown}\nnearest mark of the same class: {share:.0%}", fontsize=11)
            axes.set(xticks=[], yticks=[], box_aspect=1)
            axes.spines[:].set(visible=True, color=PALE)
            same_class.append(f"{title}: {share:.0%}")
        handles = [
            row[0].plot([], [], shape, color=colour, label=name)[0]
            for shape, colour, name in zip(shapes, colours, in_pictures(names), strict=True)
        ]
        columns = min(len(names), 3 * width)
        figure.legend(handles=handles, loc="outside lower center", ncols=columns)
        return finish(
            figure,
            f"Scatter plot of {len(ids):,} texts in {len(names)} classes. How often the nearest "
            f"mark is of the same class: {'; '.join(same_class)}; by chance: {chance:.0%}.",
        )


def draw_agreement(true: Sequence[float], predicted: Sequence[float], split: str) -> Picture:
    """Predicted numbers against true ones on equal axes, with the line on which they are equal.

    The ten rows with the largest difference have a mark of their own.
    """
    true, predicted = np.asarray(true, float), np.asarray(predicted, float)
    far = np.argsort(-np.abs(predicted - true), kind="stable")[:10]
    near = np.setdiff1d(np.arange(len(true)), far)
    low, high = min(true.min(), predicted.min()), max(true.max(), predicted.max())
    room = 0.05 * (high - low)
    bounds = (low - room, high + room)
    pearson, rmse = (metric(name, true, predicted) for name in ("pearson", "rmse"))
    with canvas(5.5, 5.5) as (figure, (axes,)):
        axes.axline((low, low), slope=1, color=GREY, linestyle="--", linewidth=1.3)
        dots = {"s": 30, "linewidths": 0}
        axes.scatter(true[near], predicted[near], color=BLUE, alpha=0.5, **dots)
        axes.scatter(
            true[far], predicted[far], color=ORANGE, marker="D", label="furthest off", **dots
        )
        axes.set(xlim=bounds, ylim=bounds, aspect="equal", xlabel="true", ylabel="predicted")
        rows = f"{len(true):,} row{'' if len(true) == 1 else 's'}"
        axes.set_title(f"{rows}, {split}: Pearson {pearson:.2f}")
        axes.grid(True, axis="both")
        axes.legend(loc="upper left")
        alt = f"Scatter plot of {rows}, predicted against true: Pearson {pearson:.2f}, "
        return finish(figure, f"{alt}root mean squared error {rmse:.3g}.")
