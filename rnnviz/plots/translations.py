"""What a translator writes, a line a sequence: each symbol with how sure it was of it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rnnviz.plots.gates import escape
from rnnviz.plots.style import FigureDict, figure, float32, frame, theme

FEWEST = 10
"""Lines that there is room for, so that few do not become high."""
LONGEST = 34
"""Characters of a line's name that are written."""


@figure
def translations(
    lines: pd.DataFrame,
    *,
    title: str = "What it writes",
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw written targets under each other, the wrong symbols marked.

    Parameters
    ----------
    lines : DataFrame
        A row a target, from above: `name`, what stands before it; `symbols`, a sequence of what
        was written; `shares`, the probability of each; `right`, a sequence of what should stand
        there, which may be longer or shorter; `note`, what stands behind it.
    title : str
    where : str
        Beam, step: the quiet part of the title.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    longest = max((max(len(row.symbols), len(row.right)) for row in lines.itertuples()), default=1)
    shares = np.full((len(lines), longest), np.nan)
    annotations = []
    wrong_at: list[tuple[int, int]] = []
    for place, row in enumerate(lines.itertuples()):
        shares[place, : len(row.symbols)] = row.shares
        bad = [
            column
            for column in range(longest)
            if symbol_at(row.symbols, column) != symbol_at(row.right, column)
        ]
        wrong_at += [(place, column) for column in bad]
        for column, symbol in enumerate(row.symbols):
            sure = shares[place, column] > 0.6
            annotations.append(
                {
                    "x": column, "y": place, "text": f"<b>{escape(symbol)}</b>",
                    "showarrow": False,
                    "font": {"size": 14, "color": palette.paper if sure else palette.ink},
                }
            )  # fmt: skip
        annotations.append(
            {
                "x": 1.01, "xref": "paper", "xanchor": "left", "y": place, "showarrow": False,
                "align": "left",
                "text": escape(row.note) if not bad
                else f'<span style="color:{palette.wrong}"><b>≠</b></span> {escape(row.note)}',
                "font": {"size": 14, "color": palette.ink},
            }
        )  # fmt: skip
    made = frame(
        title,
        f"{len(lines)} written targets of up to {longest} symbols, "
        f"{len({place for place, _ in wrong_at})} of them with a wrong symbol; {where}.",
        colours,
        note=where,
        axes={
            "xaxis": {
                "title": "symbol of the target", "range": [-0.5, longest - 0.5],
                "showgrid": False, "tickmode": "array", "tickvals": list(range(longest)),
                "ticktext": [str(column + 1) for column in range(longest)],
            },
            "yaxis": {
                "range": [max(len(lines), FEWEST) - 0.5, -0.5], "tickmode": "array",
                "tickvals": list(range(len(lines))),
                "ticktext": [escape(short(name)) for name in lines["name"]],
                "tickfont": {"size": 14, "color": palette.ink}, "ticks": "", "showgrid": False,
            },
        },
    )  # fmt: skip
    made["annotations"] = annotations
    longest_note = max((len(str(note)) for note in lines["note"]), default=0)
    made["margin"] = {**made["margin"], "r": 34 + 8 * longest_note}
    made["shapes"] = [
        {
            "type": "rect", "x0": column - 0.46, "x1": column + 0.46,
            "y0": place - 0.42, "y1": place + 0.42,
            "line": {"color": palette.wrong, "width": 2}, "fillcolor": "rgba(0,0,0,0)",
        }
        for place, column in wrong_at
    ]  # fmt: skip
    return {
        "data": [
            {
                "type": "heatmap",
                "z": float32(shares),
                "x": np.arange(longest, dtype=np.int32),
                "y": np.arange(len(lines), dtype=np.int32),
                "zmin": 0.0,
                "zmax": 1.0,
                "colorscale": [[0.0, palette.paper], [1.0, palette.cell["gru"]]],
                "showscale": False,
                "hoverongaps": False,
                "xgap": 2,
                "ygap": 3,
                "hovertemplate": "probability %{z:.3f}<extra></extra>",
            }
        ],
        "layout": made,
    }


def symbol_at(symbols: Sequence[str], place: int) -> str:
    """Return the symbol in a place, "" beyond the end."""
    return symbols[place] if place < len(symbols) else ""


def short(name: str) -> str:
    """Cut a line's name."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
