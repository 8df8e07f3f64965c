"""A store of 1,000 runs with 2,000 metrics rows each: the list of runs, and a worker's writes.

Prints, each beside its bar: seconds from opening the store to the whole list of runs, and by how
much a worker's write (16 rows) is slower there than in an empty store, alone and while a
visitor's page asks for the list every two seconds.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from sqlalchemy import insert  # noqa: E402

from rnnviz.settings import VALIDATE_EVERY, Settings  # noqa: E402
from rnnviz.store.run_store import RunStore  # noqa: E402
from rnnviz.store.schema import metrics  # noqa: E402

OWNER = "ada"
LISTING = """
import sys, time
from rnnviz.store.run_store import RunStore
store = RunStore(sys.argv[1])
while True:
    store.runs.entries("ada")
    print(flush=True)
    time.sleep(2)
"""


def row(run: str, step: int) -> dict[str, object]:
    checked = step % VALIDATE_EVERY == 0
    return {
        "run": run, "step": step, "loss": 1 / step, "metric": 0.5, "gradient_norm": 1.0,
        "lr": 0.003, "validation_loss": 1.1 / step if checked else None,
        "validation_metric": 100 - 100 / step if checked else None, "seconds": step / 100,
    }  # fmt: skip


def fill(store: RunStore, count: int, steps: int) -> None:
    """Add runs that look as if they had been trained."""
    for place in range(count):
        run = store.runs.create(Settings(seed=place, steps=steps), OWNER, f"run {place}")
        rows = [row(run, step) for step in range(1, steps + 1)]
        with store._database.write() as connection:
            connection.execute(insert(metrics), rows)
        store.queue.record(run, [{key: each for key, each in rows[-1].items() if key != "run"}])


def writes(store: RunStore, count: int) -> float:
    """Return the median seconds of a worker's write into a run of its own."""
    run = store.runs.create(Settings(steps=100_000), "worker")
    took = []
    for place in range(count):
        rows = [row(run, 16 * place + step) for step in range(1, 17)]
        for each in rows:
            del each["run"]
        begun = time.perf_counter()
        store.queue.record(run, rows)
        took.append(time.perf_counter() - begun)
        time.sleep(0.005)
    return statistics.median(took)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=2000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        empty = RunStore(f"sqlite:///{folder}/empty.db")
        full_url = f"sqlite:///{folder}/full.db"
        full = RunStore(full_url)
        fill(full, options.runs, options.steps)
        full.close()
        begun = time.perf_counter()
        full = RunStore(full_url)
        listed = full.runs.entries(OWNER)
        opened = time.perf_counter() - begun
        assert len(listed) == options.runs and all(len(entry.curve) == 24 for entry in listed)
        # in turns, so that what else the machine does falls on both
        pairs = [(writes(empty, 60), writes(full, 60)) for _ in range(8)]
        alone = statistics.median(after / before for before, after in pairs) - 1
        reader = subprocess.Popen(
            [sys.executable, "-c", LISTING, full_url], stdout=subprocess.PIPE,
            cwd=Path(__file__).resolve().parents[2],
        )  # fmt: skip
        try:
            assert reader.stdout is not None
            reader.stdout.readline()
            pairs = [(writes(empty, 60), writes(full, 60)) for _ in range(8)]
        finally:
            reader.kill()
            reader.wait()
        watched = statistics.median(after / before for before, after in pairs) - 1
        empty.close()
        full.close()
    good = True
    for name, value, bar, unit in (
        ("list of all runs", opened, 1.0, " s"),
        ("a write beside them is slower by", 100 * alone, 10.0, " %"),
        ("the same, with a page that lists", 100 * watched, 10.0, " %"),
    ):
        good &= value < bar
        print(f"{name:34} {value:8.2f}{unit} (bar {bar:g})  {'ok' if value < bar else 'MISSED'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
