"""What the pictures of examples share: what one is made of, boxes, and words about an answer."""

import unicodedata
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from rnnviz.plots.gates import escape
from rnnviz.plots.style import Theme, float32

RIGHT, WRONG = "✓", "✗"
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""
Word = tuple[float, float, str, str]
"""Where it stands, a text, and what the pointer is told."""
Row = Mapping[Hashable, Any]
"""One time step of a sample, by column."""


@dataclass
class Drawn:
    """Traces, and what of the layout is a picture's own."""

    data: list[dict[str, Any]]
    axes: dict[str, dict[str, Any]]
    annotations: list[dict[str, Any]] = field(default_factory=list)
    margin: dict[str, int] = field(default_factory=dict)
    legend: bool = False


def boxes(
    name: str,
    found: Sequence[Box],
    *,
    fill: str = "rgba(0,0,0,0)",
    line: str = "",
    width: float = 1,
) -> dict[str, Any]:
    """Return rectangles as one trace; without any it is there and empty, so that nothing moves."""
    corners = np.array(found, dtype=np.float32).reshape(-1, 4)
    left, top, right, bottom = corners.T
    gap = np.full(len(corners), np.nan, np.float32)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": float32(np.stack([left, right, right, left, left, gap], axis=1).ravel()),
        "y": float32(np.stack([top, top, bottom, bottom, top, gap], axis=1).ravel()),
        "fill": "toself",
        "fillcolor": fill,
        "line": {"color": line or fill, "width": width if line else 0},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def texts(
    name: str,
    found: Sequence[Word],
    *,
    colour: str,
    size: int = 15,
    at: str = "middle center",
    weight: int = 400,
) -> dict[str, Any]:
    """Return words at places."""
    return {
        "type": "scatter",
        "mode": "text",
        "name": name,
        "x": float32([x for x, _, _, _ in found]),
        "y": float32([y for _, y, _, _ in found]),
        "text": [escape(text) for _, _, text, _ in found],
        "hovertext": [escape(told) for _, _, _, told in found],
        "hoverinfo": "text",
        "textposition": at,
        "textfont": {"size": size, "color": colour, "weight": weight},
        "showlegend": False,
        "cliponaxis": False,
    }


def crosses(name: str, found: Sequence[tuple[float, float]], palette: Theme) -> dict[str, Any]:
    """Return the marks of wrong answers."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": float32([x for x, _ in found]),
        "y": float32([y for _, y in found]),
        "marker": {
            "symbol": "x-thin",
            "size": 6,
            "color": palette.wrong,
            "line": {"width": 1.8, "color": palette.wrong},
        },
        "hoverinfo": "skip",
        "showlegend": False,
        "cliponaxis": False,
    }


def percent(share: float) -> str:
    """Write a probability; NaN is that of a network that has none any more."""
    return f"{100 * share:.0f} %" if np.isfinite(share) else "NaN"


def verdict(row: Row) -> str:
    """Return the sign of a right or a wrong answer, nothing where it can be neither."""
    right = row["right"]
    return "" if pd.isna(right) else RIGHT if right else WRONG


def told(row: Row) -> str:
    """Return all about one step, for the pointer."""
    words = f"t = {row['time']}: {row['goes_in']} goes in"
    if not row["asked"]:
        return f"{words}, nothing is asked"
    words += f", {row['target']} should come out"
    if "answer" not in row:
        return words
    words += f", {row['answer']} comes out"
    if "probability" in row:
        words += f" ({percent(row['probability'])}; {row['target']} had "
        words += f"{percent(row['target_probability'])})"
    return words


def letters(text: str) -> int:
    """Return how wide a text is: a Chinese character takes the room of two letters."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )


def cut(text: str, room: float) -> str:
    """Return a text, or what of it has room and a sign that it goes on."""
    if letters(text) <= room:
        return text
    kept = ""
    for sign in text:
        if letters(kept + sign) > room - 1:
            break
        kept += sign
    return f"{kept}…"
