"""A lecture bundle: what is in it opens, and its notebook draws the same."""

import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from xml.etree import ElementTree

import nbformat
import pandas as pd
import pytest
from PIL import Image
from pptx import Presentation
from pypdf import PdfReader

from rnnviz import export
from rnnviz.errors import ExportError, RunError
from rnnviz.export.bundle import bundled, dozen
from rnnviz.export.look import Look
from rnnviz.looks import VIEWS

VIEWS_HERE = ("loss", "gates", "anatomy", "unit_history")


@pytest.fixture(scope="module")
def packed(store, run, tmp_path_factory):
    """What `bundle` told, the open zip, and the folder that it is unpacked in."""
    folder = tmp_path_factory.mktemp("bundle")
    told = []
    lecture = export.bundle(store, run, folder / "lecture.zip", views=VIEWS_HERE,
                            tell=lambda *each: told.append(each),
                            link="http://x/?run=1&a=<b>")  # fmt: skip
    with zipfile.ZipFile(folder / "lecture.zip") as file:
        file.extractall(folder)
        yield lecture, told, folder


def test_every_figure_is_there_in_every_format_and_opens(packed):
    lecture, told, folder = packed
    assert [each.view for each in lecture.figures] == list(VIEWS_HERE)
    assert lecture.left_out == {"anatomy.tex": lecture.left_out["anatomy.tex"]}
    for view in VIEWS_HERE:
        at = folder / "figures" / view
        with Image.open(at.with_suffix(".png")) as picture:
            assert picture.size == (2560, 1440)
        assert ElementTree.parse(at.with_suffix(".svg")).getroot().get("width") == "1280"
        assert len(PdfReader(at.with_suffix(".pdf")).pages) == 1
        assert len(Presentation(at.with_suffix(".pptx")).slides) == 1
        assert len(pd.read_csv(at.with_suffix(".csv")))
        page = at.with_suffix(".html").read_text()
        assert len(page) < 2e6 and ('src="plotly.min.js"' in page) == (view != "anatomy")
        compile(at.with_suffix(".py").read_text(), view, "exec")
    assert (folder / "figures" / "plotly.min.js").stat().st_size > 1e6
    done = [each for each, _, _ in told]
    assert done == sorted(done) and done[-1] == told[-1][1]


def test_settings_data_and_readme_say_what_it_is(packed, run, store):
    lecture, _, folder = packed
    settings = json.loads((folder / "settings.json").read_text())
    assert settings == store.runs.get(run).settings.model_dump()
    assert len(pd.read_csv(folder / "metrics.csv")) == 60
    readme = (folder / "README.md").read_text()
    assert run in readme and f"Seed {settings['seed']}" in readme and "- torch 2" in readme
    assert "training step 60" in readme and "<b>" not in readme


def test_the_notebook_draws_the_same_in_a_fresh_process(packed, tmp_path):
    _, _, folder = packed
    made = nbformat.read(folder / "figures.ipynb", as_version=4)
    nbformat.validate(made)
    code = [cell.source for cell in made.cells if cell.cell_type == "code"]
    saved = "".join(f"rnnviz.export.save({view}, '{view}.csv')\n" for view in VIEWS_HERE)
    (tmp_path / "all.py").write_text("\n".join([*code[:-1], saved, code[-1]]))
    again = subprocess.run(
        [sys.executable, "-W", "error", "all.py"], cwd=tmp_path, timeout=120,
        env={"PYTHONPATH": str(export.__path__[0]) + "/../..", "PATH": ""},
        capture_output=True, text=True,
    )  # fmt: skip
    assert again.returncode == 0, again.stderr
    for view in VIEWS_HERE:
        ours = pd.read_csv(folder / "figures" / f"{view}.csv")
        pd.testing.assert_frame_equal(pd.read_csv(tmp_path / f"{view}.csv"), ours, check_exact=True)


