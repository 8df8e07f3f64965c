import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

import rnnviz
from rnnviz.analysis import preactivations
from rnnviz.networks.cells import CELLS
from rnnviz.networks.recurrent import RECURRENT

BACK = {"candidate": np.tanh, "hidden_state": np.tanh}


def logistic(a):
    return 1 / (1 + np.exp(-a))


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_they_go_through_the_gate_to_what_was_recorded(cell, bidirectional):
    torch.manual_seed(0)
    module = nn.ModuleDict({"rnn": {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[cell](
        3, 5, 2, bidirectional=bidirectional)}).double()  # fmt: skip
    with rnnviz.record(module, gradients=False) as trace:
        module["rnn"](torch.randn(6, 4, 3, dtype=torch.float64))
    for layer in trace.layers:
        before = preactivations(trace, layer, module)
        assert before.signals(layer)[1:] == (tuple(CELLS[cell].gates) or ("hidden_state",))
        for signal in before.signals(layer)[1:]:
            after = BACK.get(signal, logistic)(before.value(layer, signal).astype(np.float64))
            np.testing.assert_allclose(after, trace.value(layer, signal), atol=1e-6)


@pytest.mark.parametrize("cell", ["rnn", "rnn_relu", "lstm", "gru"])
def test_they_are_what_the_gate_modules_are_given(cell):
    torch.manual_seed(1)
    rnn = RECURRENT[cell](2, 3)
    signals = tuple(CELLS[cell].gates) or ("hidden_state",)
    given = {signal: [] for signal in signals}
    hooks = [
        rnn.cells["l0"]
        .get_submodule(signal)
        .register_forward_hook(
            lambda module, args, output, signal=signal: given[signal].append(args[0].clone())
        )
        for signal in signals
    ]
    with rnnviz.record(rnn, gradients=False) as trace, torch.no_grad():
        rnn(torch.randn(7, 2, 2))
    before = preactivations(trace, "l0", rnn)
    for signal in signals:
        expected = torch.stack(given[signal]).numpy()
        np.testing.assert_allclose(before.value("l0", signal), expected, atol=1e-6)
    for hook in hooks:
        hook.remove()


def test_padding_stays_empty_and_a_later_call_starts_from_zero():
    torch.manual_seed(2)
    rnn = nn.LSTM(2, 3, bidirectional=True)
    x = torch.randn(5, 2, 2)
    with rnnviz.record(rnn, gradients=False) as trace:
        rnn(pack_padded_sequence(x, [5, 3]))
        rnn(x)
    for layer in trace.layers:
        before = preactivations(trace, layer, rnn).value(layer, "forget_gate")
        assert np.isnan(before[3:5, 1]).all()
        assert np.isfinite(before).all(2).sum() == 5 + 3 + 10
        recorded = trace.value(layer, "forget_gate")
        np.testing.assert_allclose(logistic(before), recorded, atol=1e-6)


def test_a_given_first_state_is_used():
    torch.manual_seed(3)
    rnn = nn.GRU(2, 3)
    state = torch.randn(1, 4, 3)
    with rnnviz.record(rnn, gradients=False) as trace:
        rnn(torch.randn(3, 4, 2), state)
    before = preactivations(trace, "l0", rnn).value("l0", "update_gate")
    np.testing.assert_allclose(logistic(before), trace.value("l0", "update_gate"), atol=1e-6)
