"""How the gradient of one written symbol goes back to the source, by attention and by the state."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rnnviz.plots.gates import time_ticks
from rnnviz.plots.logarithms import decades, log_axis, positive
from rnnviz.plots.style import FigureDict, figure, frame, theme

NAMES = {"total": "whole", "attention": "by attention", "state": "by the decoder's first state"}
DASHES = {"total": "solid", "attention": "dash", "state": "dot"}


@figure
def ways(
    norms: pd.DataFrame,
    *,
    step: int,
    labels: Sequence[str | None] | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw the norm of dL/dh at every step of encoder and decoder, a line a way, log axis.

    Parameters
    ----------
    norms : DataFrame
        As `analysis.ways_back` gives it.
    step : int
        The time step of the answer whose loss it is; marked.
    labels : sequence of str, optional
        What went in at each time step; written along the axis.
    where : str
        Sample, symbol, training step: the quiet part of the title.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    colour = {
        "total": palette.ink,
        "attention": palette.signal["output_gate"],
        "state": palette.signal["forget_gate"],
    }
    steps = int(norms["time"].max()) + 1
    begin = int(norms.loc[norms["part"] == "decoder", "time"].min())
    bottom, top = decades([norms["norm"]])
    bottom = max(min(bottom, -3.0), top - 8)
    data = []
    for (part, way), one in norms.groupby(["part", "way"], sort=False):
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": NAMES[str(way)],
                "legendgroup": str(way),
                "showlegend": part == "encoder",
                "x": one["time"].to_numpy(np.int32),
                "y": positive(one["norm"]),
                "line": {
                    "color": colour[str(way)],
                    "width": 3.2 if way == "total" else 2,
                    "dash": DASHES[str(way)],
                },
                "marker": {"size": 5},
                "opacity": 0.55 if way == "total" else 1.0,
                "hovertemplate": f"{part}, {NAMES[str(way)]}: ‖∂L/∂h<sub>t</sub>‖ = "
                "%{y:.2e}<extra></extra>",
            }
        )
    made = frame(
        "One symbol's gradient",
        f"Norm of the gradient of one answer's loss at {begin} steps of the encoder and "
        f"{steps - begin} of the decoder, split by the way it comes, logarithmic from "
        f"1e{bottom:.0f} to 1e{top:.0f}; {where}.",
        colours,
        note=where,
        axes={
            "xaxis": {**time_ticks(labels, steps), "title": "time step t", "showgrid": False},
            "yaxis": log_axis(bottom, top, title="gradient norm ‖∂L/∂h<sub>t</sub>‖"),
        },
    )
    made["hovermode"] = "x"
    made["legend"] |= {"x": 0, "xanchor": "left"}
    made["margin"] = {**made["margin"], "t": 80}  # in half a page the legend has two rows
    made["title"] = {**made["title"], "pad": {"b": 56, "l": 0}}
    rule = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "layer": "below"}
    made["shapes"] = [
        {
            **rule,
            "x0": begin - 0.5,
            "x1": begin - 0.5,
            "line": {"color": palette.muted, "width": 1},
        },
        {**rule, "x0": step, "x1": step, "line": {"color": palette.ink, "width": 1, "dash": "dot"}},
    ]
    word = {
        "yref": "paper", "y": 1, "yanchor": "top", "showarrow": False,
        "font": {"size": 13, "color": palette.muted},
    }  # fmt: skip
    made["annotations"] = [
        {**word, "x": begin - 0.7, "xanchor": "right", "text": "encoder"},
        {**word, "x": begin - 0.3, "xanchor": "left", "text": "decoder"},
    ]
    return {"data": data, "layout": made}
