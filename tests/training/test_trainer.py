import math
from functools import partial

import numpy as np
import pytest
import torch

from rnnviz.errors import DivergedError, RunError, SettingsError
from rnnviz.networks.model import build, save
from rnnviz.settings import Settings
from rnnviz.training.checkpoint import Checkpoint
from rnnviz.training.trainer import VALIDATE_EVERY, Trainer, clip_gradients
from rnnviz.training.training import train


def small(**values):
    return Settings(**{"hidden": 6, "length": 8, "batch": 4, "steps": 9, **values})


def run(trainer, until=None):
    """Train to a step and return the figures of the last one, without the network."""
    figures = None
    while not trainer.finished and trainer.step != until:
        step = trainer.advance()
        figures = (step.step, step.loss, step.metric, step.gradient_norm, step.lr)
    return figures


RESUMED = [
    {},
    {"optimizer": "sgd", "lr": 0.1},
    {"optimizer": "sgd", "momentum": 0.0},
    {"optimizer": "rmsprop"},
    {"layers": 2, "dropout": 0.4},
    {"task": "copying", "cell": "gru", "optimizer": "rmsprop", "layers": 2, "dropout": 0.2},
    {"task": "characters", "cell": "rnn", "initialization": "orthogonal"},
    {"task": "characters", "cell": "rnn_relu", "clip": 0.0},
    {"task": "copying", "initialization": "chrono", "truncation": 5},
    {"cell": "gru", "initialization": "spectral", "truncation": 3, "layers": 2, "dropout": 0.3},
    {"cell": "rnn_relu", "initialization": "identity", "truncation": 1},
    {"norm": "layer", "layers": 2, "dropout": 0.3, "truncation": 3},
    {"cell": "gru", "norm": "layer", "optimizer": "rmsprop"},
    {"optimizer": "adamw", "weight_decay": 0.1, "schedule": "cosine", "warmup": 3},
    {"optimizer": "sgd", "weight_decay": 0.01, "schedule": "linear"},
    {"optimizer": "sgd", "clip": 0.01, "clip_by": "value"},
    {"task": "sentiment", "bidirectional": True, "readout": "mean"},
    {"task": "names", "bidirectional": True, "readout": "last", "layers": 2, "dropout": 0.3},
    {"readout": "mean", "truncation": 3},
    {"norm": "layer", "layers": 2, "residual": True, "dropout": 0.3, "dropout_kind": "sequence"},
    {"layers": 3, "residual": True, "dropout": 0.3, "dropout_kind": "sequence", "truncation": 3},
]


@pytest.mark.parametrize("values", RESUMED, ids=str)
@pytest.mark.parametrize("stop", [0, 1, 5])
def test_resumed_run_is_the_same_run_to_the_bit(values, stop):
    settings = small(**values)
    whole = Trainer(settings)
    expected = run(whole)

    stopped = Trainer(settings)
    run(stopped, until=stop)
    checkpoint = stopped.checkpoint()
    assert checkpoint.step == stop
    resumed = Trainer(settings, checkpoint)
    assert resumed.checkpoint() == checkpoint
    assert run(resumed) == expected
    assert resumed.checkpoint() == whole.checkpoint()


def test_same_settings_same_numbers_and_another_seed_others():
    def losses(**values):
        return [step.loss for step in train(small(**values))]

    assert losses() == losses() != losses(seed=1)


def test_dropout_differs_from_step_to_step_and_by_seed():
    settings = small(layers=2, dropout=0.5)
    trainer = Trainer(settings)
    reseeded = Trainer(settings.replace(seed=1), trainer.checkpoint())  # the same weights
    inputs = trainer.task.batch(4, 1)
    first, same, other = (trainer._forward(inputs, step)[0] for step in (1, 1, 2))
    assert torch.equal(first, same) and not torch.equal(first, other)
    assert not torch.equal(first, reseeded._forward(inputs, 1)[0])
    assert not trainer.model.training


def test_dropout_without_a_second_layer_is_ignored():
    assert run(Trainer(small(dropout=0.5))) == run(Trainer(small()))


