"""The live routes of a real server, as a browser speaks to them, and as one should not."""

import asyncio
import http.client
import json
import re
import time
from contextlib import ExitStack
from urllib.parse import quote, urlsplit

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from rnnviz.engine.supervisor import Engine
from rnnviz.errors import RunError
from rnnviz.server.hub import FAULT, Channel, Hub, Request, Viewer
from rnnviz.server.live import MOST_SOCKETS, changed
from rnnviz.server.visitors import COOKIE, owner_of
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.views import Choice

SMALL = Settings(hidden=4, length=8, batch=4, steps=100_000)
TOKEN = "a-visitor"


@pytest.fixture(scope="module")
def server(serve):
    return serve()


@pytest.fixture(scope="module")
def store(server):
    url = f"sqlite:///{server.log.parent / 'runs.sqlite'}"
    store = RunStore(url)
    yield store
    store.close()


def watch(server, path, *, origin=None, token=TOKEN, host=None):
    """Open a live socket as a page of the server would."""
    address = urlsplit(server.url).netloc
    headers = {"Cookie": f"{COOKIE}={token}"} if token else {}
    if host:
        headers["Host"] = host
    return connect(
        f"ws://{address}/rnnviz/live/{path}",
        origin=origin if origin is not None else f"http://{address}",
        additional_headers=headers,
        max_size=None,
    )


def draft(view="gates", **changes):
    return f"draft/{view}?settings={quote(SMALL.replace(**changes).to_json())}"


def test_a_draft_is_drawn_at_once(server):
    with watch(server, draft()) as socket:
        message = json.loads(socket.recv(timeout=20))
    assert message["view"] == "gates"
    assert message["figure"]["data"][0]["type"] == "heatmap"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "", "http://127.0.0.1:1"])
def test_a_page_of_another_origin_is_refused(server, origin):
    with pytest.raises(InvalidStatus) as refused, watch(server, draft(), origin=origin):
        pass
    assert refused.value.response.status_code == 403


def test_another_name_for_a_loopback_server_is_refused(server):
    # a site that lets its own name point here would send just these
    port = urlsplit(server.url).port
    evil = f"evil.example:{port}"
    with pytest.raises(InvalidStatus), watch(server, draft(), origin=f"http://{evil}", host=evil):
        pass


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("draft/nonsense", "no view called"),
        ("draft/gates?settings={", "not valid JSON"),
        ("draft/gates", "not valid JSON"),
        ("draft/gates?settings=" + quote('{"hidden": -1}'), "hidden = -1"),
        ("draft/gates?settings=" + quote('"' + "x" * 5000 + '"'), "too long"),
        ("nobody/gates", "no run"),
    ],
)
def test_what_has_no_meaning_is_answered_with_a_sentence(server, path, sentence):
    with watch(server, path) as socket:
        assert sentence in json.loads(socket.recv(timeout=20))["error"]


def test_a_run_is_followed_and_a_kept_step_can_be_looked_at(server, store):
    owner = owner_of({COOKIE: TOKEN})
    run = store.runs.create(SMALL, owner)
    store.orders.resume(run, owner)
    with watch(server, f"{run}/gates") as socket:
        steps = [json.loads(socket.recv(timeout=30))["step"] for _ in range(4)]
        assert steps == sorted(set(steps)) and steps[-1] > 0
        socket.send('{"step": 0}')
        while json.loads(socket.recv(timeout=20))["step"] != 0:
            pass
        with pytest.raises(TimeoutError):
            socket.recv(timeout=1)  # a kept step does not change
        socket.send('{"step": null}')
        assert json.loads(socket.recv(timeout=20))["step"] >= steps[-1]
    store.orders.stop(run, owner)


def test_the_status_says_how_the_run_ended(server, store):
    owner = owner_of({COOKIE: TOKEN})
    run = store.runs.create(SMALL.replace(steps=5), owner)
    with watch(server, f"{run}/status") as socket:
        assert json.loads(socket.recv(timeout=20))["status"]["state"] == "paused"
        store.orders.resume(run, owner)
        status = {}
        while status.get("state") != "finished":
            status = json.loads(socket.recv(timeout=30))["status"]
    assert status["step"] == status["steps"] == 5
    assert status["checkpoints"][0] == 0 and status["checkpoints"][-1] == 5


@pytest.mark.parametrize("text", ["", "{", "[]", '{"step": "x"}', '{"step": -1}', "[" * 4000])
def test_a_viewer_that_sends_nonsense_is_dropped(server, text):
    with watch(server, draft("status")) as socket:
        socket.recv(timeout=20)
        socket.send(text)
        with pytest.raises(ConnectionClosed):
            for _ in range(5):
                socket.recv(timeout=10)


def test_one_visitor_cannot_hold_every_socket(server):
    with ExitStack() as sockets:
        for _ in range(MOST_SOCKETS):
            sockets.enter_context(watch(server, draft("status"), token="greedy"))
        with pytest.raises(InvalidStatus), watch(server, draft("status"), token="greedy"):
            pass
        with watch(server, draft("status"), token="modest") as modest:
            assert modest.recv(timeout=20)
    with watch(server, draft("status"), token="greedy") as again:
        assert again.recv(timeout=20)


def test_views_that_nobody_watches_are_forgotten(server):
    for _ in range(3):
        with watch(server, draft("status", seed=int(time.time()))) as socket:
            socket.recv(timeout=20)


def test_the_page_brings_a_cookie_that_scripts_cannot_read(server):
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc)
    connection.request("GET", "/")
    answer = connection.getresponse()
    cookie = next(c for c in answer.headers.get_all("Set-Cookie") if c.startswith(COOKIE))
    assert re.search(r"=[\w-]{32};", cookie)
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    connection.close()
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc)
    connection.request("GET", "/", headers={"Cookie": f"{COOKIE}=mine"})
    cookies = connection.getresponse().headers.get_all("Set-Cookie") or []
    assert not any(c.startswith(COOKIE) for c in cookies)
    connection.close()


