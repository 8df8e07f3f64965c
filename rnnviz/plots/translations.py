"""What a translator writes, a line a sequence: each symbol with how sure it was of it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rnnviz.plots.gates import escape
from rnnviz.plots.marks import area, heat, note
from rnnviz.plots.style import CLEAR, FigureDict, figure, float32, frame, theme
from rnnviz.words import t

FEWEST = 10
"""Lines that there is room for, so that few do not become high."""
LONGEST = 34
"""Characters of a line's name that are written."""


@figure
def translations(
    lines: pd.DataFrame,
    *,
    title: str = "",
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
            ink = palette.paper if sure else palette.ink
            annotations.append(note(f"<b>{escape(symbol)}</b>", column, place, ink, 14))
        said = escape(row.note)
        if bad:
            said = f'<span style="color:{palette.wrong}"><b>≠</b></span> {said}'
        left = {"xref": "paper", "xanchor": "left", "align": "left"}
        annotations.append(note(said, 1.01, place, palette.ink, 14, **left))
    made = frame(
        title or t("What it writes"),
        t(
            "{targets} written targets of up to {longest} symbols, {wrong} of them with a wrong "
            "symbol; {where}.",
            targets=len(lines), longest=longest, wrong=len({place for place, _ in wrong_at}),
            where=where,
        ),
        colours,
        note=where,
        axes={
            "xaxis": {
                "title": t("symbol of the target"), "range": [-0.5, longest - 0.5],
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
    edge = {"color": palette.wrong, "width": 2}
    made["shapes"] = [
        area((column - 0.46, column + 0.46), (place - 0.42, place + 0.42), CLEAR, line=edge)
        for place, column in wrong_at
    ]
    picture = heat(
        float32(shares),
        np.arange(longest, dtype=np.int32),
        np.arange(len(lines), dtype=np.int32),
        (0.0, 1.0),
        [[0.0, palette.paper], [1.0, palette.cell["gru"]]],
        hover=t("probability %{z:.3f}"),
        showscale=False,
        hoverongaps=False,
        xgap=2,
        ygap=3,
    )
    return {"data": [picture], "layout": made}


def symbol_at(symbols: Sequence[str], place: int) -> str:
    """Return the symbol in a place, "" beyond the end."""
    return symbols[place] if place < len(symbols) else ""


def short(name: str) -> str:
    """Cut a line's name."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
