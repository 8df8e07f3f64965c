"""Learning curves: the loss, the task's own metric, and what knowing nothing would score."""

import numpy as np
import pandas as pd

from rnnviz.plots.style import FigureDict, figure, float32, frame, rgba, theme

MOST_POINTS = 600


@figure
def loss(
    metrics: pd.DataFrame,
    *,
    steps: int,
    baseline: float | None = None,
    baseline_text: str = "",
    best: float | None = None,
    metric_title: str = "",
    metric_unit: str = "",
    metric_baseline: float | None = None,
    marked: int | None = None,
    restored: int | None = None,
    colours: str = "light",
) -> FigureDict:
    """Draw loss (log axis) above and the task's metric below, over training steps.

    Parameters
    ----------
    metrics : DataFrame
        Columns `step`, `loss`, `validation_loss`, `metric`, `validation_metric`.
    steps : int
        Where the training axis ends: it stands still while the curve grows.
    baseline, metric_baseline : float
        What a network that has learned nothing scores; drawn as a dashed line.
    best : float
        The lowest loss that is possible, where it is not 0; drawn as a dotted line.
    marked : int
        The step that the other figures show, if it is not the newest.
    restored : int
        The step whose weights early stopping has put in the place of the last ones, whose
        validation is not known then; a ring stands there.
    """
    palette = theme(colours)
    thin = thinned(metrics)
    checked = metrics[metrics["validation_loss"].notna()]
    kept = checked[checked["step"] == restored]
    if len(kept):
        checked = checked[checked["step"] < checked["step"].max()]
    grey = {"color": palette.muted, "width": 1.5, "dash": "dash"}
    raw = {
        "type": "scatter",
        "mode": "lines",
        "x": thin["step"].to_numpy(np.int32),
        "showlegend": False,
    }
    dots = {
        "type": "scatter",
        "mode": "lines",
        "x": checked["step"].to_numpy(np.int32),
        "line": {"color": palette.ink, "width": 2.4},
    }
    end = np.asarray([0, steps], dtype=np.int32)
    data = [
        {
            **raw,
            "y": float32(thin["loss"]),
            "line": {"color": rgba(palette.ink, 0.45), "width": 1.2},
            "name": "training",
            "showlegend": True,
            "hovertemplate": "step %{x}<br>training loss %{y:.4f}<extra></extra>",
        },
        {
            **dots,
            "y": float32(checked["validation_loss"]),
            "name": "validation",
            "hovertemplate": "step %{x}<br>validation loss %{y:.4f}<extra></extra>",
        },
        {
            **dots,
            "y": float32(checked["validation_metric"]),
            "yaxis": "y2",
            "showlegend": False,
            "hovertemplate": f"step %{{x}}<br>%{{y:.1f}}{metric_unit}<extra>{metric_title}</extra>",
        },
    ]
    for column, axis in (("validation_loss", "y"), ("validation_metric", "y2")):
        if len(kept):
            data.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": "restored",
                    "x": kept["step"].to_numpy(np.int32),
                    "y": float32(kept[column]),
                    "yaxis": axis,
                    "showlegend": axis == "y",
                    "marker": {
                        "symbol": "circle-open", "size": 11, "color": palette.ink,
                        "line": {"width": 2.4},
                    },
                    "hovertemplate": "step %{x}: the best, restored<extra></extra>",
                }
            )  # fmt: skip
    if baseline is not None:
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": end,
                "y": float32([baseline, baseline]),
                "line": grey,
                "showlegend": False,
                "name": "baseline",
                "hovertemplate": f"{baseline_text} %{{y:.4f}}<extra></extra>",
            }
        )
    if best:
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": end,
                "y": float32([best, best]),
                "line": {**grey, "dash": "dot"},
                "showlegend": False,
                "name": "best possible",
                "hovertemplate": "best possible %{y:.4f}<extra></extra>",
            }
        )
    if metric_baseline is not None:
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": end,
                "y": float32([metric_baseline, metric_baseline]),
                "yaxis": "y2",
                "line": grey,
                "showlegend": False,
                "hovertemplate": f"{baseline_text} %{{y:.1f}} {metric_unit}<extra></extra>",
            }
        )
    seen = np.concatenate(
        [thin["loss"], checked["validation_loss"], [baseline or np.nan, best or np.nan]]
    )
    seen = seen[np.isfinite(seen) & (seen > 0)]
    bottom, top = decades(seen)
    unit = metric_unit or metric_title
    made = frame(
        "Loss",
        f"Training and validation loss over {steps} steps, logarithmic, with the baseline "
        f"{baseline_text}; below, {metric_title}."
        + (f" Step {restored}, whose weights are restored, is ringed." if len(kept) else ""),
        colours,
        axes={
            "xaxis": {"title": "training step", "range": [0, steps], "anchor": "y2"},
            "yaxis": {
                "title": "loss",
                "type": "log",
                "range": [bottom, top],
                "domain": [0.44, 1],
                **log_ticks(bottom, top),
            },
            "yaxis2": {
                "title": unit,
                "range": [0, 103] if metric_unit == "%" else None,
                "domain": [0, 0.26],
                "nticks": 3,
                "anchor": "x",
            },
        },
    )
    note = {
        "text": baseline_text,
        "xref": "paper",
        "x": 1,
        "xanchor": "right",
        "y": np.log10(baseline) if baseline else 0,
        # under the line where above it is no room left below the title
        "yanchor": "top"
        if baseline and np.log10(baseline) > bottom + 0.8 * (top - bottom)
        else "bottom",
        "showarrow": False,
        "visible": bool(baseline),
        "font": {"size": 12, "color": palette.muted},
        "bgcolor": rgba(palette.paper, 0.7),
    }
    made["annotations"] = [
        note,
        {
            **note,
            "text": "best possible",
            "y": np.log10(best) if best else 0,
            "visible": bool(best),
        },
        {
            "text": metric_title,
            "xref": "paper",
            "x": 0,
            "yref": "y2 domain",
            "y": 1,
            "xanchor": "left",
            "yanchor": "bottom",
            "showarrow": False,
            "font": {"size": 12, "color": palette.muted},
        },
    ]
    if marked is not None:
        line = {"color": palette.signal["cell_state"], "width": 2}
        made["shapes"] = [
            {
                "type": "line",
                "x0": marked,
                "x1": marked,
                "y0": 0,
                "y1": 1,
                "yref": "paper",
                "line": line,
            }
        ]
    made["hovermode"] = "closest"
    return {"data": data, "layout": made}


