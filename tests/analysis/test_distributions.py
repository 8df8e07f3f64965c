import numpy as np
import pytest

from rnnviz.analysis import distributions
from rnnviz.recording.layer_trace import LayerTrace
from rnnviz.recording.trace import Trace


def trace_of(**signals):
    values = {name: np.asarray(value, float) for name, value in signals.items()}
    return Trace({"l0": LayerTrace("lstm", (0,), values)}, None, "no")


def test_shares_are_numpys_histogram_over_everything_but_padding():
    values = np.random.default_rng(0).random((6, 5, 4))
    values[4:, 1] = np.nan
    found = distributions(trace_of(forget_gate=values), "l0", bins=10)
    count, _ = np.histogram(values[~np.isnan(values)], np.linspace(0, 1, 11))
    np.testing.assert_allclose(found["share"], count / count.sum())


def test_the_ends_belong_to_the_last_bins_and_states_have_room():
    found = distributions(
        trace_of(output_gate=np.array([0.0, 1.0]).reshape(1, 1, 2),
                 cell_state=np.array([-2.5, 0.1]).reshape(1, 1, 2)), "l0", bins=4)  # fmt: skip
    gate, state = (one for _, one in found.groupby("signal", sort=False))
    assert list(gate["share"]) == [0.5, 0, 0, 0.5]
    assert (state["left"].min(), state["right"].max()) == (-3, 3)
    assert state["share"].sum() == 1


def test_through_time_each_step_counts_alone():
    values = np.array([[[0.1], [0.1]], [[0.1], [0.9]], [[np.nan], [np.nan]]])
    found = distributions(trace_of(input_gate=values), "l0", bins=2, through_time=True)
    shares = found["share"].to_numpy().reshape(3, 2)
    np.testing.assert_array_equal(shares, [[1, 0], [0.5, 0.5], [np.nan, np.nan]])
    assert list(found["time"]) == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize("before", [True, False])
def test_pre_activations_have_no_bounds(before):
    trace = trace_of(forget_gate=np.array([0.2, 0.7]).reshape(2, 1, 1))
    assert distributions(trace, "l0", before=before)["left"].min() == (-1 if before else 0)
