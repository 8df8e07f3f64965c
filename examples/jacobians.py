"""See what one step does to the state, and many in a row."""

import torch
from torch import nn

import rnnviz
from rnnviz import analysis

torch.manual_seed(0)
module = nn.GRU(8, 24)
with rnnviz.record(module, gradients=False) as trace:
    module(torch.randn(80, 1, 8))
steps = analysis.jacobians(module, trace, "l0", sample=0)  # (time, state, state)
values = analysis.singular_values(steps)
largest = values[values["rank"] == 0]["value"]
print(f"largest singular value: {largest.min():.3f} to {largest.max():.3f}")
print(f"largest Lyapunov exponent: {analysis.lyapunov_exponents(steps)[0]:.3f} a step")
print(f"80 steps in a row: e^{analysis.product_norms(steps)['log_norm'][0]:.1f}")
figure = rnnviz.plots.jacobians(values, analysis.spectral_radius(steps))
