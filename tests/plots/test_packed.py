import base64
import json

import numpy as np
import plotly.graph_objects as go
import plotly.io
import pytest

from rnnviz.plots.packed import packed


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
def test_arrays_become_bytes_that_hold_the_same_numbers(dtype):
    z = np.arange(24).reshape(4, 6).astype(dtype)
    made = packed({"data": [{"z": z, "name": "a"}], "layout": {"x": (1, 2)}})
    sent = json.loads(json.dumps(made))["data"][0]["z"]
    assert sent["shape"] == "4, 6"
    back = np.frombuffer(base64.b64decode(sent["bdata"]), dtype=np.dtype(sent["dtype"]))
    np.testing.assert_array_equal(back.reshape(4, 6), z)
    assert made["layout"] == {"x": [1, 2]}


def test_it_is_the_form_that_plotly_itself_writes():
    y = np.linspace(0, 1, 40, dtype=np.float32)
    theirs = json.loads(plotly.io.to_json(go.Figure(go.Scatter(y=y))))["data"][0]["y"]
    assert packed(y) == theirs
    z = y.reshape(8, 5)
    theirs = json.loads(plotly.io.to_json(go.Figure(go.Heatmap(z=z))))["data"][0]["z"]
    assert packed(z) == theirs


def test_missing_numbers_travel():
    y = np.full(20, np.nan, dtype=np.float32)
    back = np.frombuffer(base64.b64decode(packed(y)["bdata"]), dtype="f4")
    assert np.isnan(back).all()


def test_short_arrays_and_other_kinds_stay_as_they_are():
    assert isinstance(packed(np.zeros(3, dtype=np.float32)), np.ndarray)
    assert isinstance(packed(np.zeros(40, dtype=np.int64)), np.ndarray)
    assert packed("text") == "text"
