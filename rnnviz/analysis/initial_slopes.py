"""Does the gradient fade or explode before any training? Slopes of many random networks."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
import torch

from rnnviz.analysis.decay import decay
from rnnviz.analysis.entering import entering
from rnnviz.analysis.gradients import sample_norms
from rnnviz.errors import TraceError
from rnnviz.networks.model import build
from rnnviz.recording.probe import inspect
from rnnviz.recording.trace import Trace
from rnnviz.refusals import needed
from rnnviz.settings import Settings
from rnnviz.tasks import Task, task_of

COLUMNS = ["cell", "over", "value", "network", "slope", "reference"]
BURN_IN, STEPS, SETTLING = 200, 400, 50
SAMPLES = 4
OVER = ("spectral_radius", "forget_bias")


def initial_slopes(
    gains: Sequence[float],
    *,
    units: int = 256,
    networks: Sequence[int] = range(8),
    seed: int = 0,
) -> pd.DataFrame:
    """Measure how fast the gradient grows in random networks ``h' = tanh(J h)`` without input.

    Each network's J has independent entries from N(0, g²/N); its N(0, 1/N) part is the same for all
    gains. From 4 random states it runs 200 steps to settle and 400 more, back through which a
    random gradient is sent; the slope is that of ln of its norm after 50 steps, averaged over the
    four. `mean_field` has what it tends to with N for g > 1. Below, activity dies out and the
    slope is ln of the spectral radius of the same J.

    Parameters
    ----------
    gains : sequence of float
        Values of g, above 0.
    units : int
        N, 2 at least.
    networks : sequence of int
        Which networks: a number always stands for the same one.
    seed : int
        Of all networks.

    Returns
    -------
    DataFrame
        Columns `cell` ("rnn"); `over` ("gain"); `value`, the gain; `network`; `slope`, natural
        logarithm a step back in time, negative fades, positive explodes; `reference`, ln of the
        spectral radius of J, the slope if there were no tanh.

    Raises
    ------
    TraceError
        If a gain or the number of units has no meaning.
    """
    if units < 2:
        raise TraceError("units = {units}: must be at least 2.", units=units)
    rows = []
    for network in networks:
        for gain in gains:
            if not (np.isfinite(gain) and gain > 0):
                raise TraceError("gain = {gain:g}: must be a number above 0.", gain=gain)
            matrix, log_radius = _random_matrix(units, network, seed)
            random = np.random.default_rng([seed, network, units, 1])
            slope = _slope(gain * matrix, random)
            rows.append(("rnn", "gain", gain, network, slope, np.log(gain) + log_radius))
    return pd.DataFrame(rows, columns=COLUMNS)


def cell_slopes(
    settings: Settings,
    over: str,
    values: Sequence[float],
    *,
    networks: Sequence[int] = range(3),
    samples: int = SAMPLES,
    task: Task | None = None,
) -> pd.DataFrame:
    """Measure how fast the gradient fades in the untrained networks of settings, by autograd.

    The task's probe runs through the network; the loss is that of its last answer. A line is fitted
    to ln of the norm of dL/dc_t (LSTM) or dL/dh_t (the others) of the top layer, as in `decay`:
    there gradient enters once, and below another layer at every step.

    Parameters
    ----------
    settings : Settings
        All but what is varied: the initialization becomes "spectral" over the spectral radius.
    over : str
        "spectral_radius", or "forget_bias" (LSTM).
    values : sequence of float
        What it is set to.
    networks : sequence of int
        Seeds of the networks; added to that of the settings.
    samples : int
        Sequences of the probe, 16 at most.
    task : Task, optional
        That of the settings; `rnnviz.tasks.task_of(settings)`, which finds a script's own data, if
        None.

    Returns
    -------
    DataFrame
        Columns as of `initial_slopes`. `reference` is what the simplest network would have: ln of
        the spectral radius, that of a linear RNN; ln σ(b), that of an LSTM whose weights are 0.

    Raises
    ------
    TraceError
        If `over` has no meaning for the cell, or gradient enters at more than one step, as where
        the mean of all states is read out.
    SettingsError
        If a value is outside its range.
    """
    if over not in OVER or "cell" in needed(over, settings):
        raise TraceError(
            "over = {over!r} means nothing for {cell}: choose spectral_radius, or, for "
            "lstm, forget_bias.",
            over=over,
            cell=settings.cell,
        )
    signal = "cell_state" if settings.cell == "lstm" else "hidden_state"
    task = task or task_of(settings)
    probe = task.probe().first(samples)
    rows = []
    for network in networks:
        for value in values:
            value = float(value)
            changes = {over: value, "seed": (settings.seed + network) % 2**32}
            asked = settings.replace(**changes | needed(over, settings))
            trace = inspect(asked, probe=probe, dtype=torch.float64, task=task)
            if not rows:  # how networks are built is the same for all
                _check_entering_once(asked, trace, task)
            fit = decay(sample_norms(trace, trace.top, (signal,)))
            with np.errstate(divide="ignore"):
                reference = (
                    np.log(value) if over == "spectral_radius" else -np.logaddexp(0.0, -value)
                )
            rows.append(
                (settings.cell, over, value, network, fit["slope"].iloc[0], float(reference))
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def _check_entering_once(settings: Settings, trace: Trace, task: Task) -> None:
    """Raise TraceError if gradient enters the top layer at more than one step."""
    last = trace.gradient(trace.top, "hidden_state").shape[0] - 1
    where = entering(build(settings, task).double().eval(), trace, trace.top, asked=[last])
    if not where.once:
        raise TraceError(
            "Gradient enters at {count} time steps here, so its norm has no slope of its own: "
            "look at a network with the read-out of every step, without attention.",
            count=len(where.steps),
        )


@lru_cache(maxsize=16)
def _random_matrix(units: int, network: int, seed: int) -> tuple[np.ndarray, float]:
    """Return entries from N(0, 1/N), and ln of their spectral radius."""
    random = np.random.default_rng([seed, network, units])
    matrix = random.standard_normal((units, units)) / np.sqrt(units)
    # torch's, because numpy's takes twenty times as long where another process keeps a core busy
    radius = torch.linalg.eigvals(torch.from_numpy(matrix)).abs().max().item()
    return matrix, float(np.log(radius))


def _slope(matrix: np.ndarray, random: np.random.Generator) -> float:
    """Return the growth of ln of the norm of a gradient, a step back in time."""
    h = random.standard_normal((len(matrix), SAMPLES))
    slopes = np.empty((STEPS, *h.shape))
    for t in range(-BURN_IN, STEPS):
        h = np.tanh(matrix @ h)
        if t >= 0:
            slopes[t] = 1 - h * h
    gradient = random.standard_normal(h.shape)
    back = np.ascontiguousarray(matrix.T)
    grown = np.zeros(SAMPLES)
    for k in range(STEPS):
        gradient = back @ (slopes[STEPS - 1 - k] * gradient)
        size = np.linalg.norm(gradient, axis=0)
        gradient /= size  # it would leave float64 after some hundred steps
        if k >= SETTLING:
            grown += np.log(size)
    return float(grown.mean() / (STEPS - SETTLING))
