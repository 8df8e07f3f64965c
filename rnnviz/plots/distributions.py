"""The spread of every signal's values: a histogram each, or its change through time."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from rnnviz.plots.gates import time_ticks
from rnnviz.plots.marks import bars, heat
from rnnviz.plots.panels import axis, bar, beside, downwards, heading, number, spread
from rnnviz.plots.style import (
    SYMBOL,
    FigureDict,
    figure,
    float32,
    frame,
    left_out,
    name_of,
    rgba,
    theme,
)
from rnnviz.words import t

TOPS = (0.1, 0.25, 0.5, 1.0)
"""Upper ends that an axis of shares may have, so that it seldom moves."""
DENSE = 25
"""Per cent of the values in one bin from which on the colour is full."""
STOPS = (0, 0.01, 0.03, 0.06, 0.12, 0.25, 0.5, 1)
"""Where the colour of a share is set: it grows with the root, so that small shares are seen."""


@figure
def distributions(
    shares: pd.DataFrame,
    *,
    symbols: Mapping[str, str] = SYMBOL,
    before: bool = False,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw a histogram of each signal, side by side.

    Parameters
    ----------
    shares : DataFrame
        As `analysis.distributions` gives it.
    symbols : mapping
        Signal -> its letter in the cell's equations.
    before : bool
        Whether these are pre-activations.
    where : str
        Layer, step: the quiet part of the title.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    signals = list(shares["signal"].unique())
    columns = 3 if len(signals) > 4 else min(2, len(signals))
    rows = -(-len(signals) // columns)
    across = spread([1] * columns, 0.06)
    down = downwards([1] * rows, 0.17)
    made = frame(
        t("How pre-activations are spread") if before else t("How the values are spread"),
        t(
            "Histograms of {signals} over all units, time steps and samples, {where}.",
            signals=", ".join(name_of(name) for name in signals),
            where=where,
        ),
        colours,
        note=where,
    )
    made["annotations"] = []
    data = []
    for place, name in enumerate(signals):
        one = shares[shares["signal"] == name]
        x, row = across[place % columns], down[place // columns]
        row = (row[0], row[1] - 0.055)
        share = np.nan_to_num(one["share"].to_numpy())
        top = next(top for top in TOPS if share.max(initial=0.0) <= top or top == 1.0)
        left, right = one["left"].to_numpy(), one["right"].to_numpy()
        symbol = symbols.get(name, name)
        data.append(
            bars(
                float32((left + right) / 2),
                float32(100 * share),
                palette.signal[name],
                edge=0,
                name=name,
                width=float(right[0] - left[0]) if len(one) else 1,
                hover=f"{symbol} ≈ %{{x:.3f}}<br>%{{y:.2f}} %",
                xaxis=f"x{number(place)}",
                yaxis=f"y{number(place)}",
                showlegend=False,
            )
        )
        made[f"xaxis{number(place)}"] = axis(
            colours,
            domain=x,
            anchor=f"y{number(place)}",
            range=[float(left.min()), float(right.max())],
            title=t("{symbol}<sub>t</sub> before", symbol=symbol)
            if before
            else f"{symbol}<sub>t</sub>",
            nticks=5,
            showgrid=False,
        )
        made[f"yaxis{number(place)}"] = axis(
            colours,
            domain=row,
            anchor=f"x{number(place)}",
            range=[0, 100 * top],
            tickmode="array",
            tickvals=[0, 50 * top, 100 * top],
            title=t("% of values") if place % columns == 0 else "",
        )
        made["annotations"].append(heading(name, symbol, x[0], row[1], colours))
    made["bargap"] = 0
    return {"data": data, "layout": made}


@figure
def distributions_through_time(
    shares: pd.DataFrame,
    *,
    symbols: Mapping[str, str] = SYMBOL,
    labels: Sequence[str | None] | None = None,
    before: bool = False,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw how each signal's values are spread at every time step, under one time axis.

    Parameters
    ----------
    shares : DataFrame
        As `analysis.distributions(..., through_time=True)` gives it.
    symbols, before, where, colours
        As for `distributions`.
    labels : sequence of str, optional
        What went in at each time step; written along the axis.
    """
    palette = theme(colours)
    signals = list(shares["signal"].unique())
    rows = downwards([1] * len(signals), 0.03)
    steps = int(shares["time"].max()) + 1
    thin = -(-steps // 500)
    made = frame(
        t("How the values are spread at each time step"),
        t(
            "Share of values over time and value, for {signals}, {where}.",
            signals=", ".join(name_of(name) for name in signals),
            where=where,
        ),
        colours,
        note=where + left_out(steps=thin),
        axes={
            "xaxis": {
                **time_ticks(labels, steps),
                "time": True,
                "showgrid": False,
                "anchor": f"y{number(len(signals) - 1)}",
            }
        },
    )
    data = []
    for place, name in enumerate(signals):
        one = shares[shares["signal"] == name]
        share = one["share"].to_numpy().reshape(steps, -1)[::thin]
        left = one["left"].to_numpy()[: share.shape[1]]
        right = one["right"].to_numpy()[: share.shape[1]]
        symbol = symbols.get(name, name)
        data.append(
            heat(
                float32(100 * share.T),
                np.arange(0, steps, thin, dtype=np.int32),
                float32((left + right) / 2),
                (0, DENSE),
                [[at, rgba(palette.signal[name], at**0.5)] for at in STOPS],
                name=name,
                hover=f"t = %{{x}}, {symbol} ≈ %{{y:.2f}}<br>%{{z:.1f}} %",
                hoverongaps=False,
                colorbar=bar(0, DENSE, rows[place], colours) | {"ticktext": ["0", f"≥ {DENSE} %"]},
                yaxis=f"y{number(place)}",
            )
        )
        made[f"yaxis{number(place)}"] = axis(
            colours,
            domain=rows[place],
            anchor="x",
            range=[float(left[0]), float(right[-1])],
            showgrid=False,
            nticks=3,
            ticks="",
            fixedrange=True,
        )
    made["margin"] = {**made["margin"], "l": 116, "r": 68}
    made["annotations"] = [
        beside(name, symbols.get(name, name), domain, colours)
        for name, domain in zip(signals, rows, strict=True)
    ]
    return {"data": data, "layout": made}
