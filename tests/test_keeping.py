"""What an owner does to runs that are kept: names, tags, notes, copies, more steps, the bin."""

import threading
import time

import pytest

from rnnviz.errors import RunError, SettingsError
from rnnviz.plan import Plan
from rnnviz.runs import RunStore
from rnnviz.settings import Settings
from rnnviz.training import Trainer
from rnnviz.worker import Session

SMALL = Settings(hidden=4, length=5, batch=4, steps=30)
PLAN = Plan(settings=SMALL, cells=("rnn", "gru"), seeds=2)


@pytest.fixture
def store(store_url):
    store = RunStore(store_url)
    yield store
    store.close()


def train(store, id):
    store.resume(id, "ada")
    Session(store, store.claim("w"), threading.Event()).work()
    return store.get(id)


def weights(settings):
    trainer = Trainer(settings)
    while not trainer.finished:
        trainer.advance()
    return trainer.checkpoint().weights


def test_name_tags_and_note_are_kept(store):
    run = store.create(SMALL, "ada")
    store.rename(run, "ada", "  the   first\n one ")
    store.tag(run, "ada", ["lecture 3", " slow ", "", "lecture  3"])
    store.annotate(run, "ada", "Learns late.\nSee <b>seed</b> 2.\n")
    found = store.get(run)
    assert (found.name, found.tags) == ("the first one", ("lecture 3", "slow"))
    assert found.note == "Learns late.\nSee <b>seed</b> 2."
    store.rename(run, "ada", "")
    store.tag(run, "ada", [])
    assert (store.get(run).name, store.get(run).tags) == ("", ())


def test_what_is_too_long_is_refused(store):
    run = store.create(SMALL, "ada", "old")
    for refused, sentence in (
        (lambda: store.rename(run, "ada", "x" * 81), "at most 80"),
        (lambda: store.tag(run, "ada", map(str, range(21))), "at most 20"),
        (lambda: store.tag(run, "ada", ["x" * 41]), "at most 40 characters"),
        (lambda: store.annotate(run, "ada", "x" * 4001), "at most 4000"),
    ):
        with pytest.raises(RunError, match=sentence):
            refused()
    assert (store.get(run).name, store.get(run).tags, store.get(run).note) == ("old", (), "")


def test_only_the_owner_changes_what_is_kept(store):
    run = store.create(SMALL, "ada")
    study = store.start_study(PLAN, "ada")
    for order in (
        lambda: store.rename(run, "bob", "mine"),
        lambda: store.tag(run, "bob", ["mine"]),
        lambda: store.annotate(run, "bob", "mine"),
        lambda: store.extend(run, "bob", 10),
        lambda: store.delete(run, "bob"),
        lambda: store.restore(run, "bob"),
        lambda: store.restore_study(study, "bob"),
    ):
        with pytest.raises(RunError, match="belongs to somebody else"):
            order()
    store.delete(run, "ada")
    store.empty_bin("bob")
    assert [each.id for each in store.binned("ada")[0]] == [run]
    assert store.binned("bob") == ([], [])


def test_a_duplicate_has_other_settings_and_belongs_to_who_made_it(store):
    run = store.create(SMALL, "ada", "first")
    train(store, run)
    copy = store.get(store.duplicate(run, "bob", hidden=7))
    assert (copy.owner, copy.state, copy.step, copy.name) == ("bob", "paused", 0, "first")
    assert copy.settings == SMALL.replace(hidden=7) and store.get(run).settings == SMALL
    with pytest.raises(SettingsError, match="hidden"):
        store.duplicate(run, "bob", hidden=0)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_more_steps_lead_to_the_weights_of_a_run_that_had_them_from_the_start(tmp_path, optimizer):
    store = RunStore(f"sqlite:///{tmp_path}/runs.db")  # which database it is makes no difference
    settings = SMALL.replace(optimizer=optimizer, dropout=0.2, layers=2)
    run = store.create(settings, "ada")
    assert train(store, run).state == "finished"
    with pytest.raises(RunError, match="trained all its 30 steps"):
        store.resume(run, "ada")
    assert store.extend(run, "ada", 25) == settings.replace(steps=55)
    assert store.get(run).state == "paused"
    done = train(store, run)
    assert (done.state, done.step, done.settings.steps) == ("finished", 55, 55)
    assert store.checkpoint(run).weights == weights(settings.replace(steps=55))
    assert store.metrics(run)["step"].tolist() == list(range(1, 56))
    store.close()


