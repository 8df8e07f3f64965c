"""A built wheel, installed alone in a fresh environment, serves the same app as the checkout."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def run(*command: object, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from the checkout by the installed build backend: no network."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ("-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--quiet")
    run(sys.executable, *build, "--wheel-dir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("rnnviz-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The folder of a fresh environment's programs; it holds the wheel alone.

    The packages that rnnviz needs are lent to it from the tests' own environment. A path in a .pth
    file comes after the environment's own packages, and does not bring that path's .pth files
    along, so no copy of rnnviz but the wheel's is in reach.
    """
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    python = folder / "bin" / "python"
    into = ("-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet")
    run(sys.executable, *into, wheel, cwd=folder)
    packages = run(
        python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder
    )
    lent = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    (Path(packages.strip()) / "lent.pth").write_text("\n".join(lent))
    return folder / "bin"


def tracked(*folders: str) -> set[str]:
    """The files of these folders that belong to the app."""
    files = {path for name in folders for path in (ROOT / name).rglob("*") if path.is_file()}
    kept = {path for path in files if "__pycache__" not in path.parts}
    return {path.relative_to(ROOT).as_posix() for path in kept}


def test_the_wheel_holds_the_package_and_the_screen_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    screen = tracked("pages", "assets") | {"app.py", ".streamlit/config.toml"}
    assert names == tracked("rnnviz") | {f"rnnviz/_app/{name}" for name in screen}
    assert wheel.stat().st_size < 5_000_000


def test_the_metadata_has_lower_bounds_and_no_pins(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
        lines = archive.read(name).decode().splitlines()
    # what follows a semicolon says for which extra it is
    required = [line.partition(";")[0] for line in lines if line.startswith("Requires-Dist:")]
    assert len(required) >= 9
    assert all(">=" in line and "<" not in line and "==" not in line for line in required)
    assert "Requires-Python: >=3.11" in lines
    assert "License-Expression: MIT" in lines


def test_the_installed_command_is_the_wheels_own(installed, tmp_path):
    where = run(installed / "python", "-c", "import rnnviz; print(rnnviz.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(installed.parent)
    with_metadata = run(installed / "rnnviz", "--version", cwd=tmp_path)
    assert with_metadata == run(sys.executable, "-m", "rnnviz", "--version", cwd=ROOT)


def test_the_installed_command_serves_the_app(installed, serve, tmp_path):
    # the health check runs the app's script and its first page to their end
    environment = {"STREAMLIT_SERVER_SCRIPT_HEALTH_CHECK_ENABLED": "true", "PYTHONPATH": ""}
    command = (str(installed / "rnnviz"), "--no-browser", "--port", "{port}")
    server = serve(command, cwd=tmp_path, environment=environment)
    assert server.get("/_stcore/script-health-check") == (200, b"ok")
    assert server.get("/")[0] == 200
    for name in tracked("assets"):
        status, content = server.get(f"/rnnviz/{name}")
        assert status == 200, name
        assert content == (ROOT / name).read_bytes()