def test_beamer_compiles_and_shows_every_figure(packed):
    _, _, folder = packed
    text = (folder / "beamer.tex").read_text()
    shown = re.findall(r"\\includegraphics\[[^]]*\]\{(.*?)\}", text)
    assert shown == [f"figures/{view}.pdf" for view in VIEWS_HERE]
    assert text.count(r"\begin{frame}") == text.count(r"\end{frame}") == len(VIEWS_HERE)
    compiler = shutil.which("pdflatex")
    finder = shutil.which("kpsewhich")
    known = finder and subprocess.run([finder, "beamer.cls"], capture_output=True).returncode == 0
    if compiler and known:  # a TeX of 200 MB is not asked for
        command = [compiler, "-interaction=nonstopmode", "-halt-on-error", "beamer.tex"]
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=100)
        assert done.returncode == 0, done.stdout.decode("latin-1")[-1500:]
        assert len(PdfReader(folder / "beamer.pdf").pages) == len(VIEWS_HERE)


def test_quarto_is_a_slide_a_figure(packed):
    _, _, folder = packed
    _, front, body = (folder / "slides.qmd").read_text().split("---\n", 2)
    assert "revealjs:" in front and json.loads(re.search("title: (.*)", front)[1])
    assert len(re.findall(r"^##", body, re.MULTILINE)) == len(VIEWS_HERE)
    for file in re.findall(r"!\[\]\((.*?)\)", body):
        assert (folder / file).is_file()
    assert body.count("figures/") == 2 * len(VIEWS_HERE) and body.count(":::") == 2 * len(
        VIEWS_HERE
    )


def test_without_a_browser_the_rest_is_packed_and_the_readme_says_why(
    store, run, tmp_path, monkeypatch
):
    monkeypatch.setenv("BROWSER_PATH", "/nowhere/chromium")
    path = tmp_path / "lecture.zip"
    lecture = export.bundle(store, run, path, views=["gates"], look=Look(title=False))
    assert lecture.figures[0].formats == ("html", "tex", "csv", "py")
    with zipfile.ZipFile(path) as file:
        readme = file.read("README.md").decode()
        assert "`png`" in readme and "need a Chromium" in readme
        assert "includegraphics" not in file.read("beamer.tex").decode()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"views": ["status"]}, "no view of one run"),
        ({"views": []}, "nothing to pack"),
        ({"views": ["gates"], "formats": ["bmp"]}, "no format"),
    ],
)
def test_what_has_no_meaning_is_refused(store, run, tmp_path, given, says):
    with pytest.raises(ExportError, match=says):
        export.bundle(store, run, tmp_path / "x.zip", **given)
    assert not list(tmp_path.iterdir())


def test_a_stop_leaves_no_file(store, run, tmp_path):
    def tell(done, total, says):
        if done == 2:
            raise ExportError("It was stopped.")

    with pytest.raises(ExportError, match="stopped"):
        export.bundle(store, run, tmp_path / "x.zip", formats=["csv"], tell=tell)
    assert not list(tmp_path.iterdir())
    with pytest.raises(RunError):
        export.bundle(store, "nobody", tmp_path / "x.zip")


def test_the_list_is_of_views_of_one_run():
    assert set(dozen()) <= set(bundled()) <= set(VIEWS) and len(dozen()) == 12
    assert not any(VIEWS[view].of_study for view in bundled())


def test_words_of_a_visitor_are_words(store, tmp_path):
    from rnnviz.settings import Settings

    odd = "<script>alert(1)</script> \\input{/etc} # *x* [a](b)"
    run = store.runs.create(Settings(hidden=2, length=4), "me", odd)
    export.bundle(store, run, tmp_path / "x.zip", views=["gates"], formats=["csv"])
    with zipfile.ZipFile(io.BytesIO((tmp_path / "x.zip").read_bytes())) as file:
        texts = {name: file.read(name).decode() for name in file.namelist()}
    assert "<script>" not in texts["README.md"]
    slides = re.sub("^%.*", "", texts["beamer.tex"], flags=re.MULTILINE)
    assert r"\input{/etc" not in slides
    assert "<script>" not in json.loads(texts["figures.ipynb"])["cells"][0]["source"]
    store.bin.delete(run, "me")
