"""What a viewer asked for, read from an address."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from rnnviz.words import known

LONGEST = 4096
"""Characters of one value in an address that are read."""


@dataclass(frozen=True)
class Choice:
    """What a viewer asked for: a step, a theme, a language, and whatever else its view knows.

    It comes from a URL, so every reader has a default for what has no meaning.
    """

    step: int | None = None
    theme: str = "light"
    lang: str = "en"
    asked: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Choice":
        """Read a query string's values."""
        rest = {
            name: text[:LONGEST]
            for name, text in query.items()
            if name not in ("step", "theme", "lang")
        }
        asked = cls(asked=tuple(sorted(rest.items())))
        step = cls(asked=(("step", query.get("step", "")),)).number("step", -1, 0, 10**9)
        theme = "dark" if query.get("theme") == "dark" else "light"
        lang = known(query.get("lang", ""))
        return replace(asked, step=None if step < 0 else step, theme=theme, lang=lang)

    def having(self, name: str, text: str) -> "Choice":
        """Return this choice with another text under a name."""
        return replace(self, asked=tuple(sorted({**dict(self.asked), name: text}.items())))

    def text(self, name: str, default: str = "") -> str:
        """Return what was asked under a name, as it is."""
        return dict(self.asked).get(name, default)

    def word(self, name: str, words: Collection[str], default: str) -> str:
        """Return which of some words was asked."""
        asked = self.text(name)
        return asked if asked in words else default

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """Return the whole number that was asked, within bounds."""
        text = self.text(name)
        if not (text.isascii() and text.isdigit() and len(text) < 12):
            return default
        return min(max(int(text), low), high)
