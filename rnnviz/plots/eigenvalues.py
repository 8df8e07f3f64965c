"""The eigenvalues of the recurrent weights: in the complex plane, and by size."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd

from rnnviz.plots.marks import Mark, dots, level
from rnnviz.plots.panels import axis, heading, number, spread
from rnnviz.plots.style import SYMBOL, FigureDict, figure, float32, frame, name_of, theme
from rnnviz.words import t

ENDS = (1.25, 2.0, 5.0, 10.0, 100.0, 1e3, 1e6, 1e12)
"""Where the axes may end, so that they seldom move."""
PLANE, SIZES = (0.36, 0.86), (0.0, 0.22)


@figure
def eigenvalues(
    values: pd.DataFrame,
    *,
    symbols: Mapping[str, str] = SYMBOL,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw the eigenvalues of each recurrent block, with the unit circle, and their sizes below.

    Parameters
    ----------
    values : DataFrame
        As `analysis.eigenvalues` gives it.
    symbols : mapping
        Signal -> its letter in the cell's equations.
    where : str
        Layer, step: the quiet part of the title.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    gates = list(values["gate"].unique())
    largest = float(values["modulus"].max()) if len(values) else 1.0
    reach = next((end for end in ENDS if largest <= 0.97 * end), largest)
    radius = {gate: float(one["modulus"].max()) for gate, one in values.groupby("gate")}
    said = ", ".join(f"{name_of(gate)} {radius[gate]:.3f}" for gate in gates)
    made = frame(
        t("Eigenvalues of the recurrent weights"),
        t(
            "Eigenvalues in the complex plane with the unit circle, and their moduli by size; "
            "spectral radius: {gates}; {where}.",
            gates=said or t("none"),
            where=where,
        ),
        colours,
        note=where,
    )
    made["annotations"], made["shapes"] = [], []
    data: list[Mark] = []
    columns = spread([1] * max(2, len(gates)), 0.05)
    for place, (gate, across) in enumerate(zip(gates, columns, strict=False)):
        one = values[values["gate"] == gate]
        plane, sizes, symbol = number(2 * place), number(2 * place + 1), symbols.get(gate, gate)
        size = one["modulus"].to_numpy()
        points = partial(
            dots,
            colour=palette.signal[gate],
            symbol=["diamond" if each > 1 else "circle" for each in size],
            edge=1,
            edge_colour=palette.paper,
            name=gate,
            showlegend=False,
        )
        data.append(
            points(
                float32(one["real"].to_numpy()),
                float32(one["imaginary"].to_numpy()),
                size=9 if len(one) <= 64 else 6,
                opacity=0.8,
                customdata=float32(size),
                hover="λ = %{x:.3f} + %{y:.3f}i<br>|λ| = %{customdata:.3f}",
                xaxis=f"x{plane}",
                yaxis=f"y{plane}",
            )
        )
        data.append(
            points(
                np.arange(1, len(one) + 1, dtype=np.int32),
                float32(size),
                size=6,
                opacity=1,
                hover="|λ<sub>%{x}</sub>| = %{y:.3f}",
                xaxis=f"x{sizes}",
                yaxis=f"y{sizes}",
            )
        )
        line = {"zeroline": True, "zerolinecolor": palette.rule, "constrain": "domain"}
        ends = {"range": [-reach, reach], "tickmode": "array", **ticks(reach)}
        made[f"xaxis{plane}"] = axis(
            colours, domain=across, anchor=f"y{plane}", title=t("real part"), **line, **ends
        )
        made[f"yaxis{plane}"] = axis(
            colours,
            domain=PLANE,
            anchor=f"x{plane}",
            title=t("imaginary part") if place == 0 else "",
            scaleanchor=f"x{plane}",
            **line,
            **ends,
        )
        made[f"xaxis{sizes}"] = axis(
            colours,
            domain=across,
            anchor=f"y{sizes}",
            title=t("eigenvalue, the largest first"),
            range=[0, len(one) + 1],
            showgrid=False,
            nticks=5,
        )
        made[f"yaxis{sizes}"] = axis(
            colours,
            domain=SIZES,
            anchor=f"x{sizes}",
            title="|λ|" if place == 0 else "",
            range=[0, reach],
            tickmode="array",
            tickvals=[0, 1, reach],
            ticktext=["0", "1", f"{reach:g}"] if reach > 1.5 else ["0", "1", ""],
        )
        one_high = level(1, palette.muted, 1.2, "dash")
        made["shapes"] += [
            {
                **one_high, "type": "circle", "x0": -1, "y0": -1,
                "xref": f"x{plane}", "yref": f"y{plane}",
            },
            {**one_high, "xref": f"x{sizes} domain", "yref": f"y{sizes}"},
        ]  # fmt: skip
        above = heading(gate, symbol, across[0], 0.89, colours)
        above["text"] += "<br>" + t(
            "W<sub>h{symbol}</sub>: spectral radius <b>{radius:.2f}</b>",
            symbol=symbol,
            radius=radius[gate],
        )
        above["align"] = "left"
        made["annotations"].append(above)
    return {"data": data, "layout": made}


def ticks(reach: float) -> dict[str, list[float]]:
    """Return the ticks of the plane: 0, the circle, and the end where it is further out."""
    ends = [reach] if 1.5 < reach <= 10 else []
    inner = [-1.0, 0.0, 1.0] if reach <= 10 else [-reach, 0.0, reach]
    return {"tickvals": [*(-end for end in ends), *inner, *ends]}
