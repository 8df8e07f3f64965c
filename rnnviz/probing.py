"""Look into the network of a run at one step: everything on screen is a function of this."""

from typing import Literal

import torch
from torch import Tensor

from rnnviz.errors import TaskError
from rnnviz.model import build, load
from rnnviz.recording import record
from rnnviz.settings import Settings
from rnnviz.tasks import TASKS, Probe
from rnnviz.trace import Trace

LossAt = Literal["last", "all"] | int


def inspect(
    settings: Settings,
    weights: bytes | None = None,
    probe: Probe | None = None,
    *,
    loss_at: LossAt = "last",
    dtype: torch.dtype = torch.float32,
) -> Trace:
    """Record a probe running through the network of a run, forward and backward.

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

    Raises
    ------
    RunError
        If the weights are damaged or belong to other settings.
    TaskError
        If no answer is asked at that time step.
    """
    task = TASKS[settings.task](settings.length, settings.seed)
    probe = probe or task.probe()
    weight = _loss_weights(task.asked(probe.batch.targets), loss_at)
    model = build(settings) if weights is None else load(settings, weights)
    model.to(dtype).eval().requires_grad_(False)  # only the gradients of the signals are wanted
    with record(model, labels=probe.labels) as trace, torch.enable_grad():
        output, _ = model(in_type(probe.batch.inputs, dtype))
        losses = task.losses(output, in_type(probe.batch.targets, dtype))
        (losses * weight).sum().backward()
    return trace


def in_type(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Return numbers in another precision, and tokens as they are."""
    return x.to(dtype) if x.is_floating_point() else x


def _loss_weights(asked: Tensor, loss_at: LossAt) -> Tensor:
    """Return the weight of each step's loss in its sample's loss: (time, batch)."""
    if loss_at == "all":
        return asked / asked.sum(0).clamp(min=1)
    if loss_at == "last":
        # The last asked step is the one up to which all answers have been counted.
        return (asked & (asked.cumsum(0) == asked.sum(0))).float()
    if not 0 <= loss_at < len(asked) or not asked[loss_at].any():
        steps = asked.any(1).nonzero().flatten().tolist()
        raise TaskError(
            f"No answer is asked at time step {loss_at}: "
            f"choose one from {steps[0]} to {steps[-1]}, such as {steps[-1]}."
        )
    weight = torch.zeros(asked.shape)
    weight[loss_at] = asked[loss_at]
    return weight
