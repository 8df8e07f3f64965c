"""A view's name and a scene -> the message that the screen draws."""

from typing import cast

from rnnviz.errors import RunError, meant
from rnnviz.plan import Plan
from rnnviz.settings import Settings
from rnnviz.views.choice import Choice
from rnnviz.views.flow import Flow
from rnnviz.views.gallery import Gallery
from rnnviz.views.look import VIEWS, View
from rnnviz.views.messages import FigureMessage, Message
from rnnviz.views.scene import Scene, scene_of
from rnnviz.views.stretches import only_where_it_runs
from rnnviz.views.study import StudyScene
from rnnviz.words import speaking


def view_of(name: str) -> View:
    """Return a view.

    Raises
    ------
    RunError
        If there is none of this name.
    """
    if name not in VIEWS:
        near = meant(name[:40], VIEWS)
        raise RunError("There is no view called {view!r}: {meant}", view=name[:40], meant=near)
    return VIEWS[name]


def draw(
    gallery: Gallery, view: str, run: str | None, draft: Settings | Plan | None, choice: Choice
) -> Message:
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
    with speaking(choice.lang):
        if view_of(view).of_study:
            study = StudyScene.of(gallery, run, plan_of(draft), choice)
            return sent(view, study.step, VIEWS[view].draw(study))
        return draw_scene(view, scene_of(gallery, run, settings_of(draft), choice))


def draw_scene(view: str, scene: Scene) -> Message:
    """Return the message of a view of one subject, whoever keeps it.

    Raises
    ------
    RunError
        If there is no such view, or the subject does not have what it shows.
    """
    message = view_of(view).draw(scene)
    task = scene.subject.task
    if "figure" in message and task is not None and task.translates and not VIEWS[view].whole:
        layer = Flow(scene).layer if VIEWS[view].from_top else scene.layer
        only_where_it_runs(cast(FigureMessage, message)["figure"], scene.trace, layer)
    return sent(view, scene.step, message)


def sent(view: str, step: int, message: Message) -> Message:
    """Return a message with what every one has."""
    return cast(Message, {"view": view, "step": step, **message})


def plan_of(draft: Settings | Plan | None) -> Plan | None:
    """Return a draft as a study: settings alone make the smallest one."""
    return Plan(settings=draft) if isinstance(draft, Settings) else draft


def settings_of(draft: Settings | Plan | None) -> Settings | None:
    """Return a draft as one network: of a plan, the settings that all its runs share."""
    return draft.settings if isinstance(draft, Plan) else draft
