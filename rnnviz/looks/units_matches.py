"""Brush and match: where else the same units are on (LSTMVis: Strobelt et al. 2018)."""

from typing import Any

import numpy as np

from rnnviz.analysis import find_matches, share_on, units_on
from rnnviz.errors import RunError
from rnnviz.plots.style import GATES, theme
from rnnviz.views.look import Look, View, networks
from rnnviz.views.messages import MatchesMessage
from rnnviz.views.reading import (
    Reading,
    as_numbers,
    brushed,
    held_out,
    layer_and_signal,
    one_reading,
    short_numbers,
)
from rnnviz.views.scene import Scene
from rnnviz.views.text_messages import Found, Match, Stretch
from rnnviz.words import N_, t

CONTEXT = 24
"""Steps shown before and after a match."""


def show_matches(scene: Scene) -> MatchesMessage:
    """Find held-out stretches in which the same units are on as in the selected one."""
    reading, data = one_reading(scene), held_out(scene)
    layer, signal = layer_and_signal(scene, reading.trace)
    brush = brushed(scene, reading.steps)
    if brush is None:
        raise RunError(
            "Select a stretch above: drag over it, or walk with the arrow keys and hold Shift."
        )
    start, stop = brush
    rule: dict[str, Any] = {
        "threshold": scene.choice.number("on", 30, 1, 300) / 100,
        "signed": signal not in GATES,
        "outside": scene.choice.text("outside") == "1",
    }
    values = reading.trace.value(layer, signal)[:, 0]
    on = units_on(values, start, stop, **rule)
    everywhere = data.trace.value(layer, signal)
    found = find_matches(everywhere, on, stop - start, most=12, **rule)
    side = {key: rule[key] for key in ("threshold", "signed")}
    chosen = stretch(reading, share_on(values[:, None], on, **side)[:, 0], 0, start, stop)
    share = share_on(everywhere, on, **side)
    rows = []
    for each in found.itertuples():
        match: Match = {
            **stretch(data, share[:, each.sample], each.sample, each.start, each.stop),
            "shared": each.shared,
            "extra": each.extra,
            "where": t(
                "held-out sequence {number}, step {step}", number=each.sample + 1, step=each.start
            ),
        }
        rows.append(match)
    palette = theme(scene.choice.theme)
    matches: Found = {
        "chosen": chosen,
        "rows": rows,
        "units": on["unit"].tolist(),
        "sides": on["side"].tolist(),
        "kind": "text" if reading.symbols else "numbers",
        "scale": [[0.0, palette.paper], [1.0, palette.signal["output_gate"]]],
        "ink": palette.ink,
        "paper": palette.paper,
        "muted": palette.muted,
        "searched": t(
            "{samples} held-out sequences of {steps} steps", samples=data.samples, steps=data.steps
        ),
    }
    return {"matches": matches}


def stretch(reading: Reading, share: np.ndarray, sample: int, start: int, stop: int) -> Stretch:
    """Return a stretch with what stands around it."""
    first, last = max(0, start - CONTEXT), min(reading.steps, stop + CONTEXT)
    found: Stretch = {
        "before": start - first,
        "length": stop - start,
        "share": short_numbers(share[first:last]),
    }
    if reading.symbols:
        return {**found, "symbols": reading.symbols[sample][first:last]}
    numbers = as_numbers(reading.batch.inputs)[first:last, sample]
    return {**found, "lines": [short_numbers(column) for column in numbers.T[:3]]}


LOOK = Look(
    "matches",
    "",
    N_("where else"),
    {"units_matches": View(show_matches, rest=1.0)},
    fits=networks,
)
