import threading
import time
import types
from itertools import pairwise

import pytest
import torch
from safetensors.numpy import load

from rnnviz.engine import worker
from rnnviz.engine.worker import Session, serve
from rnnviz.errors import StoreError
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.training.checkpoint import Checkpoint
from rnnviz.training.trainer import Trainer
from rnnviz.training.training import train
from tests.warm import forking

SETTINGS = Settings(hidden=4, length=5, batch=4, steps=40)
DIVERGES = SETTINGS.replace(cell="lstm", length=20, lr=10.0, optimizer="sgd", clip=0.0, steps=1000)


def work(store, run, stopping=None):
    """Let a worker train the run until it lets go of it."""
    if store.runs.get(run).state != "queued":
        store.orders.resume(run, "ada")
    Session(store, store.queue.claim("w"), stopping or threading.Event()).work()
    return store.runs.get(run)


def weights(settings, lrs=None):
    """Return the final weights of training without a store."""
    trainer = Trainer(settings)
    while not trainer.finished:
        trainer.lr = (lrs or {}).get(trainer.step + 1, trainer.lr)
        trainer.advance()
    return trainer.checkpoint().weights


def test_a_run_is_trained_to_its_end(store):
    run = store.runs.create(SETTINGS, "ada")
    done = work(store, run)
    assert (done.state, done.reason, done.step, done.worker) == ("finished", "", 40, None)
    frame = store.runs.metrics(run)
    expected = list(train(SETTINGS))
    assert frame["step"].tolist() == [step.step for step in expected]
    for name in ("loss", "metric", "gradient_norm", "lr"):
        assert frame[name].tolist() == [getattr(step, name) for step in expected]
    assert frame["validation_loss"].dropna().tolist() == [expected[-1].validation_loss]
    assert frame["seconds"].is_monotonic_increasing and done.seconds == frame["seconds"].iloc[-1]
    steps = store.runs.checkpoint_steps(run)
    assert steps[0] == 0 and steps[-1] == 40
    assert store.runs.checkpoint(run, 0) == Trainer(SETTINGS).checkpoint()
    assert store.runs.checkpoint(run).weights == weights(SETTINGS)


def test_weights_in_the_store_are_safetensors(store):
    run = store.runs.create(SETTINGS, "ada")
    work(store, run)
    assert "rnn.weight_hh_l0" in load(store.runs.checkpoint(run).weights)


def test_single_steps_lead_to_the_same_weights(store):
    run = store.runs.create(SETTINGS.replace(steps=4), "ada")
    for step in (1, 2, 3):
        store.orders.step_once(run, "ada")
        paused = work(store, run)
        assert (paused.state, paused.reason, paused.step) == ("paused", "", step)
        assert store.runs.checkpoint(run).step == step
    store.orders.step_once(run, "ada")
    assert work(store, run).state == "finished"
    assert store.runs.checkpoint(run).weights == weights(SETTINGS.replace(steps=4))


@pytest.mark.parametrize("order, state", [("pause", "paused"), ("stop", "stopped")])
def test_orders_are_followed_and_the_run_can_go_on(store, order, state):
    run = store.runs.create(SETTINGS, "ada")
    store.orders.resume(run, "ada")
    claimed = store.queue.claim("w")
    getattr(store.orders, order)(run, "ada", "because")
    Session(store, claimed, threading.Event()).work()
    put_down = store.runs.get(run)
    assert (put_down.state, put_down.reason, put_down.worker) == (state, "because", None)
    assert store.runs.checkpoint_steps(run) == [put_down.step]
    assert work(store, run).state == "finished"
    assert store.runs.checkpoint(run).weights == weights(SETTINGS)


def test_a_worker_that_is_woken_looks_at_once_for_what_is_wanted(store, monkeypatch):
    for poll in ("POLL", "IDLE_POLL"):
        monkeypatch.setattr(worker, poll, 1000)
    run = store.runs.create(SETTINGS.replace(steps=1_000_000), "ada")
    stopping, woken = threading.Event(), threading.Event()
    serving = threading.Thread(target=serve, args=(store, "w", stopping, woken))
    serving.start()
    for order, condition in (
        (store.orders.resume, lambda run: run.state == "running"),
        (store.orders.pause, lambda run: run.state == "paused"),
        (store.orders.resume, lambda run: run.state == "running"),
        (store.orders.stop, lambda run: run.state == "stopped"),
    ):
        order(run, "ada")
        woken.set()
        wait_for(lambda condition=condition: condition(store.runs.get(run)))
    stopping.set()
    woken.set()
    serving.join(10)
    assert not serving.is_alive()


