"""Small multiples: where panels stand in one figure, and what is written beside them."""

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

from rnnviz.plots.marks import PAPER, note
from rnnviz.plots.style import Theme, layout, name_of, theme
from rnnviz.words import t


def spread(weights: Sequence[float], gap: float) -> list[tuple[float, float]]:
    """Share 0..1 out among panels by weight, with a gap between two; from the start on."""
    room = 1 - gap * (len(weights) - 1)
    domains, start = [], 0.0
    for weight in weights:
        size = room * weight / sum(weights)
        domains.append((start, min(1.0, start + size)))
        start += size + gap
    return domains


def downwards(weights: Sequence[float], gap: float) -> list[tuple[float, float]]:
    """Share 1..0 out among panels by weight, the first at the top."""
    return [(1 - high if high < 1 else 0.0, 1 - low) for low, high in spread(weights, gap)]


def axis(key: str, **over: Any) -> dict[str, Any]:
    """Return the house's axis with changes; a string title becomes Plotly's form."""
    base = layout(key)["xaxis"]
    if isinstance(over.get("title"), str):
        over["title"] = {**base["title"], "text": over["title"]}
    return {**base, **over}


def number(place: int) -> str:
    """Return how Plotly numbers the axes of a panel: nothing, 2, 3, ..."""
    return str(place + 1) if place else ""


def heading(
    signal: str, symbol: str, x: float, y: float, key: str, aside: str = ""
) -> dict[str, Any]:
    """Return what stands above a panel: letter and name in the signal's colour, a quiet word."""
    colours = theme(key)
    text = f"<b>{symbol}</b> {name_of(signal)}"
    if aside:
        text += f'  <span style="color:{colours.muted}">{aside}</span>'
    return note(text, x, y, colours.signal.get(signal, colours.ink), 14, "left bottom", **PAPER)


def beside(signal: str, symbol: str, domain: tuple[float, float], key: str) -> dict[str, Any]:
    """Return what stands to the left of a row: a large letter, and the name under it."""
    colours = theme(key)
    name = name_of(signal)
    lines = name.split(" ") if name.count(" ") < 2 else wrap(name, 12)
    name = "<br>".join(lines)
    return note(
        f'<b style="font-size:19px">{symbol}<sub>t</sub></b><br>{name}',
        0,
        (domain[0] + domain[1]) / 2,
        colours.signal.get(signal, colours.ink),
        at="right middle",
        xshift=-34,
        align="right",
        **PAPER,
    )


def of_unit(what: str, when: str = "t = %{x}") -> str:
    """Return what the pointer is told of a unit at a time: Plotly's template of `what` is there."""
    return t("{when}, unit %{{y}}<br>{what}", when=when, what=what)


def whole_bar(ticks: Sequence[float], colours: Theme) -> dict[str, Any]:
    """Return the colour bar of a figure with one picture."""
    return {
        "thickness": 10,
        "len": 1,
        "outlinewidth": 0,
        "tickvals": list(ticks),
        "tickfont": {"size": 12, "color": colours.muted},
        "ticks": "",
        "x": 1.005,
        "xpad": 4,
    }


def bar(
    low: float,
    high: float,
    domain: tuple[float, float],
    key: str,
    x: float = 1.005,
    *,
    beyond: bool = False,
) -> dict[str, Any]:
    """Return the colour bar of one row of panels.

    `beyond` says at its ends that there are values outside.
    """
    # where rows stand close, the labels of two bars would touch: theirs stand a little inside
    inside = 0.1 * (high - low) if domain[1] - domain[0] < 0.2 else 0.0
    ends = [low, high] if domain[1] - domain[0] < 0.2 else [low, (low + high) / 2, high]
    words = [f"{value:g}".replace("-", "−") for value in ends]
    if beyond:
        words[0], words[-1] = f"≤ {words[0]}", f"≥ {words[-1]}"
    return {
        "thickness": 9,
        "len": domain[1] - domain[0],
        "lenmode": "fraction",
        "y": (domain[0] + domain[1]) / 2,
        "yanchor": "middle",
        "x": x,
        "xpad": 4,
        "ypad": 0,
        "outlinewidth": 0,
        "ticks": "",
        "tickvals": [ends[0] + inside, *ends[1:-1], ends[-1] - inside],
        "ticktext": words,
        "tickfont": {"size": 12, "color": theme(key).muted},
    }
