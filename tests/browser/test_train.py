"""The Train page as a visitor uses it, in a real Chromium."""

import re
import time
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, WebSocket, expect

from rnnviz.store.run_store import RunStore
from tests.browser.eyes import LARGE, PROJECTOR, accessible, fits

FIGURES = ".rnnviz-figure"
LONG = "/?steps=100000"
HIDDEN = """() => document.querySelectorAll('.rnnviz-plot')[1]._fullData
  .filter(({ visible }) => visible === "legendonly")"""
AS_A_WHOLE = """async () => {
  const same = [];
  for (const plot of [...document.querySelectorAll('.rnnviz-plot')].slice(0, 2)) {
    await new Promise((done) => {
      let alone = false;
      plot.on('plotly_transitioned', () => { alone = true; });
      new MutationObserver((_, watch) => alone && (watch.disconnect(), done()))
        .observe(plot.parentElement, { attributeFilter: ['data-drawn'] });
    });
    const drawn = () => [...plot.querySelectorAll('.main-svg')].map((svg) => svg.outerHTML).join();
    const before = drawn();
    await Plotly.redraw(plot);
    same.push(drawn() === before);
  }
  return same;
}"""
"""Whether a figure whose lines alone were just drawn is, to the letter, what Plotly draws whole."""


def opened(page: Page, path: str = "/") -> Page:
    """Open a page and wait until all three figures are drawn."""
    page.goto(path)
    expect(page.locator(f"{FIGURES}[data-drawn]")).to_have_count(3)
    return page


def press(page: Page, name: str) -> None:
    page.locator(".rnnviz-orders").get_by_role("button", name=name).click()


def run_of(page: Page) -> str:
    page.wait_for_function("() => new URL(location).searchParams.get('run')")
    return parse_qs(urlsplit(page.url).query)["run"][0]


def wait_step(page: Page, least: int) -> None:
    """Wait until all figures but the loss show a checkpoint at or after a step."""
    page.wait_for_function(
        """(least) => [...document.querySelectorAll('.rnnviz-figure')]
             .every(({dataset}) => dataset.run !== 'draft' && Number(dataset.step) >= least)""",
        arg=least,
    )


def train(page: Page, least: int = 20) -> str:
    press(page, "Train")
    run = run_of(page)
    wait_step(page, least)
    return run


def zoom(page: Page, alt: str = "Heatmap") -> list[float]:
    """Draw a stretch of time in a figure with the mouse; return the range it shows then."""
    home = f"{FIGURES}[aria-label^={alt}]"
    box = page.locator(f"{home} .nsewdrag").first.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.2 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], middle, steps=5)
    page.mouse.up()
    shown = f"() => document.querySelector('{home} .rnnviz-plot')._fullLayout.xaxis.range"
    page.wait_for_function(f"() => ({shown})()[0] > 1")
    return page.evaluate(shown)


def state(page: Page, wanted: str) -> None:
    expect(page.locator(f".rnnviz-transport[data-state={wanted}]")).to_be_visible()


@pytest.mark.alone
def test_a_first_visitor_sees_an_untrained_network_and_after_train_it_moves(page, console):
    begun = time.monotonic()
    opened(page)
    expect(page.get_by_text("Not trained yet")).to_be_visible()
    train(page)
    assert time.monotonic() - begun < 20  # ten seconds on a machine that does nothing else
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert not console


def test_live_figures_are_redrawn_in_place_and_keep_a_zoom(page, console):
    opened(page, LONG)
    train(page)
    page.evaluate(
        """() => {
          window.kept = [...document.querySelectorAll('.rnnviz-figure')].map((home) => ({
            home, node: home.querySelector('.main-svg'), drawn: Number(home.dataset.drawn)}));
        }"""
    )
    zoomed = zoom(page)
    page.wait_for_function(
        """() => kept.every((each) => Number(each.home.dataset.drawn) - each.drawn >= 8)"""
    )
    result = page.evaluate(
        """() => ({
          same: kept.every((each) => each.home.isConnected && each.node.isConnected),
          zoom: kept[2].home.querySelector('.rnnviz-plot')._fullLayout.xaxis.range})"""
    )
    assert result["same"]
    assert result["zoom"] == zoomed
    assert not console


