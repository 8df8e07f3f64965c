"""Residual stacks, masks of whole sequences, tied vectors: against torch's modules in float64."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnnviz.analysis import connectivity, itemized_gradients
from rnnviz.errors import SettingsError
from rnnviz.files.torch_script import model_script
from rnnviz.networks.model import build, load, parameter_count, save
from rnnviz.networks.recurrent import RECURRENT
from rnnviz.plan import parameters
from rnnviz.recording.probe import look
from rnnviz.settings import Settings
from rnnviz.tasks import TASKS, task_of
from rnnviz.training.trainer import Trainer

PLAIN = {"rnn": nn.RNN, "rnn_relu": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
CELL = pytest.mark.parametrize("cell", list(PLAIN))
T, B, X, H = 6, 3, 4, 5


def small(**values):
    return Settings(
        **{"task": "sentiment", "hidden": 5, "embedding": 4, "length": 14, "batch": 6, "steps": 9,
           "layers": 3, "residual": True, "optimizer": "sgd", "momentum": 0.0, "clip": 0.0,
           "lr": 0.5, **values}
    )  # fmt: skip


def draw(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


def alone(rnn, cell, layer):
    """Return torch's own module of one layer of a stack."""
    options = {"nonlinearity": "relu"} if cell == "rnn_relu" else {}
    both = rnn.bidirectional
    features = rnn.input_size if layer == 0 else rnn.hidden_size * (2 if both else 1)
    one = PLAIN[cell](features, rnn.hidden_size, bidirectional=both, dtype=torch.float64, **options)
    suffixes = ("", "_reverse") if both else ("",)
    one.load_state_dict(
        {
            f"{kind}_l0{way}": getattr(rnn, f"{kind}_l{layer}{way}").detach()
            for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            for way in suffixes
        }
    )
    return one


@CELL
@pytest.mark.parametrize("both", [False, True])
def test_a_step_of_training_a_residual_stack_is_that_of_single_layers(cell, both):
    settings = small(cell=cell, bidirectional=both)
    trainer = Trainer(settings)
    trainer.model.double()
    layers = [alone(trainer.model.rnn, cell, place) for place in range(3)]
    embedding = trainer.model.input.weight.detach().clone().requires_grad_()
    out = nn.Linear(10 if both else 5, 2, dtype=torch.float64)
    out.load_state_dict(trainer.model.readout.state_dict())

    batch = trainer.task.batch(6, 1)
    x = embedding[batch.inputs]
    for place, layer in enumerate(layers):
        packed = pack_padded_sequence(x, batch.lengths, enforce_sorted=False)
        given, _ = pad_packed_sequence(layer(packed)[0], total_length=len(x))
        x = given + x if place else given
    scores = out(x[batch.lengths - 1, torch.arange(6)])
    loss = cross_entropy(scores, batch.targets[batch.lengths - 1, torch.arange(6)])
    loss.backward()
    expected = {"input.weight": embedding}
    expected |= {f"readout.{name}": p for name, p in out.named_parameters()}
    for place, layer in enumerate(layers):
        for name, p in layer.named_parameters():
            expected[f"rnn.{name.replace('_l0', f'_l{place}')}"] = p
    assert trainer.advance().loss == pytest.approx(loss.item(), rel=1e-12)
    for name, parameter in trainer.model.named_parameters():
        after = expected[name].detach() - 0.5 * expected[name].grad
        assert (parameter.detach() - after).abs().max() < 1e-10, name


