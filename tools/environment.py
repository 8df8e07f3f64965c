"""Make the virtual environment that the Makefile's commands use, and refuse a CUDA build unasked.

python tools/environment.py .venv requirements.txt [--cuda]

Only the standard library, and syntax that an old Python reads: it runs before anything is there.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
CUDA_PREFIXES = ("nvidia-", "cuda-", "triton")
REFUSAL = (
    "On this machine the package index would install PyTorch's CUDA build ({count} extra packages, "
    "several gigabytes): install PyTorch's CPU build into {venv} first, as PyTorch's installation "
    "page says, or run `make run CUDA=1` to take the CUDA build."
)


def cuda_packages(report):
    """List the CUDA packages that a pip report (`pip install --dry-run --report`) would install."""
    names = [item["metadata"]["name"].lower() for item in report.get("install", [])]
    return sorted(name for name in names if name.startswith(CUDA_PREFIXES))


def torch_requirement(files):
    """Find the line that pins torch, the one package that may bring CUDA along."""
    for file in files:
        for line in Path(file).read_text(encoding="utf-8").splitlines():
            if line.startswith("torch=="):
                return line.strip()
    raise SystemExit(
        "No line of %s pins torch: add one, torch==VERSION." % " or ".join(map(str, files))
    )


def dry_run(python, requirement):
    """Ask pip what it would install; installs nothing."""
    command = [python, "-m", "pip", "install", "--dry-run", "--quiet", "--report", "-", requirement]
    answer = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if answer.returncode:
        raise SystemExit("pip found no %s for this Python and machine." % requirement)
    return json.loads(answer.stdout)


def has_pip(python):
    """Say whether there is an environment with pip; without Debian's python3-venv half of one."""
    ask = [str(python), "-m", "pip", "--version"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return python.exists() and not subprocess.run(ask, check=False, **quiet).returncode


def main(arguments=None):
    """Create the environment if there is none, then install the requirement files into it."""
    parser = argparse.ArgumentParser(description="Make rnnviz's virtual environment.")
    parser.add_argument("venv")
    parser.add_argument("requirements", nargs="+")
    parser.add_argument("--cuda", action="store_true", help="take a CUDA build of PyTorch")
    options = parser.parse_args(arguments)
    if sys.version_info < OLDEST:
        raise SystemExit(
            "rnnviz needs Python 3.11 or newer and this is %d.%d: name another one, "
            "`make run PYTHON=python3.11`." % sys.version_info[:2]
        )
    venv = Path(options.venv)
    python = venv / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not has_pip(python):
        if subprocess.run([sys.executable, "-m", "venv", str(venv)], check=False).returncode:
            raise SystemExit("Python's venv is missing (Debian: apt-get install python3-venv).")
    if not options.cuda:
        unasked = cuda_packages(dry_run(str(python), torch_requirement(options.requirements)))
        if unasked:
            raise SystemExit(REFUSAL.format(count=len(unasked), venv=venv))
    files = [part for file in options.requirements for part in ("-r", file)]
    print("Installing what rnnviz needs into %s: this takes a minute or two." % venv, flush=True)
    install = [str(python), "-m", "pip", "install", "--quiet", *files]
    return subprocess.run(install, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
