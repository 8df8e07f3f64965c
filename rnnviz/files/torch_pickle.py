"""The list of tensors in a torch file, read without unpickling: nothing is imported or called.

A pickle is a small program. Its instructions are gone through by a machine of our own, which knows
dicts, lists, numbers, texts and torch's tensors, and stops with a sentence at anything that would
make or call something else. What it builds is inert: a global is a word, a tensor a description.
"""

import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rnnviz.errors import ModelError
from rnnviz.words import Words

MOST_INSTRUCTIONS = 150_000
MOST_DIMENSIONS = 16
ONLY_WEIGHTS = Words(
    "keep the weights alone, with torch.save(model.state_dict(), path) or safetensors."
)


@dataclass(frozen=True)
class Name:
    """A global that the file names: a word, never the thing."""

    name: str


@dataclass(frozen=True)
class Storage:
    """Where the numbers of tensors are: the type's name, the member of the zip, how many."""

    dtype: str
    key: str
    count: int


@dataclass(frozen=True)
class TensorView:
    """A tensor: which numbers of a storage it is, counted in numbers."""

    storage: Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


def unpickled(data: bytes) -> object:
    """Go through the instructions of a pickle; return what they build, inert."""
    try:
        return _Machine().run(data)
    except ModelError:
        raise
    except Exception as error:  # whatever a damaged or hostile pickle makes the machine do
        raise ModelError(
            "This file's list of tensors is damaged: {instead}", instead=ONLY_WEIGHTS
        ) from error


class _Machine:
    """A stack, a memo, and a method for each instruction that `torch.save` uses for weights."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []  # what lies under each mark
        self.memo: dict[int, Any] = {}

    def run(self, data: bytes) -> object:
        for count, (code, argument, _) in enumerate(pickletools.genops(data)):
            if count > MOST_INSTRUCTIONS:
                raise ModelError(
                    "This file holds far more than weights: {instead}",
                    instead=ONLY_WEIGHTS,
                )
            if code.name == "STOP":
                return self.stack.pop()
            step = STEPS.get(code.name)
            if step is None:
                raise ModelError(
                    "This file asks for Python objects to be made ({name}), which is not "
                    "done here: {instead}",
                    name=code.name,
                    instead=ONLY_WEIGHTS,
                )
            step(self, argument)
        raise ValueError("no end")

    def ignore(self, _: object) -> None:
        pass

    def push(self, value: object) -> None:
        self.stack.append(value)

    def mark(self, _: object) -> None:
        self.below.append(self.stack)
        self.stack = []

    def since_mark(self) -> list[Any]:
        above, self.stack = self.stack, self.below.pop()
        return above

    def put(self, place: int) -> None:
        self.memo[place] = self.stack[-1]

    def memoize(self, _: object) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def get(self, place: int) -> None:
        self.stack.append(self.memo[place])

    def pop(self, _: object) -> None:
        self.stack.pop()

    def tuple(self, _: object) -> None:
        above = self.since_mark()
        self.stack.append(tuple(above))

    def last(self, count: int) -> None:
        self.stack[-count:] = [tuple(self.stack[-count:])]

    def append(self, _: object) -> None:
        value = self.stack.pop()
        self.top(list).append(value)

    def appends(self, _: object) -> None:
        values = self.since_mark()
        self.top(list).extend(values)

    def setitem(self, _: object) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self.keep(key, value)

    def setitems(self, _: object) -> None:
        given = self.since_mark()
        for key, value in zip(given[::2], given[1::2], strict=True):
            self.keep(key, value)

    def build(self, _: object) -> None:
        """Leave out what else an object would be given: of a state_dict, its version numbers."""
        self.stack.pop()

    def named(self, argument: str) -> None:
        self.stack.append(Name(argument.replace(" ", ".")))

    def stack_named(self, _: object) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.stack.append(Name(f"{module}.{name}"))

    def storage(self, _: object) -> None:
        kind, dtype, key, _place, count = self.stack.pop()
        if kind != "storage" or not isinstance(dtype, Name) or not isinstance(key, str):
            raise ValueError("no storage")
        if type(count) is not int or not 0 <= count < 2**48:
            raise ValueError("no count")
        self.stack.append(Storage(dtype.name.rpartition(".")[2], key, count))

    def call(self, _: object) -> None:
        arguments, called = self.stack.pop(), self.stack.pop()
        name = called.name if isinstance(called, Name) else "something"
        make = CALLS.get(name)
        if make is None:
            raise ModelError(
                "This file wants to call {name}, which is not done here: {instead}",
                name=name[:80],
                instead=ONLY_WEIGHTS,
            )
        self.stack.append(make(*arguments))

    def keep(self, key: object, value: object) -> None:
        if isinstance(key, str):  # other keys, as in an optimizer's state, name no weights
            self.top(dict)[key] = value

    def top(self, kind: type) -> Any:
        home = self.stack[-1]
        if not isinstance(home, kind):
            raise ValueError(f"no {kind}")
        return home


def _tensor(
    storage: object, offset: object, size: object, stride: object, *_rest: object
) -> TensorView:
    numbers = (offset, *size, *stride)  # type: ignore[misc]
    if not isinstance(storage, Storage) or not all(type(n) is int and n >= 0 for n in numbers):
        raise ValueError("no tensor")
    view = TensorView(storage, offset, tuple(size), tuple(stride))  # type: ignore[arg-type]
    if len(view.size) != len(view.stride) or len(view.size) > MOST_DIMENSIONS:
        raise ValueError("no shape")
    return view


CALLS: dict[str, Callable[..., object]] = {
    "collections.OrderedDict": lambda pairs=(): {},
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": lambda data, *rest: data,
    "torch._utils._rebuild_parameter_with_state": lambda data, *rest: data,
    "torch.Size": lambda sizes=(): tuple(sizes),
    "torch.device": lambda *place: None,
}
"""What a file may call, and what is done instead."""
_VALUES = (
    "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE",
    "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES",
)  # fmt: skip
STEPS: dict[str, Callable[[_Machine, Any], None]] = {
    **dict.fromkeys(("PROTO", "FRAME"), _Machine.ignore),
    **dict.fromkeys(_VALUES, _Machine.push),
    **dict.fromkeys(("BINPUT", "LONG_BINPUT", "PUT"), _Machine.put),
    **dict.fromkeys(("BINGET", "LONG_BINGET", "GET"), _Machine.get),
    "NONE": lambda machine, _: machine.push(None),
    "NEWTRUE": lambda machine, _: machine.push(True),
    "NEWFALSE": lambda machine, _: machine.push(False),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "TUPLE1": lambda machine, _: machine.last(1),
    "TUPLE2": lambda machine, _: machine.last(2),
    "TUPLE3": lambda machine, _: machine.last(3),
    "MARK": _Machine.mark,
    "POP": _Machine.pop,
    "TUPLE": _Machine.tuple,
    "MEMOIZE": _Machine.memoize,
    "APPEND": _Machine.append,
    "APPENDS": _Machine.appends,
    "SETITEM": _Machine.setitem,
    "SETITEMS": _Machine.setitems,
    "BUILD": _Machine.build,
    "GLOBAL": _Machine.named,
    "STACK_GLOBAL": _Machine.stack_named,
    "BINPERSID": _Machine.storage,
    "REDUCE": _Machine.call,
}
"""The instructions of a pickle that are understood; those that make objects are not."""
