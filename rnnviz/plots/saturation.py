"""The saturation of every unit's gates: how often shut against how often open."""

from collections.abc import Mapping, Sequence
from textwrap import wrap

import numpy as np
import pandas as pd

from rnnviz.plots.panels import axis, heading, number, spread
from rnnviz.plots.style import GATES, NAME, SYMBOL, FigureDict, figure, float32, frame, theme

MOST_NAMED = 12
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
        "Saturation: how often each unit's gates are shut and open",
        f"Scatter of the share of steps at which {', '.join(NAME.get(s, s) for s in signals)} are "
        f"left-saturated against right-saturated, a point a unit; {where}. {' '.join(said)}",
        colours,
        note=where,
    )
    made["annotations"], made["shapes"] = [], []
    data = []
    for place, name in enumerate(signals):
        one = shares[shares["signal"] == name]
        end = number(place)
        symbol, gate = symbols.get(name, name), name in GATES
        sides = (
            (f"{symbol} < .1", f"{symbol} > .9") if gate else (f"{symbol} < −.9", f"{symbol} > .9")
        )
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": float32(one["left"].to_numpy()),
                "y": float32(one["right"].to_numpy()),
                "customdata": one["unit"].to_numpy(np.int32),
                "xaxis": f"x{end}",
                "yaxis": f"y{end}",
                "cliponaxis": False,
                "showlegend": False,
                "marker": {
                    "color": palette.signal[name],
                    "size": 11 if len(one) <= 64 else 8,
                    "opacity": 0.6,
                    "line": {"width": 1, "color": palette.paper},
                },
                "hovertemplate": "unit %{customdata}<br>left-saturated at %{x:.0%} of steps"
                "<br>right-saturated at %{y:.0%}<extra></extra>",
            }
        )
        made[f"xaxis{end}"] = axis(
            colours,
            domain=across[place],
            anchor=f"y{end}",
            range=[-0.03, 1.03],
            tickmode="array",
            tickvals=[0, 0.5, 1],
            tickformat=".0%",
            title=f"share of steps with {sides[0]}",
        )
        made[f"yaxis{end}"] = axis(
            colours,
            domain=(0, 0.9),
            anchor=f"x{end}",
            range=[-0.03, 1.03],
            tickmode="array",
            tickvals=[0, 0.5, 1],
            tickformat=".0%",
            title=f"share of steps with {sides[1]}",
        )
        made["shapes"].append(
            {
                "type": "line",
                "xref": f"x{end}",
                "yref": f"y{end}",
                "x0": 0,
                "y0": 1,
                "x1": 1,
                "y1": 0,
                "line": {"color": palette.muted, "width": 1, "dash": "dash"},
            }
        )
        made["annotations"] += [
            heading(name, symbol, across[place][0], 0.93, colours),
            *corners(end, gate, palette.muted),
        ]
    for place, line in enumerate(lines):
        made["annotations"].append(
            {
                "text": line,
                "x": 0,
                "y": 0,
                "xref": "paper",
                "yref": "paper",
                "xanchor": "left",
                "yanchor": "top",
                "yshift": -56 - 20 * place,
                "align": "left",
                "showarrow": False,
                "font": {"size": 14, "color": palette.ink},
            }
        )
    made["margin"] = {**made["margin"], "b": bottom}
    return {"data": data, "layout": made}


def corners(end: str, gate: bool, colour: str) -> list[dict[str, object]]:
    """Return the words in the corners of a panel: what a point there means."""
    words = [
        (0.02, 1.0, "left", "middle", "always open" if gate else "always at +1"),
        (0.98, 0.1, "right", "bottom", "always shut" if gate else "always at −1"),
        (0.02, 0.02, "left", "bottom", "never saturated"),
    ]
    return [
        {
            "text": text,
            "x": x,
            "y": y,
            "xref": f"x{end}",
            "yref": f"y{end}",
            "xanchor": xanchor,
            "yanchor": yanchor,
            "xshift": 10 if xanchor == "left" else -6,
            "showarrow": False,
            "font": {"size": 12, "color": colour},
        }
        for x, y, xanchor, yanchor, text in words
    ]


def sentences(troubles: pd.DataFrame, symbols: Mapping[str, str] = SYMBOL) -> list[str]:
    """Say which units are in trouble, a sentence a kind; one sentence if none is."""
    said = []
    for trouble, words in (
        ("nan", "not a number in {}"),
        ("dead", "dead, the state never leaves ±0.001"),
        ("shut", "{} shut (< .1) at every step"),
        ("open", "{} open (> .9) at every step"),
    ):
        rows = troubles[troubles["trouble"] == trouble]
        for signal in rows["signal"].unique():
            units = list(rows.loc[rows["signal"] == signal, "unit"])
            named = NAME.get(signal, signal)
            what = words.format(
                named if trouble == "nan" else f"{named} {symbols.get(signal, '')}".strip()
            )
            said.append(f"{what[0].upper()}{what[1:]}: {listed(units)}.")
    return said or ["No unit is dead or not a number, and no gate is shut or open at every step."]


def listed(units: Sequence[int]) -> str:
    """Name units, the first dozen of many."""
    some = ", ".join(map(str, units[:MOST_NAMED]))
    more = f" and {len(units) - MOST_NAMED} more" if len(units) > MOST_NAMED else ""
    return f"unit{'s' * (len(units) > 1)} {some}{more}"
