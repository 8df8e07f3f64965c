"""Fixtures for the browser tests: one server for all of them, and a page in a real Chromium.

`page` is a fresh visitor each time: no cookie, nothing stored, 1440x900. The browser keeps what it
has fetched and compiled, as a visitor's does. `page.goto("/")` opens the app; `console` holds what
the page complained about.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, BrowserType, Page, expect

from rnnviz.store.run_store import RunStore
from tests.conftest import Server, serving_apps
from tests.order import BROWSER
from tools.browser import MISSING, find_browser, find_shell

PATIENCE = 100_000
"""Milliseconds that a page may take to show something, on a machine that does much else."""
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(BROWSER):
            item.add_marker(pytest.mark.timeout(4 * PATIENCE / 1000))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, with a temporary store; ended after the last test."""
    with serving_apps(tmp_path_factory) as begin:
        yield begin()


@pytest.fixture(scope="session")
def store(server: Server) -> Iterator[RunStore]:
    """The app's store."""
    store = RunStore(f"sqlite:///{server.log.parent / 'runs.sqlite'}")
    yield store
    store.close()


@pytest.fixture(autouse=True)
def ends(store: RunStore) -> Iterator[None]:
    """Leave no run of one test training beside the next."""
    yield
    for run in [*store.runs.list(state="running"), *store.runs.list(state="queued")]:
        store.orders.stop(run.id, run.owner)


@pytest.fixture(scope="session")
def base_url(server) -> str:
    return server.url


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Use the system's Chromium; without windows where it is there: it needs a third less."""
    path = find_shell() or find_browser()
    if path is None:
        pytest.fail(MISSING)
    args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    return {**browser_type_launch_args, "executable_path": path, "args": args}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": {"width": 1440, "height": 900}}


@pytest.fixture(scope="session")
def warm(
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    browser_context_args: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[BrowserContext]:
    """Keep what the pages are made of, for all visitors.

    Only a browser with a profile keeps scripts as it has compiled them: a page then opens in half
    the time.
    """
    context = browser_type.launch_persistent_context(
        tmp_path_factory.mktemp("profile"), **browser_type_launch_args, **browser_context_args
    )
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def context(warm: BrowserContext, base_url: str) -> Iterator[BrowserContext]:
    """A browser in which nobody was before."""
    yield warm
    first, *others = warm.pages or [warm.new_page()]
    for page in others:
        page.close()
    everything = {"origin": base_url, "storageTypes": "cookies,local_storage,indexeddb"}
    warm.new_cdp_session(first).send("Storage.clearDataForOrigin", everything)
    first.close()
    warm.clear_cookies()
    warm.clear_permissions()


@pytest.fixture
def console(page: Page) -> list[str]:
    """The page's console errors and uncaught exceptions so far."""
    complaints: list[str] = []
    page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints
