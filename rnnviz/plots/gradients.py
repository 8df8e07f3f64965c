"""The gradient through time: how much of it reaches each earlier step."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from rnnviz.plots.arrangement import time_axis
from rnnviz.plots.logarithms import decades, log_axis, positive
from rnnviz.plots.style import NAME, SYMBOL, FigureDict, Theme, figure, frame, rgba, theme

DASHES = {"hidden_state": "solid", "cell_state": "solid"}
STATES = ("hidden_state", "cell_state")


@figure
def gradients(
    norms: pd.DataFrame,
    *,
    symbols: Mapping[str, str] = SYMBOL,
    fits: pd.DataFrame | None = None,
    predicted: pd.DataFrame | None = None,
    inputs: bool = False,
    before: bool = False,
    one_unit: int | None = None,
    labels: Sequence[str | None] | None = None,
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
    fits : DataFrame, optional
        As `analysis.decay` gives it; drawn as thin straight lines.
    predicted : DataFrame, optional
        As `analysis.predicted_norms` gives it; drawn dashed.
    inputs : bool
        Whether to draw the input, too.
    before : bool
        Whether the norms are those of pre-activations.
    one_unit : int, optional
        Of which unit alone the norms are.
    labels : sequence of str, optional
        What went in at each time step; written along the axis.
    where : str
        Which loss, layer, step: the quiet part of the title.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    lines = {str(name): one for name, one in norms.groupby("signal", sort=False, observed=True)}
    signals = [name for name in lines if inputs or name != "input"]
    steps = int(norms["time"].max()) + 1
    data: list[dict[str, object]] = []
    bottom, top = decades([lines[name]["norm"] for name in signals])
    bottom = min(bottom, -4.0)
    if predicted is not None:
        data.append(expected(predicted, palette))
    for name in sorted(signals, key=lambda each: each in STATES):
        one = lines[name]
        norm = one["norm"].to_numpy()
        colour, state = palette.signal[name], name in STATES
        symbol = symbols[name]
        if before and not (name in STATES and len(lines) > 2) and name != "input":
            symbol = f"a<sub>{symbol}</sub>"
        size = f"|∂L/∂{symbol}<sub>t</sub>|" if one_unit is not None else norm_of(symbol)
        hover = f"{size} = %{{y:.2e}}<extra></extra>"
        if name == "hidden_state":
            data += band(one, rgba(colour, 0.12))
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"{symbol}<sub>t</sub> {NAME[name]}",
                "x": one["time"].to_numpy(np.int32),
                "y": positive(norm),
                "line": {
                    "color": colour,
                    "width": 2.6 if state else 1.4,
                    "dash": "dash" if name == "input" else DASHES.get(name, "dot"),
                },
                "hovertemplate": hover,
            }
        )
    if fits is not None:
        data += [straight(row, palette.ink) for row in fits.itertuples() if row.slope == row.slope]
    made = frame(
        "Gradient through time",
        f"Norm of the gradient of the loss with respect to each signal over {steps} time steps, "
        f"logarithmic, from 1e{bottom:.0f} to 1e{top:.0f}; {where}.",
        colours,
        note=where,
        axes={
            "xaxis": {**time_axis(labels, steps), "title": "time step t"},
            "yaxis": log_axis(
                bottom,
                top,
                title="gradient norm ‖∂L/∂·<sub>t</sub>‖"
                if one_unit is None
                else "gradient |∂L/∂·|",
            ),
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
    made["annotations"] = zeros(lines.get("hidden_state"), palette)
    return {"data": data, "layout": made}


def norm_of(symbol: str) -> str:
    """Write the norm of the gradient of a signal."""
    return f"‖∂L/∂{symbol}<sub>t</sub>‖"


def expected(predicted: pd.DataFrame, palette: Theme) -> dict[str, object]:
    """Return the line of what gates or weights alone predict."""
    signal, kind = predicted["signal"].iloc[0], predicted["kind"].iloc[0]
    name = "upper bound (γ σ<sub>max</sub>)<sup>k</sup>"
    if kind == "path":
        name = f"by {'f' if signal == 'cell_state' else 'z'} alone"
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": predicted["time"].to_numpy(np.int32),
        "y": positive(predicted["norm"]),
        "line": {"color": palette.signal[signal], "width": 1.8, "dash": "longdash"},
        "hovertemplate": f"{name}: %{{y:.2e}}<extra></extra>",
    }


def straight(fit: Any, colour: str) -> dict[str, object]:
    """Return the fitted line of one signal."""
    ends = np.array([fit.first, fit.last])
    with np.errstate(over="ignore", under="ignore"):
        level = np.exp(fit.level + fit.slope * (fit.last - ends))
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"e<sup>{fit.slope:+.3g} (T−t)</sup>".replace("-", "−"),
        "x": ends,
        "y": positive(level),
        "line": {"color": rgba(colour, 0.55), "width": 1.2},
        "hoverinfo": "skip",
    }


def zeros(one: pd.DataFrame | None, palette: Theme) -> list[dict[str, object]]:
    """Return the words for where a gradient is exactly zero, which a log axis cannot show."""
    if one is None or not (one["norm"] == 0).any():
        return []
    at = one["time"][one["norm"] == 0]
    where = f"t = {at.min()}"
    if len(at) > 1:
        where = f"{len(at)} steps ({where} to {at.max()})"
    return [
        {
            "text": f"exactly 0 at {where}",
            "xref": "paper", "yref": "paper", "x": 0.01, "y": 0.02, "xanchor": "left",
            "yanchor": "bottom", "showarrow": False,
            "font": {"size": 13, "color": palette.wrong},
        }
    ]  # fmt: skip


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
    return [
        {**edge, "y": positive(one["low"])},
        {**edge, "y": positive(one["high"]), "fill": "tonexty", "fillcolor": colour},
    ]
