"""A figure as PGFPlots source with its data in it: one .tex file that pdflatex compiles alone."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rnnviz.export.look import Look
from rnnviz.export.prepared import words as title_of
from rnnviz.export.prepared import zoom
from rnnviz.export.source import Source
from rnnviz.export.tex_plots import (
    Colours,
    colour_scale,
    heatmap_of,
    line_of,
    notes_of,
    numbers,
    shape_of,
)  # fmt: skip
from rnnviz.export.tex_text import comment_of, tex_of
from rnnviz.plots.style import FigureDict

MOST_CELLS = 6000
"""Cells of all heatmaps together: TeX has a fixed memory; larger ones are thinned, and say so."""
HEAD = r"""\documentclass{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{textcomp}
\usepackage{pgfplots}
\pgfplotsset{compat=1.17}
\newsavebox{\figurebox}
\begin{document}
\sffamily"""
# the page is as large as the picture, without a package that not every TeX has
TAIL = r"""\end{lrbox}
\pdfpagewidth=\dimexpr\wd\figurebox+4pt\relax
\pdfpageheight=\dimexpr\ht\figurebox+\dp\figurebox+4pt\relax
\pdfhorigin=2pt \pdfvorigin=2pt
\shipout\box\figurebox
\end{document}
"""


def tex(figure: FigureDict, look: Look, source: Source | None = None) -> str:
    """Return a document with the figure.

    To have the picture alone in a paper, copy what stands between the lines `begin` and `end`.

    Parameters
    ----------
    figure : dict
        As `prepare` gives it.
    """
    layout = figure["layout"]
    width, height = look.width * 0.75, look.height * 0.75  # points of a 96 to the inch picture
    size = 9.75 * zoom(figure, look)  # of 13 pixels, in points
    colours = Colours()
    panels: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for trace in figure["data"]:
        place = (trace.get("xaxis") or "x", trace.get("yaxis") or "y")
        panels.setdefault(place, []).append(trace)
    heats = [_heat_size(trace) for trace in figure["data"] if trace.get("type") == "heatmap"]
    share = max(1.0, sum(heats) / MOST_CELLS)
    body: list[str] = []
    # room for what stands around the axes: PGFPlots does not measure it as plotly does
    bars = 3.5 * any(trace.get("showscale", True) for trace in figure["data"] if "z" in trace)
    inner = (width - (6.2 + bars) * size, height - (6.4 if look.title else 4.4) * size)
    for place, traces in panels.items():
        body += _panel(layout, place, traces, inner, colours, share)
    body += notes_of(layout, inner, colours)
    if look.title and title_of(figure):
        title = tex_of(layout["title"]["text"].replace("<span", "— <span", 1))
        wide = rf"\parbox{{{inner[0]:.0f}pt}}{{\raggedright {title}}}"
        body.append(
            rf"\node[anchor=south west, inner sep=0pt] at (0pt,{inner[1] + 1.7 * size:.1f}pt) "
            rf"{{{wide}}};"
        )
    comments = [f"% {comment_of(line)}" for line in (source.lines() if source else ())]
    lines = [
        HEAD,
        *comments,
        rf"\fontsize{{{size:.1f}}}{{{1.2 * size:.1f}}}\selectfont",
        *colours.lines(),
    ]
    lines += [
        r"\begin{lrbox}{\figurebox}%",
        "% begin",
        r"\begin{tikzpicture}[every node/.append style={font={}}]",
    ]
    return "\n".join([*lines, *body, r"\end{tikzpicture}%", "% end", TAIL])


def _panel(
    layout: Mapping[str, Any],
    place: tuple[str, str],
    traces: Sequence[dict[str, Any]],
    inner: tuple[float, float],
    colours: Colours,
    share: float,
) -> list[str]:
    axes = [layout.get(f"{short[0]}axis{short[1:]}") or {} for short in place]
    domains = [axis.get("domain") or (0.0, 1.0) for axis in axes]
    (left, right), (low, high) = domains
    heat = next((trace for trace in traces if trace.get("type") == "heatmap"), None)
    options = [
        f"at={{({left * inner[0]:.1f}pt,{low * inner[1]:.1f}pt)}}", "anchor=south west",
        f"width={(right - left) * inner[0]:.1f}pt", f"height={(high - low) * inner[1]:.1f}pt",
        "scale only axis", "axis on top" if heat else "axis lines=left, axis line style={-}",
        "tick align=outside", "unbounded coords=jump", "legend cell align=left",
        "legend style={draw=none, fill opacity=0.8, text opacity=1, at={(1,1)}, anchor=north east}",
    ]  # fmt: skip
    ends = []
    categories = []
    for letter, axis in zip("xy", axes, strict=True):
        categories.append(_categories(letter, axis, traces))
        values = [numbers(trace.get(letter), categories[-1]) for trace in traces]
        options += _axis(letter, axis, values, heat is not None, traces)
        ends.append(_ends(axis, values, heat is not None or bool(categories[-1])))
    if heat is not None:
        options += colour_scale(heat, colours)
    lines = [rf"\begin{{axis}}[{', '.join(options)}]"]
    named = len(traces) > 1
    for trace in traces:
        if trace.get("type") == "heatmap":
            lines += heatmap_of(trace, categories, share)
        else:
            lines += line_of(trace, categories, colours, named)
    for shape in layout.get("shapes") or ():
        lines += shape_of(shape, place, ends, axes, colours)
    return [*lines, r"\end{axis}"]


def _axis(
    letter: str,
    axis: Mapping[str, Any],
    values: Sequence[np.ndarray],
    heat: bool,
    traces: Sequence[Mapping[str, Any]],
) -> list[str]:
    made = []
    if axis.get("visible") is False:
        made.append(f"hide {letter} axis")
    words = _categories(letter, axis, traces)
    low, high = _ends(axis, values, heat or bool(words))
    if axis.get("type") == "log":
        made.append(f"{letter}mode=log")
    if low is not None and high is not None:
        made += [f"{letter}min={min(low, high):.8g}", f"{letter}max={max(low, high):.8g}"]
        if low > high:
            made.append(f"{letter} dir=reverse")
    if axis.get("autorange") == "reversed":
        made.append(f"{letter} dir=reverse")
    title = axis.get("title") or ""
    title = title.get("text") or "" if isinstance(title, Mapping) else title
    if title:
        made.append(f"{letter}label={{{tex_of(title)}}}")
    if axis.get("showgrid") and not heat:
        made.append(f"{letter}majorgrids, grid style={{black!12}}")
    if axis.get("showticklabels") is False:
        made.append(f"{letter}ticklabels={{}}")
    elif axis.get("tickvals") is not None and axis.get("type") != "log":
        at = [float(each) for each in axis["tickvals"]]
        text = list(axis.get("ticktext", [f"{v:g}" for v in at]))
        kept = [(v, t) for v, t in zip(at, text, strict=False) if t != ""]
        made.append(f"{letter}tick={{{','.join(f'{v:.6g}' for v, _ in kept)}}}")
        made.append(f"{letter}ticklabels={{{','.join(f'{{{tex_of(t)}}}' for _, t in kept)}}}")
        if axis.get("tickangle") in (-90, 90):
            made.append(f"{letter}ticklabel style={{rotate=90, anchor=east}}")
    elif words:
        made.append(f"{letter}tick={{{','.join(map(str, range(len(words))))}}}")
        made.append(f"{letter}ticklabels={{{','.join(f'{{{tex_of(w)}}}' for w in words)}}}")
    return made


def _categories(
    letter: str, axis: Mapping[str, Any], traces: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Return the words along an axis of words, in the order they stand; nothing for numbers."""
    found: dict[str, None] = dict.fromkeys(map(str, axis.get("categoryarray", ())))
    for trace in traces:
        values = np.asarray(trace.get(letter) if trace.get(letter) is not None else ())
        if axis.get("type") == "category" or values.dtype.kind in "OU":
            found |= dict.fromkeys(map(str, values.tolist()))
    return list(found)


def _ends(
    axis: Mapping[str, Any], values: Sequence[np.ndarray], heat: bool
) -> tuple[float | None, float | None]:
    given = axis.get("range")
    if given is not None and len(given) == 2 and all(isinstance(e, int | float) for e in given):
        low, high = float(given[0]), float(given[1])
        return (10.0**low, 10.0**high) if axis.get("type") == "log" else (low, high)
    seen = [each[np.isfinite(each)] for each in values]
    seen = [each for each in seen if each.size]
    if not seen:
        return None, None
    low, high = min(each.min() for each in seen), max(each.max() for each in seen)
    if heat:
        return float(low - 0.5), float(high + 0.5)
    return (float(low), float(high)) if low < high else (float(low - 1), float(high + 1))


def _heat_size(trace: Mapping[str, Any]) -> int:
    return int(np.asarray(trace.get("z", ())).size)