def test_a_worker_that_has_to_end_puts_its_run_down(store):
    stopping = threading.Event()
    stopping.set()
    run = store.runs.create(SETTINGS, "ada")
    paused = work(store, run, stopping)
    assert paused.state == "paused" and "server was stopped" in paused.reason


def test_a_new_learning_rate_holds_from_the_resumed_step_on(store):
    run = store.runs.create(SETTINGS, "ada")
    for _ in range(2):
        store.orders.step_once(run, "ada")
        work(store, run)
    store.orders.set_lr(run, "ada", 0.5)
    work(store, run)
    assert store.runs.metrics(run)["lr"].tolist() == [SETTINGS.lr] * 2 + [0.5] * 38
    assert store.runs.checkpoint(run).weights == weights(SETTINGS, {3: 0.5})
    assert Trainer(SETTINGS, store.runs.checkpoint(run)).lr == 0.5


def test_a_disk_that_is_slow_once_holds_up_no_later_checkpoint(store, monkeypatch):
    now, written = 0.0, []
    advance, record = Trainer.advance, store.queue.record

    def step(trainer):
        nonlocal now
        now += 0.02
        return advance(trainer)

    def write(id, rows, checkpoint, by):
        nonlocal now
        record(id, rows, checkpoint, by)
        now += 1.0 if len(written) == 5 else 0.004
        if checkpoint:
            written.append(now)

    monkeypatch.setattr(worker, "time", types.SimpleNamespace(perf_counter=lambda: now))
    monkeypatch.setattr(Trainer, "advance", step)
    monkeypatch.setattr(store.queue, "record", write)
    run = store.runs.create(SETTINGS.replace(steps=200), "ada")
    work(store, run)
    pauses = [later - before for before, later in pairwise(written)]
    assert len(pauses) >= 15
    # a step and the write itself come on top of what the worker waits
    assert max(pauses[5:]) < worker.FLUSH + 0.03
    assert pauses[4] > 1


def test_steps_after_the_newest_checkpoint_are_done_again_and_not_changed(store, monkeypatch):
    monkeypatch.setattr(worker, "CHECKPOINT_SHARE", 1e-9)  # none but at the ends
    monkeypatch.setattr(worker, "FLUSH", 0)
    run = store.runs.create(SETTINGS, "ada")
    store.orders.resume(run, "ada")

    class PowerCut(Exception):
        pass

    def cut_at(step):
        record = store.queue.record

        def write(id, rows, *rest):
            if rows and rows[-1]["step"] > step:
                raise PowerCut
            record(id, rows, *rest)

        return write

    for step, lr in ((10, 0.1), (25, 0.3), (30, 0.7)):
        claimed = store.queue.claim("w")
        store.orders.set_lr(run, "ada", lr)
        with monkeypatch.context() as patch, pytest.raises(PowerCut):
            patch.setattr(store.queue, "record", cut_at(step))
            Session(store, claimed, threading.Event()).work()
        store.queue.release(run, "interrupted", worker="w")
        assert store.runs.get(run).step == step and store.runs.checkpoint(run).step < 10
        before = store.runs.metrics(run)
        store.orders.resume(run, "ada")
    assert work(store, run).state == "finished"
    after = store.runs.metrics(run)
    assert after.iloc[:30].equals(before) and after["step"].tolist() == [*range(1, 41)]
    assert after["lr"].tolist() == [0.1] * 10 + [0.3] * 15 + [0.7] * 15
    rates = dict(zip(after["step"], after["lr"], strict=True))
    assert store.runs.checkpoint(run).weights == weights(SETTINGS, rates)


def test_divergence_keeps_all_that_came_before(store):
    run = store.runs.create(DIVERGES, "ada")
    failed = work(store, run)
    assert failed.state == "failed" and f"step {failed.step + 1}" in failed.reason
    assert len(store.runs.metrics(run)) == failed.step > 0
    assert store.runs.checkpoint(run).step == failed.step
    again = work(store, run)
    assert (again.state, again.reason) == ("failed", failed.reason)


def test_an_error_is_told_and_the_worker_lives_on(store, caplog):
    broken, good = store.runs.create(SETTINGS, "ada"), store.runs.create(SETTINGS, "ada")
    store.queue.record(broken, [], Checkpoint(0, b"junk", b"junk"))
    stopping = threading.Event()
    for run in (broken, good):
        store.orders.resume(run, "ada")
    serving = threading.Thread(target=serve, args=(store, "w", stopping))
    serving.start()
    wait_for(lambda: store.runs.get(good).state == "finished")
    stopping.set()
    serving.join()
    failed = store.runs.get(broken)
    assert failed.state == "failed" and failed.reason.startswith("Training stopped at an error")
    assert f"The run {broken} failed" in caplog.text


