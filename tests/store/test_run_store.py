import math
import os
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnviz.errors import RunError, SettingsError, StoreError
from rnnviz.settings import Settings
from rnnviz.store.downsample import thin
from rnnviz.store.queue import MOST_CHECKPOINTS
from rnnviz.store.run_store import RunStore, default_url
from rnnviz.store.schema import VERSION
from rnnviz.training.checkpoint import Checkpoint

SETTINGS = Settings(hidden=4, length=5, steps=1000)


@pytest.fixture
def url(tmp_path):
    """The address of a file, for what is SQLite's alone."""
    return f"sqlite:///{tmp_path}/runs.db"


@pytest.fixture
def store(store_url):
    store = RunStore(store_url)
    yield store
    store.close()


@pytest.fixture
def file_store(url):
    store = RunStore(url)
    yield store
    store.close()


def row(step, **values):
    measured = dict.fromkeys(("loss", "metric", "gradient_norm"), 0.5)
    checked = dict.fromkeys(("validation_loss", "validation_metric"))
    return {"step": step, "lr": 0.1, "seconds": step / 100, **measured, **checked, **values}


def checkpoint(step, size=10):
    return Checkpoint(step, b"w" * size, b"%d" % step)


def queued(store, owner="ada"):
    run = store.runs.create(SETTINGS, owner)
    store.orders.resume(run, owner)
    return run


# Runs


def test_a_new_run_waits_and_holds_its_settings(store):
    run = store.runs.get(store.runs.create(SETTINGS, "ada", "first"))
    assert (run.owner, run.name, run.settings) == ("ada", "first", SETTINGS)
    assert (run.state, run.reason, run.step, run.lr) == ("paused", "", 0, SETTINGS.lr)
    assert run.worker is None and abs(run.created - time.time()) < 5


def test_ids_cannot_be_guessed(store):
    ids = {store.runs.create(SETTINGS, "ada") for _ in range(20)}
    assert len(ids) == 20 and all(len(id) == 16 for id in ids)


def test_list_is_newest_first_and_can_be_narrowed(store):
    first, second = store.runs.create(SETTINGS, "ada"), queued(store, "bob")
    assert [run.id for run in store.runs.list()] == [second, first]
    assert [run.id for run in store.runs.list(owner="ada")] == [first]
    assert [run.id for run in store.runs.list(state="queued")] == [second]


def test_a_run_that_does_not_exist(store):
    for read in (store.runs.get, store.runs.head, store.orders.wanted):
        with pytest.raises(RunError, match="There is no run 'nothing'"):
            read("nothing")
    assert store.queue.place("nothing") is None
    assert len(store.runs.metrics("nothing")) == 0 and not store.runs.checkpoint_steps("nothing")


