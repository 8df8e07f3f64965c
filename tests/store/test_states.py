"""The table of states is the one place that spells them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from rnnviz.resources import ROOT
from rnnviz.store.states import RULES, WORDS, Order, State, Who

STATES = "|".join(State)
TABLE = ROOT / "rnnviz" / "store" / "states.py"
IN_PYTHON = re.compile(rf"({STATES})")
IN_SQL = re.compile(rf"'({STATES})'")
IN_SCRIPT = re.compile(rf"""["'`]({STATES})["'`]|(?<![\w.])({STATES})\s*:""")


def spelled(path: Path) -> Iterator[str]:
    """The places in a file that spell a state."""
    text = path.read_text("utf-8")
    if path.suffix == ".js":
        for number, line in enumerate(text.splitlines(), 1):
            if IN_SCRIPT.search(line):
                yield f"{path.name}:{number}"
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if IN_PYTHON.fullmatch(node.value) or IN_SQL.search(node.value):
                yield f"{path.name}:{node.lineno}"


def test_nothing_but_the_table_spells_a_state():
    python = [*(ROOT / "rnnviz").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "app.py"]
    files = [*python, *(ROOT / "assets").glob("*.js")]
    assert len(files) > 300 and TABLE in files
    assert [place for path in files if path != TABLE for place in spelled(path)] == []
    assert len({*spelled(TABLE)}) >= len(State)


@pytest.mark.parametrize(
    ("name", "text", "count"),
    [
        ("a.py", "done = run.state == 'finished'", 1),
        ("a.py", "sql = \"WHERE state = 'queued' OR wanted = 'stopped'\"", 1),
        ("a.py", "'it was stopped'  # 'paused'", 0),
        ("a.js", 'if (state === "running") go();', 1),
        ("a.js", "const words = {\n  queued: 1,\n  'paused': 2,\n};", 2),
        ("a.js", "this.stopped = true; // was it?", 0),
    ],
)
def test_a_spelled_state_is_found(name, text, count, tmp_path):
    (tmp_path / name).write_text(text)
    assert len(list(spelled(tmp_path / name))) == count


def test_the_table_says_of_every_state_how_it_comes_and_goes():
    assert set(WORDS) == set(State) and set(RULES) == set(Order)
    reached = {rule.to for rule in RULES.values()}
    left = {state for rule in RULES.values() for state in rule.moves}
    assert reached == left == set(State)
    assert {rule.who for rule in RULES.values()} == set(Who)
