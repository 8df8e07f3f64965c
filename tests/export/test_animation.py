"""Figures that move: frames that stand still where they should, and files that play."""

import json
import re
import subprocess

import numpy as np
import pytest
from PIL import Image

from rnnviz.errors import BrowserError, ExportError
from rnnviz.export.animation import Frame, animate
from rnnviz.export.frames import over_time, over_training
from rnnviz.export.look import Look
from rnnviz.export.movie import NO_FFMPEG, find_ffmpeg
from rnnviz.export.prepared import unpacked
from rnnviz.export.shown import drawing
from rnnviz.export.steady import steady
from rnnviz.views import Choice, Gallery

SMALL = Look(preset="column")


@pytest.fixture(scope="module")
def draw(store, run):
    gallery = Gallery(store)

    def at(step, view="gradient_time", **asked):
        choice = Choice.of({"step": str(step), **asked})
        return drawing(gallery, view, run, None, choice)

    return at


def shown(trace, letter):
    values = np.asarray(trace[letter], dtype=float)
    return values[np.isfinite(values)]


def test_axes_and_colours_stand_still_and_hold_all_data(store, run, draw):
    for view in ("gradients", "gates", "distribution"):
        frames = over_training(store.runs.checkpoint_steps(run), lambda step, v=view: draw(step, v))
        assert len(frames) >= 2 and len({frame.says for frame in frames}) == len(frames)
        made = steady([unpacked(frame.figure) for frame in frames])
        for name in made[0]["layout"]:
            if re.fullmatch(r"[xy]axis\d*", name):
                assert len({str(each["layout"][name].get("range")) for each in made}) == 1
        heats = [trace for each in made for trace in each["data"] if trace.get("type") == "heatmap"]
        assert len({(trace["zmin"], trace["zmax"]) for trace in heats}) <= 1
        low, high = sorted(made[0]["layout"]["yaxis"].get("range") or (-np.inf, np.inf))
        if view == "gradients":
            for each in made:
                for trace in each["data"]:
                    assert np.all(np.log10(shown(trace, "y")) <= high + 1e-9)


def test_over_time_a_figure_grows(draw):
    frames = over_time(draw(60, "gates"))
    counts = [np.isfinite(frame.figure["data"][0]["z"]).sum() for frame in frames]
    assert counts == [4 * (t + 1) for t in range(8)]
    cells = over_time(draw(60, "anatomy"))
    assert [frame.figure["t"] for frame in cells] == list(range(8))
    with pytest.raises(ExportError, match="no axis of time"):
        over_time(draw(60, "distribution"))


def test_what_an_output_depends_on_grows_with_the_input_that_it_has_read(draw):
    frames = over_time(draw(60, "gradient_connectivity"))
    read = [np.isfinite(frame.figure["data"][0]["z"]).any(axis=0).sum() for frame in frames]
    assert read == list(range(1, len(frames) + 1))


def test_html_holds_all_frames_and_a_player(draw, tmp_path):
    path = animate(over_time(draw(60, "gates")), tmp_path / "gates.html", look=SMALL)
    page = path.read_text()
    told = json.loads(re.search(r'application/json">(.*?)</script>', page, re.DOTALL)[1])
    assert [frame["says"] for frame in told["frames"]] == [f"time step {t}" for t in range(8)]
    assert not re.search(r"<(?:script|link)[^>]+(?:src|href)=", page) and 'type="range"' in page
    cells = animate(over_time(draw(60, "anatomy")), tmp_path / "cell.html", look=SMALL).read_text()
    assert len(cells) < 1e6 and cells.count("\\u003csvg") == 8


def test_gif_has_every_frame_and_one_set_of_colours(draw, tmp_path):
    frames = [Frame(f"step {step}", draw(step, "gates")) for step in (0, 60)]
    told = []
    path = animate(frames, tmp_path / "gates.gif", look=SMALL, tell=lambda *e: told.append(e))
    assert [done for done, _, _ in told] == [0, 1]
    with Image.open(path) as made:
        assert (made.n_frames, made.size, made.info["loop"]) == (2, (336, 252), 0)
        first = np.asarray(made.convert("RGB"))
        made.seek(1)
        changed = (np.asarray(made.convert("RGB")) != first).any(2)
    assert 0.001 < changed.mean() < 0.7  # the paper and the axes stand still
    assert not changed[:4].any()


def test_mp4_plays_where_there_is_an_ffmpeg(draw, tmp_path, monkeypatch):
    frames = [Frame(f"step {step}", draw(step, "gates")) for step in (0, 60)]
    try:
        ffmpeg = find_ffmpeg()
    except ExportError:  # that there is none is said: tested below
        ffmpeg = None
    if ffmpeg:
        path = animate(frames, tmp_path / "gates.mp4", look=SMALL, rate=4)
        read = subprocess.run([ffmpeg, "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
                              capture_output=True, timeout=60)  # fmt: skip
        count, rest = divmod(len(read.stdout), 336 * 252 * 3)
        assert rest == 0 and 2 <= count <= 10
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(__import__("sys").modules, "imageio_ffmpeg", None)
    with pytest.raises(ExportError, match=re.escape(NO_FFMPEG[:40])):
        animate(frames, tmp_path / "no.mp4", look=SMALL)


def test_what_cannot_move_is_refused(draw, tmp_path, monkeypatch):
    frames = over_time(draw(60, "gates"))
    for given, name, says in (
        (frames[:1], "a.html", "2 to 120 frames"),
        (frames * 30, "a.html", "2 to 120 frames"),
        (frames, "a.png", "take html, gif, mp4"),
        (frames, "no/a.html", "cannot be written"),
    ):
        with pytest.raises(ExportError, match=says):
            animate(given, tmp_path / name, look=SMALL)
    with pytest.raises(ExportError, match="fewer than two"):
        over_training([0], draw)
    monkeypatch.setenv("BROWSER_PATH", "/nowhere/chromium")
    with pytest.raises(BrowserError, match="need a Chromium"):
        animate(frames, tmp_path / "a.gif", look=SMALL)
    assert not list(tmp_path.iterdir())


def test_a_label_cannot_end_the_script(tmp_path):
    figure = {"data": [{"y": [1, 2], "name": "</script><script>alert(1)</script>"}], "layout": {}}
    path = animate([Frame("</script>", figure)] * 2, tmp_path / "a.html")
    assert "</script><script>alert" not in path.read_text()
