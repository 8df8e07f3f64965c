"""A callback that watches a training by PyTorch Lightning: ``Trainer(callbacks=[...])``."""

import sys
from importlib import import_module
from typing import Any

from torch import Tensor

from rnnviz.notebook.watch import Watch

LIGHTNING = ("lightning.pytorch", "pytorch_lightning")


class Hooks:
    """The hooks of Lightning between which a watch takes its steps.

    Lightning calls, for each batch: ``on_train_batch_start``, the training step, ``backward``, the
    optimizer's step, ``on_train_batch_end``; a validation runs outside of these.
    """

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.watch: Watch | None = None

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin to watch."""
        self.options.setdefault("name", type(pl_module).__name__)
        self.watch = Watch(pl_module, by_hand=True, **self.options)

    def on_train_batch_start(
        self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int
    ) -> None:
        """Record this step, if its turn has come."""
        if self.watch is not None:
            self.watch.arm()

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Note the loss of this step."""
        if self.watch is None:
            return
        loss = outputs.get("loss") if isinstance(outputs, dict) else outputs
        self.watch.step(loss if isinstance(loss, Tensor | float | int) else float("nan"))

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """End the watch."""
        if self.watch is not None:
            self.watch.close()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """End the watch, and say with which error."""
        if self.watch is not None:
            self.watch.close(exception)


def lightning_watch(every: int = 50, **options: Any) -> Any:
    """Return a callback for a PyTorch Lightning trainer that watches the training of its module.

    Parameters
    ----------
    every : int
        Steps between two traces.
    **options
        ``name`` and ``store``, as `rnnviz.watch` takes them.
    """
    loaded = [name for name in LIGHTNING if name in sys.modules]
    for name in loaded or LIGHTNING:
        try:
            base = import_module(name).Callback
        except ImportError:
            continue
        # made here, so that rnnviz needs no Lightning: its trainer wants one of its own callbacks
        return type("LightningWatch", (Hooks, base), {})(every=every, **options)
    return Hooks(every=every, **options)