def test_another_process_sees_the_same(store, store_url):
    run = queued(store)
    code = (
        "from rnnviz.store.run_store import RunStore; "
        f"print(RunStore({store_url!r}).runs.get({run!r}).state)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "queued"


def test_reading_runs_needs_no_torch(url):
    code = f"import sys; from rnnviz.engine.supervisor import Engine; Engine({url!r})"
    code += ".store.runs.list(); assert not {'torch', 'pandas', 'streamlit'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# Owners


def test_only_the_owner_steers(store):
    run = queued(store)
    orders, before = store.orders, store.runs.get(run)
    for order in (orders.resume, orders.pause, orders.step_once, orders.stop, store.bin.delete):
        with pytest.raises(RunError, match="belongs to somebody else"):
            order(run, "bob")
    with pytest.raises(RunError, match="belongs to somebody else"):
        store.orders.set_lr(run, "bob", 0.1)
    assert store.runs.get(run) == before


# What is wanted


def test_pause_and_resume_in_line(store):
    run = queued(store)
    store.orders.pause(run, "ada", "the page was closed")
    paused = store.runs.get(run)
    assert (paused.state, paused.reason) == ("paused", "the page was closed")
    assert store.queue.claim("w") is None
    store.orders.resume(run, "ada")
    assert (store.runs.get(run).state, store.runs.get(run).reason) == ("queued", "")


def test_stop_before_the_first_step(store):
    run = queued(store)
    store.orders.stop(run, "ada")
    assert store.runs.get(run).state == "stopped" and store.queue.claim("w") is None
    store.orders.resume(run, "ada")
    assert store.queue.claim("w").id == run


@pytest.mark.parametrize(
    "order, action", [("pause", "pause"), ("stop", "stop"), ("resume", "run"), ("step_once", "run")]
)
def test_orders_to_a_running_run_reach_its_worker(store, order, action):
    run = queued(store)
    store.queue.claim("w")
    store.queue.record(run, [row(1), row(2)], worker="w")
    before = store.orders.wanted(run)
    getattr(store.orders, order)(run, "ada")
    wanted = store.orders.wanted(run)
    assert (wanted.action, wanted.until) == (action, 3 if order == "step_once" else None)
    assert wanted.revision > before.revision and store.runs.get(run).state == "running"


def test_one_step_from_where_the_run_is(store):
    run = store.runs.create(SETTINGS, "ada")
    store.orders.step_once(run, "ada")
    assert store.runs.get(run).state == "queued" and store.orders.wanted(run).until == 1
    store.queue.claim("w")
    store.queue.record(run, [row(1)], worker="w")
    store.queue.release(run, "paused", worker="w")
    store.orders.step_once(run, "ada")
    assert store.orders.wanted(run).until == 2
    store.orders.resume(run, "ada")
    assert store.orders.wanted(run).until is None


def test_learning_rate(store):
    run = queued(store)
    store.orders.set_lr(run, "ada", 0.25)
    assert store.orders.wanted(run).lr == store.runs.get(run).lr == 0.25
    assert store.runs.get(run).settings.lr == SETTINGS.lr
    for wrong in (-1.0, math.nan, math.inf):
        with pytest.raises(SettingsError, match="[Ll]earning rate|lr"):
            store.orders.set_lr(run, "ada", wrong)


def test_a_finished_run_stays_finished(store):
    run = queued(store)
    store.queue.claim("w")
    store.queue.record(run, [row(1000)], worker="w")
    store.queue.release(run, "finished", worker="w")
    for order in (store.orders.resume, store.orders.step_once):
        with pytest.raises(RunError, match="trained all its 1000 steps"):
            order(run, "ada")
    with pytest.raises(RunError, match="is finished"):
        store.orders.set_lr(run, "ada", 0.1)
    store.orders.pause(run, "ada")
    store.orders.stop(run, "ada")
    assert store.runs.get(run).state == "finished"


@pytest.mark.parametrize("state", ["failed", "interrupted", "stopped", "paused"])
def test_every_other_run_can_go_on(store, state):
    run = queued(store)
    store.queue.claim("w")
    store.queue.release(run, state, "because", worker="w")
    assert (store.runs.get(run).state, store.runs.get(run).reason) == (state, "because")
    store.orders.resume(run, "ada")
    assert store.queue.claim("w").id == run


def test_a_worker_does_not_release_against_a_newer_wish(store):
    run = queued(store)
    store.queue.claim("w")
    store.orders.pause(run, "ada")
    seen = store.orders.wanted(run)
    store.orders.resume(run, "ada")
    assert not store.queue.release(run, "paused", worker="w", revision=seen.revision)
    assert store.runs.get(run).state == "running"
    newest = store.orders.wanted(run).revision
    assert store.queue.release(run, "paused", worker="w", revision=newest)


def test_the_worker_notices_that_its_run_was_deleted(store):
    run, other = queued(store), queued(store)
    for _ in range(2):
        claimed = store.queue.claim("w")
        store.queue.record(claimed.id, [row(1)], checkpoint(1), worker="w")
    store.bin.delete(run, "ada")
    assert len(store.runs.metrics(other)) == 1 and store.runs.checkpoint_steps(other) == [1]
    for write in (
        lambda: store.queue.record(run, [row(2)]),
        lambda: store.queue.heartbeat(run, "w"),
        lambda: store.queue.release(run, "paused", worker="w"),
        lambda: store.orders.wanted(run),
    ):
        with pytest.raises(RunError, match="was deleted"):
            write()


# The line


def test_first_come_first_served_for_one_owner(store):
    ids = [queued(store) for _ in range(3)]
    assert [store.queue.place(id) for id in ids] == [1, 2, 3]
    assert [store.queue.claim("w").id for _ in ids] == ids
    assert store.queue.claim("w") is None and store.queue.place(ids[0]) is None


def test_who_resumes_goes_to_the_end_of_the_line(store):
    first, second = queued(store), queued(store)
    store.orders.pause(first, "ada")
    store.orders.resume(first, "ada")
    assert (store.queue.place(second), store.queue.place(first)) == (1, 2)


def test_owners_take_turns(store):
    ada = [queued(store, "ada") for _ in range(3)]
    bob = [queued(store, "bob") for _ in range(2)]
    expected = [ada[0], bob[0], ada[1], bob[1], ada[2]]
    assert [store.queue.place(id) for id in expected] == [1, 2, 3, 4, 5]
    assert [store.queue.claim("w").id for _ in expected] == expected


def test_who_trains_already_waits_for_the_others(store):
    queued(store, "ada")
    store.queue.claim("w")
    ada, bob = queued(store, "ada"), queued(store, "bob")
    assert store.queue.claim("w").id == bob
    assert store.queue.claim("w").id == ada


CLAIM_ALL = """
import sys
from rnnviz.store.run_store import RunStore
store = RunStore(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
while run := store.queue.claim(sys.argv[2]):
    print(run.id, flush=True)
"""


def test_processes_that_claim_at_once_never_take_the_same_run(store, store_url):
    ids = [queued(store, f"owner {i % 7}") for i in range(60)]
    claimers = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIM_ALL, store_url, f"w{i}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        for i in range(4)
    ]
    for each in claimers:
        assert each.stdout.readline() == "ready\n"
    for each in claimers:
        each.stdin.write("go\n")
        each.stdin.flush()
    taken = [each.communicate(timeout=30)[0].split() for each in claimers]
    assert sorted(sum(taken, [])) == sorted(ids)
    for i, own in enumerate(taken):
        assert {store.runs.get(id).worker for id in own} <= {f"w{i}"}


# The log


def test_metrics_round_trip(store):
    run = queued(store)
    validated = row(2, validation_loss=1.5, validation_metric=99.0)
    store.queue.record(run, [row(1, loss=0.1 + 0.2), validated])
    frame = store.runs.metrics(run)
    assert list(frame.columns) == [
        "step", "loss", "metric", "gradient_norm", "lr",
        "validation_loss", "validation_metric", "seconds",
    ]  # fmt: skip
    assert frame["step"].tolist() == [1, 2] and frame["step"].dtype == "int64"
    assert frame["loss"].tolist() == [0.1 + 0.2, 0.5]
    assert frame["validation_loss"].isna().tolist() == [True, False]
    assert all(dtype == "float64" for name, dtype in frame.dtypes.items() if name != "step")
    assert store.runs.metrics(run, since=1)["step"].tolist() == [2]
    assert (store.runs.get(run).step, store.runs.get(run).seconds) == (2, 0.02)


def test_rows_written_again_replace_themselves(store):
    run = queued(store)
    store.queue.record(run, [row(1), row(2)])
    store.queue.record(run, [row(2, loss=7.0), row(3)])
    assert store.runs.metrics(run)["loss"].tolist() == [0.5, 7.0, 0.5]


def test_checkpoints(store):
    run = queued(store)
    with pytest.raises(RunError, match="no checkpoint"):
        store.runs.checkpoint(run)
    for step in (0, 10, 20):
        store.queue.record(run, [], checkpoint(step))
    assert store.runs.checkpoint_steps(run) == [0, 10, 20]
    assert store.runs.checkpoint(run) == checkpoint(20)
    steps = [store.runs.checkpoint(run, step).step for step in (0, 9, 10, 19, 99)]
    assert steps == [0, 0, 10, 10, 20]


def test_learning_rates_after_a_step(store):
    run = queued(store)
    store.queue.record(run, [row(1, lr=0.1), row(2, lr=0.2), row(3, lr=0.3)])
    assert store.runs.learning_rates(run, since=1) == {2: 0.2, 3: 0.3}


def test_rows_and_checkpoint_are_written_together_or_not_at_all(store):
    run = queued(store)
    with pytest.raises(StoreError):
        store.queue.record(run, [row(1), row(2)], Checkpoint(2, None, b""))
    assert len(store.runs.metrics(run)) == 0 and store.runs.get(run).step == 0


def test_only_the_worker_that_holds_a_run_writes(store):
    run = queued(store)
    store.queue.claim("first")
    store.queue.release(run, "interrupted", "silent", worker="first")
    store.orders.resume(run, "ada")
    store.queue.claim("second")
    late = [
        lambda: store.queue.record(run, [row(1)], worker="first"),
        lambda: store.queue.heartbeat(run, "first"),
        lambda: store.queue.release(run, "paused", worker="first"),
    ]
    for write in late:
        with pytest.raises(RunError, match="another worker"):
            write()
    assert store.runs.get(run).worker == "second" and len(store.runs.metrics(run)) == 0