@pytest.mark.parametrize(
    ("name", "torchs"),
    [
        ("adam", partial(torch.optim.Adam, lr=0.01)),
        ("sgd", partial(torch.optim.SGD, lr=0.01, momentum=0.7)),
        ("rmsprop", partial(torch.optim.RMSprop, lr=0.01)),
        ("adam", partial(torch.optim.Adam, lr=0.01, weight_decay=0.2)),
        ("adamw", partial(torch.optim.AdamW, lr=0.01, weight_decay=0.2)),
        ("sgd", partial(torch.optim.SGD, lr=0.01, momentum=0.7, weight_decay=0.2)),
        ("rmsprop", partial(torch.optim.RMSprop, lr=0.01, weight_decay=0.2)),
    ],
)
def test_steps_are_those_of_torch(name, torchs):
    decay = torchs.keywords.get("weight_decay", 0.0)
    trainer = Trainer(small(optimizer=name, lr=0.01, momentum=0.7, clip=0.0, weight_decay=decay))
    lstm, readout = torch.nn.LSTM(2, 6), torch.nn.Linear(6, 1)
    lstm.load_state_dict(trainer.model.rnn.state_dict())
    readout.load_state_dict(trainer.model.readout.state_dict())
    parameters = [*lstm.parameters(), *readout.parameters()]
    optimizer = torchs(parameters)
    for number in (1, 2, 3):
        batch = trainer.task.batch(4, number)
        loss = (readout(lstm(batch.inputs)[0])[-1] - batch.targets[-1]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        norm = torch.cat([p.grad.flatten() for p in parameters]).norm()
        optimizer.step()
        step = trainer.advance()
        assert step.loss == pytest.approx(loss.item(), rel=1e-4)
        assert step.gradient_norm == pytest.approx(norm.item(), rel=1e-4)
    for found, expected in zip(trainer.model.parameters(), parameters, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("cell", ["rnn", "rnn_relu", "lstm", "gru"])
@pytest.mark.parametrize("piece", [1, 3, 7, 8, 500])
@pytest.mark.parametrize("task", ["adding", "characters"])
def test_truncation_is_the_gradient_within_each_piece_summed(cell, piece, task):
    """By hand: step by step in float64 with torch's cells, the state cut before each piece."""
    settings = small(cell=cell, truncation=piece, task=task, clip=0.0, seed=2)
    trainer = Trainer(settings)
    model = build(settings).double()
    kind = {"lstm": torch.nn.LSTMCell, "gru": torch.nn.GRUCell}.get(cell, torch.nn.RNNCell)
    options = {"nonlinearity": "relu"} if cell == "rnn_relu" else {}
    step = kind(model.rnn.input_size, 6, dtype=torch.float64, **options)
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        step.register_parameter(name, getattr(model.rnn, f"{name}_l0"))
    batch = trainer.task.batch(4, 1)
    x = batch.inputs if task == "characters" else batch.inputs.double()
    state, answers = None, []
    for t in range(len(x)):
        if t % piece == 0 and t:
            state = tuple(s.detach() for s in state) if cell == "lstm" else state.detach()
        state = step(model.input(x[t]), state)
        answers.append(model.readout(state[0] if cell == "lstm" else state))
    loss = trainer.task.mean_loss(torch.stack(answers), batch.targets)
    loss.backward()
    expected = {name: p.grad for name, p in model.named_parameters()}

    found = trainer.advance()
    assert found.loss == pytest.approx(loss.item(), rel=1e-5)
    norm = torch.cat([g.flatten() for g in expected.values()]).norm().item()
    assert found.gradient_norm == pytest.approx(norm, rel=1e-4)
    for name, p in trainer.model.named_parameters():
        torch.testing.assert_close(p.grad.double(), expected[name], rtol=1e-4, atol=1e-6)
    if piece < 8:
        whole = Trainer(settings.replace(truncation=0)).advance()
        assert whole.loss == pytest.approx(found.loss, rel=1e-5)
        assert whole.gradient_norm != pytest.approx(found.gradient_norm, rel=1e-3)


@pytest.mark.parametrize("piece", [8, 9, 1000])
def test_a_truncation_that_cuts_nothing_changes_no_bit(piece):
    assert run(Trainer(small(truncation=piece, layers=2, dropout=0.3))) == run(
        Trainer(small(layers=2, dropout=0.3))
    )


def test_truncation_runs_the_fused_kernels_and_is_not_seen_by_validation(monkeypatch):
    trainer = Trainer(small(truncation=3, steps=1))
    seen = []
    trainer.model.rnn.register_forward_hook(lambda module, args, out: seen.append(len(args[0])))
    monkeypatch.setattr("rnnviz.networks.recurrent.unroll", None)
    trainer.advance()
    assert seen == [3, 3, 2, 8]


@pytest.mark.parametrize("limit", [0.0, 0.01, 1.0, 1e6])
def test_clipping_keeps_the_direction(limit):
    """CHECKS.md E13: norm' = min(norm, c), cosine 1."""
    generator = torch.Generator().manual_seed(0)
    parameters = [torch.nn.Parameter(torch.zeros(shape)) for shape in ((7, 5), (3,), ())]
    for parameter in parameters:
        parameter.grad = torch.randn(parameter.shape, generator=generator) * 3
    before = torch.cat([p.grad.flatten() for p in parameters]).double()
    norm, clipped = clip_gradients(parameters, limit)
    after = torch.cat([p.grad.flatten() for p in parameters]).double()
    assert norm == pytest.approx(before.norm().item(), rel=1e-6)
    expected = min(norm, limit) if limit else norm
    assert after.norm().item() == pytest.approx(expected, rel=1e-6)
    assert clipped == (expected < norm)
    assert torch.cosine_similarity(before, after, 0).item() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("limit", [0.0, 0.5, 1e6])
def test_clipping_by_value_is_torchs(limit):
    generator = torch.Generator().manual_seed(0)
    ours, theirs = ([torch.nn.Parameter(torch.zeros(s)) for s in ((7, 5), (3,))] for _ in range(2))
    for mine, torchs in zip(ours, theirs, strict=True):
        mine.grad = torch.randn(mine.shape, generator=generator)
        torchs.grad = mine.grad.clone()
    before = torch.cat([p.grad.flatten() for p in ours])
    norm, clipped = clip_gradients(ours, limit, "value")
    assert norm == pytest.approx(before.norm().item(), rel=1e-6)
    assert clipped == (limit == 0.5)
    if limit:
        torch.nn.utils.clip_grad_value_(theirs, limit)
    for mine, torchs in zip(ours, theirs, strict=True):
        assert torch.equal(mine.grad, torchs.grad)


@pytest.mark.parametrize("limit", [0.01, 1.0, 7.0])
def test_clipping_gives_the_bits_that_runs_were_trained_with(limit):
    """By torch's private foreach functions, which runs of older versions were clipped by."""
    generator = torch.Generator().manual_seed(1)
    parameters = [torch.nn.Parameter(torch.zeros(shape)) for shape in ((64, 32), (128,), (3, 1))]
    for parameter in parameters:
        parameter.grad = torch.randn(parameter.shape, generator=generator)
    before = [parameter.grad.clone() for parameter in parameters]
    expected = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(before))).item()
    torch._foreach_mul_(before, limit / expected)
    norm, clipped = clip_gradients(parameters, limit)
    assert clipped and norm == expected
    assert all(torch.equal(p.grad, each) for p, each in zip(parameters, before, strict=True))


