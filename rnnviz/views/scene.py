"""What a view looks at: a run or a draft, at one step, by one choice."""

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import pandas as pd
import torch

from rnnviz.cells import CELLS
from rnnviz.clamps import Clamp, parse_clamps
from rnnviz.errors import RunError, TaskError
from rnnviz.probing import Look, LossAt, look
from rnnviz.runs import Run, RunStore
from rnnviz.settings import Settings
from rnnviz.tasks import Probe, Task, task_of
from rnnviz.trace import Trace
from rnnviz.views.cache import Cache
from rnnviz.views.choice import LONGEST, Choice
from rnnviz.views.layer_names import spoken

MOST_BYTES = 2**28
"""Bytes of traces that are kept for the next view."""
MOST_ACTIVATIONS = 2**21
"""Largest length x hidden x layers x samples that is looked into: about 0.1 GB and two seconds."""
FIRST_LOOK = ("forget_gate", "update_gate", "hidden_state")
"""Which signal a cell shows first: what is kept."""


@dataclass
class Scene:
    """One thing that is looked at: a run or a draft, at one step, by one choice."""

    gallery: "Gallery"
    settings: Settings
    choice: Choice
    run: Run | None = None
    step: int = 0
    checkpoints: Sequence[int] = ()

    @property
    def task(self) -> Task:
        """The task, for its words and baselines."""
        return self.gallery.task(self.settings)

    @property
    def clamps(self) -> tuple[Clamp, ...]:
        """What is changed inside the network."""
        return parse_clamps(self.choice.text("clamp"))

    @property
    def changed(self) -> bool:
        """Whether there is anything to compare: a clamp, or a changed step of the input."""
        return bool(self.clamps or self.choice.text("edit"))

    @property
    def probe(self) -> Probe:
        """What goes in: the task's probe or what the visitor typed, with the changed step."""
        typed, edit = self.choice.text("input"), self.choice.text("edit")
        if not edit:
            return self._probe
        return self.gallery.edited_probe(self.settings, typed, self.sample, edit)

    @cached_property
    def look(self) -> Look:
        """All that is seen of the probe at this step, with what the visitor changed."""
        return self.gallery.look(
            self._run, self.settings, self.step, self.loss, self.probe, self._asked, self.clamps
        )

    @cached_property
    def plain_look(self) -> Look:
        """The same without clamps and without a changed step, to compare with."""
        typed = (self.choice.text("input"),)
        return self.gallery.look(self._run, self.settings, self.step, self.loss, self._probe, typed)

    @property
    def trace(self) -> Trace:
        """The recording of the probe at this step, with what the visitor changed."""
        return self.look.trace

    @property
    def plain(self) -> Trace:
        """The recording without clamps and without a changed step, to compare with."""
        return self.plain_look.trace

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
        """The chosen sample of the probe."""
        return self.choice.number("sample", 0, 0, len(self._probe.labels) - 1)

    @property
    def symbols(self) -> dict[str, str]:
        """Signal -> its letter in the cell's equations."""
        cell = CELLS[self.trace.cell(self.layer)]
        return {"input": "x", **cell.gates, **cell.states}

    @property
    def place(self) -> str:
        """Which layer of which cell, in words."""
        normalized = " with layer norm," if self.settings.norm == "layer" else ""
        layer = spoken(self.settings, self.layer)
        return f"{CELLS[self.trace.cell(self.layer)].title}{normalized} {layer}"

    @property
    def when(self) -> str:
        """Which step, in words."""
        return f"step {self.step:,}" if self.step else "untrained"


