"""The frames of an animation: a view at every kept step of a run, or at every time step."""

from collections.abc import Callable, Sequence

import numpy as np

from rnnviz.errors import ExportError
from rnnviz.export.animation import Frame, Tell
from rnnviz.export.prepared import unpacked
from rnnviz.export.steady import time_steps, until
from rnnviz.plots.style import FigureDict
from rnnviz.store.downsample import thin
from rnnviz.words import N_, t

MOST_STEPS = 60
"""Kept training steps that are shown."""
MOST_TIMES = 100
"""Time steps that are shown; of a longer sequence every second, third, ..."""
OVER = {"training": N_("over training"), "time": N_("over time")}


def over_training(
    kept: Sequence[int], draw: Callable[[int], FigureDict], tell: Tell | None = None
) -> list[Frame]:
    """Return a view at the kept steps of a run.

    Parameters
    ----------
    kept : sequence of int
        Training steps; at most 60 of them are drawn, the first and the last among them.
    draw : callable
        Draws the view at a step.
    tell : callable, optional
        Is told how many of how many are drawn.

    Raises
    ------
    ExportError
        If fewer than two are kept.
    """
    if len(kept) < 2:
        raise ExportError(
            "This run has kept fewer than two steps: train on, then animate over training."
        )
    steps = sorted(set(kept) - set(thin(list(kept), MOST_STEPS)))
    frames = []
    for number, step in enumerate(steps):
        if tell:
            tell(number, len(steps), t("drawing step {step:,}", step=step))
        frames.append(Frame(t("step {step:,}", step=step), draw(step)))
    return frames


def over_time(figure: FigureDict) -> list[Frame]:
    """Return a figure as it grows along its axis of time, or a drawn cell at each time step.

    Raises
    ------
    ExportError
        If it has no such axis, or a single time step.
    """
    if "anatomy" in figure:
        steps = figure["anatomy"]["steps"]
        return [Frame(_one_time(time), {**figure, "t": time}) for time in _times(steps)]
    plain = unpacked(figure)
    steps = time_steps(plain)
    if steps < 2:
        raise ExportError(
            "This figure has no axis of time steps: animate it over training, or take another."
        )
    return [Frame(_one_time(time), until(plain, time)) for time in _times(steps)]


def _one_time(time: int) -> str:
    return t("time step {time}", time=time)


def _times(steps: int) -> list[int]:
    places = np.linspace(0, steps - 1, min(steps, MOST_TIMES))
    return [int(place) for place in np.round(places)]
