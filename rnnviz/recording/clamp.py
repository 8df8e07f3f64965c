"""clamp(): reach into a recurrent layer while it runs and change what a gate or state puts out.

A forward hook that returns a tensor changes the computation. Here it does so for chosen units at
chosen time steps, and before the hooks of `record` note the value.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal, cast

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence
from torch.utils.hooks import RemovableHandle

from rnnviz.errors import ClampError
from rnnviz.networks.cells import Cell
from rnnviz.networks.stacking import time_major
from rnnviz.recording.record import Site, sites
from rnnviz.recording.recorder import NO_BACKWARD, Altering
from rnnviz.recording.trace import Trace
from rnnviz.words import N_, Words

Places = int | slice | Iterable[int] | Iterable[range] | None
"""Units or time steps: one, a slice, several, or None for all."""
Ranges = tuple[range, ...]
END = sys.maxsize
"""Where a range ends that is open."""


@contextmanager
def clamp(
    module: nn.Module,
    layer: str,
    signal: str,
    value: ArrayLike | Tensor | None = None,
    *,
    scale: float | None = None,
    mean_of: Trace | None = None,
    units: Places = None,
    times: Places = None,
) -> Iterator[None]:
    """Change a gate, a state or the input of a layer while the module runs.

    ::

        with rnnviz.record(model) as trace, rnnviz.clamp(model, "rnn.l0", "forget_gate", 1.0):
            loss(model(x), y).backward()

    Give one of `value`, `scale` and `mean_of`. The trace then shows the changed signal, and the
    gradient of the loss with respect to it. What is set to a value is a constant: no gradient
    goes through it to what the signal was computed from. What is scaled passes its gradient on,
    scaled.

    Where clamps are nested, the inner one changes what the outer one gives. When the block ends,
    also by an exception, the module is as it was before.

    Parameters
    ----------
    module : nn.Module
        It is being recorded; a module of `rnnviz.networks.recurrent` also works without `record`.
    layer, signal : str
        As `Trace.layers` and `Trace.signals` name them.
    value : float or array (unit)
        What to set the signal to: one number, or one for each chosen unit.
    scale : float
        What to multiply the signal with.
    mean_of : Trace
        Set each unit to its mean over time and batch in this recording of the same network.
    units : int, slice or sequence of int, optional
        Which units; all if not given.
    times : int, slice or sequence of int, optional
        Which time steps, counted as in the trace: in time order, also where a layer runs
        backwards, and on from call to call. All if not given.

    Raises
    ------
    ClampError
        If there is no such layer, signal or unit, if not exactly one change is given, or, when
        the block ends, if a time step was asked for that never came.
    """
    site = _find(module, layer)
    names = ("input", *cast(Cell, site.cell).signals)
    if signal not in names:
        raise ClampError(
            "{layer} has no signal {signal!r}: it has {names}.",
            layer=layer,
            signal=signal,
            names=", ".join(names),
        )
    chosen = _units(units, _size(site, signal), layer)
    if [value is None, scale is None, mean_of is None].count(False) != 1:
        raise ClampError(
            "Say in one way what to change the signal to: give a value, or scale=, or mean_of=."
        )
    if scale is not None:
        change = _Change(chosen, _numbers(scale, 1), "scale")
    elif mean_of is not None:
        change = _Change(chosen, _means(mean_of, layer, signal, _size(site, signal))[chosen])
    else:
        change = _Change(chosen, _numbers(value, len(chosen)))
    running = _Running(site, signal, change, ranges(times, "times"))
    running.attach()
    try:
        yield
        running.check(layer)
    finally:
        running.detach()


def ranges(places: Places, what: Literal["units", "times"]) -> Ranges | None:
    """Return units or time steps as ranges, None for all.

    Raises
    ------
    ClampError
        For negative or fractional numbers, and where nothing is chosen.
    """
    if places is None:
        return None
    try:
        if isinstance(places, slice):
            start, stop = places.start or 0, END if places.stop is None else places.stop
            found: Ranges = (range(start, stop, places.step or 1),)
        elif isinstance(places, Iterable):
            found = tuple(
                place if isinstance(place, range) else range(place, place + 1) for place in places
            )
        else:
            found = (range(places, places + 1),)
    except TypeError:
        found = ()
    if not found or any(not each or each.start < 0 or each.step < 0 for each in found):
        raise ClampError(
            N_(
                "{places!r} is no choice of units: give whole numbers from 0 on, such as 3, "
                "[0, 1, 4] or slice(10, 20), or None for all."
            )
            if what == "units"
            else N_(
                "{places!r} is no choice of time steps: give whole numbers from 0 on, such as 3, "
                "[0, 1, 4] or slice(10, 20), or None for all."
            ),
            places=places,
        )
    return found


class _Change:
    """What happens to a signal (row, unit) at one time step."""

    def __init__(
        self,
        units: list[int],
        numbers: NDArray[np.float64],
        how: Literal["set", "scale"] = "set",
    ) -> None:
        self.units = units
        self.numbers = torch.from_numpy(numbers)
        self.scales = how == "scale"
        self._made: dict[object, tuple[Tensor, Tensor]] = {}

    def __call__(self, x: Tensor) -> Tensor:
        """Return the changed signal, with gradients; what is set is a constant."""
        key = (x.dtype, x.device, x.size(-1))
        if key not in self._made:
            everywhere = torch.full((x.size(-1),), 1.0, dtype=torch.float64)
            everywhere[self.units] = self.numbers
            here = torch.zeros(x.size(-1), dtype=torch.bool)
            here[self.units] = True
            self._made[key] = here.to(x.device), everywhere.to(x.device, x.dtype)
        here, numbers = self._made[key]
        return x * numbers if self.scales else torch.where(here, numbers, x)


class _Hook(Altering):
    """The one hook on a signal that makes all its changes, in the order they were asked for."""

    def __init__(self, target: nn.Module) -> None:
        self.changes: list[Callable[[Tensor], Tensor]] = []
        # before the recorder's, so that the trace has the changed value
        self.handle = target.register_forward_hook(self, prepend=True)

    def __call__(self, module: nn.Module, args: Any, output: Tensor) -> Tensor:
        for change in self.changes:
            output = change(output)
        return output


class _Running:
    """Follows a recurrent module through its time steps, to change a signal at the right ones."""

    def __init__(self, site: Site, signal: str, change: _Change, times: Ranges | None) -> None:
        self.module = site.module
        self.target = cast(Cell, site.cell).get_submodule(signal)
        self.reverse = site.suffix.endswith("_reverse")
        self.change = change
        self.times = times
        self.apply = self._change_input if signal == "input" else self._change_step
        self.first = self.end = site.steps  # the time steps that have come: first <= t < end
        self.begin = site.begin
        self.starts: list[int] = []  # of the calls so far
        self.start = 0
        self.sizes: list[int] = []  # rows at each time step of the call that is running
        self.done = 0  # steps of it
        self.handles: list[RemovableHandle] = []
        self.hook: _Hook | None = None

    def attach(self) -> None:
        """Begin to change the signal."""
        begin = partial(self._begin)
        self.handles.append(self.module.register_forward_pre_hook(begin, with_kwargs=True))
        hooks = self.target._forward_hooks.values()
        self.hook = next((hook for hook in hooks if isinstance(hook, _Hook)), None)
        self.hook = self.hook or _Hook(self.target)
        self.hook.changes.append(self.apply)

    def detach(self) -> None:
        """Leave the module as it was."""
        for handle in self.handles:
            handle.remove()
        if self.hook:
            self.hook.changes.remove(self.apply)
            if not self.hook.changes:
                self.hook.handle.remove()

    def check(self, layer: str) -> None:
        """Raise ClampError if something that was asked for did not happen."""
        if not self.starts:
            raise ClampError(
                "{layer} did not run: call the module inside the `with` block.", layer=layer
            )
        for each in self.times or ():
            if not range(max(each.start, self.first), min(each.stop, self.end)):
                raise ClampError(
                    "Time step {start} never came: {layer} ran through steps {first} to {last}.",
                    start=each.start,
                    layer=layer,
                    first=self.first,
                    last=self.end - 1,
                )

    def _begin(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Note how long the call is that begins."""
        given = args[0] if args else kwargs["input"]
        if isinstance(given, PackedSequence):
            sizes = given.batch_sizes.tolist()
        elif isinstance(self.module, nn.RNNBase) and given.dim() in (2, 3):
            x = time_major(self.module, given)
            sizes = [x.size(1)] * x.size(0)
        else:
            sizes = [1]
        self.sizes, self.done = sizes, 0
        if torch._C._current_graph_task_id() == NO_BACKWARD:
            if not self.starts:
                self.first = self.end = self.end + self.begin()
            self.start = self.end
            self.end += len(sizes)
            self.starts.append(self.start)
            return
        # torch.utils.checkpoint runs a call once more, and does not say which
        if len(self.starts) > 1 and self.times is not None:
            raise ClampError(
                "Chosen time steps cannot be told apart where torch.utils.checkpoint runs several "
                "calls again: clamp all time steps, or do without the checkpoint."
            )
        self.start = self.starts[0]

    def _now(self, time: int) -> bool:
        return self.times is None or any(time in each for each in self.times)

    def _change_step(self, x: Tensor) -> Tensor:
        """Change a gate or state (row, unit) at the time step that is running."""
        if self.done >= len(self.sizes):
            raise ClampError("Call the recurrent module itself, not its forward().")
        place = len(self.sizes) - 1 - self.done if self.reverse else self.done
        self.done += 1
        return self.change(x) if self._now(self.start + place) else x

    def _change_input(self, x: Tensor) -> Tensor:
        """Change a whole input: (time, row, unit), (step of all rows, unit) or (row, unit)."""
        if self.times is None:
            return self.change(x)
        steps = x.split(self.sizes) if x.dim() == 2 and len(self.sizes) > 1 else x.unbind(0)
        if x.dim() == 2 and len(self.sizes) == 1:
            steps = (x,)
        changed = [
            self.change(step) if self._now(self.start + place) else step
            for place, step in enumerate(steps)
        ]
        return torch.stack(changed) if x.dim() == 3 else torch.cat(changed)


