"""Noisy sines: tell period and phase of a wave from its first values, and forecast it."""

from math import pi
from typing import ClassVar

import numpy as np

from rnnviz.tasks.series import Forecast, Values
from rnnviz.words import N_

SHORTEST, LONGEST = 8, 40
"""Steps of a period; its inverse, the frequency, is uniform between."""
NOISE = 0.1
"""Standard deviation of what is added to each value."""


class Sines(Forecast):
    """Forecast waves with periods, phases and noise of their own; each has power 1/2 in all.

    A value is sqrt(1/waves) times the sum of sin(2 pi f t + phase), the frequencies f uniform from
    1/40 to 1/8, the phases uniform, plus normal noise.
    """

    key = "sines"
    title = N_("noisy sine")
    summary = N_("A wave of unknown period and phase, with noise: give its next value.")
    typed_example = "0 0.6 1 0.6 0 -0.6 -1"
    waves: ClassVar[int] = 1
    defaults = {"length": 60, "lr": 0.005, "steps": 2000}

    @property
    def variance(self) -> float:
        """Variance of a value: 1/2 of the waves, and the noise."""
        return 0.5 + NOISE**2

    @property
    def best(self) -> float:
        """Return the variance of the noise, which nobody can foresee.

        A bound: one who reads only so many values does not know the wave exactly.
        """
        return NOISE**2

    def _repeated(self) -> float:
        # E (a - b)^2 of two values of a wave is 1 - E cos(2 pi f d), f uniform, and twice the noise
        low, high = (2 * pi * self.distance / period for period in (LONGEST, SHORTEST))
        alike = (np.sin(high) - np.sin(low)) / (high - low)
        return float(1 - alike + 2 * NOISE**2)

    def _windows(self, size: int, random: np.random.Generator) -> Values:
        frequency = random.uniform(1 / LONGEST, 1 / SHORTEST, (self.waves, size))
        phase = random.uniform(0, 2 * pi, (self.waves, size))
        time = np.arange(self.length + self.distance)[:, None, None]
        waves = np.sin(2 * pi * frequency * time + phase).sum(1) / np.sqrt(self.waves)
        found: Values = waves + random.normal(0, NOISE, waves.shape)
        return found


class Mixture(Sines):
    """The same with two waves added up."""

    key = "mixture"
    title = N_("two sines")
    summary = N_("Two waves of unknown periods added up, with noise: give the next value.")
    waves = 2
