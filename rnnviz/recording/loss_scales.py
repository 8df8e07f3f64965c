"""By what a GradScaler multiplies a loss while it is recorded: gradients are shown without it."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch.amp import GradScaler

_listeners: list[set[float]] = []
_scale = GradScaler.scale


@contextmanager
def loss_scales() -> Iterator[set[float]]:
    """Give the factors that losses are multiplied with while the block runs, as they come."""
    found: set[float] = set()
    if not _listeners:
        GradScaler.scale = _noted  # type: ignore[method-assign]
    _listeners.append(found)
    try:
        yield found
    finally:
        _listeners[:] = [other for other in _listeners if other is not found]
        if not _listeners:
            GradScaler.scale = _scale  # type: ignore[method-assign]


@functools.wraps(_scale)
def _noted(self: GradScaler, outputs: Any) -> Any:
    scaled = _scale(self, outputs)
    if self.is_enabled():
        for found in _listeners:
            found.add(self.get_scale())
    return scaled
