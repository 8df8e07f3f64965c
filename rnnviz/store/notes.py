"""What an owner may write about a run: a name, tags, a note; each as it is kept."""

from collections.abc import Iterable
from unicodedata import category

from rnnviz.errors import RunError

LONGEST_NAME, LONGEST_TAG, LONGEST_NOTE, MOST_TAGS = 80, 40, 4000, 20


def name_of(text: str) -> str:
    """Return a run's name as it is kept.

    Raises
    ------
    RunError
        Here and below: if it is too long.
    """
    name = tidy(text)
    if len(name) > LONGEST_NAME:
        raise RunError(
            "A name of {count} characters is too long: use at most {most}.",
            count=len(name),
            most=LONGEST_NAME,
        )
    return name


def tags_of(texts: Iterable[str]) -> list[str]:
    """Return tags as they are kept."""
    tags = distinct(texts)
    if len(tags) > MOST_TAGS:
        raise RunError(
            "{count} tags are too many: keep at most {most}.",
            count=len(tags),
            most=MOST_TAGS,
        )
    if any(len(tag) > LONGEST_TAG for tag in tags):
        raise RunError("A tag is too long: use at most {most} characters.", most=LONGEST_TAG)
    return tags


def note_of(text: str) -> str:
    """Return a note as it is kept."""
    note = tidy(text, lines=True)
    if len(note) > LONGEST_NOTE:
        raise RunError(
            "A note of {count} characters is too long: use at most {most}.",
            count=len(note),
            most=LONGEST_NOTE,
        )
    return note


def tidy(text: str, *, lines: bool = False) -> str:
    """Return text without what no database keeps, control characters and halves of characters.

    lines : whether it may have several lines
    """
    text = text.replace("\t", " ") if lines else " ".join(text.split())
    kept = (each for each in text if each == "\n" or category(each) not in ("Cc", "Cs"))
    return "".join(kept).strip()


def distinct(tags: Iterable[str]) -> list[str]:
    """Return tags each once, in this order, without empty ones."""
    return list(dict.fromkeys(filter(None, map(tidy, tags))))
