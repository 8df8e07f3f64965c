"""Every figure in every format, read again by somebody else's reader."""

import io
import re
import shutil
import subprocess
import sys
import threading
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from html import unescape

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from PIL import Image
from pptx import Presentation
from pptx.util import Emu
from pypdf import PdfReader

from rnnviz import export
from rnnviz.engine.worker import Session
from rnnviz.errors import ExportError
from rnnviz.export import browser
from rnnviz.export.prepared import text_of, words
from rnnviz.export.shown import drawing, source_of
from rnnviz.looks import VIEWS
from rnnviz.plots.style import THEMES
from rnnviz.views import Choice, Gallery

from .conftest import NO_FIGURE

SVG = "{http://www.w3.org/2000/svg}"
SHOWN = [view for view in VIEWS if view not in NO_FIGURE]
KINDS = ["loss", "gates", "signals", "units_ranking", "compare_gradients"]
"""Lines, a heatmap, many panels, bars, a study: one of each kind for what takes longer."""


def letters(text):
    """What is left of a text that any reader gives alike."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def first_words(figure):
    """The bold part of a title."""
    return letters(text_of(re.match(r"<b>(.*?)</b>", figure["layout"]["title"]["text"])[1]))


def colours_beside(svg, theme):
    """The colours of a drawing that are none of its theme's."""
    colours = re.findall("#[0-9A-Fa-f]{6}", str(asdict(THEMES[theme])))
    known = {tuple(int(each[at : at + 2], 16) for at in (1, 3, 5)) for each in colours}
    found = set()
    for node in svg.iter():
        style = node.get("style", "")
        if "fill-opacity: 0;" in style:
            style = re.sub(r"\bfill: [^;]*;", "", style)
        if re.search("stroke-width: 0(px)?;?$|stroke-width: 0(px)?;|stroke-opacity: 0;", style):
            style = re.sub(r"\bstroke: [^;]*;", "", style)
        if node.get("class") != "scrollbar":  # of a legend: it has no size
            hits = re.findall(r"rgba?\((\d+), (\d+), (\d+)", style)
            found |= {tuple(map(int, hit)) for hit in hits}
    return found - known


@pytest.mark.parametrize("view", SHOWN)
def test_svg_is_xml_with_its_title_as_text(figures, view):
    made = ElementTree.fromstring(export.render(figures[view], "svg"))
    assert made.tag == f"{SVG}svg"
    assert (made.get("width"), made.get("height")) == ("1280", "720")
    text = letters("".join("".join(each.itertext()) for each in made.iter(f"{SVG}text")))
    assert first_words(figures[view]) in text
    drawn = sum(len(list(made.iter(SVG + name))) for name in ("path", "image"))
    assert drawn > 3
    assert colours_beside(made, "light") == set()
    assert "@font-face" in made.find(f"{SVG}style").text


@pytest.mark.parametrize("view", KINDS)
def test_dark_svg_has_no_colour_beside_the_palette(figures, view):
    made = ElementTree.fromstring(export.render(figures[view], "svg", theme="dark"))
    assert colours_beside(made, "dark") == set()


@pytest.mark.parametrize("view", SHOWN)
def test_csv_holds_the_numbers_that_are_drawn(figures, view):
    table = pd.read_csv(io.BytesIO(export.render(figures[view], "csv")))
    assert len(table) and not any(name.startswith("Unnamed") for name in table.columns)
    count = 0
    for trace in figures[view]["data"]:
        z, x, y = (trace.get(letter) for letter in "zxy")
        count += np.asarray(z).size if z is not None else len(x if x is not None else y)
    assert len(table) == count


@pytest.mark.parametrize("view", SHOWN)
def test_html_is_one_file_that_needs_nothing_else(figures, view):
    made = export.render(figures[view], "html").decode()
    assert made.startswith("<!doctype html>") and first_words(figures[view]) in letters(
        unescape(made[: made.index("</title>")])
    )
    assert "Plotly.newPlot" in made and not re.search(r"<(?:script|link)[^>]+(?:src|href)=", made)


