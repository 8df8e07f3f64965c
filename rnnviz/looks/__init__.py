"""What can be looked at: one file a picture, which draws it and holds its record, a `Look`.

Whoever imports this room has all of them in `LOOKS` and `VIEWS`; a file that is put here is found.
"""

from importlib import import_module
from pkgutil import iter_modules

from rnnviz.views.draw import draw, draw_scene, view_of
from rnnviz.views.look import LOOKS, VIEWS, Look, View, looks_at, looks_of, register

__all__ = [
    "LOOKS", "VIEWS", "Look", "View", "draw", "draw_scene", "looks_at", "looks_of", "register",
    "view_of",
]  # fmt: skip

ORDER = (
    "loss", "gradients", "gates", "signals", "anatomy", "distribution", "saturation", "memory",
    "unit_history", "weights", "gradient_time", "gradient_items", "gradient_surface",
    "gradient_jacobians", "gradient_connectivity", "gradient_clipping", "gradient_parameters",
    "translation_attention", "translation_written", "translation_beam", "translation_ways",
)  # fmt: skip
"""The order of a lecture; what is not named comes after it, by name."""

_files = sorted(module.name for module in iter_modules(__path__))
for _name in (*ORDER, *(name for name in _files if name not in ORDER)):
    register(import_module(f"{__name__}.{_name}").LOOK)
