"""What the net under a change of the code looks at: see net.py."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

import rnnviz
from rnnviz.files.feed import look_into, random_feed
from rnnviz.looks import VIEWS
from rnnviz.networks.cells import CELLS
from rnnviz.plan import Plan
from rnnviz.recording.packed_trace import pack_trace
from rnnviz.settings import Settings
from rnnviz.store.run_store import RunStore
from rnnviz.store.states import State
from rnnviz.store.traces import PREFIX
from rnnviz.tasks import TASKS
from rnnviz.training.trainer import Trainer

SMALL = Settings(hidden=3, length=8, batch=4, steps=60)
"""Of the networks that are looked at; a training of so many steps is validated once."""
SIZES: dict[str, dict[str, Any]] = {
    "1 layer": {},
    "3 layers": {"layers": 3},
    "both directions": {"bidirectional": True},
    "layer norm": {"norm": "layer"},
}
MODULES: dict[str, Callable[[], nn.Module]] = {
    "rnn": lambda: nn.RNN(3, 4),
    "relu": lambda: nn.RNN(3, 4, nonlinearity="relu"),
    "lstm": lambda: nn.LSTM(3, 4),
    "gru both": lambda: nn.GRU(3, 4, 2, bidirectional=True),
    "cell": lambda: nn.LSTMCell(3, 4),
}
"""Of somebody's own."""
ASKED: dict[str, dict[str, str]] = {
    "as it comes": {},
    "dark": {"theme": "dark"},
    "another sample": {"sample": "2", "layer": "rnn.l2", "signal": "cell_state", "unit": "1"},
    "one": {"form": "one", "signal": "candidate", "values": "before", "loss": "one", "k": "5"},
    "all": {"loss": "all", "of": "cell_state", "scale": "share", "order": "mean", "rows": "4"},
    "changed": {"clamp": "rnn.l0.forget_gate=1", "edit": "3:[0.5]"},
    "typed": {"input": "0.3 [0.5] 0.2 [0.1]"},
    "brushed": {"brush": "1-2", "on": "10", "property": "symbol", "ago": "2"},
    "at t": {"t": "3", "carry": "gradient", "window": "3"},
}
"""What views are asked, each of them all of it: one that does not know a word does without."""
OF_NOTHING = ("initial_slopes",)
"""Views of networks of their own, which are measured for seconds: drawn once."""


@dataclass(frozen=True)
class Subject:
    """What is looked at: a draft, or what `begin` puts into a store, asked in one or more ways."""

    draft: Settings | Plan | None = None
    begin: Callable[[RunStore], str] | None = None
    asked: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: {"": {}})
    views: tuple[str, ...] = ()

    def looks(self) -> list[str]:
        """Return the views that can be of it: all of a study, or all others, unless named."""
        of_study = isinstance(self.draft, Plan)
        fitting = (name for name, view in VIEWS.items() if view.of_study == of_study)
        return [*self.views] or [name for name in fitting if name not in OF_NOTHING]


