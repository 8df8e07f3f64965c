"""What the comparison is for: on long dependencies the plain RNN stays at its baseline.

Trains RNN, LSTM and GRU on copying memory (delay 30, hidden 64) and on the adding problem (length
50, hidden 64), 5 seeds each, and prints how many of them left the baseline, and the time it took.
"""

import sys
import time

import rnnviz

CELLS, SEEDS = ("rnn", "lstm", "gru"), 5
LEFT = 0.5
"""A run has left the baseline if its last validation loss is below this share of it."""
STAYED = 0.9
"""And stayed there if it is above this one."""
CASES = {
    "copying memory, delay 30": rnnviz.Settings.for_task(
        "copying", length=30, hidden=64, steps=1000
    ),
    "adding problem, length 50": rnnviz.Settings.for_task(
        "adding", length=50, hidden=64, steps=1000, lr=0.005
    ),
}


def main() -> int:
    good = True
    for name, settings in CASES.items():
        begun = time.perf_counter()
        found = rnnviz.compare(settings, CELLS, SEEDS, success=LEFT)
        took = time.perf_counter() - begun
        print(f"{name}: {settings.steps} steps, learning rate {settings.lr:g}, {took:.0f} s")
        for cell, runs in found.runs.groupby("cell", sort=False):
            share = runs["loss"] / runs["baseline"]
            left, stayed = int((share < LEFT).sum()), int((share > STAYED).sum())
            met = stayed == SEEDS if cell == "rnn" else left == SEEDS
            good &= met
            shares = ", ".join(f"{each:.3f}" for each in sorted(share))
            print(f"  {cell:5} left the baseline in {left} of {SEEDS} seeds, stayed in {stayed}; "
                  f"loss / baseline {shares}   {'ok' if met else 'MISSED'}")  # fmt: skip
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
