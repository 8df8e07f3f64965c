"""The gates of several cells side by side: what each of them keeps."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from rnnviz.plots.marks import PAPER, heat, note
from rnnviz.plots.multiples import bounds
from rnnviz.plots.panels import axis, number, of_unit, spread
from rnnviz.plots.style import (
    CELL_TITLE,
    SYMBOL,
    FigureDict,
    figure,
    float32,
    frame,
    name_of,
    scale,
    theme,
)
from rnnviz.words import N_, t

MOST_UNITS = 64
SHORT = {"hidden_state": N_("state")}


@figure
def compare_gates(
    values: Mapping[str, tuple[str, pd.DataFrame]],
    *,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw one signal of each cell, units x time, side by side over the same sequence.

    Parameters
    ----------
    values : mapping
        Cell -> (signal, its values: index time, a column a unit).
    where : str
        Sample, step, seed: the quiet part of the title.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    places = spread([1.0] * len(values), 0.045)
    steps = [len(table) for _, table in values.values()]
    made = frame(
        t("What each cell keeps"),
        t(
            "Heatmaps, units by time steps: {signals}; {where}.",
            signals=", ".join(
                t("{signal} of {cell}", signal=name_of(signal), cell=CELL_TITLE[cell])
                for cell, (signal, _) in values.items()
            ),
            where=where,
        ),
        colours,
        note=where,
        axes={
            f"xaxis{number(place)}": {
                "time": True, "domain": places[place], "anchor": f"y{number(place)}",
                "range": [-0.5, count - 0.5], "showgrid": False, "nticks": 5,
            }
            for place, count in enumerate(steps)
        },
    )  # fmt: skip
    data, headings = [], []
    for place, (cell, (signal, table)) in enumerate(values.items()):
        shown = table.iloc[:, :: -(-table.shape[1] // MOST_UNITS)]
        z = float32(shown.to_numpy().T)
        low, high = bounds(signal, z)
        x, y = f"x{number(place)}", f"y{number(place)}"
        data.append(
            heat(
                z,
                np.asarray(shown.index, dtype=np.int32),
                np.asarray(shown.columns, dtype=np.int32),
                (low, high),
                scale(signal, palette)[0],
                name=CELL_TITLE[cell],
                hover=of_unit(f"{SYMBOL[signal]} = %{{z:.3f}}"),
                showscale=False,
                xaxis=x,
                yaxis=y,
            )
        )
        made[f"yaxis{number(place)}"] = axis(
            colours, anchor=x, autorange="reversed", showgrid=False, fixedrange=True, nticks=4,
            **({"title": t("unit")} if not place else {}),
        )  # fmt: skip
        colour = palette.signal[signal]
        short = t(SHORT[signal]) if signal in SHORT else name_of(signal)
        name = f"<b>{SYMBOL[signal]}</b> {short}, {ends(low, high)}"
        text = f'<b>{CELL_TITLE[cell]}</b>  <span style="color:{colour}">{name}</span>'
        headings.append(note(text, places[place][0], 1, palette.ink, 13, "left bottom", **PAPER))
    made["margin"] = {**made["margin"], "t": 58}
    made["title"] = {**made["title"], "pad": {"b": 34, "l": 0}}
    made["annotations"] = headings
    return {"data": data, "layout": made}


def ends(low: float, high: float) -> str:
    """Write the range of the colours."""
    both = (("low", low), ("high", high))
    return t("{low} to {high}", **{name: f"{end:g}".replace("-", "−") for name, end in both})
