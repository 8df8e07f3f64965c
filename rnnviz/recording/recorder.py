"""What watches one recurrent module while it is recorded.

The module gets a ``forward`` that runs step by step through the gate modules of
`rnnviz.networks.cells`; forward hooks on these note every value, and torch retains their gradients.
Nothing else is watched, so each number is autograd's.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import accumulate
from threading import RLock
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence
from torch.utils.hooks import RemovableHandle

from rnnviz.networks.cells import Cell, State
from rnnviz.networks.recurrent import (
    Watchable,
    Weights,
    kernel_weights,
    make_cell,
    make_cells,
    take_step,
    unroll,
)
from rnnviz.networks.stacking import time_major
from rnnviz.recording.beside import (
    Returned,
    apart,
    batched,
    once,
    parts_of,
    plain,
    plain_arguments,
    transforming,
)
from rnnviz.recording.calls import Call, Result, as_array, as_numpy, equal, same_weights
from rnnviz.recording.layer_trace import Alteration, LayerTrace
from rnnviz.words import Words

Recurrent = nn.RNNBase | nn.RNNCellBase
FIRST_LAYER = {"", "l0", "l0_reverse"}  # torch's suffixes; a cell has none
TORCH_ORDER = ("hidden_state", "cell_state")  # of the parts of a state
NO_BACKWARD = -1  # what torch calls the graph task while no backward pass runs


class Altering:
    """A forward hook that changes what a signal is, by even as little as nothing."""


class Recorder:
    """Stands in for the forward of one recurrent module while it is recorded.

    The gradient of a first layer's input is noted on the tensor that the user gave, so that all
    it is used for counts; that of the other layers' on what the layer below gave.
    """

    def __init__(
        self,
        path: str,
        module: Recurrent,
        gradients: bool,
        weights: bool,
        validation: bool,
        beside: bool = False,
    ) -> None:
        self.path = path
        self.title = title_of(path, module)
        self.module = module
        self.gradients = gradients
        self.weights = weights and not getattr(module, "normalized", False)
        self.validation = validation
        self.beside = beside and not _runs_by_steps(module)
        self.calls: list[Call] = []
        self.call: Call | None = None  # the one that is running
        self.reentrant = False  # whether a call without a graph ran again in a backward pass
        self.lock = RLock()  # calls of several threads stand one after the other
        self.handles: list[RemovableHandle] = []
        self.unsent: list[tuple[Call, Tensor, Returned]] = []
        self.cells: Mapping[str, Cell] = (
            module.cells if isinstance(module, Watchable) and not self.beside else new_cells(module)
        )
        self.kept: dict[str, list[Weights]] = {suffix: [] for suffix in self.cells}
        self.stamps: list[tuple[Tensor, int]] = []  # the weights of the last call, and their writes
        self.arrivals = self.arrivals_then = 0  # of gradients
        self.sending = False
        self.altered: dict[str, set[Alteration]] = {suffix: set() for suffix in self.cells}

    def attach(self) -> None:
        """Put the hooks on the gates, and this recorder in the place of the module's forward."""
        for suffix, cell in self.cells.items():
            note_input = _Hook(self._note_input, suffix)
            self.handles.append(cell.input.register_forward_hook(note_input))
            for signal in cell.signals:
                note = _Hook(self._note, (suffix, signal))
                self.handles.append(cell.get_submodule(signal).register_forward_hook(note))
        self.module.forward = self

    def detach(self) -> None:
        """Leave the module, and its user's tensors, as they were."""
        vars(self.module).pop("forward", None)
        for handle in self.handles:
            handle.remove()

    def __reduce__(self) -> tuple[object, ...]:
        """Give a copy of the module, and one that is saved, its own forward again."""
        return partial, (type(self.module).forward, self.module)

    def __call__(self, input: Tensor | PackedSequence, hx: Tensor | State | None = None) -> Result:
        """Do what the module's forward does, and note every signal."""
        if not (self.validation or torch.is_grad_enabled()):
            return self._kernel(input, hx)
        with self.lock:
            if torch._C._current_graph_task_id() != NO_BACKWARD:
                return self._again(input, hx)
            if (self.beside and not self._draws_elsewhere(input)) or transforming():
                return self._beside(input, hx)
            input, call = self._with_gradient(input), Call.of(input, hx)
            self._note_input_gradient(call, input)
            return self._noted(call, input, hx)

    @property
    def passes(self) -> int:
        """The most backward passes that came by one call."""
        return max((len(call.passes) for call in self.calls), default=0)

    def _kernel(self, input: Tensor | PackedSequence, hx: Tensor | State | None) -> Result:
        """Do what the module does when nobody looks."""
        return cast(Result, type(self.module).forward(self.module, input, hx))

    def _again(self, input: Tensor | PackedSequence, hx: Tensor | State | None) -> Result:
        """Run a call once more in a backward pass, for torch.utils.checkpoint: it is noted."""
        if not self.beside:
            input = self._with_gradient(input)
        x = input.data if isinstance(input, PackedSequence) else time_major(self.module, input)
        first = next(iter(self.cells))
        with_graph = [call for call in self.calls if not call.graphless]
        if len(with_graph) < max(1, len(self.calls)):
            self.reentrant |= not any(call.read(first, x) for call in with_graph)
        return self._kernel(input, hx) if self.beside else self._run(input, hx)

    def _with_gradient(self, input: Tensor | PackedSequence) -> Tensor | PackedSequence:
        """Return an input that takes a gradient, so that the way back in time goes on to it."""
        x = input.data if isinstance(input, PackedSequence) else input
        if self.gradients and torch.is_grad_enabled() and not x.requires_grad:
            x = x.detach().requires_grad_()
        return PackedSequence(x, *input[1:]) if isinstance(input, PackedSequence) else x

    def _noted(
        self,
        call: Call,
        input: Tensor | PackedSequence,
        hx: Tensor | State | None,
        weights: Weights | None = None,
    ) -> Result:
        """Run a call through the cells, whose hooks note it."""
        self.call = call
        try:
            result = self._run(input, hx, weights)
        finally:
            self.call = None
        for (suffix, signal), steps in call.values.items():
            if suffix.endswith("_reverse") and signal != "input":
                steps.reverse()  # to real time
        self.calls.append(call)
        return result

    def _beside(self, input: Tensor | PackedSequence, hx: Tensor | State | None) -> Result:
        """Let torch's kernel run, and take the call again through the cells beside it."""
        drops = getattr(self.module, "dropout", 0.0) and self.module.training
        random = torch.get_rng_state() if drops else None
        call = Call.of(input, hx)
        call.transformed = transforming()
        with once(self.module):
            result = self._kernel(input, hx)
            if isinstance(self.module, nn.LSTMCell):  # whose h is computed from the c that it gives
                result = tuple(part.clone() for part in parts_of(result))
            weights = kernel_weights(self.module, update=False)
            given = parts_of(result)
            if batched(*parts_of(input), *parts_of(hx), *given, *weights.values()):
                return result
            x, copied, state = plain_arguments(input, hx)
            weights = {name: plain(weight) for name, weight in weights.items()}
            wanted = self.gradients and not call.transformed and torch.is_grad_enabled()
            with apart(random):
                x.requires_grad_(wanted)
                again = self._noted(call, copied, state, weights)
        if wanted:
            self._note_input_gradient(call, input)
            returned = Returned(given, parts_of(again), partial(self._passed, call))
            self.handles += returned.handles
            self.unsent.append((call, x, returned))
        return result

    def finish(self) -> None:
        """Send the gradients that came by torch's kernel through the gates beside it."""
        self.sending = True
        for call, x, returned in self.unsent:
            gradient = returned.send(x)
            if gradient is not None:
                if call.sizes is None:
                    gradient = time_major(self.module, gradient)
                for suffix in FIRST_LAYER & self.cells.keys():
                    call.input_gradients.setdefault(suffix, call.steps(gradient))
        self.unsent.clear()

    def _passed(self, call: Call) -> None:
        """Count a backward pass that comes by a call."""
        if not self.sending:
            call.passes.add(torch._C._current_graph_task_id())
            self.arrivals += 1

    def _draws_elsewhere(self, input: Tensor | PackedSequence) -> bool:
        """Return whether dropout's random numbers cannot be drawn again: they are a GPU's own."""
        drops = getattr(self.module, "dropout", 0.0) and self.module.training
        return bool(drops) and input.data.device.type != "cpu"

    def lengths(self) -> list[int]:
        """Return how many time steps each call has had."""
        first = next(iter(self.cells))
        return [len(call.values[first, "input"]) for call in self.calls]

    def layers(self, gradients: bool, scale: float = 1.0) -> dict[str, LayerTrace]:
        """Return what was noted, as numpy arrays; gradients without a factor of the loss."""
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
                layers[name].values[signal] = as_array(steps, orders)
                if gradients:
                    steps = [x for call in self.calls for x in call.gradients(suffix, signal)]
                    gradient = as_array(steps, orders)
                    layers[name].gradients[signal] = gradient if scale == 1 else gradient / scale
        return layers

    def _ran_with(self, suffix: str, times: tuple[int, ...]) -> LayerTrace:
        """Return what the calls of a layer set out with, and no signals yet."""
        parameters = [
            {name: as_numpy(weight) for name, weight in weights.items()}
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
                state: as_array([call.starts[suffix][place] for call in self.calls], orders)
                for place, state in enumerate(TORCH_ORDER[: len(cell.states)])
            },
            tuple(call.begins for call in self.calls),
            tuple(sorted(self.altered[suffix])),
        )

    def _run(
        self,
        input: Tensor | PackedSequence,
        hx: Tensor | State | None,
        weights: Weights | None = None,
    ) -> Result:
        if isinstance(self.module, nn.RNNBase):
            return unroll(self.module, self.cells, input, hx, self._begin, weights)
        # The caller may change in place what a cell gives: the record keeps its own.
        x, cell = cast(Tensor, input), self.cells[""]
        state = take_step(self.module, cell, x, hx, self._begin, weights)
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
        single = isinstance(self.module, nn.RNNCellBase) and self.arrivals == self.arrivals_then
        if not (single and _untouched(weights, self.stamps)):
            if not kept or not same_weights(weights, kept[-1]):
                kept.append({name: weight.detach().clone() for name, weight in weights.items()})
            self.stamps = [(weight, _writes(weight)) for weight in weights.values()]
            self.arrivals_then = self.arrivals
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
        elif not equal(module.forward(*args), output):
            self.altered[suffix].add("changed")

    def _note_input_gradient(self, call: Call, input: Tensor | PackedSequence) -> None:
        """Note what comes back to the input that the user gave."""
        for suffix in FIRST_LAYER & self.cells.keys():
            if isinstance(input, PackedSequence):
                self._note_gradient(call, suffix, input.data)
            else:
                self._note_gradient(call, suffix, input, partial(time_major, self.module))

    def _note_gradient(
        self, call: Call, suffix: str, x: Tensor, arrange: Callable[[Tensor], Tensor] | None = None
    ) -> None:
        """Note dL/dx when a backward pass comes by, time first."""

        def note(gradient: Tensor) -> None:
            self._passed(call)
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


