import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import rnnviz
from rnnviz.analysis import clipping, truncation
from rnnviz.analysis.itemized import itemized_vectors
from rnnviz.errors import TraceError


def test_the_clipped_norm_is_the_smaller_of_norm_and_limit():  # E13
    metrics = pd.DataFrame({"step": [1, 2, 3, 4], "gradient_norm": [0.5, 2.0, 8.0, 0.1]})
    found = clipping(metrics, 1.0, over=2)
    assert found["clipped_norm"].tolist() == [0.5, 1, 1, 0.1]
    assert found["clipped"].tolist() == [False, True, True, False]
    assert found["share"].tolist() == [0, 0.5, 1, 0.5]
    assert not clipping(metrics, 0)["clipped"].any()
    assert clipping(metrics.iloc[:0], 1.0).empty


def network(kind):
    torch.manual_seed(0)
    module = kind(3, 5).double()
    x = torch.randn(9, 2, 3, dtype=torch.float64)
    with rnnviz.record(module) as trace:
        (module(x)[0] ** 3).sum().backward()
    return module, x, trace


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_what_a_window_keeps_are_the_items_within_it(kind):
    module, _, trace = network(kind)
    found = truncation(module, trace, "l0", [1, 4, 9])
    steps, items, _ = itemized_vectors(module, trace, "l0")
    for window in (1, 4, 9):
        for t in (0, 3, 8):
            row = found[(found["window"] == window) & (found["time"] == t)].iloc[0]
            near = (steps >= t) & (steps - t < window)
            kept = items[near, t].sum(0)
            whole = items[:, t].sum(0)
            root = np.sqrt(2)
            assert row["kept"] == pytest.approx(np.linalg.norm(kept) / root, rel=1e-10)
            assert row["lost"] == pytest.approx(np.linalg.norm(whole - kept) / root, abs=1e-14)
            assert row["total"] == pytest.approx(np.linalg.norm(whole) / root, rel=1e-10)


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_the_weights_gradient_within_a_window_is_that_of_a_detached_network(kind):
    module, x, trace = network(kind)
    whole = module.weight_hh_l0.grad.clone()
    kept = torch.zeros_like(whole)
    window = 3
    for k in range(9):  # the state that comes into the window is a constant
        with torch.no_grad():
            state = module(x[: max(k - window + 1, 0)])[1] if k >= window else None
        output, _ = module(x[max(k - window + 1, 0) : k + 1], state)
        # of the first step in the window W_hh is used, too, on that constant
        module.zero_grad()
        (output[-1] ** 3).sum().backward()
        kept += module.weight_hh_l0.grad
    row = truncation(module, trace, "l0", [window]).iloc[0]
    lost = (whole - kept).norm() / whole.norm()
    cosine = (whole * kept).sum() / whole.norm() / kept.norm()
    assert row["weights_lost"] == pytest.approx(lost.item(), rel=1e-9)
    assert row["weights_cosine"] == pytest.approx(cosine.item(), rel=1e-9)


def test_a_window_as_long_as_the_sequence_throws_nothing_away():
    module, _, trace = network(nn.LSTM)
    row = truncation(module, trace, "l0", [9]).iloc[0]
    assert row["weights_lost"] == pytest.approx(0, abs=1e-14)
    assert row["weights_cosine"] == pytest.approx(1)


def test_a_layer_that_runs_backwards_is_refused():
    module = nn.GRU(3, 4, bidirectional=True)
    with rnnviz.record(module) as trace:
        module(torch.randn(3, 1, 3))[0].sum().backward()
    with pytest.raises(TraceError, match="backwards"):
        truncation(module, trace, "l0_reverse", [2])
