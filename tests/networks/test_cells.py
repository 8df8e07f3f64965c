import numpy as np
import pytest
import torch
from torch import nn

from rnnviz.networks.cells import CELLS, GRUCell, LSTMCell, RNNCell

TORCH = {
    "rnn": nn.RNNCell(3, 4),
    "rnn_relu": nn.RNNCell(3, 4, nonlinearity="relu"),
    "lstm": nn.LSTMCell(3, 4),
    "gru": nn.GRUCell(3, 4),
}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.fixture
def parts():
    """Arguments of a step of any cell with 4 units and 5 rows, as float64 tensors."""
    random = np.random.default_rng(0)

    def make(cell, states):
        gates = {"rnn": 1, "rnn_relu": 1, "lstm": 4, "gru": 3}[cell.key]
        shapes = [(5, 4 * gates), *[(5, 4)] * states, (4 * gates, 4), (4 * gates,)]
        a, *state, weight, bias = (torch.tensor(random.normal(size=shape)) for shape in shapes)
        return a, tuple(state), weight, bias

    return make


def test_the_keys_are_the_ones_in_settings_urls_and_files():
    assert list(CELLS) == ["rnn", "rnn_relu", "lstm", "gru"]


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_every_signal_is_a_module_and_nothing_is_a_parameter(cell):
    made = cell()
    assert made.signals == (*cell.gates, *cell.states)
    assert set(dict(made.named_children())) == {"input", *made.signals}
    assert made.state_dict() == {}
    assert made.title and cell.states["hidden_state"] == "h"


CASES = [(key, apart) for key in CELLS for apart in (True, False) if apart or key != "gru"]


@pytest.mark.parametrize(("key", "apart"), CASES)
def test_a_step_is_torchs_step_with_the_biases_apart_or_summed(key, apart):
    cell, torchs = CELLS[key](), TORCH[key].double()
    assert cell.sums_biases == ((key, False) in CASES)
    x, h, c = torch.randn(3, 5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    x, state = x[:, :3], (h, c)[: len(cell.states)]
    a, bias = x @ torchs.weight_ih.T + torchs.bias_ih, torchs.bias_hh
    if not apart:
        a, bias = a + bias, None
    expected = torchs(x, state if key == "lstm" else h)
    got = cell(a, state, torchs.weight_hh, bias)
    torch.testing.assert_close(got if key == "lstm" else got[0], expected, rtol=0, atol=1e-14)


def test_rnn_equation(parts):
    a, (h,), weight, bias = parts(RNNCell, 1)
    (new,) = RNNCell()(a, (h,), weight, bias)
    np.testing.assert_allclose(new, np.tanh((a + h @ weight.T + bias).numpy()), rtol=1e-13)


def test_lstm_equations(parts):
    a, (h, c), weight, bias = parts(LSTMCell, 2)
    projection = torch.tensor(np.random.default_rng(1).normal(size=(2, 4)))
    i, f, g, o = np.split((a + h @ weight.T + bias).numpy(), 4, axis=1)
    new_c = sigmoid(f) * c.numpy() + sigmoid(i) * np.tanh(g)
    new_h = sigmoid(o) * np.tanh(new_c)
    got_h, got_c = LSTMCell()(a, (h, c), weight, bias)
    np.testing.assert_allclose(got_c, new_c, rtol=1e-12)
    np.testing.assert_allclose(got_h, new_h, rtol=1e-12)
    projected, _ = LSTMCell()(a, (h, c), weight, bias, projection)
    np.testing.assert_allclose(projected, new_h @ projection.numpy().T, rtol=1e-12)


def test_gru_equations_reset_after_the_product_and_keep_with_z(parts):
    a, (h,), weight, bias = parts(GRUCell, 1)
    a_r, a_z, a_n = np.split(a.numpy(), 3, axis=1)
    u_r, u_z, u_n = np.split((h @ weight.T + bias).numpy(), 3, axis=1)
    r, z = sigmoid(a_r + u_r), sigmoid(a_z + u_z)
    n = np.tanh(a_n + r * u_n)
    (new,) = GRUCell()(a, (h,), weight, bias)
    np.testing.assert_allclose(new, (1 - z) * n + z * h.numpy(), rtol=1e-12)


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_a_hook_sees_each_signal_and_may_change_it(cell, parts):
    made = cell()
    step = parts(cell, len(cell.states))
    plain = made(*step)
    for signal in cell.signals:
        seen = []
        handle = made.get_submodule(signal).register_forward_hook(
            lambda m, a, y, s=seen: s.append(y)
        )
        made(*step)
        handle.remove()
        assert [tuple(y.shape) for y in seen] == [(5, 4)]
        handle = made.get_submodule(signal).register_forward_hook(lambda m, a, y: y * 0 + 0.5)
        changed = made(*step)
        handle.remove()
        assert not torch.equal(changed[0], plain[0])


def test_a_forget_gate_held_at_one_keeps_the_cell_state(parts):
    cell = LSTMCell()
    cell.forget_gate.register_forward_hook(lambda m, a, y: torch.ones_like(y))
    cell.input_gate.register_forward_hook(lambda m, a, y: torch.zeros_like(y))
    a, state, weight, bias = parts(LSTMCell, 2)
    torch.testing.assert_close(cell(a, state, weight, bias)[1], state[1], rtol=0, atol=0)
