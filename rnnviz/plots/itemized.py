"""The gradient itemized: which loss step sends how much to which time step."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rnnviz.plots.arrangement import legend_below_title, time_axis
from rnnviz.plots.logarithms import DEEPEST, decades, log_heatmap
from rnnviz.plots.marks import bars
from rnnviz.plots.style import FigureDict, Theme, figure, frame, rgba, theme
from rnnviz.words import t

MOST_BARS = 12
"""Groups of loss steps that are told apart by colour."""


@figure
def itemized_matrix(
    items: pd.DataFrame,
    *,
    symbol: str = "h",
    labels: Sequence[str | None] | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw the norm of each item, loss step x time, the logarithm as colour.

    Parameters
    ----------
    items : DataFrame
        As `analysis.itemized_gradients` gives it.
    symbol : str
        Of the signal.
    labels : sequence of str, optional
        What went in at each time step.
    """
    palette = theme(colours)
    table = items.pivot(index="loss_step", columns="time", values="norm")
    steps = int(items["time"].max()) + 1 if len(items) else 1
    bottom, top = decades([table.to_numpy()])
    losses = np.asarray(table.index, dtype=np.int32)
    made = frame(
        t("Which loss sends its gradient where"),
        t(
            "Heatmap of the gradient that the loss at each of {losses} steps sends back to each "
            "of {steps} time steps, logarithmic; {where}.",
            losses=len(losses),
            steps=steps,
            where=where,
        ),
        colours,
        note=where,
        axes={
            "xaxis": {**time_axis(labels, steps), "time": True, "showgrid": False},
            "yaxis": {
                "title": t("loss at step k"),
                "showgrid": False,
                "range": [losses[0] - 0.5, losses[-1] + 0.5] if len(losses) else [0, 1],
                "nticks": 8,
                **({"tickmode": "array", "tickvals": losses.tolist()} if len(losses) < 8 else {}),
            },
        },
    )
    legend_below_title(made)  # none here, but the picture beside this one has one
    made["margin"]["r"] = 60
    hover = t(
        "from the loss at k = %{{y}} to t = %{{x}}<br>‖∂L<sub>k</sub>/∂{symbol}<sub>t</sub>‖",
        symbol=symbol,
    )
    picture = log_heatmap(
        table.to_numpy(),
        np.asarray(table.columns, dtype=np.int32),
        losses,
        (max(bottom, top - DEEPEST), top),
        palette,
        hover=f"{hover} = %{{customdata:.2e}}",
        title="",
    )
    return {"data": [picture], "layout": made}


@figure
def itemized_bars(
    items: pd.DataFrame,
    *,
    symbol: str = "h",
    labels: Sequence[str | None] | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw the items of each time step as a stacked bar (RNNbow).

    The bars of many loss steps are grouped by how far away the loss is; with a single loss step,
    an LSTM's bar is split into what comes along c and the rest.

    Parameters
    ----------
    items : DataFrame
        As `analysis.itemized_gradients` gives it.
    """
    palette = theme(colours)
    steps = int(items["time"].max()) + 1 if len(items) else 1
    parts = by_path(items, palette) if split(items) else by_distance(items, palette)
    data = [
        bars(
            series.index.to_numpy(np.int32),
            np.ascontiguousarray(series.to_numpy(np.float64)),
            colour,
            edge=0,
            name=name,
            hover=f"t = %{{x}}<br>{name}: %{{y:.2e}}",
        )
        for name, colour, series in parts
    ]
    whole = t("norms of the items, stacked")
    title = t("Where each step's gradient comes from")
    if split(items):
        title = t("The way each step's gradient came")
    made = frame(
        title,
        t(
            "Stacked bars over {steps} time steps: {whole}; {where}.",
            steps=steps,
            whole=whole,
            where=where,
        ),
        colours,
        note=where,
        axes={
            "xaxis": {**time_axis(labels, steps), "time": True, "showgrid": False},
            "yaxis": {
                "title": t("{norm}, stacked", norm=f"‖∂L<sub>k</sub>/∂{symbol}<sub>t</sub>‖"),
                "exponentformat": "power",
                "rangemode": "tozero",
            },
        },
    )
    made |= {"barmode": "stack", "bargap": 0.08, "hovermode": "x"}
    legend_below_title(made)
    if not split(items):  # many short names: a column beside the bars
        made["legend"] |= {"orientation": "v", "x": 1.01, "y": 1, "yanchor": "top"}
    return {"data": data, "layout": made}


def split(items: pd.DataFrame) -> bool:
    """Return whether there is one loss step and two ways to it."""
    return items["loss_step"].nunique() <= 1 and bool(items["through_cell"].notna().any())


def by_path(items: pd.DataFrame, palette: Theme) -> list[tuple[str, str, pd.Series]]:
    """Return the two ways: name, colour, norm by time; together they are the item's norm."""
    one = items.set_index("time")
    # norms of two vectors do not add up to that of their sum: they share its height
    share = one["through_cell"] / (one["through_cell"] + one["rest"]).replace(0, np.nan)
    along = (one["norm"] * share).fillna(0.0)
    return [
        (t("along c alone (forget gates)"), palette.signal["cell_state"], along),
        (t("through the weights"), rgba(palette.signal["hidden_state"], 0.45), one["norm"] - along),
    ]


def by_distance(items: pd.DataFrame, palette: Theme) -> list[tuple[str, str, pd.Series]]:
    """Return groups of loss steps by their distance: name, colour, sum of norms by time."""
    away = (items["loss_step"] - items["time"]).abs()
    furthest = int(away.max()) if len(away) else 0
    edges = [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
    edges = [edge for edge in edges if edge <= furthest][:MOST_BARS]
    scale = palette.heat[1:-1] if palette.key == "dark" else palette.heat[2:]
    found = []
    for place, start in enumerate(edges):
        end = edges[place + 1] - 1 if place + 1 < len(edges) else furthest
        group = items[away.between(start, end)]
        name = f"{start}" if start == end else f"{start}–{end}"
        shade = between(scale, 1 - place / max(len(edges) - 1, 1))
        found.append((f"k − t = {name}", shade, group.groupby("time")["norm"].sum()))
    return found


def between(colours: Sequence[str], share: float) -> str:
    """Return the colour at 0..1 of a row of hex colours."""
    place = share * (len(colours) - 1)
    low = min(int(place), len(colours) - 2)
    ends = ([int(each[i : i + 2], 16) for i in (1, 3, 5)] for each in colours[low : low + 2])
    mixed = (a + (b - a) * (place - low) for a, b in zip(*ends, strict=True))
    return "#" + "".join(f"{round(each):02X}" for each in mixed)
