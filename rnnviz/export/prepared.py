"""Take a figure as it comes and make it what is to be written: plain, bounded, as it shall look."""

import base64
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from rnnviz.errors import ExportError
from rnnviz.export.colours import repaint
from rnnviz.export.look import NUMBERS, Look
from rnnviz.plots.packed import TYPED_ARRAYS
from rnnviz.plots.style import FigureDict
from rnnviz.words import t

MOST_TRACES = 2000
MOST_VALUES = 2**22
"""Numbers in one figure; the largest of ours has a quarter million."""
PANEL = (190, 60)
"""Width and height that a panel needs, in pixels of the screen's type."""
SMALLEST = 0.55
"""Share of a preset's type that is left where many panels have to fit."""
WIDE = 0.56
"""Width of a letter by its height, on average, of the house's type."""
SPAN = re.compile(r"^(<b>.*?</b>)\s*(<span[^>]*>)(.*)(</span>)$", re.DOTALL)


def zoom(figure: FigureDict, look: Look) -> float:
    """Return by how much type, lines and gaps grow: less where many panels have to fit.

    A font size that was asked for is taken as it is.
    """
    if look.font_size is not None:
        return look.zoom
    starts: dict[str, set[float]] = {"x": set(), "y": set()}
    for name, axis in figure["layout"].items():
        if re.fullmatch(r"[xy]axis\d*", name) and isinstance(axis, dict):
            domain = axis.get("domain") or (0.0, 1.0)
            starts[name[0]].add(round(float(domain[0]), 2))
    wide = 110 + PANEL[0] * max(1, len(starts["x"]))
    high = 90 + PANEL[1] * max(1, len(starts["y"]))
    fits = min(look.width / wide, look.height / high)
    return max(min(look.zoom, fits), SMALLEST * look.zoom)


def prepare(figure: go.Figure | Mapping[str, Any], look: Look) -> FigureDict:
    """Return the figure as a plain dict in the chosen colours, with the chosen ranges and title.

    Raises
    ------
    ExportError
        If it is no figure or too large.
    """
    plain = unpacked(figure)
    if look.theme is not None:
        plain = repaint(plain, look.theme)
    layout = plain["layout"] = {**plain["layout"]}
    for axis, ends in look.ranges.items():
        if not re.fullmatch(r"[xy]axis\d*", axis) or not isinstance(layout.get(axis), dict):
            raise ExportError(
                "The figure has no axis called {axis!r}: leave its range out.", axis=axis[:20]
            )
        layout[axis] = {**layout[axis], "range": list(ends), "autorange": False}
    plain["data"] = [trace for place, trace in enumerate(plain["data"]) if place not in look.hidden]
    layout["separators"] = NUMBERS[look.numbers]
    layout.pop("images", None)  # they would be fetched from wherever they are
    layout.pop("template", None)
    _make_room(plain, look)
    return plain


def unpacked(figure: go.Figure | Mapping[str, Any]) -> FigureDict:
    """Return data and layout as dicts with arrays; the figure is not changed.

    Raises
    ------
    ExportError
        If it is no figure or too large.
    """
    found = figure.to_plotly_json() if isinstance(figure, go.Figure) else figure
    if not isinstance(found, Mapping) or not isinstance(found.get("data", ()), list | tuple):
        raise ExportError("That is no figure: give a plotly Figure, or its data and layout.")
    layout = found.get("layout") or {}
    data = list(found.get("data", ()))
    if not isinstance(layout, Mapping) or not all(isinstance(trace, Mapping) for trace in data):
        raise ExportError("That is no figure: data is a list of traces, layout a mapping.")
    if len(data) > MOST_TRACES:
        raise ExportError(
            "{count:,} traces are too many: export up to {most:,}.",
            count=len(data),
            most=MOST_TRACES,
        )
    kinds = {str(trace.get("type", "scatter")) for trace in data}
    if odd := kinds - {"scatter", "heatmap", "bar"}:
        raise ExportError(
            "Traces of the kind {kinds} cannot be exported: "
            "use scatter, bar or heatmap, or plotly's own write_image.",
            kinds=", ".join(sorted(odd))[:80],
        )
    size = sum(_size(trace) for trace in data)
    if size > MOST_VALUES:
        raise ExportError(
            "{count:,} numbers are too many: export up to {most:,}.",
            count=size,
            most=MOST_VALUES,
        )
    return {"data": [_plain(trace) for trace in data], "layout": _plain(layout)}


def words(figure: Mapping[str, Any]) -> str:
    """Return the title as text, without markup."""
    title = figure["layout"].get("title") or ""
    return text_of(title.get("text") or "" if isinstance(title, Mapping) else str(title))


