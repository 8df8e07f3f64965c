"""Symbols to be written in another order: from the last to the first, or sorted."""

from abc import abstractmethod
from math import comb, log

import numpy as np

from rnnviz.tasks.base import Baseline
from rnnviz.tasks.translation import TranslationTask, is_held_out

SYMBOLS = "ABCDEFGH"
SHORTEST = 2


class Reordering(TranslationTask):
    """Write 2 to `length` symbols again, in another order; a tenth of all sequences is held out."""

    length_title = "Longest"
    length_help = "Symbols of the longest sequence; the shortest has two."
    metric_title = "sequences right"
    letters = SYMBOLS
    typed_form = "type letters from A to H"
    typed_example = "C A F E"
    defaults = {"length": 8, "steps": 1000}

    @property
    def source_steps(self) -> int:  # type: ignore[override]
        """Return the steps of the longest source."""
        return self.length

    @property
    def target_steps(self) -> int:  # type: ignore[override]
        """Return the steps of the longest target, with its end."""
        return self.length + 1

    @property
    def probe_length(self) -> int:  # type: ignore[override]
        """Return the steps of the probe's sources."""
        return max(SHORTEST, 3 * self.length // 4)

    @property
    def baseline(self) -> Baseline:
        """Say each symbol, or the end, as often as it stands in its place."""
        sizes = range(SHORTEST, self.length + 1)
        loss = asked = 0.0
        for place in range(self.length + 1):
            there = [size for size in sizes if size >= place]
            shares = [sum(self._share(place, size, s) for size in there) / len(there)
                      for s in range(len(SYMBOLS))]  # fmt: skip
            shares.append((place in there) / len(there))
            loss -= len(there) * sum(share * log(share) for share in shares if share > 0)
            asked += len(there)
        lucky = sum(len(SYMBOLS) ** -size for size in sizes) / len(sizes)
        return Baseline(loss / asked, 100 * lucky, "each symbol as often as it stands in its place")

    def clean(self, text: str) -> str:
        """Return typed letters as capitals."""
        return "".join(text.upper().split())

    def _pair(self, random: np.random.Generator, held_out: bool) -> tuple[str, str]:
        while True:
            size = SHORTEST + int(random.random() * (self.length + 1 - SHORTEST))
            places = (random.random(size) * len(SYMBOLS)).astype(int)
            source = "".join(SYMBOLS[place] for place in places)
            if is_held_out(source) == held_out:
                return source, self._translate(source)

    @abstractmethod
    def _share(self, place: int, size: int, symbol: int) -> float:
        """Return how often a symbol stands in a place of targets of a size; 0 after their end."""


class Reversal(Reordering):
    """Write the symbols from the last to the first."""

    key = "reversal"
    title = "reversal"
    summary = "Read a few letters, and write them from the last to the first."

    def _translate(self, source: str) -> str:
        return source[::-1]

    def _share(self, place: int, size: int, symbol: int) -> float:
        return (place < size) / len(SYMBOLS)


class Sorting(Reordering):
    """Write the symbols in the order of the alphabet."""

    key = "sorting"
    title = "sorting"
    summary = "Read a few letters, and write them in the order of the alphabet."

    def _translate(self, source: str) -> str:
        return "".join(sorted(source))

    def _share(self, place: int, size: int, symbol: int) -> float:
        if place >= size:
            return 0.0
        return _up_to(place, size, symbol + 1) - _up_to(place, size, symbol)


def _up_to(place: int, size: int, count: int) -> float:
    """Return the chance that the symbol in a place is among the first `count` symbols.

    It is, where at least place + 1 of the symbols are: the order statistics of independent draws.
    """
    p = count / len(SYMBOLS)
    return sum(comb(size, k) * p**k * (1 - p) ** (size - k) for k in range(place + 1, size + 1))
