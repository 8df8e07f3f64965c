"""The Compare page as a visitor has it: one click on a fresh page, in a real Chromium.

Prints, each beside its bar: seconds from the click to the first gradients of all cells of the
study, and to all cells trained so far apart that chance cannot be why.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from rnnviz.analysis import mean_interval
from rnnviz.engine import findings
from rnnviz.store.run_store import RunStore

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.conftest import COMMAND, ROOT, end, start  # noqa: E402
from tools.browser import find_browser  # noqa: E402

ARGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
OVERLAID = """() => {
  const home = document.querySelector('.rnnviz-figure');
  const data = home?.querySelector('.rnnviz-plot')?.data ?? [];
  return home?.dataset.run && home.dataset.run !== 'draft'
    && data.filter((each) => each.name).length === 4;
}"""


def apart(store: RunStore, study: str) -> bool:
    """Whether the best cell is below the worst in all seeds' interval, each cell being trained."""
    rows = findings.outcomes(store, study)
    done = rows[rows["done"]]
    table = done.pivot(index="seed", columns="cell", values="loss").dropna()
    if len(table.columns) < 4 or len(table) < 3:
        return False
    means = table.mean()
    return mean_interval(table[means.idxmax()] - table[means.idxmin()]).low > 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--query", default="", help="what to add to the page's address")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        server = start(Path(folder), (*COMMAND, "--port", "{port}"), ROOT, dict(os.environ))
        store = RunStore(f"sqlite:///{Path(folder) / 'runs.sqlite'}")
        try:
            browser = play.chromium.launch(executable_path=find_browser(), args=ARGS)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(f"{server.url}/compare?{options.query}")
            page.wait_for_function("document.querySelectorAll('[data-drawn]').length === 3")
            page.wait_for_timeout(2000)
            begun = time.perf_counter()
            page.get_by_role("button", name="Train all").click()
            page.wait_for_function(OVERLAID, polling=20)
            overlaid = time.perf_counter() - begun
            page.wait_for_url("**study=**")
            study = page.evaluate("() => new URL(location).searchParams.get('study')")
            while not apart(store, study) and time.perf_counter() - begun < 300:
                page.wait_for_timeout(200)
            trained = time.perf_counter() - begun
            words = page.locator(".rnnviz-says:visible").all_inner_texts()
            browser.close()
        finally:
            store.close()
            end(server)
    good = True
    for name, value, bar in (
        ("gradients of all cells, s", overlaid, 3),
        ("all cells trained, and apart, s", trained, 60),
    ):
        good &= value < bar
        print(f"{name:34} {value:6.2f} (bar {bar})   {'ok' if value < bar else 'MISSED'}")
    print(*words, sep="\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
