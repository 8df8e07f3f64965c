"""The views of the Gradients page that look at one moment of training."""

from typing import Any, cast

import numpy as np
import pandas as pd

from rnnviz import analysis, plots
from rnnviz.analysis.gradients import gradient_of
from rnnviz.analysis.jacobians import state_gradient_norms
from rnnviz.analysis.weights import layer_parameters
from rnnviz.cells import CELLS
from rnnviz.errors import RunError
from rnnviz.model import SequenceModel
from rnnviz.plots.style import LONG_TITLE, counted, ordinal
from rnnviz.views import gradient_words as words
from rnnviz.views.flow import Flow
from rnnviz.views.scene import Scene
from rnnviz.views.trace_flow import flow_of
from rnnviz.views.traced import TraceScene

LARGEST_STATE = 512
"""Numbers in the largest state whose Jacobians are looked at."""
MOST_ENTRIES = 2**24
"""Most numbers in all Jacobians of a sequence: 0.1 GB, and a second to multiply them."""
SVD_WORK, EIGEN_WORK, CONNECTION_WORK = 5e7, 6e6, 2.5e8
"""About a twentieth of a second each: steps x state^3, the same, and items x gates x units."""


def show_time(scene: Scene) -> dict[str, Any]:
    """Norm of the gradient at every time step, with the fitted decay and what theory predicts."""
    flow = flow_of(scene)
    choice, layer, trace = scene.choice, flow.layer, flow.trace
    kind = choice.word("of", ("gates", "before", "input"), "gates")
    cell = CELLS[flow.cell]
    signals = {"gates": (*cell.gates, *cell.states), "input": (*cell.states, "input")}.get(
        kind, (*cell.gates, *([] if cell.gates else cell.states))
    )
    if kind == "before" and cell.gates:
        signals = (*signals, *cell.states)
    unit, one = flow.unit, flow.one_sample
    if unit is not None:
        signals = tuple(name for name in signals if name != "input")
    every = analysis.sample_norms(trace, layer, signals, before=kind == "before", unit=unit)
    if one:
        every = every[every["sample"] == flow.sample]
    norms = (
        middle(every)
        if unit is not None or one
        else analysis.gradient_norms(trace, layer, signals, before=kind == "before")
    )
    states = every[every["signal"].isin(cell.states)]
    if layer.endswith("_reverse"):
        states = states[:0]  # its gradient goes to later steps: there is no slope back in time
    fits = analysis.decay(states, last=fitted_until(flow))
    predicted = flow.predicted()
    shown = f"sample {flow.sample + 1}" if one else counted(flow.samples, "sample")
    figure = plots.gradients.spec(
        norms,
        symbols=flow.symbols,
        fits=fits[fits["signal"] == "hidden_state"],
        predicted=None if unit is not None or one else predicted,
        inputs=kind == "input",
        before=kind == "before",
        one_unit=unit,
        labels=flow.labels if one else None,
        where=flow.where(flow.loss_words, shown + (f", unit {unit}" if unit is not None else "")),
        colours=choice.theme,
    )
    figure["layout"]["title"] |= LONG_TITLE
    return {
        "figure": figure,
        "says": words.of_time(flow, fits, norms, predicted) + words.of_attention(flow),
    }


def show_units(scene: Scene) -> dict[str, Any]:
    """Size of one sample's gradient, unit by unit."""
    flow = flow_of(scene)
    cell = CELLS[flow.cell]
    signals = (*cell.gates, *cell.states)
    signal = scene.choice.word("signal", signals, "hidden_state")
    gradient = gradient_of(flow.trace, flow.layer, signal)[:, flow.sample]
    figure = plots.gradient_units.spec(
        pd.DataFrame(gradient),
        signal,
        symbol=flow.symbols[signal],
        labels=list(flow.labels),
        where=f"sample {flow.sample + 1}",
        colours=scene.choice.theme,
    )
    return {"figure": figure, "says": words.of_units(gradient, flow.symbols[signal])}


def show_items(scene: Scene, bars: bool = False) -> dict[str, Any]:
    """Which loss step sends how much, as a matrix or as bars."""
    flow = flow_of(scene)
    if not isinstance(scene, TraceScene) and flow.layer.startswith("encoder"):
        raise RunError(
            "No answer is asked of the encoder itself, so nothing is itemized there: choose the "
            "decoder, or see on the Translation page what one symbol sends back to the source."
        )
    check_read_at_its_step(flow, "so its parts do not tell which answer they come from")
    flow.check_size()
    signal = "hidden_state"
    if flow.cell == "lstm":
        signal = scene.choice.word("state", ("hidden_state", "cell_state"), signal)
    items = analysis.itemized_gradients(
        flow.model, flow.trace_of("all"), flow.layer, signal, flow.sample
    )
    common: dict[str, Any] = {
        "symbol": flow.symbols[signal],
        "labels": flow.labels,
        "where": f"sample {flow.sample + 1}, {scene.when}",
        "colours": scene.choice.theme,
    }
    if bars:
        return {
            "figure": plots.itemized_bars.spec(items, **common),
            "says": words.of_bars(items, flow),
        }
    return {
        "figure": plots.itemized_matrix.spec(items, **common),
        "says": words.of_items(items, flow),
    }


