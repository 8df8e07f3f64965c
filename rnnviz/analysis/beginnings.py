"""From which state does a layer start? From zero, or, as a decoder, from another one's last."""

import numpy as np

from rnnviz.recording.trace import Trace

READS, WRITES = "encoder", "decoder"
"""Paths of the two recurrent modules of `rnnviz.networks.translator.Translator`."""


def state_before(trace: Trace, layer: str, signal: str) -> np.ndarray | None:
    """Return a state as it was before a layer's first step, (batch, unit); None if it was zero.

    The decoder of a translation begins with the last state of the encoder's layer of the same
    number: that after the last symbol of each source, before its padding.

    Parameters
    ----------
    trace : Trace
        Of a network with layers of both names, recorded in one call.
    layer : str
        One of `trace.layers`.
    signal : str
        A state of the layer.
    """
    path, _, suffix = layer.rpartition(".")
    source = f"{path.removesuffix(WRITES)}{READS}.{suffix}"
    if not path.endswith(WRITES) or source not in trace.layers:
        return None
    values = trace.value(source, signal)
    ran = ~np.isnan(values[:, :, 0])
    last = len(ran) - 1 - ran[::-1].argmax(0)
    found: np.ndarray = values[last, np.arange(values.shape[1])]
    return found
