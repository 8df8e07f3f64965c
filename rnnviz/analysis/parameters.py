"""Which weights get the gradient? By gate, and how far an update moves them."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from rnnviz.analysis.recurrence import Array
from rnnviz.networks.cells import CELLS
from rnnviz.networks.recurrent import make_cell


def parameter_norms(
    module: nn.Module, before: Mapping[str, Tensor] | None = None, steps: int = 1
) -> pd.DataFrame:
    """Measure each parameter, split by gate: its size, its gradient, and how far it has moved.

    Parameters
    ----------
    module : nn.Module
        After a backward pass, if the gradients are wanted.
    before : mapping of Tensor, optional
        The state_dict some updates ago.
    steps : int
        How many updates ago.

    Returns
    -------
    DataFrame
        Columns `parameter`, by its dotted name; `gate`, of a recurrent layer's parameter
        ("hidden_state" for a plain RNN), otherwise empty; `weight`, the norm; `gradient`, the norm
        of .grad; `update`, the norm of the change an update on the way from `before`, over the
        weight's norm then: changes to and fro cancel, so it is a lower bound of the mean ratio
        where `steps` is above 1. NaN for what is not known.
    """
    recurrent = {
        f"{path}.{name}".lstrip("."): tuple(CELLS[make_cell(part).key].gates) or ("hidden_state",)
        for path, part in module.named_modules()
        if isinstance(part, nn.RNNBase | nn.RNNCellBase)
        for name, _ in part.named_parameters(recurse=False)
        if not name.startswith("weight_hr")
    }
    rows = []
    for name, parameter in module.named_parameters():
        gates = recurrent.get(name, ("",))
        now = _split(parameter, len(gates))
        gradients = _split(parameter.grad, len(gates))
        then = _split(before.get(name) if before else None, len(gates))
        for gate, weight, gradient, old in zip(gates, now, gradients, then, strict=True):
            size, moved = _norm(old), np.nan
            if old is not None and weight is not None and size > 0:
                moved = _norm(weight - old) / size / steps
            rows.append((name, gate, _norm(weight), _norm(gradient), moved))
    return pd.DataFrame(rows, columns=["parameter", "gate", "weight", "gradient", "update"])


@torch.no_grad()
def _split(tensor: Tensor | None, parts: int) -> Iterator[Array | None]:
    """Yield a packed parameter's parts in float64."""
    if tensor is None:
        yield from [None] * parts
        return
    yield from np.split(tensor.detach().cpu().double().numpy(), parts)


def _norm(values: Array | None) -> float:
    return np.nan if values is None else float(np.linalg.norm(values))
