"""n-back recall: at every step, name the symbol of n steps ago."""

from math import log

import numpy as np

from rnnviz.errors import TaskError
from rnnviz.tasks.base import NOT_ASKED, Baseline
from rnnviz.tasks.symbolic import SymbolTask, Tokens
from rnnviz.words import N_, Words

SYMBOLS = "ABCDEFGH"


class NBack(SymbolTask):
    """Name the symbol of n steps ago at every step: a queue of n symbols.

    It is the n-back task of psychology (Kirchner 1958), in which people are asked whether two
    symbols agree, asked in the form of a recall. n is the distance.
    """

    key = "nback"
    family = "memory"
    title = N_("n-back recall")
    summary = N_("At every step, name the symbol that was there n steps ago.")
    length_title = N_("Length")
    length_help = N_("Answers in a sequence; it has n symbols more.")
    distance_title = N_("n, steps back")
    metric_title = N_("symbols recalled")
    symbols = SYMBOLS
    classes = SYMBOLS
    typed_form = N_("type letters from A to H")
    typed_example = "DAFACEBA"
    defaults = {"length": 40, "distance": 4, "lr": 0.005, "steps": 1500}

    @property
    def steps(self) -> int:
        """Return the number of time steps of a sequence."""
        return self.length + self.distance

    @property
    def baseline(self) -> Baseline:
        """Guess: all symbols are equally likely."""
        return Baseline(log(len(SYMBOLS)), 100 / len(SYMBOLS), Words("one of 8 at random"))

    def _inputs(self, size: int, random: np.random.Generator) -> Tokens:
        return random.integers(0, len(SYMBOLS), (self.steps, size))

    def _answers(self, inputs: Tokens) -> Tokens:
        if len(inputs) <= self.distance:
            raise TaskError(
                "With n = {distance}, nothing is asked before step {distance}: type "
                "more than {distance} letters from A to H.",
                distance=self.distance,
            )
        waiting = np.full((self.distance, inputs.shape[1]), NOT_ASKED)
        return np.concatenate([waiting, inputs])[: len(inputs)]
