"""Orders to runs and studies: to the one place that gives them, and over a real server's socket."""

import json
import math
import threading
from contextlib import contextmanager
from urllib.parse import quote, urlsplit

import pytest
from websockets.sync.client import connect

from rnnviz.errors import RnnvizError, RunError, StoreError
from rnnviz.plan import Plan
from rnnviz.server import orders
from rnnviz.server.orders import MOST, TOO_MANY, Asked, Pace, answer, give, read
from rnnviz.server.visitors import COOKIE, owner_of
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore

SMALL = Settings(hidden=4, length=8, batch=4, steps=100_000)
ADA, BOB = "ada", "bob"


@pytest.fixture
def run(store):
    """A run of Ada's that has not started."""
    return store.runs.create(SMALL, ADA)


def state(store, run):
    return store.runs.get(run).state


# The place


@pytest.mark.parametrize(
    ("given", "then"),
    [
        (("resume",), "queued"),
        (("step",), "queued"),
        (("resume", "pause"), "paused"),
        (("resume", "stop"), "stopped"),
        (("stop",), "stopped"),
        (("stop", "resume"), "queued"),
        (("pause", "pause"), "paused"),
    ],
)
def test_an_order_does_what_the_table_of_states_says(store, run, given, then):
    for order in given:
        give(store, ADA, order, {"run": run})
    assert state(store, run) == then


@pytest.mark.parametrize(("order", "wish"), [("pause", "pause"), ("stop", "stop")])
def test_a_run_in_training_is_asked_and_told_why(store, run, order, wish):
    give(store, ADA, "resume", {"run": run})
    store.queue.claim("a worker")
    give(store, ADA, order, {"run": run}, "The lesson is over.")
    wanted = store.orders.wanted(run)
    assert (wanted.action, str(wanted.reason)) == (wish, "The lesson is over.")
    assert state(store, run) == "running"


def test_a_rate_comes_alone_or_with_an_order_to_go_on(store, run):
    give(store, ADA, "set_lr", {"run": run, "lr": 0.5})
    assert (store.runs.get(run).lr, state(store, run)) == (0.5, "paused")
    give(store, ADA, "resume", {"run": run, "lr": 0.25})
    assert (store.runs.get(run).lr, state(store, run)) == (0.25, "queued")
    give(store, ADA, "step", {"run": run, "lr": 1})
    assert store.runs.get(run).lr == 1.0


def test_a_study_waits_goes_on_and_ends(store):
    study = store.studies.start(Plan(settings=SMALL, cells=("rnn", "gru"), seeds=1), ADA)
    for order, then in (("pause", "paused"), ("resume", "queued"), ("stop", "stopped")):
        give(store, ADA, order, {"study": study})
        assert {member.state for member in store.studies.members(study)} == {then}


