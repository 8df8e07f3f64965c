"""record(): see inside recurrent layers while they run; the border where torch becomes numpy.

Inside the ``with``, each recurrent module gets a ``forward`` of its own that runs step by step
through the gate modules of `rnnviz.cells`; forward hooks on these note every value, and torch
retains their gradients. Nothing else is watched, so each number is autograd's.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence
from torch.utils.hooks import RemovableHandle

from rnnviz.cells import Cell, State
from rnnviz.errors import RecordingError
from rnnviz.recurrent import TimeAxis, Watchable, make_cell, make_cells, take_step, unroll
from rnnviz.stacking import time_major
from rnnviz.trace import PARAMETERS, LayerTrace, Trace

Result = Tensor | PackedSequence | State | tuple[Tensor | PackedSequence, Tensor | State]
Recurrent = nn.RNNBase | nn.RNNCellBase
KINDS = (nn.RNN, nn.LSTM, nn.GRU, nn.RNNCell, nn.LSTMCell, nn.GRUCell)
FIRST_LAYER = {"", "l0", "l0_reverse"}  # torch's suffixes; a cell has none
NO_BACKWARD = -1  # what torch calls the graph task while no backward pass runs


@contextmanager
def record(
    module: nn.Module,
    *,
    gradients: bool = True,
    weights: bool = True,
    validation: bool = True,
    labels: Iterable[Iterable[object]] | None = None,
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
        Whether to note dL/d(signal), L being what ``backward`` is called on in the block.
    weights : bool
        Whether the trace keeps the weights that the layers have when the block begins, which
        anatomy, pre-activations and Jacobians of a saved trace need.
    validation : bool
        Whether calls under ``torch.no_grad()``, as a validation makes them, are recorded, too.
    labels : sequence (sample) of sequences (time), optional
        What goes in at each time step, as text; a string is a sequence of characters.

    Raises
    ------
    RecordingError
        If the module holds nothing that can be recorded, is being recorded already, or was not
        called in the block.
    TraceError
        If the labels fit none of the layers.
    """
    recorders = [
        _Recorder(name, part, gradients, weights, validation)
        for name, part in recurrent_parts(module)
    ]
    trace = Trace(labels=labels)
    with ExitStack() as cleanup:
        for recorder in recorders:
            cleanup.callback(recorder.detach)
            recorder.attach()
        yield trace
        if not any(recorder.calls for recorder in recorders):
            raise RecordingError(
                "Nothing was recorded: call the module inside the `with` block. Its recurrent "
                f"parts are {', '.join(recorder.title for recorder in recorders)}."
            )
        passes = {task for recorder in recorders for task in recorder.passes}
        why_not = _why_no_gradients(gradients, len(passes))
        layers: dict[str, LayerTrace] = {}
        for recorder in recorders:
            found = recorder.layers(gradients=not why_not)
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
        (path, part) for path, part in module.named_modules() if isinstance(part, KINDS)
    ]
    if not parts:
        found = sorted({type(part).__name__ for part in module.modules()})
        raise RecordingError(
            "There is nothing to record: give a module with an nn.RNN, nn.LSTM, nn.GRU or one of "
            f"their cells in it. This one consists of {', '.join(found)}."
        )
    for path, part in parts:
        title = _title(path, part)
        instance_forward = vars(part).get("forward")
        if isinstance(getattr(instance_forward, "__self__", None), _Recorder):
            raise RecordingError(f"{title} is being recorded already: end that `with` block first.")
        known = [kind.forward for kind in (*KINDS, Watchable)]
        if instance_forward is not None or type(part).forward not in known:
            raise RecordingError(
                f"{title} has a forward() of its own, which cannot be taken apart into gates: "
                "keep torch's, and move what it adds to a module around it."
            )
    return parts


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
        if not isinstance(part, KINDS):
            continue
        recorder = getattr(vars(part).get("forward"), "__self__", None)
        cells: Mapping[str, Cell | None]
        if isinstance(recorder, _Recorder):
            cells, steps = recorder.cells, sum(recorder.lengths())
        else:
            cells = part.cells if isinstance(part, Watchable) else dict.fromkeys(_cells(part))
            steps = 0
        for suffix, cell in cells.items():
            begin = partial(_begin, module, path)
            found[_layer_name(path, suffix)] = Site(part, suffix, cell, steps, begin)
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
    return LayerTrace(layer.cell, tuple(begin + call for call in layer.calls), values, gradients)


def _cells(module: Recurrent) -> Mapping[str, Cell]:
    """Return new cells for a module of torch's, by torch's suffix."""
    return make_cells(module) if isinstance(module, nn.RNNBase) else {"": make_cell(module)}


