"""A changed run over the unchanged one: gradients, states, answers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from rnnviz.plots.gates import time_ticks
from rnnviz.plots.style import (
    NAME,
    SYMBOL,
    FigureDict,
    Theme,
    figure,
    float32,
    frame,
    ordinal,
    rgba,
    theme,
)

MOST_DECADES = 24
RUNS = {"unchanged": "dash", "changed": "solid"}
"""Which run -> how its lines are dashed; the later is drawn on top."""
GATE_DASH = {
    "input_gate": "dot",
    "candidate": "dashdot",
    "output_gate": "dash",
    "reset_gate": "dash",
    "input": "longdash",
}


@figure
def whatif_gradient(
    norms: pd.DataFrame,
    *,
    symbols: Mapping[str, str] = SYMBOL,
    labels: Sequence[str | None] | None = None,
    of: str = "the loss",
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw the gradient norm of the states over time, on a log axis, of both runs.

    Parameters
    ----------
    norms : DataFrame
        Columns `run` ("changed" or "unchanged"), `signal`, `time`, `norm`.
    symbols : mapping
        Signal -> its letter in the cell's equations.
    labels : sequence of str, optional
        What went in at each time step; written along the axis.
    of : str
        What the loss is about.
    where : str
        Layer and samples: the quiet part of the title.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    steps = int(norms["time"].max()) + 1
    data = []
    for run in RUNS:
        for signal in norms["signal"].unique():
            one = norms[(norms["run"] == run) & (norms["signal"] == signal)]
            if not len(one):
                continue
            norm, symbol = one["norm"].to_numpy(), symbols[signal]
            data.append(
                {
                    **line(run, signal, palette),
                    "name": f"{symbol}<sub>t</sub> {run}",
                    "x": one["time"].to_numpy(np.int32),
                    "y": float32(np.where(norm > 0, norm, np.nan)),
                    "hovertemplate": f"t = %{{x}}<br>‖∂L/∂{symbol}<sub>t</sub>‖ = %{{y:.2e}}"
                    f"<extra>{run}</extra>",
                }
            )
    bottom, top = decades(norms["norm"].to_numpy(), 4)
    names = " and ".join(NAME[signal] for signal in norms["signal"].unique())
    made = frame(
        "Gradient through time",
        f"Norm of the gradient with respect to {names} over {steps} time steps, the changed run "
        f"over the unchanged one, logarithmic from 1e{bottom:.0f} to 1e{top:.0f}; "
        f"of {of}, {where}.",
        colours,
        note=where,
        axes={
            "xaxis": {**few_labels(labels, steps), "title": "time step t"},
            "yaxis": {**powers(bottom, top), "title": "gradient norm ‖∂L/∂·<sub>t</sub>‖"},
        },
    )
    return {"data": data, "layout": finished(made)}


@figure
def whatif_states(
    apart: pd.DataFrame,
    *,
    symbols: Mapping[str, str] = SYMBOL,
    labels: Sequence[str | None] | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw how far each signal is from the unchanged run, over time, on a log axis.

    Parameters
    ----------
    apart : DataFrame
        As `analysis.differences` gives it.
    symbols, labels, where, colours
        As for `whatif_gradient`.
    """
    palette = theme(colours)
    steps = int(apart["time"].max()) + 1
    data = []
    for signal in apart["signal"].unique():
        one = apart[apart["signal"] == signal]
        difference, symbol = one["difference"].to_numpy(), symbols[signal]
        if not (difference > 0).any():
            continue  # nothing of it has changed, as mostly of the input
        state = signal in ("cell_state", "hidden_state")
        made_line = line("changed", signal, palette, state)
        data.append(
            {
                **made_line,
                "line": {**made_line["line"], "dash": GATE_DASH.get(signal, "solid")},
                "name": f"{symbol}<sub>t</sub> {NAME[signal]}",
                "x": one["time"].to_numpy(np.int32),
                "y": float32(np.where(difference > 0, difference, np.nan)),
                "hovertemplate": f"t = %{{x}}<br>|Δ{symbol}<sub>t</sub>| = %{{y:.3g}}"
                "<extra></extra>",
            }
        )
    bottom, top = decades(apart["difference"].to_numpy(), 3, most=7)
    made = frame(
        "What differs",
        f"Mean absolute difference of each signal to the unchanged run over {steps} time steps, "
        f"logarithmic from 1e{bottom:.0f} to 1e{top:.0f}; {where}.",
        colours,
        note=where,
        axes={
            "xaxis": {**few_labels(labels, steps), "title": "time step t"},
            "yaxis": {**powers(bottom, top), "title": "mean |difference|"},
        },
    )
    return {"data": data or nothing(steps), "layout": finished(made)}


