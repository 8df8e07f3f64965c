"""Every word that a view shows comes from the catalogue: none is outside the marks of pseudo."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import torch
from torch import nn

from rnnviz.errors import RnnvizError
from rnnviz.files.feed import look_into, random_feed
from rnnviz.looks import LOOKS, VIEWS, draw
from rnnviz.plan import Plan
from rnnviz.recording.packed_trace import pack_trace
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.store.traces import PREFIX
from rnnviz.training.trainer import Trainer
from rnnviz.views import Choice, Gallery
from rnnviz.views.controls import answered
from rnnviz.words import PSEUDO, language, speaking

SMALL = Settings(hidden=3, length=8, batch=4, steps=10)
DRAFTS: dict[str, Settings | Plan] = {
    "GRU in two directions": SMALL.replace(cell="gru", layers=2, bidirectional=True),
    "text": Settings.for_task("characters", hidden=3, length=8, batch=4),
    "translator": Settings.for_task("sorting", hidden=3, length=4, batch=4),
    "changed": SMALL,
    "series": Settings.for_task("own_series", hidden=3, length=8, batch=4),
    "study": Plan(settings=SMALL, cells=("rnn", "lstm", "gru"), seeds=2),
    "sweep": Plan(settings=SMALL, cells=("lstm",), seeds=1, vary={"length": (4, 8)}),
}
ASKED = {
    "changed": {"clamp": "rnn.l0.forget_gate=1", "edit": "3:[0.5]"},
    "text": {"brush": "1-2", "property": "symbol", "ago": "2"},
}
FEW = {"series": ("data", "forecast", "units_text", "initial_slopes")}
"""Of some subjects, the views that others have not drawn."""
NOT_SHOWN = {
    # of a message: keys, and numbers as text
    "view", "cell", "drawing", "kind", "state", "columns", "logistic", "result", "scale", "signal",
    "theme", "unit_series",
    # of a figure: how it looks
    "align", "autorange", "barmode", "categoryorder", "dash", "exponentformat", "family", "fill",
    "fillmode", "hoverinfo", "hovermode", "layer", "legendgroup", "lenmode", "minorloglabels",
    "mode", "rangemode", "side", "symbol", "textposition", "ticklabeloverflow", "tickmode",
    "ticks", "time", "traceorder", "type", "uirevision", "xanchor", "xref", "yanchor", "yref",
}  # fmt: skip
CODE = re.compile(r"(?:rnn|encoder|decoder)\.\w+|#[0-9A-Fa-f]{6}|rgba?\([\d.,]+\)")
PIECE = {"text", "letter", "below", "hue", "number", "op"}
"""Of an equation, or of a note that has letters with subscripts in it."""
SYMBOLS = set("ln log tanh ReLU RNN LSTM GRU AUC encoder hh ih hn".split())
"""Mathematics, cells, and the name of a layer in somebody's code."""
TAG = re.compile(r"<[^>]*>|&\w+;|%\{[^}]*\}")
WORD = re.compile(r"[A-Za-z]{2,}")


def outside(text: str) -> str:
    """What stands outside all marks, which may be in each other."""
    depth, left = 0, []
    for letter in text:
        depth += (letter == "⟦") - (letter == "⟧")
        if not depth and letter != "⟧":
            left.append(letter)
    return "".join(left)


def texts(value: Any, path: str = "", listed: bool = True) -> Iterator[tuple[str, str]]:
    """All texts of a message that somebody may see, and where they are.

    `listed` says whether traces stand in a legend.
    """
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        if "layout" in value:
            listed = value["layout"].get("showlegend", True)
        named = listed and value.get("showlegend", True) and value.get("type") != "heatmap"
        if value.get("hoverinfo") != "skip" and "hovertemplate" in value:
            named = named or "<extra></extra>" not in value["hovertemplate"]
        for key, each in value.items():
            if key not in NOT_SHOWN and (named or key != "name"):
                yield from texts(each, f"{path}.{key}", listed)
    elif isinstance(value, list | tuple):
        if all(isinstance(each, Mapping) and set(each) <= PIECE for each in value):
            yield path, "".join(each.get("text", "") for each in value)
        else:
            for each in value:
                yield from texts(each, path, listed)


