"""How are a signal's values spread? Over everything, or at each time step."""

from typing import Any

import numpy as np
import pandas as pd

from rnnviz.analysis.formulas import is_logistic
from rnnviz.recording.trace import Trace


def distributions(
    trace: Trace, layer: str, bins: int = 40, *, through_time: bool = False, before: bool = False
) -> pd.DataFrame:
    """Count the values of each signal of a layer, all samples and units together.

    The bins reach over 0..1 for gates and over -1..1 for everything else, or to the next whole
    number where values lie beyond (cell states, ReLU, pre-activations).

    Parameters
    ----------
    trace : Trace
        A recording, or what `preactivations` gives.
    layer : str
    bins : int
    through_time : bool
        Whether to count each time step alone.
    before : bool
        Whether the trace holds pre-activations, which have no bounds.

    Returns
    -------
    DataFrame
        Columns `signal`, (`time`,) `left`, `right` (edges of the bin) and `share` of the values
        that were counted. NaN, and so padding, does not count; a step with nothing to count has
        NaN shares.
    """
    rows = []
    for signal in trace.signals(layer):
        if signal == "input":
            continue
        values = trace.value(layer, signal)
        gate = is_logistic(trace, layer, signal) and not before
        low, high = (0.0, 1.0) if gate else reach(values)
        table = values.reshape(len(values), -1) if through_time else values.reshape(1, -1)
        counted = np.isfinite(table)
        wide = np.where(counted, table, 0.0).astype(np.float64)
        place = np.clip((wide - low) / (high - low) * bins, 0, bins - 1).astype(np.int64)
        place += bins * np.arange(len(table))[:, None]
        counts = np.bincount(place[counted], minlength=bins * len(table)).reshape(-1, bins)
        total = counts.sum(1, keepdims=True)
        share = np.where(total > 0, counts / np.maximum(total, 1), np.nan)
        edges = np.linspace(low, high, bins + 1)
        columns: dict[str, Any] = {"signal": signal}
        if through_time:
            columns["time"] = np.repeat(np.arange(len(table)), bins)
        columns |= {
            "left": np.tile(edges[:-1], len(table)),
            "right": np.tile(edges[1:], len(table)),
            "share": share.ravel(),
        }
        rows.append(pd.DataFrame(columns))
    return pd.concat(rows, ignore_index=True)


def reach(values: np.ndarray) -> tuple[float, float]:
    """Return bounds for values about 0: whole numbers, so that they stand while it moves."""
    largest = float(np.abs(values[np.isfinite(values)]).max(initial=0.0))
    whole = max(1.0, float(np.ceil(largest)))
    return -whole, whole
