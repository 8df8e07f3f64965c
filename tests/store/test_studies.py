"""Studies in the run store: who may do what, and that nothing is computed twice."""

import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest
from sqlalchemy import Double, LargeBinary, MetaData, create_engine, inspect

from rnnviz.engine.supervisor import Engine
from rnnviz.engine.worker import Session, serve
from rnnviz.errors import RunError
from rnnviz.plan import Plan
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.store.schema import UPGRADES, VERSION
from rnnviz.training.trainer import Trainer

SMALL = Settings(hidden=4, length=5, batch=4, steps=30)
PLAN = Plan(settings=SMALL, cells=("rnn", "gru"), seeds=2)


@pytest.fixture
def url(tmp_path):
    """The address of a file, for what takes long and is the same in each kind of database."""
    return f"sqlite:///{tmp_path}/runs.db"


@pytest.fixture
def store(store_url):
    store = RunStore(store_url)
    yield store
    store.close()


def train(store, count=1000):
    """Train so many runs of the line in this process; return their ids."""
    ids = []
    while len(ids) < count and (run := store.queue.claim("here:1:x")):
        Session(store, run, threading.Event()).work()
        ids.append(run.id)
    return ids


def states(store, study):
    return [member.state for member in store.studies.members(study)]


def test_a_study_queues_all_its_points_in_order(store):
    study = store.studies.start(PLAN, "ada")
    assert len(study) == 16 and states(store, study) == ["queued"] * 4
    assert (store.studies.get(study).plan, store.studies.get(study).owner) == (PLAN, "ada")
    wanted = [point.settings for point in PLAN.points()]
    members = [member.run for member in store.studies.members(study)]
    assert [store.runs.get(run).settings for run in members] == wanted
    assert {store.runs.get(run).study for run in members} == {study}
    assert train(store) == members and states(store, study) == ["finished"] * 4
    assert [each.id for each in store.studies.list("ada")] == [study]
    assert not store.studies.list("bob")


def test_what_an_owner_has_finished_is_not_computed_again(store):
    first = store.studies.start(PLAN, "ada")
    train(store)
    known = {member.run for member in store.studies.members(first)}
    more = store.studies.start(PLAN.replace(seeds=3, success=0.9), "ada")
    assert states(store, more) == ["finished"] * 4 + ["queued"] * 2
    assert known < {member.run for member in store.studies.members(more)}
    assert len(train(store)) == 2
    theirs = store.studies.start(PLAN, "bob")
    assert states(store, theirs) == ["queued"] * 4


def test_a_single_run_is_used_and_stays_when_the_study_goes(store):
    run = store.runs.create(PLAN.points()[0].settings, "ada")
    store.orders.resume(run, "ada")
    train(store)
    study = store.studies.start(PLAN, "ada")
    assert store.studies.members(study)[0].run == run
    store.bin.delete_study(study, "ada")
    assert [each.id for each in store.runs.list()] == [run]


def test_a_run_whose_learning_rate_was_changed_is_none_of_these_settings(store):
    run = store.runs.create(PLAN.points()[0].settings, "ada")
    store.orders.step_once(run, "ada")
    train(store)
    store.orders.set_lr(run, "ada", 0.5)
    store.orders.step_once(run, "ada")
    train(store)
    store.orders.set_lr(run, "ada", SMALL.lr)
    store.orders.resume(run, "ada")
    train(store)
    assert store.runs.get(run).state == "finished"
    study = store.studies.start(PLAN, "ada")
    assert states(store, study) == ["queued"] * 4


def test_the_same_plan_again_goes_on_where_it_was(store):
    study = store.studies.start(PLAN, "ada")
    done = train(store, 1)
    store.studies.cancel(study, "ada")
    assert states(store, study) == ["finished"] + ["stopped"] * 3
    assert store.studies.start(PLAN, "ada") == study
    assert states(store, study) == ["finished"] + ["queued"] * 3
    assert not set(done) & set(train(store))


def test_pause_resume_and_cancel(store):
    study = store.studies.start(PLAN, "ada")
    run = store.queue.claim("w")
    store.studies.pause(study, "ada")
    assert states(store, study) == ["running"] + ["paused"] * 3
    assert store.orders.wanted(run.id).action == "pause" and store.queue.claim("w") is None
    store.studies.resume(study, "ada")
    assert store.orders.wanted(run.id).action == "run"
    assert states(store, study)[1:] == ["queued"] * 3
    store.studies.cancel(study, "ada")
    assert store.orders.wanted(run.id).action == "stop"
    assert states(store, study)[1:] == ["stopped"] * 3
    store.queue.release(run.id, "stopped", worker="w")
    store.studies.resume(study, "ada")
    assert states(store, study) == ["queued"] * 4


def test_a_run_that_diverged_is_done_with(store):
    study = store.studies.start(PLAN, "ada")
    run = store.queue.claim("w")
    store.queue.release(run.id, "failed", "The loss became infinite at step 3.", "w")
    store.studies.resume(study, "ada")
    assert states(store, study)[0] == "failed"


