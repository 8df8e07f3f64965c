"""Copying memory: see ten symbols, wait, and repeat them."""

from math import log

import numpy as np
import torch
from torch import Tensor

from rnnviz.tasks.base import PROBE, PROBE_SIZE, Baseline, Batch, Probe, Task

SYMBOLS = 8
RECALLED = 10
BLANK, DELIMITER = SYMBOLS, SYMBOLS + 1
SHOWN = "ABCDEFGH·→"
"""How the tokens are shown: eight symbols, the blank, the delimiter that says "now"."""


class Copying(Task):
    """Repeat ten symbols after a delay (Arjovsky, Shah, Bengio 2016, section 5.1).

    A sequence of length T + 20, where T is the delay: ten symbols, T - 1 blanks, the delimiter,
    ten blanks. The answer is T + 10 blanks, then the ten symbols; the loss counts every step.
    """

    key = "copying"
    title = "copying memory"
    summary = "See ten symbols, wait, and repeat them in the same order."
    length_title = "Delay"
    length_help = "Steps between seeing and repeating; a sequence has 20 more."
    metric_title = "symbols recalled"
    answers = "classes"
    tokens = True
    inputs = SYMBOLS + 2
    outputs = SYMBOLS + 1
    # With a forget gate near 1 from the start (.95), an LSTM leaves the baseline in seconds.
    defaults = {"length": 10, "hidden": 64, "lr": 0.005, "forget_bias": 3.0}

    @property
    def steps(self) -> int:
        """Return the number of time steps of a sequence."""
        return self.length + 2 * RECALLED

    @property
    def baseline(self) -> Baseline:
        """Say blank, then guess: ln 8 at each of ten steps of T + 20, nothing at the others."""
        loss = RECALLED * log(SYMBOLS) / self.steps
        return Baseline(loss, 100 / SYMBOLS, "blanks in time, then one of eight at random")

    def probe(self) -> Probe:
        """Return 16 sequences, their symbols shown as letters."""
        batch = self._draw(PROBE_SIZE, self._random(PROBE))
        labels = [[SHOWN[token] for token in sample] for sample in batch.inputs.T.tolist()]
        targets = [[SHOWN[token] for token in sample] for sample in batch.targets.T.tolist()]
        captions = [
            f"repeat {''.join(sample[:RECALLED])} after {self.length} steps" for sample in labels
        ]
        return Probe(batch, labels, targets, captions)

    def metric(self, output: Tensor, batch: Batch) -> float:
        """Return the share of the ten symbols that are repeated rightly, in per cent."""
        return 100 * float(self.right(output, batch.targets)[-RECALLED:].mean())

    def _draw(self, size: int, random: np.random.Generator) -> Batch:
        symbols = random.integers(0, SYMBOLS, (RECALLED, size))
        inputs = np.full((self.steps, size), BLANK)
        inputs[:RECALLED] = symbols
        inputs[-RECALLED - 1] = DELIMITER
        targets = np.full((self.steps, size), BLANK)
        targets[-RECALLED:] = symbols
        return Batch(torch.tensor(inputs), torch.tensor(targets))
