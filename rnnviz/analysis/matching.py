"""Where else are the same units on? Brush and match (LSTMVis: Strobelt et al. 2018)."""

import numpy as np
import pandas as pd

from rnnviz.errors import TraceError


def units_on(
    values: np.ndarray,
    start: int,
    stop: int,
    *,
    threshold: float = 0.3,
    signed: bool = True,
    outside: bool = False,
) -> pd.DataFrame:
    """Find the units that are on throughout a stretch of one sequence.

    Parameters
    ----------
    values : ndarray (time, unit)
        One signal of one sample.
    start, stop : int
        The stretch: steps start to stop - 1.
    threshold : float
        A unit is on where its value is at least this.
    signed : bool
        Whether the signal has a sign, as tanh and the states have: then a unit is also on where
        its value is at most -threshold, but must stay on one side throughout.
    outside : bool
        Whether it must be off at the step before the stretch and at the step after it.

    Returns
    -------
    DataFrame
        The strongest first: `unit`, `side` (1 or -1) and `mean` (over the stretch).

    Raises
    ------
    TraceError
        If the stretch is empty or not inside the sequence.
    """
    if not 0 <= start < stop <= len(values):
        raise TraceError(
            "Steps {first} to {last} are no stretch of a sequence of {steps} steps: "
            "select some from 0 to {end}.",
            first=start,
            last=stop - 1,
            steps=len(values),
            end=len(values) - 1,
        )
    on = _sides(values[:, None], threshold, signed)[:, 0]
    side = _throughout(on[:, None], stop - start, outside)[start, 0]
    mean = values[start:stop].mean(axis=0)
    found = np.flatnonzero(side)
    found = found[np.argsort(-np.abs(mean[found]), kind="stable")]
    return pd.DataFrame({"unit": found, "side": side[found], "mean": mean[found]})


def find_matches(
    values: np.ndarray,
    units: pd.DataFrame,
    length: int,
    *,
    threshold: float = 0.3,
    signed: bool = True,
    outside: bool = False,
    most: int = 20,
) -> pd.DataFrame:
    """Find the stretches of some sequences in which the same units are on.

    The stretch with most of the units first, and among those the one with the fewest others;
    stretches of one sequence do not overlap.

    Parameters
    ----------
    values : ndarray (time, batch, unit)
        The signal that `units_on` was asked about, in the sequences that are searched.
    units : DataFrame
        What `units_on` gave.
    length : int
        Steps of a stretch.
    threshold, signed, outside
        As in `units_on`.
    most : int
        How many to give at most.

    Returns
    -------
    DataFrame
        `sample`, `start`, `stop`, `shared` (how many of the units are on throughout), `extra` (how
        many others are) and `overlap` (shared / (shared + missing + extra), 1 for the same set).
        Empty where no stretch shares a unit.
    """
    sides = _throughout(_sides(values, threshold, signed), length, outside)
    wanted = np.zeros(values.shape[2], dtype=np.int8)
    wanted[units["unit"]] = units["side"]
    shared = ((sides == wanted) & (wanted != 0)).sum(axis=2)
    extra = (sides != 0).sum(axis=2) - shared
    # Stable, so that among equals the earliest sequence and step comes first.
    order = np.lexsort((extra.T.ravel(), -shared.T.ravel()))
    taken = np.zeros(shared.T.shape, dtype=bool)
    rows: list[tuple[int, int, int, int, int, float]] = []
    for place in order:
        sample, start = divmod(int(place), len(shared))
        count = int(shared[start, sample])
        if not count or len(rows) == most:
            break
        if taken[sample, start]:
            continue
        taken[sample, max(0, start - length + 1) : start + length] = True
        more = int(extra[start, sample])
        overlap = count / (len(units) + more)
        rows.append((sample, start, start + length, count, more, overlap))
    return pd.DataFrame(rows, columns=["sample", "start", "stop", "shared", "extra", "overlap"])


def share_on(
    values: np.ndarray, units: pd.DataFrame, *, threshold: float = 0.3, signed: bool = True
) -> np.ndarray:
    """Return the share of the units that are on at each step: (time, batch)."""
    if not len(units):
        return np.zeros(values.shape[:2])
    on = _sides(values[:, :, units["unit"].to_numpy()], threshold, signed)
    share: np.ndarray = (on == units["side"].to_numpy()).mean(axis=2)
    return share


def _sides(values: np.ndarray, threshold: float, signed: bool) -> np.ndarray:
    """Return 1 where a unit is on, -1 where it is on below zero, 0 where it is off or NaN."""
    on = (values >= threshold).astype(np.int8)
    return on - (values <= -threshold) if signed else on


def _throughout(sides: np.ndarray, length: int, outside: bool) -> np.ndarray:
    """Return the side on which a unit is on at all steps of the stretch that begins here.

    sides : (time, batch, unit); 0 where it is off, or where the stretch would not fit.
    """
    result = np.zeros_like(sides)
    places = len(sides) - length + 1
    if places <= 0:
        return result
    for side in (1, -1):
        # The steps on which it is on, counted up to each step: a difference counts any stretch.
        count = np.zeros((len(sides) + 1, *sides.shape[1:]), dtype=np.int32)
        np.cumsum(sides == side, axis=0, out=count[1:])
        whole = count[length:] - count[:-length] == length
        if outside:
            whole[1:] &= sides[: places - 1] != side
            whole[:-1] &= sides[length:] != side
        result[:places][whole] = side
    return result
