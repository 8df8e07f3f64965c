"""The page for a model of one's own, as somebody who brings one uses it, in a real Chromium."""

import io
import pickle
import re

import torch
from playwright.sync_api import Page, expect
from torch import nn

import rnnviz
from rnnviz.recording.packed_trace import pack_trace
from rnnviz.store.run_store import RunStore
from rnnviz.store.traces import HERE
from tests.browser.eyes import accessible

FIGURE = ".rnnviz-figure[data-drawn]"
# Streamlit's own drop zone has a label that its role does not go with.
BUT_THE_DROP_ZONE = {"exclude": [["[data-testid=stFileUploaderDropzone]"]]}


def weights() -> bytes:
    parts = {"encoder": nn.GRU(16, 8, 2, bidirectional=True), "decoder": nn.LSTM(16, 8)}
    file = io.BytesIO()
    torch.save(nn.ModuleDict({**parts, "embedding": nn.Embedding(128, 16)}).state_dict(), file)
    return file.getvalue()


def dropped(page: Page, name: str, data: bytes) -> None:
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": data}
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]


def opened(page: Page) -> Page:
    page.goto("/your_model")
    expect(page.get_by_text("Drop a file of weights")).to_be_visible()
    return page


def look(page: Page, words: str) -> None:
    group = page.get_by_role("radiogroup", name="What to look at")
    group.get_by_role("radio", name=words, exact=True).click()


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_label(label, exact=True).first.click()
    page.get_by_role("option", name=option).click()


def test_weights_are_looked_into_and_a_link_shows_it_again(page, browser):
    opened(page)
    dropped(page, "tagger.pt", weights())
    expect(page.locator(FIGURE)).to_contain_text("GRU encoder.l0")
    page.wait_for_url(re.compile("trace="))
    look(page, "anatomy")
    expect(page.locator(".rnnviz-anatomy[data-drawn]")).to_be_visible()
    look(page, "gradient")
    expect(page.locator(FIGURE)).to_have_count(2)
    expect(page.locator(FIGURE).first).to_contain_text("GRU encoder.l1, recorded loss")
    accessible(page, BUT_THE_DROP_ZONE)
    trace = page.url.partition("trace=")[2].partition("&")[0]
    file = page.request.get(f"/rnnviz/export/trace.{trace}/gradient_time.csv")
    assert file.ok and "hidden" in file.text()

    other = browser.new_context(base_url=page.url.split("/your_model")[0]).new_page()
    other.goto(page.url)
    expect(other.locator(FIGURE)).to_have_count(2)
    expect(other.get_by_role("button", name="Delete")).to_have_count(0)
    other.context.close()


def test_text_goes_into_the_part_that_is_chosen(page, console):
    opened(page)
    dropped(page, "two.pt", weights())
    expect(page.locator(FIGURE)).to_have_count(1)
    choose(page, "Recurrent part", "decoder: LSTM, 16 → 8")
    choose(page, "What goes in", "characters, embedded")
    page.get_by_label("Text", exact=True).fill("<b>!</b>")
    page.get_by_label("Text", exact=True).press("Control+Enter")
    page.get_by_role("button", name="Look inside").click()
    expect(page.locator(FIGURE)).to_contain_text("LSTM decoder.l0")
    look(page, "text")
    expect(page.locator(".rnnviz-reader .rnnviz-cell")).to_have_count(64)
    assert page.locator(".rnnviz-reader .rnnviz-cell").all_inner_texts()[:8] == list("<b>!</b>")
    button = page.get_by_role("button", name="Look inside")
    page.set_viewport_size({"width": 1280, "height": 720})
    expect(button).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("Drop a file of weights")).to_be_visible()
    assert not [text for text in console if "404" not in text]


def test_a_hostile_file_is_answered_with_a_sentence_and_a_trace_opens(page):
    opened(page)
    dropped(page, "hostile.pt", pickle.dumps(print))
    expect(page.get_by_text("This is a pickle")).to_be_visible()
    model = nn.LSTM(2, 3)
    with rnnviz.record(model) as trace:
        model(torch.randn(6, 1, 2))[0].sum().backward()
    dropped(page, "mine.npz", pack_trace(trace))
    expect(page.locator(FIGURE)).to_contain_text("mine.npz")
    expect(page.get_by_text("This is a pickle")).to_have_count(0)


def test_a_training_is_watched_live(page, server, console):
    model, store = nn.GRU(2, 3), f"sqlite:///{server.log.parent / 'runs.sqlite'}"
    watch = rnnviz.watch(model, every=5, name="mine", store=store)

    def train(steps: int) -> None:
        for _ in range(steps):
            loss = model(torch.randn(6, 1, 2))[0].square().sum()
            loss.backward()
            watch.step(loss)

    train(1)
    page.goto(f"/your_model?trace={watch.id}")
    expect(page.locator(f"{FIGURE}[data-step='1']")).to_be_visible()
    train(9)
    expect(page.locator(f"{FIGURE}[data-step='10']")).to_be_visible()
    page.reload()  # with two traces there is something to look at over training
    look(page, "loss")
    expect(page.locator(FIGURE)).to_contain_text("Step 10, loss")
    watch.close()
    expect(page.locator(FIGURE)).to_contain_text("It has ended")
    RunStore(store).traces.forget(watch.id, HERE)
    assert not [text for text in console if "404" not in text]
