"""What can be said over several seeds: a mean with its interval, never one lucky run."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from rnnviz.analysis.student import student


class Interval(NamedTuple):
    """A mean over seeds and the interval that holds the true one in 95 % of all studies.

    low and high are NaN where there is one value alone, about which nothing can be said.
    """

    mean: float
    low: float
    high: float
    seeds: int


def mean_interval(
    values: Sequence[float] | np.ndarray | pd.Series, *, logarithmic: bool = False
) -> Interval:
    """Return the mean of a value over seeds with its 95 % interval, from Student's t.

    Parameters
    ----------
    values : (seed,)
        NaN is left out.
    logarithmic : bool
        Whether to take the geometric mean, and the interval of the logarithm: for what spreads
        over orders of magnitude, as losses do, and cannot be negative.
    """
    array = np.asarray(values, dtype=np.float64)
    array = array[~np.isnan(array)]
    if logarithmic:
        with np.errstate(divide="ignore"):
            found = mean_interval(np.log(array))
        mean, low, high = (float(np.exp(each)) for each in found[:3])
        return Interval(mean, low, high, found.seeds)
    count = len(array)
    if not count:
        return Interval(np.nan, np.nan, np.nan, 0)
    mean = float(array.mean())
    if count == 1 or not np.isfinite(array).all():
        return Interval(mean, np.nan, np.nan, count)
    reach = student(count - 1) * float(array.std(ddof=1)) / count**0.5
    return Interval(mean, mean - reach, mean + reach, count)


def over_seeds(
    frame: pd.DataFrame, value: str, by: Sequence[str], *, logarithmic: bool = False
) -> pd.DataFrame:
    """Sum up a value over seeds at each point of a curve.

    Parameters
    ----------
    frame : DataFrame
        Columns `seed`, `value` and those of `by`.
    by : names of columns
        What one mean is about, such as cell and step.
    logarithmic : bool
        Whether to take the geometric mean; what is not positive is left out of it.

    Returns
    -------
    DataFrame
        The columns of `by`, `mean`, `low` and `high` (the smallest and the largest of all seeds)
        and `seeds` (how many there are).
    """
    kept = frame.loc[frame[value].notna(), [*by, value]]
    values = kept[value]
    if logarithmic:
        kept, values = kept[values > 0], np.log(values[values > 0])
    keys = [kept[name] for name in by]
    grouped = values.groupby(keys, sort=False, observed=True)
    table = grouped.agg(mean="mean", low="min", high="max", seeds="count")
    if logarithmic:
        table[["mean", "low", "high"]] = np.exp(table[["mean", "low", "high"]])
    return table.reset_index()
