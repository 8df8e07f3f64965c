import numpy as np
import pytest
import torch
from torch import nn

import rnnviz
from rnnviz.analysis import connectivity
from rnnviz.errors import TraceError


@pytest.mark.parametrize(
    ("kind", "options"),
    [(nn.RNN, {}), (nn.GRU, {"num_layers": 2}), (nn.LSTM, {"num_layers": 2, "proj_size": 3})],
)
@pytest.mark.parametrize("outputs", [2, 9])
def test_every_entry_is_the_norm_of_autograds_derivative(kind, options, outputs):
    torch.manual_seed(0)
    module = kind(3, 5, **options).double()
    x = torch.randn(8, 2, 3, dtype=torch.float64)
    with rnnviz.record(module, gradients=False) as trace:
        h = module(x)[0]
    readout = torch.randn(outputs, h.shape[2], dtype=torch.float64)
    exact = torch.autograd.functional.jacobian(lambda x: module(x)[0][:, 1] @ readout.T, x)
    norms = exact[:, :, :, 1].square().sum(dim=(1, 3)).sqrt().numpy()
    found = connectivity(module, trace, "l0", 1, readout.numpy())
    lower = np.tril(np.ones((8, 8), bool))
    np.testing.assert_allclose(found.to_numpy()[lower], norms[lower], rtol=1e-10)
    assert np.isnan(found.to_numpy()[~lower]).all()
    some = connectivity(module, trace, "l0", 1, readout.numpy(), every=3)
    assert some.index.tolist() == [1, 4, 7]
    np.testing.assert_allclose(some, found.loc[[1, 4, 7]], rtol=1e-12)


def test_without_a_readout_the_state_is_the_output_and_padding_is_left_out():
    torch.manual_seed(0)
    module = nn.GRU(3, 4)
    x = nn.utils.rnn.pack_padded_sequence(torch.randn(6, 2, 3), [6, 4])
    with rnnviz.record(module, gradients=False) as trace:
        module(x)
    assert connectivity(module, trace, "l0", 0).shape == (6, 6)
    found = connectivity(module, trace, "l0", 1)
    assert found.shape == (4, 4)
    assert (np.diag(found) > 0).all()


def test_a_layer_that_runs_backwards_is_refused():
    module = nn.GRU(3, 4, bidirectional=True)
    with rnnviz.record(module, gradients=False) as trace:
        module(torch.randn(3, 1, 3))
    with pytest.raises(TraceError, match="backwards"):
        connectivity(module, trace, "l0_reverse")
