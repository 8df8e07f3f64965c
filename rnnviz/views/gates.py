"""The views of the Gates page: signals, their spread, saturation, memory, training, weights."""

from typing import Any

import numpy as np
import pandas as pd

from rnnviz import analysis, plots
from rnnviz.analysis.beginnings import state_before
from rnnviz.analysis.ordering import ORDERS
from rnnviz.analysis.timescales import KEEPS
from rnnviz.errors import RunError
from rnnviz.plots.style import counted
from rnnviz.tasks.copying import RECALLED
from rnnviz.trace import Trace
from rnnviz.views.history import measured, network, unit_means
from rnnviz.views.scene import Scene
from rnnviz.views.traced import TraceScene

LARGEST_MATRIX = 512
"""Units of the largest layer whose eigenvalues are looked for: four matrices take two seconds."""
MOST_CELLS = 2**22
"""Largest time x units of a picture."""


def show_signals(scene: Scene) -> dict[str, Any]:
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
        "where": where(scene, f"sample {sample + 1}") + sorted_by,
    }
    if one and not before and not sorted_by:
        name = names[0]
        return {
            "figure": plots.gates.spec(values[name], name, symbol=scene.symbols[name], **common)
        }
    figure = plots.multiples.spec(values, symbols=scene.symbols, before=before, **common)
    return {"figure": figure}


def show_unit(scene: Scene) -> dict[str, Any]:
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
        where=where(scene, f"sample {sample + 1}"),
        colours=scene.choice.theme,
    )
    return {"figure": figure}


def show_distribution(scene: Scene) -> dict[str, Any]:
    """How the values of each signal are spread, over everything or at each time step."""
    before = scene.choice.word("values", ("after", "before"), "after") == "before"
    through_time = scene.choice.word("form", ("all", "time"), "all") == "time"
    trace = inner(scene) if before else scene.trace
    shares = analysis.distributions(trace, scene.layer, through_time=through_time, before=before)
    common: dict[str, Any] = {
        "symbols": scene.symbols,
        "before": before,
        "where": where(scene, counted(trace.value(scene.layer, "input").shape[1], "sample")),
        "colours": scene.choice.theme,
    }
    if through_time:
        same = same_labels(scene.trace)
        return {"figure": plots.distributions_through_time.spec(shares, labels=same, **common)}
    return {"figure": plots.distributions.spec(shares, **common)}


def show_saturation(scene: Scene) -> dict[str, Any]:
    """How often each unit's gates are shut and open, and which units are in trouble."""
    figure = plots.saturation.spec(
        analysis.saturation(scene.trace, scene.layer),
        analysis.troubled_units(scene.trace, scene.layer),
        symbols=scene.symbols,
        where=where(scene),
        colours=scene.choice.theme,
    )
    return {"figure": figure}


def show_memory(scene: Scene) -> dict[str, Any]:
    """How long each unit remembers, beside how long the task needs it to."""
    cell = scene.trace.cell(scene.layer)
    if cell in KEEPS:
        signal = KEEPS[cell]
        symbol, constants = scene.symbols[signal], analysis.time_constants(scene.trace, scene.layer)
        how = f"{symbol} averaged over steps and samples"
    else:
        signal, symbol = "hidden_state", "|λ|"
        small_enough(scene)
        constants = analysis.mode_time_constants(network(scene), scene.layer)
        how = "eigenvalues of W<sub>hh</sub>, exact while the state is small"
    figure = plots.timescales.spec(
        constants,
        symbol=symbol,
        signal=signal,
        needed=needed_lags(scene),
        where=where(scene, how),
        colours=scene.choice.theme,
    )
    return {"figure": figure}


def show_history(scene: Scene) -> dict[str, Any]:
    """Mean of a signal for every unit at every kept checkpoint."""
    layer, signal = scene.layer, scene.signal
    signal = "hidden_state" if signal == "input" else signal
    found, whole = measured(scene, "unit means", lambda model: unit_means(scene, model))
    means = pd.DataFrame({step: each[layer, signal] for step, each in found.items()}).T
    order, sorted_by = ordering(scene, signal)
    figure = plots.unit_history.spec(
        means[order],
        signal,
        symbol=scene.symbols[signal],
        steps=scene.run.step if scene.run else 1,
        marked=scene.choice.step,
        where=scene.place + sorted_by + ("" if whole else ", more is being computed"),
        colours=scene.choice.theme,
    )
    return {"figure": figure, "unfinished": not whole}


def show_weights(scene: Scene) -> dict[str, Any]:
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
            where=scene.place + ("" if whole else ", more is being computed"),
            **common,
        )
        return {"figure": figure, "unfinished": not whole}
    model, place = network(scene), where(scene)
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


def inner(scene: Scene) -> Trace:
    """Return the pre-activations of the chosen layer."""
    state = state_before(scene.trace, scene.layer, "hidden_state")
    return analysis.preactivations(scene.trace, scene.layer, network(scene), state)


def ordering(scene: Scene, signal: str) -> tuple[list[int], str]:
    """Return the units in the order to draw them, and the order in words."""
    by = scene.choice.word("order", ORDERS, "index")
    signal = "hidden_state" if signal == "input" else signal
    if signal not in scene.trace.signals(scene.layer):
        signal = "hidden_state"
    order = analysis.unit_order(scene.trace, scene.layer, by, signal)
    words = {"index": "", "similarity": ", similar units together"}
    return list(order["unit"]), words.get(by, f", units by {by}")


def where(scene: Scene, more: str = "") -> str:
    """Return layer, whatever else there is, and step in words."""
    changed = "with your change" if scene.changed else ""
    return ", ".join(part for part in (scene.place, more, scene.when, changed) if part)


def needed_lags(scene: Scene) -> list[tuple[float, str]]:
    """Return how many steps the task needs something kept, with words; empty if it is not known."""
    if isinstance(scene, TraceScene):
        return []
    settings = scene.settings
    if settings.task == "copying":
        return [(settings.length + RECALLED, "from a symbol to its answer")]
    if settings.task == "nback":
        return [(settings.distance, "from a symbol to its answer")]
    if settings.task == "adding":
        inputs = scene.probe.batch.inputs[:, scene.sample].numpy()
        marks = np.flatnonzero(inputs[:, 1])
        words = (
            f"from the first mark of sample {scene.sample + 1} to the answer",
            "from the second",
        )
        lags = [(float(len(inputs) - 1 - at), word) for at, word in zip(marks, words, strict=False)]
        return [(lag, word) for lag, word in lags if lag > 0]
    return []


def same_labels(trace: Trace) -> list[str | None] | None:
    """Return the labels that all samples share at a step; empty where they differ."""
    if not trace.labels:
        return None
    return [row[0] if len(set(row)) == 1 else "" for row in zip(*trace.labels, strict=False)]


def small_enough(scene: Scene) -> None:
    """Raise RunError if the eigenvalues of the layer would take too long."""
    units = scene.trace.value(scene.layer, "hidden_state").shape[2]
    if units > LARGEST_MATRIX:
        raise RunError(
            f"The eigenvalues of {units} units would take too long: "
            f"up to {LARGEST_MATRIX} hidden units can be shown."
        )
