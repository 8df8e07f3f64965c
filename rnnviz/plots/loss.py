"""Learning curves: the loss, the task's own metric, and what knowing nothing would score."""

from typing import Any

import numpy as np
import pandas as pd

from rnnviz.plots.arrangement import shown_step
from rnnviz.plots.marks import Mark, dots, line, note
from rnnviz.plots.style import FigureDict, Theme, figure, float32, frame, rgba, theme
from rnnviz.words import Words, t

MOST_POINTS = 600


@figure
def loss(
    metrics: pd.DataFrame,
    *,
    steps: int,
    baseline: float | None = None,
    baseline_text: str | Words = "",
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
    data = _curves(thin, checked, palette, f"%{{y:.1f}}{metric_unit}", metric_title)
    if len(kept):
        data += [_ring(kept, "validation_loss", "y", palette)]
        data += [_ring(kept, "validation_metric", "y2", palette)]

    def across(score: float, dash: str, hover: str, **more: Any) -> Mark:
        ends = np.asarray([0, steps], dtype=np.int32), float32([score, score])
        return line(*ends, palette.muted, 1.5, dash, hover=hover, showlegend=False, **more)

    if baseline is not None:
        data.append(across(baseline, "dash", f"{baseline_text} %{{y:.4f}}", name=t("baseline")))
    if best:
        data.append(across(best, "dot", t("best possible %{y:.4f}"), name=t("best possible")))
    if metric_baseline is not None:
        hover = f"{baseline_text} %{{y:.1f}} {metric_unit}"
        data.append(across(metric_baseline, "dash", hover, yaxis="y2"))
    seen = np.concatenate(
        [thin["loss"], checked["validation_loss"], [baseline or np.nan, best or np.nan]]
    )
    bottom, top = decades(seen[np.isfinite(seen) & (seen > 0)])
    alt = t(
        "Training and validation loss over {steps} steps, logarithmic, with the baseline "
        "{baseline_text}; below, {metric_title}.",
        steps=steps,
        baseline_text=baseline_text,
        metric_title=metric_title,
    )
    if len(kept):
        ringed = t("Step {restored}, whose weights are restored, is ringed.", restored=restored)
        alt = f"{alt} {ringed}"
    made = frame(
        t("Loss"),
        alt,
        colours,
        axes={
            "xaxis": {"title": t("training step"), "range": [0, steps], "anchor": "y2"},
            "yaxis": {
                "title": t("loss"),
                "type": "log",
                "range": [bottom, top],
                "domain": [0.44, 1],
                **log_ticks(bottom, top),
            },
            "yaxis2": {
                "title": metric_unit or metric_title,
                "range": [0, 103] if metric_unit == "%" else None,
                "domain": [0, 0.26],
                "nticks": 3,
                "anchor": "x",
            },
        },
    )
    named = of_level(baseline_text, baseline or 0, (bottom, top), palette, visible=bool(baseline))
    lowest = {"y": np.log10(best) if best else 0, "visible": bool(best)}
    below = note(metric_title, 0, 1, palette.muted, at="left bottom", xref="paper")
    made["annotations"] = [
        named,
        {**named, "text": t("best possible"), **lowest},
        {**below, "yref": "y2 domain"},
    ]
    if marked is not None:
        made["shapes"] = [shown_step(marked, palette)]
    made["hovermode"] = "closest"
    return {"data": data, "layout": made}


def _curves(
    thin: pd.DataFrame, checked: pd.DataFrame, palette: Theme, metric: str, metric_title: str
) -> list[Mark]:
    """Return the lines of training and validation loss, and of the validation's metric."""
    at, step = checked["step"].to_numpy(np.int32), t("step %{x}")
    return [
        line(
            thin["step"].to_numpy(np.int32),
            float32(thin["loss"]),
            rgba(palette.ink, 0.45),
            1.2,
            name=t("training"),
            hover=t("step %{x}<br>training loss %{y:.4f}"),
            showlegend=True,
        ),
        line(
            at,
            float32(checked["validation_loss"]),
            palette.ink,
            2.4,
            name=t("validation"),
            hover=t("step %{x}<br>validation loss %{y:.4f}"),
        ),
        line(
            at,
            float32(checked["validation_metric"]),
            palette.ink,
            2.4,
            hover=f"{step}<br>{metric}",
            aside=metric_title,
            yaxis="y2",
            showlegend=False,
        ),
    ]


def _ring(kept: pd.DataFrame, column: str, axis: str, palette: Theme) -> Mark:
    """Return the ring at the step whose weights early stopping has restored."""
    return dots(
        kept["step"].to_numpy(np.int32),
        float32(kept[column]),
        palette.ink,
        11,
        symbol="circle-open",
        edge=2.4,
        name=t("restored"),
        hover=t("step %{x}: the best, restored"),
        yaxis=axis,
        showlegend=axis == "y",
    )


def of_level(
    text: str | Words, value: float, ends: tuple[float, float], palette: Theme, **more: Any
) -> Mark:
    """Return the words at the right end of a level on a log axis of these ends."""
    y = float(np.log10(value)) if value else 0
    # under the line where above it is no room left below the title
    side = "top" if value and y > ends[0] + 0.8 * (ends[1] - ends[0]) else "bottom"
    paper = rgba(palette.paper, 0.7)
    return note(text, 1, y, palette.muted, at=f"right {side}", xref="paper", bgcolor=paper, **more)


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
