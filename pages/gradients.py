"""See how the gradient flows back through time, and why it vanishes or explodes."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from rnnviz.runs import Run
from rnnviz.settings import Settings
from rnnviz.ui import choices, gradient_choices
from rnnviz.ui.component import figure, tall
from rnnviz.ui.screen import show
from rnnviz.ui.transport import transport

# One row of pictures at a time, as high as header, bars and gaps leave room for.
HEIGHT = tall(100, 16.375, 27)

LOOKS: dict[str, tuple[str, Callable[[Settings], dict[str, object]], dict[str, bool], float]] = {
    # key: words, controls, two views and whether their axis is time, share of the first one's width
    "time": (
        "through time",
        gradient_choices.through_time,
        {"gradient_time": True, "gradient_units": True},
        0.64,
    ),
    "items": (
        "itemized",
        gradient_choices.items,
        {"gradient_items": True, "gradient_bars": True},
        0.5,
    ),
    "surface": (
        "over training",
        gradient_choices.surface,
        {"gradient_surface": True, "gradient_cut": True},
        0.6,
    ),
    "jacobians": (
        "Jacobians",
        gradient_choices.steps,
        {"gradient_jacobians": True, "gradient_products": False},
        0.55,
    ),
    "connectivity": (
        "connectivity",
        gradient_choices.connectivity,
        {"gradient_connectivity": True, "gradient_dependence": True},
        0.5,
    ),
    "clipping": (
        "clipping, truncation",
        gradient_choices.clipping,
        {"gradient_clipping": False, "gradient_truncation": True},
        0.45,
    ),
    "parameters": (
        "parameters",
        gradient_choices.parameters,
        {"gradient_parameters": False, "gradient_updates": False},
        0.5,
    ),
}


def screen(run: Run | None, settings: Settings) -> None:
    """Draw the transport bar and the pictures of the look that is chosen."""
    name = run.id if run else None
    looked_at = run.settings if run else settings
    step = transport(run, settings)
    words = {key: look[0] for key, look in LOOKS.items()}
    look = choices.segment("look", "What to look at", "time", words)
    _, controls, pictures, width = LOOKS[look]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="controls"):
        choice: dict[str, Any] = controls(looked_at)
    columns = st.columns([width, 1 - width])
    for column, (view, over_time) in zip(columns, pictures.items(), strict=True):
        with column:
            figure(
                view,
                name,
                settings,
                height=HEIGHT,
                step=step,
                time=over_time,
                points=view == "gradient_connectivity",
                pointed=view == "gradient_dependence",
                **choice,
            )


show(screen)
