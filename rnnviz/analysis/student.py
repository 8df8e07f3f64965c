"""Student's t: how many standard errors an interval reaches, for few degrees of freedom."""

from functools import cache

import numpy as np

HALVINGS = 60


@cache
def student(freedom: int, within: float = 0.95) -> float:
    """Return t with P(-t < T < t) = `within`; SciPy, which has it too, would be 140 MB more.

    For whole degrees of freedom n the probability is a finite sum of powers of cos θ, with
    tan θ = t / √n, which is halved down to the θ that is asked for.
    Source: Abramowitz, Stegun, Handbook of Mathematical Functions (1964), 26.7.3 and 26.7.4.
    """
    odd = freedom % 2
    powers = np.arange(odd, freedom - 1, 2)
    terms = np.cumprod(np.where(powers < 2, 1.0, (powers - 1) / np.maximum(powers, 1)))

    def probability(angle: float) -> float:
        total = float(np.sin(angle) * (terms @ np.cos(angle) ** powers))
        return 2 / np.pi * (angle + total) if odd else total

    low, high = 0.0, np.pi / 2
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if probability(middle) < within else (low, middle)
    return float(np.tan(low) * np.sqrt(freedom))
