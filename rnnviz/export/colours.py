"""Give a figure the colours of another theme, or those of print: black on white, told by shape."""

import re
from typing import Any

import numpy as np

from rnnviz.plots.style import THEMES, FigureDict, Theme

HEX = re.compile(r"#[0-9A-Fa-f]{6}\b")
RGBA = re.compile(r"rgba?\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*(?:,\s*([\d.]+)\s*)?\)")

PRINT = Theme(
    key="print",
    paper="#FFFFFF",
    panel="#FFFFFF",
    ink="#000000",
    muted="#333333",
    rule="#D0D0D0",
    primary="#000000",
    negative="#000000",
    positive="#7A7A7A",
    wrong="#000000",
    heat=("#FFFFFF", "#E3E3E3", "#C2C2C2", "#9C9C9C", "#727272", "#444444", "#000000"),
    signal={
        "input": "#333333",
        "input_gate": "#8A8A8A",
        "forget_gate": "#4D4D4D",
        "update_gate": "#4D4D4D",
        "candidate": "#6E6E6E",
        "output_gate": "#A0A0A0",
        "reset_gate": "#A0A0A0",
        "cell_state": "#262626",
        "hidden_state": "#000000",
    },
    cell={"rnn": "#8A8A8A", "rnn_relu": "#6E6E6E", "gru": "#404040", "lstm": "#000000"},
)
# what tells lines of one figure apart in print: dash, marker, width
LINES = {
    "hidden_state": ("solid", "", 2.4),
    "cell_state": ("solid", "circle", 1.6),
    "input_gate": ("dot", "square", 1.6),
    "forget_gate": ("dash", "triangle-up", 1.8),
    "candidate": ("dashdot", "diamond", 1.6),
    "output_gate": ("longdash", "x", 1.8),
}
CELLS = {
    "lstm": ("solid", "circle", 2.2),
    "gru": ("dash", "square", 1.9),
    "rnn": ("dot", "triangle-up", 1.7),
    "rnn_relu": ("dashdot", "diamond", 1.7),
}
PATTERNS = {"input_gate": "/", "forget_gate": "\\", "candidate": "x", "output_gate": "."}
GREYS = [[0.0, "#FFFFFF"], [1.0, "#000000"]]
"""Of every heatmap in print: the lowest value white, the highest black, in between evenly."""


def repaint(figure: FigureDict, key: str) -> FigureDict:
    """Return the figure in the colours of a theme; those it has from elsewhere stay.

    Parameters
    ----------
    figure : dict
        With lists or arrays; it is not changed.
    key : str
        "light", "dark" or "print".
    """
    source = _theme_of(figure)
    target = PRINT if key == "print" else THEMES[key]
    made: FigureDict = _swapped(figure, _table(source, target))
    layout = made["layout"]
    layout["paper_bgcolor"] = layout["plot_bgcolor"] = target.paper
    layout.setdefault("font", {}).setdefault("color", target.ink)
    if key == "print":
        before = _swapped(figure, {}), _names(source)
        for trace, old in zip(made["data"], before[0]["data"], strict=True):
            _print(trace, old, before[1])
    return made


def _theme_of(figure: FigureDict) -> Theme:
    paper = str(figure["layout"].get("paper_bgcolor", "")).upper()
    return next((each for each in THEMES.values() if each.paper == paper), THEMES["light"])


def _table(source: Theme, target: Theme) -> dict[str, str]:
    pairs = [(getattr(source, name), getattr(target, name)) for name in
             ("primary", "panel", "rule", "muted", "negative", "positive", "wrong")]  # fmt: skip
    for name in ("cell", "signal"):
        ours, theirs = getattr(source, name), getattr(target, name)
        pairs += [(ours[key], theirs[key]) for key in ours]
    pairs += zip(source.heat, target.heat, strict=True)
    pairs += [(source.muted, target.muted), (source.ink, target.ink), (source.paper, target.paper)]
    return {before.upper(): after for before, after in pairs}


def _names(source: Theme) -> dict[str, str]:
    """Return colour -> the signal or cell that has it; the first of those that share one."""
    found: dict[str, str] = {}
    for name in (*LINES, "input"):
        found.setdefault(source.signal[name].upper(), name)
    for name in CELLS:
        found.setdefault(source.cell[name].upper(), name)
    return found


def _swapped(value: Any, table: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _swapped(each, table) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_swapped(each, table) for each in value]
    if isinstance(value, np.ndarray) and value.dtype.kind in "OU":
        return [_swapped(each, table) for each in value.tolist()]
    if isinstance(value, str) and table and ("#" in value or "rgb" in value):
        value = HEX.sub(lambda hit: table.get(hit[0].upper(), hit[0]), value)
        return RGBA.sub(lambda hit: _rgba(hit, table), value)
    return value


def _rgba(hit: re.Match[str], table: dict[str, str]) -> str:
    colour = "#" + "".join(f"{min(int(part), 255):02X}" for part in hit.groups()[:3])
    if colour not in table:
        return hit[0]
    red, green, blue = (int(table[colour][place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{hit[4] or 1})"


def _print(trace: dict[str, Any], old: dict[str, Any], names: dict[str, str]) -> None:
    """Let a trace be told from others without colour."""
    kind = trace.get("type", "scatter")
    if kind == "heatmap":
        trace["colorscale"] = GREYS
        trace.pop("autocolorscale", None)
    elif kind == "bar":
        colour = (old.get("marker") or {}).get("color")
        shape = PATTERNS.get(names.get(plain_colour(colour), ""))
        if shape and not (trace["marker"].get("pattern") or {}).get("shape"):
            trace["marker"] = {**trace["marker"], "pattern": {"shape": shape, "solidity": 0.3}}
    elif "lines" in str(trace.get("mode", "lines")) and not trace.get("fill"):
        line = dict(trace.get("line") or {})
        name = names.get(plain_colour((old.get("line") or {}).get("color")), "")
        style = LINES.get(name) or CELLS.get(name)
        if style and line.get("width", 2) > 0:
            dash, symbol, width = style
            if line.get("dash", "solid") == "solid":
                line["dash"] = dash
            trace["line"] = {**line, "width": max(width, line.get("width", 0))}
            if symbol and trace.get("mode", "lines") == "lines":
                marker = {"symbol": symbol, "size": 6, "maxdisplayed": 9, "color": line["color"]}
                trace |= {"mode": "lines+markers", "marker": marker}


def plain_colour(colour: Any) -> str:
    """Return a colour as #RRGGBB, without its opacity; what is none gives nothing."""
    if not isinstance(colour, str):
        return ""
    if hit := RGBA.match(colour):
        return "#" + "".join(f"{min(int(part), 255):02X}" for part in hit.groups()[:3])
    return colour.upper()
