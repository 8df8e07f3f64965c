"""The Gradients page as a visitor uses it, in a real Chromium."""

import re

from playwright.sync_api import Page, expect

from tests.browser.eyes import LARGE, accessible, fits

FIGURE = ".rnnviz-figure[data-drawn]"
LOOKS = {
    "itemized": ("Heatmap of the gradient that the loss", "Stacked bars"),
    "over training": ("Heatmap of the gradient norm", "Norm of the gradient"),
    "Jacobians": ("Singular values", "Histogram of all singular values"),
    "connectivity": ("Heatmap of the derivative", "The derivative of the output"),
    "clipping, truncation": ("Norm of the whole gradient", "Norm of the gradient over"),
    "parameters": ("Gradient by parameter", "How far one update moves"),
    "through time": ("Norm of the gradient of the loss", "Heatmap of the size"),
}
# Streamlit looks for its server below a page's own path first, and is told that it is not there.
ASKED_ELSEWHERE = "the server responded with a status of 404"


def opened(page: Page, query: str = "") -> Page:
    page.goto(f"/gradients?hidden=8&length=20{query}")
    expect(page.locator(FIGURE)).to_have_count(2)
    return page


def look(page: Page, words: str) -> None:
    page.get_by_role("radio", name=words, exact=True).click()


def said(page: Page, words: str) -> None:
    """Wait for a figure whose description begins with some words."""
    expect(page.locator(f'{FIGURE}[aria-label^="{words}"]')).to_be_visible()


def mistakes(console: list[str]) -> list[str]:
    return [text for text in console if ASKED_ELSEWHERE not in text]


def test_every_look_is_drawn_has_its_words_and_stands_in_the_address(page, console):
    opened(page)
    for words, descriptions in LOOKS.items():
        look(page, words)
        for description in descriptions:
            said(page, description)
        expect(page.locator(".rnnviz-says:visible").first).to_contain_text(re.compile(r"\w+ .*\."))
    look(page, "Jacobians")
    page.wait_for_url(re.compile("look=jacobians"))
    page.reload()
    said(page, "Singular values")
    assert not mistakes(console)


def test_a_link_opens_one_sample_one_unit_and_the_loss_of_one_answer(page, console):
    opened(page, "&task=copying&samples=2&units=5&loss=one&k=12&of=before")
    picture = page.locator(FIGURE).first
    expect(picture).to_contain_text("answer at t = 12, sample 3, unit 5")
    expect(page.get_by_label("Answer at k").last).to_have_value("12")
    assert not mistakes(console)


def test_the_half_life_is_printed_with_its_uncertainty(page):
    opened(page, "&cell=rnn")
    words = page.locator(".rnnviz-says:visible").first
    expect(words).to_contain_text(
        re.compile(
            r"halves every [\d.]+ steps? back \(95 % over 16 samples of this network: .* to .*\)"
        )
    )
    expect(words).to_contain_text("not that nothing is kept")


def test_a_run_that_trains_moves_every_look_and_the_slider_cuts_the_surface(page, console):
    opened(page, "&steps=100000")
    page.get_by_role("button", name="Train").click()
    for words in LOOKS:
        look(page, words)
        page.wait_for_function(
            """() => { const all = [...document.querySelectorAll('.rnnviz-figure')];
                 return all.length === 2 && all.every(({dataset}) =>
                   dataset.run && dataset.run !== 'draft' && Number(dataset.step) > 0); }""",
        )
    look(page, "over training")
    said(page, "Heatmap of the gradient norm")
    slider = page.get_by_role("slider", name=re.compile("Look back"))
    slider.focus()
    slider.evaluate(
        """(range) => { range.value = 0; range.dispatchEvent(new Event('input'));
                        range.dispatchEvent(new Event('change')); }"""
    )
    page.wait_for_url(re.compile("at=0"))
    expect(page.locator(f"{FIGURE}[data-step='0']")).to_have_count(2)
    marks = "() => document.querySelector('.rnnviz-plot')._fullLayout.shapes.length"
    page.wait_for_function(f"{marks} === 1")
    page.get_by_role("button", name="Stop").click()
    assert not mistakes(console)


def test_pictures_and_words_fit_one_screen_and_are_accessible(page):
    opened(page, "&look=time")
    for words in ("through time", "itemized", "Jacobians", "connectivity", "clipping, truncation"):
        look(page, words)
        for description in LOOKS[words]:
            said(page, description)
        accessible(page)
        if words in ("through time", "itemized", "Jacobians"):
            fits(page, (1280, 800), LARGE)


def test_the_pointer_on_the_matrix_chooses_the_output(page, console):
    opened(page, "&look=connectivity&t=11")
    said(page, "The derivative of the output at step 11 ")
    plot = page.locator(FIGURE).first.locator(".nsewdrag").bounding_box()
    for row in (14, 5):
        height = page.evaluate(
            "(row) => document.querySelector('.rnnviz-plot')._fullLayout.yaxis.d2p(row)", row
        )
        page.mouse.move(plot["x"] + 20, plot["y"] + height)
        page.mouse.move(plot["x"] + 3, plot["y"] + height)
        said(page, f"The derivative of the output at step {row} ")
    page.get_by_label("Output at t").last.fill("9")
    page.keyboard.press("Enter")
    said(page, "The derivative of the output at step 9 ")
    assert not mistakes(console)


def test_a_broken_link_still_opens(page, console):
    opened(page, "&look=nonsense&samples=99&units=-1&loss=x&k=<b>&t=1e9&window=0&of=%22")
    said(page, "Norm of the gradient of the loss")
    assert not mistakes(console)


def test_what_is_too_large_is_said_in_a_sentence(page):
    page.goto("/gradients?look=jacobians&hidden=600&length=10&batch=1")
    note = page.get_by_text("too large to take its Jacobians apart live").first
    expect(note).to_be_visible()
