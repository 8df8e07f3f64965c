import json
import pickle
import zipfile

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import rnnviz
from rnnviz.errors import TraceError
from rnnviz.networks.cells import CELLS
from rnnviz.recording.layer_trace import LayerTrace
from rnnviz.recording.trace import Trace

T, B, H = 4, 2, 3


def layer(cell="lstm", gradients=True, calls=(0,), dtype=np.float32):
    random = np.random.default_rng(0)
    signals = ("input", *CELLS[cell].signals)
    values = {s: random.normal(size=(T, B, H)).astype(dtype) for s in signals}
    size = (len(calls), B, H)
    starts = {state: random.normal(size=size).astype(dtype) for state in CELLS[cell].states}
    return LayerTrace(
        cell,
        calls,
        values,
        {s: 2 * v for s, v in values.items()} if gradients else {},
        starts=starts,
        begins=("given",) * len(calls),
    )


@pytest.fixture
def trace():
    return Trace({"rnn.l0": layer(), "rnn.l1": layer("gru")}, labels=["abcd", ["é", None, "", 2]])


def test_it_says_what_is_inside(trace):
    assert trace.layers == ("rnn.l0", "rnn.l1")
    assert trace.cell("rnn.l1") == "gru"
    assert trace.calls("rnn.l0") == (0,)
    assert trace.signals("rnn.l0") == ("input", *CELLS["lstm"].signals)
    assert trace.labels == [["a", "b", "c", "d"], ["é", None, "", "2"]]
    assert trace.has_gradients
    assert trace.nbytes == (7 + 5) * 2 * T * B * H * 4 + (2 + 1) * B * H * 4
    text = repr(trace)
    for part in ("2 layers", "with gradients", "rnn.l0", "LSTM", "GRU", "4 steps", "2 samples"):
        assert part in text
    assert "forget_gate" in text and "update_gate" in text


def test_values_gradients_and_frames(trace):
    value = trace.value("rnn.l0", "forget_gate")
    np.testing.assert_array_equal(trace.gradient("rnn.l0", "forget_gate"), 2 * value)
    frame = trace.frame("rnn.l0", "forget_gate", 1)
    assert frame.index.name == "time" and list(frame.index) == list(range(T))
    assert list(frame.columns) == list(range(H))
    np.testing.assert_array_equal(frame, value[:, 1])
    frame = trace.frame("rnn.l0", "forget_gate", gradient=True)
    pd.testing.assert_frame_equal(frame, 2 * trace.frame("rnn.l0", "forget_gate", 0))


ASKED = {
    "layer": (lambda t: t.value("rnn.l2", "input"), "'rnn.l2': recorded are rnn.l0, rnn.l1"),
    "layer's cell": (lambda t: t.cell(""), "rnn.l0, rnn.l1"),
    "signal": (lambda t: t.value("rnn.l1", "forget_gate"), "reset_gate, update_gate, candidate"),
    "gradient of": (lambda t: t.gradient("rnn.l1", "cell_state"), "it has input, reset_gate"),
    "sample": (lambda t: t.frame("rnn.l0", "input", 2), "samples 0 to 1"),
    "last sample": (lambda t: t.frame("rnn.l0", "input", -1), "samples 0 to 1"),
}


@pytest.mark.parametrize(("ask", "says"), ASKED.values(), ids=ASKED)
def test_what_is_not_there_is_answered_with_what_is(trace, ask, says):
    with pytest.raises(TraceError, match=says):
        ask(trace)


def test_without_gradients_the_reason_is_given():
    trace = Trace({"l0": layer(gradients=False)}, why_no_gradients="No backward pass ran: do this.")
    assert not trace.has_gradients and "without gradients" in repr(trace)
    with pytest.raises(TraceError, match="No backward pass ran: do this."):
        trace.gradient("l0", "input")
    with pytest.raises(TraceError, match="has no signal"):
        trace.gradient("l0", "nothing")


def test_before_it_is_filled():
    trace = Trace()
    assert "empty" in repr(trace)
    for read in (lambda: trace.layers, lambda: trace.nbytes, lambda: trace.has_gradients):
        with pytest.raises(TraceError, match="after its `with` block"):
            read()


# -- files ----------------------------------------------------------------------------------


@pytest.mark.parametrize("gradients", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_saved_trace_comes_back(tmp_path, gradients, dtype):
    why = "" if gradients else "No backward."
    first = layer(gradients=gradients, calls=(0, 2), dtype=dtype)
    first.values["input"][3, 1] = np.nan
    names = {"parts.a/../b.l0": first, "file.l0": layer("rnn", gradients, dtype=dtype)}
    trace = Trace(names, labels=["abcd", ["é", None, "", "∂"]], why_no_gradients=why)
    path = tmp_path / "kept.trace"
    trace.save(path)
    assert path.exists()  # numpy would have added .npz
    again = Trace.load(path)
    assert repr(again) == repr(trace)
    assert again.layers == trace.layers and again.labels == trace.labels
    for name in trace.layers:
        assert again.calls(name) == trace.calls(name)
        for signal in trace.signals(name):
            np.testing.assert_array_equal(again.value(name, signal), trace.value(name, signal))
            assert again.value(name, signal).dtype == dtype
            if gradients:
                np.testing.assert_array_equal(
                    again.gradient(name, signal), trace.gradient(name, signal)
                )
    assert again.has_gradients == gradients


def test_any_numpy_reads_the_file(trace, tmp_path):
    trace.save(tmp_path / "t.npz")
    with np.load(tmp_path / "t.npz", allow_pickle=False) as arrays:
        found = arrays["rnn.l0.forget_gate"], arrays["rnn.l0.forget_gate.gradient"]
    np.testing.assert_array_equal(found[0], trace.value("rnn.l0", "forget_gate"))
    np.testing.assert_array_equal(found[1], trace.gradient("rnn.l0", "forget_gate"))


def rewrite(path, change_header=None, **arrays):
    """Save the arrays of a file again, some of them replaced and the header changed."""
    with np.load(path) as file:
        kept = dict(file)
    header = json.loads(kept["header"].tobytes())
    if change_header:
        change_header(header)
    kept["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    with open(path, "wb") as file:
        np.savez(file, **kept | arrays)


def without_an_array(path):
    with np.load(path) as file:
        kept = {name: array for name, array in dict(file).items() if "cell_state" not in name}
    with open(path, "wb") as file:
        np.savez(file, **kept)


def claims_a_huge_array(path):
    """A member whose header promises a terabyte and whose data are four bytes."""
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000, 1, 1), }"
    header += b" " * (118 - len(header) - 1) + b"\n"
    with zipfile.ZipFile(path, "a") as archive:
        data = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + b"abcd"
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("rnn.l0.input.npy", data)


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickled object was run",))


