"""The gradient of every gate and state through time, small."""

import numpy as np

from rnnviz.analysis import gradient_norms
from rnnviz.plots import gradients
from rnnviz.views.look import Look, View, networks
from rnnviz.views.messages import FigureMessage
from rnnviz.views.recorded_flow import flow_of
from rnnviz.views.say import together
from rnnviz.views.scene import Scene
from rnnviz.words import N_, t


def show_gradients(scene: Scene) -> FigureMessage:
    """Norm of the gradient at every time step, for every gate and state of a layer."""
    of = t("last answer") if scene.loss == "last" else t("all answers")
    norms = gradient_norms(scene.trace, scene.layer)
    size = norms.loc[norms["signal"] == "hidden_state", "norm"]
    if norms["infinite"].any() or not (np.isfinite(size) & (size > 0)).all():
        # too small or too large for float32, whose numbers end at 1e-45 and 1e38
        norms = gradient_norms(
            flow_of(scene).trace_of("last" if scene.loss == "last" else "all"), scene.layer
        )
    figure = gradients.spec(
        norms,
        symbols=scene.symbols,
        where=together(of, scene.place, scene.when),
        colours=scene.choice.theme,
    )
    return {"figure": figure}


LOOK = Look(
    "gradients",
    "",
    N_("gradients"),
    {"gradients": View(show_gradients, lecture=N_("gradient norms, every gate"))},
    fits=networks,
)
