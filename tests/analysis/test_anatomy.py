import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from rnnviz.analysis import anatomy
from rnnviz.errors import TraceError
from rnnviz.networks.recurrent import LSTM
from rnnviz.recording.clamp import clamp
from rnnviz.recording.record import record

KINDS = {
    "rnn": nn.RNN,
    "relu": lambda *sizes, **more: nn.RNN(*sizes, nonlinearity="relu", **more),
    "lstm": nn.LSTM,
    "gru": nn.GRU,
}


def recorded(kind, seed=0, units=5, steps=7, **more):
    """A random module in float64 and a trace with a loss at every step."""
    torch.manual_seed(seed)
    module = KINDS[kind](3, units, dtype=torch.float64, **more)
    x = torch.randn(steps, 2, 3, dtype=torch.float64)
    with record(module) as trace:
        output, _ = module(x)
        (output * torch.randn_like(output)).sum().backward()
    return module, trace


@pytest.fixture(params=[(kind, seed) for kind in KINDS for seed in range(3)], ids=str)
def parts(request):
    """The anatomy of one unit of a random cell, and its trace."""
    kind, seed = request.param
    module, trace = recorded(kind, seed)
    return kind, anatomy(trace, "l0", module.state_dict(), sample=1, unit=3), trace


def close(left, right):
    np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-12)


def test_signals_are_those_of_the_trace(parts):
    _, frame, trace = parts
    for signal in trace.signals("l0")[1:]:
        close(frame[signal], trace.value("l0", signal)[:, 1, 3])
        close(frame[f"{signal}.computed"], frame[signal])
        close(frame[f"gradient.{signal}"], trace.gradient("l0", signal)[:, 1, 3])
    close(frame["input"], np.linalg.norm(trace.value("l0", "input")[:, 1], axis=1))


def test_every_signal_is_what_its_parts_give(parts):
    kind, frame, _ = parts
    sigmoid, tanh = (lambda a: 1 / (1 + np.exp(-a))), np.tanh
    relu = lambda a: np.maximum(a, 0)  # noqa: E731
    function = {"hidden_state": relu if kind == "relu" else tanh, "candidate": tanh}
    gates = [name.removesuffix(".sum") for name in frame if name.endswith(".sum")]
    for gate in [name for name in gates if not name.startswith("gradient.")]:
        reset = frame["reset_gate"] if (kind, gate) == ("gru", "candidate") else 1.0
        a = (
            frame[f"{gate}.Wx"]
            + frame[f"{gate}.b_ih"]
            + reset * (frame[f"{gate}.Wh"] + frame[f"{gate}.b_hh"])
        )
        close(a, frame[f"{gate}.sum"])
        close(function.get(gate, sigmoid)(a), frame[gate])
    if kind in ("lstm", "gru"):
        state = "cell_state" if kind == "lstm" else "hidden_state"
        close(frame["kept"] + frame["added"], frame[state])


def test_the_parts_of_a_gradient_add_up_to_autograd_s(parts):
    kind, frame, trace = parts
    later, out = frame["gradient.hidden_state.later"], frame["gradient.hidden_state.out"]
    close(later + out, frame["gradient.hidden_state"])
    assert later.iloc[-1] == 0
    close(later[:-1], frame["gradient.hidden_state.before"][1:])
    if kind == "lstm":
        total = frame["gradient.cell_state.later"] + frame["gradient.cell_state.out"]
        close(total, trace.gradient("l0", "cell_state")[:, 1, 3])
        close(
            frame["gradient.cell_state"] * frame["cell_state.before"], frame["gradient.forget_gate"]
        )
    if kind == "gru":
        close(frame["gradient.candidate.sum"] * frame["candidate.h"], frame["gradient.reset_gate"])


def test_what_comes_from_the_answer_is_zero_where_none_is_asked():
    torch.manual_seed(0)
    lstm = nn.LSTM(3, 5)
    with record(lstm) as trace:
        output, _ = lstm(torch.randn(6, 1, 3))
        output[-1].sum().backward()
    frame = anatomy(trace, "l0", lstm.state_dict(), unit=2)
    assert list(frame["gradient.hidden_state.out"]) == [0, 0, 0, 0, 0, 1]


def test_the_mean_over_units_is_that_of_the_single_units():
    module, trace = recorded("gru")
    each = [anatomy(trace, "l0", module.state_dict(), unit=unit) for unit in range(5)]
    mean = anatomy(trace, "l0", module.state_dict(), unit=None)
    pd.testing.assert_frame_equal(sum(each) / 5, mean)


