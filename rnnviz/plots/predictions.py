"""Examples of a task as people read it, and beside what should come out what does come out."""

from collections.abc import Collection

import pandas as pd

from rnnviz.plots.prediction_cells import cells
from rnnviz.plots.prediction_curves import curves
from rnnviz.plots.prediction_pictures import pictures
from rnnviz.plots.style import FigureDict, figure, frame, theme
from rnnviz.words import t

READ = 40
"""Steps of the first sample that the `alt` sentence reads out."""


@figure
def predictions(
    samples: pd.DataFrame,
    *,
    kind: str = "cells",
    ahead: int = 0,
    mark: int | None = None,
    fillers: Collection[str] = (),
    running: bool = False,
    first: int = 0,
    wide: int = 100,
    cell: str = "lstm",
    title: str = "",
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw some samples: what goes in, what should come out, and what comes out if that is known.

    A wrong answer has a cross, and its cell is framed; the answers' shade is their probability.

    Parameters
    ----------
    samples : DataFrame
        As `rnnviz.analysis.examples` gives it, or `predictions`, with the network's answers.
    kind, ahead, mark, fillers, running
        The form of the task's examples, `Task.form`: see `rnnviz.tasks.form.Form`.
    first : int
        The sample that stands first.
    wide : int
        Room from left to right, in letters: 100 for a whole screen, 48 for half of one.
    cell : str
        Key of the cell, whose colour and dash curves of answers have.
    title : str
        What is seen, if there is more to say than that.
    where : str
        Samples, network, training step: the quiet part of the title.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    parts = [part.reset_index(drop=True) for _, part in samples.groupby("sample", sort=True)]
    parts = parts[first % len(parts) :] + parts[: first % len(parts)]
    if kind == "picture":
        drawn = pictures(parts, palette, wide=wide)
    elif kind == "curves":
        drawn = curves(parts, palette, wide=wide, ahead=ahead, mark=mark, cell=cell)
    else:
        drawn = cells(parts, palette, wide=wide, fillers=fillers, running=running)
    answered = "answer" in samples
    said = t("What goes in, what should come out")
    if answered:
        said = t("What comes out beside what should")
    elif kind == "curves" and wide < 60:
        said = t("What is asked")  # its legend needs the room
    made = frame(title or said, _alt(parts[0], title or said), colours, note=where, axes=drawn.axes)
    made["annotations"] = drawn.annotations
    made["margin"] = {**made["margin"], **drawn.margin}
    made["showlegend"] = drawn.legend
    made["hovermode"] = "closest"
    return {"data": drawn.data, "layout": made}


def _alt(part: pd.DataFrame, said: str) -> str:
    few = part.head(READ)
    more = " …" * (len(part) > READ)
    asked = part[part["asked"]].head(READ)
    values = {
        "said": said,
        "read": " ".join(few["goes_in"]) + more,
        "targets": " ".join(asked["target"]),
    }
    if "answer" in part:
        return t(
            "{said}. For example: {read} goes in, {targets} should come out, {answers} comes out.",
            answers=" ".join(asked["answer"]),
            **values,
        )
    return t("{said}. For example: {read} goes in, {targets} should come out.", **values)
