"""Weights of a layer: as a picture, histograms, norms over training, or eigenvalues."""

from typing import Any

import pandas as pd

from rnnviz import analysis, plots
from rnnviz.views import controls as ask
from rnnviz.views.controls import Asking
from rnnviz.views.history import measured
from rnnviz.views.look import Look, View
from rnnviz.views.messages import FigureMessage
from rnnviz.views.of_layer import small_enough, where
from rnnviz.views.say import together
from rnnviz.views.scene import Scene
from rnnviz.views.subject import Subject
from rnnviz.words import N_, t


def show_weights(scene: Scene) -> FigureMessage:
    """Weights of a layer: as a picture, histograms, norms over training, or eigenvalues."""
    forms = ("picture", "histogram", "norms", "eigenvalues")
    form = scene.choice.word("form", forms, "picture")
    layer = scene.layer
    common: dict[str, Any] = {"symbols": scene.symbols, "colours": scene.choice.theme}
    if form == "norms":
        found, whole = measured(
            scene, f"norms {layer}", lambda model: analysis.weight_norms(model, layer)
        )
        norms = pd.concat([each.assign(step=step) for step, each in found.items()])
        figure = plots.norm_history.spec(
            norms,
            steps=scene.run.step if scene.run else 1,
            marked=scene.choice.step,
            where=together(scene.place, "" if whole else t("more is being computed")),
            **common,
        )
        return {"figure": figure, "unfinished": not whole}
    model, place = scene.network(), where(scene)
    if form == "histogram":
        shares = analysis.weight_histograms(model, layer)
        return {"figure": plots.weight_histograms.spec(shares, where=place, **common)}
    if form == "eigenvalues":
        small_enough(scene)
        values = analysis.eigenvalues(model, layer)
        return {"figure": plots.eigenvalues.spec(values, where=place, **common)}
    blocks = analysis.weight_blocks(model, layer)
    return {
        "figure": plots.weights.spec(blocks, analysis.weight_reach(blocks), where=place, **common)
    }


def controls(subject: Subject) -> Asking:
    """Ask for the weights themselves, or what is measured of them."""
    forms = {
        "picture": t("picture"),
        "histogram": t("histogram"),
        "eigenvalues": t("eigenvalues"),
    }
    if subject.settings is not None:
        forms["norms"] = t("norms over training")
    asked = {"form": (yield ask.Segment("of", t("Of the weights"), forms, "picture"))}
    return asked | (yield from ask.layer(subject))


LOOK = Look(
    "weights",
    "gates",
    N_("weights"),
    {"weights": View(show_weights, over_training=True, lecture=N_("weights by gate"), packed=9)},
    controls,
    place=60,
    changes=False,
)
