"""The run store on PostgreSQL: what its many writers could do to each other, and what it says."""

import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import create_engine

from rnnviz.data.adding import add_data
from rnnviz.data.sources import find
from rnnviz.errors import RunError, StoreError
from rnnviz.plan import Plan
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore

SMALL = Settings(hidden=4, length=5, batch=4, steps=30)
PLAN = Plan(settings=SMALL, cells=("rnn", "gru"), seeds=3)


@pytest.fixture
def url(database_server):
    return database_server.store()


@pytest.fixture
def store(url):
    store = RunStore(url)
    yield store
    store.close()


def at_once(*orders):
    """Do all of them at the same time, and raise what any of them raises."""
    together = threading.Barrier(len(orders))

    def do(order):
        together.wait()
        return order()

    with ThreadPoolExecutor(len(orders)) as pool:
        return list(pool.map(do, orders))


def test_servers_that_open_an_empty_store_at_once_make_it_once(url):
    for store in at_once(*[lambda: RunStore(url)] * 6):
        assert store.runs.list() == []
        store.close()


def test_a_plan_that_is_started_twice_at_once_is_one_study(store):
    ids = at_once(*[lambda: store.studies.start(PLAN, "ada")] * 6)
    assert len(set(ids)) == 1 and len(store.runs.list()) == PLAN.count


def test_studies_are_steered_and_deleted_while_workers_claim_and_pages_are_seen(store):
    first, second = (store.studies.start(PLAN.replace(seeds=n), "ada") for n in (3, 4))

    def orders(study):
        for order in 5 * (
            store.studies.pause, store.studies.resume,
            store.bin.delete_study, store.bin.restore_study,
        ):  # fmt: skip
            try:
                order(study, "ada")
            except RunError:
                pass  # another order put it into the bin just now

    def work(name):
        for _ in range(10):
            run = store.queue.claim(name)
            if run:
                try:
                    store.queue.heartbeat(run.id, name)
                    store.queue.release(run.id, "paused", worker=name)
                except RunError:
                    pass  # deleted, or taken over: a worker lets go of it
            store.queue.mark_seen({"bob", "ada", "eve"})

    at_once(
        lambda: orders(first), lambda: orders(second), lambda: orders(first),
        lambda: work("v"), lambda: work("w"), lambda: store.queue.mark_seen(["eve", "bob", "ada"]),
    )  # fmt: skip
    for study in (first, second):
        if study not in {each.id for each in store.studies.list("ada")}:
            store.bin.restore_study(study, "ada")
        states = {member.state for member in store.studies.members(study)}
        assert states <= {"queued", "paused", "stopped"}


def test_a_reader_sees_one_moment(store):
    run = store.runs.create(SMALL, "ada")
    with store._database.read() as connection:
        before = connection.exec_driver_sql("SELECT name FROM runs").scalar()
        store.runs.rename(run, "ada", "other")
        assert connection.exec_driver_sql("SELECT name FROM runs").scalar() == before == ""


@pytest.mark.alone
def test_a_lock_that_is_held_too_long_is_told(store, url):
    run = store.runs.create(SMALL, "ada")
    hasty = RunStore(url, timeout=0.1)
    with store._database.write() as connection:
        connection.exec_driver_sql("UPDATE runs SET name = 'x'")
        begun = time.perf_counter()
        with pytest.raises(StoreError, match="is locked by another program"):
            hasty.runs.rename(run, "ada", "y")
        assert time.perf_counter() - begun < 2
    hasty.runs.rename(run, "ada", "y")
    hasty.close()


def test_text_with_a_zero_is_kept_without_it(store):
    run = store.runs.create(SMALL, "ada")
    store.runs.rename(run, "ada", "a\0b")
    store.runs.annotate(run, "ada", "c\0\td")
    assert (store.runs.get(run).name, store.runs.get(run).note) == ("ab", "c d")


def test_a_database_of_another_program(url):
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE places (name TEXT)")
    engine.dispose()
    with pytest.raises(StoreError, match="belongs to another program .it has a table 'places'"):
        RunStore(url)


def test_what_keeps_it_from_being_reached_is_told_without_the_password(database_server):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]  # bound, but nobody listens
        refused = f"postgresql://ada:secret@127.0.0.1:{port}/x"
        unknown = database_server.url.replace("/postgres?", "/nothing?") + "&password=secret"
        for url, why in ((refused, "Connection refused"), (unknown, 'database "nothing" does not')):
            with pytest.raises(StoreError, match=f"cannot be reached .{why}.*: start its") as error:
                RunStore(url)
            assert "secret" not in str(error.value)


@pytest.mark.parametrize("name", ["postgresql", "postgres", "postgresql+psycopg"])
def test_without_its_driver_the_extra_is_named(monkeypatch, name):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"needs the Python package 'rnnviz\[postgresql\]'"):
        RunStore(f"{name}://host/x")


def test_the_server_ends_with_the_tests_however_they_end():
    code = """
import os, sys
from tools.postgresql import serving
with serving() as server:
    print(server.folder, flush=True)
    os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    folder = done.stdout.strip()
    assert folder
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = subprocess.run(["pgrep", "-f", folder], capture_output=True, text=True).stdout
        if not found:
            break
        time.sleep(0.05)
    subprocess.run(["rm", "-r", folder], check=True)
    assert not found


def test_the_same_data_brought_at_once_are_kept_once(store):
    data = find(add_data("To be, or not to be. " * 50, kind="text", name="hamlet"))
    assert set(at_once(*[lambda: store.data.keep(data, "ada")] * 6)) == {data.key}
    assert [each.key for each in store.data.list("ada")] == [data.key]
