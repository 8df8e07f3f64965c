"""The translating network: padding reaches nothing, it is recorded, clamped, and learns."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from rnnviz.errors import ClampError
from rnnviz.networks.model import build, load, save
from rnnviz.networks.translator import AdditiveAttention, DotAttention
from rnnviz.recording.clamp_text import Clamp
from rnnviz.recording.probe import look
from rnnviz.recording.record import record
from rnnviz.settings import Settings
from rnnviz.tasks import task_of
from rnnviz.training.trainer import Trainer
from rnnviz.training.training import train
from rnnviz.views.layer_names import layers_of

SMALL = {"hidden": 5, "embedding": 4, "length": 4}


def settings(**changes):
    return Settings.for_task("sorting", **(SMALL | changes))


def doubled(made):
    return build(made).double().eval()


@pytest.mark.parametrize("attention", ["none", "additive", "dot"])
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_padding_of_the_source_influences_no_number(attention, cell):
    made = settings(attention=attention, cell=cell, layers=2)
    task, model = task_of(made), doubled(made)
    batch = task.batch(6, 1)
    more = torch.full((3, 6), task.padding)
    begin = task.source_steps
    wider = torch.cat([batch.inputs[:begin], more, batch.inputs[begin:]])
    targets = torch.cat([batch.targets[:begin], torch.full((3, 6), -100), batch.targets[begin:]])
    found = []
    for inputs, wanted in ((batch.inputs, batch.targets), (wider, targets)):
        model.zero_grad()
        output, state = model(inputs)
        loss = task.losses(output, wanted).sum(0)
        loss.sum().backward()
        gradients = [each.grad.clone() for each in model.parameters()]
        last = state if isinstance(state, torch.Tensor) else torch.stack(state)
        found.append((loss.detach(), last.detach(), *gradients))
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)
    alone = [model(batch.inputs[:, [place]])[0][begin:, 0] for place in range(6)]
    torch.testing.assert_close(
        torch.stack(alone, 1), model(batch.inputs)[0][begin:], rtol=0, atol=1e-12
    )


def test_both_attentions_are_their_formulas():
    torch.manual_seed(0)
    hidden, memory = torch.randn(2, 3, 4).double(), torch.randn(2, 5, 4).double()
    dot, additive = DotAttention(4).double(), AdditiveAttention(4).double()
    w, u, v = additive.of_decoder.weight, additive.of_encoder.weight, additive.sum.weight[0]
    for b in range(2):
        for t in range(3):
            for s in range(5):
                h, e = hidden[b, t], memory[b, s]
                torch.testing.assert_close(dot.scores(hidden, memory)[b, t, s], h @ e)
                torch.testing.assert_close(
                    additive.scores(hidden, memory)[b, t, s], v @ torch.tanh(w @ h + u @ e)
                )


@pytest.mark.parametrize("attention", ["none", "dot"])
def test_encoder_and_decoder_are_recorded_on_one_time_axis(attention):
    made = settings(attention=attention, layers=2)
    task = task_of(made)
    probe = task.probe()
    begin = task.begin(probe.batch.inputs[:, 0].numpy())
    seen = look(made, probe=probe, dtype=torch.float64)
    trace = seen.trace
    assert list(trace.layers) == list(layers_of(made))
    assert trace.stretch("encoder.l1") == range(begin)
    assert trace.stretch("decoder.l0") == range(begin, len(probe.batch.inputs))
    assert trace.calls("decoder.l0") == (begin,)
    model = doubled(made)
    plain = model(probe.batch.inputs)[0]
    np.testing.assert_allclose(seen.outputs, plain.detach().numpy(), atol=1e-12)
    source = model.read(probe.batch.inputs[:begin])
    memory = source.memory.detach().numpy()
    np.testing.assert_allclose(
        trace.value("encoder.l1", "hidden_state")[:begin], memory, atol=1e-12
    )


def test_a_gradient_of_the_trace_is_the_finite_difference():
    """Through the whole way: last answer, decoder, attention and first state, encoder."""
    made = settings(attention="dot", cell="gru")
    model, task = doubled(made), task_of(made)
    probe = task.probe().one(0)
    trace = look(made, probe=probe, dtype=torch.float64).trace
    eps, found = 1e-6, []
    for sign in (1, -1):
        moved = doubled(made)

        def push(module, args, output, sign=sign, seen=[]):  # noqa: B006
            seen.append(0)
            if len(seen) == 2:  # at time step 1
                output = output.clone()
                output[0, 3] += sign * eps
            return output

        moved.encoder.l0.hidden_state.register_forward_hook(push)
        losses = task.losses(moved(probe.batch.inputs)[0], probe.batch.targets)
        found.append(losses[-1, 0].item())
    slope = (found[0] - found[1]) / (2 * eps)
    assert trace.gradient("encoder.l0", "hidden_state")[1, 0, 3] == pytest.approx(slope, rel=1e-6)
    assert slope != 0 and model.encoder.l0.key == "gru"


def test_a_clamp_counts_its_steps_along_the_whole_sequence():
    made = settings()
    probe = task_of(made).probe()
    begin = task_of(made).begin(probe.batch.inputs[:, 0].numpy())
    clamp = Clamp("decoder.l0", "forget_gate", "set", 1.0, times=begin + 1)
    gate = look(made, probe=probe, clamps=[clamp]).trace.value("decoder.l0", "forget_gate")
    ones = (gate == 1).all((1, 2))
    assert np.flatnonzero(ones).tolist() == [begin + 1]
    with pytest.raises(ClampError, match=f"steps {begin} to"):
        look(made, probe=probe, clamps=[replace(clamp, times=0)])


def test_without_attention_the_source_is_known_by_the_first_state_alone():
    model, task = doubled(settings(attention="none")), task_of(settings())
    inputs = task.batch(4, 1).inputs
    begin = model.begin(inputs)
    source = model.read(inputs[:begin])
    other = replace(source, memory=torch.full_like(source.memory, 7.0))
    answers, _ = model.write(source, inputs[begin:], source.state)
    assert answers.equal(model.write(other, inputs[begin:], source.state)[0])


def test_teacher_forcing_decides_what_the_decoder_reads():
    base = settings(attention="dot")
    task = task_of(base)
    inputs = task.batch(4, 1).inputs
    taught = doubled(base)
    begin = taught.begin(inputs)
    plain = taught(inputs)[0]
    free = doubled(base.replace(teacher_forcing=0.0))
    assert free(inputs)[0].equal(plain)  # not in training: the true symbols
    free.train()
    own = free(inputs)[0]
    assert own[begin].equal(plain[begin]) and not own.equal(plain)
    # its own answers, put in as if they were true, give the same
    fed = torch.cat([inputs[: begin + 1], free.next_input(own[begin:-1].argmax(-1))])
    torch.testing.assert_close(taught(fed)[0], own, rtol=0, atol=1e-12)


def test_half_a_teacher_trains_and_resumes_bit_for_bit():
    made = settings(teacher_forcing=0.5, steps=6, batch=8)
    whole = [step.loss for step in train(made)]
    trainer = Trainer(made)
    for _ in range(3):
        trainer.advance()
    again = Trainer(made, trainer.checkpoint())
    assert [again.advance().loss for _ in range(3)] == whole[3:]
    assert whole != [step.loss for step in train(made.replace(teacher_forcing=1.0))]


def test_weights_are_saved_and_loaded():
    made = settings(attention="additive", layers=2)
    model = build(made)
    again = load(made, save(model))
    assert all(
        ours.equal(theirs)
        for ours, theirs in zip(model.parameters(), again.parameters(), strict=True)
    )


def test_the_trace_of_a_translator_holds_the_weights_of_both_sides():
    made = settings()
    model = build(made)
    with record(model) as trace:
        output, _ = model(task_of(made).batch(2, 1).inputs)
        output.sum().backward()
    held = model.state_dict()
    for side in ("encoder", "decoder"):
        weights = trace.parameters(f"{side}.l0")
        assert set(weights) == {"weight_ih", "weight_hh", "bias_ih", "bias_hh"}
        for name, array in weights.items():
            np.testing.assert_array_equal(array, held[f"{side}.{name}_l0"])
