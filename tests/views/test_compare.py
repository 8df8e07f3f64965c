"""The views of studies: what they measure, what they say, and that nobody waits for them."""

import threading
import time

import numpy as np
import pytest

from rnnviz.engine import findings
from rnnviz.engine.worker import Session
from rnnviz.errors import RunError
from rnnviz.looks import VIEWS, draw
from rnnviz.plan import Plan
from rnnviz.recording.probe import inspect
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.views import Choice, Gallery
from rnnviz.views.study import StudyScene

SMALL = Settings(hidden=4, length=8, batch=4, steps=60)
PLAN = Plan(settings=SMALL, cells=("rnn", "lstm", "gru"), seeds=2)
SWEEP = Plan(
    settings=SMALL.replace(steps=2), cells=("lstm", "gru"), seeds=2, success=1.0,
    vary={"length": (4, 8), "forget_bias": (0.0, 3.0)},
)  # fmt: skip


@pytest.fixture
def store(tmp_path):
    store = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield store
    store.close()


@pytest.fixture
def gallery(store):
    return Gallery(store)


def train(store, count=1000):
    done = 0
    while done < count and (run := store.queue.claim("here:1:x")):
        Session(store, run, threading.Event()).work()
        done += 1


def whole(gallery, view, study=None, plan=None, **asked):
    """Draw until nothing is unfinished; return the message."""
    for _ in range(200):
        message = draw(gallery, view, study, plan, Choice.of(asked))
        if not message.pop("unfinished", False):
            return message
    raise AssertionError("never finished")


def lines(message):
    """The drawn lines by name, without the bands."""
    return {
        each["name"]: each
        for each in message["figure"]["data"]
        if each.get("name") and not each.get("yaxis")
    }


@pytest.mark.parametrize("view", [name for name, view in VIEWS.items() if view.of_study])
def test_every_view_draws_a_plan_and_a_study_at_every_stage(store, gallery, view):
    plan = SWEEP if view == "compare_map" else PLAN
    study = store.studies.start(plan, "me")
    for asked in (None, study, "again", "all"):
        if asked in ("again", "all"):
            train(store, 3 if asked == "again" else 1000)
        message = whole(gallery, view, study if asked else None, plan)
        if "figure" in message:
            assert message["figure"]["layout"]["meta"]["alt"] and message["says"].endswith(".")
        else:
            assert message["status"]["state"] in ("new", "queued", "finished")
    if view == "compare_status":
        assert message["status"]["done"] == message["status"]["runs"] == 6


def test_gradients_are_those_of_every_network_geometrically_averaged(store, gallery):
    study = store.studies.start(PLAN, "me")
    train(store)
    found = findings.gradients(store, study)
    logs = np.log(found[found["cell"] == "gru"].pivot(index="time", columns="seed", values="norm"))
    drawn = lines(whole(gallery, "compare_gradients", study))["GRU"]
    assert np.asarray(drawn["y"]) == pytest.approx(np.exp(logs.mean(axis=1)).to_numpy())
    before = lines(whole(gallery, "compare_gradients", None, PLAN))["GRU"]
    back = lines(whole(gallery, "compare_gradients", study, step="0"))["GRU"]
    assert np.array_equal(back["y"], before["y"]) and not np.array_equal(back["y"], drawn["y"])
    share = lines(whole(gallery, "compare_gradients", study, scale="share"))["GRU"]
    assert share["y"][-1] == pytest.approx(1.0)


def test_curves_are_means_over_seeds_and_grow(store, gallery):
    study = store.studies.start(PLAN, "me")
    assert len(lines(whole(gallery, "compare_loss", study))["RNN"]["x"]) == 0
    train(store, 3)
    assert lines(whole(gallery, "compare_loss", study))["RNN"]["x"].tolist() == [50, 60]
    train(store)
    drawn = lines(whole(gallery, "compare_loss", study))["RNN"]
    rows = findings.curves(store, study).dropna(subset="validation_loss")
    logs = np.log(rows[rows["cell"] == "rnn"].set_index("step")["validation_loss"])
    assert drawn["x"].tolist() == [50, 60]
    assert np.asarray(drawn["y"]) == pytest.approx(np.exp(logs.groupby("step").mean()).to_numpy())


