"""Which input does an output depend on? The derivative of every output by every input."""

import numpy as np
import pandas as pd
from torch import nn

from rnnviz.analysis.backwards import Entries, layers_above, walk, walk_down
from rnnviz.analysis.recurrence import recurrence
from rnnviz.errors import TraceError
from rnnviz.recording.trace import Trace

LEAST = 1e-12
"""Singular values of a read-out below this share of the largest are rounding."""


def connectivity(
    module: nn.Module,
    trace: Trace,
    layer: str,
    sample: int = 0,
    readout: np.ndarray | None = None,
    every: int = 1,
) -> pd.DataFrame:
    """Measure the norm of d(output at t)/d(input at t') for all t' ≤ t, exactly.

    Parameters
    ----------
    module : nn.Module
        What was recorded, in eval mode, with the weights that it had then.
    trace : Trace
        Gradients are not needed.
    layer : str
        Whose input is meant: one of `trace.layers`, the lowest as a rule.
    sample : int
        One sample of the batch.
    readout : ndarray (output, unit), optional
        Weights from the top layer's h to the outputs; h itself is the output if not given.
    every : int
        Take only each so-many-th output step, counted from the last.

    Returns
    -------
    DataFrame
        Index `output` (t), columns `input` (t'): the Frobenius norm, NaN where t' > t. For
        symbols the input is the vector that stands for one.
        (Madsen 2019, who takes the one output that is predicted.)

    Raises
    ------
    TraceError
        For layers that run backwards, or lie below layers of two directions.
    """
    if layer.endswith("_reverse"):
        raise TraceError("{layer} runs backwards: choose the one that runs forwards.", layer=layer)
    top = recurrence(module, trace, layers_above(module, trace, layer)[0])
    rows = np.eye(top.hidden) if readout is None else _compact(np.asarray(readout, np.float64))
    length = int(top.valid[:, sample].sum())
    steps = np.arange(length - 1, -1, -every)
    entering = np.tile(rows, (len(steps), 1))[:, None]  # (output step and row, 1, unit)
    entries = Entries(np.repeat(steps, len(rows)), entering)
    parts, entries = walk_down(module, trace, layer, entries, sample)
    found = np.full((len(steps), length), np.nan)
    for now in walk(parts, entries):
        size = np.square(now.da @ parts.weights[now.t].ih).sum(axis=(1, 2))
        found[: now.active // len(rows), now.t] = np.sqrt(size.reshape(-1, len(rows)).sum(1))
    return pd.DataFrame(
        found[::-1],
        index=pd.Index(steps[::-1], name="output"),
        columns=pd.RangeIndex(length, name="input"),
    )


def _compact(readout: np.ndarray) -> np.ndarray:
    """Return as few rows as possible with the same Frobenius norm of their product with anything.

    Many outputs of few units have no more than units directions.
    """
    _, size, turned = np.linalg.svd(readout, full_matrices=False)
    return (size[:, None] * turned)[size > LEAST * size.max(initial=0.0)]
