"""A layer of cells: torch's fused kernel when nobody watches, step by step when somebody does.

`RNN`, `LSTM` and `GRU` are torch's own modules, with torch's parameters and nothing else in
their state_dict; the cells below them (``l0``, ``l0_reverse``, ``l1``, ...) hold no parameters,
but for the gains of layer normalisation where that is asked for.
`unroll` and `take_step` run torch's plain modules through cells as well.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout
from torch.nn.utils.rnn import PackedSequence

from rnnviz.networks.cells import Cell, GRUCell, LSTMCell, ReLURNNCell, RNNCell, State
from rnnviz.networks.normalized_cells import NORMALIZED
from rnnviz.networks.stacking import directions, fused_layer, run_stack, time_major
from rnnviz.settings import Settings

PARAMETERS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
"""What a layer may have, by torch's names without its suffix."""
Weights = Mapping[str, Tensor]
Begin = Callable[[str, Weights, State, Tensor | None], None]
"""Told when a layer begins to run: its suffix, the weights it runs with, by `PARAMETERS`, the state
before its first step (row, unit), and the mask through which the recurrent weights see h."""


@dataclass(frozen=True)
class TimeAxis:
    """Where recurrent modules that run one after the other stand on one time axis.

    A module that holds such parts, as `rnnviz.networks.translator.Translator` does, says so in an
    attribute `time_axis` when it runs; `rnnviz.record` and `rnnviz.clamp` then count the time steps
    of all of them along the whole sequence.

    Attributes
    ----------
    begins : dict
        Path of a recurrent module -> its first time step.
    steps : int
        Time steps of the whole sequence.
    """

    begins: Mapping[str, int]
    steps: int


def make_cell(module: nn.RNNBase | nn.RNNCellBase) -> Cell:
    """Return a new cell with the equations of a torch module."""
    if isinstance(module, nn.LSTM | nn.LSTMCell):
        return LSTMCell()
    if isinstance(module, nn.GRU | nn.GRUCell):
        return GRUCell()
    return RNNCell() if module.nonlinearity == "tanh" else ReLURNNCell()


def make_cells(rnn: nn.RNNBase) -> dict[str, Cell]:
    """Return a new cell for each layer and direction, by torch's suffix (``l0_reverse``)."""
    return {suffix: make_cell(rnn) for i in range(rnn.num_layers) for suffix in directions(rnn, i)}


def unroll(
    rnn: nn.RNNBase,
    cells: Mapping[str, Cell],
    input: Tensor | PackedSequence,
    hx: Tensor | State | None = None,
    begin: Begin | None = None,
    weights: Weights | None = None,
) -> tuple[Tensor | PackedSequence, Tensor | State]:
    """Do what ``rnn(input, hx)`` does, step by step through the modules of the cells.

    Takes and gives what torch's forward takes and gives, with the same parameters and, on the
    CPU, the same random numbers for the dropout between layers. `begin` is called as each layer
    begins, in each direction; `weights` are its own if not given.

    Raises
    ------
    ValueError, RuntimeError
        As torch's forward does, for an input or state of a wrong shape or type.
    """
    weights = kernel_weights(rnn) if weights is None else weights
    lower = _lower_dtype(rnn, input.data)
    if lower is not None:
        input, hx, weights = _lowered(input, hx, weights, lower)

    def run(layer: int, x: Tensor, sizes: list[int], start: State) -> tuple[Tensor, list[State]]:
        outputs, ends = [], []
        for way, suffix in enumerate(directions(rnn, layer)):
            named = {name: f"{name}_{suffix}" for name in PARAMETERS}
            own = {name: weights[full] for name, full in named.items() if full in weights}
            state = tuple(part[way] for part in start)
            output, end = _run(rnn, suffix, cells[suffix], own, x, sizes, state, begin)
            outputs.append(output)
            ends.append(end)
        return torch.cat(outputs, -1) if rnn.bidirectional else outputs[0], ends

    return run_stack(rnn, run, input, hx)


def kernel_weights(module: nn.RNNBase | nn.RNNCellBase, update: bool = True) -> dict[str, Tensor]:
    """Return the tensors that torch's kernel runs with, by torch's full names.

    They are asked for as torch does it, so that a parametrization which counts how often it is
    used (a spectral norm's power iteration) comes out the same. Without `update` they are those of
    the last call.
    """
    if isinstance(module, nn.RNNCellBase):
        names = PARAMETERS[:4] if module.bias else PARAMETERS[:2]
        return {name: getattr(module, name) for name in names}
    if update:
        module._update_flat_weights()
    pairs = zip(module._flat_weights_names, module._flat_weights, strict=True)
    return {name: weight for name, weight in pairs if weight is not None}


