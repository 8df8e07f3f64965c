"""What forecasts of a series of numbers share: windows, scale, baseline and measure."""

import re
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnviz.errors import TaskError
from rnnviz.tasks.base import (
    LATER_IS_SEEN,
    MOST_TYPED,
    PROBE,
    PROBE_SIZE,
    VALIDATION_SIZE,
    Baseline,
    Batch,
    Goal,
    Probe,
    Task,
)
from rnnviz.tasks.form import Form
from rnnviz.words import N_, Words, t

HELD_OUT = 0.2
"""Share of a recorded series, at its end, that training never sees."""
LARGEST_TYPED = 100_000
"""Magnitude of a number that somebody types."""
NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
PAST = 12
"""Values that a line is drawn through to forecast the next, as what is within reach."""
Values = NDArray[np.float64]


class Forecast(Task):
    """Read a series value by value and give, at every step, the value `distance` steps ahead.

    What goes in and what is asked is (value - mean) / spread; labels are in the series' own units.
    """

    family = "numbers"
    length_title = N_("Length")
    length_help = N_("Values that are read; at each, a later one is asked.")
    distance_title = N_("Steps ahead")
    only_forwards = LATER_IS_SEEN
    metric_title = N_("of the variance explained")
    metric_range = (-np.inf, 100.0)
    answers = "numbers"
    tokens = False
    inputs = 1
    outputs = 1
    typed_form = N_("type numbers with spaces between them")
    digits = 2
    """Digits after the point, in labels."""
    mean, spread = 0.0, 1.0

    @property
    def form(self) -> Form:
        """Return how an example is drawn: an answer stands where its value is in the series."""
        return Form("curves", ahead=self.distance)

    def unscaled(self, values: NDArray[np.float32], *, out: bool = False) -> NDArray[np.float32]:
        """Return values in the series' own units."""
        return values * np.float32(self.spread) + np.float32(self.mean)

    @abstractmethod
    def _windows(self, size: int, random: np.random.Generator) -> Values:
        """Return stretches (length + distance, batch), in the series' own units."""

    @abstractmethod
    def _repeated(self) -> float:
        """Return the mean square of (value - value `distance` steps before), scaled."""

    @property
    @abstractmethod
    def variance(self) -> float:
        """Variance of the scaled values."""

    @property
    def baseline(self) -> Baseline:
        """Say the mean, or the value just read again, whichever is better."""
        repeated, spread = self._repeated(), self.variance
        if repeated < spread:
            explained = 100 * (1 - repeated / spread)
            return Baseline(repeated, explained, Words("the value just read, again"))
        return Baseline(spread, 0.0, Words("always the mean"))

    def probe(self) -> Probe:
        """Return 16 stretches."""
        return self._look(self._windows(PROBE_SIZE, self._random(PROBE)))

    def read(self, text: str) -> Probe:
        """Return values that a user typed; those that were typed later are asked."""
        words = text.replace(";", " ").replace(",", " ").split()
        if not self.distance < len(words) <= MOST_TYPED:
            raise TaskError(
                "A series has {least} to {most:,} values, because the value "
                "{distance} ahead is asked: {how}.",
                least=self.distance + 1,
                most=MOST_TYPED,
                distance=self.distance,
                how=self.how,
            )
        values = np.array([[self._number(word)] for word in words])
        return self._show(values, np.concatenate([values[self.distance :], np.full_like(
            values[: self.distance], np.nan)]))  # fmt: skip

    def metric(self, output: Tensor, batch: Batch) -> float:
        """Return the share of the series' variance that the answers explain, in per cent."""
        return 100 * (1 - self.mean_loss(output.detach(), batch.targets).item() / self.variance)

    def _draw(self, size: int, random: np.random.Generator) -> Batch:
        return self._batch(self._windows(size, random))

    def _batch(self, values: Values) -> Batch:
        scaled = ((values - self.mean) / self.spread).astype(np.float32)[..., None]
        return Batch(torch.tensor(scaled[: self.length]), torch.tensor(scaled[self.distance :]))

    def _edit(self, probe: Probe, time: int, text: str) -> Probe:
        values, later = self._own(probe.batch.inputs), self._own(probe.batch.targets)
        values[time] = self._number(text.strip())
        if time >= self.distance and not np.isnan(later[time - self.distance]):
            later[time - self.distance] = values[time]
        return self._show(values, later)

    def _own(self, scaled: Tensor) -> Values:
        """Return values (time, batch) in the series' own units."""
        return scaled[..., 0].double().numpy() * self.spread + self.mean

    def _number(self, word: str) -> float:
        if not NUMBER.fullmatch(word) or abs(float(word)) > LARGEST_TYPED:
            raise TaskError(
                "{word!r} is no number from -{largest:,} to {largest:,}: {how}.",
                word=word[:20],
                largest=LARGEST_TYPED,
                how=self.how,
            )
        return float(word)

    def _look(self, values: Values) -> Probe:
        return self._show(values[: self.length], values[self.distance :])

    def _show(self, values: Values, later: Values) -> Probe:
        """Return values (time, batch) in readable form, with those that are asked, or NaN."""
        inputs, targets = (
            torch.tensor(((x - self.mean) / self.spread).astype(np.float32)[..., None])
            for x in (values, later)
        )
        labels = [[self._label(x) for x in row] for row in values.T.tolist()]
        answers = [["" if x != x else self._label(x) for x in row] for row in later.T.tolist()]
        captions = [f"{' '.join(row[:5])}{' …' * (len(row) > 5)}" for row in labels]
        return Probe(Batch(inputs, targets), labels, answers, captions)

    @property
    def ahead(self) -> Sequence[int]:
        """How many steps ahead each forecast is."""
        return (self.distance,)

    @property
    def target_names(self) -> list[str]:
        """What is forecast, a name each."""
        return [t(self.title)]

    def history(self, inputs: NDArray[np.floating]) -> Values:
        """Return what went in (time, 1) of what is forecast: (time, target), in its own units."""
        return np.asarray(inputs, np.float64)[..., :1] * self.spread + self.mean

    def forecasts(self, answers: NDArray[np.floating]) -> Values:
        """Return answers (time, output) as (time, ahead, target), in the series' own units."""
        return np.asarray(answers, np.float64)[:, None, :1] * self.spread + self.mean

    def moment(self, row: int) -> str | Words:
        """Say when a step of a recorded series is."""
        return f"t = {row:,}"

    def written(self, numbers: Sequence[float]) -> str:
        """Return a scaled value as text, in the series' own units."""
        return self._label(numbers[0] * self.spread + self.mean)

    def _label(self, value: float) -> str:
        return f"{value:.{self.digits}f}".replace("-", "−")


