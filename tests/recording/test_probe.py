import numpy as np
import pytest
import torch

from rnnviz.errors import ClampError, RunError, TaskError
from rnnviz.networks.model import build, save
from rnnviz.recording.clamp_text import Clamp
from rnnviz.recording.probe import inspect, look, loss_weights
from rnnviz.settings import Settings
from rnnviz.tasks import TASKS
from rnnviz.training.trainer import Trainer


def small(**values):
    return Settings(**{"hidden": 6, "length": 8, "batch": 3, **values})


def expected_gradient(settings, sample, loss_at):
    """Return dL/d(input) of one sample alone through torch's own LSTM: (time, feature)."""
    model = build(settings)
    task = TASKS[settings.task](settings.length, settings.seed)
    lstm = torch.nn.LSTM(model.rnn.input_size, settings.hidden)
    lstm.load_state_dict(model.rnn.state_dict())
    batch = task.probe().batch
    x = model.input(batch.inputs[:, [sample]]).detach().requires_grad_()
    losses = task.losses(model.readout(lstm(x)[0]), batch.targets[:, [sample]])
    (losses.mean() if loss_at == "all" else losses[loss_at].sum()).backward()
    return x.grad[:, 0].numpy()


@pytest.mark.parametrize(
    ("task", "loss_at", "same"),
    [
        ("adding", "last", -1),
        ("adding", 7, 7),
        ("copying", "last", -1),
        ("copying", "all", "all"),
        ("characters", 3, 3),
        ("characters", "all", "all"),
    ],
)
def test_gradients_are_those_of_each_samples_own_loss(task, loss_at, same):
    settings = small(task=task)
    gradient = inspect(settings, loss_at=loss_at).gradient("rnn.l0", "input")
    for sample in (0, 15):
        expected = expected_gradient(settings, sample, same)
        np.testing.assert_allclose(gradient[:, sample], expected, rtol=1e-4, atol=1e-8)


def test_gradient_of_a_gate_agrees_with_finite_differences():
    """The slope of the loss along a small push on the forget gate at one step."""
    settings = small()
    task = TASKS["adding"](8)
    probe = task.probe()
    model = build(settings).double()
    trace = inspect(settings)
    inputs, targets = probe.batch.inputs.double(), probe.batch.targets.double()

    def loss(push):
        steps = iter(range(8))

        def hook(module, args, output):
            return output + push * (torch.arange(6) == 2) if next(steps) == 5 else None

        handle = model.rnn.l0.forget_gate.register_forward_hook(hook)
        try:
            with torch.no_grad():
                return task.losses(model(inputs)[0], targets)[-1]
        finally:
            handle.remove()

    slope = (loss(1e-5) - loss(-1e-5)) / 2e-5
    found = trace.gradient("rnn.l0", "forget_gate")[5, :, 2]
    np.testing.assert_allclose(found, slope.numpy(), rtol=1e-4, atol=1e-8)


def test_weights_and_labels_are_those_given():
    settings = small(task="characters")
    trainer = Trainer(settings)
    trainer.advance()
    weights = trainer.checkpoint().weights
    probe = trainer.task.typed("Alice!")
    trace = inspect(settings, weights, probe)
    assert trace.labels == [list("Alice")]
    with torch.no_grad():
        hidden, _ = trainer.model.rnn(trainer.model.input(probe.batch.inputs))
    np.testing.assert_allclose(trace.value("rnn.l0", "hidden_state"), hidden.numpy(), atol=1e-6)
    assert trace.value("rnn.l0", "hidden_state").dtype == np.float32


