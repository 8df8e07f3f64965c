"""What a view looks at when somebody brought a trace: no settings, no task, no run.

A view that needs only what was recorded draws it as it draws a run's; one that needs more raises
the sentence that says what is missing.
"""

import io
from collections.abc import Sequence
from functools import cached_property
from typing import NoReturn

import numpy as np
from torch import nn

from rnnviz.cells import CELLS
from rnnviz.clamps import Clamp
from rnnviz.errors import RunError
from rnnviz.kept_traces import PREFIX, KeptTrace
from rnnviz.plots.gates import escape
from rnnviz.rebuilding import network_of, state_of
from rnnviz.trace import Trace
from rnnviz.tracefile import read_trace
from rnnviz.views.choice import Choice
from rnnviz.views.scene import Gallery, Scene

MOST_UNPACKED = 2**27
"""Bytes of a kept trace that are unpacked to be looked at."""
NEEDS_TASK = (
    "This picture needs a task: what is asked, and what the answers should be. Of a model of your "
    "own only what was recorded is known: gates, states, gradients, and the weights."
)


class TraceScene(Scene):
    """A kept trace, at one of its moments, by one choice.

    Parameters
    ----------
    kept : KeptTrace
    choice : Choice
        Without a step, the newest moment is shown.
    checkpoints : sequence of int
        The steps of its moments.

    Raises
    ------
    RunError
        Here, if nothing is recorded yet; later, for what a trace does not hold.
    """

    def __init__(
        self, gallery: Gallery, kept: KeptTrace, choice: Choice, checkpoints: Sequence[int]
    ) -> None:
        self.gallery, self.kept, self.choice = gallery, kept, choice
        self.run = None
        self.checkpoints = checkpoints
        asked = choice.step
        before = [step for step in checkpoints if asked is None or step <= asked]
        self.step = before[-1] if before else (checkpoints[0] if checkpoints else 0)

    @classmethod
    def of(cls, gallery: Gallery, name: str, choice: Choice) -> "TraceScene":
        """Return what a viewer looks at, by a name such as ``trace.<id>``."""
        id = name.removeprefix(PREFIX)
        return cls(gallery, gallery.store.kept_trace(id), choice, gallery.store.moment_steps(id))

    @property
    def settings(self) -> NoReturn:  # type: ignore[override]
        """Refuse: nobody knows them."""
        raise RunError(NEEDS_TASK)

    @property
    def clamps(self) -> tuple[Clamp, ...]:
        """Nothing is changed in what was recorded."""
        return ()

    @property
    def changed(self) -> bool:
        """Nothing is."""
        return False

    @property
    def trace(self) -> Trace:
        """What was recorded, read once for all views."""
        if not self.checkpoints:
            raise RunError("Nothing is recorded yet: the first trace comes with the next steps.")
        key, store = (self.kept.id, self.step), self.gallery.store

        def read() -> Trace:
            file = io.BytesIO(store.moment(self.kept.id, self.step))
            return read_trace(file, "This file", MOST_UNPACKED)

        return self.gallery.traces.get(key, read)

    @property
    def plain(self) -> Trace:
        """The same: there is nothing to compare with."""
        return self.trace

    @cached_property
    def module(self) -> nn.Module:
        """The recurrent layers, with the weights that they had."""
        return network_of(self.trace)

    @cached_property
    def weights(self) -> dict[str, np.ndarray]:
        """Their weights, by torch's names."""
        if not (found := state_of(self.trace)):
            network_of(self.trace)  # says that there are none
        return found

    @property
    def sample(self) -> int:
        """The chosen sample of the batch."""
        return self.choice.number("sample", 0, 0, self.samples - 1)

    @property
    def samples(self) -> int:
        """How many samples the chosen layer saw."""
        return int(self.trace.value(self.layer, "input").shape[1])

    @property
    def place(self) -> str:
        """Which layer, by the name that the user's code has for it."""
        return self.place_of(self.layer)

    def place_of(self, layer: str) -> str:
        """Return a layer's cell and name."""
        return f"{CELLS[self.trace.cell(layer)].title} {escape(layer[-60:])}"

    @property
    def when(self) -> str:
        """Which step of a training that is watched, or else what the trace is called."""
        if len(self.checkpoints) > 1 or self.step:
            return f"step {self.step:,}"
        return escape(self.kept.name) or "as recorded"
