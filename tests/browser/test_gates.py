"""The Gates page as a visitor uses it, in a real Chromium."""

import re

from playwright.sync_api import Page, expect

from tests.browser.eyes import accessible

FIGURE = ".rnnviz-figure[data-drawn]"
LOOKS = {
    "distribution": "Histograms",
    "saturation": "Scatter",
    "memory": "Time constant",
    "over training": "Heatmap of the mean",
    "weights": "Heatmaps of the weights",
    "signals": "Heatmaps of input",
}
# Streamlit looks for its server below a page's own path first, and is told that it is not there.
ASKED_ELSEWHERE = "the server responded with a status of 404"


def opened(page: Page, query: str = "") -> Page:
    page.goto(f"/gates?hidden=8&length=20{query}")
    expect(page.locator(FIGURE)).to_have_count(1)
    return page


def look(page: Page, words: str) -> None:
    page.get_by_role("radio", name=words, exact=True).click()


def said(page: Page, words: str) -> None:
    """Wait for a figure whose description begins with some words."""
    expect(page.locator(f'{FIGURE}[aria-label^="{words}"]')).to_be_visible()


def mistakes(console: list[str]) -> list[str]:
    return [text for text in console if ASKED_ELSEWHERE not in text]


def test_every_look_is_drawn_and_stands_in_the_address(page, console):
    opened(page)
    for words, description in LOOKS.items():
        look(page, words)
        said(page, description)
    look(page, "memory")
    page.wait_for_url(re.compile("show=memory"))
    page.reload()
    said(page, "Time constant")
    assert not mistakes(console)


def test_a_link_opens_one_unit_and_the_pointer_is_on_one_time_axis(page, console):
    opened(page, "&form=unit&unit=5&cell=gru")
    said(page, "Lines of reset gate, update gate, candidate, hidden state of unit 5")
    opened(page)
    drag = page.locator(f"{FIGURE} .nsewdrag")
    for row in (1, 6):  # the input gate, and the hidden state below it
        box = drag.nth(row).bounding_box()
        page.mouse.move(box["x"] + 0.42 * box["width"], box["y"] + box["height"] / 2)
        page.mouse.move(box["x"] + 0.43 * box["width"], box["y"] + box["height"] / 2)
        mark = page.locator(".rnnviz-mark:visible")
        expect(mark).to_have_count(1)
        whole = page.locator(f"{FIGURE} .rnnviz-plot").bounding_box()["height"]
        assert mark.bounding_box()["height"] > 0.75 * whole  # over all rows
    assert not mistakes(console)


def test_the_order_and_what_goes_into_a_gate_can_be_chosen(page):
    opened(page)
    look(page, "pre-activation")
    said(page, "Heatmaps of input gate, forget gate, candidate, output gate")
    page.wait_for_url(re.compile("values=before"))
    page.get_by_label("Order of the units").click()
    page.get_by_role("option", name="by similarity").click()
    page.wait_for_url(re.compile("order=similarity"))
    expect(page.locator(FIGURE)).to_contain_text("similar units together")


def test_every_look_follows_a_run_that_trains(page, console):
    opened(page, "&steps=100000")
    page.locator(".rnnviz-orders").get_by_role("button", name="Train").click()
    newer = """() => { const {run, step} = document.querySelector('.rnnviz-figure').dataset;
                       return run !== 'draft' && Number(step) >= 5; }"""
    page.wait_for_function(newer)
    for words, description in LOOKS.items():
        look(page, words)
        said(page, description)
        page.wait_for_function(newer)
    page.locator(".rnnviz-orders").get_by_role("button", name="Stop").click()
    look(page, "over training")
    page.wait_for_function(
        "() => document.querySelector('.rnnviz-plot')._fullData?.[0].x.length > 3"
    )
    assert not mistakes(console)


def test_every_look_is_accessible(page):
    opened(page)
    for words, description in LOOKS.items():
        look(page, words)
        said(page, description)
        accessible(page)