WRONG = {
    "unknown order": ("launch", {}, "no such order to a run: there are resume, step, pause"),
    "order that only workers give": ("claim", {}, "no such order"),
    "order that is no word": (["pause"], {}, "no such order"),
    "order that is nothing": (None, {}, "no such order"),
    "no run named": ("pause", {"run": None}, "names neither"),
    "a run that is a number": ("pause", {"run": 7}, "names neither"),
    "a run of many letters": ("pause", {"run": "x" * 65}, "names neither"),
    "a run of letters that no id has": ("pause", {"run": "a\ud800\0'"}, "names neither"),
    "a run that is not there": ("pause", {"run": "nobody"}, "There is no run 'nobody'"),
    "something else named": ("pause", {"reason": "x" * 999}, "has no 'reason'"),
    "someone else named": ("pause", {"who": BOB}, "has no 'who'"),
    "no rate": ("set_lr", {}, "rate is a number"),
    "a rate of words": ("set_lr", {"lr": "0.1"}, "rate is a number"),
    "a rate that is a switch": ("resume", {"lr": True}, "rate is a number"),
    "a rate that is no number": ("set_lr", {"lr": math.nan}, "lr = nan"),
    "a rate without end": ("set_lr", {"lr": math.inf}, "lr = inf"),
    "a negative rate": ("set_lr", {"lr": -0.1}, "lr = -0.1"),
    "a rate of zero": ("resume", {"lr": 0}, "lr = 0"),
    "a rate of many digits": ("set_lr", {"lr": 10**400}, "rate is a number"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_has_no_meaning_is_refused_with_a_sentence_and_changes_nothing(store, run, case):
    order, values, sentence = WRONG[case]
    before = store.runs.get(run)
    with pytest.raises(RnnvizError, match=sentence):
        give(store, ADA, order, {"run": run} | values)
    assert store.runs.get(run) == before


@pytest.mark.parametrize(
    ("order", "values", "sentence"),
    [
        ("step", {}, "no such order to a study: there are resume, pause, stop"),
        ("set_lr", {"lr": 0.1}, "no such order to a study"),
        ("pause", {"run": "nobody"}, "has no 'run'"),
        ("pause", {"study": "nobody"}, "There is no study 'nobody'"),
    ],
)
def test_of_a_study_too(store, order, values, sentence):
    study = store.studies.start(Plan(settings=SMALL, cells=("rnn",), seeds=1), ADA)
    with pytest.raises(RunError, match=sentence):
        give(store, ADA, order, {"study": study} | values)
    assert [member.state for member in store.studies.members(study)] == ["queued"]


@pytest.mark.parametrize("order", orders.OF_RUN)
@pytest.mark.parametrize(("who", "sentence"), [(BOB, "belongs to somebody else"), ("", "a cookie")])
def test_only_the_owner_is_obeyed(store, run, order, who, sentence):
    before = store.runs.get(run)
    with pytest.raises(RunError, match=sentence):
        give(store, who, order, {"run": run, "lr": 0.5})
    assert store.runs.get(run) == before


@pytest.mark.parametrize("order", orders.OF_STUDY)
def test_only_the_owner_of_a_study_is_obeyed(store, order):
    study = store.studies.start(Plan(settings=SMALL, cells=("rnn",), seeds=1), ADA)
    with pytest.raises(RunError, match="belongs to somebody else"):
        give(store, BOB, order, {"study": study})
    assert [member.state for member in store.studies.members(study)] == ["queued"]


@pytest.mark.parametrize("order", ["resume", "step", "set_lr"])
def test_what_is_finished_does_not_go_on(store, run, order):
    give(store, ADA, "resume", {"run": run})
    store.queue.claim("a worker")
    store.queue.release(run, "finished", worker="a worker")
    with pytest.raises(RunError, match="start a new one"):
        give(store, ADA, order, {"run": run} | ({"lr": 0.5} if order == "set_lr" else {}))
    give(store, ADA, "pause", {"run": run})
    give(store, ADA, "stop", {"run": run})
    assert state(store, run) == "finished"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ('{"order": "pause", "run": "ab"}', Asked("pause", {"run": "ab"})),
        ('{"order": "stop", "study": "ab", "id": 7}', Asked("stop", {"study": "ab"}, 7)),
        ('{"order": 1, "id": true}', Asked(1, {})),
        ('{"order": 1, "id": -1}', Asked(1, {})),
        ('{"order": 1, "id": 9007199254740992}', Asked(1, {})),
        ('{"step": 7}', None),
        ('"order"', None),
        ('["order"]', None),
        ('{"order": "pause"', None),
        ("", None),
        ("[" * 4000, None),
    ],
)
def test_a_message_is_an_order_or_none(text, asked):
    assert read(text) == asked


def test_a_fault_is_a_sentence_and_its_details_are_in_the_log(caplog):
    def broken():
        raise ZeroDivisionError("a bug")

    def full():
        raise StoreError("The run store cannot grow.")

    assert answer(Asked("pause", {}, 3), lambda: None) == {"ordered": 3}
    refused = {"ordered": 3, "refused": "The run store cannot grow."}
    assert answer(Asked("pause", {}, 3), full) == refused and not caplog.text
    assert answer(Asked("pause", {}), broken) == {"ordered": None, "refused": orders.FAULT}
    assert "a bug" in caplog.text


