"""A forecast beside what came: the series, what was foretold of it, and when."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from rnnviz.plots.gates import escape, time_ticks
from rnnviz.plots.marks import Mark, area, line, note
from rnnviz.plots.style import FigureDict, figure, float32, frame, rgba, theme
from rnnviz.words import t, tn
from rnnviz.words.numbers import number

PATHS = 8
"""Forecast paths that are drawn beside the chosen one."""


@figure
def forecast(
    truth: pd.Series,
    answers: pd.DataFrame,
    *,
    read: int,
    name: str = "",
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
        What the series is called, if it has a name.
    at : int, optional
        The step whose path is drawn strongly, where there are several steps ahead; the last one.
    labels : sequence of str, optional
        What went in at each time step; written along the axis.
    where : str
        Sample, step: the quiet part of the title.
    """
    palette = theme(colours)
    blue = palette.negative
    ahead = [int(each) for each in answers.columns]
    shown = escape(name or t("value"))
    truth_at = np.asarray(truth.index, np.int32)
    data = [
        line(
            truth_at,
            float32(truth),
            palette.ink,
            2,
            name=t("the series"),
            hover=f"t = %{{x}}<br>{shown} %{{y:.5g}}",
            aside=t("the series"),
        )
    ]
    if len(ahead) == 1:
        made_for = np.asarray(answers.index, np.int32) + ahead[0]
        data += [
            line(
                (truth_at + ahead[0])[: len(made_for)],
                float32(truth.iloc[: len(made_for)]),
                palette.muted,
                1.2,
                "dot",
                name=t("the value just read, again"),
                hover=t("t = %{x}<br>read before: %{y:.5g}"),
            ),
            line(
                made_for,
                float32(answers.iloc[:, 0]),
                blue,
                2,
                name=tn("foretold {count} step before", "foretold {count} steps before", ahead[0]),
                marker={"size": 4, "color": blue},
                hover=t("t = %{x}<br>foretold %{y:.5g}"),
                aside=t("at t − {ahead}", ahead=ahead[0]),
            ),
        ]
    else:
        data += _paths(answers, ahead, min(at, read - 1) if at is not None else read - 1, blue)
    steps = int(truth_at[-1]) + 1
    error = _error(truth, answers, ahead)
    made = frame(
        t("{shown}: what came, and what was foretold", shown=shown),
        t(
            "Lines over {steps} time steps: {shown} as it was, and as the network foretold it "
            "{ahead} ahead; {where}.",
            steps=steps,
            shown=shown,
            ahead=_steps(ahead),
            where=escape(where),
        ),
        colours,
        note=f"{escape(where)}{error}",
        axes={
            "xaxis": {
                **time_ticks(labels, read),
                "time": True,
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
    above: dict[str, Any] = {"xref": "x", "yref": "paper"}
    unread, grey = (read - 0.5, steps - 0.5), rgba(palette.muted, 0.12)
    made["shapes"] = [area(unread, (0, 1), grey, layer="below", **above)]
    made["annotations"] = [
        note(t("not read"), steps - 0.6, 0.98, palette.muted, at="right top", **above)
    ]
    made["hovermode"] = "closest"
    return {"data": data, "layout": made}


def _paths(answers: pd.DataFrame, ahead: list[int], at: int, blue: str) -> list[Mark]:
    """Return the path foretold at one step, and some others faintly."""
    known = [int(step) for step in answers.index]
    others = known[:: max(1, len(known) // PATHS)]
    chosen = min(known, key=lambda step: abs(step - at))
    data: list[Mark] = []
    for step in [*(each for each in others if each != chosen), chosen]:
        main = step == chosen
        data.append(
            line(
                np.asarray([step + k for k in ahead], np.int32),
                float32(answers.loc[step]),
                blue if main else rgba(blue, 0.45),
                2.6 if main else 1.2,
                "solid" if main else "dot",
                mode="lines+markers" if main else "lines",
                marker={"size": 5, "color": blue},
                name=t("foretold at t = {step}", step=step)
                if main
                else t("foretold at other steps"),
                showlegend=main or step == others[0],
                hover=t("t = %{x}<br>foretold %{y:.5g}"),
                aside=t("at t = {step}", step=step),
            )
        )
    return data


def _error(truth: pd.Series, answers: pd.DataFrame, ahead: list[int]) -> str:
    """Say how far off the forecasts are on average, at the farthest step ahead."""
    far = answers.iloc[:, -1]
    came = truth.reindex(far.index + ahead[-1]).to_numpy()
    off = np.abs(came - far.to_numpy())
    if not np.isfinite(off).any():
        return ""
    return t(
        "; {steps} ahead off by {error} on average",
        steps=_steps(ahead[-1:]),
        error=number(float(np.nanmean(off)), 3),
    )


def _steps(ahead: list[int]) -> str:
    if len(ahead) > 1:
        return t("1 to {last} steps", last=ahead[-1])
    return tn("{count} step", "{count} steps", ahead[0])


def _range(truth: pd.Series) -> list[float]:
    """Return a range that stands still while the forecasts move: the series, and some room."""
    low, high = float(np.nanmin(truth)), float(np.nanmax(truth))
    room = 0.15 * (high - low) or 1.0
    return [low - room, high + room]
