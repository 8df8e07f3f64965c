import numpy as np
import pandas as pd
import pytest

from rnnviz import plots
from rnnviz.analysis import mean_field


def made(over="gain", cells=("rnn",), values=(0.5, 1.0, 2.0)):
    return pd.DataFrame(
        [
            (cell, over, value, network, np.log(value) / 2 + 0.1 * network, np.log(value))
            for cell in cells
            for value in values
            for network in range(3)
        ],
        columns=["cell", "over", "value", "network", "slope", "reference"],
    )


def test_each_network_is_a_point_and_the_line_goes_through_the_medians():
    figure = plots.initial_slopes(made(), mean_field([1.5, 2.0]), where="here")
    reference, theory, points, line = figure.data
    assert [each.mode for each in figure.data] == ["lines", "lines", "markers", "lines"]
    assert len(points.x) == 9 and points.showlegend is False
    np.testing.assert_allclose(line.y, np.log([0.5, 1, 2]) / 2 + 0.1, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(reference.y, np.log([0.5, 1, 2]), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(theory.y, [0.0652, 0.1547], atol=1e-4)
    assert "here" in figure.layout.title.text
    assert figure.layout.xaxis.title.text and figure.layout.yaxis.title.text
    assert "9 untrained networks" in figure.layout.meta["alt"]


@pytest.mark.parametrize("over", ["spectral_radius", "forget_bias"])
def test_cells_have_their_own_colour_and_dash(over):
    figure = plots.initial_slopes(made(over, ("rnn", "gru", "lstm")), reach=(0, 3))
    lines = [each for each in figure.data[1:] if each.mode == "lines"]
    assert [each.name for each in lines] == ["RNN", "GRU", "LSTM"]
    assert len({each.line.color for each in lines}) == len({each.line.dash for each in lines}) == 3
    assert figure.layout.xaxis.range == (0, 3)
    assert "∂L/∂state" in figure.layout.yaxis.title.text


@pytest.mark.parametrize(("cell", "state"), [("rnn", "h"), ("lstm", "c")])
def test_the_axis_names_the_state_whose_gradient_it_is(cell, state):
    axis = plots.initial_slopes(made("forget_bias", (cell,))).layout.yaxis
    assert f"∂L/∂{state}<sub>t</sub>" in axis.title.text


def test_a_slope_of_no_gradient_at_all_is_left_out():
    slopes = made()
    slopes.loc[0, ["slope", "reference"]] = np.nan, -np.inf
    figure = plots.initial_slopes(slopes)
    assert all(np.isfinite(np.asarray(each.y)).all() for each in figure.data)
    assert len(figure.data[1].x) == 8


def test_the_axis_stands_still_around_zero():
    assert plots.initial_slopes(made()).layout.yaxis.range == (-1.0, 1.0)
    assert plots.initial_slopes(made()[:0]).layout.yaxis.range == (-1.0, 0.5)
