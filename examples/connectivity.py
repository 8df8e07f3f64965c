"""See which input each output depends on (Madsen 2019)."""

import torch
from torch import nn

import rnnviz

torch.manual_seed(0)
module, readout = nn.LSTM(8, 24), nn.Linear(24, 5)
with rnnviz.record(module, gradients=False) as trace:
    module(torch.randn(30, 1, 8))
norms = rnnviz.analysis.connectivity(module, trace, "l0", readout=readout.weight.detach().numpy())
print(f"the last output depends on the input 10 steps before it {norms.loc[29, 19]:.2g},")
print(f"on its own {norms.loc[29, 29]:.2g}")
figure = rnnviz.plots.connectivity(norms)
