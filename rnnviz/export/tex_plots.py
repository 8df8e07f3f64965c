"""The parts of a PGFPlots picture: lines, bars, heatmaps, straight lines, words."""

import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rnnviz.export.drawn import centres
from rnnviz.export.tex_text import tex_of

MOST_POINTS = 2000
"""Points of a line."""
PGF_DASH = {
    "dash": "dashed", "dot": "dotted", "dashdot": "dashdotted", "longdash": "loosely dashed",
    "longdashdot": "loosely dashdotted",
}  # fmt: skip
MARKS = {"circle": "*", "square": "square*", "diamond": "diamond*", "triangle-up": "triangle*",
         "x": "x", "cross": "+", "circle-open": "o", "square-open": "square"}  # fmt: skip


class Colours:
    """Names for the colours of a figure, as TeX wants them."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def name(self, colour: Any) -> tuple[str, float]:
        """Return the name of a colour and its opacity; black if it cannot be read."""
        text, opacity = str(colour), 1.0
        if hit := re.match(r"rgba?\((\d+),\s*(\d+),\s*(\d+)(?:,\s*([\d.]+))?\)", text):
            text = "#" + "".join(f"{min(255, int(part)):02X}" for part in hit.groups()[:3])
            opacity = float(hit[4] or 1)
        if not re.fullmatch(r"#[0-9A-Fa-f]{6}", text):
            text = "#000000"
        return self._names.setdefault(text[1:].upper(), f"c{len(self._names) + 1}"), opacity

    def lines(self) -> list[str]:
        """Return the definitions."""
        return [rf"\definecolor{{{name}}}{{HTML}}{{{code}}}" for code, name in self._names.items()]


def numbers(values: Any, categories: Sequence[str]) -> np.ndarray:
    """Return numbers, or the places of words along their axis."""
    array = np.asarray(values if values is not None else ()).ravel()
    if categories:
        places = {word: float(place) for place, word in enumerate(categories)}
        return np.array([places.get(str(each), np.nan) for each in array.tolist()])
    return array.astype(float)


def line_of(
    trace: Mapping[str, Any], categories: Sequence[Sequence[str]], colours: Colours, named: bool
) -> list[str]:
    """Return a line, or bars."""
    x, y = (numbers(trace.get(a), words) for a, words in zip("xy", categories, strict=True))
    if not len(x):
        x = np.arange(len(y), dtype=float)
    if not len(y):
        return []
    every = -(-len(x) // MOST_POINTS)
    bar = trace.get("type") == "bar"
    mode = "" if bar else str(trace.get("mode", "lines"))
    if mode == "text":
        return words_of(trace, x, y, colours)
    line, marker = trace.get("line") or {}, trace.get("marker") or {}
    colour = line.get("color") if "lines" in mode else marker.get("color")
    if not isinstance(colour, str):
        colour = next((c for c in colour if isinstance(c, str)), "#000000") if isinstance(
            colour, list) else "#000000"  # fmt: skip
    name, opacity = colours.name(colour)
    options = [f"color={name}"]
    if opacity < 1:
        options.append(f"opacity={opacity:g}")
    if bar:
        across = trace.get("orientation") == "h"
        along, values = (y, x) if across else (x, y)
        options.append(f"{'x' if across else 'y'}bar, bar width=0.7, bar shift=0pt, fill={name}")
        wide = trace.get("width")
        step = float(wide) if isinstance(wide, int | float) else _step(along) * 0.9
        options[-1] = options[-1].replace("width=0.7", f"width={step:.6g}")
        options.append("draw=none")
        base = np.broadcast_to(np.asarray(trace.get("base") or 0, float), len(values))
        x, y = (base + values, along) if across else (along, base + values)
    else:
        width = float(line.get("width", 1.5)) * 0.75
        if width <= 0:
            return []  # the edge of a band
        options.append(f"line width={width:g}pt" if "lines" in mode else "only marks")
        if dash := PGF_DASH.get(str(line.get("dash"))):
            options.append(dash)
        if "markers" in mode:
            symbol = marker.get("symbol")
            symbol = symbol if isinstance(symbol, str) else "circle"
            count = marker.get("maxdisplayed") or 0
            repeat = max(1, len(x[::every]) // count) if count else 1
            options.append(f"mark={MARKS.get(symbol, '*')}, mark size=1.6pt, mark repeat={repeat}, "
                           "mark options={solid}")  # fmt: skip
        else:
            options.append("no marks")
    label = tex_of(trace.get("name") or "")
    shown = named and label and trace.get("showlegend", True) is not False
    if not shown:
        options.append("forget plot")
    rows = [f"{a:.6g} {b:.6g}" for a, b in zip(x[::every], y[::every], strict=False)]
    thinned = [f"% every {every}th point"] if every > 1 else []
    made = [rf"\addplot[{', '.join(options)}] table {{", "x y", *thinned, *rows, "};"]
    return [*made, rf"\addlegendentry{{{label}}}"] if shown else made


def words_of(trace: Mapping[str, Any], x: np.ndarray, y: np.ndarray, colours: Colours) -> list[str]:
    """Return the words that stand at points."""
    name, _ = colours.name((trace.get("textfont") or {}).get("color"))
    place = str(trace.get("textposition", "middle center"))
    anchor = "west" if "right" in place else "east" if "left" in place else "center"
    texts = [str(each) for each in trace.get("text", ())]
    return [
        rf"\node[anchor={anchor}, inner sep=0pt, color={name}] at (axis cs:{a:.6g},{b:.6g}) "
        rf"{{{tex_of(text)}}};"
        for a, b, text in zip(x, y, texts, strict=False)
        if text.strip()
    ]


def _step(values: np.ndarray) -> float:
    gaps = np.diff(np.unique(values[np.isfinite(values)]))
    return float(gaps.min()) if gaps.size else 1.0


def heatmap_of(
    trace: Mapping[str, Any], categories: Sequence[Sequence[str]], share: float
) -> list[str]:
    """Return a heatmap with its numbers, of which one in `share` is kept."""
    z = np.atleast_2d(np.asarray(trace.get("z", [[]]), dtype=float))
    x, y = (numbers(trace.get(a), words) for a, words in zip("xy", categories, strict=True))
    x, y = centres(x, z.shape[1]), centres(y, z.shape[0])
    across = int(np.ceil(np.sqrt(share))) if share > 1 else 1
    down = int(np.ceil(share / across)) if share > 1 else 1
    across, down = min(across, z.shape[1]), min(down, z.shape[0])
    z, x, y = z[::down, ::across], x[::across], y[::down]
    if len(z) == 1:  # PGFPlots draws no matrix of one row: two of half the height
        z, y = np.repeat(z, 2, 0), np.array([y[0] - 0.25, y[0] + 0.25])
    if z.shape[1] == 1:
        z, x = np.repeat(z, 2, 1), np.array([x[0] - 0.25, x[0] + 0.25])
    rows = [
        f"{a:.6g} {b:.6g} {value:.4g}"
        for b, line in zip(y, z, strict=True)
        for a, value in zip(x, line, strict=True)
    ]
    said = f"% every {down}th row and every {across}th column: TeX has no room for all"
    return [
        rf"\addplot[matrix plot*, mesh/cols={z.shape[1]}, point meta=explicit, forget plot] "
        "table[meta=z] {",
        "x y z",
        *([said] if across * down > 1 else []),
        *rows,
        "};",
    ]  # fmt: skip


def colour_scale(trace: Mapping[str, Any], colours: Colours) -> list[str]:
    """Return the axis options of a heatmap's colours, and of the bar that explains them."""
    z = np.asarray(trace.get("z", ()), dtype=float)
    seen = z[np.isfinite(z)]
    low = trace.get("zmin", float(seen.min()) if seen.size else 0.0)
    high = trace.get("zmax", float(seen.max()) if seen.size else 1.0)
    stops = trace.get("colorscale")
    stops = stops if isinstance(stops, list) and stops else [[0, "#FFFFFF"], [1, "#000000"]]
    named = " ".join(f"color({place:.4g})=({colours.name(colour)[0]})" for place, colour in stops)
    number = zlib.crc32(named.encode())
    made = [f"colormap={{m{number}}}{{{named}}}", f"point meta min={low:.6g}"]
    made.append(f"point meta max={high if high > low else low + 1:.6g}")
    if trace.get("showscale", True):
        bar = trace.get("colorbar") or {}
        style = ["width=6pt"]
        if bar.get("tickvals") is not None:
            at = [float(each) for each in bar["tickvals"]]
            text = bar.get("ticktext") or [f"{each:g}" for each in at]
            style.append(f"ytick={{{','.join(f'{v:.6g}' for v in at)}}}")
            style.append(f"yticklabels={{{','.join(f'{{{tex_of(t)}}}' for t in text)}}}")
        made.append(f"colorbar, colorbar style={{{', '.join(style)}}}")
    return made


