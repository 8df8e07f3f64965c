"""How the gradient of one written symbol goes back to the source, by attention and by the state."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rnnviz.plots.gates import time_ticks
from rnnviz.plots.logarithms import decades, log_axis, positive
from rnnviz.plots.marks import line, note, upright
from rnnviz.plots.style import FigureDict, figure, frame, theme
from rnnviz.words import N_, t
from rnnviz.words.numbers import ten

NAMES = {
    "total": N_("whole"),
    "attention": N_("by attention"),
    "state": N_("by the decoder's first state"),
}
PARTS = {"encoder": N_("encoder"), "decoder": N_("decoder")}
WAY_DASH = {"total": "solid", "attention": "dash", "state": "dot"}


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
        said = t(NAMES[str(way)])
        data.append(
            line(
                one["time"].to_numpy(np.int32),
                positive(one["norm"]),
                colour[str(way)],
                3.2 if way == "total" else 2,
                WAY_DASH[str(way)],
                name=said,
                legendgroup=str(way),
                showlegend=part == "encoder",
                marker={"size": 5},
                opacity=0.55 if way == "total" else 1.0,
                hover=f"{t(PARTS[str(part)])}, {said}: ‖∂L/∂h<sub>t</sub>‖ = %{{y:.2e}}",
            )
        )
    made = frame(
        t("One symbol's gradient"),
        t(
            "Norm of the gradient of one answer's loss at {begin} steps of the encoder and "
            "{steps} of the decoder, split by the way it comes, logarithmic from "
            "{bottom} to {top}; {where}.",
            begin=begin,
            steps=steps - begin,
            bottom=ten(bottom),
            top=ten(top),
            where=where,
        ),
        colours,
        note=where,
        axes={
            "xaxis": {**time_ticks(labels, steps), "time": True, "showgrid": False},
            "yaxis": log_axis(bottom, top, title=t("gradient norm ‖∂L/∂h<sub>t</sub>‖")),
        },
    )
    made["hovermode"] = "x"
    made["legend"] |= {"x": 0, "xanchor": "left"}
    made["margin"] = {**made["margin"], "t": 80}  # in half a page the legend has two rows
    made["title"] = {**made["title"], "pad": {"b": 56, "l": 0}}
    made["shapes"] = [
        upright(begin - 0.5, palette.muted, 1, layer="below"),
        upright(step, palette.ink, 1, "dot", layer="below"),
    ]
    made["annotations"] = [
        note(t("encoder"), begin - 0.7, 1, palette.muted, 13, "right top", yref="paper"),
        note(t("decoder"), begin - 0.3, 1, palette.muted, 13, "left top", yref="paper"),
    ]
    return {"data": data, "layout": made}
