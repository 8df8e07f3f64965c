"""What is worked out of a trace holds for what ran: any state given, any weights, any loop.

Each case runs twice: through a recorded module of torch's, and through the equations written out
below, whose every term autograd knows. What the analyses say of the first is what the second was.
"""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations
from torch.nn.utils import spectral_norm as old_spectral_norm
from torch.nn.utils import weight_norm as old_weight_norm

import rnnviz
from rnnviz.analysis import anatomy, connectivity, itemized_gradients, jacobians, preactivations
from rnnviz.analysis.beginnings import states_before
from rnnviz.errors import TraceError
from rnnviz.recording.trace import Trace

FEATURES, UNITS, BATCH, STEPS = 3, 4, 2, 6
KINDS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
CELLS = {"rnn": nn.RNNCell, "lstm": nn.LSTMCell, "gru": nn.GRUCell}
GATES = {
    "rnn": ["hidden_state"],
    "lstm": ["input_gate", "forget_gate", "candidate", "output_gate"],
    "gru": ["reset_gate", "update_gate", "candidate"],
}


class Own:
    """The equations written out; keeps each step's state before, pre-activations and state."""

    def __init__(self, kind):
        self.kind, self.weights = kind, None
        self.before, self.sums, self.steps = [], [], []

    def step(self, x, state):
        w_ih, w_hh, b_ih, b_hh = self.weights
        state = state if isinstance(state, tuple) else (state,)
        self.before.append(state)
        h = state[0]
        of_x, of_h = x @ w_ih.T + b_ih, h @ w_hh.T + b_hh
        if self.kind == "gru":
            (xr, xz, xn), (hr, hz, hn) = of_x.chunk(3, -1), of_h.chunk(3, -1)
            r, z = xr + hr, xz + hz
            a = [r, z, xn + r.sigmoid() * hn]
        else:
            a = list((of_x + of_h).chunk(len(GATES[self.kind]), -1))
        for each in a:
            if each.requires_grad:
                each.retain_grad()
        self.sums.append(a)
        if self.kind == "rnn":
            return (a[0].tanh(),)
        if self.kind == "lstm":
            i, f, g, o = a[0].sigmoid(), a[1].sigmoid(), a[2].tanh(), a[3].sigmoid()
            c = f * state[1] + i * g
            return o * c.tanh(), c
        z = a[1].sigmoid()
        return ((1 - z) * a[2].tanh() + z * h,)

    def __call__(self, x, state=None):
        """Take what torch's layer takes, (time, batch, feature), or its cell, (batch, feature)."""
        zeros = torch.zeros(*(() if x.dim() == 2 else (1,)), BATCH, UNITS, dtype=x.dtype)
        state = (zeros,) * (2 if self.kind == "lstm" else 1) if state is None else state
        state = state if isinstance(state, tuple) else (state,)
        if x.dim() == 2:
            state = self.step(x, state)
            return state if self.kind == "lstm" else state[0]
        state, out = tuple(s[0] for s in state), []
        for now in x:
            state = self.step(now, state)
            out.append(state[0])
        last = tuple(s[None] for s in state)
        return torch.stack(out), last if self.kind == "lstm" else last[0]

    def use(self, module, end="_l0", **others):
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        self.weights = [
            others.get(n, getattr(module, n + end)).detach().requires_grad_() for n in names
        ]
        return self


def states(kind, scale=1.0, lead=(1,), dtype=torch.float64):
    torch.manual_seed(7)
    parts = [scale * torch.randn(*lead, BATCH, UNITS, dtype=dtype) for _ in range(2)]
    return tuple(parts) if kind == "lstm" else parts[0]


def each(state, change):
    return tuple(change(s) for s in state) if isinstance(state, tuple) else change(state)


def first(state):
    return state[0] if isinstance(state, tuple) else state


def inputs(dtype, steps=STEPS):
    torch.manual_seed(3)
    return torch.randn(steps, BATCH, FEATURES, dtype=dtype)