def test_a_visitor_orders_so_many_times_and_another_none_the_less(monkeypatch):
    now, pace = 0.0, Pace()
    monkeypatch.setattr("rnnviz.server.orders.time.monotonic", lambda: now)
    assert [pace.allows(ADA) for _ in range(MOST + 2)] == [True] * MOST + [False] * 2
    assert pace.allows(BOB)
    now = orders.WITHIN + 0.1
    assert pace.allows(ADA)
    assert len(pace._times) == 1  # who orders nothing any more is forgotten


# The socket


@pytest.fixture(scope="module")
def server(serve):
    return serve()


@pytest.fixture(scope="module")
def kept(server):
    store = RunStore(f"sqlite:///{server.log.parent / 'runs.sqlite'}")
    yield store
    store.close()


@pytest.fixture
def training(server, kept):
    """A run of Ada's in training."""
    me = owner_of({COOKIE: ADA})
    run = kept.runs.create(SMALL, me)
    with page(server, ADA, run) as bar:
        assert "refused" not in bar.ask("resume", run=run)
        bar.until(lambda status: status["step"] > 0)
    yield run
    kept.orders.stop(run, me)


class Bar:
    """A transport bar's socket, as a page speaks it: gives orders, and knows the newest status."""

    def __init__(self, socket):
        self.socket = socket
        self.status = {"step": 0, "state": ""}

    def receive(self):
        message = json.loads(self.socket.recv(timeout=60))
        self.status = message.get("status", self.status)
        return message

    def answer(self):
        while "ordered" not in (message := self.receive()):
            pass
        return message

    def ask(self, order, **values):
        """Give an order and return its answer."""
        self.socket.send(json.dumps({"order": order, "id": 5} | values))
        return self.answer()

    def until(self, condition):
        while not condition(self.status):
            self.receive()
        return self.status


@contextmanager
def page(server, visitor, run, route="live", lang=""):
    """Open the bar of a visitor."""
    address = urlsplit(server.url).netloc
    query = f"lang={lang}&settings={quote(SMALL.to_json())}"
    with connect(
        f"ws://{address}/rnnviz/{route}/{run}/status?{query}",
        origin=f"http://{address}",
        additional_headers={"Cookie": f"{COOKIE}={visitor}"} if visitor else {},
    ) as socket:
        yield Bar(socket)


def test_orders_over_the_socket_are_answered_and_seen_in_every_tab(server, kept, training):
    with page(server, ADA, training) as one, page(server, ADA, training) as other:
        assert one.ask("pause", run=training) == {"ordered": 5}
        for tab in (one, other):
            at = tab.until(lambda status: status["state"] == "paused")["step"]
        assert kept.runs.get(training).step == at
        assert other.ask("step", run=training) == {"ordered": 5}
        for tab in (one, other):
            tab.until(lambda status: status["state"] == "paused" and status["step"] == at + 1)
        assert one.ask("resume", run=training, lr=0.5) == {"ordered": 5}
        other.until(lambda status: status["step"] > at + 2)
        assert kept.runs.metrics(training)["lr"].iloc[-1] == 0.5
        assert other.ask("set_lr", run=training, lr=0.25) == {"ordered": 5}
        step = kept.runs.get(training).step
        one.until(lambda status: status["step"] > step + 100)
        assert kept.runs.metrics(training)["lr"].iloc[-1] == 0.25
        assert one.ask("stop", run=training) == {"ordered": 5}
        for tab in (one, other):
            tab.until(lambda status: status["state"] == "stopped")


