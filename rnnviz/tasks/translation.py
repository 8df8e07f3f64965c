"""What tasks of translation share: a source, a sign to begin, and the target symbol by symbol."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from functools import cached_property
from zlib import crc32

import numpy as np
import torch
from torch import Tensor

from rnnviz.errors import TaskError
from rnnviz.tasks.base import (
    MOST_TYPED,
    NOT_ASKED,
    PROBE,
    PROBE_SIZE,
    VALIDATION,
    VALIDATION_SIZE,
    Batch,
    Probe,
)
from rnnviz.tasks.sentences import MANY, PADDING
from rnnviz.tasks.symbolic import SymbolTask, Tokens
from rnnviz.words import N_

GO = "→"
"""Goes in where the source has ended, before the first symbol of the target is asked."""
END = "■"
"""Comes out after the last symbol of a target."""
HELD_OUT = 10
"""Of so many things to translate, one is never seen in training."""


class TranslationTask(SymbolTask):
    """Read a source, then write its target: one time axis, the source's steps and the target's.

    A sequence is the source, padded to `source_steps`; then `GO`; then the target, each symbol
    one step after it is asked for. Nothing is asked while the source is read. What goes in at the
    steps of the target is the true symbol before: what a network does with answers of its own in
    their place, `rnnviz.analysis.translations` tells. The padding lies between source and `GO`,
    and `rnnviz.networks.translator.Translator` never reads it.

    A task gives `letters`, the symbols of targets; `others`, those that only sources have;
    `_pair`, which draws; and `_translate`, the function from source to target.
    """

    family = "translation"
    translates = True
    only_forwards = N_(
        "each symbol of a target goes in a step after it is asked for, so a decoder that reads "
        "from the end would read its answers"
    )
    letters: Sequence[str]
    others: Sequence[str] = ()
    source_steps: int
    """Steps of the longest source."""
    target_steps: int
    """Steps of the longest target, with its end."""
    probe_length: int
    """Steps of the probe's sources."""

    @cached_property
    def symbols(self) -> Sequence[str]:  # type: ignore[override]
        """Return how tokens are shown: a letter of targets has the same place among the classes."""
        return (*self.letters, *self.others, GO, PADDING)

    @cached_property
    def classes(self) -> Sequence[str]:  # type: ignore[override]
        """Return how answers are shown; the last is the end."""
        return (*self.letters, END)

    @property
    def steps(self) -> int:
        """Return the number of time steps of a sequence: those of the source, then the target's."""
        return self.source_steps + self.target_steps

    @property
    def probe_steps(self) -> int:
        """Return the number of time steps of the probe's sequences, none of which is padded."""
        return len(self._probe.batch.inputs)

    @property
    def go(self) -> int:
        """Return the token that begins the target."""
        return len(self.symbols) - 2

    @property
    def padding(self) -> int:
        """Return the token that fills up a source."""
        return len(self.symbols) - 1

    @property
    def end(self) -> int:
        """Return the class that ends a target."""
        return len(self.classes) - 1

    @abstractmethod
    def _pair(
        self, random: np.random.Generator, held_out: bool, size: int | None = None
    ) -> tuple[str, str]:
        """Return a source and its target, a character a symbol.

        `size` is the wanted length of the source, for a task that can keep to it.
        """

    @abstractmethod
    def _translate(self, source: str) -> str:
        """Return the target of a source.

        Raises
        ------
        TaskError
            If it has none.
        """

    def probe(self) -> Probe:
        """Return 16 held-out sequences with sources of the same length, `probe_length`.

        Networks of other seeds have probes of the same length, so that they can be compared. Where
        there are too few sources of it, the length is the commonest there is.
        """
        return self._probe

    @cached_property
    def _probe(self) -> Probe:
        random = self._random(PROBE)
        drawn: dict[tuple[int, int], dict[str, str]] = {}
        for _ in range(MANY * PROBE_SIZE):
            source, target = self._pair(random, True, self.probe_length)
            alike = drawn.setdefault((len(source), len(target)), {})
            alike[source] = target
            if len(source) == self.probe_length and len(alike) == PROBE_SIZE:
                break
        wanted = [pairs for (size, _), pairs in drawn.items() if size == self.probe_length]
        if not wanted or len(wanted[0]) < PROBE_SIZE:
            wanted = [max(drawn.values(), key=len)]
        chosen = list(wanted[0].items())[:PROBE_SIZE]
        while len(chosen) < PROBE_SIZE:  # where so few steps hold no 16 different ones
            chosen += chosen[: PROBE_SIZE - len(chosen)]
        return self._pairs(chosen, len(chosen[0][0]), len(chosen[0][1]) + 1)

    def read(self, text: str) -> Probe:
        """Return a source that a user typed, with its translation."""
        source = self.clean(text)
        if not 1 <= len(source) <= MOST_TYPED:
            raise TaskError(
                "There is nothing to translate: {how}.",
                how=self.how,
            )
        strange = [letter for letter in source if letter not in self._readable]
        if strange:
            raise TaskError(
                "{symbol!r} is no symbol of this task: {how}.",
                symbol=strange[0],
                how=self.how,
            )
        target = self._translate(source)
        return self._pairs([(source, target)], len(source), len(target) + 1)

    def clean(self, text: str) -> str:
        """Return a typed source in the task's own letters."""
        return "".join(text.split())

    def metric(self, output: Tensor, batch: Batch) -> float:
        """Return the share of sequences of which every answer is right, in per cent.

        At each step the true symbols before went in. A network that reads its own answers instead
        writes the whole target rightly in exactly the same cases: up to its first wrong answer,
        both read the same.
        """
        right = self.right(output, batch.targets) | ~self.asked(batch.targets).numpy()
        return 100 * float(right.all(0).mean())

    def validation(self) -> Batch:
        """Return the fixed sequences that are never seen in training."""
        return self._batch(self._random(VALIDATION), VALIDATION_SIZE, True)

    def classes_of(self, answers: Iterable[int]) -> list[str]:
        """Return how answers are shown; steps at which nothing is asked are left out."""
        return [self.classes[answer] for answer in answers if answer != NOT_ASKED]

    def _draw(self, size: int, random: np.random.Generator) -> Batch:
        return self._batch(random, size, False)

    def _inputs(self, size: int, random: np.random.Generator) -> Tokens:
        return self._batch(random, size, False).inputs.numpy()

    def _batch(self, random: np.random.Generator, size: int, held_out: bool) -> Batch:
        pairs = [self._pair(random, held_out) for _ in range(size)]
        inputs, targets = self._arrays(pairs, self.source_steps, self.target_steps)
        return Batch(torch.tensor(inputs), torch.tensor(targets))

    @cached_property
    def _place(self) -> dict[str, int]:
        """Token of each character of a source or target."""
        found = {symbol: place for place, symbol in enumerate(self.symbols)}
        return found | ({" ": found["␣"]} if "␣" in found else {})

    @property
    def _readable(self) -> set[str]:
        return {*self.letters, *self.others, *([" "] if "␣" in self.others else [])}

    def _arrays(
        self, pairs: Sequence[tuple[str, str]], source_steps: int, target_steps: int
    ) -> tuple[Tokens, Tokens]:
        """Return inputs and answers (time, batch)."""
        place, shape = self._place, (source_steps + target_steps, len(pairs))
        inputs, targets = (np.full(shape, value) for value in (self.padding, NOT_ASKED))
        inputs[source_steps] = self.go
        for sample, (source, target) in enumerate(pairs):
            classes = [place[letter] for letter in target]
            last = source_steps + len(classes)
            inputs[: len(source), sample] = [place[letter] for letter in source]
            inputs[source_steps + 1 : last + 1, sample] = classes
            targets[source_steps : last + 1, sample] = [*classes, self.end]
        return inputs, targets

    def _pairs(
        self, pairs: Sequence[tuple[str, str]], source_steps: int, target_steps: int
    ) -> Probe:
        return self._show(*self._arrays(pairs, source_steps, target_steps))

    def _source_of(self, inputs: Tokens) -> str:
        """Return the source of one sequence (time,) as text."""
        tokens = inputs[: self.begin(inputs)]
        shown = "".join(self.symbols[token] for token in tokens if token != self.padding)
        return shown.replace("␣", " ")

    def begin(self, inputs: Tokens) -> int:
        """Return the step of one sequence (time,) at which its target begins."""
        return int(np.flatnonzero(inputs == self.go)[0])

    def _answers(self, inputs: Tokens) -> Tokens:
        pairs = [(source, self._translate(source)) for source in map(self._source_of, inputs.T)]
        begin = self.begin(inputs[:, 0])
        return self._arrays(pairs, begin, len(inputs) - begin)[1]

    def _edit(self, probe: Probe, time: int, text: str) -> Probe:
        inputs = probe.batch.inputs.numpy().copy()
        begin = self.begin(inputs[:, 0])
        token = self._token("␣" if text == " " else text.strip())
        if time == begin or token in (self.go, self.padding):
            raise TaskError(
                "{go} stands where the target begins: change a symbol beside it.", go=GO
            )
        if time > begin:  # what the network reads as its answer before; the right answers stay
            if token >= self.end:
                raise TaskError(
                    "{text!r} is no symbol of a target: there are {symbols}.",
                    text=text[:20],
                    symbols=" ".join(self.letters),
                )
            inputs[time, 0] = token
            return self._show(inputs, probe.batch.targets.numpy())
        inputs[time, 0] = token
        source = self._source_of(inputs[:, 0])
        target = self._translate(source)
        return self._pairs([(source, target)], begin, len(inputs) - begin)

    def _caption(self, labels: list[str], answers: list[str]) -> str:
        source, target = "".join(labels).partition(GO)[0], "".join(answers)
        return f"{source} {GO} {target.removesuffix(END)}".replace("␣", " ").replace(PADDING, "")


def is_held_out(text: str) -> bool:
    """Return whether a thing to translate is kept from training: by a hash of what it says."""
    return crc32(text.encode()) % HELD_OUT == 0
