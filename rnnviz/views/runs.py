"""The view of the Runs page: the learning curves of the runs that are picked."""

from typing import Any

from rnnviz.cells import CELLS
from rnnviz.plots import run_losses
from rnnviz.runs import Run
from rnnviz.tasks import TASKS
from rnnviz.views.scene import Scene

MOST = 8
"""Runs that are drawn over each other."""


def show_losses(scene: Scene) -> dict[str, Any]:
    """Learning curves of a run and of those that are asked for beside it (`beside`)."""
    runs = [scene.run] if scene.run else []
    for id in filter(None, scene.choice.text("beside").split(",")[: MOST - 1]):
        runs.append(scene.gallery.store.get(id))
    named = [(name_of(run), run.settings.cell, scene.gallery.metrics(run.id)) for run in runs]
    joints = {place: run.origin.step for place, run in enumerate(runs) if run.origin}
    return {"figure": run_losses.spec(named, joints=joints, colours=scene.choice.theme)}


def name_of(run: Run) -> str:
    """Return what to call a run: its name, or else what it learns with what, and its seed."""
    settings = run.settings
    title = f"{TASKS[settings.task].title}, {CELLS[settings.cell].title} {settings.hidden}"
    return run.name or f"{title}, seed {settings.seed}"
