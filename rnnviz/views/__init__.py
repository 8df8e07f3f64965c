"""Everything on screen as a function of (run, step, probe): a view's name and choices -> a message.

A message is what a component draws: a figure dict, or the state of the run. The same views serve a
run that is training, a kept checkpoint, a network that has not been trained yet (a draft: the
settings alone), and a trace that somebody brought. One file a page; a view is a function of a
`Scene`. A view of a study is a function of a `StudyScene`: it looks at all its runs, and its draft
is a plan.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from rnnviz.errors import RunError
from rnnviz.kept_traces import is_trace
from rnnviz.plan import Plan
from rnnviz.settings import Settings
from rnnviz.views import (
    anatomy,
    compare,
    compare_map,
    examples,
    forecast,
    gates,
    gradient_training,
    gradients,
    initialization,
    matches,
    own_data,
    runs,
    training,
    translation,
    units,
    watched,
    whatif,
    writing,
)
from rnnviz.views.choice import Choice
from rnnviz.views.flow import Flow
from rnnviz.views.scene import FIRST_LOOK, Gallery, Scene
from rnnviz.views.stretches import only_where_it_runs
from rnnviz.views.study import StudyScene
from rnnviz.views.traced import TraceScene

__all__ = [
    "FIRST_LOOK", "VIEWS", "Choice", "Gallery", "Scene", "StudyScene", "View", "draw",
]  # fmt: skip


@dataclass(frozen=True)
class View:
    """A view: what draws it, and whether every step changes it or only a new checkpoint."""

    draw: Callable[[Any], dict[str, Any]]
    every_step: bool = False
    rest: float = 0.0
    """Seconds between two drawings at least, so that one that takes long leaves time to others."""
    of_study: bool = False
    """Whether it looks at a study, and is given a `StudyScene`, instead of at one run."""


VIEWS = {
    "loss": View(training.show_loss, every_step=True),
    "status": View(training.show_status, every_step=True),
    "gates": View(training.show_gates),
    "examples": View(examples.show_examples),
    "gradients": View(training.show_gradients),
    "forecast": View(forecast.show_forecast),
    "data": View(own_data.show_data),
    "anatomy": View(anatomy.show_anatomy),
    "signals": View(gates.show_signals),
    "unit_lines": View(gates.show_unit),
    "distribution": View(gates.show_distribution),
    "saturation": View(gates.show_saturation),
    "memory": View(gates.show_memory),
    "unit_history": View(gates.show_history),
    "weights": View(gates.show_weights),
    "units_text": View(units.show_text, rest=0.3),
    "units_ranking": View(units.show_ranking, rest=1.0),
    "units_tracks": View(units.show_tracks),
    "units_matches": View(matches.show_matches, rest=1.0),
    "writing": View(writing.show_writing, rest=1.0),
    "gradient_time": View(gradients.show_time),
    "gradient_units": View(gradients.show_units),
    "gradient_items": View(gradients.show_items),
    "gradient_bars": View(partial(gradients.show_items, bars=True)),
    "gradient_jacobians": View(gradients.show_jacobians),
    "gradient_products": View(partial(gradients.show_jacobians, product=True)),
    "gradient_connectivity": View(gradients.show_connectivity),
    "gradient_dependence": View(partial(gradients.show_connectivity, row=True)),
    "gradient_surface": View(gradient_training.show_surface),
    "gradient_cut": View(gradient_training.show_cut),
    "gradient_clipping": View(gradient_training.show_clipping, every_step=True),
    "gradient_truncation": View(gradient_training.show_truncation),
    "gradient_parameters": View(gradient_training.show_parameters),
    "gradient_updates": View(partial(gradient_training.show_parameters, what="update")),
    "initial_slopes": View(initialization.show_initial_slopes),
    "whatif_gradient": View(whatif.show_gradient),
    "whatif_states": View(whatif.show_states),
    "whatif_output": View(whatif.show_output),
    "translation_attention": View(translation.show_attention, rest=0.2),
    "translation_written": View(translation.show_written, rest=0.3),
    "translation_beam": View(translation.show_beam, rest=0.3),
    "translation_ways": View(translation.show_ways, rest=0.2),
    "watched_loss": View(watched.show_loss, every_step=True, rest=0.3),
    "watched_means": View(watched.show_means, rest=0.5),
    "run_losses": View(runs.show_losses, every_step=True, rest=0.3),
    "compare_status": View(compare.show_status, every_step=True, rest=0.2, of_study=True),
    "compare_gradients": View(compare.show_gradients, rest=0.3, of_study=True),
    "compare_loss": View(compare.show_learning, every_step=True, rest=0.3, of_study=True),
    "compare_gates": View(compare.show_gates, rest=0.4, of_study=True),
    "compare_map": View(compare_map.show_map, every_step=True, rest=0.5, of_study=True),
}


def scene_of(gallery: Gallery, run: str | None, draft: Settings | None, choice: Choice) -> Scene:
    """Return the run, the draft or the kept trace (``trace.<id>``) that is looked at."""
    if run is not None and is_trace(run):
        return TraceScene.of(gallery, run, choice)
    return gallery.scene(run, draft, choice)


def draw(
    gallery: Gallery, view: str, run: str | None, draft: Settings | Plan | None, choice: Choice
) -> dict[str, Any]:
    """Return the message of a view: `view`, `step`, and what the component draws.

    Parameters
    ----------
    run : str or None
        A run, or a study where the view is of one, or ``trace.<id>`` of a kept trace; None looks
        at the draft.
    draft : Settings, Plan or None
        A network before training, or a study before it starts.

    Raises
    ------
    RunError
        If there is no such view, run or study.
    """
    if view not in VIEWS:
        raise RunError(f"There is no view called {view[:40]!r}; there are {', '.join(VIEWS)}.")
    scene: Scene | StudyScene
    if VIEWS[view].of_study:
        if isinstance(draft, Settings):
            draft = Plan(settings=draft)
        scene = StudyScene.of(gallery, run, draft, choice)
    else:
        if isinstance(draft, Plan):
            draft = draft.settings
        scene = scene_of(gallery, run, draft, choice)
    message = VIEWS[view].draw(scene)
    whole = view.startswith("translation_") or "figure" not in message
    if whole or isinstance(scene, StudyScene | TraceScene):
        return {"view": view, "step": scene.step, **message}
    if scene.task.translates:
        layer = Flow(scene).layer if view.startswith("gradient_") else scene.layer
        only_where_it_runs(message, scene.trace, layer)
    return {"view": view, "step": scene.step, **message}
