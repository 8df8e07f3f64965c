"""The files that the tests of the scripts read are what the server sends and says of itself."""

import base64
import json
import re
from functools import cache
from typing import get_type_hints

import numpy as np
import pytest

from rnnviz.views import messages, text_messages
from rnnviz.views.standing import Standing
from tests.js import fixtures

BASES = (messages.Drawn, Standing, text_messages.Stretch, text_messages.Continuation)
RECORDS = {
    # a file, and the way to what is in it -> the record
    ("figure",): messages.FigureMessage,
    ("run", "status"): messages.Status,
    ("draft", "status"): messages.Status,
    ("study", "status"): messages.Status,
    ("standing", "running"): Standing,
    ("anatomy", "anatomy"): messages.Course,
    ("text", "text"): text_messages.Text,
    ("text", "text", "rows", 0): text_messages.Row,
    ("text", "text", "next"): text_messages.Next,
    ("translated", "text", "next"): text_messages.Next,
    ("numbers", "text", "next"): text_messages.Next,
    ("matches", "matches"): text_messages.Found,
    ("matches", "matches", "chosen"): text_messages.Stretch,
    ("matches", "matches", "rows", 0): text_messages.Match,
    ("writing", "writing"): text_messages.Written,
}


@cache
def kept(name):
    return json.loads((fixtures.FOLDER / f"{name}.json").read_text("utf-8"))


def assert_close(old, new, way):
    """Hold two messages to each other, but for the last digits that a processor decides."""
    if way.endswith("_series") and isinstance(old, str) and isinstance(new, str):
        old, new = (np.frombuffer(base64.b64decode(each), "<f4").tolist() for each in (old, new))
    if isinstance(old, dict) and isinstance(new, dict):
        assert list(old) == list(new), way
        for key, each in old.items():
            assert_close(each, new[key], f"{way}.{key}")
    elif isinstance(old, list) and isinstance(new, list):
        assert len(old) == len(new), way
        for place, each in enumerate(old):
            assert_close(each, new[place], f"{way}.{place}")
    elif isinstance(old, float) and isinstance(new, int | float):
        assert new == pytest.approx(old, rel=1e-3, abs=1e-4, nan_ok=True), way
    else:
        assert old == new, way


def test_the_fixtures_are_current():
    made = fixtures.made()
    assert {path.stem for path in fixtures.FOLDER.glob("*.json")} == set(made)
    for name, content in made.items():
        assert_close(kept(name), content, f"{name}: python tests/js/fixtures.py writes it anew; ")


@pytest.mark.parametrize("way", RECORDS)
def test_a_record_says_what_is_sent(way):
    record, content = RECORDS[way], kept(way[0])
    for part in way[1:]:
        content = content[part]
    assert record.__required_keys__ <= set(content) <= set(get_type_hints(record))
    described = "".join(each.__doc__ for each in (record, *BASES))
    assert [name for name in content if not re.search(rf"\b{name}\b", described)] == []


def test_every_kind_of_message_is_there():
    kinds = set(messages.Message.__args__)
    shown = {kind for name in fixtures.ASKED for kind in kinds if fits(kind, kept(name))}
    assert shown == kinds


def fits(kind, content):
    first = content[0] if isinstance(content, list) else content
    return kind.__required_keys__ <= set(first)
