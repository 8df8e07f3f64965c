"""What the README shows works, and what it points to is there."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]


def test_the_python_in_the_readme_runs():
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert len(blocks) == 3
    script = "\n".join(blocks)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 21


def test_the_files_that_the_documents_name_exist():
    for document in DOCUMENTS:
        text = document.read_text()
        named = set(re.findall(r"\]\(([\w/.]+)\)", text))
        named |= set(re.findall(r"`((?:\w+/)*\w+\.(?:py|md|txt|toml))`", text))
        places = [ROOT, ROOT / "rnnviz", *(ROOT / "rnnviz").iterdir()]
        missing = [name for name in named if not any((place / name).exists() for place in places)]
        assert missing == [], document.name


def test_the_readme_names_the_commands_options():
    text = (ROOT / "README.md").read_text()
    usage = next(line for line in text.splitlines() if line.startswith("    rnnviz "))
    help_text = subprocess.run(
        [sys.executable, "-m", "rnnviz", "--help"], cwd=ROOT, capture_output=True, text=True
    ).stdout
    options = {word.strip("[]") for word in shlex.split(usage) if "--" in word}
    assert options == set(re.findall(r"^  (--[\w-]+)", help_text, re.MULTILINE)) - {"--version"}


def test_ci_and_the_readme_run_the_same_command():
    assert "make test" in (ROOT / "README.md").read_text()
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith("exec make test")
