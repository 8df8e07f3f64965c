import numpy as np
import pytest
import torch

import rnnviz
from rnnviz.analysis import continuation, next_probabilities
from rnnviz.errors import TraceError
from rnnviz.networks.model import build
from rnnviz.settings import Settings


class Plain(torch.nn.Module):
    """A language model of torch's own parts."""

    def __init__(self, kind, classes=7):
        super().__init__()
        self.input = torch.nn.Embedding(classes, 4)
        self.rnn = kind(4, 5, 2)
        self.readout = torch.nn.Linear(5, classes)

    def forward(self, tokens, state=None):
        hidden, state = self.rnn(self.input(tokens), state)
        return self.readout(hidden), state


@pytest.mark.parametrize("kind", [torch.nn.LSTM, torch.nn.GRU])
def test_it_writes_what_a_plain_loop_over_torchs_layers_writes(kind):
    with torch.random.fork_rng():
        torch.manual_seed(3)
        model = Plain(kind).double()
    prompt = torch.tensor([1, 4, 2])
    found = continuation(model, prompt, 30, temperature=0.7, seed=11)
    generator = torch.Generator().manual_seed(11)
    tokens = prompt.tolist()
    with torch.no_grad():
        for row in found.itertuples():
            hidden, _ = model.rnn(model.input(torch.tensor(tokens)[:, None]))  # from the beginning
            share = (model.readout(hidden[-1, 0]) / 0.7).softmax(0)
            tokens.append(int(torch.multinomial(share, 1, generator=generator)))
            assert row.token == tokens[-1]
            assert row.probability == pytest.approx(float(share[row.token]), abs=1e-12)
            entropy = torch.distributions.Categorical(probs=share).entropy()
            assert row.entropy == pytest.approx(float(entropy), abs=1e-9)


def test_the_same_seed_writes_the_same_and_no_global_state_is_touched():
    model = build(Settings.for_task("characters"))
    prompt = torch.tensor([5, 6])
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()
    first, again, other = (continuation(model, prompt, 40, seed=seed) for seed in (1, 1, 2))
    assert first.equals(again) and not first.equals(other)
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert (np.random.get_state()[1] == numpy_state).all()


def test_without_temperature_the_likeliest_is_taken():
    model = build(Settings.for_task("characters"))
    found = continuation(model, torch.tensor([5]), 5, temperature=0)
    scores, _ = model(torch.tensor([5, *found["token"][:-1]])[:, None])
    assert found["token"].tolist() == scores[:, 0].argmax(-1).tolist()
    assert (found["probability"] == 1).all() and (found["entropy"] == 0).all()


def test_what_has_no_meaning_is_refused_and_nothing_is_written_where_nothing_is_wanted():
    model = build(Settings.for_task("characters"))
    assert continuation(model, torch.tensor([5]), 0).empty
    with pytest.raises(TraceError, match="prompt is empty"):
        continuation(model, torch.tensor([], dtype=torch.int64), 5)
    with pytest.raises(TraceError, match="negative"):
        continuation(model, torch.tensor([5]), 5, temperature=-1)


def test_next_probabilities_are_the_networks_own():
    model = build(Settings.for_task("characters", layers=2, hidden=6))
    tokens = torch.arange(10).reshape(5, 2)
    with torch.no_grad(), rnnviz.record(model, gradients=False) as trace:
        scores, _ = model(tokens)
    found = next_probabilities(trace, model.readout, sample=1)
    np.testing.assert_allclose(found, scores[:, 1].softmax(-1).numpy(), atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1)
