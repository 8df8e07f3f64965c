"""The menu of a figure is sent with it, from the registries: the scripts copy none of them."""

import re

import pytest

from rnnviz import export
from rnnviz.export import cell
from rnnviz.export.look import Look
from rnnviz.export.menu import looks, offered
from rnnviz.looks import VIEWS
from rnnviz.resources import asset
from rnnviz.words import speaking


def scripts() -> str:
    return "\n".join(path.read_text("utf-8") for path in asset("menu.js").parent.glob("*.js"))


def test_formats_presets_and_themes_are_those_of_the_registries():
    menu = offered("gates", "some run")
    assert [key for key, _, _ in menu["formats"]] == list(export.FORMATS)
    assert [key for key, _, _ in menu["moving"]] == list(export.MOVING)
    choices = {each["name"]: [value for value, _ in each["options"]] for each in menu["looks"]}
    assert choices["preset"] == list(export.PRESETS)
    assert choices["theme"] == ["", *export.APPEARANCES]
    assert choices["numbers"] == list(export.NUMBERS)
    assert [key for key, _, _ in offered("anatomy", "some run")["formats"]] == list(cell.FORMATS)


def test_every_choice_is_one_that_a_file_can_be_asked_with():
    for each in looks():
        assert each["value"] in [value for value, _ in each["options"]]
        for value, _ in each["options"]:
            if value:
                Look.of({each["name"]: value})
    assert [each["name"] for each in looks(of_page=True)] == [
        each["name"] for each in looks() if each["name"] != "pixels"
    ]


@pytest.mark.parametrize("view", VIEWS)
def test_what_shows_all_steps_is_not_animated_over_them(view):
    menu = offered(view, "some run")
    assert menu["training"] == (not VIEWS[view].every_step and not VIEWS[view].of_study)
    for run in (None, "trace.mine"):
        assert not offered(view, run)["run"] and not offered(view, run)["training"]


def test_no_script_has_a_copy():
    words = [*export.FORMATS, *export.MOVING, *export.PRESETS, *VIEWS]
    own = {"png", "svg"}  # what plotly.js draws by itself, where the server has no browser
    lists = re.findall(r"\[([^\[\]]*)\]", scripts())
    for each in lists:
        assert len(set(re.findall(r'"(\w+)"', each)) & (set(words) - own)) < 2, each
    assert "pptx" not in scripts() and "gradient_clipping" not in scripts()


def test_it_is_said_in_the_readers_language():
    with speaking("qps"):
        assert offered("gates", None)["formats"][0][2].startswith("⟦")
