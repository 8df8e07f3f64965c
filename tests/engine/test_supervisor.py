import os
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

from rnnviz.engine.supervisor import SILENCE, SPARE, Engine
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.training.trainer import Trainer

SETTINGS = Settings(hidden=8, length=10, batch=4, steps=1500)
ENDLESS = SETTINGS.replace(steps=1_000_000)
AT_ONCE = 0.5
"""Seconds in which an order has to take effect."""


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """Give an engine with one worker, which has trained before."""
    with Engine(f"sqlite:///{tmp_path_factory.mktemp('shared')}/runs.db", workers=1) as engine:
        warm(engine.store)
        yield engine


@pytest.fixture
def store(engine):
    return engine.store


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/runs.db"


@pytest.fixture
def endless(store):
    """Give a run that trains until it is told not to."""
    run = start(store, ENDLESS)
    wait_for(lambda: store.runs.get(run).step > 0)
    yield run
    store.bin.delete(run, "ada")


@pytest.fixture(scope="module")
def expected():
    """Give the final weights of SETTINGS, trained without interruption."""
    return weights(SETTINGS, SETTINGS.steps)


def start(store, settings, owner="ada"):
    run = store.runs.create(settings, owner)
    store.orders.resume(run, owner)
    return run


def warm(store):
    run = start(store, SETTINGS.replace(steps=1))
    wait_for(lambda: store.runs.get(run).state == "finished")
    store.bin.delete(run, "ada")