def test_only_the_owner_steers(store):
    study = store.studies.start(PLAN, "ada")
    studies = store.studies
    for order in (studies.resume, studies.pause, studies.cancel, store.bin.delete_study):
        with pytest.raises(RunError, match="belongs to somebody else"):
            order(study, "bob")
        with pytest.raises(RunError, match="There is no study 'x'"):
            order("x", "ada")
    assert states(store, study) == ["queued"] * 4


def test_runs_that_are_shared_stay_with_the_other_study(store):
    first = store.studies.start(PLAN, "ada")
    train(store)
    other = store.studies.start(PLAN.replace(success=0.9), "ada")
    store.bin.delete_study(first, "ada")
    assert states(store, other) == ["finished"] * 4
    store.bin.delete_study(other, "ada")
    assert store.runs.list() == [] and not store.studies.list("ada")
    with pytest.raises(RunError, match="There is no study"):
        store.studies.get(first)


def test_a_run_that_was_deleted_leaves_a_gap_until_the_study_goes_on(store):
    study = store.studies.start(PLAN, "ada")
    store.bin.delete(store.studies.members(study)[1].run, "ada")
    assert states(store, study) == ["queued", "", "queued", "queued"]
    store.studies.resume(study, "ada")
    assert states(store, study) == ["queued"] * 4
    assert store.runs.get(store.studies.members(study)[1].run).settings == PLAN.points()[1].settings


def test_owners_take_turns_and_single_runs_go_first(store):
    study = store.studies.start(PLAN, "ada")
    single = store.runs.create(SMALL, "ada")
    store.orders.resume(single, "ada")
    other = store.runs.create(SMALL, "bob")
    store.orders.resume(other, "bob")
    members = [member.run for member in store.studies.members(study)]
    taken = [store.queue.claim("w").id for _ in range(4)]
    assert set(taken[:2]) == {single, other} and taken[2:] == members[:2]


def test_the_head_changes_with_everything_there_is_to_see(store):
    study = store.studies.start(PLAN, "ada")
    heads = [store.studies.head(study)]
    run = store.queue.claim("w")
    heads.append(store.studies.head(study))
    row = dict.fromkeys(("loss", "metric", "gradient_norm", "lr"), 0.1)
    row |= {"step": 7, "seconds": 1.0, "validation_loss": None, "validation_metric": None}
    store.queue.record(run.id, [row])
    heads.append(store.studies.head(study))
    store.queue.release(run.id, "finished")
    heads.append(store.studies.head(study))
    assert len(set(heads)) == 4 and heads[-1].steps == 7
    with pytest.raises(RunError, match="There is no study"):
        store.studies.head("x")


@pytest.mark.alone
def test_large_studies_are_started_and_claimed_quickly(store):
    plan = Plan(settings=SMALL, seeds=20, vary={"length": (4, 5, 6, 7, 8)})
    begun = time.perf_counter()
    study = store.studies.start(plan, "ada")
    assert time.perf_counter() - begun < 3
    begun = time.perf_counter()
    assert store.queue.claim("w") and store.studies.head(study)
    assert len(store.studies.members(study)) == 400
    assert time.perf_counter() - begun < 1


# What an older rnnviz wrote

VERSION_1 = """
CREATE TABLE meta (version {serial} NOT NULL, PRIMARY KEY (version));
INSERT INTO meta VALUES (1);
CREATE TABLE runs (id TEXT NOT NULL, owner TEXT NOT NULL, name TEXT NOT NULL,
  settings TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, step INTEGER NOT NULL,
  lr {double} NOT NULL, seconds {double} NOT NULL, created {double} NOT NULL, wanted TEXT NOT NULL,
  until INTEGER, revision INTEGER NOT NULL, ticket INTEGER NOT NULL, worker TEXT,
  heartbeat {double} NOT NULL, PRIMARY KEY (id));
CREATE INDEX ix_runs_owner ON runs (owner);
CREATE INDEX ix_runs_state_ticket ON runs (state, ticket);
CREATE TABLE metrics (run TEXT NOT NULL, step INTEGER NOT NULL, loss {double}, metric {double},
  gradient_norm {double}, lr {double}, validation_loss {double}, validation_metric {double},
  seconds {double}, PRIMARY KEY (run, step),
  FOREIGN KEY(run) REFERENCES runs (id) ON DELETE CASCADE) {options};
CREATE TABLE checkpoints (run TEXT NOT NULL, step INTEGER NOT NULL, weights {blob} NOT NULL,
  optimizer {blob} NOT NULL, PRIMARY KEY (run, step),
  FOREIGN KEY(run) REFERENCES runs (id) ON DELETE CASCADE);
CREATE TABLE viewers (owner TEXT NOT NULL, seen {double} NOT NULL, PRIMARY KEY (owner));
INSERT INTO runs VALUES ('r', 'ada', '', '{settings}', 'paused', '', 0, {lr}, 0, 1, 'run', NULL,
  0, 0, NULL, 1)
"""


