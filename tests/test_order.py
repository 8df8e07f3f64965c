"""Tests that are marked `alone` have the machine to themselves; the browser's come last."""

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.order import Turns, arrange


def item(nodeid, *, alone=False):
    """What stands for a test."""
    return SimpleNamespace(
        nodeid=nodeid, get_closest_marker={"alone": True}.get if alone else {}.get
    )


def test_those_that_are_alone_come_first_and_the_browsers_last():
    items = [
        item("tests/browser/test_a.py::a"),
        item("tests/browser/test_b.py::b", alone=True),
        item("tests/export/test_c.py::c"),
        item("tests/test_d.py::d", alone=True),
    ]
    arrange(items)
    assert [each.nodeid[-1] for each in items] == ["d", "c", "b", "a"]


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[tuple[Turns, Turns]]:
    """What two processes of the same tests have."""
    both = Turns(tmp_path), Turns(tmp_path)
    yield both
    for turns in both:
        turns.pytest_unconfigure()


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True), (True, True)])
def test_who_is_alone_waits_and_is_waited_for(processes, first, second):
    here, there = processes
    running = here.pytest_runtest_protocol(item("test_a.py", alone=first), None)
    next(running)
    waiting = there.pytest_runtest_protocol(item("test_b.py", alone=second), None)
    thread = threading.Thread(target=next, args=(waiting,), daemon=True)
    thread.start()
    thread.join(0.2)
    assert thread.is_alive()
    running.close()
    thread.join(10)
    assert not thread.is_alive()
    waiting.close()


def test_others_run_beside_each_other(processes):
    running = [each.pytest_runtest_protocol(item("test_a.py"), None) for each in processes]
    for each in running:
        next(each)
