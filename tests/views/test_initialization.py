import plotly.graph_objects as go
import pytest

from rnnviz.errors import RunError
from rnnviz.looks import draw
from rnnviz.looks import initial_slopes as initialization
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.views import Choice, Gallery

SMALL = Settings(hidden=4, length=8, batch=4, steps=60)


@pytest.fixture
def gallery(tmp_path):
    store = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield Gallery(store)
    store.close()


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(initialization, "GAINS", (0.5, 0.9, 2.0))
    monkeypatch.setattr(initialization, "RADII", (0.5, 1.0, 2.0))
    monkeypatch.setattr(initialization, "UNITS", 24)
    monkeypatch.setattr(initialization, "NETWORKS", 2)
    monkeypatch.setattr(initialization, "CELL_NETWORKS", 2)


def shown(gallery, draft=SMALL, **query):
    return draw(gallery, "initial_slopes", None, draft, Choice.of(query))


def points(message):
    return sum(len(d["x"]) for d in message["figure"]["data"] if d["mode"] == "markers")


def finish(gallery, **query):
    message = shown(gallery, **query)
    for _ in range(200):
        if not message["unfinished"]:
            return message
        message = shown(gallery, **query)
    raise AssertionError("never finished")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 6),
        ({"kind": "gain", "theme": "dark"}, 6),
        ({"kind": "cells"}, 18),
        ({"kind": "cells", "over": "forget_bias"}, 18),
        ({"kind": "nonsense", "over": "nonsense"}, 6),
    ],
)
def test_every_choice_fills_in_to_a_valid_figure_with_words(gallery, query, count):
    message = finish(gallery, **query)
    figure = go.Figure(message["figure"])
    assert figure.layout.meta["alt"]
    assert points(message) == count
    assert message["says"].endswith(".") and "being measured" not in message["says"]


def test_it_fills_in_a_little_at_each_message_and_stands_still(gallery, monkeypatch):
    monkeypatch.setattr(initialization, "BUDGET", 0.0)
    messages = [shown(gallery) for _ in range(6)]
    assert [points(each) for each in messages] == [1, 2, 3, 4, 5, 6]
    assert [each["unfinished"] for each in messages] == [True] * 5 + [False]
    assert "being measured" in messages[0]["says"]
    assert len({str(each["figure"]["layout"]["xaxis"]["range"]) for each in messages}) == 1


def test_words_are_made_of_the_numbers(gallery):
    says = finish(gallery)["says"]
    assert "At g = 2 the norm" in says and "infinitely many units says 0.1547" in says
    assert "At g = 0.9 the norm halves" in says
    cells = finish(gallery, kind="cells")["says"]
    assert all(name in cells for name in ("RNN:", "GRU:", "LSTM:"))
    assert "ln σ(1) = −0.313" in finish(gallery, kind="cells", over="forget_bias")["says"]


def test_cells_are_those_of_the_settings_and_gains_are_not(gallery):
    first = finish(gallery, draft=SMALL, kind="cells")
    other = finish(gallery, draft=SMALL.replace(hidden=6), kind="cells")
    assert str(first["figure"]["data"]) != str(other["figure"]["data"])
    assert finish(gallery)["says"] == shown(gallery, SMALL.replace(hidden=6))["says"]


def test_long_sequences_are_shortened_and_large_networks_refused(gallery):
    message = shown(gallery, SMALL.replace(length=1000), kind="cells")
    assert "100 long" in message["figure"]["layout"]["title"]["text"]
    with pytest.raises(RunError, match="2 x 200 units are too many"):
        shown(gallery, SMALL.replace(hidden=200, layers=2), kind="cells")
