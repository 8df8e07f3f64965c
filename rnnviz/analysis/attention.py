"""Where does each symbol of a translation look? The attention's shares, as they are used."""

from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from rnnviz.errors import TraceError
from rnnviz.networks.translator import Translator


@torch.no_grad()
def attention(model: Translator, inputs: Tensor, sample: int = 0) -> pd.DataFrame:
    """Return the attention's share of every step of the source, for every symbol of the target.

    Parameters
    ----------
    model : Translator
        In eval mode.
    inputs : (time, batch) int64
        Sequences as `TranslationTask` lays them out.
    sample : int
        Which of them.

    Returns
    -------
    DataFrame
        Index `target`, columns `source`: the steps of each, from 0; a row sums to 1, and is 0 at
        the padding.

    Raises
    ------
    TraceError
        If the network has no attention.
    """
    if model.attention is None:
        raise TraceError(
            "This network has no attention: its decoder knows the source by its first state alone."
        )
    found: list[Tensor] = []

    def note(module: nn.Module, args: Any, shares: Tensor) -> None:
        found.append(shares)

    handle = model.attention.weights.register_forward_hook(note)
    try:
        model(inputs)
    finally:
        handle.remove()
    shares = np.concatenate([each[sample].double().cpu().numpy() for each in found])
    return pd.DataFrame(
        shares,
        index=pd.RangeIndex(len(shares), name="target"),
        columns=pd.RangeIndex(shares.shape[1], name="source"),
    )
