"""A text, or other symbols, coloured by what some units say at each step."""

from typing import Any

import numpy as np
import torch

from rnnviz.errors import RunError
from rnnviz.networks.cells import CELLS
from rnnviz.plots.style import TITLE, scale, theme
from rnnviz.views import controls as ask
from rnnviz.views.controls import Asking
from rnnviz.views.look import Look, View
from rnnviz.views.messages import TextMessage
from rnnviz.views.reading import (
    Reading,
    alphabet,
    as_numbers,
    layer_and_signal,
    letter_of,
    model_of,
    one_reading,
    place_of,
    short_numbers,
    symbols_of,
)
from rnnviz.views.scene import Scene
from rnnviz.views.subject import Subject
from rnnviz.views.telling import (
    MOST_CELLS,
    MOST_ROWS,
    ROWS,
    asked_units,
    property_words,
    units_to_show,
    where_it_holds,
)
from rnnviz.views.text_messages import Next, Text
from rnnviz.words import N_, t, tn

LIKELIEST = 6
"""Next characters that are shown."""


def show_text(scene: Scene) -> TextMessage:
    """Colour the probe or the visitor's text by some units."""
    if scene.subject.task is None:
        return recorded_text(scene)
    reading = one_reading(scene)
    layer, signal = layer_and_signal(scene, reading.trace)
    values = reading.trace.value(layer, signal)[:, 0]
    units, notes, said = units_to_show(scene, layer, signal, values)
    colourscale, low, high = _scale(scene, signal, values[:, units])
    palette = theme(scene.choice.theme)
    text: Text = {
        "symbols": symbols_of(reading),
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
        "title": t(
            "{signal} of {place}, {when}",
            signal=t(TITLE[signal]),
            place=place_of(scene, reading.trace, layer),
            when=scene.when,
        ),
        "said": said or _unknown(scene, reading),
    }
    return {"text": text}


def _next(scene: Scene, reading: Reading) -> Next:
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
            "foretells": scene.task.foretells,
            "asked_from": first_asked(scene, reading) if scene.task.translates else 0,
            "best": best.astype(np.int32),
            "share": short_numbers(np.take_along_axis(share, best, axis=1)),
            "width": best.shape[1],
            "right": [classes[at] if at >= 0 else "" for at in right.tolist()],
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


def _unknown(scene: Scene, reading: Reading) -> str:
    """Say how many characters the network has never seen, if there are any."""
    if not reading.texts:
        return ""
    count = int((reading.batch.inputs[:, 0] == scene.task.inputs - 1).sum())
    if not count:
        return ""
    return t(
        "{count} of {steps} characters are not in the text that the network learns from; "
        "it reads them all as one unknown character.",
        count=count,
        steps=reading.steps,
    )


def _scale(scene: Scene, signal: str, values: np.ndarray) -> tuple[list[list[Any]], float, float]:
    colourscale, low, high = scale(signal, theme(scene.choice.theme))
    reach = float(np.nanmax(np.abs(values), initial=0.0))
    if reach > 1:
        low, high = -float(np.ceil(reach)), float(np.ceil(reach))
    return colourscale, low, high


def recorded_text(scene: Scene) -> TextMessage:
    """Colour what went into a sample by some units, where the trace says what that was."""
    trace, layer, sample = scene.trace, scene.layer, scene.sample
    if not trace.labels or len(trace.labels) <= sample:
        raise RunError(
            "This trace does not say what went in: record it with "
            "rnnviz.record(model, labels=[text])."
        )
    signal = scene.signal
    values = trace.value(layer, signal)[:, sample]
    symbols = [label or " " for label in trace.labels[sample]]
    values = np.nan_to_num(values[: len(symbols)])
    count = values.shape[1]
    asked = asked_units(scene, count)
    rows = min(scene.choice.number("rows", ROWS, 1, MOST_ROWS), max(1, MOST_CELLS // len(values)))
    spread = np.argsort(-values.std(axis=0), kind="stable")
    units = asked[:rows] or [int(unit) for unit in spread[:rows]]
    palette = theme(scene.choice.theme)
    colourscale, low, high = scale(signal, palette)
    reach = float(np.abs(values[:, units]).max(initial=0.0))
    if reach > 1:
        low, high = -float(np.ceil(reach)), float(np.ceil(reach))
    said = "" if asked else t("Shown are the {count} units that change most.", count=len(units))

    text: Text = {
        "symbols": symbols,
        "kind": "text" if max(map(len, symbols)) <= 2 else "numbers",
        "rows": [
            {"unit": unit, "note": "", "values": short_numbers(values[:, unit])} for unit in units
        ],
        "holds": None,
        "property": "",
        "scale": colourscale,
        "low": low,
        "high": high,
        "ink": palette.ink,
        "paper": palette.paper,
        "symbol": letter_of(trace, layer, signal),
        "next": None,
        "title": t(
            "{signal} of {cell} {layer}",
            signal=t(TITLE[signal]),
            cell=CELLS[trace.cell(layer)].title,
            layer=layer,
        ),
        "said": said,
    }
    return {"text": text}


def controls(subject: Subject) -> Asking:
    """Ask for layer, signal, sample, and how many units."""
    asked = yield from ask.layer(subject)
    layer = asked["layer"]
    asked |= yield from ask.signal(subject, layer)
    asked |= yield from ask.sample(subject, layer)
    words = {
        str(rows): tn("{count} unit", "{count} units", rows) for rows in (1, 2, 4, 6, 8, 12, 16)
    }
    return asked | {"rows": (yield ask.Listed("rows", t("Units shown"), words, "8", width=115))}


LOOK = Look(
    "text",
    "units",
    N_("text"),
    {"units_text": View(show_text, rest=0.3)},
    controls,
    fits=lambda subject: subject.has_labels,
    drawn_by="text",
)
