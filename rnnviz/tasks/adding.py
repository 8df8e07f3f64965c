"""The adding problem: remember two numbers among many and give their sum."""

import numpy as np
import torch
from torch import Tensor

from rnnviz.tasks.base import PROBE, PROBE_SIZE, Baseline, Batch, Probe, Task

TOLERANCE = 0.04
"""An answer counts as right within this distance (Hochreiter, Schmidhuber 1997, section 5.4)."""


class Adding(Task):
    """Add the two marked numbers of a sequence (Hochreiter, Schmidhuber 1997, experiment 4).

    Each step brings a number, uniform on [0, 1], and a mark. Exactly two steps are marked, one in
    each half (Le, Jaitly, Hinton 2015). The sum is asked at the last step.
    """

    key = "adding"
    title = "adding problem"
    summary = "Remember the two marked numbers and give their sum at the end."
    length_title = "Length"
    length_help = "Numbers in a sequence; two of them are marked."
    metric_title = f"answers within {TOLERANCE}"
    answers = "numbers"
    tokens = False
    inputs = 2
    outputs = 1

    @property
    def baseline(self) -> Baseline:
        """Always say 1, the mean of the sum: the loss is its variance, 2/12."""
        # The sum is triangular on [0, 2]: P(|sum - 1| < d) = 1 - (1 - d)^2.
        within = 100 * (1 - (1 - TOLERANCE) ** 2)
        return Baseline(1 / 6, within, "always answering 1, the average sum")

    def probe(self) -> Probe:
        """Return 16 sequences; a marked number is set in brackets."""
        batch = self._draw(PROBE_SIZE, self._random(PROBE))
        labels, targets, captions = [], [], []
        for sample in batch.inputs.transpose(0, 1).tolist():
            labels.append([f"[{x:.2f}]" if mark else f"{x:.2f}" for x, mark in sample])
            first, second = (x for x, mark in sample if mark)
            targets.append([""] * (self.length - 1) + [f"{first + second:.2f}"])
            captions.append(f"{first:.2f} + {second:.2f} ≈ {first + second:.2f}")
        return Probe(batch, labels, targets, captions)

    def metric(self, output: Tensor, batch: Batch) -> float:
        """Return the share of answers within 0.04 of the sum, in per cent."""
        right = (output[-1] - batch.targets[-1]).abs() < TOLERANCE
        return 100 * right.float().mean().item()

    def _draw(self, size: int, random: np.random.Generator) -> Batch:
        half = self.length // 2
        samples = np.arange(size)
        inputs = np.zeros((self.length, size, 2), np.float32)
        inputs[..., 0] = random.random((self.length, size), np.float32)
        inputs[random.integers(0, half, size), samples, 1] = 1
        inputs[random.integers(half, self.length, size), samples, 1] = 1
        targets = np.full((self.length, size, 1), np.nan, np.float32)
        targets[-1, :, 0] = (inputs[..., 0] * inputs[..., 1]).sum(0)
        return Batch(torch.tensor(inputs), torch.tensor(targets))
