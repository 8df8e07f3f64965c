import tomllib

import plotly.graph_objects as go
import pytest

from rnnviz.plots import style
from rnnviz.resources import ROOT


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio of two hex colours."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("key", ["light", "dark"])
def test_the_streamlit_theme_has_the_colours_of_the_figures(key):
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))["theme"][key]
    colours = style.theme(key)
    assert config["backgroundColor"] == colours.paper
    assert config["secondaryBackgroundColor"] == colours.panel
    assert config["textColor"] == colours.ink
    assert config["borderColor"] == colours.rule
    assert config["primaryColor"] == colours.primary
    assert contrast(config["primaryColor"], "#FFFFFF") >= 4.5  # the words on a button
    assert config["linkColor"] == colours.signal["output_gate"]


@pytest.mark.parametrize("key", ["light", "dark"])
def test_text_and_lines_can_be_read_on_paper(key):
    colours = style.theme(key)
    for text in (colours.ink, colours.muted):
        assert contrast(text, colours.paper) >= 4.5
        assert contrast(text, colours.panel) >= 4.5
    for line in (*colours.signal.values(), *colours.cell.values()):
        assert contrast(line, colours.paper) >= 3  # WCAG 1.4.11, graphical objects


def test_gates_of_one_cell_have_different_colours():
    for colours in style.THEMES.values():
        lstm = ("input_gate", "forget_gate", "candidate", "output_gate", "cell_state")
        assert len({colours.signal[name] for name in lstm}) == len(lstm)


def test_a_gate_runs_from_paper_to_its_own_colour():
    colours = style.theme("light")
    scale, low, high = style.scale("forget_gate", colours)
    assert (low, high) == (0, 1)
    assert scale == [[0.0, colours.paper], [1.0, colours.signal["forget_gate"]]]
    _, low, high = style.scale("candidate", colours)
    assert (low, high) == (-1, 1)


def test_an_unknown_theme_is_the_light_one():
    assert style.theme("<script>") is style.theme("light")


def test_a_figure_function_gives_a_validated_figure_and_its_plain_dict():
    @style.figure
    def line(y: list[float]) -> style.FigureDict:
        """Draw."""
        return {"data": [{"type": "scatter", "y": y}], "layout": style.frame("T", "alt", "light")}

    assert isinstance(line([1, 2]), go.Figure)
    assert line.spec([1, 2])["layout"]["meta"]["alt"] == "alt"
    assert line.__name__ == "line"


def test_axes_do_not_leak_from_one_figure_into_the_next():
    axes = {"xaxis": {"title": "time", "range": [0, 9]}}
    first = style.frame("A", "a", "light", axes=axes)
    second = style.frame("B", "b", "light")
    assert first["xaxis"]["title"]["text"] == "time"
    assert "range" not in second["xaxis"]
    assert "text" not in second["xaxis"]["title"]


def test_what_code_may_ask_of_a_figure_stands_in_its_meta():
    axes = {"xaxis": {"time": True}, "xaxis2": {"time": True, "title": "input"}, "xaxis3": {}}
    made = style.frame("T", "alt", "light", note="step 3", axes=axes)
    assert made["meta"] == {"alt": "alt", "note": "step 3", "time": ["xaxis", "xaxis2"]}
    assert made["title"]["text"].endswith(">step 3</span>")
    assert made["xaxis"]["title"]["text"] == "time step t"
    assert made["xaxis2"]["title"]["text"] == "input"
    assert "time" not in made["xaxis"] and axes["xaxis"] == {"time": True}
    assert style.frame("T", "alt", "light")["meta"] == {"alt": "alt", "note": "", "time": []}
    go.Figure(layout=made)
