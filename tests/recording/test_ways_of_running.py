"""However torch runs a module: what is recorded is right, or refused in a sentence that fits."""

import copy
import io
import threading
import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

import rnnviz
from rnnviz.errors import ClampError, RecordingError, TraceError

LAYERS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
CELLS = {"rnn": nn.RNNCell, "lstm": nn.LSTMCell, "gru": nn.GRUCell}


def signals_of(trace, gradients=True):
    found = {}
    for layer in trace.layers:
        for signal in trace.signals(layer):
            found[layer, signal] = trace.value(layer, signal)
            if gradients:
                found[layer, signal, "gradient"] = trace.gradient(layer, signal)
    return found


def assert_same(one, other, tolerance=1e-6):
    assert one.keys() == other.keys()
    for key, array in one.items():
        np.testing.assert_allclose(array, other[key], rtol=tolerance, atol=tolerance, err_msg=key)


def first(result):
    while isinstance(result, tuple):
        result = result[0]
    return result


def why_not(trace):
    with pytest.raises(TraceError) as raised:
        trace.gradient(trace.layers[0], "hidden_state")
    return str(raised.value)


@pytest.mark.parametrize("beside", [False, True])
def test_a_checkpoint_that_is_reentrant_is_refused_and_another_is_right(beside):
    torch.manual_seed(0)
    module, x = nn.LSTM(3, 4), torch.randn(6, 2, 3, requires_grad=True)
    with rnnviz.record(module) as expected:
        module(x)[0].square().sum().backward()

    def run(**options):
        with rnnviz.record(module, beside=beside, validation=not beside) as trace:
            again = checkpoint(lambda v: module(v)[0], x, **options)
            again.square().sum().backward()
        return trace

    assert_same(signals_of(run(use_reentrant=False)), signals_of(expected))
    if beside:  # what runs without gradients is no training step
        with pytest.raises(RecordingError, match="use_reentrant=False"):
            run(use_reentrant=True)
    else:
        assert "use_reentrant=False" in why_not(run(use_reentrant=True))


def test_a_validation_beside_a_checkpoint_is_no_reentrant_one():
    module, x = nn.GRU(3, 4), torch.randn(6, 2, 3, requires_grad=True)
    with rnnviz.record(module) as trace:
        with torch.no_grad():
            module(torch.randn(4, 2, 3))
        checkpoint(lambda v: module(v)[0], x, use_reentrant=False).sum().backward()
    assert trace.gradient("l0", "candidate")[4:].any()


