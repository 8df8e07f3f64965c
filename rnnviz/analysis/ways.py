"""By which way does an answer's gradient reach the source? Through attention, or the state."""

import copy
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional

from rnnviz.errors import TraceError
from rnnviz.networks.translator import State, Translator
from rnnviz.recording.record import record
from rnnviz.recording.trace import Trace

WAYS = ("total", "attention", "state")


def ways_back(
    model: Translator,
    inputs: Tensor,
    targets: Tensor,
    step: int,
    sample: int = 0,
    layer: int | None = None,
) -> pd.DataFrame:
    """Measure the gradient of one answer's loss at every state, split by the way it comes.

    The decoder gets from the encoder two things: its states, to which attention looks, and its
    last state, with which the decoder begins. Cutting one off leaves what comes by the other,
    exactly: the two gradients sum to the whole one.

    Parameters
    ----------
    model : Translator
        In eval mode.
    inputs, targets : (time, batch) int64
        Sequences as `TranslationTask` lays them out.
    step : int
        The time step whose answer's cross entropy is differentiated.
    sample : int
        Which sequence.
    layer : int, optional
        Which layer of both stacks, from 0; the top one, to which attention looks, if not given.

    Returns
    -------
    DataFrame
        Columns `part` ("encoder" or "decoder"), `time`, `way` ("total", "attention" or "state"),
        and `norm` of dL/dh over units. Each way's norm, not its part of the total: the two may
        point against each other. In the decoder, all comes by the state.

    Raises
    ------
    TraceError
        If no answer is asked at the step.
    """
    found = gradients_by_way(model, inputs, targets, step, sample, layer)
    frames = []
    for (part, way), gradient in found.items():
        begin = 0 if part == "encoder" else model.begin(inputs)
        frames.append(
            pd.DataFrame(
                {
                    "part": part,
                    "time": begin + np.arange(len(gradient)),
                    "way": way,
                    "norm": np.linalg.norm(gradient, axis=1),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def gradients_by_way(
    model: Translator,
    inputs: Tensor,
    targets: Tensor,
    step: int,
    sample: int = 0,
    layer: int | None = None,
) -> dict[tuple[str, str], np.ndarray]:
    """Return the gradients themselves: (part, way) -> ndarray (step of the part, unit).

    Raises
    ------
    TraceError
        As `ways_back` does.
    """
    begin = model.begin(inputs)
    if not (begin <= step < len(inputs) and int(targets[step, sample]) >= 0):
        raise TraceError(
            "No answer is asked at time step {step}: choose one from {begin} to {last}.",
            step=step,
            begin=begin,
            last=len(inputs) - 1,
        )
    suffix = f"l{model.decoder.num_layers - 1 if layer is None else layer}"
    model = copy.deepcopy(model).requires_grad_(False)  # the caller's weights get no gradient
    runs = {
        way: _recorded(model, inputs[:, [sample]], targets[:, [sample]], step, way) for way in WAYS
    }
    found = {
        ("encoder", way): runs[way].gradient(f"encoder.{suffix}", "hidden_state")[:begin, 0]
        for way in WAYS
    }
    whole = runs["total"].gradient(f"decoder.{suffix}", "hidden_state")[begin:, 0]
    return {key: np.nan_to_num(each) for key, each in found.items()} | {("decoder", "total"): whole}


def _recorded(model: Translator, inputs: Tensor, targets: Tensor, step: int, way: str) -> Trace:
    """Record a network in which only one way leads from the decoder back to the encoder."""
    begin = model.begin(inputs)
    with record(model) as trace, torch.enable_grad():
        source = model.read(inputs[:begin])
        if way == "attention":
            source = replace(source, state=_detached(source.state))
        elif way == "state":
            source = replace(source, memory=source.memory.detach())
        answers, _ = model.write(source, inputs[begin:], source.state)
        functional.cross_entropy(answers[step - begin], targets[step]).backward()
    return trace


def _detached(state: State) -> State:
    return state.detach() if isinstance(state, Tensor) else (state[0].detach(), state[1].detach())
