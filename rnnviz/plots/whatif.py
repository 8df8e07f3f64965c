"""A changed run over the unchanged one: gradients, states, answers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from rnnviz.plots.logarithms import decades, log_axis, positive
from rnnviz.plots.overlay import RUNS, few_labels, finished, line, nothing
from rnnviz.plots.style import (
    NAME,
    SYMBOL,
    FigureDict,
    figure,
    float32,
    frame,
    ordinal,
    theme,
)

MOST_DECADES = 24
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
            symbol = symbols[signal]
            data.append(
                {
                    **line(run, signal, palette),
                    "name": f"{symbol}<sub>t</sub> {run}",
                    "x": one["time"].to_numpy(np.int32),
                    "y": positive(one["norm"]),
                    "hovertemplate": f"t = %{{x}}<br>‖∂L/∂{symbol}<sub>t</sub>‖ = %{{y:.2e}}"
                    f"<extra>{run}</extra>",
                }
            )
    bottom, top = reaching(norms["norm"], 4)
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
            "yaxis": log_axis(bottom, top, title="gradient norm ‖∂L/∂·<sub>t</sub>‖"),
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
                "y": positive(difference),
                "hovertemplate": f"t = %{{x}}<br>|Δ{symbol}<sub>t</sub>| = %{{y:.3g}}"
                "<extra></extra>",
            }
        )
    bottom, top = reaching(apart["difference"], 3, most=7)
    made = frame(
        "What differs",
        f"Mean absolute difference of each signal to the unchanged run over {steps} time steps, "
        f"logarithmic from 1e{bottom:.0f} to 1e{top:.0f}; {where}.",
        colours,
        note=where,
        axes={
            "xaxis": {**few_labels(labels, steps), "title": "time step t"},
            "yaxis": log_axis(bottom, top, title="mean |difference|"),
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


def reaching(values: pd.Series, least: int, most: int = MOST_DECADES) -> tuple[float, float]:
    """Return log10 limits in whole decades, at most so many below the largest value."""
    bottom, top = decades([values], least)
    return max(bottom, top - most), top


def reach_of(answers: pd.DataFrame) -> list[float]:
    """Return limits in whole numbers around all answers, with a margin."""
    values = answers[["answer", "right"]].to_numpy().ravel()
    values = values[np.isfinite(values)]
    low = float(np.floor(min(values.min(initial=0.0), 0.0)))
    high = float(np.ceil(max(values.max(initial=1.0), 1.0)))
    return [low - 0.04 * (high - low), high + 0.04 * (high - low)]
