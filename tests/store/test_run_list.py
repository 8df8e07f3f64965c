"""The list of runs: the best of each and a small curve, from few rows."""

import pytest

from rnnviz.plan import Plan
from rnnviz.settings import VALIDATE_EVERY, Settings
from rnnviz.store.run_list import FEW, POINTS
from rnnviz.store.run_store import RunStore

SETTINGS = Settings(hidden=4, length=5, steps=10_000)


@pytest.fixture
def store(store_url):
    store = RunStore(store_url)
    yield store
    store.close()


def trained(store, steps, owner="ada"):
    """A run whose training loss is 1/step, and whose validation loss is twice that."""
    run = store.runs.create(SETTINGS, owner)
    rows = []
    for step in range(1, steps + 1):
        checked = step % VALIDATE_EVERY == 0
        rows.append(
            {
                "step": step, "loss": 1 / step, "metric": 0.0, "gradient_norm": 1.0, "lr": 0.1,
                "validation_loss": 2 / step if checked else None,
                "validation_metric": abs(step - 300.0) if checked else None,
                "seconds": step / 100,
            }
        )  # fmt: skip
    if rows:
        store.queue.record(run, rows)
    return run


def test_a_long_run_shows_its_validation_loss_from_end_to_end(store):
    run = trained(store, 5020)
    (entry,) = store.runs.entries("ada")
    assert entry.run == store.runs.get(run) and len(entry.curve) == POINTS
    assert entry.curve[0] == 2 / 50 and entry.curve[-1] == 2 / 5000
    assert sorted(entry.curve, reverse=True) == list(entry.curve)
    assert (entry.best("lower"), entry.best("higher")) == (0.0, 4700.0)


@pytest.mark.parametrize("steps", [1, 2, POINTS - 1, POINTS, 49, FEW - 1])
def test_a_short_run_shows_its_training_loss(store, steps):
    trained(store, steps)
    (entry,) = store.runs.entries("ada")
    assert len(entry.curve) == min(steps, POINTS)
    assert entry.curve[0] == 1 and entry.curve[-1] in (1 / steps, 2 / steps)
    assert (entry.lowest is None) == (steps < VALIDATE_EVERY)


def test_a_run_that_never_started(store):
    store.runs.create(SETTINGS, "ada")
    (entry,) = store.runs.entries("ada")
    assert (entry.lowest, entry.highest, entry.curve) == (None, None, ())


def test_the_list_holds_the_owners_runs_newest_first_and_those_of_studies_apart(store):
    first, second = trained(store, 3), trained(store, 2)
    trained(store, 4, "bob")
    plan = Plan(settings=SETTINGS, cells=("rnn", "gru"), seeds=1)
    study = store.studies.start(plan, "ada")
    assert [entry.run.id for entry in store.runs.entries("ada")] == [second, first]
    assert [len(entry.curve) for entry in store.runs.entries("ada")] == [2, 3]
    members = {member.run for member in store.studies.members(study)}
    assert {entry.run.id for entry in store.runs.entries("ada", of_studies=True)} == members
    assert store.runs.entries("nobody") == []
