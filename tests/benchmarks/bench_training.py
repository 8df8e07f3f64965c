"""Steps per second in a worker, writing all it does to the store, against the bare torch loop.

    python tests/benchmarks/bench_training.py

Both train the same settings on one thread each, at the same time, so that whatever else the
machine does meets both; a viewer reads the newest checkpoint five times a second meanwhile.
"""

import multiprocessing
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from statistics import median

import torch
from torch import nn

from rnnviz.engine.supervisor import Engine
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.tasks import TASKS

ROUNDS, SECONDS, BAR = 5, 4.0, 0.9
SETTINGS = (
    Settings(steps=1_000_000),
    Settings(hidden=128, length=100, steps=1_000_000),
    Settings(cell="gru", hidden=16, length=20, batch=16, steps=1_000_000),
)


def bare_loop(settings: Settings, seconds: float) -> float:
    """Return the steps per second of a loop as one writes it with torch, on the task's data."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    task = TASKS[settings.task](settings.length, settings.seed)
    kind = {"lstm": nn.LSTM, "gru": nn.GRU}[settings.cell]
    rnn = kind(task.inputs, settings.hidden, settings.layers)
    readout = nn.Linear(settings.hidden, task.outputs)
    parameters = [*rnn.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=settings.lr, fused=True)
    steps, started = 0, time.perf_counter()
    while time.perf_counter() < started + seconds:
        steps += 1
        batch = task.batch(settings.batch, steps)
        loss = task.mean_loss(readout(rnn(batch.inputs)[0]), batch.targets)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, settings.clip)
        optimizer.step()
    return steps / (time.perf_counter() - started)


def next_flush(store: RunStore, run: str) -> tuple[int, float]:
    """Return how far the run is, and the time, when the worker has just written."""
    known = store.runs.get(run).step
    while (step := store.runs.get(run).step) == known:
        time.sleep(0.002)
    return step, time.perf_counter()


def watch(store: RunStore, run: str, done: threading.Event) -> None:
    """Read what a viewer of the run reads."""
    while not done.wait(0.2):
        store.runs.head(run)
        store.runs.checkpoint(run)


def measure(settings: Settings, bare: ProcessPoolExecutor) -> float:
    """Return the worker's share of the bare loop's speed: the median over rounds."""
    shares, done = [], threading.Event()
    with (
        tempfile.TemporaryDirectory() as folder,
        Engine(f"sqlite:///{folder}/runs.db", workers=1, grace_seconds=1e9) as engine,
    ):
        store = engine.store
        run = store.runs.create(settings, "bench")
        store.orders.resume(run, "bench")
        next_flush(store, run)
        viewer = threading.Thread(target=watch, args=(store, run, done))
        viewer.start()
        for _ in range(ROUNDS):
            first, started = next_flush(store, run)
            theirs = bare.submit(bare_loop, settings, SECONDS).result()
            last, ended = next_flush(store, run)
            ours = (last - first) / (ended - started)
            shares.append(ours / theirs)
            print(f"  bare {theirs:5.0f}/s   worker {ours:5.0f}/s   {shares[-1]:.3f}", flush=True)
        done.set()
        viewer.join()
    return median(shares)


def main() -> int:
    """Print the ratios and return 1 if one is below the bar."""
    worst = float("inf")
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as bare:
        bare.submit(bare_loop, SETTINGS[0], 0.1).result()  # load what torch needs
        for settings in SETTINGS:
            size = f"hidden={settings.hidden} length={settings.length} batch={settings.batch}"
            print(f"{settings.cell} {size}", flush=True)
            share = measure(settings, bare)
            worst = min(worst, share)
            print(f"worker / bare loop: {share:.3f} (bar {BAR})", flush=True)
    return int(worst < BAR)


if __name__ == "__main__":
    sys.exit(main())
