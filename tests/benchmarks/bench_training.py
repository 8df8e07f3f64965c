"""Steps per second in a worker, writing all it does to the store, against the bare torch loop.

    python tests/benchmarks/bench_training.py

Both train the same settings on one thread, in turns and in small parts, so that what else the
machine does meets both. A viewer reads the newest checkpoint five times a second meanwhile.
The bar is 0.9.
"""

import sys
import tempfile
import threading
import time
from statistics import median

import torch
from torch import nn

from rnnviz.engine import Engine
from rnnviz.runs import RunStore
from rnnviz.settings import Settings
from rnnviz.tasks import TASKS

ROUNDS, SECONDS, BAR = 8, 3.0, 0.9


def bare_steps_per_second(settings: Settings) -> float:
    """Time a loop that a torch user would write, with data and loss of the task."""
    torch.manual_seed(0)
    task = TASKS[settings.task](settings.length, settings.seed)
    kind = {"lstm": nn.LSTM, "gru": nn.GRU}[settings.cell]
    rnn = kind(task.inputs, settings.hidden, settings.layers)
    readout = nn.Linear(settings.hidden, task.outputs)
    parameters = [*rnn.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=settings.lr, fused=True)
    steps, end = 0, None
    while end is None or time.perf_counter() < end:
        batch = task.batch(settings.batch, steps + 1)
        loss = task.mean_loss(readout(rnn(batch.inputs)[0]), batch.targets)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, settings.clip)
        optimizer.step()
        steps += 1
        if end is None:  # the first step loads what torch needs
            started, steps, end = time.perf_counter(), 0, time.perf_counter() + SECONDS
    return steps / (time.perf_counter() - started)


def worker_steps_per_second(store: RunStore, run: str) -> float:
    """Time the worker between two moments when the store says how far it is, both while training."""

    def next_flush() -> tuple[int, float]:
        known = store.get(run).step
        while (step := store.get(run).step) == known:
            time.sleep(0.002)
        return step, time.perf_counter()

    store.resume(run, "bench")
    next_flush()
    first, started = next_flush()
    time.sleep(SECONDS)
    last, ended = next_flush()
    store.pause(run, "bench")
    while store.get(run).state != "paused":
        time.sleep(0.01)
    return (last - first) / (ended - started)


def watch(store: RunStore, run: str, done: threading.Event) -> None:
    """Read what a viewer of the run reads."""
    while not done.wait(0.2):
        if store.head(run)[0] == "running":
            store.checkpoint(run)


def ratio(settings: Settings) -> float:
    """Return the worker's share of the bare loop's speed: the median over rounds."""
    with tempfile.TemporaryDirectory() as folder:
        with Engine(f"sqlite:///{folder}/runs.db", workers=1, grace_seconds=1e9) as engine:
            run = engine.store.create(settings, "bench")
            done = threading.Event()
            watcher = threading.Thread(target=watch, args=(engine.store, run, done))
            watcher.start()
            rounds = []
            for _ in range(ROUNDS):
                bare, ours = bare_steps_per_second(settings), 0.0
                ours = worker_steps_per_second(engine.store, run)
                rounds.append(ours / bare)
                print(
                    f"  bare {bare:6.0f} /s   worker {ours:6.0f} /s   {ours / bare:.3f}", flush=True
                )
            done.set()
            watcher.join()
    return median(rounds)


def main() -> int:
    """Print the ratios and return 1 if one is below the bar."""
    torch.set_num_threads(1)
    worst = 1e9
    for settings in (
        Settings(steps=1_000_000),
        Settings(hidden=128, length=100, steps=1_000_000),
        Settings(cell="gru", hidden=16, length=20, batch=16, steps=1_000_000),
    ):
        size = f"{settings.cell} hidden={settings.hidden} length={settings.length}"
        print(f"{size} batch={settings.batch}")
        share = ratio(settings)
        worst = min(worst, share)
        print(f"worker / bare loop: {share:.3f} (bar {BAR})")
    return int(worst < BAR)


if __name__ == "__main__":
    sys.exit(main())
