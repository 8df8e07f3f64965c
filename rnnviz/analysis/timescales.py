"""How long does each unit remember? Time constants from the gates that keep."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from torch import nn

from rnnviz.analysis.weights import check_not_normalized, find_layer, layer_parameters
from rnnviz.errors import TraceError
from rnnviz.networks.cells import CELLS
from rnnviz.recording.trace import Trace
from rnnviz.words import Words

NORMAL = 1.05
"""How many times as large as the power of the largest eigenvalue a power of W may be."""
MOST_POWERS = 500


def time_constants(trace: Trace, layer: str) -> pd.DataFrame:
    """Estimate the memory of each unit of an LSTM or a GRU as -1/ln(f) steps.

    A state that is multiplied by f at each step has fallen to 1/e after -1/ln(f) steps. What keeps
    is the product of the gates of all steps, so f is the geometric mean of the forget gate (GRU: of
    the update gate z, which keeps the old state in torch's convention) over all steps of all
    samples, unit by unit.

    Returns
    -------
    DataFrame
        Columns `unit`; `gate`, the geometric mean; `steps`, its time constant, inf where it is 1;
        `low` and `high`, the time constants of the gate's 10th and 90th percentile. Padding does
        not count.

    Raises
    ------
    TraceError
        If the layer's cell has no gate that keeps.
    """
    cell = CELLS[trace.cell(layer)]
    if not cell.keeps:
        raise TraceError(
            "The cell {cell} has no gate that keeps: look at the eigenvalues of its "
            "recurrent weights.",
            cell=cell.title,
        )
    values = trace.value(layer, cell.keeps).astype(np.float64)
    values = values.reshape(-1, values.shape[2])
    values = values[np.isfinite(values).any(1)]
    if not len(values):
        values = np.full((1, values.shape[1]), np.nan)
    with np.errstate(all="ignore"):
        logs = np.log(values).mean(0)
        mean = np.where(np.isfinite(values).all(0), np.exp(logs), np.nan)
        low, high = np.percentile(values, [10, 90], axis=0)
    return pd.DataFrame(
        {
            "unit": np.arange(values.shape[1]),
            "gate": mean,
            "steps": decay_steps(mean),
            "low": decay_steps(low),
            "high": decay_steps(high),
        }
    )


def mode_time_constants(module: nn.Module, layer: str) -> pd.DataFrame:
    """Estimate the memory of a plain RNN's modes as -1/ln|λ| steps, λ an eigenvalue of W_hh.

    Each mode alone fades so in a linear RNN, and for tanh and ReLU about h = 0 as long as the slope
    is 1; a saturated tanh forgets faster. A state is a mixture of modes: if they are not at right
    angles (W_hh is not normal) it can grow for long before it fades, as `powers` measures.

    Returns
    -------
    DataFrame
        Columns `unit` (the mode, by falling |λ|), `gate` (|λ|), `steps` (inf where |λ| is at
        least 1: the mode does not fade), `low` and `high` (the same as `steps`).

    Raises
    ------
    TraceError
        If the layer is no plain RNN, or has layer normalisation: then the size of the weights
        says nothing.
    """
    kind, _ = find_layer(module, layer)
    if not isinstance(kind, nn.RNN | nn.RNNCell):
        raise TraceError(
            "{layer} is no plain RNN: only of one are these the modes that it keeps.", layer=layer
        )
    check_not_normalized(module, layer, Words("the memory of the modes is"))
    matrix = layer_parameters(module, layer)[1]
    modulus = np.full(len(matrix), np.nan)
    if np.isfinite(matrix).all():
        modulus = np.sort(np.abs(np.linalg.eigvals(matrix)))[::-1]
    steps = decay_steps(modulus)
    return pd.DataFrame(
        {
            "unit": np.arange(len(matrix)),
            "gate": modulus,
            "steps": steps,
            "low": steps,
            "high": steps,
        }
    )


class Powers(NamedTuple):
    """What the powers of a recurrent matrix do to a state.

    normal : whether they are as large as the largest eigenvalue says: its modes alone decide
    peak : the largest norm of any power, at least 1
    steps : from which power on the norm stays below 1/e; inf where it never does
    """

    normal: bool
    peak: float
    steps: float


def powers(module: nn.Module, layer: str) -> Powers:
    """Follow the norm of the powers of W_hh of a plain RNN until it stays below 1/e.

    Raises
    ------
    TraceError
        As `mode_time_constants`.
    """
    mode_time_constants(module, layer)  # refuses what has no such modes
    matrix = layer_parameters(module, layer)[1].astype(np.float64)
    if not np.isfinite(matrix).all():
        return Powers(False, np.nan, np.nan)
    power, norms = matrix, [1.0]
    while len(norms) <= MOST_POWERS and np.isfinite(power).all():
        norms.append(float(np.linalg.norm(power, 2)))
        with np.errstate(over="ignore", invalid="ignore"):  # the loop ends there
            power = power @ matrix
    above = np.flatnonzero(np.array(norms) >= np.exp(-1))
    steps = float(above[-1] + 1) if above[-1] < len(norms) - 1 else np.inf
    radius = float(np.abs(np.linalg.eigvals(matrix)).max())
    by_modes = radius ** np.arange(min(len(norms), above[-1] + 2))
    normal = bool((norms[: len(by_modes)] <= NORMAL * by_modes).all())
    return Powers(normal, max(norms), steps)


def decay_steps(factor: np.ndarray) -> np.ndarray:
    """Return -1/ln(factor): the steps to fall to 1/e; 0 for a factor of 0, inf from 1 on."""
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = -1 / np.log(factor)
    return np.where(factor >= 1, np.inf, np.where(factor <= 0, 0.0, steps))
