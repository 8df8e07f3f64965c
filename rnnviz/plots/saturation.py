"""The saturation of every unit's gates: how often shut against how often open."""

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd

from rnnviz.plots.marks import PAPER, Mark, dots, note, segment
from rnnviz.plots.panels import axis, heading, number, spread
from rnnviz.plots.style import (
    GATES,
    SYMBOL,
    FigureDict,
    figure,
    float32,
    frame,
    name_of,
    theme,
    title_of,
)
from rnnviz.words import N_, t, tn

MOST_NAMED = 12
TROUBLES = {
    "nan": N_("Not a number in {name}: {units}."),
    "dead": N_("Dead, the state never leaves ±0.001: {units}."),
    "shut": N_("{signal} shut (< .1) at every step: {units}."),
    "open": N_("{signal} open (> .9) at every step: {units}."),
}
"""What `analysis.troubled_units` calls a trouble -> how it is said."""
LINE = 150
"""Characters in a line of the sentences under the panels."""


@figure
def saturation(
    shares: pd.DataFrame,
    troubles: pd.DataFrame,
    *,
    symbols: Mapping[str, str] = SYMBOL,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw a panel a gate, a point a unit; under them, which units are in trouble.

    The two shares add up to at most 1: no point can lie beyond the diagonal (Karpathy, Johnson,
    Fei-Fei 2015, figure 3).

    Parameters
    ----------
    shares : DataFrame
        As `analysis.saturation` gives it.
    troubles : DataFrame
        As `analysis.troubled_units` gives it.
    symbols : mapping
        Signal -> its letter in the cell's equations.
    where : str
        Layer, step: the quiet part of the title.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    signals = list(shares["signal"].unique())
    said = sentences(troubles, symbols)
    lines = [line for each in said for line in wrap(each, LINE)]
    bottom = 46 + 30 + 20 * len(lines)
    across = spread([1] * max(2, len(signals)), 0.075)[: len(signals)]
    made = frame(
        t("Saturation: how often each unit's gates are shut and open"),
        t(
            "Scatter of the share of steps at which {signals} are "
            "left-saturated against right-saturated, a point a unit; {where}. {said}",
            signals=", ".join(name_of(s) for s in signals),
            where=where,
            said=" ".join(said),
        ),
        colours,
        note=where,
    )
    made["annotations"], made["shapes"] = [], []
    data = []
    for place, name in enumerate(signals):
        one = shares[shares["signal"] == name]
        end = number(place)
        axes = {"xaxis": f"x{end}", "yaxis": f"y{end}"}
        symbol, gate = symbols.get(name, name), name in GATES
        sides = (
            (f"{symbol} < .1", f"{symbol} > .9") if gate else (f"{symbol} < −.9", f"{symbol} > .9")
        )
        data.append(
            dots(
                float32(one["left"].to_numpy()),
                float32(one["right"].to_numpy()),
                palette.signal[name],
                11 if len(one) <= 64 else 8,
                opacity=0.6,
                edge=1,
                edge_colour=palette.paper,
                name=name,
                customdata=one["unit"].to_numpy(np.int32),
                hover=t(
                    "unit %{customdata}<br>left-saturated at %{x:.0%} of steps"
                    "<br>right-saturated at %{y:.0%}"
                ),
                cliponaxis=False,
                showlegend=False,
                **axes,
            )
        )
        made[f"xaxis{end}"] = axis(
            colours,
            domain=across[place],
            anchor=f"y{end}",
            range=[-0.03, 1.03],
            tickmode="array",
            tickvals=[0, 0.5, 1],
            tickformat=".0%",
            title=t("share of steps with {side}", side=sides[0]),
        )
        made[f"yaxis{end}"] = axis(
            colours,
            domain=(0, 0.9),
            anchor=f"x{end}",
            range=[-0.03, 1.03],
            tickmode="array",
            tickvals=[0, 0.5, 1],
            tickformat=".0%",
            title=t("share of steps with {side}", side=sides[1]),
        )
        inside = {"xref": f"x{end}", "yref": f"y{end}"}
        made["shapes"].append(segment((0, 1), (1, 0), palette.muted, 1, "dash", **inside))
        made["annotations"] += [
            heading(name, symbol, across[place][0], 0.93, colours),
            *corners(end, gate, palette.muted),
        ]
    for place, line in enumerate(lines):
        down = {"yshift": -56 - 20 * place, "align": "left"}
        made["annotations"].append(note(line, 0, 0, palette.ink, 14, "left top", **down, **PAPER))
    made["margin"] = {**made["margin"], "b": bottom}
    return {"data": data, "layout": made}


def corners(end: str, gate: bool, colour: str) -> list[Mark]:
    """Return the words in the corners of a panel: what a point there means."""
    inside: dict[str, Any] = {"xref": f"x{end}", "yref": f"y{end}"}
    return [
        note(text, x, y, colour, at=at, xshift=shift, **inside)
        for x, y, at, shift, text in (
            (0.02, 1.0, "left middle", 10, t("always open") if gate else t("always at +1")),
            (0.98, 0.1, "right bottom", -6, t("always shut") if gate else t("always at −1")),
            (0.02, 0.02, "left bottom", 10, t("never saturated")),
        )
    ]


def sentences(troubles: pd.DataFrame, symbols: Mapping[str, str] = SYMBOL) -> list[str]:
    """Say which units are in trouble, a sentence a kind; one sentence if none is."""
    said = []
    for trouble, message in TROUBLES.items():
        rows = troubles[troubles["trouble"] == trouble]
        for signal in rows["signal"].unique():
            units = list(rows.loc[rows["signal"] == signal, "unit"])
            whole = f"{title_of(signal)} {symbols.get(signal, '')}".strip()
            values = {"name": name_of(signal), "signal": whole, "units": listed(units)}
            said.append(t(message, **values))
    return said or [t("No dead units; no gate is always open or always shut.")]


def listed(units: Sequence[int]) -> str:
    """Name units, the first dozen of many."""
    some = ", ".join(map(str, units[:MOST_NAMED]))
    if len(units) > MOST_NAMED:
        return t("units {units} and {more} more", units=some, more=len(units) - MOST_NAMED)
    return tn("unit {units}", "units {units}", len(units), units=some)
