"""Check the code without running it: every command has to find nothing.

python tools/lint.py
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = sorted(
    str(path.relative_to(ROOT))
    for folder in ("assets", "tests/js")
    for path in (ROOT / folder).glob("*.js")
)
STYLES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "assets").glob("*.css"))
COMMANDS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("pyrefly", "check", "--python-interpreter-path", sys.executable),
    ("oxlint", "--deny-warnings", *SCRIPTS),
    ("oxfmt", "--check", *SCRIPTS, *STYLES),
    ("python", "tools/long_lines.py", *SCRIPTS, *STYLES),
)


def run(command, **options):
    """Run a command with the programs that are installed beside this Python."""
    program = Path(sys.executable).parent / command[0]
    return subprocess.run([str(program), *command[1:]], cwd=ROOT, **options)


if __name__ == "__main__":
    sys.exit(next((code for each in COMMANDS if (code := run(each).returncode)), None))
