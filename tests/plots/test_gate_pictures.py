"""The pictures of the Gates page, by structure."""

import numpy as np
import pandas as pd
import pytest

from rnnviz import plots
from rnnviz.plots.panels import downwards, spread
from rnnviz.plots.saturation import sentences


def table(steps=6, units=3, value=None, columns=None):
    data = np.linspace(0, 1, steps * units).reshape(steps, units)
    data = data if value is None else np.full((steps, units), value)
    return pd.DataFrame(data, columns=range(units) if columns is None else columns)


def test_panels_share_out_all_the_room():
    parts = spread([1, 3], 0.2)
    assert parts[0] == pytest.approx((0, 0.2)) and parts[1] == pytest.approx((0.4, 1))
    assert downwards([1, 3], 0.2)[0] == pytest.approx((0.8, 1))


def test_all_signals_stand_under_each_other_on_one_time_axis():
    values = {name: table() for name in ("input", "forget_gate", "cell_state")}
    figure = plots.multiples(values, labels=list("abcdef"), where="layer 1")
    assert [heat.yaxis for heat in figure.data] == ["y", "y2", "y3"]
    assert {heat.xaxis for heat in figure.data} == {None}
    assert figure.layout.xaxis.anchor == "y3"
    assert figure.layout.xaxis.ticktext == tuple("abcdef")
    assert (figure.data[1].zmin, figure.data[1].zmax) == (0, 1)
    assert (figure.data[2].zmin, figure.data[2].zmax) == (-1, 1)
    np.testing.assert_allclose(figure.data[1].z, table().to_numpy().T, rtol=1e-6)
    assert "forget gate" in figure.layout.meta["alt"]


def test_units_in_an_order_of_their_own_keep_their_names():
    figure = plots.multiples({"forget_gate": table(columns=[2, 0, 1])})
    assert list(figure.data[0].y) == ["2", "0", "1"]
    assert figure.layout.yaxis.type == "category"


def test_pre_activations_have_one_fixed_scale():
    figure = plots.multiples({"forget_gate": table(value=30.0)}, before=True)
    assert (figure.data[0].zmin, figure.data[0].zmax) == (-4, 4)


@pytest.mark.parametrize(("steps", "units"), [(1, 1), (700, 2), (4, 1024)])
def test_large_and_small_signals_are_thinned_and_say_so(steps, units):
    figure = plots.multiples({"forget_gate": table(steps, units)})
    assert figure.data[0].z.shape[0] <= 96 and figure.data[0].z.shape[1] <= 500
    assert ("every" in figure.layout.title.text) == (steps > 500 or units > 96)


def test_one_unit_has_its_gates_above_and_its_states_below():
    values = pd.DataFrame(dict.fromkeys(("input_gate", "forget_gate", "cell_state"), [0.1, -2.5]))
    figure = plots.unit_lines(values, 7)
    assert [line.yaxis for line in figure.data] == ["y2", "y2", "y"]
    assert "Unit 7" in figure.layout.title.text
    assert figure.layout.yaxis.range[1] > 3 > figure.layout.yaxis2.range[1]
    assert len({line.line.dash for line in figure.data}) == 3


def shares(**signals):
    frames = [
        pd.DataFrame({"signal": name, "unit": range(len(left)), "left": left, "right": right})
        for name, (left, right) in signals.items()
    ]
    return pd.concat(frames, ignore_index=True)


NOBODY = pd.DataFrame(columns=["trouble", "signal", "unit"])


def test_saturation_has_a_panel_a_gate_a_point_a_unit_and_the_diagonal():
    found = shares(input_gate=([0.2, 0.5], [0.1, 0.5]), forget_gate=([0, 0], [1, 0.3]))
    figure = plots.saturation(found, NOBODY)
    assert [points.xaxis for points in figure.data] == ["x", "x2"]
    np.testing.assert_allclose(figure.data[1].y, [1, 0.3], rtol=1e-6)
    lines = figure.layout.shapes
    assert {(line.x0, line.y0, line.x1, line.y1) for line in lines} == {(0, 1, 1, 0)}
    assert "No dead units" in figure.layout.meta["alt"]


def test_units_in_trouble_are_named_in_sentences():
    rows = [("dead", "hidden_state", unit) for unit in range(14)]
    rows += [("open", "forget_gate", 3), ("nan", "cell_state", 1)]
    said = sentences(pd.DataFrame(rows, columns=["trouble", "signal", "unit"]))
    assert said[0] == "Not a number in cell state: unit 1."
    assert "units 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more" in said[1]
    assert said[2] == "Forget gate f open (> .9) at every step: unit 3."


