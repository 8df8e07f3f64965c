"""A figure as a PowerPoint slide: lines as charts that can be edited, the rest as a picture."""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from pptx import Presentation
from pptx.chart.data import XyChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import (
    XL_CHART_TYPE,
    XL_LEGEND_POSITION,
    XL_MARKER_STYLE,
    XL_TICK_LABEL_POSITION,
)
from pptx.enum.dml import MSO_LINE
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls
from pptx.util import Emu, Pt

from rnnviz.export.browser import paint
from rnnviz.export.colours import plain_colour
from rnnviz.export.drawn import panel_name
from rnnviz.export.look import PRESETS, Look
from rnnviz.export.prepared import alt, text_of, words, zoom
from rnnviz.export.source import Source
from rnnviz.plots.style import FigureDict
from rnnviz.words import t

PIXEL = 9525
"""EMU, PowerPoint's unit, in a CSS pixel."""
MOST_POINTS = 2000
"""Points of a line: PowerPoint becomes slow above."""
POWERPOINT_DASH = {
    "dash": MSO_LINE.DASH, "dot": MSO_LINE.ROUND_DOT, "dashdot": MSO_LINE.DASH_DOT,
    "longdash": MSO_LINE.LONG_DASH, "longdashdot": MSO_LINE.LONG_DASH_DOT,
}  # fmt: skip
MARKS = {"circle": XL_MARKER_STYLE.CIRCLE, "square": XL_MARKER_STYLE.SQUARE,
         "diamond": XL_MARKER_STYLE.DIAMOND, "triangle-up": XL_MARKER_STYLE.TRIANGLE,
         "x": XL_MARKER_STYLE.X}  # fmt: skip


def slide(
    figure: FigureDict,
    look: Look,
    source: Source | None = None,
    draw: Callable[[int, int, int], bytes] | None = None,
) -> bytes:
    """Return a presentation of one slide with the figure, its title, alt text and notes.

    Figures of lines alone become XY charts, one a panel, with their data; what has heatmaps, bars
    or words along an axis becomes a PNG of three pixels to the point, which needs the browser.

    Parameters
    ----------
    figure : dict
        As `prepare` gives it.
    draw : callable, optional
        Gives the picture as PNG, by width, height and scale, where plotly.js does not draw it.
    """
    shown = Presentation()
    # a slide is as large as a slide: narrow presets keep their shape on it
    height = PRESETS["slide"].height
    width = round(look.width * height / look.height)
    shown.slide_width, shown.slide_height = Emu(width * PIXEL), Emu(height * PIXEL)
    made = shown.slides.add_slide(shown.slide_layouts[5 if look.title else 6])
    background = made.background.fill
    background.solid()
    layout = figure["layout"]
    background.fore_color.rgb = _rgb(layout.get("paper_bgcolor"), "#FFFFFF")
    ink = _rgb((layout.get("font") or {}).get("color"), "#000000")
    size = 13 * look.zoom * height / look.height * 0.75  # points
    top = 0
    if look.title:
        top = round(height * 0.13)
        _title(made.shapes.title, words(figure), (width, top), ink, size)
    panels = _panels(figure)
    if panels:
        for place, traces in panels.items():
            _chart(made, figure, place, traces, (width, height, top), (size, ink), len(panels))
    else:
        if draw is not None:
            picture = draw(width, height - top, 3)
        else:
            bare = {**figure, "layout": {**layout, "title": None}}
            zoomed = zoom(figure, look) * height / look.height
            picture = paint(bare, "png", width, height - top, zoomed, 3)
        placed = made.shapes.add_picture(
            io.BytesIO(picture),
            0,
            Emu(top * PIXEL),
            Emu(width * PIXEL),
            Emu((height - top) * PIXEL),
        )
        _describe(placed, alt(figure))
    notes = [words(figure), alt(figure), *(source.lines() if source else ())]
    made.notes_slide.notes_text_frame.text = _clean("\n".join(dict.fromkeys(notes)))
    written = io.BytesIO()
    shown.save(written)
    return written.getvalue()


