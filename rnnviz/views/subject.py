"""What is looked at: a run, a draft (settings before training), or a trace that somebody brought.

A subject says what it has; a look asks that, and never what kind of subject it is. What it does not
have it refuses in a sentence.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from torch import nn

from rnnviz.data.sources import DataSource
from rnnviz.networks.cells import CELLS
from rnnviz.recording.trace import Trace
from rnnviz.settings import Settings
from rnnviz.store.rows import Run
from rnnviz.store.states import State
from rnnviz.tasks import Probe, Task, task_of
from rnnviz.tasks.base import PROBE_SIZE
from rnnviz.views.layer_names import layers_of, spoken, top_layer
from rnnviz.views.say import one_step
from rnnviz.words import Words, t


@dataclass(frozen=True)
class Watched:
    """A training of one's own that is watched: what it is called, its losses, how it stands."""

    name: str
    state: State
    reason: Words
    losses: Callable[[], pd.DataFrame]


class Subject(ABC):
    """What is looked at; what it has not is None, empty or False.

    Attributes
    ----------
    name : str or None
        A run's id, or ``trace.<id>``; None for what no store keeps.
    settings : Settings or None
        None where nobody knows them: then there is no task either.
    run : Run or None
    checkpoints : sequence of int
        Training steps at which it can be looked at, in order.
    watched : Watched or None
    changeable : bool
        Whether it can run again, with a signal held or a step of the input changed.
    """

    name: str | None = None
    settings: Settings | None = None
    run: Run | None = None
    checkpoints: Sequence[int] = ()
    watched: Watched | None = None
    changeable = False

    @property
    def task(self) -> Task | None:
        """What is asked; None where only a recording is known."""
        return None

    @property
    def probe(self) -> Probe | None:
        """The samples that it is given; None where only a recording is known."""
        return None

    @property
    @abstractmethod
    def layers(self) -> dict[str, str]:
        """Its layers, by their names in a trace, with words for each."""

    @property
    @abstractmethod
    def top(self) -> str:
        """The last layer that runs forwards: there the loss is nearest."""

    @abstractmethod
    def cell(self, layer: str) -> str:
        """Return the key of a layer's cell in `rnnviz.CELLS`."""

    @abstractmethod
    def units(self, layer: str) -> int:
        """Return how many numbers a layer's hidden state has."""

    @abstractmethod
    def state_size(self, layer: str) -> int:
        """Return how many numbers a layer passes on, in all of its states."""

    @abstractmethod
    def samples(self, layer: str) -> int:
        """Return how many samples there are to choose from."""

    @abstractmethod
    def steps(self, layer: str) -> int:
        """Return how many time steps a sample has."""

    @abstractmethod
    def place(self, layer: str) -> str:
        """Return a layer and its cell in words."""

    @abstractmethod
    def layer_words(self, layer: str) -> str:
        """Return a layer in words, where its cell is said elsewhere."""

    @abstractmethod
    def when(self, step: int) -> str:
        """Return a training step in words."""

    @abstractmethod
    def step_at(self, asked: int | None) -> int:
        """Return the last step that is kept up to the asked one; the newest for None."""

    def recorded(self, step: int) -> Trace | None:
        """Return what was recorded at a training step; None where it can run again."""
        return None

    def module(self, step: int) -> nn.Module | None:
        """Return the recurrent layers of a recording; None where settings and weights make them."""
        return None

    def weights(self, step: int) -> Mapping[str, Any] | None:
        """Return the weights of a recording; None where a checkpoint has them."""
        return None

    @property
    def has_gradients(self) -> bool:
        """Whether gradients are there, or can be had."""
        return True

    @property
    def has_labels(self) -> bool:
        """Whether it is known what goes in at each step."""
        return True


class Network(Subject):
    """A network that settings describe: a run at its checkpoints, or before any training.

    With `typed`, what the visitor typed is its input in the place of the task's samples. `data` is
    who has the data that the task reads, as for `rnnviz.tasks.task_of`.
    """

    changeable = True

    def __init__(
        self,
        settings: Settings,
        run: Run | None = None,
        checkpoints: Sequence[int] = (),
        *,
        typed: str = "",
        data: DataSource | None = None,
    ) -> None:
        self.settings: Settings = settings
        self.typed = typed
        self._data = data
        self.run, self.name = run, run.id if run else None
        self.checkpoints = checkpoints

    @property
    def task(self) -> Task:
        """What is asked."""
        return task_of(self.settings, self._data)

    @property
    def probe(self) -> Probe:
        """What the visitor typed, else the task's own samples."""
        return self.task.read(self.typed) if self.typed else self.task.probe()

    @property
    def layers(self) -> dict[str, str]:
        """The recurrent layers, numbered from 1 in their words."""
        return layers_of(self.settings)

    @property
    def top(self) -> str:
        """The last layer that runs forwards."""
        return top_layer(self.settings)

    def cell(self, layer: str) -> str:
        """Return the settings' cell."""
        return self.settings.cell

    def units(self, layer: str) -> int:
        """Return the settings' hidden units."""
        return self.settings.hidden

    def state_size(self, layer: str) -> int:
        """Return the numbers of all states of the cell."""
        return self.settings.hidden * len(CELLS[self.settings.cell].states)

    def samples(self, layer: str) -> int:
        """Return the size of a probe; what is typed is one sample."""
        return 1 if self.typed else PROBE_SIZE

    def steps(self, layer: str) -> int:
        """Return the time steps of the task's probe."""
        return self.task.probe_steps

    def place(self, layer: str) -> str:
        """Return cell and layer."""
        cell, which = CELLS[self.settings.cell].title, spoken(self.settings, layer)
        if self.settings.norm == "layer":
            return t("{cell} with layer norm, {layer}", cell=cell, layer=which)
        return f"{cell} {which}"

    def layer_words(self, layer: str) -> str:
        """Return the layer's number, and its direction where there are two."""
        return spoken(self.settings, layer)

    def when(self, step: int) -> str:
        """Return the step, in words."""
        return one_step(step) if step else t("untrained")

    def step_at(self, asked: int | None) -> int:
        """Return the last checkpoint up to a step; 0 where there is none."""
        if asked is None:
            return self.checkpoints[-1] if self.checkpoints else 0
        return max((step for step in self.checkpoints if step <= asked), default=0)