def layer_case(loop):
    """A case of a whole layer: ``loop(call, x, kind)`` gives the outputs."""

    def case(kind, dtype):
        module = KINDS[kind](FEATURES, UNITS).to(dtype)
        own, x = Own(kind).use(module), inputs(dtype)
        return module, "l0", lambda: loop(module, x, kind), own, lambda: loop(own, x, kind)

    return case


def cell_case(loop):
    def case(kind, dtype):
        module = CELLS[kind](FEATURES, UNITS).to(dtype)
        own, x = Own(kind).use(module, ""), inputs(dtype)
        return module, "cell", lambda: loop(module, x, kind), own, lambda: loop(own, x, kind)

    return case


@layer_case
def given(call, x, kind):
    return call(x, states(kind, dtype=x.dtype))[0]


def windows(detach):
    @layer_case
    def loop(call, x, kind):
        state, outputs = None, []
        for window in x.split(2):
            out, state = call(window, state)
            state = each(state, torch.detach) if detach else state
            outputs.append(out)
        return torch.cat(outputs)

    return loop


@cell_case
def cells(call, x, kind):
    state, outputs = None, []
    for now in x:
        state = call(now, state)
        outputs.append(first(state))
    return torch.stack(outputs)


@cell_case
def resets(call, x, kind):
    state, outputs = states(kind, lead=(), dtype=x.dtype), []
    keep = torch.tensor([[1.0, 1, 0, 1, 1, 0], [1, 1, 1, 0, 1, 1]], dtype=x.dtype)
    for now, kept in zip(x, keep.T, strict=True):
        state = call(now, each(state, lambda s, kept=kept: s * kept[:, None]))
        outputs.append(first(state))
    return torch.stack(outputs)


@cell_case
def normalised(call, x, kind):
    state, outputs = states(kind, lead=(), dtype=x.dtype), []
    for now in x:
        state = call(now, each(state, lambda s: s / s.norm(dim=-1, keepdim=True)))
        outputs.append(first(state))
    return torch.stack(outputs)


@layer_case
def steps_of_a_layer(call, x, kind):
    """A layer called a step at a time, its state normalised in between."""
    state, outputs = None, []
    for now in x:
        out, state = call(now[None], state)
        state = each(state, lambda s: s / s.norm(dim=-1, keepdim=True))
        outputs.append(out)
    return torch.cat(outputs)


def decoder(start):
    """A decoder after an encoder, under the names that once were guessed from."""

    def case(kind, dtype):
        size = 6 if start == "other" else UNITS
        both = nn.ModuleDict(
            {"encoder": KINDS[kind](FEATURES, size), "decoder": KINDS[kind](FEATURES, UNITS)}
        ).to(dtype)
        project = nn.Linear(size, UNITS).to(dtype)
        x, y = inputs(dtype), inputs(dtype, 5)
        own = Own(kind).use(both["decoder"])

        def loop(call):
            last = both["encoder"](y)[1]
            state = None if start == "zero" else each(last, project)
            return call(x, state)[0]

        return both, "decoder.l0", lambda: loop(both["decoder"]), own, lambda: loop(own)

    return case


def wrapped(wrap, train=False):
    """Weights that are computed anew in each call; the optimizer changes what from."""

    def case(kind, dtype):
        module = KINDS[kind](FEATURES, UNITS).to(dtype)
        module = wrap(module, "weight_hh_l0") or module
        optimizer, x = torch.optim.SGD(module.parameters(), 1.0), inputs(dtype)
        module(x)[0].square().sum().backward()
        optimizer.step()
        module.train(train)
        module.zero_grad()
        own = Own(kind)

        def plain():
            with torch.no_grad():
                module(x)  # the hooks of older wrappers set the weights
            return own.use(module)(x)[0]

        return module, "l0", lambda: module(x)[0], own, plain

    return case


