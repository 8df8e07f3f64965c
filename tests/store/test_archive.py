"""A run leaves the store as a file and comes back as it was; what is no run is refused."""

import csv
import io
import json
import math
import struct
import threading
import time
import tracemalloc
import zipfile

import pytest
import torch
from safetensors.torch import load, save

from rnnviz.data.sets import DataSet
from rnnviz.data.texts import prepare_text
from rnnviz.engine.worker import Session
from rnnviz.errors import RnnvizError, RunError
from rnnviz.settings import Settings
from rnnviz.store import archive_reader, archive_writer
from rnnviz.store.archive_reader import read_archive
from rnnviz.store.run_store import RunStore
from rnnviz.tasks import task_of
from rnnviz.training.checkpoint import MEASURED, Checkpoint
from rnnviz.training.trainer import Trainer

SMALL = Settings(hidden=4, length=5, batch=4, steps=60, dropout=0.2, layers=2)
NEWEST = "checkpoints/0000020/weights.safetensors"

PICKLE = b"\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94."


def begun(store, settings=SMALL, steps=23, kept=(0, 10, 20), state="paused"):
    """A run that was interrupted: rows after its newest checkpoint, as a killed worker leaves."""
    run = store.runs.create(settings, "ada", "first")
    trainer, rows = Trainer(settings, task=task_of(settings, store.data)), []
    for step in range(steps + 1):
        if step:
            done = trainer.advance()
            rows.append({name: getattr(done, name) for name in MEASURED} | {"seconds": step / 64})
        if step in kept:
            store.queue.record(run, rows, trainer.checkpoint())
            rows.clear()
    store.queue.record(run, rows)
    store.queue.release(run, state, "because" if state == "failed" else "")
    return run


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> bytes:
    """A run as a file."""
    store = RunStore(f"sqlite:///{tmp_path_factory.mktemp('file')}/runs.db")
    run = begun(store)
    store.runs.tag(run, "ada", ["lecture 3"])
    store.runs.annotate(run, "ada", "Learns late.\nSee <b>seed</b> 2.")
    made = store.files.write(run)
    store.close()
    return made


def packed(contents):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as zip:
        for name, data in contents.items():
            zip.writestr(name, data)
    return made.getvalue()


def contents(file):
    with zipfile.ZipFile(io.BytesIO(file)) as zip:
        return {name: zip.read(name) for name in zip.namelist()}


def resumed(store, run, owner):
    store.orders.resume(run, owner)
    Session(store, store.queue.claim("w"), threading.Event()).work()
    return store.runs.checkpoint(run)


# There and back


def test_a_run_comes_back_as_it_was_and_goes_on_to_the_same_weights(any_store):
    store = any_store
    run = begun(store)
    store.runs.tag(run, "ada", ["lecture 3", "slow"])
    store.runs.annotate(run, "ada", "Learns late.\nSee <b>seed</b> 2.")
    file = store.files.write(run)
    copy = store.files.read(file, "bob")
    was, now = store.runs.get(run), store.runs.get(copy)
    for name in ("settings", "name", "tags", "note", "step", "lr", "seconds", "created", "state"):
        assert getattr(now, name) == getattr(was, name), name
    assert (now.owner, now.worker, now.study) == ("bob", None, None)
    assert store.runs.metrics(copy).equals(store.runs.metrics(run))
    assert list(store.runs.checkpoint_steps(copy)) == [0, 10, 20]
    for step in (0, 10, 20):
        assert store.runs.checkpoint(copy, step) == store.runs.checkpoint(run, step)
    assert store.files.write(copy)[:100] != b"" and contents(store.files.write(copy)) == contents(
        file
    )

    trainer = Trainer(SMALL)
    while not trainer.finished:
        trainer.advance()
    assert resumed(store, copy, "bob").weights == trainer.checkpoint().weights
    assert resumed(store, run, "ada") == store.runs.checkpoint(copy)


def test_it_can_be_read_without_rnnviz(file):
    found = contents(file)
    assert Settings(**json.loads(found["settings.json"])) == SMALL
    rows = list(csv.DictReader(io.StringIO(found["metrics.csv"].decode())))
    assert [row["step"] for row in rows] == [str(step) for step in range(1, 24)]
    assert all(math.isfinite(float(row["loss"])) for row in rows)
    assert {row["validation_loss"] for row in rows} == {""}
    manifest = json.loads(found["manifest.json"])
    assert (manifest["name"], manifest["tags"]) == ("first", ["lecture 3"])
    assert manifest["checkpoints"] == [0, 10, 20]
    weights = load(found["checkpoints/0000020/weights.safetensors"])
    network = torch.nn.LSTM(2, 4, 2)
    network.load_state_dict(
        {name.removeprefix("rnn."): each for name, each in weights.items() if "rnn." in name}
    )
    assert "weights.safetensors" in found["README.txt"].decode()


