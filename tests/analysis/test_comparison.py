import numpy as np
import pytest
import torch
from torch import nn

from rnnviz import record
from rnnviz.analysis import differences, kept_along_path
from rnnviz.errors import TraceError
from rnnviz.recording.clamp_text import Clamp


def run(layer, x, *clamps):
    with record(layer) as trace:
        changes = [each.attach(layer) for each in clamps]
        for change in changes:
            change.__enter__()
        state = layer(x)[1]
        (state[1] if isinstance(state, tuple) else state).sum().backward()
        for change in reversed(changes):
            change.__exit__(None, None, None)
    return trace


def still(make, bias):
    """A layer of two units with no weights and a bias on the gate that keeps."""
    layer = make(1, 2).double()
    for weight in layer.parameters():
        nn.init.zeros_(weight)
    with torch.no_grad():
        layer.bias_ih_l0[2:4] = bias
    return layer


@pytest.mark.parametrize(("make", "state"), [(nn.LSTM, "cell_state"), (nn.GRU, "hidden_state")])
@pytest.mark.parametrize("bias", [0, 1, 2, 5])
def test_without_weights_the_path_is_all_there_is(make, state, bias):
    trace = run(still(make, bias), torch.zeros(51, 3, 1, dtype=torch.float64))
    kept = kept_along_path(trace, "l0")
    expected = (1 / (1 + np.exp(-bias))) ** np.arange(50, -1, -1)
    np.testing.assert_allclose(kept["kept"], expected, rtol=1e-12)
    np.testing.assert_allclose(trace.gradient("l0", state)[:, 0, 0], expected, rtol=1e-12)
    np.testing.assert_allclose(kept["best"], kept["kept"], rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        (Clamp("l0", "forget_gate", value=1), [1, 1, 1, 1]),
        (Clamp("l0", "forget_gate", value=0, times=2), [0, 0, 1 / 2, 1]),
        (Clamp("l0", "cell_state", value=3, times=1, units=0), [1 / 16, 1 / 4, 1 / 2, 1]),
        (Clamp("l0", "cell_state", "scale", 0.5, times=3), [1 / 16, 1 / 8, 1 / 4, 1]),
    ],
)
def test_changes_of_the_gate_and_of_the_state_itself(change, kept):
    trace = run(still(nn.LSTM, 0), torch.zeros(4, 1, 1, dtype=torch.float64), change)
    found = kept_along_path(trace, "l0", [change])
    np.testing.assert_allclose(found["kept"], kept)
    gradient = trace.gradient("l0", "cell_state")[:, 0]
    np.testing.assert_allclose(found["kept"], gradient.mean(1) / gradient[-1].mean())


def test_a_plain_rnn_has_no_path():
    trace = run(nn.RNN(1, 2).double(), torch.zeros(4, 1, 1, dtype=torch.float64))
    with pytest.raises(TraceError, match="no gate that keeps"):
        kept_along_path(trace, "l0")


def test_differences_are_means_of_absolute_values_and_begin_where_the_change_does():
    lstm, x = nn.LSTM(2, 3).double(), torch.randn(5, 4, 2, dtype=torch.float64)
    plain = run(lstm, x)
    other = x.clone()
    other[2, 1] += 1
    trace = run(lstm, other)
    apart = differences(trace, plain, "l0").set_index(["signal", "time"])
    by_hand = trace.value("l0", "cell_state")[3] - plain.value("l0", "cell_state")[3]
    assert apart.loc[("cell_state", 3), "difference"] == pytest.approx(np.abs(by_hand).mean())
    assert apart.loc[("cell_state", 3), "largest"] == np.abs(by_hand).max()
    assert (apart["difference"].unstack()[[0, 1]] == 0).all(axis=None)
    assert (apart["difference"].unstack()[[2, 3, 4]].drop("input") > 0).all(axis=None)
    assert (differences(trace, plain, "l0", [0])["difference"] == 0).all()
    with pytest.raises(TraceError, match="equally long"):
        differences(run(lstm, x[:3]), plain, "l0")
