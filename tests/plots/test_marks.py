"""Every mark is what Plotly takes, with what was given and nothing else."""

import re
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

from rnnviz.plots import marks

X, Y = np.arange(3), np.ones(3)
TRACES = {
    "line": marks.line(X, Y, "red", 2, "dot", shape="hv", hover="%{y}", name="a"),
    "marked line": marks.line(X, Y, "red", marker={"size": 4}),
    "dots": marks.dots(X, Y, "red", 5, symbol="x", opacity=0.5, edge=1, edge_colour="blue"),
    "words": marks.words(X, Y, ["a", "b", "c"], "red", 12, at="top left", weight=600),
    "heat": marks.heat(np.ones((2, 3)), X, [0, 1], (0, 2), [[0, "red"], [1, "blue"]], gap=1),
    "heat without axes": marks.heat(np.ones((2, 3)), None, None, (0, 2), [[0, "red"], [1, "blue"]]),
    "bars": marks.bars(X, Y, "red", edge=0, pattern={"shape": "/"}, hover="%{x}", aside="a"),
    "edge of a band": marks.band(X, Y, 2 * Y, "red", legendgroup="a")[1],
}
SHAPES = {
    "segment": marks.segment((0, 1), (2, 3), "red", 1, "dot", xref="x2"),
    "upright": marks.upright(4, "red", 1),
    "level": marks.level(5, "red", 1, layer="below"),
    "area": marks.area((0, 1), (2, 3), "red", opacity=0.5),
}


@pytest.mark.parametrize("trace", TRACES.values(), ids=TRACES)
def test_plotly_takes_every_trace(trace):
    assert go.Figure([trace]).to_plotly_json()["data"][0].keys() == trace.keys()


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_plotly_takes_every_shape(shape):
    assert go.layout.Shape(shape).to_plotly_json() == shape


def test_what_is_not_given_is_not_there():
    assert marks.line(X, Y).keys() == {"type", "mode", "x", "y"}
    assert marks.line(X, Y, width=0)["line"] == {"width": 0}  # 0 is given, and nothing is drawn
    assert marks.dots(X, Y, "red", 5)["marker"] == {"color": "red", "size": 5}
    assert "xgap" not in TRACES["heat without axes"] and "x" not in TRACES["heat without axes"]


def test_points_of_a_line_are_drawn_where_it_has_a_marker():
    assert TRACES["line"]["mode"] == "lines"
    assert TRACES["marked line"]["mode"] == "lines+markers"


def test_the_pointer_is_told_what_is_given_and_nothing_beside_it():
    assert TRACES["line"]["hovertemplate"] == "%{y}<extra></extra>"
    assert TRACES["bars"]["hovertemplate"] == "%{x}<extra>a</extra>"


def test_a_level_and_an_upright_line_reach_over_the_whole_picture():
    level, upright = SHAPES["level"], SHAPES["upright"]
    assert (level["x0"], level["x1"], level["xref"]) == (0, 1, "paper")
    assert level["y0"] == level["y1"] == 5 and "yref" not in level
    assert (upright["y0"], upright["y1"], upright["yref"]) == (0, 1, "paper")


def test_a_note_stands_with_its_corner_at_its_place():
    note = marks.note("a", 1, 2, "red", at="right top", **marks.PAPER)
    assert go.layout.Annotation(note).to_plotly_json() == note
    assert (note["xanchor"], note["yanchor"], note["xref"]) == ("right", "top", "paper")
    assert "xanchor" not in marks.note("a", 1, 2, "red")


def test_no_other_file_writes_a_trace_by_hand():
    by_hand = re.compile(r'"type": "(scatter|heatmap|bar)"|"showarrow"')
    files = Path(marks.__file__).parent.glob("*.py")
    assert [f.name for f in files if by_hand.search(f.read_text("utf-8"))] == ["marks.py"]
