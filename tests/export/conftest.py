"""A small trained run and the figure of every view that has one."""

import threading

import pytest

from rnnviz.engine.compare import trained_study
from rnnviz.engine.supervisor import worker_name
from rnnviz.engine.worker import Session
from rnnviz.errors import RnnvizError
from rnnviz.export.shown import drawing
from rnnviz.looks import VIEWS
from rnnviz.plan import Plan
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.views import Choice, Gallery

SMALL = Settings(hidden=4, length=8, batch=4, steps=60)
CHANGED = Choice.of({"clamp": "rnn.l0.forget_gate=1"})
NO_FIGURE = {
    "status", "anatomy", "units_text", "units_matches", "writing", "compare_status", "compare_map",
    "forecast", "data", "watched_loss",
}  # fmt: skip
"""Views that are words or a drawing, or want a choice that the small run has not."""


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    store = RunStore(f"sqlite:///{tmp_path_factory.mktemp('export') / 'runs.db'}")
    yield store
    store.close()


def trained(store, settings):
    """The id of a run that is trained to its end, by the same code as a worker's."""
    name = store.runs.create(settings, "me")
    store.orders.resume(name, "me")
    Session(store, store.queue.claim(worker_name("here")), threading.Event()).work()
    return name


@pytest.fixture(scope="session")
def run(store):
    return trained(store, SMALL)


@pytest.fixture(scope="session")
def figures(store, run):
    """View -> its figure."""
    gallery, found = Gallery(store), {}

    def keep(gallery, view, name):
        try:
            choice = CHANGED if view.startswith("whatif") else Choice()
            found[view] = drawing(gallery, view, name, None, choice)
        except RnnvizError:
            assert view in NO_FIGURE, view

    translating = trained(store, SMALL.replace(task="sorting", length=4))
    for view in VIEWS:
        if not VIEWS[view].of_study:
            keep(gallery, view, translating if view.startswith("translation") else run)
    plan = Plan(settings=SMALL.replace(steps=3), cells=("rnn", "lstm"), seeds=2)
    with trained_study(plan, workers=0) as (others, study):
        for view in VIEWS:
            if VIEWS[view].of_study:
                keep(Gallery(others), view, study)
    return found
