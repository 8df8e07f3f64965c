"""Learning curves of several runs over each other."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from rnnviz.plots.gates import escape
from rnnviz.plots.loss import decades, log_ticks, thinned
from rnnviz.plots.style import FigureDict, Theme, figure, float32, frame, rgba, theme

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
"""Runs of the same cell have its colour, and differ in these."""


@figure
def run_losses(
    curves: Sequence[tuple[str, str, pd.DataFrame]],
    *,
    joints: Mapping[int, int] = MappingProxyType({}),
    colours: str = "light",
) -> FigureDict:
    """Draw the losses of runs (log axis) over training steps.

    Parameters
    ----------
    curves : sequence of (name, cell, DataFrame)
        A run each; columns `step`, `loss`, `validation_loss`. A name is shown as plain text.
    joints : mapping of int to int
        The place of a run that goes on from another -> the step up to which it was that one.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    data: list[dict[str, Any]] = []
    seen = [np.zeros(0)]
    used: dict[str, int] = {}
    for name, cell, metrics in curves:
        place = used[cell] = used.get(cell, -1) + 1
        checked = metrics[metrics["validation_loss"].notna()]
        thin = thinned(metrics)
        colour = palette.cell[cell]
        shared = {"type": "scatter", "mode": "lines", "legendgroup": str(len(data))}
        plain = escape(name)
        data.append(
            {
                **shared, "x": thin["step"].to_numpy(np.int32), "y": float32(thin["loss"]),
                "line": {"color": rgba(colour, 0.35 if len(checked) else 0.8), "width": 1},
                "showlegend": checked.empty,  # a short run has no other line yet
                "hoverinfo": "skip", "name": plain,
            }
        )  # fmt: skip
        data.append(
            {
                **shared, "x": checked["step"].to_numpy(np.int32),
                "y": float32(checked["validation_loss"]), "name": plain,
                "line": {"color": colour, "width": 2.4, "dash": DASHES[place % len(DASHES)]},
                "hovertemplate": "step %{x}<br>validation loss %{y:.4g}"
                "<extra>%{fullData.name}</extra>",
            }
        )  # fmt: skip
        seen += [thin["loss"].to_numpy(float), checked["validation_loss"].to_numpy(float)]
    data += [_joint(curves[place], step, palette) for place, step in joints.items()]
    values = np.concatenate(seen)
    bottom, top = decades(values[np.isfinite(values) & (values > 0)])
    last = max((int(each["step"].iloc[-1]) for _, _, each in curves if len(each)), default=1)
    names = ", ".join(name for name, _, _ in curves)
    made = frame(
        "Loss",
        f"Training and validation loss over {last} steps, logarithmic, of {names}.",
        colours,
        note="faint: training, bold: validation",
        axes={
            "xaxis": {"title": "training step", "range": [0, last]},
            "yaxis": {
                "title": "loss", "type": "log", "range": [bottom, top], **log_ticks(bottom, top),
            },
        },
    )  # fmt: skip
    made["hovermode"] = "closest"
    made["showlegend"] = True
    made["legend"]["x"] = 0.97  # beside it is the button of the export menu
    return {"data": data, "layout": made}


def _joint(curve: tuple[str, str, pd.DataFrame], step: int, palette: Theme) -> dict[str, Any]:
    """Mark where a run goes on from another one, on its newest validation before."""
    name, cell, metrics = curve
    before = metrics[metrics["step"] <= max(step, 1)]
    checked = before[before["validation_loss"].notna()]
    loss = checked["validation_loss"] if len(checked) else before["loss"]
    return {
        "type": "scatter", "mode": "markers+text", "x": [step], "y": float32(loss.iloc[-1:]),
        "marker": {"symbol": "diamond-open", "size": 10, "color": palette.cell[cell],
                   "line": {"width": 2}},
        "text": [f"goes on from step {step:,}"], "textposition": "top right",
        "textfont": {"color": palette.ink}, "showlegend": False, "name": escape(name),
        "hovertemplate": f"goes on from another run after step {step:,}"
        "<extra>%{fullData.name}</extra>", "cliponaxis": False,
    }  # fmt: skip