def test_lines_that_move_alone_show_what_a_whole_picture_shows(page, console):
    """The axes and the legend stay as they are, with what the visitor zoomed and hid."""
    opened(page, LONG)
    train(page)
    zoomed = zoom(page, "Norm")
    page.locator(f"{FIGURES}[aria-label^=Norm] .legendtoggle").first.click()
    page.wait_for_function(f"() => ({HIDDEN})().length === 1")
    page.evaluate(
        """() => {
          window.drawn = [...document.querySelectorAll('.rnnviz-plot')].map((plot) => {
            const counted = { alone: 0, all: 0 };
            plot.on("plotly_transitioned", () => counted.alone++);
            plot.on("plotly_react", () => counted.all++);
            return counted;
          });
        }"""
    )
    page.wait_for_function("() => drawn.every(({ all }) => all >= 12)")
    loss, gradients, heatmap = page.evaluate("drawn")
    assert heatmap["alone"] == 0  # its colours are not lines
    for counted in (loss, gradients):
        assert counted["alone"] > counted["all"] / 2  # else a decade began or ended at each
    assert page.evaluate(AS_A_WHOLE) == [True, True]
    assert len(page.evaluate(HIDDEN)) == 1
    range = "() => document.querySelectorAll('.rnnviz-plot')[1]._fullLayout.xaxis.range"
    assert page.evaluate(range) == zoomed
    assert not console


def test_a_figure_that_is_left_while_a_picture_waits_for_its_frame_ends_quietly(page, console):
    opened(page, LONG)
    train(page)
    page.evaluate(
        """() => {
          const { feed } = document.querySelectorAll('.rnnviz-figure')[1].rnnviz;
          const hand_on = feed.onMessage;
          feed.onMessage = (message) => {
            window.newest = structuredClone(message);
            hand_on(message);
          };
        }"""
    )
    page.wait_for_function("() => window.newest")
    press(page, "Pause")
    state(page, "paused")
    page.evaluate(
        """async () => {
          const figure = document.querySelectorAll('.rnnviz-figure')[1].rnnviz;
          const wait = (ms) => new Promise((done) => setTimeout(done, ms));
          await wait(200);
          figure.receive(structuredClone(newest));  // nothing of it moves but the lines
          await wait(0);
          figure.destroy();
          await wait(200);
        }"""
    )
    assert not console


def script_runs(page: Page) -> list[str]:
    """Give a list that grows with each message that asks Streamlit to run the page's script."""
    asked: list[str] = []

    def watch(socket: WebSocket) -> None:
        if "_stcore" in socket.url:
            socket.on("framesent", lambda text: asked.append(str(text)))

    page.on("websocket", watch)
    return asked


def test_orders_run_no_script_of_the_page_not_in_presenter_mode_either(page, store):
    asked = script_runs(page)
    opened(page, LONG)
    run = train(page)
    page.wait_for_timeout(1000)  # the page's script for the new run is done
    before = len(asked)
    assert before
    for name, then in (("Pause", "paused"), ("Resume", "running"), ("Stop", "stopped")):
        press(page, name)
        state(page, then)
    press(page, "Step")
    state(page, "paused")
    assert len(asked) == before
    page.evaluate("() => document.activeElement.blur()")  # Space would press that button
    page.keyboard.press("p")
    page.wait_for_url("**present=1**")
    page.wait_for_timeout(1000)
    before, at = len(asked), store.runs.get(run).step
    page.keyboard.press("s")
    expect(page.locator(".rnnviz-transport")).to_have_attribute("data-step", str(at + 1))
    state(page, "paused")
    for key, then in (("Space", "running"), ("Space", "paused"), ("x", "paused")):
        page.keyboard.press(key)
        state(page, then)
    assert len(asked) == before


def test_an_order_in_one_tab_is_seen_in_the_other_and_a_refusal_is_said(page, store):
    opened(page, LONG)
    run = train(page)
    other = opened(page.context.new_page(), f"/?run={run}")
    state(other, "running")
    press(other, "Pause")
    for tab in (page, other):
        state(tab, "paused")
        expect(tab.get_by_role("button", name="Resume")).to_be_visible()
    press(page, "Resume")
    for tab in (page, other):
        state(tab, "running")
    store.bin.delete(run, store.runs.get(run).owner)
    press(page, "Pause")
    expect(page.get_by_test_id("stToast").first).to_contain_text("There is no run")


def test_an_order_given_while_the_connection_is_lost_is_not(page, store):
    opened(page, LONG)
    run = train(page)
    bar = page.locator(".rnnviz-transport")
    bar.evaluate("({ rnnviz }) => rnnviz.feed.socket.close()")
    press(page, "Pause")
    state(page, "paused")
    assert store.runs.get(run).state == "paused"


