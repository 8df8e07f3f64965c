import numpy as np
import pytest
import torch
from torch import nn

from rnnviz.analysis import parameter_norms


def test_norms_of_weights_gradients_and_updates_by_gate():
    torch.manual_seed(0)
    module = nn.Sequential()
    module.rnn = nn.LSTM(3, 4)
    module.readout = nn.Linear(4, 2)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    module.readout(module.rnn(torch.randn(5, 2, 3))[0]).square().sum().backward()
    with torch.no_grad():
        module.rnn.weight_hh_l0[4:8] += 0.1
    found = parameter_norms(module, before, steps=5).set_index(["parameter", "gate"])
    weight = module.rnn.weight_hh_l0
    row = found.loc[("rnn.weight_hh_l0", "forget_gate")]
    assert row["weight"] == pytest.approx(weight[4:8].norm().item())
    assert row["gradient"] == pytest.approx(weight.grad[4:8].norm().item())
    old = before["rnn.weight_hh_l0"][4:8].norm().item()
    assert row["update"] == pytest.approx(0.4 / old / 5, rel=1e-5)
    assert found.loc[("rnn.weight_hh_l0", "input_gate")]["update"] == 0
    assert ("readout.weight", "") in found.index
    squares = np.square(found.loc["rnn.weight_hh_l0"]["gradient"]).sum()
    assert squares == pytest.approx(weight.grad.square().sum().item(), rel=1e-6)


def test_what_is_not_known_is_not_a_number():
    found = parameter_norms(nn.GRUCell(2, 3))
    assert found["gradient"].isna().all() and found["update"].isna().all()
    assert set(found["gate"]) == {"reset_gate", "update_gate", "candidate"}
