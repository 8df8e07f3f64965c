"""TensorBoard itself reads the event files of a run, which tensorboardX writes."""

import io
import json
import subprocess
import sys
import threading
import zipfile

import numpy as np
import pytest

from rnnviz.engine.worker import Session
from rnnviz.files.tensorboard import event_file, event_files
from rnnviz.networks.model import read_tensors
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.training.optimizers import rate_factor

SETTINGS = Settings(hidden=4, length=5, batch=4, steps=110, schedule="cosine", warmup=10)
READ = """
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
names = ("min", "max", "num", "sum", "sum_squares", "bucket_limit", "bucket")
told = lambda value: {
    name: list(each) if name.startswith("bucket") else each
    for name in names for each in [getattr(value, name)]
}
found = {}
for folder in sys.argv[1:]:
    events = EventAccumulator(folder, size_guidance={"scalars": 0, "histograms": 0})
    events.Reload()
    tags = events.Tags()
    found[folder] = {
        "scalars": {
            tag: [(each.wall_time, each.step, each.value) for each in events.Scalars(tag)]
            for tag in tags["scalars"]
        },
        "histograms": {
            tag: [(each.wall_time, each.step, told(each.histogram_value))
                  for each in events.Histograms(tag)]
            for tag in tags["histograms"]
        },
    }
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = RunStore(f"sqlite:///{tmp_path_factory.mktemp('board')}/runs.db")
    run = store.runs.create(SETTINGS, "ada", 'first / <b> "one"')
    store.orders.resume(run, "ada")
    Session(store, store.queue.claim("w"), threading.Event()).work()
    store.runs.duplicate(run, "ada")
    yield store
    store.close()


@pytest.fixture(scope="module")
def read(store, tmp_path_factory):
    """What TensorBoard's own reader finds, by the name of the run's folder."""
    folder = tmp_path_factory.mktemp("logs")
    with zipfile.ZipFile(
        io.BytesIO(event_files(store, [run.id for run in store.runs.list()]))
    ) as file:
        file.extractall(folder)
    folders = sorted(folder.iterdir())
    done = subprocess.run([sys.executable, "-c", READ, *folders], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {key.rsplit("/", 1)[1]: found for key, found in json.loads(done.stdout).items()}


def trained(store):
    return next(run for run in store.runs.list() if run.step)


def test_scalars_have_the_steps_values_and_times_of_the_run(store, read):
    run = trained(store)
    frame = store.runs.metrics(run.id)
    (found,) = [each["scalars"] for each in read.values() if each["scalars"]]
    assert set(found) == {
        "loss/training", "loss/validation", "metric/training", "metric/validation",
        "gradient norm", "learning rate",
    }  # fmt: skip
    for tag, column in (("loss/training", "loss"), ("metric/validation", "validation_metric")):
        there = frame[frame[column].notna()]
        wall, steps, values = zip(*found[tag], strict=True)
        assert list(steps) == there["step"].tolist()
        np.testing.assert_allclose(values, there[column], rtol=1e-6)
        np.testing.assert_allclose(wall, run.created + there["seconds"], rtol=0, atol=1e-6)
    assert [step for _, step, _ in found["loss/validation"]] == [50, 100, 110]
    rates = [0.003 * rate_factor(SETTINGS, step) for step in range(1, 111)]
    np.testing.assert_allclose([each[2] for each in found["learning rate"]], rates, rtol=1e-6)


def test_histograms_count_the_weights_of_the_kept_checkpoints(store, read):
    run = trained(store)
    (found,) = [each["histograms"] for each in read.values() if each["histograms"]]
    kept = list(store.runs.checkpoint_steps(run.id))
    newest = read_tensors(store.runs.checkpoint(run.id).weights)
    assert set(found) == {f"weights/{name}" for name in newest}
    for name, tensor in newest.items():
        assert [step for _, step, _ in found[f"weights/{name}"]] == kept
        _, _, last = found[f"weights/{name}"][-1]
        values = tensor.double().numpy()
        assert last["num"] == sum(last["bucket"]) == values.size
        told = [last[key] for key in ("min", "max", "sum", "sum_squares")]
        expected = [values.min(), values.max(), values.sum(), (values**2).sum()]
        np.testing.assert_allclose(told, expected, rtol=1e-12)
        assert last["bucket_limit"][-1] > last["bucket_limit"][0] == pytest.approx(values.min())
        assert last["bucket_limit"][-1] >= values.max() - 1e-12


def test_each_run_has_a_folder_that_any_disk_can_have(store, read):
    assert len(read) == 2 and all(name.startswith("first _ _b_ _one_") for name in read)


def test_a_run_without_a_step_is_an_empty_log(store, read):
    run = next(run for run in store.runs.list() if not run.step)
    assert sum(not each["scalars"] and not each["histograms"] for each in read.values()) == 1
    assert len(event_file(store, run.id)) < 100
