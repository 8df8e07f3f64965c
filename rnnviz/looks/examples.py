"""The view of a task's examples: before training what is asked, then what the network answers."""

from dataclasses import asdict

import torch

from rnnviz.analysis import examples, predictions
from rnnviz.plots import predictions as picture
from rnnviz.tasks.base import PROBE_SIZE
from rnnviz.views.look import Look, View, networks
from rnnviz.views.messages import FigureMessage
from rnnviz.views.scene import Scene
from rnnviz.words import N_, t, tn
from rnnviz.words.numbers import number, percent

WHOLE, HALF = 100, 48
"""Letters that have room side by side, on a whole screen and on half of one."""


def show_examples(scene: Scene) -> FigureMessage:
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
            "figure": picture.spec(
                examples(task, probe), where="" if half else t(task.title), **asked
            )
        }
    look = scene.look
    score = task.metric(torch.from_numpy(look.outputs), look.probe.batch)
    title = t(
        "Answers: {score} {measure}",
        score=percent(score / 100) if score >= 0 else f"{number(score)} %",
        measure=t(task.metric_title),
    )
    count = len(look.probe.labels)
    of = tn("of {count:,} sample, {when}", "of {count:,} samples, {when}", count, when=scene.when)
    return {"figure": picture.spec(predictions(look), title=title, where=of, **asked)}


LOOK = Look("examples", "", N_("answers"), {"examples": View(show_examples)}, fits=networks)
