"""The 3-bit flip-flop: three switches, each stays as its last pulse has set it."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from rnnviz.errors import TaskError
from rnnviz.tasks.base import MOST_TYPED, PROBE, PROBE_SIZE, Baseline, Batch, Probe, Task
from rnnviz.words import N_, Words, listed

BITS = 3
PULSES = 0.2
MOST_TOLD = 4
"""Pulses that a caption tells."""
"""Share of steps at which a bit gets a pulse."""
SIGN = {-1: "−", 0: "·", 1: "+"}
_READ = {"-": -1, "−": -1, "0": 0, "·": 0, ".": 0, "+": 1}


class FlipFlop(Task):
    """Hold three bits, each as its last pulse has set it (Sussillo, Barak 2013, section 3.1).

    Each of three inputs is mostly 0, now and then a pulse of +1 or -1. The answers, asked at every
    step, are the signs of the last pulses. All bits are set at the first step, so that there always
    is a right answer.
    """

    key = "flipflop"
    family = "memory"
    title = N_("3-bit flip-flop")
    summary = N_("Three inputs with pulses of +1 and −1: hold the sign of each one's last pulse.")
    length_title = N_("Length")
    length_help = N_("Steps in a sequence; at each, all three bits are asked.")
    metric_title = N_("bits right")
    answers = "numbers"
    tokens = False
    typed_form = N_("type steps of three signs from +, - and 0, all three set at the first")
    typed_example = "+-+ 000 -00 000 0+0"
    inputs = BITS
    outputs = BITS
    defaults = {"length": 30, "lr": 0.005, "steps": 1500}

    @property
    def baseline(self) -> Baseline:
        """Always say 0: the squares of +1 and -1 are 1."""
        return Baseline(1.0, 50.0, Words("always answering 0"))

    def probe(self) -> Probe:
        """Return 16 sequences; a step shows a sign for each bit."""
        return self._look(self._draw(PROBE_SIZE, self._random(PROBE)).inputs)

    def read(self, text: str) -> Probe:
        """Return steps that a user typed, three signs each."""
        words = text.replace(",", " ").split()
        if not 1 <= len(words) <= MOST_TYPED:
            raise TaskError(
                "A sequence has 1 to {most:,} steps: {how}.",
                most=MOST_TYPED,
                how=self.how,
            )
        return self._look(torch.tensor([[self._signs(word)] for word in words]))

    def near(self, answers: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return where all three bits have the right sign."""
        return np.all(answers * targets > 0, axis=-1)

    def metric(self, output: Tensor, batch: Batch) -> float:
        """Return the share of answers with the right sign, in per cent."""
        right = output.detach().numpy() * batch.targets.numpy() > 0
        return 100 * float(right.mean())

    def _edit(self, probe: Probe, time: int, text: str) -> Probe:
        inputs = probe.batch.inputs.clone()
        inputs[time, 0] = torch.tensor(self._signs(text.strip()))
        return self._look(inputs)

    def written(self, numbers: Sequence[float]) -> str:
        """Return the three bits as text."""
        return ", ".join(f"{number:.1f}".replace("-", "−") for number in numbers)

    def _signs(self, word: str) -> list[float]:
        """Read the pulses of one step."""
        if len(word) != BITS or not set(word) <= _READ.keys():
            raise TaskError(
                "{word!r} is no step: {how}.",
                word=word[:20],
                how=self.how,
            )
        return [float(_READ[sign]) for sign in word]

    def _look(self, inputs: Tensor) -> Probe:
        """Return pulses (time, batch, bit) in readable form, with what the bits then are."""
        if not inputs[0].all():
            raise TaskError(
                "All three bits must be set at the first step, or nobody knows what they are: "
                "{how}.",
                how=self.how,
            )
        answers = torch.tensor(_held(inputs.numpy()))
        labels, targets = _shown(inputs), _shown(answers)
        captions = []
        for sample in inputs.transpose(0, 1):
            pulses = [
                Words(
                    "{sign}{bit} at {time}",
                    sign=SIGN[int(sample[time, bit])],
                    bit=bit + 1,
                    time=time,
                )
                for time, bit in sample.nonzero().tolist()
                if time
            ]
            told = listed(pulses[:MOST_TOLD], more=len(pulses) > MOST_TOLD)
            start = "".join(SIGN[int(sign)] for sign in sample[0])
            captions.append(
                Words("{start}, then {pulses}", start=start, pulses=told)
                if pulses
                else Words("{start}, then no pulse", start=start)
            )
        return Probe(Batch(inputs, answers), labels, targets, captions)

    def _draw(self, size: int, random: np.random.Generator) -> Batch:
        shape = (self.length, size, BITS)
        signs = 2 * random.integers(0, 2, shape) - 1
        pulses = random.random(shape) < PULSES
        pulses[0] = True
        inputs = np.where(pulses, signs, 0).astype(np.float32)
        return Batch(torch.tensor(inputs), torch.tensor(_held(inputs)))


def _held(inputs: np.ndarray) -> np.ndarray:
    """Return the sign of the last pulse up to each step: (time, batch, bit)."""
    steps = np.arange(len(inputs))[:, None, None]
    last = np.maximum.accumulate(np.where(inputs != 0, steps, 0))
    return np.take_along_axis(inputs, last, axis=0)


def _shown(signs: Tensor) -> list[list[str]]:
    return [
        ["".join(SIGN[int(sign)] for sign in step) for step in sample]
        for sample in signs.transpose(0, 1).tolist()
    ]
