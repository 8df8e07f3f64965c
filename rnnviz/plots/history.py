"""A quantity of every unit over the whole training, and the norms of the weights."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from rnnviz.plots.arrangement import legend_beside
from rnnviz.plots.gates import MOST_UNITS
from rnnviz.plots.marks import heat, line, upright
from rnnviz.plots.multiples import bounds, unit_axis
from rnnviz.plots.panels import bar
from rnnviz.plots.style import (
    SYMBOL,
    FigureDict,
    figure,
    float32,
    frame,
    left_out,
    name_of,
    scale,
    theme,
)
from rnnviz.words import N_, t

SOURCE = {"input": N_("input"), "recurrent": N_("recurrent")}


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
        t(
            "Mean {signal} {symbol} of every unit while it learns",
            signal=name_of(signal),
            symbol=symbol,
        ),
        t(
            "Heatmap of the mean {signal} of {units} units at {checkpoints} "
            "checkpoints up to step {last}, {where}.",
            signal=name_of(signal),
            units=means.shape[1],
            checkpoints=len(at),
            last=at.max(initial=0),
            where=where,
        ),
        colours,
        note=where + left_out(thin),
        axes={
            "xaxis": {
                "title": t("training step"),
                "range": [-0.5, max(1, steps)],
                "showgrid": False,
            },
            "yaxis": {
                "title": t("unit"),
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
        made["shapes"] = [upright(marked, palette.ink, 1.5, "dash", xref="x")]
    picture = heat(
        z,
        edges,  # a column reaches from its checkpoint to the next
        y,
        (low, high),
        scale(signal, palette)[0],
        hover=t("step %{{x}}, unit %{{y}}<br>mean {symbol} = %{{z:.3f}}", symbol=symbol),
        hoverongaps=False,
        colorbar=bar(low, high, (0, 1), colours),
    )
    made["margin"] = {**made["margin"], "r": 56}
    return {"data": [picture], "layout": made}


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
    at = t("step %{x}")
    data = []
    for gate in norms["gate"].unique():
        for source in sources:
            one = norms[(norms["gate"] == gate) & (norms["source"] == source)]
            letter = "i" if source == "input" else "h"
            name = f"W<sub>{letter}{symbols.get(gate, gate)}</sub>"
            data.append(
                line(
                    one["step"].to_numpy(np.int32),
                    float32(one["norm"].to_numpy()),
                    palette.signal[gate],
                    2.4,
                    "dot" if source == "input" else "solid",
                    mode="lines" if len(one) > 1 else "markers",
                    name=f"{name} {t(SOURCE[source])}",
                    hover=f"{at}<br>‖{name}‖ = %{{y:.3f}}",
                )
            )
    made = frame(
        t("Size of the weights while it learns"),
        t(
            "Lines of the Frobenius norm of {blocks} blocks of weights over the training, {where}.",
            blocks=len(data),
            where=where,
        ),
        colours,
        note=where,
        axes={
            "xaxis": {"title": t("training step"), "range": [0, max(1, steps)]},
            "yaxis": {"title": t("norm ‖W‖ (Frobenius)"), "rangemode": "tozero"},
        },
    )
    if marked is not None:
        made["shapes"] = [upright(marked, palette.ink, 1.5, "dash", xref="x")]
    legend_beside(made, font={"size": 14, "color": palette.ink})
    return {"data": data, "layout": made}
