"""Every word that a visitor reads is a message: the whole app in the pseudo-language.

A message stands between ⟦ and ⟧ there and is a third longer: what stands outside was forgotten, and
what is cut off has no room for another language.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import torch
from playwright.sync_api import Page, expect

from rnnviz.recording.record import record
from rnnviz.words.catalogue import marked
from tests.browser.eyes import put_on

READ = (Path(__file__).parent / "words.js").read_text("utf-8").strip().removesuffix(";")
SMALL = "lang=qps&hidden=4&length=12&steps=20&batch=4"
SIZES = {"width": 1280, "height": 720}, {"width": 1440, "height": 900}
STREAMLITS = re.compile(
    r"Skip to main content|\d+ more|Help for.*|Sidebar|Logo|Navigate to home page|App pages|"
    r"Main menu|Increment|Decrement|Open|Close|Expand sidebar|Collapse sidebar|Dismiss|Clear all|"
    r"Remove.*|\d+ options? available\.|Add files|add icon"
)
"""Its own labels, which are English alone and cannot be given to it."""
NAMES = re.compile(
    r"(?<![A-Za-z])(?:rnnviz|R?NN|LSTM|GRU|ReLU|tanh|torch|[kK]B|MB|px|ms|PNG|SVG|PDF|HTML|PPTX|TeX|CSV|GIF|MP4|"
    r"Python|JSON|PGFPlots|Adam|RMSprop|SGD|AdamW|ln|lr|th|[ih][ifgo]|[A-H]{4,})(?![A-Za-z])"
)
"""Symbols, units, and names that are the same in all languages."""
OWN = re.compile("precipitation|temp_max|temp_min|wind|weather|date|own|npz")
"""Of data that the visitor brings."""
WORD = re.compile(r"[A-Za-zÀ-ÿ]{2,}")
REST = """
() => new Promise((done) => {
  const notYet = (home) => home.checkVisibility() && (home.ariaBusy === "true" ||
    (!home.dataset.drawn && home.querySelector(".rnnviz-note").hidden));
  const busy = () => window.pressed || document.fonts.status === "loading" ||
    document.querySelector("[data-test-script-state=running], [data-testid=stSkeleton]") ||
    [...document.querySelectorAll(".rnnviz-figure, .rnnviz-anatomy, .rnnviz-text")].some(notYet);
  let calm = 0;
  const timer = setInterval(() => {
    calm = busy() ? 0 : calm + 1;
    if (calm < 4) return;
    clearInterval(timer);
    done();
  }, 50);
})
"""
"""Nothing runs, all is drawn, and nothing has begun for a while."""
TO_TOP = "document.querySelector('[data-testid=stMain]').scrollTo(0, 0)"
PRESSED = """
() => {
  const running = () => document.querySelector("[data-test-script-state=running]");
  window.pressed = true;
  const watcher = new MutationObserver(() => running() && done());
  const done = () => { window.pressed = false; watcher.disconnect(); };
  watcher.observe(document.querySelector("[data-test-script-state]"),
    { attributeFilter: ["data-test-script-state"] });
  setTimeout(done, 3000);
}
"""
"""What is pressed next runs the page."""
CHOICES = """
() => [...document.querySelectorAll("[data-testid=stMain] [role=radiogroup]")]
  .filter((group) => group.checkVisibility())
  .map((group) => [
    /st-key-(\\w+)/.exec(group.closest("[class*=st-key-]").className)[1],
    [...group.querySelectorAll("[role=radio]")].map((each) => each.ariaChecked === "true"),
  ])