def test_the_newest_checkpoint_alone_makes_a_small_file_that_goes_on(store):
    run = begun(store)
    copy = store.files.read(store.files.write(run, newest=True), "ada")
    assert list(store.runs.checkpoint_steps(copy)) == [20]
    assert resumed(store, copy, "ada") == resumed(store, run, "ada")


@pytest.mark.parametrize("state", ["finished", "failed", "stopped", "running", "interrupted"])
def test_what_trains_elsewhere_waits_here(file, tmp_path, state):
    found = contents(file)
    manifest = json.loads(found["manifest.json"]) | {"state": state, "reason": "because"}
    store = RunStore(f"sqlite:///{tmp_path}/runs.db")
    run = store.runs.get(
        store.files.read(packed(found | {"manifest.json": json.dumps(manifest)}), "bob")
    )
    kept = state in ("finished", "failed", "stopped")
    assert (run.state, run.reason) == ((state, "because") if kept else ("paused", ""))
    store.close()


def test_a_run_that_never_started(store):
    run = store.runs.create(SMALL, "ada")
    copy = store.runs.get(store.files.read(store.files.write(run), "ada"))
    assert (copy.settings, copy.step, copy.state) == (SMALL, 0, "paused")
    assert len(store.runs.metrics(copy.id)) == 0 and not store.runs.checkpoint_steps(copy.id)


def test_a_file_that_was_unpacked_and_packed_again(file):
    names = {"checkpoints/": b"", "checkpoints/0000010/": b""}
    rows = contents(file)["metrics.csv"].replace(b"\n", b"\r\n")
    again = read_archive(packed(names | contents(file) | {"metrics.csv": rows}))
    assert list(again.rows) == list(read_archive(file).rows)


def test_of_a_long_run_so_many_checkpoints_are_taken_that_it_can_be_opened(store, monkeypatch):
    run = begun(store, kept=range(24))
    size = len(store.runs.checkpoint(run).weights) + len(store.runs.checkpoint(run).optimizer)
    for module in (archive_writer, archive_reader):
        monkeypatch.setattr(module, "MOST_BYTES", 16 * size)
    kept = read_archive(store.files.write(run)).manifest.checkpoints
    assert 5 <= len(kept) <= 8 and kept[0] == 0 and kept[-1] == 23
    for module in (archive_writer, archive_reader):
        monkeypatch.setattr(module, "MOST_BYTES", size // 2)
    with pytest.raises(RunError, match="take its model instead"):
        store.files.write(run, newest=True)


@pytest.mark.parametrize(
    "settings",
    [
        SMALL.replace(patience=3, optimizer="rmsprop", bidirectional=True),
        Settings(task="dates", hidden=4, layers=1, batch=4, steps=60, optimizer="sgd"),
        Settings(
            task="characters", hidden=4, length=10, batch=4, steps=60, stateful=True, cell="gru"
        ),
    ],
    ids=["early stopping", "translation", "carried state"],
)
def test_whatever_a_checkpoint_holds_travels(store, settings):
    run = begun(store, settings, steps=55, kept=(0, 20, 52))
    copy = store.files.read(store.files.write(run), "ada")
    assert resumed(store, copy, "ada") == resumed(store, run, "ada")


def test_a_run_that_goes_on_from_another_travels_with_where_it_comes_from(any_store):
    store = any_store
    first = begun(store)
    run = store.runs.branch(first, "ada", 25, step=20, optimizer="sgd", schedule="cosine")
    copy = store.files.read(store.files.write(run), "ada")
    assert store.runs.get(copy).origin == store.runs.get(run).origin
    assert resumed(store, copy, "ada") == resumed(store, run, "ada")


@pytest.fixture
def own_data(any_store):
    """A run that learns a text that its owner has brought, and the text's data set."""
    data = prepare_text("To be, or not to be, that is the question. " * 40, name="hamlet")
    key = any_store.data.keep(data, "ada")
    settings = Settings.for_task("own_characters", data=key, hidden=4, length=10, batch=4, steps=60)
    return begun(any_store, settings), data


def elsewhere(tmp_path):
    return RunStore(f"sqlite:///{tmp_path}/elsewhere.db")


def test_data_of_ones_own_travel_with_a_run(any_store, own_data, tmp_path):
    run, data = own_data
    file = any_store.files.write(run, visitor="ada")
    wanted = resumed(any_store, run, "ada")
    assert contents(file)["dataset.bin"] == data.to_bytes()
    other = elsewhere(tmp_path)
    copy = other.files.read(file, "bob")
    assert [each.key for each in other.data.list("bob")] == [data.key]
    assert resumed(other, copy, "bob") == wanted
    other.close()


def test_data_that_somebody_else_brought_stay_with_them(any_store, own_data, tmp_path):
    run, data = own_data
    copy = any_store.runs.duplicate(run, "bob")
    file = any_store.files.write(copy, visitor="bob")
    assert "dataset.bin" not in contents(file)
    assert any_store.runs.get(any_store.files.read(file, "eve")).settings.data == data.key
    other = elsewhere(tmp_path)
    with pytest.raises(RunError, match="The data set .* is not here"):
        other.files.read(file, "eve")
    assert other.runs.list() == []
    other.close()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"PK", "is damaged"), (b"[" * 10**5, "is damaged"), (PICKLE, "is damaged"),
        (b'{"rnnviz data": 1, "kind": "text", "title": "x"}\nother', "not the one"),
    ],
)  # fmt: skip
def test_a_data_set_that_is_not_the_runs_is_refused(any_store, own_data, data, sentence):
    found = contents(any_store.files.write(own_data[0], visitor="ada"))
    with pytest.raises(RnnvizError, match=sentence):
        any_store.files.read(packed(found | {"dataset.bin": data}), "bob")
    assert any_store.data.list("bob") == []