class Dropped(nn.Module):
    """Draws which recurrent weights it leaves out, anew at every call."""

    def __init__(self, kind):
        super().__init__()
        self.rnn = KINDS[kind](FEATURES, UNITS)
        self.raw = nn.Parameter(self.rnn.weight_hh_l0.detach().clone())
        del self.rnn._parameters["weight_hh_l0"]
        self.drawn = []

    def forward(self, x, state=None):
        self.drawn.append(nn.functional.dropout(self.raw, 0.5))
        self.rnn.weight_hh_l0 = self.drawn[-1]
        return self.rnn(x, state)


def dropped(kind, dtype):
    module, x, own = Dropped(kind).to(dtype), inputs(dtype), Own(kind)

    def run():
        out, state = module(x[:3])
        return torch.cat([out, module(x[3:], state)[0]])

    def plain():
        out, state = own.use(module.rnn, weight_hh=module.drawn[0])(x[:3])
        return torch.cat([out, own.use(module.rnn, weight_hh=module.drawn[1])(x[3:], state)[0]])

    return module, "rnn.l0", run, own, plain


def functional(kind, dtype):
    module, x, own = KINDS[kind](FEATURES, UNITS).to(dtype), inputs(dtype), Own(kind)
    torch.manual_seed(5)
    others = {name: torch.randn_like(each) for name, each in module.named_parameters()}
    named = {name.removesuffix("_l0"): each for name, each in others.items()}

    def run():
        return torch.func.functional_call(module, others, (x,))[0]

    return module, "l0", run, own, lambda: own.use(module, **named)(x)[0]


CASES = {
    "given": given,
    "windows, cut": windows(True),
    "windows, open": windows(False),
    "cells": cells,
    "resets": resets,
    "normalised": normalised,
    "a layer step by step": steps_of_a_layer,
    "decoder, projected": decoder("projected"),
    "decoder, zero": decoder("zero"),
    "decoder, other size": decoder("other"),
    "weight_norm": wrapped(parametrizations.weight_norm),
    "old weight_norm": wrapped(old_weight_norm),
    "spectral_norm": wrapped(parametrizations.spectral_norm),
    "old spectral_norm": wrapped(old_spectral_norm),
    "orthogonal": wrapped(parametrizations.orthogonal),
    "dropped": dropped,
    "functional": functional,
}
BARS = {torch.float32: 1e-6, torch.float64: 1e-10}


def loss_of(outputs):
    torch.manual_seed(11)
    return (outputs * torch.randn_like(outputs)).sum()


