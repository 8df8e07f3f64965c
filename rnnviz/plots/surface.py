"""Gradient norms as colour: over training, over units, as a log heatmap against time."""

import numpy as np
import pandas as pd

from rnnviz.plots.arrangement import time_axis
from rnnviz.plots.logarithms import decades, log_heatmap
from rnnviz.plots.style import FigureDict, figure, frame, theme

MOST_STEPS = 300
NARROW = 32
"""Steps whose symbols fit under the narrow picture of the units."""


@figure
def surface(
    norms: pd.DataFrame,
    *,
    symbol: str = "h",
    marked: int | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw the gradient norm over training step x time, the logarithm as colour.

    Parameters
    ----------
    norms : DataFrame
        Index the training step, columns the time step.
    symbol : str
        Of the signal.
    marked : int, optional
        The training step that the other figures show.
    where : str
        The quiet part of the title.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    shown = norms.iloc[:, :: -(-norms.shape[1] // MOST_STEPS)]
    limits = decades([shown.to_numpy()])
    steps = norms.shape[1]
    kept = np.asarray(norms.index, dtype=np.int32)
    edges = (kept[0], max(kept[-1], kept[0] + 1))
    made = frame(
        "How the gradient through time changes in training",
        f"Heatmap of the gradient norm: {len(norms)} training steps from {kept[0]} to {kept[-1]} "
        f"by {steps} time steps, logarithmic from 1e{limits[0]:.0f} to 1e{limits[1]:.0f}; {where}.",
        colours,
        note=where,
        axes={
            "xaxis": {"title": "time step t", "range": [-0.5, steps - 0.5], "showgrid": False},
            "yaxis": {
                "title": "training step",
                "showgrid": False,
                "range": [edges[0], edges[1]],
            },
        },
    )
    made["margin"] = {**made["margin"], "r": 84}
    hover = (
        f"t = %{{x}}, training step %{{y:,}}<br>‖∂L/∂{symbol}<sub>t</sub>‖ = %{{customdata:.2e}}"
    )
    picture = log_heatmap(
        shown.to_numpy(),
        np.asarray(shown.columns, dtype=np.int32),
        kept,
        limits,
        palette,
        hover=hover,
        title=f"‖∂L/∂{symbol}<sub>t</sub>‖",
    )
    if marked is not None:
        line = {"color": palette.wrong, "width": 2, "dash": "dash"}
        ends = {"x0": -0.5, "x1": steps - 0.5, "y0": marked, "y1": marked}
        made["shapes"] = [{"type": "line", **ends, "line": line}]
    return {"data": [picture], "layout": made}


@figure
def gradient_units(
    gradient: pd.DataFrame,
    signal: str,
    *,
    symbol: str = "h",
    labels: list[str | None] | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw the size of one sample's gradient, units x time, the logarithm as colour.

    Parameters
    ----------
    gradient : DataFrame
        Index time, a column a unit: `Trace.frame(..., gradient=True)`.
    signal, symbol : str
        Name and letter of the signal.
    labels : list of str, optional
        What went in at each time step; written along the axis.
    """
    palette = theme(colours)
    steps, units = gradient.shape
    thin = -(-steps // MOST_STEPS)
    shown = gradient.abs().iloc[::thin]
    limits = decades([shown.to_numpy()])
    made = frame(
        f"Unit by unit: |∂L/∂{symbol}<sub>t</sub>|",
        f"Heatmap of the size of the gradient with respect to each of {units} units over {steps} "
        f"time steps, logarithmic; {where}.",
        colours,
        note=where,
        axes={
            "xaxis": {
                **time_axis(labels, steps, most=NARROW),
                "title": "time step t",
                "showgrid": False,
            },
            "yaxis": {"title": "unit", "autorange": "reversed", "showgrid": False, "nticks": 8},
        },
    )
    made["margin"] = {**made["margin"], "r": 60}
    picture = log_heatmap(
        shown.to_numpy().T,
        np.asarray(shown.index, dtype=np.int32),
        np.asarray(shown.columns, dtype=np.int32),
        limits,
        palette,
        hover="t = %{x}, unit %{y}<br>%{customdata:.2e}",
        title="",
    )
    return {"data": [picture], "layout": made}
