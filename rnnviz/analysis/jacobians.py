"""How does one step stretch and turn the state? Exact Jacobians, and what they do to a gradient."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from torch import nn

from rnnviz.analysis.beginnings import call_of_step, running_order, weights_of_calls
from rnnviz.analysis.gradients import norm_over_units
from rnnviz.analysis.recurrence import recurrence
from rnnviz.analysis.weights import check_not_normalized
from rnnviz.recording.trace import Trace
from rnnviz.words import Words

STEEPEST = {"rnn": 1.0, "rnn_relu": 1.0}
"""Largest slope of a plain cell's nonlinearity; it is 1/4 for the logistic function."""


def jacobians(
    module: nn.Module | None,
    trace: Trace,
    layer: str,
    sample: int | None = None,
    *,
    given: bool = False,
    gradients: bool = False,
) -> np.ndarray:
    """Compute d(state at t)/d(state at t-1) at every step, exactly, from gates and weights.

    The state is h; for an LSTM it is h and c, one after the other.

    Parameters
    ----------
    module : nn.Module
        What was recorded; its weights count only where the trace kept none.
    trace : Trace
        Gradients are not needed.
    layer : str
        One of `trace.layers`.
    sample : int, optional
        One sample; all if not given.
    given : bool
        Whether a step counts, too, that set out from a state that it was given: at the start, or
        because the caller changed the state in between. Its Jacobian is by that state, so the
        product across it is not that of two steps in a row.
    gradients : bool
        Whether a state that was detached in between links two steps no more: no gradient took
        that way.

    Returns
    -------
    ndarray (time, state, state), or (time, batch, state, state) without a sample
        Row: the state after the step. NaN where the sequence was padded, and at steps that did not
        set out from the state after the step before. A backward layer's steps are in the order it
        runs.
    """
    parts = recurrence(module, trace, layer, gradients=gradients)
    samples = range(parts.keep.shape[1]) if sample is None else [sample]
    size = parts.hidden + (parts.keep.shape[2] if parts.cell == "lstm" else 0)
    made = np.empty((parts.steps, len(samples), size, size))
    begins = [trace.begins(layer)[call] != "zero" for call in call_of_step(trace, layer)]
    begins = np.asarray(begins)[running_order(trace, layer)].tolist()
    for t in range(parts.steps):
        for place, each in enumerate(samples):
            made[t, place] = parts.jacobian(t, each, given=given and begins[t])
    return made if sample is None else made[:, 0]


def singular_values(jacobians: np.ndarray) -> pd.DataFrame:
    """Find by how much each step stretches the state in each direction.

    Parameters
    ----------
    jacobians : ndarray (time, state, state) or (time, batch, state, state)

    Returns
    -------
    DataFrame
        Columns `time`, `sample`, `rank` (0 is the largest) and `value`; steps without a Jacobian
        are left out.
    """
    stack = jacobians if jacobians.ndim == 4 else jacobians[:, None]
    time, sample = np.nonzero(np.isfinite(stack).all(axis=(2, 3)))
    values = np.linalg.svd(stack[time, sample], compute_uv=False)
    count = values.shape[1]
    return pd.DataFrame(
        {
            "time": np.repeat(time, count),
            "sample": np.repeat(sample, count),
            "rank": np.tile(np.arange(count), len(time)),
            "value": values.ravel(),
        }
    )


def spectral_radius(jacobians: np.ndarray) -> pd.DataFrame:
    """Find the largest modulus of the eigenvalues of each step's Jacobian.

    Returns
    -------
    DataFrame
        Columns `time`, `sample`, `radius`; steps without a Jacobian are left out.
    """
    stack = jacobians if jacobians.ndim == 4 else jacobians[:, None]
    time, sample = np.nonzero(np.isfinite(stack).all(axis=(2, 3)))
    radius = np.abs(np.linalg.eigvals(stack[time, sample])).max(axis=-1, initial=0.0)
    return pd.DataFrame({"time": time, "sample": sample, "radius": radius})


