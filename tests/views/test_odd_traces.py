"""All views of traces of any kind: a picture, or a sentence that says why there is none."""

import json
import re

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

import rnnviz
from rnnviz.errors import RnnvizError, TraceError
from rnnviz.looks import VIEWS, draw
from rnnviz.recording.packed_trace import pack_trace
from rnnviz.recording.probe import inspect
from rnnviz.store.run_store import RunStore
from rnnviz.store.traces import PREFIX
from rnnviz.views import Choice, Gallery

OF_A_RUN = [view for view, kind in VIEWS.items() if not kind.of_study]
NO_NUMBER = re.compile(r"\b(nan|NaN|None|inf)\b")


@pytest.fixture(scope="module")
def gallery(tmp_path_factory):
    store = RunStore(f"sqlite:///{tmp_path_factory.mktemp('odd') / 'runs.sqlite'}")
    yield Gallery(store)
    store.close()


def written(message):
    """All that a person reads of a message."""
    figure = message.get("figure") or {}
    layout = figure.get("layout", {})
    parts = [
        message.get("says"),
        layout.get("title"),
        layout.get("meta"),
        layout.get("annotations"),
    ]
    parts += [trace.get("name") for trace in figure.get("data", ())]
    anatomy = message.get("anatomy", {})
    parts += [anatomy.get(name) for name in ("title", "where", "notes", "equations")]
    return " ".join(json.dumps(part, default=str) for part in parts if part)


def draw_all(gallery, trace):
    """Draw all views of all layers of a trace; return those that were drawn."""
    name = PREFIX + gallery.store.traces.keep(pack_trace(trace), "me", "odd")
    drawn = set()
    for layer in trace.layers:
        for view in OF_A_RUN:
            try:
                message = draw(gallery, view, name, None, Choice.of({"layer": layer}))
            except RnnvizError as refused:
                said = str(refused)
                assert said.endswith((".", "?")) and not NO_NUMBER.search(said), (view, said)
                continue
            drawn.add(view)
            found = NO_NUMBER.search(written(message))
            assert not found, (view, written(message)[max(0, found.start() - 80) :][:160])
    gallery.store.traces.forget(name.removeprefix(PREFIX), "me")
    return drawn


LAYERS = {
    "lstm": nn.LSTM,
    "gru": nn.GRU,
    "rnn": nn.RNN,
    "relu": lambda *a, **k: nn.RNN(*a, nonlinearity="relu", **k),
}
CELLS = {"lstm": nn.LSTMCell, "gru": nn.GRUCell, "rnn": nn.RNNCell}


@some.composite
def recordings(choose):
    """A recording of a small layer, or a loop over a cell, over numbers of any kind."""
    torch.manual_seed(choose(some.integers(0, 10**6)))
    units, steps, samples = (choose(some.integers(1, most)) for most in (3, 6, 3))
    looped = choose(some.booleans())
    kind = choose(some.sampled_from([*(CELLS if looped else LAYERS)]))
    both = choose(some.booleans()) and not looped
    module = CELLS[kind](2, units) if looped else LAYERS[kind](2, units, bidirectional=both)
    with torch.no_grad():
        scale = choose(some.sampled_from([0.0, 1.0, 30.0, 1e12]))
        for parameter in module.parameters():
            parameter.mul_(scale)
    x = torch.randn(steps, samples, 2)
    if (
        odd := choose(some.sampled_from([None, None, np.nan, np.inf, -np.inf, 1e30, 0.0]))
    ) is not None:
        x[choose(some.integers(0, steps - 1)), choose(some.integers(0, samples - 1))] = odd
    lengths = [steps, *(choose(some.integers(1, steps)) for _ in range(samples - 1))]
    padded = choose(some.booleans()) and not looped
    calls = 1 if padded else choose(some.integers(1, 2))
    last_only, wanted = choose(some.booleans()), choose(some.booleans())
    changed = choose(some.sampled_from([lambda s: s, lambda s: s * 0, torch.detach]))
    with rnnviz.record(
        module, gradients=wanted, weights=choose(some.sampled_from([True, True, False]))
    ) as trace:
        outputs, state = [], None
        for part in x.split(1) if looped else [x] * calls:
            given_x = pack_padded_sequence(part, lengths, enforce_sorted=False) if padded else part
            state = module(part[0], state) if looped else module(given_x, state)
            out, state = (state, state) if looped else state
            out = out[0] if isinstance(out, tuple) and looped else out
            outputs.append(out.data if padded else out)
            state = tuple(map(changed, state)) if isinstance(state, tuple) else changed(state)
        loss = outputs[-1][-1:] if last_only else sum(each.sum() for each in outputs)
        loss.sum().backward()
    return trace


@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(trace=recordings())
def test_no_view_of_any_trace_fails_or_writes_what_is_no_number(gallery, trace):
    draw_all(gallery, trace)


