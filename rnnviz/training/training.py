"""A training from a script: its steps one after the other, or what came of all of them."""

import time
from dataclasses import dataclass, field
from typing import Self

import pandas as pd

from rnnviz.networks.model import Network
from rnnviz.settings import Settings
from rnnviz.tasks import Baseline, Task
from rnnviz.training.checkpoint import MEASURED, Checkpoint
from rnnviz.training.progress_bar import Bar
from rnnviz.training.trainer import Step, Trainer
from rnnviz.words import Words, t, tn
from rnnviz.words.numbers import number


@dataclass(frozen=True)
class Summary:
    """Say how a training went; `str` of it is a sentence.

    Attributes
    ----------
    settings : Settings
    history : DataFrame
        A row a step, indexed by it, with what a `Step` says: `loss`, `metric`, `gradient_norm`,
        `lr`, and `validation_loss` and `validation_metric`, NaN at steps without a validation.
    loss, metric : float
        Of the last validation; NaN if there was none.
    baseline : Baseline
        What a network scores that has learned nothing.
    seconds : float
        What the steps took.
    finished : bool
        Whether all steps are done, or early stopping ended them.
    model : Network
        As it is now.
    """

    settings: Settings
    history: pd.DataFrame = field(repr=False)
    loss: float
    metric: float
    baseline: Baseline
    seconds: float
    finished: bool
    model: Network = field(repr=False)
    said: Words = field(repr=False)

    def __str__(self) -> str:
        """Say in a sentence how it ended."""
        count = len(self.history)
        steps = tn("{count:,} step in {seconds:.3g} s", "{count:,} steps in {seconds:.3g} s", count,
                   seconds=self.seconds)  # fmt: skip
        if self.loss != self.loss:
            return t("{steps}, without a validation.", steps=steps)
        ended = t(
            "{steps}: loss {loss} on the validation set, where what has learned nothing has "
            "{baseline}.",
            steps=steps,
            loss=number(self.loss, 3),
            baseline=number(self.baseline.loss, 3),
        )
        return t("{ended} The {said}.", ended=ended, said=self.said) if self.said else ended


class Training:
    """The steps of a run: an iterator of `Step`, which `finish` brings to its end.

    Attributes
    ----------
    trainer : Trainer
        What does the steps; `trainer.checkpoint()` is the state after the newest.
    """

    def __init__(self, trainer: Trainer, progress: bool | None = None) -> None:
        self.trainer = trainer
        self._progress = progress
        self._bar: Bar | None = None
        self._rows: list[dict[str, float | None]] = []
        self._seconds = 0.0

    def __iter__(self) -> Self:
        """Return itself."""
        return self

    def __next__(self) -> Step:
        """Do one step.

        Raises
        ------
        DivergedError
            If the loss or the gradient is not finite.
        """
        if self.trainer.finished:
            self._close()
            raise StopIteration
        self._tell(bool(self._progress))
        begun = time.perf_counter()
        step = self.trainer.advance()
        self._seconds += time.perf_counter() - begun
        self._rows.append({name: getattr(step, name) for name in MEASURED})
        if self._bar:
            self._bar(step.step, t("loss {loss}", loss=number(step.loss, 4)))
        return step

    def finish(self, seconds: float | None = None) -> Summary:
        """Do all steps that are left, with a bar unless none is wanted, and say how it went.

        Parameters
        ----------
        seconds : float, optional
            Go no further once so much time is over; asked again, it goes on.

        Raises
        ------
        DivergedError
            If the loss or the gradient of a step is not finite.
        """
        self._tell(self._progress is not False)
        deadline = None if seconds is None else time.perf_counter() + seconds
        try:
            while not self.trainer.finished:
                if deadline is not None and time.perf_counter() >= deadline:
                    break
                next(self)
        finally:
            self._close()
        return self.summary

    @property
    def summary(self) -> Summary:
        """How it has gone so far."""
        history = pd.DataFrame(self._rows, columns=list(MEASURED)).set_index("step").astype(float)
        looked = history.dropna(subset="validation_loss")
        last = looked.iloc[-1] if len(looked) else {}
        nan = float("nan")
        return Summary(
            self.trainer.settings, history, float(last.get("validation_loss", nan)),
            float(last.get("validation_metric", nan)), self.trainer.task.baseline, self._seconds,
            self.trainer.finished, self.trainer.model, self.trainer.said,
        )  # fmt: skip

    def _tell(self, shown: bool) -> None:
        if shown and self._bar is None:
            self._bar = Bar("train", self.trainer.settings.steps)
            self._bar(self.trainer.step)

    def _close(self) -> None:
        if self._bar:
            self._bar.close()
            self._bar = None


def train(
    settings: Settings,
    checkpoint: Checkpoint | None = None,
    *,
    progress: bool | None = None,
    task: Task | None = None,
) -> Training:
    """Train from a script, step by step or to the end.

        for step in rnnviz.train(settings): ...         # what each step did
        print(rnnviz.train(settings).finish())          # all of them, with a bar

    Parameters
    ----------
    checkpoint : Checkpoint, optional
        After which step to begin; from the beginning if None.
    progress : bool, optional
        Whether to draw a bar, on a terminal and in a notebook. If not said, `finish` draws one and
        a loop does not, whose own lines it would tear apart.
    task : Task, optional
        As in `Trainer`.

    Raises
    ------
    RunError
        If the checkpoint is damaged or belongs to other settings.
    """
    return Training(Trainer(settings, checkpoint, task=task), progress)
