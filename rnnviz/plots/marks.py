"""The few marks that figures are made of: Plotly's traces, shapes and annotations as plain dicts.

What is not given is left out, so that Plotly's own value holds; `more` is whatever else Plotly
knows of such a mark. `hover` is what the pointer is told there, `aside` the quiet box beside it.
"""

from typing import Any

from rnnviz.words import Words

Mark = dict[str, Any]

PAPER: dict[str, Any] = {"xref": "paper", "yref": "paper"}
"""Where a note's or a shape's place is a share of the picture."""


def line(
    x: Any,
    y: Any,
    colour: str = "",
    width: float | None = None,
    dash: str = "",
    *,
    shape: str = "",
    hover: str = "",
    aside: str = "",
    **more: Any,
) -> Mark:
    """Return a line; with a `marker`, its points are marked."""
    return {
        "type": "scatter",
        "mode": "lines+markers" if "marker" in more else "lines",
        "x": x,
        "y": y,
        **_given(line=_given(color=colour, width=width, dash=dash, shape=shape)),
        **_told(hover, aside),
        **more,
    }


def dots(
    x: Any,
    y: Any,
    colour: str,
    size: float,
    *,
    symbol: Any = "",
    opacity: float | None = None,
    edge: float | None = None,
    edge_colour: str = "",
    hover: str = "",
    aside: str = "",
    **more: Any,
) -> Mark:
    """Return points; `symbol` is one for all, or a list with one for each."""
    marker = _given(
        color=colour,
        size=size,
        symbol=symbol,
        opacity=opacity,
        line=_given(width=edge, color=edge_colour),
    )
    return {
        "type": "scatter",
        "mode": "markers",
        "x": x,
        "y": y,
        "marker": marker,
        **_told(hover, aside),
        **more,
    }


def words(
    x: Any,
    y: Any,
    text: list[str],
    colour: str,
    size: float,
    *,
    at: str = "middle center",
    weight: int | None = None,
    **more: Any,
) -> Mark:
    """Return texts at places, as a trace: `at` says where each stands, seen from its place."""
    return {
        "type": "scatter",
        "mode": "text",
        "x": x,
        "y": y,
        "text": text,
        "textposition": at,
        "textfont": _given(size=size, color=colour, weight=weight),
        **more,
    }


def band(x: Any, low: Any, high: Any, fill: str, **more: Any) -> list[Mark]:
    """Return the two invisible lines between which a band is shaded."""
    edge = line(x, low, width=0, hoverinfo="skip", showlegend=False, **more)
    return [edge, {**edge, "y": high, "fill": "tonexty", "fillcolor": fill}]


def heat(
    z: Any,
    x: Any,
    y: Any,
    limits: tuple[float, float],
    colours: list[list[Any]],
    *,
    gap: float | None = None,
    hover: str = "",
    aside: str = "",
    **more: Any,
) -> Mark:
    """Return a picture of z (row, column) whose colours run from one limit to the other.

    Without x or y its fields are counted from 0.
    """
    return {
        "type": "heatmap",
        "z": z,
        **_given(x=x, y=y),
        "zmin": limits[0],
        "zmax": limits[1],
        "colorscale": colours,
        **_given(xgap=gap, ygap=gap),
        **_told(hover, aside),
        **more,
    }


def bars(
    x: Any,
    y: Any,
    colour: str,
    *,
    edge: float | None = None,
    pattern: dict[str, Any] | None = None,
    hover: str = "",
    aside: str = "",
    **more: Any,
) -> Mark:
    """Return bars of one colour."""
    marker = _given(color=colour, line=_given(width=edge), pattern=pattern)
    return {"type": "bar", "x": x, "y": y, "marker": marker, **_told(hover, aside), **more}


def segment(
    start: tuple[Any, Any],
    end: tuple[Any, Any],
    colour: str,
    width: float,
    dash: str = "",
    **more: Any,
) -> Mark:
    """Return a straight line from one place to another, each (x, y)."""
    ink = _given(color=colour, width=width, dash=dash)
    ends = {"x0": start[0], "y0": start[1], "x1": end[0], "y1": end[1]}
    return {"type": "line", **ends, "line": ink, **more}


def upright(x: Any, colour: str, width: float, dash: str = "", **more: Any) -> Mark:
    """Return a line from the picture's bottom to its top."""
    return segment((x, 0), (x, 1), colour, width, dash, yref="paper", **more)


def level(y: Any, colour: str, width: float, dash: str = "", **more: Any) -> Mark:
    """Return a line from the picture's left to its right."""
    return segment((0, y), (1, y), colour, width, dash, xref="paper", **more)


def area(x: tuple[Any, Any], y: tuple[Any, Any], fill: str, **more: Any) -> Mark:
    """Return a rectangle without an edge, from and to on each axis."""
    ends = {"x0": x[0], "x1": x[1], "y0": y[0], "y1": y[1]}
    return {"type": "rect", **ends, "line": {"width": 0}, "fillcolor": fill, **more}


def note(
    text: str | Words, x: Any, y: Any, colour: str, size: float = 12, at: str = "", **more: Any
) -> Mark:
    """Return words at a place; `at` says which corner of them stands there: "left bottom"."""
    side, end = at.split() if at else ("", "")
    return {
        "text": str(text),
        "x": x,
        "y": y,
        **_given(xanchor=side, yanchor=end),
        "showarrow": False,
        "font": {"size": size, "color": colour},
        **more,
    }


def _given(**values: Any) -> Mark:
    """Return what is given: no empty text, no None, nothing without content."""
    return {name: value for name, value in values.items() if not _missing(value)}


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, str | dict) and not value)


def _told(hover: str, aside: str) -> Mark:
    return {"hovertemplate": f"{hover}<extra>{aside}</extra>"} if hover else {}
