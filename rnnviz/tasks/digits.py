"""Handwritten digits, read row by row or pixel by pixel and named at the end."""

from functools import cache
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnviz.errors import TaskError
from rnnviz.resources import asset
from rnnviz.tasks.base import NOT_ASKED, PROBE_SIZE, VALIDATION_SIZE, Baseline, Batch, Probe, Task
from rnnviz.tasks.form import Form
from rnnviz.words import N_, Many, Words

SIDE = 8
INK = 16
HELD_OUT = 397
"""Pictures at the end of the file that training never sees."""
SHADES = "·░▒▓█"
"""How pixels are shown, from paper to ink."""
_READ = {**{str(n): n * INK / 9 for n in range(10)}, **{s: 4.0 * n for n, s in enumerate(SHADES)}}


@cache
def _pictures() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return pixels (picture, 64), 0 to 16, and what digit each picture is."""
    table = np.loadtxt(asset("digits/digits.csv.gz"), delimiter=",", dtype=np.float32)
    return table[:, :-1], table[:, -1].astype(np.int64)


class Digits(Task):
    """Name a handwritten digit of 8 x 8 pixels, at the end (Le, Jaitly, Hinton 2015, section 4.2).

    The paper reads the 28 x 28 pixels of MNIST; these are the digits of Alpaydin, Kaynak 1998.
    The length of a sequence is that of a picture, so the setting does not apply.
    """

    family = "pictures"
    length_title = ""
    length_help = ""
    one_answer = True
    metric_title = N_("digits right")
    answers = "classes"
    tokens = False
    outputs = 10
    classes = "0123456789"
    width: ClassVar[int]
    """Pixels that go in at a step."""

    @property
    def inputs(self) -> int:  # type: ignore[override]
        """Return the number of pixels that go in at a step."""
        return self.width

    @property
    def steps(self) -> int:
        """Return the number of time steps of a picture."""
        return SIDE * SIDE // self.width

    @property
    def form(self) -> Form:
        """Return how an example is drawn."""
        return Form("picture")

    @property
    def baseline(self) -> Baseline:
        """Say each digit as often as it comes in training."""
        digits = _pictures()[1][:-HELD_OUT]
        share = np.bincount(digits, minlength=10) / len(digits)
        entropy = float(-(share * np.log(share)).sum())
        return Baseline(entropy, 100 * float(share.max()), Words("one of ten at random"))

    def probe(self) -> Probe:
        """Return 16 held-out pictures; at least one of each digit."""
        pixels, digits = _pictures()
        pixels, digits = pixels[-HELD_OUT:], digits[-HELD_OUT:]
        first = [int(np.flatnonzero(digits == digit)[0]) for digit in range(10)]
        rest = [place for place in range(HELD_OUT) if place not in first]
        chosen = np.array(first + rest[: PROBE_SIZE - 10])
        return self._look(pixels[chosen], digits[chosen])

    def validation(self) -> Batch:
        """Return held-out pictures, spread evenly."""
        chosen = np.linspace(0, HELD_OUT - 1, VALIDATION_SIZE).astype(int)
        pixels, digits = _pictures()
        return self._batch(pixels[-HELD_OUT:][chosen], digits[-HELD_OUT:][chosen])

    def read(self, text: str) -> Probe:
        """Return a picture that a user typed, and the digit that it is."""
        picture, _, digit = "".join(text.split()).partition("=")
        if len(picture) != SIDE * SIDE or len(digit) != 1 or digit not in self.classes:
            raise TaskError(
                "A picture has 64 pixels: {how}.",
                how=self.how,
            )
        pixels = np.array([[self._pixel(sign) for sign in picture]], np.float32)
        return self._look(pixels, np.array([int(digit)]))

    def metric(self, output: Tensor, batch: Batch) -> float:
        """Return the share of digits that are named rightly, in per cent."""
        return 100 * float(self.right(output[-1], batch.targets[-1]).mean())

    def _draw(self, size: int, random: np.random.Generator) -> Batch:
        pixels, digits = _pictures()
        chosen = random.integers(0, len(digits) - HELD_OUT, size)
        return self._batch(pixels[chosen], digits[chosen])

    def _batch(self, pixels: NDArray[np.float32], digits: NDArray[np.int64]) -> Batch:
        inputs = (pixels / INK).reshape(len(pixels), self.steps, self.width).transpose(1, 0, 2)
        targets = np.full((self.steps, len(pixels)), NOT_ASKED)
        targets[-1] = digits
        return Batch(torch.tensor(inputs), torch.tensor(targets))

    def _edit(self, probe: Probe, time: int, text: str) -> Probe:
        signs = "".join(text.split())
        if len(signs) != self.width:
            raise TaskError(
                Many(
                    "{text!r} is not {count} pixel: give each a digit from 0 (paper) to 9 (ink), "
                    "like {example}.",
                    "{text!r} is not {count} pixels: give each a digit from 0 (paper) to 9 (ink), "
                    "like {example}.",
                    self.width,
                    text=text[:20],
                    example="02799720"[: self.width],
                )
            )
        pixels = probe.batch.inputs[:, 0].numpy().copy() * INK
        pixels[time] = [self._pixel(sign) for sign in signs]
        return self._look(pixels.reshape(1, -1), probe.batch.targets[-1].numpy())

    def _pixel(self, sign: str) -> float:
        if sign not in _READ:
            raise TaskError(
                "{sign!r} is no pixel: {how}.",
                sign=sign,
                how=self.how,
            )
        return _READ[sign]

    typed_form = N_("type 8 rows of 8 digits from 0 (paper) to 9 (ink), then = and the digit it is")
    typed_example = "00399300 03900930 09300390 09000090 09000090 09300390 03900930 00399300 =0"

    def _look(self, pixels: NDArray[np.float32], digits: NDArray[np.int64]) -> Probe:
        batch = self._batch(pixels, digits)
        shades = np.array(list(SHADES))[np.rint(pixels / INK * (len(SHADES) - 1)).astype(int)]
        labels = [["".join(step) for step in row.reshape(self.steps, -1)] for row in shades]
        targets = [[""] * (self.steps - 1) + [str(digit)] for digit in digits]
        seen: dict[int, int] = {}
        captions = []
        for digit in digits.tolist():
            seen[digit] = seen.get(digit, 0) + 1
            captions.append(
                Words("a handwritten {digit} ({count})", digit=digit, count=seen[digit])
                if seen[digit] > 1
                else Words("a handwritten {digit}", digit=digit)
            )
        return Probe(batch, labels, targets, captions)


class DigitRows(Digits):
    """Row by row: 8 steps of 8 pixels."""

    key = "digits_rows"
    title = N_("digits, row by row")
    summary = N_("A handwritten digit, a row of eight pixels at each step: which one is it?")
    width = SIDE
    defaults = {"length": 8, "lr": 0.005, "steps": 1500}


class DigitPixels(Digits):
    """Pixel by pixel: 64 steps of one."""

    key = "digits_pixels"
    title = N_("digits, pixel by pixel")
    summary = N_("A handwritten digit, one pixel at each of 64 steps: which one is it?")
    width = 1
    defaults = {"length": 64, "hidden": 64, "lr": 0.005, "steps": 3000}
