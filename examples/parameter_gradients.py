"""See which gate's weights get the gradient, and how far one update moves them."""

import torch
from torch import nn

import rnnviz

torch.manual_seed(0)
module = nn.LSTM(8, 16)
optimizer = torch.optim.Adam(module.parameters(), 0.01)
before = {name: value.clone() for name, value in module.state_dict().items()}
module(torch.randn(30, 4, 8))[0].square().mean().backward()
optimizer.step()
norms = rnnviz.analysis.parameter_norms(module, before)
print(norms[norms["parameter"] == "weight_hh_l0"].to_string(index=False))
figure = rnnviz.plots.parameters(norms.assign(step=1), "gradient")
