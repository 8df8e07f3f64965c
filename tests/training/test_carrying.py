"""A state that is carried from batch to batch: the passages, the numbers, a restart."""

import numpy as np
import pytest
import torch

from rnnviz.errors import SettingsError, TaskError
from rnnviz.settings import Settings
from rnnviz.tasks import TASKS, task_of
from rnnviz.tasks.passages import lane_starts
from rnnviz.training.trainer import Trainer

CONTINUES = [key for key, kind in TASKS.items() if kind.continues]


def small(**values):
    return Settings(
        **{"task": "words", "hidden": 5, "embedding": 4, "length": 8, "batch": 4, "steps": 8,
           "stateful": True, **values}
    )  # fmt: skip


def random_of(turn):
    return np.random.default_rng(turn)


def test_lanes_cover_the_text_once_and_never_leave_it():
    count, length, size = 1000, 7, 5
    seen, step, rounds = [], 1, 0
    while rounds < 2:
        starts, anew = lane_starts(count, length, size, step, random_of)
        rounds += anew
        if rounds == 1:
            seen.append(starts)
        assert (starts >= 0).all() and (starts + length + 1 <= count).all()
        step += 1
    table = np.array(seen)
    assert (np.diff(table, axis=0) == length).all()
    read = (table[..., None] + np.arange(length)).ravel()
    assert len(set(read)) == len(read) > 0.95 * (count - length)
    again, anew = lane_starts(count, length, size, step - 1, random_of)
    assert anew and again[0] == random_of(1).integers(length) != table[0, 0]


def test_a_text_that_is_too_short_is_refused():
    with pytest.raises(TaskError, match="lower batch or length"):
        lane_starts(100, 20, 4, 1, random_of)


@pytest.mark.parametrize("task", CONTINUES)
def test_a_batch_goes_on_where_the_last_one_ended(task):
    built = TASKS[task](10, 3)
    first, anew = built.continued(6, 1)
    second, goes_on = built.continued(6, 2)
    assert anew and not goes_on
    same, _ = TASKS[task](10, 3).continued(6, 2)
    assert torch.equal(same.inputs, second.inputs) and torch.equal(same.targets, second.targets)
    asked = built.asked(first.targets)[-1]
    assert torch.equal(first.targets[-1][asked], second.inputs[0][asked])
    inner = built.asked(first.targets)[:-1]
    assert torch.equal(first.targets[:-1][inner], first.inputs[1:][inner])


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_three_steps_are_those_of_torchs_module_with_its_state_handed_on(cell):
    settings = small(cell=cell, optimizer="sgd", momentum=0.0, clip=0.0, lr=0.3, layers=2)
    trainer = Trainer(settings)
    trainer.model.double()
    kind = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}.get(cell, torch.nn.RNN)
    rnn = kind(4, 5, 2, dtype=torch.float64)
    rnn.load_state_dict(trainer.model.rnn.state_dict())
    out = torch.nn.Linear(5, trainer.task.outputs, dtype=torch.float64)
    out.load_state_dict(trainer.model.readout.state_dict())
    embedding = torch.nn.Embedding.from_pretrained(
        trainer.model.input.weight.detach().clone(), freeze=False
    )
    parameters = [*embedding.parameters(), *rnn.parameters(), *out.parameters()]
    optimizer = torch.optim.SGD(parameters, 0.3)
    state = None
    for number in (1, 2, 3):
        batch, _ = trainer.task.continued(4, number)
        hidden, state = rnn(embedding(batch.inputs), state)
        state = tuple(s.detach() for s in state) if cell == "lstm" else state.detach()
        loss = trainer.task.mean_loss(out(hidden), batch.targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert trainer.advance().loss == pytest.approx(loss.item(), rel=1e-12)
    for found, mine in zip(trainer.model.parameters(), parameters, strict=True):
        assert (found - mine).abs().max() < 1e-10


@pytest.mark.parametrize(
    "values",
    [
        {}, {"cell": "gru"}, {"task": "characters", "truncation": 3, "cell": "rnn"},
        {"layers": 2, "dropout": 0.3, "dropout_kind": "sequence", "truncation": 3},
        {"patience": 2, "task": "analects", "length": 20},
    ],
    ids=str,
)  # fmt: skip
def test_a_restart_at_any_step_changes_no_bit(values, monkeypatch):
    monkeypatch.setattr("rnnviz.training.trainer.VALIDATE_EVERY", 3)
    settings = small(**values)
    whole = Trainer(settings)
    kept, losses = [whole.checkpoint()], []
    while not whole.finished:
        losses.append(whole.advance().loss)
        kept.append(whole.checkpoint())
    for checkpoint in kept:
        again = Trainer(settings, checkpoint)
        assert again.checkpoint() == checkpoint
        told = []
        while not again.finished:
            told.append(again.advance().loss)
        assert told == losses[checkpoint.step :] and again.checkpoint() == kept[-1]


def test_a_round_begins_with_a_state_of_zero(monkeypatch):
    settings = small(cell="gru")
    trainer = Trainer(settings)
    trainer.task = task_of(settings)
    begins = []
    states = trainer.model.states
    monkeypatch.setattr(
        trainer.model, "states",
        lambda inputs, state=None, lengths=None: (
            begins.append(state is None), states(inputs, state, lengths)
        )[1],
    )  # fmt: skip
    monkeypatch.setattr(type(trainer.task), "continued", lambda self, size, step: (
        self.batch(size, step), step % 3 == 1
    ))  # fmt: skip
    for _ in range(7):
        trainer.advance()
    assert begins == [True, False, False, True, False, False, True]


def test_a_step_that_diverges_hands_no_state_on():
    trainer = Trainer(small())
    trainer.advance()
    before = trainer.checkpoint()
    trainer.model.readout.weight.register_hook(lambda gradient: gradient * torch.nan)
    with pytest.raises(ValueError, match="gradient became"):
        trainer.advance()
    assert trainer.checkpoint() == before


@pytest.mark.parametrize("task", [key for key in TASKS if key not in CONTINUES])
def test_only_passages_of_a_text_go_on(task):
    with pytest.raises(SettingsError, match="^stateful = True: .* set stateful to False"):
        Settings(task=task, stateful=True)
    if not hasattr(TASKS[task], "data"):
        with pytest.raises(TaskError, match="do not go on from each other"):
            TASKS[task](12).continued(4, 1)
