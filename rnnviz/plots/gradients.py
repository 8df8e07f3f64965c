"""The gradient through time: how much of it reaches each earlier step."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from rnnviz.plots.style import NAME, SYMBOL, FigureDict, figure, float32, frame, rgba, theme

DASHES = {"hidden_state": "solid", "cell_state": "solid"}
STATES = ("hidden_state", "cell_state")


@figure
def gradients(
    norms: pd.DataFrame,
    *,
    symbols: Mapping[str, str] = SYMBOL,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw the norm of dL/d(signal) over time on a log axis, one line a signal.

    Parameters
    ----------
    norms : DataFrame
        As `analysis.gradient_norms` gives it.
    symbols : mapping
        Signal -> its letter in the cell's equations.
    where : str
        Which loss, layer, step: the quiet part of the title.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    lines = {str(name): one for name, one in norms.groupby("signal", sort=False, observed=True)}
    signals = [name for name in lines if name != "input"]
    steps = int(norms["time"].max()) + 1
    data = []
    lowest, highest = 0.0, -300.0
    for name in sorted(signals, key=lambda each: each in STATES):
        one = lines[name]
        norm = one["norm"].to_numpy()
        seen = norm[np.isfinite(norm) & (norm > 0)]
        if seen.size:
            lowest = min(lowest, float(np.log10(seen.min())))
            highest = max(highest, float(np.log10(seen.max())))
        colour, state = palette.signal[name], name in STATES
        symbol = symbols[name]
        hover = f"t = %{{x}}<br>‖∂L/∂{symbol}<sub>t</sub>‖ = %{{y:.2e}}<extra></extra>"
        if name == "hidden_state":
            data += band(one, rgba(colour, 0.12))
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"{symbol}<sub>t</sub> {NAME[name]}",
                "x": one["time"].to_numpy(np.int32),
                "y": float32(np.where(norm > 0, norm, np.nan)),
                "line": {
                    "color": colour,
                    "width": 2.6 if state else 1.4,
                    "dash": DASHES.get(name, "dot"),
                },
                "hovertemplate": hover,
            }
        )
    # whole decades, and at least four of them, so that the axis stands still while values move
    top = float(np.ceil(highest)) if highest > -300 else 0.0
    bottom = min(float(np.floor(lowest)), top - 4)
    made = frame(
        "Gradient through time",
        f"Norm of the gradient of the loss with respect to each signal over {steps} time steps, "
        f"logarithmic, from 1e{bottom:.0f} to 1e{top:.0f}; {where}.",
        colours,
        note=where,
        axes={
            "xaxis": {"title": "time step t", "range": [-0.5, steps - 0.5]},
            "yaxis": {
                "title": "gradient norm ‖∂L/∂·<sub>t</sub>‖",
                "type": "log",
                "range": [bottom, top],
                "exponentformat": "power",
                "minorloglabels": "none",
                "dtick": max(1, round((top - bottom) / 5)),
            },
        },
    )
    made["hovermode"] = "x"
    made["legend"] |= {  # beside the lines, which leave no free corner
        "orientation": "v",
        "x": 1.01,
        "xanchor": "left",
        "y": 1,
        "yanchor": "top",
        "maxheight": 400,
    }
    made["margin"] = {**made["margin"], "r": 8}
    return {"data": data, "layout": made}


def band(one: pd.DataFrame, colour: str) -> list[dict[str, object]]:
    """Return the two invisible lines between which the quartiles of the samples are shaded."""
    edge = {
        "type": "scatter",
        "mode": "lines",
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
        "x": one["time"].to_numpy(np.int32),
    }
    low, high = (np.where(one[side] > 0, one[side], np.nan) for side in ("low", "high"))
    return [
        {**edge, "y": float32(low)},
        {**edge, "y": float32(high), "fill": "tonexty", "fillcolor": colour},
    ]
