"""From text to rows: which sign parts the cells, whether the first row has names, what is odd."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rnnviz.data.decoding import decode
from rnnviz.errors import DataError

SEPARATORS = {";": "semicolon", "\t": "tab", "|": "bar", ",": "comma"}
"""In the order in which they are tried: a comma is also found inside numbers and sentences."""
MOST_ROWS = 250_000
MOST_COLUMNS = 100
MOST_CELLS = 2_000_000
LONGEST_LINE = 100_000
"""Characters."""
LONGEST_NAME = 60
RAGGED = 0.2
"""Share of rows with another number of cells than the names from which on a table is refused."""
SAMPLE = 200
"""Lines from which the separator is told."""
SHOWN = 3
"""Examples that a note gives."""
Row = tuple[str, ...]
"""Tuples, because Python's garbage collector walks through lists of text again and again."""


@dataclass(frozen=True)
class Table:
    """Hold the cells of a file, all as text.

    Attributes
    ----------
    names : list of str
        One a column, each once.
    columns : list of list of str
        The cells of each column, without spaces around them.
    lines : list of int
        The file's line in which each row ends, from 1.
    separator, encoding : str
        As found: a key of `SEPARATORS`, or "" for a single column; a key of `ENCODINGS`.
    headed : bool
        Whether the first row was taken for names.
    notes : list of str
        What was left out, and why.
    """

    names: list[str]
    columns: list[list[str]]
    lines: list[int]
    separator: str
    encoding: str
    headed: bool
    notes: list[str] = field(default_factory=list)


def read_table(
    data: bytes | str, *, separator: str = "", encoding: str = "", headed: bool | None = None
) -> Table:
    """Read a CSV file, or what was pasted.

    Rows with another number of cells than the first one are left out, and a note says which; if
    they are many, the table is refused.

    Parameters
    ----------
    separator, encoding : str
        Found if not given.
    headed : bool, optional
        Whether the first row holds the names; found if not given.

    Raises
    ------
    DataError
        If it is no table: the sentence names the line and the reason.
    """
    text, encoding = decode(data if isinstance(data, bytes) else _bytes(data), encoding)
    if text.count("\n") > 2 * MOST_ROWS:
        raise DataError(f"This file has more than {2 * MOST_ROWS:,} lines: keep fewer rows.")
    lines = text.split("\n")
    _check_lines(lines)
    if separator and separator not in SEPARATORS:
        raise DataError(f"{separator[:5]!r} cannot part cells: use , ; | or a tab.")
    separator = separator or _separator(lines)
    rows, places = [], []
    for place, row in _rows(lines, separator):
        rows.append(row)
        places.append(place)
        if len(rows) > MOST_ROWS + 1:
            raise DataError(f"This table has more than {MOST_ROWS:,} rows: keep fewer.")
    if not rows:
        raise DataError("There is nothing in this file: give a row of names and rows of values.")
    width = len(rows[0])
    if width > MOST_COLUMNS:
        raise DataError(f"Line {places[0]} has {width:,} cells: up to {MOST_COLUMNS} are read.")
    if width * len(rows) > MOST_CELLS:
        raise DataError(
            f"{len(rows):,} rows of {width} cells are too many: up to {MOST_CELLS:,} cells are "
            "read, so keep fewer columns or rows."
        )
    notes = _even(rows, places, width)
    if headed is None:
        headed = _is_headed(rows)
    names = _names(rows[0] if headed else [""] * width)
    if headed:
        del rows[0], places[0]
    columns = [list(cells) for cells in zip(*rows, strict=True)] or [[] for _ in names]
    return Table(names, columns, places, separator, encoding, headed, notes)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="replace")


def _check_lines(lines: list[str]) -> None:
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_LINE:
            raise DataError(
                f"Line {number:,} has {len(line):,} characters: up to {LONGEST_LINE:,} are read. "
                "A table has one row a line."
            )


def _separator(lines: list[str]) -> str:
    """Return what parts the cells: what gives most lines the same number of them, above one."""
    sample = [line for line in lines[: 5 * SAMPLE] if line.strip()][:SAMPLE]
    best, most = "", 0.5
    for sign in SEPARATORS:
        if not any(sign in line for line in sample):
            continue
        try:
            counts = Counter(len(row) for row in csv.reader(sample, delimiter=sign) if row)
        except csv.Error:
            continue
        width, often = counts.most_common(1)[0]
        share = often / sum(counts.values())
        # a comma inside the numbers of a table that another sign parts is no better than that sign
        if width > 1 and share > most + 0.05:
            best, most = sign, share
    if best or len(sample) < 2:
        return best
    first = Counter(lines[0])
    return next((sign for sign in SEPARATORS if first[sign]), "")


def _rows(lines: list[str], separator: str) -> Iterator[tuple[int, Row]]:
    """Yield the rows that are not empty, with the line in which each ends."""
    if not separator:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield number, (line.strip().removeprefix('"').removesuffix('"'),)
        return
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=separator, strict=True)
    started = 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            said = str(error)
            if "limit" in said or "unexpected end" in said:
                said = "a quotation mark that is opened there is never closed"
            elif "expected after" in said:
                said = 'after a closing quotation mark comes more; write "" for a mark inside'
            raise DataError(f"Line {started:,}: {said}.") from None
        started = reader.line_num + 1
        cells = tuple(map(str.strip, row))
        if any(cells):
            yield reader.line_num, cells


def _even(rows: list[Row], places: list[int], width: int) -> list[str]:
    """Leave out rows of another width; return a note on them.

    Empty cells behind the last column are no reason.
    """
    odd = []
    for number, row in enumerate(rows):
        if len(row) != width:
            if len(row) > width and not any(row[width:]):
                rows[number] = row[:width]
            else:
                odd.append(number)
    if not odd:
        return []
    which = "; ".join(f"line {places[n]:,} has {len(rows[n])} cells" for n in odd[:SHOWN])
    if len(odd) > RAGGED * len(rows):
        raise DataError(
            f"{len(odd):,} of {len(rows):,} rows have not {width} cells as the first row has "
            f"({which}): choose another separator, or put texts into quotation marks."
        )
    gone = set(odd)
    rows[:] = [row for number, row in enumerate(rows) if number not in gone]
    places[:] = [place for number, place in enumerate(places) if number not in gone]
    return [f"{_count(len(odd), 'row')} left out: {which}{' …' * (len(odd) > SHOWN)}."]


def _is_headed(rows: list[Row]) -> bool:
    """Tell whether the first row has names: no number, and no cell that comes again."""
    first = rows[0]
    if len(rows) < 2 or len(set(first)) < len(first) or any(not cell for cell in first):
        return len(rows) > 1 and not any(_has_digit_first(cell) for cell in first if cell)
    if any(_has_digit_first(cell) for cell in first):
        return False
    below = rows[1 : SAMPLE + 1]
    if any(_has_digit_first(row[place]) for row in below for place in range(len(first))):
        return True
    return not any(row[place] == cell for row in below for place, cell in enumerate(first))


def _has_digit_first(cell: str) -> bool:
    return cell.lstrip("+-−.,$€£ ")[:1].isdigit()


def _names(first: Sequence[str]) -> list[str]:
    """Return a name for each column, each once."""
    names: list[str] = []
    for place, cell in enumerate(first, 1):
        plain = " ".join("".join(sign for sign in cell if sign.isprintable()).split())
        name = plain[:LONGEST_NAME] or f"column {place}"
        while name in names:
            name = f"{name[: LONGEST_NAME - 5]} ({place})"
        names.append(name)
    return names


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'s' * (number != 1)}"
