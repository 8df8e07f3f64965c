import numpy as np
import pytest
import torch
from torch import nn

from rnnviz.analysis import (
    eigenvalues,
    weight_blocks,
    weight_histograms,
    weight_norms,
    weight_reach,
)
from rnnviz.errors import TraceError


@pytest.fixture
def lstm():
    torch.manual_seed(0)
    return nn.LSTM(2, 6, 2).double()


def test_blocks_are_the_rows_that_torch_packs(lstm):
    blocks = weight_blocks(lstm, "l1")
    gates = ["input_gate", "forget_gate", "candidate", "output_gate"]
    assert list(blocks) == [(gate, source) for source in ("input", "recurrent") for gate in gates]
    np.testing.assert_array_equal(
        blocks["forget_gate", "recurrent"], lstm.weight_hh_l1[6:12].detach()
    )
    np.testing.assert_array_equal(blocks["candidate", "input"], lstm.weight_ih_l1[12:18].detach())


def test_gru_rnn_cells_and_reverse_layers_are_found():
    gru = nn.ModuleDict({"a": nn.GRU(2, 3, bidirectional=True)})
    blocks = weight_blocks(gru, "a.l0_reverse")
    assert list(blocks)[1] == ("update_gate", "input")
    np.testing.assert_array_equal(
        blocks["update_gate", "input"], gru["a"].weight_ih_l0_reverse[3:6].detach()
    )
    assert list(weight_blocks(nn.RNN(2, 3), "l0"))[0] == ("hidden_state", "input")
    assert len(weight_blocks(nn.LSTMCell(2, 3), "cell")) == 8
    with pytest.raises(TraceError, match="no layer"):
        weight_blocks(gru, "b.l0")


def test_norms_are_frobenius(lstm):
    norms = weight_norms(lstm, "l0").set_index(["gate", "source"])["norm"]
    expected = lstm.weight_hh_l0[18:].norm().item()
    assert norms["output_gate", "recurrent"] == pytest.approx(expected, rel=1e-12)


def test_eigenvalues_of_scaled_orthogonal_blocks_lie_on_their_circles(lstm):
    radii = dict(zip(("input_gate", "forget_gate", "candidate", "output_gate"), (0.5, 1, 1.1, 2)))  # noqa: B905
    with torch.no_grad():
        for block, radius in zip(lstm.weight_hh_l0.chunk(4), radii.values(), strict=True):
            block.copy_(radius * nn.init.orthogonal_(torch.empty(6, 6, dtype=torch.float64)))
    found = eigenvalues(lstm, "l0")
    for gate, one in found.groupby("gate"):
        np.testing.assert_allclose(one["modulus"], radii[gate], rtol=1e-10)
        np.testing.assert_allclose(np.hypot(one["real"], one["imaginary"]), radii[gate], rtol=1e-10)


def test_the_spectral_radius_comes_first_and_what_has_no_eigenvalues_gives_none():
    rnn = nn.RNN(1, 3)
    with torch.no_grad():
        rnn.weight_hh_l0.copy_(torch.diag(torch.tensor([0.5, -2.0, 1.0])))
    np.testing.assert_allclose(eigenvalues(rnn, "l0")["real"], [-2, 1, 0.5], atol=1e-6)
    with torch.no_grad():
        rnn.weight_hh_l0[0, 0] = torch.nan
    assert eigenvalues(rnn, "l0").empty
    assert eigenvalues(nn.LSTM(1, 4, proj_size=2), "l0").empty


def test_histograms_hold_all_weights_but_the_largest_hundredth(lstm):
    found = weight_histograms(lstm, "l0")
    assert (found.groupby(["gate", "source"])["share"].sum() > 0.9).all()
    blocks = weight_blocks(lstm, "l0")
    weights = np.concatenate([block.to_numpy().ravel() for block in blocks.values()])
    assert (np.abs(weights) <= weight_reach(blocks)).mean() >= 0.99
    assert found["right"].max() == weight_reach(blocks)


def test_zero_and_broken_weights_have_a_reach():
    rnn = nn.RNN(1, 2)
    with torch.no_grad():
        for parameter in rnn.parameters():
            parameter.zero_()
    assert weight_reach(weight_blocks(rnn, "l0")) == 1
    with torch.no_grad():
        rnn.weight_hh_l0.fill_(torch.nan)
    assert weight_histograms(rnn, "l0")["share"].notna().all()
