"""The workshop: one work a visitor, nobody else's to see, nothing left behind."""

import threading
import time

import pytest

from rnnviz.errors import ExportError
from rnnviz.server.jobs import FAULT, MOST, Workshop


@pytest.fixture
def workshop():
    made = Workshop()
    yield made
    made.close()


def ended(workshop, owner, token):
    deadline = time.monotonic() + 10
    while workshop.find(owner, token).ended is None and time.monotonic() < deadline:
        time.sleep(0.01)
    return workshop.find(owner, token)


def test_a_work_is_made_told_of_and_forgotten(workshop):
    def make(work):
        work.tell(3, 5, "painting")
        work.path.write_text("done")

    token = workshop.begin("me", "lecture.zip", make)
    work = ended(workshop, "me", token)
    assert work.ready and work.done == work.total == 5 and work.path.read_text() == "done"
    assert workshop.find("you", token) is None
    workshop.forget(token)
    assert workshop.find("me", token) is None and not work.path.exists()


def test_a_visitor_has_one_at_a_time_and_can_stop_it(workshop):
    going = threading.Event()

    def make(work):
        for number in range(10_000):
            work.tell(number, 10_000, "x")
            going.set()
            work.path.write_text("part")
            time.sleep(0.002)

    token = workshop.begin("me", "a", make)
    assert going.wait(5)
    with pytest.raises(ExportError, match="or stop it"):
        workshop.begin("me", "b", make)
    work = workshop.find("me", token)
    workshop.forget(token)
    deadline = time.monotonic() + 5
    while work.ended is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "stopped" in work.error and not work.path.exists()
    assert ended(workshop, "me", workshop.begin("me", "c", lambda work: work.path.touch())).ready


def test_what_goes_wrong_is_said(workshop, caplog):
    def refuse(work):
        raise ExportError("Train first.")

    def fail(work):
        raise RuntimeError("secret")

    assert ended(workshop, "me", workshop.begin("me", "a", refuse)).error == "Train first."
    assert ended(workshop, "me", workshop.begin("me", "b", fail)).error == FAULT
    assert "secret" in caplog.text


def test_there_is_room_for_so_many_and_old_files_go(workshop, monkeypatch):
    def touch(work):
        work.path.touch()

    for number in range(MOST):
        ended(workshop, f"visitor{number}", workshop.begin(f"visitor{number}", "a", touch))
    with pytest.raises(ExportError, match="try again"):
        workshop.begin("one more", "a", touch)
    monkeypatch.setattr("rnnviz.server.jobs.KEPT", 0.0)
    time.sleep(0.01)
    assert ended(workshop, "one more", workshop.begin("one more", "a", touch)).ready
