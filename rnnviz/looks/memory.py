"""How long each unit remembers, beside how long the task needs it to."""

import numpy as np

from rnnviz import analysis, plots
from rnnviz.analysis.timescales import Powers, powers
from rnnviz.networks.cells import CELLS
from rnnviz.tasks.copying import RECALLED
from rnnviz.views import controls as ask
from rnnviz.views.controls import Asking
from rnnviz.views.look import Look, View
from rnnviz.views.messages import FigureMessage
from rnnviz.views.of_layer import small_enough, where
from rnnviz.views.scene import Scene
from rnnviz.views.subject import Subject
from rnnviz.words import N_, t
from rnnviz.words.numbers import number, steps


def show_memory(scene: Scene) -> FigureMessage:
    """How long each unit remembers, beside how long the task needs it to."""
    signal = CELLS[scene.trace.cell(scene.layer)].keeps
    if signal:
        symbol, constants = scene.symbols[signal], analysis.time_constants(scene.trace, scene.layer)
        how = t("geometric mean of {symbol} over steps and samples", symbol=symbol)
    else:
        signal, symbol = "hidden_state", "|λ|"
        small_enough(scene)
        constants = analysis.mode_time_constants(scene.network(), scene.layer)
        how = of_modes(powers(scene.network(), scene.layer))
    figure = plots.timescales.spec(
        constants,
        symbol=symbol,
        signal=signal,
        needed=needed_lags(scene),
        where=where(scene, how),
        colours=scene.choice.theme,
    )
    return {"figure": figure}


def of_modes(found: Powers) -> str:
    """Say how far the modes of a plain RNN tell what becomes of its state."""
    if found.normal:
        return t("eigenvalues of W<sub>hh</sub>, exact while the state is small")
    if not np.isfinite(found.steps):
        return t(
            "eigenvalues of W<sub>hh</sub>, each mode alone; mixed, a state can grow {peak} times",
            peak=number(found.peak),
        )
    return t(
        "eigenvalues of W<sub>hh</sub>, each mode alone; mixed, a state can grow {peak} times and "
        "last {steps}",
        peak=number(found.peak),
        steps=steps(found.steps),
    )


def needed_lags(scene: Scene) -> list[tuple[float, str]]:
    """Return how many steps the task needs something kept, with words; empty if it is not known."""
    settings = scene.subject.settings
    if settings is None:
        return []
    if settings.task == "copying":
        return [(settings.length + RECALLED, t("from a symbol to its answer"))]
    if settings.task == "nback":
        return [(settings.distance, t("from a symbol to its answer"))]
    if settings.task == "adding":
        inputs = scene.probe.batch.inputs[:, scene.sample].numpy()
        marks = np.flatnonzero(inputs[:, 1])
        words = (
            t("from the first mark of sample {sample} to the answer", sample=scene.sample + 1),
            t("from the second"),
        )
        lags = [(float(len(inputs) - 1 - at), word) for at, word in zip(marks, words, strict=False)]
        return [(lag, word) for lag, word in lags if lag > 0]
    return []


def controls(subject: Subject) -> Asking:
    """Ask for the layer, and the sample where the lag that the task needs is the sample's."""
    asked = yield from ask.layer(subject)
    layer = asked["layer"]
    if subject.settings is not None and subject.settings.task == "adding":
        asked |= yield from ask.sample(subject, layer)
    kind = CELLS[subject.cell(layer)]
    kept = kind.gates[kind.keeps] if kind.keeps else "|λ|"
    yield ask.Note(
        t(
            "After −1/ln {kept} steps a state that is multiplied by {kept} at each step has fallen "
            "to 1/e.",
            kept=kept,
        )
    )
    return asked


LOOK = Look(
    "memory",
    "gates",
    N_("memory"),
    {"memory": View(show_memory, lecture=N_("how long units remember"), packed=7)},
    controls,
    place=40,
)
