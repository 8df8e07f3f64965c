"""Growth of the gradient before any training, over the gain, spectral radius or forget bias."""

from typing import Any

import numpy as np
import pandas as pd

from rnnviz.plots.arrangement import legend_below_title
from rnnviz.plots.marks import PAPER, dots, level, line, note
from rnnviz.plots.style import (
    CELL_DASH,
    CELL_TITLE,
    FigureDict,
    figure,
    float32,
    frame,
    rgba,
    theme,
)
from rnnviz.words import N_, t

AXES = {
    "gain": N_("gain g of the random weights, J<sub>ij</sub> ~ N(0, g²/N)"),
    "spectral_radius": N_("spectral radius of each recurrent matrix"),
    "forget_bias": N_("initial bias b of the forget gate"),
}
REFERENCES = {
    "gain": N_("ln of the spectral radius: no tanh"),
    "spectral_radius": N_("ln of the spectral radius: a linear RNN"),
    "forget_bias": N_("ln σ(b): forget gate alone"),
}


@figure
def initial_slopes(
    slopes: pd.DataFrame,
    theory: pd.DataFrame | None = None,
    *,
    reach: tuple[float, float] | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw how fast the gradient grows in untrained networks: a point each, a line by medians.

    Parameters
    ----------
    slopes : DataFrame
        As `analysis.initial_slopes` or `analysis.cell_slopes` gives it; several cells may be put
        together, over the same quantity.
    theory : DataFrame, optional
        Columns `gain` and `largest`, as `analysis.mean_field` gives it: a line of its own.
    reach : (float, float), optional
        Where the horizontal axis begins and ends; around what there is otherwise.
    where : str
        What was measured: the quiet part of the title.
    """
    palette = theme(colours)
    over = str(slopes["over"].iloc[0]) if len(slopes) else "gain"
    shown = slopes[np.isfinite(slopes["slope"])]
    reference = shown[np.isfinite(shown["reference"])].groupby("value")["reference"].median()
    data = [
        line(
            float32(reference.index),
            float32(reference),
            palette.muted,
            1.6,
            "dash",
            name=t(REFERENCES[over]),
            hover="%{x:.3g}: %{y:.3f}",
        )
    ]
    if theory is not None:
        data.append(
            line(
                float32(theory["gain"]),
                float32(theory["largest"]),
                rgba(palette.signal["cell_state"], 0.55),
                7,
                name=t("mean field, N → ∞"),
                hover=t("g = %{x:.3g}: %{y:.4f} for infinitely many units"),
            )
        )
    for cell, one in shown.groupby("cell", sort=False):
        named, colour = CELL_TITLE[str(cell)], palette.cell[str(cell)]
        middle = one.groupby("value")["slope"].median()
        common: dict[str, Any] = {
            "legendgroup": str(cell),
            "hover": t("{cell}, %{{x:.3g}}: %{{y:.3f}} a step", cell=named),
        }
        data.append(
            dots(
                float32(one["value"]),
                float32(one["slope"]),
                rgba(colour, 0.5),
                6,
                name=t("{cell}, each network", cell=named),
                showlegend=False,
                **common,
            )
        )
        dash = CELL_DASH[str(cell)]
        data.append(
            line(float32(middle.index), float32(middle), colour, 2.4, dash, name=named, **common)
        )
    low, high = limits(shown, theory)
    states = {"c" if cell == "lstm" else "h" for cell in shown["cell"]}
    state = t("state") if len(states) > 1 else f"{states.pop() if states else 'h'}<sub>t</sub>"
    title = t("How fast the gradient grows before any training")
    x_axis: dict[str, Any] = {"title": t(AXES[over]), "zeroline": False}
    if reach is not None:
        x_axis["range"] = list(reach)
    made = frame(
        title,
        t(
            "{title}: slope of the logarithm of the gradient's norm a step back in time, "
            "{networks} untrained networks; below 0 it fades, above 0 it explodes; {where}.",
            title=title,
            networks=len(shown),
            where=where,
        ),
        colours,
        note=where,
        axes={
            "xaxis": x_axis,
            "yaxis": {
                "title": t("log-growth of ‖∂L/∂{state}‖ per step back", state=state),
                "range": [low, high],
            },
        },
    )
    legend_below_title(made)
    made["shapes"] = [level(0, palette.ink, 1, layer="below")]
    made["annotations"] = [
        note(word, x, y, palette.muted, 13, at, xshift=shift, **PAPER)
        for word, x, y, at, shift in (
            (t("↑ above 0 it explodes"), 0, 1, "left top", 6),
            (t("↓ below 0 it fades"), 1, 0, "right bottom", -6),
        )
    ]
    return {"data": data, "layout": made}


def limits(slopes: pd.DataFrame, theory: pd.DataFrame | None) -> tuple[float, float]:
    """Return half-unit limits around all slopes and references, -1 to .5 at least."""
    known = [slopes["slope"], slopes["reference"]]
    if theory is not None:
        known.append(theory["largest"])
    values = np.concatenate([np.asarray(each, float) for each in known])
    values = values[np.isfinite(values)]
    low, high = min(values, default=0.0), max(values, default=0.0)
    return (
        min(-1.0, float(np.floor(2 * low - 0.1) / 2)),
        max(0.5, float(np.ceil(2 * high + 0.1) / 2)),
    )
