"""Clipping over training, and the window that truncated back-propagation looks through."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from rnnviz.plots.arrangement import legend_below_title, shown_step, time_axis
from rnnviz.plots.logarithms import decades, log_axis, positive
from rnnviz.plots.marks import area, level, line, segment
from rnnviz.plots.style import FigureDict, figure, float32, frame, rgba, theme
from rnnviz.words import t, tn

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
    data = [
        line(
            x,
            positive(norm),
            rgba(palette.heat[4], 0.75),
            1.3,
            name=t("before clipping"),
            hover=t("step %{x}<br>before: %{y:.3g}"),
        ),
        line(
            x,
            positive(after),
            palette.ink,
            1.3,
            name=t("after"),
            hover=t("step %{x}<br>after: %{y:.3g}"),
        ),
        line(
            x,
            float32(100 * shown["share"].to_numpy(float)),
            palette.heat[3],
            1.5,
            name=t("share of steps clipped"),
            showlegend=False,
            yaxis="y2",
            fill="tozeroy",
            fillcolor=rgba(palette.heat[3], 0.25),
            hover=t("step %{x}<br>%{y:.0f} % of the last 100"),
        ),
    ]
    bottom, top = decades([norm, [2 * limit] if limit > 0 else []], least=2)
    axes: dict[str, Any] = {
        "xaxis": {
            "title": t("training step"),
            "range": [0, steps],
            "anchor": "y2" if whole else "y",
        },
        "yaxis": log_axis(
            bottom, top, title=t("gradient norm"), domain=[0.36 if whole else 0, 1], dtick=1
        ),
    }
    says = t(
        "Norm of the whole gradient before clipping over {steps} training steps, logarithmic.",
        steps=steps,
    )
    note = t("each number clipped at ±{limit:g}", limit=limit)
    if whole:
        says = t(
            "Norm of the whole gradient before and after clipping over {steps} training steps, "
            "logarithmic; below, the share of clipped steps among the last 100.",
            steps=steps,
        )
        note = t("clipped at {limit:g}", limit=limit)
        axes["yaxis2"] = {
            "title": t("clipped, %"), "range": [0, 103], "domain": [0, 0.24], "nticks": 3,
            "anchor": "x",
        }  # fmt: skip
    made = frame(
        t("Gradient norm in training"),
        says,
        colours,
        note=note if limit > 0 else t("clipping is off"),
        axes=axes,
    )
    legend_below_title(made)
    made["shapes"] = []
    if limit > 0:
        made["shapes"].append(level(limit, palette.muted, 1.5, "dash"))
    if marked is not None:
        made["shapes"].append(shown_step(marked, palette))
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
    data = [
        line(
            x,
            positive(one["lost"]),
            rgba(palette.heat[3], 0.55),
            7,
            name=t("thrown away"),
            hover=t("t = %{x}<br>thrown away %{y:.2e}"),
        ),
        line(
            x,
            positive(one["total"]),
            palette.signal["hidden_state"],
            2.6,
            name=t("whole gradient"),
            hover=t("t = %{x}<br>whole %{y:.2e}"),
        ),
        line(
            each["window"].to_numpy(np.int32),
            float32(100 * each["weights_lost"].to_numpy(float)),
            palette.heat[4],
            2,
            name=t("of the recurrent weights' gradient"),
            showlegend=False,
            xaxis="x2",
            yaxis="y2",
            marker={"size": 7},
            hover=t("window of %{x} steps<br>%{y:.3g} % thrown away"),
        ),
    ]
    bottom, top = decades([one["total"]])
    made = frame(
        tn("A window of {count} step", "A window of {count} steps", window),
        t(
            "Norm of the gradient over {steps} time steps and of the part that a window of "
            "{window} steps throws away, logarithmic; below, the share of the recurrent weights' "
            "gradient that is thrown away against the length of the window; {where}.",
            steps=steps, window=window, where=where,
        ),
        colours,
        note=where,
        axes={
            "xaxis": {**time_axis(labels, steps), "time": True},
            "yaxis": log_axis(
                bottom, top, title=f"‖∂L/∂{symbol}<sub>t</sub>‖", domain=[0.46, 1]
            ),
            "xaxis2": {
                "title": t("length of the window: share of the weights' gradient it loses"),
                "type": "log", "anchor": "y2",
                "range": [0, float(np.log10(max(steps, 2)))], "tickmode": "array",
                "tickvals": [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
            },
            "yaxis2": {
                "title": t("lost, %"), "domain": [0, 0.24], "anchor": "x2",
                "range": [0, 105], "nticks": 3, "showgrid": True,
            },
        },
    )  # fmt: skip
    legend_below_title(made)
    ink = palette.signal["cell_state"]
    seen = (max(end - window, -1) + 0.5, end + 0.5)
    made["shapes"] = [
        area(seen, (0.46, 1), rgba(ink, 0.16), yref="paper", layer="below"),
        segment((window, 0), (window, 0.24), ink, 2, xref="x2", yref="paper"),
    ]
    return {"data": data, "layout": made}
