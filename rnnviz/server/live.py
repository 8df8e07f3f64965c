"""The live routes: a WebSocket for every figure, and the files that pages need.

`/rnnviz/live/<run>/<view>?layer=...&theme=...` sends the view as a JSON message, and again
whenever the run has a newer state. `<run>` may be `draft` with `settings=<JSON>`. A view of a
study takes the study in the run's place, or `draft` with `plan=<JSON>`; `trace.<id>` is a kept
trace. The client may send
`{"step": 300}` to look at a kept step, `{"step": null}` to follow the run again, and with it
`"at": 7` for the time step that its pointer is at, which stands for the query's `t`. What it may
order is in `orders.py`.

A slow viewer skips messages.
"""

import asyncio
import contextlib
import gc
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import plotly
import torch
from starlette.middleware import Middleware
from starlette.requests import Request as HTTPRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from rnnviz.engine.supervisor import Engine
from rnnviz.errors import RnnvizError, RunError
from rnnviz.looks import view_of
from rnnviz.plan import Plan
from rnnviz.resources import ROOT
from rnnviz.server import embed, orders
from rnnviz.server.hub import Hub, Request, Viewer
from rnnviz.server.spoken import Speaking
from rnnviz.server.visitors import VisitorCookie, owner_of, welcome
from rnnviz.settings import Settings
from rnnviz.store.run_store import default_url
from rnnviz.store.traces import PREFIX, is_trace
from rnnviz.views import Choice
from rnnviz.views.messages import Answered, Refused
from rnnviz.words import t
from rnnviz.words.catalogue import for_scripts

SHORTEST = 0.08
"""Seconds between two messages to one viewer, at least."""
MOST_SOCKETS = 48
"""Sockets one visitor may hold: some six open pages."""
ANYBODY, EMBEDDED = "anybody", "embedded"
"""Who watches without a cookie, and who embedded figures, for the count of sockets; no owners."""
MOST_EMBEDDED = 300
"""Sockets of all embedded figures together."""
GRACE = 30.0
"""Seconds that a run goes on after its owner's last page was closed."""
LONGEST_TEXT = 4096
"""Characters in a message or a draft's settings."""
REST = 1.0
"""Seconds that a viewer waits after a message that is too long."""
TURN = 0.0005
"""Seconds after which a thread that computes lets another have its turn. An order to a run is a
dozen short statements to the database, and after each it waits for the thread that draws."""


async def watch(websocket: WebSocket) -> None:
    """Serve one viewer until it leaves."""
    await serve(websocket, owner_of(websocket.cookies) or ANYBODY, MOST_SOCKETS)


async def watch_embedded(websocket: WebSocket) -> None:
    """Serve a figure that stands in another site's page; all of them share one bound."""
    if websocket.path_params["run"] == "draft":
        await websocket.close(1008, "Only a run can be embedded: train it first.")
        return
    await serve(websocket, EMBEDDED, MOST_EMBEDDED)


async def serve(websocket: WebSocket, owner: str, most: int) -> None:
    """Serve one viewer of an owner, who may have so many, until it leaves."""
    hub = current()
    if not welcome(websocket.headers):
        await websocket.close(1008, "This page may not watch runs of this server.")
        return
    if hub.sockets.get(owner, 0) >= most:
        await websocket.close(1013, "Too many figures are open: close some pages.")
        return
    try:
        request = asked(websocket.path_params, websocket.query_params)
    except RnnvizError as error:
        await websocket.accept()
        await websocket.send_text(json.dumps(Refused(error=str(error))))
        await websocket.close(1000)
        return
    await websocket.accept()
    hub.sockets[owner] = hub.sockets.get(owner, 0) + 1
    if owner != EMBEDDED:  # those who only look on keep no run going
        hub.engine.seen(owner)
    viewer = Viewer(websocket)
    hub.join(viewer, request)
    sending = asyncio.create_task(send(viewer))
    try:
        while True:
            text = await websocket.receive_text()
            if len(text) > LONGEST_TEXT:
                why = t("A message has at most {most} characters: send less.", most=LONGEST_TEXT)
                await websocket.send_text(json.dumps(Answered(ordered=None, refused=why)))
                await asyncio.sleep(REST)
            elif asked_for := orders.read(text):
                answer = await hub.answer("" if owner in (ANYBODY, EMBEDDED) else owner, asked_for)
                await websocket.send_text(json.dumps(answer))
            else:
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
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # it is gone already
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
    of_study = view_of(view).of_study
    choice = Choice.of(query)
    if run == "draft":
        text = query.get("plan" if of_study else "settings", "")
        if len(text) > LONGEST_TEXT:
            raise RunError("The settings in this address are too long.")
        draft = Plan.from_json(text) if of_study else Settings.from_json(text)
        return Request(view, None, draft, choice)
    store = current().engine.store
    # an unknown one is refused at once
    if is_trace(run) and not of_study:
        store.traces.get(run.removeprefix(PREFIX))
    else:
        store.studies.get(run) if of_study else store.runs.get(run)
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


async def has_trace(request: HTTPRequest) -> Response:
    """Answer 204 if this server's store has a kept trace, for `rnnviz.show` to find its server."""
    try:
        await asyncio.to_thread(current().engine.store.traces.get, request.path_params["id"])
    except RnnvizError:
        return Response(status_code=404)
    return Response(status_code=204)


async def words(request: HTTPRequest) -> Response:
    """Answer with what the page's scripts say, in a language."""
    return JSONResponse(for_scripts(request.path_params["language"]))


class Assets(StaticFiles):
    """Static files that a browser asks for again each time, so an upgrade is seen at once."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Add the header to what Starlette answers; an unchanged file costs a 304."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


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
        Route(f"{prefix()}/trace/{{id}}", has_trace),
        WebSocketRoute(f"{prefix()}/embedded/{{run}}/{{view}}", watch_embedded),
        Route(f"{prefix()}/embed/{{run}}/{{view}}", embed.page(prefix())),
        Route(f"{prefix()}/words/{{language}}", words),
        Mount(f"{prefix()}/plotly", Assets(directory=plotly_js)),
        Mount(f"{prefix()}/assets", Assets(directory=ROOT / "assets")),
    ]


def middleware() -> list[Middleware]:
    """Return the middleware that stands before Streamlit's."""
    return [Middleware(Speaking), Middleware(VisitorCookie), Middleware(embed.Framing)]


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
    sys.setswitchinterval(TURN)
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