class _Hook:
    """A recorder's hook on a gate; that of a copy of the module does nothing."""

    def __init__(self, note: Callable[..., None], key: object) -> None:
        self.note, self.key = note, key

    def __call__(self, module: nn.Module, args: tuple[Tensor], output: Tensor) -> None:
        """Note what came out."""
        self.note(self.key, module, args, output)

    def __reduce__(self) -> tuple[object, ...]:
        """Leave nothing of the recorder to a copy."""
        return _no_hook, ()


def _no_hook() -> Callable[..., None]:
    return _nothing


def _nothing(module: nn.Module, args: tuple[Tensor], output: Tensor) -> None:
    """Stand where a copied module's recorder was."""


def _runs_by_steps(module: Recurrent) -> bool:
    """Return whether a module runs through its own cells anyway, so that nothing runs beside it."""
    return isinstance(module, Watchable) and bool(
        module.normalized or module.watched or (module.training and module.recurrent_dropout)
    )


def _writes(tensor: Tensor) -> int:
    """Return how often torch wrote to a tensor; -1 where it does not count."""
    return -1 if tensor.is_inference() else tensor._version


def _untouched(weights: Weights, stamps: Sequence[tuple[Tensor, int]]) -> bool:
    """Return whether the weights are tensors that were seen before, and not written to since."""
    return len(stamps) == len(weights) and all(
        weight is seen and -1 != writes == _writes(weight)
        for weight, (seen, writes) in zip(weights.values(), stamps, strict=True)
    )