def test_pause_step_resume_stop_and_reset(page, store):
    opened(page, LONG)
    run = train(page)
    press(page, "Pause")
    state(page, "paused")
    at = store.runs.get(run).step
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    press(page, "Step")
    expect(page.locator(".rnnviz-transport")).to_have_attribute("data-step", str(at + 1))
    state(page, "paused")
    press(page, "Resume")
    wait_step(page, at + 20)
    press(page, "Stop")
    state(page, "stopped")
    press(page, "Reset")
    expect(page.get_by_text("Not trained yet")).to_be_visible()
    assert "run=" not in page.url


def test_a_new_learning_rate_takes_effect_while_the_run_trains(page, store):
    opened(page, LONG)
    run = train(page)
    field = page.get_by_label("Learning rate", exact=True)
    field.fill("0.0005")
    field.press("Enter")
    deadline = time.monotonic() + 10
    while store.runs.metrics(run)["lr"].iloc[-1] != 0.0005 and time.monotonic() < deadline:
        time.sleep(0.1)
    rates = store.runs.metrics(run)["lr"]
    assert rates.iloc[0] == 0.003 and rates.iloc[-1] == 0.0005
    assert store.runs.get(run).state == "running"
    assert run_of(page) == run


def test_keys_do_what_the_buttons_do(page, store):
    opened(page, LONG)
    page.keyboard.press("Space")
    run = run_of(page)
    wait_step(page, 5)
    page.keyboard.press("Space")
    state(page, "paused")
    at = store.runs.get(run).step
    page.keyboard.press("s")
    expect(page.locator(".rnnviz-transport")).to_have_attribute("data-step", str(at + 1))


def test_stop_at_once_after_train(page, store):
    opened(page, LONG)
    press(page, "Train")
    page.get_by_role("button", name="Stop").click()
    state(page, "stopped")
    assert store.runs.get(run_of(page)).state == "stopped"


def test_a_link_opens_the_same_screen_and_gives_the_same_numbers(page, store, browser, base_url):
    link = "/?cell=gru&hidden=8&length=12&steps=60&seed=7&signal=candidate&task=adding"
    opened(page, link)
    first = train(page, 60)
    context = browser.new_context(base_url=base_url, viewport={"width": 1440, "height": 900})
    other = opened(context.new_page(), link)
    assert other.get_by_label("Seed", exact=True).input_value() == "7"
    assert other.get_by_label("Hidden units", exact=True).input_value() == "8"
    second = train(other, 60)
    assert first != second
    left, right = (store.runs.metrics(run).drop(columns="seconds") for run in (first, second))
    assert left.equals(right) and len(left) == 60
    context.close()


def test_a_link_to_a_run_lets_others_watch_it_but_not_steer(page, store, browser, base_url):
    opened(page, LONG + "&hidden=24")
    run = train(page)
    context = browser.new_context(base_url=base_url, viewport={"width": 1440, "height": 900})
    guest = opened(context.new_page(), f"/?run={run}")
    wait_step(guest, 20)
    assert guest.get_by_label("Hidden units", exact=True).input_value() == "24"
    expect(guest.get_by_role("button", name="Pause")).to_have_count(0)
    expect(guest.get_by_role("button", name="Stop")).to_be_disabled()
    assert store.runs.get(run).state == "running"
    context.close()


def test_looking_back_in_training_while_it_goes_on(page, store):
    opened(page, LONG)
    run = train(page, 100)
    slider = page.get_by_role("slider", name=re.compile("Look back"))
    slider.focus()
    slider.evaluate(
        """(range) => { range.value = 0; range.dispatchEvent(new Event('input'));
                        range.dispatchEvent(new Event('change')); }"""
    )
    gates = page.locator(f"{FIGURES}[aria-label^=Heatmap]")
    expect(gates).to_have_attribute("data-step", "0")
    page.wait_for_url(re.compile("at=0"))
    before = store.runs.get(run).step
    page.wait_for_timeout(1500)
    expect(gates).to_have_attribute("data-step", "0")
    assert store.runs.get(run).step > before
    page.get_by_role("button", name="Back to newest").click()
    wait_step(page, before)
    assert "at=" not in page.url


def test_the_time_step_under_the_pointer_is_marked_in_every_chart_over_time(page):
    opened(page)
    plot = page.locator(f"{FIGURES}[aria-label^=Heatmap] .nsewdrag").first
    box = plot.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] / 2)
    page.mouse.move(box["x"] + box["width"] * 0.31, box["y"] + box["height"] / 2)
    expect(page.locator(".rnnviz-mark:visible")).to_have_count(2)  # the loss has no time axis
    page.mouse.move(5, 5)
    expect(page.locator(".rnnviz-mark:visible")).to_have_count(0)