def test_answers_that_nobody_asks_for():
    probe = TASKS["characters"](8).typed("ab☃☃")  # only "b" is ever asked
    settings = small(task="characters")
    last = inspect(settings, probe=probe).gradient("rnn.l0", "hidden_state")
    assert np.abs(last[0]).max() > 0 and np.abs(last[1:]).max() == 0
    everything = inspect(settings, probe=probe, loss_at="all")
    np.testing.assert_array_equal(everything.gradient("rnn.l0", "hidden_state"), last)
    nothing = TASKS["characters"](8).typed("a☃☃")
    for loss_at in ("last", "all"):
        trace = inspect(settings, probe=nothing, loss_at=loss_at)
        assert np.abs(trace.gradient("rnn.l0", "hidden_state")).max() == 0
        assert (loss_weights(torch.zeros(3, 2, dtype=torch.bool), loss_at) == 0).all()


@pytest.mark.parametrize("loss_at", [3, -1, 8])
def test_a_step_without_an_answer_is_a_sentence(loss_at):
    with pytest.raises(TaskError, match=f"asked at time step {loss_at}: choose .* 7"):
        inspect(small(), loss_at=loss_at)


def test_same_question_same_answer_whoever_asked_before():
    settings = small(layers=2, dropout=0.5)
    before, numpys = torch.get_rng_state(), np.random.get_state()[1].copy()
    first, second = inspect(settings), inspect(settings, save(build(settings)))
    for layer in first.layers:
        for signal in first.signals(layer):
            np.testing.assert_array_equal(first.value(layer, signal), second.value(layer, signal))
    assert torch.equal(before, torch.get_rng_state())
    assert np.array_equal(numpys, np.random.get_state()[1])


def test_gradients_flow_where_the_caller_has_switched_them_off():
    with torch.no_grad():
        assert np.abs(inspect(small()).gradient("rnn.l0", "hidden_state")).max() > 0


def test_weights_of_another_network_are_refused():
    with pytest.raises(RunError, match="do not fit"):
        inspect(small(), save(build(small(hidden=7))))


# -- with something changed inside ----------------------------------------------------------


def test_a_look_has_the_answers_and_losses_of_the_network():
    for task_name in TASKS:
        settings = small(task=task_name)
        seen, task, model = look(settings), TASKS[task_name](8, 0), build(settings)
        with torch.no_grad():
            output, _ = model(seen.probe.batch.inputs)
        np.testing.assert_allclose(seen.outputs, output, atol=1e-6)
        losses = task.losses(output, seen.probe.batch.targets)
        np.testing.assert_allclose(seen.losses, losses, atol=1e-6)
        assert (seen.losses[~seen.asked] == 0).all() and seen.asked.any()
        assert seen.nbytes > seen.trace.nbytes


def test_clamps_change_what_is_seen_one_after_the_other():
    settings = small()
    plain = look(settings)
    changed = look(
        settings,
        clamps=(
            Clamp("rnn.l0", "forget_gate", value=0.5),
            Clamp("rnn.l0", "forget_gate", "scale", 0.5, times=range(2, 4)),
            Clamp("rnn.l0", "candidate", "mean", units=[1, 2]),
        ),
    )
    forget = changed.trace.value("rnn.l0", "forget_gate")
    assert (forget[2:4] == 0.25).all() and (forget[:2] == 0.5).all() and (forget[4:] == 0.5).all()
    mean = plain.trace.value("rnn.l0", "candidate").mean((0, 1))
    candidate = changed.trace.value("rnn.l0", "candidate")
    np.testing.assert_allclose(candidate[..., 1:3] - mean[1:3], 0, atol=1e-6)
    assert np.abs(candidate[..., 0] - mean[0]).max() > 1e-3
    assert np.abs(changed.outputs - plain.outputs).max() > 1e-4
    same = look(settings, clamps=(Clamp("rnn.l0", "forget_gate", "scale", 1.0),))
    np.testing.assert_array_equal(same.outputs, plain.outputs)


def test_a_clamp_that_fits_nothing_is_refused():
    with pytest.raises(ClampError, match="There is no layer 'rnn.l4'"):
        look(small(), clamps=(Clamp("rnn.l4", "forget_gate", value=1),))
    with pytest.raises(ClampError, match="Time step 8 never came"):
        look(small(), clamps=(Clamp("rnn.l0", "forget_gate", value=1, times=8),))
