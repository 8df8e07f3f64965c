"""What tasks of symbols share whose answers follow from the symbols that went in."""

import re
from abc import abstractmethod
from textwrap import shorten
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnviz.errors import TaskError
from rnnviz.tasks.base import MOST_TYPED, PROBE, PROBE_SIZE, Batch, Probe, Task
from rnnviz.words import Words

Tokens = NDArray[np.int64]
CAPTION = 60
"""Characters of a caption of words; half as many are shown of one without spaces."""


class SymbolTask(Task):
    """Read symbols; what is asked about them is a function of them.

    A task gives `_inputs`, the symbols, and `_answers`, the function: what is drawn, what somebody
    types and what somebody changes are asked about by the same rule.
    """

    answers = "classes"
    tokens = True
    separator: ClassVar[str] = ""
    """What stands between symbols where they are typed or put in a caption."""

    @property
    def inputs(self) -> int:  # type: ignore[override]
        """Return the number of symbols."""
        return len(self.symbols)

    @property
    def outputs(self) -> int:  # type: ignore[override]
        """Return the number of classes."""
        return len(self.classes)

    @abstractmethod
    def _inputs(self, size: int, random: np.random.Generator) -> Tokens:
        """Return symbols (time, batch)."""

    @abstractmethod
    def _answers(self, inputs: Tokens) -> Tokens:
        """Return the answers (time, batch) to symbols; `NOT_ASKED` where there is none.

        Raises
        ------
        TaskError
            If there is no sequence of this task with these symbols.
        """

    def probe(self) -> Probe:
        """Return 16 sequences."""
        return self._look(self._inputs(PROBE_SIZE, self._random(PROBE)))

    def read(self, text: str) -> Probe:
        """Return symbols that a user typed."""
        words = text.split() if self.separator else list("".join(text.split()))
        if not 1 <= len(words) <= MOST_TYPED:
            raise TaskError(
                "A sequence has 1 to {most:,} symbols: {how}.",
                most=MOST_TYPED,
                how=self.how,
            )
        return self._look(np.array([[self._token(word)] for word in words]))

    def metric(self, output: Tensor, batch: Batch) -> float:
        """Return the share of answers that are right, in per cent."""
        right = self.right(output, batch.targets)
        return 100 * float(right.sum()) / int(self.asked(batch.targets).sum())

    def _draw(self, size: int, random: np.random.Generator) -> Batch:
        inputs = self._inputs(size, random)
        return Batch(torch.tensor(inputs), torch.tensor(self._answers(inputs)))

    def _edit(self, probe: Probe, time: int, text: str) -> Probe:
        inputs = probe.batch.inputs.numpy().copy()
        inputs[time, 0] = self._token(text.strip())
        return self._look(inputs)

    def _token(self, word: str) -> int:
        symbols = list(self.symbols)
        for way in (word, word.upper(), word.lower()):
            if way in symbols:
                return symbols.index(way)
        raise TaskError(
            "{word!r} is no symbol of this task: {how}.",
            word=word[:20],
            how=self.how,
        )

    def _caption(self, labels: list[str], answers: list[str]) -> str | Words:
        """Return what a sequence is, in a few words."""
        return _cut(self.separator.join(labels))

    def _look(self, inputs: Tokens) -> Probe:
        """Return symbols (time, batch) in readable form, with what is asked about them."""
        return self._show(inputs, self._answers(inputs))

    def _show(self, inputs: Tokens, answers: Tokens) -> Probe:
        """Return symbols and answers (time, batch) in readable form."""
        labels = [[self.symbols[token] for token in sample] for sample in inputs.T]
        targets = [[self.classes[t] if t >= 0 else "" for t in sample] for sample in answers.T]
        captions = [self._caption(*each) for each in zip(labels, targets, strict=True)]
        batch = Batch(torch.tensor(inputs), torch.tensor(answers))
        return Probe(batch, labels, targets, captions)


def _cut(text: str) -> str:
    if " " in text:
        text = re.sub(r" ([.,;:!?])", r"\1", text)
        return shorten(text, CAPTION, placeholder=" …")
    return text if len(text) <= CAPTION // 2 else text[: CAPTION // 2] + "…"
