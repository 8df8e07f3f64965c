"""The controls of what is looked at in a trace: its layers, signals, samples and units."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rnnviz.analysis.ordering import ORDERS
from rnnviz.analysis.timescales import KEEPS
from rnnviz.cells import CELLS
from rnnviz.trace import Trace
from rnnviz.ui.choices import SHORT, listed, segment, whole
from rnnviz.views import FIRST_LOOK


@dataclass(frozen=True)
class Look:
    """One way to look at a trace: its words, its views, the widths of these, its controls."""

    words: str
    views: Sequence[str]
    controls: Callable[[Trace], dict[str, Any]]
    over_time: bool = True


def one_layer(trace: Trace) -> dict[str, Any]:
    """Draw the list of layers, by the names that the user's code has for them."""
    if len(trace.layers) == 1:
        return {"layer": trace.layers[0]}
    words = {name: f"{name} · {CELLS[trace.cell(name)].title}" for name in trace.layers}
    return {"layer": listed("of_layer", "Layer", words, width=230)}


def one_sample(trace: Trace, layer: str) -> dict[str, Any]:
    """Draw the list of samples, if there are several."""
    count = trace.value(layer, "input").shape[1]
    if count == 1:
        return {"sample": 0}
    words = {place: f"sample {place + 1}" for place in range(count)}
    return {"sample": listed("of_sample", "Sample", words, width=125)}


def one_unit(trace: Trace, layer: str) -> dict[str, Any]:
    """Draw the number of one unit."""
    last = trace.value(layer, "hidden_state").shape[2] - 1
    return {"unit": whole("of_unit", "Unit", 0, last, width=130)}


def one_signal(trace: Trace, layer: str) -> dict[str, Any]:
    """Draw the signals of the layer's cell side by side."""
    kind = CELLS[trace.cell(layer)]
    symbols = {**kind.gates, **kind.states}
    if len(symbols) == 1:
        return {"signal": next(iter(symbols))}
    first = next(name for name in FIRST_LOOK if name in symbols)
    words = {key: f"{letter} {SHORT[key]}" for key, letter in symbols.items()}
    return {"signal": segment("of_signal", "Signal", first, words)}


def signals(trace: Trace) -> dict[str, Any]:
    """Draw how much at once, of which layer and sample, in which order."""
    forms = {"all": "all", "one": "one large", "unit": "one unit"}
    form = segment("of_form", "How much at once", "all", forms)
    asked = one_layer(trace)
    layer = asked["layer"]
    if form == "unit":
        return {"view": "unit_lines", **asked, **one_unit(trace, layer), **one_sample(trace, layer)}
    if form == "one":
        asked |= one_signal(trace, layer)
    words = {by: f"by {by}" for by in ORDERS
             if by != "time constant" or trace.cell(layer) in KEEPS}  # fmt: skip
    asked["order"] = listed("of_order", "Order of the units", words, "index", width=150)
    return {"form": form, **asked, **one_sample(trace, layer)}


def anatomy(trace: Trace) -> dict[str, Any]:
    """Draw layer, sample, unit, and what the wires carry."""
    asked = one_layer(trace)
    layer = asked["layer"]
    asked |= {**one_sample(trace, layer), **one_unit(trace, layer)}
    if trace.has_gradients:
        carried = {"values": "values", "gradient": "gradient"}
        asked["mode"] = segment("of_carry", "What the wires carry", "values", carried)
    return asked


def distribution(trace: Trace) -> dict[str, Any]:
    """Draw the choice of over everything or at each time step."""
    forms = {"all": "over everything", "time": "at each time step"}
    return {"form": segment("of_spread", "Spread", "all", forms), **one_layer(trace)}


def weights(trace: Trace) -> dict[str, Any]:
    """Draw the choice of the weights themselves, or what is measured of them."""
    forms = {"picture": "picture", "histogram": "histogram", "eigenvalues": "eigenvalues"}
    return {"form": segment("of_weights", "Of the weights", "picture", forms), **one_layer(trace)}


def gradients(trace: Trace) -> dict[str, Any]:
    """Draw with respect to what, in which layer, over samples or one."""
    asked = top_layer(trace)
    layer = asked["layer"]
    gated = bool(CELLS[trace.cell(layer)].gates)
    kinds = {"gates": "gates, states" if gated else "state",
             "before": "pre-activation" + "s" * gated, "input": "input"}  # fmt: skip
    asked = {"of": segment("of_kind", "Gradient with respect to", "gates", kinds), **asked}
    count = trace.value(layer, "input").shape[1]
    if count > 1:
        words = {"all": "all samples"} | {str(at): f"sample {at + 1}" for at in range(count)}
        asked["sample"] = listed("of_samples", "Sample", words, width=128)
    return asked


def jacobians(trace: Trace) -> dict[str, Any]:
    """Draw layer and sample."""
    asked = top_layer(trace)
    return {**asked, **one_sample(trace, asked["layer"])}


def top_layer(trace: Trace) -> dict[str, Any]:
    """Draw the list of layers, the last one first chosen: there the loss is nearest."""
    if len(trace.layers) == 1:
        return {"layer": trace.layers[0]}
    forwards = [name for name in trace.layers if not name.endswith("_reverse")]
    words = {name: f"{name} · {CELLS[trace.cell(name)].title}" for name in trace.layers}
    last = (forwards or list(trace.layers))[-1]
    return {"layer": listed("of_depth", "Layer", words, last, width=230)}


def text(trace: Trace) -> dict[str, Any]:
    """Draw layer, signal, sample, and how many units."""
    asked = one_layer(trace)
    layer = asked["layer"]
    asked |= {**one_signal(trace, layer), **one_sample(trace, layer)}
    words = {str(rows): f"{rows} unit{'s' * (rows > 1)}" for rows in (1, 2, 4, 6, 8, 12, 16)}
    return asked | {"rows": listed("of_rows", "Units shown", words, "8", width=115)}


def means(trace: Trace) -> dict[str, Any]:
    """Draw signal and layer."""
    asked = one_layer(trace)
    return {**one_signal(trace, asked["layer"]), **asked}


def nothing(trace: Trace) -> dict[str, Any]:
    """Draw nothing: there is no choice."""
    return {}


LOOKS = {
    "signals": Look("signals", ["signals"], signals),
    "anatomy": Look("anatomy", ["anatomy"], anatomy),
    "distribution": Look("distribution", ["distribution"], distribution),
    "saturation": Look("saturation", ["saturation"], one_layer, over_time=False),
    "memory": Look("memory", ["memory"], one_layer, over_time=False),
    "weights": Look("weights", ["weights"], weights, over_time=False),
    "gradient": Look("gradient", ["gradient_time", "gradient_units"], gradients),
    "jacobians": Look("Jacobians", ["gradient_jacobians", "gradient_products"], jacobians),
    "text": Look("text", ["units_text"], text),
    "loss": Look("loss", ["watched_loss"], nothing, over_time=False),
    "training": Look("over training", ["watched_means"], means, over_time=False),
}


def looks(trace: Trace, moments: int) -> dict[str, Look]:
    """Return the ways to look at a trace that have something to show."""
    found = dict(LOOKS)
    if not trace.labels:
        del found["text"]
    if not trace.has_gradients:
        del found["gradient"], found["jacobians"]
    if moments < 2:
        del found["loss"], found["training"]
    return found