"""
"""Key of each choice in the page, and which of its buttons is pressed."""


class Reader:
    """Look at one state of the page after another; keep what is wrong with them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.words: dict[str, str] = {}
        self.cut: dict[str, str] = {}
        self.done: set[str] = set()

    def look(self, state: str, *, sizes: bool = True) -> None:
        """Read all that is on screen, at both sizes of the window."""
        for size in SIZES if sizes else SIZES[:1]:
            self.page.set_viewport_size(size)  # type: ignore[arg-type]
            self.page.evaluate(TO_TOP)  # a press may have scrolled it under the header
            self.rest()
            self.read(f"{state} {size['width']}")
        if sizes:
            self.page.set_viewport_size(SIZES[0])  # type: ignore[arg-type]

    def read(self, state: str, *, room: bool = True) -> None:
        """Read all that is on screen, as it is now, and look whether it has room."""
        found = self.page.evaluate(READ)
        assert not found["depth"], f"{state}: a mark is not closed"
        for place, text in found["words"]:
            if not STREAMLITS.fullmatch(text) and not told(text):
                self.words.setdefault(f"{place}: {text[:90]}", state)
        for place, text in found["cut"] if room else ():
            self.cut.setdefault(f"{place}: {text[:90]}", state)

    def rest(self) -> None:
        """Wait until all is drawn, and nothing has been on its way for a while."""
        self.page.evaluate(REST)

    def open(self, path: str, query: str = "") -> None:
        """Load a page."""
        self.page.goto(f"{path}?{SMALL}{query}")
        expect(self.page.locator("[data-testid=stAppViewContainer]")).to_be_visible()
        expect(self.page.locator("[data-testid=stSkeleton]")).to_have_count(0)
        expect(self.page.locator("[data-rnnviz]:visible").first).to_be_visible()

    def each(self, key: str, state: str) -> Iterator[str]:
        """Press the buttons of a choice one after the other."""
        self.done.add(key)
        buttons = self.page.locator(f".st-key-{key} [role=radio]:visible")
        expect(buttons.nth(1)).to_be_visible()
        for place in range(buttons.count()):
            name = buttons.nth(place).inner_text()
            self.press(key, place)
            yield f"{state}, {name}"

    def press(self, key: str, place: int) -> None:
        """Press a button of a choice."""
        button = self.page.locator(f".st-key-{key} [role=radio]:visible").nth(place)
        if button.get_attribute("aria-checked") != "true":
            self.page.evaluate(PRESSED)
            button.click()

    def others(self, state: str) -> None:
        """Look at what the other choices in the page lead to; at each choice once."""
        self.lists("[data-testid=stMain]", state)
        for key, pressed in self.page.evaluate(CHOICES):
            if key in self.done:
                continue
            self.done.add(key)
            for place, before in enumerate(pressed):
                if not before:
                    self.press(key, place)
                    self.look(f"{state}, {key} {place + 1}", sizes=False)
            self.press(key, pressed.index(True))

    def lists(self, within: str, state: str) -> None:
        """Open the lists, and read what stands in them."""
        lists = self.page.locator(f"{within} [data-testid=stSelectbox]:visible")
        for place in range(lists.count()):
            key = lists.nth(place).locator("input").get_attribute("aria-label") or ""
            if key in self.done:
                continue
            self.done.add(key)
            self.rest()
            lists.nth(place).locator("input").click()
            if not self.page.locator("[role=option]").count():
                self.page.keyboard.press("ArrowDown")
            expect(self.page.locator("[role=option]").first).to_be_visible()
            self.read(f"{state}, list {place + 1}")
            self.page.keyboard.press("Escape")
            expect(self.page.locator("[role=option]")).to_have_count(0)

    def helps(self, within: str, state: str) -> None:
        """Point at what explains a control, and read it."""
        icons = self.page.locator(f"{within} [data-testid=stTooltipIcon]:visible")
        for place in range(icons.count()):
            icons.nth(place).hover()
            expect(self.page.locator("[data-testid=stTooltipContent]").first).to_be_visible()
            self.read(f"{state}, help {place + 1}")
            self.page.mouse.move(640, 5)
            expect(self.page.locator("[data-testid=stTooltipContent]")).to_have_count(0)

    def dark(self, state: str) -> None:
        """Look at the same in dark, and go back."""
        put_on(self.page, "dark")
        self.look(f"{state}, dark", sizes=False)
        self.page.emulate_media(color_scheme="light")

    def popover(self, label: str, state: str) -> None:
        """Open what a button opens, look, and close it."""
        self.page.get_by_role("button", name=marked(label)).first.click()
        self.look(f"{state}, {label}", sizes=False)
        self.page.keyboard.press("Escape")