@pytest.mark.parametrize("kind", ["text", "labels", "series"])
def test_a_hostile_data_set_that_has_its_right_name_is_refused(any_store, own_data, kind):
    """Its content is nonsense, but its key, which is a hash of it, stands in the settings."""
    found = contents(any_store.files.write(own_data[0], visitor="ada"))
    nonsense = DataSet(kind, "x", {"unit": 7, "classes": "no"}, b"\xff\x00" * 50)
    settings = json.loads(found["settings.json"]) | {"data": nonsense.key}
    found |= {"dataset.bin": nonsense.to_bytes(), "settings.json": json.dumps(settings).encode()}
    with pytest.raises(RunError, match="data set"):
        any_store.files.read(packed(found), "bob")
    assert any_store.data.list("bob") == []


# Damage


def same(found, other):
    return (
        (found.manifest, found.settings, found.checkpoints)
        == (other.manifest, other.settings, other.checkpoints)
        and list(found.rows) == list(other.rows)
    )  # fmt: skip


def test_no_damaged_file_is_read_as_another_run(file):
    """Bytes flipped all over the file, and its end cut off: refused, or without any effect."""
    true = read_archive(file)
    refused = 0
    for place in range(0, len(file), max(1, len(file) // 250)):
        damaged = bytearray(file)
        damaged[place] ^= 0x5A
        for data in (bytes(damaged), file[:place]):
            try:
                found = read_archive(data)
            except RunError as error:
                assert str(error).endswith(".") and len(str(error)) < 400
                refused += 1
            else:
                assert same(found, true)
    assert refused > 400


def test_no_damaged_part_of_a_file_is_overlooked(file):
    """Every file in it changed, with a checksum that is right again."""
    for name, data in contents(file).items():
        if name == "README.txt":
            continue
        for place in (0, len(data) // 2, len(data) - 1):
            changed = bytearray(data)
            changed[place] ^= 0x15
            if name.endswith("safetensors") and place:
                continue  # another number is another network: nobody can tell
            try:
                found = read_archive(packed(contents(file) | {name: bytes(changed)}))
            except RunError:
                continue
            assert name in ("settings.json", "manifest.json", "metrics.csv")
            assert not same(found, read_archive(file))  # another digit or letter


# What comes from nobody knows where


def changed_manifest(**values):
    return lambda found: {
        "manifest.json": json.dumps(json.loads(found["manifest.json"]) | values).encode()
    }


def changed_settings(**values):
    return lambda found: {
        "settings.json": json.dumps(json.loads(found["settings.json"]) | values).encode()
    }


def changed_table(old, new, count=-1):
    return lambda found: {"metrics.csv": found["metrics.csv"].replace(old, new, count)}


def changed_tensors(what, change):
    name = f"checkpoints/0000020/{what}.safetensors"

    def make(found):
        tensors = load(found[name])
        change(tensors)
        return {name: save(tensors)}

    return make


def lies(found):
    """A safetensors header that speaks of 2 GB."""
    header = {"readout.bias": {"dtype": "F32", "shape": [2**29], "data_offsets": [0, 2**31]}}
    text = json.dumps(header).encode()
    return {"checkpoints/0000020/weights.safetensors": struct.pack("<Q", len(text)) + text}


def without(name):
    return lambda found: found.pop(name) and {}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda found: {"../../evil.sh": b"x"}, "'../../evil.sh', which no run has"),
        (lambda found: {"/etc/passwd": b"x"}, "'/etc/passwd', which no run has"),
        (lambda found: {"inner.zip": packed(found)}, "'inner.zip', which no run has"),
        (lambda found: {"model.pt": PICKLE}, "'model.pt', which no run has"),
        (lambda found: {"checkpoints/0000020/weights.safetensors": PICKLE}, "is damaged"),
        (lambda found: {"manifest.json": PICKLE}, "manifest.json"),
        (without("settings.json"), "has no settings.json"),
        (without("manifest.json"), "has no manifest.json"),
        (without("checkpoints/0000010/optimizer.safetensors"), "has no checkpoints/0000010/opti"),
        (changed_manifest(version=2), "newer rnnviz .format 2, this one reads 1.: update rnnviz"),
        (changed_manifest(version=True), "none of a run"),
        (changed_manifest(format="tar"), "none of a run"),
        (changed_manifest(step=10**9), "contradict each other"),
        (changed_manifest(step=22), "more rows than the run has steps"),
        (changed_manifest(step=24), "line 25: no row of 8 numbers"),
        (changed_manifest(checkpoints=[0, 20, 10]), "contradict each other"),
        (changed_manifest(checkpoints=[]), "which no run has"),
        (changed_manifest(checkpoints=list(range(401))), "checkpoints"),
        (changed_manifest(name="x" * 81), "name"),
        (changed_manifest(created=math.nan), "NaN is no number"),
        (changed_manifest(lr=math.inf), "Infinity is no number"),
        (changed_manifest(lr=-1.0), "settings in the file cannot be used: lr = -1"),
        (changed_manifest(state="magic"), "state"),
        (changed_manifest(more=1), "more"),
        (lambda found: {"manifest.json": b"[" * 100_000}, "manifest.json"),
        (lambda found: {"manifest.json": b"[]"}, "no JSON object"),
        (lambda found: {"settings.json": b'{"lr": 1e999}'}, "lr = inf"),
        (changed_settings(hidden=5), "do not fit these settings"),
        (changed_settings(optimizer="sgd"), "optimizer's state of step 10 does not fit"),
        (changed_settings(hidden=4000), "hidden = 4000: must be"),
        (changed_settings(magic=1), "no setting called 'magic'"),
        (changed_settings(self=1), "no setting called 'self'"),
        (changed_table(b"\n7,", b"\n8,"), "line 8: step 7 has to be here"),
        (changed_table(b"\n7,", b"\n7,nan"), "line 8: no row of 8 numbers"),
        (changed_table(b"\n7,0", b"\n7,1e999"), "line 8"),
        (changed_table(b"\n7,0.", b"\n7,0..1"), "line 8: not a number"),
        (changed_table(b"\n7,", b"\n7,,"), "line 8: no row of 8 numbers"),
        (changed_table(b"step,loss", b"step,lost"), "columns of metrics.csv"),
        (changed_table(b"\n7,", b"\n" + b"7" * 10_000_000 + b","), "line 8"),
        (changed_tensors("weights", lambda t: t.pop("readout.bias")), "do not fit these settings"),
        (
            changed_tensors("weights", lambda t: t.update({"readout.bias": torch.zeros(9)})),
            "do not fit these settings",
        ),
        (changed_tensors("weights", lambda t: t.update({"more": torch.zeros(9)})), "do not fit"),
        (
            changed_tensors("weights", lambda t: t.update({k: v.double() for k, v in t.items()})),
            "weights of step .* do not fit",
        ),
        (
            changed_tensors("optimizer", lambda t: t.update({"adam.readout.bias.x": t["lr"] + 1})),
            "optimizer's state of step 20 does not fit",
        ),
        (lies, "is damaged"),
    ],
)  # fmt: skip
def test_what_is_no_run_is_refused_at_once(file, change, sentence):
    found = contents(file)
    new = change(found)
    data = packed(found | new)
    begun = time.process_time()
    with pytest.raises(RunError, match=sentence) as error:
        read_archive(data)
    assert time.process_time() - begun < 2
    assert str(error.value).endswith(".") and len(str(error.value)) < 600


