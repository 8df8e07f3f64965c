import math

import pytest
import torch
from torch import nn

from rnnviz.networks.initialization import set_chrono_biases
from rnnviz.networks.model import build, save, seeded
from rnnviz.recording.record import record
from rnnviz.settings import Settings, choices
from rnnviz.tasks import TASKS, task_of

CELLS = choices("cell")
CELL = pytest.mark.parametrize("cell", CELLS)


def small(**values):
    return Settings(**{"hidden": 6, "length": 8, "batch": 3, "layers": 2, **values})


def parameters(settings):
    return {name: p.detach() for name, p in build(settings).named_parameters()}


def blocks(found, units):
    """The recurrent matrix of each gate of each layer."""
    return [
        gate for name, w in found.items() if "weight_hh" in name for gate in w.split(units)
    ]  # fmt: skip


def same_but_for(found, others, *changed):
    for name in found:
        if not any(part in name for part in changed):
            assert torch.equal(found[name], others[name]), name


@pytest.mark.parametrize("bias", [1.0, -2.5])
def test_forget_bias_goes_into_one_of_torchs_two(bias):
    found = parameters(small(forget_bias=bias))
    torchs = parameters(small(forget_bias=None))
    forget = slice(6, 12)
    for layer in ("l0", "l1"):
        assert (found[f"rnn.bias_ih_{layer}"][forget] == bias).all()
        assert (found[f"rnn.bias_hh_{layer}"][forget] == 0).all()
    for name in found:
        if "bias" in name and "rnn" in name:
            found[name][forget] = torchs[name][forget] = 0
        assert torch.equal(found[name], torchs[name]), name


@CELL
def test_torchs_own_weights_are_torchs_own(cell):
    settings = small(cell=cell, forget_bias=None, seed=3)
    with seeded(3):
        kind = {"lstm": nn.LSTM, "gru": nn.GRU}.get(cell, nn.RNN)
        expected = kind(TASKS["adding"].inputs, 6, 2).state_dict()
    found = build(settings).rnn.state_dict()
    assert list(found) == list(expected)
    assert all(torch.equal(found[name], expected[name]) for name in expected)


@CELL
def test_orthogonal_matrices_keep_the_length_of_the_state(cell):
    found = parameters(small(cell=cell, initialization="orthogonal"))
    for gate in blocks(found, 6):
        torch.testing.assert_close(gate @ gate.T, torch.eye(6))
    same_but_for(found, parameters(small(cell=cell)), "weight_hh")


@CELL
def test_identity_copies_the_state_and_has_no_bias(cell):
    found = parameters(small(cell=cell, initialization="identity", forget_bias=None))
    assert all(torch.equal(gate, torch.eye(6)) for gate in blocks(found, 6))
    assert not any(found[name].any() for name in found if name.startswith("rnn.bias"))
    same_but_for(found, parameters(small(cell=cell)), "weight_hh", "rnn.bias")


def test_an_irnn_hands_its_state_on_unchanged():
    """Le, Jaitly, Hinton 2015: without input, a state of positive numbers stays for ever."""
    rnn = build(small(cell="rnn_relu", initialization="identity", layers=1)).rnn
    state = torch.rand(1, 3, 6)
    assert torch.equal(rnn(torch.zeros(50, 3, 2), state)[1], state)


def test_identity_keeps_the_forget_bias():
    found = parameters(small(initialization="identity", forget_bias=1.0))
    expected = torch.tensor([0.0, 1, 0, 0]).repeat_interleave(6)
    assert torch.equal(found["rnn.bias_ih_l1"] + found["rnn.bias_hh_l1"], expected)


@CELL
@pytest.mark.parametrize("radius", [0.0, 0.5, 1.0, 3.0])
def test_spectral_radius_is_exact_for_every_gate(cell, radius):
    settings = small(cell=cell, initialization="spectral", spectral_radius=radius, hidden=40)
    found = parameters(settings)
    gates = blocks(found, 40)
    for gate in gates:
        largest = torch.linalg.eigvals(gate.double()).abs().max().item()
        assert largest == pytest.approx(radius, abs=1e-5)
    assert len({tuple(gate.flatten().tolist()) for gate in gates}) == (len(gates) if radius else 1)
    same_but_for(found, parameters(small(cell=cell, hidden=40)), "weight_hh")


