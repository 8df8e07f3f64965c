"""What figures of two runs, changed and unchanged, have in common."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnnviz.plots.gates import time_ticks
from rnnviz.plots.style import Theme, float32, rgba

RUNS = {"unchanged": "dash", "changed": "solid"}
"""Which run -> how its lines are dashed; the later is drawn on top."""


def line(run: str, signal: str, palette: Theme, strong: bool = True) -> dict[str, Any]:
    """Return the looks of a line of a run: the changed one full, the other thin and dashed."""
    colour, changed = palette.signal[signal], run == "changed"
    return {
        "type": "scatter",
        "mode": "lines",
        "line": {
            "color": colour if changed else rgba(colour, 0.75),
            "width": (2.8 if strong else 1.6) if changed else 1.6,
            "dash": RUNS[run],
        },
    }


def nothing(steps: int) -> list[dict[str, Any]]:
    """Return a line without points, so that an empty figure has its axes."""
    x = np.asarray([0, steps - 1], dtype=np.int32)
    return [{"type": "scatter", "mode": "lines", "x": x, "y": float32([np.nan, np.nan])}]


def finished(made: dict[str, Any]) -> dict[str, Any]:
    """Put the legend below the axis, where it covers nothing, and compare at one time."""
    made["hovermode"] = "x"
    made["margin"] = {**made["margin"], "b": 84}
    made["title"] = {**made["title"], "xref": "container"}  # room for the note where it is narrow
    made["legend"] |= {
        "x": 0,
        "xanchor": "left",
        "y": 0,
        "yref": "container",
        "yanchor": "bottom",
    }
    return made


def few_labels(labels: Sequence[str | None] | None, steps: int) -> dict[str, object]:
    """Write what went in under the axis where a narrow figure has room for it."""
    longest = max((len(label or "") for label in labels or ()), default=0)
    return time_ticks(labels if steps <= (30 if longest <= 2 else 16) else None, steps)
