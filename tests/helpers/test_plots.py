"""Every figure shows a PNG with alt text that names the right fact; bad input gets one sentence."""

import io
import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

import helpers
import helpers.plots as plots
from helpers import figures

FIGURES = Path(__file__).parents[2] / "notebooks" / "figures"
DRAWINGS = [
    "course_map",
    "encoder_head",
    "error_hunt",
    "features_vs_finetuning",
    "padding_mask",
    "task_kinds",
    "text_to_ids",
]
NAMES = ["sadness", "joy", "love"]
LABELS = [0] * 20 + [1] * 30 + [2] * 10
POINTS = np.random.default_rng(0).normal(size=(60, 2)) + 9 * np.eye(3)[LABELS][:, :2]


@pytest.fixture
def shown(monkeypatch):
    """The pictures displayed so far; afterwards no figure may be open."""
    pictures = []
    monkeypatch.setattr(plots, "display", pictures.append)
    yield pictures
    assert plt.get_fignums() == []


def log_history() -> list[dict]:
    training = [{"loss": 2 - 0.1 * i, "epoch": i / 4, "step": i} for i in range(1, 13)]
    checks = [
        {"eval_loss": loss, "eval_accuracy": accuracy, "eval_runtime": 3.0, "epoch": epoch}
        for epoch, loss, accuracy in [(1.0, 1.2, 0.5), (2.0, 0.9, 0.6), (3.0, 1.1, 0.65)]
    ]
    return [*training, *checks, {"train_loss": 1.0, "train_runtime": 9.0, "epoch": 3.0}]


def scores() -> pd.DataFrame:
    rows = [(0.3, 0.25, 0.35), (0.62, 0.58, 0.66), (0.7, 0.66, 0.74)]
    return pd.DataFrame(
        rows, index=["majority", "TF-IDF", "fine-tuned"], columns=["score", "low", "high"]
    )


