"""Which units tell a property best: a bar a unit."""

import pandas as pd

from rnnviz.plots.gates import escape
from rnnviz.plots.style import FigureDict, figure, float32, frame, theme

MEASURE = {
    "AUC": "area under the ROC curve, 0.5: a coin",
    "Spearman": "Spearman's rank correlation, absolute",
}


@figure
def ranking(
    ranked: pd.DataFrame,
    title: str,
    *,
    most: int = 10,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw the best units of a ranking, the best at the top.

    Parameters
    ----------
    ranked : DataFrame
        As `analysis.rank_units` gives it.
    title : str
        The property, in words.
    most : int
        How many units.
    where : str
        Layer, signal, step: the quiet part of the title.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    shown = ranked.iloc[:most]
    measure = str(ranked["measure"].iloc[0])
    low = 0.5 if measure == "AUC" else 0.0
    best = int(shown["unit"].iloc[0])
    steps = int(ranked["steps"].iloc[0])
    holds = ranked["holds"].iloc[0]
    count = (
        f"over {steps:,} held-out steps"
        if pd.isna(holds)
        else f"held out: it holds at {holds:,.0f} of {steps:,} steps"
    )
    high = shown["direction"] > 0
    words = ("high there", "low there") if measure == "AUC" else ("rises", "falls")
    data = []
    for side, colour, name in (
        (high, palette.positive, words[0]),
        (~high, palette.negative, words[1]),
    ):
        part = shown[side]
        data.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": name,
                "y": [str(unit) for unit in part["unit"]],
                "x": float32(part["score"] - low),
                "base": low,
                "marker": {
                    "color": colour,
                    "pattern": {
                        "shape": "" if name == words[0] else "/",
                        "fillmode": "overlay",
                        "fgcolor": palette.paper,
                        "fgopacity": 1,
                        "size": 6,
                        "solidity": 0.25,
                    },
                },
                "width": 0.72,
                "text": [f"{score:.3f} {name}" for score in part["score"]],
                "textposition": "outside",
                "textfont": {"size": 13, "color": palette.ink},
                "cliponaxis": False,
                "customdata": float32(part["signed"]),
                "hovertemplate": f"unit %{{y}}<br>{measure} %{{customdata:.4f}}"
                f"<extra>{name}</extra>",
            }
        )
    made = frame(
        f"Unit {best} tells “{escape(title)}” best",
        f"Bar chart of the {len(shown)} units that tell {escape(title)} best, by "
        f"{MEASURE[measure]}: unit {best} with {shown['score'].iloc[0]:.3f}; {count}; {where}.",
        colours,
        note=where,
        axes={
            "xaxis": {
                "title": f"{MEASURE[measure]}<br>{count}",
                "range": [low, 1 + 0.28 * (1 - low)],
                "tickvals": [low + (1 - low) * part / 5 for part in range(6)],
                "tickformat": ".1f",
            },
            "yaxis": {
                "title": "unit",
                "type": "category",
                "categoryorder": "array",
                "categoryarray": [str(unit) for unit in shown["unit"]],
                "autorange": "reversed",
                "showgrid": False,
                "ticks": "",
            },
        },
    )
    made["barmode"] = "overlay"
    made["showlegend"] = False
    made["uirevision"] = f"{measure} {title}"
    return {"data": data, "layout": made}
