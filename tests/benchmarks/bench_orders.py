"""From the click on Pause, in a real Chromium, to the worker's stop and to the word on the bar.

With `--before PATH`, a checkout of another version, each pause is measured there too, in turns,
and ours has to take at most half as long. Prints medians over many pauses of a run that trains
with its three live charts on screen.
"""

import argparse
import os
import random
import sqlite3
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.conftest import COMMAND, ROOT, end, start  # noqa: E402
from tools.browser import find_browser  # noqa: E402

ARGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
LINK = "/?steps=1000000"
SHARE, ALONE = 0.5, 0.2
"""The bar: of what another version takes; without one, in seconds."""
LOOK = 0.001
"""Seconds between two looks at the store."""
FIGURES = ".rnnviz-figure[data-drawn]"
BAR = ".rnnviz-transport[data-state={}]"

CLOCK = """() => {
  const now = () => (performance.timeOrigin + performance.now()) / 1000;
  document.addEventListener('click', () => { window.clicked = now(); }, true);
  new MutationObserver(() => {
    const { state } = document.querySelector('.rnnviz-transport').dataset;
    if (state === 'paused') window.told ??= now();
  }).observe(document.body, {attributes: true, subtree: true, attributeFilter: ['data-state']});
}"""


class Took(NamedTuple):
    """Seconds from the click to the worker's stop, and until the bar says so."""

    stop: float
    told: float


class Version:
    """A checkout that is served, with a page that shows a run of it."""

    def __init__(self, name: str, folder: Path, checkout: Path, stack: ExitStack) -> None:
        self.name = name
        self.took: list[Took] = []
        folder.mkdir()
        self.server = start(folder, (*COMMAND, "--port", "{port}"), checkout, dict(os.environ))
        stack.callback(end, self.server)
        file = f"file:{folder / 'runs.sqlite'}?mode=ro"
        self.store = stack.enter_context(closing(sqlite3.connect(file, uri=True)))

    def open(self, browser: Browser) -> None:
        """Begin a run, and pause it once: what is only loaded at first use is no order's cost."""
        self.page: Page = browser.new_page(viewport={"width": 1440, "height": 900})
        self.page.goto(self.server.url + LINK)
        self.page.locator(FIGURES).nth(2).wait_for()
        self.page.evaluate(CLOCK)
        self.press("Train")
        self.page.locator(BAR.format("running")).wait_for()
        self.page.wait_for_timeout(3000)
        self.press("Pause")
        self.page.locator(BAR.format("paused")).wait_for()

    def press(self, name: str) -> None:
        """Click on a button of the bar."""
        self.page.locator(".rnnviz-orders").get_by_role("button", name=name).click()

    def stopped(self) -> float:
        """Wait until no worker trains; return when, in seconds since 1970."""
        trains = "select count(*) from runs where state = 'running'"
        while self.store.execute(trains).fetchone()[0]:
            time.sleep(LOOK)
        return time.time()

    def measure(self) -> None:
        """Let the run go on for a while, at any moment of its polls, and pause it."""
        self.press("Resume")
        self.page.locator(BAR.format("running")).wait_for()
        self.page.wait_for_timeout(1000 * random.uniform(0.8, 1.2))
        self.page.evaluate("() => { window.told = null; }")
        self.press("Pause")
        stop = self.stopped()
        self.page.locator(BAR.format("paused")).wait_for()
        clicked, told = self.page.evaluate("() => [window.clicked, window.told]")
        self.took.append(Took(stop - clicked, told - clicked))


def main() -> int:
    """Print the times and return 1 if the worker's stop takes too long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", type=Path, help="a checkout of another version")
    parser.add_argument("--pauses", type=int, default=20)
    options = parser.parse_args()
    with ExitStack() as stack, sync_playwright() as play:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        versions = [Version("here", folder / "here", ROOT, stack)]
        if options.before:
            there = options.before.resolve()
            versions.append(Version("before", folder / "before", there, stack))
        browser = play.chromium.launch(executable_path=find_browser(), args=ARGS)
        for version in versions:
            version.open(browser)
        for _ in range(options.pauses):
            for version in random.sample(versions, len(versions)):
                version.measure()
        browser.close()
    medians = []
    for version in versions:
        stop, told = np.median(version.took, axis=0)
        highest = np.max(version.took, axis=0)[0]
        medians.append(stop)
        shown = (
            f"stop {1000 * stop:4.0f} ms (at most {1000 * highest:.0f}), told {1000 * told:4.0f} ms"
        )
        print(f"{version.name:8} {shown}")
    bar = SHARE * medians[1] if options.before else ALONE
    good = medians[0] <= bar
    print(f"bar: {1000 * bar:.0f} ms   {'ok' if good else 'ABOVE THE BAR'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
