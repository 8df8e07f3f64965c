import numpy as np
import pytest

from rnnviz.analysis import unit_order
from rnnviz.analysis.ordering import ORDERS
from rnnviz.recording.layer_trace import LayerTrace
from rnnviz.recording.trace import Trace


def trace_of(hidden, gate=None, cell="lstm"):
    gate = np.full_like(hidden, 0.5) if gate is None else gate
    values = {"hidden_state": hidden, "forget_gate": gate}
    return Trace({"l0": LayerTrace(cell, (0,), values)}, None, "no")


def order(trace, by):
    return list(unit_order(trace, "l0", by)["unit"])


def test_by_index_activity_and_time_constant():
    hidden = np.zeros((2, 1, 3))
    hidden[:, 0] = [[0.1, -0.9, 0.5], [np.nan] * 3]
    gate = np.zeros((2, 1, 3))
    gate[:, 0] = [0.5, 0.2, 1.0]
    trace = trace_of(hidden, gate)
    assert order(trace, "index") == [0, 1, 2]
    assert order(trace, "activity") == [1, 2, 0]
    assert order(trace, "time constant") == [2, 0, 1]


def test_similar_units_stand_together_and_still_ones_last():
    random = np.random.default_rng(0)
    sources = random.standard_normal((200, 3))
    kinds = [0, 1, 2, 0, 1, 2, 0, 1, 2]
    hidden = sources[:, kinds] + 0.1 * random.standard_normal((200, 9))
    hidden = np.insert(hidden, 4, 0.7, axis=1)[:, None, :]
    found = order(trace_of(hidden), "similarity")
    assert found[-1] == 4
    of = [kinds[unit - (unit > 4)] for unit in found[:-1]]
    assert sum(a != b for a, b in zip(of, of[1:], strict=False)) == 2


def test_a_chain_is_laid_out_as_a_chain():
    phase = np.linspace(0, 3, 12)
    shuffled = np.random.default_rng(1).permutation(12)
    time = np.linspace(0, 20, 300)[:, None]
    found = order(trace_of(np.sin(time + phase[shuffled])[:, None, :]), "similarity")
    steps = np.abs(np.diff(shuffled[found]))
    assert np.median(steps) == 1


@pytest.mark.parametrize("by", ORDERS)
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 2, 300)])
def test_every_order_is_a_permutation(by, shape):
    random = np.random.default_rng(2)
    for hidden in (np.zeros(shape), np.full(shape, np.nan), random.standard_normal(shape)):
        assert sorted(order(trace_of(hidden), by)) == list(range(shape[2]))
