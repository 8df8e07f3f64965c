"""compare() and sweep(), as a script uses them."""

import os
import socket
import subprocess
import sys

import numpy as np
import pytest

import rnnviz
from rnnviz.engine import findings
from rnnviz.engine.progress import Progress
from rnnviz.errors import SettingsError
from rnnviz.plan import Plan
from rnnviz.recording.probe import inspect
from rnnviz.settings import Settings
from rnnviz.store.queue import Queue
from rnnviz.store.run_store import RunStore
from rnnviz.training.trainer import Trainer

SMALL = Settings(hidden=4, length=6, batch=4, steps=60)


@pytest.fixture(scope="module")
def found():
    return rnnviz.compare(SMALL, cells=("rnn", "lstm"), seeds=2, workers=0)


def trained(settings):
    trainer = Trainer(settings)
    steps = []
    while not trainer.finished:
        steps.append(trainer.advance())
    return trainer, steps


def test_it_finds_what_training_alone_finds(found):
    settings = SMALL.replace(cell="lstm", seed=1)
    trainer, steps = trained(settings)
    one = found.metrics[(found.metrics["cell"] == "lstm") & (found.metrics["seed"] == 1)]
    assert one["loss"].tolist() == [step.loss for step in steps]
    row = found.runs.query("cell == 'lstm' and seed == 1").iloc[0]
    assert row["loss"] == steps[-1].validation_loss and row["state"] == "finished"
    trace = inspect(settings, trainer.checkpoint().weights)
    norm = np.median(np.linalg.norm(trace.gradient("rnn.l0", "hidden_state"), axis=-1), axis=1)
    last = found.gradients.query("cell == 'lstm' and seed == 1 and step == 60")
    assert last["norm"].to_numpy() == pytest.approx(norm, rel=1e-3)
    assert set(found.gradients["step"]) == {0, 60}


def test_the_summary_is_over_seeds(found):
    table = found.summary.set_index("cell")
    assert table.index.tolist() == ["rnn", "lstm"] and (table["seeds"] == 2).all()
    losses = found.runs.query("cell == 'rnn'")["loss"]
    assert table.loc["rnn", "loss"] == pytest.approx(losses.prod() ** 0.5)
    assert (
        table.loc["rnn", "loss_low"] < losses.min() < losses.max() < table.loc["rnn", "loss_high"]
    )
    assert table["baseline"].tolist() == pytest.approx([1 / 6] * 2)
    assert table.loc["lstm", "parameters"] == 4 * (4 * 2 + 4 * 4 + 8) + 5


def test_workers_find_the_same_and_progress_is_told(found):
    told = []
    again = rnnviz.compare(SMALL, cells=("rnn", "lstm"), seeds=2, workers=2, progress=told.append)
    assert again.runs["loss"].tolist() == found.runs["loss"].tolist()
    assert again.gradients.equals(found.gradients)
    assert isinstance(told[0], Progress) and told[-1][:2] == (4, 4)
    assert [each.done for each in told] == sorted({each.done for each in told})


def test_a_store_is_not_asked_to_train_anything_twice(tmp_path):
    store = RunStore(f"sqlite:///{tmp_path}/runs.db")
    first = rnnviz.compare(SMALL, cells=("gru",), seeds=1, store=store, workers=0)
    more = rnnviz.compare(SMALL, cells=("gru", "rnn"), seeds=2, store=store.url, workers=0)
    assert len(store.runs.list()) == 4 and set(first.runs["run"]) < set(more.runs["run"])
    store.close()


def test_each_cell_is_compared_at_its_best_learning_rate():
    found = rnnviz.compare(SMALL, cells=("rnn",), seeds=2, lrs=(1e-6, 0.01), workers=0)
    means = found.runs.groupby("lr")["loss"].mean()
    assert found.summary["lr"].tolist() == [means.idxmin()]
    best = found.runs[found.runs["lr"] == means.idxmin()]
    assert found.summary["loss"].iloc[0] == pytest.approx(best["loss"].prod() ** 0.5)


def test_what_diverges_has_not_succeeded_and_its_rate_is_not_the_best():
    wild = SMALL.replace(optimizer="sgd", momentum=0.0, clip=0.0, length=20, task="adding")
    found = rnnviz.compare(wild, cells=("rnn_relu",), seeds=1, lrs=(10.0, 0.001), workers=0)
    runs = found.runs.set_index("lr")
    assert runs.loc[10.0, "state"] == "failed" and not runs.loc[10.0, "success"]
    assert runs.loc[10.0, "done"] and found.summary["lr"].tolist() == [0.001]