def test_a_page_may_stop_a_run_that_it_does_not_show_yet(server, kept):
    run = kept.runs.create(SMALL, owner_of({COOKIE: ADA}))
    with page(server, ADA, "draft") as bar:
        assert bar.ask("resume", run=run) == {"ordered": 5}
        assert bar.ask("stop", run=run) == {"ordered": 5}
    with page(server, ADA, run) as bar:
        bar.until(lambda status: status["state"] == "stopped")


@pytest.mark.parametrize(
    ("visitor", "route", "sentence"),
    [
        (BOB, "live", "somebody else"),
        (None, "live", "cookie"),
        (ADA, "embedded", "cookie"),
    ],
)
def test_who_only_watches_is_refused_and_goes_on_watching(
    server, kept, training, visitor, route, sentence
):
    with page(server, visitor, training, route) as bar:
        for order in ("pause", "stop", "step", "resume", "set_lr"):
            assert sentence in bar.ask(order, run=training, lr=0.5)["refused"]
        step = kept.runs.get(training).step
        bar.until(lambda status: status["step"] > step)
    left = kept.runs.get(training)
    assert (left.state, left.lr) == ("running", SMALL.lr)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"order": "launch", "run": "RUN"}', "no such order"),
        ('{"order": {"$ne": 1}, "run": "RUN"}', "no such order"),
        ('{"order": "pause"}', "names neither"),
        ('{"order": "pause", "run": "nobody"}', "no run 'nobody'"),
        ('{"order": "pause", "run": "\\ud800"}', "names neither"),
        ('{"order": "pause", "study": "RUN"}', "no study"),
        ('{"order": "set_lr", "run": "RUN", "lr": NaN}', "lr = nan"),
        ('{"order": "set_lr", "run": "RUN", "lr": -1}', "lr = -1"),
        ('{"order": "set_lr", "run": "RUN", "lr": 1e999}', "lr = inf"),
        ('{"order": "set_lr", "run": "RUN", "lr": 1' + "0" * 4000 + "}", "rate is a number"),
        ('{"order": "pause", "run": "RUN", "more": "' + "x" * 5000 + '"}', "at most 4096"),
        ("x" * 2_000_000, "at most 4096"),
    ],
)
def test_nonsense_is_answered_with_a_sentence_and_nothing_is_lost(
    server, kept, training, text, sentence
):
    with page(server, ADA, training) as bar:
        bar.socket.send(text.replace("RUN", training))
        assert sentence in bar.answer()["refused"]
        step = kept.runs.get(training).step
        bar.until(lambda status: status["step"] > step)  # the socket lives on, and so the run
        left = kept.runs.get(training)
        assert (left.state, left.lr) == ("running", SMALL.lr)
        assert bar.ask("pause", run=training) == {"ordered": 5}
    assert "Traceback" not in server.log.read_text()


def test_a_flood_is_refused_and_an_order_counts_when_it_is_over(server, kept, training):
    answers = []

    def flood():
        with page(server, ADA, training) as bar:
            for number in range(MOST):
                bar.socket.send(json.dumps({"order": "launch", "id": number}))
            answers.extend(bar.answer()["refused"] for _ in range(MOST))

    threads = [threading.Thread(target=flood) for _ in range(4)]
    for thread in threads:
        thread.start()
    with page(server, BOB, "draft") as other:  # who waits for nobody's flood
        assert "somebody else" in other.ask("pause", run=training)["refused"]
    for thread in threads:
        thread.join()
    assert len(answers) == 4 * MOST
    assert {TOO_MANY} < set(answers) and "no such order" in min(set(answers) - {TOO_MANY})
    with page(server, ADA, training) as bar:
        while bar.ask("pause", run=training).get("refused") == TOO_MANY:
            pass
        bar.until(lambda status: status["state"] == "paused")
    assert "Traceback" not in server.log.read_text()


def test_a_refusal_is_said_in_the_pages_language(server, kept, training):
    with page(server, BOB, training, lang="qps") as bar:
        assert bar.ask("pause", run=training)["refused"].startswith("⟦")
