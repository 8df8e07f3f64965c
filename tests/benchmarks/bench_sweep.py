"""A sweep of 100 small runs, as a script asks for it: on one worker, then on two.

Prints seconds, runs a second and the speed-up beside its bar; starting the workers counts.
"""

import os
import sys
import time

import rnnviz
from rnnviz.settings import Settings

BAR = 1.7
SETTINGS = Settings(hidden=16, batch=16, steps=150)
VARY = {"length": (10, 20, 30, 40, 50), "forget_bias": (0.0, 0.5, 1.0, 2.0, 3.0)}


def seconds(workers: int) -> float:
    """Return how long the sweep takes, and check that it is whole."""
    begun = time.perf_counter()
    table = rnnviz.sweep(SETTINGS, VARY, cells=("lstm", "gru"), seeds=2, workers=workers)
    took = time.perf_counter() - begun
    assert len(table) == 100 and table["done"].all()
    inside = table["seconds"].sum()
    print(f"{workers} worker{'s' * (workers > 1)}: {took:6.1f} s, {100 / took:5.2f} runs a second, "
          f"{inside / workers / took:.0%} of it in training")  # fmt: skip
    return took


def main() -> int:
    one, two = seconds(1), seconds(2)
    met = one / two >= BAR or (os.cpu_count() or 1) < 2
    print(f"two workers against one: {one / two:.2f} (bar {BAR})   {'ok' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
