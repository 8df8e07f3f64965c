"""From a changed control to the new picture, in a real Chromium at T=100, H=64.

Prints for each page the median and the 95th percentile over many clicks, each from the click, as
the page gets it, to the frame after the last picture that it changes. (For Anatomy, see
bench_anatomy.py.)
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.conftest import COMMAND, ROOT, end, start  # noqa: E402
from tools.browser import find_browser  # noqa: E402

ARGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
SIZE = "length=100&hidden=64"
MEDIAN, HIGHEST = 0.3, 0.7

# Address, and the words of the buttons that are pressed in turn, each of which changes a picture.
CONTROLS = {
    "Train, signal": ("/", ("h hidden", "f forget")),
    "Train, loss": ("/", ("∂ of all", "∂ of last answer")),
    "Gates, how much": ("/gates", ("one signal, enlarged", "all")),
    "Gates, values": ("/gates", ("pre-activation", "activation")),
    "Gates, what": ("/gates", ("saturation", "memory", "weights", "signals")),
    "Gradients, signals": ("/gradients", ("pre-activations", "gates, states")),
    "Gradients, what": ("/gradients", ("Jacobians", "connectivity", "through time")),
}
CLOCK = """() => {
  window.took = null;
  document.addEventListener('click', () => { window.begun = performance.now(); }, true);
  new MutationObserver(() => requestAnimationFrame(() => {
    window.took = (performance.now() - window.begun) / 1000;
  })).observe(document.body, {attributes: true, subtree: true, attributeFilter: ['data-drawn']});
}"""


def changes(page: Page, words: tuple[str, ...], count: int) -> list[float]:
    """Press the buttons in turn; return the seconds each took, without the first of each."""
    took = []
    page.evaluate(CLOCK)
    for press in range(count + len(words)):
        page.evaluate("() => { window.took = null; }")
        page.get_by_role("radio", name=words[press % len(words)], exact=True).click()
        page.wait_for_function("() => window.took !== null", polling=50)
        page.wait_for_timeout(400)
        took.append(page.evaluate("() => window.took"))
    return took[len(words) :]


def main() -> int:
    """Print the times and return 1 if one is above its bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=30)
    options = parser.parse_args()
    good = True
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        server = start(Path(folder), (*COMMAND, "--port", "{port}"), ROOT, dict(os.environ))
        try:
            browser = play.chromium.launch(executable_path=find_browser(), args=ARGS)
            for name, (address, words) in CONTROLS.items():
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                page.goto(f"{server.url}{address}?{SIZE}")
                page.wait_for_selector(".rnnviz-figure[data-drawn]")
                page.wait_for_timeout(2000)
                took = changes(page, words, options.changes)
                page.close()
                middle, high = np.median(took), np.percentile(took, 95)
                met = middle < MEDIAN and high < HIGHEST
                good &= bool(met)
                shown = f"median {middle:.3f} s   95 % {high:.3f} s"
                print(f"{name:20} {shown}   {'ok' if met else 'ABOVE THE BAR'}", flush=True)
            browser.close()
        finally:
            end(server)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
