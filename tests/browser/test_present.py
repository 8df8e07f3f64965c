"""Presenter mode, hidden parts, and a figure in another site's page, in a real Chromium."""

from playwright.sync_api import Page, expect

FIGURES = ".rnnviz-figure[data-drawn]"


def drawn(page: Page, path: str, count: int) -> Page:
    page.goto(path)
    expect(page.locator(FIGURES)).to_have_count(count, timeout=30_000)
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
    expect(page.locator(FIGURES)).to_have_count(3, timeout=30_000)
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