def heading(figure: Mapping[str, Any]) -> str:
    """Return the bold part of the title as text, without the quiet note beside it."""
    title = figure["layout"].get("title") or ""
    markup = str(title.get("text") or "" if isinstance(title, Mapping) else title)
    bold = re.match(r"<b>(.*?)</b>", markup)
    return text_of(bold[1] if bold else markup)


def alt(figure: Mapping[str, Any]) -> str:
    """Return the sentence that says what is seen, or the title."""
    meta = figure["layout"].get("meta")
    said = meta.get("alt") if isinstance(meta, Mapping) else ""
    return str(said or words(figure) or t("Figure"))


def text_of(markup: str) -> str:
    """Return Plotly's small HTML as plain text."""
    text = re.sub(r"<br\s*/?>", " ", str(markup))
    text = re.sub(r"<[^>]*>", "", text)
    for code, sign in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(code, sign)
    return re.sub(r"\s+", " ", text).strip()


def _size(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return int(value.size)
    if isinstance(value, Mapping):
        if "bdata" in value:
            return len(value["bdata"]) // 4
        return sum(map(_size, value.values()))
    if isinstance(value, list | tuple):
        return sum(_size(each) if isinstance(each, list | tuple) else 1 for each in value)
    return 1


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        if "bdata" in value:
            return _array(value)
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def _array(value: Mapping[str, Any]) -> np.ndarray:
    kinds = {code: name for name, code in TYPED_ARRAYS.items()} | {"u2": "uint16", "u4": "uint32"}
    kinds |= {"i1": "int8"}
    try:
        read = base64.b64decode(value["bdata"], validate=True)
        array = np.frombuffer(read, kinds[value["dtype"]])
        shape = [int(part) for part in str(value.get("shape") or array.size).split(",")]
        return array.reshape(shape)
    except (KeyError, ValueError, TypeError):
        raise ExportError("The figure's packed numbers are damaged: draw it again.") from None


def _make_room(figure: FigureDict, look: Look) -> None:
    """Write the title in as many lines as it needs, with the legend's lines below it."""
    layout = figure["layout"]
    given = layout.get("title") or {}
    title: dict[str, Any] = {"text": given} if isinstance(given, str) else dict(given)
    margin = {"t": 34, "l": 56, "r": 16, "b": 44} | dict(layout.get("margin") or {})
    room = look.width / zoom(figure, look) - margin["l"] - margin["r"]
    legend = layout.get("legend") or {}
    names = [text_of(trace.get("name") or "") for trace in figure["data"]
             if trace.get("showlegend", len(figure["data"]) > 1) and trace.get("name")]  # fmt: skip
    shown = bool(names) and layout.get("showlegend", True)
    above = shown and legend.get("orientation") == "h" and legend.get("y", 1) >= 1
    each = [len(name) * 12 * WIDE + 46 for name in names]
    lines = _title_lines(title.get("text") or "", room) if look.title else []
    rows = 0
    if above and each:
        columns = max(1, int(room // max(each)))
        rows = 1 if sum(each) <= room else -(-len(each) // columns)
        wide = max((len(text_of(line)) * 15 * WIDE for line in lines), default=0.0)
        if rows == 1 and len(lines) <= 1 and wide + sum(each) <= room:
            rows = 0  # title and legend have room beside each other
    pad = title.get("pad") or {}
    least = pad.get("b", 10)  # some figures keep a row for their legend themselves
    height = max(0, 19 * rows - max(0, least - 10))
    if lines:
        # Plotly hangs further lines below the first
        down = {**pad, "b": least + height + 18 * (len(lines) - 1)}
        layout["title"] = {**title, "text": "<br>".join(lines), "pad": down}
        margin["t"] = max(margin["t"], 24 + down["b"])
    else:
        layout.pop("title", None)
        heads = any(note.get("yanchor") == "bottom" for note in layout.get("annotations") or ())
        margin["t"] = max(14 + least - 10 + height, 34 if above or heads else 0)
    layout["margin"] = margin


def _title_lines(markup: str, room: float) -> list[str]:
    """Break a title, and the quiet note beside it, into lines of at most `room` pixels."""
    if len(text_of(markup)) * 14.5 * WIDE <= room:
        return [markup]
    hit = SPAN.match(markup)
    if not hit:
        return _broken(markup, room / (15 * WIDE))
    head, start, note, end = hit.groups()
    bold = head.removeprefix("<b>").removesuffix("</b>")
    first = [f"<b>{line}</b>" for line in _broken(bold, room / (15.5 * WIDE))]
    return first + [f"{start}{line}{end}" for line in _broken(note, room / (12 * WIDE))]


def _broken(markup: str, most: float) -> list[str]:
    """Break text at its spaces, never inside a tag; lines of about `most` letters."""
    lines, line = [], ""
    for word in re.split(r"\s+(?![^<]*>)", markup.strip()):
        longer = f"{line} {word}" if line else word
        if line and len(text_of(longer)) > most:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line]