def trained(store: RunStore, settings: Settings, checkpoints: int = 3, steps: int = 60) -> str:
    """Train a run in equal parts, with a clock of its own: a hundred steps a second."""
    name = store.runs.create(settings, "me")
    trainer = Trainer(settings)
    store.queue.record(name, [], trainer.checkpoint())
    for _ in range(checkpoints - 1):
        rows = [measured(trainer) for _ in range(steps // (checkpoints - 1))]
        store.queue.record(name, rows, trainer.checkpoint())
    store.queue.release(name, State.FINISHED)
    return name


def measured(trainer: Trainer) -> dict[str, float | None]:
    """Train one step; return its row of metrics."""
    step = trainer.advance()
    names = ("loss", "metric", "gradient_norm", "lr", "validation_loss", "validation_metric")
    return {name: getattr(step, name) for name in names} | {
        "step": step.step, "seconds": step.step / 100,
    }  # fmt: skip


def studied(store: RunStore, plan: Plan, trained_runs: int) -> str:
    """Start a study and train the first of its runs."""
    study = store.studies.start(plan, "me")
    for _ in range(trained_runs):
        run = store.queue.claim("here:1:x")
        trainer = Trainer(run.settings)
        rows = [measured(trainer) for _ in range(run.settings.steps)]
        store.queue.record(run.id, rows, trainer.checkpoint(), run.worker)
        store.queue.release(run.id, State.FINISHED, "", run.worker)
    return study


def recorded(kind: str) -> rnnviz.Trace:
    """Record a module of somebody's own."""
    torch.manual_seed(3)
    holder = nn.ModuleDict({"encoder": MODULES[kind]()})
    return look_into(holder, "encoder", random_feed(3, 9, 2, 0))


def packed() -> rnnviz.Trace:
    """Record a module that reads packed sequences of several lengths."""
    torch.manual_seed(3)
    model = nn.GRU(3, 4, 2, bidirectional=True)
    with rnnviz.record(model) as trace:
        sequences = pack_padded_sequence(torch.randn(7, 3, 3), [7, 4, 2])
        model(sequences)[0].data.square().sum().backward()
    return trace


def kept(make: Callable[[], rnnviz.Trace]) -> Callable[[RunStore], str]:
    """Return what puts a trace into a store."""
    return lambda store: PREFIX + store.traces.keep(pack_trace(make()), "me", "mine")


def watched(store: RunStore) -> str:
    """Watch a training of three moments."""
    name = store.traces.begin("watched", "me")
    for step in (0, 10, 20):
        losses = [(step + place, 1 / (1 + step + place), 0.01) for place in range(10)]
        store.traces.add(name, losses, (step, pack_trace(recorded("lstm"))))
    store.traces.end(name, State.FINISHED)
    return PREFIX + name


LANGUAGE = Settings.for_task("characters", hidden=3, length=8, layers=2, batch=4, steps=60)
SORTING = Settings.for_task("sorting", hidden=3, length=4, batch=4, steps=60)
PLAN = Plan(settings=SMALL, cells=("rnn", "lstm", "gru"), seeds=2)
SWEEP = Plan(
    settings=SMALL.replace(steps=50), cells=("lstm", "gru"), seeds=1, success=1.0,
    vary={"length": (4, 8), "forget_bias": (0.0, 3.0)},
)  # fmt: skip
EVERY_VIEW = {
    "language": Subject(begin=lambda store: trained(store, LANGUAGE), asked={"": ASKED["brushed"]}),
    "translator": Subject(
        begin=lambda store: trained(store, SORTING, 2),
        views=tuple(view for view in VIEWS if view.startswith("translation_")),
    ),
    "series": Subject(
        Settings.for_task("own_series", hidden=3, length=8), views=("forecast", "data")
    ),
    "watched": Subject(begin=watched, views=("watched_loss", "unit_history")),
    "study": Subject(PLAN, begin=lambda store: studied(store, PLAN, 6)),
    "sweep": Subject(SWEEP, begin=lambda store: studied(store, SWEEP, 4)),
    "beginnings": Subject(
        SMALL,
        asked={"": {"kind": "cells", "over": "forget_bias"}},
        views=("initial_slopes",),
    ),
}
"""Few subjects that have all views between them."""
SUBJECTS: dict[str, Subject] = {
    **EVERY_VIEW,
    "run": Subject(begin=lambda store: trained(store, SMALL.replace(layers=3)), asked=ASKED),
    "run at three steps": Subject(
        begin=lambda store: trained(store, SMALL.replace(cell="gru")),
        asked={f"step {step}": {"step": step} for step in ("0", "30", "45")},
    ),
    "translator, trained": Subject(begin=lambda store: trained(store, SORTING, 2)),
    "watched, all of it": Subject(begin=watched),
    "beginnings, no cell": Subject(SMALL, views=("initial_slopes",)),
    "study, half": Subject(PLAN, begin=lambda store: studied(store, PLAN, 3)),
    "plan": Subject(PLAN),
    "plan of a sweep": Subject(SWEEP),
    **{
        f"{cell}, {size}": Subject(SMALL.replace(cell=cell, **changes))
        for cell in CELLS
        for size, changes in SIZES.items()
    },
    **{f"task {task}": Subject(Settings.for_task(task, hidden=3, length=8)) for task in TASKS},
    **{f"trace {kind}": Subject(begin=kept(lambda k=kind: recorded(k))) for kind in MODULES},
    "trace packed": Subject(begin=kept(packed)),
}
