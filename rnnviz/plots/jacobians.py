"""What one step does to the state, and many in a row: singular values and spectral radius."""

import numpy as np
import pandas as pd

from rnnviz.plots.arrangement import legend_below_title
from rnnviz.plots.logarithms import decades, log_axis, positive
from rnnviz.plots.style import FigureDict, figure, frame, rgba, theme


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
    last = int(table.columns.max()) if table.shape[1] else 0
    time = table.index.to_numpy(np.int32)
    steps = int(time.max()) + 1 if len(time) else 1
    ranks = np.unique(np.linspace(0, last, min(last + 1, 24)).round().astype(int))
    ink = palette.signal["hidden_state"]
    strong = {last: rgba(ink, 0.7), 0: palette.heat[4]}
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": {0: "largest σ<sub>1</sub>", last: f"smallest σ<sub>{last + 1}</sub>"}.get(
                int(rank), f"σ<sub>{rank + 1}</sub>"
            ),
            "showlegend": bool(rank in (0, last)),
            "x": time,
            "y": positive(table[rank]),
            "line": {
                "color": strong.get(int(rank), rgba(ink, 0.28)),
                "dash": "dot" if rank == last and last else "solid",
                "width": 2.4 if rank in (0, last) else 1,
            },
            "hovertemplate": f"t = %{{x}}<br>σ<sub>{rank + 1}</sub> = %{{y:.3g}}<extra></extra>",
        }
        for rank in sorted(ranks, key=lambda each: each in (0, last))
    ]  # fmt: skip
    if radius is not None:
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": "spectral radius ρ",
                "x": radius["time"].to_numpy(np.int32),
                "y": positive(radius["radius"]),
                "line": {"color": palette.signal["cell_state"], "width": 2.2, "dash": "dot"},
                "hovertemplate": "t = %{x}<br>ρ = %{y:.3g}<extra></extra>",
            }
        )
    seen = [table.to_numpy(), [1.0, bound or 1.0]]
    bottom, top = decades(seen, least=2)
    made = frame(
        "What each step does to the state",
        f"Singular values of the Jacobian of each of {steps} steps, logarithmic, with its spectral "
        f"radius{' and the bound on the norm' if bound else ''}; {where}.",
        colours,
        note=where,
        axes={
            "xaxis": {"title": "time step t", "range": [-0.5, steps - 0.5]},
            "yaxis": log_axis(
                max(bottom, top - 10),
                top,
                title="singular values of ∂s<sub>t</sub>/∂s<sub>t−1</sub>",
            ),
        },
    )
    made["shapes"] = [_level(1.0, palette.muted, "solid")]
    made["annotations"] = []
    if bound:
        made["shapes"].append(_level(bound, palette.ink, "dash"))
        made["annotations"] = [
            {
                "text": f"bound γ σ<sub>max</sub>(W<sub>hh</sub>) = {bound:.3g}",
                "xref": "paper", "x": 0.99, "xanchor": "right",
                "y": float(np.log10(bound)), "yanchor": "bottom", "showarrow": False,
                "font": {"size": 13, "color": palette.ink},
                "bgcolor": rgba(palette.paper, 0.75),
            }
        ]  # fmt: skip
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
    lines = [
        ("largest: norm of J<sub>T</sub>…J<sub>t+1</sub>", lag, 10.0 ** np.clip(size, -320, 300),
         {"color": palette.heat[4], "width": 2.4}),
        ("measured gradient", measured["lag"].to_numpy(np.int32), measured["norm"].to_numpy(),
         {"color": palette.ink, "width": 2.4}),
    ]  # fmt: skip
    if bound:
        with np.errstate(over="ignore"):
            power = np.exp(np.minimum(lag * np.log(bound), 690.0))
        lines.append(("bound (γ σ<sub>max</sub>)<sup>k</sup>", lag, power,
                      {"color": palette.muted, "width": 1.8, "dash": "dash"}))  # fmt: skip
    data: list[dict[str, object]] = [
        {
            "type": "scatter", "mode": "lines", "name": name, "x": x, "y": positive(y),
            "line": line, "xaxis": "x2", "yaxis": "y2",
            "hovertemplate": f"%{{x}} steps back<br>{name}: %{{y:.2e}}<extra></extra>",
        }
        for name, x, y, line in lines
    ]  # fmt: skip
    data.insert(0, {
        "type": "bar", "x": 10.0**middle, "y": share / max(share.sum(), 1), "showlegend": False,
        "width": 10.0 ** edges[1:] - 10.0 ** edges[:-1],
        "marker": {"color": palette.heat[3]},
        "hovertemplate": "σ ≈ %{x:.2g}: %{y:.1%}<extra></extra>",
    })  # fmt: skip
    tops = [y for _, _, y, _ in lines[:2]]
    bottom, top = decades(tops, least=2)
    made = frame(
        "Many steps in a row",
        f"Histogram of all singular values; below, how much of a gradient the product of up to "
        f"{far} steps lets through at most, beside what was measured, logarithmic; {where}.",
        colours,
        note=where,
        axes={
            "xaxis": {
                "title": "singular value of one step", "type": "log", "range": [low, high],
                "exponentformat": "power", "minorloglabels": "none", "dtick": 1, "anchor": "y",
            },
            "yaxis": {"title": "share", "domain": [0.77, 1], "tickformat": ".0%", "nticks": 3},
            "xaxis2": {"title": "steps back k = T − t", "range": [0, far], "anchor": "y2"},
            "yaxis2": log_axis(bottom, top, title="size, 1 at T", domain=[0, 0.41], anchor="x2",
                               showgrid=True),
        },
    )  # fmt: skip
    legend_below_title(made)
    made["legend"]["y"] = 0.42
    one = {"type": "line", "x0": 1, "x1": 1, "y0": 0.77, "y1": 1, "xref": "x", "yref": "paper"}
    made["shapes"] = [{**one, "line": {"color": palette.muted, "width": 1}}]
    return {"data": data, "layout": made}


def _level(value: float, colour: str, dash: str) -> dict[str, object]:
    """Return a horizontal line over the whole picture."""
    return {
        "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": value, "y1": value,
        "line": {"color": colour, "width": 1.5, "dash": dash},
    }  # fmt: skip
