"""Learning curves of a run, beside what a network scores that has learned nothing."""

import pandas as pd

from rnnviz.plots import loss
from rnnviz.store.states import State
from rnnviz.views.look import Look, View, networks
from rnnviz.views.messages import FigureMessage
from rnnviz.views.scene import Scene
from rnnviz.words import N_, t


def show_loss(scene: Scene) -> FigureMessage:
    """Learning curves of the run."""
    task, choice = scene.task, scene.choice
    metrics = scene.gallery.metrics(scene.run.id if scene.run else None)
    figure = loss.spec(
        metrics,
        steps=scene.settings.steps,
        baseline=task.baseline.loss,
        baseline_text=str(task.baseline.text),
        best=task.best,
        metric_title=t(task.metric_title),
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
    if run is None or run.state != State.FINISHED or not run.settings.patience:
        return None
    checked = metrics.dropna(subset=["validation_loss"])
    if checked.empty:
        return None
    best = int(checked.loc[checked["validation_loss"].idxmin(), "step"])
    return best if best < run.step else None


LOOK = Look(
    "loss",
    "",
    N_("loss"),
    {"loss": View(show_loss, every_step=True, lecture=N_("loss over training"), packed=1)},
    fits=networks,
)
