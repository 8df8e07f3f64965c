"""record(): see inside recurrent layers while they run, and which of a module's layers it can."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import nn

from rnnviz.errors import RecordingError
from rnnviz.networks.cells import Cell
from rnnviz.networks.recurrent import TimeAxis, Watchable
from rnnviz.recording.layer_trace import LayerTrace
from rnnviz.recording.loss_scales import loss_scales
from rnnviz.recording.recorder import Recorder, Recurrent, layer_name, new_cells, title_of
from rnnviz.recording.trace import Trace
from rnnviz.words import NOTHING, Words, listed

REENTRANT = Words(
    "torch.utils.checkpoint ran the layers once more inside the backward pass, and their first "
    "time without gradients, as it does with use_reentrant=True: give use_reentrant=False to see "
    "gradients."
)
RECURRENT_MODULES = (nn.RNN, nn.LSTM, nn.GRU, nn.RNNCell, nn.LSTMCell, nn.GRUCell)


@contextmanager
def record(
    module: nn.Module,
    *,
    gradients: bool = True,
    weights: bool = True,
    validation: bool = True,
    labels: Iterable[Iterable[object]] | None = None,
    beside: bool = False,
) -> Iterator[Trace]:
    """Record every gate and state of the recurrent layers in a module, and their gradients.

    ::

        with rnnviz.record(model) as trace:
            loss(model(x), y).backward()
        trace.gradient("rnn.l0", "forget_gate")     # (time, batch, unit)

    The trace is filled when the block ends; the module is then as it was before, also after an
    exception. Inside the block an input that needs no gradient is replaced by a copy that does,
    so that frozen weights do not end the way back through time; if you want plain values
    without that, pass ``gradients=False``.

    Parameters
    ----------
    module : nn.Module
        Anything that holds `nn.RNN`, `nn.LSTM`, `nn.GRU`, or their cells, or is one.
    gradients : bool
        Whether to note dL/d(signal), L being what ``backward`` is called on in the block: for each
        call of a layer once, as with a backward pass for each part of a batch. A GradScaler's
        factor is taken out.
    weights : bool
        Whether the trace keeps the weights that each call runs with, which anatomy,
        pre-activations and Jacobians of a saved trace need.
    validation : bool
        Whether calls under ``torch.no_grad()``, as a validation makes them, are recorded, too.
    labels : sequence (sample) of sequences (time), optional
        What goes in at each time step, as text; a string is a sequence of characters.
    beside : bool
        Whether torch's own kernel runs, and what it did is taken apart beside it: then no number
        outside the trace is another by a bit. It takes longer, and nothing can be clamped.

    Raises
    ------
    RecordingError
        If the module holds nothing that can be recorded, is being recorded already, or was not
        called in the block.
    TraceError
        If the labels fit none of the layers.
    """
    recorders = [
        Recorder(name, part, gradients, weights, validation, beside)
        for name, part in recurrent_parts(module)
    ]
    trace = Trace(labels=labels)
    with ExitStack() as cleanup:
        for recorder in recorders:
            cleanup.callback(recorder.detach)
            recorder.attach()
        scales = cleanup.enter_context(loss_scales())
        yield trace
        if not any(recorder.calls for recorder in recorders):
            if any(recorder.reentrant for recorder in recorders):
                raise RecordingError(REENTRANT)
            raise RecordingError(
                "Nothing was recorded: call the module inside the `with` block. Its recurrent "
                "parts are {parts}.",
                parts=listed(recorder.title for recorder in recorders),
            )
        why_not = _why_no_gradients(gradients, recorders, scales)
        scale = scales.pop() if scales and not why_not else 1.0
        layers: dict[str, LayerTrace] = {}
        for recorder in recorders:
            if not why_not:
                recorder.finish()
            found = recorder.layers(gradients=not why_not, scale=scale)
            begin, steps = _stretch(module, recorder.path)
            layers |= {name: _placed(layer, begin, steps) for name, layer in found.items()}
        trace.fill(layers, why_not)


def recurrent_parts(module: nn.Module) -> list[tuple[str, Recurrent]]:
    """Return the recurrent modules with their dotted paths; a shared one by its first path.

    Raises
    ------
    RecordingError
        If there are none, one is being recorded already, or one has a forward of its own.
    """
    parts: list[tuple[str, Recurrent]] = [
        (path, part) for path, part in module.named_modules() if isinstance(part, RECURRENT_MODULES)
    ]
    if not parts:
        found = sorted({type(part).__name__ for part in module.modules()})
        nothing = Words(
            "There is nothing to record: give a module with an nn.RNN, nn.LSTM, nn.GRU or one of "
            "their cells in it. This one consists of {found}.",
            found=", ".join(found),
        )
        raise RecordingError(_why_closed(module) or nothing)
    for path, part in parts:
        title = title_of(path, part)
        instance_forward = vars(part).get("forward")
        if isinstance(instance_forward, Recorder):
            raise RecordingError(
                "{title} is being recorded already: end that `with` block first.", title=title
            )
        known = [kind.forward for kind in (*RECURRENT_MODULES, Watchable)]
        # a copy of a module that was being recorded has its class' own forward as its own
        copied = getattr(instance_forward, "func", None) is type(part).forward
        if (instance_forward is not None and not copied) or type(part).forward not in known:
            raise RecordingError(
                "{title} has a forward() of its own, which cannot be taken apart into gates: "
                "keep torch's, and move what it adds to a module around it.",
                title=title,
            )
    return parts


def _why_closed(module: nn.Module) -> Words:
    """Return the sentence for recurrent layers that have no gates to reach, falsy if none are."""
    for part in module.modules():
        if isinstance(part, torch.jit.ScriptModule):
            return Words(
                "This module is compiled TorchScript, which cannot be taken apart into gates: "
                "record the Python module that it was made from, or load its state_dict() into one."
            )
        if ".quantized" in type(part).__module__:
            return Words(
                "{kind} is a quantized layer, whose kernel cannot be taken apart into gates: "
                "record the model as it was before it was quantized.",
                kind=type(part).__name__,
            )
    return NOTHING


@dataclass(frozen=True)
class Site:
    """Where the cell of a layer is, for those who reach into the layer while it runs.

    Attributes
    ----------
    module : nn.Module
        The recurrent module that the layer belongs to.
    suffix : str
        torch's name of the layer in it; a cell has none.
    cell : Cell, optional
        None where torch's own module runs without being recorded, and so without cells.
    steps : int
        Time steps of it that are recorded already.
    begin : callable
        Gives, once it runs, where on the time axis of the whole module it begins.
    """

    module: Recurrent
    suffix: str
    cell: Cell | None
    steps: int = 0
    begin: Callable[[], int] = int


def sites(module: nn.Module) -> dict[str, Site]:
    """Return where the layers of a module are, by their names in a trace."""
    found = {}
    for path, part in module.named_modules():
        if not isinstance(part, RECURRENT_MODULES):
            continue
        recorder = vars(part).get("forward")
        cells: Mapping[str, Cell | None]
        if isinstance(recorder, Recorder) and recorder.beside:
            cells, steps = dict.fromkeys(recorder.cells), 0
        elif isinstance(recorder, Recorder):
            cells, steps = recorder.cells, sum(recorder.lengths())
        else:
            cells = part.cells if isinstance(part, Watchable) else dict.fromkeys(new_cells(part))
            steps = 0
        for suffix, cell in cells.items():
            begin = partial(_begin, module, path)
            found[layer_name(path, suffix)] = Site(part, suffix, cell, steps, begin)
    return found


def _stretch(module: nn.Module, path: str) -> tuple[int, int]:
    """Return where on the time axis of a module a part begins, and the axis' steps (0: its own)."""
    axis = getattr(module, "time_axis", None)
    if not isinstance(axis, TimeAxis) or path not in axis.begins:
        return 0, 0
    return axis.begins[path], axis.steps


