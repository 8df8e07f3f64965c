"""The view of a task's examples: before training what is asked, then what the network answers."""

from dataclasses import asdict
from typing import Any

import torch

from rnnviz.analysis import examples, predictions
from rnnviz.plots import predictions as picture
from rnnviz.plots.style import counted
from rnnviz.tasks.base import PROBE_SIZE
from rnnviz.views.scene import Scene

WHOLE, HALF = 100, 48
"""Letters that have room side by side, on a whole screen and on half of one."""


def show_examples(scene: Scene) -> dict[str, Any]:
    """Show samples of the probe: what goes in, what should come out, and what does."""
    task, choice = scene.task, scene.choice
    half = choice.text("room") == "half"
    asked = {
        "first": choice.number("sample", 0, 0, PROBE_SIZE - 1),
        "wide": HALF if half else WHOLE,
        "cell": scene.settings.cell,
        "colours": choice.theme,
        **asdict(task.form),
    }
    if scene.run is None and not scene.changed:
        typed = choice.text("input")
        probe = scene.gallery.probe(scene.settings, typed) if typed else task.probe()
        return {
            "figure": picture.spec(examples(task, probe), where="" if half else task.title, **asked)
        }
    look = scene.look
    score = task.metric(torch.from_numpy(look.outputs), look.probe.batch)
    title = f"What comes out: {score:.0f} {task.metric_unit} {task.metric_title}"
    of = f"of {counted(len(look.probe.labels), 'sample')}, {scene.when}"
    return {"figure": picture.spec(predictions(look), title=title, where=of, **asked)}