def test_more_steps_than_a_run_may_have_are_refused(store):
    run = store.create(SMALL, "ada")
    with pytest.raises(SettingsError, match="steps"):
        store.extend(run, "ada", 1_000_000)
    with pytest.raises(RunError, match="must be at least 1"):
        store.extend(run, "ada", 0)
    member = store.members(store.start_study(PLAN, "ada"))[0].run
    with pytest.raises(RunError, match="point of a study"):
        store.extend(member, "ada", 10)
    falling = store.create(SMALL.replace(schedule="cosine"), "ada")
    with pytest.raises(RunError, match="falls over all its steps"):
        store.extend(falling, "ada", 10)


def test_what_is_deleted_comes_back_as_it_was(store):
    run = store.create(SMALL, "ada", "first")
    train(store, run)
    before, log = store.get(run), store.metrics(run)
    store.delete(run, "ada")
    assert store.list("ada") == [] and store.catalogue("ada") == []
    with pytest.raises(RunError, match="was deleted"):
        store.get(run)
    assert [each.id for each in store.binned("ada")[0]] == [run]
    store.restore(run, "ada")
    assert store.get(run) == before and store.binned("ada") == ([], [])
    assert store.metrics(run).equals(log)


def test_a_run_deleted_while_it_trained_goes_on_after_it_came_back(store):
    run = store.create(SMALL, "ada")
    store.enqueue(run, "ada")
    session = Session(store, store.claim("w"), threading.Event())
    store.delete(run, "ada")
    with pytest.raises(RunError, match="was deleted"):
        session.work()
    assert store.claim("w") is None
    store.restore(run, "ada")
    assert (store.get(run).state, store.get(run).worker) == ("stopped", None)
    assert train(store, run).state == "finished"
    assert store.checkpoint(run).weights == weights(SMALL)


def test_a_study_comes_back_with_its_runs(store):
    study = store.start_study(PLAN, "ada")
    alone = store.members(study)[3].run
    store.delete(alone, "ada")
    store.delete_study(study, "ada")
    assert not store.studies("ada") and not store.waiting()
    runs, studies = store.binned("ada")
    assert [each.id for each in runs] == [alone] and [each.id for each in studies] == [study]
    store.restore_study(study, "ada")
    assert [member.state for member in store.members(study)] == ["stopped"] * 3 + [""]
    store.resume_study(study, "ada")
    assert [member.state for member in store.members(study)] == ["queued"] * 4


def test_a_plan_that_is_started_again_while_it_is_in_the_bin_is_a_new_study(store):
    first = store.start_study(PLAN, "ada")
    store.delete_study(first, "ada")
    second = store.start_study(PLAN, "ada")
    assert second != first
    store.empty_bin("ada")
    assert [member.state for member in store.members(second)] == ["queued"] * 4


def test_an_emptied_bin_leaves_nothing(store):
    run, other = store.create(SMALL, "ada"), store.create(SMALL, "ada")
    train(store, run)
    study = store.start_study(PLAN, "ada")
    store.delete(run, "ada")
    store.delete_study(study, "ada")
    store.empty_bin("ada")
    assert store.binned("ada") == ([], []) and [each.id for each in store.list()] == [other]
    assert len(store.metrics(run)) == 0 and not store.checkpoint_steps(run)
    with pytest.raises(RunError, match="There is no run"):
        store.restore(run, "ada")


def test_the_bin_is_purged_after_a_while(store):
    old, new = store.create(SMALL, "ada"), store.create(SMALL, "ada")
    store.delete(old, "ada")
    between = time.time()
    store.delete(new, "ada")
    store.purge(before=between)
    assert [each.id for each in store.binned("ada")[0]] == [new]
