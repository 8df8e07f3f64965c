import numpy as np
import pandas as pd
import pytest
import torch

from rnnviz.analysis import examples, predictions
from rnnviz.looks import draw
from rnnviz.networks.model import load
from rnnviz.plots import predictions as picture
from rnnviz.recording.probe import look
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.tasks import TASKS, task_of
from rnnviz.training.trainer import Trainer
from rnnviz.views import Choice, Gallery


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = RunStore(f"sqlite:///{tmp_path_factory.mktemp('predictions') / 'runs.db'}")
    yield store
    store.close()


def trained(key):
    """Settings of a small network and its weights after two steps."""
    settings = Settings.for_task(key, hidden=3, length=8, batch=2, steps=2)
    trainer = Trainer(settings)
    trainer.advance()
    trainer.advance()
    return settings, trainer.checkpoint()


def words_of(figure):
    return {word for trace in figure["data"] for word in trace.get("text", ())} | {
        note["text"] for note in figure["layout"]["annotations"]
    }


@pytest.mark.parametrize("key", TASKS)
def test_the_answers_are_the_networks_own_and_every_task_has_its_picture(key, store):
    settings, checkpoint = trained(key)
    task, probe = task_of(settings), task_of(settings).probe()
    with torch.no_grad():
        output, _ = load(settings, checkpoint.weights).eval()(probe.batch.inputs)
    frame = predictions(look(settings, checkpoint.weights))
    asked = frame[frame["asked"]]
    assert len(asked) == int(task.asked(probe.batch.targets).sum())
    for row in asked.itertuples():
        said = output[row.time, row.sample]
        assert row.goes_in == probe.labels[row.sample][row.time]
        assert row.target == probe.targets[row.sample][row.time]
        if task.answers == "classes":
            assert row.answer == task.classes[int(said.argmax())]
            assert row.probability == pytest.approx(float(said.softmax(0).max()), rel=1e-5)
            assert row.right == (int(said.argmax()) == probe.batch.targets[row.time, row.sample])
        else:
            assert row.answer == task.written(said.tolist())
            assert row.p0 == pytest.approx(float(task.unscaled(said.numpy())[0]), rel=1e-5)

    run = store.runs.create(settings, "me")
    store.queue.record(run, [], checkpoint)
    gallery = Gallery(store)
    half = Choice.of({"room": "half", "sample": "15", "theme": "dark"})
    for choice in (Choice(), half):
        draft = draw(gallery, "examples", None, settings, choice)["figure"]
        figure = draw(gallery, "examples", run, None, choice)["figure"]
        assert draft["layout"]["meta"]["alt"] != figure["layout"]["meta"]["alt"]
        assert all("comes out" not in str(trace.get("name")) for trace in draft["data"])
        assert len(figure["data"]) >= len(draft["data"])


def test_the_words_of_a_picture_are_the_networks_answers():
    settings, checkpoint = trained("parity")
    frame = predictions(look(settings, checkpoint.weights))
    figure = picture.spec(frame, wide=100)
    written = next(each for each in figure["data"] if each["name"] == "answers")
    first = frame[frame["sample"] == 0]
    rows = [text for text, y in zip(written["text"], written["y"], strict=True) if y == 2.5]
    assert rows == first["answer"].tolist()
    crossed = next(each for each in figure["data"] if each["name"] == "wrong")
    shown = frame[frame["sample"] < 3]
    assert len(crossed["x"]) == (~shown["right"].astype(bool)).sum()


def test_numbers_are_right_within_the_tasks_own_tolerance():
    adding = TASKS["adding"](10)
    off = np.float32([[1.0], [1.0], [1.0]])
    assert adding.near(np.float32([[1.03], [1.05], [0.97]]), off).tolist() == [True, False, True]
    switches = TASKS["flipflop"](10)
    signs = np.float32([[1, -1, 1], [1, -1, 1]])
    assert switches.near(np.float32([[0.1, -2, 3], [0.1, 2, 3]]), signs).tolist() == [True, False]
    assert TASKS["sines"](10).near(off, off) is None


def test_a_forecast_is_in_the_units_of_its_series():
    task = TASKS["sunspots"](20, 0, 3)
    frame = examples(task, task.probe())
    assert frame["x0"].max() > 50  # sunspot numbers, not spreads from the mean
    first = frame[frame["sample"] == 0]
    np.testing.assert_allclose(first["x0"].iloc[3:], first["y0"].iloc[:-3], rtol=1e-5)
    figure = picture.spec(examples(task, task.probe()), **vars(task.form))
    lines = {line["name"]: line for line in figure["data"] if line["xaxis"] == "x"}
    assert lines["should come out"]["x"][0] == lines["goes in"]["x"][0] + 3


@pytest.mark.parametrize("key", ["order4", "copying"])
def test_what_matters_stays_where_there_is_no_room_for_all(key):
    task = TASKS[key](200)
    frame = examples(task, task.probe())
    figure = picture.spec(frame, **vars(task.form), wide=60)
    words = [
        (x, text)
        for each in figure["data"]
        for x, y, text in zip(each["x"], each["y"], each.get("text", ()), strict=False)
        if y == (0.5 if key == "copying" else 1.5) and len(text) == 1
    ]
    shown = [text for x, text in sorted(words) if x < 46]
    whole = frame[frame["sample"] == 0]["goes_in"].tolist()
    assert [each for each in shown if each in "XYEB→"] == [e for e in whole if e in "XYEB→"]
    assert len(shown) < len(whole)
    assert "…" in words_of(figure)


def test_what_a_visitor_typed_is_text_and_no_markup():
    task = TASKS["characters"](20)
    frame = examples(task, task.read("<b>x</b> & <i>"))
    figure = picture.spec(frame, **vars(task.form))
    assert "&lt;" in words_of(figure) and "<" not in words_of(figure)


def test_a_diverged_network_is_drawn():
    settings, checkpoint = trained("digits_rows")
    seen = look(settings, checkpoint.weights)
    seen.outputs[:] = np.nan
    frame = predictions(seen)
    assert frame.loc[frame["asked"], "probability"].isna().all()
    assert any("NaN" in word for word in words_of(picture.spec(frame, kind="picture")))
    assert isinstance(frame, pd.DataFrame)
