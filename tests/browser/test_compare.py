"""The Compare page as a visitor uses it, in a real Chromium."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.browser.eyes import LARGE, accessible, fits
from tests.browser.test_train import script_runs

FIGURE = ".rnnviz-figure[data-drawn]"
SMALL = "hidden=8&length=20&batch=8"
LONG = "hidden=64&length=100&batch=32"
"""A budget of 5000 takes half a minute (RNN) or more on a core: longer than pages take to load."""
# Streamlit looks for its server below a page's own path first, and is told that it is not there.
ASKED_ELSEWHERE = "the server responded with a status of 404"


def opened(page: Page, query: str = "", figures: int = 3, settings: str = SMALL) -> Page:
    page.goto(f"/compare?{settings}{query}")
    expect(page.locator(FIGURE)).to_have_count(figures)
    return page


def train_all(page: Page) -> None:
    page.get_by_role("button", name="Train all").click()
    page.wait_for_function(
        """() => { const all = [...document.querySelectorAll('.rnnviz-figure')];
             return all.every(({dataset}) => dataset.run && dataset.run !== 'draft'); }""",
    )


def runs_done(page: Page, words: str) -> None:
    expect(page.locator(".rnnviz-figures")).to_contain_text(words, timeout=200_000)


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
    expect(page.locator(f"{FIGURE}[data-step='200']")).to_have_count(3)
    slider = page.get_by_role("slider", name=re.compile("Look back"))
    slider.evaluate(
        """(range) => { range.value = 0; range.dispatchEvent(new Event('input'));
                        range.dispatchEvent(new Event('change')); }"""
    )
    page.wait_for_url(re.compile("at=0"))
    expect(gradients).to_contain_text("untrained")
    assert not mistakes(console)


def test_it_pauses_goes_on_and_stops_without_a_run_of_the_pages_script(page):
    asked = script_runs(page)
    opened(page, "&budget=5000&seeds=1", settings=LONG)
    train_all(page)
    page.wait_for_url(re.compile("study="))
    page.wait_for_timeout(1000)  # the page's script for the new study is done
    before = len(asked)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".rnnviz-words")).to_contain_text("Paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".rnnviz-figures")).to_contain_text("left")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".rnnviz-words")).to_contain_text("Stopped")
    assert len(asked) == before > 0
    page.locator("[data-order=reset]").click()
    expect(page.locator(".rnnviz-words")).to_contain_text("Not trained yet")
    assert "study=" not in page.url


def test_another_visitor_watches_and_steers_nothing(page, browser: Browser, server):
    opened(page, "&budget=5000&seeds=1&cells=rnn,gru", settings=LONG)
    train_all(page)
    page.wait_for_url(re.compile("study="))
    page.get_by_role("button", name="Pause").click()  # two workers would take all of the machine
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    other = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    other.goto(page.url)
    expect(other.locator(FIGURE)).to_have_count(3)
    expect(other.locator(".rnnviz-figures")).to_contain_text("of 2 runs")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(other.get_by_role("button", name="Stop")).to_be_disabled()
    expect(other.get_by_role("button", name="Train all")).to_be_visible()
    expect(other.get_by_role("button", name="Pause")).to_have_count(0)
    other.locator("[data-order=reset]").click()  # leaves it, and lets it train
    expect(other.locator(".rnnviz-words")).to_contain_text("Not trained yet")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    other.context.close()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".rnnviz-words")).to_contain_text("Stopped")


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
    expect(page.locator(FIGURE)).to_have_count(1)
    page.get_by_role("radio", name="these cells").click()
    page.wait_for_url(re.compile("kind=cells"))
    assert not mistakes(console)


def test_every_look_fits_one_screen_and_is_accessible(page):
    opened(page)
    for look, figures in (("learning", 3), ("trainability map", 1), ("at initialization", 1)):
        page.get_by_role("radio", name=look, exact=True).click()
        expect(page.locator(FIGURE)).to_have_count(figures)
        fits(page, LARGE)
        accessible(page)


def test_a_broken_link_still_opens(page, console):
    opened(page, "&cells=elman,<b>&seeds=99&budget=x&match=1&rates=&study=nobody&of_seed=9&scale=?")
    expect(page.get_by_text("There is no study 'nobody'")).to_be_visible()
    expect(page.locator(FIGURE).first).to_contain_text("LSTM")
    assert not mistakes(console)
