"""A model that leaves rnnviz gives the same answers without it."""

import io
import json
import subprocess
import sys
import zipfile

import pytest
import torch

from rnnviz.errors import RunError
from rnnviz.files.torch_script import model_file, model_script
from rnnviz.networks.model import build, load, save
from rnnviz.settings import Settings
from rnnviz.tasks import task_of
from rnnviz.training.trainer import Trainer

SMALL = Settings(hidden=5, length=6, batch=4, steps=3)
RUN = """
import sys
sys.modules["rnnviz"] = None  # whoever imports it fails
exec(open("model.py").read())
from safetensors.torch import save_file
with torch.no_grad():
    save_file({"y": run(load_file("x.safetensors")["x"]).contiguous()}, "y.safetensors")
"""
TRANSLATE = """
import sys
sys.modules["rnnviz"] = None  # whoever imports it fails
import os
for folder in ("lstm", "gru", "rnn"):
    os.chdir(folder)
    exec(open("model.py").read())
    os.chdir("..")
    print(*[translate(text) for text in sys.argv[1:]], sep="\\n")
"""


@pytest.mark.parametrize(
    "changes",
    [
        {"cell": "lstm", "layers": 2, "dropout": 0.3}, {"cell": "gru"}, {"cell": "rnn"},
        {"cell": "rnn_relu"}, {"cell": "gru", "task": "copying", "embedding": 3},
    ],
)  # fmt: skip
def test_the_script_gives_the_same_answers_where_rnnviz_cannot_be_imported(
    store, tmp_path, changes
):
    from safetensors.torch import load_file, save_file

    settings = SMALL.replace(**changes)
    trainer = Trainer(settings)
    while not trainer.finished:
        trainer.advance()
    run = store.runs.create(settings, "ada")
    store.queue.record(run, [], trainer.checkpoint())
    folder = tmp_path / "model"
    with zipfile.ZipFile(io.BytesIO(model_file(store, run))) as file:
        file.extractall(folder)
    assert json.loads((folder / "settings.json").read_text()) == settings.model_dump()
    x = task_of(settings).batch(4, 1).inputs.contiguous()
    save_file({"x": x}, folder / "x.safetensors")
    subprocess.run([sys.executable, "-I", "-c", RUN], cwd=folder, check=True, timeout=120)
    with torch.no_grad():
        expected, _ = load(settings, store.runs.checkpoint(run).weights).eval()(x)
    torch.testing.assert_close(load_file(folder / "y.safetensors")["y"], expected, rtol=0, atol=0)


@pytest.mark.parametrize(
    "changes",
    [
        {"bidirectional": True, "layers": 2}, {"bidirectional": True, "readout": "last"},
        {"cell": "rnn", "readout": "mean"}, {"readout": "last"},
        {"task": "names", "cell": "gru", "bidirectional": True, "readout": "mean"},
        {"residual": True, "layers": 3}, {"residual": True, "layers": 2, "bidirectional": True},
        {"residual": True, "cell": "rnn_relu", "task": "names", "layers": 2},
    ],
)  # fmt: skip
def test_the_script_knows_how_the_read_out_reads(tmp_path, monkeypatch, changes):
    settings = SMALL.replace(**changes)
    model = build(settings)
    (tmp_path / "weights.safetensors").write_bytes(save(model))
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(model_script(settings), names)
    x = task_of(settings).batch(4, 1).inputs
    with torch.no_grad():
        torch.testing.assert_close(names["run"](x), model.eval()(x)[0], rtol=0, atol=0)


def test_what_torch_has_no_module_for_is_refused(store):
    with pytest.raises(RunError, match="layer normalisation"):
        model_script(SMALL.replace(norm="layer"))
    with pytest.raises(RunError, match="residual connections"):
        model_script(SMALL.replace(task="reversal", residual=True, layers=2))
    with pytest.raises(RunError, match="no checkpoint"):
        model_file(store, store.runs.create(SMALL, "ada"))


def test_a_translator_writes_the_same_where_rnnviz_cannot_be_imported(store, tmp_path):
    from rnnviz.analysis import greedy

    texts = ["3rd of may 1997", "wed, september 30th, 1998", "saturday 03.05.1997"]
    expected = []
    for cell, attention in (("lstm", "dot"), ("gru", "additive"), ("rnn", "none")):
        settings = Settings.for_task("dates", cell=cell, attention=attention, layers=2, hidden=12)
        task, trainer = task_of(settings), Trainer(settings)
        with torch.no_grad():
            for weight in trainer.model.parameters():
                weight *= 3  # so that answers differ from symbol to symbol
        run = store.runs.create(settings, "ada")
        store.queue.record(run, [], trainer.checkpoint())
        with zipfile.ZipFile(io.BytesIO(model_file(store, run))) as file:
            file.extractall(tmp_path / cell)
        for text in texts:
            source = task.read(text).batch.inputs
            classes = greedy(trainer.model, source, task.target_steps)[:, 0].tolist()
            expected.append("".join(task.classes_of(classes)).partition("■")[0])
    done = subprocess.run(
        [sys.executable, "-c", TRANSLATE, *texts],
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == expected
    assert len(set(expected)) > 6 and max(map(len, expected)) > 4
