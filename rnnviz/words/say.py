"""Say a message with its values, now or later."""

import json
import re
from collections.abc import Iterable
from string import Formatter
from typing import Any

from rnnviz.words.catalogue import translations
from rnnviz.words.language import language

LONGEST = 4000
"""Characters of words that are kept as JSON; what is longer is kept as plain text."""


def N_(message: str) -> str:
    """Mark a message to be collected, and return it as it is: for constants."""
    return message


def t(message: str, /, **values: Any) -> str:
    """Return a message in the reader's language, its values in their places.

    Parameters
    ----------
    message : str
        English, with places as in `str.format` where there are values; empty stays empty.
    """
    if not message:
        return ""
    said = translations(language()).gettext(message)
    return said.format(**values) if values else said


def tn(one: str, many: str, count: int, /, **values: Any) -> str:
    """Return the message for one or for many, with ``{count}`` and other values in their places."""
    said = translations(language()).ngettext(one, many, count)
    return said.format(**{"count": count, **values})


class Words:
    """A message and its values, said in the language of whoever reads it: ``str(words)``.

    What an error or a stored reason is made of. Values may be words themselves.

    Parameters
    ----------
    message : str
        As `t` takes it.
    """

    def __init__(self, message: str, /, **values: Any) -> None:
        self.message = message
        self.many = ""
        self.count = 1
        self.values = values

    def __str__(self) -> str:
        """Return what is said in the reader's language."""
        if self.many:
            return tn(self.message, self.many, self.count, **self.values)
        return t(self.message, **self.values)

    def __repr__(self) -> str:
        """Return what is said, as words."""
        return f"Words({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        """Compare message and values."""
        return isinstance(other, Words) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        """Return a hash of message and values."""
        return hash(self.to_json())

    def __bool__(self) -> bool:
        """Return whether anything is said."""
        return bool(self.message)

    def __format__(self, spec: str) -> str:
        """Say them in another text."""
        return format(str(self), spec)

    def to_json(self) -> str:
        """Return message and values as a JSON object; a value that JSON has not is its text."""
        return json.dumps(_record(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Words":
        """Read what `to_json` wrote; any other text is a message without values.

        The text may come from somebody else's file. A message whose places are not plain ones for
        its values is not taken apart either, as `str.format` would reach into what it is given; nor
        is one that says words within it twice, which would be said without end.
        """
        if not text.startswith("{") or len(text) > LONGEST:
            return cls(text)
        try:
            words = _words(json.loads(text))
            str(words)
        except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
            return cls(text)
        return words


def listed(items: Iterable[object], between: str = ", ", more: bool = False) -> Words:
    """Return words one after the other, to be said later; a … at the end if there are more."""
    values = {f"item_{place}": item for place, item in enumerate(items)}
    return Words(between.join(f"{{{name}}}" for name in values) + " …" * more, **values)


NOTHING = Words("")
"""What is said where there is nothing to say: falsy."""


def Many(one: str, many: str, count: int, /, **values: Any) -> Words:
    """Return words for one or for many, to be said later: as `tn` says them now."""
    words = Words(one, **values)
    words.many, words.count = many, count
    return words


def _record(words: Words) -> dict[str, Any]:
    values = {name: _plain(value) for name, value in words.values.items()}
    record: dict[str, Any] = {"message": words.message}
    if values:
        record["values"] = values
    if words.many:
        record |= {"many": words.many, "count": words.count}
    return record


def _plain(value: Any) -> Any:
    if isinstance(value, Words):
        return _record(value)
    if hasattr(value, "item"):  # a number of numpy's
        value = value.item()
    return value if isinstance(value, str | int | float | bool | None) else str(value)


_SPEC = re.compile(r",?(\.\d{1,2})?[defgs%]?")


def _words(record: dict[str, Any]) -> Words:
    """Return words of a record of `_record`'s; raise ValueError or TypeError for any other."""
    values = {
        name: _words(value) if isinstance(value, dict) else _plain(value)
        for name, value in dict(record.get("values") or {}).items()
    }
    words = Words(record["message"], **values)
    words.many, words.count = record.get("many", ""), int(record.get("count", 1))
    for message in (words.message, words.many):
        if not isinstance(message, str):
            raise TypeError(message)
        if values or words.many:
            _check_places(message, {"count": 1, **values})
    return words


def _check_places(message: str, values: dict[str, Any]) -> None:
    said = set()
    for _, name, spec, conversion in Formatter().parse(message):
        if name is None:
            continue
        plain = _SPEC.fullmatch(spec or "") and conversion in (None, "r", "s")
        if name not in values or not plain or name in said and isinstance(values[name], Words):
            raise ValueError(message)
        said.add(name)
