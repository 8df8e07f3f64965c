"""Two stores that are open in one process: neither answers with the other's data, nor a script's.

What is drawn, trained or read with a key that only the other has is refused, whatever was asked of
the other before.
"""

import threading

import pytest
from sqlalchemy import create_engine, text

import rnnviz
from rnnviz.data.sources import ADDED, InMemory, held
from rnnviz.data.texts import prepare_text
from rnnviz.engine.worker import Session
from rnnviz.errors import RnnvizError, RunError
from rnnviz.files.torch_script import model_file
from rnnviz.looks import VIEWS, draw
from rnnviz.plan import Plan, parameters
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.tasks import task_of
from rnnviz.views import Choice, Gallery

BOOK = prepare_text("It was a dark and stormy night; the rain fell. " * 12, name="book.txt")
WRITTEN = Settings(
    task="own_characters", data=BOOK.key, length=6, hidden=3, embedding=3, batch=2, steps=2
)
STUDY = Plan(settings=WRITTEN, cells=("rnn", "lstm"), seeds=1, match="parameters")
REFUSED = f"The data set {BOOK.key[:8]} is not here"


@pytest.fixture
def urls(tmp_path):
    return [f"sqlite:///{tmp_path / name}.db" for name in ("ada", "bob")]


@pytest.fixture
def stores(urls):
    """The first has the data set."""
    first, second = map(RunStore, urls)
    first.data.keep(BOOK, "ada")
    yield first, second
    first.close(), second.close()


@pytest.fixture
def added(monkeypatch):
    """The data set is a script's, too."""
    monkeypatch.setattr(ADDED, "_held", held())
    assert rnnviz.add_data(BOOK.body, kind="text", name="book.txt") == BOOK.key


def said(gallery, view, run):
    """Why a view is not drawn; nothing if it is."""
    draft = STUDY if VIEWS[view].of_study else WRITTEN
    try:
        draw(gallery, view, run, draft if run is None else None, Choice())
    except RnnvizError as error:
        return str(error)
    return ""


def trained(store):
    run = store.runs.create(WRITTEN, "ada")
    store.orders.resume(run, "ada")
    Session(store, store.queue.claim("w"), threading.Event()).work()
    return run


def taken_away(url):
    """Delete the data sets of a store behind its back."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM data_sets"))
    engine.dispose()


@pytest.mark.parametrize("view", VIEWS)
def test_no_view_is_drawn_from_the_other_stores_data(stores, added, view):
    first, second = (said(Gallery(store), view, None) for store in stores)
    assert REFUSED not in first
    assert REFUSED in second or second == first != ""


@pytest.mark.parametrize("view", [view for view in VIEWS if not VIEWS[view].of_study])
def test_every_view_of_a_run_finds_the_data_in_its_store(trained_run, view):
    store, run = trained_run
    assert ADDED.get(BOOK.key) is None and REFUSED not in said(Gallery(store), view, run)


@pytest.fixture(scope="module")
def trained_run(tmp_path_factory):
    store = RunStore(f"sqlite:///{tmp_path_factory.mktemp('trained') / 'runs.db'}")
    store.data.keep(BOOK, "ada")
    yield store, trained(store)
    store.close()


def test_no_task_and_no_size_comes_from_the_other_store(stores, added):
    first, second = stores
    assert task_of(WRITTEN, first.data).inputs and parameters(WRITTEN, first.data)
    assert STUDY.points(first.data)
    for ask in (task_of, parameters, lambda _, data: STUDY.points(data)):
        with pytest.raises(RunError, match=REFUSED):
            ask(WRITTEN, second.data)


def test_no_run_is_made_trained_or_branched_with_the_other_stores_data(stores, urls, added):
    first, second = stores
    run = trained(first)
    assert first.runs.branch(run, "ada", 1)
    assert first.studies.start(STUDY, "ada") and model_file(first, run)
    for begin in (second.runs.create, lambda _, owner: second.studies.start(STUDY, owner)):
        with pytest.raises(RunError, match=REFUSED):
            begin(WRITTEN, "ada")
    assert second.runs.list() == []

    second.data.keep(BOOK, "ada")  # it has the run, and loses the data
    lost, waiting = trained(second), second.runs.create(WRITTEN, "ada")
    second.orders.resume(waiting, "ada")
    second.close()
    taken_away(urls[1])
    again = RunStore(urls[1])
    with pytest.raises(RunError, match=REFUSED):
        Session(again, again.queue.claim("w"), threading.Event())
    for ask in (lambda: again.runs.branch(lost, "ada", 1), lambda: model_file(again, lost)):
        with pytest.raises(RunError, match=REFUSED):
            ask()
    again.close()


def test_no_run_file_is_opened_with_the_other_stores_data(stores, added):
    first, second = stores
    file = first.files.write(first.runs.duplicate(trained(first), "bob"), visitor="bob")
    assert first.files.read(file, "bob")
    with pytest.raises(RunError, match=REFUSED):
        second.files.read(file, "bob")
    assert second.runs.list() == []


def test_what_is_looked_at_before_it_is_kept_is_in_no_store(stores):
    _, second = stores
    brought = InMemory(second.data)
    brought.add(BOOK)
    assert draw(Gallery(second, brought), "data", None, WRITTEN, Choice())
    assert second.data.get(BOOK.key) is None and REFUSED in said(Gallery(second), "data", None)
    other = prepare_text("The day was bright, the sea was calm, and all went well. " * 12)
    second.data.keep(other, "bob")
    assert brought.get(other.key).body == other.body


def test_a_store_that_was_closed_answers_nobody(stores):
    first, second = stores
    assert draw(Gallery(first), "data", None, WRITTEN, Choice())
    first.close()
    for store in stores:
        with pytest.raises(RunError, match=REFUSED):
            draw(Gallery(store), "data", None, WRITTEN, Choice())
        with pytest.raises(RunError, match=REFUSED):
            task_of(WRITTEN, store.data)


def test_a_script_needs_no_store(added, monkeypatch):
    steps = list(rnnviz.train(WRITTEN))
    assert len(steps) == 2 and parameters(WRITTEN) == parameters(WRITTEN.replace(seed=3))
    found = rnnviz.sweep(WRITTEN, {"length": (6, 8)}, ("rnn",), 1, workers=0, progress=False)
    assert found["done"].all()
    with rnnviz.export.Retrained(WRITTEN, [2]) as again:
        assert again.figure("gates", step=2) and again.figure("examples")
    monkeypatch.setattr(ADDED, "_held", held())
    with pytest.raises(RunError, match=REFUSED):
        next(rnnviz.train(WRITTEN))
