"""The Anatomy page as a visitor uses it, in a real Chromium."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from rnnviz.recording.probe import inspect
from rnnviz.settings import Settings
from tests.browser.eyes import LARGE, PROJECTOR, accessible, fits

SMALL = "hidden=6&length=12&seed=3"
SETTINGS = {"hidden": 6, "length": 12, "seed": 3}
NOTE_TIMES = """() => {
  const home = document.querySelector(".rnnviz-anatomy");
  window.times = [];
  new MutationObserver(() => times.push(Number(home.dataset.t)))
    .observe(home, { attributeFilter: ["data-t"] });
}"""
"""A playing drawing moves on between two looks from outside, so it is watched from inside."""
PRINTED = re.compile(r"−?\d+(?:\.\d+)?")


def opened(page: Page, query: str = SMALL) -> Page:
    page.goto(f"/anatomy?{query}")
    expect(page.locator(".rnnviz-anatomy[data-drawn]")).to_be_visible()
    return page


def at(page: Page, t: int) -> None:
    expect(page.locator(f".rnnviz-anatomy[data-t='{t}']")).to_be_visible()


def drawn(page: Page) -> dict[str, str]:
    """The numbers on the drawing, by the column they show."""
    return page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('.rnnviz-drawing .number')]
             .filter((node) => node.dataset.value)
             .map((node) => [node.dataset.value, node.textContent]))"""
    )


def equations(page: Page) -> list[str]:
    return page.locator(".rnnviz-numbers").all_inner_texts()


def own(console: list[str]) -> list[str]:
    """Complaints but for Streamlit's own: on a page's address it first asks beside that page."""
    return [text for text in console if "404 (Not Found)" not in text]


def number(text: str) -> float:
    return float(text.replace("−", "-"))


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_every_number_is_the_trace_s_at_every_time_step(page, console, cell):
    opened(page, f"{SMALL}&cell={cell}&unit=2&sample=1")
    trace = inspect(Settings(cell=cell, **SETTINGS))
    signals = trace.signals("rnn.l0")[1:]
    page.get_by_role("slider", name="Time step").focus()
    for t in range(12):
        at(page, t)
        shown = drawn(page)
        for signal in signals:
            value = trace.value("rnn.l0", signal)[t, 1, 2]
            if signal in shown:
                assert abs(number(shown[signal]) - value) <= 0.00051
        results = [number(PRINTED.findall(line)[-1]) for line in equations(page)]
        values = [trace.value("rnn.l0", signal)[t, 1, 2] for signal in signals]
        np.testing.assert_allclose(sorted(results), sorted(values), atol=0.00051)
        page.keyboard.press("ArrowRight")
    assert not own(console)


def test_printed_equations_evaluate_to_their_right_hand_sides(page):
    opened(page, f"{SMALL}&t=5")
    for line in equations(page):
        sides = [side for side in line.replace("\n", " ").split("=") if side.strip()]
        worked = []
        for side in sides:
            text = side.replace("−", "-").replace("·", "*").replace("σ", "sigma")
            names = {"sigma": lambda a: 1 / (1 + np.exp(-a)), "tanh": np.tanh}
            worked.append(eval(text, {"__builtins__": {}}, names))
        np.testing.assert_allclose(worked, worked[-1], atol=0.0025)


def test_the_keyboard_alone_steps_plays_and_jumps(page):
    opened(page)
    at(page, 0)
    page.locator("body").press("ArrowRight")
    at(page, 1)
    page.get_by_role("slider", name="Time step").focus()
    page.keyboard.press("End")
    at(page, 11)
    page.keyboard.press("Home")
    at(page, 0)
    page.evaluate(NOTE_TIMES)
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    page.wait_for_function("() => times.length > 2")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    times = page.evaluate("() => times")
    assert times == list(range(1, len(times) + 1))
    page.get_by_role("button", name="Last time step").press("Enter")
    at(page, 11)
    page.wait_for_url(re.compile("t=11"))
    expect(page.locator(".rnnviz-said")).to_contain_text("time step 11, input ")


def test_keys_in_a_field_are_the_field_s(page):
    opened(page)
    field = page.get_by_label("Unit", exact=True)
    field.focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    at(page, 0)