def test_time_constants_are_sorted_and_stand_beside_the_lag():
    steps = np.array([2.0, np.inf, 30.0, np.nan])
    constants = pd.DataFrame(
        {"unit": range(4), "gate": 0.5, "steps": steps, "low": steps, "high": steps}
    )
    figure = plots.timescales(constants, needed=[(20.0, "from a symbol to its answer")])
    dots = figure.data[1]
    np.testing.assert_allclose(dots.y[:3], [100, 30, 2])
    assert dots.marker.symbol[0] == "triangle-up"
    assert figure.layout.xaxis.ticktext == ("1", "2", "0", "3")
    assert figure.layout.yaxis.type == "log"
    assert figure.layout.shapes[0].y0 == 20
    assert "2 of 4 units reach that far" in figure.layout.annotations[0].text


def test_history_reaches_from_checkpoint_to_checkpoint_and_marks_one():
    means = pd.DataFrame(np.eye(3), index=[0, 10, 40])
    figure = plots.unit_history(means, "forget_gate", steps=50, marked=10)
    assert list(figure.data[0].x)[:3] == [0, 10, 40] and len(figure.data[0].x) == 4
    assert figure.layout.shapes[0].x0 == 10
    one = plots.unit_history(means.iloc[:1], "cell_state")
    assert one.data[0].z.shape == (3, 1)


def test_norms_have_a_line_a_block():
    norms = pd.DataFrame(
        [(step, gate, source, 1.0) for step in (0, 5) for gate in ("input_gate", "forget_gate")
         for source in ("input", "recurrent")],
        columns=["step", "gate", "source", "norm"],
    )  # fmt: skip
    figure = plots.norm_history(norms, steps=5)
    assert [line.line.dash for line in figure.data] == ["dot", "solid"] * 2


def test_weights_stand_in_pairs_under_one_scale():
    blocks = {
        (gate, source): table(4, 4 if source == "recurrent" else 1)
        for gate in ("input_gate", "forget_gate")
        for source in ("input", "recurrent")
    }
    figure = plots.weights(blocks, 0.5)
    assert [heat.xaxis for heat in figure.data] == ["x", "x2", "x3", "x4"]
    assert {(heat.zmin, heat.zmax) for heat in figure.data} == {(-0.5, 0.5)}
    assert "the largest is 1" in figure.layout.title.text
    assert sum(heat.showscale for heat in figure.data) == 1


def test_eigenvalues_have_the_unit_circle_and_name_the_spectral_radius():
    values = pd.DataFrame(
        {"gate": "forget_gate", "real": [-1.5, 0.0], "imaginary": [0, 0.5], "modulus": [1.5, 0.5]}
    )
    figure = plots.eigenvalues(values)
    circle = figure.layout.shapes[0]
    assert (circle.type, circle.x0, circle.x1) == ("circle", -1, 1)
    assert figure.layout.yaxis.scaleanchor == "x"
    assert "spectral radius <b>1.50</b>" in figure.layout.annotations[0].text
    assert figure.data[0].marker.symbol == ("diamond", "circle")
    assert plots.eigenvalues(values.iloc[:0]).layout.meta["alt"]


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_distributions_draw_a_histogram_each_and_a_row_each_through_time(colours):
    one = pd.DataFrame(
        {"signal": "forget_gate", "left": [0.0, 0.5], "right": [0.5, 1.0], "share": [0.25, 0.75]}
    )
    bars = plots.distributions(one, colours=colours)
    np.testing.assert_allclose(bars.data[0].y, [25, 75])
    assert bars.layout.yaxis.range == (0, 100)
    timed = pd.concat([one.assign(time=step) for step in range(3)])
    rows = plots.distributions_through_time(timed, colours=colours)
    np.testing.assert_allclose(rows.data[0].z, [[25] * 3, [75] * 3])


def test_a_colour_bar_says_that_it_ends_below_the_largest_weight():
    blocks = {("forget_gate", source): pd.DataFrame([[0.5, -0.3]]) for source in
              ("input", "recurrent")}  # fmt: skip
    ends = [
        plots.weights.spec(blocks, reach)["data"][0]["colorbar"]["ticktext"] for reach in (1, 0.4)
    ]
    assert (ends[0][0], ends[0][-1]) == ("−1", "1")
    assert (ends[1][0], ends[1][-1]) == ("≤ −0.4", "≥ 0.4")