def test_norm_is_reported_before_clipping():
    free = Trainer(small(clip=0.0)).advance()
    tight = Trainer(small(clip=1e-3)).advance()
    assert free.gradient_norm == tight.gradient_norm > 1e-3
    assert tight.clipped and not free.clipped


def test_learning_rate_changes_by_hand_and_stays():
    settings = small(optimizer="sgd", momentum=0.0, clip=0.0)
    trainer = Trainer(settings)
    trainer.advance()
    trainer.lr = 0.02
    before = [p.detach().clone() for p in trainer.model.parameters()]
    assert trainer.advance().lr == 0.02
    for old, new in zip(before, trainer.model.parameters(), strict=True):
        torch.testing.assert_close(new, old - 0.02 * new.grad)
    resumed = Trainer(settings, trainer.checkpoint())
    assert resumed.lr == 0.02
    assert run(resumed) == run(trainer)
    with pytest.raises(SettingsError, match="lr = -1"):
        trainer.lr = -1.0
    assert trainer.lr == 0.02


def test_validation_by_step_number_only():
    steps = VALIDATE_EVERY + 3
    settings = small(steps=steps)
    measured = {s.step: s.validation_loss for s in train(settings) if s.validation_loss is not None}
    assert list(measured) == [VALIDATE_EVERY, steps]

    trainer = Trainer(settings)
    run(trainer, until=VALIDATE_EVERY - 1)
    step = Trainer(settings, trainer.checkpoint()).advance()
    assert step.validation_loss == measured[VALIDATE_EVERY]
    validation = trainer.task.validation()
    with torch.no_grad():
        output, _ = step.model(validation.inputs)
    assert step.validation_loss == trainer.task.mean_loss(output, validation.targets).item()
    assert step.validation_metric == trainer.task.metric(output, validation)


def test_validation_of_a_large_network_is_done_in_parts(monkeypatch):
    whole = Trainer(small(steps=1)).advance()
    monkeypatch.setattr("rnnviz.training.trainer.MOST_ACTIVATIONS", 8 * 6 * 50)
    sizes = []
    trainer = Trainer(small(steps=1))
    trainer.model.readout.register_forward_hook(lambda m, a, output: sizes.append(output.shape[1]))
    parts = trainer.advance()
    assert sizes == [4, 50, 50, 28]
    assert parts.validation_loss == pytest.approx(whole.validation_loss, rel=1e-6)


