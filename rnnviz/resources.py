"""Where the files beside the package are: in a checkout, or inside the installed wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).parent
_IN_WHEEL = _PACKAGE / "_app"
# A wheel brings its own copy; only without one is the folder above ours to read.
ROOT = _IN_WHEEL if _IN_WHEEL.is_dir() else _PACKAGE.parent
"""The folder that holds app.py, pages/ and assets/."""


def asset(name: str) -> Path:
    """Return the path of a file in assets/, such as "texts/alice.txt"."""
    return ROOT / "assets" / name


def version() -> str:
    """Return the version: the checkout's own, else that of the installed package."""
    import tomllib
    from importlib import metadata

    if (ROOT / "pyproject.toml").is_file():
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        return str(project["version"])
    return metadata.version("rnnviz")
