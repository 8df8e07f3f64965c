"""The Translation page as a visitor uses it, in a real Chromium."""

import re

from playwright.sync_api import expect


def test_a_task_is_taken_a_date_is_typed_and_a_link_keeps_it(page, console):
    page.goto("/translation?task=adding")
    page.get_by_role("button", name="Dates to ISO").click()
    figures = page.locator(".rnnviz-figure[data-drawn]")
    expect(figures).to_have_count(2)
    expect(page.get_by_text("of 16 held-out sequences are written exactly right")).to_be_visible()
    page.goto("/translation?task=dates&input=3rd+of+May+1997&beside=beam&beam=3")
    expect(page.get_by_text("Beam search, 3 wide")).to_be_visible()
    expect(page.locator(".rnnviz-figure .xtick text").first).to_have_text("3")
    page.get_by_text("gradient back", exact=True).click()
    expect(page.get_by_text("One symbol's gradient")).to_be_visible()
    page.wait_for_url(re.compile("beside=ways"))
    assert not [said for said in console if "404" not in said]
