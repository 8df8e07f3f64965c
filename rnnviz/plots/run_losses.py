"""Learning curves of several runs over each other."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd

from rnnviz.plots.gates import escape
from rnnviz.plots.loss import decades, log_ticks, thinned
from rnnviz.plots.marks import Mark, dots, line
from rnnviz.plots.style import DASHES, FigureDict, Theme, figure, float32, frame, rgba, theme
from rnnviz.words import t


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
    data: list[Mark] = []
    seen = [np.zeros(0)]
    used: dict[str, int] = {}
    for name, cell, metrics in curves:
        # runs of the same cell have its colour, and differ in their dash
        place = used[cell] = used.get(cell, -1) + 1
        checked = metrics[metrics["validation_loss"].notna()]
        thin = thinned(metrics)
        colour = palette.cell[cell]
        common = {"name": escape(name), "legendgroup": str(len(data))}
        data += [
            line(
                thin["step"].to_numpy(np.int32),
                float32(thin["loss"]),
                rgba(colour, 0.35 if len(checked) else 0.8),
                1,
                showlegend=checked.empty,  # a short run has no other line yet
                hoverinfo="skip",
                **common,
            ),
            line(
                checked["step"].to_numpy(np.int32),
                float32(checked["validation_loss"]),
                colour,
                2.4,
                DASHES[place % len(DASHES)],
                hover=t("step %{x}<br>validation loss %{y:.4g}"),
                aside="%{fullData.name}",
                **common,
            ),
        ]
        seen += [thin["loss"].to_numpy(float), checked["validation_loss"].to_numpy(float)]
    data += [_joint(curves[place], step, palette) for place, step in joints.items()]
    values = np.concatenate(seen)
    bottom, top = decades(values[np.isfinite(values) & (values > 0)])
    last = max((int(each["step"].iloc[-1]) for _, _, each in curves if len(each)), default=1)
    names = ", ".join(name for name, _, _ in curves)
    made = frame(
        t("Loss"),
        t(
            "Training and validation loss over {last} steps, logarithmic, of {names}.",
            last=last, names=names,
        ),
        colours,
        note=t("faint: training, bold: validation"),
        axes={
            "xaxis": {"title": t("training step"), "range": [0, last]},
            "yaxis": {
                "title": t("loss"), "type": "log", "range": [bottom, top], **log_ticks(bottom, top),
            },
        },
    )  # fmt: skip
    made["hovermode"] = "closest"
    made["showlegend"] = True
    made["legend"]["x"] = 0.97  # beside it is the button of the export menu
    return {"data": data, "layout": made}


def _joint(curve: tuple[str, str, pd.DataFrame], step: int, palette: Theme) -> Mark:
    """Mark where a run goes on from another one, on its newest validation before."""
    name, cell, metrics = curve
    before = metrics[metrics["step"] <= max(step, 1)]
    checked = before[before["validation_loss"].notna()]
    loss = checked["validation_loss"] if len(checked) else before["loss"]
    return dots(
        [step],
        float32(loss.iloc[-1:]),
        palette.cell[cell],
        10,
        symbol="diamond-open",
        edge=2,
        mode="markers+text",
        name=escape(name),
        text=[t("goes on from step {step:,}", step=step)],
        textposition="top right",
        textfont={"color": palette.ink},
        hover=t("goes on from another run after step {step:,}", step=step),
        aside="%{fullData.name}",
        showlegend=False,
        cliponaxis=False,
    )
