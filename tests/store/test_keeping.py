"""What an owner does to runs that are kept: names, tags, notes, copies, more steps, the bin."""

import threading
import time

import pytest

from rnnviz.engine.worker import Session
from rnnviz.errors import RunError, SettingsError
from rnnviz.plan import Plan
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.training.trainer import Trainer

SMALL = Settings(hidden=4, length=5, batch=4, steps=30)
PLAN = Plan(settings=SMALL, cells=("rnn", "gru"), seeds=2)


@pytest.fixture
def store(store_url):
    store = RunStore(store_url)
    yield store
    store.close()


def train(store, id):
    store.orders.resume(id, "ada")
    Session(store, store.queue.claim("w"), threading.Event()).work()
    return store.runs.get(id)


def weights(settings):
    trainer = Trainer(settings)
    while not trainer.finished:
        trainer.advance()
    return trainer.checkpoint().weights


def test_name_tags_and_note_are_kept(store):
    run = store.runs.create(SMALL, "ada")
    store.runs.rename(run, "ada", "  the   first\n one ")
    store.runs.tag(run, "ada", ["lecture 3", " slow ", "", "lecture  3"])
    store.runs.annotate(run, "ada", "Learns late.\nSee <b>seed</b> 2.\n")
    found = store.runs.get(run)
    assert (found.name, found.tags) == ("the first one", ("lecture 3", "slow"))
    assert found.note == "Learns late.\nSee <b>seed</b> 2."
    store.runs.rename(run, "ada", "")
    store.runs.tag(run, "ada", [])
    assert (store.runs.get(run).name, store.runs.get(run).tags) == ("", ())


def test_what_is_too_long_is_refused(store):
    run = store.runs.create(SMALL, "ada", "old")
    for refused, sentence in (
        (lambda: store.runs.rename(run, "ada", "x" * 81), "at most 80"),
        (lambda: store.runs.tag(run, "ada", map(str, range(21))), "at most 20"),
        (lambda: store.runs.tag(run, "ada", ["x" * 41]), "at most 40 characters"),
        (lambda: store.runs.annotate(run, "ada", "x" * 4001), "at most 4000"),
    ):
        with pytest.raises(RunError, match=sentence):
            refused()
    kept = store.runs.get(run)
    assert (kept.name, kept.tags, kept.note) == ("old", (), "")


def test_only_the_owner_changes_what_is_kept(store):
    run = store.runs.create(SMALL, "ada")
    study = store.studies.start(PLAN, "ada")
    for order in (
        lambda: store.runs.rename(run, "bob", "mine"),
        lambda: store.runs.tag(run, "bob", ["mine"]),
        lambda: store.runs.annotate(run, "bob", "mine"),
        lambda: store.orders.extend(run, "bob", 10),
        lambda: store.bin.delete(run, "bob"),
        lambda: store.bin.restore(run, "bob"),
        lambda: store.bin.restore_study(study, "bob"),
    ):
        with pytest.raises(RunError, match="belongs to somebody else"):
            order()
    store.bin.delete(run, "ada")
    store.bin.empty("bob")
    assert [each.id for each in store.bin.contents("ada")[0]] == [run]
    assert store.bin.contents("bob") == ([], [])


def test_a_duplicate_has_other_settings_and_belongs_to_who_made_it(store):
    run = store.runs.create(SMALL, "ada", "first")
    train(store, run)
    copy = store.runs.get(store.runs.duplicate(run, "bob", hidden=7))
    assert (copy.owner, copy.state, copy.step, copy.name) == ("bob", "paused", 0, "first")
    assert copy.settings == SMALL.replace(hidden=7) and store.runs.get(run).settings == SMALL
    with pytest.raises(SettingsError, match="hidden"):
        store.runs.duplicate(run, "bob", hidden=0)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_more_steps_lead_to_the_weights_of_a_run_that_had_them_from_the_start(tmp_path, optimizer):
    store = RunStore(f"sqlite:///{tmp_path}/runs.db")  # which database it is makes no difference
    settings = SMALL.replace(optimizer=optimizer, dropout=0.2, layers=2)
    run = store.runs.create(settings, "ada")
    assert train(store, run).state == "finished"
    with pytest.raises(RunError, match="trained all its 30 steps"):
        store.orders.resume(run, "ada")
    assert store.orders.extend(run, "ada", 25) == settings.replace(steps=55)
    assert store.runs.get(run).state == "paused"
    done = train(store, run)
    assert (done.state, done.step, done.settings.steps) == ("finished", 55, 55)
    assert store.runs.checkpoint(run).weights == weights(settings.replace(steps=55))
    assert store.runs.metrics(run)["step"].tolist() == list(range(1, 56))
    store.close()


