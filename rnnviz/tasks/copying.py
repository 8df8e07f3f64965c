"""Copying memory: see ten symbols, wait, and repeat them."""

from math import log

import numpy as np
import torch
from torch import Tensor

from rnnviz.errors import TaskError
from rnnviz.tasks.base import PROBE, PROBE_SIZE, Baseline, Batch, Probe, Task
from rnnviz.tasks.form import Form
from rnnviz.words import N_, Words

SYMBOLS = 8
RECALLED = 10
BLANK, DELIMITER = SYMBOLS, SYMBOLS + 1
SYMBOL_OF_TOKEN: str = "ABCDEFGH·→"
"""How the tokens are shown: eight symbols, the blank, the delimiter that says "now"."""
MOST_TYPED = 100
"""Symbols that somebody types."""
_READ = {
    **{letter: token for token, letter in enumerate(SYMBOL_OF_TOKEN)},
    **{letter.lower(): token for token, letter in enumerate(SYMBOL_OF_TOKEN[:SYMBOLS])},
    **{str(token + 1): token for token in range(SYMBOLS)},
}


class Copying(Task):
    """Repeat ten symbols after a delay (Arjovsky, Shah, Bengio 2016, section 5.1).

    A sequence of length T + 20, where T is the delay: ten symbols, T - 1 blanks, the delimiter,
    ten blanks. The answer is T + 10 blanks, then the ten symbols; the loss counts every step.
    """

    key = "copying"
    family = "memory"
    title = N_("copying memory")
    summary = N_("See ten symbols, wait, and repeat them in the same order.")
    length_title = N_("Delay")
    length_help = N_("Steps between seeing and repeating; a sequence has 20 more.")
    metric_title = N_("symbols recalled")
    answers = "classes"
    tokens = True
    typed_form = N_("type letters from A to H, or digits from 1 to 8; the blanks are added")
    typed_example = "3 1 4 1 5"
    inputs = SYMBOLS + 2
    outputs = SYMBOLS + 1
    symbols = SYMBOL_OF_TOKEN
    classes = SYMBOL_OF_TOKEN[:outputs]
    # With a forget gate near 1 from the start (.95), an LSTM leaves the baseline in seconds.
    defaults = {"length": 10, "hidden": 64, "lr": 0.005, "forget_bias": 3.0}

    @property
    def steps(self) -> int:
        """Return the number of time steps of a sequence."""
        return self.length + 2 * RECALLED

    @property
    def form(self) -> Form:
        """Return how an example is drawn: what matters least is the waiting."""
        return Form("cells", fillers=SYMBOL_OF_TOKEN[BLANK])

    @property
    def baseline(self) -> Baseline:
        """Say blank, then guess: ln 8 at each of ten steps of T + 20, nothing at the others."""
        loss = RECALLED * log(SYMBOLS) / self.steps
        return Baseline(loss, 100 / SYMBOLS, Words("blanks in time, then one of eight at random"))

    def probe(self) -> Probe:
        """Return 16 sequences, their symbols shown as letters."""
        return self._look(self._draw(PROBE_SIZE, self._random(PROBE)).inputs, RECALLED)

    def read(self, text: str) -> Probe:
        """Return symbols that a user typed, any number of them, laid out with the task's delay."""
        symbols = [self._token(letter) for letter in "".join(text.split())]
        if not 1 <= len(symbols) <= MOST_TYPED or max(symbols) >= SYMBOLS:
            raise TaskError(
                "There are 1 to {most} symbols to copy: {how}.",
                most=MOST_TYPED,
                how=self.how,
            )
        waiting = [BLANK] * (self.length - 1)
        tokens = [*symbols, *waiting, DELIMITER, *[BLANK] * len(symbols)]
        return self._look(torch.tensor(tokens)[:, None], len(symbols))

    def metric(self, output: Tensor, batch: Batch) -> float:
        """Return the share of the ten symbols that are repeated rightly, in per cent."""
        return 100 * float(self.right(output, batch.targets)[-RECALLED:].mean())

    def _edit(self, probe: Probe, time: int, text: str) -> Probe:
        inputs = probe.batch.inputs.clone()
        inputs[time, 0] = self._token(text.strip())
        return self._look(inputs, (len(inputs) - self.length) // 2)

    def _token(self, letter: str) -> int:
        if letter not in _READ:
            raise TaskError(
                "{letter!r} is no symbol: {how}.",
                letter=letter[:20],
                how=self.how,
            )
        return _READ[letter]

    def _look(self, inputs: Tensor, recalled: int) -> Probe:
        """Return sequences (time, batch) whose first symbols are asked for at the end."""
        targets = torch.full_like(inputs, BLANK)
        # A symbol that was edited away is asked for no more: a blank is right in its place.
        targets[-recalled:] = inputs[:recalled].clamp(max=BLANK)
        labels = [[SYMBOL_OF_TOKEN[token] for token in sample] for sample in inputs.T.tolist()]
        answers = [[SYMBOL_OF_TOKEN[token] for token in sample] for sample in targets.T.tolist()]
        captions = [
            Words(
                "repeat {symbols} after {length} steps",
                symbols="".join(sample[:recalled]),
                length=self.length,
            )
            for sample in labels
        ]
        return Probe(Batch(inputs, targets), labels, answers, captions)

    def _draw(self, size: int, random: np.random.Generator) -> Batch:
        symbols = random.integers(0, SYMBOLS, (RECALLED, size))
        inputs = np.full((self.steps, size), BLANK)
        inputs[:RECALLED] = symbols
        inputs[-RECALLED - 1] = DELIMITER
        targets = np.full((self.steps, size), BLANK)
        targets[-RECALLED:] = symbols
        return Batch(torch.tensor(inputs), torch.tensor(targets))
