"""One kept browser that draws figures: PNG, SVG and PDF, one at a time, for whichever thread asks.

plotly.js draws in a real Chromium, so what is exported is what is on screen. The browser starts
with the first figure and stays; a thread of its own talks to it, so nobody's event loop waits. Its
page has no address and no network: a figure can fetch nothing. Kaleido, which is for
`figure.write_image`, starts a browser for each figure (2 s, here 0.1 s), has no type of its own and
draws no cell.
"""

import asyncio
import atexit
import base64
import contextlib
import logging
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import TimeoutError as TooLong
from pathlib import Path
from typing import Any

import plotly
import plotly.io

from rnnviz.errors import BrowserError, ExportError
from rnnviz.export.svg import FACES, face, standing_alone
from rnnviz.plots.style import FigureDict
from rnnviz.words import N_

log = logging.getLogger(__name__)

MISSING = N_(
    "PNG, SVG, PDF, PPTX and GIF need a Chromium or Chrome on the machine that runs rnnviz: "
    "install one (Debian: apt-get install chromium) or set BROWSER_PATH to its path. "
    "HTML, TeX, CSV and the code work without."
)
SLOW = 30.0
"""Seconds that one figure may take."""
IDLE = 600.0
"""Seconds after which a browser that nobody used is closed; the next figure starts a new one."""
MOST_WAITING = 64
"""Figures that may wait for the browser at the same time."""
PAGE = """
document.head.insertAdjacentHTML('beforeend', '<style>FACES' +
  '@page{margin:0}html,body{margin:0;padding:0;overflow:hidden}</style>');
document.body.innerHTML = '<div id="home"></div>';
window.paint = async (text, width, height, svg) => {
  const spec = JSON.parse(text), home = document.getElementById('home');
  await Promise.all(['400', '600', '700'].map(
    (weight) => document.fonts.load(weight + ' 13px Inter', 'aλ∂')));
  Plotly.purge(home);
  home.replaceChildren();
  if (spec.svg) {
    const drawing = new DOMParser().parseFromString(spec.svg, 'image/svg+xml').documentElement;
    drawing.style.display = 'block';
    home.append(document.importNode(drawing, true));
    document.body.style.background = spec.paper;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    return '';
  }
  const layout = { ...spec.layout, width, height, autosize: false };
  await Plotly.newPlot(home, spec.data, layout, { staticPlot: true, displayModeBar: false });
  document.body.style.background = layout.paper_bgcolor ?? '#ffffff';
  if (svg) {
    return Plotly.toImage(home, { format: 'svg', imageDataOnly: true, width, height });
  }
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return '';
};
"""


def find_browser() -> str:
    """Return the path of a browser: BROWSER_PATH, or what choreographer finds.

    That is a Chrome which `plotly_get_chrome` has downloaded, or a Chrome, Chromium, Edge, Brave
    or Vivaldi on the PATH or where it is installed by default.

    Raises
    ------
    BrowserError
        If there is none.
    """
    from choreographer.browsers.chromium import Chromium

    path = os.environ.get("BROWSER_PATH") or Chromium.find_browser(skip_local=False)
    if not path or not Path(path).is_file():
        raise BrowserError(MISSING)
    return path


def paint(
    figure: FigureDict, format: str, width: int, height: int, zoom: float, scale: int
) -> bytes:
    """Draw a figure and return the file.

    Parameters
    ----------
    figure : dict
        As `prepare` gives it, or `{"svg": <text>}`, a drawing of ours as large as the result.
    format : str
        "png", "svg" or "pdf".
    width, height : int
        CSS pixels of the result.
    zoom : float
        By how much type and lines are larger than the figure says.
    scale : int
        Pixels of a PNG for each CSS pixel.

    Raises
    ------
    BrowserError
        If there is no browser, it fails twice, or too many wait.
    ExportError
        If plotly.js refuses the figure.
    """
    text = plotly.io.to_json(figure, validate=False)
    return _browser().paint(text, format, (width, height, zoom, scale))


