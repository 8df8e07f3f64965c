"""Sunspots: the monthly mean numbers since 1749, with their cycle of about eleven years."""

from calendar import month_abbr
from functools import cache

import numpy as np

from rnnviz.resources import asset
from rnnviz.tasks.series import RecordedForecast, Values
from rnnviz.words import N_, Words


@cache
def _table() -> Values:
    return np.loadtxt(asset("series/sunspots.csv"), delimiter=",", skiprows=1)


class Sunspots(RecordedForecast):
    """Forecast the monthly mean sunspot number, 1749 to 2009; the last fifth is held out.

    Scaled by mean and spread of the training part alone.
    """

    key = "sunspots"
    title = N_("sunspots")
    summary = N_("Monthly sunspot numbers since 1749: forecast those of later months.")
    length_title = N_("Months")
    length_help = N_("Months that are read, up to 312; at each, a later one is asked.")
    distance_title = N_("Months ahead")
    typed_example = "58.0 62.6 70.0 55.7 85.0 83.5 94.8 66.3 75.9 75.5 158.6 85.2 73.3"
    digits = 0
    defaults = {"length": 96, "distance": 6, "lr": 0.003, "steps": 1500}

    def __init__(self, length: int, seed: int = 0, distance: int = 1) -> None:
        self.series = _table()[:, 2]
        super().__init__(length, seed, distance)

    def _begins(self, start: int) -> Words:
        year, month = _table()[start, :2].astype(int).tolist()
        return Words("from {moment}", moment=f"{month_abbr[month]} {year}")
