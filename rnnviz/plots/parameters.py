"""Over training, parameter by parameter and gate by gate: gradients, and how far updates go."""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from rnnviz.plots.logarithms import decades, log_axis, positive
from rnnviz.plots.style import NAME, SYMBOL, FigureDict, figure, frame, rgba, theme

KINDS = {"weight_hh": "solid", "weight_ih": "dash", "bias": "dot"}
WORDS = {"weight_hh": "W<sub>h</sub>", "weight_ih": "W<sub>x</sub>", "bias": "b"}
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
    data = []
    for (parameter, gate), one in norms.groupby(["parameter", "gate"], sort=False):
        kind = next((key for key in KINDS if key in str(parameter)), "")
        letter = symbols.get(str(gate), "")
        name = f"{WORDS[kind]} {letter}" if kind else short(str(parameter))
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": name.strip(),
                "x": one["step"].to_numpy(np.int32),
                "y": positive(one[what]),
                "line": {
                    "color": palette.signal.get(str(gate), palette.cell["gru"]),
                    "width": 2.2 if kind == "weight_hh" else 1.5,
                    "dash": KINDS.get(kind, "longdashdot"),
                },
                "marker": {"size": 4},
                "hovertemplate": f"step %{{x}}<br>{parameter} {NAME.get(str(gate), '')}"
                ": %{y:.2e}<extra></extra>",
            }
        )
    gradient = what == "gradient"
    bottom, top = decades([norms[what]], least=2, top=None if gradient else -2.0)
    title = "Gradient by parameter" if gradient else "How far one update moves each parameter"
    axis = "norm of ∂L/∂W" if gradient else "‖ΔW‖ / ‖W‖, per update"
    if not gradient:
        bottom = min(bottom, -4.0)
    made = frame(
        title,
        f"{title}: {len(data)} lines over {steps} training steps, logarithmic; {where}.",
        colours,
        note=where,
        axes={
            "xaxis": {"title": "training step", "range": [0, steps]},
            "yaxis": log_axis(bottom, top, title=axis),
        },
    )
    made["shapes"] = []
    if not gradient:
        level = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": HEALTHY, "y1": HEALTHY}
        grey = {"color": palette.muted, "width": 1.5, "dash": "dash"}
        made["shapes"].append({**level, "line": grey})
        made["annotations"] = [
            {
                "text": "a thousandth: about right", "xref": "paper", "x": 0, "xanchor": "left",
                "y": float(np.log10(HEALTHY)), "yanchor": "bottom", "showarrow": False,
                "font": {"size": 12, "color": palette.muted},
                "bgcolor": rgba(palette.paper, 0.7),
            }
        ]  # fmt: skip
    if marked is not None:
        ends = {"x0": marked, "x1": marked, "y0": 0, "y1": 1, "yref": "paper"}
        line = {"color": palette.signal["cell_state"], "width": 2}
        made["shapes"].append({"type": "line", **ends, "line": line})
    made["legend"] |= {
        "orientation": "v", "x": 1.01, "xanchor": "left", "y": 1, "yanchor": "top",
    }  # fmt: skip
    made["margin"] = {**made["margin"], "r": 8}
    return {"data": data, "layout": made}


def short(parameter: str) -> str:
    """Name a parameter that belongs to no gate."""
    return re.sub(r"^readout\.", "read-out ", parameter).replace("input.weight", "embedding")
