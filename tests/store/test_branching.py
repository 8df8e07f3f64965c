"""A run that goes on from a checkpoint of another one, with other settings of its training."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from rnnviz.engine.worker import Session
from rnnviz.errors import RunError, SettingsError
from rnnviz.networks.model import read_tensors
from rnnviz.plan import Plan
from rnnviz.settings import Settings
from rnnviz.store.branching import TRAINING
from rnnviz.store.origin import DEEPEST, phases, told
from rnnviz.store.run_store import RunStore
from rnnviz.training.checkpoint import MEASURED
from rnnviz.training.trainer import Trainer

SMALL = Settings(hidden=4, length=5, batch=4, steps=30)


def train(store, id):
    store.orders.resume(id, "ada")
    Session(store, store.queue.claim("w"), threading.Event()).work()
    return store.runs.get(id)


def parent(store, settings=SMALL):
    """A finished run with checkpoints at steps 0, 10, 20 and 30."""
    run, trainer, rows = store.runs.create(settings, "ada", "first"), Trainer(settings), []
    store.queue.record(run, [], trainer.checkpoint())
    for step in range(1, 31):
        done = trainer.advance()
        rows.append({name: getattr(done, name) for name in MEASURED} | {"seconds": step / 64})
        if step % 10 == 0:
            store.queue.record(run, rows, trainer.checkpoint())
            rows.clear()
    store.queue.release(run, "finished")
    return run


def by_hand(settings, checkpoint, since, keep=True):
    """Train from a checkpoint with plain trainers; the optimizer anew unless it is kept."""
    trainer = Trainer(settings, None, since)
    trainer.model.load_state_dict(read_tensors(checkpoint.weights))
    trainer.step = checkpoint.step
    if keep:
        trainer = Trainer(settings, checkpoint, since)
        trainer.lr = settings.lr
    while not trainer.finished:
        trainer.advance()
    return trainer.checkpoint().weights


@pytest.mark.parametrize(
    ("changes", "keep"),
    [
        ({}, True), ({"lr": 0.05}, True), ({"optimizer": "sgd", "lr": 0.1}, False),
        ({"optimizer": "rmsprop", "weight_decay": 0.01}, False),
        ({"schedule": "cosine", "warmup": 5, "clip": 0.1}, True),
        ({"batch": 8, "truncation": 2, "clip_by": "value"}, True),
    ],
)  # fmt: skip
def test_a_branch_trains_as_its_settings_say_from_its_checkpoint(store, changes, keep):
    first = parent(store)
    run = store.runs.branch(first, "ada", 25, step=20, **changes)
    settings = SMALL.replace(**changes, steps=45)
    found = store.runs.get(run)
    assert (found.settings, found.step, found.state) == (settings, 20, "paused")
    assert found.name == "first, from step 20"
    assert found.origin.run == first and found.origin.step == 20
    assert train(store, run).state == "finished"
    expected = by_hand(settings, store.runs.checkpoint(first, 20), 20, keep)
    assert store.runs.checkpoint(run).weights == expected


def test_its_history_begins_with_that_of_the_run_it_comes_from(any_store):
    store = any_store
    first = parent(store)
    run = store.runs.branch(first, "bob", 5, step=25, lr=0.05)
    assert list(store.runs.checkpoint_steps(run)) == [0, 10, 20]
    for step in (0, 10, 20):
        one, other = (store.runs.checkpoint(each, step) for each in (run, first))
        assert one.weights == other.weights
    then = store.runs.metrics(first)
    assert store.runs.metrics(run).equals(then[then["step"] <= 20])
    assert store.runs.get(run).seconds == then["seconds"][19]
    store.bin.delete(first, "ada")
    store.bin.empty("ada")
    assert store.runs.get(run).origin.run == first and len(store.runs.metrics(run)) == 20


def test_what_has_changed_is_told(store):
    first = parent(store)
    run = store.runs.get(store.runs.branch(first, "ada", 25, step=20, optimizer="sgd", lr=0.1))
    assert told(run.settings, run.origin) == (
        "Goes on from first after step 20: optimizer adam → sgd, lr 0.003 → 0.1."
    )
    assert phases(run.settings, run.origin) == {0: SMALL, 20: run.settings}
    second = store.runs.get(store.runs.branch(run.id, "ada", 5, step=10, clip=3.0))
    assert dict(phases(second.settings, second.origin)) == {0: SMALL, 10: second.settings}
    third = store.runs.get(store.runs.branch(run.id, "ada", 5, step=20, clip=3.0))
    assert list(phases(third.settings, third.origin)) == [0, 20]


def test_a_rate_that_was_changed_by_hand_stays(store):
    run = store.runs.create(SMALL, "ada")
    store.orders.step_once(run, "ada")
    Session(store, store.queue.claim("w"), threading.Event()).work()
    store.orders.set_lr(run, "ada", 0.5)
    assert store.runs.get(store.runs.branch(run, "ada", 5)).settings.lr == 0.5


@pytest.mark.parametrize("name", sorted(set(Settings.model_fields) - set(TRAINING) - {"steps"}))
def test_what_makes_the_network_stays(tmp_path, name):
    """Every setting can change in the middle, or is refused by its name."""
    store = RunStore(f"sqlite:///{tmp_path}/runs.db")
    run = store.runs.create(SMALL, "ada")
    store.queue.record(run, [], Trainer(SMALL).checkpoint())
    value = {
        "task": "copying", "cell": "gru", "norm": "layer", "initialization": "orthogonal",
        "readout": "mean", "forget_bias": None, "data": "0" * 32,
    }.get(name, not getattr(SMALL, name))  # fmt: skip
    with pytest.raises(RunError, match=f"{name} = .*so {name} stays as it is"):
        store.runs.branch(run, "ada", 5, **{name: value})
    assert len(store.runs.list()) == 1
    store.close()


def test_what_cannot_be(store):
    run = store.runs.create(SMALL, "ada")
    with pytest.raises(RunError, match="no checkpoint yet"):
        store.runs.branch(run, "ada", 5)
    store.queue.record(run, [], Trainer(SMALL).checkpoint())
    with pytest.raises(RunError, match="0 more steps"):
        store.runs.branch(run, "ada", 0)
    with pytest.raises(SettingsError, match="lr"):
        store.runs.branch(run, "ada", 5, lr=-1.0)
    with pytest.raises(SettingsError, match="steps"):
        store.runs.branch(run, "ada", 1_000_001)
    for _ in range(DEEPEST):
        run = store.runs.branch(run, "ada", 5)
    with pytest.raises(RunError, match=f"{DEEPEST} runs before it"):
        store.runs.branch(run, "ada", 5)


def test_a_branch_is_no_point_of_a_study(store):
    """Its settings are those of a run that would have begun anew, its weights are not."""
    plan = Plan(settings=SMALL, cells=("lstm",), seeds=1)
    wanted = plan.points()[0].settings
    first = parent(store, wanted.replace(steps=40, lr=0.1))
    branch = store.runs.branch(first, "ada", 10, step=20, lr=wanted.lr)
    assert train(store, branch).settings == wanted
    study = store.studies.start(plan, "ada")
    assert store.studies.members(study)[0].run not in (first, branch)


KILLED = """
import os, signal, sys, threading
from rnnviz.store.run_store import RunStore
from rnnviz.engine.worker import Session
from rnnviz.training.checkpoint import MEASURED
store = RunStore(sys.argv[1])
session = Session(store, store.queue.claim("w"), threading.Event())
session._next_checkpoint = float("inf")
advance = session._trainer.advance
def dying():
    if session._trainer.step == 37:
        session._flush(checkpoint=False)
        os.kill(os.getpid(), signal.SIGKILL)
    if session._trainer.step == 31:
        session._flush(checkpoint=True)
    return advance()
session._trainer.advance = dying
session.work()
"""


def test_a_branch_that_was_killed_goes_on_to_the_same_weights(store):
    first = parent(store)
    changes = {"schedule": "linear", "dropout": 0.3, "optimizer": "adamw", "weight_decay": 0.1}
    runs = [store.runs.branch(first, "ada", 25, step=20, **changes) for _ in range(2)]
    whole = train(store, runs[0])
    store.orders.resume(runs[1], "ada")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", KILLED, store.url], env=environment, timeout=60)
    assert done.returncode == -signal.SIGKILL and store.runs.get(runs[1]).step == 37
    store.queue.release(runs[1], "interrupted")
    assert train(store, runs[1]).step == whole.step == 45
    assert store.runs.checkpoint(runs[1]) == store.runs.checkpoint(runs[0])
    drop = ["seconds"]
    assert (
        store.runs.metrics(runs[1])
        .drop(columns=drop)
        .equals(store.runs.metrics(runs[0]).drop(columns=drop))
    )