class Browser:
    """A thread with an event loop, and a Chromium with one page that it talks to."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._turn = asyncio.Lock()
        self._chromium: Any = None
        self._tab: Any = None
        self._waiting = 0
        self._guard = threading.Lock()
        self._idle: asyncio.TimerHandle | None = None
        threading.Thread(target=self._loop.run_forever, daemon=True, name="rnnviz-paint").start()

    def paint(self, text: str, format: str, size: tuple[int, int, float, int]) -> bytes:
        """Wait for a turn and draw; a browser that has died is started again, once."""
        path = find_browser()
        with self._guard:
            if self._waiting >= MOST_WAITING:
                raise BrowserError("Too many figures are being exported: try again in a moment.")
            self._waiting += 1
        try:
            done = asyncio.run_coroutine_threadsafe(
                self._in_turn(path, text, format, size), self._loop
            )
            return done.result(MOST_WAITING * SLOW)
        except TooLong:
            done.cancel()
            raise BrowserError("The browser took too long: export a smaller figure.") from None
        finally:
            with self._guard:
                self._waiting -= 1

    async def _in_turn(
        self, path: str, text: str, format: str, size: tuple[int, int, float, int]
    ) -> bytes:
        async with self._turn:
            if self._idle:
                self._idle.cancel()
            try:
                for last in (False, True):
                    try:
                        drawing = self._draw(path, text, format, size)
                        return await asyncio.wait_for(drawing, SLOW)
                    except ExportError:
                        raise
                    # whatever a browser that died makes of its pipe; it also cancels what waits
                    except (Exception, asyncio.CancelledError) as error:
                        task = asyncio.current_task()
                        if task is not None and task.cancelling():
                            raise
                        log.warning("The browser failed at a figure.", exc_info=error)
                        await self._close()
                        if last:
                            raise BrowserError(
                                "The browser could not draw this figure: the log has the details."
                            ) from error
                raise AssertionError("the loop returns or raises")
            finally:
                self._idle = self._loop.call_later(IDLE, self._let_go)

    async def _draw(
        self, path: str, text: str, format: str, size: tuple[int, int, float, int]
    ) -> bytes:
        if self._tab is None:
            await self._open(path)
        width, height, zoom, scale = size
        wide, high = round(width / zoom), round(height / zoom)
        view = {"width": wide, "height": high, "deviceScaleFactor": 1, "mobile": False}
        await self._send("Emulation.setDeviceMetricsOverride", view)
        call = {
            "functionDeclaration": "(...given) => window.paint(...given)",
            "arguments": [{"value": each} for each in (text, wide, high, format == "svg")],
            "executionContextId": self._context,
            "awaitPromise": True,
            "returnByValue": True,
        }
        done = await self._send("Runtime.callFunctionOn", call)
        if "exceptionDetails" in done:
            said = str(done["exceptionDetails"].get("exception", {}).get("description", ""))
            raise ExportError(
                "plotly.js cannot draw this figure: {reason}", reason=said.splitlines()[0][:200]
            )
        if format == "svg":
            drawn = done["result"]["value"]
            return standing_alone(drawn, (width, height), (wide, high)).encode()
        if format == "pdf":
            page = {"paperWidth": width / 96, "paperHeight": height / 96, "scale": zoom,
                    "printBackground": True, "pageRanges": "1"}  # fmt: skip
            margins = {f"margin{side}": 0 for side in ("Top", "Bottom", "Left", "Right")}
            return base64.b64decode((await self._send("Page.printToPDF", page | margins))["data"])
        # whole device pixels: the picture is exactly as large as the preset says
        factor = {"x": 0, "y": 0, "width": width / zoom, "height": height / zoom}
        clip = {"clip": {**factor, "scale": zoom * scale}, "format": "png"}
        return base64.b64decode((await self._send("Page.captureScreenshot", clip))["data"])

    async def _open(self, path: str) -> None:
        import choreographer

        self._chromium = choreographer.Browser(path=path, headless=True)
        await self._chromium.open()
        self._tab = await self._chromium.create_tab("about:blank")
        await self._send("Network.enable")
        await self._send("Network.setBlockedURLs", {"urls": ["*://*"]})
        source = (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_text(
            "utf-8"
        )
        page = PAGE.replace("FACES", "".join(map(face, FACES)))
        for script in (source, page):
            await self._send("Runtime.evaluate", {"expression": f"{script}\n;0"})
        ready = self._tab.subscribe_once("Runtime.executionContextCreated")
        await self._send("Runtime.enable")
        self._context = (await ready)["params"]["context"]["id"]

    async def _send(self, command: str, given: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = await self._tab.send_command(command, params=given or {})
        if "error" in answer:
            raise RuntimeError(f"{command}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _let_go(self) -> None:
        if not self._turn.locked():
            self._closing = self._loop.create_task(self._close())

    async def _close(self) -> None:
        chromium, self._chromium, self._tab = self._chromium, None, None
        if chromium is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(chromium.close(), 5)

    def close(self) -> None:
        """End the browser's processes."""
        with contextlib.suppress(Exception):
            _wait(self._close(), self._loop)


def _wait(work: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop) -> None:
    asyncio.run_coroutine_threadsafe(work, loop).result(8)


_kept: Browser | None = None
_making = threading.Lock()


def _browser() -> Browser:
    global _kept
    with _making:
        if _kept is None:
            _kept = Browser()
            atexit.register(_kept.close)
        return _kept
