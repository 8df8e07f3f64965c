"""Which loss sends how much gradient to which step? The gradient itemized by loss step."""

import numpy as np
import pandas as pd
from torch import nn

from rnnviz.analysis.backwards import Entries, walk, walk_down
from rnnviz.analysis.beginnings import running_order
from rnnviz.analysis.recurrence import Recurrence
from rnnviz.errors import TraceError
from rnnviz.recording.trace import Trace

COLUMNS = ["loss_step", "time", "norm", "part", "through_cell", "rest"]


def itemized_gradients(
    module: nn.Module,
    trace: Trace,
    layer: str,
    signal: str = "hidden_state",
    sample: int | None = None,
) -> pd.DataFrame:
    """Split dL/dh_t by the later steps at which the loss is taken, exactly.

    One walk back through time carries the gradient of every loss step at once. The loss steps
    are found in the trace: where gradient enters the top layer from outside.

    Parameters
    ----------
    module : nn.Module
        What was recorded, in eval mode, with the weights that it had then.
    trace : Trace
        With gradients.
    layer : str
        One of `trace.layers`.
    signal : str
        "hidden_state", or "cell_state" of an LSTM.
    sample : int, optional
        One sample of the batch; all, as the root mean square over samples, if not given.

    Returns
    -------
    DataFrame
        Columns `loss_step`; `time`, not after it; `norm` of the item; `part`, its component along
        the total gradient at that time, so that the parts sum to the total's norm; for an LSTM
        `through_cell`, the norm of what comes along c alone, multiplied by the forget gates, and
        `rest`, the norm of what is left (NaN for other cells).
        (RNNbow: Cashman, Patterson, Mosca, Watts, Robinson, Chang 2018.)

    Raises
    ------
    TraceError
        If the items do not sum to the recorded gradient: dropout was on, a clamp cut the way, or
        a lower layer was read out directly.
    """
    parts, entries, of_c, total = _prepared(module, trace, layer, signal, sample)
    items, steps = len(entries.steps), parts.steps
    found = np.full((4, items, steps), np.nan)
    sums = np.zeros(total.shape)
    for now in walk(parts, entries):
        # measured at once: all vectors together would not fit the processor's cache
        vectors = now.dc if of_c else now.dh
        sums[now.t] = vectors.sum(0)
        found[0, : now.active, now.t] = _norm(vectors)
        size = float(_norm(sums[now.t])) * total.shape[1]
        along = np.einsum("kbh,bh->k", vectors, sums[now.t] / (size or 1.0))
        found[1, : now.active, now.t] = along
        if parts.cell == "lstm":
            through = now.through_c if of_c else now.through_h
            found[2, : now.active, now.t] = _norm(through)
            found[3, : now.active, now.t] = _norm(vectors - through)
    check_sum(sums, total, layer)
    shape = (items, steps)
    columns = {
        "loss_step": np.broadcast_to(entries.steps[:, None], shape),
        "time": np.broadcast_to(np.arange(steps), shape),
        **dict(zip(COLUMNS[2:], found, strict=True)),
    }
    order = running_order(trace, layer)
    columns["loss_step"], columns["time"] = order[columns["loss_step"]], order[columns["time"]]
    found[:, :, ~parts.valid.any(1)] = np.nan  # where the layer does not run
    reached = ~np.isnan(found[0])
    frame = pd.DataFrame({name: values[reached] for name, values in columns.items()})
    return frame.sort_values(["loss_step", "time"], ignore_index=True)


def itemized_vectors(
    module: nn.Module,
    trace: Trace,
    layer: str,
    signal: str = "hidden_state",
    sample: int | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the items as vectors: for whoever wants more of them than their norms.

    Returns
    -------
    steps : ndarray (item,)
        The loss steps, in time order.
    items : ndarray (item, time, batch, unit)
        Their gradients; the sum over items is the recorded gradient.
    through : ndarray (item, time, batch, unit)
        The part of each along c alone; without units but for an LSTM.

    Raises
    ------
    TraceError
        As `itemized_gradients` does.
    """
    parts, entries, of_c, total = _prepared(module, trace, layer, signal, sample)
    shape = (len(entries.steps), *total.shape)
    items = np.zeros(shape)
    through = np.zeros(shape if parts.cell == "lstm" else (*shape[:-1], 0))
    for now in walk(parts, entries):
        items[: now.active, now.t] = now.dc if of_c else now.dh
        through[: now.active, now.t] = now.through_c if of_c else now.through_h
    check_sum(items.sum(0), total, layer)
    order = running_order(trace, layer)
    times = order[entries.steps]
    in_time, ordered = np.argsort(order), np.argsort(times, kind="stable")
    return times[ordered], items[ordered][:, in_time], through[ordered][:, in_time]


def _prepared(
    module: nn.Module, trace: Trace, layer: str, signal: str, sample: int | None
) -> tuple[Recurrence, Entries, bool, np.ndarray]:
    """Return what is walked, whether c is itemized, and the whole gradient in running order."""
    of_c = signal == "cell_state" and trace.cell(layer) == "lstm"
    if not of_c and signal != "hidden_state":
        raise TraceError(
            "{signal} of {layer} cannot be itemized: choose hidden_state.",
            signal=signal,
            layer=layer,
        )
    parts, entries = walk_down(module, trace, layer, sample=sample)
    samples = slice(None) if sample is None else slice(sample, sample + 1)
    total = trace.gradient(layer, signal)[:, samples]
    return parts, entries, of_c, total[running_order(trace, layer)]


def check_sum(found: np.ndarray, total: np.ndarray, layer: str) -> None:
    """Raise TraceError unless items sum to the recorded gradient."""
    kind = np.finfo(total.dtype)
    total = np.nan_to_num(total)
    size = np.abs(total).max(axis=(1, 2))
    off = np.abs(found - total).max(axis=(1, 2))
    # rounding grows with every step; a missing way is of the size of the gradient itself
    if (off > 30 * float(kind.eps) ** 0.5 * size + 1e3 * float(kind.tiny)).any():
        raise TraceError(
            "The gradient of {layer} does not come from the losses after it alone: record in "
            "eval mode, without clamps, and read out the top layer only.",
            layer=layer,
        )


def _norm(vectors: np.ndarray) -> np.ndarray:
    """Return the norm over units, root mean square over samples, of (..., batch, unit)."""
    largest = np.abs(vectors).max(axis=(-2, -1), initial=0.0, keepdims=True)
    safe = np.where(largest > 0, largest, 1.0)
    squares = np.square(vectors / safe).sum(axis=(-2, -1)) / max(vectors.shape[-2], 1)
    return np.sqrt(squares) * safe[..., 0, 0]
