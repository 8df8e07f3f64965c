"""Gradient norms as colour: over training, over units, as a log heatmap against time."""

import numpy as np
import pandas as pd

from rnnviz.plots.arrangement import time_axis
from rnnviz.plots.logarithms import decades, log_heatmap
from rnnviz.plots.marks import segment
from rnnviz.plots.panels import of_unit
from rnnviz.plots.style import FigureDict, figure, frame, theme
from rnnviz.words import t
from rnnviz.words.numbers import ten

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
        t("How the gradient through time changes in training"),
        t(
            "Heatmap of the gradient norm: {trained} training steps from {first} to {last} "
            "by {steps} time steps, logarithmic from {bottom} to {top}; {where}.",
            trained=len(norms),
            first=kept[0],
            last=kept[-1],
            steps=steps,
            bottom=ten(limits[0]),
            top=ten(limits[1]),
            where=where,
        ),
        colours,
        note=where,
        axes={
            "xaxis": {"time": True, "range": [-0.5, steps - 0.5], "showgrid": False},
            "yaxis": {
                "title": t("training step"),
                "showgrid": False,
                "range": [edges[0], edges[1]],
            },
        },
    )
    made["margin"] = {**made["margin"], "r": 84}
    hover = t(
        "t = %{{x}}, training step %{{y:,}}<br>‖∂L/∂{symbol}<sub>t</sub>‖ = %{{customdata:.2e}}",
        symbol=symbol,
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
        ends = (-0.5, marked), (steps - 0.5, marked)
        made["shapes"] = [segment(*ends, palette.wrong, 2, "dash")]
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
        t("Unit by unit: |∂L/∂{symbol}<sub>t</sub>|", symbol=symbol),
        t(
            "Heatmap of the size of the gradient with respect to each of {units} units over "
            "{steps} "
            "time steps, logarithmic; {where}.",
            units=units,
            steps=steps,
            where=where,
        ),
        colours,
        note=where,
        axes={
            "xaxis": {
                **time_axis(labels, steps, most=NARROW),
                "time": True,
                "showgrid": False,
            },
            "yaxis": {"title": t("unit"), "autorange": "reversed", "showgrid": False, "nticks": 8},
        },
    )
    made["margin"] = {**made["margin"], "r": 60}
    picture = log_heatmap(
        shown.to_numpy().T,
        np.asarray(shown.index, dtype=np.int32),
        np.asarray(shown.columns, dtype=np.int32),
        limits,
        palette,
        hover=of_unit("%{customdata:.2e}"),
        title="",
    )
    return {"data": [picture], "layout": made}
