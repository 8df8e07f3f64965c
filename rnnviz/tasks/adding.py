"""The adding problem: remember two numbers among many and give their sum."""

import re

import numpy as np
import torch
from torch import Tensor

from rnnviz.errors import TaskError
from rnnviz.tasks.base import MOST_TYPED, PROBE, PROBE_SIZE, Baseline, Batch, Probe, Task
from rnnviz.tasks.form import Form
from rnnviz.words import N_, Words

TOLERANCE = 0.04
"""An answer counts as right within this distance (Hochreiter, Schmidhuber 1997, section 5.4)."""
LARGEST_TYPED = 1000
"""Magnitude of a number that somebody types."""
_NUMBER = re.compile(r"(\[?)([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(\]?)")


class Adding(Task):
    """Add the two marked numbers of a sequence (Hochreiter, Schmidhuber 1997, experiment 4).

    Each step brings a number, uniform on [0, 1], and a mark. Exactly two steps are marked, one in
    each half (Le, Jaitly, Hinton 2015). The sum is asked at the last step.
    """

    key = "adding"
    family = "memory"
    title = N_("adding problem")
    summary = N_("Remember the two marked numbers and give their sum at the end.")
    length_title = N_("Length")
    length_help = N_("Numbers in a sequence; two of them are marked.")
    one_answer = True
    metric_title = N_("answers within 0.04")  # TOLERANCE
    answers = "numbers"
    tokens = False
    typed_form = N_("type numbers with spaces between them, those to add in brackets")
    typed_example = "0.3 [0.5] 0.2 [0.1]"
    inputs = 2
    outputs = 1

    @property
    def baseline(self) -> Baseline:
        """Always say 1, the mean of the sum: the loss is its variance, 2/12."""
        # The sum is triangular on [0, 2]: P(|sum - 1| < d) = 1 - (1 - d)^2.
        within = 100 * (1 - (1 - TOLERANCE) ** 2)
        return Baseline(1 / 6, within, Words("always answering 1, the average sum"))

    def probe(self) -> Probe:
        """Return 16 sequences; a marked number is set in brackets."""
        return self._look(self._draw(PROBE_SIZE, self._random(PROBE)).inputs)

    def read(self, text: str) -> Probe:
        """Return numbers that a user typed, the marked ones in brackets; their sum is asked."""
        words = text.replace(";", " ").split()
        if not 1 <= len(words) <= MOST_TYPED:
            raise TaskError(
                "A sequence has 1 to {most:,} numbers: {how}.",
                most=MOST_TYPED,
                how=self.how,
            )
        numbers = [[self._number(word)] for word in words]
        return self._look(torch.tensor(numbers, dtype=torch.float32))

    @property
    def form(self) -> Form:
        """Return how an example is drawn: points, those to add large."""
        return Form("curves", mark=1)

    def near(self, answers: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return which answers are within 0.04 of the sum."""
        return np.abs(answers - targets)[..., 0] < TOLERANCE

    def metric(self, output: Tensor, batch: Batch) -> float:
        """Return the share of answers within 0.04 of the sum, in per cent."""
        # in numpy, which is three times as fast as torch with so few numbers
        off = output[-1].detach().numpy() - batch.targets[-1].numpy()
        return 100 * float((np.abs(off) < TOLERANCE).mean())

    def _edit(self, probe: Probe, time: int, text: str) -> Probe:
        inputs = probe.batch.inputs.clone()
        inputs[time, 0] = torch.tensor(self._number(text.strip()))
        return self._look(inputs)

    def _number(self, word: str) -> tuple[float, float]:
        """Read a number and whether it is marked."""
        found = _NUMBER.fullmatch(word.removesuffix(","))
        if not found or bool(found[1]) != bool(found[3]) or abs(float(found[2])) > LARGEST_TYPED:
            raise TaskError(
                "{word!r} is no number from -{largest:,} to {largest:,}: {how}.",
                word=word[:20],
                largest=LARGEST_TYPED,
                how=self.how,
            )
        return float(found[2]), float(bool(found[1]))

    def _look(self, inputs: Tensor) -> Probe:
        """Return sequences (time, batch, feature) in readable form, the sum as the answer."""
        labels, targets, captions = [], [], []
        answers = inputs.new_full((*inputs.shape[:2], 1), torch.nan)
        answers[-1, :, 0] = (inputs[..., 0] * inputs[..., 1]).sum(0)
        for sample in inputs.transpose(0, 1).tolist():
            labels.append([f"[{x:.2f}]" if mark else f"{x:.2f}" for x, mark in sample])
            marked = [x for x, mark in sample if mark]
            targets.append([""] * (len(sample) - 1) + [f"{sum(marked):.2f}"])
            terms = " + ".join(f"{x:.2f}" for x in marked[:6]) + " + …" * (len(marked) > 6)
            sums = f"{terms} ≈ {sum(marked):.2f}"
            captions.append(sums if marked else Words("nothing marked ≈ 0.00"))
        return Probe(Batch(inputs, answers), labels, targets, captions)

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
