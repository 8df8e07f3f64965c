"""Record a loop over nn.LSTMCell: each call of the cell is a time step."""

import torch
from torch import nn

import rnnviz

torch.manual_seed(0)
cell = nn.LSTMCell(3, 5)
x = torch.randn(20, 1, 3)

with rnnviz.record(cell) as trace:
    state = None
    for step in x:
        state = cell(step, state)
    state[0].sum().backward()

norms = rnnviz.analysis.gradient_norms(trace, "cell", ("hidden_state", "cell_state"))
fits = rnnviz.analysis.decay(norms)
for fit in fits.itertuples():
    print(f"dL/d({fit.signal}) halves every {fit.half_life:.1f} steps back in time")
