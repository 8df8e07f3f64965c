"""The drawn cell as a file: the numbers of the course, the colours of the theme, nothing else."""

import io
import re
import xml.etree.ElementTree as ElementTree

import pandas as pd
import pytest
from PIL import Image
from pptx import Presentation
from pypdf import PdfReader

from rnnviz import export
from rnnviz.errors import ExportError
from rnnviz.export.cell_course import plain, scientific, unpacked
from rnnviz.export.shown import drawing
from rnnviz.looks.anatomy import mixed, palette
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.views import Choice, Gallery

SVG = "{http://www.w3.org/2000/svg}"
SMALL = Settings(hidden=3, length=6, batch=4)


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """(cell, what the wires carry) -> the drawing at time step 4."""
    store = RunStore(f"sqlite:///{tmp_path_factory.mktemp('cell') / 'runs.db'}")
    found = {}
    for cell in ("rnn", "lstm", "gru"):
        for carry in ("values", "gradient"):
            choice = Choice.of({"t": "4", "carry": carry, "unit": "1"})
            draft = SMALL.replace(cell=cell)
            found[cell, carry] = drawing(Gallery(store), "anatomy", None, draft, choice)
    store.close()
    return found


def texts(svg: bytes) -> list[str]:
    root = ElementTree.fromstring(svg)
    return ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("carry", ["values", "gradient"])
def test_svg_has_the_numbers_of_its_time_step(cells, cell, carry):
    drawn = cells[cell, carry]
    said = " ".join(texts(export.render(drawn, "svg")))
    series = unpacked(drawn["anatomy"], "unit_series")
    name = "gradient.hidden_state" if carry == "gradient" else "hidden_state"
    value = float(series[name][4])
    assert (scientific(value, 1) if carry == "gradient" else plain(value)) in said
    assert "time step 4" in said and "unit 1 of 3" in said
    assert ("δ" in said) == (carry == "gradient")
    assert said.startswith("The gradient through a" if carry == "gradient" else "Inside a")
    assert "None" not in said and "null" not in said


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_svg_has_the_colours_of_the_theme_and_its_fonts(cells, theme):
    svg = export.render(cells["lstm", "values"], "svg", theme=theme).decode()
    assert (
        svg.count("@font-face") == 2
        and "class=" not in svg
        and "data-" not in svg.split("</style>")[1]
    )
    found = set(re.findall(r'"(#[0-9A-F]{6})"', svg))
    if theme == "print":
        assert all(colour[1:3] == colour[3:5] == colour[5:7] for colour in found)
    else:
        known = palette(theme)
        rail = mixed(known["muted"], known["panel"], 0.4)
        assert found <= {rail, *map(str, known.values())}


def test_a_negative_value_is_hollow_and_a_wide_one_is_wide(cells):
    root = ElementTree.fromstring(export.render(cells["lstm", "values"], "svg"))
    widths = [float(node.get("stroke-width")) for node in root.iter(f"{SVG}path")
              if node.get("stroke-opacity")]  # fmt: skip
    assert len(widths) > 10 and 1.5 <= min(widths) < max(widths) <= 11


def test_every_format_opens(cells):
    drawn = cells["gru", "values"]
    picture = Image.open(io.BytesIO(export.render(drawn, "png", preset="half", scale=1)))
    assert picture.size == (640, 720) and len(picture.convert("RGB").getcolors(2**24)) > 20
    (page,) = PdfReader(io.BytesIO(export.render(drawn, "pdf", preset="slide"))).pages
    assert (float(page.mediabox.width), float(page.mediabox.height)) == (960, 540)
    assert "Inside a GRU cell" in page.extract_text()
    (slide,) = Presentation(io.BytesIO(export.render(drawn, "pptx"))).slides
    assert slide.shapes.title.text.startswith("Inside a GRU cell")
    shape = slide.shapes[1]
    assert "hidden state" in shape._element.xpath("./*/p:cNvPr/@descr")[0]
    table = pd.read_csv(io.BytesIO(export.render(drawn, "csv")))
    assert list(table["time step t"]) == list(range(6)) and "update_gate.sum" in table
    assert "<svg" in export.render(drawn, "html").decode()


def test_title_and_numbers_are_as_chosen(cells):
    drawn = cells["rnn", "values"]
    bare = texts(export.render(drawn, "svg", title=False, numbers="comma"))
    assert not any("Inside" in text for text in bare)
    assert any(re.search(r"\d,\d{3}", text) for text in bare)
    assert not any(re.search(r"\d\.\d{3}", text) for text in bare)


def test_what_cannot_be_is_refused(cells):
    with pytest.raises(ExportError, match="take one from 0 to 5"):
        export.render({**cells["rnn", "values"], "t": 6}, "svg")
    with pytest.raises(ExportError, match="cannot be a tex file"):
        export.render(cells["rnn", "values"], "tex")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.000"), (-0.0001, "0.000"), (-0.5, "−0.500"), (12.345, "12.35"), (1234.0, "1234"),
     (56789.0, "5.679×10⁴"), (float("nan"), "NaN"), (float("-inf"), "−∞")],
)  # fmt: skip
def test_numbers_are_written_as_on_screen(value, text):
    assert plain(value) == text


def test_a_layer_that_reads_from_the_end_comes_from_the_step_after(tmp_path):
    store = RunStore(f"sqlite:///{tmp_path / 'runs.db'}")
    both = SMALL.replace(bidirectional=True)
    for layer, before, other in (("rnn.l0_reverse", "t+1", "t−1"), ("rnn.l0", "t−1", "t+1")):
        choice = Choice.of({"t": "4", "layer": layer})
        drawn = drawing(Gallery(store), "anatomy", None, both, choice)
        said = " ".join(texts(export.render(drawn, "svg")))
        assert before in said and other not in said
    store.close()
