"""CONTRIBUTING's recipe for a picture, followed once: three small files, and nothing else."""

import sys
from types import SimpleNamespace

import pytest
import torch
from streamlit.testing.v1 import AppTest
from torch import nn

import rnnviz
from rnnviz import export
from rnnviz.export.bundle import bundle, bundled
from rnnviz.export.shown import drawing, source_of
from rnnviz.looks import LOOKS, VIEWS, register
from rnnviz.recording.packed_trace import pack_trace
from rnnviz.resources import ROOT
from rnnviz.server import live
from rnnviz.settings import Settings
from rnnviz.store.traces import PREFIX
from rnnviz.ui import session
from rnnviz.views import Choice, Gallery
from rnnviz.views.look import Look, View, networks

FILES = {
    "toy_analysis.py": '''
"""How far apart the units of a signal are."""
import pandas as pd

def spread(trace, layer, signal):
    """Return the columns `time` and `spread`, the largest less the smallest value of all."""
    values = trace.value(layer, signal).reshape(len(trace.value(layer, signal)), -1)
    return pd.DataFrame({"time": range(len(values)), "spread": values.max(1) - values.min(1)})
''',
    "toy_plot.py": '''
"""The spread of a signal over time."""
from rnnviz.plots.marks import line
from rnnviz.plots.style import figure, frame, theme

@figure
def spread(table, *, where="", colours="light"):
    """Draw a line."""
    data = [line(table["time"], table["spread"], theme(colours).ink)]
    axes = {"xaxis": {"title": "time step t", "time": True}, "yaxis": {"title": "spread"}}
    alt = f"How far the units are apart over {len(table)} time steps; {where}."
    layout = frame("How far the units are apart", alt, colours, note=where, axes=axes)
    return {"data": data, "layout": layout}
''',
    "toy_look.py": '''
"""How far the units of a signal are apart."""
from toy_analysis import spread
import toy_plot

from rnnviz.views import controls as ask
from rnnviz.views.look import Look, View

def show(scene):
    table = spread(scene.trace, scene.layer, scene.signal)
    made = toy_plot.spread.spec(table, where=scene.place, colours=scene.choice.theme)
    return {"figure": made}

def controls(subject):
    layer = yield from ask.layer(subject)
    return layer | (yield from ask.signal(subject, layer["layer"]))

LOOK = Look("spread", "gates", "spread", {"toy_spread": View(show, lecture="spread")}, controls)
''',
}
SMALL = Settings(hidden=3, length=6, batch=4, steps=5)


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """The three files in a folder, registered; forgotten afterwards."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    before = dict(LOOKS), dict(VIEWS)
    import toy_look

    register(toy_look.LOOK)
    yield toy_look.LOOK
    for registry, entries in zip((LOOKS, VIEWS), before, strict=True):
        registry.clear()
        registry.update(entries)
    for name in FILES:
        sys.modules.pop(name.removesuffix(".py"), None)


@pytest.fixture
def run(store):
    return store.runs.create(SMALL, "me")


def tabs(page, name, store, monkeypatch, look="spread", **address):
    """Open a page with a look's tab chosen; return the words of all tabs and what is placed."""
    monkeypatch.setattr(live, "_hub", SimpleNamespace(engine=SimpleNamespace(store=store)))
    monkeypatch.setattr(session, "owner", lambda: "me")
    opened = AppTest.from_file(str(ROOT / "pages" / page), default_timeout=60)
    for key, value in (address | {name: look}).items():
        opened.query_params[key] = value
    opened.run()
    assert not opened.exception
    placed = {element.key for element in opened.get("bidi_component")}
    return opened.button_group(key=name).options, placed


def test_it_is_a_tab_of_its_page(toy, store, run, monkeypatch):
    words, placed = tabs("gates.py", "show", store, monkeypatch, run=run)
    assert "spread" in words and "figure_toy_spread" in placed


def test_it_is_a_tab_of_your_model(toy, store, monkeypatch):
    model = nn.GRU(2, 3)
    with rnnviz.record(model) as trace:
        model(torch.ones(5, 1, 2))[0].sum().backward()
    name = store.traces.keep(pack_trace(trace), "me", "mine")
    words, placed = tabs("your_model.py", "own", store, monkeypatch, trace=name)
    assert "spread" in words and "figure_toy_spread" in placed
    figure = drawing(Gallery(store), "toy_spread", PREFIX + name, None, Choice())
    assert len(figure["data"][0]["y"]) == 5


def test_one_of_a_study_is_a_tab_of_the_page_that_compares(toy, store, monkeypatch):
    view = View(lambda scene: {"figure": {}}, of_study=True)
    register(Look("toys", "compare", "toys", {"toy_of_study": view}, fits=networks))
    words, placed = tabs("compare.py", "look", store, monkeypatch, look="toys")
    assert "toys" in words and {"bar_study", "figure_toy_of_study"} <= placed


def test_it_is_in_the_list_of_a_bundle_and_in_one(toy, store, run, tmp_path):
    assert bundled()["toy_spread"] == "spread"
    lecture = bundle(store, run, tmp_path / "a.zip", views=["toy_spread"], formats=["csv", "py"])
    assert [each.formats for each in lecture.figures] == [("csv", "py")]


def test_it_is_exported_in_every_format(toy, store, run):
    figure = drawing(Gallery(store), "toy_spread", run, None, Choice())
    source = source_of(store, "toy_spread", run, None, Choice(), 0)
    for ending in export.FORMATS:
        assert len(export.render(figure, ending, preset="column", source=source)) > 90


def test_it_can_be_animated_over_training_and_time(toy, store, run):
    figure = drawing(Gallery(store), "toy_spread", run, None, Choice())
    assert figure["layout"]["meta"]["time"] == ["xaxis"]
    assert len(export.over_time(figure)) == SMALL.length
    assert not VIEWS["toy_spread"].every_step
