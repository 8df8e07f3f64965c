"""The gradient through time: how much of it reaches each earlier step."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from rnnviz.plots.arrangement import legend_beside, time_axis
from rnnviz.plots.logarithms import decades, log_axis, positive
from rnnviz.plots.marks import PAPER, Mark, band, line, note
from rnnviz.plots.style import SYMBOL, FigureDict, Theme, figure, frame, name_of, rgba, theme
from rnnviz.words import t
from rnnviz.words.numbers import number, ten

STATES = ("hidden_state", "cell_state")


@figure
def gradients(
    norms: pd.DataFrame,
    *,
    symbols: Mapping[str, str] = SYMBOL,
    fits: pd.DataFrame | None = None,
    predicted: pd.DataFrame | None = None,
    inputs: bool = False,
    before: bool = False,
    one_unit: int | None = None,
    labels: Sequence[str | None] | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw the norm of dL/d(signal) over time on a log axis, one line a signal.

    Parameters
    ----------
    norms : DataFrame
        As `analysis.gradient_norms` gives it.
    symbols : mapping
        Signal -> its letter in the cell's equations.
    fits : DataFrame, optional
        As `analysis.decay` gives it; drawn as thin straight lines.
    predicted : DataFrame, optional
        As `analysis.predicted_norms` gives it; drawn dashed.
    inputs : bool
        Whether to draw the input, too.
    before : bool
        Whether the norms are those of pre-activations.
    one_unit : int, optional
        Of which unit alone the norms are.
    labels : sequence of str, optional
        What went in at each time step; written along the axis.
    where : str
        Which loss, layer, step: the quiet part of the title.
    colours : str
        "light" or "dark".
    """
    palette = theme(colours)
    lines = {str(name): one for name, one in norms.groupby("signal", sort=False, observed=True)}
    signals = [name for name in lines if inputs or name != "input"]
    steps = int(norms["time"].max()) + 1
    data: list[Mark] = []
    bottom, top = decades([lines[name]["norm"] for name in signals])
    bottom = min(bottom, -4.0)
    if predicted is not None:
        data.append(expected(predicted, palette))
    for name in sorted(signals, key=lambda each: each in STATES):
        one = lines[name]
        colour, state = palette.signal[name], name in STATES
        symbol = symbols[name]
        if before and not (name in STATES and len(lines) > 2) and name != "input":
            symbol = f"a<sub>{symbol}</sub>"
        size = f"|∂L/∂{symbol}<sub>t</sub>|" if one_unit is not None else norm_of(symbol)
        at = one["time"].to_numpy(np.int32)
        if name == "hidden_state":
            data += band(at, positive(one["low"]), positive(one["high"]), rgba(colour, 0.12))
        data.append(
            line(
                at,
                positive(one["norm"]),
                colour,
                2.6 if state else 1.4,
                "dash" if name == "input" else "solid" if state else "dot",
                name=f"{symbol}<sub>t</sub> {name_of(name)}",
                hover=f"{size} = %{{y:.2e}}",
            )
        )
    if fits is not None:
        data += [straight(row, palette.ink) for row in fits.itertuples() if row.slope == row.slope]
    made = frame(
        t("Gradient through time"),
        t(
            "Norm of the gradient of the loss with respect to each signal over {steps} time steps, "
            "logarithmic, from {bottom} to {top}; {where}.",
            steps=steps,
            bottom=ten(bottom),
            top=ten(top),
            where=where,
        ),
        colours,
        note=where,
        axes={
            "xaxis": {**time_axis(labels, steps), "time": True},
            "yaxis": log_axis(
                bottom,
                top,
                title=t("gradient norm ‖∂L/∂·<sub>t</sub>‖")
                if one_unit is None
                else t("gradient |∂L/∂·|"),
            ),
        },
    )
    made["hovermode"] = "x"
    legend_beside(made, maxheight=400)
    made["margin"] = {**made["margin"], "r": 8}
    made["annotations"] = zeros(lines.get("hidden_state"), palette)
    return {"data": data, "layout": made}


def norm_of(symbol: str) -> str:
    """Write the norm of the gradient of a signal."""
    return f"‖∂L/∂{symbol}<sub>t</sub>‖"


def expected(predicted: pd.DataFrame, palette: Theme) -> Mark:
    """Return the line of what gates or weights alone predict."""
    signal, kind = predicted["signal"].iloc[0], predicted["kind"].iloc[0]
    name = t("upper bound (γ σ<sub>max</sub>)<sup>k</sup>")
    if kind == "path":
        name = t("by {gate} alone", gate="f" if signal == "cell_state" else "z")
    return line(
        predicted["time"].to_numpy(np.int32),
        positive(predicted["norm"]),
        palette.signal[signal],
        1.8,
        "longdash",
        name=name,
        hover=f"{name}: %{{y:.2e}}",
    )


def straight(fit: Any, colour: str) -> Mark:
    """Return the fitted line of one signal."""
    ends = np.array([fit.first, fit.last])
    with np.errstate(over="ignore", under="ignore"):
        level = np.exp(fit.level + fit.slope * (fit.last - ends))
    sign = "" if fit.slope < 0 else "+"
    name = f"e<sup>{sign}{number(fit.slope, 3)} (T−t)</sup>"
    return line(ends, positive(level), rgba(colour, 0.55), 1.2, name=name, hoverinfo="skip")


def zeros(one: pd.DataFrame | None, palette: Theme) -> list[Mark]:
    """Return the words for where a gradient is exactly zero, which a log axis cannot show."""
    if one is None or not (one["norm"] == 0).any():
        return []
    at = one["time"][one["norm"] == 0]
    said = t("exactly 0 at t = {first}", first=at.min())
    if len(at) > 1:
        said = t(
            "exactly 0 at {steps} steps (t = {first} to {last})",
            steps=len(at),
            first=at.min(),
            last=at.max(),
        )
    return [note(said, 0.01, 0.02, palette.wrong, 13, "left bottom", **PAPER)]