@CELL
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("one_mask", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_watched_and_fused_stacks_give_the_same_numbers(cell, residual, one_mask, packed):
    options = {"dropout": 0.4, "bidirectional": True, "residual": residual, "one_mask": one_mask}
    fused = RECURRENT[cell](X, H, 3, **options).double()
    watched = copy.deepcopy(fused)
    for each in watched.cells.values():
        each.hidden_state.register_forward_hook(lambda module, args, output: None)
    results = []
    for rnn in (fused, watched):
        x = draw(T, B, X).requires_grad_()
        given = pack_padded_sequence(x, [6, 4, 1]) if packed else x
        with torch.random.fork_rng():
            torch.manual_seed(3)
            output, state = rnn(given)
        output = output.data if packed else output
        states = state if isinstance(state, tuple) else (state,)
        (output.square().sum() + sum(s.sum() for s in states)).backward()
        found = [output, *states, x.grad, *(p.grad for p in rnn.parameters())]
        results.append([each.detach() for each in found])
    for one, other in zip(*results, strict=True):
        assert (one - other).abs().max() < 1e-10


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_a_mask_is_the_same_at_all_steps_and_another_for_each_sequence(residual, packed):
    rnn = RECURRENT["gru"](X, 40, 2, dropout=0.5, one_mask=True, residual=residual).double()
    x = draw(T, B, X)
    seen = []
    rnn.l1.input.register_forward_hook(lambda module, args, output: seen.append(output.detach()))
    torch.manual_seed(1)
    rnn(pack_padded_sequence(x, [6, 6, 6]) if packed else x)
    kept = (seen[0] != 0).view(T, B, 40)
    assert (kept == kept[:1]).all()
    assert not torch.equal(kept[0, 0], kept[0, 1])
    assert 0.3 < kept[0].double().mean() < 0.7
    below = nn.GRU(X, 40).double()
    below.load_state_dict({name: getattr(rnn, name).detach() for name in below.state_dict()})
    h = below(x)[0].detach()
    assert torch.allclose(seen[0].view(T, B, 40), h * kept * 2, atol=1e-12)


def by_hand(cell, rnn, x, masks):
    """Run one layer in float64, written out; the mask is on h where the weights read it."""
    w_ih, w_hh, b_ih, b_hh = (getattr(rnn, f"{n}_l0") for n in ("weight_ih", "weight_hh",
                                                               "bias_ih", "bias_hh"))  # fmt: skip
    h = c = x.new_zeros(x.shape[1], rnn.hidden_size)
    given = []
    for step in x:
        a, u = step @ w_ih.T + b_ih, (h * masks) @ w_hh.T + b_hh
        if cell == "lstm":
            i, f, g, o = (a + u).chunk(4, -1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
        elif cell == "gru":
            (a_r, a_z, a_n), (u_r, u_z, u_n) = a.chunk(3, -1), u.chunk(3, -1)
            z = (a_z + u_z).sigmoid()
            h = (1 - z) * (a_n + (a_r + u_r).sigmoid() * u_n).tanh() + z * h
        else:
            h = (a + u).tanh() if cell == "rnn" else (a + u).relu()
        given.append(h)
    return torch.stack(given)


@CELL
@pytest.mark.parametrize("packed", [False, True])
def test_a_mask_of_the_state_is_that_of_the_recurrence_written_out(cell, packed):
    rnn = RECURRENT[cell](X, H, recurrent_dropout=0.5).double()
    results = []
    for way in ("ours", "by hand"):
        rnn.zero_grad()
        x = draw(T, B, X).requires_grad_()
        with torch.random.fork_rng():
            torch.manual_seed(2)
            if way == "ours":
                given = rnn(pack_padded_sequence(x, [6, 4, 1]) if packed else x)[0]
                output = pad_packed_sequence(given)[0] if packed else given
            else:
                masks = nn.functional.dropout(torch.ones(B, H, dtype=torch.float64), 0.5)
                assert 0 < (masks == 0).sum() < masks.numel()
                output = by_hand(cell, rnn, x, masks)
                if packed:
                    there = torch.arange(T)[:, None] < torch.tensor([6, 4, 1])
                    output = torch.where(there[..., None], output, 0.0)
        output.pow(3).sum().backward()
        results.append([output, x.grad, *(p.grad.clone() for p in rnn.parameters())])
    for one, other in zip(*results, strict=True):
        assert (one - other).abs().max() < 1e-10
    x = draw(T, B, X)
    fused = rnn.eval()(x)[0]
    assert torch.equal(fused, rnn(x)[0])  # nothing is dropped outside of training


@pytest.mark.parametrize("norm", ["none", "layer"])
@pytest.mark.parametrize("values", [{"layers": 1}, {"layers": 2, "bidirectional": True}], ids=str)
def test_variational_dropout_trains_and_resumes_to_the_bit(values, norm):
    settings = small(**values, norm=norm, dropout=0.4, dropout_kind="recurrent", residual=False)
    whole, plain = Trainer(settings), Trainer(settings.replace(dropout=0.0))
    assert whole.advance().loss != plain.advance().loss
    again = Trainer(settings, whole.checkpoint())
    assert again.advance().loss == whole.advance().loss
    assert again.checkpoint() == whole.checkpoint()
    cut = Trainer(settings.replace(bidirectional=False, truncation=5))
    uncut = Trainer(settings.replace(bidirectional=False))
    batch = cut.task.batch(6, 1)
    assert torch.allclose(cut._forward(batch, 1)[0], uncut._forward(batch, 1)[0], atol=1e-6)


def test_the_mask_stays_over_the_pieces_of_a_truncated_sequence():
    settings = small(residual=False, dropout=0.5, dropout_kind="sequence", truncation=4)
    batch = task_of(settings).batch(6, 1)
    cut, whole = (
        Trainer(s)._forward(batch, 1)[0] for s in (settings, settings.replace(truncation=0))
    )
    assert torch.allclose(cut, whole, atol=1e-6)
    other = Trainer(settings)._forward(batch, 2)[0]
    assert not torch.allclose(cut, other, atol=1e-3)


def test_nothing_is_dropped_where_the_network_is_looked_at():
    settings = small(dropout=0.5, dropout_kind="sequence")
    plain = settings.replace(dropout=0.0)
    x = task_of(settings).probe().batch.inputs
    assert torch.equal(build(settings).eval()(x)[0], build(plain).eval()(x)[0])
    np.testing.assert_allclose(look(settings).outputs, build(plain)(x)[0].detach(), atol=1e-6)


@CELL
def test_gradients_through_a_residual_stack_are_taken_apart_exactly(cell):
    settings = small(cell=cell, task="copying", length=3, hidden=4)
    seen = look(settings, loss_at="all", dtype=torch.float64)
    model = build(settings).double()
    for layer in seen.trace.layers:  # raises where the items do not sum to the recorded gradient
        items = itemized_gradients(model, seen.trace, layer, sample=0)
        total = np.linalg.norm(seen.trace.gradient(layer, "hidden_state")[:, 0], axis=1)
        parts = items.groupby("time")["part"].sum()
        np.testing.assert_allclose(parts, total, rtol=1e-9)
    weight = model.readout.weight.detach().numpy()
    norms = connectivity(model, seen.trace, "rnn.l0", 0, weight).to_numpy()
    x = model.input(seen.probe.batch.inputs[:, :1]).detach()
    exact = torch.autograd.functional.jacobian(lambda x: model.readout(model.rnn(x)[0])[:, 0], x)
    exact = exact[:, :, :, 0].square().sum((1, 3)).sqrt().numpy()
    later = np.tril(np.ones_like(norms)) > 0
    np.testing.assert_allclose(norms[later], exact[later], rtol=1e-9)


# -- tied vectors -----------------------------------------------------------------------------


def test_tied_scores_and_their_gradient_are_those_of_one_matrix():
    settings = small(
        task="anbn", length=8, tied=True, embedding=5, residual=False, layers=1, cell="lstm"
    )
    trainer = Trainer(settings)
    trainer.model.double()
    matrix = trainer.model.input.weight.detach().clone().requires_grad_()
    bias = trainer.model.readout.bias.detach().clone().requires_grad_()
    lstm = nn.LSTM(5, 5, dtype=torch.float64)
    lstm.load_state_dict(trainer.model.rnn.state_dict())
    batch = trainer.task.batch(6, 1)
    scores = lstm(matrix[batch.inputs])[0] @ matrix.T + bias
    loss = cross_entropy(scores.flatten(0, 1), batch.targets.flatten())
    loss.backward()
    assert trainer.advance().loss == pytest.approx(loss.item(), rel=1e-12)
    for found, mine in ((trainer.model.input.weight, matrix), (trainer.model.readout.bias, bias)):
        assert (found.detach() - (mine.detach() - 0.5 * mine.grad)).abs().max() < 1e-10


def test_tied_weights_are_kept_once_and_loaded():
    settings = Settings(task="characters", hidden=6, embedding=6, length=8, tied=True)
    model = build(settings)
    assert "readout.weight" not in model.state_dict()
    again = load(settings, save(model))
    assert again.readout.weight.data_ptr() == again.input.weight.data_ptr()
    x = task_of(settings).batch(3, 1).inputs
    assert torch.equal(again(x)[0], model(x)[0])
    other = copy.deepcopy(model)
    other.input.weight.data.zero_()
    assert not other.readout.weight.any() and model.readout.weight.any()
    untied = settings.replace(tied=False)
    assert parameter_count(model) == parameter_count(build(untied)) - 6 * task_of(settings).outputs
    assert parameter_count(model) == parameters(settings)


@pytest.mark.parametrize("task", TASKS)
def test_vectors_are_tied_only_where_the_same_symbols_go_in_and_come_out(task):
    kind = TASKS[task]
    if kind.foretells and kind.tokens:
        built = kind(12)
        assert list(built.symbols)[: built.outputs] == list(built.classes)
        assert Settings(task=task, tied=True, embedding=32, hidden=32).tied
        with pytest.raises(SettingsError, match="set embedding to 48"):
            Settings(task=task, tied=True, embedding=32, hidden=48)
    else:
        with pytest.raises(SettingsError, match="^tied = True: a network scores"):
            Settings(task=task, tied=True, embedding=32, hidden=32)


def test_the_script_ties_too(tmp_path, monkeypatch):
    settings = Settings(task="anbn", hidden=6, embedding=6, length=8, tied=True)
    model = build(settings)
    (tmp_path / "weights.safetensors").write_bytes(save(model))
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(model_script(settings), names)
    x = task_of(settings).batch(3, 1).inputs
    assert torch.equal(names["run"](x), model(x)[0])