def _panels(figure: FigureDict) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Return the traces of each panel if all can be native lines, else nothing."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for trace in figure["data"]:
        numbers = all(np.asarray(trace.get(letter, ())).dtype.kind in "fiu" for letter in "xy")
        coloured = (trace.get("line") or trace.get("marker") or {}).get("color")
        drawn = trace.get("mode") == "text" or trace.get("fill") == "toself"  # no chart has them
        lines = trace.get("type", "scatter") == "scatter" and numbers and not drawn
        if not lines or isinstance(coloured, list):
            return {}
        place = (trace.get("xaxis") or "x", trace.get("yaxis") or "y")
        found.setdefault(place, []).append(trace)
    return found


def _title(shape: Any, text: str, size: tuple[int, int], ink: RGBColor, points: float) -> None:
    shape.left, shape.top = Emu(40 * PIXEL), Emu(12 * PIXEL)
    shape.width, shape.height = Emu((size[0] - 80) * PIXEL), Emu((size[1] - 12) * PIXEL)
    shape.text_frame.text = _clean(text)
    shape.text_frame.word_wrap = True
    paragraph = shape.text_frame.paragraphs[0]
    paragraph.font.size, paragraph.font.bold = Pt(round(points * 1.3)), True
    paragraph.font.color.rgb = ink
    paragraph.alignment = 1  # left


def _chart(
    made: Any,
    figure: FigureDict,
    place: tuple[str, str],
    traces: Sequence[Mapping[str, Any]],
    size: tuple[int, int, int],
    type: tuple[float, RGBColor],
    panels: int,
) -> None:
    layout = figure["layout"]
    axes = [layout.get(f"{short[0]}axis{short[1:]}") or {} for short in place]
    (left, right), (low, high) = (axis.get("domain") or (0.0, 1.0) for axis in axes)
    width, height, top = size
    room = height - top - 10
    data, kept = XyChartData(), []
    logs = [axis.get("type") == "log" for axis in axes]
    for number, trace in enumerate(traces):
        points = _points(trace, logs)
        if not points:
            continue
        name = text_of(trace.get("name") or "") or t("line {number}", number=number + 1)
        series = data.add_series(_clean(name))
        for x, y in points:
            series.add_data_point(x, y)
        kept.append(trace)
    if not kept:
        return
    chart_at = [left * (width - 40) + 20, top + (1 - high) * room,
                (right - left) * (width - 40), (high - low) * room]  # fmt: skip
    framed = made.shapes.add_chart(
        XL_CHART_TYPE.XY_SCATTER_LINES_NO_MARKERS, *(Emu(round(v) * PIXEL) for v in chart_at), data
    )
    heading = panel_name(layout, place, 0) if panels > 1 else ""
    _describe(framed, f"{heading}: {alt(figure)}" if heading else alt(figure))
    chart = framed.chart
    chart.font.size, chart.font.color.rgb = Pt(round(type[0])), type[1]
    chart.font.name = "Arial"
    chart.has_title = False
    named = [bool(trace.get("name")) and trace.get("showlegend", True) for trace in kept]
    chart.has_legend = any(named) and len(kept) > 1
    if chart.has_legend:
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
        for number, listed in enumerate(named):
            if not listed:
                _unlisted(chart.legend, number)
    for series, trace in zip(chart.plots[0].series, kept, strict=True):
        _style(series, trace)
    for letter, axis, ours in zip("xy", axes, (chart.category_axis, chart.value_axis), strict=True):
        values = [np.asarray(trace.get(letter), float) for trace in kept]
        _axis(ours, axis, values, layout)


