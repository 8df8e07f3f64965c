"""How fast does the gradient fade? A line through its logarithm over time, with its uncertainty."""

import numpy as np
import pandas as pd

from rnnviz.analysis.student import student

COLUMNS = [
    "signal", "slope", "error", "low", "high", "half_life", "half_life_low", "half_life_high",
    "time_constant", "level", "straight", "even", "first", "last", "zeros", "samples",
]  # fmt: skip


def decay(norms: pd.DataFrame, first: int | None = None, last: int | None = None) -> pd.DataFrame:
    """Fit ln(norm) = level + slope (T - t) for each signal: a straight line on a log axis.

    With a column `sample` each sample is fitted alone, and the uncertainty is that of the mean
    slope over samples, which do not see each other. Of one curve there is none: a product of
    Jacobians wanders as a random walk does, about whose drift the residuals of a line say nothing.

    Parameters
    ----------
    norms : DataFrame
        Columns `signal`, `time`, `norm` and perhaps `sample`, as `gradient_norms` or
        `sample_norms` gives them.
    first, last : int, optional
        Which time steps to fit, both included; all at which the gradient is not zero otherwise.

    Returns
    -------
    DataFrame
        A row a signal: `slope` (natural logarithm a step back in time: negative fades, positive
        explodes), its standard `error` over samples, `low` and `high` (95 % by Student's t; all
        three NaN for less than two samples); `half_life` in steps, negative
        where the norm doubles instead, with `half_life_low` and `half_life_high` (infinite where
        the interval holds a slope of 0); `time_constant` -1/slope; `level`, the fitted norm's
        logarithm at T; `straight`, the share of the logarithm's variance along time that the
        line explains; `even`, the smaller slope of the two halves of the stretch over the larger
        one, 1 for an exponential, 0 where one half fades and the other grows; `first` and `last`
        fitted step, T being the last; `zeros`, how many norms were exactly zero and so left out;
        `samples`, how many were fitted. NaN where fewer than three steps are left.
    """
    rows = []
    for signal, one in norms.groupby("signal", sort=False, observed=True):
        within = one["time"].between(
            one["time"].min() if first is None else first,
            one["time"].max() if last is None else last,
        )
        one = one[within]
        usable = one[np.isfinite(one["norm"]) & (one["norm"] > 0)]
        zeros = int((one["norm"] == 0).sum())
        rows.append({"signal": signal, "zeros": zeros, **_fit(usable)})
    return pd.DataFrame(rows, columns=COLUMNS)


def _fit(usable: pd.DataFrame) -> dict[str, float]:
    if usable["time"].nunique() < 3:
        return {}
    end = int(usable["time"].max())
    groups = [usable]
    if "sample" in usable:
        groups = [one for _, one in usable.groupby("sample") if one["time"].nunique() > 2]
    if not groups:
        return {}
    curves = [(end - one["time"].to_numpy(float), np.log(one["norm"].to_numpy(float)))
              for one in groups]  # fmt: skip
    slopes, levels, straight = (
        np.array(each) for each in zip(*(_line(x, y) for x, y in curves), strict=True)
    )
    slope, count = float(slopes.mean()), len(slopes)
    error = float(slopes.std(ddof=1) / np.sqrt(count)) if count > 1 else np.nan
    reach = error * student(count - 1) if count > 1 else np.nan
    low, high = slope - reach, slope + reach
    with np.errstate(divide="ignore"):
        lives = -np.log(2) / np.array([slope, low, high])
        constant = float(-1 / np.float64(slope))
    life = {"half_life": lives[0], "half_life_low": np.min(lives[1:]),
            "half_life_high": np.max(lives[1:])}  # fmt: skip
    if low <= 0 <= high:  # it may as well last for ever
        nearest = lives[1] if slope < 0 else lives[2]
        life |= {"half_life_low": min(nearest, np.inf), "half_life_high": np.inf}
    return {
        "slope": slope, "error": error, "low": low, "high": high, **life,
        "time_constant": constant, "level": float(levels.mean()),
        "straight": float(straight.mean()), "even": _even(curves),
        "first": int(usable["time"].min()), "last": end, "samples": count,
    }  # fmt: skip


def _line(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    """Return slope, value at 0 and r² of a least-squares line."""
    centred = x - x.mean()
    spread = float(centred @ centred)
    slope = float(centred @ y) / spread
    around = float(np.square(y - y.mean()).sum())
    explained = slope**2 * spread / around if around > 0 else 1.0
    return slope, float(y.mean() - slope * x.mean()), explained


def _even(curves: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Return the smaller over the larger mean slope of the nearer and the farther half."""
    halves = []
    for nearer in (True, False):
        slopes = []
        for x, y in curves:
            middle = (x.min() + x.max()) / 2
            part = x <= middle if nearer else x >= middle
            if np.unique(x[part]).size > 1:
                slopes.append(_line(x[part], y[part])[0])
        halves.append(float(np.mean(slopes)) if slopes else np.nan)
    near, far = halves
    if not near * far > 0:
        return 1.0 if near == far == 0 else 0.0
    return min(abs(near), abs(far)) / max(abs(near), abs(far))