def wait_for(condition, seconds=30):
    """Return what the condition gives as soon as it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.005)
    raise AssertionError("waited in vain")


def seconds_until(condition):
    started = time.monotonic()
    wait_for(condition)
    return time.monotonic() - started


def weights(settings, step):
    """Return the weights after a step of training without a store."""
    trainer = Trainer(settings)
    while trainer.step < step:
        trainer.advance()
    return trainer.checkpoint().weights


def committed(store, run):
    frame = store.runs.metrics(run)
    return frame.drop(columns="seconds")


def assert_only_more(before, after):
    """Check that all steps that were committed still are, and as they were."""
    assert after.iloc[: len(before)].equals(before)
    assert after["step"].tolist() == [*range(1, len(after) + 1)]


# Orders


@pytest.mark.parametrize("order, state", [("pause", "paused"), ("stop", "stopped")])
@pytest.mark.alone
def test_pause_and_stop_take_effect_at_once(store, endless, order, state):
    getattr(store.orders, order)(endless, "ada")
    assert seconds_until(lambda: store.runs.get(endless).state == state) < AT_ONCE
    run = store.runs.get(endless)
    assert run.worker is None and store.runs.checkpoint(endless).step == run.step


def test_a_wake_is_no_order_and_one_that_finds_nobody_is_quiet(engine, store, endless):
    pids, step = engine.pids(), store.runs.get(endless).step
    for _ in range(100):
        engine.wake()
    wait_for(lambda: store.runs.get(endless).step > step + 10)
    assert store.runs.get(endless).state == "running" and engine.pids() == pids
    silent = Engine(engine.store.url)
    silent.wake()
    silent.store.close()


@pytest.mark.alone
def test_resume_takes_effect_at_once(store, endless):
    store.orders.pause(endless, "ada")
    wait_for(lambda: store.runs.get(endless).state == "paused")
    step = store.runs.get(endless).step
    store.orders.resume(endless, "ada")
    assert seconds_until(lambda: store.runs.get(endless).step > step) < AT_ONCE


@pytest.mark.alone
def test_one_step_takes_effect_at_once_and_is_one(store):
    run = store.runs.create(ENDLESS, "ada")
    for step in (1, 2, 3):
        store.orders.step_once(run, "ada")
        assert seconds_until(lambda: store.runs.get(run).state == "paused") < AT_ONCE
        assert store.runs.get(run).step == step == len(store.runs.metrics(run))


@pytest.mark.alone
def test_a_new_learning_rate_takes_effect_at_once(store, endless):
    before = store.runs.get(endless).step
    # and pandas is imported from here on
    assert set(store.runs.metrics(endless)["lr"]) == {ENDLESS.lr}
    store.orders.set_lr(endless, "ada", 0.125)
    # only the rows since: reading thousands of older ones would be part of the time
    assert seconds_until(lambda: 0.125 in set(store.runs.metrics(endless, before)["lr"])) < AT_ONCE
    rates = store.runs.metrics(endless)["lr"]
    assert store.runs.get(endless).state == "running" and set(rates) == {ENDLESS.lr, 0.125}
    step = store.runs.get(endless).step
    wait_for(lambda: store.runs.checkpoint(endless).step > step)
    assert Trainer(ENDLESS, store.runs.checkpoint(endless)).lr == 0.125


@pytest.mark.alone
def test_a_deleted_run_frees_its_worker_at_once(store):
    run = start(store, ENDLESS)
    wait_for(lambda: store.runs.get(run).step > 0)
    store.bin.delete(run, "ada")
    assert seconds_until(lambda: warm(store) or True) < AT_ONCE


@pytest.mark.alone
def test_a_viewer_can_follow_at_five_times_a_second(store, endless):
    steps, end = set(), time.monotonic() + 2
    while time.monotonic() < end:
        steps.add(store.runs.checkpoint_steps(endless)[-1])
        time.sleep(0.01)
    assert len(steps) >= 7  # of 10, on a busy machine


def test_pausing_again_and_again_changes_no_number(store, expected):
    run = start(store, SETTINGS)
    for part in range(1, 5):
        # early enough that the run does not end before this process gets its turn to pause it
        wait_for(lambda part=part: store.runs.get(run).step >= 100 * part)
        store.orders.pause(run, "ada")
        wait_for(lambda: store.runs.get(run).state == "paused")
        store.orders.step_once(run, "ada")
        wait_for(lambda: store.runs.get(run).state == "paused")
        store.orders.resume(run, "ada")
    wait_for(lambda: store.runs.get(run).state == "finished")
    assert store.runs.metrics(run)["step"].tolist() == [*range(1, SETTINGS.steps + 1)]
    assert store.runs.checkpoint(run).weights == expected


# The line


def test_owners_take_turns_and_see_their_place(store, endless):
    short = SETTINGS.replace(steps=1)
    ada, more = start(store, short, "ada"), start(store, short, "ada")
    bob = start(store, short, "bob")
    assert [store.queue.place(run) for run in (bob, ada, more)] == [1, 2, 3]
    store.orders.stop(more, "ada")
    assert store.runs.get(more).state == "stopped" and store.queue.place(more) is None
    assert store.runs.get(bob).state == "queued"
    store.orders.pause(endless, "ada")
    wait_for(lambda: store.runs.get(ada).state == store.runs.get(bob).state == "finished")


# Closed pages


@pytest.mark.alone
def test_runs_of_a_closed_page_pause_and_free_their_worker(engine, store, monkeypatch):
    monkeypatch.setattr(engine, "grace_seconds", 1.0)
    left, waiting = start(store, ENDLESS, "left"), start(store, ENDLESS, "left")
    stays = start(store, ENDLESS, "stays")

    def watched(condition):
        engine.seen("stays")
        return condition()

    wait_for(lambda: watched(lambda: store.runs.get(stays).step > 0))
    for run in (left, waiting):
        assert store.runs.get(run).state == "paused"
        assert store.runs.get(run).reason == "Paused: the page that started it was closed."
    end = time.monotonic() + 2
    wait_for(lambda: watched(lambda: time.monotonic() > end))
    assert store.runs.get(stays).state == "running"
    assert 1 < seconds_until(lambda: store.runs.get(stays).state == "paused") < 3


def test_an_owner_who_is_seen_by_another_server_is_there(url):
    here, there = Engine(url, grace_seconds=1), Engine(url, grace_seconds=1)
    run = start(here.store, SETTINGS)
    time.sleep(1.1)
    there.seen("ada")
    there._pause_unseen()
    here._pause_unseen()
    assert here.store.runs.get(run).state == "queued"
    time.sleep(1.1)
    here._pause_unseen()
    assert here.store.runs.get(run).state == "paused"
    here.stop()
    there.stop()


# Workers


@pytest.mark.alone
def test_workers_are_started_when_they_are_needed(url):
    with Engine(url, workers=2) as engine:
        wait_for(lambda: len(engine.pids()) == 1)
        run = start(engine.store, ENDLESS)
        wait_for(lambda: engine.store.runs.get(run).step > 0)
        assert len(engine.pids()) == 1  # the first pictures have the machine to themselves
        assert SPARE / 2 < seconds_until(lambda: len(engine.pids()) == 2) < 2 * SPARE
        other = start(engine.store, ENDLESS, "bob")
        wait_for(lambda: engine.store.runs.get(other).step > 0)
        assert len(engine.pids()) == 2  # the most there may be
        processes = [psutil.Process(pid) for pid in engine.pids()]
        started = time.monotonic()
    assert time.monotonic() - started < 2
    assert not any(process.is_running() for process in processes)
    paused = RunStore(url)
    for id in (run, other):
        assert paused.runs.get(id).state == "paused"
        assert "server was stopped" in paused.runs.get(id).reason
        assert paused.runs.checkpoint(id).step == paused.runs.get(id).step
    paused.close()


def test_who_waits_in_line_gets_a_worker_at_once(url, monkeypatch):
    monkeypatch.setattr("rnnviz.engine.supervisor.SPARE", 1000)
    with Engine(url, workers=2) as engine:
        run = start(engine.store, ENDLESS)
        wait_for(lambda: engine.store.runs.get(run).step > 0)
        other = start(engine.store, ENDLESS, "bob")
        wait_for(lambda: engine.store.runs.get(other).step > 0)
        assert engine.store.runs.get(run).state == "running"


def test_a_terminated_worker_puts_its_run_down_and_is_replaced(engine, store, endless):
    (pid,) = engine.pids()
    os.kill(pid, signal.SIGTERM)
    wait_for(lambda: store.runs.get(endless).state == "paused")
    assert seconds_until(lambda: pid not in engine.pids()) < 5
    warm(store)


def test_a_killed_worker_is_noticed_and_loses_nothing(engine, store, expected):
    """Ten kills in one run, with less around them, are in test_worker.py."""
    run = start(store, SETTINGS)
    wait_for(lambda: store.runs.get(run).step >= 300)
    before = committed(store, run)
    (pid,) = engine.pids()
    os.kill(pid, signal.SIGKILL)
    assert seconds_until(lambda: store.runs.get(run).state == "interrupted") < 5
    assert "ended unexpectedly: resume" in store.runs.get(run).reason
    assert_only_more(before, committed(store, run))
    store.orders.resume(run, "ada")
    wait_for(lambda: store.runs.get(run).state == "finished")
    assert pid not in engine.pids()
    assert_only_more(before, committed(store, run))
    assert store.runs.checkpoint(run).weights == expected


def test_a_worker_that_cannot_write_says_so_and_is_replaced(engine, store, endless, monkeypatch):
    monkeypatch.setattr("rnnviz.engine.supervisor.RESPAWN", 0.1)
    before = committed(store, endless)
    worker = psutil.Process(int(store.runs.get(endless).worker.split(":")[1]))
    worker.rlimit(psutil.RLIMIT_FSIZE, (1, 1))  # as on a full disk
    wait_for(lambda: store.runs.get(endless).state == "interrupted")
    assert "could not be written" in store.runs.get(endless).reason
    assert_only_more(before, committed(store, endless))
    store.orders.resume(endless, "ada")
    wait_for(lambda: store.runs.get(endless).step > len(before) + 500)


# Servers

SERVER = """
import signal, sys, time
from rnnviz.engine.supervisor import Engine
# A shell lets what it starts in the background ignore Ctrl-C, and so do the tests' children then.
signal.signal(signal.SIGINT, signal.default_int_handler)
print("main module", __name__, flush=True)
try:
    with Engine(sys.argv[1], workers=1):
        time.sleep(1000)
