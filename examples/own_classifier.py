"""Watch a plain nn.LSTM classifier of your own while it learns, then read what was kept."""

import tempfile
from pathlib import Path

import torch
from torch import nn

import rnnviz
from rnnviz.store.run_store import RunStore


class Classifier(nn.Module):
    """Says whether the first number of a sequence was positive."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(1, 8)
        self.head = nn.Linear(8, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take (time, batch, 1), give the scores (batch, 2) of no and yes."""
        return self.head(self.lstm(x)[0][-1])


torch.manual_seed(0)
model = Classifier()
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
store = f"sqlite:///{Path(tempfile.mkdtemp()) / 'runs.db'}"  # leave it out to see it in the app
with rnnviz.watch(model, every=20, name="first number", store=store) as watch:
    for _ in range(60):
        x = torch.randn(10, 32, 1)
        loss = nn.functional.cross_entropy(model(x), (x[0, :, 0] > 0).long())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        watch.step(loss)

kept = RunStore(store)
losses = kept.traces.losses(watch.id)["loss"]
print(f"loss {losses.iloc[0]:.2f} at step 1, {losses.iloc[-1]:.2f} at step {len(losses)}")
print("traces of steps", *kept.traces.steps(watch.id))
