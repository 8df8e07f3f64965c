"""Cells side by side, over seeds: the gradient through time, and learning curves."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from rnnviz.plots.logarithms import decades, log_axis, positive
from rnnviz.plots.loss import decades as half_decades
from rnnviz.plots.loss import log_ticks
from rnnviz.plots.style import (
    DASH,
    LONG_TITLE,
    FigureDict,
    Theme,
    figure,
    float32,
    frame,
    rgba,
    theme,
)

TITLE = {"rnn": "RNN", "rnn_relu": "RNN (ReLU)", "lstm": "LSTM", "gru": "GRU"}


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
        `analysis.over_seeds` gives them.
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
    data: list[dict[str, object]] = []
    for cell, one in norms.groupby("cell", sort=False, observed=True):
        data += band(one, "time", str(cell), palette)
        data.append(
            line(one, "time", str(cell), palette)
            | {"hovertemplate": f"{TITLE[str(cell)]}: %{{y:.2e}}<extra></extra>"}
        )
    names = ", ".join(TITLE[str(cell)] for cell in norms["cell"].unique())
    made = frame(
        "How much gradient reaches back" if relative else "Gradient through time",
        f"Norm of the gradient with respect to the hidden state of {names} over {steps} time "
        f"steps, logarithmic, from 1e{bottom:.0f} to 1e{top:.0f}; {where}.",
        colours,
        note=where,
        axes={
            "xaxis": {"title": "time step t", "range": [-0.5, steps - 0.5]},
            "yaxis": log_axis(bottom, top, title=axis_title),
        },
    )
    made["hovermode"] = "x"
    made["legend"] |= {  # beside the lines, which leave no free corner
        "orientation": "v", "x": 1.01, "xanchor": "left", "y": 1, "yanchor": "top",
    }  # fmt: skip
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
    baseline_text: str = "",
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
    cells : sequence of str
        Cells that the legend names before they have a line.
    marked : int, optional
        The step that the other figures show, if it is not the newest.
    """
    palette = theme(colours)
    data: list[dict[str, object]] = []
    for place, measure in enumerate(("loss", "metric")):
        axis = {"yaxis": "y2"} if place else {}
        chosen = curves[curves["measure"] == measure]
        for cell in [*cells, *(set(chosen["cell"]) - set(cells))]:
            one = chosen[chosen["cell"] == cell]
            says = "%{y:.4f}" if not place else f"%{{y:.1f}} {metric_unit}"
            hover = f"step %{{x}}<br>{TITLE[cell]}: {says}<extra></extra>"
            data += [{**each, **axis} for each in band(one, "step", cell, palette, place == 0)]
            data.append(
                line(one, "step", cell, palette, place == 0)
                | {"hovertemplate": hover, "showlegend": not place}
                | axis
            )
    for level, axis in ((baseline, {}), (metric_baseline, {"yaxis": "y2"})):
        if level is not None:
            data.append(
                {
                    "type": "scatter", "mode": "lines", "x": np.asarray([0, steps], np.int32),
                    "y": float32([level, level]), "showlegend": False,
                    "line": {"color": palette.muted, "width": 1.5, "dash": "longdash"},
                    "hovertemplate": f"{baseline_text}: %{{y:.4g}}<extra></extra>", **axis,
                }
            )  # fmt: skip
    loss = curves[curves["measure"] == "loss"]
    seen = np.concatenate([loss["low"], loss["high"], [baseline]]).astype(float)
    bottom, top = half_decades(seen[np.isfinite(seen) & (seen > 0)])
    made = frame(
        "Validation loss",
        f"Validation loss of {', '.join(TITLE[cell] for cell in cells)} over {steps} training "
        f"steps, logarithmic, with the baseline {baseline_text}; below, {metric_title}; {where}.",
        colours,
        note=where,
        axes={
            "xaxis": {"title": "training step", "range": [0, steps], "anchor": "y2"},
            "yaxis": {
                "title": "loss", "type": "log", "range": [bottom, top], "domain": [0.47, 1],
                **log_ticks(bottom, top),
            },
            "yaxis2": {
                "title": metric_unit or metric_title, "domain": [0, 0.32], "nticks": 3,
                "range": [0, 103] if metric_unit == "%" else None, "anchor": "x",
            },
        },
    )  # fmt: skip
    quiet = {"showarrow": False, "font": {"size": 12, "color": palette.muted}}
    made["annotations"] = [
        {
            "text": baseline_text, "xref": "paper", "x": 1, "xanchor": "right",
            "y": float(np.log10(baseline)),
            # under the line where above it is no room left below the title
            "yanchor": "top" if np.log10(baseline) > bottom + 0.8 * (top - bottom) else "bottom",
            "bgcolor": rgba(palette.paper, 0.7), **quiet,
        },
        {
            "text": metric_title, "xref": "paper", "x": 0.01, "yref": "y2 domain", "y": 1,
            "xanchor": "left", "yanchor": "top", **quiet,
        },
    ]  # fmt: skip
    if marked is not None:
        made["shapes"] = [
            {
                "type": "line", "x0": marked, "x1": marked, "y0": 0, "y1": 1, "yref": "paper",
                "line": {"color": palette.signal["cell_state"], "width": 2},
            }
        ]  # fmt: skip
    made["hovermode"] = "closest"
    made["legend"] |= {"x": 1, "xanchor": "right", "y": 0.325, "yanchor": "bottom"}
    return {"data": data, "layout": made}


def line(
    one: pd.DataFrame, over: str, cell: str, palette: Theme, logarithmic: bool = True
) -> dict[str, Any]:
    """Return the line of one cell: its colour and its dash."""
    y = positive(one["mean"]) if logarithmic else float32(one["mean"])
    return {
        "type": "scatter",
        "mode": "lines",
        "name": TITLE[cell],
        "legendgroup": cell,
        "x": one[over].to_numpy(np.int32),
        "y": y,
        "line": {"color": palette.cell[cell], "width": 2.6, "dash": DASH[cell]},
    }


def band(
    one: pd.DataFrame, over: str, cell: str, palette: Theme, logarithmic: bool = True
) -> list[dict[str, object]]:
    """Return the two invisible lines between which all seeds of a cell lie."""
    edge = {
        "type": "scatter",
        "mode": "lines",
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
        "legendgroup": cell,
        "x": one[over].to_numpy(np.int32),
    }
    low, high = (positive(one[name]) if logarithmic else float32(one[name])
                 for name in ("low", "high"))  # fmt: skip
    colour = rgba(palette.cell[cell], 0.16)
    return [{**edge, "y": low}, {**edge, "y": high, "fill": "tonexty", "fillcolor": colour}]


def lost(norms: pd.DataFrame, palette: Theme) -> dict[str, object]:
    """Return the words for cells whose gradient is exactly zero, which a log axis cannot show."""
    none = [
        TITLE[str(cell)]
        for cell, one in norms.groupby("cell", sort=False, observed=True)
        if not (one["mean"] > 0).any()
    ]
    return {
        "text": f"exactly 0: {', '.join(none)}", "visible": bool(none),
        "xref": "paper", "yref": "paper", "x": 0.01, "y": 0.98, "xanchor": "left",
        "yanchor": "top", "showarrow": False, "font": {"size": 13, "color": palette.wrong},
    }  # fmt: skip
