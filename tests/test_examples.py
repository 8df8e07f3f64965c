"""Every script in examples/ runs as it stands and says something."""

from pathlib import Path

import nbformat
import pytest

from tests.warm import run_script

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_the_example_runs(script, tmp_path, monkeypatch):
    done = run_script(monkeypatch, script, tmp_path)
    assert done.status == 0, done.errors
    assert done.output.strip()
    assert not done.errors


def test_the_notebook_runs_from_its_first_cell_to_its_last(tmp_path, monkeypatch):
    notebook = nbformat.read(ROOT / "examples" / "own_model.ipynb", as_version=4)
    nbformat.validate(notebook)
    cells = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(cells) > 5 and any("rnnviz.record" in cell for cell in cells)
    script = tmp_path / "notebook.py"
    script.write_text("\n\n".join(cells) + "\nprint(rnnviz.Trace.load(path))\n")
    done = run_script(monkeypatch, script, tmp_path)
    assert done.status == 0, done.errors
    assert "l0: LSTM, 16 units, 50 steps" in done.output


def test_there_are_examples():
    assert len(SCRIPTS) >= 6
