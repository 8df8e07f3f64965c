"""The live page as a visitor has it: a real Chromium, a real server, a run in a worker.

Prints, each beside its bar: seconds from the click on Train to the first pictures of the run,
new pictures a second of the three charts, remounts, whether a zoom was kept, console errors, what
the server process itself used of a core, and the worker's steps a second, watched, as a share of
those of a bare torch loop that has the machine to itself afterwards.
"""

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median

import psutil
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from rnnviz.settings import Settings  # noqa: E402
from tests.benchmarks.bench_training import bare_loop  # noqa: E402
from tests.browser.test_train import zoom  # noqa: E402
from tests.conftest import COMMAND, ROOT, end, start  # noqa: E402
from tools.browser import find_browser  # noqa: E402

ARGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
SETTINGS = Settings(steps=1_000_000)
ROUNDS, SECONDS = 6, 10.0
LINK = f"/?steps={SETTINGS.steps}"
STEP = "() => Number(document.querySelector('.rnnviz-transport').dataset.step)"

WATCH = """() => {
  window.bench = [...document.querySelectorAll('.rnnviz-figure')].map((home) => ({
    home, node: home.querySelector('.rnnviz-plot .main-svg'), from: Number(home.dataset.drawn),
  }));
}"""
RESULT = """() => ({
  drawn: bench.map((each) => Number(each.home.dataset.drawn) - each.from),
  same: bench.map((each) => each.home.isConnected && each.node.isConnected),
  zoom: bench[2].home.querySelector('.rnnviz-plot')._fullLayout.xaxis.range,
})"""
SHOWN = """(run) => [...document.querySelectorAll('.rnnviz-figure')]
  .every((home) => home.dataset.run === run && home.dataset.run !== 'draft')"""


def first_pictures(page: Page) -> float:
    """Press Train; return the seconds until all three charts show the new run."""
    begun = time.perf_counter()
    page.get_by_role("button", name="Train").click()
    page.wait_for_function("() => new URL(location).searchParams.get('run')", polling=20)
    run = page.evaluate("() => new URL(location).searchParams.get('run')")
    page.wait_for_function(SHOWN, arg=run, polling=20)
    return time.perf_counter() - begun


def measure(page: Page, server: psutil.Process, seconds: float) -> dict[str, object]:
    """Watch three live charts for a while; the page must be open and idle."""
    complaints: list[str] = []
    page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    first = first_pictures(page)
    page.wait_for_timeout(2000)
    page.evaluate(WATCH)
    zoomed = zoom(page)
    used, begun = sum(server.cpu_times()[:2]), time.perf_counter()
    page.wait_for_timeout(seconds * 1000)
    took = time.perf_counter() - begun
    result = page.evaluate(RESULT)
    return {
        "first pictures, s": first,
        "pictures a second": min(result["drawn"]) / took,
        "remounts": result["same"].count(False),
        "zoom kept": result["zoom"] == zoomed,
        "console errors": complaints,
        "server, share of a core": (sum(server.cpu_times()[:2]) - used) / took,
    }


def watched(page: Page) -> float:
    """Return the steps a second of the run that the page shows, live all the time."""
    page.wait_for_timeout(2000)
    begun, step = time.perf_counter(), page.evaluate(STEP)
    page.wait_for_timeout(SECONDS * 1000)
    return (page.evaluate(STEP) - step) / (time.perf_counter() - begun)


def share(page: Page, bare: ProcessPoolExecutor) -> float:
    """Return the watched worker's share of the bare loop's speed: the median over rounds.

    Each round compares with what the bare loop did just before and just after it.
    """

    def alone() -> float:
        page.get_by_role("button", name="Pause").click()
        page.get_by_role("button", name="Resume").wait_for()
        page.wait_for_timeout(1000)
        speed = bare.submit(bare_loop, SETTINGS, SECONDS).result()
        page.get_by_role("button", name="Resume").click()
        return speed

    bare.submit(bare_loop, SETTINGS, 1.0).result()  # load what torch needs
    shares, before = [], alone()
    for _ in range(ROUNDS):
        ours, after = watched(page), alone()
        shares.append(2 * ours / (before + after))
        print(f"  bare {before:.0f}/s, watched {ours:.0f}/s, bare {after:.0f}/s: {shares[-1]:.3f}")
        before = after
    return median(shares)


BARS = {
    "first pictures, s": lambda value: value < 2,
    "pictures a second": lambda value: value >= 5,
    "remounts": lambda value: value == 0,
    "zoom kept": lambda value: value,
    "console errors": lambda value: not value,
    "server, share of a core": lambda value: value < 0.3,
    "share of a bare loop's": lambda value: value >= 0.9,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as play,
        ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as bare,
    ):
        server = start(Path(folder), (*COMMAND, "--port", "{port}"), ROOT, dict(os.environ))
        try:
            browser = play.chromium.launch(executable_path=find_browser(), args=ARGS)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(server.url + LINK)
            page.wait_for_selector(".rnnviz-figure[data-drawn]")
            page.wait_for_timeout(3000)
            figures = measure(page, psutil.Process(server.process.pid), options.seconds)
            figures["share of a bare loop's"] = share(page, bare)
            browser.close()
        finally:
            end(server)
    good = True
    for name, value in figures.items():
        met = bool(BARS[name](value))
        good &= met
        shown = f"{value:.2f}" if isinstance(value, float) else json.dumps(value)
        print(f"{name:28} {shown:>10}   {'ok' if met else 'BELOW THE BAR'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