def one(module, x):
    with rnnviz.record(module) as trace:
        module(x)[0][-1].sum().backward()
    return trace


def steep():
    module = nn.RNN(3, 4, nonlinearity="relu")
    nn.init.constant_(module.weight_hh_l0, 2.0)
    nn.init.constant_(module.bias_hh_l0, 0.5)
    return module


def broken(steps=6):
    x = torch.randn(steps, 2, 3)
    x[steps // 2] = torch.nan
    return x


@pytest.mark.parametrize(
    ("make", "view"),
    [
        (lambda: one(nn.LSTM(3, 4), torch.randn(1, 2, 3)), "gradient_jacobians"),
        (lambda: one(nn.LSTM(3, 4), broken()), "gradient_products"),
        (lambda: one(steep(), torch.rand(60, 2, 3)), "distribution"),
        (lambda: one(steep(), torch.rand(200, 2, 3)), "distribution"),
    ],
    ids=["one step", "nan", "steep", "infinite"],
)
def test_what_once_failed_is_drawn(gallery, make, view):
    torch.manual_seed(0)
    assert view in draw_all(gallery, make())


def in_calls(module, x, size):
    """A layer called a few steps at a time, or a cell a step at a time."""
    with rnnviz.record(module) as trace:
        state, cell = None, isinstance(module, nn.RNNCellBase)
        for part in x.split(size):
            found = module(part[0] if cell else part, state)
            out, state = (found, found) if cell else found
        (out[0] if isinstance(out, tuple) else out).sum().backward()
    return trace


LOOPS = {
    "cells": lambda x: in_calls(nn.LSTMCell(3, 4), x, 1),
    "gru cells": lambda x: in_calls(nn.GRUCell(3, 4), x, 1),
    "one unit three times": lambda x: in_calls(nn.LSTM(3, 4), x, 4),
    "step by step": lambda x: in_calls(nn.GRU(3, 4), x, 1),
    "windows of two layers": lambda x: in_calls(nn.LSTM(3, 4, 2), x, 4),
}


@pytest.mark.parametrize("make", LOOPS.values(), ids=LOOPS)
def test_a_layer_called_many_times_is_drawn_along_the_whole_of_its_time(gallery, make):
    torch.manual_seed(0)
    trace = make(torch.randn(12, 2, 3))
    of_a_trace = """signals unit_lines distribution saturation memory weights anatomy gradients
     gates gradient_time gradient_units gradient_items gradient_bars gradient_jacobians
     gradient_products""".split()
    assert {*of_a_trace} <= draw_all(gallery, trace)
    name = PREFIX + gallery.store.traces.keep(pack_trace(trace), "me", "loop")
    asked = Choice.of({"layer": trace.top})
    assert draw(gallery, "anatomy", name, None, asked)["anatomy"]["steps"] == 12
    assert "Over 11 steps" in draw(gallery, "gradient_products", name, None, asked)["says"]


def test_a_trace_without_samples_is_refused():
    with pytest.raises(TraceError, match="ran without a sample"):
        pack_trace(one(nn.LSTM(3, 4), torch.zeros(6, 0, 3)))


def test_a_gradient_that_overflows_is_counted_and_not_dropped(gallery):
    """Two of five samples fit into float32: the median over all is infinite."""
    torch.manual_seed(0)
    module = steep().requires_grad_(False)
    nn.init.ones_(module.weight_ih_l0)
    x = torch.rand(60, 5, 3)
    x[:, 3:] = -50.0  # where ReLU lets nothing through
    trace = one(module, x)
    norms = rnnviz.analysis.gradient_norms(trace, "l0")
    first = norms[(norms["signal"] == "hidden_state") & (norms["time"] == 0)].iloc[0]
    assert first["infinite"] == 3 and np.isinf(first["norm"]) and first["low"] == 0
    name = PREFIX + gallery.store.traces.keep(pack_trace(trace), "me", "steep")
    says = draw(gallery, "gradient_time", name, None, Choice.of({}))["says"]
    assert says.startswith("In 3 of 5 samples the gradient grows beyond the largest number")


def test_a_median_of_which_a_part_overflows_is_drawn_in_double(gallery):
    made = rnnviz.Settings(task="adding", cell="rnn_relu", hidden=64, length=100,
                           initialization="spectral", spectral_radius=3.0)  # fmt: skip
    single = rnnviz.analysis.gradient_norms(inspect(made), "rnn.l0", ("hidden_state",))
    double = rnnviz.analysis.gradient_norms(
        inspect(made, dtype=torch.float64), "rnn.l0", ("hidden_state",)
    )
    assert 1 <= single["infinite"][0] <= 16 and not double["infinite"].any()
    figure = draw(gallery, "gradients", None, made, Choice.of({}))["figure"]
    drawn = [np.asarray(line["y"], float) for line in figure["data"] if len(line["y"]) == 100]
    assert any(np.allclose(each, double["norm"], rtol=1e-3) for each in drawn)
