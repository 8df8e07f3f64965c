"""watch(): see a training of one's own in the app while it runs, in whatever loop it is written.

    with rnnviz.watch(model, every=50) as watch:
        for x, y in batches:
            ...
            loss.backward()
            optimizer.step()
            watch.step(loss)

The loss of every step, and a trace of every 50th, go into the run store; a server of the same store
shows them as they come. For PyTorch Lightning there is `rnnviz.lightning_watch`.
"""

import contextlib
import logging
import math
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self, TypeVar

import torch
from torch import Tensor, nn

from rnnviz.errors import RecordingError, RnnvizError
from rnnviz.recording.packed_trace import pack_trace
from rnnviz.recording.record import record, recurrent_parts
from rnnviz.recording.trace import Trace
from rnnviz.store.run_store import RunStore
from rnnviz.store.states import State

FLUSH = 0.5
"""Seconds between two writes to the store."""
SAMPLES = 8
"""Samples of a training batch that are kept in a trace."""
T = TypeVar("T")
_log = logging.getLogger(__name__)


class Watch:
    """Keep the loss of every step of a training, and a trace of some.

    What the recurrent layers do in the user's own forward and backward pass is recorded, of the
    first samples of the batch; passes without gradients (a validation) are left out. A step that
    is recorded takes longer than others; no number of it changes by a bit.

    Parameters
    ----------
    model : nn.Module
        What is trained, with recurrent layers in it.
    every : int
        Steps between two traces; the first step is recorded, too.
    name : str
        What the app calls it; the model's class if not given.
    probe : callable, optional
        Returns the loss of a fixed input, ``lambda: loss_function(model(x), y)``: then that is
        recorded, in eval mode, and the training steps themselves are left alone. The gradients
        and the random numbers of the training stay as they were.
    labels : sequence (sample) of sequences (time), optional
        What goes into the probe at each time step.
    store : str, optional
        The run store's URL; the one in the user's data folder if not given.
    by_hand : bool
        Whether recording begins only when `arm` is called, at the beginning of each step.

    Raises
    ------
    RecordingError
        If the model holds nothing that can be recorded.
    StoreError
        If the store cannot be opened. If it cannot be written later, the training goes on, and a
        warning is logged once.
    """

    def __init__(
        self,
        model: nn.Module,
        every: int = 50,
        *,
        name: str = "",
        probe: Callable[[], Tensor] | None = None,
        labels: Iterable[Iterable[object]] | None = None,
        store: str | None = None,
        by_hand: bool = False,
    ) -> None:
        if every < 1:
            raise RecordingError("every = {every}: record every step (1) or fewer.", every=every)
        recurrent_parts(model)  # says at once if there is nothing to record
        self.model = model
        self.every = every
        self.probe = probe
        self.labels = None if labels is None else [list(row) for row in labels]
        self.last = 0
        """The last step that ended."""
        self._recording: AbstractContextManager[Trace] | None = None
        self._trace: Trace | None = None
        self._losses: list[tuple[int, float | None, float]] = []
        self._by_hand = by_hand
        self._warned = self._closed = False
        self._begun = self._flushed = time.monotonic()
        self._store = RunStore(store)
        self.url = self._store.url
        self.id = self._store.traces.begin(name or type(model).__name__)
        if probe is not None:
            self._note(0, self._probed())
        if not by_hand:
            self.arm()

    def arm(self) -> None:
        """Begin to record if the next step's turn has come; `step` does so by itself."""
        if self.probe is None and self._recording is None and self._due(self.last + 1):
            self._recording = record(self.model, validation=False, labels=self.labels, beside=True)
            self._trace = self._recording.__enter__()

    def step(self, loss: Tensor | float) -> None:
        """Say that a training step has ended, with its loss; after ``loss.backward()``.

        Parameters
        ----------
        loss : Tensor or float
            One number; it is noted and not changed.
        """
        self.last += 1
        value = float(loss.detach()) if isinstance(loss, Tensor) else float(loss)
        seconds = time.monotonic() - self._begun
        self._losses.append((self.last, value if math.isfinite(value) else None, seconds))
        found = None
        if self._recording is not None:
            found = self._recorded()
        elif self.probe is not None and self._due(self.last):
            found = self._probed()
        self._note(self.last, found)
        if not self._by_hand:
            self.arm()

    def close(self, error: BaseException | None = None) -> None:
        """End the watch; the model is as it was before. Leaving the ``with`` does it."""
        if self._closed:
            return
        self._closed = True
        if self._recording is not None:  # a step that did not end
            recording, self._recording = self._recording, None
            with contextlib.suppress(_Unended):
                unended = _Unended()
                recording.__exit__(_Unended, unended, None)
        self._note(self.last, None, at_once=True)
        state, reason = State.FINISHED, ""
        if error is not None:
            lines = str(error).strip().splitlines() or [""]
            state, reason = State.FAILED, f"{type(error).__name__}: {lines[0]}"[:200]
        self._attempt(lambda: self._store.traces.end(self.id, state, reason))
        self._store.close()

    def __enter__(self) -> Self:
        """Watch until the block ends."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the watch, and say if the training ended with an error."""
        self.close(error)

    def _due(self, step: int) -> bool:
        return step == 1 or step % self.every == 0

    def _recorded(self) -> bytes | None:
        """End the recording of a training step; return it as a file."""
        recording, trace = self._recording, self._trace
        assert recording is not None and trace is not None
        self._recording = self._trace = None

        def pack() -> bytes:
            recording.__exit__(None, None, None)
            return pack_trace(trace.first(SAMPLES))

        return self._attempt(pack)

    def _probed(self) -> bytes | None:
        """Record the probe, and leave modes, gradients and random numbers as they were."""
        assert self.probe is not None
        parameters = list(self.model.parameters())
        gradients = [parameter.grad for parameter in parameters]
        modes = [(module, module.training) for module in self.model.modules()]
        for parameter in parameters:
            parameter.grad = None
        try:
            self.model.eval()
            with (
                torch.random.fork_rng(devices=[]),
                torch.enable_grad(),
                record(self.model, labels=self.labels) as trace,
            ):
                self.probe().backward()
        finally:
            for module, training in modes:
                module.training = training
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.grad = gradient
        return self._attempt(lambda: pack_trace(trace))

    def _note(self, step: int, found: bytes | None, at_once: bool = False) -> None:
        """Write what is new to the store, if there is a trace or it is time."""
        now = time.monotonic()
        if found is None and not at_once and now - self._flushed < FLUSH:
            return
        self._flushed = now
        moment = None if found is None else (step, found)
        losses = self._losses.copy()
        self._losses.clear()
        if losses or moment:
            self._attempt(lambda: self._store.traces.add(self.id, losses, moment))

    def _attempt(self, action: Callable[[], T]) -> T | None:
        """Do it; if it cannot be done, warn once: a training does not end for its pictures."""
        try:
            return action()
        except RnnvizError as error:
            if not self._warned:
                _log.warning("The training goes on, but is not watched as it should: %s", error)
            self._warned = True
            return None


watch = Watch
"""``with rnnviz.watch(model) as watch:``."""


class _Unended(Exception):
    """Ends the recording of a step that did not end."""