def test_gates_are_those_of_the_sample_and_seed_that_are_asked(store, gallery):
    message = whole(gallery, "compare_gates", None, PLAN, sample="2", of_seed="1")
    heat = {each["name"]: each["z"] for each in message["figure"]["data"]}
    trace = inspect(SMALL.replace(cell="lstm", seed=1))
    assert heat["LSTM"] == pytest.approx(trace.value("rnn.l0", "forget_gate")[:, 2].T, abs=1e-6)
    assert set(heat) == {"RNN", "LSTM", "GRU"} and heat["GRU"].min() >= 0


def test_the_words_have_the_measured_numbers_and_the_limits(store, gallery):
    study = store.studies.start(PLAN, "me")
    train(store)
    said = whole(gallery, "compare_gradients", study)["says"]
    assert "7 steps back" in said and "is not memory" in said and "do not stop it" in said
    told = whole(gallery, "compare_loss", study)["says"]
    assert (
        "of 2 learned" in told
        and "95 %" in told
        and "a loss below 0.083, within 0.5 of the way from a loss of 0" in told
    )


def test_the_map_shows_shares_of_seeds_and_leaves_missing_points_empty(store, gallery):
    study = store.studies.start(SWEEP, "me")
    train(store, 5)  # of 8 points with one seed each
    message = whole(gallery, "compare_map", study)
    maps = [each for each in message["figure"]["data"] if each["type"] == "heatmap"]
    done = [np.isfinite(each["z"]).sum() for each in maps]
    assert [each["name"] for each in maps] == ["LSTM", "GRU"] and sum(done) == 5
    train(store)
    message = whole(gallery, "compare_map", study)
    rows = findings.outcomes(store, study)
    first = next(each for each in message["figure"]["data"] if each["type"] == "heatmap")
    one = rows[(rows["cell"] == "lstm") & (rows["length"] == 8) & (rows["forget_bias"] == 3.0)]
    assert first["z"][1, 1] == pytest.approx(one["success"].mean())
    assert "of 2 seeds learned" in first["customdata"][1][1]


def test_the_time_scale_is_the_measured_decay_at_the_start(gallery):
    plan = SWEEP.replace(settings=SMALL.replace(length=8), cells=("lstm",), seeds=1)
    line = next(
        each for each in whole(gallery, "compare_map", None, plan)["figure"]["data"]
        if each.get("name") == "ξ at the start"
    )  # fmt: skip
    for value, scale in zip((0.0, 3.0), line["customdata"], strict=True):
        norm = findings.time_norms(SMALL.replace(cell="lstm", forget_bias=value))
        slope = np.polyfit(np.arange(len(norm)), np.log(norm**2), 1)[0]
        assert scale == pytest.approx(1 / slope, rel=1e-4)


def test_a_map_of_three_settings_is_refused_with_a_sentence(gallery):
    plan = SWEEP.replace(vary={"length": (4,), "hidden": (2, 3), "batch": (1, 2)})
    with pytest.raises(RunError, match="one or two varied settings"):
        draw(gallery, "compare_map", None, plan, Choice())
    with pytest.raises(RunError, match="one or two varied settings"):
        draw(gallery, "compare_map", None, PLAN, Choice())


def test_nobody_waits_for_all_networks_at_once(gallery):
    large = Plan(settings=Settings(hidden=64, length=100), seeds=5)
    longest, messages = 0.0, 0
    while True:
        begun = time.process_time()
        message = draw(gallery, "compare_gradients", None, large, Choice())
        longest, messages = max(longest, time.process_time() - begun), messages + 1
        if not message["unfinished"]:
            break
    assert messages > 1 and longest < 2


