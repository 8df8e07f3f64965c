"""Compare cells that learn the same task on the same data: gradients, learning, gates, maps."""

from typing import Any

import streamlit as st

from rnnviz.plan import Plan
from rnnviz.ui import choices, compare_choices
from rnnviz.ui.component import figure, tall
from rnnviz.ui.settings_form import settings_form
from rnnviz.ui.study import current_study, study_bar

LOOKS = {
    "learning": "learning",
    "map": "trainability map",
    "initial": "at initialization",
}
# Three pictures share one screen, or one has it alone: header, bars and gaps take the rest.
UPPER = tall(56, 7, 25)
LOWER = tall(44, 6.75, 16.5)
WHOLE = tall(100, 12.8125, 25)


def learning() -> None:
    """Gradients overlaid, learning curves, and gates side by side."""
    study = current_study("study")
    plan = compare_choices.learning_plan(study)
    if plan is None:
        return
    asked = compare_choices.looked_at(study.plan if study else plan)

    @st.fragment
    def screen(plan: Plan, scale: str, **asked: Any) -> None:
        study = current_study("study")
        step = study_bar("study", study, plan)
        name = study.id if study else None
        left, right = st.columns(2)
        with left:
            figure("compare_gradients", name, plan, height=UPPER, step=step, scale=scale)
        with right:
            figure("compare_loss", name, plan, height=UPPER, step=step, time=False)
        figure("compare_gates", name, plan, height=LOWER, step=step, time=False, **asked)

    with body:
        screen(plan, **asked)


def trainability() -> None:
    """Which networks of a sweep learned."""
    plan = compare_choices.map_plan(current_study("sweep"))
    if plan is None:
        return

    @st.fragment
    def screen(plan: Plan) -> None:
        study = current_study("sweep")
        study_bar("sweep", study, plan, slider=False)
        name = study.id if study else None
        figure("compare_map", name, plan, height=WHOLE, time=False)

    with body:
        screen(plan)


def initial() -> None:
    """Whether gradients fade or explode before any training."""
    settings = settings_form(None)
    if settings is not None:
        asked: dict[str, Any] = compare_choices.initial_choice()
        with body:
            figure("initial_slopes", None, settings, height=WHOLE, time=False, **asked)


top = st.container(horizontal=True, vertical_alignment="center", gap="small")
body = st.container(gap="small")
with top:
    look = choices.segment("look", "What to look at", "learning", LOOKS)
    {"learning": learning, "map": trainability, "initial": initial}[look]()
