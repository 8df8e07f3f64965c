"""Collect every message into rnnviz/words/rnnviz.pot, and bring each language's file up to date.

What `make words` runs. Messages are the literals given to t, tn, N_, Words, Many and our own errors
in Python, and to t and tn in the scripts of the page; a comment that begins with "Translators:"
goes with the message below it.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from rnnviz import errors

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "rnnviz" / "words"
TEMPLATE = FOLDER / "rnnviz.pot"
ERRORS = [name for name in dir(errors) if name.endswith("Error")] + [
    "CommandError",
    "CommandFailed",
]
PYTHON = {name: None for name in ("t", "N_", "Words", *ERRORS)} | {"tn": (1, 2), "Many": (1, 2)}
SCRIPTS = {"t": None, "tn": (1, 2)}
HEADER = "# The messages of rnnviz, collected by `make words`: not to be edited by hand."
SINCE = datetime(2026, 1, 1, tzinfo=UTC)  # the same whenever it is made
COMMENT = ["Translators:"]


def sources() -> list[Path]:
    """List the files that have messages."""
    python = [*ROOT.glob("rnnviz/**/*.py"), *ROOT.glob("pages/*.py")]
    return sorted(python) + sorted(ROOT.glob("assets/*.js"))


def collected() -> Catalog:
    """Return the catalogue of all messages, in English alone."""
    catalog = Catalog(
        project="rnnviz",
        charset="utf-8",
        fuzzy=False,
        header_comment=HEADER,
        creation_date=SINCE,
        revision_date=SINCE,
    )
    for path in sources():
        script = path.suffix == ".js"
        found = extract_from_file(
            "javascript" if script else "python",
            path,
            keywords=SCRIPTS if script else PYTHON,
            comment_tags=COMMENT,
            strip_comment_tags=True,
        )
        place = path.relative_to(ROOT).as_posix()
        for _, message, comments, context in found:
            if not message:  # `t(this or "")`
                continue
            # no line numbers: they would change with every edit
            catalog.add(message, locations=[(place, 0)], auto_comments=comments, context=context)
    for entry in catalog:
        # our places are those of str.format: "10 to 90 % of steps" is no format of C's printf
        entry.flags -= {"python-format", "python-brace-format"}
    return catalog


def main() -> None:
    """Write the template, and add new messages to the languages."""
    catalog = collected()
    with TEMPLATE.open("wb") as file:
        write(catalog, file)
    for path in sorted(FOLDER.glob("*.po")):
        with path.open("rb") as file:
            language = read_po(file, locale=path.stem)
        language.update(catalog, no_fuzzy_matching=True)
        with path.open("wb") as file:
            write(language, file)
        missing = sum(not entry.string for entry in language if entry.id)
        print(f"{path.name}: {len(language)} messages, {missing} to be translated")
    print(f"{TEMPLATE.name}: {len(catalog)} messages")


def write(catalog: Catalog, file: object) -> None:
    """Write a catalogue so that two runs give the same file."""
    write_po(file, catalog, width=100, sort_output=True, omit_header=False, include_lineno=False)


if __name__ == "__main__":
    sys.exit(main())