def test_the_time_left_is_told_while_runs_train(store, gallery):
    study = store.studies.start(PLAN, "me")
    train(store, 1)
    run = store.queue.claim("w")
    row = dict.fromkeys(("loss", "metric", "gradient_norm", "lr"), 0.1)
    row |= {"validation_loss": None, "validation_metric": None}
    store.queue.record(run.id, [row | {"step": 30, "seconds": 3.0}], worker="w")
    status = draw(gallery, "compare_status", study, None, Choice())["status"]
    assert (status["state"], status["done"], status["runs"]) == ("running", 1, 6)
    assert status["share"] == pytest.approx(90 / 360)
    assert status["left"] > 3 * 90 / 30  # two more LSTM or unknown runs at a tenth a step


def test_runs_that_are_gone_leave_a_gap(store, gallery):
    study = store.studies.start(PLAN, "me")
    train(store)
    for member in list(store.studies.members(study))[:2]:
        store.bin.delete(member.run, "me")
    for view in ("compare_loss", "compare_gates", "compare_gradients", "compare_status"):
        whole(gallery, view, study)


def test_each_cell_is_shown_at_its_best_rate(store, gallery):
    plan = PLAN.replace(cells=("lstm",), lrs=(1e-6, 0.01))
    study = store.studies.start(plan, "me")
    train(store)
    scene = StudyScene.of(gallery, study, None, Choice())
    rows = findings.outcomes(store, study)
    best = rows.groupby("lr")["loss"].mean().idxmin()
    assert {scene.points[place].lr for place in scene.compared} == {best}
    assert f"LSTM {best:g}, each the best of 2 on these same seeds" in scene.details


def test_what_is_too_large_to_be_live_is_said(gallery):
    large = Plan(settings=Settings(hidden=1024, length=200, batch=1), cells=("rnn",), seeds=1)
    with pytest.raises(RunError, match="rnnviz.compare measures any size"):
        draw(gallery, "compare_gradients", None, large, Choice())
    sweep = large.replace(vary={"length": (100, 200)})
    data = draw(gallery, "compare_map", None, sweep, Choice())["figure"]["data"]
    assert [each["type"] for each in data] == ["heatmap"]


def test_what_does_not_exist_is_said(gallery):
    with pytest.raises(RunError, match="There is no study 'x'"):
        draw(gallery, "compare_loss", "x", None, Choice())
    with pytest.raises(RunError, match="Name a study"):
        draw(gallery, "compare_loss", None, None, Choice())


def test_while_a_study_runs_trained_networks_are_not_told_with_untrained_ones(store, gallery):
    study = store.studies.start(PLAN, "me")
    train(store, 2)
    members = store.studies.members(study)
    begun = {
        point.cell for point, member in zip(PLAN.points(), members, strict=True) if member.step
    }
    assert 0 < len(begun) < 3
    waiting = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}
    for view in ("compare_gradients", "compare_gates"):
        told, _, rest = whole(gallery, view, study)["says"].partition("Still untrained")
        for cell, title in waiting.items():
            assert (title in rest.split(".")[0]) == (cell not in begun), (view, told, rest)


def test_settings_of_their_own_are_said(store):
    own = {"lstm": {"forget_bias": 3.0, "lr": 0.01, "hidden": 5}, "rnn": {}}
    plan = Plan(settings=Settings(hidden=4, length=5), cells=("rnn", "lstm"), seeds=2, own=own)
    message = draw(Gallery(store), "compare_gradients", None, plan, Choice())
    note = message["figure"]["layout"]["meta"]["note"]
    assert "each cell with settings of its own" in note and "hidden 4" not in note
    assert "lr" not in note
    said = draw(Gallery(store), "compare_loss", None, plan, Choice())["says"]
    assert (
        "Settings of their own: LSTM Forget bias 3.0, Learning rate 0.01, Hidden units 5." in said
    )
