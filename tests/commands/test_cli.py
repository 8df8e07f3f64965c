"""The command: what it answers, what it refuses, and that it leaves nothing behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import psutil
import pytest
from websockets.sync.client import connect

from rnnviz import __main__ as command

ROOT = Path(__file__).resolve().parents[2]


def rnnviz(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rnnviz", "--no-browser", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """Check that the command said one sentence and ended with status 2; return the sentence."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("rnnviz: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.fixture
def taken():
    """A port of this machine that somebody else listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        yield other.getsockname()[1]


def test_a_command_that_is_nearly_right_is_named():
    assert "there is no 'figur': did you mean figure? (see rnnviz --help)" in refusal(
        rnnviz("figur")
    )
    assert "there is no 'x': take train, settings, runs, figure, bundle." in refusal(rnnviz("x"))


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_answer_at_once(argument):
    times = []
    for _ in range(3):  # seconds of processor time, the best of three: others use the machine too
        begin = os.times()
        done = rnnviz(argument)
        end = os.times()
        times.append(end.children_user + end.children_system - sum(begin[2:4]))
        assert done.returncode == 0
    assert min(times) < 0.5
    assert "rnnviz" in done.stdout
    assert done.stderr == ""


def test_the_command_speaks_the_language_of_its_environment():
    said = " ".join(rnnviz("train", "--help", RNNVIZ_LANG="qps").stdout.split())
    assert "⟦what to call the run ~~~~ ~~~~⟧" in said
    refused = refusal(rnnviz("runs", "--store", "what", RNNVIZ_LANG="qps"))
    assert refused.startswith("rnnviz: ⟦")
    assert "⟦" not in rnnviz("--help", RNNVIZ_LANG="xx").stdout


def test_help_names_every_option():
    text = rnnviz("--help").stdout
    for option in ("--host", "--port", "--workers", "--store", "--no-browser", "--version"):
        assert option in text


def test_the_version_is_the_projects():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert rnnviz("--version").stdout == f"rnnviz {project['version']}\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--port", "99999"], "'99999' is not a whole number 0 to 65535"),
        (["--port", "http"], "'http' is not a whole number"),
        (["--workers", "0"], "'0' is not a whole number 1 to 1024"),
        (["--workers", "two"], "'two' is not a whole number"),
        (["--colour"], "--colour"),
        (["--host", "no-such-host.invalid"], "Cannot listen on host 'no-such-host.invalid'"),
        (["--host", "192.0.2.1"], "Cannot listen on host '192.0.2.1'"),
        (["--host", ""], "no host is given"),
        (["--host", "a" * 70], "Cannot listen on host"),
        (["--store", "runs.sqlite"], "runs.sqlite"),
        (["--store", "nonsense://x"], "nonsense"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(arguments, says):
    assert says in refusal(rnnviz("--port", "0", *arguments))


def test_a_bad_number_of_workers_in_the_environment_is_refused():
    assert "'many' is not a whole number" in refusal(rnnviz(RNNVIZ_WORKERS="many"))


def test_a_store_in_a_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    url = f"sqlite:///{tmp_path / 'file' / 'runs.sqlite'}"
    assert str(tmp_path) in refusal(rnnviz("--port", "0", "--store", url))


def test_a_store_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "runs.sqlite").write_text("something else altogether, for a page or so\n" * 200)
    url = f"sqlite:///{tmp_path / 'runs.sqlite'}"
    assert str(tmp_path) in refusal(rnnviz("--port", "0", "--store", url))


def test_a_named_port_in_use_is_refused(taken):
    assert f"Port {taken} is in use" in refusal(rnnviz("--port", str(taken)))


def test_the_default_port_in_use_gives_the_next_free_one(taken, monkeypatch):
    monkeypatch.setattr(command, "FIRST_PORT", taken)
    assert taken < command.choose_port("127.0.0.1", None) < taken + command.PORTS_TRIED


def test_all_default_ports_in_use_is_said(taken, monkeypatch):
    monkeypatch.setattr(command, "FIRST_PORT", taken)
    monkeypatch.setattr(command, "PORTS_TRIED", 1)
    with pytest.raises(command.CommandError, match="are all in use"):
        command.choose_port("127.0.0.1", None)


def test_a_port_that_needs_rights_is_refused(monkeypatch):
    def refuse(host: str, port: int) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(command, "_try_port", refuse)
    with pytest.raises(command.CommandError, match="Port 80 needs special rights"):
        command.choose_port("127.0.0.1", 80)


def viewer(server):
    """Open the socket that a page in a browser holds."""
    host = server.url.removeprefix("http://")
    return connect(f"ws://{host}/_stcore/stream", origin=server.url, subprotocols=["streamlit"])


def workers_too(server) -> list[psutil.Process]:
    """Wait until a worker is warm; return the server's process and all below it."""
    deadline = time.monotonic() + 20
    while len(server.family()) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    family = server.family()
    assert len(family) > 1
    return family


