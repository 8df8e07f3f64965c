"""Bring data of your own from a script or a notebook."""

from collections.abc import Sequence
from pathlib import Path

from rnnviz.data.columns import Column, read_columns
from rnnviz.data.decoding import MOST_BYTES
from rnnviz.data.labels import prepare_labels
from rnnviz.data.series import prepare_series
from rnnviz.data.sources import ADDED, DataHome
from rnnviz.data.tables import Table, read_table
from rnnviz.data.texts import prepare_text
from rnnviz.errors import DataError
from rnnviz.words import Words

LONGEST_PATH = 500
"""Characters; what is longer is no path but the text itself."""


def add_data(
    source: str | Path | bytes,
    *,
    kind: str | None = None,
    name: str = "",
    inputs: Sequence[str] | None = None,
    targets: Sequence[str] | None = None,
    time: str | None = None,
    every: str = "",
    missing: str = "last",
    path: bool = False,
    text: str | None = None,
    label: str | None = None,
    unit: str = "characters",
    separator: str = "",
    encoding: str = "",
    to: DataHome = ADDED,
) -> str:
    """Read a file, or a text, and return the key under which ``Settings.data`` names it.

    ::

        key = rnnviz.add_data("sales.csv", targets=["revenue"], every="week")
        rnnviz.train(rnnviz.Settings(task="own_series", data=key))

    Parameters
    ----------
    source : str, Path or bytes
        The path of a file; or, as bytes or a text with a line's end in it, what the file would
        hold.
    kind : "series", "labels" or "text", optional
        What it is: numbers over time, texts with labels, or a text to read. If not given: a
        table with `text` and `label` has labels, one with numbers is a series, and what ends
        in .txt or .md is a text.
    inputs, targets : sequence of str, optional
        Columns of a series that go in, and that are forecast; all columns of numbers, and the
        last of them.
    time : str, optional
        The column of dates; the first there is, "" for none.
    every, missing : str
        How a series is resampled and filled: `rnnviz.data.series.EVERY` and `MISSING`.
    path : bool
        Ask for all values up to the horizon, instead of the one at the horizon.
    text, label : str, optional
        Columns of texts with labels; the first two.
    unit : "characters" or "words"
        What is one symbol of them.
    to : DataHome
        Where the data go: what this script has, which `rnnviz.train` and `rnnviz.compare` look
        in; or the `data` of a run store, which looks nowhere else.

    Raises
    ------
    DataError
        If the file cannot be read: the sentence names the line and the reason.
    """
    data, found = _bytes(source)
    name = name or found
    if kind not in (None, "series", "labels", "text"):
        raise DataError("kind = {kind!r}: must be series, labels or text.", kind=kind)
    if kind == "text" or (kind is None and name.lower().endswith((".txt", ".md"))):
        return to.add(prepare_text(data, encoding=encoding, name=name))
    table = read_table(data, separator=separator, encoding=encoding)
    if kind == "labels" or (kind is None and text is not None):
        first = [each for each in table.names if each not in (text, label)]
        text = text or (first[0] if first else "")
        label = label or next((each for each in first if each != text), "")
        made = prepare_labels(table, text=text, label=label, unit=unit, name=name)
    else:
        columns = read_columns(table)
        chosen = first_choice(columns)
        made = prepare_series(
            table, columns, inputs=chosen[0] if inputs is None else inputs,
            targets=chosen[1] if targets is None else targets,
            time=chosen[2] if time is None else time, every=every, missing=missing, path=path,
            name=name,
        )  # fmt: skip
    return to.add(made)


def read(data: bytes, *, separator: str = "", encoding: str = "", headed: bool | None = None
) -> tuple[Table, list[Column]]:  # fmt: skip
    """Return a file's table, and its columns as what they are."""
    table = read_table(data, separator=separator, encoding=encoding, headed=headed)
    return table, read_columns(table)


def first_choice(columns: Sequence[Column]) -> tuple[list[str], list[str], str]:
    """Return what is first chosen of a series: columns that go in, what is forecast, the dates."""
    numbers = [column.name for column in columns if column.kind == "number"]
    dates = [column.name for column in columns if column.kind == "date"]
    return numbers[:8], numbers[-1:], next(iter(dates), "")


def text_choice(table: Table) -> tuple[str, str]:
    """Return what is first chosen of texts with labels: fewest different values are the labels."""
    different = [len(set(cells)) for cells in table.columns]
    order = sorted(range(len(table.names)), key=lambda place: different[place])
    several = [place for place in order if different[place] > 1] or order
    label = several[0]
    longest = max(
        (place for place in order if place != label),
        key=lambda place: sum(map(len, table.columns[place][:1000])),
        default=label,
    )
    return table.names[longest], table.names[label]


def _bytes(source: str | Path | bytes) -> tuple[bytes, str]:
    """Return what a file holds, and its name."""
    if isinstance(source, bytes):
        return source, ""
    if isinstance(source, str) and ("\n" in source or len(source) > LONGEST_PATH):
        return source.encode("utf-8", errors="replace"), "pasted"
    file = Path(source)
    try:
        size = file.stat().st_size
        if size > MOST_BYTES:
            raise DataError(
                "{name} has {size:,.0f} MB: up to {most} MB are read, "
                "so keep fewer rows or columns.",
                name=file.name,
                size=size / 2**20,
                most=MOST_BYTES // 2**20,
            )
        return file.read_bytes(), file.name
    except OSError as error:
        reason = (error.strerror or "").lower() or Words("it cannot be opened")
        raise DataError(
            "The file {file!r} cannot be read: {reason}.", file=str(file)[:200], reason=reason
        ) from None
