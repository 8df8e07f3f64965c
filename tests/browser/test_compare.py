"""The Compare page as a visitor uses it, in a real Chromium."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

FIGURE = ".rnnviz-figure[data-drawn]"
SMALL = "hidden=8&length=20&batch=8"
LONG = "hidden=64&length=100&batch=32"
"""A budget of 5000 takes half a minute (RNN) or more on a core: longer than pages take to load."""
# Streamlit looks for its server below a page's own path first, and is told that it is not there.
ASKED_ELSEWHERE = "the server responded with a status of 404"


def opened(page: Page, query: str = "", figures: int = 3, settings: str = SMALL) -> Page:
    page.goto(f"/compare?{settings}{query}")
    expect(page.locator(FIGURE)).to_have_count(figures, timeout=30_000)
    return page


def train_all(page: Page) -> None:
    page.get_by_role("button", name="Train all").click()
    page.wait_for_function(
        """() => { const all = [...document.querySelectorAll('.rnnviz-figure')];
             return all.every(({dataset}) => dataset.run && dataset.run !== 'draft'); }""",
        timeout=30_000,
    )


def runs_done(page: Page, words: str) -> None:
    expect(page.locator(".rnnviz-figures")).to_contain_text(words, timeout=60_000)


def mistakes(console: list[str]) -> list[str]:
    return [text for text in console if ASKED_ELSEWHERE not in text]


def test_one_click_trains_all_cells_and_a_link_shows_them_again(page, console):
    opened(page, "&budget=200&seeds=2")
    gradients = page.locator(FIGURE).first
    for cell in ("RNN (ReLU)", "LSTM", "GRU"):
        expect(gradients).to_contain_text(cell)
    expect(gradients).to_contain_text("untrained")
    train_all(page)
    runs_done(page, "8 of 8 runs")
    expect(page.locator(".rnnviz-words")).to_have_text("Finished")
    expect(page.locator(".rnnviz-says:visible").nth(1)).to_contain_text("of 2 learned")
    expect(page.locator(f"{FIGURE}[data-step='200']")).to_have_count(3)
    page.wait_for_url(re.compile("study="))

    page.goto(page.url)
    expect(page.locator(f"{FIGURE}[data-step='200']")).to_have_count(3, timeout=30_000)
    slider = page.get_by_role("slider", name=re.compile("Look back"))
    slider.evaluate(
        """(range) => { range.value = 0; range.dispatchEvent(new Event('input'));
                        range.dispatchEvent(new Event('change')); }"""
    )
    page.wait_for_url(re.compile("at=0"))
    expect(gradients).to_contain_text("untrained")
    assert not mistakes(console)


def test_it_pauses_goes_on_and_stops(page):
    opened(page, "&budget=5000&seeds=1", settings=LONG)
    train_all(page)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".rnnviz-words")).to_contain_text("Paused", timeout=15_000)
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".rnnviz-figures")).to_contain_text("left", timeout=15_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".rnnviz-words")).to_contain_text("Stopped", timeout=15_000)
    page.locator("[data-order=reset]").click()
    expect(page.locator(".rnnviz-words")).to_contain_text("Not trained yet", timeout=15_000)
    assert "study=" not in page.url


def test_another_visitor_watches_and_steers_nothing(page, browser: Browser, server):
    opened(page, "&budget=5000&seeds=1&cells=rnn,gru", settings=LONG)
    train_all(page)
    page.wait_for_url(re.compile("study="))
    other = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    other.goto(page.url)
    expect(other.locator(FIGURE)).to_have_count(3, timeout=30_000)
    expect(other.locator(".rnnviz-figures")).to_contain_text("of 2 runs", timeout=15_000)
    expect(other.get_by_role("button", name="Stop")).to_be_disabled()
    expect(other.get_by_role("button", name="Train all")).to_be_visible()
    expect(other.get_by_role("button", name="Pause")).to_have_count(0)
    other.locator("[data-order=reset]").click()  # leaves it, and lets it train
    expect(other.locator(".rnnviz-words")).to_contain_text("Not trained yet", timeout=15_000)
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    other.context.close()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".rnnviz-words")).to_contain_text("Stopped", timeout=15_000)


def test_cells_and_what_is_equal_stand_in_the_address(page, console):
    opened(page, "&cells=rnn,lstm&match=parameters&rates=best&seeds=1")
    says = page.locator(".rnnviz-says:visible")
    expect(says.nth(1)).to_contain_text(re.compile(r"Hidden units: RNN \d\d, LSTM 8"))
    expect(says.nth(1)).to_contain_text(re.compile(r"Learning rates: RNN [\d.]+, LSTM"))
    expect(page.locator(FIGURE).first).not_to_contain_text("GRU")
    assert not mistakes(console)


def test_the_map_fills_in_and_stands_in_the_address(page, console):
    opened(page, "&look=map&vary=hidden&map_budget=100&map_seeds=1&span=short", figures=1)
    picture = page.locator(FIGURE)
    expect(picture).to_contain_text("not trained yet")
    train_all(page)
    runs_done(page, "48 of 48 runs")
    expect(picture).to_contain_text(re.compile(r"\d+ of 16 learned"))
    expect(page.locator(".rnnviz-says")).to_contain_text("Schoenholz")
    page.wait_for_url(re.compile("sweep="))
    assert not mistakes(console)


def test_networks_at_initialization_are_one_click_away(page, console):
    opened(page)
    page.get_by_role("radio", name="at initialization").click()
    expect(page.locator(FIGURE)).to_have_count(1, timeout=30_000)
    page.get_by_role("radio", name="these cells").click()
    page.wait_for_url(re.compile("kind=cells"))
    assert not mistakes(console)


@pytest.mark.parametrize("look", ["learning", "map", "initial"])
def test_pictures_and_words_fit_one_screen(page, look):
    opened(page, f"&look={look}", figures=3 if look == "learning" else 1)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("(node) => node.scrollHeight - node.clientHeight") <= 1
    assert main.evaluate("(node) => node.scrollWidth - node.clientWidth") <= 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("look", ["learning", "map", "initial"])
def test_the_page_is_accessible(page, scheme, look):
    page.emulate_media(color_scheme=scheme)
    opened(page, f"&look={look}", figures=3 if look == "learning" else 1)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_broken_link_still_opens(page, console):
    opened(page, "&cells=elman,<b>&seeds=99&budget=x&match=1&rates=&study=nobody&of_seed=9&scale=?")
    expect(page.get_by_text("There is no study 'nobody'")).to_be_visible(timeout=15_000)
    expect(page.locator(FIGURE).first).to_contain_text("LSTM")
    assert not mistakes(console)