def shape_of(
    shape: Mapping[str, Any],
    place: tuple[str, str],
    ends: Sequence[tuple[float | None, float | None]],
    axes: Sequence[Mapping[str, Any]],
    colours: Colours,
) -> list[str]:
    """Return a straight line of the layout that belongs to this panel."""
    refs = (str(shape.get("xref", "x")), str(shape.get("yref", "y")))
    if shape.get("type") != "line" or shape.get("visible") is False:
        return []
    if not any(ref.split()[0] == short for ref, short in zip(refs, place, strict=True)):
        return []
    points = []
    for letter, ref, (low, high) in zip("xy", refs, ends, strict=True):
        pair: list[Any] = [shape.get(f"{letter}0"), shape.get(f"{letter}1")]
        if not all(isinstance(each, int | float) for each in pair) or low is None or high is None:
            return []
        if ref == "paper" or ref.endswith("domain"):
            pair = [min(low, high), max(low, high)]
        points.append([float(each) for each in pair])
    line = shape.get("line") or {}
    name, _ = colours.name(line.get("color"))
    dash = PGF_DASH.get(str(line.get("dash")), "solid")
    (x0, x1), (y0, y1) = points
    return [
        rf"\draw[color={name}, {dash}, line width={0.75 * float(line.get('width') or 1):g}pt] "
        rf"(axis cs:{x0:.8g},{y0:.8g}) -- (axis cs:{x1:.8g},{y1:.8g});"
    ]


def notes_of(layout: Mapping[str, Any], inner: tuple[float, float], colours: Colours) -> list[str]:
    """Return what is written over the panels at places of the paper: their headings."""
    made = []
    anchors = {"left": "west", "right": "east", "center": "", "auto": "", None: ""}
    for note in layout.get("annotations") or ():
        x, y = note.get("x"), note.get("y")
        at_paper = note.get("xref") == "paper" and note.get("yref") == "paper"
        if not at_paper or note.get("visible") is False or not note.get("text"):
            continue
        up = {"bottom": "south", "top": "north"}.get(str(note.get("yanchor")), "")
        side = anchors.get(note.get("xanchor"), "")
        name, _ = colours.name((note.get("font") or {}).get("color"))
        shift = (0.75 * (note.get("xshift") or 0), 0.75 * (note.get("yshift") or 0))
        anchor = f"{up} {side}".strip() or "center"
        made.append(
            rf"\node[anchor={anchor}, inner sep=1pt, color={name}, xshift={shift[0]:g}pt, "
            rf"yshift={shift[1]:g}pt] at ({x * inner[0]:.1f}pt,{y * inner[1]:.1f}pt) "
            rf"{{{tex_of(note['text'])}}};"
        )
    return made
