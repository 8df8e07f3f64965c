"""Where each symbol of a translation looks: target symbols down, source symbols along."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rnnviz.plots.gates import escape
from rnnviz.plots.marks import heat
from rnnviz.plots.panels import whole_bar
from rnnviz.plots.style import FigureDict, figure, float32, frame, theme
from rnnviz.plots.translations import symbol_at
from rnnviz.words import t

MOST_GAPS = 40
"""Columns between which there is room for a gap."""


@figure
def attention(
    shares: pd.DataFrame,
    source: Sequence[str],
    target: Sequence[str],
    right: Sequence[str] | None = None,
    *,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw the attention's share of every source step for every target symbol.

    Parameters
    ----------
    shares : DataFrame
        Index target step, columns source step, as `analysis.attention` gives it.
    source, target : sequence of str
        What goes in at each source step, and what comes out at each target step.
    right : sequence of str, optional
        What should come out, up to its end; where that differs, the row says so.
    where : str
        Sample, step: the quiet part of the title.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    rows, columns = shares.shape
    wrong = [
        right is not None and target[place] != symbol_at(right, place) for place in range(rows)
    ]
    names = [
        f'<span style="color:{palette.wrong}"><b>≠ {escape(each)}</b></span>'
        if bad
        else escape(each)
        for each, bad in zip(target, wrong, strict=False)
    ]
    made = frame(
        t("Where each symbol looks"),
        t(
            "Heatmap of attention: {rows} symbols of the target by {columns} of the source, "
            "each row sums to 1; {where}.",
            rows=rows,
            columns=columns,
            where=where,
        ),
        colours,
        note=where,
        axes={
            "xaxis": {
                "title": t("source"),
                "range": [-0.5, columns - 0.5],
                "tickmode": "array",
                "tickvals": list(range(columns)),
                "ticktext": [escape(each) for each in source],
                "tickangle": 0,
                "tickfont": {"size": 15, "color": palette.ink},
                "ticklen": 2,
                "showgrid": False,
            },
            "yaxis": {
                "title": t("target"),
                "range": [rows - 0.5, -0.5],
                "tickmode": "array",
                "tickvals": list(range(rows)),
                "ticktext": names,
                "tickfont": {"size": 15, "color": palette.ink},
                "ticks": "",
                "showgrid": False,
            },
        },
    )
    made["margin"] = {**made["margin"], "r": 52}
    return {
        "data": [
            heat(
                float32(shares.to_numpy()),
                np.arange(columns, dtype=np.int32),
                np.arange(rows, dtype=np.int32),
                (0.0, 1.0),
                [[0.0, palette.paper], [1.0, palette.signal["hidden_state"]]],
                gap=1 if columns <= MOST_GAPS else 0,
                hover=t("writing %{text}, %{z:.3f} of the attention is on %{customdata}"),
                customdata=[[escape(symbol) for symbol in source] for _ in range(rows)],
                text=[[escape(symbol)] * columns for symbol in target[:rows]],
                colorbar=whole_bar([0, 0.5, 1], palette),
            )
        ],
        "layout": made,
    }
