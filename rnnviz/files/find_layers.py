"""Which recurrent layers are in a file of weights? Found by torch's names, their kind by sizes.

<path>.weight_ih_l0   (gates * hidden, inputs)     nn.LSTM: 4 gates, nn.GRU: 3, nn.RNN: 1
<path>.weight_hh_l0   (gates * hidden, hidden)     or (gates * hidden, projected)
<path>.bias_ih_l0, bias_hh_l0, weight_hr_l0, and the same with _reverse; a cell has no _l0.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rnnviz.errors import ModelError, TraceError
from rnnviz.files.torch_file import Stored
from rnnviz.networks.cells import CELLS
from rnnviz.recording.layer_trace import PARAMETERS
from rnnviz.recording.rebuild import placed, stack
from rnnviz.words import N_, Words, t

NAMED = re.compile(
    rf"(?:(?P<path>.*)\.)?(?P<what>{'|'.join(PARAMETERS)})(?:_(?P<suffix>l\d+(?:_reverse)?))?"
)
CELL_BY_GATES = {4: "lstm", 3: "gru", 1: "rnn"}
MOST_WEIGHTS = 2**23
"""Numbers in the weights of a stack that is looked into: 32 MB."""
OTHERS = {
    "recurrent_kernel": N_("Keras or Flax"),
    "recurrentlayer": "Lasagne",
    "lstm_cell/kernel": "TensorFlow",
}


@dataclass(frozen=True)
class Stack:
    """A recurrent module in a file of weights.

    Attributes
    ----------
    path : str
        Its dotted path, "" for a module that was saved itself.
    cell : str
        Key in `rnnviz.CELLS`; "rnn" stands for tanh and ReLU alike: weights do not tell.
    inputs, hidden, projected : int
        Sizes; projected is 0 where the hidden state is not projected.
    layers : int
        0 for a single cell, as in ``nn.LSTMCell``.
    names : dict
        torch's suffix -> parameter -> its name in the file.
    """

    path: str
    cell: str
    inputs: int
    hidden: int
    projected: int
    layers: int
    both_directions: bool
    names: Mapping[str, Mapping[str, str]]

    @property
    def ambiguous(self) -> bool:
        """Whether its nonlinearity has to be asked: tanh or ReLU."""
        return self.cell == "rnn"

    @property
    def outputs(self) -> int:
        """Numbers a step that it gives."""
        return (self.projected or self.hidden) * (1 + self.both_directions)

    @property
    def title(self) -> str:
        """What it is, in words: ``encoder: LSTM, 8 → 16, 2 layers, both directions``."""
        kind = "RNN" if self.cell == "rnn" else CELLS[self.cell].title
        if not self.layers:
            kind = t("{kind} cell", kind=kind)
        parts = [kind, f"{self.inputs} → {self.hidden}"]
        parts += [t("projected to {projected}", projected=self.projected)] if self.projected else []
        parts += [t("{count} layers", count=self.layers)] if self.layers > 1 else []
        parts += [t("both directions")] if self.both_directions else []
        named = ", ".join(parts)
        return f"{self.path}: {named}" if self.path else named


def find_stacks(weights: Mapping[str, Stored]) -> list[Stack]:
    """Return the recurrent modules whose weights are in a file, in the file's order.

    Raises
    ------
    ModelError
        If there is none: the sentence says what was found instead.
    """
    names: dict[str, dict[str, dict[str, str]]] = {}
    for name in weights:
        match = NAMED.fullmatch(name)
        if match:
            suffixes = names.setdefault(match["path"] or "", {})
            suffixes.setdefault(match["suffix"] or "", {})[match["what"]] = name
    found, troubles = [], []
    for path, suffixes in names.items():
        try:
            found.append(_stack(weights, path, suffixes))
        except ModelError as error:
            troubles.append(str(error))
    if found:
        return found
    raise ModelError(troubles[0] if troubles else _nothing(weights))


def embeddings_of(weights: Mapping[str, Stored], found: Stack) -> list[str]:
    """Return the names of the matrices that could be the embedding below a stack.

    Those whose rows are as long as the stack's input, called an embedding first.
    """
    own = {name for names in found.names.values() for name in names.values()}
    fitting = [
        name
        for name, each in weights.items()
        if name not in own
        and len(each.shape) == 2
        and each.shape[1] == found.inputs
        and 1 < each.shape[0] * each.shape[1] <= MOST_WEIGHTS
        and not NAMED.fullmatch(name)
    ]
    return sorted(fitting, key=lambda name: "emb" not in name.lower())


def build_stack(weights: Mapping[str, Stored], found: Stack, *, relu: bool = False) -> nn.Module:
    """Return a module that holds the stack at its path, with the file's weights, in eval mode.

    Parameters
    ----------
    relu : bool
        Whether a plain RNN's nonlinearity is ReLU and not tanh.

    Raises
    ------
    ModelError
        If it is too large, or its weights are damaged or no numbers.
    """
    layers = {
        suffix: {what: _finite(name, weights[name].read()) for what, name in names.items()}
        for suffix, names in found.names.items()
    }
    cell = "rnn_relu" if relu and found.ambiguous else found.cell
    try:
        return placed([(found.path or ("" if found.layers else "cell"), stack(cell, layers))])
    except TraceError as error:
        raise ModelError(str(error)) from None


def _finite(name: str, tensor: Tensor) -> Tensor:
    tensor = tensor.to(torch.float32)
    if not bool(tensor.isfinite().all()):
        raise ModelError("{name} holds numbers that are infinite or not a number.", name=name[:80])
    return tensor


def _stack(
    weights: Mapping[str, Stored], path: str, names: Mapping[str, Mapping[str, str]]
) -> Stack:
    """Return what the sizes of some weights say, or say why they are no recurrent module."""
    where = path[:80] or Words("the module")
    if path and (len(path) > 200 or not all(path.split("."))):
        raise ModelError(
            "{where} is no path of a module: names are parted by single dots.", where=where
        )
    shapes = {
        suffix: {what: weights[name].shape for what, name in parts.items()}
        for suffix, parts in names.items()
    }
    if "" in shapes and len(shapes) > 1:
        raise ModelError(
            "{where} has the names of a layer and of a cell: which is it?", where=where
        )
    first = shapes.get("") or shapes.get("l0")
    if first is None or any(len(first.get(what, ())) != 2 for what in ("weight_ih", "weight_hh")):
        raise ModelError(
            "{where} has no weight_ih_l0 and weight_hh_l0 that are matrices.", where=where
        )
    rows, inputs = first["weight_ih"]
    hidden, projected = first["weight_hh"][1], 0
    if len(first.get("weight_hr", ())) == 2:
        projected, hidden = first["weight_hr"]
    gates = rows // hidden if hidden else 0
    if not hidden or not inputs or rows != gates * hidden or gates not in CELL_BY_GATES:
        raise ModelError(
            "The recurrent weights of {where} have {rows} rows for {hidden} hidden units: an LSTM "
            "has 4, a GRU 3, an RNN 1 for each unit.",
            where=where,
            rows=rows,
            hidden=hidden,
        )
    if projected and gates != 4:
        raise ModelError("{where} has a projection, which only an LSTM has.", where=where)
    if any(max(map(len, parts)) > 16 for parts in names.values()) or len(names) > 64:
        raise ModelError("{where} has too many layers: up to 32 can be looked into.", where=where)
    if sum(rows * (sum(each["weight_ih"][1:]) + hidden)
           for each in shapes.values() if "weight_ih" in each) > MOST_WEIGHTS:  # fmt: skip
        raise ModelError(
            "{where} has too many weights to be looked into here: up to {most:,}. In a "
            "notebook rnnviz.record works on any size.",
            where=where,
            most=MOST_WEIGHTS,
        )
    layers = 0 if "" in names else 1 + max(int(_number(suffix)) for suffix in names)
    both = any(suffix.endswith("_reverse") for suffix in names)
    return Stack(path, CELL_BY_GATES[gates], inputs, hidden, projected, layers, both, names)


def _number(suffix: str) -> str:
    number = suffix.removeprefix("l").removesuffix("_reverse")
    if len(number) > 2:
        raise ModelError(
            "There is a layer called {suffix}, which no module of torch's has.", suffix=suffix[:20]
        )
    return number


def _nothing(weights: Mapping[str, Stored]) -> Words:
    """Say that there is no recurrent layer, and what there is."""
    for sign, program in OTHERS.items():
        if any(sign in name.lower() for name in weights):
            return Words(
                "These are names as {program} has them (…{sign}…), whose gates lie in another "
                "order: bring the weights of a PyTorch model.",
                program=Words(program),
                sign=sign,
            )
    shown = ", ".join(name[:60] for name in list(weights)[:4])
    return Words(
        "No recurrent layer is in this file: there are no names such as weight_ih_l0 and "
        "weight_hh_l0, but {names}.",
        names=shown + ", …" * (len(weights) > 4),
    )
