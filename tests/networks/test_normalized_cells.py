"""Layer normalisation: the formulas written out with torch.nn.functional.layer_norm."""

import re

import numpy as np
import plotly.graph_objects as go
import pytest
import torch
from torch.func import functional_call
from torch.nn.functional import layer_norm

import rnnviz
from rnnviz import analysis
from rnnviz.errors import RunError, TraceError
from rnnviz.looks import VIEWS, draw
from rnnviz.networks.model import build, load, save
from rnnviz.networks.recurrent import GRU, LSTM, RNN
from rnnviz.plan import Plan
from rnnviz.settings import Settings, choices
from rnnviz.store.run_store import RunStore
from rnnviz.views import Choice, Gallery

UNITS, STEPS, BATCH = 5, 6, 3
CELL = pytest.mark.parametrize("cell", choices("cell"))


def settings(cell, **values):
    return Settings(**{"cell": cell, "norm": "layer", "hidden": UNITS, "length": STEPS, **values})


def network(cell, **values):
    """A network in float64 whose gains and biases are not those of the beginning."""
    model = build(settings(cell, **values)).double()
    generator = torch.Generator().manual_seed(7)
    for name, parameter in model.named_parameters():
        if "norm" in name or "bias" in name:
            noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.data += 0.3 * noise
    return model


def sequences():
    generator = torch.Generator().manual_seed(3)
    return torch.randn(STEPS, BATCH, 2, dtype=torch.float64, generator=generator)


def ln(a, gain, bias=None):
    return layer_norm(a, a.shape[-1:], gain, bias)


