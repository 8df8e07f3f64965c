"""Cells side by side, over seeds: the gradient through time, and learning curves."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from rnnviz.plots.arrangement import legend_beside, shown_step
from rnnviz.plots.logarithms import decades, log_axis, positive
from rnnviz.plots.loss import decades as half_decades
from rnnviz.plots.loss import log_ticks, of_level
from rnnviz.plots.marks import PAPER, Mark, band, line, note
from rnnviz.plots.style import (
    CELL_DASH,
    CELL_TITLE,
    LONG_TITLE,
    FigureDict,
    Theme,
    figure,
    float32,
    frame,
    rgba,
    theme,
)
from rnnviz.words import Words, t
from rnnviz.words.numbers import ten


@figure
def compare_gradients(
    norms: pd.DataFrame,
    *,
    relative: bool = False,
    last: int | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw ‖∂L/∂h_t‖ over time on a log axis, a line a cell, with a band over seeds.

    Parameters
    ----------
    norms : DataFrame
        Columns `cell`, `time`, `mean` (geometric, over seeds), `low` and `high` (of all seeds), as
        `analysis.over_seeds` gives them; `zeros` of `seeds`, if any, are named.
    relative : bool
        Whether these are shares of the gradient where the loss enters.
    last : int, optional
        The last time step, where the axis ends.
    where : str
        Step, sizes, seeds: the quiet part of the title.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    steps = int(norms["time"].max()) + 1 if last is None else last + 1
    bottom, top = decades([norms["low"], norms["high"]])
    symbol = "‖∂L/∂h<sub>t</sub>‖"
    axis_title = f"{symbol} / {symbol.replace('t<', 'T<')}" if relative else symbol
    data: list[Mark] = []
    for cell, one in norms.groupby("cell", sort=False, observed=True):
        hover = f"{CELL_TITLE[str(cell)]}: %{{y:.2e}}"
        data += of_cell(one, "time", str(cell), palette, hover)
    names = ", ".join(CELL_TITLE[str(cell)] for cell in norms["cell"].unique())
    made = frame(
        t("How much gradient reaches back") if relative else t("Gradient through time"),
        t(
            "Norm of the gradient with respect to the hidden state of {names} over {steps} time "
            "steps, logarithmic, from {bottom} to {top}; {where}.",
            names=names,
            steps=steps,
            bottom=ten(bottom),
            top=ten(top),
            where=where,
        ),
        colours,
        note=where,
        axes={
            "xaxis": {"time": True, "range": [-0.5, steps - 0.5]},
            "yaxis": log_axis(bottom, top, title=axis_title),
        },
    )
    made["hovermode"] = "x"
    legend_beside(made)
    made["margin"] = {**made["margin"], "r": 8}
    made["title"] |= LONG_TITLE
    made["annotations"] = [lost(norms, palette)]
    return {"data": data, "layout": made}


@figure
def compare_learning(
    curves: pd.DataFrame,
    *,
    steps: int,
    baseline: float,
    baseline_text: str | Words = "",
    best: float | None = None,
    metric_title: str = "",
    metric_unit: str = "",
    metric_baseline: float | None = None,
    cells: Sequence[str] = (),
    marked: int | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw the validation loss of cells (log axis) above the task's metric, over training.

    Parameters
    ----------
    curves : DataFrame
        Columns `measure` ("loss" or "metric"), `cell`, `step`, `mean`, `low`, `high`.
    steps : int
        Where the training axis ends.
    baseline, metric_baseline : float
        What a network scores that has learned nothing.
    best : float, optional
        The lowest loss that is possible, where it is known.
    cells : sequence of str
        Cells that the legend names before they have a line.
    marked : int, optional
        The step that the other figures show, if it is not the newest.
    """
    palette = theme(colours)
    at = t("step %{x}")
    data: list[Mark] = []
    for place, measure in enumerate(("loss", "metric")):
        axis = {"yaxis": "y2"} if place else {}
        chosen = curves[curves["measure"] == measure]
        for cell in [*cells, *(set(chosen["cell"]) - set(cells))]:
            one = chosen[chosen["cell"] == cell]
            says = "%{y:.4f}" if not place else f"%{{y:.1f}} {metric_unit}"
            hover = f"{at}<br>{CELL_TITLE[cell]}: {says}"
            data += of_cell(
                one, "step", cell, palette, hover, not place, axis, showlegend=not place
            )
    levels = (
        (baseline, "longdash", baseline_text, {}),
        (metric_baseline, "longdash", baseline_text, {"yaxis": "y2"}),
        (best or None, "dot", t("best possible"), {}),
    )
    for score, dash, text, axis in levels:
        if score is not None:
            data.append(
                line(
                    np.asarray([0, steps], np.int32),
                    float32([score, score]),
                    palette.muted,
                    1.5,
                    dash,
                    hover=f"{text}: %{{y:.4g}}",
                    showlegend=False,
                    **axis,
                )
            )
    loss = curves[curves["measure"] == "loss"]
    seen = np.concatenate([loss["low"], loss["high"], [baseline, best or np.nan]]).astype(float)
    bottom, top = half_decades(seen[np.isfinite(seen) & (seen > 0)])
    made = frame(
        t("Validation loss"),
        t(
            "Validation loss of {cells} over {steps} training steps, logarithmic, with the "
            "baseline {baseline_text}; below, {metric_title}; {where}.",
            cells=", ".join(CELL_TITLE[cell] for cell in cells), steps=steps,
            baseline_text=baseline_text, metric_title=metric_title, where=where,
        ),
        colours,
        note=where,
        axes={
            "xaxis": {"title": t("training step"), "range": [0, steps], "anchor": "y2"},
            "yaxis": {
                "title": t("loss"), "type": "log", "range": [bottom, top], "domain": [0.47, 1],
                **log_ticks(bottom, top),
            },
            "yaxis2": {
                "title": metric_unit or metric_title, "domain": [0, 0.32], "nticks": 3,
                "range": [0, 103] if metric_unit == "%" else None, "anchor": "x",
            },
        },
    )  # fmt: skip
    low = note(metric_title, 0.01, 1, palette.muted, at="left top", xref="paper", yref="y2 domain")
    ends = (bottom, top)
    made["annotations"] = [
        of_level(baseline_text, baseline, ends, palette),
        low,
        of_level(t("best possible"), best or 0, ends, palette, visible=bool(best)),
    ]
    if marked is not None:
        made["shapes"] = [shown_step(marked, palette)]
    made["hovermode"] = "closest"
    made["legend"] |= {"x": 1, "xanchor": "right", "y": 0.325, "yanchor": "bottom"}
    return {"data": data, "layout": made}


def of_cell(
    one: pd.DataFrame,
    over: str,
    cell: str,
    palette: Theme,
    hover: str,
    logarithmic: bool = True,
    axis: Mapping[str, str] = MappingProxyType({}),
    **more: Any,
) -> list[Mark]:
    """Return the band in which all seeds of a cell lie, and its line: its colour and its dash."""
    scaled = positive if logarithmic else float32
    x, colour, group = one[over].to_numpy(np.int32), palette.cell[cell], {"legendgroup": cell}
    low, middle, high = (scaled(one[name]) for name in ("low", "mean", "high"))
    named = {"name": CELL_TITLE[cell], "hover": hover, **group, **axis, **more}
    return [
        *band(x, low, high, rgba(colour, 0.16), **group, **axis),
        line(x, middle, colour, 2.6, CELL_DASH[cell], **named),
    ]


def lost(norms: pd.DataFrame, palette: Theme) -> Mark:
    """Return the words for cells whose gradient is exactly zero, which a log axis cannot show."""
    none = []
    for cell, one in norms.groupby("cell", sort=False, observed=True):
        title = CELL_TITLE[str(cell)]
        zeros = one["zeros"] if "zeros" in one else 0 * one["mean"]
        worst = one.loc[zeros.idxmax()]
        if not (one["mean"] > 0).any():
            none.append(title)
        elif zeros.max() > 0:
            none.append(
                t(
                    "{cell} in {count} of {seeds} seeds",
                    cell=title,
                    count=int(worst["zeros"]),
                    seeds=int(worst["seeds"]),
                )
            )
    text = t("exactly 0: {cells}", cells=", ".join(none))
    return note(text, 0.01, 0.98, palette.wrong, 13, "left top", visible=bool(none), **PAPER)
