"""Symbols to be written in another order: from the last to the first, or sorted."""

from functools import cache
from typing import ClassVar

import numpy as np

from rnnviz.tasks.base import Baseline
from rnnviz.tasks.translation import TranslationTask, is_held_out
from rnnviz.words import N_, Words

SYMBOLS = "ABCDEFGH"
SHORTEST = 2


class Reordering(TranslationTask):
    """Write 2 to `length` symbols again, in another order; a tenth of all sequences is held out."""

    length_title = N_("Longest")
    length_help = N_("Symbols of the longest sequence; the shortest has two.")
    metric_title = N_("sequences right")
    letters = SYMBOLS
    sorts: ClassVar[bool] = False
    typed_form = N_("type letters from A to H")
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
        loss, lucky = place_entropy(self.length, self.sorts)
        return Baseline(loss, 100 * lucky, Words("each symbol as often as it stands in its place"))

    def clean(self, text: str) -> str:
        """Return typed letters as capitals."""
        return "".join(text.upper().split())

    def _pair(
        self, random: np.random.Generator, held_out: bool, size: int | None = None
    ) -> tuple[str, str]:
        while True:
            count = size or SHORTEST + int(random.random() * (self.length + 1 - SHORTEST))
            places = (random.random(count) * len(SYMBOLS)).astype(int)
            source = "".join(SYMBOLS[place] for place in places)
            if is_held_out(source) == held_out:
                return source, self._translate(source)


class Reversal(Reordering):
    """Write the symbols from the last to the first."""

    key = "reversal"
    title = N_("reversal")
    summary = N_("Read a few letters, and write them from the last to the first.")

    def _translate(self, source: str) -> str:
        return source[::-1]


class Sorting(Reordering):
    """Write the symbols in the order of the alphabet."""

    key = "sorting"
    title = N_("sorting")
    sorts = True
    summary = N_("Read a few letters, and write them in the order of the alphabet.")

    def _translate(self, source: str) -> str:
        return "".join(sorted(source))


@cache
def place_entropy(length: int, sort: bool) -> tuple[float, float]:
    """Return the entropy of an answer given its place, in nats, averaged over all that are asked.

    And the chance to be right about a whole sequence by guessing. All sizes are equally likely, and
    the symbols of a source are independent draws. In a sorted target, a place's symbol is among
    the first s of the alphabet where more of the symbols than stand before it are.
    """
    count = len(SYMBOLS)
    found = np.zeros((length + 1, count + 1))  # (place, symbol or end), summed over sizes
    p = np.arange(count + 1)[:, None] / count
    chance = np.zeros((count + 1, length + 2))  # (s, k): that k symbols are among the first s
    chance[:, 0] = 1
    for size in range(1, length + 1):
        chance[:, 1:] = chance[:, 1:] * (1 - p) + chance[:, :-1] * p
        chance[:, :1] *= 1 - p
        if size < SHORTEST:
            continue
        more = chance[:, ::-1].cumsum(1)[:, ::-1][:, 1 : size + 1]
        found[:size, :count] += np.diff(more, axis=0).T if sort else 1 / count
        found[size, count] += 1
    sizes = found.sum(1, keepdims=True)
    shares = found / sizes
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    lucky = np.mean(float(count) ** -np.arange(SHORTEST, length + 1))
    return float(-(found * logs).sum() / found.sum()), float(lucky)
