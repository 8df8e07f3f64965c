"""What the server sends, as files that the tests of the scripts read.

    python tests/js/fixtures.py        # writes them anew

`test_fixtures.py` holds that they are what the server sends today.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import plotly.io

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from rnnviz.plots.packed import packed  # noqa: E402
from rnnviz.settings import Settings  # noqa: E402
from rnnviz.store.states import State  # noqa: E402
from rnnviz.views.standing import NEW, standing  # noqa: E402
from tests import net  # noqa: E402
from tests.net_subjects import PLAN, SORTING, Subject, studied, trained  # noqa: E402

FOLDER = ROOT / "tests" / "js" / "fixtures"
SMALL = Settings(hidden=2, length=4, batch=2, steps=60)
LETTERS = Settings.for_task("characters", hidden=2, length=6, batch=2)
ASKED: dict[str, Subject] = {
    "figure": Subject(SMALL, views=("signals",)),
    "lines": Subject(
        begin=lambda store: trained(store, SMALL),
        asked={step: {"step": step} for step in ("0", "30")},
        views=("gradients",),
    ),
    "run": Subject(begin=lambda store: trained(store, SMALL), views=("status",)),
    "draft": Subject(SMALL, views=("status",)),
    "study": Subject(PLAN, begin=lambda store: studied(store, PLAN, 3), views=("compare_status",)),
    "anatomy": Subject(SMALL.replace(cell="gru"), asked={"": {"of": "mean"}}, views=("anatomy",)),
    "text": Subject(LETTERS, asked={"": {"rows": "2"}}, views=("units_text",)),
    "translated": Subject(SORTING, asked={"": {"rows": "1"}}, views=("units_text",)),
    "numbers": Subject(SMALL, asked={"": {"rows": "2"}}, views=("units_text",)),
    "matches": Subject(LETTERS, asked={"": {"brush": "2-3", "on": "1"}}, views=("units_matches",)),
    "writing": Subject(LETTERS, asked={"": {"characters": "5"}}, views=("writing",)),
}
"""The name of a file -> what is looked at; where it is asked several things, a list."""


def made() -> dict[str, Any]:
    """Return the content of each file, by its name without the ending."""
    found: dict[str, Any] = {name: [] for name in ASKED}
    for name, message in sent():
        found[name.split(" · ")[0]].append(message)
    found = {name: each[0] if len(each) == 1 else each for name, each in found.items()}
    return found | {"standing": {state: standing(state) for state in (NEW, *State)}}


def sent() -> Iterator[tuple[str, Any]]:
    """Yield the messages as a socket carries them."""
    for name, message, _ in net.drawings(ASKED):
        on_its_way = {key: each for key, each in message.items() if key != "unfinished"}
        if "figure" in message:
            on_its_way["figure"] = packed(message["figure"])
        yield name, json.loads(plotly.io.to_json(on_its_way, validate=False))


def text_of(content: Any) -> str:
    """Return what is written into a file: numbers to five digits, which differ less by machine."""
    return json.dumps(rounded(content), indent=1, ensure_ascii=False) + "\n"


def rounded(content: Any) -> Any:
    """Return what is sent with shorter numbers."""
    if isinstance(content, Mapping):
        return {key: rounded(each) for key, each in content.items()}
    if isinstance(content, list):
        return [rounded(each) for each in content]
    return float(f"{content:.5g}") if isinstance(content, float) else content


if __name__ == "__main__":
    for name, content in made().items():
        (FOLDER / f"{name}.json").write_text(text_of(content), "utf-8")
