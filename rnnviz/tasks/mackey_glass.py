"""The Mackey-Glass series: a chaotic one that a delay of 17 makes."""

from functools import cache

import numpy as np

from rnnviz.tasks.series import RecordedForecast, Values
from rnnviz.words import N_

DELAY = 17
STEP = 0.1
LENGTH = 6000
TRANSIENT = 500
"""Time units that are left out, until the beginning is forgotten."""


def rate(now: float, delayed: float) -> float:
    """Return dx/dt = 0.2 x(t - 17) / (1 + x(t - 17)^10) - 0.1 x(t)."""
    return 0.2 * delayed / (1 + delayed**10) - 0.1 * now


@cache
def mackey_glass(length: int, step: float = STEP, start: float = 1.2) -> Values:
    """Integrate the equation (Mackey, Glass 1977) with a constant past; x at t = 0, 1, 2, ...

    Runge-Kutta of order 4; the delayed value in the middle of a step is the mean of its ends.
    """
    each, past = round(1 / step), round(DELAY / step)
    x = [start] * (past + 1)
    for at in range(length * each):
        now, before, after = x[-1], x[at], x[at + 1]
        middle = (before + after) / 2
        k1 = rate(now, before)
        k2 = rate(now + step * k1 / 2, middle)
        k3 = rate(now + step * k2 / 2, middle)
        k4 = rate(now + step * k3, after)
        x.append(now + step * (k1 + 2 * k2 + 2 * k3 + k4) / 6)
    return np.array(x[past::each][:length])


class MackeyGlass(RecordedForecast):
    """Forecast x of dx/dt = 0.2 x(t-17) / (1 + x(t-17)^10) - 0.1 x, read once a time unit.

    The series of Mackey, Glass 1977, integrated for 6,000 units; the last fifth is held out.
    """

    key = "mackey_glass"
    title = N_("Mackey–Glass series")
    summary = N_("A chaotic series from an equation with a delay of 17: give a later value.")
    typed_example = "0.90 0.95 1.01 1.08 1.13 1.16 1.17 1.14 1.10 1.04 0.98"
    digits = 3
    defaults = {"length": 80, "distance": 6, "lr": 0.005, "steps": 2000}

    def __init__(self, length: int, seed: int = 0, distance: int = 1) -> None:
        self.series = mackey_glass(TRANSIENT + LENGTH)[TRANSIENT:]
        super().__init__(length, seed, distance)
