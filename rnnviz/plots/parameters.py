"""Over training, parameter by parameter and gate by gate: gradients, and how far updates go."""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from rnnviz.plots.arrangement import legend_beside, shown_step
from rnnviz.plots.logarithms import decades, log_axis, positive
from rnnviz.plots.marks import level, line, note
from rnnviz.plots.style import SYMBOL, FigureDict, figure, frame, name_of, rgba, theme
from rnnviz.words import t

PARAMETER_DASH = {"weight_hh": "solid", "weight_ih": "dash", "bias": "dot"}
PARAMETER_SYMBOL = {"weight_hh": "W<sub>h</sub>", "weight_ih": "W<sub>x</sub>", "bias": "b"}
HEALTHY = 1e-3
"""Updates of about this share of the weight are usual (Karpathy's rule of thumb)."""


@figure
def parameters(
    norms: pd.DataFrame,
    what: str = "gradient",
    *,
    symbols: Mapping[str, str] = SYMBOL,
    marked: int | None = None,
    steps: int = 1,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw the norm of each parameter's gradient, or its update over its size, over training.

    Parameters
    ----------
    norms : DataFrame
        Columns `step` and those of `analysis.parameter_norms`, of the parameters to draw.
    what : str
        "gradient" or "update".
    symbols : mapping
        Gate -> its letter in the cell's equations.
    steps : int
        Where the training axis ends.
    """
    palette = theme(colours)
    at = t("step %{x}")
    data = []
    for (parameter, gate), one in norms.groupby(["parameter", "gate"], sort=False):
        kind = next((key for key in PARAMETER_DASH if key in str(parameter)), "")
        letter = symbols.get(str(gate), "")
        said = name_of(str(gate)) if gate in SYMBOL else ""
        name = f"{PARAMETER_SYMBOL[kind]} {letter}" if kind else short(str(parameter))
        data.append(
            line(
                one["step"].to_numpy(np.int32),
                positive(one[what]),
                palette.signal.get(str(gate), palette.cell["gru"]),
                2.2 if kind == "weight_hh" else 1.5,
                PARAMETER_DASH.get(kind, "longdashdot"),
                name=name.strip(),
                marker={"size": 4},
                hover=f"{at}<br>{parameter} {said}: %{{y:.2e}}",
            )
        )
    gradient = what == "gradient"
    bottom, top = decades([norms[what]], least=2, top=None if gradient else -2.0)
    title = t("Gradient by parameter") if gradient else t("How far one update moves each parameter")
    axis = t("norm of ∂L/∂W") if gradient else t("‖ΔW‖ / ‖W‖, per update")
    if not gradient:
        bottom = min(bottom, -4.0)
    made = frame(
        title,
        t(
            "{title}: {lines} lines over {steps} training steps, logarithmic; {where}.",
            title=title,
            lines=len(data),
            steps=steps,
            where=where,
        ),
        colours,
        note=where,
        axes={
            "xaxis": {"title": t("training step"), "range": [0, steps]},
            "yaxis": log_axis(bottom, top, title=axis),
        },
    )
    made["shapes"] = []
    if not gradient:
        made["shapes"].append(level(HEALTHY, palette.muted, 1.5, "dash"))
        made["annotations"] = [
            note(
                t("a thousandth: about right"),
                0,
                float(np.log10(HEALTHY)),
                palette.muted,
                at="left bottom",
                xref="paper",
                bgcolor=rgba(palette.paper, 0.7),
            )
        ]
    if marked is not None:
        made["shapes"].append(shown_step(marked, palette))
    legend_beside(made)
    made["margin"] = {**made["margin"], "r": 8}
    return {"data": data, "layout": made}


def short(parameter: str) -> str:
    """Name a parameter that belongs to no gate."""
    if parameter == "input.weight":
        return t("embedding")
    read_out = re.fullmatch(r"readout\.(.+)", parameter)
    return t("read-out {parameter}", parameter=read_out[1]) if read_out else parameter
