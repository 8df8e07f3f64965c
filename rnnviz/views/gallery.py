"""What several views of a store's runs share: recordings, metrics, tasks, what was measured."""

import io
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pandas as pd
import torch

from rnnviz.cache import Cache
from rnnviz.data.sources import DataSource
from rnnviz.errors import RunError, TaskError
from rnnviz.networks.model import Network as Model
from rnnviz.recording.clamp_text import Clamp
from rnnviz.recording.packed_trace import read_trace
from rnnviz.recording.probe import LossAt, Seen, look
from rnnviz.recording.trace import Trace
from rnnviz.settings import Settings
from rnnviz.store.rows import Run
from rnnviz.store.run_store import RunStore
from rnnviz.store.traces import PREFIX, KeptTrace, is_trace
from rnnviz.tasks import Probe, Task, task_of
from rnnviz.views.choice import LONGEST
from rnnviz.views.recorded import Recorded
from rnnviz.views.subject import Network, Subject, Watched
from rnnviz.words import Words

MOST_BYTES = 2**28
"""Bytes of traces that are kept for the next view."""
MOST_ACTIVATIONS = 2**21
"""Largest length x hidden x layers x samples that is looked into: about 0.1 GB and two seconds."""
MOST_UNPACKED = 2**27
"""Bytes of a kept trace that are unpacked to be looked at."""


@dataclass
class Gallery:
    """Keeps what several views of a store's runs share: recordings, metrics, tasks.

    For one thread at a time. Without a store it serves drafts, and traces that are at hand.

    Attributes
    ----------
    kept_in : RunStore or None
    data : DataSource or None
        Who has the data that tasks read: the store, unless another is given; without a store, what
        this script has added.
    """

    kept_in: RunStore | None = None
    data: DataSource | None = None
    _looks: Cache[Seen] = field(default_factory=lambda: Cache(MOST_BYTES, lambda a: a.nbytes))
    _probes: Cache[Probe] = field(default_factory=lambda: Cache(16))
    _metrics: Cache[pd.DataFrame] = field(default_factory=lambda: Cache(16))
    traces: Cache[Trace] = field(default_factory=lambda: Cache(MOST_BYTES, lambda a: a.nbytes))
    """What visitors brought, by id and step."""
    histories: Cache[dict[int, Any]] = field(default_factory=lambda: Cache(32))
    models: Cache[Model] = field(default_factory=lambda: Cache(8))
    """Networks that are read from, not to be changed."""
    readings: Cache[Any] = field(default_factory=lambda: Cache(2**27, lambda a: a.trace.nbytes))
    """What they did with some sequences (reading.py)."""
    rankings: Cache[pd.DataFrame] = field(default_factory=lambda: Cache(64))
    written: Cache[Any] = field(default_factory=lambda: Cache(32))
    """Texts that they wrote."""
    _seen: dict[str, tuple[Run, Sequence[int]]] | None = None

    def __post_init__(self) -> None:
        """Look for data in the store and nowhere else, if nothing else was given."""
        if self.data is None and self.kept_in is not None:
            self.data = self.kept_in.data

    @property
    def store(self) -> RunStore:
        """Where runs, studies and traces are kept.

        Raises
        ------
        RunError
            If there is no store.
        """
        if self.kept_in is None:
            raise RunError("No run store is open here, and so no run can be looked at.")
        return self.kept_in

    def subject(
        self, run: str | None, draft: Settings | None = None, step: int | None = None
    ) -> Subject:
        """Return what is looked at.

        Parameters
        ----------
        run : str or None
            The run's id, or ``trace.<id>`` of a kept trace; None looks at `draft`, a network as it
            is before training.
        step : int, optional
            The training step that is asked for.

        Raises
        ------
        RunError
            If there is no such run or trace, or neither a run nor a draft is given.
        """
        if run is None:
            if draft is None:
                raise RunError("Name a run or give the settings of a draft.")
            return Network(draft, data=self.data)
        if is_trace(run):
            return self._recorded(run, step)
        kept, checkpoints = self._look(run)
        return Network(kept.settings, kept, checkpoints, data=self.data)

    def _recorded(self, name: str, step: int | None) -> Recorded:
        id, store = name.removeprefix(PREFIX), self.store
        kept = store.traces.get(id)

        def read(moment: int) -> Trace:
            def unpack() -> Trace:
                file = io.BytesIO(store.traces.moment(id, moment))
                return read_trace(file, Words("This file"), MOST_UNPACKED)

            return self.traces.get((id, moment), unpack)

        return Recorded(
            read, store.traces.steps(id), kept.name,
            name=name, watched=watched(store, kept), at=step,
        )  # fmt: skip

    def task(self, settings: Settings) -> Task:
        """Return the settings' task; building one may read a text, so the last few are kept."""
        return task_of(settings, self.data)

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
    ) -> Seen:
        """Run a probe in the state after `step`; several views share what is seen.

        `name` tells the probe from others of the same settings.
        """

        def make() -> Seen:
            kept = self.store.runs.checkpoint_steps(run) if run else []
            weights = self.store.runs.checkpoint(run, step).weights if run and kept else None
            return look(
                settings, weights, probe,
                loss_at=cast(LossAt, loss_at), clamps=clamps, dtype=dtype, task=self.task(settings),
            )  # fmt: skip

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
            raise TaskError(
                "Up to {most:,} characters can be looked into: type fewer.", most=LONGEST - 1
            )
        probe = task.read(typed) if typed else task.probe()
        steps = len(probe.labels[0])
        each = steps * settings.units
        if each > MOST_ACTIVATIONS:
            raise RunError(
                "Time steps x hidden units x layers = {size:,} is too much to look into at once: "
                "up to {most:,} can be shown, such as "
                "{units:,} units at this length. "
                "Training itself works.",
                size=each,
                most=MOST_ACTIVATIONS,
                units=MOST_ACTIVATIONS // (steps * settings.layers),
            )
        return probe.first(MOST_ACTIVATIONS // each)

    def metrics(self, run: str | None) -> pd.DataFrame:
        """Return the run's metrics so far; only new rows are read."""
        if run is None:
            columns = ("step", "loss", "metric", "validation_loss", "validation_metric", "seconds")
            return pd.DataFrame({name: pd.Series(dtype="float64") for name in columns})
        known = self._metrics.find(run)
        new = self.store.runs.metrics(
            run, since=int(known["step"].iloc[-1]) if known is not None else 0
        )
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
        found = (self.store.runs.get(run), self.store.runs.checkpoint_steps(run))
        if self._seen is not None:
            self._seen[run] = found
        return found


def watched(store: RunStore, kept: KeptTrace) -> Watched:
    """Return how the training stands that a kept trace is of."""
    return Watched(kept.name, kept.state, kept.why, lambda: store.traces.losses(kept.id))


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
            "{edit!r} is no changed step: give a time step and what goes in, like 3:{symbol}.",
            edit=edit[:40],
            symbol=probe.labels[sample][0],
        )
    return task.edit(probe, sample, int(time), text)
