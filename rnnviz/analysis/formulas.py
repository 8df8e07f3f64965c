"""What is worked out for which cell: one without a formula is refused, never given another's."""

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
from torch import nn

from rnnviz.errors import TraceError
from rnnviz.networks.cells import CELLS
from rnnviz.recording.trace import Trace
from rnnviz.words import Words

Formula = TypeVar("Formula")


def formula_of(trace: Trace, layer: str, formulas: Mapping[str, Formula], what: Words) -> Formula:
    """Return what is worked out for the cell of a layer.

    Parameters
    ----------
    formulas : mapping
        Key in `rnnviz.CELLS` -> what is worked out for that cell.
    what : Words
        What that is, with its verb: "the derivative of a single step is".

    Raises
    ------
    TraceError
        If nothing is worked out for the cell.
    """
    cell = trace.cell(layer)
    if cell not in formulas:
        known = ", ".join(CELLS[key].title for key in formulas)
        raise TraceError(
            "{layer} is a layer of the cell {cell}, for which {what} not worked out: "
            "look at its recorded gates, states and gradient norms, or at another cell ({known}).",
            layer=layer,
            cell=CELLS[cell].title,
            what=what,
            known=known,
        )
    return formulas[cell]


def activation_of(trace: Trace, layer: str, signal: str) -> nn.Module:
    """Return the module that a signal comes out of: what the cell says of itself."""
    return CELLS[trace.cell(layer)]().get_submodule(signal)


def is_logistic(trace: Trace, layer: str, signal: str) -> bool:
    """Return whether a signal comes out of a logistic function and so lies in 0..1."""
    return isinstance(activation_of(trace, layer, signal), nn.Sigmoid)


def slope_of(trace: Trace, layer: str, signal: str) -> np.ndarray | None:
    """Return the slope of a signal's nonlinearity where it ran, (time, batch, unit).

    It is worked out from the recorded value; None for a signal without a nonlinearity of its own
    (the input, a cell state, a gated hidden state).

    Raises
    ------
    TraceError
        If the signal comes out of a function whose slope does not follow from its value here.
    """
    value, function = trace.value(layer, signal), activation_of(trace, layer, signal)
    slope: np.ndarray
    if isinstance(function, nn.Identity):
        return None
    if isinstance(function, nn.Sigmoid):
        slope = value * (1 - value)
    elif isinstance(function, nn.Tanh):
        slope = 1 - value**2
    elif isinstance(function, nn.ReLU):
        slope = value > 0
    else:
        raise TraceError(
            "{layer}.{signal} comes out of {function}, whose slope is not worked "
            "out from its value: look at the gradient of the signal itself.",
            layer=layer,
            signal=signal,
            function=type(function).__name__,
        )
    return slope