def _layer_name(path: str, suffix: str) -> str:
    return ".".join(filter(None, (path, suffix))) or "cell"


def _title(path: str, module: nn.Module) -> str:
    return f"{path or 'the module itself'} ({type(module).__name__})"


def _why_no_gradients(wanted: bool, passes: int) -> str:
    """Return the sentence for a trace whose gradients have no meaning, empty if they have."""
    if not wanted:
        return "This trace holds values only: record it with gradients=True."
    if passes == 0:
        return (
            "No backward pass ran through the recorded layers: call loss.backward() inside the "
            "`with` block, on a loss computed there, with gradients enabled."
        )
    if passes > 1:
        return (
            f"{passes} backward passes ran inside the `with` block, and a trace shows the "
            "gradients of one: record each in a block of its own, or add the losses."
        )
    return ""


@dataclass
class _Call:
    """One call of a recurrent module: what its gates put out, step by step.

    Attributes
    ----------
    values : dict of list (step) of Tensor (row, unit)
        By suffix of the layer and name of the signal.
    input_gradients : dict of sequence (step) of Tensor (row, unit)
        By suffix of the layer.
    sizes : list of int, optional
        Rows at each time step of a packed sequence.
    order : Tensor, optional
        Which sample each row is, where a packed sequence was sorted by length.
    """

    values: dict[tuple[str, str], list[Tensor]] = field(default_factory=lambda: defaultdict(list))
    input_gradients: dict[str, Sequence[Tensor]] = field(default_factory=dict)
    sizes: list[int] | None = None
    order: Tensor | None = None

    def steps(self, x: Tensor) -> Sequence[Tensor]:
        """Part a whole sequence, or the one step of a cell, into steps (row, unit)."""
        if self.sizes is not None:
            return x.split(self.sizes)
        return x.unbind(0) if x.dim() == 3 else (x,)

    def gradients(self, suffix: str, signal: str) -> Sequence[Tensor]:
        """Return dL/d(signal) at each step; zero where no gradient came by."""
        if signal == "input" and suffix in self.input_gradients:
            return self.input_gradients[suffix]
        steps = self.values[suffix, signal]
        return [torch.zeros_like(step) if step.grad is None else step.grad for step in steps]