def test_spectral_matrices_are_gaussian():
    gate = build(Settings(cell="rnn", initialization="spectral", hidden=200)).rnn.weight_hh_l0
    values = gate.detach().flatten()
    # girko's circular law: before scaling, variance 1/N has a spectral radius of about 1
    assert values.std().item() == pytest.approx(200**-0.5, rel=0.1)
    kurtosis = (values / values.std()).pow(4).mean().item()
    assert kurtosis == pytest.approx(3, abs=0.15)  # uniform: 1.8


@pytest.mark.parametrize("task", list(TASKS))
def test_e9_chrono_spreads_the_time_constants_over_the_sequence(task):
    """CHECKS.md E9: 1/(1 - f) = 1 + u with u uniform on [1, T_max - 1], and b_i = -b_f."""
    settings = Settings(task=task, initialization="chrono", length=30, hidden=500, batch=1)
    made = task_of(settings)
    longest = made.steps
    model = build(settings).double()
    rnn = model.stacks[-1]
    for name, weight in rnn.named_parameters():
        if name.startswith("weight"):
            nn.init.zeros_(weight)
    with record(model, gradients=False) as trace, torch.no_grad():
        inputs = made.probe().first(1).batch.inputs
        model(inputs.to(torch.int64 if made.tokens else torch.float64))
    f = torch.tensor(trace.value(trace.top, "forget_gate")[-1, 0], dtype=torch.float64)
    i = torch.tensor(trace.value(trace.top, "input_gate")[-1, 0], dtype=torch.float64)
    torch.testing.assert_close(i, 1 - f, rtol=0, atol=1e-7)
    biases = rnn.bias_ih_l0.detach()[500:1000]
    torch.testing.assert_close(1 / (1 - f), 1 + biases.exp(), rtol=1e-6, atol=0)
    u = 1 / (1 - f) - 1
    assert 1 - 1e-4 <= u.min() < 1 + 0.02 * longest
    assert 0.98 * (longest - 1) < u.max() <= longest - 1 + 1e-4
    # the mean of 500 uniform numbers, four standard errors wide
    assert abs(u.mean().item() - longest / 2) < 4 * (longest - 2) / math.sqrt(12 * 500)


def test_chrono_of_a_gru_opens_the_update_gate_which_keeps_the_state():
    rnn = build(Settings(cell="gru", initialization="chrono", length=50, hidden=300)).rnn
    torchs = build(Settings(cell="gru", length=50, hidden=300)).rnn
    summed = (rnn.bias_ih_l0 + rnn.bias_hh_l0).detach()
    u = summed[300:600].exp()
    assert (u >= 1 - 1e-5).all() and (u <= 49 + 1e-3).all() and u.std() > 10
    for part in (slice(0, 300), slice(600, 900)):
        assert torch.equal(rnn.bias_ih_l0[part], torchs.bias_ih_l0[part])
        assert torch.equal(rnn.bias_hh_l0[part], torchs.bias_hh_l0[part])
    assert torch.equal(rnn.weight_hh_l0, torchs.weight_hh_l0)
    assert not rnn.bias_hh_l0[300:600].any()


def test_chrono_draws_the_forget_bias_itself():
    one, other = (save(build(small(initialization="chrono", forget_bias=b))) for b in (None, 5.0))
    assert one == other != save(build(small(initialization="chrono", seed=1)))


def test_chrono_of_the_shortest_sequence_is_all_ones():
    lstm = nn.LSTM(2, 3)
    set_chrono_biases(lstm, 2)
    assert not lstm.bias_ih_l0.detach()[:6].any() and not lstm.bias_hh_l0.detach()[:6].any()


@pytest.mark.parametrize("cell", ["rnn", "rnn_relu"])
def test_chrono_means_nothing_without_gates(cell):
    same_but_for(
        parameters(small(cell=cell, initialization="chrono")), parameters(small(cell=cell))
    )


@CELL
@pytest.mark.parametrize(
    "initialization", [i for i in choices("initialization") if i != "spectral"]
)
def test_the_spectral_radius_is_ignored_where_it_is_not_asked(cell, initialization):
    one, other = (
        save(build(small(cell=cell, initialization=initialization, spectral_radius=radius)))
        for radius in (0.3, 2.0)
    )
    assert one == other


@CELL
@pytest.mark.parametrize("initialization", choices("initialization"))
def test_same_settings_same_weights_and_no_trace_in_the_global_state(cell, initialization):
    before = torch.get_rng_state()
    settings = small(cell=cell, initialization=initialization)
    assert save(build(settings)) == save(build(settings))
    assert Settings.from_json(settings.to_json()) == settings
    assert torch.equal(before, torch.get_rng_state())
