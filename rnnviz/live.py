"""The live routes: the newest state of a run -> a figure -> a WebSocket.

`/rnnviz/live/<run>/<view>?layer=...&theme=...` sends the view as a JSON message, and again
whenever the run has a newer state. `<run>` may be `draft` with `settings=<JSON>`. A view of a
study takes the study in the run's place, or `draft` with `plan=<JSON>`. The client may send
`{"step": 300}` to look at a kept step, `{"step": null}` to follow the run again.

A view is computed once however many watch it; a slow viewer skips messages.
"""

import asyncio
import contextlib
import gc
import hashlib
import json
import logging
import os
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import plotly
import plotly.io
import torch
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from rnnviz.engine import Engine
from rnnviz.errors import RnnvizError, RunError
from rnnviz.plan import Plan
from rnnviz.plots.packed import packed
from rnnviz.resources import ROOT
from rnnviz.runs import Head, default_url
from rnnviz.settings import Settings
from rnnviz.views import VIEWS, Choice, Gallery, draw

log = logging.getLogger(__name__)

COOKIE = "rnnviz_visitor"
POLL = 0.05
"""Seconds between two looks at a run that is watched."""
SHORTEST = 0.08
"""Seconds between two messages to one viewer, at least."""
MOST_SOCKETS = 48
"""Sockets one visitor may hold: some six open pages."""
GRACE = 30.0
"""Seconds that a run goes on after its owner's last page was closed."""
LARGEST = 4096
"""Characters in a message or a draft's settings."""
FAULT = "This picture could not be drawn: a fault of rnnviz's, the server's log has the details."
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def owner_of(cookies: Mapping[str, str]) -> str | None:
    """Return who a visitor is to the run store: a hash, so that the store holds no cookie."""
    token = cookies.get(COOKIE)
    return hashlib.sha256(token.encode()).hexdigest()[:32] if token else None


@dataclass(eq=False)
class Viewer:
    """One open socket and what it asks for."""

    websocket: WebSocket
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    channel: "Channel | None" = None


@dataclass(frozen=True)
class Request:
    """What a channel shows; equal requests share one channel."""

    view: str
    run: str | None
    """The run, or the study where the view is of one."""
    draft: Settings | Plan | None
    choice: Choice

    @property
    def moves(self) -> bool:
        """Whether there can be a newer message later."""
        return self.run is not None and (self.choice.step is None or self.follows_steps)

    @property
    def follows_steps(self) -> bool:
        """Whether every step changes it, and not only a new checkpoint."""
        return VIEWS[self.view].every_step

    @property
    def of_study(self) -> bool:
        """Whether it is a study that is looked at."""
        return VIEWS[self.view].of_study


@dataclass(eq=False)
class Channel:
    """One view of one run for all who watch it."""

    request: Request
    viewers: set[Viewer] = field(default_factory=set)
    latest: str | None = None
    head: object = None
    unfinished: bool = False
    """Whether the view has more to say of the same state: it did a part of a longer work."""
    drawn: float = 0.0
    """When it was drawn last, in seconds of the monotonic clock."""


