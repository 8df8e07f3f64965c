"""Presenter mode, hidden parts, and a figure in another site's page, in a real Chromium."""

import functools
import http.server
import re
import threading

import pytest
from playwright.sync_api import Page, expect

from rnnviz.settings import Settings

FIGURES = ".rnnviz-figure[data-drawn]"


def drawn(page: Page, path: str, count: int) -> Page:
    page.goto(path)
    expect(page.locator(FIGURES)).to_have_count(count)
    return page


def type_size(page: Page) -> float:
    """Size of the type of the first figure's title, in pixels."""
    return page.evaluate(
        """() => parseFloat(getComputedStyle(document.querySelector('.gtitle')).fontSize)"""
    )


def test_presenter_mode_has_large_type_no_form_and_a_clickers_keys(page, console):
    page.set_viewport_size({"width": 1280, "height": 720})
    drawn(page, "/", 3)
    before = type_size(page)
    page.keyboard.press("p")
    page.wait_for_url("**present=1**")
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    expect(page.get_by_test_id("stHeader")).to_be_hidden()
    page.wait_for_function(
        """(least) => parseFloat(getComputedStyle(document.querySelector('.gtitle')).fontSize)
             > least""",
        arg=1.1 * before,
    )
    main = page.get_by_test_id("stMain")
    assert main.evaluate("(node) => node.scrollHeight - node.clientHeight") <= 1
    page.mouse.move(640, 300)
    page.mouse.move(700, 350)
    light = page.locator(".rnnviz-light")
    expect(light).to_be_visible()
    box = light.bounding_box()
    assert (
        abs(box["x"] + box["width"] / 2 - 700) < 3 and abs(box["y"] + box["height"] / 2 - 350) < 3
    )
    page.keyboard.press("PageDown")
    page.wait_for_url("**/anatomy**present=1**")
    page.keyboard.press("PageUp")
    page.wait_for_url(lambda url: "anatomy" not in url and "present=1" in url)
    expect(page.locator(FIGURES)).to_have_count(3)
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stSidebar")).to_be_visible()
    page.wait_for_url(lambda url: "present" not in url)
    assert not console


def test_a_link_hides_what_it_names_and_nothing_else(page):
    drawn(page, "/?hide=sidebar,header,transport,nonsense", 3)
    for part in ("stSidebar", "stHeader"):
        expect(page.get_by_test_id(part)).to_be_hidden()
    expect(page.locator(".rnnviz-transport")).to_be_hidden()
    assert "nonsense" not in page.url


@pytest.fixture
def other_site(tmp_path):
    """A folder that another site serves, and its address."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield tmp_path, f"http://localhost:{site.server_port}"
        site.shutdown()


def test_a_figure_in_the_page_of_another_site_moves_and_can_only_be_looked_at(
    page, server, store, other_site
):
    folder, address = other_site
    run = store.runs.create(Settings(hidden=4, length=8, batch=4, steps=100_000), "a teacher")
    store.orders.resume(run, "a teacher")
    (folder / "lesson.html").write_text(
        f'<iframe src="{server.url}/rnnviz/embed/{run}/gates?theme=dark" width="800" height="450">'
        "</iframe>"
    )
    page.goto(f"{address}/lesson.html")
    inside = page.frame_locator("iframe")
    figure = inside.locator(".rnnviz-figure")
    expect(figure).to_have_attribute("data-step", re.compile(r"^[1-9]"))
    at = int(figure.get_attribute("data-step"))
    expect(figure).not_to_have_attribute("data-step", str(at))
    assert int(figure.get_attribute("data-step")) > at
    expect(inside.locator(".rnnviz-export, .rnnviz-orders")).to_have_count(0)
    assert page.context.cookies(server.url) == []
