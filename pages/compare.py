"""Compare cells that learn the same task on the same data: gradients, learning, gates, maps."""

from typing import Any

import streamlit as st

from rnnviz.looks import looks_of
from rnnviz.plan import Plan
from rnnviz.ui import compare_choices
from rnnviz.ui.component import figure, tall
from rnnviz.ui.pictures import pictures, tab
from rnnviz.ui.settings_form import settings_form
from rnnviz.ui.study import current_study, study_bar
from rnnviz.views.look import Look

# Three pictures share one screen, or a row has it alone: header, bars and gaps take the rest.
UPPER = tall(56, 7, 25)
LOWER = tall(44, 6.75, 16.5)
WHOLE = tall(100, 12.8125, 25)


def learning(_: Look) -> None:
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
            figure("compare_loss", name, plan, height=UPPER, step=step)
        figure("compare_gates", name, plan, height=LOWER, step=step, **asked)

    with body:
        screen(plan, **asked)


def trainability(look: Look) -> None:
    """Which networks of a sweep learned."""
    plan = compare_choices.map_plan(current_study("sweep"))
    if plan is None:
        return

    @st.fragment
    def screen(plan: Plan) -> None:
        study = current_study("sweep")
        study_bar("sweep", study, plan, slider=False)
        name = study.id if study else None
        pictures(look, name, plan, height=WHOLE)

    with body:
        screen(plan)


def initial(look: Look) -> None:
    """Whether gradients fade or explode before any training."""
    settings = settings_form(None)
    if settings is not None:
        asked: dict[str, Any] = compare_choices.initial_choice()
        with body:
            pictures(look, None, settings, height=WHOLE, choice=asked)


def compared(look: Look) -> None:
    """Whatever else is shown of a comparison."""
    study = current_study("study")
    plan = compare_choices.learning_plan(study)
    if plan is None:
        return

    @st.fragment
    def screen(plan: Plan) -> None:
        study = current_study("study")
        step = study_bar("study", study, plan)
        pictures(look, study.id if study else None, plan, height=WHOLE, step=step)

    with body:
        screen(plan)


# The looks with a form, or a composition, of their own. (Streamlit would write a docstring here.)
SCREENS = {"learning": learning, "map": trainability, "initial": initial}

top = st.container(horizontal=True, vertical_alignment="center", gap="small")
body = st.container(gap="small")
with top:
    shown = tab("look", looks_of("compare"), "learning")
    SCREENS.get(shown.key, compared)(shown)
