import numpy as np
import pandas as pd
import pytest

from rnnviz.networks.cells import CELLS
from rnnviz.plots import compare_gates, compare_gradients, compare_learning, trainability
from rnnviz.plots.style import CELL_DASH, CELL_TITLE, theme
from rnnviz.plots.trainability import position, words


def curve(over, **cells):
    frames = [
        pd.DataFrame({"cell": name, over: np.arange(len(y)), "mean": y, "low": y, "high": y})
        for name, y in cells.items()
    ]
    return pd.concat(frames, ignore_index=True)


def named(figure):
    return {each.name: each for each in figure.data if each.name}


def test_cells_are_called_as_in_the_cells_themselves():
    assert CELL_TITLE == {key: cell.title for key, cell in CELLS.items()}


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_a_cell_has_its_colour_its_dash_and_a_band(colours):
    norms = curve("time", rnn=[1e-7, 1e-3, 1.0], lstm=[0.3, 0.5, 1.0])
    norms.loc[norms["cell"] == "lstm", "high"] *= 2
    figure = compare_gradients(norms, where="3 seeds", colours=colours)
    for cell, line in (("rnn", named(figure)["RNN"]), ("lstm", named(figure)["LSTM"])):
        assert line.line.color == theme(colours).cell[cell] and line.line.dash == CELL_DASH[cell]
    assert [each.fill for each in figure.data].count("tonexty") == 2
    assert figure.layout.yaxis.type == "log" and "3 seeds" in figure.layout.title.text
    assert tuple(figure.layout.yaxis.range) == (-7, 1)


def test_a_gradient_that_is_exactly_zero_is_said_in_words():
    norms = curve("time", rnn_relu=[0.0, 0.0], lstm=[0.5, 1.0])
    figure = compare_gradients(norms)
    assert figure.layout.annotations[0].text == "exactly 0: RNN (ReLU)"
    assert figure.layout.annotations[0].visible
    some = norms.assign(mean=[0.0, 1.0, 0.5, 1.0], zeros=[3, 0, 0, 0], seeds=4)
    said = compare_gradients(some).layout.annotations[0]
    assert said.text == "exactly 0: RNN (ReLU) in 3 of 4 seeds" and said.visible
    assert not compare_gradients(curve("time", lstm=[0.5, 1.0])).layout.annotations[0].visible


def test_learning_curves_stand_over_the_metric_with_baselines():
    curves = pd.concat(
        [curve("step", gru=[0.2, 0.1]).assign(measure=name) for name in ("loss", "metric")]
    )
    figure = compare_learning(
        curves, steps=500, baseline=1 / 6, baseline_text="predict 1", metric_title="right",
        metric_unit="%", metric_baseline=6.4, cells=("rnn", "gru"),
    )  # fmt: skip
    assert not [each for each in figure.data if "best possible" in (each.hovertemplate or "")]
    known = compare_learning(curves, steps=500, baseline=1 / 6, best=0.01, cells=("gru",))
    dots = next(each for each in known.data if "best possible" in (each.hovertemplate or ""))
    assert dots.y[0] == pytest.approx(0.01) and dots.line.dash == "dot"
    assert known.layout.yaxis.range[0] <= -2 and known.layout.annotations[2].visible
    dashed = [each for each in figure.data if each.line.dash == "longdash"]
    assert [each.y[0] for each in dashed] == pytest.approx([1 / 6, 6.4])
    assert [each.yaxis for each in dashed] == [None, "y2"]
    shown = [each.name for each in figure.data if each.name and each.showlegend]
    assert shown == ["RNN", "GRU"]  # in the legend before the RNN has a line
    assert tuple(figure.layout.xaxis.range) == (0, 500) and figure.layout.yaxis.type == "log"


def test_gates_stand_side_by_side_each_in_its_colour():
    table = pd.DataFrame(np.full((5, 3), 0.5))
    values = {"rnn": ("hidden_state", table - 1), "lstm": ("forget_gate", table)}
    figure = compare_gates(values)
    rnn, lstm = figure.data
    assert (rnn.zmin, lstm.zmin, lstm.zmax) == (-1, 0, 1)
    assert lstm.colorscale[-1][1] == theme("light").signal["forget_gate"]
    assert figure.layout.xaxis.domain[1] < figure.layout.xaxis2.domain[0]
    heads = [each.text for each in figure.layout.annotations]
    assert "state, −1 to 1" in heads[0] and "forget gate" in heads[1]


def fields(**over):
    rows = [
        {"cell": "rnn", "x": x, "y": y, "successes": 1, "done": 2, "seeds": 3}
        for x in (10, 20, 40) for y in (0.5, 1.0)
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(**over)


def test_a_map_has_shares_and_gaps_and_numbers():
    table = fields()
    table.loc[0, ["successes", "done"]] = 0
    figure = trainability(table, x_title="delay", y_title="spectral radius")
    heat = figure.data[0]
    assert np.isnan(heat.z[0][0]) and heat.z[1][0] == 0.5 and heat.text[1][0] == "1/2"
    assert heat.text[0][0] == "" and not heat.hoverongaps
    assert "1 of 2 seeds learned (3 planned)" in heat.customdata[1][0]
    assert list(figure.layout.xaxis.ticktext) == ["10", "20", "40"]
    assert "5 of 10 learned" in figure.layout.annotations[0].text


def test_the_time_scale_stands_where_its_length_is():
    scales = pd.DataFrame({"cell": "rnn", "y": [0.5, 1.0], "scale": [20.0, 80.0], "kind": "ξ"})
    figure = trainability(fields(), x_title="delay", y_title="radius", scales=scales)
    line = figure.data[1]
    assert line.x.tolist() == pytest.approx([1.0, 3.0]) and line.y.tolist() == [0, 1]
    assert figure.layout.xaxis.range == (-0.5, 2.5)


def test_positions_are_logarithmic_between_fields_and_go_on_beyond():
    assert [position(each, (10, 20, 40)) for each in (10, 40, 5, 80)] == pytest.approx(
        [0, 2, -1, 3]
    )
    assert position(10 * 2**0.5, (10, 20)) == pytest.approx(0.5)
    assert position(7, (10,)) == 0


def test_varied_values_in_words():
    assert [words(each) for each in (None, float("nan"), -1.0, 40, "torch")] == [
        "torch's", "torch's", "−1", "40", "torch",
    ]  # fmt: skip
