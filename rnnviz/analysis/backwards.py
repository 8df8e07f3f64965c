"""Walk gradients back through time, many at once: one for each step at which a loss enters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from torch import nn

from rnnviz.analysis.beginnings import changed_between, running_order
from rnnviz.analysis.recurrence import Array, Recurrence, recurrence
from rnnviz.analysis.weights import find_layer
from rnnviz.errors import TraceError
from rnnviz.recording.trace import Trace


@dataclass(frozen=True)
class Moment:
    """All items at one time step of a walk; (item, batch, unit), later loss steps first.

    Attributes
    ----------
    t : int
        The time step, as the trace counts it.
    active : int
        How many items there are: those whose loss step is not before t.
    dh, dc : ndarray
        dL/dh and dL/dc; dc is empty but for an LSTM.
    through_h, through_c : ndarray
        The parts of these that come along c alone, by the product of the forget gates (LSTM).
    da : ndarray
        dL/d(pre-activation), (item, batch, gate * unit).
    """

    t: int
    active: int
    dh: Array
    dc: Array
    through_h: Array
    through_c: Array
    da: Array


@dataclass(frozen=True)
class Entries:
    """Where gradients enter a layer from outside: item k enters at steps[k] or before.

    Attributes
    ----------
    steps : ndarray (item,)
        In the layer's running order, descending.
    h : ndarray (item, batch, unit) or (time, item, batch, unit)
        dL/dh that enters: at the item's own step, or at every step.
    c : ndarray (item, batch, unit)
        dL/dc that enters at the item's own step (LSTM).
    """

    steps: Array
    h: Array
    c: Array | None = None


def walk(parts: Recurrence, entries: Entries) -> Iterator[Moment]:
    """Go from the last step to the first with all items; what comes is valid until the next."""
    items, batch = entries.h.shape[-3:-1]
    lstm = parts.cell == "lstm"
    dh = np.zeros((items, batch, parts.hidden))
    dc = np.zeros((items, batch, parts.keep.shape[2] if lstm else 0))
    along = np.zeros_like(dc)
    through = np.zeros_like(dh) if lstm else np.zeros((items, batch, 0))
    flows = entries.h.ndim == 4
    for t in range(parts.steps - 1, -1, -1):
        n = int(np.searchsorted(-entries.steps, -t, side="right"))
        if not n:
            continue
        h, c, e, via = dh[:n], dc[:n], along[:n], through[:n]
        first, entering = _entering(entries, t, n)
        new = slice(first, n)
        h[new] += entering
        if lstm:
            via[new] += entering
            own = parts.into_cell(t, entering)
            if entries.c is not None and not flows:
                own = own + entries.c[new]
                c[new] += entries.c[new]
            e[new] += own
            c += parts.into_cell(t, h)
        da = parts.gates_from(t, h, c)
        yield Moment(t, n, h, c, via, e, da)
        if lstm:
            # into the gates of this step, and from there along c
            alone = np.concatenate([e, e, e, np.zeros_like(e)], -1) * parts.slope[t]
            through[:n], along[:n] = parts.before(t, h, e, alone)
        dh[:n], dc[:n] = parts.before(t, h, c, da)


def _entering(entries: Entries, t: int, active: int) -> tuple[int, Array]:
    """Return from which item on gradient enters at a step, and what: (item, batch, unit)."""
    if entries.h.ndim == 4:
        return 0, entries.h[t, :active]
    first = int(np.searchsorted(-entries.steps, -t))
    return first, entries.h[first:active]


def entries_of(trace: Trace, layer: str, parts: Recurrence, sample: int | None = None) -> Entries:
    """Find where, and how much, gradient enters a layer from outside, from the total gradients.

    What enters at a step is the total there less what comes from the step after; as much as
    rounding could have left is no entry.
    """
    order = running_order(trace, layer)
    samples = slice(None) if sample is None else slice(sample, sample + 1)
    total = trace.gradient(layer, "hidden_state")[order][:, samples]
    eps = float(np.finfo(total.dtype).eps)
    if not np.isfinite(total[parts.valid]).all():
        raise TraceError(
            "The gradient of {layer} is beyond the largest number there is at some steps, or no "
            "number, so it cannot be followed: record a shorter sequence, or in float64.",
            layer=layer,
        )
    total = np.where(parts.valid[:, :, None], total.astype(np.float64), 0.0)
    lstm = parts.cell == "lstm"
    total_c = np.zeros((*total.shape[:2], 0))
    if lstm:
        total_c = trace.gradient(layer, "cell_state")[order][:, samples].astype(np.float64)
        total_c = np.where(parts.valid[:, :, None], total_c, 0.0)
    steps: list[int] = []
    entering_h: list[Array] = []
    entering_c: list[Array] = []
    dh, dc = np.zeros_like(total[0]), np.zeros_like(total_c[0])
    for t in range(parts.steps - 1, -1, -1):
        new_h = _more_than_rounding(total[t], dh, eps)
        shown = parts.into_cell(t, total[t]) if lstm else 0.0
        new_c = _more_than_rounding(total_c[t], dc + shown, eps)
        if new_h.any() or new_c.any():
            steps.append(t)
            entering_h.append(new_h)
            entering_c.append(new_c)
        da = parts.gates_from(t, total[t], total_c[t])
        dh, dc = parts.before(t, total[t], total_c[t], da)
    if not steps:
        empty = np.zeros((0, *total.shape[1:]))
        return Entries(np.zeros(0, int), empty, np.zeros((0, *total_c.shape[1:])))
    return Entries(np.array(steps), np.stack(entering_h), np.stack(entering_c))


def _more_than_rounding(total: Array, known: Array, eps: float) -> Array:
    """Return total - known, 0 for samples whose difference could be rounding."""
    rest = total - known
    if not rest.size:
        return rest
    size = np.maximum(np.abs(total), np.abs(known)).max(-1, keepdims=True)
    return np.where(np.abs(rest).max(-1, keepdims=True) > 256 * eps * size, rest, 0.0)


def walk_down(
    module: nn.Module,
    trace: Trace,
    layer: str,
    top: Entries | None = None,
    sample: int | None = None,
) -> tuple[Recurrence, Entries]:
    """Return a layer ready to be walked, with the items of the top layer above it.

    Parameters
    ----------
    top : Entries, optional
        What enters the top layer; found from the trace's gradients if not given.
    sample : int, optional
        Take one sample of the batch only.

    Raises
    ------
    TraceError
        If there are layers above in two directions, calls that differ, or the caller changed the
        state between two steps and gradient came back that way.
    """
    above = layers_above(module, trace, layer)
    residual = getattr(find_layer(module, layer)[0], "residual", False)
    flows = top is None  # as they did when it was recorded: not where a state was detached
    parts = recurrence(module, trace, above[0], gradients=flows).of(sample)
    entries = entries_of(trace, above[0], parts, sample) if top is None else top
    if flows:
        _check_ways(trace, above[0], entries, sample)
    for below in above[1:]:
        lower = recurrence(module, trace, below, gradients=flows).of(sample)
        flow = np.zeros((parts.steps, *entries.h.shape[-3:-1], parts.weights[0].ih.shape[1]))
        for now in walk(parts, entries):
            flow[now.t, : now.active] = now.da @ parts.weights[now.t].ih
            if residual:  # what the layer reads is also added to what it gives
                first, added = _entering(entries, now.t, now.active)
                flow[now.t, first : now.active] += added
        parts, entries = lower, Entries(entries.steps, flow)
    return parts, entries


def _check_ways(trace: Trace, layer: str, entries: Entries, sample: int | None) -> None:
    """Refuse a layer to which gradient comes back by what the caller made of its state."""
    samples = slice(None) if sample is None else slice(sample, sample + 1)
    changed = changed_between(trace, layer)[running_order(trace, layer)][:, samples]
    if (changed[entries.steps] & entries.h.any(-1)).any():
        raise TraceError(
            "The state of {layer} was changed between its steps, and gradient comes back by that "
            "way, too: which loss it comes from is not known.",
            layer=layer,
        )


def layers_above(module: nn.Module, trace: Trace, layer: str) -> Sequence[str]:
    """Return the layers of the same stack from the top one down to `layer`."""
    kind, suffix = find_layer(module, layer)
    if not isinstance(kind, nn.RNNBase) or kind.num_layers == 1:
        return [layer]
    place = int(suffix.removeprefix("l").removesuffix("_reverse"))
    if place == kind.num_layers - 1:
        return [layer]
    if kind.bidirectional:
        raise TraceError(
            "{layer} lies below layers of two directions, where a loss step reaches it by ways "
            "from both sides: choose the top layer.",
            layer=layer,
        )
    stem = layer.removesuffix(suffix)
    return [f"{stem}l{each}" for each in range(kind.num_layers - 1, place - 1, -1)]