def test_a_page_that_the_browser_kept_brings_a_cookie_again(server):
    """Who clears the cookies keeps the pages: what is asked then is whether they have changed."""

    def cookies(**headers: str) -> tuple[int, str | None, list[str]]:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
        connection.request("GET", "/", headers={k.replace("_", "-"): v for k, v in headers.items()})
        answer = connection.getresponse()
        given = answer.headers.get_all("Set-Cookie") or []
        connection.close()
        return answer.status, answer.headers["ETag"], [c for c in given if c.startswith(COOKIE)]

    page = "text/html,application/xhtml+xml"
    _, tag, given = cookies(Accept=page)
    assert tag and len(given) == 1
    status, _, again = cookies(Accept=page, If_None_Match=tag)
    assert status == 304 and len(again) == 1 and again != given
    assert cookies(Accept="*/*", If_None_Match=tag)[2] == []  # a part of a page
    assert cookies(Accept=page, If_None_Match=tag, Cookie=f"{COOKIE}=mine")[2] == []


def test_the_store_never_sees_the_cookie():
    owner = owner_of({COOKIE: TOKEN})
    assert owner and TOKEN not in owner
    assert owner == owner_of({COOKIE: TOKEN}) != owner_of({COOKIE: "other"})
    assert owner_of({}) is None


def test_scripts_and_fonts_are_served(server):
    for path in ("assets/figure.js", "assets/fonts/inter-latin.woff2", "plotly/plotly.min.js"):
        assert server.get(f"/rnnviz/{path}")[0] == 200
    assert server.get("/rnnviz/assets/../pyproject.toml")[0] != 200
    assert server.get("/rnnviz/assets/%2e%2e/pyproject.toml")[0] != 200


def test_only_the_step_of_a_request_can_change():
    request = Request("gates", "run", None, Choice.of({"layer": "rnn.l0"}))
    assert changed(request, '{"step": 7}') == Request(
        "gates", "run", None, Choice.of({"layer": "rnn.l0", "step": "7"})
    )
    with pytest.raises(RunError):
        changed(request, '{"step": true}')
    with pytest.raises(RunError, match="whole number"):
        changed(request, '{"step": 7, "at": -1}')
    pointed = changed(request, '{"step": null, "at": 12}').choice
    assert (pointed.step, pointed.number("t", 0, 0, 99)) == (None, 12)


def test_a_fault_in_one_view_is_said_there_and_the_others_go_on(tmp_path, monkeypatch, caplog):
    def broken(*args):
        raise ZeroDivisionError("a bug")

    engine = Engine(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    hub = Hub(engine)
    monkeypatch.setattr("rnnviz.server.hub.draw", broken)
    said = json.loads(hub._draw(Channel(Request("gates", None, SMALL, Choice()))))
    assert said["error"] == FAULT and "ZeroDivisionError" not in said["error"]
    assert "a bug" in caplog.text
    monkeypatch.undo()
    drawn = json.loads(hub._draw(Channel(Request("gates", None, SMALL, Choice()))))
    assert drawn["figure"]["data"][0]["z"]["dtype"] == "f4"
    engine.store.close()


@pytest.mark.parametrize(("together", "waits"), [(30.0, True), (0.1, False)])
def test_pictures_of_a_round_come_together_unless_one_takes_long(
    tmp_path, monkeypatch, together, waits
):
    monkeypatch.setattr("rnnviz.server.hub.TOGETHER", together)
    engine = Engine(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    told = []

    async def look():
        hub = Hub(engine)
        viewers = [Viewer(None), Viewer(None)]

        def drawn(_gallery, view, *_):
            told.append([viewer.wake.is_set() for viewer in viewers])
            time.sleep(0.15)
            return {"view": view, "figure": {}}

        monkeypatch.setattr("rnnviz.server.hub.draw", drawn)
        for viewer, view in zip(viewers, ("gates", "loss"), strict=True):
            hub.join(viewer, Request(view, None, SMALL, Choice()))
        async with hub:
            await asyncio.wait_for(asyncio.gather(*(each.wake.wait() for each in viewers)), 10)
        assert [json.loads(each.channel.latest)["view"] for each in viewers] == ["gates", "loss"]

    asyncio.run(look())
    engine.store.close()
    assert told == [[False, False], [not waits, False]]


def test_how_a_run_is_doing_is_told_before_any_picture_is_drawn(tmp_path, monkeypatch):
    engine = Engine(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    run = engine.store.runs.create(SMALL, "ada")
    rounds = []

    async def look():
        hub = Hub(engine)
        bar, picture = Viewer(None), Viewer(None)

        def drawn(_gallery, view, *_):
            rounds.append((view, bar.wake.is_set()))
            return (
                {"view": view, "status": {}} if view == "status" else {"view": view, "figure": {}}
            )

        monkeypatch.setattr("rnnviz.server.hub.draw", drawn)
        for viewer, view in ((picture, "loss"), (bar, "status")):
            hub.join(viewer, Request(view, run, None, Choice()))
        async with hub:
            await asyncio.wait_for(picture.wake.wait(), 10)
            bar.wake.clear()
            await asyncio.to_thread(hub.order, "ada", "stop", {"run": run})
            await asyncio.wait_for(bar.wake.wait(), 10)
            while len(rounds) < 4:
                await asyncio.sleep(0.01)

    asyncio.run(look())
    engine.store.close()
    # nobody knows before it was drawn once that it is no picture
    assert rounds == [("loss", False), ("status", False), ("status", False), ("loss", True)]