@pytest.mark.parametrize("beside", [False, True])
def test_calls_of_several_threads_stand_one_after_the_other(beside):
    torch.manual_seed(0)
    module, inputs = nn.LSTM(3, 4), [torch.randn(20, 2, 3) for _ in range(4)]
    with rnnviz.record(module, beside=beside) as trace:
        threads = [threading.Thread(target=module, args=(x,)) for x in inputs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert trace.calls("l0") == (0, 20, 40, 60)
    assert {len(trace.value("l0", signal)) for signal in trace.signals("l0")} == {80}
    found = trace.value("l0", "input").reshape(4, 20, 2, 3)
    expected = torch.stack(inputs).numpy()
    states = trace.value("l0", "hidden_state").reshape(4, 20, 2, 4)
    for part, output in zip(found, states, strict=True):
        at = [np.array_equal(part, x) for x in expected].index(True)
        np.testing.assert_allclose(output, module(inputs[at])[0].detach(), atol=1e-6)


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("transform", ["jacrev", "grad", "vjp", "weights"])
def test_transforms_of_functions_run_as_without(kind, transform):
    torch.manual_seed(0)
    module, x = LAYERS[kind](3, 4), torch.randn(6, 2, 3)

    def run():
        if transform == "jacrev":
            return torch.func.jacrev(lambda v: module(v)[0][-1])(x)
        if transform == "grad":
            return torch.func.grad(lambda v: module(v)[0][-1].square().sum())(x)
        if transform == "vjp":
            return torch.func.vjp(lambda v: module(v)[0][-1], x)[1](torch.ones(2, 4))[0]
        loss = lambda w: torch.func.functional_call(module, w, (x,))[0].sum()  # noqa: E731
        return torch.func.grad(loss)(dict(module.named_parameters()))["weight_hh_l0"]

    expected = run()
    with rnnviz.record(module) as trace:
        found = run()
    assert torch.equal(found, expected)
    assert "torch.func" in why_not(trace)
    np.testing.assert_allclose(
        trace.value("l0", "hidden_state"), module(x)[0].detach().numpy(), atol=1e-6
    )
    np.testing.assert_array_equal(
        trace.parameters("l0")["weight_hh"], module.weight_hh_l0.detach().numpy()
    )


def test_what_runs_many_at_once_is_not_recorded_and_said():
    module, x = rnnviz.networks.recurrent.GRU(3, 4), torch.randn(5, 6, 2, 3)
    with pytest.raises(RecordingError, match="Nothing was recorded"), rnnviz.record(module):
        with pytest.raises(RuntimeError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.func.vmap(lambda v: nn.GRU.forward(module, v)[0])(x)


@pytest.mark.parametrize("state", [False, True])
@pytest.mark.parametrize("kind", [*LAYERS, *(f"{cell} cell" for cell in CELLS)])
def test_autocast_gives_what_it_gives_unrecorded(kind, state):
    torch.manual_seed(0)
    cell = kind.endswith("cell")
    module = (CELLS[kind.split()[0]] if cell else LAYERS[kind])(3, 8)
    x = torch.randn(2, 3) if cell else torch.randn(6, 2, 3)
    given = ()
    if state:
        start = torch.randn(2, 8) if cell else torch.randn(1, 2, 8)
        given = ((start, start) if "lstm" in kind else start,)
    with torch.autocast("cpu", torch.bfloat16):
        expected = first(module(x, *given))
        with rnnviz.record(module) as trace:
            found = first(module(x, *given))
            found.float().square().sum().backward()
        with rnnviz.record(module, beside=True) as beside:
            exact = first(module(x, *given))
            exact.float().square().sum().backward()
    assert found.dtype == exact.dtype == expected.dtype
    assert torch.equal(exact, expected)
    rounding = 4 * torch.finfo(torch.bfloat16).eps
    np.testing.assert_allclose(found.float().detach(), expected.float().detach(), atol=rounding)
    assert_same(signals_of(trace), signals_of(beside), 0.1)


def test_the_factor_of_a_grad_scaler_is_taken_out():
    torch.manual_seed(0)
    module, x = nn.LSTM(3, 4), torch.randn(6, 2, 3)
    with rnnviz.record(module) as expected:
        module(x)[0].square().sum().backward()
    scaler = torch.amp.GradScaler("cpu")
    before = torch.amp.GradScaler.scale
    with rnnviz.record(module) as trace:
        scaler.scale(module(x)[0].square().sum()).backward()
    assert torch.amp.GradScaler.scale is before
    assert scaler.get_scale() == 65536
    assert_same(signals_of(trace), signals_of(expected))
    off = torch.amp.GradScaler("cpu", enabled=False)
    with rnnviz.record(module) as trace:
        off.scale(module(x)[0].square().sum()).backward()
    assert_same(signals_of(trace), signals_of(expected))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore:.*quant.*:UserWarning")
def test_what_cannot_be_taken_apart_is_refused_with_a_way_out():
    module = nn.LSTM(3, 4)
    quantize = torch.ao.quantization.quantize_dynamic
    closed = {
        "before it was quantized": quantize(nn.Sequential(module), {nn.LSTM}, dtype=torch.qint8),
        "compiled TorchScript": torch.jit.script(module),
    }
    for says, model in closed.items():
        with pytest.raises(RecordingError, match=says):
            rnnviz.record(model).__enter__()


@pytest.mark.parametrize(
    "options", [{}, {"num_layers": 2, "dropout": 0.4}, {"bidirectional": True}]
)
@pytest.mark.parametrize("kind", LAYERS)
def test_beside_torchs_kernel_no_number_changes_and_the_trace_is_the_same(kind, options):
    torch.manual_seed(0)
    module = LAYERS[kind](3, 4, **options).double()
    x = torch.randn(6, 2, 3, dtype=torch.float64)

    def run():
        module.zero_grad()
        torch.manual_seed(1)
        first_half, state = module(x[:3])
        second_half, _ = module(x[3:], state)
        (first_half.square().sum() + second_half[-1].sum()).backward()
        return [first_half, second_half, *(p.grad.clone() for p in module.parameters())]

    expected = run()
    with rnnviz.record(module, beside=True) as beside:
        found = run()
    assert all(map(torch.equal, found, expected))
    with rnnviz.record(module) as trace:
        run()
    assert_same(signals_of(beside), signals_of(trace), 1e-12)
    for layer in trace.layers:
        assert beside.begins(layer) == trace.begins(layer) == ("zero", "given")
        np.testing.assert_allclose(
            beside.starts(layer, "hidden_state"), trace.starts(layer, "hidden_state"), atol=1e-12
        )


@pytest.mark.parametrize("kind", CELLS)
def test_cells_in_a_loop_are_the_same_beside(kind):
    torch.manual_seed(0)
    module, xs = CELLS[kind](3, 4).double(), torch.randn(5, 2, 3, dtype=torch.float64)

    def run():
        state = None
        for x in xs:
            state = module(x, state)
        first(state).sum().backward()

    with rnnviz.record(module, beside=True) as beside:
        run()
    with rnnviz.record(module) as trace:
        run()
    assert_same(signals_of(beside), signals_of(trace), 1e-12)


def test_nothing_can_be_clamped_beside():
    module = nn.GRU(3, 4)
    with rnnviz.record(module, beside=True):
        module(torch.randn(2, 1, 3))[0].sum().backward()
        with pytest.raises(ClampError, match="torch's own kernel"):
            rnnviz.clamp(module, "l0", "candidate", 0).__enter__()


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("own", [False, True], ids=["torch", "rnnviz"])
def test_a_module_that_is_recorded_can_be_copied_and_saved(own, beside):
    torch.manual_seed(0)
    kind = rnnviz.networks.recurrent.LSTM if own else nn.LSTM
    model, x = nn.ModuleDict({"rnn": kind(3, 4)}), torch.randn(5, 2, 3)
    file = io.BytesIO()
    with rnnviz.record(model, beside=beside):
        model["rnn"](x)[0].sum().backward()
        copied = copy.deepcopy(model)
        torch.save(model, file)
        inside = copied["rnn"](x)[0]
    file.seek(0)
    saved = torch.load(file, weights_only=False)
    expected = model["rnn"](x)[0]
    for other in (copied, saved):
        torch.testing.assert_close(other["rnn"](x)[0], expected)
        with torch.no_grad():
            other["rnn"].weight_hh_l0.zero_()  # its own weights
        assert not torch.allclose(other["rnn"](x)[0], expected)
        with rnnviz.record(other, gradients=False) as trace:
            other["rnn"](x)
        assert len(trace.value("rnn.l0", "hidden_state")) == 5
    torch.testing.assert_close(inside, expected)
    torch.testing.assert_close(model["rnn"](x)[0], expected)
