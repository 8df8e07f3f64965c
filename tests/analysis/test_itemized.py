import numpy as np
import pytest
import torch
from torch import nn

import rnnviz
from rnnviz.analysis import itemized_gradients
from rnnviz.analysis.itemized import itemized_vectors
from rnnviz.errors import TraceError

KINDS = [
    (nn.RNN, {}),
    (nn.RNN, {"nonlinearity": "relu"}),
    (nn.GRU, {"num_layers": 2}),
    (nn.LSTM, {"num_layers": 3}),
    (nn.LSTM, {"num_layers": 2, "proj_size": 3}),
]
LOSSES = (3, 7, 11)


def network(kind, **options):
    torch.manual_seed(0)
    return kind(3, 5, **options).double(), torch.randn(12, 2, 3, dtype=torch.float64)


def record(module, x, losses=LOSSES):
    with rnnviz.record(module) as trace:
        output = module(x)[0]
        sum((output[k] ** 3).sum() for k in losses).backward()
    return trace


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_each_item_is_the_gradient_of_its_loss_alone_and_they_sum_to_the_total(kind, options):  # E3
    module, x = network(kind, **options)
    trace = record(module, x)
    for layer in trace.layers:
        for signal in {"hidden_state", "cell_state"} & set(trace.signals(layer)):
            steps, items, _ = itemized_vectors(module, trace, layer, signal)
            assert steps.tolist() == list(LOSSES)
            for k, item in zip(steps, items, strict=True):
                alone = record(module, x, (k,)).gradient(layer, signal)
                np.testing.assert_allclose(item, alone, rtol=1e-10, atol=1e-16)
            total = trace.gradient(layer, signal)
            off = np.abs(items.sum(0) - total).max(axis=2)
            assert (off <= 1e-12 * np.abs(total).max(axis=2)).all()
            frame = itemized_gradients(module, trace, layer, signal)
            size = np.sqrt(np.square(total).sum(axis=(1, 2)) / 2)
            np.testing.assert_allclose(frame.groupby("time")["part"].sum(), size, rtol=1e-12)


def test_both_directions_of_a_top_layer_have_their_own_items():
    module, x = network(nn.GRU, bidirectional=True)
    trace = record(module, x)
    for layer in trace.layers:
        steps, items, _ = itemized_vectors(module, trace, layer)
        assert sorted(steps) == list(LOSSES)
        np.testing.assert_allclose(items.sum(0), trace.gradient(layer, "hidden_state"), rtol=1e-10)
    frame = itemized_gradients(module, trace, "l0_reverse")
    assert (frame["time"] >= frame["loss_step"]).all()


def test_one_sample_is_itemized_alone():
    module, x = network(nn.LSTM)
    trace = record(module, x)
    one = itemized_gradients(module, trace, "l0", sample=1)
    _, items, _ = itemized_vectors(module, trace, "l0")
    row = one[(one["loss_step"] == 7) & (one["time"] == 2)].iloc[0]
    assert row["norm"] == pytest.approx(np.linalg.norm(items[1, 2, 1]), rel=1e-12)


@pytest.mark.parametrize(("bias", "expected"), [(0, 8.88e-16), (1, 1.576e-7), (2, 1.753e-3),
                                                (3, 0.08809), (5, 0.7148)])  # fmt: skip
def test_without_weights_all_of_an_lstms_gradient_comes_along_c(bias, expected):  # E5
    module = nn.LSTM(1, 4).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
        module.bias_ih_l0[4:8] = bias
    # without weights h is always 0, but c is not: it began at 1
    start = torch.zeros(1, 1, 4).double(), torch.ones(1, 1, 4).double()
    with rnnviz.record(module) as trace:
        _, (_, c) = module(torch.zeros(51, 1, 1).double(), start)
        c.sum().backward()
    frame = itemized_gradients(module, trace, "l0", "cell_state")
    first, last = frame.iloc[0], frame.iloc[-1]
    assert first["norm"] / last["norm"] == pytest.approx(expected, rel=1e-3)
    np.testing.assert_allclose(frame["through_cell"], frame["norm"], rtol=1e-12)
    assert frame["rest"].max() == 0


def test_the_way_along_c_is_the_product_of_the_forget_gates():
    module, x = network(nn.LSTM)
    trace = record(module, x, (11,))
    frame = itemized_gradients(module, trace, "l0", "cell_state", sample=0)
    shown = trace.value("l0", "output_gate") * (1 - np.tanh(trace.value("l0", "cell_state")) ** 2)
    along = trace.gradient("l0", "hidden_state")[-1, 0] * shown[-1, 0]
    for t in range(11, -1, -1):
        found = frame[frame["time"] == t]["through_cell"].iloc[0]
        assert found == pytest.approx(np.linalg.norm(along), rel=1e-10)
        along = along * trace.value("l0", "forget_gate")[t, 0]


def test_float32_and_padding_are_itemized_too():
    torch.manual_seed(0)
    module = nn.GRU(3, 5)
    x = nn.utils.rnn.pack_padded_sequence(torch.randn(9, 3, 3), [9, 6, 4])
    with rnnviz.record(module) as trace:
        module(x)[0].data.square().sum().backward()
    steps, items, _ = itemized_vectors(module, trace, "l0")
    total = np.nan_to_num(trace.gradient("l0", "hidden_state"))
    np.testing.assert_allclose(items.sum(0), total, rtol=1e-3, atol=1e-6)
    assert len(steps) == 9


def test_what_has_no_items_is_refused_with_a_sentence():
    module, x = network(nn.LSTM, num_layers=2, dropout=0.5)
    module.train()
    torch.manual_seed(1)
    trace = record(module, x)
    with pytest.raises(TraceError, match="eval mode"):
        itemized_gradients(module, trace, "l0")
    module, x = network(nn.GRU, num_layers=2, bidirectional=True)
    with pytest.raises(TraceError, match="top layer"):
        itemized_gradients(module, record(module, x), "l0")
    with pytest.raises(TraceError, match="choose hidden_state"):
        itemized_gradients(module, record(module, x), "l1", "reset_gate")


def test_a_trace_without_any_gradient_at_the_layer_has_no_items():
    module, x = network(nn.RNN)
    with rnnviz.record(module) as trace:
        (0 * module(x)[0]).sum().backward()
    assert itemized_gradients(module, trace, "l0").empty
