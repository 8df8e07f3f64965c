import numpy as np
import pytest
import torch
from torch import nn

import rnnviz
from rnnviz.analysis import (
    jacobian_bound,
    jacobians,
    lyapunov_exponents,
    product_norms,
    singular_values,
    spectral_radius,
)
from rnnviz.analysis.jacobians import state_gradient_norms

KINDS = [
    (nn.RNN, {}),
    (nn.RNN, {"nonlinearity": "relu"}),
    (nn.GRU, {}),
    (nn.LSTM, {}),
    (nn.LSTM, {"proj_size": 3}),
]


def recorded(kind, steps=7, batch=2, size=5, last=True, **options):
    torch.manual_seed(3)
    module = kind(4, size, **options).double()
    x = torch.randn(steps, batch, 4, dtype=torch.float64)
    with rnnviz.record(module) as trace:
        output, _ = module(x)
        (output[-1] if last else output).square().sum().backward()
    return module, trace, x


def step(module, x, state, split):
    """One step of torch's own module on a flat state, for autograd to take apart."""
    parts = state.split(split)
    hx = tuple(part.view(1, 1, -1) for part in parts)
    _, after = module(x.view(1, 1, -1), hx if len(hx) > 1 else hx[0])
    after = after if isinstance(after, tuple) else (after,)
    return torch.cat([part.flatten() for part in after])


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_every_jacobian_is_autograds(kind, options):
    module, trace, x = recorded(kind, **options)
    found = jacobians(module, trace, "l0")
    names = ["hidden_state", *(["cell_state"] if kind is nn.LSTM else [])]
    split = [trace.value("l0", name).shape[2] for name in names]
    for t in range(1, 7):
        for b in range(2):
            state = np.concatenate([trace.value("l0", name)[t - 1, b] for name in names])
            expected = torch.autograd.functional.jacobian(
                lambda s, t=t, b=b: step(module, x[t, b], s, split), torch.tensor(state)
            )
            np.testing.assert_allclose(found[t, b], expected, atol=1e-14)
    assert np.isnan(found[0]).all()
    np.testing.assert_array_equal(jacobians(module, trace, "l0", 1), found[:, 1])


@pytest.mark.parametrize("kind", [nn.RNNCell, nn.GRUCell, nn.LSTMCell])
def test_a_cell_called_step_by_step_is_one_sequence_if_its_state_is_handed_on(kind):
    torch.manual_seed(0)
    cell = kind(3, 4).double()
    with rnnviz.record(cell) as trace:
        state = None
        for _ in range(4):
            state = cell(torch.randn(2, 3, dtype=torch.float64), state)
        cell(torch.randn(2, 3, dtype=torch.float64))  # begins anew
    known = np.isfinite(jacobians(cell, trace, "cell")).all(axis=(1, 2, 3))
    assert known.tolist() == [False, True, True, True, False]


def test_a_backward_layer_runs_from_the_end():
    module, trace, _ = recorded(nn.GRU, bidirectional=True, last=False)
    found = jacobians(module, trace, "l0_reverse", 0)
    assert np.isnan(found[0]).all() and np.isfinite(found[1:]).all()


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_the_bound_is_never_violated(nonlinearity):  # E8
    for seed in range(5):
        torch.manual_seed(seed)
        module = nn.RNN(3, 16, nonlinearity=nonlinearity).double()
        with torch.no_grad():
            module.weight_hh_l0.normal_(0, 0.5)
        with rnnviz.record(module, gradients=False) as trace:
            module(torch.randn(30, 4, 3, dtype=torch.float64))
        bound = jacobian_bound(module, trace, "l0")
        assert bound == pytest.approx(np.linalg.norm(module.weight_hh_l0.detach(), 2))
        top = singular_values(jacobians(module, trace, "l0"))["value"].max()
        assert 0.1 * bound < top <= bound * (1 + 1e-12)


def test_gated_cells_have_no_such_bound():
    module, trace, _ = recorded(nn.LSTM)
    assert jacobian_bound(module, trace, "l0") is None


def test_singular_values_and_radius_of_a_known_map():
    turn = np.array([[0.0, -2.0], [2.0, 0.0]])
    shear = np.array([[1.0, 3.0], [0.0, 0.5]])
    stack = np.stack([np.full((2, 2), np.nan), turn, shear])
    values = singular_values(stack)
    assert set(values["time"]) == {1, 2}
    assert values[values["time"] == 1]["value"].tolist() == pytest.approx([2, 2])
    assert spectral_radius(stack)["radius"].tolist() == pytest.approx([2, 1])


def test_products_of_jacobians_carry_the_gradient_and_neither_under_nor_overflow():
    module, trace, _ = recorded(nn.LSTM)
    steps = jacobians(module, trace, "l0", 0)
    products = product_norms(steps)
    norm = state_gradient_norms(module, trace, "l0")[:, 0]
    assert (norm <= np.exp(products["log_norm"]) * norm[-1] * (1 + 1e-12)).all()
    by_hand = np.eye(10)
    for t in range(6, 0, -1):
        by_hand = by_hand @ steps[t]
    assert products["log_norm"][0] == pytest.approx(np.log(np.linalg.norm(by_hand, 2)))
    for size in (1e-3, 1e3):
        far = product_norms(np.stack([np.eye(2) * size] * 500))
        assert far["log_norm"][0] == pytest.approx(499 * np.log(size), rel=1e-12)


def test_lyapunov_exponents_of_a_linear_map_are_the_logarithms_of_its_eigenvalues():  # E11
    random = np.random.default_rng(0)
    basis = random.normal(size=(4, 4))
    eigenvalues = np.array([1.3, 0.9, 0.4, 0.1])
    matrix = basis @ np.diag(eigenvalues) @ np.linalg.inv(basis)
    found = lyapunov_exponents([matrix] * 400, burn_in=200)
    np.testing.assert_allclose(found, np.log(eigenvalues), atol=1e-6)


def test_lyapunov_exponents_of_a_recorded_linear_network():  # E11
    torch.manual_seed(0)
    module = nn.RNN(1, 6, bias=False).double()
    with torch.no_grad():
        rotation, _ = torch.linalg.qr(torch.randn(6, 6, dtype=torch.float64))
        module.weight_hh_l0.copy_(0.95 * rotation)
    with rnnviz.record(module, gradients=False) as trace:
        module(torch.zeros(60, 1, 1, dtype=torch.float64))  # the state is 0, where tanh is linear
    found = lyapunov_exponents(jacobians(module, trace, "l0", 0))
    np.testing.assert_allclose(found, np.log(0.95), atol=1e-6)


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_exponents_sum_to_the_mean_logarithm_of_the_determinant(kind):  # E12
    module, trace, _ = recorded(kind, steps=40)
    steps = jacobians(module, trace, "l0", 0)
    _, logs = np.linalg.slogdet(steps[1:])
    assert lyapunov_exponents(steps).sum() == pytest.approx(logs.mean(), abs=1e-10)
