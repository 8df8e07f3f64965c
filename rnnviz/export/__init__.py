"""Figures out of the program: into slides, papers, notebooks and spreadsheets.

    rnnviz.export.save(figure, "gates.svg", preset="slide", theme="print")
    rnnviz.export.render(figure, "pdf")          # the bytes

Figures are those of `rnnviz.plots`, as `go.Figure` or as the plain dicts that the screen gets.
"""

from typing import TYPE_CHECKING

from rnnviz.export.animation import MOVING, Frame, animate
from rnnviz.export.bundle import bundle
from rnnviz.export.formats import FORMATS, render, save, write
from rnnviz.export.frames import over_time, over_training
from rnnviz.export.look import APPEARANCES, NUMBERS, PRESETS, Look, Preset
from rnnviz.export.source import Source

if TYPE_CHECKING:
    from rnnviz.export.retrain import Retrained, redraw

__all__ = [
    "APPEARANCES", "FORMATS", "Frame", "Look", "MOVING", "NUMBERS", "PRESETS", "Preset",
    "Retrained", "Source", "animate", "bundle", "over_time", "over_training", "redraw", "render",
    "save", "write",
]  # fmt: skip


def __getattr__(name: str) -> object:
    """Import what trains a network when it is asked for: who writes a figure does not need it."""
    if name in ("Retrained", "redraw"):
        from rnnviz.export import retrain

        return getattr(retrain, name)
    raise AttributeError(f"module 'rnnviz.export' has no attribute {name!r}")
