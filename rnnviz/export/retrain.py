"""Draw a view of a network again from its settings alone: train it, then draw."""

import tempfile
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import plotly.graph_objects as go

from rnnviz.engine.compare import OWNER, trained_study
from rnnviz.export.shown import drawing, finished
from rnnviz.looks import draw_scene
from rnnviz.plan import Plan
from rnnviz.plots.style import FigureDict
from rnnviz.recording.packed_trace import shown_part
from rnnviz.recording.trace import Trace
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.tasks import task_of
from rnnviz.training.checkpoint import MEASURED
from rnnviz.training.checkpoint_check import carried
from rnnviz.training.trainer import Trainer
from rnnviz.views import Choice, Gallery, Scene
from rnnviz.views.recorded import Recorded


def redraw(
    view: str,
    settings: Settings | Plan | Trace,
    *,
    step: int = 0,
    choice: Mapping[str, str] | None = None,
    rates: Mapping[int, float] | None = None,
    kept: Collection[int] = (),
    trained: int = 0,
    phases: Mapping[int, Settings] | None = None,
    workers: int | None = None,
) -> "go.Figure | FigureDict":
    """Return a view as the screen shows it, of a network that is trained for it now.

    The drawn cell of the view "anatomy" comes as a dict, which `save` and `render` take.

    Parameters
    ----------
    view : str
        A key of `rnnviz.looks.VIEWS`.
    settings : Settings, Plan or Trace
        Of the run, or the plan of the study; or a trace, which is looked at as it is.
    step : int
        The training step to look at; 0 is untrained.
    choice : mapping, optional
        Layer, signal, sample, ...: the view's query.
    rates : mapping, optional
        Training step -> learning rate from that step on, where it is not that of the settings.
    kept : collection of int
        The checkpoints of a view over training.
    trained : int
        The last step of a learning curve, where it is later than `step`.
    phases : mapping, optional
        Training step -> settings from there on, of a run that goes on from another one; the last
        of them are `settings`.
    workers : int, optional
        Processes that train a study, as in `rnnviz.compare`.

    Raises
    ------
    ExportError
        If the view has no figure.
    DivergedError, RunError
        As training and the view do.
    """
    if isinstance(settings, Plan):
        asked = Choice.of(dict(choice or {}))
        with trained_study(settings, workers=workers) as (store, study):
            return _figure(drawing(Gallery(store), view, study, None, asked))
    if isinstance(settings, Trace):
        return _of_trace(view, settings, Choice.of(dict(choice or {})))
    with Retrained(settings, {step, *kept}, trained=trained, rates=rates, phases=phases) as again:
        return again.figure(view, step=step, choice=choice)


class Retrained:
    """A network that is trained once more, to draw several of its views.

    Data of one's own are those that this script has brought with `rnnviz.add_data`.

    Parameters
    ----------
    settings : Settings
    kept : collection of int
        The training steps to look at; step 0, untrained, is always one of them.
    trained : int
        The last step of a learning curve, where it is later than those.
    rates : mapping, optional
        Training step -> learning rate from that step on, where it is not that of the settings.
    phases : mapping, optional
        Training step -> settings from there on, as in `redraw`.

    Raises
    ------
    DivergedError
        As training does.
    """

    def __init__(
        self,
        settings: Settings,
        kept: Collection[int],
        *,
        trained: int = 0,
        rates: Mapping[int, float] | None = None,
        phases: Mapping[int, Settings] | None = None,
    ) -> None:
        last = max([0, trained, *kept])
        self.settings = settings
        self._folder = tempfile.TemporaryDirectory(prefix="rnnviz-")
        self._store = RunStore(f"sqlite:///{Path(self._folder.name) / 'runs.db'}")
        try:
            self._store.data.bring([settings.data])
            self._run = self._store.runs.create(settings, OWNER) if last else None
            if self._run:
                parts = phases or {0: settings}
                _train(self._store, self._run, parts, {0, *kept}, last, rates or {})
        except BaseException:
            self.close()
            raise
        self._gallery = Gallery(self._store)

    def figure(
        self, view: str, *, step: int = 0, choice: Mapping[str, str] | None = None
    ) -> "go.Figure | FigureDict":
        """Return a view at a training step, as `redraw` does.

        Raises
        ------
        ExportError, RunError
            If the view has no figure, or cannot be drawn.
        """
        asked = Choice.of(dict(choice or {}))
        if self._run is None:
            return _figure(drawing(self._gallery, view, None, self.settings, asked))
        return _figure(drawing(self._gallery, view, self._run, None, replace(asked, step=step)))

    def close(self) -> None:
        """Forget the network."""
        self._store.close()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        """Use it for the time of a `with`."""
        return self

    def __exit__(self, *error: object) -> None:
        """Forget the network."""
        self.close()


def _of_trace(view: str, trace: Trace, asked: Choice) -> "go.Figure | FigureDict":
    shown = shown_part(trace)
    scene = Scene(Gallery(), Recorded(lambda moment: shown), asked)
    return _figure(finished(lambda: draw_scene(view, scene), asked))


def _figure(drawn: FigureDict) -> "go.Figure | FigureDict":
    return drawn if "anatomy" in drawn else go.Figure(drawn)


def _train(
    store: RunStore, run: str, parts: Mapping[int, Settings], kept: set[int], last: int,
    rates: Mapping[int, float],
) -> None:  # fmt: skip
    trainer = Trainer(parts[0], task=task_of(parts[0], store.data))
    rows: list[dict[str, Any]] = []
    store.queue.record(run, [], trainer.checkpoint())
    while trainer.step < last:
        if trainer.step and trainer.step in parts:
            trainer = _gone_on(trainer, parts[trainer.step], store)
        if trainer.step + 1 in rates:
            trainer.lr = rates[trainer.step + 1]
        done = trainer.advance()
        rows.append({name: getattr(done, name) for name in MEASURED} | {"seconds": 0.0})
        if done.step in kept or done.step == last:
            store.queue.record(run, rows, trainer.checkpoint() if done.step in kept else None)
            rows.clear()


def _gone_on(trainer: Trainer, settings: Settings, store: RunStore) -> Trainer:
    """Return a trainer that goes on with other settings, as a branch does."""
    start, task = trainer.checkpoint(), task_of(settings, store.data)
    start = replace(start, optimizer=carried(settings, start, task))
    return Trainer(settings, start, start.step, task=task)