def product_norms(jacobians: np.ndarray, every: int = 1) -> pd.DataFrame:
    """Measure the products J_T ... J_{t+1}: what the way from the last step back to t can do.

    Parameters
    ----------
    jacobians : ndarray (time, state, state)
        Of one sample.
    every : int
        Measure only each so-many-th product: its norm takes longer than the product.

    Returns
    -------
    DataFrame
        Columns `time` (t), `lag` (T - t) and `log_norm`: the natural logarithm of the product's
        largest singular value, which neither under- nor overflows. -inf where it is 0.
    """
    last = max((t for t in range(len(jacobians)) if np.isfinite(jacobians[t]).all()), default=0)
    product, size, rows = np.eye(jacobians.shape[1]), 0.0, []
    for t in range(last, -1, -1):
        if (last - t) % every == 0:
            norm = float(np.linalg.norm(product, 2)) if np.isfinite(product).all() else np.nan
            with np.errstate(divide="ignore"):
                rows.append((t, last - t, size + np.log(norm)))
        if not np.isfinite(jacobians[t]).all():
            break
        scale = float(np.abs(product).max())
        if scale > 0:
            product, size = product / scale, size + np.log(scale)
        product = product @ jacobians[t]
    return pd.DataFrame(rows[::-1], columns=["time", "lag", "log_norm"])


def state_gradient_norms(module: nn.Module, trace: Trace, layer: str) -> np.ndarray:
    """Return the norm of dL/d(state), the state being what `jacobians` takes it to be.

    For an LSTM it is of dL/dh and of dL/dc at a fixed h, together: what products of Jacobians
    act on, where dL/dc of a trace also counts what goes through h at the same step.

    Returns
    -------
    ndarray (time, batch)
        In the order in which the layer runs.
    """
    parts = recurrence(module, trace, layer)
    order = running_order(trace, layer)
    dh = trace.gradient(layer, "hidden_state")[order].astype(np.float64)
    if parts.cell != "lstm":
        return norm_over_units(dh)
    shown = np.stack([parts.into_cell(t, dh[t]) for t in range(parts.steps)])
    dc = trace.gradient(layer, "cell_state")[order].astype(np.float64) - shown
    return norm_over_units(np.concatenate([dh, dc], -1))


def jacobian_bound(module: nn.Module | None, trace: Trace, layer: str) -> float | None:
    """Return what no step's Jacobian of a plain RNN exceeds, γ σ_max(W_hh); None for gated cells.

    γ is the nonlinearity's steepest slope (Pascanu, Mikolov, Bengio 2013).
    """
    slope = STEEPEST.get(trace.cell(layer))
    if slope is None:
        return None
    if module is not None:
        check_not_normalized(module, layer, Words("the bound is"))
    every = {id(weights): weights.hh for weights in weights_of_calls(trace, layer, module)}
    return slope * max(float(np.linalg.norm(hh, 2)) for hh in every.values())


def lyapunov_exponents(jacobians: Iterable[np.ndarray], burn_in: int = 0) -> np.ndarray:
    """Measure the mean growth a step along the directions of a trajectory, by QR at each step.

    Parameters
    ----------
    jacobians : iterable of ndarray (state, state)
        In time order; those with NaN are left out.
    burn_in : int
        Steps at the beginning that only turn the directions.

    Returns
    -------
    ndarray (state,)
        Natural logarithms a step, the largest first; their sum is the mean of ln abs(det J).
        (Benettin et al. 1980; for recurrent networks Vogt et al. 2022.)
    """
    turned: np.ndarray | None = None
    total, count = np.zeros(0), 0
    for step in jacobians:
        if not np.isfinite(step).all():
            continue
        turned, stretched = np.linalg.qr(step if turned is None else step @ turned)
        if not total.size:
            total = np.zeros(len(step))
        if burn_in > 0:
            burn_in -= 1
            continue
        with np.errstate(divide="ignore"):
            total = total + np.log(np.abs(np.diag(stretched)))
        count += 1
    return np.sort(total / max(count, 1))[::-1]
