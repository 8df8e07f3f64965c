"""A forecast beside what came: the series, what was foretold of it, and when."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from rnnviz.plots.gates import escape, time_ticks
from rnnviz.plots.style import FigureDict, figure, float32, frame, rgba, theme

PATHS = 8
"""Forecast paths that are drawn beside the chosen one."""


@figure
def forecast(
    truth: pd.Series,
    answers: pd.DataFrame,
    *,
    read: int,
    name: str = "value",
    at: int | None = None,
    labels: Sequence[str | None] | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw a series with the forecasts of it, in its own units, over time.

    Parameters
    ----------
    truth : Series
        Index time step, values of the series; those from `read` on are only asked for.
    answers : DataFrame
        Index the time step at which a forecast is made, a column each number of steps ahead.
    read : int
        How many steps go in.
    name : str
        What the series is called.
    at : int, optional
        The step whose path is drawn strongly, where there are several steps ahead; the last one.
    labels : sequence of str, optional
        What went in at each time step; written along the axis.
    where : str
        Sample, step: the quiet part of the title.
    """
    palette = theme(colours)
    ink, blue = palette.ink, palette.negative
    ahead = [int(each) for each in answers.columns]
    shown = escape(name)
    truth_at = np.asarray(truth.index, np.int32)
    line = {"type": "scatter", "mode": "lines", "x": truth_at, "y": float32(truth)}
    data: list[dict[str, Any]] = [
        {
            **line,
            "name": "the series",
            "line": {"color": ink, "width": 2},
            "hovertemplate": f"t = %{{x}}<br>{shown} %{{y:.5g}}<extra>the series</extra>",
        }
    ]
    if len(ahead) == 1:
        made_for = np.asarray(answers.index, np.int32) + ahead[0]
        data += [
            {
                "type": "scatter",
                "mode": "lines",
                "name": "the value just read, again",
                "x": (truth_at + ahead[0])[: len(made_for)],
                "y": float32(truth.iloc[: len(made_for)]),
                "line": {"color": palette.muted, "width": 1.2, "dash": "dot"},
                "hovertemplate": "t = %{x}<br>read before: %{y:.5g}<extra></extra>",
            },
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": f"foretold {ahead[0]} step{'s' * (ahead[0] > 1)} before",
                "x": made_for,
                "y": float32(answers.iloc[:, 0]),
                "line": {"color": blue, "width": 2},
                "marker": {"size": 4, "color": blue},
                "hovertemplate": "t = %{x}<br>foretold %{y:.5g}"
                f"<extra>at t − {ahead[0]}</extra>",
            },
        ]
    else:
        data += _paths(answers, ahead, min(at, read - 1) if at is not None else read - 1, blue)
    steps = int(truth_at[-1]) + 1
    error = _error(truth, answers, ahead)
    made = frame(
        f"{shown}: what came, and what was foretold",
        f"Lines over {steps} time steps: {shown} as it was, and as the network foretold it "
        f"{_steps(ahead)} ahead; {escape(where)}.",
        colours,
        note=f"{escape(where)}{error}",
        axes={
            "xaxis": {
                **time_ticks(labels, read),
                "title": "time step t",
                "showgrid": False,
                "range": [-0.5, steps - 0.5],
            },
            "yaxis": {"title": shown, "range": _range(truth)},
        },
    )
    # the legend has a row of its own: beside the note there is no room for it
    made["margin"] = {**made["margin"], "t": 54}
    made["title"] = {**made["title"], "pad": {"b": 30, "l": 0}}
    made["legend"] |= {"x": 0, "xanchor": "left"}
    made["shapes"] = [
        {
            "type": "rect", "xref": "x", "yref": "paper", "x0": read - 0.5, "x1": steps - 0.5,
            "y0": 0, "y1": 1, "line": {"width": 0}, "layer": "below",
            "fillcolor": rgba(palette.muted, 0.12),
        }
    ]  # fmt: skip
    made["annotations"] = [
        {
            "text": "not read", "xref": "x", "yref": "paper", "x": steps - 0.6, "y": 0.98,
            "xanchor": "right", "yanchor": "top", "showarrow": False,
            "font": {"size": 12, "color": palette.muted},
        }
    ]  # fmt: skip
    made["hovermode"] = "closest"
    return {"data": data, "layout": made}


def _paths(answers: pd.DataFrame, ahead: list[int], at: int, blue: str) -> list[dict[str, Any]]:
    """Return the path foretold at one step, and some others faintly."""
    known = [int(step) for step in answers.index]
    others = known[:: max(1, len(known) // PATHS)]
    chosen = min(known, key=lambda step: abs(step - at))
    data: list[dict[str, Any]] = []
    for step in [*(each for each in others if each != chosen), chosen]:
        main = step == chosen
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers" if main else "lines",
                "name": f"foretold at t = {step}" if main else "foretold at other steps",
                "showlegend": main or step == others[0],
                "x": np.asarray([step + k for k in ahead], np.int32),
                "y": float32(answers.loc[step]),
                "line": {"color": blue if main else rgba(blue, 0.45), "width": 2.6 if main else 1.2,
                         "dash": "solid" if main else "dot"},
                "marker": {"size": 5, "color": blue},
                "hovertemplate": f"t = %{{x}}<br>foretold %{{y:.5g}}<extra>at t = {step}</extra>",
            }
        )  # fmt: skip
    return data


def _error(truth: pd.Series, answers: pd.DataFrame, ahead: list[int]) -> str:
    """Say how far off the forecasts are on average, at the farthest step ahead."""
    far = answers.iloc[:, -1]
    came = truth.reindex(far.index + ahead[-1]).to_numpy()
    off = np.abs(came - far.to_numpy())
    if not np.isfinite(off).any():
        return ""
    return f"; {_steps(ahead[-1:])} ahead off by {np.nanmean(off):.3g} on average"


def _steps(ahead: list[int]) -> str:
    if len(ahead) > 1:
        return f"1 to {ahead[-1]} steps"
    return f"{ahead[0]} step{'s' * (ahead[0] > 1)}"


def _range(truth: pd.Series) -> list[float]:
    """Return a range that stands still while the forecasts move: the series, and some room."""
    low, high = float(np.nanmin(truth)), float(np.nanmax(truth))
    room = 0.15 * (high - low) or 1.0
    return [low - room, high + room]
