"""Look into the network of a run at one step: everything on screen is a function of this."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from rnnviz.errors import TaskError
from rnnviz.networks.model import build, load
from rnnviz.recording.clamp_text import Clamp
from rnnviz.recording.record import record
from rnnviz.recording.trace import Trace
from rnnviz.settings import Settings
from rnnviz.tasks import Probe, Task, task_of

LossAt = Literal["last", "all"] | int


@dataclass(frozen=True)
class Seen:
    """What is seen of a probe that ran through a network.

    Attributes
    ----------
    trace : Trace
        Gates, states, and the gradients of each sample's own loss.
    probe : Probe
        What went in.
    outputs : ndarray (time, batch, output)
        The network's answers: numbers, or the score of each class before the softmax.
    losses : ndarray (time, batch)
        Loss at each step, 0 where no answer is asked.
    asked : ndarray (time, batch) of bool
        Where one is.
    task : Task
        Whose words and units the answers have.
    """

    trace: Trace
    probe: Probe
    outputs: np.ndarray
    losses: np.ndarray
    asked: np.ndarray
    task: Task

    @property
    def nbytes(self) -> int:
        """Size of all arrays in bytes."""
        return self.trace.nbytes + self.outputs.nbytes + self.losses.nbytes + self.asked.nbytes


def look(
    settings: Settings,
    weights: bytes | None = None,
    probe: Probe | None = None,
    *,
    loss_at: LossAt = "last",
    dtype: torch.dtype = torch.float32,
    clamps: Sequence[Clamp] = (),
    task: Task | None = None,
) -> Seen:
    """Run a probe through the network of a run, forward and backward, and note all of it.

    The gradients are those of each sample's own loss; samples do not see each other.

    Parameters
    ----------
    settings : Settings
    weights : bytes, optional
        Of a checkpoint; the untrained network if None.
    probe : Probe, optional
        The task's own if None.
    loss_at : "last", "all" or int
        Which answers the loss is about: the last one asked of each sample, the mean over all that
        are asked, or the one at this time step.
    dtype : torch.dtype
        What to compute in: float64 also shows gradients below 1e-45.
    clamps : sequence of Clamp
        What is changed in the network while it runs; a later one changes what an earlier gave.
    task : Task, optional
        That of the settings; `task_of(settings)`, which finds a script's own data, if None.

    Raises
    ------
    RunError
        If the weights are damaged or belong to other settings.
    TaskError
        If no answer is asked at that time step.
    ClampError
        If the network has nothing that a clamp is about.
    """
    task = task or task_of(settings)
    probe = probe or task.probe()
    asked = task.asked(probe.batch.targets)
    weight = loss_weights(asked, loss_at)
    model = build(settings, task) if weights is None else load(settings, weights, task)
    model.to(dtype).eval().requires_grad_(False)  # only the gradients of the signals are wanted
    inputs, targets = (in_type(x, dtype) for x in (probe.batch.inputs, probe.batch.targets))
    plain = None
    if any(clamp.how == "mean" for clamp in clamps):
        with record(model, gradients=False, weights=False) as plain:
            model(inputs)
    with (
        record(model, weights=False, labels=probe.labels) as trace,
        torch.enable_grad(),
        ExitStack() as changes,
    ):
        for clamp in clamps:
            changes.enter_context(clamp.attach(model, plain))
        output, _ = model(inputs)
        losses = task.losses(output, targets)
        (losses * weight).sum().backward()
    outputs, lost, where = (x.detach().numpy() for x in (output, losses, asked))
    return Seen(trace, probe, outputs, lost, where, task)


def inspect(
    settings: Settings,
    weights: bytes | None = None,
    probe: Probe | None = None,
    *,
    loss_at: LossAt = "last",
    dtype: torch.dtype = torch.float32,
    clamps: Sequence[Clamp] = (),
    task: Task | None = None,
) -> Trace:
    """Return the trace of a probe in the network of a run: what `look` sees inside."""
    return look(
        settings, weights, probe, loss_at=loss_at, dtype=dtype, clamps=clamps, task=task
    ).trace


def in_type(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Return numbers in another precision, and tokens as they are."""
    return x.to(dtype) if x.is_floating_point() else x


def loss_weights(asked: Tensor, loss_at: LossAt) -> Tensor:
    """Return the weight of each step's loss in its sample's loss: (time, batch)."""
    if loss_at == "all":
        return asked / asked.sum(0).clamp(min=1)
    if loss_at == "last":
        # The last asked step is the one up to which all answers have been counted.
        return (asked & (asked.cumsum(0) == asked.sum(0))).float()
    if not 0 <= loss_at < len(asked) or not asked[loss_at].any():
        steps = asked.any(1).nonzero().flatten().tolist()
        raise TaskError(
            "No answer is asked at time step {time}: "
            "choose one from {first} to {last}, such as {last}.",
            time=loss_at,
            first=steps[0],
            last=steps[-1],
        )
    weight = torch.zeros(asked.shape)
    weight[loss_at] = asked[loss_at]
    return weight
