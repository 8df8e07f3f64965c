"""In which language is spoken: set for a while, or asked of whoever knows the reader."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from rnnviz.words.catalogue import LANGUAGES, PSEUDO

_language: ContextVar[str] = ContextVar("language", default="")
_ask: list[Callable[[], str]] = []


def known(code: str) -> str:
    """Return a language's code if we speak it, otherwise English's."""
    return code if code in LANGUAGES or code == PSEUDO else "en"


def language() -> str:
    """Return the code of the language that is spoken here and now."""
    if said := _language.get():
        return said
    return next((code for asked in _ask if (code := asked())), "en")


def ask_for(reader: Callable[[], str]) -> None:
    """Have a function asked for the reader's language where nobody has said it; "" for no idea."""
    if reader not in _ask:
        _ask.append(reader)


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Speak a language in this block, in this thread or task only."""
    before = _language.set(known(code))
    try:
        yield
    finally:
        _language.reset(before)
