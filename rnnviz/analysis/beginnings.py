"""What each step of a layer sets out with: the state that it was given, and the weights."""

from dataclasses import dataclass

import numpy as np
from torch import nn

from rnnviz.analysis.weights import find_layer, layer_parameters
from rnnviz.errors import TraceError
from rnnviz.recording.trace import Trace
from rnnviz.words import N_, Words

Array = np.ndarray
WHY_NOT = {
    "changed": N_(
        "What {layer} computes was changed while it ran, as rnnviz.clamp does, so {what} not what "
        "its equations say: record it without."
    ),
    "dropped": N_(
        "Dropout hid a part of the state of {layer} from its recurrent weights, and which one is "
        "not in the trace, so {what} not known: record it in eval mode."
    ),
}


@dataclass(frozen=True)
class LayerWeights:
    """The weights of a layer in one of its calls, float64, in torch's packing.

    Attributes
    ----------
    ih : ndarray (gate * unit, feature)
    hh : ndarray (gate * unit, hidden)
    bias_ih, bias_hh : ndarray (gate * unit,)
        0 where there are none.
    hr : ndarray (hidden, unit) or None
        Projection of an LSTM.
    """

    ih: Array
    hh: Array
    bias_ih: Array
    bias_hh: Array
    hr: Array | None = None


def weights_of_calls(trace: Trace, layer: str, module: nn.Module | None) -> list[LayerWeights]:
    """Return the weights of each call of a layer: those that it ran with.

    Parameters
    ----------
    module : nn.Module, optional
        What was recorded, with the weights that it had then: for a trace that kept none.

    Raises
    ------
    TraceError
        If neither the trace nor the module has them.
    """
    versions = trace.versions(layer)
    if not trace.parameters(layer):
        return [_weights_in(module, layer)] * len(versions)
    found: dict[int, LayerWeights] = {}
    for call, version in enumerate(versions):
        if version not in found:
            found[version] = weights_from(trace.parameters(layer, call))
    return [found[version] for version in versions]


def weights_from(parameters: dict[str, Array]) -> LayerWeights:
    """Return weights by torch's names, as a trace keeps them, in float64."""
    wide = {name: np.asarray(array, np.float64) for name, array in parameters.items()}
    none = np.zeros(len(wide["weight_ih"]))
    biases = wide.get("bias_ih", none), wide.get("bias_hh", none)
    return LayerWeights(wide["weight_ih"], wide["weight_hh"], *biases, wide.get("weight_hr"))


def call_of_step(trace: Trace, layer: str) -> Array:
    """Return for each time step the call that it belongs to, (time,); before the first, that."""
    steps = np.arange(len(trace.value(layer, "input")))
    calls = np.searchsorted(np.asarray(trace.calls(layer)), steps, side="right") - 1
    return np.asarray(np.maximum(calls, 0))


def running_order(trace: Trace, layer: str) -> Array:
    """Return the time steps in the order in which a layer runs through them, (time,)."""
    call = call_of_step(trace, layer)
    steps = np.arange(len(call))
    return np.lexsort((-steps, call)) if layer.endswith("_reverse") else steps


def states_before(trace: Trace, layer: str, state: str) -> Array:
    """Return a state before each step as the step was given it, (time, batch, unit).

    Within a call it is the state after the step before; at a call's first step, and where a
    shorter sample begins that is read backwards, what the call was given. Where a sequence is
    padded it is 0.

    Parameters
    ----------
    trace : Trace
    layer : str
        One of `trace.layers`.
    state : str
        A state of the layer's cell.

    Raises
    ------
    TraceError
        If the trace, of an older rnnviz, does not hold it.
    """
    after, starts = trace.value(layer, state), trace.starts(layer, state)
    order, call = running_order(trace, layer), call_of_step(trace, layer)
    before = np.empty_like(after)
    before[order[0]] = np.nan
    before[order[1:]] = after[order[:-1]]
    begins = np.isnan(before)
    begins[order[1:]] |= (call[order[1:]] != call[order[:-1]])[:, None, None]
    if len(starts):
        before = np.where(begins, starts[call], before)
    return np.where(np.isnan(after), 0.0, np.nan_to_num(before, posinf=np.inf, neginf=-np.inf))


def links(trace: Trace, layer: str, *, gradients: bool = False) -> Array:
    """Return whether each step set out from the state that the step before it left, (time, batch).

    Parameters
    ----------
    gradients : bool
        Whether the way back must be open, too: a detached state is the same and cuts it.
    """
    order, call = running_order(trace, layer), call_of_step(trace, layer)
    now, earlier = order[1:], order[:-1]
    states = [name for name in ("hidden_state", "cell_state") if name in trace.signals(layer)]
    linked = np.zeros(trace.value(layer, "input").shape[:2], bool)
    here = ~np.isnan(trace.value(layer, "hidden_state")[:, :, 0])
    linked[now] = here[now] & here[earlier]
    begins = trace.begins(layer)
    new = now[call[now] != call[earlier]]
    for step in new:
        left = earlier[now == step][0]
        how = begins[call[step]]
        same = how == "given" or (how == "cut" and not gradients)
        for state in states if same else ():
            given = trace.starts(layer, state)[call[step]]
            linked[step] &= (given == trace.value(layer, state)[left]).all(-1)
        linked[step] &= same
    return linked


def changed_between(trace: Trace, layer: str) -> Array:
    """Return where a gradient may come back by a way of the caller's own, (time, batch).

    That is after a step whose next one set out from another state than it left, to which gradient
    flows: one that was reset or normalised in between, or a learned one.
    """
    order, call = running_order(trace, layer), call_of_step(trace, layer)
    given = np.array([trace.begins(layer)[each] == "given" for each in call[order]], bool)
    anew = given[1:] & (call[order[1:]] != call[order[:-1]])
    found = np.zeros(trace.value(layer, "input").shape[:2], bool)
    found[order[:-1]] = anew[:, None] & ~links(trace, layer, gradients=True)[order[1:]]
    return found


def check_as_written(
    trace: Trace, layer: str, what: Words, reasons: tuple[str, ...] = ("changed", "dropped")
) -> None:
    """Refuse a layer whose equations are not those that ran.

    Parameters
    ----------
    what : Words
        What would be of the equations, with its verb: "the derivative of a single step is".

    Raises
    ------
    TraceError
        If the recording was clamped, or dropout was on between its steps.
    """
    for reason in trace.altered(layer):
        if reason in reasons:
            raise TraceError(WHY_NOT[reason], layer=layer, what=what)


def _weights_in(module: nn.Module | None, layer: str) -> LayerWeights:
    if module is None:
        raise TraceError(
            "This trace kept no weights of {layer}: give the module, or record it with "
            "weights=True, the default.",
            layer=layer,
        )
    weights = layer_parameters(module, layer)
    kind, suffix = find_layer(module, layer)
    projection = getattr(kind, f"weight_hr_{suffix}", None)
    hr = None if projection is None else projection.detach().cpu().double().numpy()
    return LayerWeights(*weights, hr)