def test_scrubbing_asks_the_server_for_nothing(page):
    opened(page, "hidden=16&length=100")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.on("websocket", lambda socket: sent.append(socket.url))
    page.evaluate(
        """() => { const send = WebSocket.prototype.send;
          window.sent = 0;
          WebSocket.prototype.send = function (...given) {
            sent += 1; send.apply(this, given); }; }"""
    )
    box = page.locator(".rnnviz-strip").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 30, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, middle, steps=40)
    at(page, 99)
    page.mouse.up()
    page.wait_for_timeout(600)
    assert not sent
    assert page.evaluate("() => sent") == 0


def test_gradient_flows_back_through_the_same_drawing(page, console):
    opened(page, f"{SMALL}&t=4")
    node = page.locator(".rnnviz-drawing svg").element_handle()
    page.get_by_role("radio", name="∂ of last answer").click()
    expect(page.locator(".rnnviz-anatomy[data-mode=gradient]")).to_be_visible()
    assert node.evaluate("(node) => node.isConnected")
    at(page, 4)
    gradient = inspect(Settings(**SETTINGS)).gradient("rnn.l0", "forget_gate")[4, 0, 0]
    printed = page.locator("[data-gradient=forget_gate].number").text_content()
    front, power = printed.split("×10")
    power = power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    assert number(front) * 10 ** int(power) == pytest.approx(gradient, rel=0.051)
    assert not own(console)


def test_another_unit_keeps_the_time_step_and_the_mean_says_what_it_is(page):
    opened(page, f"{SMALL}&t=7")
    page.get_by_label("Unit", exact=True).fill("4")
    page.keyboard.press("Enter")
    expect(page.locator(".rnnviz-where")).to_contain_text("unit 4 of 6")
    at(page, 7)
    page.get_by_role("radio", name="mean", exact=True).click()
    expect(page.locator(".rnnviz-where")).to_contain_text("mean over 6 units")
    expect(page.locator(".rnnviz-single")).to_contain_text("these numbers are unit 4's")


def test_what_a_visitor_types_is_shown_as_text(page, console):
    opened(page, "task=characters&length=12&input=%3Cscript%3Ealert(1)%3C%2Fscript%3E&t=0")
    expect(page.locator(".rnnviz-drawing .symbol")).to_have_text("<")
    assert page.locator(".rnnviz-anatomy script").count() == 0
    assert not own(console)


def test_everything_fits_one_screen_and_is_accessible(page):
    opened(page, f"{SMALL}&carry=last")
    accessible(page)
    page.get_by_role("radio", name="values", exact=True).click()
    page.wait_for_url(lambda url: "carry=last" not in url)
    accessible(page)
    fits(page, PROJECTOR, LARGE)


def test_the_drawing_follows_a_run_that_trains_and_stays_at_its_time_step(page, console):
    page.goto(f"/?{SMALL}&steps=100000")
    expect(page.locator(".rnnviz-figure[data-drawn]").first).to_be_visible()
    page.locator(".rnnviz-orders").get_by_role("button", name="Train").click()
    page.wait_for_function("() => new URL(location).searchParams.get('run')")
    page.get_by_role("link", name="Anatomy").click()
    expect(page.locator(".rnnviz-anatomy[data-drawn]")).to_be_visible()
    page.get_by_role("slider", name="Time step").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    at(page, 3)
    newer = """(than) => Number(document.querySelector('.rnnviz-anatomy').dataset.step) > than"""
    drawing = page.locator(".rnnviz-anatomy")
    numbers = []
    for _ in range(3):
        page.wait_for_function(newer, arg=int(drawing.get_attribute("data-step")))
        numbers.append(drawn(page)["forget_gate.sum"])
    assert len(set(numbers)) > 1
    at(page, 3)
    assert not own(console)


def test_what_if_is_accessible(page):
    opened(page, f"{SMALL}&clamp=rnn.l0.forget_gate%3D1")
    expect(page.locator(".rnnviz-figure[data-drawn]")).to_have_count(3)
    for name in ("What if", "Own input"):
        page.get_by_test_id("stPopover").filter(has_text=name).get_by_role("button").first.click()
        expect(page.get_by_test_id("stPopoverBody")).to_be_visible()
        accessible(page)
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
