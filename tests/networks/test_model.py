import numpy as np
import pytest
import torch
from torch import nn

from rnnviz.errors import RunError
from rnnviz.networks.model import build, load, parameter_count, save, seeded
from rnnviz.settings import Settings
from rnnviz.tasks import TASKS

PLAIN = {"rnn": nn.RNN, "rnn_relu": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
CELL = pytest.mark.parametrize("cell", list(PLAIN))


def small(**values):
    return Settings(**{"hidden": 6, "length": 8, "batch": 3, **values})


def parameters(settings):
    return {name: p.detach() for name, p in build(settings).named_parameters()}


@CELL
def test_network_is_torchs_between_input_and_readout(cell):
    settings = small(cell=cell, task="characters", layers=2, embedding=5)
    task = TASKS["characters"](8)
    model = build(settings)
    options = {"nonlinearity": "relu"} if cell == "rnn_relu" else {}
    plain = PLAIN[cell](5, 6, 2, **options)
    plain.load_state_dict(model.rnn.state_dict())
    tokens = task.batch(3, 1).inputs
    output, state = model(tokens)
    hidden, expected_state = plain(model.input.weight[tokens])
    torch.testing.assert_close(output, hidden @ model.readout.weight.T + model.readout.bias)
    torch.testing.assert_close(state, expected_state)
    again, _ = model(tokens, state)
    expected, _ = plain(model.input.weight[tokens], expected_state)
    torch.testing.assert_close(again, model.readout(expected))


@pytest.mark.parametrize("key", list(TASKS))
def test_every_task_fits_the_network(key):
    task = TASKS[key](8)
    output, _ = build(small(task=key))(task.batch(3, 1).inputs)
    assert output.shape == (task.steps, 3, task.outputs)


def test_same_seed_same_weights():
    first, same, other = (save(build(small(seed=seed))) for seed in (1, 1, 2))
    assert first == same != other


def test_global_random_state_is_left_alone():
    before, numpys = torch.get_rng_state(), np.random.get_state()[1].copy()
    settings = small(initialization="orthogonal")
    load(settings, save(build(settings)))
    assert torch.equal(before, torch.get_rng_state())
    assert np.array_equal(numpys, np.random.get_state()[1])


@CELL
def test_weights_round_trip_to_the_bit_under_torchs_names(cell):
    settings = small(cell=cell, task="copying", layers=2)
    model = build(settings)
    again = load(settings, save(model))
    assert save(again) == save(model)
    expected = {"input.weight", "readout.weight", "readout.bias"}
    expected |= {f"rnn.{name}" for name, _ in PLAIN[cell](1, 1, 2).named_parameters()}
    assert set(model.state_dict()) == expected


@pytest.mark.parametrize("damage", [lambda w: w[:-1], lambda w: b"", lambda w: b"x" * 100])
def test_damaged_weights_are_a_sentence(damage):
    settings = small()
    with pytest.raises(RunError, match="damaged"):
        load(settings, damage(save(build(settings))))


@pytest.mark.parametrize("other", [{"hidden": 7}, {"cell": "gru"}, {"layers": 2}])
def test_weights_of_another_network_are_a_sentence(other):
    with pytest.raises(RunError, match="do not fit"):
        load(small(**other), save(build(small())))


def test_parameter_count():
    # LSTM: 4 gates of (2 inputs + 6 hidden + 2 biases) x 6 units; read-out: 6 + 1
    assert parameter_count(build(small())) == 4 * 6 * (2 + 6 + 2) + 7


def test_seeded_numbers_depend_on_the_whole_key():
    def draw(*key):
        with seeded(*key):
            return torch.rand(3)

    assert torch.equal(draw(1, 2), draw(1, 2))
    assert not torch.equal(draw(1, 2), draw(2, 1))