def test_head_changes_with_everything_there_is_to_see(store):
    run = queued(store)
    heads = [store.runs.head(run)]
    assert store.runs.head(run) == heads[0]
    for change in (
        lambda: store.orders.set_lr(run, "ada", 0.3),
        lambda: store.queue.claim("w"),
        lambda: store.queue.record(run, [row(1)]),
        lambda: store.queue.record(run, [], checkpoint(1)),
        lambda: store.queue.release(run, "paused"),
    ):
        change()
        heads.append(store.runs.head(run))
    assert len(set(heads)) == len(heads)


def test_head_tells_that_the_line_moves(store):
    first, second = queued(store), queued(store)
    before = store.runs.head(second)
    store.orders.pause(first, "ada")
    assert store.runs.head(second) != before


# Who watches


def test_unseen_runs_of_owners_who_left(store):
    ada, _ = queued(store, "ada"), store.runs.create(SETTINGS, "ada")
    bob = queued(store, "bob")
    claimed = time.time()
    assert store.queue.unseen(before=claimed - 10) == []
    store.queue.claim("w")
    time.sleep(0.01)
    store.queue.mark_seen(["bob"])
    assert [run.id for run in store.queue.unseen(before=claimed + 0.005)] == [ada]
    store.orders.pause(ada, "ada")  # running still, but its worker will see
    assert [run.id for run in store.queue.unseen(before=time.time() + 1)] == [bob]


# Thinning


def test_few_checkpoints_are_all_kept():
    assert thin(range(200), 200) == []


