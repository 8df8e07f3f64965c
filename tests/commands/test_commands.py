"""The commands without a screen: what they write, what they say, and how they end."""

import io
import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from pypdf import PdfReader

from rnnviz.__main__ import main
from rnnviz.commands.progress import ProgressBar
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.training.training import train

SMALL = {"hidden": 4, "length": 8, "batch": 4, "steps": 30}


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """A store with one trained run in it, called `first`."""
    folder = tmp_path_factory.mktemp("commands")
    (folder / "settings.json").write_text(json.dumps(SMALL))
    url = f"sqlite:///{folder / 'runs.db'}"
    assert main(["train", str(folder / "settings.json"), "--name", "first", "--store", url]) == 0
    return url


def told(capsys, *arguments):
    """Run a command that works; return what it says as JSON."""
    assert main([*arguments, "--json"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return json.loads(said.out)


def refused(capsys, status, *arguments):
    """Run a command that does not work; return the sentence."""
    try:
        ended = main(list(arguments))
    except SystemExit as error:  # argparse
        ended = error.code
    said = capsys.readouterr()
    assert ended == status and said.out == ""
    assert said.err.startswith("rnnviz") and said.err.count("\n") == 1
    return said.err


def test_train_gives_the_same_numbers_as_the_library(url, capsys):
    capsys.readouterr()
    (run,) = told(capsys, "runs", "--store", url)
    assert (run["name"], run["state"], run["step"]) == ("first", "finished", 30)
    last = list(train(Settings(**SMALL)))[-1]
    assert run["loss"] == last.loss and run["validation_loss"] == last.validation_loss


def test_runs_are_listed_in_columns(url, capsys):
    assert main(["runs", "--store", url]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["run", "name", "task", "cell", "step", "state", "loss"]
    assert "first" in row and "30/30" in row and "finished" in row


def test_a_figure_is_a_file(url, capsys, tmp_path):
    out = tmp_path / "gates.csv"
    said = told(capsys, "--store", url, "figure", "first", "gates", "--out", str(out),
                "--choose", "signal=cell_state")  # fmt: skip
    assert said["step"] == 30 and Path(said["file"]).stat().st_size == said["bytes"]
    table = pd.read_csv(out)
    assert list(table.columns) == ["time step t", "unit", "Cell state ct"] and len(table) == 32
    out = tmp_path / "gates.pdf"
    arguments = ["--step", "0", "--preset", "column", "--theme", "print"]
    assert main(["figure", "newest", "gates", "--out", str(out), "--store", url, *arguments]) == 0
    assert "gates at step 0" in capsys.readouterr().out
    (page,) = PdfReader(out).pages
    size = (float(page.mediabox.width), float(page.mediabox.height))
    assert size == pytest.approx((252, 189), abs=0.5)
    assert not list(tmp_path.glob("*.part"))


def test_a_figure_moves(url, capsys, tmp_path):
    out = tmp_path / "gates.html"
    said = told(capsys, "figure", "first", "gates", "--out", str(out), "--over", "time",
                "--store", url)  # fmt: skip
    assert said["frames"] == 8 and "application/json" in out.read_text()
    arguments = ["figure", "first", "gates", "--over", "time", "--store", url]
    assert "take .html, gif, mp4" in refused(capsys, 2, *arguments, "--out", "gates.pdf")


def test_a_bundle_is_a_zip(url, capsys, tmp_path):
    out = tmp_path / "lecture.zip"
    said = told(capsys, "bundle", "first", "--out", str(out), "--store", url,
                "--figures", "loss,gates", "--formats", "csv,py")  # fmt: skip
    assert said["figures"] == {"loss": ["csv", "py"], "gates": ["csv", "py"]}
    with zipfile.ZipFile(out) as file:
        assert {"figures/loss.csv", "figures/gates.py", "README.md"} <= set(file.namelist())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["figure", "nobody", "gates", "--out", "x.png"], "There is no run 'nobody'"),
        (["figure", "first", "nonsense", "--out", "x.png"], "no view called"),
        (["figure", "first", "gate", "--out", "x.png"], "'gate': did you mean gates?"),
        (["figure", "first", "gates", "--out", "x.png", "--theme", "Prnt"], "did you mean print?"),
        (["figure", "first", "gates", "--out", "x.bmp"], "does not end in a format"),
        (["figure", "first", "gates", "--out", "x.png", "--theme", "blue"], "take light, dark"),
        (["figure", "first", "gates", "--out", "x.png", "--choose", "layer"], "is no choice"),
        (["figure", "first", "gates", "--out", "x.png", "--step", "-1"], "not a training step"),
        (["figure", "first", "gates"], "--out"),
        (["bundle", "first", "--out", "x.zip", "--figures", "status"], "no view of one run"),
        (["bundle", "first", "--out", "x.zip", "--formats", "bmp"], "no format"),
        (["train", "/nowhere/settings.json"], "cannot be read"),
        (["runs", "--limit", "0"], "not a whole number"),
        (["nonsense"], "nonsense"),
    ],
)
def test_what_makes_no_sense_ends_with_2(url, capsys, arguments, says):
    store = ["--store", url] if "nonsense" not in arguments[0] else []
    assert says in refused(capsys, 2, *arguments, *store)


