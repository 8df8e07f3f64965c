"""The command ``rnnviz``: serve the app on this machine, or do without a screen (`commands`).

What is heavy (torch, streamlit, the run store) is imported when it is needed, so that ``--help``
and ``--version`` answer at once.
"""

from __future__ import annotations

import argparse
import errno
import http.client
import os
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from typing import Any, NoReturn

from rnnviz import commands
from rnnviz.errors import RnnvizError, meant
from rnnviz.resources import ROOT, version
from rnnviz.words import Words, speaking, t

PROGRAM = "rnnviz"
FIRST_PORT, PORTS_TRIED = 8501, 20


class CommandError(RnnvizError):
    """The command cannot be carried out as it was given."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments and return its exit status.

    What it says is in the language of the environment's ``RNNVIZ_LANG``, English if there is none.
    """
    with speaking(os.environ.get("RNNVIZ_LANG", "en")):
        options = _parser().parse_args(argv)
        try:
            return int(options.run(options) or 0)
        except RnnvizError as error:
            print(f"{PROGRAM}: {error}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            return 130


def serve(options: argparse.Namespace) -> None:
    """Serve the app until it is interrupted.

    Raises
    ------
    CommandError, StoreError
        The host, the port or the store cannot be used.
    """
    port = choose_port(options.host, options.port)
    if options.port is None and port != FIRST_PORT:
        print(
            t("Port {taken} is in use: taking {port}.", taken=FIRST_PORT, port=port),
            flush=True,
        )
    for name, value in (("RNNVIZ_STORE", options.store), ("RNNVIZ_WORKERS", options.workers)):
        if value is not None:  # app.py reads them, however it is started
            os.environ[name] = str(value)
    # What is drawn is small: a second thread of numpy's or torch's would only wait, and busily,
    # while workers train. They look at it when they are loaded.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    _check_store(options.store)
    from rnnviz.ui import server

    _announce(options.host, port, open_browser=options.browser and _has_screen())
    Context().run(  # in no language of its own: each visitor has theirs
        server.run,
        ROOT / "app.py",
        {
            "server.address": options.host,
            "server.port": port,
            "server.headless": "true",  # the address and the browser are this command's business
            "server.fileWatcherType": "none",
            "logger.hideWelcomeMessage": "true",
        },
    )


def choose_port(host: str, port: int | None) -> int:
    """Return the port to listen on: the one that was named, or the first free one from 8501 on.

    Raises
    ------
    CommandError
        The host is not one of this machine's, or no port is free.
    """
    failure: Exception = ValueError(Words("no host is given"))
    for candidate in [port] if port is not None else range(FIRST_PORT, FIRST_PORT + PORTS_TRIED):
        try:
            return _try_port(host, candidate)
        except (OSError, ValueError) as error:
            failure = error
        if getattr(failure, "errno", None) != errno.EADDRINUSE:
            break
    else:
        if port is None:
            last = FIRST_PORT + PORTS_TRIED - 1
            raise CommandError(
                "Ports {first} to {last} are all in use: name another with --port.",
                first=FIRST_PORT,
                last=last,
            ) from failure
        raise CommandError(
            "Port {port} is in use: end what uses it, or name another with --port.", port=port
        ) from failure
    if isinstance(failure, PermissionError):
        raise CommandError(
            "Port {port} needs special rights: name one above 1023 with --port.", port=candidate
        ) from failure
    raise CommandError(
        "Cannot listen on host {host!r} ({reason}): use 127.0.0.1 "
        "for this machine alone, or 0.0.0.0 for everybody on its network.",
        host=host,
        reason=getattr(failure, "strerror", failure),
    ) from failure


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one sentence, without the usage lines."""

    def error(self, message: str) -> NoReturn:
        self.exit(
            2,
            f"{self.prog}: "
            + t("{fault} (see {program} --help)", fault=message, program=self.prog)
            + "\n",
        )

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Say which command was meant, as argparse does from Python 3.14 on."""
        if action.choices is not None and value not in action.choices:
            near = meant(str(value), map(str, action.choices))
            said = t("there is no {word!r}: {meant}", word=str(value)[:40], meant=near)
            raise argparse.ArgumentError(action, said)


class _Version(argparse.Action):
    """Print the version, which is looked up only when asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"{PROGRAM} {version()}")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=PROGRAM,
        description=t(
            "Watch the gates, states and gradients of a recurrent network while it trains: "
            "serve the app on this machine and open it in the browser."
        ),
    )
    parser.add_argument("--version", action=_Version, nargs=0, help=t("print the version and exit"))
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help=t("address to listen on (%(default)s: this machine alone)"),
    )
    parser.add_argument(
        "--port",
        type=_whole(0, 65535),
        help=t("port to listen on ({first}, or the next free)", first=FIRST_PORT),
    )
    parser.add_argument(
        "--workers",
        type=_whole(1, 1024),
        default=os.environ.get("RNNVIZ_WORKERS") or None,
        help=t("runs that train at the same time (by the number of cores)"),
    )
    parser.add_argument(
        "--store",
        metavar="URL",
        default=os.environ.get("RNNVIZ_STORE") or None,
        help=t("where runs are kept, such as sqlite:///runs.sqlite (the user's data folder)"),
    )
    parser.add_argument(
        "--no-browser", dest="browser", action="store_false", help=t("do not open the browser")
    )
    parser.set_defaults(run=serve)
    commands.add(parser)
    return parser


def _whole(low: int, high: int) -> Callable[[str], int]:
    """Return a reader of whole numbers from `low` to `high`, for argparse."""

    def read(text: str) -> int:
        if not (text.isdecimal() and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(
                t("{text!r} is not a whole number {low} to {high}", text=text, low=low, high=high)
            )
        return int(text)

    return read


def _try_port(host: str, port: int) -> int:
    """Bind and release a port as Streamlit's server will; return its number (0: any free one)."""
    if not host:
        raise ValueError(Words("no host is given"))  # would mean: all of them
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        probe.listen(1)
        return int(probe.getsockname()[1])


def _check_store(url: str | None) -> None:
    """Open the run store once, so that what is wrong with it is said before anything starts."""
    from rnnviz.store.run_store import RunStore

    RunStore(url).close()


def _announce(host: str, port: int, *, open_browser: bool) -> None:
    """Print the address, and open it in the browser, as soon as the server answers there."""
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    url = f"http://{f'[{address}]' if ':' in address else address}:{port}"

    def wait() -> None:
        while not _answers(address, port):
            time.sleep(0.1)
        print(t("rnnviz is at {url}  (Ctrl-C ends it)", url=url), flush=True)
        if open_browser:
            webbrowser.open(url)

    spoken = copy_context().run
    threading.Thread(target=spoken, args=(wait,), daemon=True, name="rnnviz-announce").start()


def _answers(address: str, port: int) -> bool:
    """Return whether a server is up at this address; any answer to the health route will do."""
    connection = http.client.HTTPConnection(address, port, timeout=5)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status > 0
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _has_screen() -> bool:
    """Return whether a browser has a screen to open on; without one it would take the terminal."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


if __name__ == "__main__":
    sys.exit(main())
