"""The layers against torch's own: the same numbers, watched or not, forward and backward (E1)."""

import copy
import io
from itertools import product

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from rnnviz.networks.recurrent import (
    GRU,
    LSTM,
    RECURRENT,
    RNN,
    make_cell,
    make_cells,
    take_step,
    unroll,
)

KINDS = {
    "rnn": (nn.RNN, RNN, {}),
    "rnn_relu": (nn.RNN, RNN, {"nonlinearity": "relu"}),
    "lstm": (nn.LSTM, LSTM, {}),
    "lstm_projected": (nn.LSTM, LSTM, {"proj_size": 2}),
    "gru": (nn.GRU, GRU, {}),
}
LAYOUTS = ["padded", "batch_first", "sorted", "unsorted", "unbatched"]
LENGTHS = {"sorted": [5, 3, 3, 1], "unsorted": [3, 5, 1, 3]}
X, H, T, B = 3, 4, 5, 4


def draw(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator).requires_grad_()


def pair(kind, **options):
    """Return torch's module and ours, float64, with the same parameters."""
    torchs, ours, more = KINDS[kind]
    with torch.random.fork_rng():
        torch.manual_seed(5)
        one = torchs(X, H, **options, **more).double()
    other = ours(X, H, **options, **more).double()
    other.load_state_dict(one.state_dict())
    return one, other


def watch(rnn):
    for cell in rnn.cells.values():
        cell.hidden_state.register_forward_hook(lambda module, args, output: None)


def initial_state(rnn, layout):
    rows = rnn.num_layers * (2 if rnn.bidirectional else 1)
    batch = () if layout == "unbatched" else (B,)
    h = draw(rows, *batch, rnn.proj_size or H, seed=1)
    return (h, draw(rows, *batch, H, seed=2)) if isinstance(rnn, nn.LSTM) else h


def given(layout):
    """Return the leaf and the input made of it."""
    if layout == "unbatched":
        x = draw(T, X)
        return x, x
    if layout == "batch_first":
        x = draw(B, T, X)
        return x, x
    x = draw(T, B, X)
    if layout == "padded":
        return x, x
    return x, pack_padded_sequence(x, LENGTHS[layout], enforce_sorted=layout == "sorted")


def results(run, rnn, layout, with_state):
    """Return outputs and all gradients of one forward and backward pass, as a flat dict."""
    rnn.zero_grad()
    leaf, x = given(layout)
    state = initial_state(rnn, layout) if with_state else None
    with torch.random.fork_rng():
        torch.manual_seed(7)  # of the dropout
        output, end = run(x, state)
    if isinstance(output, PackedSequence):
        assert isinstance(x, PackedSequence)
        for ours, theirs in zip(output[1:], x[1:], strict=True):
            assert ours is theirs or torch.equal(ours, theirs)
        output, _ = pad_packed_sequence(output)
    found = {"output": output}
    found |= {f"end {i}": s for i, s in enumerate(end if isinstance(end, tuple) else (end,))}
    # weights that tell every number from every other
    loss = sum((y * torch.linspace(-1, 2, y.numel()).view_as(y)).sum() for y in found.values())
    loss.backward()
    found["dL/dinput"] = leaf.grad
    for i, s in enumerate(state if isinstance(state, tuple) else (state,)):
        if s is not None:
            found[f"dL/dstart {i}"] = s.grad
    return found | {name: p.grad.clone() for name, p in rnn.named_parameters()}


def assert_same(ours, theirs, atol=1e-10):
    assert ours.keys() == theirs.keys()
    for name, expected in theirs.items():
        assert ours[name].shape == expected.shape, name
        assert (ours[name] - expected).abs().max() < atol, name


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_watched_ours_and_unrolled_torchs_give_torchs_numbers(kind, layers, layout):
    switches = [False, True]
    for both, with_state, bias, dropped in product(switches, switches, switches, switches):
        if dropped and layers == 1:
            continue
        options = {"num_layers": layers, "bidirectional": both, "bias": bias}
        options |= {"batch_first": layout == "batch_first", "dropout": 0.4 if dropped else 0.0}
        torchs, ours = pair(kind, **options)
        expected = results(torchs, torchs, layout, with_state)
        watch(ours)
        assert ours.watched
        assert_same(results(ours, ours, layout, with_state), expected)
        cells = make_cells(torchs)
        run = lambda x, hx, rnn=torchs, cells=cells: unroll(rnn, cells, x, hx)  # noqa: E731
        assert_same(results(run, torchs, layout, with_state), expected)


# torch says so once a process: "LSTM with projections is not supported with oneDNN"
@pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_single_precision(kind):
    torchs, ours = (rnn.float() for rnn in pair(kind, num_layers=2, bidirectional=True))
    watch(ours)
    x = draw(T, B, X).detach().float()
    torch.testing.assert_close(ours(x), torchs(x), rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (6, 1), (2, 0)], ids=str)
