"""The Anatomy page in a real Chromium: does it follow the hand, and how soon after a control?

Prints, each beside its bar: frames a second while T=100 is scrubbed, what was sent to the server
meanwhile, and the time from a changed control to the new picture at T=100, H=64.
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
LINK = "/anatomy?length=100&hidden=64"

# A hand that goes back and forth: one pointer event a frame, and every frame is counted.
SCRUB = """(seconds) => new Promise((done) => {
  const strip = document.querySelector('.rnnviz-strip');
  const home = document.querySelector('.rnnviz-anatomy');
  const box = strip.getBoundingClientRect();
  const send = WebSocket.prototype.send;
  let sent = 0;
  WebSocket.prototype.send = function (...given) { sent += 1; send.apply(this, given); };
  const requests = performance.getEntriesByType('resource').length;
  const tell = (kind, x) => strip.dispatchEvent(new PointerEvent(kind, {
    pointerId: 1, clientX: x, clientY: box.top + 5, button: 0, bubbles: true, cancelable: true}));
  strip.setPointerCapture = () => {};
  const shown = new Set();
  let frames = 0, drawn = 0, last = null;
  const begun = performance.now();
  tell('pointerdown', box.left + 30);
  const frame = (now) => {
    frames += 1;
    if (home.dataset.t !== last) { drawn += 1; last = home.dataset.t; shown.add(last); }
    const phase = ((now - begun) / 1000) % 2;
    const share = phase < 1 ? phase : 2 - phase;
    tell('pointermove', box.left + 27 + share * (box.width - 29));
    if (now - begun < 1000 * seconds) return requestAnimationFrame(frame);
    tell('pointerup', box.left);
    WebSocket.prototype.send = send;
    const took = (performance.now() - begun) / 1000;
    done({frames: frames / took, drawn: drawn / took, steps: shown.size, sent,
          requests: performance.getEntriesByType('resource').length - requests});
  };
  requestAnimationFrame(frame);
})"""
# From the click, as the page gets it, to the frame after the new picture.
CLOCK = """() => {
  const home = document.querySelector('.rnnviz-anatomy');
  window.took = [];
  document.addEventListener('click', () => { window.begun = performance.now(); }, true);
  new MutationObserver(() => requestAnimationFrame(() => {
    if (window.begun) took.push((performance.now() - begun) / 1000);
    window.begun = null;
  })).observe(home, {attributes: true, attributeFilter: ['data-drawn']});
}"""


def changes(page: Page, count: int) -> list[float]:
    """Press the button for the next unit again and again; return the seconds each took."""
    more = page.locator("[data-testid=stNumberInputStepUp]").first
    page.evaluate(CLOCK)
    for done in range(count):
        more.click()
        page.wait_for_function("(count) => took.length === count", arg=done + 1)
        page.wait_for_timeout(300)
    return page.evaluate("() => took")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--changes", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        server = start(Path(folder), (*COMMAND, "--port", "{port}"), ROOT, dict(os.environ))
        try:
            browser = play.chromium.launch(executable_path=find_browser(), args=ARGS)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(server.url + LINK)
            page.wait_for_selector(".rnnviz-anatomy[data-drawn]")
            page.wait_for_timeout(2000)
            scrubbed = page.evaluate(SCRUB, options.seconds)
            took = changes(page, options.changes)
            browser.close()
        finally:
            end(server)
    rows = [
        ("frames a second", scrubbed["frames"], scrubbed["frames"] >= 50),
        ("time steps drawn a second", scrubbed["drawn"], scrubbed["drawn"] >= 50),
        ("different time steps seen", scrubbed["steps"], scrubbed["steps"] > 90),
        ("messages and requests", scrubbed["sent"] + scrubbed["requests"], None),
        ("changed control, median s", float(np.median(took)), np.median(took) < 0.3),
        (
            "changed control, 95 % s",
            float(np.percentile(took, 95)),
            np.percentile(took, 95) < 0.7,
        ),
    ]
    good = True
    for name, value, met in rows:
        met = value == 0 if met is None else bool(met)
        good &= met
        print(f"{name:28} {value:>10.3f}   {'ok' if met else 'BELOW THE BAR'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