def _find(module: nn.Module, layer: str) -> Site:
    known = sites(module)
    if layer not in known:
        there = ", ".join(known) or Words("none: it holds no nn.RNN, nn.LSTM or nn.GRU")
        raise ClampError(
            "There is no layer {layer!r}: the module's layers are {there}.",
            layer=layer,
            there=there,
        )
    if known[layer].cell is None:
        raise ClampError(
            "{layer} has no gates to reach while torch's own kernel runs it: clamp it inside "
            "`with rnnviz.record(module)`.",
            layer=layer,
        )
    return known[layer]


def _size(site: Site, signal: str) -> int:
    """Return how many units a signal has."""
    if signal == "input":
        name = f"weight_ih_{site.suffix}" if site.suffix else "weight_ih"
        return int(getattr(site.module, name).size(1))
    projected = getattr(site.module, "proj_size", 0) if signal == "hidden_state" else 0
    return projected or int(site.module.hidden_size)


def _units(units: Places, size: int, layer: str) -> list[int]:
    chosen = ranges(units, "units")
    if chosen is None:
        return list(range(size))
    for each in chosen:
        if each.start >= size:
            raise ClampError(
                "There is no unit {unit}: {layer} has units 0 to {last}.",
                unit=each.start,
                layer=layer,
                last=size - 1,
            )
    return sorted({unit for each in chosen for unit in each[:size] if unit < size})


def _numbers(value: Any, count: int) -> NDArray[np.float64]:
    if isinstance(value, Tensor):
        value = value.detach().cpu().numpy()
    try:
        numbers = np.array(value, np.float64)
    except (TypeError, ValueError):
        numbers = np.array(np.nan)
    if numbers.shape not in ((), (count,)) or not np.isfinite(numbers).all():
        raise ClampError(
            N_(
                "A signal cannot become {value!r}: give a finite number, or one for each of the "
                "{count} units."
            )
            if count > 1
            else N_("A signal cannot become {value!r}: give a finite number."),
            value=value,
            count=count,
        )
    return numbers


def _means(trace: Trace, layer: str, signal: str, size: int) -> NDArray[np.float64]:
    """Return the mean of each unit over time and batch."""
    values = trace.value(layer, signal)
    if values.shape[2] != size:
        raise ClampError(
            "{layer} has {size} units and {recorded} in the trace that the mean is to "
            "come from: give a recording of the same network.",
            layer=layer,
            size=size,
            recorded=values.shape[2],
        )
    return _numbers(np.nanmean(values, axis=(0, 1), dtype=np.float64), size)