def test_extreme_shapes(kind, shape):
    torchs, ours = pair(kind, bidirectional=True, num_layers=2)
    watch(ours)
    x = draw(*shape, X)
    torch.testing.assert_close(ours(x), torchs(x), rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", ["rnn", "rnn_relu", "lstm", "gru"])
def test_one_unit_one_feature(kind):
    torchs, ours, more = KINDS[kind]
    one, other = torchs(1, 1, **more), ours(1, 1, **more)
    other.load_state_dict(one.state_dict())
    watch(other)
    x = torch.ones(1, 1, 1)
    torch.testing.assert_close(other(x), one(x))


WRONG = {
    "no steps": (torch.zeros(0, B, X), None),
    "one dimension": (torch.zeros(X), None),
    "four dimensions": (torch.zeros(1, T, B, X), None),
    "features": (torch.zeros(T, B, X + 1), None),
    "type": (torch.zeros(T, B, X, dtype=torch.float64), None),
    "state's batch": (torch.zeros(T, B, X), torch.zeros(1, B + 1, H)),
    "state's units": (torch.zeros(T, B, X), torch.zeros(1, B, H + 1)),
    "state's layers": (torch.zeros(T, B, X), torch.zeros(2, B, H)),
    "state's dimensions": (torch.zeros(T, B, X), torch.zeros(1, H)),
    "state of unbatched": (torch.zeros(T, X), torch.zeros(1, B, H)),
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_what_torch_refuses_is_refused_with_the_same_kind_of_error(kind, case):
    torchs, ours = (rnn.float() for rnn in pair(kind))
    watch(ours)
    x, state = WRONG[case]
    if state is not None and kind == "lstm":
        state = (state, state)
    with pytest.raises((ValueError, RuntimeError)) as theirs:
        torchs(x, state)
    with pytest.raises(theirs.type):
        ours(x, state)


@pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")  # as above
@pytest.mark.parametrize("kind", KINDS)
def test_state_dicts_go_both_ways(kind):
    torchs, ours, more = KINDS[kind]
    options = {"num_layers": 2, "bidirectional": True, **more}
    one, other = torchs(X, H, **options), ours(X, H, **options)
    assert list(one.state_dict()) == list(other.state_dict())
    assert [n for n, _ in one.named_parameters()] == [n for n, _ in other.named_parameters()]
    x = draw(T, B, X).detach().float()
    other.load_state_dict(one.state_dict())
    assert torch.equal(other(x)[0], one(x)[0])
    third = torchs(X, H, **options)
    third.load_state_dict(ours(X, H, **options).state_dict())


def test_the_same_seed_gives_the_same_parameters_as_torch():
    with torch.random.fork_rng():
        torch.manual_seed(3)
        theirs = nn.LSTM(X, H, 2)
        torch.manual_seed(3)
        ours = LSTM(X, H, 2)
    for name, parameter in theirs.named_parameters():
        assert torch.equal(parameter, ours.get_parameter(name)), name


@pytest.mark.parametrize("kind", RECURRENT)
def test_unwatched_it_is_torchs_fused_kernel(kind, monkeypatch):
    rnn = RECURRENT[kind](X, H)
    monkeypatch.setattr("rnnviz.networks.recurrent.unroll", lambda *args: pytest.fail("unrolled"))
    rnn(torch.ones(T, B, X))
    assert not rnn.watched


def test_no_dropout_outside_training():
    torchs, ours = (rnn.eval() for rnn in pair("lstm", num_layers=2, dropout=0.9))
    watch(ours)
    x = draw(T, B, X)
    torch.testing.assert_close(ours(x), torchs(x), rtol=0, atol=1e-12)


@pytest.mark.parametrize("where", ["", "input", "forget_gate", "hidden_state"])
@pytest.mark.parametrize("register", ["register_forward_hook", "register_forward_pre_hook"])
def test_a_hook_below_any_cell_is_seen_and_its_removal_too(where, register):
    rnn = LSTM(X, H, 2)
    seen = []
    module = rnn.l1.get_submodule(where)
    handle = getattr(module, register)(lambda *args: seen.append(1))
    rnn(torch.ones(T, B, X))
    assert rnn.watched and len(seen) == (1 if where == "input" else T)
    handle.remove()
    rnn(torch.ones(T, B, X))
    assert not rnn.watched and len(seen) == (1 if where == "input" else T)


def test_a_full_backward_hook_on_a_gate_is_seen():
    rnn = LSTM(X, H)
    seen = []
    rnn.l0.forget_gate.register_full_backward_hook(lambda *args: seen.append(1))
    rnn(torch.ones(T, B, X))[0].sum().backward()
    assert len(seen) == T


def test_a_hook_that_returns_a_tensor_changes_only_its_layer_and_direction():
    rnn = GRU(X, H, bidirectional=True)
    x = draw(T, B, X).detach().float()
    plain, _ = rnn(x)
    # an update gate held at 1 keeps the initial state, which is 0
    rnn.l0_reverse.update_gate.register_forward_hook(lambda m, a, y: torch.ones_like(y))
    held, _ = rnn(x)
    torch.testing.assert_close(held[..., :H], plain[..., :H])
    assert (held[..., H:] == 0).all() and (plain[..., H:] != 0).all()


def test_it_can_be_copied_saved_and_moved():
    rnn = LSTM(X, H, 2, bidirectional=True)
    x = draw(T, B, X).detach().float()
    expected, _ = rnn(x)
    assert torch.equal(copy.deepcopy(rnn)(x)[0], expected)
    file = io.BytesIO()
    torch.save(rnn, file)
    file.seek(0)
    assert torch.equal(torch.load(file, weights_only=False)(x)[0], expected)
    assert rnn.double()(x.double())[0].dtype == torch.float64


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("unbatched", [False, True])
@pytest.mark.parametrize("with_state", [False, True])
@pytest.mark.parametrize(
    "make",
    [nn.RNNCell, lambda *a, **k: nn.RNNCell(*a, nonlinearity="relu", **k), nn.LSTMCell, nn.GRUCell],
    ids=["rnn", "rnn_relu", "lstm", "gru"],
)
def test_a_step_of_torchs_cells(make, with_state, unbatched, bias):
    module = make(X, H, bias=bias).double()
    batch = () if unbatched else (B,)
    x, h, c = draw(*batch, X), draw(*batch, H, seed=1), draw(*batch, H, seed=2)
    state = None
    if with_state:
        state = (h, c) if isinstance(module, nn.LSTMCell) else h
    torch.testing.assert_close(
        take_step(module, make_cell(module), x, state), module(x, state), rtol=0, atol=1e-12
    )