class _Recorder:
    """Stands in for the forward of one recurrent module while it is recorded.

    The gradient of a first layer's input is noted on the tensor that the user gave, so that all
    it is used for counts; that of the other layers' on what the layer below gave.
    """

    def __init__(
        self, path: str, module: Recurrent, gradients: bool, weights: bool, validation: bool
    ) -> None:
        self.path = path
        self.title = _title(path, module)
        self.module = module
        self.gradients = gradients
        self.weights = weights
        self.validation = validation
        self.passes: set[int] = set()  # the backward passes that came by
        self.calls: list[_Call] = []
        self.call: _Call | None = None  # the one that is running
        self.handles: list[RemovableHandle] = []
        self.cells = module.cells if isinstance(module, Watchable) else _cells(module)

    def attach(self) -> None:
        """Put the hooks on the gates, and this recorder in the place of the module's forward."""
        kept = self.weights and not getattr(self.module, "normalized", False)
        self.parameters = {suffix: _parameters(self.module, suffix) if kept else {}
                           for suffix in self.cells}  # fmt: skip
        for suffix, cell in self.cells.items():
            note_input = partial(self._note_input, suffix)
            self.handles.append(cell.input.register_forward_hook(note_input))
            for signal in cell.signals:
                note = partial(self._note, (suffix, signal))
                self.handles.append(cell.get_submodule(signal).register_forward_hook(note))
        self.module.forward = self.forward

    def detach(self) -> None:
        """Leave the module, and its user's tensors, as they were."""
        vars(self.module).pop("forward", None)
        for handle in self.handles:
            handle.remove()

    def __reduce__(self) -> str:
        """Refuse to be copied or pickled as a part of the module."""
        raise RecordingError(
            "A module cannot be copied or pickled while it is recorded: do it outside the `with` "
            "block, or keep its state_dict()."
        )

    def forward(self, input: Tensor | PackedSequence, hx: Tensor | State | None = None) -> Result:
        """Do what the module's forward does, through the cells, and note every signal."""
        if not (self.validation or torch.is_grad_enabled()):
            return cast(Result, type(self.module).forward(self.module, input, hx))
        x = input.data if isinstance(input, PackedSequence) else input
        if self.gradients and torch.is_grad_enabled() and not x.requires_grad:
            x = x.detach().requires_grad_()
        if isinstance(input, PackedSequence):
            input = PackedSequence(x, *input[1:])
            call = _Call(sizes=input.batch_sizes.tolist(), order=input.sorted_indices)
            arrange = None
        else:
            input, call = x, _Call()
            arrange = partial(time_major, self.module)
        if torch._C._current_graph_task_id() != NO_BACKWARD:
            # torch.utils.checkpoint runs the forward once more: it has been noted already
            return self._run(input, hx)
        for suffix in FIRST_LAYER & self.cells.keys():
            self._note_gradient(call, suffix, x, arrange)
        self.call = call
        try:
            result = self._run(input, hx)
        finally:
            self.call = None
        for (suffix, signal), steps in call.values.items():
            if suffix.endswith("_reverse") and signal != "input":
                steps.reverse()  # to real time
        self.calls.append(call)
        return result

    def lengths(self) -> list[int]:
        """Return how many time steps each call has had."""
        first = next(iter(self.cells))
        return [len(call.values[first, "input"]) for call in self.calls]

    def layers(self, gradients: bool) -> dict[str, LayerTrace]:
        """Return what was noted, as numpy arrays."""
        if not self.calls:
            return {}
        lengths = self.lengths()
        orders = [
            call.order
            for call, length in zip(self.calls, lengths, strict=True)
            for _ in range(length)
        ]
        starts = tuple(accumulate(lengths[:-1], initial=0))
        layers = {}
        for suffix, cell in self.cells.items():
            name = _layer_name(self.path, suffix)
            layers[name] = LayerTrace(cell.key, starts, {}, {}, self.parameters[suffix])
            for signal in ("input", *cell.signals):
                steps = [x for call in self.calls for x in call.values[suffix, signal]]
                layers[name].values[signal] = _array(steps, orders)
                if gradients:
                    steps = [x for call in self.calls for x in call.gradients(suffix, signal)]
                    layers[name].gradients[signal] = _array(steps, orders)
        return layers

    def _run(self, input: Tensor | PackedSequence, hx: Tensor | State | None) -> Result:
        if isinstance(self.module, nn.RNNBase):
            return unroll(self.module, self.cells, input, hx)
        # The caller may change in place what a cell gives: the record keeps its own.
        state = take_step(self.module, self.cells[""], cast(Tensor, input), hx)
        return state.clone() if isinstance(state, Tensor) else tuple(s.clone() for s in state)

    def _note(
        self, key: tuple[str, str], module: nn.Module, args: tuple[Tensor], output: Tensor
    ) -> None:
        if self.call is None:
            return
        if not self.gradients:
            output = output.detach()
        elif output.requires_grad:
            output.retain_grad()
        self.call.values[key].append(output)

    def _note_input(
        self, suffix: str, module: nn.Module, args: tuple[Tensor], output: Tensor
    ) -> None:
        if self.call is None:
            return
        # A copy: the user may change the input in place before the block ends.
        self.call.values[suffix, "input"].extend(self.call.steps(output.detach().clone()))
        if suffix not in FIRST_LAYER:
            self._note_gradient(self.call, suffix, output)

    def _note_gradient(
        self, call: _Call, suffix: str, x: Tensor, arrange: Callable[[Tensor], Tensor] | None = None
    ) -> None:
        """Note dL/dx when a backward pass comes by, time first."""

        def note(gradient: Tensor) -> None:
            self.passes.add(torch._C._current_graph_task_id())
            gradient = gradient.detach()
            call.input_gradients[suffix] = call.steps(arrange(gradient) if arrange else gradient)

        if self.gradients and x.requires_grad:
            self.handles.append(x.register_hook(note))


@torch.no_grad()
def _parameters(module: Recurrent, suffix: str) -> dict[str, np.ndarray]:
    """Return a copy of a layer's weights, by torch's names without its suffix."""
    found = {}
    for name in PARAMETERS:
        tensor = getattr(module, f"{name}_{suffix}" if suffix else name, None)
        if isinstance(tensor, Tensor):
            wide = tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor
            found[name] = wide.cpu().numpy().copy()
    return found


@torch.no_grad()
def _array(steps: list[Tensor], orders: list[Tensor | None]) -> np.ndarray:
    """Put steps (row, unit) together to (time, batch, unit), NaN where a sample has no row."""
    sizes = [step.size(0) for step in steps]
    batch = max(sizes)
    if min(sizes) == batch and all(order is None for order in orders):
        array = torch.stack(steps)
    else:
        array = steps[0].new_full((len(steps), batch, steps[0].size(1)), torch.nan)
        for time, (step, size, order) in enumerate(zip(steps, sizes, orders, strict=True)):
            array[time, slice(size) if order is None else order[:size]] = step
    if array.dtype in (torch.float16, torch.bfloat16):
        array = array.float()
    return array.cpu().numpy()
