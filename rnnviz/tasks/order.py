"""Temporal order: say in which order two or three rare symbols came."""

from itertools import product
from math import log
from typing import ClassVar

import numpy as np

from rnnviz.errors import TaskError
from rnnviz.tasks.base import NOT_ASKED, Baseline
from rnnviz.tasks.form import Form
from rnnviz.tasks.symbolic import SymbolTask, Tokens
from rnnviz.words import N_, Words, listed

SYMBOLS = "abcdXYEB"
OTHERS, X, Y, START, TRIGGER = 4, 4, 5, 6, 7


class Order(SymbolTask):
    """Say in which order X and Y came (Hochreiter, Schmidhuber 1997, experiment 6).

    A sequence is E, symbols a, b, c, d with some X or Y among them, one in each equal part, and B,
    at which the class is asked: which of X and Y came first, which second, which third. (The paper
    has 100 to 110 symbols and narrower places for X and Y.)
    """

    family = "memory"
    length_title = N_("Other symbols")
    length_help = N_("Symbols a, b, c, d that carry nothing; X and Y, start and end come on top.")
    one_answer = True
    metric_title = N_("orders right")
    marks: ClassVar[int]
    defaults = {"length": 60, "lr": 0.005, "steps": 1500}
    symbols = SYMBOLS
    typed_form = N_("type E, then a to d with X and Y among them, then B")

    @property
    def steps(self) -> int:
        """Return the number of time steps of a sequence."""
        return self.length + self.marks + 2

    @property
    def form(self) -> Form:
        """Return how an example is drawn: a to d carry nothing."""
        return Form("cells", fillers=SYMBOLS[:OTHERS])

    @property
    def baseline(self) -> Baseline:
        """Guess: all classes are equally likely."""
        count = len(self.classes)
        return Baseline(log(count), 100 / count, Words("one of {count} at random", count=count))

    def _inputs(self, size: int, random: np.random.Generator) -> Tokens:
        count = self.length + self.marks
        inputs = random.integers(0, OTHERS, (self.steps, size))
        inputs[0], inputs[-1] = START, TRIGGER
        for part in range(self.marks):
            begin, end = (part * count // self.marks, (part + 1) * count // self.marks)
            place = 1 + random.integers(begin, end, size)
            inputs[place, np.arange(size)] = random.integers(X, Y + 1, size)
        return inputs

    def _answers(self, inputs: Tokens) -> Tokens:
        marked = (inputs == X) | (inputs == Y)
        if (marked.sum(0) != self.marks).any():
            raise TaskError(
                "There are exactly {marks} X or Y in a sequence: {how}.",
                marks=self.marks,
                how=self.how,
            )
        order = inputs.T[marked.T].reshape(-1, self.marks) - X
        answers = np.full(inputs.shape, NOT_ASKED)
        answers[-1] = order @ (2 ** np.arange(self.marks)[::-1])
        return answers

    def _caption(self, labels: list[str], answers: list[str]) -> Words:
        places = (
            Words("{symbol} at {time}", symbol=label, time=time)
            for time, label in enumerate(labels)
            if label in "XY"
        )
        return Words("{answer}: {places}", answer=answers[-1], places=listed(places))


class Order4(Order):
    """Two symbols, four classes: experiment 6a."""

    key = "order4"
    title = N_("temporal order, 4 classes")
    summary = N_("Two rare symbols, X or Y: say at the end in which order they came.")
    typed_example = "EabXcdaYbB"
    marks = 2
    classes = tuple(map("".join, product("XY", repeat=2)))


class Order8(Order):
    """Three symbols, eight classes: experiment 6b."""

    key = "order8"
    title = N_("temporal order, 8 classes")
    summary = N_("Three rare symbols, X or Y: say at the end in which order they came.")
    typed_example = "EabXcdaYbXaB"
    marks = 3
    classes = tuple(map("".join, product("XY", repeat=3)))
