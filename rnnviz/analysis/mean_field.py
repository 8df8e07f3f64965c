"""What theory says of infinitely many tanh units with random weights: how fast gradients grow."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from rnnviz.errors import TraceError

_Z = np.linspace(-12, 12, 4801)
_WEIGHT = np.exp(-_Z * _Z / 2) / np.exp(-_Z * _Z / 2).sum()
"""Averages over a standard normal number; exact to 1e-12 for functions as smooth as tanh(8 z)."""


def mean_field(gains: Iterable[float]) -> pd.DataFrame:
    """Predict the growth of the gradient in ``h' = tanh(J h)``, J_ij ~ N(0, g²/N), N to infinity.

    The state's variance before the tanh settles at ``q = g² E[tanh(√q z)²]``, z standard normal,
    and two different steps are not correlated, so that a step multiplies the mean square of a small
    change, and of the gradient going back, by ``g² E[(1 - tanh(√q z)²)²]``. The mean of all
    Lyapunov exponents is ``E[ln(1 - tanh(√q z)²)]`` plus that of J itself, ``ln g - 1/2``. Up to
    g = 1 there is no activity, q = 0.

    Sompolinsky, Crisanti, Sommers 1988; for discrete time Molgedey, Schuchhardt, Schuster 1992.

    Parameters
    ----------
    gains : iterable of float
        Values of g, above 0.

    Returns
    -------
    DataFrame
        Columns `gain`; `largest`, the largest Lyapunov exponent, which is the slope of ln of the
        gradient's norm a step back in time; `mean`, the mean exponent; `variance`, q.

    Raises
    ------
    TraceError
        If a gain is not a number above 0.
    """
    rows = []
    for gain in gains:
        if not (np.isfinite(gain) and gain > 0):
            raise TraceError("gain = {gain:g}: must be a number above 0.", gain=gain)
        variance = _settled(gain)
        at = np.sqrt(variance) * _Z
        slope = 1 - np.tanh(at) ** 2
        # ln(1 - tanh²) = -2 ln cosh, also where tanh rounds to 1
        log_slope = -2 * (np.logaddexp(at, -at) - np.log(2))
        rows.append(
            {
                "gain": float(gain),
                "largest": float(np.log(gain) + np.log(slope**2 @ _WEIGHT) / 2),
                "mean": float(np.log(gain) - 0.5 + log_slope @ _WEIGHT),
                "variance": variance,
            }
        )
    return pd.DataFrame(rows, columns=["gain", "largest", "mean", "variance"])


def _settled(gain: float) -> float:
    """Return the variance of a unit's input that reproduces itself, 0 if only 0 does."""
    if gain <= 1:
        return 0.0
    low, high = 0.0, gain**2
    for _ in range(60):
        middle = (low + high) / 2
        grows = gain**2 * (np.tanh(np.sqrt(middle) * _Z) ** 2 @ _WEIGHT) > middle
        low, high = (middle, high) if grows else (low, middle)
    return high