@figure
def whatif_units(
    apart: pd.DataFrame,
    signal: str,
    *,
    symbols: Mapping[str, str] = SYMBOL,
    labels: Sequence[str | None] | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw the difference of one signal to the unchanged run, units x time.

    Parameters
    ----------
    apart : DataFrame
        Index time, a column a unit: changed minus unchanged.
    signal : str
    symbols, labels, where, colours
        As for `whatif_gradient`.
    """
    palette, symbol = theme(colours), symbols[signal]
    steps, units = apart.shape
    thin = -(-units // 256)
    z = float32(apart.to_numpy()[:, ::thin].T)
    largest = float(np.abs(z[np.isfinite(z)]).max(initial=0.0))
    # powers of ten and their halves: the scale stands while the difference moves
    reach = next(
        (r for p in range(-6, 9) for r in (10.0**p / 2, 10.0**p) if r >= largest),
        max(largest, 1e-6),
    )
    made = frame(
        f"Change of the {NAME[signal]} {symbol}<sub>t</sub>",
        f"Heatmap of the {NAME[signal]} minus that of the unchanged run: {units} units by {steps} "
        f"time steps, from -{reach:g} to {reach:g}; {where}.",
        colours,
        note=where + (f", every {ordinal(thin)} unit" if thin > 1 else ""),
        axes={
            "xaxis": {**few_labels(labels, steps), "title": "time step t", "showgrid": False},
            "yaxis": {
                "title": "unit",
                "autorange": "reversed",
                "showgrid": False,
                "ticks": "",
                "nticks": 8,
            },
        },
    )
    made["margin"] = {**made["margin"], "r": 60}
    data = {
        "type": "heatmap",
        "z": z,
        "x": np.arange(steps, dtype=np.int32),
        "y": np.arange(0, units, thin, dtype=np.int32),
        "zmin": -reach,
        "zmax": reach,
        "colorscale": [[0.0, palette.negative], [0.5, palette.paper], [1.0, palette.positive]],
        "colorbar": {
            "thickness": 10,
            "len": 1,
            "outlinewidth": 0,
            "tickvals": [-reach, 0, reach],
            "tickfont": {"size": 12, "color": palette.muted},
            "ticks": "",
            "x": 1.005,
            "xpad": 4,
        },
        "hovertemplate": f"t = %{{x}}, unit %{{y}}<br>Δ{symbol} = %{{z:.3g}}<extra></extra>",
    }
    return {"data": [data], "layout": made}


@figure
def whatif_output(
    answers: pd.DataFrame,
    *,
    quantity: str,
    labels: Sequence[str | None] | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw what the network answers at each step, the changed run over the unchanged one.

    Parameters
    ----------
    answers : DataFrame
        Columns `run` ("changed" or "unchanged"), `time`, `answer` (a number, or the probability of
        the right class) and `right` (the answer that is asked for, NaN where none is).
    quantity : str
        "number" or "probability".
    labels, where, colours
        As for `whatif_gradient`.
    """
    palette = theme(colours)
    steps = int(answers["time"].max()) + 1
    numbers = quantity == "number"
    words = "answer" if numbers else "P(right)"
    rights = [each["right"].to_numpy() for _, each in answers.groupby("run")]
    same = len(rights) == 2 and np.array_equal(rights[0], rights[1], equal_nan=True)
    data: list[dict[str, Any]] = []
    for run in RUNS:
        one = answers[answers["run"] == run]
        if not len(one):
            continue
        time = one["time"].to_numpy(np.int32)
        data.append(
            {
                **line(run, "hidden_state", palette),
                "name": run,
                "x": time,
                "y": float32(one["answer"]),
                "hovertemplate": f"t = %{{x}}<br>{words} = %{{y:.4g}}<extra>{run}</extra>",
            }
        )
        asked = one["right"].notna().to_numpy()
        if numbers and asked.any() and not (same and run == "changed"):
            data.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": "right" if same else f"right, {run}",
                    "x": time[asked],
                    "y": float32(one["right"].to_numpy()[asked]),
                    "marker": {
                        "symbol": "circle-open" if run == "unchanged" else "x-thin",
                        "size": 12,
                        "color": palette.positive,
                        "line": {"width": 2, "color": palette.positive},
                    },
                    "cliponaxis": False,
                    "hovertemplate": f"right answer %{{y:.4g}}<extra>{run}</extra>",
                }
            )
    made = frame(
        "The network's answer" if numbers else "P(right answer)",
        f"{words} at each of {steps} time steps, the changed run over the unchanged one; {where}.",
        colours,
        note=where,
        axes={
            "xaxis": {**few_labels(labels, steps), "title": "time step t"},
            "yaxis": {"title": words, "range": reach_of(answers) if numbers else [-0.03, 1.03]},
        },
    )
    return {"data": data, "layout": finished(made)}


