import numpy as np
import pandas as pd

from rnnviz import plots


def curve(steps=100):
    step = np.arange(1, steps + 1)
    checked = np.where(step % 50 == 0, 2 / step, np.nan)
    return pd.DataFrame({"step": step, "loss": 1 / step, "validation_loss": checked})


def test_every_run_has_its_training_and_its_validation_loss():
    figure = plots.run_losses([("one", "lstm", curve()), ("two", "gru", curve(200))])
    assert [trace.name for trace in figure.data] == ["one", "one", "two", "two"]
    assert [trace.showlegend for trace in figure.data] == [False, None, False, None]
    np.testing.assert_allclose(figure.data[3].x, [50, 100, 150, 200])
    np.testing.assert_allclose(figure.data[3].y, [2 / 50, 2 / 100, 2 / 150, 2 / 200], rtol=1e-6)
    assert figure.layout.yaxis.type == "log" and figure.layout.xaxis.range == (0, 200)
    assert "one, two" in figure.layout.meta["alt"]


def test_a_run_that_was_not_validated_yet_is_named_by_its_training_loss():
    figure = plots.run_losses([("short", "rnn", curve(30))])
    assert figure.data[0].showlegend and len(figure.data[1].x) == 0


def test_runs_of_one_cell_differ_in_their_dash_and_a_name_is_plain_text():
    figure = plots.run_losses([("a", "lstm", curve()), ("<b>b</b>", "lstm", curve())])
    first, second = figure.data[1], figure.data[3]
    assert first.line.color == second.line.color and first.line.dash != second.line.dash
    assert second.name == "&lt;b&gt;b&lt;/b&gt;"


def test_a_run_without_a_step():
    figure = plots.run_losses([("new", "rnn", curve(0))])
    assert len(figure.data[0].x) == 0 and figure.layout.xaxis.range == (0, 1)
