"""The view of the Anatomy page: one unit's whole time course, for a drawing that plays it."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache, partial
from typing import Any

import numpy as np
import pandas as pd

from rnnviz.analysis import anatomy
from rnnviz.networks.cells import CELLS
from rnnviz.networks.model import build, read_tensors
from rnnviz.plots.style import GATES, NAME, Theme, theme
from rnnviz.settings import Settings
from rnnviz.tasks import Task
from rnnviz.views import controls as ask
from rnnviz.views.controls import Asking
from rnnviz.views.equations import notes, typeset
from rnnviz.views.look import Look, View
from rnnviz.views.messages import AnatomyMessage
from rnnviz.views.say import one_sample, together, your_change
from rnnviz.views.scene import Scene
from rnnviz.views.subject import Subject
from rnnviz.words import N_, t

DRAWING = {"rnn": "rnn", "rnn_relu": "rnn", "lstm": "lstm", "gru": "gru"}
SUMS = (".sum", ".Wx", ".Wh", ".b_ih", ".b_hh", ".x", ".h", ".reset")
STATES = ("cell_state", "hidden_state", "kept", "added")
WORDS = {
    "forget": N_("forget"),
    "input": N_("input"),
    "output": N_("output"),
    "update": N_("update"),
    "reset": N_("reset"),
    "candidate": N_("candidate"),
    "squash": N_("squash"),
    "kept": N_("kept"),
    "added": N_("added"),
    "norm": N_("norm"),
    "out": N_("to the output"),
}
"""What is written in the drawings, under the key that the SVG has as ``data-word``."""


def show_anatomy(scene: Scene) -> AnatomyMessage:
    """Every term of the equations of one unit, at all time steps of one sample.

    The message is sent once; the screen goes through time by itself.
    """
    trace, layer, sample = scene.trace, scene.layer, scene.sample
    cell = trace.cell(layer)
    steps, _, units = trace.value(layer, "hidden_state").shape
    unit = scene.choice.number("unit", 0, 0, units - 1)
    whole = scene.choice.word("of", ("unit", "mean"), "unit") == "mean"
    weights = layer_weights(scene, layer)
    take_apart = partial(
        anatomy, trace, layer, weights, sample=sample, scales=scales(scene, layer, steps, units)
    )
    ran = trace.stretch(layer)
    of_unit = take_apart(unit=unit).iloc[ran.start : ran.stop]
    shown = take_apart(unit=None).iloc[ran.start : ran.stop] if whole else of_unit
    of = (
        t("mean over {units} units", units=units)
        if whole
        else t("unit {unit} of {units}", unit=unit, units=units)
    )
    where = together(
        scene.subject.layer_words(layer),
        of,
        one_sample(sample),
        scene.when,
        your_change(scene.changed),
    )
    symbols = {letter: signal for signal, letter in scene.symbols.items()}
    backwards = layer.endswith("_reverse")
    labels = trace.labels[sample] if trace.labels else []
    return {
        "anatomy": {
            "cell": cell,
            "drawing": DRAWING[cell],
            "function": "ReLU" if cell == "rnn_relu" else "tanh",
            "title": titles(cell),
            "where": where,
            "unit": unit,
            "whole": whole,
            "backwards": backwards,
            "before": "t+1" if backwards else "t−1",
            "steps": len(ran),
            "labels": [label or "" for label in labels][ran.start : ran.stop],
            "palette": palette(scene.choice.theme),
            "symbols": scene.symbols,
            "logistic": [signal for signal in scene.symbols if signal in GATES],
            "words": {key: t(word) for key, word in WORDS.items()},
            "titles": {signal: t(NAME[signal]) for signal in scene.symbols},
            "columns": list(of_unit),
            "unit_series": packed(of_unit),
            "shown_series": packed(shown) if whole else None,
            "reach": reaches(shown),
            "top": top(shown),
            "equations": {
                "values": typeset(cell, symbols, gradient=False, backwards=backwards),
                "gradient": typeset(cell, symbols, gradient=True, backwards=backwards),
            },
            "notes": {
                "values": notes(cell, gradient=False),
                "gradient": notes(cell, gradient=True, backwards=backwards),
            },
        }
    }


def titles(cell: str) -> dict[str, str]:
    """Return the drawing's titles, of values and of the gradient."""
    name = CELLS[cell].title
    if cell == "gru":
        return {
            "values": t("Inside a {cell} cell", cell=name),
            "gradient": t("The gradient through a {cell} cell", cell=name),
        }
    return {
        "values": t("Inside an {cell} cell", cell=name),
        "gradient": t("The gradient through an {cell} cell", cell=name),
    }


def scales(scene: Scene, layer: str, steps: int, units: int) -> dict[str, np.ndarray]:
    """Return what the visitor multiplies signals of a layer with: (time, unit) for each."""
    found: dict[str, np.ndarray] = {}
    for clamp in scene.clamps:
        if clamp.layer == layer and clamp.how == "scale" and clamp.signal != "input":
            factor = found.setdefault(clamp.signal, np.ones((steps, units)))
            factor[np.ix_(*clamp.where(steps, units))] *= clamp.value
    return found


