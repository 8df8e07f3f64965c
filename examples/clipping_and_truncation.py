"""See what clipping, and a window of back-propagation through time, take away."""

import pandas as pd
import torch

import rnnviz

steps = list(rnnviz.train(rnnviz.Settings(cell="rnn_relu", hidden=16, length=30, steps=40)))
rows = pd.DataFrame({"step": step.step, "gradient_norm": step.gradient_norm} for step in steps)
clipped = rnnviz.analysis.clipping(rows, limit=1.0)
print(f"{clipped['clipped'].mean():.0%} of the steps were clipped")

module = torch.nn.GRU(4, 16)
with rnnviz.record(module) as trace:
    module(torch.randn(40, 8, 4))[0].square().sum().backward()
for window, one in rnnviz.analysis.truncation(module, trace, "l0", [1, 5, 20]).groupby("window"):
    print(f"a window of {window} steps throws away {one['weights_lost'].iloc[0]:.1%}")
figure = rnnviz.plots.clipping(clipped, limit=1.0, steps=40)
