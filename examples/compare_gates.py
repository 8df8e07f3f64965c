"""What does each cell keep? The forget gate of an LSTM beside the update gate of a GRU."""

import rnnviz
from rnnviz.recording.probe import inspect

keeps = {"lstm": "forget_gate", "gru": "update_gate", "rnn": "hidden_state"}
values = {}
for cell, signal in keeps.items():
    trace = inspect(rnnviz.Settings(cell=cell, hidden=16, length=30))
    values[cell] = (signal, trace.frame("rnn.l0", signal))
    print(f"{cell}: {signal} is {values[cell][1].to_numpy().mean():.2f} on average")
figure = rnnviz.plots.compare_gates(values, where="sample 1, untrained")