def _begin(module: nn.Module, path: str) -> int:
    return _stretch(module, path)[0]


def _placed(layer: LayerTrace, begin: int, steps: int) -> LayerTrace:
    """Return a layer's arrays on a longer time axis, NaN where it does not run."""
    length = len(layer.values["input"])
    if begin + length > steps or length == steps:
        return layer

    def place(array: np.ndarray) -> np.ndarray:
        whole = np.full((steps, *array.shape[1:]), np.nan, array.dtype)
        whole[begin : begin + length] = array
        return whole

    values, gradients = (
        {signal: place(array) for signal, array in arrays.items()}
        for arrays in (layer.values, layer.gradients)
    )
    calls = tuple(begin + call for call in layer.calls)
    return replace(layer, calls=calls, values=values, gradients=gradients)


def _why_no_gradients(wanted: bool, recorders: list[Recorder], scales: set[float]) -> Words:
    """Return the sentence for a trace whose gradients have no meaning, falsy if they have."""
    if not wanted:
        return Words("This trace holds values only: record it with gradients=True.")
    if any(recorder.reentrant for recorder in recorders):
        return REENTRANT
    calls = [call for recorder in recorders for call in recorder.calls]
    if any(call.transformed for call in calls):
        return Words(
            "The module ran inside a transform of torch.func, whose gradients cannot be noted: "
            "call it outside, and loss.backward(), to see them."
        )
    passes = max(recorder.passes for recorder in recorders)
    if passes == 0 and any(call.reached for call in calls):
        return Words(
            "The backward pass inside the `with` block ended at the weights and did not come by "
            "the layers' input, as of torch.autograd.grad(loss, parameters): call "
            "loss.backward() there, or give an input that requires its gradient."
        )
    if passes == 0:
        return Words(
            "No backward pass ran through the recorded layers: call loss.backward() inside the "
            "`with` block, on a loss computed there, with gradients enabled."
        )
    if passes > 1:
        return Words(
            "{passes} backward passes ran through one call of a layer inside the `with` block, "
            "and a trace shows the gradients of one: record each in a block of its own, or add "
            "the losses.",
            passes=passes,
        )
    if len(scales) > 1:
        return Words(
            "Losses were scaled by several factors of a GradScaler inside the `with` block: record "
            "each in a block of its own."
        )
    return NOTHING