def _points(trace: Mapping[str, Any], logs: Sequence[bool]) -> list[tuple[float, float]]:
    x, y = (np.asarray(trace.get(letter), dtype=float).ravel() for letter in "xy")
    good = np.isfinite(x) & np.isfinite(y)
    for values, log in zip((x, y), logs, strict=True):
        good &= (values > 0) | (not log)
    x, y = x[good], y[good]
    every = -(-len(x) // MOST_POINTS) or 1
    return list(zip(x[::every].tolist(), y[::every].tolist(), strict=True))


def _style(series: Any, trace: Mapping[str, Any]) -> None:
    mode = str(trace.get("mode", "lines"))
    line, marker = trace.get("line") or {}, trace.get("marker") or {}
    series.smooth = False
    ours = series.format.line
    width = float(line.get("width", 2))
    if "lines" in mode and width > 0:
        ours.color.rgb = _rgb(line.get("color"), "#000000")
        ours.width = Pt(max(width, 0.75))
        if dash := POWERPOINT_DASH.get(str(line.get("dash"))):
            ours.dash_style = dash
    else:
        ours.fill.background()
    series.marker.style = XL_MARKER_STYLE.NONE
    few = marker.get("maxdisplayed") or len(np.asarray(trace.get("x"))) <= 400
    if "markers" in mode and few:
        symbol = marker.get("symbol")
        series.marker.style = MARKS.get(symbol if isinstance(symbol, str) else "", MARKS["circle"])
        series.marker.size = 6
        fill = series.marker.format.fill
        fill.solid()
        fill.fore_color.rgb = _rgb(marker.get("color"), "#000000")


def _axis(
    ours: Any, axis: Mapping[str, Any], values: Sequence[np.ndarray], layout: Mapping[str, Any]
) -> None:
    log = axis.get("type") == "log"
    given = axis.get("range")
    if given is not None and all(isinstance(end, int | float) for end in given):
        ends = [10.0**end if log else float(end) for end in given]
    else:
        seen = np.concatenate(
            [each[np.isfinite(each) & ((each > 0) | (not log))] for each in values]
        )
        ends = [float(seen.min()), float(seen.max())] if seen.size else [0.0, 1.0]
    if min(ends) < max(ends):
        ours.minimum_scale, ours.maximum_scale = min(ends), max(ends)
    ours.reverse_order = ends[0] > ends[1] or axis.get("autorange") == "reversed"
    ours.has_major_gridlines = bool(axis.get("showgrid", True))
    if ours.has_major_gridlines:
        grid = _rgb(axis.get("gridcolor"), "#D0D0D0")
        ours.major_gridlines.format.line.color.rgb = grid
    title = axis.get("title") or ""
    said = text_of(title.get("text") or "" if isinstance(title, Mapping) else title)
    ours.has_title = bool(said)
    if said:
        ours.axis_title.text_frame.text = _clean(said)
    ours.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    ours.tick_labels.number_format_is_linked = False
    ours.tick_labels.number_format = "0.E+0" if log else "General"
    if log:
        scaling = ours._element.find("{*}scaling")
        scaling.insert(0, parse_xml(f'<c:logBase {nsdecls("c")} val="10"/>'))


def _unlisted(legend: Any, number: int) -> None:
    """Leave a line out of a chart's legend."""
    entry = parse_xml(
        f'<c:legendEntry {nsdecls("c")}><c:idx val="{number}"/><c:delete val="1"/></c:legendEntry>'
    )
    place = [child.tag.endswith(("legendPos", "legendEntry")) for child in legend._element]
    legend._element.insert(sum(place), entry)


def _describe(shape: Any, text: str) -> None:
    shape._element.xpath("./*/p:cNvPr")[0].set("descr", _clean(text))


def _rgb(colour: Any, default: str) -> RGBColor:
    text = plain_colour(colour)
    good = len(text) == 7 and all(letter in "0123456789ABCDEF" for letter in text[1:])
    return RGBColor.from_string((text if good else default)[1:])


def _clean(text: str) -> str:
    """Leave out what XML has no place for."""
    return "".join(letter for letter in text if letter >= " " or letter in "\n\t")
