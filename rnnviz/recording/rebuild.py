"""Recurrent modules again from their weights alone: those in a trace, or those in a file."""

import re
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from rnnviz.errors import TraceError
from rnnviz.networks.cells import CELLS
from rnnviz.recording.recorder import Recurrent
from rnnviz.recording.trace import Trace
from rnnviz.words import Words

SUFFIX = re.compile(r"l(\d+)(_reverse)?")
LAYERS: dict[str, Callable[..., nn.RNNBase]] = {
    "rnn": nn.RNN,
    "rnn_relu": nn.RNN,
    "lstm": nn.LSTM,
    "gru": nn.GRU,
}
SINGLE: dict[str, Callable[..., nn.RNNCellBase]] = {
    "rnn": nn.RNNCell,
    "rnn_relu": nn.RNNCell,
    "lstm": nn.LSTMCell,
    "gru": nn.GRUCell,
}
Parameters = Mapping[str, Tensor]


def has_weights(trace: Trace) -> bool:
    """Return whether the trace kept the weights of all its layers."""
    return all(trace.parameters(layer) for layer in trace.layers)


def network_of(trace: Trace) -> nn.Module:
    """Return a module with the recurrent layers of a trace, each under its name, in eval mode.

    It has the weights that the layers ran with and nothing else: no embedding, no read-out.

    Raises
    ------
    TraceError
        If the trace did not keep its weights, they do not fit together, or torch has no such cell.
    """
    if not has_weights(trace):
        raise TraceError(
            "This trace holds no weights: record it with rnnviz.record(model, weights=True), the "
            "default, and without layer normalisation."
        )
    stacks: dict[str, dict[str, Parameters]] = {}
    cells: dict[str, str] = {}
    for layer in trace.layers:
        path, suffix = parted(layer)
        found = {name: torch.from_numpy(array) for name, array in trace.parameters(layer).items()}
        stacks.setdefault(path, {})[suffix] = found
        if cells.setdefault(path, trace.cell(layer)) != trace.cell(layer):
            raise TraceError(
                "The layers of {path} are cells of several kinds.", path=path or Words("the trace")
            )
    return placed((path, stack(cells[path], layers)) for path, layers in stacks.items())


def parted(layer: str) -> tuple[str, str]:
    """Part the name of a trace's layer into the module's path and torch's suffix; a cell has none.

    A cell that was recorded itself is called "cell" in a trace, and has that path here.
    """
    path, _, last = layer.rpartition(".")
    return (path, last) if SUFFIX.fullmatch(last) else (layer, "")


def stack(cell: str, layers: Mapping[str, Parameters]) -> Recurrent:
    """Return torch's module of such cells with these weights, in eval mode, frozen.

    Parameters
    ----------
    cell : str
        Key in `rnnviz.CELLS`.
    layers : mapping
        torch's suffix ("l0", "l0_reverse", ...; "" for a single cell) -> the layer's weights by
        torch's names without it.

    Raises
    ------
    TraceError
        If torch has no such cell, weights are missing, or their sizes do not fit together.
    """
    if cell not in LAYERS:
        raise TraceError(
            "torch has no module of the cell {title} to give weights to.", title=CELLS[cell].title
        )
    one = next(iter(layers.values()))
    gates = max(1, len(CELLS[cell].gates))
    rows, features = one["weight_ih"].shape
    hidden, odd = divmod(rows, gates)
    extra: dict[str, object] = {}
    if gates == 1:
        extra["nonlinearity"] = "relu" if cell == "rnn_relu" else "tanh"
    elif cell == "lstm" and "weight_hr" in one:
        extra["proj_size"] = one["weight_hr"].shape[0]
    with torch.device("meta"):
        module: Recurrent
        if set(layers) == {""}:
            module = SINGLE[cell](features, hidden, bias="bias_ih" in one, **extra)
        else:
            features = layers["l0"]["weight_ih"].shape[1] if "l0" in layers else features
            module = LAYERS[cell](
                features,
                hidden,
                num_layers=1 + max(_place(suffix) for suffix in layers),
                bias="bias_ih" in one,
                bidirectional=any(suffix.endswith("_reverse") for suffix in layers),
                **extra,
            )
    given = {
        f"{name}_{suffix}" if suffix else name: tensor
        for suffix, parameters in layers.items()
        for name, tensor in parameters.items()
    }
    expected = {name: tensor.shape for name, tensor in module.state_dict().items()}
    if odd or {name: tensor.shape for name, tensor in given.items()} != expected:
        raise TraceError(_misfit(given, expected))
    module.load_state_dict(given, assign=True)
    return module.eval().requires_grad_(False)


def placed(modules: Iterable[tuple[str, nn.Module]]) -> nn.Module:
    """Return a module that holds others at their dotted paths; one without a path is it itself."""
    held = dict(modules)
    root = held.pop("", None) or nn.Module()
    for path in sorted(held):
        *above, last = path.split(".")
        home = root
        for name in above:
            if name not in home._modules:
                home.add_module(name, nn.Module())
            home = home.get_submodule(name)
        if last in home._modules or not last:
            raise TraceError("Two recurrent modules have the path {path}.", path=path)
        home.add_module(last, held[path])
    return root.eval()


def state_of(trace: Trace) -> dict[str, np.ndarray]:
    """Return all kept weights by torch's names, as a state_dict has them."""
    found = {}
    for layer in trace.layers:
        path, suffix = parted(layer)
        for name, array in trace.parameters(layer).items():
            full = f"{name}_{suffix}" if suffix else name
            found[f"{path}.{full}" if path else full] = array
    return found


def _place(suffix: str) -> int:
    match = SUFFIX.fullmatch(suffix)
    if match is None or len(match[1]) > 2:
        raise TraceError(
            "A layer called {suffix!r} is none of torch's: l0, l0_reverse, ...", suffix=suffix[:20]
        )
    return int(match[1])


def _misfit(given: Mapping[str, Tensor], expected: Mapping[str, torch.Size]) -> Words:
    for name in sorted(expected):
        wanted = " x ".join(map(str, expected[name]))
        if name not in given:
            return Words(
                "The weights do not fit together: {name} ({wanted}) is missing.",
                name=name,
                wanted=wanted,
            )
        if given[name].shape != expected[name]:
            found = " x ".join(map(str, given[name].shape))
            return Words(
                "The weights do not fit together: {name} is {found}, and must be {wanted}.",
                name=name,
                found=found,
                wanted=wanted,
            )
    return Words("The weights do not fit together: there are more than one module has.")
