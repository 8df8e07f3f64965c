"""clamp(): closed forms (E5, E7), a hand-written LSTM with the same change, and what it leaves."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence
from torch.utils.checkpoint import checkpoint

import rnnviz
from rnnviz import clamp, record
from rnnviz.errors import ClampError
from rnnviz.networks.recurrent import GRU, LSTM, RNN
from rnnviz.recording.clamp_text import Clamp, parse_clamps

X, H, T, B = 3, 4, 6, 2


def draw(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


def build(make, *args, **options):
    with torch.random.fork_rng():
        torch.manual_seed(7)
        return make(*args, **options).double()


def still(make, steps=50):
    """A layer whose weights are all zero, and an input for it."""
    layer = build(make, 1, 1)
    for weight in layer.parameters():
        nn.init.zeros_(weight)
    return layer, torch.zeros(steps + 1, 1, 1, dtype=torch.float64)


# -- closed forms ---------------------------------------------------------------------------


@pytest.mark.parametrize("make", [nn.LSTM, LSTM])
@pytest.mark.parametrize("bias", [0, 1, 2, 5])
@pytest.mark.parametrize(("forget", "back"), [(1.0, 1.0), (0.0, 0.0), (0.5, 0.5**50), (None, None)])
def test_what_the_cell_path_keeps_is_the_forget_gate_to_the_number_of_steps(
    make, bias, forget, back
):
    lstm, x = still(make)
    with torch.no_grad():
        lstm.bias_ih_l0[1] = bias
    change = [] if forget is None else [(forget,)]
    with record(lstm) as trace:
        if change:
            with clamp(lstm, "l0", "forget_gate", forget):
                lstm(x)[1][1].sum().backward()
        else:
            lstm(x)[1][1].sum().backward()
    path = trace.gradient("l0", "cell_state")[:, 0, 0]
    assert path[-1] == 1
    expected = (1 / (1 + np.exp(-bias))) ** 50 if back is None else back
    assert path[0] == pytest.approx(expected, rel=1e-12, abs=0)


def test_the_output_gate_at_0_hides_the_cell_state():
    lstm, x = build(nn.LSTM, X, H), draw(T, B, X)
    with record(lstm) as trace, clamp(lstm, "l0", "output_gate", 0):
        output, (h, c) = lstm(x)
        (output.sum() + h.sum()).backward()
    assert output.abs().max() == 0 and c.abs().min() > 0
    assert np.abs(trace.gradient("l0", "cell_state")).max() == 0


def test_the_update_gate_at_1_keeps_the_state_and_at_0_replaces_it():
    gru, x, start = build(nn.GRU, X, H), draw(T, B, X), draw(1, B, H, seed=1)
    with record(gru) as trace, clamp(gru, "l0", "update_gate", 1):
        output, _ = gru(x, start)
        output[-1].sum().backward()
    torch.testing.assert_close(output, start.expand(T, B, H), rtol=0, atol=0)
    assert (trace.gradient("l0", "hidden_state") == 1).all()
    with record(gru) as trace, clamp(gru, "l0", "update_gate", 0):
        output, _ = gru(x, start)
        output[-1].sum().backward()
    np.testing.assert_array_equal(output.detach(), trace.value("l0", "candidate"))


# -- a hand-written LSTM with the same change -----------------------------------------------


def by_hand(lstm, x, change):
    """Run an LSTM of one layer as its equations say; `change(signal, t, value)`."""
    weights = [getattr(lstm, f"{name}_l0") for name in ("weight_ih", "weight_hh", "bias_ih")]
    h = c = torch.zeros(x.shape[1], H, dtype=torch.float64)
    seen = {}
    for t, x_t in enumerate(x):
        a = x_t @ weights[0].T + h @ weights[1].T + weights[2] + lstm.bias_hh_l0
        values = dict(
            zip(
                ("input_gate", "forget_gate", "candidate", "output_gate"),
                a.chunk(4, 1),
                strict=True,
            )
        )
        for name, before in values.items():
            squash = torch.tanh if name == "candidate" else torch.sigmoid
            values[name] = change(name, t, squash(before))
        i, f, g, o = values.values()
        c = change("cell_state", t, f * c + i * g)
        h = change("hidden_state", t, o * torch.tanh(c))
        for name, value in {**values, "cell_state": c, "hidden_state": h}.items():
            value.retain_grad()
            seen[name, t] = value
    return h, seen


SIGNALS = ("input_gate", "forget_gate", "candidate", "output_gate", "cell_state", "hidden_state")


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("how", ["set", "scale", "mean"])
@pytest.mark.parametrize("seed", range(3))
def test_values_and_gradients_are_those_of_an_lstm_written_by_hand(signal, how, seed):
    lstm, x = build(nn.LSTM, X, H), draw(T, B, X, seed=seed)
    random = np.random.default_rng(seed)
    units = sorted(random.choice(H, 2, replace=False).tolist())
    times = sorted(random.choice(T - 1, 3, replace=False).tolist())
    with record(lstm, gradients=False) as plain:
        lstm(x)
    mean = torch.from_numpy(plain.value("l0", signal).mean((0, 1)))

    def change(name, t, value):
        if name != signal or t not in times:
            return value
        here = torch.zeros(H, dtype=torch.bool)
        here[units] = True
        other = {"set": torch.tensor(0.3, dtype=torch.float64), "scale": 0.5 * value, "mean": mean}[
            how
        ]
        return torch.where(here, other, value)

    h, seen = by_hand(lstm, x, change)
    h.square().sum().backward()
    weights = {name: weight.grad.clone() for name, weight in lstm.named_parameters()}
    lstm.zero_grad()
    options = {"set": {"value": 0.3}, "scale": {"scale": 0.5}, "mean": {"mean_of": plain}}[how]
    with record(lstm) as trace, clamp(lstm, "l0", signal, units=units, times=times, **options):
        lstm(x)[0][-1].square().sum().backward()
    for name in SIGNALS:
        for t in range(T):
            value = seen[name, t]
            np.testing.assert_allclose(trace.value("l0", name)[t], value.detach(), atol=1e-12)
            gradient = torch.zeros_like(value) if value.grad is None else value.grad
            np.testing.assert_allclose(trace.gradient("l0", name)[t], gradient, atol=1e-12)
    for name, weight in lstm.named_parameters():
        torch.testing.assert_close(weight.grad, weights[name], rtol=0, atol=1e-12)


# -- where and when -------------------------------------------------------------------------


@pytest.mark.parametrize("make", [nn.RNN, nn.LSTM, nn.GRU, RNN, LSTM, GRU])
def test_only_what_was_asked_for_is_changed_also_backwards_and_above(make):
    rnn, x = build(make, X, H, 2, bidirectional=True), draw(T, B, X)
    with record(rnn) as plain:
        rnn(x)[0].sum().backward()
    for layer in plain.layers:
        with (
            record(rnn) as trace,
            clamp(rnn, layer, "hidden_state", 9.0, units=[1, 3], times=slice(2, 4)),
        ):
            rnn(x)[0].sum().backward()
        changed = trace.value(layer, "hidden_state") == 9
        assert changed[2:4][:, :, [1, 3]].all() and changed.sum() == 2 * B * 2
        for other in {"l0", "l0_reverse"} - {layer}:  # the one beside it; those above see it
            np.testing.assert_array_equal(
                trace.value(other, "hidden_state"), plain.value(other, "hidden_state")
            )
        first = slice(None, 2) if not layer.endswith("_reverse") else slice(4, None)
        np.testing.assert_allclose(
            trace.value(layer, "hidden_state")[first],
            plain.value(layer, "hidden_state")[first],
            atol=1e-14,
        )


def test_times_go_on_from_call_to_call_also_in_a_loop_over_a_cell():
    cell, x = build(nn.GRUCell, X, H), draw(T, B, X)
    with record(cell) as trace, clamp(cell, "cell", "reset_gate", 0.0, times=4):
        h = None
        for step in x:
            h = cell(step, h)
        h.sum().backward()
    assert (trace.value("cell", "reset_gate") == 0).all((1, 2)).tolist() == [0, 0, 0, 0, 1, 0]
    lstm = build(nn.LSTM, X, H, bidirectional=True)
    with record(lstm) as trace:
        lstm(x)
        with clamp(lstm, "l0_reverse", "forget_gate", 0.0, times=T + 1):  # a step of the second
            (lstm(x)[0].sum() + lstm(x)[0].sum()).backward()
    zeros = (trace.value("l0_reverse", "forget_gate") == 0).all((1, 2))
    assert np.flatnonzero(zeros).tolist() == [T + 1]


@pytest.mark.parametrize("layout", ["batch_first", "unbatched", "packed"])
def test_layouts_of_the_input(layout):
    lstm = build(nn.LSTM, X, H, batch_first=layout == "batch_first", bidirectional=True)
    x = draw(T, B, X)
    if layout == "packed":
        given, steps = pack_padded_sequence(x, [3, T], enforce_sorted=False), T
    elif layout == "unbatched":
        given, steps = x[:, 0], T
    else:
        given, steps = x.transpose(0, 1), T
    for signal in ("input", "forget_gate"):
        for layer in ("l0", "l0_reverse"):
            with record(lstm) as trace, clamp(lstm, layer, signal, 0.25, times=[1, 4]):
                lstm(given)
            value = trace.value(layer, signal)
            there = (value == 0.25) | np.isnan(value)
            assert np.flatnonzero(there.all((1, 2))).tolist() == [1, 4]
            assert len(value) == steps


def test_an_input_that_is_set_gets_no_gradient_and_projected_units_are_counted():
    lstm = build(nn.LSTM, X, H, proj_size=2)
    x = draw(T, B, X).requires_grad_()
    with record(lstm), clamp(lstm, "l0", "input", [1, 2], units=[0, 2], times=3):
        lstm(x)[0].sum().backward()
    assert x.grad[3, :, [0, 2]].abs().max() == 0
    assert x.grad[3, :, 1].abs().min() > 0 and x.grad[2].abs().min() > 0
    with record(lstm) as trace, clamp(lstm, "l0", "hidden_state", 0.0, units=slice(1, None)):
        lstm(x)
    assert (trace.value("l0", "hidden_state")[..., 1] == 0).all()


def test_clamps_nest_the_inner_on_what_the_outer_gives():
    lstm, x = build(nn.LSTM, X, H), draw(T, B, X)
    with (
        record(lstm) as trace,
        clamp(lstm, "l0", "forget_gate", 0.8),
        clamp(lstm, "l0", "forget_gate", scale=0.5, units=0),
        clamp(lstm, "l0", "output_gate", 1.0),
    ):
        lstm(x)
    np.testing.assert_allclose(trace.value("l0", "forget_gate")[0, 0], [0.4, 0.8, 0.8, 0.8])
    assert (trace.value("l0", "output_gate") == 1).all()


def test_our_modules_need_no_record():
    lstm, x = build(LSTM, X, H), draw(T, B, X)
    with clamp(lstm, "l0", "output_gate", 0):
        assert lstm(x)[0].abs().max() == 0
    assert not lstm.watched and lstm(x)[0].abs().max() > 0


def test_a_checkpointed_call_is_changed_at_the_same_steps_when_it_runs_again():
    def gradient(run):
        lstm, x = build(nn.LSTM, X, H), draw(T, B, X).requires_grad_()
        with record(lstm), clamp(lstm, "l0", "forget_gate", 0.0, times=2):
            run(lambda given: lstm(given)[0], x).sum().backward()
        return x.grad

    again = gradient(lambda f, x: checkpoint(f, x, use_reentrant=False))
    torch.testing.assert_close(again, gradient(lambda f, x: f(x)), rtol=0, atol=0)


# -- nothing is left behind, and what has no meaning is a sentence --------------------------


def hooks(module):
    return [
        len(found)
        for part in module.modules()
        for found in (part._forward_hooks, part._forward_pre_hooks, part._backward_hooks)
    ]


def test_no_hook_is_left_also_after_an_exception():
    for make in (nn.LSTM, LSTM):
        lstm, x = build(make, X, H), draw(T, B, X)
        before, expected = hooks(lstm), lstm(x)[0]
        with pytest.raises(ZeroDivisionError), record(lstm), clamp(lstm, "l0", "candidate", 0):
            lstm(x)
            raise ZeroDivisionError
        with pytest.raises(ClampError), record(lstm), clamp(lstm, "l0", "candidate", 0, times=99):
            lstm(x)
        assert hooks(lstm) == before and "forward" not in vars(lstm)
        assert torch.equal(lstm(x)[0], expected)


@pytest.mark.parametrize(
    ("arguments", "options", "sentence"),
    [
        (("l9", "forget_gate", 1), {}, "no layer 'l9': the module's layers are l0, l1"),
        (("l0", "gate", 1), {}, "no signal 'gate': it has input, input_gate, forget_gate"),
        (("l0", "forget_gate"), {}, "Say in one way"),
        (("l0", "forget_gate", 1), {"scale": 2}, "Say in one way"),
        (("l0", "forget_gate", float("nan")), {}, "cannot become nan: give a finite number"),
        (("l0", "forget_gate", "high"), {}, "cannot become 'high'"),
        (("l0", "forget_gate", [1, 2, 3]), {}, "one for each of the 4 units"),
        (("l0", "forget_gate", 1), {"units": [1, 4]}, "no unit 4: l0 has units 0 to 3"),
        (("l0", "forget_gate", 1), {"units": -1}, "no choice of units"),
        (("l0", "forget_gate", 1), {"units": []}, "no choice of units"),
        (("l0", "forget_gate", 1), {"times": 1.5}, "no choice of time steps"),
        (("l0", "forget_gate", 1), {"times": slice(-3, None)}, "no choice of time steps"),
        (("l0", "forget_gate", 1), {"times": [2, 6]}, "step 6 never came: l0 ran .* 0 to 5"),
        (("l0", "forget_gate", 1), {"times": slice(7, None)}, "step 7 never came"),
    ],
)
def test_what_has_no_meaning_is_a_sentence(arguments, options, sentence):
    lstm = build(nn.LSTM, X, H, 2)
    with pytest.raises(ClampError, match=sentence), record(lstm):
        with clamp(lstm, *arguments, **options):
            lstm(draw(T, B, X))
        pytest.fail("went through")


def test_torchs_own_modules_have_to_be_recorded_and_the_module_has_to_run():
    lstm = build(nn.LSTM, X, H)
    with (
        pytest.raises(ClampError, match="inside `with rnnviz.record"),
        clamp(lstm, "l0", "candidate", 0),
    ):
        pass
    with pytest.raises(ClampError, match="none: it holds no nn.RNN"):
        with clamp(nn.Linear(1, 1), "l0", "candidate", 0):
            pass
    with pytest.raises(ClampError, match="did not run"), record(lstm):
        with clamp(lstm, "l0", "candidate", 0):
            pass
    with record(lstm) as small:
        lstm(draw(T, B, X))
    other = build(nn.LSTM, X, H + 1)
    with pytest.raises(ClampError, match="same network"), record(other):
        with clamp(other, "l0", "candidate", mean_of=small):
            pass


# -- as text --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "clamp"),
    [
        ("rnn.l0.forget_gate=1", Clamp("rnn.l0", "forget_gate", value=1)),
        ("l0.candidate*-0.5", Clamp("l0", "candidate", "scale", -0.5)),
        ("a.b.l1_reverse.input=mean", Clamp("a.b.l1_reverse", "input", "mean")),
        (
            "rnn.l0.forget_gate=1@units:0-3@times:10-20",
            Clamp("rnn.l0", "forget_gate", "set", 1, range(4), slice(10, 21)),
        ),
        (
            "l0.cell_state=1e-05@units:1,4-6@times:3-",
            Clamp("l0", "cell_state", "set", 1e-5, [4, 6, 5, 1], slice(3, None)),
        ),
        ("l0.input=2@times:0,2,4", Clamp("l0", "input", "set", 2, None, slice(0, 6, 2))),
    ],
)
def test_a_clamp_is_the_same_as_its_text(text, clamp):
    assert Clamp.parse(text) == clamp and hash(Clamp.parse(text)) == hash(clamp)
    assert str(clamp) == text
    assert parse_clamps(f"{text}; {text};") == (clamp, clamp)


@pytest.mark.parametrize(
    "text",
    [
        "x", "l0.forget_gate", "l0.forget_gate=", "l0.forget_gate=one", "l0.forget_gate=nan",
        "l0.forget_gate=1e99", "l0.forget_gate=1@units:", "l0.forget_gate=1@units:3-1",
        "l0.forget_gate=1@when:3", "<script>=1", "l0.f=1@units:" + "1," * 5000, "l0.f==1",
        "l0.f=--1", "l0.f=1@units:-3", ";".join(["l0.f=1"] * 9), "l0.f=1e", "l" * 10**5 + "=1",
    ],
)  # fmt: skip
def test_texts_without_meaning_are_refused_in_a_short_sentence(text):
    with pytest.raises(ClampError) as error:
        parse_clamps(text)
    assert len(str(error.value)) < 300


def test_a_clamp_says_where_it_is_and_refuses_what_does_not_fit_together():
    assert Clamp("l0", "f", value=1, units=[0, 7], times=slice(2, None)).where(4, 3) == (
        [2, 3],
        [0],
    )
    for parts in (("mean", 1.0), ("set", None), ("other", 1.0)):
        with pytest.raises(ClampError):
            Clamp("l0", "f", *parts)
    assert rnnviz.clamp is clamp