def wait_for(text: str, log: Path) -> str:
    deadline = time.monotonic() + 20
    while text not in log.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    return log.read_text()


@pytest.mark.parametrize(
    ("number", "statuses"), [(signal.SIGINT, (0, 130)), (signal.SIGTERM, (0, -signal.SIGTERM))]
)
def test_it_serves_says_where_and_ends_without_a_trace(serve, number, statuses):
    server = serve()
    said = wait_for("Ctrl-C", server.log)
    assert said == f"rnnviz is at {server.url}  (Ctrl-C ends it)\n"
    status, page = server.get("/")
    assert status == 200
    assert b"<html" in page
    family = workers_too(server)
    with viewer(server):
        assert server.interrupt(number) in statuses
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []
    assert server.log.read_text().strip() == said.strip()


def test_a_killed_server_leaves_no_process(serve):
    server = serve()
    family = workers_too(server)
    server.process.kill()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []


def test_streamlit_run_serves_the_same_app(serve):
    streamlit = (sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true")
    server = serve((*streamlit, "--server.address", "127.0.0.1", "--server.port", "{port}"))
    assert server.get("/")[0] == 200
    assert server.get("/rnnviz/plotly/plotly.min.js")[0] == 200
    family = workers_too(server)
    server.interrupt()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []
    assert "Traceback" not in server.log.read_text()


def test_the_server_draws_in_one_thread(monkeypatch, tmp_path):
    """Two threads of one SVD, with a busy core for one of them, took ten times as long."""
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr(command, "_announce", lambda *_, **__: None)
    monkeypatch.setattr(
        "rnnviz.ui.server.run", lambda *_: threads.append(os.environ["OMP_NUM_THREADS"])
    )
    threads: list[str] = []
    command.main(["--port", "0", "--store", f"sqlite:///{tmp_path}/runs.db"])
    assert threads == ["1"]


def test_the_app_sends_nothing_home_and_shows_no_internals():
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert config["browser"]["gatherUsageStats"] is False
    assert config["client"]["toolbarMode"] == "viewer"
    assert config["client"]["showErrorDetails"] == "none"
    assert config["server"]["maxUploadSize"] < 200


def test_the_address_is_one_to_click_on(monkeypatch, capsys):
    opened = []
    monkeypatch.setattr(command, "_answers", lambda address, port: True)
    monkeypatch.setattr(command.webbrowser, "open", opened.append)
    for host in ("127.0.0.1", "0.0.0.0", "::", "::1"):
        command._announce(host, 8501, open_browser=True)
    for _ in range(100):
        if len(opened) == 4:
            break
        time.sleep(0.05)
    assert sorted(opened) == ["http://127.0.0.1:8501"] * 2 + ["http://[::1]:8501"] * 2
    assert len(re.findall("rnnviz is at", capsys.readouterr().out)) == 4
