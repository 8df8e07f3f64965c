"""Which units belong together? Orders in which a picture of them can be read."""

import numpy as np
import pandas as pd

from rnnviz.analysis.timescales import time_constants
from rnnviz.networks.cells import CELLS
from rnnviz.recording.trace import Trace

ORDERS = ("index", "activity", "time constant", "similarity")


def unit_order(
    trace: Trace, layer: str, by: str = "index", signal: str = "hidden_state"
) -> pd.DataFrame:
    """Put the units of a layer in an order.

    Parameters
    ----------
    trace : Trace
    layer : str
    by : str
        - "index": as they are;
        - "activity": falling mean size of the signal over all steps and samples;
        - "time constant": falling, as `time_constants` gives it; by index where no gate keeps;
        - "similarity": the leaves of an average-linkage clustering by correlation over all steps
          and samples, each merge turned so that the two units that meet are the most alike.
          Units that never change come last.
    signal : str
        What activity and similarity are about.

    Returns
    -------
    DataFrame
        A row a unit, in order: `unit`, and `measure`, what it is sorted by (NaN for similarity).
    """
    values = trace.value(layer, signal)
    units = values.shape[2]
    table = values.reshape(-1, units).astype(np.float64)
    table = table[np.isfinite(table).all(1)]
    measure = np.full(units, np.nan)
    order = np.arange(units)
    if by == "activity" and len(table):
        measure = np.abs(table).mean(0)
        order = np.argsort(-measure, kind="stable")
    elif by == "time constant" and CELLS[trace.cell(layer)].keeps:
        measure = time_constants(trace, layer)["steps"].to_numpy()
        order = np.argsort(-measure, kind="stable")
    elif by == "similarity" and len(table):
        order = _by_similarity(table)
    return pd.DataFrame({"unit": order, "measure": measure[order]})


def _by_similarity(table: np.ndarray) -> np.ndarray:
    """Return the columns of a table (row, unit) in the order of a clustering's leaves."""
    centred = table - table.mean(0)
    length = np.linalg.norm(centred, axis=0)
    moving = np.flatnonzero(length > 1e-12 * max(1.0, float(length.max(initial=0.0))))
    still = np.setdiff1d(np.arange(table.shape[1]), moving)
    if not len(moving):
        return still
    unit = centred[:, moving] / length[moving]
    return np.concatenate([moving[_leaves(1 - unit.T @ unit)], still])


def _leaves(distance: np.ndarray) -> list[int]:
    """Cluster by average linkage (UPGMA; Sokal, Michener 1958); return the leaves in order."""
    between = distance.copy()
    np.fill_diagonal(between, np.inf)
    clusters = [[leaf] for leaf in range(len(distance))]
    for _ in range(len(distance) - 1):
        a, b = divmod(int(between.argmin()), len(between))
        left, right = clusters[a], clusters[b]
        turns = [(left[::one], right[::other]) for one in (1, -1) for other in (1, -1)]
        left, right = min(turns, key=lambda turn: distance[turn[0][-1], turn[1][0]])
        row = (len(left) * between[a] + len(right) * between[b]) / (len(left) + len(right))
        between[a], between[:, a] = row, row
        between[b], between[:, b] = np.inf, np.inf
        between[a, a] = np.inf
        clusters[a], clusters[b] = left + right, []
    return next(cluster for cluster in clusters if cluster)
