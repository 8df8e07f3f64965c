"""Language models of a text of the visitor's own: the next character, or the next word."""

from collections import Counter
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rnnviz.data.sets import DataSet
from rnnviz.data.texts import text_of
from rnnviz.errors import TaskError
from rnnviz.tasks.base import NOT_ASKED, Batch
from rnnviz.tasks.characters import HELD_OUT as HELD_OUT_CHARACTERS
from rnnviz.tasks.characters import Book, Characters, split
from rnnviz.tasks.own import OwnData
from rnnviz.tasks.words import WordBook, WordTask, word_book
from rnnviz.words import N_

MOST_CHARACTERS = 2000
"""Different characters that are told apart: the commonest of the training part."""
PROMPT = 24


@lru_cache(4)
def _characters(data: DataSet) -> Book:
    """Return the text in tokens; a character that training does not have gets the last one."""
    text = text_of(data)
    training = round(len(text) * (1 - HELD_OUT_CHARACTERS))
    counts = Counter(text[:training])
    common = sorted(counts, key=lambda sign: (-counts[sign], sign))[:MOST_CHARACTERS]
    vocabulary = "".join(sorted(common))
    place = {character: token for token, character in enumerate(vocabulary)}
    rare = len(vocabulary)
    tokens = np.array([place.get(character, rare) for character in text])
    return Book(vocabulary, tokens, training)


@lru_cache(4)
def _words(data: DataSet) -> WordBook:
    return word_book(text_of(data))


class OwnCharacters(OwnData, Characters):
    """Predict the next character of a text of the visitor's own; its last tenth is held out."""

    key = "own_characters"
    kind = "text"
    title = N_("own text, next character")
    summary = N_("Read a text of your own, pasted or from a file, and guess each next character.")
    unread = N_("Not in the text, so read as the unknown character: {which}")
    typed_example = "Alice was not a bit hurt"
    defaults = {"length": 60, "lr": 0.005}

    def __init__(
        self, length: int, seed: int = 0, distance: int = 1, data: DataSet | None = None
    ) -> None:
        super().__init__(length, seed, distance, data)
        self.take(_characters(self.data))
        self.length = min(length, max(2, len(self._held_out) // 2))
        text = text_of(self.data)
        self.prompt = _beginning(text)  # type: ignore[misc]
        self.typed_example = " ".join(text[:60].split())[:40]  # type: ignore[misc]

    def _begins(self) -> NDArray[np.int64]:
        """Return where lines begin in the held-out part, or words where there are few lines."""
        last = len(self._held_out) - self.length
        for sign in "\n", " ":
            if sign in self.vocabulary:
                here = self._held_out == self.vocabulary.index(sign)
                begins = 1 + np.flatnonzero(here[:-1] & ~here[1:])
                if (begins < last).sum() >= 16:
                    return begins[begins < last]
        return np.arange(last)

    def _passages(self, tokens: NDArray[np.int64], starts: NDArray[np.int64]) -> Batch:
        batch = super()._passages(tokens, starts)
        targets = batch.targets.clone()
        targets[targets == self.outputs] = NOT_ASKED
        return replace(batch, targets=targets)


class OwnWords(OwnData, WordTask):
    """Predict the next word of a text of the visitor's own; its last tenth is held out.

    Small letters; punctuation marks, numbers and Chinese characters are words.
    """

    key = "own_words"
    kind = "text"
    title = N_("own text, next word")
    summary = N_("Read a text of your own, pasted or from a file, and guess each next word.")
    typed_example = "alice looked at the white rabbit, and she"
    defaults = {"length": 30, "hidden": 64, "embedding": 32, "steps": 1000}

    def __init__(
        self, length: int, seed: int = 0, distance: int = 1, data: DataSet | None = None
    ) -> None:
        super().__init__(length, seed, distance, data)
        self.take(_words(self.data))
        if len(self._held_out) < 6 or not self.classes:
            raise TaskError(
                "{title!r} has {count} words: that is "
                "too few, so choose the task of the next character, or a longer text.",
                title=self.data.title,
                count=len(self._tokens) + len(self._held_out),
            )
        self.length = min(length, max(2, len(self._held_out) // 2))
        text = text_of(self.data)
        self.prompt = _beginning(text).lower()  # type: ignore[misc]
        self.typed_example = " ".join(self.classes[:4])  # type: ignore[misc]


def _beginning(text: str) -> str:
    """Return the first words of a text, for the network to go on from."""
    few = " ".join(text[: 4 * PROMPT].split())
    if len(few) <= PROMPT:
        return few
    cut = few.rfind(" ", 0, PROMPT)
    return few[: cut + 1] if cut > 3 else "".join(split(few)[: PROMPT // 2])
