"""Chosen units beside what goes in, over time: the text view's twin for sequences of numbers."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rnnviz.plots.gates import time_ticks
from rnnviz.plots.style import NAME, FigureDict, figure, float32, frame, scale, theme

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MOST_UNITS = 6


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
    shown = values.iloc[:, :MOST_UNITS]
    reach = float(np.nanmax(np.abs(shown.to_numpy()), initial=0.0))
    if reach > 1:
        low, high = -float(np.ceil(reach)), float(np.ceil(reach))
    inks = [palette.ink, palette.positive, palette.negative, *palette.cell.values()]
    data = []
    for place, name in enumerate(inputs.columns):
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": f"input {int(name) + 1}",
                "x": np.asarray(inputs.index, dtype=np.int32),
                "y": float32(inputs[name]),
                "yaxis": "y2",
                "line": {"color": palette.muted, "width": 1.4, "dash": DASHES[place % 6]},
                "marker": {"size": 4, "symbol": place % 6},
                "hovertemplate": f"input {int(name) + 1} = %{{y:.3f}}<extra></extra>",
            }
        )
    for place, unit in enumerate(shown.columns):
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"unit {unit}",
                "x": np.asarray(shown.index, dtype=np.int32),
                "y": float32(shown[unit]),
                "line": {
                    "color": inks[place % len(inks)],
                    "width": 2.6 if place == 0 else 1.8,
                    "dash": DASHES[place % 6],
                },
                "hovertemplate": f"unit {unit}: %{{y:.3f}}<extra></extra>",
            }
        )
    name = NAME.get(signal, signal)
    made = frame(
        f"{name.capitalize()} {symbol}<sub>t</sub> of {shown.shape[1]} "
        f"unit{'s' * (shown.shape[1] != 1)}",
        f"Lines of the {name} of units {', '.join(map(str, shown.columns))} over "
        f"{len(values)} time steps, below the inputs; {where}.",
        colours,
        note=where,
        axes={
            "xaxis": {**time_ticks(labels, len(values)), "title": "time step t", "showgrid": False},
            "yaxis": {
                "title": f"{name} {symbol}",
                "range": [low - 0.05, high + 0.05],
                "domain": [0, 0.66],
            },
            "yaxis2": {"title": "input", "domain": [0.74, 1], "anchor": "x", "nticks": 4},
        },
    )
    made["legend"] |= {"orientation": "v", "x": 1.01, "xanchor": "left", "y": 1, "yanchor": "top"}
    made["hovermode"] = "x"
    if brush is not None:
        made["shapes"] = [
            {
                "type": "rect",
                "xref": "x",
                "yref": "paper",
                "x0": brush[0] - 0.5,
                "x1": brush[1] + 0.5,
                "y0": 0,
                "y1": 1,
                "line": {"width": 0},
                "fillcolor": palette.muted,
                "opacity": 0.18,
                "layer": "below",
            }
        ]
    return {"data": data, "layout": made}
