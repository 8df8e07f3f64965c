"""Say what clipping, or a short window of time, takes away from the gradient."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from torch import nn

from rnnviz.analysis.backwards import walk, walk_down
from rnnviz.analysis.itemized import check_sum
from rnnviz.errors import TraceError
from rnnviz.recording.trace import Trace


def clipping(metrics: pd.DataFrame, limit: float, over: int = 100) -> pd.DataFrame:
    """Compare the gradient's norm before and after clipping, step by step.

    Parameters
    ----------
    metrics : DataFrame
        Columns `step` and `gradient_norm`, as `RunStore.metrics` gives them.
    limit : float
        The largest norm that is let through; 0: no clipping.
    over : int
        Steps over which the share of clipped ones is taken.

    Returns
    -------
    DataFrame
        Columns `step`; `norm` before and `clipped_norm` after; `clipped`; `share` of clipped
        steps among the last `over`.
    """
    norm = metrics["gradient_norm"].to_numpy(float)
    clipped = (norm > limit) if limit > 0 else np.zeros(len(norm), bool)
    share = pd.Series(clipped, dtype=float).rolling(over, min_periods=1).mean()
    return pd.DataFrame(
        {
            "step": metrics["step"].to_numpy(),
            "norm": norm,
            "clipped_norm": np.where(clipped, limit, norm),
            "clipped": clipped,
            "share": share.to_numpy(),
        }
    )


def truncation(
    module: nn.Module, trace: Trace, layer: str, windows: Sequence[int], sample: int | None = None
) -> pd.DataFrame:
    """Measure what back-propagation through a window of time throws away of the gradient.

    The loss at step k reaches back to step k - window + 1 and no further, for every k (a window
    that slides; training with `Settings.truncation` cuts the sequence into pieces instead, in which
    the loss at step k reaches back to the beginning of its piece).

    Parameters
    ----------
    module : nn.Module
        What was recorded, in eval mode.
    trace : Trace
        With gradients.
    layer : str
        One of `trace.layers`; not one that runs backwards.
    windows : sequence of int
        Lengths of the window in steps.
    sample : int, optional
        One sample of the batch; all if not given.

    Returns
    -------
    DataFrame
        Columns `window`; `time`; `total`, the norm of dL/dh_t; `kept`, that of the part that the
        window lets through; `lost`, that of the rest. And for the gradient of all the layer's
        recurrent weights, the same in every row of a window: `weights_lost`, the norm of what is
        thrown away over the norm of the whole, and `weights_cosine`, how much the truncated
        gradient points the same way.

    Raises
    ------
    TraceError
        As `itemized_gradients` does, and for a layer that runs backwards.
    """
    if layer.endswith("_reverse"):
        raise TraceError("{layer} runs backwards: choose the one that runs forwards.", layer=layer)
    parts, entries = walk_down(module, trace, layer, sample=sample)
    samples = slice(None) if sample is None else slice(sample, sample + 1)
    lengths = np.asarray(windows)
    total = np.zeros(parts.earlier.shape)
    kept = np.zeros((len(lengths), *total.shape))
    whole = np.zeros_like(parts.weights[0].hh)
    weights = np.stack([whole] * len(lengths))
    for now in walk(parts, entries):
        away = entries.steps[: now.active] - now.t  # falls: later loss steps come first
        first = np.searchsorted(-away, 1 - lengths)  # the items within each window
        of_weights = parts.recurrent_gates(now.t, now.dh, now.da)
        dh, da = _from_here(now.dh), _from_here(of_weights)
        kept[:, now.t], total[now.t] = dh[first], dh[0]
        weights += np.einsum("wba,bh->wah", da[first], parts.earlier[now.t])
        whole += da[0].T @ parts.earlier[now.t]
    check_sum(total, trace.gradient(layer, "hidden_state")[:, samples], layer)
    gone = np.linalg.norm(weights - whole, axis=(1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        lost = gone / np.linalg.norm(whole)
        lengths_of = np.linalg.norm(weights, axis=(1, 2)) * np.linalg.norm(whole)
        cosine = (weights * whole).sum(axis=(1, 2)) / lengths_of
    steps, root = parts.steps, np.sqrt(parts.valid.shape[1])
    return pd.DataFrame(
        {
            "window": np.repeat(lengths, steps),
            "time": np.tile(np.arange(steps), len(lengths)),
            "total": np.tile(np.linalg.norm(total, axis=(1, 2)) / root, len(lengths)),
            "kept": (np.linalg.norm(kept, axis=(2, 3)) / root).ravel(),
            "lost": (np.linalg.norm(kept - total, axis=(2, 3)) / root).ravel(),
            "weights_lost": np.repeat(lost, steps),
            "weights_cosine": np.repeat(cosine, steps),
        }
    )


def _from_here(items: np.ndarray) -> np.ndarray:
    """Return the sums over items from each on to the last, and 0 after it."""
    sums = np.cumsum(items[::-1], axis=0)[::-1]
    return np.concatenate([sums, np.zeros_like(items[:1])])
