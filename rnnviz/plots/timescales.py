"""How long each unit remembers, beside how long it has to."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rnnviz.plots.marks import dots, level, line, note
from rnnviz.plots.style import FigureDict, figure, float32, frame, rgba, theme
from rnnviz.words import N_, t

UNITS_SEEN = N_(
    "Time constant of {all} units in time steps, sorted, logarithmic from {lowest:g} "
    "to {top:g}; {where}. {counted}."
)
MODES_SEEN = N_(
    "Time constant of {all} modes in time steps, sorted, logarithmic from {lowest:g} "
    "to {top:g}; {where}. {counted}."
)
UNITS_REACH = N_("{words}: {far} of {all} units reach that far")
MODES_REACH = N_("{words}: {far} of {all} modes reach that far")

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
    ranges = line(
        float32(np.stack([rank, rank, gap], 1).ravel()),
        float32(np.stack([low, high, gap], 1).ravel()),
        rgba(colour, 0.3),
        max(2, min(9, 500 // max(1, len(rank)))),
        name=t("10 to 90 % of steps"),
        hoverinfo="skip",
    )
    each = t("mode %{customdata[0]}") if modes else t("unit %{customdata[0]}")
    long = t("%{customdata[2]:.4g} steps")
    points = dots(
        rank,
        float32(shown),
        colour,
        9 if len(rank) <= 64 else 6,
        symbol=["circle" if step < top else "triangle-up" for step in np.nan_to_num(steps)],
        edge=1,
        edge_colour=palette.paper,
        name=f"−1/ln {symbol}"
        if modes
        else t("−1/ln of the geometric mean of {symbol}", symbol=symbol),
        customdata=np.stack([ordered["unit"], ordered["gate"], steps], 1),
        hover=f"{each}<br>{symbol} = %{{customdata[1]:.4f}}<br>{long}",
        cliponaxis=False,
    )
    counted = [
        t(
            MODES_REACH if modes else UNITS_REACH,
            words=words,
            far=int((steps >= lag).sum()),
            all=len(steps),
        )
        for lag, words in needed
    ]
    made = frame(
        t("How long each mode remembers") if modes else t("How long each unit remembers"),
        t(
            MODES_SEEN if modes else UNITS_SEEN,
            all=len(steps),
            lowest=LOWEST,
            top=top,
            where=where,
            counted="; ".join(counted),
        ),
        colours,
        note=where,
        axes={
            "xaxis": {
                "title": t("unit, the longest memory first")
                if not modes
                else t("mode of W<sub>hh</sub>, the longest memory first"),
                "range": [-0.7, len(ordered) - 0.3],
                "tickvals": list(rank[::every]),
                "ticktext": [str(unit) for unit in ordered["unit"][::every]],
                "tickmode": "array",
                "tickangle": 0,
                "showgrid": False,
            },
            "yaxis": {
                "title": t("time constant −1/ln {symbol}, in time steps", symbol=symbol),
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
        made["shapes"].append(level(lag, palette.ink, 1.6, "dash", yref="y"))
        made["annotations"].append(
            note(
                t("<b>{lag:,.0f} steps</b> {count}", lag=lag, count=count),
                1,
                float(np.log10(lag)),
                palette.ink,
                14,
                "right top" if place else "right bottom",  # the second stands under its line
                xref="paper",
                yref="y",
                bgcolor=rgba(palette.paper, 0.75),
            )
        )
    made["legend"] |= {"x": 0.01, "xanchor": "left", "y": 0.02}  # memory falls to the right
    made["legend"] |= {"bgcolor": rgba(palette.paper, 0.85)}
    made["legend"]["font"] = {"size": 13, "color": palette.ink}
    return {"data": [points] if modes else [ranges, points], "layout": made}
