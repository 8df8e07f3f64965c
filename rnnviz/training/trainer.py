"""Training yields steps; who draws or stores them decides when to ask for the next one."""

import math
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_value_, get_total_norm

from rnnviz.errors import DivergedError, RunError
from rnnviz.networks.model import Network, State, build, load, read_tensors, save, seeded
from rnnviz.networks.translator import Translator
from rnnviz.refusals import MOST_ACTIVATIONS
from rnnviz.settings import VALIDATE_EVERY, Settings
from rnnviz.tasks import Batch, Task, task_of
from rnnviz.training.checkpoint import CARRIED, Checkpoint
from rnnviz.training.early_stopping import Stopping
from rnnviz.training.optimizers import (
    load_optimizer,
    make_optimizer,
    rate_factor,
    save_optimizer,
    scheduled,
)
from rnnviz.words import Words


@dataclass(frozen=True)
class Step:
    """Say what one update of the weights did; steps are counted from 1.

    Loss, metric and gradient norm are those of the step's batch before its update; the norm is
    that of the whole gradient before clipping. The validation figures belong to the weights after
    the update, as the checkpoint of this step holds them, and are None at most steps. Where early
    stopping restores the best weights at the last step, they belong to those.
    """

    step: int
    loss: float
    metric: float
    gradient_norm: float
    clipped: bool
    lr: float
    validation_loss: float | None
    validation_metric: float | None
    model: Network = field(repr=False)


