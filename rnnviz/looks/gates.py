"""One signal of one layer, large."""

from rnnviz.plots import gates
from rnnviz.views.look import Look, View
from rnnviz.views.messages import FigureMessage
from rnnviz.views.say import one_sample, together
from rnnviz.views.scene import Scene
from rnnviz.words import N_


def show_gates(scene: Scene) -> FigureMessage:
    """One signal of one layer of one sample of the probe."""
    trace, layer = scene.trace, scene.layer
    sample = scene.sample
    figure = gates.spec(
        trace.frame(layer, scene.signal, sample=sample),
        scene.signal,
        symbol=scene.symbols[scene.signal],
        labels=trace.labels[sample] if trace.labels else None,
        where=together(scene.place, one_sample(sample), scene.when),
        colours=scene.choice.theme,
    )
    return {"figure": figure}


LOOK = Look(
    "gates",
    "",
    N_("one signal"),
    {"gates": View(show_gates, lecture=N_("one signal, unit by unit"), packed=2)},
)
