"""A run that goes on from a checkpoint of another one, with other settings of its training."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from rnnviz.branching import TRAINING
from rnnviz.errors import RunError, SettingsError
from rnnviz.lineage import DEEPEST, phases, told
from rnnviz.model import read_tensors
from rnnviz.plan import Plan
from rnnviz.runs import RunStore
from rnnviz.settings import Settings
from rnnviz.training import Trainer
from rnnviz.worker import MEASURED, Session

SMALL = Settings(hidden=4, length=5, batch=4, steps=30)


def train(store, id):
    store.resume(id, "ada")
    Session(store, store.claim("w"), threading.Event()).work()
    return store.get(id)


def parent(store, settings=SMALL):
    """A finished run with checkpoints at steps 0, 10, 20 and 30."""
    run, trainer, rows = store.create(settings, "ada", "first"), Trainer(settings), []
    store.record(run, [], trainer.checkpoint())
    for step in range(1, 31):
        done = trainer.advance()
        rows.append({name: getattr(done, name) for name in MEASURED} | {"seconds": step / 64})
        if step % 10 == 0:
            store.record(run, rows, trainer.checkpoint())
            rows.clear()
    store.release(run, "finished")
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
    run = store.branch(first, "ada", 25, step=20, **changes)
    settings = SMALL.replace(**changes, steps=45)
    found = store.get(run)
    assert (found.settings, found.step, found.state) == (settings, 20, "paused")
    assert found.name == "first, from step 20"
    assert found.origin.run == first and found.origin.step == 20
    assert train(store, run).state == "finished"
    assert store.checkpoint(run).weights == by_hand(settings, store.checkpoint(first, 20), 20, keep)


def test_its_history_begins_with_that_of_the_run_it_comes_from(any_store):
    store = any_store
    first = parent(store)
    run = store.branch(first, "bob", 5, step=25, lr=0.05)
    assert list(store.checkpoint_steps(run)) == [0, 10, 20]
    for step in (0, 10, 20):
        assert store.checkpoint(run, step).weights == store.checkpoint(first, step).weights
    then = store.metrics(first)
    assert store.metrics(run).equals(then[then["step"] <= 20])
    assert store.get(run).seconds == then["seconds"][19]
    store.delete(first, "ada")
    store.empty_bin("ada")
    assert store.get(run).origin.run == first and len(store.metrics(run)) == 20


def test_what_has_changed_is_told(store):
    first = parent(store)
    run = store.get(store.branch(first, "ada", 25, step=20, optimizer="sgd", lr=0.1))
    assert told(run.settings, run.origin) == (
        "Goes on from first after step 20: optimizer adam → sgd, lr 0.003 → 0.1."
    )
    assert phases(run.settings, run.origin) == {0: SMALL, 20: run.settings}
    second = store.get(store.branch(run.id, "ada", 5, step=10, clip=3.0))
    assert dict(phases(second.settings, second.origin)) == {0: SMALL, 10: second.settings}
    third = store.get(store.branch(run.id, "ada", 5, step=20, clip=3.0))
    assert list(phases(third.settings, third.origin)) == [0, 20]


def test_a_rate_that_was_changed_by_hand_stays(store):
    run = store.create(SMALL, "ada")
    store.step_once(run, "ada")
    Session(store, store.claim("w"), threading.Event()).work()
    store.set_lr(run, "ada", 0.5)
    assert store.get(store.branch(run, "ada", 5)).settings.lr == 0.5


@pytest.mark.parametrize("name", sorted(set(Settings.model_fields) - set(TRAINING) - {"steps"}))
def test_what_makes_the_network_stays(tmp_path, name):
    """Every setting can change in the middle, or is refused by its name."""
    store = RunStore(f"sqlite:///{tmp_path}/runs.db")
    run = store.create(SMALL, "ada")
    store.record(run, [], Trainer(SMALL).checkpoint())
    value = {
        "task": "copying", "cell": "gru", "norm": "layer", "initialization": "orthogonal",
        "readout": "mean", "forget_bias": None, "data": "0" * 32,
    }.get(name, not getattr(SMALL, name))  # fmt: skip
    with pytest.raises(RunError, match=f"{name} = .*so {name} stays as it is"):
        store.branch(run, "ada", 5, **{name: value})
    assert len(store.list()) == 1
    store.close()


def test_what_cannot_be(store):
    run = store.create(SMALL, "ada")
    with pytest.raises(RunError, match="no checkpoint yet"):
        store.branch(run, "ada", 5)
    store.record(run, [], Trainer(SMALL).checkpoint())
    with pytest.raises(RunError, match="0 more steps"):
        store.branch(run, "ada", 0)
    with pytest.raises(SettingsError, match="lr"):
        store.branch(run, "ada", 5, lr=-1.0)
    with pytest.raises(SettingsError, match="steps"):
        store.branch(run, "ada", 1_000_001)
    for _ in range(DEEPEST):
        run = store.branch(run, "ada", 5)
    with pytest.raises(RunError, match=f"{DEEPEST} runs before it"):
        store.branch(run, "ada", 5)


def test_a_branch_is_no_point_of_a_study(store):
    """Its settings are those of a run that would have begun anew, its weights are not."""
    plan = Plan(settings=SMALL, cells=("lstm",), seeds=1)
    wanted = plan.points()[0].settings
    first = parent(store, wanted.replace(steps=40, lr=0.1))
    branch = store.branch(first, "ada", 10, step=20, lr=wanted.lr)
    assert train(store, branch).settings == wanted
    study = store.start_study(plan, "ada")
    assert store.members(study)[0].run not in (first, branch)


KILLED = """
import os, signal, sys, threading
from rnnviz.runs import RunStore
from rnnviz.worker import MEASURED, Session
store = RunStore(sys.argv[1])
session = Session(store, store.claim("w"), threading.Event())
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
    runs = [store.branch(first, "ada", 25, step=20, **changes) for _ in range(2)]
    whole = train(store, runs[0])
    store.resume(runs[1], "ada")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", KILLED, store.url], env=environment, timeout=60)
    assert done.returncode == -signal.SIGKILL and store.get(runs[1]).step == 37
    store.release(runs[1], "interrupted")
    assert train(store, runs[1]).step == whole.step == 45
    assert store.checkpoint(runs[1]) == store.checkpoint(runs[0])
    drop = ["seconds"]
    assert (
        store.metrics(runs[1]).drop(columns=drop).equals(store.metrics(runs[0]).drop(columns=drop))
    )
