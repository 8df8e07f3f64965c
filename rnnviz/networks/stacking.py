"""Layers above each other: how one reads what the one below gave, forwards and backwards.

torch's modules run a stack in one fused call, with dropout whose mask is new at every step. Two
things that they do not have are added between the layers: a residual connection (He et al. 2016;
in recurrent stacks Wu et al. 2016, section 3.1: the input of a layer is added to its output, from
the second layer on), and dropout with one mask for all steps of a sequence (Gal, Ghahramani
2016). Such a stack runs layer by layer, each of them still torch's fused kernel.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout
from torch.nn.utils.rnn import PackedSequence

from rnnviz.networks.cells import State

Sequences = Tensor | PackedSequence
Runner = Callable[[int, Tensor, list[int], State], tuple[Tensor, list[State]]]
"""(layer, its input, rows at each step, state before the first step (direction, batch, unit) of
each kind) -> its output, and the last state of each direction."""


def run_stack(
    rnn: nn.RNNBase, run: Runner, input: Sequences, hx: Tensor | State | None = None
) -> tuple[Sequences, Tensor | State]:
    """Do what ``rnn(input, hx)`` does, layer by layer.

    Takes and gives what torch's forward takes and gives, with the same parameters and, on the
    CPU, the same random numbers for the dropout between layers.

    Parameters
    ----------
    run : callable
        Runs one layer.

    Raises
    ------
    ValueError, RuntimeError
        As torch's forward does, for an input or state of a wrong shape or type.
    """
    if isinstance(input, PackedSequence):
        x, batch_sizes, order, restore = input
        sizes = batch_sizes.tolist()
        squeezed = False
    else:
        if input.dim() not in (2, 3):
            raise ValueError(f"Expected input to be 2D or 3D, got {input.dim()}D instead")
        x, batch_sizes, order, restore = time_major(rnn, input), None, None, None
        sizes = [x.size(1)] * x.size(0)
        squeezed = input.dim() == 2
        if not sizes:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
    # check_input wants two dimensions of a packed sequence and three of all others
    rnn.check_input(x, batch_sizes)
    initial = _initial_state(rnn, x, sizes[0], hx, squeezed, order)

    final: list[State] = []
    for layer in range(rnn.num_layers):
        places = slice(len(final), len(final) + len(directions(rnn, layer)))
        output, ends = run(layer, x, sizes, tuple(part[places] for part in initial))
        final += ends
        x = _passed_on(rnn, layer, x, output, sizes)

    states = tuple(torch.stack(parts) for parts in zip(*final, strict=True))
    if squeezed:
        states = tuple(state.squeeze(1) for state in states)
    if restore is not None:
        states = tuple(state.index_select(1, restore) for state in states)
    hidden = states if isinstance(rnn, nn.LSTM) else states[0]
    if isinstance(input, PackedSequence):
        return PackedSequence(x, batch_sizes, order, restore), hidden
    if squeezed:
        return x.squeeze(1), hidden
    return x.transpose(0, 1) if rnn.batch_first else x, hidden


def fused_layer(
    rnn: nn.RNNBase, layer: int, x: Tensor, sizes: list[int], start: State
) -> tuple[Tensor, list[State]]:
    """Run one layer of torch's module with torch's fused kernel."""
    ways = len(directions(rnn, layer))
    pairs = rnn.all_weights[layer * ways : (layer + 1) * ways]
    weights = [weight for direction in pairs for weight in direction]
    begin = list(start) if isinstance(rnn, nn.LSTM) else start[0]
    options = (weights, rnn.bias, 1, 0.0, rnn.training, rnn.bidirectional)
    kernel = _kernel(rnn)
    if x.dim() == 2:
        output, *end = kernel(x, torch.tensor(sizes), begin, *options)
    else:
        output, *end = kernel(x, begin, *options, False)
    return output, [tuple(part[way] for part in end) for way in range(ways)]


def directions(rnn: nn.RNNBase, layer: int) -> tuple[str, ...]:
    """Return torch's suffixes of the parameters of one layer."""
    return (f"l{layer}", f"l{layer}_reverse") if rnn.bidirectional else (f"l{layer}",)


def time_major(module: nn.RNNBase | nn.RNNCellBase, x: Tensor) -> Tensor:
    """Return an input, laid out as the user gives it, the way cells get it.

    That is (time, batch, feature) for a sequence, (batch, feature) for the one step of a cell.
    """
    if isinstance(module, nn.RNNCellBase):
        return torch.atleast_2d(x)
    if x.dim() == 2:
        return x.unsqueeze(1)
    return x.transpose(0, 1) if module.batch_first else x


def _kernel(rnn: nn.RNNBase) -> Callable[..., tuple[Tensor, ...]]:
    if isinstance(rnn, nn.LSTM):
        return torch.lstm
    if isinstance(rnn, nn.GRU):
        return torch.gru
    return torch.rnn_tanh if rnn.nonlinearity == "tanh" else torch.rnn_relu


def _passed_on(rnn: nn.RNNBase, layer: int, x: Tensor, output: Tensor, sizes: list[int]) -> Tensor:
    """Return what the next layer reads, or the stack gives, of what a layer read and gave."""
    if layer and getattr(rnn, "residual", False):
        output = output + x
    if layer == rnn.num_layers - 1:
        return output
    if not getattr(rnn, "one_mask", False):
        return dropout(output, rnn.dropout, rnn.training)
    if not (rnn.training and rnn.dropout):
        return output
    mask = dropout(output.new_ones(sizes[0], output.size(-1)), rnn.dropout)
    # in a packed sequence, each step's rows are the first ones: shorter samples come last
    return output * (torch.cat([mask[:rows] for rows in sizes]) if output.dim() == 2 else mask)


def _initial_state(
    rnn: nn.RNNBase,
    x: Tensor,
    batch: int,
    hx: Tensor | State | None,
    squeezed: bool,
    order: Tensor | None,
) -> State:
    """Return the state before the first step, each part (layer and direction, batch, unit)."""
    rows = rnn.num_layers * (2 if rnn.bidirectional else 1)
    shapes = [(rows, batch, rnn.proj_size or rnn.hidden_size)]
    if isinstance(rnn, nn.LSTM):
        shapes.append((rows, batch, rnn.hidden_size))
    if hx is None:
        return tuple(x.new_zeros(shape) for shape in shapes)
    given = (hx,) if isinstance(hx, Tensor) else tuple(hx)
    if squeezed:
        given = tuple(state.unsqueeze(1) for state in given)
    for state, shape in zip(given, shapes, strict=True):
        rnn.check_hidden_size(state, shape)
    return given if order is None else tuple(state.index_select(1, order) for state in given)
