"""What watches one recurrent module while it is recorded; the border where torch becomes numpy.

The module gets a ``forward`` that runs step by step through the gate modules of
`rnnviz.networks.cells`; forward hooks on these note every value, and torch retains their gradients.
Nothing else is watched, so each number is autograd's.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence
from torch.utils.hooks import RemovableHandle

from rnnviz.errors import RecordingError
from rnnviz.networks.cells import Cell, State
from rnnviz.networks.recurrent import (
    Watchable,
    Weights,
    make_cell,
    make_cells,
    take_step,
    unroll,
)
from rnnviz.networks.stacking import time_major
from rnnviz.recording.layer_trace import Alteration, Beginning, LayerTrace
from rnnviz.words import Words

Result = Tensor | PackedSequence | State | tuple[Tensor | PackedSequence, Tensor | State]
Recurrent = nn.RNNBase | nn.RNNCellBase
FIRST_LAYER = {"", "l0", "l0_reverse"}  # torch's suffixes; a cell has none
TORCH_ORDER = ("hidden_state", "cell_state")  # of the parts of a state
NO_BACKWARD = -1  # what torch calls the graph task while no backward pass runs


class Altering:
    """A forward hook that changes what a signal is, by even as little as nothing."""


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
    begins : str
        Whether a state was given, and one that a gradient goes through.
    starts : dict of State
        By suffix: the state before the first step.
    versions : dict of int
        By suffix: which of the recorder's weights it ran with.
    """

    values: dict[tuple[str, str], list[Tensor]] = field(default_factory=lambda: defaultdict(list))
    input_gradients: dict[str, Sequence[Tensor]] = field(default_factory=dict)
    sizes: list[int] | None = None
    order: Tensor | None = None
    begins: Beginning = "zero"
    starts: dict[str, State] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)

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


class Recorder:
    """Stands in for the forward of one recurrent module while it is recorded.

    The gradient of a first layer's input is noted on the tensor that the user gave, so that all
    it is used for counts; that of the other layers' on what the layer below gave.
    """

    def __init__(
        self, path: str, module: Recurrent, gradients: bool, weights: bool, validation: bool
    ) -> None:
        self.path = path
        self.title = title_of(path, module)
        self.module = module
        self.gradients = gradients
        self.weights = weights and not getattr(module, "normalized", False)
        self.validation = validation
        self.passes: set[int] = set()  # the backward passes that came by
        self.calls: list[_Call] = []
        self.call: _Call | None = None  # the one that is running
        self.handles: list[RemovableHandle] = []
        self.cells = module.cells if isinstance(module, Watchable) else new_cells(module)
        self.kept: dict[str, list[Weights]] = {suffix: [] for suffix in self.cells}
        self.stamps: list[tuple[Tensor, int]] = []  # the weights of the last call, and their writes
        self.passes_then: set[int] = set()
        self.altered: dict[str, set[Alteration]] = {suffix: set() for suffix in self.cells}

    def attach(self) -> None:
        """Put the hooks on the gates, and this recorder in the place of the module's forward."""
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
        call.begins = _beginning(hx)
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
            name = layer_name(self.path, suffix)
            layers[name] = self._ran_with(suffix, starts)
            for signal in ("input", *cell.signals):
                steps = [x for call in self.calls for x in call.values[suffix, signal]]
                layers[name].values[signal] = _array(steps, orders)
                if gradients:
                    steps = [x for call in self.calls for x in call.gradients(suffix, signal)]
                    layers[name].gradients[signal] = _array(steps, orders)
        return layers

    def _ran_with(self, suffix: str, times: tuple[int, ...]) -> LayerTrace:
        """Return what the calls of a layer set out with, and no signals yet."""
        parameters = [
            {name: _numpy(weight) for name, weight in weights.items()}
            for weights in self.kept[suffix]
        ] or [{}]
        orders = [call.order for call in self.calls]
        cell = self.cells[suffix]
        return LayerTrace(
            cell.key,
            times,
            {},
            {},
            parameters[0],
            tuple(parameters[1:]),
            tuple(call.versions.get(suffix, 0) for call in self.calls),
            {
                state: _array([call.starts[suffix][place] for call in self.calls], orders)
                for place, state in enumerate(TORCH_ORDER[: len(cell.states)])
            },
            tuple(call.begins for call in self.calls),
            tuple(sorted(self.altered[suffix])),
        )

    def _run(self, input: Tensor | PackedSequence, hx: Tensor | State | None) -> Result:
        if isinstance(self.module, nn.RNNBase):
            return unroll(self.module, self.cells, input, hx, self._begin)
        # The caller may change in place what a cell gives: the record keeps its own.
        state = take_step(self.module, self.cells[""], cast(Tensor, input), hx, self._begin)
        return state.clone() if isinstance(state, Tensor) else tuple(s.clone() for s in state)

    def _begin(self, suffix: str, weights: Weights, state: State, mask: Tensor | None) -> None:
        """Note what a layer sets out with: the caller may change all of it later, in place."""
        if self.call is None:
            return
        self.call.starts[suffix] = tuple(part.detach().clone() for part in state)
        if mask is not None:
            self.altered[suffix].add("dropped")
        cell = self.cells[suffix]
        if cell._forward_hooks or cell._forward_pre_hooks:
            self.altered[suffix].add("changed")
        if self.weights:
            self.call.versions[suffix] = self._version(suffix, weights)

    def _version(self, suffix: str, weights: Weights) -> int:
        """Return the place of a layer's weights among those that were kept; keep new ones."""
        kept = self.kept[suffix]
        # A cell is called at every step, for which a look at all weights would take too long; a
        # write through .data, which torch does not count, comes with a training step.
        single = isinstance(self.module, nn.RNNCellBase) and self.passes == self.passes_then
        if not (single and _untouched(weights, self.stamps)):
            if not kept or not _same(weights, kept[-1]):
                kept.append({name: weight.detach().clone() for name, weight in weights.items()})
            self.stamps = [(weight, _writes(weight)) for weight in weights.values()]
            self.passes_then = set(self.passes)
        return len(kept) - 1

    def _note(
        self, key: tuple[str, str], module: nn.Module, args: tuple[Tensor], output: Tensor
    ) -> None:
        if self.call is None:
            return
        if len(module._forward_hooks) > 1 or module._forward_pre_hooks:
            self._compare(key[0], module, args, output)
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
        if output is not args[0]:
            self.altered[suffix].add("changed")
        # A copy: the user may change the input in place before the block ends.
        self.call.values[suffix, "input"].extend(self.call.steps(output.detach().clone()))
        if suffix not in FIRST_LAYER:
            self._note_gradient(self.call, suffix, output)

    @torch.no_grad()
    def _compare(self, suffix: str, module: nn.Module, args: tuple[Tensor], output: Tensor) -> None:
        """Find out whether others' hooks on a signal changed it, or only looked."""
        others = (*module._forward_hooks.values(), *module._forward_pre_hooks.values())
        if any(isinstance(hook, Altering) for hook in others) or module._forward_pre_hooks:
            self.altered[suffix].add("changed")
        elif not _equal(module.forward(*args), output):
            self.altered[suffix].add("changed")

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


