"""Where does gradient enter a layer? Only before that is it carried back, and can it decay."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from rnnviz.analysis.backwards import entries_of
from rnnviz.analysis.recurrence import Recurrence, recurrence
from rnnviz.errors import TraceError
from rnnviz.recording.trace import Trace


@dataclass(frozen=True)
class Entering:
    """Where gradient enters a layer from outside, of all samples that were looked at.

    Attributes
    ----------
    steps : tuple of int
        The time steps at which any does, in the layer's running order.
    once : bool
        Whether it enters each sample at one step at most.
    """

    steps: tuple[int, ...]
    once: bool

    @property
    def first(self) -> int | None:
        """The earliest of these steps: up to it gradient is carried back, and nothing is added."""
        return self.steps[0] if self.steps else None


def entering(
    module: nn.Module,
    trace: Trace,
    layer: str,
    *,
    asked: Sequence[int] | None = None,
    sample: int | None = None,
) -> Entering:
    """Find the time steps at which gradient enters a layer from outside.

    It does where a loss is taken of the layer's state, where a layer above reads the state, where
    attention looks at it, and where its mean is read out. It is measured: what the total gradient
    at a step has more than comes back from the step after.

    Parameters
    ----------
    module : nn.Module
        What was recorded, with the weights that it had then.
    trace : Trace
        With gradients.
    layer : str
        One of `trace.layers`.
    asked : sequence of int, optional
        The steps at which there is a loss. Where the derivative of a step is not worked out (layer
        normalisation), gradient is taken to enter the top layer there, and all others everywhere.
    sample : int, optional
        One sample; all if not given.

    Raises
    ------
    TraceError
        If it cannot be measured, and `asked` is not given.
    """
    try:
        parts = recurrence(module, trace, layer)
    except TraceError:
        if asked is None:
            raise
        return _supposed(module, trace, layer, asked)
    parts = parts.of(sample)
    return _measured(trace, layer, parts, sample)


def _measured(trace: Trace, layer: str, parts: Recurrence, sample: int | None) -> Entering:
    entries = entries_of(trace, layer, parts, sample)
    there = (entries.h != 0).any(-1)
    if entries.c is not None and entries.c.shape[-1]:
        there |= (entries.c != 0).any(-1)
    counts = there.sum(0)
    return Entering(tuple(sorted(entries.steps.tolist())), bool((counts <= 1).all()))


def _supposed(module: nn.Module, trace: Trace, layer: str, asked: Sequence[int]) -> Entering:
    steps = trace.value(layer, "hidden_state").shape[0]
    spread = layer.removesuffix("_reverse") != trace.top or getattr(module, "reads", "") == "mean"
    if layer.endswith("_reverse"):
        asked = [steps - 1 - step for step in asked]
    found = tuple(range(steps)) if spread else tuple(sorted(int(step) for step in asked))
    return Entering(found, len(found) <= 1)
