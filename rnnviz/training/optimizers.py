"""How a gradient becomes a change of the weights: optimizers, schedules, their state as bytes."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import safetensors.torch
import torch
from torch import Tensor, nn

from rnnviz.errors import RunError
from rnnviz.networks.model import read_tensors
from rnnviz.settings import Settings

MORE = "run"
"""Under which name what is not the optimizer's stands beside its state."""


def make_optimizer(parameters: list[nn.Parameter], settings: Settings) -> torch.optim.Optimizer:
    """Return the optimizer of settings.

    Adam (Kingma, Ba 2015), AdamW (Loshchilov, Hutter 2019), SGD with momentum (torch's form), or
    RMSprop (Hinton 2012). Weight decay is L2 in all but AdamW, where it is decoupled.
    """
    # fused and foreach: one call for all parameters, which matters for small networks.
    lr, decay = settings.lr, settings.weight_decay
    if settings.optimizer == "adam":
        return torch.optim.Adam(parameters, lr, weight_decay=decay, fused=True)
    if settings.optimizer == "adamw":
        return torch.optim.AdamW(parameters, lr, weight_decay=decay, fused=True)
    if settings.optimizer == "sgd":
        return torch.optim.SGD(
            parameters, lr, momentum=settings.momentum, weight_decay=decay, fused=True
        )
    return torch.optim.RMSprop(parameters, lr, weight_decay=decay, foreach=True)


def rate_factor(settings: Settings, step: int, since: int = 0) -> float:
    """Return what the schedule multiplies the learning rate of a step with; steps count from 1.

    Over the warm-up it rises in equal parts to 1 (Goyal et al. 2017). After that it stays
    ("constant"), or falls to 0, which it would reach at the step after the last: in equal parts
    ("linear") or as half a cosine (Loshchilov, Hutter 2017). Where the settings took over `since`
    a step, warm-up and schedule begin there.
    """
    step, steps = step - since, settings.steps - since
    if step <= settings.warmup:
        return step / settings.warmup
    done = (step - 1 - settings.warmup) / max(1, steps - settings.warmup)
    if settings.schedule == "linear":
        return 1 - done
    if settings.schedule == "cosine":
        return (1 + math.cos(math.pi * done)) / 2
    return 1.0


@contextmanager
def scheduled(optimizer: torch.optim.Optimizer, factor: float) -> Iterator[None]:
    """Let the optimizer work at a multiple of its learning rate for the time of the `with`."""
    group = optimizer.param_groups[0]
    lr = group["lr"]
    group["lr"] = lr * factor
    try:
        yield
    finally:
        group["lr"] = lr


def save_optimizer(
    optimizer: torch.optim.Optimizer, model: nn.Module, more: Mapping[str, Tensor] | None = None
) -> bytes:
    """Write the learning rate, and the optimizer's state by parameter name, as safetensors.

    Parameters
    ----------
    more : mapping of Tensor, optional
        What else training needs to go on.
    """
    tensors = {"lr": torch.tensor(optimizer.param_groups[0]["lr"], dtype=torch.float64)}
    tensors |= {f"{MORE}.{name}": value for name, value in (more or {}).items()}
    for name, parameter in model.named_parameters():
        for key, value in optimizer.state[parameter].items():
            tensors[f"{_kind(optimizer)}.{name}.{key}"] = value
    return safetensors.torch.save(tensors)


def load_optimizer(
    optimizer: torch.optim.Optimizer, model: nn.Module, data: bytes
) -> dict[str, Tensor]:
    """Give an optimizer the state that `save_optimizer` wrote; return what else was written."""
    tensors = read_tensors(data)
    more: dict[str, Tensor] = {}
    parameters = dict(model.named_parameters())
    try:
        optimizer.param_groups[0]["lr"] = tensors.pop("lr").item()
        for path, value in tensors.items():
            kind, rest = path.split(".", 1)
            if kind == MORE:
                more[rest] = value.clone()
                continue
            name, key = rest.rsplit(".", 1)
            if kind != _kind(optimizer) or value.shape not in ((), parameters[name].shape):
                raise KeyError(path)
            # A copy, because torch aligns its own memory: see rnnviz.networks.model.load.
            optimizer.state[parameters[name]][key] = value.clone()
    except (KeyError, ValueError) as error:
        raise RunError(
            "The optimizer's state does not fit these settings: "
            "load it with the settings of its own run."
        ) from error
    return more


def _kind(optimizer: torch.optim.Optimizer) -> str:
    return type(optimizer).__name__.lower()
