"""How far back does the gradient reach? Norms of dL/d(signal) at every time step."""

import numpy as np
import pandas as pd

from rnnviz.trace import Trace


def gradient_norms(
    trace: Trace, layer: str, signals: tuple[str, ...] | None = None
) -> pd.DataFrame:
    """Measure the gradient norm of each signal of a layer through time.

    The norm is Euclidean over units, for each sample alone; samples are then summed up by their
    median and quartiles, because norms spread over orders of magnitude.

    Parameters
    ----------
    trace : Trace
        A recording with exactly one backward pass in it.
    layer : str
        One of `trace.layers`.
    signals : tuple of str, optional
        Which signals; all of the layer if not given.

    Returns
    -------
    DataFrame
        Columns `signal`, `time`, `norm` (median over samples), `low` and `high` (quartiles).
        A step that is padding in every sample is NaN; a gradient that is exactly zero is 0.
    """
    rows = []
    for signal in signals or trace.signals(layer):
        # float64: the square of a float32 gradient of 1e-25 would already be zero
        gradient = trace.gradient(layer, signal).astype(np.float64)
        largest = np.abs(gradient).max(axis=2, keepdims=True)
        safe = np.where(largest > 0, largest, 1.0)
        norm = np.linalg.norm(gradient / safe, axis=2) * safe[:, :, 0]
        quartiles = np.full((3, norm.shape[0]), np.nan)
        asked = ~np.isnan(norm).all(axis=1)
        if asked.any():
            quartiles[:, asked] = np.nanpercentile(norm[asked], [25, 50, 75], axis=1)
        rows.append(
            pd.DataFrame(
                {
                    "signal": signal,
                    "time": np.arange(norm.shape[0]),
                    "norm": quartiles[1],
                    "low": quartiles[0],
                    "high": quartiles[2],
                }
            )
        )
    return pd.concat(rows, ignore_index=True)
