"""The views of the Units page: text coloured by units, which units tell what, and tracks."""

from typing import Any

import numpy as np
import pandas as pd
import torch

from rnnviz.cells import CELLS
from rnnviz.plots import ranking, tracks
from rnnviz.plots.style import NAME, scale, theme
from rnnviz.trace import Trace
from rnnviz.views import watched
from rnnviz.views.layer_names import spoken
from rnnviz.views.reading import (
    Reading,
    alphabet,
    as_numbers,
    brushed,
    held_out,
    layer_and_signal,
    letter_of,
    model_of,
    one_reading,
    sample_of,
    short_numbers,
)
from rnnviz.views.scene import Scene
from rnnviz.views.telling import property_words, ranking_of, units_to_show, where_it_holds
from rnnviz.views.traced import TraceScene

LIKELIEST = 6
"""Next characters that are shown."""


def show_text(scene: Scene) -> dict[str, Any]:
    """Colour the probe or the visitor's text by some units."""
    if isinstance(scene, TraceScene):
        return watched.show_text(scene)
    reading = one_reading(scene)
    layer, signal = layer_and_signal(scene, reading.trace)
    values = reading.trace.value(layer, signal)[:, 0]
    units, notes, said = units_to_show(scene, layer, signal, values)
    colourscale, low, high = _scale(scene, signal, values[:, units])
    palette = theme(scene.choice.theme)
    text = {
        "symbols": _symbols(reading),
        "kind": "text" if reading.symbols else "numbers",
        "rows": [
            {"unit": unit, "note": note, "values": short_numbers(values[:, unit])}
            for unit, note in zip(units, notes, strict=True)
        ],
        "holds": where_it_holds(scene, reading),
        "property": property_words(scene),
        "scale": colourscale,
        "low": low,
        "high": high,
        "ink": palette.ink,
        "paper": palette.paper,
        "symbol": letter_of(reading.trace, layer, signal),
        "next": _next(scene, reading),
        "title": f"{NAME.get(signal, signal).capitalize()} of "
        f"{_place(scene, reading.trace, layer)}, {scene.when}",
        "said": said or _unknown(scene, reading),
    }
    return {"text": text}


def show_ranking(scene: Scene) -> dict[str, Any]:
    """Draw the units that tell a property best, over held-out sequences."""
    reading = held_out(scene)
    layer, signal = layer_and_signal(scene, reading.trace)
    ranked = ranking_of(scene, layer, signal)
    letter = letter_of(reading.trace, layer, signal)
    figure = ranking.spec(
        ranked,
        property_words(scene),
        where=f"{letter}, {scene.when}",
        colours=scene.choice.theme,
    )
    return {"figure": figure}


def show_tracks(scene: Scene) -> dict[str, Any]:
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
        labels=_symbols(reading),
        brush=None if brush is None else (brush[0], brush[1] - 1),
        where=", ".join((_place(scene, reading.trace, layer), _what(scene), scene.when)),
        colours=scene.choice.theme,
    )
    return {"figure": figure}


def _next(scene: Scene, reading: Reading) -> dict[str, Any]:
    """Return what the network answers at every step: the likeliest classes, or the numbers."""
    batch = reading.batch
    with torch.no_grad():
        given, _ = model_of(scene)(batch.inputs, lengths=batch.lengths)
    if scene.task.answers == "classes":
        share = given[:, 0].double().softmax(-1).numpy()
        best = np.argsort(-share, axis=1, kind="stable")[:, :LIKELIEST]
        _, classes = alphabet(scene.task)
        right = reading.batch.targets[:, 0].numpy()
        asked = np.maximum(right, 0)[:, None]
        return {
            "classes": classes,
            "verb": "expects" if scene.task.foretells else "answers",
            "from": first_asked(scene, reading) if scene.task.translates else 0,
            "best": best.astype(np.int32),
            "share": short_numbers(np.take_along_axis(share, best, axis=1)),
            "width": best.shape[1],
            "right": [classes[t] if t >= 0 else "" for t in right.tolist()],
            "right_share": short_numbers(np.take_along_axis(share, asked, axis=1)[:, 0]),
        }
    should = as_numbers(reading.batch.targets)[:, 0]
    write = scene.task.written
    return {
        "answers": [write(row.tolist()) for row in given[:, 0].numpy()],
        "should": ["" if np.isnan(row[0]) else write(row.tolist()) for row in should],
    }


def first_asked(scene: Scene, reading: Reading) -> int:
    """Return the first step at which an answer is asked: where a target begins."""
    return int(scene.task.asked(reading.batch.targets).any(1).numpy().argmax())


def _symbols(reading: Reading) -> list[str]:
    """Return what goes in at each step, as it is shown."""
    if reading.symbols:
        return reading.symbols[0][: reading.steps]
    if reading.trace.labels:
        return [label or "" for label in reading.trace.labels[0]]
    return [" ".join(f"{x:.2f}" for x in row) for row in as_numbers(reading.batch.inputs)[:, 0]]


def _unknown(scene: Scene, reading: Reading) -> str:
    """Say how many characters the network has never seen, if there are any."""
    if not reading.texts:
        return ""
    count = int((reading.batch.inputs[:, 0] == scene.task.inputs - 1).sum())
    if not count:
        return ""
    return (
        f"{count} of {reading.steps} characters are not in the text that the network learns from; "
        "it reads them all as one unknown character."
    )


def _scale(scene: Scene, signal: str, values: np.ndarray) -> tuple[list[list[Any]], float, float]:
    colourscale, low, high = scale(signal, theme(scene.choice.theme))
    reach = float(np.nanmax(np.abs(values), initial=0.0))
    if reach > 1:
        low, high = -float(np.ceil(reach)), float(np.ceil(reach))
    return colourscale, low, high


def _what(scene: Scene) -> str:
    """Say what is read, in words."""
    if scene.choice.text("pasted") or scene.choice.text("input"):
        return "own text"
    return f"sample {sample_of(scene) + 1}"


def _place(scene: Scene, trace: Trace, layer: str) -> str:
    return f"{CELLS[trace.cell(layer)].title} {spoken(scene.settings, layer)}"
