"""A quantity of every unit over the whole training, and the norms of the weights."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from rnnviz.plots.gates import MOST_UNITS
from rnnviz.plots.multiples import bounds, unit_axis
from rnnviz.plots.panels import bar
from rnnviz.plots.style import (
    NAME,
    SYMBOL,
    FigureDict,
    figure,
    float32,
    frame,
    ordinal,
    scale,
    theme,
)


@figure
def unit_history(
    means: pd.DataFrame,
    signal: str,
    *,
    symbol: str = "",
    steps: int = 1,
    marked: int | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw the mean of a signal for every unit at every kept checkpoint.

    Parameters
    ----------
    means : DataFrame
        Index training step, a column a unit, in the order to draw them.
    signal : str
        Its name: chooses the colour scale and the words.
    symbol : str
        Its letter in the cell's equations, if it is not the usual one.
    steps : int
        How many steps the training has in all: the end of the axis.
    marked : int, optional
        The step that the other figures show.
    where : str
        Layer: the quiet part of the title.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    thin = -(-means.shape[1] // MOST_UNITS)
    shown = means.iloc[:, ::thin]
    z = float32(shown.to_numpy().T)
    low, high = bounds(signal, z)
    symbol = symbol or SYMBOL.get(signal, signal)
    at = np.asarray(shown.index, dtype=np.int32)
    y, sorted_ = unit_axis(shown)
    made = frame(
        f"Mean {NAME.get(signal, signal)} {symbol} of every unit while it learns",
        f"Heatmap of the mean {NAME.get(signal, signal)} of {means.shape[1]} units at {len(at)} "
        f"checkpoints up to step {at.max(initial=0)}, {where}.",
        colours,
        note=where + (f", every {ordinal(thin)} unit" if thin > 1 else ""),
        axes={
            "xaxis": {"title": "training step", "range": [-0.5, max(1, steps)], "showgrid": False},
            "yaxis": {
                "title": "unit",
                "autorange": "reversed",
                "type": "category" if sorted_ else "linear",
                "showgrid": False,
                "ticks": "",
                "nticks": 8,
            },
        },
    )
    edges = np.concatenate([at, [at[-1] + max(1, steps // 100)]]) if len(at) else at
    if marked is not None:
        made["shapes"] = [
            {
                "type": "line",
                "xref": "x",
                "yref": "paper",
                "x0": marked,
                "x1": marked,
                "y0": 0,
                "y1": 1,
                "line": {"color": palette.ink, "width": 1.5, "dash": "dash"},
            }
        ]
    heat = {
        "type": "heatmap",
        "z": z,
        "x": edges,  # a column reaches from its checkpoint to the next
        "y": y,
        "zmin": low,
        "zmax": high,
        "colorscale": scale(signal, palette)[0],
        "colorbar": bar(low, high, (0, 1), colours),
        "hoverongaps": False,
        "hovertemplate": f"step %{{x}}, unit %{{y}}<br>mean {symbol} = %{{z:.3f}}<extra></extra>",
    }
    made["margin"] = {**made["margin"], "r": 56}
    return {"data": [heat], "layout": made}


@figure
def norm_history(
    norms: pd.DataFrame,
    *,
    symbols: Mapping[str, str] = SYMBOL,
    sources: Sequence[str] = ("input", "recurrent"),
    steps: int = 1,
    marked: int | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw the norm of each block of the weights over the training.

    Parameters
    ----------
    norms : DataFrame
        Columns `step`, `gate`, `source` and `norm`: `analysis.weight_norms` at several steps.
    symbols : mapping
        Signal -> its letter in the cell's equations.
    sources : sequence of str
        Solid lines for "recurrent", dotted ones for "input".
    steps, marked, where, colours
        As for `unit_history`.
    """
    palette = theme(colours)
    data = []
    for gate in norms["gate"].unique():
        for source in sources:
            one = norms[(norms["gate"] == gate) & (norms["source"] == source)]
            letter = "i" if source == "input" else "h"
            name = f"W<sub>{letter}{symbols.get(gate, gate)}</sub>"
            data.append(
                {
                    "type": "scatter",
                    "mode": "lines" if len(one) > 1 else "markers",
                    "name": f"{name} {source}",
                    "x": one["step"].to_numpy(np.int32),
                    "y": float32(one["norm"].to_numpy()),
                    "line": {
                        "color": palette.signal[gate],
                        "width": 2.4,
                        "dash": "dot" if source == "input" else "solid",
                    },
                    "hovertemplate": f"step %{{x}}<br>‖{name}‖ = %{{y:.3f}}<extra></extra>",
                }
            )
    made = frame(
        "Size of the weights while it learns",
        f"Lines of the Frobenius norm of {len(data)} blocks of weights over the training, {where}.",
        colours,
        note=where,
        axes={
            "xaxis": {"title": "training step", "range": [0, max(1, steps)]},
            "yaxis": {"title": "norm ‖W‖ (Frobenius)", "rangemode": "tozero"},
        },
    )
    if marked is not None:
        made["shapes"] = [
            {
                "type": "line",
                "xref": "x",
                "yref": "paper",
                "x0": marked,
                "x1": marked,
                "y0": 0,
                "y1": 1,
                "line": {"color": palette.ink, "width": 1.5, "dash": "dash"},
            }
        ]
    made["legend"] |= {
        "orientation": "v",
        "x": 1.01,
        "xanchor": "left",
        "y": 1,
        "yanchor": "top",
        "font": {"size": 14, "color": palette.ink},
    }
    return {"data": data, "layout": made}
