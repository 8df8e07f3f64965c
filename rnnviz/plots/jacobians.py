"""What one step does to the state, and many in a row: singular values and spectral radius."""

from typing import Any

import numpy as np
import pandas as pd

from rnnviz.plots.arrangement import legend_below_title
from rnnviz.plots.logarithms import decades, log_axis, positive
from rnnviz.plots.marks import Mark, bars, level, line, note, segment
from rnnviz.plots.style import FigureDict, figure, frame, rgba, theme
from rnnviz.words import t
from rnnviz.words.numbers import number


@figure
def jacobians(
    values: pd.DataFrame,
    radius: pd.DataFrame | None = None,
    *,
    bound: float | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw the singular values of each step's Jacobian over time, with the spectral radius.

    Parameters
    ----------
    values : DataFrame
        Of one sample, as `analysis.singular_values` gives it.
    radius : DataFrame, optional
        As `analysis.spectral_radius` gives it.
    bound : float, optional
        What no singular value can exceed.
    """
    palette = theme(colours)
    table = values.pivot(index="time", columns="rank", values="value")
    last = int(table.columns.max()) if table.shape[1] else -1
    time = table.index.to_numpy(np.int32)
    steps = int(time.max()) + 1 if len(time) else 1
    ranks = np.unique(np.linspace(0, max(last, 0), min(last + 1, 24)).round().astype(int))
    ink = palette.signal["hidden_state"]
    strong = {last: rgba(ink, 0.7), 0: palette.heat[4]}
    named = {0: t("largest σ<sub>1</sub>"), last: t("smallest σ<sub>{last}</sub>", last=last + 1)}
    data = [
        line(
            time,
            positive(table[rank]),
            strong.get(int(rank), rgba(ink, 0.28)),
            2.4 if rank in (0, last) else 1,
            "dot" if rank == last and last else "solid",
            name=named.get(int(rank), f"σ<sub>{rank + 1}</sub>"),
            showlegend=bool(rank in (0, last)),
            hover=f"t = %{{x}}<br>σ<sub>{rank + 1}</sub> = %{{y:.3g}}",
        )
        for rank in sorted(ranks, key=lambda each: each in (0, last))
    ]
    if radius is not None:
        data.append(
            line(
                radius["time"].to_numpy(np.int32),
                positive(radius["radius"]),
                palette.signal["cell_state"],
                2.2,
                "dot",
                name=t("spectral radius ρ"),
                hover="t = %{x}<br>ρ = %{y:.3g}",
            )
        )
    seen = [table.to_numpy(), [1.0, bound or 1.0]]
    bottom, top = decades(seen, least=2)
    alt = t(
        "Singular values of the Jacobian of each of {steps} steps, logarithmic, with its spectral "
        "radius; {where}.",
        steps=steps,
        where=where,
    )
    if bound:
        alt = t(
            "Singular values of the Jacobian of each of {steps} steps, logarithmic, with its "
            "spectral radius and the bound on the norm; {where}.",
            steps=steps,
            where=where,
        )
    made = frame(
        t("What each step does to the state"),
        alt,
        colours,
        note=where,
        axes={
            "xaxis": {"time": True, "range": [-0.5, steps - 0.5]},
            "yaxis": log_axis(
                max(bottom, top - 10),
                top,
                title=t("singular values of ∂s<sub>t</sub>/∂s<sub>t−1</sub>"),
            ),
        },
    )
    made["shapes"] = [level(1.0, palette.muted, 1.5, "solid")]
    made["annotations"] = []
    if bound:
        made["shapes"].append(level(bound, palette.ink, 1.5, "dash"))
        made["annotations"] = [
            note(
                t("bound γ σ<sub>max</sub>(W<sub>hh</sub>) = {bound}", bound=number(bound, 3)),
                0.99,
                float(np.log10(bound)),
                palette.ink,
                13,
                "right bottom",
                xref="paper",
                bgcolor=rgba(palette.paper, 0.75),
            )
        ]
    legend_below_title(made)
    made["legend"]["traceorder"] = "reversed"
    return {"data": data, "layout": made}


@figure
def stretching(
    values: pd.DataFrame,
    products: pd.DataFrame,
    measured: pd.DataFrame,
    *,
    bound: float | None = None,
    where: str = "",
    colours: str = "light",
) -> FigureDict:
    """Draw the histogram of all singular values, and what the product of steps lets through.

    Parameters
    ----------
    values : DataFrame
        As `analysis.singular_values` gives it.
    products : DataFrame
        As `analysis.product_norms` gives it.
    measured : DataFrame
        Columns `lag` and `norm`: the gradient's norm over that at the last step.
    bound : float, optional
        What one step cannot exceed.
    """
    palette = theme(colours)
    seen = values["value"].to_numpy()
    seen = seen[seen > 0]
    logs = np.log10(seen) if seen.size else np.zeros(1)
    low, high = max(float(np.floor(logs.min())), -6.0), float(np.ceil(max(logs.max(), 0.1)))
    share, edges = np.histogram(np.clip(logs, low, high), bins=36, range=(low, high))
    middle = (edges[1:] + edges[:-1]) / 2
    lag = products["lag"].to_numpy(np.int32)
    size = products["log_norm"].to_numpy() / np.log(10)
    far = int(lag.max()) if len(lag) else 1
    largest, norm = 10.0 ** np.clip(size, -320, 300), measured["norm"].to_numpy()

    def below(name: str, x: np.ndarray, y: np.ndarray, *ink: Any) -> Mark:
        hover = t("%{{x}} steps back<br>{name}: %{{y:.2e}}", name=name)
        return line(x, positive(y), *ink, name=name, hover=hover, xaxis="x2", yaxis="y2")

    data = [
        bars(
            10.0**middle,
            share / max(share.sum(), 1),
            palette.heat[3],
            width=10.0 ** edges[1:] - 10.0 ** edges[:-1],
            hover="σ ≈ %{x:.2g}: %{y:.1%}",
            showlegend=False,
        ),
        below(
            t("largest: norm of J<sub>T</sub>…J<sub>t+1</sub>"), lag, largest, palette.heat[4], 2.4
        ),
        below(t("measured gradient"), measured["lag"].to_numpy(np.int32), norm, palette.ink, 2.4),
    ]
    if bound:
        with np.errstate(over="ignore"):
            power = np.exp(np.minimum(lag * np.log(bound), 690.0))
        name = t("bound (γ σ<sub>max</sub>)<sup>k</sup>")
        data.append(below(name, lag, power, palette.muted, 1.8, "dash"))
    bottom, top = decades([largest, norm], least=2)
    made = frame(
        t("Many steps in a row"),
        t(
            "Histogram of all singular values; below, how much of a gradient the product of up to "
            "{far} steps lets through at most, beside what was measured, logarithmic; {where}.",
            far=far, where=where,
        ),
        colours,
        note=where,
        axes={
            "xaxis": {
                "title": t("singular value of one step"), "type": "log", "range": [low, high],
                "exponentformat": "power", "minorloglabels": "none", "dtick": 1, "anchor": "y",
            },
            "yaxis": {"title": t("share"), "domain": [0.77, 1], "tickformat": ".0%", "nticks": 3},
            "xaxis2": {"title": t("steps back k = T − t"), "range": [0, far], "anchor": "y2"},
            "yaxis2": log_axis(bottom, top, title=t("size, 1 at T"), domain=[0, 0.41], anchor="x2",
                               showgrid=True),
        },
    )  # fmt: skip
    legend_below_title(made)
    made["legend"]["y"] = 0.42
    made["shapes"] = [segment((1, 0.77), (1, 1), palette.muted, 1, xref="x", yref="paper")]
    return {"data": data, "layout": made}
