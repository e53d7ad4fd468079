"""Every figure shows a PNG with alt text that names the right fact; bad input gets one sentence."""

import io
import json
import re
from base64 import b64decode
from html import unescape
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

import helpers
import helpers.plots as plots
from helpers import figures, markup

FIGURES = Path(__file__).parents[2] / "notebooks" / "figures"
DRAWINGS = [
    "course_map",
    "encoder_head",
    "error_hunt",
    "features_vs_finetuning",
    "padding_mask",
    "pretraining",
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


TEXTS = [f"text {i}" for i in range(60)]
IMAGE = re.compile('<img width="(.*)" alt="(.*)" src="data:image/png;base64,(.*)">')
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
    "reliability": (
        "plot_reliability",
        ([0.92, 0.94, 0.96, 0.98, 0.6], [True, True, False, True, False]),
        [
            "The model says 0.88, is right in 0.60: error 0.280;",
            "bins (said, right, rows): 0.60, 0.00, 1; 0.95, 0.75, 4.",
        ],
    ),
    "reliability of two models": (
        "plot_reliability",
        ({"before": ([0.95] * 40, [True] * 30 + [False] * 10), "after": ([0.75], [True])},),
        ["before: it says 0.95, is right in 0.75: error 0.200", "0.75, 40. after: it says 0.75"],
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
    width, alt, png = IMAGE.fullmatch(picture.html()).groups()
    assert int(width) == picture.width and unescape(alt) == picture.alt
    assert b64decode(png) == picture.png


def test_map(monkeypatch):
    """A chart to hover and a still picture of the same rows, two panels, the same marks in both."""
    shown = []
    monkeypatch.setattr(
        plots, "display", lambda bundle, raw, metadata: shown.append((bundle, metadata))
    )
    titles, odd = ["ours", "shuffled"], ["<b>&", *TEXTS[1:]]
    helpers.plot_map([POINTS, POINTS[::-1]], LABELS, NAMES, odd, titles, marked=[3, 0])
    ((bundle, metadata),) = shown
    assert metadata == {"application/vnd.vegalite.v5+json": {"embed_options": {"actions": False}}}
    assert "ours: 100%" in bundle["text/plain"] and "by chance: 39%" in bundle["text/plain"]
    assert IMAGE.fullmatch(bundle["text/markdown"])
    chart = bundle["application/vnd.vegalite.v5+json"]
    values = json.loads(json.dumps(chart))["data"]["values"]
    assert [value["text"] for value in values] == odd
    assert {i: value["number"] for i, value in enumerate(values) if "number" in value} == {
        3: 1,
        0: 2,
    }
    assert values[5]["x0"] == round(POINTS[5, 0], 2) and values[5]["y1"] == round(POINTS[54, 1], 2)
    assert [panel["title"] for panel in chart["hconcat"]] == titles
    assert chart["description"] == bundle["text/plain"]
    assert "http" not in json.dumps(chart).replace(chart["$schema"], ""), "nothing from the web"


def test_curves_that_are_watched_take_the_place_of_the_earlier_ones(monkeypatch):
    shown = []

    class Handle:
        def update(self, picture):
            shown.append(("again", picture.alt))

    def display(picture, display_id=False):
        shown.append(("new", picture.alt))
        return Handle() if display_id else None

    monkeypatch.setattr(plots, "display", display)
    monkeypatch.setattr(plots, "_watched", {})
    for cell in (1, 1, 2):
        monkeypatch.setattr(
            plots, "get_ipython", lambda cell=cell: SimpleNamespace(execution_count=cell)
        )
        helpers.plot_curves(log_history(), name="curves")
    assert [kind for kind, _ in shown] == ["new", "again", "new"]


TABLE = pd.DataFrame(
    {
        "text": ["a <b> & c", "word " * 200],
        "score": [0.5, np.nan],
        "share": ["94.9%", "3%"],
        "rows": [12345, 5],
    },
    index=["first", "second"],
)


def test_tables_keep_their_look_where_no_style_is_trusted():
    html = markup.table_html(TABLE)
    assert "<style" not in html and "class=" not in html
    cells = re.findall(r'<td style="text-align:(\w+)[^>]*>([^<]*)</td>', html)
    assert cells[:5] == [
        ("left", "first"),
        ("left", "a &lt;b&gt; &amp; c"),
        ("right", "0.5"),
        ("right", "94.9%"),
        ("right", "12,345"),
    ]
    assert cells[6][1].endswith("word …") and len(cells[6][1]) <= 400 and cells[7][1] == ""


def test_tables_show_digits_of_one_length_and_names_of_two_levels():
    frame = pd.DataFrame({("", "posts"): [1, 2], ("recall", "with"): [0.25, 0.5]})
    html = markup.table_html(frame.rename_axis("class"))
    assert re.findall(r"<th [^>]*>([^<]*)<", html) == ["class", "posts", "recall, with"]
    assert ">0.25<" in html and ">0.50<" in html
    near_zero = markup.table_html(pd.DataFrame({"n": [-0.001, 0.25]}).round(2))
    assert "-0.00" not in near_zero and ">0.00<" in near_zero
    long = markup.table_html(pd.DataFrame({"n": range(100)}))
    assert long.count("<tr>") == 61 and "40 more rows" in long


def test_tokens_are_shown_with_their_ids(monkeypatch, checkpoint):
    shown = []
    monkeypatch.setattr(plots, "display", lambda bundle, raw: shown.append(bundle))
    helpers.show_tokens("Tokenizing 🎉 <b>", checkpoint[0])
    (bundle,) = shown
    said = "[CLS] 101, token 19204, ##izing 6026, [UNK] 100, < 1026, b 1038, > 1028, [SEP] 102"
    assert bundle["text/plain"] == said
    html = bundle["text/html"]
    assert "&lt;" in html and "class=" not in html
    colours = re.findall("background-color:(#.{6})", html)
    assert colours[1] == colours[2] != colours[5] and colours[3] == plots.UNKNOWN
    assert colours[0] == colours[-1] == plots.SPECIAL


NO_GOOD = {
    "an unknown class name": ("plot_class_counts", (["joy", "fear"], NAMES), "holds fear"),
    "a row without a label": ("plot_class_counts", ([0, -1], NAMES), "holds -1"),
    "an id that is too large": ("plot_confusion", ([0, 3], [0, 0], NAMES), "y_true holds 3"),
    "no labels": ("plot_class_counts", ([], NAMES), "is empty"),
    "a class without texts": ("plot_lengths", ({"joy": [3], "love": []},), "at least one length"),
    "fewer texts than points": ("plot_map", (POINTS, LABELS, NAMES, TEXTS[:9]), "texts has 9"),
    "one title for two panels": (
        "plot_map",
        ([POINTS, POINTS], LABELS, NAMES, TEXTS),
        "panels has 2, titles has 1",
    ),
    "more texts than a map shows": (
        "plot_map",
        (np.zeros((401, 2)), [0] * 401, NAMES, ["a"] * 401),
        "400 texts, not 401",
    ),
    "a mark that is no row": (
        "plot_map",
        (POINTS, LABELS, NAMES, TEXTS, ["ours"], [60]),
        "marked holds 60",
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
    "logits as confidence": ("plot_reliability", ([2.5], [True]), "are these logits?"),
    "labels in place of right": ("plot_reliability", ([0.5, 0.6], [0, 3]), "hold booleans"),
    "no models": ("plot_reliability", ({},), "one model at least"),
    "judgements of other rows": ("plot_reliability", ([0.5, 0.6], [True]), "right has 1"),
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


def test_the_calibration_error_is_that_of_the_notebook(lifted):
    by_hand = lifted("06", "calibration_error", np=np, pd=pd).calibration_error
    random = np.random.default_rng(0)
    confidence = np.append(random.uniform(0.2, 1, 500), np.linspace(0.1, 1, 10))
    right = random.uniform(size=510) < confidence**2
    for rows in (slice(None), slice(0, 12), slice(500, 510)):
        table, error = plots.reliability(confidence[rows], right[rows])
        assert error == pytest.approx(by_hand(confidence[rows], right[rows]))
        assert table.rows.sum() == len(right[rows])
    assert list(table.rows) == [1] * 10, "an edge belongs to the bin below it"


def test_intervals_of_the_reliability_diagram_are_wilsons():
    table, _ = plots.reliability([0.95] * 10, [True] * 8 + [False] * 2)
    share, z, n = 0.8, 1.959964, 10
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    expected = [n, 0.95, share, middle - reach, middle + reach]
    assert table.loc[9].tolist() == pytest.approx(expected, abs=1e-5)


def test_dots_of_few_rows_are_hollow(monkeypatch):
    drawn = []
    monkeypatch.setattr(plots, "show_plot", lambda figure, alt: drawn.append(figure))
    helpers.plot_reliability([0.95] * 10 + [0.65] * 9, [True] * 19)
    many, few = (dots for dots in drawn[0].axes[0].collections if dots.get_label()[0] != "_")
    assert many.get_offsets().tolist() == [[pytest.approx(0.95), 1]]
    assert few.get_offsets().tolist() == [[pytest.approx(0.65), 1]]
    assert few.get_facecolor()[0].tolist() == [1, 1, 1, 1]
    assert [text.get_text() for text in drawn[0].axes[0].texts] == ["9", "10"]


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


def linear(screen) -> np.ndarray:
    """A colour's amounts of light, red, green, blue."""
    screen = np.asarray(screen, dtype=float)
    return np.where(screen <= 0.04045, screen / 12.92, ((screen + 0.055) / 1.055) ** 2.4)


def as_seen(colour: str, matrix: np.ndarray, opacity: float = 1.0) -> np.ndarray:
    """The colour on white in CIELAB, after a matrix (Machado, Oliveira and Fernandes 2009)."""
    light = linear(opacity * np.array(to_rgb(colour)) + 1 - opacity)
    light = np.clip(matrix @ light, 0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.array(to_xyz) @ light / [0.9505, 1.0, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def ciede2000(one, other) -> float:
    """The difference of two colours in CIELAB (Sharma, Wu and Dalal 2005)."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(mean**7 / (mean**7 + 25**7))
    c1, c2 = np.hypot(stretch * a1, b1), np.hypot(stretch * a2, b2)
    h1 = np.degrees(np.arctan2(b1, stretch * a1)) % 360
    h2 = np.degrees(np.arctan2(b2, stretch * a2)) % 360
    turn = (h2 - h1 + 180) % 360 - 180
    hue = (h1 + turn / 2) % 360
    chroma, light = (c1 + c2) / 2, (l1 + l2) / 2
    t = 1 - 0.17 * np.cos(np.radians(hue - 30)) + 0.24 * np.cos(np.radians(2 * hue))
    t += 0.32 * np.cos(np.radians(3 * hue + 6)) - 0.2 * np.cos(np.radians(4 * hue - 63))
    in_light = (l2 - l1) / (1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2))
    in_chroma = (c2 - c1) / (1 + 0.045 * chroma)
    in_hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2) / (1 + 0.015 * chroma * t)
    blue = np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    blue *= -2 * np.sqrt(chroma**7 / (chroma**7 + 25**7))
    return np.sqrt(in_light**2 + in_chroma**2 + in_hue**2 + blue * in_chroma * in_hue)


@pytest.mark.parametrize(
    "one, other, difference",
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
    ],
)
def test_differences_are_those_of_the_paper(one, other, difference):
    assert ciede2000(one, other) == pytest.approx(difference, abs=1e-4)


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
    matrix = SIGHT[sight]
    seen = [as_seen(colour, matrix, figures.OPACITY) for colour in plots.PALETTE]
    for (one, first), (other, second) in combinations(zip(plots.PALETTE, seen, strict=True), 2):
        assert ciede2000(first, second) >= 10, f"{one} and {other} look alike"


def contrast(one: str, other: str) -> float:
    """How much lighter the lighter of two colours is (WCAG): 1 for none, 21 for black on white."""
    light = sorted(
        0.05 + linear(to_rgb(colour)) @ [0.2126, 0.7152, 0.0722] for colour in (one, other)
    )
    return light[1] / light[0]


@pytest.mark.parametrize("colour", [*plots.PALETTE, figures.GREY])
def test_lines_and_marks_stand_out_from_white(colour):
    assert contrast(colour, "white") >= 3


def test_words_stand_out_from_their_ground():
    grounds = [("white", figures.INK), ("#E9F0F5", figures.INK), ("#E9F0F5", figures.ZERO)]
    grounds += [(ground, figures.INK) for ground in (*plots.WORD_COLOURS, plots.UNKNOWN)]
    assert all(contrast(*pair) >= 4.5 for pair in grounds)


def test_classes_of_a_corpus_have_marks_of_their_own():
    assert len(set(figures.shapes_of(6))) == 6


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


def test_long_names_leave_a_matrix_its_room(monkeypatch):
    drawn = []
    monkeypatch.setattr(figures, "finish", lambda figure, alt: drawn.append(figure))
    for names in (NAMES, ["a" * 40, "x" * 30, "love"]):
        figures.draw_confusion([0, 1, 2], [0, 1, 2], names)
        drawn[-1].draw_without_rendering()
    short, long = (figure.axes[0].get_window_extent().width for figure in drawn)
    assert long > 0.8 * short
    assert drawn[0].get_size_inches().tolist() == pytest.approx([3.4, 3.9])


def test_letters_that_only_a_last_resort_has_are_no_font_and_no_message(caplog, recwarn):
    figures.fonts_for.cache_clear()
    assert not [name for name in figures.fonts_for(frozenset("\u1234\U00012345")) if "Last" in name]
    with figures.canvas(2, 2) as (figure, (axes,)):
        axes.set_xlabel("a", fontfamily="cmr10", fontweight=777)
        axes.set_title("\u1234 \U00012345 \U0001f600")
        figures.finish(figure, "odd letters")
    assert not caplog.records and not recwarn.list


def test_labels_beside_lines_keep_apart_and_near():
    heights = [0.81, 0.78, 0.75, 0.72, 0.72, 0.2]
    placed = plots._apart(heights)
    assert (np.diff(np.sort(placed)) > 0.054).all() and (
        np.argsort(placed) == np.argsort(heights, kind="stable")
    ).all()
    np.testing.assert_allclose(placed, heights, atol=0.12)
    assert placed[-1] == 0.2
