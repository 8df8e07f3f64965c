"""Writing on its own, attention, and the two ways back: against enumeration and autograd."""

from itertools import product

import numpy as np
import pytest
import torch

from rnnviz.analysis import attention, greedy, translations, ways_back
from rnnviz.analysis.ways import gradients_by_way
from rnnviz.errors import TraceError
from rnnviz.networks.model import build
from rnnviz.settings import Settings
from rnnviz.tasks import task_of

CELLS = ["lstm", "gru", "rnn"]


def network(attention="dot", cell="lstm", seed=0, **changes):
    small = {"length": 3, "hidden": 4, "embedding": 3}
    made = Settings.for_task(
        "reversal", attention=attention, cell=cell, seed=seed, **(small | changes)
    )
    model = build(made).double().eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight *= 3  # so that answers differ clearly
    return model, task_of(made)


def log_probability(model, inputs, begin, classes):
    """Of a whole target, by the network itself, with the symbols before each going in."""
    given = torch.tensor([*classes[:-1]], dtype=torch.int64)[:, None]
    fed = torch.cat([inputs[: begin + 1], model.next_input(given)])
    logs = model(fed)[0][begin:, 0].log_softmax(-1)
    return float(sum(logs[step, answer] for step, answer in enumerate(classes)))


@pytest.mark.parametrize("kind", ["none", "additive", "dot"])
def test_a_wide_beam_is_exhaustive_search(kind):
    model, task = network(kind)
    inputs = task.probe().one(2).batch.inputs
    begin, steps, end = model.begin(inputs), 3, model.end
    everything = []
    for length in range(steps):
        for symbols in product(range(end), repeat=length):
            everything.append((*symbols, end))
    with torch.no_grad():
        scored = {each: log_probability(model, inputs, begin, each) for each in everything}
    best = sorted(scored.items(), key=lambda each: -each[1])
    found = translations(model, inputs, beam=600, steps=steps)
    ended = found[found["ended"]]
    assert len(ended) == len(everything) == 73
    assert [tuple(each) for each in ended["classes"]] == [classes for classes, _ in best]
    np.testing.assert_allclose(ended["log_probability"], [each for _, each in best], atol=1e-10)
    for row in found.itertuples():
        assert np.log(row.shares).sum() == pytest.approx(row.log_probability)
    narrow = translations(model, inputs, beam=4, steps=steps)
    assert len(narrow) == 4
    for row in narrow[narrow["ended"]].itertuples():  # what it finds has the probability it says
        assert row.log_probability == pytest.approx(scored[tuple(row.classes)])
        assert row.log_probability <= best[0][1] + 1e-12


@pytest.mark.parametrize("cell", CELLS)
def test_a_beam_of_one_is_greedy(cell):
    model, task = network(cell=cell)
    inputs = task.batch(12, 1).inputs
    written = greedy(model, inputs, 6)
    for sample in range(12):
        (row,) = translations(model, inputs, sample, beam=1, steps=6).itertuples()
        mine = written[:, sample].tolist()
        mine = mine[: mine.index(model.end) + 1] if model.end in mine else mine
        assert list(row.classes) == mine and row.ended == (model.end in mine)


def test_the_metric_is_what_the_network_writes_on_its_own():
    """Fed the true symbols, all answers are right exactly where its own writing is right."""
    model, task = network(seed=1)
    batch = task.batch(400, 1)
    inputs, targets, begin = batch.inputs, batch.targets, model.begin(batch.inputs)
    written = greedy(model, inputs, task.target_steps)
    for sample in range(0, 400, 2):  # let what it writes be right, for every second one
        mine = written[:, sample].tolist()
        mine = mine[: mine.index(model.end) + 1] if model.end in mine else mine
        targets[begin : begin + len(mine), sample] = torch.tensor(mine)
        targets[begin + len(mine) :, sample] = -100
        inputs[begin + 1 :, sample] = model.next_input(written[:-1, sample])
    exact = ((written == targets[begin:]) | (targets[begin:] < 0)).all(0).double().mean()
    assert 0.5 <= exact < 0.7
    assert task.metric(model(inputs)[0], batch) == pytest.approx(100 * float(exact))


@pytest.mark.parametrize("kind", ["additive", "dot"])
def test_attention_sums_to_one_and_leaves_out_the_padding(kind):
    model, task = network(kind)
    batch = task.batch(8, 1)
    for sample in range(8):
        shares = attention(model, batch.inputs, sample)
        np.testing.assert_allclose(shares.sum(axis=1), 1)
        padding = batch.inputs[: task.source_steps, sample] == task.padding
        assert (shares.loc[:, padding.numpy()] == 0).all(axis=None)
    assert not model.attention.weights._forward_hooks
    with pytest.raises(TraceError, match="no attention"):
        attention(network("none")[0], batch.inputs)


def test_dot_attention_is_a_softmax_of_products_of_states():
    model, task = network("dot")
    inputs = task.probe().one(0).batch.inputs
    begin = model.begin(inputs)
    source = model.read(inputs[:begin])
    hidden, _ = model.decoder(model.input(inputs[begin:]), source.state)
    scores = (hidden[:, 0] @ source.memory[:, 0].T).detach().numpy()
    shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    np.testing.assert_allclose(attention(model, inputs), shares, atol=1e-12)


@pytest.mark.parametrize("kind", ["none", "additive", "dot"])
@pytest.mark.parametrize("cell", CELLS)
def test_the_two_ways_back_sum_to_the_whole(kind, cell):
    model, task = network(kind, cell, layers=2)
    batch = task.batch(5, 1)
    begin, sample = model.begin(batch.inputs), 3
    for layer in (0, 1):
        found = gradients_by_way(model, batch.inputs, batch.targets, begin + 1, sample, layer)
        whole, by_attention, by_state = (
            found["encoder", way] for way in ("total", "attention", "state")
        )
        assert np.abs(whole).max() > 0
        np.testing.assert_allclose(by_attention + by_state, whole, rtol=0, atol=1e-10)
        if kind == "none":
            assert not by_attention.any()
        else:
            assert by_attention.any() and by_state.any()
        later = found["decoder", "total"][2:]
        assert later.size and not later.any()  # an answer depends on no later state
    assert all(weight.grad is None for weight in model.parameters())
    norms = ways_back(model, batch.inputs, batch.targets, begin, sample)
    assert set(norms["way"]) == {"total", "attention", "state"}
    with pytest.raises(TraceError, match="No answer is asked at time step 0"):
        ways_back(model, batch.inputs, batch.targets, 0, sample)
