import numpy as np
import pandas as pd
import pytest

from rnnviz.plots import (
    clipping,
    connectivity,
    dependence,
    gradient_units,
    gradients,
    itemized_bars,
    itemized_matrix,
    jacobians,
    parameters,
    stretching,
    surface,
    truncation,
)
from rnnviz.plots.arrangement import time_axis
from rnnviz.plots.logarithms import decades, log_heatmap, positive
from rnnviz.plots.style import theme


def items(losses, through=np.nan):
    rows = [
        (k, t, 0.5 ** (k - t), 0.5 ** (k - t), through, 1 - through)
        for k in losses
        for t in range(k + 1)
    ]
    names = ["loss_step", "time", "norm", "part", "through_cell", "rest"]
    return pd.DataFrame(rows, columns=names)


def norms(**signals):
    frames = [
        pd.DataFrame({"signal": name, "time": np.arange(len(y)), "norm": y, "low": y, "high": y})
        for name, y in signals.items()
    ]
    return pd.concat(frames, ignore_index=True)


def test_decades_hold_all_values_and_are_whole():
    assert decades([[3e-7, 0.02], [np.nan, 0.0]]) == (-7, -1)
    assert decades([[0.5]]) == (-4, 0)
    assert f"1e{decades([[0.5]])[1]:.0f}" == "1e0"  # as alternative texts write it
    assert decades([[]]) == (-4, 0)
    assert decades([[1e-151, 1.0]]) == (-151, 0)


def test_what_float32_calls_zero_is_drawn_and_a_true_zero_is_a_gap():
    y = positive([1e-150, 0.0, np.inf, 2.0])
    assert y.dtype == np.float64 and y[0] == 1e-150 and np.isnan(y[1:3]).all()
    picture = log_heatmap(np.array([[1e-150, 0.0]]), np.arange(2), np.arange(1), (-160, 0),
                          theme("light"), hover="", title="")  # fmt: skip
    assert picture["z"][0, 0] == pytest.approx(-150) and np.isnan(picture["z"][0, 1])


def test_a_fit_a_prediction_and_a_zero_are_drawn_into_the_curve():
    y = 0.5 ** np.arange(20.0)[::-1]
    zeros = y.copy()
    zeros[:3] = 0
    fit = pd.DataFrame({"signal": ["h"], "slope": [np.log(0.5)], "level": [0.0], "first": [0],
                        "last": [19]})  # fmt: skip
    predicted = pd.DataFrame({"signal": "hidden_state", "time": np.arange(20), "norm": 2 * y,
                              "kind": "bound"})  # fmt: skip
    figure = gradients(norms(hidden_state=zeros), fits=fit, predicted=predicted)
    names = [line.name for line in figure.data if line.name]
    assert any("bound" in name for name in names)
    straight = next(line for line in figure.data if line.name and line.name.startswith("e<sup>"))
    np.testing.assert_allclose(straight.y, [0.5**19, 1], rtol=1e-12)
    assert "exactly 0 at 3 steps" in figure.layout.annotations[0].text


def test_the_matrix_has_a_row_a_loss_and_bars_stack_to_the_sum():
    frame = items([3, 7, 11])
    matrix = itemized_matrix(frame).data[0]
    assert list(matrix.y) == [3, 7, 11] and matrix.z.shape == (3, 12)
    bars = itemized_bars(frame)
    assert bars.layout.barmode == "stack"
    stacked = np.zeros(12)
    for bar in bars.data:
        stacked[np.asarray(bar.x)] += bar.y
    np.testing.assert_allclose(stacked, frame.groupby("time")["norm"].sum())


def test_a_single_loss_of_an_lstm_is_split_by_the_way():
    along, rest = itemized_bars(items([5], through=0.25)).data
    assert "c alone" in along.name
    np.testing.assert_allclose(np.asarray(along.y) + rest.y, 0.5 ** np.arange(5, -1, -1.0))


def test_no_items_still_have_axes():
    empty = items([])
    for draw in (itemized_matrix, itemized_bars):
        assert draw(empty).layout.xaxis.title.text == "time step t"


