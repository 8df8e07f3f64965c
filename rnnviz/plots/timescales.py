"""How long each unit remembers, beside how long it has to."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rnnviz.plots.style import FigureDict, figure, float32, frame, rgba, theme

LOWEST, HIGHEST = 0.1, 1e6
"""Steps between which the axis ends at most; beyond them a point stands at the edge."""
MOST_NAMED = 36
"""Units whose numbers have room along the axis; of more, every second, third, ... is named."""


@figure
def timescales(
    constants: pd.DataFrame,
    *,
    symbol: str = "f",
    signal: str = "forget_gate",
    needed: Sequence[tuple[float, str]] = (),
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw the time constant of every unit, sorted, on a log axis.

    Parameters
    ----------
    constants : DataFrame
        As `analysis.time_constants` or `analysis.mode_time_constants` gives it.
    symbol : str
        The letter of what keeps: f, z, or |λ| for the modes of a plain RNN.
    signal : str
        The gate, which chooses the colour; "hidden_state" for the modes.
    needed : sequence of (steps, words)
        The lags that the task needs; drawn as lines.
    where : str
        Layer, step: the quiet part of the title.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    modes = signal == "hidden_state"
    what = "mode" if modes else "unit"
    ordered = constants.sort_values("steps", ascending=False, kind="stable", na_position="last")
    steps = ordered["steps"].to_numpy()
    finite = steps[np.isfinite(steps)]
    most = max([90.0, *(lag for lag, _ in needed), *finite[finite < HIGHEST]])
    top = 10 ** float(np.ceil(np.log10(most * 1.05)))
    shown = np.clip(steps, LOWEST, top)
    low, high = (np.clip(ordered[side].to_numpy(), LOWEST, top) for side in ("low", "high"))
    rank = np.arange(len(ordered), dtype=np.int32)
    every = -(-len(rank) // MOST_NAMED)
    # One line in pieces: from the 10th to the 90th percentile of each unit.
    gap = np.full(len(rank), np.nan)
    colour = palette.signal[signal]
    range_ = {
        "type": "scatter",
        "mode": "lines",
        "name": "10 to 90 % of steps",
        "x": float32(np.stack([rank, rank, gap], 1).ravel()),
        "y": float32(np.stack([low, high, gap], 1).ravel()),
        "line": {"color": rgba(colour, 0.3), "width": max(2, min(9, 500 // max(1, len(rank))))},
        "hoverinfo": "skip",
    }
    dots = {
        "type": "scatter",
        "mode": "markers",
        "name": f"−1/ln {symbol}" if modes else f"−1/ln of the mean of {symbol}",
        "x": rank,
        "y": float32(shown),
        "customdata": np.stack([ordered["unit"], ordered["gate"], steps], 1),
        "marker": {
            "color": colour,
            "size": 9 if len(rank) <= 64 else 6,
            "symbol": ["circle" if step < top else "triangle-up" for step in np.nan_to_num(steps)],
            "line": {"width": 1, "color": palette.paper},
        },
        "cliponaxis": False,
        "hovertemplate": f"{what} %{{customdata[0]}}<br>{symbol} = %{{customdata[1]:.4f}}"
        "<br>%{customdata[2]:.4g} steps<extra></extra>",
    }
    counted = [
        f"{words}: {int((steps >= lag).sum())} of {len(steps)} {what}s reach that far"
        for lag, words in needed
    ]
    made = frame(
        f"How long each {what} remembers",
        f"Time constant of {len(steps)} {what}s in time steps, sorted, logarithmic from {LOWEST:g} "
        f"to {top:g}; {where}. {'; '.join(counted)}.",
        colours,
        note=where,
        axes={
            "xaxis": {
                "title": f"{what}, the longest memory first"
                if not modes
                else "mode of W<sub>hh</sub>, the longest memory first",
                "range": [-0.7, len(ordered) - 0.3],
                "tickvals": list(rank[::every]),
                "ticktext": [str(unit) for unit in ordered["unit"][::every]],
                "tickmode": "array",
                "tickangle": 0,
                "showgrid": False,
            },
            "yaxis": {
                "title": f"time constant −1/ln {symbol}, in time steps",
                "type": "log",
                "range": [np.log10(LOWEST) - 0.05, np.log10(top) + 0.05],
                "tickmode": "linear",
                "dtick": 1,
                "minorloglabels": "none",
            },
        },
    )
    made["shapes"], made["annotations"] = [], []
    for place, ((lag, _), count) in enumerate(zip(needed, counted, strict=True)):
        made["shapes"].append(
            {
                "type": "line",
                "xref": "paper",
                "yref": "y",
                "x0": 0,
                "x1": 1,
                "y0": lag,
                "y1": lag,
                "line": {"color": palette.ink, "width": 1.6, "dash": "dash"},
            }
        )
        made["annotations"].append(
            {
                "text": f"<b>{lag:,.0f} steps</b> {count}",
                "x": 1,
                "y": float(np.log10(lag)),
                "xref": "paper",
                "yref": "y",
                "xanchor": "right",
                "yanchor": "top" if place else "bottom",  # the second stands under its line
                "showarrow": False,
                "font": {"size": 14, "color": palette.ink},
                "bgcolor": rgba(palette.paper, 0.75),
            }
        )
    made["legend"] |= {"x": 0.01, "xanchor": "left", "y": 0.02}  # memory falls to the right
    made["legend"] |= {"bgcolor": rgba(palette.paper, 0.85)}
    made["legend"]["font"] = {"size": 13, "color": palette.ink}
    return {"data": [dots] if modes else [range_, dots], "layout": made}
