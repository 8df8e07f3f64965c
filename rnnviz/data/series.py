"""A series of numbers of the visitor's own: from columns to rows in even time, without gaps."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from rnnviz.data.columns import NO_TIME, Column
from rnnviz.data.sets import DataSet, titled
from rnnviz.data.tables import Table
from rnnviz.errors import DataError

PARTS = {"train": 0.7, "validation": 0.15, "probe": 0.15}
"""Shares of the rows, in the order of time."""
LEAST_ROWS = 40
MOST_INPUTS = 24
MOST_TARGETS = 6
EVERY = {
    # key: what it is called, seconds (for what has always the same length)
    "": ("as it is", 0),
    "hour": ("hour", 3600),
    "day": ("day", 86400),
    "week": ("week", 7 * 86400),
    "month": ("month", 0),
    "quarter": ("quarter", 0),
    "year": ("year", 0),
}
MISSING = {"last": "the last known value", "drop": "leave the row out"}
SHOWN = 3
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

    def data_set(self, notes: Sequence[str] = ()) -> DataSet:
        """Return it as what is kept."""
        about: dict[str, Any] = {
            "names": self.names,
            "targets": self.targets,
            "rows": len(self.values),
            "timed": self.times is not None,
            "path": self.path,
            "notes": list(notes),
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
            f"{len(values)} rows are left: a series needs at least {LEAST_ROWS} to be parted into "
            "training, validation and probe."
        )
    if times is not None and not every:
        notes += _uneven(times)
    made = Series(names, [names.index(each) for each in targets], values, times, path, titled(name))
    training = values[: made.cuts[0]]
    for place in made.targets:
        if np.ptp(training[:, place]) == 0:
            raise DataError(
                f"{names[place]!r} is always {training[0, place]:g} in the first "
                f"{made.cuts[0]:,} rows: there is nothing to forecast, so choose another column."
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
            f"Choose up to {MOST_INPUTS} columns, and up to {MOST_TARGETS} to forecast."
        )
    for each in names:
        if each not in known or known[each].kind != "number":
            numbers = [name for name, column in known.items() if column.kind == "number"]
            there = f"choose from {', '.join(numbers[:8])}" if numbers else "there are none here"
            raise DataError(f"{each!r} is no column of numbers: {there}.")
    if time and (time not in known or known[time].kind != "date"):
        raise DataError(f"{time!r} is no column of dates: choose another, or none.")
    if every not in EVERY or missing not in MISSING:
        raise DataError(
            f"Resample by one of {', '.join(filter(None, EVERY))}; fill by 'last' or 'drop'."
        )
    if every and not time:
        raise DataError("Only rows with dates can be resampled: choose the column of dates.")


def _float(column: Column) -> Values:
    assert column.values is not None
    return np.asarray(column.values, np.float64)


def _unread(table: Table, columns: Sequence[Column]) -> list[str]:
    """Say which cells are not what their column holds."""
    notes = []
    for column in columns:
        if len(column.unread):
            what = "number" if column.kind == "number" else "date"
            which = ", ".join(
                f"line {table.lines[row]:,}: {column.cells[row][:20]!r}"
                for row in column.unread[:SHOWN].tolist()
            )
            more = " …" * (len(column.unread) > SHOWN)
            count = len(column.unread)
            cells = "cell is" if count == 1 else "cells are"
            notes.append(f"{count:,} {cells} no {what} in {column.name!r} ({which}{more}).")
    return notes


def _in_order(values: Values, times: Times, notes: list[str]) -> tuple[Values, Times]:
    """Return the rows that have a time, in its order."""
    there = times != NO_TIME
    if not there.all():
        notes.append(f"{_rows(int((~there).sum()))} without a date left out.")
        values, times = values[there], times[there]
    if len(times) and (np.diff(times) < 0).any():
        notes.append("The rows were put into the order of their dates.")
        order = np.argsort(times, kind="stable")
        values, times = values[order], times[order]
    return values, times


def _resampled(values: Values, times: Times, every: str, notes: list[str]) -> tuple[Values, Times]:
    """Return the mean of each hour, day, ...; NaN for one without a row."""
    if not len(times):
        return values, times
    place = _bins(times, every)
    place -= place[0]
    count = int(place[-1]) + 1
    if count > 10 * len(times) + 1000:
        raise DataError(
            f"Between the first and the last date lie {count:,} {EVERY[every][0]}s, for "
            f"{len(times):,} rows: resample by something longer."
        )
    summed = np.zeros((count, values.shape[1]))
    there = ~np.isnan(values)
    counts = np.zeros_like(summed)
    np.add.at(summed, place, np.where(there, values, 0.0))
    np.add.at(counts, place, there)
    with np.errstate(invalid="ignore"):
        means = np.where(counts > 0, summed / counts, np.nan)
    notes.append(f"{len(times):,} rows became {count:,}: the mean of each {EVERY[every][0]}.")
    return means, _starts(int(_bins(times[:1], every)[0]), count, every)


def _bins(times: Times, every: str) -> Times:
    """Return the number of the hour, day, ... that each time is in, counted from 1970."""
    if seconds := EVERY[every][1]:
        monday = 3 * 86400 if every == "week" else 0  # the first of 1970 was a Thursday
        return (times + monday) // seconds
    months = times.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    found: Times = months // {"month": 1, "quarter": 3, "year": 12}[every]
    return found


def _starts(first: int, count: int, every: str) -> Times:
    """Return when each of `count` hours, days, ... begins."""
    places = first + np.arange(count)
    if seconds := EVERY[every][1]:
        found: Times = places * seconds - (3 * 86400 if every == "week" else 0)
        return found
    months = places * {"month": 1, "quarter": 3, "year": 12}[every]
    return months.astype("datetime64[M]").astype("datetime64[s]").astype(np.int64)


def _without_gaps(
    values: Values, times: Times | None, missing: str, notes: list[str]
) -> tuple[Values, Times | None]:
    gone = np.isnan(values)
    if not gone.any():
        return values, times
    if missing == "drop":
        keep = ~gone.any(1)
        notes.append(f"{_rows(int((~keep).sum()))} with a missing value left out.")
    else:
        rows = np.where(gone, 0, np.arange(len(values))[:, None])
        last = np.maximum.accumulate(rows, axis=0)
        values = np.take_along_axis(values, last, axis=0)
        keep = ~np.isnan(values).any(1)
        filled = int(gone[keep].sum())
        notes.append(f"{filled:,} missing value{'s' * (filled != 1)} became the last one known.")
        if not keep.all():
            notes.append(f"{_rows(int((~keep).sum()))} before the first known value left out.")
    return values[keep], None if times is None else times[keep]


def _uneven(times: Times) -> list[str]:
    """Say so if the times are not evenly spaced; months and years may differ by a few days."""
    steps = np.diff(times)
    usual = float(np.median(steps))
    odd = int((np.abs(steps - usual) > max(0.12 * usual, 1)).sum())
    if odd <= len(steps) / 100:
        return []
    return [f"{odd:,} of {len(steps):,} steps in time are not as long as the others: resample."]


def _rows(count: int) -> str:
    return f"{count:,} row{'s' * (count != 1)}"
