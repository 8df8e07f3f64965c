"""What a data set holds, and what of it trains: a series in its parts, classes, symbols."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from rnnviz.plots.gates import escape
from rnnviz.plots.marks import area, bars, line, note
from rnnviz.plots.style import FigureDict, figure, float32, frame, rgba, theme
from rnnviz.words import N_, t

MOST_POINTS = 1500
"""Points of one line."""
MOST_PANELS = 3
MOST_BARS = 24
PARTS = (N_("training"), N_("validation"), N_("probe"))


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
                line(
                    x if dated else np.asarray(x, np.int32),
                    float32(rows),
                    inks[part],
                    1.4,
                    name=t(part),
                    legendgroup=part,
                    showlegend=False,
                    hover=f"%{{x}}<br>{escape(str(name))} %{{y:.5g}}",
                    aside=t(part),
                    yaxis=axis.replace("axis", ""),
                )
            )
    made = frame(
        t("What trains, and what does not"),
        t(
            "The series {title}, {rows:,} rows in the order of time: {parts} rows.",
            title=escape(title),
            rows=len(series),
            parts=", ".join(
                f"{t(part)} {last - first:,}"
                for part, first, last in zip(PARTS, edges, edges[1:], strict=False)
            ),
        ),
        colours,
        note=t("{title}, {rows:,} rows", title=escape(title), rows=len(series)),
        axes={"xaxis": {"title": "" if dated else t("row"), "showgrid": False}, **axes},
    )
    made["margin"] = {**made["margin"], "t": 52}
    made["title"] = {**made["title"], "pad": {"b": 28, "l": 0}}
    made["shapes"], made["annotations"] = [], []
    above: dict[str, Any] = {"xref": "x", "yref": "paper"}
    for part, first, last in zip(PARTS, edges, edges[1:], strict=False):
        ends = [_at(series, row, dated) for row in (first, last - 1)]
        if part != "training":
            shade = area((ends[0], ends[1]), (0, 1), rgba(inks[part], 0.1), layer="below", **above)
            made["shapes"].append(shade)
        # each at the end of its part, so that the short ones have room
        x, at = (ends[0], "left bottom") if part == "training" else (ends[1], "right bottom")
        made["annotations"].append(
            note(f"{t(part)} {last - first:,}", x, 1, inks[part], at=at, **above)
        )
    return {"data": data, "layout": made}


@figure
def data_counts(
    table: pd.DataFrame,
    *,
    heading: str,
    title: str = "",
    unit: str = "",
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
        What is counted, for the axis; texts if nothing is said.
    """
    palette = theme(colours)
    unit = unit or t("texts")
    rows = table.iloc[:MOST_BARS]
    names = [short_name(escape(str(name)), 22) for name in rows.index]
    data = [
        bars(
            np.arange(len(rows), dtype=np.int32),
            float32(rows[column]),
            ink,
            pattern={"shape": shape, "fgcolor": palette.paper, "fillmode": "overlay"},
            orientation="v",
            name=words,
            hover=f"%{{text}}: %{{y:,.0f}} {unit}",
            aside=words,
            text=names,
            textposition="none",
        )
        for column, words, ink, shape in (
            ("training", t("training"), palette.ink, ""),
            ("held_out", t("held out"), palette.negative, "/"),
        )
    ]
    more = len(table) - len(rows)
    note = escape(title)
    if more > 0:
        note = t("{title}, {more:,} more not shown", title=note, more=more)
    made = frame(
        heading,
        t(
            "{heading} in {title}: bars of {bars}, for training and held out.",
            heading=heading,
            title=escape(title),
            bars=len(rows),
        ),
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
