"""Inputs and some units as lines, for a task of numbers."""

import pandas as pd

from rnnviz.plots import tracks
from rnnviz.views.look import Look, View, networks
from rnnviz.views.messages import FigureMessage
from rnnviz.views.reading import (
    as_numbers,
    brushed,
    layer_and_signal,
    letter_of,
    one_reading,
    place_of,
    sample_of,
    symbols_of,
)
from rnnviz.views.say import one_sample, together
from rnnviz.views.scene import Scene
from rnnviz.views.telling import units_to_show
from rnnviz.words import N_, t


def show_tracks(scene: Scene) -> FigureMessage:
    """Draw the inputs of the probe and some units, for a task of numbers."""
    reading = one_reading(scene)
    layer, signal = layer_and_signal(scene, reading.trace)
    units, _, _ = units_to_show(scene, layer, signal, reading.trace.value(layer, signal)[:, 0])
    inputs = pd.DataFrame(as_numbers(reading.batch.inputs.float())[:, 0].reshape(reading.steps, -1))
    brush = brushed(scene, reading.steps)
    figure = tracks.spec(
        inputs,
        reading.trace.frame(layer, signal)[units],
        signal,
        symbol=letter_of(reading.trace, layer, signal),
        labels=symbols_of(reading),
        brush=None if brush is None else (brush[0], brush[1] - 1),
        where=together(place_of(scene, reading.trace, layer), _what(scene), scene.when),
        colours=scene.choice.theme,
    )
    return {"figure": figure}


def _what(scene: Scene) -> str:
    """Say what is read, in words."""
    if scene.choice.text("pasted") or scene.choice.text("input"):
        return t("own text")
    return one_sample(sample_of(scene))


LOOK = Look("tracks", "", N_("as lines"), {"units_tracks": View(show_tracks)}, fits=networks)
