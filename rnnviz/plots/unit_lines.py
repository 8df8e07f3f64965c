"""One unit through time: all its gates, and below them what they let pass."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from rnnviz.plots.arrangement import legend_beside
from rnnviz.plots.gates import time_ticks
from rnnviz.plots.marks import line
from rnnviz.plots.panels import axis
from rnnviz.plots.style import (
    GATES,
    SYMBOL,
    FigureDict,
    figure,
    float32,
    frame,
    name_of,
    theme,
)
from rnnviz.words import t

SIGNAL_DASH = {
    "input_gate": "dot",
    "forget_gate": "solid",
    "update_gate": "solid",
    "output_gate": "dash",
    "reset_gate": "dash",
    "candidate": "dot",
    "cell_state": "dash",
    "hidden_state": "solid",
}


@figure
def unit_lines(
    values: pd.DataFrame,
    unit: int,
    *,
    symbols: Mapping[str, str] = SYMBOL,
    labels: Sequence[str | None] | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw all signals of one unit over time: gates on 0..1 above, candidate and states below.

    Parameters
    ----------
    values : DataFrame
        Index time, a column a signal.
    unit : int
        Which unit it is.
    symbols : mapping
        Signal -> its letter in the cell's equations.
    labels : sequence of str, optional
        What went in at each time step; written along the axis.
    where : str
        Layer, sample, step: the quiet part of the title.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    gates = [name for name in values if name in GATES]
    rest = [name for name in values if name not in GATES]
    table = values[rest].to_numpy()
    reach = max(1.0, float(np.ceil(np.abs(table[np.isfinite(table)]).max(initial=0.0))))
    made = frame(
        t("Unit {unit} through time", unit=unit),
        t(
            "Lines of {signals} of unit {unit} over {steps} time steps, {where}.",
            signals=", ".join(name_of(name) for name in values),
            unit=unit,
            steps=len(values),
            where=where,
        ),
        colours,
        note=where,
        axes={"xaxis": {**time_ticks(labels, len(values)), "time": True, "showgrid": False}},
    )
    lower = (0.0, 0.46 if gates else 1.0)
    made["yaxis"] = axis(
        colours,
        title=", ".join(symbols.get(name, name) for name in rest),
        domain=lower,
        range=[-1.05 * reach, 1.05 * reach],
        zeroline=True,
        zerolinecolor=palette.muted,
        zerolinewidth=1,
        nticks=5,
    )
    if gates:
        made["yaxis2"] = axis(
            colours,
            title=", ".join(symbols.get(name, name) for name in gates),
            domain=(0.52, 1),
            range=[-0.03, 1.03],
            tickmode="array",
            tickvals=[0, 0.25, 0.5, 0.75, 1],
            anchor="x",
        )
    data = []
    for name in [*gates, *rest]:
        symbol = symbols.get(name, name)
        data.append(
            line(
                np.asarray(values.index, dtype=np.int32),
                float32(values[name].to_numpy()),
                palette.signal[name],
                2.8 if SIGNAL_DASH[name] == "solid" else 2.2,
                SIGNAL_DASH[name],
                mode="lines" if len(values) > 1 else "markers",
                name=f"{symbol}<sub>t</sub> {name_of(name)}",
                hover=f"{symbol} = %{{y:.3f}}",
                yaxis="y2" if name in gates else "y",
            )
        )
    made["hovermode"] = "x"
    legend_beside(made, font={"size": 14, "color": palette.ink})
    return {"data": data, "layout": made}