def old_store(url, version, settings):
    """Make a store as an older rnnviz left it, with a run that has not started."""
    engine = create_engine(url)
    double, blob = (kind.compile(engine.dialect) for kind in (Double(), LargeBinary()))
    sqlite = engine.dialect.name == "sqlite"
    options, serial = ("WITHOUT ROWID", "INTEGER") if sqlite else ("", "SERIAL")
    filled = VERSION_1.replace("{settings}", settings.to_json()).replace("{lr}", str(settings.lr))
    kinds = {"double": double, "blob": blob, "serial": serial, "options": options}
    for name, text in kinds.items():
        filled = filled.replace("{" + name + "}", text)
    statements = filled.split(";\n")
    for old in range(1, version):
        statements += [statement.format(double=double) for statement in UPGRADES[old]]
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"UPDATE meta SET version = {version}")
    engine.dispose()


@pytest.mark.parametrize("version", range(1, VERSION))
def test_an_older_store_is_brought_up_to_date_and_keeps_its_runs(store_url, version):
    settings = PLAN.points()[0].settings
    old_store(store_url, version, settings)
    store = RunStore(store_url)
    assert store.runs.get("r").settings == settings and store.runs.get("r").study is None
    store.orders.resume("r", "ada")
    assert train(store) == ["r"]
    study = store.studies.start(PLAN, "ada")
    assert store.studies.members(study)[0].run == "r"
    store.close()
    RunStore(store_url).close()  # once more, as it is now
    now = schema(store_url)
    empty(store_url)
    RunStore(store_url).close()
    assert now == schema(store_url) and {"runs", "points", "viewers"} < set(now)


def schema(url):
    """Columns, indexes and versions of all tables of a database."""
    engine = create_engine(url)
    found = {}
    with engine.connect() as connection:
        inspector = inspect(connection)
        for name in inspector.get_table_names():
            columns = [
                (each["name"], str(each["type"]), each["nullable"], each["default"])
                for each in inspector.get_columns(name)
            ]
            indexes = sorted(each["name"] for each in inspector.get_indexes(name))
            found[name] = sorted(columns), indexes, inspector.get_pk_constraint(name)
        found["version"] = connection.exec_driver_sql("SELECT version FROM meta").scalar()
    engine.dispose()
    return found


def empty(url):
    """Take all tables away."""
    engine = create_engine(url)
    tables = MetaData()
    tables.reflect(engine)
    tables.drop_all(engine)
    engine.dispose()


# Killed in the middle

SERVER = """
import sys, time
from rnnviz.engine.supervisor import Engine
with Engine(sys.argv[1], workers=2):
    time.sleep(1000)
"""


def test_a_killed_study_goes_on_without_repeating_what_is_finished(url):
    """kill -9 of the server and of all its workers in the middle, then once more from the plan."""
    plan = PLAN.replace(settings=SMALL.replace(steps=150), seeds=4)
    store = RunStore(url)
    study = store.studies.start(plan, "ada")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    server = subprocess.Popen([sys.executable, "-c", SERVER, url], env=environment)
    deadline = time.monotonic() + 60
    while states(store, study).count("finished") < 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    for process in family:
        process.send_signal(signal.SIGKILL)
    server.wait(10)
    finished = {m.run: m for m in store.studies.members(study) if m.state == "finished"}
    assert 2 <= len(finished) < 8
    before = {run: store.runs.metrics(run)["seconds"].tolist() for run in finished}

    with Engine(url, workers=2) as engine:  # finds what the killed one left
        engine.seen("ada")
        while states(store, study).count("running") or "interrupted" in states(store, study):
            time.sleep(0.02)
            assert store.studies.start(plan, "ada") == study
        while set(states(store, study)) != {"finished"}:
            assert time.monotonic() < deadline + 60
            time.sleep(0.02)
    assert {run: store.runs.metrics(run)["seconds"].tolist() for run in finished} == before
    assert len(store.runs.list()) == plan.count
    for point, member in list(zip(plan.points(), store.studies.members(study), strict=True))[-2:]:
        trainer = Trainer(point.settings)
        while not trainer.finished:
            trainer.advance()
        assert store.runs.checkpoint(member.run).weights == trainer.checkpoint().weights
    store.close()


def test_a_worker_takes_the_runs_of_a_study_alone_if_asked(store):
    single = store.runs.create(SMALL, "bob")
    store.orders.resume(single, "bob")
    study = store.studies.start(PLAN, "ada")
    taken = [store.queue.claim("w", study).id for _ in range(4)]
    assert taken == [member.run for member in store.studies.members(study)]
    assert store.queue.claim("w", study) is None and store.queue.claim("w").id == single


def test_workers_serve_studies_as_other_runs(store):
    store.studies.start(PLAN, "ada")
    stopping = threading.Event()
    thread = threading.Thread(target=serve, args=(store, "here:1:y", stopping))
    thread.start()
    deadline = time.monotonic() + 30
    while store.queue.waiting() or store.runs.list(state="running"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    stopping.set()
    thread.join()