class Hub:
    """Keeps the channels that somebody watches up to date."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.gallery = Gallery(engine.store)
        self.channels: dict[Request, Channel] = {}
        self.sockets: dict[str, int] = {}
        self._drawing = ThreadPoolExecutor(1, "rnnviz-draw")
        self._refresher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Hub":
        """Begin to keep the channels up to date."""
        self._refresher = asyncio.create_task(self._refresh())
        return self

    async def __aexit__(self, *error: object) -> None:
        """Stop, whatever is being drawn."""
        if self._refresher:
            self._refresher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._refresher
        self._drawing.shutdown(wait=False, cancel_futures=True)

    def join(self, viewer: Viewer, request: Request) -> None:
        """Let a viewer watch `request` instead of what it watched before."""
        self.leave(viewer)
        channel = self.channels.setdefault(request, Channel(request))
        channel.viewers.add(viewer)
        viewer.channel = channel
        if channel.latest is not None:
            viewer.wake.set()

    def leave(self, viewer: Viewer) -> None:
        """Take a viewer out; a channel that nobody watches is dropped."""
        if viewer.channel:
            viewer.channel.viewers.discard(viewer)
            if not viewer.channel.viewers:
                self.channels.pop(viewer.channel.request, None)
            viewer.channel = None

    async def _refresh(self) -> None:
        """Redraw, again and again, what is watched and has changed."""
        loop = asyncio.get_running_loop()
        seen = 0.0
        while True:
            started = time.monotonic()
            stale = await loop.run_in_executor(
                self._drawing, self._stale, list(self.channels.values())
            )
            with self.gallery.moment():
                for channel, head in stale:
                    if channel.viewers:
                        draw_it = loop.run_in_executor(self._drawing, self._draw, channel)
                        channel.latest, channel.head = await draw_it, head
                        channel.drawn = time.monotonic()
                        for viewer in channel.viewers:
                            viewer.wake.set()
            if started - seen > 2:
                seen = started
                for owner in list(self.sockets):
                    self.engine.seen(owner)
            await asyncio.sleep(max(0.01, POLL - (time.monotonic() - started)))

    def _stale(self, channels: list[Channel]) -> list[tuple[Channel, object]]:
        heads: dict[str, object] = {}
        found = []
        for channel in channels:
            request = channel.request
            if channel.latest is not None and not request.moves and not channel.unfinished:
                continue
            if time.monotonic() - channel.drawn < VIEWS[request.view].rest:
                continue
            head: object = "once"
            if request.run is not None and request.moves:
                if request.run not in heads:
                    heads[request.run] = self._head(request.run, request.of_study)
                head = heads[request.run]
                if isinstance(head, Head) and not request.follows_steps:
                    head = head.checkpoint or 0  # before the first it is as untrained as at step 0
            if channel.latest is None or channel.unfinished or head != channel.head:
                found.append((channel, head))
        return found

    def _head(self, run: str, of_study: bool) -> object:
        store = self.engine.store
        try:
            return store.study_head(run) if of_study else store.head(run)
        except RnnvizError as error:
            return str(error)

    def _draw(self, channel: Channel) -> str:
        request = channel.request
        try:
            message = draw(self.gallery, request.view, request.run, request.draft, request.choice)
        except RnnvizError as error:
            channel.unfinished = False
            return json.dumps({"view": request.view, "error": str(error)})
        except Exception:  # one view's fault must not end all views of all visitors
            channel.unfinished = False
            log.exception("The view %s could not be drawn", request.view)
            return json.dumps({"view": request.view, "error": FAULT})
        channel.unfinished = bool(message.pop("unfinished", False))
        if "figure" in message:
            message["figure"] = packed(message["figure"])
        text = plotly.io.to_json(message, validate=False)
        assert isinstance(text, str)
        return text


async def watch(websocket: WebSocket) -> None:
    """Serve one viewer until it leaves."""
    hub = current()
    owner = owner_of(websocket.cookies) or "anybody"
    if not welcome(websocket.headers):
        await websocket.close(1008, "This page may not watch runs of this server.")
        return
    if hub.sockets.get(owner, 0) >= MOST_SOCKETS:
        await websocket.close(1013, "Too many figures are open: close some pages.")
        return
    try:
        request = asked(websocket.path_params, websocket.query_params)
    except RnnvizError as error:
        await websocket.accept()
        await websocket.send_text(json.dumps({"error": str(error)}))
        await websocket.close(1000)
        return
    await websocket.accept()
    hub.sockets[owner] = hub.sockets.get(owner, 0) + 1
    hub.engine.seen(owner)
    viewer = Viewer(websocket)
    hub.join(viewer, request)
    sending = asyncio.create_task(send(viewer))
    try:
        while True:
            text = await websocket.receive_text()
            if len(text) > LARGEST:
                break
            hub.join(viewer, changed(request, text))
            await asyncio.sleep(SHORTEST / 2)  # a viewer that floods waits in its own socket
    except (WebSocketDisconnect, RunError, RuntimeError):
        pass
    finally:
        sending.cancel()
        hub.leave(viewer)
        hub.sockets[owner] -= 1
        if not hub.sockets[owner]:
            del hub.sockets[owner]
        with contextlib.suppress(RuntimeError):
            await websocket.close()


async def send(viewer: Viewer) -> None:
    """Send the newest message of the viewer's channel whenever there is one it has not had."""
    sent: str | None = None
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await viewer.wake.wait()
            viewer.wake.clear()
            message = viewer.channel.latest if viewer.channel else None
            if message is not None and message is not sent:
                await viewer.websocket.send_text(message)
                sent = message
                await asyncio.sleep(SHORTEST)


