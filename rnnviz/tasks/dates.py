"""Dates as people write them, to be written as ISO 8601 says: 1997-05-03."""

import re
from datetime import date
from functools import cache
from math import log
from string import ascii_lowercase, digits

import numpy as np

from rnnviz.errors import TaskError
from rnnviz.tasks.base import Baseline
from rnnviz.tasks.translation import TranslationTask, is_held_out
from rnnviz.words import N_, Words

FIRST, LAST = date(1950, 1, 1), date(2049, 12, 31)
"""A hundred years, so that two digits say which."""
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FORMATS = (
    "{day} {month} {year}",
    "{day}{th} of {month} {year}",
    "{day}{th} of {month}, {year}",
    "{month} {day}, {year}",
    "{month} {day}, {yy}",
    "{month} {day}{th}, {year}",
    "{wd}, {month} {day}{th}, {year}",
    "{wd}, {day} {mon} {yy}",
    "{weekday} {dd}.{mm}.{year}",
    "{dd}.{mm}.{yy}",
    "{d}/{n}/{year}",
    "{day}-{mon}-{yy}",
    "{year} {month} {day}",
)
"""Ways to write a date; with dots and with slashes the day comes before the month."""
LONGEST = 25
"""Characters of the longest: wed, september 30th, 1998."""
_PATTERNS = {
    **dict.fromkeys(("day", "dd", "d"), r"(?P<day>\d\d?)"),
    **dict.fromkeys(("mm", "n"), r"(?P<number>\d\d?)"),
    "th": "(?:st|nd|rd|th)",
    "month": f"(?P<month>{'|'.join(MONTHS)})",
    "mon": f"(?P<month>{'|'.join(name[:3] for name in MONTHS)})",
    "year": r"(?P<year>\d{4})",
    "yy": r"(?P<year>\d\d)",
    "weekday": f"(?:{'|'.join(WEEKDAYS)})",
    "wd": f"(?:{'|'.join(name[:3] for name in WEEKDAYS)})",
}


class Dates(TranslationTask):
    """Write a date in words or numbers as year-month-day.

    One of 13 ways to write it, all equally likely; any day of 1950 to 2049. A tenth of the days
    is held out, whichever way they are written.
    """

    key = "dates"
    title = N_("dates to ISO")
    summary = N_("A date as people write it, such as 3rd of may 1997: write it as 1997-05-03.")
    length_title = ""
    length_help = ""
    metric_title = N_("dates right")
    letters = (*digits, "-")
    others = ("␣", ",", ".", "/", *ascii_lowercase)
    source_steps = LONGEST
    probe_length = 14
    target_steps = len("1997-05-03") + 1
    # Beyond 95 % of unseen days after 500 steps, some four seconds; without attention after 1400.
    defaults = {"lr": 0.005, "steps": 1000}
    typed_form = N_(
        "type a day of 1950 to 2049 with its month in words, or day.month.year, or day/month/year"
    )
    typed_example = "3rd of May 1997"

    @property
    def baseline(self) -> Baseline:
        """Say each symbol as often as it stands at its place in a date."""
        return Baseline(
            place_entropy(), 100 / (LAST.toordinal() - FIRST.toordinal() + 1),
            Words("each symbol as often as it stands in its place"),
        )  # fmt: skip

    def clean(self, text: str) -> str:
        """Return a typed date in small letters, with single spaces."""
        return " ".join(text.lower().split())

    def _pair(
        self, random: np.random.Generator, held_out: bool, size: int | None = None
    ) -> tuple[str, str]:
        days = all_days()[held_out]
        day = date.fromordinal(int(days[int(random.random() * len(days))]))
        return written(day, int(random.random() * len(FORMATS))), day.isoformat()

    def _translate(self, source: str) -> str:
        found = read_date(source)
        if found is None:
            raise TaskError(
                "{source!r} is no date that can be read: {how}.",
                source=source[:40],
                how=self.how,
            )
        return found.isoformat()


@cache
def all_days() -> tuple[np.ndarray, np.ndarray]:
    """Return the days for training, and those held out, as ordinals."""
    days = range(FIRST.toordinal(), LAST.toordinal() + 1)
    kept = np.array([is_held_out(date.fromordinal(day).isoformat()) for day in days])
    return np.array(days)[~kept], np.array(days)[kept]


@cache
def place_entropy() -> float:
    """Return the entropy of a symbol given its place, in nats, averaged over a date and its end."""
    days = range(FIRST.toordinal(), LAST.toordinal() + 1)
    entropy = 0.0
    for place in zip(*(date.fromordinal(day).isoformat() for day in days), strict=True):
        shares = [place.count(symbol) / len(place) for symbol in set(place)]
        entropy -= sum(share * log(share) for share in shares)
    return entropy / (len("1997-05-03") + 1)  # the end is always in its place


def written(day: date, form: int) -> str:
    """Return a date in one of the ways of `FORMATS`."""
    month, weekday = MONTHS[day.month - 1], WEEKDAYS[day.weekday()]
    teen = 10 <= day.day <= 20
    return FORMATS[form].format(
        day=day.day, d=day.day, dd=f"{day.day:02}", mm=f"{day.month:02}", n=day.month,
        th="th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th"),
        month=month, mon=month[:3], year=day.year, yy=f"{day.year % 100:02}",
        weekday=weekday, wd=weekday[:3],
    )  # fmt: skip


@cache
def _readers() -> list[re.Pattern[str]]:
    return [
        re.compile(re.sub(r"{(\w+)}", lambda part: _PATTERNS[part[1]], re.sub(r"\.", r"\.", form)))
        for form in FORMATS
    ]


def read_date(text: str) -> date | None:
    """Return the date that a text in one of the ways of `FORMATS` says; None if it says none.

    A weekday is read over: the network has to find the date without it, too.
    """
    for reader in _readers():
        found = reader.fullmatch(text)
        if not found:
            continue
        parts = found.groupdict()
        names = [name[:3] for name in MONTHS]
        month = int(parts["number"]) if "number" in parts else 1 + names.index(parts["month"][:3])
        year = int(parts["year"])
        if len(parts["year"]) == 2:
            year += 1900 if year >= FIRST.year % 100 else 2000
        try:
            day = date(year, month, int(parts["day"]))
        except ValueError:
            return None
        return day if FIRST <= day <= LAST else None
    return None
