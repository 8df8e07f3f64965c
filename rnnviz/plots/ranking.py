"""Which units tell a property best: a bar a unit."""

import pandas as pd

from rnnviz.plots.gates import escape
from rnnviz.plots.marks import bars, note, segment
from rnnviz.plots.style import FigureDict, figure, float32, frame, rgba, theme
from rnnviz.words import N_, t

MEASURE = {
    "AUC": N_("area under the ROC curve, 0.5 = guessing"),
    "Spearman": N_("Spearman's rank correlation, absolute"),
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
        As `analysis.rank_units` gives it; its level of `chance` is drawn as a dashed line.
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
        t("over {steps:,} held-out steps", steps=steps)
        if pd.isna(holds)
        else t("held out: it holds at {holds:,.0f} of {steps:,} steps", holds=holds, steps=steps)
    )
    chance, score = float(ranked["chance"].iloc[0]), float(shown["score"].iloc[0])
    high = shown["direction"] > 0
    words = (t("high there"), t("low there")) if measure == "AUC" else (t("rises"), t("falls"))
    data = []
    for side, colour, name, shape in (
        (high, palette.positive, words[0], ""),
        (~high, palette.negative, words[1], "/"),
    ):
        part = shown[side]
        data.append(
            bars(
                float32(part["score"] - low),
                [str(unit) for unit in part["unit"]],
                colour,
                pattern={
                    "shape": shape,
                    "fillmode": "overlay",
                    "fgcolor": palette.paper,
                    "fgopacity": 1,
                    "size": 6,
                    "solidity": 0.25,
                },
                orientation="h",
                name=name,
                base=low,
                width=0.72,
                text=[f"{score:.3f} {name}" for score in part["score"]],
                textposition="outside",
                textfont={"size": 13, "color": palette.ink},
                cliponaxis=False,
                customdata=float32(part["signed"]),
                hover=t("unit %{{y}}<br>{measure} %{{customdata:.4f}}", measure=measure),
                aside=name,
            )
        )
    made = frame(
        t("Unit {best} tells “{property}” best", best=best, property=escape(title))
        if score > chance
        else t("No unit tells “{property}” better than chance", property=escape(title)),
        t(
            "Bar chart of the {units} units that tell {property} best, by "
            "{measure}: unit {best} with {score:.3f}; the best of all {all} units reaches "
            "{chance:.3f} in shuffled sequences; {count}; {where}.",
            units=len(shown),
            property=escape(title),
            measure=t(MEASURE[measure]),
            best=best,
            score=score,
            all=len(ranked),
            chance=chance,
            count=count,
            where=where,
        ),
        colours,
        note=where,
        axes={
            "xaxis": {
                "title": f"{t(MEASURE[measure])}<br>{count}",
                "range": [low, 1 + 0.28 * (1 - low)],
                "tickvals": [low + (1 - low) * part / 5 for part in range(6)],
                "tickformat": ".1f",
            },
            "yaxis": {
                "title": t("unit"),
                "type": "category",
                "categoryorder": "array",
                "categoryarray": [str(unit) for unit in shown["unit"]],
                "autorange": "reversed",
                "showgrid": False,
                "ticks": "",
            },
        },
    )
    made["shapes"] = [segment((chance, 0), (chance, 1), palette.ink, 1.5, "dash", yref="paper")]
    made["annotations"] = [
        note(
            t("┆ best by chance {chance:.2f}", chance=chance),
            1,
            0,
            palette.ink,
            13,
            "right bottom",
            xref="paper",
            yref="paper",
            bgcolor=rgba(palette.paper, 0.75),
        )
    ]
    made["barmode"] = "overlay"
    made["showlegend"] = False
    made["uirevision"] = f"{measure} {title}"
    return {"data": data, "layout": made}