def test_surface_and_units():
    table = pd.DataFrame([[1e-3, 1.0], [1e-2, 1.0]], index=[0, 50])
    figure = surface(table, marked=50)
    assert list(figure.data[0].y) == [0, 50]
    assert figure.layout.shapes[0].y0 == 50
    units = gradient_units(pd.DataFrame([[1e-3, -1.0]] * 3), "hidden_state")
    assert units.data[0].z.shape == (2, 3)
    assert units.data[0].z[1, 0] == 0  # the logarithm of |-1|


def test_singular_values_have_the_bound_and_the_line_at_one():
    frame = pd.DataFrame({"time": [1, 1, 2, 2], "rank": [0, 1, 0, 1], "value": [2, 0.1, 1, 0.2]})
    radius = pd.DataFrame({"time": [1, 2], "sample": 0, "radius": [1.5, 0.9]})
    figure = jacobians(frame, radius, bound=2.5)
    assert {line.y0 for line in figure.layout.shapes} == {1, 2.5}
    assert "2.5" in figure.layout.annotations[0].text
    assert {line.name.split(" ")[0] for line in figure.data} == {"largest", "smallest", "spectral"}
    products = pd.DataFrame({"time": [0, 1, 2], "lag": [2, 1, 0], "log_norm": [0.7, 0.3, 0.0]})
    measured = pd.DataFrame({"lag": [0, 1, 2], "norm": [1.0, 0.5, 0.2]})
    both = stretching(frame, products, measured, bound=2.5)
    assert sum(both.data[0].y) == pytest.approx(1)
    assert both.layout.yaxis2.type == "log"


def test_connectivity_and_one_row_of_it():
    table = pd.DataFrame([[1.0, np.nan], [0.1, 2.0]])
    figure = connectivity(table, labels=["a", "<"])
    assert figure.data[0].z.shape == (2, 2)
    assert list(figure.layout.xaxis.ticktext) == ["a", "&lt;"]
    row = dependence(table, 1)
    assert list(row.data[-1].y) == [0.1, 2.0]


def test_clipping_and_truncation():
    frame = pd.DataFrame({"step": [1, 2], "norm": [0.5, 4.0], "clipped_norm": [0.5, 1.0],
                          "clipped": [False, True], "share": [0.0, 0.5]})  # fmt: skip
    before, after, share = clipping(frame, limit=1.0, steps=10).data
    assert list(before.y) == [0.5, 4] and list(after.y) == [0.5, 1] and list(share.y) == [0, 50]
    (alone,) = (by_value := clipping(frame, limit=1.0, steps=10, by="value")).data
    assert list(alone.y) == [0.5, 4] and "±1" in by_value.layout.title.text
    rows = pd.DataFrame({"window": [2] * 3 + [3] * 3, "time": [0, 1, 2] * 2, "total": 1.0,
                         "kept": 0.5, "lost": 0.5, "weights_lost": [0.4] * 3 + [0.0] * 3,
                         "weights_cosine": 1.0})  # fmt: skip
    figure = truncation(rows, 2, end=2)
    window = figure.layout.shapes[0]
    assert (window.x0, window.x1) == (0.5, 2.5)
    np.testing.assert_allclose(figure.data[-1].y, [40, 0])


def test_parameters_have_a_line_each_in_the_gates_colour():
    frame = pd.DataFrame({"step": [0, 5] * 2, "parameter": "rnn.weight_hh_l0", "weight": 1.0,
                          "gate": ["forget_gate"] * 2 + ["output_gate"] * 2,
                          "gradient": [1.0, 0.1, 2.0, 0.2], "update": np.nan})  # fmt: skip
    figure = parameters(frame, "gradient", steps=5)
    assert [line.name for line in figure.data] == ["W<sub>h</sub> f", "W<sub>h</sub> o"]
    assert figure.data[0].line.color == theme("light").signal["forget_gate"]
    assert parameters(frame, "update").layout.yaxis.range == (-4, -2)


def test_long_labels_stand_only_where_they_are_unusual():
    labels = ["0.10"] * 30
    labels[7] = "[0.50]"
    axis = time_axis(labels, 30)
    assert "7<br><b>[0.50]</b>" in axis["ticktext"] and len(axis["ticktext"]) < 9
    assert time_axis(["a", "b"], 2)["ticktext"] == ["a", "b"]
    assert "ticktext" not in time_axis(None, 5)
