"""How a run is doing, for the transport bar."""

import pandas as pd

from rnnviz.store.states import State
from rnnviz.views.look import Look, View, networks
from rnnviz.views.messages import Status, StatusMessage
from rnnviz.views.scene import Scene
from rnnviz.views.standing import NEW, NOT_YET, standing
from rnnviz.words import N_, t


def show_status(scene: Scene) -> StatusMessage:
    """How the run is doing, for the transport bar."""
    run = scene.run
    if run is None:
        new: Status = {
            **standing(NEW, t(NOT_YET)),
            "step": 0,
            "steps": scene.settings.steps,
            "checkpoints": [],
        }
        return {"status": new}
    metrics = scene.gallery.metrics(run.id)
    last = metrics.iloc[-1] if len(metrics) else None
    checked = metrics["validation_metric"].dropna()
    rate = speed(metrics) if run.state == State.RUNNING else None
    place = scene.gallery.store.queue.place(run.id) if run.state == State.QUEUED else None
    status: Status = {
        **standing(run.state, reason=run.reason, place=place),
        "step": run.step,
        "steps": run.settings.steps,
        "loss": None if last is None else float(last["loss"]),
        "metric": None if checked.empty else float(checked.iloc[-1]),
        "metric_title": t(scene.task.metric_title),
        "metric_unit": scene.task.metric_unit,
        "rate": rate,
        "left": None if not rate else (run.settings.steps - run.step) / rate,
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


LOOK = Look(
    "status", "", N_("status"), {"status": View(show_status, every_step=True)}, fits=networks
)