def _lower_dtype(module: nn.RNNBase | nn.RNNCellBase, x: Tensor) -> torch.dtype | None:
    """Return the type to which autocast brings all that torch's kernel takes, None if it does not.

    On a CPU it knows the LSTM's kernel alone; of the others it lowers the products, as of cells.
    """
    kind = x.device.type
    if not torch.is_autocast_enabled(kind) or x.dtype == torch.float64:
        return None
    if kind == "cpu" and not isinstance(module, nn.LSTM):
        return None
    return torch.get_autocast_dtype(kind)


def _lowered(
    input: Any, hx: Tensor | State | None, weights: Weights, dtype: torch.dtype
) -> tuple[Any, Tensor | State | None, Weights]:
    """Return what a recurrent module takes in another type."""
    if isinstance(input, PackedSequence):
        input = PackedSequence(input.data.to(dtype), *input[1:])
    else:
        input = input.to(dtype)
    if hx is not None:
        hx = hx.to(dtype) if isinstance(hx, Tensor) else tuple(part.to(dtype) for part in hx)
    return input, hx, {name: weight.to(dtype) for name, weight in weights.items()}


def take_step(
    module: nn.RNNCellBase,
    cell: Cell,
    input: Tensor,
    hx: Tensor | State | None = None,
    begin: Begin | None = None,
    weights: Weights | None = None,
) -> Tensor | State:
    """Do what ``module(input, hx)`` does, through the modules of the cell.

    ``module`` is torch's `nn.RNNCell`, `nn.LSTMCell` or `nn.GRUCell`; `begin` is called first.
    `weights` are its own if not given.
    """
    weights = kernel_weights(module) if weights is None else weights
    lower = _lower_dtype(module, input)
    if lower is not None:
        input, hx, weights = _lowered(input, hx, weights, lower)
    if input.dim() not in (1, 2):
        raise ValueError(f"Expected input to be 1D or 2D, got {input.dim()}D instead")
    squeezed = input.dim() == 1
    x = time_major(module, input)
    if hx is None:
        zeros = x.new_zeros(len(x), module.hidden_size)
        state: State = (zeros,) * len(cell.states)
    else:
        given = (hx,) if isinstance(hx, Tensor) else hx
        state = tuple(s.unsqueeze(0) if squeezed else s for s in given)
    if begin is not None:
        begin("", weights, state, None)
    a, bias_hh = _project(cell, x, weights)
    state = cell(a, state, weights["weight_hh"], bias_hh)
    if squeezed:
        state = tuple(s.squeeze(0) for s in state)
    return state if isinstance(module, nn.LSTMCell) else state[0]


def _project(cell: Cell, x: Tensor, weights: Weights) -> tuple[Tensor, Tensor | None]:
    biases = weights.get("bias_ih"), weights.get("bias_hh")
    return cell.project(cell.input(x), weights["weight_ih"], *biases)


def _run(
    rnn: nn.RNNBase,
    suffix: str,
    cell: Cell,
    weights: Weights,
    x: Tensor,
    sizes: Sequence[int],
    start: State,
    begin: Begin | None,
) -> tuple[Tensor, State]:
    """Run one layer in one direction over x; ``sizes`` are the rows of each time step.

    In a packed sequence the longest sample is the first row and rows end early: going forward
    they leave the state as they end, going backward they enter it as they begin.
    """
    share: Any = getattr(rnn, "recurrent_dropout", 0.0) if rnn.training else 0.0
    mask = dropout(torch.ones_like(start[0]), share) if share else None
    if begin is not None:
        begin(suffix, weights, start, mask)
    a, bias_hh = _project(cell, x, weights)
    weight_hh, weight_hr = weights["weight_hh"], weights.get("weight_hr")

    packed, reverse = x.dim() == 2, suffix.endswith("_reverse")
    steps = list(zip(a.split(sizes) if packed else a.unbind(0), sizes, strict=True))
    if reverse:
        steps.reverse()
    rows = steps[0][1]
    state = tuple(s[:rows] for s in start)
    outputs: list[Tensor] = []
    ended: list[State] = []
    for step, size in steps:
        if size < rows:
            ended.append(tuple(s[size:] for s in state))
            state = tuple(s[:size] for s in state)
        elif size > rows:
            entering = (s[rows:size] for s in start)
            state = tuple(torch.cat(parts) for parts in zip(state, entering, strict=True))
        rows = size
        here = None if mask is None else mask[:rows]
        state = cell(step, state, weight_hh, bias_hh, weight_hr, here)
        outputs.append(state[0])
    if reverse:
        outputs.reverse()
    if ended:
        state = tuple(torch.cat(parts) for parts in zip(state, *reversed(ended), strict=True))
    return torch.cat(outputs) if packed else torch.stack(outputs), state