def new_cells(module: Recurrent) -> Mapping[str, Cell]:
    """Return new cells for a module of torch's, by torch's suffix."""
    return make_cells(module) if isinstance(module, nn.RNNBase) else {"": make_cell(module)}


def layer_name(path: str, suffix: str) -> str:
    """Return a layer's name in a trace: the module's path and torch's suffix."""
    return ".".join(filter(None, (path, suffix))) or "cell"


def title_of(path: str, module: nn.Module) -> Words:
    """Return what a sentence calls a module: its path and its class."""
    kind = type(module).__name__
    if not path:
        return Words("the module itself ({kind})", kind=kind)
    return Words("{path} ({kind})", path=path, kind=kind)


def _beginning(hx: Tensor | State | None) -> Beginning:
    if hx is None:
        return "zero"
    given = (hx,) if isinstance(hx, Tensor) else hx
    return "given" if any(part.requires_grad for part in given) else "cut"


def _writes(tensor: Tensor) -> int:
    """Return how often torch wrote to a tensor; -1 where it does not count."""
    return -1 if tensor.is_inference() else tensor._version


def _untouched(weights: Weights, stamps: Sequence[tuple[Tensor, int]]) -> bool:
    """Return whether the weights are tensors that were seen before, and not written to since."""
    return len(stamps) == len(weights) and all(
        weight is seen and -1 != writes == _writes(weight)
        for weight, (seen, writes) in zip(weights.values(), stamps, strict=True)
    )


@torch.no_grad()
def _same(weights: Weights, kept: Weights) -> bool:
    return weights.keys() == kept.keys() and all(
        _equal(weight, kept[name]) for name, weight in weights.items()
    )


def _equal(a: Tensor, b: Tensor) -> bool:
    """Return whether all numbers are the same; NaN is NaN."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    return torch.equal(a, b) or bool(((a == b) | (a.isnan() & b.isnan())).all())


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
    return _numpy(array)


def _numpy(tensor: Tensor) -> np.ndarray:
    wide = tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor
    return wide.cpu().numpy()
