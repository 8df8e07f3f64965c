"""Which input an output depends on: the matrix, and how it fades with distance."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rnnviz.plots.arrangement import legend_below_title, time_axis
from rnnviz.plots.gates import escape
from rnnviz.plots.logarithms import DEEPEST, decades, log_axis, log_heatmap, positive
from rnnviz.plots.marks import line, upright
from rnnviz.plots.style import FigureDict, figure, frame, rgba, theme
from rnnviz.words import t


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
        t("Which input each output depends on"),
        t(
            "Heatmap of the derivative of the output at each of {outputs} steps by the input at "
            "each of {steps} steps before it, logarithmic; {where}.",
            outputs=len(outputs),
            steps=steps,
            where=where,
        ),
        colours,
        note=where,
        axes={
            "xaxis": {
                **time_axis(labels, steps),
                "time": True,
                "title": t("input at t′"),
                "showgrid": False,
            },
            "yaxis": {"title": t("output at t"), "showgrid": False, "autorange": "reversed"},
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
        hover=t("output at t = %{y}, input at t′ = %{x}<br>%{customdata:.2e}"),
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
        line(
            output - np.arange(output + 1),
            positive(usual),
            rgba(palette.ink, 0.5),
            1.6,
            "dash",
            name=t("median at this distance"),
            hoverinfo="skip",
        ),
        line(
            row.index.to_numpy(np.int32),
            positive(row),
            palette.heat[-3],
            2.2,
            name=t("output at t = {output}", output=output),
            marker={"size": 5},
            text=names[: len(row)],
            hover=t("input %{text} at t′ = %{x}<br>%{y:.2e}"),
        ),
    ]
    made = frame(
        t("What the output at t = {output} depends on", output=output),
        t(
            "The derivative of the output at step {output} by each input before it, logarithmic, "
            "beside the median over all outputs at the same distance; {where}.",
            output=output,
            where=where,
        ),
        colours,
        note=where,
        axes={
            "xaxis": {
                **time_axis(labels, steps),
                "time": True,
                "title": t("input at t′"),
                "showgrid": False,
            },
            "yaxis": log_axis(max(bottom, top - 16), top, title="‖∂y<sub>t</sub>/∂x<sub>t′</sub>‖"),
        },
    )
    made["hovermode"] = "x"
    legend_below_title(made)
    made["shapes"] = [upright(output, palette.muted, 1, "dot")]
    return {"data": data, "layout": made}
