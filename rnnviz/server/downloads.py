"""The route that hands figures out as files, beside the live ones.

`/rnnviz/export/<run>/<view>.<format>?<the view's query>&preset=...&theme=...` is the file.
`<run>`, `draft` and the view's query are those of the live routes, `step` with them; the rest is
read by `rnnviz.export.Look.of`. `shown` is the step of a picture that follows its run, as it is on
screen. What cannot be done is answered with a sentence, as plain text; 503 says that this server
has no browser to draw with, and another that has one may.
"""

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

from starlette.requests import Request as Asked
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from rnnviz.errors import BrowserError, RnnvizError
from rnnviz.export.formats import FORMATS, write
from rnnviz.export.look import NO_FORMAT, QUERY, Look, known
from rnnviz.export.shown import MOST_ROUNDS, picture_of, source_of
from rnnviz.export.source import Source
from rnnviz.looks import VIEWS, draw
from rnnviz.plots.style import FigureDict
from rnnviz.server import live
from rnnviz.server.hub import FAULT, Hub, Request
from rnnviz.server.visitors import owner_of, welcome
from rnnviz.words import t

log = logging.getLogger(__name__)

MOST_AT_ONCE = 4
"""Files that one visitor may wait for at the same time."""
LONGEST = 16384
"""Characters of an address that is read."""

_writing = ThreadPoolExecutor(4, "rnnviz-export")
_waiting: dict[str, int] = {}


@dataclass(frozen=True)
class Wish:
    """A picture that somebody wants, how it is to look, and the address of the page."""

    request: Request
    look: Look
    link: str


def routes() -> list[BaseRoute]:
    """Return the route, to stand beside the live ones."""
    return [Route(f"{live.prefix()}/export/{{run}}/{{file}}", download, methods=["GET"])]


async def download(asked: Asked) -> Response:
    """Answer with a figure as a file."""
    owner = owner_of(asked.cookies) or "anybody"
    if refused := refusal(asked):
        return refused
    if _waiting.get(owner, 0) >= MOST_AT_ONCE:
        return PlainTextResponse(t("Wait until your other files are there, then try again."), 429)
    _waiting[owner] = _waiting.get(owner, 0) + 1
    try:
        return await _file(asked)
    except BrowserError as error:
        return PlainTextResponse(str(error), 503)
    except RnnvizError as error:
        return PlainTextResponse(str(error), 400)
    except Exception:  # as for the live views: the log has it, the visitor a sentence
        log.exception("The export %s failed", asked.url.path)
        return PlainTextResponse(t(FAULT), 500)
    finally:
        _waiting[owner] -= 1
        if not _waiting[owner]:
            del _waiting[owner]


def refusal(asked: Asked) -> Response | None:
    """Return what to answer to whoever may not export from this server."""
    if not may_download(asked.headers):
        return PlainTextResponse(t("This page may not export from this server."), 403)
    if len(str(asked.url)) > LONGEST:
        return PlainTextResponse(t("This address is too long to be read."), 414)
    return None


def may_download(headers: Mapping[str, str]) -> bool:
    """Return whether a request comes from a page of this server, or was typed as an address.

    A browser sends no Origin with a download, but says in Sec-Fetch-Site who asks.
    """
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    host = headers.get("host", "")
    return welcome({"host": host, "origin": headers.get("origin") or f"http://{host}"})


def wish_of(view: str, run: str, query: Mapping[str, str], link: str) -> Wish:
    """Read what an address asks for.

    Raises
    ------
    RnnvizError
        If it has no meaning.
    """
    look = Look.of(query)
    inner = {name: text for name, text in query.items() if not name.startswith(QUERY)}
    shown = inner.pop("shown", "")
    # a curve over all steps would mark the step that it is given
    if "step" not in inner and shown and view in VIEWS and not VIEWS[view].every_step:
        inner["step"] = shown
    if look.theme == "dark":
        inner["theme"] = "dark"
    return Wish(live.asked({"view": view, "run": run}, inner), look, link[:2000])


async def picture(hub: Hub, wish: Wish) -> tuple[FigureDict, Source]:
    """Draw a view in the thread of all views, in the parts in which it comes.

    Raises
    ------
    ExportError
        If the view has no figure.
    """
    request, choice = wish.request, wish.request.choice
    for _ in range(MOST_ROUNDS):
        message = await hub.work(
            lambda: draw(hub.gallery, request.view, request.run, request.draft, choice)
        )
        made = picture_of(message, choice)
        if not message.get("unfinished"):
            break
    said = [pair for pair in choice.asked if pair[0] not in ("settings", "plan")]
    asked = type(choice)(asked=tuple(said))
    source = await hub.work(
        lambda: source_of(
            hub.engine.store, request.view, request.run, request.draft, asked,
            int(message["step"]), wish.link,
        )
    )  # fmt: skip
    return made, source


async def _file(asked: Asked) -> Response:
    view, _, format = asked.path_params["file"].rpartition(".")
    known(format, FORMATS, NO_FORMAT)
    link = asked.headers.get("referer", "")
    wish = wish_of(view, asked.path_params["run"], dict(asked.query_params), link)
    figure, source = await picture(live.current(), wish)
    loop = asyncio.get_running_loop()
    spoken = copy_context().run  # in the language of the request
    job = partial(write, figure, format, wish.look, source)
    made = await loop.run_in_executor(_writing, spoken, job)
    return Response(
        made, media_type=FORMATS[format].media, headers=file_headers(f"rnnviz-{view}.{format}")
    )


def file_headers(name: str) -> dict[str, str]:
    """Return what is said of a file: to be kept under a name, and never a page of ours."""
    return {
        "Content-Disposition": f'attachment; filename="{quote(name)}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox",
    }