def test_everything_fits_one_screen_without_scrolling(page):
    page.set_viewport_size({"width": 1280, "height": 720})
    opened(page)
    for picture in ("inside", "answers"):
        page.get_by_role("radio", name=picture).click()
        expect(page.get_by_role("radio", name="f forget")).to_have_count(int(picture == "inside"))
        opened_again = page.locator(f"{FIGURES}[data-drawn]")
        expect(opened_again).to_have_count(3)
        fits(page, PROJECTOR, LARGE)


def test_before_training_a_visitor_sees_what_is_asked_and_then_the_answers(page, console):
    opened(page, "/?task=digits_rows&hidden=16&steps=100000&picture=examples")
    asked = page.locator(f"{FIGURES}[aria-label^='What goes in']")
    expect(asked).to_have_count(1)
    train(page, 50)
    answers = page.locator(f"{FIGURES}[aria-label^='Answers']")
    first = int(answers.get_attribute("data-drawn"))
    page.wait_for_function(
        """(first) => Number(document.querySelector(".rnnviz-figure[aria-label^='Answers']")
             .dataset.drawn) > first + 2""",
        arg=first,
    )
    words = answers.evaluate(
        """(home) => home.querySelector('.rnnviz-plot').data
             .flatMap((trace) => trace.mode === 'text' ? trace.text : [])"""
    )
    assert len(words) == 16 and all(re.match(r"\d [✓✗] [<> ]*[\d.]+ %", each) for each in words)
    assert not console


def test_the_page_is_accessible_and_dark_where_the_visitor_is(page):
    page.emulate_media(color_scheme="dark")
    opened(page)
    paper = page.evaluate(
        "() => document.querySelector('.rnnviz-plot')._fullLayout.paper_bgcolor.toLowerCase()"
    )
    assert paper == "#14181d"
    accessible(page)


def test_settings_that_have_no_meaning_are_answered_with_a_sentence(page):
    page.goto("/?length=1000&batch=512&hidden=1024&layers=8")
    expect(page.get_by_text("runs out of memory").last).to_be_visible()


def test_a_broken_link_still_opens(page, console):
    opened(page, "/?run=nobody&hidden=-3&cell=%3Cscript%3Ealert(1)%3C/script%3E&at=x&sample=99")
    expect(page.get_by_text("Not trained yet")).to_be_visible()
    assert page.get_by_label("Hidden units", exact=True).input_value() == "32"
    assert not console


def test_a_closed_tab_pauses_its_run_and_a_reload_does_not(serve, browser):
    server = serve(environment={"RNNVIZ_GRACE": "20"})
    store = RunStore(f"sqlite:///{server.log.parent / 'runs.sqlite'}")
    context = browser.new_context(base_url=server.url)
    page = opened(context.new_page(), LONG)
    run = train(page)
    page.reload()
    wait_step(page, store.runs.get(run).step)
    page.wait_for_timeout(22_000)
    assert store.runs.get(run).state == "running"
    page.close()
    deadline = time.monotonic() + 60
    while store.runs.get(run).state == "running" and time.monotonic() < deadline:
        time.sleep(0.2)
    assert store.runs.get(run).state == "paused"
    assert "closed" in store.runs.get(run).reason
    context.close()
    store.close()


ASKED = """(asked) => {
  const found = new URL(location).searchParams;
  return Object.entries(asked).every(([name, value]) => found.get(name) === value)
    && [...found.values()].every(Boolean);
}"""


def test_every_page_shows_at_once_what_the_first_one_was_opened_with(page, console):
    asked = {
        "cell": "gru",
        "hidden": "16",
        "steps": "777",
        "task": "characters",
        "optimizer": "sgd",
    }
    opened(page, f"/?{urlencode(asked)}")
    for name in ("Gates", "Gradients", "Units", "Runs", "Train", "Anatomy", "Gates"):
        page.get_by_role("link", name=name, exact=True).click()
        place = "" if name == "Train" else name.lower()
        page.wait_for_url(lambda url, place=place: urlsplit(url).path == f"/{place}")
        if name == "Runs":
            expect(page.get_by_text("Nothing trained yet")).to_be_visible()
            continue
        if name != "Anatomy":  # its form is folded away
            expect(page.get_by_label("Hidden units", exact=True)).to_have_value("16")
            expect(page.get_by_label("Steps", exact=True)).to_have_value("777")
        page.wait_for_function(ASKED, arg=asked)
        expect(page.locator("[data-rnnviz][data-drawn]").first).to_be_visible()
        expect(page.get_by_test_id("stException")).to_have_count(0)
    assert console == []
