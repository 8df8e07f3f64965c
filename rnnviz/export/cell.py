"""The drawn cell of the Anatomy page as a file: one time step, as the screen paints it.

`assets/drawing.js` does the same to the drawing in the page; here every colour and width becomes an
attribute, so that the file needs no style sheet.
"""

import copy
import math
from collections.abc import Callable
from functools import partial
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from rnnviz.errors import ExportError
from rnnviz.export.browser import paint
from rnnviz.export.cell_course import Course, unpacked
from rnnviz.export.look import Look
from rnnviz.export.page import drawing_page
from rnnviz.export.source import Source
from rnnviz.export.svg import fonts
from rnnviz.looks.anatomy import mixed
from rnnviz.plots.style import FONT, FigureDict
from rnnviz.resources import asset

SVG = "http://www.w3.org/2000/svg"
WIDE, HIGH = 1030, 580
"""Of the drawings, in their own units."""
WIDEST, THINNEST = 11.0, 1.5
VIEW = "anatomy"
FORMATS = ("png", "svg", "pdf", "html", "pptx", "csv", "py")


def cell_file(drawn: FigureDict, format: str, look: Look, source: Source | None = None) -> bytes:
    """Return the drawing as a file of one of `FORMATS`.

    Raises
    ------
    ExportError
        If there is no such file of a drawing, no such time step, or no browser where one is needed.
    """
    if format not in FORMATS:
        raise ExportError(
            "A drawn cell cannot be a {format} file: take {known}.",
            format=format,
            known=", ".join(FORMATS),
        )
    if format == "csv":
        return cell_table(drawn).to_csv(index=False, lineterminator="\n").encode()
    course = Course(drawn, look)
    if format == "pptx":
        from rnnviz.export.slides import slide

        layout = {
            "title": {"text": f"{course.title}, {course.where}"},
            "meta": {"alt": course.alt},
            "paper_bgcolor": course.palette["paper"],
            "font": {"color": course.palette["ink"]},
        }
        return slide({"data": [], "layout": layout}, look, source, partial(_picture, course))
    svg = cell_svg(course, (look.width, look.height), look.title)
    if format == "svg":
        return svg.encode()
    if format == "html":
        return drawing_page(svg, course.title, course.alt, course.palette["paper"]).encode()
    return _painted_file(course, svg, format, (look.width, look.height), look.scale)


def _picture(course: Course, width: int, height: int, scale: int) -> bytes:
    return _painted_file(
        course, cell_svg(course, (width, height), False), "png", (width, height), scale
    )


def _painted_file(
    course: Course, svg: str, format: str, size: tuple[int, int], scale: int
) -> bytes:
    drawing = {"svg": svg, "paper": course.palette["paper"]}
    return paint(drawing, format, *size, 1.0, scale)


def cell_svg(course: Course, size: tuple[int, int], title: bool, *, bare: bool = False) -> str:
    """Return the drawing as an SVG of a size in CSS pixels, with its fonts in it unless `bare`."""
    (width, height), zoom = size, course.look.zoom
    made = ElementTree.Element("svg", {"xmlns": SVG, "role": "img", "font-family": FONT})
    made.attrib |= {"width": str(width), "height": str(height), "viewBox": f"0 0 {width} {height}"}
    _add(made, "title").text = f"{course.title}, {course.where}"
    _add(made, "rect", width="100%", height="100%", fill=course.palette["paper"])
    edge, top = 10 * zoom, 10 * zoom
    if title:
        top = 50 * zoom
        for said, down, font, hue in (
            (course.title, 23, 15, "ink"),
            (course.where, 41, 12, "muted"),
        ):
            line = _add(made, "text", x=f"{edge:.1f}", y=f"{down * zoom:.1f}")
            line.attrib |= {"font-size": f"{font * zoom:.1f}", "fill": course.palette[hue]}
            line.attrib |= {"font-weight": "600"} if font == 15 else {}
            line.text = said
    scale = min((width - 2 * edge) / WIDE, (height - top - edge) / HIGH)
    left, up = (width - scale * WIDE) / 2, top + (height - top - edge - scale * HIGH) / 2
    place = f"translate({left:.2f} {up:.2f}) scale({scale:.5f})"
    inside = _add(made, "g", transform=place, fill="none", stroke=course.palette["ink"], **{
        "font-size": "26", "stroke-width": "1.5"})  # fmt: skip
    inside.extend(_painted(course))
    text = ElementTree.tostring(made, encoding="unicode")
    return text if bare else text.replace("</title>", f"</title>{fonts(text)}", 1)


