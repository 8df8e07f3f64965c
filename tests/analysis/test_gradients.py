import numpy as np
import pytest
import torch

import rnnviz
from rnnviz.analysis import gradient_norms


@pytest.fixture
def recorded():
    torch.manual_seed(0)
    rnn = torch.nn.LSTM(3, 4).double()
    x = torch.randn(6, 5, 3, dtype=torch.float64, requires_grad=True)
    with rnnviz.record(rnn) as trace:
        output, _ = rnn(x)
        output[-1].square().sum().backward()
    return trace, x.grad.numpy()


def test_norms_are_euclidean_over_units_and_the_median_over_samples(recorded):
    trace, gradient = recorded
    frame = gradient_norms(trace, trace.layers[0], ("input",))
    each = np.linalg.norm(gradient, axis=2)
    np.testing.assert_allclose(frame["norm"], np.median(each, axis=1), rtol=1e-12)
    np.testing.assert_allclose(frame["low"], np.percentile(each, 25, axis=1), rtol=1e-12)
    np.testing.assert_allclose(frame["high"], np.percentile(each, 75, axis=1), rtol=1e-12)
    assert list(frame["time"]) == list(range(6))


def test_every_signal_is_there_when_none_is_named(recorded):
    trace, _ = recorded
    frame = gradient_norms(trace, trace.layers[0])
    assert tuple(frame["signal"].unique()) == trace.signals(trace.layers[0])


class Fake:
    def __init__(self, gradient):
        self._gradient = gradient

    def signals(self, layer):
        return ("hidden_state",)

    def gradient(self, layer, signal):
        return self._gradient


def test_tiny_and_huge_gradients_keep_their_size():
    for size in (1e-30, 1e30):
        gradient = np.full((2, 1, 4), size, dtype=np.float32)
        frame = gradient_norms(Fake(gradient), "l0")
        np.testing.assert_allclose(frame["norm"], 2 * size, rtol=1e-6)


def test_padding_is_left_out_and_an_exact_zero_stays_zero():
    gradient = np.zeros((3, 2, 2))
    gradient[0] = 1
    gradient[1, 1] = np.nan
    gradient[2] = np.nan
    frame = gradient_norms(Fake(gradient), "l0")
    assert frame["norm"][0] == pytest.approx(2**0.5)
    assert frame["norm"][1] == 0
    assert np.isnan(frame["norm"][2])


def test_norms_of_pre_activations_are_those_of_finite_differences(recorded):
    from rnnviz.analysis.gradients import gradient_of

    trace, _ = recorded
    layer = trace.layers[0]
    for signal in ("forget_gate", "candidate"):
        value, gradient = trace.value(layer, signal), trace.gradient(layer, signal)
        squash = np.tanh if signal == "candidate" else lambda a: 1 / (1 + np.exp(-a))
        a = np.arctanh(value) if signal == "candidate" else np.log(value / (1 - value))
        slope = (squash(a + 1e-6) - squash(a - 1e-6)) / 2e-6
        found = gradient_of(trace, layer, signal, before=True)
        np.testing.assert_allclose(found, gradient * slope, rtol=1e-6)
    same = gradient_of(trace, layer, "cell_state", before=True)
    np.testing.assert_array_equal(same, trace.gradient(layer, "cell_state"))


def test_norms_of_each_sample_and_of_one_unit(recorded):
    from rnnviz.analysis import sample_norms

    trace, gradient = recorded
    frame = sample_norms(trace, trace.layers[0], ("input",))
    table = frame.pivot(index="time", columns="sample", values="norm")
    np.testing.assert_allclose(table, np.linalg.norm(gradient, axis=2), rtol=1e-12)
    one = sample_norms(trace, trace.layers[0], ("input",), unit=1)
    np.testing.assert_allclose(one["norm"], np.abs(gradient[:, :, 1]).ravel(), rtol=1e-12)
