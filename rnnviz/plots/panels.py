"""Small multiples: where panels stand in one figure, and what is written beside them."""

from collections.abc import Sequence
from typing import Any

from rnnviz.plots.style import NAME, layout, theme


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
    signal: str, symbol: str, x: float, y: float, key: str, note: str = ""
) -> dict[str, Any]:
    """Return what stands above a panel: letter and name in the signal's colour, a quiet note."""
    colours = theme(key)
    text = f"<b>{symbol}</b> {NAME.get(signal, signal)}"
    if note:
        text += f'  <span style="color:{colours.muted}">{note}</span>'
    return {
        "text": text,
        "x": x,
        "y": y,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 14, "color": colours.signal.get(signal, colours.ink)},
    }


def beside(signal: str, symbol: str, domain: tuple[float, float], key: str) -> dict[str, Any]:
    """Return what stands to the left of a row: a large letter, and the name under it."""
    colours = theme(key)
    first, _, rest = NAME.get(signal, signal).partition(" ")
    name = f"{first}<br>{rest}" if rest else first
    return {
        "text": f'<b style="font-size:19px">{symbol}<sub>t</sub></b><br>{name}',
        "x": 0,
        "y": (domain[0] + domain[1]) / 2,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "right",
        "yanchor": "middle",
        "xshift": -34,
        "align": "right",
        "showarrow": False,
        "font": {"size": 12, "color": colours.signal.get(signal, colours.ink)},
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
