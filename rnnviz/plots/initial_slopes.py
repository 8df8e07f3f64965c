"""Growth of the gradient before any training, over the gain, spectral radius or forget bias."""

from typing import Any

import numpy as np
import pandas as pd

from rnnviz.plots.arrangement import legend_below_title
from rnnviz.plots.style import DASH, FigureDict, figure, float32, frame, rgba, theme

AXES = {
    "gain": "gain g of the random weights, J<sub>ij</sub> ~ N(0, g²/N)",
    "spectral_radius": "spectral radius of each recurrent matrix",
    "forget_bias": "initial bias b of the forget gate",
}
REFERENCES = {
    "gain": "ln of the spectral radius: no tanh",
    "spectral_radius": "ln of the spectral radius: a linear RNN",
    "forget_bias": "ln σ(b): forget gate alone",
}
CELLS = {"rnn": "RNN", "rnn_relu": "RNN (ReLU)", "gru": "GRU", "lstm": "LSTM"}


@figure
def initial_slopes(
    slopes: pd.DataFrame,
    theory: pd.DataFrame | None = None,
    *,
    reach: tuple[float, float] | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw how fast the gradient grows in untrained networks: a point each, a line by medians.

    Parameters
    ----------
    slopes : DataFrame
        As `analysis.initial_slopes` or `analysis.cell_slopes` gives it; several cells may be put
        together, over the same quantity.
    theory : DataFrame, optional
        Columns `gain` and `largest`, as `analysis.mean_field` gives it: a line of its own.
    reach : (float, float), optional
        Where the horizontal axis begins and ends; around what there is otherwise.
    where : str
        What was measured: the quiet part of the title.
    """
    palette = theme(colours)
    over = str(slopes["over"].iloc[0]) if len(slopes) else "gain"
    shown = slopes[np.isfinite(slopes["slope"])]
    data: list[dict[str, Any]] = []
    reference = shown[np.isfinite(shown["reference"])].groupby("value")["reference"].median()
    data.append(
        {
            "type": "scatter",
            "mode": "lines",
            "name": REFERENCES[over],
            "x": float32(reference.index),
            "y": float32(reference),
            "line": {"color": palette.muted, "width": 1.6, "dash": "dash"},
            "hovertemplate": "%{x:.3g}: %{y:.3f}<extra></extra>",
        }
    )
    if theory is not None:
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": "mean field, N → ∞",
                "x": float32(theory["gain"]),
                "y": float32(theory["largest"]),
                "line": {"color": rgba(palette.signal["cell_state"], 0.55), "width": 7},
                "hovertemplate": "g = %{x:.3g}: %{y:.4f} for infinitely many units<extra></extra>",
            }
        )
    for cell, one in shown.groupby("cell", sort=False):
        colour, middle = palette.cell[str(cell)], one.groupby("value")["slope"].median()
        points = {
            "type": "scatter",
            "legendgroup": str(cell),
            "hovertemplate": f"{CELLS[str(cell)]}, %{{x:.3g}}: %{{y:.3f}} a step<extra></extra>",
        }
        data.append(
            {
                **points,
                "mode": "markers",
                "showlegend": False,
                "name": f"{CELLS[str(cell)]}, each network",
                "x": float32(one["value"]),
                "y": float32(one["slope"]),
                "marker": {"size": 6, "color": rgba(colour, 0.5)},
            }
        )
        data.append(
            {
                **points,
                "mode": "lines",
                "name": CELLS[str(cell)],
                "x": float32(middle.index),
                "y": float32(middle),
                "line": {"color": colour, "width": 2.4, "dash": DASH[str(cell)]},
            }
        )
    low, high = limits(shown, theory)
    states = {"c" if cell == "lstm" else "h" for cell in shown["cell"]}
    state = "state" if len(states) > 1 else f"{states.pop() if states else 'h'}<sub>t</sub>"
    title = "How fast the gradient grows before any training"
    x_axis: dict[str, Any] = {"title": AXES[over], "zeroline": False}
    if reach is not None:
        x_axis["range"] = list(reach)
    made = frame(
        title,
        f"{title}: slope of the logarithm of the gradient's norm a step back in time, "
        f"{len(shown)} untrained networks; below 0 it fades, above 0 it explodes; {where}.",
        colours,
        note=where,
        axes={
            "xaxis": x_axis,
            "yaxis": {"title": f"slope of ln ‖∂L/∂{state}‖ a step back", "range": [low, high]},
        },
    )
    legend_below_title(made)
    made["shapes"] = [
        {
            "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0, "layer": "below",
            "line": {"color": palette.ink, "width": 1},
        }
    ]  # fmt: skip
    made["annotations"] = [
        {
            "text": word, "xref": "paper", "x": x, "xanchor": side, "xshift": shift,
            "yref": "paper", "y": y, "yanchor": above, "showarrow": False,
            "font": {"size": 13, "color": palette.muted},
        }
        for word, x, side, shift, y, above in (
            ("↑ above 0 it explodes", 0, "left", 6, 1, "top"),
            ("↓ below 0 it fades", 1, "right", -6, 0, "bottom"),
        )
    ]  # fmt: skip
    return {"data": data, "layout": made}


def limits(slopes: pd.DataFrame, theory: pd.DataFrame | None) -> tuple[float, float]:
    """Return half-unit limits around all slopes and references, -1 to .5 at least."""
    known = [slopes["slope"], slopes["reference"]]
    if theory is not None:
        known.append(theory["largest"])
    values = np.concatenate([np.asarray(each, float) for each in known])
    values = values[np.isfinite(values)]
    low, high = min(values, default=0.0), max(values, default=0.0)
    return (
        min(-1.0, float(np.floor(2 * low - 0.1) / 2)),
        max(0.5, float(np.ceil(2 * high + 0.1) / 2)),
    )
