"""The routes for what takes longer than a file: lecture bundles and animations (jobs.py).

    POST   /rnnviz/make/<what>/<run>/<view>?<the view's query>&preset=...
    GET    /rnnviz/made/<work>        {"done": 3, "total": 12, "says": "...", "ready": false}
    GET    /rnnviz/made/<work>/file
    DELETE /rnnviz/made/<work>

`<what>` is "bundle", with `figures=loss,gates,...`, or "animation", with `over=training` or
`over=time` and `as=html`, `gif` or `mp4`. `GET /rnnviz/make/bundle` says which figures a bundle
may have.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import TimeoutError as NotYet
from dataclasses import replace
from typing import Any

from starlette.requests import Request as Asked
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from rnnviz.errors import BrowserError, ExportError, RnnvizError
from rnnviz.export.animation import MOVING, animate
from rnnviz.export.browser import find_browser
from rnnviz.export.bundle import bundle, bundled, dozen
from rnnviz.export.frames import OVER, over_time, over_training
from rnnviz.export.movie import find_ffmpeg
from rnnviz.export.source import Source
from rnnviz.plots.style import FigureDict
from rnnviz.server import live
from rnnviz.server.downloads import Wish, file_headers, picture, refusal, wish_of
from rnnviz.server.hub import Hub, Request
from rnnviz.server.jobs import STOPPED, Work
from rnnviz.server.visitors import owner_of
from rnnviz.views import Choice
from rnnviz.words import N_, t

log = logging.getLogger(__name__)

GONE = N_("This is not being made any more: ask for it again.")
OWN = ("figures", "over", "as")
"""What of an address is for what is made, and not for the view."""
PATIENCE = 1.0
"""Seconds between two looks whether a visitor still wants what is drawn for them."""


def routes() -> list[BaseRoute]:
    """Return the routes, to stand beside the live ones."""
    made = f"{live.prefix()}/made/{{work}}"
    return [
        Route(f"{live.prefix()}/make/bundle", listed, methods=["GET"]),
        Route(f"{live.prefix()}/make/{{what}}/{{run}}/{{view}}", begin, methods=["POST"]),
        Route(made, standing, methods=["GET"]),
        Route(made, stop, methods=["DELETE"]),
        Route(f"{made}/file", fetch, methods=["GET"]),
    ]


async def begin(asked: Asked) -> Response:
    """Begin to make something, and say what the work is called."""
    if refused := refusal(asked):
        return refused
    query = dict(asked.query_params)
    path = asked.path_params
    try:
        if path["what"] not in MAKERS:
            raise ExportError(
                "There is no {what!r}: take {known}.",
                what=path["what"][:20],
                known=", ".join(MAKERS),
            )
        own = {name: query.pop(name, "") for name in OWN}
        wish = wish_of(path["view"], path["run"], query, asked.headers.get("referer", ""))
        hub = live.current()
        name, make = MAKERS[path["what"]](hub, wish, own, asyncio.get_running_loop())
        work = hub.workshop.begin(owner_of(asked.cookies) or "anybody", name, make)
    except BrowserError as error:
        return PlainTextResponse(str(error), 503)
    except RnnvizError as error:
        return PlainTextResponse(str(error), 400)
    return JSONResponse({"work": work})


async def listed(asked: Asked) -> Response:
    """Say which figures a bundle may have, and which it has if nobody chooses."""
    figures = {view: t(words) for view, words in bundled().items()}
    return refusal(asked) or JSONResponse({"figures": figures, "chosen": dozen()})


async def standing(asked: Asked) -> Response:
    """Say how far a work is."""
    work = _work(asked)
    if work is None:
        return PlainTextResponse(t(GONE), 404)
    told = {
        "done": work.done, "total": work.total, "says": str(work.says), "error": work.error,
        "ready": work.ready, "name": work.name,
    }  # fmt: skip
    return JSONResponse(told, headers={"Cache-Control": "no-store"})


async def fetch(asked: Asked) -> Response:
    """Answer with the file."""
    work = _work(asked)
    if work is None or not work.ready:
        return PlainTextResponse(t(GONE), 404)
    return FileResponse(work.path, headers=file_headers(work.name))


async def stop(asked: Asked) -> Response:
    """Stop a work, or forget its file."""
    if _work(asked) is not None:
        live.current().workshop.forget(asked.path_params["work"])
    return Response(status_code=204)


def _work(asked: Asked) -> Work | None:
    if refusal(asked):
        return None
    owner = owner_of(asked.cookies) or "anybody"
    return live.current().workshop.find(owner, asked.path_params["work"])


def _bundle(
    hub: Hub, wish: Wish, own: dict[str, str], loop: asyncio.AbstractEventLoop
) -> tuple[str, Callable[[Work], object]]:
    run = wish.request.run
    if run is None or wish.request.of_study:
        raise ExportError("A lecture is packed of a run: train one, then ask again.")
    settings = hub.engine.store.runs.get(run).settings
    views = own["figures"].split(",") if own["figures"] else dozen()
    choice = wish.request.choice

    def make(work: Work) -> object:
        def draw(view: str, asked: Choice) -> tuple[FigureDict, Source]:
            return drawn(
                hub, Wish(Request(view, run, None, asked), wish.look, wish.link), work, loop
            )

        said = {name: text for name, text in choice.asked if name not in ("settings", "plan")}
        return bundle(
            hub.engine.store, run, work.path, views=views, step=choice.step, look=wish.look,
            choice=said, draw=draw, tell=work.tell, link=wish.link,
        )  # fmt: skip

    return f"rnnviz-{settings.task}-{settings.cell}-lecture.zip", make


def _animation(
    hub: Hub, wish: Wish, own: dict[str, str], loop: asyncio.AbstractEventLoop
) -> tuple[str, Callable[[Work], object]]:
    request, format = wish.request, own["as"]
    if own["over"] not in OVER or format not in MOVING:
        raise ExportError("Animate over training or time, as {formats}.", formats=", ".join(MOVING))
    if own["over"] == "training" and (request.run is None or request.of_study):
        raise ExportError("Only a run can be animated over training: train one, then ask again.")
    if format != "html":
        find_browser()
    if format == "mp4":
        find_ffmpeg()

    def make(work: Work) -> object:
        def draw(step: int | None) -> FigureDict:
            at = replace(request, choice=replace(request.choice, step=step))
            return drawn(hub, Wish(at, wish.look, wish.link), work, loop)[0]

        if own["over"] == "training":
            assert request.run is not None
            kept = hub.engine.store.runs.checkpoint_steps(request.run)
            frames = over_training(kept, draw, lambda d, n, says: work.tell(d, 2 * n, says))
        else:
            frames = over_time(draw(request.choice.step))
        return animate(
            frames, work.path, format=format, look=wish.look,
            tell=lambda d, n, says: work.tell(n + d, 2 * n, says),
        )  # fmt: skip

    return f"rnnviz-{request.view}-over-{own['over']}.{format}", make


def drawn(
    hub: Hub, wish: Wish, work: Work, loop: asyncio.AbstractEventLoop
) -> tuple[FigureDict, Source]:
    """Let the thread of all views draw one, and wait for it while the visitor wants it.

    Raises
    ------
    ExportError
        If the visitor stopped the work.
    """
    future = asyncio.run_coroutine_threadsafe(picture(hub, wish), loop)
    while True:
        try:
            return future.result(PATIENCE)
        except NotYet:
            if future.done():
                raise
            if work.stop.is_set():
                future.cancel()
                raise ExportError(STOPPED) from None


MAKERS: dict[str, Any] = {"bundle": _bundle, "animation": _animation}
