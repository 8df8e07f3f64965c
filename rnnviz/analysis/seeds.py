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
    values: Sequence[float] | np.ndarray | pd.Series,
    *,
    logarithmic: bool = False,
    bounds: tuple[float, float] = (-np.inf, np.inf),
    within: float = 0.95,
) -> Interval:
    """Return the mean of a value over seeds with its 95 % interval, from Student's t.

    Parameters
    ----------
    values : (seed,)
        NaN is left out.
    logarithmic : bool
        Whether to take the geometric mean, and the interval of the logarithm: for what spreads
        over orders of magnitude, as losses do, and cannot be negative. It is 0 where a value is.
    bounds : (float, float)
        What no value is outside of, as 0 and 1 for shares: the interval is cut there, which takes
        no true mean out of it.
    within : float
        In what share of studies the interval holds the true mean.
    """
    array = np.asarray(values, dtype=np.float64)
    array = array[~np.isnan(array)]
    if logarithmic:
        with np.errstate(divide="ignore"):
            found = mean_interval(np.log(array), within=within)
        mean, low, high = (float(np.exp(each)) for each in found[:3])
        return Interval(mean, low, high, found.seeds)
    count = len(array)
    if not count:
        return Interval(np.nan, np.nan, np.nan, 0)
    mean = float(array.mean())
    if count == 1 or not np.isfinite(array).all():
        return Interval(mean, np.nan, np.nan, count)
    reach = student(count - 1, within) * float(array.std(ddof=1)) / count**0.5
    least, most = bounds
    return Interval(mean, max(least, mean - reach), min(most, mean + reach), count)


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
        Whether to take the geometric mean of values that are not negative; it is 0 where any is.

    Returns
    -------
    DataFrame
        The columns of `by`, `mean`, `low` and `high` (the smallest and the largest of all seeds)
        and `seeds` (how many there are; what is not a number has none). With `logarithmic` also
        `zeros`: how many of them are exactly 0.
    """
    kept = frame.loc[frame[value].notna(), [*by, value]]
    keys = [kept[name] for name in by]
    values = kept[value]
    if logarithmic:
        with np.errstate(divide="ignore"):
            values = np.log(values.astype(float))
    grouped = values.groupby(keys, sort=False, observed=True)
    table = grouped.agg(mean="mean", low="min", high="max", seeds="count")
    if logarithmic:
        table[["mean", "low", "high"]] = np.exp(table[["mean", "low", "high"]])
        table["zeros"] = (kept[value] == 0).groupby(keys, sort=False, observed=True).sum()
    return table.reset_index()
