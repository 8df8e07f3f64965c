"""Two directions, and what is read out of them, against torch's own modules in float64."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnnviz.errors import RnnvizError
from rnnviz.looks import VIEWS, draw
from rnnviz.networks.model import build, load, parameter_count, save
from rnnviz.plan import parameters
from rnnviz.recording.probe import look
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.tasks import task_of
from rnnviz.training.trainer import Trainer
from rnnviz.views import Choice, Gallery

PLAIN = {"rnn": nn.RNN, "rnn_relu": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
CELL = pytest.mark.parametrize("cell", list(PLAIN))
READOUT = pytest.mark.parametrize("readout", ["every", "last", "mean"])
REFUSED = {
    "writing": "Only a language model can write",
    "compare_map": "A map has one or two varied settings",
    "gradient_connectivity": "In two directions an output depends",
    "gradient_dependence": "In two directions an output depends",
} | {
    view: sentence
    for view in VIEWS
    for kind, sentence in (
        ("translation_", "Only a translation has a source"),
        ("watched_", "This picture is of a model of your own"),
        ("forecast", "Only a series of numbers is forecast"),
        ("data", "This task draws its data itself"),
    )
    if view.startswith(kind)
}


def small(**values):
    return Settings(
        **{"task": "sentiment", "hidden": 5, "embedding": 4, "length": 14, "batch": 6, "steps": 9,
           "bidirectional": True, **values}
    )  # fmt: skip


def pooled(hidden, readout, lengths, both):
    """Return what the last asked answer is read out of, (batch, unit), sample by sample."""
    rows = []
    for sample, length in enumerate(lengths.tolist()):
        states = hidden[:length, sample]
        if readout == "mean":
            rows.append(states.mean(0))
        elif readout == "last" and both:
            half = states.shape[1] // 2
            rows.append(torch.cat([states[-1, :half], states[0, half:]]))
        else:
            rows.append(states[-1])
    return torch.stack(rows)


@CELL
@READOUT
@pytest.mark.parametrize("both", [True, False])
def test_a_step_of_training_is_that_of_torchs_modules(cell, readout, both):
    settings = small(
        cell=cell, readout=readout, bidirectional=both, layers=2, optimizer="sgd", momentum=0.0,
        clip=0.0, lr=0.5,
    )  # fmt: skip
    trainer = Trainer(settings)
    trainer.model.double()
    options = {"nonlinearity": "relu"} if cell == "rnn_relu" else {}
    rnn = PLAIN[cell](4, 5, 2, bidirectional=both, dtype=torch.float64, **options)
    rnn.load_state_dict(trainer.model.rnn.state_dict())
    readout_layer = nn.Linear(10 if both else 5, 2, dtype=torch.float64)
    readout_layer.load_state_dict(trainer.model.readout.state_dict())
    embedding = trainer.model.input.weight.detach().clone().requires_grad_()
    mine = {"input.weight": embedding}
    mine |= {f"rnn.{name}": p for name, p in rnn.named_parameters()}
    mine |= {f"readout.{name}": p for name, p in readout_layer.named_parameters()}

    batch = trainer.task.batch(6, 1)
    assert len(set(batch.lengths.tolist())) > 1  # else nothing is padded
    packed = pack_padded_sequence(embedding[batch.inputs], batch.lengths, enforce_sorted=False)
    hidden, _ = pad_packed_sequence(rnn(packed)[0])
    scores = readout_layer(pooled(hidden, readout, batch.lengths, both))
    right = batch.targets[batch.lengths - 1, torch.arange(6)]
    loss = cross_entropy(scores, right)
    loss.backward()

    step = trainer.advance()
    assert step.loss == pytest.approx(loss.item(), rel=1e-12)
    for name, parameter in trainer.model.named_parameters():
        after = mine[name].detach() - 0.5 * mine[name].grad
        assert (parameter.detach() - after).abs().max() < 1e-10, name


@CELL
@READOUT
@pytest.mark.parametrize("task", ["sentiment", "entities"])
def test_padding_changes_no_number(cell, readout, task):
    if task == "entities" and readout != "every":
        return
    settings = small(task=task, cell=cell, readout=readout, layers=2)
    built = task_of(settings)
    model = build(settings)
    batch = built.batch(6, 1)
    steps = torch.arange(len(batch.inputs))[:, None]
    there = steps < batch.lengths
    assert not there.all()

    def results(inputs, targets):
        model.zero_grad()
        answers, state = model(inputs, lengths=batch.lengths)
        loss = built.mean_loss(answers, targets)
        loss.backward()
        gradients = [p.grad.clone() for p in model.parameters()]
        states = state if isinstance(state, tuple) else (state,)
        return [answers[: len(there)][there].detach(), *states, loss.detach(), *gradients]

    expected = results(batch.inputs, batch.targets)
    other = (batch.inputs + 1 + steps) % built.inputs
    longer = torch.where(there, batch.inputs, other)
    more = torch.zeros(4, 6, dtype=torch.int64)
    longer = torch.cat([longer, more])
    targets = torch.cat([batch.targets, torch.full_like(more, -100)])
    names = [name for name, _ in model.named_parameters()]
    for place, (now, before) in enumerate(zip(results(longer, targets), expected, strict=True)):
        if place == len(expected) - len(names) and names[0] == "input.weight":
            used = torch.zeros(len(now), dtype=torch.bool)
            used[batch.inputs[there]] = True
            assert not now[~used].any()  # no gradient for what is only padding
        assert torch.equal(now, before)


@READOUT
def test_what_is_read_out_at_each_step(readout):
    model = build(small(readout=readout, layers=1)).double()
    x = torch.arange(7)[:, None]
    hidden, _ = model.states(x)
    answers = model(x)[0]
    for t in range(7):
        states = hidden[: t + 1, 0]
        if readout == "mean":
            seen = states.mean(0)
        elif readout == "last":
            seen = torch.cat([states[-1, :5], hidden[0, 0, 5:]])
        else:
            seen = states[-1]
        torch.testing.assert_close(answers[t, 0], model.readout(seen), rtol=0, atol=1e-12)


def test_the_mean_over_pieces_is_that_of_the_whole_sequence():
    whole = small(bidirectional=False, readout="mean")
    cut = whole.replace(truncation=4)
    batch = task_of(whole).batch(6, 1)
    first, second = (Trainer(settings)._forward(batch, 1)[0] for settings in (whole, cut))
    torch.testing.assert_close(first, second, rtol=1e-5, atol=1e-6)
    first, second = (Trainer(settings).advance().gradient_norm for settings in (whole, cut))
    assert first != pytest.approx(second, rel=1e-3)  # the gradient does not go over the cuts


@pytest.mark.parametrize("layers", [1, 2])
def test_what_is_recorded_is_what_training_computes(layers):
    settings = small(layers=layers, cell="gru", readout="last")
    seen = look(settings)
    expected = [f"rnn.l{i}{way}" for i in range(layers) for way in ("", "_reverse")]
    assert seen.trace.layers == tuple(expected) and seen.trace.top == f"rnn.l{layers - 1}"
    with torch.no_grad():
        hidden, _ = build(settings).states(seen.probe.batch.inputs)
    top = [seen.trace.value(name, "hidden_state") for name in expected[-2:]]
    np.testing.assert_allclose(np.concatenate(top, -1), hidden.numpy(), atol=1e-6)


@pytest.mark.parametrize("readout", ["every", "mean", "last"])
@pytest.mark.parametrize("layer", ["rnn.l0", "rnn.l0_reverse"])
def test_every_view_shows_both_directions_or_says_why_not(tmp_path, layer, readout):
    store = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    gallery = Gallery(store)
    settings = small(hidden=3, readout=readout, cell="rnn" if readout == "mean" else "lstm")
    refused = dict(REFUSED)
    if layer.endswith("_reverse"):
        refused["gradient_truncation"] = "rnn.l0_reverse runs backwards: choose the one"
    items = {"gradient_items", "gradient_bars", "gradient_truncation"}
    if readout == "mean":
        refused |= dict.fromkeys(items, "The mean of")
    if readout == "last" and layer.endswith("_reverse"):
        refused |= dict.fromkeys(items, "Its state at the first step")
    for view in VIEWS:
        asked = {"layer": layer, "brush": "1-2", "loss": "all"}
        try:
            message = draw(gallery, view, None, settings, Choice.of(asked))
        except RnnvizError as error:
            assert view in refused and refused[view] in str(error), (view, error)
        else:
            assert message and view not in refused, view
    store.close()


@pytest.mark.parametrize(("layer", "far"), [("rnn.l0", 0), ("rnn.l0_reverse", 11)])
def test_what_if_is_asked_of_both_directions(tmp_path, layer, far):
    store = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    gallery = Gallery(store)
    settings = small(cell="lstm", readout="last")
    asked = Choice.of({"layer": layer, "clamp": f"{layer}.forget_gate=1", "state": "cell_state"})
    says = draw(gallery, "whatif_gradient", None, settings, asked)["says"]
    assert "the c-path keeps 100 % of its gradient over 11 steps" in says
    assert f"at t = {far} is" in says
    other = {"rnn.l0": "rnn.l0_reverse", "rnn.l0_reverse": "rnn.l0"}[layer]
    asked = Choice.of({"layer": layer, "clamp": f"{other}.forget_gate=1"})
    says = draw(gallery, "whatif_states", None, settings, asked)["says"]
    assert "nothing of LSTM layer 1" in says  # one direction does not see the other
    store.close()


@pytest.mark.parametrize("task", ["adding", "sentiment", "digits_rows"])
@CELL
def test_the_number_of_parameters_is_known_without_building(cell, task):
    for values in ({}, {"bidirectional": True, "layers": 2}, {"norm": "layer", "readout": "mean"}):
        settings = Settings(task=task, cell=cell, hidden=6, **values)
        assert parameters(settings) == parameter_count(build(settings))


def test_weights_round_trip_and_have_torchs_names():
    settings = small(layers=2)
    model = build(settings)
    assert save(load(settings, save(model))) == save(model)
    theirs = nn.LSTM(4, 5, 2, bidirectional=True)
    assert {n.removeprefix("rnn.") for n in model.state_dict() if n.startswith("rnn.")} == set(
        theirs.state_dict()
    )
