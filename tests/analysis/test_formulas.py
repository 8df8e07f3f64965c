"""A cell that nobody worked out is refused in a sentence, never drawn with another's formula."""

import io

import numpy as np
import pytest
from torch import nn

from rnnviz import analysis
from rnnviz.analysis.gradients import gradient_of
from rnnviz.analysis.recurrence import recurrence
from rnnviz.errors import RnnvizError, TraceError
from rnnviz.looks import VIEWS, draw
from rnnviz.networks.cells import CELLS, Cell
from rnnviz.recording.layer_trace import LayerTrace
from rnnviz.recording.packed_trace import pack_trace, read_trace
from rnnviz.recording.rebuild import network_of
from rnnviz.recording.trace import Trace
from rnnviz.store.traces import PREFIX
from rnnviz.views import Choice, Gallery

STEPS, SAMPLES, UNITS = 6, 2, 3


class Plain(Cell):
    """h = σ(W_ih x + W_hh h): no gates, as in a plain RNN, and another function."""

    key, title = "plain", "Plain"
    gates = {}
    states = {"hidden_state": "h"}

    def __init__(self):
        super().__init__()
        self.hidden_state = nn.Sigmoid()


class Gated(Cell):
    """h = z h + (1 - z) n, with a GRU's names and neither its reset nor its functions."""

    key, title = "gated", "Gated"
    gates = {"update_gate": "z", "candidate": "n"}
    states = {"hidden_state": "h"}
    keeps, kept = "update_gate", "hidden_state"

    def __init__(self):
        super().__init__()
        self.update_gate = nn.Sigmoid()
        self.candidate = nn.Softplus()
        self.hidden_state = nn.Identity()


MODULES = {"plain": nn.RNN(2, UNITS), "gated": nn.GRU(2, UNITS)}
"""What such a layer would be taken for: torch's module of the nearest name."""


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    for cell in (Plain, Gated):
        monkeypatch.setitem(CELLS, cell.key, cell)


def trace_of(cell):
    random = np.random.default_rng(0)
    sizes = {"input": 2} | dict.fromkeys(CELLS[cell].signals, UNITS)
    values, gradients = (
        {name: random.uniform(0.05, 0.95, (STEPS, SAMPLES, size)).astype(np.float32)
         for name, size in sizes.items()}
        for _ in range(2)
    )  # fmt: skip
    rows = UNITS * max(1, len(CELLS[cell].gates))
    shapes = {"weight_ih": (rows, 2), "weight_hh": (rows, UNITS), "bias_ih": rows, "bias_hh": rows}
    weights = {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    return Trace({"l0": LayerTrace(cell, (0,), values, gradients, weights)}, None, "")


NEED_A_FORMULA = {
    "recurrence": lambda module, trace: recurrence(module, trace, "l0"),
    "jacobians": lambda module, trace: analysis.jacobians(module, trace, "l0"),
    "itemized": lambda module, trace: analysis.itemized_gradients(module, trace, "l0"),
    "predicted": lambda module, trace: analysis.predicted_norms(module, trace, "l0"),
    "truncation": lambda module, trace: analysis.truncation(module, trace, "l0", [2]),
    "preactivations": lambda module, trace: analysis.preactivations(trace, "l0", module),
    "anatomy": lambda module, trace: analysis.anatomy(trace, "l0", module.state_dict()),
    "rebuilding": lambda module, trace: network_of(trace),
}


@pytest.mark.parametrize("question", NEED_A_FORMULA)
@pytest.mark.parametrize("cell", MODULES)
def test_a_question_that_needs_the_formula_is_refused(cell, question):
    with pytest.raises(TraceError, match=CELLS[cell].title) as refused:
        NEED_A_FORMULA[question](MODULES[cell], trace_of(cell))
    assert str(refused.value).endswith(".")


def test_the_nonlinearity_is_the_submodules_and_not_guessed_from_the_signals_name():
    trace = trace_of("plain")
    h, gradient = trace.value("l0", "hidden_state"), trace.gradient("l0", "hidden_state")
    np.testing.assert_array_equal(
        gradient_of(trace, "l0", "hidden_state", before=True), gradient * (h * (1 - h))
    )
    shares = analysis.saturation(trace, "l0")
    np.testing.assert_allclose(shares["left"], (h < 0.1).mean((0, 1)))
    edges = analysis.distributions(trace, "l0")
    assert (edges["left"].min(), edges["right"].max()) == (0, 1)


def test_a_function_whose_slope_is_not_known_is_refused_and_the_rest_is_as_it_is():
    trace = trace_of("gated")
    for question in (analysis.gradient_norms, analysis.sample_norms):
        with pytest.raises(TraceError, match="Softplus"):
            question(trace, "l0", before=True)
    with pytest.raises(TraceError, match="Softplus"):
        analysis.saturation(trace, "l0")
    for signal in ("hidden_state", "input"):
        np.testing.assert_array_equal(
            gradient_of(trace, "l0", signal, before=True), trace.gradient("l0", signal)
        )


def test_memory_is_that_of_the_gate_which_the_cell_says_keeps():
    z = trace_of("gated").value("l0", "update_gate").astype(float)
    found = analysis.time_constants(trace_of("gated"), "l0")
    np.testing.assert_allclose(found["gate"], np.exp(np.log(z).mean((0, 1))), rtol=1e-6)
    kept = analysis.kept_along_path(trace_of("gated"), "l0")["kept"]
    np.testing.assert_allclose(kept.iloc[0], z[1:].prod(0).mean())
    for question in (analysis.time_constants, analysis.kept_along_path):
        with pytest.raises(TraceError, match="Plain has no gate that keeps"):
            question(trace_of("plain"), "l0")


def test_the_modes_are_a_plain_rnns_alone():
    with pytest.raises(TraceError, match="no plain RNN"):
        analysis.mode_time_constants(MODULES["gated"], "l0")


@pytest.mark.parametrize("cell", MODULES)
def test_a_view_draws_it_or_says_why_not(store, cell):
    gallery = Gallery(store)
    name = PREFIX + store.traces.keep(pack_trace(trace_of(cell)), "me", "mine")
    refused = set()
    for view, kind in VIEWS.items():
        if kind.of_study:
            continue
        try:
            draw(gallery, view, name, None, Choice())
        except RnnvizError:
            refused.add(view)
    assert refused >= {"anatomy", "weights", "gradient_items", "gradient_jacobians"}
    assert {"signals", "unit_lines", "distribution", "gradient_units"}.isdisjoint(refused)


def test_a_trace_file_of_a_cell_that_is_not_known_says_which(monkeypatch):
    file = io.BytesIO()
    trace_of("gated").write(file)
    monkeypatch.delitem(CELLS, "gated")
    file.seek(0)
    with pytest.raises(TraceError, match="'gated', which this rnnviz does not know"):
        read_trace(file, "mine", 10**6)
