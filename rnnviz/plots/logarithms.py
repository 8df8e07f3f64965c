"""Axes and colours over orders of magnitude: whole decades, and never a silent zero."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from rnnviz.plots.marks import Mark, heat
from rnnviz.plots.style import Theme, float32, sizes

SMALLEST_DECADE, LARGEST_DECADE = -323.0, 308.0  # decades that float64 holds
DEEPEST = 12.0
"""Decades below the largest that have a colour of their own, where few reach far down."""


def decades(
    values: Iterable[Any], least: float = 4.0, top: float | None = None
) -> tuple[float, float]:
    """Return log10 limits in whole decades around all positive finite values.

    Parameters
    ----------
    values : iterable of arrays
    least : float
        Decades between the limits, at least, so that an axis stands still while values move.
    top : float, optional
        Where the axis begins if nothing is larger.
    """
    low, high = np.inf, -np.inf if top is None else top
    for each in values:
        array = np.asarray(each, dtype=np.float64)
        seen = array[np.isfinite(array) & (array > 0)]
        if seen.size:
            low = min(low, float(np.floor(np.log10(seen.min()))))
            high = max(high, float(np.ceil(np.log10(seen.max()))))
    if not np.isfinite(high):
        high = 0.0
    high += 0.0  # what is rounded up to zero is −0.0, and would be written so
    return min(low, high - least), high


def log_axis(bottom: float, top: float, **over: Any) -> dict[str, Any]:
    """Return a log axis from decade to decade with about five powers of ten written."""
    return {
        "type": "log",
        "range": [bottom, top],
        "tickmode": "linear",
        "tick0": 0,
        "exponentformat": "power",
        "minorloglabels": "none",
        "dtick": max(1, round((top - bottom) / 5)),
        **over,
    }


def positive(values: Any) -> np.ndarray:
    """Return values for a log axis in float64, which holds what float32 makes 0; gaps for zeros."""
    array = np.asarray(values, dtype=np.float64)
    return np.ascontiguousarray(np.where(np.isfinite(array) & (array > 0), array, np.nan))


def power(exponent: float) -> str:
    """Write a power of ten for a figure."""
    return f"10<sup>{int(exponent)}</sup>".replace("-", "−")


def log_heatmap(
    z: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    limits: tuple[float, float],
    colours: Theme,
    *,
    hover: str,
    title: str,
) -> Mark:
    """Return a heatmap whose colour is the logarithm of z; what is exactly 0 has a gap.

    Parameters
    ----------
    z : ndarray (row, column)
    limits : (float, float)
        log10 of the values with the first and the last colour.
    hover : str
        What the pointer says; `%{customdata:.2e}` is the value.
    title : str
        Of the colour bar.
    """
    values = np.asarray(z, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(values > 0, np.log10(values), np.nan)
    bottom, top = limits
    ticks = np.arange(top, bottom - 0.5, -max(1.0, np.ceil((top - bottom) / 6)))
    bar = {
        "thickness": 12,
        "outlinewidth": 0,
        "ticks": "",
        "x": 1.005,
        "xpad": 4,
        "tickvals": ticks.tolist(),
        "ticktext": [power(tick) for tick in ticks],
        "tickfont": {"size": 12, "color": colours.muted},
        "title": {"text": title, "side": "right", "font": {"size": 13, "color": colours.muted}},
    }
    return heat(
        float32(logs),
        x,
        y,
        limits,
        sizes(colours),
        hover=hover,
        hoverongaps=False,
        customdata=np.ascontiguousarray(values),
        colorbar=bar,
    )
