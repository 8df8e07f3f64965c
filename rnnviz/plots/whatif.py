"""A changed run over the unchanged one: gradients, states, answers."""

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np
import pandas as pd

from rnnviz.plots.gates import MOST_UNITS
from rnnviz.plots.logarithms import decades, log_axis, positive
from rnnviz.plots.marks import Mark, dots, heat, line
from rnnviz.plots.overlay import RUN_NAME, RUNS, few_labels, finished, nothing, of_run
from rnnviz.plots.panels import of_unit, whole_bar
from rnnviz.plots.style import (
    SYMBOL,
    FigureDict,
    figure,
    float32,
    frame,
    left_out,
    name_of,
    theme,
)
from rnnviz.words import t
from rnnviz.words.numbers import ten

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
    of: str = "",
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
        Of what the gradient is; of the loss if nothing is said.
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
                line(
                    one["time"].to_numpy(np.int32),
                    positive(one["norm"]),
                    *of_run(run, palette.signal[signal]),
                    name=f"{symbol}<sub>t</sub> {t(RUN_NAME[run])}",
                    hover=f"t = %{{x}}<br>‖∂L/∂{symbol}<sub>t</sub>‖ = %{{y:.2e}}",
                    aside=t(RUN_NAME[run]),
                )
            )
    bottom, top = reaching(norms["norm"], 4)
    signals = reduce(both, (name_of(signal) for signal in norms["signal"].unique()))
    made = frame(
        t("Gradient through time"),
        t(
            "Norm of the gradient with respect to {signals} over {steps} time steps, the changed "
            "run "
            "over the unchanged one, logarithmic from {bottom} to {top}; "
            "of {of}, {where}.",
            signals=signals,
            steps=steps,
            bottom=ten(bottom),
            top=ten(top),
            of=of or t("the loss"),
            where=where,
        ),
        colours,
        note=where,
        axes={
            "xaxis": {**few_labels(labels, steps), "time": True},
            "yaxis": log_axis(bottom, top, title=t("gradient norm ‖∂L/∂·<sub>t</sub>‖")),
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
        colour, width, _ = of_run("changed", palette.signal[signal], state)
        data.append(
            line(
                one["time"].to_numpy(np.int32),
                positive(difference),
                colour,
                width,
                GATE_DASH.get(signal, "solid"),
                name=f"{symbol}<sub>t</sub> {name_of(signal)}",
                hover=f"t = %{{x}}<br>|Δ{symbol}<sub>t</sub>| = %{{y:.3g}}",
            )
        )
    bottom, top = reaching(apart["difference"], 3, most=7)
    made = frame(
        t("What differs"),
        t(
            "Mean absolute difference of each signal to the unchanged run over {steps} time steps, "
            "logarithmic from {bottom} to {top}; {where}.",
            steps=steps,
            bottom=ten(bottom),
            top=ten(top),
            where=where,
        ),
        colours,
        note=where,
        axes={
            "xaxis": {**few_labels(labels, steps), "time": True},
            "yaxis": log_axis(bottom, top, title=t("mean |difference|")),
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
    thin = -(-units // MOST_UNITS)
    z = float32(apart.to_numpy()[:, ::thin].T)
    largest = float(np.abs(z[np.isfinite(z)]).max(initial=0.0))
    # powers of ten and their halves: the scale stands while the difference moves
    reach = next(
        (r for p in range(-6, 9) for r in (10.0**p / 2, 10.0**p) if r >= largest),
        max(largest, 1e-6),
    )
    made = frame(
        t("Change of the {signal} {symbol}<sub>t</sub>", signal=name_of(signal), symbol=symbol),
        t(
            "Heatmap of the {signal} minus that of the unchanged run: {units} units by {steps} "
            "time steps, from -{reach:g} to {reach:g}; {where}.",
            signal=name_of(signal),
            units=units,
            steps=steps,
            reach=reach,
            where=where,
        ),
        colours,
        note=where + left_out(thin),
        axes={
            "xaxis": {**few_labels(labels, steps), "time": True, "showgrid": False},
            "yaxis": {
                "title": t("unit"),
                "autorange": "reversed",
                "showgrid": False,
                "ticks": "",
                "nticks": 8,
            },
        },
    )
    made["margin"] = {**made["margin"], "r": 60}
    picture = heat(
        z,
        np.arange(steps, dtype=np.int32),
        np.arange(0, units, thin, dtype=np.int32),
        (-reach, reach),
        [[0.0, palette.negative], [0.5, palette.paper], [1.0, palette.positive]],
        hover=of_unit(f"Δ{symbol} = %{{z:.3g}}"),
        colorbar=whole_bar([-reach, 0, reach], palette),
    )
    return {"data": [picture], "layout": made}


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
    words = t("answer") if numbers else t("P(right)")
    rights = [each["right"].to_numpy() for _, each in answers.groupby("run")]
    same = len(rights) == 2 and np.array_equal(rights[0], rights[1], equal_nan=True)
    data: list[Mark] = []
    for run in RUNS:
        one = answers[answers["run"] == run]
        if not len(one):
            continue
        time = one["time"].to_numpy(np.int32)
        data.append(
            line(
                time,
                float32(one["answer"]),
                *of_run(run, palette.signal["hidden_state"]),
                name=t(RUN_NAME[run]),
                hover=f"t = %{{x}}<br>{words} = %{{y:.4g}}",
                aside=t(RUN_NAME[run]),
            )
        )
        asked = one["right"].notna().to_numpy()
        if numbers and asked.any() and not (same and run == "changed"):
            data.append(
                dots(
                    time[asked],
                    float32(one["right"].to_numpy()[asked]),
                    palette.positive,
                    12,
                    symbol="circle-open" if run == "unchanged" else "x-thin",
                    edge=2,
                    edge_colour=palette.positive,
                    name=t("right") if same else t("right, {run}", run=t(RUN_NAME[run])),
                    hover=t("right answer %{y:.4g}"),
                    aside=t(RUN_NAME[run]),
                    cliponaxis=False,
                )
            )
    made = frame(
        t("The network's answer") if numbers else t("P(right answer)"),
        t(
            "{words} at each of {steps} time steps, the changed run over the unchanged one; "
            "{where}.",
            words=words,
            steps=steps,
            where=where,
        ),
        colours,
        note=where,
        axes={
            "xaxis": {**few_labels(labels, steps), "time": True},
            "yaxis": {"title": words, "range": reach_of(answers) if numbers else [-0.03, 1.03]},
        },
    )
    return {"data": data, "layout": finished(made)}


def both(first: str, second: str) -> str:
    """Join two names."""
    return t("{first} and {second}", first=first, second=second)


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
