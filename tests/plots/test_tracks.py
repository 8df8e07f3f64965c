import numpy as np
import pandas as pd

from rnnviz.plots import tracks


def frame(columns, high=0.9):
    values = np.linspace(-high, high, 10 * len(columns)).reshape(10, -1)
    return pd.DataFrame(values, columns=columns, index=pd.RangeIndex(10, name="time"))


def test_inputs_stand_above_the_units_on_one_time_axis():
    figure = tracks(frame([0, 1]), frame([7, 3]), "hidden_state", symbol="h", where="sample 1")
    assert [line.name for line in figure.data] == ["input 1", "input 2", "unit 7", "unit 3"]
    assert figure.data[0].yaxis == "y2" and figure.data[2].yaxis is None
    assert figure.layout.yaxis2.domain[0] > figure.layout.yaxis.domain[1]
    assert figure.layout.xaxis.title.text == "time step t"
    np.testing.assert_allclose(figure.data[3].y, frame([7, 3])[3], rtol=1e-6)
    assert len({line.line.dash for line in figure.data[2:]}) == 2  # not by colour alone


def test_a_selected_stretch_is_shaded_and_a_large_state_widens_the_range():
    figure = tracks(frame([0]), frame([1], 2.5), "cell_state", brush=(2, 4), colours="dark")
    assert (figure.layout.shapes[0].x0, figure.layout.shapes[0].x1) == (1.5, 4.5)
    assert figure.layout.yaxis.range[1] == 3.05
    assert not tracks(frame([0]), frame([1]), "forget_gate").layout.shapes
    assert tracks(frame([0]), frame([1]), "forget_gate").layout.yaxis.range[0] == -0.05


def test_no_more_than_six_units_are_drawn():
    assert len(tracks(frame([0]), frame(range(9)), "hidden_state").data) == 7
