"""Chosen units beside what goes in, over time: the text view's twin for sequences of numbers."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rnnviz.plots.arrangement import legend_beside
from rnnviz.plots.gates import time_ticks
from rnnviz.plots.marks import area, line
from rnnviz.plots.style import (
    DASHES,
    FigureDict,
    figure,
    float32,
    frame,
    name_of,
    scale,
    theme,
    title_of,
)
from rnnviz.words import t, tn

MOST_LINES = 6


@figure
def tracks(
    inputs: pd.DataFrame,
    values: pd.DataFrame,
    signal: str,
    *,
    symbol: str = "",
    labels: Sequence[str | None] | None = None,
    brush: tuple[int, int] | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw the inputs of one sample above one signal of some units, over time.

    Parameters
    ----------
    inputs : DataFrame
        Index time, a column an input.
    values : DataFrame
        Index time, a column a unit, as `Trace.frame` gives it; at most six are drawn.
    signal : str
        Its name.
    symbol : str
        Its letter in the cell's equations.
    labels : sequence of str, optional
        What went in at each time step; written along the axis.
    brush : (int, int), optional
        First and last step of a selected stretch, to be shaded.
    where : str
        Layer, sample, step: the quiet part of the title.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    _, low, high = scale(signal, palette)
    shown = values.iloc[:, :MOST_LINES]
    reach = float(np.nanmax(np.abs(shown.to_numpy()), initial=0.0))
    if reach > 1:
        low, high = -float(np.ceil(reach)), float(np.ceil(reach))
    inks = [palette.ink, palette.positive, palette.negative, *palette.cell.values()]
    data = []
    for place, name in enumerate(inputs.columns):
        data.append(
            line(
                np.asarray(inputs.index, dtype=np.int32),
                float32(inputs[name]),
                palette.muted,
                1.4,
                DASHES[place % 6],
                name=t("input {number}", number=int(name) + 1),
                marker={"size": 4, "symbol": place % 6},
                hover=t("input {number} = %{{y:.3f}}", number=int(name) + 1),
                yaxis="y2",
            )
        )
    for place, unit in enumerate(shown.columns):
        data.append(
            line(
                np.asarray(shown.index, dtype=np.int32),
                float32(shown[unit]),
                inks[place % len(inks)],
                2.6 if place == 0 else 1.8,
                DASHES[place % 6],
                name=t("unit {unit}", unit=unit),
                hover=t("unit {unit}: %{{y:.3f}}", unit=unit),
            )
        )
    name = name_of(signal)
    made = frame(
        tn(
            "{signal} {symbol}<sub>t</sub> of {count} unit",
            "{signal} {symbol}<sub>t</sub> of {count} units",
            shown.shape[1],
            signal=title_of(signal),
            symbol=symbol,
        ),
        t(
            "Lines of the {signal} of units {units} over "
            "{steps} time steps, below the inputs; {where}.",
            signal=name,
            units=", ".join(map(str, shown.columns)),
            steps=len(values),
            where=where,
        ),
        colours,
        note=where,
        axes={
            "xaxis": {**time_ticks(labels, len(values)), "time": True, "showgrid": False},
            "yaxis": {
                "title": f"{name} {symbol}",
                "range": [low - 0.05, high + 0.05],
                "domain": [0, 0.66],
            },
            "yaxis2": {"title": t("input"), "domain": [0.74, 1], "anchor": "x", "nticks": 4},
        },
    )
    legend_beside(made)
    made["hovermode"] = "x"
    if brush is not None:
        ends, below = (brush[0] - 0.5, brush[1] + 0.5), {"opacity": 0.18, "layer": "below"}
        shade = area(ends, (0, 1), palette.muted, xref="x", yref="paper", **below)
        made["shapes"] = [shade]
    return {"data": data, "layout": made}