@pytest.mark.parametrize("how", ["deleted", "taken over"])
def test_a_run_that_is_gone_is_let_go_of(store, how, caplog):
    run = store.runs.create(SETTINGS.replace(steps=100_000), "ada")
    store.orders.resume(run, "ada")
    stopping = threading.Event()
    serving = threading.Thread(target=serve, args=(store, "first", stopping))
    serving.start()
    wait_for(lambda: store.runs.get(run).step > 0)
    if how == "deleted":
        store.bin.delete(run, "ada")
    else:
        store.queue.release(run, "interrupted")
        store.orders.resume(run, "ada")
        assert store.queue.claim("second").id == run
    follower = store.runs.create(SETTINGS, "ada")
    store.orders.resume(follower, "ada")
    wait_for(lambda: store.runs.get(follower).state == "finished")
    stopping.set()
    serving.join()
    assert not caplog.records  # nothing is wrong
    if how == "taken over":
        assert (store.runs.get(run).state, store.runs.get(run).worker) == ("running", "second")


def test_a_store_that_cannot_be_written_ends_the_worker(store, monkeypatch):
    store.orders.resume(store.runs.create(SETTINGS, "ada"), "ada")

    def full(*_):
        raise StoreError("The disk is full.")

    monkeypatch.setattr(store.queue, "record", full)
    with pytest.raises(StoreError, match="full"):
        serve(store, "w", threading.Event())
    assert len(store.runs.list(state="running")) == 1  # the engine finds that its worker is dead


def test_a_long_step_is_no_silence(store, monkeypatch):
    monkeypatch.setattr(worker, "BEAT", 0.01)
    store.orders.resume(store.runs.create(SETTINGS, "ada"), "ada")
    run = store.queue.claim("w")
    with worker._beating(store, run.id, "w"):
        wait_for(lambda: store.runs.get(run.id).heartbeat > run.heartbeat)


@pytest.mark.alone
def test_checkpoints_cost_little_time(store, monkeypatch):
    """A checkpoint that takes 30 ms is written about once a second."""
    taken = []
    checkpoint = Trainer.checkpoint

    def slowly(self):
        taken.append(self.step)
        time.sleep(0.03)
        return checkpoint(self)

    Trainer(SETTINGS).advance()  # the first step of all imports what torch's optimizers want
    monkeypatch.setattr(Trainer, "checkpoint", slowly)
    run = store.runs.create(SETTINGS.replace(steps=1_000_000), "ada")
    store.orders.resume(run, "ada")
    stopping = threading.Event()
    threading.Timer(1.5, stopping.set).start()
    Session(store, store.queue.claim("w"), stopping).work()
    assert 2 <= len(taken) <= 4  # at the start, perhaps after a second, at the end
    assert len(store.runs.metrics(run)) == store.runs.get(run).step


def serve_forever(url, name):
    torch.set_num_threads(1)
    serve(RunStore(url), name, threading.Event())


def test_ten_killed_workers_lose_nothing(store, monkeypatch):
    context = forking(monkeypatch)
    first = context.Process(target=int)  # it waits for the server, which imports torch
    first.start()
    first.join()
    run = store.runs.create(SETTINGS.replace(hidden=8, length=10, steps=100_000), "ada")
    before = store.runs.metrics(run)
    for kill in range(10):
        store.orders.resume(run, "ada")
        process = context.Process(target=serve_forever, args=(store.url, f"w{kill}"), daemon=True)
        process.start()
        known = len(before)
        wait_for(lambda known=known: store.runs.get(run).step > known)
        process.kill()
        process.join()
        process.close()
        after = store.runs.metrics(run)
        assert after.iloc[: len(before)].equals(before)
        assert after["step"].tolist() == [*range(1, len(after) + 1)]
        before = after
        store.queue.release(run, "interrupted", worker=f"w{kill}")
    store.orders.step_once(run, "ada")
    last = work(store, run)
    assert last.step == len(before) + 1 == store.runs.checkpoint(run).step
    assert store.runs.checkpoint(run).weights == weights(last.settings.replace(steps=last.step))


def wait_for(condition, seconds=20):
    """Return what the condition gives as soon as it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.01)
    raise AssertionError("waited in vain")
