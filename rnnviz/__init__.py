"""rnnviz: the inside of recurrent networks, live in the browser and from a notebook.

The pictures of your own model, in a notebook, take three lines::

    with rnnviz.record(model) as trace:
        loss_function(model(x), y).backward()
    rnnviz.plots.gates(trace.frame("lstm.l0", "forget_gate"), "forget_gate")

and one more, ``rnnviz.show(trace)``, opens the app on them.

Names are imported when they are first used: ``import rnnviz`` alone does not wait for torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnnviz import analysis, export, plots
    from rnnviz.data import add_data
    from rnnviz.engine.compare import Comparison, compare, sweep
    from rnnviz.errors import RnnvizError
    from rnnviz.networks.cells import CELLS
    from rnnviz.notebook.lightning import lightning_watch
    from rnnviz.notebook.show import show
    from rnnviz.notebook.watch import watch
    from rnnviz.plan import Plan
    from rnnviz.recording.clamp import clamp
    from rnnviz.recording.record import record
    from rnnviz.recording.trace import Trace
    from rnnviz.settings import Settings
    from rnnviz.tasks import TASKS
    from rnnviz.training.training import train

__all__ = [
    "CELLS",
    "Comparison",
    "Plan",
    "RnnvizError",
    "Settings",
    "TASKS",
    "Trace",
    "add_data",
    "analysis",
    "clamp",
    "compare",
    "export",
    "lightning_watch",
    "plots",
    "record",
    "show",
    "sweep",
    "train",
    "watch",
]

_HOMES = {
    "CELLS": "networks.cells",
    "Comparison": "engine.compare",
    "Plan": "plan",
    "RnnvizError": "errors",
    "Settings": "settings",
    "TASKS": "tasks",
    "Trace": "recording.trace",
    "add_data": "data",
    "clamp": "recording.clamp",
    "compare": "engine.compare",
    "lightning_watch": "notebook.lightning",
    "record": "recording.record",
    "show": "notebook.show",
    "sweep": "engine.compare",
    "train": "training.training",
    "watch": "notebook.watch",
}


def __getattr__(name: str) -> object:
    """Import a public name from its module (PEP 562)."""
    if name in ("analysis", "export", "plots"):
        return import_module(f"rnnviz.{name}")
    if name in _HOMES:
        return getattr(import_module(f"rnnviz.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'rnnviz' has no attribute {name!r}")
