"""All signals of a layer at once: a heatmap a signal, under one time axis."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from rnnviz.plots.gates import time_ticks
from rnnviz.plots.marks import heat
from rnnviz.plots.panels import axis, bar, beside, downwards, number, of_unit
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

MOST_UNITS = 96
MOST_STEPS = 500
BEFORE = 4.0
"""Where the colours of pre-activations end: σ(4) = .98, beyond it a gate is at its end."""
INPUT = 0.4
"""Height of the input's row beside those of the other signals."""


@figure
def multiples(
    values: Mapping[str, pd.DataFrame],
    *,
    symbols: Mapping[str, str] = SYMBOL,
    labels: Sequence[str | None] | None = None,
    before: bool = False,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw several signals of one sample, each units x time, under each other.

    Parameters
    ----------
    values : mapping of DataFrame
        By signal: index time, a column a unit, in the order to draw them; as `Trace.frame` gives
        it. All have the same times.
    symbols : mapping
        Signal -> its letter in the cell's equations.
    labels : sequence of str, optional
        What went in at each time step; written along the axis.
    before : bool
        Whether these are pre-activations: one symmetric scale for all.
    where : str
        Layer, sample, step, order: the quiet part of the title.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    rows = downwards([INPUT if name == "input" else 1 for name in values], 0.022)
    steps = max((len(each) for each in values.values()), default=0)
    most = max((each.shape[1] for each in values.values()), default=0)
    thin_steps = -(-steps // MOST_STEPS)
    one = next(iter(values)) if len(values) == 1 else ""
    title = t("Before σ and tanh: pre-activations") if before else t("All signals through time")
    if one:
        title = title_of(one)
        if before:
            title = t("{signal} before its σ or tanh", signal=title)
    names = ", ".join(name_of(name) for name in values)
    made = frame(
        title,
        t(
            "Heatmaps of {signals}: up to {most} units by {steps} time steps, {where}.",
            signals=names,
            most=most,
            steps=steps,
            where=where,
        ),
        colours,
        note=where + left_out(-(-most // MOST_UNITS), thin_steps),
        axes={
            "xaxis": {
                **time_ticks(labels, steps),
                "time": True,
                "showgrid": False,
                "anchor": f"y{number(len(values) - 1)}",
            }
        },
    )
    data = []
    for place, (name, table) in enumerate(values.items()):
        shown = table.iloc[::thin_steps, :: -(-table.shape[1] // MOST_UNITS)]
        z = float32(shown.to_numpy().T)
        low, high = (-BEFORE, BEFORE) if before else bounds(name, z)
        colour_of = "hidden_state" if before else name
        symbol = symbols.get(name, name)
        units, sorted_ = unit_axis(shown)
        data.append(
            heat(
                z,
                np.asarray(shown.index, dtype=np.int32),
                units,
                (low, high),
                scale(colour_of, palette)[0],
                name=name,
                hover=of_unit(f"{symbol} = %{{z:.3f}}"),
                hoverongaps=False,
                colorbar=bar(low, high, rows[place], colours),
                yaxis=f"y{number(place)}",
            )
        )
        made[f"yaxis{number(place)}"] = axis(
            colours,
            domain=rows[place],
            anchor="x",
            autorange="reversed",
            showgrid=False,
            ticks="",
            nticks=2 if name == "input" else 5 if len(values) > 1 else 16,
            type="category" if sorted_ else "linear",
            fixedrange=True,
        )
    made["margin"] = {**made["margin"], "l": 116, "r": 56}
    made["annotations"] = [
        beside(name, symbols.get(name, name), domain, colours)
        for name, domain in zip(values, rows, strict=True)
    ]
    return {"data": data, "layout": made}


def unit_axis(table: pd.DataFrame) -> tuple[np.ndarray | list[str], bool]:
    """Return the units of a table for its axis, and whether they stand in an order of their own."""
    units = np.asarray(table.columns, dtype=np.int32)
    if (np.diff(units) > 0).all():
        return units, False
    return [str(unit) for unit in units], True


def bounds(signal: str, z: np.ndarray) -> tuple[float, float]:
    """Return the range of a signal's colours: 0..1, -1..1, or the next whole numbers."""
    low, high = scale(signal, theme("light"))[1:]
    largest = float(np.abs(z[np.isfinite(z)]).max(initial=0.0))
    if signal in ("cell_state", "hidden_state", "input") and largest > 1:
        return -float(np.ceil(largest)), float(np.ceil(largest))
    return low, high
