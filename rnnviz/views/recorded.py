"""A subject that somebody recorded: a trace, or those of a training that is watched."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import nn

from rnnviz.errors import RunError
from rnnviz.networks.cells import CELLS
from rnnviz.plots.gates import escape
from rnnviz.recording.rebuild import network_of, state_of
from rnnviz.recording.trace import Trace
from rnnviz.views.say import one_step
from rnnviz.views.subject import Subject, Watched
from rnnviz.words import N_, t

NOT_YET = N_("Nothing is recorded yet: the first trace comes with the next steps.")


class Recorded(Subject):
    """What somebody recorded: a trace, or the traces of a training that is watched.

    Parameters
    ----------
    read : callable
        Gives the trace of a moment, by its training step.
    moments : sequence of int
        The training steps of which there is a trace; (0,) for one that knows of none.
    title : str
        What it is called.
    at : int, optional
        The moment whose layers and sizes stand for all; the newest if not given.
    """

    def __init__(
        self,
        read: Callable[[int], Trace],
        moments: Sequence[int] = (0,),
        title: str = "",
        *,
        name: str | None = None,
        watched: Watched | None = None,
        at: int | None = None,
    ) -> None:
        self.read, self.checkpoints, self.title = read, moments, title
        self.name, self.watched = name, watched
        self._at = self.step_at(at)

    @property
    def trace(self) -> Trace:
        """The trace that stands for all moments.

        Raises
        ------
        RunError
            If nothing is recorded yet.
        """
        return self.recorded(self._at)

    def recorded(self, step: int) -> Trace:
        """Return what was recorded at a moment.

        Raises
        ------
        RunError
            If nothing is recorded yet.
        """
        if not self.checkpoints:
            raise RunError(NOT_YET)
        return self.read(step)

    @property
    def layers(self) -> dict[str, str]:
        """The layers, by the names that the user's code has for them."""
        trace = self.trace
        return {name: f"{name} · {CELLS[trace.cell(name)].title}" for name in trace.layers}

    @property
    def top(self) -> str:
        """The last layer that runs forwards; of the last one where none does."""
        return self.trace.top

    def cell(self, layer: str) -> str:
        """Return what the trace says."""
        return self.trace.cell(layer)

    def units(self, layer: str) -> int:
        """Return the width of the recorded state."""
        return self._width(layer, "hidden_state")

    def state_size(self, layer: str) -> int:
        """Return the widths of all recorded states."""
        return sum(self._width(layer, name) for name in CELLS[self.cell(layer)].states)

    def _width(self, layer: str, signal: str) -> int:
        return int(self.trace.value(layer, signal).shape[2])

    def samples(self, layer: str) -> int:
        """Return how many samples the layer saw."""
        return int(self.trace.value(layer, "input").shape[1])

    def steps(self, layer: str) -> int:
        """Return how many time steps the layer ran."""
        return len(self.trace.value(layer, "input"))

    def place(self, layer: str) -> str:
        """Return cell and layer, by the name that the user's code has for it."""
        return f"{CELLS[self.cell(layer)].title} {escape(layer[-60:])}"

    def layer_words(self, layer: str) -> str:
        """Return cell and layer: nothing else says them."""
        return self.place(layer)

    def when(self, step: int) -> str:
        """Return which step of a training that is watched, or else what the trace is called."""
        if len(self.checkpoints) > 1 or step:
            return one_step(step)
        return escape(self.title) or t("as recorded")

    def step_at(self, asked: int | None) -> int:
        """Return the last moment up to a step; the first where there is none before."""
        before = [step for step in self.checkpoints if asked is None or step <= asked]
        return before[-1] if before else next(iter(self.checkpoints), 0)

    @property
    def has_gradients(self) -> bool:
        """Whether gradients were recorded."""
        return self.trace.has_gradients

    @property
    def has_labels(self) -> bool:
        """Whether the trace says what went in."""
        return bool(self.trace.labels)

    def module(self, step: int) -> nn.Module:
        """Return the recurrent layers, with the weights that they had at a moment."""
        return network_of(self.recorded(step))

    def weights(self, step: int) -> Mapping[str, Any]:
        """Return the weights at a moment, by torch's names.

        Raises
        ------
        TraceError
            If none were kept.
        """
        trace = self.recorded(step)
        weights: dict[str, Any] = state_of(trace)
        if not weights:
            network_of(trace)  # says that there are none
        return weights