PREDICTED = [0] * 15 + [1] * 5 + [1] * 30 + [1] * 6 + [2] * 4
HUNT = {"loss": [0.5, 0.5, 1.0, 1.0], "length": [0.0, 0.5, 0.5, 1.0]}
CUTS = pd.DataFrame({"beginning": [0.54, 0.76], "end": [0.6, 0.7]}, index=[32, 512])
TOKENS = [["[CLS]", "costs", "$", "5", "$", "[SEP]"], ["[CLS]", "hi", "[SEP]"] + 3 * ["[PAD]"]]
MASK = [[1] * 6, [1] * 3 + [0] * 3]
CASES = {
    "class counts": ("plot_class_counts", (LABELS, NAMES), ["joy with 30", "love with 10"]),
    "class names": (
        "plot_class_counts",
        (["b", "a", "b"],),
        ["2 classes", "b with 2", "a with 1"],
    ),
    "lengths": (
        "plot_lengths",
        ({"sadness": [5, 6, 7], "joy": [8, 9, 40]}, "words per post", 20),
        ["highest for joy (9)", "lowest for sadness (6)", "longest text has 40", "1 of 6"],
    ),
    "a far limit": (
        "plot_lengths",
        ({"sadness": [5, 6, 7]}, "tokens", 512),
        ["0 of 3 are over the limit of 512"],
    ),
    "one projection": ("plot_umap", (POINTS, LABELS, NAMES), ["60 texts in 3 classes"]),
    "two projections": (
        "plot_umap",
        ([POINTS, POINTS[::-1]], LABELS, NAMES, ["ours", "shuffled"]),
        ["ours: 100%", "by chance: 39%"],
    ),
    "density": ("plot_class_density", (POINTS, LABELS, NAMES), ["joy covers the most cells"]),
    "density with an empty class": (
        "plot_class_density",
        (POINTS, LABELS, [*NAMES, "anger"]),
        ["anger the fewest (0)"],
    ),
    "one matrix": (
        "plot_confusion",
        (LABELS, PREDICTED, NAMES),
        ["60 rows", "accuracy 0.82", "love is taken for joy, 6 times"],
    ),
    "two matrices": (
        "plot_confusion",
        (LABELS, {"features": PREDICTED, "fine-tuned": LABELS}, NAMES),
        ["features: accuracy 0.82", "fine-tuned: accuracy 1.00, no error"],
    ),
    "matrix by names": (
        "plot_confusion",
        (["joy", "love"], ["joy", "joy"], NAMES),
        ["accuracy 0.50", "love is taken for joy, 1 times"],
    ),
    "curves": (
        "plot_curves",
        (log_history(),),
        ["from 1.90 to 0.80", "lowest at epoch 2 (0.90)", "accuracy ends at 0.65"],
    ),
    "curves of a regression": (
        "plot_curves",
        ([{"eval_loss": 4, "eval_pearson": 0.6, "eval_rmse": 2, "eval_mae": 1.5, "epoch": 1.0}],),
        ["pearson ends at 0.60. Validation rmse ends at 2.00. Validation mae ends at 1.50."],
    ),
    "curves of training only": ("plot_curves", (log_history()[:12],), ["from 1.90 to 0.80"]),
    "probabilities": (
        "plot_probabilities",
        ({"love": 0.2, "joy": 0.7, "anger": 0.1},),
        ["joy is highest", "love 20.0%"],
    ),
    "attention mask": (
        "plot_attention_mask",
        (TOKENS, MASK),
        ["2 texts and 6 positions", "3 of 12 cells are padding"],
    ),
    "scores": (
        "plot_scores",
        (scores(), "accuracy"),
        ["highest is fine-tuned 0.70 (0.66 to 0.74)", "baseline is majority 0.30"],
    ),
    "hunt": (
        "plot_hunt",
        (HUNT, 0.5, 2),
        ["2 errors in 4 rows", "after 2 rows: loss 50%, length 50%; at random 50%"],
    ),
    "budgets": (
        "plot_budgets",
        (pd.DataFrame({"head": [0.54, 0.76], "tail": [0.6, 0.7]}, index=[32, 512]), 0.5),
        ["32 to 512 tokens", "head from 0.54 to 0.76", "tail from 0.60 to 0.70", "reading 0.50"],
    ),
    "budgets of two models": (
        "plot_budgets",
        (CUTS, 0.5, {"TF-IDF": CUTS[["end"]] - 0.1}),
        ["; end from 0.60 to 0.70; TF-IDF, end from 0.50 to 0.60; without reading 0.50"],
    ),
    "losses": (
        "plot_loss_distribution",
        ([0.0, 0.1, 0.2, 3.0, 5.0], [False, False, False, True, True]),
        ["5 losses", "median 0.20", "largest 5.00", "2 rows are marked", "median of 4.00"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_figure_says_what_it_shows(case, shown):
    name, arguments, facts = CASES[case]
    assert getattr(helpers, name)(*arguments) is None
    (picture,) = shown
    image = Image.open(io.BytesIO(picture.png)).convert("RGB")
    assert image.width > 500 and image.height > 200
    assert len(image.getcolors(image.width * image.height)) > 3, "the picture is empty"
    assert image.getpixel((0, 0)) == (255, 255, 255)
    assert abs(image.width / picture.width - 2) < 0.01, "half the pixels wide, for sharp screens"
    assert len(picture.png) < 120_000
    for fact in facts:
        assert fact in picture.alt
    assert repr(picture) == picture.alt
    data, metadata = picture._repr_mimebundle_()
    assert list(data) == ["image/png"]
    assert metadata["image/png"] == {"alt": picture.alt, "width": picture.width}


NO_GOOD = {
    "an unknown class name": ("plot_class_counts", (["joy", "fear"], NAMES), "holds fear"),
    "a row without a label": ("plot_class_counts", ([0, -1], NAMES), "holds -1"),
    "an id that is too large": ("plot_confusion", ([0, 3], [0, 0], NAMES), "y_true holds 3"),
    "no labels": ("plot_class_counts", ([], NAMES), "is empty"),
    "a class without texts": ("plot_lengths", ({"joy": [3], "love": []},), "at least one length"),
    "fewer labels than points": ("plot_umap", (POINTS, LABELS[:9], NAMES), "labels has 9"),
    "one title for two panels": (
        "plot_umap",
        ([POINTS, POINTS], LABELS, NAMES),
        "panels has 2, titles has 1",
    ),
    "points that were not projected": (
        "plot_class_density",
        (np.zeros((60, 384)), LABELS, NAMES),
        "[60, 384]",
    ),
    "density of other rows": ("plot_class_density", (POINTS[:9], LABELS, NAMES), "points has 9"),
    "predictions of other rows": ("plot_confusion", (LABELS, [0, 1], NAMES), "predictions has 2"),
    "a log without a loss": ("plot_curves", ([{"epoch": 1.0}],), "no loss"),
    "logits": ("plot_probabilities", ({"joy": 2.5},), "joy has 2.5"),
    "no probabilities": ("plot_probabilities", ({},), "there are no scores"),
    "rows not padded": (
        "plot_attention_mask",
        ([["a", "b"], ["c"]], [[1, 1], [1]]),
        "tokens has 1",
    ),
    "a mask row too few": ("plot_attention_mask", (TOKENS, MASK[:1]), "mask has 1"),
    "no interval": ("plot_scores", (scores()[["score"]],), "low and high"),
    "no budget": ("plot_budgets", (pd.DataFrame(), 0.5), "at least one budget"),
    "other budgets beside": ("plot_budgets", (CUTS, 0.5, {"TF-IDF": CUTS[1:]}), "TF-IDF needs"),
    "another way beside": (
        "plot_budgets",
        (CUTS, 0.5, {"TF-IDF": CUTS.rename(columns={"end": "middle"})}),
        "TF-IDF needs",
    ),
    "no errors": ("plot_hunt", (HUNT, 0.1, 0), "errors to find"),
    "no curve": ("plot_hunt", ({}, 0.1, 2), "recall curves"),
    "a negative loss": ("plot_loss_distribution", ([0.1, -1.0],), "none below 0"),
    "marks of other rows": ("plot_loss_distribution", ([0.1, 1.0], [True]), "marked has 1"),
    "an unknown drawing": ("show_figure", ("course_mop",), "course_map"),
}


@pytest.mark.parametrize("case", NO_GOOD)
def test_bad_input_gets_one_sentence(case, shown):
    name, arguments, part = NO_GOOD[case]
    with pytest.raises(ValueError, match=re.escape(part)) as caught:
        getattr(helpers, name)(*arguments)
    assert str(caught.value).endswith((".", "?")) and "\n" not in str(caught.value)
    assert shown == []


def test_a_class_keeps_its_colour(shown):
    """Joy's bar is in joy's colour whether it is the longest, on top, or the shortest."""

    def height(name: str) -> float:
        """How far down the pixels in the colour of the class lie, on average."""
        image = np.asarray(Image.open(io.BytesIO(shown[-1].png)).convert("RGB")).astype(int)
        colour = 255 * np.array(to_rgb(plots.PALETTE[NAMES.index(name)]))
        return np.nonzero(np.abs(image - colour).max(axis=2) < 8)[0].mean()

    helpers.plot_class_counts([0] * 5 + [1] * 50, NAMES)
    assert height("joy") < height("sadness")
    helpers.plot_class_counts([0] * 50 + [1] * 5, NAMES)
    assert height("joy") > height("sadness")


def test_errors_have_an_axis_of_their_own(monkeypatch):
    """A correlation ends at 1, an error in the unit of the target anywhere: never on one axis."""
    drawn = []
    monkeypatch.setattr(figures, "finish", lambda figure, alt: drawn.append(figure))
    entry = {"eval_loss": 4, "eval_pearson": 0.6, "eval_spearman": 0.5, "eval_rmse": 2.0}
    helpers.plot_curves([{"epoch": 1.0, **entry}])
    lines = [[line.get_label() for line in axes.lines] for axes in drawn[0].axes]
    assert lines == [["validation"], ["pearson", "spearman"], ["rmse"]]
    helpers.plot_curves(log_history())
    assert len(drawn[1].axes) == 2


def test_dollar_signs_are_no_formula(shown):
    """Text between two dollar signs would be set as mathematics and lose its spaces."""
    helpers.plot_probabilities({"joy": 1.0}, title=r"$5 \frac and $6")
    assert len(shown) == 1


def test_the_style_of_other_charts_is_left_alone(shown):
    with plt.rc_context({"figure.facecolor": "red"}):
        helpers.plot_class_counts(LABELS, NAMES)
        assert plt.rcParams["figure.facecolor"] == "red"


def as_seen(colour: str, matrix: np.ndarray) -> np.ndarray:
    """The colour in CIELAB after a linear-light matrix (Machado, Oliveira and Fernandes 2009)."""
    screen = np.array(to_rgb(colour))
    light = np.where(screen <= 0.04045, screen / 12.92, ((screen + 0.055) / 1.055) ** 2.4)
    light = np.clip(matrix @ light, 0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.array(to_xyz) @ light / [0.9505, 1.0, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


SIGHT = {
    "full": np.eye(3),
    "deuteranopia": np.array(
        [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]
    ),
    "protanopia": np.array(
        [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]
    ),
    "tritanopia": np.array(
        [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]]
    ),
}


@pytest.mark.parametrize("sight", SIGHT)
def test_class_colours_are_told_apart(sight):
    assert len(plots.PALETTE) >= 7, "the course's largest corpus has seven classes"
    for one, other in combinations(plots.PALETTE, 2):
        distance = np.linalg.norm(as_seen(one, SIGHT[sight]) - as_seen(other, SIGHT[sight]))
        assert distance > 14, f"{one} and {other} look alike ({distance:.0f})"


def test_more_classes_than_colours():
    colours = figures.colours_of(2 * len(plots.PALETTE))
    assert len({tuple(colour) for colour in colours}) == len(colours)


def test_every_drawing_is_there():
    assert sorted(path.stem for path in FIGURES.glob("*.svg")) == DRAWINGS
    assert sorted(path.stem for path in FIGURES.glob("*.png")) == DRAWINGS


@pytest.mark.parametrize("name", DRAWINGS)
def test_drawing(name, shown):
    root = ElementTree.parse(FIGURES / f"{name}.svg").getroot()
    space = "{http://www.w3.org/2000/svg}"
    assert root.findtext(f"{space}title")
    desc = root.findtext(f"{space}desc")
    assert len(desc) > 100
    assert "sans-serif" in root.findtext(f"{space}style")
    _, _, width, height = map(float, root.get("viewBox").split())
    helpers.show_figure(name)
    image = Image.open(io.BytesIO(shown[0].png))
    assert image.width == 2 * shown[0].width == 2 * width, "twice the displayed width"
    assert abs(image.height / image.width - height / width) < 0.005, "the PNG is of another drawing"
    assert len(shown[0].png) < 120_000
    assert shown[0].alt == " ".join(desc.split())


def test_the_sentence_and_its_ids_are_drawn():
    words = [text.text for text in ElementTree.parse(FIGURES / "text_to_ids.svg").iter()]
    ids = [101, 19204, 6026, 3793, 2003, 1037, 4563, 4708, 1997, 17953, 2361, 1012, 102]
    assert [int(word) for word in words if word and word.isdigit()] == ids
