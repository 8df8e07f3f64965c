"""Texts that visitors pasted and that are too long for an address: kept here under random keys."""

import secrets

from rnnviz.cache import Cache
from rnnviz.errors import RunError
from rnnviz.tasks.base import MOST_TYPED

LONGEST_TEXT = 4 * MOST_TYPED
"""Code points of a text that is kept: an emoji of several parts is one character."""
SHORT_TEXT = 200
"""Characters of a text that an address carries, so that a link shows it."""

_texts: Cache[str] = Cache(2**22, len)


def keep_text(text: str) -> str:
    """Keep a text and return the key it is found by; it goes when many newer ones have come."""
    check_text(text)
    key = secrets.token_urlsafe(12)
    _texts.put(key, text)
    return key


def kept_text(key: str) -> str | None:
    """Return the text of a key; None if it is gone."""
    return _texts.find(key)


def check_text(text: str) -> None:
    """Raise RunError, with a sentence, for a text that is too long."""
    if len(text) > LONGEST_TEXT:
        raise RunError(
            "This text has {length:,} characters: up to {most:,} are read at once, "
            "so paste a shorter passage.",
            length=len(text),
            most=MOST_TYPED,
        )
