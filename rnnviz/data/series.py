"""A series of numbers of the visitor's own: from columns to rows in even time, without gaps."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from rnnviz.data.columns import NO_TIME, Column
from rnnviz.data.sets import DataSet, as_kept, titled
from rnnviz.data.tables import EXAMPLES, Table
from rnnviz.errors import DataError
from rnnviz.words import N_, Many, Words, listed

PARTS = {"train": 0.7, "validation": 0.15, "probe": 0.15}
"""Shares of the rows, in the order of time."""
LEAST_ROWS = 40
MOST_INPUTS = 24
MOST_TARGETS = 6
EVERY = {
    # key: what it is called, pandas' names for the span of time and for where it begins
    "": (N_("as it is"), "", ""),
    "hour": (N_("hour"), "h", "h"),
    "day": (N_("day"), "D", "D"),
    "week": (N_("week"), "W-SUN", "W-MON"),
    "month": (N_("month"), "M", "MS"),
    "quarter": (N_("quarter"), "Q", "QS"),
    "year": (N_("year"), "Y", "YS"),
}
_MANY = {
    "hour": N_("{count:,} hours"),
    "day": N_("{count:,} days"),
    "week": N_("{count:,} weeks"),
    "month": N_("{count:,} months"),
    "quarter": N_("{count:,} quarters"),
    "year": N_("{count:,} years"),
}
MISSING = {"last": N_("the last known value"), "drop": N_("leave the row out")}
Times = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """Hold a series that is ready to be learned.

    Attributes
    ----------
    names : list of str
        Of the columns that go in.
    targets : list of int
        The places of the columns that are forecast.
    values : ndarray (row, column)
        In their own units; no value is missing.
    times : ndarray (row,), or None
        Seconds since 1970.
    path : bool
        Whether all values up to the horizon are asked, or the one at the horizon alone.
    """

    names: list[str]
    targets: list[int]
    values: Values
    times: Times | None = None
    path: bool = False
    title: str = ""

    @property
    def cuts(self) -> tuple[int, int]:
        """Where validation and probe begin."""
        rows = len(self.values)
        first = round(rows * PARTS["train"])
        return first, round(rows * (PARTS["train"] + PARTS["validation"]))

    def data_set(self, notes: Sequence[Words] = ()) -> DataSet:
        """Return it as what is kept."""
        about: dict[str, Any] = {
            "names": self.names,
            "targets": self.targets,
            "rows": len(self.values),
            "timed": self.times is not None,
            "path": self.path,
            "notes": as_kept(notes),
        }
        body = np.ascontiguousarray(self.values, "<f8").tobytes()
        if self.times is not None:
            body += np.ascontiguousarray(self.times, "<i8").tobytes()
        return DataSet("series", self.title, about, body)

    @classmethod
    def of(cls, data: DataSet) -> Self:
        """Read what `data_set` wrote.

        Raises
        ------
        DataError
            If it is damaged, or no series.
        """
        try:
            about = data.about
            names, targets = list(map(str, about["names"])), list(map(int, about["targets"]))
            rows, timed, path = int(about["rows"]), bool(about["timed"]), bool(about["path"])
            size = 8 * rows * len(names)
            if len(data.body) != size + 8 * rows * timed or data.kind != "series":
                raise ValueError(size)
            values = np.frombuffer(data.body[:size], "<f8").reshape(rows, len(names))
            times = np.frombuffer(data.body[size:], "<i8") if timed else None
            ordered = 0 < len(targets) == len(set(targets)) and max(targets) < len(names)
            if not ordered or min(targets) < 0 or not np.isfinite(values).all():
                raise ValueError(targets)
        except (KeyError, TypeError, ValueError):
            raise DataError("This data set is no series, or it is damaged.") from None
        return cls(names, targets, values, times, path, data.title)


def prepare_series(
    table: Table,
    columns: Sequence[Column],
    *,
    inputs: Sequence[str],
    targets: Sequence[str],
    time: str = "",
    every: str = "",
    missing: str = "last",
    path: bool = False,
    name: str = "",
) -> DataSet:
    """Return the chosen columns as a series.

    A missing value becomes the last one that is known, never a later one: what training reads
    says nothing of the future. Rows of a resampled series are means.

    Parameters
    ----------
    inputs, targets : sequence of str
        Names of number columns; what is forecast also goes in.
    time : str
        The date column that gives the order; "" takes the rows as they come.
    every, missing : str
        Keys of `EVERY` and `MISSING`.
    name : str
        The file's name.

    Raises
    ------
    DataError
        If there is nothing to learn from: the sentence says the reason, and the line if it is one.
    """
    known = {column.name: column for column in columns}
    names = list(dict.fromkeys([*inputs, *targets]))
    _check_choice(known, names, targets, time, every, missing)
    chosen = [known[each] for each in names]
    values = np.column_stack([_float(column) for column in chosen])
    notes = [*table.notes, *_unread(table, chosen)]
    times: Times | None = None
    if time:
        times = np.asarray(known[time].values, np.int64)
        notes += _unread(table, [known[time]])
        values, times = _in_order(values, times, notes)
        if every:
            values, times = _resampled(values, times, every, notes)
    values, times = _without_gaps(values, times, missing, notes)
    if len(values) < LEAST_ROWS:
        raise DataError(
            "{count} rows are left: a series needs at least {least} to be parted into "
            "training, validation and probe.",
            count=len(values),
            least=LEAST_ROWS,
        )
    if times is not None and not every:
        notes += _uneven(times)
    made = Series(names, [names.index(each) for each in targets], values, times, path, titled(name))
    training = values[: made.cuts[0]]
    for place in made.targets:
        if np.ptp(training[:, place]) == 0:
            raise DataError(
                "{name!r} is always {value:g} in the first "
                "{rows:,} rows: there is nothing to forecast, so choose another column.",
                name=names[place],
                value=training[0, place],
                rows=made.cuts[0],
            )
    return made.data_set(notes)


def _check_choice(
    known: dict[str, Column], names: list[str], targets: Sequence[str], time: str, every: str,
    missing: str,
) -> None:  # fmt: skip
    if not targets:
        raise DataError("Nothing is forecast: choose a column of numbers.")
    if len(names) > MOST_INPUTS or len(set(targets)) > MOST_TARGETS:
        raise DataError(
            "Choose up to {inputs} columns, and up to {targets} to forecast.",
            inputs=MOST_INPUTS,
            targets=MOST_TARGETS,
        )
    for each in names:
        if each not in known or known[each].kind != "number":
            numbers = [name for name, column in known.items() if column.kind == "number"]
            if not numbers:
                raise DataError("{name!r} is no column of numbers: there are none here.", name=each)
            raise DataError(
                "{name!r} is no column of numbers: choose from {columns}.",
                name=each,
                columns=", ".join(numbers[:8]),
            )
    if time and (time not in known or known[time].kind != "date"):
        raise DataError("{name!r} is no column of dates: choose another, or none.", name=time)
    if every not in EVERY or missing not in MISSING:
        raise DataError(
            "Resample by one of {keys}; fill by 'last' or 'drop'.",
            keys=", ".join(filter(None, EVERY)),
        )
    if every and not time:
        raise DataError("Only rows with dates can be resampled: choose the column of dates.")


def _float(column: Column) -> Values:
    assert column.values is not None
    return np.asarray(column.values, np.float64)


def _unread(table: Table, columns: Sequence[Column]) -> list[Words]:
    """Say which cells are not what their column holds."""
    notes = []
    for column in columns:
        if len(column.unread):
            count = len(column.unread)
            examples = (
                Words("line {line:,}: {cell!r}", line=table.lines[row], cell=column.cells[row][:20])
                for row in column.unread[:EXAMPLES].tolist()
            )
            which = listed(examples, more=count > EXAMPLES)
            notes.append(
                Many(
                    "{count:,} cell is no number in {name!r} ({which}).",
                    "{count:,} cells are no number in {name!r} ({which}).",
                    count,
                    name=column.name,
                    which=which,
                )
                if column.kind == "number"
                else Many(
                    "{count:,} cell is no date in {name!r} ({which}).",
                    "{count:,} cells are no date in {name!r} ({which}).",
                    count,
                    name=column.name,
                    which=which,
                )
            )
    return notes


def _in_order(values: Values, times: Times, notes: list[Words]) -> tuple[Values, Times]:
    """Return the rows that have a time, in its order."""
    there = times != NO_TIME
    if not there.all():
        notes.append(
            Many(
                "{count:,} row without a date left out.",
                "{count:,} rows without a date left out.",
                int((~there).sum()),
            )
        )
        values, times = values[there], times[there]
    if len(times) and (np.diff(times) < 0).any():
        notes.append(Words("The rows were put into the order of their dates."))
        order = np.argsort(times, kind="stable")
        values, times = values[order], times[order]
    return values, times


def _resampled(
    values: Values, times: Times, every: str, notes: list[Words]
) -> tuple[Values, Times]:
    """Return the mean of each hour, day, ...; NaN for one without a row."""
    import pandas as pd  # here, because training of the other tasks needs none

    if not len(times):
        return values, times
    word, span, begin = EVERY[every]
    index = pd.DatetimeIndex(times.astype("datetime64[s]"))
    count = (pd.Period(index[-1], span) - pd.Period(index[0], span)).n + 1
    if count > 10 * len(times) + 1000:
        raise DataError(
            "Between the first and the last date lie {periods}, for "
            "{rows:,} rows: resample by something longer.",
            periods=Words(_MANY[every], count=count),
            rows=len(times),
        )
    means = pd.DataFrame(values, index).resample(begin, closed="left", label="left").mean()
    notes.append(
        Words(
            "{rows:,} rows became {count:,}: the mean of each {period}.",
            rows=len(times),
            count=count,
            period=Words(word),
        )
    )
    begins = means.index.to_numpy().astype("datetime64[s]").astype(np.int64)
    return means.to_numpy(), begins


def _without_gaps(
    values: Values, times: Times | None, missing: str, notes: list[Words]
) -> tuple[Values, Times | None]:
    import pandas as pd

    gone = np.isnan(values)
    if not gone.any():
        return values, times
    if missing == "drop":
        keep = ~gone.any(1)
        notes.append(
            Many(
                "{count:,} row with a missing value left out.",
                "{count:,} rows with a missing value left out.",
                int((~keep).sum()),
            )
        )
    else:
        values = pd.DataFrame(values).ffill().to_numpy()
        keep = ~np.isnan(values).any(1)
        filled = int(gone[keep].sum())
        notes.append(
            Many(
                "{count:,} missing value became the last one known.",
                "{count:,} missing values became the last one known.",
                filled,
            )
        )
        if not keep.all():
            notes.append(
                Many(
                    "{count:,} row before the first known value left out.",
                    "{count:,} rows before the first known value left out.",
                    int((~keep).sum()),
                )
            )
    return values[keep], None if times is None else times[keep]


def _uneven(times: Times) -> list[Words]:
    """Say so if the times are not evenly spaced; months and years may differ by a few days."""
    steps = np.diff(times)
    usual = float(np.median(steps))
    odd = int((np.abs(steps - usual) > max(0.12 * usual, 1)).sum())
    if odd <= len(steps) / 100:
        return []
    return [
        Words(
            "{odd:,} of {count:,} steps in time are not as long as the others: resample.",
            odd=odd,
            count=len(steps),
        )
    ]
