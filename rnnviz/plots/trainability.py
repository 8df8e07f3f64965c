"""The trainability map: how many networks learned, over length and another setting."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from rnnviz.plots.comparison import TITLE
from rnnviz.plots.panels import axis, number, spread
from rnnviz.plots.style import FigureDict, Theme, figure, float32, frame, rgba, theme

MOST_WRITTEN = 80
"""Fields of a panel that have their numbers written in them."""
DASHES = ("solid", "dot", "dash", "longdash")


@figure
def trainability(
    table: pd.DataFrame,
    *,
    x_title: str,
    y_title: str = "",
    scales: pd.DataFrame | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw the share of seeds that learned, a panel a cell, with the gradient's time scale on it.

    Parameters
    ----------
    table : DataFrame
        A row a field: `cell`, `x`, `y` (numbers or words), `successes`, `done` and `seeds`.
        A field without any seed that is done is left empty.
    x_title, y_title : str
        What is varied; x has to be positive numbers where `scales` are given.
    scales : DataFrame, optional
        Columns `cell`, `y`, `scale` (on the axis of x) and `kind`, a word for the line; at most
        four kinds are drawn.
    where : str
        The quiet part of the title.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    cells = list(dict.fromkeys(table["cell"]))
    xs, ys = (list(dict.fromkeys(table[name])) for name in ("x", "y"))
    places = spread([1.0] * len(cells), 0.05)
    made = frame(
        "Which networks learn",
        f"Share of seeds that learned, by {x_title} and {y_title}, for "
        f"{', '.join(TITLE[cell] for cell in cells)}; {where}.",
        colours,
        note=where,
    )
    data: list[dict[str, Any]] = []
    headings = []
    for place, cell in enumerate(cells):
        one = table[table["cell"] == cell]
        x, y = f"x{number(place)}", f"y{number(place)}"
        data.append({**fields(one, xs, ys, palette, (x_title, y_title)), "xaxis": x, "yaxis": y})
        if scales is not None:
            kinds = scales[scales["cell"] == cell].groupby("kind", sort=False)
            for dash, (kind, line) in zip(DASHES, kinds, strict=False):
                drawn = time_scale(line, str(kind), dash, xs, ys, palette)
                data.append({**drawn, "xaxis": x, "yaxis": y, "showlegend": not place})
        common = {"showgrid": False, "tickmode": "array", "ticklen": 0, "showline": False}
        made[f"xaxis{number(place)}"] = axis(
            colours, domain=places[place], anchor=y, title=x_title, range=[-0.5, len(xs) - 0.5],
            tickvals=list(range(len(xs))), ticktext=[words(each) for each in xs], tickangle=0,
            **common,
        )  # fmt: skip
        made[f"yaxis{number(place)}"] = axis(
            colours, anchor=x, range=[-0.5, len(ys) - 0.5], tickvals=list(range(len(ys))),
            ticktext=[words(each) for each in ys], **common,
            **({"title": y_title} if not place else {}),
        )  # fmt: skip
        learned, done = int(one["successes"].sum()), int(one["done"].sum())
        headings.append(
            {
                "text": f"<b>{TITLE[cell]}</b>  "
                + (f"{learned} of {done} learned" if done else "not trained yet"),
                "x": places[place][0], "y": 1, "xref": "paper", "yref": "paper",
                "xanchor": "left", "yanchor": "bottom", "showarrow": False,
                "font": {"size": 14, "color": palette.cell[cell]},
            }
        )  # fmt: skip
    made["margin"] = {**made["margin"], "t": 60}
    made["title"] = {**made["title"], "pad": {"b": 36, "l": 0}}
    made["legend"] = made["legend"] | {"y": 1, "yanchor": "bottom"}
    made["annotations"] = headings
    made["hovermode"] = "closest"
    return {"data": data, "layout": made}


def fields(
    one: pd.DataFrame, xs: Sequence[Any], ys: Sequence[Any], palette: Theme, titles: tuple[str, str]
) -> dict[str, Any]:
    """Return the fields of one cell; one that nobody has trained yet has no colour."""
    share, text = np.full((len(ys), len(xs)), np.nan), np.full((len(ys), len(xs)), "", object)
    hover = np.full((len(ys), len(xs)), "", object)
    for row in one.itertuples():
        at = ys.index(row.y), xs.index(row.x)
        if row.done:
            share[at] = row.successes / row.done
            text[at] = f"{row.successes}/{row.done}"
            hover[at] = (
                f"{titles[0]} {words(row.x)}"
                + (f", {titles[1]} {words(row.y)}" if titles[1] else "")
                + f"<br>{row.successes} of {row.done} seeds learned"
                + (f" ({row.seeds} planned)" if row.done < row.seeds else "")
            )
    written = share.size <= MOST_WRITTEN
    cell = one["cell"].iloc[0]
    return {
        "type": "heatmap",
        "name": TITLE[cell],
        "z": float32(share),
        "zmin": 0,
        "zmax": 1,
        "colorscale": [[0.0, palette.rule], [0.001, rgba(palette.cell[cell], 0.25)],
                       [1.0, palette.cell[cell]]],
        "showscale": False,
        "xgap": 3,
        "ygap": 3,
        "hoverongaps": False,
        "text": text.tolist() if written else None,
        "texttemplate": "%{text}" if written else None,
        "textfont": {"size": 13},
        "customdata": hover.tolist(),
        "hovertemplate": "%{customdata}<extra></extra>",
    }  # fmt: skip


def time_scale(
    line: pd.DataFrame, kind: str, dash: str, xs: Sequence[Any], ys: Sequence[Any], palette: Theme
) -> dict[str, Any]:
    """Return a time scale as a line over the fields, for each value of y where there is one."""
    rows = [row for row in line.itertuples() if row.y in ys and np.isfinite(row.scale)]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": kind,
        "x": float32([position(row.scale, xs) for row in rows]),
        "y": float32([ys.index(row.y) for row in rows]),
        "line": {"color": palette.ink, "width": 2, "dash": dash},
        "marker": {"size": 4, "color": palette.ink},
        "customdata": float32([row.scale for row in rows]),
        "hovertemplate": f"{kind}: %{{customdata:.3g}} steps<extra></extra>",
        "cliponaxis": True,
    }


def position(value: float, xs: Sequence[float]) -> float:
    """Return where a number lies among fields, between which the axis is logarithmic."""
    if len(xs) < 2:
        return 0.0
    logs, at = np.log(np.asarray(xs, float)), np.log(value)
    last = len(xs) - 1
    if at <= logs[0]:
        return float((at - logs[0]) / (logs[1] - logs[0]))
    if at >= logs[-1]:
        return float(last + (at - logs[-1]) / (logs[-1] - logs[-2]))
    return float(np.interp(at, logs, np.arange(len(xs))))


def words(value: Any) -> str:
    """Write a varied value."""
    if value is None or value != value:
        return "torch's"
    return f"{value:g}".replace("-", "−") if isinstance(value, int | float) else str(value)