def told(text: str) -> bool:
    """Return whether all words of a text are names."""
    return not WORD.search(OWN.sub("", NAMES.sub("", text)))


@pytest.fixture
def reader(page: Page) -> Iterator[Reader]:
    """A reader; what it has found when the test is done makes it fail."""
    reader = Reader(page)
    yield reader
    assert not reader.words, "\n".join(f"{each}   [{at}]" for each, at in reader.words.items())
    assert not reader.cut, "\n".join(f"{each}   [{at}]" for each, at in reader.cut.items())


LOOKS = {
    "gates": ("show", ""),
    "gradients": ("look", ""),
    "compare": ("look", ""),
    "anatomy": ("carry", ""),
    "units": ("below", "&task=characters&brush=2-5"),
    "translation": ("beside", "&task=reversal"),
}
"""Page -> the key of its choice of looks, and what its address says."""


@pytest.mark.parametrize("path", LOOKS)
def test_every_look_is_said_in_the_language_of_the_reader_and_has_room(path, reader):
    key, query = LOOKS[path]
    reader.open(f"/{path}", query)
    for state in reader.each(key, path):
        reader.look(state)
        reader.others(state)
    if path == "anatomy":
        reader.popover("What if …", path)
        reader.popover("Own input", path)
    reader.dark(path)


def test_the_form_of_the_settings(reader, page):
    reader.open("/")
    reader.look("train")
    for state in reader.each("picture", "train"):
        reader.look(state)
    page.get_by_text(marked("More"), exact=True).click()
    page.wait_for_timeout(500)  # it opens slowly
    reader.look("form", sizes=False)
    reader.lists("[data-testid=stSidebar]", "form")
    reader.helps("[data-testid=stSidebar]", "form")


def test_training_and_what_is_left_of_it(reader, page):
    reader.open("/")
    train = page.locator("[data-order=train]")
    train.click()
    expect(train).to_have_attribute("data-next", "train")  # to the end
    reader.look("train, finished")
    reader.dark("train, finished")
    run = parse_qs(urlsplit(page.url).query)["run"][0]
    page.locator(".rnnviz-export:visible").last.click()
    page.get_by_role("button", name=marked("Lecture bundle …")).click()
    expect(page.locator(".rnnviz-lecture input").first).to_be_visible()
    reader.look("train, export menu", sizes=False)
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    page.wait_for_url("**present=1**")
    reader.rest()
    reader.read("train, presented", room=False)  # its lists are as wide as English needs them
    reader.open("/runs", f"&pick={run}")
    for label in ("Describe", "Go on", "Duplicate", "Download", "Lecture"):
        reader.popover(label, "runs")
    for state in reader.each("shown", "runs"):
        reader.look(state)
    reader.lists("[data-testid=stMain]", "runs")
    reader.dark("runs")
    page.set_viewport_size({"width": 800, "height": 450})
    page.goto(f"/rnnviz/embed/{run}/gates?lang=qps")
    reader.rest()
    expect(page.locator(".rnnviz-figure[data-drawn]")).to_be_visible()
    reader.read("embedded")


def test_pages_with_nothing_to_show(reader):
    for path in ("translation", "your_model", "runs"):
        reader.open(f"/{path}")
        reader.look(f"{path}, empty")


def test_what_visitors_bring(reader, page, tmp_path):
    module = torch.nn.LSTM(2, 3)
    with record(module) as trace:
        module(torch.ones(6, 1, 2))[0].sum().backward()
    trace.save(tmp_path / "own.npz")
    reader.open("/your_model")
    page.locator("[data-testid=stFileUploaderDropzoneInput]").set_input_files(tmp_path / "own.npz")
    expect(page.locator(".st-key-own [role=radio]").first).to_be_visible()
    for state in reader.each("own", "your model"):
        reader.look(state, sizes=False)
    reader.dark("your model")
    reader.open("/", "&task=own_series")
    page.locator(".st-key-bring_data button").first.click()
    page.get_by_role("button", name=marked("Try an example")).click()
    expect(page.locator("[role=dialog] .rnnviz-figure[data-drawn]")).to_be_visible()
    reader.look("data window")
    reader.dark("data window")
