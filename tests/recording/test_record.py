"""record() against autograd, finite differences and closed forms (E2, E4 to E8)."""

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence
from torch.utils.checkpoint import checkpoint

import rnnviz
from rnnviz.errors import RecordingError, TraceError
from rnnviz.networks.recurrent import GRU, LSTM, RNN

X, H, T, B = 3, 4, 5, 2
MODULES = {
    "rnn": nn.RNN,
    "rnn_relu": lambda *a, **k: nn.RNN(*a, nonlinearity="relu", **k),
    "lstm": nn.LSTM,
    "lstm_projected": lambda *a, **k: nn.LSTM(*a, proj_size=2, **k),
    "gru": nn.GRU,
    "our rnn": RNN,
    "our lstm": LSTM,
    "our gru": GRU,
}


def draw(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


def build(make, *args, **options):
    with torch.random.fork_rng():
        torch.manual_seed(11)
        return make(*args, **options).double()


def loss_of(output):
    return (output.square() * torch.linspace(-1, 2, output.numel()).view_as(output)).sum()


class Tagger(nn.Module):
    """A model of a user's: embedding, two recurrent modules, a residual path, a read-out."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(7, X)
        self.parts = nn.ModuleDict({"encoder": nn.LSTM(X, H, bidirectional=True)})
        self.stack = nn.Sequential(nn.Linear(2 * H, X), nn.Tanh())
        self.top = nn.GRU(X, X, batch_first=True)
        self.readout = nn.Linear(X, 7)

    def forward(self, tokens):
        x = self.embedding(tokens)
        y = self.stack(self.parts["encoder"](x)[0]) + x
        return self.readout(self.top(y.transpose(0, 1))[0].transpose(0, 1) + y)


TOKENS = torch.arange(T * B).view(T, B) % 7


# -- what is recorded -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", MODULES)
def test_values_are_those_of_the_module(kind):
    rnn = build(MODULES[kind], X, H, 2, bidirectional=True)
    x = draw(T, B, X)
    expected, end = rnn(x)
    with rnnviz.record(rnn) as trace:
        output, _ = rnn(x)
        loss_of(output).backward()
    torch.testing.assert_close(output, expected, rtol=0, atol=1e-12)
    assert trace.layers == ("l0", "l0_reverse", "l1", "l1_reverse")
    top = [trace.value(layer, "hidden_state") for layer in trace.layers[2:]]
    np.testing.assert_allclose(np.concatenate(top, -1), expected.detach(), atol=1e-12)
    np.testing.assert_array_equal(trace.value("l0", "input"), x)
    np.testing.assert_array_equal(trace.value("l0_reverse", "input"), x)
    below = [trace.value(layer, "hidden_state") for layer in trace.layers[:2]]
    np.testing.assert_array_equal(np.concatenate(below, -1), trace.value("l1", "input"))
    for layer in trace.layers:
        cell = rnnviz.CELLS[trace.cell(layer)]
        assert trace.signals(layer) == ("input", *cell.signals)
        for signal in cell.signals:
            units = 2 if (kind, signal) == ("lstm_projected", "hidden_state") else H
            assert trace.value(layer, signal).shape == (T, B, units)
            assert trace.value(layer, signal).dtype == np.float64
            assert trace.gradient(layer, signal).shape == (T, B, units)


def finite_difference(rnn, x, layer, signal, time, shift, size=1e-5):
    """Return dL along a shift of one signal at one time step, by central differences.

    The shift goes in through a forward hook. A layer's input is shared by its two directions,
    so it is shifted for both.
    """
    steps = {layer} if signal != "input" else {layer, f"{layer}_reverse"}

    def loss(sign):
        calls = dict.fromkeys(steps, 0)

        def hook(module, args, output, name):
            calls[name] += 1
            if signal == "input":
                moved = output.clone()
                moved[time] += sign * size * shift
                return moved
            backwards = name.endswith("_reverse")
            now = T - calls[name] if backwards else calls[name] - 1
            return output + sign * size * shift if now == time else None

        handles = [
            rnn.cells[name]
            .get_submodule(signal)
            .register_forward_hook(lambda m, a, y, name=name: hook(m, a, y, name))
            for name in steps
        ]
        with torch.no_grad():
            value = loss_of(rnn(x)[0])
        for handle in handles:
            handle.remove()
        return float(value)

    return (loss(1) - loss(-1)) / (2 * size)


@pytest.mark.parametrize("make", [RNN, LSTM, GRU])
def test_gradients_are_central_finite_differences(make):
    rnn = build(make, X, H, 2, bidirectional=True)
    x = draw(T, B, X)
    with rnnviz.record(rnn) as trace:
        loss_of(rnn(x)[0]).backward()
    seed = 0
    for layer in trace.layers:
        for signal in trace.signals(layer):
            if signal == "input" and layer.endswith("_reverse"):
                forward = layer.removesuffix("_reverse")
                same = trace.gradient(forward, "input")
                np.testing.assert_array_equal(trace.gradient(layer, "input"), same)
                continue
            gradient = trace.gradient(layer, signal)
            for time in range(T):
                seed += 1
                shift = draw(*gradient.shape[1:], seed=seed)
                expected = finite_difference(rnn, x, layer, signal, time, shift)
                got = (gradient[time] * shift.numpy()).sum()
                size = np.abs(gradient[time] * shift.numpy()).sum()
                assert abs(got - expected) <= 1e-6 * size, (layer, signal, time)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("kind", MODULES)
def test_the_inputs_gradient_is_total_also_along_paths_beside_the_layer(kind, batch_first):
    rnn = build(MODULES[kind], X, H, bidirectional=True, batch_first=batch_first)
    x = draw(*((B, T) if batch_first else (T, B)), X).requires_grad_()
    with rnnviz.record(rnn) as trace:
        (loss_of(rnn(x)[0]) + loss_of(x)).backward()
    expected = x.grad.transpose(0, 1) if batch_first else x.grad
    for layer in trace.layers:
        np.testing.assert_array_equal(trace.gradient(layer, "input"), expected)


def test_parameter_gradients_and_outputs_are_as_without_recording():
    model = build(Tagger)
    plain = model(TOKENS)
    loss_of(plain).backward()
    expected = {name: p.grad.clone() for name, p in model.named_parameters()}
    model.zero_grad()
    with rnnviz.record(model) as trace:
        output = model(TOKENS)
        loss_of(output).backward()
    torch.testing.assert_close(output, plain, rtol=0, atol=1e-12)
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter.grad, expected[name], rtol=0, atol=1e-10)
    names = ("parts.encoder.l0", "parts.encoder.l0_reverse", "top.l0")
    assert trace.layers == names
    assert trace.value("top.l0", "input").shape == (T, B, X)


def test_frozen_weights_do_not_end_the_way_back():
    model = build(Tagger)
    with rnnviz.record(model) as trainable:
        loss_of(model(TOKENS)).backward()
    model.requires_grad_(False)
    with rnnviz.record(model) as frozen:
        loss_of(model(TOKENS)).backward()
    for layer in trainable.layers:
        for signal in trainable.signals(layer)[1:]:
            np.testing.assert_allclose(
                frozen.gradient(layer, signal), trainable.gradient(layer, signal), atol=1e-12
            )


@pytest.mark.parametrize("kind", MODULES)
@pytest.mark.parametrize("enforce_sorted", [True, False])
def test_packed_sequences_come_back_in_the_order_of_the_batch_and_nan_where_padded(
    kind, enforce_sorted
):
    lengths = [5, 3, 1] if enforce_sorted else [3, 1, 5]
    rnn = build(MODULES[kind], X, H, 2, bidirectional=True)
    x = draw(T, 3, X).requires_grad_()
    with rnnviz.record(rnn) as together:
        packed = pack_padded_sequence(x, lengths, enforce_sorted=enforce_sorted)
        output, _ = rnn(packed)
        output.data.square().sum().backward()
    for sample, length in enumerate(lengths):
        with rnnviz.record(rnn) as alone:
            rnn(x[:length, sample : sample + 1])[0].square().sum().backward()
        for layer in together.layers:
            for signal in together.signals(layer):
                for read in ("value", "gradient"):
                    found = getattr(together, read)(layer, signal)[:, sample]
                    expected = getattr(alone, read)(layer, signal)[:, 0]
                    np.testing.assert_allclose(found[:length], expected, atol=1e-12)
                    assert np.isnan(found[length:]).all()


def test_unbatched_input_is_a_batch_of_one():
    rnn = build(nn.LSTM, X, H, batch_first=True)
    x = draw(T, X)
    with rnnviz.record(rnn) as alone:
        loss_of(rnn(x)[0]).backward()
    with rnnviz.record(rnn) as batch:
        loss_of(rnn(x.unsqueeze(0))[0]).backward()
    for signal in batch.signals("l0"):
        np.testing.assert_array_equal(alone.value("l0", signal), batch.value("l0", signal))
        np.testing.assert_array_equal(alone.gradient("l0", signal), batch.gradient("l0", signal))


def test_initial_states_and_dropout_are_the_modules():
    rnn = build(nn.LSTM, X, H, 2, dropout=0.5)
    x, state = draw(T, B, X), (draw(2, B, H, seed=1), draw(2, B, H, seed=2))
    with torch.random.fork_rng():
        torch.manual_seed(1)
        expected, _ = rnn(x, state)
        torch.manual_seed(1)
        with rnnviz.record(rnn, gradients=False) as trace:
            rnn(x, state)
    np.testing.assert_allclose(trace.value("l1", "hidden_state"), expected.detach(), atol=1e-12)
    dropped = trace.value("l1", "input") == 0
    assert dropped.any() and not dropped.all()


CELL_MODULES = {
    "rnn": (nn.RNNCell, nn.RNN, {}),
    "rnn_relu": (nn.RNNCell, nn.RNN, {"nonlinearity": "relu"}),
    "lstm": (nn.LSTMCell, nn.LSTM, {}),
    "gru": (nn.GRUCell, nn.GRU, {}),
}


@pytest.mark.parametrize("key", CELL_MODULES)
def test_a_loop_over_a_cell_is_the_layer_and_each_call_a_time_step(key):
    make_cell, make_layer, options = CELL_MODULES[key]
    cell, layer = build(make_cell, X, H, **options), build(make_layer, X, H, **options)
    layer.load_state_dict({f"{name}_l0": value for name, value in cell.state_dict().items()})
    x = draw(T, B, X)
    with rnnviz.record(cell) as one:
        state, outputs = None, []
        for step in x:
            state = cell(step, state)
            outputs.append(state[0] if key == "lstm" else state)
        loss_of(torch.stack(outputs)).backward()
    with rnnviz.record(layer) as other:
        loss_of(layer(x)[0]).backward()
    assert one.layers == ("cell",) and one.cell("cell") == other.cell("l0") == key
    assert one.calls("cell") == tuple(range(T)) and other.calls("l0") == (0,)
    for signal in one.signals("cell"):
        for read in ("value", "gradient"):
            found, expected = getattr(one, read)("cell", signal), getattr(other, read)("l0", signal)
            np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_cells_state_changed_in_place_by_its_user_does_not_change_the_record():
    cell = build(nn.GRUCell, X, H)
    with rnnviz.record(cell, gradients=False) as trace, torch.no_grad():
        h = cell(draw(B, X))
        kept = h.clone()
        h.zero_()
    np.testing.assert_array_equal(trace.value("cell", "hidden_state")[0], kept)


def test_an_unbatched_cell_and_an_input_changed_in_place():
    cell = build(nn.LSTMCell, X, H)
    x = draw(X)
    kept = x.clone()
    with rnnviz.record(cell) as trace:
        h, c = cell(x)
        (h.sum() + c.sum()).backward()
        x.zero_()
    assert h.shape == (H,)
    np.testing.assert_array_equal(trace.value("cell", "input")[0, 0], kept)
    assert trace.gradient("cell", "input").shape == (1, 1, X)


def test_calls_follow_each_other_in_time_and_gradients_cross_them():
    rnn = build(nn.LSTM, X, H)
    x = draw(T, B, X)
    with rnnviz.record(rnn) as whole:
        loss_of(rnn(x)[0]).backward()
    with rnnviz.record(rnn) as parts:
        first, state = rnn(x[:2])
        second, _ = rnn(x[2:], state)
        loss_of(torch.cat([first, second])).backward()
    assert parts.calls("l0") == (0, 2)
    for signal in whole.signals("l0"):
        np.testing.assert_allclose(
            parts.gradient("l0", signal), whole.gradient("l0", signal), atol=1e-12
        )


def test_calls_of_different_batch_sizes_are_padded_with_nan():
    rnn = build(nn.GRU, X, H)
    with rnnviz.record(rnn) as trace:
        (rnn(draw(2, 3, X))[0].sum() + rnn(draw(3, 1, X))[0].sum()).backward()
    assert trace.calls("l0") == (0, 2)
    for array in (trace.value("l0", "candidate"), trace.gradient("l0", "candidate")):
        assert array.shape == (5, 3, H)
        assert np.isnan(array[2:, 1:]).all() and np.isfinite(array[2:, :1]).all()
        assert np.isfinite(array[:2]).all()


def test_a_step_the_loss_does_not_depend_on_has_gradient_zero():
    rnn = build(nn.LSTM, X, H)
    with rnnviz.record(rnn) as trace:
        loss_of(rnn(draw(T, B, X))[0][2]).backward()
    for signal in trace.signals("l0"):
        assert (trace.gradient("l0", signal)[3:] == 0).all()
        assert (trace.gradient("l0", signal)[1] != 0).any()


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float32])
def test_half_precision_becomes_float32(kind):
    rnn = build(nn.GRU, X, H).to(kind)
    with rnnviz.record(rnn) as trace:
        rnn(draw(T, B, X).to(kind))[0].sum().backward()
    assert trace.value("l0", "candidate").dtype == np.float32
    assert trace.gradient("l0", "candidate").dtype == np.float32


def test_a_shared_module_is_recorded_once_under_its_first_name():
    rnn = build(nn.GRU, X, X)
    model = nn.ModuleDict({"first": rnn, "again": rnn})
    with rnnviz.record(model) as trace:
        y, _ = model["first"](draw(T, B, X))
        model["again"](y)[0].sum().backward()
    assert trace.layers == ("first.l0",) and trace.calls("first.l0") == (0, T)


def test_layers_that_were_not_called_are_not_in_the_trace():
    model = nn.ModuleDict({"used": build(nn.GRU, X, H), "idle": build(nn.LSTM, X, H)})
    with rnnviz.record(model) as trace:
        model["used"](draw(T, B, X))[0].sum().backward()
    assert trace.layers == ("used.l0",)


def test_checkpointed_modules_are_recorded_once():
    rnn = build(nn.GRU, X, H)
    x = draw(T, B, X)
    with rnnviz.record(rnn) as plain:
        loss_of(rnn(x)[0]).backward()
    with rnnviz.record(rnn) as trace:
        loss_of(checkpoint(rnn, x, use_reentrant=False)[0]).backward()
    assert trace.calls("l0") == (0,)
    for signal in plain.signals("l0")[1:]:
        np.testing.assert_allclose(trace.gradient("l0", signal), plain.gradient("l0", signal))


def test_second_derivatives_can_be_taken_while_recording():
    rnn = build(nn.GRU, X, H)
    x = draw(T, B, X).requires_grad_()
    with rnnviz.record(rnn, gradients=False):
        (slope,) = torch.autograd.grad(rnn(x)[0].sum(), x, create_graph=True)
        slope.square().sum().backward()
    assert rnn.weight_hh_l0.grad.abs().sum() > 0


# -- hooks of the user's --------------------------------------------------------------------


@pytest.mark.parametrize("make", [nn.LSTM, LSTM, nn.LSTMCell])
def test_the_users_hooks_on_the_module_still_fire(make):
    rnn = build(make, X, H)
    x = draw(*((B,) if make is nn.LSTMCell else (T, B)), X).requires_grad_()
    seen = []
    rnn.register_forward_pre_hook(lambda m, args: seen.append(args[0]))
    rnn.register_forward_hook(lambda m, args, output: seen.append(args[0]))
    rnn.register_full_backward_hook(lambda m, gi, go: seen.append("backward"))
    with rnnviz.record(rnn):
        rnn(x)[0].sum().backward()
    assert len(seen) == 3 and seen[2] == "backward"
    assert all(torch.equal(argument, x) for argument in seen[:2])


def test_a_users_hook_that_changes_a_gate_is_in_force_and_in_the_record():
    rnn = build(LSTM, X, H)
    rnn.l0.forget_gate.register_forward_hook(lambda m, a, y: torch.ones_like(y))
    x = draw(T, B, X)
    expected = rnn(x)[0]
    with rnnviz.record(rnn) as trace:
        output = rnn(x)[0]
        output.sum().backward()
    torch.testing.assert_close(output, expected)
    assert (trace.value("l0", "forget_gate") == 1).all()
    assert len(rnn.l0.forget_gate._forward_hooks) == 1


# -- the module afterwards ------------------------------------------------------------------


def state_of(model):
    """Return everything about a model that recording might disturb."""
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return {
        path: (
            sorted(vars(module)),
            module.training,
            [list(getattr(module, name)) for name in hooks],
            [(n, p.requires_grad, p.is_leaf) for n, p in module.named_parameters(recurse=False)],
        )
        for path, module in model.named_modules()
    }


@pytest.mark.parametrize("ends", ["well", "in the block", "in forward", "unused"])
@pytest.mark.parametrize("make", [nn.LSTM, LSTM, nn.LSTMCell])
def test_the_module_is_left_as_it_was(make, ends):
    model = nn.Sequential(build(make, X, H)).eval()
    model.requires_grad_(False)
    x = draw(*((B,) if make is nn.LSTMCell else (T, B)), X)
    before, expected = state_of(model), model(x)[0]
    grad_mode, random_state = torch.is_grad_enabled(), torch.random.get_rng_state()
    broken = {
        "in the block": ZeroDivisionError,
        "in forward": RuntimeError,
        "unused": RecordingError,
    }
    try:
        with rnnviz.record(model):
            if ends == "in forward":
                model(x[..., :1])
            elif ends != "unused":
                model(x)[0].sum().backward()
            if ends == "in the block":
                raise ZeroDivisionError
    except (ZeroDivisionError, RuntimeError, RecordingError) as error:
        assert isinstance(error, broken[ends])
    else:
        assert ends == "well"
    assert state_of(model) == before
    assert torch.equal(model(x)[0], expected)
    assert torch.is_grad_enabled() == grad_mode
    assert torch.equal(torch.random.get_rng_state(), random_state)


def test_nothing_is_left_on_the_users_tensors_and_nothing_is_kept_alive():
    rnn = build(nn.LSTM, X, H)
    x = draw(T, B, X).requires_grad_()
    middle = x * 2
    with rnnviz.record(rnn) as trace:
        output, (h, _) = rnn(middle)
        output.sum().backward()
    assert not middle.retains_grad and not output.retains_grad and not h.retains_grad
    assert not x._backward_hooks and not middle._backward_hooks
    gone = weakref.ref(middle)
    del output, h, middle, _
    gc.collect()
    assert gone() is None
    assert trace.has_gradients
    assert all(type(trace.value("l0", s)) is np.ndarray for s in trace.signals("l0"))


def test_a_forward_that_failed_is_not_in_the_trace():
    rnn = build(nn.LSTM, X, H)

    def fail_once(module, args, output, seen=[]):  # noqa: B006
        seen.append(1)
        if len(seen) == 3:
            raise KeyError("the user's")

    ours = build(LSTM, X, H)
    ours.l0.output_gate.register_forward_hook(fail_once)
    with rnnviz.record(nn.ModuleList([rnn, ours])) as trace:
        with pytest.raises(KeyError):
            ours(draw(T, B, X))
        with pytest.raises(RuntimeError):
            rnn(draw(T, B, X + 1))
        (rnn(draw(T, B, X))[0].sum() + ours(draw(T, B, X))[0].sum()).backward()
    assert [trace.calls(layer) for layer in trace.layers] == [(0,), (0,)]
    for layer in trace.layers:
        assert {trace.value(layer, s).shape[:2] for s in trace.signals(layer)} == {(T, B)}


@pytest.mark.parametrize("make", [nn.LSTM, LSTM])
def test_a_module_is_copied_and_pickled_inside_the_block_and_after_it(make):
    rnn, x = build(make, X, H), draw(T, B, X)
    with rnnviz.record(rnn, gradients=False):
        rnn(x)
        inside = [pickle.loads(pickle.dumps(rnn)), copy.deepcopy(rnn)]
        assert copy.deepcopy(rnn.state_dict()).keys() == rnn.state_dict().keys()
    for copied in (*inside, pickle.loads(pickle.dumps(copy.deepcopy(rnn)))):
        torch.testing.assert_close(copied(x)[0], rnn(x)[0])


@pytest.mark.parametrize("make", [nn.LSTM, LSTM])
def test_parametrized_weights(make):
    rnn = build(make, X, H)
    nn.utils.parametrizations.weight_norm(rnn, "weight_hh_l0")
    x = draw(T, B, X)
    loss_of(rnn(x)[0]).backward()
    name = "parametrizations.weight_hh_l0.original1"
    expected = rnn.get_parameter(name).grad.clone()
    rnn.zero_grad()
    with rnnviz.record(rnn):
        loss_of(rnn(x)[0]).backward()
    torch.testing.assert_close(rnn.get_parameter(name).grad, expected, rtol=0, atol=1e-10)


# -- what has no meaning --------------------------------------------------------------------


def test_nothing_to_record_names_what_was_found():
    with pytest.raises(RecordingError, match="consists of Linear, Sequential, Tanh"):
        with rnnviz.record(nn.Sequential(nn.Linear(2, 2), nn.Tanh())):
            pass


def test_a_module_that_was_not_called_is_named():
    with pytest.raises(RecordingError, match=r"inside the `with` block.*0 \(LSTM\)"):
        with rnnviz.record(nn.Sequential(nn.LSTM(X, H))):
            pass


class Doubling(nn.LSTM):
    def forward(self, input, hx=None):
        output, state = super().forward(input, hx)
        return 2 * output, state


class Renamed(nn.LSTM):
    """Adds nothing to forward."""


def test_a_forward_of_the_users_own_is_refused_not_dropped():
    with pytest.raises(RecordingError, match=r"1 \(Doubling\) has a forward\(\) of its own"):
        with rnnviz.record(nn.ModuleList([nn.GRU(X, H), Doubling(X, H)])):
            pass
    patched = nn.GRU(X, H)
    patched.forward = lambda *args: None
    with pytest.raises(RecordingError, match="of its own"):
        with rnnviz.record(patched):
            pass
    renamed = build(Renamed, X, H)
    with rnnviz.record(renamed, gradients=False) as trace:
        renamed(draw(T, B, X))
    assert trace.layers == ("l0",)


def test_a_second_recording_of_a_module_is_refused_and_the_first_goes_on():
    rnn = build(LSTM, X, H)
    with rnnviz.record(nn.Sequential(rnn)) as trace:
        with pytest.raises(RecordingError, match="being recorded already"):
            with rnnviz.record(rnn):
                pass
        rnn(draw(T, B, X))[0].sum().backward()
    assert trace.has_gradients


def test_the_trace_is_read_after_the_block():
    rnn = build(nn.LSTM, X, H)
    with rnnviz.record(rnn) as trace:
        rnn(draw(T, B, X))[0].sum().backward()
        with pytest.raises(TraceError, match="after its `with` block"):
            trace.value("l0", "input")
    assert trace.value("l0", "input").shape == (T, B, X)


def gradient_error(run, **options):
    rnn = build(nn.LSTM, X, H)
    with rnnviz.record(rnn, **options) as trace:
        run(rnn, draw(T, B, X))
    assert not trace.has_gradients
    assert trace.value("l0", "cell_state").shape == (T, B, H)
    with pytest.raises(TraceError) as error:
        trace.gradient("l0", "cell_state")
    return str(error.value)


def test_no_backward_pass():
    message = gradient_error(lambda rnn, x: rnn(x))
    assert "No backward pass" in message and "inside the `with` block" in message


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_no_graph(mode):
    def run(rnn, x):
        with mode():
            assert not rnn(x)[0].requires_grad

    assert "No backward pass" in gradient_error(run)


def test_a_backward_pass_that_went_elsewhere():
    def run(rnn, x):
        rnn(x)
        loss_of(rnn.weight_hh_l0).backward()

    assert "No backward pass" in gradient_error(run)


def test_a_backward_pass_kept_away_from_the_input():
    def run(rnn, x):
        loss_of(rnn(x)[0]).backward(inputs=[rnn.weight_hh_l0])

    assert "ended at the weights" in gradient_error(run)


def test_the_gradients_of_the_weights_alone():
    def run(rnn, x):
        torch.autograd.grad(loss_of(rnn(x)[0]), list(rnn.parameters()))

    assert "ended at the weights and did not come by the layers' input" in gradient_error(run)


def test_two_backward_passes():
    def twice(rnn, x):
        loss = loss_of(rnn(x)[0])
        loss.backward(retain_graph=True)
        loss.backward()

    assert "2 backward passes ran" in gradient_error(twice)


def test_a_backward_pass_for_each_part_of_a_batch():
    torch.manual_seed(0)
    rnn, x = nn.GRU(3, 4), torch.randn(2, 5, 2, 3)
    with rnnviz.record(rnn) as together:
        sum(loss_of(rnn(part)[0]) for part in x).backward()
    with rnnviz.record(rnn) as each:
        for part in x:
            loss_of(rnn(part)[0]).backward()
    for signal in each.signals("l0"):
        np.testing.assert_allclose(
            each.gradient("l0", signal), together.gradient("l0", signal), atol=1e-7
        )


def test_gradients_that_were_not_wanted():
    def run(rnn, x):
        output, _ = rnn.requires_grad_(False)(x)
        assert not output.requires_grad

    assert "gradients=True" in gradient_error(run, gradients=False)


def test_labels_that_fit_no_layer_are_refused():
    rnn = build(nn.LSTM, X, H)
    for labels, says in ((["abcde"], "1 .*2"), (["abcdef", "abc"], "6 .*5")):
        with pytest.raises(TraceError, match=says):
            with rnnviz.record(rnn, gradients=False, labels=labels):
                rnn(draw(T, B, X))
    with rnnviz.record(rnn, gradients=False, labels=["abcde", (0.25, None, 3)]) as trace:
        rnn(draw(T, B, X))
    assert trace.labels == [["a", "b", "c", "d", "e"], ["0.25", None, "3"]]


# -- closed forms (CHECKS.md) ---------------------------------------------------------------


@pytest.mark.parametrize("rho", [0.9, 0.95, 0.99, 1, 1.01, 1.1])
def test_e4_gradient_of_a_linear_network_decays_as_its_spectral_radius(rho):
    steps = 100
    rnn = build(RNN, 1, 8, bias=False)
    rotation, _ = torch.linalg.qr(draw(8, 8))
    with torch.no_grad():
        rnn.weight_hh_l0.copy_(rho * rotation)
    rnn.l0.hidden_state.register_forward_hook(lambda m, args, y: args[0])  # no nonlinearity
    with rnnviz.record(rnn) as trace:
        output, _ = rnn(draw(steps + 1, 1, 1))
        (output[-1] * draw(1, 8, seed=1)).sum().backward()
    norm = np.linalg.norm(trace.gradient("l0", "hidden_state"), axis=-1)[:, 0]
    back = np.arange(steps, -1, -1)
    np.testing.assert_allclose(norm / norm[-1], float(rho) ** back, rtol=1e-11)


E5 = {0: 8.88e-16, 1: 1.576e-7, 2: 1.753e-3, 3: 0.08809, 5: 0.7148}
E6 = {0: (1, 1.443), 1: (2.213, 3.192), 2: (5.461, 7.878), 3: (14.27, 20.58), 5: (103.2, 148.9)}


@pytest.mark.parametrize("bias", E5)
def test_e5_e6_forget_bias_and_the_half_life_of_the_cell_state(bias):
    rnn = build(nn.LSTM, X, H)
    with torch.no_grad():
        for parameter in rnn.parameters():
            parameter.zero_()
        rnn.bias_ih_l0[H : 2 * H] = bias
    with rnnviz.record(rnn) as trace:
        _, (_, c) = rnn(draw(51, B, X))
        c.sum().backward()
    kept = trace.gradient("l0", "cell_state")[0] / trace.gradient("l0", "cell_state")[50]
    forget = 1 / (1 + np.exp(-bias))
    np.testing.assert_allclose(kept, forget**50, rtol=1e-12)
    np.testing.assert_allclose(kept, E5[bias], rtol=1e-3)
    np.testing.assert_allclose(trace.value("l0", "forget_gate"), forget, rtol=1e-14)
    measured = np.log(kept) / 50  # ln f
    half_life, time_constant = E6[bias]
    np.testing.assert_allclose(np.log(0.5) / measured, half_life, rtol=1e-3)
    np.testing.assert_allclose(-1 / measured, time_constant, rtol=1e-3)


@pytest.mark.parametrize("bias", E5)
def test_e7_a_gru_without_weights_keeps_its_state_as_the_update_gate_says(bias):
    rnn = build(nn.GRU, X, H)
    with torch.no_grad():
        for parameter in rnn.parameters():
            parameter.zero_()
        rnn.bias_hh_l0[H : 2 * H] = bias
    start = draw(1, B, H)
    with rnnviz.record(rnn) as trace:
        rnn(draw(50, B, X), start)[0][-1].sum().backward()
    keep = 1 / (1 + np.exp(-bias))
    left = trace.value("l0", "hidden_state") / start.numpy()
    np.testing.assert_allclose(left[:, 0, 0], keep ** np.arange(1, 51), rtol=1e-12)
    np.testing.assert_allclose(left[-1], E5[bias], rtol=1e-3)


@pytest.mark.parametrize(
    ("squash", "slope"),
    [(torch.tanh, lambda h: 1 - h**2), (torch.sigmoid, lambda h: h * (1 - h))],
    ids=["tanh", "logistic"],
)
def test_e8_one_step_back_grows_at_most_by_the_largest_slope_times_the_norm(squash, slope):
    bound = {torch.tanh: 1.0, torch.sigmoid: 0.25}[squash]
    for seed in range(5):
        rnn = build(RNN, X, 8)
        with torch.no_grad():
            rnn.weight_hh_l0.copy_(draw(8, 8, seed=seed) * (seed + 1) / 2)
        rnn.l0.hidden_state.register_forward_hook(lambda m, args, y: squash(args[0]))
        with rnnviz.record(rnn) as trace:
            rnn(draw(20, B, X, seed=seed))[0][-1].sum().backward()
        weight = rnn.weight_hh_l0.detach().numpy()
        largest = bound * np.linalg.norm(weight, 2)
        jacobians = slope(trace.value("l0", "hidden_state"))[..., None] * weight
        assert (np.linalg.norm(jacobians, 2, axis=(-2, -1)) <= largest * (1 + 1e-12)).all()
        gradient = trace.gradient("l0", "hidden_state")
        # the chain rule by hand: dL/dh_t = J_{t+1}^T dL/dh_{t+1}
        by_hand = np.einsum("tbij,tbi->tbj", jacobians[1:], gradient[1:])
        np.testing.assert_allclose(gradient[:-1], by_hand, rtol=1e-10, atol=1e-300)
        norm = np.linalg.norm(gradient, axis=-1)
        assert (norm[:-1] <= largest * norm[1:] * (1 + 1e-12)).all()
