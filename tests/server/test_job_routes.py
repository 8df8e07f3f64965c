"""Lectures and animations of a real server: begun, watched and fetched by one visitor alone.

The server has no Chromium: what needs one says so, the rest works. tests/browser has one that has.
"""

import http.client
import io
import json
import time
import zipfile
from urllib.parse import urlencode, urlsplit

import pytest

from rnnviz.server.visitors import COOKIE
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.training.trainer import Trainer

SMALL = Settings(hidden=4, length=8, batch=4, steps=20)


@pytest.fixture(scope="module")
def server(serve):
    return serve(environment={"BROWSER_PATH": "/nowhere/chromium"})


@pytest.fixture(scope="module")
def run(server):
    """A run that has kept steps 0, 10 and 20, in the server's store."""
    store = RunStore(f"sqlite:///{server.log.parent / 'runs.sqlite'}", timeout=30)
    id = store.runs.create(SMALL, "somebody")
    trainer = Trainer(SMALL)
    store.queue.record(id, [], trainer.checkpoint())
    for _ in range(2):
        for _ in range(10):
            trainer.advance()
        store.queue.record(id, [], trainer.checkpoint())
    store.close()
    return id


def ask(server, method, path, token="a", **headers):
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    try:
        connection.request(method, f"/rnnviz/{path}", headers={
            "Cookie": f"{COOKIE}={token}", **{k.replace("_", "-"): v for k, v in headers.items()}
        })  # fmt: skip
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def made(server, path):
    """Begin a work, wait for its end; return what it is called and how it stands."""
    status, _, body = ask(server, "POST", f"make/{path}")
    assert status == 200, body
    work = json.loads(body)["work"]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        now = json.loads(ask(server, "GET", f"made/{work}")[2])
        if now["ready"] or now["error"]:
            return work, now
        time.sleep(0.05)
    raise AssertionError(now)


def test_a_bundle_is_made_and_is_its_visitors_alone(server, run):
    query = urlencode({"figures": "loss,gates", "theme": "dark", "step": "10", "preset": "half"})
    work, now = made(server, f"bundle/{run}/gates?{query}")
    assert now["done"] == now["total"] and now["name"] == "rnnviz-adding-lstm-lecture.zip"
    assert ask(server, "GET", f"made/{work}", token="b")[0] == 404
    assert ask(server, "GET", f"made/{work}/file", token="b")[0] == 404
    ask(server, "DELETE", f"made/{work}", token="b")
    status, headers, body = ask(server, "GET", f"made/{work}/file")
    assert status == 200 and 'filename="rnnviz-adding' in headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(body)) as file:
        readme = file.read("README.md").decode()
        assert "training step 10." in readme and "need a Chromium" in readme
        assert "figures/gates.tex" in file.namelist()
        assert "figures/gates.png" not in file.namelist()
        assert "#14181D" in file.read("figures/gates.html").decode()
    assert ask(server, "DELETE", f"made/{work}")[0] == 204
    assert ask(server, "GET", f"made/{work}")[0] == 404


@pytest.mark.parametrize(("over", "frames"), [("training", 3), ("time", 8)])
def test_an_animation_is_made(server, run, over, frames):
    query = urlencode({"over": over, "as": "html", "signal": "input_gate"})
    work, now = made(server, f"animation/{run}/gates?{query}")
    assert now["ready"] and now["name"] == f"rnnviz-gates-over-{over}.html"
    page = ask(server, "GET", f"made/{work}/file")[2].decode()
    assert page.count('"says":') == frames and "Input gate" in page
    ask(server, "DELETE", f"made/{work}")


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("bundle/nobody/gates", "no run"),
        ("bundle/draft/gates?settings=" + "%7B%7D", "train one"),
        ("nonsense/{run}/gates", "take bundle, animation"),
        ("animation/{run}/gates?over=training&as=exe", "Animate over"),
        ("animation/draft/gates?over=training&as=gif&settings=%7B%7D", "train one"),
        ("bundle/{run}/gates?preset=wall", "no preset"),
    ],
)
def test_what_has_no_meaning_is_answered_with_a_sentence(server, run, path, says):
    status, _, body = ask(server, "POST", "make/" + path.format(run=run))
    assert status == 400 and says in body.decode()


def test_what_cannot_be_made_is_said_when_it_is_found(server, run):
    assert "no view of one run" in made(server, f"bundle/{run}/gates?figures=status")[1]["error"]
    assert "no axis of time" in made(server, f"animation/{run}/loss?over=time&as=html")[1]["error"]


def test_what_needs_a_browser_says_so_and_the_rest_works(server, run):
    """503 lets the page draw PNG and SVG in the visitor's own browser."""
    for format in ("png", "svg", "pdf", "pptx"):
        status, _, body = ask(server, "GET", f"export/{run}/gates.{format}")
        assert status == 503 and "need a Chromium" in body.decode()
    for format in ("html", "tex", "csv", "py"):
        assert ask(server, "GET", f"export/{run}/gates.{format}")[0] == 200
    assert ask(server, "GET", f"export/{run}/anatomy.svg?t=3")[0] == 200
    status, _, body = ask(server, "POST", f"make/animation/{run}/gates?over=training&as=gif")
    assert status == 503 and "need a Chromium" in body.decode()


def test_other_sites_begin_nothing(server, run):
    path = f"make/bundle/{run}/gates"
    assert ask(server, "POST", path, Sec_Fetch_Site="cross-site")[0] == 403
    assert ask(server, "POST", path, Origin="http://elsewhere.example")[0] == 403
    assert b"<html" in ask(server, "GET", path)[2]  # a page, as any address that is none of these
    status, _, body = ask(server, "GET", "make/bundle")
    assert status == 200 and "loss" in json.loads(body)["chosen"]