except KeyboardInterrupt:
    pass
"""


@pytest.fixture
def serve(url, tmp_path):
    """Give a function that starts a server in a process group of its own."""
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    servers = []

    def start_server():
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        server = subprocess.Popen(
            [sys.executable, script, url], env=environment, start_new_session=True, **pipes
        )
        servers.append(server)
        return server

    yield start_server
    for server in servers:
        server.kill()
        server.communicate()


def test_killed_servers_lose_nothing_and_leave_nobody(serve, url):
    """Ten times kill -9 of the server in the middle of one run, with others there to go on."""
    store = RunStore(url)
    run = start(store, ENDLESS)
    servers = {server.pid: server for server in (serve(), serve(), serve())}
    for kill in range(10):
        step = store.runs.get(run).step
        wait_for(lambda step=step: store.runs.get(run).step > step)
        before = committed(store, run)
        worker = psutil.Process(int(store.runs.get(run).worker.split(":")[1]))
        server = servers.pop(worker.ppid())
        family = psutil.Process(server.pid).children(recursive=True)
        assert worker in family
        server.kill()
        assert not psutil.wait_procs(family, timeout=10)[1]
        again = RunStore(url)
        assert_only_more(before, committed(again, run))
        with again._database.read() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        again.close()
        assert seconds_until(lambda: store.runs.get(run).state == "interrupted") < 5
        if kill < 8:  # two of the first three are left then
            server = serve()
            servers[server.pid] = server
        store.orders.resume(run, "ada")
    step = store.runs.get(run).step
    wait_for(lambda: store.runs.get(run).step > step)
    store.orders.pause(run, "ada")
    wait_for(lambda: store.runs.get(run).state == "paused")
    assert_only_more(before, committed(store, run))
    last = store.runs.checkpoint(run)
    assert last.step == len(store.runs.metrics(run))
    assert last.weights == weights(ENDLESS, last.step)
    store.close()


def test_a_server_finds_what_a_killed_one_left(url):
    engine = Engine(url)
    run = start(engine.store, SETTINGS)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    engine.store.queue.claim(f"{socket.gethostname()}:{dead.pid}:x")
    engine.reap()
    assert engine.store.runs.get(run).state == "interrupted"
    engine.stop()


def test_a_process_id_that_is_used_again_deceives_nobody_for_long(url, monkeypatch):
    engine = Engine(url)
    run = start(engine.store, SETTINGS)
    engine.store.queue.claim(f"{socket.gethostname()}:{os.getpid()}:x")
    engine.reap()
    assert engine.store.runs.get(run).state == "running"
    later = time.time() + SILENCE + 1
    monkeypatch.setattr("rnnviz.engine.supervisor.time.time", lambda: later)
    engine.reap()
    assert engine.store.runs.get(run).state == "interrupted"
    engine.stop()


def test_ctrl_c_ends_all_without_a_word(serve, url):
    store = RunStore(url)
    run = start(store, ENDLESS)
    server = serve()
    wait_for(lambda: store.runs.get(run).step > 0)
    workers = psutil.Process(server.pid).children(recursive=True)
    os.killpg(server.pid, signal.SIGINT)
    out, err = server.communicate(timeout=10)
    # Were the main module run again in a worker, it would say so.
    assert (out, err, server.returncode) == ("main module __main__\n", "", 0)
    assert len(workers) == 1 and not workers[0].is_running()
    assert store.runs.get(run).state == "paused"
    store.close()


def test_workers_of_other_machines_are_believed_until_they_are_silent(url, monkeypatch):
    engine = Engine(url)
    run = start(engine.store, SETTINGS)
    engine.store.queue.claim("elsewhere:1:x")
    engine.reap()
    assert engine.store.runs.get(run).state == "running"
    later = time.time() + SILENCE + 1
    monkeypatch.setattr("rnnviz.engine.supervisor.time.time", lambda: later)
    engine.reap()
    assert engine.store.runs.get(run).state == "interrupted"
    engine.stop()