def test_more_steps_than_a_run_may_have_are_refused(store):
    run = store.runs.create(SMALL, "ada")
    with pytest.raises(SettingsError, match="steps"):
        store.orders.extend(run, "ada", 1_000_000)
    with pytest.raises(RunError, match="must be at least 1"):
        store.orders.extend(run, "ada", 0)
    member = store.studies.members(store.studies.start(PLAN, "ada"))[0].run
    with pytest.raises(RunError, match="point of a study"):
        store.orders.extend(member, "ada", 10)
    falling = store.runs.create(SMALL.replace(schedule="cosine"), "ada")
    with pytest.raises(RunError, match="falls over all its steps"):
        store.orders.extend(falling, "ada", 10)


def test_what_is_deleted_comes_back_as_it_was(store):
    run = store.runs.create(SMALL, "ada", "first")
    train(store, run)
    before, log = store.runs.get(run), store.runs.metrics(run)
    store.bin.delete(run, "ada")
    assert store.runs.list("ada") == [] and store.runs.entries("ada") == []
    with pytest.raises(RunError, match="was deleted"):
        store.runs.get(run)
    assert [each.id for each in store.bin.contents("ada")[0]] == [run]
    store.bin.restore(run, "ada")
    assert store.runs.get(run) == before and store.bin.contents("ada") == ([], [])
    assert store.runs.metrics(run).equals(log)


def test_a_run_deleted_while_it_trained_goes_on_after_it_came_back(store):
    run = store.runs.create(SMALL, "ada")
    store.orders.resume(run, "ada")
    session = Session(store, store.queue.claim("w"), threading.Event())
    store.bin.delete(run, "ada")
    with pytest.raises(RunError, match="was deleted"):
        session.work()
    assert store.queue.claim("w") is None
    store.bin.restore(run, "ada")
    assert (store.runs.get(run).state, store.runs.get(run).worker) == ("stopped", None)
    assert train(store, run).state == "finished"
    assert store.runs.checkpoint(run).weights == weights(SMALL)


def test_a_study_comes_back_with_its_runs(store):
    study = store.studies.start(PLAN, "ada")
    alone = store.studies.members(study)[3].run
    store.bin.delete(alone, "ada")
    store.bin.delete_study(study, "ada")
    assert not store.studies.list("ada") and not store.queue.waiting()
    runs, studies = store.bin.contents("ada")
    assert [each.id for each in runs] == [alone] and [each.id for each in studies] == [study]
    store.bin.restore_study(study, "ada")
    assert [member.state for member in store.studies.members(study)] == ["stopped"] * 3 + [""]
    store.studies.resume(study, "ada")
    assert [member.state for member in store.studies.members(study)] == ["queued"] * 4


def test_a_plan_that_is_started_again_while_it_is_in_the_bin_is_a_new_study(store):
    first = store.studies.start(PLAN, "ada")
    store.bin.delete_study(first, "ada")
    second = store.studies.start(PLAN, "ada")
    assert second != first
    store.bin.empty("ada")
    assert [member.state for member in store.studies.members(second)] == ["queued"] * 4


def test_an_emptied_bin_leaves_nothing(store):
    run, other = store.runs.create(SMALL, "ada"), store.runs.create(SMALL, "ada")
    train(store, run)
    study = store.studies.start(PLAN, "ada")
    store.bin.delete(run, "ada")
    store.bin.delete_study(study, "ada")
    store.bin.empty("ada")
    assert store.bin.contents("ada") == ([], [])
    assert [each.id for each in store.runs.list()] == [other]
    assert len(store.runs.metrics(run)) == 0 and not store.runs.checkpoint_steps(run)
    with pytest.raises(RunError, match="There is no run"):
        store.bin.restore(run, "ada")


def test_the_bin_is_purged_after_a_while(store):
    old, new = store.runs.create(SMALL, "ada"), store.runs.create(SMALL, "ada")
    store.bin.delete(old, "ada")
    between = time.time()
    store.bin.delete(new, "ada")
    store.bin.purge(before=between)
    assert [each.id for each in store.bin.contents("ada")[0]] == [new]