class Watchable(nn.RNNBase):
    """Adds to torch's recurrent module a cell per layer and direction, and their hooks' effect.

    A hook on a cell or on a module below it, as in
    ``model.rnn.l0.forget_gate.register_forward_hook(f)``, sees (batch, unit) at every time
    step, and changes the computation if it returns a tensor.

    Parameters
    ----------
    normalized : bool
        Whether the recurrence has layer normalisation (`rnnviz.networks.normalized_cells`), for
        which torch has no fused kernel.
    residual : bool
        Whether each layer's input is added to its output, from the second layer on
        (`rnnviz.networks.stacking`).
    one_mask : bool
        Whether dropout has the same mask at all steps of a sequence.
    recurrent_dropout : float
        Share of h that the recurrent weights do not see in training, the same units at all steps
        of a sequence (Gal, Ghahramani 2016, equation 7), step by step; the rest as for torch's
        module.
    """

    def __init__(
        self,
        *args: Any,
        normalized: bool = False,
        residual: bool = False,
        one_mask: bool = False,
        recurrent_dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.normalized = normalized
        self.residual = residual
        self.one_mask = one_mask
        self.recurrent_dropout = recurrent_dropout
        for suffix, cell in make_cells(self).items():
            kind = NORMALIZED[type(cell)] if normalized else None
            self.add_module(suffix, kind(self.hidden_size) if kind else cell)

    @property
    def cells(self) -> dict[str, Cell]:
        """The cells by torch's suffix: l0, l0_reverse, l1, ..."""
        return {name: cell for name, cell in self.named_children() if isinstance(cell, Cell)}

    @property
    def random_in_training(self) -> bool:
        """Whether training mode draws random numbers."""
        return self.dropout > 0 or self.recurrent_dropout > 0

    @property
    def watched(self) -> bool:
        """Whether any module of a cell has a hook."""
        return any(_has_hook(cell) for cell in self._modules.values() if isinstance(cell, Cell))

    def forward(
        self, input: Tensor | PackedSequence, hx: Tensor | State | None = None
    ) -> tuple[Tensor | PackedSequence, Tensor | State]:
        """Run torch's fused kernel, or step by step if somebody watches or there is none.

        Takes and gives what torch's module takes and gives.
        """
        by_steps = self.training and self.recurrent_dropout
        if self.normalized or self.watched or by_steps:
            return unroll(self, self.cells, input, hx)
        if self.residual or (self.one_mask and self.training and self.dropout):
            return run_stack(self, partial(fused_layer, self), input, hx)
        return super().forward(input, hx)


def _has_hook(module: nn.Module) -> bool:
    """Return whether a module or one below it has a hook; asked at every step, so in a hurry."""
    return bool(
        module._forward_hooks
        or module._forward_pre_hooks
        or module._backward_hooks
        or module._backward_pre_hooks
    ) or any(_has_hook(child) for child in module._modules.values() if child is not None)


class RNN(Watchable, nn.RNN):  # type: ignore[misc]
    """torch's `nn.RNN` with gates that can be watched."""


class LSTM(Watchable, nn.LSTM):  # type: ignore[misc]
    """torch's `nn.LSTM` with gates that can be watched."""


class GRU(Watchable, nn.GRU):  # type: ignore[misc]
    """torch's `nn.GRU` with gates that can be watched."""


RECURRENT: dict[str, Callable[..., Watchable]] = {
    "rnn": RNN,
    "rnn_relu": partial(RNN, nonlinearity="relu"),
    "lstm": LSTM,
    "gru": GRU,
}


def make_stack(settings: Settings, features: int) -> Watchable:
    """Return the recurrent layers of settings, which read so many features a step."""
    dropped = settings.dropout if settings.dropout_kind == "recurrent" else 0.0
    return RECURRENT[settings.cell](
        features,
        settings.hidden,
        settings.layers,
        # torch warns where there is no second layer to protect.
        dropout=settings.dropout if settings.layers > 1 else 0.0,
        bidirectional=settings.bidirectional,
        normalized=settings.norm == "layer",
        residual=settings.residual,
        one_mask=settings.dropout_kind != "step",
        recurrent_dropout=dropped,
    )
