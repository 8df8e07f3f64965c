"""Keeps what is watched up to date: the newest state of a run -> a view -> a message.

A view is computed once however many watch it, in one thread of its own.
"""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import TypeVar, cast

import plotly.io
from starlette.websockets import WebSocket

from rnnviz.data.sources import InMemory
from rnnviz.engine.supervisor import Engine
from rnnviz.errors import RnnvizError
from rnnviz.looks import VIEWS, draw
from rnnviz.plan import Plan
from rnnviz.plots.packed import packed
from rnnviz.server import orders
from rnnviz.server.jobs import Workshop
from rnnviz.settings import Settings
from rnnviz.store.rows import Head
from rnnviz.store.traces import PREFIX, is_trace
from rnnviz.views import Choice, Gallery
from rnnviz.views.messages import Answered, FigureMessage, Refused
from rnnviz.words import N_, speaking, t

log = logging.getLogger(__name__)

T = TypeVar("T")

POLL = 0.05
"""Seconds between two looks at a run that is watched, unless an order was given."""
TOGETHER = 0.1
"""Seconds that a picture waits, at most, for the others of the same round: a browser that gets them
together lays its page out once, and not while the server still draws."""
FAULT = N_(
    "This picture could not be drawn: a fault of rnnviz's, the server's log has the details."
)


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
    picture: bool = True
    """Whether it is drawn; a status is only said, and waits for no picture."""
    unfinished: bool = False
    """Whether the view has more to say of the same state: it did a part of a longer work."""
    drawn: float = 0.0
    """When it was drawn last, in seconds of the monotonic clock."""


def tell(channels: list[Channel]) -> None:
    """Wake whoever watches these channels, and clear the list."""
    for channel in channels:
        for viewer in channel.viewers:
            viewer.wake.set()
    channels.clear()


class Hub:
    """Keeps the channels that somebody watches up to date."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.brought = InMemory(engine.store.data)
        """Data sets that are looked at before anybody keeps them; the store's behind them."""
        self.gallery = Gallery(engine.store, self.brought)
        self.channels: dict[Request, Channel] = {}
        self.sockets: dict[str, int] = {}
        self.workshop = Workshop()
        self._drawing = ThreadPoolExecutor(1, "rnnviz-draw")
        self._refresher: asyncio.Task[None] | None = None
        self._joined = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ordered = asyncio.Event()
        self._pace = orders.Pace()

    async def __aenter__(self) -> "Hub":
        """Begin to keep the channels up to date."""
        self._loop = asyncio.get_running_loop()
        self._refresher = asyncio.create_task(self._refresh())
        return self

    async def __aexit__(self, *error: object) -> None:
        """Stop, whatever is being drawn."""
        self._loop = None
        if self._refresher:
            self._refresher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._refresher
        self.workshop.close()
        self._drawing.shutdown(wait=False, cancel_futures=True)

    async def work(self, do: Callable[[], T]) -> T:
        """Do something with the gallery in the one thread that may; it speaks as the caller."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._drawing, copy_context().run, do)

    def order(self, who: str, order: object, values: Mapping[str, object]) -> None:
        """Give an order (`orders.give`) from any thread; workers and pictures follow at once."""
        orders.give(self.engine.store, who, order, values)
        self.stir()

    def stir(self) -> None:
        """Let workers and pictures look at once whether there is something new."""
        self.engine.wake()
        if loop := self._loop:
            loop.call_soon_threadsafe(self._ordered.set)

    async def answer(self, who: str, asked: orders.Asked) -> Answered:
        """Give the order that a visitor's socket brought, if it can be; return what to answer."""

        def do() -> None:
            self.order(who, asked.order, asked.values)

        if not self._pace.allows(who):
            return {"ordered": asked.id, "refused": t(orders.TOO_MANY)}
        return await asyncio.to_thread(orders.answer, asked, do)

    def join(self, viewer: Viewer, request: Request) -> None:
        """Let a viewer watch `request` instead of what it watched before."""
        self.leave(viewer)
        channel = self.channels.setdefault(request, Channel(request))
        channel.viewers.add(viewer)
        viewer.channel = channel
        self._joined.set()
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
            if not self.channels:  # nobody looks: sleep until somebody does
                self._joined.clear()
                await self._joined.wait()
            started = time.monotonic()
            stale = await loop.run_in_executor(
                self._drawing, self._stale, list(self.channels.values())
            )
            stale.sort(key=lambda each: each[0].picture)
            waiting: list[Channel] = []
            with self.gallery.moment():
                for channel, head in stale:
                    if channel.viewers:
                        draw_it = loop.run_in_executor(self._drawing, self._draw, channel)
                        channel.latest, channel.head = await draw_it, head
                        channel.drawn = time.monotonic()
                        if not channel.picture:
                            tell([channel])
                            continue
                        waiting.append(channel)
                        if channel.drawn - started > TOGETHER:
                            tell(waiting)
            tell(waiting)
            if started - seen > 2:
                seen = started
                for owner in list(self.sockets):
                    self.engine.seen(owner)
            with contextlib.suppress(TimeoutError):
                rest = max(0.01, POLL - (time.monotonic() - started))
                await asyncio.wait_for(self._ordered.wait(), rest)
            self._ordered.clear()

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
            if is_trace(run):
                return store.traces.head(run.removeprefix(PREFIX))
            return store.studies.head(run) if of_study else store.runs.head(run)
        except RnnvizError as error:
            return str(error)

    def _draw(self, channel: Channel) -> str:
        with speaking(channel.request.choice.lang):
            return self._message(channel)

    def _message(self, channel: Channel) -> str:
        request = channel.request
        try:
            message = draw(self.gallery, request.view, request.run, request.draft, request.choice)
        except RnnvizError as error:
            channel.unfinished = False
            return json.dumps(Refused(view=request.view, error=str(error)))
        except Exception:  # one view's fault must not end all views of all visitors
            channel.unfinished = False
            log.exception("The view %s could not be drawn", request.view)
            return json.dumps(Refused(view=request.view, error=t(FAULT)))
        channel.unfinished = bool(message.pop("unfinished", False))
        channel.picture = "status" not in message
        if "figure" in message:
            drawn = cast(FigureMessage, message)
            drawn["figure"] = packed(drawn["figure"])
        text = plotly.io.to_json(message, validate=False)
        assert isinstance(text, str)
        return text
