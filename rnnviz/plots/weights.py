"""The weights of a layer, gate by gate: as a picture, as histograms, as eigenvalues."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from rnnviz.plots.gates import MOST_UNITS
from rnnviz.plots.marks import Mark, bars, heat, line
from rnnviz.plots.panels import axis, bar, heading, number, spread
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
from rnnviz.words import N_, numbers, t

WEIGHT = (
    N_("{name}: to unit %{{y}} from input %{{x}}<br>%{{z:.4f}}"),
    N_("{name}: to unit %{{y}} from unit %{{x}}<br>%{{z:.4f}}"),
)

NARROWEST = 0.12
"""Share of a gate's panel that the weights of the input take at least."""
TOPS = (0.05, 0.1, 0.15, 0.25, 0.5, 1.0)


@figure
def weights(
    blocks: Mapping[tuple[str, str], pd.DataFrame],
    reach: float,
    *,
    symbols: Mapping[str, str] = SYMBOL,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw every block of weights, a pair a gate: from the input and from the state before.

    Parameters
    ----------
    blocks : mapping of DataFrame
        As `analysis.weight_blocks` gives it.
    reach : float
        The end of the colour scale on both sides, as `analysis.weight_reach` gives it.
    symbols : mapping
        Signal -> its letter in the cell's equations.
    where : str
        Layer, step: the quiet part of the title.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    gates = list(dict.fromkeys(gate for gate, _ in blocks))
    units = max((len(block) for block in blocks.values()), default=0)
    largest = max(float(np.abs(block.to_numpy()).max(initial=0)) for block in blocks.values())
    if largest > reach:
        where += t(", the largest is {largest}", largest=numbers.number(largest, 3))
    made = frame(
        t("The weights, gate by gate"),
        t(
            "Heatmaps of the weights of {gates} from the "
            "input and from the state before, {units} units, {where}.",
            gates=", ".join(name_of(gate) for gate in gates),
            units=units,
            where=where,
        ),
        colours,
        note=where + left_out(-(-units // MOST_UNITS)),
    )
    made["annotations"] = []
    data: list[Mark] = []
    for place, (gate, across) in enumerate(
        zip(gates, spread([1] * len(gates), 0.035), strict=True)
    ):
        pair = [blocks[gate, source] for source in ("input", "recurrent")]
        share = pair[0].shape[1] / max(1, pair[0].shape[1] + pair[1].shape[1])
        share = min(max(share, NARROWEST), 0.7)
        width = across[1] - across[0]
        middle = across[0] + width * share
        domains = ((across[0], middle - 0.004), (middle + 0.004, across[1]))
        symbol = symbols.get(gate, gate)
        made["annotations"].append(heading(gate, symbol, across[0], 0.945, colours))
        for side, (block, domain) in enumerate(zip(pair, domains, strict=True)):
            end = number(2 * place + side)
            shown = block.iloc[:: -(-len(block) // MOST_UNITS), :: -(-block.shape[1] // MOST_UNITS)]
            name = f"W<sub>{'ih'[side]}{symbol}</sub>"
            picture = heat(
                float32(shown.to_numpy()),
                np.asarray(shown.columns, dtype=np.int32),
                np.asarray(shown.index, dtype=np.int32),
                (-reach, reach),
                [[0, palette.negative], [0.5, palette.paper], [1, palette.positive]],
                name=name,
                hover=t(WEIGHT[side], name=name),
                hoverongaps=False,
                showscale=not data,
                xaxis=f"x{end}",
                yaxis=f"y{end}",
            )
            if not data:
                picture["colorbar"] = bar(-reach, reach, (0, 0.93), colours, beyond=largest > reach)
            data.append(picture)
            made[f"xaxis{end}"] = axis(
                colours,
                domain=domain,
                anchor=f"y{end}",
                title=("x", "h<sub>t−1</sub>")[side],
                showgrid=False,
                nticks=2 if side == 0 else 5,
                ticks="",
            )
            made[f"yaxis{end}"] = axis(
                colours,
                domain=(0, 0.93),
                anchor=f"x{end}",
                autorange="reversed",
                showgrid=False,
                showticklabels=place == 0 and side == 0,
                title=t("to unit") if place == 0 and side == 0 else "",
                ticks="",
                nticks=8,
            )
    made["margin"] = {**made["margin"], "r": 60}
    return {"data": data, "layout": made}


@figure
def weight_histograms(
    shares: pd.DataFrame,
    *,
    symbols: Mapping[str, str] = SYMBOL,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw how the weights of each gate are spread: from the state before as bars, input as a line.

    Parameters
    ----------
    shares : DataFrame
        As `analysis.weight_histograms` gives it.
    symbols, where, colours
        As for `weights`.
    """
    palette = theme(colours)
    gates = list(shares["gate"].unique())
    made = frame(
        t("How the weights are spread"),
        t(
            "Histograms of the weights of {gates}, from "
            "the input and from the state before, {where}.",
            gates=", ".join(name_of(gate) for gate in gates),
            where=where,
        ),
        colours,
        note=where,
    )
    made["annotations"] = []
    largest = float(shares["share"].max())
    top = next(top for top in TOPS if largest <= top or top == 1.0)
    data: list[Mark] = []
    for place, (gate, across) in enumerate(
        zip(gates, spread([1] * len(gates), 0.035), strict=True)
    ):
        end, symbol = number(place), symbols.get(gate, gate)
        for source in ("recurrent", "input"):
            one = shares[(shares["gate"] == gate) & (shares["source"] == source)]
            name = f"W<sub>{'i' if source == 'input' else 'h'}{symbol}</sub>"
            middle = float32((one["left"] + one["right"]).to_numpy() / 2)
            share = float32(100 * one["share"].to_numpy())
            common: dict[str, Any] = {
                "hover": f"{name} ≈ %{{x:.3f}}<br>%{{y:.1f}} %",
                "xaxis": f"x{end}",
                "yaxis": f"y{end}",
                "showlegend": place == 0,
            }
            if source == "recurrent":
                colour, named = rgba(palette.signal[gate], 0.55), t("from the state (bars)")
                data.append(bars(middle, share, colour, name=named, **common))
            else:
                named = t("from the input (line)")
                ink: dict[str, Any] = {"shape": "hvh", "name": named, **common}
                data.append(line(middle, share, palette.ink, 1.6, **ink))
        made[f"xaxis{end}"] = axis(
            colours,
            domain=across,
            anchor=f"y{end}",
            range=[float(shares["left"].min()), float(shares["right"].max())],
            title=t("weight"),
            showgrid=False,
            nticks=5,
        )
        made[f"yaxis{end}"] = axis(
            colours,
            domain=(0, 0.93),
            anchor=f"x{end}",
            range=[0, 100 * top],
            title=t("% of a block's weights") if place == 0 else "",
            showticklabels=place == 0,
        )
        made["annotations"].append(heading(gate, symbol, across[0], 0.945, colours))
    made["bargap"] = 0
    return {"data": data, "layout": made}
