"""A language model of characters: read a book and guess what comes next."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from textwrap import shorten
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnviz.errors import TaskError
from rnnviz.resources import asset
from rnnviz.tasks.base import (
    MOST_TYPED,
    NEXT_IS_SEEN,
    NOT_ASKED,
    PROBE_SIZE,
    TRAINING,
    VALIDATION_SIZE,
    Baseline,
    Batch,
    Goal,
    Probe,
    Task,
)
from rnnviz.tasks.frequencies import ONE_SYMBOL, Frequencies, frequencies
from rnnviz.tasks.passages import lane_starts
from rnnviz.words import N_, NOTHING, Many, Words

HELD_OUT = 0.1
"""Share of the text, at its end, that training never sees."""
UNKNOWN = "�"
"""Stands for a character that is not in the text; a network may read it, never answer it."""
QUOTED = re.compile("[`“].+?['”]", re.DOTALL)
_SHOWN = {"\n": "↵", " ": "␣"}
_TYPED = {shown: character for character, shown in _SHOWN.items()}
_JOINER = "\u200d"
MOST_MARKS = 12
"""Code points of one character, with its accents or parts, that are shown."""


@dataclass(frozen=True)
class Book:
    """A text in tokens."""

    vocabulary: str
    tokens: NDArray[np.int64]
    training: int
    """Characters for training; the rest is held out."""


@cache
def _book(file: str) -> Book:
    text = asset(file).read_text(encoding="utf-8")
    vocabulary = "".join(sorted(set(text)))
    place = {character: token for token, character in enumerate(vocabulary)}
    tokens = np.array([place[character] for character in text])
    return Book(vocabulary, tokens, round(len(text) * (1 - HELD_OUT)))


class Characters(Task):
    """Predict the next character of a text, at every step.

    The text is "Alice's Adventures in Wonderland"; its last tenth is held out for validation.
    """

    key = "characters"
    family = "text"
    title = N_("next character")
    summary = N_("Read a book, Alice in Wonderland, and guess each next character.")
    length_title = N_("Length")
    length_help = N_("Characters read in a passage; the network starts each one afresh.")
    metric_title = N_("next characters right")
    answers = "classes"
    foretells = True
    continues = True
    only_forwards = NEXT_IS_SEEN
    tokens = True
    file: ClassVar[str] = "texts/alice.txt"
    prompt: ClassVar[str] = "Alice was "
    """What the network may go on from."""
    unread: ClassVar[str] = N_("Not in the book, so read as the unknown character: {which}")
    """What is told of typed characters that the text does not have."""
    typed_form = N_("type a text of at least two characters")
    typed_example = "Alice was not a bit hurt"
    defaults = {"length": 60, "lr": 0.005}

    def __init__(self, length: int, seed: int = 0, distance: int = 1) -> None:
        super().__init__(length, seed, distance)
        self.take(_book(self.file))

    def take(self, book: Book) -> None:
        """Read this text."""
        self.vocabulary = book.vocabulary
        self.inputs = len(book.vocabulary) + 1
        self.outputs = len(book.vocabulary)
        self.classes = [_SHOWN.get(character, character) for character in book.vocabulary]
        self.symbols = [*self.classes, UNKNOWN]
        self._tokens, self._held_out = np.split(book.tokens, [book.training])

    @property
    def baseline(self) -> Baseline:
        """Say each character as often as it occurs in training, of the held-out part."""
        found = self._frequencies
        return Baseline(found.loss, 100 * found.share, Words("the characters' frequencies"))

    @property
    def goal(self) -> Goal:
        """Return what one scores who remembers the character just read."""
        return Goal(self._frequencies.pairs, Words(ONE_SYMBOL))

    @cached_property
    def _frequencies(self) -> Frequencies:
        return frequencies(self._tokens, self._held_out, self.outputs)

    def encode(self, text: Iterable[str]) -> NDArray[np.int64]:
        """Return the token of each character (time,); one token stands for all unknown ones."""
        token = {character: token for token, character in enumerate(self.vocabulary)}
        return np.array([token.get(character, len(token)) for character in text], np.int64)

    def decode(self, tokens: Sequence[int] | NDArray[np.int64]) -> str:
        """Return the characters of tokens; the unknown one becomes "�"."""
        return "".join((self.vocabulary + UNKNOWN)[token] for token in tokens)

    def validation(self) -> Batch:
        """Return passages spread evenly over the held-out part of the text."""
        starts = np.linspace(0, len(self._held_out) - self.length - 1, VALIDATION_SIZE).astype(int)
        return self._passages(self._held_out, starts)

    def probe(self) -> Probe:
        """Return 16 passages of the held-out part, each from the beginning of a line.

        In the first, somebody says something, if the length has room for that.
        """
        begins = self._begins()
        chosen = begins[np.linspace(0, len(begins) - 1, PROBE_SIZE).astype(int)]
        texts = [self.decode(self._held_out[start : start + self.length + 1]) for start in chosen]
        quoted = next((place for place, text in enumerate(texts) if QUOTED.search(text)), 0)
        return self._look([texts.pop(quoted), *texts])

    def _begins(self) -> NDArray[np.int64]:
        """Return where lines begin in the held-out part."""
        newline = self._held_out == self.vocabulary.index("\n")
        begins = 1 + np.flatnonzero(newline[:-1] & ~newline[1:])
        return begins[begins < len(self._held_out) - self.length]

    def typed(self, text: str) -> Probe:
        """Return a text that a user typed as a probe of one sample.

        Raises
        ------
        TaskError
            If there are fewer than two characters: nothing would come next.
        """
        if len(text) < 2:
            raise TaskError(
                "The text {text!r} is too short: type at least two characters.", text=text
            )
        return self._look([text])

    def read(self, text: str) -> Probe:
        """Return a text that a user typed; a letter with its accents is one character.

        What the book does not have goes in as the unknown character, and the probe's note says so.
        """
        longest = MOST_TYPED * MOST_MARKS
        characters = split(text[:longest].replace("\r\n", "\n").replace("\r", "\n"))
        if not 2 <= len(characters) <= MOST_TYPED or len(text) > longest:
            many = Many("{count} character", "{count} characters", len(characters))
            if len(characters) > 1:
                many = Words("more than {most:,} characters", most=MOST_TYPED)
            raise TaskError(
                "This text has {many}: {form} and at most {most:,}, like {example!r}.",
                many=many if characters else Words("no characters"),
                form=self.typing,
                most=MOST_TYPED,
                example=self.typed_example,
            )
        unknown = [each for each in characters if each not in self.vocabulary]
        note = NOTHING
        if unknown:
            which = " ".join(shown(each) for each in dict.fromkeys(unknown[:12]))
            more = " …" * (len(unknown) > 12)
            note = Words(self.unread, which=which + more)
        return replace(self._look([characters]), note=note)

    def metric(self, output: Tensor, batch: Batch) -> float:
        """Return the share of next characters that are guessed rightly, in per cent."""
        right = self.right(output, batch.targets)
        return 100 * float(right.sum()) / int(self.asked(batch.targets).sum())

    def _draw(self, size: int, random: np.random.Generator) -> Batch:
        starts = random.integers(0, len(self._tokens) - self.length, size)
        return self._passages(self._tokens, starts)

    def continued(self, size: int, step: int) -> tuple[Batch, bool]:
        """Return the passages that go on where those of the step before ended."""
        rounds = partial(self._random, TRAINING)
        starts, anew = lane_starts(len(self._tokens), self.length, size, step, rounds)
        return self._passages(self._tokens, starts), anew

    def _passages(self, tokens: NDArray[np.int64], starts: NDArray[np.int64]) -> Batch:
        """Cut length + 1 tokens at each start: the first only goes in, the last only comes out."""
        cut = tokens[starts + np.arange(self.length + 1)[:, None]]
        windows = torch.tensor(cut.astype(np.int64))
        return Batch(windows[:-1], windows[1:])

    def _edit(self, probe: Probe, time: int, text: str) -> Probe:
        typed = split(text)
        if len(typed) != 1:
            raise TaskError(
                "{text!r} is {count} characters: one goes in at a time, like 'e', or "
                "␣ for a space and ↵ for the end of a line.",
                text=text[:20],
                count=len(typed),
            )
        row = [*probe.labels[0], probe.targets[0][-1] or UNKNOWN]
        row[time] = typed[0]
        return self._look([[_TYPED.get(each, each) for each in row]])

    def _look(self, texts: Sequence[Sequence[str]]) -> Probe:
        tokens = torch.tensor(np.stack([self.encode(text) for text in texts], axis=1))
        targets = tokens[1:].clone()
        targets[targets == len(self.vocabulary)] = NOT_ASKED
        rows = [[shown(character) for character in text] for text in texts]
        captions = [shorten("".join(map(plain, text)), 48, placeholder=" …") for text in texts]
        return Probe(
            Batch(tokens[:-1], targets),
            labels=[sample[:-1] for sample in rows],
            targets=[
                [
                    character if asked else ""
                    for character, asked in zip(sample[1:], mask, strict=True)
                ]
                for sample, mask in zip(rows, self.asked(targets).T.tolist(), strict=True)
            ],
            captions=captions,
        )


class Analects(Characters):
    """The same with the Analects of Confucius: a Chinese text, 1,358 different characters."""

    key = "analects"
    title = N_("next Chinese character")
    summary = N_("Read the Analects of Confucius and guess each next character.")
    file = "texts/analects.txt"
    prompt = "子曰：“"
    typed_example = "学而时习之，不亦说乎？"
    defaults = {"length": 40, "hidden": 48, "embedding": 24, "steps": 500}


def split(text: str) -> list[str]:
    """Part a text into characters as people see them: accents and joined emoji stay together."""
    characters: list[str] = []
    for point in unicodedata.normalize("NFC", text):
        joined = (
            unicodedata.category(point) in ("Mn", "Mc", "Me")
            or point == _JOINER
            or "\U0001f3fb" <= point <= "\U0001f3ff"  # the tones of skin
            or (characters and characters[-1].endswith(_JOINER))
        )
        if joined and characters and characters[-1] != "\n":
            characters[-1] += point
        else:
            characters.append(point)
    return characters


def plain(character: str) -> str:
    """Return a character if it can be shown: no control sign, no direction, not piled up."""
    if character == "\n":
        return character
    signs = character.replace(_JOINER, "")
    hidden = not signs or any(unicodedata.category(point)[0] == "C" for point in signs)
    return UNKNOWN if hidden or len(character) > MOST_MARKS else character


def shown(character: str) -> str:
    """Return how a character stands in a row of labels."""
    return _SHOWN.get(character) or plain(character)
