"""Fixtures for all tests: run stores, the app as a process of its own."""

import compileall
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

# Before numpy and torch are loaded, which look at it then: see rnnviz/__main__.py.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import psutil
import pytest

from rnnviz.store.run_store import RunStore
from tests.order import Turns, arrange, scheduler
from tools.postgresql import PostgreSQL, serving

ROOT = Path(__file__).resolve().parents[1]
COMMAND = (sys.executable, "-m", "rnnviz", "--no-browser")


@dataclass
class Server:
    """A running server: its address, process and what it has printed."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def get(self, path: str) -> tuple[int, bytes]:
        """Ask for a path; return the status and the body."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def family(self) -> list[psutil.Process]:
        """List the server's process and every process below it."""
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]

    def interrupt(self, number: int = signal.SIGINT) -> int:
        """Send a signal as a terminal does, to the whole group; return the exit status."""
        os.killpg(self.process.pid, number)
        return self.process.wait(20)


Serve = Callable[..., Server]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(folder: Path, command: tuple[str, ...], cwd: Path, environment: dict[str, str]) -> Server:
    """Start a server on a free port and wait until it is healthy."""
    port, log = free_port(), folder / "server.log"
    store = {"RNNVIZ_STORE": f"sqlite:///{folder / 'runs.sqlite'}"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*(part.format(port=port) for part in command)],
            cwd=cwd,
            env=os.environ | store | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", process, log)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if server.get("/_stcore/health")[0] == 200:
                return server
        except OSError:
            pass  # not listening yet
        time.sleep(0.1)
    end(server)
    pytest.fail(f"The server did not start:\n{log.read_text()}")


def end(server: Server) -> None:
    """End a server and whatever is left below it."""
    try:
        family = server.family()
    except psutil.NoSuchProcess:
        family = []
    server.process.terminate()
    _, alive = psutil.wait_procs(family, timeout=10)
    for process in alive:
        process.kill()
    server.process.wait(10)


@pytest.fixture(scope="session")
def database_server() -> Iterator[PostgreSQL]:
    """Start a PostgreSQL server for the tests, once."""
    with serving() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of an empty run store, in each kind of database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/runs.db"
    server: PostgreSQL = request.getfixturevalue("database_server")
    return server.store()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """Give an empty run store, for what is the same in each kind of database."""
    store = RunStore(f"sqlite:///{tmp_path}/runs.db")
    yield store
    store.close()


@pytest.fixture
def any_store(store_url: str) -> Iterator[RunStore]:
    """Give an empty run store, once in each kind of database."""
    store = RunStore(store_url)
    yield store
    store.close()


@contextmanager
def serving_apps(folders: pytest.TempPathFactory) -> Iterator[Serve]:
    """Give what starts the app as a process of its own, with a store of its own, on a free port.

    `serve(command=..., cwd=..., environment=...)`; `{port}` in a command is the port to use.
    """
    servers: list[Server] = []

    def begin(
        command: tuple[str, ...] = (*COMMAND, "--port", "{port}"),
        *,
        cwd: Path = ROOT,
        environment: dict[str, str] | None = None,
    ) -> Server:
        folder = folders.mktemp("server")
        servers.append(start(folder, command, cwd, environment or {}))
        return servers[-1]

    try:
        yield begin
    finally:
        for server in servers:
            end(server)


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Start the app, as `serving_apps` says; ended with the module: idle servers slow the rest."""
    with serving_apps(tmp_path_factory) as begin:
        yield begin


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):  # one of several processes
        config.pluginmanager.register(Turns(Path(config.option.basetemp).parent))
    else:  # compile the package once, and not in each of the many processes that tests start
        compileall.compile_dir(ROOT / "rnnviz", quiet=2)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    arrange(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return scheduler(config, log)
