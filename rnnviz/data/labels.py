"""Texts with labels of the visitor's own: which text belongs to which class."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from rnnviz.data.columns import MISSING
from rnnviz.data.decoding import clean
from rnnviz.data.sets import DataSet, titled
from rnnviz.data.tables import Table
from rnnviz.errors import DataError

UNITS = {"characters": "characters", "words": "words"}
LEAST_TEXTS = 20
LEAST_A_CLASS = 5
MOST_CLASSES = 50
LONGEST_TEXT = 2000
LONGEST_LABEL = 40
HELD_OUT = 5
"""Of so many texts of a class, one is never seen in training."""
SHOWN = 3


@dataclass(frozen=True)
class Labelled:
    """Hold texts, each of one class.

    Attributes
    ----------
    classes : list of str
        The commonest first.
    texts : list of str
    labels : list of int
        The class of each text.
    unit : str
        "characters" or "words": what is one symbol.
    """

    classes: list[str]
    texts: list[str]
    labels: list[int]
    unit: str = "characters"
    title: str = ""

    def parts(self) -> tuple[list[int], list[int]]:
        """Return the places of training's texts, and of those held out: a fifth of each class."""
        seen = [0] * len(self.classes)
        training: list[int] = []
        held_out: list[int] = []
        for place, label in enumerate(self.labels):
            (held_out if seen[label] % HELD_OUT == 0 else training).append(place)
            seen[label] += 1
        return training, held_out

    def data_set(self, notes: Sequence[str] = ()) -> DataSet:
        """Return it as what is kept."""
        about: dict[str, Any] = {"classes": self.classes, "unit": self.unit, "notes": list(notes)}
        body = json.dumps([self.texts, self.labels], ensure_ascii=False).encode()
        return DataSet("labels", self.title, about, body)

    @classmethod
    def of(cls, data: DataSet) -> Self:
        """Read what `data_set` wrote.

        Raises
        ------
        DataError
            If it is damaged, or no texts with labels.
        """
        try:
            classes, unit = list(map(str, data.about["classes"])), str(data.about["unit"])
            texts, labels = json.loads(data.body)
            texts, labels = list(map(str, texts)), list(map(int, labels))
            fits = len(texts) == len(labels) and set(labels) == set(range(len(classes)))
            if data.kind != "labels" or unit not in UNITS or not fits or not all(texts):
                raise ValueError(unit)
        except (KeyError, TypeError, ValueError, RecursionError):
            raise DataError("This data set is no texts with labels, or it is damaged.") from None
        return cls(classes, texts, labels, unit, data.title)


def prepare_labels(
    table: Table, *, text: str, label: str, unit: str = "characters", name: str = ""
) -> DataSet:
    """Return two columns of a table as texts with labels.

    Parameters
    ----------
    text, label : str
        Names of the columns.
    unit : str
        "characters" or "words".
    name : str
        The file's name.

    Raises
    ------
    DataError
        If there are too few texts, or too few or too many classes.
    """
    if text not in table.names or label not in table.names or text == label:
        raise DataError(
            f"Choose a column of texts and another of labels, from {', '.join(table.names[:8])}."
        )
    if unit not in UNITS:
        raise DataError("Texts are read by characters or by words.")
    notes = list(table.notes)
    known: dict[str, str] = {}
    empty = again = other = 0
    for line, raw, tag in zip(
        table.lines, table.columns[table.names.index(text)],
        table.columns[table.names.index(label)], strict=True,
    ):  # fmt: skip
        read = " ".join(clean(raw[:LONGEST_TEXT]).split())
        tag = " ".join(clean(tag).split())
        if not read or not tag or tag.lower() in MISSING:
            empty += 1
        elif len(tag) > LONGEST_LABEL:
            raise DataError(
                f"Line {line:,}: the label {tag[:20]!r}… has {len(tag)} characters, up to "
                f"{LONGEST_LABEL} are read: is {label!r} the column of labels?"
            )
        elif read in known:
            again += known[read] == tag
            other += known[read] != tag
        else:
            known[read] = tag
    for count, why in (
        (empty, "without a text or a label"),
        (again, "with a text that came before"),
        (other, "with a text that came before under another label"),
    ):
        if count:
            notes.append(f"{count:,} row{'s' * (count != 1)} {why} left out.")
    return _made(known, unit, titled(name), label, notes)


def _made(known: dict[str, str], unit: str, title: str, label: str, notes: list[str]) -> DataSet:
    counts = Counter(known.values())
    if len(counts) > MOST_CLASSES * 4 and len(counts) > len(known) / 3:
        raise DataError(
            f"{label!r} has {len(counts):,} different values in {len(known):,} rows: these are no "
            "classes, so choose another column."
        )
    rare = [tag for tag, count in counts.items() if count < LEAST_A_CLASS]
    if rare:
        gone = sum(counts.pop(tag) for tag in rare)
        which = ", ".join(repr(tag[:20]) for tag in rare[:SHOWN]) + " …" * (len(rare) > SHOWN)
        notes.append(
            f"{gone:,} texts of classes with fewer than {LEAST_A_CLASS} left out ({which})."
        )
    if len(counts) > MOST_CLASSES:
        raise DataError(
            f"{label!r} has {len(counts):,} classes: up to {MOST_CLASSES} are read, so choose "
            "another column or put some together."
        )
    if len(counts) < 2:
        one = f"only {next(iter(counts))!r}" if counts else "none"
        raise DataError(
            f"There are not two classes with at least {LEAST_A_CLASS} different texts each, but "
            f"{one}: choose another column of labels, or add rows."
        )
    texts = [(text, tag) for text, tag in known.items() if tag in counts]
    if len(texts) < LEAST_TEXTS:
        raise DataError(f"{len(texts)} texts are too few: at least {LEAST_TEXTS} are needed.")
    classes = [tag for tag, _ in counts.most_common()]
    place = {tag: number for number, tag in enumerate(classes)}
    made = Labelled(
        classes, [text for text, _ in texts], [place[tag] for _, tag in texts], unit, title
    )
    return made.data_set(notes)
