"""Early stopping ends where it says, gives the best weights back, and survives a restart."""

import threading

import pytest

from rnnviz.engine.worker import Session
from rnnviz.errors import RunError
from rnnviz.looks import draw
from rnnviz.settings import Settings
from rnnviz.training.checkpoint import Checkpoint
from rnnviz.training.early_stopping import Stopping
from rnnviz.training.trainer import Trainer
from rnnviz.training.training import train
from rnnviz.views import Choice, Gallery

# A rate that is too high: the loss soon rises again.
SETTINGS = Settings(
    hidden=4, length=5, batch=4, steps=60, optimizer="sgd", lr=0.6, momentum=0.9, clip=0.0,
    patience=3, seed=3,
)  # fmt: skip


@pytest.fixture(autouse=True)
def often(monkeypatch):
    """Validate every second step."""
    monkeypatch.setattr("rnnviz.training.trainer.VALIDATE_EVERY", 2)


def steps_of(settings):
    """Return step -> (validation loss, metric, weights) of a run that does not stop early."""
    trainer = Trainer(settings.replace(patience=0))
    found = {}
    while not trainer.finished:
        step = trainer.advance()
        if step.validation_loss is not None:
            weights = trainer.checkpoint().weights
            found[step.step] = (step.validation_loss, step.validation_metric, weights)
    return found


def expected_end(found, patience, steps):
    """Return the best step and the last one, by the rule written out."""
    best, waited = 0, 0
    for step, (loss, _, _) in found.items():
        if not best or loss < found[best][0]:
            best, waited = step, 0
        else:
            waited += 1
        if waited == patience or step == steps:
            return best, step
    raise AssertionError


@pytest.mark.parametrize("patience", [1, 3, 1000])
def test_it_ends_after_so_many_validations_with_the_best_weights(patience):
    settings = SETTINGS.replace(patience=patience)
    found = steps_of(settings)
    best, last = expected_end(found, patience, settings.steps)
    assert best < last and (last < settings.steps) == (patience < 1000)
    trainer = Trainer(settings)
    *_, end = [trainer.advance() for _ in range(last)]
    assert trainer.finished and end.step == last
    assert (end.validation_loss, end.validation_metric) == found[best][:2]
    assert trainer.checkpoint().weights == found[best][2] == trainer.best.weights
    assert trainer.best.step == best
    assert str(trainer.said) == f"best step {best} restored"
    with pytest.raises(RunError, match="raise `patience`" if patience < 1000 else "raise `steps`"):
        trainer.advance()
    assert [step.step for step in train(settings)] == list(range(1, last + 1))


def test_the_best_state_is_a_checkpoint_that_goes_on():
    trainer = Trainer(SETTINGS)
    while not trainer.finished:
        trainer.advance()
    best = trainer.best
    again = Trainer(SETTINGS, best)
    assert again.step == best.step and again.checkpoint() == best
    while not again.finished:
        again.advance()
    assert again.checkpoint() == trainer.checkpoint()


def test_a_restart_at_any_step_changes_no_bit():
    whole = Trainer(SETTINGS)
    kept = [whole.checkpoint()]
    rows = []
    while not whole.finished:
        step = whole.advance()
        rows.append((step.loss, step.validation_loss, step.lr))
        kept.append(whole.checkpoint())
    for checkpoint in kept:
        again = Trainer(SETTINGS, checkpoint)
        assert again.checkpoint() == checkpoint
        told = []
        while not again.finished:
            step = again.advance()
            told.append((step.loss, step.validation_loss, step.lr))
        assert told == rows[checkpoint.step :]
        assert again.checkpoint() == kept[-1] and again.said == whole.said
        assert again.best == whole.best


def test_without_patience_a_checkpoint_is_what_it_was():
    trainer = Trainer(SETTINGS.replace(patience=0))
    for _ in range(6):
        trainer.advance()
    assert trainer.best is None and str(trainer.said) == ""
    assert b"best" not in trainer.checkpoint().optimizer


def test_a_run_in_the_store_ends_with_its_best_step(store):
    run = store.runs.create(SETTINGS, "ada")
    store.orders.resume(run, "ada")
    Session(store, store.queue.claim("w"), threading.Event()).work()
    found = steps_of(SETTINGS)
    best, last = expected_end(found, SETTINGS.patience, SETTINGS.steps)
    done = store.runs.get(run)
    assert (done.state, done.step) == ("finished", last)
    assert done.reason == f"best step {best} restored"
    assert store.runs.checkpoint(run).step == last
    assert best in store.runs.checkpoint_steps(run)
    assert store.runs.checkpoint(run).weights == found[best][2]
    assert store.runs.checkpoint(run, best).weights == found[best][2]
    checked = store.runs.metrics(run)["validation_loss"].dropna()
    assert checked.iloc[-1] == checked.min() == found[best][0]
    drawn = draw(Gallery(store), "loss", run, None, Choice())["figure"]["data"]
    assert [list(line["x"]) for line in drawn if line.get("name") == "restored"] == [[best]] * 2
    with pytest.raises(RunError, match="ended with the weights of its best step"):
        store.orders.extend(run, "ada", 10)


def test_a_paused_run_is_given_more_steps_and_stops_where_it_would_have(store):
    run = store.runs.create(SETTINGS.replace(steps=4), "ada")
    store.orders.step_once(run, "ada")
    Session(store, store.queue.claim("w"), threading.Event()).work()
    settings = store.orders.extend(run, "ada", 56)
    assert settings == SETTINGS
    store.orders.resume(run, "ada")
    Session(store, store.queue.claim("w"), threading.Event()).work()
    trainer = Trainer(SETTINGS)
    while not trainer.finished:
        trainer.advance()
    assert store.runs.checkpoint(run) == trainer.checkpoint()


def test_the_best_steps_checkpoint_is_never_thinned_away(store, monkeypatch):
    monkeypatch.setattr("rnnviz.store.queue.MOST_CHECKPOINTS", 4)
    run = store.runs.create(SETTINGS, "ada")
    for step in (0, 1, 2, 3, 40, 50, 60):
        store.queue.record(run, [], Checkpoint(step, b"w", b"o"))
    store.queue.record(run, [], Checkpoint(7, b"best", b"o"))
    assert 7 in store.runs.checkpoint_steps(run) and store.runs.checkpoint(run).step == 60


def test_a_damaged_best_step_is_a_sentence():
    trainer = Trainer(SETTINGS)
    for _ in range(6):
        trainer.advance()
    tensors = trainer._best.tensors(trainer.step)
    tensors["best"] = tensors["best"][:2]
    with pytest.raises(RunError, match="best step is damaged"):
        Stopping(3).read(tensors, b"", b"")
