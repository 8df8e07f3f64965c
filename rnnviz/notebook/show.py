"""show(): open the app on a trace, from a script or a notebook."""

import atexit
import http.client
import os
import socket
import subprocess
import sys
import time
import webbrowser
from urllib.parse import quote

from rnnviz.errors import RnnvizError
from rnnviz.notebook.watch import Watch
from rnnviz.recording.packed_trace import pack_trace
from rnnviz.recording.trace import Trace
from rnnviz.store.run_store import RunStore
from rnnviz.store.traces import HERE
from rnnviz.words import t

HOST = "127.0.0.1"
FIRST_PORT, PORTS = 8501, 20
"""Where servers are looked for, and started."""
PATIENCE = 90.0
"""Seconds that a server may take to start."""
HEIGHT = 760
"""Pixels of the frame in a notebook."""


class Shown:
    """A trace in the app: its address, and the way to end what was begun for it.

    Attributes
    ----------
    url : str
        The address of the page.
    """

    def __init__(self, store: RunStore, id: str, keep: bool, browser: bool) -> None:
        self._store, self._id, self._keep = store, id, keep
        self._process: subprocess.Popen[bytes] | None = None
        port = _serving(id)
        if port is None:
            port = _free_port()
            self._process = _start(store.url, port)
            atexit.register(self.close)
            _wait(self._process, port)
        self.url = f"http://{HOST}:{port}/your_model?trace={quote(id)}"
        if _in_notebook():
            return  # it shows the frame below
        print(t("rnnviz shows it at {url}", url=self.url), flush=True)
        if browser and _has_screen():
            webbrowser.open(self.url)

    def close(self) -> None:
        """End the server if it was started here, and forget the trace if it was made for this."""
        process, self._process = self._process, None
        if process is not None:
            atexit.unregister(self.close)
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if not self._keep:
            self._keep = True
            try:
                self._store.traces.forget(self._id, HERE)
            except RnnvizError:
                pass  # somebody deleted it in the app
            self._store.close()

    def __repr__(self) -> str:
        """Say where it is."""
        return f"rnnviz at {self.url}"

    def _repr_html_(self) -> str:
        """Show the page in a notebook."""
        return (
            f'<iframe src="{self.url}" width="100%" height="{HEIGHT}" style="border: 0"></iframe>'
            f'<p>rnnviz: <a href="{self.url}" target="_blank">{self.url}</a></p>'
        )


def show(
    what: Trace | Watch, *, name: str = "", store: str | None = None, browser: bool = True
) -> Shown:
    """Open the app on a trace, or on a training that is watched.

    A server of this machine that has the same run store is used if there is one; else one is
    started, which ends with this program or with ``close()``. In a notebook the page is shown below
    the cell; in a script the browser opens.

    Parameters
    ----------
    what : Trace or Watch
    name : str
        What the app calls it.
    store : str, optional
        The run store's URL; the one in the user's data folder if not given.
    browser : bool
        Whether to open the browser.

    Returns
    -------
    Shown
        With ``url`` and ``close()``.

    Raises
    ------
    TraceError
        If the trace is too large to be shown.
    StoreError
        If the store cannot be opened.
    RnnvizError
        If the server does not start.
    """
    if isinstance(what, Watch):
        return Shown(RunStore(what.url), what.id, keep=True, browser=browser)
    file = pack_trace(what)
    kept = RunStore(store)
    return Shown(kept, kept.traces.keep(file, HERE, name or "trace"), keep=False, browser=browser)


def _serving(id: str) -> int | None:
    """Return the port of a server of this machine that has the trace, None if there is none."""
    for port in range(FIRST_PORT, FIRST_PORT + PORTS):
        if _answer(port, f"/rnnviz/trace/{quote(id)}", 2.0) == 204:
            return port
    return None


def _answer(port: int, path: str, timeout: float) -> int:
    """Return the status of an answer, 0 for none."""
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _free_port() -> int:
    for port in (*range(FIRST_PORT, FIRST_PORT + PORTS), 0):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise RnnvizError("No port of this machine is free: end a server that runs.")


def _start(store: str, port: int) -> subprocess.Popen[bytes]:
    # in the environment and not on the command line, which would show a database's password
    environment = os.environ | {"RNNVIZ_STORE": store}
    command = [sys.executable, "-m", "rnnviz", "--no-browser", "--host", HOST, "--port", str(port)]
    return subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        if _answer(port, "/_stcore/health", 5.0) == 200:
            return
        time.sleep(0.1)
    process.kill()
    raise RnnvizError(
        "The server did not start: `{python} -m rnnviz --port {port}` in a terminal says why.",
        python=sys.executable,
        port=port,
    )


def _in_notebook() -> bool:
    """Return whether a Jupyter kernel runs this, which shows what a cell's last line gives."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and "IPKernelApp" in shell.config


def _has_screen() -> bool:
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
