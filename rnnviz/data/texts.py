"""A text of the visitor's own, for a language model to read."""

import re

from rnnviz.data.decoding import clean, decode
from rnnviz.data.sets import DataSet, titled
from rnnviz.errors import DataError

LEAST_TEXT = 400
MOST_TEXT = 2_000_000
"""Characters."""


def prepare_text(data: bytes | str, *, encoding: str = "", name: str = "") -> DataSet:
    """Return a text as a data set.

    Parameters
    ----------
    data : bytes or str
        A text file, or what was pasted.
    encoding : str
        A key of `ENCODINGS`; "" finds it.
    name : str
        The file's name.

    Raises
    ------
    DataError
        If it is no text, too short or too long.
    """
    raw = data if isinstance(data, bytes) else data.encode("utf-8", errors="replace")
    text, _ = decode(raw, encoding)
    if len(text) > MOST_TEXT:
        raise DataError(
            "This text has {count:,} characters: up to {most:,} are read, so take a part.",
            count=len(text),
            most=MOST_TEXT,
        )
    read = re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in clean(text).split("\n")))
    read = read.strip()
    if len(read) < LEAST_TEXT:
        raise DataError(
            "This text has {count:,} characters: a language model needs at least "
            "{least}, and learns well from {enough:,} on.",
            count=len(read),
            least=LEAST_TEXT,
            enough=50 * LEAST_TEXT,
        )
    if len(set(read)) < 5:
        raise DataError("This text has fewer than five different characters: give a real one.")
    return DataSet("text", titled(name), {"characters": len(read), "notes": []}, read.encode())


def text_of(data: DataSet) -> str:
    """Return the text of a data set.

    Raises
    ------
    DataError
        If it is damaged, or no text.
    """
    try:
        if data.kind != "text":
            raise ValueError(data.kind)
        return data.body.decode("utf-8")
    except ValueError:
        raise DataError("This data set is no text, or it is damaged.") from None