def unmarked(message: Mapping[str, Any], data: set[str]) -> list[tuple[str, str]]:
    """The words of a message that are from no catalogue, nor symbols or the task's data."""
    found = []
    for path, text in texts(message):
        for own in sorted(data, key=len, reverse=True):
            text = text.replace(own, " ") if len(own) > 3 else text
        plain = CODE.sub(" ", TAG.sub(" ", outside(text)))
        words = set(WORD.findall(plain)) - SYMBOLS - data
        if text not in data and any(not (word.isupper() and set(word) <= data) for word in words):
            found.append((path, plain.strip()))
    return found


def data_of(gallery: Gallery, settings: Settings | None) -> set[str]:
    """What is the task's: symbols that go in and come out."""
    if settings is None:
        return set()
    task = gallery.task(settings)
    names = ("symbols", "classes", "target_names")
    return {getattr(task, "prompt", "")}.union(*(getattr(task, name, ()) for name in names))


@pytest.fixture(scope="module")
def gallery(tmp_path_factory):
    store = RunStore(f"sqlite:///{tmp_path_factory.mktemp('words') / 'runs.db'}")
    yield Gallery(store)
    store.close()


@pytest.fixture(scope="module")
def run(gallery):
    name = gallery.store.runs.create(SMALL, "me")
    trainer = Trainer(SMALL)
    gallery.store.queue.record(name, [], trainer.checkpoint())
    rows = []
    for _ in range(10):
        step = trainer.advance()
        rows.append(
            {
                "step": step.step, "loss": step.loss, "metric": step.metric,
                "gradient_norm": step.gradient_norm, "lr": step.lr, "seconds": 0.01 * step.step,
                "validation_loss": step.loss, "validation_metric": step.metric,
            }
        )  # fmt: skip
    gallery.store.queue.record(name, rows, trainer.checkpoint())
    return name


@pytest.fixture(scope="module")
def trace(gallery):
    torch.manual_seed(3)
    holder = nn.ModuleDict({"encoder": nn.LSTM(3, 4)})
    made = look_into(holder, "encoder", random_feed(3, 9, 2, 0))
    return PREFIX + gallery.store.traces.keep(pack_trace(made), "me", "2")


def drawn(gallery, view, run, draft, **asked):
    choice = Choice.of({"lang": PSEUDO, **asked})
    try:
        return draw(gallery, view, run, draft, choice)
    except RnnvizError as error:
        with speaking(PSEUDO):
            return {"says": str(error)}


@pytest.mark.parametrize("name", [*DRAFTS, "run", "trace"])
def test_no_view_shows_a_word_that_is_not_in_the_catalogue(gallery, run, trace, name):
    draft, kept = DRAFTS.get(name), {"run": run, "trace": trace}.get(name)
    settings = draft.settings if isinstance(draft, Plan) else draft
    data = data_of(gallery, SMALL if name == "run" else settings)
    of_study = isinstance(draft, Plan)
    views = [view for view, how in VIEWS.items() if how.of_study == of_study]
    found = {}
    for view in FEW.get(name) or [view for view in views if view != "initial_slopes"]:
        message = drawn(gallery, view, kept, draft, **ASKED.get(name, {}))
        if left := unmarked(message, data):
            found[view] = left
    assert found == {}
    assert language() == "en"


def test_tabs_and_controls_are_in_the_language_of_the_reader(gallery, run, trace):
    with speaking(PSEUDO):
        for name in (run, trace):
            subject = gallery.subject(name)
            for look in LOOKS.values():
                if not look.fits(subject):
                    continue
                asking, answer = look.controls(subject), None
                try:
                    while True:
                        control = asking.send(answer)
                        answer = getattr(control, "default", None)
                        if answer is None and hasattr(control, "words"):
                            answer = next(iter(control.words))
                        said = [getattr(control, part, "") for part in ("label", "title", "text")]
                        said += getattr(control, "words", {}).values()
                        assert not [each for each in said if unmarked({"says": each}, {"encoder"})]
                except StopIteration:
                    pass
                assert answered(look.controls(subject)) is not None


def test_what_one_reader_saw_is_not_kept_for_another(gallery, run):
    for view in VIEWS:
        if VIEWS[view].of_study or view == "initial_slopes":
            continue
        for lang in ("en", PSEUDO, "en"):
            try:
                message = draw(gallery, view, run, None, Choice.of({"lang": lang}))
            except RnnvizError:
                continue
            marked = any("⟦" in text for _, text in texts(message))
            assert marked == (lang == PSEUDO) or view == "status", (view, lang)
