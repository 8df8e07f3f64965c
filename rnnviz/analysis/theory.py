"""What do gates and weights alone predict? The curve that stands beside a measured gradient."""

import numpy as np
import pandas as pd
from torch import nn

from rnnviz.analysis.backwards import entries_of
from rnnviz.analysis.beginnings import running_order
from rnnviz.analysis.gradients import norm_over_units, quartiles
from rnnviz.analysis.jacobians import jacobian_bound
from rnnviz.analysis.recurrence import recurrence
from rnnviz.recording.trace import Trace


def predicted_norms(module: nn.Module, trace: Trace, layer: str) -> pd.DataFrame:
    """Predict the gradient norm through time from what is known without a backward pass.

    For gated cells it is the part of dL/dc_t (LSTM) or dL/dh_t (GRU) that is carried by the
    product of the forget or update gates alone, without any weights: all of it where the
    recurrent weights are 0. For a plain RNN it is the bound γ σ_max(W_hh) to the power of the
    distance, times what enters (Pascanu, Mikolov, Bengio 2013): never exceeded.

    Parameters
    ----------
    module : nn.Module
        What was recorded, with the weights that it had then.
    trace : Trace
        With gradients: what enters from the losses is taken from it.
    layer : str
        One of `trace.layers`.

    Returns
    -------
    DataFrame
        Columns `signal`, `time`, `norm` (median over samples), `kind`: "path" or "bound".
    """
    parts = recurrence(module, trace, layer, gradients=True)
    entries = entries_of(trace, layer, parts)
    bound = jacobian_bound(module, trace, layer)
    lstm = parts.cell == "lstm"
    entering = dict(zip(entries.steps.tolist(), range(len(entries.steps)), strict=True))
    batch, size = parts.keep.shape[1], parts.keep.shape[2]
    carried = np.zeros((batch, size if bound is None else 1))
    norms = np.zeros((parts.steps, batch))
    for t in range(parts.steps - 1, -1, -1):
        if t in entering:
            here = entries.h[entering[t]]
            if lstm:
                assert entries.c is not None
                here = parts.into_cell(t, here) + entries.c[entering[t]]
            carried = carried + (here if bound is None else norm_over_units(here)[:, None])
        norms[t] = norm_over_units(carried)
        factor = parts.keep[t] if bound is None else bound
        with np.errstate(over="ignore"):
            carried = carried * factor * parts.linked[t][:, None]
    norms = norms[np.argsort(running_order(trace, layer))]
    return pd.DataFrame(
        {
            "signal": "cell_state" if lstm else "hidden_state",
            "time": np.arange(parts.steps),
            "norm": quartiles(norms)[1],
            "kind": "path" if bound is None else "bound",
        }
    )