@pytest.mark.parametrize("layer", ["l0_reverse", "l1", "l1_reverse"])
def test_upper_and_backward_layers(layer):
    module, trace = recorded("lstm", num_layers=2, bidirectional=True, bias=False)
    frame = anatomy(trace, layer, module.state_dict(), unit=1)
    close(1 / (1 + np.exp(-frame["forget_gate.sum"])), trace.value(layer, "forget_gate")[:, 0, 1])
    total = frame["gradient.cell_state.later"] + frame["gradient.cell_state.out"]
    close(total, trace.gradient(layer, "cell_state")[:, 0, 1])


def test_a_module_inside_others_a_cell_alone_and_a_trace_without_gradients():
    torch.manual_seed(0)
    outer = nn.Sequential(nn.GRU(3, 4), nn.Flatten())
    with record(outer, gradients=False) as trace:
        outer[0](torch.randn(2, 1, 3))
    frame = anatomy(trace, "0.l0", outer.state_dict())
    assert len(frame) == 2 and not [name for name in frame if name.startswith("gradient.")]
    cell = nn.RNNCell(3, 4)
    with record(cell) as trace:
        cell(torch.randn(1, 3)).sum().backward()
    frame = anatomy(trace, "cell", cell.state_dict())
    close(np.tanh(frame["hidden_state.sum"]).astype(np.float32), frame["hidden_state"])


def test_a_value_that_was_set_differs_from_what_is_computed():
    torch.manual_seed(0)
    lstm = LSTM(3, 4)
    lstm.l0.forget_gate.register_forward_hook(lambda *given: torch.ones_like(given[-1]))
    with record(lstm) as trace:
        lstm(torch.randn(3, 1, 3))[0].sum().backward()
    frame = anatomy(trace, "l0", lstm.state_dict())
    assert (frame["forget_gate.computed"] < 0.9).all()
    close(frame["cell_state.computed"], frame["cell_state"])
    assert (frame["gradient.forget_gate.sum"] == 0).all()


SCALED = [(kind, signal) for kind in ("rnn", "relu", "gru") for signal in ("hidden_state",)] + [
    *((("lstm", signal)) for signal in ("forget_gate", "candidate", "cell_state", "hidden_state")),
    *((("gru", signal)) for signal in ("update_gate", "reset_gate", "candidate")),
]


@pytest.mark.parametrize(("kind", "signal"), SCALED)
def test_what_was_scaled_passes_its_gradient_on_scaled(kind, signal):
    """Wrong anywhere, and steps at which no answer is asked would seem to have one."""
    torch.manual_seed(0)
    module = KINDS[kind](3, 5, dtype=torch.float64)
    x = torch.randn(6, 1, 3, dtype=torch.float64)
    with record(module) as trace, clamp(module, "l0", signal, scale=0.5, units=[0, 2]):
        module(x)[0][-1].sum().backward()
    factor = np.array([0.5, 1, 0.5, 1, 1])
    for unit in (1, 0):
        frame = anatomy(trace, "l0", module.state_dict(), unit=unit, scales={signal: factor})
        assert list(frame["gradient.hidden_state.out"]) == [0, 0, 0, 0, 0, 1]
        if kind == "lstm":
            total = frame["gradient.cell_state.later"] + frame["gradient.cell_state.out"]
            close(total, trace.gradient("l0", "cell_state")[:, 0, unit])
        assert (frame[signal] == frame[f"{signal}.computed"]).all() == (unit == 1)


def test_what_there_is_not_is_refused():
    module, trace = recorded("lstm")
    state = module.state_dict()
    with pytest.raises(TraceError, match="units 0 to 4"):
        anatomy(trace, "l0", state, unit=5)
    with pytest.raises(TraceError, match="samples 0 to 1"):
        anatomy(trace, "l0", state, sample=2)
    with pytest.raises(TraceError, match="no layer"):
        anatomy(trace, "l1", state)
    with record(module, weights=False) as bare:
        module(torch.randn(2, 1, module.input_size).to(module.weight_hh_l0))
    with pytest.raises(TraceError, match="state_dict"):
        anatomy(bare, "l0", {})
    with pytest.raises(TraceError, match="kept no weights"):
        anatomy(bare, "l0")
    module, trace = recorded("lstm", proj_size=2)
    with pytest.raises(TraceError, match="projection"):
        anatomy(trace, "l0", module.state_dict())
