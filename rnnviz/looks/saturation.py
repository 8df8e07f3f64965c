"""How often each unit's gates are shut and open, and which units are in trouble."""

from rnnviz import analysis, plots
from rnnviz.views import controls as ask
from rnnviz.views.controls import Asking
from rnnviz.views.look import Look, View
from rnnviz.views.messages import FigureMessage
from rnnviz.views.of_layer import where
from rnnviz.views.scene import Scene
from rnnviz.views.subject import Subject
from rnnviz.words import N_, t


def show_saturation(scene: Scene) -> FigureMessage:
    """How often each unit's gates are shut and open, and which units are in trouble."""
    figure = plots.saturation.spec(
        analysis.saturation(scene.trace, scene.layer),
        analysis.troubled_units(scene.trace, scene.layer),
        symbols=scene.symbols,
        where=where(scene),
        colours=scene.choice.theme,
    )
    return {"figure": figure}


def controls(subject: Subject) -> Asking:
    """Ask for the layer alone."""
    asked = yield from ask.layer(subject)
    yield ask.Note(t("A point is a unit. After Karpathy, Johnson and Fei-Fei, 2015."))
    return asked


LOOK = Look(
    "saturation",
    "gates",
    N_("saturation"),
    {"saturation": View(show_saturation, lecture=N_("saturation of the gates"), packed=6)},
    controls,
    place=30,
)