def test_an_infinite_validation_loss_ends_the_run_after_its_step():
    trainer = Trainer(small(steps=1))
    trainer._validation.targets[-1, 0] = math.inf
    with pytest.raises(DivergedError, match="validation set became infinite at step 1"):
        trainer.advance()
    assert trainer.step == 1


def test_diverging_run_says_when_and_why_and_keeps_the_weights():
    trainer = Trainer(small(optimizer="sgd", lr=10.0, cell="rnn_relu", clip=0.0, steps=1000))
    with pytest.raises(DivergedError, match="lower the learning rate or clip") as caught:
        while True:
            before = trainer.checkpoint()
            trainer.advance()
    assert caught.value.step == before.step + 1
    assert f"at step {caught.value.step}:" in caught.value.reason
    assert trainer.checkpoint() == before
    assert not trainer.finished


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_bad_gradient_is_never_applied(bad):
    trainer = Trainer(small())
    before = trainer.checkpoint()
    trainer.model.readout.weight.register_hook(lambda gradient: gradient * bad)
    with pytest.raises(DivergedError, match="gradient became .* at step 1"):
        trainer.advance()
    assert trainer.checkpoint() == before


def test_no_step_after_the_last():
    trainer = Trainer(small(steps=2))
    assert run(trainer)[0] == 2 and trainer.finished
    with pytest.raises(RunError, match="All 2 steps are done"):
        trainer.advance()
    assert list(train(small(steps=2), trainer.checkpoint())) == []


def test_damaged_checkpoint_is_a_sentence():
    trainer = Trainer(small())
    trainer.advance()
    good = trainer.checkpoint()
    for bad in (good.optimizer[:-1], b"", b"no tensors", good.weights):
        with pytest.raises(RunError):
            Trainer(small(), Checkpoint(1, good.weights, bad))
    with pytest.raises(RunError, match="damaged"):
        Trainer(small(), Checkpoint(1, good.weights[:50], good.optimizer))


@pytest.mark.parametrize("other", [{"optimizer": "sgd"}, {"optimizer": "rmsprop"}])
def test_another_optimizers_state_is_refused(other):
    trainer = Trainer(small())
    trainer.advance()
    with pytest.raises(RunError, match="optimizer's state does not fit"):
        Trainer(small(**other), trainer.checkpoint())


def test_global_random_state_is_left_alone():
    before, numpys = torch.get_rng_state(), np.random.get_state()[1].copy()
    trainer = Trainer(small(layers=2, dropout=0.5))
    run(trainer)
    Trainer(small(layers=2, dropout=0.5), trainer.checkpoint())
    assert torch.equal(before, torch.get_rng_state())
    assert np.array_equal(numpys, np.random.get_state()[1])


@pytest.mark.parametrize(
    ("task", "values", "share"),
    [
        ("adding", {"length": 10, "lr": 0.01}, 0.5),
        ("copying", {"length": 2, "lr": 0.01}, 0.9),
        ("characters", {"length": 20}, 0.8),
    ],
)
def test_every_task_is_learned(task, values, share):
    """The network leaves the baseline behind within a few hundred steps."""
    settings = Settings.for_task(task, **values, hidden=32, steps=400)
    *_, last = train(settings)
    assert last.validation_loss < share * Trainer(settings).task.baseline.loss


def test_weights_of_a_step_are_those_of_its_checkpoint():
    trainer = Trainer(small())
    assert save(trainer.advance().model) == trainer.checkpoint().weights


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("constant", [0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1, 1]),
        ("linear", [0.25, 0.5, 0.75, 1, 1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6]),
        (
            "cosine",
            [0.25, 0.5, 0.75, 1, 1, *(1 + np.cos(np.pi * np.arange(1, 6) / 6)) / 2],
        ),
    ],
)
def test_the_learning_rate_follows_its_schedule(schedule, expected):
    """Plain SGD without momentum moves a weight by rate x gradient, so the rate can be read off."""
    settings = small(
        optimizer="sgd", momentum=0.0, clip=0.0, lr=0.02, steps=10, warmup=4, schedule=schedule
    )
    trainer = Trainer(settings)
    for factor in expected:
        before = trainer.model.readout.bias.detach().clone()
        step = trainer.advance()
        moved = before - trainer.model.readout.bias.detach()
        torch.testing.assert_close(moved, 0.02 * factor * trainer.model.readout.bias.grad)
        assert step.lr == trainer.lr == 0.02


def test_a_warm_up_longer_than_the_run_never_divides_by_nothing():
    trainer = Trainer(small(steps=3, warmup=100, schedule="cosine"))
    while not trainer.finished:
        trainer.advance()
    assert trainer.step == 3
