"""Whether checkpoints fit settings, so that training does not stumble over them later."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from rnnviz.errors import RunError
from rnnviz.networks.cells import CELLS
from rnnviz.networks.model import load, read_tensors
from rnnviz.settings import Settings
from rnnviz.tasks import Task
from rnnviz.training.checkpoint import CARRIED, Checkpoint
from rnnviz.training.early_stopping import FIGURES
from rnnviz.training.optimizers import MORE, load_optimizer, make_optimizer, save_optimizer

Layout = dict[str, tuple[torch.Size, torch.dtype]]


class Fit:
    """What checkpoints of a run of settings hold.

    Parameters
    ----------
    settings : Settings
    model : nn.Module
        A network of the settings; one step without a gradient changes its weights.
    """

    def __init__(self, settings: Settings, model: nn.Module) -> None:
        self.weights = _layout(model.state_dict())
        optimizer = make_optimizer(list(model.parameters()), settings)
        self.begun = _layout(read_tensors(save_optimizer(optimizer, model)))
        for parameter in model.parameters():
            parameter.grad = torch.zeros_like(parameter)
        optimizer.step()
        self.working = _layout(read_tensors(save_optimizer(optimizer, model)))
        count = settings.layers * settings.directions
        state = torch.Size((count, settings.batch, settings.hidden)), torch.float32
        names = CARRIED[: len(CELLS[settings.cell].states)]
        self.carried = {name: state for name in names} if settings.stateful else {}

    def has_weights(self, data: bytes) -> bool:
        """Say whether bytes are weights of the network."""
        return _layout(read_tensors(data)) == self.weights

    def has_optimizer(self, data: bytes, *, nested: bool = False) -> bool:
        """Say whether bytes are a state of the optimizer, and of what else training needs.

        nested : whether it is the best state that another one holds
        """
        own, more = _parted(data)
        if _layout(own) not in (self.begun, self.working):
            return False
        state = {name: each for name, each in more.items() if name in CARRIED}
        return _layout(state) in ({}, self.carried) and self._has_best(
            {name: more[name] for name in more.keys() - state}, nested
        )

    def _has_best(self, tensors: Mapping[str, Tensor], nested: bool) -> bool:
        """Say whether this is what early stopping remembers (stopping.py), or nothing."""
        if not tensors:
            return True
        figures = tensors.get(FIGURES)
        if figures is None or _layout({"": figures}) != {"": (torch.Size([5]), torch.float64)}:
            return False
        states = {name: tensors[name] for name in tensors.keys() - {FIGURES}}
        if not figures.isfinite().all() or any(
            each.dtype != torch.uint8 for each in states.values()
        ):
            return False
        found = {name.removeprefix(f"{FIGURES}."): _bytes(each) for name, each in states.items()}
        if not found:
            return True
        return (
            not nested
            and found.keys() == {"weights", "optimizer"}
            and self.has_weights(found["weights"])
            and self.has_optimizer(found["optimizer"], nested=True)
        )


def check_fits(
    settings: Settings, checkpoints: Sequence[Checkpoint], task: Task, since: int = 0
) -> None:
    """Refuse checkpoints that no run of these settings can have written.

    Parameters
    ----------
    task : Task
        That of the settings.
    since : int
        The step after which the settings took over; before it there may have been another
        optimizer.

    Raises
    ------
    RunError
        If the weights or the optimizer's state of one are damaged, or of other names, shapes or
        kinds of numbers.
    """
    if not checkpoints:
        return
    fit = Fit(settings, load(settings, checkpoints[-1].weights, task))
    for checkpoint in checkpoints:
        if not fit.has_weights(checkpoint.weights):
            raise RunError(
                "The weights of step {step} do not fit these settings: "
                "load them with the settings of their own run.",
                step=checkpoint.step,
            )
        if checkpoint.step >= since and not fit.has_optimizer(checkpoint.optimizer):
            raise RunError(
                "The optimizer's state of step {step} does not fit these settings: "
                "load it with the settings of its own run.",
                step=checkpoint.step,
            )


def carried(settings: Settings, checkpoint: Checkpoint, task: Task) -> bytes:
    """Return the optimizer's state with which a run of other settings goes on from a checkpoint.

    What the optimizer remembers stays, if it is of the same kind, and so does a state that is
    carried from batch to batch; the learning rate is the new one, and early stopping waits anew.

    Parameters
    ----------
    settings : Settings
        The new ones.
    checkpoint : Checkpoint
    task : Task
        That of the new settings.

    Raises
    ------
    RunError
        If the checkpoint's weights do not fit the settings.
    """
    model, another = (load(settings, checkpoint.weights, task) for _ in range(2))
    fit = Fit(settings, another)
    optimizer = make_optimizer(list(model.parameters()), settings)
    own, more = _parted(checkpoint.optimizer)
    if _layout(own) == fit.working:
        load_optimizer(optimizer, model, checkpoint.optimizer)
        optimizer.param_groups[0]["lr"] = settings.lr
    state = {name: each for name, each in more.items() if name in CARRIED}
    return save_optimizer(optimizer, model, state if _layout(state) == fit.carried else None)


def _parted(data: bytes) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return what the optimizer remembers, and what else training needs."""
    tensors = read_tensors(data)
    begin = f"{MORE}."
    more = {name for name in tensors if name.startswith(begin)}
    return (
        {name: tensors[name] for name in tensors.keys() - more},
        {name.removeprefix(begin): tensors[name] for name in more},
    )


def _bytes(tensor: Tensor) -> bytes:
    return tensor.numpy().tobytes()


def _layout(tensors: Mapping[str, Tensor]) -> Layout:
    return {name: (tensor.shape, tensor.dtype) for name, tensor in tensors.items()}
