import numpy as np
import pytest
import torch
from torch import nn

import rnnviz
from rnnviz.analysis import mode_time_constants, time_constants
from rnnviz.analysis.timescales import powers
from rnnviz.errors import TraceError
from rnnviz.recording.layer_trace import LayerTrace
from rnnviz.recording.trace import Trace


def recorded(rnn):
    with rnnviz.record(rnn, gradients=False) as trace:
        rnn(torch.randn(5, 3, 2, dtype=torch.float64))
    return trace


def zero(rnn):
    with torch.no_grad():
        for parameter in rnn.parameters():
            parameter.zero_()
    return rnn.double()


@pytest.mark.parametrize(
    ("bias", "steps"), [(0, 1.443), (1, 3.192), (2, 7.878), (3, 20.58), (5, 148.9)]
)
def test_with_weights_of_zero_the_bias_alone_decides(bias, steps):
    lstm = zero(nn.LSTM(2, 4))
    lstm.bias_ih_l0.data[4:8] = bias
    found = time_constants(recorded(lstm), "l0")
    np.testing.assert_allclose(found["steps"], steps, rtol=4e-4)
    np.testing.assert_allclose(found["steps"], -1 / np.log(1 / (1 + np.exp(-bias))), rtol=1e-9)
    np.testing.assert_allclose(found["gate"], 1 / (1 + np.exp(-bias)), rtol=1e-12)


def test_torchs_update_gate_keeps():
    gru = zero(nn.GRU(2, 3))
    gru.bias_hh_l0.data[3:6] = 2
    np.testing.assert_allclose(time_constants(recorded(gru), "l0")["steps"], 7.878, rtol=1e-4)


def test_chrono_biases_give_the_time_scales_they_are_made_for():
    # b_f = ln u: f = u / (1 + u), and 1 / (1 - f) = 1 + u (Tallec, Ollivier 2018)
    lstm, u = zero(nn.LSTM(2, 4)), torch.tensor([1.0, 10.0, 50.0, 99.0], dtype=torch.float64)
    lstm.bias_ih_l0.data[4:8] = u.log()
    found = time_constants(recorded(lstm), "l0")
    np.testing.assert_allclose(1 / (1 - found["gate"]), 1 + u.numpy(), rtol=1e-9)


def trace_of(gate):
    return Trace(
        {"l0": LayerTrace("lstm", (0,), {"forget_gate": np.asarray(gate, float)})}, None, "no"
    )


def test_what_decays_is_the_product_so_the_mean_is_geometric_and_without_padding():
    gate = np.array([[[0.9], [0.5]], [[0.1], [np.nan]]])
    found = time_constants(trace_of(gate), "l0")
    assert found["gate"][0] == pytest.approx((0.9 * 0.5 * 0.1) ** (1 / 3))
    assert found["steps"][0] == pytest.approx(-3 / np.log(0.9 * 0.5 * 0.1))
    by_turns = np.tile([0.999, 0.001], 50)[:, None, None]
    assert time_constants(trace_of(by_turns), "l0")["steps"][0] == pytest.approx(0.29, abs=0.005)


def plain(matrix):
    rnn = zero(nn.RNN(2, len(matrix)))
    rnn.weight_hh_l0.data = torch.as_tensor(matrix, dtype=torch.float64)
    return rnn


def test_powers_tell_where_modes_do_not_say_how_long_a_state_lasts():
    angle = 0.9 * np.array([[np.cos(1), -np.sin(1)], [np.sin(1), np.cos(1)]])
    turning = powers(plain(angle), "l0")
    assert turning.normal and turning.peak == 1 and turning.steps == 10  # 0.9^10 < 1/e
    shift = powers(plain(0.5 * np.eye(30) + 0.9 * np.eye(30, k=1)), "l0")
    modes = mode_time_constants(plain(0.5 * np.eye(30) + 0.9 * np.eye(30, k=1)), "l0")
    assert modes["steps"].max() < 2 and not shift.normal and shift.peak > 1e3 and shift.steps > 60
    growing = powers(plain(1.1 * np.eye(3)), "l0")
    assert growing.normal and growing.steps == np.inf


def test_gates_at_their_ends_and_broken_ones():
    gate = np.array([1.0, 0.0, np.nan]).reshape(1, 1, 3)
    assert list(time_constants(trace_of(gate), "l0")["steps"].fillna(-1)) == [np.inf, 0, -1]


def test_modes_of_a_plain_rnn():
    rnn = zero(nn.RNN(2, 3))
    rnn.weight_hh_l0.data = torch.diag(torch.tensor([0.5, 0.9, -1.2], dtype=torch.float64))
    found = mode_time_constants(rnn, "l0")
    np.testing.assert_allclose(found["steps"], [np.inf, -1 / np.log(0.9), -1 / np.log(0.5)])
    with pytest.raises(TraceError, match="no gate that keeps"):
        time_constants(recorded(rnn), "l0")