@pytest.fixture(params=CASES, ids=lambda name: name.replace(", ", "-").replace(" ", "-"))
def case(request):
    return CASES[request.param]


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
@pytest.mark.parametrize("dtype", BARS, ids=["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_worked_out_is_what_ran(case, kind, dtype, tmp_path):
    torch.manual_seed(1)
    module, layer, run, own, plain = case(kind, dtype)
    with rnnviz.record(module) as trace:
        loss_of(run()).backward()
    loss_of(plain()).backward()
    trace.save(tmp_path / "it.npz")
    trace = Trace.load(tmp_path / "it.npz")
    with torch.no_grad():
        for parameter in module.parameters():  # what the module has now no longer counts
            parameter.zero_()
    bar = BARS[dtype]
    same = lambda a, b: np.testing.assert_allclose(a, b, rtol=bar, atol=bar)  # noqa: E731

    signals = ("hidden_state", "cell_state") if kind == "lstm" else ("hidden_state",)
    for place, signal in enumerate(signals):
        before = torch.stack([s[place] for s in own.before]).detach().numpy()
        same(states_before(trace, layer, signal), before)

    inner = preactivations(trace, layer, None)
    for place, gate in enumerate(GATES[kind]):
        a = inner.value(layer, gate)
        same(a, torch.stack([s[place] for s in own.sums]).detach().numpy())
        function = (
            np.tanh if gate in ("candidate", "hidden_state") else lambda a: 1 / (1 + np.exp(-a))
        )
        same(function(a), trace.value(layer, gate))

    for sample in range(BATCH):
        frame = anatomy(trace, layer, sample=sample, unit=2)
        for place, signal in enumerate(signals):
            before = [s[place][sample, 2].item() for s in own.before]
            same(frame[f"{signal}.before"], before)
            same(frame[f"{signal}.computed"], trace.value(layer, signal)[:, sample, 2])
        for place, gate in enumerate(GATES[kind]):
            same(frame[f"{gate}.sum"], [s[place][sample, 2].item() for s in own.sums])
            same(frame[f"{gate}.computed"], frame[gate])
            same(frame[f"gradient.{gate}.sum"], [s[place].grad[sample, 2].item() for s in own.sums])
        later, out = frame["gradient.hidden_state.later"], frame["gradient.hidden_state.out"]
        same(later + out, trace.gradient(layer, "hidden_state")[:, sample, 2])


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_jacobians_are_those_of_the_steps_that_ran(case, kind):
    torch.manual_seed(1)
    module, layer, run, own, plain = case(kind, torch.float64)
    with rnnviz.record(module) as trace:
        loss_of(run()).backward()
    before, sizes = [], []
    step = own.step

    def kept(x, state):  # with the weights of each step
        state = state if isinstance(state, tuple) else (state,)
        before.append((x, state, own.weights))
        return step(x, state)

    own.step = kept
    plain()
    chained = jacobians(None, trace, layer)
    found = jacobians(None, trace, layer, given=True)
    for time, (x, state, weights) in enumerate(before):
        for sample in range(BATCH):
            size = UNITS * len(state)

            def after(flat, x=x, sample=sample):
                parts = tuple(part[None] for part in flat.split(UNITS))
                return torch.cat(step(x[sample : sample + 1], parts), -1)[0]

            own.weights = [weight.detach() for weight in weights]
            flat = torch.cat([part[sample] for part in state]).detach()
            exact = torch.autograd.functional.jacobian(after, flat).numpy()
            if np.isfinite(chained[time, sample]).all():
                np.testing.assert_allclose(chained[time, sample], exact, rtol=0, atol=1e-10)
            if any(part.any() for part in state):
                np.testing.assert_allclose(found[time, sample], exact, rtol=0, atol=1e-10)
                sizes.append(size)
    assert len(sizes) >= (STEPS - 1) * BATCH


def test_a_state_that_was_reset_ends_what_is_followed_for_that_sample_alone():
    module, layer, run, own, plain = resets("gru", torch.float64)
    with rnnviz.record(module) as trace:
        run()[-1].sum().backward()
    known = np.isfinite(jacobians(module, trace, layer)).all((2, 3))
    assert known[:, 0].tolist() == [False, True, False, True, True, False]
    assert known[:, 1].tolist() == [False, True, True, False, True, True]


@pytest.mark.parametrize("kind", KINDS)
def test_items_of_windows_end_where_the_state_was_cut_off(kind):
    module, layer, run, own, plain = windows(True)(kind, torch.float64)
    with rnnviz.record(module) as trace:
        loss_of(run()).backward()
    frame = itemized_gradients(module, trace, layer)
    reached = frame[frame["norm"] > 0]
    assert sorted(set(reached["loss_step"])) == list(range(STEPS))
    assert (reached["loss_step"] // 2 == reached["time"] // 2).all()
    state = itemized_gradients(module, trace, layer, sample=1)
    total = np.linalg.norm(trace.gradient(layer, "hidden_state")[:, 1], axis=1)
    np.testing.assert_allclose(state.groupby("time")["part"].sum(), total, atol=1e-12)


def test_items_are_refused_where_the_caller_made_something_of_the_state():
    module, layer, run, own, plain = normalised("gru", torch.float64)
    with rnnviz.record(module) as trace:
        run()[-1].sum().backward()
    for ask in (itemized_gradients, partial(rnnviz.analysis.truncation, windows=[2])):
        with pytest.raises(TraceError, match="which loss it comes from is not known"):
            ask(module, trace, layer)
    with rnnviz.record(module) as trace, torch.no_grad():
        outputs = run()
    assert not outputs.requires_grad and not trace.has_gradients


@pytest.mark.parametrize("kind", KINDS)
def test_a_product_ends_where_the_state_was_cut_off(kind):
    module, layer, run, own, plain = windows(True)(kind, torch.float64)
    with rnnviz.record(module) as trace:
        loss_of(run()).backward()
    whole = rnnviz.analysis.product_norms(jacobians(None, trace, layer, 0))
    taken = rnnviz.analysis.product_norms(jacobians(None, trace, layer, 0, gradients=True))
    assert whole["lag"].max() == STEPS - 1 and taken["lag"].max() == 1


@pytest.mark.parametrize("changed", ["forget_gate", "hidden_state", "input"])
def test_equations_that_did_not_run_are_refused_not_followed(changed):
    torch.manual_seed(0)
    module, x = nn.LSTM(FEATURES, UNITS), inputs(torch.float32)
    with rnnviz.record(module) as trace, rnnviz.clamp(module, "l0", changed, 0.5):
        module(x)[0][-1].sum().backward()
    asks = {
        "itemized": lambda: itemized_gradients(module, trace, "l0"),
        "jacobians": lambda: jacobians(module, trace, "l0"),
        "connectivity": lambda: connectivity(module, trace, "l0"),
        "truncation": lambda: rnnviz.analysis.truncation(module, trace, "l0", [2]),
        "path": lambda: rnnviz.analysis.predicted_norms(module, trace, "l0"),
    }
    for ask in asks.values():
        with pytest.raises(TraceError, match="was changed while it ran"):
            ask()


def test_a_hook_that_only_looks_changes_nothing():
    module = rnnviz.networks.recurrent.LSTM(FEATURES, UNITS)
    looked = []
    for hook, altered in (
        (lambda m, a, y: looked.append(y.shape), ()),
        (lambda m, a, y: y + 1, ("changed",)),
    ):
        handle = module.l0.forget_gate.register_forward_hook(hook)
        with rnnviz.record(module, gradients=False) as trace:
            module(inputs(torch.float32))
        handle.remove()
        assert trace.altered("l0") == altered
    assert len(looked) == STEPS


def test_dropout_within_the_recurrence_is_refused_by_what_reads_the_state():
    module = rnnviz.networks.recurrent.GRU(FEATURES, UNITS, recurrent_dropout=0.5)
    with rnnviz.record(module) as trace:
        module(inputs(torch.float32))[0].sum().backward()
    for ask in (preactivations, anatomy):
        with pytest.raises(TraceError, match="record it in eval mode"):
            ask(trace, "l0")
    with pytest.raises(TraceError, match="record it in eval mode"):
        jacobians(module, trace, "l0")


@pytest.mark.parametrize("kind", KINDS)
def test_both_ways_over_sequences_of_several_lengths_start_from_what_was_given(kind):
    torch.manual_seed(2)
    module = KINDS[kind](FEATURES, UNITS, bidirectional=True).double()
    x, lengths = torch.randn(5, 3, FEATURES, dtype=torch.float64), [3, 5, 2]
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
    start = torch.randn(2, 3, UNITS, dtype=torch.float64)
    with rnnviz.record(module) as trace:
        module(packed, (start, start + 1) if kind == "lstm" else start)
    for way, layer in enumerate(("l0", "l0_reverse")):
        before = states_before(trace, layer, "hidden_state")
        for sample, length in enumerate(lengths):
            begin = 0 if way == 0 else length - 1
            np.testing.assert_array_equal(before[begin, sample], start[way, sample])
        inner = preactivations(trace, layer)
        for gate in GATES[kind]:
            a = inner.value(layer, gate)
            y = np.tanh(a) if gate in ("candidate", "hidden_state") else 1 / (1 + np.exp(-a))
            np.testing.assert_allclose(y, trace.value(layer, gate), atol=1e-12)
        for sample in range(3):
            frame = anatomy(trace, layer, sample=sample, unit=1)[: lengths[sample]]
            np.testing.assert_allclose(
                frame["hidden_state.computed"],
                trace.value(layer, "hidden_state")[: lengths[sample], sample, 1],
                atol=1e-12,
            )
