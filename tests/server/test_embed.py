"""The page of an embedded figure: what it sends, and what all other pages refuse."""

import http.client
import json
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from rnnviz.server.embed import refusal
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore


@pytest.fixture(scope="module")
def server(serve):
    return serve()


@pytest.fixture(scope="module")
def run(server):
    store = RunStore(f"sqlite:///{server.log.parent / 'runs.sqlite'}")
    yield store.runs.create(Settings(hidden=4, length=8), "me")
    store.close()


def headers(server, path):
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read().decode("utf-8", "replace")
    connection.close()
    return answer.status, answer.headers, body


def test_only_an_embedded_figure_may_be_framed_and_it_sets_no_cookie(server, run):
    status, sent, body = headers(server, f"/rnnviz/embed/{run}/gates?theme=dark&step=0")
    assert status == 200 and "frame-ancestors *" in sent["Content-Security-Policy"]
    assert "script-src 'self'" in sent["Content-Security-Policy"]
    assert sent["X-Frame-Options"] is None and sent["Set-Cookie"] is None
    assert "<script>" not in body
    for path in (
        "/",
        "/gates",
        "/rnnviz/assets/figure.js",
        "/_stcore/health",
        f"/x/rnnviz/embed/{run}/gates",
    ):
        _, sent, _ = headers(server, path)
        assert sent["Content-Security-Policy"].startswith(
            "frame-ancestors 'self' http://localhost:*"
        )
        assert "//*" not in sent["Content-Security-Policy"]


def test_a_server_for_a_network_is_framed_by_nobody_else():
    assert refusal("0.0.0.0") == refusal(None) == [
        (b"content-security-policy", b"frame-ancestors 'self'"),
        (b"x-frame-options", b"SAMEORIGIN"),
    ]  # fmt: skip


@pytest.mark.parametrize("path", ["nobody/nonsense", "a%3Cb/gates", "x/%22%3E%3Cscript%3E"])
def test_what_is_no_figure_is_not_found_and_not_repeated(server, path):
    status, _, body = headers(server, f"/rnnviz/embed/{path}")
    assert status == 404 and "<" not in body


def test_its_socket_shows_a_run_and_no_draft(server, run):
    address = urlsplit(server.url).netloc
    with connect(f"ws://{address}/rnnviz/embedded/{run}/gates", origin=f"http://{address}",
                 max_size=None) as socket:  # fmt: skip
        assert json.loads(socket.recv(timeout=20))["view"] == "gates"
    with pytest.raises(InvalidStatus):
        connect(f"ws://{address}/rnnviz/embedded/draft/gates?settings=%7B%7D",
                origin=f"http://{address}").close()  # fmt: skip
    with pytest.raises(InvalidStatus):  # its page is ours, whoever frames it
        connect(f"ws://{address}/rnnviz/embedded/{run}/gates", origin="http://evil.example").close()
