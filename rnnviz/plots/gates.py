"""A signal of a layer as a picture: units down, time along, the value as colour."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import pandas as pd

from rnnviz.plots.marks import heat
from rnnviz.plots.panels import of_unit, whole_bar
from rnnviz.plots.style import (
    SYMBOL,
    FigureDict,
    figure,
    float32,
    frame,
    left_out,
    name_of,
    scale,
    theme,
    title_of,
)
from rnnviz.words import t

MOST_UNITS = 256
MOST_STEPS = 1000
MOST_LABELS = 120
MOST_UPRIGHT = 64
"""Long labels that have room side by side, standing upright."""
MOST_LETTERS = 110
"""Letters of long labels that have room side by side, lying: the longest times their number."""
MOST_UNUSUAL = 6
"""Labels that are longer than the others and so always stand."""


@figure
def gates(
    values: pd.DataFrame,
    signal: str,
    *,
    symbol: str = "",
    labels: Sequence[str | None] | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw one signal of one sample, units x time.

    Parameters
    ----------
    values : DataFrame
        Index time, a column a unit, as `Trace.frame` gives it.
    signal : str
        Its name: chooses the colour scale and the words.
    symbol : str
        Its letter in the cell's equations, if it is not the usual one.
    labels : sequence of str, optional
        What went in at each time step; written along the axis.
    where : str
        Layer, sample, step: the quiet part of the title.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    colourscale, low, high = scale(signal, palette)
    units, steps = values.shape[1], values.shape[0]
    thin_units, thin_steps = -(-units // MOST_UNITS), -(-steps // MOST_STEPS)
    shown = values.iloc[::thin_steps, ::thin_units]
    z = float32(shown.to_numpy().T)
    if signal in ("cell_state", "hidden_state", "input"):
        reach = float(np.nanmax(np.abs(z), initial=0.0))
        if reach > 1:  # a cell state may leave -1..1; whole numbers keep the scale from flickering
            low, high = -float(np.ceil(reach)), float(np.ceil(reach))
    # an axis with labels writes a label for %{x}; the format asks for the number itself
    ticks = time_ticks(labels, steps)
    # where every step has its label, %{x} is the label
    every = len(cast(list[int], ticks.get("tickvals", []))) == steps
    hover = "t = %{x:d} (%{x})" if every else "t = %{x:d}"
    symbol = symbol or SYMBOL.get(signal, signal)
    title = f"{title_of(signal)} {symbol}<sub>t</sub>"
    made = frame(
        title,
        t(
            "Heatmap of the {signal}: {units} units by {steps} time steps, {where}.",
            signal=name_of(signal),
            units=units,
            steps=steps,
            where=where,
        ),
        colours,
        note=where + left_out(thin_units, thin_steps),
        axes={
            "xaxis": {**ticks, "time": True, "showgrid": False},
            "yaxis": {
                "title": t("unit"),
                "autorange": "reversed",
                "showgrid": False,
                "ticks": "",
                "dtick": whole_ticks(units),
            },
        },
    )
    made["margin"] = {**made["margin"], "r": 52}
    picture = heat(
        z,
        np.asarray(shown.index, dtype=np.int32),
        np.asarray(shown.columns, dtype=np.int32),
        (low, high),
        colourscale,
        gap=1 if steps <= 40 and units <= 16 else 0,
        hover=of_unit(f"{symbol} = %{{z:.3f}}", hover),
        hoverongaps=False,
        colorbar=whole_bar([low, (low + high) / 2, high], palette),
    )
    return {"data": [picture], "layout": made}


def whole_ticks(count: int) -> int:
    """Return a step of 1, 2 or 5 times a power of ten that gives at most eight ticks."""
    sizes = (step * 10**power for power in range(5) for step in (1, 2, 5))
    return next(size for size in sizes if count <= 8 * size)


def time_ticks(labels: Sequence[str | None] | None, steps: int) -> dict[str, object]:
    """Return axis settings that write what went in under the time axis, if there is room."""
    edges: dict[str, object] = {"range": [-0.5, steps - 0.5], "dtick": whole_ticks(steps)}
    if not labels or steps > MOST_LABELS or not any(labels):
        return edges
    # short symbols all stand; long ones (numbers) stand upright so that fifty fit
    longest = max(len(label or "") for label in labels)
    shown = list(range(steps))
    if longest > 2 and steps > MOST_UPRIGHT:  # every second, third, ... and what stands out
        sizes = [len(label or "") for label in labels[:steps]]
        usual = sorted(sizes)[steps // 2]
        longer = [t for t, size in enumerate(sizes) if size > usual]
        kept = set(longer if len(longer) <= MOST_UNUSUAL else ())
        near = {t + d for t in kept for d in (-1, 1)}
        every = -(-steps // MOST_UPRIGHT)
        shown = [t for t in shown if t in kept or (t % every == 0 and t not in near)]
    return {
        **edges,
        "tickmode": "array",
        "tickvals": shown,
        "ticktext": [escape(labels[t] or "") for t in shown],
        "tickangle": 0 if longest <= 2 or longest * len(shown) <= MOST_LETTERS else -90,
        "ticklen": 2,
    }


def escape(text: str) -> str:
    """Keep text that a user typed from being read as Plotly's small HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