def asked(path: Mapping[str, str], query: Mapping[str, str]) -> Request:
    """Return what a socket's address asks for."""
    view, run = path["view"], path["run"]
    if view not in VIEWS:
        raise RunError(f"There is no view called {view[:40]!r}; there are {', '.join(VIEWS)}.")
    choice = Choice.of(query)
    of_study = VIEWS[view].of_study
    if run == "draft":
        text = query.get("plan" if of_study else "settings", "")
        if len(text) > LARGEST:
            raise RunError("The settings in this address are too long.")
        draft = Plan.from_json(text) if of_study else Settings.from_json(text)
        return Request(view, None, draft, choice)
    store = current().engine.store
    store.study(run) if of_study else store.get(run)  # an unknown one is refused at once
    return Request(view, run, None, choice)


def changed(request: Request, text: str) -> Request:
    """Return the request with the step, and the time step, that a client's message names."""
    try:
        message = json.loads(text)
        step, at = message["step"], message.get("at")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RunError('A viewer may only send {"step": number or null}.') from None
    for number in (step, at):
        if number is not None and (type(number) is not int or not 0 <= number < 10**9):
            raise RunError("A step is a whole number.")
    choice = replace(request.choice, step=step)
    return replace(request, choice=choice if at is None else choice.having("t", str(at)))


def welcome(headers: Mapping[str, str]) -> bool:
    """Return whether a socket comes from a page of this very server.

    A browser names the page in Origin. A server that listens on loopback only also insists on a
    loopback host, so that no other site's name can be pointed at it (DNS rebinding).
    """
    from streamlit import config

    host = headers.get("host", "")
    if urlparse(headers.get("origin", "")).netloc != host or not host:
        return False
    if config.get_option("server.address") in LOOPBACK:
        return urlparse(f"//{host}").hostname in LOOPBACK
    return True


class Assets(StaticFiles):
    """Static files that a browser asks for again each time, so an upgrade is seen at once."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Add the header to what Starlette answers; an unchanged file costs a 304."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


class VisitorCookie:
    """Give every visitor a cookie with the page: who has it owns the runs started with it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the cookie to the first page a visitor gets."""
        if scope["type"] != "http" or scope["method"] != "GET" or has_cookie(scope):
            await self.app(scope, receive, send)
            return

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                kind = dict(message["headers"]).get(b"content-type", b"")
                if kind.startswith(b"text/html"):
                    secure = "; Secure" if scope.get("scheme") == "https" else ""
                    cookie = (
                        f"{COOKIE}={secrets.token_urlsafe(24)}; Path=/; Max-Age=31536000; "
                        f"HttpOnly; SameSite=Lax{secure}"
                    )
                    message["headers"] = [*message["headers"], (b"set-cookie", cookie.encode())]
            await send(message)

        await self.app(scope, receive, with_cookie)


def has_cookie(scope: Scope) -> bool:
    """Return whether the request brings the visitor's cookie."""
    jar: SimpleCookie = SimpleCookie()
    with contextlib.suppress(CookieError):
        jar.load(dict(scope["headers"]).get(b"cookie", b"").decode("latin-1"))
    return COOKIE in jar


def prefix() -> str:
    """Return what stands before every route: the server's base path."""
    from streamlit import config

    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}/rnnviz" if base else "/rnnviz"


def routes() -> list[BaseRoute]:
    """Return the routes that stand beside Streamlit's."""
    plotly_js = Path(plotly.__file__).parent / "package_data"
    return [
        WebSocketRoute(f"{prefix()}/live/{{run}}/{{view}}", watch),
        Mount(f"{prefix()}/plotly", Assets(directory=plotly_js)),
        Mount(f"{prefix()}/assets", Assets(directory=ROOT / "assets")),
    ]


def middleware() -> list[Middleware]:
    """Return the middleware that stands before Streamlit's."""
    return [Middleware(VisitorCookie)]


_hub: Hub | None = None


def current() -> Hub:
    """Return the hub of this server."""
    if _hub is None:
        raise RunError("The server has not started: use `rnnviz` or `streamlit run app.py`.")
    return _hub


@contextlib.asynccontextmanager
async def lifespan(app: object) -> AsyncIterator[None]:
    """Start the training engine with the server, and end it with the server."""
    global _hub
    given = os.environ.get
    engine = Engine(
        given("RNNVIZ_STORE") or default_url(),
        int(given("RNNVIZ_WORKERS") or 0) or None,
        float(given("RNNVIZ_GRACE") or GRACE),
    )
    engine.start()
    torch.set_num_threads(1)  # probes are small: a second thread would only wait, and busily
    # Streamlit collects garbage after each run of the page's script, while its last messages
    # wait: with all of torch to look through, a tenth of a second at every changed control.
    gc.collect()
    gc.freeze()
    try:
        async with Hub(engine) as hub:
            _hub = hub
            yield
    finally:
        _hub = None
        engine.stop()
