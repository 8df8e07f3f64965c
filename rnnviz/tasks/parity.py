"""Parity: say whether the number of ones so far is even or odd."""

from math import log

import numpy as np

from rnnviz.tasks.base import Baseline
from rnnviz.tasks.symbolic import SymbolTask, Tokens
from rnnviz.words import N_, Words


class Parity(SymbolTask):
    """Say at every step whether an even or an odd number of ones has come.

    One bit of memory that every 1 turns over: no part of the sequence can be left out, and no
    single step tells anything (Minsky, Papert 1969; as a sequence: Hochreiter, Schmidhuber 1997,
    section 5).
    """

    key = "parity"
    family = "memory"
    title = N_("parity")
    summary = N_("At every step, say whether the ones so far are even or odd in number.")
    length_title = N_("Length")
    length_help = N_("Bits in a sequence; after each the answer is asked.")
    metric_title = N_("answers right")
    symbols = "01"
    classes = ("even", "odd")
    typed_form = N_("type zeros and ones")
    typed_example = "0110100"
    defaults = {"lr": 0.005, "steps": 1000}

    @property
    def baseline(self) -> Baseline:
        """Guess: after the first bit, and so after each, both are equally likely."""
        return Baseline(log(2), 50.0, Words("even or odd at random"))

    def _inputs(self, size: int, random: np.random.Generator) -> Tokens:
        return random.integers(0, 2, (self.length, size))

    def _answers(self, inputs: Tokens) -> Tokens:
        return inputs.cumsum(0) % 2

    def _caption(self, labels: list[str], answers: list[str]) -> Words:
        bits = super()._caption(labels, answers)
        return Words("{bits} is {answer}", bits=bits, answer=answers[-1])
