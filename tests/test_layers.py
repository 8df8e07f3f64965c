"""Keep the layer table of CONTRIBUTING.md true: who may import what, directly or through others."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCREEN = {"streamlit", "rnnviz.live", "rnnviz.hub", "rnnviz.visitors", "rnnviz.embed", "rnnviz.ui"}
LAYERS = {
    # layer: (its modules and packages in rnnviz, what they must not import)
    "networks": (
        "cells normalized stacking recurrent initialization translation model",
        {"plotly", "pandas", *SCREEN},
    ),
    "recording": (
        "recording recorder trace tracefile rebuilding interventions clamps",
        {"plotly", *SCREEN},
    ),
    "weights": ("torchpickle torchfile weightfile stacks feeding", {"plotly", *SCREEN}),
    "tasks": (
        "settings refusals plan data tasks optimizers stopping training probing",
        {"plotly", *SCREEN},
    ),
    "runs": (
        "schema database data_store postgresql sqlite waiting lineage reader study_reader thinning "
        "studies keeping branching fitting archive archive_reader archiving catalogue runs engine "
        "worker runfile translationfile tensorboard kept_traces watching lightning showing",
        {"plotly", *SCREEN},
    ),
    "analysis": ("analysis", {"plotly", *SCREEN}),
    "comparison": ("findings comparing", {"plotly", *SCREEN}),
    "plots": ("plots", {"torch", *SCREEN}),
    "export": ("export", SCREEN),
    "views": ("views", SCREEN),
    "ground": ("errors resources", {"torch", "numpy", "pandas", "plotly", *SCREEN}),
    "library": ("__init__", SCREEN),
    "command": ("__main__ commands", {"torch", "plotly", "streamlit"}),
    "screen": ("live downloads lectures making hub visitors embed ui", set()),
    "pages": ("", {"torch", "plotly"}),
}
LIBRARY = [name for name in LAYERS if name not in ("command", "screen", "pages")]


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, Path]:
    """All modules of the package."""
    return {module_name(path): path for path in sorted((ROOT / "rnnviz").rglob("*.py"))}


def layer_of(path: Path) -> str | None:
    inside = path.relative_to(ROOT).parts
    if inside[0] == "pages":
        return "pages"
    name = Path(inside[1]).stem
    return next((layer for layer, (members, _) in LAYERS.items() if name in members.split()), None)


def statements(node: ast.AST) -> Iterator[ast.stmt]:
    """All statements, those inside functions too, but for what only a type checker reads."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.stmt):
            yield child
        yield from statements(child)


def imports(path: Path) -> set[str]:
    """The dotted names that a file imports; `from a import b` gives a and a.b."""
    found = set()
    package = module_name(path) if path.name == "__init__.py" else module_name(path.parent / "x")
    package = package.removesuffix(".x")
    for statement in statements(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(statement, ast.Import):
            found |= {alias.name for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - statement.level + 1]
            base = ".".join([*above, statement.module or ""]) if statement.level else ""
            base = base.strip(".") or statement.module or ""
            found |= {base, *(f"{base}.{alias.name}" for alias in statement.names)}
    return found


def reach(path: Path) -> dict[str, str]:
    """All names that a file imports, itself or through modules of rnnviz, with the way there."""
    ways: dict[str, str] = {}
    waiting = [(path, module_name(path))]
    while waiting:
        file, way = waiting.pop()
        for name in imports(file):
            if name in ways:
                continue
            ways[name] = f"{way} -> {name}"
            # rnnviz/__init__.py imports on demand, so what it offers is not what its users load
            if name in modules() and name != "rnnviz":
                waiting.append((modules()[name], ways[name]))
    return ways


def trespasses(path: Path, forbidden: set[str], *, through: bool) -> list[str]:
    names = reach(path) if through else {name: name for name in imports(path)}
    return sorted(
        way
        for name, way in names.items()
        if any(name == root or name.startswith(f"{root}.") for root in forbidden)
    )


FILES = [*modules().values(), *sorted((ROOT / "pages").glob("*.py"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_only_what_its_layer_may(path):
    layer = layer_of(path)
    assert layer is not None, f"{path.name} has no layer: add it to LAYERS and CONTRIBUTING.md"
    _, forbidden = LAYERS[layer]
    assert trespasses(path, forbidden, through=layer in LIBRARY) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import torch.nn", {"torch.nn"}),
        ("from plotly import io", {"plotly", "plotly.io"}),
        ("def f():\n    import streamlit", {"streamlit"}),
        ("from . import gradients", {"rnnviz.plots", "rnnviz.plots.gradients"}),
        ("from ..runs import RunStore", {"rnnviz.runs", "rnnviz.runs.RunStore"}),
        ("if TYPE_CHECKING:\n    import torch", set()),
    ],
)
def test_imports_are_found(source, found, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    file = tmp_path / "rnnviz" / "plots" / "sample.py"
    file.parent.mkdir(parents=True)
    file.write_text(source)
    assert imports(file) == found


def test_an_import_through_another_module_is_found():
    """live.py imports streamlit only inside functions; whoever imports live.py reaches it."""
    ways = reach(ROOT / "app.py")
    assert any(name == "streamlit" or name.startswith("streamlit.") for name in ways)
    assert ways["rnnviz.engine"].startswith("app -> rnnviz.")


def fresh(source: str) -> str:
    """Run a script in a fresh interpreter and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_library_loads_no_streamlit_and_changes_no_default():
    library = [module for module, path in modules().items() if layer_of(path) in LIBRARY]
    script = f"""
import importlib, random, sys
import numpy, plotly.io, torch
def defaults():
    return (torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled(),
            torch.are_deterministic_algorithms_enabled(), torch.get_rng_state().tolist(),
            numpy.random.get_state()[1].tolist(), numpy.geterr(), numpy.get_printoptions(),
            random.getstate(), plotly.io.templates.default)
before = defaults()
for module in {library!r}:
    importlib.import_module(module)
import rnnviz
for name in getattr(rnnviz, "__all__", ()):
    getattr(rnnviz, name)
assert defaults() == before, "importing rnnviz changed a global default"
print("streamlit" in sys.modules)
"""
    assert fresh(script) == "False"


def test_importing_rnnviz_is_light():
    """The command's --help and --version import the package: they must not wait for torch."""
    script = "import sys, rnnviz, rnnviz.__main__; print(*sorted(sys.modules))"
    loaded = set(fresh(script).split())
    assert not loaded & {"torch", "numpy", "pandas", "plotly", "streamlit", "sqlalchemy"}
