"""The Runs page as a visitor uses it, in a real Chromium."""

import re
import secrets
import zipfile

import pytest
from playwright.sync_api import Browser, Page, expect

from rnnviz.server.visitors import COOKIE, owner_of
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.training.trainer import Trainer
from tests.browser.eyes import accessible

SMALL = Settings(hidden=8, length=10, batch=4, steps=30)
TABLE = "[data-testid=stDataFrame]"
FIGURE = ".rnnviz-figure[data-drawn]"


@pytest.fixture
def me(page: Page, base_url: str) -> str:
    """The visitor, to the store, by a cookie as the first page gives one."""
    token = secrets.token_urlsafe()
    page.context.add_cookies([{"name": COOKIE, "value": token, "url": base_url}])
    owner = owner_of({COOKIE: token})
    assert owner
    return owner


def trained(store: RunStore, owner: str, name: str, **changes: object) -> str:
    """A run with a few rows, as a worker writes them."""
    settings = SMALL.replace(**changes)
    run = store.runs.create(settings, owner, name)
    rows = [
        {
            "step": step, "loss": 1 / step, "metric": 50.0, "gradient_norm": 1.0, "lr": settings.lr,
            "validation_loss": None, "validation_metric": None, "seconds": step / 100,
        }
        for step in range(1, 31)
    ]  # fmt: skip
    store.queue.record(run, rows)
    store.queue.release(run, "finished")
    return run


def opened(page: Page, query: str = "") -> Page:
    page.goto(f"/runs{query}")
    expect(page.locator(TABLE)).to_be_visible()
    return page


def test_a_run_is_named_found_deleted_and_put_back(page, store, me):
    first, second = trained(store, me, "first"), trained(store, me, "second", cell="gru")
    opened(page, f"?pick={first}")
    expect(page.get_by_text("1 of 2 picked")).to_be_visible()
    expect(page.locator(FIGURE)).to_contain_text("first")

    page.get_by_role("button", name="Describe").click()
    page.get_by_role("textbox", name="Name").fill("<b>seed</b> nine")
    page.get_by_role("textbox", name="Tags").fill("slow, lecture 3")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator(FIGURE)).to_contain_text("<b>seed</b> nine")
    assert store.runs.get(first).tags == ("slow", "lecture 3")

    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("1 run in the bin")).to_be_visible()
    assert [run.id for run in store.runs.list(me)] == [second]
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("2 runs", exact=True)).to_be_visible()
    assert {run.id for run in store.runs.list(me)} == {first, second}

    page.get_by_placeholder("Search names").fill("lecture")
    page.get_by_placeholder("Search names").press("Enter")
    expect(page.get_by_text("1 run", exact=True)).to_be_visible()
    page.wait_for_url(re.compile("q=lecture"))


def test_a_run_opens_on_another_page_with_its_settings_in_the_form(page, store, me):
    run = trained(store, me, "gates", cell="gru", hidden=11)
    opened(page, f"?pick={run}")
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url(re.compile(f"run={run}"))
    expect(page.locator(".rnnviz-words")).to_contain_text("Finished")
    expect(page.get_by_role("spinbutton", name="Hidden units")).to_have_value("11")


def test_a_finished_run_gets_more_steps_and_stays_picked(page, store, me):
    run = store.runs.create(SMALL, me, "short")
    store.orders.resume(run, me)
    opened(page, f"?pick={run}")
    page.get_by_role("button", name="Go on", exact=True).click()
    page.get_by_role("spinbutton", name="Steps more").fill("20")
    page.get_by_role("button", name="Train them").click()
    expect(page.locator(f"{FIGURE}[data-step='50']")).to_have_count(1)
    expect(page.get_by_text("1 of 1 picked")).to_be_visible()
    assert store.runs.get(run).settings.steps == 50
    page.get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Model").click()
    with zipfile.ZipFile(download.value.path()) as file:
        assert sorted(file.namelist()) == ["model.py", "settings.json", "weights.safetensors"]


