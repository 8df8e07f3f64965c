"""The mean of a signal for every unit over training."""

import pandas as pd

from rnnviz import plots
from rnnviz.views import controls as ask
from rnnviz.views.controls import Asking
from rnnviz.views.history import mean_history
from rnnviz.views.look import Look, View
from rnnviz.views.messages import FigureMessage
from rnnviz.views.of_layer import ordering
from rnnviz.views.say import together
from rnnviz.views.scene import Scene
from rnnviz.views.subject import Subject
from rnnviz.words import N_, t


def show_history(scene: Scene) -> FigureMessage:
    """Mean of a signal for every unit at every kept checkpoint, or every recorded moment."""
    layer, signal = scene.layer, scene.signal
    signal = "hidden_state" if signal == "input" else signal
    means, whole = mean_history(scene, layer, signal)
    order, sorted_by = ordering(scene, signal)
    last = scene.checkpoints[-1] if scene.checkpoints else 1
    figure = plots.unit_history.spec(
        pd.DataFrame(means).T[order],
        signal,
        symbol=scene.symbols[signal],
        steps=scene.run.step if scene.run else last,
        marked=scene.choice.step,
        where=together(scene.place, sorted_by, "" if whole else t("more is being computed")),
        colours=scene.choice.theme,
    )
    return {"figure": figure, "unfinished": not whole}


def controls(subject: Subject) -> Asking:
    """Ask for signal, layer and order."""
    layer = yield from ask.layer(subject)
    asked = yield from ask.signal(subject, layer["layer"])
    return {**asked, **layer, **(yield from ask.order(subject, layer["layer"]))}


LOOK = Look(
    "training",
    "gates",
    N_("over training"),
    {
        "unit_history": View(
            show_history, over_training=True, rest=0.5, lecture=N_("units over training"), packed=8
        )
    },
    controls,
    place=50,
    changes=False,
    fits=lambda subject: subject.settings is not None or len(subject.checkpoints) > 1,
)
