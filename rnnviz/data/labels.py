"""Texts with labels of the visitor's own: which text belongs to which class."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from rnnviz.data.columns import MISSING
from rnnviz.data.decoding import clean
from rnnviz.data.sets import DataSet, as_kept, titled
from rnnviz.data.tables import EXAMPLES, Table
from rnnviz.errors import DataError
from rnnviz.words import N_, Many, Words

UNITS = {"characters": N_("characters"), "words": N_("words")}
LEAST_TEXTS = 20
LEAST_A_CLASS = 5
MOST_CLASSES = 50
LONGEST_TEXT = 2000
LONGEST_LABEL = 40
HELD_OUT = 5
"""Of so many texts of a class, one is never seen in training."""


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

    def data_set(self, notes: Sequence[Words] = ()) -> DataSet:
        """Return it as what is kept."""
        about: dict[str, Any] = {
            "classes": self.classes,
            "unit": self.unit,
            "notes": as_kept(notes),
        }
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
            "Choose a column of texts and another of labels, from {names}.",
            names=", ".join(table.names[:8]),
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
                "Line {line:,}: the label {tag!r}… has {length} characters, up to "
                "{most} are read: is {label!r} the column of labels?",
                line=line,
                tag=tag[:20],
                length=len(tag),
                most=LONGEST_LABEL,
                label=label,
            )
        elif read in known:
            again += known[read] == tag
            other += known[read] != tag
        else:
            known[read] = tag
    if empty:
        notes.append(
            Many(
                "{count:,} row without a text or a label left out.",
                "{count:,} rows without a text or a label left out.",
                empty,
            )
        )
    if again:
        notes.append(
            Many(
                "{count:,} row with a text that came before left out.",
                "{count:,} rows with a text that came before left out.",
                again,
            )
        )
    if other:
        notes.append(
            Many(
                "{count:,} row with a text that came before under another label left out.",
                "{count:,} rows with a text that came before under another label left out.",
                other,
            )
        )
    return _made(known, unit, titled(name), label, notes)


def _made(known: dict[str, str], unit: str, title: str, label: str, notes: list[Words]) -> DataSet:
    counts = Counter(known.values())
    if len(counts) > MOST_CLASSES * 4 and len(counts) > len(known) / 3:
        raise DataError(
            "{label!r} has {values:,} different values in {rows:,} rows: these are no "
            "classes, so choose another column.",
            label=label,
            values=len(counts),
            rows=len(known),
        )
    rare = [tag for tag, count in counts.items() if count < LEAST_A_CLASS]
    if rare:
        gone = sum(counts.pop(tag) for tag in rare)
        which = ", ".join(repr(tag[:20]) for tag in rare[:EXAMPLES]) + " …" * (len(rare) > EXAMPLES)
        notes.append(
            Words(
                "{gone:,} texts of classes with fewer than {least} left out ({which}).",
                gone=gone,
                least=LEAST_A_CLASS,
                which=which,
            )
        )
    if len(counts) > MOST_CLASSES:
        raise DataError(
            "{label!r} has {count:,} classes: up to {most} are read, so choose "
            "another column or put some together.",
            label=label,
            count=len(counts),
            most=MOST_CLASSES,
        )
    if len(counts) < 2:
        one = Words("only {label!r}", label=next(iter(counts))) if counts else Words("none")
        raise DataError(
            "There are not two classes with at least {least} different texts each, but "
            "{one}: choose another column of labels, or add rows.",
            least=LEAST_A_CLASS,
            one=one,
        )
    texts = [(text, tag) for text, tag in known.items() if tag in counts]
    if len(texts) < LEAST_TEXTS:
        raise DataError(
            "{count} texts are too few: at least {least} are needed.",
            count=len(texts),
            least=LEAST_TEXTS,
        )
    classes = [tag for tag, _ in counts.most_common()]
    place = {tag: number for number, tag in enumerate(classes)}
    made = Labelled(
        classes, [text for text, _ in texts], [place[tag] for _, tag in texts], unit, title
    )
    return made.data_set(notes)