@pytest.mark.parametrize("view", SHOWN)
def test_tex_is_balanced_and_holds_axes_and_data(figures, view):
    made = export.render(figures[view], "tex").decode()
    assert made.count(r"\begin{axis}") == made.count(r"\end{axis}") >= 1
    bare = re.sub(r"\\[{}\\]", "", made)
    assert bare.count("{") == bare.count("}")
    assert len(re.findall(r"^-?[\d.e+-]+ -?[\d.e+-]+", made, re.MULTILINE)) > 3
    assert bare.replace(r"\textdegree{}", "").isascii() or re.fullmatch(r"[\x00-\xff]*", bare)


def test_tex_compiles_where_there_is_a_tex(figures, tmp_path):
    compiler = shutil.which("pdflatex")
    for view in ("loss", "gates"):
        (tmp_path / f"{view}.tex").write_bytes(export.render(figures[view], "tex"))
        if compiler is None:  # its structure is tested above; a TeX of 200 MB is not asked for
            continue
        command = [compiler, "-interaction=nonstopmode", "-halt-on-error", f"{view}.tex"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60)
        assert done.returncode == 0, done.stdout.decode("latin-1")[-1500:]
        pages = PdfReader(tmp_path / f"{view}.pdf").pages
        assert len(pages) == 1 and first_words(figures[view])[:9] in letters(
            pages[0].extract_text()
        )


@pytest.mark.parametrize("view", KINDS)
def test_png_has_the_presets_pixels_and_is_not_empty(figures, view):
    for preset, scale in (("slide", 1), ("column", 4)):
        made = Image.open(
            io.BytesIO(export.render(figures[view], "png", preset=preset, scale=scale))
        )
        size = export.PRESETS[preset]
        assert made.size == (size.width * scale, size.height * scale)
        assert len(made.convert("RGB").getcolors(2**24)) > 20


@pytest.mark.parametrize("view", KINDS)
def test_pdf_is_one_page_of_the_presets_size_with_text_and_fonts_in_it(figures, view):
    reader = PdfReader(io.BytesIO(export.render(figures[view], "pdf", preset="half")))
    (page,) = reader.pages
    assert (float(page.mediabox.width), float(page.mediabox.height)) == (480, 540)
    assert first_words(figures[view])[:9] in letters(page.extract_text())
    for font in page["/Resources"]["/Font"].values():
        font = font.get_object()
        below = font.get("/DescendantFonts", [font])[0].get_object()
        inside = below.get("/FontDescriptor", {})
        assert below["/Subtype"] == "/Type3" or any(f"/FontFile{n}" in inside for n in ("", 2, 3))


@pytest.mark.parametrize("view", KINDS)
def test_pptx_has_a_title_alt_text_notes_and_charts_for_lines(figures, view, store, run):
    source = source_of(store, view, run, None, Choice(), 60, link="http://x/?run=1") if (
        not VIEWS[view].of_study
    ) else None  # fmt: skip
    shown = Presentation(io.BytesIO(export.render(figures[view], "pptx", source=source)))
    (slide,) = shown.slides
    assert slide.shapes.title.text == words(figures[view])
    others = [shape for shape in slide.shapes if shape != slide.shapes.title]
    charts = [shape for shape in others if shape.has_chart]
    assert bool(charts) == (view in ("loss", "compare_gradients"))
    for shape in others:
        assert (
            figures[view]["layout"]["meta"]["alt"] in shape._element.xpath("./*/p:cNvPr/@descr")[0]
        )
        assert 0 <= shape.left and shape.left + shape.width <= shown.slide_width + Emu(20000)
    notes = slide.notes_slide.notes_text_frame.text
    assert source is None or ('"seed"' in notes and "http://x/?run=1" in notes)
    if view == "loss":
        x, y = figures[view]["data"][0]["x"], figures[view]["data"][0]["y"]
        series = charts[0].chart.plots[0].series[0]
        np.testing.assert_allclose(list(series.values), y, rtol=1e-6)
        assert len(list(series.iter_values())) == len(x)


