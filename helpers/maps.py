"""The map to hover, as a Vega-Lite specification: JupyterLab draws it without a network."""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import to_hex

from .figures import INK, OPACITY, PALE, colours_of, shapes_of

VEGA_LITE = "application/vnd.vegalite.v5+json"
WIDTH = 540  # of all panels together, in pixels: beside the files on a small screen
SHAPES = {
    "o": "circle",
    "s": "square",
    "D": "diamond",
    "^": "triangle-up",
    "v": "triangle-down",
    "P": "cross",
}


def map_to_hover(
    panels: Sequence[np.ndarray],
    ids: np.ndarray,
    names: Sequence[str],
    texts: Sequence[str],
    titles: Sequence[str],
    marked: Sequence[int],
    alt: str,
) -> dict:
    """The specification of a map, a panel for each array [n, 2]; see `plots.plot_map`."""
    numbers = {row: number for number, row in enumerate(marked, 1)}
    values = []
    for row, (label, text) in enumerate(zip(ids, texts, strict=True)):
        value = {"class": names[label], "text": text}
        for i, panel in enumerate(panels):
            value |= {f"x{i}": round(float(panel[row, 0]), 2)}
            value |= {f"y{i}": round(float(panel[row, 1]), 2)}
        if row in numbers:
            value["number"] = numbers[row]
        values.append(value)
    side = min(420, WIDTH // len(panels))
    drawn = [_panel(i, title, names, side) for i, title in enumerate(titles)]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "description": alt,
        "background": "white",
        "padding": 8,
        "data": {"values": values},
        "hconcat": drawn,
        "config": {
            "font": "DejaVu Sans, Verdana, sans-serif",
            "view": {"stroke": PALE},
            "title": {"color": INK, "fontSize": 13, "anchor": "start"},
            "legend": {"labelColor": INK, "labelFontSize": 12, "symbolOpacity": 1},
        },
    }


def _panel(i: int, title: str, names: Sequence[str], side: int) -> dict:
    """One projection: the marks, which a click in the legend dims but for a class, and numbers."""
    place = {
        "x": {"field": f"x{i}", "type": "quantitative", "axis": None, "scale": {"zero": False}},
        "y": {"field": f"y{i}", "type": "quantitative", "axis": None, "scale": {"zero": False}},
    }
    colours = [to_hex(colour) for colour in colours_of(len(names))]
    shapes = [SHAPES[shape] for shape in shapes_of(len(names))]
    legend = {"orient": "bottom", "columns": 3, "title": None} if i == 0 else None
    by_class = {"field": "class", "type": "nominal", "legend": legend}
    shown = {"param": "chosen", "value": OPACITY}
    hover = {"tooltip": [{"field": "class"}, {"field": "text"}]}
    dots = {
        "mark": {"type": "point", "filled": True, "size": 38},
        "encoding": {
            **place,
            "color": {**by_class, "scale": {"domain": list(names), "range": colours}},
            "shape": {**by_class, "scale": {"domain": list(names), "range": shapes}},
            "opacity": {"condition": shown, "value": 0.06},
            **hover,
        },
    }
    if i == 0:
        select = {"type": "point", "fields": ["class"]}
        dots["params"] = [{"name": "chosen", "select": select, "bind": "legend"}]
    numbered = {"transform": [{"filter": "isValid(datum.number)"}]}
    disc = {"type": "point", "filled": True, "size": 200, "color": "white", "stroke": INK}
    disc["opacity"] = 1
    words = {"type": "text", "fontWeight": "bold", "color": INK}
    text = {"text": {"field": "number"}}
    return {
        "title": title,
        "width": side,
        "height": side,
        "layer": [
            dots,
            {**numbered, "mark": disc, "encoding": {**place, **hover}},
            {**numbered, "mark": words, "encoding": {**place, **hover, **text}},
        ],
    }
