"""Data sets in the run store: kept once, listed by their owners, read by runs of this store."""

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from rnnviz.data import sources
from rnnviz.data.adding import add_data
from rnnviz.data.sources import ADDED, InMemory
from rnnviz.data.texts import prepare_text
from rnnviz.errors import DataError, RunError
from rnnviz.settings import Settings
from rnnviz.store import data_sets
from rnnviz.store.run_store import RunStore
from rnnviz.tasks import task_of
from rnnviz.training.training import train


@pytest.fixture
def file_store(tmp_path):
    """One in a file that a test may reach into."""
    store = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield store
    store.close()


@pytest.fixture
def store(store_url):
    store = RunStore(store_url)
    yield store
    store.close()


def text(word="night"):
    return prepare_text(f"It was a dark and stormy {word}; the rain fell. " * 12, name="book.txt")


def settings(key):
    return Settings(task="own_characters", length=5, hidden=3, batch=2, steps=2, data=key)


def test_an_owner_lists_only_their_own_and_twice_the_same_is_kept_once(store):
    key = store.data.keep(text(), "ada")
    assert store.data.keep(text(), "ada") == key == store.data.keep(text(), "bob")
    other = store.data.keep(text("day"), "ada")
    assert [each.key for each in store.data.list("ada")] == [other, key]
    assert [each.title for each in store.data.list("bob", "text")] == ["book.txt"]
    assert store.data.list("bob", "series") == [] == store.data.list("eve")
    store.data.forget(key, "ada")
    assert [each.key for each in store.data.list("bob")] == [key]
    with pytest.raises(RunError, match="You have no data set"):
        store.data.forget(other, "bob")
    store.data.forget(key, "bob")
    assert store.data.get(key) is None and store.data.get(other) is not None


def test_a_key_is_found_until_the_store_is_closed(store):
    key = store.data.keep(text(), "ada")
    assert store.data.get(key).body == text().body
    store.close()
    assert store.data.get(key) is None


def test_what_was_read_is_held_until_it_is_deleted_or_many_others_came(store, monkeypatch):
    monkeypatch.setattr(sources, "MOST_BYTES", 2 * len(text().body))
    other = RunStore(store.url)
    keys = [other.data.keep(text(word), "ada") for word in ("night", "month")]
    held = [other.data.get(key) for key in keys]
    assert [other.data.get(key) for key in keys] == held
    third = other.data.keep(text("eight"), "ada")
    assert other.data.get(keys[1]) is held[1] and other.data.get(third) is not None
    assert other.data.get(keys[1]) is held[1] and other.data.get(keys[0]) is not held[0]
    other.data.forget(third, "ada")
    assert other.data.get(third) is None
    other.close()


def test_many_threads_read_at_once(store):
    keys = [store.data.keep(text(word), "ada") for word in ("night", "month", "eight")]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(store.data.get, keys * 20))
    assert [each.key for each in found] == keys * 20


def test_a_run_brings_its_data_along_and_keeps_them(store, tmp_path):
    key = store.data.keep(text(), "ada")
    run = store.runs.create(settings(key), "bob")
    store.data.forget(key, "ada")
    store.data.purge(before=time.time() + 1)
    steps = list(train(settings(key), task=task_of(settings(key), store.data)))
    assert len(steps) == 2
    store.bin.delete(run, "bob")
    store.data.purge(before=time.time() + 1)
    assert store.data.get(key) is not None  # it may come back from the bin
    store.bin.empty("bob")
    store.data.purge(before=time.time() - 60)
    assert store.data.get(key) is not None  # too new
    store.data.purge(before=time.time() + 1)
    assert store.data.get(key) is None


def test_data_of_a_script_get_into_a_store_where_that_is_asked_for(store):
    key = ADDED.add(text("script"))
    with pytest.raises(RunError, match="is not here"):
        store.runs.create(settings(key), "ada")
    store.data.bring(["", key])
    assert store.runs.create(settings(key), "ada") and store.data.list("ada") == []
    other = text("given")
    with pytest.raises(RunError, match="is not here"):
        store.data.bring([other.key])
    source = InMemory()
    store.data.bring([source.add(other), key], source)
    assert store.data.get(other.key).body == other.body
    third = add_data(b"It was a dark and stormy day. " * 20, kind="text", to=store.data)
    assert store.data.get(third) is not None and ADDED.get(third) is None


def test_a_run_with_data_that_nobody_has_is_refused(store):
    with pytest.raises(RunError, match="data set aaaaaaaa is not here"):
        store.runs.create(settings("a" * 32), "ada")
    assert store.runs.list() == []


def test_there_are_bounds(store, monkeypatch):
    monkeypatch.setattr(data_sets, "MOST_SETS", 2)
    store.data.keep(text("a"), "ada"), store.data.keep(text("b"), "ada")
    with pytest.raises(DataError, match="You have 2 data sets of 0 MB: up to 2"):
        store.data.keep(text("c"), "ada")
    store.data.keep(text("c"), "bob")
    monkeypatch.setattr(data_sets, "MOST_IN_STORE", 300)
    with pytest.raises(DataError, match="This server keeps as much data as it can"):
        store.data.keep(text("d"), "bob")


def test_damaged_content_is_a_sentence(file_store, tmp_path):
    store = file_store
    key = store.data.keep(text(), "ada")
    with sqlite3.connect(tmp_path / "runs.sqlite") as file:
        file.execute("UPDATE data_sets SET content = ?", (b"\x80\x04K\x01.",))
    with pytest.raises(DataError, match="damaged"):
        store.data.get(key)


def test_a_store_of_version_5_gets_the_tables(file_store, tmp_path):
    store = file_store
    store.close()
    with sqlite3.connect(tmp_path / "runs.sqlite") as old:
        old.executescript(
            "DROP TABLE data_owners; DROP TABLE data_sets; UPDATE meta SET version = 5"
        )
    again = RunStore(store.url)
    assert again.data.get(again.data.keep(text(), "ada")) is not None
    again.close()
