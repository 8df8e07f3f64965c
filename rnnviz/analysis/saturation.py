"""How often is a gate shut or wide open? The saturation of each unit (Karpathy et al. 2015)."""

import numpy as np
import pandas as pd
from torch import nn

from rnnviz.analysis.formulas import activation_of
from rnnviz.errors import TraceError
from rnnviz.networks.cells import CELLS
from rnnviz.recording.trace import Trace

SHUT, OPEN = 0.1, 0.9
"""Left of the first and right of the second a gate counts as saturated (section 4.2)."""


def saturation(trace: Trace, layer: str) -> pd.DataFrame:
    """Count how often each unit's gates are saturated.

    A gate is left-saturated below 0.1 and right-saturated above 0.9 (Karpathy, Johnson, Fei-Fei
    2015, arXiv:1506.02078, section 4.2). What comes out of a tanh, the candidate and a plain
    RNN's state, counts below -0.9 and above 0.9; out of a ReLU, at exactly 0, and never right.

    Returns
    -------
    DataFrame
        Columns `signal`, `unit`, `left`, `right`: the shares of all steps of all samples.
        Padding and what is not a number do not count; NaN where nothing is left to count.

    Raises
    ------
    TraceError
        If a gate comes out of another function.
    """
    rows = []
    for signal in tuple(CELLS[trace.cell(layer)].gates) or ("hidden_state",):
        values = trace.value(layer, signal)
        values = values.reshape(-1, values.shape[2])
        function = activation_of(trace, layer, signal)
        if isinstance(function, nn.Sigmoid):
            left, right = values < SHUT, values > OPEN
        elif isinstance(function, nn.Tanh):
            left, right = values < -OPEN, values > OPEN
        elif isinstance(function, nn.ReLU):
            left, right = values == 0, np.zeros(values.shape, bool)
        else:
            raise TraceError(
                "{layer}.{signal} comes out of {function}, which has no ends that "
                "are counted as saturated: look at how its values are spread.",
                layer=layer,
                signal=signal,
                function=type(function).__name__,
            )
        counted = np.isfinite(values).sum(0)
        share = np.full((2, values.shape[1]), np.nan)
        np.divide(
            [(left & np.isfinite(values)).sum(0), (right & np.isfinite(values)).sum(0)],
            counted,
            out=share,
            where=counted > 0,
        )
        units = np.arange(values.shape[1])
        rows.append(
            pd.DataFrame({"signal": signal, "unit": units, "left": share[0], "right": share[1]})
        )
    return pd.concat(rows, ignore_index=True)
