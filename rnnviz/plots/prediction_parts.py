"""What the pictures of examples share: what one is made of, boxes, and words about an answer."""

import unicodedata
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from rnnviz.plots import marks
from rnnviz.plots.gates import escape
from rnnviz.plots.style import CLEAR, Theme, float32
from rnnviz.words import t
from rnnviz.words.numbers import percent

RIGHT, WRONG = "✓", "✗"
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""
Word = tuple[float, float, str, str]
"""Where it stands, a text, and what the pointer is told."""
Row = Mapping[Hashable, Any]
"""One time step of a sample, by column."""


@dataclass
class Picture:
    """Traces, and what of the layout is a picture's own."""

    data: list[marks.Mark]
    axes: dict[str, dict[str, Any]]
    annotations: list[marks.Mark] = field(default_factory=list)
    margin: dict[str, int] = field(default_factory=dict)
    legend: bool = False


def boxes(
    name: str,
    found: Sequence[Box],
    *,
    fill: str = CLEAR,
    line: str = "",
    width: float = 1,
) -> marks.Mark:
    """Return rectangles as one trace; without any it is there and empty, so that nothing moves."""
    corners = np.array(found, dtype=np.float32).reshape(-1, 4)
    left, top, right, bottom = corners.T
    gap = np.full(len(corners), np.nan, np.float32)
    return marks.line(
        float32(np.stack([left, right, right, left, left, gap], axis=1).ravel()),
        float32(np.stack([top, top, bottom, bottom, top, gap], axis=1).ravel()),
        line or fill,
        width if line else 0,
        name=name,
        fill="toself",
        fillcolor=fill,
        hoverinfo="skip",
        showlegend=False,
    )


def texts(
    name: str,
    found: Sequence[Word],
    *,
    colour: str,
    size: int = 15,
    at: str = "middle center",
    weight: int = 400,
) -> marks.Mark:
    """Return words at places."""
    return marks.words(
        float32([x for x, _, _, _ in found]),
        float32([y for _, y, _, _ in found]),
        [escape(text) for _, _, text, _ in found],
        colour,
        size,
        at=at,
        weight=weight,
        name=name,
        hovertext=[escape(told) for _, _, _, told in found],
        hoverinfo="text",
        showlegend=False,
        cliponaxis=False,
    )


def crosses(name: str, found: Sequence[tuple[float, float]], palette: Theme) -> marks.Mark:
    """Return the marks of wrong answers."""
    return marks.dots(
        float32([x for x, _ in found]),
        float32([y for _, y in found]),
        palette.wrong,
        6,
        symbol="x-thin",
        edge=1.8,
        edge_colour=palette.wrong,
        name=name,
        hoverinfo="skip",
        showlegend=False,
        cliponaxis=False,
    )


def verdict(row: Row) -> str:
    """Return the sign of a right or a wrong answer, nothing where it can be neither."""
    right = row["right"]
    return "" if pd.isna(right) else RIGHT if right else WRONG


def told(row: Row) -> str:
    """Return all about one step, for the pointer."""
    values = {name: row[name] for name in ("time", "goes_in", "target", "answer") if name in row}
    if not row["asked"]:
        return t("t = {time}: {goes_in} goes in, nothing is asked", **values)
    if "answer" not in row:
        return t("t = {time}: {goes_in} goes in, {target} should come out", **values)
    if "probability" not in row:
        return t(
            "t = {time}: {goes_in} goes in, {target} should come out, {answer} comes out", **values
        )
    return t(
        "t = {time}: {goes_in} goes in, {target} should come out, {answer} comes out "
        "({share}; {target} had {right_share})",
        share=percent(row["probability"]),
        right_share=percent(row["target_probability"]),
        **values,
    )


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
