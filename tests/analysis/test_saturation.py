import numpy as np

from rnnviz.analysis import saturation, troubled_units
from rnnviz.networks.cells import CELLS
from rnnviz.recording.layer_trace import LayerTrace
from rnnviz.recording.trace import Trace


def trace_of(cell="lstm", steps=4, samples=2, units=2, **signals):
    """A trace with every value at .5 but for what is given, (time, batch, unit)."""
    values = {
        name: np.full((steps, samples, units), 0.5, np.float32)
        for name in ("input", *CELLS[cell].signals)
    }
    values |= {name: np.asarray(value, np.float32) for name, value in signals.items()}
    return Trace({"l0": LayerTrace(cell, (0,), values)}, None, "values only")


def gate(rows):
    """Values of unit 0 at (time, batch); unit 1 stays at one half."""
    array = np.full((4, 2, 2), 0.5)
    array[:, :, 0] = rows
    return array


def shares(trace, signal, unit=0):
    found = saturation(trace, "l0").set_index(["signal", "unit"])
    return tuple(found.loc[(signal, unit), ["left", "right"]])


def test_steps_beyond_a_tenth_from_the_ends_are_counted_over_time_and_samples():
    rows = [[0.05, 0.95], [0.1, 0.9], [0.0, 1.0], [0.5, 0.099]]  # .1 and .9 do not count
    trace = trace_of(forget_gate=gate(rows))
    assert shares(trace, "forget_gate") == (3 / 8, 2 / 8)
    assert shares(trace, "forget_gate", 1) == (0, 0)


def test_a_tanh_counts_at_both_its_ends_and_a_relu_at_zero():
    rows = [[-0.95, 0.95], [-1, 0], [0.05, 0.05], [0.05, -0.05]]
    assert shares(trace_of(candidate=gate(rows)), "candidate") == (2 / 8, 1 / 8)
    assert shares(trace_of("rnn", hidden_state=gate(rows)), "hidden_state") == (2 / 8, 1 / 8)
    relu = [[0, 0], [0, 3], [1, 1], [1, 1]]
    assert shares(trace_of("rnn_relu", hidden_state=gate(relu)), "hidden_state") == (3 / 8, 0)


def test_padding_does_not_count():
    rows = [[0.95, 0.95], [0.95, np.nan], [0.5, np.nan], [0.5, np.nan]]
    assert shares(trace_of(forget_gate=gate(rows)), "forget_gate") == (0, 3 / 5)


def troubles(trace):
    return set(troubled_units(trace, "l0").itertuples(index=False, name=None))


def test_dead_shut_open_and_broken_units_are_named():
    half = np.full((4, 2), 0.5)
    broken = gate(half)
    broken[2, 1, 1] = np.inf
    trace = trace_of(
        hidden_state=gate(np.full((4, 2), -1e-3)),
        input_gate=gate(np.full((4, 2), 0.05)),
        output_gate=gate(np.full((4, 2), 0.95)),
        cell_state=broken,
    )
    assert troubles(trace) == {
        ("dead", "hidden_state", 0), ("shut", "input_gate", 0), ("open", "output_gate", 0),
        ("nan", "cell_state", 1),
    }  # fmt: skip
    assert not troubles(trace_of())


def test_one_step_beyond_is_enough_to_live():
    rows = np.zeros((4, 2))
    rows[3, 1] = 0.002
    assert not troubles(trace_of(hidden_state=gate(rows)))


def padded(array):
    array[2:, 1] = np.nan
    return array


def test_padding_is_no_trouble_but_a_unit_that_is_never_a_number_is():
    half = np.full((4, 2, 2), 0.5)
    names = ("input", *CELLS["lstm"].signals)
    assert not troubles(trace_of(**{name: padded(half.copy()) for name in names}))
    gone = {name: np.full((4, 2, 2), np.nan) for name in names}
    assert ("nan", "hidden_state", 0) in troubles(trace_of(**gone))
