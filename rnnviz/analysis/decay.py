"""How fast does the gradient fade? A line through its logarithm over time, with its uncertainty."""

import numpy as np
import pandas as pd

from rnnviz.analysis.student import student

COLUMNS = [
    "signal", "slope", "error", "low", "high", "half_life", "half_life_low", "half_life_high",
    "time_constant", "level", "straight", "first", "last", "zeros",
]  # fmt: skip
CERTAIN = 1.96
"""Standard errors on either side of a 95 % interval, for many degrees of freedom."""


def decay(norms: pd.DataFrame, first: int | None = None, last: int | None = None) -> pd.DataFrame:
    """Fit ln(norm) = level + slope (T - t) for each signal: a straight line on a log axis.

    With a column `sample` each sample is fitted alone, and the uncertainty is that of the mean
    slope over samples, which do not see each other. Without, it is the standard error of one line,
    corrected for neighbouring steps that are alike (Newey, West 1987).

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
        explodes), its standard `error`, `low` and `high` (95 %); `half_life` in steps, negative
        where the norm doubles instead, with `half_life_low` and `half_life_high` (infinite where
        the interval holds a slope of 0); `time_constant` -1/slope; `level`, the fitted norm's
        logarithm at T; `straight`, the share of the logarithm's variance along time that the
        line explains; `first` and `last` fitted step, T being the last; `zeros`, how many norms
        were exactly zero and so left out. NaN where fewer than three steps are left.
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
    fits = [_line(end - one["time"].to_numpy(float), np.log(one["norm"])) for one in groups]
    slopes, levels, errors, straight = (np.array(each) for each in zip(*fits, strict=True))
    slope, error, reach = float(slopes.mean()), float(errors[0]), CERTAIN
    if len(slopes) > 1:
        error = float(slopes.std(ddof=1) / np.sqrt(len(slopes)))
        reach = student(len(slopes) - 1)
    low, high = slope - reach * error, slope + reach * error
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
        "straight": float(straight.mean()),
        "first": int(usable["time"].min()), "last": end,
    }  # fmt: skip


def _line(x: np.ndarray, y: pd.Series) -> tuple[float, float, float, float]:
    """Return slope, value at 0, the slope's standard error and r² of a least-squares line."""
    order = np.argsort(x, kind="stable")
    x, values = x[order], y.to_numpy(float)[order]
    centred = x - x.mean()
    spread = float(centred @ centred)
    slope = float(centred @ values) / spread
    level = float(values.mean() - slope * x.mean())
    score = centred * (values - level - slope * x)
    lags = int(4 * (len(x) / 100) ** (2 / 9))
    variance = float(score @ score)
    for lag in range(1, min(lags, len(x) - 1) + 1):
        variance += 2 * (1 - lag / (lags + 1)) * float(score[lag:] @ score[:-lag])
    around = float(np.square(values - values.mean()).sum())
    explained = slope**2 * spread / around if around > 0 else 1.0
    return slope, level, max(variance, 0.0) ** 0.5 / spread, explained