def cell_table(drawn: FigureDict) -> pd.DataFrame:
    """Return all numbers of the drawing's course.

    Returns
    -------
    DataFrame
        A row a time step: `time step t`, `input symbol`, and the columns of
        `rnnviz.analysis.anatomy`.
    """
    told = drawn["anatomy"]
    series = unpacked(told, "shown_series" if told["shown_series"] else "unit_series")
    steps = told["steps"]
    labels = [*told["labels"], *[""] * steps][:steps]
    return pd.DataFrame({"time step t": np.arange(steps), "input symbol": labels, **series})


def _painted(course: Course) -> list[ElementTree.Element]:
    """Return the parts of the cell's drawing with this time step's values in them."""
    source = asset(f"cells/{course.told['drawing']}.svg").read_text("utf-8")
    root = ElementTree.fromstring(source)
    for node in root.iter():
        node.tag = node.tag.rpartition("}")[2]
    parts = []
    for node in list(root):
        if node.tag == "title":
            continue
        parts.append(node)
        if "wire" in _classes(node):
            parts += _flow(course, node)
    for node in parts:
        _paint(course, node, None, "")
    return parts


def _flow(course: Course, rail: ElementTree.Element) -> list[ElementTree.Element]:
    """Return what flows in a wire: as wide as its value, hollow where that is negative."""
    value, column = course.value(rail)
    share = course.share(value, column)
    if value is None or share <= 0:
        return []
    flow, hollow = copy.deepcopy(rail), copy.deepcopy(rail)
    width = THINNEST + (WIDEST - THINNEST) * share
    flow.set("class", "flow")
    colour = course.palette["negative" if value < 0 else "positive"]
    flow.set("stroke", colour if course.gradient else _own(course, rail.get("data-hue")))
    flow.set("stroke-width", f"{width:.1f}")
    flow.set("stroke-opacity", f"{0.35 + 0.65 * share:.2f}")
    flow.set("stroke-linejoin", "round")
    if value >= 0 or course.gradient:
        return [flow]
    hollow.set("class", "hollow")
    hollow.set("stroke", course.palette["panel"])
    hollow.set("stroke-width", f"{max(0.8, width - 4):.1f}")
    return [flow, hollow]


def _paint(course: Course, node: ElementTree.Element, hue: str | None, above: str) -> None:
    """Give a part, and what is in it, the looks that `assets/drawing.css` gives them."""
    hue = node.get("data-hue") or hue
    kinds, colours = _classes(node), course.palette
    tag = node.tag
    gone = "symbol" if course.gradient else "delta"
    _remove(node, gone)
    for child in node:
        _paint(course, child, hue, " ".join(sorted(kinds)) or above)
    if tag == "text":
        own = colours.get(f"{hue}-text") if hue else None
        node.attrib |= {"stroke": "none", "fill": own or colours["ink"]}
    for kind in sorted(kinds):
        node.attrib |= _style(course, kind, hue)
    if kinds == {"box"} and above == "gate":
        node.attrib |= {"stroke": _own(course, hue), "stroke-width": "2.5"}
    if tag in ("circle", "path") and above == "op":
        paint = {"fill": colours["paper"]} if tag == "circle" else {}
        wide = "1.75" if tag == "circle" else "2.25"
        node.attrib |= {"stroke": colours["ink"], "stroke-width": wide, **paint}
    _fill_in(course, node, kinds)
    for name in [each for each in node.attrib if each.startswith("data-") or each == "class"]:
        del node.attrib[name]


