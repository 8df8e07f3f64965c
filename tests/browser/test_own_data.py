"""Own data as a visitor brings them: a file or a paste, looked at, used, and nobody else's."""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.eyes import still

DRAWN = ".rnnviz-figure[data-drawn]"
GERMAN = "Tag;Umsatz;Gäste\n" + "".join(
    f"{1 + n % 28:02d}.{1 + n // 28 % 12:02d}.{2020 + n // 336};{100 + n % 7},5;{n % 11}\n"
    for n in range(400)
)


def choose(page: Page, task: str) -> None:
    box = page.get_by_role("combobox", name="Task")
    box.click()
    box.fill(task)
    page.keyboard.press("Enter")


def brought(page: Page) -> None:
    """Use what is in the window, and wait until the page shows it."""
    expect(page.get_by_role("dialog").locator(DRAWN)).to_have_count(1)
    page.get_by_role("button", name="Use this data").click()
    page.wait_for_url(re.compile("data=[0-9a-f]{32}"))
    expect(page.get_by_role("dialog")).to_have_count(0)
    still(page)


def test_a_series_is_brought_trained_and_watched_but_not_listed_by_others(
    page, store, browser, base_url, console
):
    page.goto("/")
    expect(page.locator(DRAWN)).to_have_count(3)
    choose(page, "own series")
    window = page.get_by_role("dialog")
    window.locator("input[type=file]").set_input_files(
        {"name": "kasse.csv", "mimeType": "text/csv", "buffer": GERMAN.encode("cp1252")}
    )
    expect(window.get_by_text("400 rows were read")).to_be_visible()
    expect(window.locator(DRAWN)).to_have_count(1)
    # Streamlit's own place to drop a file has the one fault that is found
    found = Axe().run(page)
    faults = {each["id"] for each in found.response["violations"]}
    assert faults <= {"presentation-role-conflict"}, found.generate_report()
    brought(page)
    page.get_by_text("answers", exact=True).click()
    figure = page.locator(f"{DRAWN}[aria-label*='as the network foretold it']")
    expect(figure).to_have_count(1)
    steps = page.get_by_label("Steps", exact=True)
    steps.fill("60")
    steps.press("Enter")
    page.wait_for_url(re.compile("steps=60"))
    page.locator(".rnnviz-orders").get_by_role("button", name="Train").click()
    page.wait_for_url(re.compile("run="))
    expect(page.locator(".rnnviz-transport[data-state=finished]")).to_be_visible()

    context = browser.new_context(base_url=base_url, viewport={"width": 1280, "height": 720})
    guest = context.new_page()
    guest.goto(f"/?run={page.url.split('run=')[1].split('&')[0]}&picture=examples")
    expect(guest.locator(f"{DRAWN}[data-step='60']")).to_have_count(3)
    main = guest.get_by_test_id("stMain")
    assert main.evaluate("(node) => node.scrollHeight - node.clientHeight") <= 1
    guest.get_by_role("button", name="Bring your own data").click()
    expect(guest.get_by_text("Or paste it here")).to_be_visible()
    expect(guest.get_by_role("dialog").get_by_text("kasse.csv")).to_have_count(0)
    context.close()
    (run,) = [run for run in store.runs.list() if run.settings.task == "own_series"]
    assert [each.title for each in store.data.list(run.owner)] == ["kasse.csv"]
    assert not console


def test_what_cannot_be_read_is_said_and_a_pasted_text_is_learned(page, console):
    page.goto("/?task=own_labels")
    expect(page.locator(DRAWN)).to_have_count(3)
    page.get_by_role("button", name="Bring your own data").click()
    window = page.get_by_role("dialog")
    paste = window.get_by_label("Or paste it here")
    paste.fill('text,label\nso,good\n"so,bad\n')
    paste.press("Control+Enter")
    expect(window.get_by_text("Line 3: a quotation mark that is opened there")).to_be_visible()
    window.get_by_role("button", name="Close").click()
    choose(page, "own text, next word")
    # the window before this one, with what was pasted there, goes while the new one comes
    page.wait_for_function(
        """() => {
          const [paste, another] = document.querySelectorAll('[role=dialog] textarea');
          return paste?.value === '' && !another;
        }"""
    )
    paste = page.get_by_role("dialog").get_by_label("Or paste it here")
    paste.fill("It was a <b>dark</b> and stormy night; the rain fell. " * 30)
    paste.press("Control+Enter")
    brought(page)
    expect(page.locator(DRAWN)).to_have_count(3)
    page.get_by_role("button", name="Bring your own data").click()
    row = page.get_by_role("dialog").get_by_role("button", name="Delete")
    row.click()
    expect(row).to_have_count(0)
    assert not console
