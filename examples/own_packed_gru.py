"""Record a bidirectional two-layer GRU that reads sequences of different lengths, packed."""

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

import rnnviz

torch.manual_seed(0)
model = nn.GRU(4, 6, num_layers=2, bidirectional=True)
sequences = torch.randn(12, 3, 4)  # time, batch, feature; padded after its end
lengths = torch.tensor([12, 7, 4])

with rnnviz.record(model) as trace:
    output, last = model(pack_padded_sequence(sequences, lengths))
    last.square().sum().backward()

print(trace)
for layer in trace.layers:
    kept = trace.value(layer, "update_gate")  # (time, batch, unit), NaN where there is padding
    steps = (~np.isnan(kept[:, :, 0])).sum(0)
    print(f"{layer}: {steps.tolist()} steps, z is {np.nanmean(kept):.2f} on average")
