"""One prepared data set: what it holds, as bytes that say the same everywhere; its key."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from rnnviz.errors import DataError
from rnnviz.words import Words

KINDS = ("series", "labels", "text")
MOST_PREPARED = 16 * 2**20
"""Bytes of a prepared data set."""
LONGEST_TITLE = 60
_FORM = 1
_LONGEST_HEAD = 2**16


@dataclass(frozen=True, eq=False)
class DataSet:
    """Hold prepared data.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    title : str
        What it is called where it is shown: the file's name.
    about : mapping
        What the reader of its kind needs beside the body, and `notes`, what `as_kept` gives of
        what was left out or changed; plain JSON.
    body : bytes
        The data themselves, as their kind writes them (series.py, labels.py, texts.py).
    """

    kind: str
    title: str
    about: Mapping[str, Any]
    body: bytes

    @cached_property
    def key(self) -> str:
        """What `Settings.data` holds: the first 32 hex digits of the SHA-256 of the bytes."""
        return hashlib.sha256(self.to_bytes()).hexdigest()[:32]

    @property
    def notes(self) -> list[str]:
        """What was left out or changed, a sentence each in the reader's language."""
        return [str(Words.from_json(str(note))) for note in self.about.get("notes", ())]

    def to_bytes(self) -> bytes:
        """Return a line of JSON and the body; the same data give the same bytes.

        Raises
        ------
        DataError
            If it is larger than may be kept.
        """
        about = {"rnnviz data": _FORM, "kind": self.kind, "title": self.title, **self.about}
        head = json.dumps(about, ensure_ascii=False, sort_keys=True, allow_nan=False).encode()
        if len(head) > _LONGEST_HEAD or len(head) + len(self.body) >= MOST_PREPARED:
            raise DataError(
                "This data set has {size:.1f} MB when prepared: "
                "up to {most} MB are kept, so choose fewer columns or rows.",
                size=(len(head) + len(self.body)) / 2**20,
                most=MOST_PREPARED // 2**20,
            )
        return head + b"\n" + self.body

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote.

        Raises
        ------
        DataError
            If it is damaged.
        """
        head, line, body = data[:MOST_PREPARED].partition(b"\n")
        try:
            about = json.loads(head) if line and len(head) <= _LONGEST_HEAD else None
        except (ValueError, RecursionError):
            about = None
        if not isinstance(about, dict) or about.pop("rnnviz data", None) != _FORM:
            raise DataError("This is no data set of rnnviz, or it is damaged.")
        kind, title = about.pop("kind", None), about.pop("title", None)
        if kind not in KINDS or not isinstance(title, str):
            raise DataError("This data set is damaged: add the file again.")
        return cls(kind, title, about, body)


def as_kept(notes: Iterable[Words]) -> list[str]:
    """Return notes as a data set keeps them: the same in all languages."""
    return [note.to_json() for note in notes]


def titled(name: str) -> str:
    """Return a file's name as a title: plain signs, not too long, without its folder."""
    plain = "".join(
        sign for sign in name.replace("\\", "/").rsplit("/", 1)[-1] if sign.isprintable()
    )
    return " ".join(plain.split())[:LONGEST_TITLE] or "my data"
