"""What tasks of sequences of different lengths share: padding after the end."""

from abc import abstractmethod
from functools import cached_property

import numpy as np
import torch

from rnnviz.tasks.base import (
    NOT_ASKED,
    PROBE,
    PROBE_SIZE,
    VALIDATION,
    VALIDATION_SIZE,
    Batch,
    Probe,
)
from rnnviz.tasks.symbolic import SymbolTask, Tokens
from rnnviz.words import N_

PADDING = "∅"
"""The last symbol: fills the steps after the end of a shorter sequence; nothing is asked there."""

MANY = 40
"""Sequences that are drawn for each one of the probe."""
Sequence = tuple[list[int], list[int]]


class SentenceTask(SymbolTask):
    """Read sequences of up to `length` symbols, the shorter ones padded after their end.

    A network reads from left to right, so what stands after the end of a sequence reaches no
    answer and no gradient. The probe's sequences are all of one length: none is padded.
    """

    length_title = N_("Longest")

    @abstractmethod
    def _sequence(self, random: np.random.Generator, held_out: bool) -> Sequence:
        """Return the tokens of one sequence and its answers."""

    def _inputs(self, size: int, random: np.random.Generator) -> Tokens:
        return self._batch(random, size, False).inputs.numpy()

    @property
    def probe_steps(self) -> int:
        """Return the number of time steps of the probe's sequences, none of which is padded."""
        return len(self._probe.batch.inputs)

    def probe(self) -> Probe:
        """Return 16 sequences of the same length, the commonest that there is."""
        return self._probe

    @cached_property
    def _probe(self) -> Probe:
        random = self._random(PROBE)
        drawn: dict[int, dict[tuple[int, ...], list[int]]] = {}
        for _ in range(MANY * PROBE_SIZE):
            tokens, answers = self._sequence(random, True)
            drawn.setdefault(len(tokens), {})[tuple(tokens)] = answers
        chosen = list(max(drawn.values(), key=len).items())[:PROBE_SIZE]
        while len(chosen) < PROBE_SIZE:  # where so few steps hold no 16 different ones
            chosen += chosen[: PROBE_SIZE - len(chosen)]
        inputs, targets = (np.array(part).T for part in zip(*chosen, strict=True))
        return self._show(inputs, targets)

    def validation(self) -> Batch:
        """Return the fixed sequences that are never seen in training."""
        return self._batch(self._random(VALIDATION), VALIDATION_SIZE, True)

    def _draw(self, size: int, random: np.random.Generator) -> Batch:
        return self._batch(random, size, False)

    def _batch(self, random: np.random.Generator, size: int, held_out: bool) -> Batch:
        sequences = [self._sequence(random, held_out) for _ in range(size)]
        padding = list(self.symbols).index(PADDING)
        inputs, targets = (np.full((self.length, size), value) for value in (padding, NOT_ASKED))
        for place, (tokens, answers) in enumerate(sequences):
            inputs[: len(tokens), place], targets[: len(tokens), place] = tokens, answers
        lengths = torch.tensor([len(tokens) for tokens, _ in sequences])
        return Batch(torch.tensor(inputs), torch.tensor(targets), lengths)
