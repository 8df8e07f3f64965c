"""Record an encoder and a decoder of your own: two recurrent layers in one trace."""

import torch
from torch import nn

import rnnviz


class Reverser(nn.Module):
    """Reads symbols, and writes as many from the encoder's last state on."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(8, 6)
        self.encoder = nn.GRU(6, 10)
        self.decoder = nn.GRU(6, 10)
        self.head = nn.Linear(10, 8)

    def forward(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Take symbols (time, batch), give the scores (time, batch, symbol) of the next ones."""
        state = self.encoder(self.embedding(source))[1]
        return self.head(self.decoder(self.embedding(target), state)[0])


torch.manual_seed(0)
model = Reverser()
source = torch.randint(1, 8, (7, 4))
answer = source.flip(0)
given = torch.cat([torch.zeros_like(answer[:1]), answer[:-1]])  # 0 begins, then its own answers

labels = [[str(symbol) for symbol in row] for row in source.T.tolist()]
with rnnviz.record(model, labels=labels) as trace:
    scores = model(source, given)
    nn.functional.cross_entropy(scores.flatten(0, 1), answer.flatten()).backward()

for layer in trace.layers:
    norms = rnnviz.analysis.gradient_norms(trace, layer, ("hidden_state",))["norm"]
    print(
        f"{layer}: gradient {norms.iloc[0]:.1e} at its first step, {norms.iloc[-1]:.1e} at its last"
    )
