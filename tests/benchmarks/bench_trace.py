"""A full trace of an LSTM against one fused forward and backward pass of the same size.

Full: all gates and states and their gradients at every time step, as numpy arrays; no gradients
of the weights, which the pass it is compared with takes, as training does. One torch thread, the
two by turns; the ratio is the median over the turns, which a busy machine disturbs least.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import rnnviz  # noqa: E402

CASES = [(50, 16, 16, 12.0, 200), (200, 32, 128, 2.0, 20)]  # T, B, H, bar, rounds


def seconds(run: Callable[[], None]) -> float:
    start = time.process_time()  # which other processes do not disturb
    run()
    return time.process_time() - start


def measure(steps: int, batch: int, units: int, rounds: int) -> list[tuple[float, float]]:
    """Return the seconds of a fused pass and of a full trace, turn by turn."""
    x = torch.randn(steps, batch, units)
    trained, frozen = nn.LSTM(units, units), nn.LSTM(units, units).requires_grad_(False)

    def fused() -> None:
        trained.zero_grad()
        trained(x)[0].sum().backward()

    def traced() -> None:
        with rnnviz.record(frozen) as trace:
            frozen(x)[0].sum().backward()
        assert trace.gradient("l0", "forget_gate").shape == (steps, batch, units)

    fused(), traced()
    return [(seconds(fused), seconds(traced)) for _ in range(rounds)]


def main() -> int:
    torch.set_num_threads(1)
    missed = 0
    for steps, batch, units, bar, rounds in CASES:
        turns = measure(steps, batch, units, rounds)
        ratio = median(traced / fused for fused, traced in turns)
        fused, traced = (1e3 * median(times) for times in zip(*turns, strict=True))
        missed += ratio > bar
        print(
            f"full trace of an LSTM, T={steps} B={batch} H={units}: {traced:.1f} ms, fused "
            f"forward+backward {fused:.1f} ms: {ratio:.2f}x (bar: {bar:.0f}x)"
        )
    return missed > 0


if __name__ == "__main__":
    sys.exit(main())
