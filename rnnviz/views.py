"""Everything on screen as a function of (run, step, probe): a view's name and choices -> a message.

A message is what the figure component draws: a figure dict, or the state of the run. The same
views serve a run that is training, a kept checkpoint, and a network that has not been trained yet
(`draft`: the settings alone).
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import pandas as pd

from rnnviz.analysis import gradient_norms
from rnnviz.cells import CELLS
from rnnviz.errors import RunError
from rnnviz.plots import gates, gradients, loss
from rnnviz.probing import inspect
from rnnviz.runs import Run, RunStore
from rnnviz.settings import Settings
from rnnviz.tasks import TASKS, Probe, Task
from rnnviz.trace import Trace

LIVE_STATES = ("queued", "running")
MOST_BYTES = 2**28
"""Bytes of traces that are kept for the next view."""
MOST_ACTIVATIONS = 2**21
"""Largest length x hidden x layers x samples that is looked into: about 0.1 GB and two seconds."""
FIRST_LOOK = ("forget_gate", "update_gate", "hidden_state")
"""Which signal a cell shows first: what is kept."""


@dataclass(frozen=True)
class Choice:
    """What a viewer asked for, from the URL; what has no meaning falls back to a default."""

    step: int | None = None
    layer: str = ""
    signal: str = ""
    sample: int = 0
    loss: str = "last"
    theme: str = "light"

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Choice":
        """Read a query string's values; a number that is none counts as not given."""

        def number(name: str) -> int | None:
            text = query.get(name, "")
            return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None

        return cls(
            step=number("step"),
            layer=query.get("layer", "")[:100],
            signal=query.get("signal", "")[:40],
            sample=number("sample") or 0,
            loss="all" if query.get("loss") == "all" else "last",
            theme="dark" if query.get("theme") == "dark" else "light",
        )


@dataclass
class Scene:
    """One thing that is looked at: a run or a draft, at one step, by one choice."""

    gallery: "Gallery"
    settings: Settings
    choice: Choice
    run: Run | None = None
    step: int = 0

    @property
    def task(self) -> Task:
        """The task, for its words and baselines."""
        return self.gallery.task(self.settings)

    @property
    def trace(self) -> Trace:
        """The recording of the probe at this step."""
        return self.gallery.trace(
            self.run.id if self.run else None, self.settings, self.step, self.choice.loss
        )

    @property
    def layer(self) -> str:
        """The chosen layer, or the first."""
        layers = self.trace.layers
        return self.choice.layer if self.choice.layer in layers else layers[0]

    @property
    def signal(self) -> str:
        """The chosen signal, or the cell's first look."""
        known = self.trace.signals(self.layer)
        wanted = (self.choice.signal, *FIRST_LOOK)
        return next(name for name in wanted if name in known)

    @property
    def symbols(self) -> dict[str, str]:
        """Signal -> its letter in the cell's equations."""
        cell = CELLS[self.trace.cell(self.layer)]
        return {"input": "x", **cell.gates, **cell.states}

    @property
    def place(self) -> str:
        """Which layer of which cell, in words."""
        return f"{CELLS[self.trace.cell(self.layer)].title} layer {short(self.layer)}"

    @property
    def when(self) -> str:
        """Which step, in words."""
        return f"step {self.step:,}" if self.step else "untrained"


def show_loss(scene: Scene) -> dict[str, Any]:
    """Learning curves of the run."""
    task, choice = scene.task, scene.choice
    return loss.spec(
        scene.gallery.metrics(scene.run.id if scene.run else None),
        steps=scene.settings.steps,
        baseline=task.baseline.loss,
        baseline_text=task.baseline.text,
        metric_title=task.metric_title,
        metric_unit=task.metric_unit,
        metric_baseline=task.baseline.metric,
        marked=choice.step,
        colours=choice.theme,
    )


def show_gates(scene: Scene) -> dict[str, Any]:
    """One signal of one layer of one sample of the probe."""
    trace, layer = scene.trace, scene.layer
    sample = min(scene.choice.sample, len(trace.labels or [None]) - 1)
    return gates.spec(
        trace.frame(layer, scene.signal, sample=sample),
        scene.signal,
        symbol=scene.symbols[scene.signal],
        labels=trace.labels[sample] if trace.labels else None,
        where=", ".join((scene.place, f"sample {sample + 1}", scene.when)),
        colours=scene.choice.theme,
    )


def show_gradients(scene: Scene) -> dict[str, Any]:
    """Norm of the gradient at every time step, for every gate and state of a layer."""
    of = "last answer" if scene.choice.loss == "last" else "all answers"
    return gradients.spec(
        gradient_norms(scene.trace, scene.layer),
        symbols=scene.symbols,
        where=f"{of}, {scene.place}, {scene.when}",
        colours=scene.choice.theme,
    )


def show_status(scene: Scene) -> dict[str, Any]:
    """How the run is doing, for the transport bar."""
    run = scene.run
    if run is None:
        return {"state": "new", "step": 0, "steps": scene.settings.steps, "checkpoints": []}
    metrics = scene.gallery.metrics(run.id)
    last = metrics.iloc[-1] if len(metrics) else None
    checked = metrics["validation_metric"].dropna()
    rate = speed(metrics) if run.state == "running" else None
    return {
        "state": run.state,
        "reason": run.reason,
        "step": run.step,
        "steps": run.settings.steps,
        "loss": None if last is None else float(last["loss"]),
        "metric": None if checked.empty else float(checked.iloc[-1]),
        "metric_title": scene.task.metric_title,
        "metric_unit": scene.task.metric_unit,
        "rate": rate,
        "left": None if not rate else (run.settings.steps - run.step) / rate,
        "place": scene.gallery.store.place(run.id) if run.state == "queued" else None,
        "checkpoints": scene.gallery.store.checkpoint_steps(run.id),
    }


