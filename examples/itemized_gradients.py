"""See which loss sends how much gradient to which step (RNNbow), for an LSTM of your own."""

import torch
from torch import nn

import rnnviz

torch.manual_seed(0)
module = nn.LSTM(8, 32)
with rnnviz.record(module) as trace:
    module(torch.randn(40, 4, 8))[0].square().sum().backward()  # a loss at every step
items = rnnviz.analysis.itemized_gradients(module, trace, "l0")
first = items[items["time"] == 0]
near = first[first["loss_step"] < 5]["part"].sum() / first["part"].sum()
print(f"{len(items)} items; {near:.1%} of the gradient at t = 0 comes from the first five losses")
figure = rnnviz.plots.itemized_matrix(items)
