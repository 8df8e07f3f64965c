"""The trainability map: how many networks learned, over length and another setting."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from rnnviz.plots import marks
from rnnviz.plots.marks import PAPER, Mark, heat, note
from rnnviz.plots.panels import axis, number, spread
from rnnviz.plots.style import CELL_TITLE, FigureDict, Theme, figure, float32, frame, rgba, theme
from rnnviz.words import t

MOST_WRITTEN = 80
"""Fields of a panel that have their numbers written in them."""
SCALE_DASHES = ("solid", "dot", "dash", "longdash")


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
        t("Which networks learn"),
        t(
            "Share of seeds that learned, by {x_title} and {y_title}, for {cells}; {where}.",
            x_title=x_title,
            y_title=y_title,
            cells=", ".join(CELL_TITLE[cell] for cell in cells),
            where=where,
        ),
        colours,
        note=where,
    )
    data: list[Mark] = []
    headings = []
    for place, cell in enumerate(cells):
        one = table[table["cell"] == cell]
        x, y = f"x{number(place)}", f"y{number(place)}"
        data.append({**fields(one, xs, ys, palette, (x_title, y_title)), "xaxis": x, "yaxis": y})
        if scales is not None:
            kinds = scales[scales["cell"] == cell].groupby("kind", sort=False)
            for dash, (kind, line) in zip(SCALE_DASHES, kinds, strict=False):
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
        text = (
            t("{learned} of {done} learned", learned=learned, done=done)
            if done
            else t("not trained yet")
        )
        headings.append(
            note(
                f"<b>{CELL_TITLE[cell]}</b>  {text}",
                places[place][0],
                1,
                palette.cell[cell],
                14,
                "left bottom",
                **PAPER,
            )
        )
    made["margin"] = {**made["margin"], "t": 60}
    made["title"] = {**made["title"], "pad": {"b": 36, "l": 0}}
    made["legend"] = made["legend"] | {"y": 1, "yanchor": "bottom"}
    made["annotations"] = headings
    made["hovermode"] = "closest"
    return {"data": data, "layout": made}


def fields(
    one: pd.DataFrame, xs: Sequence[Any], ys: Sequence[Any], palette: Theme, titles: tuple[str, str]
) -> Mark:
    """Return the fields of one cell; one that nobody has trained yet has no colour."""
    share, text = np.full((len(ys), len(xs)), np.nan), np.full((len(ys), len(xs)), "", object)
    hover = np.full((len(ys), len(xs)), "", object)
    for row in one.itertuples():
        at = ys.index(row.y), xs.index(row.x)
        if row.done:
            share[at] = row.successes / row.done
            text[at] = f"{row.successes}/{row.done}"
            learned = t(
                "{successes} of {done} seeds learned", successes=row.successes, done=row.done
            )
            if row.done < row.seeds:
                learned = t("{learned} ({seeds} planned)", learned=learned, seeds=row.seeds)
            varied = f"{titles[0]} {words(row.x)}"
            if titles[1]:
                varied += f", {titles[1]} {words(row.y)}"
            hover[at] = f"{varied}<br>{learned}"
    written = share.size <= MOST_WRITTEN
    cell = one["cell"].iloc[0]
    colour = palette.cell[cell]
    return heat(
        float32(share),
        None,
        None,
        (0, 1),
        [[0.0, palette.rule], [0.001, rgba(colour, 0.25)], [1.0, colour]],
        gap=3,
        name=CELL_TITLE[cell],
        showscale=False,
        hoverongaps=False,
        text=text.tolist() if written else None,
        texttemplate="%{text}" if written else None,
        textfont={"size": 13},
        customdata=hover.tolist(),
        hover="%{customdata}",
    )


def time_scale(
    line: pd.DataFrame, kind: str, dash: str, xs: Sequence[Any], ys: Sequence[Any], palette: Theme
) -> Mark:
    """Return a time scale as a line over the fields, for each value of y where there is one."""
    rows = [row for row in line.itertuples() if row.y in ys and np.isfinite(row.scale)]
    return marks.line(
        float32([position(row.scale, xs) for row in rows]),
        float32([ys.index(row.y) for row in rows]),
        palette.ink,
        2,
        dash,
        name=kind,
        marker={"size": 4, "color": palette.ink},
        customdata=float32([row.scale for row in rows]),
        hover=t("{kind}: %{{customdata:.3g}} steps", kind=kind),
        cliponaxis=True,
    )


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
        return t("torch's")
    return f"{value:g}".replace("-", "−") if isinstance(value, int | float) else str(value)
