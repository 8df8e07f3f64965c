"""What a view looks at: a subject, at one training step, by one choice."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from torch import nn

from rnnviz.errors import RunError
from rnnviz.networks.cells import CELLS
from rnnviz.networks.model import build, load
from rnnviz.recording.clamp_text import Clamp, parse_clamps
from rnnviz.recording.probe import Seen
from rnnviz.recording.trace import Trace
from rnnviz.settings import Settings
from rnnviz.store.rows import Run
from rnnviz.tasks import Probe, Task
from rnnviz.views.choice import Choice
from rnnviz.views.gallery import Gallery
from rnnviz.views.subject import Subject
from rnnviz.words import N_

FIRST_LOOK = ("forget_gate", "update_gate", "hidden_state")
"""Which signal a cell shows first: what is kept."""
NEEDS_TASK = N_(
    "This picture needs a task: what is asked, and what the answers should be. Of a model of your "
    "own only what was recorded is known: gates, states, gradients, and the weights."
)


@dataclass
class Scene:
    """One thing that is looked at, at one step, by one choice."""

    gallery: Gallery
    subject: Subject
    choice: Choice

    @property
    def settings(self) -> Settings:
        """The settings.

        Raises
        ------
        RunError
            If nobody knows them.
        """
        if self.subject.settings is None:
            raise RunError(NEEDS_TASK)
        return self.subject.settings

    @property
    def task(self) -> Task:
        """The task, for its words and baselines.

        Raises
        ------
        RunError
            If nobody knows it.
        """
        return self.gallery.task(self.settings)

    @property
    def run(self) -> Run | None:
        """The run, if it is one."""
        return self.subject.run

    @property
    def checkpoints(self) -> Sequence[int]:
        """The training steps at which there is something to look at."""
        return self.subject.checkpoints

    @property
    def step(self) -> int:
        """The training step that is looked at."""
        return self.subject.step_at(self.choice.step)

    @property
    def clamps(self) -> tuple[Clamp, ...]:
        """What is changed inside the network."""
        return parse_clamps(self.choice.text("clamp")) if self.subject.changeable else ()

    @property
    def changed(self) -> bool:
        """Whether there is anything to compare: a clamp, or a changed step of the input."""
        return self.subject.changeable and bool(self.clamps or self.choice.text("edit"))

    @property
    def probe(self) -> Probe:
        """What goes in: the task's probe or what the visitor typed, with the changed step."""
        typed, edit = self.choice.text("input"), self.choice.text("edit")
        if not edit:
            return self._probe
        return self.gallery.edited_probe(self.settings, typed, self.sample, edit)

    @cached_property
    def look(self) -> Seen:
        """All that is seen of the probe at this step, with what the visitor changed."""
        return self.gallery.look(
            self._run, self.settings, self.step, self.loss, self.probe, self._asked, self.clamps
        )

    @cached_property
    def plain_look(self) -> Seen:
        """The same without clamps and without a changed step, to compare with."""
        typed = (self.choice.text("input"),)
        return self.gallery.look(self._run, self.settings, self.step, self.loss, self._probe, typed)

    @property
    def trace(self) -> Trace:
        """The recording at this step: of the probe with what the visitor changed, or as brought."""
        return self.subject.recorded(self.step) or self.look.trace

    @property
    def plain(self) -> Trace:
        """The recording without clamps and without a changed step, to compare with."""
        return self.subject.recorded(self.step) or self.plain_look.trace

    def network(self, step: int | None = None) -> nn.Module:
        """Return the network, ready to be read, or that of another checkpoint.

        Raises
        ------
        RunError
            If the checkpoint is damaged.
        """
        step = self.step if step is None else step
        if (module := self.subject.module(step)) is not None:
            return module
        if self.run is None or not self.checkpoints:
            model: nn.Module = build(self.settings, self.task)
        else:
            kept = self.gallery.store.runs.checkpoint(self.run.id, step)
            model = load(self.settings, kept.weights, self.task)
        return model.eval().requires_grad_(False)

    @property
    def _run(self) -> str | None:
        return self.run.id if self.run else None

    @property
    def _probe(self) -> Probe:
        """What goes in before a step of it is changed."""
        return self.gallery.probe(self.settings, self.choice.text("input"))

    @property
    def _asked(self) -> tuple[object, ...]:
        """The name of the probe among those of these settings."""
        typed, edit = self.choice.text("input"), self.choice.text("edit")
        return (typed, edit, self.sample) if edit else (typed,)

    @property
    def loss(self) -> str:
        """Which answers the gradient's loss is about: "last" or "all"."""
        return self.choice.word("loss", ("last", "all"), "last")

    @property
    def layer(self) -> str:
        """The chosen layer, or the first."""
        return self.choice.word("layer", self.trace.layers, self.trace.layers[0])

    @property
    def signal(self) -> str:
        """The chosen signal, or the cell's first look."""
        known = self.trace.signals(self.layer)
        first = next(name for name in FIRST_LOOK if name in known)
        return self.choice.word("signal", known, first)

    @property
    def sample(self) -> int:
        """The chosen sample of the probe, or of the recorded batch."""
        recorded = self.subject.recorded(self.step)
        count = self.subject.samples(self.layer) if recorded else len(self._probe.labels)
        return self.choice.number("sample", 0, 0, count - 1)

    @property
    def symbols(self) -> dict[str, str]:
        """Signal -> its letter in the cell's equations."""
        cell = CELLS[self.trace.cell(self.layer)]
        return {"input": "x", **cell.gates, **cell.states}

    @property
    def place(self) -> str:
        """Which layer of which cell, in words."""
        return self.subject.place(self.layer)

    @property
    def when(self) -> str:
        """Which step, in words."""
        return self.subject.when(self.step)


def scene_of(gallery: Gallery, run: str | None, draft: Settings | None, choice: Choice) -> Scene:
    """Return what a viewer looks at: see `Gallery.subject`."""
    return Scene(gallery, gallery.subject(run, draft, choice.step), choice)
