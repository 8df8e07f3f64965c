"""The analyses of gradients: itemized matrix, Jacobians, and the views that are drawn live.

CPU time of one thread, the median over rounds; a busy machine disturbs it least.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import rnnviz  # noqa: E402
from rnnviz import analysis  # noqa: E402
from rnnviz.looks import VIEWS, draw  # noqa: E402
from rnnviz.settings import Settings  # noqa: E402
from rnnviz.store.run_store import RunStore  # noqa: E402
from rnnviz.views import Choice, Gallery  # noqa: E402

ROUNDS = 5
BAR = 1.0
"""Seconds for T=100, H=64: the itemized matrix with B=8, and all steps' singular values."""
GROWTH = 5.0
"""Largest ratio of the time for twice the steps: 4 is the square, and a little for noise."""
LIVE = 0.15
"""Seconds that one message may block the drawing thread."""


def seconds(run: Callable[[], object]) -> float:
    run()
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return median(times)


def recorded(steps: int, batch: int = 8, units: int = 64) -> tuple[nn.Module, rnnviz.Trace]:
    torch.manual_seed(0)
    module = nn.LSTM(8, units)
    with rnnviz.record(module) as trace:
        module(torch.randn(steps, batch, 8))[0].square().sum().backward()
    return module, trace


def main() -> int:
    torch.set_num_threads(1)
    missed = 0

    times = {}
    for steps in (50, 100, 200):
        module, trace = recorded(steps)
        times[steps] = seconds(lambda m=module, t=trace: analysis.itemized_gradients(m, t, "l0"))
    ratio = times[200] / times[100]
    missed += times[100] > BAR or ratio > GROWTH
    print(
        f"itemized matrix of an LSTM, H=64 B=8, a loss at every step: T=50 {times[50]:.2f} s, "
        f"T=100 {times[100]:.2f} s (bar: {BAR:.0f}), T=200 {times[200]:.2f} s, "
        f"{ratio:.1f}x for twice the steps (bar: {GROWTH:.0f}x)"
    )

    module, trace = recorded(100)
    all_of_them = seconds(
        lambda: analysis.singular_values(analysis.jacobians(module, trace, "l0", 0))
    )
    missed += all_of_them > BAR
    print(
        f"Jacobians and singular values of all steps, T=100 H=64 (state 128): {all_of_them:.2f} s "
        f"(bar: {BAR:.0f})"
    )

    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(f"sqlite:///{folder}/runs.sqlite")
        settings = Settings(task="copying", hidden=64, length=80, batch=4)  # 100 steps
        for view in VIEWS:
            if not view.startswith("gradient_"):
                continue
            took = seconds(lambda v=view: draw(Gallery(store), v, None, settings, Choice()))
            missed += took > LIVE
            print(
                f"{view}, T=100 H=64, nothing cached: {1e3 * took:.0f} ms (bar: {1e3 * LIVE:.0f})"
            )
        store.close()
    return missed > 0


if __name__ == "__main__":
    sys.exit(main())
