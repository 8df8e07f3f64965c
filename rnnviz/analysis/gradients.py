"""How far back does the gradient reach? Norms of dL/d(signal) at every time step."""

import numpy as np
import pandas as pd

from rnnviz.analysis.formulas import slope_of
from rnnviz.recording.trace import Trace


def gradient_norms(
    trace: Trace, layer: str, signals: tuple[str, ...] | None = None, *, before: bool = False
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
    before : bool
        Whether a gate stands for its pre-activation, the input of its σ or tanh.

    Returns
    -------
    DataFrame
        Columns `signal`, `time`, `norm` (median over samples), `low` and `high` (quartiles), and
        `infinite`, how many samples' gradients are beyond the largest number there is: they count
        as inf. A step that is padding in every sample is NaN; a gradient that is exactly zero is 0.
    """
    signals = signals or trace.signals(layer)
    steps = trace.gradient(layer, signals[0]).shape[0]
    found = (gradient_of(trace, layer, signal, before=before) for signal in signals)
    norms = np.stack([norm_over_units(gradient) for gradient in found])
    low, middle, high = quartiles(norms).reshape(3, -1)
    return pd.DataFrame(
        {
            "signal": pd.Categorical.from_codes(
                np.repeat(np.arange(len(signals)), steps), categories=list(signals)
            ),
            "time": np.tile(np.arange(steps), len(signals)),
            "norm": middle,
            "low": low,
            "high": high,
            "infinite": np.isinf(norms).sum(-1).ravel(),
        }
    )


def sample_norms(
    trace: Trace,
    layer: str,
    signals: tuple[str, ...] | None = None,
    *,
    before: bool = False,
    unit: int | None = None,
) -> pd.DataFrame:
    """Measure the gradient norm of each signal through time, sample by sample.

    Parameters
    ----------
    trace, layer, signals, before
        As for `gradient_norms`.
    unit : int, optional
        One unit's absolute gradient in place of the norm over units.

    Returns
    -------
    DataFrame
        Columns `signal`, `time`, `sample`, `norm`; NaN where the sequence was padded, inf where the
        gradient is beyond the largest number there is.
    """
    frames = []
    for signal in signals or trace.signals(layer):
        gradient = gradient_of(trace, layer, signal, before=before)
        norm = norm_over_units(gradient if unit is None else gradient[:, :, unit : unit + 1])
        time, sample = (index.ravel() for index in np.indices(norm.shape))
        frame = pd.DataFrame({"time": time, "sample": sample, "norm": norm.ravel()})
        frames.append(frame.assign(signal=signal)[["signal", "time", "sample", "norm"]])
    return pd.concat(frames, ignore_index=True)


def gradient_of(trace: Trace, layer: str, signal: str, *, before: bool = False) -> np.ndarray:
    """Return dL/d(signal), or of its pre-activation, (time, batch, unit).

    A signal without a nonlinearity of its own (input, cell state, a gated hidden state) is as it
    is either way.

    Raises
    ------
    TraceError
        If the slope of its nonlinearity is not known.
    """
    gradient = trace.gradient(layer, signal)
    slope = slope_of(trace, layer, signal) if before else None
    with np.errstate(invalid="ignore"):  # inf times the slope 0
        return gradient if slope is None else gradient * slope


def of_top_layer(trace: Trace, signal: str, *, gradient: bool = False) -> np.ndarray:
    """Return a signal of the top layer, or its gradient, through the whole of a sequence.

    (time, batch, unit). Of a translation it is the encoder's while the source is read and then the
    decoder's, which goes on from the same state.
    """
    path, _, suffix = trace.top.rpartition(".")
    get = trace.gradient if gradient else trace.value
    whole = get(trace.top, signal)
    for layer in trace.layers:
        if layer.rpartition(".")[::2] == (path, suffix) or not layer.endswith(f".{suffix}"):
            continue
        there = get(layer, signal)
        if there.shape == whole.shape:
            whole = np.where(np.isnan(whole), there, whole)
    return whole


def norm_over_units(gradient: np.ndarray) -> np.ndarray:
    """Return the Euclidean norm over the last axis in float64, whatever the size of the values.

    The square of a float32 gradient of 1e-25 would already be zero. One infinite unit makes it
    infinite: an overflow is no padding, which is NaN in all units.
    """
    values = gradient.astype(np.float64)
    infinite = np.asarray(np.isinf(values).any(axis=-1))
    values = np.where(infinite[..., None], 0.0, values)
    largest = np.abs(values).max(axis=-1, keepdims=True, initial=0.0)
    safe = np.where(largest > 0, largest, 1.0)
    norm = np.linalg.norm(values / safe, axis=-1) * safe[..., 0]
    return np.where(infinite, np.inf, norm)


def quartiles(values: np.ndarray) -> np.ndarray:
    """Return lower quartile, median and upper quartile over the last axis, NaN left out.

    As `np.nanpercentile` does, but at once for all rows instead of one after the other, and with
    inf as the largest of numbers; NaN of nothing.
    """
    if not values.shape[-1]:
        return np.full((3, *values.shape[:-1]), np.nan)
    ranked = np.sort(values, axis=-1)  # NaN comes last
    count = (~np.isnan(values)).sum(axis=-1)
    found = []
    for share in (0.25, 0.5, 0.75):
        place = share * np.maximum(count - 1, 0)
        below = np.floor(place).astype(np.intp)
        above = np.minimum(below + 1, np.maximum(count - 1, 0))
        lower, upper = (
            np.take_along_axis(ranked, at[..., None], axis=-1)[..., 0] for at in (below, above)
        )
        between = (place > below) & (lower != upper)
        with np.errstate(invalid="ignore"):
            found.append(np.where(between, lower + (upper - lower) * (place - below), lower))
    return np.stack(found)
