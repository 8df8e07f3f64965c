import numpy as np
import plotly.graph_objects as go
import pytest

from rnnviz.analysis import eigenvalues, time_constants
from rnnviz.errors import RunError
from rnnviz.looks import draw
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.training.trainer import Trainer
from rnnviz.views import Choice, Gallery
from rnnviz.views import history as histories
from rnnviz.views.history import spread_out
from rnnviz.views.scene import scene_of

SMALL = Settings(hidden=4, length=8, batch=4, steps=60)
VIEWS = "signals unit_lines distribution saturation memory unit_history weights".split()
QUERIES = [
    {},
    {"form": "one", "values": "before", "order": "similarity", "unit": "99"},
    {"form": "time", "order": "time constant", "layer": "rnn.l1"},
    {"form": "one", "signal": "hidden_state", "order": "activity"},
    {"form": "histogram"},
    {"form": "norms", "values": "before"},
    {"form": "eigenvalues", "signal": "input"},
]


@pytest.fixture
def gallery(tmp_path):
    store = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield Gallery(store)
    store.close()


@pytest.fixture
def run(gallery):
    """A run with checkpoints at 0, 5, 10, 15 and 20."""
    name = gallery.store.runs.create(SMALL, "me")
    trainer = Trainer(SMALL)
    gallery.store.queue.record(name, [], trainer.checkpoint())
    for _ in range(4):
        for _ in range(5):
            trainer.advance()
        gallery.store.queue.record(name, [], trainer.checkpoint())
    return name


def shown(gallery, view, run=None, draft=None, step=None, **query):
    choice = Choice.of(query | ({} if step is None else {"step": str(step)}))
    return draw(gallery, view, run, draft, choice)["figure"]


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn", "rnn_relu"])
@pytest.mark.parametrize("task", ["adding", "copying", "characters"])
def test_every_look_at_every_cell_and_task_is_a_valid_figure(gallery, cell, task):
    settings = Settings(cell=cell, task=task, hidden=3, length=6, layers=2)
    for view in VIEWS:
        for query in QUERIES:
            figure = go.Figure(shown(gallery, view, draft=settings, **query))
            assert figure.data and figure.layout.meta["alt"]


@pytest.mark.parametrize("view", VIEWS)
def test_the_smallest_network_is_shown(gallery, view):
    for query in QUERIES:
        shown(gallery, view, draft=Settings(hidden=1, length=2, batch=1), **query)


def test_sorted_rows_are_the_units_they_say(gallery, run):
    figure = shown(gallery, "signals", run, order="activity", sample="3")
    trace = gallery.trace(run, SMALL, 20, "last")
    forget = next(heat for heat in figure["data"] if heat["name"] == "forget_gate")
    units = [int(unit) for unit in forget["y"]]
    np.testing.assert_array_equal(forget["z"].T, trace.value("rnn.l0", "forget_gate")[:, 3, units])
    activity = np.abs(trace.value("rnn.l0", "hidden_state")).mean((0, 1))[units]
    assert (np.diff(activity) <= 0).all()


def test_a_clamped_gate_is_seen_and_its_pre_activation_is_not_changed_at_once(gallery):
    query = {"form": "one", "signal": "forget_gate", "clamp": "rnn.l0.forget_gate=1"}
    assert (shown(gallery, "signals", draft=SMALL, **query)["data"][0]["z"] == 1).all()
    before = [
        shown(gallery, "signals", draft=SMALL, values="before", **query | change)["data"][0]["z"]
        for change in ({}, {"clamp": ""})
    ]
    np.testing.assert_allclose(before[0][:, 0], before[1][:, 0], atol=1e-6)
    assert np.abs(before[0] - before[1]).max() > 1e-4
    words = shown(gallery, "saturation", draft=SMALL, **query)["layout"]["meta"]["alt"]
    assert "Forget gate f open (> .9) at every step: units 0, 1, 2, 3." in words


