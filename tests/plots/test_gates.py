import numpy as np
import pandas as pd
import pytest

from rnnviz.plots import gates
from rnnviz.plots.gates import whole_ticks


def values(steps=5, units=3, fill=None):
    data = np.linspace(0, 1, steps * units).reshape(steps, units) if fill is None else fill
    return pd.DataFrame(data, index=pd.RangeIndex(steps, name="time"))


def test_time_runs_along_and_units_down():
    figure = gates(values(), "forget_gate", labels=list("hello"), where="layer 1")
    heat = figure.data[0]
    assert heat.type == "heatmap"
    assert heat.z.shape == (3, 5)
    assert heat.z.dtype == np.float32
    np.testing.assert_allclose(heat.z.T, values().to_numpy(), rtol=1e-6)
    assert (heat.zmin, heat.zmax) == (0, 1)
    assert figure.layout.xaxis.title.text == "time step t"
    assert figure.layout.yaxis.title.text == "unit"
    assert figure.layout.xaxis.ticktext == tuple("hello")
    assert "Forget gate f" in figure.layout.title.text
    assert "3 units by 5 time steps" in figure.layout.meta["alt"]


def test_a_state_beyond_one_widens_the_scale_to_whole_numbers():
    figure = gates(values(fill=np.full((5, 3), -2.4)), "cell_state")
    assert (figure.data[0].zmin, figure.data[0].zmax) == (-3, 3)


def test_the_cells_own_letter_is_used():
    assert "n<sub>t</sub>" in gates(values(), "candidate", symbol="n").layout.title.text


def test_padding_is_left_empty():
    data = np.full((5, 3), np.nan)
    data[:2] = 0.5
    figure = gates(values(fill=data), "hidden_state")
    assert np.isnan(figure.data[0].z[:, 2:]).all()
    assert figure.data[0].hoverongaps is False


@pytest.mark.parametrize(("steps", "units"), [(1, 1), (3000, 2), (4, 1024)])
def test_large_and_small_signals_are_thinned_and_say_so(steps, units):
    figure = gates(values(steps, units, np.zeros((steps, units))), "input_gate")
    assert figure.data[0].z.shape[0] <= 256
    assert figure.data[0].z.shape[1] <= 1000
    thinned = steps > 1000 or units > 256
    assert ("every" in figure.layout.title.text) == thinned


def test_symbols_from_a_user_are_escaped():
    figure = gates(values(), "input", labels=["<b>", "&", "a", "b", "c"])
    assert figure.layout.xaxis.ticktext[:2] == ("&lt;b&gt;", "&amp;")


@pytest.mark.parametrize(
    ("count", "step"), [(1, 1), (8, 1), (9, 2), (32, 5), (256, 50), (1000, 200)]
)
def test_ticks_fall_on_whole_units(count, step):
    assert whole_ticks(count) == step


def test_of_many_long_labels_every_second_stands_and_those_that_are_longer():
    labels = ["0.50"] * 96
    labels[11] = "[0.20]"
    figure = gates(pd.DataFrame(np.zeros((96, 3))), "forget_gate", labels=labels)
    shown = figure.layout.xaxis.tickvals
    assert 40 <= len(shown) <= 64
    assert figure.layout.xaxis.ticktext[shown.index(11)] == "[0.20]"
    assert not {10, 12} & set(shown)
    assert figure.data[0].hovertemplate.startswith("t = %{x:d},")
    short = gates(pd.DataFrame(np.zeros((96, 3))), "forget_gate", labels=["a"] * 96)
    assert len(short.layout.xaxis.tickvals) == 96


def test_long_labels_lie_where_there_is_room_and_stand_where_not():
    for steps, angle in [(12, 0), (50, -90)]:
        figure = gates(values(steps=steps), "forget_gate", labels=["brilliant"] * steps)
        assert figure.layout.xaxis.tickangle == angle
