import numpy as np
import pandas as pd
import pytest

from rnnviz.plots import loss
from rnnviz.plots.loss import MOST_POINTS, thinned


def metrics(steps):
    step = np.arange(1, steps + 1)
    checked = step % 50 == 0
    return pd.DataFrame(
        {
            "step": step,
            "loss": 1.0 / step,
            "metric": np.nan,
            "validation_loss": np.where(checked, 1.1 / step, np.nan),
            "validation_metric": np.where(checked, 50.0, np.nan),
        }
    )


def draw(steps, **changes):
    given = {
        "steps": 2000, "baseline": 1 / 6, "baseline_text": "predict 1", "metric_title": "right",
        "metric_unit": "%", "metric_baseline": 8.0,
    }  # fmt: skip
    return loss(metrics(steps), **(given | changes))


def test_the_axis_of_steps_stands_still_and_the_baseline_is_drawn():
    figure = draw(120)
    assert figure.layout.xaxis.range == (0, 2000)
    names = {trace.name: trace for trace in figure.data if trace.name}
    assert set(names) == {"training", "validation", "baseline"}
    assert figure.layout.annotations[0].text == "predict 1"
    np.testing.assert_allclose(names["baseline"].y, 1 / 6, rtol=1e-6)
    np.testing.assert_array_equal(names["validation"].x, [50, 100])
    assert names["baseline"].line.dash == "dash"


def test_the_range_holds_all_that_is_drawn():
    figure = draw(2000)
    low, high = (10.0**edge for edge in figure.layout.yaxis.range)
    for trace in figure.data:
        if trace.yaxis != "y2":
            assert low <= np.nanmin(trace.y) and np.nanmax(trace.y) <= high


def test_an_empty_run_still_shows_what_will_come():
    figure = draw(0)
    assert figure.layout.xaxis.range == (0, 2000)
    assert any(trace.name == "baseline" for trace in figure.data)


def test_the_step_looked_at_is_marked():
    assert draw(100, marked=40).layout.shapes[0].x0 == 40
    assert not draw(100).layout.shapes


@pytest.mark.parametrize("steps", [MOST_POINTS, MOST_POINTS + 1, 50_000])
def test_thinning_keeps_the_mean_and_bounds_the_points(steps):
    thin = thinned(metrics(steps))
    assert len(thin) <= MOST_POINTS
    if steps % len(thin) == 0:
        assert thin["loss"].mean() == pytest.approx(metrics(steps)["loss"].mean())


def test_the_best_possible_loss_is_drawn_where_it_is_not_0():
    names = {trace.name: trace for trace in draw(120, best=0.02).data if trace.name}
    np.testing.assert_allclose(names["best possible"].y, 0.02, rtol=1e-6)
    assert names["best possible"].line.dash == "dot"
    low, high = (10.0**edge for edge in draw(120, best=1e-5).layout.yaxis.range)
    assert low <= 1e-5 < high
    assert "best possible" not in {trace.name for trace in draw(120).data}


def test_the_step_that_is_restored_is_ringed_and_the_last_validation_left_out():
    frame = metrics(200)
    frame.loc[frame["step"] == 200, "validation_loss"] = 1.1 / 100  # the restored weights'
    figure = loss(frame, steps=2000, restored=100)
    names = {trace.name: trace for trace in figure.data if trace.name}
    np.testing.assert_array_equal(names["validation"].x, [50, 100, 150])
    rings = [trace for trace in figure.data if trace.name == "restored"]
    assert [(list(ring.x), ring.yaxis) for ring in rings] == [([100], "y"), ([100], "y2")]
    assert [trace.name for trace in draw(200).data] == [
        trace.name for trace in draw(200, restored=None).data
    ]