@dataclass
class Gallery:
    """Keeps what several views of a store's runs share: recordings, metrics, tasks.

    For one thread at a time.
    """

    store: RunStore
    _looks: Cache[Look] = field(default_factory=lambda: Cache(MOST_BYTES, lambda a: a.nbytes))
    _probes: Cache[Probe] = field(default_factory=lambda: Cache(16))
    _metrics: Cache[pd.DataFrame] = field(default_factory=lambda: Cache(16))
    traces: Cache[Trace] = field(default_factory=lambda: Cache(MOST_BYTES, lambda a: a.nbytes))
    """What visitors brought, by id and step."""
    histories: Cache[dict[int, Any]] = field(default_factory=lambda: Cache(32))
    _seen: dict[str, tuple[Run, Sequence[int]]] | None = None

    def scene(self, run: str | None, draft: Settings | None, choice: Choice) -> Scene:
        """Return what a viewer looks at.

        Parameters
        ----------
        run : str or None
            The run's id; None looks at `draft`, a network as it is before training.
        choice : Choice
            What the viewer chose. Without a step, the newest checkpoint is shown.

        Raises
        ------
        RunError
            If there is no such run, or neither a run nor a draft is given.
        """
        if run is None:
            if draft is None:
                raise RunError("Name a run or give the settings of a draft.")
            return Scene(self, draft, choice)
        found, kept = self._look(run)
        if choice.step is None:
            step = kept[-1] if kept else 0
        else:
            step = max((each for each in kept if each <= choice.step), default=0)
        return Scene(self, found.settings, choice, found, step, kept)

    def task(self, settings: Settings) -> Task:
        """Return the settings' task; building one may read a text, so the last few are kept."""
        return task_of(settings)

    def look(
        self,
        run: str | None,
        settings: Settings,
        step: int,
        loss_at: str | int,
        probe: Probe,
        name: Hashable = ("",),
        clamps: tuple[Clamp, ...] = (),
        dtype: torch.dtype = torch.float32,
    ) -> Look:
        """Run a probe in the state after `step`; several views share what is seen.

        `name` tells the probe from others of the same settings.
        """

        def make() -> Look:
            kept = self.store.checkpoint_steps(run) if run else []
            weights = self.store.checkpoint(run, step).weights if run and kept else None
            at = cast(LossAt, loss_at)
            return look(settings, weights, probe, loss_at=at, clamps=clamps, dtype=dtype)

        return self._looks.get((run, settings, step, loss_at, name, clamps, dtype), make)

    def trace(self, run: str | None, settings: Settings, step: int, loss_at: str) -> Trace:
        """Record the task's probe in the state after `step`."""
        return self.look(run, settings, step, loss_at, self.probe(settings)).trace

    def probe(self, settings: Settings, typed: str = "") -> Probe:
        """Return the task's probe, or a sequence that a visitor typed.

        The task's has fewer samples where a network is large.

        Raises
        ------
        RunError
            If not even one sample can be looked into at once.
        TaskError
            If the typed text is no sequence of the task.
        """
        return self._probes.get((settings, typed), lambda: self._probe(settings, typed))

    def edited_probe(self, settings: Settings, typed: str, sample: int, edit: str) -> Probe:
        """Return `probe` with another step of a sample, as `edited` reads it.

        Raises
        ------
        RunError, TaskError
            As `probe` and `edited` do.
        """
        task, probe = self.task(settings), self.probe(settings, typed)
        key = (settings, typed, sample, edit)
        return self._probes.get(key, lambda: edited(task, probe, sample, edit))

    def _probe(self, settings: Settings, typed: str) -> Probe:
        task = self.task(settings)
        if len(typed) >= LONGEST:
            raise TaskError(f"Up to {LONGEST - 1:,} characters can be looked into: type fewer.")
        probe = task.read(typed) if typed else task.probe()
        steps = len(probe.labels[0])
        each = steps * settings.units
        if each > MOST_ACTIVATIONS:
            raise RunError(
                f"Time steps x hidden units x layers = {each:,} is too much to look into at once: "
                f"up to {MOST_ACTIVATIONS:,} can be shown, such as "
                f"{MOST_ACTIVATIONS // (steps * settings.layers):,} units at this length. "
                "Training itself works."
            )
        return probe.first(MOST_ACTIVATIONS // each)

    def metrics(self, run: str | None) -> pd.DataFrame:
        """Return the run's metrics so far; only new rows are read."""
        if run is None:
            columns = ("step", "loss", "metric", "validation_loss", "validation_metric", "seconds")
            return pd.DataFrame({name: pd.Series(dtype="float64") for name in columns})
        known = self._metrics.find(run)
        new = self.store.metrics(run, since=int(known["step"].iloc[-1]) if known is not None else 0)
        if known is None or not len(known):
            known = new
        elif len(new):
            known = pd.concat([known, new], ignore_index=True)
        if len(known):
            self._metrics.put(run, known)
        return known

    @contextmanager
    def moment(self) -> Iterator[None]:
        """Let the views drawn in the `with` share one look at the state of each run."""
        self._seen = {}
        try:
            yield
        finally:
            self._seen = None

    def _look(self, run: str) -> tuple[Run, Sequence[int]]:
        if self._seen is not None and run in self._seen:
            return self._seen[run]
        found = (self.store.get(run), self.store.checkpoint_steps(run))
        if self._seen is not None:
            self._seen[run] = found
        return found


def edited(task: Task, probe: Probe, sample: int, edit: str) -> Probe:
    """Return a probe with one changed step of a sample; `edit` is ``<time>:<what goes in>``.

    Raises
    ------
    TaskError
        If the text has no meaning.
    """
    time, colon, text = edit.partition(":")
    if not (colon and text and time.isascii() and time.isdigit() and len(time) < 7):
        raise TaskError(
            f"{edit[:40]!r} is no changed step: give a time step and what goes in, like "
            f"3:{probe.labels[sample][0]}."
        )
    return task.edit(probe, sample, int(time), text)
