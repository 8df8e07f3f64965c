"""Training yields steps; who draws or stores them decides when to ask for the next one."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from rnnviz.errors import DivergedError, RunError
from rnnviz.model import SequenceModel, build, load, save, seeded
from rnnviz.optimizers import (
    load_optimizer,
    make_optimizer,
    rate_factor,
    save_optimizer,
    scheduled,
)
from rnnviz.settings import MOST_ACTIVATIONS, VALIDATE_EVERY, Settings
from rnnviz.tasks import task_of


@dataclass(frozen=True)
class Step:
    """Say what one update of the weights did; steps are counted from 1.

    Loss, metric and gradient norm are those of the step's batch before its update; the norm is
    that of the whole gradient before clipping. The validation figures belong to the weights after
    the update, as the checkpoint of this step holds them, and are None at most steps.
    """

    step: int
    loss: float
    metric: float
    gradient_norm: float
    clipped: bool
    lr: float
    validation_loss: float | None
    validation_metric: float | None
    model: SequenceModel = field(repr=False)


@dataclass(frozen=True)
class Checkpoint:
    """Hold all that is needed to go on after a step, bit for bit; step 0 is untrained.

    weights, optimizer : safetensors bytes
    """

    step: int
    weights: bytes
    optimizer: bytes


class Trainer:
    """Train the network of settings, one step at a time.

    The randomness of a step (its data, its dropout) comes from the seed and the step's number
    alone, so a checkpoint holds no random state.

    With a truncation of k, the sequence is run in pieces of k steps from its beginning on, the
    last one perhaps shorter. The state goes on from piece to piece, the gradient does not: the
    loss of a step reaches back to the first step of its own piece. Losses are those of the whole
    sequence, but for rounding, and the gradients of all pieces are added up for the one update
    of the step (truncated back-propagation through time: BPTT(k; k) of Williams, Peng 1990, with
    the update at the end of the sequence). Validation knows no truncation.

    Parameters
    ----------
    settings : Settings
    checkpoint : Checkpoint, optional
        Where to go on; from the beginning if None.

    Raises
    ------
    RunError
        If the checkpoint is damaged or belongs to other settings.
    """

    def __init__(self, settings: Settings, checkpoint: Checkpoint | None = None) -> None:
        self.settings = settings
        self.task = task_of(settings)
        self.step = 0
        self.model = build(settings) if checkpoint is None else load(settings, checkpoint.weights)
        self.model.eval()
        self._parameters = list(self.model.parameters())
        self._optimizer = make_optimizer(self._parameters, settings)
        if checkpoint is not None:
            self.step = checkpoint.step
            load_optimizer(self._optimizer, self.model, checkpoint.optimizer)
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
        """Whether all steps of the settings are done."""
        return self.step >= self.settings.steps

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
            raise RunError(f"All {self.settings.steps} steps are done: raise `steps` to go on.")
        step = self.step + 1
        batch = self.task.batch(self.settings.batch, step)
        output = self._forward(batch.inputs, step)
        loss = self.task.mean_loss(output, batch.targets)
        for parameter in self._parameters:
            parameter.grad = None  # as zero_grad does, which takes 3 % of a small network's step
        loss.backward()
        _check_finite(loss.item(), "loss", step)
        norm, clipped = clip_gradients(self._parameters, self.settings.clip)
        _check_finite(norm, "gradient", step)
        with scheduled(self._optimizer, rate_factor(self.settings, step)):
            self._optimizer.step()
        self.step = step

        validation_loss = validation_metric = None
        if step % VALIDATE_EVERY == 0 or self.finished:
            validation_loss, validation_metric = self._validate()
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
        return Checkpoint(self.step, save(self.model), save_optimizer(self._optimizer, self.model))

    def _forward(self, inputs: Tensor, step: int) -> Tensor:
        """Run the network, in training mode where that means anything: with its step's dropout."""
        if self.model.rnn.dropout == 0:
            return self._in_pieces(inputs)
        self.model.train()
        try:
            with seeded(self.settings.seed, step):
                output = self._in_pieces(inputs)
        finally:
            self.model.eval()
        return output

    def _in_pieces(self, inputs: Tensor) -> Tensor:
        """Run the network so that no gradient leaves a piece of the sequence."""
        outputs, state = [], None
        for piece in inputs.split(self.settings.truncation or len(inputs)):
            output, state = self.model(piece, state)
            state = (
                state.detach() if isinstance(state, Tensor) else tuple(s.detach() for s in state)
            )
            outputs.append(output)
        return outputs[0] if len(outputs) == 1 else torch.cat(outputs)

    @torch.inference_mode()
    def _validate(self) -> tuple[float, float]:
        # In parts that take no more memory than training may.
        one = self.task.steps * self.settings.hidden * self.settings.layers
        parts = self._validation.inputs.split(max(1, MOST_ACTIVATIONS // one), dim=1)
        output = torch.cat([self.model(part)[0] for part in parts], dim=1)
        loss = self.task.mean_loss(output, self._validation.targets).item()
        _check_finite(loss, "loss on the validation set", self.step)
        return loss, self.task.metric(output, self._validation)


def train(settings: Settings, checkpoint: Checkpoint | None = None) -> Iterator[Step]:
    """Yield the steps of a run, from the beginning or from after a checkpoint.

    Raises
    ------
    DivergedError
        If the loss or the gradient of a step is not finite.
    RunError
        If the checkpoint is damaged or belongs to other settings.
    """
    trainer = Trainer(settings, checkpoint)
    while not trainer.finished:
        yield trainer.advance()


def clip_gradients(parameters: Iterable[nn.Parameter], limit: float) -> tuple[float, bool]:
    """Scale the gradient so that its norm is at most a limit (0: leave it as it is).

    Returns its norm before that, over all parameters together, and whether it was above the limit
    (Pascanu, Mikolov, Bengio 2013, algorithm 1).
    """
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients))).item()
    clipped = 0 < limit < norm
    if clipped:
        torch._foreach_mul_(gradients, limit / norm)
    return norm, clipped


def _check_finite(value: float, name: str, step: int) -> None:
    if not math.isfinite(value):
        became = "not a number" if math.isnan(value) else "infinite"
        raise DivergedError(
            step,
            f"The {name} became {became} at step {step}: "
            "lower the learning rate or clip the gradient.",
        )
