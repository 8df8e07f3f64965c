"""Everything on screen as a function of (run, step, probe): a view's name and choices -> a message.

A message is what a component draws: a figure dict, or the state of the run. The same views serve a
run that is training, a kept checkpoint, and a network that has not been trained yet (a draft: the
settings alone). One file a page; a view is a function of a `Scene`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from rnnviz.errors import RunError
from rnnviz.settings import Settings
from rnnviz.views import (
    anatomy,
    gates,
    gradient_training,
    gradients,
    initialization,
    training,
    units,
    whatif,
    writing,
)
from rnnviz.views.scene import FIRST_LOOK, Choice, Gallery, Scene

__all__ = ["FIRST_LOOK", "VIEWS", "Choice", "Gallery", "Scene", "View", "draw"]


@dataclass(frozen=True)
class View:
    """A view: what draws it, and whether every step changes it or only a new checkpoint."""

    draw: Callable[[Scene], dict[str, Any]]
    every_step: bool = False
    rest: float = 0.0
    """Seconds between two drawings at least, so that one that takes long leaves time to others."""


VIEWS = {
    "loss": View(training.show_loss, every_step=True),
    "status": View(training.show_status, every_step=True),
    "gates": View(training.show_gates),
    "gradients": View(training.show_gradients),
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
    "units_matches": View(units.show_matches, rest=1.0),
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
}


def draw(
    gallery: Gallery, view: str, run: str | None, draft: Settings | None, choice: Choice
) -> dict[str, Any]:
    """Return the message of a view: `view`, `step`, and what the component draws.

    Raises
    ------
    RunError
        If there is no such view or run.
    """
    if view not in VIEWS:
        raise RunError(f"There is no view called {view[:40]!r}; there are {', '.join(VIEWS)}.")
    scene = gallery.scene(run, draft, choice)
    return {"view": view, "step": scene.step, **VIEWS[view].draw(scene)}
