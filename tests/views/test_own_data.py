"""The views of own data and of forecasts: what they draw is what the data set holds."""

import numpy as np
import pandas as pd
import pytest

import rnnviz
from rnnviz.data.labels import Labelled
from rnnviz.data.series import Series
from rnnviz.data.sources import find
from rnnviz.errors import RunError
from rnnviz.looks import draw
from rnnviz.plots import data_counts, data_split, forecast
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.views import Choice, Gallery


@pytest.fixture
def gallery(tmp_path):
    store = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield Gallery(store)
    store.close()


def shown(gallery, view, settings, **choice):
    message = draw(gallery, view, None, settings, Choice.of({k: str(v) for k, v in choice.items()}))
    return message["figure"]


def key_of(gallery, rows, path=False):
    names = [f"<b>{place}" for place in range(rows.shape[1])]
    made = Series(names, list(range(rows.shape[1])), rows, None, path, "made & kept")
    return gallery.store.data.add(made.data_set())


ROWS = np.column_stack([np.arange(200.0), 50 + np.arange(200.0) % 7])


def test_a_series_is_drawn_in_its_three_parts(gallery):
    figure = shown(gallery, "data", Settings(task="own_series", data=key_of(gallery, ROWS)))
    parts = [(each["name"], each["yaxis"], len(each["x"])) for each in figure["data"]]
    assert parts == [
        (part, axis, count)
        for axis in ("y", "y2")
        for part, count in (("training", 140), ("validation", 30), ("probe", 30))
    ]
    np.testing.assert_array_equal(figure["data"][1]["x"], np.arange(141, 171))
    np.testing.assert_array_equal(figure["data"][4]["y"], ROWS[140:170, 1])
    texts = [note["text"] for note in figure["layout"]["annotations"]]
    assert texts == ["training 140", "validation 30", "probe 30"]
    assert figure["layout"]["yaxis"]["title"]["text"] == "&lt;b&gt;0"
    assert "made &amp; kept" in figure["layout"]["title"]["text"]


def test_a_long_series_is_thinned_to_its_highest_and_lowest():
    values = np.sin(np.arange(50_000) / 30)
    values[30_001] = 9
    frame = pd.DataFrame({"x": values}, index=pd.date_range("2001", periods=50_000, freq="h"))
    drawn = data_split(frame, (40_000, 45_000)).data
    assert max(map(len, (each.x for each in drawn))) <= 1500
    assert max(drawn[0].y) == 9 and "2006-09-14" < drawn[2].x[-1] < "2006-09-16"


def test_classes_and_symbols_are_counted_in_both_parts(gallery):
    text = "text,label\n" + "".join(f"word {n},{'ab'[n % 4 == 0]}\n" for n in range(40))
    key = rnnviz.add_data(text, kind="labels", to=gallery.store.data)
    figure = shown(gallery, "data", Settings(task="own_labels", data=key))
    counts = {each["name"]: each["y"].tolist() for each in figure["data"]}
    assert counts == {"training": [24, 8], "held out": [6, 2]}
    classes = Labelled.of(find(key, gallery.data)).classes
    assert figure["layout"]["xaxis"]["ticktext"] == classes == ["a", "b"]
    key = rnnviz.add_data("the cat sat. the dog ran! " * 20, kind="text", to=gallery.store.data)
    words = shown(gallery, "data", Settings(task="own_words", data=key))
    assert words["layout"]["xaxis"]["ticktext"][0] == "the"
    assert words["data"][0]["y"][0] + words["data"][1]["y"][0] == 40
    assert data_counts(pd.DataFrame({"training": [1], "held_out": [0]}, index=["x"]), heading="h")


@pytest.mark.parametrize("ahead", [1, 3])
def test_a_forecast_stands_beside_what_came(gallery, ahead):
    settings = Settings(
        task="own_series", data=key_of(gallery, ROWS), length=10, distance=ahead, hidden=3
    )
    figure = shown(gallery, "forecast", settings, sample=2, target=1)
    truth, again, foretold = figure["data"]
    start = int(str(gallery.task(settings).probe().captions[2]).removeprefix("from row ")) - 1
    np.testing.assert_allclose(truth["y"], ROWS[start : start + 10 + ahead, 1], atol=1e-4)
    np.testing.assert_allclose(again["y"], ROWS[start : start + 10, 1], atol=1e-4)
    assert again["x"][0] == foretold["x"][0] == ahead and len(foretold["y"]) == 10
    assert "untrained" in figure["layout"]["title"]["text"]
    outputs = gallery.look(None, settings, 0, "last", gallery.probe(settings)).outputs
    np.testing.assert_allclose(foretold["y"], 50 + 3 + outputs[:, 2, 1] * 2, atol=0.1)


def test_a_path_is_drawn_from_one_step_and_others_faintly(gallery):
    settings = Settings(
        task="own_series", data=key_of(gallery, ROWS, path=True), length=12, distance=4, hidden=3
    )
    figure = shown(gallery, "forecast", settings, t=5)
    truth, *others, chosen = figure["data"]
    assert chosen["x"].tolist() == [6, 7, 8, 9] and chosen["name"] == "foretold at t = 5"
    assert len(truth["x"]) == 16 and all(len(each["x"]) == 4 for each in others)
    assert sum(each["showlegend"] for each in others) == 1


def test_forecasts_of_shipped_series_and_of_what_is_typed(gallery):
    settings = Settings.for_task("sunspots", hidden=3)
    figure = shown(gallery, "forecast", settings, input=" ".join(["50", "60", "70"] * 5))
    truth = figure["data"][0]["y"]
    np.testing.assert_allclose(truth[:15], [50, 60, 70] * 5, atol=1e-3)
    assert np.isnan(truth[15:]).all() and len(truth) == 21
    with pytest.raises(RunError, match="Only a series of numbers is forecast"):
        shown(gallery, "forecast", Settings())


def test_a_forecast_in_a_notebook():
    truth = pd.Series([1.0, 2.0, 4.0, 8.0])
    figure = forecast(truth, pd.DataFrame({1: [2.0, 2.0, 9.0]}), read=3, name="x")
    assert "1 step ahead off by 1 on average" in figure.layout.title.text  # (0 + 2 + 1) / 3
    assert figure.layout.xaxis.range == (-0.5, 3.5)
