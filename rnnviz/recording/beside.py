"""What torch's own kernel does, taken again through gates beside it: no number of it changes.

The gradients that came by the outputs of the kernel go back through the gates when the recording
ends. So a training that is watched comes out as one that is not, bit for bit; and a call inside a
transform of `torch.func`, whose tensors cannot be hooked, is seen too, though without gradients.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch._functorch.pyfunctorch import temporarily_clear_interpreter_stack
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.utils import parametrize
from torch.nn.utils.rnn import PackedSequence

from rnnviz.networks.cells import State
from rnnviz.recording.calls import Result

functorch = torch._C._functorch


def transforming() -> bool:
    """Return whether a transform of torch.func is running."""
    return functorch.peek_interpreter_stack() is not None


def batched(*tensors: Tensor) -> bool:
    """Return whether one is many at once, as inside vmap."""
    while tensors:
        if any(functorch.is_batchedtensor(tensor) for tensor in tensors):
            return True
        wrapped = [each for each in tensors if functorch.is_functorch_wrapped_tensor(each)]
        tensors = tuple(functorch.get_unwrapped(each) for each in wrapped)
    return False


def plain(tensor: Tensor) -> Tensor:
    """Return a copy of a tensor's numbers, outside of all graphs and transforms."""
    while functorch.is_functorch_wrapped_tensor(tensor):
        tensor = functorch.get_unwrapped(tensor)
    return tensor.detach().clone()


def parts_of(result: Result | None) -> list[Tensor]:
    """Return the tensors that a recurrent module takes or gives, in their order."""
    if result is None:
        return []
    if isinstance(result, Tensor):
        return [result]
    if isinstance(result, PackedSequence):
        return [result.data]
    return [tensor for part in result for tensor in parts_of(part)]


def plain_arguments(
    input: Tensor | PackedSequence, hx: Tensor | State | None
) -> tuple[Tensor, Tensor | PackedSequence, Tensor | State | None]:
    """Return the data of an input, and input and state with copies in them."""
    x = plain(input.data if isinstance(input, PackedSequence) else input)
    packed = PackedSequence(x, *input[1:]) if isinstance(input, PackedSequence) else x
    if hx is None or isinstance(hx, Tensor):
        return x, packed, None if hx is None else plain(hx)
    return x, packed, tuple(plain(part) for part in hx)


@contextmanager
def apart(random: Tensor | None) -> Iterator[None]:
    """Run a block with other random numbers if given, outside of all that watches: leave no trace.

    A transform of torch.func is left for the block, without gradients; a checkpoint around it does
    not see what the block keeps for its own way back.
    """
    with ExitStack() as stack:
        if transforming():
            stack.enter_context(temporarily_clear_interpreter_stack())
            stack.enter_context(torch.no_grad())
        else:
            stack.enter_context(saved_tensors_hooks(_as_it_is, _as_it_is))
        stack.enter_context(torch.random.fork_rng(devices=[]))
        if random is not None:
            torch.set_rng_state(random)
        yield


def _as_it_is(tensor: Tensor) -> Tensor:
    return tensor


def once(module: nn.Module) -> Any:
    """Return a context in which a cell's parametrized weights are computed once, for two uses."""
    return parametrize.cached() if isinstance(module, nn.RNNCellBase) else nullcontext()


class Returned:
    """The gradients that come by what torch's kernel gave, to be sent through the gates' outputs.

    Parameters
    ----------
    given, beside : sequence of Tensor
        What torch's kernel gave, and the same from the gates.
    passed : callable
        Told of each gradient that comes by.
    """

    def __init__(
        self, given: list[Tensor], beside: list[Tensor], passed: Callable[[], None]
    ) -> None:
        self.beside = beside
        self.gradients: dict[int, Tensor] = {}
        self.passed = passed
        self.handles = [
            tensor.register_hook(self._hook(place))
            for place, tensor in enumerate(given)
            if tensor.requires_grad
        ]

    def _hook(self, place: int) -> Callable[[Tensor], None]:
        def note(gradient: Tensor) -> None:
            self.passed()
            before = self.gradients.get(place)
            gradient = gradient.detach()
            self.gradients[place] = gradient.clone() if before is None else before + gradient

        return note

    def send(self, x: Tensor) -> Tensor | None:
        """Send them back through the gates; return what reaches the input."""
        found = [place for place in self.gradients if self.beside[place].requires_grad]
        if not found:
            return None
        outputs = [self.beside[place] for place in found]
        gradients = [self.gradients[place].to(self.beside[place].dtype) for place in found]
        return torch.autograd.grad(outputs, [x], gradients, allow_unused=True)[0]
