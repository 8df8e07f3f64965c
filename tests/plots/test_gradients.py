import numpy as np
import pandas as pd

from rnnviz.plots import gradients


def norms(**signals):
    frames = [
        pd.DataFrame({"signal": name, "time": np.arange(len(y)), "norm": y, "low": y, "high": y})
        for name, y in signals.items()
    ]
    return pd.concat(frames, ignore_index=True)


def test_one_line_a_signal_on_a_log_axis_of_whole_decades():
    y = 0.5 ** np.arange(20)[::-1]
    figure = gradients(norms(input=y, forget_gate=y / 10, hidden_state=y), where="layer 1")
    named = [trace.name for trace in figure.data if trace.name]
    assert named == ["f<sub>t</sub> forget gate", "h<sub>t</sub> hidden state"]
    line = next(trace for trace in figure.data if trace.name and trace.name.startswith("h"))
    np.testing.assert_allclose(line.y, y, rtol=1e-6)
    assert figure.layout.yaxis.type == "log"
    assert figure.layout.yaxis.range == (-7, 0)
    assert figure.layout.yaxis.title.text.startswith("gradient norm")


def test_an_exact_zero_is_a_gap_and_never_a_small_number():
    figure = gradients(norms(hidden_state=np.array([0.0, 0.0, 1e-3, 1.0])))
    line = figure.data[-1]
    assert np.isnan(line.y[:2]).all()


def test_an_exploding_gradient_is_drawn_with_its_true_size():
    figure = gradients(norms(hidden_state=1.5 ** np.arange(200.0)))
    assert figure.layout.yaxis.range[1] == 36
    assert np.isfinite(figure.data[-1].y).all()


def test_nothing_but_zeros_still_has_axes():
    figure = gradients(norms(hidden_state=np.zeros(4)))
    assert figure.layout.yaxis.range == (-4, 0)
