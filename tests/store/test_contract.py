"""What `RunStore` promises: each sentence has a test, here or where its part is tested."""

import ast
import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select

from rnnviz.errors import RunError, StoreError
from rnnviz.plan import Plan
from rnnviz.settings import Settings
from rnnviz.store import studies
from rnnviz.store.run_store import RunStore
from rnnviz.store.schema import runs
from rnnviz.store.states import RULES, Order, State

TESTS = Path(__file__).resolve().parents[1]
SMALL = Settings(hidden=2, length=4, batch=2, steps=10)
CLAIMS = {
    # words of the contract -> where they are tested
    "serves many threads at once": "store/test_run_store.py::test_many_threads_read_and_write",
    "open the same address": "store/test_run_store.py::test_another_process_sees_the_same",
    "when it is still empty": (
        "store/test_postgresql.py::test_servers_that_open_an_empty_store_at_once_make_it_once"
    ),
    "as a whole or not at all": "store/test_contract.py::test_a_study_is_started_as_a_whole",
    "whatever ends the process": "engine/test_worker.py::test_ten_killed_workers_lose_nothing",
    "metrics rows with their checkpoint": (
        "store/test_run_store.py::test_rows_and_checkpoint_are_written_together_or_not_at_all"
    ),
    "who holds the lock": "store/test_run_store.py::test_a_store_locked_by_another_program",
    "replace themselves": "store/test_run_store.py::test_rows_written_again_replace_themselves",
    "sees one moment": "store/test_contract.py::test_a_reader_sees_one_moment",
    "neither wait for writers": "store/test_contract.py::test_readers_and_writers_do_not_wait",
    "`head` is there to ask": (
        "store/test_run_store.py::test_head_changes_with_everything_there_is_to_see"
    ),
    "cannot be guessed": "store/test_run_store.py::test_ids_cannot_be_guessed",
    "only the owner of a run": "store/test_run_store.py::test_only_the_owner_steers",
    "or study changes it": "store/test_studies.py::test_only_the_owner_steers",
    "as the table in `states.py` says": (
        "store/test_contract.py::test_orders_move_a_run_as_the_table_says"
    ),
    "a run goes to one": (
        "store/test_run_store.py::test_processes_that_claim_at_once_never_take_the_same_run"
    ),
    "only it writes": "store/test_run_store.py::test_only_the_worker_that_holds_a_run_writes",
    "learns at its next write": (
        "store/test_run_store.py::test_the_worker_notices_that_its_run_was_deleted"
    ),
    "does not move a run in training": (
        "store/test_run_store.py::test_orders_to_a_running_run_reach_its_worker"
    ),
    "no newer wish": "store/test_run_store.py::test_a_worker_does_not_release_against_a_newer_wish",
    "during a long step": "engine/test_worker.py::test_a_long_step_is_no_silence",
    "of those that have ended": (
        "engine/test_supervisor.py::test_a_killed_worker_is_noticed_and_loses_nothing"
    ),
    "silent on another machine": (
        "engine/test_supervisor.py::test_workers_of_other_machines_are_believed_until_they_are_silent"
    ),
    "to the same numbers": (
        "engine/test_worker.py::test_steps_after_the_newest_checkpoint_are_done_again_and_not_changed"
    ),
}


@pytest.mark.parametrize("words", CLAIMS)
def test_every_claim_has_a_test(words):
    assert words in " ".join((RunStore.__doc__ or "").split())
    file, _, name = CLAIMS[words].partition("::")
    names = {
        node.name
        for node in ast.parse((TESTS / file).read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    assert name in names


def test_a_reader_sees_one_moment(any_store):
    count = select(func.count()).select_from(runs)
    with any_store._database.read() as connection:
        assert connection.scalar(count) == 0
        any_store.runs.create(SMALL, "me")
        assert connection.scalar(count) == 0  # as it was when the reading began
    with any_store._database.read() as connection:
        assert connection.scalar(count) == 1


def test_readers_and_writers_do_not_wait(any_store):
    run = any_store.runs.create(SMALL, "me")
    with any_store._database.write(alone=True) as connection:
        connection.execute(runs.update().where(runs.c.id == run).values(name="new"))
        found = []
        reading = threading.Thread(target=lambda: found.append(any_store.runs.get(run).name))
        reading.start()
        reading.join(20)  # the lock is held until then: who waits for it never comes back
        assert found == [""]
    with any_store._database.read() as connection:
        connection.scalar(select(runs.c.name))
        any_store.runs.rename(run, "me", "newer")
    assert any_store.runs.get(run).name == "newer"


def test_a_study_is_started_as_a_whole(any_store, monkeypatch):
    def fail(*_):
        raise StoreError("The disk is full.")

    plan = Plan(settings=SMALL, cells=("rnn", "lstm"), seeds=2)
    with monkeypatch.context() as broken:
        broken.setattr(studies, "_queue", fail)  # after its runs were made
        with pytest.raises(StoreError):
            any_store.studies.start(plan, "me")
    assert not any_store.studies.list("me") and not any_store.runs.list()
    any_store.studies.start(plan, "me")
    assert len(any_store.runs.list()) == 4


STEER = {
    Order.RESUME: lambda store, run: store.orders.resume(run, "me"),
    Order.STEP: lambda store, run: store.orders.step_once(run, "me"),
    Order.PAUSE: lambda store, run: store.orders.pause(run, "me"),
    Order.STOP: lambda store, run: store.orders.stop(run, "me"),
    Order.EXTEND: lambda store, run: store.orders.extend(run, "me", 5),
}


@pytest.mark.parametrize("order", STEER)
@pytest.mark.parametrize("state", State)
def test_orders_move_a_run_as_the_table_says(store, order, state):
    run, rule = store.runs.create(SMALL, "me"), RULES[order]
    with store._database.write() as connection:
        connection.execute(runs.update().where(runs.c.id == run).values(state=state, wanted="run"))
    if state in rule.refused:
        with pytest.raises(RunError):
            STEER[order](store, run)
    else:
        STEER[order](store, run)
    moved = state in rule.moves and state not in rule.refused
    assert store.runs.get(run).state == (rule.to if moved else state)
    if state == State.RUNNING and rule.wish is not None:
        assert store.orders.wanted(run).action == rule.wish
