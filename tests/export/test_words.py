"""What an export says is in the language of whoever asks for it, and marks harm no format."""

import re
import zipfile

import pytest

from rnnviz.export.animation import animate
from rnnviz.export.bundle import bundle
from rnnviz.export.cell_course import Course
from rnnviz.export.formats import render
from rnnviz.export.frames import over_time
from rnnviz.export.look import Look
from rnnviz.export.shown import drawing
from rnnviz.export.source import Source
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.views import Choice, Gallery
from rnnviz.words import PSEUDO, speaking

SMALL = Settings(hidden=3, length=8, batch=4, steps=10)


@pytest.fixture(autouse=True)
def reader():
    with speaking(PSEUDO):
        yield


@pytest.fixture
def store(tmp_path):
    store = RunStore(f"sqlite:///{tmp_path / 'runs.db'}")
    yield store
    store.close()


def figure_of(view, store=None):
    return drawing(Gallery(store), view, None, SMALL, Choice.of({"lang": PSEUDO}))


def test_a_page_says_its_language():
    page = render(figure_of("gradient_time"), "html").decode()
    assert f'<html lang="{PSEUDO}">' in page
    assert re.search("<title>⟦", page)


def test_a_player_says_its_keys(tmp_path):
    page = animate(over_time(figure_of("signals")), tmp_path / "a.html").read_text()
    assert f'<html lang="{PSEUDO}">' in page
    for key in ("Player", "Play", "Frame", "frames a second", "Pause", "time step 3"):
        assert f"{key} ~" in page


def test_tex_has_the_marks_as_brackets_and_no_letter_is_lost():
    source = Source("gradient_time", SMALL)
    text = render(figure_of("gradient_time"), "tex", source=source).decode()
    drawn = text[text.index("% begin") :]
    assert "{[}{[}" in drawn and not set("⟦⟧") & set(text)
    assert "?" not in re.sub(r"^%.*$", "", drawn, flags=re.MULTILINE)


def test_a_drawn_cell_tells_its_values(store):
    course = Course(figure_of("anatomy", store), Look())
    for said in (course.title, course.where, course.alt):
        assert said.startswith("⟦")


def test_a_lecture_is_packed_in_the_language_of_whoever_asks(store, tmp_path):
    run = store.runs.create(SMALL, "me")
    told = []
    bundle(
        store, run, tmp_path / "a.zip", views=["gates"], formats=["csv", "tex"],
        tell=lambda done, total, says: told.append(says),
    )  # fmt: skip
    with zipfile.ZipFile(tmp_path / "a.zip") as file:
        readme, quarto = (file.read(name).decode() for name in ("README.md", "slides.qmd"))
        figure = file.read("figures/gates.tex").decode()
    assert "{[}{[}" in figure
    for line in readme.splitlines():
        if re.match(r"#|- `gates|Run|Seed|\| `", line):
            assert "⟦" in line
    assert f"lang: {PSEUDO}" in quarto
    assert all("⟦" in each for each in told if each and "." not in each)