def layer_weights(scene: Scene, layer: str) -> Mapping[str, Any]:
    """Return the weights of a layer of the network that the scene looks at."""
    if (recorded := scene.subject.weights(scene.step)) is not None:
        return recorded
    store = scene.gallery.store
    if scene.run and store.runs.checkpoint_steps(scene.run.id):
        return read_tensors(store.runs.checkpoint(scene.run.id, scene.step).weights)
    return untrained(scene.settings, scene.task, layer)


@lru_cache(maxsize=4)
def untrained(settings: Settings, task: Task, layer: str) -> Mapping[str, Any]:
    """Return a layer's weights before training; the last few are kept."""
    path, _, suffix = layer.rpartition(".")
    state = build(settings, task).state_dict()
    own = f"{layer}."  # the gains of layer normalisation
    return {
        name: tensor
        for name, tensor in state.items()
        if (name.startswith(f"{path}.") and name.endswith(f"_{suffix}")) or name.startswith(own)
    }


def packed(frame: pd.DataFrame) -> str:
    """Return a frame's columns one after the other, little-endian float32 in base64."""
    with np.errstate(over="ignore"):  # what an exploding layer reaches
        return b64encode(frame.to_numpy("<f4").T.tobytes()).decode()


def reaches(frame: pd.DataFrame) -> dict[str, float]:
    """Return, for each column, the magnitude that the widest wire stands for; it never moves."""
    largest = {name: finite_max(frame[name]) for name in frame if not is_gradient(name)}
    sums = [name for name in largest if name.endswith(SUMS)]
    states = [name for name in largest if name.partition(".")[0] in STATES and name not in sums]
    reach = dict.fromkeys(largest, 1.0)
    for group in (sums, states, ["input"]):
        most = max((largest[name] for name in group), default=1.0)
        reach |= dict.fromkeys(group, max(1.0, float(np.ceil(most))))
    return reach


def top(frame: pd.DataFrame) -> float:
    """Return the decade that holds the largest gradient of the whole time course."""
    most = max((finite_max(frame[name]) for name in frame if is_gradient(name)), default=0.0)
    return float(np.ceil(np.log10(most))) if most > 0 else 0.0


def finite_max(column: pd.Series) -> float:
    """Return the largest magnitude in a column that is a number."""
    values = np.abs(column.to_numpy())
    return float(values[np.isfinite(values)].max(initial=0.0))


def is_gradient(column: str) -> bool:
    """Return whether a column is a gradient."""
    return column.startswith("gradient.")


def palette(key: str) -> dict[str, str]:
    """Return every colour of the drawing by its CSS name, in a theme."""
    return colours_of(theme(key))


def colours_of(appearance: Theme) -> dict[str, str]:
    """Return every colour of the drawing by its CSS name; `-text` is a signal's, to be read."""
    colours: dict[str, Any] = asdict(appearance)
    signals = colours.pop("signal")
    colours.pop("cell")
    ground = (colours["paper"], colours["panel"])
    texts = {f"{name}-text": readable(hue, colours["ink"], ground) for name, hue in signals.items()}
    return {"theme": colours.pop("key"), **colours, **signals, **texts}


def readable(colour: str, ink: str, grounds: tuple[str, ...]) -> str:
    """Return a colour with as much ink in it as makes it readable: a contrast of at least 4.5."""
    for share in np.linspace(0, 1, 21):
        text = mixed(colour, ink, share)
        if all(contrast(text, ground) >= 4.5 for ground in grounds):
            return text
    return ink


def mixed(colour: str, other: str, share: float) -> str:
    """Return a colour with a share of another in it, 0 to 1."""
    both = np.round(channels(colour) * (1 - share) + channels(other) * share).astype(int)
    return "#" + "".join(f"{channel:02X}" for channel in both)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2 defines it, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour (WCAG 2)."""
    share = channels(colour) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def channels(colour: str) -> np.ndarray:
    """Return red, green and blue of a hex colour, 0 to 255."""
    return np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)], float)


def controls(subject: Subject) -> Asking:
    """Ask for layer, sample, unit, and what the wires carry."""
    asked = yield from ask.layer(subject)
    asked |= yield from ask.sample(subject, asked["layer"])
    asked |= yield from ask.unit(subject, asked["layer"])
    if subject.has_gradients:
        carried = {"values": t("values"), "gradient": t("gradient")}
        asked["mode"] = yield ask.Segment("carry", t("What the wires carry"), carried, "values")
    return asked


LOOK = Look(
    "anatomy",
    "anatomy",
    N_("anatomy"),
    {"anatomy": View(show_anatomy, lecture=N_("the drawn cell"), packed=4)},
    controls,
    drawn_by="anatomy",
)
