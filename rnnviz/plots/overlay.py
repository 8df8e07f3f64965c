"""What figures of two runs, changed and unchanged, have in common."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnnviz.plots.gates import time_ticks
from rnnviz.plots.marks import Mark, line
from rnnviz.plots.style import float32, rgba
from rnnviz.words import N_

RUNS = {"unchanged": "dash", "changed": "solid"}
"""Which run -> how its lines are dashed; the later is drawn on top."""
RUN_NAME = {"unchanged": N_("unchanged"), "changed": N_("changed")}


def of_run(run: str, colour: str, strong: bool = True) -> tuple[str, float, str]:
    """Return colour, width and dash of a run's line: the changed one full, the other thin."""
    if run == "changed":
        return colour, 2.8 if strong else 1.6, RUNS[run]
    return rgba(colour, 0.75), 1.6, RUNS[run]


def nothing(steps: int) -> list[Mark]:
    """Return a line without points, so that an empty figure has its axes."""
    return [line(np.asarray([0, steps - 1], dtype=np.int32), float32([np.nan, np.nan]))]


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
