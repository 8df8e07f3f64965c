"""Every script in examples/ runs as it stands and says something."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_the_example_runs(script, tmp_path):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert not done.stderr


def test_the_notebook_runs_from_its_first_cell_to_its_last(tmp_path):
    notebook = nbformat.read(ROOT / "examples" / "own_model.ipynb", as_version=4)
    nbformat.validate(notebook)
    cells = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(cells) > 5 and any("rnnviz.record" in cell for cell in cells)
    script = tmp_path / "notebook.py"
    script.write_text("\n\n".join(cells) + "\nprint(rnnviz.Trace.load(path))\n")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "l0: LSTM, 16 units, 50 steps" in done.stdout


def test_there_are_examples():
    assert len(SCRIPTS) >= 6
