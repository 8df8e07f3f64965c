"""Every task can be looked at on every page."""

import pytest

from rnnviz.errors import RnnvizError
from rnnviz.looks import VIEWS, draw
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.tasks import TASKS
from rnnviz.views import Choice, Gallery

CHOICES = {"units_matches": {"brush": "1-2"}}
REFUSED = {
    "writing": "Only a language model can write",
    "forecast": "Only a series of numbers is forecast",
    "data": "This task draws its data itself",
    "compare_map": "A map has one or two varied settings",
}
REFUSED |= {
    view: "This picture is of a model of your own" for view in VIEWS if view.startswith("watched_")
}
TRANSLATION = "Only a translation has a source and a target"
REFUSED |= {f"translation_{what}": TRANSLATION for what in ("attention", "written", "beam", "ways")}
REFUSED |= dict.fromkeys(("watched_loss"), "of a model of your own")
UNTRANSLATED = {
    "gradient_connectivity": "by two ways, attention and state",
    "gradient_dependence": "by two ways, attention and state",
    "gradient_truncation": "trained as a whole",
}


@pytest.mark.parametrize("key", TASKS)
def test_every_view_shows_every_task(key, tmp_path):
    store = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    gallery = Gallery(store)
    settings = Settings.for_task(key, hidden=3, length=8)
    shown, refused = 0, dict(REFUSED)
    if TASKS[key].translates:
        kept = {view: why for view, why in REFUSED.items() if why != TRANSLATION}
        refused = kept | UNTRANSLATED
    if key.startswith("digits"):  # one answer a sequence, so few of any class
        refused["units_ranking"] = "too few to tell what a unit knows"
    for view in VIEWS:
        try:
            message = draw(gallery, view, None, settings, Choice.of(CHOICES.get(view, {})))
        except RnnvizError as error:
            assert view in refused and refused[view] in str(error), (view, error)
        else:
            assert message
            shown += 1
    store.close()
    assert shown >= len(VIEWS) - len(refused)
