"""The gates of several cells side by side: what each of them keeps."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from rnnviz.plots.comparison import TITLE
from rnnviz.plots.multiples import bounds
from rnnviz.plots.panels import axis, number, spread
from rnnviz.plots.style import NAME, SYMBOL, FigureDict, figure, float32, frame, scale, theme

MOST_UNITS = 64
SHORT = {"hidden_state": "state"}


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
    made = frame(
        "What each cell keeps",
        "Heatmaps, units by time steps: "
        + ", ".join(f"{NAME[signal]} of {TITLE[cell]}" for cell, (signal, _) in values.items())
        + f"; {where}.",
        colours,
        note=where,
    )
    data, headings = [], []
    for place, (cell, (signal, table)) in enumerate(values.items()):
        shown = table.iloc[:, :: -(-table.shape[1] // MOST_UNITS)]
        z = float32(shown.to_numpy().T)
        low, high = bounds(signal, z)
        x, y = f"x{number(place)}", f"y{number(place)}"
        data.append(
            {
                "type": "heatmap",
                "name": TITLE[cell],
                "z": z,
                "x": np.asarray(shown.index, dtype=np.int32),
                "y": np.asarray(shown.columns, dtype=np.int32),
                "xaxis": x,
                "yaxis": y,
                "zmin": low,
                "zmax": high,
                "colorscale": scale(signal, palette)[0],
                "showscale": False,
                "hovertemplate": f"t = %{{x}}, unit %{{y}}<br>{SYMBOL[signal]} = %{{z:.3f}}"
                "<extra></extra>",
            }
        )
        steps = len(shown)
        made[f"xaxis{number(place)}"] = axis(
            colours, domain=places[place], anchor=y, range=[-0.5, steps - 0.5], showgrid=False,
            title="time step t", nticks=5,
        )  # fmt: skip
        made[f"yaxis{number(place)}"] = axis(
            colours, anchor=x, autorange="reversed", showgrid=False, fixedrange=True, nticks=4,
            **({"title": "unit"} if not place else {}),
        )  # fmt: skip
        colour = palette.signal[signal]
        name = f"<b>{SYMBOL[signal]}</b> {SHORT.get(signal, NAME[signal])}, {ends(low, high)}"
        headings.append(
            {
                "text": f'<b>{TITLE[cell]}</b>  <span style="color:{colour}">{name}</span>',
                "x": places[place][0], "y": 1, "xref": "paper", "yref": "paper",
                "xanchor": "left", "yanchor": "bottom", "showarrow": False,
                "font": {"size": 13, "color": palette.ink},
            }
        )  # fmt: skip
    made["margin"] = {**made["margin"], "t": 58}
    made["title"] = {**made["title"], "pad": {"b": 34, "l": 0}}
    made["annotations"] = headings
    return {"data": data, "layout": made}


def ends(low: float, high: float) -> str:
    """Write the range of the colours."""
    return f"{low:g} to {high:g}".replace("-", "−")