VIEWS: dict[str, Callable[[Scene], dict[str, Any]]] = {
    "loss": show_loss,
    "gates": show_gates,
    "gradients": show_gradients,
    "status": show_status,
}


def short(layer: str) -> str:
    """Name a layer for people: `rnn.l0` is layer 1."""
    name = layer.rsplit(".", 1)[-1]
    number, _, direction = name.removeprefix("l").partition("_")
    return f"{int(number) + 1}{' backwards' if direction else ''}" if number.isdigit() else name


def speed(metrics: pd.DataFrame) -> float | None:
    """Return steps per second over the last stretch, from the clock in the metrics rows."""
    recent = metrics.iloc[-200:]
    if len(recent) < 2:
        return None
    seconds = float(recent["seconds"].iloc[-1] - recent["seconds"].iloc[0])
    return (len(recent) - 1) / seconds if seconds > 0 else None


@dataclass
class Gallery:
    """Draws views of a store's runs, and keeps what several of them share.

    Safe to call from several threads; the work itself is done one at a time.
    """

    store: RunStore
    _traces: "OrderedDict[tuple[Any, ...], Trace]" = field(default_factory=OrderedDict)
    _metrics: "OrderedDict[str, pd.DataFrame]" = field(default_factory=OrderedDict)
    _tasks: "OrderedDict[tuple[Any, ...], Task]" = field(default_factory=OrderedDict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def draw(
        self, view: str, run: str | None, draft: Settings | None, choice: Choice
    ) -> dict[str, Any]:
        """Return the message of a view: `view`, `step`, and `figure` or `status`.

        Parameters
        ----------
        view : str
            A key of `VIEWS`.
        run : str or None
            The run's id; None looks at `draft`, a network as it is before training.
        choice : Choice
            What the viewer chose. Without a step, the newest checkpoint is shown.
        """
        if view not in VIEWS:
            raise RunError(f"There is no view called {view!r}; there are {', '.join(VIEWS)}.")
        with self._lock:
            scene = self._scene(run, draft, choice)
            kind = "status" if view == "status" else "figure"
            return {"view": view, "step": scene.step, kind: VIEWS[view](scene)}

    def _scene(self, run: str | None, draft: Settings | None, choice: Choice) -> Scene:
        if run is None:
            if draft is None:
                raise RunError("Name a run or give the settings of a draft.")
            return Scene(self, draft, choice)
        found = self.store.get(run)
        kept = self.store.checkpoint_steps(run)
        if choice.step is None:
            step = kept[-1] if kept else 0
        else:
            step = max((each for each in kept if each <= choice.step), default=0)
        return Scene(self, found.settings, choice, found, step)

    def task(self, settings: Settings) -> Task:
        """Return the settings' task; building one may read a text, so the last few are kept."""
        key = (settings.task, settings.length, settings.seed)
        return keep(
            self._tasks, key, 8, lambda: TASKS[settings.task](settings.length, settings.seed)
        )

    def trace(self, run: str | None, settings: Settings, step: int, loss_at: str) -> Trace:
        """Record the probe in the state after `step`; several views share one recording."""

        def record() -> Trace:
            kept = self.store.checkpoint_steps(run) if run else []
            weights = self.store.checkpoint(run, step).weights if run and kept else None
            at = cast(Literal["last", "all"], loss_at)
            return inspect(settings, weights, self.probe(settings), loss_at=at)

        trace = keep(self._traces, (run, settings, step, loss_at), 64, record)
        while len(self._traces) > 1 and sum(t.nbytes for t in self._traces.values()) > MOST_BYTES:
            self._traces.popitem(last=False)
        return trace

    def probe(self, settings: Settings) -> Probe:
        """Return the task's probe, with fewer samples where a network is large.

        Raises
        ------
        RunError
            If not even one sample can be looked into at once.
        """
        task = self.task(settings)
        each = task.steps * settings.hidden * settings.layers
        if each > MOST_ACTIVATIONS:
            raise RunError(
                f"Time steps x hidden units x layers = {each:,} is too much to look into at once: "
                f"up to {MOST_ACTIVATIONS:,} can be shown. Training itself works."
            )
        return task.probe().first(MOST_ACTIVATIONS // each)

    def metrics(self, run: str | None) -> pd.DataFrame:
        """Return the run's metrics so far; only new rows are read."""
        if run is None:
            columns = ("step", "loss", "metric", "validation_loss", "validation_metric", "seconds")
            return pd.DataFrame({name: pd.Series(dtype="float64") for name in columns})
        known = self._metrics.get(run)
        new = self.store.metrics(run, since=int(known["step"].iloc[-1]) if known is not None else 0)
        if known is None or not len(known):
            known = new
        elif len(new):
            known = pd.concat([known, new], ignore_index=True)
        if len(known):
            self._metrics[run] = known
            self._metrics.move_to_end(run)
        while len(self._metrics) > 16:
            self._metrics.popitem(last=False)
        return known


def keep(cache: "OrderedDict[Any, Any]", key: Any, most: int, make: Callable[[], Any]) -> Any:
    """Return `cache[key]`, made if it is not there; the least used beyond `most` are dropped."""
    if key not in cache:
        cache[key] = make()
    cache.move_to_end(key)
    while len(cache) > most:
        cache.popitem(last=False)
    return cache[key]