@pytest.mark.parametrize("view", ["gates", "loss"])
def test_the_script_gives_the_same_data_in_a_fresh_process(figures, store, run, view, tmp_path):
    source = source_of(store, view, run, None, Choice(), 60)
    script = export.render(figures[view], "py", source=source).decode()
    assert len(script.splitlines()) < 12
    script = script.replace(f'"{view}.html"', '"again.csv"')
    (tmp_path / "again.py").write_text(script)
    again = subprocess.run(
        [sys.executable, "-W", "error", tmp_path / "again.py"], cwd=tmp_path, timeout=120,
        env={"PYTHONPATH": str(export.__path__[0]) + "/../..", "PATH": ""},
        capture_output=True, text=True,
    )  # fmt: skip
    assert again.returncode == 0, again.stderr
    ours = pd.read_csv(io.BytesIO(export.render(figures[view], "csv")))
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "again.csv"), ours, check_exact=True)


@pytest.mark.parametrize("view", ["gates", "loss"])
def test_the_script_of_a_run_that_goes_on_from_another_trains_both_parts(
    store, run, view, tmp_path, monkeypatch
):
    # which of those before are kept is a matter of time
    step = store.runs.checkpoint_steps(run)[-1]
    branch = store.runs.branch(run, "me", 20, step=step, optimizer="sgd", lr=0.1, schedule="cosine")
    store.orders.resume(branch, "me")
    Session(store, store.queue.claim("here"), threading.Event()).work()
    shown = store.runs.checkpoint_steps(branch)[-1]
    figure = drawing(Gallery(store), view, branch, None, Choice())
    script = export.render(
        figure, "py", source=source_of(store, view, branch, None, Choice(), shown)
    ).decode()
    assert "phases={0: rnnviz.Settings(" in script and f"{step}: rnnviz.Settings(" in script
    monkeypatch.chdir(tmp_path)
    exec(script.replace(f'"{view}.html"', '"again.csv"'), {"__name__": "__main__"})
    ours = pd.read_csv(io.BytesIO(export.render(figure, "csv")))
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "again.csv"), ours, check_exact=True)


@pytest.mark.parametrize("view", SHOWN)
def test_print_is_black_on_white_and_dark_is_dark(figures, view):
    plain = go.Figure(figures[view])
    made = export.render(plain, "svg", theme="print", preset="half").decode()
    made = re.sub(r'<rect class="scrollbar"[^>]*>', "", made)  # of a legend: it has no size
    colours = {tuple(map(int, hit)) for hit in re.findall(r"rgba?\((\d+), (\d+), (\d+)", made)}
    assert colours and all(len(set(colour)) == 1 for colour in colours)
    assert plain.layout.paper_bgcolor == "#FDFCF9"  # the caller's figure is as it was


def test_lines_in_print_differ_by_more_than_grey(figures):
    from rnnviz.export.look import Look
    from rnnviz.export.prepared import prepare

    made = prepare(figures["gradients"], Look(theme="print"))
    lines = [each for each in made["data"] if "lines" in each["mode"] and each.get("name")]
    told = {(each["line"]["dash"], each.get("marker", {}).get("symbol")) for each in lines}
    assert len(lines) == len(told) >= 5


def test_what_was_zoomed_and_switched_off_is_what_is_written(figures):
    figure = figures["gradients"]
    whole = pd.read_csv(io.BytesIO(export.render(figure, "csv")))
    part = pd.read_csv(
        io.BytesIO(export.render(figure, "csv", ranges={"xaxis": (2, 5)}, hidden=(0,)))
    )
    assert set(part["time step t"]) == {2, 3, 4, 5}
    assert part["series"].nunique() == whole["series"].nunique() - 1
    svg = export.render(figure, "svg", ranges={"xaxis": (2, 5)}, hidden=(0,)).decode()
    assert figure["data"][0]["name"] not in svg


