"""All signals of a layer through time, one large, or one unit with all its gates."""

from typing import Any

import pandas as pd

from rnnviz import analysis, plots
from rnnviz.recording.trace import Trace
from rnnviz.views import controls as ask
from rnnviz.views.controls import Asking
from rnnviz.views.look import Look, View
from rnnviz.views.messages import FigureMessage
from rnnviz.views.of_layer import ordering, where
from rnnviz.views.say import one_sample, together
from rnnviz.views.scene import Scene
from rnnviz.views.subject import Subject
from rnnviz.words import N_, t

MOST_CELLS = 2**22
"""Largest time x units of a picture."""


def show_signals(scene: Scene) -> FigureMessage:
    """All signals of a layer under each other, or one large."""
    layer, sample = scene.layer, scene.sample
    before = scene.choice.word("values", ("after", "before"), "after") == "before"
    one = scene.choice.word("form", ("all", "one"), "all") == "one"
    trace = inner(scene) if before else scene.trace
    names = [name for name in trace.signals(layer) if not (before and name == "input")]
    if one:
        names = [scene.signal if scene.signal in names else names[0]]
    order, sorted_by = ordering(scene, names[0] if one else "hidden_state")
    values = {}
    for name in names:
        frame = trace.frame(layer, name, sample=sample)
        values[name] = frame if name == "input" else frame[order]
    common: dict[str, Any] = {
        "labels": scene.trace.labels[sample] if scene.trace.labels else None,
        "colours": scene.choice.theme,
        "where": together(where(scene, one_sample(sample)), sorted_by),
    }
    if one and not before and not sorted_by:
        name = names[0]
        return {
            "figure": plots.gates.spec(values[name], name, symbol=scene.symbols[name], **common)
        }
    figure = plots.multiples.spec(values, symbols=scene.symbols, before=before, **common)
    return {"figure": figure}


def show_unit(scene: Scene) -> FigureMessage:
    """One unit through time with all its gates."""
    trace, layer, sample = scene.trace, scene.layer, scene.sample
    unit = scene.choice.number("unit", 0, 0, trace.value(layer, "hidden_state").shape[2] - 1)
    values = pd.DataFrame(
        {
            name: trace.value(layer, name)[:, sample, unit]
            for name in trace.signals(layer)
            if name != "input"
        }
    )
    figure = plots.unit_lines.spec(
        values,
        unit,
        symbols=scene.symbols,
        labels=trace.labels[sample] if trace.labels else None,
        where=where(scene, one_sample(sample)),
        colours=scene.choice.theme,
    )
    return {"figure": figure}


def inner(scene: Scene) -> Trace:
    """Return the pre-activations of the chosen layer."""
    return analysis.preactivations(scene.trace, scene.layer, scene.network())


def controls(subject: Subject) -> Asking:
    """Ask how much at once, before or after the nonlinearity, in which order, of which sample."""
    forms = {"all": t("all"), "one": t("one signal, enlarged"), "unit": t("one unit")}
    form = yield ask.Segment("form", t("How much at once"), forms, "all")
    if form == "unit":
        asked = yield from ask.layer(subject)
        asked |= yield from ask.unit(subject, asked["layer"])
        asked |= yield from ask.sample(subject, asked["layer"])
        return {"view": "unit_lines", **asked}
    asked = yield from ask.layer(subject)
    layer = asked["layer"]
    asked |= {"view": "signals", "form": form}
    asked |= yield from ask.before_or_after()
    if form == "one":
        before = asked["values"] == "before"
        asked |= yield from ask.signal(subject, layer, before=before, listed=True)
    asked |= yield from ask.order(subject, layer)
    return asked | (yield from ask.sample(subject, layer))


LOOK = Look(
    "signals",
    "gates",
    N_("signals"),
    {
        "signals": View(show_signals, lecture=N_("all signals of a layer"), packed=3),
        "unit_lines": View(show_unit),
    },
    controls,
    place=10,
)