def _style(course: Course, kind: str, hue: str | None) -> dict[str, str]:
    """Return what a class means."""
    colours, gradient = course.palette, course.gradient
    rail = mixed(colours["muted"], colours["panel"], 0.4)
    halo = {"paint-order": "stroke", "stroke": colours["panel"], "stroke-width": "5",
            "stroke-linejoin": "round"}  # fmt: skip
    styles: dict[str, Callable[[], dict[str, str]]] = {
        "body": lambda: {"fill": colours["panel"], "stroke": colours["rule"]},
        "wire": lambda: {"stroke": rail},
        "to": lambda: {"marker-start" if gradient else "marker-end": "url(#rnnviz-arrow)"},
        "bus": lambda: {"stroke": rail, "stroke-width": "3"},
        "bridge": lambda: {"stroke": colours["paper"], "stroke-width": "20"},
        "tip": lambda: {"fill": colours["muted"], "stroke": "none"},
        "box": lambda: {
            "fill": colours["paper"], "stroke": colours["ink"], "stroke-width": "1.75"
        },
        "track": lambda: {"fill": "none", "stroke": colours["muted"], "stroke-width": "1"},
        "gauge": lambda: {"fill": _own(course, hue), "stroke": "none"},
        "reading": lambda: {
            "font-size": "19" if gradient else "26", "font-weight": "550", **halo
        },
        "small": lambda: {"font-size": "17" if gradient else "20", "font-weight": "450"},
        "name": lambda: {"font-style": "italic", "font-weight": "450"},
        "below": lambda: {"font-size": "0.66em"},
        "caption": lambda: {"font-size": "15", "fill": colours["muted"]},
        "function": lambda: {"font-size": "19", "fill": colours["ink"], "font-style": "italic"},
    }  # fmt: skip
    return styles[kind]() if kind in styles else {}


def _fill_in(course: Course, node: ElementTree.Element, kinds: set[str]) -> None:
    """Write the numbers, the symbol that goes in, and the level of the gauges."""
    if "number" in kinds:
        node.text = course.number(course.value(node)[0])
    if "data-symbol" in node.attrib:
        node.text = (course.told["labels"][course.t : course.t + 1] or [""])[0]
    if "data-function" in node.attrib:
        node.text = course.told["function"]
    if "data-word" in node.attrib:
        node.text = course.told["words"][node.get("data-word", "")]
    if "data-before" in node.attrib:
        node.text = course.told["before"]
    if "gauge" in kinds:
        column = node.get("data-value", "")
        series = course.shown.get(column)
        value = float(series[course.t]) if series is not None else 0.0
        share = 0.0 if math.isnan(value) else value / float(course.told["reach"].get(column, 1))
        zero = float(node.get("data-zero", "0"))
        length = float(node.get("data-reach", "0")) * max(-1.0, min(1.0, share))
        node.set("x", f"{min(zero, zero + length):.1f}")
        node.set("width", f"{abs(length):.1f}")


def _remove(node: ElementTree.Element, kind: str) -> None:
    """Take the children of a class out; what stands behind them stays."""
    before: ElementTree.Element | None = None
    for child in list(node):
        if kind not in _classes(child):
            before = child
            continue
        if before is None:
            node.text = (node.text or "") + (child.tail or "")
        else:
            before.tail = (before.tail or "") + (child.tail or "")
        node.remove(child)


def _own(course: Course, hue: str | None) -> str:
    return str(course.palette.get(hue or "") or course.palette["ink"])


def _classes(node: ElementTree.Element) -> set[str]:
    return set(node.get("class", "").split())


def _add(parent: ElementTree.Element, tag: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, tag, attributes)