def show_jacobians(scene: Scene, product: bool = False) -> dict[str, Any]:
    """Singular values of every step, or what many steps in a row do."""
    flow = flow_of(scene)
    size = flow.state_size
    if size > LARGEST_STATE:
        raise RunError(
            f"A state of {size} numbers is too large to take its Jacobians apart live: "
            f"up to {LARGEST_STATE} can be shown."
        )
    if size**2 * flow.length > MOST_ENTRIES:
        raise RunError(
            f"{flow.length} Jacobians of {size} x {size} numbers are too many to take apart "
            f"live: up to {MOST_ENTRIES // size**2} time steps of such a state can be shown."
        )
    trace = flow.trace_of("last")
    steps = analysis.jacobians(flow.model, trace, flow.layer, flow.sample)
    values = analysis.singular_values(thinned(steps, SVD_WORK / size**3))
    bound = analysis.jacobian_bound(flow.model, trace, flow.layer)
    common: dict[str, Any] = {
        "bound": bound,
        "where": flow.where(f"sample {flow.sample + 1}"),
        "colours": scene.choice.theme,
    }
    if not product:
        radius = analysis.spectral_radius(thinned(steps, EIGEN_WORK / size**3))
        figure = plots.jacobians.spec(values, radius, **common)
        return {"figure": figure, "says": words.of_jacobians(values, radius, bound, flow)}
    every = max(1, int(len(steps) * size**3 / SVD_WORK))
    products = analysis.product_norms(steps, every)
    norm = state_gradient_norms(flow.model, trace, flow.layer)[:, flow.sample]
    last = int(np.flatnonzero(norm > 0)[-1]) if (norm > 0).any() else len(norm) - 1
    measured = pd.DataFrame(
        {"lag": np.arange(last + 1), "norm": norm[last::-1] / (norm[last] or 1.0)}
    ).dropna()
    figure = plots.stretching.spec(values, products, measured, **common)
    return {
        "figure": figure,
        "says": words.of_products(products, measured, steps) + words.of_attention(flow),
    }


def show_connectivity(scene: Scene, row: bool = False) -> dict[str, Any]:
    """How much each output depends on each input: all as a matrix, or one output's row."""
    flow = flow_of(scene)
    settings = scene.settings
    if scene.task.translates:
        raise RunError(
            "An answer of a translation depends on the source by two ways, attention and state: "
            "the Translation page shows both, apart."
        )
    if settings.bidirectional:
        raise RunError(
            "In two directions an output depends on each input by ways from both sides, which this "
            "picture does not add up: look at a network that reads forwards alone."
        )
    check_read_at_its_step(flow, "so an output depends on each input by many ways")
    flow.check_size()
    trace = flow.trace_of("last")
    readout = cast(SequenceModel, flow.model).readout.weight.detach().numpy()
    rows = min(readout.shape)
    length, gates = (
        len(trace.value(flow.layer, "input")),
        len(layer_parameters(flow.model, flow.layer)[1]),
    )
    work = length * length / 2 * rows * gates * settings.units
    every = max(1, int(np.ceil(work / CONNECTION_WORK)))
    # two pictures show it: it is measured once
    key = ("connectivity", scene.run.id if scene.run else None, settings, scene.step, flow.sample)
    kept = scene.gallery.histories.get(key, dict)
    if every not in kept:
        kept[every] = analysis.connectivity(
            flow.model, trace, "rnn.l0", flow.sample, readout, every
        )
    norms = kept[every]
    common: dict[str, Any] = {
        "labels": flow.labels,
        "where": f"sample {flow.sample + 1}, {scene.when}"
        + (f", every {ordinal(every)} output" if every > 1 else ""),
        "colours": scene.choice.theme,
    }
    chosen = scene.choice.number("t", int(flow.asked[-1]), 0, length - 1)
    output = int(norms.index[np.abs(norms.index.to_numpy() - chosen).argmin()])
    if not row:
        return {
            "figure": plots.connectivity.spec(norms, **common),
            "says": words.of_connectivity(norms),
        }
    return {
        "figure": plots.dependence.spec(norms, output, **common),
        "says": words.of_dependence(norms, output, flow.labels),
    }


def check_read_at_its_step(flow: Flow, why: str) -> None:
    """Raise RunError if answers are read out of the layer's states at other steps than their own.

    Parameters
    ----------
    why : str
        The clause that says what this makes impossible.
    """
    read = flow.readout
    if read == "mean" or (read == "last" and flow.layer.endswith("_reverse")):
        of = "The mean of all states is" if read == "mean" else "Its state at the first step is"
        raise RunError(f"{of} read out, {why}: look at a network with the read-out of every step.")


def fitted_until(flow: Flow) -> int:
    """Return the last step of the stretch that a decay is fitted to: before any other loss."""
    if flow.loss == "all":
        return int(flow.asked[0])
    return int(flow.asked[-1]) if flow.loss == "last" else int(flow.loss)


def middle(every: pd.DataFrame) -> pd.DataFrame:
    """Return median and quartiles over samples, as `gradient_norms` gives them."""
    grouped = every.groupby(["signal", "time"], sort=False)["norm"]
    table = grouped.quantile([0.25, 0.5, 0.75]).unstack()
    return table.set_axis(["low", "norm", "high"], axis=1).reset_index()


def thinned(steps: np.ndarray, most: float) -> np.ndarray:
    """Return Jacobians with so many of them left, evenly; the others are NaN."""
    left = max(4, int(most))
    if len(steps) <= left:
        return steps
    kept = np.unique(np.linspace(1, len(steps) - 1, left).round().astype(int))
    some = np.full_like(steps, np.nan)
    some[kept] = steps[kept]
    return some
