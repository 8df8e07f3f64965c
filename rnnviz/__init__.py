"""rnnviz: the inside of recurrent networks, live in the browser and from a notebook.

The pictures of your own model, in a notebook, take three lines::

    with rnnviz.record(model) as trace:
        loss_function(model(x), y).backward()
    rnnviz.plots.gates(trace.frame("lstm.l0", "forget_gate"))

and one more, ``rnnviz.show(trace)``, opens the app on them.

Names are imported when they are first used: ``import rnnviz`` alone does not wait for torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnnviz import analysis, export, plots
    from rnnviz.cells import CELLS
    from rnnviz.comparing import Comparison, compare, sweep
    from rnnviz.data import add_data
    from rnnviz.errors import RnnvizError
    from rnnviz.interventions import clamp
    from rnnviz.lightning import lightning_watch
    from rnnviz.plan import Plan
    from rnnviz.recording import record
    from rnnviz.settings import Settings
    from rnnviz.showing import show
    from rnnviz.tasks import TASKS
    from rnnviz.trace import Trace
    from rnnviz.training import train
    from rnnviz.watching import watch

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
    "CELLS": "cells",
    "Comparison": "comparing",
    "Plan": "plan",
    "RnnvizError": "errors",
    "Settings": "settings",
    "TASKS": "tasks",
    "Trace": "trace",
    "add_data": "data",
    "clamp": "interventions",
    "compare": "comparing",
    "lightning_watch": "lightning",
    "record": "recording",
    "show": "showing",
    "sweep": "comparing",
    "train": "training",
    "watch": "watching",
}


def __getattr__(name: str) -> object:
    """Import a public name from its module (PEP 562)."""
    if name in ("analysis", "export", "plots"):
        return import_module(f"rnnviz.{name}")
    if name in _HOMES:
        return getattr(import_module(f"rnnviz.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'rnnviz' has no attribute {name!r}")