@pytest.mark.parametrize(
    ("format", "choices", "says"),
    [
        ("bmp", {}, "take png, svg"),
        ("png", {"preset": "wall"}, "take slide, half"),
        ("png", {"theme": "blue"}, "take light, dark, print"),
        ("png", {"scale": 9}, "take 1, 2, 3 or 4"),
        ("png", {"font_size": 1000}, "take 6 to 48"),
        ("csv", {"ranges": {"xaxis": (0, float("nan"))}}, "two different numbers"),
        ("csv", {"ranges": {"zaxis": (0, 1)}}, "no axis called"),
        ("py", {}, "give `source`"),
    ],
)
def test_what_has_no_meaning_is_refused(figures, format, choices, says):
    with pytest.raises(ExportError, match=re.escape(says)):
        export.render(figures["loss"], format, **choices)


@pytest.mark.parametrize(
    ("figure", "says"),
    [
        (42, "no figure"),
        ({"data": [1]}, "list of traces"),
        ({"data": [{"type": "scatter3d"}]}, "cannot be exported"),
        ({"data": [{}] * 3000}, "too many"),
        ({"data": [{"x": np.zeros(2**22 + 1)}]}, "too many"),
        ({"data": [{"x": {"bdata": "@@", "dtype": "f4"}}]}, "damaged"),
    ],
)
def test_hostile_figures_are_refused(figure, says):
    with pytest.raises(ExportError, match=says):
        export.render(figure, "csv")


def test_odd_text_is_text_in_every_format():
    odd = '<script>alert(1)</script> & "50 %" _{x}^2 $ \\input{/etc/passwd} Ω 字 \x07'
    figure = {
        "data": [{"x": [1, 2], "y": [3, np.nan], "name": odd, "showlegend": True}],
        "layout": {"title": {"text": odd}, "images": [{"source": "http://127.0.0.1:9/x.png"}]},
    }
    for format in ("html", "csv", "tex", "svg", "pdf", "pptx"):
        made = export.render(figure, format)
        assert len(made) > 10
    assert r"\input{/etc" not in export.render(figure, "tex").decode()
    assert "<script>alert" not in export.render(figure, "html").decode().split("<main")[0]
    ElementTree.fromstring(export.render(figure, "svg"))


def test_without_a_browser_what_needs_one_says_so(figures, monkeypatch):
    monkeypatch.setenv("BROWSER_PATH", "/nowhere/chromium")
    for format in ("png", "svg", "pdf"):
        with pytest.raises(ExportError, match="need a Chromium"):
            export.render(figures["loss"], format)
    for format in ("html", "csv", "tex", "pptx"):
        assert export.render(figures["loss"], format)


def test_twenty_at_once_give_twenty_right_files():
    def one(number):
        figure = {
            "data": [{"y": [number, 1]}],
            "layout": {"title": {"text": f"Figure no{number}x"}},
        }
        format = ("svg", "pdf")[number % 2]
        return format, export.render(figure, format)

    with ThreadPoolExecutor(20) as pool:
        made = list(pool.map(one, range(20)))
    for number, (format, written) in enumerate(made):
        if format == "pdf":
            text = PdfReader(io.BytesIO(written)).pages[0].extract_text()
        else:
            text = written.decode()
        assert re.findall(r"no(\d+)x", text.replace(" ", "").replace("\n", ""))[0] == str(number)


def test_a_browser_that_died_is_started_again(figures):
    first = export.render(figures["loss"], "svg")
    browser._browser()._chromium.subprocess.kill()
    again = export.render(figures["loss"], "svg")
    assert len(again) == pytest.approx(len(first), rel=0.02)
    assert threading.active_count() < 60


def test_save_names_the_format_by_the_ending(figures, tmp_path):
    path = export.save(figures["loss"], tmp_path / "a loss.SVG", preset="square", title=False)
    made = ElementTree.parse(path).getroot()
    assert (made.get("width"), made.get("height")) == ("720", "720")
    with pytest.raises(ExportError, match="name another"):
        export.save(figures["loss"], tmp_path / "no" / "loss.csv")
