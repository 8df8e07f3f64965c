"""Fixtures for the browser tests: one server for all of them, and a page in a real Chromium.

`page` (pytest-playwright) is a fresh visitor each time: its own cookies, 1440x900. `page.goto("/")`
opens the app; `console` holds what the page complained about.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.conftest import Server, serving_apps
from tools.browser import MISSING, find_browser


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, with a temporary store; ended after the last test."""
    with serving_apps(tmp_path_factory) as begin:
        yield begin()


@pytest.fixture(scope="session")
def base_url(server) -> str:
    return server.url


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Use the system's Chromium; Playwright's own is not downloaded."""
    path = find_browser()
    if path is None:
        pytest.fail(MISSING)
    args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    return {**browser_type_launch_args, "executable_path": path, "args": args}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": {"width": 1440, "height": 900}}


@pytest.fixture
def console(page: Page) -> list[str]:
    """The page's console errors and uncaught exceptions so far."""
    complaints: list[str] = []
    page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints
