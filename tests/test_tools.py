"""The scripts behind `make`: no CUDA build unasked, and a browser for the browser tests."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import browser, environment, long_lines

ROOT = Path(__file__).resolve().parents[1]
PLAIN = ["torch", "filelock", "sympy"]
CUDA = ["torch", "nvidia-cublas", "NVIDIA-cudnn-cu13", "cuda-bindings", "triton"]


def report(names: list[str]) -> dict[str, list[dict[str, dict[str, str]]]]:
    return {"install": [{"metadata": {"name": name}} for name in names]}


def test_cuda_packages_are_found_in_a_pip_report():
    assert environment.cuda_packages(report(PLAIN)) == []
    assert environment.cuda_packages({"install": []}) == []
    expected = ["cuda-bindings", "nvidia-cublas", "nvidia-cudnn-cu13", "triton"]
    assert environment.cuda_packages(report(CUDA)) == expected


@pytest.fixture
def venv(tmp_path) -> Path:
    """An environment whose pip answers with a report it is given, and writes down its calls."""
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(
        f'#!/bin/sh\necho "$@" >> "{tmp_path}/calls"\n'
        f'case "$*" in *--dry-run*) cat "{tmp_path}/report.json";; esac\n'
    )
    python.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("names", "options", "installs"),
    [(PLAIN, [], True), (CUDA, [], False), (CUDA, ["--cuda"], True)],
)
def test_a_cuda_build_is_installed_only_when_asked_for(venv, names, options, installs):
    (venv / "report.json").write_text(json.dumps(report(names)))
    done = subprocess.run(
        [sys.executable, "tools/environment.py", str(venv), "requirements.txt", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    calls = (venv / "calls").read_text().splitlines()
    assert any("pip install --quiet -r" in call for call in calls) == installs
    assert (done.returncode == 0) == installs
    if not installs:
        assert "4 extra packages" in done.stderr
        assert "make run CUDA=1" in done.stderr
        assert done.stderr.count("\n") == 1


def test_the_dry_run_asks_for_the_torch_that_is_pinned():
    assert environment.torch_requirement([ROOT / "requirements.txt"]).startswith("torch==")
    with pytest.raises(SystemExit, match="pins torch"):
        environment.torch_requirement([ROOT / "LICENSE"])


def test_every_requirement_is_pinned_once():
    lines = [
        line
        for file in ("requirements.txt", "requirements-test.txt")
        for line in (ROOT / file).read_text().splitlines()
        if line and not line.startswith(("#", "-r"))
    ]
    names = [line.partition("==")[0] for line in lines]
    assert all("==" in line and "+" not in line for line in lines)
    assert len(names) == len(set(names))


def test_an_old_python_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(environment.sys, "version_info", (3, 9, 2))
    with pytest.raises(SystemExit, match="this is 3.9"):
        environment.main([str(tmp_path / "venv"), "requirements.txt"])
    assert not (tmp_path / "venv").exists()


def test_the_browser_that_is_named_is_taken(monkeypatch, tmp_path):
    program = tmp_path / "chromium"
    program.write_text("")
    monkeypatch.setenv("BROWSER_PATH", str(program))
    assert browser.find_browser() == str(program)
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "gone"))
    assert browser.find_browser() is None
    assert "BROWSER_PATH" in (browser.main(["--install"]) or "")


def test_a_missing_browser_is_installed_only_on_request_and_as_root(monkeypatch, tmp_path):
    installed = []

    def install(package: str) -> None:
        installed.append(package)
        if package == "chromium-headless-shell":
            raise subprocess.CalledProcessError(100, "apt-get")  # not every system has it
        (tmp_path / "chromium").write_text("")

    def find(*, skip_local: bool) -> str | None:
        found = tmp_path / "chromium"
        return str(found) if found.exists() else None

    (tmp_path / "apt-get").write_text("")
    (tmp_path / "apt-get").chmod(0o755)
    monkeypatch.delenv("BROWSER_PATH", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(browser.Chromium, "find_browser", find)
    monkeypatch.setattr(browser, "install", install)
    monkeypatch.setattr(browser.Path, "home", lambda: tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert browser.main(["--install"]) == browser.MISSING
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert browser.main([]) == browser.MISSING
    assert installed == []
    assert browser.main(["--install"]) is None
    assert installed == ["chromium", "chromium-headless-shell"]


def test_a_browser_without_windows_is_found(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(browser.Path, "home", lambda: tmp_path)
    assert browser.find_shell() is None
    folder = tmp_path / ".cache/ms-playwright/chromium_headless_shell-1200/chrome-linux"
    for program in (folder / "headless_shell", tmp_path / "bin" / "chromium-headless-shell"):
        program.parent.mkdir(parents=True)
        program.write_text("")
        program.chmod(0o755)
        assert browser.find_shell() == str(program)


def test_a_line_is_too_long_by_its_characters_not_its_bytes(tmp_path):
    file = tmp_path / "some.js"
    file.write_text(f"{'é' * 100}\n{'e' * 101}\n", encoding="utf-8")
    assert long_lines.long_lines(file) == [f"{file}:2: 101 characters, at most 100"]
