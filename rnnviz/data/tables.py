"""From text to rows: which sign parts the cells, whether the first row has names, what is odd."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rnnviz.data.decoding import decode
from rnnviz.errors import DataError
from rnnviz.words import N_, Many, Words, listed

SEPARATORS = {";": N_("semicolon"), "\t": N_("tab"), "|": N_("bar"), ",": N_("comma")}
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
EXAMPLES = 3
"""Examples that a note gives."""
Row = tuple[str, ...]
"""Tuples, because Python's garbage collector walks through lists of text again and again."""
Parted = tuple[list[list[str]], list[int], list[Words]]
"""Columns with their names, the line in which each row ends, and notes."""


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
    notes : list of Words
        What was left out, and why.
    """

    names: list[str]
    columns: list[list[str]]
    lines: list[int]
    separator: str
    encoding: str
    headed: bool
    notes: list[Words] = field(default_factory=list)


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
        raise DataError(
            "This file has more than {most:,} lines: keep fewer rows.", most=2 * MOST_ROWS
        )
    lines = text.split("\n")
    _check_lines(lines)
    if separator and separator not in SEPARATORS:
        raise DataError(
            "{separator!r} cannot part cells: use , ; | or a tab.", separator=separator[:5]
        )
    separator = separator or _separator(lines)
    columns, places, notes = _part(lines, separator) or _read_rows(lines, separator)
    head = list(zip(*(cells[: SAMPLE + 1] for cells in columns), strict=True))
    if headed is None:
        headed = _is_headed(head)
    names = _names(head[0] if headed else [""] * len(columns))
    if headed:
        del places[0]
        for cells in columns:
            del cells[0]
    return Table(names, columns, places, separator, encoding, headed, notes)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="replace")


def _check_lines(lines: list[str]) -> None:
    if max(map(len, lines)) <= LONGEST_LINE:
        return
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_LINE:
            raise DataError(
                "Line {line:,} has {length:,} characters: up to {most:,} are read. "
                "A table has one row a line.",
                line=number,
                length=len(line),
                most=LONGEST_LINE,
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


def _part(lines: list[str], separator: str) -> Parted | None:
    """Return what `_read_rows` does, in a third of its time, of a table as most are; else None.

    As most are: without quotation marks, with as many cells in each line and no row of empty ones.
    """
    places = [place for place, line in enumerate(lines, 1) if line.strip()]
    full = [lines[place - 1] for place in places]
    if not separator or not full:
        return None
    more = full[0].count(separator)
    text = separator.join(full)
    if '"' in text or {line.count(separator) for line in full} != {more}:
        return None
    _check_size(len(full), more + 1, places[0])
    cells = list(map(str.strip, text.split(separator)))
    columns = [cells[place :: more + 1] for place in range(more + 1)]
    empty = (place for place, cell in enumerate(columns[0]) if not cell)
    if any(not any(column[place] for column in columns) for place in empty):
        return None
    return columns, places, []


def _read_rows(lines: list[str], separator: str) -> Parted:
    """Return the columns with their names, the line in which each row ends, and notes."""
    rows, places = [], []
    for place, row in _rows(lines, separator):
        rows.append(row)
        places.append(place)
        if len(rows) > MOST_ROWS + 1:
            break
    if not rows:
        raise DataError("There is nothing in this file: give a row of names and rows of values.")
    _check_size(len(rows), len(rows[0]), places[0])
    notes = _even(rows, places, len(rows[0]))
    return [list(cells) for cells in zip(*rows, strict=True)], places, notes


def _check_size(rows: int, width: int, first: int) -> None:
    """Refuse a table of too many rows or columns; its first row ends in the line `first`."""
    if rows > MOST_ROWS + 1:
        raise DataError("This table has more than {most:,} rows: keep fewer.", most=MOST_ROWS)
    if width > MOST_COLUMNS:
        raise DataError(
            "Line {line} has {width:,} cells: up to {most} are read.",
            line=first,
            width=width,
            most=MOST_COLUMNS,
        )
    if width * rows > MOST_CELLS:
        raise DataError(
            "{rows:,} rows of {width} cells are too many: up to {most:,} cells are "
            "read, so keep fewer columns or rows.",
            rows=rows,
            width=width,
            most=MOST_CELLS,
        )


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
            fault = str(error)
            why: str | Words = fault
            if "limit" in fault or "unexpected end" in fault:
                why = Words("a quotation mark that is opened there is never closed")
            elif "expected after" in fault:
                why = Words('after a closing quotation mark comes more; write "" for a mark inside')
            raise DataError("Line {line:,}: {why}.", line=started, why=why) from None
        started = reader.line_num + 1
        cells = tuple(map(str.strip, row))
        if any(cells):
            yield reader.line_num, cells


def _even(rows: list[Row], places: list[int], width: int) -> list[Words]:
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
    examples = [
        Words("line {line:,} has {count} cells", line=places[number], count=len(rows[number]))
        for number in odd[:EXAMPLES]
    ]
    if len(odd) > RAGGED * len(rows):
        raise DataError(
            "{odd:,} of {rows:,} rows have not {width} cells as the first row has "
            "({which}): choose another separator, or put texts into quotation marks.",
            odd=len(odd),
            rows=len(rows),
            width=width,
            which=listed(examples, "; "),
        )
    gone = set(odd)
    rows[:] = [row for number, row in enumerate(rows) if number not in gone]
    places[:] = [place for number, place in enumerate(places) if number not in gone]
    return [
        Many(
            "{count:,} row left out: {which}.",
            "{count:,} rows left out: {which}.",
            len(odd),
            which=listed(examples, "; ", more=len(odd) > EXAMPLES),
        )
    ]


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
