"""What a data set holds, and what of it trains: a series in its parts, classes, symbols."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rnnviz.plots.gates import escape
from rnnviz.plots.style import FigureDict, figure, float32, frame, rgba, theme

MOST_POINTS = 1500
"""Points of one line."""
MOST_PANELS = 3
MOST_BARS = 24
PARTS = ("training", "validation", "probe")


@figure
def data_split(
    series: pd.DataFrame, cuts: Sequence[int], *, title: str = "", colours: str = "light"
) -> FigureDict:
    """Draw the columns that are forecast, in the parts for training, validation and probe.

    Parameters
    ----------
    series : DataFrame
        A row a step, a column a forecast one; the index is the row's number or its date.
    cuts : sequence of int
        The rows with which validation and probe begin.
    title : str
        What the data set is called.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    inks = dict(
        zip(PARTS, (palette.ink, palette.signal["cell_state"], palette.negative), strict=True)
    )
    edges = [0, *cuts, len(series)]
    shown = series.iloc[:, :MOST_PANELS]
    dated = isinstance(series.index, pd.DatetimeIndex)
    data, axes = [], {}
    gap = 0.07
    height = (1 - gap * (shown.shape[1] - 1)) / shown.shape[1]
    for place, name in enumerate(shown.columns):
        low = 1 - (place + 1) * height - place * gap
        axis = "yaxis" if place == 0 else f"yaxis{place + 1}"
        axes[axis] = {
            "title": escape(short_name(str(name))),
            "domain": [max(0.0, low), low + height],
            "nticks": 4,
            "anchor": "x",
            "showgrid": True,
        }
        for part, (first, last) in zip(PARTS, zip(edges, edges[1:], strict=False), strict=True):
            rows = thinned(shown[name].iloc[first:last])
            x = [f"{each:%Y-%m-%d %H:%M}" for each in rows.index] if dated else rows.index
            data.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "name": part,
                    "legendgroup": part,
                    "showlegend": False,
                    "x": x if dated else np.asarray(x, np.int32),
                    "y": float32(rows),
                    "yaxis": axis.replace("axis", ""),
                    "line": {"color": inks[part], "width": 1.4},
                    "hovertemplate": f"%{{x}}<br>{escape(str(name))} %{{y:.5g}}"
                    f"<extra>{part}</extra>",
                }
            )
    made = frame(
        "What trains, and what does not",
        f"The series {escape(title)}, {len(series):,} rows in the order of time: "
        + ", ".join(
            f"{part} {last - first:,}"
            for part, first, last in zip(PARTS, edges, edges[1:], strict=False)
        )
        + " rows.",
        colours,
        note=f"{escape(title)}, {len(series):,} rows",
        axes={"xaxis": {"title": "" if dated else "row", "showgrid": False}, **axes},
    )
    made["margin"] = {**made["margin"], "t": 52}
    made["title"] = {**made["title"], "pad": {"b": 28, "l": 0}}
    made["shapes"], made["annotations"] = [], []
    for part, first, last in zip(PARTS, edges, edges[1:], strict=False):
        ends = [_at(series, row, dated) for row in (first, last - 1)]
        if part != "training":
            made["shapes"].append(
                {
                    "type": "rect", "xref": "x", "yref": "paper", "x0": ends[0], "x1": ends[1],
                    "y0": 0, "y1": 1, "line": {"width": 0}, "layer": "below",
                    "fillcolor": rgba(inks[part], 0.1),
                }
            )  # fmt: skip
        made["annotations"].append(
            {
                "text": f"{part} {last - first:,}", "xref": "x", "yref": "paper", "y": 1,
                # each at the end of its part, so that the short ones have room
                "x": ends[part != "training"],
                "xanchor": "left" if part == "training" else "right",
                "yanchor": "bottom", "showarrow": False,
                "font": {"size": 12, "color": inks[part]},
            }
        )  # fmt: skip
    return {"data": data, "layout": made}


@figure
def data_counts(
    table: pd.DataFrame,
    *,
    heading: str,
    title: str = "",
    unit: str = "texts",
    colours: str = "light",
) -> FigureDict:
    """Draw how often each class, or symbol, is there: for training, and held out.

    Parameters
    ----------
    table : DataFrame
        Index what is counted, columns `training` and `held_out`; the commonest first.
    heading : str
        What is seen.
    unit : str
        What is counted, for the axis.
    """
    palette = theme(colours)
    rows = table.iloc[:MOST_BARS]
    names = [short_name(escape(str(name)), 22) for name in rows.index]
    data = [
        {
            "type": "bar",
            "orientation": "v",
            "name": words,
            "x": np.arange(len(rows), dtype=np.int32),
            "y": float32(rows[column]),
            "marker": {
                "color": ink,
                "pattern": {"shape": shape, "fgcolor": palette.paper, "fillmode": "overlay"},
            },
            "hovertemplate": f"%{{text}}: %{{y:,.0f}} {unit}<extra>{words}</extra>",
            "text": names,
            "textposition": "none",
        }
        for column, words, ink, shape in (
            ("training", "training", palette.ink, ""),
            ("held_out", "held out", palette.negative, "/"),
        )
    ]
    more = len(table) - len(rows)
    note = f"{escape(title)}{f', {more:,} more not shown' if more > 0 else ''}"
    made = frame(
        heading,
        f"{heading} in {escape(title)}: bars of {len(rows)}, for training and held out.",
        colours,
        note=note,
        axes={
            "xaxis": {
                "tickmode": "array",
                "tickvals": list(range(len(rows))),
                "ticktext": names,
                "title": "",
                "showgrid": False,
            },
            "yaxis": {"title": unit, "rangemode": "tozero", "nticks": 5},
        },
    )
    made["barmode"] = "stack"
    made["legend"] |= {"x": 0.97}  # the export menu stands at the right
    return {"data": data, "layout": made}


def thinned(values: pd.Series) -> pd.Series:
    """Return at most `MOST_POINTS` of the values: of each stretch the lowest and the highest."""
    if len(values) <= MOST_POINTS:
        return values
    edges = np.linspace(0, len(values), MOST_POINTS // 2 + 1).astype(int)
    numbers = values.to_numpy()
    kept = []
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        piece = numbers[first:last]
        kept += sorted({first + int(piece.argmin()), first + int(piece.argmax())})
    return values.iloc[kept]


def _at(series: pd.DataFrame, row: int, dated: bool) -> str | int:
    at = series.index[max(row, 0)]
    return f"{at:%Y-%m-%d %H:%M}" if dated else int(at)


def short_name(text: str, most: int = 24) -> str:
    """Return a name that fits beside an axis."""
    return text if len(text) <= most else text[: most - 1] + "…"
