"""Which input an output depends on: the matrix, and how it fades with distance."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rnnviz.plots.arrangement import legend_below_title, time_axis
from rnnviz.plots.gates import escape
from rnnviz.plots.logarithms import decades, log_axis, log_heatmap, positive
from rnnviz.plots.style import FigureDict, figure, frame, rgba, theme

DEEPEST = 12.0
"""Decades below the largest that have a colour of their own."""


@figure
def connectivity(
    norms: pd.DataFrame,
    *,
    labels: Sequence[str | None] | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw the dependence of every output on every input, the logarithm as colour.

    Parameters
    ----------
    norms : DataFrame
        As `analysis.connectivity` gives it.
    labels : sequence of str, optional
        What went in at each time step.
    """
    palette = theme(colours)
    outputs, steps = np.asarray(norms.index, dtype=np.int32), norms.shape[1]
    bottom, top = decades([norms.to_numpy()])
    made = frame(
        "Which input each output depends on",
        f"Heatmap of the derivative of the output at each of {len(outputs)} steps by the input at "
        f"each of {steps} steps before it, logarithmic; {where}.",
        colours,
        note=where,
        axes={
            "xaxis": {**time_axis(labels, steps), "title": "input at t′", "showgrid": False},
            "yaxis": {"title": "output at t", "showgrid": False, "autorange": "reversed"},
        },
    )
    legend_below_title(made)  # none here, but the picture beside this one has one
    made["margin"]["r"] = 60
    picture = log_heatmap(
        norms.to_numpy(),
        np.asarray(norms.columns, dtype=np.int32),
        outputs,
        (max(bottom, top - DEEPEST), top),
        palette,
        hover="output at t = %{y}, input at t′ = %{x}<br>%{customdata:.2e}",
        title="",
    )
    return {"data": [picture], "layout": made}


@figure
def dependence(
    norms: pd.DataFrame,
    output: int,
    *,
    labels: Sequence[str | None] | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw how much one output depends on each input before it, beside the median of all.

    Parameters
    ----------
    norms : DataFrame
        As `analysis.connectivity` gives it.
    output : int
        The output's step.
    """
    palette = theme(colours)
    steps = norms.shape[1]
    row = norms.loc[output].dropna()
    away = np.subtract.outer(norms.index.to_numpy(), norms.columns.to_numpy())
    usual = [
        float(np.median(norms.to_numpy()[away == lag])) if (away == lag).any() else np.nan
        for lag in range(output + 1)
    ]
    bottom, top = decades([row.to_numpy(), usual])
    names = [escape(label or "") for label in labels] if labels else [""] * steps
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": "median at this distance",
            "x": output - np.arange(output + 1),
            "y": positive(usual),
            "line": {"color": rgba(palette.ink, 0.5), "width": 1.6, "dash": "dash"},
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": f"output at t = {output}",
            "x": row.index.to_numpy(np.int32),
            "y": positive(row),
            "text": names[: len(row)],
            "line": {"color": palette.heat[-3], "width": 2.2},
            "marker": {"size": 5},
            "hovertemplate": "input %{text} at t′ = %{x}<br>%{y:.2e}<extra></extra>",
        },
    ]
    made = frame(
        f"What the output at t = {output} depends on",
        f"The derivative of the output at step {output} by each input before it, logarithmic, "
        f"beside the median over all outputs at the same distance; {where}.",
        colours,
        note=where,
        axes={
            "xaxis": {**time_axis(labels, steps), "title": "input at t′", "showgrid": False},
            "yaxis": log_axis(max(bottom, top - 16), top, title="‖∂y<sub>t</sub>/∂x<sub>t′</sub>‖"),
        },
    )
    made["hovermode"] = "x"
    legend_below_title(made)
    line = {"color": palette.muted, "width": 1, "dash": "dot"}
    ends = {"x0": output, "x1": output, "y0": 0, "y1": 1, "yref": "paper"}
    made["shapes"] = [{"type": "line", **ends, "line": line}]
    return {"data": data, "layout": made}
