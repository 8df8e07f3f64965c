"""What do the weights look like? Gate by gate, from the input and from the state before."""

import re
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from torch import nn

from rnnviz.errors import TraceError
from rnnviz.networks.cells import CELLS
from rnnviz.networks.recurrent import make_cell
from rnnviz.words import Words

SOURCES = ("input", "recurrent")


def weight_blocks(module: nn.Module, layer: str) -> dict[tuple[str, str], pd.DataFrame]:
    """Split a layer's two weight matrices by gate.

    Parameters
    ----------
    module : nn.Module
        Holds the layer: what was given to `rnnviz.record`.
    layer : str
        As `Trace.layers` names it.

    Returns
    -------
    dict
        (gate, "input" or "recurrent") -> DataFrame, index `unit` (to), columns `source` (from);
        gates in torch's packing order; a plain RNN has the one block "hidden_state".

    Raises
    ------
    TraceError
        If the module has no such layer.
    """
    kind, _ = find_layer(module, layer)
    weight_ih, weight_hh, *_ = layer_parameters(module, layer)
    gates = tuple(CELLS[make_cell(kind).key].gates) or ("hidden_state",)
    return {
        (gate, source): pd.DataFrame(part).rename_axis(index="unit", columns="source")
        for source, weight in zip(SOURCES, (weight_ih, weight_hh), strict=True)
        for gate, part in zip(gates, np.split(weight, len(gates)), strict=True)
    }


def weight_histograms(module: nn.Module, layer: str, bins: int = 41) -> pd.DataFrame:
    """Count the weights of each block of a layer by size.

    Returns
    -------
    DataFrame
        Columns `gate`, `source` ("input" or "recurrent"), `left`, `right` (edges, the same for
        all blocks, symmetric about 0, so that at least 99 % of all weights lie between them) and
        `share` of the block's weights in the bin.
    """
    blocks = weight_blocks(module, layer)
    reach = weight_reach(blocks)
    edges = np.linspace(-reach, reach, bins + 1)
    rows = []
    for (gate, source), block in blocks.items():
        weights = block.to_numpy().ravel()
        count, _ = np.histogram(weights[np.isfinite(weights)], edges)
        share = count / max(1, weights.size)
        rows.append(pd.DataFrame({"gate": gate, "source": source, "left": edges[:-1],
                                  "right": edges[1:], "share": share}))  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def weight_norms(module: nn.Module, layer: str) -> pd.DataFrame:
    """Measure the size of each block of a layer.

    Returns
    -------
    DataFrame
        Columns `gate`, `source` ("input" or "recurrent") and `norm`: Frobenius, the root of the
        sum of squares.
    """
    return pd.DataFrame(
        [
            {"gate": gate, "source": source, "norm": float(np.linalg.norm(block.to_numpy()))}
            for (gate, source), block in weight_blocks(module, layer).items()
        ]
    )


def eigenvalues(module: nn.Module, layer: str) -> pd.DataFrame:
    """Find the eigenvalues of each square recurrent block of a layer.

    Returns
    -------
    DataFrame
        Columns `gate`, `real`, `imaginary`, `modulus`; the largest modulus of a gate, its
        spectral radius, first. A block that is not square (a projection) or not finite has none.
    """
    rows = []
    for (gate, source), block in weight_blocks(module, layer).items():
        matrix = block.to_numpy()
        if source == "input" or matrix.shape[0] != matrix.shape[1] or not np.isfinite(matrix).all():
            continue
        values = np.linalg.eigvals(matrix)
        values = values[np.argsort(-np.abs(values), kind="stable")]
        rows.append(pd.DataFrame({"gate": gate, "real": values.real, "imaginary": values.imag,
                                  "modulus": np.abs(values)}))  # fmt: skip
    if not rows:
        return pd.DataFrame(columns=["gate", "real", "imaginary", "modulus"])
    return pd.concat(rows, ignore_index=True)


def weight_reach(blocks: Mapping[tuple[str, str], pd.DataFrame], share: float = 0.99) -> float:
    """Return a round size that a share of all weights does not exceed: 1, 2, 5, 10, 20, ..."""
    weights = np.abs(np.concatenate([block.to_numpy().ravel() for block in blocks.values()]))
    weights = weights[np.isfinite(weights)]
    size = float(np.quantile(weights, share)) if weights.size else 0.0
    if size == 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(size))
    return float(next(step * power for step in (1, 2, 5, 10) if step * power >= size))


def layer_parameters(
    module: nn.Module, layer: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return W_ih, W_hh, b_ih and b_hh of a layer in float64; biases are 0 where there are none.

    Raises
    ------
    TraceError
        If the module has no such layer.
    """
    kind, suffix = find_layer(module, layer)
    end = f"_{suffix}" if suffix else ""
    weights = [_array(getattr(kind, f"weight_{name}{end}")) for name in ("ih", "hh")]
    biases = [
        _array(getattr(kind, f"bias_{name}{end}")) if kind.bias else np.zeros(len(weights[0]))
        for name in ("ih", "hh")
    ]
    return weights[0], weights[1], biases[0], biases[1]


def find_layer(module: nn.Module, layer: str) -> tuple[nn.RNNBase | nn.RNNCellBase, str]:
    """Return the torch module that a trace's layer belongs to, and torch's suffix in it."""
    for path, suffix in _readings(layer):
        try:
            found = module.get_submodule(path)
        except AttributeError:
            continue
        if isinstance(found, nn.RNNBase) and hasattr(found, f"weight_ih_{suffix}"):
            return found, suffix
        if isinstance(found, nn.RNNCellBase) and not suffix:
            return found, ""
    raise TraceError(
        "The module has no layer {layer!r}: give the module that was recorded.", layer=layer
    )


def check_not_normalized(module: nn.Module, layer: str, what: Words) -> None:
    """Refuse a layer with layer normalisation, whose equations `what` does not hold for.

    Raises
    ------
    TraceError
        If the layer has it.
    """
    kind, _ = find_layer(module, layer)
    if getattr(kind, "normalized", False):
        raise TraceError(no_equations(layer, what))


def no_equations(layer: str, what: Words) -> Words:
    """Say that something is not worked out for layer normalisation, and what to do."""
    return Words(
        "{layer} has layer normalisation, for which {what} not worked out: look at its recorded "
        "gates, states and gradient norms, or at a network without normalisation.",
        layer=layer,
        what=what,
    )


def _readings(layer: str) -> Iterator[tuple[str, str]]:
    """Yield how a layer's name may be meant: (path of the module, torch's suffix)."""
    path, _, last = layer.rpartition(".")
    if re.fullmatch(r"l\d+(_reverse)?", last):
        yield path, last
    yield layer, ""
    if layer == "cell":  # a cell that was recorded itself has no path
        yield "", ""


def _array(parameter: nn.Parameter) -> np.ndarray:
    return parameter.detach().cpu().double().numpy()
