"""Every view as picture, page and slide: each opens elsewhere and is not empty."""

import io

import pytest
from PIL import Image
from pptx import Presentation
from pypdf import PdfReader

from rnnviz import export
from rnnviz.export.prepared import words
from rnnviz.looks import VIEWS

from .conftest import NO_FIGURE
from .test_export import first_words, letters

SHOWN = [view for view in VIEWS if view not in NO_FIGURE]


@pytest.mark.parametrize("view", SHOWN)
def test_picture_page_and_slide_open(figures, view):
    figure = figures[view]
    picture = Image.open(io.BytesIO(export.render(figure, "png", preset="column", scale=1)))
    assert picture.size == (336, 252)
    seen = picture.convert("RGB").getcolors(2**24)
    assert len(seen) > 20 and max(count for count, _ in seen) < 0.97 * 336 * 252
    (page,) = PdfReader(io.BytesIO(export.render(figure, "pdf"))).pages
    assert first_words(figure)[:9] in letters(page.extract_text())
    for font in page["/Resources"]["/Font"].values():
        font = font.get_object()
        below = font.get("/DescendantFonts", [font])[0].get_object()
        inside = below.get("/FontDescriptor", {})
        assert below["/Subtype"] == "/Type3" or any(f"/FontFile{n}" in inside for n in ("", 2, 3))
    (slide,) = Presentation(io.BytesIO(export.render(figure, "pptx", preset="column"))).slides
    assert slide.shapes.title.text == words(figure) and len(slide.shapes) > 1
