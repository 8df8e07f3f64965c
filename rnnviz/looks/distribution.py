"""How the values of each signal are spread."""

from typing import Any

from rnnviz import analysis, plots
from rnnviz.looks.signals import inner
from rnnviz.views import controls as ask
from rnnviz.views.controls import Asking
from rnnviz.views.look import Look, View
from rnnviz.views.messages import FigureMessage
from rnnviz.views.of_layer import same_labels, where
from rnnviz.views.say import samples
from rnnviz.views.scene import Scene
from rnnviz.views.subject import Subject
from rnnviz.words import N_, t


def show_distribution(scene: Scene) -> FigureMessage:
    """How the values of each signal are spread, over everything or at each time step."""
    before = scene.choice.word("values", ("after", "before"), "after") == "before"
    through_time = scene.choice.word("form", ("all", "time"), "all") == "time"
    trace = inner(scene) if before else scene.trace
    shares = analysis.distributions(trace, scene.layer, through_time=through_time, before=before)
    common: dict[str, Any] = {
        "symbols": scene.symbols,
        "before": before,
        "where": where(scene, samples(trace.value(scene.layer, "input").shape[1])),
        "colours": scene.choice.theme,
    }
    if through_time:
        same = same_labels(scene.trace)
        return {"figure": plots.distributions_through_time.spec(shares, labels=same, **common)}
    return {"figure": plots.distributions.spec(shares, **common)}


def controls(subject: Subject) -> Asking:
    """Ask for over everything or at each time step; before or after the nonlinearity."""
    forms = {"all": t("over everything"), "time": t("at each time step")}
    asked = {"form": (yield ask.Segment("spread", t("Spread"), forms, "all"))}
    asked |= yield from ask.before_or_after()
    return asked | (yield from ask.layer(subject))


LOOK = Look(
    "distribution",
    "gates",
    N_("distribution"),
    {"distribution": View(show_distribution, lecture=N_("how values are spread"), packed=5)},
    controls,
    place=20,
)
