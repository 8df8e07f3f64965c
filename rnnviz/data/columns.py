"""What a column holds: numbers, dates or text; and its values, with what could not be read."""

import re
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from rnnviz.data.tables import Table
from rnnviz.words import N_

MISSING = frozenset(
    ("", "-", "–", "—", "?", ".", "..", "...", "na", "n/a", "n.a.", "nan", "null", "none", "nil",
     "missing", "k.a.", "#n/a", "#na", "nat")
)  # fmt: skip
"""Cells that say that there is no value, in small letters."""
READABLE = 0.8
"""Share of a column's cells that have to be numbers, or dates, for it to hold them."""
LARGEST_NUMBER = 1e12
"""Magnitude of a number that is read."""
SAMPLE = 2000
EPOCH = date(1970, 1, 1).toordinal()
NO_TIME = np.iinfo(np.int64).min
"""Stands for a time that is missing."""

_POINT = re.compile(r"[-+]?\d+\.(?:\d{1,2}|\d{4,})|[-+]?\d{1,3}(?:,\d{3})+\.\d+")
_COMMA = re.compile(r"[-+]?\d+,(?:\d{1,2}|\d{4,})|[-+]?\d{1,3}(?:\.\d{3})+,\d+")
_THREE = re.compile(r"[-+]?\d{1,3},\d{3}")
_GROUPED = {
    ".": re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d*)?"),
    ",": re.compile(r"[-+]?\d{1,3}(?:\.\d{3})+(?:,\d*)?"),
}
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?", re.ASCII)
_GAP = re.compile(r"(?<=\d)[ \u00a0\u2009\u202f'’](?=\d{3})")
_MONTHS: Sequence[str] = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_CLOCK = (
    r"(?:[T ,]+(?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<ap>[AaPp][Mm])?(?:Z|[+-]\d{2}:?\d{2})?)?"
)
_DATES = {
    # what is shown of it: the date's part
    N_("year-month-day"): r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})",
    N_("day.month.year"): r"(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4}|\d{2})",
    N_("day/month/year"): r"(?P<d>\d{1,2})[/-](?P<m>\d{1,2})[/-](?P<y>\d{4}|\d{2})",
    N_("month/day/year"): r"(?P<m>\d{1,2})[/-](?P<d>\d{1,2})[/-](?P<y>\d{4}|\d{2})",
    N_("day month year"): r"(?P<d>\d{1,2})\.?[ -](?P<b>[A-Za-z]{3,9})\.?,?[ -](?P<y>\d{4}|\d{2})",
    N_("month day, year"): r"(?P<b>[A-Za-z]{3,9})\.? (?P<d>\d{1,2}),? (?P<y>\d{4})",
    N_("month year"): r"(?P<b>[A-Za-z]{3,9})\.?[ -](?P<y>\d{4})",
    N_("year-month"): r"(?P<y>\d{4})[-/](?P<m>\d{1,2})",
    N_("year-quarter"): r"(?P<y>\d{4})[- ]?Q(?P<q>[1-4])",
    N_("yearmonthday"): r"(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})",
    N_("year年month月day日"): r"(?P<y>\d{4})年(?P<m>\d{1,2})月(?:(?P<d>\d{1,2})日)?",
}
_ISO = re.compile(r"NaT|(?!00)\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?)?", re.ASCII)
"""Dates that numpy reads as the first of these forms does."""
_DATE = {form: re.compile(f"(?:{part}){_CLOCK}", re.ASCII) for form, part in _DATES.items()}
_WORDED = re.compile(r"(?=.*(?<!\d)\d{4}(?!\d)).{6,48}", re.ASCII)
"""What may be a date of another form: it names its year, or pandas would take this year."""
_ZONE = re.compile(r"(?<=:\d\d)\s*(?:Z|UTC|GMT|[-+]\d{2}:?\d{2})(?: \(\w+\))?$", re.ASCII)
_DATE_NAME = re.compile(r"date|time|day|datum|zeit|tag|fecha|日期|时间", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """Hold one column of a table.

    Attributes
    ----------
    kind : str
        "number", "date", "text" or "empty".
    values : ndarray (row,), or None
        float64, NaN where there is none, for numbers; int64 seconds since 1970, `NO_TIME` where
        there is none, for dates; None for text.
    missing : ndarray (row,) of bool
        Where the cell says that there is no value.
    unread : ndarray (row,) of int64
        The rows whose cell is neither missing nor of this kind.
    form : str
        A message, how it was read: "decimal comma", "day.month.year"; "" for nothing to say.
    """

    name: str
    kind: str
    cells: Sequence[str]
    values: NDArray[np.float64] | NDArray[np.int64] | None
    missing: NDArray[np.bool_]
    unread: NDArray[np.int64]
    form: str = ""


def read_columns(table: Table) -> list[Column]:
    """Return the columns of a table, each as what most of its cells are."""
    decimal = decimal_sign(table)
    return [
        _column(name, cells, decimal)
        for name, cells in zip(table.names, table.columns, strict=True)
    ]


def decimal_sign(table: Table) -> str:
    """Return "," if the table's numbers have a decimal comma, else "."; told from all columns.

    "1,234" alone could be either: it has a decimal comma where semicolons part the cells.
    """
    point = comma = three = 0
    for cells in table.columns:
        for raw in cells[:SAMPLE]:
            cell = _GAP.sub("", raw) if "," in raw or "." in raw else raw
            if "," in cell:
                comma += bool(_COMMA.fullmatch(cell))
                three += bool(_THREE.fullmatch(cell))
            if "." in cell:
                point += bool(_POINT.fullmatch(cell))
    if comma == point == 0:
        return "," if three and table.separator == ";" else "."
    return "," if comma > point else "."


def _column(name: str, cells: list[str], decimal: str) -> Column:
    missing = np.array([len(cell) < 8 and cell.lower() in MISSING for cell in cells], bool)
    there = int((~missing).sum())
    none = np.zeros(0, np.int64)
    if not there:
        return Column(name, "empty", cells, None, missing, none)
    if not _looks_dated(name, cells, missing):
        values = _numbers(cells, missing, decimal)
        unread = np.flatnonzero(np.isnan(values) & ~missing)
        if len(unread) <= (1 - READABLE) * there:
            used = decimal == "," and any("," in cell for cell in cells[:SAMPLE])
            form = N_("decimal comma") if used else ""
            return Column(name, "number", cells, values, missing, unread, form)
    form, times = _times(cells, missing)
    unread = np.flatnonzero((times == NO_TIME) & ~missing)
    if form and len(unread) <= (1 - READABLE) * there:
        return Column(name, "date", cells, times, missing, unread, form)
    times = _worded_times(cells, missing)
    unread = np.flatnonzero((times == NO_TIME) & ~missing)
    if len(unread) <= (1 - READABLE) * there:
        return Column(name, "date", cells, times, missing, unread, N_("date in words"))
    return Column(name, "text", cells, None, missing, none)


def _numbers(cells: list[str], missing: NDArray[np.bool_], decimal: str) -> NDArray[np.float64]:
    """Return numbers; NaN where a cell is none. A column that begins as text is not read on."""
    few = [cell for cell, gone in zip(cells[:SAMPLE], missing, strict=False) if not gone]
    if np.isnan([number(cell, decimal) for cell in few]).sum() > len(few) / 2:
        return np.full(len(cells), np.nan)
    texts = _filled(cells, missing, "nan")
    signs = "".join(texts)
    if "_" not in signs and (decimal == "." or "." not in signs):
        try:  # most columns are plain numbers, and float() reads them at once
            plain = texts if decimal == "." else [text.replace(",", ".") for text in texts]
            values = np.fromiter(map(float, plain), float, len(plain))
            if (np.isfinite(values) | missing).all():
                return np.where(np.abs(values) <= LARGEST_NUMBER, values, np.nan)
        except ValueError:
            pass
    return np.array([number(text, decimal) for text in texts])


def _filled(cells: list[str], missing: NDArray[np.bool_], word: str) -> list[str]:
    """Return the cells with a word where there is no value."""
    if not missing.any():
        return cells
    return [word if gone else cell for cell, gone in zip(cells, missing.tolist(), strict=True)]


def number(cell: str, decimal: str = ".") -> float:
    """Return a cell as a number, NaN if it is none; units of money and % are left aside."""
    if not _NUMBER.fullmatch(cell) or decimal == ",":
        cell = _GAP.sub("", cell.replace("−", "-").strip(" \u00a0$€£¥%"))
        if _GROUPED[decimal].fullmatch(cell):
            cell = cell.replace("," if decimal == "." else ".", "")
        if decimal == ",":
            if "." in cell:
                return float("nan")
            cell = cell.replace(",", ".", 1)
        if not _NUMBER.fullmatch(cell):
            return float("nan")
    value = float(cell)
    return value if abs(value) <= LARGEST_NUMBER else float("nan")


def _looks_dated(name: str, cells: list[str], missing: NDArray[np.bool_]) -> bool:
    """Tell whether numbers of eight digits are dates: all are, and the column's name says so."""
    if not _DATE_NAME.search(name):
        return False
    form = _DATE["yearmonthday"]
    few = [cell for cell, gone in zip(cells[:SAMPLE], missing, strict=False) if not gone]
    return bool(few) and all(form.fullmatch(cell) for cell in few)


def _times(cells: list[str], missing: NDArray[np.bool_]) -> tuple[str, NDArray[np.int64]]:
    """Return the form that reads most of the cells as dates, and the seconds since 1970."""
    few = [cell for cell, gone in zip(cells[:SAMPLE], missing, strict=False) if not gone]
    read = Counter(
        {
            form: sum(_seconds(cell, way) != NO_TIME for cell in few[:200])
            for form, way in _DATE.items()
        }
    )
    form, most = read.most_common(1)[0]
    if not most:
        return "", np.full(len(cells), NO_TIME)
    if form == "day/month/year" and read["month/day/year"] == most and not _rises(few, form):
        form = "month/day/year" if _rises(few, "month/day/year") else form
    times = _iso_times(cells, missing)
    if times is None:
        known = {cell: _seconds(cell, _DATE[form]) for cell in set(cells)}  # each day once
        times = np.array([known[cell] for cell in cells], np.int64)
    return form, np.where(missing, NO_TIME, times)


def _iso_times(cells: list[str], missing: NDArray[np.bool_]) -> NDArray[np.int64] | None:
    """Return the seconds since 1970 of a column of ISO 8601, None if a cell is anything else."""
    written = _filled(cells, missing, "NaT")
    if not all(map(_ISO.fullmatch, written)):
        return None
    try:
        return np.array(written, "datetime64[s]").astype(np.int64)
    except ValueError:  # a day that its month does not have
        return None


def _worded_times(cells: list[str], missing: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return what pandas reads as dates where none of our forms does: "Fri Jan 05 2024".

    Ours come first: pandas does not see from a whole column whether the day or the month leads,
    and reads no 年月日.
    """
    import pandas as pd  # here, because training of the other tasks needs none

    few = [cell for cell, gone in zip(cells[:SAMPLE], missing, strict=False) if not gone]
    if sum(_WORDED.fullmatch(cell) is not None for cell in few) < READABLE * len(few):
        return np.full(len(cells), NO_TIME)
    written = [_ZONE.sub("", cell) if _WORDED.fullmatch(cell) else "" for cell in cells]
    with warnings.catch_warnings():  # of what it will not read one day
        warnings.simplefilter("ignore")
        read = pd.to_datetime(written, format="mixed", errors="coerce", utc=True)
    times: NDArray[np.int64] = read.tz_localize(None).to_numpy("datetime64[s]").astype(np.int64)
    return times  # NaT is NO_TIME


def _rises(cells: list[str], form: str) -> bool:
    """Tell whether the dates come in their order, one way or the other."""
    steps = np.diff([_seconds(cell, _DATE[form]) for cell in cells])
    return bool((steps >= 0).all() or (steps <= 0).all())


def _seconds(cell: str, way: re.Pattern[str]) -> int:
    """Return a date as seconds since 1970, `NO_TIME` if it is none; time zones are left aside."""
    hit = way.fullmatch(cell)
    if hit is None:
        return NO_TIME
    part = hit.groupdict()
    year = int(part["y"])
    if year < 100:
        year += 2000 if year < 70 else 1900
    name = part.get("b")
    if name is not None:
        if name[:3].lower() not in _MONTHS:
            return NO_TIME
        month = _MONTHS.index(name[:3].lower()) + 1
    elif "q" in part:
        month = 3 * int(part["q"]) - 2
    else:
        month = int(part["m"])
    hour, minute, second = int(part["H"] or 0), int(part["M"] or 0), int(part["S"] or 0)
    if part["ap"]:
        hour = hour % 12 + (12 if part["ap"].lower() == "pm" else 0)
    try:
        days = date(year, month, int(part.get("d") or 1)).toordinal() - EPOCH
    except ValueError:
        return NO_TIME
    if hour > 23 or minute > 59 or second > 60:
        return NO_TIME
    return days * 86400 + hour * 3600 + minute * 60 + second