def test_a_sweep_has_a_row_a_point_and_says_which_learned():
    table = rnnviz.sweep(
        SMALL.replace(steps=1), vary={"length": (4, 8), "forget_bias": (0.0, 2.0)}, seeds=2,
        success=1.0, workers=0,
    )  # fmt: skip
    assert len(table) == 8 and set(table["length"]) == {4, 8}
    assert (table["success"] == (table["loss"] < table["baseline"])).all()
    assert table["done"].all()


def test_success_is_the_share_of_the_baseline():
    plan = Plan(settings=SMALL, cells=("rnn",), seeds=3, success=0.5)
    members = [findings.Member("a", "finished"), findings.Member("b", "finished"),
               findings.Member("c", "running")]  # fmt: skip
    endings = {"a": findings.Ending(0.083, 1.0), "b": findings.Ending(0.084, 1.0)}
    rows = findings.outcome_rows(plan, members, endings)
    assert rows["success"].tolist() == [True, False, False]
    assert rows["done"].tolist() == [True, True, False]


def test_a_plan_without_meaning_is_refused_at_once():
    with pytest.raises(SettingsError, match="between 1 and 20"):
        rnnviz.compare(SMALL, seeds=0)


def test_a_script_that_is_interrupted_goes_on_later(tmp_path):
    store = RunStore(f"sqlite:///{tmp_path}/runs.db")

    def interrupt(progress):
        if progress.done == 2:
            raise KeyboardInterrupt

    asked = {"settings": SMALL, "cells": ("rnn", "gru"), "seeds": 2, "store": store, "workers": 0}
    with pytest.raises(KeyboardInterrupt):
        rnnviz.compare(**asked, progress=interrupt)
    assert sorted(run.state for run in store.runs.list()) == ["finished"] * 2 + ["paused"] * 2
    told = []
    assert rnnviz.compare(**asked, progress=told.append).runs["done"].all()
    assert told[0].done == 3 and len(store.runs.list()) == 4
    store.close()


def test_a_script_that_is_interrupted_or_killed_within_a_run_goes_on_later(tmp_path, monkeypatch):
    store = RunStore(f"sqlite:///{tmp_path}/runs.db")
    asked = {"settings": SMALL, "cells": ("rnn",), "seeds": 2, "store": store, "workers": 0}
    advance = Trainer.advance

    def interrupted(trainer):
        if trainer.step == 30:
            raise KeyboardInterrupt
        return advance(trainer)

    monkeypatch.setattr(Trainer, "advance", interrupted)
    with pytest.raises(KeyboardInterrupt):
        rnnviz.compare(**asked)
    monkeypatch.undo()
    assert {run.state for run in store.runs.list()} == {"paused"}
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    study = store.studies.start(Plan(settings=SMALL, cells=("rnn",), seeds=2), "library")
    killed = store.queue.claim(f"{socket.gethostname()}:{dead.pid}:here", study)
    assert store.runs.get(killed.id).state == "running"
    found = rnnviz.compare(**asked)
    assert found.runs["done"].all() and len(store.runs.list()) == 2
    assert found.runs["loss"].tolist() == [
        trained(SMALL.replace(cell="rnn", seed=seed))[1][-1].validation_loss for seed in (0, 1)
    ]
    store.close()


def test_who_trains_in_this_process_is_seen_by_servers_of_the_store(tmp_path, monkeypatch):
    monkeypatch.setattr("rnnviz.engine.compare.SEEN", 0.01)
    store = RunStore(f"sqlite:///{tmp_path}/runs.db")
    seen = []
    monkeypatch.setattr(Queue, "mark_seen", lambda self, owners: seen.append(list(owners)))
    rnnviz.compare(SMALL, cells=("rnn",), seeds=1, store=store, workers=0, owner="ada")
    assert seen and seen[0] == ["ada"]
    store.close()


def test_nothing_stays_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    rnnviz.sweep(SMALL.replace(steps=1), vary={"length": (4,)}, seeds=1, workers=0)
    assert os.listdir(tmp_path) == []
