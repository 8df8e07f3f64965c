"""A language model of words: read a book and guess what comes next."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

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
)
from rnnviz.tasks.frequencies import ONE_SYMBOL, Frequencies, frequencies
from rnnviz.tasks.passages import lane_starts
from rnnviz.tasks.symbolic import SymbolTask, Tokens
from rnnviz.words import N_, NOTHING, Words

KNOWN = 500
"""Words that are read and asked for: the commonest. All others are one word."""
RARE = "□"
HELD_OUT = 0.1
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|[.,;:!?]")
WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|[^\W\d_]+(?:['’][^\W\d_]+)?|\d+|[^\w\s]"
)
"""A word of any language: of Chinese and Japanese, one character."""
_NO_SPACE = set(".,;:!?)]}…。，、；：！？）”’%")
"""What stands at the word before it."""


@dataclass(frozen=True)
class WordBook:
    """A text in words."""

    words: tuple[str, ...]
    """The commonest first."""
    tokens: NDArray[np.int64]
    training: int
    """Words for training; the rest is held out."""
    pattern: re.Pattern[str] = WORD


def word_book(text: str, pattern: re.Pattern[str] = WORD, part: float = 1 - HELD_OUT) -> WordBook:
    """Return a text in words; which are told apart, the first `part` of the text decides."""
    words = pattern.findall(text.lower())
    counts = Counter(words[: round(len(words) * part)])
    known = tuple(sorted(counts, key=lambda word: (-counts[word], word))[:KNOWN])
    place = {word: token for token, word in enumerate(known)}
    tokens = np.array([place.get(word, len(known)) for word in words])
    return WordBook(known, tokens, round(len(words) * (1 - HELD_OUT)), pattern)


@cache
def _book() -> WordBook:
    return word_book(asset("texts/alice.txt").read_text(encoding="utf-8"), _WORD, part=1.0)


class WordTask(SymbolTask):
    """Predict the next word of "Alice's Adventures in Wonderland", at every step.

    Small letters; punctuation marks are words. The 500 commonest words are told apart, all others
    are one and never asked for. The last tenth is held out.
    """

    key = "words"
    family = "text"
    title = N_("next word")
    summary = N_("Read a book, Alice in Wonderland, and guess each next word.")
    length_title = N_("Length")
    length_help = N_("Words read in a passage; punctuation marks count as words.")
    metric_title = N_("next words right")
    separator = " "
    foretells = True
    continues = True
    only_forwards = NEXT_IS_SEEN
    typed_form = N_("type a text of at least two words")
    typed_example = "alice looked at the white rabbit, and she"
    prompt: ClassVar[str] = "alice was "
    """What the network may go on from."""
    defaults = {"length": 30, "hidden": 64, "embedding": 32, "steps": 1000}

    def __init__(self, length: int, seed: int = 0, distance: int = 1) -> None:
        super().__init__(length, seed, distance)
        self.take(_book())

    def take(self, book: WordBook) -> None:
        """Read this text."""
        self.classes = book.words
        self.symbols = (*book.words, RARE)
        self._pattern, self._rare = book.pattern, len(book.words)
        self._tokens, self._held_out = np.split(book.tokens, [book.training])

    @property
    def baseline(self) -> Baseline:
        """Say each word as often as it is asked for in training, of the held-out part."""
        found = self._frequencies
        return Baseline(found.loss, 100 * found.share, Words("the words' frequencies"))

    @property
    def goal(self) -> Goal:
        """Return what one scores who remembers the word just read."""
        return Goal(self._frequencies.pairs, Words(ONE_SYMBOL))

    @cached_property
    def _frequencies(self) -> Frequencies:
        return frequencies(self._tokens, self._held_out, self._rare)

    def validation(self) -> Batch:
        """Return passages spread evenly over the held-out part of the text."""
        return self._batch(self._spread(VALIDATION_SIZE))

    def probe(self) -> Probe:
        """Return 16 passages of the held-out part."""
        return self._passages(self._spread(PROBE_SIZE))

    def read(self, text: str) -> Probe:
        """Return a text that a user typed; rare words are read as one, and the note says so."""
        words = self._pattern.findall(text.lower())
        if not 2 <= len(words) <= MOST_TYPED:
            raise TaskError(
                "A text has 2 to {most:,} words: {how}.",
                most=MOST_TYPED,
                how=self.how_quoted,
            )
        known = set(self.classes)
        rare = list(dict.fromkeys(word[:20] for word in words if word not in known))
        written = np.array([[self._token(word)] for word in words])
        note = NOTHING
        if rare:
            note = Words(
                "Not among the {known} commonest words: {rare}",
                known=self._rare,
                rare=" ".join(rare[:6]) + " …" * (len(rare) > 6),
            )
        return self._passages(written, note)

    def continued(self, size: int, step: int) -> tuple[Batch, bool]:
        """Return the passages that go on where those of the step before ended."""
        rounds = partial(self._random, TRAINING)
        starts, anew = lane_starts(len(self._tokens), self.length, size, step, rounds)
        return self._batch(self._tokens[starts + np.arange(self.length + 1)[:, None]]), anew

    def _inputs(self, size: int, random: np.random.Generator) -> Tokens:
        starts = random.integers(0, len(self._tokens) - self.length, size)
        return self._tokens[starts + np.arange(self.length + 1)[:, None]]

    def _answers(self, inputs: Tokens) -> Tokens:
        return np.where(inputs[1:] == self._rare, NOT_ASKED, inputs[1:])

    def _draw(self, size: int, random: np.random.Generator) -> Batch:
        return self._batch(self._inputs(size, random))

    def _batch(self, written: Tokens) -> Batch:
        return Batch(torch.tensor(written[:-1]), torch.tensor(self._answers(written)))

    def _edit(self, probe: Probe, time: int, text: str) -> Probe:
        words = text.lower().split()
        if len(words) != 1 or not self._pattern.fullmatch(words[0]) and words[0] != RARE:
            raise TaskError("{text!r} is not one word: type one, like 'rabbit'.", text=text[:20])
        last = probe.batch.targets.numpy()[-1:]
        written = np.concatenate([probe.batch.inputs.numpy(), np.where(last < 0, self._rare, last)])
        written[time, 0] = self._token(words[0])
        return self._passages(written)

    def encode(self, text: str) -> NDArray[np.int64]:
        """Return the token of each word (time,); one token stands for all rare ones."""
        return np.array([self._token(word) for word in self._pattern.findall(text.lower())], int)

    def pieces(self, tokens: Sequence[int]) -> list[str]:
        """Return words as a text is put together from them, with the spaces between them."""
        words = [self.symbols[token] for token in tokens]
        return [word if word in _NO_SPACE or _is_sign(word) else f" {word}" for word in words]

    def _token(self, word: str) -> int:
        return self.classes.index(word) if word in self.classes else self._rare

    def _spread(self, size: int) -> Tokens:
        starts = np.linspace(0, len(self._held_out) - self.length - 1, size).astype(int)
        return self._held_out[starts + np.arange(self.length + 1)[:, None]]

    def _passages(self, written: Tokens, note: Words = NOTHING) -> Probe:
        """Return passages (time, batch) in readable form; the last word is only asked."""
        probe = self._show(written[:-1], self._answers(written))
        return Probe(probe.batch, probe.labels, probe.targets, probe.captions, note)


def _is_sign(word: str) -> bool:
    """Tell whether a word is a Chinese or Japanese character, which needs no space."""
    return len(word) == 1 and "\u3040" <= word <= "\u9fff"
