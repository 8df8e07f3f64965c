import numpy as np
import pytest
import torch
from torch import nn

import rnnviz
from rnnviz.analysis import decay, gradient_norms, predicted_norms


def zeroed(kind, bias):
    """Return a network without weights whose kept share a step is sigma(bias)."""
    module = kind(1, 4).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
        module.bias_ih_l0[4:8] = bias  # the forget gate, or the update gate
    return module


@pytest.mark.parametrize(
    ("bias", "life", "constant"),
    [(0, 1, 1.443), (1, 2.213, 3.192), (2, 5.461, 7.878), (3, 14.27, 20.58), (5, 103.2, 148.9)],
)
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_without_weights_the_gates_predict_all_of_the_gradient(kind, bias, life, constant):
    module = zeroed(kind, bias)  # E6; E7
    start = torch.ones(1, 1, 4).double()
    hx = (torch.zeros(1, 1, 4).double(), start) if kind is nn.LSTM else start
    with rnnviz.record(module) as trace:
        _, state = module(torch.zeros(60, 1, 1).double(), hx)
        (state[1] if kind is nn.LSTM else state).sum().backward()
    signal = "cell_state" if kind is nn.LSTM else "hidden_state"
    norms = gradient_norms(trace, "l0", (signal,))
    predicted = predicted_norms(module, trace, "l0")
    assert set(predicted["kind"]) == {"path"} and set(predicted["signal"]) == {signal}
    np.testing.assert_allclose(predicted["norm"], norms["norm"], rtol=1e-12)
    fit = decay(norms).iloc[0]
    assert fit["half_life"] == pytest.approx(life, rel=1e-3)
    assert fit["time_constant"] == pytest.approx(constant, rel=1e-3)


def test_a_gru_without_weights_forgets_by_its_update_gate():  # E7
    module = zeroed(nn.GRU, 2)
    with rnnviz.record(module, gradients=False) as trace:
        module(torch.zeros(50, 1, 1).double(), torch.ones(1, 1, 4).double())
    assert trace.value("l0", "hidden_state")[-1].max() == pytest.approx(1.753e-3, rel=1e-3)


@pytest.mark.parametrize("all_losses", [False, True])
def test_the_bound_of_a_plain_network_is_never_exceeded(all_losses):  # E8
    torch.manual_seed(0)
    module = nn.RNN(3, 8).double()
    with rnnviz.record(module) as trace:
        output, _ = module(torch.randn(30, 1, 3, dtype=torch.float64))
        (output if all_losses else output[-1]).square().sum().backward()
    norms = gradient_norms(trace, "l0", ("hidden_state",))["norm"]
    predicted = predicted_norms(module, trace, "l0")
    assert set(predicted["kind"]) == {"bound"}
    assert (norms <= predicted["norm"] * (1 + 1e-12)).all()
    assert predicted["norm"].iloc[-1] == pytest.approx(norms.iloc[-1])
