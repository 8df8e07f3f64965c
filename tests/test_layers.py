"""Keep the rooms of CONTRIBUTING.md true: who may import whom, and that there is no way back."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# The direction of imports: a room imports from those before it and from itself. What lies in
# rnnviz/ itself is a room of one file each.
ROOMS = (
    "words errors resources cache fields refusals settings "
    "data tasks networks plan training recording analysis "
    "store engine files plots views looks export "
    "notebook server ui commands __main__"
).split()
# room: what nothing in it reaches, itself or through others
FORBIDDEN = {
    **{room: {"torch", "numpy", "pandas", "plotly", "streamlit"} for room in ("words", "errors")},
    "resources": {"torch", "numpy", "pandas", "plotly", "streamlit"},
    "cache": {"torch", "numpy", "pandas", "plotly", "streamlit"},
    **{
        room: {"plotly", "streamlit"}
        for room in (
            "networks fields refusals settings data tasks plan training recording analysis "
            "store engine files notebook"
        ).split()
    },
    "plots": {"torch", "streamlit"},
    "views": {"streamlit"},
    "looks": {"streamlit"},
    "export": {"streamlit"},
}
# the same for what a file itself imports: what is heavy, or the screen's, comes on demand
DIRECTLY = {
    "networks": {"pandas"},
    "commands": {"torch", "plotly", "streamlit"},
    "__main__": {"torch", "plotly", "streamlit"},
    "pages": {"torch", "plotly"},
}


@cache
def modules() -> dict[str, Path]:
    """All modules of the package."""
    return {module_name(path): path for path in sorted((ROOT / "rnnviz").rglob("*.py"))}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    """The folder below rnnviz/ that a module is in; its own name if there is none."""
    return (module.split(".") + [""])[1]


def statements(node: ast.AST) -> Iterator[ast.stmt]:
    """All statements, those inside functions too, and what only a type checker reads."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        yield from statements(child)


@cache
def imports(path: Path) -> frozenset[str]:
    """The dotted names that a file imports: `from a import b`: a.b, and a unless b is a module.

    Importing a module runs its package's `__init__.py` too, which is a list of names at most:
    members of a room may take each other from it.
    """
    names = set()
    for statement in statements(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(statement, ast.Import):
            names |= {alias.name for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom):
            assert not statement.level, f"{path}: write the whole name of what is imported"
            base = statement.module or ""
            inside = {f"{base}.{alias.name}" for alias in statement.names}
            whole = inside <= set(modules()) and base.split(".")[0] == "rnnviz"
            names |= inside if whole else {base, *inside}
    return frozenset(names)


@cache
def inner(module: str) -> frozenset[str]:
    """The modules of the package that a module imports; `rnnviz` itself gives names on demand."""
    return frozenset(imports(modules()[module]) & set(modules()) - {"rnnviz", module})


def ways(module: str) -> dict[str, str]:
    """All names that a module imports, itself or through others, with the way there."""
    seen: dict[str, str] = {}
    waiting = [(module, module)]
    while waiting:
        via, way = waiting.pop()
        for name in imports(modules()[via]):
            if name not in seen:
                seen[name] = f"{way} -> {name}"
                if name in inner(via):
                    waiting.append((name, seen[name]))
    return seen


def trespasses(names: dict[str, str], forbidden: set[str]) -> list[str]:
    """The ways to what is forbidden."""
    return sorted(way for name, way in names.items() if name.split(".")[0] in forbidden)


def test_every_file_is_in_a_room():
    rooms = {room_of(module) for module in modules()} - {""}
    assert rooms == set(ROOMS), "name the new room in ROOMS and CONTRIBUTING.md"


def test_few_files_lie_outside_the_rooms():
    assert len(list((ROOT / "rnnviz").glob("*.py"))) <= 8


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_imports_back(room):
    allowed = {"", *ROOMS[: ROOMS.index(room) + 1]}
    back = [
        f"{module} -> {name}"
        for module in modules()
        if room_of(module) == room
        for name in inner(module)
        if room_of(name) not in allowed
    ]
    assert back == []


def test_there_is_no_circle():
    try:
        TopologicalSorter({module: inner(module) for module in modules()}).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("room", FORBIDDEN)
def test_a_room_reaches_only_what_it_may(room):
    inside = [module for module in modules() if room_of(module) == room]
    assert [way for module in inside for way in trespasses(ways(module), FORBIDDEN[room])] == []


@pytest.mark.parametrize("room", DIRECTLY)
def test_a_file_itself_imports_only_what_it_may(room):
    inside = [path for module, path in modules().items() if room_of(module) == room]
    for path in sorted((ROOT / "pages").glob("*.py")) if room == "pages" else inside:
        names = {name: f"{path.name} -> {name}" for name in imports(path)}
        assert trespasses(names, DIRECTLY[room]) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import torch.nn", {"torch.nn"}),
        ("from plotly import io", {"plotly", "plotly.io"}),
        ("def f():\n    import streamlit", {"streamlit"}),
        ("from rnnviz.plots import gates", {"rnnviz.plots.gates"}),
        ("from rnnviz.errors import RunError", {"rnnviz.errors", "rnnviz.errors.RunError"}),
        ("if TYPE_CHECKING:\n    import torch", {"torch"}),
    ],
)
def test_imports_are_found(source, found, tmp_path):
    file = tmp_path / "sample.py"
    file.write_text(source)
    assert imports(file) == found


def test_an_import_through_another_module_is_found():
    found = ways("rnnviz.ui.session")
    assert "streamlit" in found and found["sqlalchemy"].startswith("rnnviz.ui.session -> rnnviz.")


def fresh(source: str) -> str:
    """Run a script in a fresh interpreter and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_library_loads_no_streamlit_and_changes_no_default():
    screen = ("server", "ui", "commands", "__main__")
    library = [module for module in modules() if room_of(module) not in screen]
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


def test_networks_load_no_pandas():
    """Reading a data set takes it, on demand, and a task may be one of such a set."""
    inside = [module for module in modules() if room_of(module) == "networks"]
    script = f"import sys, {', '.join(inside)}; print('pandas' in sys.modules)"
    assert fresh(script) == "False"


def test_a_picture_needs_no_training():
    """A server that draws and hands out pictures leaves the training to its workers."""
    training = {"rnnviz.training.trainer", "rnnviz.engine.worker", "rnnviz.engine.compare"}
    for module in ("rnnviz.views", "rnnviz.export.formats", "rnnviz.server.downloads"):
        assert [way for name, way in ways(module).items() if name in training] == []
    loaded = fresh("import sys, rnnviz.server.downloads; print(*sys.modules)").split()
    assert not training & set(loaded)


def test_importing_rnnviz_is_light():
    """The command's --help and --version import the package: they must not wait for torch."""
    script = "import sys, rnnviz, rnnviz.__main__; print(*sorted(sys.modules))"
    loaded = set(fresh(script).split())
    assert not loaded & {"torch", "numpy", "pandas", "plotly", "streamlit", "sqlalchemy"}
