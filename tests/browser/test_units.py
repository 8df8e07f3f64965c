"""The Units page as a visitor uses it, in a real Chromium."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.eyes import accessible

LANGUAGE = "/units?task=characters&hidden=8&length=40"
READER = ".rnnviz-reader"
CELL = f"{READER} .rnnviz-block:first-child .rnnviz-row:nth-child(2) .rnnviz-cell"
HOSTILE = "<script>window.hacked=1</script><img src=x onerror=window.hacked=1> é 👩‍👩‍👧 שלום"


def opened(page: Page, path: str) -> Page:
    page.goto(path)
    expect(page.locator(f"{READER}[data-drawn]")).to_have_count(1)
    expect(page.locator(".rnnviz-figure[data-drawn]").first).to_be_visible()
    return page


def cell(page: Page, place: int) -> dict[str, float]:
    return page.locator(CELL).nth(place).bounding_box()


def drag(page: Page, first: int, last: int) -> None:
    start, end = cell(page, first), cell(page, last)
    page.mouse.move(start["x"] + 4, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(end["x"] + 4, end["y"] + 8, steps=5)
    page.mouse.up()


def test_a_stretch_drawn_with_the_mouse_is_matched_and_kept_in_the_link(page):
    opened(page, LANGUAGE + "&on=5")
    expect(page.get_by_text("Select a stretch above")).to_be_visible()
    drag(page, 4, 7)
    page.wait_for_url(re.compile("brush=4-7"))
    list_ = page.locator(".rnnviz-matches[data-matches]")
    expect(list_).to_be_visible()
    assert int(list_.get_attribute("data-matches")) > 3
    page.reload()
    expect(page.locator(".rnnviz-matches[data-matches]")).to_be_visible()
    assert page.locator(f"{CELL}.rnnviz-in").count() == 4


def test_the_keyboard_walks_selects_and_lets_go(page):
    opened(page, LANGUAGE)
    page.locator(".rnnviz-lines").focus()
    for key in ("Home", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight"):
        page.keyboard.press(key)
    page.wait_for_url(re.compile("brush=1-3"))
    expect(page.locator(".rnnviz-text-spoken").first).to_contain_text("Step 3")
    page.keyboard.press("Escape")
    page.wait_for_function("() => !location.search.includes('brush')")


def test_the_pointer_shows_values_and_what_the_network_expects(page):
    opened(page, LANGUAGE)
    box = cell(page, 3)
    page.mouse.move(box["x"] + 4, box["y"] + 8)
    expect(page.locator(f"{READER} .rnnviz-unit b").first).to_have_text(re.compile(r"^−?0\.\d\d$"))
    expect(page.locator(".rnnviz-next-row")).not_to_have_count(0)
    expect(page.locator(".rnnviz-next-row.rnnviz-right")).to_have_count(1)


def test_typed_text_is_shown_as_text_and_an_emoji_is_one_cell(page):
    from urllib.parse import quote

    opened(page, f"{LANGUAGE}&input={quote(HOSTILE)}")
    shown = page.locator(f"{READER} .rnnviz-cell").all_text_contents()
    assert "<" in shown and "👩‍👩‍👧" in shown and "é" in shown
    assert page.evaluate("() => window.hacked") is None
    assert page.locator(f"{READER} script, {READER} img").count() == 0
    expect(page.get_by_text("not in the text that")).to_be_visible()


def test_a_very_long_text_is_refused_with_one_sentence(page):
    opened(page, LANGUAGE)
    page.get_by_role("button", name="Own input").click()
    box = page.get_by_role("textbox", name="Read this instead of the probe")
    box.evaluate(
        """(area, text) => { const set = Object.getOwnPropertyDescriptor(
             HTMLTextAreaElement.prototype, 'value').set;
           set.call(area, text); area.dispatchEvent(new Event('input', {bubbles: true})); }""",
        (HOSTILE + "\n") * 2000,
    )
    box.press("Control+Enter")
    expect(page.get_by_text("paste a shorter passage")).to_be_visible()
    assert page.evaluate("() => window.hacked") is None


def test_the_network_writes_and_the_seed_is_in_the_link(page):
    opened(page, LANGUAGE + "&below=write&draw=3")
    written = page.locator(".rnnviz-written")
    expect(written).to_contain_text("Alice was ")
    first = written.text_content()
    assert len(first) == 210
    page.reload()
    expect(written).to_have_text(first, timeout=30_000, use_inner_text=False)


def test_the_text_is_drawn_again_while_the_run_trains(page):
    opened(page, LANGUAGE + "&steps=100000")
    page.locator(".rnnviz-orders").get_by_role("button", name="Train").click()
    page.wait_for_function(
        """() => Number(document.querySelector('.rnnviz-reader').dataset.step) > 20
              && document.querySelector('.rnnviz-reader').dataset.run !== 'draft'""",
    )
    page.locator(".rnnviz-orders").get_by_role("button", name="Stop").click()


@pytest.mark.parametrize(
    "path",
    [LANGUAGE + "&brush=4-7&on=5", LANGUAGE + "&below=write", "/units?below=match&brush=2-5"],
)
def test_the_page_is_accessible(page, path):
    opened(page, path)
    page.wait_for_timeout(1000)
    accessible(page)


@pytest.mark.parametrize("path", ["/units?brush=2-5&below=lines", "/units?task=copying&brush=2-5"])
def test_other_tasks_show_without_complaint(page, console, path):
    page.goto("/")
    opened(page, path)
    own = [line for line in console if "404" not in line]  # Streamlit looks beside a deep link
    assert not own