def bomb(name, size):
    """A zip whose one file unpacks to so many zeros."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as zip, zip.open(name, "w") as inner:
        for _ in range(size // 2**20):
            inner.write(bytes(2**20))
    return made.getvalue()


def declared(file, name, size):
    """The same file, that says of one of its files that it has so many bytes."""
    place = file.rindex(name.encode())  # in the directory, 46 bytes after the entry's beginning
    entry = bytearray(file)
    entry[place - 46 + 24 : place - 46 + 28] = struct.pack("<I", size)
    return bytes(entry)


def many_names(count):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as zip:
        for place in range(count):
            zip.writestr(f"{place}", b"")
    return made.getvalue()


def twice(file):
    with pytest.warns(UserWarning, match="Duplicate"):
        made = io.BytesIO(file)
        with zipfile.ZipFile(made, "a") as zip:
            zip.writestr("settings.json", "{}")
        return made.getvalue()


def long_table(file, rows):
    """A table of so many rows in a file of a few kilobytes."""
    table = ",".join(MEASURED) + ",seconds\n" + "1,0,0,0,0,,,0\n" * rows
    return packed(contents(file) | {"metrics.csv": table.encode()})


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda file: b"", "is no run of rnnviz, or it is damaged"),
        (lambda file: b"PK\x03\x04" + bytes(1000), "is no run of rnnviz"),
        (lambda file: b"Dear diary, " * 1000, "is no run of rnnviz"),
        (lambda file: bytes(archive_writer.MOST_BYTES + 1), "64 MB is too large"),
        (lambda file: bomb("manifest.json", 2**27), "manifest.json is too large"),
        (lambda file: declared(file, "manifest.json", 2**31), "manifest.json is too large"),
        (lambda file: declared(file, NEWEST, 2**31), "too large"),
        (lambda file: declared(file, NEWEST, 9), "damaged"),
        (lambda file: many_names(1001), "more than 1000 files"),
        (twice, "a file is in it twice"),
        (lambda file: long_table(file, 2_000_000), "line 3: step 2 has to be here"),
    ],
)  # fmt: skip
def test_what_would_fill_the_memory_is_refused_at_once(file, make, sentence):
    data = make(file)
    tracemalloc.start()
    begun = time.process_time()
    try:
        with pytest.raises(RunError, match=sentence):
            read_archive(data)
        took, (_, most) = time.process_time() - begun, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert took < 2 and most < 2**24


def test_nothing_is_kept_of_what_is_refused(file, tmp_path):
    store = RunStore(f"sqlite:///{tmp_path}/runs.db")
    for change in (changed_manifest(step=24), changed_settings(hidden=5), without("metrics.csv")):
        found = contents(file)
        new = change(found)
        with pytest.raises(RunError):
            store.files.read(packed(found | new), "bob")
    assert store.runs.list() == []
    with store._database.read() as connection:
        for table in ("metrics", "checkpoints"):
            assert not connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()
    store.close()


def test_text_that_no_database_keeps_is_left_out(any_store, file):
    store = any_store
    manifest = json.loads(contents(file)["manifest.json"])
    manifest |= {"name": "a\0b\nc", "tags": ["x\0", "x"], "note": "one\r\ntwo\0\x1b[31m"}
    run = store.files.read(packed(contents(file) | {"manifest.json": json.dumps(manifest)}), "bob")
    found = store.runs.get(run)
    assert (found.name, found.tags, found.note) == ("ab c", ("x",), "one\ntwo[31m")


def test_a_checkpoint_of_a_diverged_run_travels_too(store):
    run = begun(store, state="failed")
    kept = store.runs.checkpoint(run)
    broken = {name: each * math.nan for name, each in load(kept.weights).items()}
    store.queue.record(run, [], Checkpoint(23, save(broken), kept.optimizer))
    copy = store.runs.get(store.files.read(store.files.write(run), "ada"))
    assert (copy.state, copy.reason) == ("failed", "because")
    assert store.runs.checkpoint(copy.id).weights == save(broken)
