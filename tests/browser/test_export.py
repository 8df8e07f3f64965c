"""The menu of a figure, as a visitor uses it in a real Chromium."""

import re
import zipfile
from pathlib import Path

import pandas as pd
from PIL import Image
from playwright.sync_api import Page, expect

from rnnviz.export.bundle import bundled
from tests.browser.eyes import accessible

FIGURE = ".rnnviz-figure[data-drawn]"
ASKED_ELSEWHERE = "the server responded with a status of 404"


def opened(page: Page) -> Page:
    page.goto("/gradients?hidden=8&length=20")
    expect(page.locator(FIGURE).first).to_be_visible()
    return page


def saved(page: Page, name: str, folder: Path) -> Path:
    with page.expect_download() as waiting:
        page.locator(f'.rnnviz-menu button[data-format="{name}"]').click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def test_the_menu_saves_what_is_on_screen(page, console, tmp_path):
    figure = opened(page).locator(FIGURE).first
    figure.get_by_role("button", name="Export this figure").click()
    whole = pd.read_csv(saved(page, "csv", tmp_path))
    assert whole["time step t"].max() == 19
    page.keyboard.press("Escape")
    expect(page.locator(".rnnviz-menu")).to_have_count(0)
    expect(figure.get_by_role("button", name="Export this figure")).to_be_focused()
    drag = figure.locator(".nsewdrag").first.bounding_box()
    middle = drag["y"] + drag["height"] / 2
    page.mouse.move(drag["x"] + 0.3 * drag["width"], middle)
    page.mouse.down()
    page.mouse.move(drag["x"] + 0.6 * drag["width"], middle, steps=5)
    page.mouse.up()
    figure.get_by_role("button", name="Export this figure").click()
    zoomed = pd.read_csv(saved(page, "csv", tmp_path))
    assert 4 <= zoomed["time step t"].min() and zoomed["time step t"].max() <= 13
    menu = page.locator(".rnnviz-menu")
    menu.get_by_label("Size").select_option("column")
    menu.get_by_label("Colours").select_option("print")
    with Image.open(saved(page, "png", tmp_path)) as picture:
        assert picture.size == (672, 504)
        assert picture.convert("RGB").getpixel((2, 2)) == (255, 255, 255)
    assert "rnnviz.Settings(" in saved(page, "py", tmp_path).read_text()
    assert not [text for text in console if ASKED_ELSEWHERE not in text]


def test_the_menu_is_reached_by_keys_and_is_accessible(page):
    page.set_viewport_size({"width": 1280, "height": 720})
    opened(page)
    figure = page.locator(FIGURE).first
    button = figure.get_by_role("button", name="Export this figure")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator('.rnnviz-menu button[data-format="png"]')).to_be_focused()
    box = page.locator(".rnnviz-menu").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 1280
    assert box["y"] >= 0 and box["y"] + box["height"] <= 720
    accessible(page, ".rnnviz-menu")
    page.keyboard.press("Space")  # on the page it would train
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    assert not re.search("toImage", figure.inner_html())
    title = figure.locator(".gtitle").bounding_box()
    assert title["x"] + title["width"] <= button.bounding_box()["x"]


def test_the_drawn_cell_is_saved_with_the_numbers_of_its_time_step(page, tmp_path):
    page.goto("/anatomy?hidden=6&length=12&seed=3&t=5&cell=gru")
    expect(page.locator(".rnnviz-anatomy[data-t='5']")).to_be_visible()
    page.get_by_role("button", name="Export this figure").click()
    svg = saved(page, "svg", tmp_path).read_text()
    numbers = page.locator(".rnnviz-drawing .number").all_text_contents()
    assert len([number for number in numbers if number]) > 10
    assert all(f">{number}<" in svg for number in numbers if number)
    assert "time step 5" in svg
    expect(page.locator('.rnnviz-menu [data-format="tex"]')).to_have_count(0)
    with Image.open(saved(page, "png", tmp_path)) as picture:
        assert picture.size == (2560, 1440)


def test_without_a_browser_on_the_server_the_visitors_own_draws(page, tmp_path):
    opened(page).locator(FIGURE).first.get_by_role("button", name="Export this figure").click()
    says = "PNG needs a Chromium"
    page.route("**/rnnviz/export/**", lambda route: route.fulfill(status=503, body=says))
    with Image.open(saved(page, "png", tmp_path)) as picture:
        width = page.locator(FIGURE).first.locator(".rnnviz-plot").bounding_box()["width"]
        assert abs(picture.width - 2 * width) < 4
        assert len(picture.convert("RGB").getcolors(2**24)) > 20
    menu = page.locator(".rnnviz-menu")
    expect(menu.get_by_role("status")).to_contain_text("by your own browser")
    menu.locator('[data-format="pdf"]').click()
    expect(menu.get_by_role("status")).to_have_text(says)


def test_a_lecture_and_an_animation_are_made_while_the_run_goes_on(page, tmp_path):
    page.goto("/?hidden=4&length=8&batch=4&steps=20000")
    page.get_by_role("button", name="Train", exact=False).first.click()
    figure = page.locator(FIGURE).nth(1)
    expect(figure).not_to_have_attribute("data-run", "draft")
    expect(page.locator(f"{FIGURE}:not([data-step='0'])").nth(1)).to_be_visible()
    figure.get_by_role("button", name="Export this figure").click()
    menu = page.locator(".rnnviz-menu")
    before = int(figure.get_attribute("data-drawn"))
    with page.expect_download() as waiting:
        menu.locator('[data-moving="html"]').click()
    assert waiting.value.suggested_filename == "rnnviz-gradients-over-training.html"
    menu.get_by_role("button", name="Lecture bundle").click()
    boxes = menu.get_by_role("checkbox")
    expect(boxes).to_have_count(len(bundled()) + 1)  # and the title
    for box in boxes.all():
        box.uncheck()
    menu.get_by_label("one signal, unit by unit").check()
    with page.expect_download() as waiting:
        menu.get_by_role("button", name="Pack the lecture").click()
    waiting.value.save_as(tmp_path / "lecture.zip")
    with zipfile.ZipFile(tmp_path / "lecture.zip") as file:
        assert {"figures/gates.pdf", "beamer.tex"} <= set(file.namelist())
    expect(menu.get_by_text("lecture.zip is saved")).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    assert int(figure.get_attribute("data-drawn")) > before + 5
    page.get_by_role("button", name="Stop").click()
    page.goto(f"/runs?pick={figure.get_attribute('data-run')}")
    page.get_by_role("button", name="Lecture").click()
    listed = page.locator(".rnnviz-parts")
    expect(listed.get_by_role("checkbox")).to_have_count(len(bundled()) + 1)
    expect(listed.get_by_role("button", name="Pack the lecture")).to_be_visible()
    accessible(page, ".rnnviz-parts")
