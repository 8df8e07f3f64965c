"""Streams of symbols from a grammar: what may come next, and how well that can be known."""

from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnviz.errors import TaskError
from rnnviz.tasks.base import MOST_TYPED, NEXT_IS_SEEN, PROBE, PROBE_SIZE, Baseline, Batch, Probe
from rnnviz.tasks.symbolic import SymbolTask, Tokens
from rnnviz.words import N_, NOTHING, Words

Arc = tuple[str, float, Any]
"""A symbol, its probability, and the state that follows."""


class Automaton:
    """A machine with states that writes one symbol after the other.

    Parameters
    ----------
    symbols : str
        What it can write.
    rules : dict
        State -> its arcs; it starts in the first. What it has written tells the state that it is
        in: no two arcs of a state write the same symbol.
    """

    def __init__(self, symbols: str, rules: dict[Any, list[Arc]]) -> None:
        place = {state: row for row, state in enumerate(rules)}
        shape = (len(rules), len(symbols))
        self.share = np.zeros(shape)
        """Probability of each symbol in each state."""
        self.next = np.full(shape, -1)
        """The state that follows, -1 where the symbol cannot come."""
        for state, arcs in rules.items():
            for symbol, probability, following in arcs:
                column = symbols.index(symbol)
                self.share[place[state], column] = probability
                self.next[place[state], column] = place[following]
        self._steps = self.share.cumsum(1)
        self._steps /= self._steps[:, -1:]

    def write(self, steps: int, size: int, random: np.random.Generator) -> Tokens:
        """Return streams of symbols (time, batch), each from the first state on."""
        drawn = random.random((steps, size))
        written = np.empty((steps, size), np.int64)
        state = np.zeros(size, np.int64)
        for t, choice in enumerate(drawn):
            written[t] = (choice[:, None] >= self._steps[state]).sum(1)
            state = self.next[state, written[t]]
        return written

    def states(self, written: Tokens) -> Tokens:
        """Return the state after each symbol (time, batch), -1 from where none can write it."""
        found = np.empty_like(written)
        state = np.zeros(written.shape[1], np.int64)
        for t, symbols in enumerate(written):
            state = np.where(state < 0, -1, self.next[state, symbols])
            found[t] = state
        return found

    def occupied(self, steps: int) -> NDArray[np.float64]:
        """Return the probability of each state after 1, 2, ... symbols: (time, state)."""
        moves = np.zeros((len(self.next),) * 2)
        rows, columns = np.nonzero(self.next >= 0)
        np.add.at(moves, (rows, self.next[rows, columns]), self.share[rows, columns])
        found = np.empty((steps, len(moves)))
        now = np.eye(len(moves))[0]
        for t in range(steps):
            now = now @ moves
            found[t] = now
        return found


class GrammarTask(SymbolTask):
    """Predict the next symbol of a stream that a grammar writes.

    One string after the other, without a mark between them, as in Gers, Schmidhuber, Cummins 2000
    (section 4.1), who found with such streams that an LSTM has to forget. The metric looks at the
    steps that only memory can answer: in the states `told`, which of the symbols `options` comes.
    """

    family = "grammar"
    judged_by = "metric"  # who remembers three symbols has nearly the best loss
    foretells = True
    only_forwards = NEXT_IS_SEEN
    length_title = N_("Length")
    length_help = N_("Symbols read in a stream; strings follow each other without a mark.")
    options: ClassVar[str]
    automaton: ClassVar[Automaton]
    told: ClassVar[NDArray[np.bool_]]
    """Whether memory is asked in each state, (state,)."""

    @property
    def _options(self) -> list[int]:
        return [self.symbols.index(symbol) for symbol in self.options]

    @cached_property
    def _weights(self) -> NDArray[np.float64]:
        """How often a prediction is asked in each state, (state,), over a stream; together 1."""
        return self.automaton.occupied(self.length).mean(0)

    @property
    def baseline(self) -> Baseline:
        """Say each symbol as often as it comes; computed from the grammar, state by state."""
        share = self._weights @ self.automaton.share
        asked = ((self._weights * self.told) @ self.automaton.share)[self._options]
        constant = 100 * asked.max() / asked.sum() if asked.sum() else 0.0
        return Baseline(_entropy(share), float(constant), Words("the symbols' frequencies"))

    @property
    def best(self) -> float:
        """Return the entropy of the next symbol for one who knows the grammar and all before."""
        entropies = np.array([_entropy(row) for row in self.automaton.share])
        return float(self._weights @ entropies)

    def probe(self) -> Probe:
        """Return 16 streams."""
        return self._stream(self.automaton.write(self.length + 1, PROBE_SIZE, self._random(PROBE)))

    def read(self, text: str) -> Probe:
        """Return a stream that a user typed; it may break the rules, and the note then says so."""
        written = "".join(text.split())
        if not 2 <= len(written) <= MOST_TYPED:
            raise TaskError(
                "A stream has 2 to {most:,} symbols: {how}.",
                most=MOST_TYPED,
                how=self.how,
            )
        return self._stream(np.array([[self._token(symbol)] for symbol in written]))

    def metric(self, output: Tensor, batch: Batch) -> float:
        """Return the share of answers from memory that are right, in per cent.

        0 where a batch of short streams asks for none.
        """
        options = np.array(self._options)
        targets = batch.targets.numpy()
        states = self.automaton.states(batch.inputs.numpy())
        asked = self.told[states] & (states >= 0) & np.isin(targets, options)
        scores = output.detach().numpy()[asked][:, options]
        right = options[scores.argmax(1)] == targets[asked]
        return 100 * float(right.mean()) if right.size else 0.0

    def _inputs(self, size: int, random: np.random.Generator) -> Tokens:
        return self.automaton.write(self.length + 1, size, random)

    def _answers(self, inputs: Tokens) -> Tokens:
        return inputs[1:]

    def _draw(self, size: int, random: np.random.Generator) -> Batch:
        written = self._inputs(size, random)
        return Batch(torch.tensor(written[:-1]), torch.tensor(written[1:]))

    def _edit(self, probe: Probe, time: int, text: str) -> Probe:
        batch = probe.batch
        written = np.concatenate([batch.inputs.numpy(), batch.targets.numpy()[-1:]])
        written[time, 0] = self._token(text.strip())
        return self._stream(written)

    def _stream(self, written: Tokens) -> Probe:
        """Return streams (time, batch) in readable form; the last symbol is only asked."""
        texts = [[self.symbols[token] for token in sample] for sample in written.T]
        wrong = (self.automaton.states(written) < 0).any(0)
        note = NOTHING
        if wrong.any():
            at = int((self.automaton.states(written) < 0)[:, wrong.argmax()].argmax())
            note = Words(
                "The grammar does not allow {symbol} at t = {time}.",
                symbol=texts[wrong.argmax()][at],
                time=at,
            )
        return Probe(
            Batch(torch.tensor(written[:-1]), torch.tensor(written[1:])),
            labels=[text[:-1] for text in texts],
            targets=[text[1:] for text in texts],
            captions=[self._caption(text[:-1], text[1:]) for text in texts],
            note=note,
        )


def _entropy(share: NDArray[np.float64]) -> float:
    """Return the entropy of probabilities in nats."""
    share = share[share > 0]
    return float(-(share * np.log(share)).sum()) + 0.0


def among(rules: dict[Any, list[Arc]], told: set[Any]) -> NDArray[np.bool_]:
    """Return for each state of the rules whether it is in a set."""
    return np.array([state in told for state in rules])