def test_memory_shows_the_constants_and_the_lags_of_the_sample(gallery, run):
    figure = shown(gallery, "memory", run, sample="2")
    constants = time_constants(gallery.trace(run, SMALL, 20, "last"), "rnn.l0")
    np.testing.assert_allclose(
        figure["data"][-1]["y"], np.sort(constants["steps"])[::-1], rtol=1e-5
    )
    marks = np.flatnonzero(gallery.probe(SMALL).batch.inputs[:, 2, 1].numpy())
    lags = [line["y0"] for line in figure["layout"]["shapes"]]
    assert lags == [7 - mark for mark in marks if mark < 7]


def test_the_lag_of_copying_is_its_delay_and_the_text_has_none(gallery):
    copying = shown(gallery, "memory", draft=Settings(task="copying", length=30, hidden=3))
    assert [line["y0"] for line in copying["layout"]["shapes"]] == [40]
    text = shown(gallery, "memory", draft=Settings(task="characters", length=9, hidden=3))
    assert text["layout"]["shapes"] == []


def test_weights_are_those_of_the_chosen_checkpoint(gallery, run):
    figures = [shown(gallery, "weights", run, step=step) for step in (5, 20)]
    early, late = (figure["data"][1]["z"] for figure in figures)
    scene = scene_of(gallery, run, None, Choice(step=5))
    np.testing.assert_allclose(early, scene.network().rnn.weight_hh_l0[:4], rtol=1e-6)
    assert np.abs(early - late).max() > 1e-3
    circle = shown(gallery, "weights", run, step=5, form="eigenvalues")["data"][0]
    found = eigenvalues(scene.network(), "rnn.l0")
    np.testing.assert_allclose(circle["x"], found["real"][:4], rtol=1e-5, atol=1e-6)


def test_history_shows_the_means_of_every_checkpoint(gallery, run):
    figure = shown(gallery, "unit_history", run, signal="forget_gate")
    assert list(figure["data"][0]["x"])[:-1] == [0, 5, 10, 15, 20]
    trace = gallery.trace(run, SMALL, 10, "last")
    expected = trace.value("rnn.l0", "forget_gate").mean((0, 1))
    np.testing.assert_allclose(figure["data"][0]["z"][:, 2], expected, rtol=1e-5)


def test_history_measures_a_part_at_each_message_and_nothing_twice(gallery, run, monkeypatch):
    monkeypatch.setattr(histories, "BUDGET", -1)
    calls = []
    means = histories.unit_means
    monkeypatch.setattr(
        "rnnviz.views.history.unit_means", lambda *given: calls.append(1) or means(*given)
    )
    seen = []
    for _ in range(6):
        message = draw(gallery, "unit_history", run, None, Choice())
        seen.append((len(message["figure"]["data"][0]["x"]) - 1, message["unfinished"]))
    assert seen == [(1, True), (2, True), (3, True), (4, True), (5, False), (5, False)]
    assert len(calls) == 5


def test_no_more_checkpoints_are_measured_than_are_shown(gallery, run, monkeypatch):
    monkeypatch.setattr(histories, "MOST", 3)
    message = draw(gallery, "weights", run, None, Choice.of({"form": "norms"}))
    assert len(message["figure"]["data"][0]["x"]) == 3


def test_the_ends_of_a_training_are_measured_first():
    assert spread_out([0, 1, 2, 3, 4]) == [4, 0, 2, 1, 3]
    assert spread_out([7]) == [7] and spread_out([]) == []


def test_what_takes_too_long_is_refused_in_a_sentence(gallery):
    large = Settings(hidden=1024, length=4, batch=1)
    with pytest.raises(RunError, match="up to 512 hidden units"):
        shown(gallery, "weights", draft=large, form="eigenvalues")
    assert shown(gallery, "weights", draft=large)["data"][1]["z"].shape == (256, 256)
