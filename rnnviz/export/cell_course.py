"""What a drawn cell shows at one time step: its numbers, how wide its wires are, its words."""

import base64
import math
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import numpy as np

from rnnviz.errors import ExportError
from rnnviz.export.colours import PRINT
from rnnviz.export.look import Look
from rnnviz.looks.anatomy import colours_of
from rnnviz.plots.style import THEMES, FigureDict
from rnnviz.words import t
from rnnviz.words.numbers import plain, scientific

DECADES = 8
"""Of the gradient, between the thinnest and the widest wire."""


class Course:
    """What the view `anatomy` sends, at one time step, in the chosen colours.

    Parameters
    ----------
    drawn : dict
        `{"anatomy": ..., "t": time step, "gradient": whether the wires carry it}`.

    Raises
    ------
    ExportError
        If the time step is none of the sequence.
    """

    def __init__(self, drawn: FigureDict, look: Look) -> None:
        self.told: dict[str, Any] = drawn["anatomy"]
        self.look = look
        self.t = int(drawn.get("t") or 0)
        steps = self.told["steps"]
        if not 0 <= self.t < steps:
            raise ExportError(
                "There is no time step {time}: take one from 0 to {last}.",
                time=self.t,
                last=steps - 1,
            )
        own = unpacked(self.told, "unit_series")
        self.shown = unpacked(self.told, "shown_series") if self.told["shown_series"] else own
        known = any(name.startswith("gradient.") for name in self.told["columns"])
        self.gradient = bool(drawn.get("gradient")) and known
        theme = PRINT if look.theme == "print" else THEMES.get(look.theme or "")
        self.palette = colours_of(theme) if theme else dict(self.told["palette"])

    @property
    def title(self) -> str:
        """What is seen."""
        title: str = self.told["title"]["gradient" if self.gradient else "values"]
        return title

    @property
    def where(self) -> str:
        """Which unit, which sample, which step, which time step and what went in there."""
        symbol = (self.told["labels"] or [""] * (self.t + 1))[self.t : self.t + 1]
        where = f"{self.told['where']}, {t('time step {time}', time=self.t)}"
        if not (symbol and symbol[0].strip()):
            return where
        return f"{where}, {t('input {symbol}', symbol=symbol[0])}"

    @property
    def alt(self) -> str:
        """What the drawing says, for those who hear it."""
        names = self.told["titles"]
        values = [
            f"{names[signal]} {self.number(float(self.shown[column][self.t]))}"
            for signal in self.told["symbols"]
            for column in [f"gradient.{signal}" if self.gradient else signal]
            if signal != "input" and column in self.shown
        ]
        told = {"title": self.title, "where": self.where, "values": ", ".join(values)}
        if self.gradient:
            return t("{title}, {where}. Gradient of the loss by each value: {values}.", **told)
        return t("{title}, {where}. Values: {values}.", **told)

    def value(self, node: ElementTree.Element) -> tuple[float | None, str]:
        """Return what a part of the drawing shows now, and the column that it is from."""
        column = node.get("data-gradient" if self.gradient else "data-value", "")
        column = f"gradient.{column}" if self.gradient and column else column
        series = self.shown.get(column)
        return (None if series is None else float(series[self.t])), column

    def share(self, value: float | None, column: str) -> float:
        """Return how wide a wire is, 0 to 1."""
        if value is None or math.isnan(value):
            return 0.0
        if not self.gradient:
            return min(1.0, abs(value) / float(self.told["reach"][column]))
        if value == 0:
            return 0.0
        decades = math.log10(abs(value)) if math.isfinite(value) else math.inf
        return max(0.02, min(1.0, (decades - self.told["top"] + DECADES) / DECADES))

    def number(self, value: float | None) -> str:
        """Write a value as the screen does, with the decimal sign that was chosen."""
        if value is None:
            return ""
        text = scientific(value, 1) if self.gradient else plain(value)
        return text.replace(".", ",") if self.look.numbers == "comma" else text


def unpacked(told: Mapping[str, Any], name: str) -> dict[str, np.ndarray]:
    """Return column -> its values at all time steps."""
    numbers = np.frombuffer(base64.b64decode(told[name]), "<f4").reshape(-1, told["steps"])
    return dict(zip(told["columns"], numbers, strict=True))