def replaced(**arrays):
    return lambda path: rewrite(path, **{n.replace("__", "."): a for n, a in arrays.items()})


def header(**changes):
    return lambda path: rewrite(path, lambda h: h.update(changes))


def of_layer(**changes):
    return lambda path: rewrite(path, lambda h: h["layers"][0].update(changes))


DAMAGE = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("PK, but no archive"),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-300]),
    "bit flipped": lambda path: path.write_bytes(
        path.read_bytes()[:2000] + b"\xff\xff\xff" + path.read_bytes()[2003:]
    ),
    "another npz": lambda path: np.savez(path, x=np.zeros(3)),
    "pickle": lambda path: path.write_bytes(pickle.dumps({"header": 1})),
    "array missing": without_an_array,
    "huge array": claims_a_huge_array,
    "objects": replaced(rnn__l0__input=np.array([[[Bomb()]]], dtype=object)),
    "text array": replaced(rnn__l0__input=np.full((T, B, H), "x")),
    "other shape": replaced(rnn__l0__input=np.zeros((T + 1, B, H), np.float32)),
    "two dimensions": replaced(rnn__l0__input=np.zeros((T, B), np.float32)),
    "no layers": header(layers=None),
    "unknown cell": header(layers=[{"name": "rnn.l0", "cell": "qrnn", "calls": [0]}]),
    "call too late": header(layers=[{"name": "rnn.l0", "cell": "lstm", "calls": [T]}]),
    "call no number": header(layers=[{"name": "rnn.l0", "cell": "lstm", "calls": ["0"]}]),
    "no call": of_layer(calls=[]),
    "weights of no call": of_layer(versions=[1]),
    "weights that are not there": of_layer(later=1, parameters=["weight_hh"]),
    "unknown beginning": of_layer(begins=["somehow"]),
    "unknown alteration": of_layer(altered=["somehow"]),
    "a state missing": of_layer(starts=["cell_state"]),
    "states before of another shape": replaced(
        rnn__l0__hidden_state__before=np.zeros((2, B, H), np.float32)
    ),
    "labels a number": header(labels=3),
    "format no number": header(format="x"),
    "header no dict": lambda path: rewrite(path, header=np.frombuffer(b"[[[", np.uint8)),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_or_hostile_file_is_refused_with_a_sentence(trace, tmp_path, damage):
    path = tmp_path / "t.npz"
    trace.save(path)
    damage(path)
    with pytest.raises(TraceError, match="Trace.save"):
        Trace.load(path)


def test_a_file_of_an_older_rnnviz_opens_and_says_what_it_lacks(tmp_path):
    path, model = tmp_path / "t.npz", nn.ModuleDict({"rnn": nn.LSTM(2, 3)})
    with rnnviz.record(model) as trace:
        model["rnn"](torch.randn(4, 2, 2))[0].sum().backward()
    trace.save(path)
    lacks = ("later", "versions", "starts", "begins", "altered")
    rewrite(path, lambda h: [layer.pop(name) for layer in h["layers"] for name in lacks])
    old = Trace.load(path)
    np.testing.assert_array_equal(
        old.gradient("rnn.l0", "forget_gate"), trace.gradient("rnn.l0", "forget_gate")
    )
    assert old.parameters("rnn.l0").keys() == trace.parameters("rnn.l0").keys()
    assert old.altered("rnn.l0") == () and old.versions("rnn.l0") == (0,)
    for ask in (
        lambda: old.starts("rnn.l0", "hidden_state"),
        lambda: rnnviz.analysis.anatomy(old, "rnn.l0"),
        lambda: rnnviz.analysis.preactivations(old, "rnn.l0"),
        lambda: rnnviz.analysis.jacobians(None, old, "rnn.l0"),
        lambda: rnnviz.analysis.itemized_gradients(model, old, "rnn.l0"),
    ):
        with pytest.raises(TraceError, match="older rnnviz: record it again"):
            ask()


def test_a_newer_file_is_refused(trace, tmp_path):
    trace.save(tmp_path / "t.npz")
    header(format=2)(tmp_path / "t.npz")
    with pytest.raises(TraceError, match="newer rnnviz"):
        Trace.load(tmp_path / "t.npz")


def test_a_file_that_unpacks_to_too_much_is_refused(trace, tmp_path, monkeypatch):
    trace.save(tmp_path / "t.npz")
    monkeypatch.setattr("rnnviz.recording.trace.LARGEST_FILE", 1000)
    with pytest.raises(TraceError, match="more than the 1.0 kB"):
        Trace.load(tmp_path / "t.npz")


def test_a_missing_file_is_the_systems_own_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        Trace.load(tmp_path / "nothing.npz")