def test_a_run_leaves_as_a_file_and_comes_back(page, store, me, tmp_path):
    run = store.runs.create(SMALL, me, "there and back")
    trainer = Trainer(SMALL)
    store.queue.record(run, [], trainer.checkpoint())
    opened(page, f"?pick={run}")
    page.get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Run", exact=True).click()
    file = download.value.path()
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Open a run file").click()
    (tmp_path / "diary.zip").write_text("Dear diary")
    page.locator("input[type=file]").set_input_files(tmp_path / "diary.zip")
    expect(page.get_by_text("is no run of rnnviz, or it is damaged")).to_be_visible()
    page.locator("input[type=file]").set_input_files(
        {"name": "run.zip", "mimeType": "application/zip", "buffer": file.read_bytes()}
    )
    expect(page.get_by_text("1 of 2 picked")).to_be_visible()
    (copy,) = {each.id for each in store.runs.list(me)} - {run}
    page.wait_for_url(re.compile(f"pick={copy}"))
    assert store.runs.checkpoint(copy) == trainer.checkpoint()


def test_a_run_goes_on_trained_otherwise(page, store, me):
    run = store.runs.create(SMALL, me, "first")
    store.queue.record(run, [], Trainer(SMALL).checkpoint())
    opened(page, f"?pick={run}")
    page.get_by_role("button", name="Go on", exact=True).click()
    page.get_by_role("tab", name="Other training").click()
    expect(page.get_by_role("button", name="Train it on")).to_be_visible()
    page.get_by_role("spinbutton", name="Steps more").fill("20")
    page.get_by_role("spinbutton", name="Learning rate").fill("0.05")
    page.get_by_role("button", name="Train it on").click()
    expect(page.get_by_text("Goes on from first after step 0: lr 0.003 → 0.05.")).to_be_visible()
    (branch,) = [each for each in store.runs.list(me) if each.id != run]
    assert (branch.settings.lr, branch.settings.steps) == (0.05, 20)
    expect(page.locator(f"{FIGURE}[data-step='20']")).to_have_count(1)


def test_a_copy_takes_all_settings_into_the_form(page, store, me):
    own = {"norm": "layer", "truncation": 7, "weight_decay": 0.25, "seed": 11, "layers": 2}
    run = trained(store, me, "first", cell="gru", **own)
    opened(page, f"?pick={run}")
    page.get_by_role("button", name="Duplicate", exact=True).click()
    page.get_by_role("button", name="Change any setting").click()
    # the copy's own form has a field of that name, and a button to train, too
    page.locator("[data-order=train]").wait_for()
    expect(page.get_by_role("spinbutton", name="Hidden units")).to_have_value("8")
    page.get_by_role("spinbutton", name="Hidden units").fill("9")
    page.get_by_role("spinbutton", name="Hidden units").press("Enter")
    page.wait_for_url(re.compile("hidden=9"))
    page.locator("[data-order=train]:enabled").click()
    page.wait_for_url(re.compile("run="))
    (copy,) = [each for each in store.runs.list(me) if each.id != run]
    assert copy.settings == store.runs.get(run).settings.replace(hidden=9)


def test_another_visitor_sees_nothing(page, store, me, browser: Browser):
    run = trained(store, me, "mine")
    opened(page)
    other = browser.new_context(base_url=page.url.split("/runs")[0]).new_page()
    other.goto(f"/runs?pick={run}")
    expect(other.get_by_text("Nothing trained yet")).to_be_visible()
    expect(other.locator(TABLE)).to_have_count(0)
    other.context.close()


def test_the_page_is_accessible(page, store, me):
    runs = [trained(store, me, name) for name in ("first", "second")]
    opened(page, f"?pick={','.join(runs)}")
    expect(page.locator(FIGURE)).to_have_count(1)
    accessible(page)