@given(
    gaps=st.lists(st.integers(1, 500), min_size=1, max_size=600),
    limit=st.integers(4, 60),
)
def test_thinning_keeps_the_ends_the_newest_and_the_number(gaps, limit):
    seen, kept, step = [0], [0], 0
    for gap in gaps:
        step += gap
        seen.append(step)
        kept.append(step)
        dropped = thin(kept, limit)
        kept = [each for each in kept if each not in dropped]
        assert len(kept) == min(limit, len(seen))
        assert kept[0] == 0 and kept[-1] == step
        assert kept[-(limit // 4) :] == seen[-(limit // 4) :]


@pytest.mark.parametrize("gap", [1, 40, 977])
def test_kept_checkpoints_are_useful_everywhere(gap):
    kept = []
    for step in range(0, 10_000 * gap, gap):
        kept.append(step)
        kept = sorted(set(kept) - set(thin(kept, MOST_CHECKPOINTS)))
    last = kept[-1]
    assert len(kept) == MOST_CHECKPOINTS
    widest = max(b - a for a, b in zip(kept, kept[1:], strict=False))
    assert widest < last / 25
    assert kept[:4] == [0, gap, 2 * gap, 3 * gap]
    for a, b in zip(kept[1:-1], kept[2:-1], strict=False):
        middle = (a + b) / 2
        density = 1 / middle + 1 / (last - middle) + 8 / last
        assert (b - a - gap) * density < 0.5


def test_a_long_run_in_the_store_is_thinned(store):
    run = queued(store)
    for step in range(0, 260):
        store.queue.record(run, [], checkpoint(step))
    steps = store.runs.checkpoint_steps(run)
    assert len(steps) == MOST_CHECKPOINTS and steps[0] == 0 and steps[-50:] == [*range(210, 260)]


def test_large_checkpoints_are_fewer(store, monkeypatch):
    monkeypatch.setattr("rnnviz.store.queue.MOST_BYTES", 20_000)
    run = queued(store)
    for step in range(30):
        store.queue.record(run, [], checkpoint(step, size=1000))
    assert len(store.runs.checkpoint_steps(run)) == 19


# What can go wrong


def test_the_default_store_is_in_the_users_data_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    if sys.platform.startswith("linux"):
        assert default_url() == f"sqlite:///{tmp_path}/rnnviz/runs.db"
    assert default_url().startswith("sqlite:///")


def test_missing_folders_are_made(tmp_path):
    RunStore(f"sqlite:///{tmp_path}/a/b/runs.db").close()
    assert (tmp_path / "a" / "b" / "runs.db").exists()


@pytest.mark.parametrize(
    "url, sentence",
    [
        ("", "is not the address"),
        ("runs.db", "is not the address of a run store: write sqlite:///"),
        ("nosuch://host/x", "is not the address of a run store"),
        ("sqlite://", "in memory cannot be shared"),
        ("sqlite:///:memory:", "in memory cannot be shared"),
        ("sqlite:////proc/none/runs.db", "folder /proc/none of the run store cannot be made"),
        ("sqlite:////dev/null/x/runs.db", "folder /dev/null/x of the run store cannot be made"),
        ("sqlite:////proc/runs.db", "/proc/runs.db cannot be opened"),
        ("mysql+nosuch://host/x", "is not the address of a run store"),
        ("oracle://host/x", "is not the address of a run store"),
    ],
)
def test_addresses_that_cannot_work(url, sentence):
    with pytest.raises(StoreError, match=sentence) as error:
        RunStore(url)
    assert str(error.value).endswith(".")


def test_a_password_is_never_shown():
    with pytest.raises(StoreError) as error:
        RunStore("postgresql+nosuch://ada:secret@host/x")
    assert "secret" not in str(error.value)


def test_a_file_that_is_no_database(tmp_path, url):
    (tmp_path / "runs.db").write_text("Dear diary, " * 100)
    with pytest.raises(StoreError, match="is not a run store but some other file"):
        RunStore(url)
    assert (tmp_path / "runs.db").read_text().startswith("Dear diary")


def test_a_database_of_another_program(tmp_path, url):
    with sqlite3.connect(tmp_path / "runs.db") as other:
        other.execute("CREATE TABLE places (name TEXT)")
    other.close()
    with pytest.raises(StoreError, match="belongs to another program .it has a table 'places'"):
        RunStore(url)


def test_a_store_of_a_newer_version(store, store_url):
    with store._database.write() as connection:
        connection.exec_driver_sql(f"UPDATE meta SET version = {VERSION + 1}")
    with pytest.raises(StoreError, match=f"newer rnnviz .store version {VERSION + 1}, this one"):
        RunStore(store_url)


def test_a_damaged_store(tmp_path, url):
    store = RunStore(url)
    ids = [store.runs.create(SETTINGS, "ada") for _ in range(50)]
    store.close()
    path = tmp_path / "runs.db"
    middle = os.path.getsize(path) // 3
    with open(path, "r+b") as file:
        file.seek(middle)
        file.write(b"\xff" * 2 * middle)
    with pytest.raises(StoreError, match="is damaged"):
        damaged = RunStore(url)
        for id in ids:
            damaged.runs.get(id)
    assert path.exists()


def test_a_store_locked_by_another_program(file_store, url, tmp_path):
    other = sqlite3.connect(tmp_path / "runs.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(StoreError, match="is locked by another program"):
            RunStore(url, timeout=0.1)
    finally:
        other.rollback()
        other.close()
    RunStore(url, timeout=0.1).close()


def test_a_full_disk_loses_no_committed_step(file_store):
    store = file_store
    run = queued(store)
    store.queue.record(run, [row(1)], checkpoint(1))
    with store._database.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreError, match="cannot grow, its disk is full: free some space"):
        store.queue.record(run, [row(2)], checkpoint(2, size=100_000))
    assert store.runs.metrics(run)["step"].tolist() == [1]
    assert store.runs.checkpoint(run) == checkpoint(1)
    with store._database.write() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 1000}")
    store.queue.record(run, [row(2)], checkpoint(2, size=100_000))
    assert store.runs.get(run).step == 2


def test_a_store_that_was_taken_away(store):
    with store._database.write() as connection:
        connection.exec_driver_sql("DROP TABLE metrics")
    with pytest.raises(
        StoreError, match='cannot be used: (no such table|relation "metrics" does not exist)'
    ):
        store.runs.metrics("any")


def test_many_threads_read_and_write(store):
    run = queued(store)
    store.queue.claim("w")

    def work(i):
        for step in range(1, 6):
            store.queue.record(run, [row(5 * i + step)], checkpoint(5 * i + step))
            store.runs.head(run)
        return len(store.runs.metrics(run))

    with ThreadPoolExecutor(16) as pool:
        counts = list(pool.map(work, range(16)))
    assert len(store.runs.metrics(run)) == 80 and min(counts) >= 5