def test_settings_that_make_no_sense_end_with_2(url, capsys, tmp_path):
    for text, says in (("[1]", "JSON object"), ('{"hidden": 0}', "hidden"), ("\xff", "JSON")):
        path = tmp_path / "settings.json"
        path.write_text(text)
        assert says in refused(capsys, 2, "train", str(path), "--store", url)
    assert "runs.sqlite" in refused(capsys, 2, "runs", "--store", "runs.sqlite")


def test_what_fails_ends_with_1(url, capsys, tmp_path, monkeypatch):
    arguments = ["figure", "first", "gates", "--store", url]
    out = str(tmp_path / "no" / "gates.csv")
    assert "cannot be written" in refused(capsys, 1, *arguments, "--out", out)
    monkeypatch.setenv("BROWSER_PATH", "/nowhere/chromium")
    out = str(tmp_path / "gates.png")
    assert "need a Chromium" in refused(capsys, 1, *arguments, "--out", out)
    path = tmp_path / "wild.json"
    wild = {"length": 20, "lr": 10.0, "optimizer": "sgd", "clip": 0.0, "steps": 1000}
    path.write_text(json.dumps(SMALL | wild))
    assert main(["train", str(path), "--store", url]) == 1
    assert "became" in capsys.readouterr().err


def test_a_run_that_another_worker_takes_is_watched_to_its_end(url, monkeypatch):
    """A server on the same store may be faster: the run is its own then, and no other is taken."""
    store = RunStore(url)
    waiting = store.runs.create(Settings(**SMALL), "visitor")
    store.orders.resume(waiting, "visitor")
    mine = store.runs.create(Settings(**SMALL), "library")
    store.orders.resume(mine, "library")
    assert store.queue.claim("me", run=mine).id == mine
    assert store.queue.claim("me", run=mine) is None
    assert store.runs.get(waiting).state == "queued"
    store.bin.delete(waiting, "visitor")
    store.bin.delete(mine, "library")
    store.close()


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_a_bar_on_a_terminal_and_lines_in_a_file():
    terminal, file, silent = Terminal(), io.StringIO(), io.StringIO()
    for out, quiet in ((terminal, True), (file, False), (silent, True)):
        bar = ProgressBar("train", 40, quiet=quiet, out=out)
        for step in range(41):
            bar(step, "loss 0.1")
        bar.close()
    assert "\rtrain 40/40" in terminal.getvalue() and terminal.getvalue().endswith("\n")
    assert terminal.getvalue().rstrip().endswith("00:00 left, loss 0.1")
    assert file.getvalue().splitlines()[-1] == "train 40/40  loss 0.1"
    assert len(file.getvalue().splitlines()) == 10
    assert silent.getvalue() == ""