def written_out(model, cell, x):
    """One layer, step by step: every signal at every step."""
    p = dict(model.rnn.named_parameters())
    w, u, b, d = (p[f"{name}_l0"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    gain = {name.removeprefix("l0."): value for name, value in p.items() if "norm" in name}
    h = c = x.new_zeros(BATCH, UNITS)
    seen = {name: [] for name in rnnviz.CELLS[cell].signals}
    for now in x:
        if cell in ("rnn", "rnn_relu"):
            a = ln(now @ w.T + h @ u.T, gain["norm.weight"]) + b + d
            h = torch.tanh(a) if cell == "rnn" else torch.relu(a)
            step = {"hidden_state": h}
        elif cell == "lstm":
            a = ln(now @ w.T, gain["norm_input.weight"]) + b
            a = a + ln(h @ u.T, gain["norm_hidden.weight"]) + d
            i, f, g, o = a.chunk(4, -1)
            i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
            c = f * c + i * g
            h = o * ln(c, gain["norm_cell.weight"], gain["norm_cell.bias"]).tanh()
            step = {"input_gate": i, "forget_gate": f, "candidate": g, "output_gate": o,
                    "cell_state": c, "hidden_state": h}  # fmt: skip
        else:
            two = slice(0, 2 * UNITS), slice(2 * UNITS, None)
            gates = ln(now @ w[two[0]].T, gain["norm_input_gates.weight"]) + b[two[0]]
            gates = gates + ln(h @ u[two[0]].T, gain["norm_hidden_gates.weight"]) + d[two[0]]
            r, z = gates.sigmoid().chunk(2, -1)
            inner = ln(h @ u[two[1]].T, gain["norm_hidden_candidate.weight"]) + d[two[1]]
            n = ln(now @ w[two[1]].T, gain["norm_input_candidate.weight"]) + b[two[1]] + r * inner
            n = n.tanh()
            h = (1 - z) * n + z * h
            step = {"reset_gate": r, "update_gate": z, "candidate": n, "hidden_state": h}
        for name, value in step.items():
            value.retain_grad()
            seen[name].append(value)
    return seen


@CELL
def test_recorded_values_and_gradients_are_those_of_the_formula(cell):
    model, x = network(cell), sequences()
    seen = written_out(model, cell, x)
    model.readout(seen["hidden_state"][-1]).square().sum().backward()
    weights = {name: p.grad.clone() for name, p in model.named_parameters()}
    model.zero_grad()
    with rnnviz.record(model) as trace:
        model(x)[0][-1].square().sum().backward()
    for name, steps in seen.items():
        values = torch.stack(steps).detach().numpy()
        np.testing.assert_allclose(trace.value("rnn.l0", name), values, atol=1e-13)
        gradients = np.stack([np.zeros_like(values[0]) if s.grad is None else s.grad.numpy()
                              for s in steps])  # fmt: skip
        np.testing.assert_allclose(trace.gradient("rnn.l0", name), gradients, atol=1e-12)
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter.grad, weights[name], rtol=0, atol=1e-12)
        assert weights[name].abs().max() > 0, name


@CELL
def test_gradients_are_finite_differences(cell):
    model, x = network(cell, hidden=3), sequences()[:3, :1].requires_grad_()
    names, values = zip(*model.named_parameters(), strict=True)
    values = tuple(value.detach().requires_grad_() for value in values)

    def run(x, *values):
        return functional_call(model, dict(zip(names, values, strict=True)), (x,))[0]

    # the first step's state is 0, where LN of it is as steep as 1 / √ε
    assert torch.autograd.gradcheck(run, (x, *values), eps=1e-7, atol=1e-6, rtol=1e-4)


@CELL
def test_watched_or_not_it_is_the_same_network(cell):
    model, x = network(cell, layers=2), sequences()
    expected, state = model(x)
    with rnnviz.record(model, gradients=False):
        watched, _ = model(x)
    assert torch.equal(watched, expected)
    first, after = model(x[:4])
    second, last = model(x[4:], after)
    torch.testing.assert_close(torch.cat([first, second]), expected, rtol=0, atol=1e-14)
    torch.testing.assert_close(last, state, rtol=0, atol=1e-14)


@CELL
def test_the_size_of_the_recurrent_weights_does_not_matter(cell):
    """What it is for: W and 100 W give the same (the paper's table 1)."""
    model, x = network(cell), sequences() * 100
    before = model(x)[0]
    with torch.no_grad():
        for name, weight in model.rnn.named_parameters():
            if name.startswith(("weight_ih", "weight_hh")):
                weight *= 100
    torch.testing.assert_close(model(x)[0], before, rtol=0, atol=1e-3)
    plain = build(settings(cell, norm="none")).double()
    before = plain(x)[0].detach()
    plain.rnn.weight_hh_l0.data *= 100
    assert (plain(x)[0] - before).abs().max() > 1e-2


@pytest.mark.parametrize("kind", [RNN, LSTM, GRU])
def test_without_biases_and_in_both_directions(kind):
    x = sequences()
    both = kind(2, UNITS, bidirectional=True, bias=False, normalized=True).double()
    forwards = kind(2, UNITS, bias=False, normalized=True).double()
    forwards.load_state_dict(
        {name: both.state_dict()[name] for name in forwards.state_dict()}, strict=True
    )
    torch.testing.assert_close(both(x)[0][..., :UNITS], forwards(x)[0], rtol=0, atol=1e-14)
    zero = kind(2, UNITS, normalized=True).double()
    for name, parameter in zero.named_parameters():
        parameter.data = forwards.state_dict().get(name, torch.zeros_like(parameter))
    torch.testing.assert_close(zero(x)[0], forwards(x)[0], rtol=0, atol=1e-14)


@CELL
def test_it_begins_with_the_weights_of_the_network_without(cell):
    plain, normalized = (
        build(settings(cell, norm=norm)).state_dict() for norm in ("none", "layer")
    )
    gains = normalized.keys() - plain.keys()
    assert gains and all(name.startswith("rnn.l0.norm") for name in gains)
    assert all(torch.equal(normalized[name], plain[name]) for name in plain)
    for name in gains:
        assert (normalized[name] == (0 if name.endswith("bias") else 1)).all(), name


@CELL
def test_weights_round_trip_to_the_bit(cell):
    model = network(cell).float()
    assert save(load(settings(cell), save(model))) == save(model)


def test_a_gate_can_be_held():
    model, x = network("lstm"), sequences()
    with (
        rnnviz.record(model, gradients=False) as trace,
        rnnviz.clamp(model, "rnn.l0", "forget_gate", 1.0),
        torch.no_grad(),
    ):
        model(x)
    assert (trace.value("rnn.l0", "forget_gate") == 1).all()
    added = trace.value("rnn.l0", "input_gate") * trace.value("rnn.l0", "candidate")
    np.testing.assert_allclose(trace.value("rnn.l0", "cell_state"), added.cumsum(0), atol=1e-12)


@CELL
def test_what_is_not_worked_out_says_so(cell):
    model, x = network(cell), sequences()
    with rnnviz.record(model) as trace:
        model(x)[0][-1].square().sum().backward()
    readout = model.readout.weight.detach().numpy()
    asked = [
        lambda: analysis.jacobians(model, trace, "rnn.l0"),
        lambda: analysis.itemized_gradients(model, trace, "rnn.l0"),
        lambda: analysis.predicted_norms(model, trace, "rnn.l0"),
        lambda: analysis.truncation(model, trace, "rnn.l0", [2]),
        lambda: analysis.connectivity(model, trace, "rnn.l0", 0, readout),
        lambda: analysis.preactivations(trace, "rnn.l0", model),
        lambda: analysis.anatomy(trace, "rnn.l0", model.state_dict()),
    ]
    if cell.startswith("rnn"):
        asked.append(lambda: analysis.mode_time_constants(model, "rnn.l0"))
        asked.append(lambda: analysis.jacobian_bound(model, trace, "rnn.l0"))
    for ask in asked:
        with pytest.raises(TraceError, match="layer normalisation, for which .* not worked out"):
            ask()


OF_OTHERS = (
    "Select a stretch|Only a translation|of a model of your own|Only a series|draws its data itself"
)
"""What views say that show something else than a language model."""
REFUSED = {
    # views that take the equations of a step apart
    "anatomy", "gradient_items", "gradient_bars", "gradient_jacobians", "gradient_products",
    "gradient_connectivity", "gradient_dependence", "gradient_truncation",
}  # fmt: skip


@CELL
def test_every_view_is_right_or_says_that_it_does_not_apply(cell, tmp_path):
    store = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    gallery, draft = Gallery(store), settings(cell, task="characters", batch=2)
    swept = Plan(settings=draft, cells=(cell,), seeds=1, vary={"length": (3, 5)})
    refused = set()
    for view in VIEWS:
        try:
            message = draw(gallery, view, None, swept if view == "compare_map" else draft, Choice())
        except TraceError as error:
            few = view == "units_ranking" and "too few to tell" in str(error)  # of quotations
            assert few or "layer normalisation" in str(error)
            refused |= set() if few else {view}
            continue
        except RunError as error:
            assert re.search(OF_OTHERS, str(error))
            continue
        if "figure" in message:
            go.Figure(message["figure"])
    # the memory of a plain RNN is estimated from its eigenvalues
    assert refused == REFUSED | ({"memory"} if cell.startswith("rnn") else set())
    for view in ("distribution", "signals"):
        with pytest.raises(TraceError, match="layer normalisation"):
            draw(gallery, view, None, draft, Choice.of({"values": "before"}))
    message = draw(gallery, "gradient_time", None, draft, Choice())
    assert "through layer normalisation" in message["says"]
    assert "with layer norm" in message["figure"]["layout"]["title"]["text"]
    assert not any("predicted" in str(line.get("name")) for line in message["figure"]["data"])
    store.close()
