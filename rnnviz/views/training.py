"""The views of the Train page: learning curves, gates, gradients, and how the run is doing."""

from typing import Any

import numpy as np
import pandas as pd

from rnnviz.analysis import gradient_norms
from rnnviz.plots import gates, gradients, loss
from rnnviz.views.flow import Flow
from rnnviz.views.scene import Scene


def show_loss(scene: Scene) -> dict[str, Any]:
    """Learning curves of the run."""
    task, choice = scene.task, scene.choice
    metrics = scene.gallery.metrics(scene.run.id if scene.run else None)
    figure = loss.spec(
        metrics,
        steps=scene.settings.steps,
        baseline=task.baseline.loss,
        baseline_text=task.baseline.text,
        best=task.best,
        metric_title=task.metric_title,
        metric_unit=task.metric_unit,
        metric_baseline=task.baseline.metric,
        marked=choice.step,
        restored=restored(scene, metrics),
        colours=choice.theme,
    )
    return {"figure": figure}


def restored(scene: Scene, metrics: pd.DataFrame) -> int | None:
    """Return the step whose weights early stopping has restored, if they are not the last."""
    run = scene.run
    if run is None or run.state != "finished" or not run.settings.patience:
        return None
    checked = metrics.dropna(subset=["validation_loss"])
    if checked.empty:
        return None
    best = int(checked.loc[checked["validation_loss"].idxmin(), "step"])
    return best if best < run.step else None


def show_gates(scene: Scene) -> dict[str, Any]:
    """One signal of one layer of one sample of the probe."""
    trace, layer = scene.trace, scene.layer
    sample = scene.sample
    figure = gates.spec(
        trace.frame(layer, scene.signal, sample=sample),
        scene.signal,
        symbol=scene.symbols[scene.signal],
        labels=trace.labels[sample] if trace.labels else None,
        where=", ".join((scene.place, f"sample {sample + 1}", scene.when)),
        colours=scene.choice.theme,
    )
    return {"figure": figure}


def show_gradients(scene: Scene) -> dict[str, Any]:
    """Norm of the gradient at every time step, for every gate and state of a layer."""
    of = "last answer" if scene.loss == "last" else "all answers"
    norms = gradient_norms(scene.trace, scene.layer)
    size = norms.loc[norms["signal"] == "hidden_state", "norm"]
    if not (np.isfinite(size) & (size > 0)).all():
        # too small or too large for float32, whose numbers end at 1e-45 and 1e38
        norms = gradient_norms(
            Flow(scene).trace_of("last" if scene.loss == "last" else "all"), scene.layer
        )
    figure = gradients.spec(
        norms,
        symbols=scene.symbols,
        where=f"{of}, {scene.place}, {scene.when}",
        colours=scene.choice.theme,
    )
    return {"figure": figure}


def show_status(scene: Scene) -> dict[str, Any]:
    """How the run is doing, for the transport bar."""
    run = scene.run
    if run is None:
        new = {"state": "new", "step": 0, "steps": scene.settings.steps, "checkpoints": []}
        return {"status": new}
    metrics = scene.gallery.metrics(run.id)
    last = metrics.iloc[-1] if len(metrics) else None
    checked = metrics["validation_metric"].dropna()
    rate = speed(metrics) if run.state == "running" else None
    status = {
        "state": run.state,
        "reason": run.reason,
        "step": run.step,
        "steps": run.settings.steps,
        "loss": None if last is None else float(last["loss"]),
        "metric": None if checked.empty else float(checked.iloc[-1]),
        "metric_title": scene.task.metric_title,
        "metric_unit": scene.task.metric_unit,
        "rate": rate,
        "left": None if not rate else (run.settings.steps - run.step) / rate,
        "place": scene.gallery.store.place(run.id) if run.state == "queued" else None,
        "checkpoints": list(scene.checkpoints),
    }
    return {"status": status}


def speed(metrics: pd.DataFrame) -> float | None:
    """Return steps per second over the last stretch, from the clock in the metrics rows."""
    recent = metrics.iloc[-200:]
    if len(recent) < 2:
        return None
    seconds = float(recent["seconds"].iloc[-1] - recent["seconds"].iloc[0])
    return (len(recent) - 1) / seconds if seconds > 0 else None
