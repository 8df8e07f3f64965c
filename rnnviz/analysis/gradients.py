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
    signals = signals or trace.signals(layer)
    steps = trace.gradient(layer, signals[0]).shape[0]
    norms = np.stack([norm_over_units(trace.gradient(layer, signal)) for signal in signals])
    low, middle, high = quartiles(norms).reshape(3, -1)
    return pd.DataFrame(
        {
            "signal": pd.Categorical(np.repeat(signals, steps), categories=list(signals)),
            "time": np.tile(np.arange(steps), len(signals)),
            "norm": middle,
            "low": low,
            "high": high,
        }
    )


def norm_over_units(gradient: np.ndarray) -> np.ndarray:
    """Return the Euclidean norm over the last axis in float64, whatever the size of the values.

    The square of a float32 gradient of 1e-25 would already be zero.
    """
    values = gradient.astype(np.float64)
    largest = np.abs(values).max(axis=-1, keepdims=True)
    safe = np.where(largest > 0, largest, 1.0)
    return np.linalg.norm(values / safe, axis=-1) * safe[..., 0]


def quartiles(values: np.ndarray) -> np.ndarray:
    """Return lower quartile, median and upper quartile over the last axis, NaN left out.

    As `np.nanpercentile` does, but at once for all rows instead of one after the other.
    """
    ranked = np.sort(values, axis=-1)  # NaN comes last
    count = np.isfinite(values).sum(axis=-1)
    found = []
    for share in (0.25, 0.5, 0.75):
        place = share * np.maximum(count - 1, 0)
        below = np.floor(place).astype(np.intp)
        above = np.minimum(below + 1, np.maximum(count - 1, 0))
        lower, upper = (
            np.take_along_axis(ranked, at[..., None], axis=-1)[..., 0] for at in (below, above)
        )
        found.append(lower + (upper - lower) * (place - below))
    return np.stack(found)