class Trainer:
    """Train the network of settings, one step at a time.

    The randomness of a step (its data, its dropout) comes from the seed and the step's number
    alone, so a checkpoint holds no random state.

    With a truncation of k, the sequence is run in pieces of k steps from its beginning on, the
    last one perhaps shorter. The state goes on from piece to piece, the gradient does not: the
    loss of a step reaches back to the first step of its own piece. Losses are those of the whole
    sequence, but for rounding, and the gradients of all pieces are added up for the one update
    of the step (truncated back-propagation through time: BPTT(k; k) of Williams, Peng 1990, with
    the update at the end of the sequence). Validation knows no truncation, nor do translations.

    With `stateful`, a batch begins with the state that the one before ended with, until a round
    through the text is over; no gradient goes that way.

    Parameters
    ----------
    settings : Settings
    checkpoint : Checkpoint, optional
        Where to go on; from the beginning if None.
    since : int
        The step after which the settings took over, where others were there before.
    task : Task, optional
        That of the settings; `task_of(settings)`, which finds a script's own data, if None.

    Raises
    ------
    RunError
        If the checkpoint is damaged or belongs to other settings.
    """

    def __init__(
        self,
        settings: Settings,
        checkpoint: Checkpoint | None = None,
        since: int = 0,
        *,
        task: Task | None = None,
    ) -> None:
        self.settings = settings
        self._since = since
        self.task = task = task or task_of(settings)
        self.step = 0
        self.model = (
            build(settings, task)
            if checkpoint is None
            else load(settings, checkpoint.weights, task)
        )
        self.model.eval()
        self._parameters = list(self.model.parameters())
        self._optimizer = make_optimizer(self._parameters, settings)
        self._best = Stopping(settings.patience)
        self._state: State | None = None  # where the next batch goes on, with `stateful`
        if checkpoint is not None:
            self.step = checkpoint.step
            more = load_optimizer(self._optimizer, self.model, checkpoint.optimizer)
            self._best.read(more, checkpoint.weights, checkpoint.optimizer)
            state = [more[name] for name in CARRIED if name in more]
            if state:
                self._state = state[0] if len(state) == 1 else (state[0], state[1])
        self._validation = self.task.validation()

    @property
    def lr(self) -> float:
        """The learning rate, before its schedule; setting it takes effect at the next step."""
        lr: float = self._optimizer.param_groups[0]["lr"]
        return lr

    @lr.setter
    def lr(self, lr: float) -> None:
        self._optimizer.param_groups[0]["lr"] = self.settings.replace(lr=lr).lr

    @property
    def finished(self) -> bool:
        """Whether all steps of the settings are done, or training was stopped early."""
        return self.step >= self.settings.steps or self._best.ended

    @property
    def said(self) -> Words:
        """Which weights the run ended with, in a few words; "" where they are the last step's."""
        return self._best.said(self.step, self.settings.steps)

    @property
    def best(self) -> Checkpoint | None:
        """The state after the step with the lowest validation loss, where `patience` looks for it.

        None before the first validation.
        """
        best = self._best
        return Checkpoint(best.step, best.weights, best.optimizer) if best.step else None

    def advance(self) -> Step:
        """Do one step.

        Raises
        ------
        DivergedError
            If the loss or the gradient is not finite; the weights are as before the step. If the
            loss on the validation set is not: they are as after it.
        RunError
            If all steps are done.
        """
        if self.finished:
            if self.step < self.settings.steps:
                raise RunError(
                    "Training stopped early ({said}): raise `patience` to go on for longer.",
                    said=self.said,
                )
            raise RunError(
                "All {steps} steps are done: raise `steps` to go on.", steps=self.settings.steps
            )
        step = self.step + 1
        batch, begin = self._batch(step)
        output, end = self._forward(batch, step, begin)
        loss = self.task.mean_loss(output, batch.targets)
        for parameter in self._parameters:
            parameter.grad = None  # as zero_grad does, which takes 3 % of a small network's step
        loss.backward()
        _check_finite(loss.item(), Words("loss"), step)
        norm, clipped = clip_gradients(self._parameters, self.settings.clip, self.settings.clip_by)
        _check_finite(norm, Words("gradient"), step)
        with scheduled(self._optimizer, rate_factor(self.settings, step, self._since)):
            self._optimizer.step()
        self.step = step
        self._state = end if self.settings.stateful else None

        validation_loss = validation_metric = None
        if step % VALIDATE_EVERY == 0 or self.finished:
            validation_loss, validation_metric = self._validate()
            if self.settings.patience:
                validation_loss, validation_metric = self._wait(validation_loss, validation_metric)
        metric = self.task.metric(output.detach(), batch)
        return Step(
            step=step,
            loss=loss.item(),
            metric=metric,
            gradient_norm=norm,
            clipped=clipped,
            lr=self.lr,
            validation_loss=validation_loss,
            validation_metric=validation_metric,
            model=self.model,
        )

    def checkpoint(self) -> Checkpoint:
        """Return the state after the newest step."""
        more = self._best.tensors(self.step)
        if self._state is not None:
            parts = (self._state,) if isinstance(self._state, Tensor) else self._state
            more |= dict(zip(CARRIED, parts, strict=False))
        optimizer = save_optimizer(self._optimizer, self.model, more)
        return Checkpoint(self.step, save(self.model), optimizer)

    def _batch(self, step: int) -> tuple[Batch, State | None]:
        """Return the sequences of a step, and the state that they begin with, None for zero."""
        if not self.settings.stateful:
            return self.task.batch(self.settings.batch, step), None
        batch, anew = self.task.continued(self.settings.batch, step)
        return batch, None if anew else self._state

    def _forward(self, batch: Batch, step: int, state: State | None = None) -> tuple[Tensor, State]:
        """Run the network, in training mode where that means anything: its dropout, its teacher.

        Returns the answers, and the last state, through which no gradient flows.
        """
        if not self.model.random_in_training:
            return self._in_pieces(batch, step, state)
        self.model.train()
        try:
            with seeded(self.settings.seed, step):
                return self._in_pieces(batch, step, state)
        finally:
            self.model.eval()

    def _in_pieces(self, batch: Batch, step: int, state: State | None) -> tuple[Tensor, State]:
        """Run the network so that no gradient leaves a piece of the sequence.

        With masks for whole sequences each piece draws those of the step again.
        """
        again = self.model.training and self.settings.dropout_kind != "step"
        pieces = batch.inputs.split(self.settings.truncation or len(batch.inputs))
        if len(pieces) == 1 or isinstance(self.model, Translator):  # its source is not cut off
            output, state = self.model(batch.inputs, state, batch.lengths)
            return output, _detached(state)
        parts: list[Tensor] = []
        for piece in pieces:
            with seeded(self.settings.seed, step) if again else nullcontext():
                hidden, state = self.model.states(piece, state)
            state = _detached(state)
            parts.append(hidden)
        assert state is not None
        if self.model.reads == "mean":
            return self.model.answers(torch.cat(parts)), state
        return torch.cat([self.model.answers(part) for part in parts]), state

    def _wait(self, loss: float, metric: float) -> tuple[float, float]:
        """Keep the best state, or wait for a better one no longer: it is restored.

        Returns the figures of the weights that there are then.
        """
        best = self._best
        if best.better(self.step, loss, metric):
            kept = self.checkpoint()
            best.weights, best.optimizer = kept.weights, kept.optimizer
        if not (best.impatient or self.step >= self.settings.steps):
            return loss, metric
        best.ended = True
        lr = self.lr
        self.model.load_state_dict(read_tensors(best.weights))
        load_optimizer(self._optimizer, self.model, best.optimizer)
        self._optimizer.param_groups[0]["lr"] = lr
        return best.loss, best.metric

    @torch.inference_mode()
    def _validate(self) -> tuple[float, float]:
        # In parts that take no more memory than training may.
        settings, batch = self.settings, self._validation
        one = self.task.steps * settings.units
        size = max(1, MOST_ACTIVATIONS // one)
        parts = batch.inputs.split(size, dim=1)
        lengths = [None] * len(parts) if batch.lengths is None else batch.lengths.split(size)
        outputs = [
            self.model(part, lengths=each)[0] for part, each in zip(parts, lengths, strict=True)
        ]
        output = torch.cat(outputs, dim=1)
        loss = self.task.mean_loss(output, self._validation.targets).item()
        _check_finite(loss, Words("loss on the validation set"), self.step)
        return loss, self.task.metric(output, self._validation)


def clip_gradients(
    parameters: Iterable[nn.Parameter], limit: float, by: str = "norm"
) -> tuple[float, bool]:
    """Bring the gradient within a limit (0: leave it as it is).

    Parameters
    ----------
    by : "norm" or "value"
        Scale the whole gradient so that its norm is at most the limit (Pascanu, Mikolov, Bengio
        2013, algorithm 1), or cut each of its numbers to [-limit, limit] (Mikolov 2012).

    Returns
    -------
    float, bool
        Its norm before that, over all parameters together, and whether anything was changed.
    """
    held = [parameter for parameter in parameters if parameter.grad is not None]
    gradients = [parameter.grad for parameter in held if parameter.grad is not None]
    norm = get_total_norm(gradients).item()
    if by == "value":
        clipped = 0 < limit < get_total_norm(gradients, math.inf).item()
        if clipped:
            clip_grad_value_(held, limit)
        return norm, clipped
    clipped = 0 < limit < norm
    if clipped:
        # not clip_grads_with_norm_, which divides by norm + 1e-6: the norm would miss the limit
        for gradient in gradients:
            gradient.mul_(limit / norm)
    return norm, clipped


def _detached(state: State) -> State:
    return state.detach() if isinstance(state, Tensor) else (state[0].detach(), state[1].detach())


def _check_finite(value: float, name: Words, step: int) -> None:
    if not math.isfinite(value):
        became = Words("not a number") if math.isnan(value) else Words("infinite")
        raise DivergedError(
            step,
            Words(
                "The {name} became {became} at step {step}: "
                "lower the learning rate or clip the gradient.",
                name=name,
                became=became,
                step=step,
            ),
        )
