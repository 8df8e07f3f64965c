"""Clipping over training, and the window that truncated back-propagation looks through."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from rnnviz.plots.arrangement import legend_below_title, time_axis
from rnnviz.plots.logarithms import decades, log_axis, positive
from rnnviz.plots.style import FigureDict, figure, float32, frame, rgba, theme

MOST_POINTS = 400


@figure
def clipping(
    norms: pd.DataFrame,
    *,
    limit: float,
    steps: int,
    by: str = "norm",
    marked: int | None = None,
    colours: str = "light",
) -> FigureDict:
    """Draw the gradient's norm before and after clipping over training, and the share clipped.

    Where each number is clipped by itself, only the norm before that is known, and drawn.

    Parameters
    ----------
    norms : DataFrame
        As `analysis.clipping` gives it.
    limit : float
        Where the gradient is clipped; 0: nowhere.
    steps : int
        Where the training axis ends.
    by : "norm" or "value"
        Whether the norm has that limit, or each number of the gradient.
    """
    palette = theme(colours)
    whole = by == "norm"
    stretch = max(1, -(-len(norms) // MOST_POINTS))
    # the largest of each stretch: a spike is what clipping is for
    place = np.arange(len(norms)) // stretch
    shown = norms.groupby(place).agg({"step": "last", "norm": "max", "share": "last"})
    x = shown["step"].to_numpy(np.int32)
    norm = shown["norm"].to_numpy(float)
    after = np.minimum(norm, limit) if limit > 0 else norm
    line = {"type": "scatter", "mode": "lines", "x": x}
    data = [
        {
            **line,
            "name": "before clipping",
            "y": positive(norm),
            "line": {"color": rgba(palette.heat[4], 0.75), "width": 1.3},
            "hovertemplate": "step %{x}<br>before: %{y:.3g}<extra></extra>",
        },
        {
            **line,
            "name": "after",
            "y": positive(after),
            "line": {"color": palette.ink, "width": 1.3},
            "hovertemplate": "step %{x}<br>after: %{y:.3g}<extra></extra>",
        },
        {
            **line,
            "name": "share of steps clipped",
            "showlegend": False,
            "yaxis": "y2",
            "y": float32(100 * shown["share"].to_numpy(float)),
            "fill": "tozeroy",
            "fillcolor": rgba(palette.heat[3], 0.25),
            "line": {"color": palette.heat[3], "width": 1.5},
            "hovertemplate": "step %{x}<br>%{y:.0f} % of the last 100<extra></extra>",
        },
    ]
    bottom, top = decades([norm, [2 * limit] if limit > 0 else []], least=2)
    axes: dict[str, Any] = {
        "xaxis": {"title": "training step", "range": [0, steps], "anchor": "y2" if whole else "y"},
        "yaxis": log_axis(
            bottom, top, title="gradient norm", domain=[0.36 if whole else 0, 1], dtick=1
        ),
    }
    says = f"Norm of the whole gradient before clipping over {steps} training steps, logarithmic."
    note = f"each number clipped at ±{limit:g}"
    if whole:
        says = (
            f"Norm of the whole gradient before and after clipping over {steps} training steps, "
            "logarithmic; below, the share of clipped steps among the last 100."
        )
        note = f"clipped at {limit:g}"
        axes["yaxis2"] = {
            "title": "clipped, %", "range": [0, 103], "domain": [0, 0.24], "nticks": 3,
            "anchor": "x",
        }  # fmt: skip
    made = frame(
        "Gradient norm in training",
        says,
        colours,
        note=note if limit > 0 else "clipping is off",
        axes=axes,
    )
    legend_below_title(made)
    made["shapes"] = []
    if limit > 0:
        level = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": limit, "y1": limit}
        grey = {"color": palette.muted, "width": 1.5, "dash": "dash"}
        made["shapes"].append({**level, "line": grey})
    if marked is not None:
        made["shapes"].append(
            {
                "type": "line", "x0": marked, "x1": marked, "y0": 0, "y1": 1, "yref": "paper",
                "line": {"color": palette.signal["cell_state"], "width": 2},
            }
        )  # fmt: skip
    return {"data": data if whole else data[:1], "layout": made}


@figure
def truncation(
    norms: pd.DataFrame,
    window: int,
    *,
    symbol: str = "h",
    end: int = 0,
    labels: Sequence[str | None] | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw what a window of back-propagation keeps of the gradient, and what it throws away.

    Parameters
    ----------
    norms : DataFrame
        As `analysis.truncation` gives it, with the window among others.
    window : int
        The one whose curve is drawn; the others make the curve below.
    end : int
        The last step at which a loss is taken.
    """
    palette = theme(colours)
    one = norms[norms["window"] == window]
    steps = int(one["time"].max()) + 1
    each = norms.drop_duplicates("window").sort_values("window")
    x = one["time"].to_numpy(np.int32)
    lines = {"type": "scatter", "mode": "lines", "x": x}
    data = [
        {
            **lines,
            "name": "thrown away",
            "y": positive(one["lost"]),
            "line": {"color": rgba(palette.heat[3], 0.55), "width": 7},
            "hovertemplate": "t = %{x}<br>thrown away %{y:.2e}<extra></extra>",
        },
        {
            **lines,
            "name": "whole gradient",
            "y": positive(one["total"]),
            "line": {"color": palette.signal["hidden_state"], "width": 2.6},
            "hovertemplate": "t = %{x}<br>whole %{y:.2e}<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": "of the recurrent weights' gradient",
            "showlegend": False,
            "x": each["window"].to_numpy(np.int32),
            "y": float32(100 * each["weights_lost"].to_numpy(float)),
            "xaxis": "x2",
            "yaxis": "y2",
            "line": {"color": palette.heat[4], "width": 2},
            "marker": {"size": 7},
            "hovertemplate": "window of %{x} steps<br>%{y:.3g} % thrown away<extra></extra>",
        },
    ]
    bottom, top = decades([one["total"]])
    made = frame(
        f"A window of {window} step{'s' * (window != 1)}",
        f"Norm of the gradient over {steps} time steps and of the part that a window of {window} "
        "steps throws away, logarithmic; below, the share of the recurrent weights' gradient "
        f"that is thrown away against the length of the window; {where}.",
        colours,
        note=where,
        axes={
            "xaxis": {**time_axis(labels, steps), "title": "time step t"},
            "yaxis": log_axis(
                bottom, top, title=f"‖∂L/∂{symbol}<sub>t</sub>‖", domain=[0.46, 1]
            ),
            "xaxis2": {
                "title": "length of the window: share of the weights' gradient it loses",
                "type": "log", "anchor": "y2",
                "range": [0, float(np.log10(max(steps, 2)))], "tickmode": "array",
                "tickvals": [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
            },
            "yaxis2": {
                "title": "lost, %", "domain": [0, 0.24], "anchor": "x2",
                "range": [0, 105], "nticks": 3, "showgrid": True,
            },
        },
    )  # fmt: skip
    legend_below_title(made)
    seen = {"y0": 0.46, "y1": 1, "yref": "paper", "line": {"width": 0}}
    made["shapes"] = [
        {
            "type": "rect", **seen, "x0": max(end - window, -1) + 0.5, "x1": end + 0.5,
            "fillcolor": rgba(palette.signal["cell_state"], 0.16), "layer": "below",
        },
        {
            "type": "line", "xref": "x2", "yref": "paper", "x0": window, "x1": window,
            "y0": 0, "y1": 0.24, "line": {"color": palette.signal["cell_state"], "width": 2},
        },
    ]  # fmt: skip
    return {"data": data, "layout": made}