class RecordedForecast(Forecast):
    """Forecast one long series: training reads its first four fifths, the end is held out.

    The scale is that of the training part; baseline and measure are about the held-out part, as
    validation is. A window longer than half of what is held out is cut to that.
    """

    series: Values
    """The whole series, in its own units."""

    def __init__(self, length: int, seed: int = 0, distance: int = 1) -> None:
        super().__init__(length, seed, distance)
        cut = round(len(self.series) * (1 - HELD_OUT))
        self._training, self._held_out = self.series[:cut], self.series[cut:]
        self.length = min(length, len(self._held_out) // 2)
        self.mean, self.spread = float(self._training.mean()), float(self._training.std())

    @property
    def variance(self) -> float:
        """Mean square of the held-out part, scaled: what the mean of training scores there."""
        return float(np.square((self._held_out - self.mean) / self.spread).mean())

    @property
    def goal(self) -> Goal:
        """Return what a line through the last values scores, where that is below the baseline."""
        scored = self._by_lines
        if scored >= self.baseline.loss:
            return super().goal
        return Goal(scored, Words("what a line through the last {count} values scores", count=PAST))

    @cached_property
    def _by_lines(self) -> float:
        """Mean square error of the best linear forecast of training, of the held-out part."""

        def windows(series: Values) -> tuple[Values, Values]:
            scaled = (series - self.mean) / self.spread
            last = len(scaled) - self.distance
            seen = np.stack([scaled[k : last - PAST + 1 + k] for k in range(PAST)], 1)
            return np.c_[seen, np.ones(len(seen))], scaled[PAST - 1 + self.distance :]

        inputs, later = windows(self._training)
        slopes = np.linalg.lstsq(inputs, later, rcond=None)[0]
        inputs, later = windows(self._held_out)
        return float(np.square(later - inputs @ slopes).mean())

    def validation(self) -> Batch:
        """Return stretches spread evenly over the held-out part."""
        return self._batch(self._spread(VALIDATION_SIZE))

    def probe(self) -> Probe:
        """Return 16 stretches spread evenly over the held-out part, and where each begins."""
        probe = self._look(self._spread(PROBE_SIZE))
        starts = (len(self._training) + self._starts(PROBE_SIZE)).tolist()
        return replace(probe, captions=[self._begins(start) for start in starts])

    def _begins(self, start: int) -> Words:
        """Say where in the series a stretch begins."""
        return Words("from t = {start:,}", start=start)

    def _repeated(self) -> float:
        series, ahead = self._held_out, self.distance
        return float(np.square(series[ahead:] - series[:-ahead]).mean() / self.spread**2)

    def _windows(self, size: int, random: np.random.Generator) -> Values:
        last = len(self._training) - self.length - self.distance
        return self._cut(self._training, random.integers(0, last + 1, size))

    def _starts(self, size: int) -> NDArray[np.int64]:
        """Return where the held-out stretches begin, counted from the end of training."""
        last = len(self._held_out) - self.length - self.distance
        return np.linspace(0, last, size).astype(int)

    def _spread(self, size: int) -> Values:
        return self._cut(self._held_out, self._starts(size))

    def _cut(self, series: Values, starts: NDArray[np.int64]) -> Values:
        return series[starts + np.arange(self.length + self.distance)[:, None]]
