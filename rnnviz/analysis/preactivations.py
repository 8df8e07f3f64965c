"""What goes into each σ and tanh? The pre-activations, from the weights and what was recorded."""

import numpy as np
from torch import nn

from rnnviz.analysis.beginnings import (
    call_of_step,
    check_as_written,
    states_before,
    weights_of_calls,
)
from rnnviz.analysis.formulas import formula_of
from rnnviz.analysis.weights import check_not_normalized
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


def preactivations(trace: Trace, layer: str, module: nn.Module | None = None) -> Trace:
    """Compute the input of every gate's σ or tanh of one layer, and of a plain RNN's state.

    It is ``W_ih x + b_ih + W_hh h + b_hh`` with the recorded x, the h that each step was given and
    the weights that it ran with, so it is also right where a signal was clamped; for the GRU's
    candidate ``W_in x + b_in + r (W_hn h + b_hn)``.

    Parameters
    ----------
    trace : Trace
    layer : str
        One of `trace.layers`.
    module : nn.Module, optional
        What was recorded: its weights, as they were then, for a trace that kept none.

    Returns
    -------
    Trace
        Of this layer alone, values only: the signals that have a pre-activation, each
        (time, batch, unit), NaN where the sequence was padded.

    Raises
    ------
    TraceError
        If the trace has no such layer, it has layer normalisation, dropout was on between its
        steps, or its cell is another one.
    """
    reset = formula_of(trace, layer, RESET, BEFORE)
    check_as_written(trace, layer, BEFORE, ("dropped",))
    if module is not None:
        check_not_normalized(module, layer, BEFORE)
    weights, call = weights_of_calls(trace, layer, module), call_of_step(trace, layer)
    x = trace.value(layer, "input").astype(np.float64)
    h = states_before(trace, layer, "hidden_state").astype(np.float64)
    at = [weights[each] for each in call]
    from_input = np.stack([x[t] @ w.ih.T + w.bias_ih for t, w in enumerate(at)])
    from_state = np.stack([h[t] @ w.hh.T + w.bias_hh for t, w in enumerate(at)])
    cell = trace.cell(layer)
    signals = tuple(CELLS[cell].gates) or ("hidden_state",)
    values = {"input": trace.value(layer, "input")}
    for place, signal in enumerate(signals):
        size = from_state.shape[-1] // len(signals)
        units = slice(place * size, (place + 1) * size)
        recurrent = from_state[..., units]
        if signal in reset:
            recurrent = trace.value(layer, reset[signal]) * recurrent
        values[signal] = (from_input[..., units] + recurrent).astype(values["input"].dtype)
    found = LayerTrace(cell, trace.calls(layer), values)
    return Trace({layer: found}, trace.labels, N_("Pre-activations are values only."))
