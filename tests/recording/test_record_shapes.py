"""A trace of other people's modules, of many shapes, against autograd on the module itself.

Autograd gives no gradient of a gate inside a fused module, but of its weights; each of those is a
sum over time of gate gradients times what the weights were multiplied with. So every gradient in a
trace is held against the untouched module.
"""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

import rnnviz
from rnnviz.analysis.gradients import gradient_of

SHAPES = {
    "two-layer bidirectional GRU": (nn.GRU, 5, 7, {"num_layers": 2, "bidirectional": True}, None),
    "the same, packed": (nn.GRU, 5, 7, {"num_layers": 2, "bidirectional": True}, [6, 9, 2]),
    "LSTM": (nn.LSTM, 3, 8, {}, None),
    "three layers of LSTM, packed": (nn.LSTM, 4, 6, {"num_layers": 3}, [9, 9, 1]),
    "bidirectional LSTM, batch first": (
        nn.LSTM, 4, 3, {"bidirectional": True, "batch_first": True}, None
    ),
    "LSTM without biases": (nn.LSTM, 6, 4, {"bias": False}, None),
    "projected LSTM": (nn.LSTM, 3, 8, {"proj_size": 5, "num_layers": 2}, None),
    "GRU without biases, packed": (nn.GRU, 2, 9, {"bias": False}, [9, 5, 5]),
    "one unit": (nn.GRU, 1, 1, {}, None),
    "RNN": (nn.RNN, 7, 5, {"num_layers": 2, "bidirectional": True}, None),
    "RNN with ReLU, packed": (nn.RNN, 3, 4, {"nonlinearity": "relu"}, [4, 9, 7]),
}  # fmt: skip


def loss_of(module, x, lengths):
    if lengths is not None:
        x = pack_padded_sequence(x, lengths, enforce_sorted=False)
    output, _ = module(x)
    y = output.data if lengths is not None else output
    return (y.square() * torch.linspace(-1, 2, y.numel(), dtype=y.dtype).view_as(y)).sum()


def before(values, layer):
    """The state before each step, 0 before the first and where a sequence was padded."""
    moved = np.zeros_like(values)
    if layer.endswith("_reverse"):
        moved[:-1] = values[1:]
    else:
        moved[1:] = values[:-1]
    return np.nan_to_num(moved)


def product(gradient, factor):
    """Sum over time and samples of an outer product."""
    return np.einsum("tbu,tbf->uf", np.nan_to_num(gradient), np.nan_to_num(factor))


def weight_gradients(trace, layer):
    """What the gradients in a trace say of the gradients of the layer's weights."""
    cell = rnnviz.CELLS[trace.cell(layer)]
    gates = tuple(cell.gates) or ("hidden_state",)
    found = {gate: gradient_of(trace, layer, gate, before=True) for gate in gates}
    inner = dict(found)
    if cell.key == "gru":
        inner["candidate"] = found["candidate"] * trace.value(layer, "reset_gate")
    h, x = trace.value(layer, "hidden_state"), trace.value(layer, "input")
    expected = {
        "weight_ih": np.concatenate([product(found[gate], x) for gate in gates]),
        "weight_hh": np.concatenate([product(inner[gate], before(h, layer)) for gate in gates]),
        "bias_ih": np.concatenate([np.nansum(found[gate], (0, 1)) for gate in gates]),
        "bias_hh": np.concatenate([np.nansum(inner[gate], (0, 1)) for gate in gates]),
    }
    if "weight_hr" in trace.parameters(layer):
        shown = trace.value(layer, "output_gate") * np.tanh(trace.value(layer, "cell_state"))
        expected["weight_hr"] = product(trace.gradient(layer, "hidden_state"), shown)
    return expected


@pytest.mark.filterwarnings("ignore:LSTM with projections")  # torch's own, of its slower kernel
@pytest.mark.parametrize("name", SHAPES)
def test_every_gradient_is_that_of_the_module_itself(name):
    make, features, hidden, options, lengths = SHAPES[name]
    generator = torch.Generator().manual_seed(5)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        original = make(features, hidden, **options).double()
    x = torch.randn(9, 3, features, dtype=torch.float64, generator=generator)
    if options.get("batch_first"):
        x = x.transpose(0, 1)
    own, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    watched = copy.deepcopy(original)
    expected = loss_of(original, theirs, lengths)
    expected.backward()
    with rnnviz.record(watched) as trace:
        found = loss_of(watched, own, lengths)
        found.backward()
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)
    torch.testing.assert_close(own.grad, theirs.grad, rtol=0, atol=1e-9)
    for layer in trace.layers:
        for what, gradient in weight_gradients(trace, layer).items():
            if what not in trace.parameters(layer):
                continue
            full = f"{what}_{layer}"
            np.testing.assert_array_equal(
                trace.parameters(layer)[what], original.get_parameter(full).detach()
            )
            np.testing.assert_allclose(
                gradient, original.get_parameter(full).grad, rtol=0, atol=1e-6, err_msg=full
            )