def decades(seen: np.ndarray) -> tuple[float, float]:
    """Return log10 limits in halves of a decade around the values, at least one decade apart."""
    if not seen.size:
        return -2.0, 0.0
    bottom = np.floor(2 * np.log10(seen.min())) / 2
    top = np.ceil(2 * np.log10(seen.max())) / 2
    return float(min(bottom, top - 1)), float(top)


def log_ticks(bottom: float, top: float) -> dict[str, object]:
    """Return axis settings for three to five ticks: 1, 2, 5 in each decade, or decades alone."""
    if top - bottom > 2:
        return {
            "dtick": max(1, round((top - bottom) / 3)),
            "exponentformat": "power",
            "minorloglabels": "none",
        }
    steps = (1, 2, 5) if top - bottom <= 1 else (1, 3)
    powers = range(int(np.floor(bottom)), int(np.ceil(top)) + 1)
    return {
        "tickmode": "array",
        "tickvals": [step * 10.0**power for power in powers for step in steps],
        "tickformat": "~g",
    }


def thinned(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return at most `MOST_POINTS` rows: means over equal stretches of steps, last row as it is."""
    if len(metrics) <= MOST_POINTS:
        return metrics
    stretch = -(-len(metrics) // MOST_POINTS)
    # stretches are counted from step 1, so a point once drawn does not move as the curve grows
    step, loss = metrics["step"].to_numpy(), metrics["loss"].to_numpy()
    starts = np.unique((step - 1) // stretch, return_index=True)[1]
    counts = np.diff(starts, append=len(step))
    columns = {"step": step, "loss": loss}
    return pd.DataFrame({name: np.add.reduceat(y, starts) / counts for name, y in columns.items()})
