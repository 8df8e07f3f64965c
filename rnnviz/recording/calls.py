"""Call: what was noted of one call of a recurrent module; the border where torch becomes numpy."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from rnnviz.networks.cells import State
from rnnviz.recording.layer_trace import Beginning

Result = Tensor | PackedSequence | State | tuple[Tensor | PackedSequence, Tensor | State]


@dataclass
class Call:
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
    passes : set of int
        The backward passes that came by.
    graphless : bool
        Whether it ran without gradients being enabled.
    transformed : bool
        Whether it ran inside a transform of torch.func.
    """

    values: dict[tuple[str, str], list[Tensor]] = field(default_factory=lambda: defaultdict(list))
    input_gradients: dict[str, Sequence[Tensor]] = field(default_factory=dict)
    sizes: list[int] | None = None
    order: Tensor | None = None
    begins: Beginning = "zero"
    starts: dict[str, State] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    passes: set[int] = field(default_factory=set)
    graphless: bool = False
    transformed: bool = False

    @classmethod
    def of(cls, input: Tensor | PackedSequence, hx: Tensor | State | None) -> "Call":
        """Return a call that begins with these arguments."""
        call = cls(begins=beginning(hx), graphless=not torch.is_grad_enabled())
        if isinstance(input, PackedSequence):
            call.sizes, call.order = input.batch_sizes.tolist(), input.sorted_indices
        return call

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

    @property
    def reached(self) -> bool:
        """Whether a gradient came by a gate, whether or not it went on to the input."""
        return any(step.grad is not None for steps in self.values.values() for step in steps)

    def read(self, suffix: str, x: Tensor) -> bool:
        """Return whether this is what the layer read, time first."""
        steps = self.steps(x)
        noted = self.values[suffix, "input"]
        return len(steps) == len(noted) and all(map(equal, steps, noted))


def beginning(hx: Tensor | State | None) -> Beginning:
    """Return how a call begins that is given this state."""
    if hx is None:
        return "zero"
    given = (hx,) if isinstance(hx, Tensor) else hx
    return "given" if any(part.requires_grad for part in given) else "cut"


@torch.no_grad()
def equal(a: Tensor, b: Tensor) -> bool:
    """Return whether all numbers are the same; NaN is NaN."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    return torch.equal(a, b) or bool(((a == b) | (a.isnan() & b.isnan())).all())


def same_weights(weights: Mapping[str, Tensor], kept: Mapping[str, Tensor]) -> bool:
    """Return whether two sets of weights are the same, number by number."""
    return weights.keys() == kept.keys() and all(
        equal(weight, kept[name]) for name, weight in weights.items()
    )


@torch.no_grad()
def as_array(steps: list[Tensor], orders: list[Tensor | None]) -> np.ndarray:
    """Put steps (row, unit) together to (time, batch, unit), NaN where a sample has no row."""
    sizes = [step.size(0) for step in steps]
    batch = max(sizes)
    if min(sizes) == batch and all(order is None for order in orders):
        array = torch.stack(steps)
    else:
        array = steps[0].new_full((len(steps), batch, steps[0].size(1)), torch.nan)
        for time, (step, size, order) in enumerate(zip(steps, sizes, orders, strict=True)):
            array[time, slice(size) if order is None else order[:size]] = step
    return as_numpy(array)


def as_numpy(tensor: Tensor) -> np.ndarray:
    """Return a tensor's numbers; half precision as float32."""
    wide = tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor
    return wide.cpu().numpy()
