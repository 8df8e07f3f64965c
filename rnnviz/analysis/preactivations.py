"""What goes into each σ and tanh? The pre-activations, from the weights and what was recorded."""

import numpy as np
from torch import nn

from rnnviz.analysis.formulas import formula_of
from rnnviz.analysis.weights import check_not_normalized, layer_parameters
from rnnviz.networks.cells import CELLS
from rnnviz.recording.layer_trace import LayerTrace
from rnnviz.recording.trace import Trace
from rnnviz.words import N_, Words

BEFORE = Words("what goes into each gate is")
RESET: dict[str, dict[str, str]] = {
    "rnn": {},
    "rnn_relu": {},
    "lstm": {},
    "gru": {"candidate": "reset_gate"},
}
"""Cell -> signal -> the gate that multiplies what it reads of the state before."""


def preactivations(
    trace: Trace, layer: str, module: nn.Module, state: np.ndarray | None = None
) -> Trace:
    """Compute the input of every gate's σ or tanh of one layer, and of a plain RNN's state.

    It is ``W_ih x + b_ih + W_hh h_{t-1} + b_hh`` with the recorded x and h, so it is also right
    where a signal was clamped; for the GRU's candidate ``W_in x + b_in + r (W_hn h + b_hn)``.

    Parameters
    ----------
    trace : Trace
    layer : str
        One of `trace.layers`.
    module : nn.Module
        What was recorded, with the weights that it had then.
    state : ndarray (batch, unit), optional
        h before the first step of each call; zero if None.

    Returns
    -------
    Trace
        Of this layer alone, values only: the signals that have a pre-activation, each
        (time, batch, unit), NaN where the sequence was padded.

    Raises
    ------
    TraceError
        If the trace has no such layer, it has layer normalisation, or its cell is another one.
    """
    reset = formula_of(trace, layer, RESET, BEFORE)
    check_not_normalized(module, layer, BEFORE)
    x, h = (trace.value(layer, name).astype(np.float64) for name in ("input", "hidden_state"))
    weight_ih, weight_hh, bias_ih, bias_hh = layer_parameters(module, layer)
    before = _before(h, trace.calls(layer), layer.endswith("_reverse"), state)
    from_input = x @ weight_ih.T + bias_ih
    from_state = before @ weight_hh.T + bias_hh
    cell = trace.cell(layer)
    signals = tuple(CELLS[cell].gates) or ("hidden_state",)
    values = {}
    for place, signal in enumerate(signals):
        units = slice(
            place * len(weight_hh) // len(signals), (place + 1) * len(weight_hh) // len(signals)
        )
        recurrent = from_state[..., units]
        if signal in reset:
            recurrent = trace.value(layer, reset[signal]) * recurrent
        values[signal] = (from_input[..., units] + recurrent).astype(np.float32)
    found = LayerTrace(cell, trace.calls(layer), {"input": trace.value(layer, "input"), **values})
    return Trace({layer: found}, trace.labels, N_("Pre-activations are values only."))


def _before(
    h: np.ndarray, calls: tuple[int, ...], reverse: bool, state: np.ndarray | None
) -> np.ndarray:
    """Return the hidden state before each step, in the direction in which the layer runs."""
    before = np.empty_like(h)
    starts = list(calls)
    if reverse:  # runs from the end of each call, and of each padded sample, backwards
        before[:-1] = np.where(np.isnan(h[1:]), 0.0, h[1:])
        starts = [start - 1 for start in (*calls[1:], len(h))]
    else:
        before[1:] = h[:-1]
    before[starts] = 0.0 if state is None else state
    return before
