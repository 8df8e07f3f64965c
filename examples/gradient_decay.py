"""How fast does the gradient of your own model fade? Three cells at their initialisation."""

import torch
from torch import nn

import rnnviz

torch.manual_seed(0)
x = torch.randn(60, 16, 8)
for kind in (nn.RNN, nn.GRU, nn.LSTM):
    module = kind(8, 32)
    with rnnviz.record(module) as trace:
        module(x)[0][-1].square().sum().backward()
    fit = rnnviz.analysis.decay(rnnviz.analysis.sample_norms(trace, "l0", ("hidden_state",)))
    life, low, high = fit[["half_life", "half_life_low", "half_life_high"]].iloc[0]
    print(f"{kind.__name__}: halves every {life:.2f} steps (95 %: {low:.2f} to {high:.2f})")
    figure = rnnviz.plots.gradients(rnnviz.analysis.gradient_norms(trace, "l0"), fits=fit)
    # figure.show(), or figure.write_html(f"{kind.__name__}.html")
