"""The export route of a real server, as a browser asks it, and as one should not."""

import http.client
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlencode, urlsplit

import pytest

from rnnviz.server.downloads import may_download
from rnnviz.server.visitors import COOKIE
from rnnviz.settings import Settings

SMALL = Settings(hidden=4, length=8, batch=4)


@pytest.fixture(scope="module")
def server(serve):
    return serve()


def ask(server, path, token="a", **headers):
    place = urlsplit(server.url).netloc
    connection = http.client.HTTPConnection(place, timeout=60)
    try:
        connection.request("GET", f"/rnnviz/export/{path}", headers={
            "Cookie": f"{COOKIE}={token}", **{k.replace("_", "-"): v for k, v in headers.items()}
        })  # fmt: skip
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def draft(file, settings=SMALL, **query):
    return f"draft/{file}?{urlencode({'settings': settings.to_json(), **query})}"


def test_a_draft_is_a_file_with_a_name(server):
    status, headers, body = ask(server, draft("gates.csv", signal="input_gate"))
    assert status == 200 and body.startswith(b"time step t,unit,Input gate")
    assert headers["content-disposition"] == 'attachment; filename="rnnviz-gates.csv"'
    # a file opened in place is no page of ours, and nobody frames it
    assert headers["content-security-policy"].startswith("sandbox; frame-ancestors 'self'")


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (draft("gates.exe"), "no format"),
        (draft("nonsense.csv"), "no view"),
        (draft("status.csv"), "no figure"),
        (draft("gates.png", preset="wall"), "no preset"),
        (draft("gates.csv", **{"range.xaxis": "0,nan"}), "no number"),
        (draft("gates.csv", **{"range.xaxis99": "0,1"}), "no axis"),
        ("draft/gates.csv?settings=" + "x" * 5000, "too long"),
        ("nobody/gates.csv", "no run"),
        (quote("../../etc/passwd", safe="") + "/gates.csv", ""),
    ],
)
def test_what_has_no_meaning_is_answered_with_a_sentence(server, path, says):
    status, _, body = ask(server, path)
    assert status in (400, 404) and says in body.decode()


def test_other_sites_and_names_get_nothing(server):
    assert ask(server, draft("gates.csv"), Sec_Fetch_Site="cross-site")[0] == 403
    assert ask(server, draft("gates.csv"), Origin="http://elsewhere.example")[0] == 403
    assert ask(server, draft("gates.csv"), Host="elsewhere.example")[0] == 403
    assert not may_download({})


def test_twenty_at_once_from_ten_visitors_are_twenty_right_files(server):
    """Each draft has another length, which stands in its own file."""

    def one(number):
        settings = SMALL.replace(length=8 + number)
        return ask(server, draft("gates.svg", settings), token=f"visitor{number // 2}")

    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(one, range(20)))
    assert [status for status, _, _ in found] == [200] * 20
    assert len({body for _, _, body in found}) == 20


def test_one_visitor_cannot_fill_the_line(server):
    with ThreadPoolExecutor(12) as pool:
        paths = [draft("signals.png", SMALL.replace(seed=n), pixels=4) for n in range(12)]
        found = [status for status, _, _ in pool.map(lambda path: ask(server, path), paths)]
    assert set(found) <= {200, 429} and found.count(200) >= 4
