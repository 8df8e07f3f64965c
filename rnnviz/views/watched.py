"""The views that only a trace of one's own has: its losses, its units over training, its text."""

import time
from typing import Any

import numpy as np
import pandas as pd

from rnnviz.cells import CELLS
from rnnviz.errors import RunError
from rnnviz.plots import run_losses, unit_history
from rnnviz.plots.style import NAME, scale, theme
from rnnviz.views.gates import ordering
from rnnviz.views.history import BUDGET, MOST, mean, spread_out
from rnnviz.views.reading import letter_of, short_numbers
from rnnviz.views.scene import Scene
from rnnviz.views.telling import MOST_CELLS, MOST_ROWS, ROWS
from rnnviz.views.traced import TraceScene

WATCHED = (
    "Nothing is watched here: a trace is one moment. In a training loop, rnnviz.watch(model) keeps "
    "the loss of every step and a trace of some."
)


def show_loss(scene: Scene) -> dict[str, Any]:
    """Learning curve of a training that is watched, and how it stands."""
    watched = of_trace(scene)
    losses = watched.gallery.store.trace_losses(watched.kept.id)
    if losses.empty and watched.kept.state != "running":
        raise RunError(WATCHED)
    cell = watched.trace.cell(watched.layer) if watched.checkpoints else "lstm"
    curve = losses.assign(validation_loss=np.nan)
    figure = run_losses.spec([(watched.kept.name, cell, curve)], colours=scene.choice.theme)
    return {"figure": figure, "says": standing(watched, losses)}


def standing(scene: TraceScene, losses: pd.DataFrame) -> str:
    """Say how far a watched training is."""
    kept, traces = scene.kept, len(scene.checkpoints)
    state = {"running": "It is being watched", "finished": "It has ended"}.get(
        kept.state, f"It ended with an error: {kept.reason}"
    )
    step = int(losses["step"].iloc[-1]) if len(losses) else 0
    last = f", loss {losses['loss'].iloc[-1]:.4g}" if len(losses) else ""
    return f"{state}. Step {step:,}{last}; {traces} trace{'s' * (traces != 1)} so far."


def show_means(scene: Scene) -> dict[str, Any]:
    """Mean of a signal for every unit at every recorded moment of a training."""
    watched = of_trace(scene)
    if len(watched.checkpoints) < 2:
        raise RunError(WATCHED)
    layer, signal = watched.layer, watched.signal
    signal = "hidden_state" if signal == "input" else signal
    found, whole = moment_means(watched, layer, signal)
    means = pd.DataFrame(found).T
    order, sorted_by = ordering(watched, signal)
    figure = unit_history.spec(
        means[order],
        signal,
        symbol=watched.symbols[signal],
        steps=watched.checkpoints[-1],
        marked=scene.choice.step,
        where=watched.place + sorted_by + ("" if whole else ", more is being read"),
        colours=scene.choice.theme,
    )
    return {"figure": figure, "unfinished": not whole}


def moment_means(scene: TraceScene, layer: str, signal: str) -> tuple[dict[int, np.ndarray], bool]:
    """Return the mean of each unit at the moments read so far, and whether that is all of them."""
    kept = list(scene.checkpoints)
    known = scene.gallery.histories.get(("moments", scene.kept.id, layer, signal), dict)
    started = time.monotonic()
    for step in spread_out([step for step in kept if step not in known]):
        if time.monotonic() - started > BUDGET:
            break
        one = TraceScene(scene.gallery, scene.kept, scene.choice, [step]).trace
        fits = layer in one.layers and signal in one.signals(layer)
        known[step] = mean(one.value(layer, signal)) if fits else None
    units = len(mean(scene.trace.value(layer, signal)))
    found = {step: known[step] for step in kept[-4 * MOST :] if known.get(step) is not None}
    return (
        {step: each for step, each in found.items() if len(each) == units},
        all(step in known for step in kept),
    )


def show_text(scene: TraceScene) -> dict[str, Any]:
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
    asked = [int(t) for t in scene.choice.text("units").split(",") if t.isascii() and t.isdigit()]
    asked = list(dict.fromkeys(unit for unit in asked if unit < count))[:MOST_ROWS]
    rows = min(scene.choice.number("rows", ROWS, 1, MOST_ROWS), max(1, MOST_CELLS // len(values)))
    spread = np.argsort(-values.std(axis=0), kind="stable")
    units = asked[:rows] or [int(unit) for unit in spread[:rows]]
    palette = theme(scene.choice.theme)
    colourscale, low, high = scale(signal, palette)
    reach = float(np.abs(values[:, units]).max(initial=0.0))
    if reach > 1:
        low, high = -float(np.ceil(reach)), float(np.ceil(reach))
    said = "" if asked else f"Shown are the {len(units)} units that change most."
    title = CELLS[trace.cell(layer)].title
    text = {
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
        "title": f"{NAME.get(signal, signal).capitalize()} of {title} {layer}",
        "said": said,
    }
    return {"text": text}


def of_trace(scene: Scene) -> TraceScene:
    """Return the scene of a trace; raise RunError where it is a run's."""
    if not isinstance(scene, TraceScene):
        raise RunError("This picture is of a model of your own: choose one on the page Your model.")
    return scene
