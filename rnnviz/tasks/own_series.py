"""Forecast a series of the visitor's own: several columns in, one or more out."""

from collections.abc import Sequence
from datetime import UTC, datetime
from math import floor, log10

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnviz.data.columns import LARGEST_NUMBER
from rnnviz.data.series import Series
from rnnviz.data.sets import DataSet
from rnnviz.errors import TaskError
from rnnviz.tasks.base import (
    MOST_TYPED,
    PROBE_SIZE,
    VALIDATION_SIZE,
    Batch,
    Probe,
)
from rnnviz.tasks.own import OwnData
from rnnviz.tasks.series import NUMBER, Forecast, Values
from rnnviz.words import N_, Many, Words

MOST_TOLD = 3
"""Columns of which a step's label tells the number."""


class OwnSeries(OwnData, Forecast):
    """Forecast columns of a table, each scaled by mean and spread of its training rows alone.

    The first 70 % of the rows are for training, the next 15 % for validation, the last 15 % are the
    probe; no sequence reaches from one part into the next. A sequence longer than two thirds of
    the shortest part is cut to that.
    """

    key = "own_series"
    kind = "series"
    title = N_("own series")
    summary = N_("Numbers over time from a CSV file of your own: forecast one column, or several.")
    length_title = N_("Window")
    length_help = N_("Rows that are read; at each, a later one is asked.")
    distance_title = N_("Rows ahead")
    typed_form = N_("type rows of numbers, a number for each column, with ; between rows")
    typed_example = "12.8 5 4.7; 10.6 2.8 4.5; 11.7 7.2 2.3; 12.2 5.6 4.7"
    # a file of one's own is mostly short, and soon known by heart: stop where that begins
    defaults = {
        "length": 30, "distance": 7, "hidden": 16, "lr": 0.003, "steps": 1500, "patience": 4,
    }  # fmt: skip

    def __init__(
        self, length: int, seed: int = 0, distance: int = 1, data: DataSet | None = None
    ) -> None:
        super().__init__(length, seed, distance, data)
        self.series = series = Series.of(self.data)
        self._parts = np.split(series.values, series.cuts)
        least = min(map(len, self._parts))
        if distance > least - 2:
            raise TaskError(
                "{distance} rows ahead do not fit: the probe of {title!r} has {least} "
                "rows, so forecast at most {most}.",
                distance=distance,
                title=self.data.title,
                least=least,
                most=least - 2,
            )
        self.length = min(length, max(2, 2 * (least - distance) // 3))
        self.names, self.targets = series.names, series.targets
        training = self._parts[0]
        spread = training.std(0)
        self.mean = training.mean(0)
        self.spread = np.where(spread > 0, spread, 1.0)  # type: ignore[assignment]
        self.inputs = len(series.names)
        self.outputs = len(series.targets) * len(self.ahead)
        few = self._parts[2][: min(distance + 3, 12)]
        self.typed_example = "; ".join(  # type: ignore[misc]
            " ".join(f"{x:g}" for x in row) for row in few.round(3).tolist()
        )

    @property
    def ahead(self) -> Sequence[int]:
        """How many rows ahead each forecast is."""
        return range(1, self.distance + 1) if self.series.path else (self.distance,)

    @property
    def typing(self) -> Words:
        """How a sequence is typed, as a clause."""
        return Many(
            "type rows of one number, with ; between rows",
            "type rows of {count} numbers, with ; between rows",
            self.inputs,
        )

    @property
    def variance(self) -> float:
        """Mean square of the validation rows, scaled: what the mean of training scores there."""
        return float(np.square(self._scaled(self._parts[1])[:, self.targets]).mean())

    def _repeated(self) -> float:
        rows = self._scaled(self._parts[1])[:, self.targets]
        return float(np.mean([np.square(rows[k:] - rows[:-k]).mean() for k in self.ahead]))

    def validation(self) -> Batch:
        """Return stretches spread evenly over the validation rows."""
        return self._batch(self._cut(self._parts[1], self._spread_over(1, VALIDATION_SIZE)))

    def probe(self) -> Probe:
        """Return 16 stretches spread evenly over the last rows, and where each begins."""
        starts = self._spread_over(2, PROBE_SIZE)
        rows = self._cut(self._parts[2], starts)
        begins = [self.moment(self.series.cuts[1] + start) for start in starts.tolist()]
        return self._look(rows, [Words("from {moment}", moment=each) for each in begins])

    def moment(self, row: int) -> str | Words:
        """Say when a row of the series is: its date, or its number from 1."""
        if self.series.times is None:
            return Words("row {row:,}", row=row + 1)
        when = datetime.fromtimestamp(int(self.series.times[row]), UTC)
        clock = f" {when:%H:%M}" if (when.hour, when.minute) != (0, 0) else ""
        return f"{when.day} {when:%b} {when.year}{clock}"

    def _windows(self, size: int, random: np.random.Generator) -> Values:
        last = len(self._parts[0]) - self.length - self.distance
        return self._cut(self._parts[0], random.integers(0, last + 1, size))

    def _spread_over(self, part: int, size: int) -> NDArray[np.int64]:
        last = len(self._parts[part]) - self.length - self.distance
        return np.linspace(0, last, size).astype(int)

    def _cut(self, rows: Values, starts: NDArray[np.int64]) -> Values:
        """Return stretches (length + distance, batch, column) that begin at these rows."""
        return rows[starts + np.arange(self.length + self.distance)[:, None]]

    def _scaled(self, rows: Values) -> Values:
        scaled: Values = (rows - self.mean) / self.spread
        return scaled

    def _asked(self, rows: Values, steps: int) -> Values:
        """Return what is asked at each of the first steps: (time, batch, output), scaled."""
        scaled = self._scaled(rows)[..., self.targets]
        return np.concatenate([scaled[k : k + steps] for k in self.ahead], axis=-1)

    def _batch(self, values: Values) -> Batch:
        inputs = self._scaled(values[: self.length]).astype(np.float32)
        targets = self._asked(values, self.length).astype(np.float32)
        return Batch(torch.tensor(inputs), torch.tensor(targets))

    def read(self, text: str) -> Probe:
        """Return rows that a user typed; those that were typed later are asked."""
        if self.inputs == 1:
            rows = [[word] for word in text.replace(";", " ").replace(",", " ").split()]
        else:
            lines = text.replace("\n", ";").split(";")
            rows = [line.replace(",", " ").split() for line in lines if line.strip()]
        if not self.distance < len(rows) <= MOST_TYPED:
            raise TaskError(
                "A series has {least} to {most:,} rows, because the row "
                "{distance} ahead is asked: {how}.",
                least=self.distance + 1,
                most=MOST_TYPED,
                distance=self.distance,
                how=self.how,
            )
        return self._look(np.array([[self._row(row)] for row in rows]), None)

    def _edit(self, probe: Probe, time: int, text: str) -> Probe:
        rows = self.own(probe.batch.inputs.double().numpy())
        row = self._row(text.replace(",", " ").split())
        rows[time, 0] = row
        targets = probe.batch.targets.clone()
        for place, k in enumerate(self.ahead):
            if time >= k and not targets[time - k, 0].isnan().any():
                first = place * len(self.targets)
                scaled = self._scaled(np.array(row))[self.targets]
                targets[time - k, 0, first : first + len(self.targets)] = torch.tensor(scaled)
        return self._shown(rows, targets, probe.captions)

    def _row(self, words: Sequence[str]) -> list[float]:
        if len(words) != self.inputs:
            raise TaskError(
                "A row has {expected} numbers ({names}), not {given}: {how}.",
                expected=self.inputs,
                names=", ".join(self.names[:6]),
                given=len(words),
                how=self.how,
            )
        return [self._number(word) for word in words]

    def _number(self, word: str) -> float:
        word = word.replace("−", "-")
        if not NUMBER.fullmatch(word) or abs(float(word)) > LARGEST_NUMBER:
            raise TaskError(
                "{word!r} is no number that is read here: {how}.",
                word=word[:20],
                how=self.how,
            )
        return float(word)

    def _look(self, values: Values, captions: Sequence[str | Words] | None = None) -> Probe:
        """Return rows (time, batch, column) in readable form; the last ones are only asked."""
        typed = captions is None
        steps = len(values) if typed else self.length
        asked = self._asked(values, len(values) - self.distance)
        targets = np.full((steps, *asked.shape[1:]), np.nan)
        targets[: len(asked)] = asked[:steps]
        return self._shown(values[:steps], torch.tensor(targets.astype(np.float32)), captions)

    def _shown(
        self, rows: Values, targets: Tensor, captions: Sequence[str | Words] | None
    ) -> Probe:
        inputs = torch.tensor(self._scaled(rows).astype(np.float32))
        labels = [[self._words(row) for row in sample] for sample in rows.swapaxes(0, 1)]
        answers = [
            ["" if np.isnan(row).any() else self.written(row) for row in sample]
            for sample in targets.double().numpy().swapaxes(0, 1)
        ]
        if captions is None:
            captions = [f"{'; '.join(row[:3])}{' …' * (len(row) > 3)}" for row in labels]
        return Probe(Batch(inputs, targets), labels, answers, captions)

    def own(self, scaled: NDArray[np.floating]) -> Values:
        """Return scaled columns (..., column) in their own units."""
        found: Values = np.asarray(scaled, np.float64) * self.spread + self.mean
        return found

    def unscaled(self, values: NDArray[np.float32], *, out: bool = False) -> NDArray[np.float32]:
        """Return columns, or answers, in the columns' own units."""
        if not out:
            return self.own(values).astype(np.float32)
        rows = self.forecasts(values.reshape(-1, values.shape[-1]))
        return rows.reshape(values.shape).astype(np.float32)

    def history(self, inputs: NDArray[np.floating]) -> Values:
        """Return what went in of the columns that are forecast, in their own units."""
        return self.own(inputs)[..., self.targets]

    def forecasts(self, answers: NDArray[np.floating]) -> Values:
        """Return answers (time, output) as (time, ahead, target), in the columns' own units."""
        parts = np.asarray(answers, np.float64).reshape(len(answers), len(self.ahead), -1)
        mean, spread = np.asarray(self.mean)[self.targets], np.asarray(self.spread)[self.targets]
        found: Values = parts * spread + mean
        return found

    @property
    def target_names(self) -> list[str]:
        """What the columns that are forecast are called."""
        return [self.names[place] for place in self.targets]

    def written(self, numbers: Sequence[float] | NDArray[np.floating]) -> str:
        """Return one answer as text, in the columns' own units: the last of a path."""
        last = self.forecasts(np.asarray(numbers, np.float64)[None])[0, -1]
        return ", ".join(
            self._text(x, place) for x, place in zip(last.tolist(), self.targets, strict=True)
        )

    def _words(self, row: NDArray[np.floating]) -> str:
        few = [self._text(x, place) for place, x in enumerate(row.tolist()[:MOST_TOLD])]
        return ", ".join(few) + " …" * (len(row) > MOST_TOLD)

    def _text(self, x: float, place: int) -> str:
        spread = float(np.asarray(self.spread)[place])
        digits = max(0, min(8, 1 - floor(log10(spread))))
        return f"{x:.{digits}f}".replace("-", "−")