def line(run: str, signal: str, palette: Theme, strong: bool = True) -> dict[str, Any]:
    """Return the looks of a line of a run: the changed one full, the other thin and dashed."""
    colour, changed = palette.signal[signal], run == "changed"
    return {
        "type": "scatter",
        "mode": "lines",
        "line": {
            "color": colour if changed else rgba(colour, 0.75),
            "width": (2.8 if strong else 1.6) if changed else 1.6,
            "dash": RUNS[run],
        },
    }


def nothing(steps: int) -> list[dict[str, Any]]:
    """Return a line without points, so that an empty figure has its axes."""
    x = np.asarray([0, steps - 1], dtype=np.int32)
    return [{"type": "scatter", "mode": "lines", "x": x, "y": float32([np.nan, np.nan])}]


def decades(values: np.ndarray, least: int, most: int = MOST_DECADES) -> tuple[float, float]:
    """Return log10 limits in whole decades, so that an axis stands still while values move."""
    seen = values[np.isfinite(values) & (values > 0)]
    if not seen.size:
        return -float(least), 0.0
    top = float(np.ceil(np.log10(seen.max())))
    bottom = float(np.floor(np.log10(seen.min())))
    return max(min(bottom, top - least), top - most), top


def powers(bottom: float, top: float) -> dict[str, Any]:
    """Return the settings of a log axis with a few whole powers of ten."""
    return {
        "type": "log",
        "range": [bottom, top],
        "exponentformat": "power",
        "minorloglabels": "none",
        "dtick": max(1, round((top - bottom) / 5)),
    }


def reach_of(answers: pd.DataFrame) -> list[float]:
    """Return limits in whole numbers around all answers, with a margin."""
    values = answers[["answer", "right"]].to_numpy().ravel()
    values = values[np.isfinite(values)]
    low = float(np.floor(min(values.min(initial=0.0), 0.0)))
    high = float(np.ceil(max(values.max(initial=1.0), 1.0)))
    return [low - 0.04 * (high - low), high + 0.04 * (high - low)]


def finished(made: dict[str, Any]) -> dict[str, Any]:
    """Put the legend below the axis, where it covers nothing, and compare at one time."""
    made["hovermode"] = "x"
    made["margin"] = {**made["margin"], "b": 84}
    made["title"] = {**made["title"], "xref": "container"}  # room for the note where it is narrow
    made["legend"] |= {
        "x": 0,
        "xanchor": "left",
        "y": 0,
        "yref": "container",
        "yanchor": "bottom",
    }
    return made


def few_labels(labels: Sequence[str | None] | None, steps: int) -> dict[str, object]:
    """Write what went in under the axis where a narrow figure has room for it."""
    longest = max((len(label or "") for label in labels or ()), default=0)
    return time_ticks(labels if steps <= (30 if longest <= 2 else 16) else None, steps)
