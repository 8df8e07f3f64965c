"""The translations: GNU gettext's, one file a language in ``rnnviz/words/<language>.po``.

Babel reads the files as translators write them, so that no compiled copy has to be kept; it is
imported where there is something to read, so that a command answers at once.
"""

import gettext
import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

FOLDER = Path(__file__).parent


def _name(code: str) -> str:
    from babel import Locale

    return str(Locale.parse(code).get_display_name(code))


PSEUDO = "qps"
"""The pseudo-language: English between marks and a third longer, to see what was not translated
and what has no room for a longer language. (A code that ISO 639-2 leaves to private use.)"""
LANGUAGES = {"en": "English"} | {
    path.stem: _name(path.stem) for path in sorted(FOLDER.glob("*.po"))
}
"""Code -> the language's own name."""


class Pseudo(gettext.NullTranslations):
    """Every message as it is, but marked and longer."""

    def gettext(self, message: str) -> str:
        """Return a message between its marks."""
        return marked(message)

    def ngettext(self, one: str, many: str, count: int) -> str:
        """Return the message for a number, between its marks."""
        return marked(one if count == 1 else many)


def marked(message: str) -> str:
    """Return a message between ⟦ and ⟧, a third longer, in pieces that a line can be broken at."""
    more = " ".join(["~~~~"] * -(-len(message) // 15)) if len(message) > 4 else "~"
    return f"⟦{message} {more}⟧"


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Return what translates into a language; English, which is as it is, for one unknown."""
    if language == PSEUDO:
        return Pseudo()
    if language == "en" or language not in LANGUAGES:
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo

    compiled = io.BytesIO()
    write_mo(compiled, entries(language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def entries(language: str) -> "Catalog":
    """Return the catalogue of a language, with its translators' comments and places."""
    from babel.messages.pofile import read_po

    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


@cache
def for_scripts(language: str) -> dict[str, str | list[str]]:
    """Return what the page's scripts need: message -> translation, or its plural forms."""
    if language == "en" or language not in LANGUAGES:
        return {}
    found: dict[str, str | list[str]] = {}
    for entry in entries(language):
        if any(place.startswith("assets/") for place, _ in entry.locations) and entry.string:
            one = entry.id if isinstance(entry.id, str) else entry.id[0]
            found[one] = entry.string if isinstance(entry.string, str) else list(entry.string)
    return found
