"""The view of the Runs page: the learning curves of the runs that are picked."""

from rnnviz.networks.cells import CELLS
from rnnviz.plots import run_losses
from rnnviz.store.rows import Run
from rnnviz.tasks import TASKS
from rnnviz.views.look import Look, View, networks
from rnnviz.views.messages import FigureMessage
from rnnviz.views.scene import Scene
from rnnviz.words import N_, t

MOST = 8
"""Runs that are drawn over each other."""


def show_losses(scene: Scene) -> FigureMessage:
    """Learning curves of a run and of those that are asked for beside it (`beside`)."""
    runs = [scene.run] if scene.run else []
    for id in filter(None, scene.choice.text("beside").split(",")[: MOST - 1]):
        runs.append(scene.gallery.store.runs.get(id))
    named = [(name_of(run), run.settings.cell, scene.gallery.metrics(run.id)) for run in runs]
    joints = {place: run.origin.step for place, run in enumerate(runs) if run.origin}
    return {"figure": run_losses.spec(named, joints=joints, colours=scene.choice.theme)}


def name_of(run: Run) -> str:
    """Return what to call a run: its name, or else what it learns with what, and its seed."""
    settings = run.settings
    return run.name or t(
        "{task}, {cell} {units}, seed {seed}",
        task=t(TASKS[settings.task].title),
        cell=CELLS[settings.cell].title,
        units=settings.hidden,
        seed=settings.seed,
    )


LOOK = Look(
    "curves",
    "",
    N_("learning curves"),
    {"run_losses": View(show_losses, every_step=True, rest=0.3)},
    fits=networks,
)
