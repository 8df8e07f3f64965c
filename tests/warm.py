"""Processes that are forked from one which has imported torch: they start in no time."""

import multiprocessing
import os
import runpy
import sys
import types
import warnings
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

PRELOADED = ["rnnviz.engine.worker", "rnnviz.engine.compare", "rnnviz.plots", "torch._dynamo"]


def forking(monkeypatch: pytest.MonkeyPatch) -> ForkServerContext:
    """Return what starts such processes; the first one waits for the imports."""
    # Streamlit's AppTest leaves its script as the main module, which children would run.
    monkeypatch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


@dataclass
class Done:
    """How a script ended and what it said."""

    status: int | None
    output: str
    errors: str


def run_script(monkeypatch: pytest.MonkeyPatch, script: Path, folder: Path) -> Done:
    """Run a script as `python -W error` does in a folder, where files with its words are left."""
    process = forking(monkeypatch).Process(target=_run, args=(script, folder))
    process.start()
    process.join()
    said = ((folder / name).read_text() for name in ("output", "errors"))
    return Done(process.exitcode, *said)


def _run(script: Path, folder: Path) -> None:
    os.chdir(folder)
    for number, name in ((1, "output"), (2, "errors")):
        with open(name, "wb") as file:
            os.dup2(file.fileno(), number)
    warnings.simplefilter("error")
    sys.argv = [str(script)]
    runpy.run_path(str(script), run_name="__main__")
